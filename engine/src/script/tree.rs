//! The syntax tree: an arena of nodes in the order of their opening brackets.
//!
//! A node's first child follows it directly, so its subtree is the contiguous range from its own id to [`Node::end`]:
//! textual order is id order, a scan is a walk, and nothing here recurses or is dropped recursively. The operands of a
//! node lie together in a second arena, in textual order, and the accessors of a lens in a third one.

use super::symbol::Symbols;
use super::{Accessor, Class, Lens, LensView, Operand, Position, Span, Symbol, Walk};
use std::iter::Map;
use std::ops::Range;

/// One instruction of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The root of every tree.
    pub const ROOT: Self = Self(0);

    /// The position in the order of opening brackets, for tables indexed by node.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operand of a [`Tree`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct OperandId(pub(crate) u32);

impl OperandId {
    /// The position in textual order, for tables indexed by operand.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which instruction a node is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    /// `(call peer (service function) [arguments] output)`
    Call,
    /// `(ap source target)`
    Assign,
    /// `(ap (key value) %map)`
    Insert,
    /// `(canon peer source target)`
    Canon,
    /// `(seq left right)`
    Seq,
    /// `(par left right)`
    Par,
    /// `(xor left right)`
    Xor,
    /// `(match left right body)`
    Match,
    /// `(mismatch left right body)`
    Mismatch,
    /// `(fold iterable iterator body last?)`
    Fold,
    /// `(next iterator)`
    Next,
    /// `(new variable body)`
    New,
    /// `(fail operand)` or `(fail code text)`
    Fail,
    /// `(null)`
    Null,
    /// `(never)`
    Never,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Call,
        Self::Assign,
        Self::Insert,
        Self::Canon,
        Self::Seq,
        Self::Par,
        Self::Xor,
        Self::Match,
        Self::Mismatch,
        Self::Fold,
        Self::Next,
        Self::New,
        Self::Fail,
        Self::Null,
        Self::Never,
    ];

    /// The word after the opening bracket.
    pub const fn keyword(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Assign | Self::Insert => "ap",
            Self::Canon => "canon",
            Self::Seq => "seq",
            Self::Par => "par",
            Self::Xor => "xor",
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::Fold => "fold",
            Self::Next => "next",
            Self::New => "new",
            Self::Fail => "fail",
            Self::Null => "null",
            Self::Never => "never",
        }
    }

    /// How many instructions it takes as children.
    pub const fn arity(self) -> Range<u32> {
        match self {
            Self::Seq | Self::Par | Self::Xor => 2..3,
            Self::Match | Self::Mismatch | Self::New => 1..2,
            Self::Fold => 1..3,
            _ => 0..1,
        }
    }
}

/// One instruction as stored.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// From the opening bracket to one past the closing one; empty in trees that were not parsed.
    pub span: Span,
    /// Which instruction.
    pub kind: Kind,
    pub(crate) has_output: bool,
    /// How many bytes stand between the opening bracket and the keyword; the greatest number stands for more.
    pub(super) keyword_gap: u16,
    pub(super) first_operand: u32,
    pub(super) operand_count: u32,
    pub(super) end: u32,
    pub(super) second: u32,
}

impl Node {
    /// The id after the last one of this node's subtree.
    pub const fn end(&self) -> NodeId {
        NodeId(self.end)
    }
}

impl PartialEq for Node {
    /// Equality but for places.
    fn eq(&self, other: &Self) -> bool {
        let key = |n: &Self| (n.kind, n.has_output, n.operand_count, n.end, n.second);
        key(self) == key(other)
    }
}

/// The ids of operands that stand side by side.
pub type OperandIds = Map<Range<u32>, fn(u32) -> OperandId>;

fn operand_ids(range: Range<u32>) -> OperandIds {
    range.map(OperandId)
}

/// One instruction with its operands and children by name; see [`Tree::instruction`].
#[derive(Clone, Debug)]
pub enum Instruction {
    /// Asks a service of a peer.
    Call {
        /// Who runs the service.
        peer: OperandId,
        /// Which service.
        service: OperandId,
        /// Which function.
        function: OperandId,
        /// What it gets.
        arguments: OperandIds,
        /// Where its result goes.
        output: Option<OperandId>,
    },
    /// Copies a value into a scalar or stream.
    Assign {
        /// The value.
        source: OperandId,
        /// The scalar or stream.
        target: OperandId,
    },
    /// Adds an entry to a stream map.
    Insert {
        /// The key of the entry.
        key: OperandId,
        /// The value of the entry.
        value: OperandId,
        /// The stream map.
        map: OperandId,
    },
    /// Has one peer fix the contents of a stream or stream map.
    Canon {
        /// Who fixes them.
        peer: OperandId,
        /// The stream or stream map.
        source: OperandId,
        /// Where the fixed contents go.
        target: OperandId,
    },
    /// Runs the right part when the left one is complete.
    Seq(NodeId, NodeId),
    /// Runs both parts.
    Par(NodeId, NodeId),
    /// Runs the right part when the left one fails.
    Xor(NodeId, NodeId),
    /// Runs the body if the operands are equal, else fails.
    Match {
        /// The left operand.
        left: OperandId,
        /// The right operand.
        right: OperandId,
        /// What runs.
        body: NodeId,
    },
    /// Runs the body if the operands differ, else fails.
    Mismatch {
        /// The left operand.
        left: OperandId,
        /// The right operand.
        right: OperandId,
        /// What runs.
        body: NodeId,
    },
    /// Runs the body for the values of an iterable.
    Fold {
        /// What holds the values.
        iterable: OperandId,
        /// The name of the value at hand.
        iterator: OperandId,
        /// What runs for the first value, and with `next` for the others.
        body: NodeId,
        /// What runs after the last value; absent is not the same as `(null)`.
        last: Option<NodeId>,
    },
    /// Goes on to the next value of an enclosing fold.
    Next {
        /// The iterator of that fold.
        iterator: OperandId,
    },
    /// Runs the body with a variable of its own.
    New {
        /// The variable.
        variable: OperandId,
        /// What runs.
        body: NodeId,
    },
    /// Fails with an error object.
    Fail {
        /// The error object.
        error: OperandId,
    },
    /// Fails with a code and a text.
    FailLiteral {
        /// The code; never zero in a checked script.
        code: OperandId,
        /// The text.
        text: OperandId,
    },
    /// Does nothing.
    Null,
    /// Waits for ever.
    Never,
}

/// The syntax tree of one script: grammatical, but not yet checked.
///
/// Equality ignores places and comments.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub(crate) nodes: Vec<Node>,
    pub(crate) operands: Vec<Operand>,
    pub(crate) accessors: Vec<Accessor>,
    pub(crate) symbols: Symbols,
    pub(crate) comments: Vec<Span>,
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        self.nodes == other.nodes
            && self.operands == other.operands
            && self.accessors == other.accessors
            && self.symbols == other.symbols
    }
}

#[expect(clippy::indexing_slicing, reason = "ids are made by this module, for the tree that holds them")]
impl Tree {
    /// The node with this id.
    ///
    /// # Panics
    /// If the id is of another, larger tree.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The operand with this id.
    ///
    /// # Panics
    /// If the id is of another, larger tree.
    pub fn operand(&self, id: OperandId) -> &Operand {
        &self.operands[id.index()]
    }

    /// The operands of a node, in textual order.
    ///
    /// # Panics
    /// If the id is of another, larger tree.
    pub fn operands(&self, id: NodeId) -> &[Operand] {
        let node = self.node(id);
        &self.operands[node.first_operand as usize..(node.first_operand + node.operand_count) as usize]
    }

    /// The part of the value that a lens selects.
    ///
    /// # Panics
    /// If the lens is of another, larger tree.
    pub fn lens(&self, lens: Lens) -> LensView<'_> {
        match lens {
            Lens::NONE => LensView::None,
            Lens::LENGTH => LensView::Length,
            path => LensView::Path(&self.accessors[path.accessors()]),
        }
    }
}

impl Tree {
    /// The text of a symbol of this tree.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.symbols.get(symbol)
    }

    /// How many different symbols the tree has; they are numbered from 0.
    pub fn symbol_count(&self) -> usize {
        self.symbols.len()
    }

    /// How many nodes the tree has.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// How many operands the tree has.
    pub fn operand_count(&self) -> usize {
        self.operands.len()
    }

    /// The ids of all nodes, in the order of their opening brackets.
    pub fn node_ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + ExactSizeIterator + use<> {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    /// The ids of a node's operands, in textual order.
    pub fn operand_ids(&self, id: NodeId) -> OperandIds {
        let node = self.node(id);
        operand_ids(node.first_operand..node.first_operand + node.operand_count)
    }

    /// The children of a node, in textual order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let node = self.node(id);
        let first = (node.end > id.0 + 1).then_some(NodeId(id.0 + 1));
        first.into_iter().chain((node.second != 0).then_some(NodeId(node.second)))
    }

    /// The operands of a node with their positions, in textual order.
    pub fn placed_operands(&self, id: NodeId) -> impl Iterator<Item = (OperandId, Position)> + use<> {
        let &Node { kind, has_output, first_operand, operand_count, .. } = self.node(id);
        let map_source = kind == Kind::Canon
            && self.operands(id).get(1).is_some_and(|source| Class::of(&source.value) == Class::Map);
        (0..operand_count).map(move |i| {
            let position = match (kind, i) {
                (Kind::Call | Kind::Canon, 0) => Position::Peer,
                (Kind::Call, 1) => Position::Service,
                (Kind::Call, 2) => Position::Function,
                (Kind::Call, _) if has_output && i + 1 == operand_count => Position::Output,
                (Kind::Call, _) => Position::Argument,
                (Kind::Assign, 0) => Position::Source,
                (Kind::Assign, _) => Position::Target,
                (Kind::Insert, 0) => Position::Key,
                (Kind::Insert, 1) => Position::MapValue,
                (Kind::Insert, _) => Position::MapTarget,
                (Kind::Canon, 1) => Position::CanonSource,
                (Kind::Canon, _) if map_source => Position::CanonMapTarget,
                (Kind::Canon, _) => Position::CanonTarget,
                (Kind::Fold, 0) => Position::Iterable,
                (Kind::Fold | Kind::Next, _) => Position::Iterator,
                (Kind::New, _) => Position::New,
                (Kind::Fail, 0) => Position::Fail,
                (Kind::Fail, _) => Position::FailText,
                _ => Position::Comparand,
            };
            (OperandId(first_operand + i), position)
        })
    }

    /// The node that an operand belongs to.
    pub fn node_with(&self, operand: OperandId) -> NodeId {
        let after = self.nodes.partition_point(|node| node.first_operand <= operand.0);
        NodeId(after.saturating_sub(1) as u32)
    }

    /// Goes through all nodes in textual order, without recursion.
    pub fn walk(&self) -> Walk<'_> {
        Walk::new(self)
    }

    /// The first part of an instruction: its bracket, keyword and operands.
    pub fn header(&self, id: NodeId) -> Span {
        let node = self.node(id);
        let whole = node.second == 0 && node.end == id.0 + 1;
        let keyword_end = match node.keyword_gap {
            u16::MAX => node.span.start + 1,
            gap => node.span.start + 1 + u32::from(gap) + node.kind.keyword().len() as u32,
        };
        let end = self.operands(id).last().map_or(keyword_end, |operand| operand.span.end);
        Span::new(node.span.start, if whole { node.span.end } else { end.min(node.span.end) })
    }

    /// The comments of the parsed text, in textual order, each from its `;` to the end of its line.
    pub fn comments(&self) -> &[Span] {
        &self.comments
    }

    /// The operands and children of a node by name.
    pub fn instruction(&self, id: NodeId) -> Instruction {
        let node = self.node(id);
        let operand = |n: u32| OperandId(node.first_operand + n);
        let (first, second) = (NodeId(id.0 + 1), NodeId(node.second));
        match node.kind {
            Kind::Call => {
                let end = node.first_operand + node.operand_count - u32::from(node.has_output);
                Instruction::Call {
                    peer: operand(0),
                    service: operand(1),
                    function: operand(2),
                    arguments: operand_ids(node.first_operand + 3..end),
                    output: node.has_output.then_some(OperandId(end)),
                }
            }
            Kind::Assign => Instruction::Assign { source: operand(0), target: operand(1) },
            Kind::Insert => Instruction::Insert { key: operand(0), value: operand(1), map: operand(2) },
            Kind::Canon => Instruction::Canon { peer: operand(0), source: operand(1), target: operand(2) },
            Kind::Seq => Instruction::Seq(first, second),
            Kind::Par => Instruction::Par(first, second),
            Kind::Xor => Instruction::Xor(first, second),
            Kind::Match => Instruction::Match { left: operand(0), right: operand(1), body: first },
            Kind::Mismatch => Instruction::Mismatch { left: operand(0), right: operand(1), body: first },
            Kind::Fold => Instruction::Fold {
                iterable: operand(0),
                iterator: operand(1),
                body: first,
                last: (node.second != 0).then_some(second),
            },
            Kind::Next => Instruction::Next { iterator: operand(0) },
            Kind::New => Instruction::New { variable: operand(0), body: first },
            Kind::Fail if node.operand_count == 2 => Instruction::FailLiteral { code: operand(0), text: operand(1) },
            Kind::Fail => Instruction::Fail { error: operand(0) },
            Kind::Null => Instruction::Null,
            Kind::Never => Instruction::Never,
        }
    }

    /// Heap memory of the tree, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.operands.capacity() * size_of::<Operand>()
            + self.accessors.capacity() * size_of::<Accessor>()
            + self.comments.capacity() * size_of::<Span>()
            + self.symbols.heap_bytes()
    }
}
