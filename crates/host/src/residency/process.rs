//! STRUCT's processes and the sockets each holds, from `/proc`. Starts and ends none.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Processes looked at, at most.
const MAX_PROCESSES: usize = 4_096;

/// This process, all below it, and all of the same account whose command line names the data directory, with all below them.
pub(super) fn family(data_dir: &Path) -> io::Result<BTreeSet<u32>> {
    let mut children: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut waiting = vec![std::process::id()];
    let own = rustix::process::geteuid().as_raw();
    let needle = data_dir.as_os_str().as_bytes();
    for entry in std::fs::read_dir("/proc")?.filter_map(Result::ok) {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process that ended since has nothing open any more.
        let Ok(meta) = entry.metadata() else { continue };
        if let Some(parent) = parent(pid) {
            children.entry(parent).or_default().push(pid);
        }
        if meta.uid() == own && names(pid, needle) {
            waiting.push(pid);
        }
    }
    let mut found = BTreeSet::new();
    while let Some(pid) = waiting.pop() {
        if found.len() < MAX_PROCESSES && found.insert(pid) {
            waiting.extend(children.get(&pid).into_iter().flatten());
        }
    }
    Ok(found)
}

/// The fourth field of `/proc/PID/stat`; the second may hold anything, and ends with the last parenthesis.
fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn names(pid: u32, needle: &[u8]) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    !needle.is_empty() && line.windows(needle.len()).any(|window| window == needle)
}

/// What the kernel calls the program; at most 15 characters.
pub(super) fn name(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// The numbers of the sockets that a process holds.
pub(super) fn sockets(pid: u32) -> io::Result<BTreeSet<u64>> {
    let mut inodes = BTreeSet::new();
    for entry in std::fs::read_dir(format!("/proc/{pid}/fd"))?.filter_map(Result::ok) {
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        let name = target.to_string_lossy();
        let inode = name.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        inodes.extend(inode.and_then(|inode| inode.parse::<u64>().ok()));
    }
    Ok(inodes)
}
