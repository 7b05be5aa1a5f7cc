//! Counterexamples of `docs/laws.md` to what does not hold: these are played; all are at least scripts.

use airtight_engine::data::{Answer, decode};
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, SameThread};
use airtight_engine::script::Tree;
use airtight_properties::Subject;
use airtight_properties::free::{CLOSURE_SIZES, closure_size};
use airtight_properties::view::{Executed, View};

fn run(script: &str, peer: &str, previous: &[u8], current: &[u8], answer: Option<(u32, &str)>) -> InterpreterResult {
    let parameters = RunParameters::new("init", peer);
    let answer = answer.map(|(id, value)| (id, Answer { ret_code: 0, result: format!("\"{value}\"").into() }));
    let answers: CallResults = answer.into_iter().collect();
    let mut runner = SameThread::ready();
    runner.run(script, previous, current, &parameters, &answers).expect("our engine gives an outcome")
}

/// The data of a peer after its first call was answered with its name.
fn answered(script: &str, peer: &str) -> Vec<u8> {
    let asked = run(script, peer, b"", b"", None);
    assert_eq!(asked.requests.len(), 1, "{peer} has one call to make");
    run(script, peer, &asked.data, b"", Some((1, peer))).data
}

fn merged(a: &[u8], b: &[u8]) -> Vec<u8> {
    SameThread::ready().merge(a, b).expect("they are of one script")
}

fn view(script: &str, data: &[u8]) -> View {
    let parameters = RunParameters::new("init", "init");
    let view = Subject::own().view(Some(script), data, &parameters);
    view.expect("data can be looked at")
}

/// The values of the only canon.
fn fixed(script: &str, data: &[u8]) -> Vec<String> {
    let states = view(script, data).trace.unwrap_or_default();
    let mut canons = states.iter().filter_map(|state| match state.executed() {
        Some(Executed::Canon(canon)) => Some(canon.values.iter().map(|value| value.0.to_string()).collect()),
        _ => None,
    });
    canons.next().expect("there is a canon")
}

/// The values that a peer asks its service for.
fn asked(result: &InterpreterResult) -> Vec<String> {
    result.requests.values().flat_map(|request| request.arguments.iter().map(|value| value.to_text())).collect()
}

#[test]
fn merging_is_not_commutative() {
    const SCRIPT: &str = r#"(par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))"#;
    let (a, b) = (answered(SCRIPT, "a"), answered(SCRIPT, "b"));
    assert_ne!(merged(b"", &merged(&a, &b)), merged(b"", &merged(&b, &a)));
}

/// Data of peers that raced generate the free left regular band: each order in which they can be learned is another one.
#[test]
fn races_generate_the_free_band() {
    const SCRIPT: &str = r#"(par
        (par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))
        (par (call "c" ("s" "h") [] $s) (call "d" ("s" "k") [] x)))"#;
    let letters: Vec<_> =
        ["a", "b", "c", "d"].map(|peer| decode(&answered(SCRIPT, peer)).expect("they are data").into_parts().0).into();
    for (n, size) in (1..=4).zip(CLOSURE_SIZES) {
        assert_eq!(closure_size(&letters[..n], size), size, "of {n} data");
    }
}

/// What becomes due between the operands is fixed by the first that comes.
#[test]
fn runs_at_who_fixes_a_canon_are_not_associative() {
    const SCRIPT: &str = r#"(seq
        (par (call "a" ("s" "f") [] $s) (call "c" ("s" "g") [] $s))
        (seq (canon "b" $s #c) (call "b" ("ui" "show") [#c])))"#;
    let (a, c) = (answered(SCRIPT, "a"), answered(SCRIPT, "c"));
    let one_by_one = run(SCRIPT, "b", &run(SCRIPT, "b", b"", &a, None).data, &c, None);
    let at_once = run(SCRIPT, "b", b"", &merged(&a, &c), None);
    assert_eq!(fixed(SCRIPT, &one_by_one.data), ["\"a\""]);
    assert_eq!(fixed(SCRIPT, &at_once.data), ["\"a\"", "\"c\""]);
}

/// Data that their own peer did not make may let it fix something, even if it gets them twice; then all is known.
#[test]
fn runs_at_who_fixes_a_canon_are_not_idempotent() {
    const SCRIPT: &str = r#"(seq (call "a" ("s" "f") [] $s) (canon "b" $s #c))"#;
    let a = answered(SCRIPT, "a");
    let twice = run(SCRIPT, "b", &a, &a, None).data;
    assert_eq!(fixed(SCRIPT, &twice), ["\"a\""]);
    assert!(String::from_utf8_lossy(&a).contains(r#""canons":[]"#), "at `a` it is not fixed");
    assert_eq!(run(SCRIPT, "b", &twice, &a, None).data, twice);
}

/// The value that was learned later does not wait for the one before.
#[test]
fn batches_of_a_fold_do_not_wait_for_each_other() {
    const BATCHES: &str = r#"(seq
        (par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))
        (fold $s i (seq (call "c" ("s" "h") [i]) (next i))))"#;
    let (a, b) = (answered(BATCHES, "a"), answered(BATCHES, "b"));
    let first = run(BATCHES, "c", b"", &a, None);
    let second = run(BATCHES, "c", &first.data, &b, None);
    assert_eq!((asked(&first), asked(&second)), (vec!["\"a\"".to_owned()], vec!["\"b\"".to_owned()]));
}

/// Who lost its data fixes a canon anew, and asks with what it holds then.
#[test]
fn who_forgets_may_ask_for_something_else() {
    const SCRIPT: &str = r#"(seq
        (par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))
        (seq (canon "c" $s #c) (call "c" ("s" "h") [#c])))"#;
    let (a, b) = (answered(SCRIPT, "a"), answered(SCRIPT, "b"));
    let before = run(SCRIPT, "c", b"", &a, None);
    let after = run(SCRIPT, "c", b"", &merged(&a, &b), None);
    assert_eq!((asked(&before), asked(&after)), (vec!["[\"a\"]".to_owned()], vec!["[\"a\",\"b\"]".to_owned()]));
    // And what it fixed before and now contradict each other at everybody else.
    assert_eq!(view(SCRIPT, &merged(&before.data, &after.data)).disputed.map(|places| places.len()), Some(1));
}

#[test]
fn who_forgets_asks_again() {
    const SCRIPT: &str = r#"(call "a" ("s" "f") [])"#;
    let asked = || run(SCRIPT, "a", b"", b"", None).requests.len();
    assert_eq!((asked(), asked()), (1, 1));
}

/// Each script of the page can be read; what runs and is questionable is named by a warning at most.
#[test]
fn scripts_of_the_page_are_scripts() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/laws.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let blocks = page.split("```air\n").skip(1).filter_map(|rest| rest.split("```").next());
    let inline = page.split('`').filter(|text| text.starts_with('(') && text.ends_with(')') && text.contains("call"));
    let mut scripts = 0;
    for script in blocks.chain(inline.filter(|text| !text.contains('\n'))) {
        assert!(airtight_engine::script::Script::check(Tree::parse(script).expect(script)).is_ok(), "{script}");
        scripts += 1;
    }
    assert!(scripts >= 8, "{scripts} scripts");
}
