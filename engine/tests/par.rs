//! `par`: both branches run; one that is complete completes it, and only two errors are an error.

mod common;

use common::{Net, start, with};

#[test]
fn both_branches_run_though_the_left_waits_or_fails() {
    assert_eq!(start(r#"(par (never) (call "A" ("s" "r") []))"#), "1: s.r()");
    assert_eq!(start(r#"(par (fail 1 "l") (call "A" ("s" "r") []))"#), "1: s.r()");
    assert_eq!(start(r#"(par (call "A" ("s" "l") []) (call "A" ("s" "r") []))"#), "1: s.l()\n2: s.r()");
}

#[test]
fn one_complete_branch_completes_it() {
    let after = |par: &str| start(&format!(r#"(seq {par} (call "A" ("s" "after") []))"#));
    assert_eq!(after("(par (null) (never))"), "1: s.after()");
    assert_eq!(after("(par (never) (null))"), "1: s.after()");
    assert_eq!(after(r#"(par (fail 1 "l") (null))"#), "1: s.after()");
    assert_eq!(after(r#"(par (null) (fail 1 "r"))"#), "1: s.after()");
    assert_eq!(after("(par (never) (never))"), "");
    assert_eq!(after(r#"(par (fail 1 "l") (never))"#), "");
    assert_eq!(after(r#"(par (never) (fail 1 "r"))"#), "");
}

#[test]
fn two_errors_are_the_error_of_the_right_branch() {
    assert_eq!(start(r#"(par (fail 1 "l") (fail 2 "r"))"#), "error 10006: the script failed with code 2: r");
}

/// The branch that waits may still complete, so no handler runs yet.
#[test]
fn an_error_and_a_wait_are_no_error() {
    let mut net = Net::new(
        r#"(xor (par (fail 1 "l") (call "A" ("s" "f") [])) (call "A" ("on" "error") [:error:.$.error_code]))"#,
    );
    assert_eq!(net.start("A"), "1: s.f()");
    assert_eq!(net.fail("A", 1, 9, "no"), "2: on.error(10000) [A|s|f|.$.error_code]");
}

#[test]
fn each_branch_sees_what_the_other_assigned_before_it_in_the_text() {
    assert_eq!(start(r#"(par (ap 1 x) (call "A" ("s" "r") [x]))"#), "1: s.r(1) [A|||]");
    let mut net = Net::new(r#"(par (call "A" ("s" "l") [] x) (call "A" ("s" "r") [x]))"#);
    assert_eq!(net.start("A"), "1: s.l()");
    assert_eq!(net.answer("A", &[(1, "5")]), "2: s.r(5) [A|s|l|]");
}

#[test]
fn what_a_failed_branch_assigned_stays() {
    assert_eq!(start(r#"(seq (par (seq (ap 1 x) (fail 1 "l")) (null)) (call "A" ("s" "r") [x]))"#), "1: s.r(1) [A|||]");
    assert_eq!(
        start(r##"(seq (par (seq (ap 1 $s) (fail 1 "l")) (null)) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"##),
        "1: s.r([1]) [A|||]"
    );
}

#[test]
fn the_registers_after_it_are_those_before_it() {
    let script = |par: &str| {
        format!(
            r#"(seq (seq (xor (fail 5 "before") (null)) {par})
                 (call "A" ("s" "r") [%last_error%.$.error_code :error:.$.error_code]))"#
        )
    };
    let seen = "1: s.r(5, 0) [A|||.$.error_code] [A|||.$.error_code]";
    assert_eq!(start(&script(r#"(par (fail 1 "l") (null))"#)), seen);
    assert_eq!(start(&script(r#"(par (xor (fail 1 "l") (null)) (null))"#)), seen);
    assert_eq!(start(&script(r#"(par (null) (xor (fail 1 "r") (null)))"#)), seen);
}

#[test]
fn a_branch_does_not_see_the_errors_of_the_other() {
    assert_eq!(
        start(r#"(par (xor (fail 1 "l") (null)) (call "A" ("s" "r") [%last_error%.$.error_code]))"#),
        "1: s.r(0) [A|||.$.error_code]"
    );
    assert_eq!(
        start(r#"(par (fail 1 "l") (call "A" ("s" "r") [%last_error%.$.error_code]))"#),
        "1: s.r(0) [A|||.$.error_code]"
    );
}

/// In a handler, `:error:` is what the handler handles, also within and after a `par` that swallows another error.
#[test]
fn in_a_handler_it_keeps_the_error_handled() {
    let handler = r#"(seq (par (fail 2 "inner") (null)) (call "A" ("s" "r") [:error:.$.error_code]))"#;
    assert_eq!(start(&format!(r#"(xor (fail 1 "outer") {handler})"#)), "1: s.r(1) [A|||.$.error_code]");
}

/// The `par` is complete when its first branch is; what waits in the other does not take part.
#[test]
fn complete_by_its_first_branch_it_stays_complete_when_the_other_fails() {
    let body = r#"(seq (par (call "A" ("s" "a") []) (call "A" ("s" "b") [])) (call "A" ("s" "after") []))"#;
    let mut net = Net::new(body);
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()");
    assert_eq!(net.answer("A", &[(1, "1")]), "3: s.after()");
    assert_eq!(net.fail("A", 2, 1, "late"), "");
    assert_eq!(net.answer("A", &[(3, "1")]), "");
    assert_eq!(net.start("A"), "");
}

#[test]
fn a_next_as_a_branch_waits_when_there_is_nothing_more() {
    let script = |next: &str| format!(r#"(seq (fold xs i (par (never) {next})) (call "A" ("s" "after") []))"#);
    assert_eq!(with(&[("xs", "[1]")], &script("(next i)")), "");
    assert_eq!(with(&[("xs", "[1]")], &script("(seq (next i) (null))")), "s.after()");
    assert_eq!(with(&[("xs", "[1]")], &script("(xor (next i) (null))")), "s.after()");
}

/// Two errors are known when the later of them is, so what the handler adds comes after what was known before that.
#[test]
fn its_error_is_known_with_the_later_of_the_two() {
    let mut net = Net::new(
        r##"(seq (par (xor (par (call "A" ("s" "l") []) (call "A" ("s" "r") [])) (ap "handled" $s)) (call "A" ("s" "m") [] $s))
             (seq (call "A" ("s" "when") []) (seq (canon "A" $s #c) (call "A" ("s" "show") [#c]))))"##,
    );
    assert_eq!(net.start("A"), "1: s.l()\n2: s.r()\n3: s.m()");
    net.fail("A", 2, 1, "no");
    assert_eq!(net.answer("A", &[(3, "\"between\"")]), "4: s.when()");
    net.fail("A", 1, 1, "no");
    assert_eq!(net.answer("A", &[(4, "0")]), "5: s.show([\"between\",\"handled\"]) [A|s|m| A|||]");
}
