//! Text to tokens: blanks, comments, brackets, strings and words.
//!
//! **The lexer never fails.** A bad word is reported once and becomes a [`Token::Bad`] that the grammar takes anywhere, so
//! that no second error follows from it.

use super::diagnostic::{Sink, short};
use super::word::{FLOAT_LEN_MAX, Literal, RawAccessor, Word, WordError, is_name_char, word};
use super::{Code, Diagnostic, Kind, Span};

#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Token<'s> {
    Open,
    Close,
    OpenSquare,
    CloseSquare,
    Keyword(Kind),
    Literal(Literal<'s>),
    /// A bad word or unclosed string, already reported; the part of it that would be a name.
    Bad(&'s str),
    End,
}

/// Reads tokens one by one.
#[derive(Debug)]
pub(crate) struct Lexer<'s> {
    text: &'s str,
    offset: usize,
    /// The token at hand; the end before the first one is read.
    pub(crate) token: Token<'s>,
    /// Its place.
    pub(crate) span: Span,
    /// Where the last string begins that was not closed.
    pub(crate) unclosed_string: Option<u32>,
    /// The comments met so far.
    pub(crate) comments: Vec<Span>,
    /// The accessors of the token at hand, if it has a path.
    pub(crate) accessors: Vec<RawAccessor<'s>>,
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self {
            text,
            offset: 0,
            token: Token::End,
            span: Span::default(),
            unclosed_string: None,
            comments: Vec::new(),
            accessors: Vec::new(),
        }
    }

    fn rest(&self) -> &'s str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(start as u32, self.offset as u32)
    }

    /// Goes on to the next token; to [`Token::End`] for ever at the end.
    #[inline]
    pub(crate) fn advance(&mut self, sink: &mut Sink) {
        // Brackets and plain blanks make up most tokens, and are read without a call. The token is written in place,
        // field by field: moving it costs more than reading it.
        while let Some(b' ' | b'\n') = self.text.as_bytes().get(self.offset) {
            self.offset += 1;
        }
        let start = self.offset;
        self.token = match self.text.as_bytes().get(start) {
            Some(b'(') => Token::Open,
            Some(b')') => Token::Close,
            Some(b'[') => Token::OpenSquare,
            Some(b']') => Token::CloseSquare,
            _ => return self.advance_further(sink),
        };
        self.offset += 1;
        self.span = self.span_from(start);
    }

    fn advance_further(&mut self, sink: &mut Sink) {
        loop {
            self.skip_blanks_and_comments();
            let start = self.offset;
            match self.rest().as_bytes().first() {
                None => self.token = Token::End,
                Some(b'(' | b')' | b'[' | b']') => return self.advance(sink),
                Some(b'"') => self.string(sink),
                Some(b',') => {
                    self.offset += 1;
                    sink.error(|| comma(Code::BadNameChar, start));
                    continue;
                }
                Some(_) => self.word(sink),
            }
            self.span = self.span_from(start);
            return;
        }
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let rest = self.rest();
            match rest.as_bytes().first() {
                Some(b' ' | b'\t'..=b'\r') => self.offset += 1,
                Some(b';') => {
                    let start = self.offset;
                    self.offset += rest.find('\n').unwrap_or(rest.len());
                    self.comments.push(self.span_from(start));
                }
                Some(128..) => match rest.chars().next() {
                    Some(blank) if blank.is_whitespace() => self.offset += blank.len_utf8(),
                    _ => return,
                },
                _ => return,
            }
        }
    }

    /// `string = '"' , { any character but '"' } , '"'`; there are no escapes.
    fn string(&mut self, sink: &mut Sink) {
        let start = self.offset;
        let contents = self.rest().get(1..).unwrap_or_default();
        if let Some(len) = contents.find('"') {
            self.offset += len + 2;
            self.token = Token::Literal(Literal::String(contents.get(..len).unwrap_or_default()));
            return;
        }
        self.unclosed_string = Some(start as u32);
        let line = contents.get(..contents.find('\n').unwrap_or(contents.len())).unwrap_or_default();
        // Reading goes on at the brackets that end the line and close something before it: they were hardly meant.
        self.offset += 1 + line.len() - closing_brackets(line);
        sink.error(|| {
            let line = self.span_from(start);
            Diagnostic::new(
                Code::UnclosedString,
                Span::new(line.start, self.text.len() as u32),
                "this string is never closed",
            )
            .excerpt(line)
            .caption("it starts here")
            .help("a string runs to the next `\"`, over line ends too: one is missing here or in an earlier string")
        });
        self.token = Token::Bad("");
    }

    fn word(&mut self, sink: &mut Sink) {
        let start = self.offset;
        let rest = self.rest();
        let plain = plain_len(rest);
        let text = match rest.as_bytes().get(plain) {
            None | Some(b' ' | b'\n' | b')' | b']') => rest.get(..plain).unwrap_or(rest),
            Some(_) => match self.unusual(rest, plain, sink) {
                Some(text) => text,
                None => return,
            },
        };
        let error = match word(text, &mut self.accessors) {
            Ok(Word::Keyword(kind)) => {
                self.offset += text.len();
                self.token = Token::Keyword(kind);
                return;
            }
            Ok(Word::Literal(literal)) => {
                self.offset += text.len();
                self.token = Token::Literal(literal);
                return;
            }
            Err(error) => error,
        };
        self.offset += text.len();
        let culprit = text.get(error.span.start as usize..).and_then(|rest| rest.chars().next());
        if !sink.is_invalid(start as u32 + error.span.start) {
            sink.error(|| describe(text, error, culprit, start as u32));
        }
        self.token = Token::Bad(name_prefix(text));
    }

    /// A word that goes on after its plain characters, or that something is glued to: the word, unless it is read already.
    fn unusual(&mut self, rest: &'s str, plain: usize, sink: &mut Sink) -> Option<&'s str> {
        // Without a lens, no bracket, quote, comment or comma can be part of a word: the first one is where it goes wrong, and
        // where reading goes on. So what follows is not looked at, or a row of such mistakes would take quadratic time.
        let head = rest.find(|c| !is_name_char(c) && !matches!(c, '$' | '%' | '#' | '.' | '+')).unwrap_or(rest.len());
        let glued_to = rest.get(head..).is_some_and(|rest| rest.starts_with(['(', '[', '"', ';', ',']));
        let lens = rest
            .get(..head)
            .is_some_and(|head| head.contains(".$") || head.ends_with(".length") || head.ends_with("%last_error%"));
        if glued_to
            && !lens
            && let Some(Ok(understood)) = rest.get(..head).map(|head| word(head, &mut self.accessors))
        {
            self.glued(understood, head, sink);
            return None;
        }
        rest.get(..word_len(rest, plain))
    }

    /// A bracket, string, comment or comma directly after a word is read as if a blank stood before it.
    fn glued(&mut self, word: Word<'s>, len: usize, sink: &mut Sink) {
        self.offset += len;
        let next = self.rest().chars().next().unwrap_or_default();
        let code = match word {
            Word::Literal(Literal::Float(_)) => Code::BadNumberChar,
            _ => Code::BadNameChar,
        };
        if next == ',' {
            sink.error(|| comma(code, self.offset));
            self.offset += 1;
        } else {
            sink.error(|| glued_to_word(code, self.offset, next));
        }
        self.token = token(word);
    }
}

fn token(word: Word<'_>) -> Token<'_> {
    match word {
        Word::Keyword(kind) => Token::Keyword(kind),
        Word::Literal(literal) => Token::Literal(literal),
    }
}

/// How many plain characters a text begins with: most words have no others.
fn plain_len(text: &str) -> usize {
    let plain = |b: &u8| matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'-' | b'$' | b'%' | b'#' | b'.');
    text.as_bytes().iter().position(|b| !plain(b)).unwrap_or(text.len())
}

/// A word ends at a blank, or at a closing bracket that is not opened inside of it; the plain characters it begins with
/// are known.
fn word_len(text: &str, head: usize) -> usize {
    let (mut round, mut square) = (0_usize, 0_usize);
    for (i, c) in text.get(head..).unwrap_or_default().char_indices() {
        let ends = match c {
            '(' => add(&mut round),
            '[' => add(&mut square),
            ')' => take(&mut round),
            ']' => take(&mut square),
            _ => c.is_whitespace(),
        };
        if ends {
            return head + i;
        }
    }
    text.len()
}

/// How many bytes at the end of a line are brackets that close nothing in the line itself.
fn closing_brackets(line: &str) -> usize {
    let meant = line.trim_end().trim_end_matches([')', ']']).len();
    let (mut round, mut square) = (0_usize, 0_usize);
    for (at, c) in line.char_indices() {
        let closes_before = match c {
            '(' => add(&mut round),
            '[' => add(&mut square),
            ')' => take(&mut round),
            ']' => take(&mut square),
            _ => false,
        };
        if closes_before && at >= meant {
            return line.len() - at;
        }
    }
    0
}

fn add(open: &mut usize) -> bool {
    *open += 1;
    false
}

fn take(open: &mut usize) -> bool {
    let none_open = *open == 0;
    *open = open.saturating_sub(1);
    none_open
}

/// The longest part of a bad word that could be the name it was meant to be.
fn name_prefix(text: &str) -> &str {
    let sigil = text.find(|c| !matches!(c, '$' | '%' | '#')).unwrap_or(text.len());
    let stem = text.get(sigil..).unwrap_or_default();
    let len = stem.find(|c| !is_name_char(c)).unwrap_or(stem.len());
    text.get(..sigil + len).unwrap_or_default()
}

fn comma(code: Code, offset: usize) -> Diagnostic {
    at_char(code, offset, "`,` has no meaning here".into()).help("arguments are separated by blanks")
}

fn glued_to_word(code: Code, offset: usize, c: char) -> Diagnostic {
    at_char(code, offset, format!("`{c}` directly after a word")).help(format!("put a blank before `{c}`"))
}

/// A finding just before an ASCII character, which is shown.
fn at_char(code: Code, offset: usize, message: String) -> Diagnostic {
    let offset = offset as u32;
    Diagnostic::new(code, Span::at(offset), message).excerpt(Span::new(offset, offset + 1))
}

/// A character as people can read it.
fn shown(c: Option<char>) -> String {
    match c {
        None => "the end".into(),
        Some(c) if c.is_control() || c.is_whitespace() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}') => {
            format!("the character U+{:04X}", u32::from(c))
        }
        Some(c) if c.is_ascii() => format!("`{c}`"),
        Some(c) => format!("`{c}` (U+{:04X})", u32::from(c)),
    }
}

fn describe(text: &str, error: WordError, culprit: Option<char>, start: u32) -> Diagnostic {
    let span = error.span.moved(start);
    let one_char = Span::new(span.start, span.start + culprit.map_or(0, char::len_utf8) as u32);
    let d = |message: String| Diagnostic::new(error.code, span, message);
    let what = shown(culprit);
    match error.code {
        Code::EmptySigilName => d(format!("`{text}` without a name")).excerpt(one_char).help(match text {
            "$" => "a stream has a name after its `$`, such as `$log`",
            "%" => "a stream map has a name after its `%`, such as `%users`",
            _ => "a canon has a name after its `#`, such as `#log`",
        }),
        Code::EmptyCanonName => d(format!("`{}` without a name", name_prefix(text)))
            .excerpt(one_char)
            .help("a name follows the sigil directly, such as `#$log` or `#%users`"),
        Code::LeadingDot => d("a dot before any digit or name".into()).excerpt(one_char).help(
            match text.trim_start_matches(['+', '-', '.']).starts_with(|c: char| c.is_ascii_digit()) {
                true => "a digit comes first, as in `0.5`",
                false => "a lens follows its variable directly, without a blank",
            },
        ),
        Code::BadNumberChar => d(format!("{what} in a number")).excerpt(one_char).help(match culprit {
            Some('e' | 'E') => "floats have no exponent: write out the digits",
            Some('$') => "a name made of digits cannot carry a lens",
            _ => "a number has digits and at most one dot",
        }),
        Code::BadInt => d(format!("`{}` is not an integer that AIR can hold", short(text))).help(format!(
            "integers are written with ASCII digits and go from {} to {}",
            i64::MIN,
            i64::MAX
        )),
        Code::BadFloat => {
            d(format!("`{}` is not a decimal number", short(text))).help("numbers are written with the digits 0 to 9")
        }
        Code::FloatTooLong => d(format!("this float has {} bytes", text.len()))
            .help(format!("sign, digits and dot together are at most {FLOAT_LEN_MAX} bytes")),
        Code::BadLensChar => d(format!("{what} in a lens")).excerpt(one_char).help(match culprit {
            Some('!') => "`!` may only be the last character of a lens",
            _ => "a lens is `.length`, or `.$` with steps such as `.field` or `.[0]`",
        }),
        Code::BadLens => {
            let bad = text.get(error.detail as usize..).unwrap_or_default();
            let lens = text.get(error.span.start as usize..).unwrap_or_default();
            let d = d(format!("`{}` is not a lens", short(lens)));
            let d = if bad.len() + 2 < lens.len() && !bad.is_empty() {
                d.excerpt(Span::new(start + error.detail, span.end)).caption("this part")
            } else {
                d
            };
            d.help(lens_help(lens, bad))
        }
        _ => d(format!("{what} cannot be in a name here")).excerpt(one_char).help(match culprit {
            Some('%') if ["%init_peer_id%.", "%timestamp%.", "%ttl%."].iter().any(|word| text.starts_with(word)) => {
                "only variables, `%last_error%` and `:error:` can carry a lens"
            }
            Some('%' | '$' | '#') => "sigils stand in front: `$stream`, `%map`, `#canon`, `#$canon`, `#%canon_map`",
            Some('{' | '}') => "AIR has no braces: objects come from services and stream maps",
            Some('\'') => "strings are written with `\"`",
            Some('\u{feff}') => "this is a byte order mark: save the script as UTF-8 without one",
            _ => "names are made of letters, digits, `_` and `-`",
        }),
    }
}

fn lens_help(lens: &str, bad: &str) -> &'static str {
    let inside = bad.trim_start_matches('.').strip_prefix('[').unwrap_or_default();
    if lens.starts_with(".length") {
        "`.length` stands alone"
    } else if !lens.starts_with(".$") {
        "a path begins with `.$`, as in `.$.field` or `.$.[0]`"
    } else if lens == ".$" || lens == ".$!" {
        "`.$` alone selects nothing: write the variable without lens, or add `.field` or `.[0]`"
    } else if inside.starts_with(|c: char| c.is_ascii_digit()) && inside.contains(']') {
        "an index is a number below 4294967296, or the name of a scalar that does not begin with a digit"
    } else if inside.starts_with(['"', '\'']) {
        "write `.field` for a field; in brackets stands a number or the name of a scalar"
    } else if !inside.is_empty() {
        "in brackets stands a number or the name of a scalar, without sigil or lens"
    } else if bad.starts_with('.') {
        "a field name begins with a letter, `_` or `-`"
    } else {
        "each step begins with a dot: `.field` or `.[0]`"
    }
}

#[cfg(test)]
mod tests {
    use super::super::VariableKind;
    use super::super::word::LensForm;
    use super::*;

    fn lens(form: LensForm, accessors: &[RawAccessor<'_>]) -> String {
        let accessor = |accessor: &RawAccessor<'_>| match accessor {
            RawAccessor::Index(index) => format!("idx {index}"),
            RawAccessor::Field(name) => format!("field {name}"),
            RawAccessor::Scalar(name) => format!("scalar {name}"),
        };
        match form {
            LensForm::None => String::new(),
            LensForm::Length => "+length".into(),
            LensForm::Path => format!("+[{}]", accessors.iter().map(accessor).collect::<Vec<_>>().join(", ")),
        }
    }

    fn shown(token: Token<'_>, accessors: &[RawAccessor<'_>]) -> String {
        match token {
            Token::Open => "(".into(),
            Token::Close => ")".into(),
            Token::OpenSquare => "[".into(),
            Token::CloseSquare => "]".into(),
            Token::Keyword(kind) => kind.keyword().into(),
            Token::Literal(literal) => match literal {
                Literal::String(_) => "string".into(),
                Literal::Integer(integer) => format!("int {integer}"),
                Literal::Float(float) => format!("float {float:?}"),
                Literal::Boolean(boolean) => boolean.to_string(),
                Literal::InitPeerId => "init-peer-id".into(),
                Literal::Timestamp => "timestamp".into(),
                Literal::Ttl => "ttl".into(),
                Literal::LastError(form) => format!("last-error{}", lens(form, accessors)),
                Literal::Error(form) => format!("error{}", lens(form, accessors)),
                Literal::Variable { kind, lens: form, .. } => {
                    let kind = match kind {
                        VariableKind::Scalar => "scalar",
                        VariableKind::Stream => "stream",
                        VariableKind::Map => "map",
                        VariableKind::Canon => "canon",
                        VariableKind::CanonMap => "canon-map",
                    };
                    format!("{kind}{}", lens(form, accessors))
                }
            },
            Token::Bad(_) => "bad".into(),
            Token::End => "end".into(),
        }
    }

    fn tokens(text: &str) -> String {
        let mut sink = Sink::default();
        let mut lexer = Lexer::new(text);
        let mut shown_tokens = Vec::new();
        loop {
            lexer.advance(&mut sink);
            if lexer.token == Token::End {
                break;
            }
            shown_tokens.push(shown(lexer.token, &lexer.accessors));
        }
        match sink.finish().iter().next() {
            Some(error) => format!("{} {}..{}", error.code, error.span.start, error.span.end),
            None => shown_tokens.join(", "),
        }
    }

    /// Every row of the tables of words and lenses.
    #[test]
    fn words_are_read_as_the_tables_say() {
        let mut rows = 0;
        for row in include_str!("../../tests/syntax/words.tsv").lines().filter(|row| !row.starts_with('#')) {
            let [id, text, expected, _note] = row.split('\t').collect::<Vec<_>>()[..] else {
                panic!("a row has four columns: {row}")
            };
            assert_eq!(tokens(&text.replace('⏎', "\n")), expected, "{id}: {text}");
            rows += 1;
        }
        assert_eq!(rows, 86, "no row is lost");
    }

    #[test]
    fn blanks_are_the_unicode_white_space() {
        for blank in [' ', '\t', '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{a0}', '\u{2028}', '\u{3000}'] {
            assert_eq!(tokens(&format!("a{blank}b")), "scalar, scalar", "{blank:?}");
        }
        for other in ['\u{feff}', '\0', '\u{200b}'] {
            assert_eq!(tokens(&format!("a{other}b")), "bad-name-char 1..1", "{other:?}");
        }
    }

    #[test]
    fn a_lone_carriage_return_does_not_end_a_comment() {
        assert_eq!(tokens("a ;b\rc\nd"), "scalar, scalar");
    }

    #[test]
    fn nothing_follows_from_a_missing_blank() {
        assert_eq!(tokens("seq(null)"), "bad-name-char 3..3");
        let mut sink = Sink::default();
        let mut lexer = Lexer::new("[1, 2]x\"y\";z");
        let mut kinds = Vec::new();
        while kinds.last().is_none_or(|kind| kind != "end") {
            lexer.advance(&mut sink);
            kinds.push(shown(lexer.token, &lexer.accessors));
        }
        assert_eq!(kinds.join(" "), "[ int 1 int 2 ] scalar string end");
        assert_eq!(sink.finish().iter().count(), 2);
    }
}
