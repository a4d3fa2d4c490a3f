//! The two languages in which the program speaks, and sentences that exist in both. The sentences themselves are in
//! [`crate::words`].

/// Japanese or English.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Language {
    /// Japanese.
    Ja,
    /// English.
    En,
}

impl Language {
    /// The language of a locale like `ja_JP.UTF-8`; English when it is another or none.
    pub fn of_locale(locale: Option<&str>) -> Self {
        if locale.is_some_and(|locale| locale.to_ascii_lowercase().starts_with("ja")) { Self::Ja } else { Self::En }
    }
}

/// A sentence with its code, which stays the same in every version, and the place it speaks of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// The code, for programs.
    pub code: &'static str,
    /// The first entry it speaks of, counted from 0.
    pub position: Option<u64>,
    /// The entry after the last one.
    pub until: Option<u64>,
    /// The file it speaks of.
    pub file: Option<String>,
    ja: String,
    en: String,
}

impl Said {
    /// A sentence in both languages.
    pub fn new(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, position: None, until: None, file: None, ja: ja.into(), en: en.into() }
    }

    /// About the entries of this range.
    pub fn of_entries(mut self, from: u64, until: u64) -> Self {
        self.position = Some(from);
        self.until = Some(until);
        self
    }

    /// About this file.
    pub fn of_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// The sentence.
    pub fn text(&self, language: Language) -> &str {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }
}
