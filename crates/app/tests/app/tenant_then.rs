//! One tenant at one time: compared with today, and brought back as logged changes. The other tenant is neither read nor touched.

use crate::{customer, entries, typed};
use app::Error;
use app::backup::copy::CopyPlace;
use app::backup::tenant::{Brought, Difference, EntityCompared, Kind, Outcome, TenantThen, Wish};
use app::record::Mode;
use app::screen::MatrixChange;
use app::user::MemberChange;
use domain::audit::Verb;
use domain::id::RecordId;
use std::collections::BTreeSet;
use testkit::database::{Database, ROOT};
use testkit::running::{OTHER, Running, SALES};

const REASON: &str = "誤って消した顧客を戻す";

/// A copy, and the folder that goes with it.
struct Then {
    copy: Database,
    folder: tempfile::TempDir,
}

impl Then {
    async fn of(running: &Running) -> Self {
        Self { copy: running.database.copy().await, folder: tempfile::tempdir().expect("a folder") }
    }

    async fn tenant<'a>(&self, running: &'a Running) -> TenantThen<'a> {
        let place = CopyPlace {
            root: self.copy.address(ROOT),
            app: self.copy.address(store::bootstrap::APP),
            owner: self.copy.address(store::bootstrap::OWNER),
            folder: self.folder.path().to_owned(),
        };
        let copy = running.operator.over(&place).await.expect("a copy");
        running.operator.tenant_then(copy, "minato", running.app.now()).await.expect("it was there")
    }
}

async fn compared(then: &TenantThen<'_>, wish: &Wish) -> (Vec<Difference>, Vec<EntityCompared>) {
    let mut told = Vec::new();
    let mut tell = |difference| {
        told.push(difference);
        Ok(())
    };
    let all = then.compare(wish, &mut tell).await.expect("both answer");
    (told, all)
}

async fn brought(then: &TenantThen<'_>, wish: &Wish) -> Vec<Brought> {
    let mut told = Vec::new();
    then.bring_back(wish, REASON, &mut |brought| told.push(brought)).await.expect("both answer");
    told
}

async fn detail(running: &Running, id: RecordId) -> Result<std::collections::BTreeMap<String, String>, Error> {
    let sales = running.caller(SALES).await;
    let shown = running.app.record_reveal(&sales, "crm", "customer", id).await?;
    Ok(shown.view.record.values)
}

async fn rename(running: &Running, id: RecordId, name: &str) {
    let sales = running.caller(SALES).await;
    let version = running.app.record_detail(&sales, "crm", "customer", id).await.expect("there").view.record.version;
    running
        .app
        .record_update(&sales, ("crm", "customer"), id, version, typed(&[("name", name)]), Mode::Named)
        .await
        .expect("changed");
}

async fn delete(running: &Running, entity: &str, id: RecordId) {
    let sales = running.caller(SALES).await;
    let version = running.app.record_detail(&sales, "crm", entity, id).await.expect("there").view.record.version;
    running.app.record_delete(&sales, ("crm", entity), id, version).await.expect("removed");
}

#[tokio::test]
async fn a_number_taken_since_and_a_parent_gone_are_told_one_by_one_and_the_rest_comes_back() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let taken = customer(&running.app, &sales, "C-1", "港 一郎").await;
    let free = customer(&running.app, &sales, "C-2", "港 二葉").await;
    let contact = typed(&[("number", "P-1"), ("name", "担当 花"), ("customer", &free.to_string())]);
    let child = running.app.record_create(&sales, "crm", "contact", contact).await.expect("a contact");
    let then = Then::of(&running).await;
    delete(&running, "contact", child).await;
    delete(&running, "customer", taken).await;
    delete(&running, "customer", free).await;
    customer(&running.app, &running.caller(SALES).await, "C-1", "別の 人").await;
    let then = then.tenant(&running).await;

    let orphan = brought(&then, &Wish { entity: Some("contact".to_owned()), ..Wish::default() }).await;
    let [Brought { outcome: Outcome::Conflict(why), .. }] = orphan.as_slice() else { panic!("{orphan:?}") };
    assert!(why.contains("customer"), "{why}");

    let all = brought(&then, &Wish::default()).await;
    let of = |id| all.iter().find(|one| one.id == id).map(|one| one.outcome.clone());
    assert!(matches!(of(taken), Some(Outcome::Conflict(why)) if why.contains("number")), "{all:?}");
    assert_eq!((of(free), of(child)), (Some(Outcome::Restored), Some(Outcome::Restored)));
    assert_eq!(detail(&running, free).await.expect("there again")["name"], "港 二葉");
}

#[tokio::test]
async fn the_other_tenants_records_are_neither_read_nor_touched() {
    let running = Running::start().await;
    let other = running.caller(OTHER).await;
    let role = running.app.create_role(&other, "全操作").await.expect("a role");
    let matrix = running.app.matrix(&other).await.expect("the matrix");
    let screens =
        matrix.services.iter().flat_map(|service| service.screens.iter().map(move |row| (service, &row.screen)));
    let changes = screens.map(|(service, screen)| MatrixChange {
        service: service.service.name.clone(),
        screen: screen.name.clone(),
        settings: None,
        grants: vec![(role, screen.kind.actions())],
    });
    running.app.save_matrix(&other, matrix.epoch, changes.collect(), "test").await.expect("rights");
    let change = MemberChange { administrator: true, roles: vec![role], billing_types: vec!["standard".to_owned()] };
    running.app.change_member(&other, other.user, change).await.expect("a role of their own");
    let theirs = customer(&running.app, &other, "X-1", "青葉 一").await;
    let then = Then::of(&running).await;
    running.app.record_delete(&running.caller(OTHER).await, ("crm", "customer"), theirs, 1).await.expect("removed");
    let then = then.tenant(&running).await;
    let (told, all) = compared(&then, &Wish { values: true, ..Wish::default() }).await;
    assert_eq!((told.len(), all.iter().map(|one| one.same + one.deleted).sum::<u64>()), (0, 0), "{told:?}");
    let theirs = Wish { ids: Some(BTreeSet::from([theirs])), ..Wish::default() };
    assert_eq!(brought(&then, &theirs).await, []);
    assert_eq!(running.database.number("SELECT count(*) FROM svc_crm.customer").await, 0);
}

#[tokio::test]
async fn what_was_added_changed_and_removed_is_told_by_names_of_fields_and_not_by_values() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let kept = customer(&running.app, &sales, "C-1", "港 一郎").await;
    let changed = customer(&running.app, &sales, "C-2", "港 二葉").await;
    let gone = customer(&running.app, &sales, "C-3", "港 三郎").await;
    let back = customer(&running.app, &sales, "C-5", "港 五郎").await;
    let then = Then::of(&running).await;
    rename(&running, changed, "湊 二葉").await;
    rename(&running, back, "別の 名").await;
    rename(&running, back, "港 五郎").await;
    delete(&running, "customer", gone).await;
    let added = customer(&running.app, &running.caller(SALES).await, "C-4", "港 四葉").await;
    let then = then.tenant(&running).await;

    let (told, all) = compared(&then, &Wish::default()).await;
    let found = all.iter().find(|one| one.entity == "customer").expect("an entity");
    assert_eq!(
        (found.added, found.changed, found.deleted, found.same),
        (1, 1, 1, 2),
        "{kept} and {back} are as they were"
    );
    let kinds: BTreeSet<_> =
        told.iter().map(|one| (one.id, one.kind)).map(|(id, kind)| (id.to_string(), format!("{kind:?}"))).collect();
    let expected = [(changed, "Changed"), (gone, "Deleted"), (added, "Added")];
    assert_eq!(kinds, expected.map(|(id, kind)| (id.to_string(), kind.to_owned())).into());
    let one = told.iter().find(|one| one.id == changed).expect("the changed one");
    assert_eq!(one.fields.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["name"]);
    let text = serde_json::to_string(&told).expect("JSON");
    assert!(!text.contains("二葉") && !text.contains("C-3"), "{text}");

    let values = Wish { values: true, kinds: vec![Kind::Changed], ..Wish::default() };
    let before = entries(&running, Verb::RecordRevealed).await;
    then.enter_showing(&values, REASON).await.expect("entered");
    assert!(entries(&running, Verb::RecordRevealed).await > before, "showing values is in the log");
    let (told, _) = compared(&then, &values).await;
    let [one] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((one.fields[0].then.as_deref(), one.fields[0].now.as_deref()), (Some("港 二葉"), Some("湊 二葉")));
}

#[tokio::test]
async fn what_comes_back_is_the_operators_logged_change_and_a_second_run_finds_nothing_to_do() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let gone = customer(&running.app, &sales, "C-1", "港 一郎").await;
    let changed = customer(&running.app, &sales, "C-2", "港 二葉").await;
    rename(&running, gone, "港 一朗").await;
    let then = Then::of(&running).await;
    rename(&running, gone, "港 一").await;
    delete(&running, "customer", gone).await;
    rename(&running, changed, "湊 二葉").await;
    let before = (entries(&running, Verb::RecordCreated).await, entries(&running, Verb::RecordUpdated).await);
    let then = then.tenant(&running).await;

    let first = brought(&then, &Wish::default()).await;
    let outcomes: BTreeSet<String> = first.iter().map(|one| format!("{:?}", one.outcome)).collect();
    assert_eq!(outcomes, ["Restored".to_owned(), "ChangedBack".to_owned()].into(), "{first:?}");
    assert_eq!(detail(&running, gone).await.expect("there")["name"], "港 一朗");
    assert_eq!(detail(&running, changed).await.expect("there")["name"], "港 二葉");
    let after = (entries(&running, Verb::RecordCreated).await, entries(&running, Verb::RecordUpdated).await);
    assert_eq!(after, (before.0 + 1, before.1 + 1));
    let operators =
        "SELECT count(*) FROM struct.entry WHERE actor = 'operator' AND verb IN ('record.created', 'record.updated')";
    assert_eq!(running.database.number(operators).await, 2);
    let version = format!("SELECT version FROM svc_crm.customer WHERE id = '{gone}'");
    assert!(running.database.number(&version).await > 3, "no envelope of its former life opens in its place");

    assert_eq!(brought(&then, &Wish::default()).await, [], "nothing is brought back twice");
    running.app.sequence_once().await.expect("a round");
    let checked = running.app.check_logs().await.expect("both answer");
    assert!(checked.whole(), "{checked:?}");
}
