//! Asking witnesses to cosign the logs' checkpoints, beside the sequencer and never in its way. What a witness says can
//! turn the claim red, never green; a log's size and root are what stands here, whatever an answer says.

use super::proof::{LogName, read_note};
use crate::{App, Error};
use domain::id::TenantId;
use futures_util::future::join_all;
use host::witness::{Remote, RemoteError, Replied};
use jiff::{SignedDuration, Timestamp};
use ledger::checkpoint::Checkpoint;
use ledger::note::Note;
use ledger::witness::AddCheckpoint;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;
use store::ledger::{Leader, WitnessRow, platform};
use tokio::sync::watch;
use tokio::time::Instant;

/// A witness is asked about a log at most this often: about its newest checkpoint then.
pub const WITNESS_EVERY: Duration = Duration::from_secs(10);
/// The longest pause after failures, each of which doubles it.
const MAX_PAUSE: Duration = Duration::from_secs(600);
/// How often it is looked whether a log has grown.
const ROUND_EVERY: Duration = Duration::from_secs(1);
/// How often another process looks whether the asker is gone, and this one whether it still is the asker.
const CANDIDATE_EVERY: Duration = Duration::from_secs(5);
/// Requests for one cosignature: one with the size believed, and those that its answers call for.
const MAX_TRIES: usize = 3;
/// A refusal counts as a fault of the log for so long after the witness last said it. Longer than any pause.
const REFUSAL_COUNTS: SignedDuration = SignedDuration::from_hours(2);
/// Characters of a refusal that are kept.
const MAX_REFUSAL_CHARS: usize = 400;

/// A witness to be asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whom.
    pub remote: Remote,
    /// Whether about every tenant's log too, and not only the platform's, which holds all their checkpoints.
    pub tenants: bool,
}

/// What came of asking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// There is no checkpoint yet.
    Nothing,
    /// It cosigned the newest checkpoint, of so many leaves.
    Cosigned(u64),
    /// It has seen another log than this one: why, in words.
    Refused(String),
}

/// Why a witness could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// It is the witness, or the way there.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// It named another size each time.
    #[error("the witness named another size {MAX_TRIES} times")]
    Unsteady,
    /// It is this side.
    #[error(transparent)]
    Own(#[from] Error),
}

/// Where the asking of one witness about one log stands.
struct Turn {
    /// The size that it is believed to have seen last.
    believed: u64,
    /// The size it was last asked about by this process.
    asked: Option<u64>,
    cosigned_at: Option<Timestamp>,
    refused: bool,
    failures: u32,
    due: Instant,
}

impl Turn {
    fn from(row: Option<&WitnessRow>) -> Self {
        let cosigned = row.and_then(|row| row.cosigned);
        Self {
            believed: cosigned.map_or(0, |(size, _)| size),
            asked: None,
            cosigned_at: cosigned.map(|(_, at)| at),
            refused: row.is_some_and(|row| row.refusal.is_some()),
            failures: 0,
            due: Instant::now(),
        }
    }

    /// When it may be asked again, after an answer or after a failure.
    fn wait(&mut self, failed: bool, at_least: Option<u64>) {
        self.failures = if failed { self.failures.saturating_add(1) } else { 0 };
        self.due = Instant::now() + pause_after(self.failures, at_least);
    }
}

/// How long a witness is left alone after so many failures; `at_least` are the seconds it asked for itself.
fn pause_after(failures: u32, at_least: Option<u64>) -> Duration {
    let doubled = WITNESS_EVERY.saturating_mul(2_u32.saturating_pow(failures));
    doubled.max(Duration::from_secs(at_least.unwrap_or_default())).min(MAX_PAUSE)
}

impl App {
    /// Asks the witnesses for as long as no other process does, until asked to stop.
    pub async fn ask_witnesses(self: Arc<Self>, witnesses: Vec<Asked>, mut stop: watch::Receiver<bool>) {
        while !witnesses.is_empty() && !*stop.borrow() {
            match self.store.lead_asking().await {
                Ok(Some(leader)) => {
                    tokio::select! {
                        _ = join_all(witnesses.iter().map(|asked| self.ask_always(asked))) => {}
                        () = until_lost(&leader, &mut stop) => {}
                    }
                }
                Ok(None) => pause(&mut stop).await,
                Err(error) => {
                    tracing::warn!(%error, "who asks the witnesses can't be found out");
                    pause(&mut stop).await;
                }
            }
        }
    }

    /// Asks one witness, for ever. One that is slow or gone makes only itself wait.
    async fn ask_always(&self, asked: &Asked) {
        let mut turns = HashMap::new();
        loop {
            if let Err(error) = self.ask_round(asked, &mut turns).await {
                tracing::warn!(%error, witness = asked.remote.name(), "the logs can't be read for the witness now");
            }
            self.measure(asked.remote.name(), &turns);
            tokio::time::sleep(ROUND_EVERY).await;
        }
    }

    async fn ask_round(&self, asked: &Asked, turns: &mut HashMap<TenantId, Turn>) -> Result<(), Error> {
        let logs = match asked.tenants {
            true => self.store.logs().await?,
            false => self.store.log(platform()).await?.into_iter().collect(),
        };
        turns.retain(|id, _| logs.iter().any(|row| row.log == *id));
        for row in logs.iter().filter(|row| row.size > 0) {
            let turn = match turns.entry(row.log) {
                Entry::Occupied(turn) => turn.into_mut(),
                Entry::Vacant(place) => {
                    let states = self.store.witnesses(row.log).await?;
                    place.insert(Turn::from(states.iter().find(|state| state.witness == asked.remote.name())))
                }
            };
            // A log that stands still is asked about once by each process, so that one put back is found out soon.
            if Instant::now() < turn.due || (turn.asked == Some(row.size) && !turn.refused && turn.failures == 0) {
                continue;
            }
            let log = LogName::of(row.log);
            let outcome = self.ask_witness(&asked.remote, log, turn.believed).await;
            let unreachable = matches!(outcome, Err(AskError::Remote(RemoteError::Https(_))));
            self.note_outcome(asked.remote.name(), (row.log, &row.origin), turn, outcome).await?;
            if unreachable {
                // The other logs would only wait for the same.
                let due = turn.due;
                turns.values_mut().for_each(|turn| turn.due = turn.due.max(due));
                break;
            }
        }
        Ok(())
    }

    /// Keeps what came of asking, and says so.
    async fn note_outcome(
        &self,
        witness: &str,
        (log, origin): (TenantId, &str),
        turn: &mut Turn,
        outcome: Result<Outcome, AskError>,
    ) -> Result<(), Error> {
        let count = |outcome: &'static str| {
            metrics::counter!("struct_witness_requests_total", "witness" => witness.to_owned(), "outcome" => outcome)
                .increment(1);
        };
        match outcome {
            Ok(Outcome::Nothing) => turn.wait(false, None),
            Ok(Outcome::Cosigned(size)) => {
                count("cosigned");
                (turn.believed, turn.asked, turn.refused) = (size, Some(size), false);
                turn.cosigned_at = Some(self.now());
                turn.wait(false, None);
            }
            Ok(Outcome::Refused(why)) => {
                count("refused");
                tracing::error!(witness, origin, why, "a witness has seen another log than this one");
                turn.wait(true, None);
                if !std::mem::replace(&mut turn.refused, true) {
                    self.keep_broken(origin, self.now(), &[told(witness, &why)]).await?;
                }
                self.store.witness_refused(log, witness, &why, self.now()).await?;
            }
            Err(error) => {
                count("failed");
                tracing::warn!(%error, witness, origin, "a witness did not cosign");
                let at_least = match &error {
                    AskError::Remote(RemoteError::Refused { retry_after, .. }) => *retry_after,
                    _ => None,
                };
                turn.wait(true, at_least);
            }
        }
        Ok(())
    }

    /// Has a witness cosign a log's newest checkpoint, and keeps its line. `believed` is the size it is thought to have seen
    /// last; when it says another, the proof begins there, unless this log has never been so large.
    pub async fn ask_witness(&self, remote: &Remote, log: LogName, believed: u64) -> Result<Outcome, AskError> {
        let Some((mut checkpoint, mut note)) = self.newest(log).await? else { return Ok(Outcome::Nothing) };
        let mut old = believed.min(checkpoint.size);
        for _ in 0..MAX_TRIES {
            if old > checkpoint.size {
                // Another server may have had a later one cosigned since.
                let Some(newest) = self.newest(log).await? else { return Ok(Outcome::Nothing) };
                (checkpoint, note) = newest;
                if old > checkpoint.size {
                    let why = format!("it has seen {old} leaves, the log has {}", checkpoint.size);
                    return Ok(Outcome::Refused(why));
                }
            }
            let proof = self.consistency(log, old, checkpoint.size).await?;
            let request = AddCheckpoint { old, proof, checkpoint: note.clone() };
            let size = checkpoint.size;
            match remote.add_checkpoint(&request).await? {
                Replied::Cosigned { line, .. } => {
                    let kept = self.store.cosigned(log.id(), size, remote.name(), &line, self.now()).await;
                    kept.map_err(Error::from)?;
                    return Ok(Outcome::Cosigned(size));
                }
                Replied::Seen(seen) => old = seen,
                Replied::OtherRoot => {
                    return Ok(Outcome::Refused(format!("it has seen another root of the same {size} leaves")));
                }
                Replied::Inconsistent => {
                    let why = format!("the {size} leaves of the log do not begin with the {old} it has seen");
                    return Ok(Outcome::Refused(why));
                }
            }
        }
        Err(AskError::Unsteady)
    }

    async fn newest(&self, log: LogName) -> Result<Option<(Checkpoint, Note)>, Error> {
        let row = self.store.checkpoint_newest(log.id()).await?;
        row.map(|row| read_note(&row.note)).transpose()
    }

    /// Where all witnesses stand with a log.
    pub async fn log_witnesses(&self, log: LogName) -> Result<Vec<WitnessRow>, Error> {
        Ok(self.store.witnesses(log.id()).await?)
    }

    /// What witnesses have lately said against a log, in words.
    pub(super) async fn witness_faults(&self, log: TenantId) -> Result<Vec<String>, Error> {
        let now = self.now();
        let rows = self.store.witnesses(log).await?.into_iter();
        let fresh = rows.filter(|row| now.duration_since(row.asked_at) < REFUSAL_COUNTS);
        Ok(fresh.filter_map(|row| row.refusal.map(|why| told(&row.witness, &why))).collect())
    }

    fn measure(&self, witness: &str, turns: &HashMap<TenantId, Turn>) {
        let refusing = turns.values().filter(|turn| turn.refused).count();
        metrics::gauge!("struct_witness_refusing_logs", "witness" => witness.to_owned()).set(refusing as f64);
        if let Some(at) = turns.get(&platform()).and_then(|turn| turn.cosigned_at) {
            let age = self.now().duration_since(at).as_secs_f64();
            metrics::gauge!("struct_witness_cosignature_age_seconds", "witness" => witness.to_owned()).set(age);
        }
    }
}

fn told(witness: &str, why: &str) -> String {
    format!("the witness {witness} does not cosign: {why}").chars().take(MAX_REFUSAL_CHARS).collect()
}

/// Returns when this process is not to ask any longer.
async fn until_lost(leader: &Leader, stop: &mut watch::Receiver<bool>) {
    while !*stop.borrow() && leader.holds().await {
        pause(stop).await;
    }
}

async fn pause(stop: &mut watch::Receiver<bool>) {
    tokio::select! {
        () = tokio::time::sleep(CANDIDATE_EVERY) => {}
        _ = stop.changed() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_PAUSE, REFUSAL_COUNTS, WITNESS_EVERY, pause_after};

    #[test]
    fn each_failure_doubles_the_pause_up_to_a_bound_that_a_refusal_outlives() {
        assert_eq!(pause_after(0, None), WITNESS_EVERY);
        assert_eq!(pause_after(2, None), WITNESS_EVERY * 4);
        assert_eq!(pause_after(1, Some(120)).as_secs(), 120, "the witness asked for more");
        assert_eq!(pause_after(u32::MAX, Some(u64::MAX)), MAX_PAUSE);
        assert!(REFUSAL_COUNTS > MAX_PAUSE.try_into().expect("ten minutes"));
    }
}
