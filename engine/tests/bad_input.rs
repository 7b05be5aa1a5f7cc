//! Any bytes give findings with places inside them; nothing panics, overflows or takes more than linear time.

use airtight_engine::script::{Code, Diagnostics, Script, Severity};

/// The findings about an input, checked: spans lie inside it, on character boundaries.
fn findings(input: &[u8]) -> Diagnostics {
    let found = match Script::parse(input) {
        Ok(script) => script.warnings().clone(),
        Err(errors) => {
            assert!(errors.count(Severity::Error) > 0, "a script is refused for an error");
            errors
        }
    };
    let lossless = std::str::from_utf8(input);
    for diagnostic in &found {
        for span in [diagnostic.span, diagnostic.excerpt].into_iter().chain(diagnostic.labels.iter().map(|l| l.span)) {
            assert!(span.start <= span.end && span.end as usize <= input.len(), "{diagnostic}");
            if let Ok(text) = lossless {
                assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
            }
        }
        assert!(!diagnostic.message.is_empty());
    }
    found
}

fn codes(input: &[u8]) -> Vec<Code> {
    findings(input).iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect()
}

#[test]
fn bytes_that_are_not_utf8_are_named_and_the_rest_is_read() {
    assert_eq!(codes(b"(ap \"\xff\" x)"), [Code::InvalidUtf8]);
    assert_eq!(codes(b"(seq (ap q\xc3\x28 x) (noop))"), [Code::InvalidUtf8, Code::Unexpected]);
    assert_eq!(codes(b"\xff\xfe(\x00n\x00u"), [Code::InvalidUtf8]);
    let found = findings(b"(ap 1 \xe2\x82)");
    assert_eq!(found.iter().map(|d| (d.span.start, d.span.end)).next(), Some((6, 8)));
}

#[test]
fn nul_and_byte_order_mark_are_no_blanks() {
    assert_eq!(codes(b"(null\0)"), [Code::BadNameChar]);
    assert_eq!(codes("\u{feff}(null)".as_bytes()), [Code::BadNameChar]);
    assert_eq!(codes("(ap \"\0\u{feff}\" x) ;\0".as_bytes()), []);
}

#[test]
fn lone_brackets_and_blank_input() {
    assert_eq!(codes(b""), [Code::UnexpectedEnd]);
    assert_eq!(codes(b" \n;x"), [Code::UnexpectedEnd]);
    assert_eq!(codes(b"("), [Code::UnexpectedEnd]);
    assert_eq!(codes(b")"), [Code::Unexpected]);
    assert_eq!(codes(b"]"), [Code::Unexpected]);
    assert_eq!(codes(b"(null))"), [Code::Trailing]);
    assert_eq!(codes(b"(null]"), [Code::Unexpected]);
    assert_eq!(codes(b"\""), [Code::UnclosedString]);
}

#[test]
fn names_and_numbers_of_any_length_and_alphabet() {
    assert_eq!(codes("(seq (ap 1 тема-2) (ap тема-2.$.名 ñ))".as_bytes()), []);
    let long = format!("(seq (ap 1 {0}) (ap {0} x))", "n".repeat(1_000_000));
    assert_eq!(codes(long.as_bytes()), []);
    let number = format!("(ap {} x)", "9".repeat(1_000_000));
    assert_eq!(codes(number.as_bytes()), [Code::BadInt]);
    let float = format!("(ap 0.{} x)", "9".repeat(1_000_000));
    assert_eq!(codes(float.as_bytes()), [Code::FloatTooLong]);
    let lens = format!("(seq (ap [] v) (ap v.${} x))", ".a".repeat(100_000));
    assert_eq!(codes(lens.as_bytes()), []);
    assert_eq!(codes("(ap ½ x)".as_bytes()), [Code::BadInt]);
}

/// Messages quote at most a line of the script, however long the bad part is.
#[test]
fn messages_stay_short() {
    let inputs = [
        format!("(ap {} x)", "9".repeat(100_000)),
        format!("(ap v.${} x)", "a".repeat(100_000)),
        format!("(ap {} x)", "n".repeat(100_000)),
        format!("({} x)", "n".repeat(100_000)),
        format!("(ap 1 \"{})", "n".repeat(100_000)),
    ];
    for input in inputs {
        for finding in &findings(input.as_bytes()) {
            assert!(finding.message.len() < 300, "{} bytes: {}", finding.message.len(), finding.code);
            assert!(finding.help.as_ref().is_none_or(|help| help.len() < 300), "{}", finding.code);
            assert!(finding.labels.iter().all(|label| label.text.len() < 300), "{}", finding.code);
        }
    }
}

#[test]
fn ten_mebibytes_of_anything() {
    const SIZE: usize = 10 << 20;
    assert_eq!(codes(&vec![b'('; SIZE]), [Code::Unexpected]);
    assert_eq!(codes(&vec![b')'; SIZE]), [Code::Unexpected]);
    assert_eq!(codes(&vec![b'['; SIZE]), [Code::Unexpected]);
    assert_eq!(codes(&vec![0xff; SIZE]).first(), Some(&Code::InvalidUtf8));
    assert_eq!(codes(&vec![b','; SIZE]).len(), Diagnostics::CAPACITY);
    assert_eq!(codes(&vec![b'"'; SIZE]).len(), 1);
    assert_eq!(codes("(null ".repeat(SIZE / 6).as_bytes()), [Code::Unexpected]);
    assert_eq!(codes("(next i)".repeat(SIZE / 8).as_bytes()), [Code::UndefinedIterator, Code::Trailing]);
    assert_eq!(codes("(ap x.$ y)".repeat(SIZE / 10).as_bytes()).len(), Diagnostics::CAPACITY);
}

/// Shapes that make a careless validator quadratic.
#[test]
fn many_names_folds_and_assignments() {
    const N: usize = 20_000;
    let nested = |part: &dyn Fn(usize) -> String| {
        let parts: String = (0..N).map(|i| format!("(seq {} ", part(i))).collect();
        parts + "(null)" + &")".repeat(N)
    };
    assert_eq!(codes(nested(&|_| "(fold [] i (seq (null) (next i)))".into()).as_bytes()), []);
    assert_eq!(codes(nested(&|i| format!("(fold [] i{i} (par (next i{i}) (null)))")).as_bytes()), []);
    assert_eq!(codes(nested(&|_| "(new $s (ap 1 $s))".into()).as_bytes()), []);
    assert_eq!(codes(nested(&|_| "(ap 1 x)".into()).as_bytes()), []);
    assert_eq!(codes(nested(&|i| format!("(ap x{i} y)")).as_bytes()).len(), Diagnostics::CAPACITY);
    assert_eq!(codes(nested(&|i| format!("(ap 1 $s{i})")).as_bytes()), []);
    let folds: String = (0..N).map(|i| format!("(fold [] i{i} ")).collect();
    let nexts: String = (0..N).map(|i| format!("(seq (next i{i}) ")).collect();
    let deep = folds + &nexts + "(null)" + &")".repeat(2 * N);
    assert_eq!(codes(deep.as_bytes()), []);
}
