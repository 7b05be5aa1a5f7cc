//! Which lines of the engine the corpora reach.
//!
//! This program is built once more, such that it counts, and replays the corpora. So what is measured is what the targets
//! do with those inputs, and needs no fuzzer, no nightly compiler and no sanitizer.

use crate::{fuzz_folder, output, succeed, write};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Lines of a file or of a part of the engine.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Lines {
    /// How many have code.
    pub(crate) all: u64,
    /// How many of these were reached.
    pub(crate) reached: u64,
}

impl Lines {
    /// The share of the lines that was reached.
    pub(crate) fn share(self) -> f64 {
        self.reached as f64 / self.all.max(1) as f64
    }

    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.reached += other.reached;
    }
}

/// Lines by file, from the folder of the engine's sources.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Coverage {
    pub(crate) files: BTreeMap<String, Lines>,
}

impl Coverage {
    /// What was measured last.
    pub(crate) fn read(folder: &Path) -> Result<Option<Self>, String> {
        let path = folder.join("numbers/lines.json");
        let Ok(text) = fs::read(&path) else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|error| format!("`{}`: {error}", path.display()))
    }

    /// All lines.
    pub(crate) fn total(&self) -> Lines {
        self.files.values().fold(Lines::default(), |mut total, lines| {
            total.add(*lines);
            total
        })
    }

    /// Lines by part of the engine: a folder, or what lies beside the folders.
    pub(crate) fn parts(&self) -> BTreeMap<&str, Lines> {
        let mut parts: BTreeMap<&str, Lines> = BTreeMap::new();
        for (file, lines) in &self.files {
            let part = file.split_once('/').map_or(file.strip_suffix(".rs").unwrap_or(file), |(part, _)| part);
            parts.entry(part).or_default().add(*lines);
        }
        parts
    }
}

/// Measures which lines the corpora reach; says whether all laws hold on the way.
///
/// # Errors
/// If something cannot be built, run or understood.
pub(crate) fn measure(folder: &Path, print_lines: bool) -> Result<bool, String> {
    let (profdata, cov) = (tool("LLVM_PROFDATA", "llvm-profdata")?, tool("LLVM_COV", "llvm-cov")?);
    let build = folder.join("build");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--features", "replay", "--package", env!("CARGO_PKG_NAME"), "--manifest-path"]);
    cargo.arg(fuzz_folder().join("Cargo.toml")).arg("--target-dir").arg(&build);
    // It is built for this alone, and runs once.
    cargo.env("RUSTFLAGS", "-Cinstrument-coverage").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    succeed(&mut cargo)?;
    let program = build.join("release").join(env!("CARGO_PKG_NAME"));
    let profiles = folder.join("profiles");
    if profiles.exists() {
        fs::remove_dir_all(&profiles).map_err(|error| format!("cannot empty `{}`: {error}", profiles.display()))?;
    }
    let mut replay = Command::new(&program);
    replay.arg("--folder").arg(folder).arg("replay").env("LLVM_PROFILE_FILE", profiles.join("%p.profraw"));
    let status = replay.status().map_err(|error| format!("cannot run {replay:?}: {error}"))?;
    let merged = profiles.join("all.profdata");
    let raw = crate::files(&profiles);
    succeed(Command::new(&profdata).args(["merge", "--sparse", "--output"]).arg(&merged).args(raw))?;
    let sources = fuzz_folder().join("../engine/src");
    let sources = sources.canonicalize().map_err(|error| format!("`{}`: {error}", sources.display()))?;
    let of_engine = |command: &str, option: &str| {
        let mut command_line = Command::new(&cov);
        command_line.arg(command).arg(option).arg("--instr-profile").arg(&merged).arg(&program);
        output(command_line.arg(&sources))
    };
    let coverage = read(&of_engine("export", "--summary-only")?, &sources)?;
    for (part, lines) in coverage.parts() {
        println!("{part:<10} {:>6} lines, {:>5.1} % reached", lines.all, lines.share() * 100.0);
    }
    let total = coverage.total();
    println!("{:<10} {:>6} lines, {:>5.1} % reached", "all", total.all, total.share() * 100.0);
    if print_lines {
        let shown = of_engine("show", "--show-instantiations=false")?;
        let mut file = "";
        for line in shown.lines() {
            match line.strip_suffix(':') {
                Some(name) if Path::new(name).is_absolute() => file = name,
                _ if line.split('|').nth(1).is_some_and(|count| count.trim() == "0") => println!("{file}:{line}"),
                _ => {}
            }
        }
    }
    let text = serde_json::to_string_pretty(&coverage).map_err(|error| error.to_string())?;
    write(&folder.join("numbers/lines.json"), &(text + "\n"))?;
    Ok(status.success())
}

/// A tool of LLVM: what a variable says, or what comes with the compiler.
fn tool(variable: &str, name: &str) -> Result<OsString, String> {
    if let Some(tool) = std::env::var_os(variable) {
        return Ok(tool);
    }
    let root = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let found = fs::read_dir(Path::new(root.trim()).join("lib/rustlib")).into_iter().flatten().flatten();
    let found: Option<PathBuf> = found.map(|host| host.path().join("bin").join(name)).find(|tool| tool.is_file());
    let missing = || format!("there is no `{name}`: `rustup component add llvm-tools`, or name one in `{variable}`");
    found.map(PathBuf::into_os_string).ok_or_else(missing)
}

/// The lines of each file, from what `llvm-cov export` says.
fn read(text: &str, sources: &Path) -> Result<Coverage, String> {
    let exported: Value = serde_json::from_str(text).map_err(|error| format!("what `llvm-cov` says: {error}"))?;
    let files = exported.pointer("/data/0/files").and_then(Value::as_array).ok_or("`llvm-cov` names no files")?;
    let mut coverage = Coverage::default();
    for file in files {
        let name = file.get("filename").and_then(Value::as_str).unwrap_or_default();
        let Ok(name) = Path::new(name).strip_prefix(sources) else { continue };
        let count = |what: &str| file.pointer(&format!("/summary/lines/{what}")).and_then(Value::as_u64);
        let (Some(all), Some(reached)) = (count("count"), count("covered")) else { continue };
        coverage.files.insert(name.to_string_lossy().into_owned(), Lines { all, reached });
    }
    if coverage.files.is_empty() { Err("`llvm-cov` knows no file of the engine".into()) } else { Ok(coverage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_by_part() {
        let file = |name: &str, all: u64, reached: u64| serde_json::json!({"filename": name, "summary": {"lines": {"count": all, "covered": reached}}});
        let files = [
            file("/engine/src/data/merge.rs", 10, 9),
            file("/engine/src/data/id.rs", 20, 20),
            file("/engine/src/host.rs", 5, 0),
            file("/generators/src/lib.rs", 7, 7),
        ];
        let said = serde_json::json!({"data": [{"files": files}]}).to_string();
        let coverage = read(&said, Path::new("/engine/src")).expect("it is what `llvm-cov` says");
        let parts: Vec<_> =
            coverage.parts().into_iter().map(|(part, lines)| (part, lines.all, lines.reached)).collect();
        assert_eq!(parts, [("data", 30, 29), ("host", 5, 0)]);
        assert_eq!((coverage.total().all, coverage.total().reached), (35, 29));
        assert!(read("{}", Path::new("/engine/src")).is_err());
    }
}
