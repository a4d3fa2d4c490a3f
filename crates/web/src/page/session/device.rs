//! 「身に覚えがない」: the page of the mail about a new device. Nothing happens by looking at it, since programs that check mail
//! look at links; only the button does it, and nobody has to be signed in.

use crate::Web;
use crate::form::Open;
use crate::format::{self, When};
use crate::page::activity::device::words;
use crate::page::user::invitation::Token;
use crate::page::user::recovery::spent;
use crate::page::{self, Shell};
use crate::problem::Problem;
use crate::request::Context;
use app::session::device::Described;
use app::{Error, Refusal};
use askama::Template;
use axum::extract::State;
use axum::http::{Extensions, StatusCode};
use axum::response::Response;
use jiff::Timestamp;
use std::sync::Arc;

/// The page.
#[derive(Template)]
#[template(path = "session/device.html")]
pub struct DeviceView {
    /// The frame.
    pub shell: Shell,
    /// The sign-in in question; none once it was disowned.
    pub sign_in: Option<SignInSeen>,
}

/// A sign-in.
#[derive(Clone, Debug)]
pub struct SignInSeen {
    /// When.
    pub at: When,
    /// Browser and system; empty when unknown.
    pub device: String,
    /// Network address; empty when unknown.
    pub address: String,
}

/// `GET /device/{token}`
pub async fn ask(
    State(web): State<Arc<Web>>,
    extensions: Extensions,
    Token(token): Token,
) -> Result<Response, Problem> {
    let context = Context::of(&extensions)?;
    match web.app.device_in_question(&token).await {
        Ok(described) => {
            let shell = Shell::open(web.app.now(), &context, String::new());
            Ok(page::html(StatusCode::OK, &view(shell, Some(&described), web.app.now())))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

/// `POST /device/{token}`
pub async fn disown(
    State(web): State<Arc<Web>>,
    Token(token): Token,
    Open(_, context): Open,
) -> Result<Response, Problem> {
    match web.app.disown_device(&context.peer, &token).await {
        Ok(()) => {
            let shell = Shell::open(web.app.now(), &context, String::new());
            Ok(page::html(StatusCode::OK, &view(shell, None, web.app.now())))
        }
        Err(Error::Refused(Refusal::LinkSpent)) => Ok(spent(&web, &context)),
        Err(error) => Err(error.into()),
    }
}

/// The page.
pub fn view(mut shell: Shell, described: Option<&Described>, now: Timestamp) -> DeviceView {
    shell.title = shell.t.text("device-title");
    let sign_in = described.map(|described| SignInSeen {
        at: format::brief(shell.t.locale, now, described.at),
        device: words(Some(&described.device), shell.t),
        address: described.address.clone().unwrap_or_default(),
    });
    DeviceView { shell, sign_in }
}
