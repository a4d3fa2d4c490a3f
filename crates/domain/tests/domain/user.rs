//! Users, sessions and tenants: addresses, passwords, tokens, codes.

use domain::locale::Locale;
use domain::session::{ABSOLUTE_LIMIT_HOURS, IDLE_LIMIT_MIN, csrf_matches, csrf_token, ends_at, new_token, token_hash};
use domain::time::Random;
use domain::user::{DECOY_PHC, PasswordFault, check_password, email, hash_password, verify_password};
use domain::{tenant, user};
use jiff::{SignedDuration, Timestamp};
use std::sync::atomic::{AtomicU8, Ordering};

const EMAIL: &str = "sakura.sato@example.jp";

#[test]
fn weak_passwords_are_refused_with_what_to_do() {
    let table = [
        ("short password", PasswordFault::TooShort { found: 14 }),
        ("あいうえおかきくけこさしすせ", PasswordFault::TooShort { found: 14 }),
        ("correct horse\tbattery", PasswordFault::ControlCharacter),
        ("my Sakura.Sato@example.jp", PasswordFault::HoldsEmail),
        ("prefix-SAKURA.SATO-suffix", PasswordFault::HoldsEmail),
        ("aaaaaaaaaaaaaaaa", PasswordFault::Pattern),
        ("abcabcabcabcabcabc", PasswordFault::Pattern),
        ("1234567890123456", PasswordFault::Pattern),
        ("zyxwvutsrqponmlkji", PasswordFault::Pattern),
        ("ａａａａａａａａａａａａａａａ", PasswordFault::Pattern),
    ];
    for (password, fault) in table {
        assert_eq!(check_password(password, EMAIL), Err(fault), "{password}");
        assert!(fault.message(Locale::Ja).ends_with('。') && fault.message(Locale::En).ends_with('.'));
    }
    assert!(matches!(check_password(&"ab1 ".repeat(33), EMAIL), Err(PasswordFault::TooLong { .. })));
    assert!(matches!(check_password(&"x".repeat(10_000_000), EMAIL), Err(PasswordFault::TooLong { .. })));
}

#[test]
fn pass_phrases_of_any_script_are_taken() {
    for password in [
        "correct horse battery",
        "さくらと海と山と空と川と風の歌",
        "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧🐦🐤🦆",
        &"ab1 x".repeat(25),
    ] {
        assert_eq!(check_password(password, EMAIL), Ok(()), "{password}");
    }
}

#[test]
fn a_wrong_password_and_an_unreadable_hash_do_not_verify() {
    let hash = hash_password("correct horse battery", &[7; 16]);
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert!(!verify_password("correct horse batterz", &hash));
    assert!(!verify_password("correct horse battery", "no hash"));
    assert!(!verify_password(&"x".repeat(100_000), &hash));
    assert!(verify_password("correct horse battery", &hash));
    // The same characters from another keyboard.
    assert!(verify_password("ｃｏｒｒｅｃｔ horse battery", &hash));
}

#[test]
fn the_decoy_costs_what_a_real_hash_costs_and_matches_nothing() {
    let real = hash_password("correct horse battery", &[7; 16]);
    let parameters = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
    assert_eq!(parameters(DECOY_PHC), parameters(&real));
    assert_eq!(DECOY_PHC.len(), real.len());
    for password in ["", "correct horse battery"] {
        assert!(!verify_password(password, DECOY_PHC));
    }
}

#[test]
fn addresses_are_folded_to_one_form_or_refused() {
    assert_eq!(email(" Sakura.Sato@EXAMPLE.jp　"), Ok(EMAIL.to_owned()));
    assert_eq!(email("ｓａｋｕｒａ．ｓａｔｏ＠ｅｘａｍｐｌｅ．ｊｐ"), Ok(EMAIL.to_owned()));
    for (typed, code) in [
        ("", "required"),
        ("a@b", "not_an_email"),
        ("a\0@b.jp", "control_character"),
        ("a\r\nBcc: x@b.jp", "control_character"),
    ] {
        assert_eq!(email(typed).expect_err("it is refused").code(), code);
    }
    assert_eq!(user::display_name(" 佐藤 さくら "), Ok("佐藤 さくら".to_owned()));
    assert!(user::display_name("a\nb").is_err() && user::display_name("　").is_err());
}

struct Counter(AtomicU8);

impl Random for Counter {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
    }
}

#[test]
fn a_token_that_was_not_given_out_has_no_hash_and_no_form_token() {
    let random = Counter(AtomicU8::new(0));
    let (one, other) = (new_token(&random), new_token(&random));
    assert_eq!(one.len(), 43);
    assert_ne!(token_hash(&one), token_hash(&other));
    for text in ["", "x", &one[1..], &format!("{one}="), &one.replace(&one[..1], "*")] {
        assert_eq!(token_hash(text), None);
        assert!(!csrf_matches(text, &csrf_token(text)));
    }
    assert!(csrf_matches(&one, &csrf_token(&one)));
    for given in ["", "x", &csrf_token(&other), &one] {
        assert!(!csrf_matches(&one, given));
    }
}

#[test]
fn a_session_ends_by_idleness_or_age_whichever_is_first() {
    let start = Timestamp::UNIX_EPOCH;
    let after = |minutes: i64| start + SignedDuration::from_mins(minutes);
    assert_eq!(ends_at(start, after(10)), after(10 + IDLE_LIMIT_MIN));
    assert_eq!(ends_at(start, after(ABSOLUTE_LIMIT_HOURS * 60 - 1)), after(ABSOLUTE_LIMIT_HOURS * 60));
}

#[test]
fn tenant_codes_and_names_outside_their_form_are_refused() {
    for code in ["", "a", "1a", "A1", "a_b", "a b", "みなと", "a-", &"a".repeat(32)] {
        assert!(tenant::code(code).is_err(), "{code}");
    }
    for code in ["ab", "minato-bussan", &"a".repeat(31)] {
        assert_eq!(tenant::code(code), Ok(code.to_owned()));
    }
    assert!(tenant::name("").is_err() && tenant::name(&"あ".repeat(101)).is_err());
    assert_eq!(tenant::name("株式会社みなと物産"), Ok("株式会社みなと物産".to_owned()));
}
