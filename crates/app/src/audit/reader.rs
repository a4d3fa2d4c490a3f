//! Readers of a log from outside: the tokens of a tenant's log, and the files that are served of it. A file is served as it was
//! published; nothing is proven or checked here.

use super::proof::LogName;
use crate::error::Refusal;
use crate::op::{Caller, Peer, describe_peer, on_fresh_rights};
use crate::{App, Error};
use domain::audit::sign::day_of;
use domain::audit::{Actor, Change, Detail, Outcome, Target, Verb};
use domain::id::{TenantId, TokenId};
use domain::record::{Fault, FaultReason};
use domain::session::new_token;
use jiff::{SignedDuration, Timestamp};
use ledger::hash::Hash;
use ledger::tile::{TileKind, TilePath};
use store::ledger::{TokenRow, token_add, token_entered, token_revoke};
use store::{Check, Flight, Head, StoreError};

/// For how many days a token may be made to work.
pub const TOKEN_DAYS: std::ops::RangeInclusive<i64> = 1..=730;
/// For how many it is made unless one says otherwise.
pub const TOKEN_DAYS_USUAL: i64 = 365;
/// Tokens of a tenant that work at the same time, at most.
pub const MAX_TOKENS: i64 = 20;
/// Tokens the page shows; those that work no more scroll out.
const MAX_TOKENS_SHOWN: i64 = 50;
/// Longest name of a token, in characters.
const MAX_TOKEN_NAME_CHARS: usize = 60;
/// Longest token looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 200;
/// A token's last use is written down at most this often.
const USED_EVERY_SECS: i64 = 60;
/// Checkpoints in one answer to `checkpoints`.
pub const CHECKPOINTS_AT_ONCE: i64 = 256;
/// Positions beyond can't be in any log.
const MAX_TILE_INDEX: u64 = i64::MAX as u64 / 256 - 1;

/// Whether a token works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenState {
    /// It does.
    Working,
    /// Its time is over.
    Expired,
    /// An administrator revoked it.
    Revoked,
}

/// A token as administrators see it.
#[derive(Clone, Debug)]
pub struct TokenView {
    /// Its id.
    pub id: TokenId,
    /// What it is called.
    pub name: String,
    /// Whether it works.
    pub state: TokenState,
    /// How the one who made it is called.
    pub created_by_name: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token just made. Its text is told once, here.
#[derive(Clone, Debug)]
pub struct NewLogToken {
    /// The text.
    pub text: String,
    /// What it is called.
    pub name: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What a file of the log holds, and so how it may be kept by others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFileKind {
    /// Text that changes with the log.
    Text,
    /// Hashes; never change.
    Hashes,
    /// Entries; never change.
    Entries,
}

/// A file of the log.
#[derive(Clone, Debug)]
pub struct LogFile {
    /// What it holds.
    pub kind: LogFileKind,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl App {
    /// A file of a log by its path below the log's prefix, whoever asks. `after` belongs to `checkpoints`.
    pub async fn log_file(&self, log: LogName, path: &str, after: u64) -> Result<LogFile, Error> {
        let text = |text: String| LogFile { kind: LogFileKind::Text, bytes: text.into_bytes() };
        match path {
            "checkpoint" => Ok(text(self.log_checkpoint(log).await?.ok_or(Error::NotFound)?)),
            "keys" => {
                let keys = self.log_keys(log).await?;
                let lines: String = keys.into_iter().map(|key| format!("{key}\n")).collect();
                if lines.is_empty() { Err(Error::NotFound) } else { Ok(text(lines)) }
            }
            "checkpoints" => Ok(text(self.log_checkpoints(log, after).await?)),
            path => {
                let path =
                    TilePath::parse(path).ok().filter(|path| path.index <= MAX_TILE_INDEX).ok_or(Error::NotFound)?;
                let kind = if path.kind == TileKind::Entries { LogFileKind::Entries } else { LogFileKind::Hashes };
                let bytes = self.log_tile(log, path).await?.ok_or(Error::NotFound)?;
                Ok(LogFile { kind, bytes })
            }
        }
    }

    async fn log_checkpoints(&self, log: LogName, after: u64) -> Result<String, Error> {
        if i64::try_from(after).is_err() {
            return Ok(String::new());
        }
        let rows = self.store.checkpoints(log.id(), after, CHECKPOINTS_AT_ONCE).await?;
        Ok(rows.into_iter().map(|row| ended(row.note)).collect())
    }

    /// Lets a token read a tenant's log. One answer, `SignedOut`, for an unknown tenant and a token that does not work. The
    /// first time on a day stands in the log.
    pub async fn log_reader(&self, peer: &Peer, tenant: TenantId, token: &str) -> Result<(), Error> {
        // The text of another tenant's token is looked for behind this tenant's wall, where it is not.
        let hash = Hash::of(&token.as_bytes()[..token.len().min(MAX_TOKEN_BYTES)]).0;
        let row = self.store.log_token(tenant, hash).await?.ok_or(Error::SignedOut)?;
        let now = self.now();
        if token_state(&row, now) != TokenState::Working || token.len() > MAX_TOKEN_BYTES {
            return Err(Error::SignedOut);
        }
        if row.entered_on != Some(day_of(now)) {
            return self.enter_reader(peer, tenant, &row, now).await;
        }
        if row.last_used_at.is_none_or(|used| now.duration_since(used).as_secs() >= USED_EVERY_SECS) {
            self.store.log_token_used(tenant, row.id, now).await?;
        }
        Ok(())
    }

    async fn enter_reader(&self, peer: &Peer, tenant: TenantId, row: &TokenRow, now: Timestamp) -> Result<(), Error> {
        let mut detail = Detail { note: Some(format!("token={}", row.name)), ..Detail::default() };
        describe_peer(&mut detail, peer);
        let entry = self.entry(
            tenant,
            Actor::Anyone,
            Verb::AuditLogRead,
            Outcome::Done,
            peer.request,
            Target::default(),
            detail,
        )?;
        let head = Head { tenant, check: Check::Nothing };
        let note = token_entered(tenant, row.id, day_of(now), now);
        match self.store.fly(Flight::write(head, vec![note], &[entry])).await {
            // Another request of the same moment entered it.
            Err(StoreError::Unexpected) => Ok(()),
            done => Ok(done.map(drop)?),
        }
    }

    /// Lets a signed-in administrator read their tenant's log from a browser.
    pub async fn log_reader_member(&self, caller: &Caller, tenant: TenantId) -> Result<(), Error> {
        if caller.tenant != tenant {
            return Err(Error::SignedOut);
        }
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            let today = day_of(self.now());
            if self.log_readers.get(&caller.session) != Some(today) {
                let (target, detail) = (Target::default(), Detail::default());
                let entry = self.entry_of(caller, Verb::AuditLogRead, Outcome::Done, target, detail)?;
                self.store.enter(head, &[entry]).await?;
                self.log_readers.put(caller.session, today);
            }
            Ok(())
        })
    }

    /// The tokens of the tenant's log, newest first.
    pub async fn log_tokens(&self, caller: &Caller) -> Result<Vec<TokenView>, Error> {
        on_fresh_rights!(self, caller.tenant, async {
            let (head, snapshot) = self.administrator(caller, "log").await?;
            let rows = self.store.log_tokens(head, MAX_TOKENS_SHOWN).await?;
            let names = self.named(&snapshot, &rows.iter().map(|row| row.created_by).collect::<Vec<_>>()).await?;
            let now = self.now();
            let view = |row: TokenRow| TokenView {
                state: token_state(&row, now),
                created_by_name: names.get(&row.created_by).cloned(),
                id: row.id,
                name: row.name,
                created_at: row.created_at,
                expires_at: row.expires_at,
                last_used_at: row.last_used_at,
            };
            Ok(rows.into_iter().map(view).collect())
        })
    }

    /// One token, to be asked about before it is revoked.
    pub async fn log_token(&self, caller: &Caller, id: TokenId) -> Result<TokenView, Error> {
        let found = self.log_tokens(caller).await?.into_iter().find(|token| token.id == id);
        match found {
            Some(token) => Ok(token),
            None => {
                let (head, _) = self.administrator(caller, "log").await?;
                Err(self.nothing_there(caller, head, format!("token {id}")).await)
            }
        }
    }

    /// Makes a token that works for so many days.
    pub async fn log_token_create(&self, caller: &Caller, name: &str, days: i64) -> Result<NewLogToken, Error> {
        let name = token_name(name)?;
        if !TOKEN_DAYS.contains(&days) {
            let reason = FaultReason::OutOfRange { min: Some(*TOKEN_DAYS.start()), max: Some(*TOKEN_DAYS.end()) };
            return Err(Error::Invalid(vec![Fault::new("days", reason)]));
        }
        let text = format!("sl_{}_{}", caller.tenant.0.simple(), new_token(&*self.random));
        on_fresh_rights!(self, caller.tenant, self.log_token_create_once(caller, &name, days, &text))
    }

    async fn log_token_create_once(
        &self,
        caller: &Caller,
        name: &str,
        days: i64,
        text: &str,
    ) -> Result<NewLogToken, Error> {
        let (head, _) = self.unfrozen_administrator(caller, "log").await?;
        let now = self.now();
        let row = TokenRow {
            id: self.new_id(),
            name: name.to_owned(),
            created_by: caller.user,
            created_at: now,
            expires_at: now.saturating_add(SignedDuration::from_hours(days * 24)).unwrap_or(now),
            last_used_at: None,
            entered_on: None,
            revoked_at: None,
        };
        let expires = Change { field: "expires_at".to_owned(), before: None, after: Some(row.expires_at.to_string()) };
        let detail = Detail { note: Some(format!("token={name}")), changes: vec![expires], ..Detail::default() };
        let entry = self.entry_of(caller, Verb::AuditTokenCreated, Outcome::Done, Target::default(), detail)?;
        let add = token_add(caller.tenant, &row, Hash::of(text.as_bytes()).0, MAX_TOKENS);
        match self.store.fly(Flight::write(head, vec![add], &[entry])).await {
            Err(StoreError::Unexpected) => Err(Error::Refused(Refusal::TooManyTokens)),
            done => done.map_err(Error::from).map(|_| NewLogToken {
                text: text.to_owned(),
                name: row.name.clone(),
                expires_at: row.expires_at,
            }),
        }
    }

    /// Revokes a token: it opens nothing from now on. One that is revoked already stays so.
    pub async fn log_token_revoke(&self, caller: &Caller, id: TokenId) -> Result<(), Error> {
        let token = self.log_token(caller, id).await?;
        on_fresh_rights!(self, caller.tenant, async {
            let (head, _) = self.administrator(caller, "log").await?;
            let detail = Detail { note: Some(format!("token={}", token.name)), ..Detail::default() };
            let entry = self.entry_of(caller, Verb::AuditTokenRevoked, Outcome::Done, Target::default(), detail)?;
            match self.store.fly(Flight::write(head, vec![token_revoke(caller.tenant, id, self.now())], &[entry])).await
            {
                Err(StoreError::Unexpected) => Ok(()),
                done => Ok(done.map(drop)?),
            }
        })
    }
}

/// A note as it stands among others: behind it comes a line that no note has.
pub(crate) fn ended(note: String) -> String {
    note + "--\n"
}

fn token_state(row: &TokenRow, now: Timestamp) -> TokenState {
    if row.revoked_at.is_some() {
        TokenState::Revoked
    } else if row.expires_at <= now {
        TokenState::Expired
    } else {
        TokenState::Working
    }
}

fn token_name(typed: &str) -> Result<String, Error> {
    let name = typed.trim();
    let found = name.chars().count();
    let reason = match name.chars().find(|c| c.is_control()) {
        Some(c) => FaultReason::ControlCharacter { code: u32::from(c) },
        None if found == 0 => FaultReason::Required,
        None if found > MAX_TOKEN_NAME_CHARS => FaultReason::TooLong { max: MAX_TOKEN_NAME_CHARS, found },
        None => return Ok(name.to_owned()),
    };
    Err(Error::Invalid(vec![Fault::new("name", reason)]))
}
