//! What a run says of bad input: code, message, and that the previous data come back.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{InterpreterOutcome, RunParameters, invoke};
use airtight_snapshots::review;

/// Input of a run at peer `a`; what is not said is usual.
struct Input {
    script: &'static str,
    previous: Vec<u8>,
    current: Vec<u8>,
    results: Vec<u8>,
    parameters: RunParameters,
}

const CALL: &str = r#"(call "a" ("s" "f") [] x)"#;

impl Input {
    fn new(script: &'static str) -> Self {
        let parameters = RunParameters::new("a", "a");
        Self { script, previous: Vec::new(), current: Vec::new(), results: Vec::new(), parameters }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn run(&self) -> InterpreterOutcome {
        invoke(
            self.script.into(),
            self.previous.clone(),
            self.current.clone(),
            self.parameters.clone(),
            self.results.clone(),
        )
    }
}

/// The data after a run of this script.
fn data_of(script: &'static str) -> Vec<u8> {
    Input::new(script).run().data
}

fn answers(answers: &[(u32, i32, &str)]) -> Vec<u8> {
    let answer =
        |(id, ret_code, result): &(u32, i32, &str)| (*id, Answer { ret_code: *ret_code, result: (*result).into() });
    let answers: airtight_engine::invoke::CallResults = answers.iter().map(answer).collect();
    serde_json::to_vec(&answers).expect("it is JSON")
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
        ("a-failure-of-the-script", Input::new(r#"(fail 42 "enough")"#)),
        ("values-that-differ", Input::new("(match 1 2 (null))")),
        ("values-that-are-equal", Input::new("(mismatch 1 1 (null))")),
        ("a-fold-over-no-array", Input::new(r#"(seq (ap "text" x) (fold x i (null)))"#)),
        ("a-field-that-is-not-there", Input::new(r#"(seq (ap "text" x) (call "a" ("s" "f") [x.$.field]))"#)),
        ("a-peer-that-is-no-text", Input::new(r#"(seq (ap 1 x) (call x ("s" "f") []))"#)),
        ("no-error-to-raise", Input::new("(fail :error:)")),
        (
            "an-error-object-with-code-zero",
            Input::new(r#"(seq (call "a" ("s" "f") [] x) (fail x))"#).with(|input| {
                input.previous = data_of(r#"(seq (call "a" ("s" "f") [] x) (fail x))"#);
                input.results = answers(&[(1, 0, r#"{"error_code":0,"message":"m"}"#)]);
            }),
        ),
    ];
    for (name, input) in inputs {
        let outcome = input.run();
        let (code, message) = (outcome.ret_code, &outcome.error_message);
        assert!(code != 0, "{name} is no bad input");
        let mut shown = format!("{}\n\ncode {code}\n{message}\n", input.script);
        let is_given_up = matches!(code, 1..10000 | 20000..30000);
        if is_given_up {
            assert_eq!(outcome.data, input.previous, "{name}: the previous data come back");
            shown += "given up: the previous data come back\n";
        } else {
            shown += "the data are kept, and what was learned is in them\n";
        }
        if !outcome.unknown_call_ids.is_empty() {
            shown += &format!("unknown call ids {:?}\n", outcome.unknown_call_ids);
        }
        review("outcomes", name, &shown);
    }
}
