//! `canon`: a peer fixes what a stream or stream map holds, once and for all.

mod common;

use common::{Net, error_of, start, with};

#[test]
fn it_fixes_what_is_known_and_nothing_later_enters() {
    let mut net = Net::new(
        r##"(seq (par (ap 1 $s) (call "A" ("s" "slow") [] $s))
             (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"##,
    );
    assert_eq!(net.start("A"), "1: s.slow()\n2: s.r([1]) [A|||]");
    assert_eq!(net.answer("A", &[(1, "2"), (2, "0")]), "");
    assert_eq!(net.start("A"), "");
}

#[test]
fn an_absent_stream_is_an_empty_one() {
    assert_eq!(
        start(
            r##"(seq (canon "A" $s #c) (seq (canon "A" %m #%m) (seq (canon "A" %m o) (call "A" ("s" "r") [#c #%m o]))))"##
        ),
        "1: s.r([], {}, {}) [] [] [A|||]"
    );
}

#[test]
fn another_peer_is_told_and_its_canon_is_what_counts_everywhere() {
    let mut net = Net::new(
        r##"(seq (par (ap 1 $s) (call "B" ("s" "slow") [] $s)) (seq (canon "B" $s #c) (call "A" ("s" "r") [#c #c.length])))"##,
    );
    assert_eq!(net.start("A"), "next B");
    assert_eq!(net.receive("B", "A"), "next A\n1: s.slow()");
    let fixed = net.data("B");
    assert_eq!(net.answer("B", &[(1, "2")]), "");
    // A reads B's canon, also where it knows more of the stream.
    assert_eq!(net.receive("A", "B"), "1: s.r([1], 1) [A|||] [B|||.length]");
    assert_eq!(net.receive_data("A", &fixed), "");
}

#[test]
fn its_peer_is_any_string() {
    let said = |peer: &str| {
        with(
            &[("p", "\"C\""), ("ps", "[\"C\"]")],
            &format!(r##"(seq (seq (ap "C" $q) (canon "A" $q #q)) (canon {peer} $s #c))"##),
        )
    };
    for peer in ["p", "ps.$.[0]", "\"C\"", "#q.$.[0]"] {
        assert_eq!(said(peer), "next C", "{peer}");
    }
    assert_eq!(said("%init_peer_id%"), "");
    assert_eq!(
        error_of(&[("p", "5")], "(canon p $s #c)"),
        "10011 | peers, services and functions are strings, not 5 | canon p $s #c A|||"
    );
}

/// Where the reference interpreter loses the particle: the place is used up, on this run and on every later one.
#[test]
fn after_a_failed_canon_the_next_event_is_found_again() {
    let mut net = Net::new(r##"(seq (ap 1 p) (xor (canon p $s #c) (call "A" ("s" "f") [] x)))"##);
    assert_eq!(net.start("A"), "1: s.f()");
    assert_eq!(net.answer("A", &[(1, "1")]), "");
    assert_eq!(net.start("A"), "");
}

#[test]
fn it_waits_for_its_peer() {
    assert_eq!(
        with(&[], r##"(par (call "B" ("s" "f") [] p) (xor (canon p $s #c) (call "A" ("on" "error") [])))"##),
        "next B"
    );
}

#[test]
fn its_elements_keep_their_origins_and_it_is_its_peers() {
    let body = r##"(seq (seq (ap xs.$.[1] $s) (ap "l" $s)) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c #c.$.[0] #c.$.[1] #c.length])))"##;
    assert_eq!(
        with(&[("xs", "[1,2]")], body),
        "s.r([2,\"l\"], 2, \"l\", 2) [A|get|xs|.$.[1] A|||] [A|get|xs|.$.[1]] [A|||] [A|||.length]"
    );
}

#[test]
fn lenses_on_a_canon_begin_with_an_index() {
    let lens = |lens: &str| {
        error_of(
            &[
                ("n", "1"),
                ("far", "9"),
                ("name", "\"f\""),
                ("list", "[]"),
                ("half", "0.5"),
                ("minus", "-1"),
                ("huge", "4294967296"),
            ],
            &format!(
                r##"(seq (seq (ap ("k" 1) %m) (canon "A" %m o)) (seq (seq (ap o $s) (canon "A" $s #c)) (ap #c.$.{lens} y)))"##
            ),
        )
    };
    assert!(lens("[0]").starts_with("no error"));
    assert!(lens("[0].k").starts_with("no error"));
    for (path, message) in [
        ("[1]", "index 1 of an array of 1"),
        ("[n]", "index 1 of an array of 1"),
        ("[far]", "index 9 of an array of 1"),
        ("k", "field `k` of a canon: an index selects an element"),
        ("[name]", "field `f` of a canon: an index selects an element"),
        ("[list]", "[] selects nothing: a string or an integer does"),
        ("[half]", "0.5 is no index: indices are integers below 2^32"),
        ("[minus]", "-1 is no index: indices are integers below 2^32"),
        ("[huge]", "4294967296 is no index: indices are integers below 2^32"),
        ("[0].x", "no field `x` in {\"k\":1}"),
        ("[0].[1]", "index 1 of {\"k\":1}, which is no array"),
    ] {
        assert_eq!(lens(path), format!("10007 | {message} | ap #c.$.{path} y A|||"));
    }
}

#[test]
fn an_empty_canon_has_no_element() {
    assert_eq!(
        error_of(&[], r##"(seq (canon "A" $s #c) (ap #c.$.[0] x))"##),
        "10007 | index 0 of an array of 0 | ap #c.$.[0] x A|||"
    );
}

const MAP: &str = r##"(seq (seq (ap ("red" 1) %m) (seq (ap (7 "int") %m) (ap ("7" "text") %m)))
                       (seq (seq (ap ("red" "2") %m) (ap ("o" o) %m)) (canon "A" %m #%c)))"##;

#[test]
fn keys_that_print_alike_share_a_field_in_the_order_of_their_entries() {
    let body = format!(r##"(seq {MAP} (seq (canon "A" %m s) (call "A" ("s" "r") [#%c s])))"##);
    assert_eq!(
        with(&[("o", "{\"f\":5}")], &body),
        "s.r({\"7\":[\"int\",\"text\"],\"o\":[{\"f\":5}],\"red\":[1,\"2\"]}, {\"7\":\"int\",\"o\":{\"f\":5},\"red\":1}) \
         [A||| A||| A||| A||| A|get|o|] [A|||]"
    );
}

#[test]
fn lenses_on_a_canon_map_begin_with_a_key() {
    let values = [("o", "{\"f\":5}"), ("name", "\"red\""), ("seven", "7"), ("zero", "0")];
    let part = |lens: &str| {
        let said = with(&values, &format!(r##"(seq {MAP} (call "A" ("s" "r") [#%c{lens}]))"##));
        said.strip_prefix("s.r").map(str::to_owned).unwrap_or(said)
    };
    for (lens, value) in [
        (".$.red", "([1,\"2\"]) [A|||.$.red]"),
        (".$.[name]", "([1,\"2\"]) [A|||.$.red]"),
        (".$.red.[1]", "(\"2\") [A|||]"),
        (".$.red.[zero]", "(1) [A|||]"),
        (".$.[7]", "([\"int\"]) [A|||.$.[7]]"),
        (".$.[seven]", "([\"int\"]) [A|||.$.[7]]"),
        (".$.o.[0].f", "(5) [A|get|o|.$.f]"),
        (".$.none", "([]) [A|||.$.none]"),
        (".$.[8]", "([]) [A|||.$.[8]]"),
        (".length", "(5) [A|||.length]"),
    ] {
        assert_eq!(part(lens), value, "{lens}");
    }
}

#[test]
fn what_a_canon_map_does_not_hold_is_an_error() {
    let values = [
        ("o", "{\"f\":5}"),
        ("list", "[]"),
        ("half", "0.5"),
        ("yes", "true"),
        ("name", "\"red\""),
        ("xs", "[\"red\"]"),
    ];
    for (path, message) in [
        ("red.[2]", "index 2 of an array of 2"),
        ("red.f", "field `f` of a canon: an index selects an element"),
        ("red.length", "field `length` of a canon: an index selects an element"),
        ("none.[0]", "no key `none` in the canon map"),
        ("[8].f", "no key `8` in the canon map"),
        ("o.[0].g", "no field `g` in {\"f\":5}"),
        ("[list]", "[] selects nothing: a string or an integer does"),
        ("[half]", "0.5 selects nothing: a string or an integer does"),
        ("[yes]", "true selects nothing: a string or an integer does"),
        ("red.[name]", "field `red` of a canon: an index selects an element"),
    ] {
        assert_eq!(
            error_of(&values, &format!("(seq {MAP} (ap #%c.$.{path} y))")),
            format!("10007 | {message} | ap #%c.$.{path} y A|||")
        );
    }
    let by_iterator = error_of(&values, &format!("(seq {MAP} (fold xs i (ap #%c.$.[i] y)))"));
    assert!(by_iterator.starts_with("10007 | an iterator cannot select a key of a canon map"), "{by_iterator}");
}

#[test]
fn a_canon_map_that_nests_too_deep_is_an_error_where_it_is_read_whole() {
    let deep = format!("{}{}", "[".repeat(126), "]".repeat(126));
    let prepared = r##"(seq (ap ("k" deep) %m) (canon "A" %m #%c))"##;
    for read in [r#"(call "A" ("s" "f") [#%c])"#, "(match #%c 1 (null))"] {
        let said = error_of(&[("deep", &deep)], &format!("(seq {prepared} {read})"));
        assert!(said.starts_with("10004 | a value would nest deeper than 127 levels"), "{said}");
    }
    let part = error_of(&[("deep", &deep)], &format!(r#"(seq {prepared} (ap #%c.$.k.[0] y))"#));
    assert!(part.starts_with("no error"), "{part}");
}

/// A canon may be assigned again; the last one before a read counts.
#[test]
fn a_canon_may_be_assigned_again() {
    assert_eq!(
        start(r##"(seq (seq (canon "A" $s #c) (seq (ap 1 $s) (canon "A" $s #c))) (call "A" ("s" "r") [#c]))"##),
        "1: s.r([1]) [A|||]"
    );
}

/// Stream order: what was known first comes first, and what was known at one time in the order of the walk.
#[test]
fn the_order_is_by_time_of_knowledge_then_by_the_walk() {
    let mut net = Net::new(
        r##"(seq (par (call "A" ("s" "a") [] $s) (par (call "A" ("s" "b") [] $s) (par (ap "now" $s) (call "A" ("s" "c") [] $s))))
             (seq (call "A" ("s" "when") []) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c]))))"##,
    );
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()\n3: s.c()\n4: s.when()");
    net.answer("A", &[(3, "\"c\"")]);
    net.answer("A", &[(1, "\"a\""), (2, "\"b\"")]);
    assert_eq!(net.answer("A", &[(4, "0")]), "5: s.r([\"now\",\"c\",\"a\",\"b\"]) [A||| A|s|c| A|s|a| A|s|b|]");
}
