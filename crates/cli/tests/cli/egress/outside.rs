//! Who is outside: one who answers for names, and one who takes mail over TLS. They know nothing of STRUCT.

use super::stage::{MAIL_IP, NAMES, WITNESS_IP};
use anyhow::Result;
use host::tls::{Source, Tls};
use rustls::{ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Answers for the two names; others have no address.
pub fn names() -> Result<()> {
    let socket = UdpSocket::bind((NAMES, 53))?;
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while let Ok((length, from)) = socket.recv_from(&mut bytes) {
            if let Some(answer) = answer(&bytes[..length]) {
                let _ = socket.send_to(&answer, from);
            }
        }
    });
    Ok(())
}

/// The answer to a question of one name (RFC 1035): its address for `A`, nothing for other kinds.
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let (mut name, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at + 1)?]);
    let address: Option<Ipv4Addr> = match name.join(".").as_str() {
        "smtp.example.jp" => MAIL_IP.parse().ok(),
        "witness.example.jp" => WITNESS_IP.parse().ok(),
        _ => None,
    };
    let known = address.is_some();
    let address = address.filter(|_| kind == 1);
    let mut answer = question.get(..2)?.to_vec();
    // A response, recursion available; NXDOMAIN for what nobody knows.
    answer.extend([0x81, if known { 0x80 } else { 0x83 }, 0, 1, 0, u8::from(address.is_some()), 0, 0, 0, 0]);
    answer.extend(question.get(12..at + 4)?);
    if let Some(address) = address {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        answer.extend(address.octets());
    }
    Some(answer)
}

/// To whom letters came.
pub struct Letters(Arc<Mutex<Vec<String>>>);

impl Letters {
    /// Whether one came to this address.
    pub fn to(&self, address: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|to| to.contains(address))
    }
}

fn mail_folder(folder: &Path) -> PathBuf {
    folder.join("mail-tls")
}

/// The certificate of the authority that vouches for `smtp.example.jp`.
pub fn mail_authority(folder: &Path) -> PathBuf {
    mail_folder(folder).join("ca.pem")
}

/// Takes mail as `smtp.example.jp`, over TLS from the first byte.
pub fn mail(folder: &Path) -> Result<Letters> {
    let folder = mail_folder(folder);
    std::fs::create_dir(&folder)?;
    let source = Source::Own { names: vec!["smtp.example.jp".to_owned()] };
    let tls = Tls::open(&folder, source, jiff::Timestamp::now())?;
    let mut config = (*tls.server_config()).clone();
    config.alpn_protocols = Vec::new();
    let config = Arc::new(config);
    let listener = TcpListener::bind((MAIL_IP, 465))?;
    let letters = Arc::new(Mutex::new(Vec::new()));
    let taken = Letters(Arc::clone(&letters));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (config, letters) = (Arc::clone(&config), Arc::clone(&letters));
            std::thread::spawn(move || take(config, stream, &letters));
        }
    });
    Ok(taken)
}

fn take(config: Arc<rustls::ServerConfig>, stream: TcpStream, letters: &Mutex<Vec<String>>) -> Result<()> {
    let mut stream = BufReader::new(StreamOwned::new(ServerConnection::new(config)?, stream));
    let say = |stream: &mut BufReader<StreamOwned<ServerConnection, TcpStream>>, text: &str| -> Result<()> {
        stream.get_mut().write_all(text.as_bytes())?;
        Ok(stream.get_mut().flush()?)
    };
    say(&mut stream, "220 smtp.example.jp ESMTP\r\n")?;
    let mut reading = false;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let word = line.trim_end().to_uppercase();
        if reading {
            reading = word != ".";
            if !reading {
                say(&mut stream, "250 taken\r\n")?;
            }
            continue;
        }
        if word.starts_with("RCPT TO:") {
            letters.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_lowercase());
        }
        reading = word == "DATA";
        say(&mut stream, if reading { "354 go on\r\n" } else { "250 well\r\n" })?;
        if word == "QUIT" {
            return Ok(());
        }
    }
}
