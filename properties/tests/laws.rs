//! The laws, a million instances of them: by campaigns, by proptest and by quickcheck.

use airtight_engine::data::Shared;
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};
use airtight_generators::strategy::tapes;
use airtight_generators::{Recorder, Seeded, Tape};
use airtight_properties::campaign::PREMISE_CASES;
use airtight_properties::free::{CLOSURE_SIZES, closure_size, family};
use airtight_properties::{
    CampaignReport, Case, Comparison, Counterexample, Law, LawRow, Plan, Replayed, Scene, Shard, Subject, Verdict,
    campaign, law, laws,
};
use proptest::prelude::ProptestConfig;
use proptest::test_runner::{RngSeed, TestCaseError, TestError, TestRunner};
use quickcheck::{Gen, QuickCheck, TestResult};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

/// How many cases of the campaign make a million instances.
const CASES: u64 = 17_000;
const INSTANCES: u64 = 1_000_000;

fn own(plan: &Plan) -> CampaignReport {
    campaign(plan, &|| Ok(Subject::own()), &|_| {}).expect("our engine can be had")
}

/// How many cases to look at instead, and only until one breaks a law: for whoever asks thousands of changed engines.
fn asked_for() -> Option<u64> {
    let cases = std::env::var("AIRTIGHT_CASES").ok()?;
    println!("only {cases} cases, and no look at what they held, since `AIRTIGHT_CASES` says so");
    Some(cases.parse().expect("`AIRTIGHT_CASES` is a number"))
}

/// Our engine obeys every law, every law has something to say, and a witness is found of what is said to exist.
#[test]
fn a_million_instances_hold() {
    if let Some(cases) = asked_for() {
        let report = own(&Plan { seed: 1, cases, stop_at_first: true, shrink: false, ..Plan::default() });
        let found: Vec<_> = report.found.iter().map(|found| found.law.name).collect();
        // Too few for every premise, but something must happen.
        let happens = |law: &str| report.laws.iter().any(|row| row.law.name == law && row.held > 0);
        return assert!(found.is_empty() && happens("totality") && happens("answers-land"), "{found:?}");
    }
    let report = own(&Plan { seed: 1, cases: CASES, ..Plan::default() });
    for LawRow { law, instances, held, .. } in &report.laws {
        println!("{:20} {instances:8} instances, premise held in {held:8}", law.name);
    }
    println!("{} cases, {} instances in {:.1} s", report.cases, report.instances, report.elapsed.as_secs_f64());
    for found in &report.found {
        println!("case {}: {}", found.case, found.counterexample.to_text());
    }
    let vacuous: Vec<_> = report.vacuous().map(|row| row.law.name).collect();
    assert!(report.holds(), "{vacuous:?} {:?}", report.found.iter().map(|found| found.law.name).collect::<Vec<_>>());
    assert!(report.instances >= INSTANCES, "{} instances", report.instances);
    assert_eq!(report.laws.len(), laws().count());
    assert!(report.laws.iter().all(|row| row.verdict == Verdict::Holds));
}

/// What was counted, without what depends on the clock.
fn counted(report: &CampaignReport) -> (u64, u64, Vec<LawRow>) {
    (report.cases, report.instances, report.laws.clone())
}

#[test]
fn shards_and_threads_change_nothing() {
    let plan = Plan { seed: 3, cases: 301, threads: Some(1), ..Plan::default() };
    let whole = counted(&own(&plan));
    assert_eq!(counted(&own(&plan)), whole);
    assert_eq!(counted(&own(&Plan { threads: Some(3), ..plan.clone() })), whole);
    let (mut cases, mut instances, mut held) = (0, 0, vec![0; whole.2.len()]);
    for part in 1..=4 {
        let shard = Shard::new(part, 4).expect("there is such a part");
        let report = own(&Plan { shard, ..plan.clone() });
        cases += report.cases;
        instances += report.instances;
        held.iter_mut().zip(&report.laws).for_each(|(sum, row)| *sum += row.held);
    }
    assert_eq!((cases, instances), (whole.0, whole.1));
    assert!(held.into_iter().eq(whole.2.iter().map(|row| row.held)));
}

#[test]
fn a_campaign_ends_in_time_and_knows_its_laws() {
    let plan = Plan { cases: u64::MAX, time: Some(Duration::from_millis(50)), ..Plan::default() };
    assert!(own(&plan).cases > 0);
    let laws = |name: &str| Some(BTreeSet::from([name.to_owned()]));
    let chosen = own(&Plan { cases: 10, laws: laws("associativity"), ..Plan::default() });
    assert_eq!(chosen.laws.iter().map(|row| row.law.name).collect::<Vec<_>>(), ["associativity"]);
    let unknown = Plan { laws: laws("no-such-law"), ..Plan::default() };
    let error = campaign(&unknown, &|| Ok(Subject::own()), &|_| {}).expect_err("there is no such law");
    assert_eq!(error.to_string(), "there is no law `no-such-law`");
}

/// A law that says nothing in many cases is a failure of the campaign.
#[test]
fn vacuous_premises_fail() {
    let row = LawRow { law: law("told").expect("a law"), instances: 9_999, held: 0, verdict: Verdict::Vacuous };
    let report = |cases| CampaignReport {
        cases,
        instances: 9_999,
        elapsed: Duration::from_secs(1),
        laws: vec![row.clone()],
        found: Vec::new(),
    };
    assert!(report(PREMISE_CASES - 1).holds());
    assert!(!report(PREMISE_CASES).holds());
    assert_eq!(report(PREMISE_CASES).vacuous().count(), 1);
}

/// Our engine, which does not look at messages that come together with answers.
struct LosesMessages(SameThread);

impl AvmRunner for LosesMessages {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        self.0.init(log_level)
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        answers: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        let current = if answers.is_empty() { current } else { b"" };
        self.0.run(air, previous, current, parameters, answers)
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.0.terminate()
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        self.0.merge(previous, current)
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        self.0.inspect(air, data, parameters)
    }
}

#[test]
fn a_mistake_is_found_by_whoever_looks_and_replays() {
    let make = || Subject::of(LosesMessages(SameThread::new()), Some(Comparison::Bytes));
    let plan = Plan { seed: 5, stop_at_first: true, threads: Some(1), ..Plan::default() };
    let report = campaign(&plan, &make, &|_| {}).expect("the runner can be had");
    let threaded = campaign(&Plan { threads: Some(2), ..plan }, &make, &|_| {}).expect("the runner can be had");
    let first = &report.found[0];
    println!("{:?} after {} instances, {:?}", first.law, first.instances, first.elapsed);
    assert_eq!((first.law, first.case, first.instances), {
        let first = &threaded.found[0];
        (first.law, first.case, first.instances)
    });
    assert_eq!(counted(&report), counted(&threaded));
    assert!(first.case < 2_000 && !report.holds());
    let saved = Counterexample::parse(first.counterexample.to_text().as_bytes()).expect("what was saved is read");
    let broken = saved.replay(&mut make().expect("the runner can be had")).expect("it can be replayed");
    assert!(matches!(broken, Replayed::Fails(_)));
    assert_eq!(saved.replay(&mut Subject::own()).expect("it can be replayed"), Replayed::Holds);
}

/// What a library finds becomes a file, too, which is as small as one of a campaign.
#[test]
fn what_a_library_finds_is_made_small_and_told() {
    let make = || Subject::of(LosesMessages(SameThread::new()), Some(Comparison::Bytes)).expect("it starts");
    let looks = |tape: Tape| {
        laws_of_a_history(tape, &mut Held::new(), make()).map_err(|failed| TestCaseError::fail(failed.0.name))
    };
    // By so many steps and not for so long: what is left does not depend on how busy the machine is.
    let steps = ProptestConfig { max_shrink_iters: 25, max_shrink_time: 0, ..config(HISTORIES) };
    let found = TestRunner::new(steps).run(&tapes(CHOICES_OF_A_HISTORY), looks);
    let Err(TestError::Fail(_, tape)) = found else { panic!("the mistake is not found: {found:?}") };
    let failed = laws_of_a_history(tape, &mut Held::new(), make()).expect_err("it fails again");
    let text = told(failed.0, &failed.1, &failed.2, &mut make());
    let (_, file) = text.split_once('\n').expect("a file follows");
    let saved = Counterexample::parse(file.as_bytes()).expect("it is one");
    assert!(matches!(saved.replay(&mut make()), Ok(Replayed::Fails(_))), "{file}");
    let script = airtight_engine::script::Tree::parse(&*saved.case.script).expect("it is a script");
    println!("{}", saved.case.script);
    assert!(script.node_count() <= 8, "{}", saved.case.script);
}

/// The laws that need no history.
fn free_laws() -> impl Iterator<Item = &'static Law> {
    laws().filter(|law| law.is_free())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        max_shrink_iters: 50_000,
        max_shrink_time: 10_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_26),
        ..ProptestConfig::default()
    }
}

/// What a library found and made small by its own means, made small by ours: a file for `airtight replay`.
fn told(law: &'static Law, case: &Case, instance: &Tape, subject: &mut Subject) -> String {
    let mut instance = instance.clone();
    instance.rewind();
    let found = Counterexample::of(law, case.clone(), instance, || Duration::ZERO, subject);
    match found.expect("the case can be played") {
        Some(found) => format!("`{}` fails; to replay:\n{}", found.law, found.to_text()),
        None => format!("`{}` fails, and not again", law.name),
    }
}

/// How many choices an instance has.
const CHOICES_MAX: usize = 200;

#[test]
fn free_laws_hold_by_proptest() {
    let played = Case::empty().play(&mut Subject::own()).expect("nothing can be played");
    for law in free_laws() {
        let held = std::cell::Cell::new(0);
        let looks = |mut tape: Tape| match law.look(&mut Scene::new(&played, &mut Subject::own()), &mut tape) {
            Ok(premise) => {
                held.set(held.get() + u32::from(premise));
                Ok(())
            }
            Err(violation) => Err(TestCaseError::fail(violation.to_string())),
        };
        match TestRunner::new(config(1_000)).run(&tapes(CHOICES_MAX), looks) {
            Ok(()) => {}
            Err(TestError::Fail(_, tape)) => panic!("{}", told(law, &Case::empty(), &tape, &mut Subject::own())),
            Err(error) => panic!("{}: {error}", law.name),
        }
        println!("{:20} premise held in {} of 1000", law.name, held.get());
        assert!(held.get() > 50, "{}: the premise held in {} of 1000", law.name, held.get());
    }
}

/// Each free law as a property of quickcheck: instances whose premise does not hold are thrown away, and enough must stay.
macro_rules! by_quickcheck {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            fn property(mut tape: Tape) -> TestResult {
                let mut subject = Subject::own();
                let played = Case::empty().play(&mut subject).expect("nothing can be played");
                let law = law($name).expect("a law");
                match law.look(&mut Scene::new(&played, &mut subject), &mut tape) {
                    Ok(true) => TestResult::passed(),
                    Ok(false) => TestResult::discard(),
                    Err(_) => TestResult::error(told(law, &Case::empty(), &tape, &mut subject)),
                }
            }
            let check = QuickCheck::new().rng(Gen::from_size_and_seed(CHOICES_MAX / 8, 7));
            let mut check = check.tests(300).max_tests(20_000).min_tests_passed(300);
            check.quickcheck(property as fn(Tape) -> TestResult);
        })*

        #[test]
        fn quickcheck_has_every_free_law() {
            let names = BTreeSet::from([$($name),*]);
            assert_eq!(names, free_laws().map(|law| law.name).collect());
        }
    };
}

by_quickcheck! {
    associativity_by_quickcheck: "associativity",
    identity_by_quickcheck: "identity",
    idempotence_by_quickcheck: "idempotence",
    left_regularity_by_quickcheck: "left-regularity",
    word_law_by_quickcheck: "free-word-law",
    closure_size_by_quickcheck: "closure-size",
    conservation_by_quickcheck: "free-conservation",
    order_by_quickcheck: "free-order",
    non_commutativity_by_quickcheck: "not-commutative",
    repeatable_by_quickcheck: "repeatable",
    codec_by_quickcheck: "codec",
    damaged_data_by_quickcheck: "damaged-data",
    tree_text_by_quickcheck: "tree-text",
    near_valid_text_by_quickcheck: "near-valid-text",
    deep_text_by_quickcheck: "deep-text",
    broken_data_by_quickcheck: "broken-data",
    broken_script_by_quickcheck: "broken-script",
    argument_hash_by_quickcheck: "argument-hash",
    drawn_case_by_quickcheck: "drawn-case",
}

/// How often the premise of each law held.
type Held = BTreeMap<&'static str, u32>;

/// A law that fails in a case, and the choices that pick the instance.
type Failed = Box<(&'static Law, Case, Tape)>;

/// A drawn case, played, and one instance of each law about histories.
fn laws_of_a_history(mut tape: Tape, held: &mut Held, mut subject: Subject) -> Result<(), Failed> {
    let played = campaign::draw(&mut tape).play(&mut subject).expect("a drawn case can be played");
    let mut scene = Scene::new(&played, &mut subject);
    // Of short tapes nothing is left to pick the instances, so chance does, with the whole tape as its seed.
    let mix = |seed: u64, choice: &u32| Seeded::new(seed ^ u64::from(*choice)).bits();
    let mut instances = Seeded::new(tape.choices().iter().fold(0, mix));
    let offered: Vec<_> = laws().filter(|law| !law.is_free() && law.needs.missing(scene.subject).is_none()).collect();
    for law in offered {
        let mut instance = Recorder::new(&mut instances);
        let Ok(premise) = law.look(&mut scene, &mut instance) else {
            return Err(Box::new((law, played.case.clone(), instance.into_tape())));
        };
        *held.entry(law.name).or_default() += u32::from(premise);
    }
    Ok(())
}

/// How many histories each library draws, and the choices of one.
const HISTORIES: u32 = 600;
const CHOICES_OF_A_HISTORY: usize = 400;

/// Each law about histories had something to say.
fn all_held(held: &Held) {
    for (name, held) in held {
        println!("{name:20} premise held in {held} of {HISTORIES}");
    }
    let vacuous: Vec<_> = held.iter().filter(|(_, held)| **held < 5).collect();
    assert!(vacuous.is_empty() && held.len() > 40, "{vacuous:?}");
}

#[test]
fn laws_of_histories_hold_by_proptest() {
    let held = Mutex::new(Held::new());
    let looks = |tape: Tape| {
        let mut held = held.lock().expect("no other thread holds it");
        laws_of_a_history(tape, &mut held, Subject::own()).map_err(|failed| TestCaseError::fail(failed.0.name))
    };
    match TestRunner::new(config(HISTORIES)).run(&tapes(CHOICES_OF_A_HISTORY), looks) {
        Ok(()) => {}
        Err(TestError::Fail(law, tape)) => match laws_of_a_history(tape, &mut Held::new(), Subject::own()) {
            Err(failed) => panic!("{}", told(failed.0, &failed.1, &failed.2, &mut Subject::own())),
            Ok(()) => panic!("`{law}` fails, and not again"),
        },
        Err(error) => panic!("{error}"),
    }
    all_held(&held.into_inner().expect("no other thread holds it"));
}

#[test]
fn laws_of_histories_hold_by_quickcheck() {
    static HELD: Mutex<Held> = Mutex::new(Held::new());
    fn property(tape: Tape) -> TestResult {
        let mut held = HELD.lock().expect("no other thread holds it");
        match laws_of_a_history(tape, &mut held, Subject::own()) {
            Ok(()) => TestResult::passed(),
            Err(failed) => TestResult::error(told(failed.0, &failed.1, &failed.2, &mut Subject::own())),
        }
    }
    let check = QuickCheck::new().rng(Gen::from_size_and_seed(CHOICES_OF_A_HISTORY / 8, 7));
    let mut check = check.tests(HISTORIES.into()).min_tests_passed(HISTORIES.into());
    check.quickcheck(property as fn(Tape) -> TestResult);
    all_held(&HELD.lock().expect("no other thread holds it"));
}

/// `n` data of which the `i`-th knows one event, at a place of its own.
fn one_event_each(n: usize) -> Vec<Shared> {
    let n = n as u32;
    // Where there is one only, it is not asked which.
    let which = |i: u32| (n > 1).then_some(i);
    let mut choices = vec![n - 1];
    choices.extend(0..n);
    choices.push(n - 1);
    choices.extend((0..n).flat_map(|i| which(i).into_iter().chain([0])));
    choices.extend((0..n).flat_map(|i| [1].into_iter().chain(which(i)).chain([0])));
    family(&mut Tape::new(choices), n as usize)
}

/// Data that each know one event of their own generate the free left regular band; no others generate a larger one.
#[test]
fn closures_are_as_large_as_free_ones_and_no_larger() {
    for (n, size) in (1..).zip(CLOSURE_SIZES) {
        let letters = one_event_each(n);
        assert!(letters.iter().all(|letter| letter.events().count() == 1));
        assert_eq!(closure_size(&letters, size), size);
    }
    let mut choices = Seeded::new(11);
    let mut largest = [0; 5];
    for case in 0..600 {
        let n = 1 + case % 5;
        let size = closure_size(&family(&mut choices, n), CLOSURE_SIZES[n - 1]);
        assert!(size <= CLOSURE_SIZES[n - 1], "more than {} products of {n} data", CLOSURE_SIZES[n - 1]);
        largest[n - 1] = largest[n - 1].max(size);
    }
    println!("largest closures of random data: {largest:?}");
    assert_eq!(largest[..4], CLOSURE_SIZES[..4]);
}

fn commutes(letters: &[Shared]) -> bool {
    letters[0].merge(&letters[1]) == letters[1].merge(&letters[0])
}

/// Merging is not commutative: a witness is found soon, and stays one when it is made small.
#[test]
fn a_witness_of_non_commutativity_is_found() {
    let law = |mut tape: Tape| match commutes(&family(&mut tape, 2)) {
        true => Ok(()),
        false => Err(TestCaseError::fail("a·b ≠ b·a")),
    };
    let Err(TestError::Fail(_, mut witness)) = TestRunner::new(config(100)).run(&tapes(CHOICES_MAX), law) else {
        panic!("no witness in 100 pairs: the generator is too weak");
    };
    let letters = family(&mut witness, 2);
    assert!(!commutes(&letters));
    assert!(letters.iter().all(|letter| (1..=2).contains(&letter.events().count())));
}

/// The smallest witness: two data of one event each. With fewer, one of them is no data, which commutes with all.
#[test]
fn the_smallest_witness_of_non_commutativity() {
    let letters = one_event_each(2);
    assert!(!commutes(&letters));
    let blocks = |shared: &Shared| shared.events().map(|event| event.at).collect::<Vec<_>>();
    let (ab, ba) = (letters[0].merge(&letters[1]), letters[1].merge(&letters[0]));
    assert_eq!((blocks(&ab), blocks(&ba)), (vec![0, 1], vec![1, 0]));
    assert!(letters.iter().all(|letter| commutes(&[letter.clone(), Shared::default()])));
}
