//! On which file system a path is, as the kernel's table of mounts says. Mounts nothing.

use std::io;
use std::path::{Path, PathBuf};

/// A file system whose bytes are on another machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mount {
    /// What is mounted: `server:/export`, `//server/share`.
    pub source: String,
    /// Its kind: `nfs4`, `cifs`, `fuse.sshfs`.
    pub kind: String,
    /// Where it is mounted.
    pub at: PathBuf,
}

/// Kinds that keep their bytes on other machines.
const KINDS: [&str; 15] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
    "gpfs",
    "orangefs",
    "pvfs2",
    "davfs",
];
/// Kinds of `fuse` that keep them here; all others of it may be anywhere.
const FUSE_HERE: [&str; 4] = ["fuse.fuse-overlayfs", "fuse.lxcfs", "fuse.ntfs", "fuse.bindfs"];

/// The file system of another machine that the path is on; `None` when it is on this one's. A path that is not there yet
/// will be where its nearest folder is.
pub fn mount_of(path: &Path) -> io::Result<Option<Mount>> {
    let there = path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok()).unwrap_or_else(|| path.to_owned());
    Ok(holding(&std::fs::read_to_string("/proc/self/mountinfo")?, &there))
}

fn holding(table: &str, path: &Path) -> Option<Mount> {
    let mounts = table.lines().filter_map(parse);
    // The longest wins; of two at one place, the later lies on top.
    let holding = mounts.filter(|mount| path.starts_with(&mount.at)).enumerate();
    let (_, mount) = holding.max_by_key(|(index, mount)| (mount.at.components().count(), *index))?;
    let remote = KINDS.contains(&mount.kind.as_str())
        || mount.kind.starts_with("fuse.") && !FUSE_HERE.contains(&mount.kind.as_str());
    remote.then_some(mount)
}

/// `36 35 98:0 /root /at options … - kind source super-options`
fn parse(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let at = left.split(' ').nth(4)?;
    let mut right = right.split(' ');
    let kind = right.next()?.to_owned();
    Some(Mount { kind, source: unescaped(right.next()?), at: PathBuf::from(unescaped(at)) })
}

/// Blanks, tabs, line ends and backslashes stand there in octal.
fn unescaped(text: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (octal, plain)| text.replace(octal, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
40 22 0:40 / /srv rw,relatime shared:2 - nfs4 files.example.jp:/export rw,vers=4.2
41 40 254:1 / /srv/here rw,relatime - xfs /dev/vdb rw
42 22 0:41 / /mnt/with\\040blank rw - cifs //files.example.jp/share rw
43 22 0:42 / /mnt/ssh rw - fuse.sshfs backup@files.example.jp:/home rw
44 22 0:43 / /mnt/layers rw - fuse.fuse-overlayfs fuse-overlayfs rw
45 22 0:44 / /mnt/twice rw - ext4 /dev/vdc rw
46 45 0:45 / /mnt/twice rw - nfs other.example.jp:/x rw
broken";

    #[test]
    fn a_folder_on_another_machine_is_told_with_what_is_mounted() {
        let source = |path: &str| holding(TABLE, Path::new(path)).map(|mount| mount.source);
        assert_eq!(source("/srv/struct").as_deref(), Some("files.example.jp:/export"));
        assert_eq!(source("/mnt/with blank/x").as_deref(), Some("//files.example.jp/share"));
        assert_eq!(source("/mnt/ssh").as_deref(), Some("backup@files.example.jp:/home"));
        assert_eq!(source("/mnt/twice/x").as_deref(), Some("other.example.jp:/x"), "the later lies on top");
        for here in ["/", "/srvs", "/srv/here/struct", "/mnt/layers", "/var/lib/struct"] {
            assert_eq!(source(here), None, "{here}");
        }
    }
}
