//! Roles: names that are taken once, and grants that go with them.

use crate::{denied, entries, faults};
use app::Error;
use app::Refusal;
use domain::audit::Verb;
use domain::record::ListQuery;
use testkit::running::{ADMIN, READER, Running};

#[tokio::test]
async fn a_name_that_is_empty_too_long_or_taken_is_refused() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let long = "あ".repeat(61);
    for (name, code) in
        [("", "required"), ("  ", "required"), (long.as_str(), "too_long"), ("a\nb", "control_character")]
    {
        assert_eq!(faults(running.app.create_role(&admin, name).await), [("name".to_owned(), code)]);
    }
    let taken = running.app.create_role(&admin, " 営業 ").await;
    assert!(matches!(taken, Err(Error::Refused(Refusal::NameTaken))), "{taken:?}");
    let taken = running.app.rename_role(&admin, running.reading, "営業").await;
    assert!(matches!(taken, Err(Error::Refused(Refusal::NameTaken))), "{taken:?}");
    let gone = running.app.rename_role(&admin, uuid::Uuid::nil().into(), "x").await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    assert_eq!(entries(&running, Verb::RoleCreated).await, 2, "nothing refused is entered as done");
}

#[tokio::test]
async fn a_removed_role_grants_nothing_from_the_next_request_on() {
    let running = Running::start().await;
    let (admin, reader) = (running.caller(ADMIN).await, running.caller(READER).await);
    let list = || running.app.record_list(&reader, "crm", "customer", ListQuery::default(), false);
    assert!(list().await.is_ok());
    assert_eq!(
        running.app.roles(&admin).await.expect("roles").iter().map(|role| role.members).collect::<Vec<_>>(),
        [1, 1]
    );
    running.app.rename_role(&admin, running.reading, "見るだけ").await.expect("renamed");
    assert!(list().await.is_ok());
    running.app.delete_role(&admin, running.reading).await.expect("removed");
    assert!(denied(&list().await));
    assert_eq!(running.app.roles(&admin).await.expect("roles").len(), 1);
    assert_eq!(running.database.number("SELECT count(*) FROM struct.role_grant g LEFT JOIN struct.role r USING (tenant_id, role_id) WHERE r.role_id IS NULL").await, 0);
}

#[tokio::test]
async fn a_tenant_has_at_most_fifty_roles() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    for number in 2..app::role::MAX_ROLES {
        running.app.create_role(&admin, &format!("役 {number}")).await.expect("a role");
    }
    let refused = running.app.create_role(&admin, "もう一つ").await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::TooManyRoles))), "{refused:?}");
}
