//! Bytes that are hardly a script any more.

use crate::Choices;

/// What readers stumble over: brackets, strings, comments, sigils, numbers, lenses, blanks, and bytes outside of UTF-8.
pub const PIECES: [&[u8]; 46] = [
    b"(",
    b")",
    b"[",
    b"]",
    b"\"",
    b";",
    b" ",
    b"\n",
    b"\0",
    b",",
    b".",
    b"$",
    b"%",
    b"#",
    b"#$",
    b"#%",
    b"!",
    b"@",
    b"+",
    b"-",
    b"0",
    b"9223372036854775808",
    b"1.",
    b".5",
    b".$",
    b".$.[",
    b".[4294967296]",
    b".length",
    b":error:",
    b"%last_error%",
    b"%ttl%",
    b"%init_peer_id%",
    b"(null)",
    b"seq ",
    b"fold",
    b"{}",
    b"'",
    b"\\",
    b"\xc3\xa9",
    b"\xff",
    b"\xc3",
    b"\xe2\x80",
    b"\xf0\x9f\xa6\x80",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\xd9\xa2",
];

/// The text after up to `edits_max` small damages: flipped bits, lost and doubled parts, inserted pieces, a cut end.
pub fn damage<C: Choices>(text: &[u8], edits_max: u32, choices: &mut C) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..choices.range(1..edits_max.max(1) + 1) {
        let at = choices.below(bytes.len() as u32 + 1) as usize;
        let near = (at + 1 + choices.below(12) as usize).min(bytes.len());
        match choices.weighted(&[8, 4, 3, 3, 1, 2]) {
            0 => {
                let piece: &[u8] = choices.pick(&PIECES);
                bytes.splice(at..at, piece.iter().copied());
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << choices.below(8);
                }
            }
            2 => drop(bytes.drain(at..near)),
            3 => {
                let doubled = bytes[at..near].to_vec();
                bytes.splice(near..near, doubled);
            }
            4 => bytes.truncate(at),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = choices.below(256) as u8;
                }
            }
        }
    }
    bytes
}
