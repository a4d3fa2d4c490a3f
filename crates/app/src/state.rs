//! The running STRUCT: its parts, and what it keeps in memory between requests. Every cache has a bound and is checked
//! by the database on use (`op_begin`), so none of them can grant what has been taken away.

use crate::Error;
use crate::keys::Keys;
use domain::access::Snapshot;
use domain::id::{RequestId, SessionId, TenantId, UserId};
use domain::service::{Entity, Service};
use domain::time::{Clock, Random, new_uuid};
use host::checkpoint::SeenCheckpoints;
use host::keyring::Keyring;
use host::mail::Mailer;
use jiff::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, RwLock};
use store::Store;
use store::record::RecordTable;
use tokio::sync::Semaphore;

/// Tenants whose rights are held in memory at most.
const MAX_SNAPSHOTS: usize = 1_000;
/// Sessions held in memory at most.
const MAX_SESSIONS: usize = 20_000;
/// Names of members held in memory at most.
const MAX_NAMES: usize = 20_000;
/// Entities whose statements are held in memory at most.
const MAX_TABLES: usize = 2_000;
/// Logs known to have published their keys, at most; the others are asked for.
const MAX_LOGS_KNOWN: usize = 10_000;
/// Password hashes computed at the same time; each takes 19 MiB and 16 ms of one core.
const MAX_HASHING: usize = 2;
/// Sign-ins that may wait for one of those; the next is told to come back.
pub(crate) const MAX_WAITING_FOR_HASH: usize = 64;

/// What an `App` is made of.
pub struct Parts {
    /// The database, as the application role.
    pub store: Store,
    /// The database, as the owner: operator's commands only.
    pub owner: Option<(store::Address, Store)>,
    /// The keys.
    pub keyring: Arc<Keyring>,
    /// Mail out.
    pub mailer: Mailer,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The randomness.
    pub random: Arc<dyn Random>,
    /// The rest.
    pub settings: Settings,
}

/// Settings of the running STRUCT.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How people reach it, without a slash at the end: `https://localhost:8443`. Mails link here, whatever Host says.
    pub public_url: String,
    /// Where the operator is told of signs of fraud, if anywhere.
    pub operator_address: Option<String>,
    /// Whether outgoing mail of the folder is shown on a page.
    pub demo: bool,
    /// Where checkpoints are remembered outside the database.
    pub checkpoints: SeenCheckpoints,
    /// What streams of logs may reach, and whom they trust.
    pub streams: host::stream::Dialer,
    /// Whether backups are made, and where to.
    pub backups: crate::backup::Backups,
    /// Where data goes by the configuration, and where it may.
    pub residency: crate::residency::Residency,
}

/// A map that forgets everything when it is full: refilling costs one round trip an entry, and needs no clock.
pub(crate) struct Cache<K, V> {
    map: RwLock<HashMap<K, V>>,
    bound: usize,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self { map: RwLock::new(HashMap::new()), bound }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        self.map.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(key).cloned()
    }

    pub(crate) fn put(&self, key: K, value: V) {
        let mut map = self.map.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if map.len() >= self.bound {
            map.clear();
        }
        map.insert(key, value);
    }

    pub(crate) fn forget(&self, key: &K) {
        self.map.write().unwrap_or_else(std::sync::PoisonError::into_inner).remove(key);
    }
}

/// An entity ready for use. Shared: copying its fields and labels for each request would be most of a request's work.
#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) table: Arc<RecordTable>,
    pub(crate) entity: Arc<Entity>,
}

/// The running STRUCT. Shared by all requests and jobs.
pub struct App {
    pub(crate) store: Store,
    pub(crate) owner: Option<(store::Address, Store)>,
    pub(crate) mailer: Mailer,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) settings: Settings,
    pub(crate) keys: Keys,
    pub(crate) sessions: Cache<[u8; 32], crate::session::Held>,
    pub(crate) names: Cache<(TenantId, UserId), String>,
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) hash_queue: Arc<Semaphore>,
    pub(crate) job_bell: tokio::sync::Notify,
    pub(crate) sign_bell: tokio::sync::Notify,
    /// Rung when an owner is to be told of a new device.
    pub(crate) device_bell: tokio::sync::Notify,
    /// Requests for mail about lost passwords that are worked on.
    pub(crate) recovering: Arc<Semaphore>,
    /// Logs whose keys are published, with the newest version.
    pub(crate) introduced: Cache<TenantId, u32>,
    /// Sessions whose reading of the log from outside stands in it, with the day.
    pub(crate) log_readers: Cache<SessionId, jiff::civil::Date>,
    /// Checks of whole logs that may run at the same time.
    pub(crate) walking: Semaphore,
    /// The evidence of all claims as it was read last.
    pub(crate) claims_remembered: arc_swap::ArcSwapOption<crate::claim::Remembered>,
    /// What is kept for visitors of the public pages.
    pub(crate) shown: crate::claim::shown::Shown,
    /// What is known of backups between two looks.
    pub(crate) backups: crate::backup::Watch,
    snapshots: Cache<TenantId, Arc<Snapshot>>,
    tables: Cache<(String, u32, String), Prepared>,
}

impl App {
    /// Puts the parts together. Touches nothing yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            keys: Keys::new(parts.keyring),
            store: parts.store,
            owner: parts.owner,
            mailer: parts.mailer,
            clock: parts.clock,
            random: parts.random,
            settings: parts.settings,
            sessions: Cache::new(MAX_SESSIONS),
            names: Cache::new(MAX_NAMES),
            hashing: Arc::new(Semaphore::new(MAX_HASHING)),
            hash_queue: Arc::new(Semaphore::new(MAX_WAITING_FOR_HASH)),
            job_bell: tokio::sync::Notify::new(),
            sign_bell: tokio::sync::Notify::new(),
            device_bell: tokio::sync::Notify::new(),
            recovering: Arc::new(Semaphore::new(crate::user::recovery::MAX_RECOVERING)),
            introduced: Cache::new(MAX_LOGS_KNOWN),
            log_readers: Cache::new(MAX_SESSIONS),
            walking: Semaphore::new(crate::audit::walk::MAX_WALKS_AT_ONCE),
            claims_remembered: arc_swap::ArcSwapOption::empty(),
            shown: crate::claim::shown::Shown::new(),
            backups: crate::backup::Watch::default(),
            snapshots: Cache::new(MAX_SNAPSHOTS),
            tables: Cache::new(MAX_TABLES),
        }
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An id for a request that has just come in.
    pub fn new_request_id(&self) -> RequestId {
        self.new_id()
    }

    /// Whether requests can be served: the database answers.
    pub async fn ready(&self) -> bool {
        self.store.answers().await
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The database, for metrics of its pool.
    pub fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn new_id<T: From<uuid::Uuid>>(&self) -> T {
        new_uuid(&*self.clock, &*self.random).into()
    }

    /// The tenant's rights, from memory or compiled anew.
    pub(crate) async fn snapshot(&self, tenant: TenantId) -> Result<Arc<Snapshot>, Error> {
        if let Some(snapshot) = self.snapshots.get(&tenant) {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(self.store.snapshot(tenant).await?.ok_or(Error::NotFound)?);
        self.snapshots.put(tenant, snapshot.clone());
        Ok(snapshot)
    }

    /// Makes the next question about the tenant compile its rights anew.
    pub(crate) fn forget_rights(&self, tenant: TenantId) {
        self.snapshots.forget(&tenant);
    }

    /// The statements of an entity.
    pub(crate) fn table(&self, service: &Service, entity: &Entity) -> Arc<RecordTable> {
        self.prepared(service, entity).table
    }

    /// What every request on an entity needs, built once a version.
    pub(crate) fn prepared(&self, service: &Service, entity: &Entity) -> Prepared {
        let key = (service.name.clone(), service.version, entity.name.clone());
        if let Some(prepared) = self.tables.get(&key) {
            return prepared;
        }
        let table = Arc::new(RecordTable::new(service, entity));
        let prepared = Prepared { table, entity: Arc::new(entity.clone()) };
        self.tables.put(key, prepared.clone());
        prepared
    }
}
