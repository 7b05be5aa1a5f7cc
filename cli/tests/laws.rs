//! `airtight laws`, as its users meet it.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn airtight(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_airtight")).arg("laws").args(arguments).output().expect("the binary runs")
}

/// What it prints, and its exit code.
fn out(arguments: &[&str]) -> (String, i32) {
    let output = airtight(arguments);
    let text = String::from_utf8(output.stdout).expect("the output is text");
    assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().expect("it ends by itself"))
}

fn json(arguments: &[&str]) -> Value {
    let (text, _) = out(&[arguments, &["--format", "json"]].concat());
    serde_json::from_str(&text).expect("it is JSON")
}

#[test]
fn each_law_has_a_line_and_the_throughput_is_told() {
    let (text, code) = out(&["--cases", "400", "--seed", "3"]);
    assert_eq!(code, 0, "{text}");
    for law in airtight_properties::laws() {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(law.name));
        let domain: String = law.domain.chars().take(50).collect();
        assert!(line.is_some_and(|line| line.contains(&domain)), "{} is in the table\n{text}", law.name);
    }
    let lines: Vec<&str> = text.lines().collect();
    let [.., throughput, verdict] = lines.as_slice() else { panic!("{text}") };
    assert!(throughput.starts_with("seed 3, shard 1/1: 400 cases, ") && throughput.ends_with(" instances/s"), "{text}");
    assert!(verdict.contains("laws hold, none fails"), "{text}");
}

#[test]
fn shards_add_up_and_the_json_has_what_the_help_says() {
    let whole = json(&["--cases", "101", "--seed", "9", "--threads", "1"]);
    assert_eq!((&whole["format"], &whole["holds"]), (&Value::from(1), &Value::from(true)));
    assert_eq!((&whole["seed"], &whole["shard"]), (&Value::from(9), &Value::from("1/1")));
    assert_eq!(whole["laws"].as_array().map(Vec::len), Some(airtight_properties::laws().count()));
    assert_eq!(whole["found"], Value::Array(Vec::new()));
    assert!(whole["seconds"].as_f64() > Some(0.0));
    let parts: Vec<Value> =
        ["1/3", "2/3", "3/3"].iter().map(|shard| json(&["--cases", "101", "--seed", "9", "--shard", shard])).collect();
    for count in ["cases", "instances"] {
        let sum: u64 = parts.iter().filter_map(|part| part[count].as_u64()).sum();
        assert_eq!(Some(sum), whole[count].as_u64(), "{count}");
    }
    assert_eq!(whole["cases"], 101);
}

#[test]
fn one_law_may_be_chosen_and_no_other_is_known() {
    let (text, code) = out(&["--cases", "50", "--law", "associativity", "--law", "codec"]);
    assert_eq!(code, 0);
    assert!(text.ends_with("2 laws hold, none fails\n") && !text.contains("word-law"), "{text}");
    let output = airtight(&["--law", "no-such-law"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "error: there is no law `no-such-law`\n");
}

#[test]
fn wrong_usage_is_told() {
    for arguments in
        [&["--shard", "4/3"][..], &["--cases", "0"], &["--exhaustive", "3", "--cases", "5"], &["--runner", ""]]
    {
        assert_eq!(airtight(arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(airtight(&["--runner", "/no/such/program", "--cases", "1"]).status.code(), Some(2));
}

/// Our own engine as a program, whose answers are changed on their way.
#[cfg(unix)]
fn changed(folder: &Path, change: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let file = folder.join("runner");
    let script = format!("#!/bin/sh\n'{}' serve | sed -u '{change}'\n", env!("CARGO_BIN_EXE_airtight"));
    std::fs::write(&file, script).expect("it can be written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    file.display().to_string()
}

#[cfg(unix)]
#[test]
fn a_broken_interpreter_is_found_saved_and_replayed() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    // Whoever is told is told twice.
    let runner = changed(folder.path(), r#"s/"nextPeerPks":\[\("[^"]*"\)/&,\1/"#);
    let saved = folder.path().join("found").display().to_string();
    let arguments = ["--first", "--threads", "1", "--cases", "200", "--runner", &runner, "--out", &saved];
    let (text, code) = out(&[&arguments[..], &["--law", "addressees"]].concat());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("`addressees` fails") && text.contains("1 counterexample found"), "{text}");
    let file =
        std::fs::read_dir(&saved).expect("the folder was made").flatten().next().expect("a file was saved").path();
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    assert!(name.starts_with("seed-0-case-") && name.ends_with("-addressees.json"), "{name}");
    let replay = |arguments: &[&str]| {
        let replay = Command::new(env!("CARGO_BIN_EXE_airtight")).arg("replay").args(arguments).arg(&file).output();
        replay.expect("the binary runs").status.code()
    };
    assert_eq!(replay(&["--runner", &runner]), Some(1));
    assert_eq!(replay(&[]), Some(0));
}

#[test]
fn the_exhaustive_scope_gives_its_certificate() {
    let (text, code) = out(&["--exhaustive", "2"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("exhaustive: ") && text.contains(" hash blake3:"), "{text}");
    assert_eq!(out(&["--exhaustive", "2"]).0, text);
}
