//! The receipt of an extraction: what exactly was handed out. Its entry commits before the last bytes leave, so a file that is
//! complete has its digest in the log, and `struct-verify` can hold the file against it years later.

use super::Format;
use crate::op::Caller;
use crate::{App, Error};
use aws_lc_rs::digest::{Context, SHA256};
use domain::audit::{Detail, Outcome, Target, Verb};
use ledger::hash::Hash;
use std::sync::Arc;
use store::{Check, Head};

/// Counts and digests what leaves.
pub(super) struct Delivery {
    app: Arc<App>,
    caller: Caller,
    target: Target,
    format: Format,
    digest: Context,
    bytes: u64,
    rows: u64,
}

impl Delivery {
    pub(super) fn new(app: Arc<App>, caller: Caller, target: Target, format: Format) -> Self {
        Self { app, caller, target, format, digest: Context::new(&SHA256), bytes: 0, rows: 0 }
    }

    /// Takes note of a row.
    pub(super) fn row(&mut self) {
        self.rows += 1;
    }

    /// Takes note of bytes that are about to leave.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Enters the receipt. The session may have ended while the file was on its way; what left still has to be told.
    pub(super) async fn complete(self) -> Result<(), Error> {
        let digest = self.digest.finish();
        let detail = Detail {
            rows: Some(self.rows),
            bytes: Some(self.bytes),
            sha256: Hash::from_slice(digest.as_ref()).map(|hash| hash.hex()),
            note: Some(self.format.code().to_owned()),
            ..Detail::default()
        };
        let entry = self.app.entry_of(&self.caller, Verb::RecordsDelivered, Outcome::Done, self.target, detail)?;
        let head = Head { tenant: self.caller.tenant, check: Check::Nothing };
        Ok(self.app.store.enter(head, &[entry]).await?)
    }
}
