//! The JSON API: the same acts as the pages, with the same rights and the same log. Renders no page.
//!
//! Faults are problem documents (RFC 9457). The session cookie signs requests; bodies must be `application/json`.

pub mod audit;
pub mod extraction;
pub mod record;

use crate::form::{FORM_BYTES_MAX, read_limited};
use crate::problem::Problem;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// A document as an answer.
pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Result<Response, Problem> {
    let body = serde_json::to_vec(document).map_err(|fault| Problem::internal(fault.to_string()))?;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// What a program sends: values by field, and the version they were made from.
#[derive(Debug, Default, PartialEq)]
pub struct Sent {
    /// Fields with their values as text; `null` is empty.
    pub values: Vec<(String, String)>,
    /// The version a change is made from.
    pub version: Option<i64>,
}

/// Reads `{"version": 3, "values": {"name": "…"}}`. A field given twice, a lone surrogate or a nested value is refused by
/// name.
pub(crate) async fn read(body: Body) -> Result<Sent, Problem> {
    parse(&read_limited(body, FORM_BYTES_MAX).await?)
}

fn parse(bytes: &[u8]) -> Result<Sent, Problem> {
    let at = RefCell::new(String::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Document { at: &at }.deserialize(&mut reader).and_then(|sent| reader.end().map(|()| sent));
    let sent = read.map_err(|_| match at.take() {
        field if field.is_empty() => Problem::bad_request("not_json"),
        field => Problem::bad_field("not_json", &field),
    })?;
    match sent.values.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        Some((name, _)) => Err(Problem::bad_field("nul", &name.replace('\0', ""))),
        None => Ok(sent),
    }
}

/// The version of `If-Match: "3"`, if there is one.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().map_err(|_| Problem::bad_request("bad_version"))?;
    text.trim().trim_matches('"').parse().map(Some).map_err(|_| Problem::bad_request("bad_version"))
}

/// The outer object. `at` holds the field being read, so that a fault can name it.
struct Document<'a> {
    at: &'a RefCell<String>,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Sent;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Sent, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `values`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sent, A::Error> {
        let mut sent = Sent::default();
        let mut seen = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                self.at.replace(key);
                return Err(A::Error::custom("given twice"));
            }
            match key.as_str() {
                "values" => sent.values = map.next_value_seed(Fields { at: self.at })?,
                "version" => sent.version = Some(map.next_value()?),
                _ => {
                    self.at.replace(key);
                    return Err(A::Error::custom("unknown member"));
                }
            }
            seen.push(key);
        }
        Ok(sent)
    }
}

/// The object of values.
struct Fields<'a> {
    at: &'a RefCell<String>,
}

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = Vec<(String, String)>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Self::Value, D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = Vec<(String, String)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of fields")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<(String, String)> = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            self.at.replace(name.clone());
            if fields.iter().any(|(earlier, _)| *earlier == name) {
                map.next_value::<IgnoredAny>()?;
                return Err(A::Error::custom("given twice"));
            }
            let value = map.next_value_seed(Value)?;
            fields.push((name, value));
        }
        self.at.take();
        Ok(fields)
    }
}

/// A scalar, as the text a form would have sent.
struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<String, D::Error> {
        reader.deserialize_any(self)
    }
}

impl Visitor<'_> for Value {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, true, false or null")
    }

    fn visit_str<E>(self, value: &str) -> Result<String, E> {
        Ok(value.to_owned())
    }

    fn visit_string<E>(self, value: String) -> Result<String, E> {
        Ok(value)
    }

    fn visit_bool<E>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_i64<E>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_unit<E>(self) -> Result<String, E> {
        Ok(String::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_sends_wrongly_is_refused_with_the_name_of_its_field() {
        for (text, field) in [
            (r#"{"values":{"name":"\ud800"}}"#, Some("name")),
            (r#"{"values":{"name":{"a":1}}}"#, Some("name")),
            (r#"{"values":{"a":"1","a":"2"}}"#, Some("a")),
            (r#"{"values":{},"values":{}}"#, Some("values")),
            (r#"{"colour":1}"#, Some("colour")),
            (r#"{"values":{"a":"x"}} trailing"#, None),
            (r#"[1]"#, None),
            ("", None),
        ] {
            let problem = parse(text.as_bytes()).unwrap_err();
            assert_eq!((problem.code, problem.field.as_deref()), ("not_json", field), "{text}");
        }
        assert_eq!(parse(br#"{"values":{"name":"a\u0000b"}}"#).unwrap_err().code, "nul");
    }

    #[test]
    fn numbers_and_truth_values_become_the_text_a_form_would_send() {
        let sent = parse(r#"{"version":3,"values":{"a":"𠮷","b":1200,"c":true,"d":null,"e":1.5}}"#.as_bytes()).unwrap();
        let expected = [("a", "𠮷"), ("b", "1200"), ("c", "true"), ("d", ""), ("e", "1.5")];
        assert_eq!(sent.version, Some(3));
        assert_eq!(sent.values, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
