//! Scripts with line numbers, an anchor for each line, and marks in them.

use super::text::more;
use crate::source::{Position, printable};
use airtight_engine::script::Script;
use maud::{Markup, html};

/// How many lines are shown, and how much of a line.
const LINES_MAX: usize = 1_500;
const LINE_BYTES_MAX: usize = 600;

/// What is said of a part of a script.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A comment.
    Comment,
    /// What an instruction begins with.
    Keyword,
    /// The order of delivery decides it.
    Order,
    /// No history reached it.
    Unreached,
    /// It waits for ever.
    Waits,
}

const KINDS: [(Kind, &str); 5] = [
    (Kind::Comment, "c"),
    (Kind::Keyword, "k"),
    (Kind::Order, "order"),
    (Kind::Unreached, "unreached"),
    (Kind::Waits, "waits"),
];

/// A part of a script, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
}

/// A script to show.
pub(super) struct Listing<'a> {
    /// The anchor of line 7 is `id-L7`.
    pub(super) id: &'a str,
    pub(super) text: &'a str,
    pub(super) marks: Vec<Mark>,
}

/// Line and column, with a link to the line if the listing of this id has it.
pub(super) fn place(id: Option<&str>, at: Position) -> Markup {
    html! {
        @match id.filter(|_| at.line <= LINES_MAX) {
            Some(id) => a.at href={ "#" (id) "-L" (at.line) } { (at.line) ":" (at.column) },
            None => span.at { (at.line) ":" (at.column) },
        }
    }
}

/// What a script itself marks.
pub(super) fn syntax(script: &Script) -> Vec<Mark> {
    let tree = script.tree();
    let mark = |start: u32, end: u32, kind| Mark { start: start as usize, end: end as usize, kind };
    let comments = tree.comments().iter().map(|span| mark(span.start, span.end, Kind::Comment));
    let keywords = tree.node_ids().map(|id| {
        let node = tree.node(id);
        let start = node.span.start + 1;
        mark(start, start + node.kind.keyword().len() as u32, Kind::Keyword)
    });
    comments.chain(keywords).collect()
}

impl Listing<'_> {
    /// The listing; linear in what is shown, and in the number of marks but for sorting them.
    pub(super) fn show(&self) -> Markup {
        // Where marks begin and end, in order.
        let mut turns: Vec<(usize, usize, bool)> = Vec::with_capacity(self.marks.len() * 2);
        for mark in self.marks.iter().filter(|mark| mark.start < mark.end) {
            let kind = KINDS.iter().position(|(kind, _)| *kind == mark.kind).unwrap_or_default();
            turns.push((mark.start, kind, true));
            turns.push((mark.end, kind, false));
        }
        turns.sort_unstable();
        let mut painter = Painter { turns: turns.into_iter().peekable(), open: [0; KINDS.len()] };
        let mut start = 0;
        let lines = self.text.split_inclusive('\n').take(LINES_MAX).map(|line| {
            let from = start;
            start += line.len();
            (from, line.trim_end_matches(['\n', '\r']))
        });
        let all = self.text.bytes().filter(|byte| *byte == b'\n').count() + 1;
        html! {
            div.scroll tabindex="0" role="region" aria-label="Script" {
                pre.listing {
                    @for (index, (from, line)) in lines.enumerate() {
                        @let number = index + 1;
                        span.line #{ (self.id) "-L" (number) } {
                            a.no href={ "#" (self.id) "-L" (number) } aria-label={ "line " (number) } { (number) }
                            (painter.line(from, line))
                            "\n"
                        }
                    }
                }
            }
            (more(all, LINES_MAX))
        }
    }
}

struct Painter<T: Iterator> {
    turns: std::iter::Peekable<T>,
    /// How many marks of each kind are open.
    open: [usize; KINDS.len()],
}

impl<T: Iterator<Item = (usize, usize, bool)>> Painter<T> {
    /// A line in parts, each with the marks that lie on it.
    fn line(&mut self, from: usize, line: &str) -> Markup {
        let shown = line.floor_char_boundary(LINE_BYTES_MAX);
        let mut at = 0;
        let mut parts = Vec::new();
        while at < shown {
            while let Some((_, kind, begins)) = self.turns.next_if(|turn| turn.0 <= from + at) {
                let open = &mut self.open[kind];
                *open = if begins { *open + 1 } else { open.saturating_sub(1) };
            }
            let next = self.turns.peek().map_or(shown, |turn| (turn.0 - from).min(shown));
            let end = line.ceil_char_boundary(next.max(at + 1));
            let classes: Vec<&str> =
                KINDS.iter().zip(self.open).filter(|(_, open)| *open > 0).map(|((_, class), _)| *class).collect();
            parts.push((at, classes.join(" "), line.get(at..end).unwrap_or_default()));
            at = end;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        html! {
            @for (at, classes, text) in parts {
                // A mark does not run along the indentation.
                @let (blank, body) = text.split_at(indent.saturating_sub(at).min(text.len()));
                (blank)
                @if classes.is_empty() || body.is_empty() {
                    (shown_line(body))
                } @else {
                    span class=(classes) { (shown_line(body)) }
                }
            }
            @if shown < line.len() { span.more { " …" } }
        }
    }
}

/// A part of a line; tabs are blanks here.
fn shown_line(text: &str) -> String {
    printable(&text.replace('\t', "    "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str, marks: Vec<Mark>) -> String {
        Listing { id: "s1", text, marks }.show().into_string()
    }

    #[test]
    fn marks_cross_lines_and_lie_in_each_other() {
        let marks = vec![
            Mark { start: 0, end: 11, kind: Kind::Unreached },
            Mark { start: 1, end: 4, kind: Kind::Keyword },
            Mark { start: 7, end: 9, kind: Kind::Order },
        ];
        let html = show("(seq\n  ab\n)", marks);
        assert!(html.contains("<span class=\"unreached\">(</span><span class=\"k unreached\">seq</span>"), "{html}");
        assert!(html.contains("  <span class=\"order unreached\">ab</span>"), "{html}");
        assert!(html.contains("<span class=\"unreached\">)</span>"), "{html}");
        assert!(html.contains("id=\"s1-L2\""), "{html}");
    }

    #[test]
    fn long_scripts_and_lines_are_cut() {
        let html = show(&format!("{}\n{}", "é".repeat(10_000), "(null)\n".repeat(10_000)), Vec::new());
        assert!(html.len() < 300_000, "{}", html.len());
        assert!(html.contains("more"), "it says so");
    }

    #[test]
    fn marks_beyond_the_text_and_inside_of_characters_do_no_harm() {
        let marks = vec![
            Mark { start: 1, end: 2, kind: Kind::Order },
            Mark { start: 3, end: 100, kind: Kind::Waits },
            Mark { start: 50, end: 40, kind: Kind::Waits },
        ];
        assert!(show("éé<é", marks).contains("&lt;"));
    }
}
