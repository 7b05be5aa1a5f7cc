//! Free data: any well-formed data of one shape, whether or not some run could have made them.
//!
//! A [`Shape`] is where events are, and what they say. One is fixed, with places so near to each other and results so much
//! alike that data drawn from it overlap, dispute and differ: what the laws of merge need, millions of times. Others are
//! drawn, for what only depends on data being well formed.

use crate::Choices;
use airtight_engine::data::{
    Answer, ArgumentHash, Branch, Data, Draft, EventResult, Journal, Outcome, OutputKind, PlaceId, ScriptHash,
    SegmentId, Shared, ValueId,
};
use airtight_engine::value::{Json, Tetraplet};
use std::sync::{Arc, LazyLock};

/// The most places and different events of a family, and the most events and blocks of one of its data.
const SITES_MAX: u32 = 8;
const POOL_MAX: u32 = 11;
const EVENTS_MAX: u32 = 7;
const BLOCKS_MAX: u32 = 4;

/// The most segments of a drawn shape beside the root, and the most different results.
const SEGMENTS_MAX: u32 = 7;
const RESULTS_MAX: u32 = 7;

/// A segment: the places and branches that lead to it.
type Path = Vec<(usize, Branch)>;

/// Where events are, and what they say.
#[derive(Debug)]
struct Shape {
    /// Places, each by its segment and the step there.
    sites: Vec<(Path, usize)>,
    results: Vec<EventResult>,
}

/// Every kind of branch, gaps between places; values, a failure, canons, some of which share parts.
static NEAR: LazyLock<Shape> = LazyLock::new(|| {
    let (left, right) = (Branch::Left, Branch::Right);
    let value = |number: usize| SegmentId::root().place(1_000 + number).into();
    let (one, two, last) = (Branch::Iteration(value(0)), Branch::Iteration(value(1)), Branch::Last(value(1)));
    let segments = [
        vec![],
        vec![(1, left)],
        vec![(1, right)],
        vec![(1, right), (0, one)],
        vec![(1, right), (0, two)],
        vec![(1, right), (0, two), (1, left)],
        vec![(1, right), (0, last)],
        vec![(3, one)],
    ];
    let sites = segments.into_iter().flat_map(|segment| [0, 1, 3].map(|step| (segment.clone(), step))).collect();
    let get = Arc::new(Tetraplet::call("A", "db", "get"));
    let put = Arc::new(Tetraplet { lens: ".$.x".into(), ..Tetraplet::call("B", "db", "put") });
    let call = |outcome, tetraplet: &Arc<Tetraplet>, output| EventResult::Call {
        outcome,
        tetraplet: Arc::clone(tetraplet),
        arguments: ArgumentHash::of([&json("1")]),
        output,
    };
    let canon = |peer: &str, elements| EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer(peer)), elements };
    let results = vec![
        call(Outcome::Value(json("1")), &get, OutputKind::Scalar),
        call(Outcome::Value(json("1")), &get, OutputKind::Stream),
        call(Outcome::Value(json("{\"k\":[1.5,\"\\\"\"]}")), &put, OutputKind::Unused),
        call(Outcome::Failure(json("1")), &get, OutputKind::Scalar),
        canon("A", vec![]),
        canon("A", vec![(json("1"), Arc::clone(&get)), (json("\"é\""), put)]),
        canon("C", vec![(json("1"), Arc::clone(&get)), (json("1"), get)]),
    ];
    Shape { sites, results }
});

impl Shape {
    fn draw<C: Choices>(choices: &mut C) -> Self {
        let mut segments: Vec<Path> = vec![Vec::new()];
        for _ in 0..choices.below(SEGMENTS_MAX + 1) {
            let mut path = segments[choices.below(segments.len() as u32) as usize].clone();
            let step = choices.below(4) as usize;
            let value = |choices: &mut C| -> ValueId { SegmentId::root().place(choices.below(4) as usize).into() };
            let branch = match choices.below(6) {
                0 | 1 => Branch::Left,
                2 => Branch::Right,
                3 | 4 => Branch::Iteration(value(choices)),
                _ => Branch::Last(value(choices)),
            };
            path.push((step, branch));
            segments.push(path);
        }
        let sites = segments.into_iter().flat_map(|segment| (0..4).map(move |step| (segment.clone(), step))).collect();
        let results = (0..choices.range(2..RESULTS_MAX + 1)).map(|_| result(choices)).collect();
        Self { sites, results }
    }

    /// So many data from one small pool of events at a few places, so that they overlap and dispute.
    fn family<C: Choices>(&self, count: usize, choices: &mut C) -> Vec<Shared> {
        let of = |list: usize| list as u32;
        let sites: Vec<u32> =
            (0..choices.range(1..SITES_MAX + 1)).map(|_| choices.below(of(self.sites.len()))).collect();
        let pool: Vec<(u32, u32)> = (0..choices.range(1..POOL_MAX + 1))
            .map(|_| (choices.pick(&sites), choices.below(of(self.results.len()))))
            .collect();
        let mut one = || {
            let mut draft = Draft::new();
            for _ in 0..choices.below(EVENTS_MAX + 1) {
                let (site, result) = choices.pick(&pool);
                let (path, step) = &self.sites[site as usize];
                let key = path.iter().fold(draft.root(), |key, (step, branch)| draft.child(key, *step, *branch));
                draft.claim(key, *step, &self.results[result as usize], choices.below(BLOCKS_MAX) as usize);
            }
            draft.finish()
        };
        (0..count).map(|_| one()).collect()
    }
}

/// Any well-formed shared data.
pub fn free<C: Choices>(choices: &mut C) -> Shared {
    Shape::draw(choices).family(1, choices).pop().unwrap_or_default()
}

/// So many shared data made from one small pool of events at places near to each other, so that they overlap, dispute and
/// differ in the order in which they learned things.
pub fn family<C: Choices>(count: usize, choices: &mut C) -> Vec<Shared> {
    NEAR.family(count, choices)
}

/// Free data of a script in their envelope, with and without a journal; now and then nothing at all.
pub fn data<C: Choices>(script: ScriptHash, choices: &mut C) -> Data {
    if choices.chance(1, 20) {
        return Data::nothing();
    }
    let shared = match choices.below(2) {
        0 => family(1, choices).pop().unwrap_or_default(),
        _ => free(choices),
    };
    let journal = choices.chance(1, 2).then(|| journal(&shared, choices));
    Data::new(script, shared, journal)
}

/// What one peer might remember: open calls and answers, at places that the data have and at others.
fn journal<C: Choices>(shared: &Shared, choices: &mut C) -> Journal {
    let known: Vec<PlaceId> = shared.events().map(|event| event.place).collect();
    let place = |choices: &mut C| match known.get(choices.below(known.len() as u32 + 4) as usize) {
        Some(place) => *place,
        None => SegmentId::root().place(choices.below(9) as usize),
    };
    let mut journal = Journal::new(choices.pick(&["A", "B"]));
    for _ in 0..choices.below(5) {
        journal.request(place(choices));
    }
    if choices.below(2) == 1 {
        journal.settle(place(choices));
    }
    for _ in 0..choices.below(3) {
        let (ret_code, result) = choices.pick(&[(0, "1"), (1, "\"no\""), (0, "{oops"), (-1, ""), (i32::MAX, "é")]);
        journal.keep(place(choices), Answer { ret_code, result: named(result, choices).into() });
    }
    journal
}

const VALUES: [&str; 11] = [
    "1",
    "\"a\"",
    "null",
    "true",
    "[]",
    "{}",
    "[1,\"\\\"\"]",
    "{\"k\":[1.5,\"é\"]}",
    "18446744073709551615",
    "-0.5",
    "\"\\b\\t\\n\\f\\r\\u001f\\\\\"",
];

/// The text, now and then with a character that JSON must escape, each of which can come.
fn named<C: Choices>(text: &str, choices: &mut C) -> String {
    if choices.below(4) < 3 {
        return text.into();
    }
    let escaped = match choices.below(0x22) {
        0x20 => '"',
        0x21 => '\\',
        control => char::from(control as u8),
    };
    format!("{escaped}{text}")
}

fn result<C: Choices>(choices: &mut C) -> EventResult {
    let json = |choices: &mut C| json(choices.pick(&VALUES));
    let peer = choices.pick(&["A", "B", "C"]);
    let call = |choices: &mut C| {
        let call = Tetraplet::call(peer, named(choices.pick(&["db", "net"]), choices), choices.pick(&["get", "put"]));
        Arc::new(if choices.below(4) == 3 { Tetraplet { lens: ".$.x".into(), ..call } } else { call })
    };
    if choices.chance(1, 4) {
        let elements = (0..choices.below(3)).map(|_| (json(choices), call(choices))).collect();
        return EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer(peer)), elements };
    }
    let value = json(choices);
    EventResult::Call {
        outcome: if choices.chance(1, 4) { Outcome::Failure(value) } else { Outcome::Value(value) },
        tetraplet: call(choices),
        arguments: ArgumentHash::of([&json(choices)]),
        output: choices.pick(&[OutputKind::Scalar, OutputKind::Stream, OutputKind::Unused]),
    }
}

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or(Json::Null)
}
