//! Sessions on the operator's pages. An operator is whoever may run the command line as the owner of the database; the
//! command line makes a link, and the link opens one session. Passwords of operators do not exist.

use crate::audit::vouched::stored;
use crate::{App, Error};
use domain::session::{csrf_token, new_token, token_hash};
use domain::time::random_bytes;
use jiff::{SignedDuration, Timestamp};
use ledger::leaf::PlatformLeaf;
use seal::envelope::Place;
use uuid::Uuid;

/// How long a link opens a session.
pub const LINK_MIN: i64 = 10;
/// How long a session lasts at most.
pub const SESSION_HOURS: i64 = 8;
/// Longest name of an operator.
pub const MAX_NAME_CHARS: usize = 100;

/// A signed-in operator, for the length of one request.
#[derive(Clone, Debug)]
pub struct Operator {
    /// The session.
    pub session: Uuid,
    /// Who, as the command line said.
    pub name: String,
    /// Token that forms of this session must carry.
    pub csrf: String,
    /// When the session ends.
    pub until: Timestamp,
}

impl App {
    /// Makes a link for an operator, as the owner: its token.
    pub async fn operator_link(&self, name: &str) -> Result<String, Error> {
        let (_, owner) = self.operator()?;
        let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
        let (session, token) = (self.new_id::<Uuid>(), new_token(&*self.random));
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let sealed =
            self.keys.platform()?.directory.seal(&place(session), random_bytes(&*self.random), name.as_bytes());
        let leaf = self.operator_leaf("operator.linked", &noted(session))?;
        let until = self.now() + SignedDuration::from_mins(LINK_MIN);
        owner.operator_link(session, sealed, hash, stored(until), leaf).await?;
        Ok(token)
    }

    /// Whom a link was made for, while it opens a session.
    pub async fn operator_invited(&self, link: &str) -> Result<String, Error> {
        let hash = token_hash(link).ok_or(Error::NotFound)?;
        let (session, sealed) = self.store.operator_linked(hash, self.now()).await?.ok_or(Error::NotFound)?;
        Ok(self.operator_name(session, &sealed))
    }

    /// Opens the session of a link: the token for the cookie, and for how many seconds.
    pub async fn operator_open(&self, link: &str) -> Result<(String, i64), Error> {
        let (link, token) = (token_hash(link).ok_or(Error::NotFound)?, new_token(&*self.random));
        let hash = token_hash(&token).ok_or_else(|| Error::Internal("a new token is no token".to_owned()))?;
        let now = self.now();
        let (session, _) = self.store.operator_linked(link, now).await?.ok_or(Error::NotFound)?;
        let leaf = self.operator_leaf("operator.entered", &noted(session))?;
        let until = now + SignedDuration::from_hours(SESSION_HOURS);
        // Two that use one link at once: one gets in.
        let opened = self.store.operator_open(link, hash, stored(now), stored(until), leaf).await?;
        if opened { Ok((token, SESSION_HOURS * 3600)) } else { Err(Error::NotFound) }
    }

    /// The operator of a cookie.
    pub async fn operator_of(&self, token: &str) -> Result<Operator, Error> {
        let hash = token_hash(token).ok_or(Error::SignedOut)?;
        let row = self.store.operator_session(hash, self.now()).await?.ok_or(Error::SignedOut)?;
        let name = self.operator_name(row.session, &row.name_sealed);
        Ok(Operator { session: row.session, name, csrf: csrf_token(token), until: row.until })
    }

    /// Ends the operator's session.
    pub async fn operator_leave(&self, operator: &Operator) -> Result<(), Error> {
        let leaf = self.operator_leaf("operator.left", &noted(operator.session))?;
        Ok(self.store.operator_end(operator.session, stored(self.now()), leaf).await?)
    }

    /// Enters an act of the operator that touches no tenant in the platform's log: `noun.verb`, and in which session. The
    /// log is public, so names don't stand in it; the session tells them to whoever may read the database.
    pub async fn operator_did(&self, operator: &Operator, verb: &str) -> Result<(), Error> {
        let leaf = self.operator_leaf(verb, &noted(operator.session))?;
        Ok(self.store.operator_enter(leaf).await?)
    }

    fn operator_name(&self, session: Uuid, sealed: &[u8]) -> String {
        let opened = self.keys.platform().ok().and_then(|keys| keys.directory.open(&place(session), sealed).ok());
        opened.and_then(|name| String::from_utf8(name).ok()).unwrap_or_default()
    }

    fn operator_leaf(&self, verb: &str, note: &str) -> Result<(Uuid, Vec<u8>), Error> {
        let leaf = PlatformLeaf::Operator {
            at: format!("{:.6}", stored(self.now())),
            note: Some(note.to_owned()),
            verb: verb.to_owned(),
        };
        leaf.check().map_err(|error| Error::Internal(error.to_string()))?;
        let leaf = leaf.encode();
        Ok((self.platform_id(&leaf)?, leaf))
    }
}

fn noted(session: Uuid) -> String {
    format!("session {session}")
}

fn place(session: Uuid) -> Place<'static> {
    Place { tenant: [0; 16], service: "", entity: "struct.operator_session", record: session.into_bytes(), version: 1 }
}
