//! The harness finds the known defects of the reference again, through JSON-RPC; so does whoever runs
//! `airtight check --runner airtight-reference`.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, Process, RunnerError};
use airtight_oracle::rediscovery::{By, DEFECTS, through};
use airtight_oracle::{Reference, VERSION};
use airtight_properties::{Options, Verdict, law};
use std::path::Path;
use std::time::Duration;

/// The server, which was built beside this test.
const SERVER: &str = env!("CARGO_BIN_EXE_airtight-reference");

#[test]
fn every_known_defect_is_found_again() {
    let bounds = Options { runs: 400, ..Options::default() };
    for defect in &DEFECTS {
        let law = law(defect.law).expect("there is such a law");
        let mut subject = By::Rpc(Path::new(SERVER)).subject(defect.comparison).expect("the server starts");
        let script = std::iter::once(defect.script.to_owned());
        let found = through(law, &mut subject, script, &defect.options(&bounds), defect.into(), Duration::MAX)
            .expect("it is run");
        assert_eq!(found.verdict, Verdict::Fails, "{}", defect.name);
    }
}

/// The server says what the reference says that runs in this process.
#[test]
fn the_server_is_the_reference() {
    let air = r#"(seq (call "A" ("s" "f") [] $x) (seq (canon "A" $x #x) (call "B" ("s" "g") [#x])))"#;
    let mut server = Process::new(SERVER, ["--memory", "4096"]);
    server.init(LogLevel::Error).expect("the server starts");
    assert_eq!(server.interpreter().map(|one| one.version.as_str()), Some(VERSION));
    let mut direct = Reference::ready().expect("there is a thread for it");
    let parameters = RunParameters::new("A", "A");
    let answers = CallResults::from([(1, Answer { ret_code: 0, result: "\"A\"".into() })]);
    let mut shown = Vec::new();
    for runner in [&mut server as &mut dyn AvmRunner, &mut direct] {
        let first = runner.run(air, b"", b"", &parameters, &CallResults::new()).expect("it runs");
        let second = runner.run(air, &first.data, b"", &parameters, &answers).expect("it runs");
        let view = runner.inspect(Some(air), &second.data, Some(&parameters)).expect("it shows data");
        shown.push((second.ret_code, second.next_peers, first.requests, view));
    }
    assert_eq!(shown[0], shown[1]);
    assert!(shown[0].3.contains(r#""by":"A""#) && shown[0].3.contains(r#""sentBy":"A""#), "{}", shown[0].3);
}

/// Who wants more memory than there is ends, and is started again.
#[test]
fn memory_is_bounded() {
    let mut server = Process::new(SERVER, ["--memory", "600"]);
    server.init(LogLevel::Error).expect("the server starts");
    let air = format!("(call \"A\" (\"s\" \"f\") [\"{}\"])", "x".repeat(64 << 20));
    let parameters = RunParameters::new("A", "A");
    let run = server.run(&air, b"", b"", &parameters, &CallResults::new());
    assert!(matches!(run, Err(RunnerError::Gone { .. })), "{run:?}");
    server.init(LogLevel::Error).expect("it starts again");
    assert!(server.run("(null)", b"", b"", &parameters, &CallResults::new()).is_ok());
}
