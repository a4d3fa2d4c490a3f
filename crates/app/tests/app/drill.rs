//! Restore drills, as far as they look through a copy: what is planted in the copy is found, and turns the claim. Restoring itself is
//! tried with the whole of STRUCT.

use crate::customer;
use app::App;
use app::backup::copy::CopyPlace;
use app::backup::drill::FirstList;
use domain::backup::drill::{Drilled, LOOKS, Look};
use domain::evidence::Verdict;
use host::keyring::{Keyring, Passphrase};
use testkit::database::{Database, ROOT};
use testkit::running::{Running, SALES};
use testkit::server::PrivateServer;
use zeroize::Zeroizing;

/// A STRUCT with some records, and a copy of its database.
async fn copied(running: &Running) -> Database {
    let sales = running.caller(SALES).await;
    for (number, name) in [("C-1", "港 一郎"), ("C-2", "港 二葉"), ("C-3", "港 三郎")] {
        customer(&running.app, &sales, number, name).await;
    }
    running.app.sequence_once().await.expect("a round");
    running.app.store().heartbeat(running.app.now()).await.expect("a heartbeat");
    running.database.copy().await
}

/// What a drill finds in a copy; looks that belong to a restored cluster are taken for made.
async fn looked(app: &App, copy: &Database) -> Drilled {
    let folder = tempfile::tempdir().expect("a folder");
    let place = CopyPlace {
        root: copy.address(ROOT),
        app: copy.address(store::bootstrap::APP),
        owner: copy.address(store::bootstrap::OWNER),
        folder: folder.path().to_owned(),
    };
    let mut drilled = Drilled {
        target_at: app.now(),
        ordered_at: app.now(),
        base_label: None,
        rpo_ms: None,
        behind_ms: None,
        rto_ms: None,
        looks: ["restored", "started", "checksums"].map(Look::at).to_vec(),
    };
    drilled.rto_ms = app.look_through(&place, &FirstList, std::time::Instant::now(), &mut drilled).await;
    drilled
}

async fn plant(copy: &Database, sql: &str) {
    let root = copy.root().await;
    root.batch_execute(&format!("SET session_replication_role = replica; {sql}")).await.expect("a superuser may");
}

#[track_caller]
fn fault<'a>(drilled: &'a Drilled, name: &str) -> &'a str {
    let look = drilled.look(name).unwrap_or_else(|| panic!("no look at {name}: {drilled:?}"));
    assert_eq!(drilled.measurement(drilled.target_at).verdict, Verdict::Broken);
    look.faults.first().unwrap_or_else(|| panic!("nothing was found at {name}: {drilled:?}"))
}

#[tokio::test]
async fn an_index_that_lacks_a_row_fails_the_drill() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(
        &copy,
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'svc_crm.customer_pkey'::regclass;
         UPDATE svc_crm.customer SET version = version, id = gen_random_uuid() WHERE f_number = 'C-2';
         UPDATE pg_index SET indisready = true WHERE indexrelid = 'svc_crm.customer_pkey'::regclass",
    )
    .await;
    assert!(fault(&looked(&running.app, &copy).await, "indexes").contains("svc_crm.customer_pkey"));
}

#[tokio::test]
async fn a_reference_that_leads_nowhere_fails_the_drill() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(&copy, "UPDATE svc_crm.customer SET created_by = gen_random_uuid() WHERE f_number = 'C-3'").await;
    let drilled = looked(&running.app, &copy).await;
    assert!(fault(&drilled, "references").contains("svc_crm.customer"), "{drilled:?}");
}

#[tokio::test]
async fn a_value_that_stands_twice_fails_the_drill_though_its_index_is_not_asked() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(
        &copy,
        "UPDATE pg_index SET indisready = false, indisunique = true WHERE indexrelid = 'svc_crm.customer__f_number'::regclass;
         UPDATE svc_crm.customer SET f_number = 'C-1' WHERE f_number = 'C-2'",
    )
    .await;
    assert!(fault(&looked(&running.app, &copy).await, "references").contains("more than once"));
}

#[tokio::test]
async fn a_record_that_the_log_does_not_know_fails_the_drill() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(&copy, "DELETE FROM svc_crm.customer WHERE f_number = 'C-2'").await;
    assert!(fault(&looked(&running.app, &copy).await, "records").ends_with("2 records, and 3 by the log"));
}

#[tokio::test]
async fn a_leaf_changed_in_the_copy_fails_the_drill() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(&copy, "UPDATE struct.entry SET at = at + interval '1 second' WHERE verb = 'record.created'").await;
    assert!(fault(&looked(&running.app, &copy).await, "logs").contains("its entry was changed or taken away"));
}

#[tokio::test]
async fn a_log_rebuilt_without_its_last_entries_is_not_the_one_that_was_published() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    // The copy ends earlier, at a size for which nothing was published.
    plant(
        &copy,
        "UPDATE struct.checkpoint SET size = size - 1 WHERE tenant_id <> '00000000-0000-0000-0000-000000000000'",
    )
    .await;
    let drilled = looked(&running.app, &copy).await;
    assert!(drilled.look("logs").is_some_and(|look| !look.holds()), "{drilled:?}");
}

#[tokio::test]
async fn a_row_that_does_not_open_with_the_keys_fails_the_drill() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    plant(&copy, "UPDATE svc_crm.customer SET sealed = set_byte(sealed, 30, 255 - get_byte(sealed, 30))").await;
    assert!(fault(&looked(&running.app, &copy).await, "opened").contains("does not open"));
}

#[tokio::test]
async fn with_another_keyring_nobody_signs_in_and_nothing_opens() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    let folder = tempfile::tempdir().expect("a folder");
    let passphrase = Passphrase::new(Zeroizing::new("another passphrase".to_owned()));
    let keyring = Keyring::open(&folder.path().join("keyring"), &passphrase, running.random()).expect("a keyring");
    let stranger = running.server_with_keys(keyring);
    stranger.provision_platform().expect("platform keys");
    let drilled = looked(&stranger, &copy).await;
    for look in ["signed_in", "page", "opened", "logs"] {
        assert!(!fault(&drilled, look).is_empty());
    }
    assert_eq!(drilled.rto_ms, None, "nothing was served");
}

#[tokio::test]
async fn a_page_damaged_on_disk_fails_the_drill_twice() {
    let mut server = PrivateServer::new().await;
    let running = Running::on(Database::on(&server).await).await;
    let copy = copied(&running).await;
    let sql = "SELECT pg_relation_filepath('svc_crm.customer')";
    let path: String = copy.root().await.query_one(sql, &[]).await.expect("a path").get(0);
    server.stop().await;
    let file = server.cluster.directory().join(path);
    let mut bytes = std::fs::read(&file).expect("the table's file");
    let last = bytes.len() - 20;
    bytes[last] ^= 0xff;
    std::fs::write(&file, bytes).expect("writable");
    let pages = server.cluster.check_pages().await.expect("the program runs");
    assert_eq!((pages.bad, pages.said.len()), (1, 1), "{pages:?}");
    server.start().await;
    assert!(fault(&looked(&running.app, &copy).await, "indexes").contains("svc_crm.customer"));
}

#[tokio::test]
async fn a_whole_copy_passes_and_its_figures_are_told() {
    let running = Running::start().await;
    let copy = copied(&running).await;
    let drilled = looked(&running.app, &copy).await;
    assert!(drilled.passed(), "{drilled:?}");
    assert_eq!(LOOKS.len(), drilled.looks.len());
    let figure = |look: &str, figure: &str| drilled.look(look).map_or(-1, |look| look.figure(figure));
    assert_eq!((figure("records", "records"), figure("records", "tenants")), (3, 2));
    assert_eq!(
        (figure("opened", "records"), figure("signed_in", "members")),
        (3, 1),
        "each newest record was opened once"
    );
    assert!(figure("indexes", "indexes") > 100 && figure("references", "references") > 10, "{drilled:?}");
    assert_eq!(figure("logs", "logs"), 3, "the platform's and two tenants'");
    assert!(drilled.rpo_ms.is_some() && drilled.rto_ms.is_some());
    let members = "SELECT count(DISTINCT password_phc) FROM struct.account WHERE password_phc IS NOT NULL";
    let (here, there) = (running.database.number(members).await, copy.number(members).await);
    assert_eq!(here, there, "somebody has another password in the copy");
    let same = running.app.sign_in(&running.peer(), SALES, testkit::running::PASSWORD).await;
    assert!(same.is_ok(), "and the one they had outside it");
}
