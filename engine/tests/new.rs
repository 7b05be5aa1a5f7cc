//! `new`: names of its own, for scalars, canons, canon maps, streams and stream maps.

mod common;

use common::{error_of, start, with};

#[test]
fn reading_a_name_before_its_new_gives_it_a_value_is_an_error() {
    assert_eq!(
        error_of(&[("x", "1")], "(new x (ap x y))"),
        "10009 | `x` is read before its `new` gives it a value | ap x y A|||"
    );
    for read in [
        "(new x (match x 1 (null)))",
        "(new x (match xs.$.[x] 1 (null)))",
        "(new x (fold x i (null)))",
        "(new x (fail x))",
        r#"(new x (call x ("s" "f") []))"#,
        r#"(new x (call "A" (x "f") []))"#,
        r#"(new x (call "A" ("s" "f") [x]))"#,
        r#"(new x (canon x $s #d))"#,
        r#"(new x (ap (x 1) %m))"#,
        r#"(new x (ap ("k" x) %m))"#,
        "(new x (ap x.$.f y))",
    ] {
        let said = error_of(&[("x", "1"), ("xs", "[1]")], read);
        assert!(said.starts_with("10009 | `x` is read before its `new` gives it a value"), "{read}: {said}");
    }
}

#[test]
fn canons_and_canon_maps_are_hidden_too() {
    let said = error_of(&[], r##"(seq (canon "A" $s #c) (new #c (ap #c x)))"##);
    assert!(said.starts_with("10009 | `#c` is read"), "{said}");
    let said = error_of(&[], r##"(seq (canon "A" %s #%c) (new #%c (ap #%c.length x)))"##);
    assert!(said.starts_with("10009 | `#%c` is read"), "{said}");
}

#[test]
fn after_it_the_name_means_what_it_meant_before() {
    assert_eq!(
        with(&[("x", "1")], r#"(seq (new x (seq (ap 2 x) (call "A" ("s" "in") [x]))) (call "A" ("s" "out") [x]))"#),
        "s.in(2) [A|||]"
    );
    assert_eq!(with(&[("x", "1")], r#"(seq (new x (ap 2 x)) (call "A" ("s" "out") [x]))"#), "s.out(1) [A|get|x|]");
    assert_eq!(
        start(r#"(seq (seq (ap 1 x) (new x (seq (ap 2 x) (ap x y)))) (call "A" ("s" "out") [x y]))"#),
        "1: s.out(1, 2) [A|||] [A|||]"
    );
}

#[test]
fn after_it_the_name_means_that_even_if_its_body_failed() {
    assert_eq!(
        with(&[("x", "1")], r#"(seq (xor (new x (seq (ap 2 x) (fail 1 "e"))) (null)) (call "A" ("s" "out") [x]))"#),
        "s.out(1) [A|get|x|]"
    );
}

/// An assignment inside that will not happen leaves nothing to look at further out.
#[test]
fn it_ends_the_search_for_a_value() {
    let said = error_of(&[("x", "1")], r#"(new x (seq (xor (seq (fail 1 "e") (ap 2 x)) (null)) (ap x y)))"#);
    assert!(said.starts_with("10009"), "{said}");
}

#[test]
fn a_value_that_may_still_come_makes_a_read_inside_wait() {
    assert_eq!(
        with(&[("x", "1")], r#"(new x (par (call "B" ("s" "f") [] x) (xor (ap x y) (call "A" ("on" "error") []))))"#),
        "next B"
    );
}

#[test]
fn streams_and_maps_start_empty_and_end_with_it() {
    assert_eq!(
        start(
            r##"(seq (ap 1 $s) (seq (new $s (seq (ap 2 $s) (canon "A" $s #in)))
                 (seq (canon "A" $s #out) (call "A" ("s" "r") [#in #out]))))"##
        ),
        "1: s.r([2], [1]) [A|||] [A|||]"
    );
    assert_eq!(
        start(
            r##"(seq (ap ("a" 1) %s) (seq (new %s (seq (ap ("b" 2) %s) (canon "A" %s in)))
                 (seq (canon "A" %s out) (call "A" ("s" "r") [in out]))))"##
        ),
        "1: s.r({\"b\":2}, {\"a\":1}) [A|||] [A|||]"
    );
}

/// Each iteration that declares a stream has one of its own, also where the iterations are inside each other.
#[test]
fn each_iteration_has_its_own() {
    let body = r##"(seq
        (fold xs i (new $own (seq (seq (ap i $own) (next i)) (seq (canon "A" $own #own) (ap #own $all)))))
        (seq (canon "A" $all #all) (call "A" ("s" "r") [#all])))"##;
    let said = with(&[("xs", "[1,2,3]")], body);
    assert!(said.starts_with("s.r([[3],[2],[1]])"), "{said}");
}

/// Where the reference interpreter crashes: a write before the `new` means the stream around it, at every depth.
#[test]
fn a_write_outside_means_the_stream_outside() {
    let body = r##"(seq
        (fold xs i (seq (ap i $s) (new $s (seq (ap "in" $s) (seq (next i) (seq (canon "A" $s #c) (ap #c $all)))))))
        (seq (seq (canon "A" $s #s) (canon "A" $all #all)) (call "A" ("s" "r") [#s #all])))"##;
    let said = with(&[("xs", "[1,2,3]")], body);
    assert!(said.starts_with("s.r([1,2,3], [[\"in\"],[\"in\"],[\"in\"]])"), "{said}");
}

/// Inside `new x` in a fold, the outer value is back in the next iteration.
#[test]
fn in_a_fold_the_name_around_it_is_back_in_the_next_iteration() {
    let body = r#"(seq (fold xs i (seq (seq (ap x $seen) (new x (ap i x))) (next i)))
                    (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen])))"#;
    let said = with(&[("xs", "[1,2]"), ("x", "0")], body);
    assert!(said.starts_with("s.r([0,0])"), "{said}");
}

#[test]
fn it_is_complete_waits_and_fails_with_its_body() {
    assert_eq!(start(r#"(seq (new x (null)) (call "A" ("s" "after") []))"#), "1: s.after()");
    assert_eq!(start(r#"(seq (new $s (never)) (call "A" ("s" "after") []))"#), "");
    assert_eq!(start(r#"(new %m (fail 1 "e"))"#), "error 10006: the script failed with code 1: e");
}
