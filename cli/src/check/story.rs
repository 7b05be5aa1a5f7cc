//! A counterexample for people: the law, the script, what happens, and the two sides that differ.

use crate::source::{brief, printable};
use airtight_properties::{Counterexample, WitnessSide};
use annotate_snippets::renderer::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// How much of a line, and of a list of lines, is shown.
const LINE_CHARS_MAX: usize = 150;
const LINES_MAX: usize = 60;

const LEFT: Style = AnsiColor::Red.on_default();
const RIGHT: Style = AnsiColor::Green.on_default();
const TITLE: Style = AnsiColor::Red.on_default().bold();

/// Tells it.
pub(crate) fn tell(counterexample: &Counterexample, styled: bool) -> String {
    let style = |style: Style| if styled { style } else { Style::new() };
    let title = style(TITLE);
    let witness = &counterexample.violation;
    let mut out = format!("{title}`{}` fails{title:#}: {}\n", counterexample.law, witness.statement);
    if let Ok(law) = counterexample.law() {
        let _ = writeln!(out, "which matters, because {}", law.why);
    }
    list(&mut out, "the script", counterexample.case.script.trim_end().lines());
    list(&mut out, "what happens", witness.story.iter().map(String::as_str));
    for (what, text) in &witness.parts {
        list(&mut out, what, text.trim_end().lines());
    }
    if let [left, right] = witness.sides.as_slice() {
        sides(&mut out, left, right, [style(LEFT), style(RIGHT)]);
    }
    out
}

fn list<'l>(out: &mut String, what: &str, lines: impl Iterator<Item = &'l str>) {
    let _ = writeln!(out, "\n  {}:", printable(what));
    for (number, line) in lines.enumerate() {
        if number == LINES_MAX {
            out.push_str("    …\n");
            break;
        }
        let _ = writeln!(out, "    {}", brief(line, LINE_CHARS_MAX));
    }
}

/// Both sides as one list: what both have, what only one has, and a mark where they part.
fn sides(out: &mut String, left: &WitnessSide, right: &WitnessSide, [less, more]: [Style; 2]) {
    let (one, other) = (printable(&left.label), printable(&right.label));
    let _ = writeln!(out, "\n  {less}- {one}{less:#}  {more}+ {other}{more:#}  these should be alike:");
    let lines = |side: &WitnessSide| if side.trace.is_empty() { vec![side.data.clone()] } else { side.trace.clone() };
    let (left, right) = (lines(left), lines(right));
    let old: Vec<&str> = left.iter().map(String::as_str).collect();
    let new: Vec<&str> = right.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut parted = false;
    for (row, change) in diff.iter_all_changes().enumerate() {
        if row == LINES_MAX {
            out.push_str("    …\n");
            break;
        }
        let (sign, style) = match change.tag() {
            ChangeTag::Equal => (' ', Style::new()),
            ChangeTag::Delete => ('-', less),
            ChangeTag::Insert => ('+', more),
        };
        let mark = if sign != ' ' && !std::mem::replace(&mut parted, true) { "   <- here they part" } else { "" };
        let _ = writeln!(out, "    {style}{sign} {}{style:#}{mark}", brief(change.value(), LINE_CHARS_MAX));
    }
    if !parted {
        out.push_str(
            "    what they come to is the same; they differ in the order in which it was learned, or in bytes\n",
        );
    }
}
