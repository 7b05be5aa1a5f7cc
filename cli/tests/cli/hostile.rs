//! Input that nobody should write: the answer is right, soon there, and short.

use crate::{Run, run_with};
use std::time::{Duration, Instant};

const MIB: usize = 1 << 20;

/// Far more than it takes, for slow machines.
const TIME_MAX: Duration = Duration::from_secs(20);

#[track_caller]
fn checked(input: impl AsRef<[u8]>, code: i32) -> Run {
    let start = Instant::now();
    let run = run_with(input, &["parse", "-"]);
    assert!(start.elapsed() < TIME_MAX, "it took {:?}", start.elapsed());
    assert_eq!(run.code, Some(code), "{:.500}", run.err);
    assert!(run.err.len() < 100_000, "the report has {} bytes", run.err.len());
    assert!(run.err.lines().all(|line| line.chars().count() < 1000));
    assert!(!run.err.contains(|c: char| c.is_control() && c != '\n'), "{:?}", run.err);
    run
}

#[test]
fn open_brackets() {
    let run = checked("(".repeat(10 * MIB), 1);
    assert!(run.err.contains("--> <stdin>:1:2\n"), "{}", run.err);
}

#[test]
fn closed_brackets() {
    checked(")".repeat(10 * MIB), 1);
}

#[test]
fn one_long_line_keeps_true_columns() {
    let step = "(seq (null) ";
    let half = 5 * MIB / (step.len() + 1);
    let script = step.repeat(half) + "(seq (ap nope x) " + &step.repeat(half) + "(null)" + &")".repeat(2 * half + 1);
    let run = checked(&script, 1);
    let column = half * step.len() + 10;
    let expected = format!(
        "\
error[undefined-variable]: `nope` is not defined before
 --> <stdin>:1:{column}
  |
1 | …(null) (seq (null) (seq (null) (seq (ap nope x) (seq (null) (seq (null) (seq (null) …
  |                                          ^^^^
"
    );
    assert!(run.err.starts_with(&expected), "{}", run.err);
    checked(script.replace("nope", "1"), 0);
}

#[test]
fn a_long_line_of_wide_characters_is_cut_between_them() {
    let run = checked(format!("(seq (ap \"{}\" x) (ap nope \"🎉\"))", "日🎉é".repeat(MIB)), 1);
    assert!(run.err.contains("--> <stdin>:1:3145748\n"), "{}", run.err);
}

#[test]
fn a_string_unclosed_over_many_lines() {
    let run = checked(format!("(seq\n  (ap \"abc{}", "\nmore text".repeat(2000)), 1);
    assert!(run.err.contains("2 |   (ap \"abc\n  |       ^^^^ it starts here\n"), "{}", run.err);
}

#[test]
fn an_endless_name() {
    checked(format!("(seq (ap {} x) (null))", "a".repeat(10 * MIB)), 1);
}

#[test]
fn many_lines() {
    checked(format!("(seq{}(null)", "\n".repeat(10 * MIB)), 1);
    checked(format!("{}(null)", "; comment\n".repeat(MIB)), 0);
}

#[test]
fn control_characters_are_pictured() {
    let run = checked("(ap \"\u{1b}[31m\u{7}\u{9b}\" \0)", 1);
    assert!(run.err.contains("1 | (ap \"␛[31m␇�\" ␀)\n"), "{}", run.err);
    checked("\0".repeat(MIB), 1);
}

#[test]
fn invisible_characters_are_seen() {
    let run = checked("\u{feff}(null)", 1);
    assert!(run.err.contains("1 | �(null)\n  | ^\n"), "{}", run.err);
    checked("(seq (ap \"\u{202e}\u{200d}\u{2028}\" a\u{200b}) (null))", 1);
}

#[test]
fn bytes_outside_of_utf8_keep_their_offsets() {
    let run = checked(b"(seq (ap \"\xff\" x)\n (ap \"\xf0\x9f\" nope) (ap nope y))", 1);
    assert!(run.err.contains(" --> <stdin>:1:11\n"), "{}", run.err);
    assert!(run.err.contains("1 | (seq (ap \"�\" x)\n"), "{}", run.err);
    assert!(run.err.contains(" --> <stdin>:2:7\n"), "{}", run.err);
    let run = checked(b"(seq (ap \"\xff\xfe\" x) (ap nope y))", 1);
    assert!(run.err.contains("1 | (seq (ap \"��\" x) (ap nope y))\n  |                      ^^^^\n"), "{}", run.err);
    checked(vec![0xff; MIB], 1);
}

#[test]
fn nothing_at_all() {
    for input in ["", "\n", "\u{feff}", ";", "\""] {
        checked(input, 1);
    }
}

#[test]
fn a_deep_tree_is_listed() {
    let depth = 100_000;
    let script = "(seq (null) ".repeat(depth) + "(null)" + &")".repeat(depth);
    let run = run_with(&script, &["parse", "--ast", "-"]);
    assert_eq!((run.code, run.out.lines().count()), (Some(0), 2 * depth + 1 + 3));
    let run = run_with(&script, &["parse", "--ast", "--format", "json", "-"]);
    let value: serde_json::Value = serde_json::from_str(&run.out).expect("no reader gives up on the depth");
    assert_eq!(value["ast"].as_array().map(Vec::len), Some(2 * depth + 1));
    assert_eq!(run_with(&script, &["fmt", "-"]).code, Some(0));
}
