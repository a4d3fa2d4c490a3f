//! Between values and stored columns: seals, opens, indexes. Decides nothing and runs no statement.

use super::RecordView;
use crate::Error;
use crate::keys::ServiceKeys;
use crate::op::Op;
use domain::id::{RecordId, TenantId};
use domain::record::{Record, Values, normalised};
use domain::service::{Entity, Field};
use domain::time::{Random, random_bytes};
use seal::envelope::Place;
use store::record::{Columns, RawRecord, RecordTable};

/// What sealing needs to know of an entity; shared by requests, imports and extractions.
pub(crate) struct Sealer<'a> {
    pub(crate) tenant: TenantId,
    pub(crate) service: &'a str,
    pub(crate) entity: &'a Entity,
    pub(crate) table: &'a RecordTable,
    pub(crate) keys: &'a ServiceKeys,
}

impl Sealer<'_> {
    fn place(&self, record: RecordId, version: i64) -> Place<'_> {
        Place {
            tenant: self.tenant.bytes(),
            service: self.service,
            entity: &self.entity.name,
            record: record.bytes(),
            version,
        }
    }

    /// Values as columns: plain in the clear, all others in one envelope, searchable ones as blind indexes too.
    pub(crate) fn columns(
        &self,
        id: RecordId,
        version: i64,
        values: &Values,
        random: &dyn Random,
    ) -> Result<Columns, Error> {
        let is_sealed = |name: &str| self.entity.field(name).is_some_and(|field| !field.is_plain());
        let sealed =
            values.iter().filter(|(name, _)| is_sealed(name)).map(|(name, value)| (name.as_str(), value.as_str()));
        let payload = seal::payload::encode(sealed);
        let nonce = random_bytes::<12>(random);
        let normal = |field: &Field| values.get(&field.name).map(|value| normalised(field, value));
        let mut columns = Columns {
            id: id.0,
            sealed: self.keys.data.seal(&self.place(id, version), nonce, &payload),
            plain: self.table.plain.iter().map(|field| values.get(&field.name).cloned()).collect(),
            ..Columns::default()
        };
        for field in &self.table.exact {
            let index = self.keys.index(&self.entity.name, &field.name)?;
            columns.exact.push(normal(field).map(|value| index.exact(&value).to_vec()));
        }
        for field in &self.table.partial {
            let index = self.keys.index(&self.entity.name, &field.name)?;
            columns.partial.push(normal(field).map(|value| index.tokens(&value)));
        }
        Ok(columns)
    }

    /// The opened payload of a row. Refusing means the row was moved or altered outside STRUCT.
    pub(crate) fn payload(&self, raw: &RawRecord) -> Result<Vec<u8>, Error> {
        self.keys.data.open(&self.place(raw.id(), raw.version()), raw.sealed()).map_err(|_| self.unopened(raw))
    }

    /// A row's values.
    pub(crate) fn values(&self, raw: &RawRecord) -> Result<Values, Error> {
        let payload = self.payload(raw)?;
        let pairs = seal::payload::decode(&payload).map_err(|_| self.unopened(raw))?;
        let mut values = Values::new();
        for pair in pairs {
            let (name, value) = pair.map_err(|_| self.unopened(raw))?;
            values.insert(name.to_owned(), value.to_owned());
        }
        for (place, field) in self.table.plain.iter().enumerate() {
            if let Some(value) = raw.plain(place) {
                values.insert(field.name.clone(), value.to_owned());
            }
        }
        Ok(values)
    }

    /// A row as a record.
    pub(crate) fn record(&self, raw: &RawRecord) -> Result<Record, Error> {
        let ((created_at, created_by), (updated_at, updated_by)) = (raw.created(), raw.updated());
        let (id, version, values) = (raw.id(), raw.version(), self.values(raw)?);
        Ok(Record { id, version, values, created_at, created_by, updated_at, updated_by })
    }

    pub(crate) fn unopened(&self, raw: &RawRecord) -> Error {
        let place = format!("{}.{} {} at version {}", self.service, self.entity.name, raw.id(), raw.version());
        Error::Internal(format!("the sealed row {place} does not open: moved or altered, or its key is gone"))
    }
}

impl Op<'_> {
    pub(crate) fn sealer(&self) -> Sealer<'_> {
        Sealer {
            tenant: self.caller.tenant,
            service: &self.service.name,
            entity: &self.entity,
            table: &self.table,
            keys: &self.keys,
        }
    }

    /// Values as columns of a record at a version.
    pub(crate) fn columns(&self, id: RecordId, version: i64, values: &Values) -> Result<Columns, Error> {
        self.sealer().columns(id, version, values, &*self.app.random)
    }

    /// A row as a record in full, with the titles its references lead to.
    pub(crate) fn open(&self, raw: &RawRecord) -> Result<RecordView, Error> {
        let record = self.sealer().record(raw)?;
        let titles = self.table.references.iter().enumerate();
        let titles =
            titles.filter_map(|(i, r)| Some((r.field.clone(), raw.title(&self.table, i)?.to_owned()))).collect();
        Ok(RecordView { record, titles, revealed: false, created_by_name: None, updated_by_name: None })
    }
}
