//! Backups by an operator's order from the pages: begun here, gone on with while the page is long answered. What comes of one
//! stands in its row, as of every run.

use super::Backups;
use crate::session::operator::Operator;
use crate::{App, Error};
use domain::backup::Kind;
use std::sync::Arc;

/// What became of an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ordered {
    /// It runs.
    Started,
    /// Another runs; this one was not begun.
    UnderWay,
    /// Backups are switched off.
    Off,
}

impl App {
    /// Orders a backup. The order stands in the platform's log before it runs.
    pub async fn backup_order(self: Arc<Self>, operator: &Operator, kind: Kind) -> Result<Ordered, Error> {
        if matches!(self.settings.backups, Backups::Off(_)) {
            return Ok(Ordered::Off);
        }
        // Asked first, so that the answer tells it. Two orders at once still make one run: the run itself takes the lead.
        let Some(lead) = self.store.lead_run().await? else { return Ok(Ordered::UnderWay) };
        drop(lead);
        self.operator_did(operator, "backup.ordered").await?;
        tokio::spawn(async move {
            if let Err(error) = self.backup_now(kind, |_| {}).await {
                tracing::error!(%error, kind = kind.code(), "the backup an operator ordered was not made");
            }
        });
        Ok(Ordered::Started)
    }
}
