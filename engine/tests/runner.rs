//! Runners: the same results wherever the engine runs, and a life that can begin again.

use airtight_engine::data::{Answer, decode};
use airtight_engine::invoke::{CallResults, RunParameters, invoke, write_requests};
use airtight_engine::runner::{AvmRunner, InterpreterResult, LogLevel, RunnerError, SameThread, Worker};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

const SCRIPTS: [&str; 4] = [
    r#"(seq (par (call "A" ("s" "f") [] $a) (call "B" ("s" "g") [] $a)) (seq (canon "A" $a #a) (call "B" ("s" "h") [#a])))"#,
    r#"(xor (call "B" ("s" "f") [1] x) (par (call "A" ("s" "g") [%last_error%] y) (fail 3 "x")))"#,
    r#"(fold $s i (next i))"#,
    r#"(oops"#,
];

/// A step: script, peer, which of the data so far are previous and current, answers, whether to repeat requests.
type Action = (usize, bool, usize, usize, Vec<(u32, i32, String)>, bool);

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let answer = (0..4_u32, prop_oneof![3 => Just(0), 1 => any::<i32>()], prop_oneof!["[0-9]", "\"[a-z]*\"", ".{0,4}"]);
    let answers = prop::collection::vec(answer, 0..3);
    let action = (0..SCRIPTS.len(), any::<bool>(), 0..9_usize, 0..9_usize, answers, any::<bool>());
    prop::collection::vec(action, 1..20)
}

#[test]
fn runners_agree_with_each_other_and_with_the_function() {
    let config =
        ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Default::default() };
    let (mut worker, mut long_lived) = (Worker::new(), SameThread::ready());
    worker.init(LogLevel::Warn).unwrap();
    let runners = std::cell::RefCell::new((&mut worker, &mut long_lived));
    TestRunner::new(config)
        .run(&actions(), |actions| {
            let mut runners = runners.borrow_mut();
            let mut datas: Vec<Vec<u8>> = vec![Vec::new()];
            for (script, at_a, previous, current, answers, repeat_requests) in actions {
                let air = SCRIPTS[script];
                let peer = if at_a { "A" } else { "B" };
                let parameters = RunParameters { repeat_requests, ..RunParameters::new("A", peer) };
                let answers: CallResults = answers
                    .into_iter()
                    .map(|(id, ret_code, result)| (id, Answer { ret_code, result: result.into() }))
                    .collect();
                let (previous, current) = (datas[previous % datas.len()].clone(), datas[current % datas.len()].clone());
                let run = |runner: &mut dyn AvmRunner| runner.run(air, &previous, &current, &parameters, &answers);
                let fresh = run(&mut SameThread::ready()).unwrap();
                prop_assert_eq!(&run(runners.0).unwrap(), &fresh);
                prop_assert_eq!(&run(runners.1).unwrap(), &fresh);
                let bytes = serde_json::to_vec(&answers).unwrap();
                let outcome = invoke(air.into(), previous.clone(), current.clone(), parameters.clone(), bytes);
                prop_assert_eq!(&outcome.call_requests, &write_requests(&fresh.requests));
                prop_assert_eq!(&outcome.call_requests, &serde_json::to_vec(&fresh.requests).unwrap());
                prop_assert_eq!(&outcome.data, &fresh.data);
                prop_assert_eq!(outcome, fresh.clone().into());
                let merged = runners.0.merge(&previous, &current);
                prop_assert_eq!(&merged, &runners.1.merge(&previous, &current));
                datas.push(fresh.data);
                datas.extend(merged);
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn scripts_are_kept_by_their_text_and_only_a_few() {
    let mut runner = SameThread::ready();
    let parameters = RunParameters::new("A", "A");
    for round in 0..3 {
        for number in 0..20 {
            let air = format!("(fail {} \"x\")", number + 1);
            let result = runner.run(&air, b"", b"", &parameters, &CallResults::new()).unwrap();
            assert_eq!(result.error_message, format!("the script failed with code {}: x", number + 1), "{round}");
        }
    }
    assert_eq!(runner.scripts_kept(), 8);
    runner.run("(oops", b"", b"", &parameters, &CallResults::new()).unwrap();
    assert_eq!(runner.scripts_kept(), 8);
    runner.terminate().unwrap();
    assert_eq!(runner.scripts_kept(), 0);
}

fn null(runner: &mut dyn AvmRunner) -> Result<InterpreterResult, RunnerError> {
    runner.run("(null)", b"", b"", &RunParameters::new("A", "A"), &CallResults::new())
}

#[test]
fn a_runner_begins_and_ends_and_begins_again() {
    let runners: [Box<dyn AvmRunner>; 2] = [Box::new(SameThread::new()), Box::new(Worker::new())];
    for mut runner in runners {
        for level in LogLevel::ALL {
            assert_eq!(null(&mut runner), Err(RunnerError::NotInitialized));
            assert_eq!(runner.merge(b"", b""), Err(RunnerError::NotInitialized));
            runner.init(level).unwrap();
            runner.init(level).unwrap();
            let result = null(&mut runner).unwrap();
            assert_eq!(result.ret_code, 0);
            // A journal is not merged: it stays where it is, in the previous data.
            let shared = |data: &[u8]| decode(data).unwrap().shared().clone();
            assert_eq!(shared(&runner.merge(b"", &result.data).unwrap()), shared(&result.data));
            assert_eq!(runner.merge(&result.data, b""), Ok(result.data));
            runner.terminate().unwrap();
            runner.terminate().unwrap();
        }
    }
}

#[test]
fn what_cannot_be_merged_is_refused_with_the_code_of_the_interpreter() {
    let mut runner = SameThread::ready();
    let data = null(&mut runner).unwrap().data;
    let mut code = |a: &[u8], b: &[u8]| match runner.merge(a, b) {
        Err(RunnerError::Refused { code, message }) => (code, message.split(':').next().unwrap().to_owned()),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(b"x", b""), (2, "the previous data cannot be read".into()));
    assert_eq!(code(&data, b"x"), (2, "the current data cannot be read".into()));
    let mut other = SameThread::ready();
    let foreign = other.run("(null) ", b"", b"", &RunParameters::new("A", "A"), &CallResults::new()).unwrap().data;
    assert_eq!(code(&data, &foreign), (20000, "these are data of another script".into()));
}

#[test]
fn what_a_runner_does_not_offer_it_says() {
    let parameters = RunParameters::new("A", "A");
    let error = Panics.inspect(Some("(null)"), b"", Some(&parameters)).unwrap_err();
    assert_eq!(error.to_string(), "the runner does not offer `inspect`");
    let shown = SameThread::ready().inspect(Some("(null)"), b"", Some(&parameters)).unwrap();
    assert!(shown.contains(r#""end":"complete""#), "{shown}");
}

/// A runner that panics when it runs data.
struct Panics;

impl AvmRunner for Panics {
    fn init(&mut self, _: LogLevel) -> Result<(), RunnerError> {
        Ok(())
    }

    fn run(
        &mut self,
        _: &str,
        previous: &[u8],
        _: &[u8],
        _: &RunParameters,
        _: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        match previous {
            [] => Ok(InterpreterResult::default()),
            [byte] => panic!("it cannot take {byte}"),
            _ => std::panic::panic_any(1),
        }
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        panic!("it cannot end")
    }
}

#[test]
fn panics_of_a_worker_are_errors_and_it_can_begin_again() {
    let mut worker = Worker::of(|| Panics);
    let (parameters, none) = (RunParameters::new("A", "A"), CallResults::new());
    for (previous, message) in [(&b"\x07"[..], "it cannot take 7"), (b"xx", "it did not say why")] {
        worker.init(LogLevel::Error).unwrap();
        assert!(null(&mut worker).is_ok());
        let error = worker.run("", previous, b"", &parameters, &none).unwrap_err();
        assert_eq!(error, RunnerError::Panicked { message: message.into() });
        assert_eq!(null(&mut worker), Err(RunnerError::NotInitialized));
    }
    worker.init(LogLevel::Error).unwrap();
    assert_eq!(worker.terminate(), Err(RunnerError::Panicked { message: "it cannot end".into() }));
    assert_eq!(worker.terminate(), Ok(()));
}
