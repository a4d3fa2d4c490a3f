//! The checksums of a stopped cluster's pages, read by `pg_checksums`. Repairs nothing and starts no server.

use super::{Cluster, PostgresError};
use std::{io, time::Duration};
use tokio::time::timeout;

/// How long reading all pages may take.
const PAGES_TIMEOUT: Duration = Duration::from_secs(2 * 3600);
/// Complaints that are told.
const MAX_COMPLAINTS: usize = 5;

/// What a look at all pages found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageCheck {
    /// Pages read.
    pub pages: u64,
    /// Pages whose checksum is wrong.
    pub bad: u64,
    /// The first complaints, in the program's words; paths inside the cluster stand in them.
    pub said: Vec<String>,
}

impl Cluster {
    /// Reads every page of the cluster, which must have been stopped, and compares its checksum.
    pub async fn check_pages(&self) -> Result<PageCheck, PostgresError> {
        let program = self.binaries().program("pg_checksums");
        let mut command = self.command("pg_checksums");
        command.arg("--check").arg("--pgdata").arg(self.directory()).kill_on_drop(true);
        let answer = timeout(PAGES_TIMEOUT, command.output())
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(PostgresError::io("running", &program))?;
        let (printed, complaints) =
            (String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&answer.stderr).into_owned());
        let found = read(&printed, &complaints);
        // It fails when pages are bad, and when it could not look.
        match found {
            Some(found) if answer.status.success() || found.bad > 0 => Ok(found),
            _ => Err(PostgresError::Program {
                program,
                status: answer.status.to_string(),
                output: complaints.trim().to_owned(),
            }),
        }
    }
}

fn read(printed: &str, complaints: &str) -> Option<PageCheck> {
    let number = |name: &str| {
        printed.lines().find_map(|line| line.trim().strip_prefix(name)).and_then(|rest| rest.trim().parse().ok())
    };
    let said = complaints.lines().take(MAX_COMPLAINTS);
    let said = said.map(|line| line.trim_start_matches("pg_checksums: error: ").to_owned()).collect();
    Some(PageCheck { pages: number("Blocks scanned:")?, bad: number("Bad checksums:")?, said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_without_figures_is_no_check() {
        assert_eq!(read("", "pg_checksums: error: cluster must be shut down"), None);
    }

    #[test]
    fn bad_pages_are_counted_and_told() {
        let printed = "Checksum operation completed\nFiles scanned:   948\nBlocks scanned:  2817\nBad checksums:  1\n";
        let said = "pg_checksums: error: checksum verification failed in file \"base/1/2\", block 3: calculated checksum AB but block contains CD\n";
        let found = read(printed, said).expect("figures");
        assert_eq!((found.pages, found.bad), (2817, 1));
        assert!(found.said[0].starts_with("checksum verification failed"), "{found:?}");
    }
}
