//! Passwords: which are taken (NIST SP 800-63B-4 §3.1.1.2), how they are hashed, how they are checked. Draws no salt and
//! counts no attempts.

use crate::locale::Locale;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{CustomizedPasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Fewest characters, for a password that is the only factor.
pub const MIN_PASSWORD_CHARS: usize = 15;
/// Most characters. Far above what NIST asks to be taken (64); a bound on the work of one attempt.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// Memory of one hash in KiB (OWASP's first recommendation for argon2id, 19 MiB).
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Longest run of one repeated or counted-up pattern a password may consist of.
const MAX_PATTERN_CHARS: usize = 4;

/// Random bytes in the place of a hash, so no password matches it, with the parameters of real ones: an unknown address costs the same work as a
/// known one.
pub const DECOY_PHC: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$29yiurW9xXALj9nbFUe7Pg$YsrySpF2Ve/jVQTBs3IJ28r0sppk4ZIdZB6T4z9grY0";

/// Why a password was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordFault {
    /// Fewer than `MIN_PASSWORD_CHARS`.
    TooShort {
        /// What was typed.
        found: usize,
    },
    /// More than `MAX_PASSWORD_CHARS`.
    TooLong {
        /// What was typed.
        found: usize,
    },
    /// Holds a control character.
    ControlCharacter,
    /// Is, or holds, the e-mail address or the part before its `@`.
    HoldsEmail,
    /// One character or short pattern again and again, or characters that only count up or down.
    Pattern,
}

impl PasswordFault {
    /// The word used in problem documents and tests.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort { .. } => "password_too_short",
            Self::TooLong { .. } => "password_too_long",
            Self::ControlCharacter => "password_control_character",
            Self::HoldsEmail => "password_holds_email",
            Self::Pattern => "password_pattern",
        }
    }

    /// What happened and what to do.
    pub fn message(self, locale: Locale) -> String {
        match (self, locale) {
            (Self::TooShort { found }, Locale::Ja) => format!(
                "パスワードが短すぎます({found}文字)。{MIN_PASSWORD_CHARS}文字以上にしてください。いくつかの言葉をつなげると覚えやすくなります。"
            ),
            (Self::TooShort { found }, Locale::En) => format!(
                "The password is too short ({found} characters). Use {MIN_PASSWORD_CHARS} or more; several words in a row are easy to remember."
            ),
            (Self::TooLong { found }, Locale::Ja) => {
                format!("パスワードは{MAX_PASSWORD_CHARS}文字までです(入力は{found}文字)。短くしてください。")
            }
            (Self::TooLong { found }, Locale::En) => {
                format!("A password has up to {MAX_PASSWORD_CHARS} characters; {found} were entered. Shorten it.")
            }
            (Self::ControlCharacter, Locale::Ja) => {
                "パスワードに制御文字(タブや改行など)が含まれています。取り除いてください。".to_owned()
            }
            (Self::ControlCharacter, Locale::En) => {
                "The password contains a control character (such as a tab). Remove it.".to_owned()
            }
            (Self::HoldsEmail, Locale::Ja) => {
                "パスワードにメールアドレスが含まれています。メールアドレスと関係のない言葉にしてください。".to_owned()
            }
            (Self::HoldsEmail, Locale::En) => {
                "The password contains your e-mail address. Use words that have nothing to do with it.".to_owned()
            }
            (Self::Pattern, Locale::Ja) => {
                "パスワードが同じ文字や連続した文字だけでできています。別の言葉を組み合わせてください。".to_owned()
            }
            (Self::Pattern, Locale::En) => {
                "The password only repeats or counts up characters. Combine different words.".to_owned()
            }
        }
    }
}

/// Whether a password may be set for the user of an address. Length counts the characters after NFKC, as they are
/// hashed.
pub fn check_password(password: &str, email: &str) -> Result<(), PasswordFault> {
    // Bounded before anything else looks at it.
    let typed = password.chars().take(4 * MAX_PASSWORD_CHARS + 1).count();
    if typed > 4 * MAX_PASSWORD_CHARS {
        return Err(PasswordFault::TooLong { found: password.chars().count() });
    }
    let folded = folded(password);
    let found = folded.chars().count();
    if folded.chars().any(char::is_control) {
        return Err(PasswordFault::ControlCharacter);
    }
    if found < MIN_PASSWORD_CHARS {
        return Err(PasswordFault::TooShort { found });
    }
    if found > MAX_PASSWORD_CHARS {
        return Err(PasswordFault::TooLong { found });
    }
    if holds_email(&folded, email) {
        return Err(PasswordFault::HoldsEmail);
    }
    if is_pattern(&folded) {
        return Err(PasswordFault::Pattern);
    }
    Ok(())
}

/// The PHC string of a password (argon2id). Takes about 16 ms and 19 MiB: run it in a bounded pool.
pub fn hash_password(password: &str, salt: &[u8; 16]) -> String {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are constants within bounds");
    let hash: PasswordHash = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone())
        .hash_password_customized(folded(password).as_bytes(), salt, None, None, params)
        .expect("a password of bounded length and a salt of 16 bytes can be hashed");
    hash.to_string()
}

/// Whether a password is the one a PHC string was made of. A string that can't be read is no match. An over-long
/// password is compared with the decoy's work, so that the answer takes as long.
pub fn verify_password(password: &str, phc: &str) -> bool {
    let Ok(hash) = PasswordHash::new(phc) else {
        return false;
    };
    let bounded = password.chars().take(4 * MAX_PASSWORD_CHARS + 1).count() <= 4 * MAX_PASSWORD_CHARS;
    let folded = if bounded { folded(password) } else { Zeroizing::new(String::new()) };
    Argon2::default().verify_password(folded.as_bytes(), &hash).is_ok() && bounded
}

/// NFKC, so that the same password typed by another keyboard is the same (SP 800-63B-4 §3.1.1.2).
fn folded(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfkc().collect())
}

fn holds_email(password: &str, email: &str) -> bool {
    let password = Zeroizing::new(password.to_lowercase());
    let email = email.to_lowercase();
    let local = email.split('@').next().unwrap_or_default();
    // Very short local parts stand in many a good pass phrase by chance.
    password.contains(&email) && !email.is_empty() || local.chars().count() >= 4 && password.contains(local)
}

/// `aaaaaaaaaaaaaaa`, `abcabcabcabcabc`, `123456789012345`, `zyxwvutsrqponml`.
fn is_pattern(password: &str) -> bool {
    let characters: Zeroizing<Vec<char>> = Zeroizing::new(password.to_lowercase().chars().collect());
    let repeats = |period: usize| characters.windows(period + 1).all(|window| window[0] == window[period]);
    if (1..=MAX_PATTERN_CHARS).any(repeats) {
        return true;
    }
    let counts = |step: i64| {
        let next = |pair: &[char]| {
            let (from, to) = (i64::from(u32::from(pair[0])), i64::from(u32::from(pair[1])));
            let wraps = matches!((pair[0], pair[1]), ('9', '0') | ('0', '9') | ('z', 'a') | ('a', 'z'));
            to - from == step || wraps
        };
        characters.windows(2).all(next)
    };
    counts(1) || counts(-1)
}
