//! Random scripts.
//!
//! A script has a budget of instructions. Each instruction spends one and deals the rest out to its children, so that
//! sizes are exact and no recursion is needed: what is still to be written lies on a work list.
//!
//! Scripts that keep the static rules are so by construction. Three things are carried along:
//! - the [`Scope`]: the names that can be read, the folds around, what open `new`s declare;
//! - a *debt*: the fold whose `next` an instruction must write, handed down to exactly one child;
//! - a *barrier*: folds over streams outside of it may not go on here, because something comes after.
//!
//! Runs of such scripts end. A fold over a stream writes only to streams born later than its own, so no two folds feed
//! each other; the one exception, recursion, writes one fixed value and never for that value itself.

mod config;
mod names;
mod operands;

pub use config::{
    Features, InstructionWeights, LensWeights, OperandWeights, Scoping, ScriptConfig, ShapeWeights, VocabularyWeights,
};

use crate::Choices;
use airtight_engine::script::{Builder, Class, Kind, Position, SpellingError, Tree};
use names::{Name, NextOf, Scope, Sort, Vocabulary};
use operands::{Draft, LensDraft, RECURSION_END};

/// Makes scripts as a [`ScriptConfig`] says.
#[derive(Clone, Debug)]
pub struct ScriptGenerator {
    config: ScriptConfig,
    tables: Tables,
}

/// The configuration, made ready for drawing.
#[derive(Clone, Debug)]
struct Tables {
    /// For each position, the classes with a weight.
    operands: Vec<Vec<(Class, u32)>>,
}

impl ScriptGenerator {
    /// A generator with this configuration.
    pub fn new(config: ScriptConfig) -> Self {
        let row = |position| Class::ALL.map(|class| (class, config.operands.of(position, class)));
        let used = |position| row(position).into_iter().filter(|&(_, weight)| weight > 0).collect();
        let operands = Position::ALL.into_iter().map(used).collect();
        Self { config, tables: Tables { operands } }
    }

    /// The configuration.
    pub const fn config(&self) -> &ScriptConfig {
        &self.config
    }

    /// The script that these choices make; the same choices make the same one.
    pub fn generate<C: Choices>(&self, mut choices: &mut C) -> Tree {
        Run::new(self, &mut choices).script()
    }
}

/// What is still to be written.
#[derive(Clone, Copy, Debug)]
enum Task {
    Instruction(Slot),
    Close,
    CloseFold,
    CloseNew { name: Name, visible_before: usize },
}

/// The place of one instruction.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// How many instructions it has, itself included.
    budget: u32,
    depth: u32,
    /// The fold whose `next` it must write.
    debt: Option<usize>,
    /// Of the folds around, how many have something to do after this if they are over a stream or map.
    barrier: usize,
    /// Whether some `xor` catches its failure.
    guarded: bool,
}

impl Slot {
    const fn child(self, budget: u32) -> Self {
        Self { budget, depth: self.depth + 1, ..self }
    }

    const fn without_debt(self) -> Self {
        Self { debt: None, ..self }
    }
}

/// The making of one script.
struct Run<'g, C> {
    config: &'g ScriptConfig,
    tables: &'g Tables,
    choices: &'g mut C,
    builder: Builder,
    is_lexical: bool,
    features: Features,
    /// The classes that the features leave, as bits.
    classes: u32,
    /// The index of the shape in [`ShapeWeights`].
    shape: usize,
    vocabulary: Vocabulary,
    scope: Scope,
    work: Vec<Task>,
    /// Text of the operand at hand, if it has no fixed one.
    scratch: String,
}

fn built(written: Result<(), SpellingError>) {
    if let Err(error) = written {
        unreachable!("the generator writes what the grammar takes: {error}");
    }
}

impl<'g, C: Choices> Run<'g, C> {
    fn new(generator: &'g ScriptGenerator, choices: &'g mut C) -> Self {
        let config = &generator.config;
        let features = swarm(choices, config);
        Self {
            config,
            tables: &generator.tables,
            builder: Builder::default(),
            is_lexical: config.scoping != Scoping::Anywhere,
            features,
            classes: classes(&features),
            shape: choices.weighted(&config.shapes.rows()),
            vocabulary: Vocabulary::draw(choices, &config.vocabularies),
            scope: Scope::default(),
            work: Vec::new(),
            scratch: String::new(),
            choices,
        }
    }

    fn script(mut self) -> Tree {
        let (least, most) = (*self.config.size.start(), *self.config.size.end());
        let mut extra = || self.choices.below(most.saturating_sub(least).saturating_add(1));
        let budget = least + extra().max(extra());
        let slot = Slot { budget: budget.max(1), depth: 0, debt: None, barrier: 0, guarded: false };
        self.work.push(Task::Instruction(slot));
        while let Some(task) = self.work.pop() {
            match task {
                Task::Instruction(slot) => self.instruction(slot),
                Task::Close => built(self.builder.close()),
                Task::CloseFold => {
                    self.scope.close_fold();
                    built(self.builder.close());
                }
                Task::CloseNew { name, visible_before } => {
                    self.scope.close_new(name, visible_before);
                    built(self.builder.close());
                }
            }
        }
        match self.builder.finish() {
            Ok(tree) => tree,
            Err(error) => unreachable!("the generator closes what it opens: {error}"),
        }
    }

    fn instruction(&mut self, slot: Slot) {
        match self.form(slot) {
            Form::Leaf(kind) => self.leaf(kind, slot),
            Form::Pair(kind) => self.pair(kind, slot),
            Form::Compare(kind) => {
                built(self.builder.open(kind));
                self.read_operand(Position::Comparand);
                self.read_operand(Position::Comparand);
                self.work.push(Task::Close);
                self.work.push(Task::Instruction(slot.child(slot.budget - 1)));
            }
            Form::New => self.new_scope(slot),
            Form::Fold => self.fold(slot),
            Form::Recursion(fold) => self.recursion(fold, slot),
        }
    }

    /// Draws what instruction to write.
    fn form(&mut self, slot: Slot) -> Form {
        let weights = &self.config.instructions;
        let on = &self.features;
        let when = |on: bool, weight: u32| if on { weight } else { 0 };
        let unguarded = !slot.guarded && self.is_lexical;
        if slot.budget >= 2 && slot.depth < self.config.depth_max {
            let is_pair = slot.budget >= 3;
            let may_fold =
                on.folds && (!self.is_lexical || self.scope.folds.len() < self.config.fold_depth_max as usize);
            let recursive = match slot.budget >= 4 && slot.debt.is_none() && on.catching && on.comparisons {
                true => self.recursive_fold(),
                false => None,
            };
            let rows = [
                (Form::Pair(Kind::Seq), when(is_pair, weights.seq)),
                (Form::Pair(Kind::Par), when(is_pair && on.parallel, weights.par)),
                (Form::Pair(Kind::Xor), when(is_pair && on.catching, weights.xor)),
                (Form::Compare(Kind::Match), when(on.comparisons, weights.match_equal)),
                (Form::Compare(Kind::Mismatch), when(on.comparisons, weights.mismatch)),
                (Form::New, when(on.scopes, weights.new)),
                (Form::Fold, when(may_fold && slot.debt.is_none(), weights.fold)),
                (Form::Fold, when(may_fold && slot.debt.is_some(), weights.reentrant_fold)),
                (Form::Recursion(recursive.unwrap_or_default()), when(recursive.is_some(), weights.recursion)),
            ];
            let form = rows[self.choices.weighted(&rows.map(|(_, weight)| weight))];
            let stays = match form.0 {
                Form::Compare(_) if unguarded => self.choices.chance(self.config.unguarded_percent, 100),
                _ => true,
            };
            match form {
                (form, 1..) if stays => return form,
                (Form::Compare(_), 1..) if is_pair => return Form::Pair(Kind::Seq),
                (Form::Compare(_), 1..) if on.scopes => return Form::New,
                (form, 1..) if slot.debt.is_none() => return form,
                _ => {}
            }
        }
        if slot.debt.is_some() {
            return Form::Leaf(Kind::Next);
        }
        let may_canon = on.canons
            && (on.streams || on.maps)
            && !(self.is_lexical
                && self.scope.visible(Sort::Stream).is_empty()
                && self.scope.visible(Sort::Map).is_empty());
        let may_next = on.folds && (!self.is_lexical || self.free_folds(slot.barrier).next().is_some());
        let rows = [
            (Kind::Null, weights.null),
            (Kind::Assign, weights.assign),
            (Kind::Call, weights.call),
            (Kind::Insert, when(on.maps, weights.insert)),
            (Kind::Canon, when(may_canon, weights.canon)),
            (Kind::Next, when(may_next, weights.next)),
            (Kind::Fail, when(on.errors, weights.fail)),
            (Kind::Never, when(on.waiting, weights.never)),
        ];
        let (kind, weight) = rows[self.choices.weighted(&rows.map(|(_, weight)| weight))];
        match kind {
            _ if weight == 0 => Form::Leaf(Kind::Null),
            Kind::Fail if unguarded && !self.choices.chance(self.config.unguarded_percent, 100) => {
                Form::Leaf(Kind::Call)
            }
            kind => Form::Leaf(kind),
        }
    }

    fn leaf(&mut self, kind: Kind, slot: Slot) {
        built(self.builder.open(kind));
        match kind {
            Kind::Call => self.call(),
            Kind::Assign => {
                let source = self.read_operand(Position::Source);
                let target = self.target_of(Position::Target);
                self.write(Draft::variable(target));
                let answered = matches!(source, Draft::Variable(..) | Draft::LastError(_) | Draft::Error(_));
                self.scope.show(target, answered);
            }
            Kind::Insert => {
                self.read_operand(Position::Key);
                self.read_operand(Position::MapValue);
                let map = self.target(Sort::Map);
                self.write(Draft::variable(map));
                self.scope.show(map, true);
            }
            Kind::Canon => self.canon(),
            Kind::Next => self.next(slot),
            Kind::Fail => {
                if let Draft::Integer(_) = self.read_operand(Position::Fail) {
                    let text = self.text(Position::FailText);
                    self.write(text);
                }
            }
            _ => {}
        }
        built(self.builder.close());
    }

    fn call(&mut self) {
        self.read_operand(Position::Peer);
        self.read_operand(Position::Service);
        self.read_operand(Position::Function);
        for _ in 0..self.choices.below(self.config.arguments_max + 1) {
            self.read_operand(Position::Argument);
        }
        if self.choices.chance(self.config.output_percent, 100) {
            let output = self.target_of(Position::Output);
            self.write_output(output);
            self.scope.show(output, true);
        }
    }

    fn canon(&mut self) {
        self.read_operand(Position::Peer);
        let source = self.read_operand(Position::CanonSource);
        let position = match source {
            Draft::Variable(Name { sort: Sort::Map, .. }, _) => Position::CanonMapTarget,
            _ => Position::CanonTarget,
        };
        let target = self.target_of(position);
        self.write(Draft::variable(target));
        self.scope.show(target, true);
    }

    /// A name to give a value to, of a sort that this position takes.
    fn target_of(&mut self, position: Position) -> Name {
        let class = self.class(position, self.classes);
        self.target(sort(class))
    }

    fn next(&mut self, slot: Slot) {
        let iterator = if self.is_lexical {
            let fold = slot.debt.or_else(|| {
                let free = self.free_folds(slot.barrier).count() as u32;
                let chosen = self.choices.below(free) as usize;
                self.free_folds(slot.barrier).nth(chosen)
            });
            let fold = &mut self.scope.folds[fold.unwrap_or_default()];
            fold.next = NextOf::Written;
            fold.iterator
        } else {
            self.any_name(Sort::Iterator)
        };
        self.write(Draft::variable(iterator));
    }

    /// The folds that may go on here though they need not.
    fn free_folds(&self, barrier: usize) -> impl Iterator<Item = usize> {
        let free = move |&(at, fold): &(usize, &names::Fold)| {
            fold.next == NextOf::Free && (fold.over.is_none() || at >= barrier)
        };
        self.scope.near_folds().filter(free).map(|(at, _)| at)
    }

    /// The innermost fold over a stream or map, if it is near.
    fn recursive_fold(&self) -> Option<usize> {
        self.scope.near_folds().find(|(_, fold)| fold.over.is_some()).map(|(at, _)| at)
    }

    fn pair(&mut self, kind: Kind, slot: Slot) {
        built(self.builder.open(kind));
        let (left, right) = self.split(slot.budget - 1);
        let (mut left, mut right) = (slot.child(left), slot.child(right));
        if kind == Kind::Xor {
            left.guarded = true;
            match self.choices.below(4) {
                3 => left.debt = None,
                _ => right.debt = None,
            }
        } else {
            left.barrier = self.scope.folds.len();
            // Only what a fold over a fixed list has after its `next` ever runs.
            let finite = slot.debt.is_some_and(|fold| self.scope.folds[fold].over.is_none());
            match finite && self.choices.below(4) == 3 {
                true => right.debt = None,
                false => left.debt = None,
            }
        }
        self.work.extend([Task::Close, Task::Instruction(right), Task::Instruction(left)]);
    }

    /// Deals a budget of at least two out to two parts, at least one each.
    fn split(&mut self, budget: u32) -> (u32, u32) {
        let small = |choices: &mut C| 1 + choices.below((budget - 1).min(2));
        match self.shape {
            1 => {
                let left = small(self.choices);
                (left, budget - left)
            }
            2 => {
                let right = small(self.choices);
                (budget - right, right)
            }
            _ => {
                let left = 1 + self.choices.below(budget - 1);
                (left, budget - left)
            }
        }
    }

    fn new_scope(&mut self, slot: Slot) {
        built(self.builder.open(Kind::New));
        let class = self.class(Position::New, self.classes);
        let sort = sort(class);
        let name = if !self.is_lexical {
            self.any_name(sort)
        } else {
            let visible = self.scope.visible(sort);
            match visible.last().filter(|known| known.name.sort == sort) {
                Some(known) if self.choices.below(4) == 3 => known.name,
                _ => self.scope.fresh(sort),
            }
        };
        self.write(Draft::variable(name));
        let visible_before = self.scope.visible(sort).len();
        if self.is_lexical {
            self.scope.open_new(name);
        }
        let close = if self.is_lexical { Task::CloseNew { name, visible_before } } else { Task::Close };
        self.work.extend([close, Task::Instruction(slot.child(slot.budget - 1))]);
    }

    fn fold(&mut self, slot: Slot) {
        built(self.builder.open(Kind::Fold));
        let iterable = self.read_operand(Position::Iterable);
        let inside = self.scope.folds.len();
        let mut body = slot;
        let close = if self.is_lexical {
            let over = match iterable {
                Draft::Variable(name @ Name { sort: Sort::Stream | Sort::Map, .. }, _) => Some(name),
                _ => None,
            };
            // Folds over streams have iterators of their own, because the reference interpreter confuses equal ones.
            let iterator = Name::new(Sort::Iterator, 2 * inside as u32 + u32::from(over.is_some()));
            self.write(Draft::variable(iterator));
            let owes = slot.debt.is_none() && !self.choices.chance(100 - self.config.next_percent.min(100), 100);
            self.scope.open_fold(iterator, over, if owes { NextOf::Owed } else { NextOf::Free });
            body.debt = slot.debt.or(owes.then_some(inside));
            Task::CloseFold
        } else {
            let iterator = self.any_name(Sort::Iterator);
            self.write(Draft::variable(iterator));
            Task::Close
        };
        self.work.push(close);
        if slot.budget >= 3 && self.choices.chance(self.config.last_percent, 100) {
            let (first, last) = self.split(slot.budget - 1);
            self.work.push(Task::Instruction(slot.without_debt().child(last)));
            self.work.push(Task::Instruction(body.child(first)));
        } else {
            self.work.push(Task::Instruction(body.child(slot.budget - 1)));
        }
    }

    /// `(xor (mismatch i "end" (ap "end" $s)) …)` inside of `(fold $s i …)`: each value is written to the stream again
    /// once, as the value that ends it.
    fn recursion(&mut self, fold: usize, slot: Slot) {
        let names::Fold { iterator, over, .. } = self.scope.folds[fold];
        let Some(over) = over else { unreachable!("recursion is through streams and maps") };
        built(self.builder.open(Kind::Xor));
        built(self.builder.open(Kind::Mismatch));
        let is_map = over.sort == Sort::Map;
        let lens = if is_map { LensDraft::field("value") } else { LensDraft::NONE };
        self.write(Draft::Variable(iterator, lens));
        self.write(Draft::Text(RECURSION_END));
        built(self.builder.open(if is_map { Kind::Insert } else { Kind::Assign }));
        if is_map {
            let key = self.text(Position::Key);
            self.write(key);
        }
        self.write(Draft::Text(RECURSION_END));
        self.write(Draft::variable(over));
        built(self.builder.close());
        built(self.builder.close());
        self.work.extend([Task::Close, Task::Instruction(slot.child(slot.budget - 3))]);
    }
}

/// What instruction to write, as far as its operands are alike.
#[derive(Clone, Copy, Debug)]
enum Form {
    Leaf(Kind),
    Pair(Kind),
    Compare(Kind),
    New,
    Fold,
    /// Inside of this fold over a stream or map.
    Recursion(usize),
}

const fn sort(class: Class) -> Sort {
    match class {
        Class::Stream => Sort::Stream,
        Class::Map => Sort::Map,
        Class::Canon => Sort::Canon,
        Class::CanonMap => Sort::CanonMap,
        _ => Sort::Scalar,
    }
}

/// The features of one script.
fn swarm(choices: &mut impl Choices, config: &ScriptConfig) -> Features {
    if !choices.chance(config.swarm_percent, 100) {
        return config.features;
    }
    let mut keep = |on: bool| on && choices.below(2) == 0;
    let on = &config.features;
    Features {
        streams: keep(on.streams),
        maps: keep(on.maps),
        canons: keep(on.canons),
        lenses: keep(on.lenses),
        parallel: keep(on.parallel),
        catching: keep(on.catching),
        errors: keep(on.errors),
        comparisons: keep(on.comparisons),
        folds: keep(on.folds),
        scopes: keep(on.scopes),
        waiting: keep(on.waiting),
    }
}

/// The classes of operands that these features leave, as bits.
fn classes(features: &Features) -> u32 {
    use Class as C;
    let left_out = |class| match class {
        C::Stream => !features.streams,
        C::Map => !features.maps,
        C::Canon | C::CanonMap => !features.canons,
        C::CanonLens | C::CanonMapLens => !features.canons || !features.lenses,
        C::ScalarLens => !features.lenses,
        C::LastError | C::Error => !features.errors,
        C::LastErrorLens | C::ErrorLens => !features.errors || !features.lenses,
        _ => false,
    };
    Class::ALL.into_iter().filter(|&class| !left_out(class)).fold(0, |bits, class| bits | 1 << class as u32)
}
