//! Letters arrive as they were written: in the folder, and at a server that proves who it is.

use crate::{Counting, tls::now};
use host::{
    mail::{Folder, Mail, MailError, Mailer, Security, Smtp, SmtpSettings},
    tls::{Source, Tls},
};
use jiff::Timestamp;
use mail_parser::MessageParser;
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

static RANDOM: Counting = Counting::from(7);
const SUBJECT: &str = "【STRUCT】髙橋さん、𠮷野家株式会社への招待のお知らせ（有効期限は２０２６年１１月２９日です）";
const TEXT: &str =
    "髙橋 様\n\n下のリンクからパスワードを設定してください。\nhttps://localhost:8443/invitation/abc\n.\n以上\n";

fn letter() -> Mail {
    Mail { to: "takahashi@example.jp".into(), subject: SUBJECT.into(), text: TEXT.into() }
}

fn settings(port: u16, security: Security, authority: Option<PathBuf>) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".into(),
        port: Some(port),
        security,
        credentials: None,
        from: "STRUCT <no-reply@example.jp>".into(),
        authority,
    }
}

/// A mail server for one letter; returns the lines it was given as the letter.
fn server(listener: TcpListener, tls: Option<TlsAcceptor>, answer: &'static str) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.expect("a client");
        match tls {
            None => converse(socket, answer).await,
            Some(acceptor) => match acceptor.accept(socket).await {
                Ok(stream) => converse(stream, answer).await,
                Err(_) => Vec::new(),
            },
        }
    })
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> Vec<String> {
    let mut stream = BufReader::new(stream);
    let (mut letter, mut in_letter, mut line) = (Vec::new(), false, String::new());
    stream.write_all(b"220 test\r\n").await.expect("open");
    loop {
        line.clear();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return letter;
        }
        let said = line.trim_end_matches("\r\n");
        let reply = match said.split(' ').next().unwrap_or_default() {
            _ if in_letter && said != "." => {
                letter.push(said.strip_prefix('.').unwrap_or(said).to_owned());
                continue;
            }
            "." => {
                in_letter = false;
                "250 taken"
            }
            "DATA" => {
                in_letter = true;
                "354 go on"
            }
            "RCPT" => answer,
            "QUIT" => "221 bye",
            _ => "250 fine",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await.expect("open");
    }
}

#[tokio::test]
async fn a_letter_that_would_smuggle_a_header_is_not_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let mailer = Mailer::Folder(Folder::open(dir.path(), "no-reply@example.jp").expect("usable"));
    let bad = [
        Mail { to: "a@example.jp\r\nBcc: b@example.jp".into(), ..letter() },
        Mail { subject: "招待\r\nBcc: b@example.jp".into(), ..letter() },
        Mail { to: "a@example.jp, b@example.jp".into(), ..letter() },
    ];
    for mail in bad {
        mailer.send(&mail, Timestamp::UNIX_EPOCH, &RANDOM).await.expect_err("refused");
    }
    assert_eq!(fs::read_dir(dir.path()).expect("there").count(), 0);
}

#[tokio::test]
async fn a_letter_without_tls_leaves_this_machine_never() {
    let outside = SmtpSettings { host: "mail.example.jp".into(), ..settings(25, Security::Plain, None) };
    assert!(matches!(Smtp::new(&outside), Err(MailError::Settings(_))));
    let password = Some(("name".to_owned(), "password".to_owned().into()));
    let spoken = SmtpSettings { credentials: password, ..settings(25, Security::Plain, None) };
    assert!(matches!(Smtp::new(&spoken), Err(MailError::Settings(_))));
}

#[tokio::test]
async fn a_name_that_leads_out_of_the_folder_reads_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("secret.eml"), "Subject: secret\r\n\r\n").expect("writable");
    let folder = Folder::open(&dir.path().join("mail"), "no-reply@example.jp").expect("usable");
    for name in ["../secret.eml", "/etc/passwd", ".new-abc", "", ".eml", "0-0.eml"] {
        assert_eq!(folder.read(name).expect("no error"), None, "{name:?}");
    }
}

#[tokio::test]
async fn a_japanese_letter_reads_in_the_folder_as_it_was_written_newest_first() {
    let dir = tempfile::tempdir().expect("a directory");
    let mailer = Mailer::Folder(Folder::open(dir.path(), "STRUCT <no-reply@example.jp>").expect("usable"));
    let at = |seconds| Timestamp::from_second(seconds).expect("in range");
    let first = Mail { subject: "first".into(), ..letter() };
    mailer.send(&first, at(1_700_000_000), &RANDOM).await.expect("kept");
    mailer.send(&letter(), at(1_800_000_000), &RANDOM).await.expect("kept");
    let folder = mailer.folder().expect("a folder");
    let letters = folder.list().expect("readable");
    assert_eq!(letters.iter().map(|letter| letter.subject.as_str()).collect::<Vec<_>>(), [SUBJECT, "first"]);
    let newest = &letters[0];
    assert_eq!((newest.to.as_str(), newest.written_at), ("takahashi@example.jp", Some(at(1_800_000_000))));
    assert_eq!(newest.text.replace("\r\n", "\n").trim_end(), TEXT.trim_end());
    assert_eq!(folder.read(&newest.name).expect("readable").as_ref(), Some(newest));
    let file = dir.path().join(&newest.name);
    assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600);
    assert!(fs::read(&file).expect("there").is_ascii(), "any mail program can read it");
}

#[tokio::test]
async fn a_server_receives_the_letter_as_it_was_written() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let received = server(listener, None, "250 fine");
    let smtp = Smtp::new(&settings(port, Security::Plain, None)).expect("usable");
    let mailer = Mailer::Smtp(smtp);
    mailer.send(&letter(), now(), &RANDOM).await.expect("taken");
    drop(mailer);
    let text = received.await.expect("no panic").join("\r\n");
    let message = MessageParser::default().parse(text.as_bytes()).expect("a letter");
    assert_eq!(message.subject(), Some(SUBJECT));
    assert_eq!(message.body_text(0).expect("text").replace("\r\n", "\n").trim_end(), TEXT.trim_end());
}

#[tokio::test]
async fn a_refusal_for_good_is_told_from_one_that_may_pass() {
    for (answer, passes) in [("550 no such mailbox", false), ("451 try later", true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let _received = server(listener, None, answer);
        let mailer = Mailer::Smtp(Smtp::new(&settings(port, Security::Plain, None)).expect("usable"));
        let refused = mailer.send(&letter(), now(), &RANDOM).await.expect_err("refused");
        assert_eq!(refused.may_pass(), passes, "{refused}");
    }
}

#[tokio::test]
async fn a_server_must_prove_its_name_before_it_gets_the_letter() {
    let dir = tempfile::tempdir().expect("a directory");
    let tls = Tls::open(dir.path(), Source::Own { names: vec![] }, now()).expect("made");
    for (authority, trusted) in [(None, false), (tls.authority_file(), true)] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let received = server(listener, Some(TlsAcceptor::from(tls.server_config())), "250 fine");
        let mailer = Mailer::Smtp(Smtp::new(&settings(port, Security::Tls, authority)).expect("usable"));
        let sent = mailer.send(&letter(), now(), &RANDOM).await;
        assert_eq!(sent.is_ok(), trusted, "{sent:?}");
        drop(mailer);
        assert_eq!(received.await.expect("no panic").is_empty(), !trusted);
    }
}
