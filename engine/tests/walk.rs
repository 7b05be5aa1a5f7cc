//! Walks: what cursors see, what news become, and that nothing else changes.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use airtight_engine::data::{
    Answer, ArgumentHash, Branch, ContentId, Cursor, Draft, Journal, OutputKind, PlaceId, ResultIx, SegmentId, Shared,
    Walk,
};
use airtight_engine::value::{Json, Tetraplet};
use proptest::prelude::*;
use support::{Path, check, draft, events, paths, results, value_id};

/// A cursor at a path, opened from the root each time, as different instructions of one segment would be.
fn reach<'s>(walk: &mut Walk<'s>, (segments, step): &Path) -> Cursor<'s> {
    let mut cursor = walk.root();
    for (step, branch) in segments {
        (0..*step).for_each(|_| cursor.step());
        cursor = walk.open(&cursor, *branch);
    }
    (0..*step).for_each(|_| cursor.step());
    cursor
}

fn known(shared: &Shared) -> BTreeMap<(PlaceId, ContentId), usize> {
    shared.events().map(|event| ((event.place, event.result), event.at)).collect()
}

/// A cursor at any path has the id of the path and sees the claims that the events put there.
#[test]
fn cursors_see_what_is_at_their_place() {
    check(5_000, events(), |events| {
        let shared = draft(&events);
        // Events come in the order of the flat trace.
        let listed = shared.trace().claims().iter().map(|claim| (shared.stores().id(claim.result), claim.at));
        prop_assert!(listed.eq(shared.events().map(|event| (event.result, event.at))));
        let mut walk = Walk::new(&shared);
        for path in paths() {
            let cursor = reach(&mut walk, &path);
            let segment = path.0.iter().fold(SegmentId::root(), |id, (step, branch)| id.branch(*step, *branch));
            prop_assert_eq!(cursor.place_id(), segment.place(path.1));
            let seen: Vec<_> =
                cursor.claims().iter().map(|claim| (shared.stores().id(claim.result), claim.at)).collect();
            let of_place = |event: &airtight_engine::data::Event| event.place == cursor.place_id();
            let expected: Vec<_> = shared.events().filter(of_place).map(|event| (event.result, event.at)).collect();
            prop_assert_eq!(seen, expected);
            // A place is known if something is there or after it.
            prop_assert!(cursor.place().is_some() || cursor.claims().is_empty());
        }
        Ok(())
    });
}

/// The data after a run are the data before it and the news, in one new block.
#[test]
fn news_are_one_new_block() {
    let additions = prop::collection::vec((0..paths().len(), 0..results().len()), 0..6);
    check(10_000, (events(), additions), |(events, additions)| {
        let shared = draft(&events);
        let mut walk = Walk::new(&shared);
        for (path, result) in &additions {
            let cursor = reach(&mut walk, &paths()[*path]);
            walk.add(&cursor, results()[*result].clone());
        }
        let news = walk.news();
        let after = shared.merge(&news);
        let expected: Vec<_> =
            events.iter().copied().chain(additions.iter().map(|(path, result)| (*path, *result, 9))).collect();
        prop_assert_eq!(&after, &draft(&expected));
        prop_assert!(news.trace().blocks() <= 1);
        let (before, after) = (known(&shared), known(&after));
        prop_assert!(before.iter().all(|(event, at)| after[event] == *at));
        let new: BTreeSet<usize> =
            after.iter().filter(|(event, _)| !before.contains_key(event)).map(|(_, at)| *at).collect();
        prop_assert!(new.is_empty() || new == BTreeSet::from([shared.trace().blocks()]));
        Ok(())
    });
}

/// Iterations of a fold interleave: the second begins before the first goes on.
#[test]
fn cursors_are_independent() {
    let results = results();
    let nothing = Shared::default();
    let mut walk = Walk::new(&nothing);
    let fold = walk.root();
    let mut first = walk.open(&fold, Branch::Iteration(value_id(1)));
    walk.add(&first, results[0].clone());
    first.step();
    let second = walk.open(&fold, Branch::Iteration(value_id(0)));
    walk.add(&second, results[1].clone());
    let inner = walk.open(&first, Branch::Right);
    walk.add(&inner, results[2].clone());
    let shared = walk.news();

    let mut expected = Draft::new();
    let root = expected.root();
    let first = expected.child(root, 0, Branch::Iteration(value_id(1)));
    let second = expected.child(root, 0, Branch::Iteration(value_id(0)));
    let inner = expected.child(first, 1, Branch::Right);
    expected.claim(second, 0, &results[1], 0);
    expected.claim(inner, 0, &results[2], 0);
    expected.claim(first, 0, &results[0], 0);
    assert_eq!(shared, expected.finish());
    assert!(Walk::new(&shared).news().is_empty());
}

/// A walk of a hundred thousand levels, and one of a hundred thousand iterations, in a quarter of a megabyte of stack.
#[test]
fn long_and_deep_walks_need_no_stack() {
    const MANY: usize = 100_000;
    let work = || {
        let (results, nothing) = (results(), Shared::default());
        let mut walk = Walk::new(&nothing);
        let mut cursor = walk.root();
        for _ in 0..MANY {
            cursor.step();
            walk.add(&cursor, results[0].clone());
            cursor = walk.open(&cursor, Branch::Right);
        }
        walk.add(&cursor, results[0].clone());
        let deep = walk.news();
        assert_eq!((deep.trace().place_count(), deep.events().count()), (2 * MANY + 1, MANY + 1));

        let mut walk = Walk::new(&deep);
        let fold = walk.root();
        for number in 0..MANY {
            let iteration = walk.open(&fold, Branch::Iteration(value_id(number)));
            walk.add(&iteration, results[number % results.len()].clone());
        }
        let after = deep.merge(&walk.news());
        assert_eq!((after.events().count(), after.trace().blocks()), (2 * MANY + 1, 2));
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

/// Which claims answer what the script computes.
#[test]
fn claims_say_what_they_answer() {
    let shared = draft(&[(0, 0, 0), (0, 1, 0), (0, 6, 0)]);
    let (stores, place) = (shared.stores(), shared.trace().root().first().unwrap());
    let (tetraplet, arguments) = (Tetraplet::call("A", "db", "get"), ArgumentHash::of([&Json::from(1_u64)]));
    let answers = |tetraplet: &Tetraplet, arguments: &ArgumentHash, output| {
        let claims = place.claims().iter();
        let fit = claims.filter(|claim| match claim.result {
            ResultIx::Call(call) => stores.call_answers(call, tetraplet, arguments, output),
            ResultIx::Canon(_) => false,
        });
        fit.count()
    };
    assert_eq!(answers(&tetraplet, &arguments, OutputKind::Scalar), 1);
    assert_eq!(answers(&tetraplet, &arguments, OutputKind::Stream), 1);
    assert_eq!(answers(&tetraplet, &arguments, OutputKind::Unused), 0);
    assert_eq!(answers(&tetraplet, &ArgumentHash::of([]), OutputKind::Scalar), 0);
    let other = Tetraplet { lens: ".$.x".into(), ..tetraplet };
    assert_eq!(answers(&other, &arguments, OutputKind::Scalar), 0);
    let ResultIx::Canon(canon) = place.claims()[2].result else { panic!("canons come after calls") };
    assert!(stores.canon_answers(canon, "C") && !stores.canon_answers(canon, "A"));
}

/// A canon result whose tetraplet is more than a peer answers nobody's canon.
#[test]
fn forged_canons_answer_nothing() {
    for tetraplet in [
        Tetraplet::call("A", "s", ""),
        Tetraplet::call("A", "", "f"),
        Tetraplet { lens: "l".into(), ..Tetraplet::peer("A") },
    ] {
        let mut forged = Draft::new();
        let root = forged.root();
        let result = airtight_engine::data::EventResult::Canon { tetraplet: Arc::new(tetraplet), elements: vec![] };
        forged.claim(root, 0, &result, 0);
        let forged = forged.finish();
        let ResultIx::Canon(canon) = forged.trace().claims()[0].result else { panic!("a canon") };
        assert!(!forged.stores().canon_answers(canon, "A"));
    }
}

/// The hash of arguments is that of their text as one array, deep as they may be.
#[test]
fn argument_hashes_are_plain_hashes() {
    let values = ["[1,2.0]", "\"k\"", "{\"a\":null}"].map(|text| Json::parse(text.as_bytes()).unwrap());
    let plain = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    assert_eq!(*ArgumentHash::of([]).as_bytes(), plain("[]"));
    assert_eq!(*ArgumentHash::of(&values).as_bytes(), plain("[[1,2.0],\"k\",{\"a\":null}]"));
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let value = Json::parse(deepest.as_bytes()).unwrap();
    assert_eq!(*ArgumentHash::of([&value]).as_bytes(), plain(&format!("[{deepest}]")));
}

/// A place is requested once, and forgotten when it has its event.
#[test]
fn journals_remember_requests() {
    let place = |number| SegmentId::root().place(number);
    let mut journal = Journal::new("A");
    assert_eq!(
        [journal.request(place(5)), journal.request(place(2)), journal.request(place(5))],
        [Some(1), Some(2), Some(1)]
    );
    assert_eq!((journal.next_call_id(), journal.place(2), journal.call(place(2))), (3, Some(place(2)), Some(2)));
    let answer = |ret_code| Answer { ret_code, result: "1".into() };
    journal.keep(place(2), answer(0));
    journal.keep(place(2), answer(7));
    assert_eq!((journal.answer(place(2)), journal.pending().count()), (Some(&answer(7)), 2));
    assert_eq!(journal.settle(place(2)), Some(answer(7)));
    assert_eq!((journal.answer(place(2)), journal.place(2), journal.call(place(2))), (None, None, None));
    assert_eq!(journal.settle(place(2)), None);
    // Ids are never given twice, not even when all are used up.
    assert_eq!(journal.request(place(2)), Some(3));
    let mut last = Journal::from_entries("A".into(), u32::MAX, [], []).unwrap();
    assert_eq!((last.request(place(1)), last.call(place(1)), last.pending().count()), (None, None, 0));
}
