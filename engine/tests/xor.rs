//! `xor`: the right part handles an error of the left; what `%last_error%` and `:error:` hold where.

mod common;

use common::{Net, start, with};

const CODES: &str = "%last_error%.$.error_code :error:.$.error_code";

/// The codes that the registers hold at the call `s.r` of a script.
fn codes(script: &str) -> String {
    let said = start(&script.replace("CODES", CODES));
    let said = said.strip_prefix("1: s.r(").unwrap_or_else(|| panic!("{said}"));
    said.split_once(')').unwrap().0.to_owned()
}

#[test]
fn the_right_part_runs_only_after_an_error() {
    let handled = |left: &str| start(&format!(r#"(xor {left} (call "A" ("on" "error") []))"#));
    assert_eq!(handled("(null)"), "");
    assert_eq!(handled("(never)"), "");
    assert_eq!(handled(r#"(fail 1 "e")"#), "1: on.error()");
    assert_eq!(handled("(match 1 2 (null))"), "1: on.error()");
    assert_eq!(handled("(mismatch 1 1 (null))"), "1: on.error()");
    assert_eq!(handled(r#"(seq (null) (fail 1 "e"))"#), "1: on.error()");
    assert_eq!(handled(r#"(par (fail 1 "e") (fail 2 "e"))"#), "1: on.error()");
    assert_eq!(handled(r#"(par (fail 1 "e") (null))"#), "");
}

#[test]
fn it_is_complete_when_the_part_that_ends_it_is() {
    let after = |xor: &str| start(&format!(r#"(seq {xor} (call "A" ("s" "after") []))"#));
    assert_eq!(after("(xor (null) (never))"), "1: s.after()");
    assert_eq!(after(r#"(xor (fail 1 "e") (null))"#), "1: s.after()");
    assert_eq!(after(r#"(xor (fail 1 "e") (never))"#), "");
}

#[test]
fn an_error_of_the_handler_leaves_it() {
    assert_eq!(start(r#"(xor (fail 1 "l") (fail 2 "r"))"#), "error 10006: the script failed with code 2: r");
    assert_eq!(codes(r#"(xor (xor (fail 1 "l") (fail 2 "r")) (call "A" ("s" "r") [CODES]))"#), "2, 2");
}

#[test]
fn without_an_error_the_registers_hold_none() {
    assert_eq!(
        start(r#"(call "A" ("s" "r") [%last_error% :error:])"#),
        r#"1: s.r({"error_code":0,"message":""}, {"error_code":0,"message":""}) [A|||] [A|||]"#
    );
}

#[test]
fn in_a_handler_both_registers_hold_the_error_caught() {
    assert_eq!(codes(r#"(xor (fail 1 "e") (call "A" ("s" "r") [CODES]))"#), "1, 1");
}

#[test]
fn after_it_only_last_error_holds_the_error() {
    assert_eq!(codes(r#"(seq (xor (fail 1 "e") (null)) (call "A" ("s" "r") [CODES]))"#), "1, 0");
}

#[test]
fn failed_comparisons_do_not_change_last_error() {
    assert_eq!(codes(r#"(xor (match 1 2 (null)) (call "A" ("s" "r") [CODES]))"#), "0, 10001");
    assert_eq!(codes(r#"(xor (mismatch 1 1 (null)) (call "A" ("s" "r") [CODES]))"#), "0, 10002");
    assert_eq!(
        codes(r#"(seq (xor (fail 1 "e") (null)) (xor (match 1 2 (null)) (call "A" ("s" "r") [CODES])))"#),
        "1, 10001"
    );
}

/// An error handled within a handler gives `:error:` back to the handler around it.
#[test]
fn a_handled_error_inside_a_handler_gives_the_outer_one_back() {
    assert_eq!(
        codes(r#"(xor (fail 1 "outer") (seq (xor (fail 2 "inner") (null)) (call "A" ("s" "r") [CODES])))"#),
        "2, 1"
    );
}

#[test]
fn an_error_swallowed_inside_a_handler_leaves_both_as_they_were() {
    assert_eq!(
        codes(r#"(xor (fail 1 "outer") (seq (par (fail 2 "inner") (null)) (call "A" ("s" "r") [CODES])))"#),
        "1, 1"
    );
    assert_eq!(
        codes(
            r#"(seq (ap 1 $s) (xor (fail 1 "outer")
                 (seq (par (fold $s i (fail 2 "inner")) (null)) (call "A" ("s" "r") [CODES]))))"#
        ),
        "1, 1"
    );
}

#[test]
fn the_error_of_a_handler_replaces_the_one_it_handled() {
    assert_eq!(
        codes(r#"(xor (xor (fail 1 "e") (seq (null) (fail 2 "f"))) (seq (null) (call "A" ("s" "r") [CODES])))"#),
        "2, 2"
    );
}

/// The same codes on the run in which the failure comes and on all later runs.
#[test]
fn fresh_and_replayed_failures_are_alike() {
    let mut net = Net::new(
        r#"(seq (xor (call "A" ("s" "f") []) (call "A" ("s" "handler") [%last_error% :error:]))
             (call "A" ("s" "after") [%last_error% :error:]))"#,
    );
    assert_eq!(net.start("A"), "1: s.f()");
    let error = r#"{"error_code":10000,"instruction":"call \"A\" (\"s\" \"f\") [] ","message":"the service failed with code 7: no","peer_id":"A"}"#;
    assert_eq!(net.fail("A", 1, 7, "no"), format!("2: s.handler({error}, {error}) [A|s|f|] [A|s|f|]"));
    let none = r#"{"error_code":0,"message":""}"#;
    assert_eq!(net.answer("A", &[(2, "1")]), format!("3: s.after({error}, {none}) [A|s|f|] [A|||]"));
    assert_eq!(net.answer("A", &[(3, "1")]), "");
}

#[test]
fn what_the_failed_part_assigned_stays_and_what_it_did_not_reach_gives_way() {
    assert_eq!(start(r#"(seq (xor (seq (ap 1 x) (fail 1 "e")) (null)) (call "A" ("s" "r") [x]))"#), "1: s.r(1) [A|||]");
    assert_eq!(
        start(r#"(seq (xor (seq (fail 1 "e") (ap 1 x)) (ap 2 x)) (call "A" ("s" "r") [x]))"#),
        "1: s.r(2) [A|||]"
    );
    assert_eq!(start(r#"(seq (xor (ap 1 x) (ap 2 x)) (call "A" ("s" "r") [x]))"#), "1: s.r(1) [A|||]");
}

/// While the left part waits, the handler may still run, so reads of what it would assign wait.
#[test]
fn while_it_waits_its_assignments_are_open() {
    let body = r#"(par (xor (never) (ap 2 x)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("x", "1")], body), "");
}
