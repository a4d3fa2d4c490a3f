//! `Op`: one way through the house. Who asks, for which tenant, through which screen, for which action; decided from the
//! snapshot, checked again by the database in the same round trip, entered in the log. No other module decides a right.

use crate::audit::vouched::stored;
use crate::keys::ServiceKeys;
use crate::{App, Error};
use domain::access::{Snapshot, decide};
use domain::audit::{Actor, Detail, Entry, MAX_DEVICE_CHARS, Outcome, Target, Verb};
use domain::id::{RecordId, RequestId, SessionId, TenantId, UserId};
use domain::locale::Locale;
use domain::screen::{Action, ScreenKind};
use domain::service::{Entity, Screen, Service};
use domain::time::random_bytes;
use jiff::Timestamp;
use ledger::hash::Hash;
use ledger::leaf::{LEAF_VERSION, Leaf, without_instant};
use seal::envelope::{DataKeys, Place};
use seal::index::FieldIndex;
use std::net::IpAddr;
use std::sync::Arc;
use store::audit::SealedEntry;
use store::record::RecordTable;
use store::{Check, Flight, Head, Statement, StoreError};
use subtle::ConstantTimeEq as _;

/// The rows of each statement; this crate never looks inside, `store` reads them.
pub(crate) type Rows = Vec<Vec<store::flight::Row>>;

/// Where a request comes from.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Network address.
    pub address: Option<IpAddr>,
    /// The browser's own description.
    pub device: String,
    /// The request.
    pub request: RequestId,
    /// The language to answer in.
    pub locale: Locale,
    /// What the browser's device cookie holds, as it came; empty when it sent none.
    pub device_cookie: String,
}

/// A signed-in member, for the length of one request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub tenant_name: String,
    /// The user.
    pub user: UserId,
    /// How the user is called.
    pub display_name: String,
    /// The session.
    pub session: SessionId,
    /// Tenant administrator, when the session was last looked at; only for showing links.
    pub administrator: bool,
    /// Token that forms of this session must carry.
    pub csrf: String,
    /// The request.
    pub peer: Peer,
}

/// Runs an attempt; when rights were changed in the meantime, once more on the new ones.
macro_rules! on_fresh_rights {
    ($app:expr, $tenant:expr, $attempt:expr) => {
        match $attempt.await {
            Err($crate::Error::Stale) => {
                $app.forget_rights($tenant);
                $attempt.await
            }
            done => done,
        }
    };
}
pub(crate) use on_fresh_rights;

/// An action on a screen that has been allowed.
pub(crate) struct Op<'a> {
    pub(crate) app: &'a App,
    pub(crate) caller: &'a Caller,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) service: Arc<Service>,
    pub(crate) entity: Arc<Entity>,
    pub(crate) screen: Screen,
    pub(crate) table: Arc<RecordTable>,
    pub(crate) keys: Arc<ServiceKeys>,
}

impl App {
    /// Decides. A refusal is entered in the log, under the rights it was decided on, before it is told.
    pub(crate) async fn op<'a>(
        &'a self,
        caller: &'a Caller,
        service: &str,
        entity: &str,
        kind: ScreenKind,
        action: Action,
    ) -> Result<Op<'a>, Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let known = snapshot.services.get(service).map(|contracted| contracted.service.clone());
        let found =
            known.as_ref().and_then(|service| Some((service.entity(entity)?, service.screen_for(entity, kind)?)));
        let Some((service, (entity, screen))) = known.as_ref().zip(found) else {
            // It may have been contracted since: only rights that still hold may say that there is nothing.
            self.check(caller).await?;
            return Err(Error::NotFound);
        };
        let decision = decide(&snapshot, caller.user, &service.name, &screen.name, action);
        if !decision.allowed {
            let target = Target {
                service: Some(service.name.clone()),
                screen: Some(screen.name.clone()),
                entity: Some(entity.name.clone()),
                ..Target::default()
            };
            let detail = Detail {
                gate: Some(decision.gate.code().to_owned()),
                note: Some(action.code().to_owned()),
                ..Detail::default()
            };
            let entry = self.entry_of(caller, Verb::AccessDenied, Outcome::Denied, target, detail)?;
            self.store.enter(head(caller, &snapshot), &[entry]).await?;
            let (service, screen) = (service.name.clone(), screen.name.clone());
            return Err(Error::Denied { gate: decision.gate, service, screen, action });
        }
        if action == Action::Extract {
            self.refuse_frozen(caller, head(caller, &snapshot), &snapshot).await?;
        }
        let prepared = self.prepared(service, entity);
        Ok(Op {
            app: self,
            caller,
            table: prepared.table,
            keys: self.keys.service(caller.tenant, service)?,
            entity: prepared.entity,
            screen: screen.clone(),
            service: service.clone(),
            snapshot,
        })
    }

    /// Lets only administrators of the tenant on; others are entered in the log. The head carries the rights decided on.
    pub(crate) async fn administrator(&self, caller: &Caller, page: &str) -> Result<(Head, Arc<Snapshot>), Error> {
        let snapshot = self.snapshot(caller.tenant).await?;
        let head = head(caller, &snapshot);
        // What these pages refuse by looking at the snapshot (no such member, matrix changed) must hold now.
        self.store.fly(Flight::read(head, Vec::new())).await?;
        if snapshot.members.get(&caller.user).is_some_and(|member| member.active && member.administrator) {
            return Ok((head, snapshot));
        }
        let detail = Detail { note: Some(page.to_owned()), ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AccessDenied, Outcome::Denied, Target::default(), detail)?;
        self.store.enter(head, &[entry]).await?;
        Err(Error::NotAdministrator)
    }

    /// Enters that an id of a page for administrators (`user …`, `role …`) was asked for in vain, and says so.
    pub(crate) async fn nothing_there(&self, caller: &Caller, head: Head, note: String) -> Error {
        let detail = Detail { note: Some(note), ..Detail::default() };
        let entered = match self.entry_of(caller, Verb::RecordNotFound, Outcome::Denied, Target::default(), detail) {
            Ok(entry) => self.store.enter(head, &[entry]).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        entered.err().unwrap_or(Error::NotFound)
    }

    /// An entry by a caller.
    pub(crate) fn entry_of(
        &self,
        caller: &Caller,
        verb: Verb,
        outcome: Outcome,
        target: Target,
        mut detail: Detail,
    ) -> Result<SealedEntry, Error> {
        describe_peer(&mut detail, &caller.peer);
        self.entry(caller.tenant, Actor::User(caller.user), verb, outcome, caller.peer.request, target, detail)
    }

    /// An entry, its detail sealed: under the service's key when it is about a service, so that cancelling the service
    /// shreds it, else under the tenant's log key.
    #[expect(clippy::too_many_arguments, reason = "these are the parts of an entry")]
    pub(crate) fn entry(
        &self,
        tenant: TenantId,
        actor: Actor,
        verb: Verb,
        outcome: Outcome,
        request: RequestId,
        target: Target,
        detail: Detail,
    ) -> Result<SealedEntry, Error> {
        let entry = Entry { id: self.new_id(), tenant, actor, verb, outcome, request, target, detail };
        self.sealed(entry, self.now(), None)
    }

    /// Seals an entry that was made at that instant.
    pub(crate) fn sealed(&self, entry: Entry, at: Timestamp, pruned_below: Option<u64>) -> Result<SealedEntry, Error> {
        let (tenant, at) = (entry.tenant, stored(at));
        let json = serde_json::to_vec(&entry.detail).map_err(|error| Error::Internal(error.to_string()))?;
        let salt = random_bytes::<SALT_BYTES>(&*self.random);
        let commitment = ledger::leaf::commitment(&salt, &json).0;
        let salted = [&salt[..], &json[..]].concat();
        let nonce = random_bytes::<12>(&*self.random);
        let seal = |keys: &DataKeys| keys.seal(&entry_place(&entry), nonce, &salted);
        let detail = match &entry.target.service {
            Some(service) => seal(&*self.keys.service_data(tenant, service)?),
            None => seal(&self.keys.tenant(tenant)?.log),
        };
        let leaf = Leaf { at: format!("{at:.6}"), pruned_below, ..leaf(&entry, &detail, &commitment) };
        let keys = self.keys.tenant(tenant)?;
        let key = keys.entry.first().ok_or_else(|| Error::Internal("the log key has no version".to_owned()))?;
        let mac = entry_mac(key, &leaf.encode());
        Ok(SealedEntry { entry, detail, commitment, mac, at, pruned_below })
    }
}

/// The leaf of an entry that is about to be written, but for what the entry doesn't know of itself.
fn leaf(entry: &Entry, detail: &[u8], commitment: &[u8; 32]) -> Leaf {
    let (actor, actor_user) = match entry.actor {
        Actor::User(user) => ("user", Some(user.to_string())),
        Actor::Operator => ("operator", None),
        Actor::System => ("system", None),
        Actor::Anyone => ("anyone", None),
    };
    Leaf {
        actor: actor.to_owned(),
        actor_user,
        at: String::new(),
        commitment: Some(Hash(*commitment).hex()),
        detail_sha256: Hash::of(detail).hex(),
        entity: entry.target.entity.clone(),
        entry: entry.id.to_string(),
        outcome: entry.outcome.code().to_owned(),
        pruned_below: None,
        record: entry.target.record.map(|id| id.to_string()),
        request: entry.request.to_string(),
        screen: entry.target.screen.clone(),
        service: entry.target.service.clone(),
        subject_user: entry.target.user.map(|id| id.to_string()),
        tenant: entry.tenant.to_string(),
        v: LEAF_VERSION,
        verb: entry.verb.code().to_owned(),
    }
}

/// What stands before a leaf in the keyed hash of its entry. The first kind had nothing there, and no instant in the leaf.
const ENTRY_MAC: &str = "entry 2\n";

/// Keyed hash of an entry until it has its place in the log, by its leaf. Without it, whoever can write to the database could
/// put entries among those that wait, or change them there, and the log would vouch for them.
fn entry_mac(key: &FieldIndex, leaf: &[u8]) -> [u8; 16] {
    key.exact(&(ENTRY_MAC.to_owned() + &String::from_utf8_lossy(leaf)))
}

/// Whether the keyed hash was made for the leaf by one of the keys. Entries that an older STRUCT wrote, before or beside this
/// one, have the first kind, which says nothing of their instant; nobody can make that of an entry that has the second.
pub(crate) fn is_genuine_entry(keys: &[FieldIndex], leaf: &[u8], mac: &[u8]) -> bool {
    let fits = |made: [u8; 16]| bool::from(made.ct_eq(mac));
    keys.iter().any(|key| fits(entry_mac(key, leaf)))
        || keys.iter().any(|key| fits(key.exact(&String::from_utf8_lossy(&without_instant(leaf)))))
}

/// Random bytes sealed before an entry's detail: with them its text can be proven, without them nobody can guess it.
pub(crate) const SALT_BYTES: usize = 32;

/// Salt, text, and what the text says.
pub(crate) type OpenedDetail<'a> = (Option<[u8; SALT_BYTES]>, &'a [u8], Detail);

/// What an entry's opened envelope holds: salt and text. Entries of before the log's commitments have no salt; their text
/// can't be taken for a salted one, since what follows its first bytes lacks the beginning and so reads as nothing.
pub(crate) fn detail_of(opened: &[u8]) -> Option<OpenedDetail<'_>> {
    if let Some((salt, text)) = opened.split_first_chunk::<SALT_BYTES>()
        && let Ok(detail) = serde_json::from_slice(text)
    {
        return Some((Some(*salt), text, detail));
    }
    serde_json::from_slice(opened).ok().map(|detail| (None, opened, detail))
}

/// Where an entry's detail opens, and nowhere else.
pub(crate) fn entry_place(entry: &Entry) -> Place<'_> {
    let service = entry.target.service.as_deref().unwrap_or("");
    Place { tenant: entry.tenant.bytes(), service, entity: "struct.entry", record: entry.id.bytes(), version: 1 }
}

/// What is checked again by the database: this session, these rights.
pub(crate) fn head(caller: &Caller, snapshot: &Snapshot) -> Head {
    Head { tenant: caller.tenant, check: Check::Session(caller.session, snapshot.epoch) }
}

/// Notes where a request came from.
pub(crate) fn describe_peer(detail: &mut Detail, peer: &Peer) {
    detail.address = peer.address.map(|address| address.to_string());
    let device: String = peer.device.chars().filter(|c| !c.is_control()).take(MAX_DEVICE_CHARS).collect();
    detail.device = Some(device).filter(|device| !device.is_empty());
}

impl Op<'_> {
    /// What the entry is about.
    pub(crate) fn target(&self, record: Option<RecordId>) -> Target {
        Target {
            service: Some(self.service.name.clone()),
            screen: Some(self.screen.name.clone()),
            entity: Some(self.entity.name.clone()),
            record,
            user: None,
        }
    }

    /// An entry of this op.
    pub(crate) fn entry(&self, verb: Verb, record: Option<RecordId>, detail: Detail) -> Result<SealedEntry, Error> {
        self.app.entry_of(self.caller, verb, Outcome::Done, self.target(record), detail)
    }

    /// An entry of something this op could not do.
    pub(crate) fn denial(&self, verb: Verb, record: Option<RecordId>, detail: Detail) -> Result<SealedEntry, Error> {
        self.app.entry_of(self.caller, verb, Outcome::Denied, self.target(record), detail)
    }

    /// The head of this op's flights.
    pub(crate) fn head(&self) -> Head {
        head(self.caller, &self.snapshot)
    }

    /// Reads in one round trip.
    pub(crate) async fn read(&self, statements: Vec<Statement>) -> Result<Rows, StoreError> {
        self.app.store.fly(Flight::read(self.head(), statements)).await
    }

    /// Writes in one round trip, with its entries.
    pub(crate) async fn write(&self, statements: Vec<Statement>, entries: &[SealedEntry]) -> Result<Rows, StoreError> {
        self.app.store.fly(Flight::write(self.head(), statements, entries)).await
    }

    /// Changes one record in one round trip, with its entry.
    pub(crate) async fn change(&self, statement: Statement, entry: SealedEntry) -> Result<Rows, StoreError> {
        self.app.store.fly(Flight::change(self.head(), statement, entry)).await
    }

    /// Enters that an id was asked for in vain (another tenant's, perhaps), and says so.
    pub(crate) async fn not_found(&self, record: RecordId) -> Error {
        self.nothing_there(Some(record), String::new()).await
    }

    /// As `not_found`, of something that is no record: the note says what.
    pub(crate) async fn nothing_there(&self, record: Option<RecordId>, note: String) -> Error {
        let detail = Detail { note: Some(note).filter(|note| !note.is_empty()), ..Detail::default() };
        let entered = match self.denial(Verb::RecordNotFound, record, detail) {
            Ok(entry) => self.app.store.enter(self.head(), &[entry]).await.map_err(Error::from),
            Err(error) => Err(error),
        };
        entered.err().unwrap_or(Error::NotFound)
    }
}
