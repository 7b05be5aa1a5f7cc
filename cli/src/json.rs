//! The checked tree and the findings as JSON; the long help of `parse` describes it.
//!
//! The tree is a flat list, so its depth is no problem to readers, and it is written as it is walked.

use crate::source::{Position, Source};
use airtight_engine::script::{
    Binding, Bindings, Class, Diagnostic, Diagnostics, NodeId, OperandId, Reach, Script, Severity, Span, Tree, Value,
};
use serde::{Serialize, Serializer};
use std::fmt::Debug;

/// What there is to say about one script.
#[derive(Serialize)]
pub(crate) struct Report<'a> {
    file: &'a str,
    valid: bool,
    diagnostics: Vec<Finding<'a>>,
    omitted: Omitted,
    #[serde(skip_serializing_if = "Option::is_none")]
    ast: Option<Ast<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bindings: Option<Tables<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    span: Bytes,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    excerpt: Bytes,
    #[serde(skip_serializing_if = "str::is_empty")]
    caption: &'a str,
    labels: Vec<Label<'a>>,
    help: Option<&'a str>,
}

#[derive(Serialize)]
struct Label<'a> {
    span: Bytes,
    line: usize,
    column: usize,
    text: &'a str,
}

#[derive(Serialize)]
struct Omitted {
    errors: usize,
    warnings: usize,
}

#[derive(Serialize)]
struct Bytes {
    start: u32,
    end: u32,
}

impl From<Span> for Bytes {
    fn from(Span { start, end }: Span) -> Self {
        Self { start, end }
    }
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        file: &'a str,
        source: &'a Source<'a>,
        script: Result<&'a Script, &'a Diagnostics>,
        with_ast: bool,
    ) -> Self {
        let diagnostics = script.map_or_else(|errors| errors, Script::warnings);
        let shown = script.ok().filter(|_| with_ast);
        Self {
            file,
            valid: script.is_ok(),
            diagnostics: diagnostics.iter().map(|diagnostic| Finding::new(source, diagnostic)).collect(),
            omitted: Omitted {
                errors: diagnostics.omitted(Severity::Error),
                warnings: diagnostics.omitted(Severity::Warning),
            },
            ast: shown.map(|script| Ast { source, script }),
            bindings: shown.map(Tables::new),
        }
    }
}

impl<'a> Finding<'a> {
    fn new(source: &Source<'_>, diagnostic: &'a Diagnostic) -> Self {
        let place = |offset: u32| source.position(offset as usize);
        let Position { line, column } = place(diagnostic.span.start);
        let Position { line: end_line, column: end_column } = place(diagnostic.span.end);
        let labels = diagnostic.labels.iter().map(|label| {
            let Position { line, column } = place(label.span.start);
            Label { span: label.span.into(), line, column, text: &label.text }
        });
        Self {
            severity: match diagnostic.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            code: diagnostic.code.name(),
            message: &diagnostic.message,
            span: diagnostic.span.into(),
            line,
            column,
            end_line,
            end_column,
            excerpt: diagnostic.excerpt.into(),
            caption: &diagnostic.caption,
            labels: labels.collect(),
            help: diagnostic.help.as_deref(),
        }
    }
}

/// The instructions, made one by one as they are written.
struct Ast<'a> {
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

/// The scalars that the lens of an operand reads, and what they refer to.
pub(crate) fn scalars_in_lens<'t>(
    tree: &'t Tree,
    bindings: &'t Bindings,
    value: &Value,
) -> impl Iterator<Item = (&'t str, Reach)> {
    use airtight_engine::script::{Accessor, LensView};
    let lens = match value {
        Value::LastError(lens) | Value::Error(lens) => *lens,
        Value::Variable(variable) => variable.lens,
        _ => airtight_engine::script::Lens::NONE,
    };
    let accessors = match tree.lens(lens) {
        LensView::Path(accessors) => accessors,
        LensView::None | LensView::Length => &[],
    };
    accessors.iter().zip(lens.accessors()).filter_map(|(accessor, id)| match accessor {
        Accessor::Scalar(name) => Some((tree.text(*name), bindings.accessor(id))),
        Accessor::Index(_) | Accessor::Field(_) => None,
    })
}

/// What the numbers in `refers` point into.
#[derive(Serialize)]
struct Tables<'a> {
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
    fn new(script: &'a Script) -> Self {
        let (tree, bindings) = (script.tree(), script.bindings());
        let definition = |d: &airtight_engine::script::Definition| Definition {
            name: tree.text(d.name),
            node: d.node.index(),
            frame: d.frame.index(),
            slot: d.slot,
            previous: d.previous().into(),
        };
        let frame = |f: &airtight_engine::script::Frame| Frame {
            fold: f.fold.map(NodeId::index),
            parent: f.parent.index(),
            slots: f.slots,
        };
        let stream = |s: &airtight_engine::script::StreamScope| Stream {
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

/// The name of an enum's variant in kebab case.
pub(crate) fn kebab(variant: impl Debug) -> String {
    let mut out = String::new();
    for c in format!("{variant:?}").chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
