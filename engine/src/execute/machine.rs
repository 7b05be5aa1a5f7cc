//! The machine: a stack of frames, each told how its child ended.

use super::call::{Answers, Pending, Request};
use super::fold::Fold;
use super::recorder::{Recorder, Site};
use super::render::State;
use super::scope::{Activation, Cell, Element, Scopes, Value};
use super::{Catchable, End, ErrorKind, Limits, Miss, Stop, Time, error};
use crate::data::{Cursor, Journal, PlaceId, Shared, Walk};
use crate::script::{
    Binding, Bindings, Definition, FrameId, Instruction, Kind, NodeId, OperandId, Script, Symbol, Tree, print,
};
use crate::value::{Array, Json, Key, Origin, Single, Tetraplet, Text, entry};
use std::sync::Arc;

/// Who runs the script, and what the particle says.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The peer that runs; without one, the run only reads.
    pub current: Option<Arc<str>>,
    /// The peer that began the particle.
    pub init: Arc<str>,
    /// The particle's time stamp, in milliseconds.
    pub timestamp: u64,
    /// How long the particle lives, in milliseconds.
    pub ttl: u32,
}

/// What a run found out.
#[derive(Debug)]
pub struct Run {
    /// How the script ended.
    pub end: End,
    /// Calls and canons that are reached and have no event, in the order of the walk.
    pub pending: Vec<Pending>,
    /// What this peer asks its host for.
    pub requests: Vec<Request>,
    /// The new events, in one block.
    pub news: Shared,
    /// Places with more than one claim that fits, which wait on every peer.
    pub disputed: Vec<(PlaceId, NodeId)>,
    /// Places with claims that do not fit the script and are not taken.
    pub not_taken: Vec<(PlaceId, NodeId)>,
    /// Instructions that wait for a name.
    pub waiting: Vec<(NodeId, Symbol)>,
    /// Places of this peer's calls whose events the walk took.
    pub settled: Vec<PlaceId>,
}

/// Walks a script over what is known.
///
/// # Errors
/// If the script asks for more than the limits allow.
pub fn run(script: &Script, shared: &Shared, peer: &Peer, limits: Limits, answers: Answers) -> Result<Run, Stop> {
    Machine::new(script, shared, peer, limits, answers).run().map(|(run, _)| run)
}

/// As [`run`], and notes the executed states; the journal says which calls are requested.
pub(super) fn record(
    script: &Script,
    shared: &Shared,
    peer: &Peer,
    limits: Limits,
    journal: Option<&Journal>,
) -> Result<(Run, Vec<State>), Stop> {
    let mut machine = Machine::new(script, shared, peer, limits, Answers::new());
    machine.recorder = Some(Box::new(Recorder::new(journal)));
    let (run, recorder) = machine.run()?;
    Ok((run, recorder.map_or_else(Vec::new, |recorder| recorder.finish(script.tree()))))
}

// What a run keeps until its end counts as many steps as keep it below ten bytes for each, so that the default limit
// bounds it to about a gigabyte.

/// What a branch or iteration that is opened counts.
pub(super) const STEPS_OF_SEGMENT: usize = 4;

/// What an element of a stream or stream map counts.
const STEPS_OF_APPENDED: usize = 8;

/// What an entry that is made for a stream map counts.
const STEPS_OF_ENTRY: usize = 32;

/// An instruction that is begun.
#[derive(Debug)]
pub(super) enum Frame {
    /// A `seq` in its left part.
    Seq { right: NodeId },
    /// A `par` in its left part.
    Left { right: NodeId, entered: Time },
    /// A `par` in its right part.
    Right { left: End },
    /// A `xor` in its left part, and `:error:` before it.
    Tried { right: NodeId, error: Option<Arc<Catchable>> },
    /// A `xor` in its handler, and `:error:` before it.
    Handler { error: Option<Arc<Catchable>> },
    /// An iteration of a fold, and what its frame's activation hides.
    Iteration { frame: FrameId, hidden: Activation, outer: FrameId },
    /// A last instruction, which is in the scope of an iteration.
    Last { outer: FrameId },
    /// An iteration or last instruction of a fold over a stream, which has a segment of its own and lets no error out.
    Apart,
    /// A fold over values.
    Fold,
    /// A fold over a stream.
    Batches,
}

/// What comes next.
pub(super) enum Go {
    Enter(NodeId, Time),
    Ended(End),
}

pub(super) struct Constants {
    pub(super) init_peer: Text,
    pub(super) empty_array: Json,
    pub(super) no_error: Json,
    pub(super) literal: Origin,
}

pub(super) struct Machine<'s> {
    pub(super) tree: &'s Tree,
    pub(super) bindings: &'s Bindings,
    pub(super) peer: &'s Peer,
    pub(super) limits: Limits,
    pub(super) answers: Answers,
    pub(super) constants: Constants,
    /// The texts of symbols, made when first used.
    pub(super) texts: Vec<Option<Text>>,
    pub(super) walk: Walk<'s>,
    /// The place at hand.
    pub(super) here: Cursor<'s>,
    /// Places to come back to.
    pub(super) cursors: Vec<Cursor<'s>>,
    pub(super) stack: Vec<Frame>,
    pub(super) scopes: Scopes<'s>,
    pub(super) folds: Vec<Fold<'s>>,
    pub(super) registers: error::Registers,
    /// Registers to come back to.
    pub(super) saved_registers: Vec<error::Registers>,
    pub(super) steps: u64,
    /// The instruction at hand.
    pub(super) node: NodeId,
    /// The time that events of this run get.
    pub(super) now: Time,
    pub(super) out: Out,
    /// Notes what happens, if somebody wants to see it.
    pub(super) recorder: Option<Box<Recorder<'s>>>,
}

/// What a run finds out as it goes.
#[derive(Default)]
pub(super) struct Out {
    pub(super) pending: Vec<Pending>,
    pub(super) requests: Vec<Request>,
    pub(super) disputed: Vec<(PlaceId, NodeId)>,
    pub(super) not_taken: Vec<(PlaceId, NodeId)>,
    pub(super) waiting: Vec<(NodeId, Symbol)>,
    pub(super) settled: Vec<PlaceId>,
}

impl<'s> Machine<'s> {
    fn new(script: &'s Script, shared: &'s Shared, peer: &'s Peer, limits: Limits, answers: Answers) -> Self {
        let walk = Walk::new(shared);
        let here = walk.root();
        let constants = Constants {
            init_peer: peer.init.clone().into(),
            empty_array: Array::new(Vec::new()).map_or(Json::Null, Json::Array),
            no_error: error::no_error(),
            literal: Origin::of(Arc::new(Tetraplet::peer(peer.init.clone()))),
        };
        Self {
            tree: script.tree(),
            bindings: script.bindings(),
            peer,
            limits,
            answers,
            constants,
            texts: vec![None; script.tree().symbol_count()],
            walk,
            here,
            cursors: Vec::new(),
            stack: Vec::new(),
            scopes: Scopes::new(script.bindings()),
            folds: Vec::new(),
            registers: error::Registers::default(),
            saved_registers: Vec::new(),
            steps: 0,
            node: NodeId::ROOT,
            now: shared.trace().blocks() as Time + 1,
            out: Out::default(),
            recorder: None,
        }
    }

    fn run(mut self) -> Result<(Run, Option<Box<Recorder<'s>>>), Stop> {
        let mut go = Go::Enter(NodeId::ROOT, 0);
        let end = loop {
            go = match go {
                Go::Enter(node, known) => self.enter(node, known, false)?,
                Go::Ended(end) => match self.stack.pop() {
                    Some(frame) => self.resume(frame, end)?,
                    None => break end,
                },
            };
        };
        let Out { pending, requests, disputed, not_taken, waiting, settled } = self.out;
        let run = Run { end, pending, requests, news: self.walk.news(), disputed, not_taken, waiting, settled };
        Ok((run, self.recorder))
    }

    /// Lets the recorder, if there is one, note something about the instruction and the place at hand.
    pub(super) fn note(&mut self, note: impl FnOnce(&mut Recorder<'s>, Site)) {
        if let Some(recorder) = &mut self.recorder {
            note(recorder, (self.node, self.here.place_id()));
        }
    }

    /// Counts steps: what one instruction looks at or keeps beyond the usual counts as well, so that the limit bounds
    /// time and memory.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Stop> {
        let (node, limit) = (self.node, self.limits.steps);
        self.steps = self.steps.saturating_add(steps as u64);
        if self.steps > limit { Err(Stop::Steps { limit, node }) } else { Ok(()) }
    }

    /// Counts the steps of printing or comparing so many bytes.
    pub(super) fn spend_text(&mut self, bytes: u64) -> Result<(), Stop> {
        const BYTES_PER_STEP: u64 = 32;
        self.spend(usize::try_from(bytes / BYTES_PER_STEP).unwrap_or(usize::MAX))
    }

    /// Begins an instruction, reached at this time; a `next` may be bare, directly a branch of `par`.
    fn enter(&mut self, node: NodeId, known: Time, bare: bool) -> Result<Go, Stop> {
        self.node = node;
        self.spend(1)?;
        if self.stack.len() > self.limits.depth {
            return Err(Stop::Depth { limit: self.limits.depth, node });
        }
        match self.tree.instruction(node) {
            Instruction::Null => Ok(Go::Ended(End::Complete(known))),
            Instruction::Never => Ok(Go::Ended(End::Waits)),
            Instruction::Seq(left, right) => {
                self.stack.push(Frame::Seq { right });
                Ok(Go::Enter(left, known))
            }
            Instruction::Par(left, right) => self.par(left, right, known),
            Instruction::Xor(left, right) => {
                self.stack.push(Frame::Tried { right, error: self.registers.error.clone() });
                Ok(Go::Enter(left, known))
            }
            Instruction::Match { left, right, body } => self.compare(left, right, body, known, true),
            Instruction::Mismatch { left, right, body } => self.compare(left, right, body, known, false),
            Instruction::New { variable, body } => {
                if let Binding::Stream(id) = self.bindings.operand(variable) {
                    self.scopes.empty(self.scopes.stream(id));
                }
                Ok(Go::Enter(body, known))
            }
            Instruction::Fail { error } => self.fail(error, known),
            Instruction::FailLiteral { code, text } => {
                let texts = (&self.tree.operand(code).value, &self.tree.operand(text).value);
                let (code, text) = match texts {
                    (crate::script::Value::Integer(code), crate::script::Value::String(text)) => (*code, *text),
                    _ => return Ok(Go::Ended(End::Waits)),
                };
                let error = Catchable::literal(code, self.tree.text(text), &print::descriptor(self.tree, node));
                self.spend_text(4 * error.object.text_len())?;
                Ok(Go::Ended(End::Failed(known, Arc::new(error))))
            }
            Instruction::Assign { source, target } => self.assign(source, target, known),
            Instruction::Insert { key, value, map } => self.insert(key, value, map, known),
            Instruction::Call { peer, service, function, arguments, output } => {
                self.call(super::call::Call { peer, service, function, arguments, output }, known)
            }
            Instruction::Canon { peer, source, target } => self.canon(peer, source, target, known),
            Instruction::Fold { iterable, .. } => self.fold(iterable, known),
            Instruction::Next { iterator } => self.next(iterator, known, bare),
        }
    }

    /// Goes on with a frame whose child has ended.
    fn resume(&mut self, frame: Frame, end: End) -> Result<Go, Stop> {
        Ok(match (frame, end) {
            (Frame::Seq { right }, End::Complete(known)) => Go::Enter(right, known),
            (Frame::Seq { right }, end) => {
                if let End::Failed(known, _) = end {
                    self.settle_in(right, known)?;
                }
                Go::Ended(end)
            }
            (Frame::Left { right, entered }, end) => {
                self.note(|recorder, _| recorder.between());
                self.restore_registers();
                if let Some(cursor) = self.cursors.pop() {
                    self.here = cursor;
                }
                self.stack.push(Frame::Right { left: end });
                return self.branch(right, entered);
            }
            (Frame::Right { left }, right) => {
                self.note(|recorder, _| recorder.par_ended());
                self.restore_registers();
                self.saved_registers.pop();
                if let Some(cursor) = self.cursors.pop() {
                    self.here = cursor;
                }
                Go::Ended(match (left, right) {
                    (End::Failed(left, _), End::Failed(right, error)) => End::Failed(left.max(right), error),
                    (End::Complete(left), End::Complete(right)) => End::Complete(left.min(right)),
                    (End::Complete(known), _) | (_, End::Complete(known)) => End::Complete(known),
                    _ => End::Waits,
                })
            }
            (Frame::Tried { right, error }, End::Failed(known, caught)) => {
                self.registers.catch(&caught);
                self.stack.push(Frame::Handler { error });
                Go::Enter(right, known)
            }
            (Frame::Tried { right, .. }, end) => {
                if let End::Complete(known) = end {
                    self.settle_in(right, known)?;
                }
                Go::Ended(end)
            }
            (Frame::Handler { error }, end) => {
                self.registers.error = error;
                Go::Ended(end)
            }
            (Frame::Iteration { frame, hidden, outer }, end) => {
                self.scopes.leave(frame, hidden, outer);
                Go::Ended(end)
            }
            (Frame::Last { outer }, end) => {
                self.scopes.frame = outer;
                Go::Ended(end)
            }
            (Frame::Apart, end) => {
                self.note(|recorder, _| recorder.apart_ended());
                self.restore_registers();
                self.saved_registers.pop();
                if let Some(cursor) = self.cursors.pop() {
                    self.here = cursor;
                }
                Go::Ended(if matches!(end, End::Failed(..)) { End::Waits } else { end })
            }
            (Frame::Fold, end) => {
                self.folds.pop();
                Go::Ended(end)
            }
            (Frame::Batches, end) => return self.next_batch(Some(end)),
        })
    }

    fn restore_registers(&mut self) {
        if let Some(registers) = self.saved_registers.last() {
            self.registers = registers.clone();
        }
    }

    /// What an instruction that could not go on comes to.
    pub(super) fn missed(&mut self, miss: Miss, call: Option<Arc<Tetraplet>>) -> Result<End, Stop> {
        match miss {
            Miss::Missing(name) => {
                self.out.waiting.push((self.node, name));
                Ok(End::Waits)
            }
            Miss::Failed(known, kind) => Ok(End::Failed(known, self.error(kind, call)?)),
            Miss::Stop(stop) => Err(stop),
        }
    }

    pub(super) fn error(&mut self, kind: ErrorKind, call: Option<Arc<Tetraplet>>) -> Result<Arc<Catchable>, Stop> {
        let error = Catchable::new(kind, &print::descriptor(self.tree, self.node), call);
        self.spend_text(4 * error.object.text_len())?;
        Ok(Arc::new(error))
    }

    /// As [`Machine::missed`], for an instruction with an output.
    pub(super) fn missed_output(
        &mut self,
        miss: Miss,
        output: Option<OperandId>,
        call: Option<Arc<Tetraplet>>,
    ) -> Result<Go, Stop> {
        let end = self.missed(miss, call)?;
        if let (End::Failed(known, _), Some(output)) = (&end, output) {
            self.settle(output, *known);
        }
        Ok(Go::Ended(end))
    }

    // assignments

    /// The assignment of this output will not happen.
    pub(super) fn settle(&mut self, output: OperandId, known: Time) {
        if let Binding::Definition(id) = self.bindings.operand(output)
            && let Some(definition) = self.bindings.definitions().get(id.index())
        {
            self.scopes.settle(definition, known);
        }
    }

    /// The instructions in this one are not run, so what they assign will not be.
    pub(super) fn settle_in(&mut self, node: NodeId, known: Time) -> Result<(), Stop> {
        self.for_all_in(node, |scopes, definition| scopes.settle(definition, known))
    }

    /// Says something of all assignments in an instruction that belong to the scope at hand.
    fn for_all_in(&mut self, node: NodeId, say: impl Fn(&mut Scopes<'s>, &Definition)) -> Result<(), Stop> {
        let definitions = self.bindings.definitions_in(self.tree, node);
        self.spend(definitions.len())?;
        for definition in definitions {
            if definition.frame == self.scopes.frame {
                say(&mut self.scopes, definition);
            }
        }
        Ok(())
    }

    /// A last instruction runs once more in the scope of the same iteration, as if it had not run before.
    pub(super) fn begin_again(&mut self, last: NodeId) -> Result<(), Stop> {
        self.for_all_in(last, |scopes, definition| scopes.set(definition, Cell::Open))
    }

    pub(super) fn set(&mut self, output: OperandId, known: Time, value: Value) {
        if let Binding::Definition(id) = self.bindings.operand(output)
            && let Some(definition) = self.bindings.definitions().get(id.index())
        {
            self.scopes.set(definition, Cell::Assigned(known, value));
        }
    }

    /// Adds an element, put there by the place at hand.
    pub(super) fn append(&mut self, output: OperandId, known: Time, value: Single) -> Result<(), Stop> {
        let Binding::Stream(id) = self.bindings.operand(output) else { return Ok(()) };
        let stream = self.scopes.stream(id);
        let limit = self.limits.stream_elements;
        let len = self.scopes.elements(stream).len();
        if len >= limit {
            return Err(Stop::StreamElements { limit, node: self.node });
        }
        let id = self.here.place_id().into();
        self.note(|recorder, _| recorder.put(stream, len == 0, known, id));
        self.scopes.push(stream, Element { value, known, id });
        self.spend(STEPS_OF_APPENDED)
    }

    pub(super) fn check_size(&self, json: &Json) -> Result<(), Stop> {
        let limit = self.limits.value_bytes;
        if json.text_len() > limit { Err(Stop::ValueBytes { limit, node: self.node }) } else { Ok(()) }
    }

    // instructions without a file of their own

    fn par(&mut self, left: NodeId, right: NodeId, known: Time) -> Result<Go, Stop> {
        self.spend(2 * STEPS_OF_SEGMENT)?;
        self.structure();
        self.note(Recorder::par);
        let (in_left, in_right) = {
            use crate::data::Branch;
            (self.walk.open(&self.here, Branch::Left), self.walk.open(&self.here, Branch::Right))
        };
        let mut after = std::mem::replace(&mut self.here, in_left);
        after.step();
        self.cursors.push(after);
        self.cursors.push(in_right);
        self.saved_registers.push(self.registers.clone());
        self.stack.push(Frame::Left { right, entered: known });
        self.branch(left, known)
    }

    fn branch(&mut self, node: NodeId, known: Time) -> Result<Go, Stop> {
        if self.tree.node(node).kind == Kind::Next { self.enter(node, known, true) } else { Ok(Go::Enter(node, known)) }
    }

    /// The place at hand is one of a `par` or fold, so claims there fit nothing.
    pub(super) fn structure(&mut self) {
        if !self.here.claims().is_empty() {
            self.out.not_taken.push((self.here.place_id(), self.node));
        }
    }

    fn compare(
        &mut self,
        left: OperandId,
        right: OperandId,
        body: NodeId,
        known: Time,
        equal: bool,
    ) -> Result<Go, Stop> {
        let operands = self.json(left, known).and_then(|(left, known)| {
            let (right, known) = self.json(right, known)?;
            Ok((left, right, known))
        });
        match operands {
            Ok((left, right, known)) => {
                self.spend_text(left.text_len().min(right.text_len()))?;
                if (left == right) == equal {
                    return Ok(Go::Enter(body, known));
                }
                self.settle_in(body, known)?;
                let kind = if equal { ErrorKind::MatchDiffers } else { ErrorKind::MismatchEqual };
                Ok(Go::Ended(End::Failed(known, self.error(kind, None)?)))
            }
            Err(miss) => {
                let end = self.missed(miss, None)?;
                if let End::Failed(known, _) = &end {
                    self.settle_in(body, *known)?;
                }
                Ok(Go::Ended(end))
            }
        }
    }

    fn fail(&mut self, operand: OperandId, known: Time) -> Result<Go, Stop> {
        if let crate::script::Value::Error(_) = self.tree.operand(operand).value
            && let Some(caught) = self.registers.error.clone()
        {
            return Ok(Go::Ended(End::Failed(known, caught)));
        }
        let raised = self.single(operand, known).and_then(|(value, known)| {
            let error = Catchable::of_object(value).map_err(|kind| Miss::Failed(known, kind))?;
            Ok(End::Failed(known, Arc::new(error)))
        });
        match raised {
            Ok(end) => Ok(Go::Ended(end)),
            Err(miss) => Ok(Go::Ended(self.missed(miss, None)?)),
        }
    }

    fn assign(&mut self, source: OperandId, target: OperandId, known: Time) -> Result<Go, Stop> {
        let (value, known) = match self.single(source, known) {
            Ok(value) => value,
            Err(miss) => return self.missed_output(miss, Some(target), None),
        };
        if let Binding::Stream(_) = self.bindings.operand(target) {
            self.report_misfits(0);
            self.note(Recorder::ap);
            self.append(target, known, value)?;
            self.here.step();
        } else {
            self.set(target, known, Value::Single(value));
        }
        Ok(Go::Ended(End::Complete(known)))
    }

    fn insert(&mut self, key: OperandId, value: OperandId, map: OperandId, known: Time) -> Result<Go, Stop> {
        self.spend(STEPS_OF_ENTRY)?;
        let made = self.json(key, known).and_then(|(key, known)| {
            if Key::of(&key).is_none() {
                return Err(Miss::Failed(known, ErrorKind::BadKey(key)));
            }
            let (value, known) = self.single(value, known)?;
            let json = entry(&key, &value.json).map_err(|_| Miss::Failed(known, ErrorKind::TooDeep))?;
            self.check_size(&json)?;
            Ok((Single { json, origin: value.origin }, known))
        });
        match made {
            Ok((entry, known)) => {
                self.report_misfits(0);
                self.note(Recorder::ap);
                self.append(map, known, entry)?;
                self.here.step();
                Ok(Go::Ended(End::Complete(known)))
            }
            Err(miss) => Ok(Go::Ended(self.missed(miss, None)?)),
        }
    }
}
