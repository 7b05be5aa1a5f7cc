//! The printed forms: values, canonical and compact AIR, formatted text, the view for people, instruction texts.

use airtight_engine::script::print::{self, HumanOptions};
use airtight_engine::script::{NodeId, Tree};

fn tree(text: &str) -> Tree {
    Tree::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

fn human(text: &str, hopon: bool) -> String {
    print::human(&tree(text), HumanOptions { hopon })
}

#[test]
fn canonical_air_has_one_instruction_a_line() {
    let script = r#"(new $box (seq (canon "hub" %in #%in)
      (fold #%in.$.jobs job (par (mismatch job.$.state "done" (ap job $box)) (next job)) (null))))"#;
    let canonical = r#"(new $box
  (seq
    (canon "hub" %in #%in)
    (fold #%in.$.jobs job
      (par
        (mismatch job.$.state "done"
          (ap job $box))
        (next job))
      (null))))"#;
    assert_eq!(print::canonical(&tree(script)), canonical);
    let compact = r#"(new $box (seq (canon "hub" %in #%in) (fold #%in.$.jobs job (par (mismatch job.$.state "done" (ap job $box)) (next job)) (null))))"#;
    assert_eq!(print::compact(&tree(script)), compact);
}

/// Floats read back to the same double, always with a dot and never with an exponent; lenses are normalised.
#[test]
fn values_have_one_spelling() {
    let cases = [
        ("(ap 2.0 x)", "(ap 2.0 x)"),
        ("(ap 2. x)", "(ap 2.0 x)"),
        ("(ap -0.0 x)", "(ap -0.0 x)"),
        ("(ap 9999999999. x)", "(ap 9999999999. x)"),
        ("(ap 999999999.0 x)", "(ap 999999999.0 x)"),
        ("(ap 0.000000001 x)", "(ap 0.000000001 x)"),
        ("(ap 00001.50000 x)", "(ap 1.5 x)"),
        ("(ap -0 x)", "(ap 0 x)"),
        ("(ap +042 x)", "(ap 42 x)"),
        ("(ap -9223372036854775808 x)", "(ap -9223372036854775808 x)"),
        ("(ap v.$[3][k].a! x)", "(ap v.$.[3].[k].a x)"),
        ("(ap %last_error%.$.a!.b! x)", "(ap %last_error%.$.a.b x)"),
        ("(ap v.$.[007] x)", "(ap v.$.[7] x)"),
        ("(ap v.length x)", "(ap v.length x)"),
        ("(ap \"a\\b(;[\" x)", "(ap \"a\\b(;[\" x)"),
        ("(call \"p\"(\"s\"\"f\")[  ])", "(call \"p\" (\"s\" \"f\") [])"),
        ("(call \"p\" (\"s\" \"f\") [ ] $out)", "(call \"p\" (\"s\" \"f\") [] $out)"),
        ("(ap (key [ ; nothing\n ]) %m)", "(ap (key []) %m)"),
    ];
    for (script, canonical) in cases {
        let tree = tree(script);
        assert_eq!(print::canonical(&tree), canonical, "{script}");
        assert_eq!(Tree::parse(canonical).as_ref(), Ok(&tree), "{script}");
    }
}

/// Equality of trees is that of what is written, not of numbers.
#[test]
fn trees_differ_where_their_text_does() {
    assert_ne!(tree("(ap 0.0 x)"), tree("(ap -0.0 x)"));
    assert_ne!(tree("(ap 1.0 x)"), tree("(ap 1 x)"));
    assert_ne!(tree("(fold [] i (null) (null))"), tree("(fold [] i (null))"));
    assert_ne!(tree("(call \"p\" (\"s\" \"f\") [x])"), tree("(call \"p\" (\"s\" \"f\") [] x)"));
    assert_ne!(tree("(ap #l x)"), tree("(ap #$l x)"));
    assert_eq!(tree("(ap 1 x)"), tree(" ( ap ; one\n 1 x)"));
}

#[test]
fn comments_keep_their_place() {
    let cases = [
        (
            "; first\n; second\n(seq ; both\n (null) ;left\n\n ;before right\n (null) ) ; end\n;last",
            "; first\n; second\n(seq ; both\n  (null) ;left\n  ;before right\n  (null)) ; end\n;last\n",
        ),
        // What follows a comment needs a new line.
        ("(seq (null)\n (null) ; last child\n)", "(seq\n  (null)\n  (null) ; last child\n  )\n"),
        (
            "(call \"p\" ; peer\n (\"s\" \"f\") [1 ; one\n 2] x)",
            "(call \"p\" ; peer\n  (\"s\" \"f\") [1 ; one\n  2] x)\n",
        ),
        ("(ap 1 x) ; carriage return\r\n", "(ap 1 x) ; carriage return\n"),
        ("(null);", "(null) ;\n"),
        (";only\n(null)", ";only\n(null)\n"),
        ("(;note\nnull)", "( ;note\n  null)\n"),
        (
            "(ap ( ;open\n\"k\" ;key\n 1 ;value\n ) ;close\n %m)",
            "(ap ( ;open\n  \"k\" ;key\n  1 ;value\n  ) ;close\n  %m)\n",
        ),
        ("(call \"p\" (\"s\" \"f\") ;a\n [ ;b\n ] ;c\n )", "(call \"p\" (\"s\" \"f\") ;a\n  [ ;b\n  ] ;c\n  )\n"),
    ];
    for (text, formatted) in cases {
        assert_eq!(print::format(&tree(text), text), formatted, "{text}");
        assert_eq!(print::format(&tree(formatted), formatted), formatted, "{text}");
        assert_eq!(tree(formatted), tree(text), "{text}");
    }
}

#[test]
fn indentation_stops_growing() {
    let deep = "(new a ".repeat(1_000) + "(null)" + &")".repeat(1_000);
    assert!(print::canonical(&tree(&deep)).lines().all(|line| line.len() < 200 || line.starts_with(&" ".repeat(80))));
    assert!(print::canonical(&tree(&deep)).len() < 100_000);
}

#[test]
fn people_read_indentation() {
    assert_eq!(
        human(
            r#"(seq (call "hub" ("auth" "login") [%init_peer_id% 3 []] token)
                 (call token.$.relay ("log" "put") [token.$.name[0]! 2.0]))"#,
            false
        ),
        r#"token <- call "hub" ("auth", "login") [%init_peer_id%, 3, []]
call token.$.relay ("log", "put") [token.$.name.[0], 2]
"#
    );
    assert_eq!(
        human(
            r#"(xor (par (seq (null) (never)) (ap ("k" 1) %m))
                 (seq (call "hub" ("log" "err") [:error:.$.message]) (fail :error:)))"#,
            false
        ),
        r#"try:
    par:
        null
        never
    |
        ap ("k" 1) %m
catch:
    call "hub" ("log", "err") [:error:.$.message]
    fail :error:
"#
    );
    assert_eq!(
        human(
            r#"(new $box (seq (canon "hub" %in #%in) (fold #%in.$.jobs job
                 (par (mismatch job.$.state "done" (ap job $box)) (next job)) (null))))"#,
            false
        ),
        r#"new $box:
    canon "hub" %in #%in
    fold #%in.$.jobs job:
        par:
            mismatch job.$.state "done":
                ap job $box
        |
            next job
    last:
        null
"#
    );
}

/// A hop is shown as one line, but only where it is nothing else.
#[test]
fn hops_are_shown_when_asked_for() {
    let two = r##"(seq (new $gate (new #gate (canon "hub" $gate #gate)))
                     (new $gate (new #gate (canon #gate.$.[0] $gate #gate))))"##;
    assert_eq!(human(two, true), "hopon \"hub\"\nnew $gate:\n    new #gate:\n        canon #gate.$.[0] $gate #gate\n");
    let not_hops = [
        "(new #gate (new $gate (canon \"hub\" $gate #gate)))",
        "(new $gate (new #gate (canon \"hub\" $other #gate)))",
        "(new $gate (new #gate (seq (canon \"hub\" $gate #gate) (null))))",
        "(new %gate (new #%gate (canon \"hub\" %gate #%gate)))",
    ];
    for script in not_hops {
        assert!(!human(script, true).contains("hopon"), "{script}");
    }
    assert!(!human(two, false).contains("hopon"));
}

/// Scripts can see these texts, so each byte counts: no output leaves a blank, integral floats lose their dot.
#[test]
fn instruction_texts_are_those_of_error_objects() {
    let cases = [
        ("(call \"p\" (\"s\" \"f\") [1 2.0 x.$.a[0]!] out)", "call \"p\" (\"s\" \"f\") [1 2 x.$.a.[0]] out"),
        ("(call \"p\" (\"s\" \"f\") [])", "call \"p\" (\"s\" \"f\") [] "),
        ("(ap -0.0 $s)", "ap -0 $s"),
        ("(ap (\"k\" v.length) %m)", "ap (\"k\" v.length) %m"),
        ("(canon %init_peer_id% %m #%c)", "canon %init_peer_id% %m #%c"),
        ("(seq (null) (null))", "seq"),
        ("(par (null) (null))", "par"),
        ("(xor (null) (null))", "xor"),
        ("(match x [] (null))", "match x []"),
        ("(mismatch 1 \"b\" (null))", "mismatch 1 \"b\""),
        ("(fold #%m.$.k i (null) (null))", "fold #%m.$.k i"),
        ("(next i)", "next i"),
        ("(new $s (null))", "new $s"),
        ("(fail 9 \"no\")", "fail 9 \"no\""),
        ("(fail %last_error%)", "fail %last_error%"),
        ("(fail :error:)", "fail :error:"),
        ("(null)", "null"),
        ("(never)", "never"),
    ];
    for (script, text) in cases {
        assert_eq!(print::descriptor(&tree(script), NodeId::ROOT), text, "{script}");
    }
}
