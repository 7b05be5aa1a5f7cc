//! Slots: what names hold in the script and in each iteration of a fold.
//!
//! A frame of the script or of a fold is *activated* when it runs; activations come and go like a stack. The display tells
//! for each frame which activation names refer to now; names are lexical, so that is one of each frame.

use super::{Miss, Stop, Time};
use crate::data::ValueId;
use crate::script::{Bindings, Definition, FrameId, Reach, StreamId, Symbol};
use crate::value::{Canon, CanonMap, Single};
use std::sync::Arc;

/// What a variable holds.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Single(Single),
    Canon(Arc<Canon>),
    CanonMap(Arc<CanonMap>),
}

/// What became of an assignment.
#[derive(Clone, Debug, Default)]
pub(super) enum Cell {
    /// It may still happen.
    #[default]
    Open,
    /// It will never happen, known at this time; a read goes on from there.
    Settled(Time, Reach),
    /// It happened at this time.
    Assigned(Time, Value),
}

/// An element of a stream or stream map.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) value: Single,
    pub(super) known: Time,
    pub(super) id: ValueId,
}

/// A frame at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activation {
    cells: u32,
    streams: u32,
    /// Which of the folds at work, and which item of its batch or array; of no meaning for the script.
    pub(super) fold: u32,
    pub(super) item: u32,
}

/// All activations.
#[derive(Debug)]
pub(super) struct Scopes<'s> {
    bindings: &'s Bindings,
    display: Vec<Activation>,
    cells: Vec<Cell>,
    streams: Vec<Vec<Element>>,
    /// The frame of the instruction at hand.
    pub(super) frame: FrameId,
}

impl<'s> Scopes<'s> {
    /// The script's own frame, activated.
    pub(super) fn new(bindings: &'s Bindings) -> Self {
        let none = Activation { cells: 0, streams: 0, fold: 0, item: 0 };
        let display = vec![none; bindings.frames().len()];
        let mut scopes = Self { bindings, display, cells: Vec::new(), streams: Vec::new(), frame: FrameId::SCRIPT };
        scopes.allocate(FrameId::SCRIPT);
        scopes
    }

    fn allocate(&mut self, frame: FrameId) {
        if let Some(frame) = self.bindings.frames().get(frame.index()) {
            self.cells.resize_with(self.cells.len() + frame.slots as usize, Cell::default);
            self.streams.resize_with(self.streams.len() + frame.streams as usize, Vec::new);
        }
    }

    /// How many steps it counts to activate a frame: each slot takes room.
    pub(super) fn size(&self, frame: FrameId) -> usize {
        self.bindings.frames().get(frame.index()).map_or(0, |frame| (2 * frame.slots + frame.streams) as usize)
    }

    /// Activates the frame of a fold for one item; returns what [`Scopes::leave`] wants.
    pub(super) fn enter(&mut self, frame: FrameId, fold: u32, item: u32) -> (Activation, FrameId) {
        let (cells, streams) = (self.cells.len() as u32, self.streams.len() as u32);
        let new = Activation { cells, streams, fold, item };
        self.allocate(frame);
        let hidden = self.display.get_mut(frame.index()).map_or(new, |place| std::mem::replace(place, new));
        (hidden, std::mem::replace(&mut self.frame, frame))
    }

    /// Ends the last activation, which was of this frame.
    pub(super) fn leave(&mut self, frame: FrameId, hidden: Activation, outer: FrameId) {
        if let Some(place) = self.display.get_mut(frame.index()) {
            self.cells.truncate(place.cells as usize);
            self.streams.truncate(place.streams as usize);
            *place = hidden;
        }
        self.frame = outer;
    }

    pub(super) fn activation(&self, frame: FrameId) -> Option<Activation> {
        self.display.get(frame.index()).copied()
    }

    fn cell_index(&self, definition: &Definition) -> Option<usize> {
        Some(self.activation(definition.frame)?.cells as usize + definition.slot as usize)
    }

    /// Says what became of an assignment.
    pub(super) fn set(&mut self, definition: &Definition, cell: Cell) {
        if let Some(place) = self.cell_index(definition).and_then(|index| self.cells.get_mut(index)) {
            *place = cell;
        }
    }

    /// Says that an assignment will not happen.
    pub(super) fn settle(&mut self, definition: &Definition, known: Time) {
        self.set(definition, Cell::Settled(known, definition.previous()));
    }

    /// What a read refers to, from the assignment it reaches on: the first that happened, and the time at which that and
    /// everything passed over was known.
    ///
    /// Each settled assignment on the way that another one follows learns to pass over both, so that reading a name over
    /// and over costs little more than assigning it. That stays right: what is settled is reopened only where a last
    /// instruction runs again, which reopens all that can pass over it, as reads look back within an instruction.
    pub(super) fn read(
        &mut self,
        name: Symbol,
        mut reach: Reach,
        mut known: Time,
        mut step: impl FnMut() -> Result<(), Stop>,
    ) -> Result<(&Value, Time, &'s Definition), Miss> {
        let (index, definition) = loop {
            let definition = match reach {
                Reach::Definition(id) => self.bindings.definitions().get(id.index()),
                Reach::Unset => return Err(Miss::Failed(known, super::ErrorKind::Unset("".into()))),
                Reach::Nothing => None,
            };
            let found = definition.and_then(|definition| Some((self.cell_index(definition)?, definition)));
            let Some((index, definition)) = found else { return Err(Miss::Missing(name)) };
            let Some((at, next)) = self.settled(index) else { break (index, definition) };
            let after = match next {
                Reach::Definition(id) => self.bindings.definitions().get(id.index()),
                Reach::Unset | Reach::Nothing => None,
            };
            let after = after.and_then(|after| self.settled(self.cell_index(after)?));
            let (at, next) = after.map_or((at, next), |(later, next)| (at.max(later), next));
            if let Some(cell) = self.cells.get_mut(index) {
                *cell = Cell::Settled(at, next);
            }
            (known, reach) = (known.max(at), next);
            step()?;
        };
        match self.cells.get(index) {
            Some(Cell::Assigned(at, value)) => Ok((value, known.max(*at), definition)),
            None | Some(Cell::Open | Cell::Settled(..)) => Err(Miss::Missing(name)),
        }
    }

    /// Since when an assignment is known not to happen, and where a read goes on.
    fn settled(&self, cell: usize) -> Option<(Time, Reach)> {
        match self.cells.get(cell)? {
            Cell::Settled(at, next) => Some((*at, *next)),
            Cell::Open | Cell::Assigned(..) => None,
        }
    }

    /// Empties a stream, as its `new` does.
    pub(super) fn empty(&mut self, stream: usize) {
        if let Some(elements) = self.streams.get_mut(stream) {
            elements.clear();
        }
    }

    fn stream_index(&self, id: StreamId) -> Option<usize> {
        let scope = self.bindings.streams().get(id.index())?;
        Some(self.activation(scope.frame)?.streams as usize + scope.slot as usize)
    }

    /// Which of the streams at work a name means, for [`Scopes::elements`].
    pub(super) fn stream(&self, id: StreamId) -> usize {
        self.stream_index(id).unwrap_or(usize::MAX)
    }

    /// The elements of a stream at work, in the order in which the walk added them.
    pub(super) fn elements(&self, stream: usize) -> &[Element] {
        self.streams.get(stream).map_or(&[], Vec::as_slice)
    }

    pub(super) fn push(&mut self, stream: usize, element: Element) {
        if let Some(elements) = self.streams.get_mut(stream) {
            elements.push(element);
        }
    }

    /// The elements of a stream in the order in which they were known.
    pub(super) fn ordered(&self, stream: usize) -> Vec<&Element> {
        let mut elements: Vec<_> = self.elements(stream).iter().collect();
        elements.sort_by_key(|element| element.known);
        elements
    }
}
