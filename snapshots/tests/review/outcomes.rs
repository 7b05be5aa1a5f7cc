//! What a run says of bad input: code, message, and that the previous data come back.

use crate::data::VERSION;
use airtight_engine::data::decode;
use airtight_engine::invoke::{CODES, RunParameters};
use airtight_snapshots::{CALL, Input, answered, answers, data_of, lines};
use std::collections::BTreeSet;

/// A change of data that were written by the engine.
fn changed(data: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(data);
    assert!(text.contains(from), "no {from} in {text}");
    text.replacen(from, to, 1).into_bytes()
}

/// An answer is raised as an error.
const FAIL: &str = r#"(seq (call "a" ("s" "f") [] x) (fail x))"#;

/// A call of this peer after one of another.
const SECOND: &str = r#"(seq (call "b" ("s" "f") [] x) (call "a" ("s" "g") []))"#;

/// A script that fails after a call of another peer, whose answer is there; what comes of it must not be lost.
fn failing(script: &str) -> Input {
    let script = format!(r#"(seq (call "b" ("s" "before") []) {script})"#);
    Input::new(&script).with(|input| input.current = answered(&script, "b", "1"))
}

/// What an input has beside the script, as far as it is not usual.
fn given(input: &Input) -> String {
    let mut shown = String::new();
    for (what, data) in [("previous data", &input.previous), ("current data", &input.current)] {
        if !data.is_empty() {
            shown += &format!("{what}:\n  {}\n", lines(data).join("\n  "));
        }
    }
    if !input.results.is_empty() {
        shown += &format!("answers:\n  {}\n", String::from_utf8_lossy(&input.results));
    }
    let (usual, given) = (RunParameters::new("a", "a"), &input.parameters);
    for (usual, given) in [
        (format!("{:#?}", usual.limits), format!("{:#?}", given.limits)),
        (format!("{:#?}", usual.size_limits), format!("{:#?}", given.size_limits)),
    ] {
        let other = given.lines().zip(usual.lines()).filter(|(given, usual)| given != usual);
        shown.extend(other.map(|(given, _)| format!("{}\n", given.trim().trim_end_matches(','))));
    }
    shown
}

#[test]
fn bad_input() {
    let inputs = [
        ("a-script-that-does-not-parse", Input::new("(seq (null)")),
        ("previous-data-that-are-no-data", Input::new(CALL).with(|input| input.previous = b"oops".to_vec())),
        ("current-data-that-are-no-data", Input::new(CALL).with(|input| input.current = b"{\"format\":1".to_vec())),
        (
            "current-data-of-another-version",
            Input::new(CALL).with(|input| input.current = br#"{"format":99}"#.to_vec()),
        ),
        ("current-data-of-another-script", Input::new(CALL).with(|input| input.current = data_of("(null)"))),
        (
            "current-data-with-a-space",
            Input::new(CALL)
                .with(|input| input.current = changed(&answered(CALL, "a", "1"), "\"calls\":[", "\"calls\": [")),
        ),
        (
            "current-data-with-a-block-out-of-range",
            Input::new(CALL).with(|input| input.current = changed(&answered(CALL, "a", "1"), "\"at\":0", "\"at\":1")),
        ),
        (
            "current-data-with-an-index-out-of-range",
            Input::new(CALL)
                .with(|input| input.current = changed(&answered(CALL, "a", "1"), "\"value\":0", "\"value\":7")),
        ),
        (
            "current-data-with-what-nothing-names",
            Input::new(CALL)
                .with(|input| input.current = changed(&answered(CALL, "a", "1"), "[\"1\"]", "[\"2\",\"1\"]")),
        ),
        (
            "previous-data-with-a-journal-that-contradicts-itself",
            Input::new(CALL).with(|input| input.previous = changed(&data_of(CALL), "\"next\":2", "\"next\":1")),
        ),
        (
            "no-call-id-left",
            Input::new(SECOND).with(|input| {
                input.previous = changed(&data_of(SECOND), "\"next\":1", "\"next\":4294967295");
                input.current = answered(SECOND, "b", "1");
            }),
        ),
        ("answers-that-are-no-object", Input::new(CALL).with(|input| input.results = b"[1]".to_vec())),
        (
            "an-answer-twice",
            Input::new(CALL).with(|input| {
                input.results = br#"{"1":{"ret_code":0,"result":"1"},"1":{"ret_code":0,"result":"1"}}"#.to_vec();
            }),
        ),
        ("an-answer-to-no-call", Input::new(CALL).with(|input| input.results = answers(&[(99, 0, "1")]))),
        (
            "an-answer-that-is-no-json",
            Input::new(CALL).with(|input| {
                input.previous = data_of(CALL);
                input.results = answers(&[(1, 0, "{oops")]);
            }),
        ),
        (
            "a-service-that-fails",
            Input::new(CALL).with(|input| {
                input.previous = data_of(CALL);
                input.results = answers(&[(1, 404, "\"no row\"")]);
            }),
        ),
        (
            "a-script-over-the-limit",
            Input::new(CALL).with(|input| {
                input.parameters.size_limits.air = 10;
                input.parameters.size_limits.hard = true;
            }),
        ),
        (
            "current-data-over-the-limit",
            Input::new(CALL).with(|input| {
                input.current = data_of(CALL);
                input.parameters.size_limits.particle = 10;
                input.parameters.size_limits.hard = true;
            }),
        ),
        (
            "an-answer-over-the-limit",
            Input::new(CALL).with(|input| {
                input.previous = data_of(CALL);
                input.results = answers(&[(1, 0, "\"more than ten bytes\"")]);
                input.parameters.size_limits.call_result = 10;
                input.parameters.size_limits.hard = true;
            }),
        ),
        ("new-data-over-the-limit", Input::new(CALL).with(|input| input.parameters.size_limits.new_data = 10)),
        (
            "too-many-steps",
            Input::new("(seq (ap 1 $s) (fold $s i (par (ap 1 $s) (next i))))").with(|input| {
                input.parameters.limits.steps = 100;
            }),
        ),
        (
            "too-deep",
            Input::new("(seq (seq (seq (null) (null)) (null)) (null))").with(|input| {
                input.parameters.limits.depth = 2;
            }),
        ),
        (
            "a-value-too-large",
            Input::new(CALL).with(|input| {
                input.previous = data_of(CALL);
                input.results = answers(&[(1, 0, "\"more than ten bytes\"")]);
                input.parameters.limits.value_bytes = 10;
            }),
        ),
        (
            "too-many-elements",
            Input::new("(seq (ap 1 $s) (seq (ap 2 $s) (ap 3 $s)))").with(|input| {
                input.parameters.limits.stream_elements = 2;
            }),
        ),
        ("a-failure-of-the-script", failing(r#"(fail 42 "enough")"#)),
        ("values-that-differ", failing("(match 1 2 (null))")),
        ("values-that-are-equal", failing("(mismatch 1 1 (null))")),
        ("a-fold-over-no-array", failing(r#"(seq (ap "text" x) (fold x i (null)))"#)),
        ("a-field-of-no-object", failing(r#"(seq (ap "text" x) (call "a" ("s" "f") [x.$.field]))"#)),
        ("a-peer-that-is-no-text", failing(r#"(seq (ap 1 x) (call x ("s" "f") []))"#)),
        (
            "a-value-nested-too-deep",
            Input::new(r#"(seq (call "a" ("s" "f") [] $s) (seq (canon "a" $s #cc) (ap #cc x)))"#).with(|input| {
                input.previous = data_of(&input.script);
                input.results = answers(&[(1, 0, &("[".repeat(127) + &"]".repeat(127)))]);
            }),
        ),
        (
            "an-error-object-raised",
            Input::new(FAIL).with(|input| {
                input.previous = data_of(FAIL);
                input.results = answers(&[(1, 0, r#"{"error_code":7,"message":"no row"}"#)]);
            }),
        ),
        ("a-name-read-before-its-value", failing("(seq (ap 1 x) (new x (ap x y)))")),
        ("a-length-of-no-array", failing(r#"(seq (ap "text" x) (ap x.length y))"#)),
        ("a-key-that-is-no-text", failing("(seq (ap true k) (ap (k 1) %m))")),
        ("no-error-to-raise", failing("(fail :error:)")),
        (
            "an-error-object-with-code-zero",
            Input::new(FAIL).with(|input| {
                input.previous = data_of(FAIL);
                input.results = answers(&[(1, 0, r#"{"error_code":0,"message":"m"}"#)]);
            }),
        ),
    ];
    let mut codes = BTreeSet::new();
    for (name, input) in inputs {
        let outcome = input.run();
        let (code, message) = (outcome.ret_code, &outcome.error_message);
        assert!(code != 0, "{name} is no bad input");
        codes.insert(code);
        let mut shown = format!("{}\n{}\ncode {code}\n{message}\n", input.script, given(&input));
        let is_given_up = matches!(code, 1..10000 | 20000..30000);
        if is_given_up {
            assert_eq!(outcome.data, input.previous, "{name}: the previous data come back");
            shown += "given up: the previous data come back\n";
        } else {
            let events = |bytes: &[u8]| -> BTreeSet<_> {
                let data = decode(bytes).expect("they are data");
                data.shared().events().map(|event| (event.place, event.result)).collect()
            };
            let before = &events(&input.previous) | &events(&input.current);
            let given =
                serde_json::from_slice::<serde_json::Map<_, _>>(&input.results).map_or(0, |answers| answers.len());
            let answers = given - outcome.unknown_call_ids.len();
            let after = events(&outcome.data);
            assert!(answers > 0 || !before.is_empty() || given > 0, "{name}: nothing can be lost");
            assert!(after.is_superset(&before) && after.len() >= before.len() + answers, "{name}: something is lost");
            shown += match answers {
                0 => "the data are kept\n",
                1 => "the data are kept, and the answer is in them\n",
                _ => "the data are kept, and the answers are in them\n",
            };
        }
        if !outcome.unknown_call_ids.is_empty() {
            shown += &format!("unknown call ids {:?}\n", outcome.unknown_call_ids);
        }
        review!("outcomes", name, text shown, filters => VERSION);
    }
    // Success is no bad input, and no script that is valid has a `next` outside of its fold.
    let all = CODES.iter().map(|(code, _)| *code).filter(|code| ![0, 20003].contains(code));
    assert!(codes.into_iter().eq(all), "each code has an outcome");
}
