//! The trace: what is known of each place of the execution tree, without saying which instruction a place belongs to.
//!
//! A *segment* is a list of places in execution order. A *place* carries claims, or children, or nothing, or in forged
//! and disputed data both. A *child* is a segment in a branch of a place. The whole is flattened in pre-order into
//! three arrays, so a trace of any depth is read, compared, cloned and dropped without recursion, and a cursor over a
//! segment is two numbers.
//!
//! The canonical form, the only one a [`Trace`] can have:
//! - the last place of every segment has claims or children; no child is an empty segment (the outermost segment may
//!   be);
//! - the claims of a place ascend by result, the children of a place ascend by branch, without duplicates;
//! - blocks are dense: every number below [`Trace::blocks`] is the block of some claim.

use std::fmt;

use super::id::ValueId;
use super::stores::ResultIx;

/// What somebody claims to have happened at a place, and when the holder of the data learned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// What happened: the result of a call or of a canon, in the stores beside the trace.
    pub result: ResultIx,
    /// The block in which the holder of the data learned it.
    pub at: usize,
}

/// Which child of a place a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// The left branch of a `par`.
    Left,
    /// The right branch of a `par`.
    Right,
    /// The iteration of a fold over a stream or map for this value.
    Iteration(ValueId),
    /// The last instruction of a fold, run after this value, the last of its batch.
    Last(ValueId),
}

/// All claims of one script's execution that the holder knows, at their places.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    pub(super) places: Vec<Ends>,
    pub(super) claims: Vec<Claim>,
    pub(super) children: Vec<Child>,
    pub(super) blocks: usize,
}

/// A place: where its claims and children end in their arrays; they start where those of the place before end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ends {
    pub(super) claims: usize,
    pub(super) children: usize,
}

/// A child: its places end here; they start after the child before it, the first ones after the place itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Child {
    pub(super) branch: Branch,
    pub(super) end: usize,
}

/// The places of one segment from some place on; iterating over it takes constant time per place.
#[derive(Clone)]
pub struct Segment<'t> {
    trace: &'t Trace,
    next: usize,
    end: usize,
}

/// One place of a trace.
#[derive(Clone, Copy)]
pub struct Place<'t> {
    trace: &'t Trace,
    index: usize,
}

impl Trace {
    /// The outermost segment.
    pub fn root(&self) -> Segment<'_> {
        Segment { trace: self, next: 0, end: self.places.len() }
    }

    /// How many blocks the claims came in.
    pub fn blocks(&self) -> usize {
        self.blocks
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many places the trace has in all its segments.
    pub fn place_count(&self) -> usize {
        self.places.len()
    }

    /// All claims, in pre-order of their places.
    pub fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// All places in pre-order.
    pub(super) fn flat(&self) -> impl Iterator<Item = Place<'_>> {
        (0..self.places.len()).map(|index| Place { trace: self, index })
    }

    /// Where the claims and children of a place start.
    pub(super) fn starts(&self, index: usize) -> Ends {
        index.checked_sub(1).and_then(|before| self.places.get(before)).copied().unwrap_or_default()
    }

    pub(super) fn ends(&self, index: usize) -> Ends {
        self.places.get(index).copied().unwrap_or_default()
    }
}

impl<'t> Segment<'t> {
    /// A segment of which nothing is known.
    pub(super) fn empty() -> Self {
        static NOTHING: Trace = Trace { places: Vec::new(), claims: Vec::new(), children: Vec::new(), blocks: 0 };
        NOTHING.root()
    }

    /// The first of the places, if any.
    pub fn first(&self) -> Option<Place<'t>> {
        (self.next < self.end).then_some(Place { trace: self.trace, index: self.next })
    }

    /// How many places are left, those of children included.
    pub fn flat_len(&self) -> usize {
        self.end - self.next
    }

    /// Whether no place is left.
    pub fn is_empty(&self) -> bool {
        self.next >= self.end
    }
}

impl<'t> Iterator for Segment<'t> {
    type Item = Place<'t>;

    fn next(&mut self) -> Option<Place<'t>> {
        let place = self.first()?;
        self.next = place.after();
        Some(place)
    }
}

impl<'t> Place<'t> {
    /// The claims, in ascending order of their results.
    pub fn claims(self) -> &'t [Claim] {
        let (start, end) = (self.trace.starts(self.index).claims, self.trace.ends(self.index).claims);
        self.trace.claims.get(start..end).unwrap_or_default()
    }

    /// The children in ascending order of their branches; none is empty.
    pub fn children(self) -> impl ExactSizeIterator<Item = (Branch, Segment<'t>)> + Clone {
        let mut next = self.index + 1;
        self.branches().iter().map(move |child| {
            let segment = Segment { trace: self.trace, next, end: child.end };
            next = child.end;
            (child.branch, segment)
        })
    }

    /// The segment in a branch, found in logarithmic time; an empty one if nothing is known of it.
    pub fn child(self, branch: Branch) -> Segment<'t> {
        let children = self.branches();
        let found = children.binary_search_by_key(&branch, |child| child.branch);
        let bounds = found.ok().and_then(|at| {
            let before = at.checked_sub(1).and_then(|before| children.get(before));
            Some((before.map_or(self.index + 1, |child| child.end), children.get(at)?.end))
        });
        let (next, end) = bounds.unwrap_or((self.index, self.index));
        Segment { trace: self.trace, next, end }
    }

    fn branches(self) -> &'t [Child] {
        let (start, end) = (self.trace.starts(self.index).children, self.trace.ends(self.index).children);
        self.trace.children.get(start..end).unwrap_or_default()
    }

    /// The place after this one and all that lies in it.
    fn after(self) -> usize {
        self.branches().last().map_or(self.index + 1, |child| child.end)
    }
}

/// Builds a trace in pre-order: a place, then the segments of its children one after the other.
///
/// Its users see to the canonical form; it only keeps the arrays in step.
#[derive(Default)]
pub(super) struct Builder {
    trace: Trace,
}

impl Builder {
    pub(super) fn with_capacity(places: usize, claims: usize, children: usize) -> Self {
        let places = Vec::with_capacity(places);
        let (claims, children) = (Vec::with_capacity(claims), Vec::with_capacity(children));
        Self { trace: Trace { places, claims, children, blocks: 0 } }
    }

    /// Adds a claim to the place that [`Builder::place`] will finish.
    pub(super) fn claim(&mut self, claim: Claim) {
        self.trace.claims.push(claim);
    }

    /// Adds a child to the place that [`Builder::place`] will finish; returns what [`Builder::close`] wants.
    pub(super) fn child(&mut self, branch: Branch) -> usize {
        self.trace.children.push(Child { branch, end: 0 });
        self.trace.children.len() - 1
    }

    /// As [`Builder::child`], for a trace whose children still end at their sizes.
    pub(super) fn sized_child(&mut self, branch: Branch, size: usize) {
        self.trace.children.push(Child { branch, end: size });
    }

    /// Finishes a place with the claims and children added since the last one; the places of its children follow.
    pub(super) fn place(&mut self) {
        let ends = Ends { claims: self.trace.claims.len(), children: self.trace.children.len() };
        self.trace.places.push(ends);
    }

    /// Ends the segment of a child after the places so far.
    pub(super) fn close(&mut self, child: usize) {
        let end = self.trace.places.len();
        if let Some(child) = self.trace.children.get_mut(child) {
            child.end = end;
        }
    }

    /// The claims so far, in order of their places.
    pub(super) fn claims(&self) -> &[Claim] {
        &self.trace.claims
    }

    /// The trace; `renumber` maps the blocks its claims came with to dense ones, `blocks` in number.
    pub(super) fn finish(mut self, blocks: usize, renumber: impl Fn(usize) -> usize) -> Trace {
        for claim in &mut self.trace.claims {
            claim.at = renumber(claim.at);
        }
        self.trace.blocks = blocks;
        self.trace
    }
}

// A trace may be huge; its numbers say enough in a failing assertion.
impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, claims, children, blocks } = self;
        write!(
            f,
            "Trace({} places, {} claims, {} children, {blocks} blocks)",
            places.len(),
            claims.len(),
            children.len()
        )
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Segment({}..{})", self.next, self.end)
    }
}

impl fmt::Debug for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({}, {:?})", self.index, self.claims())
    }
}
