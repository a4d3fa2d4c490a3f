//! axe-core in the page: WCAG 2.0 to 2.2, levels A and AA, and its best practices. What a machine can't see (whether a
//! text makes sense) it doesn't see either.

use anyhow::{Context, Result};
use fantoccini::Client;
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// Where script/test puts the package.
const SOURCE: &str = "tests/browser/node_modules/axe-core/axe.min.js";
/// Runs the rules and answers the broken ones. Too few passed rules mean that axe saw no page, which is no pass.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags } }).then(
        found => done({
            passed: found.passes.length,
            violations: found.violations.map(rule => ({
                rule: rule.id,
                help: rule.help,
                places: rule.nodes.map(node => node.target.join(' ') + ' ' + node.html.slice(0, 160)),
            })),
        }),
        error => done({ passed: 0, violations: [{ rule: 'axe', help: String(error), places: [] }] }),
    );
";
/// Every page of ours passes more rules than this (document, title, language, landmarks, contrast ...).
const PASSED_MIN: usize = 8;

/// A rule that the page breaks, and where.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Violation {
    /// axe's name of the rule.
    pub rule: String,
    /// What the rule asks for.
    pub help: String,
    /// The elements, by selector and text.
    pub places: Vec<String>,
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}\n    {}", self.rule, self.help, self.places.join("\n    "))
    }
}

#[derive(Deserialize)]
struct Answer {
    passed: usize,
    violations: Vec<Violation>,
}

/// Checks the page that `client` shows.
pub async fn run(client: &Client) -> Result<Vec<Violation>> {
    if client.execute("return typeof axe", vec![]).await? != "object" {
        client.execute(&source()?, vec![]).await.context("axe cannot be injected")?;
    }
    let answer: Answer = serde_json::from_value(client.execute_async(RUN, vec![]).await?)?;
    if answer.violations.is_empty() && answer.passed < PASSED_MIN {
        let help = format!("only {} rules passed: axe saw no page", answer.passed);
        return Ok(vec![Violation { rule: "axe".into(), help, places: vec![] }]);
    }
    Ok(answer.violations)
}

fn source() -> Result<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    std::fs::read_to_string(root.join(SOURCE)).with_context(|| format!("{SOURCE} is missing: run script/test"))
}
