//! The whole log as one file: a zip of the standard layout, for `struct-verify` or any other checker. Streams, so that memory
//! stays flat however long the log is. What it says is not checked here: that is the receiver's business.

use super::proof::{LogName, read_note};
use super::reader::ended;
use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use futures_util::stream::{BoxStream, StreamExt, try_unfold};
use ledger::tile::{TILE_WIDTH, TileKind, TilePath};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::{Check, Head};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Published checkpoints read at once.
const CHECKPOINTS_AT_ONCE: i64 = 512;
/// How often, and how many times at most, a package waits for the entry that says what was removed to have its place: two seconds
/// while a server leads.
const TOLD_EVERY: Duration = Duration::from_millis(500);
const TOLD_LOOKS: u32 = 10;
/// Bytes gathered before they are handed on.
const CHUNK_BYTES: usize = 64 * 1024;
/// What explains the package to whoever finds it years later.
const README: &str = include_str!("package.txt");

/// The package under way.
pub struct LogPackage {
    /// Its name: tenant and size.
    pub file_name: String,
    /// Leaves in it.
    pub size: u64,
    /// Its bytes. An error ends the stream short: the receiver sees a broken transfer, never a file that looks whole.
    pub stream: BoxStream<'static, Result<Vec<u8>, Error>>,
}

impl App {
    /// Takes the whole log out as it is now, for administrators. The entry that says so has committed before the first byte
    /// leaves, and so is not in it.
    pub async fn log_package(self: &Arc<Self>, caller: &Caller) -> Result<LogPackage, Error> {
        on_fresh_rights!(self, caller.tenant, self.log_package_once(caller, LogName::Tenant(caller.tenant)))
    }

    /// The platform's log, against which a tenant's is compared, for administrators.
    pub async fn log_package_of_platform(self: &Arc<Self>, caller: &Caller) -> Result<LogPackage, Error> {
        on_fresh_rights!(self, caller.tenant, self.log_package_once(caller, LogName::Platform))
    }

    async fn log_package_once(self: &Arc<Self>, caller: &Caller, log: LogName) -> Result<LogPackage, Error> {
        let (head, _) = self.unfrozen_administrator(caller, "log").await?;
        let newest = self.newest_note(log).await?;
        let note = (log == LogName::Platform).then(|| "platform".to_owned());
        let detail = Detail { rows: Some(newest.size), note, ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AuditLogDownloaded, Outcome::Done, Target::default(), detail)?;
        self.store.enter(head, &[entry]).await?;
        Ok(self.package(log, newest))
    }

    /// The same for the operator, who leaves the same entry; the platform's log is public and leaves none.
    pub async fn log_package_for_operator(self: &Arc<Self>, log: LogName) -> Result<LogPackage, Error> {
        let newest = self.newest_note(log).await?;
        let LogName::Tenant(tenant) = log else { return Ok(self.package(log, newest)) };
        let detail = Detail { rows: Some(newest.size), ..Detail::default() };
        let request = self.new_request_id();
        let verb = Verb::AuditLogDownloaded;
        let entry = self.entry(tenant, Actor::Operator, verb, Outcome::Done, request, Target::default(), detail)?;
        self.store.enter(Head { tenant, check: Check::Nothing }, &[entry]).await?;
        Ok(self.package(log, newest))
    }

    /// What the package is a copy of. What was removed just now is not yet said by an entry with its place; a package without
    /// that entry would look as if somebody had taken entries away.
    async fn newest_note(&self, log: LogName) -> Result<Newest, Error> {
        for look in 1.. {
            let note = self.log_checkpoint(log).await?.ok_or(Error::Refused(Refusal::NotInLogYet))?;
            let size = read_note(&note)?.0.size;
            let first_kept = self.store.log(log.id()).await?.map_or(0, |row| row.first_kept);
            if first_kept == 0 || look == TOLD_LOOKS || self.store.pruned_told(log.id(), size).await? >= first_kept {
                return Ok(Newest { size, note, first_kept });
            }
            tokio::time::sleep(TOLD_EVERY).await;
        }
        Err(Error::Refused(Refusal::NotInLogYet))
    }

    fn package(self: &Arc<Self>, log: LogName, newest: Newest) -> LogPackage {
        let Newest { size, note, first_kept } = newest;
        let name = match log {
            LogName::Platform => "platform".to_owned(),
            LogName::Tenant(tenant) => tenant.to_string(),
        };
        let gathered = Gathered::default();
        let writer = Writer {
            app: Arc::clone(self),
            log,
            size,
            note,
            first_kept,
            gathered: gathered.clone(),
            zip: Some(ZipWriter::new_stream(gathered)),
            next: Part::Head,
        };
        let stream = try_unfold(writer, |mut writer| async move {
            while writer.gathered.len() < CHUNK_BYTES && writer.next != Part::End {
                writer.step().await?;
            }
            let chunk = writer.gathered.take();
            Ok((!chunk.is_empty()).then_some((chunk, writer)))
        });
        LogPackage { file_name: format!("struct-log-{name}-{size}.zip"), size, stream: stream.boxed() }
    }
}

/// A log's newest checkpoint, and below which position its entries were removed.
struct Newest {
    size: u64,
    note: String,
    first_kept: u64,
}

/// Where the zip's bytes stand until they are handed on.
#[derive(Clone, Default)]
struct Gathered(Arc<Mutex<Vec<u8>>>);

impl Gathered {
    fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What comes next into the zip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// README, newest checkpoint, keys.
    Head,
    /// Published checkpoints of trees larger than so many leaves.
    Checkpoints(u64),
    /// The bundle of this number, or its hashes when it was pruned.
    Bundle(u64),
    /// Nothing.
    End,
}

type Zip = ZipWriter<StreamWriter<Gathered>>;

struct Writer {
    app: Arc<App>,
    log: LogName,
    size: u64,
    note: String,
    first_kept: u64,
    gathered: Gathered,
    zip: Option<Zip>,
    next: Part,
}

impl Writer {
    async fn step(&mut self) -> Result<(), Error> {
        match self.next {
            Part::Head => {
                let keys = self.app.log_keys(self.log).await?;
                let keys: String = keys.into_iter().map(|key| format!("{key}\n")).collect();
                self.write(Some("README.txt"), README.as_bytes().to_vec()).await?;
                let note = self.note.clone().into_bytes();
                self.write(Some("checkpoint"), note).await?;
                self.write(Some("keys"), keys.into_bytes()).await?;
                self.write(Some("checkpoints"), Vec::new()).await?;
                self.next = Part::Checkpoints(0);
            }
            Part::Checkpoints(after) => {
                let rows = self.app.store.checkpoints(self.log.id(), after, CHECKPOINTS_AT_ONCE).await?;
                let rows: Vec<_> = rows.into_iter().filter(|row| row.size <= self.size).collect();
                self.next = rows.last().map_or(Part::Bundle(0), |row| Part::Checkpoints(row.size));
                let text: String = rows.into_iter().map(|row| ended(row.note)).collect();
                self.write(None, text.into_bytes()).await?;
            }
            Part::Bundle(index) => match TilePath::entries_in_tree(index, self.size) {
                Some(path) => {
                    let (path, bytes) = self.bundle(path).await?;
                    self.write(Some(&path.to_string()), bytes).await?;
                    self.next = Part::Bundle(index + 1);
                }
                None => self.end().await?,
            },
            Part::End => {}
        }
        Ok(())
    }

    /// The bundle, or the hashes of its entries when they were pruned. What is pruned while the package is under way breaks it
    /// off: the entry that says so comes behind its last one.
    async fn bundle(&self, path: TilePath) -> Result<(TilePath, Vec<u8>), Error> {
        let log = self.log;
        if let Some(bytes) = self.app.log_tile(log, path).await? {
            return Ok((path, bytes));
        }
        let begin = path.index * TILE_WIDTH;
        let first_kept = self.app.store.log(log.id()).await?.map_or(0, |row| row.first_kept);
        if begin >= self.first_kept && begin < first_kept {
            return Err(Error::Internal("entries were pruned while the package was made; take it again".to_owned()));
        }
        let hashes = TilePath { kind: TileKind::Level(0), ..path };
        let bytes = self.app.log_tile(log, hashes).await?;
        Ok((hashes, bytes.ok_or_else(|| Error::Internal(format!("log: {path} is missing")))?))
    }

    /// Writes a file, or more of the one begun. Compressing is work, so it stands aside of the requests.
    async fn write(&mut self, begin: Option<&str>, bytes: Vec<u8>) -> Result<(), Error> {
        let begin = begin.map(str::to_owned);
        self.aside(move |mut zip| {
            if let Some(path) = begin {
                // Hashes can't be compressed.
                let hashes = path.starts_with("tile/0/");
                let method = if hashes { CompressionMethod::Stored } else { CompressionMethod::Deflated };
                // All checkpoints ever published may be more than four gigabytes.
                let options = SimpleFileOptions::default().compression_method(method).large_file(path == "checkpoints");
                zip.start_file(path, options)?;
            }
            zip.write_all(&bytes)?;
            Ok(Some(zip))
        })
        .await
    }

    async fn end(&mut self) -> Result<(), Error> {
        self.next = Part::End;
        self.aside(|zip| zip.finish().map(|_| None)).await
    }

    async fn aside(
        &mut self,
        work: impl FnOnce(Zip) -> zip::result::ZipResult<Option<Zip>> + Send + 'static,
    ) -> Result<(), Error> {
        let Some(zip) = self.zip.take() else { return Err(Error::Internal("the package has ended".to_owned())) };
        let worked = tokio::task::spawn_blocking(move || work(zip)).await;
        let zip = worked.map_err(|error| Error::Internal(error.to_string()))?;
        self.zip = zip.map_err(|error| Error::Internal(format!("package: {error}")))?;
        Ok(())
    }
}
