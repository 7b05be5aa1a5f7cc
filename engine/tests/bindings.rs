//! What names refer to: the nearest assignment before a read, scope by scope.

use airtight_engine::script::{Binding, FrameId, Instruction, OperandId, Reach, Script, Value};

/// Each `ap` into a scalar, and each read of one, as `name@definition` or `name@` and the kind of nothing.
fn resolved(text: &str) -> String {
    let script = Script::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"));
    let (tree, bindings) = (script.tree(), script.bindings());
    let reach = |reach: Reach| match reach {
        Reach::Definition(id) => id.index().to_string(),
        Reach::Unset => "unset".into(),
        Reach::Nothing => "nothing".into(),
    };
    let mut out = Vec::new();
    let mut show = |operand: OperandId| {
        let Value::Variable(variable) = tree.operand(operand).value else { return };
        let name = tree.text(variable.name);
        out.push(match bindings.operand(operand) {
            Binding::Read(found) => format!("{name}@{}", reach(found)),
            Binding::Definition(id) => {
                let definition = &bindings.definitions()[id.index()];
                format!("{name}:{}(after {})", id.index(), reach(definition.previous()))
            }
            Binding::Stream(id) => format!("{name}#{}", id.index()),
            Binding::None => name.to_owned(),
        });
    };
    for node in tree.node_ids() {
        if !matches!(tree.instruction(node), Instruction::Canon { .. }) {
            tree.operand_ids(node).for_each(&mut show);
        }
    }
    out.join(" ")
}

#[test]
fn a_read_takes_the_last_assignment_before_it() {
    assert_eq!(resolved("(seq (ap 1 x) (ap x y))"), "x:0(after nothing) x@0 y:1(after nothing)");
    assert_eq!(
        resolved("(seq (xor (ap 1 x) (ap 2 x)) (ap x y))"),
        "x:0(after nothing) x:1(after 0) x@1 y:2(after nothing)"
    );
}

#[test]
fn an_iteration_has_its_own_names_and_sees_those_around() {
    assert_eq!(
        resolved("(seq (ap 1 x) (fold [] i (seq (seq (ap x y) (ap 2 x)) (seq (ap x z) (next i)))))"),
        "x:0(after nothing) i:1(after nothing) x@0 y:2(after nothing) x:3(after 0) x@3 z:4(after nothing) i@1"
    );
    // After the fold, the name is again the outer one; the last instruction belongs to an iteration.
    assert_eq!(
        resolved("(seq (ap 1 x) (seq (fold [] i (seq (ap 2 x) (next i)) (ap x y)) (ap x z)))"),
        "x:0(after nothing) i:1(after nothing) x:2(after 0) i@1 x@2 y:3(after nothing) x@0 z:4(after nothing)"
    );
}

/// What the body assigns after `next` runs after the last instruction, which does not wait for it.
#[test]
fn the_last_instruction_sees_what_the_body_saw_at_next() {
    assert_eq!(
        resolved("(seq (ap 1 x) (fold [] i (seq (next i) (ap 2 x)) (ap x y)))"),
        "x:0(after nothing) i:1(after nothing) i@1 x:2(after 0) x@0 y:3(after nothing)"
    );
    // A `new` of the body does not reach it either.
    assert_eq!(
        resolved("(seq (ap 1 x) (fold [] i (new x (seq (ap 2 x) (seq (next i) (ap 3 x)))) (ap x y)))"),
        "x:0(after nothing) i:1(after nothing) x x:2(after unset) i@1 x:3(after 2) x@0 y:4(after nothing)"
    );
}

#[test]
fn new_ends_the_search() {
    assert_eq!(
        resolved("(seq (ap 1 x) (seq (new x (seq (ap x y) (ap 2 x))) (ap x z)))"),
        "x:0(after nothing) x x@unset y:1(after nothing) x:2(after unset) x@0 z:3(after nothing)"
    );
    // What is assigned inside a `new` of another name stays.
    assert_eq!(resolved("(seq (new y (ap 1 x)) (ap x z))"), "y x:0(after nothing) x@0 z:1(after nothing)");
}

#[test]
fn next_names_its_fold_even_where_the_iterator_is_assigned() {
    assert_eq!(resolved("(fold [] i (seq (ap 1 i) (next i)))"), "i:0(after nothing) i:1(after 0) i@0");
}

#[test]
fn streams_belong_to_the_script_or_to_their_new() {
    assert_eq!(
        resolved("(seq (ap 1 $s) (seq (new $s (ap 2 $s)) (fold [] i (seq (ap i $s) (next i)))))"),
        "$s#0 $s#1 $s#1 i:0(after nothing) i@0 $s#0 i@0"
    );
    // The first mention may stand inside a fold: folds are no scopes to streams.
    assert_eq!(
        resolved("(seq (fold [] i (seq (ap i $s) (next i))) (fold $s j (next j)))"),
        "i:0(after nothing) i@0 $s#0 i@0 $s#0 j:1(after nothing) j@1"
    );
}

#[test]
fn frames_count_the_slots_of_the_script_and_of_each_fold() {
    let script = Script::parse("(seq (ap 1 x) (fold [] i (seq (ap i y) (fold [] j (seq (ap j z) (next j))))))");
    let script = script.expect("the script is valid");
    let frames = script.bindings().frames();
    let shown: Vec<_> = frames.iter().map(|frame| (frame.parent.index(), frame.slots, frame.fold.is_some())).collect();
    assert_eq!(shown, [(0, 1, false), (0, 2, true), (1, 2, true)]);
    let slots: Vec<_> = script.bindings().definitions().iter().map(|d| (d.frame == FrameId::SCRIPT, d.slot)).collect();
    assert_eq!(slots, [(true, 0), (false, 0), (false, 1), (false, 0), (false, 1)]);
}

#[test]
fn lenses_by_scalar_are_resolved_too() {
    let script = Script::parse("(seq (ap 1 i) (seq (ap [] v) (ap v.$.a.[i] x)))").expect("the script is valid");
    let (tree, bindings) = (script.tree(), script.bindings());
    let lens = tree.node_ids().flat_map(|node| tree.operands(node)).find_map(|operand| match operand.value {
        Value::Variable(variable) if !variable.lens.is_none() => Some(variable.lens),
        _ => None,
    });
    let reaches: Vec<_> = lens.expect("one operand has a lens").accessors().map(|a| bindings.accessor(a)).collect();
    assert!(matches!(reaches[..], [Reach::Nothing, Reach::Definition(id)] if id.index() == 0), "{reaches:?}");
}

/// Memory follows each kind of thing in a script: so many bytes more for one more of it, give or take a twentieth.
#[cfg(target_pointer_width = "64")]
#[test]
fn memory_counts_every_part() {
    type Write = fn(usize) -> String;
    const MORE: usize = 1_000;
    let heap = |script: &str| Script::parse(script).expect("it is a script").heap_bytes();
    let chain = |one: Write, count: usize| {
        (0..count).fold(String::from("(null)"), |rest, number| format!("(par {} {rest})", one(number)))
    };
    let parts: [(&str, f64, Write); 7] = [
        ("an instruction in a branch", 56.0, |_| "(null)".into()),
        ("a name and its definition", 153.0, |number| format!("(ap 1 name_{number:04})")),
        ("a call of six operands", 248.0, |_| "(call \"p\" (\"s\" \"f\") [1 2 3])".into()),
        ("a lens of eight steps", 236.0, |_| "(ap :error:.$.a.b.c.d.e.f.g.h x)".into()),
        ("a frame", 116.0, |_| "(new x (null))".into()),
        ("a stream", 152.0, |_| "(new $s (null))".into()),
        ("a comment", 64.0, |_| "(null) ; a comment\n".into()),
    ];
    for (what, expected, one) in parts {
        let each = (heap(&chain(one, 2 * MORE)) - heap(&chain(one, MORE))) as f64 / MORE as f64;
        assert!((expected * 0.95..=expected * 1.05).contains(&each), "{what}: {each} bytes and not {expected}");
    }
}
