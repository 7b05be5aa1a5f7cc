//! One run of one target under libFuzzer, and what it says about itself.

use crate::{files, fuzz_folder, write};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// An input that takes longer than this is a finding.
const INPUT_SECONDS_MAX: u64 = 60;

/// How many lines of what a target says of a finding are shown.
const WORDS_MAX: usize = 60;

/// How often it is looked how much time of a processor a run has used.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What a run begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Start {
    /// An empty corpus.
    Empty,
    /// The corpus that an earlier run left.
    Kept,
    /// Seeds and crashes of the repository.
    Stored,
}

impl Start {
    const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Kept => "kept",
            Self::Stored => "stored",
        }
    }
}

/// A run that is wanted.
pub(crate) struct Plan {
    pub(crate) target: String,
    pub(crate) start: Start,
    pub(crate) seconds: u64,
}

/// What a run did.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Ran {
    pub(crate) target: String,
    pub(crate) start: Start,
    pub(crate) seconds: f64,
    /// What the run used of a processor.
    pub(crate) processor_seconds: f64,
    pub(crate) executions: u64,
    /// The inputs that were counted when it was counted last how many of them mean nothing.
    pub(crate) counted: u64,
    pub(crate) rejected: u64,
    /// Branches of the program that were reached, as libFuzzer counts them.
    pub(crate) branches: u64,
    /// Those that a quarter of the executions reached.
    pub(crate) branches_early: u64,
    pub(crate) corpus_files: usize,
    pub(crate) corpus_bytes: u64,
    pub(crate) memory_mib: u64,
    /// The inputs that break a law, take too long or too much memory.
    pub(crate) findings: Vec<PathBuf>,
    /// What was said last, if there are findings: what is wrong, and the input as text.
    #[serde(skip)]
    pub(crate) why: String,
}

impl Ran {
    /// Executions in a second of one processor.
    pub(crate) fn per_second(&self) -> f64 {
        self.executions as f64 / self.processor_seconds.max(0.001)
    }

    /// The share of inputs that mean nothing.
    pub(crate) fn rejected_share(&self) -> f64 {
        self.rejected as f64 / self.counted.max(1) as f64
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, start, executions, branches, branches_early, corpus_files, memory_mib, findings, .. } = self;
        write!(f, "{target:<17} {:<6} {executions:>10} executions in {:.0} s", start.name(), self.seconds)?;
        write!(f, " ({:.0} s of a processor, {:.0} /s), ", self.processor_seconds, self.per_second())?;
        write!(f, "{:.1} % rejected, {branches_early} → {branches} branches, ", self.rejected_share() * 100.0)?;
        write!(f, "corpus of {corpus_files}, {memory_mib} MiB, {} findings", findings.len())?;
        findings.iter().try_for_each(|finding| write!(f, "\n  {}", finding.display()))?;
        if self.why.is_empty() { Ok(()) } else { write!(f, "\n{}", self.why) }
    }
}

/// Where the corpus of a target is.
pub(crate) fn corpus(folder: &Path, target: &str) -> PathBuf {
    folder.join("corpus").join(target)
}

/// Where the numbers of a run are.
fn numbers(folder: &Path, target: &str, start: Start) -> PathBuf {
    folder.join("numbers").join(format!("{target}-{}.json", start.name()))
}

/// What was measured when the target began with an empty corpus, if it was.
pub(crate) fn measured(folder: &Path, target: &str) -> Result<Option<Ran>, String> {
    let path = numbers(folder, target, Start::Empty);
    let Ok(text) = fs::read(&path) else { return Ok(None) };
    serde_json::from_slice(&text).map(Some).map_err(|error| format!("`{}`: {error}", path.display()))
}

impl Plan {
    /// Runs the target.
    ///
    /// # Errors
    /// If it cannot be run, or says nothing about itself, or ended and nobody knows why.
    pub(crate) fn run(&self, folder: &Path, binaries: &Path) -> Result<Ran, String> {
        let Self { target: name, start, seconds } = self;
        let start = *start;
        let io = |error: std::io::Error| format!("{name}: {error}");
        let (fuzz, artifacts) = (fuzz_folder(), fuzz_folder().join("artifacts").join(name));
        let corpus = match start {
            Start::Empty | Start::Kept => corpus(folder, name),
            Start::Stored => folder.join("from-stored").join(name),
        };
        if start != Start::Kept && corpus.exists() {
            fs::remove_dir_all(&corpus).map_err(io)?;
        }
        let log = folder.join("logs").join(format!("{name}-{}.log", start.name()));
        for made in [&corpus, &artifacts, &folder.join("logs")] {
            fs::create_dir_all(made).map_err(io)?;
        }
        let known = files(&artifacts);
        let mut command = Command::new(binaries.join(name));
        command.arg(&corpus);
        if start == Start::Stored {
            let stored = [fuzz.join("seeds").join(name), fuzz.join("crashes").join(name)];
            command.args(stored.iter().filter(|folder| folder.is_dir()));
        }
        command.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
        command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
        command.arg(format!("-artifact_prefix={}/", artifacts.display()));
        let dictionary = fuzz.join("dictionaries").join(format!("{name}.dict"));
        if dictionary.is_file() {
            command.arg(format!("-dict={}", dictionary.display()));
        }
        command.args(options(&fuzz.join("options").join(format!("{name}.options"))));
        let output = File::create(&log).map_err(io)?;
        command.stdin(Stdio::null()).stdout(output.try_clone().map_err(io)?).stderr(output);
        let begin = Instant::now();
        let child = command.spawn().map_err(|error| format!("cannot run {command:?}: {error}"))?;
        let (status, processor_seconds) = watch(child).map_err(io)?;
        let seconds = begin.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&fs::read(&log).map_err(io)?).into_owned();
        let findings: Vec<PathBuf> = files(&artifacts).into_iter().filter(|path| !known.contains(path)).collect();
        if !status.success() && findings.is_empty() {
            return Err(format!("{name} ended with {status}; see `{}`", log.display()));
        }
        let (counted, rejected) = last_count(name, &said).unwrap_or_default();
        let kept = files(&corpus);
        // What ends with a finding has no last words about the rest.
        let executions = statistic(&said, "number_of_executed_units").unwrap_or(counted);
        if findings.is_empty() {
            is_fuzzed(name, &said).map_err(|why| format!("{name} {why}; see `{}`", log.display()))?;
        }
        let ran = Ran {
            target: name.clone(),
            start,
            seconds,
            processor_seconds: processor_seconds.unwrap_or(seconds),
            executions,
            counted,
            rejected,
            branches: branches_after(&said, u64::MAX),
            branches_early: branches_after(&said, executions / 4),
            corpus_files: kept.len(),
            corpus_bytes: kept.iter().filter_map(|path| Some(path.metadata().ok()?.len())).sum(),
            memory_mib: statistic(&said, "peak_rss_mb").unwrap_or_default(),
            why: if findings.is_empty() { String::new() } else { last_words(&said) },
            findings,
        };
        let text = serde_json::to_string_pretty(&ran).map_err(|error| format!("{name}: {error}"))?;
        write(&numbers(folder, name, start), &(text + "\n"))?;
        Ok(ran)
    }
}

/// The options of libFuzzer that a file holds, as services of fuzzing read it.
fn options(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| format!("-{}={}", name.trim(), value.trim())).collect()
}

/// Waits for a process; says how much time of a processor it used, where the system shows that.
fn watch(mut child: Child) -> std::io::Result<(ExitStatus, Option<f64>)> {
    let mut used = None;
    loop {
        used = processor_seconds(child.id()).or(used);
        if let Some(status) = child.try_wait()? {
            return Ok((status, used));
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// How much time of a processor a running process has used.
fn processor_seconds(process: u32) -> Option<f64> {
    // Fields 14 and 15 of the line, in hundredths of a second; the second field is a name that may hold blanks.
    let line = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let hundredths = |field: usize| fields.get(field)?.parse::<u64>().ok();
    let used = hundredths(11)? + hundredths(12)?;
    (used > 0).then_some(used as f64 / 100.0)
}

/// At least so many inputs are looked at, however short a run is.
const EXECUTIONS_MIN: u64 = 1_000;

/// At most this share of them means nothing.
const REJECTED_MAX: f64 = 0.5;

/// Whether a run that found nothing had a chance to: it looked at inputs, most of them meant something, and what it reached
/// was counted.
fn is_fuzzed(target: &str, said: &str) -> Result<(), String> {
    let executions = statistic(said, "number_of_executed_units").ok_or("does not say how many inputs it looked at")?;
    if executions < EXECUTIONS_MIN {
        return Err(format!("looked at {executions} inputs, fewer than {EXECUTIONS_MIN}"));
    }
    let (counted, rejected) = last_count(target, said).ok_or("does not say how many inputs mean nothing")?;
    if rejected as f64 > counted as f64 * REJECTED_MAX {
        return Err(format!("takes {rejected} of {counted} inputs for nothing"));
    }
    match branches_after(said, u64::MAX) {
        0 => Err("does not say which branches it reached".to_owned()),
        _ => Ok(()),
    }
}

/// A number that libFuzzer prints at the end.
fn statistic(said: &str, name: &str) -> Option<u64> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name));
    line?.trim_start_matches(':').trim().parse().ok()
}

/// How many inputs were counted, and how many of them mean nothing, when that was printed last.
fn last_count(target: &str, said: &str) -> Option<(u64, u64)> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix(target)?.strip_prefix(": "))?;
    let (inputs, rest) = line.split_once(" inputs, ")?;
    let (rejected, _) = rest.split_once(" rejected")?;
    Some((inputs.parse().ok()?, rejected.parse().ok()?))
}

/// What was said after the last progress, without what is too much to read; the input stands at its end, as text.
fn last_words(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let from = lines.iter().rposition(|line| line.starts_with('#')).map_or(0, |last| last + 1);
    let words = lines.get(from..).unwrap_or_default();
    let input = words.iter().skip(WORDS_MAX).filter(|line| line.starts_with("Base64: "));
    words.iter().take(WORDS_MAX).chain(input).map(|line| format!("  | {line}\n")).collect()
}

/// How many branches the first so many inputs reached.
fn branches_after(said: &str, inputs: u64) -> u64 {
    let told = said.lines().filter_map(|line| {
        let (number, rest) = line.strip_prefix('#')?.split_once(|c: char| c.is_whitespace())?;
        let branches = rest.split_once("cov: ")?.1.split_whitespace().next()?;
        Some((number.parse::<u64>().ok()?, branches.parse().ok()?))
    });
    told.take_while(|(number, _)| *number <= inputs).last().map_or(0, |(_, branches)| branches)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "\
INFO: Seed: 1
#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 40Mb
#17\tNEW    cov: 12 ft: 14 corp: 2/3b lim: 4 exec/s: 0 rss: 40Mb L: 2/2 MS: 1 EraseBytes-
parse: 1024 inputs, 7 rejected (0.7 %)
#2000\tpulse  cov: 15 ft: 19 corp: 2/3b lim: 4 exec/s: 0 rss: 40Mb
parse: 2048 inputs, 30 rejected (1.5 %)
Done 3000 runs in 2 second(s)
stat::number_of_executed_units: 3000
stat::peak_rss_mb:              44
";

    #[test]
    fn what_libfuzzer_says_is_understood() {
        assert_eq!(statistic(SAID, "number_of_executed_units"), Some(3_000));
        assert_eq!(statistic(SAID, "peak_rss_mb"), Some(44));
        assert_eq!(statistic(SAID, "slowest_unit_time_sec"), None);
        assert_eq!(last_count("parse", SAID), Some((2_048, 30)));
        assert_eq!(last_count("print", SAID), None);
        assert_eq!(is_fuzzed("parse", SAID), Ok(()));
        for (was, is) in [
            ("executed_units: 3000", "executed_units: 3"),
            ("stat::number", "stat::numbers"),
            ("parse: ", "print: "),
            (", 30 rejected", ", 1500 rejected"),
            ("cov: ", "edges: "),
        ] {
            assert!(SAID.contains(was) && is_fuzzed("parse", &SAID.replace(was, is)).is_err(), "{was}");
        }
        let crash = format!("{SAID}#3001\tpulse\nthread panicked at a law\n{}Base64: AAE=\n", "frame\n".repeat(100));
        let words = last_words(&crash);
        assert!(words.starts_with("  | thread panicked at a law\n  | frame\n"), "{words}");
        assert!(words.ends_with("frame\n  | Base64: AAE=\n") && words.lines().count() == WORDS_MAX + 1, "{words}");
        assert_eq!([1, 2, 1_999, u64::MAX].map(|inputs| branches_after(SAID, inputs)), [0, 10, 12, 15]);
    }
}
