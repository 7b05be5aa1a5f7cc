//! The laws of forged data, origins, answers and limits: that they hold, over generated scripts and histories, and that
//! their premises do. And what each thing that a forger does comes to, by example.

use airtight_engine::data::{Data, ScriptHash, Shared, decode, encode};
use airtight_engine::script::{Script, print};
use airtight_generators::forge::{Claims, Edit, misfit, rival};
use airtight_generators::{Choices, Recorder, ScriptConfig, ScriptGenerator, Seeded, Tape, Weather};
use airtight_properties::{Amount, Case, Law, Scene, Schedule, ServiceSpec, Subject, law};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The laws that this is about, each with the share of instances, in parts of 1,000, whose premise holds at least.
const LAWS: [(&str, u64); 16] = [
    ("block-order", 10),
    ("forged-word-law", 400),
    ("forged-merge", 100),
    ("not-taken", 300),
    ("disputes-wait", 300),
    ("foreign-data", 800),
    ("foreign-journals", 500),
    ("journal", 100),
    ("answered-before", 10),
    ("origins", 100),
    ("same-request", 20),
    ("canon-is-the-stream", 1),
    ("size-limits", 400),
    ("element-limit", 1000),
    ("value-limit", 1000),
    ("any-bytes", 900),
];

/// How many histories; `AIRTIGHT_FORGERIES` asks for another number, `AIRTIGHT_SEED` for other ones.
const HISTORIES: u64 = 400;

fn wanted(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

/// Scripts with what generated ones seldom have: long streams, canons of several values, joins.
const EXAMPLES: [&str; 3] = [
    include_str!("../../examples/first_come.air"),
    r#"(seq (par (call "A" ("s" "f") [1] $s) (call "B" ("s" "f") [2] $s)) (seq (canon "C" $s #c) (call "C" ("s" "g") [#c])))"#,
    r#"(seq (par (call "A" ("s" "f") [1] $s) (par (ap "x" $s) (call "B" ("s" "f") [2] x))) (seq (par (ap x $s) (call "C" ("s" "f") [x.$.[0]] $s)) (par (canon "C" $s #c) (fold $s i (par (call "B" ("s" "h") [i x i]) (next i))))))"#,
];

/// A case from choices: a small script or a larger one, some failures, some weather.
fn case(number: u64, seed: u64) -> Case {
    let mut choices =
        Seeded::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.wrapping_mul(0xd134_2543_de82_ef95));
    let config = if choices.chance(1, 2) { ScriptConfig::valid() } else { ScriptConfig::small() };
    let script = match choices.below(8) {
        0 => choices.pick(&EXAMPLES).to_owned(),
        _ => print::canonical(&ScriptGenerator::new(config).generate(&mut choices)),
    };
    let parsed = Script::parse(&script).expect("generated scripts are valid");
    let services =
        ServiceSpec { seed: choices.bits(), failures: [0.0, 0.0, 0.25, 0.5][choices.below(4) as usize], fixed: None };
    let prepared = services.prepare(&parsed, "init").expect("nothing is fixed");
    let peers: Vec<Arc<str>> = prepared.peers().map(Arc::from).collect();
    let init = peers[choices.below(peers.len() as u32) as usize].clone();
    let weather = Weather { duplicates: 15, restarts: 5, losses: 0, lazy: 0, actions_max: 300 };
    Case { script: script.into(), init, services, schedule: Schedule::Seeded { seed: choices.bits(), weather } }
}

/// How often a law was looked at, and how often its premise held.
type Tally = BTreeMap<&'static str, (u64, u64)>;

fn look(law: &'static Law, scene: &mut Scene<'_>, case: &Case, seed: u64, tally: &mut Tally) {
    let runs = scene.played.runs.len() as u32;
    let amount = match law.amount {
        Amount::Once => 1,
        Amount::Sample(amount) | Amount::Free(amount) => amount,
        Amount::Runs(most) => most.min(runs),
    };
    let mut chance = Seeded::new(seed);
    for _ in 0..amount {
        let mut choices = Recorder::new(&mut chance);
        let result = (law.check)(scene, &mut choices);
        let (instances, held) = tally.entry(law.name).or_default();
        *instances += 1;
        match result {
            Ok(holds) => *held += u64::from(holds),
            Err(violation) => {
                let tape = choices.into_tape();
                panic!(
                    "{} after {instances} instances\n{violation}\n{case:#?}\n{tape:?}\n{}",
                    law.name,
                    shown(&violation)
                );
            }
        }
    }
}

fn shown(violation: &airtight_properties::Violation) -> String {
    let data = violation.data.iter().chain(violation.sides.iter().flat_map(|sides| sides.iter()));
    data.map(|side| format!("{}:\n{}\n", side.label, String::from_utf8_lossy(&side.data))).collect()
}

#[test]
fn laws_hold_and_say_something() {
    let (histories, seed) = (wanted("AIRTIGHT_FORGERIES", HISTORIES), wanted("AIRTIGHT_SEED", 1));
    let only = std::env::var("AIRTIGHT_LAW").ok();
    let mut tally = Tally::new();
    let mut time: BTreeMap<&str, std::time::Duration> = BTreeMap::new();
    let mut subject = Subject::own();
    for number in 0..histories {
        let case = case(number, seed);
        let start = std::time::Instant::now();
        let played = case.play(&mut subject).expect("generated cases can be played");
        *time.entry("playing").or_default() += start.elapsed();
        let mut scene = Scene::new(&played, &mut subject);
        for (index, (name, _)) in LAWS.iter().enumerate() {
            let law = law(name).expect("it is a law");
            if only.as_ref().is_none_or(|only| only == name) {
                let start = std::time::Instant::now();
                look(law, &mut scene, &case, seed ^ (number << 8) ^ index as u64, &mut tally);
                *time.entry(name).or_default() += start.elapsed();
            }
        }
    }
    println!("{histories} histories, played in {:?}", time["playing"]);
    for (name, _) in LAWS {
        let Some((instances, held)) = tally.get(name) else { continue };
        println!("{name}: {held} of {instances}, {:?} each", time[name] / *instances as u32);
    }
    for (name, least) in LAWS {
        let Some((instances, held)) = tally.get(name) else { continue };
        assert!(held * 1000 >= least * instances && *held > 0, "the premise of {name} holds too seldom");
    }
}

// what a forger does, by example

/// Data after the whole history of a script that A begins.
fn honest(script: &str) -> Data {
    let case = Case {
        script: script.into(),
        init: "A".into(),
        services: ServiceSpec::default(),
        schedule: Schedule::Actions(Vec::new()),
    };
    let played = case.play(&mut Subject::own()).expect("the example is valid");
    let data = decode(&played.known_last().expect("it ends")).expect("honest data");
    Data::new(ScriptHash::of(script.as_bytes()), data.shared().clone(), None)
}

/// What a run at a peer without previous data says about these data: code, requests, disputed and not taken places.
fn outcome(script: &str, shared: Shared) -> (i64, usize, usize, usize) {
    let data = encode(&Data::new(ScriptHash::of(script.as_bytes()), shared, None));
    let parameters = airtight_engine::invoke::RunParameters::new("A", "A");
    let result = Subject::own()
        .run(script, b"", &data, &parameters, &airtight_engine::invoke::CallResults::new())
        .expect("our engine answers");
    (result.ret_code, result.requests.len(), result.disputed.len(), result.not_taken.len())
}

/// Two calls, the second of which needs the first one.
const CHAIN: &str = r#"(seq (call "A" ("s" "f") [] x) (call "A" ("s" "g") [x] y))"#;

fn edited(script: &str, edit: Edit, tape: &[u32]) -> Shared {
    let mut claims = Claims::of(honest(script).shared());
    assert!(edit.apply(&mut claims, &mut Tape::new(tape.to_vec())), "there is something to do");
    claims.to_shared()
}

#[test]
fn claims_are_the_data_they_were_made_of() {
    for number in 0..200 {
        let played = case(number, 7).play(&mut Subject::own()).expect("it can be played");
        for run in &played.runs {
            let data = decode(&run.after).expect("what runs give is data");
            assert_eq!(Claims::of(data.shared()).to_shared().to_bytes(), data.shared().to_bytes());
        }
    }
}

#[test]
fn honest_data_are_taken() {
    assert_eq!(outcome(CHAIN, honest(CHAIN).shared().clone()), (0, 0, 0, 0));
}

#[test]
fn a_claim_left_out_is_made_again() {
    // Without the first, the second is not even reached.
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Drop, &[0])), (0, 1, 0, 0));
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Drop, &[1])), (0, 1, 0, 0));
}

#[test]
fn a_claim_with_another_value_is_believed_and_what_follows_it_is_not() {
    // No signature says who said so; but the second call was made with another argument.
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Rival, &[0])), (0, 1, 0, 1));
}

#[test]
fn two_claims_are_a_dispute() {
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Dispute, &[0])), (0, 0, 1, 0));
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Dispute, &[1])), (0, 0, 1, 0));
}

#[test]
fn a_claim_that_answers_nothing_is_as_none() {
    for kind in 0..8 {
        assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Misfit, &[1, kind])), (0, 1, 0, 1), "misfit {kind}");
        assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Beside, &[1, kind])), (0, 0, 0, 1), "misfit {kind}");
    }
}

#[test]
fn swapped_claims_fit_neither_place() {
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Swap, &[0, 1])), (0, 1, 0, 1));
}

#[test]
fn a_claim_elsewhere_is_no_event_there() {
    // The first one, put after the second.
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Move, &[0, 2])), (0, 1, 0, 0));
    // Once more at the place of the second.
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Early, &[0, 1])), (0, 0, 0, 1));
    // In a branch of the first; in an iteration of a value that does not exist.
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Inside, &[0])), (0, 0, 0, 1));
    assert_eq!(outcome(CHAIN, edited(CHAIN, Edit::Iteration, &[0])), (0, 0, 0, 1));
}

#[test]
fn another_order_of_blocks_is_another_order_of_streams() {
    let script = r#"(seq (par (call "A" ("s" "f") [1] $s) (call "B" ("s" "f") [2] $s)) (canon "C" $s #c))"#;
    let order = |data: &Shared| {
        let canons = Claims::of(data);
        canons
            .all()
            .iter()
            .filter(|claim| matches!(claim.result, airtight_engine::data::EventResult::Call { .. }))
            .map(|claim| claim.at)
            .collect::<Vec<_>>()
    };
    let honest = honest(script);
    let first = order(honest.shared());
    let last = order(&edited(script, Edit::Time, &[1, 0]));
    assert_eq!((first.len(), last[1]), (2, 0), "{first:?} {last:?}");
    assert_eq!(outcome(script, edited(script, Edit::Order, &[0, 1, 0])).0, 0);
}

#[test]
fn a_claim_at_the_place_of_an_ap_is_named() {
    let script = r#"(seq (ap 1 $s) (call "A" ("s" "f") [] x))"#;
    let shared = edited(script, Edit::Move, &[0, 0]);
    assert_eq!(outcome(script, shared), (0, 1, 0, 1));
}

#[test]
fn rivals_answer_the_same_and_misfits_nothing() {
    let claims = Claims::of(honest(CHAIN).shared());
    for claim in claims.all() {
        for seed in 0..50 {
            let mut choices = Seeded::new(seed);
            assert_ne!(rival(&claim.result, &mut choices), claim.result);
            assert_ne!(misfit(&claim.result, &mut choices), claim.result);
        }
    }
}
