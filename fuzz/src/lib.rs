//! What all fuzz targets share: how a target is called, how inputs that mean nothing are counted, and the mutators for
//! inputs that bytes mutate badly.

use airtight_engine::data::{Data, ScriptHash, decode, encode};
use airtight_engine::script::Tree;
use airtight_generators::forge::{Claims, forge};
use airtight_generators::{EditWeights, Seeded, damage, near_valid};
use airtight_properties::target::target;
use libfuzzer_sys::{Corpus, fuzzer_mutate};
use std::sync::atomic::{AtomicU64, Ordering};

static LOOKED_AT: AtomicU64 = AtomicU64::new(0);
static REJECTED: AtomicU64 = AtomicU64::new(0);

/// Looks at an input; one that means nothing is counted, and not kept.
///
/// At each power of two of inputs, the share of those is printed.
///
/// # Panics
/// If a law does not hold, with what breaks it; that is how a fuzzer learns of it.
pub fn look(name: &str, bytes: &[u8]) -> Corpus {
    let target = target(name).unwrap_or_else(|| panic!("there is no target `{name}`"));
    let meant = (target.look)(bytes).unwrap_or_else(|violation| panic!("{violation}"));
    let rejected = REJECTED.fetch_add(u64::from(!meant), Ordering::Relaxed) + u64::from(!meant);
    let inputs = LOOKED_AT.fetch_add(1, Ordering::Relaxed) + 1;
    if inputs.is_power_of_two() && inputs >= 1 << 10 {
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

/// Mutates a script: as a text, or, if it is one, by instructions and operands, so that brackets stay in pairs.
pub fn mutate_script(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    let tree = std::str::from_utf8(&bytes[..size]).ok().and_then(|text| Tree::parse(text).ok());
    match tree {
        Some(tree) if !seed.is_multiple_of(3) => {
            let text = near_valid(&tree, &EditWeights::default(), &mut Seeded::new(seed.into()));
            put(bytes, size_max, text.as_bytes())
        }
        _ => mutate_text(bytes, size, size_max, seed / 3),
    }
}

/// Mutates data: as a text, or, if they are data, by editing what they claim and encoding them again, because hardly any
/// changed byte leaves an encoding canonical.
pub fn mutate_data(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    match decode(&bytes[..size]) {
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
