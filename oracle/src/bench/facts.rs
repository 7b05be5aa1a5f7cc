//! What is kept of a run of the benchmarks: criterion's estimates, and beside them where and how they came about.

use super::Parts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// Where results are kept, whatever the working directory is.
fn target() -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    folder.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/target")))
}

/// What criterion does not know of a run of the benchmarks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Where it ran.
    pub machine: Machine,
    /// Each scenario, engine and size.
    pub measured: BTreeMap<String, Measured>,
    /// Where the time of our engine goes, for each scenario at its middle size.
    pub parts: BTreeMap<String, Parts>,
}

/// What was measured.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Whether the time is that of one pass.
    pub once: bool,
    /// How many runs of the interpreter it took.
    pub runs: usize,
}

/// A machine with its software.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// How many threads it runs at once.
    pub cores: usize,
    /// How much memory there is, in MiB.
    pub memory_mib: u64,
    /// The operating system.
    pub system: String,
    /// The compiler.
    pub rustc: String,
    /// The last commit of what was measured: the engine, and what drives both; with `+` if there was more.
    pub commit: String,
}

/// What decides how long something takes, from this package.
const MEASURED: [&str; 6] = ["../engine", "benches", "src/bench", "src/reference.rs", "Cargo.toml", "Cargo.lock"];

/// What marks a commit that is not all of it.
const CHANGED: char = '+';

/// What a program says first, or nothing.
fn says(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// What stands behind a key in a file of lines, or nothing.
fn line(file: &str, key: &str, between: char) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix(between));
    value.unwrap_or_default().trim().trim_matches('"').to_owned()
}

/// The day, as UTC has it: year, month and day of the month.
pub fn today() -> String {
    says("date", &["-u", "+%F"])
}

impl Machine {
    /// This machine, as far as it tells; what it does not tell is empty.
    pub fn here() -> Self {
        Self::here_of(&MEASURED)
    }

    /// This machine, with the last commit of these paths, seen from this package.
    pub fn here_of(paths: &[&str]) -> Self {
        let memory = line("/proc/meminfo", "MemTotal", ':');
        let kernel = says("uname", &["-srm"]);
        let system = [line("/etc/os-release", "PRETTY_NAME", '='), kernel];
        let git = |command: &[&str]| says("git", &[command, &["--"], paths].concat());
        let changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
        Self {
            cpu: line("/proc/cpuinfo", "model name", ':'),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_mib: memory.split(' ').next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or_default() / 1024,
            system: system.join(", "),
            rustc: says("rustc", &["--version"]),
            commit: git(&["log", "-1", "--format=%h", "--abbrev=10"]) + &String::from_iter(changed.then_some(CHANGED)),
        }
    }
}

impl Facts {
    /// The name of a run of the benchmarks, for criterion and for us.
    pub const fn name(signatures: bool) -> &'static str {
        if signatures { "signatures-on" } else { "signatures-off" }
    }

    /// The name of one thing that is measured.
    pub fn key(scenario: &str, engine: &str, size: usize) -> String {
        format!("{scenario}/{engine}/{size}")
    }

    fn path(signatures: bool) -> PathBuf {
        target().join("performance").join(Self::name(signatures)).with_extension("json")
    }

    /// What was kept of the last run, to which a run of a part of the scenarios may add; nothing if that was on another
    /// machine or of another commit, since one table is of one.
    pub fn resume(signatures: bool) -> Self {
        let machine = Machine::here();
        let kept = Self::load(signatures);
        if kept.machine == machine && !machine.commit.ends_with(CHANGED) {
            return kept;
        }
        Self { machine, ..Self::default() }
    }

    /// What was kept of the last run; nothing if there was none.
    pub fn load(signatures: bool) -> Self {
        let text = std::fs::read(Self::path(signatures)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// Keeps it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, signatures: bool) -> std::io::Result<()> {
        let path = Self::path(signatures);
        std::fs::create_dir_all(path.parent().unwrap_or(&path))?;
        std::fs::write(path, serde_json::to_vec_pretty(self)?)
    }

    /// The median time in seconds that criterion estimated, and half the width of its 95 % interval as a part of it.
    pub fn median(signatures: bool, scenario: &str, engine: &str, size: usize) -> Option<(f64, f64)> {
        #[derive(Deserialize)]
        struct Estimates {
            median: Estimate,
        }
        #[derive(Deserialize)]
        struct Estimate {
            confidence_interval: Interval,
            point_estimate: f64,
        }
        #[derive(Deserialize)]
        struct Interval {
            lower_bound: f64,
            upper_bound: f64,
        }
        let folder = target().join("criterion").join(Self::key(scenario, engine, size)).join(Self::name(signatures));
        let text = std::fs::read(folder.join("estimates.json")).ok()?;
        let Estimates { median } = serde_json::from_slice(&text).ok()?;
        let Interval { lower_bound, upper_bound } = median.confidence_interval;
        Some((median.point_estimate / 1e9, (upper_bound - lower_bound) / 2.0 / median.point_estimate))
    }
}
