//! Japanese and English say the same things: each message of one language is in the other, with the same variables.
//! Whether the sentences are good is for people to judge.

use super::Fault;
use crate::tree::{File, Tree};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "crates/web/locales/";
const LANGUAGES: [&str; 2] = ["ja", "en"];

/// A message: where it stands and the variables it shows.
type Messages = BTreeMap<String, (String, usize, BTreeSet<String>)>;

pub fn check(tree: &Tree) -> Vec<Fault> {
    let [ja, en] = LANGUAGES.map(|language| messages(tree, language));
    let mut faults = missing(&ja, &en, "en");
    faults.extend(missing(&en, &ja, "ja"));
    for (key, (path, line, variables)) in &en {
        if ja.get(key).is_some_and(|(_, _, others)| others != variables) {
            faults.push(Fault::new(path, *line, format!("`{key}` shows other variables in Japanese than in English")));
        }
    }
    faults
}

fn missing(from: &Messages, other: &Messages, language: &str) -> Vec<Fault> {
    let lacking = from.iter().filter(|(key, _)| !other.contains_key(*key));
    lacking
        .map(|(key, (path, line, _))| Fault::new(path, *line, format!("`{key}` is missing in `{language}`")))
        .collect()
}

/// All messages of a language: of `ja.ftl`, `ja/*.ftl` and `*.ja.ftl`.
fn messages(tree: &Tree, language: &str) -> Messages {
    let mut all = Messages::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".ftl")) {
        let Some(rest) = file.path.strip_prefix(FOLDER) else { continue };
        if rest.split(['/', '.']).any(|part| part == language) {
            read(file, &mut all);
        }
    }
    all
}

fn read(file: &File, all: &mut Messages) {
    let mut current: Option<String> = None;
    let mut message = String::new();
    for (index, line) in file.text.lines().enumerate() {
        let indented = line.starts_with(' ');
        let head = line.trim_start().split_once('=').map(|(key, _)| key.trim()).filter(|key| is_key(key));
        if let (Some(key), false) = (head, indented) {
            message = key.to_owned();
            current = Some(message.clone());
        } else if let (Some(attribute), true) = (head.filter(|key| key.starts_with('.')), indented) {
            current = Some(format!("{message}{attribute}"));
        } else if !indented && !line.is_empty() {
            current = None;
        }
        if let Some(key) = &current {
            let entry = all.entry(key.clone()).or_insert_with(|| (file.path.clone(), index + 1, BTreeSet::new()));
            entry.2.extend(variables(line));
        }
    }
}

fn is_key(key: &str) -> bool {
    let name = key.strip_prefix(['.', '-']).unwrap_or(key);
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

fn variables(line: &str) -> impl Iterator<Item = String> {
    line.split('$')
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').collect())
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    const JA: &str = "crates/web/locales/ja.ftl";
    const EN: &str = "crates/web/locales/en.ftl";

    #[test]
    fn a_message_in_one_language_only_is_a_fault() {
        let faults = places(check, &[(JA, "a = あ\nb = い\n"), (EN, "a = A\nc = C\n")]);
        assert_eq!(faults, [format!("{EN}:2"), format!("{JA}:2")]);
    }

    #[test]
    fn an_attribute_in_one_language_only_is_a_fault() {
        let faults = places(check, &[(JA, "a = あ\n    .hint = い\n"), (EN, "a = A\n")]);
        assert_eq!(faults, [format!("{JA}:2")]);
    }

    #[test]
    fn a_message_shows_the_same_variables_in_both() {
        let faults = places(check, &[(JA, "a =\n    { $count }件\n"), (EN, "# x\na = { $number } rows\n")]);
        assert_eq!(faults, [format!("{EN}:2")]);
    }

    #[test]
    fn a_folder_of_files_for_each_language_is_compared_as_a_whole() {
        let faults = places(
            check,
            &[("crates/web/locales/ja/user.ftl", "a = あ\n"), ("crates/web/locales/en/user.ftl", "b = B\n")],
        );
        assert_eq!(faults.len(), 2);
    }
}
