//! An entry as the making of a record leaves it, sealed and keyed like any other, for the bench that weighs entries. Writes
//! nothing and makes no record.

use crate::op::Caller;
use crate::{App, Error};
use domain::audit::{Change, Detail, Outcome, Target, Verb};
use domain::id::RecordId;
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
}
