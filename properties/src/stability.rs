//! The law of stability: what was derived from data stays when more is learned.

use crate::Violation;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::{Product, Scene};
use crate::view::{Executed, SeenState, View};
use airtight_generators::Choices;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[Law {
    name: "stability",
    family: Family::Execution,
    statement: "what a comes to is part of what a·b comes to: results, reached instructions, generations, the order within a batch",
    domain: "pairs of data without disputes, of scripts in which no fold restarts another",
    why: "a peer that acted on what it knew never finds that it should have acted otherwise",
    needs: Needs::MergeAndTrace,
    amount: Amount::Sample(6),
    check: stability,
}];

/// What a state says that more knowledge must not change; sizes grow, and requests are answered.
fn fixed_part(state: &SeenState) -> Option<String> {
    match state.executed() {
        Some(Executed::Par(..)) => Some("par".into()),
        Some(Executed::Fold(_)) => Some("fold".into()),
        Some(Executed::Ap { gens }) => Some(format!("ap in generation {gens:?}")),
        Some(Executed::Call(call)) => {
            let result = call.result()?;
            let (from, generation) = (call.from.as_deref().unwrap_or_default(), call.generation);
            Some(format!("{result} from {from}, generation {generation:?}"))
        }
        Some(Executed::Canon(canon)) => canon.by.is_some().then(|| state.state.to_string()),
        None => Some(state.state.to_string()),
    }
}

/// The generation of the value that a state put into a stream.
fn generation(state: &SeenState) -> Option<usize> {
    match state.executed()? {
        Executed::Ap { gens } => gens.first().copied(),
        Executed::Call(call) => call.generation,
        _ => None,
    }
}

/// A generation of the stream that the fold at a place goes through.
type Batch<'t> = (&'t Arc<str>, Option<usize>);

/// For each fold and each generation of its stream, the places of the values in the order of their iterations. A generation
/// is one batch: its iterations follow each other, while batches go on independently.
fn iterations(trace: &[SeenState]) -> BTreeMap<Batch<'_>, Vec<&Arc<str>>> {
    let mut batches: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for fold in trace {
        let Some(Executed::Fold(lore)) = fold.executed() else { continue };
        for value in lore.iter().filter_map(|entry| trace.get(entry.pos)) {
            batches.entry((&fold.place, generation(value))).or_default().push(&value.place);
        }
    }
    batches
}

fn trace(view: &View) -> &[SeenState] {
    view.trace.as_deref().unwrap_or_default()
}

fn stability(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    if scene.restarts_folds() {
        return Ok(false);
    }
    let letters = scene.letters()?;
    let mut one = || letters.get(choices.below(letters.len() as u32) as usize).cloned();
    let Some((a, b)) = one().zip(one()).map(|(a, b)| (a.data, b.data)) else { return Ok(false) };
    let both = scene.product(Product::Merge, &a, &b)?;
    let (less, more) = (scene.view(&a)?, scene.view(&both)?);
    if more.disputed.as_ref().is_some_and(|places| !places.is_empty()) {
        return Ok(false);
    }
    let later: BTreeMap<&Arc<str>, &SeenState> = trace(&more).iter().map(|state| (&state.place, state)).collect();
    let statement = "what a comes to is part of what a·b comes to";
    let broken = |what, text: String| Violation::new(statement).part(what, text).sides(("a", &a), ("a·b", &both));
    for state in trace(&less) {
        let Some(fixed) = fixed_part(state) else { continue };
        match later.get(&state.place) {
            Some(now) if fixed_part(now).is_some_and(|now| now == fixed) => {}
            Some(now) => return Err(broken("changed", format!("{}\n{}", state.state, now.state))),
            None => return Err(broken("gone", state.state.to_string())),
        }
    }
    let after = iterations(trace(&more));
    for (batch, order) in iterations(trace(&less)) {
        if !after.get(&batch).is_some_and(|after| after.starts_with(&order)) {
            return Err(broken("the order of a batch of a fold changed", batch.0.to_string()));
        }
    }
    Ok(trace(&more).len() > trace(&less).len())
}
