//! The checked tree as JSON: a flat list, so that its depth is no problem to readers, written as it is walked.

use super::{Bytes, kebab};
use crate::ast::scalars_in_lens;
use crate::source::Source;
use airtight_engine::script::{self, Binding, Class, NodeId, OperandId, Reach, Script};
use serde::{Serialize, Serializer};

/// The instructions, made one by one as they are written.
pub(super) struct Ast<'a> {
    source: &'a Source<'a>,
    script: &'a Script,
}

#[derive(Serialize)]
struct Node<'a> {
    id: usize,
    kind: String,
    span: Bytes,
    operands: Vec<Operand<'a>>,
    children: Vec<usize>,
}

#[derive(Serialize)]
struct Operand<'a> {
    position: String,
    class: String,
    text: &'a str,
    span: Bytes,
    refers: Option<Refers>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    through: Vec<Through<'a>>,
}

/// A scalar inside a lens.
#[derive(Serialize)]
struct Through<'a> {
    name: &'a str,
    refers: Refers,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Refers {
    Defines(usize),
    Reads(usize),
    Stream(usize),
    Unset,
    Nothing,
}

impl From<Reach> for Refers {
    fn from(reach: Reach) -> Self {
        match reach {
            Reach::Definition(id) => Self::Reads(id.index()),
            Reach::Unset => Self::Unset,
            Reach::Nothing => Self::Nothing,
        }
    }
}

impl Refers {
    fn new(binding: Binding) -> Option<Self> {
        match binding {
            Binding::Read(reach) => Some(reach.into()),
            Binding::Definition(id) => Some(Self::Defines(id.index())),
            Binding::Stream(id) => Some(Self::Stream(id.index())),
            Binding::None => None,
        }
    }
}

impl Serialize for Ast<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.script.tree().node_ids().map(|id| self.node(id)))
    }
}

impl<'a> Ast<'a> {
    pub(super) const fn new(source: &'a Source<'a>, script: &'a Script) -> Self {
        Self { source, script }
    }

    fn node(&self, id: NodeId) -> Node<'a> {
        let tree = self.script.tree();
        let node = tree.node(id);
        Node {
            id: id.index(),
            kind: kebab(node.kind),
            span: node.span.into(),
            operands: tree
                .placed_operands(id)
                .map(|(operand, position)| self.operand(operand, kebab(position)))
                .collect(),
            children: tree.children(id).map(NodeId::index).collect(),
        }
    }

    fn operand(&self, id: OperandId, position: String) -> Operand<'a> {
        let (tree, bindings) = (self.script.tree(), self.script.bindings());
        let operand = tree.operand(id);
        Operand {
            position,
            class: kebab(Class::of(&operand.value)),
            text: self.source.text().get(std::ops::Range::from(operand.span)).unwrap_or_default(),
            span: operand.span.into(),
            refers: Refers::new(bindings.operand(id)),
            through: scalars_in_lens(tree, bindings, &operand.value)
                .map(|(name, reach)| Through { name, refers: reach.into() })
                .collect(),
        }
    }
}

/// What the numbers in `refers` point into.
#[derive(Serialize)]
pub(super) struct Tables<'a> {
    definitions: Vec<Definition<'a>>,
    frames: Vec<Frame>,
    streams: Vec<Stream<'a>>,
}

#[derive(Serialize)]
struct Definition<'a> {
    name: &'a str,
    node: usize,
    frame: usize,
    slot: u32,
    previous: Refers,
}

#[derive(Serialize)]
struct Frame {
    fold: Option<usize>,
    parent: usize,
    slots: u32,
}

#[derive(Serialize)]
struct Stream<'a> {
    name: &'a str,
    declared: Option<usize>,
    writes: u32,
    reads: u32,
}

impl<'a> Tables<'a> {
    pub(super) fn new(script: &'a Script) -> Self {
        let (tree, bindings) = (script.tree(), script.bindings());
        let definition = |d: &script::Definition| Definition {
            name: tree.text(d.name),
            node: d.node.index(),
            frame: d.frame.index(),
            slot: d.slot,
            previous: d.previous().into(),
        };
        let frame =
            |f: &script::Frame| Frame { fold: f.fold.map(NodeId::index), parent: f.parent.index(), slots: f.slots };
        let stream = |s: &script::StreamScope| Stream {
            name: tree.text(s.name),
            declared: s.declared.map(NodeId::index),
            writes: s.writes,
            reads: s.reads,
        };
        Self {
            definitions: bindings.definitions().iter().map(definition).collect(),
            frames: bindings.frames().iter().map(frame).collect(),
            streams: bindings.streams().iter().map(stream).collect(),
        }
    }
}
