//! Serving: listeners, TLS, draining, the worker. `struct up` and `struct serve` share it. Pages and API are `web`'s.

use crate::config::Config;
use crate::metrics;
use crate::operator::{self, Addresses};
use crate::place::Layout;
use anyhow::Context as _;
use app::App;
use app::claim::page::OwnPage;
use axum::Router;
use axum::extract::ConnectInfo;
use host::tls::{CHALLENGE_PROTOCOL, Tls};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// Connections at the same time; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 2_000;
/// How long a TLS handshake may take.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// How long the head of a request may take.
const HEAD_LIMIT: Duration = Duration::from_secs(20);
/// How long running requests may go on after SIGTERM.
const DRAIN_LIMIT: Duration = Duration::from_secs(30);

/// What a process does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duty {
    /// Pages and API.
    Serve,
    /// Jobs.
    Work,
    /// Both: `struct up`.
    Both,
}

/// The ports, taken before anything else is touched.
pub struct Listeners {
    https: TcpListener,
    http: TcpListener,
    metrics: Option<TcpListener>,
    ops: Option<TcpListener>,
}

impl Listeners {
    /// Takes the ports.
    pub async fn bind(config: &Config) -> anyhow::Result<Self> {
        let bind = async |address: SocketAddr, option: &str| {
            TcpListener::bind(address)
                .await
                .with_context(|| format!("{address} can't be listened on; name another address with {option}"))
        };
        let metrics = match config.metrics {
            Some(address) => Some(bind(address, "--metrics").await?),
            None => None,
        };
        let ops = match config.ops {
            Some(address) => Some(bind(address, "--ops").await?),
            None => None,
        };
        Ok(Self { https: bind(config.https, "--https").await?, http: bind(config.http, "--http").await?, metrics, ops })
    }
}

/// What runs, until it is asked to stop.
pub struct Serving {
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Serving {
    /// Waits for SIGTERM or SIGINT, then drains.
    pub async fn until_asked_to_stop(self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: running requests are finished first");
        self.stop().await;
        Ok(())
    }

    /// Drains: no new connections, running requests and the batch under way are finished, within a bound.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        let all = async {
            for task in self.tasks {
                let _ = task.await;
            }
        };
        if tokio::time::timeout(DRAIN_LIMIT, all).await.is_err() {
            tracing::warn!("some requests were still running at the limit and are cut off");
        }
    }
}

/// `struct serve` and `struct work`, on a database of the operator's own.
pub async fn standalone(config: &Config, duty: Duty) -> anyhow::Result<()> {
    let addresses = Addresses::configured(config)?
        .context("set database.url to your PostgreSQL, or use `struct up` for a private one")?;
    crate::residency::require(config, false)?;
    crate::certificate::require(config)?;
    Layout::new(config).make()?;
    let app = operator::app_with(config, &addresses, false, operator::Opened::with_backups(config).await?)?;
    app.store().check_schema().await?;
    app.provision_platform()?;
    if duty == Duty::Work {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = background(config, &app, &stopped)?;
        tasks.push(tokio::spawn(Arc::clone(&app).watch_connections(stopped.clone())));
        return Serving { stop, tasks }.until_asked_to_stop().await;
    }
    let listeners = Listeners::bind(config).await?;
    crate::log::say(&format!("STRUCT serves {}", config.public_url));
    start(config, app, listeners, duty).await?.until_asked_to_stop().await
}

/// Starts everything of a duty.
pub async fn start(config: &Config, app: Arc<App>, listeners: Listeners, duty: Duty) -> anyhow::Result<Serving> {
    let (stop, stopped) = watch::channel(false);
    app.serve_drills(Arc::new(crate::backup::Served { public_url: config.public_url.clone() }));
    let mut tasks = Vec::new();
    let certificate = crate::certificate::open(config)?;
    let (tls, scan) = (Arc::clone(&certificate.tls), crate::certificate::scan(config)?);
    let pages = web::router(Arc::clone(&app), web::Options { origins: vec![config.public_url.clone()] });
    let page = own_page(config, listeners.https.local_addr()?);
    let acceptor = TlsAcceptor::from(tls.server_config());
    tasks.push(tokio::spawn(accept(listeners.https, pages, Some(acceptor), stopped.clone())));
    if let Some(listener) = listeners.ops {
        let acceptor = TlsAcceptor::from(tls.server_config());
        let address = listener.local_addr()?;
        let console = web::ops_router(Arc::clone(&app), web::Options { origins: vec![ops_url(address)] });
        tasks.push(tokio::spawn(accept(listener, console, Some(acceptor), stopped.clone())));
    }
    let pending = tls.pending();
    let redirects = web::redirect_router(config.https.port(), move |token| pending.text(token));
    tasks.push(tokio::spawn(accept(listeners.http, redirects, None, stopped.clone())));
    if let Some(listener) = listeners.metrics {
        let render = metrics::install(Arc::clone(&app))?;
        tasks.push(tokio::spawn(accept(listener, web::metrics_route(render), None, stopped.clone())));
    }
    tasks.extend(certificate.keep(&stopped));
    tasks.push(tokio::spawn(Arc::clone(&app).watch_listeners(scan, stopped.clone())));
    tasks.push(tokio::spawn(Arc::clone(&app).watch_connections(stopped.clone())));
    tasks.push(tokio::spawn(Arc::clone(&app).check_own_page(page, stopped.clone())));
    if duty == Duty::Both {
        tasks.extend(background(config, &app, &stopped)?);
    } else {
        tasks.push(tokio::spawn(Arc::clone(&app).remember_claims(stopped.clone())));
    }
    Ok(Serving { stop, tasks })
}

/// Where this server asks for its own public page: at its listener where its own authority vouches for that name, else where
/// people reach it.
fn own_page(config: &Config, address: SocketAddr) -> OwnPage {
    let own = config.tls.certificate.is_none() && config.tls.acme.is_none();
    let here = own && (address.ip().is_loopback() || address.ip().is_unspecified());
    OwnPage {
        url: if here { format!("https://localhost:{}", address.port()) } else { config.public_url.clone() },
        authority: if own { Some(Layout::new(config).tls().join("ca.pem")) } else { config.tls.ca_file.clone() },
        server: host::residency::machine_name(),
    }
}

/// How the operator's pages are reached from this machine.
pub fn ops_url(address: SocketAddr) -> String {
    let host = if address.ip().is_loopback() || address.ip().is_unspecified() {
        "localhost".to_owned()
    } else {
        address.ip().to_string()
    };
    format!("https://{host}:{}", address.port())
}

/// What goes on behind the pages: the logs, the backups, the signs of fraud, the witnesses, the jobs.
fn background(config: &Config, app: &Arc<App>, stopped: &watch::Receiver<bool>) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let witnesses = crate::witness::asked(config)?;
    Ok(vec![
        tokio::spawn(Arc::clone(app).sequence(stopped.clone())),
        tokio::spawn(Arc::clone(app).check_logs_regularly(stopped.clone())),
        tokio::spawn(Arc::clone(app).prune_logs_regularly(stopped.clone())),
        tokio::spawn(Arc::clone(app).watch(stopped.clone())),
        tokio::spawn(Arc::clone(app).tell_owners(stopped.clone())),
        tokio::spawn(Arc::clone(app).watch_claims(stopped.clone())),
        tokio::spawn(Arc::clone(app).watch_sinks(stopped.clone())),
        tokio::spawn(Arc::clone(app).keep_backups(stopped.clone())),
        tokio::spawn(Arc::clone(app).mail_checkpoints_daily(stopped.clone())),
        tokio::spawn(Arc::clone(app).ask_witnesses(witnesses, stopped.clone())),
        tokio::spawn(Arc::clone(app).stream_audit(stopped.clone())),
        tokio::spawn(Arc::clone(app).work(stopped.clone())),
    ])
}

/// Serves one router alone: neither jobs nor database. Without TLS the caller has seen to it that the listener is on loopback.
pub fn alone(listener: TcpListener, router: Router, tls: Option<Tls>) -> Serving {
    let (stop, stopped) = watch::channel(false);
    let acceptor = tls.as_ref().map(|tls| TlsAcceptor::from(tls.server_config()));
    let mut tasks = vec![tokio::spawn(accept(listener, router, acceptor, stopped.clone()))];
    tasks.extend(tls.map(|tls| tokio::spawn(crate::certificate::reread(Arc::new(tls), stopped))));
    Serving { stop, tasks }
}

/// Accepts connections until stopped, then waits for those that are running.
async fn accept(listener: TcpListener, router: Router, tls: Option<TlsAcceptor>, mut stopped: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let slot = tokio::select! {
            _ = stopped.changed() => break,
            slot = Arc::clone(&slots).acquire_owned() => slot,
        };
        let accepted = tokio::select! {
            _ = stopped.changed() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            // Out of file descriptors, for instance: trying again at once would spin.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            connection(stream, peer, router, tls, watcher).await;
            drop(slot);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, router: Router, tls: Option<TlsAcceptor>, watcher: Watcher) {
    match tls {
        None => converse(stream, peer, router, watcher).await,
        Some(acceptor) => match tokio::time::timeout(HANDSHAKE_LIMIT, acceptor.accept(stream)).await {
            // A challenge is answered by the handshake alone (RFC 8737, section 3).
            Ok(Ok(stream)) if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) => {}
            Ok(Ok(stream)) => converse(stream, peer, router, watcher).await,
            Ok(Err(error)) => tracing::debug!(%error, "no TLS handshake"),
            Err(_) => tracing::debug!("TLS handshake took too long"),
        },
    }
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let service = hyper::service::service_fn(move |mut request: http::Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        tower::ServiceExt::oneshot(router.clone(), request.map(axum::body::Body::new))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_LIMIT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .max_concurrent_streams(100);
    let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error, "a connection ended early");
    }
}
