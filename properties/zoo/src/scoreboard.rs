//! The scoreboard: how each fault was found, and how far the goals are.

use airtight_properties::{Law, law};
use airtight_zoo::fault::{COUNT, Fault, Impossible, Zoo};
use airtight_zoo::hunt::{Hunted, Shown};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

/// The engine without any fault, in tables.
pub(crate) const CORRECT: &str = "correct";

/// What is known of all faults.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Scoreboard {
    /// How many seeds there were for each.
    pub(crate) seeds: u64,
    /// How many seconds each hunt had.
    pub(crate) seconds_max: f64,
    /// For how many seconds it was looked which laws find each.
    #[serde(default)]
    pub(crate) finders_seconds: f64,
    /// A hash of the engine and the laws with which the whole zoo was tried out.
    #[serde(default)]
    pub(crate) digest: String,
    /// The engine without a fault, if it was looked at.
    pub(crate) correct: Option<Vec<Hunted>>,
    /// Faults that were tried out, by id.
    pub(crate) faults: BTreeMap<String, Score>,
    /// Faults that cannot be, and why.
    pub(crate) impossible: BTreeMap<String, String>,
}

/// How a fault was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Score {
    /// What is wrong.
    pub(crate) statement: String,
    /// From 1 to 3.
    pub(crate) importance: u8,
    /// Laws that should find it.
    pub(crate) expected: Vec<String>,
    /// The hunts, seed by seed.
    pub(crate) hunts: Vec<Hunted>,
    /// All laws that find it with the first seed, and after how many seconds.
    pub(crate) finders: BTreeMap<String, f64>,
}

impl Scoreboard {
    /// A scoreboard on which nobody has a score.
    pub(crate) fn new(zoo: &Zoo, digest: String, seeds: u64, seconds_max: f64, finders_seconds: f64) -> Self {
        let impossible = zoo.impossible.iter().map(|(id, Impossible { reason })| (id.clone(), reason.clone()));
        let impossible = impossible.collect();
        Self { seeds, seconds_max, finders_seconds, digest, correct: None, faults: BTreeMap::new(), impossible }
    }

    /// Faults that some seed did not find, and how many seeds did.
    pub(crate) fn missed(&self) -> impl Iterator<Item = (&String, &Score, usize)> {
        self.faults
            .iter()
            .map(|(id, score)| (id, score, score.found()))
            .filter(|(_, score, found)| *found < score.hunts.len())
    }

    /// How often a law failed on the engine without a fault.
    pub(crate) fn alarms(&self) -> usize {
        self.correct.iter().flatten().filter(|hunted| hunted.found.is_some()).count()
    }
}

impl Score {
    pub(crate) fn new(fault: &Fault) -> Self {
        let Fault { statement, importance, expected, .. } = fault.clone();
        Self { statement, importance, expected, hunts: Vec::new(), finders: BTreeMap::new() }
    }

    pub(crate) fn found(&self) -> usize {
        self.hunts.iter().filter(|hunted| hunted.found.is_some()).count()
    }

    /// The law that finds it first, most often.
    fn first_law(&self) -> Option<&str> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for found in self.hunts.iter().filter_map(|hunted| hunted.found.as_ref()) {
            *counts.entry(&found.by).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(law, _)| law)
    }

    fn seconds(&self) -> Vec<f64> {
        sorted(self.hunts.iter().filter(|hunted| hunted.found.is_some()).map(|hunted| hunted.seconds))
    }

    fn cases(&self) -> Vec<f64> {
        sorted(self.hunts.iter().filter(|hunted| hunted.found.is_some()).map(|hunted| hunted.cases as f64))
    }

    fn shown(&self) -> impl Iterator<Item = &Shown> + Clone {
        self.hunts.iter().filter_map(|hunted| hunted.found.as_ref()?.shown.as_ref())
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn time(seconds: f64) -> String {
    match seconds {
        s if s < 0.0995 => format!("{:.0} ms", s * 1000.0),
        s if s < 9.95 => format!("{s:.2} s"),
        s => format!("{s:.0} s"),
    }
}

/// The cells of a fault's row: found, law, cases, median and longest time, size of the median and the largest
/// counterexample.
pub(crate) fn row(id: &str, score: &Score) -> [String; 7] {
    let (found, all) = (score.found(), score.hunts.len());
    let seconds = score.seconds();
    let size = |values: Vec<f64>| match (median(&values), values.last()) {
        (_, None) => "–".to_owned(),
        (median, Some(most)) if median == *most => format!("{median}"),
        (median, Some(most)) => format!("{median}, {most}"),
    };
    let instructions = sorted(score.shown().map(|shown| shown.instructions as f64));
    let peers = sorted(score.shown().map(|shown| shown.peers as f64));
    [
        id.to_owned(),
        format!("{found}/{all}"),
        score.first_law().unwrap_or("–").to_owned(),
        size(score.cases()),
        seconds.last().map_or("–".into(), |most| format!("{}, {}", time(median(&seconds)), time(*most))),
        size(instructions),
        size(peers),
    ]
}

pub(crate) const COLUMNS: [&str; 7] =
    ["fault", "found", "first by", "cases: median, most", "time: median, most", "instructions", "peers"];

/// Who is made smaller for so long was cut off; see [`airtight_properties`].
const CUT_SECONDS: f64 = 1.75;

/// In so many instances the engine without a fault must give no alarm.
const CORRECT_INSTANCES: u64 = 10_000_000;

/// A goal, what it wants, what there is, and whether that is enough.
struct Goal {
    what: &'static str,
    wanted: &'static str,
    is: String,
    reached: bool,
}

impl Scoreboard {
    fn goals(&self) -> Vec<Goal> {
        let hunts: Vec<&Hunted> = self.faults.values().flat_map(|score| &score.hunts).collect();
        let share = |count: usize, all: usize| 100.0 * count as f64 / all.max(1) as f64;
        let within = |limit: f64| {
            let count = hunts.iter().filter(|hunted| hunted.found.is_some() && hunted.seconds <= limit).count();
            share(count, hunts.len())
        };
        let percent = |value: f64| format!("{value:.1} %");
        let shown: Vec<&Shown> = self.faults.values().flat_map(Score::shown).collect();
        let full = self.faults.values().filter(|score| score.found() == score.hunts.len()).count();
        // What needs no script has no size here, so it could not fail to be minimal.
        let sized = |hunted: &&Hunted| {
            let shown = hunted.found.as_ref().and_then(|found| Some((found, found.shown.as_ref()?)));
            shown.is_some_and(|(found, shown)| !(law(&found.by).is_some_and(Law::is_free) && shown.script == "(null)"))
        };
        let sized = hunts.iter().copied().filter(sized).filter_map(|hunted| hunted.found.as_ref()?.shown.as_ref());
        let sized: Vec<&Shown> = sized.collect();
        let minimal: Vec<bool> = sized.iter().filter_map(|shown| shown.minimal).collect();
        let cut = shown.iter().filter(|shown| shown.shrink_seconds >= CUT_SECONDS).count();
        let count_of_minimal = minimal.len();
        let minimal = share(minimal.iter().filter(|minimal| **minimal).count(), minimal.len());
        let small = sized.iter().filter(|shown| shown.instructions <= 12 && shown.peers <= 3 && shown.data <= 3);
        let small = share(small.count(), sized.len());
        let longest = shown.iter().map(|shown| shown.shrink_seconds).fold(0.0, f64::max);
        let instances: u64 = self.correct.iter().flatten().map(|hunted| hunted.instances).sum();
        vec![
            Goal {
                what: "faults found with every seed",
                wanted: "all",
                is: format!("{full} of {COUNT}, {} impossible", self.impossible.len()),
                reached: full + self.impossible.len() == COUNT,
            },
            Goal { what: "hunts within 0.1 s", wanted: "80 %", is: percent(within(0.1)), reached: within(0.1) >= 80.0 },
            Goal { what: "hunts within 1 s", wanted: "95 %", is: percent(within(1.0)), reached: within(1.0) >= 95.0 },
            Goal {
                what: "hunts within 10 s",
                wanted: "100 %",
                is: percent(within(10.0)),
                reached: within(10.0) >= 100.0,
            },
            Goal {
                what: "alarms on the engine without a fault",
                wanted: "0 in 10,000,000 instances",
                is: format!("{} in {instances}", self.alarms()),
                reached: self.alarms() == 0 && instances >= CORRECT_INSTANCES,
            },
            Goal {
                what: "counterexamples that are minimal",
                wanted: "95 %",
                is: format!("{} of {}", percent(minimal), count_of_minimal),
                reached: minimal >= 95.0,
            },
            Goal {
                what: "counterexamples of at most 12 instructions, 3 peers, 3 data shown",
                wanted: "95 %",
                is: format!("{} of {}", percent(small), sized.len()),
                reached: small >= 95.0,
            },
            Goal {
                what: "longest time to make one smaller",
                wanted: "2 s",
                is: format!("{}; {cut} of {} were cut off there", time(longest), shown.len()),
                reached: longest <= 2.0,
            },
        ]
    }

    /// How many faults one law showed with each of the seeds for which counterexamples were made small, and how many of
    /// these have as many instructions with each.
    fn twins(&self) -> (usize, usize) {
        let (mut twins, mut alike) = (0, 0);
        for score in self.faults.values() {
            let shown = score.hunts.iter().filter_map(|hunted| {
                let found = hunted.found.as_ref()?;
                Some((&found.by, found.shown.as_ref()?.instructions))
            });
            let shown: Vec<_> = shown.collect();
            if let [(law, size), (again, other)] = shown[..]
                && law == again
            {
                twins += 1;
                alike += usize::from(size == other);
            }
        }
        (twins, alike)
    }

    /// What is told at the end of a run.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        for Goal { what, wanted, is, reached } in self.goals() {
            let _ = writeln!(text, "{} {what}: {is} (goal: {wanted})", if reached { "✓" } else { "✗" });
        }
        let missed: Vec<_> =
            self.missed().map(|(id, score, found)| format!("{id} {found}/{}", score.hunts.len())).collect();
        let never: Vec<_> = self.missed().filter(|(_, _, found)| *found == 0).map(|(id, ..)| id.as_str()).collect();
        let list = |ids: &[String]| if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
        let _ = writeln!(text, "not found with every seed: {}", list(&missed));
        let _ = writeln!(text, "never found: {}", if never.is_empty() { "none".to_owned() } else { never.join(", ") });
        text
    }

    /// The page that shows it, with further sections from JSON files of a folder.
    pub(crate) fn page(&self, sections: &[Section]) -> String {
        let mut page = String::from(
            "# Strength\n\nHow much the laws find, measured. Generated: each table is written by the command below it, not by hand.\n",
        );
        page.push_str("\n## Faults\n\n");
        let _ = writeln!(
            page,
            "A law that cannot fail proves nothing. So each fault of [`properties/zoo/`](../properties/zoo) in turn was put into \
             the engine, a small wrong change that happened in some interpreter of AIR or well might, and the laws were held \
             against the broken engine: with {} seeds, on one thread, each time until a law failed or {} s were over. Nothing \
             tells the laws which fault it is; but the generators were made with the catalogue at hand: their `forms` have, \
             for example, error codes and keys at the limits that some of these faults get wrong. Time is the work of the processor for the hunt, so it does not depend on what \
             else the machine did; making a counterexample small is counted by itself.\n",
            self.seeds, self.seconds_max
        );
        page.push_str("### Goals\n\n| goal | wanted | is | |\n|---|---|---|---|\n");
        for Goal { what, wanted, is, reached } in self.goals() {
            let _ = writeln!(
                page,
                "| {what} | {wanted} | {is} | {} |",
                if reached { "reached" } else { "**not reached**" }
            );
        }
        let (twins, alike) = self.twins();
        let _ = writeln!(
            page,
            "\nCounterexamples are made small for the first two seeds, which may take 1.8 s each. One is called minimal if making \
             it small once more gets it no smaller; other ways to the fault may have smaller ones: of {twins} faults that one law \
             showed with both seeds, {alike} have counterexamples of one size. Where a law needs no \
             history, the script of the case is `(null)`, of one instruction; unless such a law shows a script of its own, it \
             counts in neither goal about size. *Data shown* are those that a law names beside the two sides that differ. A \
             hang is a case that takes longer than 0.9 s."
        );
        page.push_str("\n### Scoreboard\n\n");
        page.push_str(
            "*Found*: with how many of the seeds. *First by*: the law that failed first most often; `panic` is a panic outside of \
             all laws, `hang` a case without end, `death` the end of the process. *Cases*: how many generated cases were looked at, \
             in the median and at most, the one that showed it included. *Instructions* and *peers* are those of the smallest \
             counterexamples, in the median and at most.\n\n",
        );
        let _ = writeln!(page, "| {} | what is wrong |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len() + 1));
        for (id, score) in &self.faults {
            let _ = writeln!(page, "| {} | {} |", row(id, score).join(" | "), score.statement.replace('|', "\\|"));
        }
        page.push_str("\n### Not found with every seed\n\n");
        if self.missed().next().is_none() {
            page.push_str("None.\n");
        }
        for (id, score, found) in self.missed() {
            let _ = writeln!(
                page,
                "- {id} ({found} of {}), importance {}: {}. Expected: {}.",
                score.hunts.len(),
                score.importance,
                score.statement,
                score.expected.join(", ")
            );
        }
        page.push_str("\n### Which laws find which faults\n\n");
        let _ = writeln!(
            page,
            "All laws that fail within {} s with the first seed. A law without faults may need longer, or a mistake that is \
             not of this list; the mutants below are such.\n",
            self.finders_seconds
        );
        self.matrix(&mut page);
        page.push_str("\n### Impossible by design\n\n");
        if self.impossible.is_empty() {
            page.push_str("None: each fault of the catalogue has a nearest mistake that this engine could make.\n");
        }
        for (id, reason) in &self.impossible {
            let _ = writeln!(page, "- {id}: {reason}");
        }
        page.push_str("\n```sh\ncargo run -p airtight-zoo -- --all --finders 3s --write docs/strength.md\n```\n");
        for section in sections {
            section.write(&mut page);
        }
        page
    }

    fn matrix(&self, page: &mut String) {
        page.push_str("| law | faults | which |\n|---|---|---|\n");
        let laws: BTreeSet<&str> =
            self.faults.values().flat_map(|score| score.finders.keys().map(String::as_str)).collect();
        let listed = airtight_properties::laws().map(|law| law.name);
        let others = laws.iter().copied().filter(|name| airtight_properties::law(name).is_none());
        for law in listed.chain(others) {
            let ids: Vec<_> = self
                .faults
                .iter()
                .filter(|(_, score)| score.finders.contains_key(law))
                .map(|(id, _)| id.as_str())
                .collect();
            let _ = writeln!(page, "| `{law}` | {} | {} |", ids.len(), ids.join(" "));
        }
        let unexpected = self.faults.iter().filter(|(_, score)| {
            !score.finders.is_empty() && !score.expected.iter().any(|law| score.finders.contains_key(law))
        });
        let ids: Vec<_> = unexpected.map(|(id, _)| id.as_str()).collect();
        if !ids.is_empty() {
            let _ = writeln!(page, "\nFound, but by none of the laws that were expected to: {}.", ids.join(" "));
        }
    }
}

/// A section of the page that another command measured and saved, as `docs/strength/*.json`.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Section {
    /// Its title.
    title: String,
    /// What it says before the table, a paragraph each.
    #[serde(default)]
    text: Vec<String>,
    /// The titles of the columns.
    #[serde(default)]
    columns: Vec<String>,
    /// The rows.
    #[serde(default)]
    rows: Vec<Vec<String>>,
    /// The command that measures it.
    command: String,
}

impl Section {
    /// All sections of a folder, in the order of the names of their files; none if there is no such folder.
    pub(crate) fn read(folder: &Path) -> Result<Vec<Self>, String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Ok(Vec::new()) };
        let mut paths: Vec<_> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|it| it == "json"));
        // Without the ending, so that `fuzzing` comes before `fuzzing-lines`.
        paths.sort_by(|one, other| one.file_stem().cmp(&other.file_stem()));
        let section = |path: std::path::PathBuf| {
            let text = std::fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
            serde_json::from_slice(&text).map_err(|error| format!("`{}`: {error}", path.display()))
        };
        paths.into_iter().map(section).collect()
    }

    fn write(&self, page: &mut String) {
        let _ = writeln!(page, "\n## {}", self.title);
        for paragraph in &self.text {
            let _ = writeln!(page, "\n{paragraph}");
        }
        if !self.columns.is_empty() {
            let _ = writeln!(page, "\n| {} |\n|{}", self.columns.join(" | "), "---|".repeat(self.columns.len()));
            for row in &self.rows {
                let _ = writeln!(page, "| {} |", row.join(" | "));
            }
        }
        let _ = writeln!(page, "\n```sh\n{}\n```", self.command);
    }
}
