//! The promises, each once: id, sentence, target. Measures nothing; evidence and claims refer to what stands here.

mod group;
mod list;

pub use group::{GROUPS, Group};
pub use list::ALL;

use crate::locale::Locale;

/// A sentence STRUCT keeps. The id is permanent: code, tests, evidence and the public page use it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promise {
    /// `noun.word`, as in PROMISES.md.
    pub id: &'static str,
    /// The sentence in Japanese.
    pub ja: &'static str,
    /// The sentence in English.
    pub en: &'static str,
    /// What is measured or refused against it. Schedulers and refusals take their bounds from here.
    pub target: Target,
}

/// What keeping a promise means in figures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// It holds at every moment; one exception is a breach.
    Always,
    /// The newest success is never older.
    NewestAgeMin(u32),
    /// A review at most so many days ago.
    ReviewDays(u32),
    /// A share of the year's time in hundredths of a percent, 9990 being 99.9 %.
    YearlyShareBasisPoints(u32),
    /// At most so many hours a year.
    YearlyHours(u32),
    /// Said at least so many hours before.
    NoticeHours(u32),
    /// Answered within so many business days.
    ReplyBusinessDays(u32),
    /// A figure is published for every month.
    PublishedMonthly,
}

impl Promise {
    /// The promise of an id.
    pub fn find(id: &str) -> Option<&'static Self> {
        ALL.iter().find(|promise| promise.id == id)
    }

    /// The sentence in the language asked for.
    pub fn sentence(&self, locale: Locale) -> &'static str {
        match locale {
            Locale::Ja => self.ja,
            Locale::En => self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promise_of_the_committed_list_is_a_value_and_no_other() {
        let committed: Vec<&str> = include_str!("promise/ids.txt").lines().collect();
        let ids: Vec<&str> = ALL.iter().map(|promise| promise.id).collect();
        assert_eq!(ids, committed);
    }

    #[test]
    fn a_promise_has_a_sentence_in_both_languages() {
        for promise in ALL {
            assert!(!promise.sentence(Locale::Ja).is_empty() && promise.sentence(Locale::En).is_ascii(), "{promise:?}");
        }
    }
}
