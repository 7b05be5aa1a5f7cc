//! The cases of campaigns, and the pairs of data that laws look at in them: whether there is something to get wrong.

use airtight_engine::data::{PlaceId, Segment, SegmentId, Shared, decode};
use airtight_engine::script::Kind;
use airtight_generators::{Seeded, traces};
use airtight_properties::campaign::case;
use airtight_properties::{Scene, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// Events, each with the places around it.
type Around = BTreeMap<(PlaceId, String), BTreeSet<PlaceId>>;

/// The events of a trace with the places around them.
fn around(shared: &Shared) -> Around {
    let mut found = BTreeMap::new();
    let mut work: Vec<(Segment<'_>, SegmentId, BTreeSet<PlaceId>)> =
        vec![(shared.trace().root(), SegmentId::root(), BTreeSet::new())];
    while let Some((segment, id, outer)) = work.pop() {
        for (step, place) in segment.enumerate() {
            for claim in place.claims() {
                let result = format!("{:?}", shared.stores().id(claim.result));
                found.insert((id.place(step), result), outer.clone());
            }
            for (branch, child) in place.children() {
                let mut around = outer.clone();
                around.insert(id.place(step));
                work.push((child, id.branch(step, branch), around));
            }
        }
    }
    found
}

/// As the laws of pairs draw them: they mostly differ, and many of them inside of one `par` or fold.
#[test]
fn pairs_of_data_differ() {
    let mut subject = Subject::own();
    let (mut pairs, mut nested, mut concurrent, mut together) = (0_u32, 0_u32, 0_u32, 0_u32);
    for number in 0..6_000 {
        let played = case(1, number).play(&mut subject).expect("the case can be played");
        let pair = Scene::new(&played, &mut subject).pair(&mut Seeded::new(number)).expect("our engine has answers");
        let Some(pair) = pair else { continue };
        pairs += 1;
        let [a, b] = pair.map(|letter| decode(&letter.data).expect("they are data").into_parts().0);
        let (of_a, of_b) = (around(&a), around(&b));
        let only = |these: &Around, those: &Around| -> Vec<BTreeSet<PlaceId>> {
            these.iter().filter(|(event, _)| !those.contains_key(*event)).map(|(_, around)| around.clone()).collect()
        };
        let (of_a_only, of_b_only) = (only(&of_a, &of_b), only(&of_b, &of_a));
        let is_concurrent = !of_a_only.is_empty() && !of_b_only.is_empty();
        assert_eq!(is_concurrent, traces::is_concurrent(&a, &b));
        nested += u32::from(!is_concurrent);
        concurrent += u32::from(is_concurrent);
        let shares = |x: &BTreeSet<PlaceId>| of_b_only.iter().any(|y| !x.is_disjoint(y));
        together += u32::from(of_a_only.iter().any(shares));
    }
    println!(
        "of {pairs} pairs {nested} are equal or one is part of the other, {concurrent} are concurrent, {together} of them \
         inside of one `par` or fold"
    );
    assert!(pairs > 2_000 && nested * 100 <= pairs * 40 && together * 100 >= pairs * 20);
}

/// The gates of the generator, for what campaigns make of it: scripts differ, do something, end, and mostly without an error.
#[test]
fn cases_are_worth_looking_at() {
    const COUNT: u64 = 4_000;
    let mut subject = Subject::own();
    let mut scripts = BTreeSet::new();
    let (mut trivial, mut ends, mut runs, mut errors) = (0, 0, 0, 0);
    for number in 0..COUNT {
        let played = case(2, number).play(&mut subject).expect("the case can be played");
        let tree = played.script.tree();
        let calls = tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Call).count();
        trivial += u64::from(calls == 0 || played.peers().count() < 2 || tree.node_count() == 1);
        ends += u64::from(played.quiet_at.is_some());
        runs += played.runs.len();
        errors += played.runs.iter().filter(|run| run.result.ret_code != 0).count();
        scripts.insert(played.case.script.clone());
    }
    println!(
        "of {COUNT} cases {} have a script of their own, {trivial} are trivial, {ends} end; {errors} of {runs} runs end with \
         an error",
        scripts.len()
    );
    // Small scripts are played fast, so more of them than of larger ones come to little.
    assert!(scripts.len() as u64 * 100 >= COUNT * 95 && trivial * 100 <= COUNT * 16 && ends == COUNT);
    assert!(errors * 100 <= runs * 10);
}
