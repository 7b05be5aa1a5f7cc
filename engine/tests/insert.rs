//! `ap` of a key and a value to a stream map.

mod common;

use common::{Net, error_of, start, with};

const KEYS: [(&str, &str); 6] = [
    ("text", "\"k\""),
    ("int", "7"),
    ("big", "18446744073709551615"),
    ("negative", "-7"),
    ("list", "[\"a\",{\"f\":3}]"),
    ("float", "1.0"),
];

#[test]
fn keys_are_strings_and_integers_of_every_kind_of_operand() {
    for (key, printed) in [
        ("\"k\"", "k"),
        ("5", "5"),
        ("-5", "-5"),
        ("text", "k"),
        ("int", "7"),
        ("big", "18446744073709551615"),
        ("negative", "-7"),
        ("list.$.[0]", "a"),
        ("list.$.[1].f", "3"),
        ("list.length", "2"),
        ("#c.$.[0]", "k"),
        ("#c.length", "1"),
    ] {
        let body = format!(
            r##"(seq (seq (ap text $s) (canon "A" $s #c))
                 (seq (ap ({key} "v") %m) (seq (canon "A" %m o) (call "A" ("s" "r") [o]))))"##
        );
        assert_eq!(with(&KEYS, &body), format!("s.r({{\"{printed}\":\"v\"}}) [A|||]"), "{key}");
    }
}

#[test]
fn other_keys_are_errors() {
    assert_eq!(
        error_of(&KEYS, "(ap (float 1) %m)"),
        "10012 | keys of stream maps are strings and integers, not 1.0 | ap (float 1) %m A|||"
    );
    for (value, shown) in [("true", "true"), ("null", "null"), ("[1]", "[1]"), ("{}", "{}"), ("0.5", "0.5")] {
        assert_eq!(
            error_of(&[("k", value)], "(ap (k 1) %m)"),
            format!("10012 | keys of stream maps are strings and integers, not {shown} | ap (k 1) %m A|||")
        );
    }
}

/// The key counts before the value, so a bad key is an error though the value is missing.
#[test]
fn key_and_value_are_evaluated_from_left_to_right() {
    let said = |entry: &str| {
        let body = format!(
            r#"(par (call "B" ("s" "f") [] x) (xor (ap ({entry}) %m) (call "A" ("on" "error") [:error:.$.error_code])))"#
        );
        with(&KEYS, &body)
    };
    assert_eq!(said("float x"), "next B\non.error(10012) [A|||.$.error_code]");
    assert_eq!(said("x text.$.f"), "next B");
    assert_eq!(said("text x"), "next B");
    assert_eq!(said("text text.$.f"), "next B\non.error(10007) [A|||.$.error_code]");
}

/// Where the reference interpreter loses the particle: a failed insert takes no place.
#[test]
fn a_failed_insert_takes_no_place() {
    let mut net = Net::new(r#"(seq (ap true k) (xor (ap (k 1) %m) (call "A" ("s" "f") [])))"#);
    assert_eq!(net.start("A"), "1: s.f()");
    assert_eq!(net.answer("A", &[(1, "1")]), "");
    assert_eq!(net.start("A"), "");
}

#[test]
fn an_entry_has_the_origin_of_its_value() {
    let body = r##"(seq (seq (ap (text list.$.[0]) %m) (ap ("l" 5) %m))
                     (seq (canon "A" %m #%map) (call "A" ("s" "r") [#%map #%map.$.k.[0]])))"##;
    assert_eq!(with(&KEYS, body), "s.r({\"k\":[\"a\"],\"l\":[5]}, \"a\") [A|get|list|.$.[0] A|||] [A|get|list|.$.[0]]");
}

#[test]
fn every_kind_of_value_may_be_inserted() {
    for (value, shown) in [
        ("\"v\"", "\"v\""),
        ("1.5", "1.5"),
        ("true", "true"),
        ("[]", "[]"),
        ("%ttl%", "22"),
        ("%init_peer_id%", "\"A\""),
        ("%last_error%.$.error_code", "0"),
        (":error:.$.message", "\"\""),
        ("list", "[\"a\",{\"f\":3}]"),
        ("#c", "[1]"),
        ("#c.$.[0]", "1"),
        ("#%n.$.k", "[2]"),
    ] {
        let body = format!(
            r##"(seq (seq (seq (ap 1 $s) (canon "A" $s #c)) (seq (ap ("k" 2) %n) (canon "A" %n #%n)))
                 (seq (ap ("v" {value}) %m) (seq (canon "A" %m o) (call "A" ("s" "r") [o.$.v]))))"##
        );
        assert_eq!(with(&KEYS, &body), format!("s.r({shown}) [A|||.$.v]"), "{value}");
    }
}

#[test]
fn an_entry_may_be_too_deep() {
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(
        error_of(&[("deep", &deepest)], r#"(ap ("k" deep) %m)"#),
        "10004 | a value would nest deeper than 127 levels | ap (\"k\" deep) %m A|||"
    );
}

#[test]
fn it_is_complete_at_once() {
    assert_eq!(start(r#"(seq (ap ("k" 1) %m) (call "A" ("s" "after") []))"#), "1: s.after()");
}
