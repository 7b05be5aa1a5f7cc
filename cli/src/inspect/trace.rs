//! The rendered trace as an outline, and what is pending, waiting, disputed and not taken beside it.
//!
//! ```text
//! trace, as A sees it
//!   0 6:3   par                                                 1 state left, 1 right
//!   1 7:5     call "attic" ("thermometer" "read") [] above      = 20                      block 0
//!   2 8:5     call "cellar" ("thermometer" "read") [] below     waits for cellar
//! ```

use super::stores::VALUE_CHARS_MAX;
use crate::render::counted;
use crate::source::{Source, brief};
use airtight_engine::data::Data;
use airtight_engine::execute::{CallState, CanonState, End, Executed, Peer, Rendered, State};
use airtight_engine::script::{NodeId, Script, print};
use airtight_engine::value::Json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, Write};

/// Indentation stops growing at this depth.
const INDENT_STEPS_MAX: usize = 30;
/// Longer instructions are cut.
const INSTRUCTION_CHARS_MAX: usize = 72;
/// What became of instructions is written in one column, but no farther right than here.
const COLUMN_MAX: usize = 80;
/// More values of a fold or canon than these are not listed.
const LISTED_MAX: usize = 12;
/// More lines of a list than these are only counted.
const LINES_MAX: usize = 10_000;

struct Shown<'a> {
    source: &'a Source<'a>,
    script: &'a Script,
    /// The texts of instructions, cut; each is made once, however often it is executed.
    texts: RefCell<BTreeMap<NodeId, String>>,
}

pub(super) fn write(
    out: &mut impl Write,
    source: &Source<'_>,
    script: &Script,
    data: &Data,
    peer: &Peer,
    rendered: &Rendered,
) -> io::Result<()> {
    let shown = Shown { source, script, texts: RefCell::default() };
    shown.trace(out, peer, &rendered.states)?;
    shown.pending(out, data, rendered)?;
    let waiting = rendered.waiting.iter().map(|(node, name)| {
        let name = brief(script.tree().text(*name), VALUE_CHARS_MAX);
        format!("{} waits for `{name}`", shown.instruction(*node))
    });
    list(out, "waiting for names", waiting)?;
    let disputed = rendered.disputed.iter().map(|(_, node)| shown.instruction(*node));
    list(out, "disputed: several results fit, so everybody waits", disputed)?;
    let not_taken =
        rendered.not_taken.iter().map(|(place, node)| format!("{} at place {place}", shown.instruction(*node)));
    list(out, "not taken: claims that do not fit what the script computes", not_taken)?;
    if !rendered.not_taken.is_empty() {
        writeln!(out, "  (a particle of another peer, time or ttl computes other things: --init, --timestamp, --ttl)")?;
    }
    if let Some(journal) = data.journal().filter(|journal| journal.answers().len() > 0) {
        let answers = counted(journal.answers().len(), "answer");
        writeln!(out, "\n{} keeps {answers} for places not reached now", brief(journal.peer(), VALUE_CHARS_MAX))?;
    }
    match &rendered.end {
        End::Complete(_) => writeln!(out, "\nthe script is complete"),
        End::Waits => writeln!(out, "\nthe script waits"),
        End::Failed(_, error) => {
            let message = brief(&error.to_string(), INSTRUCTION_CHARS_MAX * 2);
            writeln!(out, "\nthe script failed with code {}: {message}", error.kind.code())
        }
    }
}

fn list(out: &mut impl Write, title: &str, lines: impl ExactSizeIterator<Item = String>) -> io::Result<()> {
    let len = lines.len();
    if len == 0 {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    for line in lines.take(LINES_MAX) {
        writeln!(out, "  {line}")?;
    }
    if len > LINES_MAX { writeln!(out, "  and {} more", len - LINES_MAX) } else { Ok(()) }
}

impl Shown<'_> {
    fn place(&self, node: NodeId) -> String {
        let place = self.source.position(self.script.tree().node(node).span.start as usize);
        format!("{}:{}", place.line, place.column)
    }

    fn text(&self, node: NodeId) -> String {
        let make = || brief(print::descriptor(self.script.tree(), node).trim_end(), INSTRUCTION_CHARS_MAX);
        self.texts.borrow_mut().entry(node).or_insert_with(make).clone()
    }

    fn instruction(&self, node: NodeId) -> String {
        format!("{} {}", self.place(node), self.text(node))
    }

    fn trace(&self, out: &mut impl Write, peer: &Peer, states: &[State]) -> io::Result<()> {
        let init = named(&peer.init);
        let viewer = match &peer.current {
            None if peer.init.is_empty() => "; it is not known who began the particle".into(),
            Some(current) if **current == *peer.init => format!(", as {init} sees it, who began the particle"),
            Some(current) => format!(", as {} sees it; {init} began the particle", named(current)),
            None => format!("; {init} began the particle"),
        };
        if states.is_empty() {
            return writeln!(out, "\ntrace{viewer}: empty");
        }
        writeln!(out, "\ntrace{viewer}")?;
        let depths = depths(states);
        let header =
            |(state, depth): (&State, &usize)| "  ".repeat((*depth).min(INDENT_STEPS_MAX)) + &self.text(state.node);
        let lines = || states.iter().zip(&depths).take(LINES_MAX);
        let column = lines().map(header).map(|line| line.chars().count()).max().unwrap_or_default().min(COLUMN_MAX);
        let outcomes: Vec<String> = lines().map(|(state, _)| outcome(&state.executed)).collect();
        let with_block = outcomes.iter().zip(states).filter(|(_, state)| state.at.is_some());
        let outcome_column =
            with_block.map(|(outcome, _)| outcome.chars().count()).max().unwrap_or_default().min(COLUMN_MAX / 2);
        let places: Vec<String> = lines().map(|(state, _)| self.place(state.node)).collect();
        let place_width = places.iter().map(String::len).max().unwrap_or_default();
        let width = states.len().saturating_sub(1).to_string().len();
        for (position, (((state, depth), outcome), place)) in lines().zip(&outcomes).zip(&places).enumerate() {
            let header = header((state, depth));
            write!(out, "  {position:>width$} {place:<place_width$}  {header:<column$}  ")?;
            match state.at {
                Some(block) => writeln!(out, "{outcome:<outcome_column$}  block {block}")?,
                None => writeln!(out, "{outcome}")?,
            }
        }
        if states.len() > LINES_MAX { writeln!(out, "  and {} more", states.len() - LINES_MAX) } else { Ok(()) }
    }

    fn pending(&self, out: &mut impl Write, data: &Data, rendered: &Rendered) -> io::Result<()> {
        let lines = rendered.pending.iter().map(|pending| {
            let journal = data.journal().filter(|journal| *journal.peer() == pending.peer);
            let mut line = format!("{}  by {}", self.instruction(pending.node), named(&pending.peer));
            if let Some(id) = journal.and_then(|journal| journal.call(pending.place)) {
                line.push_str(&format!(", which asked its host under the id {id}"));
            }
            let at_hand = pending.arguments.iter().filter(|known| known.is_some()).count();
            if at_hand < pending.arguments.len() {
                line.push_str(&format!("; {at_hand} of {} known", counted(pending.arguments.len(), "argument")));
            }
            line
        });
        list(out, "pending: to be done", lines)
    }
}

/// How deep each state lies in `par`s and folds.
fn depths(states: &[State]) -> Vec<usize> {
    let mut ends: Vec<usize> = Vec::new();
    let mut depths = Vec::with_capacity(states.len());
    for (position, state) in states.iter().enumerate() {
        while ends.last().is_some_and(|end| *end <= position) {
            ends.pop();
        }
        depths.push(ends.len());
        let end = match &state.executed {
            Executed::Par(left, right) => position + 1 + left + right,
            Executed::Fold(lore) => lore.iter().map(|it| it.after.start + it.after.len).max().unwrap_or_default(),
            Executed::Call(_) | Executed::Ap { .. } | Executed::Canon(_) => continue,
        };
        if end > position + 1 {
            ends.push(end);
        }
    }
    depths
}

/// A peer by its name, which may be empty: of who began a particle, where nobody said who did.
fn named(peer: &str) -> String {
    if peer.is_empty() { "(no name)".into() } else { brief(peer, VALUE_CHARS_MAX) }
}

/// What became of an instruction, in a few words.
fn outcome(executed: &Executed) -> String {
    let text = |text: &str| brief(text, VALUE_CHARS_MAX);
    match executed {
        Executed::Par(left, right) => format!("{left} + {right}"),
        Executed::Ap { generation } => format!("generation {generation}"),
        Executed::Fold(lore) => {
            let mut values: Vec<_> = lore.iter().take(LISTED_MAX).map(|iteration| iteration.pos.to_string()).collect();
            if lore.len() > LISTED_MAX {
                values.push("…".into());
            }
            format!("over {} put there by {}", counted(lore.len(), "value"), values.join(", "))
        }
        Executed::Call(CallState::Requested { call_id, .. }) => format!("requested as call {call_id}"),
        Executed::Call(CallState::Pending { peer }) | Executed::Canon(CanonState::Pending { peer }) => {
            format!("waits for {}", named(peer))
        }
        Executed::Call(CallState::Scalar { value, .. } | CallState::Unused { value, .. }) => {
            format!("= {}", short(value))
        }
        Executed::Call(CallState::Stream { value, generation, .. }) => {
            format!("= {}, generation {generation}", short(value))
        }
        Executed::Call(CallState::Failed { value, .. }) => format!("failed: {}", short(value)),
        Executed::Canon(CanonState::Executed { values, .. }) => {
            let mut shown: Vec<_> = values.iter().take(LISTED_MAX).map(|(value, _)| short(value)).collect();
            if values.len() > LISTED_MAX {
                shown.push("…".into());
            }
            format!("= {}", text(&format!("[{}]", shown.join(","))))
        }
    }
}

/// The beginning of a value's text; no more of it than that is made.
fn short(value: &Json) -> String {
    /// Takes what is written until it has enough.
    struct Beginning(Vec<u8>);
    impl Write for Beginning {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0.len() > VALUE_CHARS_MAX * 4 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            let taken = bytes.len().min(VALUE_CHARS_MAX * 4 + 4);
            self.0.extend(bytes.iter().take(taken));
            Ok(taken)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut beginning = Beginning(Vec::new());
    // It stops by failing, and is cut below.
    let _ = serde_json::to_writer(&mut beginning, value);
    brief(&String::from_utf8_lossy(&beginning.0), VALUE_CHARS_MAX)
}
