//! A script as findings ask about it: which instruction stands where, what encloses it, who writes which stream.

use super::Place;
use airtight_engine::script::{Accessor, LensView, Symbol, VariableKind};
use airtight_engine::script::{
    Binding, DefinitionId, Instruction, Kind, NodeId, OperandId, Reach, Script, StreamId, Tree, Value,
};
use std::collections::BTreeSet;
use std::iter;

/// Which part of the instruction around it an instruction is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    First,
    Second,
}

/// The tables of one script; each is linear in it.
#[derive(Debug)]
pub(super) struct Outline<'s> {
    pub(super) script: &'s Script,
    pub(super) text: &'s str,
    pub(super) nodes: Vec<NodeId>,
    parents: Vec<Option<(NodeId, Part)>>,
    /// For each stream, the instructions that write it, in textual order.
    writers: Vec<Vec<NodeId>>,
}

impl<'s> Outline<'s> {
    pub(super) fn new(script: &'s Script, text: &'s str) -> Self {
        let tree = script.tree();
        let nodes: Vec<_> = tree.node_ids().collect();
        let mut parents = vec![None; nodes.len()];
        let mut writers = vec![Vec::new(); script.bindings().streams().len()];
        for &node in &nodes {
            for (child, part) in tree.children(node).zip([Part::First, Part::Second]) {
                parents[child.index()] = Some((node, part));
            }
            for (operand, position) in tree.placed_operands(node) {
                if position.defines()
                    && tree.node(node).kind != Kind::New
                    && let Binding::Stream(stream) = script.bindings().operand(operand)
                {
                    writers[stream.index()].push(node);
                }
            }
        }
        Self { script, text, nodes, parents, writers }
    }

    pub(super) fn tree(&self) -> &'s Tree {
        self.script.tree()
    }

    pub(super) fn kind(&self, node: NodeId) -> Kind {
        self.tree().node(node).kind
    }

    /// The instruction that starts at this byte.
    pub(super) fn at(&self, start: u32) -> Option<NodeId> {
        let start_of = |node: &NodeId| self.tree().node(*node).span.start;
        self.nodes.binary_search_by_key(&start, start_of).ok().map(|at| self.nodes[at])
    }

    /// The bracket, keyword and operands of an instruction.
    pub(super) fn header(&self, node: NodeId) -> Place {
        self.tree().header(node).into()
    }

    /// The whole of an instruction.
    pub(super) fn whole(&self, node: NodeId) -> Place {
        self.tree().node(node).span.into()
    }

    pub(super) fn parent(&self, node: NodeId) -> Option<(NodeId, Part)> {
        self.parents[node.index()]
    }

    /// What encloses an instruction, the innermost first, each with the part of it that leads there.
    pub(super) fn around(&self, node: NodeId) -> impl Iterator<Item = (NodeId, Part)> + '_ {
        iter::successors(self.parent(node), |(outer, _)| self.parent(*outer))
    }

    /// The parts of an instruction.
    pub(super) fn parts(&self, node: NodeId) -> (Option<NodeId>, Option<NodeId>) {
        let mut children = self.tree().children(node);
        (children.next(), children.next())
    }

    pub(super) fn contains(&self, outer: NodeId, inner: NodeId) -> bool {
        outer <= inner && inner < self.tree().node(outer).end()
    }

    /// The positions of an instruction and all inside of it in tables indexed by node.
    pub(super) fn range(&self, node: NodeId) -> std::ops::Range<usize> {
        node.index()..self.tree().node(node).end().index()
    }

    pub(super) fn writers(&self, stream: StreamId) -> &[NodeId] {
        self.writers.get(stream.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn writes_in(&self, stream: StreamId, node: NodeId) -> bool {
        let writers = self.writers(stream);
        let first = writers.partition_point(|writer| *writer < node);
        writers.get(first).is_some_and(|writer| self.contains(node, *writer))
    }

    pub(super) fn stream_name(&self, stream: StreamId) -> String {
        let streams = self.script.bindings().streams();
        streams.get(stream.index()).map_or_else(String::new, |stream| self.tree().text(stream.name).to_owned())
    }

    /// The stream or map that a canon or fold reads.
    pub(super) fn source(&self, node: NodeId) -> Option<StreamId> {
        let operand = match self.tree().instruction(node) {
            Instruction::Canon { source, .. } => source,
            Instruction::Fold { iterable, .. } => iterable,
            _ => return None,
        };
        match self.script.bindings().operand(operand) {
            Binding::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    pub(super) fn is_stream_fold(&self, node: NodeId) -> bool {
        self.kind(node) == Kind::Fold && self.source(node).is_some()
    }

    /// Whether a rendered trace has states of this instruction.
    pub(super) fn has_states(&self, node: NodeId) -> bool {
        match self.tree().instruction(node) {
            Instruction::Call { .. }
            | Instruction::Canon { .. }
            | Instruction::Par(..)
            | Instruction::Insert { .. } => true,
            Instruction::Assign { target, .. } => matches!(self.script.bindings().operand(target), Binding::Stream(_)),
            Instruction::Fold { .. } => self.is_stream_fold(node),
            _ => false,
        }
    }

    /// Whether an instruction only moves the particle to a peer: a canon of a stream that nothing writes.
    pub(super) fn is_hop(&self, node: NodeId) -> bool {
        self.kind(node) == Kind::Canon && self.source(node).is_some_and(|stream| self.writers(stream).is_empty())
    }

    /// The operand that an instruction writes to.
    pub(super) fn output(&self, node: NodeId) -> Option<OperandId> {
        match self.tree().instruction(node) {
            Instruction::Call { output, .. } => output,
            Instruction::Assign { target, .. } | Instruction::Canon { target, .. } => Some(target),
            Instruction::Insert { map, .. } => Some(map),
            _ => None,
        }
    }

    /// The name of a variable, without its lens.
    pub(super) fn name(&self, operand: OperandId) -> Option<&'s str> {
        match self.tree().operand(operand).value {
            Value::Variable(variable) => Some(self.tree().text(variable.name)),
            _ => None,
        }
    }

    /// What the scalars and canons that an instruction reads with this name refer to.
    pub(super) fn reach(&self, node: NodeId, name: &str) -> Option<Reach> {
        let (tree, bindings) = (self.tree(), self.script.bindings());
        let is_it = |symbol: Symbol| tree.text(symbol) == name;
        tree.placed_operands(node).find_map(|(id, position)| {
            let (lens, own) = match tree.operand(id).value {
                Value::Variable(variable) => {
                    let own = (is_it(variable.name) && !position.defines()).then(|| bindings.operand(id));
                    (variable.lens, own)
                }
                Value::LastError(lens) | Value::Error(lens) => (lens, None),
                _ => return None,
            };
            if let Some(Binding::Read(reach)) = own {
                return Some(reach);
            }
            let LensView::Path(path) = tree.lens(lens) else { return None };
            path.iter().zip(lens.accessors()).find_map(|(accessor, index)| match accessor {
                Accessor::Scalar(symbol) if is_it(*symbol) => Some(bindings.accessor(index)),
                _ => None,
            })
        })
    }

    /// The instructions that may have assigned what a read sees, the last first.
    pub(super) fn candidates(&self, reach: Reach) -> impl Iterator<Item = NodeId> + '_ {
        let definition = |reach: Reach| match reach {
            Reach::Definition(id) => self.definition(id),
            Reach::Unset | Reach::Nothing => None,
        };
        iter::successors(definition(reach), move |(_, previous)| definition(*previous)).map(|(node, _)| node)
    }

    /// The instructions that may have assigned what an `ap` copies.
    pub(super) fn assigned_by(&self, node: NodeId) -> Vec<NodeId> {
        let source = match self.tree().instruction(node) {
            Instruction::Assign { source, .. } | Instruction::Insert { value: source, .. } => source,
            _ => return Vec::new(),
        };
        match self.script.bindings().operand(source) {
            Binding::Read(reach) => self.candidates(reach).collect(),
            _ => Vec::new(),
        }
    }

    fn definition(&self, id: DefinitionId) -> Option<(NodeId, Reach)> {
        self.script.bindings().definitions().get(id.index()).map(|it| (it.node, it.previous()))
    }

    /// The fold over a stream whose values these are, if an instruction puts the iterator of that fold into a stream.
    fn refills_from(&self, writer: NodeId) -> Option<NodeId> {
        let Instruction::Assign { source, .. } = self.tree().instruction(writer) else { return None };
        let Value::Variable(variable) = self.tree().operand(source).value else { return None };
        let Binding::Read(Reach::Definition(id)) = self.script.bindings().operand(source) else { return None };
        let (node, _) = self.definition(id)?;
        (variable.kind == VariableKind::Scalar && self.is_stream_fold(node)).then_some(node)
    }

    /// The streams whose order and contents decide those of a stream: the one that is read, and if folds over others fill
    /// it value by value, those others.
    pub(super) fn origins(&self, stream: StreamId) -> Origins {
        let mut origins = Origins { streams: vec![stream], folds: BTreeSet::new() };
        let mut seen = BTreeSet::from([stream]);
        let mut at = 0;
        while let Some(&stream) = origins.streams.get(at) {
            at += 1;
            for fold in self.writers(stream).iter().filter_map(|writer| self.refills_from(*writer)) {
                origins.folds.insert(fold);
                if let Some(source) = self.source(fold).filter(|source| seen.insert(*source)) {
                    origins.streams.push(source);
                }
            }
        }
        origins
    }
}

/// Where the values of a stream come from.
#[derive(Clone, Debug)]
pub(super) struct Origins {
    /// The stream itself, and those it is filled from.
    pub(super) streams: Vec<StreamId>,
    /// The folds that fill them.
    pub(super) folds: BTreeSet<NodeId>,
}
