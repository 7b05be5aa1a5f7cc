//! Interpreters that are broken on purpose are found out, and what shows it is small.

use airtight_engine::data::{Data, decode, encode};
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};
use airtight_engine::script::{Tree, print};
use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
use airtight_properties::{Comparison, Counterexample, Options, Replayed, Report, Schedule, Subject, Verdict, check};
use std::time::Duration;

const EXAMPLE: &str = include_str!("../../examples/first_come.air");

/// Counterexamples become as small as they get, however busy the machine is.
const STILL: fn() -> Duration = || Duration::ZERO;

/// Our engine, with one mistake.
struct Broken {
    engine: SameThread,
    mistake: Mistake,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Mistake {
    /// An answer to a call is taken, and the call stays requested.
    KeepsRequests,
    /// What is learned is put before what was known.
    ReordersStreams,
    /// A message that comes while answers come is not looked at.
    LosesMessages,
    /// Some peers are told twice, and the own peer too.
    TellsTooMuch,
    /// It panics at failures.
    Panics,
    /// It tells itself of calls of the service `poison`.
    TellsItselfOfPoison,
    /// It does not understand data with more than two blocks, which it makes itself, when it shall show or merge them.
    CannotShow,
}

impl Mistake {
    const ALL: [Self; 7] = [
        Self::KeepsRequests,
        Self::ReordersStreams,
        Self::LosesMessages,
        Self::TellsTooMuch,
        Self::Panics,
        Self::TellsItselfOfPoison,
        Self::CannotShow,
    ];
}

impl AvmRunner for Broken {
    fn init(&mut self, log_level: LogLevel) -> Result<(), RunnerError> {
        self.engine.init(log_level)
    }

    fn run(
        &mut self,
        air: &str,
        previous: &[u8],
        current: &[u8],
        parameters: &RunParameters,
        call_results: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        match self.mistake {
            Mistake::KeepsRequests => self.engine.run(air, previous, current, parameters, &CallResults::new()),
            Mistake::ReordersStreams => match swapped(previous, current) {
                Some(data) => self.engine.run(air, &data, b"", parameters, call_results),
                None => self.engine.run(air, previous, current, parameters, call_results),
            },
            Mistake::LosesMessages if !call_results.is_empty() => {
                self.engine.run(air, previous, b"", parameters, call_results)
            }
            Mistake::TellsTooMuch => {
                let mut result = self.engine.run(air, previous, current, parameters, call_results)?;
                if !result.next_peers.is_empty() {
                    result.next_peers.push(parameters.current_peer_id.clone());
                }
                Ok(result)
            }
            Mistake::TellsItselfOfPoison => {
                let mut result = self.engine.run(air, previous, current, parameters, call_results)?;
                if result.requests.values().any(|request| &*request.service_id == "poison") {
                    result.next_peers.push(parameters.current_peer_id.clone());
                }
                Ok(result)
            }
            Mistake::Panics if call_results.values().any(|answer| answer.ret_code != 0) => {
                Err(RunnerError::Panicked { message: "index out of bounds".into() })
            }
            _ => self.engine.run(air, previous, current, parameters, call_results),
        }
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        self.engine.terminate()
    }

    fn merge(&mut self, previous: &[u8], current: &[u8]) -> Result<Vec<u8>, RunnerError> {
        match self.mistake {
            Mistake::ReordersStreams => match swapped(previous, current) {
                Some(data) => Ok(data),
                None => self.engine.merge(previous, current),
            },
            _ => {
                self.understand(current)?;
                self.engine.merge(previous, current)
            }
        }
    }

    fn inspect(
        &mut self,
        air: Option<&str>,
        data: &[u8],
        parameters: Option<&RunParameters>,
    ) -> Result<String, RunnerError> {
        self.understand(data)?;
        self.engine.inspect(air, data, parameters)
    }
}

impl Broken {
    fn understand(&self, data: &[u8]) -> Result<(), RunnerError> {
        let blocks = decode(data).map_or(0, |data| data.shared().trace().blocks());
        if self.mistake == Mistake::CannotShow && blocks > 2 {
            return Err(RunnerError::Refused { code: 2, message: "a claim has block 3".into() });
        }
        Ok(())
    }
}

/// `b·a` with the journal of `a`, if there is something to swap.
fn swapped(previous: &[u8], current: &[u8]) -> Option<Vec<u8>> {
    let (a, b) = (decode(previous).ok()?, decode(current).ok()?);
    if a.is_nothing() || b.is_nothing() {
        return None;
    }
    let shared = b.shared().merge(a.shared());
    Some(encode(&Data::new(a.script()?, shared, a.journal().cloned())))
}

fn subject(mistake: Mistake) -> Result<Subject, RunnerError> {
    Subject::of(Broken { engine: SameThread::new(), mistake }, Some(Comparison::Bytes))
}

fn report(mistake: Mistake, runs: u64) -> Report {
    report_by(mistake, Options { runs, ..Options::default() })
}

fn report_by(mistake: Mistake, options: Options) -> Report {
    check(EXAMPLE, &options, &|| subject(mistake), &|_, _| {}).expect("the example is valid")
}

/// Which laws fail, and the counterexamples, each of which was looked at: small, and failing on the broken one alone.
fn found(mistake: Mistake) -> Vec<Counterexample> {
    let report = report_by(mistake, Options { runs: 16, clock: STILL, ..Options::default() });
    for found in &report.counterexamples {
        let script = Tree::parse(&*found.case.script).expect("a counterexample has a script");
        println!("{mistake:?} breaks {}: {}\n{}", found.law, found.violation.statement, found.case.script);
        assert!(script.node_count() <= 8, "{} instructions", script.node_count());
        let saved = Counterexample::parse(found.to_text().as_bytes()).expect("what was saved is read");
        assert_eq!(saved, *found);
        let broken = saved.replay(&mut subject(mistake).expect("it starts")).expect("it can be replayed");
        assert!(matches!(broken, Replayed::Fails(_)), "it fails again");
        let ours = saved.replay(&mut Subject::own()).expect("it can be replayed");
        assert!(!matches!(ours, Replayed::Fails(_)), "our engine obeys the law");
        keep(found, mistake);
    }
    report.counterexamples
}

/// With `AIRTIGHT_REWRITE=1`, the case becomes a regression.
fn keep(found: &Counterexample, mistake: Mistake) {
    if std::env::var_os("AIRTIGHT_REWRITE").is_some() {
        let name = format!("regressions/{}-{mistake:?}.json", found.law);
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        std::fs::write(file, found.to_text()).expect("the folder is there");
    }
}

/// Cases that are kept show what they are named after.
#[test]
fn regressions_fail_with_the_mistake_in_their_name() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("regressions");
    let mut replayed = 0;
    for file in std::fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path()) {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let of_name = |mistake: &&Mistake| name.ends_with(&format!("-{mistake:?}"));
        let Some(&mistake) = Mistake::ALL.iter().find(of_name) else { continue };
        let text = std::fs::read(&file).expect("the file can be read");
        let saved = Counterexample::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let broken = saved.replay(&mut subject(mistake).expect("it starts")).expect("it can be replayed");
        assert!(matches!(broken, Replayed::Fails(_)), "{name} does not show its mistake: {broken:?}");
        let mut other = saved.clone();
        other.case.services.seed = !saved.case.services.seed;
        let broken = other.replay(&mut subject(mistake).expect("it starts")).expect("it can be replayed");
        assert!(matches!(broken, Replayed::Fails(_)), "{name}: a seed decides");
        replayed += 1;
    }
    assert!(replayed >= 10, "{replayed} regressions");
}

/// A poison in any leaf of any script: what is left of the case is that leaf, at whoever begins, and no schedule.
#[test]
fn cases_shrink_to_the_poison() {
    const POISON: &str = r#"(call "p" ("poison" "f") [])"#;
    let mut config = ScriptConfig::valid();
    config.instructions.null = 40;
    let generator = ScriptGenerator::new(config);
    let options = Options { runs: 4, clock: STILL, ..Options::default() };
    let (mut planted, mut reached) = (0, 0);
    for seed in 0..40 {
        let text = print::compact(&generator.generate(&mut Seeded::new(seed)));
        for (at, leaf) in text.match_indices("(null)").take(3) {
            let poisoned = [&text[..at], POISON, &text[at + leaf.len()..]].concat();
            planted += 1;
            let make = || subject(Mistake::TellsItselfOfPoison);
            let Ok(report) = check(&poisoned, &options, &make, &|_, _| {}) else { continue };
            for found in report.counterexamples.iter().filter(|found| found.law == "addressees") {
                let smallest = canonical(&found.case.script);
                assert_eq!(smallest, r#"(call %init_peer_id% ("poison" "f") [])"#, "{poisoned}");
                let Schedule::Actions(actions) = &found.case.schedule else { panic!("the schedule is a list") };
                assert!(actions.len() <= 2, "{actions:?}");
                reached += 1;
            }
        }
    }
    println!("{reached} of {planted} poisons were reached, and found");
    assert!(reached >= 30);
}

fn canonical(script: &str) -> String {
    print::compact(&Tree::parse(script).expect("it is a script"))
}

fn names(found: &[Counterexample]) -> Vec<&str> {
    found.iter().map(|found| &*found.law).collect()
}

#[test]
fn whoever_keeps_requests_when_results_arrive_is_found() {
    let found = found(Mistake::KeepsRequests);
    assert!(names(&found).contains(&"asked-once"), "{:?}", names(&found));
}

#[test]
fn whoever_reorders_streams_on_merge_is_found() {
    let found = found(Mistake::ReordersStreams);
    assert!(names(&found).contains(&"word-law"), "{:?}", names(&found));
    let word = found.iter().find(|found| found.law == "word-law").expect("it is there");
    assert!(word.violation.statement.starts_with("left regularity"), "{}", word.violation.statement);
    assert_eq!(word.violation.sides.len(), 2);
}

#[test]
fn whoever_loses_messages_is_found() {
    let found = found(Mistake::LosesMessages);
    assert!(names(&found).contains(&"nothing-forgotten"), "{:?}", names(&found));
}

#[test]
fn whoever_tells_too_much_is_found() {
    assert!(names(&found(Mistake::TellsTooMuch)).contains(&"addressees"));
}

#[test]
fn whoever_panics_is_found() {
    let report = report(Mistake::Panics, 64);
    let totality = report.laws.iter().find(|row| row.law.name == "totality").expect("it is a law");
    assert_eq!(totality.verdict, Verdict::Fails);
}

/// That a runner cannot answer is a finding of one law, and no end of the check.
#[test]
fn whoever_cannot_show_its_own_data_is_found() {
    let report = report(Mistake::CannotShow, 16);
    let fails: Vec<_> =
        report.laws.iter().filter(|row| row.verdict == Verdict::Fails).map(|row| row.law.name).collect();
    assert_eq!(fails, ["totality"]);
    let found = &report.counterexamples[0];
    assert!(found.violation.again && found.violation.parts[0].1.contains("block 3"), "{:?}", found.violation.parts);
    assert_eq!(found.replay(&mut Subject::own()).expect("it can be replayed"), Replayed::Holds);
}
