//! Scripts nested 100,000 deep, in a thread whose stack holds no recursion of that depth.

use airtight_engine::script::{NodeId, Script, Tree, print};
use std::fmt::Write;

const DEPTH: usize = 100_000;
const STACK_BYTES: usize = 256 << 10;

/// The text of `DEPTH` instructions in each other.
fn nested(open: impl Fn(usize) -> String, innermost: &str, close: &str) -> String {
    let mut text = String::new();
    for depth in 0..DEPTH {
        let _ = write!(text, "{} ", open(depth));
    }
    text.push_str(innermost);
    for _ in 0..DEPTH {
        let _ = write!(text, "{close})");
    }
    text
}

fn with_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(run);
    assert!(thread.is_ok_and(|thread| thread.join().is_ok()));
}

/// Does all that can be done with a script, of which `valid` says whether it passes the static rules.
fn everything(text: String, valid: bool) {
    with_small_stack(move || {
        let tree = Tree::parse(&text).unwrap_or_else(|findings| panic!("{findings}"));
        let checked = Script::parse(&text);
        assert_eq!(checked.is_ok(), valid);
        if let Ok(script) = &checked {
            assert!(script.tree() == &tree && script.clone() == *script);
        }
        assert_eq!(Script::check(tree.clone()).is_ok(), valid);
        let canonical = print::canonical(&tree);
        let compact = print::compact(&tree);
        let formatted = print::format(&tree, &text);
        assert!(!print::human(&tree, print::HumanOptions { hopon: true }).is_empty());
        assert!(!print::descriptor(&tree, NodeId::ROOT).is_empty());
        for printed in [canonical, compact, formatted] {
            assert!(Tree::parse(&printed).is_ok_and(|parsed| parsed == tree));
        }
        assert_eq!(
            tree.walk().count(),
            tree.node_ids().map(|node| 2 + tree.children(node).skip(1).count()).sum::<usize>()
        );
        drop((tree.clone(), tree, checked));
    });
}

#[test]
fn pairs_to_the_right() {
    for keyword in ["seq", "par", "xor"] {
        everything(nested(|_| format!("({keyword} (null)"), "(null)", ""), true);
    }
}

#[test]
fn pairs_to_the_left() {
    for keyword in ["seq", "par", "xor"] {
        everything(nested(|_| format!("({keyword}"), "(null)", " (null)"), true);
    }
}

#[test]
fn scopes_and_comparisons() {
    everything(nested(|_| "(new $s".into(), "(null)", ""), true);
    everything(nested(|depth| format!("(new x{depth}"), "(null)", ""), true);
    everything(nested(|_| "(match 1 1".into(), "(null)", ""), true);
    everything(nested(|_| "(mismatch x.$.[y] \"\"".into(), "(null)", ""), false);
}

#[test]
fn folds_in_their_bodies() {
    everything(nested(|depth| format!("(fold [] i{depth}"), "(null)", ""), true);
    everything(nested(|_| "(fold [] i".into(), "(null)", ""), false);
    let body = nested(|depth| format!("(fold $s i{depth} (par (null)"), "(null)", ")");
    everything(format!("(seq (ap 1 $s) {body})"), true);
}

#[test]
fn folds_with_their_next() {
    let finite = nested(|depth| format!("(fold [] i{depth} (seq (null) (par (next i{depth})"), "(null)", "))");
    everything(finite, true);
    let endless = nested(|depth| format!("(fold $s i{depth} (par"), "(null)", " (null))");
    everything(format!("(seq (ap 1 $s) {endless})"), true);
}

#[test]
fn folds_in_their_last_instructions() {
    everything(nested(|depth| format!("(fold [] i{depth} (next i{depth})"), "(null)", ""), true);
}

#[test]
fn a_mixture() {
    const FORMS: [(&str, &str); 6] = [
        ("(seq (never)", ""),
        ("(par", " (null)"),
        ("(xor (fail 1 \"\")", ""),
        ("(new %m", ""),
        ("(match 1 1", ""),
        ("", ""),
    ];
    let mut text = String::new();
    for depth in 0..DEPTH {
        match FORMS[depth % 6].0 {
            "" => drop(write!(text, "(fold [] i{depth} ")),
            open => text.push_str(open),
        }
        text.push(' ');
    }
    text.push_str("(null)");
    for depth in (0..DEPTH).rev() {
        text.push_str(FORMS[depth % 6].1);
        text.push(')');
    }
    everything(text, true);
}

#[test]
fn brackets_only() {
    let once_quadratic = ["(new 1 ", "a(", "1.5(", "é(", "a,", "a\"b\""];
    for text in
        ["(", ")", "[", "(seq ", "(call (", "(fold [] i (", "(ap (", "((null) "].into_iter().chain(once_quadratic)
    {
        let text = text.repeat((10 << 20) / text.len());
        with_small_stack(move || assert!(Script::parse(&text).is_err()));
    }
}
