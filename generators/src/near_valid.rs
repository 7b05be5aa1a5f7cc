//! Text that is almost a valid script.

use crate::Choices;
use crate::tokens::{Token, tokens};
use airtight_engine::script::{Tree, print};
use std::ops::Range;

/// Which small edits make a valid script almost valid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EditWeights {
    /// Another operand for an operand, taken from elsewhere in the script or from all kinds there are.
    pub replace_operand: u32,
    /// Another instruction of about the same form.
    pub replace_instruction: u32,
    /// Another name for a variable, once.
    pub rename: u32,
    /// Two neighbouring operands change places.
    pub swap: u32,
    /// A word or string is lost.
    pub drop_token: u32,
    /// A word or string stands twice.
    pub double_token: u32,
    /// A bracket is lost.
    pub drop_bracket: u32,
    /// A bracket stands twice, or turns around.
    pub wrong_bracket: u32,
    /// Of 100 texts, how many are edited twice.
    pub twice_percent: u32,
}

impl Default for EditWeights {
    fn default() -> Self {
        Self {
            replace_operand: 8,
            replace_instruction: 6,
            rename: 5,
            swap: 6,
            drop_token: 2,
            double_token: 2,
            drop_bracket: 1,
            wrong_bracket: 1,
            twice_percent: 25,
        }
    }
}

const OPERANDS: [&str; 24] = [
    "\"a\"",
    "1",
    "2.5",
    "true",
    "[]",
    "%init_peer_id%",
    "%ttl%",
    "%last_error%",
    "%last_error%.$.message",
    ":error:",
    ":error:.$.peer_id",
    "x",
    "x.$.a",
    "$s",
    "%m",
    "#$s",
    "#$s.$.[0]",
    "#%m",
    "#%m.$.k",
    "0",
    "x.length",
    "$s.length",
    "ghost",
    "seq",
];
/// Instructions that are easily taken for each other.
const LIKE: [&[&str]; 4] =
    [&["seq", "par", "xor"], &["match", "mismatch"], &["null", "never"], &["next", "fail", "new"]];

/// The text of a tree after one or two small edits.
pub fn near_valid<C: Choices>(tree: &Tree, weights: &EditWeights, choices: &mut C) -> String {
    let mut text = print::compact(tree);
    for _ in 0..1 + u32::from(choices.chance(weights.twice_percent, 100)) {
        edit(&mut text, weights, choices);
    }
    text
}

fn edit<C: Choices>(text: &mut String, weights: &EditWeights, choices: &mut C) {
    let tokens = tokens(text);
    let is_keyword = |i: usize| i > 0 && tokens[i].0 == Token::Word && &text[tokens[i - 1].1.clone()] == "(";
    let chosen = |wanted: &dyn Fn(usize) -> bool, choices: &mut C| {
        let candidates: Vec<usize> = (0..tokens.len()).filter(|&i| wanted(i)).collect();
        (!candidates.is_empty()).then(|| choices.pick(&candidates))
    };
    let range = |i: usize| tokens[i].1.clone();
    let is_bracket = |i: usize| tokens[i].0 == Token::Bracket;
    let is_operand = |i: usize| !is_bracket(i) && !is_keyword(i);
    let is_name = |i: usize| {
        is_operand(i)
            && tokens[i].0 == Token::Word
            && !text[range(i)].starts_with(|c: char| "0123456789-+:".contains(c))
    };
    let EditWeights { replace_operand, replace_instruction, rename, swap, .. } = *weights;
    let EditWeights { drop_token, double_token, drop_bracket, wrong_bracket, .. } = *weights;
    let kinds =
        [replace_operand, replace_instruction, rename, swap, drop_token, double_token, drop_bracket, wrong_bracket];
    let change: Option<(Range<usize>, String)> = match choices.weighted(&kinds) {
        0 => chosen(&is_operand, choices).map(|i| {
            let other = match choices.below(3) {
                0 => choices.pick(&OPERANDS).to_string(),
                _ => chosen(&is_operand, choices).map_or(String::new(), |other| text[range(other)].into()),
            };
            (range(i), other)
        }),
        1 => chosen(&|i| is_keyword(i) && like(&text[range(i)]).is_some(), choices).map(|i| {
            let like = like(&text[range(i)]).unwrap_or(LIKE[0]);
            (range(i), choices.pick(like).to_string())
        }),
        2 => chosen(&is_name, choices).map(|i| {
            let name = &text[range(i)];
            let sigil = name.find(|c| !matches!(c, '$' | '%' | '#')).unwrap_or(0);
            let lens = name.find('.').unwrap_or(name.len()).max(sigil);
            (range(i), format!("{}ghost{}", &name[..sigil], &name[lens..]))
        }),
        3 => chosen(&|i| i + 1 < tokens.len() && is_operand(i) && is_operand(i + 1), choices).map(|i| {
            let between = &text[range(i).end..range(i + 1).start];
            let blank = if between.is_empty() { " " } else { between };
            (range(i).start..range(i + 1).end, [&text[range(i + 1)], blank, &text[range(i)]].concat())
        }),
        4 => chosen(&|i| !is_bracket(i), choices).map(|i| (range(i), String::new())),
        5 => chosen(&|i| !is_bracket(i), choices).map(|i| (range(i), [&text[range(i)], " ", &text[range(i)]].concat())),
        6 => chosen(&is_bracket, choices).map(|i| (range(i), String::new())),
        _ => chosen(&is_bracket, choices).map(|i| {
            let bracket = &text[range(i)];
            let wrong = match (choices.below(2), bracket) {
                (0, bracket) => [bracket, bracket].concat(),
                (_, "(") => ")".into(),
                (_, ")") => "]".into(),
                (_, "[") => "(".into(),
                _ => "[".into(),
            };
            (range(i), wrong)
        }),
    };
    if let Some((range, new)) = change {
        text.replace_range(range, &new);
    }
}

fn like(keyword: &str) -> Option<&'static [&'static str]> {
    LIKE.into_iter().find(|group| group.contains(&keyword))
}
