//! Which operands each place of an instruction takes: the operand tables of AIR.
//!
//! One table serves the parser, the tree builder and the generators: [`Position::accepts`].

use super::{Lens, Value, VariableKind};
use std::fmt;

/// What an operand is, as far as the grammar is concerned.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Class {
    /// `"text"`
    String,
    /// `-7`
    Integer,
    /// `2.5`
    Float,
    /// `true`, `false`
    Boolean,
    /// `[]`
    EmptyArray,
    /// `%init_peer_id%`
    InitPeerId,
    /// `%timestamp%`, `%ttl%`
    Clock,
    /// `%last_error%`
    LastError,
    /// `%last_error%` with a lens
    LastErrorLens,
    /// `:error:`
    Error,
    /// `:error:` with a lens
    ErrorLens,
    /// `name`
    Scalar,
    /// `name` with a lens
    ScalarLens,
    /// `$name`
    Stream,
    /// `%name`
    Map,
    /// `$name` or `%name` with a lens, which nothing takes
    StreamLens,
    /// `#name`, `#$name`
    Canon,
    /// `#name` with a lens
    CanonLens,
    /// `#%name`
    CanonMap,
    /// `#%name` with a lens
    CanonMapLens,
}

impl Class {
    /// Every class, in the order of the operand table.
    pub const ALL: [Self; 20] = [
        Self::String,
        Self::Integer,
        Self::Float,
        Self::Boolean,
        Self::EmptyArray,
        Self::InitPeerId,
        Self::Clock,
        Self::LastError,
        Self::LastErrorLens,
        Self::Error,
        Self::ErrorLens,
        Self::Scalar,
        Self::ScalarLens,
        Self::Stream,
        Self::Map,
        Self::StreamLens,
        Self::Canon,
        Self::CanonLens,
        Self::CanonMap,
        Self::CanonMapLens,
    ];

    /// The class of a value.
    pub const fn of(value: &Value) -> Self {
        match value {
            Value::String(_) => Self::String,
            Value::Integer(_) => Self::Integer,
            Value::Float(_) => Self::Float,
            Value::Boolean(_) => Self::Boolean,
            Value::EmptyArray => Self::EmptyArray,
            Value::InitPeerId => Self::InitPeerId,
            Value::Timestamp | Value::Ttl => Self::Clock,
            Value::LastError(lens) => Self::with_lens(*lens, Self::LastError, Self::LastErrorLens),
            Value::Error(lens) => Self::with_lens(*lens, Self::Error, Self::ErrorLens),
            Value::Variable(variable) => Self::of_variable(variable.kind, !variable.lens.is_none()),
        }
    }

    /// The class of a variable of this kind, with or without lens.
    pub const fn of_variable(kind: VariableKind, lens: bool) -> Self {
        match (kind, lens) {
            (VariableKind::Scalar, false) => Self::Scalar,
            (VariableKind::Scalar, true) => Self::ScalarLens,
            (VariableKind::Stream, false) => Self::Stream,
            (VariableKind::Map, false) => Self::Map,
            (VariableKind::Stream | VariableKind::Map, true) => Self::StreamLens,
            (VariableKind::Canon, false) => Self::Canon,
            (VariableKind::Canon, true) => Self::CanonLens,
            (VariableKind::CanonMap, false) => Self::CanonMap,
            (VariableKind::CanonMap, true) => Self::CanonMapLens,
        }
    }

    const fn with_lens(lens: Lens, without: Self, with: Self) -> Self {
        if lens.is_none() { without } else { with }
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The class in words, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Float => "a float",
            Self::Boolean => "a boolean",
            Self::EmptyArray => "`[]`",
            Self::InitPeerId => "`%init_peer_id%`",
            Self::Clock => "`%timestamp%` or `%ttl%`",
            Self::LastError => "`%last_error%`",
            Self::LastErrorLens => "`%last_error%` with a lens",
            Self::Error => "`:error:`",
            Self::ErrorLens => "`:error:` with a lens",
            Self::Scalar => "a scalar",
            Self::ScalarLens => "a scalar with a lens",
            Self::Stream => "a stream",
            Self::Map => "a stream map",
            Self::StreamLens => "a stream or stream map with a lens",
            Self::Canon => "a canon",
            Self::CanonLens => "a canon with a lens",
            Self::CanonMap => "a canon map",
            Self::CanonMapLens => "a canon map with a lens",
        }
    }
}

/// A set of operand classes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Classes(u32);

impl Classes {
    const fn new(classes: &[Class]) -> Self {
        let mut bits = 0;
        let mut rest = classes;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the class is in the set.
    pub const fn contains(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// The classes of the set, in the order of the operand table.
    pub fn iter(self) -> impl Iterator<Item = Class> {
        Class::ALL.into_iter().filter(move |&class| self.contains(class))
    }
}

impl fmt::Debug for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Class::words).collect();
        match words.as_slice() {
            [] => f.write_str("nothing"),
            [one] => f.write_str(one),
            [first @ .., last] => write!(f, "{} or {last}", first.join(", ")),
        }
    }
}

/// A place of an operand in an instruction: a column of the operand table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum Position {
    /// The peer of `call` and `canon`.
    Peer,
    /// The service of `call`.
    Service,
    /// The function of `call`.
    Function,
    /// An argument of `call`.
    Argument,
    /// An operand of `match` or `mismatch`.
    Comparand,
    /// The source of `ap`.
    Source,
    /// The value of a map insert.
    MapValue,
    /// The key of a map insert.
    Key,
    /// The output of `call`.
    Output,
    /// The target of `ap`.
    Target,
    /// The target of a map insert.
    MapTarget,
    /// The source of `canon`.
    CanonSource,
    /// The target of the `canon` of a stream.
    CanonTarget,
    /// The target of the `canon` of a stream map.
    CanonMapTarget,
    /// The iterable of `fold`.
    Iterable,
    /// The iterator of `fold` and `next`.
    Iterator,
    /// The operand of `new`.
    New,
    /// The single operand of `fail`, or the code of a literal one.
    Fail,
    /// The text of a literal `fail`.
    FailText,
}

impl Position {
    /// Every position.
    pub const ALL: [Self; 19] = [
        Self::Peer,
        Self::Service,
        Self::Function,
        Self::Argument,
        Self::Comparand,
        Self::Source,
        Self::MapValue,
        Self::Key,
        Self::Output,
        Self::Target,
        Self::MapTarget,
        Self::CanonSource,
        Self::CanonTarget,
        Self::CanonMapTarget,
        Self::Iterable,
        Self::Iterator,
        Self::New,
        Self::Fail,
        Self::FailText,
    ];

    /// The operands that this position takes.
    pub const fn accepts(self) -> Classes {
        use Class::*;
        const NAME: Classes = Classes::new(&[String, Scalar, ScalarLens, CanonLens, CanonMapLens]);
        const CONSTANT: Classes = Classes::new(&[String, Integer, Float, Boolean, EmptyArray, InitPeerId, Clock]);
        const ERROR: Classes = Classes::new(&[LastError, LastErrorLens, Error, ErrorLens]);
        const SOURCE: Classes = CONSTANT.and(ERROR).and(NAME).and(Classes::new(&[Canon]));
        const ARGUMENT: Classes = SOURCE.and(Classes::new(&[CanonMap]));
        match self {
            Self::Peer => NAME.and(Classes::new(&[InitPeerId])),
            Self::Service | Self::Function => NAME,
            Self::Argument | Self::Comparand => ARGUMENT,
            Self::Source | Self::MapValue => SOURCE,
            Self::Key => Classes::new(&[String, Integer, Scalar, ScalarLens, CanonLens]),
            Self::Output | Self::Target => Classes::new(&[Scalar, Stream]),
            Self::MapTarget => Classes::new(&[Map]),
            Self::CanonSource => Classes::new(&[Stream, Map]),
            Self::CanonTarget => Classes::new(&[Canon]),
            Self::CanonMapTarget => Classes::new(&[CanonMap, Scalar]),
            Self::Iterable => {
                Classes::new(&[EmptyArray, Scalar, ScalarLens, Stream, Map, Canon, CanonMap, CanonMapLens])
            }
            Self::Iterator => Classes::new(&[Scalar]),
            Self::New => Classes::new(&[Scalar, Stream, Map, Canon, CanonMap]),
            Self::Fail => Classes::new(&[Integer, LastError, Error, Scalar, ScalarLens, CanonLens]),
            Self::FailText => Classes::new(&[String]),
        }
    }

    /// Whether an operand here gives its name a value, rather than reading it.
    pub const fn defines(self) -> bool {
        matches!(
            self,
            Self::Output
                | Self::Target
                | Self::MapTarget
                | Self::CanonTarget
                | Self::CanonMapTarget
                | Self::Iterator
                | Self::New
        )
    }

    /// The position in words, with its article.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Peer => "a peer",
            Self::Service => "a service",
            Self::Function => "a function",
            Self::Argument => "an argument",
            Self::Comparand => "an operand to compare",
            Self::Source => "the source of `ap`",
            Self::MapValue => "the value of a map entry",
            Self::Key => "the key of a map entry",
            Self::Output => "the output of `call`",
            Self::Target => "the target of `ap`",
            Self::MapTarget => "the stream map of an `ap` with a key",
            Self::CanonSource => "the source of `canon`",
            Self::CanonTarget => "the target of the `canon` of a stream",
            Self::CanonMapTarget => "the target of the `canon` of a stream map",
            Self::Iterable => "what `fold` goes through",
            Self::Iterator => "an iterator",
            Self::New => "the operand of `new`",
            Self::Fail => "the operand of `fail`",
            Self::FailText => "the text of `fail`",
        }
    }
}
