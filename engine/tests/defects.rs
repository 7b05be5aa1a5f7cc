//! Defects of the reference interpreter that are not here, and data that lie.
//!
//! R1 to R15 concern data and merge, D1 to D28 the execution. What only signatures could stop is said where it belongs:
//! R7 and D10 (a failure that is not signed), R10 (states of other peers that are not signed) and the swap of two
//! canons or two equal calls of one peer (R9) need signatures; a peer that lies about its own calls needs nothing more.

mod common;

use std::sync::Arc;

use airtight_engine::data::{
    ArgumentHash, Branch, Data, Draft, EventResult, Journal, Outcome, OutputKind, PlaceId, Shared, decode, encode,
};
use airtight_engine::invoke::{RunParameters, invoke};
use airtight_engine::value::{Json, Tetraplet};
use common::{Net, error_of, shown, start, with};

fn json(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap()
}

/// The result of the call `peer.s.f` with these arguments, into a scalar.
fn result(peer: &str, arguments: &[&str], outcome: Outcome<Json>) -> EventResult {
    let arguments: Vec<_> = arguments.iter().map(|text| json(text)).collect();
    EventResult::Call {
        outcome,
        tetraplet: Arc::new(Tetraplet::call(peer, "s", "f")),
        arguments: ArgumentHash::of(&arguments),
        output: OutputKind::Scalar,
    }
}

fn value(text: &str) -> Outcome<Json> {
    Outcome::Value(json(text))
}

/// Data with these claims at the places of the outermost segment.
fn claims(net: &Net, claims: &[(usize, EventResult)]) -> Data {
    let mut draft = Draft::new();
    let root = draft.root();
    for (step, result) in claims {
        draft.claim(root, *step, result, 0);
    }
    Data::new(net.hash(), draft.finish(), None)
}

fn events(shared: &Shared) -> Vec<String> {
    let mut events: Vec<_> = shared.events().map(|event| format!("{:?} {:?}", event.place, event.result)).collect();
    events.sort();
    events
}

/// Runs `peer` on data from anywhere; nothing that either side knew is gone afterwards.
fn receive(net: &mut Net, peer: &str, current: &Data, answers: &[(u32, &str)]) -> String {
    let mut known = events(net.data(peer).shared());
    known.extend(events(current.shared()));
    let outcome = net.outcome(peer, current, answers);
    let after = events(outcome.data.shared());
    assert!(known.iter().all(|event| after.contains(event)), "nothing is ever dropped");
    assert_eq!(decode(&encode(&outcome.data)).unwrap(), outcome.data);
    shown(&outcome)
}

const SCRIPT: &str = r#"(seq (call "B" ("s" "f") [1] x) (call "A" ("s" "g") [x]))"#;

/// What A makes of data in which somebody claims this of its first place.
fn at_first_place(script: &str, result: EventResult) -> String {
    let mut net = Net::new(script);
    let data = claims(&net, &[(0, result)]);
    let first = receive(&mut net, "A", &data, &[]);
    // And the same when it comes to data that are there already.
    let mut net = Net::new(script);
    net.start("A");
    let second = receive(&mut net, "A", &data, &[]);
    assert_eq!(first.contains("not taken"), second.contains("not taken"));
    assert_eq!(net.start("A").contains("not taken"), first.contains("not taken"), "on every run");
    first
}

#[test]
fn a_claim_that_fits_is_taken() {
    assert_eq!(at_first_place(SCRIPT, result("B", &["1"], value("5"))), "1: s.g(5) [B|s|f|]");
}

#[test]
fn claims_that_do_not_fit_are_named_and_otherwise_as_if_absent() {
    // Whoever sent these data told B.
    let refused = "not taken 1";
    let lies = [
        result("C", &["1"], value("5")),
        result("B", &["2"], value("5")),
        result("B", &[], value("5")),
        result("B", &["1"], Outcome::Failure(json("1"))),
        result("B", &["1"], Outcome::Failure(json("{oops}".replace("oops", "").as_str()))),
        result("B", &["1"], Outcome::Failure(json(r#"{"message":"m","ret_code":0}"#))),
        result("B", &["1"], Outcome::Failure(json(r#"{"message":"m","ret_code":4294967296}"#))),
        result("B", &["1"], Outcome::Failure(json(r#"{"message":1,"ret_code":1}"#))),
        result("B", &["1"], Outcome::Failure(json(r#"{"message":"m","ret_code":1,"more":1}"#))),
        with_output(OutputKind::Stream),
        with_output(OutputKind::Unused),
        with_tetraplet(Tetraplet::call("B", "s", "other")),
        with_tetraplet(Tetraplet::call("B", "other", "f")),
        with_tetraplet(Tetraplet { lens: ".$.x".into(), ..Tetraplet::call("B", "s", "f") }),
        EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer("B")), elements: vec![] },
    ];
    for lie in lies {
        assert_eq!(at_first_place(SCRIPT, lie.clone()), refused, "{lie:?}");
        // The honest result beside a lie is taken.
        let mut net = Net::new(SCRIPT);
        let data = claims(&net, &[(0, lie), (0, result("B", &["1"], value("5")))]);
        assert_eq!(receive(&mut net, "A", &data, &[]), "1: s.g(5) [B|s|f|]\nnot taken 1");
    }
}

fn with_output(output: OutputKind) -> EventResult {
    match result("B", &["1"], value("5")) {
        EventResult::Call { outcome, tetraplet, arguments, .. } => {
            EventResult::Call { outcome, tetraplet, arguments, output }
        }
        canon @ EventResult::Canon { .. } => canon,
    }
}

fn with_tetraplet(tetraplet: Tetraplet) -> EventResult {
    match result("B", &["1"], value("5")) {
        EventResult::Call { outcome, arguments, output, .. } => {
            EventResult::Call { outcome, tetraplet: Arc::new(tetraplet), arguments, output }
        }
        canon @ EventResult::Canon { .. } => canon,
    }
}

#[test]
fn claims_at_canons_must_be_canons_of_their_peer_with_fitting_elements() {
    let canon = |peer: Tetraplet, elements: &[&str]| EventResult::Canon {
        tetraplet: Arc::new(peer),
        elements: elements.iter().map(|text| (json(text), Arc::new(Tetraplet::peer("A")))).collect(),
    };
    let stream = r##"(seq (canon "B" $s #c) (call "A" ("s" "g") [#c]))"##;
    assert_eq!(at_first_place(stream, canon(Tetraplet::peer("B"), &["7"])), "1: s.g([7]) [A|||]");
    for lie in [
        result("B", &[], value("[]")),
        canon(Tetraplet::peer("C"), &["7"]),
        canon(Tetraplet::call("B", "s", ""), &["7"]),
        canon(Tetraplet { lens: ".$.x".into(), ..Tetraplet::peer("B") }, &["7"]),
    ] {
        assert_eq!(at_first_place(stream, lie), "not taken 1");
    }
    for map in [
        r##"(seq (canon "B" %m #%c) (call "A" ("s" "g") [#%c]))"##,
        r##"(seq (canon "B" %m o) (call "A" ("s" "g") [o]))"##,
    ] {
        for element in [
            "7",
            "{}",
            r#"{"key":1}"#,
            r#"{"key":1.5,"value":1}"#,
            r#"{"key":[],"value":1}"#,
            r#"{"key":1,"value":1,"x":1}"#,
        ] {
            assert_eq!(at_first_place(map, canon(Tetraplet::peer("B"), &[element])), "not taken 1");
        }
        let fits = at_first_place(map, canon(Tetraplet::peer("B"), &[r#"{"key":1,"value":2}"#]));
        assert!(fits.starts_with("1: s.g({\"1\":"), "{fits}");
    }
}

/// A claim for the own call is refused when it does not fit, and the call is made.
#[test]
fn a_forged_result_of_the_own_call_does_not_suppress_it() {
    let script = r#"(call "A" ("s" "f") [1] x)"#;
    assert_eq!(at_first_place(script, result("A", &["2"], value("5"))), "1: s.f(1) [A|||]\nnot taken 1");
    let mut net = Net::new(script);
    let data = claims(&net, &[(0, result("A", &["2"], value("5")))]);
    receive(&mut net, "A", &data, &[]);
    assert_eq!(receive(&mut net, "A", &Data::nothing(), &[(1, "6")]), "not taken 1");
    assert_eq!(net.data("A").shared().events().count(), 2);
}

/// D11b, R6: where the reference interpreter crashes.
#[test]
fn claims_for_a_call_whose_arguments_are_unknown_are_not_taken() {
    let script = r#"(par (call "B" ("s" "f") [1] x) (call "C" ("s" "f") [x] y))"#;
    let mut net = Net::new(script);
    let mut draft = Draft::new();
    let root = draft.root();
    let right = draft.child(root, 0, Branch::Right);
    draft.claim(right, 0, &result("C", &["5"], value("6")), 0);
    let data = Data::new(net.hash(), draft.finish(), None);
    assert_eq!(receive(&mut net, "A", &data, &[]), "not taken 1");
    // Once they are known, it fits.
    assert_eq!(net.receive("B", "A"), "1: s.f(1) [A|||]\nnot taken 1");
    assert_eq!(net.answer("B", &[(1, "5")]), "");
    assert_eq!(net.receive("A", "B"), "");
}

/// Nobody can know what answers a call of somebody unknown.
#[test]
fn claims_for_a_call_or_canon_of_an_unknown_peer_are_not_taken() {
    for script in [
        r#"(par (call "B" ("s" "f") [1] x) (call x ("s" "f") [1] y))"#,
        r#"(par (call "B" ("s" "f") [1] x) (seq (null) (canon x $s #c)))"#,
    ] {
        let mut net = Net::new(script);
        let mut draft = Draft::new();
        let root = draft.root();
        let right = draft.child(root, 0, Branch::Right);
        draft.claim(right, 0, &result("C", &["1"], value("6")), 0);
        let data = Data::new(net.hash(), draft.finish(), None);
        assert_eq!(receive(&mut net, "A", &data, &[]), "not taken 1", "{script}");
    }
}

/// F16: an `ap` has a place, and no event.
#[test]
fn claims_at_the_place_of_an_ap_are_not_taken() {
    for script in [r#"(ap 1 $s)"#, r#"(ap ("k" 1) %m)"#] {
        assert_eq!(at_first_place(script, result("A", &["1"], value("5"))), "not taken 1", "{script}");
    }
}

#[test]
fn claims_and_children_at_places_of_other_kinds_are_named_and_kept() {
    // A claim at a `par` and at a fold.
    for script in [
        r#"(par (null) (call "A" ("s" "g") []))"#,
        r#"(seq (new $s (seq (ap 1 $s) (fold $s i (next i) (null)))) (call "A" ("s" "g") []))"#,
    ] {
        let mut net = Net::new(script);
        let steps = if script.starts_with("(par") { 0 } else { 1 };
        let data = claims(&net, &[(steps, result("B", &["1"], value("5")))]);
        assert_eq!(receive(&mut net, "A", &data, &[]), "1: s.g()\nnot taken 1");
    }
    // Children at a call.
    let mut net = Net::new(SCRIPT);
    let mut draft = Draft::new();
    let root = draft.root();
    draft.claim(root, 0, &result("B", &["1"], value("5")), 0);
    let child = draft.child(root, 0, Branch::Left);
    draft.claim(child, 3, &result("B", &["1"], value("5")), 1);
    let data = Data::new(net.hash(), draft.finish(), None);
    assert_eq!(receive(&mut net, "A", &data, &[]), "1: s.g(5) [B|s|f|]\nnot taken 1");
}

#[test]
fn what_no_instruction_reaches_is_kept() {
    let mut net = Net::new(SCRIPT);
    let mut draft = Draft::new();
    let root = draft.root();
    draft.claim(root, 7, &result("B", &["1"], value("5")), 0);
    let deep = draft.child(root, 9, Branch::Right);
    draft.claim(deep, 2, &result("B", &["1"], value("5")), 3);
    let data = Data::new(net.hash(), draft.finish(), None);
    assert_eq!(receive(&mut net, "A", &data, &[]), "");
    assert_eq!(net.data("A").shared(), data.shared());
}

/// D, R11: two results that fit one place wait on every peer, and nothing else does.
#[test]
fn a_dispute_stops_what_depends_on_it_on_every_peer_and_nothing_else() {
    let script = r#"(par (seq (call "B" ("s" "f") [1] x) (call "A" ("s" "g") [x])) (seq (call "A" ("s" "h") [] y) (call "C" ("s" "i") [y])))"#;
    let claim = |net: &Net, text: &str| {
        let mut draft = Draft::new();
        let root = draft.root();
        let left = draft.child(root, 0, Branch::Left);
        draft.claim(left, 0, &result("B", &["1"], value(text)), 0);
        Data::new(net.hash(), draft.finish(), None)
    };
    let mut net = Net::new(script);
    let (five, six) = (claim(&net, "5"), claim(&net, "6"));
    assert_eq!(receive(&mut net, "A", &five, &[]), "1: s.g(5) [B|s|f|]\n2: s.h()");
    assert_eq!(receive(&mut net, "A", &six, &[]), "disputed 1");
    assert_eq!(receive(&mut net, "A", &Data::nothing(), &[(2, "7")]), "next C\ndisputed 1");
    // Every peer sees it, in whatever order it learned of the two.
    for (peer, order) in [("B", [&five, &six]), ("C", [&six, &five]), ("D", [&six, &five])] {
        receive(&mut net, peer, order[0], &[]);
        assert!(receive(&mut net, peer, order[1], &[]).contains("disputed 1"), "{peer}");
    }
    let ours = net.data("A");
    assert_eq!(receive(&mut net, "C", &ours, &[]), "1: s.i(7) [A|s|h|]\ndisputed 1");
    // The answer to the call that depended on it is kept until its place is reached.
    assert_eq!(receive(&mut net, "A", &Data::nothing(), &[(1, "0")]), "disputed 1");
    assert_eq!(net.data("A").journal().unwrap().answers().count(), 1);
}

#[test]
fn two_canons_of_one_peer_at_one_place_are_a_dispute() {
    let mut net = Net::new(r##"(par (seq (never) (ap 1 $s)) (seq (canon "B" $s #c) (call "A" ("s" "g") [#c])))"##);
    let claim = |net: &Net, text: &str| {
        let mut draft = Draft::new();
        let root = draft.root();
        let right = draft.child(root, 0, Branch::Right);
        let elements = vec![(json(text), Arc::new(Tetraplet::peer("A")))];
        draft.claim(right, 0, &EventResult::Canon { tetraplet: Arc::new(Tetraplet::peer("B")), elements }, 0);
        Data::new(net.hash(), draft.finish(), None)
    };
    let (one, two) = (claim(&net, "1"), claim(&net, "2"));
    assert_eq!(receive(&mut net, "B", &one, &[]), "");
    assert_eq!(receive(&mut net, "B", &two, &[]), "disputed 1");
}

/// The own answer differs from what somebody claims it to be: both are kept, in whichever order they come.
#[test]
fn a_forged_result_and_the_own_answer_are_a_dispute_in_either_order() {
    let script = r#"(seq (call "A" ("s" "f") [1] x) (call "A" ("s" "g") [x]))"#;
    let forged = |net: &Net| claims(net, &[(0, result("A", &["1"], value("\"forged\"")))]);
    let mut answered_first = Net::new(script);
    let data = forged(&answered_first);
    answered_first.start("A");
    assert_eq!(receive(&mut answered_first, "A", &Data::nothing(), &[(1, "\"own\"")]), "2: s.g(\"own\") [A|s|f|]");
    assert_eq!(receive(&mut answered_first, "A", &data, &[]), "disputed 1");

    let mut forged_first = Net::new(script);
    forged_first.start("A");
    assert_eq!(receive(&mut forged_first, "A", &data, &[]), "2: s.g(\"forged\") [A|s|f|]");
    assert_eq!(receive(&mut forged_first, "A", &Data::nothing(), &[(1, "\"own\"")]), "disputed 1");

    let mut at_once = Net::new(script);
    at_once.start("A");
    assert_eq!(receive(&mut at_once, "A", &data, &[(1, "\"own\"")]), "disputed 1");
    let all = [&answered_first, &forged_first, &at_once].map(|net| events(net.data("A").shared()));
    assert!(all[0] == all[1] && all[1] == all[2] && all[0].len() == 2);
}

/// An answer that equals the event that is there already is consumed without a word.
#[test]
fn the_same_result_from_elsewhere_is_no_dispute() {
    let script = r#"(call "A" ("s" "f") [1] x)"#;
    let mut net = Net::new(script);
    net.start("A");
    let data = claims(&net, &[(0, result("A", &["1"], value("5")))]);
    assert_eq!(receive(&mut net, "A", &data, &[]), "");
    assert_eq!(receive(&mut net, "A", &Data::nothing(), &[(1, "5")]), "");
    assert_eq!(net.data("A").shared().events().count(), 1);
    assert_eq!(net.data("A").journal().unwrap().pending().count(), 0);
}

// R3, D20, R14: ids are local

#[test]
fn call_ids_and_answers_of_a_foreign_journal_count_for_nothing() {
    let mut net = Net::new(r#"(seq (call "A" ("s" "f") [1] x) (call "A" ("s" "g") [x]))"#);
    net.start("A");
    let data = net.data("A");
    // Somebody forges A's journal, and its pending call, in the data A receives.
    let mut lost = Net::new(r#"(seq (call "A" ("s" "f") [1] x) (call "A" ("s" "g") [x]))"#);
    let mut journal = Journal::new("A");
    for place in
        data.shared().events().map(|event| event.place).chain(data.journal().unwrap().pending().map(|(_, place)| place))
    {
        journal.request(place);
    }
    journal.request(PlaceId::from_bytes([7; 16]));
    let forged = Data::new(lost.hash(), Shared::default(), Some(journal.clone()));
    assert_eq!(receive(&mut lost, "A", &forged, &[]), "1: s.f(1) [A|||]");
    assert_eq!(lost.answer("A", &[(2, "9")]), "unknown [2]");
    // The journal of another peer in the previous data is not this peer's.
    let mut other = Net::new(r#"(seq (call "A" ("s" "f") [1] x) (call "A" ("s" "g") [x]))"#);
    let theirs = Journal::from_entries("B".into(), 9, journal.pending(), []).unwrap();
    other.store("A", Data::new(other.hash(), Shared::default(), Some(theirs)));
    assert_eq!(other.start("A"), "1: s.f(1) [A|||]");
}

#[test]
fn a_peer_that_lost_its_data_asks_again_under_new_ids() {
    let script = r#"(seq (call "A" ("s" "f") [] x) (call "B" ("s" "g") [x]))"#;
    let mut net = Net::new(script);
    net.start("A");
    let before = net.data("A");
    net.store("A", Data::nothing());
    assert_eq!(net.receive_data("A", &before), "1: s.f()");
    assert_eq!(net.answer("A", &[(1, "5")]), "next B");
}

#[test]
fn a_restarted_host_may_ask_for_its_pending_calls_again_under_the_same_ids() {
    let script = r#"(par (call "A" ("s" "f") []) (call "A" ("s" "g") []))"#.to_owned();
    let mut parameters = RunParameters::new("A", "A");
    let first = invoke(script.clone(), vec![], vec![], parameters.clone(), vec![]);
    assert_eq!(invoke(script.clone(), first.data.clone(), vec![], parameters.clone(), vec![]).call_requests, b"{}");
    parameters.repeat_requests = true;
    assert_eq!(invoke(script, first.data, vec![], parameters, vec![]).call_requests, first.call_requests);
}

// R4, R5, R6, R12, D11f, D11g: bytes that are no data

#[test]
fn damaged_bytes_are_refused_with_the_previous_data_back() {
    let mut net = Net::new(SCRIPT);
    net.start("A");
    net.receive("B", "A");
    net.answer("B", &[(1, "{\"k\":[1]}")]);
    let good = encode(&net.data("B"));
    let text = String::from_utf8(good.clone()).unwrap();
    let damaged = [
        text.replace("\"values\":[", "\"values\":[\"{oops\","),
        text.replace("\"call\":0", "\"call\":1"),
        text.replace("\"call\":0", "\"call\":4294967295"),
        text.replace("\"at\":0", "\"at\":4294967295"),
        text.replace("\"at\":0", "\"at\":1"),
        text.replace("\"tetraplet\":0", "\"tetraplet\":9"),
        text.replace(":0", ": 0"),
        format!("{text} "),
        text.get(..text.len() - 1).unwrap().to_owned(),
    ];
    for bytes in damaged {
        assert_ne!(bytes, text);
        let outcome =
            invoke(SCRIPT.into(), good.clone(), bytes.clone().into_bytes(), RunParameters::new("A", "A"), vec![]);
        assert_eq!((outcome.ret_code, &outcome.data), (2, &good), "{bytes}");
        assert!(outcome.next_peer_pks.is_empty() && outcome.call_requests == b"{}");
        let outcome = invoke(SCRIPT.into(), bytes.clone().into_bytes(), vec![], RunParameters::new("A", "A"), vec![]);
        assert_eq!((outcome.ret_code, outcome.data), (2, bytes.into_bytes()));
    }
}

#[test]
fn data_of_another_script_are_refused() {
    let mut other = Net::new("(call \"A\" (\"s\" \"f\") [])");
    other.start("A");
    let foreign = encode(&other.data("A"));
    for (previous, current) in [(vec![], foreign.clone()), (foreign.clone(), vec![])] {
        let outcome = invoke(SCRIPT.into(), previous.clone(), current, RunParameters::new("A", "A"), vec![]);
        assert_eq!((outcome.ret_code, outcome.data), (20000, previous));
    }
}

// D1, R1: fold_streams.rs (`a_second_fold_recurses_as_the_first`, `earlier_batches_stay_as_they_were`)

#[test]
fn d1_running_again_loses_no_iteration() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "a") [] $s) (call "A" ("s" "b") [] $s))
             (fold $s i (seq (xor (match i "a" (ap "xa" $s)) (null)) (seq (call "A" ("s" "seen") [i]) (next i)))))"#,
    );
    net.start("A");
    net.answer("A", &[(1, "\"a\"")]);
    net.answer("A", &[(2, "\"b\"")]);
    net.answer("A", &[(3, "0"), (4, "0"), (5, "0")]);
    let all = net.data("A");
    assert_eq!(all.shared().events().count(), 5);
    assert_eq!(net.start("A"), "");
    assert_eq!(net.data("A"), all);
}

// D2: insert.rs and canon.rs (`a_failed_insert_takes_no_place`, `after_a_failed_canon_the_next_event_is_found_again`)

/// D3, R2: what follows a fold in which a service failed is the same on every run, at every peer.
#[test]
fn d3_a_failure_is_the_same_when_it_comes_and_when_it_is_read() {
    let script = r#"(seq (call "A" ("s" "one") [] $s) (seq (fold $s i (seq (call "A" ("s" "fail") [] x) (next i))) (call "B" ("s" "f") [] y)))"#;
    let mut net = Net::new(script);
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "1")]), "2: s.fail()");
    assert_eq!(net.fail("A", 2, 1, "no"), "");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.receive("B", "A"), "");
}

// D4, D5, D7, R8: xor.rs, par.rs and fold_streams.rs; D6: next.rs

/// R8: the arguments of a call do not depend on which branch of a `par` failed first.
#[test]
fn r8_registers_after_a_par_do_not_depend_on_the_order_of_arrival() {
    let script = r#"(seq (par (xor (call "B" ("s" "fail") []) (null)) (xor (call "C" ("s" "fail") []) (null))) (call "B" ("s" "k") [%last_error%] z))"#;
    let mut net = Net::new(script);
    net.start("A");
    let first = net.data("A");
    net.receive_data("B", &first);
    net.receive_data("C", &first);
    assert_eq!(net.fail("B", 1, 1, "b"), "2: s.k({\"error_code\":0,\"message\":\"\"}) [A|||]");
    assert_eq!(net.fail("C", 1, 1, "c"), "next B");
    assert_eq!(net.answer("B", &[(2, "1")]), "");
    assert_eq!(net.receive("C", "B"), "");
    assert_eq!(net.receive("A", "C"), "");
}

/// D7: no peer sees its own name in an error that is not of a call.
#[test]
fn d7_errors_name_no_peer_but_that_of_a_call() {
    assert_eq!(error_of(&[("x", "1")], "(ap x.$.f y)"), "10007 | field `f` of 1, which is no object | ap x.$.f y A|||");
}

/// D8: `7` and `"7"` in a canon map, in the order of their entries.
#[test]
fn d8_keys_that_print_alike_have_one_order() {
    for (first, second, printed) in [("7", "\"7\"", "[1,2]"), ("\"7\"", "7", "[1,2]")] {
        let script = format!(
            r##"(seq (seq (ap ({first} 1) %m) (ap ({second} 2) %m)) (seq (canon "A" %m #%c) (call "A" ("s" "r") [#%c])))"##
        );
        assert_eq!(start(&script), format!("1: s.r({{\"7\":{printed}}}) [A||| A|||]"));
    }
}

// D9: call.rs (`peers_are_named_once_in_the_order_of_the_walk`)

/// D11a: assigning the name of a live iterator.
#[test]
fn d11a_a_canon_into_the_name_of_a_live_iterator_is_an_assignment() {
    let body = r#"(seq (ap ("k" 1) %m) (fold xs i (seq (seq (canon "A" %m i) (call "A" ("s" "r") [i])) (next i))))"#;
    assert_eq!(with(&[("xs", "[1]")], body), "s.r({\"k\":1}) [A|||]");
}

/// D11c: a code that fits no `i64`.
#[test]
fn d11c_a_huge_error_code_is_no_error_object() {
    let said = error_of(&[("e", r#"{"error_code":18446744073709551615,"message":"m"}"#)], "(fail e)");
    assert!(said.starts_with("10008"), "{said}");
}

/// D11d, D12: a write outside of the `new`s of a recursion; three items suffice for a crash.
#[test]
fn d11d_streams_are_lexical() {
    let body = r##"(seq (ap 0 $s) (seq
        (fold xs i (seq (new $s (seq (ap i $s) (next i))) (ap i $s)))
        (seq (canon "A" $s #c) (call "A" ("s" "r") [#c]))))"##;
    let said = with(&[("xs", "[1,2,3]")], body);
    assert!(said.starts_with("s.r([0,3,2,1])"), "{said}");
}

/// D11e: data have no generations that could name a slot far away; what is put into a stream takes the room it needs.
///
/// A placeholder generation in the data of a write outside of its `new` (D12) made the run after it die of memory.
#[test]
fn d11e_no_number_in_data_asks_for_room() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "f") [] $s) (call "B" ("s" "f") [] $s))
             (fold $s i (seq (new $s (seq (ap i $s) (fold $s j (next j) (null)))) (seq (call "A" ("s" "g") [i]) (next i)))))"#,
    );
    net.start("A");
    net.receive("B", "A");
    net.answer("B", &[(1, "1")]);
    assert_eq!(net.receive("A", "B"), "2: s.g(1) [B|s|f|]");
    assert_eq!(net.answer("A", &[(1, "2")]), "3: s.g(2) [A|s|f|]");
    assert_eq!(net.answer("A", &[(2, "0")]), "");
    let text = String::from_utf8(encode(&net.data("A"))).unwrap();
    assert!(!text.contains("generation"));
    // The numbers there are (blocks, sizes, positions) are dense: a huge one in the place of any other is refused.
    let digits = |at: usize| text[at..].bytes().take_while(u8::is_ascii_digit).count();
    let numbers = (1..text.len()).filter(|at| matches!(text.as_bytes()[at - 1], b':' | b',' | b'[') && digits(*at) > 0);
    let mut tried = 0;
    for at in numbers {
        for huge in ["4294967294", "4294967295", "18446744073709551615"] {
            let damaged = format!("{}{huge}{}", &text[..at], &text[at + digits(at)..]);
            match decode(damaged.as_bytes()) {
                Err(_) => {}
                // But for the next id of a call, which is this peer's own and takes no room.
                Ok(data) => assert_eq!(data.shared(), net.data("A").shared(), "{damaged}"),
            }
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
    assert_eq!(net.start("A"), "");
}

// D11f: ap.rs (`a_value_one_level_too_deep_is_an_error`)

/// D13, R13: a call whose arguments are missing is announced, but its peer asks for nothing.
#[test]
fn d13_nothing_is_requested_without_arguments() {
    let mut net = Net::new(r#"(par (call "B" ("s" "g") [] y) (call "C" ("s" "f") [y] x))"#);
    assert_eq!(net.start("A"), "next B C");
    assert_eq!(net.receive("C", "A"), "");
    assert_eq!(net.receive("C", "A"), "");
}

/// D14: a body that is one call completes its fold when it is done, batch by batch.
#[test]
fn d14_each_batch_completes_on_its_own() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "a") [] $s) (call "A" ("s" "b") [] $s))
             (seq (fold $s i (call "A" ("s" "f") [i])) (call "A" ("s" "after") [])))"#,
    );
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "1")]), "3: s.f(1) [A|s|a|]");
    assert_eq!(net.answer("A", &[(2, "2")]), "4: s.f(2) [A|s|b|]");
    assert_eq!(net.answer("A", &[(4, "0")]), "5: s.after()");
}

// D15: ap.rs, canon.rs and fold_values.rs; D16: fail.rs; D17: fold_values.rs

/// D18: a call without output is checked like any other.
#[test]
fn d18_calls_without_output_are_checked() {
    let script = r#"(seq (call "B" ("s" "f") [1]) (call "A" ("s" "g") []))"#;
    let unused = |arguments: &str| EventResult::Call {
        outcome: value("1"),
        tetraplet: Arc::new(Tetraplet::call("B", "s", "f")),
        arguments: ArgumentHash::of(&[json(arguments)]),
        output: OutputKind::Unused,
    };
    assert_eq!(at_first_place(script, unused("1")), "1: s.g()");
    assert_eq!(at_first_place(script, unused("2")), "not taken 1");
}

// D19: `what_no_instruction_reaches_is_kept`; D20: `a_peer_that_lost_its_data_asks_again_under_new_ids`;
// D21, D22: canon.rs and fold_values.rs

/// D23: results are consumed and unknown ones reported, whether or not an error reaches the root.
#[test]
fn d23_an_error_at_the_root_hides_no_results() {
    let mut net = Net::new(r#"(seq (par (call "A" ("s" "f") [] x) (null)) (fail 1 "e"))"#);
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "1"), (8, "1")]), "error 10006: the script failed with code 1: e\nunknown [8]");
    assert_eq!(net.data("A").shared().events().count(), 1);
}

/// D24: ordinary scripts never end a run for good.
#[test]
fn d24_assigning_twice_and_folding_again_are_no_errors() {
    assert_eq!(start(r#"(seq (seq (ap 1 x) (ap 2 x)) (call "A" ("s" "r") [x]))"#), "1: s.r(2) [A|||]");
    let twice = r#"(fold xs i (fold xs j (seq (next i) (next j))) (call "A" ("s" "end") []))"#;
    assert_eq!(with(&[("xs", "[1]")], twice), "s.end()");
}

// D25, D26: fail.rs (`a_literal_error_has_its_code_in_both_registers`, `raising_again_changes_nothing`)

/// D28: whoever supplies the last argument tells the peer that waits, although that is pending for long.
#[test]
fn d28_who_completes_a_join_tells_the_one_who_waits() {
    let mut net =
        Net::new(r#"(seq (par (call "B" ("s" "f") [] x) (call "C" ("s" "f") [] y)) (call "D" ("s" "g") [x y]))"#);
    net.start("A");
    net.receive("B", "A");
    assert_eq!(net.answer("B", &[(1, "1")]), "next D");
    assert_eq!(net.receive("D", "B"), "");
    assert_eq!(net.receive("C", "B"), "1: s.f()");
    assert_eq!(net.answer("C", &[(1, "2")]), "next D");
    assert_eq!(net.receive("D", "C"), "1: s.g(1, 2) [B|s|f|] [C|s|f|]");
}

// R9, R10, R15 need signatures or are about storage that is trusted; D27 shows in no outcome.
