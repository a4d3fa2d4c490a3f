//! `struct audit stream`: the streams of a tenant's log to systems elsewhere. Each change is an entry of the tenant's log; secrets
//! are read from files, never from the command line, and never printed.

use crate::config::Config;
use crate::log::say;
use crate::operator::{addresses, app};
use anyhow::{Context as _, bail};
use app::audit::stream::{NewStream, StreamKind, StreamState, StreamView};
use app::{App, Error, Refusal};
use clap::Subcommand;
use domain::id::{StreamId, TenantId};
use std::path::PathBuf;
use std::process::ExitCode;

/// Streams.
#[derive(Subcommand, Debug)]
pub enum Stream {
    /// List a tenant's streams and how each does. Ends with 1 when one does not get through.
    List {
        /// The tenant's code.
        tenant: String,
        /// Print one JSON array.
        #[arg(long)]
        json: bool,
    },
    /// Send a tenant's log to a receiver.
    Add {
        /// The tenant's code.
        tenant: String,
        /// https://host/path, or host:port with --kind syslog.
        address: String,
        /// What it is called.
        #[arg(long)]
        name: String,
        /// https or syslog.
        #[arg(long, default_value = "https", value_parser = kind)]
        kind: StreamKind,
        /// File with the value of the Authorization header.
        #[arg(long, value_name = "FILE")]
        authorization_file: Option<PathBuf>,
        /// From the first entry kept, instead of from now on.
        #[arg(long)]
        from_start: bool,
    },
    /// Remove a stream.
    Remove {
        /// The tenant's code.
        tenant: String,
        /// Its id; see `list`.
        stream: StreamId,
    },
    /// Send one event that is no entry. Ends with 1 when it was not taken.
    Test {
        /// The tenant's code.
        tenant: String,
        /// Its id; see `list`.
        stream: StreamId,
    },
}

fn kind(text: &str) -> Result<StreamKind, String> {
    StreamKind::parse(text).ok_or_else(|| "https or syslog".to_owned())
}

/// Runs a command.
pub async fn run(config: &Config, command: Stream) -> anyhow::Result<ExitCode> {
    let app = app(config, &addresses(config)?, false)?;
    match command {
        Stream::List { tenant, json } => {
            let streams = app.operator_streams(tenant_of(&app, &tenant).await?).await?;
            list(&streams, json);
            let failing = streams.iter().any(|stream| stream.state == StreamState::Failing);
            return Ok(ExitCode::from(u8::from(failing)));
        }
        Stream::Add { tenant, address, name, kind, authorization_file, from_start } => {
            let authorization = match &authorization_file {
                Some(file) => std::fs::read_to_string(file)
                    .with_context(|| format!("the file {} can't be read", file.display()))?,
                None => String::new(),
            };
            let new = NewStream { name, kind, address, authorization, from_start };
            let id = app.operator_stream_add(tenant_of(&app, &tenant).await?, &new).await.map_err(explained)?;
            say(&format!("Added the stream {id}. Try it: struct audit stream test {tenant} {id}"));
        }
        Stream::Remove { tenant, stream } => {
            app.operator_stream_remove(tenant_of(&app, &tenant).await?, stream).await.map_err(explained)?;
            say(&format!("Removed the stream {stream}."));
        }
        Stream::Test { tenant, stream } => {
            let tried = app.operator_stream_test(tenant_of(&app, &tenant).await?, stream).await.map_err(explained)?;
            let Err(error) = tried else {
                say("The receiver took the test.");
                return Ok(ExitCode::SUCCESS);
            };
            bail!("the test did not arrive: {error}");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn tenant_of(app: &App, code: &str) -> anyhow::Result<TenantId> {
    let tenant = app.tenants().await?.into_iter().find(|row| row.code == code);
    Ok(tenant.with_context(|| format!("there is no tenant {code}; see `struct tenant list`"))?.tenant)
}

fn list(streams: &[StreamView], json: bool) {
    let state = |stream: &StreamView| match stream.state {
        StreamState::Running => "running",
        StreamState::Failing => "failing",
        StreamState::Paused => "paused",
    };
    if json {
        let row = |stream: &StreamView| {
            let failed = stream.failed.as_ref();
            serde_json::json!({
                "stream": stream.id, "name": stream.name, "kind": stream.kind.code(), "peer": stream.peer,
                "state": state(stream), "position": stream.position, "behind": stream.behind,
                "skipped": stream.skipped, "delivered_at": stream.delivered_at,
                "failed_at": failed.map(|failed| failed.0), "failure": failed.map(|failed| &failed.1),
                "particulars": failed.map(|failed| &failed.2),
            })
        };
        say(&serde_json::Value::Array(streams.iter().map(row).collect()).to_string());
        return;
    }
    if streams.is_empty() {
        say("The log is sent nowhere.");
    }
    for stream in streams {
        let why =
            stream.failed.as_ref().map_or_else(String::new, |(at, code, what)| format!("\n  {code} {what} ({at})"));
        say(&format!(
            "{}  {:<7}  {:<7}  {} waiting, next {}  {}  {}{why}",
            stream.id,
            state(stream),
            stream.kind.code(),
            stream.behind,
            stream.position,
            stream.peer,
            stream.name,
        ));
    }
}

/// An error in a sentence, where it is the person's to mend.
fn explained(error: Error) -> anyhow::Error {
    match error {
        Error::NotFound => anyhow::anyhow!("the tenant has no such stream; see `struct audit stream list`"),
        Error::Invalid(_) => anyhow::anyhow!("a name has 1 to 60 characters"),
        Error::Refused(Refusal::BadStreamAddress) => {
            anyhow::anyhow!("this is no address for a stream: https://host/path, or host:port with --kind syslog")
        }
        Error::Refused(Refusal::StreamNetwork) => {
            anyhow::anyhow!("the address is not public; open its network with allowed_networks of [stream]")
        }
        Error::Refused(Refusal::StreamUndeclared) => {
            anyhow::anyhow!(
                "nobody says in which region this host is, or it is outside the allowed ones; add a [[residency.sink]] \
                 with its address and region to the configuration, and start again"
            )
        }
        Error::Refused(Refusal::BadAuthorization) => {
            anyhow::anyhow!("the value of Authorization is one line of up to 2,000 ASCII characters")
        }
        Error::Refused(Refusal::TooManyStreams) => {
            anyhow::anyhow!("the tenant has as many streams as it may; remove one")
        }
        error => error.into(),
    }
}
