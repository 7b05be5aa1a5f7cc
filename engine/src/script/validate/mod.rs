//! The static rules, a file each, and what looks wrong though it runs.
//!
//! | rule | error | file |
//! |---|---|---|
//! | 1 | `undefined-variable` | [`names`] |
//! | 2 – 5 | `undefined-iterator`, `multiple-next`, `new-on-iterator`, `nested-iterator` | [`iterators`] |
//! | 6 | `fail-code-zero` | [`operands`] |
//! | 7 | `after-next` | [`after_next`] |
//!
//! **A script that the reference interpreter accepts is never refused**: peers must agree on what runs. A rule that it
//! checks in part gives errors for that part and warnings for the rest. Each file is a pass over the tree, linear in it.

mod after_next;
mod assignments;
mod iterators;
mod names;
mod operands;
mod unreachable;

use super::diagnostic::{Sink, short};
use super::parse::Mistakes;
use super::{Bindings, Class, Kind, NodeId, Symbol, Tree, Value};
use std::borrow::Cow;

/// Checks a tree, of which some parts may not have been understood.
pub(crate) fn check(tree: &Tree, mistakes: &Mistakes, sink: &mut Sink) -> Bindings {
    let bindings = Bindings::resolve(tree);
    let checked = Checked { tree, bindings: &bindings, mistakes, names: Names::new(tree, mistakes) };
    for pass in [
        names::check,
        iterators::check,
        operands::check_codes,
        operands::check_lenses,
        after_next::check,
        assignments::check_assignments,
        assignments::check_streams,
        unreachable::check,
    ] {
        sink.next_pass();
        pass(&checked, sink);
    }
    bindings
}

/// What the passes read.
struct Checked<'t> {
    tree: &'t Tree,
    bindings: &'t Bindings,
    mistakes: &'t Mistakes,
    names: Names,
}

/// Where names are defined; scope is textual order.
struct Names {
    /// Names that a mistake of spelling may define.
    known: Vec<bool>,
    /// For each name, the first instruction that defines it.
    definitions: Vec<Option<NodeId>>,
}

impl Names {
    fn new(tree: &Tree, mistakes: &Mistakes) -> Self {
        let mut known = vec![false; tree.symbol_count()];
        for name in &mistakes.names {
            if let Some(known) = known.get_mut(name.index()) {
                *known = true;
            }
        }
        let mut definitions = vec![None; tree.symbol_count()];
        for node in tree.node_ids() {
            for name in defined(tree, node) {
                if let Some(first) = definitions.get_mut(name.index()) {
                    first.get_or_insert(node);
                }
            }
        }
        Self { known, definitions }
    }

    fn is_known(&self, name: Symbol) -> bool {
        self.known.get(name.index()).copied().unwrap_or(true)
    }

    fn definition(&self, name: Symbol) -> Option<NodeId> {
        self.definitions.get(name.index()).copied().flatten()
    }

    fn is_defined_before(&self, name: Symbol, node: NodeId) -> bool {
        self.definition(name).is_some_and(|first| first < node)
    }
}

/// The names that an instruction defines.
fn defined(tree: &Tree, node: NodeId) -> impl Iterator<Item = Symbol> {
    let defines = tree.node(node).kind != Kind::Next;
    tree.placed_operands(node).filter(move |(_, position)| defines && position.defines()).filter_map(|(id, _)| {
        match tree.operand(id).value {
            Value::Variable(variable) => Some(variable.name),
            _ => None,
        }
    })
}

impl Mistakes {
    /// Whether some instruction in this one, or itself, was not understood.
    pub(crate) fn any_in(&self, tree: &Tree, node: NodeId) -> bool {
        let first = self.nodes.partition_point(|&broken| broken < node);
        self.nodes.get(first).is_some_and(|&broken| broken < tree.node(node).end())
    }
}

/// A name as messages quote it.
fn quoted(tree: &Tree, name: Symbol) -> Cow<'_, str> {
    short(tree.text(name))
}

/// The iterator of a `fold` or `next`.
fn iterator(tree: &Tree, node: NodeId) -> Option<Symbol> {
    match tree.operands(node).last()?.value {
        Value::Variable(variable) => Some(variable.name),
        _ => None,
    }
}

/// Whether a fold is over a stream or map.
fn is_endless(tree: &Tree, fold: NodeId) -> bool {
    let over = tree.operands(fold).first().map(|over| Class::of(&over.value));
    matches!(over, Some(Class::Stream | Class::Map))
}
