//! What the connections of this server mean for `vulnerability.encrypted_connections`: those the configuration makes, those
//! PostgreSQL sees, and those open now. Opens none, and closes none.

use crate::{App, Error};
use domain::evidence::{Finding, Measurement, Verdict};
use domain::residency::{Address, Encryption, Purpose, Register, Sink};
use host::residency::{Connection, Protocol, addresses_of, look};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use store::transport::{Connected, Way};

const PROMISE: &str = "vulnerability.encrypted_connections";
const CHECK: &str = "connections";
const METHOD: &str = "Every place that the configuration in force and the streams of all tenants send data to over a network must be \
    reached by TLS with a verified certificate. PostgreSQL is asked (pg_stat_ssl) how each connection of STRUCT's roles reached it: \
    by a unix socket, by loopback, or by TLS 1.2 or 1.3. Every TCP connection that a process of this server has open to another \
    machine (/proc) must lead to one of those places. Connections of other roles of the database are counted and not seen into; \
    questions for addresses of names (DNS) carry no customers' data and are not counted.";

/// Connections that the raw data tells.
const MAX_TOLD: usize = 100;
/// Versions of TLS that may be spoken to PostgreSQL, as it writes them.
const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

impl App {
    /// One look at all connections and what it says; keeps nothing.
    pub async fn measure_connections(&self) -> Result<Measurement, Error> {
        let register = self.sink_register().await?;
        let connected = self.store.connected().await?;
        let data_dir = self.settings.residency.data_dir.clone();
        let looked = tokio::task::spawn_blocking(move || look(&data_dir)).await;
        let looked = looked.map_err(|error| Error::Internal(error.to_string()))?;
        let looked = looked.map_err(|error| Error::Internal(format!("/proc can't be read: {error}")))?;
        let open: BTreeSet<Connection> =
            looked.connections.iter().filter(|seen| seen.protocol == Protocol::Tcp).copied().collect();
        let found = if open.is_empty() { BTreeMap::new() } else { addresses(&register).await };
        let unproven: Vec<Connection> =
            open.iter().filter(|seen| !is_proven(&register, seen, &found)).copied().collect();
        let seen = Seen { register, connected, open: open.len(), unproven, unreadable: looked.unreadable };
        let mut measured = seen.measured(&self.settings.residency.server, self.now());
        measured.raw = Some(seen.raw());
        metrics::gauge!("struct_connections_unproven").set(seen.unproven.len() as f64);
        Ok(measured)
    }
}

async fn addresses(register: &Register) -> BTreeMap<String, BTreeSet<IpAddr>> {
    let names: Vec<String> = register.names().into_iter().map(str::to_owned).collect();
    let answers = futures_util::future::join_all(names.iter().map(|name| addresses_of(name))).await;
    names.into_iter().zip(answers).collect()
}

/// Whether it leads to a place that is only ever reached under cover.
fn is_proven(register: &Register, seen: &Connection, found: &BTreeMap<String, BTreeSet<IpAddr>>) -> bool {
    matches!(register.protection(seen.remote, found), Some(Encryption::Tls | Encryption::Cipher))
}

/// All that was seen of connections.
struct Seen {
    register: Register,
    connected: Connected,
    open: usize,
    unproven: Vec<Connection>,
    unreadable: usize,
}

impl Seen {
    fn measured(&self, server: &str, now: jiff::Timestamp) -> Measurement {
        let subject = format!("{CHECK}@{server}");
        let mut measured = Measurement::new(PROMISE, &subject, Finding::new("connections_all"), now, METHOD);
        self.judge_database(&mut measured);
        self.register.sinks.iter().for_each(|sink| judge_sink(sink, &mut measured));
        for seen in &self.unproven {
            measured.at_risk(Finding::new("connection_unproven").text("address", &seen.remote.to_string()));
        }
        if self.unreadable > 0 {
            measured.at_risk(Finding::new("processes_unreadable").number("processes", count(self.unreadable)));
        }
        let faults = count(measured.found.why.len());
        let figure = match measured.verdict {
            Verdict::Broken => Finding::new("connections_faulty").number("faults", faults),
            _ => Finding::new("connections_all"),
        };
        let of = |way: Way| self.connected.own.iter().filter(|own| own.way == way).map(|own| own.count).sum::<i64>();
        measured.found.figure = figure
            .number("sinks", count(self.register.sinks.iter().filter(|sink| leaves(sink)).count()))
            .number("open", count(self.open))
            .number("database", of(Way::Socket) + of(Way::Loopback) + of(Way::Network))
            .number("database_network", of(Way::Network));
        measured
    }

    fn judge_database(&self, measured: &mut Measurement) {
        let away = self.connected.own.iter().filter(|own| own.way == Way::Network);
        for own in away {
            let finding = |code: &str| Finding::new(code).text("role", &own.role).number("connections", own.count);
            if !own.tls {
                measured.broken(finding("database_plain"));
            } else if !VERSIONS.contains(&own.version.as_str()) {
                measured.broken(finding("database_old").text("version", &own.version));
            }
        }
        if self.connected.own.is_empty() {
            // Whoever asks is connected: that nothing is shown means that the views don't tell.
            measured.at_risk(Finding::new("database_unseen"));
        }
    }

    /// For anybody to read: no address of a tenant's receiver.
    fn raw(&self) -> String {
        let own = |own: &store::transport::Connections| {
            json!({
                "role": own.role, "way": own.way.code(), "tls": own.tls, "version": own.version, "cipher": own.cipher,
                "connections": own.count,
            })
        };
        let mut published: Value = self.register.published();
        published["database"] = self.connected.own.iter().map(own).collect();
        published["database_others"] = json!(self.connected.others);
        published["open"] = json!(self.open);
        let unproven: Vec<String> = self.unproven.iter().take(MAX_TOLD).map(ToString::to_string).collect();
        published["open_unproven"] = json!(unproven);
        published["processes_unreadable"] = json!(self.unreadable);
        published.to_string()
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Whether customers' data goes there over a network.
fn leaves(sink: &Sink) -> bool {
    !sink.address.is_here() && sink.purpose != Purpose::Names && sink.encryption.is_some()
}

fn judge_sink(sink: &Sink, measured: &mut Measurement) {
    if !leaves(sink) {
        return;
    }
    let finding = |code: &str| {
        let told = Finding::new(code).text("purpose", sink.purpose.code());
        if sink.is_a_tenants() { told.text("address", "-") } else { told.text("address", sink.address.declarable()) }
    };
    match (&sink.address, sink.encryption) {
        (_, Some(Encryption::Tls | Encryption::Cipher) | None) => {}
        // The kernel carries a network file system, and does not tell whether it covers what it carries.
        (Address::Mounted { .. }, Some(_)) => measured.at_risk(finding("sink_mounted")),
        (_, Some(_)) => measured.broken(finding("sink_plain")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::residency::{Destination, Rules};
    use jiff::Timestamp;
    use store::transport::Connections;

    fn seen(destinations: &[Destination], own: Vec<Connections>) -> Seen {
        let register = Register::of(&Rules::default(), destinations);
        Seen { register, connected: Connected { own, others: 0 }, open: 0, unproven: Vec::new(), unreadable: 0 }
    }

    fn own(way: Way, tls: bool, version: &str) -> Connections {
        let (role, version, cipher) = ("struct_app".to_owned(), version.to_owned(), String::new());
        Connections { role, way, tls, version, cipher, count: 3 }
    }

    fn found(seen: &Seen) -> (Verdict, Vec<String>) {
        let measured = seen.measured("here", Timestamp::UNIX_EPOCH);
        (measured.verdict, measured.found.why.into_iter().map(|why| why.code).collect())
    }

    #[test]
    fn a_database_connection_that_left_the_machine_in_the_clear_breaks_the_promise() {
        let cases = [
            (own(Way::Network, false, ""), Verdict::Broken, vec!["database_plain"]),
            (own(Way::Network, true, "TLSv1.1"), Verdict::Broken, vec!["database_old"]),
            (own(Way::Network, true, "TLSv1.3"), Verdict::Held, vec![]),
            (own(Way::Loopback, false, ""), Verdict::Held, vec![]),
            (own(Way::Socket, false, ""), Verdict::Held, vec![]),
        ];
        for (own, verdict, codes) in cases {
            let said = format!("{own:?}");
            assert_eq!(
                found(&seen(&[], vec![own])),
                (verdict, codes.into_iter().map(str::to_owned).collect()),
                "{said}"
            );
        }
        assert_eq!(found(&seen(&[], vec![])), (Verdict::AtRisk, vec!["database_unseen".to_owned()]));
    }

    #[test]
    fn a_place_that_is_reached_without_cover_breaks_the_promise_and_name_servers_do_not() {
        let socket = || vec![own(Way::Socket, false, "")];
        let to = |purpose, host: &str, encryption| [Destination::host(purpose, host, Some(25), encryption)];
        let mail = seen(&to(Purpose::Mail, "mail.example.jp", Encryption::Plain), socket());
        assert_eq!(found(&mail), (Verdict::Broken, vec!["sink_plain".to_owned()]));
        let here = seen(&to(Purpose::Mail, "127.0.0.1", Encryption::Plain), socket());
        assert_eq!(found(&here).0, Verdict::Held);
        let asked = seen(&to(Purpose::Names, "192.0.2.53", Encryption::Plain), socket());
        assert_eq!(found(&asked).0, Verdict::Held);
        let tls = seen(&to(Purpose::Mail, "mail.example.jp", Encryption::Tls), socket());
        assert_eq!(found(&tls).0, Verdict::Held);
    }

    #[test]
    fn a_folder_on_another_machine_is_a_risk_unless_what_goes_there_is_encrypted_before() {
        let mounted = |encryption| Destination {
            address: Address::Mounted { source: "files.example.jp:/x".to_owned(), path: "/srv".to_owned() },
            ..Destination::here(Purpose::Database, "x", encryption)
        };
        let socket = || vec![own(Way::Socket, false, "")];
        assert_eq!(
            found(&seen(&[mounted(Encryption::Sealed)], socket())),
            (Verdict::AtRisk, vec!["sink_mounted".to_owned()])
        );
        assert_eq!(found(&seen(&[mounted(Encryption::Cipher)], socket())).0, Verdict::Held);
    }

    #[test]
    fn an_open_connection_that_belongs_to_no_covered_place_is_a_risk() {
        let register = Register::of(
            &Rules::default(),
            &[
                Destination::host(Purpose::Mail, "192.0.2.25", Some(587), Encryption::Tls),
                Destination::host(Purpose::Names, "192.0.2.53", Some(53), Encryption::Plain),
            ],
        );
        let proven = |remote: &str| {
            let seen = Connection { protocol: Protocol::Tcp, remote: remote.parse().expect("an address") };
            is_proven(&register, &seen, &BTreeMap::new())
        };
        assert!(proven("192.0.2.25:587"));
        assert!(!proven("192.0.2.25:25") && !proven("192.0.2.53:53") && !proven("192.0.2.99:443"));
    }
}
