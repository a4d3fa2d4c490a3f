//! Evidence: keeps measurements, each with its leaf of the platform's log, and hands them out. Measures nothing itself;
//! what a measurement means for a promise is `claim`'s.

mod proof;

use crate::audit::vouched::{evidence_leaf, stored};
use crate::{App, Error};
use domain::evidence::{MAX_RAW_BYTES, Measurement};
use ledger::hash::Hash;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
pub use store::ledger::EvidenceRow;
use tokio::sync::watch;
use uuid::Uuid;

/// STRUCT's own name and version, as the tool that measured.
pub const OWN_TOOL: &str = concat!("struct ", env!("CARGO_PKG_VERSION"));

impl App {
    /// Keeps a measurement: a row, and a leaf of the platform's log.
    pub async fn measured(&self, measured: &Measurement) -> Result<(), Error> {
        let raw = measured.raw.as_deref().filter(|raw| raw.len() <= MAX_RAW_BYTES);
        let mut row = EvidenceRow {
            id: Uuid::nil(),
            promise: measured.promise.to_owned(),
            subject: measured.subject.clone(),
            from: measured.from.map(stored),
            until: stored(measured.until),
            figure: measured.found.to_text(),
            verdict: measured.verdict,
            method: measured.method.to_owned(),
            tool: measured.tool.clone().unwrap_or_else(|| OWN_TOOL.to_owned()),
            raw_sha256: raw.map(|raw| Hash::of(raw.as_bytes()).hex()),
        };
        let leaf = evidence_leaf(&row);
        row.id = self.platform_id(&leaf)?;
        Ok(self.store.evidence_add(&row, raw, leaf).await?)
    }

    /// One measurement with its raw data, as STRUCT kept it. Rows and raw data that anybody else wrote are not found.
    pub async fn evidence(&self, id: Uuid) -> Result<(EvidenceRow, Option<String>), Error> {
        let (row, raw) = self.store.evidence_one(id).await?.ok_or(Error::NotFound)?;
        let row = self.vouched(vec![row])?.pop().ok_or(Error::NotFound)?;
        Ok((row, raw))
    }

    /// Runs a measurement by the clock until asked to stop: first after `first`, then each `every`. What fails is told in
    /// the process log and tried again at the next turn; the claim fades by itself meanwhile.
    pub(crate) async fn measure_regularly<F, Turn>(
        self: Arc<Self>,
        name: &'static str,
        (first, every): (Duration, Duration),
        mut stop: watch::Receiver<bool>,
        turn: F,
    ) where
        F: Fn(Arc<Self>) -> Turn,
        Turn: Future<Output = Result<(), Error>>,
    {
        let mut wait = first;
        loop {
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                _ = stop.changed() => return,
            }
            wait = every;
            if let Err(error) = turn(Arc::clone(&self)).await {
                tracing::warn!(%error, name, "a measurement could not be made");
            }
        }
    }
}
