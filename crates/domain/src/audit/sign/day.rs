//! One person's day, looked at as a whole: the rules that are judged after the fact. Pure; the day and the past come in as
//! values, and the same day looked at twice gives the same signs.

use super::usual::not_far;
use super::{
    ACTIVE_DAYS_MIN, DENIAL_WINDOW_MIN, DENIALS_MIN, FIRST_SCREEN_REVEALS, Figures, ONE_SUBJECT_REVEALS, REVEAL_FLOOR,
    Rule, SIGN_IN_DAYS_MIN, Sign, USUAL_HOUR_DAYS, hour_of, start_of,
};
use crate::id::RecordId;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use std::collections::{BTreeMap, BTreeSet};

/// Hours of a day.
const HOURS: u8 = 24;

/// What was done, as far as the rules care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ActKind {
    /// A session was opened.
    SignIn,
    /// Personal fields of a record were shown in full.
    Reveal,
    /// Records were taken out.
    Extraction,
    /// Something was refused.
    Denial,
}

/// One act.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Act {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: ActKind,
    /// Through which service and screen.
    pub place: Option<(String, String)>,
    /// On which record.
    pub record: Option<RecordId>,
    /// The shape of the device of a sign-in (`device_shape`).
    pub device: Option<String>,
}

/// One person's day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Day {
    /// Which.
    pub day: Date,
    /// How many reveals there were, also beyond the acts listed.
    pub reveals: u64,
    /// The acts, in any order.
    pub acts: Vec<Act>,
}

/// The same person's past.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Past {
    /// Reveals of each of the past `HISTORY_DAYS` that had any.
    pub reveals: Vec<u64>,
    /// Of the past `HISTORY_DAYS`, those with any act.
    pub active_days: usize,
    /// On how many of them there was an act in each hour.
    pub hours: [usize; HOURS as usize],
    /// Service and screen of reveals and extractions of the past `MEMORY_DAYS`.
    pub places: BTreeSet<(String, String)>,
    /// Days of the past `MEMORY_DAYS` with a sign-in.
    pub sign_in_days: usize,
    /// Shapes of their devices.
    pub devices: BTreeSet<String>,
}

/// The browser's description without its numbers: a new version of a browser is no new device.
pub fn device_shape(description: &str) -> String {
    let words = description.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// All signs of the day. Extractions are judged before they leave (`allowance`), planted records when they are touched.
pub fn examine(day: &Day, past: &Past) -> Vec<Sign> {
    let mut signs = Vec::new();
    signs.extend(reveal_volume(day, past));
    signs.extend(unusual_hours(day, past));
    signs.extend(new_devices(day, past));
    signs.extend(first_screens(day, past));
    signs.extend(many_denials(day));
    signs.extend(one_subject(day));
    signs
}

impl Day {
    fn of(&self, kind: ActKind) -> impl Iterator<Item = &Act> {
        self.acts.iter().filter(move |act| act.kind == kind)
    }

    fn sign(&self, rule: Rule, part: &str, value: u64, limit: u64) -> Sign {
        let window = if part.is_empty() { self.day.to_string() } else { format!("{}/{part}", self.day) };
        let (from, until) = (start_of(self.day, 0), start_of(self.day, i64::from(HOURS)));
        let figures = Figures { value, limit, spread: None, from, until };
        Sign { rule, window, figures, place: None, record: None }
    }
}

fn reveal_volume(day: &Day, past: &Past) -> Option<Sign> {
    let (limit, spread) = not_far(&past.reveals, REVEAL_FLOOR);
    (day.reveals > limit).then(|| {
        let sign = day.sign(Rule::RevealVolume, "", day.reveals, limit);
        Sign { figures: Figures { spread, ..sign.figures }, ..sign }
    })
}

fn unusual_hours(day: &Day, past: &Past) -> Vec<Sign> {
    if past.active_days < ACTIVE_DAYS_MIN {
        return Vec::new();
    }
    let about = |hour: u8| {
        let near = [(hour + HOURS - 1) % HOURS, hour, (hour + 1) % HOURS];
        near.into_iter().map(|hour| past.hours[usize::from(hour)]).max().unwrap_or_default()
    };
    let acts = day.acts.iter().filter(|act| act.kind != ActKind::Denial);
    let hours: BTreeSet<u8> = acts.map(|act| hour_of(act.at)).collect();
    let sign = |hour: u8| {
        let sign = day.sign(Rule::UnusualHour, &format!("{hour:02}"), about(hour) as u64, USUAL_HOUR_DAYS as u64);
        let (from, until) = (start_of(day.day, i64::from(hour)), start_of(day.day, i64::from(hour) + 1));
        Sign { figures: Figures { from, until, ..sign.figures }, ..sign }
    };
    hours.into_iter().filter(|hour| about(*hour) < USUAL_HOUR_DAYS).map(sign).collect()
}

fn new_devices(day: &Day, past: &Past) -> Vec<Sign> {
    if past.sign_in_days < SIGN_IN_DAYS_MIN {
        return Vec::new();
    }
    let shapes: BTreeSet<&String> = day.of(ActKind::SignIn).filter_map(|act| act.device.as_ref()).collect();
    let new = shapes.into_iter().filter(|shape| !past.devices.contains(*shape));
    // Several new devices in one day are one sign with their number: the shape itself must not stand in the clear.
    let count = new.count() as u64;
    if count == 0 { Vec::new() } else { vec![day.sign(Rule::NewDevice, "", count, 0)] }
}

fn first_screens(day: &Day, past: &Past) -> Vec<Sign> {
    if past.active_days < ACTIVE_DAYS_MIN {
        return Vec::new();
    }
    let mut screens: BTreeMap<&(String, String), (u64, bool)> = BTreeMap::new();
    for act in &day.acts {
        let taken = act.kind == ActKind::Extraction;
        let Some(place) = act.place.as_ref().filter(|_| taken || act.kind == ActKind::Reveal) else { continue };
        let seen = screens.entry(place).or_default();
        *seen = (seen.0 + 1, seen.1 || taken);
    }
    let many = |(count, taken): &(u64, bool)| *taken || *count >= FIRST_SCREEN_REVEALS as u64;
    let first = screens.into_iter().filter(|(place, seen)| many(seen) && !past.places.contains(*place));
    first
        .map(|(place, (count, _))| {
            let sign = day.sign(Rule::FirstScreen, &format!("{}/{}", place.0, place.1), count, 0);
            Sign { place: Some(place.clone()), ..sign }
        })
        .collect()
}

/// One sign an hour at most: the fullest window that ends in it.
fn many_denials(day: &Day) -> Vec<Sign> {
    let mut denials: Vec<Timestamp> = day.of(ActKind::Denial).map(|act| act.at).collect();
    denials.sort_unstable();
    let mut fullest: BTreeMap<u8, (u64, Timestamp, Timestamp)> = BTreeMap::new();
    let mut first = 0;
    for (place, at) in denials.iter().enumerate() {
        let since = at.saturating_sub(DENIAL_WINDOW_MIN.minutes()).unwrap_or(*at);
        while denials[first] < since {
            first += 1;
        }
        let count = (place - first + 1) as u64;
        let held = fullest.entry(hour_of(*at)).or_insert((0, *at, *at));
        if count > held.0 {
            *held = (count, denials[first], *at);
        }
    }
    let limit = DENIALS_MIN as u64 - 1;
    let many = fullest.into_iter().filter(|(_, (count, ..))| *count > limit);
    many.map(|(hour, (count, from, until))| {
        let sign = day.sign(Rule::ManyDenials, &format!("{hour:02}"), count, limit);
        Sign { figures: Figures { from, until, ..sign.figures }, ..sign }
    })
    .collect()
}

fn one_subject(day: &Day) -> Vec<Sign> {
    let mut subjects: BTreeMap<RecordId, (u64, &Act)> = BTreeMap::new();
    for act in day.of(ActKind::Reveal) {
        let Some(record) = act.record else { continue };
        subjects.entry(record).or_insert((0, act)).0 += 1;
    }
    let limit = ONE_SUBJECT_REVEALS as u64 - 1;
    let many = subjects.into_iter().filter(|(_, (count, _))| *count > limit);
    many.map(|(record, (count, act))| {
        let sign = day.sign(Rule::OneSubject, &record.to_string(), count, limit);
        Sign { place: act.place.clone(), record: Some(record), ..sign }
    })
    .collect()
}
