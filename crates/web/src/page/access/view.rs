//! The page of the matrix from what `app` and the form say: columns, rows, what was changed, what others changed.

use super::merge::Merged;
use super::row::{Group, Lines, Theirs};
use super::save::REASON_CHARS_MAX;
use super::{PATH, path};
use crate::form::Form;
use crate::locale::Texts;
use crate::page::{self, Shell};
use crate::problem::Problem;
use app::role::RoleView;
use app::screen::{Matrix, MatrixService};
use askama::Template;
use domain::id::RoleId;
use std::ops::Range;

/// Cells of a page at most; a larger matrix is shown an entity at a time. `form::MATRIX_FIELDS_MAX` follows from it.
const CELLS_MAX: usize = 1_500;
/// Columns beside the roles: the four settings.
const SETTINGS: usize = 4;

/// The page.
#[derive(Template)]
#[template(path = "access/matrix.html")]
pub struct AccessView {
    /// The frame.
    pub shell: Shell,
    /// The services.
    pub tabs: Vec<Tab>,
    /// The service's label.
    pub service: String,
    /// The service's path.
    pub path: String,
    /// Where the form goes: the path with the part of the matrix.
    pub action: String,
    /// The rights shown.
    pub epoch: i64,
    /// Ids of the columns, for the form.
    pub roles: String,
    /// Which part of the matrix to show.
    pub filters: Vec<Filter>,
    /// Whether a part is shown.
    pub narrowed: bool,
    /// One a role.
    pub columns: Vec<Column>,
    /// Rows by entity.
    pub groups: Vec<Group>,
    /// Changes not yet saved.
    pub changed: usize,
    /// What others changed in the meantime.
    pub theirs: Vec<Theirs>,
    /// Roles that were on the page and are gone.
    pub lost: usize,
    /// Whether to say that others changed something.
    pub conflict: bool,
    /// The reason, as typed.
    pub reason: String,
    /// Why it can't be taken, or empty.
    pub reason_error: String,
}

/// Nothing is contracted.
#[derive(Template)]
#[template(path = "access/none.html")]
pub struct NoneView {
    /// The frame.
    pub shell: Shell,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Tab {
    /// Its page.
    pub href: String,
    /// Its label.
    pub label: String,
    /// Whether it is this one.
    pub current: bool,
}

/// A select that narrows the matrix.
#[derive(Clone, Debug)]
pub struct Filter {
    /// The parameter.
    pub name: &'static str,
    /// Its label.
    pub label: String,
    /// Value, label, chosen; the empty value is all.
    pub options: Vec<(String, String, bool)>,
}

/// A role.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// How many members hold it.
    pub members: String,
}

/// Which part of the matrix to show.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// One role only.
    pub role: Option<RoleId>,
    /// One entity only.
    pub entity: Option<String>,
}

/// What the page says about a form that was not saved.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The reason, as typed.
    pub reason: String,
    /// Why it can't be taken.
    pub fault: Option<ReasonFault>,
    /// Whether others changed what the page showed.
    pub conflict: bool,
}

/// Why a reason can't be taken.
#[derive(Clone, Copy, Debug)]
pub enum ReasonFault {
    /// There is none.
    Missing,
    /// It has so many characters.
    TooLong(usize),
}

impl Part {
    /// From the query. A role that is no id is refused; one that is gone narrows nothing.
    pub fn read(query: &Form) -> Result<Self, Problem> {
        let role = query.some("role")?.map(str::parse).transpose();
        let role = role.map_err(|_| Problem::bad_field("bad_value", "role"))?;
        Ok(Self { role, entity: query.some("entity")?.map(str::to_owned) })
    }

    fn columns(&self, roles: &[RoleView]) -> Range<usize> {
        let found = roles.iter().position(|role| Some(role.id) == self.role);
        found.map_or(0..roles.len(), |place| place..place + 1)
    }

    /// The entity shown alone: the one asked for, or the first when all would be too many.
    fn entity<'s>(&self, found: &'s MatrixService, columns: usize) -> Option<&'s str> {
        let entities = &found.service.entities;
        let asked = entities.iter().find(|entity| Some(&entity.name) == self.entity.as_ref());
        let large = found.screens.len() * (columns + SETTINGS) > CELLS_MAX;
        asked.or_else(|| entities.first().filter(|_| large)).map(|entity| entity.name.as_str())
    }
}

/// The page when there is no service.
pub fn none(mut shell: Shell) -> NoneView {
    shell.title = shell.t.text("access-title");
    NoneView { shell }
}

/// The page of a service, which must be in the matrix.
pub fn view(mut shell: Shell, matrix: &Matrix, service: &str, part: &Part, merged: &Merged, said: &Said) -> AccessView {
    let t = shell.t;
    let found = matrix.services.iter().find(|found| found.service.name == service).expect("the handler found it");
    let columns = part.columns(&matrix.roles);
    let entity = part.entity(found, columns.len());
    shell.title = t.text("access-title");
    let role = if columns.len() < matrix.roles.len() { part.role.map(|id| id.to_string()) } else { None };
    let query = page::query([("role", role.as_deref().unwrap_or_default()), ("entity", entity.unwrap_or_default())]);
    let lines = Lines { t, matrix, found, merged, columns: columns.clone() };
    AccessView {
        tabs: matrix.services.iter().map(|tab| self::tab(tab, service, t)).collect(),
        service: found.service.label.get(t.locale).to_owned(),
        path: path(service),
        action: format!("{}{query}", path(service)),
        epoch: matrix.epoch,
        roles: matrix.roles[columns.clone()].iter().map(|role| role.id.to_string()).collect::<Vec<_>>().join(","),
        filters: filters(t, matrix, found, role.as_deref(), entity),
        narrowed: !query.is_empty(),
        columns: matrix.roles[columns].iter().map(|role| column(role, t)).collect(),
        groups: lines.groups(entity),
        changed: merged.mine().len(),
        theirs: if said.conflict { lines.theirs(entity) } else { Vec::new() },
        lost: merged.lost,
        conflict: said.conflict,
        reason: said.reason.clone(),
        reason_error: said.fault.map_or_else(String::new, |fault| match fault {
            ReasonFault::Missing => t.text("access-reason-missing"),
            ReasonFault::TooLong(found) => {
                t.two("access-reason-long", "max", REASON_CHARS_MAX as i64, "found", found as i64)
            }
        }),
        shell,
    }
}

fn tab(found: &MatrixService, current: &str, t: Texts) -> Tab {
    let name = &found.service.name;
    Tab {
        href: format!("{PATH}/{name}"),
        label: found.service.label.get(t.locale).to_owned(),
        current: name == current,
    }
}

fn column(role: &RoleView, t: Texts) -> Column {
    Column { name: role.name.clone(), members: t.one("access-members", "count", role.members as i64) }
}

/// Selects with more than one thing to choose from.
fn filters(t: Texts, matrix: &Matrix, found: &MatrixService, role: Option<&str>, entity: Option<&str>) -> Vec<Filter> {
    let all = (String::new(), t.text("access-all"), false);
    let roles = matrix.roles.iter().map(|view| (view.id.to_string(), view.name.clone()));
    let entities = found.service.entities.iter();
    let entities = entities.map(|entity| (entity.name.clone(), entity.label.get(t.locale).to_owned()));
    let filter = |name, label: &str, choices: Vec<(String, String)>, chosen: Option<&str>| {
        let choices = choices.into_iter().map(|(value, label)| (Some(value.as_str()) == chosen, value, label));
        let options = choices.map(|(chosen, value, label)| (value, label, chosen));
        Filter { name, label: t.text(label), options: std::iter::once(all.clone()).chain(options).collect() }
    };
    let filters = [
        filter("role", "access-role", roles.collect(), role),
        filter("entity", "access-entity", entities.collect(), entity),
    ];
    filters.into_iter().filter(|filter| filter.options.len() > 2).collect()
}
