//! `airtight generate`, as its users meet it.

use airtight_engine::script::Script;
use std::process::Command;

/// Exit code, standard output and standard error of a run.
fn generate(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_airtight")).arg("generate").args(arguments).output();
    let output = output.expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("the output is text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The scripts of an output, without the comments before them.
fn scripts(out: &str) -> Vec<String> {
    out.split("; script ").skip(1).filter_map(|part| Some(part.split_once('\n')?.1.to_owned())).collect()
}

#[test]
fn it_prints_valid_scripts_the_same_each_time() {
    let (code, out, err) = generate(&["-n", "20", "--seed", "5"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    let scripts = scripts(&out);
    assert_eq!(scripts.len(), 20);
    assert!(out.starts_with("; script 1 of seed 5\n("));
    for script in &scripts {
        Script::parse(script).unwrap_or_else(|errors| panic!("{script}\n{errors}"));
    }
    assert_eq!(generate(&["-n", "20", "--seed", "5"]).1, out);
    assert!(out.starts_with(&generate(&["-n", "3", "--seed", "5"]).1));
    assert_ne!(generate(&["-n", "20", "--seed", "6"]).1, out);
}

#[test]
fn near_valid_scripts_are_partly_refused() {
    let (code, out, _) = generate(&["--profile", "near-valid", "-n", "200"]);
    let scripts = scripts(&out);
    let refused = scripts.iter().filter(|script| Script::parse(script).is_err()).count();
    assert_eq!((code, scripts.len()), (Some(0), 200));
    assert!((80..=140).contains(&refused), "{refused}");
}

#[test]
fn statistics_are_tables_and_pictures() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let (svg, page) = (directory.path().join("plot.svg"), directory.path().join("plot.html"));
    let (code, out, err) = generate(&["-n", "100", "--stats", "--plot", svg.to_str().expect("a path of ours is text")]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    for section in
        ["scripts (of 100)", "instructions (of ", "a peer (of ", "runs end (of ", "peers of a history (of 100)"]
    {
        assert!(out.contains(section), "{section}\n{out}");
    }
    assert!(!out.contains("; script"));
    let picture = std::fs::read_to_string(&svg).expect("the picture was written");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>") && picture.contains("<rect"));
    let (code, out, _) = generate(&["-n", "5", "--plot", page.to_str().expect("a path of ours is text")]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    let page = std::fs::read_to_string(&page).expect("the page was written");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg "));
}

#[test]
fn a_file_that_cannot_be_written_is_said() {
    let (code, _, err) = generate(&["--plot", "/nowhere/at/all.svg"]);
    assert_eq!(code, Some(2));
    assert!(err.starts_with("error: cannot write `/nowhere/at/all.svg`"), "{err}");
}
