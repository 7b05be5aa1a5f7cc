//! The scratch copy of the workspace, in which a program is built with one fault after the other.
//!
//! Only files that differ from what they should be are written, so each build compiles no more than the fault asks for.

use crate::fault::Fault;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// A program that is built with faults in the engine.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// What it is built from, from the root of the repository.
    pub parts: &'static [&'static str],
    /// What it depends on besides the engine: a change there makes old findings stale.
    pub searchers: &'static [&'static str],
    /// Where its workspace is, from the root of the repository.
    pub workspace: &'static str,
    /// Its package.
    pub package: &'static str,
    /// Its name, which no other program has that is used otherwise: it is built into the target folder of its workspace.
    pub name: &'static str,
    /// Whether it is built in the release profile; in that of development otherwise.
    pub release: bool,
    /// Packages of the repository that it is made of, each with settings of cargo. They must differ from those of the
    /// workspace, so that both can share one target folder, and with it all other packages.
    pub members: &'static [(&'static str, &'static str)],
}

impl Program {
    /// The settings as a file of cargo.
    fn config(&self) -> String {
        let profile = if self.release { "release" } else { "dev" };
        let member =
            |(package, settings): &(&str, &str)| format!("[profile.{profile}.package.{package}]\n{settings}\n");
        self.members.iter().map(member).collect()
    }
}

/// A copy of the workspace.
#[derive(Debug)]
pub struct Scratch {
    program: Program,
    target: PathBuf,
    folder: PathBuf,
    /// The files of the workspace as they are, by path from its root.
    files: BTreeMap<String, Vec<u8>>,
}

impl Scratch {
    /// The copy of the repository at `root` in the target folder of the program's workspace; it is made when something is
    /// built.
    ///
    /// # Errors
    /// If a part cannot be read.
    pub fn new(root: &Path, program: Program) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for part in program.parts {
            collect(root, &root.join(part), &mut files)?;
        }
        files.retain(|path, _| !path.starts_with("properties/zoo/") || is_built(path));
        let target = root.join(program.workspace).join("target");
        Ok(Self { program, folder: target.join("zoo"), target, files })
    }

    /// Where findings and programs are kept.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A hash of all that decides what the program finds, but for the fault.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let searchers = self.program.searchers;
        let counts = |path: &str| path.starts_with("engine/src") || searchers.iter().any(|part| path.starts_with(part));
        for (path, content) in self.files.iter().filter(|(path, _)| counts(path)) {
            hasher.update(path.as_bytes()).update(&content.len().to_le_bytes()).update(content);
        }
        hasher.finalize().to_hex().to_string()
    }

    /// Builds the program with a fault, or without one, and says where it is.
    ///
    /// # Errors
    /// If the fault does not apply, or cargo cannot build it.
    pub fn build(&self, fault: Option<&Fault>) -> Result<PathBuf, String> {
        let tree = self.folder.join("tree");
        let mut files = self.files.clone();
        files.insert(".cargo/config.toml".into(), self.program.config().into());
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
        let Program { name, release, .. } = self.program;
        let copy = self.folder.join(format!("{name}-{}", fault.map_or("correct", |fault| &fault.id)));
        let built = self.target.join(if release { "release" } else { "debug" }).join(name);
        fs::copy(built, &copy).map_err(|error| format!("cannot copy the {name}: {error}"))?;
        Ok(copy)
    }

    fn compile(&self, tree: &Path, incremental: &str) -> Result<(), String> {
        let Program { workspace, package, name, release, .. } = self.program;
        let built = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["build", "--quiet", "--locked", "-p", package, "--bin", name])
            .args(release.then_some("--release"))
            .current_dir(tree.join(workspace))
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", incremental)
            .env_remove("RUSTFLAGS")
            .output()
            .map_err(|error| format!("cannot start cargo: {error}"))?;
        if built.status.success() {
            return Ok(());
        }
        Err(format!("the {name} does not build:\n{}", String::from_utf8_lossy(&built.stderr)))
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
