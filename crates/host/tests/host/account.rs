//! Root gives its work to an unprivileged account by becoming it.

use host::account::{Account, is_root, owns, reexec_as};
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

const ROLE: &str = "HOST_TEST_REEXEC";

#[test]
fn started_by_root_the_same_program_goes_on_as_the_unprivileged_account_with_its_arguments_and_environment() {
    let Some(account) = Account::unprivileged() else {
        return; // Only root can become somebody else.
    };
    let answer = Command::new(std::env::current_exe().expect("we run"))
        .args(["--exact", "account::becomes_somebody_else", "--ignored", "--nocapture"])
        .env(ROLE, "kept")
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&answer.stdout);
    assert!(answer.status.success(), "{answer:?}");
    assert!(said.contains(&format!("uid {} groups {}", account.uid, account.gid)), "{said}");
}

#[test]
#[ignore = "the other half of the test above, run by it"]
fn becomes_somebody_else() {
    if std::env::var_os(ROLE).is_none() {
        return;
    }
    if is_root() {
        let account = Account::unprivileged().expect("the caller found one");
        panic!("{}", reexec_as(&account, &[("STRUCT_HANDED_OVER", OsStr::new("here"))]));
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("always there");
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("always there");
        line.split_whitespace().next().unwrap_or("none").to_owned()
    };
    let (uid, groups) = (field("Uid:"), field("Groups:"));
    // An empty list of supplementary groups is as good as the primary one alone.
    let groups = if groups == "none" { field("Gid:") } else { groups };
    assert_ne!(groups, "0", "root's groups are gone");
    assert_eq!(std::env::var("STRUCT_HANDED_OVER").as_deref(), Ok("here"));
    let home = Account::current().expect("it has a name").home;
    assert_eq!(std::env::var_os("HOME").as_deref(), Some(home.as_os_str()), "its home, not root's");
    assert!(!owns(Path::new("/root")) && !owns(Path::new("/no such folder")));
    use std::io::Write;
    writeln!(std::io::stdout(), "uid {uid} groups {groups}").expect("someone listens");
}
