//! A witness elsewhere, asked to cosign a checkpoint (C2SP tlog-witness, the client's side). Believes nothing but a signature
//! that holds; keeps nothing, and asks once.

use crate::https::{Https, HttpsError, address};
use ledger::note::{KeyKind, Note, VerifierKey};
use ledger::witness::{AddCheckpoint, SIZE_CONTENT_TYPE, parse_answer};
use std::path::Path;

/// Characters of a refusal's text that are kept.
const MAX_SAID_CHARS: usize = 200;
/// The type of what is sent.
const CONTENT_TYPE: &str = "text/plain; charset=utf-8";

/// Why there was no answer that counts.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The key is no witness's.
    #[error("{0} is not the key of a witness; `struct witness key`, or its operator, says which is")]
    NotAWitness(String),
    /// Nobody answered.
    #[error(transparent)]
    Https(#[from] HttpsError),
    /// The answer has no signature that holds.
    #[error("the witness answered without a signature of its own: {0}")]
    NotSigned(String),
    /// It does not do what is asked, for a reason that says nothing of the log.
    #[error("the witness answered {status}: {said}")]
    Refused {
        /// The status.
        status: u16,
        /// What it says.
        said: String,
        /// Seconds after which it may be asked again, when it says so.
        retry_after: Option<u64>,
    },
}

/// What a witness says of a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Replied {
    /// It cosigned: its signature line, ended by a newline, checked.
    Cosigned {
        /// The line.
        line: String,
        /// The second since 1970 that it names.
        time: u64,
    },
    /// It has last seen another size than was said.
    Seen(u64),
    /// It has seen another root of the same size.
    OtherRoot,
    /// The checkpoint does not follow from what it has seen.
    Inconsistent,
}

/// A witness elsewhere.
#[derive(Clone, Debug)]
pub struct Remote {
    vkey: VerifierKey,
    url: String,
    https: Https,
}

impl Remote {
    /// A witness by its submission prefix and its key; `authority` is a file of authorities to trust instead of the
    /// machine's. Connects to nothing yet.
    pub fn new(url: &str, vkey: VerifierKey, authority: Option<&Path>) -> Result<Self, RemoteError> {
        if vkey.kind() != KeyKind::Cosignature {
            return Err(RemoteError::NotAWitness(vkey.to_string()));
        }
        let url = format!("{}/add-checkpoint", url.trim_end_matches('/'));
        address(&url)?;
        Ok(Self { vkey, url, https: Https::new(authority)? })
    }

    /// Its name: that of its key.
    pub fn name(&self) -> &str {
        self.vkey.name()
    }

    /// Its key.
    pub fn vkey(&self) -> &VerifierKey {
        &self.vkey
    }

    /// Asks it to cosign.
    pub async fn add_checkpoint(&self, request: &AddCheckpoint) -> Result<Replied, RemoteError> {
        let answer = self.https.post(&self.url, CONTENT_TYPE, &[], request.to_string().into_bytes()).await?;
        let body = String::from_utf8_lossy(&answer.body);
        match answer.status {
            200 => self.signed(&request.checkpoint, &body),
            409 if media_type(&answer.content_type) == SIZE_CONTENT_TYPE => match size(&body) {
                Some(size) => Ok(Replied::Seen(size)),
                None => Err(RemoteError::Refused { status: 409, said: shown(&body), retry_after: None }),
            },
            409 if request.claimed().is_ok_and(|claimed| claimed.size == request.old) => Ok(Replied::OtherRoot),
            422 => Ok(Replied::Inconsistent),
            status => Err(RemoteError::Refused { status, said: shown(&body), retry_after: answer.retry_after }),
        }
    }

    /// Asks what every witness must refuse, so that it changes nothing: whether somebody is there who reads requests.
    pub async fn answers(&self) -> Result<(), RemoteError> {
        let answer = self.https.post(&self.url, CONTENT_TYPE, &[], Vec::new()).await?;
        match answer.status {
            400 => Ok(()),
            status => Err(RemoteError::Refused {
                status,
                said: shown(&String::from_utf8_lossy(&answer.body)),
                retry_after: answer.retry_after,
            }),
        }
    }

    /// Its own signature among the lines: others are passed over, a wrong one of its key spoils the answer.
    fn signed(&self, checkpoint: &Note, lines: &str) -> Result<Replied, RemoteError> {
        let lines = parse_answer(lines).map_err(|error| RemoteError::NotSigned(error.to_string()))?;
        for line in lines.into_iter().filter(|line| line.name() == self.vkey.name() && line.id() == self.vkey.id()) {
            let text = format!("{line}\n");
            let note = Note::new(checkpoint.text().to_owned(), vec![line]);
            let verified = note.and_then(|note| note.verify(std::slice::from_ref(&self.vkey)));
            let verified = verified.map_err(|error| RemoteError::NotSigned(error.to_string()))?;
            if let Some(time) = verified.first().and_then(|signature| signature.time) {
                return Ok(Replied::Cosigned { line: text, time });
            }
        }
        Err(RemoteError::NotSigned(format!("none of the lines is by {}", self.vkey)))
    }
}

fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// A size in decimal, ended by a newline.
fn size(body: &str) -> Option<u64> {
    let digits = body.strip_suffix('\n')?;
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    digits.parse().ok().filter(|_| plain)
}

fn shown(body: &str) -> String {
    body.chars().filter(|c| !c.is_control()).take(MAX_SAID_CHARS).collect()
}
