//! Targets that play histories and run scripts.

use crate::campaign::{case_of, draw};
use crate::case::Case;
use crate::law::laws;
use crate::scene::Scene;
use crate::subject::{Comparison, Subject};
use crate::{Played, Violation};
use airtight_engine::data::{Answer, Data, decode, encode};
use airtight_engine::execute::Limits;
use airtight_engine::host::{Host, Particle};
use airtight_engine::invoke::{CallResults, InterpreterOutcome, RunParameters, invoke as invoke_bytes, write_requests};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread, Worker};
use airtight_generators::{Choices, EditWeights, FuzzerBytes, ScriptConfig, ScriptGenerator, damage, near_valid};
use arbitrary::Unstructured;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use super::served::Lines;
use super::write_answers;

/// Scripts with everything that there is, stream maps for example, of which campaigns have little.
static SCRIPTS: LazyLock<ScriptGenerator> =
    LazyLock::new(|| ScriptGenerator::new(ScriptConfig { size: 3..=14, ..ScriptConfig::valid() }));

/// A case as campaigns have them, or about a script of any kind.
fn any_case(choices: &mut FuzzerBytes<'_, '_>) -> Case {
    if choices.below(3) == 1 { case_of(&SCRIPTS.generate(choices), choices) } else { draw(choices) }
}

fn play(case: &Case, subject: &mut Subject) -> Result<Option<Played>, Violation> {
    // A generated script is valid by construction.
    let played = case.play(subject).map_err(|error| {
        Violation::new("what is generated as valid is valid")
            .part("script", &*case.script)
            .part("error", error.to_string())
    })?;
    Ok(Some(played).filter(|played| !played.runs.is_empty()))
}

/// An input is about one of so many parts of the laws; all of them together would take most of the time.
const PARTS: u32 = 8;

/// Every law holds in a generated history; an input says in which, and about which laws.
///
/// # Errors
/// If that does not hold.
pub(super) fn history(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let mut subject = Subject::own();
    let part = choices.below(PARTS) as usize;
    let Some(played) = play(&any_case(&mut choices), &mut subject)? else { return Ok(false) };
    let mut scene = Scene::new(&played, &mut subject);
    let mut held = false;
    for law in laws().filter(|law| !law.is_free()).skip(part).step_by(PARTS as usize) {
        held |= law.look(&mut scene, &mut choices)?;
    }
    Ok(held)
}

/// How often an input of a run is damaged at most.
const DAMAGES_MAX: u32 = 3;

/// One of the inputs of a run, often damaged.
fn perhaps_damaged(bytes: &[u8], choices: &mut FuzzerBytes<'_, '_>) -> Vec<u8> {
    if choices.chance(1, 3) { damage(bytes, DAMAGES_MAX, choices) } else { bytes.to_vec() }
}

/// A run over damaged input ends, the same way twice, and gives the previous data back if it is given up.
///
/// # Errors
/// If that does not hold.
pub(super) fn invoke(bytes: &[u8]) -> Result<bool, Violation> {
    invoke_by(bytes, &mut invoke_bytes)
}

/// What makes an outcome of a script, previous and current data, parameters and answers.
type Interpreter<'i> = dyn FnMut(String, Vec<u8>, Vec<u8>, RunParameters, Vec<u8>) -> InterpreterOutcome + 'i;

/// [`invoke`], whoever the interpreter is.
fn invoke_by(bytes: &[u8], interpreter: &mut Interpreter<'_>) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let case = any_case(&mut choices);
    let Some(played) = play(&case, &mut Subject::own())? else { return Ok(false) };
    let pick = |choices: &mut FuzzerBytes<'_, '_>| played.runs.get(choices.below(played.runs.len() as u32) as usize);
    let (Some(run), Some(other)) = (pick(&mut choices), pick(&mut choices)) else { return Ok(false) };
    let script = if choices.chance(1, 8) {
        near_valid(played.script.tree(), &EditWeights::default(), &mut choices)
    } else {
        (*case.script).to_owned()
    };
    let previous = perhaps_damaged(&run.previous, &mut choices);
    let current = perhaps_damaged(if choices.chance(1, 2) { &other.after } else { &run.current }, &mut choices);
    let mut answers = run.answers.clone();
    if choices.chance(1, 4) {
        let result = ["\"x\"", "{oops", "[[[]]]", "1e400", ""][choices.below(5) as usize];
        answers.insert(choices.below(5), Answer { ret_code: choices.below(3) as i32 - 1, result: result.into() });
    }
    let results = perhaps_damaged(&write_answers(&answers), &mut choices);
    let parameters = limited(&run.parameters, &mut choices);
    if choices.chance(1, HOST_IN) {
        let inputs = [&run.current, &current.as_slice().into(), &run.after];
        host_goes_on(Particle::new(script, parameters), inputs, &answers)?;
        return Ok(true);
    }
    let mut once =
        || interpreter(script.clone(), previous.clone(), current.clone(), parameters.clone(), results.clone());
    let outcome = once();
    let violation = |law| {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Violation::new(law)
            .part("script", script.clone())
            .part("parameters", format!("{parameters:?}"))
            .part("previous data", text(&previous))
            .part("current data", text(&current))
            .part("answers", text(&results))
            .part("outcome", format!("{} {}", outcome.ret_code, outcome.error_message))
    };
    if once() != outcome {
        return Err(violation("the same input gives the same outcome, byte for byte"));
    }
    let InterpreterOutcome { ret_code, data, next_peer_pks, call_requests, .. } = &outcome;
    if matches!(ret_code, 1..10000 | 20000..30000) {
        if *data != previous {
            return Err(violation("a run that is given up returns the previous data"));
        }
        let nothing = write_requests(&Default::default());
        if !next_peer_pks.is_empty() || (!call_requests.is_empty() && *call_requests != nothing) {
            return Err(violation("a run that is given up requests nothing and tells nobody"));
        }
        return Ok(true);
    }
    let read = |bytes: &[u8]| {
        decode(bytes).map_err(|error| violation("what is run over is data").part("why", error.to_string()))
    };
    let (before, sent, after) = (read(&previous)?, read(&current)?, read(data)?);
    if encode(&after) != *data {
        return Err(violation("what a run gives has one encoding"));
    }
    let lost = |data: &Data| {
        data.shared()
            .events()
            .any(|event| !after.shared().events().any(|now| (now.place, now.result) == (event.place, event.result)))
    };
    if lost(&before) || lost(&sent) {
        return Err(violation("events(a) ∪ events(b) ⊆ events(f_p(a, b))"));
    }
    Ok(true)
}

/// One input in so many is given to a host instead.
const HOST_IN: u32 = 4;

/// A host that was given any data and answers comes to an end: each run takes something in, or sets something aside.
fn host_goes_on(particle: Particle, inputs: [&Arc<[u8]>; 3], answers: &CallResults) -> Result<(), Violation> {
    let air = particle.air.clone();
    let violation = |law| Violation::new(law).part("script", &*air);
    let (mut runner, mut host) = (SameThread::ready(), Host::new(particle));
    host.start();
    let mut calls = answers.values().cycle();
    for input in inputs {
        host.receive(input.clone());
        let open: Vec<_> = host.open().collect();
        for (ticket, answer) in open.into_iter().zip(&mut calls) {
            host.answer(ticket, answer.clone());
        }
        // A group first, then one by one.
        for _ in 0..=2 + host.state().inbox.len() + host.state().answers.len() {
            let before = host.data().clone();
            let Some(step) = host.step(&mut runner)? else { break };
            if step.result.is_given_up() && (*host.data() != before || !step.calls.is_empty()) {
                return Err(
                    violation("a run that is given up changes nothing").part("error", step.result.error_message)
                );
            }
        }
        if host.is_due() {
            return Err(violation("a host whose runs fail gets rid of what they fail on"));
        }
    }
    Ok(())
}

/// The parameters of a run, often with small limits.
fn limited(parameters: &RunParameters, choices: &mut FuzzerBytes<'_, '_>) -> RunParameters {
    let mut parameters = parameters.clone();
    let small = |choices: &mut FuzzerBytes<'_, '_>| [1_u64 << 20, 0, 1, 30, 300][choices.below(5) as usize];
    if choices.chance(1, 4) {
        let limits = parameters.limits;
        parameters.limits = Limits {
            steps: small(choices).min(limits.steps),
            depth: small(choices) as usize,
            value_bytes: small(choices),
            stream_elements: (small(choices) as usize).min(limits.stream_elements),
        };
    }
    if choices.chance(1, 8) {
        let sizes = &mut parameters.size_limits;
        (sizes.air, sizes.particle, sizes.call_result) = (small(choices), small(choices), small(choices));
        sizes.new_data = small(choices);
        sizes.hard = choices.chance(1, 2);
    }
    parameters.repeat_requests = choices.chance(1, 8);
    parameters
}

thread_local! {
    /// A thread for each input would take most of the time.
    static OTHERS: RefCell<Option<[Subject; 2]>> = const { RefCell::new(None) };
}

/// A runner in a thread of its own, and one behind the runner protocol, say what one in the same thread says.
///
/// # Errors
/// If that does not hold.
pub(super) fn roundtrip_runner(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let case = any_case(&mut choices);
    let Some(own) = play(&case, &mut Subject::own())? else { return Ok(false) };
    if choices.chance(1, 8) {
        ends_and_begins(&own, &mut Worker::<SameThread>::new())?;
    }
    OTHERS.with_borrow_mut(|others| -> Result<(), Violation> {
        let others = match others {
            Some(others) => others,
            None => {
                let bytes = Some(Comparison::Bytes);
                others.insert([Subject::of(Worker::new(), bytes)?, Subject::of(Lines::new(), bytes)?])
            }
        };
        others.iter_mut().try_for_each(|other| says_the_same(&case, &own, other))
    })?;
    Ok(true)
}

/// Another runner says of a case what was said of it by the own one.
fn says_the_same(case: &Case, own: &Played, other: &mut Subject) -> Result<(), Violation> {
    let played = play(case, other)?;
    let same = played.as_ref().is_some_and(|other| {
        other.failure.is_none()
            && other.runs.len() == own.runs.len()
            && own.runs.iter().zip(&other.runs).all(|(a, b)| a.after == b.after && a.result == b.result)
    });
    let violation = |law| Violation::new(law).part("script", &*case.script);
    if !same {
        return Err(violation("a runner says the same in a thread of its own, and behind the protocol")
            .part("failure", format!("{:?}", played.and_then(|other| other.failure))));
    }
    if let (Some(first), Some(last)) = (own.runs.first(), own.runs.last()) {
        let looked_at = |subject: &mut Subject| {
            let merged = subject.merge(&first.after, &last.after);
            let shown = subject.view(Some(&case.script), &last.after, &last.parameters);
            format!("{merged:?} {shown:?}")
        };
        if looked_at(&mut Subject::own()) != looked_at(other) {
            return Err(violation(
                "a runner merges and shows data alike in a thread of its own, and behind the protocol",
            ));
        }
    }
    Ok(())
}

/// A runner that was terminated says so until it is initialized again.
fn ends_and_begins<R: AvmRunner>(played: &Played, runner: &mut R) -> Result<(), Violation> {
    let Some(run) = played.runs.first() else { return Ok(()) };
    let once =
        |runner: &mut R| runner.run(&played.case.script, &run.previous, &run.current, &run.parameters, &run.answers);
    runner.init(LogLevel::Error)?;
    let before = once(runner)?;
    runner.terminate()?;
    runner.terminate()?;
    if once(runner) != Err(RunnerError::NotInitialized) {
        return Err(Violation::new("a runner that was terminated is not initialized"));
    }
    runner.init(LogLevel::Error)?;
    if once(runner)? != before {
        return Err(Violation::new("a runner that begins again says the same"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use airtight_engine::invoke::InterpreterResult;
    use airtight_generators::Seeded;

    fn inputs() -> impl Iterator<Item = Vec<u8>> {
        let mut random = Seeded::new(2_026);
        (0..300).map(move |_| (0..400).map(|_| (random.bits() >> 56) as u8).collect())
    }

    /// What is found when each outcome is changed like this; the number says how many there were before.
    fn found(change: impl Fn(&mut InterpreterOutcome, &[u8], u32)) -> Option<&'static str> {
        let mut number = 0;
        let mut changed = |air, previous: Vec<u8>, current, parameters, results| {
            let mut outcome = invoke_bytes(air, previous.clone(), current, parameters, results);
            change(&mut outcome, &previous, number);
            number += 1;
            outcome
        };
        inputs().find_map(|bytes| invoke_by(&bytes, &mut changed).err()).map(|violation| violation.law)
    }

    fn is_given_up(outcome: &InterpreterOutcome) -> bool {
        matches!(outcome.ret_code, 1..10000 | 20000..30000)
    }

    #[test]
    fn interpreters_with_a_mistake_are_found() {
        assert_eq!(found(|_, _, _| ()), None);
        let counts = found(|outcome, _, number| outcome.error_message += &number.to_string());
        assert_eq!(counts, Some("the same input gives the same outcome, byte for byte"));
        let forgets = |outcome: &mut InterpreterOutcome, _: &[u8], _| {
            if is_given_up(outcome) {
                outcome.data.clear();
            }
        };
        assert_eq!(found(forgets), Some("a run that is given up returns the previous data"));
        let tells = |outcome: &mut InterpreterOutcome, _: &[u8], _| outcome.next_peer_pks.push("x".into());
        assert_eq!(found(tells), Some("a run that is given up requests nothing and tells nobody"));
        let pads = |outcome: &mut InterpreterOutcome, _: &[u8], _| {
            if !is_given_up(outcome) {
                outcome.data.push(b' ');
            }
        };
        assert_eq!(found(pads), Some("what is run over is data"));
        let learns_nothing = |outcome: &mut InterpreterOutcome, previous: &[u8], _| outcome.data = previous.to_vec();
        assert_eq!(found(learns_nothing), Some("events(a) ∪ events(b) ⊆ events(f_p(a, b))"));
    }

    /// Our engine, whose results are changed, and which may forget to end, or merge the wrong way round.
    struct Changed<F> {
        engine: SameThread,
        change: F,
        ends: bool,
        merges: bool,
    }

    impl<F: FnMut(&mut InterpreterResult)> AvmRunner for Changed<F> {
        fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
            self.engine.init(log_level)
        }

        fn run(
            &mut self,
            air: &str,
            previous: &[u8],
            current: &[u8],
            parameters: &RunParameters,
            call_results: &CallResults,
        ) -> Result<InterpreterResult, RunnerError> {
            let mut result = self.engine.run(air, previous, current, parameters, call_results)?;
            (self.change)(&mut result);
            Ok(result)
        }

        fn terminate(&mut self) -> Result<(), RunnerError> {
            if self.ends { self.engine.terminate() } else { Ok(()) }
        }

        fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
            if self.merges { self.engine.merge(previous, current) } else { self.engine.merge(current, previous) }
        }

        fn inspect(
            &mut self,
            air: Option<&str>,
            data: &[u8],
            parameters: Option<&RunParameters>,
        ) -> Result<String, RunnerError> {
            self.engine.inspect(air, data, parameters)
        }
    }

    fn changed<F: FnMut(&mut InterpreterResult)>(change: F) -> Changed<F> {
        Changed { engine: SameThread::new(), change, ends: true, merges: true }
    }

    #[test]
    fn runners_with_a_mistake_are_found() {
        let differs = |runner: Box<dyn AvmRunner + Send>| {
            let mut other = Subject::of(runner, Some(Comparison::Bytes)).expect("it starts");
            inputs().any(|bytes| {
                let mut source = Unstructured::new(&bytes);
                let case = any_case(&mut FuzzerBytes(&mut source));
                let own = play(&case, &mut Subject::own()).expect("it is valid");
                own.is_some_and(|own| says_the_same(&case, &own, &mut other).is_err())
            })
        };
        assert!(!differs(Box::new(changed(|_| ()))));
        assert!(differs(Box::new(changed(|result| result.next_peers.reverse()))));
        assert!(differs(Box::new(changed(|result| result.unknown_call_ids.push(7)))));
        assert!(differs(Box::new(changed(|result| result.data.clear()))));
        assert!(differs(Box::new(Changed { merges: false, ..changed(|_| ()) })));
    }

    #[test]
    fn runners_that_do_not_end_are_found() {
        let played = inputs().find_map(|bytes| {
            let mut source = Unstructured::new(&bytes);
            play(&any_case(&mut FuzzerBytes(&mut source)), &mut Subject::own()).expect("it is valid")
        });
        let played = played.expect("one has a run");
        let law = |result: Result<(), Violation>| result.err().map(|violation| violation.law);
        assert_eq!(law(ends_and_begins(&played, &mut changed(|_| ()))), None);
        let endless = ends_and_begins(&played, &mut Changed { ends: false, ..changed(|_| ()) });
        assert_eq!(law(endless), Some("a runner that was terminated is not initialized"));
        let mut number = 0;
        let mut counting = changed(|result| {
            number += 1;
            result.error_message = number.to_string();
        });
        let again = ends_and_begins(&played, &mut counting);
        assert_eq!(law(again), Some("a runner that begins again says the same"));
    }
}
