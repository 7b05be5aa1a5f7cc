//! The checked tree as text: an outline with what each name refers to, then the tables behind it.
//!
//! ```text
//! 0 1:1    seq
//! 1 2:3      call "hub" ("auth" "login") [] token     ; token := d0
//! 2 3:3      ap token $log                            ; token = d0, $log = s0
//! ```

use crate::json::scalars_in_lens;
use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::script::{Binding, FrameId, NodeId, Reach, Script, Visit, print};
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Indentation stops growing at this depth, as the printer's does.
const INDENT_STEPS_MAX: usize = 40;
/// Longer instructions and names are cut.
const HEADER_CHARS_MAX: usize = 120;
const NAME_CHARS_MAX: usize = 40;
/// Where what names refer to is written, if the instruction leaves room.
const NOTES_COLUMN: usize = 56;
/// More names than these are not listed beside an instruction.
const NOTES_MAX: usize = 16;

/// Writes the outline and the tables of a script.
pub(crate) fn write(out: &mut impl Write, source: &Source<'_>, script: &Script) -> io::Result<()> {
    let tree = script.tree();
    let outline = Outline::new(script);
    let width = tree.node_count().saturating_sub(1).to_string().len();
    let last = source.position(source.text().len()).line.to_string().len();
    let mut walk = tree.walk();
    while let Some(visit) = walk.next() {
        let Visit::Enter(id) = visit else { continue };
        let depth = walk.ancestors().len() - 1;
        let place = source.position(tree.node(id).span.start as usize);
        let place = format!("{}:{}", place.line, place.column);
        let indent = "  ".repeat(depth.min(INDENT_STEPS_MAX));
        let header = brief(print::descriptor(tree, id).trim_end(), HEADER_CHARS_MAX);
        let header = indent + &header;
        let notes = outline.notes(id);
        write!(out, "{:>width$} {place:<place_width$} ", id.index(), place_width = last + 4)?;
        match notes.is_empty() {
            true => writeln!(out, "{header}")?,
            false => writeln!(out, "{header:<NOTES_COLUMN$} ; {notes}")?,
        }
    }
    outline.tables(out)
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
                airtight_engine::script::Value::Variable(variable) => name(tree.text(variable.name)),
                _ => String::new(),
            };
            let note = match bindings.operand(id) {
                Binding::Read(reach) => Some(format!("{} = {}", name(), reached(reach))),
                Binding::Definition(id) => Some(format!("{} := d{}{}", name(), id.index(), self.frame(id.index()))),
                Binding::Stream(id) => Some(format!("{} = s{}", name(), id.index())),
                Binding::None => self.declared.get(&node).map(|id| format!("{} := s{id}", name())),
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
                Reach::Nothing => writeln!(out)?,
                previous => writeln!(out, "; if it never happens, {}", reached(previous))?,
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
