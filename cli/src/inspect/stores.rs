//! The head of data, the stores, and the journal.

use crate::render::counted;
use crate::source::brief;
use airtight_engine::data::{Data, FORMAT, Outcome, OutputKind, ResultIx, Stores};
use std::io::{self, Write};

/// Longer values are cut.
pub(super) const VALUE_CHARS_MAX: usize = 72;
/// More entries of a store than these are only counted.
const ENTRIES_MAX: usize = 1000;
/// More elements of a canon than these are only counted.
const ELEMENTS_MAX: usize = 8;

pub(super) fn head(out: &mut impl Write, name: &str, data: &Data) -> io::Result<()> {
    let Some(script) = data.script() else { return writeln!(out, "{name}: nothing; no peer has run anything") };
    let trace = data.shared().trace();
    let events = counted(trace.claims().len(), "event");
    let blocks = counted(trace.blocks(), "block");
    writeln!(out, "{name}: {events} in {blocks}")?;
    writeln!(out, "  script {script}")?;
    writeln!(out, "  format {FORMAT}, written by engine {}", data.engine())
}

pub(super) fn write(out: &mut impl Write, stores: &Stores) -> io::Result<()> {
    let values = stores.values.entries().iter().map(|value| brief(value.text(), VALUE_CHARS_MAX));
    list(out, "values", values)?;
    list(
        out,
        "tetraplets",
        stores.tetraplets.entries().iter().map(|origin| brief(&origin.to_string(), VALUE_CHARS_MAX)),
    )?;
    let calls = stores.calls.entries().iter().map(|call| {
        let (what, value) = match call.outcome {
            Outcome::Value(value) => ("value", value),
            Outcome::Failure(value) => ("failure", value),
        };
        let output = match call.output {
            OutputKind::Scalar => "to a scalar",
            OutputKind::Stream => "to a stream",
            OutputKind::Unused => "unused",
        };
        let hash: String = call.arguments.to_string().chars().take(8).collect();
        format!("{what} {}, tetraplet {}, {output}, arguments {hash}…", value.position(), call.tetraplet.position())
    });
    list(out, "calls", calls)?;
    let canons = stores.canons.entries().iter().map(|canon| {
        let pairs = canon.elements.iter().take(ELEMENTS_MAX);
        let mut shown: Vec<_> =
            pairs.map(|(value, origin)| format!("{} from {}", value.position(), origin.position())).collect();
        if canon.elements.len() > ELEMENTS_MAX {
            shown.push(format!("{} more", canon.elements.len() - ELEMENTS_MAX));
        }
        format!("tetraplet {}, values [{}]", canon.tetraplet.position(), shown.join(", "))
    });
    list(out, "canons", canons)
}

fn list(out: &mut impl Write, title: &str, entries: impl ExactSizeIterator<Item = String>) -> io::Result<()> {
    let len = entries.len();
    if len == 0 {
        return Ok(());
    }
    writeln!(out, "\n{title}")?;
    let width = len.saturating_sub(1).to_string().len();
    for (index, entry) in entries.take(ENTRIES_MAX).enumerate() {
        writeln!(out, "  {index:>width$}  {entry}")?;
    }
    if len > ENTRIES_MAX {
        writeln!(out, "  and {} more", len - ENTRIES_MAX)?;
    }
    Ok(())
}

/// What a claim says, in a line.
pub(super) fn result(stores: &Stores, result: ResultIx) -> String {
    match result {
        ResultIx::Call(call) => {
            let call = stores.calls.get(call);
            let tetraplet = stores.tetraplets.get(call.tetraplet);
            let (sign, value) = match call.outcome {
                Outcome::Value(value) => ("=", value),
                Outcome::Failure(value) => ("failed", value),
            };
            let text = stores.values.get(value).text();
            let called = format!("call {} {}.{}", tetraplet.peer, tetraplet.service, tetraplet.function);
            format!("{} {sign} {}", brief(&called, VALUE_CHARS_MAX), brief(text, VALUE_CHARS_MAX))
        }
        ResultIx::Canon(canon) => {
            let canon = stores.canons.get(canon);
            let peer = &stores.tetraplets.get(canon.tetraplet).peer;
            let text = |value| brief(stores.values.get(value).text(), VALUE_CHARS_MAX);
            let mut values: Vec<_> = canon.elements.iter().take(ELEMENTS_MAX).map(|(value, _)| text(*value)).collect();
            if canon.elements.len() > ELEMENTS_MAX {
                values.push("…".into());
            }
            let values = brief(&format!("[{}]", values.join(",")), VALUE_CHARS_MAX);
            format!("canon by {} = {values}", brief(peer, VALUE_CHARS_MAX))
        }
    }
}

pub(super) fn journal(out: &mut impl Write, data: &Data) -> io::Result<()> {
    let Some(journal) = data.journal() else { return Ok(()) };
    writeln!(out, "\njournal of {}", brief(journal.peer(), VALUE_CHARS_MAX))?;
    writeln!(out, "  next call id {}", journal.next_call_id())?;
    for (id, place) in journal.pending().take(ENTRIES_MAX) {
        writeln!(out, "  asked for call {id} at place {place}")?;
    }
    if journal.pending().len() > ENTRIES_MAX {
        writeln!(out, "  and for {} more", journal.pending().len() - ENTRIES_MAX)?;
    }
    for (place, answer) in journal.answers().take(ENTRIES_MAX) {
        let text = brief(&answer.result, VALUE_CHARS_MAX);
        writeln!(out, "  keeps an answer for place {place}: code {}, {text}", answer.ret_code)?;
    }
    Ok(())
}
