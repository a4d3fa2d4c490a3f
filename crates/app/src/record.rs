//! Records: what a member does with one of them. Lists stand in `record::list`, sealing in `record::seal`.

mod list;
pub(crate) mod sealing;

pub use list::{Count, RecordPage};

use crate::error::Conflict;
use crate::op::{Caller, Op, on_fresh_rights};
use crate::{App, Error};
use domain::access::decide;
use domain::audit::{Detail, Verb};
use domain::id::RecordId;
use domain::record::{Fault, FaultReason, MAX_SEARCH_CHARS, Record, Values, changes, mask, parse_all, parse_changes};
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Field, Screen, Service};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Store, StoreError};

/// Candidates a reference field offers without a search.
pub const MAX_REFERENCE_CHOICES: usize = 100;

/// What the caller may do with an entity: exactly what `decide` says, for links and buttons.
#[derive(Clone, Copy, Debug, Default)]
pub struct Can {
    /// Open the list.
    pub list: bool,
    /// Open one record.
    pub detail: bool,
    /// Make one.
    pub create: bool,
    /// Change one.
    pub update: bool,
    /// Remove one.
    pub delete: bool,
    /// Take in a file.
    pub import: bool,
    /// Take out a file.
    pub extract: bool,
}

/// Where the caller stands.
#[derive(Clone, Debug)]
pub struct EntityPlace {
    /// The service.
    pub service: Arc<Service>,
    /// The entity.
    pub entity: Entity,
    /// What may be done here.
    pub can: Can,
}

/// A record as shown.
#[derive(Clone, Debug)]
pub struct RecordView {
    /// The record; personal values are masked unless `revealed`.
    pub record: Record,
    /// Title of the record a reference field leads to.
    pub titles: BTreeMap<String, String>,
    /// Whether personal values are in full.
    pub revealed: bool,
    /// How the maker is called.
    pub created_by_name: Option<String>,
    /// How the last to change it is called.
    pub updated_by_name: Option<String>,
}

/// One record's page.
#[derive(Clone, Debug)]
pub struct RecordDetail {
    /// Where.
    pub place: EntityPlace,
    /// The record.
    pub view: RecordView,
    /// The screen that shows it.
    pub screen: Screen,
}

/// A form for a new record or a change.
#[derive(Clone, Debug)]
pub struct RecordForm {
    /// Where.
    pub place: EntityPlace,
    /// The record to be changed, in full; none for a new one.
    pub view: Option<RecordView>,
    /// The screen.
    pub screen: Screen,
    /// Candidates of each reference field: newest first, at most `MAX_REFERENCE_CHOICES`.
    pub choices: BTreeMap<String, Vec<(RecordId, String)>>,
}

/// Which fields an update speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// All: a field that is not named is emptied (a form).
    All,
    /// The named ones: the others stay (a PATCH).
    Named,
}

impl App {
    /// One record, personal values masked.
    pub async fn record_detail(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: RecordId,
    ) -> Result<RecordDetail, Error> {
        on_fresh_rights!(self, caller.tenant, self.detail(caller, service, entity, id, false))
    }

    /// One record, personal values in full; the entry is there before they are.
    pub async fn record_reveal(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: RecordId,
    ) -> Result<RecordDetail, Error> {
        on_fresh_rights!(self, caller.tenant, self.detail(caller, service, entity, id, true))
    }

    async fn detail(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: RecordId,
        reveal: bool,
    ) -> Result<RecordDetail, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Detail, Action::View).await?;
        let view = op.with_names(op.view(id, reveal).await?).await?;
        op.touched(id, if reveal { "reveal" } else { "view" }).await?;
        Ok(RecordDetail { place: op.place(), view, screen: op.screen.clone() })
    }

    /// A form: empty, or with a record in full (which is a reveal, and entered as one).
    pub async fn record_form(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: Option<RecordId>,
    ) -> Result<RecordForm, Error> {
        on_fresh_rights!(self, caller.tenant, self.form(caller, service, entity, id))
    }

    async fn form(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: Option<RecordId>,
    ) -> Result<RecordForm, Error> {
        let action = if id.is_some() { Action::Update } else { Action::Create };
        let op = self.op(caller, service, entity, ScreenKind::Form, action).await?;
        let view = match id {
            Some(id) => Some(op.view(id, true).await?),
            None => None,
        };
        if let Some(id) = id {
            op.touched(id, "reveal").await?;
        }
        let choices = op.reference_choices(view.as_ref()).await?;
        Ok(RecordForm { place: op.place(), view, screen: op.screen.clone(), choices })
    }

    /// A form to be shown again with what was typed: nothing is opened, so nothing is entered.
    pub async fn record_form_again(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        id: Option<RecordId>,
    ) -> Result<RecordForm, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let action = if id.is_some() { Action::Update } else { Action::Create };
            let op = self.op(caller, service, entity, ScreenKind::Form, action).await?;
            let choices = op.reference_choices(None).await?;
            Ok(RecordForm { place: op.place(), view: None, screen: op.screen.clone(), choices })
        })
    }

    /// Newest records a reference field could lead to whose title contains the text. For those who may make or change.
    pub async fn reference_choices(
        &self,
        caller: &Caller,
        place: (&str, &str),
        field: &str,
        text: &str,
    ) -> Result<Vec<(RecordId, String)>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (service, entity) = place;
            let op = match self.op(caller, service, entity, ScreenKind::Form, Action::Create).await {
                Err(Error::Denied { .. }) => self.op(caller, service, entity, ScreenKind::Form, Action::Update).await?,
                op => op?,
            };
            let text: String = text.chars().take(MAX_SEARCH_CHARS).collect();
            let found =
                op.table.reference_search(caller.tenant, field, &text, MAX_REFERENCE_CHOICES).ok_or(Error::NotFound)?;
            let rows = op.read(vec![found]).await?.swap_remove(0);
            Ok(Store::titles(rows).collect())
        })
    }

    /// Makes a record from what was typed, in one round trip.
    pub async fn record_create(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        typed: Vec<(String, String)>,
    ) -> Result<RecordId, Error> {
        on_fresh_rights!(self, caller.tenant, self.create(caller, service, entity, typed.clone()))
    }

    async fn create(
        &self,
        caller: &Caller,
        service: &str,
        entity: &str,
        typed: Vec<(String, String)>,
    ) -> Result<RecordId, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Form, Action::Create).await?;
        let values = parse_all(&op.entity, typed).map_err(Error::Invalid)?;
        let id: RecordId = self.new_id();
        let columns = op.columns(id, 1, &values)?;
        let detail = Detail { changes: changes(&op.entity, &Values::new(), &values), ..Detail::default() };
        let entry = op.entry(Verb::RecordCreated, Some(id), detail)?;
        let make = op.table.create(caller.tenant, caller.user, columns);
        if let Err(error) = op.change(make, entry).await {
            return Err(op.refused(error).await);
        }
        Ok(id)
    }

    /// Changes a record that still stands at `version`; returns the new version. Otherwise a conflict: nothing is
    /// overwritten, both sides come back.
    pub async fn record_update(
        &self,
        caller: &Caller,
        place: (&str, &str),
        id: RecordId,
        version: i64,
        typed: Vec<(String, String)>,
        mode: Mode,
    ) -> Result<i64, Error> {
        on_fresh_rights!(self, caller.tenant, self.update(caller, place, id, version, typed.clone(), mode))
    }

    async fn update(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        id: RecordId,
        version: i64,
        typed: Vec<(String, String)>,
        mode: Mode,
    ) -> Result<i64, Error> {
        let op = self.op(caller, service, entity, ScreenKind::Form, Action::Update).await?;
        let Some(old) = op.record(id).await? else { return Err(op.not_found(id).await) };
        op.touched(id, "update").await?;
        let values = match mode {
            Mode::All => parse_all(&op.entity, typed),
            Mode::Named => parse_changes(&op.entity, &old.record.values, typed),
        }
        .map_err(Error::Invalid)?;
        if old.record.version != version {
            return Err(op.conflict(old.record, values).await);
        }
        let changed = changes(&op.entity, &old.record.values, &values);
        if changed.is_empty() {
            return Ok(version);
        }
        let columns = op.columns(id, version + 1, &values)?;
        let entry = op.entry(Verb::RecordUpdated, Some(id), Detail { changes: changed, ..Detail::default() })?;
        let change = op.table.update(caller.tenant, caller.user, version, columns);
        match op.change(change, entry).await {
            Ok(_) => Ok(version + 1),
            // Somebody was faster between the reading and the writing.
            Err(StoreError::Unexpected) => match op.record(id).await? {
                Some(theirs) => Err(op.conflict(theirs.record, values).await),
                None => Err(op.not_found(id).await),
            },
            Err(error) => Err(op.refused(error).await),
        }
    }

    /// One record, personal values masked, for those who may remove it.
    pub async fn record_delete_form(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        id: RecordId,
    ) -> Result<RecordDetail, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let op = self.op(caller, service, entity, ScreenKind::Detail, Action::Delete).await?;
            let view = op.with_names(op.view(id, false).await?).await?;
            op.touched(id, "view").await?;
            Ok(RecordDetail { place: op.place(), view, screen: op.screen.clone() })
        })
    }

    /// Removes a record that still stands at `version`.
    pub async fn record_delete(
        &self,
        caller: &Caller,
        place: (&str, &str),
        id: RecordId,
        version: i64,
    ) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.delete(caller, place, id, version))
    }

    async fn delete(
        &self,
        caller: &Caller,
        (service, entity): (&str, &str),
        id: RecordId,
        version: i64,
    ) -> Result<(), Error> {
        let op = self.op(caller, service, entity, ScreenKind::Detail, Action::Delete).await?;
        op.touched(id, "delete").await?;
        let entry = op.entry(Verb::RecordDeleted, Some(id), Detail::default())?;
        match op.change(op.table.delete(caller.tenant, id, version), entry).await {
            Ok(_) => Ok(()),
            Err(StoreError::Unexpected) => match op.record(id).await? {
                Some(theirs) => {
                    let mine = theirs.record.values.clone();
                    Err(op.conflict(theirs.record, mine).await)
                }
                None => Err(op.not_found(id).await),
            },
            Err(StoreError::Reference(_)) => Err(Error::Refused(crate::error::Refusal::StillReferenced)),
            Err(error) => Err(error.into()),
        }
    }
}

impl Op<'_> {
    /// What the caller may do with this entity.
    pub(crate) fn place(&self) -> EntityPlace {
        let may = |kind, action| {
            let screen = self.service.screen_for(&self.entity.name, kind);
            screen
                .is_some_and(|s| decide(&self.snapshot, self.caller.user, &self.service.name, &s.name, action).allowed)
        };
        let can = Can {
            list: may(ScreenKind::List, Action::View),
            detail: may(ScreenKind::Detail, Action::View),
            create: may(ScreenKind::Form, Action::Create),
            update: may(ScreenKind::Form, Action::Update),
            delete: may(ScreenKind::Detail, Action::Delete),
            import: may(ScreenKind::Import, Action::Create),
            extract: may(ScreenKind::Extract, Action::Extract),
        };
        EntityPlace { service: self.service.clone(), entity: (*self.entity).clone(), can }
    }

    /// A record in full, without an entry: for work that shows nothing of it.
    async fn record(&self, id: RecordId) -> Result<Option<RecordView>, Error> {
        let rows = self.read(vec![self.table.get(self.caller.tenant, id)]).await?.swap_remove(0);
        Store::raw(rows).next().map(|raw| self.open(&raw)).transpose()
    }

    /// A record to be shown. Revealing reads it and writes the entry in one flight; nothing is shown if that fails.
    async fn view(&self, id: RecordId, reveal: bool) -> Result<RecordView, Error> {
        let personal: Vec<String> = self.entity.fields.iter().filter(|f| f.personal).map(|f| f.name.clone()).collect();
        if !reveal || personal.is_empty() {
            let Some(view) = self.record(id).await? else { return Err(self.not_found(id).await) };
            return Ok(if reveal { RecordView { revealed: true, ..view } } else { masked(&self.entity, view) });
        }
        let entry = self.entry(Verb::RecordRevealed, Some(id), Detail { fields: personal, ..Detail::default() })?;
        // An id that leads nowhere must not be entered as revealed: the statement demands its one row.
        let rows = self
            .write(vec![self.table.get_one(self.caller.tenant, id), self.table.get(self.caller.tenant, id)], &[entry])
            .await;
        let mut rows = match rows {
            Err(StoreError::Unexpected) => return Err(self.not_found(id).await),
            rows => rows?,
        };
        let raw = Store::raw(rows.swap_remove(1)).next().ok_or(Error::NotFound)?;
        Ok(RecordView { revealed: true, ..self.open(&raw)? })
    }

    /// The view with the names of those who made and changed it.
    async fn with_names(&self, view: RecordView) -> Result<RecordView, Error> {
        let tenant = self.caller.tenant;
        let created_by_name = self.app.name(tenant, view.record.created_by).await?;
        let updated_by_name = self.app.name(tenant, view.record.updated_by).await?;
        Ok(RecordView { created_by_name, updated_by_name, ..view })
    }

    /// Both sides of a lost update. What the person sees of the other side is entered with it.
    async fn conflict(&self, theirs: Record, mine: Values) -> Error {
        let differs = |field: &&Field| theirs.values.get(&field.name) != mine.get(&field.name);
        let differing: Vec<String> = self.entity.fields.iter().filter(differs).map(|f| f.name.clone()).collect();
        let detail = Detail { fields: differing.clone(), ..Detail::default() };
        let entered = match self.denial(Verb::RecordConflicted, Some(theirs.id), detail) {
            Ok(entry) => self.app.store.enter(self.head(), &[entry]).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        if let Some(error) = entered.err() {
            return error;
        }
        let updated_by_name = self.app.name(self.caller.tenant, theirs.updated_by).await.ok().flatten();
        Error::Conflict(Box::new(Conflict { theirs, mine, differing, updated_by_name }))
    }

    /// A violated constraint, as the fault of its field. A reference that leads nowhere may be another tenant's id, so it
    /// is entered like any other id asked for in vain.
    async fn refused(&self, error: StoreError) -> Error {
        let reference = matches!(error, StoreError::Reference(_));
        let told = self.field_error(error);
        let Error::Invalid(faults) = &told else { return told };
        if !reference {
            return told;
        }
        let detail = Detail { fields: faults.iter().map(|fault| fault.field.clone()).collect(), ..Detail::default() };
        let entered = match self.denial(Verb::RecordNotFound, None, detail) {
            Ok(entry) => self.app.store.enter(self.head(), &[entry]).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        entered.err().unwrap_or(told)
    }

    /// A violated constraint, as the fault of its field.
    pub(crate) fn field_error(&self, error: StoreError) -> Error {
        let (constraint, reason) = match &error {
            StoreError::Taken(constraint) => (constraint, FaultReason::Taken),
            StoreError::Reference(constraint) => (constraint, FaultReason::MissingReference),
            _ => return error.into(),
        };
        match self.table.field_of(&self.entity, constraint) {
            Some(field) => Error::Invalid(vec![Fault::new(field, reason)]),
            None => error.into(),
        }
    }

    /// Newest records each reference field could lead to, the present one among them.
    async fn reference_choices(
        &self,
        view: Option<&RecordView>,
    ) -> Result<BTreeMap<String, Vec<(RecordId, String)>>, Error> {
        let statements = self.table.reference_choices(self.caller.tenant, MAX_REFERENCE_CHOICES);
        if statements.is_empty() {
            return Ok(BTreeMap::new());
        }
        let answers = self.read(statements).await?;
        let mut choices = BTreeMap::new();
        for (reference, rows) in self.table.references.iter().zip(answers) {
            let mut found: Vec<(RecordId, String)> = Store::titles(rows).collect();
            if let Some(view) = view
                && let Some(id) = view.record.values.get(&reference.field).and_then(|id| id.parse().ok())
                && !found.iter().any(|(other, _)| *other == id)
            {
                found.insert(0, (id, view.titles.get(&reference.field).cloned().unwrap_or_else(|| id.to_string())));
            }
            choices.insert(reference.field.clone(), found);
        }
        Ok(choices)
    }
}

/// The same record, personal values masked.
pub(crate) fn masked(entity: &Entity, mut view: RecordView) -> RecordView {
    for field in entity.fields.iter().filter(|field| field.personal) {
        if let Some(value) = view.record.values.get_mut(&field.name) {
            *value = mask(field, value);
        }
    }
    view
}
