//! Faults as files: patches with a header, and the list of those that cannot be.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The faults of the catalogue are `F01` to `F93`.
pub const COUNT: usize = 93;

/// The one file that lists faults which this design cannot have.
pub const IMPOSSIBLE: &str = "impossible.toml";

/// What a patch may change.
const CHANGED: &str = "engine/src/";

/// A fault that can be tried out.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Its id in the catalogue.
    pub id: String,
    /// What the changed engine does wrong.
    pub statement: String,
    /// From 1, silently wrong results, to 3.
    pub importance: u8,
    /// Names of laws that should find it.
    pub expected: Vec<String>,
    /// Whether it is one of those that CI runs.
    pub ci: bool,
    /// The file.
    pub path: PathBuf,
    /// Unified diffs, one for each file it changes, with the path of that file from the root of the repository.
    pub diffs: Vec<(String, String)>,
}

/// A fault that this design cannot have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impossible {
    /// Why not.
    pub reason: String,
}

/// All faults.
#[derive(Debug)]
pub struct Zoo {
    /// Those that can be tried out, by id.
    pub faults: BTreeMap<String, Fault>,
    /// Those that cannot be, by id.
    pub impossible: BTreeMap<String, Impossible>,
}

/// Why there is no fault to be had from a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FaultError {
    /// A file cannot be read.
    #[error("cannot read `{path}`: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A file is not of the form that `README.md` of the zoo describes.
    #[error("`{path}`: {what}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A patch does not apply to the engine as it is.
    #[error("`{path}` does not apply to `{file}`: {what}; make the patch anew")]
    Apply {
        /// The patch.
        path: PathBuf,
        /// The file it would change.
        file: String,
        /// Why not.
        what: String,
    },
}

/// The ids of the catalogue.
pub fn ids() -> impl Iterator<Item = String> {
    (1..=COUNT).map(|number| format!("F{number:02}"))
}

fn read(path: &Path) -> Result<String, FaultError> {
    std::fs::read_to_string(path).map_err(|error| FaultError::Read { path: path.into(), error })
}

impl Zoo {
    /// Reads all patches of a folder, and the list of impossible faults.
    ///
    /// # Errors
    /// If a file cannot be read or is not of the form, or an id is there twice.
    pub fn read(folder: &Path) -> Result<Self, FaultError> {
        let listed = std::fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>());
        let mut paths = listed.map_err(|error| FaultError::Read { path: folder.into(), error })?;
        paths.sort();
        let mut faults = BTreeMap::new();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "patch")) {
            let fault = Fault::read(&path)?;
            if faults.contains_key(&fault.id) {
                return Err(FaultError::Form { path, what: format!("there is another patch for {}", fault.id) });
            }
            faults.insert(fault.id.clone(), fault);
        }
        let path = folder.join(IMPOSSIBLE);
        let impossible: BTreeMap<String, Impossible> = toml::from_str(&read(&path)?)
            .map_err(|error| FaultError::Form { path: path.clone(), what: error.to_string() })?;
        if let Some(id) = impossible.keys().find(|id| faults.contains_key(*id)) {
            return Err(FaultError::Form { path, what: format!("there is a patch for {id}, which is listed here") });
        }
        Ok(Self { faults, impossible })
    }
}

impl Fault {
    /// Reads a patch.
    ///
    /// # Errors
    /// If it cannot be read or is not of the form.
    pub fn read(path: &Path) -> Result<Self, FaultError> {
        Self::parse(path, &read(path)?)
    }

    fn parse(path: &Path, text: &str) -> Result<Self, FaultError> {
        let form = |what: String| FaultError::Form { path: path.into(), what };
        let (header, diff) = text.split_once("\n\n").ok_or_else(|| form("no empty line after the header".into()))?;
        let mut fields = BTreeMap::new();
        for line in header.lines() {
            let (key, value) = line.split_once(": ").ok_or_else(|| form(format!("`{line}` is no `key: value`")))?;
            if fields.insert(key, value.trim()).is_some() {
                return Err(form(format!("`{key}` is there twice")));
            }
        }
        let mut field = |key: &str| fields.remove(key).ok_or_else(|| form(format!("the header has no `{key}`")));
        let id = field("id")?.to_owned();
        let statement = field("statement")?.to_owned();
        let importance = match field("importance")? {
            "1" => 1,
            "2" => 2,
            "3" => 3,
            other => return Err(form(format!("the importance is 1, 2 or 3, not `{other}`"))),
        };
        let expected = field("expected")?.split(", ").map(str::to_owned).collect();
        let ci = match field("ci")? {
            "yes" => true,
            "no" => false,
            other => return Err(form(format!("`ci` is `yes` or `no`, not `{other}`"))),
        };
        if let Some(key) = fields.keys().next() {
            return Err(form(format!("`{key}` means nothing in a header")));
        }
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with(&format!("{id}-")) || !ids().any(|known| known == id) {
            return Err(form(format!("the name of the file does not begin with `{id}-`, or there is no such id")));
        }
        let diffs = split(diff).map_err(form)?;
        Ok(Self { id, statement, importance, expected, ci, path: path.into(), diffs })
    }

    /// The files that the fault changes, as they are with it; `source` gives them as they are without.
    ///
    /// # Errors
    /// If a diff does not apply.
    pub fn apply(&self, source: impl Fn(&str) -> std::io::Result<String>) -> Result<Vec<(String, String)>, FaultError> {
        let apply = |(file, diff): &(String, String)| {
            let wrong = |what: String| FaultError::Apply { path: self.path.clone(), file: file.clone(), what };
            let patch = diffy::Patch::from_str(diff).map_err(|error| wrong(error.to_string()))?;
            let before = source(file).map_err(|error| wrong(error.to_string()))?;
            let after = diffy::apply(&before, &patch).map_err(|error| wrong(error.to_string()))?;
            Ok((file.clone(), after))
        };
        self.diffs.iter().map(apply).collect()
    }
}

/// The diffs of a patch, file by file.
fn split(diff: &str) -> Result<Vec<(String, String)>, String> {
    let mut diffs: Vec<(String, String)> = Vec::new();
    let mut lines = diff.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let is_next = lines.peek().is_some_and(|next| next.starts_with("+++ b/"));
        if let (Some(file), true) = (line.strip_prefix("--- a/"), is_next) {
            let file = file.trim_end().to_owned();
            if !file.starts_with(CHANGED) {
                return Err(format!("only files under `{CHANGED}` are changed, not `{file}`"));
            }
            diffs.push((file, String::new()));
        }
        match diffs.last_mut() {
            Some((_, text)) => text.push_str(line),
            None => return Err(format!("`{}` comes before the first `--- a/…`", line.trim_end())),
        }
    }
    if diffs.is_empty() { Err("there is no diff".into()) } else { Ok(diffs) }
}
