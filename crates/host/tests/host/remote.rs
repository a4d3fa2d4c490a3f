//! Asking a witness: what an answer may be, and that nothing but a signature that holds is believed. The other side is a
//! socket that says what the test wants, over TLS where that matters.

use crate::tls::now;
use host::https::{HttpsError, MAX_ANSWER_BYTES};
use host::tls::{Source, Tls};
use host::witness::{Remote, RemoteError, Replied};
use ledger::checkpoint::Checkpoint;
use ledger::hash::leaf_hash;
use ledger::note::{Cosigner, Signer, VerifierKey};
use ledger::witness::AddCheckpoint;
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

const SECONDS: u64 = 1_795_000_000;

fn cosigner(seed: u8) -> Cosigner {
    Cosigner::from_seed("witness.example.jp/w1", &[seed; 32]).expect("a key")
}

fn request() -> AddCheckpoint {
    let log = Signer::from_seed("log.example.jp/log/platform", &[7; 32]).expect("a key");
    let checkpoint =
        Checkpoint::new("log.example.jp/log/platform", 1, leaf_hash(b"one")).sign(&[&log]).expect("a note");
    AddCheckpoint { old: 1, proof: Vec::new(), checkpoint }
}

/// Reads one request and says `answer`; gives what was read.
async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: String) -> String {
    let (mut read, mut part) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut part).await.expect("a request");
        read.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&read).into_owned();
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let whole = text.find("\r\n\r\n").zip(length).is_some_and(|(head, length)| read.len() >= head + 4 + length);
        if whole || count == 0 {
            stream.write_all(answer.as_bytes()).await.expect("written");
            let _ = stream.shutdown().await;
            return text;
        }
    }
}

async fn server(answer: String, tls: Option<Tls>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        match tls {
            None => converse(stream, answer).await,
            Some(tls) => match TlsAcceptor::from(tls.server_config()).accept(stream).await {
                Ok(stream) => converse(stream, answer).await,
                Err(error) => error.to_string(),
            },
        }
    });
    (port, task)
}

fn http(status: &str, content_type: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn asked(answer: String, key: VerifierKey) -> (Result<Replied, RemoteError>, String) {
    let (port, task) = server(answer, None).await;
    let remote = Remote::new(&format!("http://127.0.0.1:{port}/w1/"), key, None).expect("an address");
    let replied = remote.add_checkpoint(&request()).await;
    (replied, task.await.expect("the other side"))
}

#[tokio::test]
async fn an_answer_without_a_signature_of_the_witness_that_holds_is_not_believed() {
    let (key, text) = (cosigner(1).vkey(), request().checkpoint.text().to_owned());
    let strange = cosigner(2).cosign(&text, SECONDS);
    let altered = cosigner(1).cosign(&text.replacen('1', "2", 1), SECONDS);
    let lines = [String::new(), "ok\n".to_owned(), format!("{strange}\n"), format!("{altered}\n"), strange.to_string()];
    for lines in lines {
        let (replied, _) = asked(http("200 OK", "text/plain", &lines), key.clone()).await;
        assert!(matches!(replied, Err(RemoteError::NotSigned(_))), "{lines}: {replied:?}");
    }
}

#[tokio::test]
async fn what_is_no_answer_of_the_protocol_is_a_refusal_that_says_nothing_of_the_log() {
    let sizes = ["", "7", "07\n", "-7\n", "7\n7\n", "99999999999999999999\n"];
    let sizes = sizes.map(|body| http("409 Conflict", "text/x.tlog.size", body));
    let others = ["404 Not Found", "403 Forbidden", "400 Bad Request", "500 Internal Server Error"];
    let others = others.map(|status| http(status, "text/plain", "no\n"));
    for answer in sizes.into_iter().chain(others) {
        let (replied, _) = asked(answer.clone(), cosigner(1).vkey()).await;
        assert!(matches!(replied, Err(RemoteError::Refused { .. })), "{answer}: {replied:?}");
    }
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n".to_owned();
    let (replied, _) = asked(moved, cosigner(1).vkey()).await;
    assert!(matches!(replied, Err(RemoteError::Refused { status: 302, .. })), "{replied:?}");
    let long = http("200 OK", "text/plain", &"a".repeat(MAX_ANSWER_BYTES + 1));
    let (replied, _) = asked(long, cosigner(1).vkey()).await;
    assert!(matches!(replied, Err(RemoteError::Https(HttpsError::Answer { .. }))), "{replied:?}");
}

#[tokio::test]
async fn a_conflict_is_another_size_or_another_root_and_a_proof_that_fails_is_said_so() {
    let (replied, _) = asked(http("409 Conflict", "text/x.tlog.size", "7\n"), cosigner(1).vkey()).await;
    assert_eq!(replied.expect("an answer"), Replied::Seen(7));
    let (replied, _) = asked(http("409 Conflict", "text/plain", "other root\n"), cosigner(1).vkey()).await;
    assert_eq!(replied.expect("an answer"), Replied::OtherRoot);
    let (replied, _) = asked(http("422 Unprocessable Entity", "text/plain", ""), cosigner(1).vkey()).await;
    assert_eq!(replied.expect("an answer"), Replied::Inconsistent);
}

#[tokio::test]
async fn the_request_is_posted_as_specified_and_the_witnesss_own_line_is_taken_from_among_others() {
    let text = request().checkpoint.text().to_owned();
    let own = cosigner(1).cosign(&text, SECONDS);
    let answer = http("200 OK", "text/plain", &format!("{}\n{own}\n", cosigner(2).cosign(&text, SECONDS)));
    let (replied, read) = asked(answer, cosigner(1).vkey()).await;
    assert_eq!(replied.expect("an answer"), Replied::Cosigned { line: format!("{own}\n"), time: SECONDS });
    assert!(read.starts_with("POST /w1/add-checkpoint HTTP/1.1\r\n"), "{read}");
    let body = read.split_once("\r\n\r\n").expect("a body").1;
    assert_eq!(body, format!("old 1\n\n{}", request().checkpoint));
}

async fn over_tls(authority: &Path, dir: &Path) -> Result<Replied, RemoteError> {
    let tls = Tls::open(dir, Source::Own { names: Vec::new() }, now()).expect("made");
    let own = cosigner(1).cosign(request().checkpoint.text(), SECONDS);
    let (port, task) = server(http("200 OK", "text/plain", &format!("{own}\n")), Some(tls)).await;
    let remote = Remote::new(&format!("https://localhost:{port}"), cosigner(1).vkey(), Some(authority));
    let replied = remote.expect("an address").add_checkpoint(&request()).await;
    task.await.expect("the other side");
    replied
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_the_conversation_before_it_begins() {
    let (one, other) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    for dir in [&one, &other] {
        Tls::open(dir.path(), Source::Own { names: Vec::new() }, now()).expect("made");
    }
    let refused = over_tls(&other.path().join("ca.pem"), one.path()).await;
    assert!(matches!(refused, Err(RemoteError::Https(HttpsError::Unreachable { .. }))), "{refused:?}");
    over_tls(&one.path().join("ca.pem"), one.path()).await.expect("vouched for");
}

#[test]
fn a_key_of_a_log_or_an_address_in_the_clear_makes_no_witness() {
    let log = Signer::from_seed("log.example.jp/log/platform", &[7; 32]).expect("a key");
    Remote::new("https://witness.example.jp", log.vkey(), None).expect_err("a log's key");
    Remote::new("http://witness.example.jp", cosigner(1).vkey(), None).expect_err("in the clear");
    let nowhere = Some(Path::new("/no/such/file.pem"));
    Remote::new("https://witness.example.jp", cosigner(1).vkey(), nowhere).expect_err("no authority");
}
