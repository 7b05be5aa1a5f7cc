//! The laws of merge, on freely generated data: a left regular band with identity.
//!
//! Everything is compared as bytes of the shared part. Each law counts the instances that could have broken it, because
//! a law about empty or equal data says nothing.

mod support;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use airtight_engine::data::{Branch, ContentId, Data, Draft, Event, PlaceId, ScriptHash, Segment, SegmentId, Shared};
use proptest::prelude::*;
use support::{check, data, draft, events, family, paths, results};

const CASES: u32 = 20_000;

fn bytes(shared: &Shared) -> Vec<u8> {
    shared.to_bytes()
}

/// Two data that each know what the other does not.
fn concurrent(a: &Shared, b: &Shared) -> bool {
    let (a, b) = (support_of(a), support_of(b));
    !a.is_subset(&b) && !b.is_subset(&a)
}

fn support_of(shared: &Shared) -> BTreeSet<(PlaceId, ContentId)> {
    shared.events().map(|Event { place, result, .. }| (place, result)).collect()
}

/// Counts the instances that matter and fails if they are fewer than a share of all.
struct Share(Cell<u32>);

impl Share {
    fn new() -> Self {
        Self(Cell::new(0))
    }

    fn count(&self, matters: bool) {
        self.0.set(self.0.get() + u32::from(matters));
    }

    fn at_least(&self, percent: u32, of: &str) {
        println!("{of}: {} of {CASES}", self.0.get());
        assert!(self.0.get() * 100 >= CASES * percent, "{of}: only {} of {CASES}", self.0.get());
    }
}

#[test]
fn associative() {
    let concurrent_all = Share::new();
    check(CASES, family(3), |data| {
        let [a, b, c] = &data[..] else { unreachable!() };
        concurrent_all.count(concurrent(a, b) && concurrent(b, c) && concurrent(a, c));
        prop_assert_eq!(bytes(&a.merge(b).merge(c)), bytes(&a.merge(&b.merge(c))));
        Ok(())
    });
    concurrent_all.at_least(20, "three concurrent data");
}

#[test]
fn nothing_is_neutral_and_merge_is_idempotent() {
    let known = Share::new();
    check(CASES, family(1), |data| {
        let [a] = &data[..] else { unreachable!() };
        known.count(a.trace().blocks() > 1);
        let nothing = Shared::default();
        prop_assert_eq!(bytes(&nothing.merge(a)), bytes(a));
        prop_assert_eq!(bytes(&a.merge(&nothing)), bytes(a));
        prop_assert_eq!(bytes(&a.merge(a)), bytes(a));
        Ok(())
    });
    known.at_least(30, "more than one block");
}

#[test]
fn what_was_merged_adds_nothing() {
    let concurrent_pairs = Share::new();
    check(CASES, family(2), |data| {
        let [a, b] = &data[..] else { unreachable!() };
        concurrent_pairs.count(concurrent(a, b));
        let c = a.merge(b);
        prop_assert_eq!(bytes(&c.merge(a)), bytes(&c));
        prop_assert_eq!(bytes(&c.merge(b)), bytes(&c));
        Ok(())
    });
    concurrent_pairs.at_least(40, "concurrent data");
}

/// Any word over data, in any bracketing, equals the word of its first occurrences.
#[test]
fn word_law() {
    let repeating = Share::new();
    let word = prop::collection::vec(any::<prop::sample::Index>(), 1..9);
    let brackets = prop::collection::vec(any::<prop::sample::Index>(), 8);
    check(CASES, (family(1..=5), word, brackets), |(data, word, brackets)| {
        let letters: Vec<usize> = word.iter().map(|letter| letter.index(data.len())).collect();
        let mut factors: Vec<Shared> = letters.iter().map(|letter| data[*letter].clone()).collect();
        for bracket in &brackets {
            if factors.len() > 1 {
                let at = bracket.index(factors.len() - 1);
                let right = factors.remove(at + 1);
                factors[at] = factors[at].merge(&right);
            }
        }
        let mut seen = BTreeSet::new();
        let firsts = letters.iter().filter(|letter| seen.insert(**letter));
        let expected = firsts.fold(Shared::default(), |product, letter| product.merge(&data[*letter]));
        prop_assert_eq!(bytes(&factors[0]), bytes(&expected));
        repeating.count(seen.len() > 1 && seen.len() < letters.len());
        Ok(())
    });
    repeating.at_least(50, "words that repeat letters");
}

#[test]
fn events_are_conserved() {
    let disputes = Share::new();
    check(CASES, family(2), |data| {
        let [a, b] = &data[..] else { unreachable!() };
        let product = a.merge(b);
        let union: BTreeSet<_> = support_of(a).union(&support_of(b)).copied().collect();
        prop_assert_eq!(support_of(&product), union);
        // Order of learning is conserved too: that of `a`, then that of `b` for what `a` lacks.
        let at = |shared: &Shared| -> BTreeMap<_, _> { shared.events().map(|e| ((e.place, e.result), e.at)).collect() };
        let (of_a, of_b, of_ab) = (at(a), at(b), at(&product));
        prop_assert!(of_a.iter().all(|(event, at)| of_ab[event] == *at));
        let added: Vec<_> = of_b.iter().filter(|(event, _)| !of_a.contains_key(event)).collect();
        for (x, x_at) in &added {
            prop_assert!(of_ab[x] >= a.trace().blocks());
            prop_assert!(added.iter().all(|(y, y_at)| x_at.cmp(y_at) == of_ab[x].cmp(&of_ab[y])));
        }
        let places: BTreeSet<_> = of_ab.keys().map(|(place, _)| place).collect();
        disputes.count(places.len() < of_ab.len());
        Ok(())
    });
    disputes.at_least(5, "disputes");
}

/// `a·b` and `b·a` differ in block order only; and they do differ, so merge is not commutative.
#[test]
fn converges_up_to_order() {
    let differing = Share::new();
    check(CASES, family(2), |data| {
        let [a, b] = &data[..] else { unreachable!() };
        let (ab, ba) = (a.merge(b), b.merge(a));
        prop_assert_eq!(bytes(&in_one_block(&ab)), bytes(&in_one_block(&ba)));
        prop_assert_eq!(ab.stores(), ba.stores());
        // Each absorbs the other.
        prop_assert_eq!(bytes(&ab.merge(&ba)), bytes(&ab));
        prop_assert_eq!(bytes(&ba.merge(&ab)), bytes(&ba));
        differing.count(ab != ba);
        Ok(())
    });
    differing.at_least(40, "pairs whose order matters");
}

/// The same events, all learned at once.
fn in_one_block(shared: &Shared) -> Shared {
    let model = model_of(shared.trace().root(), shared);
    model_to_shared(&map_blocks(&model, &|_| 0), shared)
}

#[test]
fn smallest_witness_of_non_commutativity() {
    let (a, b) = (draft(&[(0, 0, 0)]), draft(&[(1, 0, 0)]));
    assert_ne!(bytes(&a.merge(&b)), bytes(&b.merge(&a)));
    let blocks = |shared: &Shared| shared.events().map(|event| event.at).collect::<Vec<_>>();
    assert_eq!((blocks(&a.merge(&b)), blocks(&b.merge(&a))), (vec![0, 1], vec![1, 0]));
}

/// The free left regular band with identity on n letters has this many elements, for n = 1 to 5.
const CLOSURE_SIZES: [usize; 5] = [2, 5, 16, 65, 326];

/// All products of these data, the empty one included, in any bracketing.
fn closure(generators: &[Shared]) -> usize {
    let mut found: BTreeMap<Vec<u8>, Shared> = BTreeMap::from([(bytes(&Shared::default()), Shared::default())]);
    let mut new: Vec<Shared> = generators.to_vec();
    while let Some(x) = new.pop() {
        if found.contains_key(&bytes(&x)) {
            continue;
        }
        // All pairs while they are few; otherwise the generators on both sides.
        let partners: Vec<&Shared> =
            if found.len() <= 16 { found.values().collect() } else { generators.iter().collect() };
        let products: Vec<Shared> = partners.iter().flat_map(|y| [x.merge(y), y.merge(&x)]).collect();
        new.extend(products);
        found.insert(bytes(&x), x);
    }
    found.len()
}

#[test]
fn closures_are_no_larger_than_free() {
    let reached = Cell::new([0_usize; 5]);
    check(400, family(1..=5), |data| {
        let (size, n) = (closure(&data), data.len() - 1);
        prop_assert!(size <= CLOSURE_SIZES[n], "{size} products of {} data", data.len());
        let mut largest = reached.get();
        largest[n] = largest[n].max(size);
        reached.set(largest);
        Ok(())
    });
    println!("largest closures found: {:?}", reached.get());
    assert_eq!(reached.get()[..3], CLOSURE_SIZES[..3]);
}

/// Data that each know one event of their own generate the free left regular band itself.
#[test]
fn one_event_each_is_free() {
    for (n, size) in (1..).zip(CLOSURE_SIZES) {
        let letters: Vec<Shared> = (0..n).map(|path| draft(&[(path, 0, 0)])).collect();
        assert_eq!(closure(&letters), size);
    }
}

#[test]
fn only_another_script_is_an_error() {
    let foreign = Share::new();
    check(CASES, (data(), data()), |(a, b)| {
        let product = a.merge(&b);
        let other = a.script().zip(b.script()).is_some_and(|(a, b)| a != b);
        foreign.count(other);
        prop_assert_eq!(product.is_err(), other);
        if let Ok(product) = product {
            prop_assert_eq!(product.script(), a.script().or(b.script()));
            prop_assert_eq!(product.journal(), a.journal());
            prop_assert_eq!(product.shared(), &a.shared().merge(b.shared()));
        }
        Ok(())
    });
    foreign.at_least(30, "foreign data");
    let nothing = Data::nothing();
    assert_eq!(nothing.merge(&nothing), Ok(Data::nothing()));
    assert!(!Data::new(ScriptHash::of(b""), Shared::default(), None).is_nothing());
}

// ---- the model: merge by recursion, as one writes it on a blackboard ----

/// A segment: the claims of each place with their blocks, and its children.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model(Vec<(BTreeMap<ContentId, usize>, BTreeMap<Branch, Model>)>);

fn model_of(segment: Segment<'_>, shared: &Shared) -> Model {
    let places = segment.map(|place| {
        let claims = place.claims().iter().map(|claim| (shared.stores().id(claim.result), claim.at)).collect();
        (claims, place.children().map(|(branch, child)| (branch, model_of(child, shared))).collect())
    });
    Model(places.collect())
}

fn trim(segment: &Model) -> Model {
    let mut places: Vec<_> = segment
        .0
        .iter()
        .map(|(claims, children)| {
            let children: BTreeMap<_, _> = children.iter().map(|(branch, child)| (*branch, trim(child))).collect();
            (claims.clone(), children.into_iter().filter(|(_, child)| !child.0.is_empty()).collect::<BTreeMap<_, _>>())
        })
        .collect();
    while places.last().is_some_and(|(claims, children)| claims.is_empty() && children.is_empty()) {
        places.pop();
    }
    Model(places)
}

fn blocks(segment: &Model) -> BTreeSet<usize> {
    segment
        .0
        .iter()
        .flat_map(|(claims, children)| {
            claims.values().copied().chain(children.values().flat_map(blocks)).collect::<Vec<_>>()
        })
        .collect()
}

fn map_blocks(segment: &Model, f: &dyn Fn(usize) -> usize) -> Model {
    Model(
        segment
            .0
            .iter()
            .map(|(claims, children)| {
                let claims = claims.iter().map(|(claim, at)| (*claim, f(*at))).collect();
                (claims, children.iter().map(|(branch, child)| (*branch, map_blocks(child, f))).collect())
            })
            .collect(),
    )
}

fn dense(segment: &Model) -> Model {
    let rank: BTreeMap<usize, usize> = blocks(segment).into_iter().zip(0..).collect();
    map_blocks(segment, &|at| rank[&at])
}

fn zip(a: &Model, b: &Model) -> Model {
    let nothing = Default::default();
    Model(
        (0..a.0.len().max(b.0.len()))
            .map(|step| {
                let ((x, c), (y, d)) = (a.0.get(step).unwrap_or(&nothing), b.0.get(step).unwrap_or(&nothing));
                let mut claims = y.clone();
                claims.extend(x.clone());
                let empty = Model::default();
                let branches: BTreeSet<&Branch> = c.keys().chain(d.keys()).collect();
                let child = |branch: &Branch| zip(c.get(branch).unwrap_or(&empty), d.get(branch).unwrap_or(&empty));
                (claims, branches.into_iter().map(|branch| (*branch, child(branch))).collect())
            })
            .collect(),
    )
}

fn model_merge(a: &Model, b: &Model) -> Model {
    let n = blocks(a).last().map_or(0, |last| last + 1);
    dense(&trim(&zip(a, &map_blocks(b, &|at| at + n))))
}

/// The model's data as ours; `source` knows the results.
fn model_to_shared(model: &Model, source: &Shared) -> Shared {
    fn fill(draft: &mut Draft, key: airtight_engine::data::SegmentKey, model: &Model, source: &Shared) {
        for (step, (claims, children)) in model.0.iter().enumerate() {
            for (claim, at) in claims {
                draft.claim(key, step, &result(*claim, source), *at);
            }
            for (branch, child) in children {
                let key = draft.child(key, step, *branch);
                fill(draft, key, child, source);
            }
        }
    }
    let mut draft = Draft::new();
    let root = draft.root();
    fill(&mut draft, root, model, source);
    draft.finish()
}

fn result(id: ContentId, source: &Shared) -> airtight_engine::data::EventResult {
    let stores = source.stores();
    let call = stores.calls.find(&id).map(airtight_engine::data::ResultIx::Call);
    let canon = stores.canons.find(&id).map(airtight_engine::data::ResultIx::Canon);
    stores.result(call.or(canon).unwrap())
}

#[test]
fn agrees_with_the_model() {
    let shaped = Share::new();
    check(CASES, family(2), |data| {
        let [a, b] = &data[..] else { unreachable!() };
        let model = |shared: &Shared| model_of(shared.trace().root(), shared);
        let (product, expected) = (a.merge(b), model_merge(&model(a), &model(b)));
        prop_assert_eq!(model(&product), expected.clone());
        prop_assert_eq!(product.trace().blocks(), blocks(&expected).len());
        prop_assert_eq!(bytes(&model_to_shared(&expected, &product)), bytes(&product));
        shaped.count(concurrent(a, b) && product.trace().place_count() > 6);
        Ok(())
    });
    shaped.at_least(40, "concurrent data of more than six places");
}

/// A draft is the model of its events, trimmed and dense, in whatever order they were put in.
#[test]
fn drafts_agree_with_the_model() {
    let (paths, results) = (paths(), results());
    check(CASES, events(), |events| {
        let mut model = Model::default();
        for (path, result, at) in &events {
            let (segments, step) = &paths[*path];
            let mut segment = &mut model;
            for (step, branch) in segments {
                segment.0.resize(segment.0.len().max(step + 1), Default::default());
                segment = segment.0[*step].1.entry(*branch).or_default();
            }
            segment.0.resize(segment.0.len().max(step + 1), Default::default());
            let mut one = Draft::new();
            let root = one.root();
            one.claim(root, 0, &results[*result], 0);
            let id = one.finish().events().next().unwrap().result;
            let known = segment.0[*step].0.entry(id).or_insert(*at);
            *known = (*known).min(*at);
        }
        let shared = draft(&events);
        prop_assert_eq!(model_of(shared.trace().root(), &shared), dense(&trim(&model)));
        let mut reversed = events.clone();
        reversed.reverse();
        prop_assert_eq!(bytes(&draft(&reversed)), bytes(&shared));
        Ok(())
    });
}

/// The events of a trace carry the ids of their paths.
#[test]
fn events_know_their_places() {
    for (path, (segments, step)) in paths().into_iter().enumerate() {
        let segment = segments.iter().fold(SegmentId::root(), |id, (step, branch)| id.branch(*step, *branch));
        let found: Vec<PlaceId> = draft(&[(path, 4, 7)]).events().map(|event| event.place).collect();
        assert_eq!(found, [segment.place(step)]);
    }
}

/// Depth costs memory, not stack: nested 100,000 deep, everything runs in a quarter of a megabyte.
#[test]
fn depth_is_limited_by_memory_only() {
    const DEPTH: usize = 100_000;
    let work = || {
        let results = results();
        let nest = |branch: &dyn Fn(usize) -> Branch, result: usize| {
            let mut draft = Draft::new();
            let mut key = draft.root();
            for level in 0..DEPTH {
                key = draft.child(key, level % 2, branch(level));
            }
            draft.claim(key, 1, &results[result], 0);
            draft.finish()
        };
        let left = nest(&|_| Branch::Left, 0);
        let disputing = nest(&|_| Branch::Left, 1);
        let folds = nest(&|level| Branch::Iteration(support::value_id(level % 3)), 5);
        let product = left.merge(&disputing).merge(&folds);
        assert_eq!(product.events().count(), 3);
        let data = Data::new(ScriptHash::of(b""), product.clone(), None);
        let bytes = airtight_engine::data::encode(&data);
        assert_eq!(airtight_engine::data::decode(&bytes), Ok(data));
        assert_eq!(product.merge(&folds), product);
        assert_ne!(product.hash(), left.hash());
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}
