//! The servers of the drill of the log: `struct up`, which brings PostgreSQL, and beside it `struct serve` and `struct work`
//! on the same database and keyring. Each is told from the others by the name of its connections.

use crate::trial::client::Client;
use crate::trial::product::{Product, free_ports};
use anyhow::Context as _;
use host::process::Twin;
use std::net::SocketAddr;
use std::path::PathBuf;
use store::bootstrap::{APP, DATABASE};

/// What `struct up` calls its connections.
pub const UP: &str = "struct";
/// Servers that only work. Together with `struct up` they may lead.
const WORKERS: [&str; 2] = ["work-1", "work-2"];
const SERVE: &str = "serve";

/// A server beside `struct up`.
struct Beside {
    name: &'static str,
    arguments: Vec<String>,
    log: PathBuf,
    process: Twin,
}

/// All of them.
pub struct Servers {
    beside: Vec<Beside>,
    https: SocketAddr,
}

impl Servers {
    /// Starts those beside a product that is ready.
    pub fn start(product: &Product) -> anyhow::Result<Self> {
        let (https, http) = free_ports()?;
        let mut beside = Vec::new();
        for name in WORKERS {
            beside.push(Beside::start(product, name, "work", Vec::new())?);
        }
        let ports = vec!["--https".to_owned(), https.to_string(), "--http".to_owned(), http.to_string()];
        beside.push(Beside::start(product, SERVE, "serve", ports)?);
        Ok(Self { beside, https })
    }

    /// The same client, of the one that serves beside `struct up`.
    pub fn client(&self, client: &Client) -> Client {
        client.at(self.https)
    }

    /// SIGKILL of the one whose connections have that name, and a new one at once.
    pub async fn kill(&mut self, product: &mut Product, name: &str) -> anyhow::Result<()> {
        if name == UP {
            product.kill().await?;
            return product.launch();
        }
        let found = self.beside.iter_mut().find(|beside| beside.name == name);
        let beside = found.with_context(|| format!("a connection called {name} leads, and no server is called so"))?;
        beside.process.kill().await?;
        beside.process = Twin::start(&beside.arguments, &beside.log)?;
        Ok(())
    }

    /// SIGTERM for all beside `struct up`.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        for beside in &mut self.beside {
            beside.process.stop().await?;
        }
        Ok(())
    }
}

impl Beside {
    fn start(product: &Product, name: &'static str, command: &str, more: Vec<String>) -> anyhow::Result<Self> {
        let socket = product.socket_dir().display().to_string().replace('%', "%25").replace('/', "%2F");
        let config = product.folder().join(format!("{name}.toml"));
        let url = format!("postgres://{APP}@{socket}/{DATABASE}?application_name={name}");
        std::fs::write(&config, format!("[database]\nurl = {}\n", toml::Value::from(url)))?;
        let option = |name: &str, value: String| [format!("--{name}"), value];
        let mut arguments = vec![command.to_owned()];
        arguments.extend(option("data-dir", product.layout().root().display().to_string()));
        arguments.extend(option("config", config.display().to_string()));
        arguments.extend(option("public-url", product.public_url().to_owned()));
        arguments.extend(more);
        let log = product.folder().join(format!("{name}.log"));
        let process = Twin::start(&arguments, &log)?;
        Ok(Self { name, arguments, log, process })
    }
}
