//! Single words: keywords, special values, numbers, variables and their lenses.
//!
//! A word is a maximal run of characters that is not a bracket, string, comment or blank. The winnow parsers below read
//! the text of one word from its start; the place of a failure is what is left of it.

use super::{Code, Kind, Span, VariableKind};
use winnow::Parser;
use winnow::ascii::digit1;
use winnow::combinator::{alt, delimited, opt, preceded, terminated};
use winnow::error::EmptyError;
use winnow::token::{one_of, take_while};

/// The longest spelling of a float, in bytes.
pub(crate) const FLOAT_LEN_MAX: usize = 11;

/// A word, understood; names still point into the text.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Word<'s> {
    /// The first word of an instruction; `ap` stands for both of its forms.
    Keyword(Kind),
    Literal(Literal<'s>),
}

/// An operand whose accessors, if it has a path, are those last written to the lexer's list.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Literal<'s> {
    String(&'s str),
    Integer(i64),
    Float(f64),
    Boolean(bool),
    InitPeerId,
    Timestamp,
    Ttl,
    LastError(LensForm),
    Error(LensForm),
    Variable { kind: VariableKind, name: &'s str, lens: LensForm },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LensForm {
    None,
    Length,
    Path,
}

/// One step of a lens, with names that point into the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RawAccessor<'s> {
    Index(u32),
    Field(&'s str),
    Scalar(&'s str),
}

/// Why a word is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct WordError {
    pub(crate) code: Code,
    /// Relative to the word.
    pub(crate) span: Span,
    /// For a bad lens, where its first bad accessor starts, relative to the word.
    pub(crate) detail: u32,
}

impl WordError {
    const fn new(code: Code, span: Span) -> Self {
        Self { code, span, detail: span.start }
    }

    fn at(code: Code, offset: usize) -> Self {
        Self::new(code, Span::at(offset as u32))
    }

    fn whole(code: Code, word: &str) -> Self {
        Self::new(code, Span::new(0, word.len() as u32))
    }
}

/// `name_char = Unicode alphanumeric | "_" | "-"`
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-' || (!c.is_ascii() && c.is_alphanumeric())
}

const fn is_lens_char(c: char) -> bool {
    matches!(c, '$' | '@' | '[' | ']' | '(' | ')' | ':' | '?' | '.' | '*' | ',' | '"' | '\'')
}

/// The instruction that this word begins.
pub(crate) fn keyword(word: &str) -> Option<Kind> {
    Some(match word {
        "call" => Kind::Call,
        "canon" => Kind::Canon,
        "ap" => Kind::Assign,
        "seq" => Kind::Seq,
        "par" => Kind::Par,
        "xor" => Kind::Xor,
        "fail" => Kind::Fail,
        "fold" => Kind::Fold,
        "new" => Kind::New,
        "next" => Kind::Next,
        "never" => Kind::Never,
        "null" => Kind::Null,
        "match" => Kind::Match,
        "mismatch" => Kind::Mismatch,
        _ => return None,
    })
}

/// Reads a whole word; the accessors of its path, if it has one, replace the contents of `accessors`.
pub(crate) fn word<'s>(word: &'s str, accessors: &mut Vec<RawAccessor<'s>>) -> Result<Word<'s>, WordError> {
    use Literal::*;
    if let Some(kind) = keyword(word) {
        return Ok(Word::Keyword(kind));
    }
    let literal = match word.as_bytes() {
        b"%init_peer_id%" => InitPeerId,
        b"%timestamp%" => Timestamp,
        b"%ttl%" => Ttl,
        b"true" => Boolean(true),
        b"false" => Boolean(false),
        [b':', ..] if word.starts_with(":error:") => Error(whole_lens(word, ":error:".len(), accessors)?),
        [b'%', ..] if word.starts_with("%last_error%") => LastError(whole_lens(word, "%last_error%".len(), accessors)?),
        [b'0'..=b'9' | b'+' | b'-' | b'.' | 128.., ..] => match number(word)? {
            Some(number) => number,
            None => variable(word, accessors)?,
        },
        _ => variable(word, accessors)?,
    };
    Ok(Word::Literal(literal))
}

/// `number = [ "+" | "-" ] , digit* , [ "." , digit* ]`, where a digit is any character with a numeric property; `None`
/// if the word goes on in another way before a dot, so that it is a variable.
fn number(word: &str) -> Result<Option<Literal<'_>>, WordError> {
    let mut rest = word;
    let place = |rest: &str| word.len() - rest.len();
    let mut digits = take_while::<_, &str, EmptyError>(0.., char::is_numeric);
    let sign = opt(one_of::<_, _, EmptyError>(['+', '-'])).parse_next(&mut rest).unwrap_or_default();
    let whole = digits.parse_next(&mut rest).unwrap_or_default();
    match rest.chars().next() {
        None => match word.parse() {
            Ok(integer) => Ok(Some(Literal::Integer(integer))),
            Err(_) => Err(WordError::whole(Code::BadInt, word)),
        },
        Some('.') if whole.is_empty() => Err(WordError::at(Code::LeadingDot, usize::from(sign.is_some()))),
        Some('.') => {
            rest = rest.get(1..).unwrap_or_default();
            let _ = digits.parse_next(&mut rest);
            if !rest.is_empty() {
                return Err(WordError::at(Code::BadNumberChar, place(rest)));
            }
            if word.len() > FLOAT_LEN_MAX {
                return Err(WordError::whole(Code::FloatTooLong, word));
            }
            match word.parse() {
                Ok(float) => Ok(Some(Literal::Float(float))),
                Err(_) => Err(WordError::whole(Code::BadFloat, word)),
            }
        }
        Some(_) => Ok(None),
    }
}

/// `variable = [ "$" | "%" | "#" | "#$" | "#%" ] , name , [ lens ]`; without sigil, the first character may be `+`.
fn variable<'s>(word: &'s str, accessors: &mut Vec<RawAccessor<'s>>) -> Result<Literal<'s>, WordError> {
    let mut rest = word;
    let sigil = match word.as_bytes() {
        [b'$' | b'%' | b'#', ..] => sigil(&mut rest).unwrap_or_default(),
        _ => "",
    };
    let kind = match sigil {
        "" => VariableKind::Scalar,
        "$" => VariableKind::Stream,
        "%" => VariableKind::Map,
        "#%" => VariableKind::CanonMap,
        _ => VariableKind::Canon,
    };
    let plus: Option<char> = if sigil.is_empty() {
        opt(one_of::<_, _, EmptyError>('+')).parse_next(&mut rest).unwrap_or_default()
    } else {
        None
    };
    let stem = take_while::<_, &str, EmptyError>(0.., is_name_char).parse_next(&mut rest).unwrap_or_default();
    let named = plus.is_some() || !stem.is_empty();
    let end = word.len() - rest.len();
    let lens = match rest.chars().next() {
        None if named => LensForm::None,
        None if sigil.len() == 1 => return Err(WordError::at(Code::EmptySigilName, 0)),
        None | Some('.') if !named => return Err(WordError::at(Code::EmptyCanonName, sigil.len().saturating_sub(1))),
        Some('.') => {
            if let Some((bad, _)) = rest
                .char_indices()
                .find(|&(i, c)| !(is_name_char(c) || is_lens_char(c) || (c == '!' && i + 1 == rest.len())))
            {
                return Err(WordError::at(Code::BadLensChar, end + bad));
            }
            whole_lens(word, end, accessors)?
        }
        _ => return Err(WordError::at(Code::BadNameChar, end)),
    };
    Ok(Literal::Variable { kind, name: word.get(..end).unwrap_or_default(), lens })
}

/// `sigil = "#$" | "#%" | "#" | "$" | "%"`
fn sigil<'s>(input: &mut &'s str) -> Result<&'s str, EmptyError> {
    alt(("#$", "#%", "#", "$", "%")).parse_next(input)
}

/// The lens that is all of the word from `start` on.
fn whole_lens<'s>(word: &'s str, start: usize, accessors: &mut Vec<RawAccessor<'s>>) -> Result<LensForm, WordError> {
    let mut rest = word.get(start..).unwrap_or_default();
    lens(&mut rest, accessors).map_err(|EmptyError| WordError {
        code: Code::BadLens,
        span: Span::new(start as u32, word.len() as u32),
        detail: (word.len() - rest.len()) as u32,
    })
}

/// `lens = [ ".length" | ".$" , accessor , { accessor } ] , END`
fn lens<'s>(input: &mut &'s str, accessors: &mut Vec<RawAccessor<'s>>) -> Result<LensForm, EmptyError> {
    match *input {
        "" => return Ok(LensForm::None),
        ".length" => return Ok(LensForm::Length),
        _ => {}
    }
    ".$".parse_next(input)?;
    accessors.clear();
    loop {
        let before = *input;
        accessors.push(accessor(input).inspect_err(|_| *input = before)?);
        if input.is_empty() {
            return Ok(LensForm::Path);
        }
    }
}

/// `accessor = ( "." , field | [ "." ] , "[" , index , "]" ) , [ "!" ]`
fn accessor<'s>(input: &mut &'s str) -> Result<RawAccessor<'s>, EmptyError> {
    let field_access = preceded('.', field).map(RawAccessor::Field);
    let element_access = delimited((opt('.'), '['), index, ']');
    terminated(alt((field_access, element_access)), opt('!')).parse_next(input)
}

/// `index = number | field`, a number in 32 bits or the name of a scalar
fn index<'s>(input: &mut &'s str) -> Result<RawAccessor<'s>, EmptyError> {
    alt((digit1.parse_to().map(RawAccessor::Index), field.map(RawAccessor::Scalar))).parse_next(input)
}

/// `field = ( name_char - ASCII digit ) , { name_char }`
fn field<'s>(input: &mut &'s str) -> Result<&'s str, EmptyError> {
    take_while(1.., is_name_char).verify(|name: &str| !name.starts_with(|c: char| c.is_ascii_digit())).parse_next(input)
}

/// Whether this text is a variable without lens, as it stands.
pub(crate) fn variable_kind(name: &str) -> Option<VariableKind> {
    match word(name, &mut Vec::new()) {
        Ok(Word::Literal(Literal::Variable { kind, lens: LensForm::None, .. })) => Some(kind),
        _ => None,
    }
}

/// Whether this text can stand in a lens, as a field or as the name of a scalar.
pub(crate) fn is_field(name: &str) -> bool {
    let mut rest = name;
    field(&mut rest).is_ok() && rest.is_empty()
}
