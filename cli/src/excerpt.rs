//! The part of a script that a finding shows, however large and ugly the script is.
//!
//! Only lines with marks are kept, and of long lines only the surroundings of the marks. The renderer gets no other
//! byte of the script; line numbers and columns are those of the script all the same.

use crate::source::{Position, Source};
use std::ops::Range;

/// Lines up to this length in bytes are shown whole.
const LINE_BYTES_MAX: usize = 200;
/// How much of a long line is shown around a mark, and of the mark itself, in bytes.
const AROUND_BYTES: usize = 40;
const MARK_BYTES_MAX: usize = 80;
/// Marks farther apart than this are shown in separate excerpts.
const LINES_APART_MAX: usize = 1000;

/// A place to point at.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) span: Range<usize>,
    pub(crate) label: String,
    pub(crate) primary: bool,
}

/// Some lines of a script, with marks whose spans point into `text`.
#[derive(Debug)]
pub(crate) struct Excerpt {
    pub(crate) text: String,
    pub(crate) first_line: usize,
    pub(crate) marks: Vec<Mark>,
    /// Where in the script its most important mark is.
    pub(crate) position: Position,
}

/// Cuts the excerpts that show these marks, the one with the primary mark first.
pub(crate) fn excerpts(source: &Source<'_>, marks: Vec<Mark>) -> Vec<Excerpt> {
    let mut lines: Vec<(usize, Vec<Mark>)> = Vec::new();
    let mut marks: Vec<(usize, Mark)> = marks.into_iter().map(|mark| (source.line(mark.span.start), mark)).collect();
    marks.sort_by_key(|(line, _)| *line);
    for (line, mark) in marks {
        match lines.last_mut() {
            Some((last, marks)) if *last == line => marks.push(mark),
            _ => lines.push((line, vec![mark])),
        }
    }
    let mut excerpts: Vec<Excerpt> = lines
        .chunk_by(|(one, _), (next, _)| next - one <= LINES_APART_MAX)
        .map(|lines| excerpt(source, lines))
        .collect();
    excerpts.sort_by_key(|excerpt| !excerpt.marks.iter().any(|mark| mark.primary));
    excerpts
}

fn excerpt(source: &Source<'_>, lines: &[(usize, Vec<Mark>)]) -> Excerpt {
    let first_line = lines.first().map_or(1, |(line, _)| *line);
    let marks = || lines.iter().flat_map(|(_, marks)| marks);
    let best = marks().find(|mark| mark.primary).or_else(|| marks().next());
    let position = source.position(best.map_or(0, |mark| mark.span.start));
    let mut excerpt = Excerpt { text: String::new(), first_line, marks: Vec::new(), position };
    let mut next = first_line;
    for (line, marks) in lines {
        // The renderer shows a single line between two others and folds more, so these may as well be empty.
        match line - next {
            0 => {}
            1 => excerpt.line(source, next, &[]),
            more => excerpt.text.extend(std::iter::repeat_n('\n', more)),
        }
        excerpt.line(source, *line, marks);
        next = line + 1;
    }
    excerpt.text.pop();
    excerpt
}

impl Excerpt {
    /// Adds a line with its marks.
    fn line(&mut self, source: &Source<'_>, line: usize, marks: &[Mark]) {
        let whole = source.line_range(line);
        let before = self.text.len();
        let spans: Vec<Range<usize>> = marks.iter().map(|mark| clip(&mark.span, &whole)).collect();
        let mut places: Vec<Range<usize>> = spans.iter().map(|_| usize::MAX..usize::MAX).collect();
        let mut shown_to = whole.start;
        for part in parts(source.text(), &whole, &spans) {
            if part.start > shown_to {
                self.text.push('…');
            }
            for (at, c) in source.shown(part.clone()).chain([(part.end, '…')]) {
                for (span, place) in spans.iter().zip(&mut places) {
                    if span.start == at && place.start == usize::MAX {
                        *place = self.text.len()..self.text.len();
                    } else if span.start < at && at <= span.end.min(part.end) && part.start <= span.start {
                        place.end = self.text.len();
                    }
                }
                if at < part.end {
                    self.text.push(c);
                }
            }
            shown_to = part.end;
        }
        if shown_to < whole.end {
            self.text.push('…');
        }
        if self.text.len() == before {
            // The renderer takes an empty last line for none.
            self.text.push(' ');
        }
        self.marks.extend(
            marks.iter().zip(places).filter(|(_, place)| place.start != usize::MAX).map(|(mark, span)| Mark {
                span,
                label: mark.label.clone(),
                primary: mark.primary,
            }),
        );
        self.text.push('\n');
    }
}

fn clip(span: &Range<usize>, line: &Range<usize>) -> Range<usize> {
    let start = span.start.clamp(line.start, line.end);
    start..span.end.clamp(start, line.end)
}

/// The parts of a line to show, in order and apart.
fn parts(text: &str, whole: &Range<usize>, spans: &[Range<usize>]) -> Vec<Range<usize>> {
    if whole.len() <= LINE_BYTES_MAX {
        return vec![whole.clone()];
    }
    let mut parts: Vec<Range<usize>> = spans
        .iter()
        .map(|span| {
            let start = span.start.saturating_sub(AROUND_BYTES).max(whole.start);
            let end = span.end.min(span.start + MARK_BYTES_MAX) + AROUND_BYTES;
            text.floor_char_boundary(start)..text.ceil_char_boundary(end.min(whole.end))
        })
        .collect();
    if parts.is_empty() {
        parts.push(whole.start..text.ceil_char_boundary(whole.start + MARK_BYTES_MAX));
    }
    parts.sort_by_key(|part| part.start);
    parts.dedup_by(|next, part| {
        let touches = next.start <= part.end;
        if touches {
            part.end = part.end.max(next.end);
        }
        touches
    });
    parts
}
