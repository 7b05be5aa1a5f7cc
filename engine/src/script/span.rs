//! Places in a script, as byte offsets.

use std::ops::Range;

/// A half-open range of byte offsets into a script; never splits a character.
///
/// Lines and columns exist only where text is rendered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset one past the last byte; equal to `start` for a place between two characters.
    pub end: u32,
}

impl Span {
    /// The range from `start` to `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The place just before the byte at `offset`.
    pub const fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The range from the start of `self` to the end of `other`.
    pub const fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }

    /// The same place in a text of which this one begins at `offset`.
    pub(crate) const fn moved(self, offset: u32) -> Self {
        Self { start: self.start + offset, end: self.end + offset }
    }
}

impl From<Span> for Range<usize> {
    fn from(span: Span) -> Self {
        span.start as usize..span.end as usize
    }
}
