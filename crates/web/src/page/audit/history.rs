//! A record's history: what happened to it, and for administrators who saw it and which files it may have left in. Chooses
//! no entry: `app` does.

use super::row::{self, ChangeRow};
use super::{PAGE, PATH};
use crate::Web;
use crate::form::Query;
use crate::format::{self, When};
use crate::page::activity::line::{self, Told, Who};
use crate::page::activity::note;
use crate::page::record::{AtRecord, Head, Link};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::audit::EntryView;
use app::audit::history::{Held, RecordHistory};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::audit::Outcome;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "audit/history.html")]
pub struct HistoryView {
    /// The frame.
    pub shell: Shell,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// What the record is called, or its id.
    pub title: String,
    /// The record's id.
    pub id: String,
    /// Whether it is still there.
    pub there: bool,
    /// What happened, newest first.
    pub steps: Vec<Step>,
    /// Who saw it; none for those who are no administrators.
    pub readers: Option<Readers>,
    /// All entries about it in the log, or empty.
    pub log_href: String,
    /// How many there are on this page.
    pub shown: String,
    /// Entries a page.
    pub size: i64,
    /// Where the look ended, when it ended before the log did.
    pub stopped: Option<When>,
    /// The page before, or empty.
    pub previous: String,
    /// The page after, or empty.
    pub next: String,
}

/// Something that happened to the record.
#[derive(Clone, Debug)]
pub struct Step {
    /// When.
    pub at: When,
    /// Who.
    pub who: String,
    /// What.
    pub told: Told,
    /// Whether it ended in a refusal.
    pub denied: bool,
    /// Values before and after.
    pub changes: Vec<ChangeRow>,
    /// The entry's own page, or empty.
    pub href: String,
}

/// Who saw the record.
#[derive(Clone, Debug, Default)]
pub struct Readers {
    /// One a person.
    pub people: Vec<ReaderRow>,
    /// Files it was in, or may have been in.
    pub files: Vec<FileRow>,
    /// Whether there are older files than were looked into.
    pub more: bool,
    /// The log with all files of the entity.
    pub files_href: String,
}

/// A person who saw the record.
#[derive(Clone, Debug)]
pub struct ReaderRow {
    /// Who.
    pub who: String,
    /// The log with what they did.
    pub href: String,
    /// How often they saw its personal values.
    pub shown: String,
    /// How many files they took.
    pub taken: String,
    /// When for the last time.
    pub last: When,
}

/// A file the record was in, or may have been in.
#[derive(Clone, Debug)]
pub struct FileRow {
    /// When.
    pub at: When,
    /// Who.
    pub who: String,
    /// Format and conditions.
    pub conditions: String,
    /// Whether it certainly was.
    pub certain: bool,
    /// The entry's own page.
    pub href: String,
}

/// `GET /app/s/{service}/{entity}/{id}/history`
pub async fn history(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: AtRecord,
    Query(form): Query,
) -> Result<Response, Problem> {
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    let found = web.app.record_history(&signed.caller, place, at.id, form.some("cursor")?).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &view(shell, &found)))
}

/// The page from what `app` found.
pub fn view(mut shell: Shell, found: &RecordHistory) -> HistoryView {
    let t = shell.t;
    let head = Head::new(&found.place, t.locale);
    let id = found.id.to_string();
    let title = found.title.clone().filter(|title| !title.is_empty()).unwrap_or_else(|| id.clone());
    shell.title = t.one("audit-history-of", "title", title.as_str());
    let path = format!("{}/{id}/history", head.path);
    let link = |cursor: Option<&String>| {
        cursor.map(|cursor| format!("{path}{}", page::query([("cursor", cursor.as_str())]))).unwrap_or_default()
    };
    let crumbs = if found.title.is_some() { head.crumbs_to(found.id, &title) } else { head.crumbs() };
    let administrator = found.readers.is_some();
    HistoryView {
        crumbs,
        title,
        there: found.there,
        steps: found.page.entries.iter().map(|entry| step(entry, administrator, &shell)).collect(),
        readers: readers(found, &shell),
        log_href: if administrator {
            format!("{PATH}{}", page::query([("record", id.as_str())]))
        } else {
            String::new()
        },
        shown: t.one("activity-shown", "count", found.page.entries.len() as i64),
        size: PAGE as i64,
        stopped: found.page.stopped.map(|at| format::exact(t.locale, at)),
        previous: link(found.page.previous.as_ref()),
        next: link(found.page.next.as_ref()),
        id,
        shell,
    }
}

fn step(entry: &EntryView, administrator: bool, shell: &Shell) -> Step {
    let t = shell.t;
    let mut told = line::tell(entry, Who::Others, t);
    if !entry.detail.changes.is_empty() {
        // The table below says it better.
        told.about.clear();
    }
    Step {
        at: format::exact(t.locale, entry.at),
        who: line::actor(entry, t),
        told,
        denied: entry.outcome == Outcome::Denied,
        changes: row::changes(entry, t),
        href: if administrator { format!("{PATH}/{}", entry.id) } else { String::new() },
    }
}

fn readers(found: &RecordHistory, shell: &Shell) -> Option<Readers> {
    let t = shell.t;
    let readers = found.readers.as_ref()?;
    let count = |count: u64| format::number(i64::try_from(count).unwrap_or(i64::MAX));
    let people = readers.people.iter().map(|reader| ReaderRow {
        who: reader.name.clone().unwrap_or_else(|| t.text("activity-some-user")),
        href: format!("{PATH}{}", page::query([("user", reader.user.to_string().as_str())])),
        shown: count(reader.shown),
        taken: count(reader.taken),
        last: format::exact(t.locale, reader.last),
    });
    let files = readers.extractions.iter().map(|(entry, held)| FileRow {
        at: format::exact(t.locale, entry.at),
        who: line::actor(entry, t),
        conditions: note::words(entry, t).join(&t.text("activity-separator")),
        certain: *held == Held::Certainly,
        href: format!("{PATH}/{}", entry.id),
    });
    let entity = format!("{}/{}", found.place.service.name, found.place.entity.name);
    let files_href = format!("{PATH}{}", page::query([("verb", "records.extracted"), ("entity", entity.as_str())]));
    Some(Readers { people: people.collect(), files: files.collect(), more: readers.more, files_href })
}
