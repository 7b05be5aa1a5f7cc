//! What a script has, as far as known divergences ask.

use airtight_engine::script::{
    Class, Instruction, Kind, Lens, LensView, NodeId, Operand, Position, Tree, Value, VariableKind,
};
use std::collections::BTreeSet;

/// The features of a script, by the names that the ledger has for them.
pub fn features(tree: &Tree) -> BTreeSet<&'static str> {
    let mut features = BTreeSet::new();
    let mut assigned = BTreeSet::new();
    if reads_error_after_par(tree) {
        features.insert("error read after par");
    }
    if reads_error_after_batch(tree) {
        features.insert("error read after batch");
    }
    if catches_in_handler(tree) {
        features.insert("xor in a handler");
    }
    if catches_iterations(tree) {
        features.insert("next in a xor");
    }
    if goes_on_inside(tree) {
        features.insert("next in an inner fold");
    }
    if stream_folded_twice(tree) {
        features.insert("stream folded twice");
    }
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
        for (operand, _) in tree.placed_operands(node) {
            let value = &tree.operand(operand).value;
            features.extend(operand_features(value));
            let lens = match value {
                Value::LastError(lens) | Value::Error(lens) => *lens,
                Value::Variable(variable) => variable.lens,
                _ => Lens::NONE,
            };
            match tree.lens(lens) {
                LensView::Path(_) => {
                    features.insert("path");
                }
                LensView::Length => {
                    features.insert("length");
                }
                LensView::None => {}
            }
        }
        if tree.placed_operands(node).filter(|(_, position)| is_read(*position)).count() > 1 {
            features.insert("several operands");
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
        match tree.instruction(node) {
            Instruction::Canon { .. } | Instruction::Insert { .. } => {
                let first = tree.placed_operands(node).next().map(|(id, _)| Class::of(&tree.operand(id).value));
                if first.is_some_and(|class| !matches!(class, Class::String | Class::InitPeerId | Class::Integer)) {
                    features.insert("computed key or canon peer");
                }
            }
            _ => {}
        }
    }
    features
}

/// Whether an error register is read after a `par`, or in its second branch.
fn reads_error_after_par(tree: &Tree) -> bool {
    let pars = tree.node_ids().filter(|node| tree.node(*node).kind == Kind::Par);
    pars.filter_map(|par| tree.children(par).nth(1)).any(|second| reads_error_from(tree, second))
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
    let folds = || {
        tree.node_ids().filter_map(|node| match tree.instruction(node) {
            Instruction::Fold { iterator, .. } => Some((node, tree.operand(iterator))),
            _ => None,
        })
    };
    folds().any(|(outer, iterator)| {
        folds().any(|(inner, other)| {
            inner > outer
                && inner < tree.node(outer).end()
                && !same_name(iterator, other)
                && has_next(tree, inner, iterator)
        })
    })
}

/// Whether an error register is read in an instruction or in what stands after it.
fn reads_error_from(tree: &Tree, first: NodeId) -> bool {
    let reads = |node: NodeId| {
        tree.placed_operands(node)
            .any(|(id, _)| matches!(tree.operand(id).value, Value::Error(_) | Value::LastError(_)))
    };
    tree.node_ids().any(|node| node >= first && reads(node))
}

/// Whether a stream or map is folded over by two instructions, of which one adds to it.
fn stream_folded_twice(tree: &Tree) -> bool {
    growing_folds(tree).any(|(one, stream)| {
        writes(tree, one, stream) && growing_folds(tree).any(|(other, again)| other != one && same_name(stream, again))
    })
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

fn same_name(a: &Operand, b: &Operand) -> bool {
    match (&a.value, &b.value) {
        (Value::Variable(a), Value::Variable(b)) => a.name == b.name,
        _ => false,
    }
}

fn inside(tree: &Tree, node: NodeId) -> impl Iterator<Item = NodeId> {
    let end = tree.node(node).end();
    tree.node_ids().filter(move |inner| *inner > node && *inner < end)
}

/// Whether an instruction can raise an error that another one catches.
fn can_fail(tree: &Tree, node: NodeId) -> bool {
    let takes_part = |operand: &Operand| match &operand.value {
        Value::LastError(lens) | Value::Error(lens) => !matches!(tree.lens(*lens), LensView::None),
        Value::Variable(variable) => !matches!(tree.lens(variable.lens), LensView::None),
        _ => false,
    };
    matches!(tree.node(node).kind, Kind::Call | Kind::Match | Kind::Mismatch | Kind::Fail)
        || tree.placed_operands(node).any(|(id, _)| takes_part(tree.operand(id)))
}

fn has_next(tree: &Tree, fold: NodeId, iterator: &Operand) -> bool {
    inside(tree, fold)
        .filter(|node| tree.node(*node).kind == Kind::Next)
        .any(|next| tree.placed_operands(next).any(|(id, _)| same_name(tree.operand(id), iterator)))
}

fn writes(tree: &Tree, fold: NodeId, stream: &Operand) -> bool {
    inside(tree, fold).any(|node| match tree.node(node).kind {
        Kind::Call | Kind::Assign | Kind::Insert => {
            tree.placed_operands(node).any(|(id, _)| same_name(tree.operand(id), stream))
        }
        _ => false,
    })
}
