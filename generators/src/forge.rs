//! Data that no honest history made: honest data, and what a forger does to them.
//!
//! [`Claims`] are data as a list that can be edited; whatever is done to them, they are data again. [`forge`] does
//! something to them by chance. [`misfit`] and [`rival`] change what one claim says, so that it answers no more what it
//! answered before, or answers the same otherwise.

use crate::Choices;
use airtight_engine::data::{
    ArgumentHash, Branch, Draft, EventResult, Outcome, OutputKind, PlaceId, Segment, SegmentId, Shared, ValueId,
};
use airtight_engine::value::{Array, Json, Object, Tetraplet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A peer that no script names.
const FORGER: &str = "a forger";

/// A place of [`Claims`], good for these alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Spot {
    segment: usize,
    step: usize,
}

/// A claim of [`Claims`].
#[derive(Clone, PartialEq, Debug)]
pub struct PlacedClaim {
    /// Where it is made.
    pub spot: Spot,
    /// What it says.
    pub result: EventResult,
    /// The block in which the holder of the data learned it; gaps do not matter.
    pub at: usize,
}

/// The claims of data with the segments that lead to them, to be edited.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The first is the outermost; a child comes after its parent.
    segments: Vec<(SegmentId, Spot, Branch)>,
    children: BTreeMap<(Spot, Branch), usize>,
    claims: Vec<PlacedClaim>,
}

impl Claims {
    /// The claims of data, in the order of their places.
    pub fn of(shared: &Shared) -> Self {
        let root = (SegmentId::root(), Spot { segment: 0, step: 0 }, Branch::Left);
        let mut claims = Self { segments: vec![root], children: BTreeMap::new(), claims: Vec::new() };
        let mut open: Vec<(Segment<'_>, Spot)> = vec![(shared.trace().root(), claims.first(0))];
        while let Some((segment, next)) = open.last_mut() {
            let Some(place) = segment.next() else {
                open.pop();
                continue;
            };
            let spot = *next;
            next.step += 1;
            for claim in place.claims() {
                let result = shared.stores().result(claim.result);
                claims.claims.push(PlacedClaim { spot, result, at: claim.at });
            }
            let from = open.len();
            for (branch, child) in place.children() {
                let first = claims.open(spot, branch);
                open.push((child, first));
            }
            if let Some(opened) = open.get_mut(from..) {
                opened.reverse();
            }
        }
        claims
    }

    /// The data that have these claims.
    pub fn to_shared(&self) -> Shared {
        let mut draft = Draft::new();
        let mut keys = vec![draft.root()];
        for (_, at, branch) in self.segments.iter().skip(1) {
            let key = draft.child(keys[at.segment], at.step, *branch);
            keys.push(key);
        }
        for PlacedClaim { spot, result, at } in &self.claims {
            draft.claim(keys[spot.segment], spot.step, result, *at);
        }
        draft.finish()
    }

    /// All claims.
    pub fn all(&self) -> &[PlacedClaim] {
        &self.claims
    }

    /// How many blocks they are in.
    pub fn blocks(&self) -> usize {
        self.claims.iter().map(|claim| claim.at + 1).max().unwrap_or_default()
    }

    /// The first place of the outermost segment.
    pub fn root(&self) -> Spot {
        self.first(0)
    }

    /// The place after this one, in its segment.
    #[must_use]
    pub fn after(&self, spot: Spot) -> Spot {
        Spot { step: spot.step + 1, ..spot }
    }

    /// The first place of a branch of this place.
    pub fn open(&mut self, spot: Spot, branch: Branch) -> Spot {
        let next = self.segments.len();
        let segment = *self.children.entry((spot, branch)).or_insert(next);
        if segment == next {
            let id = self.segments[spot.segment].0.branch(spot.step, branch);
            self.segments.push((id, spot, branch));
        }
        self.first(segment)
    }

    /// The id of a place.
    pub fn place(&self, spot: Spot) -> PlaceId {
        self.segments[spot.segment].0.place(spot.step)
    }

    /// The claims at a place.
    pub fn at(&self, spot: Spot) -> impl Iterator<Item = &PlacedClaim> {
        self.claims.iter().filter(move |claim| claim.spot == spot)
    }

    /// Adds a claim; of equal ones at a place the earliest counts.
    pub fn add(&mut self, spot: Spot, result: EventResult, at: usize) {
        self.claims.push(PlacedClaim { spot, result, at });
    }

    /// Removes all claims at a place; what leads to other ones stays.
    pub fn clear(&mut self, spot: Spot) {
        self.claims.retain(|claim| claim.spot != spot);
    }

    /// Keeps only the claims of which this is true.
    pub fn retain(&mut self, keep: impl FnMut(&PlacedClaim) -> bool) {
        self.claims.retain(keep);
    }

    /// A claim by chance, if there is any.
    pub fn pick(&self, choices: &mut impl Choices) -> Option<&PlacedClaim> {
        self.claims.get(choices.below(self.claims.len() as u32) as usize)
    }

    fn first(&self, segment: usize) -> Spot {
        Spot { segment, step: 0 }
    }

    /// A place by chance: of a claim, before or after one, or anywhere in a segment.
    fn pick_spot(&self, choices: &mut impl Choices) -> Spot {
        let segment = choices.below(self.segments.len() as u32) as usize;
        let steps = self.claims.iter().filter(|claim| claim.spot.segment == segment).map(|claim| claim.spot.step);
        let step = choices.below(steps.max().map_or(0, |last| last as u32) + 3) as usize;
        Spot { segment, step }
    }
}

/// What a forger does to data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Edit {
    /// A claim is left out.
    Drop,
    /// A claim is changed, and still answers the same.
    Rival,
    /// A claim gets a rival beside it.
    Dispute,
    /// A claim is changed, and answers nothing any more.
    Misfit,
    /// A claim that answers nothing is put beside one.
    Beside,
    /// A claim is put at another place.
    Move,
    /// Two claims change places.
    Swap,
    /// A claim is made at the end of some segment too, where nothing is known yet.
    Early,
    /// A claim is made in a branch of a place that has claims.
    Inside,
    /// A claim is made in an iteration of a value that does not exist, or after the last of these.
    Iteration,
    /// Everything was learned in some other order.
    Order,
    /// A claim was learned first, or last.
    Time,
}

impl Edit {
    /// All of them, the simplest one first.
    pub const ALL: [Self; 12] = [
        Self::Drop,
        Self::Rival,
        Self::Dispute,
        Self::Misfit,
        Self::Beside,
        Self::Move,
        Self::Swap,
        Self::Early,
        Self::Inside,
        Self::Iteration,
        Self::Order,
        Self::Time,
    ];

    /// Does it somewhere; says whether there was something to do it to.
    pub fn apply(self, claims: &mut Claims, mut choices: &mut impl Choices) -> bool {
        if claims.claims.is_empty() {
            return false;
        }
        let index = choices.below(claims.claims.len() as u32) as usize;
        let PlacedClaim { spot, result, at } = claims.claims[index].clone();
        let blocks = claims.blocks() as u32;
        match self {
            Self::Drop => drop(claims.claims.remove(index)),
            Self::Rival => claims.claims[index].result = rival(&result, choices),
            Self::Dispute => {
                let other = rival(&result, choices);
                claims.add(spot, other, choices.below(blocks + 1) as usize);
            }
            Self::Misfit => claims.claims[index].result = misfit(&result, choices),
            Self::Beside => {
                let other = misfit(&result, choices);
                claims.add(spot, other, choices.below(blocks + 1) as usize);
            }
            Self::Move => claims.claims[index].spot = claims.pick_spot(&mut choices),
            Self::Swap => {
                let other = choices.below(claims.claims.len() as u32) as usize;
                claims.claims[index].result = std::mem::replace(&mut claims.claims[other].result, result);
            }
            Self::Early => {
                let spot = claims.pick_spot(&mut choices);
                claims.add(spot, result, at);
            }
            Self::Inside => {
                let inside = claims.open(spot, choices.pick(&[Branch::Left, Branch::Right]));
                claims.add(inside, result, at);
            }
            Self::Iteration => {
                let value = ValueId::from_bytes([choices.below(3) as u8; 16]);
                let branch = if choices.chance(1, 3) { Branch::Last(value) } else { Branch::Iteration(value) };
                let at_spot = claims.pick_spot(&mut choices);
                let inside = claims.open(at_spot, branch);
                claims.add(inside, result, at);
            }
            Self::Order => {
                for claim in &mut claims.claims {
                    claim.at = choices.below(blocks + 1) as usize;
                }
            }
            Self::Time => {
                let last = choices.chance(1, 2);
                for claim in &mut claims.claims {
                    claim.at += 1;
                }
                claims.claims[index].at = if last { blocks as usize + 1 } else { 0 };
            }
        }
        true
    }
}

/// Does up to `edits_max` things to data; says which.
pub fn forge(claims: &mut Claims, edits_max: u32, choices: &mut impl Choices) -> Vec<Edit> {
    let edits = (0..choices.range(1..edits_max.max(1) + 1)).map(|_| choices.pick(&Edit::ALL)).collect::<Vec<_>>();
    edits.into_iter().filter(|edit| edit.apply(claims, choices)).collect()
}

/// Another result of the same call or canon.
pub fn rival(result: &EventResult, choices: &mut impl Choices) -> EventResult {
    match result {
        EventResult::Call { outcome, tetraplet, arguments, output } => {
            let others = [
                Outcome::Value(Json::from("forged")),
                Outcome::Value(Json::Null),
                Outcome::Value(Json::from(0_i64)),
                Outcome::Value(
                    Array::new(vec![Json::from("forged"), Json::from(1_i64)]).map_or(Json::Null, Json::Array),
                ),
                Outcome::Failure(failure(choices.range(1..4).into())),
            ];
            let others: Vec<_> = others.into_iter().filter(|other| other != outcome).collect();
            let outcome = others[choices.below(others.len() as u32) as usize].clone();
            EventResult::Call { outcome, tetraplet: tetraplet.clone(), arguments: *arguments, output: *output }
        }
        EventResult::Canon { tetraplet, elements } => {
            let mut others = elements.clone();
            match choices.below(4) {
                0 => drop(others.pop()),
                1 => others.reverse(),
                2 => others.extend(elements.first().cloned()),
                _ => {}
            }
            if others == *elements {
                others.push((forged_entry(), tetraplet.clone()));
            }
            EventResult::Canon { tetraplet: tetraplet.clone(), elements: others }
        }
    }
}

/// A result that answers nothing that the first one answers.
pub fn misfit(result: &EventResult, choices: &mut impl Choices) -> EventResult {
    let other = |tetraplet: &Tetraplet, which: u32| {
        let mut other = tetraplet.clone();
        match which {
            0 => other.peer = FORGER.into(),
            1 => other.service = format!("{} forged", tetraplet.service).into(),
            2 => other.function = format!("{} forged", tetraplet.function).into(),
            _ => other.lens = ".$.forged".into(),
        }
        Arc::new(other)
    };
    match result.clone() {
        EventResult::Call { outcome, tetraplet, arguments, output } => match choices.below(8) {
            0 => {
                let mut bytes = *arguments.as_bytes();
                bytes[0] ^= 1;
                EventResult::Call { outcome, tetraplet, arguments: ArgumentHash::from_bytes(bytes), output }
            }
            which @ 1..5 => EventResult::Call { outcome, tetraplet: other(&tetraplet, which - 1), arguments, output },
            5 => {
                let output = match output {
                    OutputKind::Scalar => OutputKind::Stream,
                    OutputKind::Stream => OutputKind::Unused,
                    OutputKind::Unused => OutputKind::Scalar,
                };
                EventResult::Call { outcome, tetraplet, arguments, output }
            }
            6 => EventResult::Canon {
                tetraplet: Arc::new(Tetraplet::peer(tetraplet.peer.clone())),
                elements: Vec::new(),
            },
            _ => {
                let malformed = [Json::Null, failure(0), forged_entry()];
                let value = malformed[choices.below(malformed.len() as u32) as usize].clone();
                EventResult::Call { outcome: Outcome::Failure(value), tetraplet, arguments, output }
            }
        },
        EventResult::Canon { tetraplet, elements } => match choices.below(5) {
            which @ 0..4 => EventResult::Canon { tetraplet: other(&tetraplet, which), elements },
            _ => EventResult::Call {
                outcome: Outcome::Value(Json::from("forged")),
                tetraplet,
                arguments: ArgumentHash::of([]),
                output: OutputKind::Unused,
            },
        },
    }
}

/// The value of a failed call; no service fails with code 0.
fn failure(code: i64) -> Json {
    object(vec![("message".into(), Json::from("forged")), ("ret_code".into(), Json::from(code))])
}

/// What streams and maps may both hold.
fn forged_entry() -> Json {
    object(vec![("key".into(), Json::from("forged")), ("value".into(), Json::from("forged"))])
}

fn object(fields: Vec<(airtight_engine::value::Text, Json)>) -> Json {
    Object::new(fields).map_or(Json::Null, Json::Object)
}

/// What of the text of data is changed by [`damage_form`].
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Number,
    Text,
}

/// Bytes of data after up to `edits_max` changes that keep them JSON: numbers and texts become others.
///
/// What is damaged like this passes the reader of JSON, and meets the checks behind it.
pub fn damage_form(data: &[u8], edits_max: u32, choices: &mut impl Choices) -> Vec<u8> {
    let mut bytes = data.to_vec();
    for _ in 0..choices.range(1..edits_max.max(1) + 1) {
        let tokens = tokens(&bytes);
        if tokens.is_empty() {
            return bytes;
        }
        let (kind, range) = tokens[choices.below(tokens.len() as u32) as usize].clone();
        let others: Vec<_> = tokens.iter().filter(|(other, _)| *other == kind).collect();
        let other = others[choices.below(others.len() as u32) as usize].1.clone();
        let other = bytes[other].to_vec();
        let text = match (kind, choices.below(4)) {
            (Token::Number, 1..3) => {
                let number: u64 = std::str::from_utf8(&bytes[range.clone()]).map_or(Ok(0), str::parse).unwrap_or(0);
                let near = [number + 1, number.saturating_sub(1), u64::from(u32::MAX)][choices.below(3) as usize];
                near.to_string().into_bytes()
            }
            _ => other,
        };
        bytes.splice(range, text);
    }
    bytes
}

/// The numbers and the texts of a JSON text, these with their quotes.
fn tokens(bytes: &[u8]) -> Vec<(Token, std::ops::Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                tokens.push((Token::Text, start..at));
            }
            b'0'..=b'9' => {
                while at < bytes.len() && bytes[at].is_ascii_digit() {
                    at += 1;
                }
                tokens.push((Token::Number, start..at));
            }
            _ => at += 1,
        }
    }
    tokens
}
