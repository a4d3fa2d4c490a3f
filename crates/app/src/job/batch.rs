//! The worker: takes a job, reads its file, settles its rows batch by batch. Rights are decided anew for each batch.

use crate::record::sealing::Sealer;
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::decide;
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{JobId, RecordId, TenantId};
use domain::import::{Encoding, ImportFault, Row, RowReader, detect};
use domain::locale::Locale;
use domain::record::{FaultReason, Values, normalised};
use domain::screen::Action;
use domain::service::{Entity, FieldKind, Service};
use domain::time::new_uuids;
use domain::time::random_bytes;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::audit::SealedEntry;
use store::job::{JobRow, RefusalRow};
use store::record::{Lookup, RecordTable};
use store::{Check, Flight, Head, StoreError};
use tokio::sync::{mpsc, watch};

/// Rows settled in one flight.
const BATCH_ROWS: usize = 200;
/// A worker that does not move its job on for so long is taken for dead.
const LEASE_SECS: i32 = 10;
/// A job that gets nowhere so often is given up.
const MAX_ATTEMPTS: i32 = 5;
/// How often an idle worker looks for jobs of other servers.
const IDLE: Duration = Duration::from_secs(2);

/// A row that can be taken, with its number in the file.
type NumberedRow = (u64, Values);

/// How a job ended, or why not yet.
enum Outlook {
    Ended,
    /// Somebody else moved it on, or the database is away: whoever holds the lease goes on.
    Left,
}

impl App {
    /// Works on jobs until asked to stop; the batch under way is finished first.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.store.job_claim(LEASE_SECS, MAX_ATTEMPTS).await {
                Ok(Some((tenant, job, attempts))) => {
                    if let Err(error) = self.run_job(tenant, job, attempts, &stop).await {
                        tracing::error!(%error, %job, "a job stopped; it will be taken up again");
                        tokio::time::sleep(IDLE).await;
                    }
                }
                Ok(None) => self.wait_for_work(&mut stop).await,
                Err(error) => {
                    tracing::warn!(%error, "jobs can't be looked for");
                    tokio::time::sleep(IDLE).await;
                }
            }
        }
    }

    async fn wait_for_work(&self, stop: &mut watch::Receiver<bool>) {
        tokio::select! {
            () = self.job_bell.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
            _ = stop.changed() => {}
        }
    }

    /// Gives back every lease: for a server that knows it is the only one and has just started.
    pub async fn release_jobs(&self) -> Result<(), Error> {
        Ok(self.store.job_release().await?)
    }

    async fn run_job(
        self: &Arc<Self>,
        tenant: TenantId,
        job: JobId,
        attempts: i32,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), Error> {
        let head = Head { tenant, check: Check::Nothing };
        let Some(row) = self.store.job(head, job).await? else { return Ok(()) };
        if attempts > MAX_ATTEMPTS {
            return self.give_up(tenant, &row, "too_many_attempts").await;
        }
        match self.run_import(tenant, &row, stop).await {
            Ok(Outlook::Ended | Outlook::Left) => Ok(()),
            Err(Error::File(fault)) => {
                self.give_up(tenant, &row, &serde_json::to_string(&fault).unwrap_or_default()).await
            }
            Err(Error::Denied { .. } | Error::NotFound) => self.give_up(tenant, &row, "denied").await,
            Err(Error::Unavailable | Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn run_import(
        self: &Arc<Self>,
        tenant: TenantId,
        row: &JobRow,
        stop: &watch::Receiver<bool>,
    ) -> Result<Outlook, Error> {
        let snapshot = self.snapshot(tenant).await?;
        let service =
            snapshot.services.get(&row.service).map(|contracted| contracted.service.clone()).ok_or(Error::NotFound)?;
        let entity = service.entity(&row.entity).cloned().ok_or(Error::NotFound)?;
        let mut work =
            Import { app: self, tenant, row, table: self.table(&service, &entity), at: row.progress, entity, service };
        let mut batches = work.read_rows().await?;
        while let Some(batch) = batches.recv().await {
            if *stop.borrow() {
                return Ok(Outlook::Left);
            }
            let batch = batch?;
            let settled = match work.settle(batch.clone()).await {
                // Rights were changed; the same rows once more on the new ones, or the job would wait for its own lease.
                Err(Error::Stale) => {
                    self.forget_rights(tenant);
                    work.settle(batch).await
                }
                settled => settled,
            };
            match settled {
                Ok(()) => {}
                // Another worker has moved the job on; this one was too slow.
                Err(Error::NotFound) => return Ok(Outlook::Left),
                Err(error) => return Err(error),
            }
        }
        work.complete().await
    }

    async fn give_up(&self, tenant: TenantId, row: &JobRow, failure: &str) -> Result<(), Error> {
        let head = Head { tenant, check: Check::Nothing };
        let Some(row) = self.store.job(head, row.job).await? else { return Ok(()) };
        let entry = self.job_entry(
            tenant,
            &row,
            Verb::ImportFailed,
            None,
            Detail { note: Some(failure.to_owned()), ..Detail::default() },
        )?;
        let kept = self.sealed_failure(tenant, &row, failure)?;
        let statements = store::job::finish(tenant, row.job, row.progress, Some(&kept)).into();
        match self.store.fly(Flight::write(head, statements, &[entry])).await {
            Ok(_) | Err(StoreError::Unexpected) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Why a job was given up may quote the file's first line, and in a file without headings that is data: it is sealed
    /// as the file was.
    fn sealed_failure(&self, tenant: TenantId, row: &JobRow, failure: &str) -> Result<String, Error> {
        let keys = self.keys.service_data(tenant, &row.service)?;
        let place = super::failure_place(tenant, &row.service, row.job);
        Ok(URL_SAFE_NO_PAD.encode(keys.seal(&place, random_bytes(&*self.random), failure.as_bytes())))
    }

    fn job_entry(
        &self,
        tenant: TenantId,
        row: &JobRow,
        verb: Verb,
        record: Option<RecordId>,
        detail: Detail,
    ) -> Result<SealedEntry, Error> {
        let target = Target {
            service: Some(row.service.clone()),
            screen: Some(row.screen.clone()),
            entity: Some(row.entity.clone()),
            record,
            user: None,
        };
        self.entry(tenant, Actor::User(row.asked_by), verb, Outcome::Done, row.request, target, detail)
    }
}

/// An import under way.
struct Import<'a> {
    app: &'a Arc<App>,
    tenant: TenantId,
    row: &'a JobRow,
    service: Arc<Service>,
    entity: Entity,
    table: Arc<RecordTable>,
    /// Rows settled.
    at: i64,
}

impl Import<'_> {
    /// Reads the file's rows after those settled, on a thread that may block; batches come through a small channel.
    async fn read_rows(&self) -> Result<mpsc::Receiver<Result<Vec<Row>, Error>>, Error> {
        let keys = self.app.keys.service_data(self.tenant, &self.service.name)?;
        let open = || self.app.pieces(self.tenant, &self.service.name, self.row.job, keys.clone());
        let first = open();
        let encoding = tokio::task::spawn_blocking(move || detect(first)).await;
        let encoding = encoding.map_err(|error| Error::Internal(error.to_string()))?.map_err(file_error)?;
        let (send, batches) = mpsc::channel(2);
        let (file, entity, skip) = (open(), self.entity.clone(), u64::try_from(self.at).unwrap_or_default());
        tokio::task::spawn_blocking(move || {
            if let Err(error) = send_rows(file, encoding, &entity, skip, &send) {
                // The receiver may be gone: then nobody needs to know.
                let _ = send.blocking_send(Err(error));
            }
        });
        Ok(batches)
    }

    /// Settles a batch: rows that can be taken are, the others are noted with column and reason; progress with them.
    async fn settle(&mut self, batch: Vec<Row>) -> Result<(), Error> {
        let snapshot = self.app.snapshot(self.tenant).await?;
        let decision = decide(&snapshot, self.row.asked_by, &self.service.name, &self.row.screen, Action::Create);
        if !decision.allowed {
            let (service, screen) = (self.service.name.clone(), self.row.screen.clone());
            return Err(Error::Denied { gate: decision.gate, service, screen, action: Action::Create });
        }
        let head = Head { tenant: self.tenant, check: Check::Epoch(snapshot.epoch) };
        let settled = i64::try_from(batch.len()).unwrap_or_default();
        let (rows, mut refusals) = sort_out(batch);
        let rows = self.without_taken(head, rows, &mut refusals).await?;
        let refused: HashSet<i64> = refusals.iter().map(|(_, refusal)| refusal.row).collect();
        let (taken, refused) =
            (i64::try_from(rows.len()).unwrap_or_default(), i64::try_from(refused.len()).unwrap_or_default());
        debug_assert_eq!(taken + refused, settled, "every row is taken or refused");
        let mut statements = vec![store::job::advance(self.tenant, self.row.job, self.at, taken, refused, LEASE_SECS)];
        if !refusals.is_empty() {
            statements.push(store::job::refuse(self.tenant, self.row.job, refusals));
        }
        self.write(head, statements, rows).await?;
        self.at += settled;
        Ok(())
    }

    async fn write(
        &self,
        head: Head,
        mut statements: Vec<store::Statement>,
        rows: Vec<(u64, Values)>,
    ) -> Result<(), Error> {
        let keys = self.app.keys.service(self.tenant, &self.service)?;
        let sealer = Sealer {
            tenant: self.tenant,
            service: &self.service.name,
            entity: &self.entity,
            table: &self.table,
            keys: &keys,
        };
        let (mut columns, mut entries) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
        let ids = new_uuids(rows.len(), &*self.app.clock, &*self.app.random);
        for ((_, values), id) in rows.iter().zip(ids) {
            let id = RecordId(id);
            columns.push(sealer.columns(id, 1, values, &*self.app.random)?);
            let detail = Detail { note: Some(format!("import {}", self.row.job)), ..Detail::default() };
            entries.push(self.app.job_entry(self.tenant, self.row, Verb::RecordCreated, Some(id), detail)?);
        }
        if columns.is_empty() {
            // Nothing of the tenant's changes; only the job's own bookkeeping moves.
            return Ok(self.app.store.job_advance(head, statements).await?);
        }
        statements.push(self.table.create_many(self.tenant, self.row.asked_by, columns));
        self.app.store.fly(Flight::write(head, statements, &entries)).await?;
        Ok(())
    }

    /// Refuses rows whose unique values exist already, here or earlier in the batch, or whose references lead nowhere.
    async fn without_taken(
        &self,
        head: Head,
        mut rows: Vec<(u64, Values)>,
        refusals: &mut Vec<(i32, RefusalRow)>,
    ) -> Result<Vec<(u64, Values)>, Error> {
        let keys = self.app.keys.service(self.tenant, &self.service)?;
        let mut lookups = Vec::new();
        let mut fields = Vec::new();
        for field in &self.entity.fields {
            let values = || rows.iter().map(|(_, values)| values.get(&field.name).cloned());
            let lookup = if field.unique && field.is_plain() {
                Lookup::Plain(field.name.clone(), values().collect())
            } else if field.unique {
                let index = keys.index(&self.entity.name, &field.name)?;
                let hash = |value: Option<String>| value.map(|value| index.exact(&normalised(field, &value)).to_vec());
                Lookup::Exact(field.name.clone(), values().map(hash).collect())
            } else if matches!(field.kind, FieldKind::Reference { .. }) {
                Lookup::Missing(field.name.clone(), values().collect())
            } else {
                continue;
            };
            fields.push(field);
            lookups.push(lookup);
        }
        if lookups.is_empty() || rows.is_empty() {
            return Ok(rows);
        }
        let found = self.app.store.lookup(head, &self.table, lookups).await?;
        let mut out = HashSet::new();
        for (field, mut places) in fields.into_iter().zip(found) {
            let reason = if field.unique { FaultReason::Taken } else { FaultReason::MissingReference };
            if field.unique {
                places.extend(twice(&rows, |values| values.get(&field.name).map(|value| normalised(field, value))));
            }
            for place in places {
                if out.insert(place) {
                    refusals.push(refusal(rows[place].0, 0, &field.name, &reason));
                }
            }
        }
        let mut place = 0;
        rows.retain(|_| {
            place += 1;
            !out.contains(&(place - 1))
        });
        Ok(rows)
    }

    /// Ends the job, with its entry.
    async fn complete(&self) -> Result<Outlook, Error> {
        let head = Head { tenant: self.tenant, check: Check::Nothing };
        let row = self.app.store.job(head, self.row.job).await?.ok_or(Error::NotFound)?;
        let detail = Detail {
            rows: u64::try_from(row.taken).ok(),
            note: Some(format!("refused {}", row.refused)),
            ..Detail::default()
        };
        let entry = self.app.job_entry(self.tenant, &row, Verb::ImportCompleted, None, detail)?;
        let statements = store::job::finish(self.tenant, row.job, self.at, None).into();
        match self.app.store.fly(Flight::write(head, statements, &[entry])).await {
            Ok(_) => Ok(Outlook::Ended),
            Err(StoreError::Unexpected) => Ok(Outlook::Left),
            Err(error) => Err(error.into()),
        }
    }
}

/// Sends rows in batches; ends early when nobody receives.
fn send_rows(
    file: impl std::io::Read,
    encoding: Encoding,
    entity: &Entity,
    skip: u64,
    send: &mpsc::Sender<Result<Vec<Row>, Error>>,
) -> Result<(), Error> {
    let mut reader = RowReader::new(file, encoding, entity).map_err(file_error)?;
    reader.skip_rows(skip).map_err(file_error)?;
    let mut batch = Vec::with_capacity(BATCH_ROWS);
    for row in reader {
        batch.push(row.map_err(file_error)?);
        if batch.len() == BATCH_ROWS && send.blocking_send(Ok(std::mem::take(&mut batch))).is_err() {
            return Ok(());
        }
    }
    if !batch.is_empty() {
        let _ = send.blocking_send(Ok(batch));
    }
    Ok(())
}

/// Rows whose cells are sound, and refusals of the others.
fn sort_out(batch: Vec<Row>) -> (Vec<NumberedRow>, Vec<(i32, RefusalRow)>) {
    let (mut rows, mut refusals) = (Vec::with_capacity(batch.len()), Vec::new());
    for row in batch {
        match row.values {
            Ok(values) => rows.push((row.number, values)),
            Err(faults) => {
                refusals.extend(
                    (0..).zip(faults).map(|(number, fault)| refusal(row.number, number, &fault.field, &fault.reason)),
                );
            }
        }
    }
    (rows, refusals)
}

fn refusal(row: u64, number: i32, column: &str, reason: &FaultReason) -> (i32, RefusalRow) {
    let reason = serde_json::to_value(reason).unwrap_or_default();
    (number, RefusalRow { row: i64::try_from(row).unwrap_or(i64::MAX), column: column.to_owned(), reason })
}

/// Places of rows that repeat a value an earlier row of the batch has.
fn twice(rows: &[(u64, Values)], value: impl Fn(&Values) -> Option<String>) -> Vec<usize> {
    let mut seen = HashSet::new();
    let repeats = |(place, (_, values)): (usize, &(u64, Values))| {
        let repeated = value(values).is_some_and(|value| !seen.insert(value));
        repeated.then_some(place)
    };
    rows.iter().enumerate().filter_map(repeats).collect()
}

/// What the machine did wrong is tried again; what is wrong with the file is told.
fn file_error(fault: ImportFault) -> Error {
    match fault {
        ImportFault::Unreadable { .. } => Error::Unavailable,
        fault => Error::File(fault),
    }
}

/// Why a job was given up, for people.
pub fn failure_message(failure: &str, entity: &Entity, locale: Locale) -> String {
    let label = |name: &str| entity.field(name).map_or(name.to_owned(), |field| field.label.get(locale).to_owned());
    if let Ok(fault) = serde_json::from_str::<ImportFault>(failure) {
        return fault.message(locale, label);
    }
    if failure == "too_large" {
        return ImportFault::TooLarge.message(locale, label);
    }
    let text = match (failure, locale) {
        ("denied", Locale::Ja) => {
            "取り込みの途中で権限がなくなったため、中止しました。取り込み済みの行は残っています。管理者に権限を確認してください。"
        }
        ("denied", Locale::En) => {
            "The right to import was withdrawn on the way, so it was stopped. Rows taken so far remain. Ask an administrator."
        }
        ("cut_off", Locale::Ja) => {
            "ファイルを受け取り終える前に中断されたため、1行も取り込んでいません。もう一度ファイルを選んで取り込んでください。"
        }
        ("cut_off", Locale::En) => {
            "It was interrupted before the whole file had been received, so no row was taken. Choose the file again."
        }
        (_, Locale::Ja) => {
            "取り込みを何度も続けられなかったため、中止しました。取り込み済みの行は残っています。運営者に連絡してください。"
        }
        (_, Locale::En) => {
            "The import could not go on after several attempts, so it was stopped. Rows taken so far remain. Contact the operator."
        }
    };
    text.to_owned()
}
