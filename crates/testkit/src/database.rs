//! Throw-away databases, cloned from a template that is made once for each state of schema and manifests. Fills none.

use crate::server::{PrivateServer, Server, block_on, exclusive};
use domain::service::Service;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Address, Store};
use tokio_postgres::{Client, NoTls};

/// The superuser of the test servers.
pub const ROOT: &str = "struct_root";

/// A database that goes when it is dropped.
pub struct Database {
    /// What a client names as host.
    pub socket_dir: PathBuf,
    /// Its name.
    pub name: String,
    dropped: bool,
}

/// The shipped manifests, checked.
pub fn shipped() -> Vec<Service> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("services"))
        .expect("services are shipped")
        .filter_map(|entry| Some(entry.ok()?.path()).filter(|path| path.extension().is_some_and(|end| end == "toml")))
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("a manifest");
            let name = path.display().to_string();
            domain::service::manifest::read(&name, &text).unwrap_or_else(|errors| {
                panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            })
        })
        .collect()
}

/// The checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Database {
    /// A database with the schema and the shipped services, on the shared server.
    pub async fn new() -> Self {
        let server = Server::shared();
        let template = template(server).await;
        let name = new_name();
        let admin = connect(&server.socket_dir, ROOT, "postgres").await;
        let create = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{template}\" OWNER struct_owner");
        admin.batch_execute(&create).await.expect("a clone of the template");
        let database = Self { socket_dir: server.socket_dir.clone(), name, dropped: true };
        // Rights on the database itself are not cloned with it.
        let settings = store::bootstrap::database_settings(&database.name);
        database.root().await.batch_execute(&settings).await.expect("its rights");
        database
    }

    /// A database without any table, on the shared server.
    pub async fn bare() -> Self {
        let server = Server::shared();
        let database = Self { socket_dir: server.socket_dir.clone(), name: new_name(), dropped: true };
        bare(server, &database.name).await;
        database
    }

    /// A database with the schema and the shipped services, on a server of its own.
    pub async fn on(server: &PrivateServer) -> Self {
        let socket_dir = server.cluster.socket_dir();
        fill(&socket_dir, "struct").await;
        Self { socket_dir, name: "struct".to_owned(), dropped: false }
    }

    /// Another database that holds what this one holds now, as a restored copy would. Whoever is connected loses the connection.
    pub async fn copy(&self) -> Self {
        let name = new_name();
        let admin = connect(&self.socket_dir, ROOT, "postgres").await;
        let copied = format!("CREATE DATABASE \"{name}\" TEMPLATE \"{}\" OWNER struct_owner", self.name);
        for _ in 0..100 {
            let ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
            admin.query(ended, &[&self.name]).await.expect("a superuser ends sessions");
            if admin.batch_execute(&copied).await.is_ok() {
                let copy = Self { socket_dir: self.socket_dir.clone(), name, dropped: true };
                copy.root()
                    .await
                    .batch_execute(&store::bootstrap::database_settings(&copy.name))
                    .await
                    .expect("rights");
                return copy;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the database is never left alone");
    }

    /// Where it is, for a role.
    pub fn address(&self, role: &str) -> Address {
        Address::socket(&self.socket_dir, role, &self.name)
    }

    /// The same, through another socket (a proxy's).
    pub fn address_through(&self, socket_dir: &Path, role: &str) -> Address {
        Address::socket(socket_dir, role, &self.name)
    }

    /// As the application comes.
    pub fn store(&self) -> Store {
        Store::new(&self.address(store::bootstrap::APP)).expect("a pool")
    }

    /// As the owner comes.
    pub fn owner(&self) -> Store {
        Store::new(&self.address(store::bootstrap::OWNER)).expect("a pool")
    }

    /// A plain connection as a role.
    pub async fn connect(&self, role: &str) -> Client {
        connect(&self.socket_dir, role, &self.name).await
    }

    /// A plain connection as the superuser, whom no wall stops.
    pub async fn root(&self) -> Client {
        self.connect(ROOT).await
    }

    /// One number, as the superuser.
    pub async fn number(&self, sql: &str) -> i64 {
        self.root().await.query_one(sql, &[]).await.expect("a number").get(0)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.dropped {
            return;
        }
        let (socket_dir, name) = (self.socket_dir.clone(), self.name.clone());
        let gone = std::thread::spawn(move || {
            block_on(async {
                let admin = connect(&socket_dir, ROOT, "postgres").await;
                let _ = admin.batch_execute(&format!("DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)")).await;
            });
        });
        let _ = gone.join();
    }
}

fn new_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst))
}

async fn connect(socket_dir: &Path, role: &str, database: &str) -> Client {
    let mut config = tokio_postgres::Config::new();
    config.host_path(socket_dir).user(role).dbname(database);
    let (client, connection) = config.connect(NoTls).await.expect("the test server answers");
    tokio::spawn(connection);
    client
}

/// What the template is made from; another state makes another template.
fn digest() -> u64 {
    let mut hasher = DefaultHasher::new();
    for folder in ["crates/store/migrations", "services", "crates/store/src", "crates/domain/src/service"] {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join(folder))
            .expect("it is there")
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            std::fs::read(path).expect("readable").hash(&mut hasher);
        }
    }
    hasher.finish()
}

async fn template(server: &Server) -> String {
    let name = format!("template_{:016x}", digest());
    let admin = connect(&server.socket_dir, ROOT, "postgres").await;
    if exists(&admin, &name).await {
        return name;
    }
    // Held across awaits by a thread that may block: only one process makes it.
    let lock = server.lock.clone();
    let _making = tokio::task::spawn_blocking(move || exclusive(&lock)).await.expect("the lock");
    if !exists(&admin, &name).await {
        let unfinished = new_name();
        bare(server, &unfinished).await;
        migrate(&server.socket_dir, &unfinished).await;
        // Connections end a moment after their clients are dropped.
        for _ in 0..100 {
            if admin.batch_execute(&format!("ALTER DATABASE \"{unfinished}\" RENAME TO \"{name}\"")).await.is_ok() {
                return name;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("the template is still in use");
    }
    name
}

async fn exists(admin: &Client, name: &str) -> bool {
    admin.query_opt("SELECT FROM pg_database WHERE datname = $1", &[&name]).await.expect("a list").is_some()
}

async fn bare(server: &Server, name: &str) {
    let _making = {
        let lock = server.lock.with_extension("roles");
        tokio::task::spawn_blocking(move || exclusive(&lock)).await.expect("the lock")
    };
    let root = Address::socket(&server.socket_dir, ROOT, "postgres");
    store::bootstrap::bootstrap_as(&root, name).await.expect("roles and database");
}

async fn fill(socket_dir: &Path, name: &str) {
    let root = Address::socket(socket_dir, ROOT, "postgres");
    store::bootstrap::bootstrap_as(&root, name).await.expect("roles and database");
    migrate(socket_dir, name).await;
}

async fn migrate(socket_dir: &Path, name: &str) {
    let owner = Address::socket(socket_dir, store::bootstrap::OWNER, name);
    store::migrate::migrate(&owner).await.expect("migrations");
    for service in shipped() {
        store::schema::install(&owner, &service, &[]).await.expect("a service");
    }
}
