//! The certificate of this server while it runs: read again when its files change, ordered by ACME when that is due. What a
//! certificate must be is said by `host::tls`; what the scan makes of it by `app::transport`.

use crate::config::{Certificate, Config, host_of};
use crate::machine::SystemClock;
use crate::place::Layout;
use app::transport::{Authority, Scan};
use domain::time::Clock as _;
use host::tls::acme::{self, Acme};
use host::tls::{Refreshed, Source, Tls};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How often the files are looked at. Both are small.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often it is asked whether an order is due.
const ORDER_EVERY: Duration = Duration::from_secs(60);

/// What is served, and who may be asked for the next.
pub struct Served {
    /// The certificate.
    pub tls: Arc<Tls>,
    acme: Option<Acme>,
}

/// Refuses what can't work, before anything is touched.
pub fn require(config: &Config) -> anyhow::Result<()> {
    ordering(config).map(drop)
}

/// The certificate by the configuration.
pub fn open(config: &Config) -> anyhow::Result<Served> {
    let names = config.tls.all_names(&config.public_url)?;
    let source = match config.tls.certificate()? {
        Certificate::Own => Source::Own { names },
        Certificate::Files(chain, key) => Source::Files { chain: chain.clone(), key: key.clone() },
        Certificate::Acme(_) => Source::Acme { names },
    };
    let tls = Tls::open(&Layout::new(config).tls(), source, SystemClock.now())?;
    Ok(Served { tls: Arc::new(tls), acme: ordering(config)? })
}

fn ordering(config: &Config) -> anyhow::Result<Option<Acme>> {
    let Certificate::Acme(acme) = config.tls.certificate()? else { return Ok(None) };
    let names = config.tls.all_names(&config.public_url)?;
    Ok(Some(Acme::new(&Layout::new(config).tls(), acme.settings(names))?))
}

/// How this server tries its own listeners.
pub fn scan(config: &Config) -> anyhow::Result<Scan> {
    let authority = match config.tls.certificate()? {
        Certificate::Own => Authority::Own(Layout::new(config).tls().join("ca.pem")),
        Certificate::Files(..) | Certificate::Acme(_) => Authority::Known { besides: config.tls.ca_file.clone() },
    };
    Ok(Scan {
        server: host::residency::machine_name(),
        data_dir: config.data_dir.clone(),
        host: host_of(&config.public_url)?,
        authority,
    })
}

/// For `struct doctor`: what a scan of the running STRUCT finds wrong, in words.
pub async fn doctor(config: &Config) -> Result<String, String> {
    require(config).map_err(|error| format!("{error:#}"))?;
    let scan = scan(config).map_err(|error| format!("{error:#}"))?;
    let app = running(config)?;
    let measured = app.measure_listeners(&scan).await.map_err(|error| error.to_string())?;
    if measured.found.why.iter().any(|why| why.code == "listeners_none") {
        return Ok("no listener of a running STRUCT is seen from here".to_owned());
    }
    told(&measured, app.now())
}

/// For `struct doctor`: how connections of STRUCT are protected.
pub async fn doctor_connections(config: &Config) -> Result<String, String> {
    let app = running(config)?;
    let measured = app.measure_connections().await.map_err(|error| error.to_string())?;
    told(&measured, app.now())
}

fn running(config: &Config) -> Result<Arc<app::App>, String> {
    let app = crate::operator::addresses(config).and_then(|addresses| crate::operator::app(config, &addresses, false));
    app.map_err(|error| format!("{error:#}"))
}

fn told(measured: &domain::evidence::Measurement, now: jiff::Timestamp) -> Result<String, String> {
    let t = web::locale::texts(domain::locale::Locale::En);
    let words = |finding| web::page::claim::words::finding(finding, t, now);
    match measured.found.why.as_slice() {
        [] => Ok(words(&measured.found.figure)),
        why => Err(why.iter().map(words).collect::<Vec<_>>().join("\n")),
    }
}

impl Served {
    /// Keeps it fresh until asked to stop.
    pub fn keep(self, stopped: &watch::Receiver<bool>) -> Vec<JoinHandle<()>> {
        let mut tasks = vec![tokio::spawn(reread(Arc::clone(&self.tls), stopped.clone()))];
        tasks.extend(self.acme.map(|acme| tokio::spawn(order(acme, self.tls, stopped.clone()))));
        tasks
    }
}

/// Renews or reloads the certificate without dropping a connection: within seconds of a change, and at once on SIGHUP.
pub async fn reread(tls: Arc<Tls>, mut stopped: watch::Receiver<bool>) {
    let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
    let mut said = String::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            _ = hangup.recv() => said.clear(),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        match tls.refresh(SystemClock.now()) {
            Ok(Refreshed::Replaced) => tracing::info!(ends = ?tls.expires(), "the certificate was exchanged"),
            Ok(Refreshed::Unchanged) => said.clear(),
            // Told once, not every few seconds.
            Err(error) if error.to_string() != said => {
                said = error.to_string();
                tracing::error!(%error, "the certificate could not be read again; the old one stays");
            }
            Err(_) => {}
        }
    }
}

/// Orders certificates when they are due; after a failure ever more rarely.
async fn order(acme: Acme, tls: Arc<Tls>, mut stopped: watch::Receiver<bool>) {
    let pending = tls.pending();
    let (mut failures, mut pause) = (0, Duration::ZERO);
    loop {
        tokio::select! {
            _ = stopped.changed() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = ORDER_EVERY;
        if !tls.is_order_due(SystemClock.now()) {
            continue;
        }
        let ordered = tokio::select! {
            _ = stopped.changed() => return,
            ordered = acme.order(&pending) => ordered,
        };
        match ordered {
            Ok(()) => {
                failures = 0;
                match tls.refresh(SystemClock.now()) {
                    Ok(_) => tracing::info!(ends = ?tls.expires(), "a certificate was given and is served"),
                    Err(error) => tracing::error!(%error, "a certificate was given and can't be served"),
                }
            }
            Err(error) => {
                failures += 1;
                pause = acme::pause_after(failures);
                metrics::counter!("struct_certificate_orders_failed_total").increment(1);
                tracing::error!(%error, failures, again_in_s = pause.as_secs(), "no certificate was given");
            }
        }
    }
}
