//! What the snapshots have in common: the command as a user calls it, teaching scripts as they are played, and where the
//! snapshots lie. See `README.md` for how to review them.

pub mod broken;
mod command;
mod play;

pub use command::{Said, airtight};
pub use play::{Step, play, teaching};

use insta::Settings;
use std::path::{Path, PathBuf};

/// The folder of this package.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A script of the examples or the teaching scripts, by its path from this package.
pub fn scripts(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut scripts: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "air")).collect();
    scripts.sort();
    scripts
}

/// Compares a text with the snapshot of this name in a folder.
///
/// # Panics
/// If they differ.
pub fn review(folder: &str, name: &str, text: &str) {
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(root().join(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    // Time and place are not behaviour.
    settings.add_filter(r"\b\d+(\.\d+)? ?(ms|µs|s)\b", "[time]");
    settings.add_filter(r"airtight \d+\.\d+\.\d+", "airtight [version]");
    settings.bind(|| insta::assert_snapshot!(name, text));
}
