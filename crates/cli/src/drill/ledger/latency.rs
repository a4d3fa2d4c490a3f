//! How long it took from an act's commit until a checkpoint over its entry could be seen: while one server led all the time,
//! and across takeovers. Measured from outside, so the observer's own pause counts too.

use super::Kill;
use super::observer::SeenLog;
use serde_json::{Value, json};
use std::collections::HashMap;
use store::drill::Entered;
use uuid::Uuid;

/// Times in milliseconds, sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Times(Vec<f64>);

/// Both kinds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    /// One leader from commit to checkpoint.
    pub led: Times,
    /// A leader was killed in between, or another had just taken over.
    pub across: Times,
}

impl Times {
    /// Takes times in any order.
    pub fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }

    /// The one that so many of all are below; none of nothing.
    pub fn at(&self, share: f64) -> Option<f64> {
        let last = self.0.len().checked_sub(1)?;
        self.0.get(((last as f64) * share).round() as usize).copied()
    }

    /// As one line.
    pub fn said(&self) -> String {
        let ms = |share| self.at(share).map_or_else(|| "-".to_owned(), |ms| format!("{ms:.0}"));
        format!("half {}, 95 % {}, 99 % {}, all {} ms ({} entries)", ms(0.5), ms(0.95), ms(0.99), ms(1.0), self.0.len())
    }

    /// As an object.
    pub fn document(&self) -> Value {
        json!({ "entries": self.0.len(), "half_ms": self.at(0.5), "p95_ms": self.at(0.95), "p99_ms": self.at(0.99), "max_ms": self.at(1.0) })
    }

    /// Takes others in.
    pub fn extend(&mut self, other: Self) {
        *self = Self::of(self.0.drain(..).chain(other.0).collect());
    }
}

/// The times of one log. Entries of before the first look are left out.
pub fn of(entered: &[Entered], seen: &SeenLog, kills: &[Kill], from_us: i64) -> Latency {
    let at: HashMap<Uuid, i64> = entered.iter().map(|entry| (entry.entry, entry.at_us)).collect();
    let (mut led, mut across) = (Vec::new(), Vec::new());
    for leaf in &seen.leaves {
        let Some(at_us) = at.get(&leaf.entry).filter(|at_us| **at_us >= from_us) else { continue };
        let covering = seen.checkpoints.range(leaf.position + 1..).next();
        let Some((_, (_, seen_us))) = covering.filter(|(_, (_, seen_us))| *seen_us != i64::MAX) else { continue };
        let ms = (seen_us - at_us) as f64 / 1_000.0;
        let taken_over = kills.iter().any(|kill| kill.at_us <= *seen_us && *at_us <= kill.led_us);
        if taken_over { across.push(ms) } else { led.push(ms) }
    }
    Latency { led: Times::of(led), across: Times::of(across) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::drill::Placed;

    #[test]
    fn an_entry_during_whose_wait_a_leader_died_counts_apart() {
        let id = Uuid::from_u128;
        let entered = [(1, 1_000_000), (2, 5_000_000)].map(|(n, at_us)| Entered {
            entry: id(n),
            at_us,
            verb: String::new(),
            record: None,
        });
        let place = |n| Placed { position: n, entry: id(u128::from(n) + 1), hash: Vec::new() };
        let seen = SeenLog {
            leaves: (0..2).map(place).collect(),
            checkpoints: [(1, (String::new(), 1_500_000)), (2, (String::new(), 7_000_000))].into(),
            ..SeenLog::default()
        };
        let kill = Kill { at_us: 5_500_000, led_us: 6_000_000, appending: false, name: String::new() };
        let found = of(&entered, &seen, &[kill], 0);
        assert_eq!((found.led.at(1.0), found.across.at(1.0)), (Some(500.0), Some(2_000.0)));
        assert_eq!(Times::default().at(0.5), None);
    }
}
