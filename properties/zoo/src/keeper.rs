//! Runs attackers, and sees to it that none of them goes on for ever or takes all memory.

use airtight_zoo::hunt::{DEATH, Found, HANG, Hunted, Line};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How much memory an attacker may take, in KiB.
const MEMORY_MAX: u64 = 6 << 20;

/// How long, beyond the time of a hunt, an attacker may say nothing: it may be making something smaller.
const PATIENCE: Duration = Duration::from_secs(15);

/// How much is hunted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// How many seeds.
    pub(crate) seeds: u64,
    /// How long with each.
    pub(crate) time: Duration,
    /// How long to look which laws find something.
    pub(crate) finders: Duration,
}

/// What an attacker found out.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) hunts: Vec<Hunted>,
    pub(crate) finders: BTreeMap<String, f64>,
}

/// How a process ended for which nobody waits any more.
enum Ending {
    /// It said all.
    Done,
    /// It said nothing for too long.
    Silent,
    /// It died.
    Died(String),
}

/// Lets an attacker hunt with one seed after the other; where it hangs or dies, another one goes on with the next seed.
pub(crate) fn attack(attacker: &Path, effort: Effort) -> Result<Findings, String> {
    let mut findings = Findings::default();
    loop {
        let from = findings.hunts.len() as u64;
        // The hunt at work, and since when.
        let mut open = None;
        let begin = Instant::now();
        let ending = run(attacker, effort, from, |line| match line {
            Line::Begins(seed) => open = Some((seed, Instant::now())),
            Line::Hunted(hunted) => {
                open = None;
                findings.hunts.push(hunted);
            }
            Line::Shown(shown) => {
                if let Some(Hunted { found: Some(found), .. }) = findings.hunts.last_mut() {
                    found.shown = Some(shown);
                }
            }
            Line::Finders(finders) => findings.finders = finders,
        })?;
        let (by, what) = match ending {
            Ending::Done => return Ok(findings),
            Ending::Silent => (HANG, "the engine does not come to an end".to_owned()),
            Ending::Died(how) => (DEATH, how),
        };
        match open {
            Some((seed, since)) => {
                let found = Some(Found { by: by.into(), what, shown: None });
                let seconds = since.elapsed().as_secs_f64();
                findings.hunts.push(Hunted { seed, cases: 0, instances: 0, seconds, found });
            }
            None if from >= effort.seeds || findings.hunts.len() as u64 == from => {
                // All hunts are over, or it does not even begin one.
                findings.finders.entry(by.into()).or_insert_with(|| begin.elapsed().as_secs_f64());
                if findings.hunts.is_empty() {
                    return Err(format!("the attacker cannot begin: {what}"));
                }
                return Ok(findings);
            }
            // It was making something smaller.
            None => {}
        }
        if findings.hunts.len() as u64 >= effort.seeds && effort.finders.is_zero() {
            return Ok(findings);
        }
    }
}

fn run(attacker: &Path, effort: Effort, from: u64, mut say: impl FnMut(Line)) -> Result<Ending, String> {
    let limited = format!("ulimit -v {MEMORY_MAX} && exec \"$0\" \"$@\"");
    let seconds = |time: Duration| format!("{}ms", time.as_millis());
    let mut child = Command::new("sh")
        .args(["-c", &limited])
        .arg(attacker)
        .args(["--from", &from.to_string(), "--to", &effort.seeds.to_string()])
        .args(["--time", &seconds(effort.time), "--finders", &seconds(effort.finders)])
        .env("RAYON_NUM_THREADS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start `{}`: {error}", attacker.display()))?;
    let (sender, lines) = channel();
    if let Some(output) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    let patience = effort.time.max(effort.finders) + PATIENCE;
    loop {
        match lines.recv_timeout(patience) {
            Ok(line) => {
                let line = serde_json::from_str(&line)
                    .map_err(|error| format!("an attacker says what is no line of it: {error}\n{line}"));
                match line {
                    Ok(line) => say(line),
                    Err(error) => {
                        end(&mut child);
                        return Err(error);
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                end(&mut child);
                return Ok(Ending::Silent);
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().map_err(|error| format!("cannot wait for an attacker: {error}"))?;
                return Ok(if status.success() {
                    Ending::Done
                } else {
                    Ending::Died(format!("the process ended with {status}"))
                });
            }
        }
    }
}

fn end(child: &mut Child) {
    // It may have ended by itself by now.
    let _ = child.kill();
    let _ = child.wait();
}
