//! The JSON form of data before anything is checked, and how it is read where it is not as this engine writes it.
//!
//! Reading checks types and field names only, and puts numbers straight into the arrays of a trace, so memory stays
//! within a small multiple of the input. Canonical bytes are read by `read.rs`; this is for those that are damaged, and
//! knows what to say about them.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::id::{ArgumentHash, PlaceId, ScriptHash, ValueId};
use super::journal::Answer;
use super::stores::{Index, OutputKind, ResultIx};
use super::trace::{Branch, Builder, Claim, Trace};
use crate::value::Tetraplet;

/// The version of the format; it changes whenever equal bytes mean something else, or equal data become other bytes.
pub const FORMAT: u64 = 1;

/// The envelope as read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EnvelopeForm {
    pub(super) format: u64,
    pub(super) engine: Arc<str>,
    pub(super) script: ScriptHash,
    pub(super) shared: SharedForm,
    pub(super) journal: Option<JournalForm>,
}

/// The fields of every envelope, whatever its format version.
#[derive(Deserialize)]
pub(super) struct HeadForm {
    pub(super) format: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SharedForm {
    pub(super) values: Vec<ValueText>,
    pub(super) tetraplets: Vec<Arc<Tetraplet>>,
    pub(super) calls: Vec<CallForm>,
    pub(super) canons: Vec<CanonForm>,
    pub(super) trace: TraceForm,
}

/// The text of a value, copied once.
pub(super) struct ValueText(pub(super) Arc<str>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallForm {
    pub(super) value: Option<usize>,
    pub(super) failure: Option<usize>,
    pub(super) tetraplet: usize,
    pub(super) arguments: ArgumentHash,
    pub(super) output: OutputKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CanonForm {
    pub(super) tetraplet: usize,
    pub(super) elements: Vec<(usize, usize)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JournalForm {
    pub(super) peer: Arc<str>,
    pub(super) next: u32,
    pub(super) pending: Vec<(u32, PlaceId)>,
    pub(super) answers: Vec<(PlaceId, Answer)>,
}

/// A trace whose children end at their *sizes* and whose claims point anywhere.
pub(super) struct TraceForm(pub(super) Trace);

impl TraceForm {
    pub(super) fn of(built: Builder) -> Self {
        Self(built.finish(0, |at| at))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimForm {
    call: Option<usize>,
    canon: Option<usize>,
    at: usize,
}

impl<'de> Deserialize<'de> for ValueText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Chars;
        impl Visitor<'_> for Chars {
            type Value = ValueText;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a JSON value")
            }
            fn visit_str<E>(self, text: &str) -> Result<ValueText, E> {
                Ok(ValueText(text.into()))
            }
        }
        deserializer.deserialize_str(Chars)
    }
}

impl<'de> Deserialize<'de> for TraceForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Places;
        impl<'de> Visitor<'de> for Places {
            type Value = TraceForm;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of places")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<TraceForm, A::Error> {
                let mut built = Builder::default();
                while seq.next_element_seed(PlaceSeed(&mut built))?.is_some() {}
                Ok(TraceForm::of(built))
            }
        }
        deserializer.deserialize_seq(Places)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum PlaceKey {
    Claims,
    Left,
    Right,
    Iterations,
    Lasts,
}

/// Reads one place into a trace.
struct PlaceSeed<'b>(&'b mut Builder);

impl<'de> DeserializeSeed<'de> for PlaceSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PlaceSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a place")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key()? {
            match key {
                PlaceKey::Claims => map.next_value_seed(ClaimsSeed(self.0))?,
                PlaceKey::Left => self.0.sized_child(Branch::Left, map.next_value()?),
                PlaceKey::Right => self.0.sized_child(Branch::Right, map.next_value()?),
                PlaceKey::Iterations => map.next_value_seed(ChildrenSeed(self.0, Branch::Iteration))?,
                PlaceKey::Lasts => map.next_value_seed(ChildrenSeed(self.0, Branch::Last))?,
            }
        }
        self.0.place();
        Ok(())
    }
}

/// Reads the claims of one place.
struct ClaimsSeed<'b>(&'b mut Builder);

impl<'de> DeserializeSeed<'de> for ClaimsSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ClaimsSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of claims")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(ClaimForm { call, canon, at }) = seq.next_element()? {
            let result = match (call, canon) {
                (Some(call), None) => ResultIx::Call(Index::new(call)),
                (None, Some(canon)) => ResultIx::Canon(Index::new(canon)),
                (Some(_), Some(_)) | (None, None) => {
                    return Err(de::Error::custom("a claim has exactly one of `call` and `canon`"));
                }
            };
            self.0.claim(Claim { result, at });
        }
        Ok(())
    }
}

/// Reads the children of one place that a fold has, with their sizes.
struct ChildrenSeed<'b>(&'b mut Builder, fn(ValueId) -> Branch);

impl<'de> DeserializeSeed<'de> for ChildrenSeed<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ChildrenSeed<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values with the number of places of each")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some((value, size)) = seq.next_element()? {
            self.0.sized_child((self.1)(value), size);
        }
        Ok(())
    }
}
