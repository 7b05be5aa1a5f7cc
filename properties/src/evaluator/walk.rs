//! The instructions.

use super::names::{Assignment, Element, Scope};
use super::operand::{Bound, Miss, Operand, Problem, first_values, written};
use super::{Beyond, Call, Open, Outcome, Place, Tetraplet, Time, Walk};
use airtight_engine::script::{Instruction, Kind, NodeId, OperandId, Symbol, Value as Written, VariableKind, print};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::rc::Rc;

/// How an instruction ends: complete at a time, waiting, or not at all.
type Ended = Result<Option<Time>, Halt>;

/// Why an instruction does not end as it should.
#[derive(Debug)]
pub(super) enum Halt {
    /// It failed at a time.
    Failed(Time, Rc<Caught>),
    Beyond(Beyond),
}

/// An error on its way to a handler.
#[derive(Debug)]
pub(super) struct Caught {
    /// The code of the kind of error.
    pub(super) code: i64,
    /// What registers hold.
    pub(super) object: Value,
    /// Where the object came from: a failed call, or what was raised.
    pub(super) tetraplet: Option<Tetraplet>,
}

/// `%last_error%` and `:error:`, which are functions of the control path.
#[derive(Clone, Debug, Default)]
pub(super) struct Registers {
    pub(super) last_error: Option<Rc<Caught>>,
    pub(super) error: Option<Rc<Caught>>,
}

/// The code of a service that failed.
const SERVICE: i64 = 10000;
/// The code of an error that the script raised.
const RAISED: i64 = 10006;
/// The code of an object that cannot be raised.
const BAD_OBJECT: i64 = 10008;

/// Items that a fold goes through with `next`.
#[derive(Debug)]
pub(super) struct Batch {
    iterator: Symbol,
    body: NodeId,
    last: Option<NodeId>,
    /// The scope around the fold.
    outer: usize,
    items: Vec<Item>,
    /// Of a fold over a stream, where it is, and what the registers held there.
    stream: Option<(Place, Registers)>,
}

impl Batch {
    pub(super) fn item(&self, number: usize) -> Option<&Rc<Bound>> {
        self.items.get(number).map(|item| &item.bound)
    }
}

#[derive(Debug)]
struct Item {
    bound: Rc<Bound>,
    known: Time,
    /// The instruction that added it, if it comes from a stream.
    place: Option<Place>,
}

impl Walk<'_> {
    /// Runs an instruction, reached at a time.
    pub(super) fn instruction(&mut self, node: NodeId, known: Time) -> Ended {
        if self.steps_left == 0 {
            return Err(Halt::Beyond(Beyond("too many steps")));
        }
        if self.depth == super::DEPTH_MAX {
            return Err(Halt::Beyond(Beyond("too deep")));
        }
        self.steps_left -= 1;
        self.depth += 1;
        let ended = self.run(node, known);
        self.depth -= 1;
        if let Err(Halt::Failed(..)) = ended {
            self.failed.insert(node);
        }
        ended
    }

    fn run(&mut self, node: NodeId, known: Time) -> Ended {
        match self.tree.instruction(node) {
            Instruction::Null => Ok(Some(known)),
            Instruction::Never => Ok(None),
            Instruction::Seq(left, right) => self.seq(left, right, known),
            Instruction::Par(left, right) => self.par(left, right, known),
            Instruction::Xor(left, right) => self.xor(left, right, known),
            Instruction::Match { left, right, body } => self.compare(node, left, right, body, known),
            Instruction::Mismatch { left, right, body } => self.compare(node, left, right, body, known),
            Instruction::Assign { source, target } => self.ap(node, source, target, known),
            Instruction::Insert { key, value, map } => self.insert(node, key, value, map, known),
            Instruction::Call { .. } => self.call(node, known),
            Instruction::Canon { peer, source, target } => self.canon(node, peer, source, target, known),
            Instruction::Fold { .. } => self.fold(node, known),
            Instruction::Next { iterator } => self.next(node, iterator, known, false),
            Instruction::New { variable, body } => self.new_scope(variable, body, known),
            Instruction::Fail { error } => self.fail(node, error, known),
            Instruction::FailLiteral { code, text } => self.fail_literal(node, code, text, known),
        }
    }

    // control flow

    /// The right part runs when the left one is complete, and at that time.
    fn seq(&mut self, left: NodeId, right: NodeId, known: Time) -> Ended {
        match self.instruction(left, known) {
            Ok(Some(done)) => self.instruction(right, done),
            Ok(None) => {
                self.skip(right, None);
                Ok(None)
            }
            Err(halt) => {
                if let Halt::Failed(at, _) = halt {
                    self.skip(right, Some(at));
                }
                Err(halt)
            }
        }
    }

    /// Both parts run; it is complete with the first of them that is, and fails if both do, with the right error. Neither
    /// leaves anything in the registers.
    fn par(&mut self, left: NodeId, right: NodeId, known: Time) -> Ended {
        let registers = self.registers.clone();
        let mut branch = |node| {
            let ended = match self.tree.instruction(node) {
                Instruction::Next { iterator } => self.next(node, iterator, known, true),
                _ => self.instruction(node, known),
            };
            self.registers = registers.clone();
            ended
        };
        match (branch(left), branch(right)) {
            (Err(Halt::Beyond(beyond)), _) | (_, Err(Halt::Beyond(beyond))) => Err(Halt::Beyond(beyond)),
            (Err(Halt::Failed(one, _)), Err(Halt::Failed(other, error))) => Err(Halt::Failed(one.max(other), error)),
            (Err(_), Ok(done)) | (Ok(done), Err(_)) => Ok(done),
            (Ok(one), Ok(other)) => Ok(one.into_iter().chain(other).min()),
        }
    }

    /// The handler runs when the left part fails. There, `:error:` is what was caught, and `%last_error%` is too, but for
    /// failed comparisons; afterwards `:error:` is what it was before.
    fn xor(&mut self, left: NodeId, handler: NodeId, known: Time) -> Ended {
        let error_before = self.registers.error.clone();
        match self.instruction(left, known) {
            Ok(done) => {
                self.skip(handler, done);
                Ok(done)
            }
            Err(Halt::Failed(at, caught)) => {
                if !matches!(caught.code, 10001 | 10002) {
                    self.registers.last_error = Some(caught.clone());
                }
                self.registers.error = Some(caught);
                let done = self.instruction(handler, at)?;
                self.registers.error = error_before;
                Ok(done)
            }
            Err(beyond) => Err(beyond),
        }
    }

    /// `match` and `mismatch`: both operands as JSON, `1` and `1.0` differ.
    fn compare(&mut self, node: NodeId, left: OperandId, right: OperandId, body: NodeId, known: Time) -> Ended {
        let both = self.operand(left, known).and_then(|left| Ok((left.value, self.operand(right, left.known)?)));
        let (left, right) = match both {
            Ok(both) => both,
            Err(miss) => return self.missed(node, miss, None, |walk, never| walk.skip(body, never)),
        };
        let known = right.known;
        let is_match = self.tree.node(node).kind == Kind::Match;
        if (left == right.value) == is_match {
            return self.instruction(body, known);
        }
        self.skip(body, Some(known));
        let problem = Problem::new(if is_match { 10001 } else { 10002 }, "");
        Err(self.raise(node, known, &problem, None))
    }

    /// A `new` has the one name to itself.
    fn new_scope(&mut self, variable: OperandId, body: NodeId, known: Time) -> Ended {
        let Written::Variable(variable) = self.tree.operand(variable).value else {
            return Err(Halt::Beyond(Beyond("`new` of no variable")));
        };
        let scope = Scope { parent: Some(self.scope), only: Some(variable.name), ..Scope::default() };
        self.within(scope, |walk| walk.instruction(body, known))
    }

    // errors

    /// What `raise` gives, or waiting, for an instruction that lacks an operand; `settle` says what becomes of its
    /// assignments.
    fn missed(
        &mut self,
        node: NodeId,
        miss: Miss,
        call: Option<&Tetraplet>,
        settle: impl FnOnce(&mut Self, Option<Time>),
    ) -> Ended {
        match miss {
            Miss::Missing => {
                settle(self, None);
                Ok(None)
            }
            Miss::Failed(at, problem) => {
                settle(self, Some(at));
                Err(self.raise(node, at, &problem, call))
            }
            Miss::Beyond(beyond) => Err(Halt::Beyond(beyond)),
        }
    }

    /// An error of an instruction. That of a call whose peer, service and function are known names the peer, and comes from it.
    fn raise(&self, node: NodeId, at: Time, problem: &Problem, call: Option<&Tetraplet>) -> Halt {
        let mut object = json!({
            "error_code": problem.code,
            "message": problem.message(),
            "instruction": print::descriptor(self.tree, node),
        });
        if let (Some(tetraplet), Value::Object(object)) = (call, &mut object) {
            object.insert("peer_id".into(), tetraplet.peer.clone().into());
        }
        let tetraplet = call.cloned();
        Halt::Failed(at, Rc::new(Caught { code: problem.code, object, tetraplet }))
    }

    /// `fail n "text"`: registers hold the code and text of the script.
    fn fail_literal(&mut self, node: NodeId, code: OperandId, text: OperandId, known: Time) -> Ended {
        let (code, text) = match (self.operand(code, known), self.operand(text, known)) {
            (Ok(code), Ok(text)) => (code.value, text.value),
            _ => return Err(Halt::Beyond(Beyond("`fail` of no literal"))),
        };
        let object = json!({
            "error_code": code,
            "message": text,
            "instruction": print::descriptor(self.tree, node),
        });
        Err(Halt::Failed(known, Rc::new(Caught { code: RAISED, object, tetraplet: None })))
    }

    /// `fail` with an object, which becomes the error as it is; `fail :error:` raises what was caught.
    fn fail(&mut self, node: NodeId, error: OperandId, known: Time) -> Ended {
        if let Written::Error(lens) = self.tree.operand(error).value
            && lens.is_none()
            && let Some(caught) = self.registers.error.clone()
        {
            return Err(Halt::Failed(known, caught));
        }
        let Operand { value, tetraplet, known, .. } = match self.operand(error, known) {
            Ok(operand) => operand,
            Err(miss) => return self.missed(node, miss, None, |_, _| ()),
        };
        match bad_object(&value) {
            Some(detail) => {
                let problem = Problem::new(BAD_OBJECT, detail);
                Err(self.raise(node, known, &problem, None))
            }
            None => {
                let caught = Caught { code: RAISED, object: value, tetraplet: Some(tetraplet) };
                Err(Halt::Failed(known, Rc::new(caught)))
            }
        }
    }

    // values

    fn ap(&mut self, node: NodeId, source: OperandId, target: OperandId, known: Time) -> Ended {
        match self.operand(source, known) {
            Ok(Operand { value, tetraplet, known, .. }) => {
                self.assign(target, known, Bound::One(value, tetraplet), &self.place(node));
                Ok(Some(known))
            }
            Err(miss) => self.missed(node, miss, None, |walk, never| walk.assign_nothing(target, never)),
        }
    }

    /// An entry of a stream map has the origin of its value. Keys are strings or integers.
    fn insert(&mut self, node: NodeId, key: OperandId, value: OperandId, map: OperandId, known: Time) -> Ended {
        let both = self.operand(key, known).and_then(|key| {
            written(&key.value).map_err(Miss::Beyond)?;
            let is_key = match &key.value {
                Value::String(_) => true,
                Value::Number(number) => number.is_i64() || number.is_u64(),
                _ => false,
            };
            if !is_key {
                return Err(Miss::Failed(key.known, Problem::new(10012, format!("the key {}", key.value))));
            }
            Ok((key.value, self.operand(value, key.known)?))
        });
        match both {
            Ok((key, Operand { value, tetraplet, known, .. })) => {
                let entry = json!({"key": key, "value": value});
                self.assign(map, known, Bound::One(entry, tetraplet), &self.place(node));
                Ok(Some(known))
            }
            Err(miss) => self.missed(node, miss, None, |_, _| ()),
        }
    }

    fn call(&mut self, node: NodeId, known: Time) -> Ended {
        let Instruction::Call { peer, service, function, arguments, output } = self.tree.instruction(node) else {
            return Ok(Some(known));
        };
        let settle = |walk: &mut Self, never| {
            if let Some(output) = output {
                walk.assign_nothing(output, never);
            }
        };
        let triplet = self.name(peer, known).and_then(|(peer, known)| {
            let (service, known) = self.name(service, known)?;
            let (function, known) = self.name(function, known)?;
            Ok((Tetraplet::of_call(&peer, &service, &function), known))
        });
        let (tetraplet, mut known) = match triplet {
            Ok(triplet) => triplet,
            Err(miss) => return self.missed(node, miss, None, settle),
        };
        let mut call = Call {
            service: tetraplet.service.clone(),
            function: tetraplet.function.clone(),
            arguments: Vec::new(),
            tetraplets: Vec::new(),
        };
        for argument in arguments {
            match self.operand(argument, known) {
                Ok(operand) => {
                    known = operand.known;
                    call.arguments.push(operand.value);
                    call.tetraplets.push(operand.tetraplets);
                }
                Err(miss) => return self.missed(node, miss, Some(&tetraplet), settle),
            }
        }
        let place = self.place(node);
        let (when, code, text) = match self.world.get(&place) {
            Some((when, Outcome::Answer(code, text))) => (*when, *code, text.clone()),
            _ => {
                self.open.push(Open { place, peer: tetraplet.peer, call: Some(call) });
                settle(self, None);
                return Ok(None);
            }
        };
        let known = known.max(when);
        let value = match (code, serde_json::from_str(&text)) {
            (0, Ok(value)) => value,
            _ => {
                settle(self, Some(known));
                let problem = Problem::new(SERVICE, format!("{code} {text}"));
                return Err(self.raise(node, known, &problem, Some(&tetraplet)));
            }
        };
        if let Some(output) = output {
            self.assign(output, known, Bound::One(value, tetraplet), &place);
        }
        Ok(Some(known))
    }

    /// A canon holds what its peer read when it first came there. It waits for that peer, and not for values.
    fn canon(&mut self, node: NodeId, peer: OperandId, source: OperandId, target: OperandId, known: Time) -> Ended {
        let (peer, known) = match self.name(peer, known) {
            Ok(peer) => peer,
            Err(miss) => return self.missed(node, miss, None, |walk, never| walk.assign_nothing(target, never)),
        };
        let place = self.place(node);
        let (when, contents) = match self.world.get(&place) {
            Some((when, Outcome::Contents(contents))) => (*when, contents.clone()),
            _ if peer == self.me => {
                let elements = self.stream(source).map(|stream| self.elements(stream)).unwrap_or_default();
                let contents: Vec<_> = elements.into_iter().map(|it| (it.value, it.tetraplet)).collect();
                self.canons.push((place.clone(), contents.clone()));
                (self.now, contents)
            }
            _ => {
                self.open.push(Open { place, peer, call: None });
                self.assign_nothing(target, None);
                return Ok(None);
            }
        };
        let known = known.max(when);
        let tetraplet = Tetraplet::of_peer(&peer);
        let is_scalar = matches!(
            self.tree.operand(target).value,
            Written::Variable(variable) if variable.kind == VariableKind::Scalar
        );
        let bound = match is_scalar {
            true => Bound::One(first_values(&contents), tetraplet),
            false => Bound::Canon(contents, tetraplet),
        };
        self.assign(target, known, bound, &place);
        Ok(Some(known))
    }

    // folds

    fn fold(&mut self, node: NodeId, known: Time) -> Ended {
        let Instruction::Fold { iterable, iterator, body, last } = self.tree.instruction(node) else {
            return Ok(Some(known));
        };
        let Written::Variable(named) = self.tree.operand(iterator).value else {
            return Err(Halt::Beyond(Beyond("an iterator that is no variable")));
        };
        let batch = Batch { iterator: named.name, body, last, outer: self.scope, items: Vec::new(), stream: None };
        if let Some(stream) = self.stream(iterable) {
            return self.fold_stream(stream, &self.place(node), &batch, known);
        }
        let iterable = match self.iterable(iterable, known) {
            Ok(iterable) => iterable,
            Err(miss) => return self.missed(node, miss, None, |_, _| ()),
        };
        let known = iterable.known;
        if iterable.items.is_empty() {
            return Ok(Some(known));
        }
        let items = iterable.items.into_iter().map(|bound| Item { bound, known, place: None });
        let batch = Batch { items: items.collect(), ..batch };
        self.iterate(&Rc::new(batch), 0, &self.place(node), known)
    }

    /// A fold over a stream: batch after batch, each of the values of one time and round, the earliest first, until each value
    /// had its turn, those included that the fold itself adds. It is complete when some batch is. Errors do not leave it.
    fn fold_stream(&mut self, stream: (usize, Symbol), place: &Place, like: &Batch, known: Time) -> Ended {
        let mut visited: BTreeSet<Place> = BTreeSet::new();
        let mut done: Option<Time> = None;
        let round = |element: &Element| element.rounds.get(place).copied().unwrap_or(0);
        loop {
            let left: Vec<Element> =
                self.elements(stream).into_iter().filter(|element| !visited.contains(&element.place)).collect();
            let Some(first) = left.iter().map(|element| (element.known, round(element))).min() else { break };
            let batch: Vec<Element> =
                left.into_iter().filter(|element| (element.known, round(element)) == first).collect();
            visited.extend(batch.iter().map(|element| element.place.clone()));
            let items = batch.into_iter().map(|element| Item {
                bound: Rc::new(Bound::One(element.value, element.tetraplet)),
                known: element.known,
                place: Some(element.place),
            });
            let batch =
                Batch { items: items.collect(), stream: Some((place.clone(), self.registers.clone())), ..*like };
            self.rounds.push((place.clone(), first.1 + 1));
            let ended = self.iterate(&Rc::new(batch), 0, place, known);
            self.rounds.pop();
            done = done.into_iter().chain(ended?).min();
        }
        Ok(done)
    }

    /// Runs the body for an item, from a `next` or the fold at `from`.
    fn iterate(&mut self, batch: &Rc<Batch>, number: usize, from: &Place, known: Time) -> Ended {
        let Some(item) = batch.items.get(number) else { return Ok(None) };
        let mut scope =
            Scope { parent: Some(batch.outer), iteration: Some((batch.clone(), number)), ..Scope::default() };
        scope.names.insert(batch.iterator, vec![Assignment::Happened(item.known, item.bound.clone())]);
        let place = match (&batch.stream, &item.place) {
            (Some((fold, _)), Some(value)) => format!("{fold}[{value}]"),
            _ => format!("{from}#{number}"),
        };
        let known = known.max(item.known);
        self.within(scope, |walk| walk.part_of_fold(batch, place.into(), batch.body, known))
    }

    /// Runs the body or the last instruction of a fold. If that is over a stream, errors end there, and registers are as the
    /// fold met them, and afterwards as before.
    fn part_of_fold(&mut self, batch: &Batch, place: Place, node: NodeId, known: Time) -> Ended {
        let outer = std::mem::replace(&mut self.iterations, place);
        let ended = match &batch.stream {
            None => self.instruction(node, known),
            Some((_, registers)) => {
                let before = std::mem::replace(&mut self.registers, registers.clone());
                let ended = self.instruction(node, known);
                self.registers = before;
                match ended {
                    Err(Halt::Failed(..)) => Ok(None),
                    ended => ended,
                }
            }
        };
        self.iterations = outer;
        ended
    }

    /// Goes on with the next item. After the last one comes the last instruction; without one, a fold over values is complete,
    /// but a `next` that is itself a branch of `par` waits, and so does a fold over a stream.
    fn next(&mut self, node: NodeId, iterator: OperandId, known: Time, is_bare: bool) -> Ended {
        let Written::Variable(iterator) = self.tree.operand(iterator).value else { return Ok(None) };
        let mut at = Some(self.scope);
        let (scope, batch, number) = loop {
            let Some(scope) = at.and_then(|at| self.scopes.get(at)) else {
                return Err(Halt::Beyond(Beyond("`next` outside of its fold")));
            };
            match (&scope.iteration, at) {
                (Some((batch, number)), Some(at)) if batch.iterator == iterator.name => {
                    break (at, batch.clone(), *number);
                }
                _ => at = scope.parent,
            }
        };
        let place = self.place(node);
        if number + 1 < batch.items.len() {
            return self.iterate(&batch, number + 1, &place, known);
        }
        match batch.last {
            Some(last) => {
                let inner = Scope { parent: Some(scope), ..Scope::default() };
                let place = match (&batch.stream, batch.items.get(number)) {
                    (Some((fold, _)), Some(Item { place: Some(value), .. })) => format!("{fold}[{value}]last"),
                    _ => format!("{place}#last"),
                };
                self.within(inner, |walk| walk.part_of_fold(&batch, place.into(), last, known))
            }
            None if is_bare || batch.stream.is_some() => Ok(None),
            None => Ok(Some(known)),
        }
    }
}

/// Why a value cannot be raised as an error.
fn bad_object(value: &Value) -> Option<String> {
    let Value::Object(object) = value else { return Some(format!("no object: {value}")) };
    match object.get("error_code") {
        None => return Some("no `error_code`".into()),
        Some(code) => match code.as_i64() {
            None => return Some("`error_code` is no integer".into()),
            Some(0) => return Some("`error_code` is zero".into()),
            Some(_) => {}
        },
    }
    match object.get("message") {
        None => Some("no `message`".into()),
        Some(Value::String(_)) => None,
        Some(_) => Some("`message` is no string".into()),
    }
}
