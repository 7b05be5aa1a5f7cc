//! The reference as a runner: worked examples, and that it asks for what our engine asks for.

use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallRequest, CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, RunnerError, SameThread};
use airtight_oracle::{Reference, SIGNATURES};

/// Both engines at the peers of one particle, each with its own data.
struct Both {
    air: &'static str,
    ours: SameThread,
    theirs: Reference,
    /// Whether origins must be equal too.
    origins: bool,
}

/// What both said, after they agreed on it; data apart.
struct Agreed {
    data: [Vec<u8>; 2],
    ret_code: i64,
    requests: Vec<(u32, CallRequest)>,
    next_peers: Vec<String>,
}

const NONE: [Vec<u8>; 2] = [Vec::new(), Vec::new()];

fn both(air: &'static str) -> Both {
    Both {
        air,
        ours: SameThread::ready(),
        theirs: Reference::ready().expect("there is a thread for it"),
        origins: true,
    }
}

impl Both {
    /// Runs both and holds them against each other.
    #[track_caller]
    fn run(
        &mut self,
        peer: &str,
        previous: &[Vec<u8>; 2],
        current: &[Vec<u8>; 2],
        results: &[(u32, i32, &str)],
    ) -> Agreed {
        let parameters = RunParameters::new("A", peer);
        let results: CallResults =
            results.iter().map(|(id, code, text)| (*id, Answer { ret_code: *code, result: (*text).into() })).collect();
        let ours = self.ours.run(self.air, &previous[0], &current[0], &parameters, &results).expect("ours runs");
        let theirs = self.theirs.run(self.air, &previous[1], &current[1], &parameters, &results).expect("it runs");
        let said = |result: &InterpreterResult| {
            let mut peers: Vec<_> = result.next_peers.iter().map(|peer| peer.to_string()).collect();
            peers.sort();
            let mut requests = result.requests.clone();
            if !self.origins {
                requests.values_mut().for_each(|request| request.tetraplets.clear());
            }
            (result.ret_code, peers, requests)
        };
        assert_eq!(said(&ours), said(&theirs), "{} / {}", ours.error_message, theirs.error_message);
        let (ret_code, next_peers, requests) = said(&ours);
        Agreed { data: [ours.data, theirs.data], ret_code, next_peers, requests: requests.into_iter().collect() }
    }
}

fn arguments(request: &CallRequest) -> Vec<String> {
    request.arguments.iter().map(ToString::to_string).collect()
}

#[test]
fn a_call_is_requested_with_its_arguments_and_their_origins() {
    let mut both = both(r#"(call "A" ("s" "f") [1 1.5 "x" true [] "A" %init_peer_id%] y)"#);
    let first = both.run("A", &NONE, &NONE, &[]);
    assert_eq!(first.requests.len(), 1);
    assert_eq!(arguments(&first.requests[0].1), ["1", "1.5", r#""x""#, "true", "[]", r#""A""#, r#""A""#]);
    assert_eq!(first.requests[0].1.tetraplets[0][0].to_string(), "A|||");
    let second = both.run("A", &first.data, &NONE, &[(1, 0, r#"{"A":["A","x"]}"#)]);
    assert!(second.requests.is_empty() && second.ret_code == 0);
}

#[test]
fn a_value_goes_from_peer_to_peer() {
    let air = r#"(seq (call "A" ("s" "f") [] x) (seq (call "B" ("s" "g") [x.$.to] y) (call "A" ("s" "h") [x y])))"#;
    let mut both = both(air);
    let a = both.run("A", &NONE, &NONE, &[]);
    let a = both.run("A", &a.data, &NONE, &[(1, 0, r#"{"to":"B"}"#)]);
    assert_eq!(a.next_peers, ["B"]);
    let b = both.run("B", &NONE, &a.data, &[]);
    assert_eq!(arguments(&b.requests[0].1), [r#""B""#]);
    assert_eq!(b.requests[0].1.tetraplets[0][0].to_string(), "A|s|f|.$.to");
    let b = both.run("B", &b.data, &NONE, &[(1, 0, r#""A""#)]);
    assert_eq!(b.next_peers, ["A"]);
    let a = both.run("A", &a.data, &b.data, &[]);
    assert_eq!(arguments(&a.requests[0].1), [r#"{"to":"B"}"#, r#""A""#]);
}

#[test]
fn a_stream_is_fixed_where_it_is_fixed() {
    let air = r#"(seq (par (call "A" ("s" "f") [] $s) (call "B" ("s" "f") [] $s))
        (seq (canon "B" $s #c) (call "A" ("s" "show") [#c])))"#;
    let mut both = both(air);
    let a = both.run("A", &NONE, &NONE, &[]);
    assert_eq!((a.requests.len(), a.next_peers), (1, vec!["B".to_owned()]));
    let b = both.run("B", &NONE, &a.data, &[]);
    let b = both.run("B", &b.data, &NONE, &[(1, 0, "2")]);
    let told = both.run("A", &a.data, &b.data, &[]);
    assert_eq!(arguments(&told.requests[0].1), ["[2]"]);
}

#[test]
fn a_failure_is_caught_here_and_there() {
    let air =
        r#"(xor (call "B" ("s" "f") [] x) (call "A" ("s" "sorry") [:error:.$.error_code :error:.$.instruction]))"#;
    let mut both = both(air);
    // The reference forgets the lens of an error.
    both.origins = false;
    let a = both.run("A", &NONE, &NONE, &[]);
    let b = both.run("B", &NONE, &a.data, &[]);
    let b = both.run("B", &b.data, &NONE, &[(1, 7, "no")]);
    assert_eq!(b.next_peers, ["A"]);
    let a = both.run("A", &a.data, &b.data, &[]);
    assert_eq!(arguments(&a.requests[0].1), ["10000", r#""call \"B\" (\"s\" \"f\") [] x""#]);
}

#[test]
fn uncaught_failures_have_their_codes() {
    assert_eq!(both(r#"(fail 5 "stop")"#).run("A", &NONE, &NONE, &[]).ret_code, 10006);
    assert_eq!(both(r#"(match 1 2 (null))"#).run("A", &NONE, &NONE, &[]).ret_code, 10001);
}

/// The value of B is signed by B: whoever is another peer with the data of B is found out, where that is checked.
#[test]
fn signatures_are_made_and_checked() {
    let air = r#"(seq (call "B" ("s" "f") [] x) (call "A" ("s" "g") [x]))"#;
    let mut theirs = Reference::ready().expect("there is a thread for it");
    let mut run = |init: &str, peer: &str, previous: &[u8], current: &[u8], results: CallResults| {
        let mut parameters = RunParameters::new(init, peer);
        parameters.particle_id = init.into();
        theirs.run(air, previous, current, &parameters, &results).expect("it runs")
    };
    let b = run("A", "B", b"", b"", CallResults::new());
    let answer = CallResults::from([(1, Answer { ret_code: 0, result: "1".into() })]);
    let b = run("A", "B", &b.data, b"", answer);
    assert_eq!(run("A", "A", b"", &b.data, CallResults::new()).ret_code, 0);
    let elsewhere = run("other", "A", b"", &b.data, CallResults::new()).ret_code;
    assert_eq!(elsewhere, if SIGNATURES { 9 } else { 0 });
}

/// Laws look at data when other scripts have been run since.
#[test]
fn data_are_shown_with_names_whatever_ran_since() {
    let mut theirs = Reference::ready().expect("there is a thread for it");
    let bystander = RunParameters::new("A", "bystander");
    let asked =
        theirs.run(r#"(call "B" ("s" "f") [])"#, b"", b"", &bystander, &CallResults::new()).expect("it runs").data;
    theirs.run("(null)", b"", b"", &RunParameters::new("A", "A"), &CallResults::new()).expect("it runs");
    let shown = theirs.inspect(None, &asked, None).expect("it shows them");
    assert!(shown.contains("bystander"), "{shown}");
    assert!(!shown.contains("12D3"), "{shown}");
}

/// A panic is an error, and the runner can be used again.
#[test]
fn panics_and_time_limits_are_errors() {
    let mut theirs = Reference::ready().expect("there is a thread for it");
    // A value is assigned to the name of an iterator that is at work, and read.
    let air = r#"(seq (call "A" ("s" "l") [] l) (fold l i (seq (ap 1 i) (call "A" ("s" "f") [i]))))"#;
    let parameters = RunParameters::new("A", "A");
    let first = theirs.run(air, b"", b"", &parameters, &CallResults::new()).expect("it runs");
    let answer = CallResults::from([(1, Answer { ret_code: 0, result: "[1]".into() })]);
    let second = theirs.run(air, &first.data, b"", &parameters, &answer);
    assert!(matches!(second, Err(RunnerError::Panicked { .. })), "{second:?}");
    let third = theirs.run(air, b"", b"", &parameters, &CallResults::new());
    assert_eq!(third, Err(RunnerError::NotInitialized));
    let mut hurried = Reference::ready().expect("there is a thread for it").with_millis_max(0);
    let none = hurried.run(air, b"", b"", &parameters, &CallResults::new());
    assert_eq!(none, Err(RunnerError::TimedOut { millis: 0 }));
}
