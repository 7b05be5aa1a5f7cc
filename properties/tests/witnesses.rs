//! The counterexamples of `docs/laws.md` to what does not hold, played.

use airtight_engine::data::{Answer, decode};
use airtight_engine::invoke::{CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, SameThread};
use airtight_engine::script::{Code, Tree};
use airtight_properties::Subject;
use airtight_properties::free::{CLOSURE_SIZES, closure_size};
use airtight_properties::view::{Executed, SeenState, View};

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

/// The generations of what `ap`s append, each with its place.
fn generations(view: &View) -> Vec<(&str, Vec<usize>)> {
    let appended = |state: &'_ SeenState| match state.executed()? {
        Executed::Ap { gens } => Some(gens),
        _ => None,
    };
    view.trace.iter().flatten().filter_map(|state| Some((&*state.place, appended(state)?))).collect()
}

/// Whatever the second value brings, the first one was appended before; but it is visited again.
#[test]
fn a_restarted_fold_appends_in_later_generations() {
    const SCRIPT: &str = r#"(seq
        (call "a" ("s" "f") [] $s)
        (par
            (call "a" ("s" "g") [] $s)
            (fold $s j (fold $s l (next j)) (ap [] $t))))"#;
    let first = answered(SCRIPT, "a");
    let second = run(SCRIPT, "a", &first, b"", Some((2, "a"))).data;
    let (first, second) = (view(SCRIPT, &first), view(SCRIPT, &second));
    let (before, after) = (generations(&first), generations(&second));
    let changes = |place: &str, gens| after.iter().any(|(other, others)| *other == place && *others != gens);
    assert!(before.into_iter().any(|(place, gens)| changes(place, gens)), "{after:?}");
    let script = airtight_engine::script::Script::parse(SCRIPT).expect("it is valid");
    assert!(script.warnings().iter().any(|warning| warning.code == Code::ReentrantFold), "{:?}", script.warnings());
}

/// A second run of a `next` counts as after it, too.
#[test]
fn a_restarted_fold_counts_states_twice() {
    const SCRIPT: &str = r#"(par
        (call "bob" ("net" "next") [] $s)
        (seq
            (call "carol" ("net" "next") ["stop"] $s)
            (fold $s j
                (seq
                    (xor (mismatch j "end" (ap "end" $s)) (null))
                    (fold $s l (next j))))))"#;
    let view = view(SCRIPT, &merged(&answered(SCRIPT, "bob"), &answered(SCRIPT, "carol")));
    let trace = view.trace.expect("our engine shows it");
    let folds = trace.iter().enumerate().filter_map(|(at, state)| match state.executed() {
        Some(Executed::Fold(lore)) => Some((trace.len() - at - 1, lore)),
        _ => None,
    });
    let (follow, lore) = folds.into_iter().next().expect("there is a fold");
    let counted: usize = lore.iter().map(|lore| lore.before[1] + lore.after[1]).sum();
    assert_eq!((counted, follow), (8, 7), "one state is counted twice");
}

/// `b` waits for `a`, `a` waits for `b`, and neither is told again.
#[test]
fn batches_differ_and_nobody_is_told_again() {
    const SCRIPT: &str = r#"(seq
        (seq
            (par (call "a" ("s" "f") []) (call "b" ("s" "g") [] $s))
            (ap [] $s))
        (fold $s i
            (seq
                (xor (call "a" ("s" "h") [i.$.key]) (call "b" ("s" "k") []))
                (next i))))"#;
    let a = answered(SCRIPT, "a");
    let asked = run(SCRIPT, "b", b"", b"", None).data;
    let answer = Answer { ret_code: 0, result: r#"{"key":1}"#.into() };
    let parameters = RunParameters::new("init", "b");
    let b = SameThread::ready().run(SCRIPT, &asked, b"", &parameters, &[(1, answer)].into());
    let b = b.expect("our engine gives an outcome").data;
    // Each gets what the other one answered.
    let (at_a, at_b) = (run(SCRIPT, "a", &a, &b, None), run(SCRIPT, "b", &b, &a, None));
    let pending = |data: &[u8]| -> Vec<(String, String)> {
        let pending = view(SCRIPT, data).pending.unwrap_or_default();
        pending.iter().map(|call| (call.peer.to_string(), call.place.to_string())).collect()
    };
    let of_b: Vec<_> = pending(&at_a.data).into_iter().filter(|(peer, _)| peer == "b").collect();
    assert_eq!(of_b.len(), 1, "`a` waits for `b` with the second value");
    assert!(!pending(&at_b.data).contains(&of_b[0]) && at_b.requests.is_empty(), "`b` does not know of it");
    // Nor is it told: not now, and not after `a` made its own call.
    let later = run(SCRIPT, "a", &at_a.data, b"", Some((2, "a")));
    assert!(at_a.next_peers.is_empty() && later.next_peers.is_empty());
}

#[test]
fn a_handler_that_is_needed_changes_what_is_asked() {
    let asked = |script| run(script, "b", b"", b"", None).requests.len();
    assert_eq!(asked(r#"(seq (fail 1 "e") (call "b" ("s" "f") []))"#), 0);
    assert_eq!(asked(r#"(seq (xor (fail 1 "e") (null)) (call "b" ("s" "f") []))"#), 1);
}

#[test]
fn one_branch_that_succeeds_is_enough() {
    let code = |script| run(script, "a", b"", b"", None).ret_code;
    assert_ne!(code(r#"(fail 1 "e")"#), 0);
    assert_eq!(code(r#"(par (fail 1 "e") (null))"#), 0);
}

#[test]
fn error_objects_quote_the_script() {
    let told = |name: &str| {
        let script = r#"(seq (call "a" ("s" "f") [] x) (xor (match x 1 (null)) (call "a" ("s" "g") [:error:])))"#;
        let script = script.replace(" x", &format!(" {name}"));
        let asked = run(&script, "a", &run(&script, "a", b"", b"", None).data, b"", Some((1, "v")));
        asked.requests.values().map(|request| request.arguments[0].to_text().to_string()).collect::<String>()
    };
    assert!(told("x").contains("match x 1") && told("y").contains("match y 1"), "{}", told("y"));
}

/// The canon is fixed before the answer, forgotten, and fixed again after it.
#[test]
fn who_forgets_disputes_its_own_canon() {
    const SCRIPT: &str = r#"(par (call "c" ("s" "f") [] $s) (canon "a" $s #c))"#;
    let before = run(SCRIPT, "a", b"", b"", None);
    let after = run(SCRIPT, "a", b"", &answered(SCRIPT, "c"), None);
    assert_eq!((fixed(SCRIPT, &before.data), fixed(SCRIPT, &after.data)), (vec![], vec!["\"c\"".to_owned()]));
    let disputed = |data: &[u8]| view(SCRIPT, data).disputed.map(|places| places.len());
    assert_eq!((disputed(&before.data), disputed(&after.data)), (Some(0), Some(0)));
    assert_eq!(disputed(&merged(&before.data, &after.data)), Some(1));
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
    // Whoever adds one adds a test that plays it.
    assert_eq!(scripts, 12);
}
