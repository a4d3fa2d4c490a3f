//! How connections to PostgreSQL are protected, by its own views, and what an address demands. Judges none of it.

use crate::{Address, Store, StoreError};

/// Connections of the roles that STRUCT has, and how many others there are in the database. Those are an administrator's, and
/// their protection is not shown to us.
const CONNECTIONS: &str = "
    SELECT role, way, tls, version, cipher, connections FROM struct.owner_connections()
    UNION ALL
    SELECT a.usename::text,
           CASE WHEN a.client_addr IS NULL THEN 'socket'
                WHEN a.client_addr <<= inet '127.0.0.0/8' OR a.client_addr = inet '::1' THEN 'loopback'
                ELSE 'network' END,
           coalesce(s.ssl, false), coalesce(s.version, ''), coalesce(s.cipher, ''), count(*)
    FROM pg_stat_activity a LEFT JOIN pg_stat_ssl s ON s.pid = a.pid
    WHERE a.datname = current_database() AND a.usename = current_user
    GROUP BY 1, 2, 3, 4, 5";
const OTHERS: &str = "
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename NOT IN (current_user, 'struct_owner')";

/// How bytes reach the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A unix socket.
    Socket,
    /// TCP that does not leave the machine.
    Loopback,
    /// TCP that does.
    Network,
}

impl Way {
    /// A word for evidence; permanent.
    pub fn code(self) -> &'static str {
        match self {
            Self::Socket => "socket",
            Self::Loopback => "loopback",
            Self::Network => "network",
        }
    }

    fn of(code: &str) -> Self {
        match code {
            "socket" => Self::Socket,
            "loopback" => Self::Loopback,
            // What is not known to stay here is taken to leave.
            _ => Self::Network,
        }
    }
}

/// Connections that are alike, as the server sees them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Connections {
    /// As whom.
    pub role: String,
    /// How they reach the server.
    pub way: Way,
    /// Whether they are TLS.
    pub tls: bool,
    /// Its version; empty without one.
    pub version: String,
    /// Its cipher suite; empty without one.
    pub cipher: String,
    /// How many there are.
    pub count: i64,
}

/// What the server shows of who is connected.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Connected {
    /// STRUCT's own.
    pub own: Vec<Connections>,
    /// Those of other roles in the same database, of which no more is shown.
    pub others: i64,
}

impl Store {
    /// Who is connected to the database, and how.
    pub async fn connected(&self) -> Result<Connected, StoreError> {
        let client = self.connection().await?;
        let rows = client.query(&client.prepare_cached(CONNECTIONS).await?, &[]).await?;
        let connections = |row: &tokio_postgres::Row| Connections {
            role: row.get(0),
            way: Way::of(row.get(1)),
            tls: row.get(2),
            version: row.get(3),
            cipher: row.get(4),
            count: row.get(5),
        };
        let others = client.query_one(&client.prepare_cached(OTHERS).await?, &[]).await?.get(0);
        Ok(Connected { own: rows.iter().map(connections).collect(), others })
    }
}

/// What a `postgres://` address demands of the way to the server. tokio-postgres knows neither `verify-full` nor a file of
/// authorities, so both are taken out of the address before it is parsed.
pub(crate) struct Demands {
    /// The address without them.
    pub url: String,
    /// `sslmode`
    pub mode: Option<String>,
    /// `sslrootcert`
    pub authority: Option<std::path::PathBuf>,
}

impl Demands {
    pub(crate) fn of(url: &str) -> Self {
        let Some((front, query)) = url.split_once('?') else {
            return Self { url: url.to_owned(), mode: None, authority: None };
        };
        let (mut mode, mut authority, mut rest) = (None, None, Vec::new());
        for pair in query.split('&') {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value.to_owned()),
                Some(("sslrootcert", value)) => authority = Some(unescaped(value).into()),
                _ => rest.push(pair),
            }
        }
        let url = if rest.is_empty() { front.to_owned() } else { format!("{front}?{}", rest.join("&")) };
        Self { url, mode, authority }
    }

    /// Refuses what would let bytes leave the machine without TLS to a server whose name was verified.
    pub(crate) fn require_verified(&self) -> Result<(), StoreError> {
        let why = match self.mode.as_deref() {
            Some("verify-full") => return Ok(()),
            Some(other) => format!("sslmode={other} does not verify whom it reaches"),
            None => "it does not say how the server is verified".to_owned(),
        };
        Err(StoreError::Address(format!(
            "database.url leads over a network, and {why}; end it with ?sslmode=verify-full (and &sslrootcert=FILE when \
             the server's certificate is of an authority of your own), or reach the server by its unix socket or loopback"
        )))
    }
}

/// `%2F` and the like; what is no escape stays as it is.
fn unescaped(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|two| *byte == b'%' && two.iter().all(u8::is_ascii_hexdigit));
        let value = digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        out.push(value.unwrap_or(*byte));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

impl Address {
    /// How bytes reach the server by this address. One over a network is TLS with the server's name verified; no other is made.
    pub fn way(&self) -> Way {
        let hosts = self.hosts();
        match (hosts.is_empty(), self.stays_here()) {
            (true, true) => Way::Socket,
            (false, true) => Way::Loopback,
            (_, false) => Way::Network,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Address::url(url).expect_err(url).to_string()
    }

    #[test]
    fn a_database_over_a_network_without_a_verified_certificate_is_refused_in_words() {
        for mode in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"] {
            let said = refused(&format!("postgres://struct_app:word@db.example.jp/struct{mode}"));
            assert!(said.contains("sslmode=verify-full") && !said.contains("word@"), "{said}");
        }
        // A name that stays here must not cover an address that does not.
        let said = refused("postgres://struct_app@localhost/struct?hostaddr=192.0.2.5");
        assert!(said.contains("verify-full"), "{said}");
        refused("postgres://struct_app@127.0.0.1,db.example.jp/struct");
    }

    #[test]
    fn a_database_is_reached_by_socket_loopback_or_a_verified_certificate() {
        let way = |url: &str| Address::url(url).expect(url).way();
        assert_eq!(way("postgres://struct_app@%2Frun%2Fpostgresql/struct"), Way::Socket);
        assert_eq!(way("postgres://struct_app@localhost/struct"), Way::Loopback);
        assert_eq!(way("postgres://struct_app@[::1]:5433/struct?application_name=one"), Way::Loopback);
        assert_eq!(way("postgres://struct_app@db.example.jp/struct?sslmode=verify-full"), Way::Network);
        assert_eq!(way("postgres://struct_app@127.0.0.1,[::1]/struct?sslmode=disable"), Way::Loopback);
    }

    #[test]
    fn a_file_of_authorities_is_taken_from_the_address_and_must_hold_one() {
        let demands = Demands::of("postgres://a@b/c?sslmode=verify-full&sslrootcert=%2Fetc%2Fca%20one.pem&options=x");
        assert_eq!(demands.url, "postgres://a@b/c?options=x");
        assert_eq!(demands.authority.as_deref(), Some(std::path::Path::new("/etc/ca one.pem")));
        let said = refused("postgres://a@db.example.jp/c?sslmode=verify-full&sslrootcert=/nowhere/ca.pem");
        assert!(said.contains("/nowhere/ca.pem"), "{said}");
    }
}
