//! Sessions: one answer to everything that does not fit, and an end that holds everywhere at once.

use crate::{denied, entries};
use app::Error;
use app::user::MemberChange;
use domain::audit::Verb;
use domain::record::ListQuery;
use jiff::SignedDuration;
use testkit::running::{ADMIN, PASSWORD, READER, Running, SALES};

async fn works(running: &Running, token: &str) -> bool {
    let Ok(caller) = running.app.caller(running.peer(), token).await else { return false };
    match running.app.record_list(&caller, "crm", "customer", ListQuery::default(), false).await {
        Ok(_) => true,
        Err(Error::SignedOut) => false,
        Err(other) => panic!("{other:?}"),
    }
}

async fn sql(running: &Running, text: &str) {
    running.database.root().await.batch_execute(text).await.expect("it runs");
}

#[tokio::test]
async fn unknown_known_disabled_and_not_yet_joined_addresses_get_the_same_answer() {
    let running = Running::start().await;
    let admin = running.caller(ADMIN).await;
    running
        .app
        .invite(&admin, "invited@minato.example.jp", "招待 四郎", MemberChange::default())
        .await
        .expect("invited");
    let reader = running.caller(READER).await.user;
    running.app.set_active(&admin, reader, false).await.expect("disabled");
    let long = "x".repeat(100_000);
    let tries = [
        ("unknown@example.jp", PASSWORD),
        ("no address", PASSWORD),
        ("", ""),
        (SALES, "a wrong password for sure"),
        (SALES, ""),
        (SALES, long.as_str()),
        (READER, PASSWORD),
        ("invited@minato.example.jp", PASSWORD),
        ("invited@minato.example.jp", ""),
    ];
    for (email, password) in tries {
        let answer = running.app.sign_in(&running.peer(), email, password).await;
        assert!(matches!(answer, Err(Error::SignedOut)), "{email}: {answer:?}");
    }
    assert_eq!(entries(&running, Verb::SessionStarted).await, 2, "the administrator's and the reader's before");
}

#[tokio::test]
async fn a_refused_sign_in_stands_in_the_persons_own_log() {
    let running = Running::start().await;
    assert!(running.app.sign_in(&running.peer(), SALES, "a wrong password for sure").await.is_err());
    let sales = running.caller(SALES).await;
    for _ in 0..100 {
        let trail = running.app.activity(&sales, None).await.expect("a trail");
        if trail.entries.iter().any(|entry| entry.verb == Verb::SessionRefused) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("it was not entered");
}

#[tokio::test]
async fn an_address_is_known_however_it_is_written() {
    let running = Running::start().await;
    for email in [" SALES@Minato.Example.JP ", "ｓａｌｅｓ@minato.example.jp"] {
        running.app.sign_in(&running.peer(), email, PASSWORD).await.expect(email);
    }
}

#[tokio::test]
async fn what_is_no_token_of_ours_opens_nothing() {
    let running = Running::start().await;
    let token = running.sign_in(SALES).await;
    let (tenant, secret) = token.split_once('.').expect("two parts");
    let other = running
        .app
        .caller(running.peer(), &running.sign_in(testkit::running::OTHER).await)
        .await
        .expect("signed in")
        .tenant;
    assert_ne!(other, running.tenant);
    let foreign = running.sign_in(testkit::running::OTHER).await;
    let swapped = format!("{}.{secret}", foreign.split_once('.').expect("two parts").0);
    let cut = &token[..token.len() - 1];
    for wrong in [
        "",
        ".",
        "x",
        &swapped,
        tenant,
        secret,
        cut,
        &format!("{token}A"),
        &format!("{tenant}.{}", "A".repeat(43)),
        &format!("..{token}"),
    ] {
        let refused = running.app.caller(running.peer(), wrong).await;
        assert!(matches!(refused, Err(Error::SignedOut)), "{wrong}");
    }
    assert!(works(&running, &token).await);
}

#[tokio::test]
async fn signing_out_ends_this_session_on_every_server_and_no_other() {
    let running = Running::start().await;
    let second = running.second_server();
    let (one, two) = (running.sign_in(SALES).await, running.sign_in(SALES).await);
    let caller = second.caller(running.peer(), &one).await.expect("signed in");
    assert!(works(&running, &one).await);
    running.app.sign_out(&caller).await.expect("signed out");
    assert!(!works(&running, &one).await && works(&running, &two).await);
    let refused = second.record_list(&caller, "crm", "customer", ListQuery::default(), false).await;
    assert!(matches!(refused, Err(Error::SignedOut)), "the other server held it in memory");
    assert!(matches!(second.menu(&caller).await, Err(Error::SignedOut)));
    assert_eq!(entries(&running, Verb::SessionEnded).await, 1);
}

#[tokio::test]
async fn an_idle_session_is_over_and_no_request_revives_it() {
    let running = Running::start().await;
    let token = running.sign_in(SALES).await;
    assert!(works(&running, &token).await);
    sql(&running, "UPDATE struct.session SET last_seen_at = now() - interval '31 minutes'").await;
    // Later than the minute in which the last use is not noted again.
    running.clock.advance(SignedDuration::from_mins(31));
    assert!(!works(&running, &token).await);
    assert!(!works(&running, &token).await, "the first try did not revive it");
}

#[tokio::test]
async fn a_session_in_use_is_kept_and_still_ends_after_twelve_hours() {
    let running = Running::start().await;
    let token = running.sign_in(SALES).await;
    sql(&running, "UPDATE struct.session SET last_seen_at = now() - interval '29 minutes'").await;
    running.clock.advance(SignedDuration::from_mins(29));
    assert!(works(&running, &token).await);
    let noted = "SELECT count(*) FROM struct.session WHERE last_seen_at > now() - interval '1 minute'";
    assert_eq!(running.database.number(noted).await, 1, "use was noted");
    let hours = "SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::bigint FROM struct.session ORDER BY created_at DESC LIMIT 1";
    assert_eq!(running.database.number(hours).await, 12);
    sql(&running, "UPDATE struct.session SET expires_at = now() - interval '1 second'").await;
    assert!(!works(&running, &token).await);
}

#[tokio::test]
async fn a_disabled_member_is_out_at_once_and_their_old_session_never_comes_back() {
    let running = Running::start().await;
    let (admin, token) = (running.caller(ADMIN).await, running.sign_in(SALES).await);
    let sales = running.app.caller(running.peer(), &token).await.expect("signed in");
    assert!(works(&running, &token).await);
    running.app.set_active(&admin, sales.user, false).await.expect("disabled");
    assert!(!works(&running, &token).await);
    let refused =
        running.app.record_create(&sales, "crm", "customer", crate::typed(&[("number", "1"), ("name", "x")])).await;
    assert!(matches!(refused, Err(Error::SignedOut)) || denied(&refused), "{refused:?}");
    running.app.set_active(&admin, sales.user, true).await.expect("enabled");
    assert!(!works(&running, &token).await, "the old session stays over");
    assert!(works(&running, &running.sign_in(SALES).await).await);
}

#[tokio::test]
async fn a_storm_of_sign_ins_is_told_to_come_back_and_everyone_else_is_served() {
    let running = Running::start().await;
    let token = running.sign_in(SALES).await;
    let storm: Vec<_> = (0..120)
        .map(|number| {
            let (app, peer) = (running.app.clone(), running.peer());
            tokio::spawn(
                async move { app.sign_in(&peer, &format!("x{number}@example.jp"), "some password at all").await },
            )
        })
        .collect();
    tokio::task::yield_now().await;
    assert!(works(&running, &token).await);
    let mut told = 0;
    for one in storm {
        match one.await.expect("no panic") {
            Err(Error::Refused(app::Refusal::TooMany)) => told += 1,
            Err(Error::SignedOut) => {}
            other => panic!("{other:?}"),
        }
    }
    assert!(told > 0, "the queue has a bound");
}
