//! Jobs: imports. The file is handed in as sealed pieces; a worker takes its rows in batches. Batch, entries and progress
//! are one flight, so a killed worker leaves nothing half-taken and its successor goes on at the next row.

mod batch;
mod pieces;

pub use batch::failure_message;

use crate::error::Refusal;
use crate::op::{Caller, Op, describe_peer, on_fresh_rights};
use crate::record::EntityPlace;
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::audit::{Detail, Verb};
use domain::id::{JobId, TenantId};
use domain::import::MAX_IMPORT_BYTES;
use domain::record::{Fault, FaultReason};
use domain::screen::{Action, ScreenKind};
use domain::time::random_bytes;
use jiff::Timestamp;
use seal::envelope::{DataKeys, Place};
use std::sync::Arc;
use std::time::Duration;
use store::job::JobRow;
use store::{Check, Head, StoreError};

/// Bytes of a piece.
const PIECE_BYTES: usize = 256 * 1024;
/// Refused rows a page shows.
const MAX_REFUSED_SHOWN: i64 = 200;
/// Jobs a page shows.
const MAX_JOBS_SHOWN: i64 = 20;
/// How often a page that waits looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How far a job is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JobState {
    /// Waits for a worker.
    Queued,
    /// Under way.
    Running,
    /// Ran to its end.
    Done,
    /// Was given up; `failure` says why.
    Failed,
}

/// A row that was not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRow {
    /// 1 is the first row below the headings.
    pub row: u64,
    /// The column's label.
    pub column: String,
    /// Why, in the caller's language.
    pub reason: String,
}

/// An import as its page shows it.
#[derive(Clone, Debug)]
pub struct ImportStatus {
    /// Where.
    pub place: EntityPlace,
    /// The job.
    pub job: JobId,
    /// How far.
    pub state: JobState,
    /// Rows taken.
    pub rows_taken: u64,
    /// Rows refused.
    pub rows_refused: u64,
    /// Rows settled so far: taken or refused.
    pub rows_seen: u64,
    /// Why it was given up, in the caller's language.
    pub failure: Option<String>,
    /// The file's name.
    pub file_name: String,
    /// When it was handed in.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Refused rows, the first `MAX_REFUSED_SHOWN`.
    pub refused: Vec<RefusedRow>,
    /// Whether there are more refused rows.
    pub refused_more: bool,
}

/// A file being handed in.
pub struct ImportUpload<'a> {
    op: Op<'a>,
    job: JobId,
    number: i32,
    bytes: u64,
    buffer: Vec<u8>,
    file_name: String,
}

impl App {
    /// Where an import would take place, if allowed.
    pub async fn import_form(&self, caller: &Caller, service: &str, entity: &str) -> Result<EntityPlace, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            self.check(caller).await?;
            Ok(self.op(caller, service, entity, ScreenKind::Import, Action::Create).await?.place())
        })
    }

    /// Begins to receive a file.
    pub async fn import_begin<'a>(
        &'a self,
        caller: &'a Caller,
        service: &str,
        entity: &str,
        file_name: &str,
    ) -> Result<ImportUpload<'a>, Error> {
        on_fresh_rights!(self, caller.tenant, self.begin(caller, service, entity, file_name))
    }

    async fn begin<'a>(
        &'a self,
        caller: &'a Caller,
        service: &str,
        entity: &str,
        file_name: &str,
    ) -> Result<ImportUpload<'a>, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Import, Action::Create).await?;
        let job: JobId = self.new_id();
        let file_name: String = file_name.chars().filter(|c| !c.is_control()).take(200).collect();
        let place = note_place(caller.tenant, &op.service.name, job);
        let row = JobRow {
            job,
            service: op.service.name.clone(),
            screen: op.screen.name.clone(),
            entity: op.entity.name.clone(),
            asked_by: caller.user,
            request: caller.peer.request,
            state: "receiving".to_owned(),
            note_sealed: op.keys.data.seal(&place, random_bytes(&*self.random), file_name.as_bytes()),
            progress: 0,
            taken: 0,
            refused: 0,
            failure: None,
            created_at: self.now(),
            finished_at: None,
        };
        self.store.job_receive(op.head(), &row).await.map_err(|error| match error {
            StoreError::Unexpected => Error::Refused(Refusal::TooMany),
            error => error.into(),
        })?;
        Ok(ImportUpload { op, job, number: 0, bytes: 0, buffer: Vec::with_capacity(PIECE_BYTES), file_name })
    }

    /// How far an import is.
    pub async fn import_status(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        job: JobId,
    ) -> Result<ImportStatus, Error> {
        on_fresh_rights!(self, caller.tenant, self.status(caller, service, entity, job))
    }

    async fn status(&self, caller: &Caller, service: &str, entity: &str, job: JobId) -> Result<ImportStatus, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Import, Action::Create).await?;
        let row = self.store.job(op.head(), job).await?.filter(|row| row.service == service && row.entity == entity);
        let Some(row) = row else { return Err(op.nothing_there(None, format!("import {job}")).await) };
        let refusals = self.store.job_refusals(op.head(), job, MAX_REFUSED_SHOWN + 1).await?;
        let mut status = import_status(&op, row);
        status.refused_more = refusals.len() as i64 > MAX_REFUSED_SHOWN;
        let locale = caller.peer.locale;
        let told = refusals.into_iter().take(MAX_REFUSED_SHOWN as usize).map(|refusal| {
            let label = op
                .entity
                .field(&refusal.column)
                .map_or(refusal.column.clone(), |field| field.label.get(locale).to_owned());
            let reason = serde_json::from_value::<FaultReason>(refusal.reason)
                .map(|reason| Fault::new(&refusal.column, reason).message(locale, &label));
            RefusedRow {
                row: u64::try_from(refusal.row).unwrap_or_default(),
                column: label,
                reason: reason.unwrap_or_default(),
            }
        });
        status.refused = told.collect();
        Ok(status)
    }

    /// Waits until an import has ended, at most so long: small files are answered at once.
    pub async fn import_wait(&self, caller: &Caller, job: JobId, at_most: Duration) -> Result<(), Error> {
        let head = Head { tenant: caller.tenant, check: Check::Nothing };
        for _ in 0..at_most.as_millis() / LOOK_EVERY.as_millis() {
            let ended = self.store.job(head, job).await?.is_none_or(|row| row.finished_at.is_some());
            if ended {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The newest imports into an entity.
    pub async fn imports(&self, caller: &Caller, service: &str, entity: &str) -> Result<Vec<ImportStatus>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let op = self.op(caller, service, entity, ScreenKind::Import, Action::Create).await?;
            let rows = self.store.jobs(op.head(), service, entity, MAX_JOBS_SHOWN).await?;
            Ok(rows.into_iter().map(|row| import_status(&op, row)).collect())
        })
    }
}

impl ImportUpload<'_> {
    /// Takes the next bytes of the file.
    pub async fn chunk(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_IMPORT_BYTES {
            self.op.app.store.job_abandon(self.op.caller.tenant, self.job).await?;
            return Err(Error::Refused(Refusal::TooLarge));
        }
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(PIECE_BYTES - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = rest;
            if self.buffer.len() == PIECE_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let (app, tenant) = (self.op.app, self.op.caller.tenant);
        let place = piece_place(tenant, &self.op.service.name, self.job, self.number);
        let sealed = self.op.keys.data.seal(&place, random_bytes(&*app.random), &self.buffer);
        app.store.job_piece(tenant, self.job, self.number, sealed).await?;
        self.number += 1;
        self.buffer.clear();
        Ok(())
    }

    /// The file is complete: queues the job, with its entry.
    pub async fn finish(mut self) -> Result<JobId, Error> {
        if !self.buffer.is_empty() {
            self.flush().await?;
        }
        let mut detail = Detail { note: Some(self.file_name.clone()), ..Detail::default() };
        describe_peer(&mut detail, &self.op.caller.peer);
        let entry = self.op.entry(Verb::ImportStarted, None, detail)?;
        let queue = store::job::queue(self.op.caller.tenant, self.job);
        self.op.write(vec![queue], &[entry]).await?;
        self.op.app.job_bell.notify_one();
        Ok(self.job)
    }
}

fn import_status(op: &Op<'_>, row: JobRow) -> ImportStatus {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let state = match row.state.as_str() {
        "done" => JobState::Done,
        "failed" => JobState::Failed,
        "running" => JobState::Running,
        _ => JobState::Queued,
    };
    let locale = op.caller.peer.locale;
    ImportStatus {
        place: op.place(),
        job: row.job,
        state,
        rows_taken: count(row.taken),
        rows_refused: count(row.refused),
        rows_seen: count(row.progress),
        failure: open_failure(&op.keys.data, op.caller.tenant, &op.service.name, &row)
            .map(|failure| batch::failure_message(&failure, &op.entity, locale)),
        file_name: open_note(&op.keys.data, op.caller.tenant, &op.service.name, &row),
        started_at: row.created_at,
        finished_at: row.finished_at,
        refused: Vec::new(),
        refused_more: false,
    }
}

fn open_note(keys: &Arc<DataKeys>, tenant: TenantId, service: &str, row: &JobRow) -> String {
    let opened = keys.open(&note_place(tenant, service, row.job), &row.note_sealed).ok();
    opened.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// Why the job was given up. What the worker says is sealed; words the store sets by itself say nothing of the file.
fn open_failure(keys: &Arc<DataKeys>, tenant: TenantId, service: &str, row: &JobRow) -> Option<String> {
    let kept = row.failure.as_ref()?;
    let opened = URL_SAFE_NO_PAD.decode(kept).ok();
    let opened = opened.and_then(|sealed| keys.open(&failure_place(tenant, service, row.job), &sealed).ok());
    Some(opened.and_then(|text| String::from_utf8(text).ok()).unwrap_or_else(|| kept.clone()))
}

fn failure_place(tenant: TenantId, service: &str, job: JobId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.job_failure", record: job.bytes(), version: 1 }
}

fn note_place(tenant: TenantId, service: &str, job: JobId) -> Place<'_> {
    Place { tenant: tenant.bytes(), service, entity: "struct.job", record: job.bytes(), version: 1 }
}

fn piece_place(tenant: TenantId, service: &str, job: JobId, number: i32) -> Place<'_> {
    Place {
        tenant: tenant.bytes(),
        service,
        entity: "struct.job_piece",
        record: job.bytes(),
        version: i64::from(number) + 1,
    }
}
