//! The laws of limits: what is exactly as large as a limit fits, one more does not.

use crate::Violation;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, InterpreterResult, LimitsExceeded, RunParameters, SizeLimits};
use airtight_generators::Choices;
use std::fmt::Write;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "size-limits",
        family: Family::Protocol,
        statement: "n bytes fit into a limit of n, and not into one of n − 1: a flag tells, or code 10 and the previous data",
        domain: "runs of a history, at the size of their script, current data, answers and new data, and one beside it",
        why: "hosts plan with limits; one that is off by one refuses what was agreed, or lets in what was not",
        needs: Needs::Own,
        amount: Amount::Runs(4),
        check: size_limits,
    },
    Law {
        name: "element-limit",
        family: Family::Execution,
        statement: "a stream of n elements fits into a limit of n, and not into one of n − 1, whoever runs over which data",
        domain: "streams of up to 8 elements from calls and `ap`s, replayed at two peers",
        why: "what one peer accepts, every other one accepts",
        needs: Needs::Own,
        amount: Amount::Sample(1),
        check: element_limit,
    },
    Law {
        name: "value-limit",
        family: Family::Execution,
        statement: "a value of n bytes fits into a limit of n, and not into one of n − 1: code 10 and the previous data",
        domain: "answers of up to 40 bytes",
        why: "what one peer accepts, every other one accepts",
        needs: Needs::Own,
        amount: Amount::Sample(1),
        check: value_limit,
    },
];

/// A limit near a size, and whether the size exceeds it.
fn limit(size: u64, choices: &mut dyn Choices) -> (u64, bool) {
    let limit = match choices.below(3) {
        0 => size,
        1 => size.saturating_sub(1),
        _ => size + 1,
    };
    (limit, size > limit)
}

fn size_limits(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let script = &scene.played.case.script;
    let longest = run.answers.values().map(|answer| answer.result.len()).max().unwrap_or_default();
    let which = choices.below(4);
    let (what, size) = match which {
        0 => ("script", script.len()),
        1 => ("current data", run.current.len()),
        2 => ("call result", longest),
        _ => ("new data", run.after.len()),
    };
    let (limit, exceeds) = limit(size as u64, choices);
    let hard = which < 3 && choices.chance(1, 2);
    let mut sizes = SizeLimits { hard, ..run.parameters.size_limits };
    let mut exceeded = LimitsExceeded::default();
    match which {
        0 => (sizes.air, exceeded.air) = (limit, exceeds),
        1 => (sizes.particle, exceeded.particle) = (limit, exceeds),
        2 => (sizes.call_result, exceeded.call_result) = (limit, exceeds),
        _ => sizes.new_data = limit,
    }
    let parameters = RunParameters { size_limits: sizes, ..run.parameters.clone() };
    let result = scene.subject.run(script, &run.previous, &run.current, &parameters, &run.answers)?;
    let expected = if exceeds && (hard || which == 3) {
        (10, &run.previous, exceeded)
    } else {
        (run.result.ret_code, &run.after, exceeded)
    };
    if (result.ret_code, &*result.data, result.limits_exceeded) == (expected.0, &**expected.1, expected.2) {
        return Ok(size > 0);
    }
    Err(Violation::new("what is as large as a limit fits, and one byte more does not")
        .part("limit", format!("{limit} bytes of {what}, {}", if hard { "hard" } else { "soft" }))
        .part("size", size.to_string())
        .part("code", result.ret_code.to_string())
        .part("flags", format!("{:?}", result.limits_exceeded)))
}

/// The peers of the scripts of this file.
const OWN: &str = "A";
const OTHER: &str = "B";

/// What a run gives that answers each request with the same text, until none is left, some at a time.
fn play(
    scene: &mut Scene<'_>,
    script: &str,
    answer: &str,
    parameters: &RunParameters,
    choices: &mut dyn Choices,
) -> Result<InterpreterResult, Violation> {
    let mut result = scene.subject.run(script, b"", b"", parameters, &CallResults::new())?;
    let mut open: Vec<u32> = result.requests.keys().copied().collect();
    while !open.is_empty() && !result.is_given_up() {
        let given = choices.range(1..open.len() as u32 + 1) as usize;
        let answers = open.drain(..given).map(|id| (id, Answer { ret_code: 0, result: answer.into() }));
        let answers: CallResults = answers.collect();
        result = scene.subject.run(script, &result.data, b"", parameters, &answers)?;
        open.extend(result.requests.keys());
    }
    Ok(result)
}

fn element_limit(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let elements = choices.range(1..9) as usize;
    let mut script = String::new();
    for element in 0..elements {
        let and = if choices.chance(1, 2) { "par" } else { "seq" };
        // Writing into a text does not fail.
        let _ = if choices.chance(1, 2) {
            write!(script, "({and} (ap {element} $s) ")
        } else {
            write!(script, "({and} (call \"{OWN}\" (\"s\" \"f\") [{element}] $s) ")
        };
    }
    script.push_str("(null)");
    script.push_str(&")".repeat(elements));
    let own = RunParameters::new(OWN, OWN);
    let whole = play(scene, &script, "1", &own, choices)?;
    let (limit, exceeds) = limit(elements as u64, choices);
    let violation = |peer: &str, result: &InterpreterResult| {
        Violation::new("a stream of as many elements as the limit fits, one more does not")
            .part("script", script.clone())
            .part("peer", peer)
            .part("limit", format!("{limit} elements"))
            .part("outcome", format!("{}: {}", result.ret_code, result.error_message))
    };
    if whole.ret_code != 0 {
        return Err(violation("A without limit", &whole));
    }
    for peer in [OWN, OTHER] {
        let mut parameters = RunParameters::new(OWN, peer);
        parameters.limits.stream_elements = limit as usize;
        for (previous, current) in [(&[][..], &whole.data[..]), (&whole.data, &[])] {
            let result = scene.subject.run(&script, previous, current, &parameters, &CallResults::new())?;
            let code = if exceeds { 20013 } else { 0 };
            if result.ret_code != code || (exceeds && *result.data != *previous) {
                return Err(violation(peer, &result));
            }
        }
    }
    let mut parameters = own;
    parameters.limits.stream_elements = limit as usize;
    let live = play(scene, &script, "1", &parameters, choices)?;
    if (live.ret_code == 20013) != exceeds {
        return Err(violation("A, from the start", &live));
    }
    Ok(true)
}

fn value_limit(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let script = r#"(seq (call "A" ("s" "f") [] x) (ap x y))"#;
    let answer = format!("\"{}\"", "v".repeat(choices.range(0..39) as usize));
    let (limit, exceeds) = limit(answer.len() as u64, choices);
    let mut parameters = RunParameters::new(OWN, OWN);
    let started = scene.subject.run(script, b"", b"", &parameters, &CallResults::new())?;
    let answers = CallResults::from([(1, Answer { ret_code: 0, result: answer.as_str().into() })]);
    parameters.limits.value_bytes = limit;
    let result = scene.subject.run(script, &started.data, b"", &parameters, &answers)?;
    let fits = if exceeds {
        result.ret_code == 10 && result.data == started.data
    } else {
        result.ret_code == 0 && result.data != started.data
    };
    if fits {
        return Ok(true);
    }
    Err(Violation::new("a value as large as the limit fits, one byte more does not")
        .part("value", answer)
        .part("limit", format!("{limit} bytes"))
        .part("outcome", format!("{}: {}", result.ret_code, result.error_message)))
}
