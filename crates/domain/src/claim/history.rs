//! The history of a claim: which state it had when, from the turning points of its evidence. Reads no evidence itself, and
//! says nothing that `state_of_check` would not have said at the time.

use super::{Freshness, Measured, State, state_of_check};
use crate::evidence::Verdict;
use jiff::{SignedDuration, Timestamp};

/// A measurement at which something turned: the verdict is another than before or after, or nothing was measured for long.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Turn {
    /// Which server measured, or what was measured.
    pub subject: String,
    /// When the measurement ended.
    pub at: Timestamp,
    /// What it found.
    pub verdict: Verdict,
    /// Whether measurements with the same verdict follow closely until the next turn of the same subject.
    pub dense: bool,
}

/// A time in which the state was the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// From when.
    pub from: Timestamp,
    /// Until when, not included.
    pub until: Timestamp,
    /// The state.
    pub state: State,
}

impl Span {
    /// Its length in seconds.
    pub fn length_s(&self) -> i64 {
        self.until.as_second() - self.from.as_second()
    }
}

/// The states of a check from `from` until `until`, without a gap: where nothing was measured, it was unverified.
/// `turns` in any order.
pub fn spans(turns: &[Turn], freshness: Freshness, from: Timestamp, until: Timestamp) -> Vec<Span> {
    let servers = by_subject(turns);
    let mut edges = vec![from, until];
    for turn in turns {
        // `state` counts whole minutes, `state_of_check` seconds: each of its bounds may turn the state.
        for after_s in
            [0, (freshness.expected_min + 1) * 60, freshness.limit_min * 60 + 1, (freshness.limit_min + 1) * 60]
        {
            edges.extend(turn.at.checked_add(SignedDuration::from_secs(after_s)));
        }
    }
    edges.retain(|edge| (from..=until).contains(edge));
    edges.sort_unstable();
    edges.dedup();
    let mut spans = Vec::new();
    for pair in edges.windows(2) {
        let heard: Vec<Measured> = servers.iter().filter_map(|turns| heard(turns, pair[0])).collect();
        let state = state_of_check(&heard, freshness, pair[0]);
        push(&mut spans, Span { from: pair[0], until: pair[1], state });
    }
    spans
}

/// The states of a promise from those of its checks, each of which covers the same time: the worst at any moment.
pub fn worst(checks: &[Vec<Span>]) -> Vec<Span> {
    let mut edges: Vec<Timestamp> = checks.iter().flatten().flat_map(|span| [span.from, span.until]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut spans = Vec::new();
    for pair in edges.windows(2) {
        let at = |check: &Vec<Span>| {
            let after = check.partition_point(|span| span.until <= pair[0]);
            check.get(after).map_or(State::Unverified, |span| span.state)
        };
        let state = checks.iter().map(at).fold(State::Met, State::worse);
        push(&mut spans, Span { from: pair[0], until: pair[1], state });
    }
    spans
}

/// The worst state within a time and the seconds of each: met, at risk, missed, unverified. None where nothing is covered.
pub fn within(spans: &[Span], from: Timestamp, until: Timestamp) -> Option<(State, [i64; 4])> {
    let first = spans.partition_point(|span| span.until <= from);
    let mut found = None;
    let mut seconds = [0; 4];
    for span in spans[first..].iter().take_while(|span| span.from < until) {
        let part = Span { from: span.from.max(from), until: span.until.min(until), state: span.state };
        seconds[place(span.state)] += part.length_s();
        found = Some(found.map_or(span.state, |state: State| state.worse(span.state)));
    }
    found.map(|state| (state, seconds))
}

fn place(state: State) -> usize {
    match state {
        State::Met => 0,
        State::AtRisk => 1,
        State::Missed => 2,
        State::Unverified => 3,
    }
}

/// Puts a span at the end; one of the same state goes on instead.
fn push(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if last.state == span.state => last.until = span.until,
        _ => spans.push(span),
    }
}

/// Turns of each subject, oldest first.
fn by_subject(turns: &[Turn]) -> Vec<Vec<&Turn>> {
    let mut sorted: Vec<&Turn> = turns.iter().collect();
    sorted.sort_by(|a, b| (&a.subject, a.at).cmp(&(&b.subject, b.at)));
    sorted.chunk_by(|a, b| a.subject == b.subject).map(<[&Turn]>::to_vec).collect()
}

/// What a subject had last said at an instant.
fn heard(turns: &[&Turn], at: Timestamp) -> Option<Measured> {
    let after = turns.partition_point(|turn| turn.at <= at);
    let turn = turns[..after].last()?;
    let until = if turn.dense && after < turns.len() { at } else { turn.at };
    Some(Measured { until, verdict: turn.verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRESH: Freshness = Freshness { expected_min: 90, limit_min: 180 };

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(minute * 60).expect("in range")
    }

    fn turn(subject: &str, minute: i64, verdict: Verdict, dense: bool) -> Turn {
        Turn { subject: subject.to_owned(), at: at(minute), verdict, dense }
    }

    fn drawn(spans: &[Span]) -> Vec<(i64, i64, State)> {
        spans.iter().map(|span| (span.from.as_second() / 60, span.until.as_second() / 60, span.state)).collect()
    }

    #[test]
    fn where_nothing_was_measured_nothing_is_claimed() {
        assert_eq!(drawn(&spans(&[], FRESH, at(0), at(100))), [(0, 100, State::Unverified)]);
        assert_eq!(within(&[], at(0), at(100)), None);
    }

    #[test]
    fn a_claim_fades_after_its_last_measurement_and_comes_back_with_the_next() {
        let turns = [
            turn("log", 1_000, Verdict::Held, false),
            turn("log", 100, Verdict::Held, true),
            turn("log", 400, Verdict::Held, false),
        ];
        let found = spans(&turns, FRESH, at(0), at(1_050));
        let expected = [
            (0, 100, State::Unverified),
            (100, 491, State::Met),
            (491, 581, State::AtRisk),
            (581, 1_000, State::Unverified),
            (1_000, 1_050, State::Met),
        ];
        assert_eq!(drawn(&found), expected);
        let (state, seconds) = within(&found, at(480), at(500)).expect("covered");
        assert_eq!((state, seconds), (State::AtRisk, [11 * 60, 9 * 60, 0, 0]));
    }

    #[test]
    fn a_breach_stands_until_the_promise_is_found_kept_again() {
        let turns = [
            turn("log", 0, Verdict::Held, false),
            turn("log", 60, Verdict::Broken, false),
            turn("log", 900, Verdict::Held, false),
        ];
        let found = spans(&turns, FRESH, at(0), at(960));
        assert_eq!(drawn(&found), [(0, 60, State::Met), (60, 900, State::Missed), (900, 960, State::Met)]);
    }

    #[test]
    fn the_worst_server_and_the_worst_check_count() {
        let turns = [
            turn("a", 0, Verdict::Held, true),
            turn("a", 300, Verdict::Held, false),
            turn("b", 60, Verdict::Broken, false),
            turn("b", 120, Verdict::AtRisk, false),
        ];
        let one = spans(&turns, FRESH, at(0), at(310));
        let expected =
            [(0, 60, State::Met), (60, 120, State::Missed), (120, 300, State::AtRisk), (300, 310, State::Met)];
        assert_eq!(drawn(&one), expected);
        let other = spans(&[turn("x", 50, Verdict::Held, false)], FRESH, at(0), at(310));
        let expected = [
            (0, 50, State::Unverified),
            (50, 60, State::Met),
            (60, 120, State::Missed),
            (120, 231, State::AtRisk),
            (231, 310, State::Unverified),
        ];
        assert_eq!(drawn(&worst(&[one, other])), expected);
    }

    #[test]
    fn the_history_ends_in_the_state_that_is_said_now() {
        for (minutes, verdict) in
            [(10, Verdict::Held), (100, Verdict::Held), (200, Verdict::AtRisk), (200, Verdict::Broken)]
        {
            let turns = [turn("log", 1_000, verdict, false)];
            let now = at(1_000 + minutes);
            let last = spans(&turns, FRESH, at(0), at(1_000 + minutes + 1)).last().expect("there is one").state;
            let measured = Measured { until: at(1_000), verdict };
            assert_eq!(last, state_of_check(&[measured], FRESH, now), "{minutes} {verdict:?}");
        }
    }
}
