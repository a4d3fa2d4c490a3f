//! What is usual for a person, and how much may be extracted in a day. Pure figures; who has which limit is stored elsewhere.

use super::{EXTRACTION_FLOOR, FAR, HISTORY_DAYS_MIN, MAD_SHARE, Rule};

/// The limit of rows a day of a role that has none set.
pub const DEFAULT_EXTRACTION_CAP: u64 = 100_000;
/// The highest limit that can be set.
pub const MAX_EXTRACTION_CAP: u64 = 10_000_000;

/// Median and median absolute deviation of a person's days.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spread {
    /// The median.
    pub median: u64,
    /// The median distance from it.
    pub mad: u64,
}

impl Spread {
    /// Of the days on which there was anything; none when they are too few to say what is usual.
    pub fn of(days: &[u64]) -> Option<Self> {
        let mut days: Vec<u64> = days.iter().copied().filter(|value| *value > 0).collect();
        if days.len() < HISTORY_DAYS_MIN {
            return None;
        }
        let median = median(&mut days);
        let mut distances: Vec<u64> = days.iter().map(|value| value.abs_diff(median)).collect();
        Some(Self { median, mad: self::median(&mut distances) })
    }

    /// The most that is not yet far.
    pub fn far(self) -> u64 {
        self.median.saturating_add(FAR.saturating_mul(self.mad.max(self.median / MAD_SHARE)))
    }
}

/// Of two middle values the mean, rounded up.
fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values.get(middle) {
        None => 0,
        Some(upper) if values.len() % 2 == 1 => *upper,
        Some(upper) => {
            let lower = values[middle - 1];
            lower + (upper - lower).div_ceil(2)
        }
    }
}

/// What is not far, given the past days and a floor: with its spread when there is one.
pub(super) fn not_far(history: &[u64], floor: u64) -> (u64, Option<Spread>) {
    match Spread::of(history) {
        Some(spread) if spread.far() > floor => (spread.far(), Some(spread)),
        spread => (floor, spread),
    }
}

/// What administrators set for a role.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RoleLimit {
    /// Rows a day that are let go without being compared with usual days.
    pub free_rows: Option<u64>,
    /// Rows a day that are never let go without a second administrator.
    pub max_rows: Option<u64>,
}

/// The limits of one person.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Rows a day that are let go without being compared.
    pub free_rows: u64,
    /// Rows a day at most.
    pub max_rows: u64,
}

/// The limits of who holds these roles. What is let go adds up as rights do: the most generous role counts. A maximum is a
/// guard: the strictest counts.
pub fn limits_of(roles: impl IntoIterator<Item = RoleLimit>) -> Limits {
    let (mut free, mut max): (Option<u64>, Option<u64>) = (None, None);
    for role in roles {
        free = free.max(Some(role.free_rows.unwrap_or(EXTRACTION_FLOOR)));
        max = max.into_iter().chain(role.max_rows).min();
    }
    Limits { free_rows: free.unwrap_or(EXTRACTION_FLOOR), max_rows: max.unwrap_or(DEFAULT_EXTRACTION_CAP) }
}

/// How many rows a person may extract in a day, and which rule says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Rows a day that are let go.
    pub rows: u64,
    /// The rule that holds what goes beyond.
    pub rule: Rule,
    /// The person's usual days, when there are enough of them.
    pub spread: Option<Spread>,
}

/// From the rows of the past days on which there were any, and the person's limits.
pub fn allowance(history: &[u64], limits: Limits) -> Allowance {
    let (rows, spread) = not_far(history, limits.free_rows);
    if limits.max_rows <= rows {
        return Allowance { rows: limits.max_rows, rule: Rule::ExtractionCap, spread };
    }
    Allowance { rows, rule: Rule::ExtractionVolume, spread }
}
