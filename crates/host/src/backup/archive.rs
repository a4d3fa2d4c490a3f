//! The log in the repository: its newest segment, what is missing between the first and the last, the last commit in it. Reads
//! names and times, and of segments only the newest.

use super::{BackupError, Info, Location, Repository, STANZA, program::SHORT_TIMEOUT};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// Digits of a segment's name.
const NAME_DIGITS: usize = 24;
/// Segments in a log file of 4 GiB, with segments of 16 MiB, which is what initdb makes.
const SEGMENTS_A_LOG: u64 = 256;
/// How many of the newest segments are looked through for a commit: an idle database closes segments without one.
const LOOKED_BACK: usize = 8;

/// A segment of the log in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wal {
    /// Its name, 24 hexadecimal digits: timeline, log, segment.
    pub name: String,
    /// When it arrived, by the clock of the file system or service that keeps it.
    pub at: Timestamp,
}

/// Segments that are missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first that is missing.
    pub first: String,
    /// The last that is missing.
    pub last: String,
    /// How many.
    pub count: u64,
}

/// A segment as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    timeline: u32,
    number: u64,
    pub name: String,
    pub at: Timestamp,
    /// As it is in the repository.
    pub size_bytes: u64,
}

/// What `repo-ls --output=json` says of a name.
#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    time: i64,
}

impl Segment {
    /// From a file's name: `<segment>-<hash>[.<compression>]`; `None` for what is no whole segment.
    fn read(file: &str, at: Timestamp, size_bytes: u64) -> Option<Self> {
        let name = file.split_once('-')?.0;
        let (timeline, number) = position(name)?;
        Some(Self { timeline, number, name: name.to_owned(), at, size_bytes })
    }
}

/// Timeline and number of a segment, from its name.
fn position(name: &str) -> Option<(u32, u64)> {
    let digits = |c: u8| c.is_ascii_digit() || (b'A'..=b'F').contains(&c);
    if name.len() != NAME_DIGITS || !name.bytes().all(digits) {
        return None;
    }
    let part = |from: usize| u32::from_str_radix(name.get(from..from + 8)?, 16).ok();
    let (log, segment) = (u64::from(part(8)?), u64::from(part(16)?));
    (segment < SEGMENTS_A_LOG).then_some((part(0)?, log * SEGMENTS_A_LOG + segment))
}

fn name(timeline: u32, number: u64) -> String {
    format!("{timeline:08X}{:08X}{:08X}", number / SEGMENTS_A_LOG, number % SEGMENTS_A_LOG)
}

/// What is missing from `first` on, which a backup needs. A timeline goes on where it left the one before.
pub(super) fn gaps(first: (u32, u64), segments: &[Segment]) -> Vec<Gap> {
    let (mut timeline, mut next) = first;
    let mut gaps = Vec::new();
    let mut gap = |timeline: u32, from: u64, until: u64| {
        if from < until {
            gaps.push(Gap { first: name(timeline, from), last: name(timeline, until - 1), count: until - from });
        }
    };
    for segment in segments.iter().filter(|segment| (segment.timeline, segment.number) >= first) {
        // The first of a timeline repeats the last of the one before, or some more when that one went on for a while.
        if segment.timeline != timeline && segment.number <= next {
            next = segment.number;
        }
        gap(timeline, next, segment.number);
        (timeline, next) = (segment.timeline, segment.number + 1);
    }
    if next == first.1 && timeline == first.0 && !segments.iter().any(|s| s.number >= next) {
        gap(timeline, next, next + 1);
    }
    gaps
}

/// Segments that can be got back: all before `first`, where a backup begins, and those behind it up to the first gap.
fn reachable(first: (u32, u64), segments: Vec<Segment>) -> Vec<Segment> {
    let gap = gaps(first, &segments).first().and_then(|gap| position(&gap.first));
    let wanted = |segment: &Segment| gap.is_none_or(|gap| (segment.timeline, segment.number) < gap);
    segments.into_iter().filter(wanted).collect()
}

impl Repository {
    /// The segment that arrived last; `None` before the first. Lists one folder.
    pub async fn newest_wal(&self) -> Result<Option<Wal>, BackupError> {
        let Some(id) = self.newest_archive().await? else { return Ok(None) };
        let mut folders = self.names(&format!("archive/{STANZA}/{id}")).await?;
        folders.retain(|name, listed| listed.kind == "path" && name.len() == 16);
        for folder in folders.into_keys().rev() {
            let mut segments = self.segments_in(&format!("archive/{STANZA}/{id}/{folder}")).await?;
            if let Some(newest) = segments.pop() {
                return Ok(Some(Wal { name: newest.name, at: newest.at }));
            }
        }
        Ok(None)
    }

    /// What is missing between the first segment that the oldest backup needs and the newest; empty when nothing is. Whether the
    /// newest is PostgreSQL's newest, only PostgreSQL can say.
    pub async fn gaps(&self) -> Result<Vec<Gap>, BackupError> {
        let info = self.info().await?;
        let segments = self.segments(&info).await?;
        Ok(self.gaps_among(&info, &segments))
    }

    pub(super) fn gaps_among(&self, info: &Info, segments: &[Segment]) -> Vec<Gap> {
        let oldest = info.backups.iter().filter_map(|backup| position(&backup.wal_from)).min();
        let first = oldest.or_else(|| segments.first().map(|s| (s.timeline, s.number)));
        let mut missing = first.map_or_else(Vec::new, |first| gaps(first, segments));
        // The last that a backup needs may be behind the newest there is.
        let newest = segments.last().map_or((0, 0), |s| (s.timeline, s.number));
        for last in info.backups.iter().filter_map(|backup| position(&backup.wal_to)).filter(|last| *last > newest) {
            let gap = Gap { first: name(last.0, last.1), last: name(last.0, last.1), count: 1 };
            if !missing.contains(&gap) {
                missing.push(gap);
            }
        }
        missing
    }

    /// All segments of the present cluster, in order.
    pub(super) async fn segments(&self, info: &Info) -> Result<Vec<Segment>, BackupError> {
        let Some(archive) = &info.archive else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        let folder = format!("archive/{STANZA}/{}", archive.id);
        for (name, listed) in self.names(&folder).await? {
            if listed.kind == "path" && name.len() == 16 {
                all.extend(self.segments_in(&format!("{folder}/{name}")).await?);
            }
        }
        Ok(all)
    }

    /// When the last commit was made that can be got back: in the log before the newest backup and, unbroken, behind it. `None` when
    /// the newest segments hold none, or can't be read as the cluster's directory is lost.
    pub(super) async fn last_commit(&self, info: &Info) -> Result<Option<Timestamp>, BackupError> {
        let Some(first) = info.backups.last().and_then(|backup| position(&backup.wal_from)) else { return Ok(None) };
        if !self.cluster.pg_path.join("global/pg_control").exists() {
            return Ok(None);
        }
        let segments = reachable(first, self.segments(info).await?);
        let folder = tempfile::Builder::new().prefix("look-").tempdir_in(&self.settings.dir);
        let folder = folder.map_err(BackupError::io("making a directory in", &self.settings.dir))?;
        self.private_directory(folder.path())?;
        for segment in segments.iter().rev().take(LOOKED_BACK) {
            let file = folder.path().join(&segment.name);
            let arguments = [segment.name.clone(), file.to_string_lossy().into_owned()];
            self.ask("archive-get", &arguments).await?;
            if let Some(at) = self.last_commit_in(&file).await? {
                return Ok(Some(at));
            }
            let _ = std::fs::remove_file(&file);
        }
        Ok(None)
    }

    /// pg_waldump ends with an error where a segment ends; what it printed until then counts.
    #[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
    async fn last_commit_in(&self, file: &Path) -> Result<Option<Timestamp>, BackupError> {
        let program = self.cluster.binaries.program("pg_waldump");
        let failed = || BackupError::io("running", &program);
        let mut command = Command::new(&program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null()).kill_on_drop(true);
        command.arg("--rmgr=Transaction").arg(file).stdout(Stdio::piped()).stderr(Stdio::null());
        let look = async {
            let mut child = command.spawn().map_err(failed())?;
            let mut newest = None;
            if let Some(out) = child.stdout.take() {
                let mut lines = BufReader::new(out).lines();
                while let Some(line) = lines.next_line().await.map_err(failed())? {
                    newest = commit_time(&line).or(newest);
                }
            }
            child.wait().await.map_err(failed())?;
            Ok(newest)
        };
        let said = format!("it did not end within {} s", SHORT_TIMEOUT.as_secs());
        let late = |_| BackupError::Program { command: "pg_waldump", status: "no answer".to_owned(), said };
        timeout(SHORT_TIMEOUT, look).await.map_err(late)?
    }

    /// The newest of the folders `15-1`, `16-2`: one a major version of PostgreSQL, numbered as they came.
    async fn newest_archive(&self) -> Result<Option<String>, BackupError> {
        let names = self.names(&format!("archive/{STANZA}")).await?;
        let number = |name: &String| name.split_once('-').and_then(|(_, n)| n.parse::<u32>().ok());
        let folders = names.into_iter().filter(|(_, listed)| listed.kind == "path").map(|(name, _)| name);
        Ok(folders.filter_map(|name| Some((number(&name)?, name))).max().map(|(_, name)| name))
    }

    async fn segments_in(&self, folder: &str) -> Result<Vec<Segment>, BackupError> {
        let instant = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH);
        let listed = self.names(folder).await?.into_iter().filter(|(_, listed)| listed.kind == "file");
        let mut all: Vec<_> = listed.filter_map(|(name, f)| Segment::read(&name, instant(f.time), f.size)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The names in a folder of the repository; none when there is no such folder.
    async fn names(&self, folder: &str) -> Result<BTreeMap<String, Listed>, BackupError> {
        if let Location::Local(path) = &self.settings.location {
            let path = path.join(folder);
            let list = tokio::task::spawn_blocking(move || (listing(&path), path));
            let (listed, path) = list.await.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()));
            return listed.map_err(BackupError::io("listing", &path));
        }
        let printed = self.ask("repo-ls", &["--output=json".to_owned(), folder.to_owned()]).await?;
        let refused = |e: serde_json::Error| BackupError::Answer { command: "repo-ls", reason: e.to_string() };
        let mut names: BTreeMap<String, Listed> = serde_json::from_slice(&printed).map_err(refused)?;
        names.remove(".");
        Ok(names)
    }
}

fn listing(path: &PathBuf) -> std::io::Result<BTreeMap<String, Listed>> {
    let entries = match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        entries => entries?,
    };
    let mut names = BTreeMap::new();
    for entry in entries {
        let entry = entry?;
        // One that is gone since it was listed was expired, or was written under a name for the time being.
        let Ok(found) = entry.metadata() else { continue };
        let kind = if found.is_dir() { "path" } else { "file" }.to_owned();
        let time = found.modified().ok().and_then(|at| Timestamp::try_from(at).ok()).map_or(0, Timestamp::as_second);
        names.insert(entry.file_name().to_string_lossy().into_owned(), Listed { kind, size: found.len(), time });
    }
    Ok(names)
}

/// `rmgr: Transaction … desc: COMMIT 2026-11-23 02:38:47.123456 UTC; …`
fn commit_time(line: &str) -> Option<Timestamp> {
    let said = line.split_once("desc: COMMIT ")?.1;
    let text = said.get(..said.find(" UTC")?)?;
    let at: DateTime = text.replacen(' ', "T", 1).parse().ok()?;
    at.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(names: &[&str]) -> Vec<Segment> {
        let file = |name: &&str| Segment::read(&format!("{name}-0a1b.zst"), Timestamp::UNIX_EPOCH, 1);
        names.iter().map(|name| file(name).expect("a segment")).collect()
    }

    fn missing(first: &str, names: &[&str]) -> Vec<(String, String, u64)> {
        let found = gaps(position(first).expect("a segment"), &segments(names));
        found.into_iter().map(|gap| (gap.first, gap.last, gap.count)).collect()
    }

    const A: &str = "0000000100000000000000FE";
    const B: &str = "0000000100000000000000FF";
    const C: &str = "000000010000000100000000";
    const D: &str = "000000010000000100000001";

    #[test]
    fn a_missing_segment_is_named_wherever_it_is() {
        assert_eq!(missing(A, &[A, B, D]), [(C.to_owned(), C.to_owned(), 1)]);
        assert_eq!(missing(A, &[C, D]), [(A.to_owned(), B.to_owned(), 2)]);
        assert_eq!(missing(A, &[A, D]), [(B.to_owned(), C.to_owned(), 2)]);
        assert_eq!(missing(A, &[]), [(A.to_owned(), A.to_owned(), 1)]);
    }

    #[test]
    fn a_whole_log_has_no_gap_whatever_was_expired_before_it() {
        assert!(missing(B, &[A, B, C, D]).is_empty());
        assert!(missing(C, &[A, C, D]).is_empty());
    }

    #[test]
    fn a_timeline_goes_on_where_it_left_the_one_before() {
        let (c2, d2) = ("000000020000000100000000", "000000020000000100000001");
        assert!(missing(A, &[A, B, C, D, c2, d2]).is_empty());
        assert!(missing(A, &[A, B, c2, d2]).is_empty());
        assert_eq!(missing(A, &[A, B, d2]).len(), 1);
    }

    #[test]
    fn what_comes_after_a_gap_cannot_be_got_back() {
        let left = |first| reachable(position(first).expect("a segment"), segments(&[A, B, D])).len();
        assert_eq!((left(A), left(B), left(D)), (2, 2, 3), "a gap before a backup takes nothing away");
    }

    #[test]
    fn only_whole_segments_count() {
        for file in [
            "000000010000000000000002.00000028.backup",
            "00000002.history",
            "000000010000000000000002.partial-0a1b.zst",
            "00000001000000000000000g-0a1b",
            "000000010000000000000100-0a1b",
        ] {
            assert_eq!(Segment::read(file, Timestamp::UNIX_EPOCH, 0), None, "{file}");
        }
    }

    #[test]
    fn the_time_of_a_commit_is_read_and_nothing_else() {
        let line = "rmgr: Transaction len (rec/tot):     34/    34, tx:        731, lsn: 0/01, prev 0/00, desc: COMMIT 2026-11-23 02:38:47.123456 UTC; inval msgs";
        assert_eq!(commit_time(line).map(|at| at.to_string()).as_deref(), Some("2026-11-23T02:38:47.123456Z"));
        assert_eq!(commit_time("rmgr: Transaction desc: ABORT 2026-11-23 02:38:47.1 UTC"), None);
    }
}
