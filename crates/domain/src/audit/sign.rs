//! Signs of fraud: rules with names and figures, by which an act far from a person's usual ways is noticed. Nothing learns,
//! nothing is scored: a sign says which rule, which figure, which limit. What is done about a sign is `app`'s.
//!
//! "Far above" is the median of the person's own days plus `FAR` times their median absolute deviation (MAD), as both stay
//! where they are when a few days are extreme. Days are those of Japan.

mod day;
mod usual;

pub use day::{Act, ActKind, Day, Past, device_shape, examine};
pub use usual::{
    Allowance, DEFAULT_EXTRACTION_CAP, Limits, MAX_EXTRACTION_CAP, RoleLimit, Spread, allowance, limits_of,
};

use crate::id::{EntryId, RecordId, uuid_v7};
use crate::locale::Locale;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Days that are looked back on for what is usual.
pub const HISTORY_DAYS: i32 = 28;
/// Days that are looked back on for a device or a screen.
pub const MEMORY_DAYS: i32 = 90;
/// How many MADs above the median are far.
pub const FAR: u64 = 6;
/// A MAD counts as at least this part of the median: who takes the same number each day may take a few more.
pub const MAD_SHARE: u64 = 10;
/// Fewer days than these say nothing of a person: then the floor alone counts.
pub const HISTORY_DAYS_MIN: usize = 5;
/// Extracted rows a day that are never far.
pub const EXTRACTION_FLOOR: u64 = 3_000;
/// Reveals a day that are never far.
pub const REVEAL_FLOOR: u64 = 200;
/// Days with any act that are wanted before an hour or a screen can be unusual.
pub const ACTIVE_DAYS_MIN: usize = 10;
/// An hour (with its neighbours) in which a person acted on so many of the past days is usual.
pub const USUAL_HOUR_DAYS: usize = 2;
/// Days with a sign-in that are wanted before a device can be new.
pub const SIGN_IN_DAYS_MIN: usize = 3;
/// Reveals on a screen never used before that make a sign; of extractions one does.
pub const FIRST_SCREEN_REVEALS: usize = 5;
/// Refusals within `DENIAL_WINDOW_MIN` that make a sign.
pub const DENIALS_MIN: usize = 20;
/// The window of refusals, in minutes.
pub const DENIAL_WINDOW_MIN: i64 = 10;
/// Reveals of one record by one person in a day that make a sign.
pub const ONE_SUBJECT_REVEALS: usize = 10;

/// A stream of records may give out so many percent more rows than were counted before it was let go.
pub const STREAM_SLACK_PERCENT: u64 = 10;
/// And so many rows at least: records are made while a few are counted.
pub const STREAM_SLACK_ROWS: u64 = 10;

/// How long a held extraction waits to be decided, in hours.
pub const HOLD_WAITS_HOURS: i64 = 72;
/// How long a released extraction can be taken, in hours.
pub const RELEASE_HOLDS_HOURS: i64 = 24;
/// Held extractions of one person that may wait at the same time.
pub const MAX_WAITING_HOLDS: i64 = 5;
/// Longest reason of a decision, in characters.
pub const MAX_REASON_CHARS: usize = 500;

/// A rule. The code is permanent: stored signs, mails, metrics and locales use it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// Rows extracted in a day far above this person's usual days.
    ExtractionVolume,
    /// Rows extracted in a day above the limit of the person's role.
    ExtractionCap,
    /// Reveals in a day far above this person's usual days.
    RevealVolume,
    /// An act at an hour at which this person does not act.
    UnusualHour,
    /// A sign-in from a kind of device this person has not used.
    NewDevice,
    /// Extraction or reveals through a screen this person has not used so before.
    FirstScreen,
    /// Many refusals in a short time.
    ManyDenials,
    /// One record revealed many times.
    OneSubject,
    /// A planted record was touched.
    HoneyTouched,
    /// An administrator raised what a role may extract.
    LimitRaised,
    /// An administrator took a role whose limit they had raised.
    LimitTaken,
}

impl Rule {
    /// Every rule, in the order in which documents tell them.
    pub const ALL: [Self; 11] = [
        Self::ExtractionVolume,
        Self::ExtractionCap,
        Self::RevealVolume,
        Self::UnusualHour,
        Self::NewDevice,
        Self::FirstScreen,
        Self::ManyDenials,
        Self::OneSubject,
        Self::HoneyTouched,
        Self::LimitRaised,
        Self::LimitTaken,
    ];

    /// `snake_case`, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::ExtractionVolume => "extraction_volume",
            Self::ExtractionCap => "extraction_cap",
            Self::RevealVolume => "reveal_volume",
            Self::UnusualHour => "unusual_hour",
            Self::NewDevice => "new_device",
            Self::FirstScreen => "first_screen",
            Self::ManyDenials => "many_denials",
            Self::OneSubject => "one_subject",
            Self::HoneyTouched => "honey_touched",
            Self::LimitRaised => "limit_raised",
            Self::LimitTaken => "limit_taken",
        }
    }

    /// What was seen, in a sentence for administrators.
    pub fn sentence(self, locale: Locale) -> &'static str {
        match (self, locale) {
            (Self::ExtractionVolume, Locale::Ja) => "ふだんより大幅に多い件数の抽出",
            (Self::ExtractionVolume, Locale::En) => "Far more rows extracted than usual",
            (Self::ExtractionCap, Locale::Ja) => "ロールの1日の上限を超える抽出",
            (Self::ExtractionCap, Locale::En) => "More rows extracted than the role allows in a day",
            (Self::RevealVolume, Locale::Ja) => "ふだんより大幅に多い個人データの表示",
            (Self::RevealVolume, Locale::En) => "Far more reveals of personal data than usual",
            (Self::UnusualHour, Locale::Ja) => "ふだん使わない時間帯の操作",
            (Self::UnusualHour, Locale::En) => "Acts at an unusual hour",
            (Self::NewDevice, Locale::Ja) => "初めての端末からのサインイン",
            (Self::NewDevice, Locale::En) => "A sign-in from a new device",
            (Self::FirstScreen, Locale::Ja) => "初めて使う画面での抽出・個人データの表示",
            (Self::FirstScreen, Locale::En) => "Extraction or reveals on a screen not used before",
            (Self::ManyDenials, Locale::Ja) => "短い時間に多くの操作を拒否",
            (Self::ManyDenials, Locale::En) => "Many refusals in a short time",
            (Self::OneSubject, Locale::Ja) => "同じ記録の個人データを何度も表示",
            (Self::OneSubject, Locale::En) => "One record revealed many times",
            (Self::HoneyTouched, Locale::Ja) => "おとりの記録への操作",
            (Self::HoneyTouched, Locale::En) => "A planted record was touched",
            (Self::LimitRaised, Locale::Ja) => "抽出の上限の引き上げ",
            (Self::LimitRaised, Locale::En) => "A limit of extraction was raised",
            (Self::LimitTaken, Locale::Ja) => "抽出の上限の引き上げと、そのロールの自分への付与",
            (Self::LimitTaken, Locale::En) => "A limit of extraction was raised, and its role taken by who raised it",
        }
    }

    /// The rule of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.code() == code)
    }
}

/// What a rule saw: the figure, what it was held against, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Figures {
    /// What was found.
    pub value: u64,
    /// The most that would have raised nothing.
    pub limit: u64,
    /// The person's usual days, where the rule compares with them.
    pub spread: Option<Spread>,
    /// The window looked at: from.
    pub from: Timestamp,
    /// The window looked at: until.
    pub until: Timestamp,
}

/// A sign, before it is stored. `window` makes it one: the same rule, person and window are the same sign.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sign {
    /// The rule.
    pub rule: Rule,
    /// A day, an hour of it, a record: whatever the rule looks at as one.
    pub window: String,
    /// The figures.
    pub figures: Figures,
    /// Service and screen, where the rule is about one.
    pub place: Option<(String, String)>,
    /// The record, where the rule is about one.
    pub record: Option<RecordId>,
}

impl Sign {
    /// A sign of an act on a planted record. Touches of one kind within an hour are one sign.
    pub fn honey(service: &str, screen: &str, record: RecordId, act: &str, at: Timestamp) -> Self {
        let day = day_of(at);
        Self {
            rule: Rule::HoneyTouched,
            window: format!("{day}T{:02}/{record}/{act}", hour_of(at)),
            figures: Figures { value: 1, limit: 0, spread: None, from: at, until: at },
            place: Some((service.to_owned(), screen.to_owned())),
            record: Some(record),
        }
    }
}

/// How many rows may leave of an extraction that was let go with so many counted.
pub fn rows_let_go(counted: u64) -> u64 {
    counted.saturating_add((counted / 100 * STREAM_SLACK_PERCENT).max(STREAM_SLACK_ROWS))
}

fn japan() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(9))
}

/// The day of an instant in Japan.
pub fn day_of(at: Timestamp) -> Date {
    at.to_zoned(japan()).date()
}

/// The hour of an instant in Japan, 0 to 23.
pub fn hour_of(at: Timestamp) -> u8 {
    u8::try_from(at.to_zoned(japan()).hour()).unwrap_or_default()
}

/// The instant at which an hour of a day begins in Japan; 24 is the end of the day.
pub fn start_of(day: Date, hour: i64) -> Timestamp {
    let midnight = day.to_zoned(japan()).map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp());
    midnight.saturating_add(hour.hours()).unwrap_or(midnight)
}

/// The least id that an entry made at the instant or later can have.
pub fn first_entry_id(at: Timestamp) -> EntryId {
    uuid_v7(u64::try_from(at.as_millisecond()).unwrap_or(0), &[0; 10]).into()
}

/// When an entry was made, by its id (UUID v7: the first 48 bits are milliseconds).
pub fn entry_instant(id: EntryId) -> Timestamp {
    let ms = id.bytes().iter().take(6).fold(0_i64, |ms, byte| (ms << 8) | i64::from(*byte));
    Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)
}
