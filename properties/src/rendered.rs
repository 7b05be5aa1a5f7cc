//! The law of rendered traces: the numbers in one agree with each other.

use crate::Violation;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use crate::view::{Executed, SeenLore, SeenState};
use airtight_engine::script::{Instruction, Span, Symbol, Tree, Value};
use airtight_generators::Choices;
use std::collections::BTreeSet;

/// The laws of this file.
pub const LAWS: &[Law] = &[Law {
    name: "well-formed-trace",
    family: Family::Execution,
    statement: "in a rendered trace, a `par` and a fold count exactly the states that their instructions wrote, and a fold \
                names values by the states that put them there",
    domain: "data of a history; states of folds are counted in scripts in which no fold restarts another",
    why: "whoever reads a trace finds each state under the instruction that it belongs to",
    needs: Needs::Trace,
    amount: Amount::Sample(4),
    check: well_formed_trace,
}];

fn well_formed_trace(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let letters = scene.letters()?;
    let Some(letter) = letters.get(choices.below(letters.len() as u32) as usize) else { return Ok(false) };
    let view = scene.view(&letter.data)?;
    let trace = view.trace.as_deref().unwrap_or_default();
    let loops = Loops::of(scene.played.script.tree());
    let counts_folds = !scene.restarts_folds();
    let mut held = false;
    for (at, state) in trace.iter().enumerate() {
        let after = trace.get(at + 1..).unwrap_or_default();
        let wrong = match state.executed() {
            Some(Executed::Par(left, right)) => wrong_par(&loops, state, after, left, right),
            Some(Executed::Fold(lore)) => wrong_fold(&loops, trace, at, &lore, counts_folds),
            _ => continue,
        };
        held = true;
        if let Some(what) = wrong {
            let violation = Violation::new("a rendered trace counts the states that its instructions wrote");
            let violation = violation.part("what is wrong", what).part("the state", format!("{at} {}", state.state));
            return Err(violation.shows("data", &letter.data));
        }
    }
    Ok(held)
}

/// How many of the states that follow lie in the text of this one's instruction.
fn inside(state: &SeenState, after: &[SeenState]) -> usize {
    after.iter().take_while(|inner| inner.start > state.start && inner.end <= state.end).count()
}

/// The folds and `next`s of a script, in the order of its text: where each stands, its iterator, and whether it is a fold.
struct Loops(Vec<(Span, Symbol, bool)>);

impl Loops {
    fn of(tree: &Tree) -> Self {
        let name = |operand| match tree.operand(operand).value {
            Value::Variable(variable) => Some(variable.name),
            _ => None,
        };
        let loops = tree.node_ids().filter_map(|node| {
            let (iterator, is_fold) = match tree.instruction(node) {
                Instruction::Fold { iterator, .. } => (iterator, true),
                Instruction::Next { iterator } => (iterator, false),
                _ => return None,
            };
            Some((tree.node(node).span, name(iterator)?, is_fold))
        });
        let mut loops: Vec<_> = loops.collect();
        loops.sort_by_key(|(span, ..)| span.start);
        Self(loops)
    }

    /// Whether all that an instruction sets off stands in its text: no `next` in it is of a fold around it.
    fn are_closed_in(&self, state: &SeenState) -> bool {
        let first = self.0.partition_point(|(span, ..)| span.start < state.start);
        let within = self.0.get(first..).unwrap_or_default().iter().take_while(|(span, ..)| span.start < state.end);
        let of = |fold: bool| within.clone().filter(move |(.., is_fold)| *is_fold == fold).map(|(_, name, _)| *name);
        of(false).collect::<BTreeSet<_>>().is_subset(&of(true).collect())
    }
}

fn wrong_par(loops: &Loops, state: &SeenState, after: &[SeenState], left: usize, right: usize) -> Option<String> {
    if left + right > after.len() {
        return Some(format!("{left} and {right} states, where {} follow", after.len()));
    }
    let inside = inside(state, after);
    let is_wrong = loops.are_closed_in(state) && left + right != inside;
    is_wrong.then(|| format!("{left} and {right} states, where {inside} in the text of it follow"))
}

fn wrong_fold(loops: &Loops, trace: &[SeenState], at: usize, lore: &[SeenLore], counts: bool) -> Option<String> {
    let state = trace.get(at)?;
    for SeenLore { pos, before, after } in lore {
        let ends = [before, after].map(|[start, len]| start + len);
        if before[0] <= at || ends[0] > after[0] || ends[1] > trace.len() {
            return Some(format!("states {before:?} and {after:?}"));
        }
        let puts = trace.get(*pos).and_then(SeenState::executed);
        if !matches!(puts, Some(Executed::Ap { .. } | Executed::Call(_))) {
            return Some(format!("state {pos} puts no value into a stream"));
        }
    }
    let counted: usize = lore.iter().map(|SeenLore { before, after, .. }| before[1] + after[1]).sum();
    let inside = inside(state, trace.get(at + 1..).unwrap_or_default());
    let is_wrong = counts && loops.are_closed_in(state) && counted != inside;
    is_wrong.then(|| format!("{counted} states in all, where {inside} in the text of it follow"))
}
