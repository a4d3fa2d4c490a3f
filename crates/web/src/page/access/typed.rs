//! Reads the posted matrix: every name and value must be one the page can have sent. What it changes, `merge` works out.
//!
//! Columns are numbered as in `roles`; a role that is not among them was not on the page and stays as it is. A row that
//! was on the page carries what it showed (`was.<screen>`), so that changes of two people can be told apart.

use crate::form::Form;
use crate::problem::Problem;
use app::role::MAX_ROLES;
use domain::id::RoleId;
use domain::screen::{Action, Actions, PermissionKind, ScreenKind, ScreenSettings};
use domain::service::Service;
use std::collections::{BTreeMap, BTreeSet};

/// The posted matrix of a service.
#[derive(Clone, Debug)]
pub struct Typed {
    /// The rights the page showed.
    pub epoch: i64,
    /// Why, as typed.
    pub reason: String,
    /// The columns of the page.
    pub roles: Vec<RoleId>,
    /// The rows of the page by screen.
    pub rows: BTreeMap<String, TypedRow>,
}

/// A posted row.
#[derive(Clone, Debug)]
pub struct TypedRow {
    /// What the page showed.
    pub was: Row,
    /// What was chosen.
    pub now: Row,
}

/// Settings and grants of a screen, grants in the order of the page's columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The four settings.
    pub settings: ScreenSettings,
    /// What each column grants.
    pub grants: Vec<Actions>,
}

impl Row {
    /// As the page carries it: `usable root billing permission grants`, lists with commas, an empty one as `-`.
    pub fn to_text(&self) -> String {
        let ScreenSettings { usable, root, billing_types, permission } = &self.settings;
        let grants: Vec<String> = self.grants.iter().map(|actions| actions.0.to_string()).collect();
        let list = |items: &[String]| if items.is_empty() { "-".to_owned() } else { items.join(",") };
        let flags = (u8::from(*usable), u8::from(*root));
        format!("{} {} {} {} {}", flags.0, flags.1, list(billing_types), permission.code(), list(&grants))
    }

    /// Undoes `to_text`; none for anything else.
    fn parse(text: &str, columns: usize) -> Option<Self> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [usable, root, billing, permission, grants] = parts[..] else { return None };
        let flag = |text| match text {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        };
        let list = |text: &str| match text {
            "-" => Vec::new(),
            text => text.split(',').map(str::to_owned).collect::<Vec<_>>(),
        };
        let grants: Option<Vec<Actions>> = list(grants).iter().map(|bits| Some(Actions(bits.parse().ok()?))).collect();
        let settings = ScreenSettings {
            usable: flag(usable)?,
            root: flag(root)?,
            billing_types: list(billing),
            permission: PermissionKind::parse(permission)?,
        };
        grants.filter(|grants| grants.len() == columns).map(|grants| Self { settings, grants })
    }
}

/// Reads the form. `types` are the billing types the page offers.
pub fn read(form: &Form, service: &Service, types: &[String]) -> Result<Typed, Problem> {
    let epoch = form.once("epoch")?.parse().map_err(|_| refused("epoch"))?;
    let reason = form.once("reason")?.replace("\r\n", "\n").trim().to_owned();
    let roles = roles(form.once("roles")?).ok_or_else(|| refused("roles"))?;
    let mut rows = rows(form, service, roles.len())?;
    let mut seen = BTreeSet::new();
    for (name, value) in &form.0 {
        let repeats = name.starts_with("billing.") || name.starts_with("g.");
        if !seen.insert((name.as_str(), repeats.then_some(value.as_str()))) {
            return Err(Problem::bad_field("twice", name));
        }
        take(&mut rows, service, types, name, value).ok_or_else(|| refused(name))?;
    }
    let unchosen = rows.keys().map(|screen| format!("permission.{screen}"));
    match unchosen.into_iter().find(|name| !seen.contains(&(name.as_str(), None))) {
        Some(name) => Err(refused(&name)),
        None => Ok(Typed { epoch, reason, roles, rows }),
    }
}

fn refused(name: &str) -> Problem {
    Problem::bad_field("bad_value", &name.chars().take(100).collect::<String>())
}

/// `id,id,...`, each once; empty for no column.
fn roles(text: &str) -> Option<Vec<RoleId>> {
    let ids: Vec<RoleId> =
        text.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().ok()).collect::<Option<_>>()?;
    let distinct: BTreeSet<&RoleId> = ids.iter().collect();
    (distinct.len() == ids.len() && ids.len() <= MAX_ROLES).then_some(ids)
}

/// The rows that were on the page, everything unchecked: a check box that was cleared is not sent.
fn rows(form: &Form, service: &Service, columns: usize) -> Result<BTreeMap<String, TypedRow>, Problem> {
    let mut rows = BTreeMap::new();
    for (name, value) in &form.0 {
        let Some(screen) = name.strip_prefix("was.") else { continue };
        let known = service.screen(screen).zip(Row::parse(value, columns));
        let (screen, was) = known.ok_or_else(|| refused(name))?;
        // A detail screen stands in no menu, so the page has no check box for it and nothing is changed.
        let root = screen.kind == ScreenKind::Detail && was.settings.root;
        let settings = ScreenSettings { root, permission: was.settings.permission, ..ScreenSettings::closed() };
        let now = Row { settings, grants: vec![Actions::default(); columns] };
        rows.insert(screen.name.clone(), TypedRow { was, now });
    }
    Ok(rows)
}

/// Puts one field into its row; none when the page has no such field or the field no such value.
fn take(
    rows: &mut BTreeMap<String, TypedRow>,
    service: &Service,
    types: &[String],
    name: &str,
    value: &str,
) -> Option<()> {
    let Some((part, rest)) = name.split_once('.') else {
        return ["csrf", "epoch", "reason", "roles"].contains(&name).then_some(());
    };
    let (screen, column) = match part {
        "g" => rest.split_once('.').map(|(screen, column)| (screen, Some(column)))?,
        _ => (rest, None),
    };
    let kind = service.screen(screen)?.kind;
    let row = &mut rows.get_mut(screen)?.now;
    match part {
        "was" => {}
        "usable" if value == "on" => row.settings.usable = true,
        "root" if value == "on" && kind != ScreenKind::Detail => row.settings.root = true,
        "billing" if types.iter().any(|known| known == value) => row.settings.billing_types.push(value.to_owned()),
        "permission" => row.settings.permission = PermissionKind::parse(value)?,
        "g" => {
            let cell = row.grants.get_mut(column?.parse::<usize>().ok()?)?;
            let action = Action::parse(value).filter(|action| kind.actions().has(*action))?;
            *cell = cell.with(action);
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "01924d5a-7c00-7abc-8def-0123456789ab";

    fn crm() -> Service {
        domain::service::manifest::read("crm.toml", include_str!("../../../../../services/crm.toml")).unwrap()
    }

    fn ask(more: &str) -> Result<Typed, Problem> {
        let form = format!(
            "csrf=x&epoch=7&reason=%E7%95%B0%E5%8B%95&roles={ROLE}&was.customer_detail=1+1+-+per_role+1\
             &was.customer_list=1+0+standard+per_role+1&permission.customer_list=per_role{more}"
        );
        read(&Form::parse(&form).unwrap(), &crm(), &["light".to_owned(), "standard".to_owned()])
    }

    #[test]
    fn a_field_the_page_does_not_have_is_refused_by_name() {
        assert!(ask("&permission.customer_detail=none").is_ok());
        for (field, code) in [
            ("nonsense=1", "bad_value"),
            ("usable.nonsense=on", "bad_value"),
            ("usable.customer_form=on", "bad_value"),
            ("usable.customer_list=1", "bad_value"),
            ("root.customer_detail=on", "bad_value"),
            ("billing.customer_list=gold", "bad_value"),
            ("g.customer_list.1=view", "bad_value"),
            ("g.customer_list=view", "bad_value"),
            ("g.customer_list.0=extract", "bad_value"),
            ("g.customer_list.0=nonsense", "bad_value"),
            ("g.customer_list.x=view", "bad_value"),
            ("permission.customer_list=none", "twice"),
            ("g.customer_list.0=view&g.customer_list.0=view", "twice"),
            ("was.nonsense=1+1+-+per_role+1", "bad_value"),
            ("was.customer_form=1+1+-+per_role+1,2", "bad_value"),
            ("was.customer_form=1+1+-+per_role", "bad_value"),
            ("was.customer_form=1+1+-+sometimes+1", "bad_value"),
            ("was.customer_form=1+1+-+per_role+999", "bad_value"),
            ("epoch=8", "twice"),
        ] {
            let problem = ask(&format!("&permission.customer_detail=none&{field}")).unwrap_err();
            assert_eq!((problem.status.as_u16(), problem.code), (400, code), "{field}");
        }
    }

    #[test]
    fn a_form_without_epoch_or_with_half_a_row_is_refused() {
        let parse = |text: &str| read(&Form::parse(text).unwrap(), &crm(), &[]).unwrap_err().field;
        assert_eq!(parse("roles=&reason=x").as_deref(), Some("epoch"));
        assert_eq!(parse("epoch=1&roles=nonsense").as_deref(), Some("roles"));
        assert_eq!(parse(&format!("epoch=1&roles={ROLE},{ROLE}")).as_deref(), Some("roles"));
        assert_eq!(ask("").unwrap_err().field.as_deref(), Some("permission.customer_detail"));
    }

    #[test]
    fn a_check_box_that_was_cleared_is_off_and_a_root_that_has_none_stays() {
        let typed =
            ask("&permission.customer_detail=per_role&g.customer_list.0=view&billing.customer_list=light").unwrap();
        let list = &typed.rows["customer_list"];
        assert!(list.was.settings.usable && !list.now.settings.usable);
        assert_eq!(list.now.settings.billing_types, ["light"]);
        assert_eq!(list.now.grants, [Actions::from_iter([Action::View])]);
        assert!(typed.rows["customer_detail"].now.settings.root);
        assert_eq!(typed.reason, "異動");
    }

    #[test]
    fn a_row_comes_back_as_it_was_written() {
        for row in [
            Row { settings: ScreenSettings::closed(), grants: Vec::new() },
            Row {
                settings: ScreenSettings {
                    usable: true,
                    root: true,
                    billing_types: vec!["light".to_owned(), "standard".to_owned()],
                    permission: PermissionKind::Administrators,
                },
                grants: vec![Actions(31), Actions(0)],
            },
        ] {
            assert_eq!(Row::parse(&row.to_text(), row.grants.len()), Some(row));
        }
    }
}
