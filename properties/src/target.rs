//! Fuzz targets: laws over any bytes.
//!
//! A [`Target`] makes something of bytes (a script, data, choices) and holds laws against it. Fuzzers call it, and so does
//! `cargo test`, over their seeds and over every input that once broke a law; so it needs no fuzzer itself.

mod runs;
mod served;

use runs::{history, invoke, roundtrip_runner};
use served::serve;

use crate::subject::Subject;
use crate::{Violation, free, text};
use airtight_engine::data::{decode, encode};
use airtight_engine::invoke::{CallResults, read_results};
use airtight_engine::script::print::HumanOptions;
use airtight_engine::script::{Tree, print};
use airtight_generators::{Choices, EditWeights, FuzzerBytes, ScriptConfig, ScriptGenerator, near_valid};
use arbitrary::Unstructured;

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
        statement: "a runner in a thread of its own, and one behind the runner protocol, say what one in the same thread says",
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
fn parse(bytes: &[u8]) -> Result<bool, Violation> {
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
fn print(bytes: &[u8]) -> Result<bool, Violation> {
    let generator = ScriptGenerator::new(ScriptConfig::grammatical());
    let mut source = Unstructured::new(bytes);
    let mut choices = FuzzerBytes(&mut source);
    let (tree, other) = (generator.generate(&mut choices), generator.generate(&mut choices));
    text::round_trip(&tree)?;
    text::one_spelling(&tree, &other)?;
    text::stable_findings(&print::canonical(&other))?;
    let near = near_valid(&other, &EditWeights::default(), &mut choices);
    text::reading(near.as_bytes())?;
    let options = HumanOptions { hopon: choices.chance(1, 2) };
    let (shown, again) = (print::human(&tree, options), Tree::parse(print::compact(&tree)));
    if !shown.ends_with('\n') || again.is_ok_and(|again| print::human(&again, options) != shown) {
        return Err(Violation::new("people are shown whole lines, and the same of the same tree").part("shown", shown));
    }
    Ok(!bytes.is_empty())
}

/// Decoding is total, and what decodes encodes to the same bytes.
///
/// # Errors
/// If that does not hold.
fn decode_encode(bytes: &[u8]) -> Result<bool, Violation> {
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
fn results(bytes: &[u8]) -> Result<bool, Violation> {
    results_by(bytes, write_answers)
}

/// [`results`], whoever writes.
fn results_by(bytes: &[u8], write: impl Fn(&CallResults) -> Vec<u8>) -> Result<bool, Violation> {
    let Ok(read) = read_results(bytes) else { return Ok(!bytes.is_empty()) };
    let written = write(&read);
    match read_results(&written) {
        Ok(again) if again == read => Ok(true),
        again => {
            let violation = Violation::new("read(write(r)) = r").part("r", format!("{read:?}"));
            Err(violation.part("read(write(r))", format!("{again:?}")))
        }
    }
}

/// So many data are drawn, and those of them that are not empty are merged, up to [`LETTERS_MAX`].
const DRAWN: usize = 8;
const LETTERS_MAX: usize = 3;

/// Merging free data obeys the word law, conservation and convergence.
///
/// # Errors
/// If that does not hold.
fn merge(bytes: &[u8]) -> Result<bool, Violation> {
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

fn write_answers(answers: &CallResults) -> Vec<u8> {
    serde_json::to_vec(answers).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERS: &[u8] = br#"{"1":{"ret_code":0,"result":"\"x\""},"2":{"ret_code":1,"result":"no"}}"#;

    #[test]
    fn writers_with_a_mistake_are_found() {
        let found = |change: fn(&mut CallResults)| {
            let write = |read: &CallResults| {
                let mut read = read.clone();
                change(&mut read);
                write_answers(&read)
            };
            results_by(ANSWERS, write).is_err()
        };
        assert!(!found(|_| ()));
        assert!(found(|answers| drop(answers.pop_last())));
        assert!(found(|answers| answers.values_mut().for_each(|answer| answer.ret_code = 0)));
        assert!(found(|answers| answers.values_mut().for_each(|answer| answer.result = "no".into())));
        assert!(results_by(ANSWERS, |_| b"{".to_vec()).is_err());
    }
}
