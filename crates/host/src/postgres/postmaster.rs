//! What can be seen of a server from outside: its lock file, its process, its socket. Changes nothing.

use super::PORT;
use rustix::process::Pid;
use std::{path::Path, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};

/// The name of the lock file in the cluster's directory.
pub(super) const LOCK_FILE: &str = "postmaster.pid";
/// The name of the lock file beside the socket.
pub(super) fn socket_lock_file() -> String {
    format!(".s.PGSQL.{PORT}.lock")
}

/// How long a server that says it is ready may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// What a server says of itself in `postmaster.pid`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LockFile {
    pub pid: Pid,
    /// `starting`, `ready`, `standby` or `stopping`.
    pub status: String,
}

impl LockFile {
    /// `None` when there is none, or when it isn't complete (it is written line by line).
    pub fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&std::fs::read_to_string(cluster.join(LOCK_FILE)).ok()?)
    }

    /// Lines: pid, directory, start time, port, socket directory, address, shared memory, status.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().collect();
        // A stand-alone backend (initdb) has a negative number there.
        let pid = lines.first()?.trim().parse().ok().filter(|pid| *pid > 0).and_then(Pid::from_raw)?;
        Some(Self { pid, status: lines.get(7)?.trim().to_owned() })
    }

    /// The number alone, which is there from the file's first line on.
    pub fn pid(cluster: &Path) -> Option<Pid> {
        Self::pid_in(&cluster.join(LOCK_FILE))
    }

    /// The number in a lock file at that path; the socket's begins like the cluster's.
    pub fn pid_in(path: &Path) -> Option<Pid> {
        let text = std::fs::read_to_string(path).ok()?;
        text.lines().next()?.trim().parse().ok().filter(|pid: &i32| *pid > 0).and_then(Pid::from_raw)
    }
}

/// Whether that process works in the cluster's directory, as every process of a server does.
pub(super) fn lives_in(pid: Pid, cluster: &Path) -> bool {
    std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|cwd| cwd == cluster)
}

/// Whether any process works in the cluster's directory: sessions outlive a killed server for a moment.
pub(super) fn inhabited(cluster: &Path) -> bool {
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    processes
        .filter_map(Result::ok)
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().and_then(Pid::from_raw))
        .any(|pid| lives_in(pid, cluster))
}

/// Whether a server answers on the socket: it is asked for TLS, which it declines with one byte on a socket.
/// That needs a new session process, so it shows more than an open socket does, and needs no role or password.
pub(super) async fn answers(socket_dir: &Path) -> bool {
    const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
    let ask = async {
        let mut socket = UnixStream::connect(socket_dir.join(format!(".s.PGSQL.{PORT}"))).await.ok()?;
        socket.write_all(&TLS_REQUEST).await.ok()?;
        let mut answer = [0];
        socket.read_exact(&mut answer).await.ok()?;
        Some(matches!(answer, [b'N' | b'S']))
    };
    timeout(ANSWER_TIMEOUT, ask).await.ok().flatten().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_still_being_written_is_no_lock_file_yet() {
        assert_eq!(LockFile::parse(""), None);
        assert_eq!(LockFile::parse("123\n/cluster\n1700000000\n5432\n/run\n\n"), None);
        assert_eq!(LockFile::parse("-5\n/cluster\n1\n5432\n/run\n\n 1 2\nready   \n"), None);
    }

    #[test]
    fn a_whole_lock_file_tells_process_and_state() {
        let file = LockFile::parse("123\n/cluster\n1700000000\n5432\n/run\n\n 1 2\nready   \n").expect("whole");
        assert_eq!((file.pid.as_raw_nonzero().get(), file.status.as_str()), (123, "ready"));
    }

    #[test]
    fn a_process_is_found_by_the_directory_it_works_in() {
        let own = Pid::from_raw(std::process::id().cast_signed()).expect("not zero");
        let here = std::env::current_dir().expect("it exists");
        assert!(lives_in(own, &here) && inhabited(&here));
        assert!(!lives_in(own, Path::new("/no/such/place")) && !inhabited(Path::new("/no/such/place")));
    }
}
