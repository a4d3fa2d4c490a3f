//! What is in the repository, from `pgbackrest info --output=json`. Looks at no file of a backup.

use super::{
    BackupError, Repository, STANZA,
    program::{opens_not, readable},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::fmt;

/// The kinds of backup that STRUCT makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the last full one.
    Differential,
    /// What changed since the last of any kind. STRUCT makes none, but reads those that others made.
    Incremental,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Differential => "differential",
            Self::Incremental => "incremental",
        })
    }
}

/// One backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupInfo {
    /// Its name, such as `20261123-023434F_20261123-143000D`.
    pub label: String,
    /// Its kind.
    pub kind: Kind,
    /// When it began, to the second, by this machine's clock then.
    pub started: Timestamp,
    /// When it ended, cut to the second.
    pub ended: Timestamp,
    /// Bytes of the database.
    pub size_bytes: u64,
    /// Bytes that this backup alone takes in the repository.
    pub repo_size_bytes: u64,
    /// The first segment it needs.
    pub wal_from: String,
    /// The last segment it needs to be consistent.
    pub wal_to: String,
    /// Whether pages with a wrong checksum were met while it was made.
    pub error: bool,
    /// The backup it builds on.
    pub prior: Option<String>,
}

/// The log in the repository: the names of its first and last segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// The folder it is in: version of PostgreSQL and number of the cluster, such as `15-1`.
    pub id: String,
    /// The first.
    pub min: String,
    /// The last.
    pub max: String,
}

/// A repository as it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Backups, oldest first.
    pub backups: Vec<BackupInfo>,
    /// The log of the present cluster; `None` when nothing has arrived.
    pub archive: Option<Archive>,
    /// The cipher: `aes-256-cbc`, or `none`.
    pub cipher: String,
    /// pgBackRest's code of the state: 0 is well, 1 no stanza yet, 2 no backup yet; see its user guide, "Info Command".
    pub code: u32,
    /// The same in its words.
    pub status: String,
    /// The backup that is being made now, by whatever process.
    pub running: Option<Running>,
}

/// A backup that is being made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Bytes copied, when known yet.
    pub done_bytes: Option<u64>,
    /// Bytes there are, when known yet.
    pub total_bytes: Option<u64>,
}

impl BackupInfo {
    /// The first moment that can be restored from it: the second after it ended.
    pub fn restorable_from(&self) -> Timestamp {
        self.ended.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.ended)
    }
}

impl Info {
    /// The backup of that name.
    pub fn backup(&self, label: &str) -> Option<&BackupInfo> {
        self.backups.iter().find(|backup| backup.label == label)
    }
}

/// pgBackRest's codes of a state that is no fault: well, no stanza yet, none with backups yet.
const HARMLESS: [u32; 3] = [0, 1, 2];

impl Repository {
    /// What is in the repository. One without a stanza is no error: it is empty, and its `code` says so.
    pub async fn info(&self) -> Result<Info, BackupError> {
        let printed = self.ask("info", &["--output=json".to_owned()]).await?;
        // A wrong key puts bytes into the answer that are no text.
        let text = String::from_utf8_lossy(&printed);
        let answer = |reason: String| BackupError::Answer { command: "info", reason };
        let stanzas: Vec<Stanza> = serde_json::from_str(&text).map_err(|error| {
            if opens_not(&text) {
                BackupError::WrongKey { repository: self.location().to_string() }
            } else {
                answer(error.to_string())
            }
        })?;
        let stanza =
            stanzas.into_iter().find(|stanza| stanza.name == STANZA).ok_or_else(|| answer("no stanza".to_owned()))?;
        self.read(stanza)
    }

    fn read(&self, stanza: Stanza) -> Result<Info, BackupError> {
        let repo = stanza.repo.first();
        let status = repo.map_or(&stanza.status, |repo| &repo.status);
        if !HARMLESS.contains(&status.code) {
            let repository = self.location().to_string();
            return Err(if opens_not(&status.message) {
                BackupError::WrongKey { repository }
            } else {
                BackupError::Unreachable { repository, said: readable(&status.message) }
            });
        }
        let present = stanza.db.last().map(|db| db.id);
        let archive = stanza.archive.iter().rfind(|archive| Some(archive.database.id) == present);
        let archive =
            archive.and_then(|a| Some(Archive { id: a.id.clone(), min: a.min.clone()?, max: a.max.clone()? }));
        let mut backups = stanza.backup.into_iter().map(BackupInfo::try_from).collect::<Result<Vec<_>, _>>()?;
        backups.sort_by(|a, b| a.ended.cmp(&b.ended).then_with(|| a.label.cmp(&b.label)));
        let lock = stanza.status.lock.as_ref().map(|lock| &lock.backup).filter(|lock| lock.held);
        Ok(Info {
            backups,
            archive,
            cipher: stanza.cipher,
            code: status.code,
            status: status.message.clone(),
            running: lock.map(|lock| Running { done_bytes: lock.done, total_bytes: lock.size }),
        })
    }
}

#[derive(Deserialize)]
struct Stanza {
    name: String,
    #[serde(default)]
    archive: Vec<ArchiveAnswer>,
    #[serde(default)]
    backup: Vec<BackupAnswer>,
    #[serde(default)]
    cipher: String,
    #[serde(default)]
    db: Vec<Database>,
    #[serde(default)]
    repo: Vec<Repo>,
    status: Status,
}

#[derive(Deserialize)]
struct Repo {
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    code: u32,
    message: String,
    lock: Option<Locks>,
}

#[derive(Deserialize)]
struct Locks {
    backup: Lock,
}

#[derive(Deserialize)]
struct Lock {
    held: bool,
    #[serde(rename = "size-cplt")]
    done: Option<u64>,
    size: Option<u64>,
}

#[derive(Deserialize)]
struct Database {
    id: u32,
}

#[derive(Deserialize)]
struct ArchiveAnswer {
    id: String,
    database: Database,
    min: Option<String>,
    max: Option<String>,
}

#[derive(Deserialize)]
struct BackupAnswer {
    label: String,
    #[serde(rename = "type")]
    kind: String,
    prior: Option<String>,
    error: Option<bool>,
    archive: Range,
    info: Sizes,
    timestamp: Times,
}

#[derive(Deserialize)]
struct Range {
    start: Option<String>,
    stop: Option<String>,
}

#[derive(Deserialize)]
struct Sizes {
    size: u64,
    repository: RepositorySizes,
}

#[derive(Deserialize)]
struct RepositorySizes {
    delta: u64,
}

#[derive(Deserialize)]
struct Times {
    start: i64,
    stop: i64,
}

impl TryFrom<BackupAnswer> for BackupInfo {
    type Error = BackupError;

    fn try_from(answer: BackupAnswer) -> Result<Self, BackupError> {
        let refused = |what: &str| BackupError::Answer { command: "info", reason: format!("{}: {what}", answer.label) };
        let instant = |seconds| Timestamp::from_second(seconds).map_err(|_| refused("no such time"));
        let kind = match answer.kind.as_str() {
            "full" => Kind::Full,
            "diff" => Kind::Differential,
            "incr" => Kind::Incremental,
            _ => return Err(refused("an unknown kind")),
        };
        Ok(Self {
            kind,
            started: instant(answer.timestamp.start)?,
            ended: instant(answer.timestamp.stop)?,
            size_bytes: answer.info.size,
            repo_size_bytes: answer.info.repository.delta,
            wal_from: answer.archive.start.clone().ok_or_else(|| refused("it was made without the log"))?,
            wal_to: answer.archive.stop.clone().ok_or_else(|| refused("it was made without the log"))?,
            error: answer.error.unwrap_or(false),
            prior: answer.prior.clone(),
            label: answer.label,
        })
    }
}
