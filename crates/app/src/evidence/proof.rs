//! One measurement for anybody: as it was kept, with its raw data, and the certificate of its leaf in the platform's log.
//! Evidence holds nothing personal, so nobody is asked who they are.

use crate::audit::proof::{Certificate, LogName};
use crate::audit::vouched::evidence_leaf;
use crate::{App, Error, Refusal};
use serde::Serialize;
use std::sync::Arc;
use store::ledger::EvidenceRow;
use uuid::Uuid;

/// What a certificate carries beside the proof.
#[derive(Serialize)]
struct Extra<'a> {
    leaf: &'a str,
}

impl App {
    /// One measurement with its raw data, from memory where it was asked for before: it never changes.
    pub async fn evidence_shown(&self, id: Uuid) -> Result<Arc<(EvidenceRow, Option<String>)>, Error> {
        if let Some(kept) = self.shown.evidence.get(&id) {
            return Ok(kept);
        }
        let found = Arc::new(self.for_anybody(self.evidence(id)).await?);
        self.shown.evidence.put(id, Arc::clone(&found));
        Ok(found)
    }

    /// The certificate of a measurement. `Refusal::NotInLogYet` within the first seconds.
    pub async fn evidence_certificate(&self, id: Uuid) -> Result<Arc<Certificate>, Error> {
        if let Some(kept) = self.shown.certificates.get(&id) {
            return Ok(kept);
        }
        let shown = self.evidence_shown(id).await?;
        let made = Arc::new(self.for_anybody(self.evidence_certified(&shown.0)).await?);
        self.shown.certificates.put(id, Arc::clone(&made));
        Ok(made)
    }

    async fn evidence_certified(&self, row: &EvidenceRow) -> Result<Certificate, Error> {
        let soon = Error::Refused(Refusal::NotInLogYet);
        let Some(position) = self.store.evidence_position(row.id).await? else { return Err(soon) };
        let log = LogName::Platform;
        // One that a witness has seen too proves more than the newest.
        let note = match self.store.checkpoint_cosigned(log.id(), position).await? {
            Some(row) => row.note,
            None => self.log_checkpoint(log).await?.ok_or(soon)?,
        };
        let leaf = String::from_utf8(evidence_leaf(row)).map_err(|error| Error::Internal(error.to_string()))?;
        let extra = serde_json::to_vec(&Extra { leaf: &leaf }).map_err(|error| Error::Internal(error.to_string()))?;
        let proof = self.inclusion(log, position, &note, Some(extra)).await?;
        Ok(Certificate { file_name: format!("struct-evidence-{}.tlog-proof", row.id), text: proof.to_string() })
    }
}
