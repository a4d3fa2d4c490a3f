//! Reads queries and posted forms strictly: what can't be text is refused with the field's name. Knows no field's meaning.

use crate::problem::Problem;
use crate::request::Context;
use crate::session::Signed;
use crate::{Web, token};
use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// The largest form or JSON document taken, in bytes.
pub const FORM_BYTES_MAX: usize = 256 * 1024;
/// The largest file taken for import, in bytes.
pub const IMPORT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Fields a form may have.
const FIELDS_MAX: usize = 2_000;
/// The largest access matrix taken, in bytes: `MATRIX_FIELDS_MAX` fields of some 80 bytes.
pub const MATRIX_BYTES_MAX: usize = 512 * 1024;
/// Fields of an access matrix: two for each of the cells that `page::access::view` shows at most, ten billing types a row.
const MATRIX_FIELDS_MAX: usize = 6_000;

/// Names and values as sent, in order. A name may stand there several times (check boxes).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(pub Vec<(String, String)>);

impl Form {
    /// Reads `a=1&b=2`. Refuses what is not UTF-8 (a lone surrogate, say) and NUL, naming the field.
    pub fn parse(encoded: &str) -> Result<Self, Problem> {
        if encoded.split('&').filter(|pair| !pair.is_empty()).nth(FIELDS_MAX).is_some() {
            return Err(Problem::bad_request("too_many_fields"));
        }
        Self::pairs(encoded)
    }

    /// As `parse`, for the one form that has more fields than others.
    pub fn parse_matrix(encoded: &str) -> Result<Self, Problem> {
        if encoded.split('&').filter(|pair| !pair.is_empty()).nth(MATRIX_FIELDS_MAX).is_some() {
            return Err(Problem::too_large(MATRIX_BYTES_MAX));
        }
        Self::pairs(encoded)
    }

    fn pairs(encoded: &str) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for pair in encoded.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or_else(|| Problem::bad_field("not_text", &shortened(name)))?;
            let value = decode(value).ok_or_else(|| Problem::bad_field("not_text", &name))?;
            if name.contains('\0') || value.contains('\0') {
                return Err(Problem::bad_field("nul", &name.replace('\0', "")));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// The value of a field that may stand there once; empty when it is missing.
    pub fn once(&self, name: &str) -> Result<&str, Problem> {
        let mut values = self.all(name);
        let first = values.next().unwrap_or_default();
        if values.next().is_some() { Err(Problem::bad_field("twice", name)) } else { Ok(first) }
    }

    /// As `once`; a field that is missing or empty is none.
    pub fn some(&self, name: &str) -> Result<Option<&str>, Problem> {
        Ok(Some(self.once(name)?).filter(|value| !value.is_empty()))
    }

    /// All values of a field.
    pub fn all<'f, 'n>(&'f self, name: &'n str) -> impl Iterator<Item = &'f str> + use<'f, 'n> {
        self.0.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// Fields whose name starts with the prefix, without it, each at most once.
    pub fn prefixed(&self, prefix: &str) -> Result<Vec<(String, String)>, Problem> {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.0 {
            let Some(rest) = name.strip_prefix(prefix) else { continue };
            if found.iter().any(|(earlier, _)| earlier == rest) {
                return Err(Problem::bad_field("twice", rest));
            }
            found.push((rest.to_owned(), value.clone()));
        }
        Ok(found)
    }
}

/// `%XX` and `+` undone; none when the bytes are not UTF-8.
fn decode(encoded: &str) -> Option<String> {
    let spaced = encoded.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(|text| text.into_owned())
}

fn shortened(name: &str) -> String {
    name.chars().take(60).collect()
}

/// The query of the URL.
pub struct Query(pub Form);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Form::parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// A form posted without a session (sign-in, invitation).
pub struct Open(pub Form, pub Arc<Context>);

impl FromRequest<Arc<Web>> for Open {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Web>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let context = Context::of(&parts.extensions)?;
        Ok(Self(read(&parts.headers, body).await?, context))
    }
}

/// A form posted by a signed-in member, its token checked. Every changing page takes this.
pub struct Posted {
    /// Who posted it.
    pub signed: Signed,
    /// What was posted.
    pub form: Form,
}

impl FromRequest<Arc<Web>> for Posted {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let signed = Signed::from_request_parts(&mut parts, web).await?;
        let form = read(&parts.headers, body).await?;
        check_token(&signed, form.once(token::FIELD)?)?;
        Ok(Self { signed, form })
    }
}

/// As `Posted`, for the access matrix.
pub struct PostedMatrix(pub Posted);

impl FromRequest<Arc<Web>> for PostedMatrix {
    type Rejection = Problem;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let signed = Signed::from_request_parts(&mut parts, web).await?;
        let form = Form::parse_matrix(&read_text(&parts.headers, body, MATRIX_BYTES_MAX).await?)?;
        check_token(&signed, form.once(token::FIELD)?)?;
        Ok(Self(Posted { signed, form }))
    }
}

/// Refuses a form whose token is not of this session.
pub fn check_token(signed: &Signed, sent: &str) -> Result<(), Problem> {
    if token::matches(&signed.caller.csrf, sent) { Ok(()) } else { Err(Problem::token()) }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
    Form::parse(&read_text(headers, body, FORM_BYTES_MAX).await?)
}

async fn read_text(headers: &HeaderMap, body: Body, bytes_max: usize) -> Result<String, Problem> {
    check_content_type(headers, "application/x-www-form-urlencoded")?;
    let bytes = read_limited(body, bytes_max).await?;
    String::from_utf8(bytes.into()).map_err(|_| Problem::bad_request("not_text"))
}

/// Refuses a body of another type than the one wanted.
pub fn check_content_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = sent.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(Problem::unsupported_media_type()) }
}

/// The whole body, or a refusal as soon as it is larger than `bytes_max`.
pub async fn read_limited(body: Body, bytes_max: usize) -> Result<axum::body::Bytes, Problem> {
    match Limited::new(body, bytes_max).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(fault) if fault.is::<LengthLimitError>() => Err(Problem::too_large(bytes_max)),
        // The sender went away, or what it sent is no HTTP.
        Err(_) => Err(Problem::bad_request("cut_off")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_text_is_refused_with_the_name_of_its_field() {
        for (encoded, code, field) in [
            ("a=1&name=%ED%A0%80", "not_text", "name"),
            ("name=%FF", "not_text", "name"),
            ("name=a%00b", "nul", "name"),
            ("%FF=1", "not_text", "%FF"),
        ] {
            let problem = Form::parse(encoded).unwrap_err();
            assert_eq!((problem.code, problem.field.as_deref()), (code, Some(field)), "{encoded}");
            assert_eq!(problem.status.as_u16(), 400);
        }
    }

    #[test]
    fn a_field_that_stands_there_twice_is_refused_where_one_is_meant() {
        let form = Form::parse("a=1&a=2&b=3&r.x=1&r.x=2").unwrap();
        assert_eq!(form.once("a").unwrap_err().code, "twice");
        assert_eq!(form.prefixed("r.").unwrap_err().code, "twice");
        assert_eq!(form.once("b").unwrap(), "3");
        assert_eq!(form.once("c").unwrap(), "");
    }

    #[test]
    fn a_form_keeps_every_character_of_its_values() {
        let form = Form::parse("n=%F0%A0%AE%B7+%E9%AB%99%0D%0A%3D1%2B1&e=").unwrap();
        assert_eq!(form.once("n").unwrap(), "𠮷 髙\r\n=1+1");
        assert_eq!(form.some("e").unwrap(), None);
    }

    #[test]
    fn a_form_of_thousands_of_fields_is_refused() {
        assert_eq!(Form::parse(&"a=1&".repeat(2_001)).unwrap_err().code, "too_many_fields");
    }
}
