//! `match` and `mismatch`: which values are equal, what waits, what fails.

mod common;

use common::{Net, error_of, start, with};

const VALUES: [(&str, &str); 12] = [
    ("one", "1"),
    ("one_float", "1.0"),
    ("minus_zero", "-0.0"),
    ("text", "\"1\""),
    ("yes", "true"),
    ("empty", "[]"),
    ("list", "[1]"),
    ("keyed", "{\"k\":[1]}"),
    ("object", "{\"a\":1,\"b\":[]}"),
    ("reordered", "{\"b\":[],\"a\":1}"),
    ("null_value", "null"),
    ("big", "18446744073709551615"),
];

/// Whether two operands are equal; `match` and `mismatch` must agree on that.
fn equal(left: &str, right: &str) -> bool {
    let prepared = |instruction: &str| {
        format!(
            r##"(seq (seq (ap 1 $s) (seq (canon "A" $s #c) (canon "A" $none #none)))
                  (seq (seq (ap ("k" 1) %m) (seq (canon "A" %m #%map) (canon "A" %m scalar)))
                    (xor ({instruction} {left} {right} (call "A" ("they" "pass") [])) (call "A" ("they" "fail") []))))"##
        )
    };
    let passes = |instruction| match with(&VALUES, &prepared(instruction)).as_str() {
        "they.pass()" => true,
        "they.fail()" => false,
        other => panic!("{other}"),
    };
    let matches = passes("match");
    assert_ne!(matches, passes("mismatch"), "{left} {right}");
    matches
}

#[test]
fn equality_is_structural_and_strict_about_types() {
    for (left, right) in [
        ("1", "1"),
        ("one", "1"),
        ("one_float", "1.0"),
        ("minus_zero", "0.0"),
        ("-0.0", "0.0"),
        ("text", "\"1\""),
        ("yes", "true"),
        ("empty", "[]"),
        ("object", "reordered"),
        ("#c", "list"),
        ("#none", "[]"),
        ("#none", "empty"),
        ("#%map", "keyed"),
        ("#%map.$.k", "list"),
        ("scalar.$.k", "1"),
        (":error:", "%last_error%"),
        ("%init_peer_id%", "\"A\""),
        ("%ttl%", "22"),
        ("%timestamp%", "0"),
        ("#c.$.[0]", "one"),
        ("list.length", "1"),
        ("#c.length", "#%map.length"),
        (":error:.$.error_code", "0"),
    ] {
        assert!(equal(left, right), "{left} {right}");
        assert!(equal(right, left), "{right} {left}");
    }
}

#[test]
fn values_of_different_kinds_differ() {
    for (left, right) in [
        ("1", "1.0"),
        ("one", "one_float"),
        ("minus_zero", "0"),
        ("text", "1"),
        ("yes", "\"true\""),
        ("list", "[]"),
        ("list", "one"),
        ("#c", "[]"),
        ("#%map", "scalar"),
        ("null_value", "false"),
        ("big", "-1"),
        ("object", "keyed"),
    ] {
        assert!(!equal(left, right), "{left} {right}");
        assert!(!equal(right, left), "{right} {left}");
    }
}

#[test]
fn a_failed_comparison_says_which() {
    assert_eq!(error_of(&[], "(match 1 2 (null))"), "10001 | the operands of `match` differ | match 1 2 A|||");
    assert_eq!(
        error_of(&[], "(mismatch 1 1 (null))"),
        "10002 | the operands of `mismatch` are equal | mismatch 1 1 A|||"
    );
}

/// Missing operands make it wait, which is no error for `xor`; the body does not run.
#[test]
fn it_waits_for_its_operands() {
    for operands in ["x 1", "1 x", "xs.$.[x] 1", "1 xs.$.[x]"] {
        for instruction in ["match", "mismatch"] {
            let body = format!(
                r#"(par (call "B" ("s" "f") [] x)
                     (xor ({instruction} {operands} (call "A" ("it" "ran") [])) (call "A" ("on" "error") [])))"#
            );
            assert_eq!(with(&[("xs", "[1]")], &body), "next B", "{instruction} {operands}");
        }
    }
}

/// Operands count from left to right: what fails to the left counts though the right one is missing, not the other way.
#[test]
fn operands_are_evaluated_from_left_to_right() {
    let said = |operands: &str| {
        let body = format!(
            r#"(par (call "B" ("s" "f") [] x) (xor (match {operands} (null)) (call "A" ("on" "error") [:error:.$.error_code])))"#
        );
        with(&[("xs", "[1]")], &body)
    };
    assert_eq!(said("xs.$.[5] x"), "next B\non.error(10007) [A|||.$.error_code]");
    assert_eq!(said("x xs.$.[5]"), "next B");
}

#[test]
fn it_is_complete_when_its_body_is_and_fails_with_it() {
    assert_eq!(start(r#"(seq (match 1 1 (null)) (call "A" ("s" "after") []))"#), "1: s.after()");
    assert_eq!(start(r#"(seq (match 1 1 (never)) (call "A" ("s" "after") []))"#), "");
    assert_eq!(start(r#"(match 1 1 (fail 4 "body"))"#), "error 10006: the script failed with code 4: body");
}

#[test]
fn what_the_body_of_a_failed_comparison_would_assign_gives_way() {
    let body = r#"(seq (xor (match 1 2 (ap 2 x)) (null)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("x", "1")], body), "s.r(1) [A|get|x|]");
    let body = r#"(seq (xor (match x.$.nothing 2 (ap 2 x)) (null)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("x", "1")], body), "s.r(1) [A|get|x|]");
}

/// A comparison that waits may still pass, so the reads behind it wait too, and see the right value in the end.
#[test]
fn what_the_body_of_a_waiting_comparison_would_assign_is_open() {
    let mut net = Net::new(
        r#"(seq (ap 1 x) (par (call "A" ("s" "slow") [] y) (par (match y 1 (ap 2 x)) (call "A" ("s" "r") [x]))))"#,
    );
    assert_eq!(net.start("A"), "1: s.slow()");
    assert_eq!(net.answer("A", &[(1, "1")]), "2: s.r(2) [A|||]");
}
