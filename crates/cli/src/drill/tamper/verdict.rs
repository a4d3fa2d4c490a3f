//! The verdict of the drill of tampering: how many cases of each kind were noticed by whom. A case that one of both should have
//! noticed and did not is a violation.

use super::customer::Answer;
use crate::log::say;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;
use store::drill::tamper::{Rebuilt, Tampering};

/// Violations shown.
const SHOWN: usize = 20;

/// What came of one case.
#[derive(Debug)]
pub struct Case {
    /// What was done.
    pub what: Tampering,
    /// What was made to fit afterwards.
    pub rebuilt: Rebuilt,
    /// Whether the next entry came before anybody looked.
    pub appended: bool,
    /// Whether the server's check noticed.
    pub noticed: bool,
    /// Whether the claim says so.
    pub turned: bool,
    /// What the customer was told.
    pub answer: Answer,
    /// Whether anything the customer is shown differs from before.
    pub shown: bool,
    /// What the server's check said.
    pub faults: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    cases: u64,
    noticed: u64,
    refused: u64,
    not_shown: u64,
}

impl Tally {
    fn document(self) -> Value {
        let Self { cases, noticed, refused, not_shown } = self;
        json!({ "cases": cases, "noticed": noticed, "refused": refused, "not_shown": not_shown })
    }
}

/// What came of all.
#[derive(Debug, Default)]
pub struct Verdict {
    kinds: BTreeMap<Tampering, Tally>,
    answers: BTreeMap<Answer, u64>,
    appended: u64,
    violations: Vec<String>,
}

impl Case {
    fn is_refused(&self) -> bool {
        !matches!(self.answer, Answer::Proven | Answer::Withheld)
    }

    /// What was done, and what the server said of it.
    fn told(&self) -> String {
        format!(
            "{:?}, rebuilt {:?}; the check said {:?}, the verifier {:?}",
            self.what, self.rebuilt, self.faults, self.answer
        )
    }

    /// Whether the customer could notice: a tile that no package holds, or an entry beside the log, changes nothing for them.
    fn concerns_the_customer(&self) -> bool {
        self.shown || self.answer != Answer::Proven
    }
}

impl Verdict {
    /// Takes a case in.
    pub fn take(&mut self, number: u64, case: &Case) {
        let tally = self.kinds.entry(case.what).or_default();
        tally.cases += 1;
        tally.noticed += u64::from(case.noticed && case.turned);
        tally.refused += u64::from(case.is_refused());
        tally.not_shown += u64::from(!case.concerns_the_customer());
        *self.answers.entry(case.answer).or_default() += 1;
        self.appended += u64::from(case.appended);
        if !case.noticed || !case.turned {
            self.violations.push(format!("case {number}: the server did not notice: {}", case.told()));
        }
        if case.concerns_the_customer() && !case.is_refused() {
            self.violations.push(format!("case {number}: struct-verify did not notice: {}", case.told()));
        }
    }

    /// Prints it. Success only without a violation.
    pub fn finish(&self, as_json: bool) -> ExitCode {
        say(&format!(
            "{:<22} {:>6} {:>18} {:>10} {:>26}",
            "", "cases", "server noticed", "refused", "nothing shown differs"
        ));
        let mut all = Tally::default();
        for (what, tally) in &self.kinds {
            let Tally { cases, noticed, refused, not_shown } = *tally;
            say(&format!("{:<22} {cases:>6} {noticed:>18} {refused:>10} {not_shown:>26}", format!("{what:?}")));
            all = Tally {
                cases: all.cases + cases,
                noticed: all.noticed + noticed,
                refused: all.refused + refused,
                not_shown: all.not_shown + not_shown,
            };
        }
        say(&format!("{:<22} {:>6} {:>18} {:>10} {:>26}", "all", all.cases, all.noticed, all.refused, all.not_shown));
        say(&format!(
            "answers of struct-verify: {:?}; in {} cases the log went on before anybody looked",
            self.answers, self.appended
        ));
        for violation in self.violations.iter().take(SHOWN) {
            say(&format!("VIOLATION: {violation}"));
        }
        say(&format!("{} violations", self.violations.len()));
        if as_json {
            let kinds: Map<_, _> =
                self.kinds.iter().map(|(what, tally)| (format!("{what:?}"), tally.document())).collect();
            let document = json!({
                "drill": "tamper",
                "figures": { "cases": all.cases, "noticed": all.noticed, "refused": all.refused, "not_shown": all.not_shown, "kinds": kinds },
                "violations": self.violations,
                "holds": self.violations.is_empty(),
            });
            say(&document.to_string());
        }
        if self.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_server_or_verifier_missed_is_a_violation() {
        let case = |noticed, turned, answer, shown| Case {
            what: Tampering::EntryChanged,
            rebuilt: Rebuilt::Nothing,
            appended: false,
            noticed,
            turned,
            answer,
            shown,
            faults: Vec::new(),
        };
        let violations = |case: Case| {
            let mut verdict = Verdict::default();
            verdict.take(1, &case);
            verdict.violations.len()
        };
        assert_eq!(violations(case(true, true, Answer::NotProven, true)), 0);
        assert_eq!(violations(case(true, true, Answer::Proven, false)), 0, "nothing that is shown differs");
        assert_eq!(violations(case(false, false, Answer::NotProven, true)), 1);
        assert_eq!(violations(case(true, false, Answer::NotProven, true)), 1);
        assert_eq!(violations(case(true, true, Answer::Proven, true)), 1);
        assert_eq!(violations(case(true, true, Answer::Withheld, true)), 1, "called pruned, and nobody declared it");
    }
}
