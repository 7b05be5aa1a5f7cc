//! Rules 2 to 5: each `next` belongs to a fold around it, each fold has at most one, and iterators are not hidden.
//!
//! The reference interpreter looks at the textually first `next` of each iterator name only; one without a fold that it
//! misses is a warning.

use super::{Checked, is_endless, iterator, quoted};
use crate::script::diagnostic::Sink;
use crate::script::{Code, Diagnostic, Kind, NodeId, Symbol, Tree, Value, Visit};

/// How many enclosing folds a finding points at.
const FOLDS_SHOWN_MAX: usize = 3;

pub(super) fn check(checked: &Checked<'_>, sink: &mut Sink) {
    let tree = checked.tree;
    if !tree.nodes.iter().any(|node| matches!(node.kind, Kind::Fold | Kind::Next)) {
        return;
    }
    let symbols = tree.symbol_count();
    let mut iterators = Iterators {
        checked,
        tree,
        sink,
        innermost: vec![None; symbols],
        folds: Vec::new(),
        open_folds: Vec::new(),
        first_nexts: vec![true; symbols],
    };
    let mut walk = tree.walk();
    while let Some(visit) = walk.next() {
        match visit {
            Visit::Enter(node) => match tree.node(node).kind {
                Kind::Fold => iterators.fold(node),
                Kind::Next => iterators.next(node, walk.ancestors()),
                Kind::New => iterators.new_on_iterator(node),
                _ => {}
            },
            Visit::Leave(node) if tree.node(node).kind == Kind::Fold => iterators.end_of_fold(node),
            _ => {}
        }
    }
}

struct Fold {
    node: NodeId,
    /// The fold that its iterator hides, if it has the same name.
    hides: Option<usize>,
    first_next: Option<NodeId>,
    /// It has a `next`, or one with a name that fits no fold.
    may_have_next: bool,
}

struct Iterators<'t, 'k> {
    checked: &'t Checked<'t>,
    tree: &'t Tree,
    sink: &'k mut Sink,
    /// For each name, the innermost open fold with that iterator.
    innermost: Vec<Option<usize>>,
    folds: Vec<Fold>,
    open_folds: Vec<usize>,
    /// For each name, whether the `next` to come is the first one.
    first_nexts: Vec<bool>,
}

impl Iterators<'_, '_> {
    fn innermost_fold(&self, iterator: Symbol) -> Option<NodeId> {
        let fold = self.innermost.get(iterator.index()).copied().flatten()?;
        self.folds.get(fold).map(|fold| fold.node)
    }

    fn fold(&mut self, node: NodeId) {
        let Some(name) = iterator(self.tree, node) else { return };
        if let Some(outer) = self.innermost_fold(name) {
            let tree = self.tree;
            self.sink.error(|| {
                Diagnostic::new(
                    Code::NestedIterator,
                    tree.node(node).span,
                    format!("`{}` is the iterator of a fold around", quoted(tree, name)),
                )
                .excerpt(tree.header(node))
                .label(tree.header(outer), "the outer fold")
                .help("give nested folds iterators of different names")
            });
        }
        let hides = self.innermost.get_mut(name.index()).and_then(|place| place.replace(self.folds.len()));
        self.open_folds.push(self.folds.len());
        self.folds.push(Fold { node, hides, first_next: None, may_have_next: false });
    }

    fn next(&mut self, node: NodeId, ancestors: &[NodeId]) {
        let Some(name) = iterator(self.tree, node) else { return };
        let first = self.first_nexts.get_mut(name.index()).is_some_and(|first| std::mem::replace(first, false));
        let innermost = self.innermost.get(name.index()).copied().flatten();
        let (tree, folds, open_folds) = (self.tree, &mut self.folds, &self.open_folds);
        let Some(fold) = innermost.and_then(|fold| folds.get_mut(fold)) else {
            return self.next_of_no_fold(node, name, first, ancestors);
        };
        let fold_node = fold.node;
        if let Some(earlier) = fold.first_next {
            if !self.checked.mistakes.any_in(tree, fold_node) {
                self.sink.error(|| {
                    Diagnostic::new(
                        Code::MultipleNext,
                        tree.node(node).span,
                        format!("a second `next` of the fold over `{}`", quoted(tree, name)),
                    )
                    .label(tree.node(earlier).span, "the first one")
                    .label(tree.header(fold_node), "the fold")
                    .help("a fold has one `next`; let both ways lead to it")
                });
            }
            return;
        }
        (fold.first_next, fold.may_have_next) = (Some(node), true);
        let inner = open_folds.last().copied();
        if inner != innermost
            && let Some(inner) = inner.and_then(|inner| self.folds.get(inner))
        {
            let inner = inner.node;
            self.sink.warning(|| {
                Diagnostic::new(
                    Code::ReentrantFold,
                    tree.node(node).span,
                    "this `next` starts the inner fold again while it runs".to_string(),
                )
                .caption("other interpreters stop here")
                .label(tree.header(inner), "the inner fold")
                .label(tree.header(fold_node), "the fold that goes on")
                .help("put the `next` of the outer fold after the inner one")
            });
        }
    }

    fn next_of_no_fold(&mut self, node: NodeId, name: Symbol, first: bool, ancestors: &[NodeId]) {
        let broken = ancestors.iter().any(|n| self.checked.mistakes.nodes.binary_search(n).is_ok());
        if broken || self.checked.names.is_known(name) {
            return;
        }
        let mut around = Vec::new();
        for &fold in self.open_folds.iter().rev().take(FOLDS_SHOWN_MAX) {
            if let Some(fold) = self.folds.get_mut(fold) {
                // Probably this one was meant, so it is not said of it that it has no `next`.
                fold.may_have_next = true;
                around.push(fold.node);
            }
        }
        let tree = self.tree;
        let make = || undefined_iterator(tree, node, name, &around);
        if first { self.sink.error(make) } else { self.sink.warning(make) }
    }

    fn new_on_iterator(&mut self, node: NodeId) {
        let Some(Value::Variable(variable)) = self.tree.operands(node).first().map(|operand| operand.value) else {
            return;
        };
        let name = variable.name;
        if let Some(fold) = self.innermost_fold(name) {
            let tree = self.tree;
            self.sink.error(|| {
                Diagnostic::new(
                    Code::NewOnIterator,
                    tree.node(node).span,
                    format!("`new` of `{}`, the iterator of a fold around", quoted(tree, name)),
                )
                .excerpt(tree.header(node))
                .label(tree.header(fold), "the fold")
                .help("use another name")
            });
        }
    }

    fn end_of_fold(&mut self, node: NodeId) {
        let tree = self.tree;
        let Some(name) = iterator(tree, node) else { return };
        let Some(fold) = self.open_folds.pop().and_then(|fold| self.folds.get(fold)) else { return };
        if let Some(place) = self.innermost.get_mut(name.index()) {
            *place = fold.hides;
        }
        if !fold.may_have_next && !self.checked.mistakes.any_in(tree, node) {
            self.sink.warning(|| {
                let values = if is_endless(tree, node) { "value of each batch" } else { "value" };
                let message = format!("this fold has no `next`: it takes the first {values} only");
                Diagnostic::new(Code::FoldWithoutNext, tree.node(node).span, message)
                    .excerpt(tree.header(node))
                    .help(format!("add `(next {})` where it shall go on", quoted(tree, name)))
            });
        }
    }
}

fn undefined_iterator(tree: &Tree, node: NodeId, name: Symbol, around: &[NodeId]) -> Diagnostic {
    let text = quoted(tree, name);
    let mut d = Diagnostic::new(
        Code::UndefinedIterator,
        tree.node(node).span,
        format!("no fold around has the iterator `{text}`"),
    );
    for &fold in around {
        let iterator = iterator(tree, fold).map(|name| quoted(tree, name)).unwrap_or_default();
        d = d.label(tree.header(fold), format!("this fold has the iterator `{iterator}`"));
    }
    d.help(if around.is_empty() {
        "`next` stands inside a fold"
    } else {
        "`next` takes the iterator of a fold around it"
    })
}
