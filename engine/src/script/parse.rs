//! Tokens to a tree, with a stack of open instructions instead of recursion.
//!
//! **Parsing never fails and reports each mistake once.** An operand that may not stand where it does is taken all the
//! same; where that is no way on, tokens are skipped to the bracket that closes the instruction. Instructions on the way
//! are read, and other names met there count as defined, so that no finding of the validator follows from a misspelling.

use super::arena::Arena;
use super::diagnostic::{Sink, is_one_edit, short};
use super::grammar::{Class, Classes, Position};
use super::token::{Lexer, Token};
use super::word::{LensForm, Literal, RawAccessor};
use super::{
    Accessor, Code, Diagnostic, Kind, Lens, NodeId, Operand, Span, Symbol, Tree, Value, Variable, VariableKind,
};
use std::mem::discriminant;

/// What a text holds, and what the validator must know about its mistakes.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub(crate) tree: Tree,
    pub(crate) mistakes: Mistakes,
}

/// What mistakes of spelling leave unknown.
#[derive(Debug, Default)]
pub(crate) struct Mistakes {
    /// Names that a part of the text that was not understood may define.
    pub(crate) names: Vec<Symbol>,
    /// Instructions that were not understood as a whole, in textual order.
    pub(crate) nodes: Vec<NodeId>,
}

pub(crate) fn parse(text: &str, sink: &mut Sink) -> Parsed {
    let mut lexer = Lexer::new(text);
    lexer.advance(sink);
    let mut parser = Parser {
        lexer,
        sink,
        last_end: 0,
        arena: Arena::for_text(text.len()),
        mistakes: Mistakes::default(),
        open: Vec::new(),
        bracket_mistake: false,
        lost: 0,
    };
    parser.script();
    let mut mistakes = parser.mistakes;
    mistakes.nodes.sort_unstable();
    Parsed { tree: parser.arena.finish(parser.lexer.comments), mistakes }
}

/// An instruction whose children are being read.
#[derive(Debug)]
struct Open {
    node: NodeId,
    /// Its opening bracket.
    bracket: Span,
    /// What the bracket and the word after it are called.
    name: &'static str,
    kind: Kind,
    children: u32,
    /// It cannot be read on: what is skipped up to its closing bracket, and how many brackets are open there.
    lost: Option<u32>,
}

struct Parser<'s, 'k> {
    lexer: Lexer<'s>,
    sink: &'k mut Sink,
    /// Where the token before this one ends.
    last_end: u32,
    arena: Arena,
    mistakes: Mistakes,
    open: Vec<Open>,
    /// Some bracket stood where it does not belong, which explains why others are missing or too many in the end.
    bracket_mistake: bool,
    /// How many open instructions are being skipped.
    lost: usize,
}

/// The rest of this instruction cannot be read; what was wrong is reported, and the brackets open inside of it.
struct Lost {
    inner_brackets: u32,
}

const LOST: Lost = Lost { inner_brackets: 0 };
const LOST_IN_PAIR: Lost = Lost { inner_brackets: 1 };

impl Parser<'_, '_> {
    /// `script = instr , END`
    fn script(&mut self) {
        if self.lexer.token == Token::End {
            return self.sink.error(|| {
                Diagnostic::new(Code::UnexpectedEnd, Span::at(0), "there is no instruction here")
                    .help("the smallest script is `(null)`")
            });
        }
        let mut roots = 0;
        let mut trailing = false;
        while self.lexer.token != Token::End {
            if self.lexer.token == Token::Open && roots == 0 {
                roots += 1;
                self.instruction();
                continue;
            }
            if !std::mem::replace(&mut trailing, true) {
                self.not_a_root(roots);
            }
            match self.lexer.token {
                Token::Open => self.instruction(),
                _ => self.advance(),
            }
        }
    }

    /// `instr = "(" , body , ")"`, with all the instructions inside of it.
    fn instruction(&mut self) {
        debug_assert!(self.open.is_empty(), "instructions inside of this one are read by `step`");
        self.begin();
        while !self.open.is_empty() {
            self.step();
        }
    }

    /// Reads on inside the innermost open instruction: a child, or its closing bracket.
    fn step(&mut self) {
        let Some(Open { node, bracket, kind, children, name, lost }) = self.open.last() else { return };
        if let (Some(depth), false) = (*lost, matches!(self.lexer.token, Token::End)) {
            return self.skip(depth);
        }
        let (node, bracket, kind, children, name) = (*node, *bracket, *kind, *children, *name);
        let wanted = kind.arity();
        let complete = wanted.contains(&children);
        match self.lexer.token {
            Token::Open if children + 1 < wanted.end => {
                if children == 1 {
                    self.arena.second_child(node);
                }
                if let Some(open) = self.open.last_mut() {
                    open.children += 1;
                }
                self.begin();
            }
            Token::Close if complete => self.end(node),
            Token::End => {
                let last_end = self.last_end;
                if !self.bracket_mistake {
                    self.mistake(|| {
                        Diagnostic::new(
                            Code::UnexpectedEnd,
                            Span::at(last_end),
                            "the script ends inside an instruction",
                        )
                        .caption("a `)` is missing")
                        .label(bracket, format!("this `{name}` is not closed"))
                    });
                }
                while let Some(open) = self.open.last() {
                    let node = open.node;
                    self.mistakes.nodes.push(node);
                    self.end(node);
                }
            }
            _ => {
                let expected = match (children, kind) {
                    (1, Kind::Fold) => "`)`, or a last instruction",
                    _ if complete => "`)`",
                    (0, Kind::Seq | Kind::Par | Kind::Xor) => "two instructions",
                    (0, _) => "an instruction",
                    _ => "a second instruction",
                };
                let (span, found) = (self.lexer.span, self.found());
                self.mistake(|| {
                    let keyword = kind.keyword();
                    let d = Diagnostic::new(Code::Unexpected, span, format!("{found} in `{keyword}`"))
                        .caption(format!("expected {expected}"));
                    match wanted.end - 1 {
                        1 => d.help(format!("`{keyword}` takes one instruction")),
                        2 if kind == Kind::Fold => d.help("`fold` takes a body and at most one last instruction"),
                        2 => d.help(format!("`{keyword}` takes exactly two instructions: nest another one for more")),
                        _ => d,
                    }
                });
                self.recover(node, LOST);
            }
        }
    }

    /// Closes the innermost instruction at the bracket at hand.
    fn end(&mut self, node: NodeId) {
        let end = self.lexer.span.end;
        if matches!(self.lexer.token, Token::Close) {
            self.advance();
        }
        self.arena.close(node, end);
        if self.open.pop().is_some_and(|open| open.lost.is_some()) {
            self.lost -= 1;
        }
    }

    /// Reads an opening bracket, the keyword and the operands of an instruction.
    fn begin(&mut self) {
        let bracket = self.lexer.span;
        self.advance();
        self.begin_at(bracket);
    }

    /// As [`Parser::begin`], after the bracket.
    fn begin_at(&mut self, bracket: Span) {
        let meant = match self.lexer.token {
            Token::Keyword(kind) => Some(kind),
            Token::Literal(Literal::Variable { name, .. }) => {
                Kind::ALL.into_iter().find(|kind| is_meant(kind.keyword(), name))
            }
            _ => None,
        };
        if !matches!(self.lexer.token, Token::Keyword(_) | Token::Bad(_) | Token::End) {
            self.bracket_mistake |= self.at_bracket();
            let (span, found) = (self.lexer.span, self.found());
            self.sink.error(|| {
                Diagnostic::new(Code::Unexpected, span, format!("{found} is not an instruction"))
                    .caption("expected the name of an instruction")
                    .help(instructions(meant))
            });
        }
        // What is misspelled is read as what it was meant to be.
        let Some(kind) = meant else {
            let node = self.arena.open(Kind::Null, bracket.start);
            self.open.push(Open { node, bracket, name: "(", kind: Kind::Null, children: 0, lost: None });
            return self.recover(node, LOST);
        };
        let keyword = self.lexer.span.start;
        self.advance();
        let node = self.arena.open(kind, bracket.start);
        self.arena.set_keyword(node, keyword);
        self.open.push(Open { node, bracket, name: kind.keyword(), kind, children: 0, lost: None });
        if let Err(lost) = self.operands(kind, node) {
            self.recover(node, lost);
        }
    }

    /// Has what is left of this instruction skipped.
    fn recover(&mut self, node: NodeId, lost: Lost) {
        self.mistakes.nodes.push(node);
        if let Some(open) = self.open.last_mut() {
            self.lost += usize::from(open.lost.is_none());
            open.lost = Some(lost.inner_brackets);
        }
    }

    /// Goes one token on to the bracket that closes the innermost instruction, which cannot be read; an instruction on
    /// the way is read, for its own mistakes and for what it defines.
    fn skip(&mut self, depth: u32) {
        let mut depth = depth;
        match self.lexer.token {
            Token::Close if depth == 0 => {
                if let Some(node) = self.open.last().map(|open| open.node) {
                    self.end(node);
                }
                return;
            }
            Token::Close => depth -= 1,
            Token::Open => {
                let bracket = self.lexer.span;
                self.advance();
                if matches!(self.lexer.token, Token::Keyword(_)) {
                    return self.begin_at(bracket);
                }
                if let Some(open) = self.open.last_mut() {
                    open.lost = Some(depth + 1);
                }
                return;
            }
            Token::Literal(Literal::Variable { name, .. }) | Token::Bad(name) => self.may_be_defined(name),
            _ => {}
        }
        self.advance();
        if let Some(open) = self.open.last_mut() {
            open.lost = Some(depth);
        }
    }

    /// Reports what is wrong with the innermost instruction, unless an unclosed string inside of it explains that.
    fn mistake(&mut self, make: impl FnOnce() -> Diagnostic) {
        let explained = match (self.open.last(), self.lexer.unclosed_string) {
            (Some(open), Some(string)) => open.bracket.start < string,
            _ => false,
        };
        // In what is skipped for a misplaced bracket, others are out of place too.
        let follows = self.at_bracket() && self.bracket_mistake && self.lost > 0;
        if !explained && !follows {
            self.sink.error(make);
        }
        self.bracket_mistake |= self.at_bracket();
    }

    fn at_bracket(&self) -> bool {
        matches!(self.lexer.token, Token::Open | Token::Close | Token::OpenSquare | Token::CloseSquare)
    }

    fn may_be_defined(&mut self, name: &str) {
        let symbol = self.arena.intern(name);
        self.mistakes.names.push(symbol);
    }

    #[inline]
    fn advance(&mut self) {
        self.last_end = self.lexer.span.end;
        self.lexer.advance(self.sink);
    }

    // operands

    fn operands(&mut self, kind: Kind, node: NodeId) -> Result<(), Lost> {
        use Position as P;
        match kind {
            Kind::Call => self.call(node)?,
            Kind::Assign | Kind::Insert => self.ap(node)?,
            Kind::Canon => {
                self.operand(node, P::Peer, LOST)?;
                let to = match self.operand(node, P::CanonSource, LOST)? {
                    Some(Variable { kind: VariableKind::Map, .. }) => P::CanonMapTarget,
                    _ => P::CanonTarget,
                };
                self.operand(node, to, LOST)?;
            }
            Kind::Match | Kind::Mismatch => {
                self.operand(node, P::Comparand, LOST)?;
                self.operand(node, P::Comparand, LOST)?;
            }
            Kind::Fold => {
                self.operand(node, P::Iterable, LOST)?;
                self.operand(node, P::Iterator, LOST)?;
            }
            Kind::Next => drop(self.operand(node, P::Iterator, LOST)?),
            Kind::New => drop(self.operand(node, P::New, LOST)?),
            Kind::Fail => {
                let literal = matches!(self.lexer.token, Token::Literal(Literal::Integer(_)));
                self.operand(node, P::Fail, LOST)?;
                if literal {
                    self.operand(node, P::FailText, LOST)?;
                }
            }
            Kind::Seq | Kind::Par | Kind::Xor | Kind::Null | Kind::Never => {}
        }
        Ok(())
    }

    /// `call = "call" , peer , "(" , service , function , ")" , "[" , { arg } , "]" , [ out ]`
    fn call(&mut self, node: NodeId) -> Result<(), Lost> {
        self.operand(node, Position::Peer, LOST)?;
        self.bracket(Token::Open, "`(` and a service", LOST)?;
        self.operand(node, Position::Service, LOST_IN_PAIR)?;
        self.operand(node, Position::Function, LOST_IN_PAIR)?;
        self.bracket(Token::Close, "`)` after the function", LOST_IN_PAIR)?;
        self.bracket(Token::OpenSquare, "`[` and the arguments", LOST)?;
        let mut last_argument = None;
        while !matches!(self.lexer.token, Token::CloseSquare) {
            if matches!(self.lexer.token, Token::Close) {
                // Without its `]`, the output looks like one more argument.
                self.mistakes.names.extend(last_argument);
            }
            last_argument = self.operand(node, Position::Argument, LOST)?.map(|variable| variable.name);
        }
        self.advance();
        if !matches!(self.lexer.token, Token::Close) {
            self.operand(node, Position::Output, LOST)?;
            // Not before: where no operand was read, the last argument is none.
            self.arena.set_output(node);
        }
        Ok(())
    }

    /// `assign = "ap" , source , target`, `insert = "ap" , "(" , key , value , ")" , map`
    fn ap(&mut self, node: NodeId) -> Result<(), Lost> {
        if !matches!(self.lexer.token, Token::Open) {
            self.operand(node, Position::Source, LOST)?;
            self.operand(node, Position::Target, LOST)?;
            return Ok(());
        }
        self.arena.set_kind(node, Kind::Insert);
        if let Some(open) = self.open.last_mut() {
            open.kind = Kind::Insert;
        }
        self.advance();
        self.operand(node, Position::Key, LOST_IN_PAIR)?;
        self.operand(node, Position::MapValue, LOST_IN_PAIR)?;
        self.bracket(Token::Close, "`)` after the value", LOST_IN_PAIR)?;
        self.operand(node, Position::MapTarget, LOST)?;
        Ok(())
    }

    fn bracket(&mut self, bracket: Token<'static>, expected: &'static str, lost: Lost) -> Result<(), Lost> {
        if discriminant(&self.lexer.token) == discriminant(&bracket) {
            self.advance();
            return Ok(());
        }
        if self.lexer.token != Token::End {
            let (span, found) = (self.lexer.span, self.found());
            let kind = self.open.last().map_or(Kind::Null, |open| open.kind);
            self.mistake(|| {
                Diagnostic::new(Code::Unexpected, span, format!("{found} out of place"))
                    .caption(format!("expected {expected}"))
                    .help(format!("the form is `{}`", form(kind)))
            });
        }
        Err(lost)
    }

    /// Reads one operand and returns it if it is a variable.
    fn operand(&mut self, node: NodeId, position: Position, lost: Lost) -> Result<Option<Variable>, Lost> {
        let mut span = self.lexer.span;
        let value = match self.lexer.token {
            Token::Literal(literal) => self.value(literal),
            Token::OpenSquare => {
                self.advance();
                if !matches!(self.lexer.token, Token::CloseSquare) {
                    self.not_empty_array(position);
                    return Err(lost);
                }
                span = span.to(self.lexer.span);
                Value::EmptyArray
            }
            Token::Bad(name) => {
                self.advance();
                self.may_be_defined(name);
                self.mistakes.nodes.push(node);
                self.arena.operand(node, Operand { span, value: Value::EmptyArray });
                return Ok(None);
            }
            _ => {
                self.unexpected(node, position, None);
                return Err(lost);
            }
        };
        let class = Class::of(&value);
        if !position.accepts().contains(class) {
            self.unexpected(node, position, Some(class));
            self.mistakes.nodes.push(node);
            if let Value::String(name) | Value::Variable(Variable { name, .. }) = value {
                self.mistakes.names.push(name);
            }
        }
        self.advance();
        self.arena.operand(node, Operand { span, value });
        Ok(if let Value::Variable(variable) = value { Some(variable) } else { None })
    }

    fn value(&mut self, literal: Literal<'_>) -> Value {
        match literal {
            Literal::String(text) => Value::String(self.arena.intern(text)),
            Literal::Integer(integer) => Value::Integer(integer),
            Literal::Float(float) => Value::Float(float),
            Literal::Boolean(boolean) => Value::Boolean(boolean),
            Literal::InitPeerId => Value::InitPeerId,
            Literal::Timestamp => Value::Timestamp,
            Literal::Ttl => Value::Ttl,
            Literal::LastError(lens) => Value::LastError(self.lens(lens)),
            Literal::Error(lens) => Value::Error(self.lens(lens)),
            Literal::Variable { kind, name, lens } => {
                let name = self.arena.intern(name);
                Value::Variable(Variable { kind, name, lens: self.lens(lens) })
            }
        }
    }

    fn lens(&mut self, form: LensForm) -> Lens {
        match form {
            LensForm::None => Lens::NONE,
            LensForm::Length => Lens::LENGTH,
            LensForm::Path => {
                let Self { arena, lexer, .. } = self;
                let first = arena.path_start();
                for &accessor in &lexer.accessors {
                    let accessor = match accessor {
                        RawAccessor::Index(index) => Accessor::Index(index),
                        RawAccessor::Field(name) => Accessor::Field(arena.intern(name)),
                        RawAccessor::Scalar(name) => Accessor::Scalar(arena.intern(name)),
                    };
                    arena.accessor(accessor);
                }
                arena.path_from(first)
            }
        }
    }

    // mistakes

    /// The token at hand, in words.
    fn found(&self) -> String {
        match self.lexer.token {
            Token::Open => "`(`".into(),
            Token::Close => "`)`".into(),
            Token::OpenSquare => "`[`".into(),
            Token::CloseSquare => "`]`".into(),
            Token::Keyword(kind) => format!("`{}`", kind.keyword()),
            Token::Literal(Literal::String(_)) => "a string".into(),
            Token::Literal(Literal::Variable { name, .. }) => format!("`{}`", short(name)),
            Token::Literal(_) => "a value".into(),
            Token::Bad(_) => "a bad word".into(),
            Token::End => "the end".into(),
        }
    }

    fn not_a_root(&mut self, roots: u32) {
        let (span, found) = (self.lexer.span, self.found());
        let (code, help) = match self.lexer.token {
            Token::Bad(_) => return,
            _ if roots > 0 && (self.bracket_mistake || self.lexer.unclosed_string.is_some()) => return,
            _ if roots == 0 => (Code::Unexpected, "a script is one instruction in brackets, such as `(null)`"),
            Token::Open => (Code::Trailing, "a script is one instruction: wrap both in `(seq …)` or `(par …)`"),
            Token::Close => (Code::Trailing, "there is one `)` too many, here or before"),
            _ => (Code::Trailing, "a script is one instruction"),
        };
        self.sink.error(|| {
            let place = if roots == 0 { "before the script" } else { "after the end of the script" };
            Diagnostic::new(code, span, format!("{found} {place}")).help(help)
        });
    }

    fn not_empty_array(&mut self, position: Position) {
        let span = self.lexer.span;
        if self.lexer.token != Token::End {
            self.mistake(|| {
                let found =
                    if position.accepts().contains(Class::EmptyArray) { "an array with elements" } else { "an array" };
                Diagnostic::new(Code::Unexpected, span, format!("{found} as {}", position.words()))
                    .caption("expected `]`")
                    .help("`[]` is the only array that can be written; others come from services and canons")
            });
        }
    }

    fn unexpected(&mut self, node: NodeId, position: Position, class: Option<Class>) {
        if self.lexer.token == Token::End {
            return;
        }
        let (span, found) = (self.lexer.span, self.found());
        let token = self.lexer.token;
        let keyword = self.open.last().filter(|open| open.node == node).map_or("", |open| open.kind.keyword());
        self.mistake(|| {
            let accepted = position.accepts();
            let what = class.map_or(found, |class| class.words().into());
            let message = match (class, token) {
                (None, Token::Keyword(kind)) => format!("the keyword `{}` as {}", kind.keyword(), position.words()),
                (None, Token::Close | Token::CloseSquare) => format!("{what} in place of {}", position.words()),
                _ => format!("{what} as {}", position.words()),
            };
            let end = if position == Position::Argument { ", or `]`" } else { "" };
            let d = Diagnostic::new(Code::Unexpected, span, message)
                .caption(format!("expected {}{end}", shorter(accepted)));
            match hint(position, class, token) {
                Some(help) => d.help(help),
                None if keyword.is_empty() => d,
                None => d.help(format!("the form is `{}`", form(node_kind(keyword, position)))),
            }
        });
    }
}

/// Whether a word is a misspelled keyword: in another case, or off by one character other than the first.
fn is_meant(keyword: &str, word: &str) -> bool {
    keyword.eq_ignore_ascii_case(word) || (keyword.get(..1) == word.get(..1) && is_one_edit(keyword, word))
}

/// The instruction that was probably meant, or all of them.
fn instructions(meant: Option<Kind>) -> String {
    let names = Kind::ALL.iter().filter(|kind| **kind != Kind::Insert).map(|kind| kind.keyword());
    match meant {
        Some(kind) => format!("is it `{}`?", kind.keyword()),
        None => format!("instructions are {}", names.collect::<Vec<_>>().join(", ")),
    }
}

/// A set of classes in words, a longer one by what it leaves out.
fn shorter(classes: Classes) -> String {
    match classes.iter().count() {
        0..=6 => classes.to_string(),
        _ if classes == Position::Argument.accepts() => "a literal, a scalar, a canon, a canon map or an error".into(),
        _ if classes == Position::Source.accepts() => {
            "a literal, a scalar, a canon, a part of a canon map or an error".into()
        }
        _ => "an array, a stream, a stream map, a canon or a canon map".into(),
    }
}

/// What to write instead, where that can be told.
fn hint(position: Position, class: Option<Class>, token: Token<'_>) -> Option<&'static str> {
    use Position as P;
    Some(match (position, class) {
        (_, None) if matches!(token, Token::Keyword(_)) => "keywords cannot be names",
        (P::Target | P::Output, Some(Class::Map)) => "a stream map is filled by pairs: `(ap (key value) %map)`",
        (P::Target | P::Output, Some(Class::Canon | Class::CanonMap)) => "canons get their value from `canon` only",
        (_, Some(Class::Stream | Class::Map)) if !position.defines() => {
            "a stream has no fixed value yet: `canon` it first, and use the canon"
        }
        (_, Some(Class::StreamLens)) => "streams and stream maps take no lens: `canon` them first",
        (P::Peer | P::Service | P::Function, Some(Class::Canon | Class::CanonMap)) => {
            "a whole canon is an array or object: take an element of it, as in `#canon.$.[0]`"
        }
        (P::Peer, Some(Class::LastErrorLens | Class::ErrorLens)) => "copy it into a scalar with `ap` first",
        (P::Source | P::MapValue, Some(Class::CanonMap)) => "take a part of it, as in `#%map.$.key`",
        (P::Iterable, Some(Class::CanonLens)) => "copy the element into a scalar with `ap` first",
        (P::Key, Some(Class::Float | Class::Boolean)) => "keys are strings and integers",
        (P::Fail, Some(Class::LastErrorLens | Class::ErrorLens)) => "only whole error objects can be raised again",
        (P::FailText, Some(_)) => {
            "the text of a literal `fail` is written out; `(fail scalar)` raises a computed error"
        }
        (P::CanonTarget, Some(Class::Scalar)) => {
            "a stream goes into a canon such as `#name`; only a stream map can go into a scalar"
        }
        (P::Iterator, Some(Class::ScalarLens)) | (P::New, Some(Class::ScalarLens)) => {
            "a name stands here, without lens"
        }
        _ => return None,
    })
}

fn node_kind(keyword: &str, position: Position) -> Kind {
    match (keyword, position) {
        ("ap", Position::Key | Position::MapValue | Position::MapTarget) => Kind::Insert,
        _ => Kind::ALL.into_iter().find(|kind| kind.keyword() == keyword).unwrap_or(Kind::Null),
    }
}

/// How an instruction is written.
const fn form(kind: Kind) -> &'static str {
    match kind {
        Kind::Call => "(call peer (service function) [argument …] output)",
        Kind::Assign => "(ap source target)",
        Kind::Insert => "(ap (key value) %map)",
        Kind::Canon => "(canon peer source target)",
        Kind::Seq => "(seq left right)",
        Kind::Par => "(par left right)",
        Kind::Xor => "(xor tried handler)",
        Kind::Match => "(match left right body)",
        Kind::Mismatch => "(mismatch left right body)",
        Kind::Fold => "(fold iterable iterator body last)",
        Kind::Next => "(next iterator)",
        Kind::New => "(new variable body)",
        Kind::Fail => "(fail code \"text\")` or `(fail error)",
        Kind::Null => "(null)",
        Kind::Never => "(never)",
    }
}
