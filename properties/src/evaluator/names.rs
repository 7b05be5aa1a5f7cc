//! What names mean: scopes, and in each the assignments of a name in textual order.
//!
//! *Names resolve lexically.* A read looks at the assignments of its name that stand before it in a scope around it, the last
//! one first. One that may still happen makes it wait; one that never will is passed over; the first that happened is the
//! value. So an instruction that is not run notes for each name inside of it whether that is for now or for good.
//!
//! Scopes are the script, each iteration of a fold with what follows its last `next`, and `new`, for its name alone, at which
//! the search ends. A stream is one list for the script, or for each time its `new` is run.

use super::operand::{Bound, Miss, Problem};
use super::walk::Batch;
use super::{Place, Time, Walk};
use airtight_engine::script::{Instruction, NodeId, OperandId, Symbol, Value as Written, Variable, VariableKind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

#[derive(Debug, Default)]
pub(super) struct Scope {
    pub(super) parent: Option<usize>,
    /// The one name that it is for, if it is a `new`.
    pub(super) only: Option<Symbol>,
    pub(super) names: BTreeMap<Symbol, Vec<Assignment>>,
    pub(super) streams: BTreeMap<Symbol, Vec<Element>>,
    /// The fold whose iteration it is, and the number of the item.
    pub(super) iteration: Option<(Rc<Batch>, usize)>,
}

impl Scope {
    /// Whether this is the item of its iteration.
    pub(super) fn has_item(&self, bound: &Rc<Bound>) -> bool {
        let item = self.iteration.as_ref().and_then(|(batch, number)| batch.item(*number));
        item.is_some_and(|item| Rc::ptr_eq(item, bound))
    }
}

/// What became of an assignment.
#[derive(Clone, Debug)]
pub(super) enum Assignment {
    /// It may still happen.
    Open,
    /// It never will, which is known since then.
    Never(Time),
    /// It happened.
    Happened(Time, Rc<Bound>),
}

/// A value in a stream, or an entry of a stream map.
#[derive(Clone, Debug)]
pub(super) struct Element {
    pub(super) value: Value,
    pub(super) tetraplet: super::Tetraplet,
    pub(super) known: Time,
    /// The instruction that added it.
    pub(super) place: Place,
    /// For each fold at work when it was added, the round it belongs to.
    pub(super) rounds: BTreeMap<Place, u32>,
}

impl Walk<'_> {
    fn variable(&self, operand: OperandId) -> Option<Variable> {
        match self.tree.operand(operand).value {
            Written::Variable(variable) => Some(variable),
            _ => None,
        }
    }

    fn scope_at(&self, scope: usize) -> Option<&Scope> {
        self.scopes.get(scope)
    }

    /// The scope in which a name of this kind is assigned here.
    fn home(&self, variable: Variable) -> usize {
        let is_stream = is_stream(variable.kind);
        let mut at = self.scope;
        while let Some(Scope { parent: Some(parent), only, .. }) = self.scope_at(at) {
            let is_home = match only {
                Some(only) => *only == variable.name,
                None => !is_stream,
            };
            if is_home {
                break;
            }
            at = *parent;
        }
        at
    }

    /// The stream or stream map that an operand means: the scope that has it, and its name.
    pub(super) fn stream(&self, operand: OperandId) -> Option<(usize, Symbol)> {
        let variable = self.variable(operand)?;
        is_stream(variable.kind).then(|| (self.home(variable), variable.name))
    }

    pub(super) fn elements(&self, (scope, name): (usize, Symbol)) -> Vec<Element> {
        let elements = self.scope_at(scope).and_then(|scope| scope.streams.get(&name));
        self.contents(elements.map_or(&[], Vec::as_slice))
    }

    /// The instruction at this place assigns a value, or adds it to a stream.
    pub(super) fn assign(&mut self, target: OperandId, known: Time, bound: Bound, place: &Place) {
        match self.stream(target) {
            Some((scope, name)) => {
                let Bound::One(value, tetraplet) = bound else { return };
                let rounds = self.rounds.iter().cloned().collect();
                let element = Element { value, tetraplet, known, place: place.clone(), rounds };
                if let Some(scope) = self.scopes.get_mut(scope) {
                    scope.streams.entry(name).or_default().push(element);
                }
            }
            None => self.note(target, Assignment::Happened(known, Rc::new(bound))),
        }
    }

    /// The instruction did not assign anything: it will not, or not yet.
    pub(super) fn assign_nothing(&mut self, target: OperandId, never: Option<Time>) {
        if self.stream(target).is_none() {
            self.note(target, never.map_or(Assignment::Open, Assignment::Never));
        }
    }

    pub(super) fn note(&mut self, target: OperandId, assignment: Assignment) {
        let Some(variable) = self.variable(target) else { return };
        let home = self.home(variable);
        if let Some(scope) = self.scopes.get_mut(home) {
            scope.names.entry(variable.name).or_default().push(assignment);
        }
    }

    /// An instruction is not run: for good, or for now.
    pub(super) fn skip(&mut self, node: NodeId, never: Option<Time>) {
        for target in self.assigned(node) {
            self.assign_nothing(target, never);
        }
    }

    /// What an instruction and those inside of it assign to the scope around it, in textual order.
    fn assigned(&self, node: NodeId) -> Vec<OperandId> {
        match self.tree.instruction(node) {
            Instruction::Call { output, .. } => output.into_iter().collect(),
            Instruction::Assign { target, .. } | Instruction::Canon { target, .. } => vec![target],
            Instruction::Seq(left, right) | Instruction::Par(left, right) | Instruction::Xor(left, right) => {
                [self.assigned(left), self.assigned(right)].concat()
            }
            Instruction::Match { body, .. } | Instruction::Mismatch { body, .. } => self.assigned(body),
            Instruction::New { variable, body } => {
                let name = self.variable(variable).map(|variable| variable.name);
                let mut assigned = self.assigned(body);
                assigned.retain(|target| self.variable(*target).map(|target| target.name) != name);
                assigned
            }
            // What is assigned in iterations belongs to them.
            _ => Vec::new(),
        }
    }

    /// What a name stands for here, and since when; not before `known`.
    pub(super) fn read(&self, name: Symbol, mut known: Time) -> Result<(Rc<Bound>, Time), Miss> {
        let mut at = Some(self.scope);
        while let Some(scope) = at.and_then(|at| self.scope_at(at)) {
            for assignment in scope.names.get(&name).into_iter().flatten().rev() {
                match assignment {
                    Assignment::Open => return Err(Miss::Missing),
                    Assignment::Never(time) => known = known.max(*time),
                    Assignment::Happened(time, bound) => return Ok((bound.clone(), known.max(*time))),
                }
            }
            if scope.only == Some(name) {
                return Err(Miss::Failed(known, Problem::new(10009, self.tree.text(name))));
            }
            at = scope.parent;
        }
        Err(Miss::Missing)
    }

    /// Runs something in another scope, and comes back.
    pub(super) fn within<T>(&mut self, scope: Scope, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.scope;
        self.scope = self.scopes.len();
        self.scopes.push(scope);
        let result = run(self);
        self.scope = outer;
        result
    }
}

fn is_stream(kind: VariableKind) -> bool {
    matches!(kind, VariableKind::Stream | VariableKind::Map)
}
