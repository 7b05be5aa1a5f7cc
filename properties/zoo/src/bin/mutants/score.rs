//! Outcomes by part of the engine, the score, and how sure it is.

use crate::cargo::{Outcome, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// All that was measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Measured {
    /// By part: `data` and `rest`.
    pub(crate) parts: BTreeMap<String, Part>,
}

/// What was measured of one part of the engine.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Part {
    /// How many mutants there are of it.
    of: usize,
    /// The seed, if only a sample was tested.
    seed: Option<u64>,
    /// How long building and testing took, over all of them.
    seconds_laws: f64,
    /// The same, of those that the laws missed, with all tests.
    seconds_full: Option<f64>,
    /// What the law suite made of each.
    laws: BTreeMap<String, Verdict>,
    /// How many were missed at first, and asked again after laws or generators got stronger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    again: Option<usize>,
    /// What all tests made of those that the laws missed, if they were asked.
    full: Option<BTreeMap<String, Verdict>>,
}

/// Mutants that nobody could notice, as `properties/mutants/equivalent.toml` lists them.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Equivalents {
    mutants: Vec<Equivalent>,
}

#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Equivalent {
    /// The file, from the sources of the engine.
    file: String,
    /// The end of the name, without file, line and column.
    change: String,
    /// The source before the place, where others have the same end of the name.
    after: Option<String>,
    /// The source of the file.
    #[serde(skip)]
    source: String,
    /// Why what it changes cannot be observed.
    why: String,
}

/// What became of a mutant, as it is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fate {
    Tested(Verdict),
    /// Missed, and nobody could notice it.
    Equivalent,
}

/// How many mutants came to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Counts {
    caught: usize,
    timeout: usize,
    missed: usize,
    equivalent: usize,
    unviable: usize,
}

/// What the page shows; the zoo's keeper reads it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(crate) struct Section {
    title: String,
    text: Vec<String>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    command: String,
}

/// The quantile of the normal distribution for a confidence of 95 % on two sides.
const Z: f64 = 1.959_964;

/// The interval of Wilson for a share of `hits` in `all`, at a confidence of 95 %.
fn wilson(hits: usize, all: usize) -> (f64, f64) {
    if all == 0 {
        return (0.0, 1.0);
    }
    let (hits, all) = (hits as f64, all as f64);
    let share = hits / all;
    let middle = share + Z * Z / (2.0 * all);
    let half = Z * (share * (1.0 - share) / all + Z * Z / (4.0 * all * all)).sqrt();
    let whole = 1.0 + Z * Z / all;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
}

impl Equivalent {
    /// Whether a mutant of this name, as in `engine/src/file.rs:1:2: change`, is it.
    fn is(&self, name: &str) -> bool {
        let rest = name.strip_prefix("engine/src/").and_then(|name| name.strip_prefix(&self.file)?.strip_prefix(':'));
        rest.is_some_and(|rest| {
            rest.ends_with(&self.change) && self.after.as_ref().is_none_or(|after| self.stands_after(rest, after))
        })
    }

    /// Whether the source has this text before the place.
    fn stands_after(&self, place: &str, text: &str) -> bool {
        let mut numbers = place.split(':').map_while(|number| number.parse::<usize>().ok()?.checked_sub(1));
        let (Some(line), Some(column)) = (numbers.next(), numbers.next()) else { return false };
        let line = self.source.lines().nth(line);
        line.and_then(|line| line.get(..column)).is_some_and(|before| before.trim_end().ends_with(text))
    }
}

impl Equivalents {
    /// Reads the list, of which there must be one, and the sources that it names.
    pub(crate) fn read(path: &Path, sources: &Path) -> Result<Self, String> {
        let read = |path: &Path| {
            std::fs::read_to_string(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))
        };
        let mut all: Self = toml::from_str(&read(path)?).map_err(|error| format!("`{}`: {error}", path.display()))?;
        for listed in &mut all.mutants {
            listed.source = read(&sources.join(&listed.file))?;
        }
        Ok(all)
    }

    /// Why nobody could notice this mutant, if that is so.
    pub(crate) fn why(&self, name: &str) -> Option<&str> {
        self.mutants.iter().find(|listed| listed.is(name)).map(|listed| listed.why.as_str())
    }

    /// A mutant that is listed, and that some test noticed all the same, is an error of the list.
    pub(crate) fn check(&self, measured: &Measured) -> Result<(), String> {
        let all = measured.parts.values().flat_map(|part| part.laws.iter().chain(part.full.iter().flatten()));
        for (name, verdict) in all {
            if *verdict == Verdict::Caught && self.why(name).is_some() {
                return Err(format!("`{name}` is listed as equivalent, and a test fails with it"));
            }
        }
        Ok(())
    }

    fn fate(&self, name: &str, verdict: Verdict) -> Fate {
        match verdict {
            Verdict::Missed if self.why(name).is_some() => Fate::Equivalent,
            verdict => Fate::Tested(verdict),
        }
    }
}

impl Counts {
    fn of(fates: impl Iterator<Item = Fate>) -> Self {
        let mut counts = Self::default();
        for fate in fates {
            *match fate {
                Fate::Tested(Verdict::Caught) => &mut counts.caught,
                Fate::Tested(Verdict::Timeout) => &mut counts.timeout,
                Fate::Tested(Verdict::Missed) => &mut counts.missed,
                Fate::Tested(Verdict::Unviable) => &mut counts.unviable,
                Fate::Equivalent => &mut counts.equivalent,
            } += 1;
        }
        counts
    }

    fn all(self) -> usize {
        self.viable() + self.equivalent + self.unviable
    }

    fn viable(self) -> usize {
        self.caught + self.timeout + self.missed
    }

    /// Tests that do not end notice a mutant as much as tests that fail.
    fn noticed(self) -> usize {
        self.caught + self.timeout
    }

    fn cells(self, is_sample: bool) -> Vec<String> {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (least, most) = wilson(self.noticed(), self.viable());
        let score = match (self.viable(), is_sample) {
            (0, _) => "–".into(),
            (viable, false) => percent(self.noticed() as f64 / viable as f64),
            (viable, true) => {
                let share = percent(self.noticed() as f64 / viable as f64);
                format!("{share} ({}–{})", percent(least).trim_end_matches(" %"), percent(most))
            }
        };
        let counts =
            [self.all(), self.unviable, self.equivalent, self.viable(), self.caught, self.timeout, self.missed];
        counts.iter().map(usize::to_string).chain([score]).collect()
    }
}

impl Part {
    /// What the law suite came to.
    pub(crate) fn new(of: usize, seed: Option<u64>, outcomes: Vec<Outcome>) -> Self {
        let seconds_laws = outcomes.iter().map(|outcome| outcome.seconds).sum();
        let laws = outcomes.into_iter().map(|outcome| (outcome.name, outcome.verdict)).collect();
        Self { of, seed, seconds_laws, seconds_full: None, laws, again: None, full: None }
    }

    /// What the law suite came to when those that it had missed were asked again.
    pub(crate) fn ask_again(&mut self, outcomes: Vec<Outcome>) {
        self.again = Some(self.again.unwrap_or(outcomes.len()));
        self.seconds_laws += outcomes.iter().map(|outcome| outcome.seconds).sum::<f64>();
        self.laws.extend(outcomes.into_iter().map(|outcome| (outcome.name, outcome.verdict)));
    }

    /// What all tests made of the mutants that the laws missed.
    pub(crate) fn add_full(&mut self, outcomes: Vec<Outcome>) {
        self.seconds_full = Some(outcomes.iter().map(|outcome| outcome.seconds).sum());
        self.full = Some(outcomes.into_iter().map(|outcome| (outcome.name, outcome.verdict)).collect());
    }

    /// What all tests made of those that they had missed before.
    pub(crate) fn ask_all_again(&mut self, outcomes: Vec<Outcome>) {
        *self.seconds_full.get_or_insert_default() += outcomes.iter().map(|outcome| outcome.seconds).sum::<f64>();
        let full = self.full.get_or_insert_default();
        full.extend(outcomes.into_iter().map(|outcome| (outcome.name, outcome.verdict)));
    }

    /// Whether all tests missed it when they were asked.
    pub(crate) fn was_missed_by_all(&self, name: &str) -> bool {
        self.full.as_ref().is_some_and(|full| full.get(name) == Some(&Verdict::Missed))
    }

    /// The mutants that the laws missed, and could have noticed.
    pub(crate) fn missed_by_laws(&self, equivalents: &Equivalents) -> impl Iterator<Item = &String> {
        let missed =
            |(name, verdict): &(&String, &Verdict)| equivalents.fate(name, **verdict) == Fate::Tested(Verdict::Missed);
        self.laws.iter().filter(missed).map(|(name, _)| name)
    }

    /// What all tests make of each mutant: what the laws notice, they notice too.
    fn with_all_tests(&self, equivalents: &Equivalents) -> Option<BTreeMap<&str, Verdict>> {
        let missed = self.missed_by_laws(equivalents).next().is_some();
        let full = self.full.as_ref();
        if missed && full.is_none() {
            return None;
        }
        let verdict =
            |(name, laws): (&'_ String, &Verdict)| full.and_then(|full| full.get(name)).copied().unwrap_or(*laws);
        Some(self.laws.iter().map(|entry| (entry.0.as_str(), verdict(entry))).collect())
    }
}

/// The folder of the engine that a mutant is in, or the file, as in `execute` and `invoke.rs`.
fn folder(name: &str) -> &str {
    let path = name.strip_prefix("engine/src/").unwrap_or(name);
    path.split(['/', ':']).next().unwrap_or(path)
}

impl Measured {
    /// What was measured before; nothing if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let Ok(text) = std::fs::read(path) else { return Ok(Self::default()) };
        serde_json::from_slice(&text).map_err(|error| format!("`{}`: {error}", path.display()))
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        save(path, self)
    }

    /// A row for each part and profile, and for each folder of a part of several.
    fn rows(&self, equivalents: &Equivalents) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        for (name, part) in &self.parts {
            let is_sample = part.seed.is_some();
            let laws: BTreeMap<&str, Verdict> =
                part.laws.iter().map(|(name, verdict)| (name.as_str(), *verdict)).collect();
            let full = part.with_all_tests(equivalents);
            for (profile, verdicts) in [("laws", Some(laws)), ("laws and engine's tests", full)] {
                let Some(verdicts) = verdicts else { continue };
                let mut row = |place: &str, counts: Counts| {
                    let cells = [place.to_owned(), profile.to_owned()].into_iter().chain(counts.cells(is_sample));
                    rows.push(cells.collect());
                };
                let fates: BTreeMap<_, _> =
                    verdicts.into_iter().map(|(name, verdict)| (name, equivalents.fate(name, verdict))).collect();
                row(&format!("**{name}**, {} in all", part.of), Counts::of(fates.values().copied()));
                let folders: BTreeSet<&str> = fates.keys().map(|name| folder(name)).collect();
                if folders.len() > 1 {
                    for place in folders {
                        let inside = fates.iter().filter(|(name, _)| folder(name) == place).map(|(_, fate)| *fate);
                        row(&format!("`{place}`"), Counts::of(inside));
                    }
                }
            }
        }
        rows
    }

    pub(crate) fn section(&self, equivalents: &Equivalents) -> Section {
        let columns = [
            "place",
            "tests",
            "mutants",
            "do not compile",
            "equivalent",
            "viable",
            "caught",
            "timeouts",
            "missed",
            "noticed",
        ];
        let mut text = vec![
            "`cargo-mutants` changed the engine in one small way after another; *noticed* is the share of viable mutants for \
             which a test failed or did not end. *Laws* is the law suite alone; *engine's tests* are all those of the \
             engine's package, over what the laws missed. *Equivalent* are mutants that nobody could notice, listed with the reason; they \
             do not count as viable. Intervals are those of Wilson at a confidence of 95 %; where all mutants of a \
             place were tested there is none. Tests of the engine were added for what they had missed here: for the mutants \
             that were not drawn, an interval of theirs promises too much, one of the laws alone does not."
                .to_owned(),
        ];
        for (name, part) in &self.parts {
            let drawn = part.laws.len();
            let sample = match part.seed {
                Some(seed) => format!("{drawn} of {} mutants, drawn with the seed {seed}", part.of),
                None => format!("all {drawn} mutants"),
            };
            let mut about =
                format!("*{name}*: {sample}; {:.0} s each with the laws", part.seconds_laws / drawn.max(1) as f64);
            if let (Some(seconds), Some(full)) = (part.seconds_full, &part.full) {
                let _ = write!(about, ", {:.0} s with the engine's tests", seconds / full.len().max(1) as f64);
            }
            about.push('.');
            if let Some(again) = part.again {
                let _ = write!(
                    about,
                    " The laws missed {again} at first and were asked again for these alone, after what these showed to \
                     be missing had been added."
                );
            }
            text.push(about);
        }
        let list = |text: &mut Vec<String>, title: &str, names: &[&str]| {
            if !names.is_empty() {
                let why = |name| equivalents.why(name).map(|why| format!(": {why}")).unwrap_or_default();
                let lines: String = names.iter().map(|name| format!("- `{name}`{}\n", why(name))).collect();
                text.push(format!("<details><summary>{title}: {}</summary>\n\n{lines}\n</details>", names.len()));
            }
        };
        for (name, part) in &self.parts {
            let still = |name: &str| part.full.as_ref().and_then(|full| full.get(name)) == Some(&Verdict::Missed);
            let (both, laws): (Vec<&str>, Vec<&str>) =
                part.missed_by_laws(equivalents).map(String::as_str).partition(|name| still(name));
            list(&mut text, &format!("{name}: missed by the engine's tests, too"), &both);
            let title = if part.full.is_some() { "missed by the laws alone" } else { "missed by the laws" };
            list(&mut text, &format!("{name}: {title}"), &laws);
            let missed = part.laws.iter().filter(|(_, verdict)| **verdict == Verdict::Missed);
            let equal: Vec<&str> =
                missed.map(|(name, _)| name.as_str()).filter(|name| equivalents.why(name).is_some()).collect();
            list(&mut text, &format!("{name}: equivalent"), &equal);
        }
        Section {
            title: "Mutants".into(),
            text,
            columns: columns.map(str::to_owned).into(),
            rows: self.rows(equivalents),
            command: self.commands(),
        }
    }

    /// The commands that measure it again.
    fn commands(&self) -> String {
        let mut lines = Vec::new();
        for (name, part) in &self.parts {
            let sample = part.seed.map(|seed| format!(" --sample {} --seed {seed}", part.laws.len()));
            let run = "cargo run -p airtight-zoo --bin mutants -- run";
            lines.push(format!("{run} laws {name}{}", sample.unwrap_or_default()));
            if part.again.is_some() {
                lines.push(format!("{run} laws {name} --missed"));
            }
            if part.full.is_some() {
                lines.push(format!("{run} full {name}"));
            }
        }
        lines.join("\n")
    }

    /// What is told at the end of a run.
    pub(crate) fn summary(&self, equivalents: &Equivalents) -> String {
        self.rows(equivalents).iter().map(|row| row.join("  ") + "\n").collect()
    }
}

/// Writes JSON for people.
pub(crate) fn save(path: &Path, value: &impl Serialize) -> Result<(), String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())? + "\n";
    std::fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(name: &str, verdict: Verdict) -> Outcome {
        Outcome { name: name.into(), verdict, seconds: 2.0 }
    }

    #[test]
    fn the_interval_is_that_of_wilson() {
        // 81 of 263: the worked example of Newcombe, "Two-sided confidence intervals for the single proportion", 1998.
        let (least, most) = wilson(81, 263);
        assert!((least - 0.2553).abs() < 5e-5 && (most - 0.3662).abs() < 5e-5, "{least} {most}");
        let (least, most) = wilson(0, 20);
        assert!(least == 0.0 && (most - 0.1611).abs() < 5e-5, "{least} {most}");
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }

    #[test]
    fn what_the_laws_notice_all_tests_notice() {
        let laws = vec![
            outcome("engine/src/execute/fold.rs:1:1: a", Verdict::Caught),
            outcome("engine/src/execute/fold.rs:1:1: b", Verdict::Missed),
            outcome("engine/src/invoke.rs:1:1: c", Verdict::Timeout),
            outcome("engine/src/invoke.rs:1:1: d", Verdict::Unviable),
        ];
        let mut part = Part::new(100, Some(7), laws);
        let none = Equivalents::default();
        assert_eq!(part.with_all_tests(&none), None);
        assert_eq!(part.missed_by_laws(&none).collect::<Vec<_>>(), ["engine/src/execute/fold.rs:1:1: b"]);
        let mut stronger = part.clone();
        stronger.ask_again(vec![outcome("engine/src/execute/fold.rs:1:1: b", Verdict::Caught)]);
        assert_eq!((stronger.missed_by_laws(&none).count(), stronger.again), (0, Some(1)));
        part.add_full(vec![outcome("engine/src/execute/fold.rs:1:1: b", Verdict::Caught)]);
        let measured = Measured { parts: BTreeMap::from([("rest".into(), part)]) };
        let rows = measured.rows(&none);
        let whole = |row: usize| rows[row].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(
            whole(0),
            ["**rest**, 100 in all", "laws", "4", "1", "0", "3", "1", "1", "1", "66.7 % (20.8–93.9 %)"]
        );
        assert_eq!(
            whole(3),
            [
                "**rest**, 100 in all",
                "laws and engine's tests",
                "4",
                "1",
                "0",
                "3",
                "2",
                "1",
                "0",
                "100.0 % (43.9–100.0 %)"
            ]
        );
        assert_eq!(whole(2)[..3], ["`invoke.rs`", "laws", "2"]);
        let section = measured.section(&none);
        assert!(section.command.contains("run laws rest --sample 4 --seed 7"), "{}", section.command);
    }

    #[test]
    fn a_mutant_that_nobody_could_notice_is_not_counted() {
        let name = |line| format!("engine/src/data/merge.rs:{line}:9: replace + with * in capacity");
        let laws = vec![
            outcome(&name(3), Verdict::Missed),
            outcome(&name(4), Verdict::Timeout),
            outcome("engine/src/data/emerge.rs:5:9: replace + with * in capacity", Verdict::Missed),
        ];
        let part = Part::new(3, None, laws);
        let list = "[[mutants]]\nfile = \"data/merge.rs\"\nchange = \"in capacity\"\nwhy = \"a guess\"\n";
        let list: Equivalents = toml::from_str(list).expect("it is of the form");
        assert_eq!(list.why(&name(3)), Some("a guess"));
        let mut placed = list.clone();
        placed.mutants[0].after = Some("(high".into());
        placed.mutants[0].source = "one\ntwo\n  (high + low + 2)\n  (low + high)".into();
        let at = |place| placed.why(&format!("engine/src/data/merge.rs:{place}: replace + with * in capacity"));
        assert_eq!((at("3:9"), at("3:15"), at("4:8"), at("9:9")), (Some("a guess"), None, None, None));
        assert_eq!(part.missed_by_laws(&list).count(), 1);
        let mut measured = Measured { parts: BTreeMap::from([("data".into(), part)]) };
        let row = measured.rows(&list).remove(0);
        assert_eq!(row[2..], ["3", "0", "1", "2", "0", "1", "1", "50.0 %"]);
        assert!(measured.section(&list).text.iter().any(|text| text.contains("in capacity`: a guess")));
        assert_eq!(list.check(&measured), Ok(()));
        measured.parts.insert("rest".into(), Part::new(1, None, vec![outcome(&name(3), Verdict::Caught)]));
        assert!(list.check(&measured).is_err());
    }
}
