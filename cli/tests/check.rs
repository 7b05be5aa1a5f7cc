//! `airtight check` and `airtight replay`, as their users meet them.

use airtight_properties::Needs;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name).display().to_string()
}

fn airtight(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_airtight")).args(arguments).output().expect("the binary runs")
}

/// What it prints, and its exit code.
fn out(arguments: &[&str]) -> (String, i32) {
    let output = airtight(arguments);
    let text = String::from_utf8(output.stdout).expect("the output is text");
    assert!(output.status.code() != Some(2), "{}", String::from_utf8_lossy(&output.stderr));
    (text, output.status.code().expect("it ends by itself"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// Our own engine as a program, whose answers are changed on their way.
#[cfg(unix)]
fn changed(folder: &Path, change: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let file: PathBuf = folder.join("runner");
    let script = format!("#!/bin/sh\n'{}' serve | sed -u '{change}'\n", env!("CARGO_BIN_EXE_airtight"));
    std::fs::write(&file, script).expect("it can be written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    file.display().to_string()
}

/// Laws that have nothing to say about a script without canon, `par` and fold.
const SILENT: [&str; 2] = ["canon-is-the-stream", "well-formed-trace"];

#[test]
fn each_law_has_a_line_with_its_instances() {
    let (text, code) = out(&["check", "--runs", "16", &example("relay.air")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("16 histories, 2 peers"), "{text}");
    let laws = || airtight_properties::laws().filter(|law| !law.is_free());
    for law in laws() {
        let line = text.lines().find(|line| line.split_whitespace().next() == Some(law.name));
        let line = line.unwrap_or_else(|| panic!("{} is in the table\n{text}", law.name));
        // The example has no canon, no `par` and no fold.
        let verdict = if SILENT.contains(&law.name) { "premise never held" } else { "holds" };
        let domain: String = law.domain.chars().take(50).collect();
        assert!(line.contains(&domain) && line.ends_with(verdict), "{line}");
    }
    let end =
        format!("{} laws hold, none fails; of {} laws nothing is known\n", laws().count() - SILENT.len(), SILENT.len());
    assert!(text.ends_with(&end), "{text}");
}

#[test]
fn the_same_seed_says_the_same() {
    let arguments = ["check", "--runs", "20", "--seed", "7", "--format", "json"];
    let examples = [example("first_come.air"), example("join.air")];
    let all: Vec<&str> = arguments.into_iter().chain(examples.iter().map(String::as_str)).collect();
    assert_eq!(out(&all), out(&all));
}

#[test]
fn the_json_has_what_the_help_says() {
    let (text, code) = out(&["check", "--runs", "4", "--format", "json", &example("join.air")]);
    assert_eq!(code, 0);
    let value: Value = serde_json::from_str(&text).expect("it is JSON");
    assert_eq!((&value["format"], &value["holds"]), (&Value::from(1), &Value::from(true)));
    let script = &value["scripts"][0];
    assert_eq!((&script["file"], &script["valid"]), (&Value::from(example("join.air")), &Value::from(true)));
    let report = &script["report"];
    assert_eq!(report["totals"]["runs"], 4);
    assert_eq!(report["totals"]["peers"], serde_json::json!(["attic", "cellar", "init"]));
    let laws = report["laws"].as_array().expect("a list");
    assert_eq!(laws.len(), airtight_properties::laws().filter(|law| !law.is_free()).count());
    // The example has no canon, and no `seq` in another one.
    let said = || laws.iter().filter(|law| law["law"] != "canon-is-the-stream" && law["law"] != "seq-associates");
    assert!(said().all(|law| law["verdict"] == "holds" && law["held"].as_u64() > Some(0)), "{laws:#?}");
    for list in ["order", "waits", "unreached", "unused"] {
        assert!(report["findings"][list].is_array(), "{list}");
    }
}

#[test]
fn an_invalid_script_is_told_with_its_place_and_others_are_checked() {
    let folder = folder();
    let file = folder.path().join("bad.air");
    std::fs::write(&file, "(seq (null) (cal \"a\" (\"b\" \"c\") []))").expect("it can be written");
    let bad = file.display().to_string();
    let output = airtight(&["check", "--runs", "2", &bad, &example("relay.air")]);
    let (said, told) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1));
    assert!(told.contains("bad.air:1:14") && told.contains("is it `call`?"), "{told}");
    assert!(said.contains("relay.air: 2 histories"), "{said}");
}

#[test]
fn wrong_usage_is_told_before_anything_runs() {
    for (arguments, why) in [
        (vec!["check", "--runs", "0", "x.air"], "--runs"),
        (vec!["check", "--time", "soon", "x.air"], "--time"),
        (vec!["check", "--failures", "2", "x.air"], "--failures"),
        (vec!["check", "--runner", "'", "x.air"], "quoted as in a shell"),
        (vec!["check", "--compare", "bytes", "x.air"], "--runner"),
        (vec!["check", "no such file.air"], "no such file.air"),
        (vec!["check", "--runner", "/no/such/program", "x.air"], "/no/such/program"),
        (vec!["replay", "no such file.json"], "no such file.json"),
    ] {
        let output = airtight(&arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}\n{told}");
        assert!(told.contains(why), "{arguments:?}\n{told}");
    }
}

#[test]
fn what_is_no_counterexample_is_not_replayed() {
    let folder = folder();
    for (text, why) in [
        ("[]", "not a counterexample"),
        ("{\"format\":99}", "format 99"),
        ("{\"format\":1,\"law\":\"x\"}", "not a counterexample"),
    ] {
        let file = folder.path().join("case.json");
        std::fs::write(&file, text).expect("it can be written");
        let output = airtight(&["replay", &file.display().to_string()]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(why), "{told}");
    }
}

#[test]
#[cfg(unix)]
fn another_interpreter_is_held_to_the_same_laws() {
    let folder = folder();
    let same = changed(folder.path(), "s/no change//");
    let (text, code) = out(&["check", "--runs", "8", "--runner", &same, &example("first_come.air")]);
    assert_eq!(code, 0, "{text}");
    // Not those about our own data and texts.
    let own = airtight_properties::laws().filter(|law| !law.is_free() && law.needs == Needs::Own).count();
    let others = airtight_properties::laws().filter(|law| !law.is_free()).count() - own;
    let end = format!("{others} laws hold, none fails; of {own} laws nothing is known");
    assert!(text.contains(&end) && text.contains("not applied"), "{text}");
}

#[test]
#[cfg(unix)]
fn a_broken_interpreter_is_shown_by_the_smallest_case() {
    let folder = folder();
    let broken = changed(folder.path(), r#"s/"nextPeerPks":\["/"nextPeerPks":["init","/"#);
    let cases = folder.path().join("cases");
    let cases_name = cases.display().to_string();
    let runner = ["--runner", &broken];
    let (text, code) =
        out(&[&["check", "--runs", "8", "--out", &cases_name], &runner[..], &[&example("first_come.air")]].concat());
    assert_eq!(code, 1, "{text}");
    assert!(text.contains("`addressees` fails") && text.contains("has news for init, mirror 1"), "{text}");
    assert!(text.ends_with("3 counterexamples found\n"), "{text}");

    let file = cases.join("first_come-addressees.json").display().to_string();
    assert!(text.contains(&format!("airtight replay --runner {broken} {file}")), "{text}");
    let (again, code) = out(&[&["replay"], &runner[..], &[&file]].concat());
    assert_eq!(code, 1, "{again}");
    assert!(again.contains("the script: (call \"mirror 1\" (\"files\" \"get\") [])"), "{again}");
    assert!(again.ends_with("`addressees` still fails\n"), "{again}");
    let (ours, code) = out(&["replay", &file]);
    assert_eq!((code, ours.ends_with("`addressees` holds in this case\n")), (0, true), "{ours}");
}

/// Where an interpreter offers less, fewer laws are looked at, and the table says why.
#[test]
#[cfg(unix)]
fn laws_that_a_runner_offers_no_way_to_look_at_are_not_counted() {
    let folder = folder();
    // No `merge` and no `inspect`: the methods are not found.
    let script = format!(
        "#!/bin/sh\nsed -u 's/\"merge\"/\"no merge\"/; s/\"inspect\"/\"no inspect\"/' | '{}' serve\n",
        env!("CARGO_BIN_EXE_airtight")
    );
    let runner = changed(folder.path(), "");
    std::fs::write(&runner, script).expect("it can be written");
    let (text, code) = out(&["check", "--runs", "8", "--runner", &runner, &example("first_come.air")]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("the runner does not offer `merge`"), "{text}");
    assert!(text.contains("the runner does not offer `inspect`"), "{text}");
    let runs = airtight_properties::laws().filter(|law| !law.is_free() && law.needs == Needs::Runs).count();
    let others = airtight_properties::laws().filter(|law| !law.is_free()).count() - runs;
    assert!(text.contains(&format!("{runs} laws hold, none fails; of {others} laws nothing is known")), "{text}");
}
