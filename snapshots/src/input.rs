//! Input of a single run.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallResults, InterpreterOutcome, RunParameters, invoke};

/// A script of one call.
pub const CALL: &str = r#"(call "a" ("s" "f") [] x)"#;

/// Input of a run at peer `a`; what is not said is usual.
#[derive(Clone, Debug)]
pub struct Input {
    /// The script.
    pub script: String,
    /// The previous data.
    pub previous: Vec<u8>,
    /// The current data.
    pub current: Vec<u8>,
    /// The call results.
    pub results: Vec<u8>,
    /// Everything else.
    pub parameters: RunParameters,
}

impl Input {
    /// The first run of a script.
    pub fn new(script: &str) -> Self {
        let parameters = RunParameters::new("a", "a");
        Self { script: script.into(), previous: Vec::new(), current: Vec::new(), results: Vec::new(), parameters }
    }

    /// The same with a change.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Runs it.
    pub fn run(&self) -> InterpreterOutcome {
        let Self { script, previous, current, results, parameters } = self.clone();
        invoke(script, previous, current, parameters, results)
    }
}

/// The data after the first run of a script.
pub fn data_of(script: &str) -> Vec<u8> {
    Input::new(script).run().data
}

/// The data of a peer after its first call came to this.
pub fn answered(script: &str, peer: &str, answer: &str) -> Vec<u8> {
    let first = Input::new(script).with(|input| input.parameters.current_peer_id = peer.into());
    let asked = first.run().data;
    let then = first.with(|input| {
        input.previous = asked;
        input.results = answers(&[(1, 0, answer)]);
    });
    then.run().data
}

/// A script in which a call is no longer reached when it is disputed what stands before it.
const DEPENDS: &str = r#"(seq (call "b" ("s" "f") [] x) (seq (call x ("s" "g") []) (call "a" ("s" "h") [])))"#;

/// Data of peers while calls are under way, by name: one that is not answered yet, one with two results, and one that was
/// answered when it was no longer reached.
pub fn under_way() -> [(&'static str, Vec<u8>); 3] {
    let disputed = Input::new(CALL).with(|input| {
        input.parameters.current_peer_id = "b".into();
        input.previous = answered(CALL, "a", "1");
        input.current = answered(CALL, "a", "2");
    });
    // The peer `a` asked for a call, learns that what led to it is disputed, and gets the answer then.
    let asked = Input::new(DEPENDS).with(|input| input.current = answered(DEPENDS, "b", r#""a""#));
    let disputes = asked.clone().with(|input| {
        input.previous = asked.run().data;
        input.current = answered(DEPENDS, "b", r#""c""#);
    });
    let late = disputes.clone().with(|input| {
        input.previous = disputes.run().data;
        input.current = Vec::new();
        input.results = answers(&[(1, 0, r#""late""#)]);
    });
    [
        ("a-call-not-yet-answered", data_of(CALL)),
        ("a-disputed-result", disputed.run().data),
        ("an-answer-to-a-call-no-longer-reached", late.run().data),
    ]
}

/// Answers by call id: the code, and the text.
///
/// # Panics
/// If they cannot be written.
pub fn answers(answers: &[(u32, i32, &str)]) -> Vec<u8> {
    let answer =
        |(id, ret_code, result): &(u32, i32, &str)| (*id, Answer { ret_code: *ret_code, result: (*result).into() });
    let answers: CallResults = answers.iter().map(answer).collect();
    serde_json::to_vec(&answers).unwrap_or_else(|error| panic!("{answers:?}: {error}"))
}
