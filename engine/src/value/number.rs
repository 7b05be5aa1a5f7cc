//! The numbers of JSON: integers of 64 bits, and finite doubles for everything else.

use std::fmt;

use serde::{Serialize, Serializer};

/// A JSON number: an integer in the range of `i64` or `u64`, or a finite double.
///
/// Integers and doubles never compare equal (`1` is not `1.0`), and `0.0` equals `-0.0`, although the two print
/// differently.
#[derive(Clone, Copy, PartialEq)]
pub struct Number(Repr);

/// One representation per integer: `Signed` holds negative ones only.
#[derive(Clone, Copy, PartialEq)]
enum Repr {
    Signed(i64),
    Unsigned(u64),
    Double(f64),
}

impl Number {
    /// The double as a number, or nothing if it is infinite or not a number.
    pub fn from_f64(double: f64) -> Option<Self> {
        double.is_finite().then_some(Self(Repr::Double(double)))
    }

    /// The number as `i64`, if it is an integer in that range.
    pub fn as_i64(self) -> Option<i64> {
        match self.0 {
            Repr::Signed(integer) => Some(integer),
            Repr::Unsigned(integer) => i64::try_from(integer).ok(),
            Repr::Double(_) => None,
        }
    }

    /// The number as `u64`, if it is an integer in that range.
    pub fn as_u64(self) -> Option<u64> {
        match self.0 {
            Repr::Unsigned(integer) => Some(integer),
            Repr::Signed(_) | Repr::Double(_) => None,
        }
    }

    /// The number as the nearest double, whatever kind it is.
    pub fn as_f64(self) -> f64 {
        match self.0 {
            Repr::Signed(integer) => integer as f64,
            Repr::Unsigned(integer) => integer as f64,
            Repr::Double(double) => double,
        }
    }

    /// Whether the number is an integer, in kind and not only in value: `1.0` is not.
    pub fn is_integer(self) -> bool {
        !matches!(self.0, Repr::Double(_))
    }
}

impl From<u64> for Number {
    fn from(integer: u64) -> Self {
        Self(Repr::Unsigned(integer))
    }
}

impl From<i64> for Number {
    fn from(integer: i64) -> Self {
        Self(u64::try_from(integer).map_or(Repr::Signed(integer), Repr::Unsigned))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Repr::Signed(integer) => serializer.serialize_i64(integer),
            Repr::Unsigned(integer) => serializer.serialize_u64(integer),
            Repr::Double(double) => serializer.serialize_f64(double),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Repr::Signed(integer) => integer.fmt(f),
            Repr::Unsigned(integer) => integer.fmt(f),
            Repr::Double(double) => double.fmt(f),
        }
    }
}
