//! What operands come to: literals, variables, lenses, and where values came from.

use super::{Beyond, Tetraplet, Time, UNWRITTEN, Walk};
use airtight_engine::script::{Accessor, Lens, LensView, OperandId, Symbol, Value as Written, Variable, VariableKind};
use serde_json::{Number, Value};
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Bound {
    /// A value.
    One(Value, Tetraplet),
    /// A stream or stream map as the peer of the tetraplet fixed it.
    Canon(Vec<(Value, Tetraplet)>, Tetraplet),
}

/// Why an operand has no value now.
#[derive(Debug)]
pub(super) enum Miss {
    /// A name has no value yet.
    Missing,
    /// There is none for good, which is known since then.
    Failed(Time, Problem),
    Beyond(Beyond),
}

/// What is wrong: the code, and what else its message tells.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    pub(super) code: i64,
    pub(super) detail: String,
}

impl Problem {
    pub(super) fn new(code: i64, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// What stands for its message.
    pub(super) fn message(&self) -> String {
        format!("{UNWRITTEN}{} {}", self.code, self.detail)
    }
}

/// What an operand comes to.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) value: Value,
    /// As one value.
    pub(super) tetraplet: Tetraplet,
    /// As an argument: of each element, if it is a whole canon.
    pub(super) tetraplets: Vec<Tetraplet>,
    pub(super) known: Time,
}

/// A part of a value and since when it is known.
type Part = (Value, Tetraplet, Time);

impl Walk<'_> {
    fn literal(&self) -> Tetraplet {
        Tetraplet::of_peer(&self.particle.init)
    }

    /// What an operand comes to, not known before `known`.
    pub(super) fn operand(&self, operand: OperandId, known: Time) -> Result<Operand, Miss> {
        let value = match self.tree.operand(operand).value {
            Written::String(text) => self.tree.text(text).into(),
            Written::Integer(integer) => integer.into(),
            Written::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
            Written::Boolean(boolean) => boolean.into(),
            Written::EmptyArray => Value::Array(Vec::new()),
            Written::InitPeerId => (*self.particle.init).into(),
            Written::Timestamp => self.particle.timestamp.into(),
            Written::Ttl => self.particle.ttl.into(),
            Written::LastError(lens) => return self.register(true, lens, known),
            Written::Error(lens) => return self.register(false, lens, known),
            Written::Variable(variable) => return self.variable_operand(variable, known),
        };
        Ok(one((value, self.literal(), known)))
    }

    /// `%last_error%` or `:error:`: the object that says what went wrong; its origin is that of a failed call or of what was
    /// raised, or else that of literals.
    fn register(&self, is_last: bool, lens: Lens, known: Time) -> Result<Operand, Miss> {
        let register = if is_last { &self.registers.last_error } else { &self.registers.error };
        let (object, tetraplet) = match register {
            Some(error) => (error.object.clone(), error.tetraplet.clone()),
            None => (serde_json::json!({"error_code": 0, "message": ""}), None),
        };
        let tetraplet = tetraplet.unwrap_or_else(|| self.literal());
        self.value_part((object, tetraplet, known), self.tree.lens(lens)).map(one)
    }

    fn variable_operand(&self, variable: Variable, known: Time) -> Result<Operand, Miss> {
        let (bound, known) = self.read(variable.name, known)?;
        let lens = self.tree.lens(variable.lens);
        match &*bound {
            Bound::One(value, tetraplet) => self.value_part((value.clone(), tetraplet.clone(), known), lens).map(one),
            Bound::Canon(elements, tetraplet) if lens == LensView::None => {
                let value = match variable.kind {
                    VariableKind::CanonMap => map_object(elements),
                    _ => elements.iter().map(|(value, _)| value.clone()).collect(),
                };
                let tetraplets = elements.iter().map(|(_, tetraplet)| tetraplet.clone()).collect();
                Ok(Operand { value, tetraplet: tetraplet.clone(), tetraplets, known })
            }
            Bound::Canon(elements, tetraplet) => match lens {
                LensView::Path([first, rest @ ..]) => {
                    let whole = (elements.as_slice(), tetraplet);
                    match variable.kind {
                        VariableKind::CanonMap => self.map_part(whole, *first, rest, known),
                        _ => self.element_part(elements, *first, rest, known),
                    }
                    .map(one)
                }
                _ => Ok(one((elements.len().into(), tetraplet.length(), known))),
            },
        }
    }

    /// A part of an element of a canon: of its own origin.
    fn element_part(
        &self,
        elements: &[(Value, Tetraplet)],
        first: Accessor,
        rest: &[Accessor],
        known: Time,
    ) -> Result<Part, Miss> {
        let (step, known) = self.step(first, known)?;
        let Step::Index(index) = step else {
            return Err(Miss::Failed(known, Problem::new(10007, "a field of a canon")));
        };
        match elements.get(index as usize) {
            Some((value, tetraplet)) => self.path((value.clone(), tetraplet.clone(), known), rest),
            None => {
                let detail = format!("element {index} of a canon of {}", elements.len());
                Err(Miss::Failed(known, Problem::new(10007, detail)))
            }
        }
    }

    /// All values of a key of a canon map, or a part of one of them, which is of its own origin.
    fn map_part(
        &self,
        (entries, tetraplet): (&[(Value, Tetraplet)], &Tetraplet),
        first: Accessor,
        rest: &[Accessor],
        known: Time,
    ) -> Result<Part, Miss> {
        let (key, text, known) = match first {
            Accessor::Field(name) => (self.tree.text(name).into(), format!(".{}", self.tree.text(name)), known),
            Accessor::Index(index) => (index.into(), format!(".[{index}]"), known),
            Accessor::Scalar(name) => {
                if self.is_iterator(name) {
                    return Err(Miss::Failed(known, Problem::new(10007, "an iterator as a key of a canon")));
                }
                let (key, known) = self.accessor(name, known)?;
                match &key {
                    Value::String(text) => (key.clone(), format!(".{text}"), known),
                    Value::Number(number) if number.is_i64() || number.is_u64() => {
                        (key.clone(), format!(".[{number}]"), known)
                    }
                    _ => return Err(Miss::Failed(known, Problem::new(10007, format!("the key {key} of a canon")))),
                }
            }
        };
        let values = entries.iter().filter(|(entry, _)| entry.get("key") == Some(&key));
        let values: Vec<_> =
            values.map(|(entry, from)| (entry.get("value").cloned().unwrap_or_default(), from)).collect();
        match rest {
            [] => {
                let all = values.into_iter().map(|(value, _)| value).collect();
                Ok((all, tetraplet.part(&text), known))
            }
            // Whatever is asked of a key that is absent, there is nothing.
            _ if values.is_empty() => {
                Err(Miss::Failed(known, Problem::new(10007, format!("{text} of a canon without that key"))))
            }
            [second, rest @ ..] => {
                let values: Vec<_> = values.into_iter().map(|(value, from)| (value, from.clone())).collect();
                self.element_part(&values, *second, rest, known)
            }
        }
    }

    fn value_part(&self, whole: Part, lens: LensView<'_>) -> Result<Part, Miss> {
        match lens {
            LensView::None => Ok(whole),
            LensView::Path(accessors) => self.path(whole, accessors),
            LensView::Length => {
                let (value, tetraplet, known) = whole;
                match value {
                    Value::Array(items) => Ok((items.len().into(), tetraplet.length(), known)),
                    other => Err(Miss::Failed(known, Problem::new(10010, format!("length of {other}")))),
                }
            }
        }
    }

    /// Follows a path, one step after another.
    fn path(&self, whole: Part, accessors: &[Accessor]) -> Result<Part, Miss> {
        let mut part = whole;
        for accessor in accessors {
            let (value, tetraplet, known) = part;
            let (step, known) = self.step(*accessor, known)?;
            let fails = |detail: String| Err(Miss::Failed(known, Problem::new(10007, detail)));
            let found = match (&step, &value) {
                (Step::Index(index), Value::Array(items)) => items.get(*index as usize),
                (Step::Field(name), Value::Object(members)) => members.get(name),
                (Step::Field(_), _) => return fails(format!("field of {value}")),
                (Step::Index(_), _) => return fails(format!("element of {value}")),
            };
            part = match found {
                Some(found) => (found.clone(), tetraplet.part(&step.text()), known),
                None => return fails(format!("{} of {value}", step.text())),
            };
        }
        Ok(part)
    }

    /// A step of a path; what another variable says is read now.
    fn step(&self, accessor: Accessor, known: Time) -> Result<(Step, Time), Miss> {
        match accessor {
            Accessor::Index(index) => Ok((Step::Index(index), known)),
            Accessor::Field(name) => Ok((Step::Field(self.tree.text(name).into()), known)),
            Accessor::Scalar(name) => {
                let (value, known) = self.accessor(name, known)?;
                match &value {
                    Value::String(name) => Ok((Step::Field(name.clone()), known)),
                    Value::Number(number) => match number.as_u64().and_then(|number| u32::try_from(number).ok()) {
                        Some(index) => Ok((Step::Index(index), known)),
                        None => Err(Miss::Failed(known, Problem::new(10007, format!("index {number}")))),
                    },
                    _ => Err(Miss::Failed(known, Problem::new(10007, format!("index {value}")))),
                }
            }
        }
    }

    /// Whether a name stands for an item of a fold: one that was not copied does not select a key.
    fn is_iterator(&self, name: Symbol) -> bool {
        let bound = self.read(name, 0).map(|(bound, _)| bound);
        bound.is_ok_and(|bound| self.scopes.iter().any(|scope| scope.has_item(&bound)))
    }

    fn accessor(&self, name: Symbol, known: Time) -> Result<(Value, Time), Miss> {
        let (bound, known) = self.read(name, known)?;
        match &*bound {
            Bound::One(value, _) => Ok((written(value).map(|()| value.clone()).map_err(Miss::Beyond)?, known)),
            Bound::Canon(..) => Err(Miss::Beyond(Beyond("a canon as an index"))),
        }
    }

    /// A peer, service or function.
    pub(super) fn name(&self, operand: OperandId, known: Time) -> Result<(String, Time), Miss> {
        let Operand { value, known, .. } = self.operand(operand, known)?;
        written(&value).map_err(Miss::Beyond)?;
        match value {
            Value::String(name) => Ok((name, known)),
            other => Err(Miss::Failed(known, Problem::new(10011, format!("{other}")))),
        }
    }
}

enum Step {
    Index(u32),
    Field(String),
}

impl Step {
    fn text(&self) -> String {
        match self {
            Self::Index(index) => format!(".[{index}]"),
            Self::Field(name) => format!(".{name}"),
        }
    }
}

fn one((value, tetraplet, known): Part) -> Operand {
    Operand { value, tetraplets: vec![tetraplet.clone()], tetraplet, known }
}

/// Whether a text may be gone on with as a name.
pub(super) fn written(value: &Value) -> Result<(), Beyond> {
    match value {
        Value::String(text) if text.starts_with(UNWRITTEN) => Err(Beyond("a message as a name")),
        _ => Ok(()),
    }
}

/// A key as a member of an object is named.
pub(super) fn printed(key: &Value) -> String {
    match key {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A canon map as one value: for each key all its values. Keys that print alike are one, in the order of the entries.
fn map_object(entries: &[(Value, Tetraplet)]) -> Value {
    let mut object = serde_json::Map::new();
    for (entry, _) in entries {
        let (Some(key), Some(value)) = (entry.get("key"), entry.get("value")) else { continue };
        let values = object.entry(printed(key)).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = values {
            values.push(value.clone());
        }
    }
    Value::Object(object)
}

/// A stream map as one value, when a canon makes a scalar of it: for each key its first value.
pub(super) fn first_values(entries: &[(Value, Tetraplet)]) -> Value {
    let mut object = serde_json::Map::new();
    for (entry, _) in entries {
        let (Some(key), Some(value)) = (entry.get("key"), entry.get("value")) else { continue };
        object.entry(printed(key)).or_insert_with(|| value.clone());
    }
    Value::Object(object)
}

/// What a fold over a canon map goes through: the first entry of each key.
pub(super) fn first_entries(entries: &[(Value, Tetraplet)]) -> Vec<Bound> {
    let is_first = |(number, (entry, _)): &(usize, &(Value, Tetraplet))| {
        let key = entry.get("key");
        entries.iter().take(*number).all(|(before, _)| before.get("key") != key)
    };
    let first = entries.iter().enumerate().filter(is_first);
    first.map(|(_, (entry, tetraplet))| Bound::One(entry.clone(), tetraplet.clone())).collect()
}

/// The items of an array: each is a part of it.
pub(super) fn items(array: &[Value], tetraplet: &Tetraplet) -> Vec<Bound> {
    let part = |(index, item): (usize, &Value)| Bound::One(item.clone(), tetraplet.part(&format!(".[{index}]")));
    array.iter().enumerate().map(part).collect()
}

impl Bound {
    /// The items of a canon: each of its own origin.
    pub(super) fn elements(elements: &[(Value, Tetraplet)]) -> Vec<Self> {
        elements.iter().map(|(value, tetraplet)| Self::One(value.clone(), tetraplet.clone())).collect()
    }
}

/// What is iterated over, once resolved.
pub(super) struct Iterable {
    pub(super) items: Vec<Rc<Bound>>,
    pub(super) known: Time,
}

impl Walk<'_> {
    /// The items that a fold over values goes through.
    pub(super) fn iterable(&self, operand: OperandId, known: Time) -> Result<Iterable, Miss> {
        if let Written::Variable(Variable { kind, name, lens }) = self.tree.operand(operand).value
            && lens.is_none()
            && let (bound, known) = self.read(name, known)?
            && let Bound::Canon(elements, _) = &*bound
        {
            let items = match kind {
                VariableKind::CanonMap => first_entries(elements),
                _ => Bound::elements(elements),
            };
            return Ok(Iterable { items: items.into_iter().map(Rc::new).collect(), known });
        }
        let Operand { value, tetraplet, known, .. } = self.operand(operand, known)?;
        match &value {
            Value::Array(array) => {
                Ok(Iterable { items: items(array, &tetraplet).into_iter().map(Rc::new).collect(), known })
            }
            other => Err(Miss::Failed(known, Problem::new(10005, format!("{other}")))),
        }
    }
}
