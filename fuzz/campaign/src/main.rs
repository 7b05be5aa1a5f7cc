//! Fuzzing as a command: builds the targets, runs them, counts, and writes down what was measured.

mod coverage;
mod page;
#[cfg(feature = "replay")]
mod replay;
mod run;

use clap::{Parser, Subcommand, ValueEnum};
use run::{Plan, Start};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;

/// Runs the fuzz targets, and measures what they do.
///
/// What is made and measured is kept in `fuzz/target/campaign`, or where `--folder` says: corpora, logs, numbers. The
/// exit code is 0 if nothing was found, 1 if something was, and 2 if something could not be done.
#[derive(Parser)]
#[command(name = "campaign")]
struct Args {
    /// Where corpora, logs and numbers are kept.
    #[arg(long, global = true, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds all targets and runs each for some time.
    Run {
        /// The targets; all if there are none.
        targets: Vec<String>,
        /// For how long each is run.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
        /// How many run at a time.
        #[arg(long, default_value_t = 1)]
        jobs: usize,
        /// What they begin with.
        #[arg(long, value_enum, default_value_t = Begin::Empty)]
        begin: Begin,
    },
    /// Looks at each input of the corpora once, without a fuzzer.
    #[cfg(feature = "replay")]
    Replay,
    /// Measures which lines of the engine the corpora reach.
    ///
    /// The tools `llvm-profdata` and `llvm-cov` must know the profiles of the compiler (`rustup component add llvm-tools`);
    /// where other ones are, the variables `LLVM_PROFDATA` and `LLVM_COV` say.
    Coverage {
        /// Also prints the lines that no input reaches.
        #[arg(long)]
        lines: bool,
    },
    /// Writes down what was measured, as sections of `docs/strength.md`.
    Write {
        /// The folder of the sections.
        #[arg(default_value = "docs/strength")]
        sections: PathBuf,
    },
}

/// What targets begin with.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Begin {
    /// An empty corpus; one that is there is thrown away.
    Empty,
    /// The corpus that is there.
    Kept,
    /// The seeds and crashes of the repository; nothing is kept.
    Stored,
    /// First an empty corpus, then the seeds and crashes.
    Both,
}

impl Begin {
    fn starts(self) -> &'static [Start] {
        match self {
            Self::Empty => &[Start::Empty],
            Self::Kept => &[Start::Kept],
            Self::Stored => &[Start::Stored],
            Self::Both => &[Start::Empty, Start::Stored],
        }
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let folder = args.folder.unwrap_or_else(|| fuzz_folder().join("target/campaign"));
    let done = match &args.command {
        Task::Run { targets, seconds, jobs, begin } => {
            named(targets).and_then(|targets| run_all(&folder, &targets, *seconds, *jobs, begin.starts()))
        }
        #[cfg(feature = "replay")]
        Task::Replay => replay::replay(&folder),
        Task::Coverage { lines } => coverage::measure(&folder, *lines),
        Task::Write { sections } => page::write(&folder, sections).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// The folder of all that is about fuzzing.
fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// All targets, by name.
fn targets() -> Vec<String> {
    let sources = files(&fuzz_folder().join("fuzz_targets"));
    sources.iter().filter_map(|source| Some(source.file_stem()?.to_str()?.to_owned())).collect()
}

/// The targets of these names; all if there are none.
fn named(names: &[String]) -> Result<Vec<String>, String> {
    let all = targets();
    match names.iter().find(|name| !all.contains(name)) {
        Some(name) => Err(format!("there is no target `{name}`")),
        None if names.is_empty() => Ok(all),
        None => Ok(names.to_vec()),
    }
}

/// Runs the targets from each start; says whether nothing was found.
fn run_all(folder: &Path, targets: &[String], seconds: u64, jobs: usize, starts: &[Start]) -> Result<bool, String> {
    let binaries = build()?;
    let mut plans: Vec<Plan> = Vec::new();
    for start in starts {
        plans.extend(targets.iter().map(|target| Plan { target: target.clone(), start: *start, seconds }));
    }
    plans.reverse();
    let (plans, all_clean) = (Mutex::new(plans), Mutex::new(Ok(true)));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(plan) = plans.lock().ok().and_then(|mut plans| plans.pop()) {
                    let clean = plan.run(folder, &binaries).map(|ran| {
                        println!("{ran}");
                        ran.findings.is_empty()
                    });
                    if let Ok(mut all_clean) = all_clean.lock() {
                        *all_clean = match (all_clean.clone(), clean) {
                            (Ok(before), Ok(now)) => Ok(before && now),
                            (Err(error), _) | (_, Err(error)) => Err(error),
                        };
                    }
                }
            });
        }
    });
    all_clean.into_inner().map_err(|error| error.to_string())?
}

/// Builds all targets, without a sanitizer; says where they are.
fn build() -> Result<PathBuf, String> {
    let fuzz = fuzz_folder();
    succeed(
        Command::new("cargo")
            .args(["fuzz", "build", "--sanitizer", "none", "--no-trace-compares", "--fuzz-dir"])
            .arg(&fuzz),
    )?;
    let version = output(Command::new("rustc").arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).ok_or("`rustc -vV` names no host")?;
    Ok(fuzz.join("target").join(host).join("release"))
}

/// Runs a command that must succeed.
fn succeed(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// What a command prints that must succeed.
fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{command:?} ended with {}: {}", output.status, said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The files of a folder, which need not be there, sorted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    files.sort();
    files
}

/// Writes a file, and the folder around it.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, text));
    written.map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}
