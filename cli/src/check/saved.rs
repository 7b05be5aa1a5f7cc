//! Counterexamples as files.

use crate::args::SubjectArgs;
use airtight_properties::Counterexample;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// A folder for the counterexamples of one command, each in a file of its own.
pub(crate) struct Saver<'a> {
    folder: &'a Path,
    taken: BTreeSet<PathBuf>,
}

impl<'a> Saver<'a> {
    /// Nothing is saved yet. What an earlier command saved is written over.
    pub(crate) const fn new(folder: &'a Path) -> Self {
        Self { folder, taken: BTreeSet::new() }
    }

    /// Saves a counterexample as `name-law.json`; a further one of that name and law as `name-law-2.json`.
    pub(crate) fn save(&mut self, name: &str, counterexample: &Counterexample) -> io::Result<PathBuf> {
        std::fs::create_dir_all(self.folder)?;
        let law = &counterexample.law;
        let mut file = self.folder.join(format!("{name}-{law}.json"));
        let mut number = 1;
        while !self.taken.insert(file.clone()) {
            number += 1;
            file = self.folder.join(format!("{name}-{law}-{number}.json"));
        }
        std::fs::write(&file, counterexample.to_text())?;
        Ok(file)
    }
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
