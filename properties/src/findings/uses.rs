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

/// How much of a canon is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Looked {
    /// How many elements there are.
    pub(super) length: bool,
    /// So many of the first elements; the greatest number stands for all.
    pub(super) first: u32,
}

impl Looked {
    /// All of it.
    pub(super) const ALL: Self = Self { length: true, first: u32::MAX };

    /// Whether some elements count, and others do not.
    pub(super) fn is_beginning(self) -> bool {
        (1..u32::MAX).contains(&self.first)
    }

    fn and(self, other: Self) -> Self {
        Self { length: self.length || other.length, first: self.first.max(other.first) }
    }
}

/// For each assignment, how much of it is looked at, if it is a canon or a copy of one.
fn looked(outline: &Outline<'_>) -> Vec<Looked> {
    let (tree, bindings) = (outline.tree(), outline.script.bindings());
    let definitions = bindings.definitions();
    let mut looked = vec![Looked::default(); definitions.len()];
    for &node in outline.nodes.iter().rev() {
        let copy = match tree.instruction(node) {
            Instruction::Assign { target, .. } => match bindings.operand(target) {
                Binding::Definition(copy) => looked.get(copy.index()).copied(),
                _ => None,
            },
            _ => None,
        };
        for operand in tree.operand_ids(node) {
            let Binding::Read(mut reach) = bindings.operand(operand) else { continue };
            let Value::Variable(variable) = tree.operand(operand).value else { continue };
            let how = match tree.lens(variable.lens) {
                LensView::None => copy.unwrap_or(Looked::ALL),
                LensView::Length => Looked { length: true, first: 0 },
                LensView::Path([Accessor::Index(index), ..]) => {
                    Looked { length: false, first: index.saturating_add(1) }
                }
                LensView::Path(_) => Looked::ALL,
            };
            while let Reach::Definition(id) = reach
                && let (Some(known), Some(definition)) = (looked.get_mut(id.index()), definitions.get(id.index()))
                && known.and(how) != *known
            {
                *known = known.and(how);
                reach = definition.previous();
            }
        }
    }
    looked
}

/// For each instruction whose events may decide something, how much of them is looked at: every call, and canons that
/// are read.
///
/// A canon in a fold that fills its stream, value by value, differs whenever the values come in another order; if it is
/// only compared there, it is the canon after the fold that others read.
pub(super) fn deciding(outline: &Outline<'_>) -> Vec<Option<Looked>> {
    let is_call = |node: &NodeId| (outline.kind(*node) == Kind::Call).then_some(Looked::ALL);
    let mut deciding: Vec<Option<Looked>> = outline.nodes.iter().map(is_call).collect();
    let definitions = outline.script.bindings().definitions();
    for ((definition, how), looked) in definitions.iter().zip(uses(outline)).zip(looked(outline)) {
        let node = definition.node;
        if outline.kind(node) != Kind::Canon {
            continue;
        }
        let fills = |fold: &NodeId| outline.contains(*fold, node);
        let is_inner = || outline.source(node).is_some_and(|stream| outline.origins(stream).folds.iter().any(fills));
        deciding[node.index()] = match how {
            Use::Nothing | Use::Copied => None,
            Use::Compared if is_inner() => None,
            Use::Compared | Use::Read => Some(looked),
        };
    }
    deciding
}
