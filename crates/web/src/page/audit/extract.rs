//! Entries out as a file: the log for administrators, one's own trail for its owner. The entry that says so is `app`'s, and is
//! there before the first line.

use super::{control, filter, row};
use crate::Web;
use crate::api;
use crate::form::{Form, Posted, Query};
use crate::format;
use crate::locale::{Texts, texts};
use crate::page::activity::line::{self, Who};
use crate::page::record::Link;
use crate::page::{self, Shell, activity, extraction};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::{AuditChoices, EntryStream, EntryView};
use app::extraction::{Extraction, Format};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use control::Chip;
use domain::extraction::{UTF8_BOM, csv_row};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use std::sync::Arc;

/// Bytes gathered before they are handed on.
const CHUNK_BYTES: usize = 64 * 1024;

/// The columns of a file, in order; each has the text `audit-column-<name>`.
const COLUMNS: [&str; 20] = [
    "at", "who", "told", "verb", "outcome", "service", "screen", "entity", "record", "user", "changes", "fields",
    "rows", "sha256", "note", "address", "device", "request", "who-id", "entry",
];

/// The page that asks in which form.
#[derive(Template)]
#[template(path = "audit/extract.html")]
pub struct ExtractView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Where the form goes.
    pub action: String,
    /// The conditions, as sent.
    pub hidden: Vec<(String, String)>,
    /// The conditions, in words.
    pub chips: Vec<Chip>,
    /// What is taken out when there is no condition.
    pub all: String,
    /// What is entered, and where.
    pub logged: String,
    /// The page before.
    pub back: String,
}

/// `GET /app/admin/audit/extract`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    let choices = web.app.audit_choices(&signed.caller).await?;
    refuse(filter::read(&form, Some(&choices), web.app.now())?)?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &form, &choices)))
}

/// `POST /app/admin/audit/extract`
pub async fn extract(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let choices = web.app.audit_choices(&signed.caller).await?;
    let format = format_of(&form)?;
    let wanted = refuse(filter::read(&form, Some(&choices), web.app.now())?)?;
    let entries = web.app.audit_extract(&signed.caller, wanted, format).await?;
    Ok(extraction::file(file("audit", entries, format, texts(signed.caller.peer.locale), web.app.now())))
}

/// `GET /app/activity/extract`
pub async fn own_form(State(web): State<Arc<Web>>, signed: Signed, Query(form): Query) -> Result<Response, Problem> {
    refuse(activity::filter::read(&form, web.app.now())?)?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &own_view(shell, &form)))
}

/// `POST /app/activity/extract`
pub async fn own(State(web): State<Arc<Web>>, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let format = format_of(&form)?;
    let wanted = refuse(activity::filter::read(&form, web.app.now())?)?;
    let entries = web.app.activity_extract(&signed.caller, wanted, format).await?;
    Ok(extraction::file(file("activity", entries, format, texts(signed.caller.peer.locale), web.app.now())))
}

fn format_of(form: &Form) -> Result<Format, Problem> {
    Format::parse(form.once("format")?).ok_or_else(|| Problem::bad_field("bad_value", "format"))
}

/// Links and hidden fields carry only what a page took; whatever else comes was made by hand.
fn refuse<T>(read: Result<T, Vec<filter::Wrong>>) -> Result<T, Problem> {
    read.map_err(|wrong| Problem::bad_field("bad_value", wrong.first().map_or("", |wrong| wrong.name)))
}

/// The page for the log.
pub fn view(mut shell: Shell, form: &Form, choices: &AuditChoices) -> ExtractView {
    let t = shell.t;
    shell.title = t.text("audit-extract-title");
    ExtractView {
        crumbs: vec![Link { href: super::PATH.to_owned(), label: t.text("audit-title") }],
        action: format!("{}/extract", super::PATH),
        hidden: hidden(control::kept(form)),
        chips: control::controls(form, choices, &[], t).chips,
        all: t.text("audit-extract-all"),
        logged: t.text("audit-extract-logged"),
        back: control::link(form, None),
        shell,
    }
}

/// The page for one's own trail.
pub fn own_view(mut shell: Shell, form: &Form) -> ExtractView {
    let t = shell.t;
    shell.title = t.text("activity-extract-title");
    ExtractView {
        crumbs: vec![Link { href: activity::PATH.to_owned(), label: t.text("activity-title") }],
        action: format!("{}/extract", activity::PATH),
        hidden: hidden(activity::filter::kept(form)),
        chips: activity::filter::controls(form, &[], t).chips,
        all: t.text("activity-extract-all"),
        logged: t.text("activity-extract-logged"),
        back: activity::filter::link(form, None),
        shell,
    }
}

fn hidden(kept: Vec<(&'static str, &str)>) -> Vec<(String, String)> {
    let set = kept.into_iter().filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The file under way.
fn file(stem: &str, entries: EntryStream, format: Format, t: Texts, now: Timestamp) -> Extraction {
    let stamp = now.strftime("%Y%m%d-%H%M%S");
    let state = (Some(heading(format, t)), entries, false);
    let stream = stream::try_unfold(state, move |(first, mut entries, done)| async move {
        if done {
            return Ok(None);
        }
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4096);
        chunk.extend(first.into_iter().flatten());
        while chunk.len() < CHUNK_BYTES {
            match entries.try_next().await? {
                Some(entry) => write(&entry, format, t, &mut chunk)?,
                None => return Ok(Some((chunk, (None, entries, true)))),
            }
        }
        Ok(Some((chunk, (None, entries, false))))
    });
    Extraction {
        file_name: format!("struct-{stem}-{stamp}.{}", format.code()),
        content_type: match format {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Ndjson => "application/x-ndjson",
        },
        stream: stream.boxed(),
    }
}

fn heading(format: Format, t: Texts) -> Vec<u8> {
    let mut line = Vec::new();
    if format == Format::Csv {
        line.extend_from_slice(UTF8_BOM);
        let labels: Vec<String> = COLUMNS.iter().map(|column| t.text(format!("audit-column-{column}"))).collect();
        csv_row(&mut line, labels.iter().map(String::as_str));
    }
    line
}

/// Appends an entry's line: for people in words, for programs as the API gives it.
fn write(entry: &EntryView, format: Format, t: Texts, out: &mut Vec<u8>) -> Result<(), app::Error> {
    match format {
        Format::Csv => csv_row(out, cells(entry, t).iter().map(String::as_str)),
        Format::Ndjson => {
            serde_json::to_writer(&mut *out, &api::audit::entry(entry))
                .map_err(|fault| app::Error::Internal(fault.to_string()))?;
            out.push(b'\n');
        }
    }
    Ok(())
}

fn cells(entry: &EntryView, t: Texts) -> [String; COLUMNS.len()] {
    let label = |label: &Option<domain::locale::Label>| {
        label.as_ref().map(|label| label.get(t.locale).to_owned()).unwrap_or_default()
    };
    let row::More { fields, sha256, note, changes, address, device_sent, .. } = row::more(entry, t);
    let changes = changes.iter().map(|change| match change.withheld.as_str() {
        "" => {
            t.with("activity-change", &[("field", &change.label), ("before", &change.before), ("after", &change.after)])
        }
        _ => change.label.clone(),
    });
    let changes: Vec<String> = changes.collect();
    let who_id = match entry.actor {
        domain::audit::Actor::User(user) => user.to_string(),
        _ => String::new(),
    };
    [
        format::exact(t.locale, entry.at).iso,
        line::actor(entry, t),
        line::tell(entry, Who::Others, t).sentence,
        entry.verb.code().to_owned(),
        t.text(format!("audit-outcome-{}", entry.outcome.code())),
        label(&entry.service_label),
        label(&entry.screen_label),
        label(&entry.entity_label),
        entry.target.record.map(|id| id.to_string()).unwrap_or_default(),
        entry.user_name.clone().unwrap_or_default(),
        changes.join("\n"),
        fields,
        entry.detail.rows.map(|rows| rows.to_string()).unwrap_or_default(),
        sha256,
        note,
        address,
        device_sent,
        entry.request.to_string(),
        who_id,
        entry.id.to_string(),
    ]
}
