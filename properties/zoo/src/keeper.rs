//! Runs attackers, and sees to it that none of them goes on for ever or takes all memory.

use airtight_zoo::hunt::{DEATH, Found, HANG, HANGS, Hunted, Line};
use rustix::param::clock_ticks_per_second;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How much memory an attacker may take, in KiB.
const MEMORY_MAX: u64 = 6 << 20;

/// How long an attacker may say nothing. It ends by itself when it worked too long; this is for one that does not even work,
/// and long enough for a machine with much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many times as long a hunt may take for whoever waits as it takes in work.
const SHARE: u32 = 12;

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
        // The hunt at work, and how long the attacker had worked when it began.
        let mut open = None;
        let (ending, worked) = run(attacker, effort, from, |line| match line {
            Line::Begins { seed, at } => open = Some((seed, at)),
            Line::Hunted(hunted) => {
                open = None;
                findings.hunts.push(hunted);
            }
            Line::Shown(shown) => {
                if let Some(Hunted { found: Some(found), .. }) = findings.hunts.last_mut() {
                    found.shown = Some(shown);
                }
            }
            Line::Finder { law, seconds } => {
                findings.finders.insert(law, seconds);
            }
        })?;
        let (by, what) = match ending {
            Ending::Done => return Ok(findings),
            Ending::Silent => (HANG, "the engine does not come to an end".to_owned()),
            Ending::Died(how) => (DEATH, how),
        };
        match open {
            Some((seed, at)) => {
                let found = Some(Found { by: by.into(), what, shown: None });
                let seconds = (worked - at).max(0.0);
                findings.hunts.push(Hunted { seed, cases: 0, instances: 0, seconds, found });
            }
            None if from >= effort.seeds || findings.hunts.len() as u64 == from => {
                // All hunts are over, or it does not even begin one.
                findings.finders.entry(by.into()).or_insert(worked);
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

/// Lets an attacker say what it finds; tells how it ended, and how many seconds it had worked then.
fn run(attacker: &Path, effort: Effort, from: u64, mut say: impl FnMut(Line)) -> Result<(Ending, f64), String> {
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
    let patience = effort.time.max(effort.finders) * SHARE + PATIENCE;
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
                let worked = worked(&child);
                end(&mut child);
                return Ok((Ending::Silent, worked));
            }
            Err(RecvTimeoutError::Disconnected) => {
                let worked = worked(&child);
                let status = child.wait().map_err(|error| format!("cannot wait for an attacker: {error}"))?;
                return Ok(match status.code() {
                    Some(0) => (Ending::Done, worked),
                    Some(HANGS) => (Ending::Silent, worked),
                    _ => (Ending::Died(format!("the process ended with {status}")), worked),
                });
            }
        }
    }
}

/// How many seconds processors worked for a process that nobody waited for yet; 0 where the system does not say.
fn worked(child: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The name may have blanks and brackets in it. After it, the state is the first field; the 12th and 13th count ticks.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    ticks as f64 / clock_ticks_per_second() as f64
}

fn end(child: &mut Child) {
    // It may have ended by itself by now.
    let _ = child.kill();
    let _ = child.wait();
}
