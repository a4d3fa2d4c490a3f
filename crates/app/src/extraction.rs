//! Extraction: records out as a file. The entry has committed before the first byte leaves; rows stream, so memory
//! stays flat however many there are.

mod delivery;
pub mod hold;

use crate::op::{Caller, Op, on_fresh_rights};
use crate::record::EntityPlace;
use crate::record::sealing::Sealer;
use crate::{App, Error};
use delivery::Delivery;
use domain::audit::Detail;
use domain::audit::sign::rows_let_go;
use domain::extraction::{Cell, UTF8_BOM, csv_row, ndjson_row};
use domain::locale::Locale;
use domain::record::{Condition, ListQuery, Test, check_query, normalised};
use domain::screen::{Action, ScreenKind};
use domain::service::Field;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use std::sync::Arc;
use store::record::{RawRecord, Wanted};

/// Bytes gathered before they are handed on.
const CHUNK_BYTES: usize = 64 * 1024;

/// The form of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// RFC 4180, UTF-8 with byte order mark, as Excel opens it; formulas neutralised.
    Csv,
    /// One JSON object a line; values as stored.
    Ndjson,
}

impl Format {
    /// `csv` or `ndjson`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format of a code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Csv, Self::Ndjson].into_iter().find(|format| format.code() == code)
    }
}

/// A file under way.
pub struct Extraction {
    /// Its name: service, entity, instant.
    pub file_name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes. An error ends the stream short: the receiver sees a broken transfer, never a file that looks whole.
    pub stream: BoxStream<'static, Result<Vec<u8>, Error>>,
}

impl App {
    /// Where an extraction would take place, if allowed.
    pub async fn extraction_form(&self, caller: &Caller, service: &str, entity: &str) -> Result<EntityPlace, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            self.check(caller).await?;
            Ok(self.op(caller, service, entity, ScreenKind::Extract, Action::Extract).await?.place())
        })
    }

    /// Takes out what the query's conditions want, oldest first.
    pub async fn extract(
        self: &Arc<Self>,
        caller: &Caller,
        service: &str,
        entity: &str,
        format: Format,
        query: ListQuery,
    ) -> Result<Extraction, Error> {
        on_fresh_rights!(self, caller.tenant, self.extract_once(caller, service, entity, format, &query))
    }

    async fn extract_once(
        self: &Arc<Self>,
        caller: &Caller,
        service: &str,
        entity: &str,
        format: Format,
        query: &ListQuery,
    ) -> Result<Extraction, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Extract, Action::Extract).await?;
        let query = check_query(&op.entity, query).map_err(|fault| Error::Invalid(vec![fault]))?;
        let wanted = op.wanted(&query.conditions)?;
        let counted = op.let_go(format, &query, &wanted).await?;
        op.file(self, format, query, &wanted, counted).await
    }
}

impl Op<'_> {
    /// The file of an extraction that was let go with so many rows counted.
    async fn file(
        &self,
        app: &Arc<App>,
        format: Format,
        query: ListQuery,
        wanted: &[Wanted],
        counted: u64,
    ) -> Result<Extraction, Error> {
        let rows = self.app.store.stream(self.head(), &self.table, wanted).await?;
        let writer = Writer::new(self, format, query.conditions);
        let first = writer.heading(self.caller.peer.locale);
        let delivery = Delivery::new(app.clone(), self.caller.clone(), self.target(None), format);
        let stamp = self.app.now().strftime("%Y%m%d-%H%M%S").to_string();
        Ok(Extraction {
            file_name: format!("{}-{}-{stamp}.{}", self.service.name, self.entity.name, format.code()),
            content_type: match format {
                Format::Csv => "text/csv; charset=utf-8; header=present",
                Format::Ndjson => "application/x-ndjson",
            },
            stream: stream(first, writer, delivery, bounded(rows, rows_let_go(counted))),
        })
    }
}

/// The rows as long as they are no more than were let go: what has grown since it was counted breaks off.
fn bounded(
    rows: impl futures_util::Stream<Item = Result<RawRecord, store::StoreError>> + Send + 'static,
    at_most: u64,
) -> impl futures_util::Stream<Item = Result<RawRecord, Error>> + Send + 'static {
    let mut seen = 0_u64;
    rows.map(move |row| {
        seen += 1;
        if seen > at_most {
            return Err(Error::Internal(format!("an extraction has more rows than the {at_most} that were let go")));
        }
        row.map_err(Error::from)
    })
}

/// What the entry says of an extraction.
fn said(op: &Op<'_>, format: Format, query: &ListQuery) -> Detail {
    let condition = |c: &Condition| format!("{} {:?} {}", c.field, c.test, c.value);
    let mut note = vec![format.code().to_owned()];
    note.extend(query.conditions.iter().map(condition));
    Detail { note: Some(note.join("; ")), fields: op.screen.fields.clone(), ..Detail::default() }
}

fn stream(
    first: Vec<u8>,
    writer: Writer,
    delivery: Delivery,
    rows: impl futures_util::Stream<Item = Result<RawRecord, Error>> + Send + 'static,
) -> BoxStream<'static, Result<Vec<u8>, Error>> {
    let state = (Some(first), writer, Box::pin(rows), Some(delivery));
    futures_util::stream::try_unfold(state, |(first, writer, mut rows, delivery)| async move {
        let Some(mut delivery) = delivery else { return Ok(None) };
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
        chunk.extend(first.into_iter().flatten());
        while chunk.len() < CHUNK_BYTES {
            let Some(raw) = rows.try_next().await? else {
                delivery.bytes(&chunk);
                delivery.complete().await?;
                return Ok(Some((chunk, (None, writer, rows, None))));
            };
            let before = chunk.len();
            writer.row(&raw, &mut chunk)?;
            if chunk.len() > before {
                delivery.row();
            }
        }
        delivery.bytes(&chunk);
        Ok(Some((chunk, (None, writer, rows, Some(delivery)))))
    })
    .boxed()
}

/// Where a column's value is found in a row.
enum Source {
    Plain(usize),
    Sealed,
}

/// Turns rows into lines.
struct Writer {
    tenant: domain::id::TenantId,
    service: Arc<domain::service::Service>,
    entity: Arc<domain::service::Entity>,
    table: Arc<store::record::RecordTable>,
    keys: Arc<crate::keys::ServiceKeys>,
    format: Format,
    columns: Vec<(Field, Source)>,
    /// Sealed columns by name, in the order of names: the order they have in a payload.
    sealed: Vec<(String, usize)>,
    /// Partial searches, to be checked on opened values.
    partial: Vec<Condition>,
}

impl Writer {
    fn new(op: &Op<'_>, format: Format, conditions: Vec<Condition>) -> Self {
        let source = |field: &Field| match op.table.plain.iter().position(|plain| plain.name == field.name) {
            Some(place) => Source::Plain(place),
            None => Source::Sealed,
        };
        let fields = op.screen.fields.iter().filter_map(|name| op.entity.field(name));
        let columns: Vec<(Field, Source)> = fields.map(|field| (field.clone(), source(field))).collect();
        let mut sealed: Vec<(String, usize)> = columns
            .iter()
            .enumerate()
            .filter(|(_, (_, source))| matches!(source, Source::Sealed))
            .map(|(place, (field, _))| (field.name.clone(), place))
            .collect();
        sealed.sort();
        Self {
            tenant: op.caller.tenant,
            service: op.service.clone(),
            entity: op.entity.clone(),
            table: op.table.clone(),
            keys: op.keys.clone(),
            format,
            columns,
            sealed,
            partial: conditions.into_iter().filter(|condition| condition.test == Test::Contains).collect(),
        }
    }

    /// The first line of a CSV file: labels, by which an import finds its columns again.
    fn heading(&self, locale: Locale) -> Vec<u8> {
        let mut line = Vec::new();
        if self.format == Format::Csv {
            line.extend_from_slice(UTF8_BOM);
            csv_row(&mut line, self.columns.iter().map(|(field, _)| field.label.get(locale)));
        }
        line
    }

    fn row(&self, raw: &RawRecord, out: &mut Vec<u8>) -> Result<(), Error> {
        let sealer = Sealer {
            tenant: self.tenant,
            service: &self.service.name,
            entity: &self.entity,
            table: &self.table,
            keys: &self.keys,
        };
        let payload = sealer.payload(raw)?;
        let mut cells: Vec<Option<&str>> = self
            .columns
            .iter()
            .map(|(_, source)| match source {
                Source::Plain(place) => raw.plain(*place),
                Source::Sealed => None,
            })
            .collect();
        let mut expected = self.sealed.iter().peekable();
        for pair in seal::payload::decode(&payload).map_err(|_| sealer.unopened(raw))? {
            let (name, value) = pair.map_err(|_| sealer.unopened(raw))?;
            while expected.next_if(|(next, _)| next.as_str() < name).is_some() {}
            if let Some((_, place)) = expected.next_if(|(next, _)| next == name) {
                cells[*place] = Some(value);
            }
        }
        if !self.partial.is_empty() && !self.holds(&sealer.values(raw)?) {
            return Ok(());
        }
        match self.format {
            Format::Csv => csv_row(out, cells.into_iter().map(Option::unwrap_or_default)),
            Format::Ndjson => {
                let id = raw.id().to_string();
                let named = self
                    .columns
                    .iter()
                    .zip(cells)
                    .map(|((field, _), value)| (field.name.as_str(), Cell::of(&field.kind, value)));
                ndjson_row(out, std::iter::once(("id", Cell::Text(&id))).chain(named));
            }
        }
        Ok(())
    }

    fn holds(&self, values: &domain::record::Values) -> bool {
        self.partial.iter().all(|condition| {
            let found = self.entity.field(&condition.field).zip(values.get(&condition.field));
            found.is_some_and(|(field, value)| normalised(field, value).contains(&condition.value))
        })
    }
}
