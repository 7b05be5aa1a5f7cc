//! Scripts worked through step by step, peer by peer: what each run asks for and whom it tells.

mod common;

use common::Net;

/// Two hops; ids on A run 1, 2.
#[test]
fn t01_relay() {
    let mut net = Net::new(
        r#"(seq (call "A" ("profile" "name") [] who)
             (seq (call "B" ("greet" "hello") [who] msg)
               (call "A" ("ui" "show") [msg])))"#,
    );
    assert_eq!(net.start("A"), "1: profile.name()");
    assert_eq!(net.answer("A", &[(1, "\"ann\"")]), "next B");
    assert_eq!(net.receive("B", "A"), "1: greet.hello(\"ann\") [A|profile|name|]");
    assert_eq!(net.answer("B", &[(1, "\"hi ann\"")]), "next A");
    assert_eq!(net.receive("A", "B"), "2: ui.show(\"hi ann\") [B|greet|hello|]");
    assert_eq!(net.answer("A", &[(2, "true")]), "");
}

/// The reference sends the last call before its arguments are known, and the variant never tells A. Here whoever
/// completes the join tells the one who waits.
#[test]
fn t02_join_of_two_remote_values() {
    let script = r#"(seq (par (call "B" ("temp" "read") [] t1) (call "C" ("temp" "read") [] t2))
                      (call "A" ("log" "put") [t1 t2]))"#;
    let mut net = Net::new(script);
    assert_eq!(net.start("A"), "next B C");
    let first = net.data("A");
    assert_eq!(net.receive("B", "A"), "1: temp.read()");
    assert_eq!(net.answer("B", &[(1, "20")]), "next A");
    assert_eq!(net.receive("C", "A"), "1: temp.read()");
    assert_eq!(net.answer("C", &[(1, "21")]), "next A");
    assert_eq!(net.receive("A", "B"), "");
    assert_eq!(net.receive("A", "C"), "1: log.put(20, 21) [B|temp|read|] [C|temp|read|]");

    // The variant: C starts from data that B already extended.
    let mut net = Net::new(script);
    net.start("A");
    net.receive_data("B", &first);
    net.answer("B", &[(1, "20")]);
    assert_eq!(net.receive("C", "B"), "1: temp.read()");
    assert_eq!(net.answer("C", &[(1, "21")]), "next A");
}

/// The failure travels as an event; A replays it and enters the handler.
#[test]
fn t03_remote_failure_handled_at_home() {
    let mut net = Net::new(
        r#"(xor (call "B" ("db" "get") ["k1"] row)
             (call "A" ("ui" "alert") [:error:.$.error_code :error:.$.message %last_error%.$.peer_id]))"#,
    );
    assert_eq!(net.start("A"), "next B");
    assert_eq!(net.receive("B", "A"), "1: db.get(\"k1\") [A|||]");
    assert_eq!(net.fail("B", 1, 404, "\"no row\""), "next A");
    assert_eq!(
        net.receive("A", "B"),
        "1: ui.alert(10000, \"the service failed with code 404: \\\"no row\\\"\", \"B\") \
         [B|db|get|.$.error_code] [B|db|get|.$.message] [B|db|get|.$.peer_id]"
    );
}

/// A fixes what it has; what arrives later never enters.
#[test]
fn t04_canon_does_not_wait() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("id" "val") ["x"] $names) (call "B" ("id" "val") ["y"] $names))
             (seq (canon "A" $names #list) (call "A" ("ui" "show") [#list #list.length])))"#,
    );
    assert_eq!(net.start("A"), "next B\n1: id.val(\"x\") [A|||]");
    let first = net.data("A");
    assert_eq!(net.answer("A", &[(1, "\"x\"")]), "2: ui.show([\"x\"], 1) [A|id|val|] [A|||.length]");
    assert_eq!(net.receive_data("B", &first), "1: id.val(\"y\") [A|||]");
    assert_eq!(net.answer("B", &[(1, "\"y\"")]), "next A");
    assert_eq!(net.receive("A", "B"), "");
}

#[test]
fn t05_remote_canon() {
    let mut net = Net::new(r#"(seq (ap "p" $s) (seq (canon "B" $s #list) (call "A" ("ui" "show") [#list.$.[0]])))"#);
    assert_eq!(net.start("A"), "next B");
    assert_eq!(net.receive("B", "A"), "next A");
    assert_eq!(net.receive("A", "B"), "1: ui.show(\"p\") [A|||]");
}

#[test]
fn t06_fan_out_over_a_scalar() {
    let script = |last: &str| {
        format!(
            r#"(seq (call "A" ("cfg" "peers") [] peers)
                 (seq (fold peers p (par (call p ("disk" "free") [] $free) (next p)) {last})
                   (call "A" ("ui" "started") [])))"#
        )
    };
    let mut net = Net::new(&script("(null)"));
    assert_eq!(net.start("A"), "1: cfg.peers()");
    assert_eq!(net.answer("A", &[(1, "[\"B\",\"C\"]")]), "next B C\n2: ui.started()");
    assert_eq!(net.receive("B", "A"), "1: disk.free()");
    // Without last instruction, the fold is complete when one of the calls is; the last `next` is bare and waits.
    let mut net = Net::new(&script(""));
    net.start("A");
    assert_eq!(net.answer("A", &[(1, "[\"B\",\"C\"]")]), "next B C");
    assert_eq!(net.receive("B", "A"), "1: disk.free()");
    assert_eq!(net.answer("B", &[(1, "70")]), "next A");
    assert_eq!(net.receive("A", "B"), "2: ui.started()");
}

#[test]
fn t07_sequential_route_over_a_canon() {
    let mut net = Net::new(
        r##"(seq (seq (seq (ap "B" $route) (ap "C" $route)) (canon "A" $route #route))
             (fold #route hop (seq (call hop ("trace" "ping") [hop]) (next hop)) (call "A" ("ui" "done") [])))"##,
    );
    assert_eq!(net.start("A"), "next B");
    assert_eq!(net.receive("B", "A"), "1: trace.ping(\"B\") [A|||]");
    assert_eq!(net.answer("B", &[(1, "\"ok\"")]), "next C");
    assert_eq!(net.receive("C", "B"), "1: trace.ping(\"C\") [A|||]");
    assert_eq!(net.answer("C", &[(1, "\"ok\"")]), "next A");
    assert_eq!(net.receive("A", "C"), "1: ui.done()");
}

#[test]
fn t08_self_feeding_stream() {
    let mut net = Net::new(
        r#"(seq (ap 2 $todo)
             (fold $todo k
               (seq (xor (mismatch k 0 (seq (call "A" ("math" "dec") [k] k1) (ap k1 $todo))) (null)) (next k))
               (null)))"#,
    );
    assert_eq!(net.start("A"), "1: math.dec(2) [A|||]");
    assert_eq!(net.answer("A", &[(1, "1")]), "2: math.dec(1) [A|math|dec|]");
    assert_eq!(net.answer("A", &[(2, "0")]), "");
    assert_eq!(net.start("A"), "");
}

/// On A the element that arrived first precedes the other, whatever the order of the text.
#[test]
fn t09_merge_of_three_stream_contributions() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("id" "val") ["a"] $s)
                  (par (call "B" ("id" "val") ["b"] $s) (call "C" ("id" "val") ["c"] $s)))
             (fold $s v (par (call "A" ("ui" "row") [v]) (next v))))"#,
    );
    assert_eq!(net.start("A"), "next B C\n1: id.val(\"a\") [A|||]");
    let first = net.data("A");
    assert_eq!(net.receive_data("B", &first), "1: id.val(\"b\") [A|||]");
    assert_eq!(net.answer("B", &[(1, "\"b\"")]), "next A");
    assert_eq!(net.receive_data("C", &first), "1: id.val(\"c\") [A|||]");
    assert_eq!(net.answer("C", &[(1, "\"c\"")]), "next A");
    assert_eq!(net.answer("A", &[(1, "\"a\"")]), "2: ui.row(\"a\") [A|id|val|]");
    assert_eq!(net.receive("A", "C"), "3: ui.row(\"c\") [C|id|val|]");
    assert_eq!(net.receive("A", "B"), "4: ui.row(\"b\") [B|id|val|]");
}

/// Duplicate key `red`: all values for the lens, the first entry for the fold and for the scalar.
#[test]
fn t10_stream_map() {
    let mut net = Net::new(
        r##"(seq (seq (seq (ap ("red" 1) %stock) (ap (5 "five") %stock)) (ap ("red" 2) %stock))
             (seq (seq (canon "A" %stock #%snap) (canon "A" %stock obj))
               (seq (seq (fold #%snap kv (seq (ap kv.$.key $order) (next kv))) (canon "A" $order #order))
                 (call "A" ("ui" "show")
                   [#%snap.$.red #%snap.$.red.[1] #%snap.$.[5] #%snap.$.none #%snap.length obj #order]))))"##,
    );
    assert_eq!(
        net.start("A"),
        "1: ui.show([1,2], 2, [\"five\"], [], 3, {\"5\":\"five\",\"red\":1}, [\"red\",5]) \
         [A|||.$.red] [A|||] [A|||.$.[5]] [A|||.$.none] [A|||.length] [A|||] [A|||.$.key A|||.$.key]"
    );
}

#[test]
fn t11_restricted_stream_per_iteration() {
    let mut net = Net::new(
        r##"(seq (call "A" ("cfg" "nums") [] nums)
             (fold nums i
               (new $acc (seq (seq (ap i $acc) (ap "end" $acc))
                 (seq (canon "A" $acc #acc) (seq (ap #acc $all) (next i)))))
               (seq (canon "A" $all #all) (call "A" ("ui" "show") [#all]))))"##,
    );
    assert_eq!(net.start("A"), "1: cfg.nums()");
    assert_eq!(net.answer("A", &[(1, "[1,2]")]), "2: ui.show([[1,\"end\"],[2,\"end\"]]) [A||| A|||]");
}

/// `fail :error:` raises the service's error again; afterwards `:error:` is clear and `%last_error%` is not.
#[test]
fn t12_rethrow() {
    let mut net = Net::new(
        r#"(seq
             (xor
               (xor (call "A" ("pay" "charge") [10] receipt)
                 (seq (call "A" ("log" "warn") [:error:.$.error_code]) (fail :error:)))
               (match :error:.$.error_code 10000 (call "A" ("ui" "sorry") [%last_error%.$.instruction])))
             (call "A" ("ui" "bye") [:error:.$.error_code %last_error%.$.error_code]))"#,
    );
    assert_eq!(net.start("A"), "1: pay.charge(10) [A|||]");
    assert_eq!(net.fail("A", 1, 2, "declined"), "2: log.warn(10000) [A|pay|charge|.$.error_code]");
    assert_eq!(
        net.answer("A", &[(2, "null")]),
        "3: ui.sorry(\"call \\\"A\\\" (\\\"pay\\\" \\\"charge\\\") [10] receipt\") [A|pay|charge|.$.instruction]"
    );
    assert_eq!(net.answer("A", &[(3, "null")]), "4: ui.bye(0, 10000) [A|||.$.error_code] [A|pay|charge|.$.error_code]");
}

/// Result 7 belongs to nobody; the others count.
#[test]
fn t13_partial_and_superfluous_results() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "one") [] a) (call "A" ("s" "two") [] b)) (call "A" ("s" "sum") [a b] c))"#,
    );
    assert_eq!(net.start("A"), "1: s.one()\n2: s.two()");
    assert_eq!(net.answer("A", &[(1, "1"), (7, "99")]), "unknown [7]");
    assert_eq!(net.answer("A", &[(2, "2")]), "3: s.sum(1, 2) [A|s|one|] [A|s|two|]");
    assert_eq!(net.answer("A", &[(3, "3")]), "");
}

/// A second assignment is not an error here: names are lexical, and the last assignment before a read counts.
#[test]
fn t14_second_assignment() {
    let mut net =
        Net::new(r#"(seq (seq (call "A" ("s" "one") [] a) (call "A" ("s" "two") [] a)) (call "A" ("s" "show") [a]))"#);
    assert_eq!(net.start("A"), "1: s.one()");
    assert_eq!(net.answer("A", &[(1, "1")]), "2: s.two()");
    assert_eq!(net.answer("A", &[(2, "2")]), "3: s.show(2) [A|s|two|]");
}

#[test]
fn t15_completeness_of_stream_folds() {
    let script = |last: &str| {
        format!(
            r#"(seq (seq (ap 1 $s) (ap 2 $s))
                 (seq (fold $s v (seq (ap v $copy) (next v)) {last}) (call "A" ("ui" "after") [])))"#
        )
    };
    assert_eq!(Net::new(&script("")).start("A"), "");
    assert_eq!(Net::new(&script("(null)")).start("A"), "1: ui.after()");
}

/// Each tetraplet is that of the origin with the path as resolved.
#[test]
fn t16_tetraplets() {
    let mut net = Net::new(
        r##"(seq (call "B" ("box" "open") [] o)
             (seq (seq (ap 1 i) (ap o.$.list l))
               (seq (seq (ap o $s) (canon "A" $s #c1))
                 (call "A" ("audit" "check")
                   [o o.$.list.[i] l.$.[0] l.length #c1 #c1.$.[0].list #c1.length "x" %ttl%]))))"##,
    );
    assert_eq!(net.start("A"), "next B");
    net.receive("B", "A");
    assert_eq!(net.answer("B", &[(1, "{\"list\":[7,8]}")]), "next A");
    assert_eq!(
        net.receive("A", "B"),
        "1: audit.check({\"list\":[7,8]}, 8, 7, 2, [{\"list\":[7,8]}], [7,8], 1, \"x\", 22) \
         [B|box|open|] [B|box|open|.$.list.[1]] [B|box|open|.$.list.[0]] [B|box|open|.$.list.length] [B|box|open|] \
         [B|box|open|.$.list] [A|||.length] [A|||] [A|||]"
    );
}

/// An error at the root suppresses nothing that was arranged before.
#[test]
fn t17_catchable_error_at_the_root() {
    let mut net =
        Net::new(r#"(seq (par (par (call "B" ("s" "f") []) (call "A" ("s" "g") [])) (null)) (fail 12 "stop"))"#);
    assert_eq!(net.start("A"), "error 10006: the script failed with code 12: stop\nnext B\n1: s.g()");
}

/// A run without news changes nothing: no iteration is lost.
#[test]
fn t18_running_again_loses_nothing() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "a") [] $s) (call "A" ("s" "b") [] $s))
             (fold $s i (seq (xor (match i "a" (ap "xa" $s)) (null))
               (seq (call "A" ("ui" "seen") [i]) (next i)))))"#,
    );
    assert_eq!(net.start("A"), "1: s.a()\n2: s.b()");
    assert_eq!(net.answer("A", &[(1, "\"a\"")]), "3: ui.seen(\"a\") [A|s|a|]\n4: ui.seen(\"xa\") [A|||]");
    assert_eq!(net.answer("A", &[(2, "\"b\"")]), "5: ui.seen(\"b\") [A|s|b|]");
    let before = net.data("A");
    assert_eq!(net.start("A"), "");
    assert_eq!(net.data("A"), before);
    assert_eq!(net.answer("A", &[(3, "1"), (4, "1"), (5, "1")]), "");
}

/// A failure is the same when it happens and when it is replayed: the fold waits both times.
#[test]
fn t19_first_and_replayed_failure_are_alike() {
    let mut net = Net::new(
        r#"(seq (ap 1 $s) (seq (fold $s i (seq (call "A" ("flaky" "go") [i]) (next i))) (call "A" ("ui" "next") [])))"#,
    );
    assert_eq!(net.start("A"), "1: flaky.go(1) [A|||]");
    assert_eq!(net.fail("A", 1, 3, "boom"), "");
    assert_eq!(net.start("A"), "");
}

/// After a `par` the registers are what they were before; both name the error caught now.
#[test]
fn t20_registers_after_par() {
    let mut net = Net::new(
        r#"(seq (par (fail 7 "first") (null))
             (xor (fail 8 "second")
               (call "A" ("ui" "show") [:error:.$.error_code :error:.$.instruction %last_error%.$.error_code])))"#,
    );
    assert_eq!(
        net.start("A"),
        "1: ui.show(8, \"fail 8 \\\"second\\\"\", 8) [A|||.$.error_code] [A|||.$.instruction] [A|||.$.error_code]"
    );
}

/// An error object does not name the peer that replays it, so all compute the same arguments.
#[test]
fn t21_error_objects_are_the_same_everywhere() {
    let mut net = Net::new(r#"(seq (ap "txt" x) (xor (ap x.$.field y) (call "B" ("s" "f") [%last_error%] z)))"#);
    assert_eq!(net.start("A"), "next B");
    assert_eq!(
        net.receive("B", "A"),
        "1: s.f({\"error_code\":10007,\"instruction\":\"ap x.$.field y\",\"message\":\
         \"field `field` of \\\"txt\\\", which is no object\"}) [A|||]"
    );
    assert_eq!(net.answer("B", &[(1, "1")]), "");
    assert_eq!(net.receive("A", "B"), "");
}
