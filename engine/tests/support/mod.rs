//! Freely generated data of one shape: forged, disputed, anything that is well formed.
//!
//! The crate `generators` makes such data from choices, for the laws. What is here is a table of places and results that
//! tests of the engine also go through one by one, and strategies over its indices; so these tests need nothing but the
//! engine, and whoever changes it, or breaks it on purpose, builds nothing that depends on it.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::sync::Arc;

use airtight_engine::data::{
    Answer, ArgumentHash, Branch, Data, Draft, EventResult, Journal, Outcome, OutputKind, PlaceId, ScriptHash,
    SegmentId, Shared, ValueId,
};
use airtight_engine::value::{Json, Tetraplet};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

/// Where an event is: the places and branches that lead to its segment, and its step there.
pub(crate) type Path = (Vec<(usize, Branch)>, usize);

/// An event before it has a place: path, result, block.
pub(crate) type Placed = (usize, usize, usize);

pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 50_000,
        max_shrink_time: 10_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_26),
        ..ProptestConfig::default()
    }
}

/// Runs a property over generated input at a fixed seed and lets it count.
pub(crate) fn check<S: Strategy>(cases: u32, strategy: S, law: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    TestRunner::new(config(cases)).run(&strategy, law).unwrap_or_else(|failure| panic!("{failure}"));
}

/// A stream value; which ones they are does not matter to data.
pub(crate) fn value_id(number: usize) -> ValueId {
    SegmentId::root().place(1_000 + number).into()
}

/// A few paths, near enough to each other to collide: every segment, every kind of branch, gaps between places.
pub(crate) fn paths() -> Vec<Path> {
    let (left, right) = (Branch::Left, Branch::Right);
    let (one, two, last) = (Branch::Iteration(value_id(0)), Branch::Iteration(value_id(1)), Branch::Last(value_id(1)));
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
    segments.into_iter().flat_map(|segment| [0, 1, 3].map(|step| (segment.clone(), step))).collect()
}

/// A few results: values, a failure, canons, some of which share parts.
pub(crate) fn results() -> Vec<EventResult> {
    let json = |text: &str| Json::parse(text.as_bytes()).unwrap();
    let get = Arc::new(Tetraplet::call("A", "db", "get"));
    let put = Arc::new(Tetraplet { lens: ".$.x".into(), ..Tetraplet::call("B", "db", "put") });
    let call = |outcome, tetraplet: &Arc<Tetraplet>, output| EventResult::Call {
        outcome,
        tetraplet: Arc::clone(tetraplet),
        arguments: ArgumentHash::of([&json("1")]),
        output,
    };
    let canon = |peer: &str, elements| EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer(peer)), elements };
    vec![
        call(Outcome::Value(json("1")), &get, OutputKind::Scalar),
        call(Outcome::Value(json("1")), &get, OutputKind::Stream),
        call(Outcome::Value(json("{\"k\":[1.5,\"\\\"\"]}")), &put, OutputKind::Unused),
        call(Outcome::Failure(json("1")), &get, OutputKind::Scalar),
        canon("A", vec![]),
        canon("A", vec![(json("1"), Arc::clone(&get)), (json("\"é\""), put)]),
        canon("C", vec![(json("1"), Arc::clone(&get)), (json("1"), get)]),
    ]
}

/// The same data from the same events, however they were chosen.
pub(crate) fn draft(events: &[Placed]) -> Shared {
    let (paths, results) = (paths(), results());
    let mut draft = Draft::new();
    for (path, result, at) in events {
        let (segments, step) = &paths[*path];
        let mut key = draft.root();
        for (step, branch) in segments {
            key = draft.child(key, *step, *branch);
        }
        draft.claim(key, *step, &results[*result], *at);
    }
    draft.finish()
}

/// Events of one trace; few results, so that data agree, dispute and differ in what they know.
pub(crate) fn events() -> impl Strategy<Value = Vec<Placed>> {
    prop::collection::vec((0..paths().len(), 0..results().len(), 0..4_usize), 0..9)
}

/// Shared data of one shape.
pub(crate) fn shared() -> impl Strategy<Value = Shared> {
    events().prop_map(|events| draft(&events))
}

/// `n` shared data drawn from one small pool of events at a few places, so that they overlap and dispute.
pub(crate) fn family(n: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<Shared>> {
    use prop::sample::Index;
    let sites = prop::collection::vec(0..paths().len(), 3..9);
    let pool = prop::collection::vec((any::<Index>(), 0..results().len()), 4..12);
    let choices = prop::collection::vec(prop::collection::vec((any::<Index>(), 0..4_usize), 0..8), n);
    (sites, pool, choices).prop_map(|(sites, pool, choices)| {
        let event = |(index, at): &(Index, usize)| {
            let (site, result) = index.get(&pool);
            (*site.get(&sites), *result, *at)
        };
        choices.iter().map(|choice| draft(&choice.iter().map(event).collect::<Vec<_>>())).collect()
    })
}

fn journals() -> impl Strategy<Value = Option<Journal>> {
    let place = |number: usize| -> PlaceId { SegmentId::root().place(number) };
    let answer = ("[a\"é]{0,3}", any::<i32>());
    let answers = prop::collection::vec((0..9_usize, answer), 0..4);
    let journal =
        ("[AB]", prop::collection::vec(0..9_usize, 0..5), answers).prop_map(move |(peer, pending, answers)| {
            let mut journal = Journal::new(peer);
            for number in pending {
                journal.request(place(number));
            }
            journal.settle(place(0));
            for (number, (result, ret_code)) in answers {
                journal.keep(place(number), Answer { ret_code, result: result.into() });
            }
            journal
        });
    prop::option::of(journal)
}

/// Data in their envelope, with and without a journal; sometimes nothing at all.
pub(crate) fn data() -> impl Strategy<Value = Data> {
    prop_oneof![
        1 => Just(Data::nothing()),
        20 => (shared(), journals(), 0..2_u8).prop_map(|(shared, journal, script)| {
            Data::new(ScriptHash::of(&[script]), shared, journal)
        }),
    ]
}
