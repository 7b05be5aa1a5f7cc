//! What a script has, as far as known divergences ask.

use airtight_engine::script::{
    Accessor, Class, Instruction, Kind, Lens, LensView, NodeId, Operand, OperandId, Position, Symbol, Tree, Value,
    VariableKind,
};
use airtight_properties::forms;
use std::collections::BTreeSet;

/// What only a look at the whole script shows.
type OfWhole = (&'static str, fn(&Tree) -> bool);
const OF_WHOLE: [OfWhole; 19] = [
    ("error read after par", reads_error_after_par),
    ("error read after batch", reads_error_after_batch),
    ("xor in a handler", catches_in_handler),
    ("next in a xor", catches_iterations),
    ("next in an inner fold", goes_on_inside),
    ("stream fold in a stream fold", folds_inside),
    ("after a stream fold that can fail", follows_fold_that_can_fail),
    ("stream folded twice", stream_folded_twice),
    ("addition between folds", added_between_folds),
    ("ap beside another addition", added_in_two_ways),
    ("filled by a fold", filled_by_a_fold),
    ("fold over a repeated key", folds_over_a_repeated_key),
    ("keys that print alike", has_keys_that_print_alike),
    ("match raised again", raises_match_again),
    ("peer of an error read", reads_peer_of_an_error),
    ("iterator read after next", reads_iterator_after_next),
    ("assignment in its new", cleared_and_assigned),
    ("next in a new", restricted_and_written_outside),
    ("part of what comes later", takes_part_of_what_comes_later),
];

/// The features of a script, by the names that the ledger has for them.
pub fn features(tree: &Tree) -> BTreeSet<&'static str> {
    let shown = OF_WHOLE.iter().filter(|(_, has)| has(tree));
    let mut features: BTreeSet<_> = shown.map(|(name, _)| *name).collect();
    let mut assigned = BTreeSet::new();
    for node in tree.node_ids() {
        features.insert(tree.node(node).kind.keyword());
        let written = tree.placed_operands(node).filter(|(_, position)| !is_read(*position));
        for (operand, position) in written {
            if let Value::Variable(variable) = &tree.operand(operand).value
                && !matches!(variable.kind, VariableKind::Stream | VariableKind::Map)
                && assigns(position)
                && !assigned.insert((variable.kind, variable.name))
            {
                features.insert("assigned twice");
            }
        }
        for (operand, position) in tree.placed_operands(node) {
            let value = &tree.operand(operand).value;
            features.extend(operand_features(value));
            if position == Position::Argument && has_lens(tree, tree.operand(operand)) {
                features.insert("part as an argument");
            }
            let lens = match value {
                Value::LastError(lens) | Value::Error(lens) => *lens,
                Value::Variable(variable) => variable.lens,
                _ => Lens::NONE,
            };
            match tree.lens(lens) {
                LensView::Path(steps) => {
                    features.insert("path");
                    if Class::of(value) == Class::CanonMapLens && steps.len() > 1 {
                        features.insert("part of an entry");
                    }
                }
                LensView::Length => {
                    features.insert("length");
                }
                LensView::None => {}
            }
        }
        let read = tree.placed_operands(node).filter(|(_, position)| is_read(*position));
        if read.filter(|(id, _)| is_computed(tree, tree.operand(*id))).count() > 1 {
            features.insert("several computed operands");
        }
        match tree.instruction(node) {
            Instruction::Fold { iterable, iterator, .. } => {
                let iterable = tree.operand(iterable);
                if is_growing(iterable) {
                    features.insert("stream fold");
                    if inside(tree, node).any(|inner| can_fail(tree, inner)) {
                        features.insert("stream fold that can fail");
                    }
                    if !has_next(tree, node, tree.operand(iterator)) {
                        features.insert("stream fold without next");
                    }
                    if writes(tree, node, iterable) {
                        features.insert("recursion");
                    }
                } else {
                    features.insert("value fold");
                }
            }
            Instruction::Call { service, .. } if is_text(tree, tree.operand(service), forms::RAISERS) => {
                features.insert("errors of a service");
            }
            Instruction::Fail { .. } if !tree.placed_operands(node).any(|(id, _)| is_error(tree.operand(id))) => {
                features.insert("fail value");
            }
            Instruction::Canon { source, target, .. }
                if is_kind(tree.operand(source), VariableKind::Map)
                    && is_kind(tree.operand(target), VariableKind::Scalar) =>
            {
                features.insert("map as one value");
            }
            _ => {}
        }
        if has_computed_first(tree, node) {
            features.insert("computed key or canon peer");
        }
    }
    features
}

/// Whether an error register is read after a `par` of which a branch can fail, or in its second branch. What a `next` there
/// goes on with is the whole body of its fold.
fn reads_error_after_par(tree: &Tree) -> bool {
    let pars = tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Par);
    // A `next` goes on with the whole fold, its last instruction included.
    let goes_on = |par: NodeId, (fold, iterator): (NodeId, &Operand)| {
        nexts(tree, fold, iterator).any(|next| is_inside(tree, next, par))
            && inside(tree, fold).any(|inner| can_fail(tree, inner))
    };
    let fails = |par: NodeId| {
        inside(tree, par).any(|inner| can_fail(tree, inner)) || folds(tree).any(|fold| goes_on(par, fold))
    };
    let mut pars = pars.filter(|par| fails(*par));
    pars.any(|par| {
        let Some(second) = tree.children(par).nth(1) else { return false };
        let again = |(fold, iterator)| {
            fold < par && nexts(tree, fold, iterator).any(|next| next >= second && next < tree.node(fold).end())
        };
        let mut again = folds(tree).filter(|fold| again(*fold));
        reads_error_from(tree, second) || again.any(|(fold, _)| reads_error_in(tree, inside(tree, fold)))
    })
}

/// Whether an error register is read in or after a fold over what grows: after another batch of it.
fn reads_error_after_batch(tree: &Tree) -> bool {
    growing_folds(tree).any(|(fold, _)| reads_error_from(tree, fold))
}

/// Whether there is a `xor` in the handler of another one.
fn catches_in_handler(tree: &Tree) -> bool {
    let xors = || tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Xor);
    let mut handlers = xors().filter_map(|xor| tree.children(xor).nth(1));
    handlers.any(|handler| xors().any(|inner| inner >= handler && inner < tree.node(handler).end()))
}

/// Whether a `xor` catches errors of a `next` in a fold over a stream or map.
fn catches_iterations(tree: &Tree) -> bool {
    let caught = |fold: NodeId| {
        let xors = inside(tree, fold).filter(|node| tree.node(*node).kind == Kind::Xor);
        let mut tried = xors.filter_map(|xor| tree.children(xor).next());
        tried.any(|tried| {
            let end = tree.node(tried).end();
            tree.node_ids().any(|node| node >= tried && node < end && tree.node(node).kind == Kind::Next)
        })
    };
    growing_folds(tree).any(|(fold, _)| caught(fold))
}

/// Whether the `next` of a fold stands in another fold inside of it.
fn goes_on_inside(tree: &Tree) -> bool {
    folds(tree).any(|(outer, iterator)| {
        folds(tree).any(|(inner, other)| {
            is_inside(tree, inner, outer) && !same_name(iterator, other) && has_next(tree, inner, iterator)
        })
    })
}

/// Whether there is a fold over a stream or map in another one.
fn folds_inside(tree: &Tree) -> bool {
    growing_folds(tree).any(|(outer, _)| growing_folds(tree).any(|(inner, _)| is_inside(tree, inner, outer)))
}

/// Whether something follows, in a sequence, a fold over a stream or map in which something can fail.
fn follows_fold_that_can_fail(tree: &Tree) -> bool {
    let fails = |fold: NodeId| inside(tree, fold).any(|inner| can_fail(tree, inner));
    let before = |fold: NodeId| {
        let sequences = tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Seq);
        sequences
            .filter_map(|seq| tree.children(seq).next())
            .any(|first| first <= fold && fold < tree.node(first).end())
    };
    growing_folds(tree).any(|(fold, _)| fails(fold) && before(fold))
}

/// Whether an error register is read in an instruction or in what stands after it.
fn reads_error_from(tree: &Tree, first: NodeId) -> bool {
    reads_error_in(tree, tree.node_ids().filter(|node| *node >= first))
}

/// Whether one of these instructions reads an error register.
fn reads_error_in(tree: &Tree, mut nodes: impl Iterator<Item = NodeId>) -> bool {
    nodes.any(|node| {
        tree.placed_operands(node)
            .any(|(id, _)| matches!(tree.operand(id).value, Value::Error(_) | Value::LastError(_)))
    })
}

/// Whether a stream or map is folded over by two instructions, of which one adds to it.
fn stream_folded_twice(tree: &Tree) -> bool {
    growing_folds(tree).any(|(one, stream)| {
        writes(tree, one, stream) && growing_folds(tree).any(|(other, again)| other != one && same_name(stream, again))
    })
}

/// Whether a stream or map is added to after a fold over it and folded over after that; in the body of a fold, what stands
/// before comes after in the next iteration.
fn added_between_folds(tree: &Tree) -> bool {
    let grows = |fold: NodeId| growing_folds(tree).any(|(other, _)| other == fold);
    // The body of a fold runs again for the next value, and for the next batch.
    let loops = || folds(tree).filter(|(fold, iterator)| grows(*fold) || has_next(tree, *fold, iterator));
    let after = |first: NodeId, then: NodeId| {
        then >= tree.node(first).end()
            || loops().any(|(fold, _)| [first, then].iter().all(|node| inside(tree, fold).any(|inner| inner == *node)))
    };
    growing_folds(tree).any(|(one, stream)| {
        let additions = tree.node_ids().filter(|node| adds(tree, *node, stream));
        let mut additions = additions.filter(|addition| after(one, *addition));
        additions.any(|addition| {
            growing_folds(tree).any(|(other, again)| same_variable(stream, again) && after(addition, other))
        })
    })
}

/// Whether an `ap` adds to a stream or map to which another instruction before it does too, after something that has an event,
/// so that what is added may have come with data.
fn added_in_two_ways(tree: &Tree) -> bool {
    let aps = tree.node_ids().filter(|node| matches!(tree.node(*node).kind, Kind::Assign | Kind::Insert));
    let before = |ap: NodeId| tree.node_ids().filter(move |other| *other < ap);
    let mut aps = aps.filter(|ap| before(*ap).any(|one| matches!(tree.node(one).kind, Kind::Call | Kind::Canon)));
    aps.any(|ap| {
        let mut targets = tree.placed_operands(ap).map(|(id, _)| tree.operand(id)).filter(|target| is_growing(target));
        targets.any(|target| before(ap).any(|other| adds(tree, other, target)))
    })
}

/// Whether there is a fold over a whole canon map, of a map to which two entries of one key may be added.
fn folds_over_a_repeated_key(tree: &Tree) -> bool {
    let is_folded = |map: &Operand| {
        tree.node_ids().any(|node| match tree.instruction(node) {
            Instruction::Fold { iterable, .. } => {
                let iterable = tree.operand(iterable);
                same_variable(iterable, map) && !has_lens(tree, iterable)
            }
            _ => false,
        })
    };
    let is_repeated = |map: &Operand| {
        let keys = || {
            tree.node_ids().filter_map(|node| match tree.instruction(node) {
                Instruction::Insert { key, map: to, .. } if same_variable(tree.operand(to), map) => Some((node, key)),
                _ => None,
            })
        };
        let may_be_equal = |(node, key): (NodeId, OperandId)| {
            let key = tree.operand(key);
            let again = folds(tree).any(|(fold, _)| is_inside(tree, node, fold));
            again
                || keys().any(|(other, to)| {
                    other > node && {
                        let to = tree.operand(to);
                        is_computed(tree, key) || is_computed(tree, to) || key.value == to.value
                    }
                })
        };
        keys().any(may_be_equal)
    };
    tree.node_ids().any(|node| match tree.instruction(node) {
        Instruction::Canon { source, target, .. } => {
            let (map, fixed) = (tree.operand(source), tree.operand(target));
            is_kind(fixed, VariableKind::CanonMap) && is_folded(fixed) && is_repeated(map)
        }
        _ => false,
    })
}

/// Whether an integer and the string of its digits are keys of stream maps.
fn has_keys_that_print_alike(tree: &Tree) -> bool {
    let keys = || {
        tree.node_ids().filter_map(|node| match tree.instruction(node) {
            Instruction::Insert { key, .. } => Some(&tree.operand(key).value),
            _ => None,
        })
    };
    let integers: BTreeSet<String> = keys()
        .filter_map(|key| match key {
            Value::Integer(integer) => Some(integer.to_string()),
            _ => None,
        })
        .collect();
    keys().any(|key| matches!(key, Value::String(text) if integers.contains(tree.text(*text))))
}

/// Whether the error of a `match` or `mismatch` may be raised again.
fn raises_match_again(tree: &Tree) -> bool {
    let raises = |node: NodeId| {
        tree.node(node).kind == Kind::Fail
            && tree.placed_operands(node).any(|(id, _)| matches!(tree.operand(id).value, Value::Error(_)))
    };
    tree.node_ids().any(|node| matches!(tree.node(node).kind, Kind::Match | Kind::Mismatch))
        && tree.node_ids().any(raises)
}

/// Whether a fold over a stream or map adds to another one.
fn filled_by_a_fold(tree: &Tree) -> bool {
    growing_folds(tree).any(|(fold, stream)| {
        inside(tree, fold).any(|node| {
            tree.placed_operands(node)
                .map(|(id, _)| tree.operand(id))
                .any(|other| is_growing(other) && !same_variable(other, stream) && adds(tree, node, other))
        })
    })
}

/// Whether the peer that an error names is read.
fn reads_peer_of_an_error(tree: &Tree) -> bool {
    tree.node_ids().flat_map(|node| tree.placed_operands(node)).any(|(id, _)| match &tree.operand(id).value {
        Value::LastError(lens) | Value::Error(lens) => match tree.lens(*lens) {
            LensView::Path(accessors) => accessors
                .iter()
                .any(|accessor| matches!(accessor, Accessor::Field(name) if tree.text(*name) == "peer_id")),
            _ => false,
        },
        _ => false,
    })
}

/// Whether an iterator is read after a `next` of its fold over a value where a `par` or `xor` around the `next` may keep its
/// error.
fn reads_iterator_after_next(tree: &Tree) -> bool {
    value_folds(tree).any(|(fold, iterator)| {
        nexts(tree, fold, iterator).any(|next| {
            let around = inside(tree, fold).filter(|node| *node < next && next < tree.node(*node).end());
            let mut keepers = around.filter(|node| matches!(tree.node(*node).kind, Kind::Par | Kind::Xor));
            keepers.next().is_some() && inside(tree, fold).any(|node| node > next && reads(tree, node, iterator))
        })
    })
}

/// Whether a name that a `new` leaves without a value is assigned inside of it.
fn cleared_and_assigned(tree: &Tree) -> bool {
    tree.node_ids().any(|node| match tree.instruction(node) {
        Instruction::New { variable, .. } if !is_growing(tree.operand(variable)) => {
            let same = |(id, position)| assigns(position) && same_variable(tree.operand(id), tree.operand(variable));
            inside(tree, node).any(|inner| tree.placed_operands(inner).any(same))
        }
        _ => false,
    })
}

/// Whether a `new` of a stream or map has a `next` in it, and the name is written outside of it.
fn restricted_and_written_outside(tree: &Tree) -> bool {
    tree.node_ids().any(|node| match tree.instruction(node) {
        Instruction::New { variable, .. } if is_growing(tree.operand(variable)) => {
            let outside = |other: NodeId| other < node || other >= tree.node(node).end();
            inside(tree, node).any(|inner| tree.node(inner).kind == Kind::Next)
                && tree.node_ids().any(|other| outside(other) && adds(tree, other, tree.operand(variable)))
        }
        _ => false,
    })
}

/// Whether some call of this name may have, as this one of so many arguments, a part of an error register or of a canon or a
/// length, or what was made of one: of these, the reference does not tell which part it is.
pub(crate) fn may_take_part(tree: &Tree, function: &str, arguments: usize, argument: usize) -> bool {
    let parts = made_of_parts(tree);
    tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Call).any(|call| {
        let is_other = |(id, position)| match &tree.operand(id).value {
            Value::String(text) => position == Position::Function && tree.text(*text) != function,
            _ => false,
        };
        let given = tree.placed_operands(call).filter(|(_, position)| *position == Position::Argument);
        let given: Vec<_> = given.map(|(id, _)| tree.operand(id)).collect();
        given.len() == arguments
            && !tree.placed_operands(call).any(is_other)
            && given.get(argument).is_some_and(|given| is_part(tree, given, &parts))
    })
}

/// The variables into which such parts, or lengths, come otherwise than as the result of a call.
fn made_of_parts(tree: &Tree) -> BTreeSet<(VariableKind, Symbol)> {
    let mut parts = BTreeSet::new();
    loop {
        let before = parts.len();
        for node in tree.node_ids() {
            if !matches!(tree.node(node).kind, Kind::Assign | Kind::Insert | Kind::Canon | Kind::Fold) {
                continue;
            }
            let values = || tree.placed_operands(node).filter(|(_, position)| *position != Position::Peer);
            if values().any(|(id, _)| is_part(tree, tree.operand(id), &parts)) {
                parts.extend(values().filter_map(|(id, _)| match &tree.operand(id).value {
                    Value::Variable(variable) => Some((variable.kind, variable.name)),
                    _ => None,
                }));
            }
        }
        if parts.len() == before {
            return parts;
        }
    }
}

fn is_part(tree: &Tree, operand: &Operand, parts: &BTreeSet<(VariableKind, Symbol)>) -> bool {
    match &operand.value {
        Value::LastError(lens) | Value::Error(lens) => !matches!(tree.lens(*lens), LensView::None),
        Value::Variable(variable) => {
            let of_canon = matches!(variable.kind, VariableKind::Canon | VariableKind::CanonMap);
            parts.contains(&(variable.kind, variable.name))
                || match tree.lens(variable.lens) {
                    LensView::Length => true,
                    LensView::Path(_) => of_canon,
                    LensView::None => false,
                }
        }
        _ => false,
    }
}

/// Whether a call takes a part of what a `par` before it does not wait for: it may be reached before the value is there.
fn takes_part_of_what_comes_later(tree: &Tree) -> bool {
    let pars = || tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Par);
    let set_later = |call: NodeId, taken: &Operand| {
        let mut after = pars().filter(|par| *par < call && call >= tree.node(*par).end());
        let sets = |(id, position)| assigns(position) && same_variable(tree.operand(id), taken);
        after.any(|par| inside(tree, par).any(|node| tree.placed_operands(node).any(sets)))
    };
    tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Call).any(|call| {
        let arguments = tree.placed_operands(call).filter(|(_, position)| *position == Position::Argument);
        let mut taken = arguments.map(|(id, _)| tree.operand(id));
        taken.any(|taken| has_lens(tree, taken) && set_later(call, taken))
    })
}

/// All folds, and their iterators.
fn folds(tree: &Tree) -> impl Iterator<Item = (NodeId, &Operand)> {
    tree.node_ids().filter_map(|node| match tree.instruction(node) {
        Instruction::Fold { iterator, .. } => Some((node, tree.operand(iterator))),
        _ => None,
    })
}

/// The folds over values, and their iterators.
fn value_folds(tree: &Tree) -> impl Iterator<Item = (NodeId, &Operand)> {
    folds(tree).filter(|(fold, _)| growing_folds(tree).all(|(other, _)| other != *fold))
}

/// The folds over streams and maps, and over which.
fn growing_folds(tree: &Tree) -> impl Iterator<Item = (NodeId, &Operand)> {
    tree.node_ids().filter_map(|node| match tree.instruction(node) {
        Instruction::Fold { iterable, .. } => {
            Some((node, tree.operand(iterable))).filter(|(_, iterable)| is_growing(iterable))
        }
        _ => None,
    })
}

fn operand_features(value: &Value) -> Option<&'static str> {
    match Class::of(value) {
        Class::LastError | Class::LastErrorLens | Class::Error | Class::ErrorLens => Some("error register"),
        Class::CanonMapLens => Some("canon map lens"),
        _ => None,
    }
}

const fn assigns(position: Position) -> bool {
    use Position as P;
    matches!(position, P::Output | P::Target | P::CanonTarget | P::CanonMapTarget)
}

const fn is_read(position: Position) -> bool {
    use Position as P;
    matches!(
        position,
        P::Peer | P::Service | P::Function | P::Argument | P::Comparand | P::Source | P::MapValue | P::Key
    )
}

fn is_error(operand: &Operand) -> bool {
    matches!(operand.value, Value::Error(_) | Value::LastError(_) | Value::Integer(_))
}

/// A stream or map, into which more may come while it is folded over.
fn is_growing(operand: &Operand) -> bool {
    matches!(&operand.value, Value::Variable(variable)
        if matches!(variable.kind, VariableKind::Stream | VariableKind::Map))
}

fn is_kind(operand: &Operand, kind: VariableKind) -> bool {
    matches!(&operand.value, Value::Variable(variable) if variable.kind == kind)
}

fn is_text(tree: &Tree, operand: &Operand, text: &str) -> bool {
    matches!(operand.value, Value::String(symbol) if tree.text(symbol) == text)
}

/// Whether an operand is a part of a variable.
fn has_lens(tree: &Tree, operand: &Operand) -> bool {
    matches!(&operand.value, Value::Variable(one) if !matches!(tree.lens(one.lens), LensView::None))
}

fn same_name(a: &Operand, b: &Operand) -> bool {
    match (&a.value, &b.value) {
        (Value::Variable(a), Value::Variable(b)) => a.name == b.name,
        _ => false,
    }
}

/// As [`same_name`], of one kind too.
fn same_variable(a: &Operand, b: &Operand) -> bool {
    match (&a.value, &b.value) {
        (Value::Variable(a), Value::Variable(b)) => (a.kind, a.name) == (b.kind, b.name),
        _ => false,
    }
}

/// Whether an instruction reads a scalar, as an operand or in a lens.
fn reads(tree: &Tree, node: NodeId, scalar: &Operand) -> bool {
    let Value::Variable(scalar) = &scalar.value else { return false };
    let steps = |lens: Lens| match tree.lens(lens) {
        LensView::Path(accessors) => accessors.contains(&Accessor::Scalar(scalar.name)),
        _ => false,
    };
    tree.node(node).kind != Kind::Next
        && tree.placed_operands(node).any(|(id, _)| match &tree.operand(id).value {
            Value::Variable(one) => steps(one.lens) || (one.kind, one.name) == (VariableKind::Scalar, scalar.name),
            Value::LastError(lens) | Value::Error(lens) => steps(*lens),
            _ => false,
        })
}

fn inside(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    let end = tree.node(node).end();
    tree.node_ids().filter(move |inner| *inner > node && *inner < end)
}

fn is_inside(tree: &Tree, node: NodeId, outer: NodeId) -> bool {
    node > outer && node < tree.node(outer).end()
}

/// Whether an operand may have no value yet, or none at all.
fn is_computed(tree: &Tree, operand: &Operand) -> bool {
    match &operand.value {
        Value::Variable(_) => true,
        Value::LastError(lens) | Value::Error(lens) => !matches!(tree.lens(*lens), LensView::None),
        _ => false,
    }
}

/// Whether an instruction can raise an error that another one catches.
fn can_fail(tree: &Tree, node: NodeId) -> bool {
    let takes_part = |operand: &Operand| match &operand.value {
        Value::LastError(lens) | Value::Error(lens) => !matches!(tree.lens(*lens), LensView::None),
        Value::Variable(variable) => !matches!(tree.lens(variable.lens), LensView::None) || is_cleared(tree, operand),
        _ => false,
    };
    // What is folded over may be no list, and what is to be a key or the peer of a canon no text.
    let wants = match tree.instruction(node) {
        Instruction::Fold { iterable, .. } => is_kind(tree.operand(iterable), VariableKind::Scalar),
        _ => has_computed_first(tree, node),
    };
    wants
        || matches!(tree.node(node).kind, Kind::Call | Kind::Match | Kind::Mismatch | Kind::Fail)
        || tree.placed_operands(node).any(|(id, _)| takes_part(tree.operand(id)))
}

/// Whether a `new` may leave a name without a value.
fn is_cleared(tree: &Tree, operand: &Operand) -> bool {
    let mut cleared = tree.node_ids().filter_map(|node| match tree.instruction(node) {
        Instruction::New { variable, .. } => Some(tree.operand(variable)),
        _ => None,
    });
    !is_growing(operand) && cleared.any(|variable| same_variable(variable, operand))
}

/// Whether the peer of a canon or the key of an insertion is computed.
fn has_computed_first(tree: &Tree, node: NodeId) -> bool {
    let first = tree.placed_operands(node).next().map(|(id, _)| Class::of(&tree.operand(id).value));
    matches!(tree.node(node).kind, Kind::Canon | Kind::Insert)
        && first.is_some_and(|class| !matches!(class, Class::String | Class::InitPeerId | Class::Integer))
}

fn has_next(tree: &Tree, fold: NodeId, iterator: &Operand) -> bool {
    nexts(tree, fold, iterator).next().is_some()
}

/// The `next`s of a fold.
fn nexts(tree: &Tree, fold: NodeId, iterator: &Operand) -> impl Iterator<Item = NodeId> {
    let nexts = inside(tree, fold).filter(|node| tree.node(*node).kind == Kind::Next);
    nexts.filter(|next| tree.placed_operands(*next).any(|(id, _)| same_name(tree.operand(id), iterator)))
}

fn writes(tree: &Tree, fold: NodeId, stream: &Operand) -> bool {
    inside(tree, fold).any(|node| adds(tree, node, stream))
}

/// Whether an instruction adds to a stream or map.
fn adds(tree: &Tree, node: NodeId, stream: &Operand) -> bool {
    matches!(tree.node(node).kind, Kind::Call | Kind::Assign | Kind::Insert)
        && tree.placed_operands(node).any(|(id, _)| same_variable(tree.operand(id), stream))
}
