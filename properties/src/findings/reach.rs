//! What no run reached.
//!
//! An instruction was reached if some run left a state of it, or it waited there. Only calls, canons, `par`, folds over
//! streams and what writes streams leave states, so a part of the script without any of these is not judged; nor is one
//! that only moves the particle, as the handlers do that compilers write to carry an error home. Of what lies inside each
//! other, or follows in sequence, only the first is reported.

use super::outline::{Outline, Part};
use super::standing::Reached;
use super::{Ending, Place};
use crate::story::position;
use airtight_engine::script::{Kind, NodeId};
use serde::Serialize;

/// A part of the script that no run reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unreached {
    /// The whole of it.
    pub place: Place,
    /// The keyword of its outermost instruction.
    pub instruction: &'static str,
    /// Why, as far as that can be said.
    pub why: Why,
    /// How many more parts after it are not reached in consequence.
    pub after: usize,
}

/// Why something was never reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Why {
    /// It handles errors, and what it watches never failed.
    Handler {
        /// The `xor`.
        of: Place,
    },
    /// The comparison before it never held.
    Comparison {
        /// The `match` or `mismatch`.
        of: Place,
    },
    /// What stands before it in sequence never completed.
    After {
        /// That.
        of: Place,
    },
    /// The fold never had a value, or never came to its last instruction.
    Fold {
        /// The fold.
        of: Place,
    },
    /// It is a fold over a stream that is always empty.
    Empty {
        /// The stream.
        stream: String,
    },
    /// It failed before it began, or waited before it could show.
    Begun,
}

impl Why {
    /// The reason in words; the text is the script, for lines and columns.
    pub fn text(&self, script: &str) -> String {
        let at = |place: &Place| {
            let (line, column) = position(script, place.start);
            format!("{line}:{column}")
        };
        match self {
            Self::Handler { of } => {
                format!(
                    "it runs only when the left part of the `xor` at {} fails, which did not happen in these histories",
                    at(of)
                )
            }
            Self::Comparison { of } => format!("the comparison at {} did not hold in these histories", at(of)),
            Self::After { of } => format!("what stands before it, at {}, never completed", at(of)),
            Self::Fold { of } => format!("the fold at {} never came to it", at(of)),
            Self::Empty { stream } => format!("`{stream}` was always empty"),
            Self::Begun => "it failed or waited before it could begin".into(),
        }
    }
}

/// Looks for such parts.
pub(super) fn find(outline: &Outline<'_>, endings: &[Ending]) -> Vec<Unreached> {
    let mut reached = Reached::new(outline);
    let mut any = false;
    for view in endings.iter().flat_map(|ending| [&ending.quiet, &ending.last]).flatten() {
        any |= view.trace.is_some();
        reached.note(outline, view);
    }
    if !any {
        return Vec::new();
    }
    let reached = reached.finish();
    // How many instructions with states stand before each one.
    let mut before = vec![0usize];
    for node in &outline.nodes {
        before.push(
            before.last().copied().unwrap_or_default()
                + usize::from(outline.has_states(*node) && !outline.is_hop(*node)),
        );
    }
    let mut found: Vec<(NodeId, Unreached)> = Vec::new();
    let mut next = 0;
    while let Some(&node) = outline.nodes.get(next) {
        let range = outline.range(node);
        let is_judged = before[range.end] > before[range.start];
        if !is_judged {
            next = range.end;
        } else if reached.any(range.clone()) || is_entered_anyway(outline, node) {
            next += 1;
        } else {
            next = range.end;
            match found.last_mut().filter(|(last, _)| follows(outline, *last, node)) {
                Some((last, earlier)) => {
                    earlier.after += 1;
                    *last = node;
                }
                None => {
                    let instruction = outline.kind(node).keyword();
                    let place = outline.whole(node);
                    found.push((node, Unreached { place, instruction, why: why(outline, node, &reached), after: 0 }));
                }
            }
        }
    }
    found.into_iter().map(|(_, unreached)| unreached).collect()
}

/// Whether an instruction has no state of its own and is entered whenever what is around it is: then its parts are asked.
fn is_entered_anyway(outline: &Outline<'_>, node: NodeId) -> bool {
    let is_open = match outline.parent(node) {
        None => true,
        Some((outer, part)) => match outline.kind(outer) {
            Kind::Par | Kind::New => true,
            Kind::Seq | Kind::Xor => part == Part::First,
            _ => false,
        },
    };
    is_open && !outline.has_states(node) && outline.kind(node) != Kind::Fold
}

/// Whether an instruction comes right after another in sequence, so that it is not reached if that is not.
fn follows(outline: &Outline<'_>, last: NodeId, node: NodeId) -> bool {
    let Some((seq, Part::Second)) = outline.parent(node) else { return false };
    let leads_on = |(outer, _): &(NodeId, Part)| {
        matches!(outline.kind(*outer), Kind::Seq | Kind::New | Kind::Match | Kind::Mismatch)
    };
    outline.kind(seq) == Kind::Seq
        && outline.contains(seq, last)
        && outline.around(last).take_while(leads_on).any(|(outer, _)| outer == seq)
}

fn why(outline: &Outline<'_>, node: NodeId, reached: &Reached) -> Why {
    let begin = first(outline, node);
    let is_fold = outline.kind(begin) == Kind::Fold;
    let begun = || match outline.source(begin) {
        Some(stream) if is_fold => Why::Empty { stream: outline.stream_name(stream) },
        None if is_fold => Why::Fold { of: outline.header(begin) },
        _ => Why::Begun,
    };
    for (outer, part) in outline.around(node) {
        let of = outline.header(outer);
        return match (outline.kind(outer), part) {
            (Kind::New, _) => continue,
            (Kind::Xor, Part::Second) => Why::Handler { of },
            (Kind::Match | Kind::Mismatch, _) => Why::Comparison { of },
            (Kind::Fold, _) => Why::Fold { of },
            (Kind::Seq, Part::Second) => match outline.parts(outer) {
                (Some(before), _) => {
                    let last = end(outline, before);
                    // What leaves no state tells nothing: `(null)` is always complete.
                    let tells = outline.kind(last) == Kind::Never || outline.has_states(last);
                    let is_open = tells && !reached.succeeded(last);
                    if is_open { Why::After { of: outline.header(last) } } else { begun() }
                }
                _ => begun(),
            },
            _ => begun(),
        };
    }
    begun()
}

/// What an instruction begins with.
fn first(outline: &Outline<'_>, node: NodeId) -> NodeId {
    let mut at = node;
    while matches!(outline.kind(at), Kind::Seq | Kind::Xor | Kind::New)
        && let (Some(child), _) = outline.parts(at)
    {
        at = child;
    }
    at
}

/// What a sequence ends with.
fn end(outline: &Outline<'_>, node: NodeId) -> NodeId {
    let mut at = node;
    loop {
        at = match (outline.kind(at), outline.parts(at)) {
            (Kind::Seq, (_, Some(child))) | (Kind::New, (Some(child), _)) => child,
            _ => return at,
        }
    }
}
