//! The checked tree as text: an outline with what each name refers to, then the tables behind it.
//!
//! ```text
//! 0 1:1    seq
//! 1 2:3      call "hub" ("auth" "login") [] token     ; token := d0
//! 2 3:3      ap token $log                            ; token = d0, $log = s0
//! ```

use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::script::{
    Accessor, Binding, Bindings, FrameId, Lens, LensView, NodeId, Reach, Script, Tree, Value, Visit, print,
};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Indentation stops growing at this depth, as the printer's does.
const INDENT_STEPS_MAX: usize = 40;
/// Longer instructions and names are cut.
const HEADER_CHARS_MAX: usize = 120;
const NAME_CHARS_MAX: usize = 40;
/// What names refer to is written in one column behind the instructions, but no farther right than here.
const NOTES_COLUMN_MAX: usize = 90;
/// More names than these are not listed beside an instruction.
const NOTES_MAX: usize = 16;

/// Writes the outline and the tables of a script.
pub(crate) fn write(out: &mut impl Write, source: &Source<'_>, script: &Script) -> io::Result<()> {
    let tree = script.tree();
    let outline = Outline::new(script);
    let width = tree.node_count().saturating_sub(1).to_string().len();
    let last = source.position(source.text().len()).line.to_string().len();
    let column = notes_column(&outline, script);
    for (id, depth) in nodes(tree) {
        let place = source.position(tree.node(id).span.start as usize);
        let place = format!("{}:{}", place.line, place.column);
        let header = header(tree, id, depth);
        write!(out, "{:>width$} {place:<place_width$} ", id.index(), place_width = last + 4)?;
        match outline.notes(id) {
            notes if notes.is_empty() => writeln!(out, "{header}")?,
            notes => writeln!(out, "{header:<column$} ; {notes}")?,
        }
    }
    outline.tables(out)
}

/// All nodes with their depths, in textual order.
fn nodes(tree: &Tree) -> impl Iterator<Item = (NodeId, usize)> {
    let mut walk = tree.walk();
    std::iter::from_fn(move || {
        loop {
            if let Visit::Enter(id) = walk.next()? {
                return Some((id, walk.ancestors().len() - 1));
            }
        }
    })
}

fn header(tree: &Tree, id: NodeId, depth: usize) -> String {
    let indent = "  ".repeat(depth.min(INDENT_STEPS_MAX));
    indent + &brief(print::descriptor(tree, id).trim_end(), HEADER_CHARS_MAX)
}

/// The width of the instructions that have notes.
fn notes_column(outline: &Outline<'_>, script: &Script) -> usize {
    let mut column = 0;
    for (id, depth) in nodes(script.tree()) {
        if !outline.notes(id).is_empty() {
            let header = header(script.tree(), id, depth);
            column = column.max(header.chars().count());
        }
        if column >= NOTES_COLUMN_MAX {
            return NOTES_COLUMN_MAX;
        }
    }
    column
}

struct Outline<'s> {
    script: &'s Script,
    /// The stream that each `new` of one declares, if anything mentions it.
    declared: BTreeMap<NodeId, usize>,
}

impl<'s> Outline<'s> {
    fn new(script: &'s Script) -> Self {
        let streams = script.bindings().streams().iter().enumerate();
        let declared = streams.filter_map(|(id, stream)| Some((stream.declared?, id))).collect();
        Self { script, declared }
    }

    /// What the names of an instruction refer to.
    fn notes(&self, node: NodeId) -> String {
        let (tree, bindings) = (self.script.tree(), self.script.bindings());
        let mut notes: Vec<String> = Vec::new();
        for id in tree.operand_ids(node) {
            let value = &tree.operand(id).value;
            let name = || match value {
                Value::Variable(variable) => name(tree.text(variable.name)),
                _ => String::new(),
            };
            let note = match bindings.operand(id) {
                Binding::Read(reach) => Some(format!("{} = {}", name(), reached(reach))),
                Binding::Definition(id) => Some(format!("{} := d{}{}", name(), id.index(), self.frame(id.index()))),
                Binding::Stream(id) if self.declared.contains_key(&node) => {
                    Some(format!("{} := s{}", name(), id.index()))
                }
                Binding::Stream(id) => Some(format!("{} = s{}", name(), id.index())),
                Binding::None => None,
            };
            let through = scalars_in_lens(tree, bindings, value)
                .map(|(text, reach)| format!("{} = {}", self::name(text), reached(reach)));
            for note in note.into_iter().chain(through) {
                if notes.len() < NOTES_MAX && !notes.contains(&note) {
                    notes.push(note);
                } else if notes.len() == NOTES_MAX {
                    notes.push("…".into());
                }
            }
        }
        notes.join(", ")
    }

    /// Where a definition lives, unless that is the script.
    fn frame(&self, definition: usize) -> String {
        match self.script.bindings().definitions().get(definition) {
            Some(definition) if definition.frame != FrameId::SCRIPT => format!(" in f{}", definition.frame.index()),
            _ => String::new(),
        }
    }

    fn tables(&self, out: &mut impl Write) -> io::Result<()> {
        let (tree, bindings) = (self.script.tree(), self.script.bindings());
        let mut title = "definitions\n";
        for (id, d) in bindings.definitions().iter().enumerate() {
            let (name, node, frame) = (name(tree.text(d.name)), d.node.index(), d.frame.index());
            write!(
                out,
                "{}  d{id} {name}: made by node {node}, in slot {} of f{frame}",
                title_once(&mut title),
                d.slot
            )?;
            match d.previous() {
                Reach::Definition(other) => writeln!(out, "; if it never happens, d{}", other.index())?,
                Reach::Unset | Reach::Nothing => writeln!(out)?,
            }
        }
        let mut title = "frames\n";
        for (id, frame) in bindings.frames().iter().enumerate() {
            let slots = counted(frame.slots as usize, "slot");
            let title = title_once(&mut title);
            match frame.fold {
                Some(fold) => {
                    let (fold, parent) = (fold.index(), frame.parent.index());
                    writeln!(
                        out,
                        "{title}  f{id} each iteration of the fold at node {fold}, within f{parent}: {slots}"
                    )?;
                }
                None => writeln!(out, "{title}  f{id} the script: {slots}")?,
            }
        }
        let mut title = "streams\n";
        for (id, stream) in bindings.streams().iter().enumerate() {
            let name = name(tree.text(stream.name));
            let (writes, reads) = (counted(stream.writes as usize, "write"), counted(stream.reads as usize, "read"));
            let owner = match stream.declared {
                Some(new) => format!("the `new` at node {}", new.index()),
                None => "the script".into(),
            };
            writeln!(out, "{}  s{id} {name}: of {owner}, {writes}, {reads}", title_once(&mut title))?;
        }
        Ok(())
    }
}

/// The scalars that the lens of an operand reads, and what they refer to.
pub(crate) fn scalars_in_lens<'t>(
    tree: &'t Tree,
    bindings: &'t Bindings,
    value: &Value,
) -> impl Iterator<Item = (&'t str, Reach)> {
    let lens = match value {
        Value::LastError(lens) | Value::Error(lens) => *lens,
        Value::Variable(variable) => variable.lens,
        _ => Lens::NONE,
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

/// The title of a table before its first row.
fn title_once(title: &mut &'static str) -> &'static str {
    std::mem::take(title)
}

fn name(text: &str) -> String {
    brief(text, NAME_CHARS_MAX)
}

fn reached(reach: Reach) -> String {
    match reach {
        Reach::Definition(id) => format!("d{}", id.index()),
        Reach::Unset => "unset".into(),
        Reach::Nothing => "nothing".into(),
    }
}
