//! Operands: literals, variables and their lenses.

use super::{Span, Symbol};
use std::ops::Range;

/// What an operand is.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// A string literal.
    String(Symbol),
    /// An integer literal.
    Integer(i64),
    /// A decimal literal: finite, and with a spelling of at most 11 bytes.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// `[]`
    EmptyArray,
    /// `%init_peer_id%`
    InitPeerId,
    /// `%timestamp%`
    Timestamp,
    /// `%ttl%`
    Ttl,
    /// `%last_error%`
    LastError(Lens),
    /// `:error:`
    Error(Lens),
    /// A variable.
    Variable(Variable),
}

impl PartialEq for Value {
    /// Equality of the written values: `0.0` and `-0.0` differ.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Integer(a), Self::Integer(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::LastError(a), Self::LastError(b)) | (Self::Error(a), Self::Error(b)) => a == b,
            (Self::Variable(a), Self::Variable(b)) => a == b,
            (Self::EmptyArray, Self::EmptyArray)
            | (Self::InitPeerId, Self::InitPeerId)
            | (Self::Timestamp, Self::Timestamp)
            | (Self::Ttl, Self::Ttl) => true,
            _ => false,
        }
    }
}

/// A variable, possibly seen through a lens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Variable {
    /// What kind, as its sigil tells.
    pub kind: VariableKind,
    /// The name with its sigil: the identity of the variable within its scope.
    pub name: Symbol,
    /// The part of the value that is meant.
    pub lens: Lens,
}

/// The kind of a variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum VariableKind {
    /// `name`: one value.
    Scalar,
    /// `$name`: a growing list of values.
    Stream,
    /// `%name`: a stream of entries, each with a key and a value.
    Map,
    /// `#name` or `#$name` (two variables): a stream as one peer fixed it.
    Canon,
    /// `#%name`: a stream map as one peer fixed it.
    CanonMap,
}

/// The lens of an operand; read it with [`Tree::lens`](super::Tree::lens).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lens {
    pub(super) first: u32,
    pub(super) count: u32,
}

impl Lens {
    /// No lens: the whole value.
    pub const NONE: Self = Self { first: 0, count: 0 };
    /// `.length`
    pub const LENGTH: Self = Self { first: 0, count: u32::MAX };

    /// Whether the operand is the whole value.
    pub const fn is_none(self) -> bool {
        self.count == 0
    }

    /// The ids of the accessors of a path.
    pub fn accessors(self) -> Range<usize> {
        let count = if self == Self::LENGTH { 0 } else { self.count };
        self.first as usize..(self.first + count) as usize
    }
}

/// The part of a value that a lens selects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LensView<'t> {
    /// The whole value.
    None,
    /// `.length`: the number of elements.
    Length,
    /// `.$` and at least one accessor, applied from left to right.
    Path(&'t [Accessor]),
}

/// One step of a lens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Accessor {
    /// `.[7]`: an element of an array.
    Index(u32),
    /// `.name`: a field of an object.
    Field(Symbol),
    /// `.[name]`: the element or field that the value of the scalar names.
    Scalar(Symbol),
}

/// One operand as stored.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// Its text, lens included; empty in trees that were not parsed.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

impl PartialEq for Operand {
    /// Equality but for places.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}
