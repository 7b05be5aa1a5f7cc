//! The laws of what must be refused: data and scripts in which one rule is broken on purpose.
//!
//! Damage by chance seldom breaks one rule and leaves all others: a byte that is changed is found by whichever check comes
//! first. Here one rule is broken with care, so that exactly the check of that rule is asked. What is broken, and that it
//! is, does not come from the engine: data are read by a form of their own, and scripts are put together from texts.
//!
//! | broken | how |
//! |---|---|
//! | data | a part that nothing names; a number that points nowhere, leaves a gap, or reaches too far; a wrong order; a text that is no value; an id that is none; a character escaped in another way; another version or format |
//! | a script | a name that nothing defines, at each place where one is read; a `next` too many, or of no fold; an iterator twice; what goes on after a `next`; a code 0; text that is no instruction |

use crate::Violation;
use crate::free::{bytes_of, family};
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use airtight_engine::data::{Data, DataError, ScriptHash, Shared, decode, encode};
use airtight_engine::invoke::{CallResults, RunParameters};
use airtight_engine::script::{Code, Script, Severity};
use airtight_generators::{Choices, traces};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "broken-data",
        family: Family::Text,
        statement: "data of which one rule is broken are refused, and a run with them gives code 2 and the previous data",
        domain: "free data; what nothing names, a number out of range, a gap, a wrong order, no value, no id, another escape, a blank, \
                 another version or format",
        why: "whoever is sent data need not trust them: what was accepted once is never checked again",
        needs: Needs::Own,
        amount: Amount::Free(3),
        check: broken_data,
    },
    Law {
        name: "broken-script",
        family: Family::Text,
        statement: "a script that breaks one rule is refused for it, and a run with it gives code 1, the previous data, \
                    no request and nobody to tell",
        domain: "drawn scripts around an instruction that breaks a rule about names, folds, codes or form",
        why: "what cannot run is stopped at the first peer, and says so, instead of half-way through the network",
        needs: Needs::Own,
        amount: Amount::Free(3),
        check: broken_script,
    },
];

/// A peer for runs of which nothing comes.
const PEER: &str = "A";

/// The script of free data.
const OF_FREE_DATA: &str = "(null)";

// data

/// The form of data, as the page about it has it, and not as the engine reads it.
#[derive(Deserialize, Serialize)]
struct Envelope {
    format: u64,
    engine: String,
    script: Box<RawValue>,
    shared: SharedForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    journal: Option<Box<RawValue>>,
}

#[derive(Deserialize, Serialize)]
struct SharedForm {
    values: Vec<String>,
    tetraplets: Vec<Box<RawValue>>,
    calls: Vec<CallForm>,
    canons: Vec<CanonForm>,
    trace: Vec<PlaceForm>,
}

#[derive(Deserialize, Serialize)]
struct CallForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<usize>,
    tetraplet: usize,
    arguments: Box<RawValue>,
    output: Box<RawValue>,
}

#[derive(Deserialize, Serialize)]
struct CanonForm {
    tetraplet: usize,
    elements: Vec<(usize, usize)>,
}

#[derive(Default, Deserialize, Serialize)]
struct PlaceForm {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    claims: Vec<ClaimForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    right: Option<usize>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    iterations: Vec<(Box<RawValue>, usize)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lasts: Vec<(Box<RawValue>, usize)>,
}

#[derive(Clone, Deserialize, Serialize)]
struct ClaimForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canon: Option<usize>,
    at: usize,
}

/// Numbers that are far beyond whatever drawn data have.
const FAR: [usize; 3] = [1_000, 100_000_000, u32::MAX as usize];

/// What is said of data that have another number of the format.
const OTHER_FORMAT: &str = "another format";

/// What is no text of a JSON value, or not the one that data have for it.
const NO_VALUES: [&str; 6] = ["{oops", "", " 1", "1.0e0", "[1, 2]", "{\"b\":1,\"a\":2}"];

/// Characters as data have them in names, and the same ones written in another way.
const ESCAPES: [(&str, &str); 10] = [
    ("\\b", "\\u0008"),
    ("\\t", "\\u0009"),
    ("\\n", "\\u000a"),
    ("\\f", "\\u000c"),
    ("\\r", "\\u000d"),
    ("\\\"", "\\u0022"),
    ("\\\\", "\\u005c"),
    ("\\u001f", "\\u001F"),
    ("get", "\\u0067et"),
    ("db", "\\u0064b"),
];

/// Parts of data before which a blank may be put.
const BEFORE_BLANKS: [&str; 5] = ["\"format\":", "\"engine\":", "\"script\":", "\"shared\":", "\"values\":"];

/// Breaks one rule; says which, unless there is nothing to break it with.
fn break_data(data: &mut Envelope, choices: &mut dyn Choices) -> Option<&'static str> {
    let far = FAR[choices.below(FAR.len() as u32) as usize];
    let shared = &mut data.shared;
    match choices.below(18) {
        0 => {
            let at = choices.below(shared.values.len() as u32 + 1) as usize;
            shared.values.insert(at, ["\"unused\"", "5", "[]"][choices.below(3) as usize].into());
            shared.move_values(at);
            Some("a value that nothing names")
        }
        1 => {
            let at = choices.below(shared.tetraplets.len() as u32 + 1) as usize;
            let unused = r#"{"peer_pk":"nobody","service_id":"","function_name":"","lens":""}"#;
            shared.tetraplets.insert(at, RawValue::from_string(unused.into()).ok()?);
            shared.move_tetraplets(at);
            Some("a tetraplet that nothing names")
        }
        2 => {
            *pick(shared.trace.iter_mut().flat_map(PlaceForm::sizes).collect(), choices)? += far;
            Some("a child that reaches beyond the end")
        }
        3 => {
            *pick(shared.trace.iter_mut().flat_map(PlaceForm::sizes).collect(), choices)? = 0;
            Some("a child without places")
        }
        4 => {
            pick(shared.claims(), choices)?.at += far;
            Some("a block after a gap")
        }
        5 => {
            let claims = shared.claims();
            if claims.is_empty() {
                return None;
            }
            claims.into_iter().for_each(|claim| claim.at += 1);
            Some("no first block")
        }
        6 => {
            let claim = pick(shared.claims(), choices)?;
            let index = claim.call.as_mut().or(claim.canon.as_mut())?;
            *index += far;
            Some("a claim of a result that is not there")
        }
        7 => {
            let calls = shared.calls.iter_mut().map(|call| &mut call.tetraplet);
            *pick(calls.chain(shared.canons.iter_mut().map(|canon| &mut canon.tetraplet)).collect(), choices)? += far;
            Some("a result with a tetraplet that is not there")
        }
        8 => {
            let calls = shared.calls.iter_mut().filter_map(|call| call.value.as_mut().or(call.failure.as_mut()));
            *pick(calls.collect(), choices)? += far;
            Some("a result with a value that is not there")
        }
        9 => {
            shared.trace.push(PlaceForm::default());
            Some("an empty place at the end")
        }
        10 => {
            let claims =
                &mut pick(shared.trace.iter_mut().filter(|place| !place.claims.is_empty()).collect(), choices)?.claims;
            claims.push(claims.first()?.clone());
            Some("a claim that stands twice")
        }
        11 => {
            *pick(shared.values.iter_mut().collect(), choices)? =
                NO_VALUES[choices.below(NO_VALUES.len() as u32) as usize].into();
            Some("a text that is not that of a value")
        }
        12 => {
            let folds = shared.trace.iter_mut().map(|place| &mut place.iterations).filter(|them| them.len() > 1);
            let iterations = pick(folds.collect(), choices)?;
            iterations[1].0 = iterations[0].0.clone();
            Some("two iterations of one value")
        }
        13 => {
            // Digits of which no half, one half or both are none.
            let wrong = ["zz", "0g", "g0", "0G", "AA", "0:", "::", "`0", "0/", "g"][choices.below(10) as usize];
            let ids = shared.calls.iter_mut().map(|call| &mut call.arguments);
            let folds = shared.trace.iter_mut().flat_map(|place| place.iterations.iter_mut().chain(&mut place.lasts));
            let id = pick(ids.chain(folds.map(|(id, _)| id)).chain([&mut data.script]).collect(), choices)?;
            let digits = id.get().trim_matches('"');
            let from = choices.below(digits.len() as u32 / 2) as usize * 2;
            let text = format!("\"{}{wrong}{}\"", digits.get(..from)?, digits.get(from + 2..)?);
            *id = RawValue::from_string(text).ok()?;
            Some("an id that is not written in hexadecimal digits")
        }
        14 => {
            data.engine = ["", "0.1.0 beta", "0.1.0\n", "é", &"1".repeat(1_000)][choices.below(5) as usize].into();
            Some("a version that is none")
        }
        15 => {
            let id = pick(shared.calls.iter_mut().map(|call| &mut call.arguments).collect(), choices)?;
            *id = RawValue::from_string("7".into()).ok()?;
            Some("a number instead of an id")
        }
        16 => {
            // A tetraplet is kept as the text that it was. What is seldom there comes first.
            let respelled = |text: &str| ESCAPES.iter().find_map(|(short, long)| spell(text, short, long));
            let places = shared.tetraplets.iter_mut().filter_map(|it| Some((respelled(it.get())?, it)));
            let (changed, tetraplet) = pick(places.collect(), choices)?;
            *tetraplet = RawValue::from_string(changed).ok()?;
            Some("a character that is escaped in another way")
        }
        _ => {
            data.format += 1;
            if choices.chance(1, 2) {
                data.shared.trace.push(PlaceForm::default());
            }
            Some(OTHER_FORMAT)
        }
    }
}

/// The text with a part of it written in another way; nothing if it is not there, or no escape behind another backslash.
fn spell(text: &str, short: &str, long: &str) -> Option<String> {
    let (before, after) = text.rsplit_once(short)?;
    (!before.ends_with('\\')).then(|| format!("{before}{long}{after}"))
}

fn pick<T>(mut all: Vec<T>, choices: &mut dyn Choices) -> Option<T> {
    let at = choices.below(all.len() as u32) as usize;
    (at < all.len()).then(|| all.swap_remove(at))
}

impl SharedForm {
    fn claims(&mut self) -> Vec<&mut ClaimForm> {
        self.trace.iter_mut().flat_map(|place| &mut place.claims).collect()
    }

    /// Everything names the same values as before one was put in there.
    fn move_values(&mut self, at: usize) {
        let calls = self.calls.iter_mut().filter_map(|call| call.value.as_mut().or(call.failure.as_mut()));
        let canons = self.canons.iter_mut().flat_map(|canon| canon.elements.iter_mut().map(|element| &mut element.0));
        calls.chain(canons).filter(|index| **index >= at).for_each(|index| *index += 1);
    }

    /// Everything names the same tetraplets as before one was put in there.
    fn move_tetraplets(&mut self, at: usize) {
        let calls = self.calls.iter_mut().map(|call| &mut call.tetraplet);
        let canons = self.canons.iter_mut().flat_map(|CanonForm { tetraplet, elements }| {
            std::iter::once(tetraplet).chain(elements.iter_mut().map(|element| &mut element.1))
        });
        calls.chain(canons).filter(|index| **index >= at).for_each(|index| *index += 1);
    }
}

impl PlaceForm {
    /// How many places each child has.
    fn sizes(&mut self) -> impl Iterator<Item = &mut usize> {
        let branches = self.left.iter_mut().chain(&mut self.right);
        let folds = self.iterations.iter_mut().chain(&mut self.lasts).map(|(_, size)| size);
        branches.chain(folds)
    }
}

/// Whether a message is a sentence of which no part is missing.
fn is_whole(message: &str) -> bool {
    !message.contains("  ") && !message.contains("``") && message.trim() == message && !message.is_empty()
}

/// A blank before a part of data, or after all of them: refused, and the place named.
fn blank(whole: &[u8], choices: &mut dyn Choices) -> Result<bool, Violation> {
    let text = String::from_utf8_lossy(whole);
    let part = BEFORE_BLANKS.get(choices.below(BEFORE_BLANKS.len() as u32 + 3) as usize);
    // Texts of values come after these.
    let at = part.map_or(Some(whole.len()), |part| text.find(part));
    let Some((before, after)) = at.and_then(|at| whole.split_at_checked(at)) else { return Ok(false) };
    let bytes = [before, b" ", after].concat();
    match decode(&bytes) {
        Err(DataError::NotCanonical { byte }) if byte == before.len() => Ok(true),
        other => {
            let said = other.map_or_else(|error| error.to_string(), |_| "accepted".to_owned());
            let violation = Violation::new("data with a blank are refused, and the blank is named");
            Err(violation.part("data", String::from_utf8_lossy(&bytes)).part("said", said))
        }
    }
}

fn broken_data(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let letters = family(choices, 2);
    let [good, whole] = letters.as_slice() else { return Ok(false) };
    let whole = if choices.chance(1, 2) { &traces::free(&mut choices) } else { whole };
    let (good, whole) = (bytes_of(good), bytes_of(whole));
    if choices.chance(1, 12) {
        return blank(&whole, choices);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // What the engine writes, this form reads and writes as it was; else it knows nothing of what it breaks.
    let mut form: Envelope = serde_json::from_slice(&whole).map_err(|error| {
        Violation::new("data are of their form").part("data", text(&whole)).part("error", error.to_string())
    })?;
    if serde_json::to_vec(&form).ok().as_deref() != Some(&*whole) {
        return Err(Violation::new("data are written as their form says").part("data", text(&whole)));
    }
    let Some(broken) = break_data(&mut form, choices) else { return Ok(false) };
    let bytes = serde_json::to_vec(&form).unwrap_or_default();
    let violation = |statement| Violation::new(statement).part("broken", broken).part("data", text(&bytes));
    let Err(error) = decode(&bytes) else {
        return Err(violation("data of which one rule is broken are refused"));
    };
    let message = error.to_string();
    if !is_whole(&message) {
        return Err(violation("a refusal says why in a whole sentence").part("said", message));
    }
    // Of another format nothing else is said, however the data look, and of this format that never is.
    let other_format = matches!(error, DataError::FormatVersion { found } if found == form.format);
    if other_format != (broken == OTHER_FORMAT) {
        return Err(violation("data of another format are called so, and no others").part("said", message));
    }
    // As what somebody sends, and as what a disk gives back.
    let is_previous = choices.chance(1, 4);
    let (previous, current) = if is_previous { (&bytes[..], &good[..]) } else { (&good[..], &bytes[..]) };
    let parameters = RunParameters::new(PEER, PEER);
    let result = scene.subject.run(OF_FREE_DATA, previous, current, &parameters, &CallResults::new())?;
    if result.ret_code != 2 || result.data != previous {
        let place = if is_previous { "previous" } else { "current" };
        return Err(violation("a run with broken data gives code 2 and the previous data")
            .part("given as", place)
            .part("outcome", format!("{}: {}", result.ret_code, result.error_message)));
    }
    Ok(true)
}

// scripts

/// Instructions that read a name, at each place where one is looked for; `@` is the name.
const READERS: [&str; 13] = [
    "(call \"a\" (\"s\" \"f\") [@])",
    "(call @ (\"s\" \"f\") [])",
    "(call \"a\" (@ \"f\") [])",
    "(call \"a\" (\"s\" @) [] x)",
    "(ap @ x)",
    "(ap @ $x)",
    "(ap (@ 1) %x)",
    "(match @ 1 (null))",
    "(match 1 @ (null))",
    "(mismatch @ 1 (null))",
    "(mismatch 1 @ (null))",
    "(fold @ x (next x))",
    "(call \"a\" (\"s\" \"f\") [1 @] $x)",
];

/// Names that nothing defines, alone and in lenses of values that are there.
const GHOSTS: [&str; 5] = ["ghost", "ghost.$.a", "known.$.[ghost]", "known.$.a.[ghost]", "#shown.$.[ghost]"];

/// What defines the others.
const DEFINED: [&str; 2] = ["(call \"a\" (\"s\" \"f\") [] known)", "(canon \"a\" $known #shown)"];

/// Instructions that break a rule, and which.
const BREAKERS: [(&str, Code); 15] = [
    ("(next ghost)", Code::UndefinedIterator),
    ("(seq (fold known i (null)) (next i))", Code::UndefinedIterator),
    ("(fold known i (par (next i) (next i)))", Code::MultipleNext),
    ("(fold known i (seq (null) (xor (next i) (next i))))", Code::MultipleNext),
    ("(fold known i (new i (next i)))", Code::NewOnIterator),
    ("(fold known i (fold known i (null)))", Code::NestedIterator),
    ("(fold known i (fold $known i (next i)))", Code::NestedIterator),
    ("(fail 0 \"no\")", Code::FailCodeZero),
    ("(fold $known i (seq (next i) (null)))", Code::AfterNext),
    ("(fold $known i (par (next i) (call \"a\" (\"s\" \"f\") [i])))", Code::AfterNext),
    ("(fold $known i (seq (seq (null) (next i)) (ap i x)))", Code::AfterNext),
    ("(fold %known i (seq (next i) (null)))", Code::AfterNext),
    ("(seq (null))", Code::Unexpected),
    ("(ap 9223372036854775808 x)", Code::BadInt),
    ("(ap known.$.[ x)", Code::BadLens),
];

/// What may stand beside it.
const OTHERS: [&str; 4] =
    ["(null)", "(call \"a\" (\"s\" \"g\") [] other)", "(fold [] j (next j))", "(xor (fail 1 \"no\") (null))"];

/// A script that breaks one rule, and which.
fn break_script(choices: &mut dyn Choices) -> (String, Code) {
    let text = |texts: &[&str], choices: &mut dyn Choices| texts[choices.below(texts.len() as u32) as usize].to_owned();
    let (mut script, code) = if choices.chance(1, 2) {
        let ghost = text(&GHOSTS, choices);
        (text(&READERS, choices).replace('@', &ghost), Code::UndefinedVariable)
    } else {
        let (breaker, code) = BREAKERS[choices.below(BREAKERS.len() as u32) as usize];
        (breaker.to_owned(), code)
    };
    for _ in 0..choices.below(3) {
        let other = text(&OTHERS, choices);
        script = match choices.below(6) {
            0 => format!("(seq {script} {other})"),
            1 => format!("(seq {other} {script})"),
            2 => format!("(par {script} {other})"),
            3 => format!("(xor {other} {script})"),
            4 => format!("(new y {script})"),
            _ => format!("(match 1 2 {script})"),
        };
    }
    let defined = "(seq (seq (ap 1 $known) (ap (1 1) %known))";
    (format!("{defined} (seq (seq {} {}) {script}))", DEFINED[0], DEFINED[1]), code)
}

fn broken_script(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let (script, code) = break_script(choices);
    let violation = |statement| Violation::new(statement).part("script", script.clone()).part("rule", code.to_string());
    let found = match Script::parse(&script) {
        Ok(_) => return Err(violation("a script that breaks a rule is refused")),
        Err(found) => found,
    };
    if !found.iter().any(|finding| finding.code == code && finding.severity == Severity::Error) {
        return Err(violation("a script is refused for the rule that it breaks").part("findings", found.to_string()));
    }
    let shared: Shared = family(choices, 1).pop().unwrap_or_default();
    let data = Data::new(ScriptHash::of(script.as_bytes()), shared, None);
    let previous = if choices.chance(1, 2) { encode(&data) } else { Vec::new() };
    let parameters = RunParameters::new(PEER, PEER);
    let result = scene.subject.run(&script, &previous, b"", &parameters, &CallResults::new())?;
    let is_refused = result.ret_code == 1 && result.data == previous;
    if is_refused && result.requests.is_empty() && result.next_peers.is_empty() && !result.error_message.is_empty() {
        return Ok(true);
    }
    Err(violation("a run with a broken script gives code 1, the previous data, no request and nobody to tell")
        .part("outcome", format!("{}: {}", result.ret_code, result.error_message)))
}
