//! Operands: which class, which literal, which name, which lens.

use super::config::Scoping;
use super::names::{Name, Sort, Visible, fits_lens};
use super::uses::{Demand, UseId};
use super::{Run, built};
use crate::Choices;
use airtight_engine::script::{Class, Item, Position, Step};

/// The most steps that a lens can have.
const STEPS_MAX: usize = 4;
/// The value that folds write to their own stream, and never for itself.
pub(super) const RECURSION_END: &str = "end";

const PEERS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "frank"];
pub(super) const SERVICES: [&str; 4] = ["math", "db", "net", "auth"];
pub(super) const FUNCTIONS: [&str; 12] =
    ["id", "list", "get", "put", "fail", "hash", "add", "next", "peers", "find", "sign", "echo"];
const TEXTS: [&str; 6] = ["a", "b", "ok", "done", "stop", "k"];
const ODD_TEXTS: [&str; 14] = [
    "",
    " ",
    "line\nfeed",
    "(;[)]",
    "; no comment",
    "ключ",
    "back\\slash\\",
    "tab\tand\r\n",
    "名前 \u{1f980}",
    "%init_peer_id%",
    "null",
    "\u{0}\u{feff}\u{2028}",
    "true",
    "a rather long text that is wider than a line would be if it were made of several arguments, and of more than that",
];
const INTEGERS: [i64; 6] = [0, 1, 2, -1, 10, 10_004];
const ODD_INTEGERS: [i64; 8] =
    [i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1, u32::MAX as i64, 1 << 32, 1 << 53, (1 << 53) + 1];
const FLOATS: [f64; 4] = [0.0, 1.0, 2.5, -0.5];
const ODD_FLOATS: [f64; 12] = [
    -0.0,
    9_999_999_999.0,
    999_999_999.0,
    -999_999_999.0,
    99_999_999.5,
    0.000_000_001,
    -0.000_000_01,
    0.1,
    0.333_333_333,
    -0.999_999_99,
    123_456.789,
    1_000_000_000.0,
];
const FIELDS: [&str; 8] = ["value", "key", "name", "items", "peer", "id", "list", "status"];
const ODD_FIELDS: [&str; 16] = [
    "call",
    "null",
    "true",
    "length",
    "x-y_2",
    "-2",
    "_",
    "--",
    "длина",
    "été",
    "éta",
    "名",
    "Key",
    "fold",
    "a1",
    "next",
];
const ERROR_FIELDS: [&str; 4] = ["message", "error_code", "peer_id", "instruction"];
/// Whether this key of a map can stand in a lens as it is.
pub(super) fn is_plain_key(key: &str) -> bool {
    TEXTS.contains(&key)
}

const INDICES: [u32; 5] = [0, 1, 2, 7, u32::MAX];

/// What an operand will be, before its names are spelled.
#[derive(Clone, Copy, Debug)]
pub(super) enum Draft {
    Text(&'static str),
    /// The text in `Run::scratch`.
    Scratch,
    Integer(i64),
    Float(f64),
    Boolean(bool),
    EmptyArray,
    InitPeerId,
    Timestamp,
    Ttl,
    LastError(LensDraft),
    Error(LensDraft),
    Variable(Name, LensDraft),
}

impl Draft {
    pub(super) const fn variable(name: Name) -> Self {
        Self::Variable(name, LensDraft::NONE)
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LensDraft {
    steps: [StepDraft; STEPS_MAX],
    count: usize,
}

impl LensDraft {
    pub(super) const NONE: Self = Self { steps: [StepDraft::Length; STEPS_MAX], count: 0 };

    fn step(step: StepDraft) -> Self {
        let mut lens = Self::NONE;
        lens.push(step);
        lens
    }

    pub(super) fn field(name: &'static str) -> Self {
        Self::step(StepDraft::Field(name))
    }

    fn push(&mut self, step: StepDraft) {
        self.steps[self.count] = step;
        self.count += 1;
    }
}

#[derive(Clone, Copy, Debug)]
enum StepDraft {
    Length,
    Index(u32),
    Field(&'static str),
    Scalar(Name),
}

impl<C: Choices> Run<'_, C> {
    /// Draws and writes an operand that reads; returns it, and what its value is used as, if that is known.
    pub(super) fn read_operand(&mut self, position: Position) -> (Draft, Option<UseId>) {
        let class = self.class(position, self.readable());
        let (draft, origin) = self.draft_of(position, class);
        self.write(draft);
        (draft, origin)
    }

    /// An operand of this class, or of a simpler one if there is none of it that does here.
    pub(super) fn draft_of(&mut self, position: Position, class: Class) -> (Draft, Option<UseId>) {
        // Two peers first, then what else there is.
        let is_peer = position == Position::Peer && self.is_lexical && !self.peers.1;
        if is_peer && self.choices.below(8) < 7 {
            return self.literal(position);
        }
        if !self.is_careful {
            return (self.draft(position, class), None);
        }
        if let Some(found) = self.careful(position, class) {
            return found;
        }
        if position == Position::Iterable {
            // A stream is always a good thing to fold over.
            return match self.scope.visible(Sort::Stream).is_empty() || !self.features.streams {
                true => (Draft::EmptyArray, None),
                false => (Draft::variable(self.read(Sort::Stream)), None),
            };
        }
        if position == Position::Fail {
            return (self.draft(position, Class::Integer), None);
        }
        self.literal(position)
    }

    fn literal(&mut self, position: Position) -> (Draft, Option<UseId>) {
        let text = self.text(position);
        (text, Some(self.uses.fresh(if position == Position::Peer { Demand::Peer } else { Demand::Plain })))
    }

    /// An operand that neither fails nor waits for ever, as far as one can tell, and what its value is used as.
    fn careful(&mut self, position: Position, class: Class) -> Option<(Draft, Option<UseId>)> {
        let wanted = match position {
            Position::Peer => Demand::Peer,
            Position::Service | Position::Function | Position::Key => Demand::Plain,
            Position::Iterable => Demand::List,
            Position::Fail => Demand::Error,
            _ => Demand::Any,
        };
        match class {
            Class::String => Some(self.literal(position)),
            Class::Scalar | Class::Canon | Class::CanonMap => {
                let sort = match class {
                    Class::Canon => Sort::Canon,
                    Class::CanonMap => Sort::CanonMap,
                    _ => Sort::Scalar,
                };
                let found = self.find(sort, wanted)?;
                if let Some(origin) = found.origin {
                    self.uses.ask(origin, wanted);
                }
                Some((Draft::variable(found.name), found.origin))
            }
            Class::ScalarLens => {
                let found =
                    self.find(Sort::Scalar, Demand::Record).or_else(|| self.find(Sort::Scalar, Demand::List))?;
                let (lens, end) = self.path(found.origin?, LensDraft::NONE, wanted)?;
                Some((Draft::Variable(found.name, lens), Some(end)))
            }
            Class::CanonLens => {
                let found = self.find(Sort::Canon, Demand::List)?;
                if wanted == Demand::Any && self.choices.below(4) == 3 {
                    let length = LensDraft::step(StepDraft::Length);
                    return Some((Draft::Variable(found.name, length), Some(self.uses.fresh(Demand::Plain))));
                }
                let element = self.uses.elements(found.origin?);
                self.whole_or_part(found.name, LensDraft::step(StepDraft::Index(0)), element, wanted)
            }
            Class::CanonMapLens => {
                let found = self.find(Sort::CanonMap, Demand::List)?;
                let key = self.keys.iter().rev().find(|(name, ..)| *name == found.name).copied();
                let Some((name, key, values)) = key else {
                    let length = LensDraft::step(StepDraft::Length);
                    let number = self.uses.fresh(Demand::Plain);
                    return (wanted == Demand::Any).then_some((Draft::Variable(found.name, length), Some(number)));
                };
                let list = self.uses.list_of(values);
                self.whole_or_part(name, LensDraft::field(key), list, wanted)
            }
            Class::LastErrorLens | Class::ErrorLens => {
                let lens = LensDraft::field(self.choices.pick(&["message", "error_code"]));
                let draft = if class == Class::ErrorLens { Draft::Error(lens) } else { Draft::LastError(lens) };
                Some((draft, Some(self.uses.fresh(Demand::Plain))))
            }
            Class::LastError | Class::Error => {
                Some((self.draft(position, class), Some(self.uses.fresh(Demand::Error))))
            }
            Class::Stream | Class::Map => Some((self.draft(position, class), None)),
            _ => {
                let plain = self.uses.fresh(if class == Class::InitPeerId { Demand::Peer } else { Demand::Plain });
                Some((self.draft(position, class), Some(plain)))
            }
        }
    }

    /// The end of a lens, or what comes after it.
    fn whole_or_part(
        &mut self,
        name: Name,
        lens: LensDraft,
        end: UseId,
        wanted: Demand,
    ) -> Option<(Draft, Option<UseId>)> {
        if self.uses.fits(end, wanted) && self.choices.below(3) < 2 {
            self.uses.ask(end, wanted);
            return Some((Draft::Variable(name, lens), Some(end)));
        }
        let (lens, end) = self.path(end, lens, wanted)?;
        Some((Draft::Variable(name, lens), Some(end)))
    }

    /// A name whose value can be used so and is there whenever this place is reached; recent ones are simpler.
    fn find(&mut self, sort: Sort, wanted: Demand) -> Option<Visible> {
        const TRIES: usize = 8;
        let count = self.scope.visible(sort).len();
        if count == 0 {
            return None;
        }
        let start = self.choices.below(count as u32) as usize;
        let known = self.scope.visible(sort);
        (start..count).chain(0..start).take(TRIES).map(|back| known[count - 1 - back]).find(|known| {
            (known.is_sure || !self.at.is_sure)
                && known.origin.map_or(wanted == Demand::Any, |origin| self.uses.fits(origin, wanted))
        })
    }

    /// More steps of a lens, from a value with this use to one that is used as wanted.
    fn path(&mut self, mut at: UseId, mut lens: LensDraft, wanted: Demand) -> Option<(LensDraft, UseId)> {
        let steps = self.choices.range(1..self.config.steps_max.clamp(1, STEPS_MAX as u32) + 1);
        for _ in 0..steps {
            if lens.count == STEPS_MAX {
                break;
            }
            let (record, list) = (self.uses.fits(at, Demand::Record), self.uses.fits(at, Demand::List));
            let config = self.config.lenses;
            let when = |on: bool, weight: u32| if on { weight } else { 0 };
            let is_short = self.uses.demand(at) == Demand::ShortList;
            let rows = [
                when(record, config.field),
                when(list, config.index),
                when(list && !is_short, config.scalar),
                when(list && lens.count == 0 && wanted == Demand::Any, config.length),
            ];
            if rows.iter().sum::<u32>() == 0 {
                break;
            }
            match self.choices.weighted(&rows) {
                3 => {
                    self.uses.ask(at, Demand::List);
                    lens.push(StepDraft::Length);
                    return Some((lens, self.uses.fresh(Demand::Plain)));
                }
                0 => {
                    let field = if self.is_odd() { self.choices.pick(&ODD_FIELDS) } else { self.choices.pick(&FIELDS) };
                    // An entry of a map has two fields and no others.
                    let field = if self.uses.is_entry(at) { self.choices.pick(&["value", "key"]) } else { field };
                    at = self.uses.field(at, field);
                    lens.push(StepDraft::Field(field));
                }
                step => {
                    let index = if is_short { 0 } else { self.choices.below(3) };
                    at = self.uses.elements(at);
                    let number = if step == 2 { self.find(Sort::Scalar, Demand::Index) } else { None };
                    let number = number.filter(|number| {
                        self.vocabulary.learn(number.name);
                        fits_lens(self.vocabulary.spell(number.name))
                    });
                    match number {
                        Some(Visible { name, origin: Some(origin), .. }) => {
                            self.uses.ask(origin, Demand::Index);
                            lens.push(StepDraft::Scalar(name));
                        }
                        _ => lens.push(StepDraft::Index(index)),
                    }
                }
            }
        }
        if lens.count == 0 || !self.uses.fits(at, wanted) {
            return None;
        }
        self.uses.ask(at, wanted);
        Some((lens, at))
    }

    /// Draws a class that this position takes, out of the ones allowed; one that can always be written if there is none.
    pub(super) fn class(&mut self, position: Position, allowed: u32) -> Class {
        let rows = &self.tables.operands[position as usize];
        let weight = |&(class, weight): &(Class, u32)| if allowed & (1 << class as u32) == 0 { 0 } else { weight };
        let total = rows.iter().map(weight).sum();
        if total == 0 {
            return match position {
                Position::Iterable => Class::EmptyArray,
                Position::Fail => Class::Integer,
                Position::Output | Position::Target | Position::New | Position::Iterator => Class::Scalar,
                Position::CanonMapTarget => Class::CanonMap,
                Position::CanonTarget => Class::Canon,
                Position::CanonSource => Class::Stream,
                Position::MapTarget => Class::Map,
                _ => Class::String,
            };
        }
        let mut choice = self.choices.below(total);
        for row in rows {
            match choice.checked_sub(weight(row)) {
                None => return row.0,
                Some(rest) => choice = rest,
            }
        }
        Class::String
    }

    /// The classes that can be read here, as bits.
    pub(super) fn readable(&self) -> u32 {
        const fn bits(classes: &[Class]) -> u32 {
            let mut bits = 0;
            let mut rest = classes;
            while let [first, others @ ..] = rest {
                bits |= 1 << *first as u32;
                rest = others;
            }
            bits
        }
        let sorts = [
            (Sort::Scalar, const { bits(&[Class::Scalar, Class::ScalarLens]) }),
            (Sort::Stream, const { bits(&[Class::Stream]) }),
            (Sort::Map, const { bits(&[Class::Map]) }),
            (Sort::Canon, const { bits(&[Class::Canon, Class::CanonLens]) }),
            (Sort::CanonMap, const { bits(&[Class::CanonMap, Class::CanonMapLens]) }),
        ];
        let mut readable = self.classes;
        if self.is_lexical {
            for (sort, bits) in sorts {
                if self.scope.visible(sort).is_empty() {
                    readable &= !bits;
                }
            }
        }
        readable
    }

    fn draft(&mut self, position: Position, class: Class) -> Draft {
        match class {
            Class::String => self.text(position),
            Class::Integer => Draft::Integer(self.integer(position)),
            Class::Float => Draft::Float(self.float()),
            Class::Boolean => Draft::Boolean(self.choices.below(2) == 1),
            Class::EmptyArray => Draft::EmptyArray,
            Class::InitPeerId => Draft::InitPeerId,
            Class::Clock if self.choices.below(2) == 0 => Draft::Timestamp,
            Class::Clock => Draft::Ttl,
            Class::LastError => Draft::LastError(LensDraft::NONE),
            Class::LastErrorLens => Draft::LastError(self.lens(&ERROR_FIELDS)),
            Class::Error => Draft::Error(LensDraft::NONE),
            Class::ErrorLens => Draft::Error(self.lens(&ERROR_FIELDS)),
            Class::Scalar => Draft::variable(self.read(Sort::Scalar)),
            Class::ScalarLens => {
                let name = self.read(Sort::Scalar);
                Draft::Variable(name, self.lens(&FIELDS))
            }
            Class::Stream | Class::StreamLens => Draft::variable(self.read(Sort::Stream)),
            Class::Map => Draft::variable(self.read(Sort::Map)),
            Class::Canon => Draft::variable(self.read(Sort::Canon)),
            Class::CanonLens => {
                let name = self.read(Sort::Canon);
                Draft::Variable(name, self.lens(&FIELDS))
            }
            Class::CanonMap => Draft::variable(self.read(Sort::CanonMap)),
            Class::CanonMapLens => {
                let name = self.read(Sort::CanonMap);
                Draft::Variable(name, self.lens(&FIELDS))
            }
        }
    }

    fn is_odd(&mut self) -> bool {
        self.choices.chance(self.config.odd_literal_percent, 100)
    }

    pub(super) fn text(&mut self, position: Position) -> Draft {
        match position {
            Position::Peer => return self.peer(),
            Position::Service => return Draft::Text(self.choices.pick(&SERVICES)),
            Position::Function => return Draft::Text(self.choices.pick(&FUNCTIONS)),
            _ => {}
        }
        if !self.is_odd() {
            // Peers travel as values too.
            let text = self.choices.below(TEXTS.len() as u32 + 2) as usize;
            return TEXTS.get(text).map_or_else(|| self.peer(), |text| Draft::Text(text));
        }
        if let Some(text) = ODD_TEXTS.get(self.choices.below(ODD_TEXTS.len() as u32 + 4) as usize) {
            return Draft::Text(text);
        }
        const LETTERS: [char; 16] =
            ['a', 'b', ' ', '\n', '(', ')', '[', ']', ';', '\\', '\'', '\u{e9}', '\u{3bb}', '$', '.', '\u{10ffff}'];
        self.scratch.clear();
        for _ in 0..self.choices.below(12) {
            let letter = self.choices.pick(&LETTERS);
            self.scratch.push(letter);
        }
        Draft::Scratch
    }

    fn peer(&mut self) -> Draft {
        use std::fmt::Write;
        let mut peer = self.choices.below(self.config.peers);
        if self.is_lexical {
            match self.peers {
                (None, _) => self.peers.0 = Some(peer),
                (Some(first), false) if first == peer && self.choices.below(8) < 7 => {
                    peer = (peer + 1) % self.config.peers.max(1);
                    self.peers.1 = true;
                }
                (Some(first), _) => self.peers.1 |= first != peer,
            }
        }
        match PEERS.get(peer as usize) {
            Some(peer) => Draft::Text(peer),
            None => {
                self.scratch.clear();
                let _ = write!(self.scratch, "peer-{peer}");
                Draft::Scratch
            }
        }
    }

    fn integer(&mut self, position: Position) -> i64 {
        let integer = if !self.is_odd() {
            match INTEGERS.get(self.choices.below(INTEGERS.len() as u32 + 2) as usize) {
                Some(&integer) => integer,
                None => i64::from(self.choices.below(2_000)) - 1_000,
            }
        } else {
            match ODD_INTEGERS.get(self.choices.below(ODD_INTEGERS.len() as u32 + 2) as usize) {
                Some(&integer) => integer,
                None => i64::from(self.choices.below(u32::MAX)) << self.choices.below(32),
            }
        };
        // Code 0 means no error.
        if position == Position::Fail && self.is_lexical && integer == 0 { 1 } else { integer }
    }

    fn float(&mut self) -> f64 {
        if self.is_odd() {
            return self.choices.pick(&ODD_FLOATS);
        }
        match FLOATS.get(self.choices.below(FLOATS.len() as u32 + 2) as usize) {
            Some(&float) => float,
            // At most `-2048.0625`: ten bytes.
            None => (f64::from(self.choices.below(1 << 16)) - 32_768.0) / 16.0,
        }
    }

    fn lens(&mut self, usual: &[&'static str]) -> LensDraft {
        let mut lens = LensDraft::NONE;
        let mut weights = self.config.lenses;
        if self.is_lexical && self.scope.visible(Sort::Scalar).is_empty() {
            weights.scalar = 0;
        }
        let steps = self.choices.range(1..self.config.steps_max.clamp(1, STEPS_MAX as u32) + 1);
        for _ in 0..steps {
            let step = match self.choices.weighted(&weights.rows()) {
                3 => {
                    lens.push(StepDraft::Length);
                    return lens;
                }
                2 => {
                    let name = self.read(Sort::Scalar);
                    self.vocabulary.learn(name);
                    match fits_lens(self.vocabulary.spell(name)) {
                        true => StepDraft::Scalar(name),
                        false => StepDraft::Field(usual[0]),
                    }
                }
                1 => StepDraft::Index(self.choices.pick(&INDICES)),
                _ if self.is_odd() => StepDraft::Field(self.choices.pick(&ODD_FIELDS)),
                _ => StepDraft::Field(self.choices.pick(usual)),
            };
            lens.push(step);
            weights.length = 0;
        }
        lens
    }

    /// A name to read, of which there must be one: recent ones are simpler.
    pub(super) fn read(&mut self, sort: Sort) -> Name {
        let Scoping::Lexical { stray_percent, .. } = self.config.scoping else { return self.any_name(sort) };
        if !self.is_careful && self.choices.chance(stray_percent, 100) {
            let defined = self.scope.defined(sort);
            if defined > 0 {
                return Name::new(sort, self.choices.below(defined));
            }
        }
        let visible = self.scope.visible(sort);
        visible[visible.len() - 1 - self.choices.below(visible.len() as u32) as usize].name
    }

    /// Any name of this sort, whatever the rules say.
    pub(super) fn any_name(&mut self, sort: Sort) -> Name {
        let sort = match sort {
            Sort::Scalar if self.choices.below(3) == 2 => Sort::Iterator,
            Sort::Iterator if self.choices.below(6) == 5 => Sort::Scalar,
            sort => sort,
        };
        Name::new(sort, self.choices.below(self.config.names))
    }

    /// A name to give a value to.
    pub(super) fn target(&mut self, sort: Sort) -> Name {
        let Scoping::Lexical { reassign_percent, .. } = self.config.scoping else { return self.any_name(sort) };
        let grows = matches!(sort, Sort::Stream | Sort::Map);
        if let Some(name) = self.scope.declared(sort)
            && self.choices.below(3) < 2
            && (!grows || self.scope.may_write(name))
        {
            if !grows {
                self.scope.settle(name);
            }
            return name;
        }
        let visible = self.scope.visible(sort);
        if !visible.is_empty()
            && (if grows { self.choices.below(4) < 3 } else { self.choices.chance(reassign_percent, 100) })
        {
            let name = visible[visible.len() - 1 - self.choices.below(visible.len() as u32) as usize].name;
            if name.sort == sort && (!grows || self.scope.may_write(name)) {
                return name;
            }
        }
        self.scope.fresh(sort)
    }

    /// Writes an operand of the innermost instruction, any but the output of a `call`.
    pub(super) fn write(&mut self, draft: Draft) {
        self.spelled(draft, |builder, item| built(builder.operand(item)));
    }

    /// Writes the output of a `call`.
    pub(super) fn write_output(&mut self, name: Name) {
        self.spelled(Draft::variable(name), |builder, item| built(builder.output(item)));
    }

    fn spelled(&mut self, draft: Draft, write: impl FnOnce(&mut airtight_engine::script::Builder, Item<'_>)) {
        let mut steps = [Step::Length; STEPS_MAX];
        let lens = match draft {
            Draft::LastError(lens) | Draft::Error(lens) => lens,
            Draft::Variable(name, lens) => {
                self.vocabulary.learn(name);
                lens
            }
            _ => LensDraft::NONE,
        };
        for (step, &draft) in steps.iter_mut().zip(&lens.steps[..lens.count]) {
            *step = match draft {
                StepDraft::Length => Step::Length,
                StepDraft::Index(index) => Step::Index(index),
                StepDraft::Field(name) => Step::Field(name),
                StepDraft::Scalar(name) => Step::Scalar(self.vocabulary.spell(name)),
            };
        }
        let steps = &steps[..lens.count];
        let item = match draft {
            Draft::Text(text) => Item::String(text),
            Draft::Scratch => Item::String(&self.scratch),
            Draft::Integer(integer) => Item::Integer(integer),
            Draft::Float(float) => Item::Float(float),
            Draft::Boolean(boolean) => Item::Boolean(boolean),
            Draft::EmptyArray => Item::EmptyArray,
            Draft::InitPeerId => Item::InitPeerId,
            Draft::Timestamp => Item::Timestamp,
            Draft::Ttl => Item::Ttl,
            Draft::LastError(_) => Item::LastError(steps),
            Draft::Error(_) => Item::Error(steps),
            Draft::Variable(name, _) => Item::Variable(self.vocabulary.spell(name), steps),
        };
        write(&mut self.builder, item);
    }
}
