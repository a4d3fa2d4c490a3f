//! The watch: looks at days in which something happened that counts, within a minute of it, on any number of servers. The
//! same day looked at twice gives the same signs, and each is stored once, so servers need no agreement.

use crate::op::{detail_of, entry_place};
use crate::{App, Error};
use domain::audit::sign::{Act, ActKind, Day, HISTORY_DAYS, Past, day_of, device_shape, entry_instant, examine};
use domain::audit::{Outcome, Verb};
use domain::id::{RequestId, TenantId};
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use store::audit::StoredEntry;
use store::sign::{DueRow, PastQuery, PastRow};
use tokio::sync::watch;

/// How often days are looked at: well within a minute.
const LOOK_EVERY: Duration = Duration::from_secs(20);
/// Days looked at in one round.
const MAX_DUE: i32 = 500;
/// Hours of a day.
const HOURS: i64 = 24;

impl App {
    /// Watches until asked to stop. A round that fails is logged and tried again.
    pub async fn watch(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            if let Err(error) = self.look_for_signs().await {
                tracing::warn!(%error, "days can't be looked at for signs of fraud");
            }
            if let Err(error) = self.tell_signs().await {
                tracing::warn!(%error, "signs of fraud can't be told");
            }
            tokio::select! {
                () = self.sign_bell.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// Looks at every day that has acts the rules have not seen; how many signs that raised.
    pub async fn look_for_signs(&self) -> Result<usize, Error> {
        let mut raised = 0;
        for due in self.store.tally_due(MAX_DUE).await? {
            match self.look_at(due).await {
                Ok(found) => raised += found,
                // One day that can't be read (a key is gone) must not hide the others.
                Err(error) => tracing::error!(%error, "a day can't be looked at for signs of fraud"),
            }
        }
        Ok(raised)
    }

    async fn look_at(&self, due: DueRow) -> Result<usize, Error> {
        let row = self.store.past(due.tenant, PastQuery { user: due.user, day: due.day }).await?;
        let Some(today) = row.days.iter().find(|day| day.day == due.day).copied() else { return Ok(0) };
        let acts = row.acts.iter().filter_map(|stored| self.act(due.tenant, stored)).collect();
        let day = Day { day: due.day, reveals: u64::try_from(today.reveals).unwrap_or_default(), acts };
        let mut raised = 0;
        for sign in examine(&day, &self.days_before(due.tenant, due.day, &row)) {
            let request: RequestId = self.new_id();
            raised += usize::from(self.raise(due.tenant, due.user, &sign, request).await?);
        }
        self.store.tally_looked(due, today.revision).await?;
        Ok(raised)
    }

    fn act(&self, tenant: TenantId, stored: &StoredEntry) -> Option<Act> {
        let entry = &stored.read.entry;
        let kind = match (entry.verb, entry.outcome) {
            (Verb::SessionStarted, _) => ActKind::SignIn,
            (Verb::RecordRevealed, Outcome::Done) => ActKind::Reveal,
            (Verb::RecordsExtracted, Outcome::Done) => ActKind::Extraction,
            (Verb::AccessDenied | Verb::RecordNotFound | Verb::SessionRefused, _) => ActKind::Denial,
            _ => return None,
        };
        let device = (kind == ActKind::SignIn).then(|| self.device(tenant, stored)).flatten();
        let place = entry.target.service.clone().zip(entry.target.screen.clone());
        Some(Act { at: entry_instant(entry.id), kind, place, record: entry.target.record, device })
    }

    /// The shape of a sign-in's device; none when it said nothing of itself, or its key is gone.
    fn device(&self, tenant: TenantId, stored: &StoredEntry) -> Option<String> {
        let opened = self.keys.tenant(tenant).ok()?.log.open(&entry_place(&stored.read.entry), &stored.detail).ok()?;
        let (_, _, detail) = detail_of(&opened)?;
        Some(device_shape(&detail.device?)).filter(|shape| !shape.is_empty())
    }

    fn days_before(&self, tenant: TenantId, today: Date, row: &PastRow) -> Past {
        let mut past = Past::default();
        let days = row.days.iter().filter(|day| day.day != today);
        past.reveals = days.map(|day| u64::try_from(day.reveals).unwrap_or_default()).filter(|n| *n > 0).collect();
        let mut active = BTreeSet::new();
        for hour in row.hours.iter().copied().filter(|hour| (0..i64::from(HISTORY_DAYS) * HOURS).contains(hour)) {
            active.insert(hour / HOURS);
            past.hours[usize::try_from(hour % HOURS).unwrap_or_default()] += 1;
        }
        past.active_days = active.len();
        let mut sign_in_days = BTreeSet::new();
        for act in row.memories.iter().filter_map(|stored| self.act(tenant, stored)) {
            match act.kind {
                ActKind::SignIn => {
                    sign_in_days.insert(day_of(act.at));
                    past.devices.extend(act.device);
                }
                ActKind::Reveal | ActKind::Extraction => past.places.extend(act.place),
                ActKind::Denial => {}
            }
        }
        past.sign_in_days = sign_in_days.len();
        past
    }
}
