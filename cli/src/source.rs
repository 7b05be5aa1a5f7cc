//! A script as it was read: bytes, text, lines and columns.

use std::borrow::Cow;
use std::ops::Range;

/// Stands in the text for each byte that is not UTF-8, so that offsets into bytes and text are the same.
const SUBSTITUTE: char = '\u{1a}';

/// How many bytes lie between two counts of characters.
const BLOCK: usize = 512;

/// A script as it was read. Offsets are those of its bytes.
pub(crate) struct Source<'b> {
    /// How people call it.
    pub(crate) name: String,
    bytes: &'b [u8],
    text: Cow<'b, str>,
    /// Where each line starts.
    lines: Vec<usize>,
    /// How many characters start before each block.
    counts: Vec<usize>,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl<'b> Source<'b> {
    pub(crate) fn new(name: String, bytes: &'b [u8]) -> Self {
        let text = decode(bytes);
        let line_feeds = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let lines = std::iter::once(0).chain(line_feeds.map(|(at, _)| at + 1)).collect();
        let counts = text
            .as_bytes()
            .chunks(BLOCK)
            .scan(0, |count, block| Some(std::mem::replace(count, *count + starts(block))))
            .collect();
        Self { name, bytes, text, lines, counts }
    }

    /// The text; of the same length as the bytes.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The number of the line with this offset, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset)
    }

    /// Where a line is, without its end.
    pub(crate) fn line_range(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.text.len());
        let end = self.lines.get(line).map_or(self.text.len(), |next| next - 1);
        let text = self.text.get(start..end).unwrap_or_default();
        start..start + text.strip_suffix('\r').unwrap_or(text).len()
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let line = self.line(offset);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        Position { line, column: self.chars_before(offset) - self.chars_before(start) + 1 }
    }

    fn chars_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset).unwrap_or_default();
        // An offset at the very end of the last, full block has no count of its own.
        self.counts.get(block).copied().unwrap_or_else(|| self.text.chars().count()) + starts(rest)
    }

    /// The characters of a part of the text, each as it can be shown, with their offsets.
    pub(crate) fn shown(&self, range: Range<usize>) -> impl Iterator<Item = (usize, char)> {
        let start = range.start;
        let text = self.text.get(range).unwrap_or_default();
        text.char_indices().map(move |(at, c)| {
            let at = start + at;
            match c {
                SUBSTITUTE if self.bytes.get(at) != Some(&(SUBSTITUTE as u8)) => (at, char::REPLACEMENT_CHARACTER),
                '\t' => (at, c),
                c => (at, picture(c)),
            }
        })
    }
}

/// How many characters start in these bytes of a text.
fn starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count()
}

fn decode(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| SUBSTITUTE));
    }
    Cow::Owned(text)
}

/// A visible character for one that commands the terminal or that nobody can see.
fn picture(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '\u{2421}',
        '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{2060}' | '\u{feff}' => {
            char::REPLACEMENT_CHARACTER
        }
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

/// A text that commands the terminal nothing and stays on its line.
pub(crate) fn printable(text: &str) -> String {
    let text: String = text.chars().map(picture).collect();
    annotate_snippets::normalize_untrusted_str(&text)
}

/// The same, cut after some characters.
pub(crate) fn brief(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => printable(text.get(..end).unwrap_or_default()) + "…",
        None => printable(text),
    }
}
