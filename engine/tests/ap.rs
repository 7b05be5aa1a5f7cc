//! `ap` of a value to a scalar or a stream: every source, its value and its tetraplet.

mod common;

use common::{Net, error_of, shows, start, with};

/// What a source comes to when it was copied to a scalar, and to a stream and back.
fn copied(source: &str) -> String {
    let values = [("xs", "[10,{\"f\":[7]}]"), ("o", "{\"a\":{\"b\":1}}"), ("i", "1"), ("name", "\"a\"")];
    let body = |copy: &str| {
        format!(r##"(seq (seq (ap o $s) (canon "B" $s #c)) (seq (seq (ap ("k" xs) %m) (canon "B" %m #%map)) {copy}))"##)
    };
    let scalar = body(&format!(r#"(seq (ap {source} y) (call "A" ("s" "r") [y]))"#));
    let stream = body(&format!(r##"(seq (ap {source} $t) (seq (canon "A" $t #t) (call "A" ("s" "r") [#t.$.[0]])))"##));
    let [scalar, stream] = [scalar, stream].map(|body| with_b(&values, &body));
    assert_eq!(scalar, stream);
    scalar
}

/// As [`common::with`], where B fixes its canons as they come.
fn with_b(values: &[(&str, &str)], body: &str) -> String {
    let calls: String =
        values.iter().map(|(name, _)| format!("(seq (call \"A\" (\"get\" \"{name}\") [] {name}) ")).collect();
    let mut net = Net::new(&format!("{calls}{body}{}", ")".repeat(values.len())));
    net.start("A");
    for (id, (_, value)) in (1..).zip(values) {
        net.answer("A", &[(id, value)]);
    }
    net.receive("B", "A");
    let said = net.receive("A", "B");
    said.strip_prefix(&format!("{}: s.r", values.len() + 1)).unwrap_or(&said).to_owned()
}

#[test]
fn literals_and_constants_come_from_the_initiator() {
    for (source, value) in [
        ("\"text\"", "\"text\""),
        ("5", "5"),
        ("-5", "-5"),
        ("1.5", "1.5"),
        ("true", "true"),
        ("[]", "[]"),
        ("%init_peer_id%", "\"A\""),
        ("%ttl%", "22"),
        ("%timestamp%", "0"),
    ] {
        assert_eq!(copied(source), format!("({value}) [A|||]"));
    }
}

#[test]
fn a_scalar_keeps_its_origin_and_a_lens_adds_its_path() {
    assert_eq!(copied("o"), "({\"a\":{\"b\":1}}) [A|get|o|]");
    assert_eq!(copied("o.$.a"), "({\"b\":1}) [A|get|o|.$.a]");
    assert_eq!(copied("o.$.a.b"), "(1) [A|get|o|.$.a.b]");
    assert_eq!(copied("o.$.[name].b"), "(1) [A|get|o|.$.a.b]");
    assert_eq!(copied("xs.$.[i].f.[0]"), "(7) [A|get|xs|.$.[1].f.[0]]");
    assert_eq!(copied("xs.length"), "(2) [A|get|xs|.length]");
}

#[test]
fn a_canon_comes_from_the_peer_that_fixed_it_and_its_elements_from_where_they_were() {
    assert_eq!(copied("#c"), "([{\"a\":{\"b\":1}}]) [B|||]");
    assert_eq!(copied("#c.$.[0]"), "({\"a\":{\"b\":1}}) [A|get|o|]");
    assert_eq!(copied("#c.$.[0].a"), "({\"b\":1}) [A|get|o|.$.a]");
    assert_eq!(copied("#c.length"), "(1) [B|||.length]");
}

#[test]
fn the_values_of_a_key_come_from_the_peer_that_fixed_the_map_and_each_from_where_it_was() {
    assert_eq!(copied("#%map.$.k"), "([[10,{\"f\":[7]}]]) [B|||.$.k]");
    assert_eq!(copied("#%map.$.k.[0]"), "([10,{\"f\":[7]}]) [A|get|xs|]");
    assert_eq!(copied("#%map.$.k.[0].[1].f"), "([7]) [A|get|xs|.$.[1].f]");
    assert_eq!(copied("#%map.$.none"), "([]) [B|||.$.none]");
    assert_eq!(copied("#%map.length"), "(1) [B|||.length]");
}

#[test]
fn registers_come_from_the_initiator_until_a_call_fails() {
    assert_eq!(copied("%last_error%"), "({\"error_code\":0,\"message\":\"\"}) [A|||]");
    assert_eq!(copied(":error:.$.message"), "(\"\") [A|||.$.message]");
    let body = r#"(xor (call "A" ("s" "f") [xs.$.[9]]) (seq (ap :error:.$.error_code e) (call "A" ("s" "r") [e])))"#;
    assert_eq!(with(&[("xs", "[1]")], body), "s.r(10007) [A|s|f|.$.error_code]");
}

/// `ap x.$.a y` and then `y.$.b` is `x.$.a.b`.
#[test]
fn paths_add_up_over_copies() {
    let body = r#"(seq (ap o.$.a y) (call "A" ("s" "r") [y.$.b o.$.a.b]))"#;
    assert_eq!(with(&[("o", "{\"a\":{\"b\":1}}")], body), "s.r(1, 1) [A|get|o|.$.a.b] [A|get|o|.$.a.b]");
}

#[test]
fn it_waits_for_its_source() {
    for copy in ["(ap x y)", "(ap x $s)", "(ap xs.$.[x] y)"] {
        let body = format!(
            r#"(par (call "B" ("s" "f") [] x) (xor (seq {copy} (call "A" ("s" "after") [])) (call "A" ("on" "error") [])))"#
        );
        assert_eq!(with(&[("xs", "[1]")], &body), "next B", "{copy}");
    }
}

/// A path is taken step by step: what fails early does not wait for the name in a later step.
#[test]
fn a_step_that_fails_waits_for_no_later_one() {
    for copy in
        ["(ap xs.$.[9].[x] y)", "(ap #c.$.[9].[x] y)", "(ap #%map.$.none.[x] y)", "(ap %last_error%.$.[1].[x] y)"]
    {
        let body = format!(
            r##"(seq (seq (canon "A" $s #c) (canon "A" %m #%map))
                 (par (call "B" ("s" "f") [] x) (xor {copy} (call "A" ("on" "error") []))))"##
        );
        assert_eq!(with(&[("xs", "[1]")], &body), "next B\non.error()", "{copy}");
    }
}

#[test]
fn it_fails_with_its_source() {
    assert_eq!(error_of(&[("o", "{\"a\":1}")], "(ap o.$.b y)"), "10007 | no field `b` in {\"a\":1} | ap o.$.b y A|||");
    assert_eq!(
        error_of(&[("o", "1")], "(ap o.length $s)"),
        "10010 | the length of 1, which is no array | ap o.length $s A|||"
    );
    assert_eq!(
        error_of(&[], "(new x (ap x y))"),
        "10009 | `x` is read before its `new` gives it a value | ap x y A|||"
    );
}

/// A failed `ap` takes no place, so the event of the next instruction is still found on the next run.
#[test]
fn a_failed_ap_to_a_stream_takes_no_place() {
    let mut net = Net::new(r#"(seq (ap 1 x) (xor (ap x.$.f $s) (call "A" ("s" "f") [])))"#);
    assert_eq!(net.start("A"), "1: s.f()");
    assert_eq!(net.answer("A", &[(1, "1")]), "");
    assert_eq!(net.start("A"), "");
}

/// The last assignment before a read counts; earlier reads keep the value they had.
#[test]
fn a_name_may_be_assigned_again() {
    assert_eq!(
        start(r#"(seq (seq (ap 1 x) (ap x y)) (seq (ap 2 x) (call "A" ("s" "r") [x y])))"#),
        "1: s.r(2, 1) [A|||] [A|||]"
    );
    assert_eq!(start(r#"(seq (ap 1 x) (seq (ap x x) (call "A" ("s" "r") [x])))"#), "1: s.r(1) [A|||]");
}

/// Where the reference interpreter crashes: inside its fold, an iterator gives way to the assignment after it.
#[test]
fn an_iterator_may_be_assigned() {
    assert_eq!(
        with(&[("xs", "[1,2]")], r#"(fold xs i (seq (seq (ap 9 i) (call "A" ("s" "r") [i])) (next i)))"#),
        "s.r(9) [A|||]"
    );
}

#[test]
fn streams_take_equal_values_twice() {
    assert_eq!(
        start(r##"(seq (seq (ap 1 $s) (ap 1 $s)) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"##),
        "1: s.r([1,1]) [A||| A|||]"
    );
}

/// A value of depth 127 is the deepest there is: one level more is error 10004, which a handler catches.
#[test]
fn a_value_one_level_too_deep_is_an_error() {
    let deepest = format!("{}{}", "[".repeat(127), "]".repeat(127));
    let wrap = r##"(seq (seq (ap deep $s) (canon "A" $s #c)) (ap #c x))"##;
    assert_eq!(
        error_of(&[("deep", &deepest)], wrap),
        "10004 | a value would nest deeper than 127 levels | ap #c x A|||"
    );
    let deep = format!("{}{}", "[".repeat(126), "]".repeat(126));
    assert!(error_of(&[("deep", &deep)], wrap).starts_with("no error"));
    assert_eq!(shows(&[("deep", &deepest)], "deep"), format!("({deepest}) [A|get|deep|]"));
}
