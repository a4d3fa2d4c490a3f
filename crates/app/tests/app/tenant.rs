//! Tenants: made by the operator only, closed until somebody opens them.

use crate::denied;
use app::Error;
use app::Refusal;
use app::tenant::NewTenant;
use domain::audit::Verb;
use domain::locale::Locale;
use domain::record::ListQuery;
use testkit::running::{ADMIN, PASSWORD, Running, token};

fn new(code: &str, email: &str) -> NewTenant {
    NewTenant {
        code: code.into(),
        name: "新会社".into(),
        email: email.into(),
        display_name: "長 一子".into(),
        billing_types: vec!["standard".into()],
    }
}

#[tokio::test]
async fn a_server_without_the_owners_address_makes_no_tenant_and_no_contract() {
    let running = Running::start().await;
    assert!(running.app.tenant_create(&new("nova", "a@nova.example.jp"), Locale::Ja).await.is_err());
    assert!(running.app.contract_start(running.tenant, "crm", true).await.is_err());
    assert_eq!(running.app.tenants().await.expect("a list").len(), 2);
}

#[tokio::test]
async fn a_code_that_is_taken_or_none_and_an_address_that_is_none_make_no_tenant() {
    let running = Running::start().await;
    let taken = running.operator.tenant_create(&new("minato", "a@nova.example.jp"), Locale::Ja).await;
    assert!(matches!(taken, Err(Error::Refused(Refusal::NameTaken))), "{taken:?}");
    assert!(running.operator.tenant_create(&new("Minato!", "a@nova.example.jp"), Locale::Ja).await.is_err());
    assert!(running.operator.tenant_create(&new("nova", "nobody"), Locale::Ja).await.is_err());
    assert_eq!(running.app.tenants().await.expect("a list").len(), 2);
}

#[tokio::test]
async fn a_service_that_is_not_contracted_or_not_opened_is_closed_to_everybody() {
    let running = Running::start().await;
    let email = "chief@nova.example.jp";
    let (tenant, link) = running.operator.tenant_create(&new("nova", email), Locale::Ja).await.expect("a tenant");
    running.app.accept_invitation(&running.peer(), token(&link), PASSWORD).await.expect("joined");
    let chief = running.caller(email).await;
    let list = || running.app.record_list(&chief, "crm", "customer", ListQuery::default(), false);
    assert!(matches!(list().await, Err(Error::NotFound)), "not contracted");
    assert!(running.app.menu(&chief).await.expect("a menu").is_empty());
    running.operator.contract_start(tenant, "crm", false).await.expect("a contract");
    let refused = list().await;
    assert!(matches!(&refused, Err(Error::Denied { gate, .. }) if gate.code() == "usable"), "contracted, but closed");
    running.app.apply_proposed(&chief, "crm").await.expect("opened");
    let refused = list().await;
    assert!(denied(&refused), "open, but no role grants anything yet");
    let log = running.app.audit(&chief, app::audit::AuditFilter::default(), None).await.expect("a log");
    let verbs: Vec<Verb> = log.entries.iter().map(|entry| entry.verb).collect();
    for verb in [Verb::TenantCreated, Verb::UserInvited, Verb::UserJoined, Verb::ContractStarted, Verb::AccessChanged] {
        assert!(verbs.contains(&verb), "{verb:?} is missing in {verbs:?}");
    }
}

#[tokio::test]
async fn contracting_again_keeps_keys_and_records() {
    let running = Running::start().await;
    let sales = running.caller(testkit::running::SALES).await;
    let record = crate::customer(&running.app, &sales, "C1", "山本 健").await;
    running.operator.contract_start(running.tenant, "crm", true).await.expect("again");
    let kept = running.app.record_reveal(&sales, "crm", "customer", record).await.expect("it opens");
    assert_eq!(kept.view.record.values["name"], "山本 健");
    let none = running.operator.contract_start(running.tenant, "none", true).await;
    assert!(matches!(none, Err(Error::NotFound)));
    let _ = running.caller(ADMIN).await;
}
