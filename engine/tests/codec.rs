//! The encoding of data: one byte string per value, and everything else refused with its reason.

mod support;

use std::cell::Cell;

use airtight_engine::data::{
    ContentId, Data, DataError, Draft, ENGINE_VERSION, Holder, Journal, JournalError, ScriptHash, SegmentId, Shared,
    StoreName, decode, encode,
};
use airtight_engine::value::JsonError;
use proptest::prelude::*;
use support::{check, data, draft};

// ---- one encoding per value ----

#[test]
fn what_is_written_is_read() {
    let with_journal = Cell::new(0);
    check(5_000, data(), |data| {
        let bytes = encode(&data);
        let read = decode(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(encode(&read), bytes);
        prop_assert_eq!(read.shared().to_bytes(), data.shared().to_bytes());
        prop_assert_eq!(read.shared().hash(), data.shared().hash());
        with_journal.set(with_journal.get() + u32::from(data.journal().is_some()));
        prop_assert_eq!(read, data);
        Ok(())
    });
    assert!(with_journal.get() > 1_000);
}

/// Different data are different bytes.
#[test]
fn encoding_is_injective() {
    check(5_000, (data(), data()), |(a, b)| {
        prop_assert_eq!(a == b, encode(&a) == encode(&b));
        Ok(())
    });
}

/// So are data that differ in nothing but one result.
#[test]
fn equality_sees_results() {
    let singles: Vec<Shared> = (0..support::results().len()).map(|result| draft(&[(0, result, 0)])).collect();
    for (i, a) in singles.iter().enumerate() {
        for (j, b) in singles.iter().enumerate() {
            assert_eq!((a == b, a.to_bytes() == b.to_bytes(), a.hash() == b.hash()), (i == j, i == j, i == j));
        }
    }
}

/// Damaged bytes are refused, or are exactly the bytes of what they are read as.
#[test]
fn damage_is_understood_or_refused() {
    use prop::sample::Index;
    #[derive(Clone, Debug)]
    enum Damage {
        Flip(Index, u8),
        Replace(Index, u8),
        Insert(Index, u8),
        Delete(Index),
        Truncate(Index),
        Swap(Index, Index),
        Repeat(Index, Index),
    }
    let byte = || prop_oneof![prop::sample::select(b"0123456789abcdef{}[],:\" ".to_vec()), any::<u8>()];
    let damage = prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::Delete),
        any::<Index>().prop_map(Damage::Truncate),
        any::<(Index, Index)>().prop_map(|(a, b)| Damage::Swap(a, b)),
        any::<(Index, Index)>().prop_map(|(a, b)| Damage::Repeat(a, b)),
    ];
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    check(40_000, (data(), prop::collection::vec(damage, 1..3)), |(data, damages)| {
        let mut bytes = encode(&data);
        for damage in &damages {
            let len = bytes.len();
            match damage {
                _ if bytes.is_empty() => bytes.push(b'{'),
                Damage::Flip(at, bit) => bytes[at.index(len)] ^= 1 << bit,
                Damage::Replace(at, byte) => bytes[at.index(len)] = *byte,
                Damage::Insert(at, byte) => bytes.insert(at.index(len + 1), *byte),
                Damage::Delete(at) => drop(bytes.remove(at.index(len))),
                Damage::Truncate(at) => bytes.truncate(at.index(len)),
                Damage::Swap(a, b) => bytes.swap(a.index(len), b.index(len)),
                Damage::Repeat(a, b) => bytes.extend_from_within(a.index(len).min(b.index(len))..a.index(len)),
            }
        }
        match decode(&bytes) {
            Ok(read) => {
                prop_assert_eq!(encode(&read), bytes);
                accepted.set(accepted.get() + 1);
            }
            Err(_) => refused.set(refused.get() + 1),
        }
        Ok(())
    });
    println!("accepted {}, refused {}", accepted.get(), refused.get());
    assert!(accepted.get() > 1_000 && refused.get() > 20_000);
}

#[test]
fn any_bytes_are_refused_without_panic() {
    check(20_000, prop::collection::vec(any::<u8>(), 1..50), |bytes| {
        prop_assert!(decode(&bytes).is_err());
        Ok(())
    });
}

#[test]
fn no_bytes_are_nothing() {
    assert_eq!(decode(b""), Ok(Data::nothing()));
    assert_eq!(encode(&Data::nothing()), b"");
    assert!(Data::nothing().shared().is_empty());
    // A peer that ran the script and knows nothing says so, which is something.
    let empty = Data::new(ScriptHash::of(b"(null)"), Shared::default(), None);
    assert_ne!(encode(&empty), b"");
    assert_eq!(decode(&encode(&empty)), Ok(empty));
}

/// The format itself: a change here needs a new format version.
#[test]
fn the_format_is_pinned() {
    let mut journal = Journal::new("A");
    journal.request(SegmentId::root().place(3));
    let data = Data::new(ScriptHash::of(b"(null)"), draft(&[(0, 0, 0), (11, 4, 2), (22, 2, 5)]), Some(journal));
    let expected = concat!(
        r#"{"format":1,"engine":"ENGINE","#,
        r#""script":"6162cd1b4c56d6ca97f7a011546c20cf90e43aaa8975548e534ff6273e8dd439","#,
        r#""shared":{"values":["{\"k\":[1.5,\"\\\"\"]}","1"],"#,
        r#""tetraplets":[{"peer_pk":"A","service_id":"","function_name":"","lens":""},{"peer_pk":"B","#,
        r#""service_id":"db","function_name":"put","lens":".$.x"},{"peer_pk":"A","service_id":"db","#,
        r#""function_name":"get","lens":""}],"#,
        r#""calls":[{"value":1,"tetraplet":2,"#,
        r#""arguments":"44730cbaaac49851b5b5dd8f1cda6e700c73191748b0f60904074029795a3023","output":"scalar"},"#,
        r#"{"value":0,"tetraplet":1,"#,
        r#""arguments":"44730cbaaac49851b5b5dd8f1cda6e700c73191748b0f60904074029795a3023","output":"unused"}],"#,
        r#""canons":[{"tetraplet":0,"elements":[]}],"#,
        r#""trace":[{"claims":[{"call":0,"at":0}]},{"right":5},"#,
        r#"{"iterations":[["a799d8ce28f3b9937c0e67765f55578f",4]]},{},{},{},{"claims":[{"canon":0,"at":1}]},{},"#,
        r#"{"iterations":[["a799d8ce28f3b9937c0e67765f55578f",2]]},{},{"claims":[{"call":1,"at":2}]}]},"#,
        r#""journal":{"peer":"A","next":2,"pending":[[1,"8e65eb9e82426c08c62001c581da2bfe"]],"answers":[]}}"#,
    );
    let expected = expected.replace("ENGINE", ENGINE_VERSION);
    assert_eq!(String::from_utf8(encode(&data)).unwrap(), expected);
    assert_eq!(decode(expected.as_bytes()), Ok(data));
}

// ---- every refusal, by its smallest example ----

const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
const ORIGIN: &str = r#"{"peer_pk":"A","service_id":"","function_name":"","lens":""}"#;
const CLAIM: &str = r#"[{"claims":[{"call":0,"at":0}]}]"#;

fn envelope(rest: &str) -> String {
    format!(r#"{{"format":1,"engine":"0.1.0","script":"{ZERO}","shared":{rest}}}"#)
}

fn stores(values: &[&str], origins: &[&str], calls: &[&str], canons: &[&str], trace: &str) -> String {
    let values: Vec<String> = values.iter().map(|value| serde_json::to_string(value).unwrap()).collect();
    let [values, origins] = [values.join(","), origins.join(",")];
    let [calls, canons] = [calls.join(","), canons.join(",")];
    envelope(&format!(
        r#"{{"values":[{values}],"tetraplets":[{origins}],"calls":[{calls}],"canons":[{canons}],"trace":{trace}}}"#
    ))
}

fn call(value: usize, origin: usize, output: &str) -> String {
    format!(r#"{{"value":{value},"tetraplet":{origin},"arguments":"{ZERO}","output":"{output}"}}"#)
}

fn canon(origin: usize, elements: &str) -> String {
    format!(r#"{{"tetraplet":{origin},"elements":{elements}}}"#)
}

/// Data whose only call has this value.
fn value(text: &str) -> String {
    stores(&[text], &[ORIGIN], &[&call(0, 0, "scalar")], &[], CLAIM)
}

/// Data with one call and this trace.
fn trace(trace: &str) -> String {
    stores(&["1"], &[ORIGIN], &[&call(0, 0, "scalar")], &[], trace)
}

/// Data with a journal.
fn journal(journal: &str) -> String {
    let whole = trace(CLAIM);
    format!(r#"{},"journal":{journal}}}"#, whole.strip_suffix('}').unwrap())
}

#[track_caller]
fn refused(text: &str) -> DataError {
    decode(text.as_bytes()).expect_err(text)
}

#[track_caller]
fn accepted(text: &str) {
    let data = decode(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
    assert_eq!(String::from_utf8(encode(&data)).unwrap(), text);
}

#[test]
fn the_examples_are_one_step_from_good() {
    accepted(&value("1"));
    accepted(&trace(CLAIM));
    accepted(&journal(r#"{"peer":"A","next":1,"pending":[],"answers":[]}"#));
    accepted(&stores(&[], &[], &[], &[], "[]"));
    accepted(&stores(&[], &[ORIGIN], &[], &[&canon(0, "[]")], r#"[{"claims":[{"canon":0,"at":0}]}]"#));
}

#[test]
fn refuses_other_encodings_and_versions() {
    for first in [b' ', b'[', 0x83, 0] {
        assert_eq!(decode(&[first, b'}']), Err(DataError::UnknownEncoding { first }));
    }
    assert_eq!(refused(r#"{"format":2}"#), DataError::FormatVersion { found: 2 });
    assert_eq!(refused(&trace(CLAIM).replace(":1,", ":0,")), DataError::FormatVersion { found: 0 });
    for engine in ["", "0.1.0 ", "é", &"1".repeat(65)] {
        assert_eq!(refused(&trace(CLAIM).replace("0.1.0", engine)), DataError::EngineVersion);
    }
    accepted(&trace(CLAIM).replace("0.1.0", "12.0.0-rc.1+b"));
}

#[test]
fn refuses_other_forms() {
    let good = trace(CLAIM);
    let examples = [
        "{".into(),
        "{}".into(),
        format!("{good}x"),
        good.replace(r#"{"format":1,"#, r#"{"format":1,"format":1,"#),
        good.replace(r#"{"format":1,"#, r#"{"format":1,"more":1,"#),
        good.replace(r#""format":1"#, r#""format":1.0"#),
        good.replace(r#""canons":[],"#, ""),
        good.replace("\"scalar\"", "\"Scalar\""),
        good.replace(r#""at":0"#, r#""at":00"#),
        good.replace(r#""at":0"#, r#""at":-1"#),
        good.replace(r#""at":0"#, r#""at":0.0"#),
        good.replace(r#""at":0"#, r#""at":1e0"#),
        good.replace(r#""at":0"#, r#""at":18446744073709551616"#),
        good.replace(r#""call":0,"#, ""),
        good.replace(r#""call":0,"#, r#""call":0,"canon":0,"#),
        good.replace(r#""script":"00"#, r#""script":"0"#),
        good.replace(r#""script":"00"#, r#""script":"0A"#),
        good.replace(r#""script":"00"#, r#""script":"000"#),
        good.replace(r#""script":"00"#, r#""script":"0000"#),
        good.replace(r#""script":"00"#, r#""script":""#),
        trace(r#"[{"middle":1}]"#),
        trace(r#"[[]]"#),
        trace(r#"[{"iterations":[["00",1]]}]"#),
        good.replace("\"A\"", "\"\u{1}\""),
        "{\"a\":".repeat(200),
    ];
    for example in examples {
        assert!(matches!(refused(&example), DataError::Form { .. }), "{example}: {:?}", refused(&example));
    }
    let message = refused(&good.replace(r#""call":0,"#, "")).to_string();
    let (begin, end) = ("not the form of data at line 1, column ", ": a claim has exactly one of `call` and `canon`");
    assert!(message.starts_with(begin) && message.ends_with(end), "{message}");
    assert!(matches!(decode(b"{\"engine\":\"\xff\"}"), Err(DataError::Form { .. })));
}

#[test]
fn refuses_values_that_are_not_their_own_print() {
    let error = |text: &str| match refused(&value(text)) {
        DataError::Value { index: 0, error } => error,
        other => panic!("{text}: {other}"),
    };
    for text in ["", "{oops", "1 2", "nan", "\"\\ud800\""] {
        assert!(matches!(error(text), JsonError::Syntax { .. }), "{text}");
    }
    assert!(matches!(error("1e999"), JsonError::NumberOutOfRange { .. }));
    assert!(matches!(error(&format!("{}{}", "[".repeat(128), "]".repeat(128))), JsonError::TooDeep { .. }));
    accepted(&value(&format!("{}{}", "[".repeat(127), "]".repeat(127))));
    for (text, expected) in [
        ("[1, 2]", "[1,2]"),
        (" 1", "1"),
        ("{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"),
        ("{\"a\":1,\"a\":1}", "{\"a\":1}"),
        ("1e0", "1.0"),
        ("1.00", "1.0"),
        ("-0", "-0.0"),
        ("0.10000000000000001", "0.1"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("\"\\u0041\"", "\"A\""),
        ("\"\\/\"", "\"/\""),
    ] {
        let expected = expected.to_owned();
        assert_eq!(refused(&value(text)), DataError::ValueForm { index: 0, expected }, "{text}");
    }
}

/// Of two entries one order is accepted; the other one, and either twice, are refused.
#[track_caller]
fn one_order(store: StoreName, entries: [&str; 2], text: impl Fn(&[&str]) -> String) {
    let [a, b] = entries;
    let out_of_order = Err(DataError::StoreOrder { store, index: 1 });
    let orders = [decode(text(&[a, b]).as_bytes()), decode(text(&[b, a]).as_bytes())];
    assert_eq!(orders.iter().filter(|order| order.is_ok()).count(), 1, "{orders:?}");
    assert!(orders.map(|order| order.map(drop)).contains(&out_of_order.clone().map(drop)));
    for twice in [a, b] {
        assert_eq!(decode(text(&[twice, twice]).as_bytes()), out_of_order);
    }
}

#[test]
fn refuses_stores_out_of_order() {
    let other = ORIGIN.replace('A', "B");
    let two = r#"[{"claims":[{"call":0,"at":0},{"call":1,"at":0}]}]"#;
    // Calls of two values or two tetraplets would themselves depend on the order, so a canon names both.
    let canon_of = |elements: &str| [canon(0, elements)];
    let canon_claim = r#"[{"claims":[{"canon":0,"at":0}]}]"#;
    one_order(StoreName::Values, ["1", "2"], |values| {
        stores(values, &[ORIGIN], &[], &canon_of("[[0,0],[1,0]]").each_ref().map(|canon| &**canon), canon_claim)
    });
    one_order(StoreName::Tetraplets, [ORIGIN, &other], |origins| {
        stores(&["1"], origins, &[], &canon_of("[[0,0],[0,1]]").each_ref().map(|canon| &**canon), canon_claim)
    });
    one_order(StoreName::Calls, [&call(0, 0, "scalar"), &call(0, 0, "stream")], |calls| {
        stores(&["1"], &[ORIGIN], calls, &[], two)
    });
    one_order(StoreName::Canons, [&canon(0, "[]"), &canon(0, "[[0,0]]")], |canons| {
        stores(&["1"], &[ORIGIN], &[], canons, &two.replace("call", "canon"))
    });
    assert!(ContentId::of_value("1") != ContentId::of_value("2"));
}

#[test]
fn refuses_indices_out_of_range() {
    let out_of_range = |holder, store, index, len| DataError::OutOfRange { holder, store, index, len };
    for index in [1, usize::MAX] {
        let text = stores(&["1"], &[ORIGIN], &[&call(index, 0, "scalar")], &[], CLAIM);
        assert_eq!(refused(&text), out_of_range(Holder::Call(0), StoreName::Values, index, 1));
        let text = stores(&["1"], &[ORIGIN], &[&call(0, index, "scalar")], &[], CLAIM);
        assert_eq!(refused(&text), out_of_range(Holder::Call(0), StoreName::Tetraplets, index, 1));
        let text = stores(&["1"], &[ORIGIN], &[], &[&canon(index, "[]")], CLAIM);
        assert_eq!(refused(&text), out_of_range(Holder::Canon(0), StoreName::Tetraplets, index, 1));
        let text = stores(&["1"], &[ORIGIN], &[], &[&canon(0, &format!("[[{index},0]]"))], CLAIM);
        assert_eq!(refused(&text), out_of_range(Holder::Canon(0), StoreName::Values, index, 1));
        let text = stores(&["1"], &[ORIGIN], &[], &[&canon(0, &format!("[[0,{index}]]"))], CLAIM);
        assert_eq!(refused(&text), out_of_range(Holder::Canon(0), StoreName::Tetraplets, index, 1));
        let text = trace(&format!(r#"[{{"claims":[{{"call":{index},"at":0}}]}}]"#));
        assert_eq!(refused(&text), out_of_range(Holder::Place(0), StoreName::Calls, index, 1));
        let text = trace(&format!(r#"[{{}},{{"claims":[{{"canon":{index},"at":0}}]}}]"#));
        assert_eq!(refused(&text), out_of_range(Holder::Place(1), StoreName::Canons, index, 0));
    }
}

#[test]
fn refuses_what_nothing_names() {
    let unreferenced = |store, index| DataError::Unreferenced { store, index };
    let text = stores(&["1"], &[], &[], &[], "[]");
    assert_eq!(refused(&text), unreferenced(StoreName::Values, 0));
    let text = stores(&[], &[ORIGIN], &[], &[], "[]");
    assert_eq!(refused(&text), unreferenced(StoreName::Tetraplets, 0));
    assert_eq!(refused(&trace("[]")), unreferenced(StoreName::Calls, 0));
    let text = stores(&[], &[ORIGIN], &[], &[&canon(0, "[]")], "[]");
    assert_eq!(refused(&text), unreferenced(StoreName::Canons, 0));
}

#[test]
fn refuses_calls_without_one_outcome() {
    let both = call(0, 0, "scalar").replace(r#"{"value":0"#, r#"{"value":0,"failure":0"#);
    let none = call(0, 0, "scalar").replace(r#""value":0,"#, "");
    for call in [both, none] {
        let text = stores(&["1"], &[ORIGIN], &[&call], &[], CLAIM);
        assert_eq!(refused(&text), DataError::Outcome { index: 0 });
    }
    accepted(&stores(&["1"], &[ORIGIN], &[&call(0, 0, "scalar").replace("value", "failure")], &[], CLAIM));
}

#[test]
fn refuses_places_out_of_order() {
    let a = r#"{"call":0,"at":0}"#;
    let text = trace(&format!(r#"[{{"claims":[{a},{a}]}}]"#));
    assert_eq!(refused(&text), DataError::ClaimOrder { place: 0 });
    // Equal results in two blocks are one claim, too.
    let text = trace(&format!(r#"[{{}},{{"claims":[{a},{}]}}]"#, a.replace(r#""at":0"#, r#""at":1"#)));
    assert_eq!(refused(&text), DataError::ClaimOrder { place: 1 });
    let text = stores(
        &["1"],
        &[ORIGIN],
        &[&call(0, 0, "scalar")],
        &[&canon(0, "[]")],
        r#"[{"claims":[{"canon":0,"at":0},{"call":0,"at":0}]}]"#,
    );
    assert_eq!(refused(&text), DataError::ClaimOrder { place: 0 });

    let place = &CLAIM[1..CLAIM.len() - 1];
    let (one, two) = ("00000000000000000000000000000001", "00000000000000000000000000000002");
    for children in [
        r#""right":1,"left":1"#.to_owned(),
        r#""left":1,"left":1"#.to_owned(),
        format!(r#""iterations":[["{two}",1],["{one}",1]]"#),
        format!(r#""iterations":[["{one}",1],["{one}",1]]"#),
        format!(r#""lasts":[["{one}",1]],"iterations":[["{two}",1]]"#),
        format!(r#""iterations":[["{one}",1]],"right":1"#),
    ] {
        let text = trace(&format!("[{{{children}}},{place},{place}]"));
        assert_eq!(refused(&text), DataError::ChildOrder { place: 0 }, "{text}");
    }
    accepted(&trace(&format!(r#"[{{"left":1,"lasts":[["{one}",1]]}},{place},{place}]"#)));
    accepted(&trace(&format!(r#"[{{"iterations":[["{one}",1],["{two}",1]]}},{place},{place}]"#)));
}

#[test]
fn refuses_sizes_that_do_not_fit() {
    let place = &CLAIM[1..CLAIM.len() - 1];
    assert_eq!(refused(&trace(r#"[{"left":0}]"#)), DataError::EmptyChild { place: 0 });
    for size in [2, usize::MAX] {
        let text = trace(&format!(r#"[{{"left":{size}}},{place}]"#));
        assert_eq!(refused(&text), DataError::ChildSize { place: 0 });
        let text = trace(&format!(r#"[{{"left":1,"right":{size}}},{place},{place}]"#));
        assert_eq!(refused(&text), DataError::ChildSize { place: 0 });
    }
    // Within the trace, but beyond the segment around.
    let text = trace(&format!(r#"[{{"left":2}},{{"left":2}},{place},{place}]"#));
    assert_eq!(refused(&text), DataError::ChildSize { place: 1 });
    accepted(&trace(&format!(r#"[{{"left":2}},{{"left":1}},{place},{place}]"#)));
}

#[test]
fn refuses_places_that_carry_nothing_at_the_end() {
    let place = &CLAIM[1..CLAIM.len() - 1];
    assert_eq!(refused(&trace("[{}]")), DataError::EmptyLast { place: 0 });
    assert_eq!(refused(&trace(&format!("[{place},{{}}]"))), DataError::EmptyLast { place: 1 });
    let text = trace(&format!(r#"[{{"left":1,"right":1}},{{}},{place}]"#));
    assert_eq!(refused(&text), DataError::EmptyLast { place: 1 });
    let text = trace(&format!(r#"[{{"left":2}},{place},{{}},{place}]"#));
    assert_eq!(refused(&text), DataError::EmptyLast { place: 2 });
    accepted(&trace(&format!("[{{}},{{}},{place}]")));
}

#[test]
fn refuses_gaps_in_blocks() {
    let at = |blocks: &[usize]| {
        let places = blocks.iter().map(|at| CLAIM[1..CLAIM.len() - 1].replace(r#""at":0"#, &format!(r#""at":{at}"#)));
        trace(&format!("[{}]", places.collect::<Vec<_>>().join(",")))
    };
    assert_eq!(refused(&at(&[1])), DataError::BlockRange { place: 0, at: 1, claims: 1 });
    assert_eq!(refused(&at(&[0, usize::MAX])), DataError::BlockRange { place: 1, at: usize::MAX, claims: 2 });
    assert_eq!(refused(&at(&[1, 1])), DataError::BlockGap { block: 0 });
    assert_eq!(refused(&at(&[2, 0, 0])), DataError::BlockGap { block: 1 });
    accepted(&at(&[1, 0]));
    accepted(&at(&[0, 1, 0]));
}

#[test]
fn refuses_journals_that_contradict_themselves() {
    let place = |number| SegmentId::root().place(number);
    let mut places = [place(1), place(2)];
    places.sort();
    let [low, high] = places;
    let of = |next: u32, pending: &str, answers: &str| {
        refused(&journal(&format!(r#"{{"peer":"A","next":{next},"pending":[{pending}],"answers":[{answers}]}}"#)))
    };
    let error = DataError::Journal;
    assert_eq!(of(0, "", ""), error(JournalError::NoNextId));
    for id in [0, 2] {
        assert_eq!(of(2, &format!(r#"[{id},"{low}"]"#), ""), error(JournalError::PendingOrder { index: 0, id }));
    }
    let two = format!(r#"[2,"{low}"],[1,"{high}"]"#);
    assert_eq!(of(3, &two, ""), error(JournalError::PendingOrder { index: 1, id: 1 }));
    let one_id = format!(r#"[1,"{low}"],[1,"{high}"]"#);
    assert_eq!(of(3, &one_id, ""), error(JournalError::PendingOrder { index: 1, id: 1 }));
    let twice = format!(r#"[1,"{low}"],[2,"{low}"]"#);
    assert_eq!(of(3, &twice, ""), error(JournalError::PlaceTwice { index: 1, place: low }));
    let answer = r#"{"ret_code":0,"result":""}"#;
    for (first, second) in [(high, low), (low, low)] {
        let answers = format!(r#"["{first}",{answer}],["{second}",{answer}]"#);
        assert_eq!(of(1, "", &answers), error(JournalError::AnswerOrder { index: 1, place: second }));
    }
    let text =
        format!(r#"{{"peer":"A","next":3,"pending":[[1,"{high}"],[2,"{low}"]],"answers":[["{low}",{answer}]]}}"#);
    accepted(&journal(&text));
}

#[test]
fn refuses_other_ways_to_write_the_same() {
    let good = trace(CLAIM);
    let examples = [
        good.replacen(':', ": ", 1),
        good.replacen(':', ":\n", 1),
        format!("{good} "),
        format!("{good}\n"),
        good.replacen("{\"format\":1,\"engine\":\"0.1.0\"", "{\"engine\":\"0.1.0\",\"format\":1", 1),
        good.replace(r#""call":0,"at":0"#, r#""at":0,"call":0"#),
        good.replace(r#""call":0"#, r#""call":0,"canon":null"#),
        good.replace("\"A\"", "\"\\u0041\""),
        good.replace("\"call\"", "\"\\u0063all\""),
        good.replace(r#""values":["1"]"#, r#""values":["\u0031"]"#),
        journal("null"),
        trace(r#"[{"claims":[{"call":0,"at":0}],"iterations":[]}]"#),
        trace(r#"[{"claims":[]},{"claims":[{"call":0,"at":0}]}]"#),
        trace(r#"[{"left":1,"claims":[{"call":0,"at":0}]},{"claims":[{"call":0,"at":0}]}]"#),
    ];
    for example in examples {
        let DataError::NotCanonical { byte } = refused(&example) else { panic!("{example}: {}", refused(&example)) };
        // The error points at the first byte that differs from the canonical encoding of what the text means.
        assert!(byte <= example.len() && example.is_char_boundary(byte), "{example}");
    }
    assert_eq!(refused(&format!("{good} ")), DataError::NotCanonical { byte: good.len() });
    assert_eq!(refused(&good.replacen(':', ": ", 1)), DataError::NotCanonical { byte: r#"{"format":"#.len() });
}

/// A character has one escape: the short one, where there is one.
#[test]
fn refuses_long_escapes_of_what_has_short_ones() {
    let named = |escape: &str| trace(CLAIM).replace("\"A\"", &format!("\"{escape}\""));
    for (short, long) in [("\\b", "0008"), ("\\t", "0009"), ("\\n", "000a"), ("\\f", "000c"), ("\\r", "000d")] {
        accepted(&named(short));
        let long = named(&format!("\\u{long}"));
        assert!(matches!(refused(&long), DataError::NotCanonical { .. }), "{long}");
    }
    accepted(&named("\\u000b"));
}

/// Numbers in the data are bounds of nothing: memory and time follow the length of the input.
#[test]
fn huge_numbers_cost_nothing() {
    for number in ["4294967295", "9223372036854775807", "18446744073709551615"] {
        for field in [r#"{"left":N}"#, r#"{"claims":[{"call":N,"at":0}]}"#, r#"{"claims":[{"call":0,"at":N}]}"#] {
            refused(&trace(&format!("[{}]", field.replace('N', number))));
        }
    }
    let places = trace(&format!("[{}{{}}]", "{},".repeat(1_000_000)));
    assert_eq!(refused(&places), DataError::EmptyLast { place: 1_000_000 });
}

#[test]
fn drafts_of_nothing_are_empty() {
    let mut empty = Draft::new();
    let root = empty.root();
    let child = empty.child(root, 3, airtight_engine::data::Branch::Left);
    empty.child(child, 1, airtight_engine::data::Branch::Right);
    assert_eq!(empty.finish(), Shared::default());
}

/// What has another type than it must is refused with what was expected.
#[test]
fn types_are_named() {
    let data = Data::new(ScriptHash::of(b""), draft(&[(0, 0, 0)]), None);
    let text = String::from_utf8(encode(&data)).expect("data are text");
    let trace = text.find("\"trace\":").expect("there is a trace");
    let with_trace = |trace_text: &str| format!("{}\"trace\":{trace_text}}}}}", &text[..trace]);
    let values = text.find("\"values\":[\"").expect("there is a value");
    let value = format!("{}\"values\":[7,\"{}", &text[..values], &text[values + "\"values\":[\"".len()..]);
    for (bytes, expected) in [
        (value, "expected the text of a JSON value"),
        (with_trace("7"), "expected a list of places"),
        (with_trace("[7]"), "expected a place"),
        (with_trace("[{\"claims\":7}]"), "expected a list of claims"),
        (with_trace("[{\"iterations\":7}]"), "expected a list of values with the number of places of each"),
        (with_trace("[{\"iterations\":[[7,1]]}]"), "expected 32 lower-case hexadecimal digits"),
    ] {
        let error = decode(bytes.as_bytes()).expect_err(&bytes).to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// What is empty says so, and numbers say enough of what may be huge.
#[test]
fn data_tell_of_themselves() {
    let (one, nothing) = (draft(&[(0, 0, 0)]), Shared::default());
    assert_eq!((nothing.is_empty(), nothing.trace().is_empty(), nothing.trace().root().is_empty()), (true, true, true));
    assert_eq!((one.is_empty(), one.trace().is_empty(), one.trace().root().is_empty()), (false, false, false));
    let stores = one.stores();
    assert_eq!(
        (stores.calls.is_empty(), stores.canons.is_empty(), nothing.stores().calls.is_empty()),
        (false, true, true)
    );
    assert_eq!(one.trace().place_count(), one.trace().root().flat_len());
    let mut rest = one.trace().root();
    assert!(rest.by_ref().count() > 0 && rest.is_empty(), "after all places none is left");
    assert_eq!(format!("{:?}", nothing.trace()), "Trace(0 places, 0 claims, 0 children, 0 blocks)");
    assert_eq!(format!("{:?}", nothing.trace().root()), "Segment(0..0)");
    let claim = one.trace().claims().first().expect("something happened");
    assert_eq!(format!("{claim:?}"), "Claim { result: Call(#0), at: 0 }");
    let first = one.trace().root().next().expect("there is a place");
    assert!(format!("{first:?}").starts_with("Place(0, ["), "{first:?}");
}

#[test]
#[should_panic(expected = "a segment of another draft")]
fn segments_belong_to_their_draft() {
    let mut larger = Draft::new();
    let inner = larger.child(larger.root(), 0, airtight_engine::data::Branch::Left);
    Draft::new().claim(inner, 0, &support::results()[0], 0);
}
