//! Small programs that explode end at a limit, soon and in little memory, with the previous data back; long and deep
//! ones that do not explode run on a small stack.

mod common;

use std::time::{Duration, Instant};

use airtight_engine::data::{Answer, Data, ScriptHash, encode};
use airtight_engine::execute::Limits;
use airtight_engine::invoke::{InterpreterOutcome, RunParameters, execute, invoke};
use airtight_engine::script::Script;

/// Runs a body once `xs` holds a value, at A, within limits.
fn run(xs: &str, body: &str, limits: Limits) -> InterpreterOutcome {
    let script = format!(r#"(seq (call "A" ("get" "xs") [] xs) {body})"#);
    let mut parameters = RunParameters::new("A", "A");
    parameters.limits = limits;
    let before = invoke(script.clone(), vec![], vec![], parameters.clone(), vec![]);
    assert_eq!(before.ret_code, 0, "{}", before.error_message);
    let answer = Answer { ret_code: 0, result: xs.into() };
    let results = serde_json::to_vec(&std::collections::BTreeMap::from([("1", answer)])).unwrap();
    let after = invoke(script, before.data.clone(), vec![], parameters, results);
    if after.ret_code != 0 && after.ret_code < 10000 || after.ret_code >= 20000 {
        assert_eq!(after.data, before.data, "the previous data come back");
        assert!(after.next_peer_pks.is_empty() && after.call_requests == b"{}");
    }
    after
}

fn steps(steps: u64) -> Limits {
    Limits { steps, ..Limits::default() }
}

fn array(len: usize) -> String {
    format!("[{}]", vec!["0"; len].join(","))
}

/// Folds over `xs` inside each other, with iterators `i0`, `i1`, …
fn nested(depth: usize, body: &str) -> String {
    (0..depth).fold(body.to_owned(), |body, level| format!("(fold xs i{level} (seq {body} (next i{level})))"))
}

#[test]
fn the_step_limit_names_itself_and_the_instruction_reached() {
    let ended = run(&array(200), "(fold xs i (seq (ap i y) (next i)))", steps(400));
    assert_eq!(ended.ret_code, 10);
    assert!(ended.error_message.starts_with("more than 400 steps, at byte "), "{}", ended.error_message);
    assert_eq!(run("[1,2,3]", "(fold xs i (seq (ap i y) (next i)))", steps(1000)).ret_code, 0);
}

/// A script of some depth runs within every limit from that depth on, and within no smaller one: folds go down by several
/// levels at a time, and none of them leads past the limit.
#[test]
fn the_depth_limit_has_no_gaps() {
    let within = |depth| run("[0]", &nested(12, "(ap 1 x)"), Limits { depth, ..Limits::default() }).ret_code;
    let codes: Vec<_> = (1..100).map(within).collect();
    let least = codes.iter().position(|code| *code == 0).expect("a hundred levels are enough");
    assert!(least >= 12 && codes[..least].iter().all(|code| *code == 10), "{codes:?}");
    assert!(codes[least..].iter().all(|code| *code == 0), "{codes:?}");
}

/// What an error quotes costs as much as what it is made of: it is kept, compared and told several times.
#[test]
fn long_errors_cost_steps() {
    let air = r#"(xor (call "A" ("s" "f") []) (null))"#;
    let failing = |steps| {
        let mut parameters = RunParameters::new("A", "A");
        let before = invoke(air.into(), vec![], vec![], parameters.clone(), vec![]);
        parameters.limits = Limits { steps, ..Limits::default() };
        let answer = Answer { ret_code: 1, result: "x".repeat(100_000).into() };
        let results = serde_json::to_vec(&std::collections::BTreeMap::from([("1", answer)])).unwrap();
        invoke(air.into(), before.data, vec![], parameters, results).ret_code
    };
    // Four times its bytes, of which 32 are one step.
    assert_eq!((failing(12_000), failing(25_000)), (10, 0));
}

/// Each of these does or keeps far more than the script is long; a million steps are enough of each.
#[test]
fn what_explodes_ends_at_the_step_limit_soon() {
    let wide = |count: usize| (0..count).fold("(null)".to_owned(), |rest, n| format!("(seq (ap 1 y{n}) {rest})"));
    let arguments = "1 ".repeat(1000);
    let into_stream = "(fold xs k (seq (ap k $s) (next k)))";
    let programs = [
        ("folds inside each other", nested(4, "(null)")),
        ("the outer next in the inner fold", "(fold xs i (fold xs j (seq (next i) (next j))))".to_owned()),
        ("a parallel body", nested(4, "(par (null) (null))")),
        ("requests", nested(3, r#"(par (call "A" ("s" "f") [i0]) (null))"#)),
        ("pending calls", nested(3, r#"(par (call "B" ("s" "f") [i0]) (null))"#)),
        ("many arguments", nested(2, &format!(r#"(par (call "A" ("s" "f") [{arguments}]) (null))"#))),
        ("long texts of errors", nested(2, &format!(r#"(xor (call i0 ("s" "f") [{arguments}]) (null))"#))),
        ("assignments that are settled", nested(2, &format!("(xor (match 1 2 {}) (null))", wide(500)))),
        ("slots that are never used", nested(2, &format!("(par (seq (never) {}) (null))", wide(500)))),
        ("canons that grow", r##"(fold xs i (seq (seq (ap i $s) (canon "A" $s #c)) (next i)))"##.to_owned()),
        (
            "folds over a canon",
            format!(
                r##"(seq (seq {into_stream} (canon "A" $s #c)) {})"##,
                nested(2, "(fold #c j (seq (null) (next j)))")
            ),
        ),
        ("folds over a stream", format!("(seq {into_stream} {})", nested(2, "(par (fold $s j (null)) (null))"))),
        (
            "arguments of canons",
            format!(
                r##"(seq (seq {into_stream} (canon "A" $s #c)) {})"##,
                nested(2, r#"(par (call "A" ("s" "f") [#c]) (null))"#)
            ),
        ),
        (
            "comparisons of canons",
            format!(
                r##"(seq (seq {into_stream} (seq (canon "A" $s #c) (canon "A" $s #d))) {})"##,
                nested(2, "(match #c #d (null))")
            ),
        ),
        ("maps", nested(3, r#"(new %m (ap ("key" i0) %m))"#)),
        ("lenses", nested(2, &format!("(xor (ap i0.$.{} y) (null))", vec!["a"; 500].join(".")))),
    ];
    for (name, program) in programs {
        let start = Instant::now();
        let ended = run(&array(2000), &program, steps(1_000_000));
        assert_eq!(ended.ret_code, 10, "{name}: {}", ended.error_message);
        assert!(ended.error_message.starts_with("more than 1000000 steps"), "{name}: {}", ended.error_message);
        assert!(start.elapsed() < Duration::from_secs(5), "{name}: {:?}", start.elapsed());
    }
}

/// A read passes over what is settled without looking at each of it again.
#[test]
fn reads_of_a_name_that_is_reassigned_over_and_over_cost_linear_steps() {
    const TIMES: usize = 20_000;
    const STEPS_OF_EACH: u64 = 50;
    let repeat = |once: &str| (0..TIMES).fold("(null)".to_owned(), |rest, _| format!("(seq {once} {rest})"));
    let nest = |open: &str, close: &str, inside: &str| format!("{}{inside}{}", open.repeat(TIMES), close.repeat(TIMES));
    let folds = (0..TIMES).fold(String::new(), |open, n| format!("{open}(fold one i{n} (seq (xor (null) (ap 2 x)) "));
    let programs = [
        ("its comparison fails", repeat("(seq (xor (match 1 2 (ap 2 x)) (null)) (ap x y))")),
        ("it fails itself", repeat("(seq (xor (ap 1.$.a x) (null)) (ap x y))").replace("1.$.a", "xs.$.a")),
        ("its handler is not needed", repeat("(seq (xor (null) (ap 2 x)) (ap x y))")),
        ("in the body of the next", nest("(seq (xor (null) (ap 2 x)) (seq (ap x y) ", "))", "(null)")),
        ("all before all reads", format!("(seq {} {})", repeat("(xor (null) (ap 2 x))"), repeat("(ap x y)"))),
        ("in folds inside each other", format!("{folds}{}{}", repeat("(ap x y)"), "))".repeat(TIMES))),
        ("at different places", format!("(seq {} {})", repeat("(xor (null) (ap 2 x))"), repeat("(ap xs.$.[x] y)"))),
    ];
    for (name, program) in programs {
        let body = format!(r#"(seq (ap 0 x) (seq (ap xs one) (seq {program} (call "A" ("s" "x") [x]))))"#);
        let ended = run("[1]", &body, steps(STEPS_OF_EACH * TIMES as u64));
        assert_eq!(ended.ret_code, 0, "{name}: {}", ended.error_message);
        let requests = String::from_utf8(ended.call_requests).unwrap();
        assert!(requests.contains(r#""arguments":[0]"#), "{name}: {requests}");
    }
}

/// What a run keeps until its end counts so much that the default limit bounds the memory of the run.
#[test]
fn what_is_kept_counts_by_its_size() {
    let once = |body: &str, times: usize, steps_each: u64| {
        let folded = format!("(fold xs i (seq (par {body} (null)) (next i)))");
        run(&array(times), &folded, steps(steps_each * times as u64)).ret_code
    };
    for (name, body, least) in [
        ("a request", r#"(call "A" ("s" "f") [])"#.to_owned(), 64),
        ("a request with arguments", format!(r#"(call "A" ("s" "f") [{}])"#, "i ".repeat(100)), 3200),
        ("a request with long names", format!(r#"(call "A" ("s" "{}") [])"#, "f".repeat(8000)), 1000),
        ("what another peer shall do", r#"(call "B" ("s" "f") [])"#.to_owned(), 16),
        ("a canon", r##"(canon "A" $s #c)"##.to_owned(), 64),
        ("an element", "(ap i $s)".to_owned(), 8),
        ("an entry", r#"(ap ("k" i) %m)"#.to_owned(), 40),
        ("branches", "(par (null) (null))".to_owned(), 16),
    ] {
        assert_eq!(once(&body, 1000, least), 10, "{name}");
        assert_eq!(once(&body, 1000, 2 * least + 50), 0, "{name}");
    }
}

#[test]
fn a_hundred_thousand_requests_take_less_than_a_fifth_of_the_default_steps() {
    let calls = r#"(fold xs i (par (call "A" ("service" "function") [i "an argument"]) (next i)))"#;
    let ended = run(&array(100_000), calls, steps(Limits::default().steps / 5));
    assert_eq!(ended.ret_code, 0, "{}", ended.error_message);
    assert!(ended.call_requests.len() > 100_000 * "function".len());
}

#[test]
fn values_that_double_end_at_the_limit_on_the_bytes_of_a_value() {
    let double = r##"(seq (ap xs $a) (fold xs i (seq (seq (canon "A" $a #a) (seq (ap #a $a) (ap #a $a))) (next i))))"##;
    let ended = run(&array(100), double, Limits { value_bytes: 1 << 20, ..Limits::default() });
    assert_eq!(ended.ret_code, 10);
    assert!(ended.error_message.starts_with("a value of more than 1048576 bytes, at byte "), "{}", ended.error_message);

    // Where a value is made of others in any other way, too.
    let limits = Limits { value_bytes: 1 << 12, ..Limits::default() };
    let long = format!("[{}]", array(1030));
    let fill = r##"(seq (seq (ap ("k" xs) %m) (ap ("k" xs) %m)) (seq (seq (ap ("l" xs) %m) (canon "A" %m #%m)) (seq (ap xs $s) (seq (seq (ap xs $s) (ap xs $s)) (canon "A" $s #c)))))"##;
    for made in [
        "(ap #%m.$.k y)",
        "(ap #c y)",
        "(match #c 1 (null))",
        "(match #%m 1 (null))",
        r#"(call "A" ("s" "f") [#c])"#,
        r#"(call "A" ("s" "f") [#%m])"#,
        r#"(call "A" ("s" "f") [#%m.$.k])"#,
        "(fold #%m.$.k i (null))",
        r#"(seq (ap ("m" xs) %m) (canon "A" %m y))"#,
        r#"(ap ("k" #c) %n)"#,
    ] {
        let ended = run(&long, &format!("(seq {fill} (seq (null) {made}))"), limits);
        assert!(ended.error_message.starts_with("a value of more than 4096 bytes"), "{made}: {}", ended.error_message);
    }
    assert_eq!(run(&long, &format!("(seq {fill} (ap #c.$.[0] y))"), limits).ret_code, 0);
    // An answer counts as it is given and as it prints.
    assert!(run(&array(4000), "(null)", limits).error_message.starts_with("a value of more than 4096 bytes"));
    let prints_longer = format!("[{}]", vec!["1e15"; 700].join(","));
    assert!(prints_longer.len() < 4096);
    assert!(run(&prints_longer, "(null)", limits).error_message.starts_with("a value of more than 4096 bytes"));
}

#[test]
fn a_stream_holds_as_many_elements_as_the_limit_says_and_no_more() {
    let limits = Limits { stream_elements: 5, ..Limits::default() };
    for add in ["(ap i $s)", r#"(ap ("k" i) $s)"#.replace("$s", "%s").as_str()] {
        let body = format!("(fold xs i (seq {add} (next i)))");
        assert_eq!(run(&array(5), &body, limits).ret_code, 0);
        let ended = run(&array(6), &body, limits);
        assert_eq!(ended.ret_code, 20013);
        assert!(
            ended.error_message.starts_with("more than 5 elements in a stream, at byte "),
            "{}",
            ended.error_message
        );
    }
}

#[test]
fn answers_into_a_stream_count_as_well() {
    let script = r#"(par (call "A" ("s" "a") [] $s) (par (call "A" ("s" "b") [] $s) (ap 1 $s)))"#;
    let parsed = Script::parse(script).unwrap();
    let (hash, mut parameters) = (ScriptHash::of(script.as_bytes()), RunParameters::new("A", "A"));
    parameters.limits.stream_elements = 2;
    let run = |previous: &Data, ids: &[u32]| {
        let results = ids.iter().map(|id| (*id, Answer { ret_code: 0, result: "1".into() })).collect();
        execute(&parsed, hash, previous, &Data::nothing(), &parameters, results)
    };
    let asked = run(&Data::nothing(), &[]).unwrap().data;
    let two = run(&asked, &[1]).unwrap().data;
    assert_eq!(run(&two, &[2]).unwrap_err().code(), 20013);
    assert_eq!(run(&asked, &[1, 2]).unwrap_err().code(), 20013);
}

#[test]
fn streams_that_feed_themselves_end_at_the_default_limit() {
    assert_eq!(Limits::default().stream_elements, 1 << 20);
    for body in ["(seq (ap i $s) (next i))", "(seq (seq (ap i $s) (ap i $s)) (next i))"] {
        let start = Instant::now();
        let ended = run("0", &format!("(seq (ap 1 $s) (fold $s i {body}))"), Limits::default());
        assert_eq!(ended.ret_code, 20013);
        assert!(ended.error_message.contains("more than 1048576 elements"), "{}", ended.error_message);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}

#[test]
fn the_depth_limit_counts_instructions_that_are_begun() {
    let ended = run(&array(100), "(fold xs i (seq (next i) (null)))", Limits { depth: 50, ..Limits::default() });
    assert_eq!(ended.ret_code, 10);
    assert!(ended.error_message.starts_with("more than 50 instructions inside each other"), "{}", ended.error_message);
}

#[test]
fn new_data_have_a_limit() {
    let script = r#"(call "A" ("s" "f") [] x)"#.to_owned();
    let mut parameters = RunParameters::new("A", "A");
    let before = invoke(script.clone(), vec![], vec![], parameters.clone(), vec![]).data;
    parameters.size_limits.new_data = 1000;
    let results = format!(r#"{{"1":{{"ret_code":0,"result":"{}"}}}}"#, array(1000));
    let ended = invoke(script, before.clone(), vec![], parameters, results.into_bytes());
    assert_eq!((ended.ret_code, ended.data), (10, before));
    assert!(ended.error_message.starts_with("the new data: "), "{}", ended.error_message);
}

fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    const STACK_BYTES: usize = 256 << 10;
    std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_fold_over_a_million_elements_runs_on_a_small_stack() {
    on_a_small_stack(|| {
        let xs = array(1_000_000);
        for body in
            ["(seq (ap i y) (next i))", "(seq (next i) (ap i y))", "(par (null) (next i))", "(xor (next i) (null))"]
        {
            assert_eq!(run(&xs, &format!("(fold xs i {body})"), Limits::default()).ret_code, 0, "{body}");
        }
        let stream = r##"(seq (fold xs i (seq (ap i $s) (next i))) (seq (canon "A" $s #c) (seq (fold #c j (next j)) (fold $s k (par (null) (next k))))))"##;
        assert_eq!(run(&xs, stream, Limits::default()).ret_code, 0);
    });
}

/// Scripts of 100,000 instructions inside each other, of each kind, in both branches, complete, waiting and failing.
#[test]
fn deep_scripts_run_on_a_small_stack() {
    on_a_small_stack(|| {
        const DEPTH: usize = 100_000;
        let left = "(null)";
        let kinds = [
            ("(seq ", format!(" {left})")),
            ("(seq (null) ", ")".to_owned()),
            ("(par ", format!(" {left})")),
            ("(par (null) ", ")".to_owned()),
            ("(xor ", format!(" {left})")),
            ("(xor (fail 1 \"e\") ", ")".to_owned()),
            ("(match 1 1 ", ")".to_owned()),
            ("(mismatch 1 2 ", ")".to_owned()),
            ("(new x ", ")".to_owned()),
            ("(new $s ", ")".to_owned()),
        ];
        let inside = ["(null)", "(never)", "(fail 2 \"deep\")", r#"(call "A" ("s" "f") [])"#];
        for (open, close) in &kinds {
            for inside in inside {
                let script = format!("{}{inside}{}", open.repeat(DEPTH), close.repeat(DEPTH));
                let parameters = RunParameters::new("A", "A");
                let asked = invoke(script.clone(), vec![], vec![], parameters.clone(), vec![]);
                let fails = inside.starts_with("(fail") && !open.starts_with("(par") && *open != "(xor ";
                assert_eq!(asked.ret_code, if fails { 10006 } else { 0 }, "{open} {inside}: {}", asked.error_message);
                if inside.starts_with("(call") {
                    let results = br#"{"1":{"ret_code":3,"result":"no"}}"#.to_vec();
                    let done = invoke(script, asked.data, vec![], parameters, results);
                    let fails = !open.starts_with("(par") && *open != "(xor ";
                    assert_eq!(done.ret_code, if fails { 10000 } else { 0 }, "{open}: {}", done.error_message);
                }
            }
        }
    });
}

#[test]
fn folds_of_a_hundred_thousand_levels_run_on_a_small_stack() {
    on_a_small_stack(|| {
        let open: String = (0..100_000).map(|level| format!("(fold xs i{level} ")).collect();
        let body = format!("{open}(null){}", ")".repeat(100_000));
        assert_eq!(run("[1]", &body, Limits::default()).ret_code, 0);
        let open: String = (0..100_000).map(|level| format!("(fold $s i{level} ")).collect();
        let body = format!("(seq (ap 1 $s) {open}(null){})", ")".repeat(100_000));
        assert_eq!(run("[1]", &body, Limits::default()).ret_code, 0);
    });
}

/// One call deep inside has its event there, in data that nest as deep.
#[test]
fn events_deep_inside_are_merged_and_taken_on_a_small_stack() {
    on_a_small_stack(|| {
        const DEPTH: usize = 20_000;
        let script = format!("{}(call \"A\" (\"s\" \"f\") [] x){}", "(par (null) ".repeat(DEPTH), ")".repeat(DEPTH));
        let parsed = Script::parse(&script).unwrap();
        let (hash, parameters) = (ScriptHash::of(script.as_bytes()), RunParameters::new("A", "A"));
        let nothing = Data::nothing();
        let asked = execute(&parsed, hash, &nothing, &nothing, &parameters, Default::default()).unwrap();
        assert_eq!(asked.requests.len(), 1);
        let results = [(1, Answer { ret_code: 0, result: "1".into() })].into();
        let done = execute(&parsed, hash, &asked.data, &nothing, &parameters, results).unwrap();
        assert_eq!(done.data.shared().events().count(), 1);
        let again = execute(&parsed, hash, &done.data, &done.data, &parameters, Default::default()).unwrap();
        assert!(again.requests.is_empty() && encode(&again.data) == encode(&done.data));
    });
}
