//! Whether and how the private PostgreSQL gives away its log. Knows no repository and runs no command.

use crate::secret::Secret;

/// Where a cluster's log goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Archiving {
    /// Nowhere: old segments are reused.
    #[default]
    Off,
    /// To a command.
    On(Archiver),
}

/// A command that takes segments away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archiver {
    /// As PostgreSQL runs it: `%p` is the segment's path. It must end well only when the segment is safe.
    pub command: String,
    /// Seconds after which a segment with anything in it is closed, so that it is taken away.
    pub interval_s: u32,
    /// What the command finds in its environment, which is the server's.
    pub environment: Vec<(&'static str, Secret)>,
}

impl Archiving {
    /// What a server needs in its environment.
    pub(super) fn environment(&self) -> &[(&'static str, Secret)] {
        match self {
            Self::Off => &[],
            Self::On(archiver) => &archiver.environment,
        }
    }
}
