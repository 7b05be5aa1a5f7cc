//! The static rules 1 to 6, and what looks wrong though it runs.
//!
//! A script that the reference interpreter accepts is never refused: peers must agree on what runs. So a rule that it
//! checks in part gives errors for that part and warnings for the rest; [`first_uses`](Rules::first_uses) and
//! [`first_nexts`](Rules::first_nexts) tell which is which.

use super::after_next::{self, is_endless, iterator};
use super::diagnostic::Sink;
use super::parse::Mistakes;
use super::{
    Accessor, Binding, Bindings, Code, Diagnostic, Kind, Lens, NodeId, OperandId, Position, Reach, Symbol, Tree, Value,
    VariableKind, Visit,
};

pub(crate) fn check(tree: &Tree, mistakes: &Mistakes, sink: &mut Sink) -> Bindings {
    let bindings = Bindings::resolve(tree);
    let mut known = vec![false; tree.symbol_count()];
    for name in &mistakes.names {
        if let Some(known) = known.get_mut(name.index()) {
            *known = true;
        }
    }
    let symbols = tree.symbol_count();
    let mut rules = Rules {
        tree,
        bindings: &bindings,
        mistakes,
        sink,
        known,
        definitions: first_definitions(tree),
        visited: vec![None; symbols],
        first_uses: vec![None; symbols],
        undefined: Vec::new(),
        innermost: vec![None; symbols],
        folds: Vec::new(),
        open_folds: Vec::new(),
        first_nexts: vec![true; symbols],
        ends: Vec::new(),
    };
    let mut walk = tree.walk();
    while let Some(visit) = walk.next() {
        match visit {
            Visit::Enter(node) => rules.enter(node, walk.ancestors()),
            Visit::Between(_) => {}
            Visit::Leave(node) => rules.leave(node),
        }
    }
    rules.undefined_variables();
    rules.streams_never_written();
    after_next::check(tree, mistakes, sink);
    bindings
}

impl Mistakes {
    /// Whether some instruction in this one, or itself, was not understood.
    pub(crate) fn any_in(&self, tree: &Tree, node: NodeId) -> bool {
        let first = self.nodes.partition_point(|&broken| broken < node);
        self.nodes.get(first).is_some_and(|&broken| broken < tree.node(node).end())
    }
}

/// For each name, the first instruction in the text that defines it.
fn first_definitions(tree: &Tree) -> Vec<Option<NodeId>> {
    let mut first = vec![None; tree.symbol_count()];
    for node in tree.node_ids() {
        for name in defined(tree, node) {
            if let Some(first) = first.get_mut(name.index()) {
                first.get_or_insert(node);
            }
        }
    }
    first
}

/// The names that an instruction defines.
fn defined(tree: &Tree, node: NodeId) -> impl Iterator<Item = Symbol> {
    let defines = tree.node(node).kind != Kind::Next;
    tree.placed_operands(node).filter(move |(_, position)| defines && position.defines()).filter_map(|(id, _)| {
        match tree.operand(id).value {
            Value::Variable(variable) => Some(variable.name),
            _ => None,
        }
    })
}

/// How many enclosing folds a finding points at.
const FOLDS_SHOWN_MAX: usize = 3;

struct Fold {
    node: NodeId,
    /// The fold that its iterator hides, if it has the same name.
    hides: Option<usize>,
    first_next: Option<NodeId>,
    /// It has a `next`, or one with a name that fits no fold.
    may_have_next: bool,
}

/// A use of a name that no instruction before it defines.
struct Undefined {
    node: NodeId,
    operand: OperandId,
    name: Symbol,
    checked: bool,
}

/// How an instruction can end, as far as that can be told from the script.
#[derive(Clone, Copy, Default)]
struct Ends {
    /// It may complete or fail, rather than wait for ever.
    ends: bool,
    /// Something inside was reported as unreachable.
    reported: bool,
}

struct Rules<'t, 'k> {
    tree: &'t Tree,
    bindings: &'t Bindings,
    mistakes: &'t Mistakes,
    sink: &'k mut Sink,
    /// Names that a mistake of spelling may define.
    known: Vec<bool>,
    definitions: Vec<Option<NodeId>>,
    /// For each name, the first definition among the instructions that have ended so far.
    visited: Vec<Option<NodeId>>,
    /// For each name, whether the first use that the reference interpreter looks at is satisfied; it looks at no other.
    /// It goes by the order in which instructions end, and first notes the uses that nothing ended so far defines.
    first_uses: Vec<Option<bool>>,
    undefined: Vec<Undefined>,
    /// For each name, the innermost open fold with that iterator.
    innermost: Vec<Option<usize>>,
    folds: Vec<Fold>,
    open_folds: Vec<usize>,
    /// For each name, whether the `next` to come is the first one; the reference interpreter looks at no other.
    first_nexts: Vec<bool>,
    ends: Vec<Ends>,
}

impl<'t> Rules<'t, '_> {
    fn text(&self, name: Symbol) -> &'t str {
        self.tree.text(name)
    }

    fn is_known(&self, name: Symbol) -> bool {
        self.known.get(name.index()).copied().unwrap_or(true)
    }

    fn is_defined_before(&self, name: Symbol, node: NodeId) -> bool {
        self.definitions.get(name.index()).copied().flatten().is_some_and(|first| first < node)
    }

    fn enter(&mut self, node: NodeId, ancestors: &[NodeId]) {
        for (operand, position) in self.tree.placed_operands(node) {
            self.operand(node, operand, position, ancestors);
        }
        match self.tree.node(node).kind {
            Kind::Fold => self.fold(node),
            Kind::Next => self.next(node, ancestors),
            Kind::Fail => self.fail_code(node),
            _ => {}
        }
    }

    // rule 1, and what names refer to

    fn operand(&mut self, node: NodeId, id: OperandId, position: Position, ancestors: &[NodeId]) {
        let value = self.tree.operand(id).value;
        match value {
            Value::LastError(lens) | Value::Error(lens) => self.lens(node, id, lens, false),
            Value::Variable(variable) => {
                let checked = !matches!(position, Position::MapValue | Position::Fail)
                    && !(position == Position::Peer && self.tree.node(node).kind == Kind::Canon);
                if variable.kind == VariableKind::Canon
                    && !variable.lens.is_none()
                    && self.text(variable.name).len() == 2
                {
                    self.unportable_canon(id, variable.name);
                }
                self.lens(node, id, variable.lens, checked);
                if position == Position::New {
                    self.new_on_iterator(node, variable.name);
                } else if position.defines() {
                    self.assignment(node, id, position, ancestors);
                } else if position != Position::CanonSource {
                    self.read(node, id, variable.name, self.bindings.operand(id), checked);
                }
            }
            _ => {}
        }
    }

    fn lens(&mut self, node: NodeId, id: OperandId, lens: Lens, checked: bool) {
        for index in lens.accessors() {
            let name = match self.tree.accessors.get(index) {
                Some(&Accessor::Scalar(name)) => {
                    self.read(node, id, name, Binding::Read(self.bindings.accessor(index)), checked);
                    name
                }
                Some(&Accessor::Field(name)) => name,
                _ => continue,
            };
            if !self.text(name).ends_with(|c: char| c.is_ascii()) {
                self.sink.warning(|| {
                    Diagnostic::new(
                        Code::UnportableLens,
                        self.tree.operand(id).span,
                        format!("other interpreters stop at a lens name that ends like `{}`", self.tree.text(name)),
                    )
                    .help("let the names of fields and scalars in lenses end in an ASCII letter")
                });
            }
        }
    }

    fn read(&mut self, node: NodeId, operand: OperandId, name: Symbol, binding: Binding, checked: bool) {
        if self.is_known(name) {
            return;
        }
        if !self.is_defined_before(name, node) {
            return self.undefined.push(Undefined { node, operand, name, checked });
        }
        if let Binding::Read(reach @ (Reach::Unset | Reach::Nothing)) = binding {
            self.out_of_scope(node, operand, name, reach);
        }
    }

    fn out_of_scope(&mut self, node: NodeId, operand: OperandId, name: Symbol, reach: Reach) {
        let (tree, definition) = (self.tree, self.definitions.get(name.index()).copied().flatten());
        self.sink.warning(|| {
            let text = tree.text(name);
            let d = Diagnostic::new(Code::OutOfScope, tree.node(node).span, String::new())
                .excerpt(tree.operand(operand).span);
            let mut d = match definition.filter(|_| reach == Reach::Nothing) {
                Some(definition) => d.label(tree.header(definition), "its scope has ended"),
                None => d,
            };
            (d.message, d.caption) = match reach {
                Reach::Unset => {
                    (format!("`{text}` is read before its `new` gives it a value"), "this fails with 10009".into())
                }
                _ => (format!("`{text}` has no value here"), "this waits for ever".into()),
            };
            d.help(match reach {
                Reach::Unset => "assign it inside the `new` first, or move the read out",
                _ => "what a fold or `new` defines is gone after it: use the value inside, or put it into a stream",
            })
        });
    }

    fn undefined_variables(&mut self) {
        for Undefined { node, operand, name, checked } in std::mem::take(&mut self.undefined) {
            let (tree, definitions) = (self.tree, &self.definitions);
            let make = || undefined_variable(tree, definitions, node, operand, name);
            let seen = self.first_uses.get(name.index()).copied().flatten() != Some(true);
            if checked && seen { self.sink.error(make) } else { self.sink.warning(make) }
        }
    }

    /// Follows the order in which the reference interpreter looks at uses; see [`Rules::first_uses`].
    fn note_uses(&mut self, node: NodeId) {
        for (id, position) in self.tree.placed_operands(node) {
            let is_canon_peer = position == Position::Peer && self.tree.node(node).kind == Kind::Canon;
            if position.defines()
                || is_canon_peer
                || matches!(position, Position::MapValue | Position::Fail | Position::CanonSource)
            {
                continue;
            }
            let Value::Variable(variable) = self.tree.operand(id).value else { continue };
            self.note_use(node, variable.name);
            for index in variable.lens.accessors() {
                if let Some(&Accessor::Scalar(name)) = self.tree.accessors.get(index) {
                    self.note_use(node, name);
                }
            }
        }
        for name in defined(self.tree, node) {
            if let Some(first) = self.visited.get_mut(name.index()) {
                *first = Some(first.map_or(node, |first| first.min(node)));
            }
        }
    }

    fn note_use(&mut self, node: NodeId, name: Symbol) {
        let visited = self.visited.get(name.index()).copied().flatten();
        if visited.is_none_or(|first| first >= node) {
            let defined = self.is_defined_before(name, node);
            if let Some(first) = self.first_uses.get_mut(name.index()) {
                first.get_or_insert(defined);
            }
        }
    }

    fn unportable_canon(&mut self, id: OperandId, name: Symbol) {
        let operand = self.tree.operand(id);
        self.sink.warning(|| {
            let text = self.tree.text(name);
            let letter = text.trim_start_matches('#');
            Diagnostic::new(Code::UnportableLens, operand.span, format!("other interpreters refuse a lens on `{text}`"))
                .help(format!("write `#${letter}` everywhere, or give it a longer name"))
        });
    }

    // assignments

    fn assignment(&mut self, node: NodeId, id: OperandId, position: Position, ancestors: &[NodeId]) {
        if position == Position::Iterator {
            return;
        }
        let Binding::Definition(definition) = self.bindings.operand(id) else { return };
        let Some(definition) = self.bindings.definitions().get(definition.index()) else { return };
        let (tree, name, span) = (self.tree, definition.name, self.tree.operand(id).span);
        if let Some(fold) = self.innermost_fold(name) {
            self.sink.warning(|| {
                Diagnostic::new(
                    Code::AssignedIterator,
                    tree.node(node).span,
                    format!("`{}` is the iterator of a fold around", tree.text(name)),
                )
                .excerpt(span)
                .caption("other interpreters stop here")
                .label(tree.header(fold), "it is bound here")
                .help("use another name")
            });
            return;
        }
        let Reach::Definition(previous) = definition.previous() else { return };
        let Some(previous) = self.bindings.definitions().get(previous.index()) else { return };
        let in_script = |frame: super::FrameId| frame.index() == 0;
        if !in_script(definition.frame) || !in_script(previous.frame) {
            return;
        }
        let common = ancestors.partition_point(|&ancestor| ancestor <= previous.node);
        let common = common.checked_sub(1).and_then(|i| ancestors.get(i));
        if let Some(&common) = common
            && matches!(tree.node(common).kind, Kind::Seq | Kind::Par)
        {
            self.sink.warning(|| {
                Diagnostic::new(
                    Code::Reassigned,
                    tree.node(node).span,
                    format!("`{}` has a value already", tree.text(name)),
                )
                .excerpt(span)
                .caption("other interpreters stop here")
                .label(tree.header(previous.node), "it is assigned here")
                .help("use another name, or declare it anew with `new`")
            });
        }
    }

    // rules 2 to 5

    fn innermost_fold(&self, iterator: Symbol) -> Option<NodeId> {
        let fold = self.innermost.get(iterator.index()).copied().flatten()?;
        self.folds.get(fold).map(|fold| fold.node)
    }

    fn fold(&mut self, node: NodeId) {
        let Some(name) = iterator(self.tree, node) else { return };
        if let Some(outer) = self.innermost_fold(name) {
            let tree = self.tree;
            self.sink.error(|| {
                Diagnostic::new(
                    Code::NestedIterator,
                    tree.node(node).span,
                    format!("`{}` is the iterator of a fold around", tree.text(name)),
                )
                .excerpt(tree.header(node))
                .label(tree.header(outer), "the outer fold")
                .help("give nested folds iterators of different names")
            });
        }
        let hides = self.innermost.get_mut(name.index()).and_then(|place| place.replace(self.folds.len()));
        self.open_folds.push(self.folds.len());
        self.folds.push(Fold { node, hides, first_next: None, may_have_next: false });
    }

    fn next(&mut self, node: NodeId, ancestors: &[NodeId]) {
        let Some(name) = iterator(self.tree, node) else { return };
        let first = self.first_nexts.get_mut(name.index()).is_some_and(|first| std::mem::replace(first, false));
        let innermost = self.innermost.get(name.index()).copied().flatten();
        let (tree, folds, open_folds) = (self.tree, &mut self.folds, &self.open_folds);
        let Some(fold) = innermost.and_then(|fold| folds.get_mut(fold)) else {
            return self.next_of_no_fold(node, name, first, ancestors);
        };
        let fold_node = fold.node;
        if let Some(earlier) = fold.first_next {
            if !self.mistakes.any_in(tree, fold_node) {
                self.sink.error(|| {
                    Diagnostic::new(
                        Code::MultipleNext,
                        tree.node(node).span,
                        format!("a second `next` of the fold over `{}`", tree.text(name)),
                    )
                    .label(tree.node(earlier).span, "the first one")
                    .label(tree.header(fold_node), "the fold")
                    .help("a fold has one `next`; let both ways lead to it")
                });
            }
            return;
        }
        (fold.first_next, fold.may_have_next) = (Some(node), true);
        let inner = open_folds.last().copied();
        if inner != innermost
            && let Some(inner) = inner.and_then(|inner| self.folds.get(inner))
        {
            let inner = inner.node;
            self.sink.warning(|| {
                Diagnostic::new(
                    Code::ReentrantFold,
                    tree.node(node).span,
                    "this `next` starts the inner fold again while it runs".to_string(),
                )
                .caption("other interpreters stop here")
                .label(tree.header(inner), "the inner fold")
                .label(tree.header(fold_node), "the fold that goes on")
                .help("put the `next` of the outer fold after the inner one")
            });
        }
    }

    fn next_of_no_fold(&mut self, node: NodeId, name: Symbol, first: bool, ancestors: &[NodeId]) {
        let broken = ancestors.iter().any(|n| self.mistakes.nodes.binary_search(n).is_ok());
        if broken || self.is_known(name) {
            return;
        }
        let mut around = Vec::new();
        for &fold in self.open_folds.iter().rev().take(FOLDS_SHOWN_MAX) {
            if let Some(fold) = self.folds.get_mut(fold) {
                // Probably this one was meant, so it is not said of it that it has no `next`.
                fold.may_have_next = true;
                around.push(fold.node);
            }
        }
        let tree = self.tree;
        let make = || undefined_iterator(tree, node, name, &around);
        if first { self.sink.error(make) } else { self.sink.warning(make) }
    }

    fn new_on_iterator(&mut self, node: NodeId, name: Symbol) {
        if let Some(fold) = self.innermost_fold(name) {
            let tree = self.tree;
            self.sink.error(|| {
                Diagnostic::new(
                    Code::NewOnIterator,
                    tree.node(node).span,
                    format!("`new` of `{}`, the iterator of a fold around", tree.text(name)),
                )
                .excerpt(tree.header(node))
                .label(tree.header(fold), "the fold")
                .help("use another name")
            });
        }
    }

    // rule 6

    fn fail_code(&mut self, node: NodeId) {
        let [code, _text] = self.tree.operands(node) else { return };
        if let Value::Integer(0) = code.value {
            let span = self.tree.node(node).span;
            self.sink.error(|| {
                Diagnostic::new(Code::FailCodeZero, span, "code 0 means no error")
                    .excerpt(code.span)
                    .help("use any other integer")
            });
        }
    }

    // what is known when an instruction has ended

    fn leave(&mut self, node: NodeId) {
        self.note_uses(node);
        self.reachability(node);
        if self.tree.node(node).kind == Kind::Fold
            && let Some(name) = iterator(self.tree, node)
            && let Some(fold) = self.open_folds.pop().and_then(|fold| self.folds.get(fold))
        {
            if let Some(place) = self.innermost.get_mut(name.index()) {
                *place = fold.hides;
            }
            if !fold.may_have_next && !self.mistakes.any_in(self.tree, node) {
                let tree = self.tree;
                self.sink.warning(|| {
                    let values = if is_endless(tree, node) { "value of each batch" } else { "value" };
                    Diagnostic::new(
                        Code::FoldWithoutNext,
                        tree.node(node).span,
                        format!("this fold has no `next`: it takes the first {values} only"),
                    )
                    .excerpt(tree.header(node))
                    .help(format!("add `(next {})` where it shall go on", tree.text(name)))
                });
            }
        }
    }

    fn reachability(&mut self, node: NodeId) {
        let mut children = [Ends::default(); 2];
        let count = self.tree.children(node).count();
        for child in children.iter_mut().take(count).rev() {
            *child = self.ends.pop().unwrap_or_default();
        }
        let [left, right] = children;
        let mut reported = left.reported || right.reported;
        // What stands after a `fail` is not reported: compilers leave the way back from another peer there.
        let ends = match self.tree.node(node).kind {
            Kind::Never => false,
            Kind::Seq => left.ends && right.ends,
            Kind::Par | Kind::Xor => left.ends || right.ends,
            Kind::New => left.ends,
            _ => true,
        };
        if self.tree.node(node).kind == Kind::Seq
            && !left.ends
            && !left.reported
            && self.mistakes.nodes.is_empty()
            && let Some(unreachable) = self.tree.children(node).nth(1)
        {
            reported = true;
            let tree = self.tree;
            self.sink.warning(|| {
                Diagnostic::new(
                    Code::Unreachable,
                    tree.node(unreachable).span,
                    "nothing reaches this instruction".to_string(),
                )
                .excerpt(tree.header(unreachable))
                .label(tree.header(NodeId(node.0 + 1)), "this waits for ever")
                .help("remove it, or run it beside the other with `par`")
            });
        }
        self.ends.push(Ends { ends, reported });
    }

    fn streams_never_written(&mut self) {
        for stream in self.bindings.streams() {
            let Some(read) = stream.first_read.filter(|_| stream.writes == 0 && !self.is_known(stream.name)) else {
                continue;
            };
            let (tree, name) = (self.tree, self.tree.text(stream.name));
            // `(new $s (new #c (canon peer $s #c)))` only leads the particle over a peer.
            let is_hop = stream.declared.is_some() && stream.reads == 1;
            let node = tree.node_with(read);
            let folded = tree.node(node).kind == Kind::Fold;
            // A fold over a name that nothing defines is an error of its own.
            if (is_hop && !folded) || (folded && stream.declared.is_none()) {
                continue;
            }
            self.sink.warning(|| {
                Diagnostic::new(Code::NeverWritten, tree.node(node).span, format!("nothing writes to `{name}`"))
                    .excerpt(tree.operand(read).span)
                    .caption(if folded { "this waits for ever" } else { "this is always empty" })
                    .help("write to it with `ap` or as the output of `call`, in the same scope")
            });
        }
    }
}

fn undefined_variable(
    tree: &Tree,
    definitions: &[Option<NodeId>],
    node: NodeId,
    operand: OperandId,
    name: Symbol,
) -> Diagnostic {
    let text = tree.text(name);
    let d = Diagnostic::new(Code::UndefinedVariable, tree.node(node).span, format!("`{text}` is not defined before"))
        .excerpt(tree.operand(operand).span);
    if let Some(later) = definitions.get(name.index()).copied().flatten() {
        let what = if later == node { "it is defined by this very instruction" } else { "it is defined only here" };
        return d.label(tree.header(later), what).help("a definition counts from its instruction on, in textual order");
    }
    let names = || (0..tree.symbol_count()).map(|i| Symbol(i as u32));
    let defined = |s: &Symbol| definitions.get(s.index()).copied().flatten().is_some_and(|first| first < node);
    let similar = |known: &str| match (stem(known) == stem(text), stem(text).len()) {
        (true, _) => true,
        (false, len) => len > 2 && sigil(known) == sigil(text) && is_one_edit(stem(known), stem(text)),
    };
    match names().filter(defined).map(|s| tree.text(s)).find(|known| similar(known)) {
        Some(known) if sigil(known) != sigil(text) => {
            d.help(format!("there is `{known}`: the sigil is part of the name, and `canon` turns streams into canons"))
        }
        Some(known) => d.help(format!("is it `{known}`?")),
        None => d.help("names are defined by `ap`, `canon`, `fold`, `new` and the output of `call`"),
    }
}

fn undefined_iterator(tree: &Tree, node: NodeId, name: Symbol, around: &[NodeId]) -> Diagnostic {
    let text = tree.text(name);
    let mut d = Diagnostic::new(
        Code::UndefinedIterator,
        tree.node(node).span,
        format!("no fold around has the iterator `{text}`"),
    );
    for &fold in around {
        let iterator = iterator(tree, fold).map_or("", |name| tree.text(name));
        d = d.label(tree.header(fold), format!("this fold has the iterator `{iterator}`"));
    }
    d.help(if around.is_empty() {
        "`next` stands inside a fold"
    } else {
        "`next` takes the iterator of a fold around it"
    })
}

fn sigil(name: &str) -> &str {
    name.get(..name.len() - stem(name).len()).unwrap_or_default()
}

fn stem(name: &str) -> &str {
    name.trim_start_matches(['$', '#', '%'])
}

/// Whether one inserted, removed, replaced or swapped character makes the one text of the other.
fn is_one_edit(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 4 {
        return false;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(start..).unwrap_or_default(), b.get(start..).unwrap_or_default());
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
    match (a.get(..a.len() - end).unwrap_or_default(), b.get(..b.len() - end).unwrap_or_default()) {
        ([], [_]) | ([_], []) | ([_], [_]) => true,
        ([x, y], [v, w]) => x == w && y == v,
        _ => false,
    }
}
