//! Defects of the reference that are known from elsewhere, and hunts that find them again.

use crate::reference::is_known;
use crate::{Reference, features};
use airtight_engine::runner::{Process, RunnerError};
use airtight_engine::script::{Tree, print};
use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
use airtight_properties::{
    Case, CheckError, Comparison, Counterexample, Law, Options, Subject, Verdict, Violation, WitnessSide, hunt,
};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// How the reference is driven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By<'p> {
    /// As a library.
    Direct,
    /// As a process, by JSON-RPC: its server.
    Rpc(&'p Path),
}

impl By<'_> {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Rpc(_) => "JSON-RPC",
        }
    }
}

/// A defect that is known from elsewhere, and a script that shows it.
#[derive(Clone, Copy, Debug)]
pub struct Defect {
    /// Its name.
    pub name: &'static str,
    /// What goes wrong.
    pub what: &'static str,
    /// The law that sees it.
    pub law: &'static str,
    /// When two data are alike.
    pub comparison: Comparison,
    /// A script that shows it.
    pub script: &'static str,
    /// Answers of services, as a file of the harness has them.
    pub services: Option<fn() -> Value>,
    /// The share of calls that fail.
    pub failures: Option<f64>,
    /// What the violation must say, so that it is this defect and no other one: one of these texts.
    pub says: &'static [&'static str],
    /// What the smallest case must be like besides.
    pub shows: fn(&Counterexample) -> bool,
    /// What generated scripts are like.
    pub config: fn() -> ScriptConfig,
    /// Whether it is looked for in this process too; what may take any memory is not.
    pub direct: bool,
}

/// What was found.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    /// What is known of the law.
    pub verdict: Verdict,
    /// How many scripts were tried.
    pub scripts: u64,
    /// How many histories of them.
    pub histories: u64,
    /// How long that took, without making the case smaller.
    pub time: Duration,
    /// The smallest case that shows it.
    pub counterexample: Option<Counterexample>,
}

impl Found {
    /// What is known before anything was tried.
    pub const NOTHING: Self =
        Self { verdict: Verdict::Vacuous, scripts: 0, histories: 0, time: Duration::ZERO, counterexample: None };

    /// What is known after more was tried.
    pub fn then(self, more: Self) -> Self {
        Self {
            verdict: if more.verdict == Verdict::Vacuous { self.verdict } else { more.verdict },
            scripts: self.scripts + more.scripts,
            histories: self.histories + more.histories,
            time: self.time + more.time,
            counterexample: more.counterexample,
        }
    }
}

/// Scripts with folds over streams that grow.
pub fn streams() -> ScriptConfig {
    let mut config = ScriptConfig { size: 8..=40, unguarded_percent: 5, ..ScriptConfig::valid() };
    (config.instructions.fold, config.instructions.recursion, config.instructions.par) = (24, 16, 18);
    config
}

const RECURSION: &str = r#"(seq (call "a" ("s" "one") [] $s)
  (fold $s i (seq (call "b" ("s" "inc") [i] x) (par (xor (match x 4 (null)) (ap x $s)) (next i)))))"#;
const FAILURE: &str = r#"(seq (call "a" ("s" "one") [] $s)
  (seq (fold $s i (seq (call "a" ("s" "fail") [i] x) (next i))) (call "b" ("s" "f") [] y)))"#;
const JOIN: &str = r#"(seq (par (call "b" ("s" "f") [] x) (call "c" ("s" "f") [] y)) (call "init" ("s" "g") [x y] z))"#;
const INNER: &str = r#"(seq (par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))
  (fold $s i (par (seq (ap i $t) (fold $t j (par (call "c" ("s" "h") [i j] x) (next j)))) (next i))))"#;
const REGISTER: &str = r#"(seq (par (xor (call "b" ("s" "f") [] x) (null)) (xor (call "c" ("s" "f") [] y) (null)))
  (call "b" ("s" "k") [%last_error%] z))"#;
const KEY: &str = r#"(seq (call "a" ("s" "o") [] x)
  (seq (xor (ap (x.$.k 1) %m) (call "a" ("s" "f") [] y)) (call "b" ("s" "g") [x] z)))"#;
const STREAMS: &str = r#"(seq (par (call "a" ("s" "f") [] $s) (par (call "b" ("s" "f") [] $s) (call "c" ("s" "f") [] $s)))
  (seq (canon "a" $s #c) (call "init" ("s" "g") [#c] z)))"#;
const ITERATOR: &str = r#"(seq (call "a" ("s" "l") [] l) (fold l i (seq (ap 1 i) (call "a" ("s" "f") [i] x))))"#;
const WAITS: &str = r#"(par (call "b" ("s" "g") [] y) (call "c" ("s" "f") [y] x))"#;

/// Scripts that show some defect or are of a shape that matters.
pub const SCRIPTS: [&str; 9] = [JOIN, RECURSION, FAILURE, REGISTER, STREAMS, KEY, INNER, WAITS, ITERATOR];

/// The known defects.
pub const DEFECTS: [Defect; 10] = [
    Defect {
        name: "Bytes by chance",
        what: "the same run over the same input gives other bytes",
        law: "deterministic",
        comparison: Comparison::Bytes,
        script: JOIN,
        ..KNOWN
    },
    Defect {
        name: "A recursive fold over a stream loses results",
        what: "what one peer learned in several rounds of a recursive fold is gone when another one merges it",
        law: "nothing-forgotten",
        script: RECURSION,
        shows: |found| has(found, "recursion"),
        services: Some(|| {
            let inc = |from: u32| json!({ "function": "inc", "arguments": [from], "result": from + 1 });
            json!({ "answers": [{ "function": "one", "result": 1 }, inc(1), inc(2), inc(3)] })
        }),
        failures: Some(0.0),
        config: streams,
        ..KNOWN
    },
    Defect {
        name: "A service failure is one thing when it comes and another one when it is read",
        what: "the run that is told of a failure goes on after the fold; the next one stops before, and drops the states",
        law: "repetition",
        comparison: Comparison::States,
        script: FAILURE,
        shows: |found| has(found, "stream fold that can fail") && happens(found, " fails with "),
        services: Some(|| json!({ "answers": [{ "function": "fail", "error": { "ret_code": 1, "message": "no" } }] })),
        config: streams,
        ..KNOWN
    },
    Defect {
        name: "An answer that is no JSON",
        what: "it is recorded and not signed, so the data are refused by whoever gets them",
        law: "honest-data",
        script: r#"(xor (call "a" ("s" "f") [] x) (call "b" ("s" "g") [] y))"#,
        services: Some(|| json!({ "answers": [{ "text": "not JSON" }] })),
        says: &["ignature"],
        // States that a fold lost are not signed either.
        shows: |found| happens(found, "not JSON") && !has(found, "stream fold"),
        ..KNOWN
    },
    Defect {
        name: "An inner fold depends on the order of delivery",
        what: "what the fold inside sees is decided by who came first, so peers that know the same hold other events",
        law: "agreement",
        script: INNER,
        shows: |found| has(found, "stream fold in a stream fold"),
        config: streams,
        ..KNOWN
    },
    Defect {
        name: "Associativity: who made a request",
        what: "a request has the name of who made it, so the groups in which messages come show in the data",
        law: "run-word-law",
        comparison: Comparison::States,
        script: r#"(call "init" ("s" "f") [] x)"#,
        says: &["associativity"],
        shows: differ_in_requests,
        ..KNOWN
    },
    Defect {
        name: "Identity: who made a request",
        what: "a bystander adds a request of its own to data that hold all that their maker could add",
        law: "run-word-law",
        comparison: Comparison::States,
        script: r#"(par (call "b" ("s" "g") [] y) (call "init" ("s" "f") [y] x))"#,
        says: &["identity"],
        shows: differ_in_requests,
        ..KNOWN
    },
    Defect {
        name: "Panics on hostile data",
        what: "a run over data with other numbers, or over data of another script, has no outcome",
        law: "any-data",
        script: STREAMS,
        config: streams,
        direct: false,
        ..KNOWN
    },
    Defect {
        name: "Panics on honest data",
        what: "a run over data of honest peers has no outcome",
        law: "totality",
        script: ITERATOR,
        says: &["panicked"],
        // A script that it cannot read is another defect.
        shows: |found| !says(&found.violation.parts, "char boundary"),
        ..KNOWN
    },
    Defect {
        name: "The last error survives a par",
        what: "arguments depend on the order of delivery, and honest peers refuse each other's data",
        law: "honest-data",
        script: REGISTER,
        failures: Some(1.0),
        says: &["argument_hash"],
        shows: |found| has(found, "error read after par"),
        ..KNOWN
    },
];

/// What most of them have.
const KNOWN: Defect = Defect {
    name: "",
    what: "",
    law: "",
    comparison: Comparison::Events,
    script: "(null)",
    services: None,
    failures: None,
    says: &[],
    shows: |_| true,
    config: ScriptConfig::valid,
    direct: true,
};

impl By<'_> {
    /// A subject that is compared so.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn subject(self, comparison: Comparison) -> Result<Subject, RunnerError> {
        match self {
            Self::Direct => Subject::of(Reference::new().with_millis_max(3_000), Some(comparison)),
            Self::Rpc(server) => Subject::of(Process::new(server, ["--millis", "3000"]), Some(comparison)),
        }
    }
}

impl Defect {
    /// Options with the services of this defect.
    pub fn options(&self, options: &Options) -> Options {
        Options { services: self.services.map(|services| services()), failures: self.failures, ..options.clone() }
    }
}

/// Which violations of a law are looked for.
#[derive(Clone, Copy, Debug)]
pub struct Sought {
    /// The violation says one of these texts; with no texts, whatever it says.
    pub says: &'static [&'static str],
    /// What the smallest case is like.
    pub shows: fn(&Counterexample) -> bool,
}

impl Sought {
    /// All of them.
    pub const ANY: Self = Self { says: &[], shows: |_| true };
}

impl From<&Defect> for Sought {
    fn from(defect: &Defect) -> Self {
        Self { says: defect.says, shows: defect.shows }
    }
}

/// The laws that say that there is an outcome. Where another one met a run without an outcome, nothing is known of it.
const OF_OUTCOMES: [&str; 2] = ["totality", "any-data"];

/// Looks through scripts one after the other, until one of them breaks the law in the way that is sought. No script is begun
/// after so much time.
///
/// # Errors
/// If a script cannot be run, or the subject not be started again.
pub fn through(
    law: &'static Law,
    subject: &mut Subject,
    scripts: impl Iterator<Item = String>,
    options: &Options,
    sought: Sought,
    time_max: Duration,
) -> Result<Found, CheckError> {
    let mut found = Found::NOTHING;
    let of_outcomes = OF_OUTCOMES.contains(&law.name);
    let wanted = |violation: &Violation| (of_outcomes || !violation.is_failure) && says_one_of(violation, sought.says);
    for script in scripts {
        if found.time >= time_max {
            break;
        }
        found.scripts += 1;
        let hunt = hunt(law, &script, options, &wanted, subject)?;
        found.histories += hunt.histories;
        found.time += hunt.time;
        match hunt.verdict {
            Verdict::NotApplied(_) => {
                found.verdict = hunt.verdict;
                return Ok(found);
            }
            // What is broken in another way is no reason to stop.
            Verdict::Fails => {
                let counts = |found: &Counterexample| knows_peers(found) && (sought.shows)(found);
                if let Some(counterexample) = hunt.counterexample.filter(counts) {
                    (found.verdict, found.counterexample) = (Verdict::Fails, Some(counterexample));
                    return Ok(found);
                }
            }
            Verdict::Holds => found.verdict = Verdict::Holds,
            Verdict::Vacuous => {}
        }
    }
    Ok(found)
}

/// Scripts that are made up: so many, from this seed on.
pub fn generated(config: ScriptConfig, seed: u64, scripts: u64) -> impl Iterator<Item = String> {
    let generator = ScriptGenerator::new(config);
    (seed..seed + scripts).map(move |seed| print::compact(&generator.generate(&mut Seeded::new(seed))))
}

/// Whether what breaks a law says one of these texts; with no texts, whatever it says.
fn says_one_of(violation: &Violation, texts: &[&str]) -> bool {
    let parts = violation.parts.iter().map(|(_, text)| text.as_str());
    let mut said = parts.chain([violation.law]);
    texts.is_empty() || said.any(|said| texts.iter().any(|text| said.contains(text)))
}

/// Whether the runner knew the names of all peers from the beginning. Where some other text becomes a peer, it maps that text
/// from then on only, and what it says is no matter of the reference.
fn knows_peers(found: &Counterexample) -> bool {
    let Case { script, init, .. } = &found.case;
    found.violation.story.iter().all(|(peer, _)| is_known(script, init, peer))
}

/// Whether a script has a feature, by the name that the ledger has for it.
fn has(found: &Counterexample, feature: &str) -> bool {
    Tree::parse(&*found.case.script).is_ok_and(|tree| features(&tree).contains(feature))
}

/// Whether something happens of which the story says this.
fn happens(found: &Counterexample, text: &str) -> bool {
    says(&found.violation.story, text)
}

fn says(lines: &[(String, String)], text: &str) -> bool {
    lines.iter().any(|(_, line)| line.contains(text))
}

/// Whether the two data of a violation differ in nothing but requests: who made them, under which ids, and whether at all.
fn differ_in_requests(found: &Counterexample) -> bool {
    let states =
        |side: &WitnessSide| -> Vec<String> { side.trace.iter().filter(|line| !is_request(line)).cloned().collect() };
    matches!(&*found.violation.sides, [left, right] if states(left) == states(right))
}

/// Whether a line of a trace, a place and a state, tells of a request, or of how many states a branch has.
fn is_request(line: &str) -> bool {
    let state = line.find('{').and_then(|at| serde_json::from_str::<Value>(&line[at..]).ok());
    state.is_some_and(|state| {
        let requested = |kind: &str| state.get(kind).is_some_and(|state| state.get("sentBy").is_some());
        requested("call") || requested("canon") || state.get("par").is_some()
    })
}
