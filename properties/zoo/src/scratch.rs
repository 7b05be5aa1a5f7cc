//! The scratch copy of the workspace, in which the attacker is built with one fault after the other.
//!
//! Only files that differ from what they should be are written, so each build compiles no more than the fault asks for.

use airtight_zoo::fault::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// What of the workspace the attacker is built from.
const PARTS: &[&str] = &["Cargo.toml", "Cargo.lock", "cli", "engine", "generators", "properties", "snapshots"];

/// What an attacker depends on besides the engine: a change there makes old findings stale.
const SEARCHERS: &[&str] =
    &["generators/src", "properties/src", "properties/zoo/src/hunt.rs", "properties/zoo/src/bin/attacker.rs"];

/// How the members are built: like those of the workspace, but for settings that keep the ones apart from the others, so that
/// both can share one target folder, and with it all other packages.
const CONFIG: &str = "\
[profile.dev.package.airtight-engine]
debug = false
[profile.dev.package.airtight-generators]
debug = false
[profile.dev.package.airtight-properties]
debug = false
[profile.dev.package.airtight-zoo]
debug = false
";

/// A copy of the workspace.
#[derive(Debug)]
pub(crate) struct Scratch {
    target: PathBuf,
    folder: PathBuf,
    /// The files of the workspace as they are, by path from its root.
    files: BTreeMap<String, Vec<u8>>,
}

impl Scratch {
    /// The copy of the workspace at `root` in its target folder, which is made when something is built.
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for part in PARTS {
            collect(root, &root.join(part), &mut files)?;
        }
        files.retain(|path, _| !path.starts_with("properties/zoo/") || is_built(path));
        let target = root.join("target");
        Ok(Self { folder: target.join("zoo"), target, files })
    }

    /// Where findings and attackers are kept.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A hash of all that decides what an attacker finds, but for the fault.
    pub(crate) fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let counts = |path: &str| path.starts_with("engine/src") || SEARCHERS.iter().any(|part| path.starts_with(part));
        for (path, content) in self.files.iter().filter(|(path, _)| counts(path)) {
            hasher.update(path.as_bytes()).update(&content.len().to_le_bytes()).update(content);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Builds the attacker with a fault, or without one, and says where it is.
    pub(crate) fn build(&self, fault: Option<&Fault>) -> Result<PathBuf, String> {
        let tree = self.folder.join("tree");
        let mut files = self.files.clone();
        files.insert(".cargo/config.toml".into(), CONFIG.into());
        if let Some(fault) = fault {
            // As it was read in the beginning: the workspace may be worked on meanwhile.
            let source = |path: &str| match self.files.get(path) {
                Some(content) => Ok(String::from_utf8_lossy(content).into_owned()),
                None => Err(io::ErrorKind::NotFound.into()),
            };
            for (path, text) in fault.apply(source).map_err(|error| error.to_string())? {
                files.insert(path, text.into_bytes());
            }
        }
        write(&tree, &files).map_err(|error| format!("cannot write `{}`: {error}", tree.display()))?;
        // A build that was interrupted may have left what cannot be used.
        self.compile(&tree, "1").or_else(|_| self.compile(&tree, "0"))?;
        let name = fault.map_or("correct", |fault| &fault.id);
        let attacker = self.folder.join(format!("attacker-{name}"));
        fs::copy(self.target.join("debug/attacker"), &attacker)
            .map_err(|error| format!("cannot copy the attacker: {error}"))?;
        Ok(attacker)
    }
}

impl Scratch {
    fn compile(&self, tree: &Path, incremental: &str) -> Result<(), String> {
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--locked", "-p", "airtight-zoo", "--bin", "attacker"])
            .current_dir(tree)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", incremental)
            .env_remove("RUSTFLAGS")
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        if built.status.success() {
            return Ok(());
        }
        Err(format!("the attacker does not build:\n{}", String::from_utf8_lossy(&built.stderr)))
    }
}

/// Of the zoo, only its sources are built; patches and findings come and go.
fn is_built(path: &str) -> bool {
    path.ends_with(".rs") || path.ends_with("Cargo.toml")
}

fn collect(root: &Path, path: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    if !path.is_dir() {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
        files.insert(name, fs::read(path)?);
        return Ok(());
    }
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        // What cargo builds is in folders that have this mark.
        if !path.join("CACHEDIR.TAG").is_file() {
            collect(root, &path, files)?;
        }
    }
    Ok(())
}

/// Makes the folder hold these files and no others.
fn write(folder: &Path, files: &BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut there = BTreeMap::new();
    collect(folder, folder, &mut there)?;
    let gone: BTreeSet<_> = there.keys().filter(|path| !files.contains_key(*path)).collect();
    for path in gone {
        fs::remove_file(folder.join(path))?;
    }
    for (path, content) in files {
        if there.get(path) != Some(content) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap_or(folder))?;
            fs::write(path, content)?;
        }
    }
    Ok(())
}
