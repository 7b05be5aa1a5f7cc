//! The tables of accepted and rejected scripts, row by row, and what a mistake must not bring with it.

mod golden;

use airtight_engine::script::{Code, Diagnostics, Script, Severity, Tree, print};

fn findings(text: &str) -> Diagnostics {
    match Script::parse(text) {
        Ok(script) => script.warnings().clone(),
        Err(diagnostics) => diagnostics,
    }
}

fn shown(diagnostics: &Diagnostics, severity: Severity) -> String {
    let of_severity = diagnostics.iter().filter(|d| d.severity == severity);
    let shown: Vec<_> = of_severity.map(|d| format!("{} {}..{}", d.code, d.span.start, d.span.end)).collect();
    shown.join(", ")
}

fn rows() -> impl Iterator<Item = [&'static str; 5]> {
    include_str!("syntax/scripts.tsv").lines().filter(|row| !row.starts_with('#')).map(|row| {
        let columns: Vec<_> = row.split('\t').collect();
        columns.try_into().unwrap_or_else(|_| panic!("a row has five columns: {row}"))
    })
}

#[test]
fn scripts_are_judged_as_the_tables_say() {
    let mut wrong = Vec::new();
    for [id, script, errors, warnings, _note] in rows() {
        let found = findings(&script.replace('⏎', "\n"));
        let found_errors = match shown(&found, Severity::Error) {
            none if none.is_empty() => "ok".to_owned(),
            errors => errors,
        };
        let found_warnings = shown(&found, Severity::Warning);
        if (found_errors.as_str(), found_warnings.as_str()) != (errors, warnings) {
            wrong.push(format!(
                "{id} {script}\n  found    {found_errors} | {found_warnings}\n  expected {errors} | {warnings}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn accepted_scripts_round_trip() {
    let mut accepted = 0;
    for [id, script, errors, ..] in rows() {
        if errors != "ok" {
            continue;
        }
        accepted += 1;
        let text = script.replace('⏎', "\n");
        let tree = Tree::parse(&text).expect("the table says that it is accepted");
        for print in [print::canonical, print::compact] {
            let printed = print(&tree);
            let again = Tree::parse(&printed).unwrap_or_else(|errors| panic!("{id}: {printed}: {errors}"));
            assert_eq!(again, tree, "{id}: {printed}");
            assert_eq!(print(&again), printed, "{id}");
        }
    }
    assert_eq!(accepted, 57, "no row is lost");
}

/// Each rule, with the smallest script that breaks it, has an error of its own.
#[test]
fn every_error_kind_has_a_row() {
    let seen: Vec<String> = rows()
        .flat_map(|[_, _, errors, ..]| errors.split(", "))
        .chain(include_str!("syntax/words.tsv").lines().flat_map(|row| row.split('\t').nth(2)))
        .filter_map(|finding| Some(finding.split_once(' ')?.0.to_owned()))
        .collect();
    let never_refuse = |code: &Code| {
        matches!(
            code,
            Code::AfterNextElsewhere
                | Code::UnportableLens
                | Code::OutOfScope
                | Code::AssignedIterator
                | Code::Reassigned
                | Code::ReentrantFold
                | Code::FoldWithoutNext
                | Code::NeverWritten
                | Code::Unreachable
        )
    };
    // These two need bytes that a table of text cannot hold; `tests/bad_input.rs` has them.
    let not_text = |code: &Code| matches!(code, Code::InvalidUtf8 | Code::ScriptTooLong);
    for code in Code::ALL.iter().filter(|code| !never_refuse(code) && !not_text(code)) {
        assert!(seen.iter().any(|name| name == code.name()), "no row for {code}");
    }
}

/// Findings in words, a line for each part.
fn words(script: &str, findings: &Diagnostics) -> String {
    let mut out = String::new();
    for finding in findings {
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        out.push_str(&format!("  {severity} {}: {}\n", finding.code, finding.message));
        let labels = finding.labels.iter().map(|label| (label.span, &label.text));
        for (span, text) in [(finding.excerpt, &finding.caption)].into_iter().chain(labels) {
            let place = script.get(span.start as usize..span.end as usize).unwrap_or_default();
            out.push_str(&format!("    `{}` {text}\n", place.replace('\n', "⏎")));
        }
        if let Some(help) = &finding.help {
            out.push_str(&format!("    help: {help}\n"));
        }
    }
    out
}

/// What is said of the scripts of the table, in words.
#[test]
fn findings_say_what_is_wrong_and_what_to_do() {
    let mut text = String::new();
    for [_, script, ..] in rows() {
        let script = script.replace('⏎', "\n");
        let found = findings(&script);
        if !found.is_empty() {
            text.push_str(&format!("{}\n{}", script.replace('\n', "⏎"), words(&script, &found)));
        }
    }
    golden::holds("syntax/scripts.txt", &text);
}

/// What is said of the words of the table, where a source of `ap` stands.
#[test]
fn words_that_are_none_are_explained() {
    let mut text = String::new();
    for row in include_str!("syntax/words.tsv").lines().filter(|row| !row.starts_with('#')) {
        let word = row.split('\t').nth(1).expect("a row has a text");
        let script = format!("(ap {} x)", word.replace('⏎', "\n"));
        let found = findings(&script);
        if found.iter().any(|finding| finding.code != Code::UndefinedVariable) {
            text.push_str(&format!("{}\n{}", script.replace('\n', "⏎"), words(&script, &found)));
        }
    }
    golden::holds("syntax/words.txt", &text);
}

/// Every independent mistake is reported in one pass, in textual order, and nothing that follows from another one.
#[test]
fn one_pass_reports_every_independent_mistake() {
    let cases: &[(&str, &[&str])] = &[
        ("(seq (noop 1 x) (par (ap 1 \"x\") (call \"p\" (\"s\") [])))", &["unexpected", "unexpected", "unexpected"]),
        // What is nearly an instruction is read as that one.
        ("(seq (cal \"p\" (\"s\" \"f\") [] x) (ap x y))", &["unexpected"]),
        ("(sqe (cal \"p\" (\"s\" \"f\") [z] x) (ap x y))", &["unexpected", "undefined-variable", "unexpected"]),
        // What is no instruction at all may define what others use.
        ("(seq (invoke \"p\" (\"s\" \"f\") [] x) (ap x y))", &["unexpected"]),
        // So may an operand with a bad lens.
        ("(seq (ap 1 x.$) (ap x y))", &["bad-lens"]),
        // A fold that is not understood may bind what `next` names.
        ("(fold $s \"i\" (next i))", &["undefined-variable", "unexpected"]),
        // A `next` with a wrong name is not also a fold without `next`.
        ("(fold [] item (next itm))", &["undefined-iterator"]),
        // Glued tokens are read as meant.
        ("(seq(ap 1 x)(ap x y))", &["bad-name-char"]),
        ("(call \"p\" (\"s\" \"f\") [1, 2, 3] x)", &["bad-name-char", "bad-name-char"]),
        // One missing bracket is one mistake.
        ("(seq (ap 1 x) (par (ap x y) (ap x z))", &["unexpected-end"]),
        ("(seq (ap 1 x) (call \"p\" (\"s\" \"f\") [x y))", &["unexpected"]),
        // Of one bracket too few, too many or of the wrong kind, one thing is said.
        ("(seq\n  (ap 1 x\n  (seq\n    (ap x y)\n    (ap y z)))", &["unexpected"]),
        ("(seq (ap 1 x)) (ap x y))", &["unexpected"]),
        ("(null]", &["unexpected"]),
        // Instructions in what is skipped are read.
        ("(seq (call \"p\" (\"s\" \"f\" [] x) (ap q y))", &["unexpected", "undefined-variable"]),
        ("(foreach xs x (seq (ap q r) (next x)))", &["unexpected", "undefined-variable"]),
        ("(match a (seq (noop) (ap q b)))", &["undefined-variable", "unexpected", "unexpected", "undefined-variable"]),
        ("(seq (null) x (seq (noop) (ap q y)))", &["unexpected", "unexpected", "undefined-variable"]),
        // Of an unclosed string, the brackets that end its line are read all the same.
        ("(seq (ap \"a x)\n (noop))", &["unclosed-string", "unexpected"]),
        ("(seq (ap \"a x)\n (ap 1 y))", &["unclosed-string"]),
        ("(seq (call \"p\" (\"s\" \"f) [x])\n (ap 1 y))", &["unclosed-string"]),
        // What follows the end of the script is read too.
        ("(null) (noop) (nop)", &["trailing", "unexpected", "unexpected"]),
        ("null (noop)", &["unexpected", "unexpected"]),
    ];
    for (script, expected) in cases {
        let found = findings(script);
        let codes: Vec<_> = found.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code.name()).collect();
        assert_eq!(&codes, expected, "{script}\n{found}");
    }
}

#[test]
fn findings_are_sorted_capped_and_counted() {
    let many = format!("(seq {} (null))", "(seq (noop) ".repeat(80) + "(null)" + &")".repeat(80));
    let found = findings(&many);
    assert_eq!(found.iter().count(), Diagnostics::CAPACITY);
    assert_eq!(found.count(Severity::Error), 80);
    assert_eq!(found.omitted(Severity::Error), 30);
    assert!(found.iter().is_sorted_by_key(|d| (d.span.start, d.span.end)));
    assert!(found.to_string().ends_with("\nand 30 more"), "{found}");
}

/// Names that differ in one character, or only in the sigil, are proposed.
#[test]
fn help_names_what_was_probably_meant() {
    let help = |script: &str| {
        let found = findings(script);
        let error = found.iter().find(|d| d.severity == Severity::Error).expect("the script is refused");
        error.help.clone().unwrap_or_default()
    };
    assert_eq!(help("(seq (ap 1 peers) (ap peer x))"), "is it `peers`?");
    assert!(help("(seq (canon \"p\" $log #log) (ap #$log x))").contains("there is `#log`"));
    assert!(help("(ap 1 %m)").contains("(ap (key value) %map)"));
    assert!(help("(call \"p\" (\"s\" \"f\") [$s])").contains("`canon` it first"));
}

/// What runs but looks wrong is said, with the shapes that compilers emit left alone.
#[test]
fn warnings_name_the_doubtful_and_spare_the_usual() {
    let cases: &[(&str, &str)] = &[
        ("(seq (ap 1 x) (ap 2 x))", "reassigned 14..22"),
        ("(par (ap 1 x) (ap 2 x))", "reassigned 14..22"),
        ("(xor (ap 1 x) (ap 2 x))", ""),
        ("(seq (xor (ap 1 x) (ap 2 x)) (ap 3 x))", "reassigned 29..37"),
        ("(seq (ap 1 x) (new x (ap 2 x)))", ""),
        ("(new x (seq (ap 1 x) (ap 2 x)))", "reassigned 21..29"),
        ("(fold [] i (seq (ap 1 x) (seq (ap 2 x) (next i))))", ""),
        ("(fold [] i (seq (ap 1 i) (next i)))", "assigned-iterator 16..24"),
        ("(new $-hop- (new #-hopc- (canon \"relay\" $-hop- #-hopc-)))", ""),
        ("(new $s (seq (canon \"p\" $s #s) (canon \"p\" $s #t)))", "never-written 13..30"),
        ("(new $s (fold $s i (next i)))", "never-written 8..28"),
        ("(seq (ap 1 $s) (canon \"p\" $s #s))", ""),
        ("(seq (never) (null))", "unreachable 13..19"),
        ("(seq (seq (null) (never)) (null))", "unreachable 26..32"),
        ("(seq (par (null) (never)) (null))", ""),
        ("(seq (fail 1 \"\") (null))", ""),
        ("(new x (ap x y))", "out-of-scope 7..15"),
        ("(seq (new x (ap 1 x)) (ap x y))", "out-of-scope 22..30"),
        ("(seq (canon \"p\" $l #l) (ap #l.$.a x))", "never-written 5..22, unportable-lens 27..33"),
        ("(seq (ap 1 v) (ap v.$.été x))", "unportable-lens 18..27"),
        ("(fold [] i (fold [] j (seq (next j) (next i))))", "reentrant-fold 36..44"),
    ];
    for (script, expected) in cases {
        let found = findings(script);
        assert_eq!(shown(&found, Severity::Error), "", "{script}");
        assert_eq!(&shown(&found, Severity::Warning), expected, "{script}");
    }
}
