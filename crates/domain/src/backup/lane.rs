//! The log's lane on the operator's page: from samples of each minute to spans that were good, broken, or not watched. Draws
//! nothing.

use super::log_every;
use jiff::{SignedDuration, Timestamp};

/// What may be said of a span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The newest log was young enough, and none was missing.
    Good,
    /// It was not, or one was.
    Gap,
    /// Nobody watched, or it could not be found out.
    Unknown,
}

impl State {
    /// `good`, `gap` or `unknown`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Gap => "gap",
            Self::Unknown => "unknown",
        }
    }
}

/// What was measured in a minute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// The age of the newest log in the repository, in seconds.
    pub wal_age_s: Option<i64>,
    /// Segments that are missing.
    pub wal_gaps: Option<i64>,
    /// What would have been lost, in seconds.
    pub rpo_s: Option<i64>,
}

/// A span of one state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
    /// What may be said of it.
    pub state: State,
}

/// A sample speaks for so long at most; samples come each minute.
const SPEAKS_FOR: SignedDuration = SignedDuration::from_secs(150);

fn state(sample: &Sample) -> State {
    match (sample.wal_age_s, sample.wal_gaps) {
        (Some(age_s), Some(gaps)) if age_s <= log_every().as_secs() && gaps == 0 => State::Good,
        (Some(_), Some(_)) => State::Gap,
        _ => State::Unknown,
    }
}

/// The spans from `from` to `until`, without holes; `samples` in order of time.
pub fn spans(samples: &[Sample], from: Timestamp, until: Timestamp) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut reached = from;
    for (index, sample) in samples.iter().enumerate().filter(|(_, sample)| sample.at < until) {
        let next = samples.get(index + 1).map_or(until, |next| next.at);
        let end = next.min(sample.at + SPEAKS_FOR).min(until);
        if end <= reached {
            continue;
        }
        let start = sample.at.max(reached);
        push(&mut spans, Span { from: reached, until: start, state: State::Unknown });
        push(&mut spans, Span { from: start, until: end, state: state(sample) });
        reached = end;
    }
    push(&mut spans, Span { from: reached, until, state: State::Unknown });
    spans
}

fn push(spans: &mut Vec<Span>, span: Span) {
    if span.until <= span.from {
        return;
    }
    match spans.last_mut() {
        Some(last) if last.state == span.state => last.until = span.until,
        _ => spans.push(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).expect("in range")
    }

    fn sample(minute: i64, wal_age_s: Option<i64>, wal_gaps: Option<i64>) -> Sample {
        Sample { at: at(minute), wal_age_s, wal_gaps, rpo_s: None }
    }

    fn shown(spans: &[Span]) -> String {
        let minute = |instant: Timestamp| (instant.as_second() - 1_800_000_000) as f64 / 60.0;
        let shown =
            spans.iter().map(|span| format!("{}-{} {}", minute(span.from), minute(span.until), span.state.code()));
        shown.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn minutes_become_spans_and_those_nobody_watched_are_not_called_good() {
        let good = |minute| sample(minute, Some(30), Some(0));
        let late = |minute| sample(minute, Some(601), Some(0));
        let missing = |minute| sample(minute, Some(30), Some(2));
        let cases = [
            (vec![], "0-10 unknown"),
            ((0..10).map(good).collect(), "0-10 good"),
            (
                vec![good(0), good(1), late(2), late(3), good(4), good(5)],
                "0-2 good, 2-4 gap, 4-7.5 good, 7.5-10 unknown",
            ),
            (vec![good(2), missing(3)], "0-2 unknown, 2-3 good, 3-5.5 gap, 5.5-10 unknown"),
            (vec![good(-1), good(0), good(6), good(12)], "0-2.5 good, 2.5-6 unknown, 6-8.5 good, 8.5-10 unknown"),
            (
                vec![sample(0, None, Some(0)), sample(1, Some(1), None), good(2)],
                "0-2 unknown, 2-4.5 good, 4.5-10 unknown",
            ),
            (vec![good(0), good(9)], "0-2.5 good, 2.5-9 unknown, 9-10 good"),
        ];
        for (samples, expected) in cases {
            assert_eq!(shown(&spans(&samples, at(0), at(10))), expected);
        }
    }
}
