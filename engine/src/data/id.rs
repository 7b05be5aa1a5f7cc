//! Identity without positions and counters: what a thing is follows from its content or from its path.
//!
//! *Content ids* name the entries of the stores. They are computed from the content and never shipped, so they cannot
//! lie. *Place ids* name the places of a trace: a chain of hashes over the structural path (which place of the segment,
//! which branch of the place, and so on), the same at every peer however much of the trace it holds.
//!
//! Every hash begins with a byte that says what is hashed, and every part has a fixed or stated length, so different
//! things never feed the same bytes to the hash. Two ids are plain hashes, so that anybody can recompute them with
//! common tools: that of a script and that of the arguments of a call.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::{Serialize, Serializer};

use super::trace::Branch;
use crate::value::{Json, Tetraplet};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// The bytes of the id.
            pub fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// An id that was computed elsewhere.
            pub fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }
        }

        /// Lower-case hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(std::str::from_utf8(&hex::<{ $bytes * 2 }>(&self.0)).unwrap_or_default())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let digits = hex::<{ $bytes * 2 }>(&self.0);
                serializer.serialize_str(std::str::from_utf8(&digits).unwrap_or_default())
            }
        }

        impl Digits for $name {
            const DIGITS: usize = $bytes * 2;

            fn read(digits: &[u8]) -> Option<Self> {
                unhex(digits).map(Self)
            }

            fn write_digits(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&hex::<{ $bytes * 2 }>(&self.0));
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(DigitsVisitor::<$bytes>).map(Self)
            }
        }
    };
}

id! {
    /// The id of an entry of the stores: 256 bits over its content.
    ContentId, 32
}

id! {
    /// The hash of a call's arguments: BLAKE3 of the canonical text of the array of them.
    ArgumentHash, 32
}

id! {
    /// The hash of a script: BLAKE3 of its bytes.
    ScriptHash, 32
}

id! {
    /// The hash of the shared part of data: BLAKE3 of its canonical bytes.
    SharedHash, 32
}

id! {
    /// The id of a place in a trace: 128 bits over its structural path.
    PlaceId, 16
}

id! {
    /// The id of a segment of a trace: 128 bits over its structural path.
    SegmentId, 16
}

id! {
    /// The id of a value in a stream or map: that of the place of the call or `ap` that put it there.
    ValueId, 16
}

/// What is hashed; a new kind of thing takes a new number.
#[derive(Clone, Copy)]
enum Domain {
    RootSegment = 0,
    Segment = 1,
    Place = 2,
    Value = 16,
    Tetraplet = 17,
    Call = 18,
    Canon = 19,
}

/// What is about to be hashed. Ids are mostly of a few dozen bytes, which are gathered and hashed at once: the library's
/// own state is two kilobytes, and setting it up takes longer than the hash.
pub(super) struct Content {
    head: [u8; HEAD_BYTES_MAX],
    len: usize,
    /// Takes over where the head is full.
    long: Option<Box<blake3::Hasher>>,
}

/// How many bytes are gathered: a call, a short value and most tetraplets fit.
const HEAD_BYTES_MAX: usize = 192;

impl Content {
    fn new(domain: Domain) -> Self {
        let mut head = [0; HEAD_BYTES_MAX];
        head[0] = domain as u8;
        Self { head, len: 1, long: None }
    }

    pub(super) fn call() -> Self {
        Self::new(Domain::Call)
    }

    pub(super) fn canon() -> Self {
        Self::new(Domain::Canon)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) -> &mut Self {
        if let Some(long) = &mut self.long {
            long.update(bytes);
        } else if let Some(room) = self.head.get_mut(self.len..self.len + bytes.len()) {
            room.copy_from_slice(bytes);
            self.len += bytes.len();
        } else {
            let mut long = Box::new(blake3::Hasher::new());
            long.update(self.gathered()).update(bytes);
            self.long = Some(long);
        }
        self
    }

    fn gathered(&self) -> &[u8] {
        self.head.get(..self.len).unwrap_or_default()
    }

    fn hash(&self) -> blake3::Hash {
        match &self.long {
            Some(long) => long.finalize(),
            None => blake3::hash(self.gathered()),
        }
    }

    pub(super) fn add_len(&mut self, len: usize) -> &mut Self {
        self.add(&(len as u64).to_le_bytes())
    }

    fn add_text(&mut self, text: &str) -> &mut Self {
        self.add_len(text.len()).add(text.as_bytes())
    }

    pub(super) fn id(&self) -> ContentId {
        ContentId(*self.hash().as_bytes())
    }

    fn path(&self) -> [u8; 16] {
        let hash = self.hash();
        let (half, _) = hash.as_bytes().split_first_chunk().expect("16 of 32 bytes");
        *half
    }
}

impl ContentId {
    /// The id of a JSON value, from its canonical text.
    pub fn of_value(text: &str) -> Self {
        Content::new(Domain::Value).add(text.as_bytes()).id()
    }

    /// The id of a tetraplet.
    pub fn of_tetraplet(tetraplet: &Tetraplet) -> Self {
        let Tetraplet { peer, service, function, lens } = tetraplet;
        Content::new(Domain::Tetraplet).add_text(peer).add_text(service).add_text(function).add_text(lens).id()
    }
}

impl ArgumentHash {
    /// The hash of these arguments; the list is one level deeper than a value may be, so it never becomes a value.
    pub fn of<'a>(arguments: impl IntoIterator<Item = &'a Json>) -> Self {
        let mut text = vec![b'['];
        for (index, argument) in arguments.into_iter().enumerate() {
            if index > 0 {
                text.push(b',');
            }
            argument.write_text(&mut text);
        }
        text.push(b']');
        Self(*blake3::hash(&text).as_bytes())
    }
}

impl ScriptHash {
    /// The hash of a script's bytes.
    pub fn of(script: &[u8]) -> Self {
        Self(*blake3::hash(script).as_bytes())
    }
}

impl SegmentId {
    /// The id of the segment every script starts in.
    pub fn root() -> Self {
        Self(Content::new(Domain::RootSegment).path())
    }

    /// The id of the `step`-th place of this segment, from 0.
    pub fn place(self, step: usize) -> PlaceId {
        PlaceId(Content::new(Domain::Place).add(&self.0).add_len(step).path())
    }

    /// The id of the segment in one branch of the `step`-th place of this segment.
    ///
    /// It is chained to this segment and not to the place's own id, which saves a hash where nobody asks for that id.
    pub fn branch(self, step: usize, branch: Branch) -> Self {
        let mut content = Content::new(Domain::Segment);
        content.add(&self.0).add_len(step);
        match branch {
            Branch::Left => content.add(&[0]),
            Branch::Right => content.add(&[1]),
            Branch::Iteration(value) => content.add(&[2]).add(&value.0),
            Branch::Last(value) => content.add(&[3]).add(&value.0),
        };
        Self(content.path())
    }
}

impl From<PlaceId> for ValueId {
    fn from(place: PlaceId) -> Self {
        Self(place.0)
    }
}

fn hex<const DIGITS: usize>(bytes: &[u8]) -> [u8; DIGITS] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + (half - 10) };
    let mut digits = [0; DIGITS];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    digits
}

/// Ids, as the digits that data have for them.
pub(super) trait Digits: Sized {
    /// How many there are.
    const DIGITS: usize;

    /// What these mean, if there are so many and they are lower-case hexadecimal ones.
    fn read(digits: &[u8]) -> Option<Self>;

    /// Appends them.
    fn write_digits(&self, out: &mut Vec<u8>);
}

/// Reads exactly the digits that `hex` writes.
fn unhex<const BYTES: usize>(digits: &[u8]) -> Option<[u8; BYTES]> {
    const NO_DIGIT: u8 = 16;
    let half = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => NO_DIGIT,
    };
    let (mut bytes, mut all) = ([0; BYTES], 0);
    let (pairs, odd) = digits.as_chunks::<2>();
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (half(*high), half(*low));
        all |= high | low;
        *byte = high << 4 | low;
    }
    (all < NO_DIGIT && pairs.len() == BYTES && odd.is_empty()).then_some(bytes)
}

struct DigitsVisitor<const BYTES: usize>;

impl<const BYTES: usize> Visitor<'_> for DigitsVisitor<BYTES> {
    type Value = [u8; BYTES];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} lower-case hexadecimal digits", BYTES * 2)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<[u8; BYTES], E> {
        unhex(text.as_bytes()).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}
