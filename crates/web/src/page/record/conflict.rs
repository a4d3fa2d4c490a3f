//! A lost update: both values of each field that two people changed, to pick from. Overwrites nothing; `app` noticed it.
//!
//! The form carries the values it was opened with (`was.<field>`), so that fields only one side changed settle themselves.

use super::detail::RecordLines;
use super::value;
use super::{AtRecord, Head, Link};
use crate::Web;
use crate::form::Form;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::session::Signed;
use app::record::{RecordForm, RecordView};
use app::{Caller, Conflict};
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use domain::locale::Locale;
use domain::record::Values;
use domain::service::{Field, FieldKind};
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "record/conflict.html")]
pub struct ConflictView {
    /// The frame.
    pub shell: Shell,
    /// Names and paths.
    pub head: Head,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The record's path.
    pub path: String,
    /// The version the person opened.
    pub opened: i64,
    /// The record as it is now.
    pub record: RecordLines,
    /// Fields that both changed.
    pub both: Vec<Both>,
    /// Fields that settle themselves.
    pub settled: Vec<Settled>,
    /// What the form carries along: fields not picked from, and what they were.
    pub hidden: Vec<(String, String)>,
}

/// A field that both changed.
#[derive(Clone, Debug)]
pub struct Both {
    /// The field's name.
    pub field: String,
    /// Its label.
    pub label: String,
    /// Whether it is personal.
    pub personal: bool,
    /// What the person typed: as sent, and in words.
    pub mine: (String, String),
    /// What stands there now: as stored, and in words.
    pub theirs: (String, String),
}

/// A field that only one side changed.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its label.
    pub label: String,
    /// Whether it is the person's own change.
    pub mine: bool,
    /// What will stand there, in words.
    pub value: String,
}

/// The typed values of a form, with what was picked put in.
pub fn settled(form: &Form) -> Result<Vec<(String, String)>, Problem> {
    let mut typed = form.prefixed("r.")?;
    for (field, picked) in form.prefixed("pick.")? {
        let side = match picked.as_str() {
            "mine" => "mine.",
            "theirs" => "theirs.",
            _ => return Err(Problem::bad_field("bad_value", &field)),
        };
        let value = form.once(&format!("{side}{field}"))?.to_owned();
        typed.retain(|(name, _)| *name != field);
        typed.push((field, value));
    }
    Ok(typed)
}

/// The page of a lost update. The person may change this record, so both sides are shown in full; `app` has entered it.
pub async fn page(
    web: &Arc<Web>,
    signed: &Signed,
    at: &AtRecord,
    form: &Form,
    lost: &Conflict,
) -> Result<Response, Problem> {
    let caller: &Caller = &signed.caller;
    let again = web.app.record_form_again(caller, &at.at.service, &at.at.entity, Some(at.id)).await?;
    let shell = Shell::signed(web, caller, &signed.context, String::new()).await?;
    let was: Values = form.prefixed("was.")?.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let opened = super::form::version(form)?;
    Ok(page::html(StatusCode::CONFLICT, &view(shell, &again, opened, &was, lost, web.app.now())))
}

/// The page from both sides.
pub fn view(
    mut shell: Shell,
    form: &RecordForm,
    opened: i64,
    was: &Values,
    lost: &Conflict,
    now: jiff::Timestamp,
) -> ConflictView {
    let (locale, place) = (shell.t.locale, &form.place);
    let head = Head::new(place, locale);
    let theirs = RecordView {
        record: lost.theirs.clone(),
        titles: Default::default(),
        revealed: true,
        created_by_name: None,
        updated_by_name: lost.updated_by_name.clone(),
    };
    let merged = domain::record::conflict(&place.entity, was, &lost.mine, &lost.theirs.values);
    let fields: Vec<&Field> = form.screen.fields.iter().filter_map(|name| place.entity.field(name)).collect();
    let is_both = |field: &&Field| merged.both.contains(&field.name);
    let title = value::title(&place.entity, &theirs, locale);
    let words = |field: &Field, values: &Values| in_words(field, form, values, locale);
    let both = fields.iter().copied().filter(is_both).map(|field| Both {
        field: field.name.clone(),
        label: field.label.get(locale).to_owned(),
        personal: field.personal,
        mine: (raw(&lost.mine, field), words(field, &lost.mine)),
        theirs: (raw(&lost.theirs.values, field), words(field, &lost.theirs.values)),
    });
    let one_sided = fields.iter().copied().filter(|field| !is_both(field)).filter_map(|field| {
        let (mine, theirs) = (raw(&lost.mine, field), raw(&lost.theirs.values, field));
        let (was, label) = (raw(was, field), field.label.get(locale).to_owned());
        let changed_by_me = mine != was && theirs == was;
        let changed = mine != theirs;
        changed.then(|| Settled { label, mine: changed_by_me, value: words(field, &merged.merged) })
    });
    shell.title = shell.t.one("record-conflict-title", "entity", head.entity.as_str());
    ConflictView {
        crumbs: head.crumbs_to(lost.theirs.id, &title),
        path: format!("{}/{}", head.path, lost.theirs.id),
        opened,
        both: both.collect(),
        settled: one_sided.collect(),
        hidden: hidden(&fields, &merged.both, &merged.merged, &lost.theirs.values),
        record: RecordLines::new(&theirs, &shell, now),
        head,
        shell,
    }
}

/// What the form carries: merged values of the fields not picked from, and the newest version as the new base.
fn hidden(fields: &[&Field], both: &[String], merged: &Values, theirs: &Values) -> Vec<(String, String)> {
    let kept = fields.iter().filter(|field| !both.contains(&field.name));
    let kept = kept.map(|field| (format!("r.{}", field.name), raw(merged, field)));
    let base = fields.iter().map(|field| (format!("was.{}", field.name), raw(theirs, field)));
    kept.chain(base).collect()
}

/// A value as a form carries it. Browsers send line breaks as CR LF, which is no change.
fn raw(values: &Values, field: &Field) -> String {
    values.get(&field.name).map(|value| value.replace("\r\n", "\n")).unwrap_or_default()
}

/// A value in words; of a reference the title, when it is among the candidates.
fn in_words(field: &Field, form: &RecordForm, values: &Values, locale: Locale) -> String {
    let Some(value) = values.get(&field.name) else { return String::new() };
    if let FieldKind::Reference { .. } = field.kind {
        let candidates = form.choices.get(&field.name).map_or(&[][..], Vec::as_slice);
        let found = candidates.iter().find(|(id, _)| id.to_string() == *value);
        return found.map_or_else(|| value.clone(), |(_, title)| title.clone());
    }
    domain::record::shown(field, value, locale)
}
