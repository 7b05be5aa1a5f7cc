//! Fuzz targets: laws over any bytes.
//!
//! A [`Target`] makes something of bytes (a script, data, choices) and holds laws against it. Fuzzers call it, and so does
//! `cargo test`, over their seeds and over every input that once broke a law; so it needs no fuzzer itself.

use crate::campaign::draw;
use crate::case::Case;
use crate::law::laws;
use crate::scene::Scene;
use crate::subject::Subject;
use crate::{Played, Violation, free, text};
use airtight_engine::data::{Answer, Data, decode, encode};
use airtight_engine::execute::Limits;
use airtight_engine::invoke::{
    CallResults, InterpreterOutcome, RunParameters, invoke as invoke_bytes, read_results, write_requests,
};
use airtight_engine::runner::protocol::{ErrorObject, InitResponse, MergeResponse, RunResponse};
use airtight_engine::runner::{SameThread, Worker, serve as serve_lines};
use airtight_engine::script::{Tree, print};
use airtight_generators::{Choices, EditWeights, FuzzerBytes, ScriptConfig, ScriptGenerator, damage, near_valid};
use arbitrary::Unstructured;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;

/// Laws over what bytes mean.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which folders of inputs have too.
    pub name: &'static str,
    /// What holds for all bytes.
    pub statement: &'static str,
    /// What the bytes are.
    pub input: Input,
    /// Looks at an input; says whether it meant something, so that it is worth keeping.
    pub look: fn(&[u8]) -> Result<bool, Violation>,
}

/// What the bytes of a target are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Input {
    /// The text of a script.
    Script,
    /// Data.
    Data,
    /// Answers to calls.
    Answers,
    /// Lines of the runner protocol.
    Lines,
    /// Choices of a generator.
    Choices,
}

/// All targets.
pub const TARGETS: [Target; 9] = [
    Target {
        name: "parse",
        statement: "parsing is total, its findings are well formed, and what parses prints and parses to itself",
        input: Input::Script,
        look: parse,
    },
    Target {
        name: "print",
        statement: "a generated tree prints to a text that parses to it, in every style",
        input: Input::Choices,
        look: print,
    },
    Target {
        name: "decode",
        statement: "decoding is total, and what decodes encodes to the same bytes",
        input: Input::Data,
        look: decode_encode,
    },
    Target {
        name: "merge",
        statement: "merging free data obeys the word law, conservation and convergence",
        input: Input::Choices,
        look: merge,
    },
    Target {
        name: "invoke",
        statement: "a run over damaged input ends, the same way twice, and gives the previous data back if it is given up",
        input: Input::Choices,
        look: invoke,
    },
    Target {
        name: "history",
        statement: "every law holds in a generated history; an input is about an eighth of them",
        input: Input::Choices,
        look: history,
    },
    Target {
        name: "results",
        statement: "reading answers to calls is total, and what is read is written and read again",
        input: Input::Answers,
        look: results,
    },
    Target {
        name: "serve",
        statement: "the server answers every line with JSON, once if it has an id",
        input: Input::Lines,
        look: serve,
    },
    Target {
        name: "roundtrip_runner",
        statement: "a runner in a thread of its own says what one in the same thread says",
        input: Input::Choices,
        look: roundtrip_runner,
    },
];

/// The target of this name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// Of so many texts that are far from a script, one is read again, and by the reader of the grammar alone.
const READ_AGAIN_IN: usize = 8;

/// Parsing is total, its findings are well formed, and what parses prints and parses to itself.
///
/// # Errors
/// If that does not hold.
pub fn parse(bytes: &[u8]) -> Result<bool, Violation> {
    let is_near = text::reading(bytes)?;
    if is_near || bytes.len().is_multiple_of(READ_AGAIN_IN) {
        text::totality(bytes)?;
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(false) };
    if !is_near {
        return Ok(true);
    }
    let Ok(tree) = Tree::parse(text) else { return Ok(true) };
    if let Ok(bare) = Tree::parse(print::canonical(&tree)) {
        text::round_trip(&bare)?;
    }
    text::comments_stay(text)?;
    text::stable_findings(text)?;
    Ok(true)
}

/// A generated tree prints to a text that parses to it, in every style.
///
/// # Errors
/// If that does not hold.
pub fn print(bytes: &[u8]) -> Result<bool, Violation> {
    let generator = ScriptGenerator::new(ScriptConfig::grammatical());
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let (tree, other) = (generator.generate(&mut choices), generator.generate(&mut choices));
    text::round_trip(&tree)?;
    text::one_spelling(&tree, &other)?;
    Ok(!bytes.is_empty())
}

/// Decoding is total, and what decodes encodes to the same bytes.
///
/// # Errors
/// If that does not hold.
pub fn decode_encode(bytes: &[u8]) -> Result<bool, Violation> {
    let Ok(data) = decode(bytes) else { return Ok(true) };
    let again = encode(&data);
    if again == bytes {
        return Ok(true);
    }
    let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(Violation::new("encode(decode(d)) = d").part("d", part(bytes)).part("encode(decode(d))", part(&again)))
}

/// Reading answers to calls is total, and what is read is written and read again.
///
/// # Errors
/// If that does not hold.
pub fn results(bytes: &[u8]) -> Result<bool, Violation> {
    let Ok(read) = read_results(bytes) else { return Ok(!bytes.is_empty()) };
    let written = write_answers(&read);
    match read_results(&written) {
        Ok(again) if again == read => Ok(true),
        again => {
            let violation = Violation::new("read(write(r)) = r").part("r", format!("{read:?}"));
            Err(violation.part("read(write(r))", format!("{again:?}")))
        }
    }
}

fn write_answers(answers: &CallResults) -> Vec<u8> {
    serde_json::to_vec(answers).unwrap_or_default()
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
pub fn history(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let mut subject = Subject::own();
    let part = choices.below(PARTS) as usize;
    let Some(played) = play(&draw(&mut choices), &mut subject)? else { return Ok(false) };
    let mut scene = Scene::new(&played, &mut subject);
    let mut held = false;
    for law in laws().filter(|law| !law.is_free()).skip(part).step_by(PARTS as usize) {
        held |= law.look(&mut scene, &mut choices)?;
    }
    Ok(held)
}

/// So many data are drawn, and those of them that are not empty are merged, up to [`LETTERS_MAX`].
const DRAWN: usize = 8;
const LETTERS_MAX: usize = 3;

/// Merging free data obeys the word law, conservation and convergence.
///
/// # Errors
/// If that does not hold.
pub fn merge(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let mut letters = free::family(&mut choices, DRAWN);
    letters.retain(|letter| !letter.is_empty());
    letters.truncate(LETTERS_MAX);
    if letters.len() < 2 {
        return Ok(false);
    }
    free::band_laws(&mut choices, letters, &mut Subject::own())?;
    Ok(true)
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
pub fn invoke(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let case = draw(&mut choices);
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
    let once = || invoke_bytes(script.clone(), previous.clone(), current.clone(), parameters.clone(), results.clone());
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
    static WORKER: RefCell<Option<Subject>> = const { RefCell::new(None) };
}

/// A runner in a thread of its own says what one in the same thread says.
///
/// # Errors
/// If that does not hold.
pub fn roundtrip_runner(bytes: &[u8]) -> Result<bool, Violation> {
    let mut source = Unstructured::new(bytes);
    let case = draw(&mut FuzzerBytes(&mut source));
    let Some(own) = play(&case, &mut Subject::own())? else { return Ok(false) };
    let other = WORKER.with_borrow_mut(|worker| -> Result<_, Violation> {
        if worker.is_none() {
            *worker = Some(Subject::of(Worker::new(), None)?);
        }
        worker.as_mut().map_or(Ok(None), |worker| play(&case, worker))
    })?;
    let same = other.as_ref().is_some_and(|other| {
        other.failure.is_none()
            && other.runs.len() == own.runs.len()
            && own.runs.iter().zip(&other.runs).all(|(a, b)| a.after == b.after && a.result == b.result)
    });
    if same {
        return Ok(true);
    }
    Err(Violation::new("a runner in a thread of its own says the same")
        .part("script", &*case.script)
        .part("failure", format!("{:?}", other.and_then(|other| other.failure))))
}

/// Whether a client reads an answer, and means by it what the server said.
fn client_understands(method: Option<&str>, answer: &Value) -> bool {
    fn reads<T: DeserializeOwned + Serialize>(said: &Value) -> bool {
        serde_json::from_value::<T>(said.clone())
            .is_ok_and(|read| serde_json::to_value(read).is_ok_and(|it| it == *said))
    }
    match (answer.get("error"), answer.get("result")) {
        (Some(error), _) => reads::<ErrorObject>(error),
        (None, Some(result)) if method == Some("run") => reads::<RunResponse>(result),
        (None, Some(result)) if method == Some("merge") => reads::<MergeResponse>(result),
        _ => true,
    }
}

/// The longest line that the server takes.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// The server answers every line with JSON, once if it has an id.
///
/// # Errors
/// If that does not hold.
pub fn serve(bytes: &[u8]) -> Result<bool, Violation> {
    let mut runner = SameThread::new();
    let mut understood = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let mut output = Vec::new();
        let served = serve_lines(&mut runner, &InitResponse::new(), &mut &*line, &mut output, LINE_BYTES_MAX);
        let violation = |law| {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Violation::new(law).part("line", text(line)).part("answer", text(&output))
        };
        if let Err(error) = served {
            return Err(violation("the server ends with its input, and not before").part("error", error.to_string()));
        }
        let asked = serde_json::from_slice::<Value>(line);
        understood |= asked.is_ok();
        let id = asked.as_ref().ok().and_then(|asked| asked.get("id")).filter(|id| id.is_number() || id.is_string());
        if output.is_empty() {
            if id.is_some() || (asked.is_err() && !line.trim_ascii().is_empty()) {
                return Err(violation("every request is answered"));
            }
            continue;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&output) else {
            return Err(violation("the answer to a line is one line of JSON"));
        };
        let is_answer = |answer: &Value| {
            let either = answer.get("result").is_some() != answer.get("error").is_some();
            answer.get("jsonrpc") == Some(&"2.0".into()) && either && answer.get("id").is_some()
        };
        let well_formed = match &answer {
            Value::Array(answers) => !answers.is_empty() && answers.iter().all(is_answer),
            answer => is_answer(answer),
        };
        if !well_formed {
            return Err(violation("an answer has an id, and either a result or an error"));
        }
        if id.is_some() && answer.get("id") != id {
            return Err(violation("an answer has the id of its request"));
        }
        if asked.is_err() && answer.get("error").is_none() {
            return Err(violation("what is no JSON is refused"));
        }
        let method = asked.as_ref().ok().and_then(|asked| asked.get("method")).and_then(Value::as_str);
        if !client_understands(method, &answer) {
            return Err(violation("a client understands the answer"));
        }
    }
    Ok(understood)
}
