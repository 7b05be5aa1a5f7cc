//! `airtight run`, as its users meet it.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name)
}

fn airtight(arguments: &[&str], script: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
    command.arg("run").args(arguments).arg(script).output().expect("the binary runs")
}

fn out(arguments: &[&str], script: &Path) -> String {
    let output = airtight(arguments, script);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("the output is text")
}

/// A temporary file with these contents.
fn file(contents: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    std::fs::write(file.path(), contents).expect("it can be written");
    file
}

#[test]
fn a_history_reads_as_a_sequence() {
    let services = file(
        r#"{"answers":[{"service":"profile","result":"ann"},{"peer":"greeter","service":"greet","result":"hi ann"},
            {"service":"ui","result":null}]}"#,
    );
    let services = services.path().display().to_string();
    assert_eq!(
        out(&["--services", &services, "--peer-id", "A"], &example("relay.air")),
        r#"A        begins the particle
A        calls   #1: profile.name()
A        answers #1: profile.name() = "ann"
A        has news for greeter
A        sends message 0 to greeter, 468 bytes
greeter  gets message 0 from A
greeter  calls   #1: greet.hello("ann")
greeter  answers #1: greet.hello("ann") = "hi ann"
greeter  has news for A
greeter  sends message 1 to A, 718 bytes
A        gets message 1 from greeter
A        calls   #2: ui.show("hi ann")
A        answers #2: ui.show("hi ann") = null

nothing is left to do after 2 messages, 3 calls and 6 runs at 2 peers
put together, the script is complete

A knows
   0  7:3     {"call":{"scalar":"ann","from":"A|profile|name|"}}
   1  9:5     {"call":{"scalar":"hi ann","from":"greeter|greet|hello|"}}
   2  10:5    {"call":{"unused":null,"from":"A|ui|show|"}}

greeter knows
   0  7:3     {"call":{"scalar":"ann","from":"A|profile|name|"}}
   1  9:5     {"call":{"scalar":"hi ann","from":"greeter|greet|hello|"}}
   2  10:5    {"call":{"pending":"A"}}
"#
    );
}

#[test]
fn a_seed_decides_everything() {
    let script = example("first_come.air");
    assert_eq!(out(&["--seed", "4"], &script), out(&["--seed", "4"], &script));
    assert_ne!(out(&["--seed", "4"], &script), out(&["--seed", "5"], &script));
}

#[test]
fn what_waits_is_named_with_its_line() {
    let script = file(
        "(seq\n  (ap 1 $log)\n  (fold $log item\n    (seq\n      (call \"B\" (\"s\" \"f\") [later])\n      (next item))))",
    );
    // A name that nothing defines is an error, so the definition stands in a part that never runs.
    let text = std::fs::read_to_string(script.path()).expect("it is text");
    std::fs::write(script.path(), format!("(par\n(seq (never) (ap 1 later))\n{text})")).expect("it can be written");
    let told = out(&[], script.path());
    assert!(told.contains("put together, the script waits"), "{told}");
    assert!(told.contains("7:7  call \"B\" (\"s\" \"f\") [later]  waits for `later`"), "{told}");
}

#[test]
fn failures_reach_the_handler() {
    let told = out(&["--failures", "1"], &example("quorum.air"));
    assert!(told.contains("fails with 1"), "{told}");
    assert!(told.contains("errorHandlingSrv.error"), "{told}");
}

/// The weather changes how a history goes, and not what comes of it.
#[test]
fn messages_may_arrive_twice_and_peers_may_crash() {
    let script = example("first_come.air");
    let calm = out(&[], &script);
    assert!(!calm.contains("will get it again") && !calm.contains("crashes"), "{calm}");
    assert_eq!(out(&["--duplicates", "0", "--restarts", "0.0"], &script), calm);
    let twice = out(&["--duplicates", "0.6"], &script);
    assert!(twice.contains(", and will get it again") && !twice.contains("crashes and comes back"), "{twice}");
    let stormy = out(&["--duplicates", "0.3", "--restarts", "0.25"], &script);
    assert!(stormy.contains(", and will get it again") && stormy.contains("crashes and comes back"), "{stormy}");
    for told in [calm, twice, stormy] {
        assert!(told.contains("nothing is left to do") && told.contains("the script is complete"), "{told}");
    }
    for (flag, share) in [("--duplicates", "1"), ("--restarts", "-0.1"), ("--restarts", "0.005"), ("--duplicates", "x")]
    {
        let output = airtight(&[&format!("{flag}={share}")], &script);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("this share is a number from 0 to 0.99, in hundredths"), "{told}");
    }
}

#[test]
fn a_history_is_one_json_object() {
    let told = out(&["--format", "json", "--seed", "2"], &example("join.air"));
    assert_eq!(told.lines().count(), 1);
    let history: Value = serde_json::from_str(&told).expect("it is JSON");
    assert_eq!((history["seed"].as_u64(), history["quiet"].as_bool()), (Some(2), Some(true)));
    let events = history["events"].as_array().expect("events are a list");
    assert_eq!(events.iter().filter(|event| event["event"] == "answered").count(), 3);
    assert_eq!(history["peers"].as_array().map(Vec::len), Some(3));
    assert!(history["peers"][0]["trace"][0]["state"]["par"].is_array());
}

#[test]
fn wrong_input_is_told_from_wrong_usage() {
    assert_eq!(airtight(&[], file("(oops)").path()).status.code(), Some(1));
    assert_eq!(airtight(&[], Path::new("no such file")).status.code(), Some(2));
    assert_eq!(airtight(&["--failures", "2"], &example("join.air")).status.code(), Some(2));
    for services in ["{", r#"{"answers":[{"error":{"ret_code":0,"message":""}}]}"#, r#"{"answer":[]}"#] {
        let services = file(services);
        let services = services.path().display().to_string();
        let output = airtight(&["--services", &services], &example("join.air"));
        assert_eq!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
