//! What formatting would change, shortly.

use crate::source::{Source, brief, printable};
use annotate_snippets::renderer::{AnsiColor, Style};
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;

/// Unchanged lines before the first change.
const CONTEXT: usize = 2;
/// How many lines are compared, and how many of the result are shown.
const LINES_MAX: usize = 40;
const ROWS_MAX: usize = 12;
const LINE_CHARS_MAX: usize = 120;

const REMOVED: Style = AnsiColor::Red.on_default();
const ADDED: Style = AnsiColor::Green.on_default();

/// The first differing lines, in the manner of unified diffs.
pub(crate) fn diff(source: &Source<'_>, formatted: &str, styled: bool) -> String {
    let text = source.text();
    let same = std::iter::zip(text.split_inclusive('\n'), formatted.split_inclusive('\n'))
        .take_while(|(old, new)| old == new)
        .count();
    let first = same.saturating_sub(CONTEXT);
    let window = |text: &str| text.split_inclusive('\n').skip(first).take(LINES_MAX).collect::<String>();
    let (old, new) = (window(text), window(formatted));
    let diff = TextDiff::from_lines(&old, &new);
    let mut out = format!("--- {}\n+++ {}, formatted\n@@ line {} @@\n", source.name, source.name, same + 1);
    for (row, change) in diff.iter_all_changes().enumerate() {
        if row == ROWS_MAX {
            out.push_str("…\n");
            break;
        }
        let (sign, style) = match change.tag() {
            ChangeTag::Equal => (' ', Style::new()),
            ChangeTag::Delete => ('-', REMOVED),
            ChangeTag::Insert => ('+', ADDED),
        };
        let style = if styled { style } else { Style::new() };
        let line = line(change.value(), change.tag());
        push(&mut out, format_args!("{style}{sign}{line}{style:#}\n"));
        if change.missing_newline() {
            out.push_str("\\ no line feed at the end\n");
        }
    }
    out
}

/// A line for people; what formatting removes from its end is made visible.
fn line(line: &str, tag: ChangeTag) -> String {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let end = line.trim_end_matches([' ', '\t', '\r']);
    match line.strip_prefix(end) {
        Some(blanks) if tag == ChangeTag::Delete && !blanks.is_empty() => {
            let blanks: String = blanks.chars().take(CONTEXT * 4).collect();
            brief(end, LINE_CHARS_MAX) + &printable(&blanks.replace(' ', "·").replace('\t', "→"))
        }
        _ => brief(line, LINE_CHARS_MAX),
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}
