//! What the page of all promises shows, from the claims `app` made. Asks nothing and decides nothing.

use super::words::{self, Shown};
use crate::format::{self, When};
use crate::locale::Texts;
use crate::page::Shell;
use app::claim::{Checked, Claim};
use askama::Template;
use domain::claim::State;
use domain::promise::{GROUPS, Group};
use jiff::Timestamp;

/// Measurements that were read longer ago than this are said to be old, in seconds.
const OLD_S: i64 = 300;

/// The page.
#[derive(Template)]
#[template(path = "claim/trust.html")]
pub struct TrustView {
    /// The frame.
    pub shell: Shell,
    /// When the measurements were read.
    pub read: Option<When>,
    /// Whether that is long ago.
    pub old: bool,
    /// States with the number of promises in them.
    pub tally: Vec<(Shown, usize)>,
    /// What is not met or about to fail, worst first.
    pub attention: Vec<Row>,
    /// Kind and icon of the worst of them.
    pub worst: (&'static str, &'static str),
    /// Promises that nothing measures.
    pub unchecked: usize,
    /// Promises by heading.
    pub groups: Vec<GroupRows>,
}

/// A heading and its promises.
#[derive(Clone, Debug)]
pub struct GroupRows {
    /// `operation`
    pub code: &'static str,
    /// In words.
    pub name: String,
    /// What it is about.
    pub what: String,
    /// Promises that are met.
    pub met: usize,
    /// Its promises.
    pub rows: Vec<Row>,
}

/// A promise.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: &'static str,
    /// The promise, as it was given.
    pub sentence: &'static str,
    /// Its state.
    pub state: Shown,
    /// What was measured; empty when nothing was.
    pub figure: String,
    /// What is measured against.
    pub target: String,
    /// When it was measured.
    pub at: Option<When>,
    /// How long ago.
    pub ago: String,
    /// Why it is not met.
    pub why: Vec<String>,
    /// Its other checks.
    pub others: Vec<Other>,
    /// Its newest evidence, or the list of all.
    pub evidence: String,
    /// Its page.
    pub page: String,
    /// Whether anything measures it.
    pub checked: bool,
}

/// A check beside the deciding one.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: Shown,
    /// What was measured.
    pub figure: String,
}

/// The page.
pub fn view(mut shell: Shell, claims: &[Claim], read_at: Option<Timestamp>, now: Timestamp) -> TrustView {
    let t = shell.t;
    shell.title = t.text("claim-title");
    let count = |state: State| claims.iter().filter(|claim| claim.state == state).count();
    let states = [State::Met, State::AtRisk, State::Missed, State::Unverified];
    let groups = GROUPS.iter().map(|(group, ids)| rows_of(*group, ids, claims, t, now)).collect();
    let mut bad: Vec<&Claim> =
        claims.iter().filter(|claim| claim.state != State::Met && !claim.checks.is_empty()).collect();
    bad.sort_by_key(|claim| match claim.state {
        State::Missed => 0,
        State::Unverified => 1,
        _ => 2,
    });
    TrustView {
        read: read_at.map(|at| format::full(t.locale, at)),
        old: read_at.is_none_or(|at| now.as_second() - at.as_second() > OLD_S),
        tally: states.map(|state| (words::state(state, t), count(state))).to_vec(),
        worst: words::chip(bad.first().map_or(State::Met, |claim| claim.state)),
        attention: bad.into_iter().map(|claim| row(claim, t, now)).collect(),
        unchecked: claims.iter().filter(|claim| claim.checks.is_empty()).count(),
        groups,
        shell,
    }
}

fn rows_of(group: Group, ids: &[&str], claims: &[Claim], t: Texts, now: Timestamp) -> GroupRows {
    let claims: Vec<&Claim> = ids.iter().filter_map(|id| claims.iter().find(|claim| claim.promise.id == *id)).collect();
    GroupRows {
        code: group.code(),
        name: t.text(format!("claim-group-{}", group.code())),
        what: t.text(format!("claim-group-{}-what", group.code())),
        met: claims.iter().filter(|claim| claim.state == State::Met).count(),
        rows: claims.into_iter().map(|claim| row(claim, t, now)).collect(),
    }
}

/// One promise.
pub fn row(claim: &Claim, t: Texts, now: Timestamp) -> Row {
    let promise = claim.promise;
    let deciding = claim.deciding();
    let newest = deciding.and_then(|checked| checked.evidence.first());
    let page = format!("/trust/{}", promise.id);
    let is_deciding = |checked: &&Checked| deciding.is_some_and(|deciding| deciding.check != checked.check);
    Row {
        id: promise.id,
        sentence: promise.sentence(t.locale),
        state: words::state(claim.state, t),
        figure: deciding.map(|checked| words::figure(checked, t, now)).unwrap_or_default(),
        target: words::target(promise, t),
        at: newest.map(|row| format::brief(t.locale, now, row.until)),
        ago: newest.map(|row| words::ago(now, row.until, t)).unwrap_or_default(),
        why: words::why_of(claim, t, now),
        others: claim.checks.iter().filter(is_deciding).map(|checked| other(checked, t, now)).collect(),
        evidence: newest.map_or_else(|| format!("{page}#rows"), |row| format!("/trust/evidence/{}", row.id)),
        page,
        checked: !claim.checks.is_empty(),
    }
}

fn other(checked: &Checked, t: Texts, now: Timestamp) -> Other {
    Other {
        name: words::check(checked.check.name, t),
        state: words::state(checked.state, t),
        figure: words::figure(checked, t, now),
    }
}
