//! Keys are whole or gone, never in the clear, and a destroyed one never comes back.

use crate::Counting;
use base64::{Engine, prelude::BASE64_STANDARD};
use host::keyring::{Keyring, KeyringError, Passphrase};
use seal::tree::Node;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

static RANDOM: Counting = Counting::from(1);
const TENANT: [u8; 16] = [0xa1; 16];

fn passphrase() -> Passphrase {
    Passphrase::new("a passphrase for tests".to_owned().into())
}

fn data() -> Node {
    Node::ServiceData(TENANT, "crm".to_owned())
}

fn service() -> Node {
    Node::Service(TENANT, "crm".to_owned())
}

fn provisioned() -> (TempDir, Keyring) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let keyring = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("a new keyring");
    for node in [data(), Node::ServiceIndex(TENANT, "crm".to_owned()), Node::TenantLog(TENANT), Node::PlatformIndex] {
        keyring.provision(&node, &RANDOM).expect("provisioned");
    }
    (dir, keyring)
}

fn file_of(dir: &Path, node: &Node) -> PathBuf {
    dir.join(format!("{}.key", node.path()))
}

fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            all.push((path.clone(), fs::read(&path).expect("readable")));
        }
    }
    all
}

#[test]
fn a_wrong_passphrase_opens_nothing_and_changes_nothing() {
    let (dir, _keyring) = provisioned();
    let before = contents(dir.path());
    let wrong = Passphrase::new("another passphrase".to_owned().into());
    let refused = Keyring::open(dir.path(), &wrong, &RANDOM).expect_err("it isn't the one");
    assert!(matches!(refused, KeyringError::WrongPassphrase { .. }), "{refused}");
    assert_eq!(contents(dir.path()), before);
}

#[test]
fn a_key_never_provisioned_is_missing_not_made_up() {
    let (_dir, keyring) = provisioned();
    let other = Node::ServiceData(TENANT, "expense".to_owned());
    assert!(matches!(keyring.keys(&other), Err(KeyringError::Missing { .. })));
    assert!(matches!(keyring.rotate(&other, &RANDOM), Err(KeyringError::Missing { .. })));
}

#[test]
fn a_destroyed_service_is_never_provisioned_again_and_nothing_of_it_is_left() {
    let (dir, keyring) = provisioned();
    let wrapped = fs::read(file_of(dir.path(), &data())).expect("it is there");
    keyring.destroy(&service()).expect("destroyed");
    for node in [service(), data(), Node::ServiceIndex(TENANT, "crm".to_owned())] {
        assert!(matches!(keyring.provision(&node, &RANDOM), Err(KeyringError::Destroyed { .. })), "{node}");
        assert!(matches!(keyring.keys(&node), Err(KeyringError::Destroyed { .. })), "{node}");
        assert!(!file_of(dir.path(), &node).exists(), "{node}");
    }
    assert!(contents(dir.path()).iter().all(|(_, bytes)| *bytes != wrapped));
    keyring.destroy(&service()).expect("a second time changes nothing");
    keyring.keys(&Node::TenantLog(TENANT)).expect("the tenant's other keys stay");
    let states = keyring.nodes().expect("readable");
    let state = states.iter().find(|state| state.node == service()).expect("its tombstone tells");
    assert!(state.destroyed && state.versions.is_empty());
}

#[test]
fn another_process_sees_a_destruction_at_its_next_call() {
    let (dir, keyring) = provisioned();
    let other = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("opened twice");
    other.keys(&data()).expect("and remembers the keys above");
    keyring.destroy(&Node::Tenant(TENANT)).expect("destroyed");
    assert!(matches!(other.keys(&data()), Err(KeyringError::Destroyed { .. })));
    assert!(matches!(other.provision(&data(), &RANDOM), Err(KeyringError::Destroyed { .. })));
    other.keys(&Node::PlatformIndex).expect("the platform's keys stay");
}

#[test]
fn files_brought_back_from_a_copy_are_destroyed_again_at_the_next_open() {
    let (dir, keyring) = provisioned();
    let copies = [service(), data()].map(|node| {
        let path = file_of(dir.path(), &node);
        let bytes = fs::read(&path).expect("readable");
        (path, bytes)
    });
    keyring.destroy(&service()).expect("destroyed");
    for (path, bytes) in &copies {
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, bytes).expect("writable");
    }
    let again = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("it opens");
    assert!(copies.iter().all(|(path, _)| !path.exists()));
    assert!(matches!(again.keys(&data()), Err(KeyringError::Destroyed { .. })));
}

#[test]
fn a_node_moved_to_another_path_does_not_open() {
    let (dir, keyring) = provisioned();
    let index = Node::ServiceIndex(TENANT, "crm".to_owned());
    let moved = fs::read_to_string(file_of(dir.path(), &data())).expect("readable");
    fs::write(file_of(dir.path(), &index), &moved).expect("writable");
    let refused = keyring.keys(&index).expect_err("it isn't this node's");
    assert!(refused.to_string().contains("it belongs to"), "{refused}");
    // Not even when the file claims to be this node's.
    fs::write(file_of(dir.path(), &index), moved.replace(&data().path(), &index.path())).expect("writable");
    let refused = keyring.keys(&index).expect_err("the wrapping holds the path");
    assert!(
        matches!(&refused, KeyringError::Damaged { path, .. } if *path == file_of(dir.path(), &index)),
        "{refused}"
    );
}

#[test]
fn a_damaged_file_is_named() {
    let (dir, keyring) = provisioned();
    let path = file_of(dir.path(), &data());
    let whole = fs::read_to_string(&path).expect("readable");
    let end = whole.find("\"key\": \"").expect("a wrapped key") + 20;
    let flipped = if &whole[end..=end] == "A" { "B" } else { "A" };
    let damaged =
        [String::new(), whole[..whole.len() / 2].to_owned(), whole.replace("\"format\": 1", "\"format\": 2"), {
            let mut text = whole.clone();
            text.replace_range(end..=end, flipped);
            text
        }];
    for text in damaged {
        fs::write(&path, &text).expect("writable");
        let refused = keyring.keys(&data()).expect_err("it isn't what was written");
        assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
        assert!(keyring.provision(&data(), &RANDOM).is_err(), "a damaged key is never replaced by a new one");
    }
    fs::write(&path, &whole).expect("writable");
    keyring.keys(&data()).expect("whole again");
}

#[test]
fn a_lost_root_is_an_error_not_a_new_root() {
    let (dir, _keyring) = provisioned();
    fs::remove_file(dir.path().join("root.key")).expect("it was there");
    let refused = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect_err("other keys hang on it");
    assert!(refused.to_string().contains("root.key"), "{refused}");
    assert!(!Keyring::exists(dir.path()));
}

#[test]
fn no_key_stands_in_the_directory_in_the_clear_and_nobody_else_may_read_it() {
    let (dir, keyring) = provisioned();
    keyring.rotate(&service(), &RANDOM).expect("rotated");
    let files = contents(dir.path());
    let mut checked = 0;
    for state in keyring.nodes().expect("readable") {
        for (_, key) in keyring.keys(&state.node).expect("opens") {
            let hex: String = key.expose().iter().map(|byte| format!("{byte:02x}")).collect();
            let forms = [key.expose().to_vec(), hex.into_bytes(), BASE64_STANDARD.encode(key.expose()).into_bytes()];
            for (path, bytes) in &files {
                for form in &forms {
                    assert!(!bytes.windows(form.len()).any(|window| window == form), "{}", path.display());
                }
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 7, "six nodes, one of them with two versions");
    for (path, _) in files {
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn files_half_written_by_a_process_that_died_are_ignored_and_cleared_away() {
    let (dir, keyring) = provisioned();
    let before = keyring.nodes().expect("readable");
    let half = dir.path().join("platform/.new-abc123");
    fs::write(&half, "{\"format\": 1, \"no").expect("writable");
    assert_eq!(keyring.nodes().expect("readable"), before);
    let again = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("it opens");
    assert_eq!(again.nodes().expect("readable"), before);
    assert!(!half.exists());
}

#[test]
fn keys_survive_a_restart_and_a_rotation_keeps_the_older_version() {
    let (dir, keyring) = provisioned();
    let first = keyring.keys(&data()).expect("opens");
    assert_eq!(keyring.rotate(&service(), &RANDOM).expect("rotated"), 2);
    assert_eq!(keyring.rotate(&data(), &RANDOM).expect("rotated"), 2);
    let again = Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("it opens");
    let both = again.keys(&data()).expect("opens");
    assert_eq!(both.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2]);
    assert!(both[0].1.ct_eq(&first[0].1) && !both[1].1.ct_eq(&first[0].1));
}

#[test]
fn provisioned_by_many_at_once_a_node_has_one_key() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let keyring = Arc::new(Keyring::open(dir.path(), &passphrase(), &RANDOM).expect("a new keyring"));
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let keyring = Arc::clone(&keyring);
            std::thread::spawn(move || {
                keyring.provision(&data(), &RANDOM).expect("provisioned");
                *keyring.keys(&data()).expect("opens")[0].1.expose()
            })
        })
        .collect();
    let seen: Vec<_> = workers.into_iter().map(|worker| worker.join().expect("no panic")).collect();
    assert!(seen.iter().all(|key| *key == seen[0]));
}

#[test]
fn a_passphrase_file_others_may_read_is_refused_with_the_command_that_helps() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("passphrase");
    Passphrase::create(&path, &RANDOM).expect("made");
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("ours");
        let refused = Passphrase::read(&path).expect_err("others may read it");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("ours");
    fs::write(&path, "short\n").expect("writable");
    assert!(Passphrase::read(&path).expect_err("too short").to_string().contains("at least"));
}

#[test]
fn a_passphrase_made_once_is_never_overwritten_and_opens_what_it_closed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("secrets/passphrase");
    let made = Passphrase::create(&path, &RANDOM).expect("made");
    let shown = format!("{made:?}");
    Keyring::open(&dir.path().join("keyring"), &made, &RANDOM).expect("a new keyring");
    assert!(Passphrase::create(&path, &RANDOM).is_err());
    let read = Passphrase::read(&path).expect("as it was");
    Keyring::open(&dir.path().join("keyring"), &read, &RANDOM).expect("the same passphrase");
    assert!(!shown.contains(fs::read_to_string(&path).expect("readable").trim()));
}
