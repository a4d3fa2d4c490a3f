//! The operating system's accounts: who we are, and whom to become instead of root. Knows nothing of STRUCT's users.

use std::{
    ffi::OsStr,
    io,
    os::unix::fs::MetadataExt,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Accounts a root process gives its work to, in order of preference.
const UNPRIVILEGED: [&str; 2] = ["struct", "postgres"];

/// An account of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its login name, by which PostgreSQL's peer authentication knows it.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its primary group.
    pub gid: u32,
    /// Its home; programs keep their own things there.
    pub home: PathBuf,
}

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether a folder is there and belongs to the account this process runs as.
pub fn owns(folder: &Path) -> bool {
    let own = rustix::process::geteuid().as_raw();
    std::fs::metadata(folder).is_ok_and(|folder| folder.is_dir() && folder.uid() == own)
}

impl Account {
    /// Whom a root process should become: `struct` when that account exists, else `postgres`.
    /// `None` when we aren't root, or when neither exists.
    pub fn unprivileged() -> Option<Account> {
        if !is_root() {
            return None;
        }
        UNPRIVILEGED.iter().find_map(|name| Account::named(name)).filter(|account| account.uid != 0)
    }

    /// The account this process runs as; `None` when its number has no name.
    pub fn current() -> Option<Account> {
        let uid = rustix::process::geteuid().as_raw();
        lookup(&uid.to_string(), |account| account.uid == uid)
    }

    /// The account of that name.
    pub fn named(name: &str) -> Option<Account> {
        lookup(name, |account| account.name == name)
    }
}

/// Replaces this process by the same program, arguments and environment under `account`, whose home is HOME from then on, with
/// `more` set besides. Returns only when that failed.
///
/// The program is taken as the kernel holds it open, so it need not stand where the account may look.
#[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
pub fn reexec_as(account: &Account, more: &[(&str, &OsStr)]) -> io::Error {
    let mut arguments = std::env::args_os();
    let mut command = Command::new("/proc/self/exe");
    if let Some(zeroth) = arguments.next() {
        command.arg0(zeroth);
    }
    // With a new uid and no groups named, std drops root's supplementary groups as well.
    command
        .args(arguments)
        .env("HOME", &account.home)
        .envs(more.iter().copied())
        .uid(account.uid)
        .gid(account.gid)
        .exec()
}

/// The file first, since it answers without starting anything; then the system's other sources (LDAP and the like).
#[expect(clippy::disallowed_methods, reason = "starting processes is this crate's")]
fn lookup(key: &str, wanted: impl Fn(&Account) -> bool) -> Option<Account> {
    let file = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    file.lines().filter_map(parse).find(|account| wanted(account)).or_else(|| {
        let answer = Command::new("getent").args(["passwd", "--", key]).stdin(Stdio::null()).output().ok()?;
        String::from_utf8(answer.stdout).ok()?.lines().filter_map(parse).find(|account| wanted(account))
    })
}

/// A line of passwd(5).
fn parse(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    let uid = fields.nth(1)?.parse().ok()?;
    let gid = fields.next()?.parse().ok()?;
    // After the comment.
    let home = fields.nth(1)?.into();
    Some(Account { name, uid, gid, home })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_nobody_made_is_not_found() {
        assert_eq!(Account::named("no-such-account"), None);
        assert_eq!(parse("broken line"), None);
        assert_eq!(parse("name:x:not a number:0:::"), None);
    }

    #[test]
    fn root_is_found_by_name() {
        let root = Account::named("root").expect("every system has root");
        assert_eq!((root.uid, root.gid), (0, 0));
        assert!(root.home.is_absolute(), "{}", root.home.display());
    }

    #[test]
    fn what_root_becomes_is_never_root() {
        assert!(Account::unprivileged().is_none_or(|account| account.uid != 0));
        assert_eq!(
            Account::unprivileged().is_some(),
            is_root() && UNPRIVILEGED.iter().any(|name| Account::named(name).is_some())
        );
    }
}
