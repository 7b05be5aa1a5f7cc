//! Tokens of a script's text, as far as edits need to know them.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Token {
    Bracket,
    String,
    Word,
}

/// The tokens of a text without mistakes and comments, in order.
pub(crate) fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, len) = match c {
            _ if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '(' | ')' | '[' | ']' => (Token::Bracket, 1),
            '"' => (Token::String, rest[1..].find('"').map_or(rest.len(), |end| end + 2)),
            _ => (Token::Word, word_len(rest)),
        };
        tokens.push((token, at..at + len));
        at += len;
    }
    tokens
}

/// A word ends at a blank, or at a closing bracket that is not opened inside of it.
fn word_len(rest: &str) -> usize {
    let mut square = 0;
    for (i, c) in rest.char_indices() {
        match c {
            '[' => square += 1,
            ']' if square > 0 => square -= 1,
            ']' | ')' => return i,
            c if c.is_whitespace() => return i,
            _ => {}
        }
    }
    rest.len()
}
