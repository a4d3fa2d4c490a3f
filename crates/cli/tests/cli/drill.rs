//! The kill drill in small: it runs, kills, and finds nothing lost. The drill itself has the thorough run.
#![allow(clippy::disallowed_methods, reason = "the drill is run as an operator runs it")]

use serde_json::Value;
use std::process::Command;

#[test]
fn after_five_kills_every_acknowledged_write_is_there_with_its_entry() {
    let output = Command::new(env!("CARGO_BIN_EXE_struct"))
        .args(["drill", "kill", "--times", "5", "--rows", "1500", "--seconds-between", "1", "--json"])
        .output()
        .expect("the drill can be started");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let last = String::from_utf8_lossy(&output.stdout).lines().last().map(str::to_owned).unwrap_or_default();
    let found: Value = serde_json::from_str(&last).unwrap_or_else(|_| panic!("no document in the last line:\n{said}"));
    assert_eq!((&found["holds"], &found["figures"]["kills"]), (&Value::from(true), &Value::from(5)), "{said}");
    assert!(
        found["figures"]["acknowledged"].as_u64() > Some(0),
        "nothing was promised, so nothing was proven:\n{said}"
    );
    assert_eq!(found["figures"]["records"], found["figures"]["entries"], "{said}");
}
