//! What all fuzz targets share: how a target is called, how inputs that mean nothing are counted, and the mutators for
//! inputs that bytes mutate badly.

pub mod lines;

use airtight_engine::data::{Data, ScriptHash, decode, encode};
use airtight_engine::script::Tree;
use airtight_generators::forge::{Claims, forge};
use airtight_generators::{Choices, EditWeights, Seeded, damage, damage_form, near_valid};
use airtight_properties::target::target;
use libfuzzer_sys::{Corpus, fuzzer_mutate};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

static LOOKED_AT: AtomicU64 = AtomicU64::new(0);
static REJECTED: AtomicU64 = AtomicU64::new(0);

/// From so many inputs on, it is printed now and then how many of them mean nothing.
const TOLD_FROM: u64 = 1 << 6;

/// Looks at an input of the target of this name; one that means nothing is counted, and not kept.
///
/// At each eighth of a power of two of inputs, the share of those is printed.
///
/// # Panics
/// If there is no such target, or a law does not hold, with what breaks it; that is how a fuzzer learns of it.
pub fn look(name: &str, bytes: &[u8]) -> Corpus {
    let target = target(name).unwrap_or_else(|| panic!("`{name}` is no target"));
    let meant = (target.look)(bytes).unwrap_or_else(|violation| panic!("{violation}"));
    let rejected = REJECTED.fetch_add(u64::from(!meant), Ordering::Relaxed) + u64::from(!meant);
    let inputs = LOOKED_AT.fetch_add(1, Ordering::Relaxed) + 1;
    if inputs >= TOLD_FROM && inputs.is_multiple_of(1 << (inputs.ilog2() - 3)) {
        eprintln!("{name}: {inputs} inputs, {rejected} rejected ({:.1} %)", rejected as f64 / inputs as f64 * 100.0);
    }
    if meant { Corpus::Keep } else { Corpus::Reject }
}

/// How often a mutator damages an input at once.
const DAMAGES_MAX: u32 = 3;

/// Puts a mutated input where libFuzzer wants it; one that is too long is cut.
fn put(bytes: &mut [u8], size_max: usize, mutated: &[u8]) -> usize {
    let size = mutated.len().min(size_max).min(bytes.len());
    bytes[..size].copy_from_slice(&mutated[..size]);
    size
}

/// Mutates a text: as libFuzzer does, or by pieces of what such texts are made of.
pub fn mutate_text(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    if seed.is_multiple_of(2) {
        return fuzzer_mutate(bytes, size, size_max);
    }
    let mutated = damage(&bytes[..size], DAMAGES_MAX, &mut Seeded::new(seed.into()));
    put(bytes, size_max, &mutated)
}

/// Of so many mutations that leave a text that is not UTF-8, one stays as it is.
const INVALID_IN: u32 = 16;

/// Mutates a script: as a text, or, if it is one, by instructions and operands, so that brackets stay in pairs. Hardly any
/// becomes something else than UTF-8, about which there is little to say.
pub fn mutate_script(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    let size = mutate_any_script(bytes, size, size_max.min(SCRIPT_BYTES_MAX.max(size)), seed);
    if (seed / INVALID_IN).is_multiple_of(INVALID_IN) {
        return size;
    }
    while let Err(error) = std::str::from_utf8(&bytes[..size]) {
        let from = error.valid_up_to();
        let until = error.error_len().map_or(size, |length| from + length);
        bytes[from..until].iter_mut().for_each(|byte| *byte &= 0x7f);
    }
    size
}

/// No script grows beyond this: larger ones take time, and reach nothing that small ones do not. A seed that is larger stays so.
const SCRIPT_BYTES_MAX: usize = 128;

fn mutate_any_script(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    // An input from elsewhere may be larger.
    let size = size.min(size_max);
    let tree = std::str::from_utf8(&bytes[..size]).ok().and_then(|text| Tree::parse(text).ok());
    match tree {
        Some(tree) if !seed.is_multiple_of(3) => {
            let text = near_valid(&tree, &EditWeights::default(), &mut Seeded::new(seed.into()));
            put(bytes, size_max, text.as_bytes())
        }
        _ => mutate_text(bytes, size, size_max, seed / 3),
    }
}

/// Mutates choices: as libFuzzer does, between as many as make something and as many as are used.
///
/// Choices that run out are the simplest ones, of which hardly anything comes; libFuzzer by itself takes long to get from
/// no bytes to enough of them.
pub fn mutate_choices(bytes: &mut [u8], size: usize, size_max: usize, seed: u32, used: Range<usize>) -> usize {
    let size_max = size_max.min(used.end).min(bytes.len());
    let mut size = fuzzer_mutate(bytes, size.min(size_max), size_max);
    let mut random = Seeded::new(seed.into());
    while size < used.start.min(size_max) {
        bytes[size] = random.below(256) as u8;
        size += 1;
    }
    size
}

/// Mutates data: as a text, or, if they are data, by editing what they claim and encoding them again, because hardly any
/// changed byte leaves an encoding canonical.
pub fn mutate_data(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    match decode(&bytes[..size]) {
        // What is refused is not kept as data, so nothing is lost if it is at once what it must not be.
        Ok(_) if seed % 8 == 1 => {
            let damaged = damage_form(&bytes[..size], DAMAGES_MAX, &mut Seeded::new(seed.into()));
            put(bytes, size_max, &damaged)
        }
        Ok(data) if !seed.is_multiple_of(4) => {
            let mut claims = Claims::of(data.shared());
            forge(&mut claims, DAMAGES_MAX, &mut Seeded::new(seed.into()));
            let script = data.script().unwrap_or_else(|| ScriptHash::of(b"(null)"));
            let forged = Data::new(script, claims.to_shared(), data.journal().cloned());
            put(bytes, size_max, &encode(&forged))
        }
        _ => mutate_text(bytes, size, size_max, seed / 4),
    }
}
