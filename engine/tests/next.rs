//! `next`: the iteration after this one, the last instruction, and what comes back from them.

mod common;

use common::{Net, error_of, start, with};

const XS: (&str, &str) = ("xs", "[1,2,3]");

#[test]
fn what_stands_after_it_runs_in_reverse_order_each_with_its_own_item() {
    let body = r#"(seq (fold xs i (seq (next i) (ap i $s))) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"#;
    assert_eq!(with(&[XS], body), "s.r([3,2,1]) [A|get|xs|.$.[2] A|get|xs|.$.[1] A|get|xs|.$.[0]]");
}

#[test]
fn without_it_only_the_first_item_is_visited() {
    assert_eq!(with(&[XS], r#"(fold xs i (call "A" ("s" "r") [i]))"#), "s.r(1) [A|get|xs|.$.[0]]");
    let body = r#"(seq (fold xs i (ap i $s) (never)) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"#;
    assert_eq!(with(&[XS], body), "s.r([1]) [A|get|xs|.$.[0]]");
}

#[test]
fn after_the_last_item_the_last_instruction_runs_once_in_its_scope() {
    let body = r#"(fold xs i (seq (ap i mine) (next i)) (call "A" ("s" "last") [i mine]))"#;
    assert_eq!(with(&[XS], body), "s.last(3, 3) [A|get|xs|.$.[2]] [A|get|xs|.$.[2]]");
}

#[test]
fn what_stands_after_it_runs_after_the_last_instruction() {
    let body = r#"(seq (fold xs i (seq (next i) (ap i $s)) (ap "last" $s)) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))"#;
    assert!(with(&[XS], body).starts_with("s.r([\"last\",3,2,1])"));
}

/// An error goes back through all iterations; each sees its own item again.
#[test]
fn an_error_comes_back_to_the_iteration_that_catches_it() {
    let body = r#"(fold xs i (seq (xor (match i 3 (fail 1 "third")) (xor (mismatch i 3 (null)) (fail 1 "third")))
                     (xor (next i) (call "A" ("on" "error") [i :error:.$.error_code]))))"#;
    assert_eq!(with(&[XS], body), "on.error(2, 1) [A|get|xs|.$.[1]] [A|||.$.error_code]");
    let body = r#"(fold xs i (seq (xor (mismatch i 3 (null)) (fail 1 "third")) (next i)))"#;
    assert_eq!(with(&[XS], body), "error 10006: the script failed with code 1: third");
}

/// Where the reference interpreter keeps the deepest item.
#[test]
fn after_a_failed_next_the_iterator_is_the_own_item_again() {
    let body = r#"(fold xs i (seq (par (next i) (null)) (call "A" ("s" "r") [i])) (fail 1 "end"))"#;
    assert_eq!(with(&[XS], body), "s.r(3) [A|get|xs|.$.[2]]\ns.r(2) [A|get|xs|.$.[1]]\ns.r(1) [A|get|xs|.$.[0]]");
}

#[test]
fn an_error_of_the_last_instruction_comes_back_too() {
    assert_eq!(error_of(&[XS], r#"(fold xs i (next i) (fail 4 "last"))"#), "4 | last | fail 4 \"last\" A|||");
}

#[test]
fn at_the_end_of_a_fold_over_values_it_is_complete_unless_it_is_a_branch_of_par() {
    let after = |body: &str| with(&[XS], &format!(r#"(seq (fold xs i {body}) (call "A" ("s" "after") []))"#));
    assert_eq!(after("(next i)"), "s.after()");
    assert_eq!(after("(seq (null) (next i))"), "s.after()");
    assert_eq!(after("(par (never) (next i))"), "");
    assert_eq!(after("(par (next i) (never))"), "");
    assert_eq!(after("(par (never) (match 1 1 (next i)))"), "s.after()");
    assert_eq!(after("(par (null) (next i))"), "s.after()");
}

#[test]
fn at_the_end_of_a_fold_over_a_stream_it_waits() {
    let after = |body: &str, last: &str| {
        start(&format!(r#"(seq (ap 1 $s) (seq (fold $s i {body} {last}) (call "A" ("s" "after") [])))"#))
    };
    assert_eq!(after("(next i)", ""), "");
    assert_eq!(after("(next i)", "(null)"), "1: s.after()");
    assert_eq!(after("(next i)", "(never)"), "");
    assert_eq!(after("(par (never) (next i))", "(null)"), "1: s.after()");
    assert_eq!(after("(xor (next i) (null))", ""), "");
}

/// A `next` of the outer fold runs the inner fold again, inside itself; every name means what stands around it.
#[test]
fn it_may_go_on_with_an_outer_fold() {
    let body = r#"(seq
      (fold xs i (fold ys j (seq (seq (ap i $seen) (ap j $seen)) (seq (next i) (seq (ap i $seen) (next j))))))
      (seq (canon "A" $seen #c) (call "A" ("s" "r") [#c])))"#;
    let said = with(&[("xs", "[1,2]"), ("ys", "[10,20]")], body);
    let inner = "2,10,2,2,20,2";
    let expected = format!("s.r([1,10,{inner},1,1,20,{inner},1])");
    assert!(said.starts_with(&expected), "{said}");
}

/// Every batch of the inner fold goes on with the outer values, at the same places as the batch before: what this run
/// made there is the event, as it will be in the next run.
#[test]
fn places_that_are_visited_again_have_the_event_made_at_the_first_visit() {
    let script = |body: &str| {
        format!(
            r#"(seq (par (call "A" ("s" "one") [] $t) (call "A" ("s" "two") [] $t)) (seq (call "A" ("s" "go") [])
                 (seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (fold $t j {body})))))"#
        )
    };
    // Both batches are there when the folds are reached.
    let prepared = |body: &str| {
        let mut net = Net::new(&script(body));
        assert_eq!(net.start("A"), "1: s.one()\n2: s.two()");
        assert_eq!(net.answer("A", &[(1, "\"a\"")]), "3: s.go()");
        assert_eq!(net.answer("A", &[(2, "\"b\"")]), "");
        net
    };

    // A call is made once, and its answer is not asked for again.
    let mut net = prepared(r#"(par (call "A" ("s" "f") [i j]) (next i))"#);
    let asked = net.answer("A", &[(3, "0")]);
    assert_eq!(asked.lines().count(), 4, "{asked}");
    assert_eq!(net.answer("A", &[(4, "4"), (5, "5"), (6, "6"), (7, "7")]), "");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.data("A").shared().events().count(), 3 + 4);

    // A canon is fixed once, although the stream has grown when the place is visited again.
    let mut net = prepared(r##"(seq (canon "A" $u #u) (seq (ap i $u) (par (call "A" ("s" "f") [i j #u]) (next i))))"##);
    let asked = net.answer("A", &[(3, "0")]);
    assert_eq!(asked.lines().count(), 4, "{asked}");
    assert_eq!(net.start("A"), "", "no canon is disputed");
    assert_eq!(net.answer("A", &[(4, "4"), (5, "5"), (6, "6"), (7, "7")]), "");
    assert_eq!(net.data("A").shared().events().count(), 3 + 4 + 4);
}

/// Each time the last instruction runs it assigns anew: its reads never see what an earlier time assigned.
#[test]
fn a_last_instruction_that_runs_twice_knows_nothing_of_the_first_time() {
    let script = r#"(seq (call "A" ("get" "xs") [] xs)
        (fold xs i (fold xs j (par (next i) (next j)))
          (par (call "B" ("s" "f") [] x) (call "A" ("s" "r") [x]))))"#;
    let mut net = Net::new(script);
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "[1,2]")]), "next B");
    let asked = net.receive("B", "A");
    assert_eq!(asked.lines().count(), 4, "two items at two depths: {asked}");
    // One of the four answers lets one of the four reads go on, and no other.
    assert_eq!(net.answer("B", &[(1, "\"first\"")]), "next A");
    assert_eq!(net.receive("A", "B"), "2: s.r(\"first\") [B|s|f|]");
    assert_eq!(net.answer("B", &[(3, "\"third\"")]), "next A");
    assert_eq!(net.receive("A", "B"), "3: s.r(\"third\") [B|s|f|]");
}

/// What was passed over the first time may happen the second time, and the other way round.
#[test]
fn a_last_instruction_that_runs_twice_settles_its_assignments_each_time() {
    let last = r#"(seq (call "A" ("s" "c") [] c) (seq
        (seq (xor (match c 1 (ap "one" x)) (null)) (xor (match c 2 (ap "two" x)) (null)))
        (seq (seq (ap x seen) (ap x again)) (call "A" ("s" "r") [seen again x]))))"#;
    let body = format!("(seq (ap 0 x) (fold xs i (fold ys j (seq (next i) (next j)) (null)) {last}))");
    let mut net =
        Net::new(&format!(r#"(seq (seq (call "A" ("get" "xs") [] xs) (call "A" ("get" "ys") [] ys)) {body})"#));
    net.start("A");
    net.answer("A", &[(1, "[0]")]);
    let mut said = net.answer("A", &[(2, "[0,0,0,0]")]);
    for (time, (c, x)) in [("1", "\"one\""), ("0", "0"), ("2", "\"two\""), ("1", "\"one\"")].into_iter().enumerate() {
        let id = 3 + 2 * time as u32;
        assert_eq!(said, format!("{id}: s.c()"));
        let shown = format!("{}: s.r({x}, {x}, {x}) [A|||] [A|||] [A|||]", id + 1);
        assert_eq!(net.answer("A", &[(id, c)]), shown);
        said = net.answer("A", &[(id + 1, "null")]);
    }
}

#[test]
fn a_stream_declared_in_a_last_instruction_that_runs_twice_is_empty_each_time() {
    let body = r##"(fold xs i (fold xs j (seq (next i) (next j)))
        (new $s (seq (ap 1 $s) (seq (canon "A" $s #c) (call "A" ("s" "r") [#c])))))"##;
    let mut net = Net::new(&format!(r#"(seq (call "A" ("get" "xs") [] xs) {body})"#));
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "[1,2]")]), "2: s.r([1]) [A|||]");
    assert_eq!(net.answer("A", &[(2, "0")]), "3: s.r([1]) [A|||]");
    assert_eq!(net.answer("A", &[(3, "0")]), "4: s.r([1]) [A|||]");
}

/// What the body assigns after `next` has not run yet when the last instruction does, and does not make it wait.
#[test]
fn the_last_instruction_does_not_wait_for_what_comes_after_next() {
    let body = r#"(seq (ap "outer" x) (fold xs i (seq (next i) (ap "inner" x)) (call "A" ("s" "r") [x])))"#;
    assert_eq!(with(&[XS], body), "s.r(\"outer\") [A|||]");
}
