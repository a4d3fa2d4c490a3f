//! The drills in small: they run, break things, and find nothing lost and nothing unseen. The drills themselves have the thorough runs.
#![allow(clippy::disallowed_methods, reason = "a drill is run as an operator runs it")]

use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// Runs a drill that has to succeed; its document, and all it said.
fn drill(arguments: &[&str]) -> (Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_struct"))
        .arg("drill")
        .args(arguments)
        .arg("--json")
        .output()
        .expect("the drill can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let last = String::from_utf8_lossy(&output.stdout).lines().last().map(str::to_owned).unwrap_or_default();
    let found: Value = serde_json::from_str(&last).unwrap_or_else(|_| panic!("no document in the last line:\n{said}"));
    assert_eq!(found["holds"], true, "{said}");
    (found, said)
}

/// The verifier, built like the rest; a run of this crate's tests alone builds no other crate's programs.
fn verifier() -> PathBuf {
    let beside = PathBuf::from(env!("CARGO_BIN_EXE_struct")).with_file_name("struct-verify");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "verify", "--bin", "struct-verify"])
        .status();
    assert!(built.expect("cargo is there").success() && beside.is_file(), "struct-verify is built");
    beside
}

#[test]
fn after_five_kills_every_acknowledged_write_is_there_with_its_entry() {
    let (found, said) = drill(&["kill", "--times", "5", "--rows", "1500", "--seconds-between", "1"]);
    assert_eq!(found["figures"]["kills"], 5, "{said}");
    assert!(
        found["figures"]["acknowledged"].as_u64() > Some(0),
        "nothing was promised, so nothing was proven:\n{said}"
    );
    assert_eq!(found["figures"]["records"], found["figures"]["entries"], "{said}");
}

#[test]
fn after_ten_kills_of_the_leader_every_act_is_in_its_log_once_and_all_checkpoints_fit() {
    let (found, said) = drill(&["ledger", "--kills", "10", "--calm-seconds", "2"]);
    let figures = &found["figures"];
    assert_eq!(figures["kills"], 10, "{said}");
    for figure in ["acknowledged", "kills_while_appending", "checkpoints", "fetched", "pairs"] {
        assert!(figures[figure].as_u64() > Some(0), "no {figure}, so nothing was proven:\n{said}");
    }
    assert!(figures["leaves"].as_u64() >= figures["acknowledged"].as_u64(), "{said}");
}

#[test]
fn one_tampering_of_each_kind_is_noticed_by_the_server_and_refused_by_the_verifier() {
    let (found, said) = drill(&["tamper", "--cases", "35", "--verifier", &verifier().display().to_string()]);
    let figures = &found["figures"];
    assert_eq!((&figures["cases"], &figures["noticed"]), (&Value::from(35), &Value::from(35)), "{said}");
    assert_eq!(figures["kinds"].as_object().map(serde_json::Map::len), Some(35), "{said}");
    assert!(figures["refused"].as_u64() >= Some(20), "{said}");
    // What is called pruned and was not, and is told of in no entry that counts, is refused whatever was made to fit.
    for kind in ["PrunedEarly", "BundleGone", "BoundChanged"] {
        assert_eq!(figures["kinds"][kind]["refused"], figures["kinds"][kind]["cases"], "{kind}: {said}");
    }
}

#[test]
fn after_the_database_was_lost_it_is_back_within_the_promise_and_its_logs_say_what_they_lost() {
    let arguments = ["restore", "--rounds", "1", "--seconds", "45", "--spread-seconds", "1", "--verifier"];
    let (found, said) = drill(&[&arguments[..], &[&verifier().display().to_string()]].concat());
    let figures = &found["figures"];
    assert_eq!(figures["rounds"], 1, "{said}");
    assert!(figures["acknowledged"].as_u64() > Some(0), "nothing was promised, so nothing was proven:\n{said}");
    assert!(figures["lost_ms"]["max"].as_u64() <= Some(600_000), "{said}");
}
