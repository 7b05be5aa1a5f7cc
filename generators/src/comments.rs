//! Comments in a script's text.

use crate::Choices;
use crate::tokens::{Token, tokens};

const COMMENTS: [&str; 10] =
    ["", " c", "; two", " (seq [\"", " κ ü 名", "trailing blanks  \t", "\r", " \u{2028}x\u{85}", " é", "a;b"];
const BLANKS: [&str; 8] = [" ", "\n", "  ", "\t", "\r\n", "\n\n  ", "\u{a0}", "\u{3000}\n"];

/// The text with comments and blanks between its tokens, about one comment for so many tokens.
///
/// The text must be that of a script without mistakes and comments.
pub fn weave_comments<C: Choices>(text: &str, one_in: u32, choices: &mut C) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let (mut end, mut after_word) = (0, false);
    for (token, range) in tokens(text) {
        let gap = &text[end..range.start];
        out.push_str(if choices.chance(1, 8) && !gap.is_empty() { choices.pick(&BLANKS) } else { gap });
        // A comment right after a word would be part of it.
        comments(&mut out, after_word && gap.is_empty(), one_in, choices);
        out.push_str(&text[range.clone()]);
        (end, after_word) = (range.end, token == Token::Word);
    }
    out.push_str(&text[end..]);
    comments(&mut out, true, one_in, choices);
    out
}

fn comments<C: Choices>(out: &mut String, mut glued: bool, one_in: u32, choices: &mut C) {
    while choices.chance(1, one_in.max(2)) {
        if glued || choices.chance(1, 4) {
            out.push_str(choices.pick(&BLANKS));
        }
        glued = false;
        out.push(';');
        out.push_str(choices.pick(&COMMENTS));
        out.push('\n');
    }
}
