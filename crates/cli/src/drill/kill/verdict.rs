//! The verdict of the drill: what was promised against what is there. Looks at the database with its own eyes, not
//! through the code that wrote it.

use super::Kills;
use super::traffic::{Handed, Seen};
use crate::log::say;
use crate::trial::product::{ENTITY, Member, SERVICE};
use std::process::ExitCode;
use store::Address;
use store::drill::{Inspector, Tally};
use store::record::RecordTable;

/// Unexpected answers shown.
const SHOWN: usize = 5;

/// What came of it.
pub struct Verdict {
    kills: Kills,
    tally: Tally,
    acknowledged: usize,
    unavailable: u64,
    unanswered: u64,
    files: usize,
    files_done: usize,
    file_rows: i64,
    violations: Vec<String>,
}

/// Looks at everything.
pub async fn reach(
    app: &Address,
    table: &RecordTable,
    member: &Member,
    kills: Kills,
    seen: Seen,
) -> anyhow::Result<Verdict> {
    let inspector = Inspector::connect(app, member.tenant).await?;
    let mut verdict = Verdict {
        kills,
        tally: inspector.tally(table, SERVICE, ENTITY).await?,
        acknowledged: seen.created.len(),
        unavailable: seen.unavailable,
        unanswered: seen.unanswered,
        files: seen.handed.len(),
        files_done: 0,
        file_rows: 0,
        violations: Vec::new(),
    };
    verdict.together();
    for id in inspector.missing(table, &seen.created).await? {
        verdict.violations.push(format!("the record {id} was acknowledged and is not there with its entry"));
    }
    for handed in &seen.handed {
        verdict.file(&inspector, table, handed).await?;
    }
    if !seen.unexpected.is_empty() {
        verdict.violations.push(format!("{} answers that a crash does not explain", seen.unexpected.len()));
    }
    verdict.violations.extend(seen.unexpected.iter().take(SHOWN).map(|answer| format!("one of them: {answer}")));
    Ok(verdict)
}

impl Verdict {
    /// Records and entries belong together, one to one.
    fn together(&mut self) {
        let Tally { without_entry, without_record, entered_twice, unfinished_jobs, records, entries } = self.tally;
        let faults = [
            (without_entry, "records without their entry"),
            (without_record, "entries without their record"),
            (entered_twice, "records entered more than once"),
            (unfinished_jobs, "jobs given up or never ended"),
        ];
        let found = faults.into_iter().filter(|(count, _)| *count != 0);
        self.violations.extend(found.map(|(count, what)| format!("{count} {what}")));
        if records != entries {
            self.violations.push(format!("{records} records and {entries} entries"));
        }
    }

    /// Each row of a file was taken once, or the whole file never came in.
    async fn file(&mut self, inspector: &Inspector, table: &RecordTable, handed: &Handed) -> anyhow::Result<()> {
        let Handed { code, rows, job, told } = handed;
        let rows = i64::try_from(*rows)?;
        let Some(job) = job else {
            let records = inspector.beginning(table, "number", code).await?;
            self.file_rows += records;
            // Its upload was not acknowledged: it may have come in whole all the same.
            if records != 0 && records != rows {
                self.violations.push(format!("{records} of {rows} rows of the file {code} are there"));
            }
            return Ok(());
        };
        let Some(tally) = inspector.job(table, *job, "number", code).await? else {
            self.violations.push(format!("the file {code} was acknowledged and its job is not there"));
            return Ok(());
        };
        self.file_rows += tally.records;
        self.files_done += usize::from(tally.state == "done");
        if (tally.taken, tally.refused, tally.records) != (rows, 0, rows) || tally.state != "done" {
            self.violations.push(format!(
                "of the {rows} rows of the file {code}, {} were taken and {} refused, {} are there, and its job is {}",
                tally.taken, tally.refused, tally.records, tally.state
            ));
        }
        if tally.taken < *told {
            self.violations.push(format!("the file {code} told of {told} rows and has {}", tally.taken));
        }
        Ok(())
    }

    /// Prints it. Success only without a violation.
    pub fn finish(&self, json: bool) -> ExitCode {
        let (kills, tally) = (self.kills, self.tally);
        say(&format!(
            "killed {} times: the serving process {}, PostgreSQL {}, both {}; {} of them met a start, {} starts failed and were tried again",
            kills.all(),
            kills.serving,
            kills.postgres,
            kills.both,
            kills.while_starting,
            kills.failed_starts
        ));
        say(&format!(
            "acknowledged records {}, answered 503 {}, unanswered {}",
            self.acknowledged, self.unavailable, self.unanswered
        ));
        say(&format!("files handed in {}, done {}, rows of files {}", self.files, self.files_done, self.file_rows));
        say(&format!("records {}, entries {}", tally.records, tally.entries));
        for violation in &self.violations {
            say(&format!("VIOLATION: {violation}"));
        }
        say(&format!("{} violations", self.violations.len()));
        if json {
            say(&self.document().to_string());
        }
        if self.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn document(&self) -> serde_json::Value {
        let (kills, tally) = (self.kills, self.tally);
        serde_json::json!({
            "drill": "kill",
            "figures": {
                "kills": kills.all(),
                "kills_serving": kills.serving,
                "kills_postgres": kills.postgres,
                "kills_both": kills.both,
                "kills_while_starting": kills.while_starting,
                "failed_starts": kills.failed_starts,
                "acknowledged": self.acknowledged,
                "unavailable": self.unavailable,
                "unanswered": self.unanswered,
                "files": self.files,
                "files_done": self.files_done,
                "file_rows": self.file_rows,
                "records": tally.records,
                "entries": tally.entries,
            },
            "violations": self.violations,
            "holds": self.violations.is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(tally: Tally) -> Verdict {
        let mut verdict = Verdict {
            kills: Kills::default(),
            tally,
            acknowledged: 0,
            unavailable: 0,
            unanswered: 0,
            files: 0,
            files_done: 0,
            file_rows: 0,
            violations: Vec::new(),
        };
        verdict.together();
        verdict
    }

    #[test]
    fn a_record_or_an_entry_alone_is_a_violation() {
        let whole = Tally { records: 7, entries: 7, ..Tally::default() };
        assert!(judged(whole).violations.is_empty());
        let faults = [
            Tally { without_entry: 1, ..whole },
            Tally { without_record: 1, ..whole },
            Tally { entered_twice: 1, ..whole },
            Tally { unfinished_jobs: 1, ..whole },
            Tally { entries: 8, ..whole },
        ];
        for fault in faults {
            let verdict = judged(fault);
            assert_eq!(verdict.violations.len(), 1, "{fault:?}");
            assert_eq!(verdict.document()["holds"], false);
        }
    }
}
