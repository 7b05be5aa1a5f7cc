#![no_main]

use airtight_fuzz::look;
use libfuzzer_sys::{Corpus, fuzz_target};

fuzz_target!(|bytes: &[u8]| -> Corpus { look("print", bytes) });
