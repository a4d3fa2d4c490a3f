//! Devices that an account knows: what a browser's cookie holds of them, and in which words a device is shown. Which
//! devices are known is the store's.

/// Accounts that one browser is known to, at most; the one signed in longest ago goes first.
pub const MAX_IN_BROWSER: usize = 4;
/// Devices that one account knows, at most.
pub const MAX_KNOWN: i32 = 20;
/// How long a device stays known without being used.
pub const KNOWN_DAYS: i64 = 365;
/// How long the link of the mail about a new device opens.
pub const LINK_HOURS: i64 = 72;
/// Longest name of an unknown program shown, in characters.
pub const PROGRAM_CHARS_MAX: usize = 40;

/// Between the tokens of a cookie; no token has it.
const BETWEEN: char = '~';

/// The tokens of a cookie, newest first; what is beyond `MAX_IN_BROWSER` is not looked at.
pub fn tokens(cookie: &str) -> impl Iterator<Item = &str> {
    cookie.split(BETWEEN).filter(|token| !token.is_empty()).take(MAX_IN_BROWSER)
}

/// The cookie with one more token.
pub fn with(cookie: &str, token: &str) -> String {
    let kept = tokens(cookie).take(MAX_IN_BROWSER - 1);
    std::iter::once(token).chain(kept).collect::<Vec<_>>().join(&BETWEEN.to_string())
}

/// Marks of browsers; the first that is found names it, so those that pretend to be another come before the other.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("EdgiOS/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Marks of systems, in the same way.
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// Browser and system of a browser's description of itself, as far as they are told.
pub fn browser_and_system(device: &str) -> (Option<&'static str>, Option<&'static str>) {
    let find =
        |marks: &[(&str, &'static str)]| marks.iter().find(|(mark, _)| device.contains(mark)).map(|found| found.1);
    (find(&BROWSERS), find(&SYSTEMS))
}

/// `curl` of `curl/8.5.0`.
pub fn program(device: &str) -> String {
    let name = device.split(['/', ' ', '(']).next().unwrap_or_default();
    name.chars().take(PROGRAM_CHARS_MAX).collect()
}

/// A device on one line, for a mail: `Chrome, Windows`; a dash when nothing was said.
pub fn line(device: &str) -> String {
    match browser_and_system(device) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => Some(program(device)).filter(|name| !name.is_empty()).unwrap_or_else(|| "―".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_keeps_the_accounts_used_last() {
        let mut cookie = String::new();
        for token in ["a", "b", "c", "d", "e"] {
            cookie = with(&cookie, token);
        }
        assert_eq!(tokens(&cookie).collect::<Vec<_>>(), ["e", "d", "c", "b"]);
        assert_eq!(tokens(&"x~".repeat(1_000)).count(), MAX_IN_BROWSER);
        assert_eq!(tokens("").count(), 0);
    }
}
