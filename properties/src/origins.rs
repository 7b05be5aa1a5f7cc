//! The laws of origins: where arguments and the elements of canons come from.
//!
//! A service is told of each argument who made it. What it is told is compared here with the script (literals) and with
//! what services answered, as the data have it: the part that a tetraplet names of the result of the call that it names
//! must be the argument.

use crate::Violation;
use crate::case::Run;
use crate::forgery::{rendered, script_hash};
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use airtight_engine::data::{Data, EventResult, Outcome, PlaceId, Shared, decode, encode};
use airtight_engine::execute::{CallState, CanonState, Executed, Rendered};
use airtight_engine::invoke::CallRequest;
use airtight_engine::script::{Instruction, Kind, LensView, NodeId, Symbol, Tree, Value, VariableKind};
use airtight_engine::value::{Json, Tetraplet};
use airtight_generators::Choices;
use airtight_generators::forge::Claims;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The laws of this file.
pub const LAWS: &[Law] = &[
    Law {
        name: "origins",
        family: Family::Execution,
        statement: "the tetraplet of a literal names the peer that began the particle; that of a value names a call and a \
                    part of its result, and that part is the argument",
        domain: "requests of a history; parts of results are looked at in scripts without stream maps, values in scripts \
                 that read no error",
        why: "services decide by the tetraplets whom to trust",
        needs: Needs::Own,
        amount: Amount::Runs(12),
        check: origins,
    },
    Law {
        name: "same-request",
        family: Family::Execution,
        statement: "what a peer requests at a place is the same whatever else is known: service, function, arguments, \
                    tetraplets",
        domain: "requests of a history, and of runs of the same peer over other data of it, without its own data, that fix \
                 no canon",
        why: "a peer that starts anew asks its services the same, so its earlier answers stay true",
        needs: Needs::Own,
        amount: Amount::Runs(6),
        check: same_request,
    },
    Law {
        name: "canon-is-the-stream",
        family: Family::Execution,
        statement: "what a peer fixes a stream to are the values put into it so far, in the order of their generations",
        domain: "canons that a run made, of streams without `new`",
        why: "whoever reads a canon reads what its peer had read",
        needs: Needs::Own,
        amount: Amount::Runs(12),
        check: canon_is_the_stream,
    },
];

/// What a run requested, by place.
fn requests<'r>(run: &'r Run, after: &Data) -> BTreeMap<PlaceId, &'r CallRequest> {
    let journal = after.journal();
    run.result.requests.iter().filter_map(|(id, request)| Some((journal?.place(*id)?, request))).collect()
}

/// A run that requested something, by chance.
fn asking<'a>(scene: &Scene<'a>, choices: &mut dyn Choices) -> Option<&'a Run> {
    let runs = &scene.played.runs;
    let from = choices.below(runs.len() as u32) as usize;
    let run = runs.iter().cycle().skip(from).take(runs.len()).find(|run| !run.result.requests.is_empty())?;
    (!run.result.is_given_up()).then_some(run)
}

/// The value that a literal or constant has, if it has one that is the same in all runs.
fn literal(tree: &Tree, value: &Value, init: &str) -> Option<Json> {
    match value {
        Value::String(text) => Some(Json::from(tree.text(*text))),
        Value::Integer(integer) => Some(Json::from(*integer)),
        Value::Boolean(boolean) => Some(Json::from(*boolean)),
        Value::InitPeerId => Some(Json::from(init)),
        _ => None,
    }
}

fn operands(tree: &Tree) -> impl Iterator<Item = &Value> {
    tree.node_ids().flat_map(|node| tree.operands(node)).map(|operand| &operand.value)
}

/// What is known of the results of calls and of who fixed canons.
#[derive(Default)]
struct Answered {
    values: BTreeMap<Tetraplet, Vec<Json>>,
    canons: Vec<Arc<str>>,
}

impl Answered {
    fn of(shared: &Shared) -> Self {
        let mut answered = Self::default();
        for claim in Claims::of(shared).all() {
            match &claim.result {
                EventResult::Call { outcome: Outcome::Value(value), tetraplet, .. } => {
                    answered.values.entry((**tetraplet).clone()).or_default().push(value.clone());
                }
                EventResult::Call { .. } => {}
                EventResult::Canon { tetraplet, .. } => answered.canons.push(tetraplet.peer.clone()),
            }
        }
        answered
    }
}

/// Whether a value is the part of another one that a lens names: `.$.a.[0]`, `.length`.
///
/// Fields may have dots in their names, so all ways to read the lens are tried.
fn is_part(whole: &Json, lens: &str, part: &Json) -> bool {
    if lens.is_empty() {
        return whole == part;
    }
    let lens = lens.strip_prefix(".$").unwrap_or(lens);
    let mut open: Vec<(&Json, &str)> = vec![(whole, lens)];
    while let Some((value, rest)) = open.pop() {
        if rest.is_empty() && value == part {
            return true;
        }
        match value {
            Json::Array(items) => {
                let items: Vec<_> = items.iter().collect();
                if rest == ".length" && Json::from(items.len() as u64) == *part {
                    return true;
                }
                let index = rest.strip_prefix(".[").and_then(|rest| rest.split_once(']'));
                let step = index.and_then(|(index, rest)| Some((*items.get(index.parse::<usize>().ok()?)?, rest)));
                open.extend(step);
            }
            Json::Object(fields) => {
                let rest = rest.strip_prefix('.').unwrap_or_default();
                open.extend(
                    fields.iter().filter_map(|(name, value)| Some((value, rest.strip_prefix(name.chars().as_ref())?))),
                );
            }
            _ => {}
        }
    }
    false
}

fn origins(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = asking(scene, choices) else { return Ok(false) };
    let Ok(after) = decode(&run.after) else { return Ok(false) };
    let Some(seen) = rendered(scene, &after) else { return Ok(false) };
    let tree = scene.played.script.tree();
    let init = &scene.played.case.init;
    let has_maps =
        operands(tree).any(|value| matches!(value, Value::Variable(variable) if variable.kind == VariableKind::Map));
    let reads_errors = operands(tree).any(|value| matches!(value, Value::Error(_) | Value::LastError(_)));
    let answered = Answered::of(after.shared());
    let violation = |law, request: &CallRequest| {
        let call = format!("{}.{} at {}", request.service_id, request.function_name, run.peer());
        let origins = request.arguments.iter().zip(&request.tetraplets);
        let origins: Vec<_> = origins.map(|(argument, from)| format!("{} from {from:?}", argument.to_text())).collect();
        Violation::new(law)
            .part("request", call)
            .part("arguments", origins.join("\n"))
            .shows("previous", &run.previous)
            .shows("current", &run.current)
            .shows("after the run", &run.after)
    };
    let mut some = false;
    for (place, request) in requests(run, &after) {
        let Some(pending) = seen.pending.iter().find(|pending| pending.place == place) else {
            return Err(violation("what is requested waits for its answer", request));
        };
        let Instruction::Call { arguments, .. } = tree.instruction(pending.node) else {
            return Err(violation("what is requested is a call of the script", request));
        };
        if arguments.len() != request.arguments.len() || arguments.len() != request.tetraplets.len() {
            return Err(violation("a request has the arguments of its call, and origins for each", request));
        }
        for ((operand, argument), from) in arguments.zip(&request.arguments).zip(&request.tetraplets) {
            let value = &tree.operand(operand).value;
            match value {
                Value::Variable(variable) => {
                    if reads_errors || variable.kind == VariableKind::CanonMap {
                        continue;
                    }
                    let is_list = variable.kind == VariableKind::Canon && tree.lens(variable.lens) == LensView::None;
                    let parts: Vec<&Json> = match argument {
                        Json::Array(items) if is_list => items.iter().collect(),
                        _ if is_list => return Err(violation("a canon is an array", request)),
                        whole => vec![whole],
                    };
                    if parts.len() != from.len() {
                        return Err(violation("each element of a canon has an origin", request));
                    }
                    for (part, from) in parts.iter().zip(from) {
                        explained(part, from, &answered, init, has_maps).map_err(|law| violation(law, request))?;
                    }
                    some = true;
                }
                Value::Error(_) | Value::LastError(_) => {}
                constant => {
                    let own = Tetraplet::peer(init.clone());
                    let is_it = literal(tree, constant, init).is_none_or(|literal| literal == *argument);
                    if !is_it || from.len() != 1 || from.iter().any(|from| **from != own) {
                        return Err(violation("literals and constants come from the peer that began", request));
                    }
                    some = true;
                }
            }
        }
    }
    Ok(some)
}

/// Whether a value came from where its tetraplet says.
fn explained(
    part: &Json,
    from: &Tetraplet,
    answered: &Answered,
    init: &Arc<str>,
    has_maps: bool,
) -> Result<(), &'static str> {
    if from.service.is_empty() && from.function.is_empty() {
        let known = from.peer == *init || answered.canons.contains(&from.peer);
        return if known { Ok(()) } else { Err("values of no call are literals or canons") };
    }
    let call = Tetraplet { lens: "".into(), ..from.clone() };
    let Some(values) = answered.values.get(&call) else { return Err("values come from calls that have a result") };
    // An entry of a map has the origin of its value, which is a part of it.
    if has_maps || values.iter().any(|value| is_part(value, &from.lens, part)) {
        return Ok(());
    }
    Err("a value is the part of a result that its tetraplet names")
}

fn same_request(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = asking(scene, choices) else { return Ok(false) };
    let Ok(after) = decode(&run.after) else { return Ok(false) };
    let asked = requests(run, &after);
    // What the peer had before it was answered, and data that others have.
    let data: Arc<[u8]> = if choices.chance(1, 2) {
        encode(&Data::new(script_hash(scene), after.shared().clone(), None)).into()
    } else {
        let letters = scene.letters()?;
        let Some(letter) = letters.get(choices.below(letters.len() as u32) as usize) else { return Ok(false) };
        letter.data.clone()
    };
    let anew = scene.run_at(run.peer(), b"", &data)?;
    if anew.is_given_up() {
        return Ok(false);
    }
    let Ok(after_anew) = decode(&anew.data) else { return Ok(false) };
    // A canon that it fixes anew may be another one, and what follows from it too.
    let canons_in = |shared: &Shared| {
        let claims = Claims::of(shared);
        let canons = claims.all().iter().filter(|claim| matches!(claim.result, EventResult::Canon { .. }));
        canons.count()
    };
    if decode(&data).is_ok_and(|data| canons_in(data.shared()) != canons_in(after_anew.shared())) {
        return Ok(false);
    }
    let journal = after_anew.journal();
    let mut some = false;
    for (id, request) in &anew.requests {
        let Some(before) = journal.and_then(|journal| asked.get(&journal.place(*id)?)) else { continue };
        if *before != request {
            return Err(Violation::new("what a peer requests at a place is the same whatever else is known")
                .part("peer", &**run.peer())
                .part("in the history", format!("{before:?}"))
                .part("anew", format!("{request:?}"))
                .shows("data after the run of the history", &run.after)
                .shows("data of the run anew", &data));
        }
        some = true;
    }
    Ok(some)
}

/// The stream that an instruction puts a value into, and the value if the instruction tells it.
fn put(tree: &Tree, node: NodeId, executed: &Executed, init: &str) -> Option<(Symbol, usize, Put)> {
    let name = |operand| match tree.operand(operand).value {
        Value::Variable(variable) if matches!(variable.kind, VariableKind::Stream | VariableKind::Map) => {
            Some(variable.name)
        }
        _ => None,
    };
    match (tree.instruction(node), executed) {
        (Instruction::Call { output, .. }, Executed::Call(CallState::Stream { value, generation, tetraplet })) => {
            Some((name(output?)?, *generation, Put { value: Some(value.clone()), from: Some(tetraplet.clone()) }))
        }
        (Instruction::Assign { source, target }, Executed::Ap { generation }) => {
            let value = literal(tree, &tree.operand(source).value, init);
            let from = value.is_some().then(|| Arc::new(Tetraplet::peer(init)));
            Some((name(target)?, *generation, Put { value, from }))
        }
        (Instruction::Insert { map, .. }, Executed::Ap { generation }) => {
            Some((name(map)?, *generation, Put { value: None, from: None }))
        }
        _ => None,
    }
}

/// What is known of a value in a stream.
struct Put {
    value: Option<Json>,
    from: Option<Arc<Tetraplet>>,
}

fn canon_is_the_stream(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let Some(run) = scene.pick_run(choices).filter(|run| !run.result.is_given_up()) else { return Ok(false) };
    let (Ok(previous), Ok(current), Ok(after)) = (decode(&run.previous), decode(&run.current), decode(&run.after))
    else {
        return Ok(false);
    };
    let tree = scene.played.script.tree();
    if !tree.node_ids().any(|node| tree.node(node).kind == Kind::Canon) {
        return Ok(false);
    }
    let known: std::collections::BTreeSet<PlaceId> =
        previous.shared().events().chain(current.shared().events()).map(|event| event.place).collect();
    let Some(Rendered { states, .. }) = rendered(scene, &after) else { return Ok(false) };
    let init = &scene.played.case.init;
    let mut some = false;
    for (index, state) in states.iter().enumerate() {
        let Executed::Canon(CanonState::Executed { peer, values }) = &state.executed else { continue };
        let Instruction::Canon { source, .. } = tree.instruction(state.node) else { continue };
        let Value::Variable(stream) = tree.operand(source).value else { continue };
        let renewed = tree.node_ids().any(|node| match tree.instruction(node) {
            Instruction::New { variable, .. } => {
                matches!(tree.operand(variable).value, Value::Variable(variable) if variable.name == stream.name)
            }
            _ => false,
        });
        let again = states.iter().filter(|other| other.place == state.place).count() > 1;
        if renewed || again || known.contains(&state.place) || peer != run.peer() {
            continue;
        }
        let before = states.iter().take(index);
        let mut puts: Vec<(usize, Put)> = before
            .filter_map(|state| put(tree, state.node, &state.executed, init))
            .filter(|(name, ..)| *name == stream.name)
            .map(|(_, generation, put)| (generation, put))
            .collect();
        puts.sort_by_key(|(generation, _)| *generation);
        let agrees = puts.len() == values.len()
            && puts.iter().zip(values).all(|((_, put), (value, from))| {
                put.value.as_ref().is_none_or(|put| put == value) && put.from.as_ref().is_none_or(|put| put == from)
            });
        if !agrees {
            let list: Vec<_> = values.iter().map(|(value, from)| format!("{} from {from}", value.to_text())).collect();
            let unknown = || "?".to_owned();
            let expected: Vec<_> = puts
                .iter()
                .map(|(at, put)| {
                    let value = put.value.as_ref().map_or_else(unknown, Json::to_text);
                    format!("{value} in generation {at}")
                })
                .collect();
            return Err(Violation::new("a canon is the stream that its peer had read")
                .part("peer", &**run.peer())
                .part("the canon", list.join("\n"))
                .part("the stream", expected.join("\n"))
                .shows("previous", &run.previous)
                .shows("current", &run.current)
                .shows("after the run", &run.after));
        }
        some |= !values.is_empty();
    }
    Ok(some)
}
