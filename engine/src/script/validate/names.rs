//! Rule 1: a name is used after an instruction that defines it, in textual order; and names out of scope.
//!
//! Neither the tree's shape nor `new` and `fold` limit rule 1, so a use that passes may still find no value. The
//! reference interpreter looks at one use of each name only, see [`refused`]; what it misses is a warning. It does not
//! look at the values of map entries, the peers of `canon`, the operands of `fail` and the lenses of errors at all.

use super::{Checked, defined, quoted};
use crate::script::diagnostic::{Sink, is_one_edit, short};
use crate::script::{
    Accessor, Binding, Bindings, Code, Diagnostic, Kind, Lens, NodeId, OperandId, Position, Reach, Symbol, Tree, Value,
    Visit,
};
use std::collections::BTreeSet;

pub(super) fn check(checked: &Checked<'_>, sink: &mut Sink) {
    let mut undefined = Vec::new();
    for node in checked.tree.node_ids() {
        for_each_use(checked.tree, checked.bindings, node, |usage| {
            if checked.names.is_known(usage.name) {
            } else if !checked.names.is_defined_before(usage.name, node) {
                undefined.push((node, usage));
            } else if let Binding::Read(reach @ (Reach::Unset | Reach::Nothing)) = usage.binding {
                sink.warning(|| out_of_scope(checked, node, usage, reach));
            }
        });
    }
    if undefined.is_empty() {
        return;
    }
    let refused = refused(checked);
    let mut reported = BTreeSet::new();
    for (node, usage) in undefined {
        if !reported.insert((node, usage.name)) {
            continue;
        }
        let make = || undefined_variable(checked, node, usage);
        let is_refused = usage.checked && refused.get(usage.name.index()) == Some(&true);
        if is_refused { sink.error(make) } else { sink.warning(make) }
    }
}

/// A name that an instruction reads.
#[derive(Clone, Copy)]
struct Use {
    operand: OperandId,
    name: Symbol,
    binding: Binding,
    /// Whether the reference interpreter looks at it.
    checked: bool,
}

fn for_each_use(tree: &Tree, bindings: &Bindings, node: NodeId, mut found: impl FnMut(Use)) {
    let is_canon = tree.node(node).kind == Kind::Canon;
    for (operand, position) in tree.placed_operands(node) {
        let of_lens = |lens: Lens, checked: bool, found: &mut dyn FnMut(Use)| {
            for index in lens.accessors() {
                if let Some(&Accessor::Scalar(name)) = tree.accessors.get(index) {
                    found(Use { operand, name, binding: Binding::Read(bindings.accessor(index)), checked });
                }
            }
        };
        match tree.operand(operand).value {
            Value::LastError(lens) | Value::Error(lens) => of_lens(lens, false, &mut found),
            Value::Variable(variable) if !position.defines() && position != Position::CanonSource => {
                let checked = match position {
                    Position::MapValue | Position::Fail => false,
                    Position::Peer => !is_canon,
                    _ => true,
                };
                found(Use { operand, name: variable.name, binding: bindings.operand(operand), checked });
                of_lens(variable.lens, checked, &mut found);
            }
            _ => {}
        }
    }
}

/// For each name, whether the reference interpreter refuses a script in which some use of it is undefined.
///
/// It goes through instructions in the order in which they end, notes each use that no definition met so far
/// satisfies, and in the end looks at the first one noted for each name. That one is satisfied after all if it stands
/// in a fold or `new` of its name: then an operand around that is undefined escapes.
fn refused(checked: &Checked<'_>) -> Vec<bool> {
    let tree = checked.tree;
    let mut first_noted: Vec<Option<bool>> = vec![None; tree.symbol_count()];
    let mut met: Vec<Option<NodeId>> = vec![None; tree.symbol_count()];
    for visit in tree.walk() {
        let Visit::Leave(node) = visit else { continue };
        for_each_use(tree, checked.bindings, node, |usage| {
            let first = met.get(usage.name.index()).copied().flatten();
            if usage.checked && first.is_none_or(|first| first >= node) {
                let satisfied = checked.names.is_defined_before(usage.name, node);
                if let Some(noted) = first_noted.get_mut(usage.name.index()) {
                    noted.get_or_insert(satisfied);
                }
            }
        });
        for name in defined(tree, node) {
            if let Some(first) = met.get_mut(name.index()) {
                *first = Some(first.map_or(node, |first| first.min(node)));
            }
        }
    }
    first_noted.into_iter().map(|satisfied| satisfied == Some(false)).collect()
}

fn out_of_scope(checked: &Checked<'_>, node: NodeId, usage: Use, reach: Reach) -> Diagnostic {
    let (tree, text) = (checked.tree, quoted(checked.tree, usage.name));
    let finding = |message: String| {
        Diagnostic::new(Code::OutOfScope, tree.node(node).span, message).excerpt(tree.operand(usage.operand).span)
    };
    if reach == Reach::Unset {
        return finding(format!("`{text}` is read before its `new` gives it a value"))
            .caption("this fails with 10009")
            .help("assign it inside the `new` first, or move the read out");
    }
    let d = finding(format!("`{text}` has no value here")).caption("this waits for ever");
    let d = match checked.names.definition(usage.name) {
        Some(definition) => d.label(tree.header(definition), "its scope has ended"),
        None => d,
    };
    d.help("what a fold or `new` defines is gone after it: use the value inside, or put it into a stream")
}

fn undefined_variable(checked: &Checked<'_>, node: NodeId, usage: Use) -> Diagnostic {
    let (tree, names, text) = (checked.tree, &checked.names, checked.tree.text(usage.name));
    let d = Diagnostic::new(
        Code::UndefinedVariable,
        tree.node(node).span,
        format!("`{}` is not defined before", short(text)),
    )
    .excerpt(tree.operand(usage.operand).span);
    if let Some(later) = names.definition(usage.name) {
        let what = if later == node { "it is defined by this very instruction" } else { "it is defined only here" };
        return d.label(tree.header(later), what).help("a definition counts from its instruction on, in textual order");
    }
    let similar = |known: &str| match stem(known) == stem(text) {
        true => true,
        false => stem(text).len() > 2 && sigil(known) == sigil(text) && is_one_edit(stem(known), stem(text)),
    };
    let defined = (0..tree.symbol_count()).map(|i| Symbol(i as u32)).filter(|&s| names.is_defined_before(s, node));
    match defined.map(|symbol| tree.text(symbol)).find(|known| similar(known)) {
        Some(known) if sigil(known) != sigil(text) => d.help(format!(
            "there is `{}`: the sigil is part of the name, and `canon` turns streams into canons",
            short(known)
        )),
        Some(known) => d.help(format!("is it `{}`?", short(known))),
        None => d.help("names are defined by `ap`, `canon`, `fold`, `new` and the output of `call`"),
    }
}

fn sigil(name: &str) -> &str {
    name.get(..name.len() - stem(name).len()).unwrap_or_default()
}

fn stem(name: &str) -> &str {
    name.trim_start_matches(['$', '#', '%'])
}
