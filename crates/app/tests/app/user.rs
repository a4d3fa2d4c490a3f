//! Users: invitations that open once, members that change, a last administrator who stays.

use crate::{entries, faults};
use app::Error;
use app::Refusal;
use app::user::MemberChange;
use domain::audit::Verb;
use domain::user::PasswordFault;
use testkit::running::{ADMIN, OTHER, PASSWORD, READER, Running, SALES, token};

const NEW: &str = "new.person@minato.example.jp";

async fn invited(running: &Running) -> String {
    let admin = running.caller(ADMIN).await;
    running.app.invite(&admin, NEW, "新人 五月", MemberChange::default()).await.expect("invited");
    token(&running.link(NEW).expect("a mail")).to_owned()
}

fn spent<T>(done: &Result<T, Error>) -> bool {
    matches!(done, Err(Error::Refused(Refusal::LinkSpent)))
}

#[tokio::test]
async fn an_address_or_name_that_is_none_is_refused_and_no_mail_leaves() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    for (email, name, expected) in [
        ("", "", vec![("email".to_owned(), "required"), ("display_name".to_owned(), "required")]),
        ("nobody", "x", vec![("email".to_owned(), "not_an_email")]),
        ("a@example.jp\r\nBcc: b@example.jp", "x", vec![("email".to_owned(), "control_character")]),
        ("a@example.jp", "a\nb", vec![("display_name".to_owned(), "control_character")]),
    ] {
        let before = std::fs::read_dir(running.mail_folder()).expect("a folder").count();
        assert_eq!(faults(running.app.invite(&admin, email, name, MemberChange::default()).await), expected);
        assert_eq!(std::fs::read_dir(running.mail_folder()).expect("a folder").count(), before);
    }
    let unknown = MemberChange { billing_types: vec!["gold".to_owned()], ..MemberChange::default() };
    assert_eq!(
        faults(running.app.invite(&admin, NEW, "x", unknown).await),
        [("billing_types".to_owned(), "not_a_choice")]
    );
}

#[tokio::test]
async fn a_link_that_is_wrong_expired_or_used_opens_nothing() {
    let running = Running::start().await;
    let link = invited(&running).await;
    let (tenant, secret) = link.split_once('.').expect("two parts");
    let (secret, tenant) = (secret.to_owned(), tenant.to_owned());
    for wrong in ["", "x", ".", &format!("{tenant}.{}", "A".repeat(43)), &secret, &link[..link.len() - 1]] {
        assert!(spent(&running.app.invitation(wrong).await), "{wrong}");
        assert!(spent(&running.app.accept_invitation(&running.peer(), wrong, PASSWORD).await), "{wrong}");
    }
    let root = running.database.root().await;
    root.batch_execute("UPDATE struct.invitation SET expires_at = now() - interval '1 second' WHERE used_at IS NULL")
        .await
        .expect("it runs");
    assert!(spent(&running.app.accept_invitation(&running.peer(), &link, PASSWORD).await));
    root.batch_execute("UPDATE struct.invitation SET expires_at = now() + interval '1 hour' WHERE used_at IS NULL")
        .await
        .expect("it runs");
    running.app.accept_invitation(&running.peer(), &link, PASSWORD).await.expect("joined");
    assert!(
        spent(&running.app.accept_invitation(&running.peer(), &link, "another password 12345").await),
        "it opens once"
    );
    assert!(spent(&running.app.invitation(&link).await));
    assert!(running.app.sign_in(&running.peer(), NEW, "another password 12345").await.is_err());
    running.app.sign_in(&running.peer(), NEW, PASSWORD).await.expect("the first password stands");
}

#[tokio::test]
async fn of_two_who_take_up_a_link_at_once_one_is_let_in() {
    let running = Running::start().await;
    let link = invited(&running).await;
    let second = running.second_server();
    let (peer, other) = (running.peer(), running.peer());
    let (one, two) = tokio::join!(
        running.app.accept_invitation(&peer, &link, "one password of mine 1"),
        second.accept_invitation(&other, &link, "two password of yours 2")
    );
    assert!(one.is_ok() != two.is_ok() && (spent(&one) || spent(&two)), "{one:?} {two:?}");
    assert_eq!(entries(&running, Verb::UserJoined).await, 6);
}

#[tokio::test]
async fn an_invitation_lasts_seventy_two_hours_and_a_new_one_spends_the_old() {
    let running = Running::start().await;
    let first = invited(&running).await;
    let hours = "SELECT round(extract(epoch FROM expires_at - now()) / 3600)::bigint FROM struct.invitation WHERE used_at IS NULL";
    assert_eq!(running.database.number(hours).await, 72);
    let second = invited(&running).await;
    assert!(spent(&running.app.accept_invitation(&running.peer(), &first, PASSWORD).await));
    let shown = running.app.invitation(&second).await.expect("it opens");
    assert_eq!(
        (shown.email.as_str(), shown.display_name.as_str(), shown.tenant_name.as_str()),
        (NEW, "新人 五月", "株式会社ミナト物産")
    );
    assert!(shown.needs_password);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_the_link_stays_good() {
    let running = Running::start().await;
    let link = invited(&running).await;
    let long = "あ".repeat(129);
    type Expected = fn(&PasswordFault) -> bool;
    let weak: [(&str, Expected); 6] = [
        ("", |fault| matches!(fault, PasswordFault::TooShort { .. })),
        ("short", |fault| matches!(fault, PasswordFault::TooShort { .. })),
        (&long, |fault| matches!(fault, PasswordFault::TooLong { .. })),
        ("aaaaaaaaaaaaaaaaaaaa", |fault| matches!(fault, PasswordFault::Pattern)),
        ("my new.person@minato.example.jp!", |fault| matches!(fault, PasswordFault::HoldsEmail)),
        ("with a\ttab inside it", |fault| matches!(fault, PasswordFault::ControlCharacter)),
    ];
    for (password, expected) in weak {
        let refused = running.app.accept_invitation(&running.peer(), &link, password).await;
        assert!(matches!(&refused, Err(Error::Password(fault)) if expected(fault)), "{password}: {refused:?}");
    }
    running.app.accept_invitation(&running.peer(), &link, PASSWORD).await.expect("joined");
}

#[tokio::test]
async fn a_second_tenant_asks_for_no_password_and_changes_none() {
    let running = Running::start().await;
    let other = running.caller(OTHER).await;
    running.app.invite(&other, SALES, "営業 一郎", MemberChange::default()).await.expect("invited");
    let link = token(&running.link(SALES).expect("a mail")).to_owned();
    assert!(!running.app.invitation(&link).await.expect("it opens").needs_password);
    running.app.accept_invitation(&running.peer(), &link, "a password to be ignored").await.expect("joined");
    assert!(running.app.sign_in(&running.peer(), SALES, "a password to be ignored").await.is_err());
    assert_eq!(running.caller(SALES).await.tenant, running.tenant, "the older membership comes first");
}

#[tokio::test]
async fn inviting_a_member_again_changes_nothing_about_them() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let change = MemberChange { administrator: true, roles: Vec::new(), billing_types: Vec::new() };
    running.app.invite(&admin, SALES, "別 名", change).await.expect("a new link");
    let members = running.app.members(&admin).await.expect("members");
    let sales = members.iter().find(|member| member.email == SALES).expect("it is there");
    assert!(!sales.administrator && sales.roles == [running.sales] && sales.display_name == "営業 一郎");
}

#[tokio::test]
async fn members_are_shown_with_their_addresses_and_names_oldest_first() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let members = running.app.members(&admin).await.expect("members");
    let shown: Vec<(&str, &str, bool)> = members
        .iter()
        .map(|member| (member.email.as_str(), member.display_name.as_str(), member.administrator))
        .collect();
    assert_eq!(shown[..2], [(ADMIN, "管理 太郎", true), (SALES, "営業 一郎", false)]);
    assert!(members.len() == 4 && members.iter().all(|member| member.joined && member.active));
    assert!(members[0].last_seen.is_some() && members[1].last_seen.is_none());
}

#[tokio::test]
async fn the_last_administrator_is_neither_demoted_nor_disabled_by_anybody() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let change = MemberChange { administrator: false, roles: Vec::new(), billing_types: vec!["standard".into()] };
    let last = |done: &Result<(), Error>| matches!(done, Err(Error::Refused(Refusal::LastAdministrator)));
    assert!(last(&running.app.change_member(&admin, admin.user, change.clone()).await));
    assert!(last(&running.app.set_active(&admin, admin.user, false).await));
    // One who was invited, but has not joined, could not let anybody in.
    running
        .app
        .invite(&admin, NEW, "新人 五月", MemberChange { administrator: true, ..MemberChange::default() })
        .await
        .expect("invited");
    assert!(last(&running.app.set_active(&admin, admin.user, false).await));
    let admin = running.caller(ADMIN).await;
    assert!(admin.administrator && running.app.members(&admin).await.is_ok());
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_at_once_leave_one() {
    for round in 0..5 {
        let running = Running::start().await;
        let (admin, reader) = (running.caller(ADMIN).await, running.caller(READER).await);
        let administrator =
            MemberChange { administrator: true, roles: Vec::new(), billing_types: vec!["standard".into()] };
        running.app.change_member(&admin, reader.user, administrator.clone()).await.expect("promoted");
        let second = running.second_server();
        let demoted = MemberChange { administrator: false, ..administrator };
        // Both servers know both for administrators.
        assert!(second.members(&reader).await.is_ok() && running.app.members(&admin).await.is_ok());
        let (one, two) = if round % 2 == 0 {
            tokio::join!(
                running.app.change_member(&admin, reader.user, demoted.clone()),
                second.change_member(&reader, admin.user, demoted.clone())
            )
        } else {
            tokio::join!(
                running.app.set_active(&admin, reader.user, false),
                second.set_active(&reader, admin.user, false)
            )
        };
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let left = "SELECT count(*) FROM struct.member WHERE administrator AND active AND tenant_id = (SELECT tenant_id FROM struct.tenant WHERE code = 'minato')";
        assert_eq!(running.database.number(left).await, 1);
    }
}

#[tokio::test]
async fn a_change_of_a_member_stands_in_the_log_with_before_and_after() {
    let running = Running::start().await;
    let (admin, reader) = (running.caller(ADMIN).await, running.caller(READER).await);
    let change = MemberChange { administrator: false, roles: vec![running.sales], billing_types: vec!["light".into()] };
    running.app.change_member(&admin, reader.user, change).await.expect("changed");
    let trail = running.app.activity(&running.caller(READER).await, None).await.expect("a trail");
    let newest = trail.entries.iter().find(|entry| entry.verb == Verb::UserChanged).expect("it is there");
    assert_eq!((newest.actor_name.as_deref(), newest.user_name.as_deref()), (Some("管理 太郎"), Some("閲覧 二葉")));
    let said: Vec<(&str, Option<&str>, Option<&str>)> = newest
        .detail
        .changes
        .iter()
        .map(|change| (change.field.as_str(), change.before.as_deref(), change.after.as_deref()))
        .collect();
    assert_eq!(said, [("roles", Some("閲覧"), Some("営業")), ("billing_types", Some("standard"), Some("light"))]);
}
