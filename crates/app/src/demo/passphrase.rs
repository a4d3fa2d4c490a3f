//! Passphrases of the demo's people. They are derived from a key of this installation, which was drawn at random, and so
//! are as unpredictable as that key; a demo that was interrupted finds the same ones again and can go on.

use crate::{App, Error};

/// Words of a passphrase.
const WORDS_EACH: usize = 5;

/// 128 words, seven bits each: with six digits a passphrase has 55 bits.
const WORDS: [&str; 128] = [
    "akane",
    "amagumo",
    "asagao",
    "asahi",
    "ayame",
    "azuki",
    "budou",
    "chidori",
    "daichi",
    "daikon",
    "donguri",
    "edamame",
    "enogu",
    "fukurou",
    "funade",
    "furusato",
    "fuyuzora",
    "genmai",
    "ginnan",
    "gohan",
    "hagoromo",
    "hamabe",
    "hanabi",
    "harukaze",
    "hatake",
    "hibari",
    "hikari",
    "himawari",
    "hinata",
    "hiroba",
    "hoshizora",
    "hotaru",
    "ichigo",
    "inaho",
    "irori",
    "iwashi",
    "izumi",
    "kaede",
    "kagami",
    "kaigan",
    "kaminari",
    "kamome",
    "kanade",
    "karatsu",
    "kasumi",
    "katsuo",
    "kawara",
    "kazaguruma",
    "keyaki",
    "kibune",
    "kinoko",
    "kisetsu",
    "kitsune",
    "kogane",
    "komorebi",
    "konbu",
    "koromo",
    "kotori",
    "kujira",
    "kumogata",
    "kurumi",
    "madobe",
    "matsuri",
    "megane",
    "mejiro",
    "mikan",
    "minamo",
    "mitsuba",
    "mizuumi",
    "mochitsuki",
    "momiji",
    "morinaka",
    "mugicha",
    "mukashi",
    "nadeshiko",
    "nagisa",
    "namiki",
    "natsume",
    "nekojita",
    "nijiiro",
    "nogiku",
    "nohara",
    "noren",
    "ohisama",
    "okashi",
    "omusubi",
    "onigiri",
    "orizuru",
    "oyatsu",
    "ramune",
    "renkon",
    "ringo",
    "rousoku",
    "sakana",
    "sakura",
    "sansho",
    "sasabune",
    "sazanami",
    "seiryu",
    "semishigure",
    "senbei",
    "shigure",
    "shiratama",
    "shizuku",
    "sudachi",
    "sumire",
    "susuki",
    "suzume",
    "takenoko",
    "tanpopo",
    "tatami",
    "tenugui",
    "tokonoma",
    "tombo",
    "tsubame",
    "tsubaki",
    "tsukimi",
    "tsurara",
    "uchiwa",
    "umibe",
    "uguisu",
    "usagi",
    "wagashi",
    "wakame",
    "warabi",
    "yamabiko",
    "yukata",
    "yuzuyu",
];

impl App {
    /// The passphrase of an address.
    pub(super) fn demo_passphrase(&self, email: &str) -> Result<String, Error> {
        // No address holds a line break, so this is nobody's blind index.
        let bytes = self.keys.platform()?.email.exact(&format!("demo passphrase\n{email}"));
        Ok(spell(u128::from_be_bytes(bytes)))
    }
}

/// Words and digits for a number.
fn spell(mut number: u128) -> String {
    let mut take = |bound: u128| {
        let part = number % bound;
        number /= bound;
        usize::try_from(part).unwrap_or_default()
    };
    let words: Vec<&str> = (0..WORDS_EACH).map(|_| WORDS[take(WORDS.len() as u128)]).collect();
    format!("{}-{:06}", words.join("-"), take(1_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::user::check_password;
    use std::collections::HashSet;

    #[test]
    fn every_passphrase_is_long_enough_and_taken() {
        for number in (0..1_000).map(|number: u128| number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)) {
            let passphrase = spell(number);
            assert!(passphrase.chars().count() >= 20, "{passphrase}");
            assert_eq!(check_password(&passphrase, "tamura.kenichi@minato.example.jp"), Ok(()), "{passphrase}");
        }
    }

    #[test]
    fn no_word_stands_twice() {
        assert_eq!(WORDS.iter().collect::<HashSet<_>>().len(), WORDS.len());
    }
}
