//! Transport: tries the server's own listeners and looks at its connections, and measures `sealing.transport` and
//! `vulnerability.encrypted_connections` by that. Opens no listener, changes no certificate, and closes nothing.

mod connections;
mod listeners;

use crate::{App, Error};
use domain::evidence::{Finding, Measurement, Verdict};
use host::transport::{Trust, Visitor, scan};
use jiff::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};

/// How often listeners are tried and connections looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(60);
/// The first time after a start.
const FIRST_LOOK_AFTER: Duration = Duration::from_secs(20);
/// How often a measurement is kept although nothing changed.
const KEEP_EVERY_S: i64 = 3_600;

/// How this server's listeners are tried.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Which of several servers this is.
    pub server: String,
    /// By this folder processes are known as STRUCT's.
    pub data_dir: PathBuf,
    /// The host in the address that people type.
    pub host: String,
    /// Whom people trust.
    pub authority: Authority,
}

/// Whose certificates people trust.
#[derive(Clone, Debug)]
pub enum Authority {
    /// STRUCT's own alone: its certificate (PEM).
    Own(PathBuf),
    /// Those of this machine, and others in a file (PEM).
    Known {
        /// The file.
        besides: Option<PathBuf>,
    },
}

/// What was kept of a check last, and when.
#[derive(Clone, Debug, Default)]
pub struct Kept(Option<(Timestamp, Verdict, Vec<Finding>)>);

impl Kept {
    fn is_due(&self, measured: &Measurement) -> bool {
        self.0.as_ref().is_none_or(|(at, verdict, why)| {
            measured.until.duration_since(*at).as_secs() >= KEEP_EVERY_S
                || *verdict != measured.verdict
                || !alike(why, &measured.found.why)
        })
    }
}

/// Whether the same things are wrong. How long a certificate still lasts changes with each look, and is no news.
fn alike(one: &[Finding], other: &[Finding]) -> bool {
    let of = |finding: &Finding| (finding.code.clone(), finding.get_text("address").map(str::to_owned));
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| of(one) == of(other))
}

impl App {
    /// Tries this server's listeners each minute until asked to stop; keeps a measurement each hour, and at once when what it
    /// says changes.
    pub async fn watch_listeners(self: Arc<Self>, scan: Scan, stop: watch::Receiver<bool>) {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let turn = move |app: Arc<Self>| {
            let (kept, scan) = (Arc::clone(&kept), scan.clone());
            async move { app.watch_listeners_once(&scan, &mut *kept.lock().await).await.map(drop) }
        };
        Arc::clone(&self).measure_regularly("listeners", (FIRST_LOOK_AFTER, LOOK_EVERY), stop, turn).await;
    }

    /// One scan, kept when it is due.
    pub async fn watch_listeners_once(&self, scan: &Scan, kept: &mut Kept) -> Result<Measurement, Error> {
        let measured = self.measure_listeners(scan).await?;
        self.keep_when_due(measured, kept).await
    }

    /// One scan and what it says; keeps nothing.
    pub async fn measure_listeners(&self, by: &Scan) -> Result<Measurement, Error> {
        let now = self.now();
        // Read anew each time: the authority may have been exchanged.
        let trust = match &by.authority {
            Authority::Own(file) => Trust::new(false, Some(file)),
            Authority::Known { besides } => Trust::new(true, besides.as_deref()),
        };
        let trust = trust.map_err(|error| Error::Internal(error.to_string()))?;
        let visitor = Visitor { host: by.host.clone(), trust, now };
        let scanned = scan(&by.data_dir, &visitor).await;
        let scanned = scanned.map_err(|error| Error::Internal(format!("/proc can't be read: {error}")))?;
        let measured = listeners::measured(&scanned, &by.host, &by.server, now);
        metrics::gauge!("struct_listeners").set(scanned.listeners.len() as f64);
        if let Some(left_s) = measured.found.figure.get_number("left_s") {
            metrics::gauge!("struct_certificate_left_seconds").set(left_s as f64);
        }
        Ok(measured)
    }

    /// Looks at this server's connections each minute until asked to stop; keeps a measurement each hour, and at once when
    /// what it says changes.
    pub async fn watch_connections(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let kept = Arc::new(Mutex::new(Kept::default()));
        let turn = move |app: Arc<Self>| {
            let kept = Arc::clone(&kept);
            async move { app.watch_connections_once(&mut *kept.lock().await).await.map(drop) }
        };
        Arc::clone(&self).measure_regularly("connections", (FIRST_LOOK_AFTER, LOOK_EVERY), stop, turn).await;
    }

    /// One look, kept when it is due.
    pub async fn watch_connections_once(&self, kept: &mut Kept) -> Result<Measurement, Error> {
        let measured = self.measure_connections().await?;
        self.keep_when_due(measured, kept).await
    }

    async fn keep_when_due(&self, measured: Measurement, kept: &mut Kept) -> Result<Measurement, Error> {
        if kept.is_due(&measured) {
            self.measured(&measured).await?;
            kept.0 = Some((measured.until, measured.verdict, measured.found.why.clone()));
        }
        Ok(measured)
    }
}
