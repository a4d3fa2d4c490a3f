//! The form of a record: a new one, or a change. What was typed is kept when it is refused; a lost update goes to `conflict`.

use super::detail::RecordLines;
use super::filter::{Choice, choices};
use super::{At, AtRecord, Head, Link, conflict, value};
use crate::Web;
use crate::form::{Form, Posted};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::Error;
use app::record::{Mode, RecordForm};
use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::id::RecordId;
use domain::locale::Locale;
use domain::record::{Fault, Values};
use domain::service::{Field, FieldKind};
use std::sync::Arc;

/// Up to so many options stand side by side; more go into a select.
const RADIOS_MAX: usize = 5;
/// From so many candidates on a reference field has a search.
const OFFERED: usize = 20;
/// Text of up to so many characters is a number or a code.
const SHORT_CHARS_MAX: usize = 40;
/// Text of up to so many characters needs half a line.
const HALF_CHARS_MAX: usize = 120;

/// The page.
#[derive(Template)]
#[template(path = "record/form.html")]
pub struct FormView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The page's name.
    pub heading: String,
    /// Where the form is posted to.
    pub action: String,
    /// Where one gets without saving.
    pub back: String,
    /// The version to be changed; none for a new record.
    pub version: Option<i64>,
    /// Errors, each with the id of its field.
    pub summary: Vec<Summary>,
    /// The fields, one or two a line.
    pub lines: Vec<Vec<FieldView>>,
    /// How many of them are personal.
    pub personal: i64,
    /// The record's history in short; none for a new one.
    pub record: Option<RecordLines>,
}

/// A line of the error summary.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The id of the field.
    pub href: String,
    /// What is wrong.
    pub text: String,
}

/// A field of the form.
#[derive(Clone, Debug)]
pub struct FieldView {
    /// `r.<name>`.
    pub name: String,
    /// `r-<name>`.
    pub id: String,
    /// The field's name in the manifest.
    pub field: String,
    /// The label.
    pub label: String,
    /// One line under the label, or empty.
    pub hint: String,
    /// Whether an empty value is refused.
    pub required: bool,
    /// Whether it is personal.
    pub personal: bool,
    /// What is wrong with it, or empty.
    pub error: String,
    /// The control.
    pub control: Control,
    /// The value as the form was opened with, to settle a conflict by.
    pub was: Option<String>,
}

/// How a value is typed.
#[derive(Clone, Debug)]
pub enum Control {
    /// One line.
    Line {
        /// The `type`.
        kind: &'static str,
        /// The `inputmode`.
        mode: &'static str,
        /// `w-s`, `w-m`, `w-l` or empty.
        width: &'static str,
        /// What stands in it.
        value: String,
    },
    /// Several lines.
    Area(String),
    /// One of many.
    Select(Vec<Choice>),
    /// One of few.
    Radio(Vec<Choice>),
    /// A record, with a search among more than are offered.
    Reference {
        /// Those offered.
        options: Vec<Choice>,
        /// What was searched for.
        find: String,
    },
}

/// What the form is filled with.
pub struct Filled<'a> {
    /// What stands in the fields.
    pub values: &'a Values,
    /// What stood there when the record was opened.
    pub was: Option<&'a Values>,
    /// What is wrong.
    pub faults: &'a [Fault],
    /// The version to be changed.
    pub version: Option<i64>,
    /// What was searched for in reference fields.
    pub finds: &'a [(String, String)],
}

/// `GET /app/s/{service}/{entity}/new`
pub async fn new(State(web): State<Arc<Web>>, signed: Signed, at: At) -> Result<Response, Problem> {
    let form = web.app.record_form(&signed.caller, &at.service, &at.entity, None).await?;
    let filled = Filled { values: &Values::new(), was: None, faults: &[], version: None, finds: &[] };
    page(&web, &signed, &form, None, filled).await
}

/// `GET /app/s/{service}/{entity}/{id}/edit`: the record in full, which `app` enters as a reveal.
pub async fn edit(State(web): State<Arc<Web>>, signed: Signed, at: AtRecord) -> Result<Response, Problem> {
    let form = web.app.record_form(&signed.caller, &at.at.service, &at.at.entity, Some(at.id)).await?;
    let record = form.view.as_ref().map(|view| &view.record).ok_or_else(Problem::not_found)?;
    let values = record.values.clone();
    let filled = Filled { values: &values, was: Some(&values), faults: &[], version: Some(record.version), finds: &[] };
    page(&web, &signed, &form, Some(at.id), filled).await
}

/// `POST /app/s/{service}/{entity}/new`
pub async fn create(State(web): State<Arc<Web>>, at: At, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let typed = form.prefixed("r.")?;
    if form.some("find")?.is_some() {
        return again(&web, &signed, &at, None, &form, &[]).await;
    }
    match web.app.record_create(&signed.caller, &at.service, &at.entity, typed).await {
        Ok(id) => Ok(page::done(&format!("{}/{id}", at.path()), "created")),
        Err(Error::Invalid(faults)) => again(&web, &signed, &at, None, &form, &faults).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /app/s/{service}/{entity}/{id}/edit`
pub async fn update(State(web): State<Arc<Web>>, at: AtRecord, posted: Posted) -> Result<Response, Problem> {
    let Posted { signed, form } = posted;
    let (version, typed) = (version(&form)?, conflict::settled(&form)?);
    if form.some("find")?.is_some() {
        return again(&web, &signed, &at.at, Some(at.id), &form, &[]).await;
    }
    let place = (at.at.service.as_str(), at.at.entity.as_str());
    match web.app.record_update(&signed.caller, place, at.id, version, typed, Mode::Named).await {
        Ok(new) => Ok(page::done(&at.path(), if new == version { "unchanged" } else { "updated" })),
        Err(Error::Invalid(faults)) => again(&web, &signed, &at.at, Some(at.id), &form, &faults).await,
        Err(Error::Conflict(lost)) => conflict::page(&web, &signed, &at, &form, &lost).await,
        Err(error) => Err(error.into()),
    }
}

/// The version a form was opened with.
pub fn version(form: &Form) -> Result<i64, Problem> {
    form.once("version")?.parse().map_err(|_| Problem::bad_field("bad_value", "version"))
}

/// The form once more with what was typed, and what is wrong with it.
async fn again(
    web: &Arc<Web>,
    signed: &Signed,
    at: &At,
    id: Option<RecordId>,
    form: &Form,
    faults: &[Fault],
) -> Result<Response, Problem> {
    let (caller, finds) = (&signed.caller, form.prefixed("find.")?);
    let mut fresh = web.app.record_form_again(caller, &at.service, &at.entity, id).await?;
    for (field, text) in finds.iter().filter(|(_, text)| !text.trim().is_empty()) {
        let found = web.app.reference_choices(caller, (&at.service, &at.entity), field, text).await?;
        fresh.choices.insert(field.clone(), found);
    }
    let values: Values = conflict::settled(form)?.into_iter().collect();
    let was: Values = form.prefixed("was.")?.into_iter().collect();
    let version = if id.is_some() { Some(version(form)?) } else { None };
    page(web, signed, &fresh, id, Filled { values: &values, was: id.map(|_| &was), faults, version, finds: &finds })
        .await
}

async fn page(
    web: &Arc<Web>,
    signed: &Signed,
    form: &RecordForm,
    id: Option<RecordId>,
    filled: Filled<'_>,
) -> Result<Response, Problem> {
    let shell = Shell::signed(web, &signed.caller, &signed.context, String::new()).await?;
    let status = if filled.faults.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(page::html(status, &view(shell, form, id, &filled, web.app.now())))
}

/// The page from a form and what it is filled with.
pub fn view(
    mut shell: Shell,
    form: &RecordForm,
    id: Option<RecordId>,
    filled: &Filled<'_>,
    now: jiff::Timestamp,
) -> FormView {
    let (t, locale) = (shell.t, shell.t.locale);
    let head = Head::new(&form.place, locale);
    let entity = &form.place.entity;
    let fields = form.screen.fields.iter().filter_map(|name| entity.field(name));
    let views: Vec<FieldView> = fields.map(|field| field_view(field, form, filled, locale)).collect();
    let path = id.map(|id| format!("{}/{id}", head.path));
    let key = if id.is_some() { "record-edit-title" } else { "record-new-title" };
    let heading = t.one(key, "entity", head.entity.as_str());
    let title = form.view.as_ref().map(|view| value::title(entity, view, locale));
    let title = title.or_else(|| filled.was.and_then(|was| was.get(&entity.title).cloned()));
    let crumbs = match id {
        Some(id) => head.crumbs_to(id, &title.unwrap_or_else(|| id.to_string())),
        None => head.crumbs(),
    };
    shell.title.clone_from(&heading);
    FormView {
        crumbs,
        heading,
        action: path.as_ref().map_or_else(|| format!("{}/new", head.path), |path| format!("{path}/edit")),
        back: path.filter(|_| head.can.detail).unwrap_or_else(|| head.path.clone()),
        version: filled.version,
        summary: filled.faults.iter().map(|fault| summary(entity.field(&fault.field), fault, locale)).collect(),
        personal: views.iter().filter(|view| view.personal).count() as i64,
        record: form.view.as_ref().map(|view| RecordLines::new(view, &shell, now)),
        lines: lines(views),
        head,
        shell,
    }
}

fn summary(field: Option<&Field>, fault: &Fault, locale: Locale) -> Summary {
    let label = field.map_or(fault.field.as_str(), |field| field.label.get(locale));
    Summary { href: format!("r-{}", fault.field), text: fault.message(locale, label) }
}

fn field_view(field: &Field, form: &RecordForm, filled: &Filled<'_>, locale: Locale) -> FieldView {
    let value = filled.values.get(&field.name).map_or("", String::as_str);
    let find = filled.finds.iter().find(|(name, _)| *name == field.name).map_or("", |(_, text)| text.as_str());
    let label = field.label.get(locale);
    let fault = filled.faults.iter().find(|fault| fault.field == field.name);
    FieldView {
        name: format!("r.{}", field.name),
        id: format!("r-{}", field.name),
        field: field.name.clone(),
        label: label.to_owned(),
        hint: field.hint.as_ref().map_or_else(String::new, |hint| hint.get(locale).to_owned()),
        required: field.required,
        personal: field.personal,
        error: fault.map_or_else(String::new, |fault| fault.message(locale, label)),
        control: control(field, form, value, find, locale),
        was: filled.was.map(|was| was.get(&field.name).cloned().unwrap_or_default()),
    }
}

fn control(field: &Field, form: &RecordForm, value: &str, find: &str, locale: Locale) -> Control {
    let line = |kind, mode, width| Control::Line { kind, mode, width, value: value.to_owned() };
    match &field.kind {
        FieldKind::LongText => Control::Area(value.to_owned()),
        FieldKind::Choice { options } => {
            let options = options.iter().map(|option| (option.value.as_str(), option.label.get(locale)));
            let found = choices(options, value);
            if found.len() <= RADIOS_MAX { Control::Radio(found) } else { Control::Select(found) }
        }
        FieldKind::Boolean => {
            let words = ["true", "false"].map(|word| (word, domain::record::shown(field, word, locale)));
            Control::Radio(choices(words.iter().map(|(word, label)| (*word, label.as_str())), value))
        }
        FieldKind::Reference { .. } => reference(field, form, value, find),
        FieldKind::Date if is_date(value) => line("date", "", "w-s"),
        FieldKind::Date => line("text", "", "w-m"),
        FieldKind::Datetime => match value.parse() {
            Ok(at) => {
                Control::Line { kind: "datetime-local", mode: "", width: "w-m", value: crate::format::local_input(at) }
            }
            Err(_) if value.is_empty() => line("datetime-local", "", "w-m"),
            // What was typed and can't be read must stay to be mended; a date control would drop it.
            Err(_) => line("text", "", "w-m"),
        },
        FieldKind::Number { scale: 0, .. } | FieldKind::Money => line("text", "numeric", "w-s"),
        FieldKind::Number { .. } => line("text", "decimal", "w-s"),
        FieldKind::Email => line("email", "email", "w-l"),
        FieldKind::Phone => line("tel", "tel", "w-m"),
        FieldKind::PostalCode => line("text", "numeric", "w-s"),
        FieldKind::Text if field.max_chars <= SHORT_CHARS_MAX => line("text", "", "w-m"),
        FieldKind::Text if field.max_chars <= HALF_CHARS_MAX => line("text", "", ""),
        FieldKind::Text => line("text", "", "w-xl"),
    }
}

/// Whether a date control would show the value: empty, or canonical.
fn is_date(value: &str) -> bool {
    value.is_empty() || value.parse::<jiff::civil::Date>().is_ok_and(|date| date.to_string() == value)
}

fn reference(field: &Field, form: &RecordForm, value: &str, find: &str) -> Control {
    let offered = form.choices.get(&field.name).map_or(&[][..], Vec::as_slice);
    let mut options: Vec<Choice> = offered
        .iter()
        .map(|(id, title)| (id.to_string(), title))
        .map(|(id, title)| Choice { chosen: id == value, value: id, label: title.clone() })
        .collect();
    if !value.is_empty() && !options.iter().any(|option| option.chosen) {
        let title = form.view.as_ref().and_then(|view| view.titles.get(&field.name).cloned());
        let label = title.unwrap_or_else(|| value.to_owned());
        options.insert(0, Choice { value: value.to_owned(), label, chosen: true });
    }
    Control::Reference { options, find: find.to_owned() }
}

/// Two short fields that follow each other share a line.
fn lines(views: Vec<FieldView>) -> Vec<Vec<FieldView>> {
    let mut lines: Vec<Vec<FieldView>> = Vec::new();
    for view in views {
        match lines.last_mut() {
            Some(line) if line.len() == 1 && is_short(&line[0]) && is_short(&view) => line.push(view),
            _ => lines.push(vec![view]),
        }
    }
    lines
}

fn is_short(view: &FieldView) -> bool {
    match &view.control {
        Control::Line { width, .. } => !matches!(*width, "w-l" | "w-xl"),
        Control::Select(_) => true,
        Control::Area(_) | Control::Radio(_) | Control::Reference { .. } => false,
    }
}

impl FieldView {
    /// Whether any option of a group of radio buttons is chosen.
    pub fn any_chosen(&self) -> bool {
        matches!(&self.control, Control::Radio(choices) if choices.iter().any(|choice| choice.chosen))
    }

    /// Whether there may be more candidates than are offered.
    pub fn searchable(&self) -> bool {
        match &self.control {
            Control::Reference { options, find } => options.len() >= OFFERED || !find.is_empty(),
            _ => false,
        }
    }
}
