//! Signing in that can't be aimed at a person, lost passwords, devices, changes of address. Attacks first.

use crate::entries;
use app::session::list::Ending;
use app::user::MemberChange;
use app::{Error, Peer, Refusal};
use domain::audit::Verb;
use domain::audit::sign::DENIALS_MIN;
use domain::record::ListQuery;
use domain::session::attempt::{NETWORK_TRIES, RECOVERY_MAILS, UNKNOWN_DEVICE_TRIES};
use futures_util::future::join_all;
use host::mail::{Folder, Letter};
use jiff::SignedDuration;
use testkit::running::{ADMIN, OTHER, PASSWORD, READER, Running, SALES, token};

const WRONG: &str = "a wrong password for sure";
const NEW: &str = "an entirely new passphrase 7";

/// The letters to an address, newest first.
fn letters(running: &Running, to: &str) -> Vec<Letter> {
    let folder = Folder::open(&running.mail_folder(), "STRUCT <no-reply@example.jp>").expect("the folder");
    folder.list().expect("letters").into_iter().filter(|letter| letter.to == to).collect()
}

/// The newest link to a page of the kind mailed to an address.
fn link(running: &Running, to: &str, kind: &str) -> Option<String> {
    let lines = letters(running, to)
        .into_iter()
        .flat_map(|letter| letter.text.lines().map(str::trim).map(str::to_owned).collect::<Vec<_>>());
    lines.into_iter().find(|line| line.contains(&format!("/{kind}/")))
}

/// Waits for a mail that is sent off the request's path.
async fn awaited(running: &Running, to: &str, kind: &str) -> String {
    for _ in 0..500 {
        if let Some(link) = link(running, to, kind) {
            return link;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no mail about {kind} to {to}");
}

async fn recovery_link(running: &Running, to: &str) -> String {
    running.app.ask_recovery(&running.peer(), to).await.expect("asked");
    awaited(running, to, "recovery").await
}

async fn number(running: &Running, sql: &str) -> i64 {
    running.database.number(sql).await
}

fn spent<T: std::fmt::Debug>(done: &Result<T, Error>) -> bool {
    matches!(done, Err(Error::Refused(Refusal::LinkSpent)))
}

async fn works(running: &Running, token: &str) -> bool {
    let Ok(caller) = running.app.caller(running.peer(), token).await else { return false };
    running.app.record_list(&caller, "crm", "customer", ListQuery::default(), false).await.is_ok()
}

async fn guess(running: &Running, peer: &Peer, email: &str) -> Error {
    running.app.sign_in(peer, email, WRONG).await.expect_err("a wrong password")
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_wrong_guesses_at_the_same_moment_count_two_hundred() {
    let running = Running::start().await;
    let second = running.second_server();
    for email in [SALES, "nobody.at.all@example.jp"] {
        let before = number(&running, "SELECT coalesce(sum(tries), 0)::bigint FROM struct.attempt").await;
        let servers = [&running.app, &second];
        let peer = running.peer();
        let storm = (0..200).map(|at| servers[at % 2].sign_in(&peer, email, WRONG));
        let answers = join_all(storm).await;
        let looked_at = answers.iter().filter(|answer| matches!(answer, Err(Error::SignedOut))).count();
        assert!(looked_at <= UNKNOWN_DEVICE_TRIES as usize, "{email}: {looked_at} passwords were looked at");
        assert!(answers.iter().all(|answer| matches!(
            answer,
            Err(Error::SignedOut | Error::Throttled { .. } | Error::Refused(Refusal::TooMany))
        )));
        // Each counts for the address and for the network.
        let after = number(&running, "SELECT sum(tries)::bigint FROM struct.attempt").await;
        assert_eq!(after - before, 400, "{email}");
    }
}

#[tokio::test]
async fn a_throttled_address_is_not_told_even_the_right_password_and_a_restart_forgets_nothing() {
    let running = Running::start().await;
    for email in [SALES, "nobody.at.all@example.jp"] {
        for _ in 0..UNKNOWN_DEVICE_TRIES {
            assert!(matches!(guess(&running, &running.peer(), email).await, Error::SignedOut));
        }
        let restarted = running.second_server();
        let refused = restarted.sign_in(&running.peer(), email, PASSWORD).await;
        assert!(matches!(refused, Err(Error::Throttled { wait_s: 900 })), "{email}: {refused:?}");
    }
    running.clock.advance(SignedDuration::from_mins(15));
    running.sign_in(SALES).await;
    // The window after one with too many tries is twice as long.
    let until = "SELECT count(*) FROM struct.attempt WHERE strikes = 1";
    assert_eq!(number(&running, until).await, 1);
}

#[tokio::test]
async fn nobody_keeps_the_owner_out_on_a_device_that_is_known() {
    let running = Running::start().await;
    let first = running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("signed in");
    let cookie = first.device_cookie.expect("a device");
    let own = Peer { device_cookie: cookie.clone(), ..running.peer() };
    // Others guess, from everywhere and from the owner's own network, until nothing is let through.
    for at in 0..NETWORK_TRIES + 5 {
        let email = if at % 2 == 0 { SALES.to_owned() } else { format!("guess{at}@example.jp") };
        guess(&running, &running.peer(), &email).await;
    }
    assert!(matches!(guess(&running, &running.peer(), SALES).await, Error::Throttled { .. }));
    assert!(matches!(guess(&running, &running.peer(), READER).await, Error::Throttled { .. }), "the network waits");
    running.app.sign_in(&own, SALES, PASSWORD).await.expect("the owner gets in");
    // A device known to one account is unknown to another, and a made-up cookie is no device.
    for peer in [&own, &Peer { device_cookie: format!("{}.AAAA", "A".repeat(43)), ..running.peer() }] {
        assert!(matches!(guess(&running, peer, READER).await, Error::Throttled { .. }));
    }
    // Whoever has the device guesses in a budget of its own, which the owner's next success clears.
    for _ in 0..9 {
        assert!(matches!(guess(&running, &own, SALES).await, Error::SignedOut));
    }
    running.app.sign_in(&own, SALES, PASSWORD).await.expect("the owner gets in");
    for _ in 0..10 {
        assert!(matches!(guess(&running, &own, SALES).await, Error::SignedOut));
    }
    assert!(matches!(guess(&running, &own, SALES).await, Error::Throttled { .. }));
}

#[tokio::test]
async fn no_address_and_no_token_stands_in_what_is_counted_and_known() {
    let running = Running::start().await;
    let signed = running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("signed in");
    guess(&running, &running.peer(), "nobody.at.all@example.jp").await;
    let cookie = signed.device_cookie.expect("a device");
    let secret = cookie.split('.').next().expect("a token").to_owned();
    let text = "SELECT count(*) FROM (SELECT a::text AS t FROM struct.attempt a UNION ALL SELECT d::text FROM struct.device d) x WHERE t LIKE";
    for needle in ["%nobody%", "%192.0.2%", "%Testkit%", &format!("%{secret}%")] {
        assert_eq!(number(&running, &format!("{text} '{needle}'")).await, 0, "{needle}");
    }
}

#[tokio::test]
async fn refused_tries_are_entries_of_the_person_and_a_storm_of_them_is_not() {
    let running = Running::start().await;
    for _ in 0..30 {
        guess(&running, &running.peer(), SALES).await;
    }
    let wanted = DENIALS_MIN as i64;
    for _ in 0..200 {
        if entries(&running, Verb::SessionRefused).await >= wanted {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(
        entries(&running, Verb::SessionRefused).await,
        wanted,
        "each that was looked at, and so many more that they are a sign"
    );
}

#[tokio::test]
async fn a_sign_in_that_was_checked_against_the_old_password_opens_nothing_once_it_is_recovered() {
    let running = Running::start().await;
    let link = recovery_link(&running, SALES).await;
    let before = running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("signed in").token;
    // Many sign-ins race the recovery: whichever side of it they fall on, none of them is left.
    let (peer, app) = (running.peer(), &running.app);
    let racing = join_all((0..6).map(|_| app.sign_in(&peer, SALES, PASSWORD)));
    let (opened, recovered) = tokio::join!(racing, app.recover(&peer, token(&link), NEW));
    recovered.expect("recovered");
    assert!(!works(&running, &before).await);
    for signed in opened.into_iter().flatten() {
        assert!(!works(&running, &signed.token).await);
    }
    assert_eq!(number(&running, "SELECT count(*) FROM struct.session s JOIN struct.device d USING (user_id) WHERE s.ended_at IS NULL AND d.known_until IS NULL").await, 0);
    assert!(matches!(app.sign_in(&peer, SALES, PASSWORD).await, Err(Error::SignedOut)));
    app.sign_in(&peer, SALES, NEW).await.expect("the new one fits");
}

#[tokio::test]
async fn a_recovery_link_works_once_and_for_half_an_hour_and_opens_no_session() {
    let running = Running::start().await;
    let (first, sessions) = (recovery_link(&running, SALES).await, "SELECT count(*) FROM struct.session");
    let before = number(&running, sessions).await;
    assert_eq!(running.app.recovery(token(&first)).await.expect("open").email, SALES);
    assert!(matches!(running.app.recover(&running.peer(), token(&first), "short").await, Err(Error::Password(_))));
    running.app.recover(&running.peer(), token(&first), NEW).await.expect("the link is still good");
    assert_eq!(number(&running, sessions).await, before, "mail alone opens no session");
    assert!(spent(&running.app.recover(&running.peer(), token(&first), NEW).await));
    assert!(spent(&running.app.recovery(token(&first)).await));
    assert_eq!(entries(&running, Verb::UserRecovered).await, 1);
    let late = recovery_link(&running, READER).await;
    running.clock.advance(SignedDuration::from_mins(30));
    assert!(spent(&running.app.recover(&running.peer(), token(&late), NEW).await));
    for wrong in ["", "x", &"A".repeat(43), &format!("{}.x", token(&late))] {
        assert!(spent(&running.app.recovery(wrong).await), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_recoveries_at_the_same_moment_one_sets_its_password_and_the_other_link_is_spent() {
    let running = Running::start().await;
    for round in 0..5 {
        let mut links = Vec::new();
        for _ in 0..2 {
            running.app.ask_recovery(&running.peer(), SALES).await.expect("asked");
            let known = links.len();
            for _ in 0..500 {
                links = letters(&running, SALES)
                    .iter()
                    .filter_map(|letter| {
                        letter.text.lines().find(|line| line.contains("/recovery/")).map(str::to_owned)
                    })
                    .take(2)
                    .collect();
                if links.len() > known {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
        let (peer, second) = (running.peer(), running.second_server());
        let passwords = [format!("the first of passphrases {round}"), format!("the second of passphrases {round}")];
        let (one, two) = tokio::join!(
            running.app.recover(&peer, token(&links[0]), &passwords[0]),
            second.recover(&peer, token(&links[1]), &passwords[1])
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        assert!(spent(&one) || spent(&two));
        let (won, lost) = if one.is_ok() { (0, 1) } else { (1, 0) };
        assert!(running.app.sign_in(&peer, SALES, &passwords[lost]).await.is_err());
        running.app.sign_in(&peer, SALES, &passwords[won]).await.expect("the winner's fits");
        std::fs::read_dir(running.mail_folder())
            .expect("mail")
            .flatten()
            .for_each(|file| drop(std::fs::remove_file(file.path())));
        running.clock.advance(SignedDuration::from_hours(3));
    }
}

#[tokio::test]
async fn an_address_gets_three_mails_an_hour_and_an_unknown_one_gets_none() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let reader = running.caller(READER).await.user;
    running.app.set_active(&admin, reader, false).await.expect("disabled");
    running
        .app
        .invite(&admin, "invited@minato.example.jp", "招待 四郎", MemberChange::default())
        .await
        .expect("invited");
    for email in ["nobody.at.all@example.jp", READER, "invited@minato.example.jp", SALES] {
        for _ in 0..RECOVERY_MAILS + 2 {
            running.app.ask_recovery(&running.peer(), email).await.expect("the answer is always the same");
        }
    }
    awaited(&running, SALES, "recovery").await;
    for _ in 0..300 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        if entries(&running, Verb::UserRecoveryAsked).await == i64::from(RECOVERY_MAILS) {
            break;
        }
    }
    let mails = |to: &str| letters(&running, to).iter().filter(|letter| letter.text.contains("/recovery/")).count();
    assert!(mails(SALES) <= RECOVERY_MAILS as usize);
    for none in ["nobody.at.all@example.jp", READER, "invited@minato.example.jp"] {
        assert_eq!(mails(none), 0, "{none}");
    }
    assert_eq!(entries(&running, Verb::UserRecoveryAsked).await, i64::from(RECOVERY_MAILS));
}

#[tokio::test]
async fn a_recovery_ends_everything_that_was_under_way_in_all_tenants() {
    let running = Running::start().await;
    // A member of two tenants.
    let other = running.caller(OTHER).await;
    running.app.invite(&other, SALES, "営業 一郎", MemberChange::default()).await.expect("invited");
    running
        .app
        .accept_invitation(&running.peer(), token(&running.link(SALES).expect("a mail")), "")
        .await
        .expect("joined");
    let here = running.sign_in(SALES).await;
    let caller = running.app.caller(running.peer(), &here).await.expect("signed in");
    let there = running.app.enter_tenant(&caller, running.other).await.expect("entered").token;
    let here = running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("signed in");
    let caller = running.app.caller(running.peer(), &here.token).await.expect("signed in");
    running.app.ask_readdressing(&caller, "new@minato.example.jp", PASSWORD).await.expect("asked");
    let change = awaited(&running, "new@minato.example.jp", "address").await;
    let link = recovery_link(&running, SALES).await;
    running.app.recover(&running.peer(), token(&link), NEW).await.expect("recovered");
    for token in [&here.token, &there] {
        assert!(
            matches!(running.app.caller(running.peer(), token).await, Ok(caller) if running.app.menu(&caller).await.is_err())
                || running.app.caller(running.peer(), token).await.is_err()
        );
    }
    assert!(spent(&running.app.readdressing(token(&change)).await));
    assert_eq!(number(&running, "SELECT count(*) FROM struct.session s JOIN struct.member m USING (tenant_id, user_id) WHERE s.ended_at IS NULL AND m.tenant_id IN (SELECT tenant_id FROM struct.tenant) AND s.user_id = (SELECT user_id FROM struct.member GROUP BY user_id HAVING count(*) = 2)").await, 0);
    assert_eq!(entries(&running, Verb::UserRecovered).await, 2, "one in the log of each tenant");
    let cookie = here.device_cookie.expect("a device");
    let known = Peer { device_cookie: cookie, ..running.peer() };
    let again = running.app.sign_in(&known, SALES, NEW).await.expect("signed in");
    assert_ne!(again.device_cookie, Some(known.device_cookie), "the device is new again");
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_device_once_and_of_a_known_one_never() {
    let running = Running::start().await;
    let peer = Peer { device: "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0".to_owned(), ..running.peer() };
    let signed = running.app.sign_in(&peer, SALES, PASSWORD).await.expect("signed in");
    running.app.tell_of_devices().await.expect("told");
    let told = || letters(&running, SALES).iter().filter(|letter| letter.text.contains("/device/")).count();
    assert_eq!(told(), 1);
    let text = letters(&running, SALES).remove(0).text;
    for part in ["Firefox, Windows", "192.0.2.17", "身に覚えがない", "https://struct.example.jp/device/"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let known = Peer { device_cookie: signed.device_cookie.expect("a device"), ..peer };
    running.app.sign_in(&known, SALES, PASSWORD).await.expect("signed in");
    assert_eq!(running.app.tell_of_devices().await.expect("told"), 0);
    assert_eq!(told(), 1);
}

#[tokio::test]
async fn a_mail_that_a_dead_server_did_not_send_is_sent_by_another() {
    let running = Running::start().await;
    running.sign_in(SALES).await;
    running.app.store().device_claim(30, 50, running.app.now()).await.expect("claimed");
    let second = running.second_server();
    assert_eq!(second.tell_of_devices().await.expect("told"), 0, "the first may still be at it");
    running.clock.advance(SignedDuration::from_secs(31));
    assert!(second.tell_of_devices().await.expect("told") >= 1);
}

#[tokio::test]
async fn not_me_ends_all_closes_the_password_freezes_and_tells_the_administrators() {
    let running = Running::start().await;
    let thief = running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("signed in").token;
    running.app.tell_of_devices().await.expect("told");
    let link = link(&running, SALES, "device").expect("a mail");
    running.app.device_in_question(token(&link)).await.expect("looking changes nothing");
    assert!(works(&running, &thief).await);
    running.app.disown_device(&running.peer(), token(&link)).await.expect("disowned");
    assert!(!works(&running, &thief).await);
    assert!(spent(&running.app.disown_device(&running.peer(), token(&link)).await), "once");
    assert!(
        matches!(running.app.sign_in(&running.peer(), SALES, PASSWORD).await, Err(Error::SignedOut)),
        "the password is closed"
    );
    assert_eq!(entries(&running, Verb::UserDisowned).await, 1);
    for _ in 0..500 {
        if letters(&running, ADMIN).iter().any(|letter| letter.text.contains("/app/admin/users/")) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(letters(&running, ADMIN).iter().any(|letter| letter.text.contains("営業 一郎")));
    let reset = recovery_link(&running, SALES).await;
    running.app.recover(&running.peer(), token(&reset), NEW).await.expect("recovered");
    let signed = running.app.sign_in(&running.peer(), SALES, NEW).await.expect("signed in");
    let caller = running.app.caller(running.peer(), &signed.token).await.expect("signed in");
    let taken =
        running.app.extract(&caller, "crm", "customer", app::extraction::Format::Csv, ListQuery::default()).await;
    assert!(matches!(taken.map(drop), Err(Error::Refused(Refusal::Frozen))));
    running.app.record_list(&caller, "crm", "customer", ListQuery::default(), false).await.expect("other work goes on");
    let admin = running.caller(ADMIN).await;
    assert!(running.app.member(&admin, caller.user).await.expect("a member").frozen.is_some());
    running.app.unfreeze(&admin, caller.user).await.expect("lifted");
    assert_eq!(entries(&running, Verb::UserUnfrozen).await, 1);
    let taken =
        running.app.extract(&caller, "crm", "customer", app::extraction::Format::Csv, ListQuery::default()).await;
    assert!(taken.is_ok(), "at the next request");
}

#[tokio::test]
async fn a_frozen_administrator_changes_no_rights_and_does_not_free_themselves_while_there_is_another() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    let reader = running.caller(READER).await.user;
    let second = MemberChange { administrator: true, ..MemberChange::default() };
    running.app.change_member(&admin, reader, second.clone()).await.expect("a second administrator");
    let own = admin.user.0;
    running.freeze(running.tenant, admin.user).await;
    let sales = running.caller(SALES).await.user;
    let refused = |done: Result<(), Error>, what: &str| {
        assert!(matches!(done, Err(Error::Refused(Refusal::Frozen))), "{what}: {done:?}")
    };
    refused(running.app.change_member(&admin, sales, second.clone()).await, "change");
    refused(running.app.invite(&admin, "x@minato.example.jp", "x", second).await, "invite");
    refused(running.app.set_active(&admin, sales, false).await, "disable");
    refused(running.app.create_role(&admin, "x").await.map(drop), "role");
    refused(running.app.save_matrix(&admin, 1, Vec::new(), "x").await.map(drop), "matrix");
    assert!(matches!(running.app.unfreeze(&admin, own.into()).await, Err(Error::Refused(Refusal::OwnFreeze))));
    let other = running.caller(READER).await;
    running.app.unfreeze(&other, own.into()).await.expect("lifted by another");
    running.app.set_active(&admin, sales, false).await.expect("free again");
}

#[tokio::test]
async fn sessions_are_listed_with_device_and_network_and_ended_one_by_one_or_all_others() {
    let running = Running::start().await;
    let tokens = [running.sign_in(SALES).await, running.sign_in(SALES).await, running.sign_in(SALES).await];
    let stranger = running.caller(READER).await;
    let caller = running.app.caller(running.peer(), &tokens[0]).await.expect("signed in");
    let listed = running.app.own_sessions(&caller).await.expect("a list");
    assert_eq!(listed.len(), 3);
    assert_eq!(listed.iter().filter(|session| session.own).count(), 1);
    for session in &listed {
        assert_eq!((session.device.as_str(), session.address.as_deref()), ("Testkit/1.0", Some("192.0.2.17")));
        let refused = running.app.end_own_sessions(&stranger, Ending::One(session.session)).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::NoSession))), "somebody else's session");
    }
    let second = running.app.caller(running.peer(), &tokens[1]).await.expect("signed in").session;
    running.app.end_own_sessions(&caller, Ending::One(second)).await.expect("ended");
    assert!(!works(&running, &tokens[1]).await && works(&running, &tokens[2]).await);
    running.app.end_own_sessions(&caller, Ending::All).await.expect("ended");
    assert!(works(&running, &tokens[0]).await && !works(&running, &tokens[2]).await);
    assert!(crate::denied(&running.app.end_sessions_of(&stranger, caller.user, Ending::All).await));
    let admin = running.caller(ADMIN).await;
    assert_eq!(running.app.sessions_of(&admin, caller.user).await.expect("a list").len(), 1);
    running.app.end_sessions_of(&admin, caller.user, Ending::All).await.expect("ended");
    assert!(!works(&running, &tokens[0]).await);
    assert_eq!(entries(&running, Verb::SessionRevoked).await, 3);
    let foreign = running.caller(OTHER).await;
    assert!(matches!(running.app.end_sessions_of(&foreign, caller.user, Ending::All).await, Err(Error::NotFound)));
}

#[tokio::test]
async fn disabling_a_member_ends_every_session_at_its_next_request_on_every_server() {
    let running = Running::start().await;
    let (one, two) = (running.sign_in(READER).await, running.sign_in(READER).await);
    let second = running.second_server();
    let caller = second.caller(running.peer(), &two).await.expect("signed in");
    let admin = running.caller(ADMIN).await;
    running.app.set_active(&admin, caller.user, false).await.expect("disabled");
    assert!(!works(&running, &one).await);
    assert!(matches!(second.menu(&caller).await, Err(Error::SignedOut)));
    assert_eq!(
        number(
            &running,
            &format!("SELECT count(*) FROM struct.session WHERE user_id = '{}' AND ended_at IS NULL", caller.user)
        )
        .await,
        0
    );
}

#[tokio::test]
async fn an_address_changes_only_when_both_confirm_and_not_to_one_that_is_taken() {
    let running = Running::start().await;
    let caller = running.caller(SALES).await;
    let ask = async |to: &str, password: &str| running.app.ask_readdressing(&caller, to, password).await;
    assert!(matches!(ask("new@minato.example.jp", WRONG).await, Err(Error::Refused(Refusal::WrongPassword))));
    assert!(matches!(ask("no address", PASSWORD).await, Err(Error::Invalid(_))));
    ask("new@minato.example.jp", PASSWORD).await.expect("asked");
    let (old, new) =
        (awaited(&running, SALES, "address").await, awaited(&running, "new@minato.example.jp", "address").await);
    assert!(!running.app.confirm_readdressing(&running.peer(), token(&new)).await.expect("confirmed"));
    assert!(spent(&running.app.confirm_readdressing(&running.peer(), token(&new)).await), "one link counts once");
    running.app.sign_in(&running.peer(), SALES, PASSWORD).await.expect("still the old address");
    assert!(running.app.readdressing(token(&old)).await.expect("open").other_done);
    assert!(running.app.confirm_readdressing(&running.peer(), token(&old)).await.expect("confirmed"));
    running.app.sign_in(&running.peer(), "new@minato.example.jp", PASSWORD).await.expect("the new address");
    assert!(matches!(running.app.sign_in(&running.peer(), SALES, PASSWORD).await, Err(Error::SignedOut)));
    assert_eq!(entries(&running, Verb::UserAddressChanged).await, 1);
    // Somebody else's address: the same answer, no mail to them, and no change.
    running.app.ask_readdressing(&caller, READER, PASSWORD).await.expect("the same answer");
    assert!(link(&running, READER, "address").is_none());
    let old = awaited(&running, "new@minato.example.jp", "address").await;
    running.app.confirm_readdressing(&running.peer(), token(&old)).await.expect("one of two");
    running.sign_in(READER).await;
}
