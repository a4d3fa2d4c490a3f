//! `struct ops`: the way in to the operator's pages. Serves nothing itself.

use crate::config::Config;
use crate::log::say;
use crate::operator::commander;
use anyhow::bail;
use app::session::operator::{LINK_MIN, MAX_NAME_CHARS};
use clap::Subcommand;

/// The operator's pages.
#[derive(Subcommand, Debug)]
pub enum Ops {
    /// Make a link that opens the operator's pages once, within ten minutes.
    Link {
        /// Who comes in, as the pages and the database name them [default: the account that runs the command]
        #[arg(long)]
        name: Option<String>,
        /// Print one JSON object.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command.
pub async fn run(config: &Config, ops: Ops) -> anyhow::Result<()> {
    let Ops::Link { name, json } = ops;
    let Some(address) = config.ops else {
        bail!("the operator's pages are switched off; set --ops to an address such as 127.0.0.1:8444 and start again");
    };
    let name = name.or_else(account).unwrap_or_default();
    if name.trim().is_empty() || name.chars().count() > MAX_NAME_CHARS {
        bail!("name the operator with --name, in 1 to {MAX_NAME_CHARS} characters");
    }
    let token = commander(config)?.operator_link(name.trim()).await?;
    let link = format!("{}/enter/{token}", crate::serve::ops_url(address));
    if json {
        say(&serde_json::json!({ "link": link, "name": name.trim(), "minutes": LINK_MIN }).to_string());
    } else {
        say(&format!("{link}\n\nOpens the operator's pages for {}, once, within {LINK_MIN} minutes.", name.trim()));
    }
    Ok(())
}

/// Who runs the command: before sudo, if it was that; where the environment names nobody, the account of the process.
fn account() -> Option<String> {
    let named = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    named.filter(|name| !name.is_empty()).or_else(|| host::account::Account::current().map(|account| account.name))
}
