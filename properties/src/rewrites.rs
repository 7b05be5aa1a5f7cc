//! The laws of rewriting: a script and one that means the same, run side by side in calm networks.
//!
//! What is compared is what was asked for, run by run, and not the data: places and instructions are others. No law here says
//! what a script means, so they hold for an interpreter with any rules of its own as long as these are even-handed.

use crate::Violation;
use crate::calm::{self, Asked, Calm, Turn};
use crate::case::Played;
use crate::evaluator::Particle;
use crate::law::{Amount, Family, Law, Needs};
use crate::scene::Scene;
use crate::values::{SCHEDULES, Second};
use airtight_engine::data::Answer;
use airtight_engine::invoke::{CallRequest, RunParameters};
use airtight_engine::script::{
    Accessor, Instruction, Kind, LensView, NodeId, Position, Script, Symbol, Tree, Value as Written,
};
use airtight_engine::value::Json;
use airtight_generators::Choices;
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;

macro_rules! laws {
    ($($name:literal: $statement:literal, $domain:literal, $why:literal, $check:ident;)*) => {
        /// The laws of this file.
        pub const LAWS: &[Law] = &[$(Law {
            name: $name,
            family: Family::Values,
            statement: $statement,
            domain: $domain,
            why: $why,
            needs: Needs::Runs,
            amount: Amount::Sample(1),
            check: $check,
        }),*];
    };
}

laws! {
    "seq-associates": "`(seq (seq a b) c)` asks for the same as `(seq a (seq b c))`",
        "calm networks", "a compiler may write statements in either way", seq_associates;
    "names-do-not-matter": "a variable with another name asks for the same",
        "calm networks, no error object read", "names are for people", other_variable;
    "peers-do-not-matter": "a peer with another name asks, and is asked, for the same",
        "calm networks, no error object read", "who somebody is says nothing about what they may do",
        other_peer;
    "par-null": "`(par a (null))` asks for the same as `a`",
        "calm networks, `a` last and in no handler's reach",
        "a branch that does nothing changes nothing", par_null;
    "xor-null": "`(xor a (null))` asks for the same as `a`",
        "calm networks, `a` does not fail", "a handler that is not needed changes nothing", xor_null;
}

/// What a run asked for, and the code it ended with.
#[derive(PartialEq, Debug)]
struct Step {
    peer: String,
    requests: Vec<Asked>,
    code: i64,
}

/// Another script, and how its peers are called.
struct Rewritten {
    air: String,
    renaming: Renaming,
    /// Whether a failure may end where the other script goes on failing.
    may_end_otherwise: bool,
}

impl Rewritten {
    fn of(air: String) -> Self {
        Self { air, renaming: Renaming::default(), may_end_otherwise: false }
    }
}

/// A peer that is called otherwise; nothing else is called like either.
#[derive(Clone, Default)]
struct Renaming {
    from: String,
    to: String,
}

impl Renaming {
    fn name(from: &str, to: &str, name: &str) -> String {
        if !from.is_empty() && name == from { to.into() } else { name.into() }
    }

    fn there(&self, name: &str) -> String {
        Self::name(&self.from, &self.to, name)
    }

    fn back(&self, name: &str) -> String {
        Self::name(&self.to, &self.from, name)
    }

    fn value(&self, value: &Value, name: fn(&Self, &str) -> String) -> Value {
        match value {
            Value::String(text) => name(self, text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item, name)).collect(),
            Value::Object(members) => {
                members.iter().map(|(key, member)| (name(self, key), self.value(member, name))).collect()
            }
            other => other.clone(),
        }
    }

    /// A tetraplet as a text, with the names of the first script.
    fn tetraplet(&self, text: &str) -> String {
        if self.to.is_empty() { text.into() } else { text.replace(&self.to, &self.from) }
    }

    fn asked(&self, asked: &Asked) -> Asked {
        let list = |list: &Vec<String>| list.iter().map(|text| self.tetraplet(text)).collect();
        Asked {
            service: self.back(&asked.service),
            function: self.back(&asked.function),
            arguments: asked.arguments.iter().map(|argument| self.value(argument, Self::back)).collect(),
            tetraplets: asked.tetraplets.iter().map(list).collect(),
        }
    }

    /// What the services of the first script answer, in the names of the other one.
    fn answer(&self, answer: impl Fn(&str, &CallRequest) -> Answer, peer: &str, request: &CallRequest) -> Answer {
        if self.to.is_empty() {
            return answer(peer, request);
        }
        let back = |json: &Json| {
            let value: Value = serde_json::from_str(&json.to_text()).unwrap_or_default();
            Json::parse(self.value(&value, Self::back).to_string().as_bytes()).unwrap_or(Json::Null)
        };
        let asked = CallRequest {
            service_id: self.back(&request.service_id).into(),
            function_name: self.back(&request.function_name).into(),
            arguments: request.arguments.iter().map(back).collect(),
            tetraplets: Vec::new(),
        };
        let Answer { ret_code, result } = answer(&self.back(peer), &asked);
        match serde_json::from_str::<Value>(&result) {
            Ok(value) if ret_code == 0 => {
                Answer { ret_code, result: self.value(&value, Self::there).to_string().into() }
            }
            _ => Answer { ret_code, result },
        }
    }
}

/// Instructions of a script that is rewritten: looking for a place takes time that grows with the square.
const NODES_MAX: usize = 300;

/// Plays a script, and the same one rewritten, in the same order of things, and compares what they ask for.
fn compare(
    scene: &mut Scene<'_>,
    choices: &mut dyn Choices,
    statement: &'static str,
    rewrite: impl FnOnce(&Played, &mut dyn Choices) -> Option<Rewritten>,
) -> Result<bool, Violation> {
    let schedule = choices.below(SCHEDULES);
    if scene.played.script.tree().node_count() > NODES_MAX {
        return Ok(false);
    }
    let Some(rewritten) = rewrite(scene.played, choices) else { return Ok(false) };
    // A rewriting may leave the domain of scripts, as when something comes to stand after a `next`.
    if Script::parse(&rewritten.air).is_err() {
        return Ok(false);
    }
    let Some((one, was_cut)) = steps(scene, schedule, &scene.played.case.script, &Renaming::default())? else {
        return Ok(false);
    };
    let Some((other, _)) = steps(scene, schedule, &rewritten.air, &rewritten.renaming)? else { return Ok(false) };
    let is_same = |(one, other): (&Step, &Step)| {
        one.peer == other.peer
            && one.requests == other.requests
            && (one.code == other.code || rewritten.may_end_otherwise)
    };
    let differs = one.iter().zip(&other).position(|pair| !is_same(pair));
    let at = match differs {
        None if one.len() == other.len() || was_cut => {
            return Ok(one.iter().any(|step| !step.requests.is_empty()));
        }
        None => one.len().min(other.len()),
        Some(at) => at,
    };
    let text = |step: Option<&Step>| match step {
        Some(Step { peer, requests, code }) => {
            let asked: String = requests.iter().map(Asked::text).collect();
            format!("{peer}, ends with {code}\n{asked}")
        }
        None => "nothing more\n".into(),
    };
    Err(Violation::new(statement)
        .part("rewritten", rewritten.air)
        .part("run", format!("{} of each", at + 1))
        .part("the script", text(one.get(at)))
        .part("rewritten, it", text(other.get(at))))
}

/// What the runs of a script ask for, and whether they were cut off; nothing if a run was given up.
fn steps(
    scene: &mut Scene<'_>,
    schedule: u32,
    air: &str,
    renaming: &Renaming,
) -> Result<Option<(Vec<Step>, bool)>, Violation> {
    let played = scene.played;
    let Ok(services) = played.case.services.prepare(&played.script, &played.case.init) else { return Ok(None) };
    let parameters = calm::parameters(played);
    let init = renaming.there(&parameters.init_peer_id).into();
    let network = Calm {
        air,
        parameters: RunParameters { init_peer_id: init, ..parameters },
        answer: &|peer, request| renaming.answer(|peer, request| calm::answer(&services, peer, request), peer, request),
    };
    let mut steps = Vec::new();
    let mut is_given_up = false;
    let is_over = network.play(scene.subject, schedule, |turn: &Turn| {
        is_given_up |= turn.result.is_given_up();
        steps.push(Step {
            peer: renaming.back(&turn.peer),
            requests: turn.requests.iter().map(|asked| renaming.asked(asked)).collect(),
            code: turn.result.ret_code,
        });
        Ok::<_, Violation>(true)
    })?;
    Ok((!is_given_up).then_some((steps, !is_over)))
}

/// The text of a part of the script.
fn slice(played: &Played, range: Range<usize>) -> &str {
    played.case.script.get(range).unwrap_or_default()
}

fn text_of(played: &Played, node: NodeId) -> &str {
    slice(played, Range::from(played.script.tree().node(node).span))
}

/// The script with another instruction in the place of one.
fn with(played: &Played, node: NodeId, instruction: &str) -> String {
    let Range { start, end } = Range::from(played.script.tree().node(node).span);
    let script = &played.case.script;
    format!("{}{instruction}{}", slice(played, 0..start), slice(played, end..script.len()))
}

/// One of the instructions.
fn pick(nodes: &[NodeId], choices: &mut dyn Choices) -> Option<NodeId> {
    nodes.get(choices.below(nodes.len() as u32) as usize).copied()
}

fn seq_associates(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let statement = "`(seq (seq a b) c)` asks for the same as `(seq a (seq b c))`";
    compare(scene, choices, statement, |played, choices| {
        let tree = played.script.tree();
        let forms = tree.node_ids().filter_map(|node| {
            let Instruction::Seq(left, right) = tree.instruction(node) else { return None };
            let text = |node| text_of(played, node);
            match (tree.instruction(left), tree.instruction(right)) {
                (Instruction::Seq(a, b), _) => {
                    Some((node, format!("(seq {} (seq {} {}))", text(a), text(b), text(right))))
                }
                (_, Instruction::Seq(b, c)) => {
                    Some((node, format!("(seq (seq {} {}) {})", text(left), text(b), text(c))))
                }
                _ => None,
            }
        });
        let forms: Vec<_> = forms.collect();
        let (node, form) = forms.get(choices.below(forms.len() as u32) as usize)?;
        Some(Rewritten::of(with(played, *node, form)))
    })
}

/// Whether a script looks at error objects, which quote it.
fn looks_at_errors(tree: &Tree) -> bool {
    let mut operands = tree.node_ids().flat_map(|node| tree.operand_ids(node));
    operands.any(|operand| matches!(tree.operand(operand).value, Written::LastError(_) | Written::Error(_)))
}

/// What a variable is called that no script has.
const OTHER_VARIABLE: &str = "quite-another-name";

/// What a peer is called that no script has.
const OTHER_PEER: &str = "quite another peer";

fn other_variable(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    compare(scene, choices, "a variable with another name asks for the same", |played, choices| {
        let tree = played.script.tree();
        if looks_at_errors(tree) {
            return None;
        }
        let mut names: Vec<Symbol> = Vec::new();
        for operand in tree.node_ids().flat_map(|node| tree.operand_ids(node)) {
            if let Written::Variable(variable) = tree.operand(operand).value
                && !names.contains(&variable.name)
            {
                names.push(variable.name);
            }
        }
        let name = tree.text(*names.get(choices.below(names.len() as u32) as usize)?);
        let sigils = name.len() - name.trim_start_matches(['#', '$', '%']).len();
        let other = format!("{}{OTHER_VARIABLE}", name.get(..sigils)?);
        Some(Rewritten::of(renamed(played, |text, is_name| match is_name {
            true if text == name => Some(other.clone()),
            _ => None,
        })))
    })
}

/// The script with other texts for names of variables, or for string literals: for each, the text and whether it is a name.
fn renamed(played: &Played, other: impl Fn(&str, bool) -> Option<String>) -> String {
    let tree = played.script.tree();
    let mut air = String::new();
    let mut done = 0;
    for operand in tree.node_ids().flat_map(|node| tree.operand_ids(node)) {
        let operand = tree.operand(operand);
        let Range { start, end } = Range::from(operand.span);
        let (name, lens) = match operand.value {
            Written::String(text) => {
                if let Some(other) = other(tree.text(text), false) {
                    air += &format!("{}\"{other}\"", slice(played, done..start));
                    done = end;
                }
                continue;
            }
            Written::Variable(variable) => (tree.text(variable.name), variable.lens),
            _ => continue,
        };
        air += slice(played, done..start);
        air += &other(name, true).unwrap_or_else(|| name.into());
        let mut path = slice(played, start + name.len()..end).to_owned();
        if let LensView::Path(accessors) = tree.lens(lens) {
            for accessor in accessors {
                if let Accessor::Scalar(scalar) = accessor
                    && let scalar = tree.text(*scalar)
                    && let Some(other) = other(scalar, true)
                {
                    path = path.replace(&format!("[{scalar}]"), &format!("[{other}]"));
                }
            }
        }
        air += &path;
        done = end;
    }
    air + slice(played, done..played.case.script.len())
}

fn other_peer(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let statement = "a peer with another name asks, and is asked, for the same";
    compare(scene, choices, statement, |played, choices| {
        let tree = played.script.tree();
        let is_field = |name: &str| {
            tree.node_ids().flat_map(|node| tree.operand_ids(node)).any(|operand| {
                let lens = match tree.operand(operand).value {
                    Written::Variable(variable) => variable.lens,
                    _ => return false,
                };
                let LensView::Path(accessors) = tree.lens(lens) else { return false };
                accessors.iter().any(|step| matches!(step, Accessor::Field(field) if tree.text(*field) == name))
            })
        };
        let mut peers: Vec<Arc<str>> = vec![played.case.init.clone()];
        for (operand, position) in tree.node_ids().flat_map(|node| tree.placed_operands(node)) {
            if let (Written::String(name), Position::Peer) = (tree.operand(operand).value, position)
                && let name = tree.text(name)
                && peers.iter().all(|peer| **peer != *name)
            {
                peers.push(name.into());
            }
        }
        let peer = peers.get(choices.below(peers.len() as u32) as usize)?;
        if looks_at_errors(tree) || peer.is_empty() || is_field(peer) {
            return None;
        }
        let air = renamed(played, |text, is_name| (!is_name && *text == **peer).then(|| OTHER_PEER.into()));
        let renaming = Renaming { from: peer.to_string(), to: OTHER_PEER.into() };
        Some(Rewritten { air, renaming, may_end_otherwise: false })
    })
}

fn par_null(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    compare(scene, choices, "`(par a (null))` asks for the same as `a`", |played, choices| {
        let tree = played.script.tree();
        let last: Vec<NodeId> = tree.node_ids().filter(|node| is_last(tree, *node)).collect();
        let node = pick(&last, choices)?;
        let air = with(played, node, &format!("(par {} (null))", text_of(played, node)));
        Some(Rewritten { may_end_otherwise: true, ..Rewritten::of(air) })
    })
}

/// Whether nothing follows an instruction in sequence, and no handler is around it. In a fold, whatever follows a `next` of
/// that fold does, for the iterations that it begins.
fn is_last(tree: &Tree, node: NodeId) -> bool {
    let mut inside = node;
    for outer in around(tree, node) {
        match tree.instruction(outer) {
            Instruction::Seq(left, _) | Instruction::Xor(left, _) if left == inside => return false,
            Instruction::Fold { body, .. } => {
                let nexts = tree.node_ids().skip(body.index()).take_while(|next| *next < tree.node(outer).end());
                for next in nexts.filter(|next| is_of(tree, *next, outer)) {
                    let mut inside = next;
                    for around in around(tree, next).into_iter().take_while(|around| *around > outer) {
                        match tree.instruction(around) {
                            Instruction::Seq(left, _) | Instruction::Xor(left, _) if left == inside => return false,
                            // A `next` of an outer fold may be met again and again in an inner one.
                            Instruction::Fold { .. } => return false,
                            _ => inside = around,
                        }
                    }
                }
            }
            _ => {}
        }
        inside = outer;
    }
    true
}

/// Whether an instruction is a `next` of this fold.
fn is_of(tree: &Tree, next: NodeId, fold: NodeId) -> bool {
    let name = |node, at: usize| match tree.operands(node).get(at).map(|operand| operand.value) {
        Some(Written::Variable(variable)) => Some(variable.name),
        _ => None,
    };
    tree.node(next).kind == Kind::Next && name(next, 0) == name(fold, 1)
}

/// The instructions around one, the innermost first.
fn around(tree: &Tree, node: NodeId) -> Vec<NodeId> {
    let outer = tree.node_ids().filter(|outer| *outer < node && node < tree.node(*outer).end());
    outer.rev().collect()
}

fn xor_null(scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
    let statement = "`(xor a (null))` asks for the same as `a`, which does not fail";
    // Which instructions fail is what the evaluator says, for this order of things.
    let schedule = choices.below(SCHEDULES);
    let played = scene.played;
    let Ok(services) = played.case.services.prepare(&played.script, &played.case.init) else { return Ok(false) };
    let parameters = calm::parameters(played);
    let mut second = Second::new(Particle {
        init: parameters.init_peer_id.clone(),
        timestamp: parameters.timestamp,
        ttl: parameters.ttl,
    });
    let network =
        Calm { air: &played.case.script, parameters, answer: &|peer, request| calm::answer(&services, peer, request) };
    let tree = played.script.tree();
    // Where the evaluator is of another opinion, another law says so.
    let compared = network.play(scene.subject, schedule, |turn| second.sees(tree, turn));
    if compared.is_err() || !second.is_whole {
        return Ok(false);
    }
    let sound = |node: &NodeId| tree.node(*node).kind != Kind::Next && !second.failed.contains(&node.index());
    let sound: Vec<NodeId> = tree.node_ids().filter(sound).collect();
    let Some(node) = pick(&sound, choices) else { return Ok(false) };
    let air = with(played, node, &format!("(xor {} (null))", text_of(played, node)));
    let mut given = airtight_generators::Tape::new(vec![schedule]);
    compare(scene, &mut given, statement, |_, _| Some(Rewritten::of(air)))
}
