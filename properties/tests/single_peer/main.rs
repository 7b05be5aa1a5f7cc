//! Scripts of one peer, whose calls are answered at once: the engine and the big evaluator do what a small one says.
//!
//! Every script is put before a last call, which is made if and only if the script is complete. All calls are compared, with their
//! arguments, and how the script ends. Where calls stand beside each other, the engine makes them in another order than the walk;
//! there calls are compared without their order.

mod evaluator;

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, RunParameters};
use airtight_engine::runner::{AvmRunner, SameThread};
use airtight_engine::script::{Kind, Script, print};
use airtight_engine::value::Json;
use airtight_generators::{InstructionWeights, ScriptConfig, ScriptGenerator, Seeded, ServiceCall, Services};
use airtight_properties::evaluator as big;
use evaluator::{CLOCK, Call, End, MESSAGE, PEER, Told, evaluate};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many scripts are generated.
const SCRIPTS: u64 = 8_000;
/// How many of 100 scripts are compared at least.
const COMPARED_PERCENT: u64 = 70;
/// With how many scripts each mistake is looked for.
const SCRIPTS_WITH_MISTAKES: u64 = 1_200;
/// After so many runs a script is given up as endless.
const RUNS_MAX: usize = 1_000;
/// The service of the last call.
const PROBE: &str = "the last call";

/// What happened in a script: its calls, and how it ended.
#[derive(Clone, Debug)]
struct Played {
    calls: Vec<Call>,
    end: End,
}

/// A script, with what answers its calls.
struct Example {
    script: Script,
    services: Services,
}

impl Example {
    fn new(air: &str, seed: u64) -> Self {
        let script = Script::parse(air).unwrap_or_else(|error| panic!("{error}\n{air}"));
        let failures = [0.0, 0.1, 0.3][(seed % 3) as usize];
        let services = Services::new(&script, PEER, seed).failing(failures).garbled(failures / 10.0);
        Self { script, services }
    }

    fn generated(seed: u64) -> Self {
        let mut config = ScriptConfig { size: 1..=18, peers: 1, ..ScriptConfig::valid() };
        if seed % 2 == 1 {
            // Streams, rather than what goes on side by side.
            let usual = config.instructions;
            config.instructions = InstructionWeights { par: 3, assign: 24, insert: 16, canon: 20, fold: 28, ..usual };
        }
        let script = ScriptGenerator::new(config).generate(&mut Seeded::new(seed));
        Self::new(&print::canonical(&script), seed)
    }

    /// The answer to a call. Messages count as one and the same, as the evaluator does not know them; and most answers that name a
    /// peer name this one.
    fn answer(&self, call: &Call) -> (i32, String) {
        let arguments: Vec<Json> = call.arguments.iter().map(|it| json(&without_messages(it))).collect();
        let Call { service, function, .. } = call;
        let answer = self.services.answer(ServiceCall { peer: PEER, service, function, arguments: &arguments });
        let text = ["\"peer 1\"", "\"peer 2\""]
            .iter()
            .fold(answer.result.to_string(), |text, peer| text.replace(peer, &format!("\"{PEER}\"")));
        (answer.ret_code, text)
    }

    fn told(&self) -> Result<Told, &'static str> {
        evaluate(self.script.tree(), &|call| self.answer(call))
    }

    fn air(&self) -> String {
        print::canonical(self.script.tree())
    }

    /// Plays a script and the last call with the engine: one open call is answered, the first one, and the engine runs again.
    fn play(&self, air: &str, answer: impl Fn(&Call) -> (i32, String)) -> Played {
        let air = &format!("(seq {air} (call \"{PEER}\" (\"{PROBE}\" \"\") []))");
        let mut runner = SameThread::ready();
        let mut parameters = RunParameters::new(PEER, PEER);
        (parameters.timestamp, parameters.ttl) = CLOCK;
        let mut open: BTreeMap<u32, Answer> = BTreeMap::new();
        let (mut calls, mut data, mut is_complete) = (Vec::new(), Vec::new(), false);
        for _ in 0..RUNS_MAX {
            let answers: CallResults = open.pop_first().into_iter().collect();
            let result = runner.run(air, &data, b"", &parameters, &answers).expect("the engine answers");
            assert!(!result.is_given_up(), "{}\n{air}", result.error_message);
            data = result.data;
            for (id, request) in result.requests {
                if *request.service_id == *PROBE {
                    is_complete = true;
                    continue;
                }
                let call = Call {
                    service: request.service_id.to_string(),
                    function: request.function_name.to_string(),
                    arguments: request.arguments.iter().map(value).collect(),
                };
                let (ret_code, text) = answer(&call);
                open.insert(id, Answer { ret_code, result: text.into() });
                calls.push(call);
            }
            if open.is_empty() {
                let end = match result.ret_code {
                    0 if is_complete => End::Complete,
                    0 => End::Waits,
                    code => End::Failed(code),
                };
                return Played { calls, end };
            }
        }
        panic!("it goes on and on\n{air}");
    }

    fn engine(&self) -> Played {
        self.play(&self.air(), |call| self.answer(call))
    }

    /// What the big evaluator says: one open call is answered, the first one, and it evaluates again.
    fn big(&self) -> Option<Played> {
        let particle = big::Particle { init: PEER.into(), timestamp: CLOCK.0, ttl: CLOCK.1 };
        let (mut world, mut asked) = (big::World::new(), BTreeSet::new());
        let mut open: Vec<(big::Place, big::Outcome)> = Vec::new();
        let mut calls = Vec::new();
        for now in 1..RUNS_MAX as u32 {
            if !open.is_empty() {
                let (place, outcome) = open.remove(0);
                world.insert(place, (now, outcome));
            }
            let found = big::evaluate(self.script.tree(), &particle, PEER, now, &world).ok()?;
            for (place, contents) in found.canons {
                world.insert(place, (now, big::Outcome::Contents(contents)));
            }
            for big::Open { place, peer, call } in found.open {
                let Some(call) = call.filter(|_| peer == PEER && asked.insert(place.clone())) else { continue };
                let big::Call { service, function, arguments, .. } = call;
                let call = Call { service, function, arguments };
                let (code, text) = self.answer(&call);
                open.push((place, big::Outcome::Answer(code, Arc::from(text))));
                calls.push(call);
            }
            if open.is_empty() {
                let end = match found.end {
                    big::End::Complete => End::Complete,
                    big::End::Waits => End::Waits,
                    big::End::Failed(code) => End::Failed(code),
                };
                return Some(Played { calls, end });
            }
        }
        None
    }
}

fn json(value: &Value) -> Json {
    Json::parse(value.to_string().as_bytes()).expect("it is JSON")
}

fn value(json: &Json) -> Value {
    serde_json::from_str(&json.to_text()).expect("it is JSON")
}

/// A value, in which each text that may be a message is the same: those of the engine have three words or more.
fn without_messages(value: &Value) -> Value {
    match value {
        Value::String(text) if text.split(' ').count() > 2 || text.starts_with(big::UNWRITTEN) => MESSAGE.into(),
        Value::Array(items) => items.iter().map(without_messages).collect(),
        Value::Object(members) => members.iter().map(|(name, it)| (name.clone(), without_messages(it))).collect(),
        other => other.clone(),
    }
}

/// Whether a value is what the evaluator says; a message may be any text.
fn is_alike(told: &Value, played: &Value) -> bool {
    match (told, played) {
        (Value::String(told), Value::String(played)) => told == played || told == MESSAGE && !played.is_empty(),
        (Value::Array(told), Value::Array(played)) => {
            told.len() == played.len() && told.iter().zip(played).all(|(told, played)| is_alike(told, played))
        }
        (Value::Object(told), Value::Object(played)) => {
            told.len() == played.len()
                && told.iter().all(|(name, told)| played.get(name).is_some_and(|played| is_alike(told, played)))
        }
        _ => told == played,
    }
}

fn is_same(told: &Call, played: &Call) -> bool {
    let [told_name, played_name] = [told, played].map(|call| (&call.service, &call.function, call.arguments.len()));
    told_name == played_name && told.arguments.iter().zip(&played.arguments).all(|(one, other)| is_alike(one, other))
}

/// What is not as the evaluator says.
fn difference(told: &Told, played: &Played) -> Option<String> {
    let mut left = played.calls.clone();
    for call in &told.calls {
        // Without an order, each call takes one that is like it.
        let at = if told.are_beside { left.iter().position(|other| is_same(call, other)).unwrap_or(0) } else { 0 };
        if !left.get(at).is_some_and(|other| is_same(call, other)) {
            return Some(format!("no call {call:?}, but {left:?}"));
        }
        left.remove(at);
    }
    if let Some(call) = left.first() {
        return Some(format!("a call too many: {call:?}"));
    }
    (told.end != played.end).then(|| format!("the end {:?}, not {:?}", played.end, told.end))
}

/// What a script comes to, here and with the engine: its calls as `function(arguments)`, and the end. Each call is answered with
/// its first argument, or the list `[1, 2]` if it has none; `bad` fails.
fn by_hand(air: &str) -> (String, End) {
    let example = Example::new(air, 0);
    let service = |call: &Call| match &*call.function {
        "bad" => (1, "no".to_owned()),
        _ => (0, call.arguments.first().map_or("[1,2]".into(), Value::to_string)),
    };
    let told = evaluate(example.script.tree(), &service).expect("it is simple");
    assert_eq!(difference(&told, &example.play(air, service)), None, "{air}");
    let line = |call: &Call| {
        let arguments: Vec<_> = call.arguments.iter().map(ToString::to_string).collect();
        format!("{}({})", call.function, arguments.join(" "))
    };
    (told.calls.iter().map(line).collect::<Vec<_>>().join(" "), told.end)
}

#[test]
fn the_evaluator_says_what_was_worked_out_by_hand() {
    let show = |what: &str| format!(r#"(call "alice" ("s" "show") [{what}])"#);
    let list = r#"(call "alice" ("s" "list") [] xs)"#;
    let bad = r#"(call "alice" ("s" "bad") [7] y)"#;
    let filled = "(seq (ap 1 $s) (ap 2 $s))";
    let i = show("i");
    let is = |air: String, calls: &str, end: End| assert_eq!(by_hand(&air), (calls.to_owned(), end), "{air}");
    is(format!("(seq {list} (fold xs i (seq {i} (next i))))"), "list() show(1) show(2)", End::Complete);
    is(format!("(seq {list} (fold xs i (seq (next i) {i})))"), "list() show(2) show(1)", End::Complete);
    is(format!("(seq {list} (fold xs i (par {i} (next i))))"), "list() show(1) show(2)", End::Complete);
    is(format!("(seq {filled} (fold $s i (seq {i} (next i)) (null)))"), "show(1) show(2)", End::Complete);
    is(format!("(seq {filled} (fold $s i (seq {i} (next i))))"), "show(1) show(2)", End::Waits);
    // What came between the same two answers is one batch, which has one last instruction, and may end with an error.
    is(format!("(seq {filled} (fold $s i (next i) {i}))"), "show(2)", End::Complete);
    is(
        format!("(seq (seq (ap 1 $s) (seq {list} (ap 2 $s))) (fold $s i (next i) {i}))"),
        "list() show(1) show(2)",
        End::Complete,
    );
    is(
        format!("(seq (seq (ap 1 $s) (seq (canon \"alice\" $t #t) (ap 2 $s))) (fold $s i (next i) {i}))"),
        "show(1) show(2)",
        End::Complete,
    );
    is(
        format!(
            "(seq {filled} (xor (fold $s i (seq (match i 2 {i}) (next i))) (call \"alice\" (\"s\" \"handle\") [])))"
        ),
        "",
        End::Waits,
    );
    is(
        format!(
            "(seq (seq {filled} (fold $s i (seq (xor {bad} (null)) (next i)) (null))) {})",
            show("%last_error%.$.error_code")
        ),
        "bad(7) bad(7) show(0)",
        End::Complete,
    );
    // An error ends an iteration that `next` began, and is not seen where that stands; nor are registers after the fold.
    is(format!("(seq {filled} (fold $s i (seq (mismatch i 2 (null)) (xor (next i) {i}))))"), "", End::Waits);
    is(
        format!("(seq (seq (ap 1 $s) (fold $s i (next i) (xor {bad} (null)))) {})", show("%last_error%.$.error_code")),
        "bad(7) show(0)",
        End::Complete,
    );
    let more = "(xor (match i 1 (ap 3 $s)) (null))";
    is(format!("(seq (ap 1 $s) (fold $s i (seq (seq {more} {i}) (next i)) (null)))"), "show(1) show(3)", End::Complete);
    // Of a key of a map, folds and scalars have the first value; an item of a fold is no key.
    let map = "(seq (ap (\"k\" 1) %m) (seq (ap (\"k\" 2) %m) (seq (canon \"alice\" %m #%m) (canon \"alice\" %m o))))";
    is(format!("(seq {map} {})", show("o #%m #%m.$.k.[1]")), r#"show({"k":1} {"k":[1,2]} 2)"#, End::Complete);
    is(format!("(seq {map} (fold #%m i (seq {} (next i))))", show("i.$.value")), "show(1)", End::Complete);
    is(format!("(seq {map} (seq {list} (fold xs i {})))", show("#%m.$.[i]")), "list()", End::Failed(10007));
    // What is read may still be assigned, or never will be.
    is(format!("(seq (ap 1 x) (par (seq (never) (ap 2 x)) {}))", show("x")), "", End::Waits);
    is(format!("(seq (ap 1 x) (par (seq (fail 1 \"\") (ap 2 x)) {}))", show("x")), "show(1)", End::Complete);
    is(format!("(new x {})", show("x")), "", End::Failed(10009));
    is(
        format!("(seq {filled} (seq (canon \"alice\" $s #c) {}))", show("#c #c.length")),
        "show([1,2] 2)",
        End::Complete,
    );
    is(bad.into(), "bad(7)", End::Failed(10000));
    is(format!("(xor {bad} {})", show(":error:.$.error_code")), "bad(7) show(10000)", End::Complete);
    is(format!("(seq (par {bad} (never)) {})", show("0")), "bad(7)", End::Waits);
    is(format!("(seq (par {bad} (null)) {})", show(":error:.$.error_code")), "bad(7) show(0)", End::Complete);
    is(format!("(seq (ap 1 x) (seq (new x (ap 2 x)) {}))", show("x")), "show(1)", End::Complete);
    is(format!("(xor (match 1 1.0 (null)) {})", show("%last_error%.$.error_code")), "show(0)", End::Complete);
    is(format!("(seq (ap 1 x) {})", show("x.$.a")), "", End::Failed(10007));
}

#[test]
fn the_engine_and_the_big_evaluator_do_what_the_small_one_says() {
    let scripts = std::env::var("AIRTIGHT_EVALUATIONS").map_or(SCRIPTS, |count| count.parse().expect("a number"));
    let (mut in_order, mut with_big, mut calls) = (0, 0, 0);
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 0..scripts {
        let example = Example::generated(seed);
        let told = match example.told() {
            Ok(told) => told,
            Err(why) => {
                *left_out.entry(why).or_default() += 1;
                continue;
            }
        };
        if let Some(difference) = difference(&told, &example.engine()) {
            panic!("the engine, seed {seed}\n{}\n{difference}", example.air());
        }
        if let Some(big) = example.big() {
            with_big += 1;
            if let Some(difference) = difference(&told, &big) {
                panic!("the big evaluator, seed {seed}\n{}\n{difference}", example.air());
            }
        }
        in_order += u64::from(!told.are_beside);
        calls += told.calls.len() as u64;
        for what in told.seen.iter().map(|what| (*what).to_owned()).chain([format!("{:?}", told.end)]) {
            *seen.entry(what).or_default() += 1;
        }
    }
    let compared = scripts - left_out.values().sum::<u64>();
    println!("{compared} of {scripts} compared, {in_order} in order, {with_big} with the big one too, {calls} calls");
    println!("left out: {left_out:?}\nscripts with: {seen:?}");
    assert!(compared * 100 >= scripts * COMPARED_PERCENT, "{left_out:?}");
    assert!(with_big * 100 >= compared * 95 && in_order * 2 > compared, "{with_big}, {in_order} of {compared}");
    let kinds = Kind::ALL.map(|kind| if kind == Kind::Insert { "insert" } else { kind.keyword() });
    let rest = ["a call that failed", "a fold over a stream", "Complete", "Waits", "Failed(10000)"];
    for what in kinds.into_iter().chain(rest) {
        assert!(seen.get(what).is_some_and(|count| *count >= scripts / 200), "{what}: {seen:?}");
    }
}

/// A mistake: what becomes of a script, of an answer, and of what happened.
struct Mistake {
    name: &'static str,
    air: fn(&str) -> String,
    answer: fn((i32, String)) -> (i32, String),
    played: fn(&mut Played),
}

/// Each `next` as an instruction that does nothing.
fn without_next(air: &str) -> String {
    let mut parts = air.split("(next ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.filter_map(|part| part.split_once(')')).fold(first, |air, (_, rest)| air + "(null)" + rest)
}

/// No mistake.
const NONE: Mistake = Mistake { name: "", air: str::to_owned, answer: |answer| answer, played: |_| () };

const MISTAKES: &[Mistake] = &[
    Mistake { name: "`par` is taken for `seq`", air: |air| air.replace("(par", "(seq"), ..NONE },
    Mistake { name: "`seq` is taken for `par`", air: |air| air.replace("(seq", "(par"), ..NONE },
    Mistake { name: "`xor` is taken for `seq`", air: |air| air.replace("(xor", "(seq"), ..NONE },
    Mistake { name: "`match` is taken for `mismatch`", air: |air| air.replace("(match", "(mismatch"), ..NONE },
    Mistake { name: "`next` does nothing", air: without_next, ..NONE },
    Mistake {
        name: "`:error:` is taken for `%last_error%`",
        air: |air| air.replace(":error:", "%last_error%"),
        ..NONE
    },
    Mistake {
        name: "a failure is taken for null",
        answer: |it| if it.0 == 0 { it } else { (0, "null".into()) },
        ..NONE
    },
    Mistake { name: "an answer becomes a list", answer: |(code, text)| (code, format!("[{text}]")), ..NONE },
    Mistake { name: "the last call is not made", played: |it| drop(it.calls.pop()), ..NONE },
    Mistake { name: "a call is made twice", played: |it| it.calls.extend(it.calls.first().cloned()), ..NONE },
    Mistake { name: "calls are made in reverse", played: |it| it.calls.reverse(), ..NONE },
    Mistake {
        name: "arguments come in reverse",
        played: |it| it.calls.iter_mut().for_each(|call| call.arguments.reverse()),
        ..NONE
    },
    Mistake {
        name: "what waits is complete",
        played: |it| it.end = if it.end == End::Waits { End::Complete } else { it.end },
        ..NONE
    },
];

#[test]
fn an_engine_with_a_mistake_is_found() {
    let told = (0..SCRIPTS_WITH_MISTAKES).filter_map(|seed| {
        let example = Example::generated(seed);
        example.told().ok().map(|told| (example, told))
    });
    let told: Vec<_> = told.collect();
    for Mistake { name, air, answer, played } in MISTAKES {
        let is_found = |(example, told): &&(Example, Told)| {
            let air = air(&example.air());
            // Not every script is one with the mistake in it.
            Script::parse(&*air).is_ok() && {
                let mut happened = example.play(&air, |call| answer(example.answer(call)));
                played(&mut happened);
                difference(told, &happened).is_some()
            }
        };
        let found = told.iter().filter(is_found).count();
        println!("{name}: found by {found} of {} scripts", told.len());
        assert!(found >= 5, "{name}: {found}");
    }
}
