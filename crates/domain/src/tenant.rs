//! Tenants: the vendor's customers, their codes and names. Their contracts and rows are elsewhere.

use crate::locale::Locale;
use crate::record::FaultReason;

/// Longest name in characters.
pub const MAX_NAME_CHARS: usize = 100;
/// Longest code in characters.
pub const MAX_CODE_CHARS: usize = 31;

/// A code that is not `[a-z][a-z0-9-]{1,30}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotACode;

impl NotACode {
    /// What happened and what to do.
    pub fn message(self, locale: Locale) -> &'static str {
        match locale {
            Locale::Ja => {
                "テナントコードは、英小文字で始まる2〜31文字の英小文字・数字・ハイフンです。例のように入力してください(例: minato-bussan)。"
            }
            Locale::En => {
                "A tenant code has 2 to 31 lower-case letters, digits and hyphens and begins with a letter. Enter it like the example (minato-bussan)."
            }
        }
    }
}

/// A tenant's code as commands and file names use it. Nothing is folded: a code is typed as it is or refused.
pub fn code(typed: &str) -> Result<String, NotACode> {
    let rest_is_sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let starts_with_letter = typed.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
    let sound = starts_with_letter
        && (2..=MAX_CODE_CHARS).contains(&typed.len())
        && typed.bytes().all(rest_is_sound)
        // A hyphen at the end is lost at the end of a sentence.
        && !typed.ends_with('-');
    if sound { Ok(typed.to_owned()) } else { Err(NotACode) }
}

/// A tenant's name as people read it: one line, up to `MAX_NAME_CHARS`.
pub fn name(typed: &str) -> Result<String, FaultReason> {
    crate::user::one_line(typed, MAX_NAME_CHARS)
}
