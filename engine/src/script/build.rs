//! Trees written by hand or by a generator, checked as they grow.

use super::arena::Arena;
use super::grammar::{Class, Position};
use super::{Accessor, Kind, Lens, NodeId, Operand, Span, Symbol, Tree, Value, Variable, VariableKind, print, word};
use thiserror::Error;

/// An operand to be written, with names as text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Item<'a> {
    /// A string literal.
    String(&'a str),
    /// An integer literal.
    Integer(i64),
    /// A decimal literal.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// `[]`
    EmptyArray,
    /// `%init_peer_id%`
    InitPeerId,
    /// `%timestamp%`
    Timestamp,
    /// `%ttl%`
    Ttl,
    /// `%last_error%`, through these steps.
    LastError(&'a [Step<'a>]),
    /// `:error:`, through these steps.
    Error(&'a [Step<'a>]),
    /// A variable, by its name with sigil, through these steps.
    Variable(&'a str, &'a [Step<'a>]),
}

/// One step of a lens to be written; no step is the whole value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// `.length`, the only step of its lens.
    Length,
    /// `.[7]`
    Index(u32),
    /// `.name`
    Field(&'a str),
    /// `.[name]`
    Scalar(&'a str),
}

/// Why something cannot be written as AIR.
#[derive(Clone, PartialEq, Debug, Error)]
#[non_exhaustive]
pub enum SpellingError {
    /// The operand may not stand there.
    #[error("{} cannot be {}: expected {}", .class.words(), .position.words(), .position.accepts())]
    NotAccepted {
        /// What the operand is.
        class: Class,
        /// Where it would stand.
        position: Position,
    },
    /// A string holds a `"`, for which there is no escape.
    #[error("a string cannot contain `\"`")]
    QuoteInString,
    /// The text does not read as a variable.
    #[error("`{0}` is not the name of a variable")]
    BadName(String),
    /// The text cannot stand in a lens.
    #[error("`{0}` cannot be a field or scalar in a lens")]
    BadField(String),
    /// `.length` beside other steps.
    #[error("`.length` is the only step of its lens")]
    LengthNotAlone,
    /// The float has no spelling of at most 11 bytes.
    #[error("the float {0} has no spelling of at most 11 bytes")]
    BadFloat(f64),
    /// An instruction has too many operands.
    #[error("`{}` takes no further operand", .0.keyword())]
    TooManyOperands(Kind),
    /// An instruction lacks operands.
    #[error("`{}` lacks operands", .0.keyword())]
    TooFewOperands(Kind),
    /// An instruction has too many or too few instructions inside.
    #[error("`{}` has {children} instructions inside", .kind.keyword())]
    WrongArity {
        /// Which instruction.
        kind: Kind,
        /// How many are inside.
        children: u32,
    },
    /// There is no instruction, more than one, or one is still open.
    #[error("a script is one closed instruction")]
    NotOneRoot,
}

/// Writes a tree in textual order: open, operands, children, close.
///
/// Every tree it gives has a spelling, so that printing cannot fail. After an error it is of no more use.
///
/// # Example
/// ```
/// use airtight_engine::script::{Builder, Item, Kind, print};
///
/// let mut builder = Builder::default();
/// builder.open(Kind::Seq)?;
/// builder.leaf(Kind::Assign, &[Item::Float(2.0), Item::Variable("x", &[])])?;
/// builder.leaf(Kind::Null, &[])?;
/// builder.close()?;
/// assert_eq!(print::compact(&builder.finish()?), "(seq (ap 2.0 x) (null))");
/// # Ok::<(), airtight_engine::script::SpellingError>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    arena: Arena,
    open: Vec<Open>,
    roots: u32,
    /// For each symbol, what it names if it was looked at as a variable.
    kinds: Vec<Option<VariableKind>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self { arena: Arena::small(), open: Vec::new(), roots: 0, kinds: Vec::new() }
    }
}

#[derive(Debug)]
struct Open {
    node: NodeId,
    kind: Kind,
    operands: u32,
    children: u32,
    has_output: bool,
    /// For `canon`, whether its source is a map; for `fail`, whether its operand is a code.
    second_form: bool,
}

impl Open {
    /// Where the next operand stands.
    fn position(&self) -> Option<Position> {
        use Position as P;
        Some(match (self.kind, self.operands) {
            (Kind::Call | Kind::Canon, 0) => P::Peer,
            (Kind::Call, 1) => P::Service,
            (Kind::Call, 2) => P::Function,
            (Kind::Call, _) if !self.has_output => P::Argument,
            (Kind::Assign, 0) => P::Source,
            (Kind::Assign, 1) => P::Target,
            (Kind::Insert, 0) => P::Key,
            (Kind::Insert, 1) => P::MapValue,
            (Kind::Insert, 2) => P::MapTarget,
            (Kind::Canon, 1) => P::CanonSource,
            (Kind::Canon, 2) if self.second_form => P::CanonMapTarget,
            (Kind::Canon, 2) => P::CanonTarget,
            (Kind::Match | Kind::Mismatch, 0 | 1) => P::Comparand,
            (Kind::Fold, 0) => P::Iterable,
            (Kind::Fold, 1) | (Kind::Next, 0) => P::Iterator,
            (Kind::New, 0) => P::New,
            (Kind::Fail, 0) => P::Fail,
            (Kind::Fail, 1) if self.second_form => P::FailText,
            _ => return None,
        })
    }

    fn is_complete(&self) -> bool {
        match self.position() {
            None => true,
            Some(Position::Argument) => true,
            Some(_) => false,
        }
    }
}

impl Builder {
    /// Begins an instruction.
    ///
    /// # Errors
    /// If there is no place for one more instruction.
    pub fn open(&mut self, kind: Kind) -> Result<(), SpellingError> {
        match self.open.last_mut() {
            Some(parent) if !parent.is_complete() => return Err(SpellingError::TooFewOperands(parent.kind)),
            Some(parent) => {
                parent.children += 1;
                if parent.children >= parent.kind.arity().end {
                    return Err(SpellingError::WrongArity { kind: parent.kind, children: parent.children });
                }
                if parent.children == 2 {
                    self.arena.second_child(parent.node);
                }
            }
            None if self.roots > 0 => return Err(SpellingError::NotOneRoot),
            None => self.roots += 1,
        }
        let node = self.arena.open(kind, 0);
        self.open.push(Open { node, kind, operands: 0, children: 0, has_output: false, second_form: false });
        Ok(())
    }

    /// Writes the next operand of the innermost instruction, any but the output of a `call`.
    ///
    /// # Errors
    /// If the operand has no spelling or may not stand there.
    pub fn operand(&mut self, item: Item<'_>) -> Result<(), SpellingError> {
        let Some(open) = self.open.last() else { return Err(SpellingError::NotOneRoot) };
        let position = open.position().filter(|_| open.children == 0);
        self.write(item, position.ok_or(SpellingError::TooManyOperands(open.kind))?)
    }

    /// Writes the output of the innermost instruction, a `call` with all its arguments.
    ///
    /// # Errors
    /// If the operand has no spelling, is no scalar or stream, or the instruction is not such a `call`.
    pub fn output(&mut self, item: Item<'_>) -> Result<(), SpellingError> {
        let Some(open) = self.open.last() else { return Err(SpellingError::NotOneRoot) };
        match open.position() {
            Some(Position::Argument) => {}
            Some(_) if open.kind == Kind::Call => return Err(SpellingError::TooFewOperands(Kind::Call)),
            _ => return Err(SpellingError::TooManyOperands(open.kind)),
        }
        self.arena.set_output(open.node);
        self.write(item, Position::Output)?;
        if let Some(open) = self.open.last_mut() {
            open.has_output = true;
        }
        Ok(())
    }

    fn write(&mut self, item: Item<'_>, position: Position) -> Result<(), SpellingError> {
        let value = self.value(item)?;
        let class = Class::of(&value);
        if !position.accepts().contains(class) {
            return Err(SpellingError::NotAccepted { class, position });
        }
        let Some(open) = self.open.last_mut() else { return Err(SpellingError::NotOneRoot) };
        open.operands += 1;
        open.second_form |= match position {
            Position::CanonSource => class == Class::Map,
            Position::Fail => class == Class::Integer,
            _ => false,
        };
        self.arena.operand(open.node, Operand { span: Span::default(), value });
        Ok(())
    }

    fn value(&mut self, item: Item<'_>) -> Result<Value, SpellingError> {
        Ok(match item {
            Item::String(text) if text.contains('"') => return Err(SpellingError::QuoteInString),
            Item::String(text) => Value::String(self.arena.intern(text)),
            Item::Integer(integer) => Value::Integer(integer),
            Item::Float(float) if print::spell_float(float).is_none() => return Err(SpellingError::BadFloat(float)),
            Item::Float(float) => Value::Float(float),
            Item::Boolean(boolean) => Value::Boolean(boolean),
            Item::EmptyArray => Value::EmptyArray,
            Item::InitPeerId => Value::InitPeerId,
            Item::Timestamp => Value::Timestamp,
            Item::Ttl => Value::Ttl,
            Item::LastError(steps) => Value::LastError(self.lens(steps)?),
            Item::Error(steps) => Value::Error(self.lens(steps)?),
            Item::Variable(name, steps) => {
                let symbol = self.arena.intern(name);
                let kind = self.kind(symbol, name)?;
                Value::Variable(Variable { kind, name: symbol, lens: self.lens(steps)? })
            }
        })
    }

    /// What a variable of this name is. Names are read once, however often they are written.
    fn kind(&mut self, symbol: Symbol, name: &str) -> Result<VariableKind, SpellingError> {
        if let Some(Some(kind)) = self.kinds.get(symbol.index()) {
            return Ok(*kind);
        }
        let kind = word::variable_kind(name).ok_or_else(|| SpellingError::BadName(name.into()))?;
        if self.kinds.len() <= symbol.index() {
            self.kinds.resize(symbol.index() + 1, None);
        }
        if let Some(known) = self.kinds.get_mut(symbol.index()) {
            *known = Some(kind);
        }
        Ok(kind)
    }

    fn lens(&mut self, steps: &[Step<'_>]) -> Result<Lens, SpellingError> {
        match steps {
            [] => return Ok(Lens::NONE),
            [Step::Length] => return Ok(Lens::LENGTH),
            _ => {}
        }
        let first = self.arena.path_start();
        for step in steps {
            let accessor = match *step {
                Step::Length => return Err(SpellingError::LengthNotAlone),
                Step::Index(index) => Accessor::Index(index),
                Step::Field(name) | Step::Scalar(name) if !word::is_field(name) => {
                    return Err(SpellingError::BadField(name.into()));
                }
                Step::Field(name) => Accessor::Field(self.arena.intern(name)),
                Step::Scalar(name) => Accessor::Scalar(self.arena.intern(name)),
            };
            self.arena.accessor(accessor);
        }
        Ok(self.arena.path_from(first))
    }

    /// Ends the innermost instruction.
    ///
    /// # Errors
    /// If it lacks operands, or has too few instructions inside.
    pub fn close(&mut self) -> Result<(), SpellingError> {
        let Some(open) = self.open.pop() else { return Err(SpellingError::NotOneRoot) };
        if !open.is_complete() {
            return Err(SpellingError::TooFewOperands(open.kind));
        }
        if !open.kind.arity().contains(&open.children) {
            return Err(SpellingError::WrongArity { kind: open.kind, children: open.children });
        }
        self.arena.close(open.node, 0);
        Ok(())
    }

    /// Writes an instruction that has only operands, none of them the output of a `call`.
    ///
    /// # Errors
    /// If it cannot be written so.
    pub fn leaf(&mut self, kind: Kind, operands: &[Item<'_>]) -> Result<(), SpellingError> {
        self.open(kind)?;
        operands.iter().try_for_each(|&operand| self.operand(operand))?;
        self.close()
    }

    /// The tree.
    ///
    /// # Errors
    /// If it is not one closed instruction.
    pub fn finish(self) -> Result<Tree, SpellingError> {
        if self.roots != 1 || !self.open.is_empty() {
            return Err(SpellingError::NotOneRoot);
        }
        Ok(self.arena.finish_roomy())
    }
}
