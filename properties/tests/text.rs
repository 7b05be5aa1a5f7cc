//! The laws of text, over tapes that shrink, over seeded scripts of every profile, and over damaged bytes.

use airtight_engine::script::{Kind, Script, Tree, print};
use airtight_generators::strategy::{scripts, tapes};
use airtight_generators::{
    Choices, EditWeights, ScriptConfig, ScriptGenerator, Seeded, Tape, damage, near_valid, reduce, weave_comments,
};
use airtight_properties::Violation;
use airtight_properties::text::{comments_stay, one_spelling, round_trip, stable_findings, totality};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::{RngSeed, TestCaseError, TestError, TestRunner};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 50_000,
        max_shrink_time: 10_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

fn fail(violation: Violation) -> TestCaseError {
    TestCaseError::fail(violation.to_string())
}

/// A comment or blank between bracket and keyword once moved the end of a header into a character.
#[test]
fn headers_end_between_characters() {
    for text in ["(seq (;aé\npar (never) (never)) (null))", "(seq (\u{a0}\u{a0}par (never) (never)) (null))"] {
        totality(text.as_bytes()).expect("places lie between characters");
    }
}

/// All laws that a tree has, the text of which is made with more choices.
fn laws_of_a_tree(tree: &Tree, choices: &mut impl Choices) -> Result<(), Violation> {
    round_trip(tree)?;
    let text = print::canonical(tree);
    let copy =
        Tree::parse(&text).map_err(|findings| Violation::new("prints parse").part("why", findings.to_string()))?;
    one_spelling(tree, &copy)?;
    let woven = weave_comments(&if choices.below(2) == 0 { text } else { print::compact(tree) }, 6, choices);
    match Tree::parse(&woven) {
        Ok(parsed) if parsed == *tree => {}
        _ => return Err(Violation::new("comments and blanks change nothing").part("text", woven)),
    }
    comments_stay(&woven)?;
    stable_findings(&woven)?;
    totality(woven.as_bytes())
}

fn profiles() -> [(&'static str, ScriptConfig); 3] {
    [
        ("valid", ScriptConfig::valid()),
        ("grammatical", ScriptConfig::grammatical()),
        ("wild", ScriptConfig { names: 2, swarm_percent: 80, size: 1..=60, ..ScriptConfig::grammatical() }),
    ]
}

#[test]
fn laws_of_trees_hold_for_tapes() {
    for (_, profile) in profiles() {
        let generator = ScriptGenerator::new(profile);
        let laws = |mut tape: Tape| {
            let tree = generator.generate(&mut tape);
            laws_of_a_tree(&tree, &mut tape).map_err(fail)
        };
        if let Err(error) = TestRunner::new(config(3_000)).run(&tapes(300), laws) {
            panic!("{error}");
        }
    }
}

#[test]
fn parsing_is_total_for_random_bytes() {
    let strategy = vec(any::<u8>(), 0..200);
    if let Err(error) = TestRunner::new(config(20_000)).run(&strategy, |bytes| totality(&bytes).map_err(fail)) {
        panic!("{error}");
    }
}

#[test]
fn laws_of_trees_hold_for_seeds() {
    for (seed, (name, profile)) in (1..).zip(profiles()) {
        let generator = ScriptGenerator::new(profile);
        let mut choices = Seeded::new(seed);
        for case in 0..10_000 {
            let tree = generator.generate(&mut choices);
            if let Err(violation) = laws_of_a_tree(&tree, &mut choices) {
                panic!("profile {name}, seed {seed}, case {case}\n{violation}");
            }
        }
    }
}

#[test]
fn equal_canonical_texts_are_of_equal_trees() {
    let config =
        ScriptConfig { names: 1, size: 1..=1, arguments_max: 0, odd_literal_percent: 0, ..ScriptConfig::grammatical() };
    let generator = ScriptGenerator::new(config);
    let mut choices = Seeded::new(20);
    let trees: Vec<_> = (0..700).map(|_| generator.generate(&mut choices)).collect();
    let mut equal = 0;
    for (i, t) in trees.iter().enumerate() {
        for u in &trees[..i] {
            equal += u32::from(t == u);
            one_spelling(t, u).unwrap_or_else(|violation| panic!("{violation}"));
        }
    }
    println!("{equal} of {} pairs are equal", trees.len() * (trees.len() - 1) / 2);
    assert!(equal > 100);
}

#[test]
fn parsing_is_total_for_damaged_scripts() {
    let mut choices = Seeded::new(21);
    let mut accepted = 0;
    for (_, profile) in profiles() {
        let generator = ScriptGenerator::new(ScriptConfig { size: 1..=12, ..profile });
        for _ in 0..15_000 {
            let tree = generator.generate(&mut choices);
            let text = match choices.below(3) {
                0 => print::compact(&tree),
                1 => weave_comments(&print::compact(&tree), 4, &mut choices),
                _ => near_valid(&tree, &EditWeights::default(), &mut choices),
            };
            let bytes = damage(text.as_bytes(), 4, &mut choices);
            accepted += u32::from(Tree::parse(&bytes).is_ok());
            totality(&bytes).unwrap_or_else(|violation| panic!("{violation}"));
            if let Ok(text) = std::str::from_utf8(&bytes) {
                comments_stay(text)
                    .and_then(|()| stable_findings(text))
                    .unwrap_or_else(|violation| panic!("{violation}"));
            }
        }
    }
    println!("of 45,000 damaged scripts {accepted} parse");
    assert!((2_000..30_000).contains(&accepted));
}

#[test]
fn laws_hold_for_near_valid_text() {
    let mut choices = Seeded::new(22);
    let generator = ScriptGenerator::new(ScriptConfig::valid());
    for _ in 0..20_000 {
        let text = near_valid(&generator.generate(&mut choices), &EditWeights::default(), &mut choices);
        totality(text.as_bytes())
            .and_then(|()| comments_stay(&text))
            .and_then(|()| stable_findings(&text))
            .unwrap_or_else(|violation| panic!("{violation}"));
    }
}

#[test]
fn laws_hold_for_a_big_script() {
    let generator = ScriptGenerator::new(ScriptConfig { size: 150_000..=150_000, ..ScriptConfig::big() });
    for seed in [1, 2] {
        let tree = generator.generate(&mut Seeded::new(seed));
        round_trip(&tree)
            .and_then(|()| stable_findings(&print::compact(&tree)))
            .unwrap_or_else(|violation| panic!("{violation}"));
    }
}

/// Two stages: the library shrinks choices, then the tree that is left is reduced.
#[test]
fn shrinking_finds_the_poison() {
    let poisons: [(Kind, usize, &str); 6] = [
        (Kind::Never, 1, "(never)"),
        (Kind::Null, 2, "(seq (null) (null))"),
        (Kind::Par, 1, "(par (null) (null))"),
        (Kind::Next, 1, "(fold [] i (next i))"),
        (Kind::Canon, 1, "(canon \"a\" $s #cs)"),
        (Kind::Fold, 1, "(fold [] i (null))"),
    ];
    for (kind, times, smallest) in poisons {
        let poisoned = |tree: &Tree| count(tree, kind) >= times;
        let strategy = scripts(ScriptConfig::valid(), 300);
        let config = ProptestConfig { rng_seed: RngSeed::Fixed(5), ..config(2_000) };
        let result = TestRunner::new(config).run(&strategy, |tree| match poisoned(&tree) {
            true => Err(TestCaseError::fail("poison")),
            false => Ok(()),
        });
        let Err(TestError::Fail(_, shrunk)) = result else { panic!("no script has {times} {kind:?}") };
        assert!(Script::check(shrunk.clone()).is_ok(), "shrinking choices keeps scripts valid");
        let library = print::compact(&shrunk);
        let reduced = print::compact(&reduce(shrunk, |tree| poisoned(tree) && Script::check(tree.clone()).is_ok()));
        println!("{times} {kind:?}: {library}\n  reduced: {reduced}");
        assert_eq!(count(&Tree::parse(&reduced).unwrap_or_default(), kind), times);
        assert_eq!(reduced.matches('(').count(), smallest.matches('(').count(), "{reduced} for {smallest}");
    }
}

fn count(tree: &Tree, kind: Kind) -> usize {
    tree.node_ids().filter(|&node| tree.node(node).kind == kind).count()
}

/// Words of a megabyte, everywhere: messages stay short, and nothing is slow.
#[test]
fn laws_hold_for_long_words() {
    let (ascii, other) = ("x".repeat(1_000_000), "é".repeat(500_000));
    let scripts = [
        format!("(ap {ascii} y)"),
        format!("(ap {ascii}.$.$ y)"),
        format!("({ascii})"),
        format!("(ap 1 \"{ascii}\")"),
        format!("(ap {}1 y)", "9".repeat(1_000_000)),
        format!("(ap 1.{} y)", "9".repeat(1_000_000)),
        format!("(fold [] {other} (new {other} (fold [] {other} (next {other}))))"),
        format!("(seq (ap 1 {ascii}) (ap {ascii}y z))"),
        format!("(fail 0 \"{ascii}\")"),
        format!("(ap 1 ${ascii}.$.a)"),
        format!("(ap {ascii}% .{other})"),
        format!("(seq (ap 1 x) (seq (ap 1 x) (ap x.$.{other} y)))"),
        format!("(fold [] {ascii} (ap 1 {ascii}))"),
        format!("(seq (ap 1 $s) (fold $s {ascii} (seq (next {ascii}) (null))))"),
        format!("(ap 1 x.$.{})", "[".repeat(1_000_000)),
        format!("(new {other} (ap {other} y)) {ascii}"),
    ];
    for text in scripts {
        totality(text.as_bytes())
            .and_then(|()| comments_stay(&text))
            .and_then(|()| stable_findings(&text))
            .unwrap_or_else(|violation| panic!("{}", violation.law));
    }
}
