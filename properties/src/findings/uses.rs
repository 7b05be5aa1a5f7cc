//! Which assignments matter: to whom their values go.

use super::outline::Outline;
use airtight_engine::script::{Accessor, Binding, Definition, Instruction, Kind, LensView, NodeId, Reach, Value};

/// How far a value goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Use {
    /// Nothing reads it.
    Nothing,
    /// It is copied, and nothing reads the copy.
    Copied,
    /// It decides a `match` or `mismatch`.
    Compared,
    /// Something else reads it.
    Read,
}

/// For each assignment of the script, how far its value goes.
pub(super) fn uses(outline: &Outline<'_>) -> Vec<Use> {
    let definitions = outline.script.bindings().definitions();
    let mut uses = vec![Use::Nothing; definitions.len()];
    // A copy stands after what it copies, so from the end on each is known when it is needed.
    for &node in outline.nodes.iter().rev() {
        let how = match outline.tree().instruction(node) {
            Instruction::Match { .. } | Instruction::Mismatch { .. } => Use::Compared,
            Instruction::Next { .. } => continue,
            Instruction::Assign { target, .. } => match outline.script.bindings().operand(target) {
                Binding::Definition(copy) => uses.get(copy.index()).map_or(Use::Copied, |of| (*of).max(Use::Copied)),
                _ => Use::Read,
            },
            _ => Use::Read,
        };
        reads(outline, node, |reach| note(definitions, &mut uses, reach, how));
    }
    uses
}

/// A read may see any assignment before the last as well, if later ones do not happen.
fn note(definitions: &[Definition], uses: &mut [Use], reach: Reach, how: Use) {
    let mut reach = reach;
    while let Reach::Definition(id) = reach
        && let (Some(known), Some(definition)) = (uses.get_mut(id.index()), definitions.get(id.index()))
        && *known < how
    {
        *known = how;
        reach = definition.previous();
    }
}

/// Calls back with everything that an instruction reads by name.
fn reads(outline: &Outline<'_>, node: NodeId, mut note: impl FnMut(Reach)) {
    let (tree, bindings) = (outline.tree(), outline.script.bindings());
    for operand in tree.operand_ids(node) {
        if let Binding::Read(reach) = bindings.operand(operand) {
            note(reach);
        }
        let lens = match tree.operand(operand).value {
            Value::LastError(lens) | Value::Error(lens) => lens,
            Value::Variable(variable) => variable.lens,
            _ => continue,
        };
        let LensView::Path(path) = tree.lens(lens) else { continue };
        for (accessor, index) in path.iter().zip(lens.accessors()) {
            if let Accessor::Scalar(_) = accessor {
                note(bindings.accessor(index));
            }
        }
    }
}

/// The canons whose order or contents may decide something, by their index among the instructions, and every call.
///
/// A canon in a fold that fills its stream, value by value, differs whenever the values come in another order; if it is
/// only compared there, it is the canon after the fold that others read.
pub(super) fn deciding(outline: &Outline<'_>) -> Vec<bool> {
    let mut deciding: Vec<bool> = outline.nodes.iter().map(|node| outline.kind(*node) == Kind::Call).collect();
    for (definition, how) in outline.script.bindings().definitions().iter().zip(uses(outline)) {
        let node = definition.node;
        if outline.kind(node) != Kind::Canon {
            continue;
        }
        deciding[node.index()] = match how {
            Use::Nothing | Use::Copied => false,
            Use::Compared => !outline
                .source(node)
                .is_some_and(|stream| outline.origins(stream).folds.iter().any(|fold| outline.contains(*fold, node))),
            Use::Read => true,
        };
    }
    deciding
}
