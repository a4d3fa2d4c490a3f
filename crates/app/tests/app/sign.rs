//! Signs of fraud: planted records, limits, days looked at by several servers, who is told. Held extractions: `hold`.

mod hold;

use crate::{customer, denied, entries, typed};
use app::extraction::Format;
use app::record::Mode;
use app::user::MemberChange;
use app::{Caller, Error, Refusal};
use domain::audit::Verb;
use domain::audit::sign::{DENIALS_MIN, RoleLimit, Rule};
use domain::id::RoleId;
use domain::record::ListQuery;
use host::mail::Folder;
use jiff::SignedDuration;
use testkit::proxy::Proxy;
use testkit::running::{ADMIN, NOBODY, OPERATOR, OTHER, READER, Running, SALES};

/// Rules of all signs there are, each as often as it was raised.
async fn raised(running: &Running) -> Vec<Rule> {
    let signs = running.app.signs(&running.caller(ADMIN).await, true).await.expect("the page").signs;
    let mut rules: Vec<Rule> = signs.iter().map(|sign| sign.sign.rule).collect();
    rules.sort_unstable();
    rules
}

/// Makes somebody an administrator besides.
async fn promote(running: &Running, email: &str) -> Caller {
    let admin = running.caller(ADMIN).await;
    let user = running.caller(email).await.user;
    let held = running.app.member(&admin, user).await.expect("a member");
    let change = MemberChange { administrator: true, roles: held.roles, billing_types: held.billing_types };
    running.app.change_member(&admin, user, change).await.expect("promoted");
    running.caller(email).await
}

/// Who got a mail about the rule.
fn told(running: &Running, rule: Rule) -> Vec<String> {
    let folder = Folder::open(&running.mail_folder(), "STRUCT <no-reply@example.jp>").expect("the folder");
    let letters = folder.list().expect("letters").into_iter().filter(|letter| letter.text.contains(rule.code()));
    let mut to: Vec<String> = letters.map(|letter| letter.to).collect();
    to.sort();
    to
}

#[tokio::test]
async fn members_see_and_change_nothing_of_it_and_the_attempt_is_entered() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    let app = &running.app;
    assert!(denied(&app.signs(&sales, false).await));
    assert!(denied(&app.set_honey(&sales, ("crm", "customer"), id, true).await));
    let limit = RoleLimit { free_rows: Some(9), max_rows: None };
    assert!(denied(&app.set_role_limit(&sales, running.sales, limit, "x").await));
    assert!(denied(&app.close_sign(&sales, uuid::Uuid::nil().into(), "x").await));
    assert_eq!(entries(&running, Verb::AccessDenied).await, 4);
    // Another tenant's record, role and sign are not there, for its administrator either.
    let other = running.caller(OTHER).await;
    let refused = app.set_honey(&other, ("crm", "customer"), id, true).await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    let refused = app.set_role_limit(&other, running.sales, limit, "x").await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(entries(&running, Verb::RecordNotFound).await, 2);
}

#[tokio::test]
async fn every_touch_of_a_planted_record_raises_a_sign_and_a_list_does_not() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let app = &running.app;
    let planted = customer(app, &sales, "C1", "山本 健").await;
    let ordinary = customer(app, &sales, "C2", "佐藤 花").await;
    app.set_honey(&admin, ("crm", "customer"), planted, true).await.expect("planted");
    app.record_list(&sales, "crm", "customer", ListQuery::default(), false).await.expect("a list");
    app.record_reveal(&sales, "crm", "customer", ordinary).await.expect("revealed");
    assert_eq!(raised(&running).await, [], "a list and another record");
    app.record_detail(&sales, "crm", "customer", planted).await.expect("shown");
    app.record_detail(&sales, "crm", "customer", planted).await.expect("shown again");
    assert_eq!(raised(&running).await.len(), 1, "the same touch within an hour");
    app.record_form(&sales, "crm", "customer", Some(planted)).await.expect("a form");
    let values = typed(&[("name", "山本 健一")]);
    app.record_update(&sales, ("crm", "customer"), planted, 1, values, Mode::Named).await.expect("changed");
    app.extract(&sales, "crm", "customer", Format::Csv, ListQuery::default()).await.map(drop).expect("extracted");
    app.extract(&sales, "crm", "customer", Format::Csv, crate::one("number", domain::record::Test::Equals, "C2"))
        .await
        .map(drop)
        .expect("extracted without it");
    app.record_delete(&sales, ("crm", "customer"), planted, 2).await.expect("removed");
    assert_eq!(raised(&running).await, [Rule::HoneyTouched; 5], "view, reveal, update, extract, delete");
    assert_eq!(entries(&running, Verb::SignRaised).await, 5);
    app.tell_signs().await.expect("told");
    assert_eq!(told(&running, Rule::HoneyTouched).iter().filter(|to| *to == ADMIN).count(), 5);
    assert_eq!(told(&running, Rule::HoneyTouched).iter().filter(|to| *to == OPERATOR).count(), 5);
    assert_eq!(app.tell_signs().await.expect("nothing left"), 0);
}

#[tokio::test]
async fn looking_out_for_planted_records_costs_no_round_trip() {
    let running = Running::start().await;
    let (admin, sales) = (running.caller(ADMIN).await, running.caller(SALES).await);
    let ordinary = customer(&running.app, &sales, "C1", "山本 健").await;
    let proxy = Proxy::start(&running.database.socket_dir);
    let app = running.server_through(proxy.socket_dir());
    let mut turns = Vec::new();
    for planted in [false, true] {
        if planted {
            let record = customer(&running.app, &sales, "C9", "佐藤 花").await;
            running.app.set_honey(&admin, ("crm", "customer"), record, true).await.expect("planted");
        }
        // Statements are prepared and rights are read the first time.
        for number in ["a", "b"] {
            let before = proxy.turns();
            app.record_detail(&sales, "crm", "customer", ordinary).await.expect("shown");
            let shown = proxy.turns();
            customer(&app, &sales, &format!("{planted}{number}"), "x").await;
            turns.push((shown - before, proxy.turns() - shown));
        }
    }
    assert_eq!(turns[1], (1, 1), "one round trip each");
    assert_eq!(turns[3], turns[1], "with planted records in the tenant");
}

#[tokio::test]
async fn plain_work_on_records_touches_no_tally() {
    let running = Running::start().await;
    let sales = running.caller(SALES).await;
    let tally = "SELECT coalesce(sum(revision), 0)::bigint FROM struct.tally";
    let before = running.database.number(tally).await;
    let id = customer(&running.app, &sales, "C1", "山本 健").await;
    running.app.record_detail(&sales, "crm", "customer", id).await.expect("shown");
    let values = typed(&[("name", "x")]);
    running.app.record_update(&sales, ("crm", "customer"), id, 1, values, Mode::Named).await.expect("changed");
    assert_eq!(running.database.number(tally).await, before);
    running.app.record_reveal(&sales, "crm", "customer", id).await.expect("revealed");
    assert_eq!(running.database.number(tally).await, before + 1);
    assert_eq!(running.database.number("SELECT sum(reveals)::bigint FROM struct.tally").await, 1);
}

#[tokio::test]
async fn many_refusals_are_one_sign_however_many_servers_look() {
    let running = Running::start().await;
    let nobody = running.caller(NOBODY).await;
    let refuse = async |count: usize| {
        for _ in 0..count {
            assert!(denied(&running.app.record_list(&nobody, "crm", "customer", ListQuery::default(), false).await));
        }
    };
    refuse(DENIALS_MIN - 1).await;
    assert_eq!(running.app.look_for_signs().await.expect("a look"), 0, "one fewer than many");
    refuse(1).await;
    let (second, third) = (running.second_server(), running.second_server());
    let (a, b, c) = tokio::join!(running.app.look_for_signs(), second.look_for_signs(), third.look_for_signs());
    assert_eq!(a.expect("a look") + b.expect("a look") + c.expect("a look"), 1);
    refuse(5).await;
    assert_eq!(running.app.look_for_signs().await.expect("a look"), 0, "the same hour");
    assert_eq!(raised(&running).await, [Rule::ManyDenials]);
    let (a, b) = tokio::join!(running.app.tell_signs(), second.tell_signs());
    assert_eq!(a.expect("told") + b.expect("told"), 1);
    assert_eq!(told(&running, Rule::ManyDenials), [ADMIN, OPERATOR]);
    let sign = running.app.signs(&running.caller(ADMIN).await, false).await.expect("the page").signs.remove(0);
    assert_eq!((sign.sign.figures.value, sign.sign.figures.limit), (20, 19));
    assert_eq!(sign.user_name.as_deref(), Some("無役 三郎"));
    refuse(1).await;
    assert_eq!(running.database.number("SELECT count(*) FROM struct.tally WHERE revision > looked").await, 1);
}

#[tokio::test]
async fn refused_sign_ins_are_looked_at_too() {
    let running = Running::start().await;
    for _ in 0..DENIALS_MIN + 10 {
        assert!(running.app.sign_in(&running.peer(), READER, "a wrong password for sure").await.is_err());
    }
    // They are entered off the request's path.
    for _ in 0..200 {
        if entries(&running, Verb::SessionRefused).await == DENIALS_MIN as i64 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    running.app.look_for_signs().await.expect("a look");
    assert_eq!(raised(&running).await, [Rule::ManyDenials]);
}

#[tokio::test]
async fn a_sign_in_at_night_from_an_unknown_device_after_weeks_of_office_hours_raises_two_signs() {
    let running = Running::start().await;
    // Three weeks: 18:05 in Japan every day.
    for _ in 0..21 {
        running.sign_in(READER).await;
        running.app.look_for_signs().await.expect("a look");
        running.clock.advance(SignedDuration::from_hours(24));
    }
    assert_eq!(raised(&running).await, [], "ordinary days");
    running.clock.advance(SignedDuration::from_hours(9));
    let peer = app::Peer { device: "curl".to_owned(), ..running.peer() };
    running.app.sign_in(&peer, READER, testkit::running::PASSWORD).await.expect("signed in");
    assert_eq!(running.app.look_for_signs().await.expect("a look"), 2);
    assert_eq!(raised(&running).await, [Rule::UnusualHour, Rule::NewDevice]);
}

#[tokio::test]
async fn nobody_raises_the_limit_of_their_own_role_while_somebody_else_can() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let sales = promote(&running, SALES).await;
    let app = &running.app;
    let limit = |free_rows| RoleLimit { free_rows: Some(free_rows), max_rows: None };
    let refused = app.set_role_limit(&sales, running.sales, limit(50_000), "必要なため").await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::OwnLimit))), "{refused:?}");
    let refused = app.set_role_limit(&admin, running.sales, limit(50_000), "  ").await;
    assert_eq!(crate::faults(refused), [("reason".to_owned(), "required")]);
    let refused = app.set_role_limit(&admin, running.sales, limit(u64::MAX), "x").await;
    assert_eq!(crate::faults(refused), [("free_rows".to_owned(), "out_of_range")]);
    assert_eq!(raised(&running).await, []);
    app.set_role_limit(&sales, running.sales, limit(10), "減らす").await.expect("lowered");
    assert_eq!(raised(&running).await, [], "lowering is no sign");
    app.set_role_limit(&admin, running.sales, limit(50_000), "棚卸しのため").await.expect("raised");
    assert_eq!(raised(&running).await, [Rule::LimitRaised]);
    app.tell_signs().await.expect("told");
    assert_eq!(told(&running, Rule::LimitRaised), [OPERATOR, SALES], "the others, not the one who did it");
    assert_eq!(entries(&running, Verb::LimitChanged).await, 3);
    // Alone, there is nobody else; it is entered and the operator knows.
    app.set_active(&admin, sales.user, false).await.expect("disabled");
    let held = app.member(&admin, admin.user).await.expect("a member");
    let change = MemberChange { administrator: true, roles: vec![running.sales], billing_types: held.billing_types };
    app.change_member(&admin, admin.user, change).await.expect("changed");
    assert_eq!(raised(&running).await, [Rule::LimitRaised, Rule::LimitTaken], "a limit of one's own making");
    app.set_role_limit(&admin, running.sales, limit(60_000), "ひとりのため").await.expect("raised");
    assert_eq!(raised(&running).await, [Rule::LimitRaised, Rule::LimitRaised, Rule::LimitTaken]);
}

#[tokio::test]
async fn who_raises_a_limit_and_then_takes_its_role_is_told_of_with_both_acts() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    promote(&running, SALES).await;
    let app = &running.app;
    let held = app.member(&admin, admin.user).await.expect("a member");
    let with = |roles: &[RoleId]| MemberChange {
        administrator: true,
        roles: roles.to_vec(),
        billing_types: held.billing_types.clone(),
    };
    app.change_member(&admin, admin.user, with(&[running.reading])).await.expect("changed");
    assert_eq!(raised(&running).await, [], "its limit is what it was");
    let limit = |free_rows| RoleLimit { free_rows: Some(free_rows), max_rows: None };
    app.set_role_limit(&admin, running.sales, limit(50_000), "棚卸しのため").await.expect("raised");
    running.clock.advance(SignedDuration::from_hours(24 * 80));
    app.change_member(&admin, admin.user, with(&[running.reading, running.sales])).await.expect("changed");
    assert_eq!(raised(&running).await, [Rule::LimitRaised, Rule::LimitTaken]);
    let signs = app.signs_for_operator(Some("minato")).await.expect("a list");
    let of = |rule| signs.iter().map(|(_, row)| row).find(|row| row.sign.rule == rule).expect("raised").clone();
    let (first, second) = (of(Rule::LimitRaised), of(Rule::LimitTaken));
    assert_eq!((second.sign.figures.value, second.sign.figures.limit), (50_000, 3_000));
    assert_eq!(second.sign.figures.from, first.raised_at, "it begins with the one act");
    assert!(second.sign.figures.until > second.sign.figures.from, "and ends with the other");
    app.tell_signs().await.expect("told");
    assert_eq!(told(&running, Rule::LimitTaken), [OPERATOR, SALES]);
    // Who keeps a role takes none, and who gives it to others takes none either.
    app.change_member(&admin, admin.user, with(&[running.sales])).await.expect("changed");
    running.clock.advance(SignedDuration::from_hours(24 * 20));
    app.change_member(&admin, admin.user, with(&[])).await.expect("changed");
    app.change_member(&admin, admin.user, with(&[running.sales])).await.expect("changed");
    assert_eq!(raised(&running).await, [Rule::LimitRaised, Rule::LimitTaken], "that was long ago");
}

#[tokio::test]
async fn a_sign_is_closed_once_with_what_was_found_and_not_by_whom_it_is_about() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let sales = promote(&running, SALES).await;
    let app = &running.app;
    let id = customer(app, &sales, "C1", "山本 健").await;
    app.set_honey(&admin, ("crm", "customer"), id, true).await.expect("planted");
    app.record_detail(&sales, "crm", "customer", id).await.expect("shown");
    let sign = app.signs(&admin, false).await.expect("the page").signs.remove(0).id;
    let refused = app.close_sign(&sales, sign, "何でもない").await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::OwnSign))), "{refused:?}");
    let refused = app.close_sign(&running.caller(OTHER).await, sign, "x").await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    app.close_sign(&admin, sign, "訓練でした").await.expect("closed");
    let again = app.close_sign(&admin, sign, "もう一度").await;
    assert!(matches!(again, Err(Error::Refused(Refusal::SignSettled))), "{again:?}");
    assert!(app.signs(&admin, false).await.expect("the page").signs.is_empty());
    let closed = app.signs(&admin, true).await.expect("the page").signs.remove(0).closed.expect("closed");
    assert_eq!((closed.0.as_deref(), closed.2.as_str()), (Some("管理 太郎"), "訓練でした"));
    assert!(app.signs_for_operator(Some("minato")).await.expect("a list").is_empty());
}
