//! The heartbeat: an instant committed each second, so that a restored cluster tells how far it reaches, and the log says what was
//! committed in which of its segments. Looks at no repository.

use crate::App;
use std::time::Duration;
use tokio::time::MissedTickBehavior;

/// How often.
const EVERY: Duration = Duration::from_secs(1);

impl App {
    /// Beats until dropped. A beat that fails is left out: what is missing is what a restore would show missing.
    pub(super) async fn beat_each_second(&self) {
        let mut clock = tokio::time::interval(EVERY);
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            // Read before the answer: what was committed until then is in the segment answered, or before it.
            let before = self.now();
            match self.store.heartbeat(self.now()).await {
                Ok(segment) => self.backups.known().commits.note(&segment, before),
                Err(error) => tracing::debug!(%error, "the heart did not beat"),
            }
        }
    }
}
