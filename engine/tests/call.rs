//! `call`: requests, answers, failures, who is told, and what waits.

mod common;

use common::{Net, error_of, shows, start, with};

#[test]
fn the_own_call_is_requested_once_and_its_answer_is_the_value() {
    let mut net = Net::new(r#"(seq (call "A" ("s" "f") [1 "t"] x) (call "A" ("s" "r") [x]))"#);
    assert_eq!(net.start("A"), "1: s.f(1, \"t\") [A|||] [A|||]");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.answer("A", &[(1, "{\"b\":1,\"a\":2}")]), "2: s.r({\"a\":2,\"b\":1}) [A|s|f|]");
}

#[test]
fn the_call_of_another_peer_is_told_to_it_and_answered_there() {
    let mut net = Net::new(r#"(seq (call "B" ("s" "f") [] x) (call "A" ("s" "r") [x]))"#);
    assert_eq!(net.start("A"), "next B");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.receive("B", "A"), "1: s.f()");
    assert_eq!(net.receive("B", "A"), "");
    assert_eq!(net.answer("B", &[(1, "7")]), "next A");
    assert_eq!(net.receive("A", "B"), "1: s.r(7) [B|s|f|]");
}

#[test]
fn ids_ascend_in_the_order_of_the_walk_and_are_never_used_again() {
    let mut net = Net::new(
        r#"(par (call "A" ("s" "a") [] x) (par (call "A" ("s" "b") []) (seq (call "A" ("s" "c") []) (call "A" ("s" "d") [x]))))"#,
    );
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()\n3: s.c()");
    assert_eq!(net.answer("A", &[(3, "0")]), "");
    assert_eq!(net.answer("A", &[(1, "0")]), "4: s.d(0) [A|s|a|]");
}

#[test]
fn triplets_may_be_any_operands_that_are_strings() {
    let values = [("p", "\"A\""), ("names", "{\"s\":\"svc\",\"f\":[\"fun\"]}")];
    let asked = |triplet: &str| {
        with(
            &values,
            &format!(
                r##"(seq (seq (ap p $s) (canon "A" $s #c)) (seq (seq (ap ("k" "A") %m) (canon "A" %m #%m)) (call {triplet} [])))"##
            ),
        )
    };
    assert_eq!(asked("p (names.$.s names.$.f.[0])"), "svc.fun()");
    assert_eq!(asked("%init_peer_id% (\"s\" \"f\")"), "s.f()");
    assert_eq!(asked("#c.$.[0] (#c.$.[0] #%m.$.k.[0])"), "A.A()");
    assert_eq!(asked("#%m.$.k.[0] (p \"f\")"), "A.f()");
}

#[test]
fn a_triplet_of_other_values_is_an_error_without_a_peer() {
    let values = [("n", "5"), ("a", "[]"), ("p", "\"A\"")];
    for (triplet, instruction, shown) in [
        (r#"n ("s" "f")"#, r#"call n ("s" "f") [] "#, "5"),
        (r#""A" (a "f")"#, r#"call "A" (a "f") [] "#, "[]"),
        (r#""A" ("s" n)"#, r#"call "A" ("s" n) [] "#, "5"),
    ] {
        assert_eq!(
            error_of(&values, &format!("(call {triplet} [])")),
            format!("10011 | peers, services and functions are strings, not {shown} | {instruction} A|||")
        );
    }
    assert_eq!(
        error_of(&values, r#"(call p.$.x ("s" "f") [] out)"#),
        "10007 | field `x` of \"A\", which is no object | call p.$.x (\"s\" \"f\") [] out A|||"
    );
}

/// The error of an argument names the peer, and has the call as its origin.
#[test]
fn an_argument_that_fails_is_an_error_of_the_call() {
    assert_eq!(
        error_of(&[("x", "1")], r#"(call "B" ("s" "f") [x x.$.a] y)"#),
        "10007 | field `a` of 1, which is no object | call \"B\" (\"s\" \"f\") [x x.$.a] y | B B|s|f|"
    );
    assert_eq!(
        error_of(&[("x", "1")], r#"(call "B" ("s" "f") [x.length])"#),
        "10010 | the length of 1, which is no array | call \"B\" (\"s\" \"f\") [x.length]  | B B|s|f|"
    );
}

/// Errors count from left to right, so they do not depend on which later arguments are known.
#[test]
fn arguments_are_evaluated_from_left_to_right() {
    let said = |arguments: &str| {
        let body = format!(
            r#"(par (call "B" ("s" "f") [] x) (xor (call "A" ("s" "g") [{arguments}]) (call "A" ("on" "error") [:error:.$.error_code])))"#
        );
        with(&[("o", "1")], &body)
    };
    assert_eq!(said("o.$.a x"), "next B\non.error(10007) [A|s|g|.$.error_code]");
    assert_eq!(said("x o.$.a"), "next B");
    assert_eq!(said("o.$.a o.length"), "next B\non.error(10007) [A|s|g|.$.error_code]");
    assert_eq!(said("o.length o.$.a"), "next B\non.error(10010) [A|s|g|.$.error_code]");
}

/// A canon that is too deep to be an argument is an error although a later argument is missing.
#[test]
fn an_argument_too_deep_fails_before_a_later_one_is_missed() {
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let said = |arguments: &str| {
        let body = format!(
            r##"(seq (seq (ap deep $s) (canon "A" $s #c)) (par (call "B" ("s" "f") [] x)
                 (xor (call "A" ("s" "g") [{arguments}]) (call "A" ("on" "error") [:error:.$.error_code]))))"##
        );
        with(&[("deep", &deepest)], &body)
    };
    assert_eq!(said("#c"), "next B\non.error(10004) [A|s|g|.$.error_code]");
    assert_eq!(said("#c x"), "next B\non.error(10004) [A|s|g|.$.error_code]");
    assert_eq!(said("x #c"), "next B");
}

#[test]
fn it_waits_for_each_of_its_operands() {
    for call in [
        r#"x ("s" "f") []"#,
        r#""A" (x "f") []"#,
        r#""A" ("s" x) []"#,
        r#""A" ("s" "f") [x]"#,
        r#""A" ("s" "f") [xs.$.[x]]"#,
    ] {
        let body = format!(r#"(par (call "B" ("s" "g") [] x) (xor (call {call} y) (call "A" ("on" "error") [])))"#);
        assert_eq!(with(&[("xs", "[1]")], &body), "next B", "{call}");
    }
}

/// A peer whose call misses arguments is told that it is reached, and again when they come: it may be the one to see them.
#[test]
fn a_call_with_missing_arguments_is_pending_for_its_peer() {
    let mut net = Net::new(r#"(par (call "B" ("s" "f") [] x) (call "C" ("s" "g") [x]))"#);
    assert_eq!(net.start("A"), "next B C");
    assert_eq!(net.receive("C", "A"), "");
    assert_eq!(net.receive("B", "A"), "1: s.f()");
    assert_eq!(net.answer("B", &[(1, "1")]), "next C");
    assert_eq!(net.receive("C", "B"), "1: s.g(1) [B|s|f|]");
}

#[test]
fn every_operand_kind_may_be_an_argument() {
    let values = [("o", "{\"a\":[{\"b\":5}]}"), ("i", "0"), ("k", "\"a\"")];
    for (operand, seen) in [
        ("\"t\"", "(\"t\") [A|||]"),
        ("1", "(1) [A|||]"),
        ("-1.5", "(-1.5) [A|||]"),
        ("false", "(false) [A|||]"),
        ("[]", "([]) [A|||]"),
        ("%init_peer_id%", "(\"A\") [A|||]"),
        ("%timestamp%", "(0) [A|||]"),
        ("%ttl%", "(22) [A|||]"),
        ("%last_error%.$.error_code", "(0) [A|||.$.error_code]"),
        (":error:", "({\"error_code\":0,\"message\":\"\"}) [A|||]"),
        ("o.$.a", "([{\"b\":5}]) [A|get|o|.$.a]"),
        ("o.$.[k].[i].b", "(5) [A|get|o|.$.a.[0].b]"),
        ("", "()"),
    ] {
        assert_eq!(shows(&values, operand), seen, "{operand}");
    }
}

/// Each row of the table of lenses on scalars.
#[test]
fn lenses_on_scalars_select_or_fail() {
    let values = [
        ("xs", "[10,20]"),
        ("o", "{\"f\":1,\"length\":2}"),
        ("n", "1"),
        ("name", "\"f\""),
        ("none", "\"g\""),
        ("far", "2"),
        ("minus", "-1"),
        ("half", "0.5"),
        ("one", "1.0"),
        ("huge", "4294967296"),
        ("null_value", "null"),
    ];
    for (operand, seen) in [
        ("xs.$.[1]", "(20) [A|get|xs|.$.[1]]"),
        ("xs.$.[n]", "(20) [A|get|xs|.$.[1]]"),
        ("o.$.f", "(1) [A|get|o|.$.f]"),
        ("o.$.[name]", "(1) [A|get|o|.$.f]"),
        ("o.$.length", "(2) [A|get|o|.$.length]"),
        ("xs.length", "(2) [A|get|xs|.length]"),
    ] {
        assert_eq!(shows(&values, operand), seen, "{operand}");
    }
    for (operand, error) in [
        ("xs.$.[2]", "10007 | index 2 of an array of 2"),
        ("xs.$.[far]", "10007 | index 2 of an array of 2"),
        ("o.$.[0]", "10007 | index 0 of {\"f\":1,\"length\":2}, which is no array"),
        ("o.$.[n]", "10007 | index 1 of {\"f\":1,\"length\":2}, which is no array"),
        ("o.$.g", "10007 | no field `g` in {\"f\":1,\"length\":2}"),
        ("o.$.[none]", "10007 | no field `g` in {\"f\":1,\"length\":2}"),
        ("xs.$.f", "10007 | field `f` of [10,20], which is no object"),
        ("n.$.f", "10007 | field `f` of 1, which is no object"),
        ("xs.$.[minus]", "10007 | -1 is no index: indices are integers below 2^32"),
        ("xs.$.[half]", "10007 | 0.5 is no index: indices are integers below 2^32"),
        ("xs.$.[one]", "10007 | 1.0 is no index: indices are integers below 2^32"),
        ("xs.$.[huge]", "10007 | 4294967296 is no index: indices are integers below 2^32"),
        ("xs.$.[null_value]", "10007 | null selects nothing: a string or an integer does"),
        ("xs.$.[xs]", "10007 | [10,20] selects nothing: a string or an integer does"),
        ("o.length", "10010 | the length of {\"f\":1,\"length\":2}, which is no array"),
        ("name.length", "10010 | the length of \"f\", which is no array"),
        ("%last_error%.$.peer_id", "10007 | no field `peer_id` in {\"error_code\":0,\"message\":\"\"}"),
        (":error:.$.instruction", "10007 | no field `instruction` in {\"error_code\":0,\"message\":\"\"}"),
    ] {
        let said = error_of(&values, &format!("(ap {operand} y)"));
        assert_eq!(said, format!("{error} | ap {operand} y A|||"));
    }
}

#[test]
fn a_failed_call_raises_what_the_service_said_as_it_stands() {
    let mut net = Net::new(r#"(xor (call "A" ("s" "f") [] x) (call "A" ("on" "error") [:error:]))"#);
    net.start("A");
    assert_eq!(
        net.fail("A", 1, -5, "not { JSON"),
        "2: on.error({\"error_code\":10000,\"instruction\":\"call \\\"A\\\" (\\\"s\\\" \\\"f\\\") [] x\",\"message\":\
         \"the service failed with code -5: not { JSON\",\"peer_id\":\"A\"}) [A|s|f|]"
    );
}

#[test]
fn an_answer_that_is_no_value_is_a_failure_with_the_largest_code() {
    let said = |answer: &str| {
        let mut net = Net::new(r#"(xor (call "A" ("s" "f") [] x) (call "A" ("on" "error") [:error:.$.message]))"#);
        net.start("A");
        let said = net.answer("A", &[(1, answer)]);
        assert_eq!(net.receive("B", "A"), "");
        said
    };
    for (answer, why) in [
        ("", "not a JSON text at line 1, column 0"),
        ("{oops", "not a JSON text at line 1, column 2"),
        ("1 2", "not a JSON text at line 1, column 3"),
        ("1e999", "JSON number out of range at line 1, column 5"),
        (&"[".repeat(200), "JSON nested deeper than 127 levels at line 1, column 128"),
    ] {
        let message = format!("the service failed with code 2147483647: the service's answer is no JSON: {why}");
        assert_eq!(said(answer), format!("2: on.error(\"{message}\") [A|s|f|.$.message]"));
    }
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(said(&deepest), "");
}

#[test]
fn of_duplicate_keys_in_an_answer_the_last_wins_and_large_integers_become_floats() {
    assert_eq!(shows(&[("o", "{\"a\":1,\"a\":2}")], "o"), "({\"a\":2}) [A|get|o|]");
    assert_eq!(shows(&[("n", "18446744073709551616")], "n"), "(1.8446744073709552e+19) [A|get|n|]");
}

#[test]
fn outputs_are_scalars_streams_or_nothing() {
    let mut net = Net::new(
        r##"(seq (par (call "A" ("s" "a") [] x) (par (call "A" ("s" "b") [] $s) (call "A" ("s" "c") [])))
             (seq (call "A" ("s" "d") []) (seq (canon "A" $s #c) (call "A" ("s" "r") [x #c]))))"##,
    );
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "1"), (2, "2"), (3, "3")]), "4: s.d()");
    assert_eq!(net.answer("A", &[(4, "0")]), "5: s.r(1, [2]) [A|s|a|] [A|s|b|]");
    assert_eq!(net.data("A").shared().events().count(), 5);
}

#[test]
fn what_a_failed_call_would_have_assigned_gives_way() {
    let body = r#"(seq (xor (call "A" (n "f") [] x) (null)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("n", "1"), ("x", "2")], body), "s.r(2) [A|get|x|]");
}

#[test]
fn answers_that_nobody_asked_for_are_reported_and_the_others_count() {
    let mut net = Net::new(r#"(seq (call "A" ("s" "f") [] x) (call "A" ("s" "r") [x]))"#);
    assert_eq!(net.answer("A", &[(1, "5")]), "unknown [1]\n1: s.f()");
    assert_eq!(net.answer("A", &[(9, "5"), (1, "6")]), "unknown [9]\n2: s.r(6) [A|s|f|]");
    assert_eq!(net.answer("A", &[(1, "5")]), "unknown [1]");
}

#[test]
fn requests_and_peers_come_with_an_error_at_the_root() {
    assert_eq!(
        start(r#"(seq (par (par (call "B" ("s" "f") []) (call "A" ("s" "g") [])) (null)) (fail 1 "e"))"#),
        "error 10006: the script failed with code 1: e\nnext B\n1: s.g()"
    );
}

#[test]
fn peers_are_named_once_in_the_order_of_the_walk() {
    assert_eq!(
        start(
            r#"(par (call "C" ("s" "f") []) (par (call "B" ("s" "f") []) (par (call "C" ("s" "g") []) (call "A" ("s" "h") []))))"#
        ),
        "next C B\n1: s.h()"
    );
}
