//! Into the copy as a member comes: somebody signs in for real and is served a page. In the copy that member has another password,
//! made up for the moment; nobody's own is known, and nobody is told.

use crate::op::{Caller, Peer};
use crate::{App, Error};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::access::{Snapshot, decide};
use domain::backup::drill::Look;
use domain::id::UserId;
use domain::locale::Locale;
use domain::record::ListQuery;
use domain::screen::{Action, ScreenKind};
use domain::time::random_bytes;
use domain::user::hash_password;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use store::backup::copy::Copy;

/// Serves the first page of a copy. What stands above `app` can serve a real one.
pub trait FirstPage: Send + Sync {
    /// Serves it to the session; an error says in words why not.
    fn serve<'a>(&'a self, copy: Arc<App>, session: &'a str) -> BoxFuture<'a, Result<(), String>>;
}

/// The first list that the member may open, with its records, as far as `app` goes.
#[derive(Clone, Copy, Debug)]
pub struct FirstList;

impl FirstPage for FirstList {
    fn serve<'a>(&'a self, copy: Arc<App>, session: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async move { first_list(&copy, session).await.map_err(|error| error.to_string()) })
    }
}

async fn first_list(copy: &App, session: &str) -> Result<(), Error> {
    let caller: Caller = copy.caller(peer(copy), session).await?;
    let snapshot = copy.snapshot(caller.tenant).await?;
    match list_of(&snapshot, caller.user) {
        Some((service, entity)) => {
            copy.record_list(&caller, &service, &entity, ListQuery::default(), false).await.map(drop)
        }
        // A member without any right sees the first page all the same.
        None => copy.check(&caller).await,
    }
}

/// Service and entity of a list that the member may open.
fn list_of(snapshot: &Snapshot, user: UserId) -> Option<(String, String)> {
    for contracted in snapshot.services.values() {
        let service = &contracted.service;
        let lists = service.screens.iter().filter(|screen| screen.kind == ScreenKind::List);
        for screen in lists {
            if decide(snapshot, user, &service.name, &screen.name, Action::View).allowed {
                return Some((service.name.clone(), screen.entity.clone()));
            }
        }
    }
    None
}

fn peer(copy: &App) -> Peer {
    Peer {
        address: None,
        device: "restore drill".to_owned(),
        request: copy.new_request_id(),
        locale: Locale::Ja,
        device_cookie: String::new(),
    }
}

/// Signs somebody in. A copy in which nobody could is whole too: the look says so.
pub(super) async fn sign_in(copy_app: &Arc<App>, copy: &Copy) -> Result<(Look, Option<String>), Error> {
    let any = i64::from_be_bytes(random_bytes(&*copy_app.random));
    let Some((_, user, email_sealed)) = copy.somebody(any).await? else {
        return Ok((Look::at("signed_in").counted("members", 0), None));
    };
    let mut look = Look::at("signed_in").counted("members", 1);
    let passphrase = URL_SAFE_NO_PAD.encode(random_bytes::<24>(&*copy_app.random));
    let salt = random_bytes::<16>(&*copy_app.random);
    let phc = {
        let passphrase = passphrase.clone();
        copy_app.hashing(move || hash_password(&passphrase, &salt)).await?
    };
    copy.set_password(user, &phc).await?;
    let email = copy_app.open_email(user, &email_sealed);
    match copy_app.sign_in(&peer(copy_app), &email, &passphrase).await {
        Ok(signed_in) => Ok((look, Some(signed_in.token))),
        Err(error) => {
            look.fault(format!("a member can't sign in: {error}"));
            Ok((look, None))
        }
    }
}

/// Serves the first page to who has signed in; `members` tells whether there was anybody who could have.
pub(super) async fn serve(copy_app: &Arc<App>, page: &dyn FirstPage, session: Option<&str>, members: i64) -> Look {
    let mut look = Look::at("page").counted("pages", i64::from(session.is_some()));
    let served = match session {
        Some(session) => page.serve(Arc::clone(copy_app), session).await,
        None if members > 0 => Err("nobody signed in, so no page was served".to_owned()),
        // Nobody could sign in; that it answers is what is left to see.
        None if copy_app.ready().await => Ok(()),
        None => Err("the restored database does not answer".to_owned()),
    };
    if let Err(said) = served {
        look.fault(said);
    }
    look
}
