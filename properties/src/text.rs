//! The laws of text.
//!
//! `T`: trees; `S`: texts; `B`: bytes; `S₁ ⊂ S`: the texts that parse. `parse: B → T + findings`,
//! `canonical, compact: T → S`, `format: T × S → S`, `comments: S₁ → lists of texts`.
//!
//! | law | statement | for all | function |
//! |---|---|---|---|
//! | round trip | `parse(print(t)) = t` | `t ∈ T`, `print` canonical, compact or format | [`round_trip`] |
//! | fixed point | `print(parse(print(t))) = print(t)` | the same | [`round_trip`] |
//! | one spelling | `t = u ⟺ canonical(t) = canonical(u)` | `t, u ∈ T` | [`one_spelling`] |
//! | comments stay | `comments(format(s)) = comments(s)`, `format(format(s)) = format(s)` | `s ∈ S₁` | [`comments_stay`] |
//! | totality | `parse(b)` ends, its findings are well formed, `parse(b) = parse(b)` | `b ∈ B` | [`totality`] |
//! | stability | `codes(check(s)) = codes(check(canonical(s)))` | `s ∈ S₁` | [`stable_findings`] |
//!
//! A law returns the witness of its violation.

use crate::Violation;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use airtight_engine::data::{decode, encode};
use airtight_engine::script::{Code, Diagnostic, Diagnostics, Script, Severity, Span, Tree, print};
use airtight_generators::{Choices, damage, damage_form};
use std::ops::Range;

/// The laws of this file, over the script and the data of a history.
pub const LAWS: &[Law] = &[
    Law {
        name: "print-parse",
        family: Family::Text,
        statement: "parse(print(t)) = t, and printing again gives the same text",
        domain: "the instructions of the script",
        why: "whoever stores, sends or reformats a script gets the same script back",
        needs: Needs::Own,
        amount: Amount::Sample(6),
        check: |scene, choices| {
            let text = one_instruction(scene, choices);
            let Ok(tree) = Tree::parse(text) else { return Ok(false) };
            if let Ok(bare) = Tree::parse(print::canonical(&tree)) {
                round_trip(&bare)?;
            }
            comments_stay(text).map(|()| true)
        },
    },
    Law {
        name: "any-text",
        family: Family::Text,
        statement: "parsing ends for all bytes, and says well-formed things about them",
        domain: "damaged instructions of the script",
        why: "a damaged or hostile script costs a message, never a peer",
        needs: Needs::Own,
        amount: Amount::Sample(6),
        check: |scene, mut choices| {
            let damaged = damage(one_instruction(scene, choices).as_bytes(), DAMAGES_MAX, &mut choices);
            totality(&damaged).map(|()| true)
        },
    },
    Law {
        name: "one-encoding",
        family: Family::Text,
        statement: "encode(decode(d)) = d",
        domain: "data of a history",
        why: "data can be compared and deduplicated by their bytes",
        needs: Needs::Own,
        amount: Amount::Runs(16),
        check: one_encoding,
    },
    Law {
        name: "any-bytes",
        family: Family::Text,
        statement: "bytes are the encoding of data, or refused with code 2 and a run that returns the previous data",
        domain: "damaged data of a history",
        why: "damaged or hostile data are understood or refused, and never misread",
        needs: Needs::Own,
        amount: Amount::Sample(6),
        check: any_bytes,
    },
    Law {
        name: "deep-text",
        family: Family::Text,
        statement: "a script nested d deep is read, printed and read again on a small stack",
        domain: "d up to 4,000, on 128 KiB; instructions of each kind that can hold others",
        why: "no script can end the process of a peer that reads it",
        needs: Needs::Own,
        amount: Amount::Free(1),
        check: |_, choices| deep(choices),
    },
];

/// How deep scripts are nested, and on how much stack they are read.
const DEPTHS: [u32; 3] = [8, 60, 4_000];
const STACK_BYTES: usize = 128 << 10;

fn deep(choices: &mut dyn Choices) -> Result<bool, Violation> {
    const AROUND: [(&str, &str); 6] = [
        ("(seq ", " (null))"),
        ("(par (null) ", ")"),
        ("(xor ", " (null))"),
        ("(new x ", ")"),
        ("(match 1 1 ", ")"),
        ("(mismatch 1 2 ", ")"),
    ];
    let depth_max = DEPTHS[choices.weighted(&[12, 4, 1])];
    let depth = depth_max - choices.below(depth_max / 4);
    let around: Vec<_> =
        (0..choices.range(1..4)).map(|_| AROUND[choices.below(AROUND.len() as u32) as usize]).collect();
    let layers = || around.iter().cycle().take(depth as usize);
    let text: String = layers().map(|(before, _)| *before).chain(["(null)"]).collect();
    let mut layers: Vec<_> = layers().map(|(_, after)| *after).collect();
    layers.reverse();
    let text = text + &layers.concat();
    let read = move || {
        let script = Script::parse(&text).map_err(|findings| findings.to_string())?;
        let printed = print::canonical(script.tree());
        match Tree::parse(&printed) {
            Ok(again) if again == *script.tree() => Ok(()),
            Ok(_) => Err("another script".to_owned()),
            Err(findings) => Err(findings.to_string()),
        }
    };
    let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(read);
    let violation =
        Violation::new("a script nested d deep is read, printed and read again").part("d", depth.to_string());
    let Ok(reader) = reader else { return Ok(false) };
    match reader.join() {
        Ok(Ok(())) => Ok(depth > 8),
        Ok(Err(what)) => Err(violation.part("what comes of it", what.chars().take(500).collect::<String>())),
        Err(_) => Err(violation.part("what comes of it", "a panic")),
    }
}

/// How often a text is damaged at most.
const DAMAGES_MAX: u32 = 4;

fn one_instruction<'s>(scene: &Scene<'s>, choices: &mut dyn Choices) -> &'s str {
    let tree = scene.played.script.tree();
    let node = tree.node_ids().nth(choices.below(tree.node_count() as u32) as usize);
    let text = &*scene.played.case.script;
    node.and_then(|node| text.get(Range::from(tree.node(node).span))).unwrap_or(text)
}

fn one_encoding(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let violation = |law| Violation::new(law).part("d", String::from_utf8_lossy(&run.after));
    let data =
        decode(&run.after).map_err(|error| violation("what a run gives is data").part("error", error.to_string()))?;
    let again = encode(&data);
    if again != *run.after {
        let again = String::from_utf8_lossy(&again).into_owned();
        return Err(violation("encode(decode(d)) = d").part("encode(decode(d))", again));
    }
    Ok(true)
}

fn any_bytes(scene: &mut Scene<'_>, mut choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices) else { return Ok(false) };
    let damaged = if choices.chance(1, 3) {
        damage(&run.after, DAMAGES_MAX, &mut choices)
    } else {
        damage_form(&run.after, DAMAGES_MAX, &mut choices)
    };
    let violation = |law| Violation::new(law).part("bytes", String::from_utf8_lossy(&damaged).into_owned());
    let result = scene.run_at(run.peer(), &run.previous, &damaged)?;
    match decode(&damaged) {
        Ok(data) => {
            let again = encode(&data);
            if again != damaged {
                let again = String::from_utf8_lossy(&again).into_owned();
                return Err(violation("what is understood is encoded the same").part("encode(decode(b))", again));
            }
        }
        Err(error) => {
            let text = error.to_string();
            if text.is_empty() || result.ret_code != 2 || *result.data != *run.previous {
                let outcome = format!("{}: {}", result.ret_code, result.error_message);
                return Err(violation("what is no data is refused with code 2 and the previous data")
                    .part("decoding", text)
                    .part("outcome", outcome));
            }
        }
    }
    Ok(*damaged != *run.after)
}

/// A printer whose output parses again.
type Printer = (&'static str, fn(&Tree) -> String);

const PRINTERS: [Printer; 3] =
    [("canonical", print::canonical), ("compact", print::compact), ("format", |tree| print::format(tree, ""))];

/// `parse(print(t)) = t` and `print(parse(print(t))) = print(t)`, for every tree `t` and every re-parsable printer.
///
/// Domain: all trees, of parsed texts or built, whether they pass the static rules or not.
///
/// Why it matters: whoever stores, sends, diffs or reformats a script gets the same script back. A string, a float or a
/// name that printed differently would run differently on another peer.
///
/// Witness: the tree as one line, and both prints.
pub fn round_trip(tree: &Tree) -> Result<(), Violation> {
    for (name, print) in PRINTERS {
        let text = print(tree);
        let violation = |law| Violation::new(law).part("printer", name).part("text", text.clone());
        let parsed = Tree::parse(&text)
            .map_err(|findings| violation("what was printed parses").part("findings", findings.to_string()))?;
        if parsed != *tree {
            let trees = format!("{tree:?}\n{parsed:?}");
            return Err(violation("parse(print(t)) = t").part("t and parse(print(t))", trees));
        }
        let again = if name == "format" { print::format(&parsed, &text) } else { print(&parsed) };
        if again != text {
            return Err(violation("print(parse(print(t))) = print(t)").part("printed again", again));
        }
    }
    Ok(())
}

/// `t = u ⟺ canonical(t) = canonical(u)`, for all trees `t` and `u`.
///
/// Domain: all pairs of trees. Most random pairs differ, so the checker also gives pairs that are equal.
///
/// Why it matters: scripts are compared and hashed by their canonical text. Two texts for one tree would make one script
/// look like two, and one text for two trees would hide a change.
///
/// Witness: both canonical texts.
pub fn one_spelling(t: &Tree, u: &Tree) -> Result<(), Violation> {
    let (left, right) = (print::canonical(t), print::canonical(u));
    if (t == u) == (left == right) {
        return Ok(());
    }
    Err(Violation::new("t = u ⟺ canonical(t) = canonical(u)").part("canonical(t)", left).part("canonical(u)", right))
}

/// `parse(format(s)) = parse(s)`, `comments(format(s)) = comments(s)` and `format(format(s)) = format(s)`, for every text
/// `s` that parses.
///
/// Comments are compared without blanks at their ends.
///
/// Domain: all texts that parse; others hold vacuously.
///
/// Why it matters: people keep reasons in comments, and run the formatter on every save.
///
/// Witness: the text, and what formatting made of it, once and twice.
pub fn comments_stay(text: &str) -> Result<(), Violation> {
    let Ok(tree) = Tree::parse(text) else { return Ok(()) };
    let once = print::format(&tree, text);
    let violation = |law| Violation::new(law).part("s", text).part("format(s)", once.clone());
    let formatted =
        Tree::parse(&once).map_err(|findings| violation("format(s) parses").part("findings", findings.to_string()))?;
    if formatted != tree {
        return Err(violation("parse(format(s)) = parse(s)"));
    }
    if comments(&formatted, &once) != comments(&tree, text) {
        return Err(violation("comments(format(s)) = comments(s)"));
    }
    let twice = print::format(&formatted, &once);
    if twice != once {
        return Err(violation("format(format(s)) = format(s)").part("format(format(s))", twice));
    }
    Ok(())
}

fn comments<'t>(tree: &Tree, text: &'t str) -> Vec<&'t str> {
    tree.comments().iter().map(|&span| text.get(Range::from(span)).unwrap_or("a comment outside").trim_end()).collect()
}

/// `parse(b)` ends for all bytes `b`, and what it finds is well formed:
///
/// - if it refuses, some finding is an error, and if it accepts, none is;
/// - every place lies in the input, start before end, and splits no character (where the input is UTF-8);
/// - findings are sorted by place, no two are alike, at most [`Diagnostics::CAPACITY`] of a severity are kept;
/// - every message and label is one short line, however long the names in the script are;
/// - `parse(b) = parse(b)`: nothing depends on time, addresses or hash seeds;
/// - a text that `Tree::parse` refuses, `Script::parse` refuses too.
///
/// Domain: all bytes.
///
/// Why it matters: scripts come from strangers. A panic stops a peer, a place outside of the text stops the editor that
/// shows it, and findings that differ from run to run make outcomes differ between peers.
///
/// Witness: the bytes and the findings.
pub fn totality(bytes: &[u8]) -> Result<(), Violation> {
    let (first, second) = (Script::parse(bytes), Script::parse(bytes));
    let grammar = Tree::parse(bytes);
    let (findings, accepted) = match &first {
        Ok(script) => (script.warnings(), true),
        Err(findings) => (findings, false),
    };
    let violation = |law| {
        let text = String::from_utf8_lossy(bytes);
        Violation::new(law).part("bytes", format!("{text}\n= {bytes:?}")).part("findings", format!("{findings:#?}"))
    };
    let same = match (&first, &second) {
        (Ok(first), Ok(second)) => first.tree() == second.tree() && first.warnings() == second.warnings(),
        (Err(first), Err(second)) => first == second,
        _ => false,
    };
    if !same {
        return Err(violation("parse(b) = parse(b)"));
    }
    if accepted != (findings.count(Severity::Error) == 0) {
        return Err(violation("a script is refused exactly if some finding is an error"));
    }
    let (grammar_findings, grammatical) = match &grammar {
        Ok(_) => (None, true),
        Err(findings) => (Some(findings), false),
    };
    if accepted && !grammatical {
        return Err(violation("a checked script is grammatical"));
    }
    if let (Ok(script), Ok(tree)) = (&first, &grammar)
        && script.tree() != tree
    {
        return Err(violation("both readers read the same tree"));
    }
    well_formed(bytes, findings).map_err(violation)?;
    grammar_findings.map_or(Ok(()), |findings| well_formed(bytes, findings)).map_err(violation)
}

/// The part of [`totality`] that takes one parse: `parse(b)` ends, and what it finds is well formed. Says whether the bytes
/// are a script, or would be if they kept the static rules.
///
/// Domain: all bytes.
///
/// Why it matters, and the witness: as there.
pub fn reading(bytes: &[u8]) -> Result<bool, Violation> {
    let script = Script::parse(bytes);
    let findings = match &script {
        Ok(script) => script.warnings(),
        Err(findings) => findings,
    };
    let is_static = |d: &Diagnostic| d.severity == Severity::Warning || d.code >= Code::UndefinedVariable;
    let law = match well_formed(bytes, findings) {
        Ok(()) if script.is_ok() != (findings.count(Severity::Error) == 0) => {
            "a script is refused exactly if some finding is an error"
        }
        Ok(()) => return Ok(findings.iter().all(is_static)),
        Err(law) => law,
    };
    let text = String::from_utf8_lossy(bytes);
    Err(Violation::new(law).part("bytes", format!("{text}\n= {bytes:?}")).part("findings", format!("{findings:#?}")))
}

/// How long a message or label can be.
const MESSAGE_CHARS_MAX: usize = 300;

fn well_formed(bytes: &[u8], findings: &Diagnostics) -> Result<(), &'static str> {
    let text = std::str::from_utf8(bytes).ok();
    let fits = |span: Span| {
        let (start, end) = (span.start as usize, span.end as usize);
        let boundaries = text.is_none_or(|text| text.is_char_boundary(start) && text.is_char_boundary(end));
        start <= end && end <= bytes.len() && boundaries
    };
    let places =
        |d: &Diagnostic| [d.span, d.excerpt].into_iter().chain(d.labels.iter().map(|label| label.span)).all(fits);
    if !findings.iter().all(places) {
        return Err("places lie in the input, between characters");
    }
    if !findings.iter().is_sorted_by_key(|d| (d.span, d.code, d.severity)) {
        return Err("findings are sorted by place");
    }
    let all: Vec<_> = findings.iter().collect();
    if all.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("no two findings are alike");
    }
    let kept = |severity| findings.iter().filter(|d| d.severity == severity).count();
    if [Severity::Error, Severity::Warning].into_iter().any(|severity| kept(severity) > Diagnostics::CAPACITY) {
        return Err("only so many findings are kept");
    }
    let is_line = |text: &str| !text.is_empty() && !text.contains('\n') && text.chars().count() <= MESSAGE_CHARS_MAX;
    if !findings.iter().all(|d| is_line(&d.message) && d.labels.iter().all(|label| is_line(&label.text))) {
        return Err("messages and labels are short lines");
    }
    Ok(())
}

/// `codes(check(s)) = codes(check(canonical(s)))`, where `codes` are the codes and severities of all findings, for every
/// text `s` that parses. And a tree checked without its text is refused exactly if the text is.
///
/// Domain: all texts that parse, woven with comments or not; others hold vacuously.
///
/// Why it matters: what a rule says depends on the script, not on its blanks and comments. A script that passes on one
/// peer must pass on another that got it reformatted.
///
/// Witness: both texts and both lists of findings.
pub fn stable_findings(text: &str) -> Result<(), Violation> {
    let Ok(tree) = Tree::parse(text) else { return Ok(()) };
    let canonical = print::canonical(&tree);
    let (found, refound) = (findings(Script::parse(text)), findings(Script::parse(&canonical)));
    let violation = |law| {
        Violation::new(law)
            .part("s", text)
            .part("canonical(s)", canonical.clone())
            .part("findings of s", found.1.clone())
            .part("findings of canonical(s)", refound.1.clone())
    };
    if found.0 != refound.0 {
        return Err(violation("codes(check(s)) = codes(check(canonical(s)))"));
    }
    if Script::check(tree).is_ok() == found.0.iter().any(|&(_, severity)| severity == Severity::Error) {
        return Err(violation("a tree is refused exactly if its text is"));
    }
    Ok(())
}

/// The codes and severities of all findings, sorted, and the findings for people.
fn findings(result: Result<Script, Diagnostics>) -> (Vec<(Code, Severity)>, String) {
    let findings = match &result {
        Ok(script) => script.warnings(),
        Err(findings) => findings,
    };
    let mut codes: Vec<_> = findings.iter().map(|d| (d.code, d.severity)).collect();
    codes.sort_unstable();
    (codes, findings.to_string())
}
