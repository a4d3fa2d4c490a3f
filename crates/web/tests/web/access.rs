//! Roles and the access matrix as an administrator uses them: what is saved, what is refused, what two people do at once.

use crate::samples::access::{matrix as sample_matrix, role_id};
use crate::site::{Answer, Site};
use app::screen::{Matrix, MatrixChange};
use domain::audit::Verb;
use domain::locale::Locale;
use domain::screen::{Action, Actions, ScreenKind};
use testkit::running::{ADMIN, READER, SALES};
use web::form::Form;
use web::page::access::merge::Merged;
use web::page::access::{typed, view};

const CRM: &str = "/app/admin/access/crm";
const ROLES: &str = "/app/admin/roles";

/// The fields a browser would send for a page it was shown: every control as it stands.
fn fields(html: &str) -> Vec<(String, String)> {
    let form = html.split("data-matrix>").nth(1).unwrap().split("</form>").next().unwrap();
    let attribute = |tag: &str, name: &str| {
        let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
        Some(value.replace("&#39;", "'").replace("&amp;", "&"))
    };
    let mut fields = Vec::new();
    for tag in form.split('<') {
        if let Some(input) = tag.strip_prefix("input") {
            let ticked = !input.contains("checkbox") || input.contains(" checked");
            let name = attribute(input, "name").unwrap();
            if ticked && name != "csrf" {
                fields.push((name, attribute(input, "value").unwrap()));
            }
        } else if let Some(select) = tag.strip_prefix("select") {
            fields.push((attribute(select, "name").unwrap(), String::new()));
        } else if tag.starts_with("option") && tag.contains(" selected") {
            fields.last_mut().unwrap().1 = attribute(tag, "value").unwrap();
        }
    }
    fields
}

async fn open(site: &Site, path: &str) -> Vec<(String, String)> {
    let page = site.get(path, Some(ADMIN)).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.body);
    fields(&page.body)
}

async fn send(site: &Site, path: &str, fields: &[(String, String)], reason: &str) -> Answer {
    let mut pairs: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.push(("reason", reason));
    site.post(path, ADMIN, &pairs).await
}

async fn matrix(site: &Site) -> Matrix {
    site.running.app.matrix(&site.running.caller(ADMIN).await).await.unwrap()
}

fn column(matrix: &Matrix, role: domain::id::RoleId) -> usize {
    matrix.roles.iter().position(|view| view.id == role).unwrap()
}

fn grant(matrix: &Matrix, screen: &str, role: domain::id::RoleId) -> Actions {
    let crm = matrix.services.iter().find(|service| service.service.name == "crm").unwrap();
    crm.screens.iter().find(|found| found.screen.name == screen).unwrap().grants[column(matrix, role)]
}

/// Screens whose newest entry says that they were changed for this reason.
async fn entered(site: &Site, reason: &str) -> Vec<Option<String>> {
    let admin = site.running.caller(ADMIN).await;
    let filter = app::audit::AuditFilter { verb: Some(Verb::AccessChanged), ..Default::default() };
    let page = site.running.app.audit(&admin, filter, None).await.unwrap();
    let told = page.entries.into_iter().filter(|entry| entry.detail.note.as_deref() == Some(reason));
    told.map(|entry| entry.target.screen).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sent_back_as_it_was_shown_changes_nothing() {
    let site = Site::start().await;
    let before = matrix(&site).await;
    for path in [CRM.to_owned(), format!("{CRM}?role={}&entity=deal", site.running.sales)] {
        let sent = open(&site, &path).await;
        let answer = send(&site, &path, &sent, "").await;
        assert!(answer.location().starts_with(&format!("{CRM}?done=unchanged")), "{} {}", answer.status, answer.body);
    }
    assert_eq!(matrix(&site).await.epoch, before.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_holds_at_the_next_request_and_stands_in_the_log() {
    let site = Site::start().await;
    let before = matrix(&site).await;
    let mut sent = open(&site, CRM).await;
    let reading = format!("g.customer_list.{}", column(&before, site.running.reading));
    sent.retain(|(name, _)| *name != reading);
    assert_eq!(site.get("/app/s/crm/customer", Some(READER)).await.status.as_u16(), 200);
    let answer = send(&site, CRM, &sent, "異動のため").await;
    assert_eq!(answer.location(), format!("{CRM}?done=access_saved"), "{}", answer.body);
    assert!(site.get(answer.location(), Some(ADMIN)).await.body.contains("アクセス権を保存しました"));
    assert_eq!(site.get("/app/s/crm/customer", Some(READER)).await.status.as_u16(), 403);
    // One screen was changed, so one entry was made.
    assert_eq!(entered(&site, "異動のため").await, [Some("customer_list".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_a_reason_is_not_saved_and_stays_on_the_page() {
    let site = Site::start().await;
    let before = matrix(&site).await;
    let mut sent = open(&site, CRM).await;
    let cell = format!("g.customer_form.{}", column(&before, site.running.reading));
    sent.push((cell.clone(), "create".to_owned()));
    for reason in ["", " \r\n ", &"あ".repeat(501)] {
        let answer = send(&site, CRM, &sent, reason).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert!(answer.body.contains("元：なし") && answer.body.contains("href=\"#reason\""));
        assert!(fields(&answer.body).contains(&(cell.clone(), "create".to_owned())));
    }
    assert_eq!(matrix(&site).await.epoch, before.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_no_page_has_is_refused_and_nothing_is_saved() {
    let site = Site::start().await;
    let before = matrix(&site).await;
    let sent = open(&site, CRM).await;
    for (name, value) in [
        ("nonsense", "1"),
        ("g.customer_list.0", "extract"),
        ("g.customer_list.99", "view"),
        ("g.nonsense.0", "view"),
        ("usable.customer_list", "yes"),
        ("billing.customer_list", "gold"),
        ("permission.customer_list", "everyone"),
        ("was.customer_list", "1"),
        ("epoch", "1"),
        ("roles", "x"),
    ] {
        let mut sent = sent.clone();
        sent.push((name.to_owned(), value.to_owned()));
        let answer = send(&site, CRM, &sent, "理由").await;
        assert_eq!(answer.status.as_u16(), 400, "{name}={value}");
        sent.retain(|(found, _)| found != name);
        sent.push((name.to_owned(), value.to_owned()));
        let answer = send(&site, CRM, &sent, "理由").await;
        assert!(answer.status.is_client_error() || name == "epoch", "{name}={value} alone: {}", answer.status);
    }
    let answer = site.post(CRM, ADMIN, &[("version", "1")]).await;
    assert_eq!(answer.status.as_u16(), 400);
    assert_eq!(site.get("/app/admin/access/nonsense", Some(ADMIN)).await.status.as_u16(), 404);
    assert_eq!(site.get(&format!("{CRM}?role=nonsense"), Some(ADMIN)).await.status.as_u16(), 400);
    assert_eq!(matrix(&site).await.epoch, before.epoch);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_changed_meanwhile_is_shown_and_nothing_of_either_is_lost() {
    let site = Site::start().await;
    let before = matrix(&site).await;
    let (sales, reading) = (site.running.sales, site.running.reading);
    let mut sent = open(&site, CRM).await;
    let list = format!("g.customer_list.{}", column(&before, reading));
    let form = format!("g.customer_form.{}", column(&before, reading));
    sent.retain(|(name, _)| *name != list);
    sent.push((form.clone(), "create".to_owned()));
    // Somebody else takes away a right of another role, and lets readers change customers.
    let change = |screen: &str, role, actions| MatrixChange {
        service: "crm".to_owned(),
        screen: screen.to_owned(),
        settings: None,
        grants: vec![(role, actions)],
    };
    let update = Actions::from_iter([Action::Update]);
    let others = vec![change("customer_extract", sales, Actions::default()), change("customer_form", reading, update)];
    let admin = site.running.caller(ADMIN).await;
    site.running.app.save_matrix(&admin, before.epoch, others, "別の人").await.unwrap();

    let answer = send(&site, CRM, &sent, "異動のため").await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("ほかの人がアクセス権を変更しました"));
    assert!(answer.body.contains("href=\"#s-customer_extract\"") && answer.body.contains(">異動のため</textarea>"));
    assert_eq!(grant(&matrix(&site).await, "customer_list", reading), Actions::from_iter([Action::View]));

    let again = fields(&answer.body);
    assert!(again.contains(&(form, "create".to_owned())) && !again.iter().any(|(name, _)| *name == list));
    let answer = send(&site, CRM, &again, "異動のため").await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    let after = matrix(&site).await;
    assert_eq!(grant(&after, "customer_list", reading), Actions::default());
    assert_eq!(grant(&after, "customer_form", reading), ScreenKind::Form.actions());
    assert_eq!(grant(&after, "customer_extract", sales), Actions::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_changed_elsewhere_do_not_stand_in_the_way() {
    let site = Site::start().await;
    let mut sent = open(&site, CRM).await;
    sent.push((format!("g.customer_form.{}", column(&matrix(&site).await, site.running.reading)), "create".to_owned()));
    let admin = site.running.caller(ADMIN).await;
    site.running.app.create_role(&admin, "一時").await.unwrap();
    let answer = send(&site, CRM, &sent, "理由").await;
    assert_eq!(answer.status.as_u16(), 303, "{}", answer.body);
    let now = matrix(&site).await;
    assert_eq!(grant(&now, "customer_form", site.running.reading), Actions::from_iter([Action::Create]));
    // A role of the page that is gone is told of.
    let sent = open(&site, CRM).await;
    let gone = now.roles.iter().find(|role| role.name == "一時").unwrap().id;
    site.running.app.delete_role(&admin, gone).await.unwrap();
    let answer = send(&site, CRM, &sent, "理由").await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("1個が削除されました"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_proposed_settings_are_shown_before_they_are_taken() {
    let site = Site::start().await;
    let mut sent = open(&site, CRM).await;
    sent.retain(|(name, _)| !name.starts_with("usable.") && !name.starts_with("billing."));
    assert_eq!(send(&site, CRM, &sent, "棚卸し").await.status.as_u16(), 303);
    assert_eq!(site.get("/app/s/crm/customer", Some(SALES)).await.status.as_u16(), 403);
    let page = site.get(&format!("{CRM}/proposed"), Some(ADMIN)).await;
    assert!(page.body.contains("顧客一覧") && page.body.contains("推奨設定に変えますか"));
    let answer = site.post(&format!("{CRM}/proposed"), ADMIN, &[]).await;
    assert_eq!(answer.location(), format!("{CRM}?done=access_proposed"));
    assert_eq!(site.get("/app/s/crm/customer", Some(SALES)).await.status.as_u16(), 200);
    assert!(site.get(&format!("{CRM}/proposed"), Some(ADMIN)).await.body.contains("推奨設定のとおりです"));
    assert_eq!(site.post("/app/admin/access/nonsense/proposed", ADMIN, &[]).await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_roles_fit_on_a_page_and_into_a_form() {
    let site = Site::start().await;
    let admin = site.running.caller(ADMIN).await;
    for number in 2..app::role::MAX_ROLES {
        site.running.app.create_role(&admin, &format!("第{number}営業所の案件と見積の担当")).await.unwrap();
    }
    let mut sent = open(&site, CRM).await;
    let crm = matrix(&site).await.services.into_iter().find(|service| service.service.name == "crm").unwrap();
    for (number, row) in crm.screens.iter().enumerate() {
        sent.retain(|(name, _)| !name.starts_with(&format!("g.{}.", row.screen.name)));
        for column in (0..50).filter(|column| (column + number) % 7 > 0) {
            let actions = row.screen.kind.actions();
            sent.extend(actions.iter().map(|a| (format!("g.{}.{column}", row.screen.name), a.code().to_owned())));
        }
    }
    assert!(sent.len() > 1_000);
    let answer = send(&site, CRM, &sent, "棚卸し").await;
    assert_eq!(answer.location(), format!("{CRM}?done=access_saved"), "{} {}", answer.status, answer.body);
    let now = matrix(&site).await;
    assert_eq!(grant(&now, "customer_list", now.roles[3].id), Actions::from_iter([Action::View]));
    assert_eq!(grant(&now, "customer_list", now.roles[7].id), Actions::default());
    let answer = site.post(ROLES, ADMIN, &[("name", "五十一番目")]).await;
    assert_eq!(answer.status.as_u16(), 409);
    assert!(answer.body.contains("50個まで") && answer.body.contains("value=\"五十一番目\""));
    let gzip = site.request("GET", CRM, Some(ADMIN)).await.header("accept-encoding", "gzip");
    let page = site.send(gzip.body(axum::body::Body::empty()).unwrap()).await;
    assert_eq!(page.headers["content-encoding"], "gzip");
    assert!(page.bytes < 60_000, "{} bytes", page.bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_made_renamed_and_removed() {
    let site = Site::start().await;
    for (name, status, said) in [("", 422, "ロールの名前"), (&*"長".repeat(61), 422, "60"), ("営業", 409, "すでに")]
    {
        let answer = site.post(ROLES, ADMIN, &[("name", name)]).await;
        assert_eq!(answer.status.as_u16(), status, "{name}");
        assert!(answer.body.contains(said) && answer.body.contains(&format!("value=\"{name}\"")), "{name}");
    }
    let answer = site.post(ROLES, ADMIN, &[("name", " 経理 ")]).await;
    assert_eq!(answer.location(), format!("{ROLES}?done=role_created"));
    let id = matrix(&site).await.roles.into_iter().find(|role| role.name == "経理").unwrap().id;
    let edit = format!("{ROLES}/{id}/edit");
    assert!(site.get(&edit, Some(ADMIN)).await.body.contains("value=\"経理\""));
    assert_eq!(site.post(&edit, ADMIN, &[("name", "営業")]).await.status.as_u16(), 409);
    assert_eq!(site.post(&edit, ADMIN, &[("name", "経理")]).await.location(), format!("{ROLES}?done=unchanged"));
    let answer = site.post(&edit, ADMIN, &[("name", "経理・総務")]).await;
    assert_eq!(answer.location(), format!("{ROLES}?done=role_renamed"));
    let delete = format!("{ROLES}/{id}/delete");
    assert!(site.get(&delete, Some(ADMIN)).await.body.contains("「経理・総務」を削除しますか"));
    assert_eq!(site.post(&delete, ADMIN, &[]).await.location(), format!("{ROLES}?done=role_deleted"));
    for path in [edit, delete, format!("{ROLES}/nonsense/edit")] {
        assert_eq!(site.get(&path, Some(ADMIN)).await.status.as_u16(), 404);
        assert_eq!(site.post(&path, ADMIN, &[("name", "x")]).await.status.as_u16(), 404);
    }
}

#[test]
fn only_actions_that_exist_on_a_screen_are_offered() {
    let matrix = sample_matrix(3);
    for service in &matrix.services {
        let shell = crate::samples::shell(Locale::Ja, CRM, true, true);
        let merged = Merged::untouched(service);
        let name = &service.service.name;
        let page = view::view(shell, &matrix, name, &view::Part::default(), &merged, &view::Said::default());
        let rows = page.groups.iter().flat_map(|group| &group.rows);
        for (row, screen) in rows.zip(&service.screens) {
            assert_eq!(row.name, screen.screen.name);
            for cell in &row.cells {
                let offered = cell.actions.iter().filter_map(|(code, ..)| Action::parse(code)).collect::<Actions>();
                assert_eq!(offered, screen.screen.kind.actions(), "{}", row.name);
            }
        }
    }
}

#[test]
fn a_matrix_too_large_for_a_page_is_shown_an_entity_at_a_time() {
    let mut matrix = sample_matrix(50);
    let crm = &mut matrix.services[0];
    let more = crm.screens.clone();
    crm.screens.extend(more);
    let shell = || crate::samples::shell(Locale::Ja, CRM, true, true);
    let merged = Merged::untouched(&matrix.services[0]);
    let page = |query: &str| {
        let part = view::Part::read(&Form::parse(query).unwrap()).unwrap();
        view::view(shell(), &matrix, "crm", &part, &merged, &view::Said::default())
    };
    assert_eq!(page("").groups.len(), 1);
    assert_eq!(page("entity=deal").groups[0].label, matrix.services[0].service.entity("deal").unwrap().label.ja);
    let one = page(&format!("role={}", role_id(4)));
    assert!(one.columns.len() == 1 && one.groups.len() > 1);
}

#[test]
fn a_change_meets_another_bit_by_bit() {
    let was = sample_matrix(3);
    let crm = &was.services[0];
    let role = was.roles[0].id;
    let (before, mut now) = (crm.screens[1].clone(), was.clone());
    assert_eq!(before.grants[0], ScreenKind::Detail.actions());
    now.epoch += 1;
    now.services[0].screens[1].grants[0] = Actions::from_iter([Action::Delete]);
    now.services[0].screens[1].settings.billing_types.reverse();
    let row = typed::Row { settings: before.settings.clone(), grants: vec![before.grants[0]] };
    let chosen = typed::Row { grants: vec![Actions::from_iter([Action::View])], ..row.clone() };
    let rows = [(before.screen.name.clone(), typed::TypedRow { was: row, now: chosen })];
    let typed = typed::Typed { epoch: was.epoch, reason: String::new(), roles: vec![role], rows: rows.into() };
    let merged = Merged::met(&typed, &now, &now.services[0]);
    // One side took away viewing, the other deleting: nothing is left, and the order of billing types is no change.
    assert_eq!(merged.rows[1].grants[0], Actions::default());
    let changes = merged.changes(&now, &now.services[0]);
    assert_eq!(changes.len(), 1);
    assert!(changes[0].settings.is_none() && changes[0].grants == [(role, Actions::default())]);
}
