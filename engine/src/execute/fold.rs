//! Folds over values and over streams, and `next`.
//!
//! A fold over values takes one array, canon or canon map as it is; its instructions' places lie in the segment where
//! they run. A fold over a stream goes through batches: values of one known time and one round, where what its own
//! bodies add in a round belongs to the next. Each value's iteration has a segment of its own, named by the value, so that
//! the order of values does not matter to the data.

use super::machine::{Frame, Go, Machine, STEPS_OF_SEGMENT};
use super::scope::{Cell, Value};
use super::{End, ErrorKind, Miss, Stop, Time, error};
use crate::data::{Branch, Cursor};
use crate::script::{self, Binding, FrameId, Instruction, NodeId, OperandId, Reach};
use crate::value::{Array, Canon, CanonMap, Json, LensStep, Origin, Single};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// A fold at work.
#[derive(Debug)]
pub(super) struct Fold<'s> {
    body: NodeId,
    last: Option<NodeId>,
    frame: FrameId,
    items: Items<'s>,
}

#[derive(Debug)]
enum Items<'s> {
    Array { array: Array, origin: Origin, known: Time },
    Canon { canon: Arc<Canon>, known: Time },
    CanonMap { map: Arc<CanonMap>, known: Time },
    Stream(Box<Batches<'s>>),
}

/// A fold over a stream at work.
#[derive(Debug)]
struct Batches<'s> {
    stream: usize,
    place: Cursor<'s>,
    entered: Time,
    registers: error::Registers,
    /// The values to come, the earliest first: known time, round, position in the stream.
    to_come: BinaryHeap<Reverse<(Time, u32, u32)>>,
    /// How many of the stream's values were looked at.
    seen: usize,
    round: u32,
    /// The positions of the values of the batch at hand.
    batch: Vec<u32>,
    /// When the first batch was complete.
    complete: Option<Time>,
}

impl<'s> Machine<'s> {
    pub(super) fn fold(&mut self, iterable: OperandId, known: Time) -> Result<Go, Stop> {
        let Instruction::Fold { iterator, body, last, .. } = self.tree.instruction(self.node) else {
            return Ok(Go::Ended(End::Waits));
        };
        let Some(frame) = self.definition_frame(iterator) else { return Ok(Go::Ended(End::Waits)) };
        if let Binding::Stream(id) = self.bindings.operand(iterable) {
            return self.fold_stream(self.scopes.stream(id), body, last, frame, known);
        }
        let (items, len, known) = match self.operand(iterable, known).and_then(|(value, known)| items(value, known)) {
            Ok(items) => items,
            Err(miss) => return Ok(Go::Ended(self.missed(miss, None)?)),
        };
        if len == 0 {
            return Ok(Go::Ended(End::Complete(known)));
        }
        self.folds.push(Fold { body, last, frame, items });
        self.stack.push(Frame::Fold);
        self.iterate(self.folds.len() - 1, 0, known)
    }

    fn definition_frame(&self, iterator: OperandId) -> Option<FrameId> {
        let (Binding::Definition(id) | Binding::Read(Reach::Definition(id))) = self.bindings.operand(iterator) else {
            return None;
        };
        self.bindings.definitions().get(id.index()).map(|definition| definition.frame)
    }

    fn fold_stream(
        &mut self,
        stream: usize,
        body: NodeId,
        last: Option<NodeId>,
        frame: FrameId,
        entered: Time,
    ) -> Result<Go, Stop> {
        if self.scopes.elements(stream).is_empty() {
            return Ok(Go::Ended(End::Waits));
        }
        self.structure();
        let index = self.folds.len();
        self.note(|recorder, site| recorder.fold(site, index, stream));
        let place = self.here.clone();
        self.here.step();
        let registers = self.registers.clone();
        let (to_come, batch, complete) = Default::default();
        let batches = Batches { stream, place, entered, registers, to_come, seen: 0, round: 0, batch, complete };
        self.folds.push(Fold { body, last, frame, items: Items::Stream(Box::new(batches)) });
        self.next_batch(None)
    }

    /// Goes on with the next batch of the innermost fold, after the one before ended so.
    pub(super) fn next_batch(&mut self, ended: Option<End>) -> Result<Go, Stop> {
        let Some(Fold { items: Items::Stream(batches), .. }) = self.folds.last_mut() else {
            return Ok(Go::Ended(End::Waits));
        };
        // What was added since belongs to the next round.
        let round = if ended.is_some() { batches.round + 1 } else { 0 };
        if let Some(End::Complete(at)) = ended {
            batches.complete = Some(batches.complete.map_or(at, |known| known.min(at)));
        }
        let elements = self.scopes.elements(batches.stream);
        for (position, element) in elements.iter().enumerate().skip(batches.seen) {
            batches.to_come.push(Reverse((element.known, round, position as u32)));
        }
        let new = elements.len() - batches.seen;
        batches.seen = elements.len();
        batches.batch.clear();
        let Some(Reverse((known, round, _))) = batches.to_come.peek().copied() else {
            let complete = batches.complete;
            self.note(|recorder, _| recorder.fold_ended());
            self.folds.pop();
            self.spend(3 * new)?;
            return Ok(Go::Ended(complete.map_or(End::Waits, End::Complete)));
        };
        while let Some(Reverse((_, _, position))) =
            batches.to_come.peek().filter(|Reverse((k, r, _))| (*k, *r) == (known, round))
        {
            batches.batch.push(*position);
            batches.to_come.pop();
        }
        batches.round = round;
        let entered = batches.entered;
        self.spend(3 * new)?;
        self.stack.push(Frame::Batches);
        self.iterate(self.folds.len() - 1, 0, entered)
    }

    /// Begins the iteration for an item of the batch or array.
    fn iterate(&mut self, fold: usize, item: usize, known: Time) -> Result<Go, Stop> {
        let Some(Fold { body, frame, items, .. }) = self.folds.get(fold) else { return Ok(Go::Ended(End::Waits)) };
        let (body, frame) = (*body, *frame);
        let (value, value_known, apart) = match items {
            Items::Array { array, origin, known } => {
                let json = array.get(item).cloned().unwrap_or(Json::Null);
                (Single { json, origin: origin.step(LensStep::Index(item as u32)) }, *known, None)
            }
            Items::Canon { canon, known } => match canon.elements.get(item) {
                Some(element) => (element.clone(), *known, None),
                None => return Ok(Go::Ended(End::Waits)),
            },
            Items::CanonMap { map, known } => match map.first_entry(item) {
                Some(entry) => (entry.clone(), *known, None),
                None => return Ok(Go::Ended(End::Waits)),
            },
            Items::Stream(batches) => match batches.element(&self.scopes, item) {
                Some(element) => (element.value.clone(), element.known, Some(element.id)),
                None => return Ok(Go::Ended(End::Waits)),
            },
        };
        self.spend(self.scopes.size(frame))?;
        let (hidden, outer) = self.scopes.enter(frame, fold as u32, item as u32);
        self.stack.push(Frame::Iteration { frame, hidden, outer });
        if let Some(iterator) = self.bindings.frame_iterator(frame) {
            self.scopes.set(iterator, Cell::Assigned(value_known, Value::Single(value)));
        }
        match apart {
            Some(id) => self.apart(fold, Branch::Iteration(id), body, known.max(value_known)),
            None => Ok(Go::Enter(body, known)),
        }
    }

    /// Begins an iteration or last instruction of a fold over a stream in a segment of its own.
    fn apart(&mut self, fold: usize, branch: Branch, node: NodeId, known: Time) -> Result<Go, Stop> {
        self.spend(STEPS_OF_SEGMENT)?;
        let Some(Fold { items: Items::Stream(batches), .. }) = self.folds.get(fold) else {
            return Ok(Go::Ended(End::Waits));
        };
        let inside = self.walk.open(&batches.place, branch);
        self.cursors.push(std::mem::replace(&mut self.here, inside));
        self.saved_registers.push(std::mem::replace(&mut self.registers, batches.registers.clone()));
        self.stack.push(Frame::Apart);
        self.note(|recorder, _| recorder.apart(fold, branch));
        Ok(Go::Enter(node, known))
    }

    pub(super) fn next(&mut self, iterator: OperandId, known: Time, bare: bool) -> Result<Go, Stop> {
        let activation =
            self.definition_frame(iterator).and_then(|frame| Some((frame, self.scopes.activation(frame)?)));
        let found = activation.and_then(|(frame, activation)| {
            let fold = self.folds.get(activation.fold as usize).filter(|fold| fold.frame == frame)?;
            Some((activation, fold))
        });
        let Some((activation, fold)) = found else { return Err(Stop::NoFold { node: self.node }) };
        let (index, item) = (activation.fold as usize, activation.item as usize);
        let goes_on = item + 1 < fold.items.len();
        if let Some(recorder) = &mut self.recorder {
            recorder.next(index);
        }
        if goes_on {
            return self.iterate(index, item + 1, known);
        }
        let (frame, last) = (fold.frame, fold.last);
        let element = match &fold.items {
            Items::Stream(batches) => batches.element(&self.scopes, item).map(|element| (element.id, element.known)),
            Items::Array { .. } | Items::Canon { .. } | Items::CanonMap { .. } => None,
        };
        let Some(last) = last else {
            return Ok(Go::Ended(if bare || element.is_some() { End::Waits } else { End::Complete(known) }));
        };
        let outer = std::mem::replace(&mut self.scopes.frame, frame);
        self.begin_again(last)?;
        self.stack.push(Frame::Last { outer });
        match element {
            Some((id, value_known)) => self.apart(index, Branch::Last(id), last, known.max(value_known)),
            None => Ok(Go::Enter(last, known)),
        }
    }
}

impl Batches<'_> {
    fn element<'e>(&self, scopes: &'e super::scope::Scopes<'_>, item: usize) -> Option<&'e super::scope::Element> {
        scopes.elements(self.stream).get(*self.batch.get(item)? as usize)
    }
}

impl Items<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Array { array, .. } => array.len(),
            Self::Canon { canon, .. } => canon.elements.len(),
            Self::CanonMap { map, .. } => map.keys(),
            Self::Stream(batches) => batches.batch.len(),
        }
    }
}

/// What a fold goes through, how many that are, and when they were known.
fn items<'s>(value: Value, known: Time) -> Result<(Items<'s>, usize, Time), Miss> {
    let items = match value {
        Value::Single(Single { json: Json::Array(array), origin }) => Items::Array { array, origin, known },
        Value::Single(Single { json, .. }) => return Err(Miss::Failed(known, ErrorKind::NotIterable(json))),
        Value::Canon(canon) => Items::Canon { canon, known },
        Value::CanonMap(map) => Items::CanonMap { map, known },
    };
    let len = items.len();
    Ok((items, len, known))
}

impl script::Bindings {
    /// The iterator of a fold's frame: its first slot.
    fn frame_iterator(&self, frame: FrameId) -> Option<&script::Definition> {
        let fold = self.frames().get(frame.index())?.fold?;
        let start = self.definitions().partition_point(|definition| definition.node < fold);
        self.definitions().get(start).filter(|definition| definition.frame == frame)
    }
}
