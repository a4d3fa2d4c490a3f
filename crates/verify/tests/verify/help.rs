//! What the program says of itself, and of mistakes on the command line.

use crate::made::say;
use verify::language::Language;

#[test]
fn the_help_is_in_both_languages_and_names_the_exit_codes() {
    for arguments in [&["--help"][..], &["log", "--help"], &["proof", "--help"]] {
        for (language, word, other) in [(Language::Ja, "使い方", "Usage"), (Language::En, "Usage", "使い方")] {
            let (code, text) = say(arguments, language);
            assert_eq!(code, 0);
            assert!(text.contains(word) && !text.contains(other), "{text}");
            insta::assert_snapshot!(format!("{language:?}_{}", arguments.join("_").replace('-', "")), text);
        }
    }
    assert!(say(&["--help"], Language::Ja).1.contains("終了コード"));
    assert!(say(&["--help"], Language::En).1.contains("Exit codes"));
}

#[test]
fn the_language_that_is_asked_for_wins_over_the_locale() {
    assert!(say(&["--lang", "ja", "--help"], Language::En).1.contains("使い方"));
    assert!(say(&["--lang=en", "--help"], Language::Ja).1.contains("Usage"));
    assert_eq!(Language::of_locale(Some("ja_JP.UTF-8")), Language::Ja);
    assert_eq!(Language::of_locale(Some("C.UTF-8")), Language::En);
    assert_eq!(Language::of_locale(None), Language::En);
}

#[test]
fn a_wrong_command_line_is_no_verdict() {
    for arguments in [&[][..], &["log"], &["prove"], &["log", "x", "--kee", "y"], &["--lang", "fr", "log", "x"]] {
        for language in [Language::Ja, Language::En] {
            let (code, text) = say(arguments, language);
            assert_eq!(code, 2, "{text}");
            assert!(!text.is_empty());
        }
    }
    assert!(say(&["log", "x", "--kee", "y"], Language::Ja).1.contains("--kee という指定はありません"));
}
