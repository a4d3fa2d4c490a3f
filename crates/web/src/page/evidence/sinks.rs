//! The register of places data can go, as a table: read from a measurement's raw data, so it shows what was measured and nothing newer.

use crate::locale::Texts;
use serde::Deserialize;

/// Rows shown; the file has all of them.
const MAX_ROWS: usize = 200;

#[derive(Deserialize)]
struct Published {
    sinks: Vec<Sink>,
}

#[derive(Deserialize)]
struct Sink {
    purpose: String,
    region: Option<String>,
    encryption: String,
    said_by: String,
    address: Option<String>,
    #[serde(default)]
    here: bool,
    /// Tenants' receivers are told by their number only.
    count: Option<u64>,
}

/// A place data can go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SinkRow {
    /// What for.
    pub purpose: String,
    /// Where: this machine, an address, or how many receivers.
    pub place: String,
    /// The region, or empty.
    pub region: String,
    /// Who says so.
    pub said_by: String,
    /// What protects the data there, or on its way there.
    pub protection: String,
}

/// The table of raw data that is a register; empty for all other raw data.
pub fn of(raw: &str, t: Texts) -> Vec<SinkRow> {
    let published = serde_json::from_str::<Published>(raw).map(|published| published.sinks).unwrap_or_default();
    published.iter().take(MAX_ROWS).map(|sink| row(sink, t)).collect()
}

fn row(sink: &Sink, t: Texts) -> SinkRow {
    let place = match (&sink.address, sink.count) {
        (_, Some(count)) => t.one("sink-receivers", "count", i64::try_from(count).unwrap_or(i64::MAX)),
        (Some(address), None) => address.clone(),
        (None, None) if sink.here => t.text("sink-here"),
        (None, None) => String::new(),
    };
    SinkRow {
        purpose: t.one("sink-purpose", "purpose", sink.purpose.as_str()),
        place,
        region: sink.region.clone().unwrap_or_default(),
        said_by: t.one("sink-said", "by", sink.said_by.as_str()),
        protection: t.one("sink-protection", "how", sink.encryption.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::locale::Locale;

    #[test]
    fn raw_data_of_something_else_is_no_register() {
        let t = Texts { locale: Locale::Ja };
        assert!(of("not JSON", t).is_empty());
        assert!(of(r#"{"leaves":12}"#, t).is_empty());
        assert!(of(r#"{"sinks":3}"#, t).is_empty());
    }

    #[test]
    fn every_purpose_protection_and_source_has_its_words_in_both_languages() {
        for locale in [Locale::Ja, Locale::En] {
            let t = Texts { locale };
            let text = |key: &'static str, name: &'static str, code: &'static str| t.one(key, name, code);
            for purpose in domain::residency::Purpose::ALL {
                assert_ne!(
                    text("sink-purpose", "purpose", purpose.code()),
                    text("sink-purpose", "purpose", "?"),
                    "{purpose:?}"
                );
            }
            for how in ["tls", "cipher", "sealed", "local", "plain"] {
                assert_ne!(text("sink-protection", "how", how), text("sink-protection", "how", "?"), "{how}");
            }
            for by in ["service", "operator", "demo"] {
                assert_ne!(text("sink-said", "by", by), text("sink-said", "by", "?"), "{by}");
            }
        }
    }

    #[test]
    fn receivers_of_tenants_are_counted_and_not_named() {
        let raw = r#"{"sinks":[{"purpose":"stream","count":3,"region":"jp-east","said_by":"operator","encryption":"tls"},
            {"purpose":"backup","address":"s3.example.jp","region":null,"said_by":"nobody","encryption":"cipher"}]}"#;
        let rows = of(raw, Texts { locale: Locale::Ja });
        assert_eq!(rows[0].place, "3か所");
        assert_eq!((rows[1].place.as_str(), rows[1].region.as_str()), ("s3.example.jp", ""));
    }
}
