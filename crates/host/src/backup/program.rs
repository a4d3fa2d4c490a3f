//! The program `pgbackrest`: finding it, running it without our environment, and its errors by their numbers. Knows no command.

use super::{BackupError, ClusterPlace, Location, Repository, STANZA};
use crate::secret::Secret;
use rustix::process::{Pid, setpriority_process};
use std::{
    fmt,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader},
    process::Command,
    time::timeout,
};

/// Its name, where programs are looked for.
const NAME: &str = "pgbackrest";
/// What is read of its answers: a listing of all segments of some months.
const MAX_ANSWER_BYTES: u64 = 64 << 20;
/// What is kept of its complaints.
const MAX_SAID_BYTES: u64 = 64 << 10;
/// How long it may take to name its version.
const VERSION_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a command may take that moves nothing large. Its own limits are shorter, so this one says that it hangs.
pub(super) const SHORT_TIMEOUT: Duration = Duration::from_secs(180);
/// By how much work in the background stands behind everything else on this machine; see nice(1). The most there is: a backup has
/// hours, those who work meanwhile have not.
const NICENESS: i32 = 19;

/// pgBackRest's numbers of errors (its `src/build/error/error.yaml`), as far as they are told apart here.
mod number {
    pub const MISMATCH: i32 = 28;
    pub const OPTION_VALUE: i32 = 32;
    pub const FILE_OPEN: i32 = 41;
    pub const LOCK: i32 = 50;
    pub const STOPPED: i32 = 62;
    pub const ARCHIVE: [i32; 4] = [68, 82, 87, 104];
    /// Files and folders, connections (49, 64, 101, 102), certificates (95), and several of them (103).
    pub const REPOSITORY: [i32; 11] = [FILE_OPEN, 39, 42, 49, 61, 64, 73, 95, 101, 102, 103];
}

/// A released version of pgBackRest, such as 2.45.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Before the dot.
    pub major: u32,
    /// After it.
    pub minor: u32,
}

/// The oldest version whose options and answers STRUCT knows.
pub const OLDEST: Version = Version { major: 2, minor: 45 };

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Version {
    /// From what `pgbackrest version` prints: `pgBackRest 2.45`, `pgBackRest 2.57.0`.
    fn parse(printed: &str) -> Option<Self> {
        let mut numbers = printed.trim().strip_prefix("pgBackRest ")?.split(['.', 'd']);
        Some(Self { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    }
}

/// The program found, and what it can do.
#[derive(Clone, Debug)]
pub(super) struct Program {
    path: PathBuf,
    pub version: Version,
    /// What it compresses with: `zst`, else `lz4`, else `gz`.
    pub compression: &'static str,
}

impl Program {
    pub async fn find(configured: Option<&Path>, cluster: &ClusterPlace) -> Result<Self, BackupError> {
        let path = match configured {
            Some(path) => path.to_owned(),
            None => on_path()?,
        };
        let refused = |reason: String| BackupError::NotUsable { program: path.clone(), reason };
        if path.to_str().is_none_or(|text| text.contains(['"', '\'', '\\', '%', '\n', '$', '`'])) {
            return Err(refused("its path can't stand in PostgreSQL's archive_command".to_owned()));
        }
        let mut command = bare(&path, cluster);
        let answer = timeout(VERSION_TIMEOUT, command.arg("version").output()).await;
        let answer = answer.map_err(|_| refused("it names no version".to_owned()))?;
        let answer = answer.map_err(|error| refused(format!("it can't be run ({error})")))?;
        let printed = String::from_utf8_lossy(&answer.stdout);
        let version = Version::parse(&printed).ok_or_else(|| refused(format!("it says {printed:?}")))?;
        if version < OLDEST {
            return Err(refused(format!("it is version {version}, older than {OLDEST}")));
        }
        let mut program = Self { path, version, compression: "gz" };
        for compression in ["zst", "lz4"] {
            if program.compresses_with(compression, cluster).await {
                program.compression = compression;
                break;
            }
        }
        Ok(program)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It looks at the option before it misses the segment that it is not given.
    async fn compresses_with(&self, compression: &str, cluster: &ClusterPlace) -> bool {
        let mut command = bare(&self.path, cluster);
        command.args(["--config=/dev/null", "--stanza=struct", "--pg1-path=/nowhere", "--log-level-file=off"]);
        let answer = command.arg(format!("--compress-type={compression}")).arg("archive-push").output();
        let ended = timeout(VERSION_TIMEOUT, answer).await.ok().and_then(Result::ok).and_then(|a| a.status.code());
        ended.is_some_and(|code| code != number::OPTION_VALUE)
    }
}

fn on_path() -> Result<PathBuf, BackupError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let runs =
        |file: &PathBuf| file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
    let found = std::env::split_paths(&path).map(|dir| dir.join(NAME)).find(runs);
    found.ok_or_else(|| BackupError::NotInstalled { looked: path.to_string_lossy().into_owned() })
}

/// The program without our environment and under the cluster's account.
#[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
fn bare(program: &Path, cluster: &ClusterPlace) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null()).current_dir("/").kill_on_drop(true);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    if let Some(account) = &cluster.account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

/// One run of the program.
pub(super) struct Run<'a> {
    /// Its command, which errors are told under.
    pub name: &'static str,
    pub arguments: &'a [String],
    /// How long it may take; `None` for what moves the whole database.
    pub limit: Option<Duration>,
    /// Whether it stands behind other work of this machine.
    pub background: bool,
}

impl Repository {
    /// The environment that opens the repository: PostgreSQL's too, since archive_command runs in it.
    pub(super) fn environment(&self) -> Vec<(&'static str, Secret)> {
        let mut all = vec![("PGBACKREST_REPO1_CIPHER_PASS", self.cipher_pass.clone())];
        match &self.settings.location {
            Location::Local(_) => {}
            Location::S3(s3) => {
                all.push(("PGBACKREST_REPO1_S3_KEY", s3.key_id.clone()));
                all.push(("PGBACKREST_REPO1_S3_KEY_SECRET", s3.key.clone()));
            }
            Location::Azure(azure) => {
                all.push(("PGBACKREST_REPO1_AZURE_ACCOUNT", azure.account.clone()));
                all.push(("PGBACKREST_REPO1_AZURE_KEY", azure.key.clone()));
            }
        }
        all
    }

    fn command(&self) -> Command {
        let mut command = bare(self.program.path(), &self.cluster);
        command.envs(self.environment().iter().map(|(name, secret)| (*name, secret.expose())));
        command.arg(format!("--config={}", self.config_file().display())).arg(format!("--stanza={STANZA}"));
        command.args(["--no-log-timestamp", "--log-level-stderr=warn"]);
        command
    }

    /// Runs a command to its end and gives what it printed.
    pub(super) async fn ask(&self, name: &'static str, arguments: &[String]) -> Result<Vec<u8>, BackupError> {
        let mut command = self.command();
        command.arg(name).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = async {
            let mut child = command.spawn().map_err(BackupError::io("running", self.program.path()))?;
            let (out, said) = (child.stdout.take(), child.stderr.take());
            let (printed, said) = tokio::join!(all_of(out, MAX_ANSWER_BYTES), all_of(said, MAX_SAID_BYTES));
            let status = child.wait().await.map_err(BackupError::io("waiting for", self.program.path()))?;
            Ok((printed, said, status))
        };
        let (printed, said, status) =
            timeout(SHORT_TIMEOUT, run).await.map_err(|_| hangs(name, SHORT_TIMEOUT)).and_then(|ran| ran)?;
        if !status.success() {
            return Err(self.refused(name, status, &lossy(&said)));
        }
        Ok(printed)
    }

    /// Runs a command that tells how it gets on, and hands over line by line what it prints.
    pub(super) async fn follow(&self, run: Run<'_>, mut line: impl FnMut(&str) + Send) -> Result<(), BackupError> {
        let mut command = self.command();
        command.arg(run.name).args(run.arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let work = async {
            let mut child = command.spawn().map_err(BackupError::io("running", self.program.path()))?;
            if let Some(pid) = child.id().filter(|_| run.background).and_then(|id| Pid::from_raw(id.cast_signed())) {
                // Best effort: it only makes room for others.
                let _ = setpriority_process(Some(pid), NICENESS);
            }
            let (out, said) = (child.stdout.take(), child.stderr.take());
            let ((), said) = tokio::join!(lines_of(out, &mut line), all_of(said, MAX_SAID_BYTES));
            let status = child.wait().await.map_err(BackupError::io("waiting for", self.program.path()))?;
            Ok((said, status))
        };
        let ran = match run.limit {
            Some(limit) => timeout(limit, work).await.map_err(|_| hangs(run.name, limit)).and_then(|ran| ran),
            None => work.await,
        };
        let (said, status) = ran?;
        if status.success() { Ok(()) } else { Err(self.refused(run.name, status, &lossy(&said))) }
    }

    /// What a failed run means.
    pub(super) fn refused(&self, command: &'static str, status: ExitStatus, said: &str) -> BackupError {
        let said = readable(said);
        let repository = || self.settings.location.to_string();
        let Some(code) = status.code() else {
            return BackupError::Program { command, status: status.to_string(), said };
        };
        if opens_not(&said) {
            return BackupError::WrongKey { repository: repository() };
        }
        match code {
            number::LOCK => self.held(&said),
            number::STOPPED => BackupError::Stopped { file: self.lock_dir().join(format!("{STANZA}.stop")) },
            number::MISMATCH => BackupError::OtherCluster { repository: repository(), said },
            _ if number::ARCHIVE.contains(&code) => BackupError::NotArchived { repository: repository(), said },
            _ if number::REPOSITORY.contains(&code) => BackupError::Unreachable { repository: repository(), said },
            _ => BackupError::Program { command, status: status.to_string(), said },
        }
    }

    /// Who holds the lock: whom the kernel names, else whom the file names.
    fn held(&self, said: &str) -> BackupError {
        let named = said.split('\'').nth(1).map(PathBuf::from);
        let lock = named.unwrap_or_else(|| self.lock_dir().join(format!("{STANZA}-backup.lock")));
        let text = std::fs::read_to_string(&lock).unwrap_or_default();
        let written = serde_json::from_str::<serde_json::Value>(&text).ok().and_then(|v| v["pid"].as_u64());
        let written = written.and_then(|pid| u32::try_from(pid).ok());
        let pid = holder(&lock).or(written);
        let alive = pid.is_some_and(|pid| Path::new(&format!("/proc/{pid}")).exists());
        BackupError::Locked { lock, pid, alive }
    }
}

/// Whether a complaint is that of a file that another passphrase wrote: what comes out is no text, or has no padding.
pub(super) fn opens_not(said: &str) -> bool {
    let unreadable =
        said.contains("unable to load info file") && said.contains("FormatError: key/value found outside of section");
    unreadable
        || said.contains("CryptoError")
        || said.contains("unable to flush")
        || said.contains("cipher header invalid")
}

/// The process that holds a lock of flock(2) on that file, from /proc/locks: `1: FLOCK ADVISORY WRITE 812 08:01:131 0 EOF`.
fn holder(lock: &Path) -> Option<u32> {
    let inode = lock.metadata().ok()?.ino().to_string();
    let text = std::fs::read_to_string("/proc/locks").ok()?;
    text.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (kind, pid, file) = (words.get(1)?, words.get(4)?, words.get(5)?);
        (*kind == "FLOCK" && file.rsplit(':').next() == Some(&inode)).then(|| pid.parse().ok()).flatten()
    })
}

fn hangs(command: &'static str, limit: Duration) -> BackupError {
    let said = format!("it did not end within {} s and was stopped", limit.as_secs());
    BackupError::Program { command, status: "no answer".to_owned(), said }
}

async fn all_of(stream: Option<impl AsyncRead + Unpin>, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let Some(mut stream) = stream else { return bytes };
    // What is cut off here is found to be unreadable by whoever parses it.
    let _ = (&mut stream).take(limit).read_to_end(&mut bytes).await;
    // The rest is read too, or the program would wait for ever.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    bytes
}

async fn lines_of(stream: Option<impl AsyncRead + Unpin>, line: &mut (impl FnMut(&str) + Send)) {
    let Some(stream) = stream else { return };
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    loop {
        bytes.clear();
        match (&mut reader).take(MAX_SAID_BYTES).read_until(b'\n', &mut bytes).await {
            Ok(0) | Err(_) => return,
            Ok(_) => line(String::from_utf8_lossy(&bytes).trim_end()),
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A complaint for people: one line, without what a wrong key made of a file.
pub(super) fn readable(said: &str) -> String {
    const MOST_CHARS: usize = 600;
    // Of a request that a service refused, its answer is what counts.
    let (before, answer) = said.split_once("*** Path/Query ***").unwrap_or((said, ""));
    let answer = answer.split_once("*** Response Content ***:").map_or("", |(_, answer)| answer);
    let said = format!("{before}\n{answer}");
    let lines = said.lines().map(|line| line.trim().trim_start_matches("ERROR: ").trim_start_matches("P00 "));
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ");
    text.chars().filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER).take(MOST_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_what_releases_print() {
        assert_eq!(Version::parse("pgBackRest 2.45\n"), Some(OLDEST));
        assert_eq!(Version::parse("pgBackRest 2.57.0"), Some(Version { major: 2, minor: 57 }));
        assert_eq!(Version::parse("pgBackRest 2.46dev"), Some(Version { major: 2, minor: 46 }));
        assert_eq!(Version::parse("sh: not found"), None);
    }

    #[test]
    fn a_complaint_about_a_wrong_key_shows_none_of_its_noise() {
        let said = "ERROR: [029]: unable to load info file 'a' or 'b':\n  FormatError: key/value found outside of section at line 1: \u{fffd}\u{1}x";
        assert!(opens_not(said));
        assert!(!readable(said).contains(['\u{fffd}', '\u{1}', '\n']));
        assert!(!opens_not(
            "ERROR: [055]: unable to load info file 'a' or 'b':\n  FileMissingError: unable to open missing file"
        ));
    }

    #[test]
    fn of_a_request_that_was_refused_the_answer_is_shown() {
        let said = "ERROR: [039]: HTTP request failed with 404:\n*** Path/Query ***:\nGET /x\n*** Request Headers ***:\nhost: a\n*** Response Headers ***:\ndate: b\n*** Response Content ***:\n<Code>NoSuchBucket</Code>";
        assert_eq!(readable(said), "[039]: HTTP request failed with 404: / <Code>NoSuchBucket</Code>");
    }

    #[test]
    fn the_holder_of_a_lock_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        assert_eq!(holder(file.path()), None);
        rustix::fs::flock(file.as_file(), rustix::fs::FlockOperation::LockExclusive).expect("nobody has it");
        assert_eq!(holder(file.path()), Some(std::process::id()));
    }
}
