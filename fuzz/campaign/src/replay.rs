//! Each input of the corpora, once, without a fuzzer.

use crate::files;
use crate::run::corpus;
use airtight_properties::target::TARGETS;
use std::fs;
use std::path::Path;

/// Looks at the inputs of all targets; says whether all laws hold.
///
/// # Errors
/// If an input cannot be read, or there is none.
pub(crate) fn replay(folder: &Path) -> Result<bool, String> {
    let (mut inputs, mut broken) = (0_u64, 0_u64);
    for target in &TARGETS {
        for path in files(&corpus(folder, target.name)) {
            let bytes = fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            inputs += 1;
            if let Err(violation) = (target.look)(&bytes) {
                eprintln!("{} does not hold for `{}`: {violation}", target.name, path.display());
                broken += 1;
            }
        }
    }
    println!("{inputs} inputs, {broken} of them break a law");
    if inputs == 0 { Err(format!("there is no corpus in `{}`", folder.display())) } else { Ok(broken == 0) }
}
