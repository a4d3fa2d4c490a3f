//! The letters of a demo, which go to a folder and to nobody. An installation that is no demo has no such page.

use crate::Web;
use crate::format::{self, When};
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use app::mail::Letter;
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use std::sync::Arc;

/// Letters shown at most.
const SHOWN_MAX: usize = 100;

/// The page.
#[derive(Template)]
#[template(path = "mail/folder.html")]
pub struct MailView {
    /// The frame.
    pub shell: Shell,
    /// The letters, newest first.
    pub letters: Vec<LetterView>,
}

/// A letter.
#[derive(Clone, Debug)]
pub struct LetterView {
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
    /// When it was written.
    pub written: Option<When>,
    /// Its text, links told apart.
    pub parts: Vec<Part>,
}

/// A piece of a letter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Words.
    Text(String),
    /// A link into this installation.
    Link(String),
}

/// `GET /demo/mail`
pub async fn folder(State(web): State<Arc<Web>>, extensions: Extensions) -> Result<Response, Problem> {
    let context = Context::of(&extensions)?;
    let letters = web.app.demo_mails(SHOWN_MAX).await?.ok_or_else(Problem::not_found)?;
    let (now, shell) = (web.app.now(), Shell::open(web.app.now(), &context, String::new()));
    Ok(page::html(StatusCode::OK, &view(shell, &letters, &web.app.settings().public_url, now)))
}

/// The page from letters. Only what begins with the installation's own address becomes a link.
pub fn view(mut shell: Shell, letters: &[Letter], public_url: &str, now: Timestamp) -> MailView {
    shell.title = shell.t.text("mail-title");
    let letter = |letter: &Letter| LetterView {
        to: letter.to.clone(),
        subject: letter.subject.clone(),
        written: letter.written_at.map(|at| format::brief(shell.t.locale, now, at)),
        parts: parts(letter.text.trim_end(), public_url),
    };
    MailView { letters: letters.iter().map(letter).collect(), shell }
}

fn parts(text: &str, public_url: &str) -> Vec<Part> {
    let opening = format!("{public_url}/");
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some(start) = rest.find(&opening) {
        let end = rest[start..].find(char::is_whitespace).map_or(rest.len(), |length| start + length);
        parts.push(Part::Text(rest[..start].to_owned()));
        parts.push(Part::Link(rest[start..end].to_owned()));
        rest = &rest[end..];
    }
    parts.push(Part::Text(rest.to_owned()));
    parts.retain(|part| *part != Part::Text(String::new()));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_installation_become_links() {
        let text = "開く\n\nhttps://localhost:8443/invitation/a.b\n\nhttps://localhost:8443.evil.example/x\n";
        let found = parts(text, "https://localhost:8443");
        let links: Vec<&Part> = found.iter().filter(|part| matches!(part, Part::Link(_))).collect();
        assert_eq!(links, [&Part::Link("https://localhost:8443/invitation/a.b".to_owned())]);
        let whole: String = found
            .iter()
            .map(|part| match part {
                Part::Text(text) | Part::Link(text) => text.as_str(),
            })
            .collect();
        assert_eq!(whole, text);
    }
}
