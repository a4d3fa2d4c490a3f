//! Signs of fraud: raised, told, looked into, closed; limits of roles and planted records. Which act is a sign is
//! `domain::audit::sign`'s; extractions are held by `extraction::hold`.

mod honey;
mod limit;
mod tell;
mod watch;

pub use honey::{HoneyView, MAX_HONEY};
pub use limit::RoleLimitView;

use crate::error::Refusal;
use crate::extraction::hold::HoldView;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::sign::{MAX_REASON_CHARS, Sign};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::id::{RequestId, SignId, TenantId, UserId};
use domain::locale::Label;
use domain::record::{Fault, FaultReason};
use domain::time::random_bytes;
use jiff::Timestamp;
use seal::envelope::Place;
use store::audit::SealedEntry;
use store::sign::SignRow;
use store::{Check, Flight, Head, Statement, StoreError};

/// Signs a page shows.
pub const MAX_SIGNS_SHOWN: i64 = 100;
/// Held extractions a page shows.
pub const MAX_HOLDS_SHOWN: i64 = 50;

/// A sign as administrators see it.
#[derive(Clone, Debug)]
pub struct SignView {
    /// The sign.
    pub id: SignId,
    /// What was seen.
    pub sign: Sign,
    /// Whose acts it is about.
    pub user: UserId,
    /// How they are called.
    pub user_name: Option<String>,
    /// Where: service and screen.
    pub place: Option<(Label, Label)>,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// Who closed it, when, and what they found.
    pub closed: Option<(Option<String>, Timestamp, String)>,
}

/// The page for administrators.
#[derive(Clone, Debug)]
pub struct Signs {
    /// Held extractions, newest first.
    pub holds: Vec<HoldView>,
    /// Signs, newest first.
    pub signs: Vec<SignView>,
    /// Roles by name.
    pub limits: Vec<RoleLimitView>,
    /// Planted records.
    pub honey: Vec<HoneyView>,
}

/// A sign to be raised with the flight that it is about.
pub(crate) struct Raising {
    pub(crate) statement: Statement,
    pub(crate) entry: SealedEntry,
}

impl App {
    /// What raises a sign: its row and its entry, which come together or not at all.
    pub(crate) fn raising(
        &self,
        tenant: TenantId,
        user: UserId,
        sign: &Sign,
        request: RequestId,
    ) -> Result<Raising, Error> {
        let statement = store::sign::raise(tenant, self.new_id(), user, sign, self.now());
        let target = Target { user: Some(user), ..Target::default() };
        let detail = Detail { note: Some(said(sign)), ..Detail::default() };
        let entry = self.entry(tenant, Actor::System, Verb::SignRaised, Outcome::Done, request, target, detail)?;
        Ok(Raising { statement, entry })
    }

    /// Raises a sign; false when the same one is there already.
    pub(crate) async fn raise(
        &self,
        tenant: TenantId,
        user: UserId,
        sign: &Sign,
        request: RequestId,
    ) -> Result<bool, Error> {
        let Raising { statement, entry } = self.raising(tenant, user, sign, request)?;
        let head = Head { tenant, check: Check::Nothing };
        match self.store.fly(Flight::write(head, vec![statement], &[entry])).await {
            Ok(_) => {
                self.raised(sign);
                Ok(true)
            }
            Err(StoreError::Unexpected) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells machines at once; people are told by whichever server watches.
    pub(crate) fn raised(&self, sign: &Sign) {
        let (rule, value, limit) = (sign.rule.code(), sign.figures.value, sign.figures.limit);
        tracing::warn!(rule, value, limit, "a sign of fraud was raised");
        metrics::counter!("struct_signs_raised_total", "rule" => rule).increment(1);
        self.sign_bell.notify_one();
    }

    /// Signs, held extractions, limits and planted records, for administrators. Reading them is entered.
    pub async fn signs(&self, caller: &Caller, closed_too: bool) -> Result<Signs, Error> {
        on_fresh_rights!(self, caller.tenant, self.signs_once(caller, closed_too))
    }

    async fn signs_once(&self, caller: &Caller, closed_too: bool) -> Result<Signs, Error> {
        let (head, snapshot) = self.administrator(caller, "signs").await?;
        let detail = Detail { note: Some("signs".to_owned()), ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AuditViewed, Outcome::Done, Target::default(), detail)?;
        let statements = vec![
            store::sign::hold::select(caller.tenant, MAX_HOLDS_SHOWN),
            store::sign::select(caller.tenant, closed_too, MAX_SIGNS_SHOWN),
            store::sign::honey(caller.tenant),
        ];
        let answers = self.store.fly(Flight::write(head, statements, &[entry])).await?;
        let mut found =
            Signs { holds: Vec::new(), signs: Vec::new(), limits: limit::views(&snapshot), honey: Vec::new() };
        for row in store::sign::hold::rows(&answers[0])? {
            found.holds.push(self.hold_seen(caller, &snapshot, row).await?);
        }
        for row in store::sign::rows(&answers[1])? {
            found.signs.push(self.sign_view(&snapshot, row).await?);
        }
        for row in answers[2].iter().map(store::sign::honey_row) {
            found.honey.push(self.honey_view(&snapshot, row).await?);
        }
        Ok(found)
    }

    async fn sign_view(&self, snapshot: &Snapshot, row: SignRow) -> Result<SignView, Error> {
        let tenant = snapshot.tenant;
        let place = row.sign.place.as_ref().and_then(|(service, screen)| {
            let service = &snapshot.services.get(service)?.service;
            Some((service.label.clone(), service.screen(screen)?.label.clone()))
        });
        let closed = match row.closed {
            None => None,
            Some((by, at, sealed)) => {
                let note = self.keys.tenant(tenant)?.log.open(&note_place(tenant, row.id), &sealed).ok();
                let note = note.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
                Some((self.name(tenant, by).await?, at, note))
            }
        };
        let user_name = self.name(tenant, row.user).await?;
        Ok(SignView { id: row.id, sign: row.sign, user: row.user, user_name, place, raised_at: row.raised_at, closed })
    }

    /// One sign, for administrators: for the page that closes it.
    pub async fn sign(&self, caller: &Caller, id: SignId) -> Result<SignView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot) = self.administrator(caller, "signs").await?;
            match self.store.sign(head, id).await? {
                Some(row) => self.sign_view(&snapshot, row).await,
                None => Err(self.nothing_there(caller, head, format!("sign {id}")).await),
            }
        })
    }

    /// Closes a sign with what was found. Nobody closes one about themselves while there is another administrator.
    pub async fn close_sign(&self, caller: &Caller, id: SignId, note: &str) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.close_sign_once(caller, id, note))
    }

    async fn close_sign_once(&self, caller: &Caller, id: SignId, note: &str) -> Result<(), Error> {
        let (head, snapshot) = self.administrator(caller, "signs").await?;
        let note = reason(note)?;
        let Some(row) = self.store.sign(head, id).await? else {
            return Err(self.nothing_there(caller, head, format!("sign {id}")).await);
        };
        let target = Target { user: Some(row.user), ..Target::default() };
        let detail = Detail { note: Some(format!("{}: {note}", row.sign.rule.code())), ..Detail::default() };
        if row.user == caller.user && has_other_administrator(&snapshot, caller.user) {
            let entry = self.entry_of(caller, Verb::SignClosed, Outcome::Denied, target, detail)?;
            self.store.enter(head, &[entry]).await?;
            return Err(Error::Refused(Refusal::OwnSign));
        }
        let nonce = random_bytes(&*self.random);
        let sealed = self.keys.tenant(caller.tenant)?.log.seal(&note_place(caller.tenant, id), nonce, note.as_bytes());
        let close = store::sign::close(caller.tenant, id, caller.user, self.now(), sealed);
        let entry = self.entry_of(caller, Verb::SignClosed, Outcome::Done, target, detail)?;
        match self.store.fly(Flight::write(head, vec![close], &[entry])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::SignSettled)),
            done => done.map(drop).map_err(Error::from),
        }
    }

    /// Open signs of every tenant, for the operator: rules and figures, no names. `code` names one tenant.
    pub async fn signs_for_operator(&self, code: Option<&str>) -> Result<Vec<(String, SignRow)>, Error> {
        let mut found = Vec::new();
        let tenants = self.tenants().await?;
        if code.is_some_and(|code| !tenants.iter().any(|row| row.code == code)) {
            return Err(Error::NotFound);
        }
        for row in tenants.into_iter().filter(|row| code.is_none_or(|code| row.code == code)) {
            let head = Head { tenant: row.tenant, check: Check::Nothing };
            let signs = self.store.signs(head, false, MAX_SIGNS_SHOWN).await?;
            found.extend(signs.into_iter().map(|sign| (row.code.clone(), sign)));
        }
        Ok(found)
    }
}

/// A reason as typed: wanted, one paragraph or more, bounded.
pub(crate) fn reason(typed: &str) -> Result<String, Error> {
    let text = typed.trim().replace("\r\n", "\n");
    let found = text.chars().count();
    let fault = match text.chars().find(|c| c.is_control() && *c != '\n') {
        Some(c) => FaultReason::ControlCharacter { code: u32::from(c) },
        None if found == 0 => FaultReason::Required,
        None if found > MAX_REASON_CHARS => FaultReason::TooLong { max: MAX_REASON_CHARS, found },
        None => return Ok(text),
    };
    Err(Error::Invalid(vec![Fault::new("reason", fault)]))
}

/// The rule and its figures, in the fixed form that entries keep and pages put into words.
fn said(sign: &Sign) -> String {
    let figures = &sign.figures;
    let mut words =
        vec![sign.rule.code().to_owned(), format!("value={}", figures.value), format!("limit={}", figures.limit)];
    if let Some(spread) = figures.spread {
        words.push(format!("median={} mad={}", spread.median, spread.mad));
    }
    words.push(format!("from={} until={}", figures.from, figures.until));
    words.join(" ")
}

pub(crate) fn has_other_administrator(snapshot: &Snapshot, user: UserId) -> bool {
    snapshot.administrators().any(|other| other != user)
}

fn note_place<'a>(tenant: TenantId, sign: SignId) -> Place<'a> {
    Place { tenant: tenant.bytes(), service: "", entity: "struct.sign", record: sign.bytes(), version: 1 }
}
