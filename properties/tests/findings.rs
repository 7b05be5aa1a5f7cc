//! What is found in scripts besides laws.

use airtight_engine::script::Script;
use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded, Weather};
use airtight_properties::check::GROUP;
use airtight_properties::findings::{self, Place};
use airtight_properties::story::position;
use airtight_properties::{Case, Ending, Findings, Schedule, ServiceSpec, Subject, View};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// The ends of some runs of a script: the runs of a group have the same services and other schedules.
fn endings(script: &str, runs: impl Iterator<Item = u64>, fixed: &Value) -> Vec<Ending> {
    let mut subject = Subject::own();
    let end = |run: u64| {
        let group = run / GROUP;
        let failures = if group % 2 == 1 { 0.3 } else { 0.0 };
        let unruly = Weather { duplicates: 15, restarts: 5, ..Weather::CALM };
        let case = Case {
            script: script.into(),
            init: "init".into(),
            services: ServiceSpec { seed: group, failures, fixed: (!fixed.is_null()).then(|| fixed.clone()) },
            schedule: Schedule::Seeded {
                seed: run,
                weather: if run.is_multiple_of(4) { Weather::CALM } else { unruly },
            },
        };
        let played = case.play(&mut subject).expect("the script is valid");
        Ending::new(run, &case, &played, &mut subject)
    };
    runs.map(end).collect()
}

fn find(script: &str, endings: &[Ending]) -> Findings {
    let tree = Script::parse(script).expect("the script is valid");
    findings::find(&tree, script, endings, Some(&mut Subject::own()))
}

/// What is found in so many runs.
fn found(script: &str, runs: u64, fixed: &Value) -> Findings {
    find(script, &endings(script, 0..runs, fixed))
}

fn at(script: &str, place: Place) -> String {
    let (line, column) = position(script, place.start);
    format!("{line}:{column}")
}

/// Where the order of delivery decides, in short: place, name, why, and the two values.
fn orders(script: &str, findings: &Findings) -> Vec<String> {
    let short = |it: &airtight_properties::findings::OrderFinding| {
        let name = it.name.as_deref().unwrap_or("-");
        let [one, other] = &it.examples;
        format!("{} {name}: {} | {} | {}", at(script, it.place), it.cause.text(script), one.value, other.value)
    };
    findings.order.iter().map(short).collect()
}

fn waits(script: &str, findings: &Findings) -> Vec<String> {
    let short = |it: &airtight_properties::findings::Wait| {
        let design = if it.by_design { " by design" } else { "" };
        let (place, text) = (at(script, it.place), it.reason.text(script));
        format!(
            "{place} {}: {text}; {} of {}, {} stuck, {} follow{design}",
            it.instruction, it.runs, it.of, it.stuck, it.followers
        )
    };
    findings.waits.iter().map(short).collect()
}

fn unreached(script: &str, findings: &Findings) -> Vec<String> {
    let short = |it: &airtight_properties::findings::Unreached| {
        format!("{} {}: {} +{}", at(script, it.place), it.instruction, it.why.text(script), it.after)
    };
    findings.unreached.iter().map(short).collect()
}

fn unused(script: &str, findings: &Findings) -> Vec<String> {
    let short =
        |it: &airtight_properties::findings::Unused| format!("{} {} {}", at(script, it.place), it.name, it.writes);
    findings.unused.iter().map(short).collect()
}

fn scripts(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|extension| extension == "air")).collect();
    files.sort();
    let read = |file: std::path::PathBuf| {
        let text = std::fs::read_to_string(&file).expect("a script is text");
        (file.file_stem().unwrap_or_default().to_string_lossy().into_owned(), text)
    };
    files.into_iter().map(read).collect()
}

fn examples() -> Vec<(String, String)> {
    scripts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"))
}

/// The scripts in the folder that `AIRTIGHT_SCRIPTS` names, if it is set.
fn others() -> Vec<(String, String)> {
    std::env::var_os("AIRTIGHT_SCRIPTS").map(|folder| scripts(Path::new(&folder))).unwrap_or_default()
}

/// Two peers answer, and a canon takes what is there.
const FIRST: &str = r#"(seq
  (par (call "a" ("s" "f") [] $s) (call "b" ("s" "f") [] $s))
  (seq (canon %init_peer_id% $s #c)
    (call %init_peer_id% ("ui" "show") [#c])))"#;

/// The same, when both are there.
const BOTH: &str = r#"(seq
  (par (call "a" ("s" "f") [] $s) (call "b" ("s" "f") [] $s))
  (new $t (seq
    (fold $s i
      (seq (seq (ap i $t) (canon %init_peer_id% $t #t))
        (xor (match #t.length 2 (null)) (next i)))
      (never))
    (seq (canon %init_peer_id% $t #both)
      (call %init_peer_id% ("ui" "show") [#both])))))"#;

/// A canon beside what it reads.
const BESIDE: &str = r#"(par
  (call %init_peer_id% ("s" "f") [] $s)
  (seq (call %init_peer_id% ("s" "f") [] x)
    (seq (canon %init_peer_id% $s #c) (call %init_peer_id% ("ui" "show") [#c]))))"#;

/// A fold ends a batch early.
const EARLY: &str = r#"(seq
  (par (call %init_peer_id% ("s" "f") [1] $s) (call %init_peer_id% ("s" "f") [2] $s))
  (fold $s i
    (seq (call %init_peer_id% ("ui" "show") [i])
      (xor (match i i (null)) (next i)))))"#;

/// A last instruction runs after each batch.
const BATCHES: &str = r#"(seq
  (par (call %init_peer_id% ("s" "f") [1] $s) (call %init_peer_id% ("s" "f") [2] $s))
  (fold $s i (seq (null) (next i))
    (call %init_peer_id% ("ui" "show") [i])))"#;

/// A fold is complete when its first batch is, and writes on.
const LOOSE: &str = r#"(seq
  (par (call "a" ("s" "f") [] $s) (call "b" ("s" "f") [] $s))
  (seq (fold $s i (seq (call "c" ("s" "g") [i] $t) (next i)) (null))
    (seq (canon %init_peer_id% $t #t) (call %init_peer_id% ("ui" "show") [#t]))))"#;

/// One canon is handed on, another only counted.
const COUNTED: &str = r#"(seq
  (par (call "a" ("s" "f") [] $s) (call "b" ("s" "f") [] $s))
  (seq (canon "hub" $s #c) (call "hub" ("log" "put") [#c.length])))"#;

/// Answers by which the peers can be told from each other.
fn letters() -> Value {
    json!({"answers": [
        {"peer": "a", "service": "s", "result": "A"},
        {"peer": "b", "service": "s", "result": "B"},
        {"service": "s", "arguments": ["A"], "result": "of A"},
        {"service": "s", "arguments": ["B"], "result": "of B"},
        {"service": "s", "arguments": [1], "result": "one"},
        {"service": "s", "result": "two"},
        {"service": "log", "result": null},
        {"service": "ui", "result": "shown"}]})
}

const NONE: [&str; 0] = [];

#[test]
fn causes_are_named() {
    let letters = letters();
    let told = |script: &str| orders(script, &found(script, 16, &letters));
    assert_eq!(
        told(FIRST),
        [
            "3:8 #c: `$s` holds what the peer knows by then: the `par` at 2:3 is complete when one branch is, and the others \
          still write `$s` | [\"A\"] | [\"B\"]"
        ]
    );
    assert_eq!(
        told(BOTH),
        [
            "8:10 #both: the elements of `$t`, which gets the values of `$s`, stand in the order in which the peer learned of \
          them: the `par` at 2:3 is complete when one branch is, and the others still write `$s` | [\"A\", \"B\"] | \
          [\"B\", \"A\"]"
        ]
    );
    assert_eq!(
        told(BESIDE),
        [
            "4:10 #c: `$s` holds what the peer knows by then: the other branch of the `par` at 1:1 writes `$s` | [\"two\"] | []"
        ]
    );
    assert_eq!(
        told(EARLY),
        ["4:10 -: the fold at 3:3 ends a batch of values of `$s` early, and a batch is what a peer learned at once | \
          \"shown\" | not reached"]
    );
    assert_eq!(
        told(BATCHES),
        [
            "4:5 -: the fold over `$s` at 3:3 runs its last instruction after each batch, and a batch is what a peer learned \
          at once | \"shown\" | not reached"
        ]
    );
    assert_eq!(
        told(LOOSE),
        [
            "4:10 #t: `$t` holds what the peer knows by then: the fold at 3:8 is complete when its first batch is, and goes on \
          to write `$t` | [\"of A\"] | [\"of B\"]"
        ]
    );
    // The hub fixes what it is told first, and that is always one value.
    assert_eq!(told(COUNTED), NONE);
}

/// What a peer learned until it decided is told in its order, and each example can be played again.
#[test]
fn steps_lead_to_the_decision() {
    let found = found(FIRST, 16, &letters());
    let [finding] = found.order.as_slice() else { panic!("{:?}", found.order) };
    for example in &finding.examples {
        let steps: Vec<String> = example
            .steps
            .iter()
            .map(|step| {
                let learned: Vec<_> =
                    step.learned.iter().map(|it| format!("{}={}", at(FIRST, it.place), it.value)).collect();
                format!("{} {}", step.text, learned.join(" "))
            })
            .collect();
        let (peer, place) = if example.value == "[\"A\"]" { ("a", "2:8=\"A\"") } else { ("b", "2:35=\"B\"") };
        assert_eq!(steps.len(), 2, "{steps:#?}");
        assert!(
            steps[0].starts_with("init gets message ") && steps[0].ends_with(&format!(" from {peer} {place}")),
            "{steps:?}"
        );
        assert_eq!(steps[1], format!("init fixes `#c` 3:8={}", example.value));
        let mut subject = Subject::own();
        let played = example.replay.case.play(&mut subject).expect("the case can be played");
        let ending = Ending::new(example.replay.run, &example.replay.case, &played, &mut subject);
        let trace = ending.last.and_then(|view| view.trace.clone()).expect("our engine shows it");
        let value = example.value.trim_matches(['[', ']']);
        assert!(
            trace.iter().any(|state| state.state.contains("\"by\"") && state.state.contains(value)),
            "{value} {trace:?}"
        );
    }
    assert_eq!(finding.outcomes.iter().map(|outcome| outcome.runs).sum::<usize>(), finding.runs);
    assert_eq!(finding.runs, 12);
    assert_eq!(finding.affected, 0);
    let json = serde_json::to_value(&found).expect("findings serialize");
    assert_eq!(json["order"][0]["cause"]["kind"], "elements");
    assert_eq!(json["order"][0]["cause"]["early"]["kind"], "par");
    assert_eq!(json["order"][0]["examples"][0]["services"]["seed"], 0);
    assert_eq!(json["order"][0]["examples"][0].get("script"), None);
}

/// With one schedule for each choice of services, nothing is decided by the order; nor is it without `par` and folds.
#[test]
fn without_choice_there_is_no_order() {
    for (name, script) in examples() {
        let found = find(&script, &endings(&script, (0..8).map(|group| group * GROUP), &Value::Null));
        assert_eq!(orders(&script, &found), NONE, "{name}");
    }
    let mut config = ScriptConfig::valid();
    (config.features.parallel, config.features.folds) = (false, false);
    for seed in 0..100 {
        let tree = ScriptGenerator::new(config.clone()).generate(&mut Seeded::new(seed));
        let script = airtight_engine::script::print::canonical(&tree);
        assert_eq!(orders(&script, &found(&script, 8, &Value::Null)), NONE, "{seed}: {script}");
    }
}

/// Whatever a script is, looking for findings comes to an end and gives few of them.
#[test]
fn any_script_can_be_looked_at() {
    for seed in 0..60 {
        let tree = ScriptGenerator::new(ScriptConfig::valid()).generate(&mut Seeded::new(seed));
        let script = airtight_engine::script::print::canonical(&tree);
        let found = found(&script, 16, &Value::Null);
        for order in &found.order {
            assert_ne!(order.examples[0].value, order.examples[1].value, "{seed}: {script}");
        }
        for wait in &found.waits {
            assert!(!wait.reason.text(&script).is_empty() && wait.runs <= wait.of, "{seed}");
        }
    }
}

// waits

/// What waits in a script that runs with these answers.
fn waiting(script: &str, fixed: &Value) -> Vec<String> {
    waits(script, &find(script, &endings(script, 0..1, fixed)))
}

#[test]
fn waits_are_explained() {
    let fails = json!({"answers": [{"service": "bad", "error": {"ret_code": 1, "message": "no"}}, {"result": 1}]});
    let told = |script: &str| waiting(script, &fails);
    assert_eq!(
        told(r#"(seq (par (call "a" ("bad" "f") [] x) (null)) (call "b" ("s" "f") [x]))"#),
        ["1:47 call: it waits for `x`, but the instruction at 1:11 failed; 1 of 1, 1 stuck, 0 follow"]
    );
    assert_eq!(
        told(r#"(seq (new x (ap 1 x)) (call "b" ("s" "f") [x]))"#),
        ["1:23 call: it waits for `x`, which nothing before it assigns; 1 of 1, 1 stuck, 0 follow"]
    );
    assert_eq!(
        told(r#"(seq (par (seq (never) (call "a" ("s" "f") [] x)) (null)) (call "b" ("s" "f") [x]))"#),
        ["1:59 call: it waits for `x`, but the instruction at 1:24 is not reached; 1 of 1, 1 stuck, 0 follow"]
    );
    // What follows from a wait is no finding of its own.
    assert_eq!(
        told(
            r#"(seq (par (call "a" ("bad" "f") [] x) (null))
  (par (call "b" ("s" "f") [x] y) (par (call "c" ("s" "f") [y] z) (call "d" ("s" "f") [z y]))))"#
        ),
        ["2:8 call: it waits for `x`, but the instruction at 1:11 failed; 1 of 1, 1 stuck, 2 follow"]
    );
    // Folds over streams wait for more, which is a finding only where it stops the script.
    assert_eq!(
        told(r#"(seq (par (seq (never) (ap 1 $s)) (null)) (seq (fold $s i (next i)) (call "b" ("s" "f") [])))"#),
        ["1:48 fold: it waits for a value in `$s`, and nothing is put there; 1 of 1, 1 stuck, 0 follow by design"]
    );
    assert_eq!(
        told(r#"(seq (call "a" ("s" "f") [] $s) (seq (fold $s i (next i) (never)) (call "b" ("s" "f") [])))"#),
        ["1:38 fold: the values of `$s` are not enough for it to be complete; 1 of 1, 1 stuck, 0 follow by design"]
    );
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] $s) (fold $s i (next i) (never)))"#), NONE);
    assert_eq!(told(r#"(par (seq (ap 1 $s) (fold $s i (next i) (never))) (call "b" ("s" "f") []))"#), NONE);
    assert_eq!(told(r#"(par (never) (call "b" ("s" "f") []))"#), NONE);
}

/// An ending that no honest network of our own comes to.
fn made_up(script: &str, run: u64, quiet: Value) -> Ending {
    let view: View = serde_json::from_value(quiet).expect("a view");
    let case = Case {
        script: script.into(),
        init: "init".into(),
        services: ServiceSpec::default(),
        schedule: Schedule::Actions(Vec::new()),
    };
    let view = Some(Arc::new(view));
    let peers = ["init", "a"].into_iter().map(Arc::from).collect::<BTreeSet<Arc<str>>>();
    Ending { run, case, quiet: view.clone(), peers, last: view }
}

/// Something of a view about the instruction with this text.
fn of(script: &str, text: &str, more: Value) -> Value {
    let start = script.find(text).expect("the text is there");
    let mut value = json!({"place": text, "start": start, "end": start + text.len()});
    value.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    value
}

#[test]
fn waits_that_others_make() {
    let script = r#"(par (call "a" ("s" "f") [] x) (call "b" ("s" "g") [x]))"#;
    let view = |pending: Value, disputed: Value, waiting: Value, trace: Value| json!({"events": [], "trace": trace, "pending": pending, "disputed": disputed, "waiting": waiting, "end": "waits"});
    let told = |view: Value| {
        let tree = Script::parse(script).expect("the script is valid");
        waits(script, &findings::find(&tree, script, &[made_up(script, 0, view)], None))
    };
    let call = |peer: &str, text: &str| json!([of(script, text, json!({"peer": peer, "arguments": [true]}))]);
    assert_eq!(
        told(view(call("b", "(call \"b\""), json!([]), json!([]), json!([]))),
        ["1:32 call: it waits for `b`, which nobody told; 1 of 1, 1 stuck, 0 follow"]
    );
    assert_eq!(
        told(view(call("a", "(call \"a\""), json!([]), json!([]), json!([]))),
        [
            "1:6 call: it waits for `a`, and what that needs is spread over the data of several peers; 1 of 1, 1 stuck, 0 follow"
        ]
    );
    let for_x = || json!([of(script, "(call \"b\"", json!({"name": "x"}))]);
    assert_eq!(
        told(view(json!([]), json!([of(script, "(call \"a\"", json!({}))]), for_x(), json!([]))),
        ["1:6 call: peers claim different results for it; 1 of 1, 1 stuck, 1 follow"]
    );
    let done = json!([of(script, "(call \"a\"", json!({"at": 0, "state": {"call": {"scalar": 1, "from": "a|s|f|"}}}))]);
    assert_eq!(
        told(view(json!([]), json!([]), for_x(), done)),
        ["1:32 call: it waits for `x`, which 1:6 assigns where it is not seen from here; 1 of 1, 1 stuck, 0 follow"]
    );
}

#[test]
fn causes_that_others_make() {
    let call = |script: &str, text: &str, result: Value| {
        of(script, text, json!({"at": 0, "state": {"call": {"unused": result, "from": "a|s|f|"}}}))
    };
    let told = |script: &str, traces: [Value; 2]| {
        let view = |trace: Value| json!({"events": [], "trace": trace, "end": "complete"});
        let endings: Vec<Ending> =
            traces.into_iter().zip(0..).map(|(trace, run)| made_up(script, run, view(trace))).collect();
        let tree = Script::parse(script).expect("the script is valid");
        orders(script, &findings::find(&tree, script, &endings, None))
    };
    let register = r#"(call "a" ("s" "f") [%last_error%])"#;
    assert_eq!(
        told(register, [1, 2].map(|result| json!([call(register, "(call", json!(result))]))),
        ["1:1 -: it reads `%last_error%`, which holds the error that came last | 1 | 2"]
    );
    let other = r#"(call "a" ("s" "f") [])"#;
    assert_eq!(
        told(other, [1, 2].map(|result| json!([call(other, "(call", json!(result))]))),
        ["1:1 -: it is called with other arguments | 1 | 2"]
    );
    let decided = r#"(xor (match 1 2 (call "a" ("s" "f") [])) (call "a" ("s" "g") []))"#;
    let branch = |function: &str| json!([call(decided, &format!("(call \"a\" (\"s\" \"{function}\")"), json!(1))]);
    assert_eq!(
        told(decided, [branch("f"), branch("g")]),
        ["1:17 -: the `match` at 1:6 does not always lead here | 1 | not reached"]
    );
}

// what is not reached, and what is not used

#[test]
fn what_is_not_reached_is_told_once() {
    let fixed = json!({"answers": [{"service": "none", "result": []}, {"result": 1}]});
    let told = |script: &str| unreached(script, &find(script, &endings(script, 0..2, &fixed)));
    assert_eq!(
        told(r#"(xor (call "a" ("s" "f") []) (seq (call "a" ("s" "g") []) (call "a" ("s" "h") [])))"#),
        [
            "1:30 seq: it runs only when the left part of the `xor` at 1:1 fails, which did not happen in these histories +0"
        ]
    );
    assert_eq!(
        told(r#"(xor (match 1 2 (call "a" ("s" "g") [])) (null))"#),
        ["1:17 call: the comparison at 1:6 did not hold in these histories +0"]
    );
    assert_eq!(
        told(r#"(seq (seq (call "a" ("s" "f") [] $s) (never)) (seq (call "a" ("s" "g") []) (call "a" ("s" "h") [])))"#),
        ["1:47 seq: what stands before it, at 1:38, never completed +0"]
    );
    assert_eq!(
        told(r#"(new $n (seq (null) (fold $n i (seq (call "a" ("s" "g") [i]) (next i)))))"#),
        ["1:21 fold: `$n` was always empty +0"]
    );
    assert_eq!(
        told(r#"(seq (seq (seq (call "a" ("s" "f") []) (never)) (call "a" ("s" "g") [])) (call "a" ("s" "h") []))"#),
        ["1:49 call: what stands before it, at 1:40, never completed +1"]
    );
    assert_eq!(
        told(r#"(seq (call "a" ("none" "f") [] xs) (fold xs x (seq (call "a" ("s" "g") [x]) (next x))))"#),
        ["1:36 fold: the fold at 1:36 never came to it +0"]
    );
    assert_eq!(
        told(r#"(par (seq (never) (ap 1 $s)) (fold $s x (seq (call "a" ("s" "g") [x]) (next x))))"#),
        ["1:19 ap: what stands before it, at 1:11, never completed +0", "1:30 fold: `$s` was always empty +0"]
    );
    // What has no states is not judged; nor is a handler that only carries the error home.
    assert_eq!(told(r#"(xor (call "a" ("s" "f") []) (ap 1 x))"#), NONE);
    let hop =
        r#"(xor (call "a" ("s" "f") []) (seq (new $-hop- (new #-hop- (canon "relay" $-hop- #-hop-))) (fail :error:)))"#;
    assert_eq!(told(hop), NONE);
}

#[test]
fn results_that_nobody_uses() {
    let told =
        |script: &str| unused(script, &findings::find(&Script::parse(script).expect("valid"), script, &[], None));
    assert_eq!(told(r#"(call "a" ("s" "f") [] x)"#), ["1:1 x 1"]);
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] x) (call "a" ("s" "f") [x.$.y]))"#), NONE);
    assert_eq!(
        told(r#"(seq (call "a" ("s" "f") [] x) (seq (call "a" ("s" "f") [] y) (call "a" ("s" "f") [y.$.[x]])))"#),
        NONE
    );
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] $s) (call "a" ("s" "f") [] $s))"#), ["1:6 $s 2"]);
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] $s) (canon "a" $s #s))"#), ["1:33 #s 1"]);
    assert_eq!(told(r#"(seq (ap ("k" 1) %m) (ap 1 x))"#), ["1:6 %m 1", "1:22 x 1"]);
    // Hops, copies and iterators are no results.
    assert_eq!(told(r#"(new $-hop- (new #-hop- (canon "relay" $-hop- #-hop-)))"#), NONE);
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] -relay-) (fold -relay- i (next i)))"#), NONE);
    assert_eq!(told(r#"(seq (call "a" ("s" "f") [] x) (ap x y))"#), NONE);
}

// the examples

/// Each example has the findings that its text speaks of, and no others.
#[test]
fn examples_have_sensible_findings() {
    let expected: &[(&str, &[&str])] = &[
        ("chat_broadcast", &["107:11 #acks_to_functor"]),
        ("elect", &["65:17 #infos_canon"]),
        ("failover", &[]),
        ("first_come", &["27:11 #two"]),
        ("gossip", &["68:17 #oks_canon"]),
        ("join", &[]),
        ("map_reduce", &["67:17 #parts_canon"]),
        ("par_map", &["57:11 #-results-fix-0"]),
        ("pipeline", &[]),
        ("quorum", &["79:17 #votes_canon"]),
        ("race", &["93:15 #first_result_canon-0"]),
        ("relay", &[]),
        ("retry", &[]),
        ("two_phase_commit", &["129:29 #votes_canon"]),
    ];
    for (name, script) in examples() {
        let found = found(&script, 64, &Value::Null);
        let orders = orders(&script, &found);
        let orders: Vec<_> = orders.iter().map(|it| it.split(':').take(2).collect::<Vec<_>>().join(":")).collect();
        let (_, expected) = expected.iter().find(|(known, _)| *known == name).expect("an example has a row here");
        assert_eq!(orders, *expected, "{name}");
        assert!(found.order.iter().all(|order| order.examples.iter().all(|example| example.steps.len() > 1)), "{name}");
        assert!(
            found.waits.iter().filter(|wait| !wait.by_design).count() <= 1,
            "{name}: {:#?}",
            waits(&script, &found)
        );
        assert!(found.waits.len() + found.unreached.len() + found.unused.len() <= 6, "{name}");
    }
}

/// Real scripts of others have few findings.
#[test]
fn scripts_of_others_have_few_findings() {
    for (name, script) in others() {
        let found = found(&script, 32, &Value::Null);
        let count = found.order.len() + found.waits.len() + found.unreached.len() + found.unused.len();
        assert!(count <= 12, "{name}: {count}");
    }
}

/// Long and deep scripts cost no more than their length: a chain of calls that all wait for the first one, nested to the
/// left or to the right, and as many that were made.
#[test]
fn long_scripts_are_no_burden() {
    const CALLS: usize = 10_000;
    let calls: Vec<String> = (1..CALLS).map(|at| format!(r#"(call "a" ("s" "f") [x{}] x{at})"#, at - 1)).collect();
    let first = r#"(call "a" ("s" "f") [] x0)"#;
    let open = |keyword: &str| format!("({keyword} ").repeat(CALLS - 1);
    let left = |keyword: &str| {
        format!("{}{first}{}", open(keyword), calls.iter().map(|it| format!(" {it})")).collect::<String>())
    };
    let right = |keyword: &str| {
        let before: String = std::iter::once(first)
            .chain(calls.iter().map(String::as_str))
            .take(CALLS - 1)
            .map(|it| format!("({keyword} {it} "))
            .collect();
        format!("{before}{}{}", calls[CALLS - 2], ")".repeat(CALLS - 1))
    };
    for script in [left("par"), right("par"), left("seq"), right("seq")] {
        let tree = Script::parse(&script).expect("the script is valid");
        let starts: Vec<usize> = script.match_indices("(call").map(|(at, _)| at).collect();
        let waiting: Vec<Value> = (1..CALLS)
            .map(|at| json!({"name": format!("x{}", at - 1), "start": starts[at], "end": starts[at]}))
            .collect();
        let pending = json!([{"place": "0", "peer": "b", "arguments": [], "start": starts[0], "end": starts[0]}]);
        let stuck = json!({"events": [], "trace": [], "pending": pending, "waiting": waiting, "end": "waits"});
        let found = findings::find(&tree, &script, &[made_up(&script, 0, stuck)], None);
        assert_eq!((found.waits.len(), found.waits[0].followers), (1, CALLS - 1));
        let made = |other: usize| {
            let state = |at: usize| {
                let result = if at < other { 1 } else { 2 };
                json!({"place": at.to_string(), "start": starts[at], "end": starts[at], "at": 0, "state": {"call": {"scalar": result, "from": "a|s|f|"}}})
            };
            json!({"events": [], "trace": (0..CALLS).map(state).collect::<Vec<_>>(), "end": "complete"})
        };
        let endings = [0, 1, 2, 4].map(|run| made_up(&script, run, made(run as usize * 2000)));
        let found = findings::find(&tree, &script, &endings, None);
        assert_eq!(found.order.len(), 3);
        let nothing = json!({"events": [], "trace": [made(0)["trace"][0]], "end": "waits"});
        let found = findings::find(&tree, &script, &[made_up(&script, 0, nothing)], None);
        assert!(!found.unreached.is_empty());
    }
}
