//! Sealing as an intruder with a superuser's rights finds it: what was moved or altered does not open.

use crate::{customer, typed};
use app::record::Mode;
use app::{Caller, Error};
use domain::id::RecordId;
use seal::tree::Node;
use testkit::running::{ADMIN, OTHER, Running, SALES};

async fn opens(running: &Running, caller: &Caller, entity: &str, id: RecordId) -> bool {
    match running.app.record_detail(caller, "crm", entity, id).await {
        Ok(_) => true,
        Err(Error::Internal(text)) => {
            assert!(text.contains("does not open"), "{text}");
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_sealed_row_moved_to_another_id_entity_tenant_or_version_does_not_open() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let (one, two) =
        (customer(&running.app, &sales, "C1", "山本 健").await, customer(&running.app, &sales, "C2", "山田 一").await);
    let contact = [("number", "P1"), ("customer", &one.to_string()), ("name", "担当 太郎")];
    let contact = running.app.record_create(&sales, "crm", "contact", typed(&contact)).await.expect("a contact");
    let root = running.database.root().await;
    let saved = "CREATE TABLE public.saved AS SELECT id, version, sealed FROM svc_crm.customer";
    root.batch_execute(saved).await.expect("an intruder is a superuser here");
    let restore =
        "UPDATE svc_crm.customer c SET version = s.version, sealed = s.sealed FROM public.saved s WHERE s.id = c.id";
    assert!(opens(&running, &sales, "customer", one).await && opens(&running, &sales, "contact", contact).await);
    for intrusion in [
        format!(
            "UPDATE svc_crm.customer SET sealed = (SELECT sealed FROM public.saved WHERE id = '{two}') WHERE id = '{one}'"
        ),
        format!("UPDATE svc_crm.customer SET version = 2 WHERE id = '{one}'"),
        format!(
            "UPDATE svc_crm.customer SET sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) WHERE id = '{one}'"
        ),
        format!("UPDATE svc_crm.customer SET sealed = substr(sealed, 1, 20) WHERE id = '{one}'"),
        format!("UPDATE svc_crm.customer SET sealed = '' WHERE id = '{one}'"),
        format!("UPDATE svc_crm.customer SET sealed = (SELECT sealed FROM svc_crm.contact) WHERE id = '{one}'"),
    ] {
        root.batch_execute(&intrusion).await.expect("it runs");
        assert!(!opens(&running, &sales, "customer", one).await, "{intrusion}");
        let listed =
            running.app.record_list(&sales, "crm", "customer", domain::record::ListQuery::default(), false).await;
        assert!(matches!(listed, Err(Error::Internal(_))), "a list does not show it either");
        root.batch_execute(restore).await.expect("it runs");
        assert!(opens(&running, &sales, "customer", one).await);
    }
    // An older state of the same row, after a change: the version moved on.
    running
        .app
        .record_update(&sales, ("crm", "customer"), one, 1, typed(&[("rank", "A")]), Mode::Named)
        .await
        .expect("changed");
    root.batch_execute("UPDATE svc_crm.customer c SET sealed = s.sealed FROM public.saved s WHERE s.id = c.id")
        .await
        .expect("it runs");
    assert!(!opens(&running, &sales, "customer", one).await, "an older envelope under the newer version");
}

#[tokio::test]
async fn a_sealed_row_copied_into_another_tenant_does_not_open_there() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let one = customer(&running.app, &sales, "C1", "山本 健").await;
    let root = running.database.root().await;
    let copy = format!(
        "INSERT INTO svc_crm.customer (tenant_id, id, version, sealed, created_at, created_by, updated_at, updated_by, f_number)
         SELECT (SELECT tenant_id FROM struct.tenant WHERE code = 'aoba'), id, version, sealed, created_at,
             (SELECT m.user_id FROM struct.member m JOIN struct.tenant t USING (tenant_id) WHERE t.code = 'aoba'), updated_at, updated_by, f_number
         FROM svc_crm.customer WHERE id = '{one}'"
    );
    root.batch_execute(&copy).await.expect("an intruder is a superuser here");
    let other = running.caller(OTHER).await;
    let role = running.app.create_role(&other, "全部").await.expect("a role");
    let matrix = running.app.matrix(&other).await.expect("the matrix");
    let open = |screen: &str| app::screen::MatrixChange {
        service: "crm".into(),
        screen: screen.into(),
        settings: None,
        grants: vec![(role, domain::screen::Actions(31))],
    };
    running.app.save_matrix(&other, matrix.epoch, vec![open("customer_detail")], "").await.expect("saved");
    let change =
        app::user::MemberChange { administrator: true, roles: vec![role], billing_types: vec!["standard".into()] };
    running.app.change_member(&other, other.user, change).await.expect("changed");
    assert!(!opens(&running, &other, "customer", one).await);
    assert!(opens(&running, &sales, "customer", one).await);
}

#[tokio::test]
async fn without_its_key_nothing_of_a_service_opens_and_the_rest_stays_readable() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let one = customer(&running.app, &sales, "C1", "山本 健").await;
    let claim = [
        ("number", "E1"),
        ("claimant", "山本 健"),
        ("claimed_on", "2026-11-22"),
        ("purpose", "出張"),
        ("state", "draft"),
    ];
    let claim = running.app.record_create(&sales, "expense", "claim", typed(&claim)).await.expect("a claim");
    running.keyring.destroy(&Node::Service(running.tenant.bytes(), "crm".to_owned())).expect("destroyed");
    let second = running.second_server();
    let gone = second.record_detail(&sales, "crm", "customer", one).await;
    assert!(matches!(gone, Err(Error::Internal(_))), "{gone:?}");
    assert!(second.record_detail(&sales, "expense", "claim", claim).await.is_ok());
    // The log stays readable: entries about the service lose their detail and nothing else.
    let admin = running.caller(ADMIN).await;
    let log = second.audit(&admin, app::audit::AuditFilter::default(), None).await.expect("a log");
    let about = log.entries.iter().find(|entry| entry.target.record == Some(one)).expect("it is there");
    assert!(about.detail.changes.is_empty() && about.detail.address.is_none());
    assert!(about.actor_name.is_some());
    let kept = log.entries.iter().find(|entry| entry.target.record == Some(claim)).expect("it is there");
    assert!(!kept.detail.changes.is_empty());
}

#[tokio::test]
async fn a_new_key_version_seals_and_the_old_one_still_opens() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let old = customer(&running.app, &sales, "C1", "山本 健").await;
    let node = Node::ServiceData(running.tenant.bytes(), "crm".to_owned());
    running.keyring.rotate(&node, running.random()).expect("rotated");
    let second = running.second_server();
    let new = customer(&second, &sales, "C2", "山田 一").await;
    for id in [old, new] {
        assert!(second.record_reveal(&sales, "crm", "customer", id).await.is_ok());
    }
    let versions = "SELECT count(DISTINCT substr(sealed, 1, 5)) FROM svc_crm.customer";
    assert_eq!(running.database.number(versions).await, 2);
}
