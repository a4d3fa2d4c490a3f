//! An entry as the making of a record leaves it, sealed and keyed like any other, for the bench that weighs entries and for
//! trials of logs that are years old. Writes nothing and makes no record.

use crate::op::Caller;
use crate::{App, Error};
use domain::audit::{Actor, Change, Detail, Entry, Outcome, Target, Verb};
use domain::id::{RecordId, TenantId, uuid_v7};
use domain::time::random_bytes;
use jiff::SignedDuration;
use store::audit::SealedEntry;

impl App {
    /// The entry by which the caller would have made this record of a screen, with these values.
    pub fn entry_weighed(
        &self,
        caller: &Caller,
        record: RecordId,
        (service, screen, entity): (&str, &str, &str),
        values: &[(&str, String)],
    ) -> Result<SealedEntry, Error> {
        let target = Target {
            service: Some(service.to_owned()),
            screen: Some(screen.to_owned()),
            entity: Some(entity.to_owned()),
            record: Some(record),
            user: None,
        };
        let change = |(field, after): &(&str, String)| Change {
            field: (*field).to_owned(),
            before: None,
            after: Some(after.clone()),
        };
        let detail = Detail { changes: values.iter().map(change).collect(), ..Detail::default() };
        self.entry_of(caller, Verb::RecordCreated, Outcome::Done, target, detail)
    }

    /// The entry by which the system would have ended an import so long ago.
    pub fn entry_aged(&self, tenant: TenantId, ago: SignedDuration) -> Result<SealedEntry, Error> {
        let at = self.now().checked_sub(ago).map_err(|error| Error::Internal(error.to_string()))?;
        let ms = u64::try_from(at.as_millisecond()).unwrap_or_default();
        let entry = Entry {
            id: uuid_v7(ms, &random_bytes(&*self.random)).into(),
            tenant,
            actor: Actor::System,
            verb: Verb::ImportCompleted,
            outcome: Outcome::Done,
            request: self.new_request_id(),
            target: Target::default(),
            detail: Detail::default(),
        };
        self.sealed(entry, at, None)
    }
}
