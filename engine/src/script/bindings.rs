//! What each name refers to: names resolved to slots, lexically.
//!
//! A read of a scalar or canon looks at the assignments of its name that stand textually before it in an enclosing scope,
//! the last one first, and passes over those that will never happen. So each read refers to one assignment, its
//! [`Reach`], and each assignment to the one to look at next, [`Definition::previous`]. Scopes are the script, each
//! iteration of a fold, and `new`, which ends the search. The last instruction of a fold belongs to the iteration it
//! follows, and sees what that saw at its `next`: what stands after it in the body runs later.
//!
//! ```text
//! (seq (ap 1 x)                            ; definition 0, previous: nothing
//!      (fold xs i                          ; definition 1 is `i`
//!        (seq (seq (ap x y)                ; reads 0
//!                  (ap 2 x))               ; definition 3, previous: 0
//!             (seq (ap x z) (next i)))))   ; reads 3, then 0 if 3 will never happen
//! ```
//!
//! A frame holds the slots of the script, or of one iteration of a fold. Streams and stream maps are one list for the
//! script or for each run of the `new` that declares them; folds are no scopes to them.

use super::{Accessor, Kind, Lens, NodeId, OperandId, Position, Symbol, Tree, Value, VariableKind, Visit};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident,)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(u32);

        impl $name {
            /// The position in textual order, for tables.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// One assignment of a scalar, canon, canon map or iterator.
    DefinitionId,
    /// One frame: 0 is the script, each other one the body of a fold.
    FrameId,
    /// One stream or stream map with its scope.
    StreamId,
}

impl FrameId {
    /// The frame of the script.
    pub const SCRIPT: Self = Self(0);
}

/// The assignment that a read refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The last assignment before the read.
    Definition(DefinitionId),
    /// The search ended at a `new` of that name.
    Unset,
    /// There is none: a read waits for ever.
    Nothing,
}

impl Reach {
    const UNSET: u32 = u32::MAX - 1;
    const NOTHING: u32 = u32::MAX;

    const fn unpack(packed: u32) -> Self {
        match packed {
            Self::UNSET => Self::Unset,
            Self::NOTHING => Self::Nothing,
            id => Self::Definition(DefinitionId(id)),
        }
    }
}

/// What the name of an operand refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// It reads a scalar, canon or canon map; for `next`, it names the iterator of its fold.
    Read(Reach),
    /// It assigns a scalar, canon, canon map or iterator.
    Definition(DefinitionId),
    /// It means a stream or stream map, to declare, read or write.
    Stream(StreamId),
    /// It is no variable, or a scalar or canon that this `new` hides.
    None,
}

/// One assignment of a scalar, canon, canon map or iterator.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// The name.
    pub name: Symbol,
    /// The instruction that assigns.
    pub node: NodeId,
    /// The frame whose slot it fills.
    pub frame: FrameId,
    /// The slot in that frame.
    pub slot: u32,
    previous: u32,
}

impl Definition {
    /// Where a read looks next if this assignment will never happen.
    pub const fn previous(&self) -> Reach {
        Reach::unpack(self.previous)
    }
}

/// The slots of the script or of one iteration of a fold.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The fold, or nothing for the script.
    pub fold: Option<NodeId>,
    /// The frame around it; that of the script is its own.
    pub parent: FrameId,
    /// How many slots it has.
    pub slots: u32,
    /// How many streams and stream maps it declares; those of the script's own are in the first frame.
    pub streams: u32,
}

/// One stream or stream map.
#[derive(Clone, Copy, Debug)]
pub struct StreamScope {
    /// The name.
    pub name: Symbol,
    /// The `new` that declares it, or nothing if it belongs to the script.
    pub declared: Option<NodeId>,
    /// The frame that declares it.
    pub frame: FrameId,
    /// Which of that frame's streams it is.
    pub slot: u32,
    /// How many instructions write to it.
    pub writes: u32,
    /// How many folds and canons read it.
    pub reads: u32,
    /// The first of those, in textual order.
    pub first_read: Option<OperandId>,
}

/// What each name of a script refers to.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    operands: Vec<Binding>,
    /// For each accessor by scalar: a packed reach.
    accessors: Vec<u32>,
    definitions: Vec<Definition>,
    frames: Vec<Frame>,
    streams: Vec<StreamScope>,
}

impl Bindings {
    /// What the name of an operand refers to.
    pub fn operand(&self, operand: OperandId) -> Binding {
        self.operands.get(operand.index()).copied().unwrap_or(Binding::None)
    }

    /// What the accessor at this position of [`Lens::accessors`] refers to, if it is by scalar.
    pub fn accessor(&self, accessor: usize) -> Reach {
        Reach::unpack(self.accessors.get(accessor).copied().unwrap_or(Reach::NOTHING))
    }

    /// All assignments, in textual order.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// The assignments that an instruction and those inside of it make.
    pub fn definitions_in(&self, tree: &Tree, node: NodeId) -> &[Definition] {
        let start = self.definitions.partition_point(|definition| definition.node < node);
        let end = self.definitions.partition_point(|definition| definition.node < tree.node(node).end());
        self.definitions.get(start..end).unwrap_or_default()
    }

    /// All frames, the script's first.
    pub fn frames(&self) -> &[Frame] {
        &self.frames
    }

    /// All streams and stream maps, in the order of their first mention.
    pub fn streams(&self) -> &[StreamScope] {
        &self.streams
    }

    pub(crate) fn heap_bytes(&self) -> usize {
        self.operands.capacity() * size_of::<Binding>()
            + self.accessors.capacity() * size_of::<u32>()
            + self.definitions.capacity() * size_of::<Definition>()
            + self.frames.capacity() * size_of::<Frame>()
            + self.streams.capacity() * size_of::<StreamScope>()
    }

    pub(crate) fn resolve(tree: &Tree) -> Self {
        let mut resolver = Resolver {
            tree,
            bindings: Self {
                operands: vec![Binding::None; tree.operand_count()],
                accessors: vec![Reach::NOTHING; tree.accessors.len()],
                frames: vec![Frame { fold: None, parent: FrameId(0), slots: 0, streams: 0 }],
                ..Self::default()
            },
            names: vec![Reach::NOTHING; tree.symbol_count()],
            iterators: vec![Reach::NOTHING; tree.symbol_count()],
            script_streams: vec![Reach::NOTHING; tree.symbol_count()],
            frame: FrameId(0),
            news: Vec::new(),
            undo: Vec::new(),
            folds: Vec::new(),
            fold_of_frame: Vec::new(),
        };
        for visit in tree.walk() {
            match visit {
                Visit::Enter(node) => resolver.enter(node),
                Visit::Between(node) => resolver.between(node),
                Visit::Leave(node) => resolver.leave(node),
            }
        }
        let mut bindings = resolver.bindings;
        bindings.definitions.shrink_to_fit();
        bindings.frames.shrink_to_fit();
        bindings.streams.shrink_to_fit();
        bindings
    }
}

struct Resolver<'t> {
    tree: &'t Tree,
    bindings: Bindings,
    /// For each name, as packed, what a read of it refers to here: a reach, or a stream.
    names: Vec<u32>,
    /// For each name, the iterator of that name whose fold is the innermost one around.
    iterators: Vec<u32>,
    /// For each name, the stream or stream map that belongs to the script.
    script_streams: Vec<u32>,
    frame: FrameId,
    /// For each open `new`, its name and what that referred to before.
    news: Vec<(Symbol, u32)>,
    /// What names referred to before each change that the end of a scope takes back.
    undo: Vec<(Symbol, u32)>,
    folds: Vec<OpenFold>,
    /// For each frame of a fold, where that is among the open ones.
    fold_of_frame: Vec<usize>,
}

/// A fold whose end is to come.
struct OpenFold {
    /// The lengths of `undo` and `news` before it.
    undo: usize,
    news: usize,
    /// The iterator that its own hides.
    hidden: u32,
    /// At its `next`: the length of `undo`, and the `new`s of the body that are open there.
    at_next: Option<(usize, Vec<(Symbol, u32)>)>,
}

impl Resolver<'_> {
    fn enter(&mut self, node: NodeId) {
        for (id, position) in self.tree.placed_operands(node) {
            let value = self.tree.operand(id).value;
            let lens = match value {
                Value::LastError(lens) | Value::Error(lens) => lens,
                Value::Variable(variable) => variable.lens,
                _ => continue,
            };
            self.read_lens(lens);
            let Value::Variable(variable) = value else { continue };
            let name = variable.name;
            let stream = matches!(variable.kind, VariableKind::Stream | VariableKind::Map);
            let binding = match position {
                Position::New if stream => {
                    let id = self.new_stream(name, Some(node));
                    self.hide(name, id);
                    Binding::Stream(StreamId(id))
                }
                Position::New => {
                    self.hide(name, Reach::UNSET);
                    continue;
                }
                Position::Iterator if self.tree.node(node).kind == Kind::Next => {
                    let reach = Reach::unpack(get(&self.iterators, name));
                    self.note_next(reach);
                    Binding::Read(reach)
                }
                Position::Iterator => Binding::Definition(DefinitionId(self.open_fold(node, name))),
                _ if stream => Binding::Stream(StreamId(self.stream(id, name, position))),
                _ if position.defines() => Binding::Definition(DefinitionId(self.define(node, name))),
                _ => Binding::Read(Reach::unpack(get(&self.names, name))),
            };
            if let Some(slot) = self.bindings.operands.get_mut(id.index()) {
                *slot = binding;
            }
        }
    }

    fn read_lens(&mut self, lens: Lens) {
        for index in lens.accessors() {
            if let Some(&Accessor::Scalar(name)) = self.tree.accessors.get(index)
                && let Some(slot) = self.bindings.accessors.get_mut(index)
            {
                *slot = get(&self.names, name);
            }
        }
    }

    fn define(&mut self, node: NodeId, name: Symbol) -> u32 {
        let id = self.bindings.definitions.len() as u32;
        let previous = self.set(name, id);
        let Some(frame) = self.bindings.frames.get_mut(self.frame.index()) else { return Reach::NOTHING };
        self.bindings.definitions.push(Definition { name, node, frame: self.frame, slot: frame.slots, previous });
        frame.slots += 1;
        id
    }

    fn open_fold(&mut self, fold: NodeId, iterator: Symbol) -> u32 {
        let (undo, news) = (self.undo.len(), self.news.len());
        let frame = FrameId(self.bindings.frames.len() as u32);
        self.bindings.frames.push(Frame { fold: Some(fold), parent: self.frame, slots: 0, streams: 0 });
        self.frame = frame;
        let id = self.define(fold, iterator);
        let hidden = replace(&mut self.iterators, iterator, id);
        self.fold_of_frame.resize(frame.index(), usize::MAX);
        self.fold_of_frame.push(self.folds.len());
        self.folds.push(OpenFold { undo, news, hidden, at_next: None });
        id
    }

    /// Lets a name refer to what its `new` says, until that ends.
    fn hide(&mut self, name: Symbol, binding: u32) {
        let before = self.set(name, binding);
        self.news.push((name, before));
    }

    fn stream(&mut self, operand: OperandId, name: Symbol, position: Position) -> u32 {
        let id = match get(&self.names, name) {
            Reach::NOTHING => match get(&self.script_streams, name) {
                Reach::NOTHING => {
                    let id = self.new_stream(name, None);
                    replace(&mut self.script_streams, name, id);
                    id
                }
                id => id,
            },
            declared => declared,
        };
        if let Some(stream) = self.bindings.streams.get_mut(id as usize) {
            if position.defines() {
                stream.writes += 1;
            } else {
                stream.reads += 1;
                stream.first_read.get_or_insert(operand);
            }
        }
        id
    }

    fn new_stream(&mut self, name: Symbol, declared: Option<NodeId>) -> u32 {
        let id = self.bindings.streams.len() as u32;
        let frame = if declared.is_some() { self.frame } else { FrameId::SCRIPT };
        let Some(holder) = self.bindings.frames.get_mut(frame.index()) else { return id };
        let slot = holder.streams;
        holder.streams += 1;
        let (writes, reads, first_read) = (0, 0, None);
        self.bindings.streams.push(StreamScope { name, declared, frame, slot, writes, reads, first_read });
        id
    }

    /// Lets a name refer to something else until the end of the scope; returns what it referred to.
    fn set(&mut self, name: Symbol, binding: u32) -> u32 {
        let before = replace(&mut self.names, name, binding);
        self.undo.push((name, before));
        before
    }

    /// The last instruction of a fold sees what its body saw at `next`.
    fn note_next(&mut self, iterator: Reach) {
        let Reach::Definition(id) = iterator else { return };
        let frame = self.bindings.definitions.get(id.index()).map(|definition| definition.frame.index());
        let Some(&at) = frame.and_then(|frame| self.fold_of_frame.get(frame)) else { return };
        // Of a fold in between, nothing outlives its end; its beginning is as good a time.
        let (undo, news_end) = match self.folds.get(at + 1) {
            Some(inner) => (inner.undo, inner.news),
            None => (self.undo.len(), self.news.len()),
        };
        if let Some(fold) = self.folds.get_mut(at).filter(|fold| fold.at_next.is_none()) {
            let news = self.news.get(fold.news..news_end).unwrap_or_default().to_vec();
            fold.at_next = Some((undo, news));
        }
    }

    fn between(&mut self, node: NodeId) {
        if self.tree.node(node).kind != Kind::Fold || self.variable(node, 1).is_none() {
            return;
        }
        let Some((undo, news)) = self.folds.last_mut().and_then(|fold| fold.at_next.take()) else { return };
        for (name, binding) in self.undo.drain(undo..).rev() {
            replace(&mut self.names, name, binding);
        }
        for (name, before) in news.into_iter().rev() {
            replace(&mut self.names, name, before);
        }
    }

    fn leave(&mut self, node: NodeId) {
        match self.tree.node(node).kind {
            Kind::New => {
                if let Some((name, before)) = self.variable(node, 0).and(self.news.pop()) {
                    replace(&mut self.names, name, before);
                }
            }
            Kind::Fold => {
                let Some(iterator) = self.variable(node, 1) else { return };
                let Some(fold) = self.folds.pop() else { return };
                replace(&mut self.iterators, iterator, fold.hidden);
                for (name, binding) in self.undo.drain(fold.undo..).rev() {
                    replace(&mut self.names, name, binding);
                }
                if let Some(frame) = self.bindings.frames.get(self.frame.index()) {
                    self.frame = frame.parent;
                }
            }
            _ => {}
        }
    }

    /// The name of an operand, if it is a variable.
    fn variable(&self, node: NodeId, operand: usize) -> Option<Symbol> {
        match self.tree.operands(node).get(operand)?.value {
            Value::Variable(variable) => Some(variable.name),
            _ => None,
        }
    }
}

fn get(table: &[u32], name: Symbol) -> u32 {
    table.get(name.index()).copied().unwrap_or(Reach::NOTHING)
}

/// Sets an entry and returns the one before.
fn replace(table: &mut [u32], name: Symbol, binding: u32) -> u32 {
    table.get_mut(name.index()).map_or(Reach::NOTHING, |slot| std::mem::replace(slot, binding))
}
