//! How sizes, durations and progress are said at a terminal. Measures nothing.

use crate::log::complain;
use host::backup::Progress;
use std::time::Duration;

/// Progress is told again after so much of it, in hundredths of a percent.
const STEP_BP: u32 = 1_000;
/// Or after so long.
const STEP_EVERY: Duration = Duration::from_secs(5);

/// `1.2 GiB`.
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, 0);
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// `3 d 4 h`, `2 min 5 s`: the two largest units.
pub fn seconds(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds.max(0);
    let mut parts = Vec::new();
    for (size, name) in UNITS {
        if left >= size && parts.len() < 2 {
            parts.push(format!("{} {name}", left / size));
            left %= size;
        } else if !parts.is_empty() {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// Tells progress in lines, not for each file.
pub struct Teller {
    quiet: bool,
    told: Option<(u32, Duration)>,
}

impl Teller {
    /// One that is `quiet` tells nothing.
    pub fn new(quiet: bool) -> Self {
        Self { quiet, told: None }
    }

    /// Tells how far it is, when that is worth a line.
    pub fn tell(&mut self, now: Progress) {
        let worth = self.told.is_none_or(|(done_bp, at)| {
            now.done_bp >= done_bp + STEP_BP || now.elapsed >= at + STEP_EVERY && now.done_bp > done_bp
        });
        if self.quiet || !worth {
            return;
        }
        self.told = Some((now.done_bp, now.elapsed));
        complain(&line(now));
    }
}

fn line(now: Progress) -> String {
    let left =
        now.left.map(|left| format!(", about {} left", seconds(i64::try_from(left.as_secs()).unwrap_or(i64::MAX))));
    format!(
        "{:>3} %  {} of {}{}",
        now.done_bp / 100,
        bytes(now.done_bytes),
        bytes(now.total_bytes),
        left.unwrap_or_default()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_durations_are_said_in_two_figures_at_most() {
        assert_eq!([bytes(0), bytes(1_023), bytes(1_536)], ["0 B", "1023 B", "1.5 KiB"]);
        assert_eq!(bytes(5 << 40), "5.0 TiB");
        let said = [-5, 0, 59, 60, 3_661, 90_061].map(seconds);
        assert_eq!(said, ["0 s", "0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
    }

    #[test]
    fn progress_is_told_by_tenths_not_by_files() {
        let mut teller = Teller::new(true);
        let at = |done_bp| Progress {
            done_bp,
            done_bytes: 1,
            total_bytes: 2,
            files: 1,
            elapsed: Duration::from_secs(1),
            left: Some(Duration::from_secs(61)),
        };
        teller.tell(at(1));
        assert_eq!(teller.told, None, "a quiet one");
        teller.quiet = false;
        [1, 2, 900, 1_001, 1_002].into_iter().for_each(|done_bp| teller.tell(at(done_bp)));
        assert_eq!(teller.told, Some((1_001, Duration::from_secs(1))));
        assert_eq!(line(at(5_000)), " 50 %  1 B of 2 B, about 1 min 1 s left");
    }
}
