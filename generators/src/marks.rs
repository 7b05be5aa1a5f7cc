//! What scripts and their histories have about them that finds mistakes: *marks*.
//!
//! Tests watch by them that the generators reach what they should, and the distribution of generated scripts counts them.

use crate::{Event, History, Network};
use airtight_engine::data::{Data, decode};
use airtight_engine::execute::{CallState, CanonState, End, Executed, Limits, Peer, Rendered, render};
use airtight_engine::script::{Binding, Class, Kind, NodeId, OperandId, Position, Script, Value, VariableKind};
use airtight_engine::value::Json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

macro_rules! marks {
    ($($(#[doc = $doc:literal])* $mark:ident,)*) => {
        /// One thing that a script, or a history of it, can have about it.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Mark { $($(#[doc = $doc])* $mark,)* }

        impl Mark {
            /// All marks: those of scripts, then those of histories.
            pub const ALL: [Self; [$(stringify!($mark)),*].len()] = [$(Self::$mark),*];

            /// What it is, in words.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$mark => concat!($($doc),*).trim_ascii(),)* }
            }
        }
    };
}

marks! {
    /// two peers or more are named
    SeveralPeers,
    /// a call reads what another call gave
    Join,
    /// one stream is written by calls of two peers
    StreamOfPeers,
    /// one stream is written by `ap`
    StreamByAp,
    /// a fold over a stream with a call in it
    StreamFold,
    /// a fold over a stream map with a call in it
    MapFold,
    /// a fold over the elements of a scalar, with a call in it
    ScalarFold,
    /// a fold over a canon
    CanonFold,
    /// a call at the peer that an iterator names
    CallAtItem,
    /// a fold whose `next` stands in a `par`
    ParallelFold,
    /// a fold with a last instruction
    LastInstruction,
    /// a fold inside of a fold over a stream
    NestedFold,
    /// a fold over a stream writes to that stream
    Recursion,
    /// an inner fold over a stream that the body of an outer one writes
    FoldOfOuterWrites,
    /// a stream map with two entries or more written
    MapWrites,
    /// a canon of a stream
    Canon,
    /// a canon of a stream map
    CanonOfMap,
    /// a canon of which a part is read
    CanonRead,
    /// a canon map read by key
    CanonMapRead,
    /// a canon at a peer beside others that call
    CanonElsewhere,
    /// a `xor` inside of a `xor`
    NestedXor,
    /// a `xor` in a fold
    XorInFold,
    /// a fold in a `xor`
    FoldInXor,
    /// a `par` inside of a `par`
    NestedPar,
    /// a `par` after which something runs
    SeqAfterPar,
    /// a `new` of a stream
    NewStream,
    /// a `new` in a fold
    NewInFold,
    /// a `new` of a stream in which something fails
    NewFails,
    /// a comparison
    Comparison,
    /// a comparison with a lens
    ComparisonOfPart,
    /// a comparison with `[]`
    ComparisonOfEmpty,
    /// a lens
    Lens,
    /// one value read through two lenses
    TwoLenses,
    /// a lens with a scalar in it
    LensByScalar,
    /// `:error:` or `%last_error%` is read
    ErrorRead,
    /// an error is raised again
    Reraise,
    /// `fail` with a value
    FailValue,
    /// a literal argument
    Literal,
    /// text outside of ASCII
    NotAscii,
    /// a call at a peer that a value names
    ComputedPeer,
    /// the history has calls at two peers or more
    CallsAtPeers,
    /// three calls or more were made
    SeveralCalls,
    /// a service failed
    Failed,
    /// a service failed and the particle went on
    FailureCaught,
    /// a service failed in a fold over a stream
    FailedInFold,
    /// an answer that is no JSON
    Undecodable,
    /// a stream got values from two peers
    ValuesOfPeers,
    /// a stream has two generations or more
    Generations,
    /// a fold over a stream had two iterations or more
    Iterations,
    /// a canon was fixed
    CanonFixed,
    /// a canon of nothing was fixed
    CanonEmpty,
    /// a canon of two elements or more was fixed
    CanonOfSeveral,
    /// a message arrived twice
    Redelivery,
    /// a peer crashed
    Crash,
    /// data met that each knew what the other did not
    Concurrent,
    /// a call waits while others are made
    Pending,
    /// the particle ended with an error
    EndedByError,
    /// the particle is complete
    Completed,
    /// something waits for a name
    Waiting,
}

/// A set of marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u128);

impl Marks {
    /// Whether this mark is among them.
    pub const fn has(self, mark: Mark) -> bool {
        self.0 & (1 << mark as u32) != 0
    }

    /// Whether all of these marks are among them.
    pub fn has_all(self, marks: &[Mark]) -> bool {
        marks.iter().all(|&mark| self.has(mark))
    }

    /// The marks, in order.
    pub fn iter(self) -> impl Iterator<Item = Mark> {
        Mark::ALL.into_iter().filter(move |&mark| self.has(mark))
    }

    fn set(&mut self, mark: Mark, on: bool) {
        self.0 |= u128::from(on) << mark as u32;
    }

    /// What a script has about it, from its text.
    pub fn of_script(script: &Script) -> Self {
        let mut reader = Reader::new(script);
        reader.read();
        reader.marks
    }

    /// What a history has about it, beside what its script has.
    pub fn of_history(script: &Script, network: &Network) -> Self {
        let mut marks = Self::default();
        let History { events, .. } = network.history();
        let (mut calls, mut peers) = (0, BTreeSet::new());
        for event in events {
            match event {
                Event::Answered { peer, answer, .. } => {
                    calls += 1;
                    peers.insert(peer);
                    marks.set(Mark::Failed, answer.ret_code != 0);
                    marks
                        .set(Mark::Undecodable, answer.ret_code == 0 && Json::parse(answer.result.as_bytes()).is_err());
                }
                Event::Delivered { again: true, .. } => marks.set(Mark::Redelivery, true),
                Event::Restarted { .. } => marks.set(Mark::Crash, true),
                _ => {}
            }
        }
        marks.set(Mark::CallsAtPeers, peers.len() > 1);
        marks.set(Mark::SeveralCalls, calls > 2);
        let data: Vec<Data> = network.hosts().filter_map(|host| decode(host.data()).ok()).collect();
        for (index, a) in data.iter().enumerate() {
            for b in &data[..index] {
                let (a, b) = (a.shared(), b.shared());
                let ab = a.merge(b);
                let known = |data: &airtight_engine::data::Shared| data.events().count();
                marks.set(Mark::Concurrent, known(&ab) > known(a).max(known(b)));
            }
        }
        for (host, data) in network.hosts().zip(&data) {
            let peer: Peer = host.particle().parameters.peer();
            if let Ok(rendered) = render(script, data, &peer, Limits::default()) {
                marks.rendered(script, &rendered);
            }
        }
        marks
    }

    fn rendered(&mut self, script: &Script, rendered: &Rendered) {
        let tree = script.tree();
        let mut sources: BTreeMap<usize, BTreeSet<Arc<str>>> = BTreeMap::new();
        let in_fold = |node: NodeId| {
            tree.node_ids().take(node.index()).any(|fold| is_stream_fold(script, fold) && tree.node(fold).end() > node)
        };
        for state in &rendered.states {
            match &state.executed {
                Executed::Call(CallState::Stream { tetraplet, generation, .. }) => {
                    self.set(Mark::Generations, *generation > 0);
                    let output =
                        tree.operand_ids(state.node).next_back().map(|output| script.bindings().operand(output));
                    if let Some(Binding::Stream(stream)) = output {
                        sources.entry(stream.index()).or_default().insert(tetraplet.peer.as_ref().into());
                    }
                }
                Executed::Call(CallState::Failed { .. }) => {
                    self.set(Mark::FailureCaught, !matches!(rendered.end, End::Failed(..)));
                    self.set(Mark::FailedInFold, in_fold(state.node));
                }
                Executed::Ap { generation } => self.set(Mark::Generations, *generation > 0),
                Executed::Fold(lore) => self.set(Mark::Iterations, lore.len() > 1),
                Executed::Canon(CanonState::Executed { values, .. }) => {
                    self.set(Mark::CanonFixed, true);
                    self.set(Mark::CanonEmpty, values.is_empty());
                    self.set(Mark::CanonOfSeveral, values.len() > 1);
                }
                _ => {}
            }
        }
        self.set(Mark::ValuesOfPeers, sources.values().any(|peers| peers.len() > 1));
        self.set(Mark::Pending, !rendered.pending.is_empty());
        self.set(Mark::Waiting, !rendered.waiting.is_empty());
        self.set(Mark::EndedByError, matches!(rendered.end, End::Failed(..)));
        self.set(Mark::Completed, matches!(rendered.end, End::Complete(_)));
    }
}

impl std::ops::BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

fn is_stream_fold(script: &Script, node: NodeId) -> bool {
    let over = script.tree().operands(node).first().map(|over| Class::of(&over.value));
    script.tree().node(node).kind == Kind::Fold && matches!(over, Some(Class::Stream | Class::Map))
}

/// Reads the marks of a script.
struct Reader<'s> {
    script: &'s Script,
    marks: Marks,
    /// The instructions around the one at hand.
    around: Vec<NodeId>,
    /// For each stream, the peers of calls that write to it, how often it is written, and by which instructions.
    writers: BTreeMap<usize, (BTreeSet<String>, Vec<NodeId>)>,
    /// The names that calls put their results in.
    outputs: BTreeSet<String>,
    peers: BTreeSet<String>,
    callers: BTreeSet<String>,
    /// The names that were read through a lens.
    parted: BTreeSet<String>,
}

impl<'s> Reader<'s> {
    fn new(script: &'s Script) -> Self {
        Self {
            script,
            marks: Marks::default(),
            around: Vec::new(),
            writers: BTreeMap::new(),
            outputs: BTreeSet::new(),
            peers: BTreeSet::new(),
            callers: BTreeSet::new(),
            parted: BTreeSet::new(),
        }
    }

    fn read(&mut self) {
        let tree = self.script.tree();
        for node in tree.node_ids() {
            while self.around.last().is_some_and(|last| tree.node(*last).end() <= node) {
                self.around.pop();
            }
            self.instruction(node);
            self.around.push(node);
        }
        let writes: Vec<_> = self.writers.values().cloned().collect();
        for (peers, by) in writes {
            self.marks.set(Mark::StreamOfPeers, peers.len() > 1);
            self.marks.set(Mark::MapWrites, by.len() > 1 && by.iter().all(|by| tree.node(*by).kind == Kind::Insert));
        }
        self.folds();
        self.marks.set(Mark::SeveralPeers, self.peers.len() > 1);
        self.marks.set(Mark::CanonElsewhere, self.marks.has(Mark::Canon) && self.callers.len() > 1);
    }

    /// The operand as a key that tells apart what is different.
    fn spelled(&self, operand: OperandId) -> String {
        let tree = self.script.tree();
        match tree.operand(operand).value {
            Value::String(text) => format!("{:?}", tree.text(text)),
            Value::Variable(variable) => tree.text(variable.name).to_owned(),
            _ => "init".to_owned(),
        }
    }

    fn is_inside(&self, wanted: impl Fn(NodeId) -> bool) -> bool {
        self.around.iter().any(|node| wanted(*node))
    }

    fn is_in(&self, kind: Kind) -> bool {
        self.is_inside(|node| self.script.tree().node(node).kind == kind)
    }

    fn instruction(&mut self, node: NodeId) {
        let tree = self.script.tree();
        let kind = tree.node(node).kind;
        let in_stream_fold = self.is_inside(|fold| is_stream_fold(self.script, fold));
        let (in_fold, in_xor, in_par) = (self.is_in(Kind::Fold), self.is_in(Kind::Xor), self.is_in(Kind::Par));
        for (operand, position) in tree.placed_operands(node) {
            self.operand(node, operand, position);
        }
        let first = tree.operand_ids(node).next();
        let first_class = first.map(|first| Class::of(&tree.operand(first).value));
        let mut set = |mark, on| self.marks.set(mark, on);
        match kind {
            Kind::Xor => {
                set(Mark::NestedXor, in_xor);
                set(Mark::XorInFold, in_stream_fold);
            }
            Kind::Fold => {
                set(Mark::FoldInXor, in_xor);
                set(Mark::NestedFold, in_stream_fold);
                set(Mark::CanonFold, matches!(first_class, Some(Class::Canon | Class::CanonMap | Class::CanonMapLens)));
                set(Mark::LastInstruction, tree.children(node).count() > 1);
            }
            Kind::Next => set(Mark::ParallelFold, in_par && in_stream_fold),
            Kind::Par => set(Mark::NestedPar, in_par),
            Kind::Seq => {
                let left = tree.children(node).next();
                set(Mark::SeqAfterPar, left.is_some_and(|left| tree.node(left).kind == Kind::Par));
            }
            Kind::New => {
                set(Mark::NewInFold, in_fold);
                let is_stream = first_class == Some(Class::Stream);
                set(Mark::NewStream, is_stream);
                let end = tree.node(node).end();
                let fails = tree.node_ids().skip(node.index()).take_while(|inner| *inner < end);
                set(Mark::NewFails, is_stream && fails.into_iter().any(|inner| tree.node(inner).kind == Kind::Fail));
            }
            Kind::Match | Kind::Mismatch => set(Mark::Comparison, true),
            Kind::Fail => {
                set(Mark::Reraise, matches!(first_class, Some(Class::Error | Class::LastError)));
                let is_value = matches!(first_class, Some(Class::Scalar | Class::ScalarLens | Class::CanonLens));
                set(Mark::FailValue, is_value);
            }
            Kind::Canon => {
                let is_map = tree.operands(node).get(1).is_some_and(|source| Class::of(&source.value) == Class::Map);
                set(if is_map { Mark::CanonOfMap } else { Mark::Canon }, true);
            }
            Kind::Call => {
                for fold in self.around.iter().filter(|fold| tree.node(**fold).kind == Kind::Fold) {
                    let over = tree.operands(*fold).first().map(|over| Class::of(&over.value));
                    self.marks.set(Mark::StreamFold, over == Some(Class::Stream));
                    self.marks.set(Mark::MapFold, over == Some(Class::Map));
                    self.marks.set(Mark::ScalarFold, matches!(over, Some(Class::Scalar | Class::ScalarLens)));
                    let iterator = tree.operand_ids(*fold).nth(1).map(|iterator| self.spelled(iterator));
                    self.marks.set(Mark::CallAtItem, first.map(|peer| self.spelled(peer)) == iterator);
                }
                let output = tree.placed_operands(node).find(|(_, position)| *position == Position::Output);
                if let Some((output, _)) = output {
                    let name = self.spelled(output);
                    self.outputs.insert(name);
                }
            }
            _ => {}
        }
    }

    fn operand(&mut self, node: NodeId, operand: OperandId, position: Position) {
        let tree = self.script.tree();
        let value = tree.operand(operand).value;
        let class = Class::of(&value);
        let kind = tree.node(node).kind;
        if position == Position::Peer {
            let peer = self.spelled(operand);
            self.marks.set(Mark::ComputedPeer, matches!(value, Value::Variable(_)));
            if kind == Kind::Call {
                self.callers.insert(peer.clone());
            }
            self.peers.insert(peer);
        }
        if let (Binding::Stream(stream), Position::Output | Position::Target | Position::MapTarget) =
            (self.script.bindings().operand(operand), position)
        {
            let peer = tree.operand_ids(node).next().filter(|_| kind == Kind::Call).map(|peer| self.spelled(peer));
            let (peers, by) = self.writers.entry(stream.index()).or_default();
            by.push(node);
            peers.extend(peer);
            self.marks.set(Mark::StreamByAp, kind == Kind::Assign);
        }
        let is_compared = position == Position::Comparand;
        let reads = !position.defines();
        match value {
            Value::Variable(variable) => {
                let name = tree.text(variable.name);
                let is_part = !variable.lens.is_none();
                self.marks.set(Mark::Join, reads && kind == Kind::Call && self.outputs.contains(name));
                self.marks.set(Mark::Lens, is_part);
                self.marks.set(Mark::ComparisonOfPart, is_part && is_compared);
                self.marks.set(Mark::CanonRead, reads && variable.kind == VariableKind::Canon);
                self.marks.set(Mark::CanonMapRead, class == Class::CanonMapLens);
                self.marks.set(Mark::NotAscii, !name.is_ascii());
                if is_part {
                    let again = !self.parted.insert(name.to_owned());
                    self.marks.set(Mark::TwoLenses, again);
                }
                if let airtight_engine::script::LensView::Path(path) = tree.lens(variable.lens) {
                    let scalar = |step: &airtight_engine::script::Accessor| {
                        matches!(step, airtight_engine::script::Accessor::Scalar(_))
                    };
                    self.marks.set(Mark::LensByScalar, path.iter().any(scalar));
                }
            }
            Value::String(text) => {
                self.marks.set(Mark::NotAscii, !tree.text(text).is_ascii());
                self.marks.set(Mark::Literal, position == Position::Argument);
            }
            Value::LastError(_) | Value::Error(_) => self.marks.set(Mark::ErrorRead, true),
            Value::EmptyArray => self.marks.set(Mark::ComparisonOfEmpty, is_compared),
            _ => {}
        }
    }

    /// Folds over streams that something in them writes.
    fn folds(&mut self) {
        let tree = self.script.tree();
        let over = |fold: NodeId| {
            let operand = tree.operand_ids(fold).next()?;
            match self.script.bindings().operand(operand) {
                Binding::Stream(stream) => Some(stream.index()),
                _ => None,
            }
        };
        let folds: Vec<_> = tree.node_ids().filter(|node| is_stream_fold(self.script, *node)).collect();
        let inside = |outer: NodeId, inner: NodeId| outer < inner && inner < tree.node(outer).end();
        let (mut recursion, mut of_outer) = (false, false);
        for &fold in &folds {
            let Some((_, by)) = over(fold).and_then(|stream| self.writers.get(&stream)) else { continue };
            recursion |= by.iter().any(|by| inside(fold, *by));
            let outer = |outer: &NodeId| inside(*outer, fold) && by.iter().any(|by| inside(*outer, *by) && *by < fold);
            of_outer |= folds.iter().any(outer);
        }
        self.marks.set(Mark::Recursion, recursion);
        self.marks.set(Mark::FoldOfOuterWrites, of_outer);
    }
}
