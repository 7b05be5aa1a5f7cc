//! What a script does with the answers it gets, as far as its text tells: their *shapes*.
//!
//! Each variable, stream and answer has a shape. Copying makes two shapes one; a fold asks for an array, a lens for a
//! field or element, a call for a peer or the name of a service, a comparison for one of the values compared with. Shapes
//! that became one are united, so what is asked of a copy three folds later is asked of the answer itself.

use airtight_engine::script::{
    Accessor, Binding, Instruction, Lens, LensView, NodeId, OperandId, Reach, Script, Value, VariableKind,
};
use airtight_engine::value::{Json, Number};
use std::collections::BTreeMap;

/// What is asked of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    /// It names a peer.
    pub(super) peer: bool,
    /// It is a string: the name of a service or function, or the key of a map.
    pub(super) text: bool,
    /// It is an index into an array, or a field: as small a number as there is.
    pub(super) index: bool,
    /// It is an error object.
    pub(super) error: bool,
    /// Values that it is compared with.
    pub(super) compared: Vec<Json>,
    /// It is an array with at least so many elements.
    pub(super) elements: Option<(ShapeId, u32)>,
    /// It is an object with these fields.
    pub(super) fields: BTreeMap<String, ShapeId>,
}

/// A shape, before shapes were united.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct ShapeId(usize);

/// The shapes of one script.
#[derive(Clone, Debug, Default)]
pub(super) struct Shapes {
    /// For each shape, the one it became part of; itself if none.
    united: Vec<usize>,
    shapes: Vec<Shape>,
    /// For each service and function that the script names, the shape of its answers.
    answers: BTreeMap<(String, String), ShapeId>,
    /// The shape of answers of services or functions that are computed.
    computed: Option<ShapeId>,
    /// Peers that the script names.
    pub(super) peers: Vec<String>,
}

impl Shapes {
    /// Goes through a script once.
    pub(super) fn of(script: &Script) -> Self {
        let mut reader = Reader { script, shapes: Self::default(), definitions: Vec::new(), streams: Vec::new() };
        let bindings = script.bindings();
        reader.definitions = bindings.definitions().iter().map(|_| reader.shapes.fresh()).collect();
        reader.streams = bindings.streams().iter().map(|_| reader.shapes.fresh()).collect();
        for node in script.tree().node_ids() {
            reader.instruction(node);
        }
        reader.shapes
    }

    /// The shape of the answers of a function.
    pub(super) fn answer(&self, service: &str, function: &str) -> Option<&Shape> {
        let named = self.answers.get(&(service.to_owned(), function.to_owned())).copied();
        named.or(self.computed).map(|id| self.get(id))
    }

    pub(super) fn get(&self, id: ShapeId) -> &Shape {
        &self.shapes[self.root(id.0)]
    }

    fn root(&self, mut at: usize) -> usize {
        while self.united[at] != at {
            at = self.united[at];
        }
        at
    }

    fn fresh(&mut self) -> ShapeId {
        self.united.push(self.shapes.len());
        self.shapes.push(Shape::default());
        ShapeId(self.shapes.len() - 1)
    }

    fn at(&mut self, id: ShapeId) -> &mut Shape {
        let root = self.root(id.0);
        &mut self.shapes[root]
    }

    fn unite(&mut self, a: ShapeId, b: ShapeId) {
        let mut pairs = vec![(a, b)];
        while let Some((a, b)) = pairs.pop() {
            let (a, b) = (self.root(a.0), self.root(b.0));
            if a == b {
                continue;
            }
            // The younger shape joins the older one, which keeps the ways to the root short enough.
            let (into, from) = (a.min(b), a.max(b));
            self.united[from] = into;
            let from = std::mem::take(&mut self.shapes[from]);
            let shape = &mut self.shapes[into];
            shape.peer |= from.peer;
            shape.text |= from.text;
            shape.index |= from.index;
            shape.error |= from.error;
            shape.compared.extend(from.compared);
            match (&mut shape.elements, from.elements) {
                (Some((known, least)), Some((other, more))) => {
                    *least = (*least).max(more);
                    pairs.push((*known, other));
                }
                (none @ None, some) => *none = some,
                (Some(_), None) => {}
            }
            for (name, field) in from.fields {
                match shape.fields.get(&name) {
                    Some(known) => pairs.push((*known, field)),
                    None => drop(shape.fields.insert(name, field)),
                }
            }
        }
    }

    fn elements(&mut self, array: ShapeId, least: u32) -> ShapeId {
        if let Some((elements, known)) = &mut self.at(array).elements {
            *known = (*known).max(least);
            return *elements;
        }
        let elements = self.fresh();
        self.at(array).elements = Some((elements, least));
        elements
    }

    fn field(&mut self, object: ShapeId, name: &str) -> ShapeId {
        if let Some(field) = self.at(object).fields.get(name) {
            return *field;
        }
        let field = self.fresh();
        self.at(object).fields.insert(name.to_owned(), field);
        field
    }
}

struct Reader<'s> {
    script: &'s Script,
    shapes: Shapes,
    definitions: Vec<ShapeId>,
    streams: Vec<ShapeId>,
}

impl Reader<'_> {
    fn instruction(&mut self, node: NodeId) {
        match self.script.tree().instruction(node) {
            Instruction::Call { peer, service, function, arguments, output } => {
                self.peer(peer);
                for name in [service, function] {
                    self.read(name, |shape| shape.text = true);
                }
                for argument in arguments {
                    self.shape(argument);
                }
                let fresh = self.shapes.fresh();
                let answer = match (self.literal(service), self.literal(function)) {
                    (Some(service), Some(function)) => *self.shapes.answers.entry((service, function)).or_insert(fresh),
                    _ => *self.shapes.computed.get_or_insert(fresh),
                };
                if let Some(output) = output {
                    self.write(output, answer);
                }
            }
            Instruction::Assign { source, target } => {
                if let Some(shape) = self.shape(source) {
                    self.write(target, shape);
                }
            }
            Instruction::Insert { key, value, map } => {
                self.read(key, |shape| shape.text = true);
                if let (Some(value), Some(entries)) = (self.shape(value), self.target(map)) {
                    let field = self.shapes.field(entries, "value");
                    self.shapes.unite(field, value);
                }
            }
            Instruction::Canon { peer, source, target } => {
                self.peer(peer);
                let (Some(source), Some(target_shape)) = (self.target(source), self.target(target)) else { return };
                // A canon is an array of what the stream holds. Of a scalar made of a map, the text does not tell the keys.
                if self.kind(target) != Some(VariableKind::Scalar) {
                    let elements = self.shapes.elements(target_shape, 0);
                    self.shapes.unite(elements, source);
                }
            }
            Instruction::Match { left, right, .. } | Instruction::Mismatch { left, right, .. } => {
                let (a, b) = (self.shape(left), self.shape(right));
                match (a, b, self.constant(left), self.constant(right)) {
                    (Some(shape), _, _, Some(value)) | (_, Some(shape), Some(value), _) => {
                        self.shapes.at(shape).compared.push(value);
                    }
                    _ => {}
                }
            }
            Instruction::Fold { iterable, iterator, .. } => {
                let Some(item) = self.target(iterator) else { return };
                let binding = self.script.bindings().operand(iterable);
                let items = match (binding, self.kind(iterable)) {
                    (Binding::Stream(stream), _) => Some(self.streams[stream.index()]),
                    _ => self.shape(iterable).map(|array| self.shapes.elements(array, 1)),
                };
                if let Some(items) = items {
                    self.shapes.unite(item, items);
                }
            }
            Instruction::Fail { error } => self.read(error, |shape| shape.error = true),
            _ => {}
        }
    }

    fn peer(&mut self, operand: OperandId) {
        if let Some(peer) = self.literal(operand)
            && !self.shapes.peers.contains(&peer)
        {
            self.shapes.peers.push(peer);
        }
        self.read(operand, |shape| shape.peer = true);
    }

    fn read(&mut self, operand: OperandId, ask: impl FnOnce(&mut Shape)) {
        if let Some(shape) = self.shape(operand) {
            ask(self.shapes.at(shape));
        }
    }

    fn literal(&self, operand: OperandId) -> Option<String> {
        match self.script.tree().operand(operand).value {
            Value::String(text) => Some(self.script.tree().text(text).to_owned()),
            _ => None,
        }
    }

    fn constant(&self, operand: OperandId) -> Option<Json> {
        Some(match self.script.tree().operand(operand).value {
            Value::String(text) => self.script.tree().text(text).into(),
            Value::Integer(integer) => integer.into(),
            Value::Boolean(boolean) => boolean.into(),
            Value::Float(float) => Json::Number(Number::from_f64(float)?),
            Value::EmptyArray => Json::parse(b"[]").ok()?,
            _ => return None,
        })
    }

    fn kind(&self, operand: OperandId) -> Option<VariableKind> {
        match self.script.tree().operand(operand).value {
            Value::Variable(variable) => Some(variable.kind),
            _ => None,
        }
    }

    /// The shape of what an operand writes to, or of the elements of the stream it means.
    fn target(&mut self, operand: OperandId) -> Option<ShapeId> {
        match self.script.bindings().operand(operand) {
            Binding::Definition(definition) => Some(self.definitions[definition.index()]),
            Binding::Stream(stream) => Some(self.streams[stream.index()]),
            _ => None,
        }
    }

    fn write(&mut self, operand: OperandId, shape: ShapeId) {
        if let Some(target) = self.target(operand) {
            self.shapes.unite(target, shape);
        }
    }

    /// The shape of what an operand reads; of all assignments that it may refer to, which become one.
    fn shape(&mut self, operand: OperandId) -> Option<ShapeId> {
        let Value::Variable(variable) = self.script.tree().operand(operand).value else { return None };
        let Binding::Read(reach) = self.script.bindings().operand(operand) else { return None };
        let whole = self.reached(reach)?;
        Some(self.part(whole, variable.lens, variable.kind))
    }

    fn reached(&mut self, mut reach: Reach) -> Option<ShapeId> {
        let mut found = None;
        // Assignments before the first few are passed over, so that long chains stay cheap.
        for _ in 0..8 {
            let Reach::Definition(id) = reach else { break };
            let shape = self.definitions[id.index()];
            match found {
                None => found = Some(shape),
                Some(found) => self.shapes.unite(found, shape),
            }
            reach = self.script.bindings().definitions()[id.index()].previous();
        }
        found
    }

    fn part(&mut self, whole: ShapeId, lens: Lens, kind: VariableKind) -> ShapeId {
        let accessors = match self.script.tree().lens(lens) {
            LensView::None => return whole,
            LensView::Length => {
                if kind == VariableKind::Scalar {
                    self.shapes.elements(whole, 0);
                }
                let length = self.shapes.fresh();
                self.shapes.at(length).index = true;
                return length;
            }
            LensView::Path(accessors) => accessors.to_vec(),
        };
        let first = lens.accessors().start;
        let mut shape = whole;
        for (index, accessor) in accessors.into_iter().enumerate() {
            // The first accessor of a canon map selects a key, whose values are those of the entries.
            if index == 0 && kind == VariableKind::CanonMap {
                let entries = self.shapes.elements(shape, 0);
                let value = self.shapes.field(entries, "value");
                shape = self.shapes.fresh();
                self.shapes.at(shape).elements = Some((value, 0));
                continue;
            }
            shape = match accessor {
                Accessor::Index(index) => self.shapes.elements(shape, index.saturating_add(1)),
                Accessor::Field(name) => {
                    let name = self.script.tree().text(name).to_owned();
                    self.shapes.field(shape, &name)
                }
                Accessor::Scalar(_) => {
                    if let Some(scalar) = self.reached(self.script.bindings().accessor(first + index)) {
                        self.shapes.at(scalar).index = true;
                    }
                    self.shapes.elements(shape, 1)
                }
            };
        }
        shape
    }
}
