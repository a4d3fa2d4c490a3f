//! `struct witness`: a witness of transparency logs that needs no PostgreSQL and no configuration; and the witnesses that this
//! STRUCT asks, as configured. The rules are `ledger`'s, the files `host`'s, the addresses `web`'s.

use crate::config::Config;
use crate::log::say;
use crate::machine::{SystemBytes, SystemClock};
use crate::serve;
use anyhow::{Context as _, bail};
use app::audit::witness::Asked;
use clap::{Args, Subcommand};
use domain::time::Clock as _;
use host::tls::{Source, Tls};
use host::witness::{MAX_REQUEST_BYTES, NotCosigned, Remote, Witness, add_log, remove_log, trusted_logs, vkey};
use ledger::note::VerifierKey;
use ledger::witness::SIZE_CONTENT_TYPE;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpListener;
use web::WitnessAnswer;

/// Witnesses asked at most: their lines must fit below a checkpoint, with room for those of others.
const MAX_WITNESSES: usize = 16;
/// Characters of a witness's name, as far as it is kept.
const MAX_NAME_CHARS: usize = 200;

/// `struct witness`.
#[derive(Subcommand, Debug)]
pub enum WitnessCommand {
    /// Take checkpoints of the logs that are known, and cosign those that only grow.
    Serve(Serve),
    /// Print the witness's public key, for `[[witness]]` of those it is to cosign for.
    Key(Key),
    /// The logs it knows: add, remove, list.
    #[command(subcommand)]
    Log(LogCommand),
}

/// Where the witness is.
#[derive(Args, Debug)]
pub struct Place {
    /// Its folder: key, list of logs, what was seen of each
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
}

/// Options of `struct witness serve`.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Its name, at the first start: an address without https://, such as witness.example.jp/w1
    #[arg(long)]
    name: Option<String>,
    /// Address to listen on; without a certificate, on loopback only
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Public keys of logs to know beside the list
    #[arg(long, value_name = "VKEY", num_args = 1..)]
    log: Vec<String>,
    /// Certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Instead: names for a certificate of an authority of its own, which those who ask must be given
    #[arg(long, value_name = "NAME", num_args = 1.., conflicts_with = "tls_cert")]
    tls_name: Vec<String>,
}

/// Options of `struct witness key`.
#[derive(Args, Debug)]
pub struct Key {
    #[command(flatten)]
    place: Place,
    /// Its name, the first time
    #[arg(long)]
    name: Option<String>,
}

/// `struct witness log`.
#[derive(Subcommand, Debug)]
pub enum LogCommand {
    /// Know a log by its public key; a witness that runs does with its next request.
    Add {
        #[command(flatten)]
        place: Place,
        /// The first line of its checkpoints, when that is not the key's name
        #[arg(long)]
        origin: Option<String>,
        /// The log's public key, as it stands at /keys of the log
        vkey: String,
    },
    /// Know a log no longer. What was seen of it is kept.
    Remove {
        #[command(flatten)]
        place: Place,
        /// The first line of its checkpoints
        origin: String,
    },
    /// Print the logs with their keys.
    List {
        #[command(flatten)]
        place: Place,
    },
}

impl WitnessCommand {
    /// The folder it works on.
    pub fn dir(&self) -> &Path {
        match self {
            Self::Serve(Serve { place, .. }) | Self::Key(Key { place, .. }) => &place.dir,
            Self::Log(
                LogCommand::Add { place, .. } | LogCommand::Remove { place, .. } | LogCommand::List { place },
            ) => &place.dir,
        }
    }
}

/// Does what was asked. The configuration's data directory is the witness's folder.
pub async fn run(config: &Config, command: WitnessCommand) -> anyhow::Result<()> {
    let dir = &config.data_dir;
    match command {
        WitnessCommand::Serve(options) => return serve_witness(dir, &options).await,
        WitnessCommand::Key(Key { name, .. }) => {
            say(&vkey(dir, name.as_deref(), &SystemBytes::new())?.to_string());
        }
        WitnessCommand::Log(LogCommand::Add { origin, vkey, .. }) => {
            let key = VerifierKey::parse(&vkey)?;
            let new = add_log(dir, origin.as_deref(), &key)?;
            let log = origin.as_deref().unwrap_or(key.name());
            say(&format!("{log} is {}", if new { "known now" } else { "known already" }));
        }
        WitnessCommand::Log(LogCommand::Remove { origin, .. }) => {
            if !remove_log(dir, &origin)? {
                bail!("{origin} is not in the list; `struct witness log list` shows what is");
            }
            say(&format!("{origin} is known no longer"));
        }
        WitnessCommand::Log(LogCommand::List { .. }) => {
            for log in trusted_logs(dir)? {
                say(&log.origin);
                log.vkeys.iter().for_each(|key| say(&format!("  {key}")));
            }
        }
    }
    Ok(())
}

async fn serve_witness(dir: &Path, options: &Serve) -> anyhow::Result<()> {
    let source = match (&options.tls_cert, &options.tls_key) {
        (Some(chain), Some(key)) => Some(Source::Files { chain: chain.clone(), key: key.clone() }),
        _ if !options.tls_name.is_empty() => Some(Source::Own { names: options.tls_name.clone() }),
        _ if options.listen.ip().is_loopback() => None,
        _ => bail!(
            "{} can be reached from elsewhere, and nothing is served there without TLS: give --tls-cert and --tls-key, \
             or --tls-name for a certificate of its own authority, or listen on loopback behind a proxy that has one",
            options.listen
        ),
    };
    let also = options.log.iter().map(|key| VerifierKey::parse(key)).collect::<Result<Vec<_>, _>>()?;
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("{} can't be listened on; name another address with --listen", options.listen))?;
    let witness = Arc::new(Witness::open(dir, options.name.as_deref(), also, &SystemBytes::new())?);
    let folder = dir.join("tls");
    let tls = match source {
        Some(source) => {
            std::fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
            Some(Tls::open(&folder, source, SystemClock.now())?)
        }
        None => None,
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(&format!(
        "{} witnesses {} logs at {scheme}://{}",
        witness.vkey(),
        witness.known_logs()?,
        listener.local_addr()?
    ));
    if let Some(authority) = tls.as_ref().and_then(Tls::authority_file) {
        say(&format!("Those who ask trust its certificate by {} (ca_file)", authority.display()));
    }
    serve::alone(listener, router(witness), tls).until_asked_to_stop().await
}

fn router(witness: Arc<Witness>) -> axum::Router {
    let about = format!(
        "This is a witness of transparency logs. It cosigns a log's checkpoint when the log has only grown since the one \
         before.\n\n  key       {}\n  protocol  https://c2sp.org/tlog-witness\n",
        witness.vkey()
    );
    web::witness_router(about, MAX_REQUEST_BYTES, move |body| answer(&witness, &body))
}

/// The answer to a request, as the protocol has it.
fn answer(witness: &Witness, body: &str) -> WitnessAnswer {
    match witness.add_checkpoint(body, SystemClock.now()) {
        Ok(lines) => WitnessAnswer::text(200, lines),
        Err(NotCosigned::Refused(refusal)) => match refusal.size_body() {
            Some(size) => WitnessAnswer { status: refusal.status(), content_type: SIZE_CONTENT_TYPE, body: size },
            None => WitnessAnswer::text(refusal.status(), format!("{refusal}\n")),
        },
        Err(NotCosigned::Fault(error)) => {
            tracing::error!(%error, "nothing was cosigned");
            WitnessAnswer::text(500, "the witness can't use its files now; its operator sees why\n")
        }
    }
}

/// The witnesses that this STRUCT asks.
pub fn asked(config: &Config) -> anyhow::Result<Vec<Asked>> {
    if config.witness.len() > MAX_WITNESSES {
        bail!("{MAX_WITNESSES} witnesses are asked at most; take some [[witness]] out");
    }
    let mut names = BTreeSet::new();
    let mut asked = Vec::new();
    for witness in &config.witness {
        let about = || format!("[[witness]] {}", witness.url);
        let key = VerifierKey::parse(&witness.vkey).with_context(about)?;
        if key.name().chars().count() > MAX_NAME_CHARS {
            bail!("{}: a name has {MAX_NAME_CHARS} characters at most", about());
        }
        if !names.insert(key.name().to_owned()) {
            bail!("{}: {} stands there twice; each witness has a name of its own", about(), key.name());
        }
        let remote = Remote::new(&witness.url, key, witness.ca_file.as_deref()).with_context(about)?;
        asked.push(Asked { remote, tenants: witness.logs == crate::config::WitnessLogs::All });
    }
    Ok(asked)
}
