//! The front doors: each testing library gets good values from the same core, and shrinks them to the smallest.

use airtight_engine::script::{Script, Tree, print};
use airtight_generators::samples::{DamagedText, FreeData, NearValidText, Triple, ValidScript};
use airtight_generators::{Choices, Features, FuzzerBytes, ScriptConfig, ScriptGenerator, Seeded, Tape, strategy};
use arbitrary::Unstructured;
use proptest::prop_assert;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{TestError, TestRunner};
use quickcheck::{Arbitrary, Gen, QuickCheck};

fn is_valid(tree: &Tree) -> bool {
    Script::check(tree.clone()).is_ok()
}

/// The last of the simpler and simpler values for which a property still fails, as `quickcheck` finds it.
fn shrunk<T: Arbitrary>(mut value: T, fails: impl Fn(&T) -> bool) -> T {
    while let Some(simpler) = value.shrink().find(|simpler| fails(simpler)) {
        value = simpler;
    }
    value
}

#[test]
fn quickcheck_draws_valid_scripts_and_lawful_data() {
    fn valid(script: ValidScript) -> bool {
        is_valid(&script.0)
    }
    fn associative(Triple([a, b, c]): Triple) -> bool {
        a.merge(&b).merge(&c) == a.merge(&b.merge(&c))
    }
    fn idempotent(data: FreeData) -> bool {
        data.0.merge(&data.0) == data.0
    }
    fn total(text: NearValidText, bytes: DamagedText) -> bool {
        let _ = (Script::parse(text.0), Script::parse(bytes.0));
        true
    }
    let check = || QuickCheck::new().rng(Gen::from_size_and_seed(100, 1)).tests(300).min_tests_passed(300);
    check().quickcheck(valid as fn(ValidScript) -> bool);
    check().quickcheck(associative as fn(Triple) -> bool);
    check().quickcheck(idempotent as fn(FreeData) -> bool);
    check().quickcheck(total as fn(NearValidText, DamagedText) -> bool);
}

/// No value is among its own simpler ones, or shrinking would not end; and scripts stay valid.
#[test]
fn simpler_values_are_others() {
    let mut choices = Seeded::new(1);
    for _ in 0..60 {
        let script = ValidScript::draw(&mut choices);
        assert!(script.shrink().all(|simpler| simpler != script && is_valid(&simpler.0)));
        let data = FreeData::draw(&mut choices);
        assert!(data.shrink().all(|simpler| simpler != data));
        let triple = Triple::draw(&mut choices);
        assert!(triple.shrink().all(|simpler| simpler != triple));
        let text = NearValidText::draw(&mut choices);
        assert!(text.shrink().take(500).all(|simpler| simpler != text));
        let tape = Tape::new((0..choices.below(9)).map(|_| choices.below(4)).collect());
        assert!(tape.shrink().all(|simpler| simpler != tape));
    }
}

/// A poison in any leaf: what is left is that leaf and nothing else.
#[test]
fn scripts_shrink_to_the_poison() {
    let features = Features { waiting: false, ..Features::default() };
    let mut config = ScriptConfig { features, ..ScriptConfig::valid() };
    config.instructions.null = 40;
    let generator = ScriptGenerator::new(config);
    let mut planted = 0;
    for seed in 0..60 {
        let text = print::compact(&generator.generate(&mut Seeded::new(seed)));
        for (at, leaf) in text.match_indices("(null)") {
            let poisoned = [&text[..at], "(never)", &text[at + leaf.len()..]].concat();
            let tree = Tree::parse(&poisoned).expect("one leaf is as good as another");
            if !is_valid(&tree) {
                continue;
            }
            let has_poison = |script: &ValidScript| print::compact(&script.0).contains("(never)");
            let smallest = shrunk(ValidScript(tree), has_poison);
            assert_eq!(print::compact(&smallest.0), "(never)", "{poisoned}");
            planted += 1;
        }
    }
    println!("{planted} poisons were found");
    assert!(planted > 60);
}

/// A single event is what is left of data in which it is the mistake; one byte of a text.
#[test]
fn data_and_texts_shrink_to_the_poison() {
    let mut choices = Seeded::new(2);
    let mut planted = 0;
    for _ in 0..60 {
        let data = FreeData::draw(&mut choices);
        for event in data.0.events() {
            let known = |data: &FreeData| {
                data.0.events().any(|other| (other.place, other.result) == (event.place, event.result))
            };
            let smallest = shrunk(data.clone(), known);
            assert_eq!(smallest.0.events().count(), 1);
            planted += 1;
        }
    }
    println!("{planted} poisons were found");
    assert!(planted > 100);
    let text = DamagedText(b"(seq (null) \xff (null))".to_vec());
    assert_eq!(shrunk(text, |text| text.0.contains(&0xff)).0, b"\xff");
    let tape = Tape::new(vec![3, 9, 200, 7]);
    let smallest = shrunk(tape, |tape| tape.choices().iter().any(|choice| *choice >= 100));
    assert_eq!(smallest.choices(), [100]);
}

#[test]
fn fuzzers_make_valid_values_of_any_bytes() {
    let mut choices = Seeded::new(3);
    let mut nodes = 0;
    for _ in 0..300 {
        let bytes: Vec<u8> = (0..choices.below(400)).map(|_| choices.bits() as u8).collect();
        let mut source = Unstructured::new(&bytes);
        let script = source.arbitrary::<ValidScript>().expect("bytes are never too few");
        nodes += script.0.node_count();
        assert!(is_valid(&script.0));
        let Triple([a, b, c]) = source.arbitrary::<Triple>().expect("bytes are never too few");
        assert!(a.merge(&b).merge(&c) == a.merge(&b.merge(&c)));
    }
    println!("{:.1} instructions on average", f64::from(nodes as u32) / 300.0);
    assert!(nodes > 1_500);
    let mut nothing = Unstructured::new(&[]);
    let simplest = nothing.arbitrary::<ValidScript>().expect("bytes are never too few");
    assert_eq!(print::compact(&simplest.0), "(null)");
    assert_eq!(FuzzerBytes(&mut nothing).below(7), 0);
    assert_eq!(<ValidScript as arbitrary::Arbitrary>::try_size_hint(0).expect("it is not recursive"), (0, None));
}

#[test]
fn strategies_of_proptest_make_texts_and_lawful_data() {
    // A runner counts its cases over all that it runs, so each is new.
    let runner = TestRunner::deterministic;
    let texts = (strategy::near_valid_texts(200), strategy::damaged_texts(200));
    let total = runner().run(&texts, |(text, bytes)| {
        let _ = (Script::parse(text.0), Script::parse(bytes.0));
        Ok(())
    });
    let lawful = runner().run(&(strategy::triples(100), strategy::free_data(100)), |(Triple([a, b, c]), data)| {
        prop_assert!(a.merge(&b).merge(&c) == a.merge(&b.merge(&c)));
        prop_assert!(data.0.merge(&data.0) == data.0);
        Ok(())
    });
    assert_eq!((total, lawful), (Ok(()), Ok(())));
    // What differs is found, and the library makes it small, if not the smallest.
    let commutes = runner().run(&strategy::triples(100), |Triple([a, b, _])| {
        prop_assert!(a.merge(&b) == b.merge(&a));
        Ok(())
    });
    let Err(TestError::Fail(_, Triple([a, b, c]))) = commutes else {
        panic!("merging is not commutative: {commutes:?}")
    };
    let events = |data: &airtight_engine::data::Shared| data.events().count();
    assert!(events(&a) <= 2 && events(&b) <= 2 && events(&c) <= 1, "{} {} {}", events(&a), events(&b), events(&c));
}

#[test]
fn strategies_of_proptest_make_valid_scripts() {
    let strategy = strategy::scripts(ScriptConfig::valid(), 200);
    let mut runner = TestRunner::deterministic();
    for _ in 0..100 {
        let mut tree = strategy.new_tree(&mut runner).expect("a tape can always be made");
        assert!(is_valid(&tree.current()));
        // The simplest that the library gets to is the simplest there is.
        while tree.simplify() {}
        assert_eq!(print::compact(&tree.current()), "(null)");
    }
}
