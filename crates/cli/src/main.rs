//! The binary `struct`: up, serve, work, migrate, doctor, tenant, service, bench, drill. Reads arguments and configuration, puts
//! the parts together, and is the one place with the wall clock and the machine's randomness. No rule lives here.

mod audit;
mod backup;
mod bench;
mod certificate;
mod claim;
mod config;
mod doctor;
mod drill;
mod log;
mod machine;
mod metrics;
mod operator;
mod ops;
mod place;
mod repository;
mod residency;
mod serve;
mod service;
mod tenant;
mod trial;
mod up;
mod witness;

use clap::{Parser, Subcommand};
use config::Options;
use std::process::ExitCode;

/// Requests allocate much and briefly; with the C library's allocator that is a fifth of the work of serving one.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Multi-tenant business services that keep their promises, and show it.
#[derive(Parser)]
#[command(name = "struct", version, about, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// One machine, one command: private PostgreSQL, migrations, HTTPS, jobs.
    Up(up::Up),
    /// Serve pages and API; needs database.url.
    Serve,
    /// Work on jobs; needs database.url.
    Work,
    /// Bring the database to this version; needs database.owner_url.
    Migrate(operator::Migrate),
    /// Look for what would keep STRUCT from running, and say what to do.
    Doctor,
    /// Tenants: create, list, contract a service.
    #[command(subcommand)]
    Tenant(tenant::Tenant),
    /// Services: check, install, upgrade, list.
    #[command(subcommand)]
    Service(service::ServiceCommand),
    /// Be a witness of transparency logs, for a partner or for oneself: serve, key, log.
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    /// The operator's pages: a way in.
    #[command(subcommand)]
    Ops(ops::Ops),
    /// The logs: signs of fraud, checkpoints, checks, copies.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Where data goes and in which regions: list, check.
    #[command(subcommand)]
    Residency(residency::ResidencyCommand),
    /// Backups: make, list, verify, restore, and whether what is promised of them is kept.
    #[command(subcommand)]
    Backup(backup::BackupCommand),
    /// What may be said of each promise now, by the newest evidence: list, check one, export.
    Claims(claim::Claims),
    /// Measure against plain PostgreSQL in the same run.
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Break it on purpose, and see whether what was promised is there.
    #[command(subcommand)]
    Drill(drill::Drill),
}

impl Command {
    /// Whether it talks about a server that runs, rather than being one.
    fn is_beside_a_server(&self) -> bool {
        !matches!(self, Self::Up(_) | Self::Serve | Self::Work)
    }

    /// Whether it works on the configured data directory; benches and drills have throw-away ones.
    fn has_data(&self) -> bool {
        !matches!(self, Self::Bench(_) | Self::Drill(_))
    }
}

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    if let Command::Witness(witness) = &arguments.command {
        arguments.options.in_folder(witness.dir());
    }
    let done = run(arguments);
    match done {
        Ok(code) => code,
        Err(error) => {
            log::fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let config = config::load(&arguments.options, arguments.command.is_beside_a_server())?;
    // Reading a manifest needs neither data directory nor another account.
    if let Command::Service(service::ServiceCommand::Check { files }) = &arguments.command {
        return Ok(service::check(files));
    }
    place::leave_root(arguments.command.has_data().then_some(config.data_dir.as_path()))?;
    log::start(&config);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(async {
        match arguments.command {
            Command::Up(up) => up::up(&config, &up).await.map(|()| ExitCode::SUCCESS),
            Command::Serve => serve::standalone(&config, serve::Duty::Serve).await.map(|()| ExitCode::SUCCESS),
            Command::Work => serve::standalone(&config, serve::Duty::Work).await.map(|()| ExitCode::SUCCESS),
            Command::Migrate(migrate) => operator::migrate(&config, &migrate).await.map(|()| ExitCode::SUCCESS),
            Command::Doctor => doctor::doctor(&config).await,
            Command::Tenant(tenant) => tenant::run(&config, tenant).await.map(|()| ExitCode::SUCCESS),
            Command::Service(service) => service::run(&config, service).await,
            Command::Witness(witness) => witness::run(&config, witness).await.map(|()| ExitCode::SUCCESS),
            Command::Ops(ops) => ops::run(&config, ops).await.map(|()| ExitCode::SUCCESS),
            Command::Audit(audit) => audit::run(&config, audit).await,
            Command::Residency(command) => residency::run(&config, &command).await,
            Command::Backup(backup) => backup::run(&config, backup).await,
            Command::Claims(claims) => Ok(claim::run(&config, claims).await),
            Command::Bench(bench) => bench::run(&config, bench).await,
            Command::Drill(drill) => drill::run(&config, drill).await,
        }
    });
    // Blocking work left over (a hash under way) must not hold the process up.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    code
}
