//! `Arbitrary` of `arbitrary`: values from the bytes of a fuzzer.

use crate::Choices;
use crate::samples::{DamagedText, FreeData, NearValidText, Triple, ValidScript};
use arbitrary::{Arbitrary, MaxRecursionReached, Result, Unstructured};

/// Choices from the bytes of a fuzzer; when they run out, choice 0, the simplest one, for ever.
#[derive(Debug)]
pub struct FuzzerBytes<'u, 'b>(pub &'u mut Unstructured<'b>);

impl Choices for FuzzerBytes<'_, '_> {
    fn below(&mut self, n: u32) -> u32 {
        match n {
            0 | 1 => 0,
            _ => self.0.int_in_range(0..=n - 1).unwrap_or_default(),
        }
    }
}

macro_rules! arbitrary {
    ($($sample:ident,)*) => {$(
        impl<'b> Arbitrary<'b> for $sample {
            fn arbitrary(bytes: &mut Unstructured<'b>) -> Result<Self> {
                Ok(Self::draw(&mut FuzzerBytes(bytes)))
            }

            fn size_hint(_: usize) -> (usize, Option<usize>) {
                // No bytes make the simplest value; any number of them is used.
                (0, None)
            }

            fn try_size_hint(depth: usize) -> std::result::Result<(usize, Option<usize>), MaxRecursionReached> {
                Ok(<Self as Arbitrary<'b>>::size_hint(depth))
            }
        }
    )*};
}

arbitrary! {
    ValidScript,
    NearValidText,
    DamagedText,
    FreeData,
    Triple,
}
