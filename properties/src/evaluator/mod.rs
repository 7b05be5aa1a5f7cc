//! A second opinion on what scripts mean: slow, recursive, and without traces.
//!
//! It knows several peers, moments and batches, so it is not small. A small evaluator of scripts of one peer stands beside it in
//! `tests/single_peer`: there it is held against that one, and so is the engine.
//!
//! An interpreter stores what happened at places of an execution tree, merges that, and replays scripts over it. The
//! evaluator knows nothing of this. It is given a [`World`]: which calls were answered and which canons were fixed, each with
//! the moment when that became known; and it walks the script once, from left to right, by plain recursion. What it finds:
//! how the script ends, which calls and canons are reached and open, and what canons of the peer at hand hold now.
//!
//! # Moments
//! Time 0 is before the first run. What a run learns, the answers it is given and the canons it fixes, is known from the time
//! after it. Every instruction is reached at a time and ends in one of three ways: it is complete at a time, it waits, or it
//! fails at a time. A time says from when on the same was already so. It is needed for two things only: streams are read in
//! the order in which their values became known, and values of one time and one round of a fold are one batch of it.
//!
//! | what | known at |
//! |---|---|
//! | a literal, a constant, a register | the time of the instruction |
//! | arguments, both sides of a comparison, a lens and what it reads, `seq` | the later time |
//! | `par`, a fold over a stream | the earlier time of those that are complete |
//! | a `par` of which both branches failed | the later time |
//! | the result of a call or canon | its moment, or that of its arguments if that is later |
//!
//! # Independence
//! It shares the syntax tree with the engine, and how an instruction is named in an error object, which the laws of text
//! cover. Everything else is written from the rules: names are looked up in lists of what happened to them, values are those
//! of `serde_json`, places of calls are texts that tell the way to them.
//!
//! # What it leaves open
//! The wording of messages: where one would stand, there is a text that begins with [`UNWRITTEN`], different for errors that
//! differ. A script that goes on with such a text as a name is beyond the evaluator, as is one that goes too far or too deep.

mod names;
mod operand;
mod walk;

use airtight_engine::script::{NodeId, Tree};
use names::{Element, Scope};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use walk::Registers;

/// A moment; 0 is before the first run.
pub type Time = u32;

/// Where an instruction is begun: the iterations around it, and which instruction it is.
pub type Place = Rc<str>;

/// How a text begins of which only the sense is known.
pub const UNWRITTEN: char = '\u{e000}';

/// Who began the particle, and what it says.
#[derive(Clone, Debug)]
pub struct Particle {
    /// The peer that began it.
    pub init: Arc<str>,
    /// The time stamp.
    pub timestamp: u64,
    /// How long it lives.
    pub ttl: u32,
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Tetraplet {
    /// The peer that made it.
    pub peer: String,
    /// The service it asked.
    pub service: String,
    /// The function of that.
    pub function: String,
    /// The part of the result.
    pub lens: String,
}

/// What happened: for each place of a call or canon that has a result, when that was known and what it is.
pub type World = BTreeMap<Place, (Time, Outcome)>;

/// The result of a call or canon.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// What a service answered: its return code, and a text, which is JSON if the code is 0.
    Answer(i32, Arc<str>),
    /// What a stream or stream map held.
    Contents(Vec<(Value, Tetraplet)>),
}

/// A call as its service gets it.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Which service.
    pub service: String,
    /// Which function.
    pub function: String,
    /// The arguments.
    pub arguments: Vec<Value>,
    /// For each argument, where it came from: one tetraplet for a value, one for each element of a canon.
    pub tetraplets: Vec<Vec<Tetraplet>>,
}

/// A call or canon that is reached, knows its arguments, and has no result.
#[derive(Clone, PartialEq, Debug)]
pub struct Open {
    /// Where it is.
    pub place: Place,
    /// Whose it is.
    pub peer: String,
    /// What is asked, if it is a call.
    pub call: Option<Call>,
}

/// How a script ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// It is complete.
    Complete,
    /// It may still go on.
    Waits,
    /// It failed, with this code.
    Failed(i64),
}

/// What a script comes to.
#[derive(Clone, PartialEq, Debug)]
pub struct Evaluation {
    /// How it ends.
    pub end: End,
    /// The calls and canons that are open, in the order of the walk.
    pub open: Vec<Open>,
    /// The canons that the peer at hand fixes now.
    pub canons: Vec<(Place, Vec<(Value, Tetraplet)>)>,
    /// Instructions that failed somewhere.
    pub failed: BTreeSet<NodeId>,
}

/// Why there is no evaluation: the script asks for too much, or for more than the evaluator knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Beyond(pub &'static str);

impl fmt::Display for Beyond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Instructions of a script.
const NODES_MAX: usize = 1_000;

/// Instructions that are begun in one evaluation.
const STEPS_MAX: u32 = 4_000;

/// Instructions inside each other, those of iterations that `next` begins included.
const DEPTH_MAX: u32 = 160;

/// What the script comes to at the peer `me`, in the run that ends at the time `now`, for what is known by then.
///
/// # Errors
/// If the script is beyond the evaluator.
pub fn evaluate(tree: &Tree, particle: &Particle, me: &str, now: Time, world: &World) -> Result<Evaluation, Beyond> {
    if tree.node_count() > NODES_MAX {
        return Err(Beyond("a large script"));
    }
    let mut walk = Walk {
        tree,
        particle,
        me,
        now,
        world,
        scopes: vec![Scope::default()],
        scope: 0,
        iterations: "".into(),
        rounds: Vec::new(),
        registers: Registers::default(),
        steps_left: STEPS_MAX,
        depth: 0,
        open: Vec::new(),
        canons: Vec::new(),
        failed: BTreeSet::new(),
    };
    let end = match walk.instruction(NodeId::ROOT, 0) {
        Ok(Some(_)) => End::Complete,
        Ok(None) => End::Waits,
        Err(walk::Halt::Failed(_, error)) => End::Failed(error.code),
        Err(walk::Halt::Beyond(beyond)) => return Err(beyond),
    };
    let Walk { open, canons, failed, .. } = walk;
    Ok(Evaluation { end, open, canons, failed })
}

/// One walk over the script.
struct Walk<'e> {
    tree: &'e Tree,
    particle: &'e Particle,
    me: &'e str,
    now: Time,
    world: &'e World,
    /// All scopes so far; the first is that of the script.
    scopes: Vec<Scope>,
    /// The scope at hand.
    scope: usize,
    /// The iterations around, as a text.
    iterations: Rc<str>,
    /// The folds over streams at work, each with the round of what it adds.
    rounds: Vec<(Place, u32)>,
    registers: Registers,
    steps_left: u32,
    depth: u32,
    open: Vec<Open>,
    canons: Vec<(Place, Vec<(Value, Tetraplet)>)>,
    failed: BTreeSet<NodeId>,
}

impl Walk<'_> {
    fn place(&self, node: NodeId) -> Place {
        format!("{}/{}", self.iterations, node.index()).into()
    }

    /// What a stream holds, in the order in which it is read: as it became known, then as it was added.
    fn contents(&self, elements: &[Element]) -> Vec<Element> {
        let mut elements = elements.to_vec();
        elements.sort_by_key(|element| element.known);
        elements
    }
}

impl Tetraplet {
    /// What a peer alone vouches for: its canons, and the literals of the particle it began.
    pub fn of_peer(peer: &str) -> Self {
        Self { peer: peer.into(), ..Self::default() }
    }

    /// What a call gave.
    pub fn of_call(peer: &str, service: &str, function: &str) -> Self {
        Self { peer: peer.into(), service: service.into(), function: function.into(), lens: String::new() }
    }

    /// A part of the value: the first step of a path is preceded by `.$`.
    #[must_use]
    pub fn part(&self, step: &str) -> Self {
        let start = if self.lens.is_empty() { ".$" } else { "" };
        Self { lens: format!("{}{start}{step}", self.lens), ..self.clone() }
    }

    /// The length of the value.
    #[must_use]
    pub fn length(&self) -> Self {
        Self { lens: format!("{}.length", self.lens), ..self.clone() }
    }
}

impl fmt::Display for Tetraplet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}|{}", self.peer, self.service, self.function, self.lens)
    }
}
