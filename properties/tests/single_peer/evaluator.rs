//! What a script means where there is one peer and every call is answered at once: plain recursion over the syntax tree.
//!
//! It knows no data, no requests, no other peers and no order of messages. A call is made and has its answer; `par` runs its left
//! branch and then its right one. It is written from the rules alone: with the engine, and with the evaluator in `src`, it shares
//! the tree, and how an instruction is printed, which stands in error objects.
//!
//! Only streams can tell when something happened: a fold over one takes together what came between the same two answers. So values
//! of streams carry a count of answers. It is right while one thing is done after another. Where calls were made in a branch of
//! a `par`, or in a batch of a fold over a stream, the script may go on without them: what this evaluator does next may come first.
//! From there on it says nothing about the order of calls, and it reads no stream: such a script is beyond it.

use airtight_engine::script::{Accessor, Instruction, Kind, Lens, LensView, NodeId, OperandId, Symbol, Tree, print};
use airtight_engine::script::{Value as Written, Variable, VariableKind};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Stands for the message of an error, whose wording is left open.
pub(crate) const MESSAGE: &str = "\u{e001} some message";
/// The one peer, which also begins everything.
pub(crate) const PEER: &str = "alice";
/// The time stamp, and how long the particle lives.
pub(crate) const CLOCK: (u64, u32) = (11, 22);

/// A call that was made.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) function: String,
    pub(crate) arguments: Vec<Value>,
}

#[derive(Clone, Copy, PartialEq, Default, Debug)]
pub(crate) enum End {
    #[default]
    Complete,
    Waits,
    Failed(i64),
}

/// What a script comes to.
#[derive(Clone, PartialEq, Default, Debug)]
pub(crate) struct Told {
    /// The calls, in the order of the walk.
    pub(crate) calls: Vec<Call>,
    pub(crate) end: End,
    /// Whether some call need not wait for the ones before it, so that there are other orders.
    pub(crate) are_beside: bool,
    /// The kinds of instructions that were run, and what else there was of note.
    pub(crate) seen: BTreeSet<&'static str>,
}

/// What answers a call: a return code, and a text, which is JSON if the code is 0.
pub(crate) type Service<'s> = dyn Fn(&Call) -> (i32, String) + 's;

/// Why an instruction is not complete.
enum Stop {
    Waits,
    /// An operand is wrong; the instruction makes an error of this code of it.
    Wrong(i64),
    Fails(Rc<Caught>),
    /// The script asks for what cannot be said here.
    Beyond(&'static str),
}

type Ran<T = ()> = Result<T, Stop>;

/// An error, and the object that registers hold for it.
struct Caught {
    code: i64,
    object: Value,
}

/// `%last_error%` and `:error:`.
type Registers = [Option<Rc<Caught>>; 2];

#[derive(Clone)]
enum Bound {
    One(Value),
    /// What a stream or stream map held.
    Canon(Vec<Value>),
}

#[derive(Default)]
struct Scope {
    parent: Option<usize>,
    /// The one name that it is for, if it is a `new`.
    only: Option<Symbol>,
    /// What was assigned last; `None` stands for an assignment that waits.
    names: BTreeMap<Symbol, Option<Rc<Bound>>>,
    /// What was added, each after so many answers.
    streams: BTreeMap<Symbol, Vec<(u32, Value)>>,
    /// The iteration of a fold that it is.
    iteration: Option<(Rc<Batch>, usize)>,
}

/// Items that `next` goes through.
#[derive(Clone)]
struct Batch {
    iterator: Symbol,
    body: NodeId,
    last: Option<NodeId>,
    outer: usize,
    items: Vec<Rc<Bound>>,
    /// Of a fold over a stream: what the registers held there.
    registers: Option<Registers>,
}

struct Walk<'w> {
    tree: &'w Tree,
    service: &'w Service<'w>,
    scopes: Vec<Scope>,
    scope: usize,
    registers: Registers,
    /// Answers so far.
    now: u32,
    /// Branches left so far in which there were answers.
    beside: u32,
    told: Told,
}

/// What a script comes to.
///
/// # Errors
/// Why this cannot be said.
pub(crate) fn evaluate(tree: &Tree, service: &Service<'_>) -> Result<Told, &'static str> {
    let (scope, registers, now, beside, told) = Default::default();
    let mut walk = Walk { tree, service, scopes: vec![Scope::default()], scope, registers, now, beside, told };
    walk.told.end = match walk.run(NodeId::ROOT) {
        Ok(()) => End::Complete,
        Err(Stop::Waits) => End::Waits,
        Err(Stop::Fails(error)) => End::Failed(error.code),
        Err(Stop::Wrong(code)) => End::Failed(code),
        Err(Stop::Beyond(why)) => return Err(why),
    };
    Ok(walk.told)
}

/// Instructions.
impl Walk<'_> {
    fn run(&mut self, node: NodeId) -> Ran {
        let kind = self.tree.node(node).kind;
        self.told.seen.insert(if kind == Kind::Insert { "insert" } else { kind.keyword() });
        let ran = self.instruction(node).map_err(|stop| self.error(node, None, stop));
        if matches!(kind, Kind::Call | Kind::Assign | Kind::Canon) { self.or_wait(ran, node) } else { ran }
    }

    fn instruction(&mut self, node: NodeId) -> Ran {
        match self.tree.instruction(node) {
            Instruction::Null => Ok(()),
            Instruction::Never => Err(Stop::Waits),
            Instruction::Seq(left, right) => {
                let ran = self.run(left);
                self.or_wait(ran, right)?;
                self.run(right)
            }
            Instruction::Par(left, right) => self.par(left, right),
            Instruction::Xor(left, handler) => self.xor(left, handler),
            Instruction::Match { left, right, body } => self.compare(left, right, body, true),
            Instruction::Mismatch { left, right, body } => self.compare(left, right, body, false),
            Instruction::Assign { source, target } => {
                let value = self.operand(source)?;
                self.assign(target, Bound::One(value));
                Ok(())
            }
            Instruction::Insert { key, value, map } => {
                let key = self.operand(key)?;
                if !is_written(&key)? && !key.is_i64() && !key.is_u64() {
                    return Err(Stop::Wrong(10012));
                }
                let value = self.operand(value)?;
                self.assign(map, Bound::One(json!({"key": key, "value": value})));
                Ok(())
            }
            Instruction::Call { peer, service, function, arguments, output } => {
                let peer = self.name(peer)?;
                let (service, function) = (self.name(service)?, self.name(function)?);
                let arguments: Ran<Vec<Value>> = arguments.map(|argument| self.operand(argument)).collect();
                let arguments = arguments.map_err(|stop| self.error(node, Some(&peer), stop))?;
                let answer = self.call(&peer, Call { service, function, arguments });
                let value = answer.map_err(|stop| self.error(node, Some(&peer), stop))?;
                if let Some(output) = output {
                    self.assign(output, Bound::One(value));
                }
                Ok(())
            }
            Instruction::Canon { peer, source, target } => self.canon(peer, source, target),
            Instruction::Fold { .. } => self.fold(node),
            Instruction::Next { iterator } => self.next(iterator, false),
            Instruction::New { variable, body } => {
                let only = self.variable(variable).map(|variable| variable.name);
                self.within(Scope { parent: Some(self.scope), only, ..Scope::default() }, |walk| walk.run(body))
            }
            Instruction::Fail { error } => self.fail(error),
            Instruction::FailLiteral { code, text } => {
                let object = json!({"error_code": self.operand(code)?, "message": self.operand(text)?,
                    "instruction": print::descriptor(self.tree, node)});
                Err(Stop::Fails(Rc::new(Caught { code: 10006, object })))
            }
        }
    }

    /// Both branches; it is complete if one is, and fails if both do.
    fn par(&mut self, left: NodeId, right: NodeId) -> Ran {
        let registers = self.registers.clone();
        let mut branch = |node| {
            let begun = self.now;
            let ran = match self.tree.instruction(node) {
                Instruction::Next { iterator } => self.next(iterator, true),
                _ => self.run(node),
            };
            self.beside += u32::from(self.now > begun);
            self.registers.clone_from(&registers);
            ran
        };
        match (branch(left), branch(right)) {
            (Err(Stop::Beyond(why)), _) | (_, Err(Stop::Beyond(why))) => Err(Stop::Beyond(why)),
            (Ok(()), _) | (_, Ok(())) => Ok(()),
            (Err(Stop::Fails(_)), Err(Stop::Fails(error))) => Err(Stop::Fails(error)),
            _ => Err(Stop::Waits),
        }
    }

    /// The handler sees what it caught: failed comparisons only in `:error:`, which is afterwards as it was.
    fn xor(&mut self, left: NodeId, handler: NodeId) -> Ran {
        let before = self.registers[1].clone();
        match self.run(left) {
            Err(Stop::Fails(error)) => {
                if !matches!(error.code, 10001 | 10002) {
                    self.registers[0] = Some(error.clone());
                }
                self.registers[1] = Some(error);
                self.run(handler)?;
                self.registers[1] = before;
                Ok(())
            }
            ran => self.or_wait(ran, handler),
        }
    }

    fn compare(&mut self, left: OperandId, right: OperandId, body: NodeId, is_match: bool) -> Ran {
        let operands = self.operand(left).and_then(|left| Ok((left, self.operand(right)?)));
        let (left, right) = self.or_wait(operands, body)?;
        if has_message(&left) || has_message(&right) {
            return Err(Stop::Beyond("a comparison of messages"));
        }
        if (left == right) == is_match {
            return self.run(body);
        }
        Err(Stop::Wrong(if is_match { 10001 } else { 10002 }))
    }

    /// The answer to a call. Nobody answers calls of other peers.
    fn call(&mut self, peer: &str, call: Call) -> Ran<Value> {
        if peer != PEER {
            return Err(Stop::Waits);
        }
        self.told.are_beside |= self.beside > 0;
        let (code, text) = (self.service)(&call);
        self.told.calls.push(call);
        self.now = self.now.max(1) + 1;
        match (code, serde_json::from_str(&text)) {
            (0, Ok(value)) => Ok(value),
            _ => {
                self.told.seen.insert("a call that failed");
                Err(Stop::Wrong(10000))
            }
        }
    }

    /// A canon holds what its stream holds when it is reached. One before all answers is the first thing to become known.
    fn canon(&mut self, peer: OperandId, source: OperandId, target: OperandId) -> Ran {
        if self.name(peer)? != PEER {
            return Err(Stop::Waits);
        }
        let Some(stream) = self.stream(source) else { return Err(Stop::Beyond("a canon of no stream")) };
        let contents: Vec<Value> = self.elements(stream)?.into_iter().map(|(_, value)| value).collect();
        self.now = self.now.max(1);
        let is_scalar = self.variable(target).is_some_and(|target| target.kind == VariableKind::Scalar);
        let bound = if is_scalar { Bound::One(by_key(&contents, false)) } else { Bound::Canon(contents) };
        self.assign(target, bound);
        Ok(())
    }

    fn fail(&mut self, error: OperandId) -> Ran {
        if let (Written::Error(Lens::NONE), Some(caught)) = (self.tree.operand(error).value, &self.registers[1]) {
            return Err(Stop::Fails(caught.clone()));
        }
        let object = self.operand(error)?;
        let is_code = object["error_code"].as_i64().is_some_and(|code| code != 0);
        match is_code && object["message"].is_string() {
            true => Err(Stop::Fails(Rc::new(Caught { code: 10006, object }))),
            false => Err(Stop::Wrong(10008)),
        }
    }

    /// The error of an instruction, if an operand is wrong. That of a call names the peer, if that is known.
    fn error(&self, node: NodeId, peer: Option<&str>, stop: Stop) -> Stop {
        let Stop::Wrong(code) = stop else { return stop };
        let instruction = print::descriptor(self.tree, node);
        let mut object = json!({"error_code": code, "message": MESSAGE, "instruction": instruction});
        if let Some(peer) = peer {
            object["peer_id"] = peer.into();
        }
        Stop::Fails(Rc::new(Caught { code, object }))
    }
}

/// Folds.
impl Walk<'_> {
    fn fold(&mut self, node: NodeId) -> Ran {
        let Instruction::Fold { iterable, iterator, body, last } = self.tree.instruction(node) else { return Ok(()) };
        let Some(Variable { name: iterator, .. }) = self.variable(iterator) else { return Ok(()) };
        let batch = Batch { iterator, body, last, outer: self.scope, items: Vec::new(), registers: None };
        if let Some(stream) = self.stream(iterable) {
            return self.fold_stream(stream, &batch);
        }
        let items = self.items(iterable)?.into_iter().map(|item| Rc::new(Bound::One(item))).collect::<Vec<_>>();
        if items.is_empty() { Ok(()) } else { self.iterate(&Rc::new(Batch { items, ..batch }), 0) }
    }

    /// What the stream holds, a batch for what came after as many answers; then what was added meanwhile, and so on. Batches do not
    /// wait for each other: it must be clear which one adds to the stream, and when.
    fn fold_stream(&mut self, stream: (usize, Symbol), fold: &Batch) -> Ran {
        self.told.seen.insert("a fold over a stream");
        let (start, registers) = (self.now, Some(self.registers.clone()));
        let (mut ran, mut round) = (Err(Stop::Waits), self.elements(stream)?);
        let mut visited = 0;
        while !round.is_empty() {
            visited += round.len();
            let batches: Vec<_> = round.chunk_by(|one, other| one.0 == other.0).collect();
            for batch in &batches {
                let items = batch.iter().map(|(_, value)| Rc::new(Bound::One(value.clone()))).collect();
                let (begun, beside) = (self.now, self.beside);
                match self.iterate(&Rc::new(Batch { items, registers: registers.clone(), ..fold.clone() }), 0) {
                    Err(Stop::Beyond(why)) => return Err(Stop::Beyond(why)),
                    Ok(()) => ran = Ok(()),
                    Err(_) => {}
                }
                let is_unclear = self.beside > beside || batches.len() > 1 && self.now > start;
                if is_unclear && self.all_elements(stream).len() > visited {
                    return Err(Stop::Beyond("a stream to which a fold over it adds in an unclear order"));
                }
                self.beside += u32::from(self.now > begun);
            }
            round = self.all_elements(stream).split_off(visited);
        }
        ran
    }

    /// The body for an item, in a scope of its own.
    fn iterate(&mut self, batch: &Rc<Batch>, number: usize) -> Ran {
        let names = BTreeMap::from([(batch.iterator, Some(batch.items[number].clone()))]);
        let iteration = Some((batch.clone(), number));
        self.part(batch, Scope { parent: Some(batch.outer), names, iteration, ..Scope::default() }, batch.body)
    }

    /// Errors do not leave an iteration over a stream, and neither do registers.
    fn part(&mut self, batch: &Batch, scope: Scope, node: NodeId) -> Ran {
        let Some(registers) = &batch.registers else { return self.within(scope, |walk| walk.run(node)) };
        let before = std::mem::replace(&mut self.registers, registers.clone());
        let ran = self.within(scope, |walk| walk.run(node));
        self.registers = before;
        if let Err(Stop::Fails(_)) = ran { Err(Stop::Waits) } else { ran }
    }

    /// The next item; after the last one the last instruction. Without one, only a fold over values is complete, and not if the
    /// `next` is a branch of `par`.
    fn next(&mut self, iterator: OperandId, is_branch: bool) -> Ran {
        let name = self.variable(iterator).map(|variable| variable.name);
        let is_its = |(batch, _): &&(Rc<Batch>, usize)| Some(batch.iterator) == name;
        let found = self.around().find_map(|at| Some((at, self.scopes[at].iteration.as_ref().filter(is_its)?.clone())));
        let Some((scope, (batch, number))) = found else { return Err(Stop::Beyond("a `next` outside of its fold")) };
        match batch.last {
            _ if number + 1 < batch.items.len() => self.iterate(&batch, number + 1),
            Some(last) => self.part(&batch, Scope { parent: Some(scope), ..Scope::default() }, last),
            None if is_branch || batch.registers.is_some() => Err(Stop::Waits),
            None => Ok(()),
        }
    }
}

/// Names.
impl Walk<'_> {
    fn variable(&self, operand: OperandId) -> Option<Variable> {
        if let Written::Variable(variable) = self.tree.operand(operand).value { Some(variable) } else { None }
    }

    /// The scopes around, the inmost first.
    fn around(&self) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(self.scope), |at| self.scopes[*at].parent)
    }

    fn within<T>(&mut self, scope: Scope, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.scope, self.scopes.len());
        self.scopes.push(scope);
        let ran = run(self);
        self.scope = outer;
        ran
    }

    /// The scope in which a name is assigned here: its `new`; else the iteration, or for streams the script.
    fn home(&self, variable: Variable, is_stream: bool) -> usize {
        let is_home = |at: &usize| self.scopes[*at].only.map_or(!is_stream, |only| only == variable.name);
        self.around().find(is_home).unwrap_or(0)
    }

    fn stream(&self, operand: OperandId) -> Option<(usize, Symbol)> {
        let variable = self.variable(operand)?;
        let is_stream = matches!(variable.kind, VariableKind::Stream | VariableKind::Map);
        is_stream.then(|| (self.home(variable, true), variable.name))
    }

    fn all_elements(&self, (scope, name): (usize, Symbol)) -> Vec<(u32, Value)> {
        self.scopes[scope].streams.get(&name).cloned().unwrap_or_default()
    }

    /// What a stream holds, if that is clear.
    fn elements(&self, stream: (usize, Symbol)) -> Ran<Vec<(u32, Value)>> {
        match self.beside {
            0 => Ok(self.all_elements(stream)),
            _ => Err(Stop::Beyond("a stream that is read when branches with calls were left")),
        }
    }

    fn assign(&mut self, target: OperandId, bound: Bound) {
        match (self.stream(target), bound) {
            (Some((scope, name)), Bound::One(value)) => {
                self.scopes[scope].streams.entry(name).or_default().push((self.now, value));
            }
            (_, bound) => self.note(target, Some(Rc::new(bound))),
        }
    }

    fn note(&mut self, target: OperandId, bound: Option<Rc<Bound>>) {
        let Some(variable) = self.variable(target) else { return };
        let home = self.home(variable, false);
        self.scopes[home].names.insert(variable.name, bound);
    }

    /// If something waits, what an instruction assigns that is not run for that waits too.
    fn or_wait<T>(&mut self, ran: Ran<T>, node: NodeId) -> Ran<T> {
        if let Err(Stop::Waits) = ran {
            self.wait(node);
        }
        ran
    }

    fn wait(&mut self, node: NodeId) {
        match self.tree.instruction(node) {
            Instruction::Call { output: Some(target), .. }
            | Instruction::Assign { target, .. }
            | Instruction::Canon { target, .. } => self.note(target, None),
            Instruction::Seq(left, right) | Instruction::Par(left, right) | Instruction::Xor(left, right) => {
                self.wait(left);
                self.wait(right);
            }
            Instruction::Match { body, .. } | Instruction::Mismatch { body, .. } => self.wait(body),
            Instruction::New { variable, body } => {
                let only = self.variable(variable).map(|variable| variable.name);
                self.within(Scope { parent: Some(self.scope), only, ..Scope::default() }, |walk| walk.wait(body));
            }
            _ => {}
        }
    }

    /// What a name stands for: what was assigned last. If that waits, so does who reads it.
    fn read(&self, name: Symbol) -> Ran<Rc<Bound>> {
        for scope in self.around().map(|at| &self.scopes[at]) {
            if let Some(noted) = scope.names.get(&name) {
                return noted.clone().ok_or(Stop::Waits);
            }
            if scope.only == Some(name) {
                return Err(Stop::Wrong(10009));
            }
        }
        Err(Stop::Waits)
    }
}

/// Operands.
impl Walk<'_> {
    fn operand(&self, operand: OperandId) -> Ran<Value> {
        let (value, lens) = match self.tree.operand(operand).value {
            Written::String(text) => (self.tree.text(text).into(), Lens::NONE),
            Written::Integer(integer) => (integer.into(), Lens::NONE),
            Written::Float(float) => (float.into(), Lens::NONE),
            Written::Boolean(boolean) => (boolean.into(), Lens::NONE),
            Written::EmptyArray => (json!([]), Lens::NONE),
            Written::InitPeerId => (PEER.into(), Lens::NONE),
            Written::Timestamp => (CLOCK.0.into(), Lens::NONE),
            Written::Ttl => (CLOCK.1.into(), Lens::NONE),
            Written::LastError(lens) => (object(&self.registers[0]), lens),
            Written::Error(lens) => (object(&self.registers[1]), lens),
            Written::Variable(variable) => match &*self.read(variable.name)? {
                Bound::One(value) => (value.clone(), variable.lens),
                Bound::Canon(elements) => return self.canon_part(elements, variable),
            },
        };
        match self.tree.lens(lens) {
            LensView::None => Ok(value),
            LensView::Path(path) => self.path(value, path),
            LensView::Length => value.as_array().map(|items| items.len().into()).ok_or(Stop::Wrong(10010)),
        }
    }

    /// A peer, service or function.
    fn name(&self, operand: OperandId) -> Ran<String> {
        let name = self.operand(operand)?;
        is_written(&name)?;
        name.as_str().map(Into::into).ok_or(Stop::Wrong(10011))
    }

    /// The items of a fold over values: elements, or of a canon map the first entry of each key.
    fn items(&self, operand: OperandId) -> Ran<Vec<Value>> {
        if let Some(Variable { name, lens: Lens::NONE, kind }) = self.variable(operand)
            && let Bound::Canon(elements) = &*self.read(name)?
        {
            let is_first = |at: usize| elements[..at].iter().all(|before| before["key"] != elements[at]["key"]);
            let is_item = |at: &usize| kind != VariableKind::CanonMap || is_first(*at);
            return Ok((0..elements.len()).filter(is_item).map(|at| elements[at].clone()).collect());
        }
        if let Value::Array(items) = self.operand(operand)? { Ok(items) } else { Err(Stop::Wrong(10005)) }
    }

    fn canon_part(&self, elements: &[Value], Variable { kind, lens, .. }: Variable) -> Ran<Value> {
        let is_map = kind == VariableKind::CanonMap;
        let tree = self.tree;
        match tree.lens(lens) {
            LensView::None if is_map => Ok(by_key(elements, true)),
            LensView::None => Ok(elements.into()),
            LensView::Length => Ok(elements.len().into()),
            LensView::Path([key, rest @ ..]) if is_map => {
                let key = self.step(*key, true)?;
                let values = elements.iter().filter(|entry| entry["key"] == key);
                let values: Value = values.map(|entry| entry["value"].clone()).collect();
                self.path(values, rest)
            }
            LensView::Path(path) => self.path(elements.into(), path),
        }
    }

    fn path(&self, value: Value, path: &[Accessor]) -> Ran<Value> {
        path.iter().try_fold(value, |value, accessor| {
            let part = match self.step(*accessor, false)? {
                Value::String(name) => value.as_object().and_then(|members| members.get(&name)),
                step => step.as_u64().and_then(|index| value.as_array()?.get(usize::try_from(index).ok()?)),
            };
            part.cloned().ok_or(Stop::Wrong(10007))
        })
    }

    /// A step of a path: a string or an integer. An item of a fold is no key of a map.
    fn step(&self, accessor: Accessor, is_key: bool) -> Ran<Value> {
        let name = match accessor {
            Accessor::Index(index) => return Ok(index.into()),
            Accessor::Field(name) => return Ok(self.tree.text(name).into()),
            Accessor::Scalar(name) => name,
        };
        let bound = self.read(name)?;
        let mut iterations = self.scopes.iter().filter_map(|scope| scope.iteration.as_ref());
        if is_key && iterations.any(|(batch, number)| Rc::ptr_eq(&batch.items[*number], &bound)) {
            return Err(Stop::Wrong(10007));
        }
        match &*bound {
            Bound::One(step) if is_written(step)? || step.is_u64() || step.is_i64() => Ok(step.clone()),
            _ => Err(Stop::Wrong(10007)),
        }
    }
}

/// What a register holds.
fn object(register: &Option<Rc<Caught>>) -> Value {
    register.as_ref().map_or(json!({"error_code": 0, "message": ""}), |error| error.object.clone())
}

/// For each key of entries, as it is printed, all its values or the first one.
fn by_key(entries: &[Value], all: bool) -> Value {
    let mut object: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for entry in entries {
        let key = entry["key"].as_str().map_or_else(|| entry["key"].to_string(), Into::into);
        object.entry(key).or_default().push(entry["value"].clone());
    }
    object.into_iter().map(|(key, values)| (key, if all { values.into() } else { values[0].clone() })).collect()
}

/// Whether a value is a string; one that is a message is nothing to go on with.
fn is_written(value: &Value) -> Ran<bool> {
    if has_message(value) && value.is_string() {
        return Err(Stop::Beyond("a message as a name"));
    }
    Ok(value.is_string())
}

/// Whether a message is in a value.
fn has_message(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_message),
        Value::Object(members) => members.values().any(has_message),
        other => other == MESSAGE,
    }
}
