//! The part of a form that says what a member may be: administrator, roles, licences. Saves nothing.

use crate::form::Form;
use crate::locale::Texts;
use crate::page::access;
use crate::page::record::filter::Choice;
use crate::problem::Problem;
use app::role::RoleView;
use app::user::MemberChange;

/// The part of the form.
#[derive(Clone, Debug)]
pub struct Rights {
    /// Whether the box is ticked.
    pub administrator: bool,
    /// All roles of the tenant.
    pub roles: Vec<Choice>,
    /// All licences known in the tenant.
    pub billing_types: Vec<Choice>,
}

/// What there is to choose from.
#[derive(Clone, Debug)]
pub struct Offer {
    /// Roles of the tenant.
    pub roles: Vec<RoleView>,
    /// Licences known in the tenant.
    pub billing_types: Vec<String>,
}

impl Offer {
    /// The boxes, those of `change` ticked.
    pub fn with(&self, change: &MemberChange, t: Texts) -> Rights {
        let role = |role: &RoleView| Choice {
            value: role.id.to_string(),
            label: role.name.clone(),
            chosen: change.roles.contains(&role.id),
        };
        let billing = |name: &String| Choice {
            value: name.clone(),
            label: access::billing(t, name),
            chosen: change.billing_types.contains(name),
        };
        Rights {
            administrator: change.administrator,
            roles: self.roles.iter().map(role).collect(),
            billing_types: self.billing_types.iter().map(billing).collect(),
        }
    }

    /// What a new member is offered: the licence, where there is only one.
    pub fn for_newcomer(&self) -> MemberChange {
        let only = self.billing_types.len() == 1;
        MemberChange { billing_types: if only { self.billing_types.clone() } else { Vec::new() }, ..Default::default() }
    }
}

/// What was ticked. A role that is no id came from no page of ours.
pub fn ticked(form: &Form) -> Result<MemberChange, Problem> {
    let roles = form.all("role").map(|id| id.parse().map_err(|_| Problem::bad_field("bad_value", "role")));
    Ok(MemberChange {
        administrator: form.some("administrator")?.is_some(),
        roles: roles.collect::<Result<_, _>>()?,
        billing_types: form.all("billing_type").map(str::to_owned).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::RoleId;
    use uuid::Uuid;

    #[test]
    fn a_role_that_is_no_id_is_refused_by_name() {
        let problem = ticked(&Form::parse("role=everything").unwrap()).unwrap_err();
        assert_eq!((problem.code, problem.field.as_deref()), ("bad_value", Some("role")));
    }

    #[test]
    fn boxes_left_empty_take_everything_away() {
        assert_eq!(ticked(&Form::default()).unwrap(), MemberChange::default());
        let id = RoleId(Uuid::from_u128(7));
        let form = Form::parse(&format!("administrator=true&role={id}&billing_type=standard")).unwrap();
        let change = ticked(&form).unwrap();
        assert_eq!((change.administrator, change.roles, change.billing_types.len()), (true, vec![id], 1));
    }

    #[test]
    fn a_newcomer_is_given_the_licence_only_where_there_is_no_choice() {
        let offer = |names: &[&str]| Offer {
            roles: Vec::new(),
            billing_types: names.iter().map(|name| (*name).to_owned()).collect(),
        };
        assert_eq!(offer(&["standard"]).for_newcomer().billing_types, ["standard"]);
        assert!(offer(&["light", "standard"]).for_newcomer().billing_types.is_empty());
    }
}
