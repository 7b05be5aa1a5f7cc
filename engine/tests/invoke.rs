//! The interface in bytes: each code, what comes back with it, and input that nobody should send.

use airtight_engine::data::{Answer, decode};
use airtight_engine::invoke::{CODES, CallResults, InterpreterOutcome, RunParameters, invoke, read_results};

const CALL: &str = r#"(seq (call "A" ("s" "f") ["x"] a) (call "B" ("s" "g") [a] b))"#;

fn parameters() -> RunParameters {
    RunParameters::new("A", "A")
}

fn run(air: &str, previous: &[u8], current: &[u8], results: &str) -> InterpreterOutcome {
    run_with(parameters(), air, previous, current, results)
}

fn run_with(
    parameters: RunParameters,
    air: &str,
    previous: &[u8],
    current: &[u8],
    results: &str,
) -> InterpreterOutcome {
    invoke(air.into(), previous.into(), current.into(), parameters, results.into())
}

/// The data of A once its call is pending.
fn started() -> Vec<u8> {
    run(CALL, b"", b"", "").data
}

/// A run that was given up: this code, previous data, nothing to do.
fn given_up(outcome: &InterpreterOutcome, code: i64, previous: &[u8]) {
    assert_eq!(outcome.ret_code, code, "{}", outcome.error_message);
    assert!(!outcome.error_message.is_empty());
    assert_eq!(outcome.data, previous, "the previous data come back unchanged");
    assert_eq!(outcome.call_requests, b"{}");
    assert!(outcome.next_peer_pks.is_empty() && outcome.unknown_call_ids.is_empty() && outcome.waiting.is_empty());
}

fn requests(outcome: &InterpreterOutcome) -> &str {
    std::str::from_utf8(&outcome.call_requests).unwrap()
}

#[test]
fn success_gives_requests_as_json_and_then_peers() {
    let first = run(CALL, b"", b"", "{}");
    assert_eq!((first.ret_code, &*first.error_message), (0, ""));
    assert_eq!(
        requests(&first),
        r#"{"1":{"service_id":"s","function_name":"f","arguments":["x"],"tetraplets":[[{"peer_pk":"A","service_id":"","function_name":"","lens":""}]]}}"#
    );
    assert!(first.next_peer_pks.is_empty());
    let waiting = &first.waiting[0];
    assert_eq!(
        (&CALL[waiting.span.start as usize..waiting.span.end as usize], waiting.peer.as_deref()),
        (r#"(call "A" ("s" "f") ["x"] a)"#, Some("A"))
    );
    let second = run(CALL, &first.data, b"", r#"{"1":{"ret_code":0,"result":"{\"n\":1.50}"}}"#);
    assert_eq!((second.ret_code, requests(&second), second.next_peer_pks[0].as_str()), (0, "{}", "B"));
    let at_b = run_with(RunParameters::new("A", "B"), CALL, b"", &second.data, "");
    assert!(requests(&at_b).contains(r#""arguments":[{"n":1.5}]"#));
}

#[test]
fn code_1_is_a_script_that_cannot_be_read() {
    for air in
        ["", " ", "(", "(oops)", "(seq (null))", "(call a (b c) [])", "\0", "(null) (null)", "(ap \"\u{202e}\" x"]
    {
        given_up(&run(air, b"", b"", ""), 1, b"");
    }
    // Depth is no reason to give up, and none to crash.
    let deep = "(seq (null) ".repeat(200_000) + "(null)" + &")".repeat(200_000);
    assert_eq!(run(&deep, b"", b"", "").ret_code, 0);
    given_up(&run(&"(seq (null) ".repeat(200_000), b"", b"", ""), 1, b"");
}

#[test]
fn code_2_is_data_that_cannot_be_read() {
    let good = started();
    let mut bad: Vec<Vec<u8>> =
        vec![b"x".into(), b"{".into(), b"{}".into(), b"[]".into(), b"\xff\xfe".into(), b" ".into()];
    bad.push([b" ", &*good].concat());
    bad.push([&*good, b"\n"].concat());
    bad.push(good[..good.len() - 1].into());
    bad.push(b"[".repeat(1_000_000));
    bad.push(b"{\"format\":".repeat(100_000));
    for bad in bad {
        given_up(&run(CALL, &good, &bad, ""), 2, &good);
        given_up(&run(CALL, &bad, &good, ""), 2, &bad);
        given_up(&run(CALL, &bad, &bad, "{"), 2, &bad);
    }
    let message = run(CALL, &good, b"x", "").error_message;
    assert!(message.starts_with("the current data cannot be read"), "{message}");
}

/// Every byte of good data in turn is another one: understood or refused, never a crash, and what is refused changes
/// nothing.
#[test]
fn damaged_data_are_refused_or_understood() {
    let full = run(CALL, &started(), b"", r#"{"1":{"ret_code":0,"result":"[1,\"two\"]"}}"#).data;
    let mut understood = 0;
    for at in 0..full.len() {
        for byte in [b'0', b'"', b'}', b',', b'a', 0, 0xff] {
            let mut damaged = full.clone();
            damaged[at] = byte;
            if damaged == full {
                continue;
            }
            let outcome = run(CALL, b"", &damaged, "");
            match outcome.ret_code {
                0 => understood += 1,
                code => {
                    assert!(code == 2 || code == 20000, "{code}: {}", outcome.error_message);
                    given_up(&outcome, code, b"");
                }
            }
        }
    }
    assert!(understood > 0, "a value or a version may change");
}

#[test]
fn code_5_is_results_that_cannot_be_read() {
    let previous = started();
    let answer = r#"{"ret_code":0,"result":"1"}"#;
    let ids = ["", "0x1", "+1", "01", " 1", "1 ", "-1", "1.0", "4294967296", "one", "١"];
    let mut bad: Vec<String> = ids.iter().map(|id| format!("{{\"{id}\":{answer}}}")).collect();
    bad.extend(["[]", "null", "1", "{", "{}{}", "\u{feff}{}", "{\"1\":null}", "{\"1\":\"1\"}"].map(String::from));
    bad.push(r#"{"1":{"ret_code":0}}"#.into());
    bad.push(r#"{"1":{"result":"1"}}"#.into());
    bad.push(r#"{"1":{"ret_code":0,"result":1}}"#.into());
    bad.push(r#"{"1":{"ret_code":2147483648,"result":""}}"#.into());
    bad.push(r#"{"1":{"ret_code":0.5,"result":""}}"#.into());
    bad.push(r#"{"1":{"ret_code":0,"result":"1","more":1}}"#.into());
    bad.push(r#"{"1":[0,"1"]}"#.into());
    bad.push("{\"1\":".repeat(100_000));
    // Neither of two answers to one call is dropped in silence.
    bad.push(format!("{{\"1\":{answer},\"1\":{answer}}}"));
    for bad in bad {
        given_up(&run(CALL, &previous, b"", &bad), 5, &previous);
    }
    let no_text = invoke(
        CALL.into(),
        previous.clone(),
        vec![],
        parameters(),
        b"{\"1\":{\"ret_code\":0,\"result\":\"\xff\"}}".into(),
    );
    given_up(&no_text, 5, &previous);
}

#[test]
fn results_may_be_spaced_and_in_any_order_and_no_bytes_are_none() {
    let answers = |text: &str| read_results(text.as_bytes()).unwrap();
    assert_eq!(answers(""), CallResults::new());
    assert_eq!(answers(" {\n} "), CallResults::new());
    let (one, ten) = (Answer { ret_code: 0, result: "1".into() }, Answer { ret_code: -5, result: "\u{0}".into() });
    assert_eq!(
        answers(r#"{ "10": {"result":"\u0000", "ret_code":-5}, "1": {"ret_code":0,"result":"1"} }"#),
        CallResults::from([(1, one), (10, ten)])
    );
    assert_eq!(run(CALL, &started(), b"", "").ret_code, 0);
}

/// What a service says that is no JSON is a failure that the script can catch, with a text of its own.
#[test]
fn answers_that_are_no_json_are_failures() {
    let previous = started();
    for text in ["", "not json", "1 2", "{\"a\":1", "1e999", &("[".repeat(200) + &"]".repeat(200)), "nul"] {
        let result = format!("{{\"1\":{{\"ret_code\":0,\"result\":{}}}}}", serde_json::to_string(text).unwrap());
        let outcome = run(CALL, &previous, b"", &result);
        assert_eq!(outcome.ret_code, 10000, "{text}");
        assert!(outcome.error_message.contains("2147483647"), "{}", outcome.error_message);
        assert_ne!(outcome.data, previous, "the failure is an event");
        // Others read these data, and see the same.
        let at_b = run_with(RunParameters::new("A", "B"), CALL, b"", &outcome.data, "");
        assert_eq!((at_b.ret_code, at_b.error_message), (10000, outcome.error_message));
    }
}

#[test]
fn code_10_is_a_hard_limit_and_flags_tell_in_both_modes() {
    let previous = started();
    let results = r#"{"1":{"ret_code":0,"result":"\"12345678\""}}"#;
    type Set = fn(&mut RunParameters, u64);
    type Flag = fn(&InterpreterOutcome) -> bool;
    let cases: [(Set, usize, Flag); 3] = [
        (|parameters, limit| parameters.size_limits.air = limit, CALL.len(), |outcome| outcome.limits_exceeded.air),
        (
            |parameters, limit| parameters.size_limits.particle = limit,
            previous.len(),
            |outcome| outcome.limits_exceeded.particle,
        ),
        (
            |parameters, limit| parameters.size_limits.call_result = limit,
            10,
            |outcome| outcome.limits_exceeded.call_result,
        ),
    ];
    for (set, size, flag) in cases {
        for (limit, hard) in [(size, false), (size, true), (size - 1, false), (size - 1, true)] {
            let mut parameters = parameters();
            parameters.size_limits.hard = hard;
            set(&mut parameters, limit as u64);
            let outcome = run_with(parameters, CALL, &previous, &previous, results);
            assert_eq!(flag(&outcome), limit < size, "{limit} {hard}");
            let flags = outcome.limits_exceeded;
            assert_eq!(
                usize::from(flags.air) + usize::from(flags.particle) + usize::from(flags.call_result),
                usize::from(limit < size)
            );
            if limit < size && hard {
                given_up(&outcome, 10, &previous);
            } else {
                assert_eq!((outcome.ret_code, outcome.next_peer_pks.len()), (0, 1));
            }
        }
    }
}

/// What bounds a run is hard in every mode, and names itself and its place.
#[test]
fn code_10_is_also_a_run_that_asks_for_too_much() {
    let previous = started();
    let results = r#"{"1":{"ret_code":0,"result":"\"12345678\""}}"#;
    let limited = |set: fn(&mut RunParameters)| {
        let mut parameters = parameters();
        set(&mut parameters);
        run_with(parameters, CALL, &previous, b"", results)
    };
    let steps = limited(|parameters| parameters.limits.steps = 1);
    given_up(&steps, 10, &previous);
    assert!(steps.error_message.contains("more than 1 steps, at byte"), "{}", steps.error_message);
    given_up(&limited(|parameters| parameters.limits.depth = 0), 10, &previous);
    given_up(&limited(|parameters| parameters.limits.value_bytes = 9), 10, &previous);
    assert_eq!(limited(|parameters| parameters.limits.value_bytes = 10).ret_code, 0);
    let data = limited(|parameters| parameters.size_limits.new_data = 100);
    given_up(&data, 10, &previous);
    assert!(data.error_message.starts_with("the new data: "), "{}", data.error_message);
}

#[test]
fn code_20000_is_data_of_another_script() {
    let (previous, air) = (started(), CALL.replace("\"x\"", "\"y\""));
    given_up(&run(&air, &previous, b"", ""), 20000, &previous);
    given_up(&run(&air, b"", &previous, ""), 20000, b"");
    // One space makes another script.
    given_up(&run(&(CALL.to_owned() + " "), &previous, &previous, ""), 20000, &previous);
}

#[test]
fn code_20013_is_a_stream_with_too_many_elements() {
    let air = r#"(seq (ap 1 $s) (seq (ap 2 $s) (call "A" ("s" "f") [])))"#;
    for (elements, code) in [(2, 0), (1, 20013)] {
        let mut parameters = parameters();
        parameters.limits.stream_elements = elements;
        let outcome = run_with(parameters, air, b"", b"", "");
        assert_eq!(outcome.ret_code, code);
        if code != 0 {
            given_up(&outcome, code, b"");
        }
    }
}

/// Unknown ids are named, and everything else counts.
#[test]
fn code_30000_is_an_answer_that_nobody_asked_for() {
    let previous = started();
    let both = r#"{"1":{"ret_code":0,"result":"1"},"7":{"ret_code":0,"result":"9"}}"#;
    let outcome = run(CALL, &previous, b"", both);
    assert_eq!((outcome.ret_code, outcome.unknown_call_ids, outcome.next_peer_pks.len()), (30000, vec![7], 1));
    assert!(outcome.error_message.contains("[7]"));
    assert_eq!(outcome.data, run(CALL, &previous, b"", r#"{"1":{"ret_code":0,"result":"1"}}"#).data);
    // The second time the first one is unknown too.
    let again = run(CALL, &outcome.data, b"", both);
    assert_eq!((again.ret_code, again.unknown_call_ids, again.data), (30000, vec![1, 7], outcome.data));
    for id in ["0", "4294967295"] {
        assert_eq!(run(CALL, &previous, b"", &both.replace('7', id)).ret_code, 30000);
    }
}

/// The run counts: data, requests and peers are as without the error.
#[test]
fn codes_from_10000_are_errors_that_the_script_did_not_catch() {
    let cases: [(i64, &str); 10] = [
        (10001, r#"(match 1 2 (null))"#),
        (10002, r#"(mismatch 1 1 (null))"#),
        (10005, r#"(seq (ap 1 x) (fold x i (next i)))"#),
        (10006, r#"(fail 3 "three")"#),
        (10007, r#"(seq (ap 1 x) (ap x.$.a y))"#),
        (10008, r#"(seq (ap 1 x) (fail x))"#),
        (10009, r#"(new x (ap x y))"#),
        (10010, r#"(seq (ap 1 x) (ap x.length y))"#),
        (10011, r#"(seq (ap 1 x) (call x ("s" "f") []))"#),
        (10012, r#"(seq (ap 1.5 x) (ap (x 1) %m))"#),
    ];
    for (code, air) in cases {
        let air = format!(r#"(seq (par (par (call "A" ("s" "f") []) (call "B" ("s" "g") [])) (null)) {air})"#);
        let outcome = run(&air, b"", b"", "");
        assert_eq!(outcome.ret_code, code, "{air}\n{}", outcome.error_message);
        assert!(!outcome.error_message.is_empty() && outcome.call_requests.starts_with(b"{\"1\":"));
        assert_eq!(outcome.next_peer_pks, ["B"]);
        assert!(!decode(&outcome.data).unwrap().is_nothing());
    }
    let failed = run(CALL, &started(), b"", r#"{"1":{"ret_code":404,"result":"no \"row\""}}"#);
    assert_eq!((failed.ret_code, &*failed.error_message), (10000, r#"the service failed with code 404: no "row""#));
    assert!(failed.next_peer_pks.is_empty());
}

#[test]
fn pending_requests_are_repeated_only_on_demand() {
    let first = run(CALL, b"", b"", "");
    let silent = run(CALL, &first.data, b"", "");
    assert_eq!((requests(&silent), &silent.data), ("{}", &first.data));
    let repeating = || RunParameters { repeat_requests: true, ..parameters() };
    let again = run_with(repeating(), CALL, &first.data, b"", "");
    assert_eq!((&again.call_requests, &again.data), (&first.call_requests, &first.data));
    // What is answered in the same run is not.
    let answered = run_with(repeating(), CALL, &first.data, b"", r#"{"1":{"ret_code":0,"result":"1"}}"#);
    assert_eq!(requests(&answered), "{}");
    assert_eq!(requests(&run_with(repeating(), CALL, &answered.data, b"", "")), "{}");
}

/// Data that A stored mean to another peer what A sent: journals are nobody else's.
#[test]
fn a_journal_of_another_peer_counts_for_nothing() {
    let air = r#"(par (call "A" ("s" "f") [] a) (call "B" ("s" "g") [] b))"#;
    let at_a = run(air, b"", b"", "").data;
    for (previous, current) in [(&b""[..], &*at_a), (&*at_a, b"")] {
        let at_b = run_with(RunParameters::new("A", "B"), air, previous, current, "");
        assert!(requests(&at_b).starts_with(r#"{"1":{"service_id":"s","function_name":"g""#));
        assert_eq!(decode(&at_b.data).unwrap().journal().unwrap().peer().as_ref(), "B");
    }
    // And A's own, come back to A, is not its journal either once the stored one is lost: the call is requested anew.
    assert!(requests(&run(air, b"", &at_a, "")).contains("\"f\""));
}

#[test]
fn the_protocol_lists_each_code() {
    let listed = CODES.map(|(code, what)| format!("| {code} | {what} |\n")).concat();
    let page = include_str!("../../docs/runner-protocol.md");
    assert!(page.contains(&format!("| code | |\n|---|---|\n{listed}\n")), "expected in the page:\n{listed}");
    assert!(CODES.is_sorted_by(|(a, _), (b, _)| a < b), "each code once, in order");
}
