//! The evaluator says what scripts mean: here by hand, and then beside the engine.

use airtight_engine::script::{Script, print};
use airtight_generators::{ScriptConfig, ScriptGenerator, Seeded};
use airtight_properties::evaluator::{Call, End, Evaluation, Outcome, Particle, Tetraplet, UNWRITTEN, World, evaluate};
use airtight_properties::{Case, Family, Law, Scene, Schedule, ServiceSpec, Subject, laws};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// How many scripts are generated.
const SCRIPTS: u64 = 20_000;

/// A script at work: its calls are answered one at a time, the first that is asked for first, and the peers `A`, `B` and `C`
/// know at once what any of them knows.
struct Example {
    script: Script,
    world: World,
    asked: BTreeSet<Arc<str>>,
    /// What was asked for so far, in order: `service.function(arguments)`.
    lines: Vec<String>,
    calls: Vec<Call>,
    now: u32,
    last: Option<Evaluation>,
}

impl Example {
    /// Answers calls by their functions: those that are not there are not answered, and a text `!…` is a failure.
    fn play(air: &str, answers: &[(&str, Value)]) -> Self {
        let script = Script::parse(air).unwrap_or_else(|error| panic!("{error}"));
        let (world, asked, last) = Default::default();
        let mut example = Self { script, world, asked, lines: Vec::new(), calls: Vec::new(), now: 0, last };
        let mut open: Vec<(Arc<str>, String)> = Vec::new();
        example.run(&mut open);
        while let Some(at) = open.iter().position(|(_, function)| answers.iter().any(|(name, _)| name == function)) {
            let (place, function) = open.remove(at);
            let answer = answers.iter().find(|(name, _)| *name == function).map(|(_, answer)| answer.clone());
            let outcome = match answer.expect("it is there") {
                Value::String(text) if text.starts_with('!') => Outcome::Answer(1, text.into()),
                other => Outcome::Answer(0, other.to_string().into()),
            };
            example.world.insert((*place).into(), (example.now + 1, outcome));
            example.run(&mut open);
        }
        example
    }

    /// All peers run, until none of them finds anything new.
    fn run(&mut self, open: &mut Vec<(Arc<str>, String)>) {
        let particle = Particle { init: "A".into(), timestamp: 11, ttl: 22 };
        loop {
            self.now += 1;
            let mut is_new = false;
            for me in ["A", "B", "C"] {
                let found = evaluate(self.script.tree(), &particle, me, self.now, &self.world).expect("it is small");
                for (place, contents) in &found.canons {
                    self.world.insert(place.clone(), (self.now, Outcome::Contents(contents.clone())));
                    is_new = true;
                }
                for new in found.open.iter().filter(|open| open.peer == me) {
                    let place: Arc<str> = (*new.place).into();
                    let Some(call) = new.call.clone().filter(|_| self.asked.insert(place.clone())) else { continue };
                    let arguments: Vec<_> = call.arguments.iter().map(ToString::to_string).collect();
                    self.lines.push(format!("{}({})", call.function, arguments.join(" ")));
                    open.push((place, call.function.clone()));
                    self.calls.push(call);
                }
                self.last = Some(found);
            }
            if !is_new {
                break;
            }
        }
    }

    fn end(&self) -> End {
        self.last.as_ref().expect("it ran").end
    }

    /// Of the last call, where its arguments came from.
    fn origins(&self) -> Vec<String> {
        let call = self.calls.last().expect("it was asked for something");
        let list = |list: &Vec<Tetraplet>| list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        call.tetraplets.iter().map(list).collect()
    }
}

/// What a script asks for, in order.
fn asks(air: &str, answers: &[(&str, Value)]) -> Vec<String> {
    Example::play(air, answers).lines
}

/// How it ends then.
fn ends(air: &str, answers: &[(&str, Value)]) -> End {
    Example::play(air, answers).end()
}

#[test]
fn calls_are_made_when_what_they_need_is_known() {
    let relay =
        r#"(seq (call "A" ("s" "who") [] x) (seq (call "B" ("s" "hello") [x "!"] y) (call "A" ("s" "show") [y])))"#;
    let answers = [("who", json!("ann")), ("hello", json!(["hi"])), ("show", json!(null))];
    assert_eq!(asks(relay, &answers), ["who()", r#"hello("ann" "!")"#, r#"show(["hi"])"#]);
    assert_eq!(ends(relay, &answers), End::Complete);
    assert_eq!(ends(relay, &answers[..1]), End::Waits);
    assert_eq!(asks(relay, &[]), ["who()"]);
}

#[test]
fn a_par_is_complete_with_either_branch_and_a_join_waits_for_both() {
    let join = r#"(seq (par (call "B" ("s" "one") [] a) (call "C" ("s" "two") [] b)) (par (call "A" ("s" "any") []) (call "A" ("s" "sum") [a b])))"#;
    assert_eq!(asks(join, &[]), ["one()", "two()"]);
    assert_eq!(asks(join, &[("two", json!(2))]), ["one()", "two()", "any()"]);
    assert_eq!(asks(join, &[("two", json!(2)), ("one", json!(1))]), ["one()", "two()", "any()", "sum(1 2)"]);
}

#[test]
fn handlers_see_what_was_caught() {
    let script = r#"(seq (xor (xor (call "A" ("s" "pay") [10] r) (seq (call "A" ("s" "log") [:error:.$.error_code]) (fail :error:)))
        (match :error:.$.error_code 10000 (call "A" ("s" "sorry") [%last_error%.$.instruction])))
        (call "A" ("s" "bye") [:error:.$.error_code %last_error%.$.error_code]))"#;
    let answers = [("pay", json!("!declined")), ("log", json!(1)), ("sorry", json!(2))];
    let pay = r#"sorry("call \"A\" (\"s\" \"pay\") [10] r")"#;
    assert_eq!(asks(script, &answers), ["pay(10)", "log(10000)", pay, "bye(0 10000)"]);
    assert_eq!(Example::play(script, &answers).origins(), ["A|||.$.error_code", "A|s|pay|.$.error_code"]);
    assert_eq!(ends(r#"(seq (null) (fail 7 "x"))"#, &[]), End::Failed(10006));
    let raised = r#"(xor (fail 7 "x") (call "A" ("s" "f") [%last_error% :error:.$.error_code]))"#;
    assert_eq!(asks(raised, &[]), [r#"f({"error_code":7,"instruction":"fail 7 \"x\"","message":"x"} 7)"#]);
}

#[test]
fn comparisons_are_strict_and_no_errors_to_remember() {
    let show = |left: &str, right: &str| {
        let script = format!(r#"(xor (match {left} {right} (call "A" ("s" "eq") [])) (call "A" ("s" "ne") []))"#);
        asks(&script, &[]).concat()
    };
    assert_eq!(show("1", "1"), "eq()");
    assert_eq!(show("1", "1.0"), "ne()");
    assert_eq!(show("-0.0", "0.0"), "eq()");
    assert_eq!(show("\"1\"", "1"), "ne()");
    assert_eq!(show(":error:", "%last_error%"), "eq()");
    let script = r#"(xor (call "A" ("s" "bad") []) (xor (match 1 2 (null)) (call "A" ("s" "f") [%last_error%.$.error_code :error:.$.error_code])))"#;
    assert_eq!(asks(script, &[("bad", json!("!no"))]), ["bad()", "f(10000 10001)"]);
}

#[test]
fn par_and_folds_over_streams_leave_the_registers_as_they_were() {
    let script = r#"(seq (par (fail 7 "first") (null)) (xor (fail 8 "second") (call "A" ("s" "f") [:error:.$.error_code %last_error%.$.error_code])))"#;
    assert_eq!(asks(script, &[]), ["f(8 8)"]);
    // The batch of 1 fails in its handler, that of 2 completes the fold.
    let fold = r#"(seq (par (ap 1 $s) (call "B" ("s" "two") [] $s)) (seq (fold $s i (seq (xor (match i 1 (fail 7 "x")) (match i 2 (null))) (next i)) (null)) (call "A" ("s" "f") [%last_error%.$.error_code])))"#;
    assert_eq!(asks(fold, &[("two", json!(2))]), ["two()", "f(0)"]);
}

#[test]
fn names_are_looked_up_where_they_stand() {
    let fold = r#"(fold xs i (seq (xor (match i 1 (ap "one" x)) (null)) (par (call "A" ("s" "f") [i x]) (next i))))"#;
    let script = format!(r#"(seq (call "A" ("s" "list") [] xs) (seq (ap "outer" x) {fold}))"#);
    let answers = [("list", json!([1, 2]))];
    assert_eq!(asks(&script, &answers), ["list()", r#"f(1 "one")"#, r#"f(2 "outer")"#]);
    assert_eq!(ends("(new x (seq (null) (call \"A\" (\"s\" \"f\") [x])))", &[]), End::Failed(10009));
    // An assignment that may still happen hides those before it; one that never will does not.
    let open = r#"(seq (ap 1 x) (par (seq (call "A" ("s" "g") [] y) (ap 2 x)) (call "A" ("s" "f") [x])))"#;
    assert_eq!(asks(open, &[]), ["g()"]);
    assert_eq!(asks(open, &[("g", json!(0))]), ["g()", "f(2)"]);
    assert_eq!(asks(open, &[("g", json!("!no"))]), ["g()", "f(1)"]);
}

#[test]
fn folds_over_values_go_on_with_next() {
    let list = [("list", json!([7, 8])), ("f", json!(0))];
    let fold = |body: &str| format!(r#"(seq (call "A" ("s" "list") [] xs) {body})"#);
    let f = r#"(call "A" ("s" "f") [i])"#;
    assert_eq!(asks(&fold(&format!("(fold xs i (seq {f} (next i)))")), &list), ["list()", "f(7)", "f(8)"]);
    assert_eq!(asks(&fold(&format!("(fold xs i (seq (next i) {f}))")), &list), ["list()", "f(8)", "f(7)"]);
    assert_eq!(asks(&fold(&format!("(fold xs i {f})")), &list), ["list()", "f(7)"]);
    let last = fold(r#"(fold xs i (seq (next i) (null)) (call "A" ("s" "last") [i]))"#);
    assert_eq!(asks(&last, &list), ["list()", "last(8)"]);
    assert_eq!(ends("(fold [] i (fail 1 \"x\"))", &[]), End::Complete);
    // A `next` that is a branch of `par` is not complete at the end of the array.
    let bare = r#"(seq (fold xs i (par (never) (next i))) (call "A" ("s" "after") []))"#;
    assert_eq!(asks(&fold(bare), &list), ["list()"]);
    assert_eq!(ends(r#"(seq (ap 1 x) (fold x i (null)))"#, &[]), End::Failed(10005));
}

#[test]
fn folds_over_streams_take_each_value_once_batch_by_batch() {
    let script = r#"(seq (par (call "B" ("s" "b") [] $s) (call "C" ("s" "c") [] $s)) (fold $s i (par (call "A" ("s" "f") [i]) (next i))))"#;
    assert_eq!(asks(script, &[("c", json!("c")), ("b", json!("b"))])[2..], [r#"f("b")"#, r#"f("c")"#]);
    // What the fold adds itself comes in a later round.
    let feeds = r#"(seq (ap 2 $t) (fold $t k (seq (xor (mismatch k 0 (seq (call "A" ("s" "dec") [k] d) (ap d $t))) (null)) (next k)) (call "A" ("s" "end") [k])))"#;
    assert_eq!(asks(feeds, &[("dec", json!(0))]), ["dec(2)", "end(2)", "end(0)"]);
    // Nobody wrote to it: it waits. A last instruction is what completes it.
    let none = |last: &str, s: &str| {
        asks(&format!(r#"(seq (seq {s} (fold $s i (seq (null) (next i)) {last})) (call "A" ("s" "f") []))"#), &[])
    };
    assert!(none("(null)", "(par (seq (never) (ap 1 $s)) (null))").is_empty());
    assert!(none("", "(ap 1 $s)").is_empty());
    assert_eq!(none("(null)", "(ap 1 $s)"), ["f()"]);
    // An error ends its batch, and nothing else.
    let error = r#"(seq (seq (ap 1 $s) (ap 2 $s)) (xor (fold $s i (seq (match i 2 (null)) (next i)) (null)) (call "A" ("s" "h") [])))"#;
    assert!(asks(error, &[]).is_empty());
}

#[test]
fn canons_hold_what_was_there_and_maps_keep_all_values() {
    let late = r#"(seq (par (call "A" ("s" "x") [] $s) (call "B" ("s" "y") [] $s)) (seq (canon "A" $s #c) (call "A" ("s" "show") [#c #c.length])))"#;
    assert_eq!(asks(late, &[("x", json!(1)), ("y", json!(2))])[2..], ["show([1] 1)"]);
    let stock = r#"(seq (seq (seq (ap ("red" 1) %m) (ap (5 "five") %m)) (ap ("red" 2) %m)) (seq (seq (canon "A" %m #%m) (canon "A" %m o))
        (seq (seq (fold #%m kv (seq (ap kv.$.key $order) (next kv))) (canon "A" $order #order))
        (call "A" ("s" "show") [#%m #%m.$.red #%m.$.red.[1] #%m.$.[5] #%m.$.none #%m.length o #order]))))"#;
    let example = Example::play(stock, &[]);
    let shown = r#"show({"5":["five"],"red":[1,2]} [1,2] 2 ["five"] [] 3 {"5":"five","red":1} ["red",5])"#;
    assert_eq!(example.lines, [shown]);
    let origins = ["A||| A||| A|||", "A|||.$.red", "A|||", "A|||.$.[5]", "A|||.$.none", "A|||.length", "A|||"];
    assert_eq!(example.origins()[..7], origins);
    assert_eq!(asks(r#"(seq (canon "A" $s #c) (call "A" ("s" "f") [#c]))"#, &[]), ["f([])"]);
    assert_eq!(ends(r#"(seq (ap 1.5 k) (ap (k 1) %m))"#, &[]), End::Failed(10012));
}

#[test]
fn a_new_has_a_stream_of_its_own() {
    let script = r#"(seq (ap 0 $s) (seq (new $s (seq (ap 1 $s) (canon "A" $s #in))) (seq (canon "A" $s #out) (call "A" ("s" "f") [#out]))))"#;
    assert_eq!(asks(script, &[]), ["f([0])"]);
    let each = r#"(seq (call "A" ("s" "list") [] xs) (fold xs i (new $acc (seq (seq (ap i $acc) (ap "end" $acc)) (seq (canon "A" $acc #acc) (seq (ap #acc $all) (next i))))) (seq (canon "A" $all #all) (call "A" ("s" "f") [#all]))))"#;
    let example = Example::play(each, &[("list", json!([1, 2]))]);
    assert_eq!(example.lines[1], r#"f([[1,"end"],[2,"end"]])"#);
    assert_eq!(example.origins(), ["A||| A|||"]);
}

#[test]
fn lenses_select_and_arguments_tell_where_they_came_from() {
    let script = r#"(seq (call "B" ("box" "open") [] o) (seq (seq (ap 1 i) (ap o.$.list l)) (seq (seq (ap o $s) (canon "A" $s #c))
        (call "A" ("s" "f") [o o.$.list.[i] l.$.[0] l.length #c #c.$.[0].list "x" %ttl%]))))"#;
    let example = Example::play(script, &[("open", json!({"list": [7, 8]}))]);
    assert_eq!(example.lines[1], r#"f({"list":[7,8]} 8 7 2 [{"list":[7,8]}] [7,8] "x" 22)"#);
    let o = "B|box|open|";
    let expected = [
        o,
        "B|box|open|.$.list.[1]",
        "B|box|open|.$.list.[0]",
        "B|box|open|.$.list.length",
        o,
        "B|box|open|.$.list",
        "A|||",
        "A|||",
    ];
    assert_eq!(example.origins(), expected);
    let each = r#"(seq (call "B" ("s" "list") [] v) (fold v i (par (call "A" ("s" "f") [i]) (next i))))"#;
    assert_eq!(Example::play(each, &[("list", json!([7]))]).origins(), ["B|s|list|.$.[0]"]);
    assert_eq!(ends(r#"(seq (ap "t" x) (ap x.$.field y))"#, &[]), End::Failed(10007));
    assert_eq!(ends(r#"(seq (ap "t" x) (ap x.length y))"#, &[]), End::Failed(10010));
    assert_eq!(ends(r#"(seq (ap 7 x) (call x ("s" "f") []))"#, &[]), End::Failed(10011));
}

#[test]
fn objects_are_raised_as_they_are_if_they_are_errors() {
    let raise = |object: Value| {
        let script = r#"(seq (call "A" ("s" "e") [] e) (xor (fail e) (call "A" ("s" "f") [:error:.$.error_code])))"#;
        asks(script, &[("e", object)])[1].clone()
    };
    assert_eq!(raise(json!({"error_code": 5, "message": "m"})), "f(5)");
    for bad in [
        json!({"error_code": 0, "message": "m"}),
        json!({"error_code": 5}),
        json!({"error_code": u64::MAX, "message": "m"}),
        json!([]),
    ] {
        assert_eq!(raise(bad), "f(10008)");
    }
}

/// Messages are left open, but differ where errors do.
#[test]
fn messages_are_left_open() {
    let script = r#"(xor (call "A" ("s" "g") []) (call "A" ("s" "f") [:error:.$.message]))"#;
    let example = Example::play(script, &[("g", json!("!no"))]);
    let message = example.calls[1].arguments[0].as_str().expect("a text");
    assert!(message.starts_with(UNWRITTEN) && message.contains("no"), "{message}");
}

fn examples() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let files = std::fs::read_dir(folder).expect("the examples are there").flatten().map(|entry| entry.path());
    let mut scripts: Vec<_> = files.filter(|file| file.extension().is_some_and(|it| it == "air")).collect();
    scripts.sort();
    let read = |file: std::path::PathBuf| {
        (file.display().to_string(), std::fs::read_to_string(file).expect("a script is text"))
    };
    scripts.into_iter().map(read).collect()
}

fn case(script: &str, seed: u64) -> Case {
    let failures = [0.0, 0.1, 0.3][(seed % 3) as usize];
    Case {
        script: script.into(),
        init: "init".into(),
        services: ServiceSpec { seed, failures, fixed: None },
        schedule: Schedule::Actions(Vec::new()),
    }
}

/// Looks at instances of the laws about values, or only the first two; says for each in how many its premise held.
fn look(script: &str, seed: u64, is_brief: bool, subject: &mut Subject) -> BTreeMap<&'static str, u64> {
    let played = case(script, seed).play(subject).expect("the script is valid");
    let mut choices = Seeded::new(seed);
    let values = laws().filter(|law| law.family == Family::Values);
    let values: Vec<&Law> = values.take(if is_brief { 2 } else { usize::MAX }).collect();
    let mut held = BTreeMap::new();
    for law in values {
        let mut scene = Scene::new(&played, subject);
        match (law.check)(&mut scene, &mut choices) {
            Ok(is_held) => *held.entry(law.name).or_insert(0) += u64::from(is_held),
            Err(violation) => panic!("{}, seed {seed}\n{script}\n{violation}", law.name),
        }
    }
    held
}

#[test]
fn the_engine_does_the_same_on_generated_scripts() {
    let generator = ScriptGenerator::new(ScriptConfig { size: 1..=18, ..ScriptConfig::valid() });
    let mut subject = Subject::own();
    let mut held: BTreeMap<_, u64> = BTreeMap::new();
    let scripts = std::env::var("AIRTIGHT_EVALUATIONS").map_or(SCRIPTS, |count| count.parse().expect("a number"));
    for seed in 0..scripts {
        let script = print::canonical(&generator.generate(&mut Seeded::new(seed)));
        for (law, count) in look(&script, seed, seed % 4 != 0, &mut subject) {
            *held.entry(law).or_default() += count;
        }
    }
    println!("{scripts} scripts, premises held: {held:?}");
    assert_eq!(held.len(), 7);
    assert!(held.values().all(|count| *count > scripts / 100), "{held:?}");
}

#[test]
fn the_engine_does_the_same_on_the_examples() {
    let mut subject = Subject::own();
    for (name, script) in examples() {
        let mut held = BTreeMap::new();
        for seed in 0..8 {
            for (law, count) in look(&script, seed, false, &mut subject) {
                *held.entry(law).or_insert(0) += count;
            }
        }
        println!("{name}: {held:?}");
        assert!(held["evaluation"] > 0, "{name}: {held:?}");
    }
}
