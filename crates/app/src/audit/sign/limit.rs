//! How many rows a role may extract in a day: set by administrators, with a reason. What a limit does is
//! `domain::audit::sign`'s.

use super::{has_other_administrator, reason};
use crate::error::Refusal;
use crate::op::{Caller, on_fresh_rights};
use crate::{App, Error};
use domain::access::Snapshot;
use domain::audit::sign::{Figures, MAX_EXTRACTION_CAP, MEMORY_DAYS, RoleLimit, Rule, Sign, limits_of};
use domain::audit::{Change, Detail, Outcome, Target, Verb};
use domain::id::RoleId;
use domain::record::{Fault, FaultReason};
use jiff::SignedDuration;
use store::{Flight, Head};

/// A role and what it may extract in a day.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleLimitView {
    /// The role.
    pub role: RoleId,
    /// Its name.
    pub name: String,
    /// What is set.
    pub limit: RoleLimit,
}

impl App {
    /// What a role may extract in a day, for administrators.
    pub async fn role_limit(&self, caller: &Caller, role: RoleId) -> Result<RoleLimitView, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot) = self.administrator(caller, "signs").await?;
            match views(&snapshot).into_iter().find(|view| view.role == role) {
                Some(view) => Ok(view),
                None => Err(self.nothing_there(caller, head, format!("role {role}")).await),
            }
        })
    }

    /// Sets how many rows a role may extract in a day, with the reason. Raising a limit is a sign, told to the others; that
    /// of a role one holds oneself is another administrator's to raise.
    pub async fn set_role_limit(
        &self,
        caller: &Caller,
        role: RoleId,
        limit: RoleLimit,
        why: &str,
    ) -> Result<(), Error> {
        on_fresh_rights!(self, caller.tenant, self.set_role_limit_once(caller, role, limit, why))
    }

    async fn set_role_limit_once(
        &self,
        caller: &Caller,
        role: RoleId,
        limit: RoleLimit,
        why: &str,
    ) -> Result<(), Error> {
        let (head, snapshot) = self.unfrozen_administrator(caller, "signs").await?;
        let Some(name) = snapshot.roles.get(&role).map(|role| role.name.clone()) else {
            return Err(self.nothing_there(caller, head, format!("role {role}")).await);
        };
        let before = snapshot.limits.get(&role).copied().unwrap_or_default();
        if before == limit {
            return Ok(());
        }
        let why = checked(limit, why)?;
        let words = |rows: Option<u64>| rows.map(|rows| rows.to_string());
        let change = |field: &str, before, after| Change { field: field.to_owned(), before, after };
        let mut changes = vec![change("name", None, Some(name))];
        changes.push(change("free_rows", words(before.free_rows), words(limit.free_rows)));
        changes.push(change("max_rows", words(before.max_rows), words(limit.max_rows)));
        let detail = Detail { changes, note: Some(why), ..Detail::default() };
        let raises = allows_more(before, limit);
        let own = snapshot.members.get(&caller.user).is_some_and(|member| member.roles.contains(&role));
        if raises && own && has_other_administrator(&snapshot, caller.user) {
            let entry = self.entry_of(caller, Verb::LimitChanged, Outcome::Denied, Target::default(), detail)?;
            self.store.enter(head, &[entry]).await?;
            return Err(Error::Refused(Refusal::OwnLimit));
        }
        let entry = self.entry_of(caller, Verb::LimitChanged, Outcome::Done, Target::default(), detail)?;
        let mut statements = vec![store::sign::set_limit(caller.tenant, role, limit), store::access::rights_changed()];
        let mut entries = vec![entry];
        let sign = raises.then(|| self.limit_raised(role, before, limit));
        if let Some(sign) = &sign {
            let raising = self.raising(caller.tenant, caller.user, sign, caller.peer.request)?;
            statements.push(raising.statement);
            entries.push(raising.entry);
        }
        self.store.fly(Flight::write(head, statements, &entries)).await?;
        if let Some(sign) = &sign {
            self.raised(sign);
        }
        Ok(())
    }

    /// What an administrator shows who takes a role whose limit they raised within `MEMORY_DAYS`: each of both acts has its
    /// reasons, and another administrator may know them. The figures are those of the first act, the window is from it to now.
    pub(crate) async fn limits_taken(
        &self,
        caller: &Caller,
        head: Head,
        taken: impl Iterator<Item = RoleId>,
    ) -> Result<Vec<Sign>, Error> {
        let (now, taken): (_, Vec<RoleId>) = (self.now(), taken.collect());
        if taken.is_empty() {
            return Ok(Vec::new());
        }
        let since = now.checked_sub(SignedDuration::from_hours(24 * i64::from(MEMORY_DAYS))).unwrap_or(now);
        let raised = self.store.signs_of(head, caller.user, Rule::LimitRaised, since).await?;
        let sign = |role: RoleId| {
            // The newest first: what it was raised to, and from when on.
            let row = raised.iter().find(|row| row.sign.window.ends_with(&format!("/{role}")))?;
            let figures = Figures { from: row.raised_at, until: now, ..row.sign.figures };
            let window = format!("{now}/{role}");
            Some(Sign { rule: Rule::LimitTaken, window, figures, place: None, record: None })
        };
        Ok(taken.into_iter().filter_map(sign).collect())
    }

    fn limit_raised(&self, role: RoleId, before: RoleLimit, after: RoleLimit) -> Sign {
        let now = self.now();
        let [before, after] = [before, after].map(|limit| limits_of([limit]));
        let (value, limit) = if after.max_rows > before.max_rows {
            (after.max_rows, before.max_rows)
        } else {
            (after.free_rows, before.free_rows)
        };
        Sign {
            rule: Rule::LimitRaised,
            window: format!("{now}/{role}"),
            figures: Figures { value, limit, spread: None, from: now, until: now },
            place: None,
            record: None,
        }
    }
}

/// Limits within their bounds and a reason, or all that is wrong with them.
fn checked(limit: RoleLimit, why: &str) -> Result<String, Error> {
    let max = i64::try_from(MAX_EXTRACTION_CAP).ok();
    let over = |rows: Option<u64>| rows.is_some_and(|rows| rows > MAX_EXTRACTION_CAP);
    let fields = [("free_rows", limit.free_rows), ("max_rows", limit.max_rows)];
    let over = fields.into_iter().filter(|(_, rows)| over(*rows));
    let mut faults: Vec<Fault> =
        over.map(|(field, _)| Fault::new(field, FaultReason::OutOfRange { min: Some(0), max })).collect();
    match reason(why) {
        Ok(why) if faults.is_empty() => return Ok(why),
        Err(Error::Invalid(more)) => faults.extend(more),
        _ => {}
    }
    Err(Error::Invalid(faults))
}

fn allows_more(before: RoleLimit, after: RoleLimit) -> bool {
    let [before, after] = [before, after].map(|limit| limits_of([limit]));
    after.free_rows > before.free_rows || after.max_rows > before.max_rows
}

/// The limits of all roles, by their names.
pub(super) fn views(snapshot: &Snapshot) -> Vec<RoleLimitView> {
    let view = |role: crate::role::RoleView| RoleLimitView {
        limit: snapshot.limits.get(&role.id).copied().unwrap_or_default(),
        role: role.id,
        name: role.name,
    };
    crate::role::views(snapshot).into_iter().map(view).collect()
}
