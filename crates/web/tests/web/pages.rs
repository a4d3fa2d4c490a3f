//! What holds for every page, whatever it shows: words, weight, forms, frame.

use crate::samples::{Sample, all};
use domain::locale::Locale;

fn every() -> impl Iterator<Item = (Locale, Sample)> {
    [Locale::Ja, Locale::En].into_iter().flat_map(|locale| all(locale).into_iter().map(move |sample| (locale, sample)))
}

/// With `STRUCT_SAMPLES` naming a folder the samples are written there, to be looked at.
#[test]
fn every_page_says_its_language_and_has_one_main_heading() {
    let folder = std::env::var_os("STRUCT_SAMPLES").map(std::path::PathBuf::from);
    for (locale, sample) in every() {
        if let Some(folder) = &folder {
            let name = format!("{}-{}.html", sample.name, locale.tag());
            std::fs::write(folder.join(name), &sample.html).unwrap();
        }
        assert!(sample.html.contains(&format!("<html lang=\"{}\">", locale.tag())), "{}", sample.name);
        assert_eq!(sample.html.matches("<h1").count(), 1, "{}", sample.name);
        assert_eq!(sample.html.matches("<main").count(), 1, "{}", sample.name);
    }
}

#[test]
fn no_page_carries_inline_style_or_script() {
    for (_, sample) in every() {
        for wrong in ["style=", "<style", "onclick", "javascript:", "<script>"] {
            assert!(!sample.html.contains(wrong), "{} holds {wrong}", sample.name);
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_token_of_its_session() {
    let mut forms = 0;
    // Where nobody is signed in there is no session to bind a form to; other sites are kept out by `routes::csrf`.
    for (_, sample) in every().filter(|(_, sample)| sample.html.contains("action=\"/signout\"")) {
        for form in sample.html.split("<form").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let form = form.split("</form>").next().unwrap();
            let token = form.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
            assert!(token.is_some_and(|token| token.len() > 32), "{}", sample.name);
            forms += 1;
        }
    }
    assert!(forms > 20);
}

#[test]
fn no_key_of_a_text_is_shown_in_place_of_the_text() {
    for (_, sample) in every() {
        let people =
            ["sign-", "hold-", "session-", "user-", "mail-", "access-", "role-", "permission-", "billing-", "ledger-"];
        let prefixes = ["record-", "shell-", "job-", "home-", "problem-", "extraction-", "gate-", "state-", "kind-"];
        for prefix in prefixes.into_iter().chain(people) {
            let shown = sample.html.split('>').skip(1).filter_map(|rest| rest.split('<').next());
            let found = shown.filter(|text| text.trim().starts_with(prefix)).collect::<Vec<_>>();
            assert_eq!(found, Vec::<&str>::new(), "{}", sample.name);
        }
    }
}

#[test]
fn ids_of_a_page_are_unique_and_labels_lead_to_them() {
    for (_, sample) in every() {
        let ids: Vec<&str> = sample.html.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let mut seen = std::collections::BTreeSet::new();
        for id in &ids {
            assert!(seen.insert(*id), "{}: {id} twice", sample.name);
        }
        for wanted in sample.html.split(" for=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(seen.contains(wanted), "{}: label for {wanted}", sample.name);
        }
        for wanted in sample.html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(seen.contains(wanted), "{}: link to #{wanted}", sample.name);
        }
    }
}

#[test]
fn a_page_weighs_little() {
    for (_, sample) in every() {
        // A third is what compression makes of such markup at worst.
        assert!(sample.html.len() < 180 * 1024, "{} is {} bytes", sample.name, sample.html.len());
    }
}

#[test]
fn masked_values_are_not_in_the_markup() {
    for (_, sample) in every().filter(|(_, sample)| ["list", "detail"].contains(&sample.name)) {
        for secret in ["由佳", "customer0@", "汐見ビル"] {
            assert!(!sample.html.contains(secret), "{} shows {secret}", sample.name);
        }
    }
}

#[test]
fn an_internal_fault_shows_its_request_id_and_nothing_else() {
    let (_, page) = every().find(|(_, sample)| sample.name == "problem-internal").unwrap();
    assert!(!page.html.contains("secret chain"));
    assert!(page.html.contains("01924d5a-7c00-7abc-8def-0123456789ab"));
}

#[test]
fn a_refused_form_keeps_what_was_typed_and_links_each_error_to_its_field() {
    let (_, page) = every().find(|(_, sample)| sample.name == "form-refused").unwrap();
    for typed in ["yuka.aizawa@", "105-00", "2026年13月1日"] {
        assert!(page.html.contains(&format!("value=\"{typed}\"")), "{typed}");
    }
    for field in ["name", "email", "postal_code", "registered_on"] {
        assert!(page.html.contains(&format!("href=\"#r-{field}\"")), "{field}");
        assert!(page.html.contains(&format!("id=\"r-{field}-e\"")), "{field}");
    }
}
