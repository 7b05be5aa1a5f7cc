//! Our own engine as a foreign one: `airtight serve`, driven by the runner for programs.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, Process, RunnerError, SameThread};
use airtight_engine::script::Script;
use airtight_generators::{History, Network, ScriptConfig, ScriptGenerator, Seeded, Services, Weather};
use std::path::Path;

fn served() -> Process {
    let mut runner = Process::new(env!("CARGO_BIN_EXE_airtight"), ["serve"]);
    runner.init(LogLevel::Warn).expect("the server begins");
    runner
}

/// One history of a script, up to the point at which all peers know the same.
fn history(runner: &mut dyn AvmRunner, text: &str, seed: u64) -> History {
    let script = Script::parse(text).expect("the script is valid");
    let services = Services::new(&script, "init", seed).failing(0.1);
    let mut network = Network::new(text, "init", services);
    let mut choices = Seeded::new(seed);
    network.run(runner, &mut choices, Weather::default()).expect("the runner does not fail");
    network.exchange(runner, &mut choices, Weather::default()).expect("the runner does not fail").clone()
}

#[test]
fn histories_are_the_same_in_a_process_and_in_a_thread() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(examples).expect("the examples are there").flatten().map(|entry| entry.path());
    let files = files.filter(|file| file.extension().is_some_and(|extension| extension == "air"));
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    let generated =
        (0..40).map(|seed| airtight_engine::script::print::canonical(&generator.generate(&mut Seeded::new(seed))));
    let scripts = files.map(|file| std::fs::read_to_string(file).expect("a script is text")).chain(generated);
    let (mut process, mut thread, mut runs) = (served(), SameThread::ready(), 0);
    for (seed, text) in (0..).zip(scripts) {
        let (one, other) = (history(&mut process, &text, seed), history(&mut thread, &text, seed));
        runs += one.events.len();
        assert_eq!(one, other, "seed {seed}\n{text}");
    }
    process.terminate().expect("the server ends well");
    assert!(runs > 500, "{runs} events are enough to compare");
}

#[test]
fn merges_inspections_and_refusals_are_the_same_too() {
    let (mut process, mut thread) = (served(), SameThread::ready());
    let name = process.interpreter().map(|it| (it.name.clone(), it.version.clone()));
    assert_eq!(name, Some(("airtight".into(), env!("CARGO_PKG_VERSION").into())));
    let parameters = RunParameters::new("A", "A");
    let air = r#"(seq (call "A" ("s" "f") [] x) (call "A" ("s" "g") [x]))"#;
    let first = process.run(air, b"", b"", &parameters, &CallResults::new()).expect("it runs");
    // The deepest value there is goes there as an answer and comes back as an argument.
    let deep = "[".repeat(127) + &"]".repeat(127);
    let results = CallResults::from([(1, Answer { ret_code: 0, result: deep.into() })]);
    let run = |runner: &mut dyn AvmRunner| runner.run(air, &first.data, b"", &parameters, &results);
    let second = run(&mut process).expect("it runs");
    assert_eq!(second.requests[&2].arguments[0].depth(), 127);
    assert_eq!(Ok(&second), run(&mut thread).as_ref());
    for (a, b) in [(&first.data[..], &second.data[..]), (&second.data, &first.data), (b"", &second.data), (b"x", b"")] {
        assert_eq!(process.merge(a, b), thread.merge(a, b));
        for (air, parameters) in
            [(Some(air), Some(&parameters)), (Some(air), None), (None, Some(&parameters)), (None, None)]
        {
            assert_eq!(process.inspect(air, a, parameters), thread.inspect(air, a, parameters));
        }
    }
    let refused = process.inspect(Some("(oops"), &first.data, None);
    assert!(matches!(refused, Err(RunnerError::Refused { code: 1, .. })), "{refused:?}");
    assert_eq!(refused, thread.inspect(Some("(oops"), &first.data, None));
    process.terminate().expect("the server ends well");
    assert_eq!(process.merge(b"", b""), Err(RunnerError::NotInitialized));
}

#[test]
fn a_request_that_the_server_does_not_read_is_refused() {
    let mut runner = Process::new(env!("CARGO_BIN_EXE_airtight"), ["serve", "--max-line-bytes", "1000"]);
    runner.init(LogLevel::Warn).expect("the server begins");
    let merged = runner.merge(&[0; 1000], b"");
    assert!(matches!(merged, Err(RunnerError::Refused { code: -32700, .. })), "{merged:?}");
    assert_eq!(runner.merge(b"", b""), Ok(Vec::new()));
}
