//! Imports: handing in a file, and how far it is. Reading rows and taking them is a job of `app`'s.

use crate::Web;
use crate::form::{self, IMPORT_BYTES_MAX};
use crate::format::{self, When};
use crate::page::record::{At, Head, Link, param, params};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use crate::token;
use app::Error;
use app::job::{ImportStatus, JobState, RefusedRow};
use app::record::EntityPlace;
use askama::Template;
use axum::extract::multipart::Field as Part;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::JobId;
use domain::locale::Locale;
use domain::service::{FieldKind, Service};
use std::sync::Arc;
use std::time::Duration;

/// How long handing in waits for a small file to be done, so that its result is the next page.
const WAIT_MAX: Duration = Duration::from_millis(1_500);
/// Longest form token read from an upload, in bytes.
const TOKEN_BYTES_MAX: usize = 1_024;

/// The page on which a file is handed in.
#[derive(Template)]
#[template(path = "job/import.html")]
pub struct ImportView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// Columns a file may have.
    pub columns: Vec<Column>,
    /// The newest imports.
    pub imports: Vec<Progress>,
    /// Why the last file was not taken, or empty.
    pub refused: String,
    /// The largest file, in MiB.
    pub mib: i64,
}

/// A column a file may have.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading: the field's label.
    pub label: String,
    /// Whether it must be there.
    pub required: bool,
    /// Whether its values are sealed.
    pub personal: bool,
    /// What its cells hold, in words.
    pub kind: String,
}

/// The page that shows how far an import is.
#[derive(Template)]
#[template(path = "job/status.html")]
pub struct StatusView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// How far.
    pub progress: Progress,
    /// Refused rows.
    pub refused: Vec<RefusedRow>,
    /// Whether there are more.
    pub refused_more: bool,
}

/// An import in figures.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Its page.
    pub href: String,
    /// The file's name.
    pub file_name: String,
    /// The state, in words.
    pub state_words: String,
    /// The chip's kind.
    pub chip: &'static str,
    /// The chip's icon.
    pub icon: &'static str,
    /// Whether it is still under way.
    pub under_way: bool,
    /// Rows taken.
    pub taken: String,
    /// Rows refused.
    pub refused: String,
    /// Whether any row was refused.
    pub any_refused: bool,
    /// Rows settled.
    pub seen: String,
    /// Why it was given up, or empty.
    pub failure: String,
    /// When it was handed in.
    pub started: When,
    /// When it ended.
    pub finished: Option<When>,
}

/// `/app/s/{service}/{entity}/import/{job}` of the request.
pub struct AtJob(At, JobId);

impl<S: Send + Sync> FromRequestParts<S> for AtJob {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let at = At::from_request_parts(parts, state).await?;
        let job = param(&params(parts, state).await?, "job")?.parse().map_err(|_| Problem::not_found())?;
        Ok(Self(at, job))
    }
}

/// `GET /app/s/{service}/{entity}/import`
pub async fn form(State(web): State<Arc<Web>>, signed: Signed, at: At) -> Result<Response, Problem> {
    show(&web, &signed, &at, String::new(), StatusCode::OK).await
}

/// `POST /app/s/{service}/{entity}/import`: the form's token first, then the file, taken as it comes in.
pub async fn upload(
    State(web): State<Arc<Web>>,
    signed: Signed,
    at: At,
    request: Request,
) -> Result<Response, Problem> {
    let form = Multipart::from_request(request, &web).await.map_err(|_| Problem::unsupported_media_type())?;
    match receive(&web, &signed, &at, form).await {
        Ok(job) => {
            web.app.import_wait(&signed.caller, job, WAIT_MAX).await?;
            Ok(Redirect::to(&format!("{}/import/{job}", at.path())).into_response())
        }
        // A file that can't be taken is explained where the next one is chosen.
        Err(Refused::File(fault, status)) => show(&web, &signed, &at, fault, status).await,
        Err(Refused::Whole(problem)) => Err(problem),
    }
}

/// `GET /app/s/{service}/{entity}/import/{job}`
pub async fn status(State(web): State<Arc<Web>>, signed: Signed, at: AtJob) -> Result<Response, Problem> {
    let AtJob(at, job) = at;
    let status = web.app.import_status(&signed.caller, &at.service, &at.entity, job).await?;
    let shell = Shell::signed(&web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(StatusCode::OK, &status_view(shell, &status, web.app.now())))
}

/// Why an upload came to nothing.
#[expect(clippy::large_enum_variant, reason = "it is made once and matched at once")]
enum Refused {
    File(String, StatusCode),
    Whole(Problem),
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Whole(problem)
    }
}

async fn receive(web: &Web, signed: &Signed, at: &At, mut form: Multipart) -> Result<JobId, Refused> {
    let locale = signed.context.locale();
    let cut_off = |_| Problem::bad_request("cut_off");
    let mut checked = false;
    while let Some(part) = form.next_field().await.map_err(cut_off)? {
        match part.name() {
            Some(token::FIELD) => {
                form::check_token(signed, &small(part).await?)?;
                checked = true;
            }
            // The token stands first in our form: a file before it is not from there.
            Some("file") if !checked => return Err(Problem::token().into()),
            Some("file") if part.file_name().is_none_or(str::is_empty) => break,
            Some("file") => return take(web, signed, at, part, locale).await,
            _ => {}
        }
    }
    if !checked {
        return Err(Problem::token().into());
    }
    let t = crate::locale::texts(locale);
    Err(Refused::File(t.text("problem-no_file-what"), StatusCode::UNPROCESSABLE_ENTITY))
}

async fn take(web: &Web, signed: &Signed, at: &At, mut part: Part<'_>, locale: Locale) -> Result<JobId, Refused> {
    let name = part.file_name().unwrap_or_default().to_owned();
    let refused = |error| refused(error, locale);
    let mut upload = web.app.import_begin(&signed.caller, &at.service, &at.entity, &name).await.map_err(refused)?;
    while let Some(bytes) = part.chunk().await.map_err(|fault| broken(&fault))? {
        upload.chunk(&bytes).await.map_err(refused)?;
    }
    upload.finish().await.map_err(refused)
}

/// What `app` says of the file itself is told on the page; the rest is an error page.
fn refused(error: Error, locale: Locale) -> Refused {
    match error {
        Error::File(fault) => Refused::File(fault.message(locale, str::to_owned), StatusCode::UNPROCESSABLE_ENTITY),
        Error::Refused(app::Refusal::TooLarge) => too_large(),
        error => Refused::Whole(error.into()),
    }
}

fn broken(fault: &axum::extract::multipart::MultipartError) -> Refused {
    match fault.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        _ => Refused::Whole(Problem::bad_request("cut_off")),
    }
}

fn too_large() -> Refused {
    // The rest of the file is still coming in, so the answer is a short one.
    Refused::Whole(Problem::too_large(IMPORT_BYTES_MAX))
}

/// The text of a small part.
async fn small(mut part: Part<'_>) -> Result<String, Problem> {
    let mut text = Vec::new();
    while let Some(bytes) = part.chunk().await.map_err(|_| Problem::bad_request("cut_off"))? {
        if text.len() + bytes.len() > TOKEN_BYTES_MAX {
            return Err(Problem::too_large(TOKEN_BYTES_MAX));
        }
        text.extend_from_slice(&bytes);
    }
    String::from_utf8(text).map_err(|_| Problem::bad_field("not_text", token::FIELD))
}

async fn show(
    web: &Arc<Web>,
    signed: &Signed,
    at: &At,
    refused: String,
    status: StatusCode,
) -> Result<Response, Problem> {
    let place = web.app.import_form(&signed.caller, &at.service, &at.entity).await?;
    let imports = web.app.imports(&signed.caller, &at.service, &at.entity).await?;
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    Ok(page::html(status, &import_view(shell, &place, &imports, refused, web.app.now())))
}

/// The page from where the caller stands and what was imported before.
pub fn import_view(
    mut shell: Shell,
    place: &EntityPlace,
    imports: &[ImportStatus],
    refused: String,
    now: jiff::Timestamp,
) -> ImportView {
    let locale = shell.t.locale;
    let head = Head::new(place, locale);
    shell.title = shell.t.one("job-import-title", "entity", head.entity.as_str());
    let columns = place.entity.fields.iter().map(|field| Column {
        label: field.label.get(locale).to_owned(),
        required: field.required,
        personal: field.personal,
        kind: kind(&field.kind, &place.service, &shell),
    });
    ImportView {
        columns: columns.collect(),
        crumbs: head.crumbs(),
        imports: imports.iter().map(|status| progress(status, locale, now)).collect(),
        refused,
        mib: (IMPORT_BYTES_MAX / 1024 / 1024) as i64,
        head,
        shell,
    }
}

/// The page from how far the import is.
pub fn status_view(mut shell: Shell, status: &ImportStatus, now: jiff::Timestamp) -> StatusView {
    let locale = shell.t.locale;
    let head = Head::new(&status.place, locale);
    let mut crumbs = head.crumbs();
    let import = shell.t.one("job-import-title", "entity", head.entity.as_str());
    crumbs.push(Link { href: format!("{}/import", head.path), label: import });
    shell.title = shell.t.text("job-status-title");
    StatusView {
        crumbs,
        progress: progress(status, locale, now),
        refused: status.refused.clone(),
        refused_more: status.refused_more,
        head,
        shell,
    }
}

fn progress(status: &ImportStatus, locale: Locale, now: jiff::Timestamp) -> Progress {
    let (state, chip, icon) = match status.state {
        JobState::Queued => ("queued", "info", "clock"),
        JobState::Running => ("running", "info", "clock"),
        JobState::Done if status.rows_refused > 0 => ("done", "warn", "alert"),
        JobState::Done => ("done", "ok", "check"),
        JobState::Failed => ("failed", "bad", "x"),
    };
    let place = &status.place;
    Progress {
        href: format!("/app/s/{}/{}/import/{}", place.service.name, place.entity.name, status.job),
        file_name: status.file_name.clone(),
        under_way: matches!(status.state, JobState::Queued | JobState::Running),
        taken: figure(status.rows_taken),
        refused: figure(status.rows_refused),
        any_refused: status.rows_refused > 0,
        seen: figure(status.rows_seen),
        failure: status.failure.clone().unwrap_or_default(),
        started: format::brief(locale, now, status.started_at),
        finished: status.finished_at.map(|at| format::brief(locale, now, at)),
        state_words: crate::locale::texts(locale).text(format!("state-{state}")),
        chip,
        icon,
    }
}

fn figure(rows: u64) -> String {
    format::number(i64::try_from(rows).unwrap_or(i64::MAX))
}

/// What cells of a column hold, in words.
fn kind(kind: &FieldKind, service: &Service, shell: &Shell) -> String {
    let t = shell.t;
    match kind {
        FieldKind::Text => t.text("kind-text"),
        FieldKind::LongText => t.text("kind-long_text"),
        FieldKind::Number { .. } => t.text("kind-number"),
        FieldKind::Money => t.text("kind-money"),
        FieldKind::Date => t.text("kind-date"),
        FieldKind::Datetime => t.text("kind-datetime"),
        FieldKind::Choice { options } => {
            let labels: Vec<&str> = options.iter().map(|option| option.label.get(t.locale)).collect();
            labels.join(if t.locale == Locale::Ja { "・" } else { ", " })
        }
        FieldKind::Boolean => t.text("kind-boolean"),
        FieldKind::Email => t.text("kind-email"),
        FieldKind::Phone => t.text("kind-phone"),
        FieldKind::PostalCode => t.text("kind-postal_code"),
        FieldKind::Reference { entity } => {
            let label = service.entity(entity).map_or(entity.as_str(), |entity| entity.label.get(t.locale));
            t.one("kind-reference", "entity", label)
        }
    }
}
