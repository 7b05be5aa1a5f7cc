//! JSON values: canonical text, equality, limits, and bad input.

use airtight_engine::value::{Array, Json, JsonError, MAX_DEPTH, Number, Object, Text, TooDeep};
use proptest::prelude::*;

fn parse(text: &str) -> Json {
    Json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn text(source: &str) -> String {
    parse(source).to_text()
}

#[test]
fn canonical_text_is_compact_and_sorted_by_bytes() {
    assert_eq!(text(r#" { "z" : 1.0 , "a" : [ ] } "#), r#"{"a":[],"z":1.0}"#);
    assert_eq!(text(r#"{"é":1,"z":2,"Z":3,"":4,"zz":5}"#), r#"{"":4,"Z":3,"z":2,"zz":5,"é":1}"#);
    assert_eq!(text(r#""\u0041\/\u00e9\n\u0001\"\\""#), r#""A/é\n\u0001\"\\""#);
    assert_eq!(text(r#""\ud83d\ude00""#), "\"😀\"");
}

#[test]
fn the_last_of_duplicate_keys_wins() {
    assert_eq!(text(r#"{"a":1,"a":2}"#), r#"{"a":2}"#);
    assert_eq!(text(r#"{"b":1,"a":1,"b":2,"a":2,"b":3}"#), r#"{"a":2,"b":3}"#);
    assert_eq!(parse(r#"{"k":[1],"k":null}"#).as_object().unwrap().get("k"), Some(&Json::Null));
}

/// The printed form of numbers reaches content ids, so a change of these lines is a change of the data format.
#[test]
fn numbers_print_as_pinned() {
    for (source, printed) in [
        ("0", "0"),
        ("-0", "-0.0"),
        ("-0.0", "-0.0"),
        ("1.0", "1.0"),
        ("1e0", "1.0"),
        ("1E+2", "100.0"),
        ("9007199254740993", "9007199254740993"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616", "1.8446744073709552e+19"),
        ("-9223372036854775809", "-9.223372036854776e+18"),
        ("1e16", "1e+16"),
        ("123456789012345680.0", "1.2345678901234568e+17"),
        ("1e15", "1000000000000000.0"),
        ("0.00001", "0.00001"),
        ("0.000001", "1e-6"),
        ("5e-324", "5e-324"),
        ("1e-400", "0.0"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("0.1", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"),
    ] {
        assert_eq!(text(source), printed, "{source}");
    }
}

#[test]
fn equality_is_structural_and_strict() {
    let equal = |a: &str, b: &str| parse(a) == parse(b);
    assert!(equal("0.0", "-0.0"));
    assert!(equal("1e0", "1.0"));
    assert!(equal(r#"{"a":1,"b":[0.0]}"#, r#"{"b":[-0.0],"a":1}"#));
    assert!(!equal("1", "1.0"));
    assert!(!equal("0", "-0"));
    assert!(!equal("1", "\"1\""));
    assert!(!equal("[1,2]", "[2,1]"));
    assert!(!equal(r#"{"a":null}"#, "{}"));
    assert!(!equal("null", "false"));
    assert_eq!(Json::from(7_i64), Json::from(7_u64));
    assert_eq!(Number::from(-1_i64).as_u64(), None);
    assert_eq!(Number::from(u64::MAX).as_i64(), None);
}

#[test]
fn depth_ends_at_127_everywhere() {
    let most = usize::from(MAX_DEPTH);
    for (open, core, close) in [("[", "", "]"), ("{\"k\":", "1", "}")] {
        let fits = format!("{}{core}{}", open.repeat(most), close.repeat(most));
        assert_eq!(parse(&fits).depth(), MAX_DEPTH);
        let deeper = format!("{open}{fits}{close}");
        assert!(matches!(Json::parse(deeper.as_bytes()), Err(JsonError::TooDeep { line: 1, .. })), "{deeper}");
        assert_eq!(Array::new(vec![Json::Null, parse(&fits)]).unwrap_err(), TooDeep);
        assert_eq!(Object::new(vec![("k".into(), parse(&fits))]).unwrap_err(), TooDeep);
    }
    assert_eq!(Array::new(vec![Json::Null, parse("[]")]).unwrap().to_vec(), vec![Json::Null, parse("[]")]);
    // A million levels are refused without a million frames.
    assert!(matches!(Json::parse(&[b'['; 1_000_000]), Err(JsonError::TooDeep { .. })));
}

#[test]
fn bad_text_is_refused_by_kind_and_place() {
    let bad =
        ["", " ", "{", "[1,]", "{\"a\"}", "nul", "01", "1.", "+1", "NaN", "\"\\ud800\"", "\"\t\"", "1 2", "{oops"];
    for bad in bad {
        assert!(matches!(Json::parse(bad.as_bytes()), Err(JsonError::Syntax { .. })), "{bad:?}");
    }
    assert!(matches!(Json::parse(b"\"\xff\""), Err(JsonError::Syntax { .. })));
    assert!(matches!(Json::parse(b"[1,\n 1e999]"), Err(JsonError::NumberOutOfRange { line: 2, .. })));
    assert!(matches!(Json::parse(b"-1e999"), Err(JsonError::NumberOutOfRange { .. })));
    assert_eq!(Json::parse(b"[1 2]").unwrap_err().to_string(), "not a JSON text at line 1, column 4");
    assert_eq!(Number::from_f64(f64::NAN), None);
    assert_eq!(Number::from_f64(f64::INFINITY), None);
}

/// A value of 2^100 characters made of a hundred arrays: known to be too long without anybody printing it.
#[test]
fn shared_values_know_their_length() {
    let mut value = Json::from("x");
    for _ in 0..100 {
        value = Json::Array(Array::new(vec![value.clone(), value]).unwrap());
    }
    assert_eq!(value.text_len(), u64::MAX);
    assert_eq!(value.depth(), 100);
    assert!(value == value.clone());
}

/// Reading, printing, comparing, cloning and dropping the deepest value takes little stack.
#[test]
fn the_deepest_value_fits_a_small_stack() {
    let work = || {
        let source = format!("{}1{}", "[{\"k\":".repeat(63), "}]".repeat(63));
        let (one, other) = (parse(&source), parse(&source));
        assert_eq!(one, other);
        assert_eq!(one.to_text(), source);
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

fn values() -> impl Strategy<Value = Json> {
    let double = any::<f64>().prop_filter_map("finite", Number::from_f64).prop_map(Json::Number);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        double,
        prop::collection::vec(any::<char>(), 0..6).prop_map(|chars| Json::from(&*String::from_iter(chars))),
        prop::collection::vec(0_u8..128, 0..6).prop_map(|chars| Json::from(&*String::from_utf8(chars).unwrap())),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop::sample::select(vec!["", "a", "b", "ab", "é", "\u{0}", "\"", "\u{7f}"]);
        let field = (key.prop_map(Text::from), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..5).prop_map(|items| Json::Array(Array::new(items).unwrap())),
            prop::collection::vec(field, 0..5).prop_map(|fields| Json::Object(Object::new(fields).unwrap())),
        ]
    })
}

/// Texts near JSON, of the tokens that make it.
fn near_json() -> impl Strategy<Value = String> {
    let tokens = [
        "[", "]", "{", "}", ",", ":", "\"", "\"a\"", "\"b\"", "1", "-", "0", ".5", "e", "E9", "null", "true", " ",
        "\\n",
    ];
    prop::collection::vec(prop::sample::select(tokens.to_vec()), 0..9).prop_map(|tokens| tokens.concat())
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 2_000,
        max_shrink_iters: 50_000,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    /// Print and read give the same value, text and length; doubles keep every bit.
    #[test]
    fn text_round_trips(value in values()) {
        let text = value.to_text();
        prop_assert_eq!(value.text_len(), text.len() as u64);
        let again = Json::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(again.to_text(), text);
        prop_assert_eq!(again.depth(), value.depth());
        prop_assert_eq!(again, value);
    }

    /// Our reader agrees with the library's own value type about what is JSON and what it means.
    #[test]
    fn agrees_with_serde_json(text in near_json()) {
        let (ours, theirs) = (Json::parse(text.as_bytes()), serde_json::from_str::<serde_json::Value>(&text));
        prop_assert_eq!(ours.is_ok(), theirs.is_ok());
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.to_text(), theirs.to_string());
        }
    }

    /// Any bytes at all are read or refused.
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let _ = Json::parse(&bytes);
    }
}
