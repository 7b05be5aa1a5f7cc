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
    if !witness.again {
        out.push_str("but it did not fail again when it was replayed\n");
    }
    if let Ok(law) = counterexample.law() {
        let _ = writeln!(out, "which matters, because {}", law.why);
    }
    list(&mut out, "the script", &split(&counterexample.case.script));
    let width = witness.story.iter().map(|(peer, _)| peer.chars().count()).max().unwrap_or_default();
    let story: Vec<_> = witness.story.iter().map(|(peer, text)| format!("{peer:width$}  {text}")).collect();
    list(&mut out, "what happens", &story);
    for (what, text) in &witness.parts {
        list(&mut out, what, &split(text));
    }
    for data in &witness.data {
        list(&mut out, &data.label, &seen(data));
    }
    if let [left, right] = witness.sides.as_slice() {
        sides(&mut out, left, right, [style(LEFT), style(RIGHT)]);
    }
    out
}

fn split(text: &str) -> Vec<&str> {
    text.trim_end().lines().collect()
}

/// Lines under a heading, or one line after it.
fn list(out: &mut String, what: &str, lines: &[impl AsRef<str>]) {
    let what = printable(what);
    let shown = |line: &str| brief(line, LINE_CHARS_MAX);
    if let [only] = lines {
        let _ = writeln!(out, "\n  {what}: {}", shown(only.as_ref()));
        return;
    }
    if lines.is_empty() {
        let _ = writeln!(out, "\n  {what}: nothing");
        return;
    }
    let _ = writeln!(out, "\n  {what}:");
    for line in lines.iter().take(LINES_MAX) {
        let _ = writeln!(out, "    {}", shown(line.as_ref()));
    }
    if lines.len() > LINES_MAX {
        let _ = writeln!(out, "    … and {} more", lines.len() - LINES_MAX);
    }
}

/// What data come to, or the data themselves.
fn seen(side: &WitnessSide) -> Vec<&str> {
    if side.trace.is_empty() { vec![side.data.as_str()] } else { side.trace.iter().map(String::as_str).collect() }
}

/// Both sides as one list: what both have, what only one has, and a mark where they part.
fn sides(out: &mut String, left: &WitnessSide, right: &WitnessSide, [less, more]: [Style; 2]) {
    let (one, other) = (printable(&left.label), printable(&right.label));
    let _ = writeln!(out, "\n  {less}- {one}{less:#}  {more}+ {other}{more:#}  these should be alike:");
    let (old, new) = (seen(left), seen(right));
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
