//! What the state of the repository says about the promise of backups: whether its files are whole, encrypted, and whether the next
//! backup will have room. Reads no file.

use super::{CLOCK_SLACK_S, DIFFERENTIAL, Unreachable, age_s};
use crate::evidence::{Finding, MAX_REASONS, Measurement};
use jiff::{SignedDuration, Timestamp};

/// The check's name.
pub const CHECK: &str = "repository";
/// The cipher of a repository that keeps its promise.
pub const CIPHER: &str = "aes-256-cbc";
/// Reading the whole repository again may take such a part of the time: one in so many.
const VERIFY_SHARE: i64 = 12;
/// Not more often than that, in seconds, here and elsewhere: what is elsewhere costs money to read.
const VERIFY_EVERY_S: (i64, i64) = (3_600, 12 * 3_600);
/// Not less often than that, however large it is, in seconds.
const VERIFY_AT_LEAST_S: i64 = 7 * 24 * 3_600;
/// Below this nothing can be written: a segment of the log.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// A backup is expired with the full one it hangs on, and that a week after it could be.
const RETENTION_SLACK_DAYS: i64 = 8;
/// Shown in evidence.
pub const METHOD: &str = "Every file of the repository was read again and compared with the hash that was taken when it was written; the \
     repository was asked for its cipher and its oldest backup, the file system for the room it has left.";

/// The last time everything in the repository was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified {
    /// When that ended.
    pub at: Timestamp,
    /// How long it took, in seconds.
    pub took_s: i64,
    /// Bytes read.
    pub bytes: u64,
    /// What is wrong.
    pub faults: Vec<Finding>,
}

/// What was seen.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    /// The cipher it says it has.
    pub cipher: Option<String>,
    /// Bytes that its backups take.
    pub bytes: u64,
    /// Bytes the newest full backup takes.
    pub full_bytes: u64,
    /// The end of its oldest backup.
    pub oldest: Option<Timestamp>,
    /// For how many days a moment stays restorable.
    pub retention_days: u32,
    /// Bytes left where it is; `None` where that can't be asked.
    pub free_bytes: Option<u64>,
    /// The last time everything was read.
    pub verified: Option<Verified>,
    /// Why it could not be read, when that was tried last.
    pub verify_error: Option<String>,
    /// The name of the newest full backup: what follows hangs on it.
    pub newest_full: Option<String>,
    /// The first segment that the newest backup needs.
    pub newest_needs: Option<String>,
    /// Backups that were made, should still be kept, and are not there any more: how many, and the newest's name.
    pub gone: Option<(i64, String)>,
    /// That the repository can't be looked into.
    pub unreachable: Option<Unreachable>,
}

/// What a fault strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Struck {
    /// The newest full backup, or one that hangs on it: another full one is wanted.
    Backup,
    /// The log that leads from the newest backup to now: another backup is wanted.
    Log,
    /// Only moments before the newest backup: they can't be had back, any later one can.
    Past,
}

/// What a fault strikes, by the name of the newest full backup and the first segment that the newest backup needs.
pub fn strikes(fault: &Finding, newest_full: Option<&str>, newest_needs: Option<&str>) -> Struck {
    let said = ["path", "label", "last"].iter().find_map(|name| fault.get_text(name)).unwrap_or_default();
    let is_segment = |word: &&str| word.len() == SEGMENT_CHARS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if let Some(segment) = said.split(['/', '-', '.']).find(is_segment) {
        return if newest_needs.is_some_and(|needs| segment < needs) { Struck::Past } else { Struck::Log };
    }
    // A name such as 20261123-023434F is also the beginning of those that hang on it.
    let of_another = said.split('/').any(looks_like_a_backup) && newest_full.is_some_and(|full| !said.contains(full));
    if of_another { Struck::Past } else { Struck::Backup }
}

/// `20261123-023434F`, and what may follow.
fn looks_like_a_backup(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 16 && bytes[8] == b'-' && bytes[15] == b'F' && bytes[..8].iter().all(u8::is_ascii_digit)
}

/// Characters of a segment's name.
const SEGMENT_CHARS: usize = 24;

/// Whether everything is to be read again: as often as it may without taking more than a twelfth of the time.
pub fn verify_due(last: Option<&Verified>, remote: bool, now: Timestamp) -> bool {
    let Some(last) = last else { return true };
    let age_s = age_s(last.at, now);
    let least_s = if remote { VERIFY_EVERY_S.1 } else { VERIFY_EVERY_S.0 };
    age_s < -CLOCK_SLACK_S || age_s >= last.took_s.saturating_mul(VERIFY_SHARE).max(least_s).min(VERIFY_AT_LEAST_S)
}

/// Bytes that must be free, so that the next full backup fits: as much as the newest took, and a quarter more.
pub fn needed_bytes(full_bytes: u64) -> u64 {
    (full_bytes + full_bytes / 4).max(2 * SEGMENT_BYTES)
}

/// Weighs what was seen.
pub fn weigh(seen: &Seen, now: Timestamp) -> Measurement {
    let mut figure = Finding::new(if seen.verified.is_some() { "repository_verified" } else { "repository_unread" })
        .number("size_bytes", signed(seen.bytes));
    if let Some(verified) = &seen.verified {
        figure = figure
            .number("verified_age_s", age_s(verified.at, now).max(0))
            .number("read_bytes", signed(verified.bytes));
        figure = figure.number("faults", i64::try_from(verified.faults.len()).unwrap_or(i64::MAX));
    }
    if let Some(free) = seen.free_bytes {
        figure = figure.number("free_bytes", signed(free));
    }
    let mut measured = Measurement::new(DIFFERENTIAL, CHECK, figure, now, METHOD);
    if let Some(unreachable) = &seen.unreachable {
        unreachable.weigh(&mut measured);
    }
    if let Some(cipher) = seen.cipher.as_deref().filter(|cipher| *cipher != CIPHER) {
        measured.broken(Finding::new("not_encrypted").text("cipher", cipher));
    }
    if let Some((backups, newest)) = &seen.gone {
        measured.at_risk(Finding::new("backups_gone").number("backups", *backups).text("newest", newest));
    }
    weigh_verified(&mut measured, seen, now);
    weigh_room(&mut measured, seen);
    let kept = SignedDuration::from_hours(24 * (i64::from(seen.retention_days) + RETENTION_SLACK_DAYS));
    if let Some(oldest) = seen.oldest.filter(|oldest| now.duration_since(*oldest) > kept) {
        let why = Finding::new("not_expired").number("oldest_age_s", age_s(oldest, now));
        measured.at_risk(why.number("retention_days", i64::from(seen.retention_days)));
    }
    measured
}

fn weigh_verified(measured: &mut Measurement, seen: &Seen, now: Timestamp) {
    if let Some(said) = &seen.verify_error {
        measured.at_risk(Finding::new("verify_fails").text("said", said));
    }
    let Some(verified) = &seen.verified else { return measured.at_risk(Finding::new("not_verified")) };
    let (full, needs) = (seen.newest_full.as_deref(), seen.newest_needs.as_deref());
    // What breaks the promise is told first: only so many reasons are.
    let (now_broken, before): (Vec<_>, Vec<_>) =
        verified.faults.iter().partition(|fault| strikes(fault, full, needs) != Struck::Past);
    now_broken.into_iter().take(MAX_REASONS).for_each(|fault| measured.broken(fault.clone()));
    before.into_iter().take(MAX_REASONS).for_each(|fault| measured.at_risk(fault.clone()));
    if age_s(verified.at, now) > 2 * VERIFY_AT_LEAST_S {
        measured.at_risk(Finding::new("verified_long_ago").number("age_s", age_s(verified.at, now)));
    }
}

fn weigh_room(measured: &mut Measurement, seen: &Seen) {
    let Some(free) = seen.free_bytes else { return };
    let needed = needed_bytes(seen.full_bytes);
    let why = |code| Finding::new(code).number("free_bytes", signed(free)).number("needed_bytes", signed(needed));
    if free < SEGMENT_BYTES {
        measured.broken(why("repository_full"));
    } else if free < needed {
        measured.at_risk(why("repository_tight"));
    }
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::Verdict::{self, AtRisk, Broken, Held};

    const HOUR_S: i64 = 3_600;
    const MIB: u64 = 1 << 20;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).expect("in range")
    }

    fn verified(took_s: i64, faults: &[&str]) -> Verified {
        Verified { at: at(0), took_s, bytes: 9, faults: faults.iter().map(|code| Finding::new(code)).collect() }
    }

    fn well() -> Seen {
        Seen {
            cipher: Some(CIPHER.to_owned()),
            full_bytes: 100 * MIB,
            oldest: Some(at(0)),
            retention_days: 35,
            free_bytes: Some(1_000 * MIB),
            verified: Some(verified(5, &[])),
            ..Seen::default()
        }
    }

    #[test]
    fn a_repository_keeps_its_promise_when_it_is_whole_encrypted_and_has_room() {
        let day = 24 * HOUR_S;
        let cases: Vec<(Seen, i64, Verdict, &[&str])> = vec![
            (well(), 10, Held, &[]),
            (Seen { free_bytes: None, ..well() }, 10, Held, &[]),
            (Seen { cipher: Some("none".to_owned()), ..well() }, 10, Broken, &["not_encrypted"]),
            (Seen { gone: Some((2, "20271123-020000F".to_owned())), ..well() }, 10, AtRisk, &["backups_gone"]),
            (Seen { verified: None, ..well() }, 10, AtRisk, &["not_verified"]),
            (Seen { verified: Some(verified(5, &["file_corrupted"])), ..well() }, 10, Broken, &["file_corrupted"]),
            (Seen { verify_error: Some("a lock".to_owned()), ..well() }, 10, AtRisk, &["verify_fails"]),
            (well(), 15 * day, AtRisk, &["verified_long_ago"]),
            (Seen { free_bytes: Some(124 * MIB), ..well() }, 10, AtRisk, &["repository_tight"]),
            (Seen { free_bytes: Some(125 * MIB), ..well() }, 10, Held, &[]),
            (Seen { free_bytes: Some(15 * MIB), ..well() }, 10, Broken, &["repository_full"]),
            (Seen { oldest: Some(at(-44 * day)), ..well() }, 10, AtRisk, &["not_expired"]),
            (Seen { oldest: Some(at(-42 * day)), ..well() }, 10, Held, &[]),
        ];
        for (seen, now, verdict, why) in cases {
            let measured = weigh(&seen, at(now));
            let codes: Vec<&str> = measured.found.why.iter().map(|why| why.code.as_str()).collect();
            assert_eq!((measured.verdict, codes), (verdict, why.to_vec()), "{seen:?} at {now}");
        }
    }

    #[test]
    fn a_fault_before_the_newest_backup_is_a_risk_and_one_in_what_follows_a_breach() {
        let full = Some("20271123-020000F");
        let needs = Some("000000010000000000000007");
        let path = |path: &str| Finding::new("file_corrupted").text("path", path);
        let cases = [
            (path("backup/struct/20271123-020000F/pg_data/base/1/2.zst"), Struck::Backup),
            (path("backup/struct/20271123-020000F_20271123-140000D/pg_data/base/1/2.zst"), Struck::Backup),
            (path("backup/struct/20271116-020000F/bundle/1"), Struck::Past),
            (path("archive/struct/15-1/0000000100000000/000000010000000000000006-5f3b.zst"), Struck::Past),
            (path("archive/struct/15-1/0000000100000000/000000010000000000000007-5f3b.zst"), Struck::Log),
            (Finding::new("wal_gap").text("first", "x").text("last", "000000010000000000000006"), Struck::Past),
            (Finding::new("wal_gap").text("first", "x").text("last", "000000010000000000000009"), Struck::Log),
            (Finding::new("backup_unusable").text("label", "20271116-020000F"), Struck::Past),
            (Finding::new("backup_unusable").text("label", "20271123-020000F"), Struck::Backup),
            (Finding::new("verify_complains").text("said", "something else"), Struck::Backup),
        ];
        for (fault, struck) in cases {
            assert_eq!(strikes(&fault, full, needs), struck, "{fault:?}");
            let seen = Seen {
                newest_full: full.map(str::to_owned),
                newest_needs: needs.map(str::to_owned),
                verified: Some(Verified { faults: vec![fault], ..verified(5, &[]) }),
                ..well()
            };
            assert_eq!(weigh(&seen, at(10)).verdict, if struck == Struck::Past { AtRisk } else { Broken });
        }
    }

    #[test]
    fn everything_is_read_again_hourly_until_that_takes_more_than_a_twelfth_of_the_time() {
        let week = 7 * 24 * HOUR_S;
        let cases = [
            (5, false, HOUR_S - 1, false),
            (5, false, HOUR_S, true),
            (5, true, 12 * HOUR_S - 1, false),
            (5, true, 12 * HOUR_S, true),
            (HOUR_S, false, 12 * HOUR_S - 1, false),
            (HOUR_S, false, 12 * HOUR_S, true),
            (100 * HOUR_S, false, week - 1, false),
            (100 * HOUR_S, false, week, true),
            // Read in the future, by a clock that was wrong.
            (5, false, -HOUR_S, true),
        ];
        for (took_s, remote, now, due) in cases {
            assert_eq!(verify_due(Some(&verified(took_s, &[])), remote, at(now)), due, "{took_s} {remote} {now}");
        }
        assert!(verify_due(None, true, at(0)));
    }
}
