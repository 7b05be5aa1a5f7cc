//! What the snapshots have in common: the command as a user calls it, teaching scripts as they are played, data line by line,
//! and bad input. See `README.md` for how to review them.

pub mod broken;
mod command;
mod envelope;
mod input;
mod play;

pub use command::{Said, airtight};
pub use envelope::lines;
pub use input::{CALL, Input, answered, answers, data_of, under_way};
pub use play::{Step, play, teaching};

use std::path::Path;

/// The folder of this package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The name of a file without its ending: what a snapshot about it is called.
///
/// # Panics
/// If it has none.
pub fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_else(|| panic!("{} has no name", path.display()))
}
