//! A browser's description of itself, in the few words that tell a person which machine it was. Decides nothing by it.

use crate::locale::Texts;
use domain::session::device::{browser_and_system, program};

/// `Chrome・Windows`; for a program its name; empty when nothing was said.
pub fn words(device: Option<&str>, t: Texts) -> String {
    let device = device.unwrap_or_default().trim();
    match browser_and_system(device) {
        (Some(browser), Some(system)) => t.two("activity-device", "browser", browser, "system", system),
        (Some(known), None) | (None, Some(known)) => known.to_owned(),
        (None, None) => program(device),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::locale::texts;
    use domain::locale::Locale;
    use domain::session::device::PROGRAM_CHARS_MAX;

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
