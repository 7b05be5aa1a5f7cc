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
    let mut known: BTreeMap<Arc<str>, Vec<Shown>> = BTreeMap::new();
    let mut steps = Vec::new();
    let end = played.quiet_at.unwrap_or(usize::MAX);
    for (event, runs) in played.history.events.iter().zip(&played.runs_until).take(end) {
        let lines = story::lines(event).into_iter().map(|line| format!("{} {}", line.peer, line.text)).collect();
        let mut states = Vec::new();
        if let Event::Ran { peer, .. } = event {
            let run = &played.runs[runs - 1];
            let view =
                subject.view(Some(&played.case.script), &run.after, &run.parameters).expect("data can be looked at");
            let now = shown(&view, &played.case.script, script.tree());
            let before = known.insert(peer.clone(), now.clone()).unwrap_or_default();
            let count = |states: &[Shown], one: &Shown| states.iter().filter(|other| *other == one).count();
            let is_new = |at: usize, state: &Shown| count(&now[..=at], state) > count(&before, state);
            let new = now.iter().enumerate().filter(|(at, state)| is_new(*at, state));
            states = new.map(|(at, Shown { text, .. })| format!("{at:4}  {text}")).collect();
            let is_kept = |state: &&Shown| now.iter().any(|other| other.place == state.place);
            let gone = before.iter().filter(|state| !is_kept(state)).count();
            if gone > 0 {
                states.push(format!("{gone:4}  gone"));
            }
        }
        steps.push(Step { lines, states });
    }
    steps
}

/// A state: its place, and its instruction, with line and column, and what became of it.
#[derive(Clone, PartialEq)]
struct Shown {
    place: Arc<str>,
    text: String,
}

/// The states of a trace.
fn shown(view: &View, script: &str, tree: &airtight_engine::script::Tree) -> Vec<Shown> {
    let states = view.trace.iter().flatten();
    states
        .map(|state| {
            let node = tree.node_ids().find(|node| tree.node(*node).span.start == state.start);
            let kind = node.map_or("?", |node| tree.node(node).kind.keyword());
            let (line, column) = story::position(script, state.start);
            Shown {
                place: state.place.clone(),
                text: format!("{:6} {kind:6} {}", format!("{line}:{column}"), state.state),
            }
        })
        .collect()
}
