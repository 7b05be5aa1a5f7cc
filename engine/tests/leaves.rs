//! `null` and `never`, and when scripts without any event are complete.

mod common;

use common::start;

/// What the script says if an instruction is complete.
fn complete(instruction: &str) -> bool {
    let said = start(&format!(r#"(seq {instruction} (call "A" ("it" "is") []))"#));
    match said.as_str() {
        "1: it.is()" => true,
        "" => false,
        other => panic!("{other}"),
    }
}

#[test]
fn null_is_complete_at_once() {
    assert!(complete("(null)"));
    assert!(complete("(seq (null) (null))"));
}

#[test]
fn never_waits() {
    assert!(!complete("(never)"));
    assert!(!complete("(seq (never) (null))"));
    assert!(!complete("(seq (null) (never))"));
}

#[test]
fn never_is_no_error() {
    assert!(!complete("(xor (never) (null))"));
    assert_eq!(start("(never)"), "");
}

#[test]
fn an_ap_is_complete_and_so_is_what_only_holds_complete_parts() {
    assert!(complete("(ap 1 x)"));
    assert!(complete("(ap 1 $s)"));
    assert!(complete(r#"(ap ("k" 1) %m)"#));
    assert!(complete("(match 1 1 (null))"));
    assert!(complete("(mismatch 1 2 (null))"));
    assert!(complete("(new x (null))"));
    assert!(complete(r#"(canon "A" $s #c)"#));
}

#[test]
fn what_holds_a_part_that_waits_waits() {
    assert!(!complete("(match 1 1 (never))"));
    assert!(!complete("(mismatch 1 2 (never))"));
    assert!(!complete("(new x (never))"));
    assert!(!complete("(xor (fail 1 \"e\") (never))"));
}
