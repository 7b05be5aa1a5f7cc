//! AIR text and its checked tree.
//!
//! ```text
//! text --Tree::parse--> Tree --Script::check--> Script
//!   ^                    |
//!   +---- print::* ------+
//! ```
//!
//! A [`Tree`] is grammatical: every instruction has the operands and children that its form asks for, and a spelling.
//! A [`Script`] is a tree that passed the static rules, together with what the rules found out: which assignment each
//! name refers to ([`Bindings`]) and what looks wrong ([`Script::warnings`]).
//!
//! # Example
//! ```
//! use airtight_engine::script::{Script, print};
//!
//! let script = Script::parse("(seq (call \"hub\" (\"auth\" \"login\") [] token) (ap token $log))")?;
//! assert_eq!(print::canonical(script.tree()), "(seq\n  (call \"hub\" (\"auth\" \"login\") [] token)\n  (ap token $log))");
//!
//! let errors = Script::parse("(seq (ap x y) (null)").unwrap_err();
//! assert_eq!(errors.iter().map(|e| e.code.name()).collect::<Vec<_>>(), ["undefined-variable", "unexpected-end"]);
//! # Ok::<(), airtight_engine::script::Diagnostics>(())
//! ```
//!
//! # Input safety
//! Any bytes can be given. Nothing here recurses over its input, panics on it, or takes more than linear time and memory
//! (but for sorting a few hundred findings, and names that are not defined). Depth is limited by memory alone.
//!
//! # Errors
//! All independent mistakes are reported in one pass, as [`Diagnostics`]: data with byte spans, never rendered here.

mod arena;
mod bindings;
mod build;
mod diagnostic;
mod grammar;
mod operand;
mod parse;
pub mod print;
mod span;
mod symbol;
mod token;
mod tree;
mod validate;
mod walk;
mod word;

pub use bindings::{Binding, Bindings, Definition, DefinitionId, Frame, FrameId, Reach, StreamId, StreamScope};
pub use build::{Builder, Item, SpellingError, Step};
pub use diagnostic::{Code, Diagnostic, Diagnostics, Label, Severity};
pub use grammar::{Class, Classes, Position};
pub use operand::{Accessor, Lens, LensView, Operand, Value, Variable, VariableKind};
pub use span::Span;
pub use symbol::Symbol;
pub use tree::{Instruction, Kind, Node, NodeId, OperandId, OperandIds, Tree};
pub use walk::{Visit, Walk};

pub(crate) use diagnostic::short;

use diagnostic::Sink;
use parse::{Mistakes, Parsed, parse};
use std::borrow::Cow;

impl Tree {
    /// Reads the grammar of a script, and nothing more.
    ///
    /// # Errors
    /// Every mistake of spelling and grammar.
    pub fn parse(input: impl AsRef<[u8]>) -> Result<Self, Diagnostics> {
        let mut sink = Sink::default();
        let Parsed { tree, .. } = read(input.as_ref(), &mut sink, parse);
        if sink.has_errors() { Err(sink.finish()) } else { Ok(tree) }
    }
}

/// A checked script: one that interpreters run.
///
/// Equality ignores places and comments.
#[derive(Clone, Debug)]
pub struct Script {
    tree: Tree,
    bindings: Bindings,
    warnings: Diagnostics,
}

impl PartialEq for Script {
    fn eq(&self, other: &Self) -> bool {
        self.tree == other.tree
    }
}

impl Script {
    /// Reads and checks a script.
    ///
    /// # Errors
    /// Every mistake, and the warnings beside them. A mistake of spelling hides the static rules only where it must.
    pub fn parse(input: impl AsRef<[u8]>) -> Result<Self, Diagnostics> {
        let mut sink = Sink::default();
        let (tree, bindings) = read(input.as_ref(), &mut sink, |text, sink| {
            let Parsed { tree, mistakes } = parse(text, sink);
            let bindings = validate::check(&tree, &mistakes, sink);
            (tree, bindings)
        });
        Self::finish(tree, bindings, sink)
    }

    /// Checks the static rules on a tree.
    ///
    /// # Errors
    /// Every rule that is broken. The spans are those of the tree, so they are empty if it was not parsed.
    pub fn check(tree: Tree) -> Result<Self, Diagnostics> {
        let mut sink = Sink::default();
        let bindings = validate::check(&tree, &Mistakes::default(), &mut sink);
        Self::finish(tree, bindings, sink)
    }

    fn finish(tree: Tree, bindings: Bindings, sink: Sink) -> Result<Self, Diagnostics> {
        let failed = sink.has_errors();
        let diagnostics = sink.finish();
        if failed { Err(diagnostics) } else { Ok(Self { tree, bindings, warnings: diagnostics }) }
    }

    /// The syntax tree.
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// What each name refers to.
    pub const fn bindings(&self) -> &Bindings {
        &self.bindings
    }

    /// What looks wrong but runs.
    pub const fn warnings(&self) -> &Diagnostics {
        &self.warnings
    }

    /// Heap memory of the tree and its bindings, in bytes.
    pub fn heap_bytes(&self) -> usize {
        self.tree.heap_bytes() + self.bindings.heap_bytes()
    }
}

/// Gives the input to `read` as text; bytes outside of UTF-8 are reported and stand as a control character each.
fn read<T: Default>(input: &[u8], sink: &mut Sink, read: impl FnOnce(&str, &mut Sink) -> T) -> T {
    if u32::try_from(input.len()).is_err() {
        sink.error(|| Diagnostic::new(Code::ScriptTooLong, Span::at(0), "this script is longer than 4 GiB"));
        return T::default();
    }
    let (text, invalid) = decode(input);
    sink.invalid_bytes(invalid);
    read(&text, sink)
}

/// The input as text of the same length, and the places of bytes that are not UTF-8.
fn decode(input: &[u8]) -> (Cow<'_, str>, Vec<Span>) {
    const SUBSTITUTE: char = '\u{1a}';
    if let Ok(text) = std::str::from_utf8(input) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let mut text = String::with_capacity(input.len());
    let mut invalid: Vec<Span> = Vec::new();
    for chunk in input.utf8_chunks() {
        text.push_str(chunk.valid());
        let start = text.len() as u32;
        text.extend(chunk.invalid().iter().map(|_| SUBSTITUTE));
        let end = text.len() as u32;
        match invalid.last_mut() {
            Some(last) if last.end == start => last.end = end,
            _ if start < end => invalid.push(Span::new(start, end)),
            _ => {}
        }
    }
    (Cow::Owned(text), invalid)
}
