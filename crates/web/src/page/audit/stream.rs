//! Streams of the log to systems elsewhere: the list with how each does, setting one up, trying it out, pausing and removing it.
//! What is secret of a stream is typed here and never shown. Sends nothing itself.

use crate::Web;
use crate::form::{Form, Posted};
use crate::format::{self, When};
use crate::locale::{Texts, texts};
use crate::page::record::{Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::stream::{MAX_STREAMS, NewStream, StreamKind, StreamState, StreamView};
use app::{Error, Refusal};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use domain::id::StreamId;
use std::sync::Arc;

/// Where the pages stand.
pub const PATH: &str = "/app/admin/audit/streams";

/// The list, with the form for a new one.
#[derive(Template)]
#[template(path = "audit/streams.html")]
pub struct StreamsView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The streams.
    pub rows: Vec<StreamRow>,
    /// Whether another may be set up.
    pub open: bool,
    /// How many there may be.
    pub max: i64,
    /// The form as typed.
    pub typed: Typed,
    /// What came of trying one out: state of the banner, heading, text.
    pub tried: Option<(&'static str, String, String)>,
}

/// The page that asks before a stream is removed.
#[derive(Template)]
#[template(path = "audit/stream.html")]
pub struct RemoveView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The stream.
    pub row: StreamRow,
}

/// A stream in words.
#[derive(Clone, Debug)]
pub struct StreamRow {
    /// Its path, below which its acts are posted.
    pub href: String,
    /// What it is called.
    pub name: String,
    /// How it is sent, and where to.
    pub kind: String,
    /// Host and port.
    pub peer: String,
    /// The chip: state, icon, words.
    pub chip: (&'static str, &'static str, String),
    /// Whether it stands still.
    pub paused: bool,
    /// Entries that wait.
    pub behind: String,
    /// Entries of the log that lie before its place.
    pub position: String,
    /// Entries that were pruned before they could be sent; empty for none.
    pub skipped: String,
    /// When a batch was last taken.
    pub delivered: Option<When>,
    /// Why the last attempt failed, and when.
    pub failed: Option<(String, When)>,
    /// Who set it up.
    pub by: String,
    /// When.
    pub made: When,
}

/// The form as typed. What is secret is typed anew after a mistake.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    /// What it is called.
    pub name: String,
    /// Whether it is syslog.
    pub syslog: bool,
    /// The address.
    pub address: String,
    /// Whether it begins with the first entry.
    pub from_start: bool,
    /// Why the name can't be taken.
    pub name_error: String,
    /// Why the address can't be taken.
    pub address_error: String,
    /// Why the secret can't be taken.
    pub authorization_error: String,
}

impl Typed {
    /// The errors, each with its field.
    pub fn errors(&self) -> Vec<Link> {
        let errors = [
            ("name", &self.name_error),
            ("address", &self.address_error),
            ("authorization", &self.authorization_error),
        ];
        let link = |(href, label): (&str, &String)| Link { href: href.to_owned(), label: label.clone() };
        errors.into_iter().filter(|(_, error)| !error.is_empty()).map(link).collect()
    }
}

/// `/app/admin/audit/streams/{stream}` of the request. What is no id leads nowhere: 404.
#[derive(Clone, Copy, Debug)]
pub struct AtStream(pub StreamId);

impl<S: Send + Sync> FromRequestParts<S> for AtStream {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let id = param(&params(parts, state).await?, "stream")?;
        id.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// `GET /app/admin/audit/streams`
pub async fn list(State(web): State<Arc<Web>>, signed: Signed) -> Result<Response, Problem> {
    shown(&web, &signed, StatusCode::OK, Typed::default(), None).await
}

async fn shown(
    web: &Arc<Web>,
    signed: &Signed,
    status: StatusCode,
    typed: Typed,
    tried: Option<(&'static str, String, String)>,
) -> Result<Response, Problem> {
    let streams = web.app.streams(&signed.caller).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &view(shell, &streams, typed, tried)))
}

/// `POST /app/admin/audit/streams`
pub async fn add(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let new = typed_stream(&form)?;
    let error = match web.app.stream_add(&signed.caller, &new).await {
        Ok(_) => return Ok(page::done(PATH, "stream_added")),
        Err(error) => error,
    };
    let t = texts(signed.context.locale());
    let mut typed = Typed {
        name: new.name.clone(),
        syslog: new.kind == StreamKind::Syslog,
        address: new.address.clone(),
        from_start: new.from_start,
        ..Typed::default()
    };
    match error {
        Error::Invalid(faults) => {
            let messages = faults.iter().map(|fault| fault.message(t.locale, &t.text("stream-name")));
            typed.name_error = messages.collect::<Vec<_>>().join(" ");
        }
        Error::Refused(Refusal::BadStreamAddress) => typed.address_error = t.text("stream-address-bad"),
        Error::Refused(Refusal::StreamNetwork) => typed.address_error = t.text("stream-address-network"),
        Error::Refused(Refusal::StreamUndeclared) => typed.address_error = t.text("stream-address-undeclared"),
        Error::Refused(Refusal::BadAuthorization) => typed.authorization_error = t.text("stream-authorization-bad"),
        error => return Err(error.into()),
    }
    shown(&web, &signed, StatusCode::UNPROCESSABLE_ENTITY, typed, None).await
}

/// `POST /app/admin/audit/streams/{stream}/test`: sends one event that is no entry, and says what came of it.
pub async fn test(State(web): State<Arc<Web>>, at: AtStream, posted: Posted) -> Result<Response, Problem> {
    let signed = posted.signed;
    let tried = web.app.stream_test(&signed.caller, at.0).await?;
    let t = texts(signed.context.locale());
    let banner = match tried {
        Ok(()) => ("ok", t.text("stream-test-taken"), t.text("stream-test-taken-what")),
        Err(error) => ("bad", t.text("stream-test-failed"), failure(error.code(), &error.particulars(), t)),
    };
    shown(&web, &signed, StatusCode::OK, Typed::default(), Some(banner)).await
}

/// `POST /app/admin/audit/streams/{stream}/pause`; with `paused=0` it goes on.
pub async fn pause(State(web): State<Arc<Web>>, at: AtStream, posted: Posted) -> Result<Response, Problem> {
    let paused = posted.form.once("paused")? != "0";
    web.app.stream_pause(&posted.signed.caller, at.0, paused).await?;
    Ok(page::done(PATH, if paused { "stream_paused" } else { "stream_resumed" }))
}

/// `GET /app/admin/audit/streams/{stream}/remove`
pub async fn ask(State(web): State<Arc<Web>>, signed: Signed, at: AtStream) -> Result<Response, Problem> {
    let stream = web.app.stream(&signed.caller, at.0).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &remove_view(shell, &stream)))
}

/// `POST /app/admin/audit/streams/{stream}/remove`
pub async fn remove(State(web): State<Arc<Web>>, at: AtStream, posted: Posted) -> Result<Response, Problem> {
    web.app.stream_remove(&posted.signed.caller, at.0).await?;
    Ok(page::done(PATH, "stream_removed"))
}

fn typed_stream(form: &Form) -> Result<NewStream, Problem> {
    Ok(NewStream {
        name: form.once("name")?.to_owned(),
        kind: StreamKind::parse(form.once("kind")?).unwrap_or(StreamKind::Https),
        address: form.once("address")?.to_owned(),
        authorization: form.once("authorization")?.to_owned(),
        from_start: form.once("from")? == "start",
    })
}

/// The page from what `app` found.
pub fn view(
    mut shell: Shell,
    streams: &[StreamView],
    typed: Typed,
    tried: Option<(&'static str, String, String)>,
) -> StreamsView {
    let t = shell.t;
    shell.title = t.text("stream-title");
    StreamsView {
        crumbs: vec![Link { href: super::PATH.to_owned(), label: t.text("audit-title") }],
        rows: streams.iter().map(|stream| row(stream, t)).collect(),
        open: (streams.len() as i64) < MAX_STREAMS,
        max: MAX_STREAMS,
        typed,
        tried,
        shell,
    }
}

/// The page that asks.
pub fn remove_view(mut shell: Shell, stream: &StreamView) -> RemoveView {
    let t = shell.t;
    shell.title = t.text("stream-remove-title");
    let crumbs = vec![
        Link { href: super::PATH.to_owned(), label: t.text("audit-title") },
        Link { href: PATH.to_owned(), label: t.text("stream-title") },
    ];
    RemoveView { crumbs, row: row(stream, t), shell }
}

fn row(stream: &StreamView, t: Texts) -> StreamRow {
    let count = |number: u64| format::number(i64::try_from(number).unwrap_or(i64::MAX));
    let chip = match stream.state {
        StreamState::Running => ("ok", "check", t.text("stream-running")),
        StreamState::Failing => ("bad", "alert", t.text("stream-failing")),
        StreamState::Paused => ("plain", "", t.text("stream-paused")),
    };
    StreamRow {
        href: format!("{PATH}/{}", stream.id),
        name: stream.name.clone(),
        kind: kind_name(stream.kind, t),
        peer: stream.peer.clone(),
        chip,
        paused: stream.state == StreamState::Paused,
        behind: count(stream.behind),
        position: count(stream.position),
        skipped: if stream.skipped == 0 { String::new() } else { count(stream.skipped) },
        delivered: stream.delivered_at.map(|at| format::full(t.locale, at)),
        failed: stream
            .failed
            .as_ref()
            .map(|(at, code, particulars)| (failure(code, particulars, t), format::full(t.locale, *at))),
        by: stream.created_by_name.clone().unwrap_or_else(|| t.text("stream-by-operator")),
        made: format::full(t.locale, stream.created_at),
    }
}

fn kind_name(kind: StreamKind, t: Texts) -> String {
    match kind {
        StreamKind::Https => t.text("stream-https"),
        StreamKind::Syslog => t.text("stream-syslog"),
    }
}

/// Why an attempt failed, in a sentence that says what to do.
pub fn failure(code: &str, particulars: &str, t: Texts) -> String {
    let sentence = match code {
        "address" => t.text("stream-failure-address"),
        "network" => t.text("stream-failure-network"),
        "unreachable" => t.text("stream-failure-unreachable"),
        "tls" => t.text("stream-failure-tls"),
        "too-slow" => t.text("stream-failure-too-slow"),
        "cut-off" => t.text("stream-failure-cut-off"),
        "redirected" => t.text("stream-failure-redirected"),
        "refused" => t.text("stream-failure-refused"),
        _ => t.text("stream-failure-internal"),
    };
    if particulars.is_empty() { sentence } else { t.two("stream-failure", "sentence", sentence, "what", particulars) }
}
