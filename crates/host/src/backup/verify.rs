//! Reading every file in the repository again: what is whole, what is not, what is missing. Restores nothing.
//!
//! pgBackRest 2.45 ends well whatever its `verify` finds, and says at its level of warnings nothing at all. It does not miss
//! segments of the log that are not there, and counts a backup without a manifest as well. So what it prints is read, and names are
//! compared besides: `docs/backup.md`.

use super::{
    BackupError, Info, Repository,
    program::{Run, opens_not, readable},
};

/// What a look through the whole repository found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Files looked at: of each backup, those of the backups it builds on included, and segments of the log.
    pub files: u64,
    /// Bytes in the repository.
    pub bytes: u64,
    /// What is wrong; empty when everything is whole.
    pub faults: Vec<Fault>,
}

/// Something that is wrong in the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A file of a backup, or a segment, does not hold what was written.
    Corrupted {
        /// Its path in the repository.
        path: String,
    },
    /// A file of a backup is not there.
    Missing {
        /// Its path in the repository.
        path: String,
    },
    /// Segments that a backup needs, or that stand between others, are not there.
    Gap(super::Gap),
    /// A backup can't be restored.
    Unusable {
        /// Its name.
        label: String,
        /// Why, as pgBackRest says it: `invalid`, `manifest missing`.
        reason: String,
    },
    /// Something else pgBackRest complains about.
    Other {
        /// In its words.
        said: String,
    },
}

/// Faults that are listed; more are only counted. A lost disk would make one for each file.
pub const MOST_FAULTS: usize = 1000;

impl Repository {
    /// Reads everything in the repository and compares it with what was written. Takes about as long as a restore of all of it,
    /// and may run beside backups.
    pub async fn verify(&self) -> Result<Verification, BackupError> {
        let arguments = ["--output=text", "--verbose", "--log-level-console=info", "--job-retry=0"].map(str::to_owned);
        let mut reading = Reading::default();
        // A wrong key, or no repository at all, is an error here; pgBackRest's verify would say so and end well.
        self.info().await?;
        let run = Run { name: "verify", arguments: &arguments, limit: None, background: true };
        self.follow(run, |line| reading.line(line)).await?;
        // What expired meanwhile was right to be gone.
        let info = self.info().await?;
        let segments = self.segments(&info).await?;
        let mut found = reading.found(&info).map_err(|noise| {
            let repository = self.location().to_string();
            if opens_not(&noise) {
                BackupError::WrongKey { repository }
            } else {
                BackupError::Unreachable { repository, said: noise }
            }
        })?;
        found.faults.extend(self.gaps_among(&info, &segments).into_iter().map(Fault::Gap));
        found.faults.truncate(MOST_FAULTS);
        let of_backups: u64 = info.backups.iter().map(|backup| backup.repo_size_bytes).sum();
        found.bytes = of_backups + segments.iter().map(|segment| segment.size_bytes).sum::<u64>();
        Ok(found)
    }
}

/// What was read of its answer so far.
#[derive(Default)]
struct Reading {
    files: u64,
    faults: Vec<Fault>,
    /// Backups with what it says of them.
    backups: Vec<(String, String)>,
    /// Whether it could begin at all.
    began: bool,
    status_ok: bool,
    unreadable: String,
}

impl Reading {
    fn line(&mut self, line: &str) {
        let line = line.trim_start();
        if let Some((_, said)) = line.split_once("INFO: ").or_else(|| line.split_once("WARN: ")) {
            self.complaint(said);
        } else if let Some(status) = line.strip_prefix("status: ") {
            self.status_ok = status == "ok";
        } else if let Some(rest) = line.strip_prefix("archiveId: ") {
            self.began = true;
            self.files += checked(rest, "total WAL checked: ");
        } else if let Some((label, rest)) = line.strip_prefix("backup: ").and_then(|rest| rest.split_once(", status: "))
        {
            self.began = true;
            self.files += checked(rest, "total files checked: ");
            self.backups.push((label.to_owned(), rest.split(',').next().unwrap_or_default().to_owned()));
        } else if line.starts_with("No usable ") {
            self.unreadable.push_str(line);
            self.unreadable.push(' ');
        }
    }

    fn complaint(&mut self, said: &str) {
        let path = |rest: &str| rest.trim_matches('\'').to_owned();
        let fault = if let Some(rest) = said.strip_prefix("invalid checksum ").or(said.strip_prefix("invalid size ")) {
            Fault::Corrupted { path: path(rest) }
        } else if let Some(rest) = said.strip_prefix("invalid result ") {
            Fault::Corrupted { path: path(rest.split(": ").next().unwrap_or_default()) }
        } else if let Some(rest) = said.strip_prefix("file missing ") {
            Fault::Missing { path: path(rest) }
        } else if said.starts_with("verify command ") || said.starts_with("stanza: ") {
            return;
        } else {
            Fault::Other { said: readable(said) }
        };
        // It tells the same of every backup that builds on a file.
        if self.faults.len() < MOST_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The whole of it, or why there is none.
    fn found(mut self, info: &Info) -> Result<Verification, String> {
        if !self.began && (!self.unreadable.is_empty() || !info.backups.is_empty()) {
            return Err(if self.unreadable.is_empty() {
                "its verify told nothing".to_owned()
            } else {
                self.unreadable
            });
        }
        for backup in &info.backups {
            let status =
                self.backups.iter().find(|(label, _)| *label == backup.label).map(|(_, status)| status.as_str());
            if status != Some("valid") {
                let reason = status.unwrap_or("not looked at").to_owned();
                self.faults.push(Fault::Unusable { label: backup.label.clone(), reason });
            }
        }
        let there = |path: &str| {
            let label = path.split('/').next().unwrap_or_default();
            // The log's folders are no backups: `15-1/…`.
            !label.starts_with("20") || info.backup(label).is_some()
        };
        self.faults.retain(|fault| match fault {
            Fault::Corrupted { path } | Fault::Missing { path } => there(path),
            _ => true,
        });
        if !self.status_ok
            && self.faults.is_empty()
            && self.backups.iter().all(|(label, _)| info.backup(label).is_some())
        {
            self.faults.push(Fault::Other { said: "its verify ends in an error that it does not name".to_owned() });
        }
        Ok(Verification { files: self.files, bytes: 0, faults: self.faults })
    }
}

fn checked(text: &str, label: &str) -> u64 {
    let rest = text.split_once(label).map_or("", |(_, rest)| rest);
    rest.split(',').next().and_then(|number| number.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::{BackupInfo, Kind};
    use jiff::Timestamp;

    fn info(labels: &[&str]) -> Info {
        let backup = |label: &&str| BackupInfo {
            label: (*label).to_owned(),
            kind: Kind::Full,
            started: Timestamp::UNIX_EPOCH,
            ended: Timestamp::UNIX_EPOCH,
            size_bytes: 1,
            repo_size_bytes: 1,
            wal_from: "000000010000000000000002".to_owned(),
            wal_to: "000000010000000000000003".to_owned(),
            error: false,
            prior: None,
        };
        let backups = labels.iter().map(backup).collect();
        Info { backups, archive: None, cipher: String::new(), code: 0, status: "ok".to_owned(), running: None }
    }

    fn read(text: &str, labels: &[&str]) -> Result<Verification, String> {
        let mut reading = Reading::default();
        text.lines().for_each(|line| reading.line(line));
        reading.found(&info(labels))
    }

    const F: &str = "20261123-023434F";

    #[test]
    fn a_backup_that_it_calls_well_without_a_manifest_is_unusable() {
        let text = format!(
            "stanza: struct\nstatus: ok\n  archiveId: 15-1, total WAL checked: 12, total valid WAL: 12\n  backup: {F}, status: manifest missing, total files checked: 0, total valid files: 0\n"
        );
        let found = read(&text, &[F]).expect("it was read");
        assert_eq!(found.faults, [Fault::Unusable { label: F.to_owned(), reason: "manifest missing".to_owned() }]);
    }

    #[test]
    fn a_corrupted_file_and_a_corrupted_segment_are_named_once() {
        let text = format!(
            "P01   INFO: invalid checksum '{F}/pg_data/base/5/3456.zst'\n\
             P01   INFO: invalid checksum '{F}/pg_data/base/5/3456.zst'\n\
             P01   INFO: invalid result 15-1/0000000100000000/00000001000000000000000A-d7.zst: [29] raised from local-1: zst error\n\
             stanza: struct\nstatus: error\n  archiveId: 15-1, total WAL checked: 12, total valid WAL: 11\n  backup: {F}, status: invalid, total files checked: 964, total valid files: 963\n"
        );
        let found = read(&text, &[F]).expect("it was read");
        assert_eq!(found.files, 976);
        let paths: Vec<_> = found
            .faults
            .iter()
            .filter_map(|f| if let Fault::Corrupted { path } = f { Some(path.as_str()) } else { None })
            .collect();
        assert_eq!(
            paths,
            [&format!("{F}/pg_data/base/5/3456.zst"), "15-1/0000000100000000/00000001000000000000000A-d7.zst"]
        );
        assert!(found.faults.iter().any(|f| matches!(f, Fault::Unusable { label, .. } if label == F)));
    }

    #[test]
    fn what_expired_while_it_was_looked_at_is_no_fault() {
        let text = format!(
            "P01   INFO: file missing '{F}/pg_data/a'\nstatus: error\n  backup: {F}, status: invalid, total files checked: 2, total valid files: 1\n"
        );
        assert!(read(&text, &[]).expect("it was read").faults.is_empty());
    }

    #[test]
    fn a_look_that_could_not_begin_is_no_result() {
        let text = "stanza: struct\nstatus: error\n  No usable backup.info file\n  No usable archive.info file\n";
        assert!(read(text, &[]).expect_err("nothing was read").contains("No usable backup.info"));
        read("P00   INFO: verify command end: completed successfully (2ms)", &[F]).expect_err("it told nothing");
    }

    #[test]
    fn an_error_without_a_name_is_still_an_error() {
        let text =
            format!("status: error\n  backup: {F}, status: valid, total files checked: 2, total valid files: 2\n");
        assert_eq!(read(&text, &[F]).expect("it was read").faults.len(), 1);
    }
}
