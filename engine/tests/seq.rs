//! `seq`: the right part runs when the left is complete.

mod common;

use common::{Net, start, with};

#[test]
fn the_right_part_runs_after_the_left_is_complete() {
    let mut net = Net::new(r#"(seq (call "A" ("s" "l") []) (call "A" ("s" "r") []))"#);
    assert_eq!(net.start("A"), "1: s.l()");
    assert_eq!(net.answer("A", &[(1, "1")]), "2: s.r()");
    assert_eq!(net.answer("A", &[(2, "1")]), "");
}

#[test]
fn an_error_of_the_left_part_skips_the_right() {
    assert_eq!(start(r#"(seq (fail 3 "l") (call "A" ("s" "r") []))"#), "error 10006: the script failed with code 3: l");
}

#[test]
fn an_error_of_the_right_part_leaves_the_seq() {
    assert_eq!(start(r#"(seq (null) (fail 3 "r"))"#), "error 10006: the script failed with code 3: r");
}

#[test]
fn the_right_part_sees_what_the_left_assigned() {
    assert_eq!(start(r#"(seq (ap 1 x) (call "A" ("s" "r") [x]))"#), "1: s.r(1) [A|||]");
}

/// What is assigned later in time but stands before the read is what the read means; the other way round it waits.
#[test]
fn a_name_assigned_textually_later_does_not_reach_back() {
    let mut net = Net::new(
        r#"(seq (ap 1 x) (par (call "A" ("s" "first") [x]) (seq (call "A" ("s" "slow") [] x) (call "A" ("s" "last") [x]))))"#,
    );
    assert_eq!(net.start("A"), "1: s.first(1) [A|||]\n2: s.slow()");
    assert_eq!(net.answer("A", &[(2, "2")]), "3: s.last(2) [A|s|slow|]");
}

/// The assignment in the right part is settled, so the one before it is the value.
#[test]
fn a_right_part_that_never_runs_gives_way_to_the_assignment_before() {
    let body = r#"(seq (xor (seq (fail 1 "e") (ap 2 x)) (null)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("x", "1")], body), "s.r(1) [A|get|x|]");
}

/// The right part may still run, so a read after it waits.
#[test]
fn a_right_part_that_may_still_run_keeps_reads_waiting() {
    let body = r#"(par (seq (never) (ap 2 x)) (call "A" ("s" "r") [x]))"#;
    assert_eq!(with(&[("x", "1")], body), "");
}
