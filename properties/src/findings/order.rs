//! Where the outcome of a script depends on the order of delivery.
//!
//! The runs of a group differ in the order of things only. The first place at which they do not agree is where the order
//! decided something; `traces.rs` finds these places, and this file says what each of them is: which instruction, why, and
//! two runs that show it.

use super::outline::{Origins, Outline, Part};
use super::steps::{Decision, Step, steps};
use super::traces::{Difference, Group, Split, maker};
use super::uses::{Looked, deciding};
use super::{Ending, Place, Replay};
use crate::story::{cut, position};
use crate::subject::Subject;
use crate::view::{Executed, SeenState};
use airtight_engine::script::{Binding, Kind, NodeId, StreamId, Value};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::iter;

/// How many different outcomes are counted one by one.
const OUTCOMES_MAX: usize = 5;
/// How many of the instructions that come to something else are named.
const AFFECTED_MAX: usize = 5;
/// How many findings have their runs played again for the steps.
const REPLAYED_MAX: usize = 24;
/// How many characters of a value are shown.
const VALUE_CHARS_MAX: usize = 100;

/// An instruction whose outcome the order of delivery decides.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderFinding {
    /// The instruction.
    pub place: Place,
    /// Its keyword.
    pub instruction: &'static str,
    /// What it assigns, or the stream that it goes through.
    pub name: Option<String>,
    /// Why the order of delivery decides.
    pub cause: Cause,
    /// Two runs that differ there, though they have the same services.
    pub examples: [Example; 2],
    /// What it came to in the runs that agree on everything before, the most frequent outcome first; at most five.
    pub outcomes: Vec<Outcome>,
    /// How many runs those are, all outcomes together.
    pub runs: usize,
    /// Whether the script reads only the first elements of it, and these were the same in all runs.
    pub is_read_alike: bool,
    /// Instructions after it that come to something else in the two examples: the first few.
    pub affects: Vec<Place>,
    /// How many those are.
    pub affected: usize,
}

/// Why the order of delivery decides.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Cause {
    /// A canon fixes the elements of a stream in the order in which its peer learned of them.
    Order(Reading),
    /// A canon fixes the elements of which its peer knows, and others come later.
    Elements(Reading),
    /// The fold over a stream around it ends a batch before it has come to all values of it, and batches are what a peer
    /// learned at once.
    Visits {
        /// The stream.
        stream: String,
        /// The fold.
        fold: Place,
    },
    /// A last instruction of a fold over a stream runs after the last value of each batch, and batches are what a peer
    /// learned at once.
    Batches {
        /// The stream.
        stream: String,
        /// The fold.
        fold: Place,
    },
    /// It depends on what this instruction comes to whether it is reached.
    Decided {
        /// The keyword of that.
        instruction: &'static str,
        /// Where that is.
        by: Place,
    },
    /// It reads an error register, which holds whatever error came last.
    Register {
        /// The register.
        name: &'static str,
    },
    /// It was called with other arguments.
    Arguments {
        /// A canon among them.
        canon: Option<Place>,
    },
}

/// What a canon or fold reads, and why that can still grow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// The stream that it reads, and after it those whose values are put into that one.
    pub streams: Vec<String>,
    /// What lets it be read before everything is in it.
    pub early: Option<Early>,
}

/// What lets a stream be read while others still write it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Early {
    /// A `par` before it is complete when one branch is.
    Par {
        /// Where.
        place: Place,
    },
    /// A fold over a stream before it is complete when its first batch is.
    Fold {
        /// Where.
        place: Place,
    },
    /// It stands in one branch of a `par`, and the other one writes.
    Beside {
        /// Where.
        place: Place,
    },
}

/// One of two runs that differ.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// What gives the run again.
    #[serde(flatten)]
    pub replay: Replay,
    /// What the instruction came to, in short.
    pub value: String,
    /// What the peer that decides went through until it did, the decision last. Empty if the runner does not tell.
    pub steps: Vec<Step>,
}

/// One way in which runs came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// What the instruction came to, in short.
    pub value: String,
    /// In how many runs.
    pub runs: usize,
}

impl Cause {
    /// The cause in a sentence without its end; the text is the script, for lines and columns.
    pub fn text(&self, script: &str) -> String {
        let at = |place: &Place| {
            let (line, column) = position(script, place.start);
            format!("{line}:{column}")
        };
        let early = |reading: &Reading| {
            let stream = reading.streams.last().map_or("", String::as_str);
            match &reading.early {
                None => String::new(),
                Some(Early::Par { place }) => {
                    format!(
                        ": the `par` at {} is complete when one branch is, and the others still write `{stream}`",
                        at(place)
                    )
                }
                Some(Early::Fold { place }) => {
                    format!(
                        ": the fold at {} is complete when its first batch is, and goes on to write `{stream}`",
                        at(place)
                    )
                }
                Some(Early::Beside { place }) => {
                    format!(": the other branch of the `par` at {} writes `{stream}`", at(place))
                }
            }
        };
        let streams = |reading: &Reading| match reading.streams.as_slice() {
            [] => String::new(),
            [own] => format!("`{own}`"),
            [own, rest @ ..] => format!("`{own}`, which gets the values of `{}`,", rest.join("`, `")),
        };
        match self {
            Self::Order(reading) => {
                format!(
                    "the elements of {} stand in the order in which the peer learned of them{}",
                    streams(reading),
                    early(reading)
                )
            }
            Self::Elements(reading) => {
                format!("{} holds what the peer knows by then{}", streams(reading), early(reading))
            }
            Self::Visits { stream, fold } => format!(
                "the fold at {} ends a batch of values of `{stream}` early, and a batch is what a peer learned at once",
                at(fold)
            ),
            Self::Batches { stream, fold } => format!(
                "the fold over `{stream}` at {} runs its last instruction after each batch, and a batch is what a peer learned at once",
                at(fold)
            ),
            Self::Decided { instruction, by } => format!("the `{instruction}` at {} does not always lead here", at(by)),
            Self::Register { name } => format!("it reads `{name}`, which holds the error that came last"),
            Self::Arguments { canon: Some(canon) } => format!("it is called with what is fixed at {}", at(canon)),
            Self::Arguments { canon: None } => "it is called with other arguments".into(),
        }
    }
}

/// Looks for such instructions. With a subject, the two runs of each finding are played again for their steps.
pub(super) fn find(outline: &Outline<'_>, endings: &[Ending], subject: Option<&mut Subject>) -> Vec<OrderFinding> {
    let looked = deciding(outline);
    let mut clearest: BTreeMap<NodeId, OrderFinding> = BTreeMap::new();
    let mut subject = subject;
    let groups = Group::all(endings, |start| looked[outline.at(start)?.index()]);
    for (node, shown) in clearest_of(outline, &groups) {
        let subject = subject.as_deref_mut().filter(|_| clearest.len() < REPLAYED_MAX);
        clearest.insert(node, shown.finding(subject));
    }
    // What is not read of a canon may differ all the same, and may be read after another turn of events.
    if looked.iter().flatten().any(|looked| looked.is_beginning()) {
        let groups = Group::all(endings, |start| {
            let looked = looked[outline.at(start)?.index()]?;
            Some(if looked.is_beginning() { Looked::ALL } else { looked })
        });
        for (node, shown) in clearest_of(outline, &groups) {
            let is_beginning = looked[node.index()].is_some_and(Looked::is_beginning);
            if is_beginning && !clearest.contains_key(&node) {
                let subject = subject.as_deref_mut().filter(|_| clearest.len() < REPLAYED_MAX);
                let finding = shown.finding(subject);
                clearest.insert(node, OrderFinding { is_read_alike: true, ..finding });
            }
        }
    }
    clearest.into_values().collect()
}

/// The instructions at which something was decided; of several places of one instruction, the clearest.
fn clearest_of<'o, 'e>(outline: &'o Outline<'o>, groups: &'o [Group<'e>]) -> BTreeMap<NodeId, Shown<'o, 'e>> {
    let mut clearest: BTreeMap<NodeId, (Clarity, Shown<'o, 'e>)> = BTreeMap::new();
    for group in groups {
        for split in group.splits() {
            let Some(node) = outline.at(split.start) else { continue };
            let shown = Shown::new(outline, group, split, node);
            let clarity = shown.clarity();
            if clearest.get(&node).is_none_or(|(best, _)| clarity < *best) {
                clearest.insert(node, (clarity, shown));
            }
        }
    }
    clearest.into_iter().map(|(node, (_, shown))| (node, shown)).collect()
}

/// How clear an example is; smaller is clearer.
type Clarity = (bool, usize, u64);

/// A split with two runs that show it.
struct Shown<'o, 'e> {
    outline: &'o Outline<'o>,
    group: &'o Group<'e>,
    split: Split,
    node: NodeId,
    origins: Option<Origins>,
    cause: Cause,
    clarity: (bool, usize),
    /// For each part, a run and what it came to there.
    parts: Vec<(usize, String)>,
    /// The two parts that show most.
    pair: [usize; 2],
}

impl<'o, 'e> Shown<'o, 'e> {
    fn new(outline: &'o Outline<'o>, group: &'o Group<'e>, split: Split, node: NodeId) -> Self {
        // Of the runs that agree, a calm one, and then an early one.
        let pick = |part: &Vec<usize>| {
            let run = part.iter().copied().min_by_key(|run| (!group.ending(*run).is_calm(), group.ending(*run).run));
            run.unwrap_or_default()
        };
        let runs: Vec<usize> = split.parts.iter().map(pick).collect();
        let values = values(&runs.iter().map(|run| group.state(*run, &split)).collect::<Vec<_>>());
        let elements: Vec<_> = runs.iter().map(|run| elements(group.state(*run, &split)?)).collect();
        let sorted: Vec<_> = elements.iter().cloned().map(|elements| elements.map(sorted)).collect();
        let is_order = sorted.iter().all(|it| it.is_some() && *it == sorted[0]);
        let origins = match split.difference {
            Difference::Presence => None,
            Difference::Result => outline.source(node).map(|stream| outline.origins(stream)),
        };
        // Where elements differ, two of which neither begins like the other show most; then short ones.
        let mut best = (true, usize::MAX);
        let mut pair = [0, 1];
        for a in 0..runs.len() {
            for b in a + 1..runs.len() {
                let is_plain = match (&elements[a], &elements[b]) {
                    (Some(one), Some(other)) => !one.starts_with(other) && !other.starts_with(one),
                    _ => true,
                };
                let is_vague = !is_plain || !is_order && sorted[a].is_some() && sorted[a] == sorted[b];
                let clarity = (is_vague, values[a].chars().count() + values[b].chars().count());
                if clarity < best {
                    (best, pair) = (clarity, [a, b]);
                }
            }
        }
        // What a run has stands before what it lacks.
        let is_absent = |at: usize| runs.get(at).is_none_or(|run| group.state(*run, &split).is_none());
        pair.sort_by_key(|at| (is_absent(*at), values.get(*at)));
        let cause = cause(outline, node, &split, origins.as_ref(), is_order);
        let parts = runs.into_iter().zip(values).collect();
        Self { outline, group, split, node, origins, cause, clarity: best, parts, pair }
    }

    fn clarity(&self) -> Clarity {
        let first = self.parts.get(self.pair[0]).map_or(0, |(run, _)| self.group.ending(*run).run);
        (self.clarity.0, self.clarity.1, first)
    }

    fn finding(self, subject: Option<&mut Subject>) -> OrderFinding {
        let Self { outline, group, ref split, node, .. } = self;
        let [one, other] = self.pair.map(|at| self.parts[at].0);
        let [first_steps, second_steps] = match subject {
            Some(subject) => {
                let decisions = [(one, other), (other, one)].map(|(run, other)| self.decision(run, other));
                steps(outline, &self.relevant(), decisions, subject)
            }
            None => [Vec::new(), Vec::new()],
        };
        let example = |at: usize, steps| {
            let (run, value) = &self.parts[at];
            Example { replay: Replay::of(group.ending(*run)), value: short(value), steps }
        };
        let outcomes = self.parts.iter().zip(&split.parts);
        let outcomes = outcomes.map(|((_, value), part)| Outcome { value: short(value), runs: part.len() });
        let affected = self.affected(one, other);
        OrderFinding {
            place: outline.header(node),
            instruction: outline.kind(node).keyword(),
            name: self.name(),
            cause: self.cause.clone(),
            examples: [example(self.pair[0], first_steps), example(self.pair[1], second_steps)],
            outcomes: outcomes.take(OUTCOMES_MAX).collect(),
            runs: split.parts.iter().map(Vec::len).sum(),
            is_read_alike: false,
            affects: affected.iter().take(AFFECTED_MAX).map(|node| outline.header(*node)).collect(),
            affected: affected.len(),
        }
    }

    fn name(&self) -> Option<String> {
        let operand = self.outline.output(self.node);
        operand.and_then(|operand| self.outline.name(operand)).map(str::to_owned)
    }

    /// The other instructions that come to something else.
    fn affected(&self, one: usize, other: usize) -> BTreeSet<NodeId> {
        let events = self.group.different_events(one, other).chain(self.group.different_events(other, one));
        events.filter_map(|state| self.outline.at(state.start)).filter(|node| *node != self.node).collect()
    }

    /// The instructions whose results end up in what is read.
    fn relevant(&self) -> BTreeSet<NodeId> {
        let streams = self.origins.iter().flat_map(|origins| &origins.streams);
        let writers = streams.flat_map(|stream| self.outline.writers(*stream)).copied();
        writers.flat_map(|writer| iter::once(writer).chain(self.outline.assigned_by(writer))).collect()
    }

    /// The event with which a run went its way.
    fn decision(&self, run: usize, other: usize) -> Decision<'e> {
        let own = self.group.state(run, &self.split);
        let own = own.or_else(|| self.group.different_events(run, other).next());
        let peer = own.and_then(maker);
        Decision { ending: self.group.ending(run), states: self.group.states(run), event: own, peer }
    }
}

fn short(value: &str) -> String {
    cut(value, VALUE_CHARS_MAX)
}

/// The elements of a canon, if it is one, each with its tetraplet.
fn elements(state: &SeenState) -> Option<Vec<(String, String)>> {
    let Some(Executed::Canon(canon)) = state.executed() else { return None };
    Some(canon.values.iter().map(|element| (element.0.to_string(), element.1.to_string())).collect())
}

fn sorted(mut elements: Vec<(String, String)>) -> Vec<(String, String)> {
    elements.sort();
    elements
}

/// What runs have at a place; what looks the same though it is not is shown with where it comes from.
fn values(states: &[Option<&SeenState>]) -> Vec<String> {
    let short: Vec<String> = states.iter().map(|state| value(*state)).collect();
    let is_twice = |value: &String| short.iter().filter(|other| *other == value).count() > 1;
    let full = |(state, value): (&Option<&SeenState>, &String)| {
        let origins = state.filter(|_| is_twice(value)).and_then(with_origins);
        origins.unwrap_or_else(|| value.clone())
    };
    states.iter().zip(&short).map(full).collect()
}

/// The elements of a canon with where they come from.
fn with_origins(state: &SeenState) -> Option<String> {
    let of =
        |(value, origin): (String, String)| format!("{value} from {}", origin.split('|').next().unwrap_or_default());
    let elements: Vec<_> = elements(state)?.into_iter().map(of).collect();
    Some(format!("[{}]", elements.join(", ")))
}

/// What a run has at a place, as JSON where it is a value.
fn value(state: Option<&SeenState>) -> String {
    let Some(state) = state else { return "not reached".into() };
    match state.executed() {
        Some(Executed::Canon(canon)) => {
            let values: Vec<&str> = canon.values.iter().map(|element| &*element.0).collect();
            format!("[{}]", values.join(", "))
        }
        Some(Executed::Call(call)) => match (&call.failed, call.result()) {
            (Some(failure), _) => format!("failed: {failure}"),
            (None, Some(result)) => result.to_string(),
            (None, None) => "reached".into(),
        },
        _ => "reached".into(),
    }
}

fn cause(outline: &Outline<'_>, node: NodeId, split: &Split, origins: Option<&Origins>, same_elements: bool) -> Cause {
    let reading = |origins: &Origins| Reading {
        streams: origins.streams.iter().map(|stream| outline.stream_name(*stream)).collect(),
        early: early(outline, node, &origins.streams),
    };
    match (split.difference, origins) {
        (Difference::Result, Some(origins)) if same_elements => Cause::Order(reading(origins)),
        (Difference::Result, Some(origins)) => Cause::Elements(reading(origins)),
        (Difference::Result, None) => match (register(outline, node), fixed(outline, node)) {
            (Some(name), _) => Cause::Register { name },
            (None, canon) => Cause::Arguments { canon: canon.map(|canon| outline.header(canon)) },
        },
        (Difference::Presence, _) => decided(outline, node),
    }
}

/// A canon that an instruction reads.
fn fixed(outline: &Outline<'_>, node: NodeId) -> Option<NodeId> {
    let bindings = outline.script.bindings();
    let mut reads = outline.tree().operand_ids(node).filter_map(|operand| match bindings.operand(operand) {
        Binding::Read(reach) => outline.candidates(reach).next(),
        _ => None,
    });
    reads.find(|node| outline.kind(*node) == Kind::Canon)
}

/// The error register that an instruction reads.
fn register(outline: &Outline<'_>, node: NodeId) -> Option<&'static str> {
    outline.tree().operands(node).iter().find_map(|operand| match operand.value {
        Value::LastError(_) => Some("%last_error%"),
        Value::Error(_) => Some(":error:"),
        _ => None,
    })
}

/// What decides whether an instruction is reached.
fn decided(outline: &Outline<'_>, node: NodeId) -> Cause {
    let mut before = None;
    for (outer, part) in outline.around(node) {
        let by = outline.header(outer);
        let instruction = outline.kind(outer).keyword();
        match (outline.kind(outer), part) {
            (Kind::Fold, part) if outline.is_stream_fold(outer) => {
                let stream = outline.source(outer).map_or_else(String::new, |stream| outline.stream_name(stream));
                return match part {
                    Part::First => Cause::Visits { stream, fold: by },
                    Part::Second => Cause::Batches { stream, fold: by },
                };
            }
            (Kind::Match | Kind::Mismatch, _) | (Kind::Xor, Part::Second) => {
                return Cause::Decided { instruction, by };
            }
            (Kind::Seq, Part::Second) => before = before.or(outline.parts(outer).0),
            _ => {}
        }
    }
    let by = before.unwrap_or(node);
    Cause::Decided { instruction: outline.kind(by).keyword(), by: outline.header(by) }
}

/// What lets these streams be read at an instruction before everything is in them.
fn early(outline: &Outline<'_>, node: NodeId, streams: &[StreamId]) -> Option<Early> {
    // The streams farthest up decide.
    streams.iter().rev().find_map(|stream| {
        outline.around(node).find_map(|(outer, part)| {
            let (first, second) = outline.parts(outer);
            match (outline.kind(outer), part) {
                (Kind::Seq, Part::Second) => {
                    let before = first.filter(|before| outline.writes_in(*stream, *before))?;
                    loose(outline, before, *stream)
                }
                (Kind::Par, part) => {
                    let other = if part == Part::First { second } else { first };
                    let place = outline.header(outer);
                    other.filter(|other| outline.writes_in(*stream, *other)).map(|_| Early::Beside { place })
                }
                _ => None,
            }
        })
    })
}

/// The outermost instruction in this one that is complete before all in it is, and writes the stream.
fn loose(outline: &Outline<'_>, before: NodeId, stream: StreamId) -> Option<Early> {
    outline.nodes[outline.range(before)].iter().find_map(|node| {
        let place = outline.header(*node);
        match outline.kind(*node) {
            Kind::Par if outline.writes_in(stream, *node) => Some(Early::Par { place }),
            Kind::Fold if outline.is_stream_fold(*node) && outline.writes_in(stream, *node) => {
                Some(Early::Fold { place })
            }
            _ => None,
        }
    })
}
