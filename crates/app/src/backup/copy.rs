//! STRUCT over a restored copy, with the keys of the one that runs: for drills, and for what a tenant once had. Mails nobody, and
//! remembers nothing beyond the copy's own folder.

use crate::{App, Error, Parts, Settings};
use host::backup::throwaway::ThrowAway;
use host::checkpoint::SeenCheckpoints;
use host::mail::{Folder, Mailer};
use host::postgres::SUPERUSER;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::bootstrap::{APP, DATABASE, OWNER};
use store::{Address, Store};

/// Whom mails of a copy would be from, if it sent any.
const SENDER: &str = "STRUCT <nobody@localhost>";

/// Where a copy is.
#[derive(Clone, Debug)]
pub struct CopyPlace {
    /// As its superuser.
    pub root: Address,
    /// As the application.
    pub app: Address,
    /// As the owner.
    pub owner: Address,
    /// For files that go with it.
    pub folder: PathBuf,
}

impl CopyPlace {
    /// Of a restored cluster that runs.
    pub fn of(restored: &ThrowAway) -> Self {
        let socket_dir = restored.socket_dir();
        let role = |role: &str| Address::socket(&socket_dir, role, DATABASE);
        Self { root: role(SUPERUSER), app: role(APP), owner: role(OWNER), folder: restored.home().to_owned() }
    }

    /// The checkpoints that a STRUCT over the copy remembers.
    pub(crate) fn checkpoints(&self) -> SeenCheckpoints {
        SeenCheckpoints::new(&self.folder.join("checkpoints"))
    }

    fn mail(&self) -> PathBuf {
        Path::join(&self.folder, "mail")
    }
}

impl App {
    /// Another STRUCT, over a copy. A copy from before the newest migrations is brought to this version first.
    pub async fn over(&self, place: &CopyPlace) -> Result<Arc<App>, Error> {
        store::migrate::migrate(&place.owner).await?;
        let mailer = Folder::open(&place.mail(), SENDER).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Arc::new(App::new(Parts {
            store: Store::new(&place.app)?,
            owner: Some((place.owner.clone(), Store::new(&place.owner)?)),
            keyring: self.keys.shared(),
            mailer: Mailer::Folder(mailer),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            settings: Settings {
                operator_address: None,
                demo: false,
                backups: super::Backups::Off("this is a copy".to_owned()),
                checkpoints: place.checkpoints(),
                ..self.settings.clone()
            },
        })))
    }
}
