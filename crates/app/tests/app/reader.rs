//! The log outside STRUCT: tokens, the whole log as a file, checks asked for, checkpoints by mail.

use crate::entries;
use app::audit::proof::LogName;
use app::audit::reader::TokenState;
use app::audit::subscriber::MAX_SUBSCRIBERS;
use app::audit::walk::{WalkState, WalkView};
use app::{App, Caller, Error, Refusal};
use domain::audit::Verb;
use domain::id::WalkId;
use domain::locale::Locale;
use futures_util::TryStreamExt;
use host::mail::{Folder, Letter};
use jiff::SignedDuration;
use ledger::checkpoint::Checkpoint;
use ledger::hash::{Hash, leaf_hash, root_of};
use ledger::leaf::Leaf;
use ledger::note::{Note, VerifierKey};
use ledger::tile::decode_bundle;
use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;
use testkit::running::{ADMIN, OTHER, Running, SALES};

async fn sequenced(running: &Running) {
    assert_eq!(running.app.sequence_once().await.expect("a round").failed, 0);
}

/// Reads the log a few times: each reading is an entry.
async fn busy(running: &Running, caller: &Caller, times: usize) {
    for _ in 0..times {
        running.app.audit(caller, Default::default(), None).await.expect("a page");
    }
}

#[tokio::test]
async fn a_token_opens_its_own_tenants_log_until_it_expires_or_is_revoked() {
    let running = Running::start().await;
    let (app, peer) = (&running.app, running.peer());
    let admin = running.caller(ADMIN).await;
    let refused = async |tenant, token: &str| {
        let answer = app.log_reader(&peer, tenant, token).await;
        assert!(matches!(answer, Err(Error::SignedOut)), "{token}: {answer:?}");
    };
    let made = app.log_token_create(&admin, " 監査法人 ", 30).await.expect("a token");
    assert!(made.text.starts_with(&format!("sl_{}_", running.tenant.0.simple())));
    let grown = format!("{}x", made.text);
    for wrong in ["", "sl_", &made.text[..made.text.len() - 1], grown.as_str(), &"x".repeat(5_000)] {
        refused(running.tenant, wrong).await;
    }
    refused(running.other, &made.text).await;
    refused(uuid::Uuid::from_u128(7).into(), &made.text).await;
    app.log_reader(&peer, running.tenant, &made.text).await.expect("it opens");
    running.clock.advance(SignedDuration::from_hours(30 * 24));
    refused(running.tenant, &made.text).await;
    let admin = running.app.caller(running.peer(), &running.sign_in(ADMIN).await).await.expect("signed in again");
    let next = app.log_token_create(&admin, "次", 1).await.expect("a token");
    let views = app.log_tokens(&admin).await.expect("a list");
    assert_eq!(views.iter().map(|view| view.state).collect::<Vec<_>>(), [TokenState::Working, TokenState::Expired]);
    app.log_token_revoke(&admin, views[0].id).await.expect("revoked");
    app.log_token_revoke(&admin, views[0].id).await.expect("still revoked");
    refused(running.tenant, &next.text).await;
    let kept = running
        .database
        .number("SELECT count(*) FROM struct.log_token WHERE position('sl_' IN encode(token_hash, 'escape')) > 0")
        .await;
    assert_eq!(kept, 0, "the text is not kept");
}

#[tokio::test]
async fn tokens_are_made_and_revoked_by_administrators_only_and_each_is_an_entry() {
    let running = Running::start().await;
    let (admin, sales, other) = (running.caller(ADMIN).await, running.caller(SALES).await, running.caller(OTHER).await);
    let app = &running.app;
    assert!(matches!(app.log_token_create(&sales, "x", 30).await, Err(Error::NotAdministrator)));
    for (name, days) in [("", 30), ("a\nb", 30), (&"x".repeat(61), 30), ("x", 0), ("x", 731)] {
        assert!(matches!(app.log_token_create(&admin, name, days).await, Err(Error::Invalid(_))), "{name} {days}");
    }
    app.log_token_create(&admin, "x", 30).await.expect("a token");
    let id = app.log_tokens(&admin).await.expect("a list")[0].id;
    assert!(matches!(app.log_token_revoke(&other, id).await, Err(Error::NotFound)), "another tenant's");
    assert!(matches!(app.log_token_revoke(&sales, id).await, Err(Error::NotAdministrator)));
    app.log_token_revoke(&admin, id).await.expect("revoked");
    assert_eq!(entries(&running, Verb::AuditTokenCreated).await, 1);
    assert_eq!(entries(&running, Verb::AuditTokenRevoked).await, 1);
    for number in 0..app::audit::reader::MAX_TOKENS {
        app.log_token_create(&admin, &number.to_string(), 30).await.expect("there is room");
    }
    let full = app.log_token_create(&admin, "x", 30).await;
    assert!(matches!(full, Err(Error::Refused(Refusal::TooManyTokens))), "{full:?}");
}

#[tokio::test]
async fn a_tokens_first_use_on_a_day_is_entered_once_whatever_it_reads() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let made = running.app.log_token_create(&admin, "x", 30).await.expect("a token");
    let (one, two, peer) = (running.second_server(), running.second_server(), running.peer());
    let use_it = async |app: &App| app.log_reader(&peer, running.tenant, &made.text).await.expect("it opens");
    tokio::join!(use_it(&one), use_it(&two));
    use_it(&one).await;
    assert_eq!(entries(&running, Verb::AuditLogRead).await, 1);
    let used = async || running.app.log_tokens(&admin).await.expect("a list")[0].last_used_at.expect("used");
    let first = used().await;
    use_it(&two).await;
    assert_eq!(used().await, first, "written down once a minute");
    running.clock.advance(SignedDuration::from_secs(61));
    use_it(&two).await;
    assert!(used().await > first);
    running.clock.advance(SignedDuration::from_hours(24));
    use_it(&one).await;
    assert_eq!(entries(&running, Verb::AuditLogRead).await, 2, "another day");
}

#[tokio::test]
async fn no_program_lets_a_reader_in_without_an_entry() {
    let running = Running::start().await;
    let app = running.database.connect("struct_app").await;
    app.batch_execute(&format!("SET struct.tenant = '{}'", running.tenant)).await.expect("a setting");
    let token = "INSERT INTO struct.log_token (tenant_id, token_id, name, token_hash, created_by, created_at, expires_at)
        VALUES (struct.current_tenant(), gen_random_uuid(), 'x', sha256('x'), gen_random_uuid(), now(), now() + interval '1 day')";
    let mail =
        "INSERT INTO struct.log_subscriber (tenant_id, subscriber_id, email_sealed, locale, created_by, created_at)
        VALUES (struct.current_tenant(), gen_random_uuid(), 'x', 'ja', gen_random_uuid(), now())";
    for sql in [token, mail] {
        let error = app.batch_execute(sql).await.expect_err(sql);
        assert_eq!(error.code().map(tokio_postgres::error::SqlState::code), Some("ST428"), "{sql}");
    }
    for sql in [
        "UPDATE struct.log_token SET expires_at = now()",
        "DELETE FROM struct.log_token",
        "DELETE FROM struct.log_walk",
    ] {
        app.batch_execute(sql).await.expect_err(sql);
    }
}

/// The files of a package, by path.
async fn unpacked(package: app::audit::package::LogPackage) -> BTreeMap<String, Vec<u8>> {
    let bytes = package.stream.try_collect::<Vec<_>>().await.expect("a whole file").concat();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a zip");
    let files = zip.len();
    let read = |index: usize| {
        let mut file = zip.by_index(index).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("its bytes fit its sum");
        (file.name().expect("a name").into_owned(), bytes)
    };
    (0..files).map(read).collect()
}

fn text<'f>(files: &'f BTreeMap<String, Vec<u8>>, name: &str) -> &'f str {
    std::str::from_utf8(&files[name]).expect("text")
}

/// Hashes of all leaves of a package: from bundles, or from hashes where those were pruned.
fn hashes(files: &BTreeMap<String, Vec<u8>>, size: u64) -> Vec<Hash> {
    let mut hashes = Vec::new();
    for index in 0..size.div_ceil(256) {
        let width = (size - index * 256).min(256);
        let part = if width < 256 { format!(".p/{width}") } else { String::new() };
        match (files.get(&format!("tile/entries/{index:03}{part}")), files.get(&format!("tile/0/{index:03}{part}"))) {
            (Some(bundle), None) => hashes.extend(decode_bundle(bundle).expect("a bundle").into_iter().map(leaf_hash)),
            (None, Some(tile)) => {
                hashes.extend(tile.chunks_exact(32).map(|hash| Hash(hash.try_into().expect("32 bytes"))))
            }
            (entries, _) => panic!("bundle {index}: {}", if entries.is_some() { "doubled" } else { "missing" }),
        }
    }
    hashes
}

fn whole(files: &BTreeMap<String, Vec<u8>>) -> Checkpoint {
    let keys: Vec<_> = text(files, "keys").lines().map(|key| VerifierKey::parse(key).expect("a key")).collect();
    let newest = Note::parse(text(files, "checkpoint")).expect("a note");
    newest.verify(&keys).expect("signed");
    let newest = Checkpoint::parse(newest.text()).expect("a checkpoint");
    let hashes = hashes(files, newest.size);
    assert_eq!((hashes.len() as u64, root_of(&hashes)), (newest.size, newest.root));
    let mut last = 0;
    for note in text(files, "checkpoints").split_terminator("--\n") {
        let note = Note::parse(note).expect("a note");
        note.verify(&keys).expect("signed");
        let checkpoint = Checkpoint::parse(note.text()).expect("a checkpoint");
        assert!(checkpoint.size > last, "oldest first");
        last = checkpoint.size;
        assert_eq!(checkpoint.root, root_of(&hashes[..last as usize]));
    }
    assert_eq!(last, newest.size);
    newest
}

#[tokio::test]
async fn the_downloaded_log_proves_itself_and_is_as_it_was_when_asked_for() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    assert!(matches!(running.app.log_package(&sales).await, Err(Error::NotAdministrator)));
    let early = running.app.log_package(&admin).await;
    assert!(matches!(early, Err(Error::Refused(Refusal::NotInLogYet))), "no checkpoint yet");
    for _ in 0..3 {
        busy(&running, &admin, 90).await;
        sequenced(&running).await;
    }
    let package = running.app.log_package(&admin).await.expect("a package");
    let size = package.size;
    assert_eq!(entries(&running, Verb::AuditLogDownloaded).await, 1, "before the first byte");
    busy(&running, &admin, 20).await;
    sequenced(&running).await;
    let files = unpacked(package).await;
    assert_eq!(whole(&files).size, size, "what came later is not in it");
    assert!(text(&files, "README.txt").contains("struct-verify"));
    let operators =
        unpacked(running.app.log_package_for_operator(LogName::Tenant(running.tenant)).await.expect("a package")).await;
    assert!(whole(&operators).size > size);
    let by_operator = "SELECT count(*) FROM struct.entry WHERE verb = 'audit.log_downloaded' AND actor = 'operator'";
    assert_eq!(running.database.number(by_operator).await, 1, "it stands in the tenant's log");
    whole(&unpacked(running.app.log_package_of_platform(&admin).await.expect("a package")).await);
    assert_eq!(entries(&running, Verb::AuditLogDownloaded).await, 3);
}

#[tokio::test]
async fn a_package_of_a_pruned_log_has_hashes_in_place_of_what_went() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    running.entered_long_ago(280).await;
    sequenced(&running).await;
    running.app.retention_change(&admin, Some(365)).await.expect("changed");
    assert_eq!(running.app.prune_logs().await.expect("pruned"), 256);
    sequenced(&running).await;
    let files = unpacked(running.app.log_package(&admin).await.expect("a package")).await;
    whole(&files);
    assert!(files.contains_key("tile/0/000") && !files.contains_key("tile/entries/000"));
    // The last bundle holds the entry that says so, in the clear.
    let last = files.iter().find(|(name, _)| name.starts_with("tile/entries/001.p/")).expect("a last bundle").1;
    let leaves = decode_bundle(last).expect("a bundle");
    let told = leaves.iter().filter_map(|leaf| Leaf::decode(leaf).expect("a leaf").pruned_below);
    assert_eq!(told.collect::<Vec<_>>(), [256]);
}

/// A check that has come to its end.
async fn ended(app: &App, caller: &Caller, id: WalkId) -> WalkView {
    app.log_walk_wait(caller, id, Duration::from_secs(60)).await.expect("an answer");
    app.log_walk_status(caller, id).await.expect("a check")
}

#[tokio::test]
async fn a_check_that_was_asked_for_finds_what_was_changed_and_names_it() {
    let running = Running::start().await;
    let (admin, sales, other) = (running.caller(ADMIN).await, running.caller(SALES).await, running.caller(OTHER).await);
    let app = running.second_server();
    assert!(matches!(app.log_walk(&admin).await, Err(Error::Refused(Refusal::NotInLogYet))));
    sequenced(&running).await;
    assert!(matches!(app.log_walk(&sales).await, Err(Error::NotAdministrator)));
    let first = app.log_walk(&admin).await.expect("begun");
    let walked = ended(&app, &admin, first).await;
    assert_eq!(walked.state, WalkState::Whole, "{:?}", walked.faults);
    assert_eq!((walked.leaves, walked.checkpoints), (walked.size, 1));
    assert!(matches!(app.log_walk_status(&other, first).await, Err(Error::NotFound)), "another tenant's");
    assert_eq!(entries(&running, Verb::AuditLogChecked).await, 1);
    let root = running.database.root().await;
    root.batch_execute("SET session_replication_role = replica").await.expect("no trigger stands in the way");
    let change = "UPDATE struct.entry SET outcome = 'denied' WHERE entry_id =
        (SELECT entry_id FROM struct.leaf WHERE tenant_id = $1 AND position = 2)";
    assert_eq!(root.execute(change, &[&running.tenant.0]).await.expect("changed"), 1);
    let second = app.log_walk(&admin).await.expect("begun");
    let walked = ended(&app, &admin, second).await;
    assert_eq!(walked.state, WalkState::Broken);
    assert!(walked.faults[0].starts_with("leaf 2:"), "{:?}", walked.faults);
}

#[tokio::test]
async fn one_check_at_a_time_and_one_that_was_cut_off_says_so() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    sequenced(&running).await;
    let root = running.database.root().await;
    let id = WalkId(uuid::Uuid::from_u128(9));
    let left = "INSERT INTO struct.log_walk (tenant_id, walk_id, asked_by, started_at, seen_at, size) VALUES ($1, $2, $2, $3, $3, 5)";
    root.execute(left, &[&running.tenant.0, &id.0, &running.app.now()]).await.expect("of a server that died");
    let app = running.second_server();
    assert_eq!(app.log_walk_status(&admin, id).await.expect("a check").state, WalkState::Running);
    assert!(matches!(app.log_walk(&admin).await, Err(Error::Refused(Refusal::WalkUnderWay))));
    running.clock.advance(SignedDuration::from_secs(31));
    assert_eq!(app.log_walk_status(&admin, id).await.expect("a check").state, WalkState::CutOff);
    app.log_walk(&admin).await.expect("another may begin");
}

fn letters(running: &Running, to: &str) -> Vec<Letter> {
    let folder = Folder::open(&running.mail_folder(), "STRUCT <no-reply@example.jp>").expect("the folder");
    folder.list().expect("letters").into_iter().filter(|letter| letter.to == to).collect()
}

const AUDITOR: &str = "auditor@kansa.example.jp";

#[tokio::test]
async fn the_newest_checkpoint_is_mailed_once_a_day_by_one_of_all_servers() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let (one, two) = (running.second_server(), running.second_server());
    running.app.log_subscribe(&admin, AUDITOR, Locale::Ja).await.expect("added");
    running.app.log_subscribe(&admin, &AUDITOR.to_uppercase(), Locale::En).await.expect("known already");
    assert_eq!(one.mail_checkpoints().await.expect("a round"), 0, "there is no checkpoint yet");
    sequenced(&running).await;
    let (first, second) = tokio::join!(one.mail_checkpoints(), two.mail_checkpoints());
    assert_eq!(first.expect("a round") + second.expect("a round"), 1);
    let note = running.app.log_checkpoint(LogName::Tenant(running.tenant)).await.expect("an answer").expect("a note");
    let sent = letters(&running, AUDITOR);
    assert_eq!(sent.len(), 1);
    assert!(sent[0].text.replace("\r\n", "\n").contains(&note), "{}", sent[0].text);
    assert!(sent[0].text.contains("--earlier") && sent[0].subject.contains("チェックポイント"));
    let file = std::fs::read_dir(running.mail_folder()).expect("the folder").filter_map(|entry| {
        let letter = std::fs::read_to_string(entry.ok()?.path()).ok()?;
        letter.contains("struct-checkpoint-").then_some(letter)
    });
    assert_eq!(file.count(), 1, "as a file too");
    running.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(two.mail_checkpoints().await.expect("a round"), 1, "another day");
    let admin = running.app.caller(running.peer(), &running.sign_in(ADMIN).await).await.expect("signed in again");
    let known = running.app.log_subscribers(&admin).await.expect("a list");
    running.app.log_unsubscribe(&admin, known[0].id).await.expect("removed");
    running.clock.advance(SignedDuration::from_hours(24));
    assert_eq!(two.mail_checkpoints().await.expect("a round"), 0);
    assert_eq!(entries(&running, Verb::AuditMailChanged).await, 2);
}

#[tokio::test]
async fn who_gets_checkpoints_is_set_by_administrators_and_their_addresses_are_sealed() {
    let running = Running::start().await;
    let (admin, sales, other) = (running.caller(ADMIN).await, running.caller(SALES).await, running.caller(OTHER).await);
    let app = &running.app;
    assert!(matches!(app.log_subscribe(&sales, AUDITOR, Locale::Ja).await, Err(Error::NotAdministrator)));
    for wrong in ["", "nobody", "a@b@c", "a\r\nBcc: b@example.jp"] {
        assert!(matches!(app.log_subscribe(&admin, wrong, Locale::Ja).await, Err(Error::Invalid(_))), "{wrong:?}");
    }
    for number in 0..MAX_SUBSCRIBERS {
        app.log_subscribe(&admin, &format!("{number}-{AUDITOR}"), Locale::En).await.expect("there is room");
    }
    let full = app.log_subscribe(&admin, AUDITOR, Locale::Ja).await;
    assert!(matches!(full, Err(Error::Refused(Refusal::TooManyAddresses))), "{full:?}");
    let id = app.log_subscribers(&admin).await.expect("a list")[0].id;
    assert!(matches!(app.log_unsubscribe(&other, id).await, Err(Error::NotFound)), "another tenant's");
    let plain =
        "SELECT count(*) FROM struct.log_subscriber WHERE position('kansa' IN encode(email_sealed, 'escape')) > 0";
    assert_eq!(running.database.number(plain).await, 0);
}
