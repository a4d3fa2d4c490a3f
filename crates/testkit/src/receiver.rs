//! A system that is sent a log: HTTPS or syslog over TLS on this machine, with an authority of its own. It takes, refuses, cuts
//! off and keeps silent as a test tells it, and remembers the events it took.

use host::tls::{Source, Tls};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What it does with a batch. The last of a script goes on for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manner {
    /// Takes it all, and says so.
    Take,
    /// Takes it all, and hangs up without a word: an answer is lost.
    TakeSilently,
    /// Reads so many events of it and hangs up.
    CutAfter(usize),
    /// Reads it all, keeps so many events of it and dies.
    Lose(usize),
    /// Answers so (HTTPS), without taking anything.
    Answer(u16),
}

#[derive(Default)]
struct State {
    script: Vec<Manner>,
    events: Vec<Value>,
    heads: Vec<String>,
    contacts: usize,
}

/// A receiver.
pub struct Receiver {
    /// Where it listens.
    pub port: u16,
    folder: TempDir,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    /// One that takes JSON lines by HTTPS.
    pub async fn https(script: &[Manner]) -> Self {
        Self::start(script, false).await
    }

    /// One that takes syslog over TLS.
    pub async fn syslog(script: &[Manner]) -> Self {
        Self::start(script, true).await
    }

    async fn start(script: &[Manner], syslog: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let source = Source::Own { names: Vec::new() };
        #[expect(
            clippy::disallowed_methods,
            reason = "clients read the machine's clock, so the certificate begins now"
        )]
        let tls = Tls::open(folder.path(), source, jiff::Timestamp::now()).expect("a certificate");
        let mut config = (*tls.server_config()).clone();
        config.alpn_protocols = Vec::new();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State { script: script.to_vec(), ..State::default() }));
        let task = tokio::spawn(accept(listener, acceptor, Arc::clone(&state), syslog));
        Self { port, folder, state, task }
    }

    /// The certificate of its authority.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Events it took, in the order they came.
    pub fn events(&self) -> Vec<Value> {
        held(&self.state).events.clone()
    }

    /// The positions of those events.
    pub fn positions(&self) -> Vec<u64> {
        self.events().iter().filter_map(|event| event["metadata"]["sequence"].as_u64()).collect()
    }

    /// What stood before each batch: heads of requests, or of syslog messages.
    pub fn heads(&self) -> Vec<String> {
        held(&self.state).heads.clone()
    }

    /// Handshakes that succeeded.
    pub fn contacts(&self) -> usize {
        held(&self.state).contacts
    }

    /// What it does from now on.
    pub fn from_now_on(&self, script: &[Manner]) {
        held(&self.state).script = script.to_vec();
    }
}

fn held(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The manner for the next batch.
fn next(state: &Mutex<State>) -> Manner {
    let mut state = held(state);
    match state.script.len() {
        0 => Manner::Take,
        1 => state.script[0],
        _ => state.script.remove(0),
    }
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, state: Arc<Mutex<State>>, syslog: bool) {
    while let Ok((tcp, _)) = listener.accept().await {
        let (acceptor, state) = (acceptor.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(tcp).await else { return };
            held(&state).contacts += 1;
            let stream = BufReader::new(stream);
            let _ = if syslog { messages(stream, &state).await } else { requests(stream, &state).await };
        });
    }
}

type Stream = BufReader<TlsStream<TcpStream>>;

async fn requests(mut stream: Stream, state: &Mutex<State>) -> std::io::Result<()> {
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            if line == "\r\n" {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let body = String::from_utf8_lossy(&body).into_owned();
        let lines: Vec<Value> = body.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let manner = next(state);
        held(state).heads.push(head);
        let taken = match manner {
            Manner::Take | Manner::TakeSilently => lines.len(),
            Manner::CutAfter(most) | Manner::Lose(most) => most.min(lines.len()),
            Manner::Answer(_) => 0,
        };
        held(state).events.extend(lines.into_iter().take(taken));
        let status = match manner {
            Manner::Take => 204,
            Manner::Answer(status) => status,
            Manner::TakeSilently | Manner::CutAfter(_) | Manner::Lose(_) => return Ok(()),
        };
        let answer = format!(
            "HTTP/1.1 {status} x\r\nlocation: https://127.0.0.1/elsewhere\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"
        );
        let answer = if status == 204 { "HTTP/1.1 204 x\r\n\r\n".to_owned() } else { answer };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
    }
}

/// Connections without a message leave the script alone: they only ask how goodbyes are said.
async fn messages(mut stream: Stream, state: &Mutex<State>) -> std::io::Result<()> {
    let (mut manner, mut taken) = (None, 0);
    loop {
        let mut length = Vec::new();
        if stream.read_until(b' ', &mut length).await.unwrap_or(0) == 0 {
            break;
        }
        let manner = *manner.get_or_insert_with(|| next(state));
        if matches!(manner, Manner::CutAfter(most) if taken >= most) {
            return Ok(());
        }
        let length: usize = String::from_utf8_lossy(&length).trim().parse().expect("a frame begins with its length");
        let mut message = vec![0; length];
        stream.read_exact(&mut message).await?;
        let message = String::from_utf8(message).expect("ASCII");
        let (head, json) = message.split_at(message.find(" {").expect("JSON behind the head"));
        if matches!(manner, Manner::Lose(most) if taken >= most) {
            continue;
        }
        let mut state = held(state);
        state.heads.push(head.to_owned());
        state.events.push(serde_json::from_str(json.trim()).expect("JSON"));
        taken += 1;
    }
    let first = || held(state).script.first().copied().filter(|first| *first == Manner::TakeSilently);
    let says_goodbye = match manner.or_else(first) {
        Some(Manner::TakeSilently | Manner::Lose(_)) => false,
        Some(Manner::Take | Manner::CutAfter(_) | Manner::Answer(_)) | None => true,
    };
    if says_goodbye { stream.shutdown().await } else { Ok(()) }
}
