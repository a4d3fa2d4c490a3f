//! Puts what was chosen on a page onto the matrix as it is now, setting by setting and action by action. Saves nothing.

use super::typed::{Row, Typed};
use app::screen::{Matrix, MatrixChange, MatrixScreen, MatrixService};
use domain::screen::{Actions, ScreenSettings};

/// One of the things that can differ in a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// 使用可能.
    Usable,
    /// ルート機能.
    Root,
    /// 課金ユーザータイプ.
    BillingTypes,
    /// 権限設定種別.
    Permission,
    /// What the role of that place grants.
    Grant(usize),
}

/// The rows of a service three times, in the order of its screens; grants in the order of the matrix' roles.
#[derive(Clone, Debug)]
pub struct Merged {
    /// As the person found them.
    pub was: Vec<Row>,
    /// As they are now.
    pub now: Vec<Row>,
    /// As they will be: what the person changed, on what is there now.
    pub rows: Vec<Row>,
    /// Roles of the page that are gone.
    pub lost: usize,
}

impl Merged {
    /// A page that nobody typed into.
    pub fn untouched(service: &MatrixService) -> Self {
        let now: Vec<Row> = service.screens.iter().map(row).collect();
        Self { was: now.clone(), rows: now.clone(), now, lost: 0 }
    }

    /// What was typed, met with what is there. On the same rights nothing can have changed in between, whatever the
    /// form says it showed.
    pub fn met(typed: &Typed, matrix: &Matrix, service: &MatrixService) -> Self {
        let mut merged = Self::untouched(service);
        let place = |role| matrix.roles.iter().position(|view| view.id == role);
        let places: Vec<Option<usize>> = typed.roles.iter().map(|role| place(*role)).collect();
        merged.lost = places.iter().filter(|place| place.is_none()).count();
        for (index, screen) in service.screens.iter().enumerate() {
            let Some(sent) = typed.rows.get(&screen.screen.name) else { continue };
            if typed.epoch != matrix.epoch {
                spread(&sent.was, &places, &mut merged.was[index]);
            }
            let mut chosen = merged.was[index].clone();
            spread(&sent.now, &places, &mut chosen);
            merged.rows[index] = merge(&merged.was[index], &merged.now[index], &chosen);
        }
        merged
    }

    /// What others changed since the page was opened: place of the screen, and what.
    pub fn theirs(&self) -> Vec<(usize, Item)> {
        differing(&self.was, &self.now)
    }

    /// What saving changes.
    pub fn mine(&self) -> Vec<(usize, Item)> {
        differing(&self.now, &self.rows)
    }

    /// The same as `app` wants it, and nothing that stays as it is.
    pub fn changes(&self, matrix: &Matrix, service: &MatrixService) -> Vec<MatrixChange> {
        let lines = service.screens.iter().zip(&self.now).zip(&self.rows);
        let changes = lines.map(|((screen, now), row)| MatrixChange {
            service: service.service.name.clone(),
            screen: screen.screen.name.clone(),
            settings: (row.settings != now.settings).then(|| ordered(&row.settings, screen)),
            grants: matrix
                .roles
                .iter()
                .zip(now.grants.iter().zip(&row.grants))
                .filter(|(_, (now, row))| now != row)
                .map(|(role, (_, row))| (role.id, *row))
                .collect(),
        });
        changes.filter(|change| change.settings.is_some() || !change.grants.is_empty()).collect()
    }
}

/// A row of the matrix. Billing types are a set: here they are sorted.
fn row(screen: &MatrixScreen) -> Row {
    Row { settings: sorted(&screen.settings), grants: screen.grants.clone() }
}

fn sorted(settings: &ScreenSettings) -> ScreenSettings {
    let mut settings = settings.clone();
    settings.billing_types.sort();
    settings
}

/// Billing types in the order they are stored in, where they are the same: an order is no change.
fn ordered(settings: &ScreenSettings, screen: &MatrixScreen) -> ScreenSettings {
    let same = sorted(&screen.settings).billing_types == settings.billing_types;
    let billing_types = if same { &screen.settings.billing_types } else { &settings.billing_types };
    ScreenSettings { billing_types: billing_types.clone(), ..settings.clone() }
}

/// Writes a posted row, whose columns stand at `places` of the matrix, over a row of the matrix.
fn spread(sent: &Row, places: &[Option<usize>], row: &mut Row) {
    row.settings = sorted(&sent.settings);
    for (actions, place) in sent.grants.iter().zip(places) {
        if let Some(place) = place {
            row.grants[*place] = *actions;
        }
    }
}

fn merge(was: &Row, now: &Row, chosen: &Row) -> Row {
    fn pick<T: PartialEq + Clone>(was: &T, now: &T, chosen: &T) -> T {
        if chosen == was { now.clone() } else { chosen.clone() }
    }
    let (w, n, c) = (&was.settings, &now.settings, &chosen.settings);
    let bits = |((was, now), chosen): ((&Actions, &Actions), &Actions)| {
        let mine = was.0 ^ chosen.0;
        Actions((now.0 & !mine) | (chosen.0 & mine))
    };
    Row {
        settings: ScreenSettings {
            usable: pick(&w.usable, &n.usable, &c.usable),
            root: pick(&w.root, &n.root, &c.root),
            billing_types: pick(&w.billing_types, &n.billing_types, &c.billing_types),
            permission: pick(&w.permission, &n.permission, &c.permission),
        },
        grants: was.grants.iter().zip(&now.grants).zip(&chosen.grants).map(bits).collect(),
    }
}

fn differing(before: &[Row], after: &[Row]) -> Vec<(usize, Item)> {
    let pairs = before.iter().zip(after).enumerate();
    pairs.flat_map(|(index, (before, after))| items(before, after).into_iter().map(move |item| (index, item))).collect()
}

/// What differs between two rows.
pub fn items(before: &Row, after: &Row) -> Vec<Item> {
    let (b, a) = (&before.settings, &after.settings);
    let settings = [
        (b.usable != a.usable, Item::Usable),
        (b.root != a.root, Item::Root),
        (b.billing_types != a.billing_types, Item::BillingTypes),
        (b.permission != a.permission, Item::Permission),
    ];
    let grants = before.grants.iter().zip(&after.grants).enumerate();
    let grants = grants.map(|(place, (before, after))| (before != after, Item::Grant(place)));
    settings.into_iter().chain(grants).filter(|(differs, _)| *differs).map(|(_, item)| item).collect()
}
