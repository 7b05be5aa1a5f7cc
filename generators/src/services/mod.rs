//! Services that answer any script, without configuration.
//!
//! An answer is a pure function of a seed, the peer, the service, the function and the arguments: who asks twice gets the
//! same. It fits what the script does with it: an array where it is folded over, an object with the fields that lenses
//! take, a peer where it names one, now and then the very value that it is compared with. A file may fix answers and
//! failures, and by chance some calls may fail, or answer what cannot be decoded.

mod file;
mod shape;

pub use file::{FixedAnswer, ServicesFile, ServicesFileError, ServicesFileProblem};

use crate::{Choices, Seeded};
use airtight_engine::data::Answer;
use airtight_engine::script::Script;
use airtight_engine::value::{Array, Json, Object, Text};
use shape::{Shape, Shapes};

/// How deep made-up answers nest.
const DEPTH_MAX: u32 = 32;
/// How long a made-up array may be because a lens asks for an element far in it.
const ELEMENTS_MAX: u32 = 64;
/// How many values a made-up answer holds at most, or lenses into arrays of arrays would make them explode.
const VALUES_MAX: u32 = 500;

/// The services of all peers, for one script.
#[derive(Clone, Debug)]
pub struct Services {
    seed: u64,
    /// How many of 1,000,000 calls fail.
    failures: u32,
    /// How many of 1,000,000 answers are no JSON.
    undecodable: u32,
    fixed: ServicesFile,
    shapes: Shapes,
    peers: Vec<Text>,
}

/// A call, as a service sees it.
#[derive(Clone, Copy, Debug)]
pub struct ServiceCall<'c> {
    /// The peer whose service it is.
    pub peer: &'c str,
    /// The service.
    pub service: &'c str,
    /// The function.
    pub function: &'c str,
    /// The arguments.
    pub arguments: &'c [Json],
}

impl Services {
    /// Services for a script that `init` begins: answers by this seed, none of which fail.
    pub fn new(script: &Script, init: &str, seed: u64) -> Self {
        let shapes = Shapes::of(script);
        let mut peers: Vec<Text> = vec![init.into()];
        peers.extend(shapes.peers.iter().filter(|peer| *peer != init).map(|peer| Text::from(peer.as_str())));
        // Scripts that name few peers shall have some to hand on to.
        for other in ["peer 1", "peer 2", "peer 3"] {
            if peers.len() < 4 {
                peers.push(other.into());
            }
        }
        Self { seed, failures: 0, undecodable: 0, fixed: ServicesFile::default(), shapes, peers }
    }

    /// The same services, of which this share of calls fails: a number from 0 to 1.
    pub fn failing(mut self, share: f64) -> Self {
        self.failures = (share.clamp(0.0, 1.0) * 1e6) as u32;
        self
    }

    /// The same services, of whose answers this share cannot be decoded, because they are no JSON, or too deep, or hold
    /// numbers beyond all bounds: a number from 0 to 1.
    pub fn garbled(mut self, share: f64) -> Self {
        self.undecodable = (share.clamp(0.0, 1.0) * 1e6) as u32;
        self
    }

    /// The same services, but for what a file fixes.
    pub fn with_file(mut self, file: ServicesFile) -> Self {
        self.fixed = file;
        self
    }

    /// The peers that answers name: the one that began, those the script names, and a few more.
    pub fn peers(&self) -> impl Iterator<Item = &str> {
        self.peers.iter().map(|peer| &**peer)
    }

    /// What a service answers.
    pub fn answer(&self, call: ServiceCall<'_>) -> Answer {
        if let Some(fixed) = self.fixed.find(call) {
            return fixed.answer();
        }
        let mut choices = Seeded::new(self.hash(call));
        if choices.chance(self.failures, 1_000_000) {
            let text = format!("`{}.{}` fails now and then", call.service, call.function);
            return Answer { ret_code: 1, result: text.into() };
        }
        if choices.chance(self.undecodable, 1_000_000) {
            return Answer { ret_code: 0, result: garbled(&mut choices).into() };
        }
        let shape = self.shapes.answer(call.service, call.function);
        let json = match shape {
            Some(shape) => self.value(shape, call.function, &mut choices, 0, &mut { VALUES_MAX }),
            None => plain(call.function, &mut choices),
        };
        Answer { ret_code: 0, result: json.to_text().into() }
    }

    fn hash(&self, call: ServiceCall<'_>) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325 ^ self.seed);
        for part in [call.peer, call.service, call.function] {
            hash.add(part.as_bytes());
        }
        for argument in call.arguments {
            hash.add(argument.to_text().as_bytes());
        }
        hash.0
    }

    fn value(&self, shape: &Shape, name: &str, choices: &mut Seeded, depth: u32, left: &mut u32) -> Json {
        *left = left.saturating_sub(1);
        if depth >= DEPTH_MAX || *left == 0 {
            return Json::Null;
        }
        if !shape.compared.is_empty() && choices.chance(2, 3) {
            return shape.compared[choices.below(shape.compared.len() as u32) as usize].clone();
        }
        if !shape.fields.is_empty() {
            let fields = shape.fields.iter().map(|(name, field)| {
                (Text::from(name.as_str()), self.value(self.shapes.get(*field), name, choices, depth + 1, left))
            });
            return Object::new(fields.collect()).map_or(Json::Null, Json::Object);
        }
        if let Some((elements, least)) = shape.elements {
            let elements = self.shapes.get(elements);
            let len = (least.min(ELEMENTS_MAX) + choices.range(1..3)).min(ELEMENTS_MAX);
            let first = choices.below(self.peers.len() as u32) as usize;
            let items = (0..len as usize).map(|index| match elements.peer {
                // The elements of a list of peers differ.
                true => Json::String(self.peers[(first + index) % self.peers.len()].clone()),
                false => self.value(elements, name, choices, depth + 1, left),
            });
            return Array::new(items.collect()).map_or(Json::Null, Json::Array);
        }
        if shape.error {
            let fields = vec![("error_code".into(), Json::from(7_i64)), ("message".into(), name.into())];
            return Object::new(fields).map_or(Json::Null, Json::Object);
        }
        if shape.peer {
            return Json::String(self.peers[choices.below(self.peers.len() as u32) as usize].clone());
        }
        if shape.index {
            return Json::from(0_i64);
        }
        if shape.text { label(name, choices) } else { plain(name, choices) }
    }
}

/// An answer that a service gives for a good one, and that is none.
fn garbled(choices: &mut Seeded) -> String {
    const BAD: [&str; 8] = ["{oops", "", "nul", "[1,]", "\"open", "1 2", "1e999", "{\"a\":}"];
    match BAD.get(choices.below(BAD.len() as u32 + 1) as usize) {
        Some(bad) => (*bad).to_owned(),
        // Deeper than values may be.
        None => "[".repeat(200) + &"]".repeat(200),
    }
}

/// A value of which nothing is asked.
fn plain(name: &str, choices: &mut Seeded) -> Json {
    match choices.below(4) {
        0 => Json::from(i64::from(choices.below(100))),
        1 => Json::from(choices.below(2) == 1),
        _ => label(name, choices),
    }
}

fn label(name: &str, choices: &mut Seeded) -> Json {
    format!("{name} {:03x}", choices.below(0x1000)).as_str().into()
}

/// FNV-1a, with the length of each part, so that parts do not run into each other.
struct Fnv(u64);

impl Fnv {
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().copied().chain((bytes.len() as u64).to_le_bytes()) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}
