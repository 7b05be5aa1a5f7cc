//! Names, values and numbers as a page may show them.

use maud::{Markup, html};

/// How much of a name, of a value and of a sentence is shown.
pub(super) const NAME_CHARS_MAX: usize = 100;
pub(super) const VALUE_CHARS_MAX: usize = 160;
pub(super) const SENTENCE_CHARS_MAX: usize = 500;

/// A number with a narrow gap between thousands.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('\u{202f}');
        }
        shown.push(digit);
    }
    shown
}

/// A long name by its beginning and its end: peers are told apart by either.
pub(super) fn middle(name: &str, chars_max: usize) -> String {
    let count = name.chars().count();
    if count <= chars_max {
        return name.to_owned();
    }
    let half = chars_max.saturating_sub(1) / 2;
    let start: String = name.chars().take(chars_max.saturating_sub(1) - half).collect();
    let end: String = name.chars().skip(count - half).collect();
    format!("{start}…{end}")
}

/// Says how much of a list is left out, if anything is.
pub(super) fn more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { p.more { "… and " (number((all - shown) as u64)) " more" } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_gaps_and_names_a_middle() {
        assert_eq!(number(7), "7");
        assert_eq!(number(123_456), "123\u{202f}456");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(middle("mirror 1", 12), "mirror 1");
        assert_eq!(middle("12D3KooWabcdefgh", 9), "12D3…efgh");
    }
}
