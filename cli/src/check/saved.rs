//! Counterexamples as files.

use crate::args::SubjectArgs;
use airtight_properties::Counterexample;
use std::io;
use std::path::{Path, PathBuf};

/// Saves a counterexample as `name-law.json`.
pub(crate) fn save(folder: &Path, name: &str, counterexample: &Counterexample) -> io::Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    let file = folder.join(format!("{name}-{}.json", counterexample.law));
    std::fs::write(&file, counterexample.to_text())?;
    Ok(file)
}

/// The command that replays a saved counterexample.
pub(crate) fn replay_line(subject: &SubjectArgs, file: &Path) -> String {
    let words = |words: &[&str]| shlex::try_join(words.iter().copied()).unwrap_or_else(|_| words.join(" "));
    let file = words(&[&file.to_string_lossy()]);
    match &subject.runner {
        None => format!("airtight replay {file}"),
        Some(command) => {
            let all = std::iter::once(&command.program).chain(&command.arguments).map(String::as_str);
            format!("airtight replay --runner {} {file}", words(&[&words(&all.collect::<Vec<_>>())]))
        }
    }
}
