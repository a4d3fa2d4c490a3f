//! Child processes for benches and drills: this very program once more, and programs that stand beside PostgreSQL.
//! Says nothing about what they do; the server itself is `postgres`'s.
#![expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]

use crate::postgres::PORT;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
};
use tokio::process::{Child, Command};

/// This program running once more, as another process. Dropped, it is asked to stop.
#[derive(Debug)]
pub struct Twin {
    child: Child,
    pid: Pid,
}

/// What a process holds in memory, from /proc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident now (VmRSS), in bytes.
    pub resident: u64,
    /// The most that was resident (VmHWM), ever or since `Twin::forget_peak`, in bytes.
    pub peak: u64,
}

impl Twin {
    /// Starts this program with other arguments. What it says goes to the end of `log`. Of the environment it gets
    /// `PATH` alone: settings of the one that starts it are not its own.
    pub fn start(arguments: &[String], log: &Path) -> io::Result<Self> {
        let said = File::options().create(true).append(true).open(log)?;
        let again = said.try_clone()?;
        let mut command = std::process::Command::new("/proc/self/exe");
        command.arg0("struct").args(arguments).env_clear().stdin(Stdio::null()).stdout(said).stderr(again);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        // Its own group: an interrupt typed at a terminal is for the one that started it, which stops it in order.
        command.process_group(0);
        let child = Command::from(command).spawn()?;
        let number = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        Ok(Self { child, pid: number.expect("a child not yet waited for has a number") })
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// What it holds in memory now.
    pub fn memory(&self) -> io::Result<Memory> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.pid()))?;
        let of = |key| {
            kibibytes(&text, key).map(|kib| kib * 1024).ok_or_else(|| io::Error::other(format!("no {key} in /proc")))
        };
        Ok(Memory { resident: of("VmRSS:")?, peak: of("VmHWM:")? })
    }

    /// Lets `Memory::peak` begin anew from what is resident now (proc(5), clear_refs).
    pub fn forget_peak(&self) -> io::Result<()> {
        std::fs::write(format!("/proc/{}/clear_refs", self.pid()), "5")
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.child.wait().await
    }

    /// SIGKILL; what it started is left to itself.
    pub async fn kill(&mut self) -> io::Result<()> {
        self.signal(Signal::KILL)?;
        self.child.wait().await.map(drop)
    }

    fn signal(&mut self, signal: Signal) -> io::Result<()> {
        // Not yet waited for, so the number is still its own.
        if self.child.try_wait()?.is_none() { Ok(kill_process(self.pid, signal)?) } else { Ok(()) }
    }
}

impl Drop for Twin {
    fn drop(&mut self) {
        // Best effort: whoever wants to know how it ended calls `stop`.
        let _ = self.signal(Signal::TERM);
    }
}

fn kibibytes(status: &str, key: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(key))?.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// Kills the server of a private cluster outright, as a crash would. `home` is the directory given to
/// `Cluster::prepare`. Tells whether there was one.
pub fn kill_postgres(home: &Path) -> io::Result<bool> {
    let cluster = home.join("cluster");
    let file = std::fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
    let Some(pid) =
        file.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 0).and_then(Pid::from_raw)
    else {
        return Ok(false);
    };
    // The number in the file may be another process's by now.
    let lives_there = std::fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|cwd| cwd == cluster);
    if lives_there {
        kill_process(pid, Signal::KILL)?;
    }
    Ok(lives_there)
}

/// Runs `pgbench` of the folder `bin` on a private cluster, as a role of one of its databases, to its end.
pub async fn pgbench(
    bin: &Path,
    socket_dir: &Path,
    role: &str,
    database: &str,
    arguments: &[String],
) -> io::Result<Output> {
    let mut command = Command::new(bin.join("pgbench"));
    command.arg("-h").arg(socket_dir).args(["-p", &PORT.to_string(), "-U", role]).args(arguments).arg(database);
    command.env_clear().env("LC_ALL", "C").stdin(Stdio::null()).kill_on_drop(true);
    command.output().await
}

/// Another program of the house, in the folder of this one.
pub fn beside(program: &str) -> io::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.with_file_name(program))
}

/// Runs a program to its end, without environment and input; what it said and how it ended.
pub async fn output(program: &Path, arguments: &[String]) -> io::Result<Output> {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command.output().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_the_figure_gives_none() {
        assert_eq!(kibibytes("Name:\tx\nVmSwap:\t 0 kB\n", "VmRSS:"), None);
        assert_eq!(kibibytes("VmRSS:\t many kB\n", "VmRSS:"), None);
        assert_eq!(kibibytes("VmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n", "VmRSS:"), Some(1024));
    }

    #[test]
    fn a_server_that_is_not_there_is_not_killed() {
        let home = tempfile::tempdir().expect("a temporary directory");
        assert!(!kill_postgres(home.path()).expect("nothing to read is no error"));
        let own = std::process::id();
        std::fs::create_dir(home.path().join("cluster")).expect("writable");
        std::fs::write(home.path().join("cluster/postmaster.pid"), format!("{own}\n")).expect("writable");
        assert!(!kill_postgres(home.path()).expect("this process works elsewhere"), "or this test would have ended");
    }
}
