//! The texts of pages, in Japanese and English, from Fluent files under `locales/`. Texts of services come with manifests.
//!
//! A key is looked up in the language of the page; both languages have the same keys (a test), so nothing falls back.

use domain::locale::Locale;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

macro_rules! files {
    ($language:literal: $($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../locales/", $language, "/", $name, ".ftl")))),*]
    };
}

macro_rules! both {
    ($($name:literal),* $(,)?) => {
        const JA: &[(&str, &str)] = files!("ja": $($name),*);
        const EN: &[(&str, &str)] = files!("en": $($name),*);
    };
}

// One file a noun in each language; add a new one here.
both![
    "shell",
    "home",
    "record",
    "extraction",
    "job",
    "problem",
    "access",
    "role",
    "session",
    "user",
    "mail",
    "activity",
    "audit",
    "ledger",
    "sign",
    "stream",
    "claim",
    "ops",
    "backup"
];

type Bundle = FluentBundle<FluentResource>;

static BUNDLES: LazyLock<[Bundle; 2]> = LazyLock::new(|| [bundle(Locale::Ja, JA), bundle(Locale::En, EN)]);

fn bundle(locale: Locale, files: &[(&str, &str)]) -> Bundle {
    let language: LanguageIdentifier = locale.tag().parse().expect("`ja` and `en` are language tags");
    let mut bundle = Bundle::new_concurrent(vec![language]);
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(|value, _| match value {
        FluentValue::Number(number) => Some(crate::format::number(number.value as i64)),
        _ => None,
    }));
    for (name, text) in files {
        let resource = FluentResource::try_new((*text).to_owned());
        let resource = resource.unwrap_or_else(|(_, faults)| panic!("{name}.ftl: {faults:?}"));
        if let Err(faults) = bundle.add_resource(resource) {
            panic!("{name}.ftl: {faults:?}");
        }
    }
    bundle
}

/// The texts of one language. Templates hold it as `t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The language.
    pub locale: Locale,
}

/// The texts of a language.
pub fn texts(locale: Locale) -> Texts {
    Texts { locale }
}

impl Texts {
    /// The text of a key that takes no argument. An unknown key shows itself.
    pub fn text(&self, key: impl AsRef<str>) -> String {
        self.format(key.as_ref(), None)
    }

    /// The text of a key with one argument.
    pub fn one<'v>(&self, key: &str, name: &'static str, value: impl Into<FluentValue<'v>>) -> String {
        let mut args = FluentArgs::with_capacity(1);
        args.set(name, value);
        self.format(key, Some(&args))
    }

    /// The text of a key with two arguments.
    pub fn two<'v>(
        &self,
        key: &str,
        first: &'static str,
        first_value: impl Into<FluentValue<'v>>,
        second: &'static str,
        second_value: impl Into<FluentValue<'v>>,
    ) -> String {
        let mut args = FluentArgs::with_capacity(2);
        args.set(first, first_value);
        args.set(second, second_value);
        self.format(key, Some(&args))
    }

    /// The text of a key with as many arguments as it may want; those it does not name are left out.
    pub fn with(&self, key: &str, values: &[(&'static str, &str)]) -> String {
        let mut args = FluentArgs::with_capacity(values.len());
        for (name, value) in values {
            args.set(*name, *value);
        }
        self.format(key, Some(&args))
    }

    /// The text of a key with arguments whose names are only known at run time.
    pub fn figures<'v>(&self, key: &str, values: impl IntoIterator<Item = (&'v str, FluentValue<'v>)>) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(name, value);
        }
        self.format(key, Some(&args))
    }

    /// Whether there is such a key.
    pub fn has(&self, key: &str) -> bool {
        self.bundle().has_message(key)
    }

    /// `ja` or `en`, for `lang` attributes.
    pub fn tag(&self) -> &'static str {
        self.locale.tag()
    }

    fn bundle(&self) -> &'static Bundle {
        &BUNDLES[match self.locale {
            Locale::Ja => 0,
            Locale::En => 1,
        }]
    }

    fn format(&self, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        bundle.format_pattern(pattern, args, &mut Vec::new()).into_owned()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    /// All files below the crate's named folders, with their text.
    pub(crate) fn sources(folders: &[&str]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut open: Vec<_> =
            folders.iter().map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).collect();
        while let Some(path) = open.pop() {
            if path.is_dir() {
                open.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                found.push((path.display().to_string(), text));
            }
        }
        found
    }

    fn keys(files: &[(&str, &str)]) -> BTreeSet<String> {
        let lines = files.iter().flat_map(|(_, text)| text.lines());
        lines
            .filter_map(|line| line.split_once(" ="))
            .map(|(key, _)| key.to_owned())
            .filter(|key| is_key(key))
            .collect()
    }

    fn is_key(key: &str) -> bool {
        key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        let (ja, en) = (keys(JA), keys(EN));
        assert!(ja.len() > 50);
        assert_eq!(ja.difference(&en).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in English");
        assert_eq!(en.difference(&ja).collect::<Vec<_>>(), Vec::<&String>::new(), "missing in Japanese");
    }

    #[test]
    fn every_key_a_page_names_has_a_text() {
        let t = texts(Locale::Ja);
        for (path, text) in sources(&["templates", "src"]) {
            for call in ["t.text(\"", "t.one(\"", "t.two(\""] {
                for key in text.split(call).skip(1).filter_map(|rest| rest.split('"').next()) {
                    assert!(t.has(key), "{path} names {key}");
                }
            }
        }
    }

    #[test]
    fn every_text_is_used_somewhere() {
        let sources: String = sources(&["templates", "src"]).into_iter().map(|(_, text)| text).collect();
        // Keys put together from a code: their codes are enumerated by tests of their own.
        let made = [
            "activity-",
            "problem-",
            "refusal-",
            "gate-",
            "action-",
            "verb-",
            "done-",
            "billing-",
            "permission-",
            "state-",
            "kind-",
            "noun-",
            "sign-value-",
            "sign-limit-",
            "audit-column-",
            "audit-range-",
            "ledger-claim-",
            "ledger-why-",
            "ledger-walk-",
            "ledger-token-",
            "ledger-language-",
            "ledger-field-",
            "claim-group-",
            "claim-vital-",
            "check-",
            "finding-",
            "method-",
            "target-",
            "span-",
            "backup-outcome-",
            "backup-kind-",
        ];
        for key in keys(JA) {
            let used = sources.contains(&format!("\"{key}\"")) || made.iter().any(|prefix| key.starts_with(prefix));
            assert!(used, "{key} is used nowhere");
        }
    }

    #[test]
    fn numbers_have_commas_and_english_has_its_plurals() {
        let (ja, en) = (texts(Locale::Ja), texts(Locale::En));
        assert_eq!(ja.one("record-count", "count", 12_480), "12,480件");
        assert_eq!(en.one("record-count", "count", 1), "1 record");
        assert_eq!(en.one("record-count", "count", 12_480), "12,480 records");
    }
}
