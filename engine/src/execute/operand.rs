//! What operands come to, and when that was known.

use super::machine::Machine;
use super::scope::Value;
use super::{ErrorKind, Miss, Time};
use crate::script::{self, Accessor, Binding, Lens, LensView, OperandId, Symbol};
use crate::value::{Json, Key, LensError, LensStep, Number, Origin, Single, Tetraplet, Text, TooDeep};
use std::slice;
use std::sync::Arc;

impl Value {
    /// The value as JSON: a canon is the array of its values, a canon map an object of such arrays.
    pub(super) fn json(&self) -> Result<Json, TooDeep> {
        match self {
            Self::Single(single) => Ok(single.json.clone()),
            Self::Canon(canon) => canon.json(),
            Self::CanonMap(map) => map.json(),
        }
    }

    /// How many tetraplets a service gets to see.
    pub(super) fn tetraplet_count(&self) -> usize {
        match self {
            Self::Single(_) => 1,
            Self::Canon(canon) => canon.elements.len(),
            Self::CanonMap(map) => map.entries.len(),
        }
    }

    /// The tetraplets that a service gets to see: one for a value, one for each element of a canon.
    pub(super) fn tetraplets(&self) -> Vec<Arc<Tetraplet>> {
        match self {
            Self::Single(single) => vec![single.origin.tetraplet()],
            Self::Canon(canon) => canon.elements.iter().map(|element| element.origin.tetraplet()).collect(),
            Self::CanonMap(map) => map.entries.iter().map(|entry| entry.origin.tetraplet()).collect(),
        }
    }
}

impl Machine<'_> {
    /// An operand that is a literal, a constant, an error or a variable, and when it was known, not before `known`.
    pub(super) fn operand(&mut self, id: OperandId, known: Time) -> Result<(Value, Time), Miss> {
        let value = self.tree.operand(id).value;
        let (json, lens, origin) = match value {
            script::Value::Variable(variable) => return self.variable(id, variable, known),
            script::Value::String(text) => (Json::String(self.text(text)), Lens::NONE, None),
            script::Value::Integer(integer) => (Json::Number(integer.into()), Lens::NONE, None),
            script::Value::Float(float) => (Number::from_f64(float).map_or(Json::Null, Json::Number), Lens::NONE, None),
            script::Value::Boolean(boolean) => (Json::Bool(boolean), Lens::NONE, None),
            script::Value::EmptyArray => (self.constants.empty_array.clone(), Lens::NONE, None),
            script::Value::InitPeerId => (Json::String(self.constants.init_peer.clone()), Lens::NONE, None),
            script::Value::Timestamp => (Json::Number(self.peer.timestamp.into()), Lens::NONE, None),
            script::Value::Ttl => (Json::Number(u64::from(self.peer.ttl).into()), Lens::NONE, None),
            script::Value::LastError(lens) => self.register(self.registers.last_error.clone(), lens),
            script::Value::Error(lens) => self.register(self.registers.error.clone(), lens),
        };
        let origin = origin.unwrap_or_else(|| self.constants.literal.clone());
        self.part(Single { json, origin }, lens, known)
    }

    fn register(&self, error: Option<Arc<super::Catchable>>, lens: Lens) -> (Json, Lens, Option<Origin>) {
        match error {
            Some(error) => (error.object.clone(), lens, error.origin.clone()),
            None => (self.constants.no_error.clone(), lens, None),
        }
    }

    fn variable(&mut self, id: OperandId, variable: script::Variable, known: Time) -> Result<(Value, Time), Miss> {
        let Binding::Read(reach) = self.bindings.operand(id) else { return Err(Miss::Missing(variable.name)) };
        let (value, known) = {
            let (value, known, _) = self.read(variable.name, reach, known)?;
            (value.clone(), known)
        };
        match value {
            _ if variable.lens.is_none() => Ok((value, known)),
            Value::Single(single) => self.part(single, variable.lens, known),
            Value::Canon(canon) => {
                if variable.lens == Lens::LENGTH {
                    return Ok((Value::Single(canon.length()), known));
                }
                let path = self.path(variable.lens, 0, known)?;
                path.follow(|step| canon.select(slice::from_ref(&step)))
            }
            Value::CanonMap(map) => {
                if variable.lens == Lens::LENGTH {
                    return Ok((Value::Single(map.length()), known));
                }
                let (key, known) = self.key(variable.lens, known)?;
                if variable.lens.accessors().len() > 1 {
                    // A key that is not there fails before the other steps are looked at.
                    if let Err(error @ LensError::NoKey(_)) = map.select(&key, &[]) {
                        return Err(Miss::Failed(known, error.into()));
                    }
                    let path = self.path(variable.lens, 1, known)?;
                    return path.follow(|step| map.select(&key, slice::from_ref(&step)));
                }
                let values = map.values(&key).map_err(|_| Miss::Failed(known, ErrorKind::TooDeep))?;
                self.check_size(&values.json)?;
                self.spend(values.json.as_array().map_or(0, |values| values.len()))?;
                Ok((Value::Single(values), known))
            }
        }
    }

    fn part(&mut self, single: Single, lens: Lens, known: Time) -> Result<(Value, Time), Miss> {
        if lens.is_none() {
            return Ok((Value::Single(single), known));
        }
        self.path(lens, 0, known)?.follow(|step| single.step(step))
    }

    /// The steps of a lens from some accessor on, with what their scalars hold: as many as can be had.
    ///
    /// A step is taken before the next one is looked at, so what fails early does not wait for a later name.
    fn path(&mut self, lens: Lens, from: usize, known: Time) -> Result<Path, Miss> {
        let mut path = Path { steps: Vec::new(), end: Ok(known) };
        let accessors = match self.tree.lens(lens) {
            LensView::None => return Ok(path),
            LensView::Length => {
                path.steps.push((LensStep::Length, known));
                return Ok(path);
            }
            LensView::Path(accessors) => accessors,
        };
        self.spend(accessors.len())?;
        let first = lens.accessors().start;
        let mut known = known;
        for (index, accessor) in accessors.iter().enumerate().skip(from) {
            let step = match *accessor {
                Accessor::Index(index) => LensStep::Index(index),
                Accessor::Field(name) => LensStep::Field(self.text(name)),
                Accessor::Scalar(name) => {
                    let step = self.accessor(name, first + index, known).and_then(|(json, at, _)| {
                        let step = LensStep::by_value(&json).map_err(|error| Miss::Failed(at, error.into()))?;
                        Ok((step, at))
                    });
                    match step {
                        Ok((step, at)) => {
                            known = at;
                            step
                        }
                        Err(miss) => {
                            path.end = Err(miss);
                            return Ok(path);
                        }
                    }
                }
            };
            path.steps.push((step, known));
        }
        path.end = Ok(known);
        Ok(path)
    }

    /// The key that the first accessor of a lens on a canon map selects.
    fn key(&mut self, lens: Lens, known: Time) -> Result<(Key, Time), Miss> {
        let LensView::Path([first, ..]) = self.tree.lens(lens) else {
            return Err(Miss::Failed(known, ErrorKind::TooDeep));
        };
        match *first {
            Accessor::Index(index) => Ok((Key::Integer(i128::from(index)), known)),
            Accessor::Field(name) => Ok((Key::Text(self.text(name)), known)),
            Accessor::Scalar(name) => {
                let (json, known, is_iterator) = self.accessor(name, lens.accessors().start, known)?;
                if is_iterator {
                    return Err(Miss::Failed(known, crate::value::LensError::KeyByIterator.into()));
                }
                let key = Key::of(&json).ok_or(crate::value::LensError::BadAccessor(json));
                key.map(|key| (key, known)).map_err(|error| Miss::Failed(known, error.into()))
            }
        }
    }

    /// The value of a scalar in brackets, and whether it is an iterator.
    fn accessor(&mut self, name: Symbol, accessor: usize, known: Time) -> Result<(Json, Time, bool), Miss> {
        let tree = self.tree;
        let (value, known, definition) = self.read(name, self.bindings.accessor(accessor), known)?;
        let is_iterator = tree.node(definition.node).kind == script::Kind::Fold;
        let json = value.json().map_err(|_| Miss::Failed(known, ErrorKind::TooDeep))?;
        Ok((json, known, is_iterator))
    }

    fn read(
        &mut self,
        name: Symbol,
        reach: script::Reach,
        known: Time,
    ) -> Result<(&Value, Time, &script::Definition), Miss> {
        let Self { scopes, steps, limits, node, tree, .. } = self;
        let read = scopes.read(name, reach, known, || {
            *steps += 1;
            if *steps > limits.steps { Err(super::Stop::Steps { limit: limits.steps, node: *node }) } else { Ok(()) }
        });
        read.map_err(|miss| match miss {
            Miss::Failed(known, ErrorKind::Unset(_)) => Miss::Failed(known, ErrorKind::Unset(tree.text(name).into())),
            miss => miss,
        })
    }

    /// The JSON of an operand.
    pub(super) fn json(&mut self, id: OperandId, known: Time) -> Result<(Json, Time), Miss> {
        let (value, known) = self.operand(id, known)?;
        Ok((self.value_json(&value, known)?, known))
    }

    /// The JSON of a value, unless it is too deep or too large.
    pub(super) fn value_json(&mut self, value: &Value, known: Time) -> Result<Json, Miss> {
        if let Value::CanonMap(map) = value {
            self.spend(map.entries.len())?;
        }
        let json = value.json().map_err(|_| Miss::Failed(known, ErrorKind::TooDeep))?;
        self.check_size(&json)?;
        Ok(json)
    }

    /// The one value of an operand: a canon becomes an array, from the peer that fixed it.
    pub(super) fn single(&mut self, id: OperandId, known: Time) -> Result<(Single, Time), Miss> {
        let (value, known) = self.operand(id, known)?;
        let origin = match &value {
            Value::Single(single) => return Ok((single.clone(), known)),
            Value::Canon(canon) => Origin::of(canon.tetraplet.clone()),
            Value::CanonMap(map) => Origin::of(map.tetraplet.clone()),
        };
        let json = self.value_json(&value, known)?;
        Ok((Single { json, origin }, known))
    }

    /// A peer, service or function: a string.
    pub(super) fn string(&mut self, id: OperandId, known: Time) -> Result<(Arc<str>, Time), Miss> {
        if let script::Value::String(text) = self.tree.operand(id).value {
            return Ok((self.text(text).chars().clone(), known));
        }
        match self.json(id, known)? {
            (Json::String(text), known) => Ok((text.chars().clone(), known)),
            (other, known) => Err(Miss::Failed(known, ErrorKind::NotAString(other))),
        }
    }

    /// A text of the script, made once.
    pub(super) fn text(&mut self, symbol: Symbol) -> Text {
        let tree = self.tree;
        match self.texts.get_mut(symbol.index()) {
            Some(text) => text.get_or_insert_with(|| tree.text(symbol).into()).clone(),
            None => "".into(),
        }
    }
}

/// The steps of a lens that can be had, each with the time at which it and all before it were known; and when all of them
/// were, or why there is no further one.
struct Path {
    steps: Vec<(LensStep, Time)>,
    end: Result<Time, Miss>,
}

impl Path {
    /// What the steps lead to; the first one is taken by `begin`.
    fn follow(self, begin: impl FnOnce(LensStep) -> Result<Single, LensError>) -> Result<(Value, Time), Miss> {
        let mut steps = self.steps.into_iter();
        let failed = |at: Time| move |error: LensError| Miss::Failed(at, error.into());
        let Some((step, at)) = steps.next() else {
            let known = self.end?;
            return Err(Miss::Failed(known, ErrorKind::TooDeep));
        };
        let mut part = begin(step).map_err(failed(at))?;
        for (step, at) in steps {
            part = part.step(step).map_err(failed(at))?;
        }
        Ok((Value::Single(part), self.end?))
    }
}
