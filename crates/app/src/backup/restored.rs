//! After a disaster: a database brought back from a backup may end before what was published of its logs. Whoever holds a later checkpoint
//! would see a log that forked, so each log says that it lost its end, before anything else is put into it. Restores nothing itself.

use crate::audit::proof::read_note;
use crate::{App, Error};
use domain::audit::{Actor, Detail, Outcome, Target, Verb};
use domain::evidence::Finding;
use domain::id::TenantId;
use jiff::Timestamp;
use ledger::leaf::PlatformLeaf;
use serde::{Deserialize, Serialize};
use store::ledger::platform;
use store::{Check, Head};

/// How long a loss that was told stands as a reason beside the claim; the logs tell of it for ever.
const SHOWN_DAYS: i64 = 30;

/// What `struct backup restore` notes for the next start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Restoration {
    /// When it was done.
    pub at: Timestamp,
    /// The backup it came from.
    pub backup: String,
    /// The moment that was asked for, in words: an instant, `latest` or a backup's name.
    pub to: String,
}

/// A log that lost its end.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogLoss {
    /// The first line of its checkpoints.
    pub log: String,
    /// Leaves under the largest checkpoint that was published, as far as this machine knows.
    pub published: u64,
    /// Leaves it has now, besides those that wait.
    pub restored: u64,
    /// The backup.
    pub backup: String,
}

impl LogLoss {
    fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a loss is plain values")
    }
}

/// The reasons that stand beside the claim, from what the platform's log tells.
pub(crate) fn recent(told: &[(String, String)], now: Timestamp) -> Vec<Finding> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let recent = told.iter().filter_map(|(at, note)| {
        let at: Timestamp = at.parse().ok()?;
        let loss: LogLoss = serde_json::from_str(note).ok()?;
        let fresh = now.duration_since(at).as_hours() < SHOWN_DAYS * 24;
        let finding = Finding::new("log_restored").text("log", &loss.log).number("restored_at", at.as_second());
        fresh.then(|| finding.number("published", number(loss.published)).number("restored", number(loss.restored)))
    });
    recent.collect()
}

impl App {
    /// Does what is left to do after a restore, if there was one: every log says what it lost. To be done before anything is appended.
    /// Killed half-way, it is done again.
    pub async fn tell_of_restore(&self) -> Result<Vec<LogLoss>, Error> {
        let seen = &self.settings.checkpoints;
        let failed = |error: std::io::Error| Error::Internal(format!("the remembered checkpoints: {error}"));
        let Some(noted) = seen.restored().map_err(failed)? else { return Ok(Vec::new()) };
        let restoration: Restoration =
            serde_json::from_str(&noted).map_err(|error| Error::Internal(format!("the note of a restore: {error}")))?;
        let mut losses = Vec::new();
        for name in seen.logs().map_err(failed)? {
            let Some(loss) = self.loss_of(&name, &restoration).await? else { continue };
            if let Ok(log) = name.parse::<uuid::Uuid>() {
                self.tell_loss(log.into(), &loss, &restoration).await?;
            }
            seen.set_aside(&name, loss.published).map_err(failed)?;
            tracing::error!(log = loss.log, published = loss.published, restored = loss.restored, "a log lost its end");
            losses.push(loss);
        }
        seen.forget_restored().map_err(failed)?;
        Ok(losses)
    }

    /// What a log lost; none when all that this machine remembers is there.
    async fn loss_of(&self, name: &str, restoration: &Restoration) -> Result<Option<LogLoss>, Error> {
        let note = self.settings.checkpoints.newest(name).map_err(|error| Error::Internal(error.to_string()))?;
        let Some(Ok((remembered, _))) = note.map(|note| read_note(&note)) else { return Ok(None) };
        let Ok(id) = name.parse::<uuid::Uuid>() else { return Ok(None) };
        let restored = self.store.log(id.into()).await?.map_or(0, |row| row.size);
        Ok((remembered.size > restored).then(|| LogLoss {
            log: remembered.origin,
            published: remembered.size,
            restored,
            backup: restoration.backup.clone(),
        }))
    }

    /// Tells of a loss: in the log itself, for its tenant and whoever verifies it; and in the platform's, for everybody.
    async fn tell_loss(&self, log: TenantId, loss: &LogLoss, restoration: &Restoration) -> Result<(), Error> {
        let there = self.store.log(log).await?.is_some();
        if log != platform() && there {
            let note = format!(
                "restored to {} from {}: {} leaves were published, {} are there",
                restoration.to, loss.backup, loss.published, loss.restored
            );
            let detail = Detail { note: Some(note), ..Detail::default() };
            let (request, target) = (self.new_request_id(), Target::default());
            let entry =
                self.entry(log, Actor::Operator, Verb::AuditRestored, Outcome::Done, request, target, detail)?;
            self.store.enter(Head { tenant: log, check: Check::Nothing }, &[entry]).await?;
        }
        let leaf = PlatformLeaf::Operator {
            at: self.leaf_instant(),
            note: Some(loss.to_text()),
            verb: Verb::AuditRestored.code().to_owned(),
        };
        let leaf = leaf.encode();
        Ok(self.store.platform_tell(self.platform_id(&leaf)?, leaf).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_stands_beside_the_claim_for_thirty_days_and_nothing_else_does() {
        let at = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let loss =
            LogLoss { log: "a/log/b".to_owned(), published: 900, restored: 870, backup: "20261123-023434F".to_owned() };
        let told = [
            ("2026-11-23T02:00:00.000000Z".to_owned(), loss.to_text()),
            ("2026-11-23T02:00:00.000000Z".to_owned(), "something else".to_owned()),
        ];
        let found = recent(&told, at("2026-12-22T00:00:00Z"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].get_number("published"), found[0].get_number("restored")), (Some(900), Some(870)));
        assert_eq!(recent(&told, at("2026-12-24T00:00:00Z")), []);
    }
}
