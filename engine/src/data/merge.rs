//! Merge `a·b`: what `b` adds to `a` is learned after everything `a` knows.
//!
//! Segments are zipped place by place, claims and children are united, the longer tail stays. Claims of `a` keep their
//! block; claims only in `b` come after, in the order `b` learned them. No script is consulted and nothing can fail, so
//! the laws (a left regular band with identity) hold for all data, reachable or not. The work is linear in both
//! operands.
//!
//! **Invariant**: the operands being canonical, so is the result. The last place of a united segment is the last place
//! of one of the two, with all its claims and children; and each block of `a` keeps its claims.

use super::shared::Shared;
use super::stores::Translation;
use super::trace::{Builder, Claim, Place, Segment, Trace};

/// A pair of segments to unite, and the child of the result that they become.
struct Pair<'t> {
    a: Segment<'t>,
    b: Segment<'t>,
    child: Option<usize>,
}

impl Shared {
    /// The merge of two shared parts of one script's data.
    pub fn merge(&self, other: &Self) -> Self {
        let (stores, from_a, from_b) = self.stores().unite(other.stores());
        let (a, b) = (self.trace(), other.trace());
        let mut union = Union { built: capacity(a, b), offset: a.blocks(), from_a, from_b };
        let mut open = vec![Pair { a: a.root(), b: b.root(), child: None }];
        while let Some(pair) = open.last_mut() {
            match (pair.a.next(), pair.b.next()) {
                (None, None) => {
                    if let Some(child) = open.pop().and_then(|pair| pair.child) {
                        union.built.close(child);
                    }
                }
                (x, y) => union.place(x, y, &mut open),
            }
        }
        Self::from_parts(stores, union.finish(b.blocks()))
    }
}

fn capacity(a: &Trace, b: &Trace) -> Builder {
    // The union of similar traces is about as large as the larger one.
    Builder::with_capacity(a.places.len().max(b.places.len()), a.claims.len(), a.children.len().max(b.children.len()))
}

struct Union {
    built: Builder,
    /// How many blocks `a` has: the blocks of `b` are numbered from here, with gaps until the end.
    offset: usize,
    from_a: Translation,
    from_b: Translation,
}

impl Union {
    /// Unites two places, one of which may be absent, and opens the segments of their children.
    fn place<'t>(&mut self, a: Option<Place<'t>>, b: Option<Place<'t>>, open: &mut Vec<Pair<'t>>) {
        self.claims(a.map_or(&[], Place::claims), b.map_or(&[], Place::claims));
        let first = open.len();
        self.children(a, b, open);
        self.built.place();
        // The first child is built first, so it goes on top.
        if let Some(opened) = open.get_mut(first..) {
            opened.reverse();
        }
    }

    fn children<'t>(&mut self, a: Option<Place<'t>>, b: Option<Place<'t>>, open: &mut Vec<Pair<'t>>) {
        let mut left = a.into_iter().flat_map(Place::children).peekable();
        let mut right = b.into_iter().flat_map(Place::children).peekable();
        while let Some(branch) = least(left.peek().map(|child| child.0), right.peek().map(|child| child.0)) {
            let a = left.next_if(|child| child.0 == branch).map_or(Segment::empty(), |child| child.1);
            let b = right.next_if(|child| child.0 == branch).map_or(Segment::empty(), |child| child.1);
            let child = Some(self.built.child(branch));
            open.push(Pair { a, b, child });
        }
    }

    fn claims(&mut self, a: &[Claim], b: &[Claim]) {
        let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
        loop {
            let x = left.peek().map(|claim| self.from_a.result(claim.result));
            let y = right.peek().map(|claim| self.from_b.result(claim.result));
            let Some(result) = least(x, y) else { break };
            // A claim of both keeps the block of `a`.
            let here = if x == Some(result) { left.next() } else { None };
            let there = if y == Some(result) { right.next() } else { None };
            let at = here.map(|claim| claim.at).or(there.map(|claim| self.offset + claim.at));
            self.built.claim(Claim { result, at: at.unwrap_or_default() });
        }
    }

    /// Makes the blocks dense again: those of `b` that brought nothing new are skipped.
    fn finish(self, blocks_of_b: usize) -> Trace {
        let mut number = vec![None; blocks_of_b];
        for claim in self.built.claims() {
            if let Some(slot) = claim.at.checked_sub(self.offset).and_then(|block| number.get_mut(block)) {
                *slot = Some(0);
            }
        }
        let mut blocks = self.offset;
        for slot in number.iter_mut().flatten() {
            *slot = blocks;
            blocks += 1;
        }
        let offset = self.offset;
        self.built.finish(blocks, |at| at.checked_sub(offset).and_then(|block| *number.get(block)?).unwrap_or(at))
    }
}

fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
