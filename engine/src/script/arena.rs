//! A tree under construction.

use super::symbol::Interner;
use super::{Accessor, Kind, Lens, Node, NodeId, Operand, Span, Symbol, Tree};

/// A tree under construction, written in textual order and not yet known to be grammatical.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    tree: Tree,
    interner: Interner,
}

impl Arena {
    /// An arena with room for a usual script of this many bytes.
    pub(crate) fn for_text(bytes: usize) -> Self {
        let mut arena = Self::default();
        arena.tree.nodes.reserve(bytes / 40);
        arena.tree.operands.reserve(bytes / 24);
        arena.interner.reserve(bytes / 64);
        arena
    }

    /// An arena with room for a small script, so that making many of them seldom asks for memory.
    pub(crate) fn small() -> Self {
        const NODES: usize = 16;
        const OPERANDS: usize = 48;
        const SYMBOLS: usize = 16;
        let mut arena = Self::default();
        arena.tree.nodes.reserve(NODES);
        arena.tree.operands.reserve(OPERANDS);
        arena.interner.reserve(SYMBOLS);
        arena.interner.symbols.reserve(SYMBOLS);
        arena
    }

    pub(crate) fn intern(&mut self, text: &str) -> Symbol {
        self.interner.intern(text)
    }

    /// Opens an instruction; its operands come next, then its children.
    pub(crate) fn open(&mut self, kind: Kind, start: u32) -> NodeId {
        let id = NodeId(self.tree.nodes.len() as u32);
        let first_operand = self.tree.operands.len() as u32;
        let span = Span::new(start, start);
        self.tree.nodes.push(Node {
            span,
            kind,
            has_output: false,
            keyword_gap: 0,
            first_operand,
            operand_count: 0,
            end: id.0 + 1,
            second: 0,
        });
        id
    }

    fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.tree.nodes.get_mut(id.index())
    }

    pub(crate) fn operand(&mut self, id: NodeId, operand: Operand) {
        self.tree.operands.push(operand);
        if let Some(node) = self.node_mut(id) {
            node.operand_count += 1;
        }
    }

    pub(crate) fn set_kind(&mut self, id: NodeId, kind: Kind) {
        if let Some(node) = self.node_mut(id) {
            node.kind = kind;
        }
    }

    /// Says where the keyword of an instruction stands.
    pub(crate) fn set_keyword(&mut self, id: NodeId, start: u32) {
        if let Some(node) = self.node_mut(id) {
            node.keyword_gap = u16::try_from(start - node.span.start - 1).unwrap_or(u16::MAX);
        }
    }

    pub(crate) fn set_output(&mut self, id: NodeId) {
        if let Some(node) = self.node_mut(id) {
            node.has_output = true;
        }
    }

    /// Says that the next instruction to be opened is the second child of this one.
    pub(crate) fn second_child(&mut self, id: NodeId) {
        let next = self.tree.nodes.len() as u32;
        if let Some(node) = self.node_mut(id) {
            node.second = next;
        }
    }

    pub(crate) fn close(&mut self, id: NodeId, end: u32) {
        let count = self.tree.nodes.len() as u32;
        if let Some(node) = self.node_mut(id) {
            (node.span.end, node.end) = (end, count);
        }
    }

    pub(crate) fn path_start(&self) -> u32 {
        self.tree.accessors.len() as u32
    }

    pub(crate) fn accessor(&mut self, accessor: Accessor) {
        self.tree.accessors.push(accessor);
    }

    /// The lens through the accessors written since, of which there is at least one.
    pub(crate) fn path_from(&self, first: u32) -> Lens {
        Lens { first, count: self.path_start() - first }
    }

    /// The tree, with all the room it was made with.
    pub(crate) fn finish_roomy(self) -> Tree {
        Tree { symbols: self.interner.symbols, ..self.tree }
    }

    /// The tree, with no more room than it needs.
    pub(crate) fn finish(self, comments: Vec<Span>) -> Tree {
        let mut tree = Tree { comments, ..self.finish_roomy() };
        tree.nodes.shrink_to_fit();
        tree.operands.shrink_to_fit();
        tree.accessors.shrink_to_fit();
        tree.comments.shrink_to_fit();
        tree.symbols.shrink_to_fit();
        tree
    }
}
