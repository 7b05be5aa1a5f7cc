//! Rule 7: in a fold over a stream or map, nothing may be sequenced after `next`.
//!
//! Its values come one by one, for ever: what stands after `next` would run when no one knows. For each `next` the
//! `seq`s and `par`s are found whose left part ends in it; where the right part belongs to the same fold, it is after.
//!
//! The reference interpreter finds less and more than that, because it follows one name at a time and keeps flags for the
//! whole script. What it refuses decides what is an error, so that all peers agree on what runs; its machine is
//! [`Reference`]. What only the rule finds is a warning, and so is what only the machine finds.

use super::{Checked, is_endless, iterator, quoted};
use crate::script::diagnostic::Sink;
use crate::script::{Code, Diagnostic, Kind, NodeId, Symbol, Tree, Visit};

pub(super) fn check(checked: &Checked<'_>, sink: &mut Sink) {
    let (tree, mistakes) = (checked.tree, checked.mistakes);
    if !tree.nodes.iter().any(|node| node.kind == Kind::Next) {
        return;
    }
    let Findings { rule, mut reference } = find(tree);
    reference.sort_unstable();
    for finding in &rule {
        if mistakes.any_in(tree, finding.fold) {
            continue;
        }
        let refused = reference.binary_search_by_key(&finding.node, |r| r.0).is_ok();
        let make = || finding.describe(tree);
        if refused { sink.error(make) } else { sink.warning(make) }
    }
    let mut found: Vec<NodeId> = rule.iter().map(|finding| finding.node).collect();
    found.sort_unstable();
    for &(node, fold) in &reference {
        if mistakes.nodes.is_empty() && found.binary_search(&node).is_err() {
            sink.warning(|| elsewhere(tree, node, fold));
        }
    }
}

/// A `seq` or `par` that goes on after `next`.
struct Finding {
    node: NodeId,
    next: NodeId,
    fold: NodeId,
}

impl Finding {
    fn describe(&self, tree: &Tree) -> Diagnostic {
        let node = tree.node(self.node);
        let (keyword, text) = (node.kind.keyword(), |id| tree.header(id));
        let d = Diagnostic::new(Code::AfterNext, node.span, format!("`{keyword}` goes on after `next`"))
            .excerpt(text(self.node))
            .label(text(self.next), "this `next` comes first")
            .label(text(self.fold), "in this fold over a stream or map, whose values never end");
        let d = match tree.children(self.node).nth(1) {
            Some(after) => d.label(text(after), "this would come after it"),
            None => d,
        };
        d.help("move it before `next`, or into the last instruction of the fold")
    }
}

fn elsewhere(tree: &Tree, node: NodeId, fold: NodeId) -> Diagnostic {
    let name = iterator(tree, fold).map(|name| quoted(tree, name)).unwrap_or_default();
    Diagnostic::new(
        Code::AfterNextElsewhere,
        tree.node(node).span,
        format!("other interpreters refuse this script, because two folds share the iterator `{name}`"),
    )
    .excerpt(tree.header(node))
    .label(tree.header(fold), "they take the fold above for this one, over a stream or map")
    .help("give each fold an iterator of its own")
}

struct Findings {
    rule: Vec<Finding>,
    /// What the reference interpreter reports, with the fold at which it does.
    reference: Vec<(NodeId, NodeId)>,
}

/// An open or closed fold.
struct Fold {
    node: NodeId,
    iterator: Symbol,
    endless: bool,
    open: bool,
}

/// A `next` that an instruction ends in, in a list of such.
#[derive(Clone, Copy)]
struct Ending {
    next: NodeId,
    fold: usize,
    link: Option<usize>,
}

/// What is known of an instruction when it has ended.
#[derive(Clone, Copy, Default)]
struct Ended {
    /// The ends of its list of endings.
    list: Option<(usize, usize)>,
    /// The iterator that the reference interpreter takes it to end in.
    pivot: Option<Symbol>,
}

fn find(tree: &Tree) -> Findings {
    let mut findings = Findings { rule: Vec::new(), reference: Vec::new() };
    let mut folds: Vec<Fold> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut innermost: Vec<Option<usize>> = vec![None; tree.symbol_count()];
    let mut hidden: Vec<Option<usize>> = Vec::new();
    let mut endings: Vec<Ending> = Vec::new();
    let mut reference = Reference::new(tree);
    let mut ended: Vec<Ended> = Vec::new();
    for visit in tree.walk() {
        match visit {
            Visit::Enter(node) if tree.node(node).kind == Kind::Fold => {
                let Some(iterator) = iterator(tree, node) else { continue };
                let place = innermost.get_mut(iterator.index());
                hidden.push(place.and_then(|place| place.replace(folds.len())));
                open.push(folds.len());
                folds.push(Fold { node, iterator, endless: is_endless(tree, node), open: true });
            }
            Visit::Leave(node) => {
                let count = tree.children(node).count();
                let mut children = [Ended::default(); 2];
                for child in children.iter_mut().take(count).rev() {
                    *child = ended.pop().unwrap_or_default();
                }
                let [left, right] = children;
                let mut result = Ended { pivot: reference.leave(node, left.pivot, right.pivot), list: None };
                result.list = match tree.node(node).kind {
                    Kind::Next => iterator(tree, node)
                        .and_then(|name| innermost.get(name.index()).copied().flatten())
                        .map(|fold| {
                            endings.push(Ending { next: node, fold, link: None });
                            (endings.len() - 1, endings.len() - 1)
                        }),
                    Kind::Seq | Kind::Par => {
                        let mut at = left.list.map(|(first, _)| first);
                        while let Some(&Ending { next, fold, link }) = at.and_then(|at| endings.get(at)) {
                            if let Some(fold) = folds.get(fold).filter(|fold| fold.open && fold.endless) {
                                findings.rule.push(Finding { node, next, fold: fold.node });
                            }
                            at = link;
                        }
                        right.list
                    }
                    _ => join(&mut endings, left.list, right.list),
                };
                if tree.node(node).kind == Kind::Fold
                    && let Some(iterator) = iterator(tree, node)
                {
                    let fold = open.pop().and_then(|fold| folds.get_mut(fold));
                    debug_assert!(fold.as_ref().is_some_and(|fold| fold.node == node && fold.iterator == iterator));
                    if let Some(fold) = fold {
                        fold.open = false;
                    }
                    if let (Some(place), Some(before)) = (innermost.get_mut(iterator.index()), hidden.pop()) {
                        *place = before;
                    }
                }
                ended.push(result);
            }
            _ => {}
        }
    }
    findings.reference = reference.reported;
    findings
}

fn join(endings: &mut [Ending], a: Option<(usize, usize)>, b: Option<(usize, usize)>) -> Option<(usize, usize)> {
    let (Some((first, middle)), Some((other, last))) = (a, b) else { return a.or(b) };
    if let Some(ending) = endings.get_mut(middle) {
        ending.link = Some(other);
    }
    Some((first, last))
}

/// The check as the reference interpreter makes it, which decides what other peers refuse.
struct Reference<'t> {
    tree: &'t Tree,
    /// For each iterator name, the first `seq` or `par` that went on after its `next`.
    flags: Vec<Option<NodeId>>,
    /// Off for good after a `xor` whose two parts end in a `next`.
    on: bool,
    reported: Vec<(NodeId, NodeId)>,
}

impl<'t> Reference<'t> {
    fn new(tree: &'t Tree) -> Self {
        Self { tree, flags: vec![None; tree.symbol_count()], on: true, reported: Vec::new() }
    }

    /// Ends an instruction, given the pivots of its children; returns its own.
    fn leave(&mut self, node: NodeId, left: Option<Symbol>, right: Option<Symbol>) -> Option<Symbol> {
        if !self.on {
            return None;
        }
        match self.tree.node(node).kind {
            Kind::Next => iterator(self.tree, node),
            Kind::New | Kind::Match | Kind::Mismatch => left,
            Kind::Xor if left.is_some() && right.is_some() => {
                self.on = false;
                None
            }
            Kind::Xor => left.or(right),
            Kind::Seq | Kind::Par => match left {
                None => right,
                Some(_) if left == right => left,
                Some(name) => {
                    if let Some(flag) = self.flags.get_mut(name.index()) {
                        flag.get_or_insert(node);
                    }
                    None
                }
            },
            Kind::Fold if is_endless(self.tree, node) => {
                let name = iterator(self.tree, node)?;
                let flag = self.flags.get_mut(name.index())?;
                self.reported.extend(flag.map(|after| (after, node)));
                if left == Some(name) {
                    *flag = None;
                    return None;
                }
                left
            }
            _ => None,
        }
    }
}
