//! What claims refer to: JSON values, tetraplets, service results and canon results, each stored once.
//!
//! A store is a list in ascending order of content ids, so equal contents are one entry, two stores unite in linear
//! time, and the order of indices is the order of ids whatever else a store holds. Everything in the stores of a
//! [`Shared`](super::Shared) is named by some claim, directly or through another entry.

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::id::{ArgumentHash, Content, ContentId};
use crate::value::{Json, Tetraplet};

/// The index of an entry in the store of its kind.
pub struct Index<T> {
    at: usize,
    kind: PhantomData<fn() -> T>,
}

/// A JSON value with its canonical text; the value is built when first asked for.
#[derive(Clone, Debug)]
pub struct StoredValue {
    text: Arc<str>,
    depth: u8,
    json: OnceLock<Json>,
}

impl StoredValue {
    /// A value that is built already, and its canonical text.
    pub(super) fn new(json: Json, text: Arc<str>) -> Self {
        Self { text, depth: json.depth(), json: json.into() }
    }

    /// A value by its canonical text, which nests so deep; the caller has made sure of both.
    pub(super) fn from_canonical(text: Arc<str>, depth: u8) -> Self {
        Self { text, depth, json: OnceLock::new() }
    }

    /// The canonical text.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The value, which shares the text.
    pub fn json(&self) -> &Json {
        self.json.get_or_init(|| Json::of_canonical(&self.text, self.depth))
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome<V> {
    /// The service returned this value.
    Value(V),
    /// The service failed, and this value says how.
    Failure(V),
}

/// Where a script puts the result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OutputKind {
    /// Into a scalar.
    Scalar,
    /// Into a stream.
    Stream,
    /// Nowhere.
    Unused,
}

/// What a call came to, and what it answers.
#[derive(Clone, Debug)]
pub struct ServiceResult {
    /// The value or the failure.
    pub outcome: Outcome<Index<StoredValue>>,
    /// Peer, service and function.
    pub tetraplet: Index<Arc<Tetraplet>>,
    /// The hash of the arguments.
    pub arguments: ArgumentHash,
    /// Where the script puts the result.
    pub output: OutputKind,
}

/// What a peer fixed a stream or map to.
#[derive(Clone, Debug)]
pub struct CanonResult {
    /// The peer, as `P|||`.
    pub tetraplet: Index<Arc<Tetraplet>>,
    /// The elements in order: each value, and where it came from.
    pub elements: Arc<[Element]>,
}

impl ServiceResult {
    /// The same where values and tetraplets went elsewhere.
    pub(super) fn moved(&self, values: &Moved, origins: &Moved) -> Self {
        let outcome = match self.outcome {
            Outcome::Value(value) => Outcome::Value(values.get(value)),
            Outcome::Failure(value) => Outcome::Failure(values.get(value)),
        };
        Self { outcome, tetraplet: origins.get(self.tetraplet), ..*self }
    }
}

impl CanonResult {
    /// The same where values and tetraplets went elsewhere.
    pub(super) fn moved(&self, values: &Moved, origins: &Moved) -> Self {
        let elements = self.elements.iter().map(|(value, origin)| (values.get(*value), origins.get(*origin)));
        Self { tetraplet: origins.get(self.tetraplet), elements: elements.collect() }
    }
}

/// An element of a canon: a value, and where it came from.
pub type Element = (Index<StoredValue>, Index<Arc<Tetraplet>>);

/// What a claim says happened: an entry of one of two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResultIx {
    /// A call came to this.
    Call(Index<ServiceResult>),
    /// A canon was fixed to this.
    Canon(Index<CanonResult>),
}

/// The entries of one kind, in ascending order of their content ids.
#[derive(Clone, Debug)]
pub struct Store<T> {
    ids: Vec<ContentId>,
    entries: Vec<T>,
}

/// The four stores.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    /// JSON values.
    pub values: Store<StoredValue>,
    /// Tetraplets.
    pub tetraplets: Store<Arc<Tetraplet>>,
    /// What calls came to.
    pub calls: Store<ServiceResult>,
    /// What canons were fixed to.
    pub canons: Store<CanonResult>,
}

impl<T> Store<T> {
    /// The entry at an index that this store gave out.
    ///
    /// # Panics
    /// If the index belongs to another, longer store.
    #[expect(clippy::indexing_slicing, reason = "the one place where indices meet their store; decoding checks them")]
    pub fn get(&self, index: Index<T>) -> &T {
        &self.entries[index.at]
    }

    /// The content id of the entry at an index that this store gave out.
    ///
    /// # Panics
    /// If the index belongs to another, longer store.
    #[expect(clippy::indexing_slicing, reason = "as `get`: `ids` and `entries` are equally long")]
    pub fn id(&self, index: Index<T>) -> ContentId {
        self.ids[index.at]
    }

    /// The index of an entry, found in logarithmic time.
    pub fn find(&self, id: &ContentId) -> Option<Index<T>> {
        self.ids.binary_search(id).ok().map(Index::new)
    }

    /// The entries in ascending order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&ContentId, &T)> {
        self.ids.iter().zip(&self.entries)
    }

    /// The entries without their ids.
    pub fn entries(&self) -> &[T] {
        &self.entries
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Appends an entry; fails if its id is not greater than all before it.
    pub(super) fn push(&mut self, id: ContentId, entry: T) -> bool {
        let ascends = self.ids.last().is_none_or(|last| *last < id);
        self.ids.push(id);
        self.entries.push(entry);
        ascends
    }

    /// A store of distinct entries in any order, and where each went.
    pub(super) fn sorted(entries: Vec<(ContentId, T)>) -> (Self, Moved) {
        let mut order: Vec<_> = entries.into_iter().enumerate().collect();
        order.sort_unstable_by_key(|(_, (id, _))| *id);
        let mut store = Self { ids: Vec::with_capacity(order.len()), entries: Vec::with_capacity(order.len()) };
        let mut moved = Moved(vec![0; order.len()]);
        for (from, (id, entry)) in order {
            moved.0.get_mut(from).into_iter().for_each(|to| *to = store.len());
            store.push(id, entry);
        }
        (store, moved)
    }

    /// The union of two stores, and where the entries of each went.
    ///
    /// Entries that refer to other stores are translated: `a` and `b` do that for their side.
    fn unite(&self, other: &Self, a: impl Fn(&T) -> T, b: impl Fn(&T) -> T) -> (Self, Moved, Moved) {
        let most = self.len() + other.len();
        let mut union = Self { ids: Vec::with_capacity(most), entries: Vec::with_capacity(most) };
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let (mut from_left, mut from_right) = (Moved::with_capacity(self.len()), Moved::with_capacity(other.len()));
        loop {
            let order = match (left.peek(), right.peek()) {
                (Some((x, _)), Some((y, _))) => x.cmp(y),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return (union, from_left, from_right),
            };
            let at = union.len();
            let taken = if order.is_le() { left.next() } else { None };
            let equal = if order.is_ge() { right.next() } else { None };
            from_left.0.extend(taken.map(|_| at));
            from_right.0.extend(equal.map(|_| at));
            if let Some((id, entry)) = taken {
                union.push(*id, a(entry));
            } else if let Some((id, entry)) = equal {
                union.push(*id, b(entry));
            }
        }
    }
}

/// Where the entries of a list went in a store; ascending if the list is a store, because both are sorted by id.
pub(super) struct Moved(Vec<usize>);

impl Moved {
    fn with_capacity(len: usize) -> Self {
        Self(Vec::with_capacity(len))
    }

    #[expect(clippy::indexing_slicing, reason = "made for all indices of one list, asked only for those")]
    pub(super) fn get<T>(&self, index: Index<T>) -> Index<T> {
        Index::new(self.0[index.at])
    }
}

/// Where the results of one operand went in the union of the stores; keeps their order.
pub(super) struct Translation {
    calls: Moved,
    canons: Moved,
}

impl Translation {
    pub(super) fn result(&self, result: ResultIx) -> ResultIx {
        match result {
            ResultIx::Call(call) => ResultIx::Call(self.calls.get(call)),
            ResultIx::Canon(canon) => ResultIx::Canon(self.canons.get(canon)),
        }
    }
}

impl Stores {
    /// Whether a service result answers this call.
    ///
    /// The hash of the arguments, which differs most, is compared first, so a claim that does not fit costs next to
    /// nothing.
    pub fn call_answers(
        &self,
        call: Index<ServiceResult>,
        tetraplet: &Tetraplet,
        arguments: &ArgumentHash,
        output: OutputKind,
    ) -> bool {
        let call = self.calls.get(call);
        call.arguments == *arguments && call.output == output && **self.tetraplets.get(call.tetraplet) == *tetraplet
    }

    /// Whether a canon result is one of this peer's.
    pub fn canon_answers(&self, canon: Index<CanonResult>, peer: &str) -> bool {
        let Tetraplet { peer: by, service, function, lens } = &**self.tetraplets.get(self.canons.get(canon).tetraplet);
        **by == *peer && [service, function, lens].iter().all(|part| part.is_empty())
    }

    /// The content id of what a claim says happened.
    pub fn id(&self, result: ResultIx) -> ContentId {
        match result {
            ResultIx::Call(call) => self.calls.id(call),
            ResultIx::Canon(canon) => self.canons.id(canon),
        }
    }

    /// The content id of a service result whose value and tetraplet are in these stores.
    pub(super) fn call_id(&self, call: &ServiceResult) -> ContentId {
        let outcome = match call.outcome {
            Outcome::Value(value) => Outcome::Value(self.values.id(value)),
            Outcome::Failure(value) => Outcome::Failure(self.values.id(value)),
        };
        call_id(outcome, self.tetraplets.id(call.tetraplet), call.arguments, call.output)
    }

    /// The content id of a canon result whose values and tetraplets are in these stores.
    pub(super) fn canon_id(&self, canon: &CanonResult) -> ContentId {
        let elements =
            canon.elements.iter().map(|(value, origin)| (self.values.id(*value), self.tetraplets.id(*origin)));
        canon_id(self.tetraplets.id(canon.tetraplet), elements)
    }

    /// The union of two groups of stores in linear time, and where the results of each went.
    pub(super) fn unite(&self, other: &Self) -> (Self, Translation, Translation) {
        let (values, a_values, b_values) = self.values.unite(&other.values, Clone::clone, Clone::clone);
        let (tetraplets, a_origins, b_origins) = self.tetraplets.unite(&other.tetraplets, Clone::clone, Clone::clone);
        let (calls, a_calls, b_calls) =
            self.calls.unite(&other.calls, |x| x.moved(&a_values, &a_origins), |x| x.moved(&b_values, &b_origins));
        let (canons, a_canons, b_canons) =
            self.canons.unite(&other.canons, |x| x.moved(&a_values, &a_origins), |x| x.moved(&b_values, &b_origins));
        let union = Self { values, tetraplets, calls, canons };
        (union, Translation { calls: a_calls, canons: a_canons }, Translation { calls: b_calls, canons: b_canons })
    }
}

pub(super) fn call_id(
    outcome: Outcome<ContentId>,
    tetraplet: ContentId,
    arguments: ArgumentHash,
    output: OutputKind,
) -> ContentId {
    let output = match output {
        OutputKind::Scalar => 0,
        OutputKind::Stream => 1,
        OutputKind::Unused => 2,
    };
    let (tag, value) = match outcome {
        Outcome::Value(value) => (0, value),
        Outcome::Failure(value) => (1, value),
    };
    let mut content = Content::call();
    content.add(&[output, tag]).add(value.as_bytes()).add(tetraplet.as_bytes()).add(arguments.as_bytes()).id()
}

pub(super) fn canon_id(tetraplet: ContentId, elements: impl Iterator<Item = (ContentId, ContentId)>) -> ContentId {
    let mut content = Content::canon();
    content.add(tetraplet.as_bytes());
    for (value, origin) in elements {
        content.add(value.as_bytes()).add(origin.as_bytes());
    }
    content.id()
}

/// Two groups of stores are equal if they hold the same results, which their ids stand for: nothing else is in them than
/// results and what these name.
impl PartialEq for Stores {
    fn eq(&self, other: &Self) -> bool {
        self.calls.ids == other.calls.ids && self.canons.ids == other.canons.ids
    }
}

impl Eq for Stores {}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Self { ids: Vec::new(), entries: Vec::new() }
    }
}

impl<T> Index<T> {
    pub(super) fn new(at: usize) -> Self {
        Self { at, kind: PhantomData }
    }

    /// The position in the store, from 0.
    pub fn position(self) -> usize {
        self.at
    }
}

// Derived implementations would ask `T` for the same.
impl<T> Clone for Index<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Index<T> {}

impl<T> PartialEq for Index<T> {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl<T> Eq for Index<T> {}

impl<T> PartialOrd for Index<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Index<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl<T> std::hash::Hash for Index<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.at.hash(state);
    }
}

impl<T> std::fmt::Debug for Index<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{}", self.at)
    }
}
