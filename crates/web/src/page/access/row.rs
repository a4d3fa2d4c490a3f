//! Rows of the matrix ready to show: settings, cells, what was changed and what others changed. Decides nothing.

use super::merge::{Item, Merged, items};
use super::typed::Row;
use super::{billing, words};
use crate::locale::Texts;
use crate::page::record::Link;
use app::screen::{Matrix, MatrixScreen, MatrixService};
use domain::screen::{Actions, PermissionKind, ScreenKind};
use std::ops::Range;

/// The screens of an entity.
#[derive(Clone, Debug)]
pub struct Group {
    /// The entity's label.
    pub label: String,
    /// Its screens.
    pub rows: Vec<RowView>,
}

/// A screen.
#[derive(Clone, Debug)]
pub struct RowView {
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// How many personal fields it shows.
    pub personal: usize,
    /// What the row shows, for the form.
    pub was: String,
    /// 使用可能.
    pub usable: Setting,
    /// ルート機能; none where the screen can't stand in a menu.
    pub root: Option<Setting>,
    /// 課金ユーザータイプ: code, label, chosen.
    pub billing: Vec<(String, String, bool)>,
    /// What they were, when changed.
    pub billing_was: Option<String>,
    /// 権限設定種別: code, label, chosen.
    pub permission: Vec<(&'static str, String, bool)>,
    /// What it was, when changed.
    pub permission_was: Option<String>,
    /// One a column.
    pub cells: Vec<Cell>,
}

/// A setting that is on or off.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Whether it is on.
    pub on: bool,
    /// What it was, when changed.
    pub was: Option<String>,
}

/// What a role grants on a screen.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Code, label, granted.
    pub actions: Vec<(&'static str, String, bool)>,
    /// What it granted, when changed.
    pub was: Option<String>,
}

/// What others changed.
#[derive(Clone, Debug)]
pub struct Theirs {
    /// The screen, with a link to its row.
    pub screen: Link,
    /// What.
    pub item: String,
    /// As it was when the page was opened.
    pub was: String,
    /// As it is now.
    pub now: String,
    /// As it will be when the form is saved.
    pub mine: String,
    /// Whether saving changes it again.
    pub clash: bool,
}

/// What rows are made from.
pub(super) struct Lines<'m> {
    pub(super) t: Texts,
    pub(super) matrix: &'m Matrix,
    pub(super) found: &'m MatrixService,
    pub(super) merged: &'m Merged,
    pub(super) columns: Range<usize>,
}

impl Lines<'_> {
    pub(super) fn groups(&self, only: Option<&str>) -> Vec<Group> {
        let entities = self.found.service.entities.iter().filter(|entity| only.is_none_or(|only| only == entity.name));
        let groups = entities.map(|entity| {
            let screens = self.found.screens.iter().enumerate();
            let rows = screens.filter(|(_, screen)| screen.screen.entity == entity.name);
            Group {
                label: entity.label.get(self.t.locale).to_owned(),
                rows: rows.map(|(place, screen)| self.row(place, screen)).collect(),
            }
        });
        groups.filter(|group| !group.rows.is_empty()).collect()
    }

    fn row(&self, place: usize, screen: &MatrixScreen) -> RowView {
        let (now, row) = (&self.merged.now[place], &self.merged.rows[place]);
        let changed = items(now, row);
        let was = |item| changed.contains(&item).then(|| self.value(now, item));
        let setting = |on, item| Setting { on, was: was(item) };
        let types = self.matrix.billing_types.iter();
        let shown = Row { settings: now.settings.clone(), grants: now.grants[self.columns.clone()].to_vec() };
        RowView {
            name: screen.screen.name.clone(),
            label: screen.screen.label.get(self.t.locale).to_owned(),
            personal: self.personal(screen),
            was: shown.to_text(),
            usable: setting(row.settings.usable, Item::Usable),
            root: (screen.screen.kind != ScreenKind::Detail).then(|| setting(row.settings.root, Item::Root)),
            billing: types
                .map(|code| (code.clone(), billing(self.t, code), row.settings.billing_types.contains(code)))
                .collect(),
            billing_was: was(Item::BillingTypes),
            permission: PermissionKind::ALL
                .map(|kind| (kind.code(), permission(self.t, kind), kind == row.settings.permission))
                .to_vec(),
            permission_was: was(Item::Permission),
            cells: self
                .columns
                .clone()
                .map(|column| self.cell(screen, row.grants[column], was(Item::Grant(column))))
                .collect(),
        }
    }

    fn cell(&self, screen: &MatrixScreen, granted: Actions, was: Option<String>) -> Cell {
        let offered = screen.screen.kind.actions().iter();
        Cell {
            actions: offered.map(|action| (action.code(), super::word(self.t, action), granted.has(action))).collect(),
            was,
        }
    }

    fn personal(&self, screen: &MatrixScreen) -> usize {
        let entity = self.found.service.entity(&screen.screen.entity);
        let fields = screen.screen.fields.iter().filter_map(|name| entity?.field(name));
        fields.filter(|field| field.personal).count()
    }

    /// What others changed, in rows of the page.
    pub(super) fn theirs(&self, only: Option<&str>) -> Vec<Theirs> {
        let line = |(place, item): (usize, Item)| {
            let screen = &self.found.screens[place].screen;
            let [was, now, mine] =
                [&self.merged.was, &self.merged.now, &self.merged.rows].map(|rows| self.value(&rows[place], item));
            let shown = only.is_none_or(|only| only == screen.entity);
            let href = if shown { format!("#s-{}", screen.name) } else { String::new() };
            let screen = Link { href, label: screen.label.get(self.t.locale).to_owned() };
            Theirs { screen, item: self.item(item), clash: mine != now, was, now, mine }
        };
        self.merged.theirs().into_iter().map(line).collect()
    }

    fn item(&self, item: Item) -> String {
        match item {
            Item::Usable => self.t.text("access-usable"),
            Item::Root => self.t.text("access-root"),
            Item::BillingTypes => self.t.text("access-billing"),
            Item::Permission => self.t.text("access-permission"),
            Item::Grant(place) => self.t.one("access-granted", "role", self.matrix.roles[place].name.as_str()),
        }
    }

    fn value(&self, row: &Row, item: Item) -> String {
        match item {
            Item::Usable => on_or_off(self.t, row.settings.usable),
            Item::Root => on_or_off(self.t, row.settings.root),
            Item::BillingTypes => types_in_words(self.t, &row.settings.billing_types),
            Item::Permission => permission(self.t, row.settings.permission),
            Item::Grant(place) => words(self.t, row.grants[place]),
        }
    }
}

/// オン or オフ.
pub fn on_or_off(t: Texts, on: bool) -> String {
    t.text(if on { "access-on" } else { "access-off" })
}

/// 権限設定種別 in words.
pub fn permission(t: Texts, kind: PermissionKind) -> String {
    t.text(format!("permission-{}", kind.code()))
}

/// 課金ユーザータイプ in words.
pub fn types_in_words(t: Texts, types: &[String]) -> String {
    let labels: Vec<String> = types.iter().map(|code| billing(t, code)).collect();
    if labels.is_empty() { t.text("access-no-type") } else { labels.join(&t.text("access-and")) }
}
