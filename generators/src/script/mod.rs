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
//! They are made to *work* when they are run, too. An instruction knows whether it is [sure](Slot::is_sure) to run,
//! whether something [waits](Slot::is_awaited) for it, whether it [must fail](Slot::must_fail); values know what they
//! [are used as](uses). So what waits for ever comes last, values are read where they are sure to be there, lenses fit
//! them, and errors happen where a `xor` catches them; all this most of the time, for the rest is worth a look as well.
//!
//! Runs of such scripts end. A fold over a stream writes only to streams born later than its own, so no two folds feed
//! each other; the one exception, recursion, writes one fixed value and never for that value itself.

mod config;
mod names;
mod operands;
mod uses;

pub use config::{
    Features, InstructionWeights, LensWeights, OperandWeights, Scoping, ScriptConfig, ShapeWeights, VocabularyWeights,
};

use crate::Choices;
use airtight_engine::script::{Builder, Class, Kind, Position, SpellingError, Tree};
use names::{Name, NextOf, Scope, Sort, Vocabulary};
use operands::{Draft, FUNCTIONS, LensDraft, RECURSION_END, SERVICES};
use std::cell::Cell;
use uses::{UseId, Uses};

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
    /// Whether it runs, as far as one can tell.
    is_sure: bool,
    /// Whether something comes after it that waits for it.
    is_awaited: bool,
    /// Whether it shall fail.
    must_fail: bool,
    /// Whether it shall be a `par`, because it is the body of a fold that must end.
    must_part: bool,
}

impl Slot {
    const ROOT: Self = Self {
        budget: 1,
        depth: 0,
        debt: None,
        barrier: 0,
        guarded: false,
        is_sure: true,
        is_awaited: false,
        must_fail: false,
        must_part: false,
    };

    const fn child(self, budget: u32) -> Self {
        Self { budget, depth: self.depth + 1, must_part: false, ..self }
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
    uses: Uses,
    /// Canon maps, with a key that they hold, and what its values are used as.
    keys: Vec<(Name, &'static str, Option<UseId>)>,
    /// The place of the instruction at hand.
    at: Slot,
    /// Whether the instruction at hand shall not fail or wait by what it reads.
    is_careful: bool,
    /// How many `call`s were written.
    calls: u32,
    /// The peer that was named first, and whether another one was named.
    peers: (Option<u32>, bool),
    work: Vec<Task>,
    /// Text of the operand at hand, if it has no fixed one.
    scratch: String,
}

/// What the making of a script takes room for. It is kept for the next script on the same thread.
#[derive(Debug, Default)]
struct Room {
    scope: Scope,
    uses: Uses,
    keys: Vec<(Name, &'static str, Option<UseId>)>,
    work: Vec<Task>,
    scratch: String,
}

/// The room of scripts larger than that is not kept.
const ROOM_KEPT_MAX: u32 = 1_000;

thread_local! {
    static ROOM: Cell<Room> = Cell::default();
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
        let Room { scope, uses, keys, work, scratch } = ROOM.take();
        Self {
            config,
            tables: &generator.tables,
            builder: Builder::default(),
            is_lexical: config.scoping != Scoping::Anywhere,
            features,
            classes: classes(&features),
            shape: choices.weighted(&config.shapes.rows()),
            vocabulary: Vocabulary::draw(choices, &config.vocabularies),
            scope,
            uses,
            keys,
            at: Slot::ROOT,
            is_careful: false,
            calls: 0,
            peers: (None, false),
            work,
            scratch,
            choices,
        }
    }

    fn script(mut self) -> Tree {
        let (least, most) = (*self.config.size.start(), *self.config.size.end());
        let mut extra = || self.choices.below(most.saturating_sub(least).saturating_add(1));
        let budget = least + extra().max(extra());
        self.work.push(Task::Instruction(Slot { budget: budget.max(1), ..Slot::ROOT }));
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
        let Self { builder, mut scope, mut uses, mut keys, work, scratch, .. } = self;
        if budget <= ROOM_KEPT_MAX {
            scope.clear();
            uses.clear();
            keys.clear();
            ROOM.set(Room { scope, uses, keys, work, scratch });
        }
        match builder.finish() {
            Ok(tree) => tree,
            Err(error) => unreachable!("the generator closes what it opens: {error}"),
        }
    }

    fn instruction(&mut self, slot: Slot) {
        self.at = slot;
        let careless = if slot.guarded { self.config.careless_percent } else { self.config.unguarded_percent };
        self.is_careful = self.is_lexical && !slot.must_fail && !self.choices.chance(careless, 100);
        match self.form(slot) {
            Form::Leaf(kind) => self.leaf(kind, slot),
            Form::Pair(kind) => self.pair(kind, slot),
            Form::Compare(kind) => self.compare(kind, slot),
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
        if slot.must_part && slot.budget >= 3 && on.parallel {
            return Form::Pair(Kind::Par);
        }
        // With room for two, there would be little but comparisons.
        let is_leaf = self.is_lexical && slot.budget == 2 && (self.calls < 2 || self.choices.below(4) < 3);
        if slot.budget >= 2 && slot.depth < self.config.depth_max && !is_leaf {
            let is_pair = slot.budget >= 3;
            let may_fold = on.folds && (!self.is_lexical || self.may_fold());
            // A fold that starts again for each value of another takes as long as the one to the power of the other.
            let restarts = |fold: usize| !self.is_lexical || fold == 0 && self.scope.folds[0].over.is_some();
            let may_restart = may_fold && slot.debt.is_some_and(restarts) && self.scope.folds.len() < 2;
            let recursive = match slot.budget >= 6 && on.catching && on.comparisons {
                true => self.recursive_fold(),
                false => None,
            };
            // What several instructions wrote is worth reading.
            let ripe = if self.is_lexical && self.scope.is_ripe() { 3 } else { 1 };
            // Canon maps are rare, and so are comparisons.
            let compares = if self.is_lexical && !self.scope.visible(Sort::CanonMap).is_empty() { 4 } else { 1 };
            let rows = [
                (Form::Pair(Kind::Seq), when(is_pair, weights.seq)),
                (Form::Pair(Kind::Par), when(is_pair && on.parallel, weights.par)),
                (Form::Pair(Kind::Xor), when(is_pair && on.catching, weights.xor)),
                (Form::Compare(Kind::Match), when(on.comparisons, compares * weights.match_equal)),
                (Form::Compare(Kind::Mismatch), when(on.comparisons, compares * weights.mismatch)),
                (Form::New, when(on.scopes, weights.new)),
                (Form::Fold, when(may_fold && slot.debt.is_none(), ripe * weights.fold)),
                (Form::Fold, when(may_restart, weights.reentrant_fold)),
                (Form::Recursion(recursive.unwrap_or_default()), when(recursive.is_some(), weights.recursion)),
            ];
            let form = rows[self.choices.weighted(&rows.map(|(_, weight)| weight))];
            if form.1 > 0 {
                return form.0;
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
        if slot.must_fail && on.errors {
            return Form::Leaf(Kind::Fail);
        }
        // A script without two calls does not travel.
        let ripe = if self.is_lexical && self.scope.is_ripe() { 3 } else { 1 };
        let call = if self.is_lexical && self.calls < 2 { 8 * weights.call } else { weights.call };
        let rows = [
            (Kind::Null, weights.null),
            (Kind::Assign, weights.assign),
            (Kind::Call, call),
            (Kind::Insert, when(on.maps, weights.insert)),
            (Kind::Canon, when(may_canon, ripe * weights.canon)),
            (Kind::Next, when(may_next, weights.next)),
            (Kind::Fail, when(on.errors, weights.fail)),
            (Kind::Never, when(on.waiting && !(self.is_lexical && slot.is_awaited), weights.never)),
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
                let (_, origin) = self.read_operand(Position::Source);
                let target = self.target_of(Position::Target);
                self.write(Draft::variable(target));
                self.show(target, origin);
            }
            Kind::Insert => {
                let (key, _) = self.read_operand(Position::Key);
                let (_, origin) = self.read_operand(Position::MapValue);
                let map = self.target(Sort::Map);
                self.write(Draft::variable(map));
                self.show(map, origin);
                if let Draft::Text(key) = key
                    && self.is_lexical
                    && operands::is_plain_key(key)
                    && self.at.is_sure
                {
                    self.scope.grower_mut(map).key = Some(key);
                }
            }
            Kind::Canon => self.canon(),
            Kind::Next => self.next(slot),
            Kind::Fail => {
                if let (Draft::Integer(_), _) = self.read_operand(Position::Fail) {
                    let text = self.text(Position::FailText);
                    self.write(text);
                }
            }
            _ => {}
        }
        built(self.builder.close());
    }

    fn call(&mut self) {
        self.calls += 1;
        self.read_operand(Position::Peer);
        let has_output = self.choices.chance(self.config.output_percent, 100);
        let class = has_output.then(|| self.class(Position::Output, self.classes));
        // A scalar must not be there for its own arguments.
        let stream = (class == Some(Class::Stream)).then(|| self.target(Sort::Stream));
        let origin = match self.is_lexical {
            true => self.function(stream),
            false => {
                self.read_operand(Position::Service);
                self.read_operand(Position::Function);
                None
            }
        };
        for _ in 0..self.choices.below(self.config.arguments_max + 1) {
            self.read_operand(Position::Argument);
        }
        if has_output {
            let output = stream.unwrap_or_else(|| self.target(Sort::Scalar));
            self.write_output(output);
            self.show(output, origin);
        }
    }

    /// Writes a service and a function, and says what its answers are used as: the one that fills a stream already, or
    /// one that was not called yet.
    fn function(&mut self, stream: Option<Name>) -> Option<UseId> {
        let count = (SERVICES.len() * FUNCTIONS.len()) as u32;
        let filling =
            stream.and_then(|stream| self.scope.grower(stream).values).and_then(|values| self.uses.function(values));
        let function = match filling {
            Some(function) if self.choices.below(4) < 3 => function,
            _ => {
                let start = self.choices.below(count);
                let unused = |function: &u32| !self.uses.is_called(*function);
                (start..count).chain(0..start).take(4).find(unused).unwrap_or(start)
            }
        };
        let [service, name] = [function / FUNCTIONS.len() as u32, function % FUNCTIONS.len() as u32];
        let literal = |run: &mut Self, position, text| {
            let class = run.class(position, run.readable());
            let is_literal = class == Class::String || run.is_careful && run.choices.below(4) > 0;
            let draft = if is_literal { Draft::Text(text) } else { run.draft_of(position, class).0 };
            run.write(draft);
            matches!(draft, Draft::Text(_))
        };
        let is_known = literal(self, Position::Service, SERVICES[service as usize]);
        (literal(self, Position::Function, FUNCTIONS[name as usize]) && is_known)
            .then(|| self.uses.of_function(function))
    }

    fn canon(&mut self) {
        self.read_operand(Position::Peer);
        let (source, _) = self.read_operand(Position::CanonSource);
        let position = match source {
            Draft::Variable(Name { sort: Sort::Map, .. }, _) => Position::CanonMapTarget,
            _ => Position::CanonTarget,
        };
        let target = self.target_of(position);
        self.write(Draft::variable(target));
        let origin = match (source, target.sort) {
            (Draft::Variable(source, _), Sort::Canon | Sort::CanonMap) if self.is_lexical => {
                let source = self.scope.grower(source);
                let elements = match target.sort {
                    Sort::CanonMap => Some(self.uses.entry_of(source.values)),
                    _ => source.values,
                };
                if let (Some(key), Sort::CanonMap) = (source.key, target.sort) {
                    self.keys.push((target, key, source.values));
                }
                source.is_sure.then(|| self.uses.list_of(elements))
            }
            _ => None,
        };
        self.show(target, origin);
    }

    /// From here on the name can be read.
    fn show(&mut self, name: Name, origin: Option<UseId>) {
        if self.is_lexical {
            self.scope.show(name, origin, self.at.is_sure);
        }
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
        // Only the innermost one: an outer one that goes on in each iteration of an inner one takes exponential time.
        let innermost = self.scope.folds.len();
        let free = move |&(at, fold): &(usize, &names::Fold)| {
            at + 1 == innermost && fold.next == NextOf::Free && (fold.over.is_none() || at >= barrier)
        };
        self.scope.near_folds().filter(free).map(|(at, _)| at)
    }

    /// The innermost fold over a stream or map, if it is near and no other one around is over the same: each of its
    /// values would make the inner one go through all of them again.
    fn recursive_fold(&self) -> Option<usize> {
        let (at, fold) = self.scope.near_folds().find(|(_, fold)| fold.over.is_some())?;
        let around = self.scope.folds.get(..at)?;
        (at < 16 && around.iter().all(|outer| outer.over != fold.over)).then_some(at)
    }

    /// Whether there is anything to fold over, and room for a fold.
    fn may_fold(&self) -> bool {
        let sorts = [Sort::Scalar, Sort::Stream, Sort::Map, Sort::Canon, Sort::CanonMap];
        self.scope.folds.len() < self.config.fold_depth_max as usize
            && sorts.into_iter().any(|sort| !self.scope.visible(sort).is_empty())
    }

    /// A comparison that holds, unless some `xor` may catch that it does not.
    fn compare(&mut self, kind: Kind, slot: Slot) {
        built(self.builder.open(kind));
        let mut body = slot.child(slot.budget - 1);
        let (left, _) = self.read_operand(Position::Comparand);
        let decided = self.is_lexical && (self.is_careful && !slot.guarded || slot.must_fail);
        if decided {
            let holds = !slot.must_fail || slot.debt.is_some();
            let right = if holds == (kind == Kind::Match) { left } else { Draft::Text(RECURSION_END) };
            self.write(right);
        } else {
            self.read_operand(Position::Comparand);
            body.is_sure = false;
        }
        self.work.extend([Task::Close, Task::Instruction(body)]);
    }

    fn pair(&mut self, kind: Kind, slot: Slot) {
        built(self.builder.open(kind));
        let (left, right) = self.split(slot.budget - 1);
        let (mut left, mut right) = (slot.child(left), slot.child(right));
        match kind {
            Kind::Xor => {
                left.must_fail =
                    self.is_lexical && self.features.errors && self.choices.chance(self.config.failing_percent, 100);
                right.is_sure &= left.must_fail;
            }
            Kind::Seq => {
                left.is_awaited = true;
                left.must_fail = false;
            }
            _ => right.is_awaited = false,
        }
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
        let (iterable, origin) = self.read_operand(Position::Iterable);
        let inside = self.scope.folds.len();
        let mut body = slot;
        let mut ends = false;
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
            let items = match iterable {
                Draft::Variable(name @ Name { sort: Sort::Stream, .. }, _) => self.scope.grower(name).values,
                Draft::Variable(name @ Name { sort: Sort::Map, .. }, _) => {
                    let values = self.scope.grower(name).values;
                    Some(self.uses.entry_of(values))
                }
                _ => origin.map(|list| self.uses.elements(list)),
            };
            body.is_sure &= over.map_or(origin.is_some(), |over| self.scope.grower(over).is_sure);
            self.scope.show(iterator, items, body.is_sure);
            body.debt = slot.debt.or(owes.then_some(inside));
            body.must_fail &= body.debt.is_none();
            // Where the values of a stream end, nobody knows; so that what comes after runs, each must end by itself.
            ends = over.is_some() && owes && slot.is_awaited;
            Task::CloseFold
        } else {
            let iterator = self.any_name(Sort::Iterator);
            self.write(Draft::variable(iterator));
            Task::Close
        };
        self.work.push(close);
        let small = ends && slot.budget < 4;
        if slot.budget >= 3 && (small || self.choices.chance(self.config.last_percent, 100)) {
            let (first, last) = self.split(slot.budget - 1);
            self.work.push(Task::Instruction(slot.without_debt().child(last)));
            self.work.push(Task::Instruction(body.child(first)));
        } else {
            let body = body.child(slot.budget - 1);
            self.work.push(Task::Instruction(Slot { must_part: ends, ..body }));
        }
    }

    /// `(seq (xor (mismatch i "end" (ap "end" $s)) (null)) …)` inside of `(fold $s i …)`: each value puts one more into
    /// the stream, the value that ends it.
    fn recursion(&mut self, fold: usize, slot: Slot) {
        let names::Fold { iterator, over, .. } = self.scope.folds[fold];
        let Some(over) = over else { unreachable!("recursion is through streams and maps") };
        built(self.builder.open(Kind::Seq));
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
        built(self.builder.open(Kind::Null));
        built(self.builder.close());
        built(self.builder.close());
        self.scope.grower_mut(over).values = None;
        self.work.extend([Task::Close, Task::Instruction(slot.child(slot.budget - 5))]);
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
