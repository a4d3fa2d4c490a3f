//! Activity: a member's own trail. The same entries as `audit`, seen by the person they are about.

use crate::audit::{EntryPage, EntryView};
use crate::op::{Caller, head, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::{Actor, Outcome, Verb};
use domain::id::UserId;
use domain::screen::ScreenKind;
use jiff::Timestamp;
use store::audit::EntryFilter;

/// What a member asks of their own trail; all that is given must hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ActivityFilter {
    /// Not earlier.
    pub from: Option<Timestamp>,
    /// Earlier than.
    pub until: Option<Timestamp>,
    /// What kind of thing.
    pub kind: Option<Kind>,
}

/// Kinds of acts, as people sort them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Sessions: signing in and out, refused sign-ins.
    SignIn,
    /// Records made, changed, removed, imported.
    Change,
    /// Personal data shown, files taken out.
    Reading,
    /// Accounts, rights, settings, contracts.
    Rights,
    /// Whatever was refused.
    Refused,
}

impl Kind {
    /// All, in the order a filter offers them.
    pub const ALL: [Self; 5] = [Self::SignIn, Self::Change, Self::Reading, Self::Rights, Self::Refused];

    /// The word of addresses and texts.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignIn => "signin",
            Self::Change => "change",
            Self::Reading => "reading",
            Self::Rights => "rights",
            Self::Refused => "refused",
        }
    }

    /// The kind of a code.
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind a verb is of, whatever came of it.
    pub fn of(verb: Verb) -> Self {
        let (noun, _) = verb.code().split_once('.').unwrap_or_default();
        match (noun, verb) {
            ("session", _) => Self::SignIn,
            (_, Verb::RecordRevealed | Verb::RecordsExtracted | Verb::RecordNotFound) => Self::Reading,
            ("audit" | "activity" | "extraction", _) => Self::Reading,
            ("record" | "import", _) => Self::Change,
            _ => Self::Rights,
        }
    }

    fn verbs(self) -> Vec<Verb> {
        Verb::ALL.iter().filter(|verb| Self::of(**verb) == self).copied().collect()
    }
}

impl App {
    /// The caller's own trail, newest first: what they did, and what happened to their account. An import stands there
    /// with its start, its end and its count; each of its records has an entry all the same, which the audit log shows.
    pub async fn activity(&self, caller: &Caller, cursor: Option<&str>) -> Result<EntryPage, Error> {
        self.activity_of(caller, ActivityFilter::default(), cursor).await
    }

    /// What the filter wants of the caller's own trail, newest first.
    pub async fn activity_of(
        &self,
        caller: &Caller,
        filter: ActivityFilter,
        cursor: Option<&str>,
    ) -> Result<EntryPage, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let snapshot = self.snapshot(caller.tenant).await?;
            let wanted = self.own_filter(caller, &snapshot, &filter);
            let mut page =
                self.entry_page(caller, head(caller, &snapshot), &snapshot, wanted.into(), cursor, None).await?;
            page.entries = page.entries.into_iter().map(|entry| discreet(entry, caller.user)).collect();
            Ok(page)
        })
    }

    pub(crate) fn own_filter(&self, caller: &Caller, snapshot: &Snapshot, filter: &ActivityFilter) -> EntryFilter {
        let refused = filter.kind == Some(Kind::Refused);
        EntryFilter {
            trail: Some(caller.user),
            folded: import_screens(snapshot),
            verbs: filter.kind.filter(|_| !refused).map(Kind::verbs).unwrap_or_default(),
            outcome: refused.then_some(Outcome::Denied),
            from: filter.from,
            until: filter.until,
            ..EntryFilter::default()
        }
    }
}

/// Where a colleague sat who changed this person's rights is not this person's to know.
pub(crate) fn discreet(mut entry: EntryView, me: UserId) -> EntryView {
    if matches!(entry.actor, Actor::User(user) if user != me) {
        entry.detail.address = None;
        entry.detail.device = None;
    }
    entry
}

/// Import screens as `service/screen`: twenty thousand lines of one act would bury everything else a person did.
fn import_screens(snapshot: &Snapshot) -> Vec<String> {
    let services = snapshot.services.values().map(|contracted| &contracted.service);
    services
        .flat_map(|service| service.screens.iter().map(move |screen| (service, screen)))
        .filter(|(_, screen)| screen.kind == ScreenKind::Import)
        .map(|(service, screen)| format!("{}/{}", service.name, screen.name))
        .collect()
}
