#![no_main]

use airtight_fuzz::lines::mutate_lines;
use airtight_fuzz::look;
use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

fuzz_mutator!(|bytes: &mut [u8], size: usize, size_max: usize, seed: u32| {
    mutate_lines(bytes, size, size_max, seed)
});

fuzz_target!(|bytes: &[u8]| -> Corpus { look(env!("CARGO_BIN_NAME"), bytes) });
