//! Assignments and streams that look wrong: what other interpreters stop at, and what is read but never written.

use super::{Checked, iterator, quoted};
use crate::script::diagnostic::Sink;
use crate::script::{
    Code, Definition, Diagnostic, FrameId, Kind, NodeId, Position, Reach, Span, StreamScope, Tree, Visit,
};

pub(super) fn check_assignments(checked: &Checked<'_>, sink: &mut Sink) {
    let mut candidates = Vec::new();
    for definition in checked.bindings.definitions() {
        let Reach::Definition(previous) = definition.previous() else { continue };
        let Some(previous) = checked.bindings.definitions().get(previous.index()) else { continue };
        if definition.node == previous.node || checked.tree.node(definition.node).kind == Kind::Fold {
        } else if iterator_of_fold(checked.tree, previous) {
            sink.warning(|| assigned_iterator(checked.tree, definition, previous));
        } else if definition.frame == FrameId::SCRIPT && previous.frame == FrameId::SCRIPT {
            candidates.push((definition, previous));
        }
    }
    reassigned(checked.tree, &candidates, sink);
}

pub(super) fn check_streams(checked: &Checked<'_>, sink: &mut Sink) {
    for stream in checked.bindings.streams().iter().filter(|stream| stream.writes == 0) {
        never_written(checked, stream, sink);
    }
}

fn iterator_of_fold(tree: &Tree, definition: &Definition) -> bool {
    tree.node(definition.node).kind == Kind::Fold && iterator(tree, definition.node) == Some(definition.name)
}

/// The operand of an instruction that gives this name a value.
fn defining_operand(tree: &Tree, node: NodeId) -> Span {
    let defining = tree.placed_operands(node).filter(|(_, position)| position.defines() && *position != Position::New);
    defining.last().map_or(tree.node(node).span, |(id, _)| tree.operand(id).span)
}

fn assigned_iterator(tree: &Tree, definition: &Definition, fold: &Definition) -> Diagnostic {
    let span = tree.node(definition.node).span;
    let message = format!("`{}` is the iterator of a fold around", quoted(tree, definition.name));
    Diagnostic::new(Code::AssignedIterator, span, message)
        .excerpt(defining_operand(tree, definition.node))
        .caption("other interpreters stop here")
        .label(tree.header(fold.node), "it is bound here")
        .help("use another name")
}

/// Outside of folds other interpreters stop at a second assignment of a name, unless one of the two is not run: that
/// is so for the two parts of a `xor`, as a rule.
fn reassigned(tree: &Tree, candidates: &[(&Definition, &Definition)], sink: &mut Sink) {
    let mut candidates = candidates.iter().peekable();
    let mut walk = tree.walk();
    while let Some(&&(definition, previous)) = candidates.peek() {
        match walk.next() {
            None => return,
            Some(Visit::Enter(node)) if node == definition.node => {}
            Some(_) => continue,
        }
        candidates.next();
        let around = walk.ancestors().partition_point(|&ancestor| ancestor <= previous.node);
        let common = around.checked_sub(1).and_then(|innermost| walk.ancestors().get(innermost));
        if common.is_some_and(|&common| matches!(tree.node(common).kind, Kind::Seq | Kind::Par)) {
            sink.warning(|| {
                let span = tree.node(definition.node).span;
                let message = format!("`{}` may have a value already", quoted(tree, definition.name));
                Diagnostic::new(Code::Reassigned, span, message)
                    .excerpt(defining_operand(tree, definition.node))
                    .caption("other interpreters stop here if it has")
                    .label(tree.header(previous.node), "it is assigned here")
                    .help("use another name, or declare it anew with `new`")
            });
        }
    }
}

fn never_written(checked: &Checked<'_>, stream: &StreamScope, sink: &mut Sink) {
    let tree = checked.tree;
    let Some(read) = stream.first_read.filter(|_| !checked.names.is_known(stream.name)) else { return };
    let node = tree.node_with(read);
    let folded = tree.node(node).kind == Kind::Fold;
    // `(new $s (new #c (canon peer $s #c)))` only leads the particle over a peer.
    let is_hop = stream.declared.is_some() && stream.reads == 1 && !folded;
    // A fold over a name that nothing defines is an error already.
    let is_undefined = folded && stream.declared.is_none();
    if is_hop || is_undefined {
        return;
    }
    sink.warning(|| {
        let message = format!("nothing writes to `{}`", quoted(tree, stream.name));
        Diagnostic::new(Code::NeverWritten, tree.node(node).span, message)
            .excerpt(tree.operand(read).span)
            .caption(if folded { "this waits for ever" } else { "this is always empty" })
            .help("write to it with `ap` or as the output of `call`, in the same scope")
    });
}
