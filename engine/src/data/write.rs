//! The canonical bytes of data: what is written here is their one encoding, and everything else is refused.
//!
//! It is JSON as `serde_json` prints it, written by hand because a run writes all that its peer knows: names of fields
//! are a copy, and nothing asks twice whether they need escapes.

use super::envelope::Data;
use super::form::FORMAT;
use super::id::Digits;
use super::journal::Journal;
use super::shared::Shared;
use super::stores::{CanonResult, Outcome, OutputKind, ResultIx, ServiceResult};
use super::trace::{Branch, Claim, Place};
use crate::value::Tetraplet;

/// Appends the envelope and all that is in it; nothing for no data.
pub(super) fn data(data: &Data, out: &mut Vec<u8>) {
    let Some(script) = data.script() else { return };
    number(out, "{\"format\":", FORMAT);
    string(out, ",\"engine\":", data.engine());
    put(out, ",\"script\":\"");
    script.write_digits(out);
    put(out, "\",\"shared\":");
    shared(data.shared(), out);
    if let Some(known) = data.journal() {
        put(out, ",\"journal\":");
        journal(known, out);
    }
    put(out, "}");
}

/// Appends the shared part.
pub(super) fn shared(shared: &Shared, out: &mut Vec<u8>) {
    let stores = shared.stores();
    list(out, "{\"values\":[", stores.values.entries(), |out, value| string(out, "", value.text()));
    list(out, ",\"tetraplets\":[", stores.tetraplets.entries(), |out, origin| tetraplet(origin, out));
    list(out, ",\"calls\":[", stores.calls.entries(), |out, result| call(result, out));
    list(out, ",\"canons\":[", stores.canons.entries(), |out, result| canon(result, out));
    list(out, ",\"trace\":[", shared.trace().flat(), |out, known| place(known, out));
    put(out, "}");
}

fn tetraplet(origin: &Tetraplet, out: &mut Vec<u8>) {
    let Tetraplet { peer, service, function, lens } = origin;
    string(out, "{\"peer_pk\":", peer);
    string(out, ",\"service_id\":", service);
    string(out, ",\"function_name\":", function);
    string(out, ",\"lens\":", lens);
    put(out, "}");
}

fn call(call: &ServiceResult, out: &mut Vec<u8>) {
    match call.outcome {
        Outcome::Value(value) => number(out, "{\"value\":", value.position() as u64),
        Outcome::Failure(failure) => number(out, "{\"failure\":", failure.position() as u64),
    }
    number(out, ",\"tetraplet\":", call.tetraplet.position() as u64);
    put(out, ",\"arguments\":\"");
    call.arguments.write_digits(out);
    put(
        out,
        match call.output {
            OutputKind::Scalar => "\",\"output\":\"scalar\"}",
            OutputKind::Stream => "\",\"output\":\"stream\"}",
            OutputKind::Unused => "\",\"output\":\"unused\"}",
        },
    );
}

fn canon(canon: &CanonResult, out: &mut Vec<u8>) {
    number(out, "{\"tetraplet\":", canon.tetraplet.position() as u64);
    list(out, ",\"elements\":[", canon.elements.iter(), |out, (value, origin)| {
        number(out, "[", value.position() as u64);
        number(out, ",", origin.position() as u64);
        put(out, "]");
    });
    put(out, "}");
}

/// Ascending order of branches is left, right, iterations, lasts.
fn place(place: Place<'_>, out: &mut Vec<u8>) {
    let start = out.len();
    if !place.claims().is_empty() {
        list(out, "{\"claims\":[", place.claims(), |out, Claim { result, at }| {
            match result {
                ResultIx::Call(call) => number(out, "{\"call\":", call.position() as u64),
                ResultIx::Canon(canon) => number(out, "{\"canon\":", canon.position() as u64),
            }
            number(out, ",\"at\":", *at as u64);
            put(out, "}");
        });
    }
    let mut open = "";
    for (branch, segment) in place.children() {
        let (name, value) = match branch {
            Branch::Left => ("\"left\":", None),
            Branch::Right => ("\"right\":", None),
            Branch::Iteration(value) => ("\"iterations\":[", Some(value)),
            Branch::Last(value) => ("\"lasts\":[", Some(value)),
        };
        if open == name && value.is_some() {
            put(out, ",");
        } else {
            put(out, close(open));
            put(out, if out.len() == start { "{" } else { "," });
            put(out, name);
            open = name;
        }
        if let Some(value) = value {
            put(out, "[\"");
            value.write_digits(out);
            put(out, "\",");
        }
        number(out, "", segment.flat_len() as u64);
        put(out, if value.is_some() { "]" } else { "" });
    }
    put(out, close(open));
    put(out, if out.len() == start { "{}" } else { "}" });
}

/// What ends a member of a place that begins like this.
fn close(open: &str) -> &'static str {
    if open.ends_with('[') { "]" } else { "" }
}

fn journal(journal: &Journal, out: &mut Vec<u8>) {
    string(out, "{\"peer\":", journal.peer());
    number(out, ",\"next\":", journal.next_call_id().into());
    list(out, ",\"pending\":[", journal.pending(), |out, (id, place)| {
        number(out, "[", id.into());
        put(out, ",\"");
        place.write_digits(out);
        put(out, "\"]");
    });
    list(out, ",\"answers\":[", journal.answers(), |out, (place, answer)| {
        put(out, "[\"");
        place.write_digits(out);
        put(out, if answer.ret_code < 0 { "\",{\"ret_code\":-" } else { "\",{\"ret_code\":" });
        number(out, "", answer.ret_code.unsigned_abs().into());
        string(out, ",\"result\":", &answer.result);
        put(out, "}]");
    });
    put(out, "}");
}

fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

/// What stands before a list, its bracket included, its items with commas between, and the closing bracket.
fn list<T>(
    out: &mut Vec<u8>,
    before: &str,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    put(out, before);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            put(out, ",");
        }
        write(out, item);
    }
    put(out, "]");
}

fn number(out: &mut Vec<u8>, before: &str, number: u64) {
    const DIGITS_MAX: usize = 20;
    let (mut digits, mut rest) = ([b'0'; DIGITS_MAX], number);
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        len += 1;
        if rest == 0 {
            break;
        }
    }
    put(out, before);
    out.extend_from_slice(digits.get(DIGITS_MAX - len..).unwrap_or_default());
}

fn string(out: &mut Vec<u8>, before: &str, text: &str) {
    put(out, before);
    put(out, "\"");
    let mut rest = text.as_bytes();
    while let Some(plain) = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        let (before, after) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((byte, after)) = after.split_first() else { break };
        let short = match byte {
            b'"' | b'\\' => *byte,
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0c => b'f',
            b'\r' => b'r',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let low = byte & 0xf;
            let digit = if low < 10 { b'0' + low } else { b'a' + (low - 10) };
            out.extend_from_slice(&[b'0', b'0', b'0' + (byte >> 4), digit]);
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    put(out, "\"");
}

#[cfg(test)]
mod tests {
    use super::{number, string};

    /// Every character of the basic plane, and numbers of every length, as the library for JSON prints them.
    #[test]
    fn strings_and_numbers_are_those_of_json() {
        for character in (0..=0xffff_u32).filter_map(char::from_u32) {
            let (text, mut out) = (format!("a{character}{character}b"), Vec::new());
            string(&mut out, "", &text);
            assert_eq!(out, serde_json::to_vec(&text).unwrap(), "{text:?}");
        }
        for value in (0..64).flat_map(|bits| [(1_u64 << bits) - 1, 1 << bits]).chain([u64::MAX]) {
            let mut out = Vec::new();
            number(&mut out, ":", value);
            assert_eq!(out, format!(":{value}").into_bytes());
        }
    }
}
