//! The period of a log: days counted back from today, or instants as typed. The same for the log and one's own trail.

use super::filter::{Wrong, one};
use crate::form::Form;
use crate::format;
use crate::locale::Texts;
use crate::page::record::filter::{Choice, choices as options};
use crate::problem::Problem;
use jiff::Timestamp;

/// What may be chosen: the parameter's value, and the days before today that it reaches back.
const RANGES: [(&str, i32); 3] = [("today", 0), ("7", 6), ("28", 27)];

/// A period; open where nothing is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Period {
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier than.
    pub until: Option<Timestamp>,
}

/// The period asked for. One counted in days stays so in its link: opened tomorrow, it begins a day later.
pub fn read(form: &Form, now: Timestamp, wrong: &mut Vec<Wrong>) -> Result<Period, Problem> {
    let days = |typed: &str| RANGES.into_iter().find(|(code, _)| *code == typed).map(|(_, days)| days);
    let range = one(form, "range", "audit-bad-range", wrong, days)?;
    let from = one(form, "from", "audit-bad-from", wrong, format::typed_instant)?;
    let until = one(form, "until", "audit-bad-until", wrong, format::typed_instant)?;
    if let (Some(from), Some(until)) = (from, until)
        && until <= from
    {
        wrong.push(Wrong { name: "until", key: "audit-until-before-from" });
    }
    match range {
        Some(_) if from.is_some() || until.is_some() => wrong.push(Wrong { name: "range", key: "audit-two-periods" }),
        Some(days) => return Ok(Period { from: Some(format::start_of_day(now, days)), until: None }),
        None => {}
    }
    Ok(Period { from, until })
}

/// The choices.
pub fn ranges(present: &str, t: Texts) -> Vec<Choice> {
    let named = RANGES.map(|(code, _)| (code, t.text(format!("audit-range-{code}"))));
    options(named.iter().map(|(code, words)| (*code, words.as_str())), present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_days_are_today_and_the_six_before_in_japan() {
        let now: Timestamp = "2026-11-22T15:30:00Z".parse().unwrap();
        for (range, from) in
            [("today", "2026-11-22T15:00:00Z"), ("7", "2026-11-16T15:00:00Z"), ("28", "2026-10-26T15:00:00Z")]
        {
            let mut wrong = Vec::new();
            let period = read(&Form::parse(&format!("range={range}")).unwrap(), now, &mut wrong).unwrap();
            assert_eq!(period, Period { from: Some(from.parse().unwrap()), until: None }, "{range}");
            assert!(wrong.is_empty());
        }
    }
}
