//! Scripts played step by step, calmly: each step, and what it changes in what the peer's data come to.

use airtight_engine::script::Script;
use airtight_generators::Event;
use airtight_properties::story;
use airtight_properties::view::View;
use airtight_properties::{Case, Played, Schedule, ServiceSpec, Subject};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A step of a history.
#[derive(Clone, Debug)]
pub struct Step {
    /// What happened, in a few lines.
    pub lines: Vec<String>,
    /// The states of the peer's trace that are new or other than before, with their positions.
    pub states: Vec<String>,
}

/// Plays a script calmly with the answers that the file `services.json` beside it fixes, if there is one; the seed decides
/// all others.
///
/// # Panics
/// If it cannot be played.
pub fn teaching(script: &Path, seed: u64) -> Played {
    let text = std::fs::read_to_string(script).unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    let fixed = std::fs::read(script.with_file_name("services.json")).ok();
    let fixed =
        fixed.map(|text| serde_json::from_slice(&text).unwrap_or_else(|error| panic!("services.json: {error}")));
    let case = Case {
        script: text.into(),
        init: "init".into(),
        services: ServiceSpec { seed, failures: 0.0, fixed },
        schedule: Schedule::Actions(Vec::new()),
    };
    case.play(&mut Subject::own()).unwrap_or_else(|error| panic!("{}: {error}", script.display()))
}

/// The steps of a history until nothing was left to do.
///
/// # Panics
/// If what the engine shows makes no sense.
pub fn play(played: &Played) -> Vec<Step> {
    let mut subject = Subject::own();
    let script = Script::parse(&*played.case.script).expect("it was played");
    let mut known: BTreeMap<Arc<str>, Vec<String>> = BTreeMap::new();
    let mut steps = Vec::new();
    let end = played.quiet_at.unwrap_or(usize::MAX);
    for (event, runs) in played.history.events.iter().zip(&played.runs_until).take(end) {
        let lines = story::lines(event).into_iter().map(|line| format!("{} {}", line.peer, line.text)).collect();
        let mut states = Vec::new();
        if let Event::Ran { peer, .. } = event {
            let run = &played.runs[runs - 1];
            let view =
                subject.view(Some(&played.case.script), &run.after, &run.parameters).expect("data can be looked at");
            let now = shown(&view, script.tree());
            let before = known.insert(peer.clone(), now.clone()).unwrap_or_default();
            states = now
                .into_iter()
                .enumerate()
                .filter(|(at, state)| before.get(*at) != Some(state))
                .map(|(at, state)| format!("{at:4}  {state}"))
                .collect();
            if let Some(fewer) = before.len().checked_sub(known[peer].len()).filter(|fewer| *fewer > 0) {
                states.push(format!("{fewer:4}  states fewer"));
            }
        }
        steps.push(Step { lines, states });
    }
    steps
}

/// Each state of a trace, with its instruction.
fn shown(view: &View, tree: &airtight_engine::script::Tree) -> Vec<String> {
    let states = view.trace.iter().flatten();
    states
        .map(|state| {
            let node = tree.node_ids().find(|node| tree.node(*node).span.start == state.start);
            let kind = node.map_or("?", |node| tree.node(node).kind.keyword());
            format!("{kind:6} {}", state.state)
        })
        .collect()
}
