//! `fold` over a stream or stream map: batches, rounds, and what stays as it was when more becomes known.

mod common;

use common::{Net, start};

/// What the body of a fold gets to see, at A and with nothing to wait for.
fn visited(prepared: &str, iterable: &str, body: &str) -> String {
    start(&format!(
        r##"(seq {prepared} (seq (fold {iterable} i {body} (null)) (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen]))))"##
    ))
}

#[test]
fn it_visits_every_value_in_the_order_of_the_walk() {
    assert_eq!(
        visited("(seq (ap 1 $s) (seq (ap 2 $s) (ap 1 $s)))", "$s", "(seq (ap i $seen) (next i))"),
        "1: s.r([1,2,1]) [A||| A||| A|||]"
    );
}

#[test]
fn over_a_map_it_visits_every_entry() {
    assert_eq!(
        visited(
            r#"(seq (ap ("k" 1) %m) (seq (ap ("l" 2) %m) (ap ("k" 3) %m)))"#,
            "%m",
            "(seq (ap i.$.value $seen) (next i))"
        ),
        "1: s.r([1,2,3]) [A|||.$.value A|||.$.value A|||.$.value]"
    );
}

#[test]
fn an_absent_or_empty_stream_waits() {
    let after = |fold: &str| {
        start(&format!(
            r#"(par (seq (never) (seq (ap 1 $s) (ap ("k" 1) %m))) (seq {fold} (call "A" ("s" "after") [])))"#
        ))
    };
    assert_eq!(after("(fold $s i (next i) (null))"), "");
    assert_eq!(after("(fold %m i (next i) (null))"), "");
    assert_eq!(after("(seq (ap 1 $s) (new $s (fold $s i (next i) (null))))"), "");
    assert_eq!(after("(xor (fold $s i (next i)) (null))"), "");
    assert_eq!(after("(seq (ap 1 $s) (fold $s i (next i) (null)))"), "1: s.after()");
}

/// What the own body adds is visited in the next round, each value exactly once.
#[test]
fn what_its_body_adds_is_visited_round_by_round() {
    let body = r#"(seq (xor (match i 1 (seq (ap 11 $s) (ap 12 $s))) (xor (match i 11 (ap 111 $s)) (null)))
                    (seq (ap i $seen) (next i)))"#;
    assert_eq!(visited("(seq (ap 1 $s) (ap 2 $s))", "$s", body), "1: s.r([1,2,11,12,111]) [A||| A||| A||| A||| A|||]");
}

/// Where the reference interpreter does not recurse: every fold over a stream visits all of it, and what it adds.
#[test]
fn a_second_fold_recurses_as_the_first() {
    let fold = |mark: &str, stop: &str| {
        format!(
            "(fold $s i (seq (xor (mismatch i {stop} (xor (match i 1 (ap {stop} $s)) (null))) (null)) (seq (ap i ${mark}) (next i))) (null))"
        )
    };
    let script = format!(
        r##"(seq (ap 1 $s) (seq {} (seq {} (seq (seq (canon "A" $a #a) (canon "A" $b #b)) (call "A" ("s" "r") [#a #b])))))"##,
        fold("a", "2"),
        fold("b", "3")
    );
    assert!(start(&script).starts_with("1: s.r([1,2], [1,2,3])"), "{}", start(&script));
}

#[test]
fn without_next_only_the_first_value_of_each_batch_is_visited() {
    assert_eq!(visited("(seq (ap 1 $s) (ap 2 $s))", "$s", "(ap i $seen)"), "1: s.r([1]) [A|||]");
    let body = r#"(seq (xor (match i 1 (ap 3 $s)) (null)) (ap i $seen))"#;
    assert_eq!(visited("(seq (ap 1 $s) (ap 2 $s))", "$s", body), "1: s.r([1,3]) [A||| A|||]");
}

#[test]
fn errors_stay_in_the_batch_and_end_it() {
    let body = r#"(seq (ap i $seen) (seq (xor (mismatch i 1 (null)) (fail 1 "one")) (next i)))"#;
    let script = |last: &str| {
        format!(
            r##"(seq (seq (ap 1 $s) (ap 2 $s)) (par (fold $s i {body} {last}) (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen]))))"##
        )
    };
    assert_eq!(start(&script("")), "1: s.r([1]) [A|||]");
    assert_eq!(start(&script("(null)")), "1: s.r([1]) [A|||]");
    // A batch that an error ended waits: nothing follows the fold.
    assert_eq!(start(r#"(seq (ap 1 $s) (seq (fold $s i (fail 1 "e") (null)) (call "A" ("s" "after") [])))"#), "");
    assert_eq!(start(r#"(seq (ap 1 $s) (xor (fold $s i (fail 1 "e") (null)) (call "A" ("s" "after") [])))"#), "");
}

#[test]
fn it_is_complete_when_one_of_its_batches_is() {
    let script = r#"(seq (ap 1 $s) (seq
        (fold $s i (seq (xor (match i 1 (seq (ap 2 $s) (fail 1 "first"))) (null)) (next i)) (null))
        (call "A" ("s" "after") [])))"#;
    // The first batch fails in its handler; the second, of 2 alone, is complete.
    assert_eq!(start(&script.replace("(null)) (next i)", "(match i 2 (null))) (next i)")), "1: s.after()");
}

#[test]
fn a_failing_service_ends_a_batch_on_the_run_it_fails_and_on_every_other() {
    let mut net = Net::new(
        r#"(seq (seq (ap 1 $s) (ap 2 $s)) (seq
             (fold $s i (seq (call "A" ("s" "f") [i]) (next i)) (null)) (call "A" ("s" "after") [])))"#,
    );
    assert_eq!(net.start("A"), "1: s.f(1) [A|||]");
    assert_eq!(net.fail("A", 1, 1, "no"), "");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.receive("B", "A"), "");
}

#[test]
fn a_handled_failure_does_not_end_a_batch() {
    let mut net = Net::new(
        r#"(seq (seq (ap 1 $s) (ap 2 $s)) (seq
             (fold $s i (seq (xor (call "A" ("s" "f") [i]) (null)) (next i)) (null)) (call "A" ("s" "after") [])))"#,
    );
    net.start("A");
    assert_eq!(net.fail("A", 1, 1, "no"), "2: s.f(2) [A|||]");
    assert_eq!(net.fail("A", 2, 1, "no"), "3: s.after()");
}

#[test]
fn the_registers_in_every_iteration_and_after_it_are_those_before_it() {
    assert_eq!(
        start(
            r##"(seq (seq (xor (fail 5 "before") (null)) (seq (ap 1 $s) (ap 2 $s)))
                 (seq (fold $s i (seq (ap %last_error%.$.error_code $codes) (seq (xor (fail 9 "in") (null)) (next i))) (ap %last_error%.$.error_code $codes))
                   (seq (canon "A" $codes #codes) (call "A" ("s" "r") [#codes %last_error%.$.error_code :error:.$.error_code]))))"##
        ),
        "1: s.r([5,5,5], 5, 0) [A|||.$.error_code A|||.$.error_code A|||.$.error_code] [A|||.$.error_code] [A|||.$.error_code]"
    );
}

/// Values that become known in one run are one batch; the last instruction runs after each batch.
#[test]
fn each_batch_is_what_became_known_at_one_time() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "a") [] $s) (par (call "A" ("s" "b") [] $s) (call "A" ("s" "c") [] $s)))
             (fold $s i (par (call "A" ("s" "row") [i]) (next i)) (call "A" ("s" "last") [i])))"#,
    );
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()\n3: s.c()");
    assert_eq!(net.answer("A", &[(2, "\"b\"")]), "4: s.row(\"b\") [A|s|b|]\n5: s.last(\"b\") [A|s|b|]");
    assert_eq!(
        net.answer("A", &[(1, "\"a\""), (3, "\"c\"")]),
        "6: s.row(\"a\") [A|s|a|]\n7: s.row(\"c\") [A|s|c|]\n8: s.last(\"c\") [A|s|c|]"
    );
    assert_eq!(net.answer("A", &[(4, "0"), (5, "0"), (6, "0"), (7, "0"), (8, "0")]), "");
    assert_eq!(net.start("A"), "");
}

/// Every iteration has its place by the value it is for, so the order of arrival does not matter to the events.
#[test]
fn peers_that_learned_values_in_different_orders_agree_on_the_iterations() {
    let script = r#"(seq (par (call "B" ("s" "b") [] $s) (call "C" ("s" "c") [] $s))
        (fold $s i (par (call "A" ("s" "row") [i]) (next i))))"#;
    let mut net = Net::new(script);
    assert_eq!(net.start("A"), "next B C");
    let first = net.data("A");
    net.receive("B", "A");
    net.answer("B", &[(1, "\"b\"")]);
    net.receive_data("C", &first);
    net.answer("C", &[(1, "\"c\"")]);
    assert_eq!(net.receive("A", "C"), "1: s.row(\"c\") [C|s|c|]");
    assert_eq!(net.answer("A", &[(1, "0")]), "");
    assert_eq!(net.receive("A", "B"), "2: s.row(\"b\") [B|s|b|]");
    assert_eq!(net.answer("A", &[(2, "0")]), "");
    // D hears of the values in the other order.
    net.receive("D", "B");
    net.receive("D", "C");
    assert_eq!(net.receive("D", "A"), "");
    assert_eq!(net.data("D").shared().events().count(), 4);
    assert_eq!(net.receive("A", "D"), "");
}

/// A value added by a fold over another stream comes in its time.
#[test]
fn what_an_inner_fold_adds_to_the_outer_stream_is_visited_too() {
    let body = r#"(seq (fold $t j (seq (xor (mismatch i "t" (ap j $s)) (null)) (next j)) (null)) (seq (ap i $seen) (next i)))"#;
    assert_eq!(visited(r#"(seq (ap 1 $s) (ap "t" $t))"#, "$s", body), "1: s.r([1,\"t\"]) [A||| A|||]");
}

/// The same stream may be folded within its own fold; both folds visit each value once.
#[test]
fn a_stream_may_be_folded_within_its_own_fold() {
    let script = r##"(seq (seq (ap 1 $s) (ap 2 $s)) (seq
        (fold $s i (seq (fold $s j (seq (ap j $inner) (next j)) (null)) (seq (ap i $outer) (next i))) (null))
        (seq (seq (canon "A" $inner #inner) (canon "A" $outer #outer)) (call "A" ("s" "r") [#inner #outer]))))"##;
    assert!(start(script).starts_with("1: s.r([1,2,1,2], [1,2])"), "{}", start(script));
}

/// Each value of the inner fold runs the rest of the outer array, where the stream is folded again from its start.
#[test]
fn a_next_of_an_outer_fold_over_values_folds_the_stream_again() {
    let script = r##"(seq (seq (seq (ap 1 $x) (ap 2 $x)) (seq (ap 10 $s) (ap 20 $s))) (seq
        (seq (canon "A" $x #x) (fold #x i (fold $s j (seq (seq (ap i $seen) (ap j $seen)) (seq (next i) (next j))) (null))))
        (seq (canon "A" $seen #seen) (call "A" ("s" "r") [#seen]))))"##;
    assert!(start(script).starts_with("1: s.r([1,10,2,10,2,20,1,20,2,10,2,20])"), "{}", start(script));
}

/// Where the reference interpreter loses an iteration: what became known later keeps the earlier batches as they were.
#[test]
fn earlier_batches_stay_as_they_were() {
    let mut net = Net::new(
        r#"(seq (call "A" ("s" "one") [] $s)
             (fold $s i (seq (call "B" ("s" "inc") [i] x) (par (xor (match x 4 (null)) (ap x $s)) (next i)))))"#,
    );
    assert_eq!(net.start("A"), "1: s.one()");
    assert_eq!(net.answer("A", &[(1, "1")]), "next B");
    let first = net.data("A");
    assert_eq!(net.receive("B", "A"), "1: s.inc(1) [A|s|one|]");
    assert_eq!(net.answer("B", &[(1, "2")]), "2: s.inc(2) [B|s|inc|]");
    assert_eq!(net.answer("B", &[(2, "3")]), "3: s.inc(3) [B|s|inc|]");
    assert_eq!(net.answer("B", &[(3, "4")]), "");
    assert_eq!(net.receive("A", "B"), "");
    assert_eq!(net.data("A").shared().events().count(), 4);
    assert_eq!(net.receive_data("A", &first), "");
    assert_eq!(net.data("A").shared().events().count(), 4);
}

/// The fold is complete since its first batch was; a later batch does not move what follows it.
#[test]
fn what_follows_it_keeps_its_place_when_more_batches_come() {
    let mut net = Net::new(
        r##"(par (par (call "A" ("s" "a") [] $s) (call "A" ("s" "b") [] $s))
             (par (seq (par (seq (fold $s i (next i) (null)) (ap "after" $r)) (call "A" ("s" "m") [] $r)) (null))
               (seq (call "A" ("s" "when") []) (seq (canon "A" $r #r) (call "A" ("s" "show") [#r])))))"##,
    );
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()\n3: s.m()\n4: s.when()");
    net.answer("A", &[(1, "1")]);
    net.answer("A", &[(3, "\"between\"")]);
    net.answer("A", &[(2, "2")]);
    assert_eq!(net.answer("A", &[(4, "0")]), "5: s.show([\"after\",\"between\"]) [A||| A|s|m|]");
}
