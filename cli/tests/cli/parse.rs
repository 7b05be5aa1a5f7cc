//! `airtight parse`.

use crate::{FORMATTED, INVALID, directory, run_in, run_with};
use serde_json::{Value, json};

fn json(script: &str, args: &[&str]) -> Value {
    let run = run_with(script, &[&["parse", "-", "--format", "json"], args].concat());
    assert_eq!((run.err.as_str(), run.out.lines().count()), ("", 1));
    serde_json::from_str(&run.out).expect("the output is JSON")
}

#[track_caller]
fn reports(script: &str, expected: &str) {
    let run = run_with(script, &["parse", "-"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert_eq!(run.err, expected, "\n{}", run.err);
}

#[test]
fn the_exit_code_tells_the_worst_that_happened() {
    let files = directory([("good.air", FORMATTED), ("bad.air", INVALID)]);
    let code = |args: &[&str]| run_in(files.path(), args).code;
    assert_eq!(code(&["parse", "good.air"]), Some(0));
    assert_eq!(code(&["parse", "good.air", "bad.air", "good.air"]), Some(1));
    assert_eq!(code(&["parse", "missing.air"]), Some(2));
    assert_eq!(code(&["parse", "."]), Some(2));
    assert_eq!(code(&["parse", "missing.air", "bad.air"]), Some(2));
    assert_eq!(code(&["parse"]), Some(2));
    assert_eq!(code(&["parse", "--format", "xml", "good.air"]), Some(2));
    assert_eq!(code(&[]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
    assert_eq!(code(&["--version"]), Some(0));
}

#[test]
fn every_file_is_reported_whatever_the_others_are() {
    let files = directory([("good.air", FORMATTED), ("bad.air", INVALID)]);
    let run = run_in(files.path(), &["parse", "missing.air", "bad.air", "good.air"]);
    assert_eq!(run.out, "good.air: valid, 3 instructions, no warnings\n");
    assert!(run.err.starts_with("error: cannot read `missing.air`: "), "{}", run.err);
    assert!(run.err.ends_with("\n\nbad.air: 1 error\n"), "{}", run.err);
}

#[test]
fn a_valid_script_is_one_line() {
    assert_eq!(run_with("(null)", &["parse", "-"]).out, "<stdin>: valid, 1 instruction, no warnings\n");
    let run = run_with("(canon \"hub\" $s #s)", &["parse", "-"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "<stdin>: valid, 1 instruction, 1 warning\n"));
    assert_eq!(
        run.err,
        "\
warning[never-written]: nothing writes to `$s`
 --> <stdin>:1:14
  |
1 | (canon \"hub\" $s #s)
  |              ^^ this is always empty
  |
  = help: write to it with `ap` or as the output of `call`, in the same scope

"
    );
}

#[test]
fn a_misspelled_name() {
    reports(
        "(seq\n  (call \"hub\" (\"auth\" \"login\") [] token)\n  (call \"hub\" (\"log\" \"put\") [tokan]))\n",
        "\
error[undefined-variable]: `tokan` is not defined before
 --> <stdin>:3:30
  |
3 |   (call \"hub\" (\"log\" \"put\") [tokan]))
  |                              ^^^^^
  |
  = help: is it `token`?

<stdin>: 1 error
",
    );
}

#[test]
fn a_missing_bracket_shows_both_ends() {
    reports(
        "(seq\n  (call \"hub\" (\"auth\" \"login\") [] token)\n  (ap token $log)\n",
        "\
error[unexpected-end]: the script ends inside an instruction
 --> <stdin>:3:18
  |
1 | (seq
  | - this `seq` is not closed
2 |   (call \"hub\" (\"auth\" \"login\") [] token)
3 |   (ap token $log)
  |                  ^ a `)` is missing

<stdin>: 1 error
",
    );
}

#[test]
fn a_label_far_away_is_shown_with_its_place() {
    let gap = "\n".repeat(5000);
    reports(
        &format!("(seq (ap [] xs) (fold xs i (seq\n  (next i){gap}  (next i))))"),
        "\
error[multiple-next]: a second `next` of the fold over `i`
    --> <stdin>:5002:3
     |
5002 |   (next i))))
     |   ^^^^^^^^
     |
    ::: <stdin>:1:17
     |
   1 | (seq (ap [] xs) (fold xs i (seq
     |                 ---------- the fold
   2 |   (next i)
     |   -------- the first one
     |
     = help: a fold has one `next`; let both ways lead to it

<stdin>: 1 error
",
    );
}

#[test]
fn wide_characters_and_tabs_are_underlined_where_they_are() {
    reports(
        "(seq\n\t(ap \"日本語 🎉\" x)\n\t(call \"日本\" (\"a\" \"b\") [ünï] z))\n",
        "\
error[undefined-variable]: `ünï` is not defined before
 --> <stdin>:3:24
  |
3 |     (call \"日本\" (\"a\" \"b\") [ünï] z))
  |                             ^^^
  |
  = help: names are defined by `ap`, `canon`, `fold`, `new` and the output of `call`

<stdin>: 1 error
",
    );
}

#[test]
fn findings_are_in_the_order_of_what_they_underline() {
    let run = run_with("(call \"p\" (\"a\" \"b\") [x, y])", &["parse", "-"]);
    let places: Vec<_> = run.err.lines().filter_map(|line| line.split_once("--> ")).map(|(_, place)| place).collect();
    let mut sorted = places.clone();
    sorted.sort();
    assert_eq!((places.len(), places), (3, sorted));
}

#[test]
fn json_of_an_invalid_script() {
    let script = "(seq\r\n  (ap \"é\" x)\r\n  (seq (null) (ap nope y)))";
    let value = json(script, &["--ast"]);
    let start = script.find("nope").expect("it is there");
    assert_eq!(
        value,
        json!({
            "file": "-",
            "valid": false,
            "diagnostics": [{
                "severity": "error",
                "code": "undefined-variable",
                "message": "`nope` is not defined before",
                "span": { "start": start - 4, "end": start + 7 },
                "line": 3,
                "column": 15,
                "endLine": 3,
                "endColumn": 26,
                "excerpt": { "start": start, "end": start + 4 },
                "labels": [],
                "help": "names are defined by `ap`, `canon`, `fold`, `new` and the output of `call`",
            }],
            "omitted": { "errors": 0, "warnings": 0 },
        })
    );
}

#[test]
fn json_labels_and_captions() {
    let value = json("(seq\n(null)", &[]);
    let finding = &value["diagnostics"][0];
    assert_eq!(finding["caption"], "a `)` is missing");
    assert_eq!((&finding["line"], &finding["column"]), (&json!(2), &json!(7)));
    assert_eq!(
        finding["labels"],
        json!([{ "span": {"start": 0, "end": 1}, "line": 1, "column": 1, "text": "this `seq` is not closed" }])
    );
}

#[test]
fn json_counts_what_it_omits() {
    let script = "(seq (ap nope x) ".repeat(60) + "(null)" + &")".repeat(60);
    let value = json(&script.replace("nope", "nope.$.a"), &[]);
    let shown = value["diagnostics"].as_array().map(Vec::len);
    assert_eq!((shown, &value["omitted"]), (Some(100), &json!({"errors": 10, "warnings": 9})));
    let run = run_with(&script, &["parse", "-"]);
    assert!(run.err.ends_with("\n\nand 10 more errors, 9 more warnings\n\n<stdin>: 60 errors, 59 warnings\n"));
}

#[test]
fn json_tree_is_flat() {
    let value = json("(seq (ap 1 k) (new $s (fold $s it (call it.$.[k] (\"a\" \"b\") [2.0] $s))))", &["--ast"]);
    assert_eq!(value["valid"], true);
    let nodes = value["ast"].as_array().expect("there is a tree");
    let kinds: Vec<_> = nodes.iter().map(|node| (&node["id"], &node["kind"], &node["children"])).collect();
    assert_eq!(
        kinds,
        [
            (&json!(0), &json!("seq"), &json!([1, 2])),
            (&json!(1), &json!("assign"), &json!([])),
            (&json!(2), &json!("new"), &json!([3])),
            (&json!(3), &json!("fold"), &json!([4])),
            (&json!(4), &json!("call"), &json!([])),
        ]
    );
    assert_eq!(
        nodes[4]["operands"][0],
        json!({
            "position": "peer",
            "class": "scalar-lens",
            "text": "it.$.[k]",
            "span": { "start": 40, "end": 48 },
            "refers": { "reads": 1 },
            "through": [{ "name": "k", "refers": { "reads": 0 } }],
        })
    );
    assert_eq!(nodes[4]["operands"][4]["refers"], json!({ "stream": 0 }));
    assert_eq!(
        value["bindings"],
        json!({
            "definitions": [
                { "name": "k", "node": 1, "frame": 0, "slot": 0, "previous": "nothing" },
                { "name": "it", "node": 3, "frame": 1, "slot": 0, "previous": "nothing" },
            ],
            "frames": [{ "fold": null, "parent": 0, "slots": 1 }, { "fold": 3, "parent": 0, "slots": 1 }],
            "streams": [{ "name": "$s", "declared": 2, "writes": 1, "reads": 1 }],
        })
    );
}

#[test]
fn json_has_a_line_for_each_script() {
    let files = directory([("good.air", FORMATTED), ("bad.air", INVALID)]);
    let run = run_in(files.path(), &["parse", "--format", "json", "good.air", "missing.air", "bad.air"]);
    let files: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let verdicts: Vec<_> = files.iter().map(|file| (file["file"].as_str(), file["valid"].as_bool())).collect();
    assert_eq!(verdicts, [(Some("good.air"), Some(true)), (Some("bad.air"), Some(false))]);
    assert_eq!(run.code, Some(2));
}

#[test]
fn the_tree_for_people() {
    let script = "(new $s (seq (seq (ap 1 k) (ap k $s)) (fold $s it (par (ap it.$.[k] r) (next it)))))";
    let run = run_with(script, &["parse", "--ast", "-"]);
    assert_eq!(
        run.out,
        "\
<stdin>: valid, 9 instructions, no warnings
0 1:1   new $s                ; $s := s0
1 1:9     seq
2 1:14      seq
3 1:19        ap 1 k          ; k := d0
4 1:28        ap k $s         ; k = d0, $s = s0
5 1:39      fold $s it        ; $s = s0, it := d1 in f1
6 1:51        par
7 1:56          ap it.$.[k] r ; it = d1, k = d0, r := d2 in f1
8 1:72          next it       ; it = d1
definitions
  d0 k: made by node 3, in slot 0 of f0
  d1 it: made by node 5, in slot 0 of f1
  d2 r: made by node 7, in slot 1 of f1
frames
  f0 the script: 1 slot
  f1 each iteration of the fold at node 5, within f0: 2 slots
streams
  s0 $s: of the `new` at node 0, 1 write, 1 read
"
    );
}
