//! Users: a verified e-mail address and a password. Nothing else identifies anybody (promise `identity.email_only`).

mod password;

pub use password::{
    DECOY_PHC, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, PasswordFault, check_password, hash_password, verify_password,
};

use crate::locale::Locale;
use crate::record::{Fault, FaultReason};

/// Longest display name in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The address as it is stored, hashed and compared: NFKC, no outer white space, lower case.
pub fn email(typed: &str) -> Result<String, FaultReason> {
    if let Some(c) = typed.trim().chars().find(|c| c.is_control()) {
        return Err(FaultReason::ControlCharacter { code: u32::from(c) });
    }
    let address = seal::normalise::email(typed);
    match address.as_str() {
        "" => Err(FaultReason::Required),
        address if crate::record::is_email(address) => Ok(address.to_owned()),
        _ => Err(FaultReason::NotAnEmail),
    }
}

/// A display name: one line, not empty, up to `MAX_NAME_CHARS`; outer white space is dropped.
pub fn display_name(typed: &str) -> Result<String, FaultReason> {
    one_line(typed, MAX_NAME_CHARS)
}

/// A one-line text of 1 to `max` characters without control characters.
pub(crate) fn one_line(typed: &str, max: usize) -> Result<String, FaultReason> {
    let text = typed.trim();
    let found = text.chars().count();
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(FaultReason::ControlCharacter { code: u32::from(c) }),
        None if found == 0 => Err(FaultReason::Required),
        None if found > max => Err(FaultReason::TooLong { max, found }),
        None => Ok(text.to_owned()),
    }
}

/// A fault of the address field, ready for a form.
pub fn email_fault(reason: FaultReason) -> Fault {
    Fault::new("email", reason)
}

/// What people call the address field.
pub fn email_label(locale: Locale) -> &'static str {
    match locale {
        Locale::Ja => "メールアドレス",
        Locale::En => "E-mail address",
    }
}
