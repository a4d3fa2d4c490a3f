//! Claims as a document for programs: what `/trust.json` and `struct claims --json` give out, and what the page's own check
//! reads back. Fields are added, never changed or taken away within a version; `docs/trust.md` tells them. Decides nothing.

use super::{Checked, Claim};
use domain::claim::State;
use domain::evidence::{Finding, Found};
use domain::promise::{ALL, Group, Promise, Target};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::ledger::EvidenceRow;
use uuid::Uuid;

/// The version of the document.
pub const VERSION: u32 = 1;
/// Measurements of a check that are shown: of the servers that measure themselves, those that decide.
const MAX_EVIDENCE_A_CHECK: usize = 4;

/// The document.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// [`VERSION`].
    pub version: u32,
    /// The page for people.
    pub page: String,
    /// When the states were worked out.
    pub made_at: Timestamp,
    /// When the evidence was read; null while none could be.
    pub read_at: Option<Timestamp>,
    /// How many promises are in which state.
    pub counts: Counts,
    /// Every promise, in the order of the page.
    pub promises: Vec<One>,
}

/// How many promises are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Counts {
    /// 達成
    pub met: usize,
    /// 要注意
    pub at_risk: usize,
    /// 未達
    pub missed: usize,
    /// 未検証
    pub unverified: usize,
}

/// A promise and what may be said of it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct One {
    /// `backup.log`
    pub id: String,
    /// `users`, `operation`, `safety`, `uptime`, `slo` or `support`.
    pub group: String,
    /// In Japanese.
    pub sentence_ja: String,
    /// In English.
    pub sentence_en: String,
    /// What is measured against.
    pub target: Bound,
    /// `met`, `at_risk`, `missed` or `unverified`.
    pub state: String,
    /// When it was last measured.
    pub measured_at: Option<Timestamp>,
    /// Its page.
    pub page: String,
    /// What is measured; none while nothing is.
    pub checks: Vec<Part>,
}

/// What keeping a promise means in figures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// `always`, `newest_age_min`, `review_days`, `yearly_share_bp`, `yearly_hours`, `notice_hours`, `reply_business_days`
    /// or `published_monthly`.
    pub kind: String,
    /// The figure, where there is one.
    pub value: Option<u32>,
}

/// A check of a promise.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Part {
    /// `archive`
    pub name: String,
    /// As of the promise.
    pub state: String,
    /// Evidence older than this puts the claim at risk, in minutes.
    pub expected_min: i64,
    /// Evidence older than this says nothing any more, in minutes.
    pub limit_min: i64,
    /// The newest measurement of each server, the one that decides first.
    pub evidence: Vec<Measurement>,
}

/// A measurement.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measurement {
    /// Its id.
    pub id: Uuid,
    /// What was looked at.
    pub subject: Option<String>,
    /// `held`, `at_risk` or `broken`.
    pub verdict: String,
    /// Since when it was measured, when it is a span.
    pub from: Option<Timestamp>,
    /// When it ended.
    pub until: Timestamp,
    /// What was found.
    pub figure: Finding,
    /// Why the promise is not kept, or soon will not be.
    pub why: Vec<Finding>,
    /// How it was measured.
    pub method: String,
    /// By which program.
    pub tool: String,
    /// SHA-256 of the raw data, hex.
    pub raw_sha256: Option<String>,
    /// Its page, with raw data and certificate.
    pub page: String,
}

impl Claims {
    /// The document of claims, with pages under `url`.
    pub fn of(claims: &[Claim], made_at: Timestamp, read_at: Option<Timestamp>, url: &str) -> Self {
        let mut counts = Counts::default();
        for claim in claims {
            *counts.of(claim.state) += 1;
        }
        let promises = claims.iter().map(|claim| one(claim, url)).collect();
        Self { version: VERSION, page: format!("{url}/trust"), made_at, read_at, counts, promises }
    }
}

impl Counts {
    fn of(&mut self, state: State) -> &mut usize {
        match state {
            State::Met => &mut self.met,
            State::AtRisk => &mut self.at_risk,
            State::Missed => &mut self.missed,
            State::Unverified => &mut self.unverified,
        }
    }
}

impl Bound {
    /// Of a promise's target.
    pub fn of(target: Target) -> Self {
        let (kind, value) = match target {
            Target::Always => ("always", None),
            Target::NewestAgeMin(value) => ("newest_age_min", Some(value)),
            Target::ReviewDays(value) => ("review_days", Some(value)),
            Target::YearlyShareBasisPoints(value) => ("yearly_share_bp", Some(value)),
            Target::YearlyHours(value) => ("yearly_hours", Some(value)),
            Target::NoticeHours(value) => ("notice_hours", Some(value)),
            Target::ReplyBusinessDays(value) => ("reply_business_days", Some(value)),
            Target::PublishedMonthly => ("published_monthly", None),
        };
        Self { kind: kind.to_owned(), value }
    }
}

impl Measurement {
    /// Of a row, with its page under `url`.
    pub fn of(row: &EvidenceRow, url: &str) -> Self {
        let Found { figure, why } = Found::of_text(&row.figure);
        Self {
            id: row.id,
            subject: row.subject.clone(),
            verdict: row.verdict.code().to_owned(),
            from: row.from,
            until: row.until,
            figure,
            why,
            method: row.method.clone(),
            tool: row.tool.clone(),
            raw_sha256: row.raw_sha256.clone(),
            page: format!("{url}/trust/evidence/{}", row.id),
        }
    }
}

fn one(claim: &Claim, url: &str) -> One {
    let promise: &Promise = claim.promise;
    debug_assert!(ALL.contains(promise), "claims are of promises");
    One {
        id: promise.id.to_owned(),
        group: Group::of(promise.id).map(Group::code).unwrap_or_default().to_owned(),
        sentence_ja: promise.ja.to_owned(),
        sentence_en: promise.en.to_owned(),
        target: Bound::of(promise.target),
        state: claim.state.code().to_owned(),
        measured_at: claim.measured_at(),
        page: format!("{url}/trust/{}", promise.id),
        checks: claim.checks.iter().map(|checked| part(checked, url)).collect(),
    }
}

fn part(checked: &Checked, url: &str) -> Part {
    Part {
        name: checked.check.name.to_owned(),
        state: checked.state.code().to_owned(),
        expected_min: checked.check.freshness.expected_min,
        limit_min: checked.check.freshness.limit_min,
        evidence: checked.evidence.iter().take(MAX_EVIDENCE_A_CHECK).map(|row| Measurement::of(row, url)).collect(),
    }
}
