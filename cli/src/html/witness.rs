//! Counterexamples: what fails, the case, both sides with the place where they part, and how to play it again.

use super::film;
use super::listing::{Listing, syntax};
use super::text::{NAME_CHARS_MAX, SENTENCE_CHARS_MAX, more};
use crate::source::brief;
use airtight_engine::script::Script;
use airtight_properties::{Counterexample, Film, WitnessSide};
use maud::{Markup, html};
use similar::{DiffOp, TextDiff};

/// How many lines are compared and shown, and how much of a line.
const LINES_MAX: usize = 300;
const LINE_CHARS_MAX: usize = 240;

/// A counterexample; `film` is its history.
pub(super) fn counterexample(id: &str, found: &Counterexample, film: Option<&Film>, replay: Option<&str>) -> Markup {
    let witness = &found.violation;
    let script = Script::parse(&*found.case.script);
    let marks = script.as_ref().map(syntax).unwrap_or_default();
    let listing = format!("{id}s");
    html! {
        section.counterexample #(id) aria-labelledby={ (id) "-title" } {
            h3 #{ (id) "-title" } { code { (brief(&found.law, NAME_CHARS_MAX)) } " fails" }
            p.statement { (brief(&witness.statement, SENTENCE_CHARS_MAX)) }
            @if let Ok(law) = found.law() { p.why { "Why it matters: " (law.why) "." } }
            @if let Some(replay) = replay { pre.command { code { (brief(replay, SENTENCE_CHARS_MAX)) } } }
            h4 { "The smallest script that was found" }
            (Listing { id: &listing, text: found.case.script.trim_end(), marks }.show())
            @if !witness.parts.is_empty() || !witness.data.is_empty() {
                h4 { "What shows it" }
                div.parts {
                    @for (what, text) in &witness.parts { (part(what, &text.lines().collect::<Vec<_>>())) }
                    @for data in &witness.data { (part(&data.label, &seen(data))) }
                }
            }
            @if let [left, right] = witness.sides.as_slice() { (sides(left, right)) }
            h4 { "What happens" }
            @match film {
                Some(film) => (film::show(&format!("{id}f"), Some(&listing), film)),
                None => {
                    ol.story {
                        @for (peer, text) in witness.story.iter().take(LINES_MAX) {
                            li { b { (brief(peer, NAME_CHARS_MAX)) } " " (brief(text, LINE_CHARS_MAX)) }
                        }
                    }
                    (more(witness.story.len(), LINES_MAX))
                }
            }
        }
    }
}

fn part(what: &str, lines: &[&str]) -> Markup {
    let what = brief(what, NAME_CHARS_MAX);
    html! {
        div {
            h5 { (what) }
            div.scroll tabindex="0" role="region" aria-label=(what) {
                pre.plain { @for line in lines.iter().take(LINES_MAX) { (brief(line, LINE_CHARS_MAX)) "\n" } }
            }
            (more(lines.len(), LINES_MAX))
        }
    }
}

/// What data come to, or the data themselves.
fn seen(side: &WitnessSide) -> Vec<&str> {
    if side.trace.is_empty() { vec![side.data.as_str()] } else { side.trace.iter().map(String::as_str).collect() }
}

/// One row of two lists side by side.
struct Row<'l> {
    left: Option<(usize, &'l str)>,
    right: Option<(usize, &'l str)>,
    is_same: bool,
}

/// Both sides, line by line: what they come to, or the data, where that is the same.
fn sides(left: &WitnessSide, right: &WitnessSide) -> Markup {
    let labels = [&*left.label, &*right.label];
    let (old, new) = (seen(left), seen(right));
    let has_traces = !left.trace.is_empty() && !right.trace.is_empty();
    html! {
        h4 { "These should be alike" }
        @if has_traces && old != new {
            (both(labels, &old, &new))
        } @else {
            @if has_traces {
                p.muted { "What they come to is the same; they differ in the order in which it was learned, or in bytes:" }
            }
            @let (old, new) = (unfolded(&left.data), unfolded(&right.data));
            (both(labels, &old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>()))
        }
    }
}

/// Data with a line for each member, if they are JSON.
fn unfolded(data: &str) -> String {
    let value = serde_json::from_str::<serde_json::Value>(data);
    value.ok().and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| data.to_owned())
}

/// Two lists, like beside like.
fn both(labels: [&str; 2], all_old: &[&str], all_new: &[&str]) -> Markup {
    let first = |lines: &[&str]| lines.len().min(LINES_MAX);
    let (old, new) = (&all_old[..first(all_old)], &all_new[..first(all_new)]);
    let rows = aligned(old, new);
    let parted = rows.iter().position(|row| !row.is_same);
    let cell = |line: Option<(usize, &str)>, class: &str| {
        html! {
            @match line {
                Some((number, text)) => {
                    td.num { (number) }
                    td.(class) { code { (brief(text, LINE_CHARS_MAX)) } }
                }
                None => { td.num {} td.gap {} }
            }
        }
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Both sides" {
            table.sides {
                thead { tr { @for label in labels { th colspan="2" scope="colgroup" { (brief(label, NAME_CHARS_MAX)) } } } }
                tbody {
                    @for (index, row) in rows.iter().enumerate() {
                        @let class = |own| if row.is_same { "same" } else { own };
                        @if parted == Some(index) { tr.part { td colspan="4" { "here they part" } } }
                        tr { (cell(row.left, class("less"))) (cell(row.right, class("more-of"))) }
                    }
                }
            }
        }
        (more(all_old.len().max(all_new.len()), LINES_MAX))
    }
}

fn aligned<'l>(old: &[&'l str], new: &[&'l str]) -> Vec<Row<'l>> {
    let left = |at: usize| old.get(at).map(|line| (at, *line));
    let right = |at: usize| new.get(at).map(|line| (at, *line));
    let mut rows = Vec::new();
    for op in TextDiff::from_slices(old, new).ops() {
        let is_same = matches!(op, DiffOp::Equal { .. });
        let (of_old, of_new) = (op.old_range(), op.new_range());
        for at in 0..of_old.len().max(of_new.len()) {
            let left = if at < of_old.len() { left(of_old.start + at) } else { None };
            let right = if at < of_new.len() { right(of_new.start + at) } else { None };
            rows.push(Row { left, right, is_same });
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_stands_beside_like() {
        let rows = aligned(&["a", "b", "c"], &["a", "x", "y", "c"]);
        let shown: Vec<_> =
            rows.iter().map(|row| (row.left.map(|it| it.1), row.right.map(|it| it.1), row.is_same)).collect();
        assert_eq!(
            shown,
            [
                (Some("a"), Some("a"), true),
                (Some("b"), Some("x"), false),
                (None, Some("y"), false),
                (Some("c"), Some("c"), true),
            ]
        );
    }
}
