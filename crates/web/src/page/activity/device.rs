//! A browser's description of itself, in the few words that tell a person which machine it was. Decides nothing by it.

use crate::locale::Texts;

/// Longest name of an unknown program shown, in characters.
const PROGRAM_CHARS_MAX: usize = 40;

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

/// `Chrome・Windows`; for a program its name; empty when nothing was said.
pub fn words(device: Option<&str>, t: Texts) -> String {
    let device = device.unwrap_or_default().trim();
    let find = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| device.contains(mark)).map(|(_, name)| (*name).to_owned())
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => t.two("activity-device", "browser", browser, "system", system),
        (Some(known), None) | (None, Some(known)) => known,
        (None, None) => program(device),
    }
}

/// `curl` of `curl/8.5.0`.
fn program(device: &str) -> String {
    let name = device.split(['/', ' ', '(']).next().unwrap_or_default();
    name.chars().take(PROGRAM_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::locale::Locale;

    #[test]
    fn a_browser_is_told_by_its_name_and_its_system() {
        const SAFARI: &str = "Version/18.1 Mobile/15E148 Safari/604.1";
        for (device, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
                "Chrome・Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge・Windows",
            ),
            (
                &format!("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 {SAFARI}"),
                "Safari・iPhone",
            ),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox・macOS"),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
                "Chrome・ChromeOS",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/140.0.0.0 Safari/537.36",
                "Chrome・Linux",
            ),
            ("curl/8.5.0", "curl"),
            ("Testkit/1.0", "Testkit"),
            ("", ""),
        ] {
            assert_eq!(words(Some(device), texts(Locale::Ja)), expected, "{device}");
        }
        assert_eq!(words(None, texts(Locale::Ja)), "");
        assert_eq!(words(Some(&"あ".repeat(200)), texts(Locale::En)).chars().count(), PROGRAM_CHARS_MAX);
        assert_eq!(words(Some("Mozilla/5.0 (Windows NT 10.0) Firefox/130.0"), texts(Locale::En)), "Firefox on Windows");
    }
}
