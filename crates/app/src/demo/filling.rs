//! Takes generated records in, the way a member would: as CSV files through the import screens, row by row with entries.
//! Never holds all rows: they are made, written and handed on piece by piece.

use super::claim::{claim, claim_number, line_count, lines};
use super::customer::{Party, contact, customer};
use super::deal::{Dealt, activity, deal};
use super::plan::{House, Volume};
use super::{Row, Setting, fault};
use crate::job::{ImportStatus, JobState};
use crate::{App, Caller, Error};
use domain::id::JobId;
use domain::locale::Locale;
use domain::record::{ListQuery, MAX_PAGE, Sort, Values};
use domain::service::Entity;
use std::collections::HashMap;
use std::time::Duration;

/// A piece of a file is handed on when it has so many bytes.
const PIECE_BYTES: usize = 64 * 1024;
/// How long a page of progress is waited for.
const WAIT: Duration = Duration::from_secs(5);
/// So many waits without a single row settled, and nobody works on jobs.
const MAX_IDLE_WAITS: u32 = 12;

impl App {
    /// Fills a tenant; files that were taken in by an earlier attempt stay as they are.
    pub(super) async fn demo_fill(&self, caller: &Caller, house: &House, setting: &Setting) -> Result<(), Error> {
        let Volume { customers, contacts, deals, activities, claims } = house.volume;
        let rows = (1..=customers).map(|number| customer(setting, number));
        self.demo_import(caller, ("crm", "customer"), customers, rows).await?;
        let parties = self.demo_parties(caller, contacts.max(deals)).await?;
        let party = |number: u64| at(&parties, number);
        let rows = (1..=contacts).map(|number| contact(setting, number, party(number)));
        self.demo_import(caller, ("crm", "contact"), contacts, rows).await?;
        let rows = (1..=deals).map(|number| deal(setting, number, party(number * 7)));
        self.demo_import(caller, ("crm", "deal"), deals, rows).await?;
        let dealt = self.demo_deals(caller, deals).await?;
        // Two of three activities belong to a deal.
        let about = |number: u64| (!number.is_multiple_of(3)).then(|| at(&dealt, number));
        let rows = (1..=activities).map(|number| activity(setting, number, party(number), about(number)));
        self.demo_import(caller, ("crm", "activity"), activities, rows).await?;
        if claims == 0 {
            return Ok(());
        }
        let rows = (1..=claims).map(|number| claim(setting, number));
        self.demo_import(caller, ("expense", "claim"), claims, rows).await?;
        let ids = self.demo_claims(caller, claims).await?;
        let id = |number| ids.get(&claim_number(setting, number)).map(String::as_str).unwrap_or_default();
        let rows = (1..=claims).flat_map(|number| lines(setting, number, id(number)));
        self.demo_import(caller, ("expense", "line"), line_count(claims), rows).await
    }

    /// Takes a file in and waits for its last row.
    async fn demo_import(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        count: u64,
        rows: impl Iterator<Item = Row>,
    ) -> Result<(), Error> {
        let file_name = format!("demo-{entity}.csv");
        let imports = self.imports(caller, service, entity).await?;
        let earlier = imports.into_iter().find(|import| import.file_name == file_name && import.failure.is_none());
        let job = match earlier {
            Some(earlier) => earlier.job,
            None => {
                let place = self.import_form(caller, service, entity).await?;
                let mut upload = self.import_begin(caller, service, entity, &file_name).await?;
                let mut file = Csv::new(&place.entity)?;
                for row in rows {
                    if file.add(&row)? >= PIECE_BYTES {
                        upload.chunk(&file.take()?).await?;
                    }
                }
                upload.chunk(&file.take()?).await?;
                upload.finish().await?
            }
        };
        self.demo_wait(caller, (service, entity), job, count).await
    }

    async fn demo_wait(&self, caller: &Caller, place: (&str, &str), job: JobId, count: u64) -> Result<(), Error> {
        let (mut settled, mut idle) = (0, 0);
        loop {
            self.import_wait(caller, job, WAIT).await?;
            let status = self.import_status(caller, place.0, place.1, job).await?;
            match status.state {
                JobState::Done => return check(&status, count),
                JobState::Failed => return Err(fault(&status.failure.unwrap_or_default())),
                JobState::Queued | JobState::Running if status.rows_seen > settled => {
                    (settled, idle) = (status.rows_seen, 0)
                }
                JobState::Queued | JobState::Running if idle < MAX_IDLE_WAITS => idle += 1,
                JobState::Queued | JobState::Running => return Err(fault("nobody works on imports")),
            }
        }
    }

    /// The customers who buy most, for others to refer to.
    async fn demo_parties(&self, caller: &Caller, count: u64) -> Result<Vec<Party>, Error> {
        let party = |id, values: &Values| {
            let company = values.get("company").cloned().unwrap_or_else(|| "個人のお客様".to_owned());
            Party { id, company }
        };
        self.demo_records(caller, ("crm", "customer"), "annual_amount", count, party).await
    }

    async fn demo_deals(&self, caller: &Caller, count: u64) -> Result<Vec<Dealt>, Error> {
        let dealt = |id, values: &Values| Dealt { id, customer: values.get("customer").cloned().unwrap_or_default() };
        self.demo_records(caller, ("crm", "deal"), "number", count, dealt).await
    }

    async fn demo_claims(&self, caller: &Caller, count: u64) -> Result<HashMap<String, String>, Error> {
        let numbered = |id, values: &Values| (values.get("number").cloned().unwrap_or_default(), id);
        Ok(self.demo_records(caller, ("expense", "claim"), "number", count, numbered).await?.into_iter().collect())
    }

    /// The first records by a field, largest first, as many as asked for or as there are.
    async fn demo_records<T>(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        sort: &str,
        count: u64,
        made: impl Fn(String, &Values) -> T,
    ) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        let mut cursor = None;
        let sort = Sort { field: sort.to_owned(), descending: true };
        while (found.len() as u64) < count {
            let query = ListQuery { sort: Some(sort.clone()), cursor, limit: MAX_PAGE, ..ListQuery::default() };
            let page = self.record_list(caller, service, entity, query, false).await?;
            found.extend(page.records.iter().map(|view| made(view.record.id.to_string(), &view.record.values)));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        if found.is_empty() && count > 0 {
            return Err(fault(&format!("there are no records of {entity} to refer to")));
        }
        Ok(found)
    }
}

/// One of them, again from the start when there are fewer; `demo_records` gives at least one.
fn at<T>(list: &[T], number: u64) -> &T {
    &list[usize::try_from(number % list.len() as u64).unwrap_or_default()]
}

/// Every row must have been taken.
fn check(status: &ImportStatus, count: u64) -> Result<(), Error> {
    if status.rows_refused == 0 && status.rows_taken == count {
        return Ok(());
    }
    let first = status.refused.first().map(|row| format!(" (row {}, {}: {})", row.row, row.column, row.reason));
    let (taken, entity) = (status.rows_taken, status.place.entity.label.get(Locale::Ja));
    Err(fault(&format!("{taken} of {count} rows of {entity} were taken{}", first.unwrap_or_default())))
}

/// A CSV file under way, with the entity's labels for headings.
struct Csv<'a> {
    entity: &'a Entity,
    writer: csv::Writer<Vec<u8>>,
    bytes: usize,
}

impl<'a> Csv<'a> {
    fn new(entity: &'a Entity) -> Result<Self, Error> {
        let mut file = Self { entity, writer: writer(), bytes: 0 };
        let headings: Vec<&str> = entity.fields.iter().map(|field| field.label.get(Locale::Ja)).collect();
        file.writer.write_record(&headings).map_err(unwritten)?;
        Ok(file)
    }

    /// Adds a row; says about how many bytes wait to be taken.
    fn add(&mut self, row: &Row) -> Result<usize, Error> {
        let cell = |name: &str| row.iter().find(|(field, _)| *field == name).map_or("", |(_, value)| value.as_str());
        let cells: Vec<&str> = self.entity.fields.iter().map(|field| cell(&field.name)).collect();
        self.writer.write_record(&cells).map_err(unwritten)?;
        self.bytes += cells.iter().map(|cell| cell.len() + 1).sum::<usize>();
        Ok(self.bytes)
    }

    /// What was written since the last time.
    fn take(&mut self) -> Result<Vec<u8>, Error> {
        self.bytes = 0;
        std::mem::replace(&mut self.writer, writer()).into_inner().map_err(|error| unwritten(error.to_string()))
    }
}

fn writer() -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new())
}

fn unwritten(error: impl std::fmt::Display) -> Error {
    fault(&format!("a row could not be written: {error}"))
}
