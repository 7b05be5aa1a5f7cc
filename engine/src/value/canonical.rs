//! Telling canonical JSON text from other text without building the value.
//!
//! Data hold many values of which a run looks into few, so decoding only makes sure that each text *is* the print of a
//! value, and the value is built when somebody asks for it. This check may say no to a rare canonical text (a key with
//! an escape, a very long integer): then the caller parses and prints to be sure. It must never say yes to another one.

use super::MAX_DEPTH;

/// Integers of this many digits fit 64 bits whatever they are.
const SAFE_DIGITS: usize = 18;

/// How deep the value nests whose canonical text this is, if it surely is one; one pass, no recursion.
pub(crate) fn surely_canonical(text: &str) -> Option<u8> {
    let mut scan = Scan { text, rest: text.as_bytes(), open: Vec::new(), depth: 0 };
    scan.document()?;
    scan.rest.is_empty().then_some(scan.depth)
}

struct Scan<'t> {
    text: &'t str,
    rest: &'t [u8],
    /// The containers around: for an object its last key, for an array nothing.
    open: Vec<Option<&'t str>>,
    /// The most containers there were inside each other.
    depth: u8,
}

impl<'t> Scan<'t> {
    fn document(&mut self) -> Option<()> {
        loop {
            if !self.value()? {
                continue;
            }
            // A value has ended: close what ends with it, up to the next comma or the end of the text.
            loop {
                let Some(container) = self.open.last().copied() else { return Some(()) };
                match (self.byte()?, container) {
                    (b',', None) => break,
                    (b',', Some(last)) => {
                        let key = self.key()?;
                        if key <= last {
                            return None;
                        }
                        *self.open.last_mut()? = Some(key);
                        break;
                    }
                    (b']', None) | (b'}', Some(_)) => drop(self.open.pop()),
                    _ => return None,
                }
            }
        }
    }

    /// A scalar or an empty container, which is a whole value, or the beginning of a container up to its first value.
    fn value(&mut self) -> Option<bool> {
        match *self.rest.first()? {
            b'"' => self.string().map(|_| true),
            b'[' => {
                self.byte();
                if self.rest.first() == Some(&b']') {
                    self.byte();
                    return self.fits(1).then_some(true);
                }
                self.open.push(None);
                self.fits(0).then_some(false)
            }
            b'{' => {
                self.byte();
                if self.rest.first() == Some(&b'}') {
                    self.byte();
                    return self.fits(1).then_some(true);
                }
                let key = self.key()?;
                self.open.push(Some(key));
                self.fits(0).then_some(false)
            }
            b'n' => self.word("null"),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            _ => self.number(),
        }
    }

    fn fits(&mut self, more: usize) -> bool {
        let depth = u8::try_from(self.open.len() + more).ok().filter(|depth| *depth <= MAX_DEPTH);
        self.depth = self.depth.max(depth.unwrap_or_default());
        depth.is_some()
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn word(&mut self, word: &str) -> Option<bool> {
        self.rest = self.rest.strip_prefix(word.as_bytes())?;
        Some(true)
    }

    /// A key without escapes, which therefore compares as it is written, and the colon after it.
    fn key(&mut self) -> Option<&'t str> {
        let start = self.at() + 1;
        let escapes = self.string()?;
        let key = self.text.get(start..self.at() - 1)?;
        (self.byte()? == b':' && !escapes).then_some(key)
    }

    fn at(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    /// A string with every character written the one way it prints; tells whether there are escapes.
    fn string(&mut self) -> Option<bool> {
        let mut escapes = false;
        if self.byte()? != b'"' {
            return None;
        }
        loop {
            let plain = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            self.rest = self.rest.get(plain..)?;
            match self.byte()? {
                b'"' => return Some(escapes),
                b'\\' => escapes = true,
                _ => return None,
            }
            match self.byte()? {
                b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                b'u' => {
                    let (digits, rest) = self.rest.split_first_chunk::<4>()?;
                    self.rest = rest;
                    match digits {
                        // The control characters with a short escape of their own are written with that.
                        [b'0', b'0', b'0', b'8' | b'9' | b'a' | b'c' | b'd'] => return None,
                        [b'0', b'0', b'0' | b'1', b'0'..=b'9' | b'a'..=b'f'] => {}
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
    }

    fn number(&mut self) -> Option<bool> {
        let is_number = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
        let len = self.rest.iter().position(|byte| !is_number(byte)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        let digits = number.strip_prefix(b"-").unwrap_or(number);
        if digits.iter().all(u8::is_ascii_digit) {
            let leads_well = if digits.first() == Some(&b'0') { number == b"0" } else { !digits.is_empty() };
            return (leads_well && digits.len() <= SAFE_DIGITS).then_some(true);
        }
        // What a double prints as is the number it was read from, or it is not its print.
        let number = std::str::from_utf8(number).ok()?;
        let double: f64 = number.parse().ok()?;
        (serde_json::to_string(&double).ok()? == number).then_some(true)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::surely_canonical;
    use crate::value::Json;

    fn is_surely_canonical(text: &str) -> bool {
        let depth = surely_canonical(text);
        if let Some(depth) = depth {
            assert_eq!(Json::parse(text.as_bytes()).map(|value| value.depth()), Ok(depth), "{text}");
        }
        depth.is_some()
    }

    fn is_canonical(text: &str) -> bool {
        Json::parse(text.as_bytes()).is_ok_and(|value| value.to_text() == text)
    }

    #[test]
    fn says_yes_to_everyday_values() {
        for text in [
            "null",
            "true",
            "false",
            "0",
            "-1",
            "123456789012345678",
            "1.0",
            "-0.0",
            "1e-7",
            "1e+16",
            "\"\"",
            "\"a\\n\\u001f\\\"é\"",
            "[]",
            "{}",
            "[[],{}]",
            "[1,\"a\",null]",
            "{\"a\":1,\"b\":{\"\":[],\"é\":{}}}",
        ] {
            assert!(is_surely_canonical(text) && is_canonical(text), "{text}");
        }
        assert!(is_surely_canonical(&format!("{}{}", "[".repeat(127), "]".repeat(127))));
    }

    #[test]
    fn says_no_to_what_does_not_print_like_that() {
        let too_deep = ["[", "{\"k\":"].map(|open| open.repeat(128));
        let closed = [format!("{}{}", too_deep[0], "]".repeat(128)), format!("{}{{}}{}", too_deep[1], "}".repeat(128))];
        let examples = [
            "",
            " ",
            "1 ",
            "01",
            "-",
            "-0",
            "-01",
            "+1",
            "1.",
            ".5",
            "1.00",
            "1e0",
            "1E+16",
            "1e16",
            "1e+999",
            "1-1",
            "--1",
            "nul",
            "nulll",
            "\"",
            "\"\t\"",
            "\"\\/\"",
            "\"\\u0041\"",
            "\"\\u000a\"",
            "\"\\u001F\"",
            "\"\\u0020\"",
            "\"\\u00\"",
            "\"\\\"",
            "[",
            "[1",
            "[1,]",
            "[,1]",
            "[1,,1]",
            "[1]]",
            "]",
            "[}",
            "{]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"b\":1,\"a\":1}",
            "{\"a\":1,\"a\":1}",
            "{1:1}",
            "[1:1]",
            "{\"a\",1}",
            "[\"a\":1]",
            "{\"a\":1:\"b\":1}",
            "{\"A\":1,\"\\n\":1}",
            "1,1",
            "\"a\"\"b\"",
            "inf",
            "NaN",
        ];
        for text in examples.into_iter().chain(closed.iter().map(|text| &**text)) {
            assert!(!is_surely_canonical(text) && !is_canonical(text), "{text}");
        }
    }

    /// Every character of the basic plane, as it prints and as an escape.
    #[test]
    fn knows_how_each_character_prints() {
        for code in 0..=0xffff_u32 {
            if let Some(character) = char::from_u32(code) {
                assert!(is_surely_canonical(&serde_json::to_string(&character).unwrap()), "{code:#x}");
            }
            for escape in [format!("\"\\u{code:04x}\""), format!("\"\\u{code:04X}\"")] {
                assert_eq!(is_surely_canonical(&escape), is_canonical(&escape), "{escape}");
            }
        }
        for byte in 0..0x80_u8 {
            for text in [format!("\"{}\"", char::from(byte)), format!("\"\\{}\"", char::from(byte))] {
                assert_eq!(is_surely_canonical(&text), is_canonical(&text), "{text:?}");
            }
        }
    }

    fn tokens() -> impl Strategy<Value = String> {
        let tokens = [
            "[", "]", "{", "}", ",", ":", "\"a\":", "\"b\":", "\"", "\\n", "\\u001", "f", "1", "0", "-", ".5", "e+1",
            "null", " ", "{}", "[]", "\"x\"", "é",
        ];
        prop::collection::vec(prop::sample::select(tokens.to_vec()), 1..8).prop_map(|tokens| tokens.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 100_000, failure_persistence: None, rng_seed: RngSeed::Fixed(7), ..ProptestConfig::default()
        })]

        /// A yes is always right.
        #[test]
        fn never_says_yes_wrongly(text in tokens()) {
            prop_assert!(!is_surely_canonical(&text) || is_canonical(&text));
        }

        /// Every double that prints like itself is recognised, and no other text of one.
        #[test]
        fn knows_doubles(bits in any::<u64>(), digits in "-?[0-9]{1,20}(\\.[0-9]{1,3})?(e[+-]?[0-9]{1,3})?") {
            let double = f64::from_bits(bits);
            prop_assume!(double.is_finite());
            prop_assert!(is_surely_canonical(&serde_json::to_string(&double).unwrap()));
            prop_assert!(!is_surely_canonical(&digits) || is_canonical(&digits));
        }
    }
}
