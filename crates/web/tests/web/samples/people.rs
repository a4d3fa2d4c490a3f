//! Samples of signing in, joining and users.

use super::{Sample, now, sample, shell};
use app::mail::Letter;
use app::role::RoleView;
use app::session::device::Described;
use app::session::list::SessionView;
use app::user::{Invitation, MemberChange, MemberView};
use domain::id::{RoleId, SessionId, UserId};
use domain::locale::Locale;
use domain::record::{Fault, FaultReason};
use domain::user::PasswordFault;
use jiff::SignedDuration;
use uuid::Uuid;
use web::page::session::{self, Refused};
use web::page::user::recovery::{self, RecoveryView, Step};
use web::page::user::rights::Offer;
use web::page::user::{active, address, edit, invitation, invite, list};
use web::page::{OtherTenant, Shell, home, mail};
use web::request::Context;

const USERS: &str = "/app/admin/users";
const URL: &str = "https://struct.example.jp";

pub fn all(locale: Locale) -> Vec<Sample> {
    let mut samples = sign_in(locale);
    samples.extend(invitations(locale));
    samples.extend(users(locale));
    samples.extend(letters(locale));
    samples.extend(recoveries(locale));
    samples.extend(addresses(locale));
    samples.extend(devices(locale));
    samples.push(several_tenants(locale));
    samples
}

fn open(locale: Locale, path: &str) -> Shell {
    Shell::open(now(), &Context::sample(locale, path), String::new())
}

fn sign_in(locale: Locale) -> Vec<Sample> {
    let view = |next, email, refused, demo| session::view(open(locale, "/signin"), next, email, refused, demo);
    let done = |done| Shell { done: Some(done), ..open(locale, "/signin") };
    let text = web::locale::texts(locale).text("done-joined");
    vec![
        sample("signin", &view("/app", "", None, false)),
        sample("signin-demo", &view("/app/s/crm/customer", "", None, true)),
        sample("signin-refused", &view("/app", "takahashi.misaki@example.jp", Some(Refused::NoFit), false)),
        sample("signin-busy", &view("/app", "takahashi.misaki@example.jp", Some(Refused::TooMany), true)),
        sample(
            "signin-wait",
            &session::SignInView {
                again: Some(web::format::exact(locale, now())),
                ..view("/app", "takahashi.misaki@example.jp", Some(Refused::Wait(900)), false)
            },
        ),
        sample("signin-joined", &session::view(done(text), "/app", "", None, false)),
    ]
}

fn invitations(locale: Locale) -> Vec<Sample> {
    let path = "/invitation/AAAA.BBBB";
    let invited = |needs_password| Invitation {
        email: "onishi.sakura@minato.example.jp".to_owned(),
        display_name: "大西\u{a0}さくら".to_owned(),
        tenant_name: "株式会社みなと物産".to_owned(),
        needs_password,
    };
    let short = PasswordFault::TooShort { found: 7 }.message(locale);
    vec![
        sample("invitation", &invitation::view(open(locale, path), &invited(true), String::new())),
        sample("invitation-refused", &invitation::view(open(locale, path), &invited(true), short)),
        sample("invitation-confirm", &invitation::view(open(locale, path), &invited(false), String::new())),
        sample("invitation-spent", &invitation::spent_view(open(locale, path))),
    ]
}

fn role(number: u128) -> RoleId {
    RoleId(Uuid::from_u128(number))
}

pub fn offer() -> Offer {
    let names = ["営業", "営業責任者", "経理", "閲覧"];
    let view = |(id, name): (u128, &&str)| RoleView { id: role(id), name: (*name).to_owned(), members: 3 };
    Offer {
        roles: (1..).zip(&names).map(view).collect(),
        billing_types: vec!["light".to_owned(), "standard".to_owned()],
    }
}

/// A member of the directory.
pub fn member(number: u128) -> MemberView {
    let people = [
        ("高橋\u{a0}美咲", "takahashi.misaki", true, true, vec![2, 3]),
        ("大西\u{a0}さくら", "onishi.sakura", true, false, vec![1]),
        ("山本\u{a0}健", "yamamoto.ken", true, true, vec![1, 4]),
        ("佐々木\u{a0}真理子", "sasaki.mariko.long-address-of-a-person", false, true, vec![]),
    ];
    let (name, address, active, joined, roles) = people[number as usize % people.len()].clone();
    MemberView {
        user: UserId(Uuid::from_u128(number + 2)),
        display_name: name.to_owned(),
        email: format!("{address}@minato.example.jp"),
        administrator: number == 0,
        active,
        joined,
        frozen: (number == 2).then(|| now() - SignedDuration::from_hours(1)),
        billing_types: if roles.is_empty() { Vec::new() } else { vec!["standard".to_owned()] },
        roles: roles.into_iter().map(role).collect(),
        last_seen: joined.then(|| now() - SignedDuration::from_mins(3 + 1_440 * number as i64)),
    }
}

fn users(locale: Locale) -> Vec<Sample> {
    let shell = |path: &str| shell(locale, path, true, true);
    let members: Vec<MemberView> = (0..4).map(member).collect();
    let (offer, reader) = (offer(), UserId(Uuid::from_u128(2)));
    let none = Offer { roles: Vec::new(), billing_types: Vec::new() };
    let fresh = invite::Filled { change: offer.for_newcomer(), ..invite::Filled::default() };
    let faults = [Fault::new("email", FaultReason::NotAnEmail), Fault::new("display_name", FaultReason::Required)];
    let change = MemberChange { roles: vec![role(2)], ..MemberChange::default() };
    let typed = invite::Filled { email: "sakura@", name: "", change: change.clone(), faults: &faults };
    let edit = |member: &MemberView, again| edit::view(shell(USERS), member, &offer, again, &sessions(), now());
    let last = Some((change.clone(), edit::Refused::LastAdministrator));
    let active = |number, enable, refused| active::view(shell(USERS), &member(number), reader, enable, refused);
    vec![
        sample("users", &list::view(shell(USERS), &members, &offer.roles, reader, now())),
        sample("user-invite", &invite::view(shell(USERS), &offer, &fresh)),
        sample("user-invite-bare", &invite::view(shell(USERS), &none, &invite::Filled::default())),
        sample("user-invite-refused", &invite::view(shell(USERS), &offer, &typed)),
        sample("user-edit", &edit(&members[2], None)),
        sample("user-edit-invited", &edit(&members[1], None)),
        sample("user-edit-stopped", &edit(&members[3], None)),
        sample("user-edit-last", &edit(&members[0], last)),
        sample("user-edit-gone", &edit(&members[2], Some((change, edit::Refused::Gone)))),
        sample("user-disable", &active(2, false, false)),
        sample("user-disable-own", &active(0, false, true)),
        sample("user-enable", &active(3, true, false)),
    ]
}

fn sessions() -> Vec<SessionView> {
    let view = |number: u128, device: &str, address: Option<&str>| SessionView {
        session: SessionId(Uuid::from_u128(number)),
        own: number == 1,
        started: now() - SignedDuration::from_hours(number as i64),
        last_seen: now() - SignedDuration::from_mins(number as i64),
        device: device.to_owned(),
        address: address.map(str::to_owned),
    };
    vec![
        view(1, "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0.0.0 Safari/537.36", Some("203.0.113.24")),
        view(2, "Mozilla/5.0 (iPhone) Version/18.1 Safari/604.1", Some("2001:db8:1:2:3:4:5:6")),
        view(3, "", None),
    ]
}

fn recoveries(locale: Locale) -> Vec<Sample> {
    let email = "takahashi.misaki@example.jp";
    let short = PasswordFault::TooShort { found: 7 }.message(locale);
    let view = |path: &str, step, error: String| recovery::view(open(locale, path), step, email, error);
    let set = "/recovery/AAAA";
    let again = Some(web::format::exact(locale, now()));
    let wait = RecoveryView { again, ..view("/recovery", Step::Ask, String::new()) };
    vec![
        sample("recovery", &view("/recovery", Step::Ask, String::new())),
        sample("recovery-wait", &wait),
        sample("recovery-asked", &view("/recovery", Step::Asked, String::new())),
        sample("recovery-set", &view(set, Step::Set, String::new())),
        sample("recovery-set-refused", &view(set, Step::Set, short)),
    ]
}

fn addresses(locale: Locale) -> Vec<Sample> {
    let (present, new) = ("takahashi.misaki@example.jp".to_owned(), "misaki@example.jp");
    let wrong = Some(("password", web::locale::texts(locale).text("address-wrong-password")));
    let shell = || shell(locale, "/app/address", false, true);
    let confirm = |email: &str, done| address::confirm_view(open(locale, "/address/AAAA"), email.to_owned(), done);
    vec![
        sample("address", &address::ask_view(shell(), present.clone(), "", None)),
        sample("address-refused", &address::ask_view(shell(), present, new, wrong)),
        sample("address-confirm", &confirm(new, None)),
        sample("address-confirmed", &confirm("", Some(false))),
        sample("address-changed", &confirm("", Some(true))),
    ]
}

fn devices(locale: Locale) -> Vec<Sample> {
    let described = Described {
        at: now(),
        device: "Mozilla/5.0 (Windows NT 10.0) Firefox/130.0".to_owned(),
        address: Some("203.0.113.24".to_owned()),
    };
    let path = "/device/AAAA";
    vec![
        sample("device", &session::device::view(open(locale, path), Some(&described), now())),
        sample("device-done", &session::device::view(open(locale, path), None, now())),
        sample("sessions", &session::list::view(shell(locale, "/app/sessions", false, true), &sessions(), now())),
    ]
}

fn letters(locale: Locale) -> Vec<Sample> {
    let letter = |number: i64| Letter {
        name: format!("{number}.eml"),
        to: "onishi.sakura@minato.example.jp".to_owned(),
        subject: "株式会社みなと物産への招待".to_owned(),
        written_at: Some(now() - SignedDuration::from_mins(number)),
        text: format!(
            "次のリンクを開いてください。\n\n{URL}/invitation/{}.{number}\n\n心当たりがない場合は…\n",
            "A".repeat(60)
        ),
    };
    let letters: Vec<Letter> = (0..3).map(letter).collect();
    vec![
        sample("mail", &mail::view(open(locale, "/demo/mail"), &letters, URL, now())),
        sample("mail-none", &mail::view(open(locale, "/demo/mail"), &[], URL, now())),
    ]
}

fn several_tenants(locale: Locale) -> Sample {
    let mut frame = shell(locale, "/app", true, true);
    frame.title = frame.t.text("home-title");
    if let Some(signed) = &mut frame.signed {
        let href = format!("/app/tenant/{}", Uuid::from_u128(9));
        signed.others = vec![OtherTenant { href, name: "青葉商事株式会社".to_owned() }];
    }
    sample("home-tenants", &home::HomeView { shell: frame })
}
