//! Why bytes are not data, and where.

use super::form::FORMAT;
use super::id::ScriptHash;
use super::journal::JournalError;
use crate::value::JsonError;
use std::fmt;

/// A store, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreName {
    /// JSON values.
    Values,
    /// Tetraplets.
    Tetraplets,
    /// What calls came to.
    Calls,
    /// What canons were fixed to.
    Canons,
}

impl fmt::Display for StoreName {
    /// What its entries are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Values => "value",
            Self::Tetraplets => "tetraplet",
            Self::Calls => "service result",
            Self::Canons => "canon result",
        })
    }
}

/// What holds an index into a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// The service result with this position in its store.
    Call(usize),
    /// The canon result with this position in its store.
    Canon(usize),
    /// The place with this position in the flat trace.
    Place(usize),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(index) => write!(f, "{} {index}", StoreName::Calls),
            Self::Canon(index) => write!(f, "{} {index}", StoreName::Canons),
            Self::Place(index) => write!(f, "place {index}"),
        }
    }
}

/// Why a byte string is not the canonical encoding of data.
///
/// Positions count from 0, lines and columns from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The first byte does not begin any encoding that this engine knows.
    #[error("unknown encoding of data: it begins with the byte {first:#04x}, expected `{{`")]
    UnknownEncoding {
        /// The first byte.
        first: u8,
    },
    /// The data have another format version.
    #[error("data of format version {found}, expected {FORMAT}")]
    FormatVersion {
        /// The version found.
        found: u64,
    },
    /// The bytes do not have the form of the envelope: no JSON, or missing, unknown or repeated fields, or other types.
    #[error("not the form of data at line {line}, column {column}: {message}")]
    Form {
        /// The line.
        line: usize,
        /// The column in bytes.
        column: usize,
        /// What was expected and found, shortened.
        message: String,
    },
    /// The engine version is no version.
    #[error("the engine version is not 1 to 64 of the characters `0-9 A-Z a-z . + -`")]
    EngineVersion,
    /// A stored value is not a JSON text that this engine accepts.
    #[error("value {index}: {error}")]
    Value {
        /// Its position in the store.
        index: usize,
        /// What is wrong with its text.
        error: JsonError,
    },
    /// A stored value is JSON, but not its own print.
    #[error("value {index} is not in canonical form, expected `{expected}`")]
    ValueForm {
        /// Its position in the store.
        index: usize,
        /// How it prints, or the beginning of that.
        expected: String,
    },
    /// A service result has both a value and a failure, or neither.
    #[error("service result {index} has not exactly one of `value` and `failure`")]
    Outcome {
        /// Its position in the store.
        index: usize,
    },
    /// A store is not in strictly ascending order of content ids.
    #[error("{store} {index} stands after one with an equal or greater content id")]
    StoreOrder {
        /// The store.
        store: StoreName,
        /// The position of the entry that is out of order.
        index: usize,
    },
    /// An index points beyond its store.
    #[error("{holder} refers to {store} {index}, expected one below {len}")]
    OutOfRange {
        /// Where the index is.
        holder: Holder,
        /// The store it should point into.
        store: StoreName,
        /// The index.
        index: usize,
        /// How many entries there are.
        len: usize,
    },
    /// Nothing refers to an entry.
    #[error("{store} {index} is named by nothing")]
    Unreferenced {
        /// The store.
        store: StoreName,
        /// The position of the entry.
        index: usize,
    },
    /// The claims of a place are not in strictly ascending order of their results, calls first.
    #[error("the claims of place {place} are not in ascending order")]
    ClaimOrder {
        /// The position of the place in the flat trace.
        place: usize,
    },
    /// The children of a place are not in strictly ascending order of their branches.
    #[error("the children of place {place} are not in ascending order")]
    ChildOrder {
        /// The position of the place in the flat trace.
        place: usize,
    },
    /// A child is said to have no places.
    #[error("a child of place {place} has no places, expected no such child")]
    EmptyChild {
        /// The position of the place in the flat trace.
        place: usize,
    },
    /// The children of a place are said to have more places than the segment around them has left.
    #[error("the children of place {place} reach beyond the end of its segment")]
    ChildSize {
        /// The position of the place in the flat trace.
        place: usize,
    },
    /// The last place of a segment carries nothing.
    #[error("place {place} is the last of its segment and carries nothing, expected no such place")]
    EmptyLast {
        /// The position of the place in the flat trace.
        place: usize,
    },
    /// The block of a claim is greater than the number of claims allows.
    #[error("a claim of place {place} has block {at}, expected less than the number of claims, {claims}")]
    BlockRange {
        /// The position of the place in the flat trace.
        place: usize,
        /// The block.
        at: usize,
        /// The number of claims in the trace.
        claims: usize,
    },
    /// No claim has this block, but one has a later one.
    #[error("no claim has block {block}, but a claim has a later one")]
    BlockGap {
        /// The block.
        block: usize,
    },
    /// The journal contradicts itself.
    #[error("journal: {0}")]
    Journal(#[from] JournalError),
    /// The bytes mean data, but are not how these data are encoded: white space, order of fields, another way to write
    /// a number or a string.
    #[error("byte {byte} is not the one of the canonical encoding")]
    NotCanonical {
        /// The position of the first byte that differs.
        byte: usize,
    },
}

impl DataError {
    /// The code of every one of these errors in an interpreter outcome.
    pub const CODE: i64 = 2;
}

/// Two data belong to different scripts, so nothing of one means anything in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data of the script {current}, expected data of the script {previous}")]
pub struct ForeignScript {
    /// The hash of the script of the left operand.
    pub previous: ScriptHash,
    /// The hash of the script of the right operand.
    pub current: ScriptHash,
}
