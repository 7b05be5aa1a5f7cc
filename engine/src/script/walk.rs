//! A walk over a tree in textual order.

use super::{NodeId, Tree};

/// One event of a walk over a tree, in textual order; see [`Tree::walk`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Visit {
    /// A node begins: its operands come next, then its children.
    Enter(NodeId),
    /// The first child of this node has ended, the second one comes next.
    Between(NodeId),
    /// A node has ended.
    Leave(NodeId),
}

/// A walk over a tree that keeps its own stack; see [`Tree::walk`].
#[derive(Clone, Debug)]
pub struct Walk<'t> {
    tree: &'t Tree,
    next: u32,
    /// The nodes that have begun and not ended, the outermost first.
    open: Vec<NodeId>,
    between: bool,
}

impl<'t> Walk<'t> {
    pub(super) fn new(tree: &'t Tree) -> Self {
        Self { tree, next: 0, open: Vec::new(), between: false }
    }

    /// The nodes that the last visit lies in, the outermost first; the entered node itself is the last one.
    pub fn ancestors(&self) -> &[NodeId] {
        &self.open
    }
}

impl Iterator for Walk<'_> {
    type Item = Visit;

    fn next(&mut self) -> Option<Visit> {
        if let Some(&innermost) = self.open.last() {
            let node = self.tree.node(innermost);
            if node.end == self.next {
                self.open.pop();
                return Some(Visit::Leave(innermost));
            }
            if node.second == self.next && !std::mem::replace(&mut self.between, true) {
                return Some(Visit::Between(innermost));
            }
        }
        self.between = false;
        let id = NodeId(self.next);
        self.tree.nodes.get(id.index())?;
        self.next += 1;
        self.open.push(id);
        Some(Visit::Enter(id))
    }
}
