//! Watching the sinks: looks every few seconds at what this machine's processes have open, and measures `residency.region` by
//! it. What is open for less than the pause between two looks may pass unseen; the method says so.

use crate::{App, Error};
use domain::evidence::{Finding, Measurement, Verdict};
use domain::residency::Register;
use host::residency::{Connection, Looked, MAX_ADDRESSES, addresses_of, look};
use jiff::Timestamp;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// How often the processes are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(10);
/// The first look after a start.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(2);
/// How often a measurement is kept although nothing changed. How long what was seen once counts, too.
const KEEP_EVERY_S: i64 = 3_600;
/// How often the register is made anew: streams come and go.
const REGISTER_EVERY_S: i64 = 60;
/// Distinct connections remembered of the last hour.
const MAX_REMEMBERED: usize = 1_000;
/// Connections to nobody declared that the raw data tells.
const MAX_TOLD: usize = 100;
/// How long a bucket's service may take to tell its region.
const TOLD_LIMIT: Duration = Duration::from_secs(20);

const PROMISE: &str = "residency.region";
const CHECK: &str = "sinks";
const METHOD: &str = "The register of sinks (configuration in force, streams of all tenants, file systems under the folders, name \
    servers) is held against the operator's declarations and the allowed regions. Every 10 seconds the open sockets of this \
    server's processes (/proc) are looked at: each connection that it opened to another machine must lead to an address of a \
    declared sink. This is sampling: what is open for less than 10 seconds may pass unseen between two looks, and so do \
    datagrams of unconnected sockets. What was seen once counts for an hour.";

/// What was seen so far.
#[derive(Default, Debug)]
pub struct Seen {
    /// The register, and when it was made.
    register: Option<(Timestamp, Register)>,
    /// Addresses of names.
    found: BTreeMap<String, BTreeSet<IpAddr>>,
    found_at: Option<Timestamp>,
    /// Connections to sinks, and when each was last seen.
    known: BTreeMap<Connection, Timestamp>,
    /// Connections to nobody declared, and when each was last seen.
    unknown: BTreeMap<Connection, Timestamp>,
    /// The region that the bucket's service tells.
    told: Option<String>,
    /// What was kept last, and when.
    kept: Option<(Timestamp, Verdict, Vec<Finding>)>,
}

impl Seen {
    /// Connections that belong to no sink, as of the last look.
    pub fn unknown(&self) -> impl Iterator<Item = &Connection> {
        self.unknown.keys()
    }

    fn forget_before(&mut self, then: Timestamp) {
        self.known.retain(|_, seen| *seen >= then);
        self.unknown.retain(|_, seen| *seen >= then);
    }

    fn knows(&self, connection: &Connection) -> bool {
        self.register.as_ref().is_some_and(|(_, register)| register.knows(connection.remote, &self.found))
    }

    fn is_old(&self, now: Timestamp) -> bool {
        self.register.as_ref().is_none_or(|(made, _)| now.duration_since(*made).as_secs() >= REGISTER_EVERY_S)
    }
}

impl App {
    /// Watches the sinks until asked to stop; keeps a measurement each hour, and at once when what it says changes.
    pub async fn watch_sinks(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let turn = |app: Arc<Self>| {
            let seen = Arc::clone(&seen);
            async move { app.watch_sinks_once(&mut *seen.lock().await).await.map(drop) }
        };
        Arc::clone(&self).measure_regularly("sinks", (FIRST_LOOK_AFTER, LOOK_EVERY), stop, turn).await;
    }

    /// One look; the measurement that it makes of all that was seen, kept when it is due.
    pub async fn watch_sinks_once(&self, seen: &mut Seen) -> Result<Measurement, Error> {
        let measured = self.measure_sinks(seen).await?;
        let now = measured.until;
        let due = seen.kept.as_ref().is_none_or(|(at, verdict, why)| {
            now.duration_since(*at).as_secs() >= KEEP_EVERY_S
                || *verdict != measured.verdict
                || *why != measured.found.why
        });
        if due {
            self.measured(&measured).await?;
            seen.kept = Some((now, measured.verdict, measured.found.why.clone()));
        }
        Ok(measured)
    }

    /// One look and what it says, together with what was seen before; keeps nothing.
    pub async fn measure_sinks(&self, seen: &mut Seen) -> Result<Measurement, Error> {
        let now = self.now();
        let data_dir = self.settings.residency.data_dir.clone();
        let looked = tokio::task::spawn_blocking(move || look(&data_dir)).await;
        let looked = looked.map_err(|error| Error::Internal(error.to_string()))?;
        let looked = looked.map_err(|error| Error::Internal(format!("/proc can't be read: {error}")))?;
        seen.forget_before(Timestamp::from_second(now.as_second() - KEEP_EVERY_S).unwrap_or(Timestamp::UNIX_EPOCH));
        if seen.is_old(now)
            && let Err(error) = self.renew_sinks(seen, now).await
        {
            // What is open now is remembered by the register of before, also while the database does not answer.
            if seen.register.is_none() {
                return Err(error);
            }
        }
        self.sort_connections(seen, &looked, now).await;
        let measured = self.sinks_measured(seen, &looked, now);
        metrics::gauge!("struct_sinks_unknown_connections").set(seen.unknown.len() as f64);
        Ok(measured)
    }

    /// Puts each connection with the known or the unknown. Before one is called unknown, the register and the addresses of
    /// all names are asked for anew: once a look, however many there are.
    async fn sort_connections(&self, seen: &mut Seen, looked: &Looked, now: Timestamp) {
        let mut renewed = false;
        for connection in &looked.connections {
            if !renewed && !seen.unknown.contains_key(connection) && !seen.knows(connection) {
                renewed = true;
                if let Err(error) = self.renew_sinks(seen, now).await {
                    tracing::warn!(%error, "the register of sinks can't be made anew");
                }
                self.find_sinks(seen, now).await;
            }
            let known = seen.knows(connection);
            let (list, other) =
                if known { (&mut seen.known, &mut seen.unknown) } else { (&mut seen.unknown, &mut seen.known) };
            other.remove(connection);
            if list.len() < MAX_REMEMBERED || list.contains_key(connection) {
                let first = list.insert(*connection, now).is_none();
                if first && !known {
                    tracing::error!(%connection, "a connection leads to no declared sink");
                }
            }
        }
    }

    async fn renew_sinks(&self, seen: &mut Seen, now: Timestamp) -> Result<(), Error> {
        if seen.found_at.is_none_or(|at| now.duration_since(at).as_secs() >= KEEP_EVERY_S) {
            seen.told = self.told_region().await;
        }
        let register = self.sink_register_told(seen.told.clone()).await?;
        seen.register = Some((now, register));
        if seen.found_at.is_none_or(|at| now.duration_since(at).as_secs() >= KEEP_EVERY_S) {
            self.find_sinks(seen, now).await;
        }
        Ok(())
    }

    /// Looks all names up. Addresses found before stay: a name of many addresses gives others each time.
    async fn find_sinks(&self, seen: &mut Seen, now: Timestamp) {
        let Some((_, register)) = &seen.register else { return };
        let names: Vec<String> = register.names().into_iter().map(str::to_owned).collect();
        let asked = names.iter().map(|name| addresses_of(name));
        let answers = futures_util::future::join_all(asked).await;
        seen.found.retain(|name, _| names.contains(name));
        for (name, addresses) in names.into_iter().zip(answers) {
            let known = seen.found.entry(name).or_default();
            if known.len() + addresses.len() > MAX_ADDRESSES {
                known.clear();
            }
            known.extend(addresses);
        }
        seen.found_at = Some(now);
    }

    /// What the bucket's service says of its region; nothing when it can't be asked.
    async fn told_region(&self) -> Option<String> {
        let bucket = self.settings.residency.bucket.as_ref()?;
        match tokio::time::timeout(TOLD_LIMIT, host::backup::region::of_bucket(bucket)).await {
            Ok(Ok(told)) => told,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the bucket's region can't be asked for");
                None
            }
            Err(_) => None,
        }
    }

    fn sinks_measured(&self, seen: &Seen, looked: &Looked, now: Timestamp) -> Measurement {
        let register =
            seen.register.as_ref().map(|(_, register)| register).expect("renewed before the first look is judged");
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let faults = register.findings();
        let wrong = count(faults.len() + seen.unknown.len());
        let figure = match (wrong, register.is_of_a_demo()) {
            (0, false) => Finding::new("sinks_all"),
            (0, true) => Finding::new("sinks_all_demo"),
            _ => Finding::new("sinks_faulty"),
        };
        let figure = figure
            .number("sinks", count(register.sinks.len()))
            .number("connections", count(seen.known.len() + seen.unknown.len()))
            .number("faults", wrong)
            .text("allowed", &register.allowed_names());
        let mut measured = Measurement::new(PROMISE, CHECK, figure, now, METHOD);
        measured.subject = Some(format!("{CHECK}@{}", self.settings.residency.server));
        measured.from = seen.known.values().chain(seen.unknown.values()).min().copied();
        // What is open now comes before what nobody has connected to yet: reasons are bounded.
        for connection in seen.unknown.keys() {
            measured.broken(
                Finding::new("connection_unknown")
                    .text("address", &connection.remote.to_string())
                    .text("protocol", connection.protocol.code()),
            );
        }
        faults.into_iter().for_each(|fault| measured.broken(fault));
        if looked.unreadable > 0 {
            measured.at_risk(Finding::new("processes_unreadable").number("processes", count(looked.unreadable)));
        }
        measured.raw = Some(raw(register, seen, looked));
        measured
    }
}

/// The register and what was seen, for anybody to read. Addresses of tenants' receivers are not told, nor who is connected to
/// them.
fn raw(register: &Register, seen: &Seen, looked: &Looked) -> String {
    let mut published = register.published();
    published["processes"] = json!(looked.processes);
    published["connections_to_sinks"] = json!(seen.known.len());
    let unknown: Vec<String> = seen.unknown.keys().take(MAX_TOLD).map(ToString::to_string).collect();
    published["connections_elsewhere"] = json!(unknown);
    published.to_string()
}
