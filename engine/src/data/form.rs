//! The JSON form of data: how it is written, and how it is read before anything is checked.
//!
//! Reading checks types and field names only, and puts numbers straight into the arrays of a trace, so memory stays
//! within a small multiple of the input. Writing is the one definition of the canonical bytes.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};

use super::envelope::Data;
use super::id::{ArgumentHash, PlaceId, ScriptHash, ValueId};
use super::journal::{Answer, Journal};
use super::shared::Shared;
use super::stores::{CanonResult, Index, Outcome, OutputKind, ResultIx, ServiceResult};
use super::trace::{Branch, Builder, Claim, Place, Trace};
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<usize>,
    pub(super) tetraplet: usize,
    pub(super) arguments: ArgumentHash,
    pub(super) output: OutputKind,
}

#[derive(Serialize, Deserialize)]
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClaimForm {
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    canon: Option<usize>,
    at: usize,
}

// ---- writing ----

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut envelope = serializer.serialize_struct("Data", 5)?;
        envelope.serialize_field("format", &FORMAT)?;
        envelope.serialize_field("engine", self.engine())?;
        envelope.serialize_field("script", &self.script())?;
        envelope.serialize_field("shared", self.shared())?;
        if let Some(journal) = self.journal() {
            envelope.serialize_field("journal", journal)?;
        }
        envelope.end()
    }
}

impl Serialize for Shared {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stores = self.stores();
        let mut shared = serializer.serialize_struct("Shared", 5)?;
        shared.serialize_field("values", &List(|| stores.values.entries().iter().map(|value| &**value.text())))?;
        shared.serialize_field("tetraplets", stores.tetraplets.entries())?;
        shared.serialize_field("calls", stores.calls.entries())?;
        shared.serialize_field("canons", stores.canons.entries())?;
        shared.serialize_field("trace", self.trace())?;
        shared.end()
    }
}

impl Serialize for ServiceResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (value, failure) = match self.outcome {
            Outcome::Value(value) => (Some(value.position()), None),
            Outcome::Failure(failure) => (None, Some(failure.position())),
        };
        let Self { tetraplet, arguments, output, .. } = *self;
        CallForm { value, failure, tetraplet: tetraplet.position(), arguments, output }.serialize(serializer)
    }
}

impl Serialize for CanonResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let elements = || self.elements.iter().map(|(value, origin)| (value.position(), origin.position()));
        let mut canon = serializer.serialize_struct("CanonResult", 2)?;
        canon.serialize_field("tetraplet", &self.tetraplet.position())?;
        canon.serialize_field("elements", &List(elements))?;
        canon.end()
    }
}

impl Serialize for Trace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.flat())
    }
}

impl Serialize for Place<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut place = serializer.serialize_map(None)?;
        if !self.claims().is_empty() {
            place.serialize_entry("claims", self.claims())?;
        }
        // Ascending order of branches is left, right, iterations, lasts.
        let sizes = || self.children().map(|(branch, segment)| (branch, segment.flat_len()));
        for (branch, size) in sizes() {
            match branch {
                Branch::Left => place.serialize_entry("left", &size)?,
                Branch::Right => place.serialize_entry("right", &size)?,
                Branch::Iteration(_) | Branch::Last(_) => break,
            }
        }
        let iteration = |(branch, size)| if let Branch::Iteration(value) = branch { Some((value, size)) } else { None };
        if sizes().any(|child| iteration(child).is_some()) {
            place.serialize_entry("iterations", &List(|| sizes().filter_map(iteration)))?;
        }
        let last = |(branch, size)| if let Branch::Last(value) = branch { Some((value, size)) } else { None };
        if sizes().any(|child| last(child).is_some()) {
            place.serialize_entry("lasts", &List(|| sizes().filter_map(last)))?;
        }
        place.end()
    }
}

impl Serialize for Claim {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (call, canon) = match self.result {
            ResultIx::Call(call) => (Some(call.position()), None),
            ResultIx::Canon(canon) => (None, Some(canon.position())),
        };
        ClaimForm { call, canon, at: self.at }.serialize(serializer)
    }
}

impl Serialize for Journal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut journal = serializer.serialize_struct("Journal", 4)?;
        journal.serialize_field("peer", self.peer())?;
        journal.serialize_field("next", &self.next_call_id())?;
        journal.serialize_field("pending", &List(|| self.pending()))?;
        journal.serialize_field("answers", &List(|| self.answers()))?;
        journal.end()
    }
}

/// A list written as its iterator yields it.
struct List<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for List<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

// ---- reading ----

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
                Ok(TraceForm(built.finish(0, |at| at)))
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
