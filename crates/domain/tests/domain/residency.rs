//! The register of sinks: what is undeclared, outside, contradicted; what belongs to it and what it tells to whom.

use domain::residency::{Address, Declared, Destination, Encryption, Fault, Purpose, Region, Register, Rules, Said};
use std::collections::BTreeMap;
use std::net::SocketAddr;

fn region(name: &str) -> &'static Region {
    Region::find(name).expect(name)
}

fn declared(at: &str, place: &str, purpose: Option<Purpose>) -> Declared {
    Declared { at: at.parse().expect(at), region: region(place), purpose }
}

fn rules(declared: Vec<Declared>) -> Rules {
    Rules { machine: Some((region("jp-east"), Said::Operator)), declared, ..Rules::default() }
}

fn mail() -> Destination {
    Destination::host(Purpose::Mail, "smtp.example.jp", Some(587), Encryption::Tls)
}

fn stream(host: &str) -> Destination {
    Destination::host(Purpose::Stream, host, Some(6514), Encryption::Tls)
}

#[test]
fn a_sink_that_nobody_declared_is_a_fault_with_the_lines_to_add() {
    let register = Register::of(&rules(Vec::new()), &[mail()]);
    let faults = register.faults();
    assert!(matches!(faults.as_slice(), [Fault::Undeclared(sink)] if sink.purpose == Purpose::Mail), "{faults:?}");
    let advice = faults[0].advice(&register.allowed);
    for line in ["[[residency.sink]]", "address = \"smtp.example.jp\"", "region = \"jp-east\"", "purpose = \"mail\""] {
        assert!(advice.contains(line), "{advice}");
    }
    // One for another purpose, another port or another host declares nothing.
    for (at, purpose) in
        [("smtp.example.jp", Some(Purpose::Witness)), ("smtp.example.jp:25", None), ("mail.example.jp", None)]
    {
        let register = Register::of(&rules(vec![declared(at, "jp-east", purpose)]), &[mail()]);
        assert!(matches!(register.faults().as_slice(), [Fault::Undeclared(_)]), "{at}");
    }
}

#[test]
fn a_sink_outside_the_allowed_regions_is_a_fault_that_names_both() {
    let elsewhere = rules(vec![declared("smtp.example.jp", "us-east-1", None)]);
    let register = Register::of(&elsewhere, &[mail()]);
    let faults = register.faults();
    assert!(matches!(faults.as_slice(), [Fault::Outside { region, .. }] if region.name == "us-east"), "{faults:?}");
    let advice = faults[0].advice(&register.allowed);
    assert!(advice.contains("us-east") && advice.contains("jp-east") && advice.contains("allowed = "), "{advice}");
    let both = Rules { allowed: vec![region("jp-east"), region("us-east")], ..elsewhere };
    assert_eq!(Register::of(&both, &[mail()]).faults(), []);
    // What is only declared counts too: nobody declares what data does not reach.
    let unused = rules(vec![declared("proxy.example.jp", "sg", None)]);
    assert!(matches!(Register::of(&unused, &[]).faults().as_slice(), [Fault::Outside { .. }]));
}

#[test]
fn a_service_that_says_another_region_than_the_operator_contradicts_even_when_both_are_allowed() {
    let bucket = |told: Option<&str>| Destination {
        told: told.map(str::to_owned),
        ..Destination::host(Purpose::Backup, "s3.example.jp", None, Encryption::Cipher)
    };
    let both = Rules {
        allowed: vec![region("jp-east"), region("jp-west")],
        ..rules(vec![declared("s3.example.jp", "jp-east", None)])
    };
    for told in ["ap-northeast-3", "nowhere-1", ""] {
        let faults = Register::of(&both, &[bucket(Some(told))]).faults();
        assert!(
            matches!(faults.as_slice(), [Fault::Contradicted { told: said, .. }] if said == told),
            "{told}: {faults:?}"
        );
    }
    let agreed = Register::of(&both, &[bucket(Some("ap-northeast-1"))]);
    assert_eq!((agreed.faults(), agreed.sinks[0].said), (Vec::new(), Said::Service));
    assert_eq!(Register::of(&both, &[bucket(None)]).sinks[0].said, Said::Operator);
}

#[test]
fn without_a_word_on_this_machine_its_disks_are_nowhere() {
    let disk = Destination::here(Purpose::Database, "/srv/struct/postgres", Encryption::Sealed);
    let silent = Register::of(&Rules::default(), std::slice::from_ref(&disk));
    assert_eq!(silent.faults(), [Fault::MachineUndeclared]);
    assert_eq!(silent.sinks[0].region, None);
    let abroad = Rules { machine: Some((region("us-west"), Said::Operator)), ..Rules::default() };
    let faults = Register::of(&abroad, std::slice::from_ref(&disk)).faults();
    assert!(matches!(faults.as_slice(), [Fault::MachineOutside { region }] if region.name == "us-west"), "{faults:?}");
    let demo = Rules { machine: Some((region("jp-east"), Said::Demo)), ..Rules::default() };
    let demo = Register::of(&demo, &[disk]);
    assert!(demo.faults().is_empty() && demo.is_of_a_demo());
}

#[test]
fn a_folder_on_a_network_file_system_is_elsewhere_until_its_server_is_declared() {
    let mounted = Destination {
        address: Address::Mounted { source: "files.example.jp:/export".to_owned(), path: "/srv/struct".to_owned() },
        ..Destination::here(Purpose::Database, "", Encryption::Sealed)
    };
    let faults = Register::of(&rules(Vec::new()), std::slice::from_ref(&mounted)).faults();
    assert!(matches!(faults.as_slice(), [Fault::Undeclared(_)]), "{faults:?}");
    assert!(faults[0].advice(&[]).contains("files.example.jp:/export"));
    let known = rules(vec![declared("files.example.jp:/export", "jp-east", None)]);
    assert_eq!(Register::of(&known, &[mounted]).faults(), []);
}

#[test]
fn an_address_belongs_to_the_register_only_by_a_name_a_network_or_itself() {
    let rules = rules(vec![
        declared("smtp.example.jp:587", "jp-east", None),
        declared("198.51.100.0/24", "jp-east", None),
        declared("siem.example.jp", "jp-east", None),
    ]);
    let register = Register::of(&rules, &[mail()]);
    let found = BTreeMap::from([("smtp.example.jp".to_owned(), ["203.0.113.25".parse().expect("an address")].into())]);
    let knows = |address: &str| register.knows(address.parse::<SocketAddr>().expect(address), &found);
    assert!(knows("203.0.113.25:587") && knows("[::ffff:203.0.113.25]:587"));
    assert!(knows("198.51.100.77:443"));
    for address in ["203.0.113.25:25", "203.0.113.26:587", "192.0.2.1:443", "[2001:db8::1]:587"] {
        assert!(!knows(address), "{address}");
    }
    assert_eq!(register.names(), ["siem.example.jp", "smtp.example.jp"].into());
}

#[test]
fn what_anybody_may_read_has_no_path_and_no_address_of_a_tenants_stream() {
    let disk = Destination::here(Purpose::Keyring, "/srv/struct/keyring", Encryption::Sealed);
    let rules = rules(vec![declared("siem.minato.example", "jp-east", None)]);
    let sinks = [disk, mail(), stream("siem.minato.example"), stream("siem.aoba.example"), stream("log.aoba.example")];
    let register = Register::of(&rules, &sinks);
    let published = register.published().to_string();
    let findings = format!("{:?}", register.findings());
    for secret in ["/srv", "minato", "aoba"] {
        assert!(!published.contains(secret), "{secret} in {published}");
        assert!(!findings.contains(secret), "{secret} in {findings}");
    }
    assert!(published.contains("smtp.example.jp"));
    let streams = register.findings().into_iter().find(|finding| finding.code == "streams_undeclared");
    assert_eq!(streams.and_then(|finding| finding.get_number("streams")), Some(2));
    assert!(register.whole().to_string().contains("siem.aoba.example"), "the operator sees them");
}

#[test]
fn a_new_stream_is_admitted_only_to_where_the_operator_said_it_may_go() {
    let rules = rules(vec![
        declared("siem.example.jp", "jp-east", None),
        declared("abroad.example.jp", "us-east", None),
        declared("smtp.example.jp", "jp-east", Some(Purpose::Mail)),
    ]);
    let register = Register::of(&rules, &[]);
    let admits = |host: &str| register.admits(Purpose::Stream, host, 6514);
    assert!(admits("siem.example.jp") && admits("SIEM.example.jp") && admits("127.0.0.1"));
    for host in ["other.example.jp", "abroad.example.jp", "smtp.example.jp", "siem.example.jp.evil.example"] {
        assert!(!admits(host), "{host}");
    }
}

#[test]
fn whoever_gives_certificates_is_known_wherever_it_is_and_nothing_else_goes_there() {
    let authority = Destination::host(Purpose::Authority, "192.0.2.14", Some(443), Encryption::Tls);
    let here =
        Rules { machine: Some((Region::find("jp-east").expect("a region"), Said::Operator)), ..Rules::default() };
    let register = Register::of(&here, &[authority]);
    assert_eq!(register.faults(), []);
    let (known, found) = ("192.0.2.14:443".parse().expect("an address"), std::collections::BTreeMap::new());
    assert!(register.knows(known, &found));
    assert_eq!(register.protection(known, &found), Some(Encryption::Tls));
    let mail = Destination::host(Purpose::Mail, "192.0.2.14", Some(443), Encryption::Tls);
    assert_eq!(Register::of(&here, &[mail]).faults().len(), 1, "letters are not orders");
}
