//! The menu: the screens a member may open from it. Decides nothing itself; every line is an answer of `decide`.

use super::{Snapshot, decide};
use crate::id::UserId;
use crate::locale::Label;
use crate::screen::ScreenKind;

/// A service with something in the menu.
#[derive(Clone, PartialEq, Debug)]
pub struct MenuService {
    /// Its name.
    pub name: String,
    /// What the menu calls it.
    pub label: Label,
    /// Never empty.
    pub screens: Vec<MenuScreen>,
}

/// A line of the menu.
#[derive(Clone, PartialEq, Debug)]
pub struct MenuScreen {
    /// The screen's name.
    pub name: String,
    /// What the menu calls it.
    pub label: Label,
    /// Its entity.
    pub entity: String,
    /// What it does.
    pub kind: ScreenKind,
}

/// The root-function screens whose opening action `decide` allows, services by name, screens in manifest order. Detail
/// screens open from a record, so they never stand in a menu; a frozen member extracts nothing.
pub fn menu(snapshot: &Snapshot, user: UserId) -> Vec<MenuService> {
    let frozen = snapshot.members.get(&user).is_some_and(|member| member.frozen);
    let mut services: Vec<MenuService> = snapshot
        .services
        .iter()
        .map(|(name, contracted)| {
            let shown = |name: &str, screen: &str, kind: ScreenKind| {
                let root = contracted.settings.get(screen).is_some_and(|settings| settings.root);
                let stopped = frozen && kind == ScreenKind::Extract;
                root && !stopped
                    && kind != ScreenKind::Detail
                    && decide(snapshot, user, name, screen, kind.opening()).allowed
            };
            let screens = contracted.service.screens.iter().filter(|screen| shown(name, &screen.name, screen.kind));
            MenuService {
                name: name.clone(),
                label: contracted.service.label.clone(),
                screens: screens
                    .map(|screen| MenuScreen {
                        name: screen.name.clone(),
                        label: screen.label.clone(),
                        entity: screen.entity.clone(),
                        kind: screen.kind,
                    })
                    .collect(),
            }
        })
        .filter(|service| !service.screens.is_empty())
        .collect();
    services.sort_by(|a, b| a.name.cmp(&b.name));
    services
}
