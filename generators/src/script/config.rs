//! Every knob of the script generator, and the profiles.

use airtight_engine::script::{Class, Kind, Position};
use std::ops::RangeInclusive;

/// Every knob of the script generator, where it applies.
///
/// Weights are relative to each other within their table; a weight of 0 turns its row off, as far as something else is
/// possible.
#[derive(Clone, Debug)]
pub struct ScriptConfig {
    /// Where names come from, and whether the static rules are kept.
    pub scoping: Scoping,
    /// How many instructions a script has; larger ones within the range are more probable.
    pub size: RangeInclusive<u32>,
    /// How deep instructions nest at most; deeper ones are leaves.
    pub depth_max: u32,
    /// How many folds stand in each other at most, where static rules are kept.
    pub fold_depth_max: u32,
    /// How many different peers are named in string literals.
    pub peers: u32,
    /// Out of how many names of each kind one is drawn, with [`Scoping::Anywhere`].
    pub names: u32,
    /// How many arguments a `call` has at most.
    pub arguments_max: u32,
    /// How many steps a lens has at most; at most four.
    pub steps_max: u32,
    /// Of 100 literals, how many are unusual ones: empty, long, Unicode, extreme.
    pub odd_literal_percent: u32,
    /// Of 100 `call`s, how many have an output.
    pub output_percent: u32,
    /// Of 100 folds with room for it, how many have a last instruction.
    pub last_percent: u32,
    /// Of 100 folds, how many are sure to have a `next`, where static rules are kept.
    pub next_percent: u32,
    /// Of 100 `fail`s and comparisons drawn outside of any `xor`, how many stay, where static rules are kept; and of 100
    /// instructions there, how many may fail by what they read.
    pub unguarded_percent: u32,
    /// Of 100 instructions inside of the left part of some `xor`, how many may fail by what they read, where static rules
    /// are kept.
    pub careless_percent: u32,
    /// Of 100 `xor`s, how many have a left part that ends with a failure, where static rules are kept.
    pub failing_percent: u32,
    /// Of 100 scripts, how many turn each of the [`Features`] off with a chance of one half.
    pub swarm_percent: u32,
    /// Which features may occur at all.
    pub features: Features,
    /// How instructions are spread over their parents; one shape per script.
    pub shapes: ShapeWeights,
    /// Which instructions.
    pub instructions: InstructionWeights,
    /// Which operands.
    pub operands: OperandWeights,
    /// Which steps in lenses.
    pub lenses: LensWeights,
    /// Which names; one vocabulary per script.
    pub vocabularies: VocabularyWeights,
}

/// Where names come from, and whether the static rules are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scoping {
    /// Reads are of names in scope, all static rules are kept, and every run ends: where a fold over a stream writes to
    /// that stream again, it does so once for each value.
    Lexical {
        /// Of 100 reads, how many are of any name defined before in textual order, in scope or not.
        stray_percent: u32,
        /// Of 100 assignments of scalars and canons, how many are of a name that has a value already.
        reassign_percent: u32,
    },
    /// Any name anywhere: the grammar is kept and nothing else.
    Anywhere,
}

macro_rules! table {
    ($(#[$doc:meta])* $name:ident: $type:ty { $($(#[$row_doc:meta])* $row:ident = $default:expr,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $name { $($(#[$row_doc])* pub $row: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($row: $default,)* }
            }
        }

        impl $name {
            /// The rows in their order, the simplest first.
            pub const fn rows(&self) -> [$type; [$(stringify!($row)),*].len()] {
                [$(self.$row),*]
            }
        }
    };
}

table! {
    /// What may occur in a script; each is a switch that a swarm turns.
    Features: bool {
        /// Streams.
        streams = true,
        /// Stream maps.
        maps = true,
        /// Canons and canon maps.
        canons = true,
        /// Lenses.
        lenses = true,
        /// `par`.
        parallel = true,
        /// `xor`.
        catching = true,
        /// `fail`, `%last_error%` and `:error:`.
        errors = true,
        /// `match` and `mismatch`.
        comparisons = true,
        /// `fold` and `next`.
        folds = true,
        /// `new`.
        scopes = true,
        /// `never`.
        waiting = true,
    }
}

table! {
    /// How the instructions of a pair are spread over its two parts.
    ShapeWeights: u32 {
        /// Any share left and right.
        any = 6,
        /// One or two instructions left, the others right: as compilers write statements.
        right = 3,
        /// One or two instructions right, the others left.
        left = 1,
    }
}

table! {
    /// Which instructions. Leaves compete with leaves where one instruction is left to place, the others with each
    /// other where more are.
    InstructionWeights: u32 {
        /// `(null)`
        null = 1,
        /// `(ap source target)`
        assign = 9,
        /// `(call …)`
        call = 32,
        /// `(ap (key value) %map)`
        insert = 6,
        /// `(canon …)`
        canon = 8,
        /// `(next …)`, beside those that folds are sure to have
        next = 2,
        /// `(fail …)`
        fail = 3,
        /// `(never)`
        never = 1,
        /// `(seq …)`
        seq = 30,
        /// `(par …)`
        par = 12,
        /// `(xor …)`
        xor = 8,
        /// `(match …)`
        match_equal = 2,
        /// `(mismatch …)`
        mismatch = 2,
        /// `(new …)`
        new = 3,
        /// `(fold …)`
        fold = 14,
        /// A fold inside of which an outer one goes on, so that it starts again; where static rules are kept.
        reentrant_fold = 1,
        /// A comparison that lets each value of a fold over a stream put one more value into that stream, and what comes
        /// after it; where static rules are kept.
        recursion = 12,
    }
}

impl InstructionWeights {
    /// The weight of an instruction.
    pub const fn of(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Call => self.call,
            Kind::Assign => self.assign,
            Kind::Insert => self.insert,
            Kind::Canon => self.canon,
            Kind::Seq => self.seq,
            Kind::Par => self.par,
            Kind::Xor => self.xor,
            Kind::Match => self.match_equal,
            Kind::Mismatch => self.mismatch,
            Kind::Fold => self.fold,
            Kind::Next => self.next,
            Kind::New => self.new,
            Kind::Fail => self.fail,
            Kind::Null => self.null,
            Kind::Never => self.never,
        }
    }
}

table! {
    /// Which steps in lenses.
    LensWeights: u32 {
        /// `.name`
        field = 6,
        /// `.[7]`
        index = 5,
        /// `.[name]`
        scalar = 2,
        /// `.length`, which is a lens of its own
        length = 2,
    }
}

table! {
    /// Which names; one vocabulary per script.
    VocabularyWeights: u32 {
        /// `x`, `$s`, `#$c`: short ones.
        letters = 5,
        /// `user`, `$inbox`: as people write them.
        words = 3,
        /// `тема-2`, `$Ünïcödé`: letters and digits of any alphabet.
        unicode = 1,
        /// `2nd`, `--x`, `+q`, `#c`: what is only just a name.
        odd = 1,
    }
}

/// Weights of some classes.
type Row = &'static [(Class, u32)];

const CLASSES: usize = Class::ALL.len();
const POSITIONS: usize = Position::ALL.len();

/// Which operands, by position and class.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperandWeights {
    table: [[u32; CLASSES]; POSITIONS],
}

impl OperandWeights {
    /// The weight of this class of operand at this position; 0 where the grammar does not take it.
    pub const fn of(&self, position: Position, class: Class) -> u32 {
        if position.accepts().contains(class) { self.table[position as usize][class as usize] } else { 0 }
    }

    /// Sets the weight of this class of operand at this position.
    pub const fn set(&mut self, position: Position, class: Class, weight: u32) {
        self.table[position as usize][class as usize] = weight;
    }

    /// Every class at every position that takes it, alike.
    pub const fn even() -> Self {
        Self { table: [[1; CLASSES]; POSITIONS] }
    }

    /// Mostly what scripts are made of: strings and variables.
    pub fn usual() -> Self {
        use Class as C;
        use Position as P;
        const VALUES: &[(C, u32)] = &[(C::String, 8), (C::Integer, 5), (C::Scalar, 30), (C::ScalarLens, 12)];
        const KEYS: &[(C, u32)] = &[(C::String, 12), (C::Integer, 3), (C::Scalar, 8), (C::ScalarLens, 2)];
        const CANONS: &[(C, u32)] = &[(C::Canon, 12), (C::CanonLens, 10), (C::CanonMap, 6), (C::CanonMapLens, 10)];
        const PEERS: &[(C, u32)] = &[(C::String, 24), (C::InitPeerId, 3), (C::Scalar, 8), (C::ScalarLens, 3)];
        const NAMES: &[(C, u32)] = &[(C::String, 96)];
        const ITERABLES: &[(C, u32)] = &[(C::Stream, 12), (C::Map, 6), (C::Scalar, 5), (C::ScalarLens, 2)];
        const TARGETS: &[(C, u32)] = &[(C::Scalar, 3), (C::Stream, 4)];
        const NEWS: &[(C, u32)] = &[(C::Scalar, 1), (C::Stream, 5), (C::Map, 2), (C::Canon, 2)];
        const ERRORS: &[(C, u32)] = &[(C::Integer, 6), (C::LastError, 3), (C::Error, 3), (C::Scalar, 2)];
        const ROWS: [(P, &[Row]); 13] = [
            (P::Peer, &[PEERS]),
            (P::Service, &[NAMES]),
            (P::Function, &[NAMES]),
            (P::Argument, &[VALUES, CANONS]),
            (P::Comparand, &[VALUES, CANONS]),
            (P::Source, &[VALUES, CANONS]),
            (P::MapValue, &[VALUES, CANONS]),
            (P::Key, &[KEYS]),
            (P::Output, &[TARGETS]),
            (P::Target, &[TARGETS]),
            (P::Iterable, &[ITERABLES, CANONS]),
            (P::New, &[NEWS]),
            (P::Fail, &[ERRORS]),
        ];
        const RARE: [(C, &[(P, u32)]); 3] = [
            (C::CanonLens, &[(P::Service, 8), (P::Function, 8), (P::Key, 8), (P::Fail, 8)]),
            (C::CanonMap, &[(P::CanonMapTarget, 4), (P::Argument, 14), (P::Comparand, 80), (P::Iterable, 40)]),
            (
                C::CanonMapLens,
                &[
                    (P::Peer, 40),
                    (P::Service, 80),
                    (P::Function, 80),
                    (P::Argument, 20),
                    (P::Comparand, 200),
                    (P::Source, 30),
                    (P::MapValue, 100),
                    (P::Iterable, 60),
                ],
            ),
        ];
        let mut weights = Self::even();
        for (position, lists) in ROWS {
            for &(class, weight) in lists.iter().copied().flatten() {
                weights.set(position, class, weight);
            }
        }
        // Few scripts have a canon to read, and fewer a canon map: those that have one read it wherever they can.
        for (class, positions) in RARE {
            for &(position, weight) in positions {
                weights.set(position, class, weight);
            }
        }
        weights
    }
}

impl ScriptConfig {
    /// Scripts that pass all static rules, end, and do something when they are run.
    pub fn valid() -> Self {
        Self {
            scoping: Scoping::Lexical { stray_percent: 1, reassign_percent: 3 },
            size: 1..=24,
            depth_max: 64,
            fold_depth_max: 4,
            peers: 3,
            names: 4,
            arguments_max: 3,
            steps_max: 2,
            odd_literal_percent: 8,
            output_percent: 75,
            last_percent: 25,
            next_percent: 85,
            unguarded_percent: 4,
            careless_percent: 25,
            failing_percent: 50,
            swarm_percent: 20,
            features: Features::default(),
            shapes: ShapeWeights::default(),
            instructions: InstructionWeights::default(),
            operands: OperandWeights::usual(),
            lenses: LensWeights::default(),
            vocabularies: VocabularyWeights::default(),
        }
    }

    /// Scripts of a few instructions that pass all static rules.
    pub fn small() -> Self {
        Self { size: 1..=8, arguments_max: 2, ..Self::valid() }
    }

    /// Valid scripts in which much goes on side by side, so that peers know different things when they meet.
    pub fn concurrent() -> Self {
        let instructions = InstructionWeights { par: 60, seq: 16, ..InstructionWeights::default() };
        Self { size: 5..=24, instructions, unguarded_percent: 1, ..Self::valid() }
    }

    /// Scripts that the grammar takes, with any operand wherever it takes that, and any names.
    pub fn grammatical() -> Self {
        Self {
            scoping: Scoping::Anywhere,
            odd_literal_percent: 30,
            steps_max: 4,
            operands: OperandWeights::even(),
            vocabularies: VocabularyWeights { letters: 1, words: 1, unicode: 1, odd: 1 },
            ..Self::valid()
        }
    }

    /// Valid scripts of hundreds of thousands of instructions, some of them nested almost as deep.
    pub fn big() -> Self {
        Self {
            size: 1..=400_000,
            depth_max: 400_000,
            fold_depth_max: 1_000,
            peers: 40,
            swarm_percent: 0,
            shapes: ShapeWeights { any: 1, right: 1, left: 1 },
            ..Self::valid()
        }
    }
}
