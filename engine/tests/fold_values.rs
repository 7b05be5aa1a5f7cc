//! `fold` over an array, a canon or a canon map.

mod common;

use common::{Net, error_of, start, with};

const XS: (&str, &str) = ("xs", "[1,2]");

/// What a fold visits, with the origin of each item.
fn visited(values: &[(&str, &str)], prepared: &str, iterable: &str) -> String {
    let body = format!(
        r##"(seq {prepared} (seq (fold {iterable} i (seq (ap i $seen) (next i)))
              (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen]))))"##
    );
    let said = with(values, &body);
    said.strip_prefix("s.r").map(str::to_owned).unwrap_or(said)
}

#[test]
fn it_visits_every_kind_of_array() {
    assert_eq!(visited(&[XS], "(null)", "xs"), "([1,2]) [A|get|xs|.$.[0] A|get|xs|.$.[1]]");
    assert_eq!(visited(&[("o", "{\"a\":[3]}")], "(null)", "o.$.a"), "([3]) [A|get|o|.$.a.[0]]");
    assert_eq!(
        visited(&[("o", "[[3,4]]"), ("n", "0")], "(null)", "o.$.[n]"),
        "([3,4]) [A|get|o|.$.[0].[0] A|get|o|.$.[0].[1]]"
    );
    assert_eq!(visited(&[], "(null)", "[]"), "([]) []");
    assert_eq!(visited(&[XS], "(seq (ap xs y) (null))", "y"), "([1,2]) [A|get|xs|.$.[0] A|get|xs|.$.[1]]");
}

#[test]
fn it_visits_the_elements_of_a_canon_with_their_own_origins() {
    let canon = r##"(seq (seq (ap xs.$.[1] $s) (ap "l" $s)) (canon "A" $s #c))"##;
    assert_eq!(visited(&[XS], canon, "#c"), "([2,\"l\"]) [A|get|xs|.$.[1] A|||]");
}

#[test]
fn it_visits_the_first_entry_of_each_key_of_a_canon_map() {
    let canon =
        r##"(seq (seq (seq (ap ("b" 1) %m) (ap (7 2) %m)) (seq (ap ("7" 3) %m) (ap ("b" 4) %m))) (canon "A" %m #%c))"##;
    assert_eq!(
        visited(&[], canon, "#%c"),
        "([{\"key\":\"b\",\"value\":1},{\"key\":7,\"value\":2},{\"key\":\"7\",\"value\":3}]) [A||| A||| A|||]"
    );
    assert_eq!(visited(&[], canon, "#%c.$.b"), "([1,4]) [A|||.$.b.[0] A|||.$.b.[1]]");
    assert_eq!(visited(&[], canon, "#%c.$.none"), "([]) []");
}

/// An entry has the origin of its value, and a part of the entry is a part of that like any other; a value that a lens on
/// the canon map selects is no part of an entry and has its own.
#[test]
fn parts_of_entries_have_the_origin_of_the_value_with_the_step_to_them() {
    let map = r##"(seq (ap ("k" xs.$.[0]) %m) (canon "A" %m #%c))"##;
    for iterable in ["#%c", "%m"] {
        let show = r##"(call "A" ("s" "r") [i i.$.key i.$.value i.$.value.a #%c.$.k.[0] #%c.$.k.[0].a #%c.$.k])"##;
        let fold = format!("(fold {iterable} i (seq {show} (next i)))");
        assert_eq!(
            with(&[("xs", r#"[{"a":1}]"#)], &format!("(seq {map} {fold})")),
            "s.r({\"key\":\"k\",\"value\":{\"a\":1}}, \"k\", {\"a\":1}, 1, {\"a\":1}, 1, [{\"a\":1}]) \
             [A|get|xs|.$.[0]] [A|get|xs|.$.[0].key] [A|get|xs|.$.[0].value] [A|get|xs|.$.[0].value.a] \
             [A|get|xs|.$.[0]] [A|get|xs|.$.[0].a] [A|||.$.k]"
        );
    }
}

#[test]
fn an_empty_one_is_complete_and_runs_neither_body_nor_last_instruction() {
    let script = r#"(seq (fold [] i (seq (call "A" ("s" "body") []) (next i)) (call "A" ("s" "last") [])) (call "A" ("s" "after") []))"#;
    assert_eq!(start(script), "1: s.after()");
}

#[test]
fn anything_but_an_array_is_an_error() {
    for (value, shown) in [("1", "1"), ("\"t\"", "\"t\""), ("null", "null"), ("{\"a\":1}", "{\"a\":1}")] {
        assert_eq!(
            error_of(&[("x", value)], "(fold x i (null))"),
            format!("10005 | `fold` goes through arrays, not {shown} | fold x i A|||")
        );
    }
    assert_eq!(error_of(&[XS], "(fold xs.$.[9] i (null))"), "10007 | index 9 of an array of 2 | fold xs.$.[9] i A|||");
}

#[test]
fn it_waits_for_what_it_goes_through() {
    for iterable in ["x", "x.$.a", "xs.$.[x]"] {
        let body =
            format!(r#"(par (call "B" ("s" "f") [] x) (xor (fold {iterable} i (null)) (call "A" ("on" "error") [])))"#);
        assert_eq!(with(&[XS], &body), "next B", "{iterable}");
    }
}

#[test]
fn an_error_ends_the_whole_fold() {
    let body = r#"(xor (fold xs i (seq (call "A" ("s" "f") [i]) (next i))) (call "A" ("on" "error") []))"#;
    let mut net = Net::new(&format!(r#"(seq (call "A" ("get" "xs") [] xs) {body})"#));
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "[1,2]")]), "2: s.f(1) [A|get|xs|.$.[0]]");
    assert_eq!(net.fail("A", 2, 1, "no"), "3: on.error()");
}

#[test]
fn bodies_may_run_side_by_side() {
    assert_eq!(
        with(&[XS], r#"(fold xs i (par (call "A" ("s" "f") [i]) (next i)))"#),
        "s.f(1) [A|get|xs|.$.[0]]\ns.f(2) [A|get|xs|.$.[1]]"
    );
}

#[test]
fn what_an_iteration_assigns_is_its_own() {
    // The next iteration does not see it, and it is back after `next`.
    let body = r#"(fold xs i (seq (ap i mine) (seq (next i) (ap mine $s))))"#;
    let shown = r##"(seq (canon "A" $s #s) (call "A" ("s" "r") [#s]))"##;
    assert_eq!(with(&[XS], &format!("(seq {body} {shown})")), "s.r([2,1]) [A|get|xs|.$.[1] A|get|xs|.$.[0]]");
    // After the fold it is gone: a read that means nothing else waits.
    let body = r#"(seq (fold xs i (seq (ap i mine) (next i))) (call "A" ("s" "r") [mine]))"#;
    assert_eq!(with(&[XS, ("mine", "0")], body), "s.r(0) [A|get|mine|]");
}

/// Where the reference interpreter waits for ever: an iteration sees the outer value until it assigns its own.
#[test]
fn each_iteration_sees_the_value_around_the_fold_first() {
    let body = r#"(seq (fold xs i (seq (seq (ap x $seen) (ap i x)) (seq (ap x $seen) (next i))))
                    (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen x])))"#;
    let said = with(&[XS, ("x", "0")], body);
    assert!(said.starts_with("s.r([0,1,0,2], 0)"), "{said}");
}

/// An assignment that may still happen in this iteration makes its later reads wait, and those only.
#[test]
fn iterations_wait_for_their_own_values_only() {
    let mut net = Net::new(
        r#"(seq (call "A" ("get" "xs") [] xs)
             (fold xs i (par (seq (call i ("s" "f") [] y) (call "A" ("s" "got") [y])) (next i))))"#,
    );
    net.start("A");
    assert_eq!(net.answer("A", &[(1, r#"["B","C"]"#)]), "next B C");
    net.receive("C", "A");
    assert_eq!(net.answer("C", &[(1, "\"of C\"")]), "next A");
    assert_eq!(net.receive("A", "C"), "2: s.got(\"of C\") [C|s|f|]");
    net.receive("B", "A");
    assert_eq!(net.answer("B", &[(1, "\"of B\"")]), "next A");
    assert_eq!(net.receive("A", "B"), "3: s.got(\"of B\") [B|s|f|]");
}

#[test]
fn nested_folds_see_both_iterators() {
    let body = r#"(seq (fold xs i (seq (fold ys j (seq (seq (ap i $s) (ap j $s)) (next j))) (next i)))
                    (seq (canon "A" $s #s) (call "A" ("s" "r") [#s])))"#;
    let said = with(&[XS, ("ys", "[10,20]")], body);
    assert!(said.starts_with("s.r([1,10,1,20,2,10,2,20])"), "{said}");
}

/// The array is taken as it is when the fold begins.
#[test]
fn what_it_goes_through_does_not_change_under_it() {
    let body = r#"(seq (fold xs i (seq (ap [] xs) (seq (ap i $s) (next i)))) (seq (canon "A" $s #s) (call "A" ("s" "r") [#s])))"#;
    let said = with(&[XS], body);
    assert!(said.starts_with("s.r([1,2])"), "{said}");
}

#[test]
fn after_the_fold_its_iterator_means_what_it_meant_before() {
    assert_eq!(with(&[XS, ("i", "0")], r#"(seq (fold xs i (next i)) (call "A" ("s" "r") [i]))"#), "s.r(0) [A|get|i|]");
}

#[test]
fn the_registers_go_on_from_iteration_to_iteration() {
    let body = r#"(seq (fold xs i (seq (ap %last_error%.$.error_code $s) (seq (xor (fail 3 "e") (null)) (next i))))
                    (seq (canon "A" $s #s) (call "A" ("s" "r") [#s %last_error%.$.error_code])))"#;
    let said = with(&[XS], body);
    assert!(said.starts_with("s.r([0,3], 3)"), "{said}");
}

#[test]
fn it_is_complete_when_its_first_iteration_is() {
    let after = |body: &str| with(&[XS], &format!(r#"(seq (fold xs i {body}) (call "A" ("s" "after") []))"#));
    assert_eq!(after("(seq (null) (next i))"), "s.after()");
    assert_eq!(after("(seq (match i 1 (null)) (next i))"), "error 10001: the operands of `match` differ");
    assert_eq!(after("(seq (xor (match i 1 (null)) (never)) (next i))"), "");
    assert_eq!(after("(par (xor (match i 1 (null)) (never)) (next i))"), "s.after()");
}
