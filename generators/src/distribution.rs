//! How generated scripts are distributed, and what happens when they are run.

use crate::{Event, Mark, Marks, Network};
use airtight_engine::data::decode;
use airtight_engine::script::{Class, Kind, Position, Script};
use std::collections::BTreeMap;

/// Counts over scripts and over histories of them; [`Distribution::sections`] are its tables.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Distribution {
    scripts: u64,
    refused: u64,
    instructions: BTreeMap<&'static str, u64>,
    operands: BTreeMap<(usize, usize), u64>,
    sizes: BTreeMap<usize, u64>,
    depths: BTreeMap<usize, u64>,
    marks: BTreeMap<Mark, u64>,
    histories: u64,
    runs: u64,
    runs_well: u64,
    endings: BTreeMap<i64, u64>,
    calls: BTreeMap<usize, u64>,
    events: BTreeMap<usize, u64>,
    peers: BTreeMap<usize, u64>,
}

/// One table of a distribution.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// What is counted.
    pub title: String,
    /// What each count is a share of.
    pub of: u64,
    /// The rows: what, and how often.
    pub rows: Vec<(String, u64)>,
}

impl Distribution {
    /// Counts a text that is no valid script.
    pub fn add_refused(&mut self) {
        self.scripts += 1;
        self.refused += 1;
    }

    /// Counts a script.
    pub fn add(&mut self, script: &Script) {
        let tree = script.tree();
        self.scripts += 1;
        for node in tree.node_ids() {
            *self.instructions.entry(tree.node(node).kind.keyword()).or_default() += 1;
            for (operand, position) in tree.placed_operands(node) {
                let class = Class::of(&tree.operand(operand).value);
                *self.operands.entry((position as usize, class as usize)).or_default() += 1;
            }
        }
        let mut deepest = 0;
        let mut walk = tree.walk();
        while walk.next().is_some() {
            deepest = deepest.max(walk.ancestors().len());
        }
        *self.sizes.entry(tree.node_count()).or_default() += 1;
        *self.depths.entry(deepest).or_default() += 1;
        self.mark(Marks::of_script(script));
    }

    /// Counts what happened to a script that was counted.
    pub fn add_history(&mut self, script: &Script, network: &Network) {
        self.histories += 1;
        let mut calls = 0;
        for event in &network.history().events {
            match event {
                Event::Ran { result, .. } => {
                    self.runs += 1;
                    self.runs_well += u64::from(result.ret_code == 0);
                    *self.endings.entry(result.ret_code).or_default() += 1;
                }
                Event::Answered { .. } => calls += 1,
                _ => {}
            }
        }
        let known = network.hosts().filter_map(|host| Some(decode(host.data()).ok()?.shared().events().count())).max();
        *self.calls.entry(calls).or_default() += 1;
        *self.events.entry(known.unwrap_or_default()).or_default() += 1;
        *self.peers.entry(network.hosts().count()).or_default() += 1;
        self.mark(Marks::of_history(script, network));
    }

    fn mark(&mut self, marks: Marks) {
        for mark in marks.iter() {
            *self.marks.entry(mark).or_default() += 1;
        }
    }

    /// How many scripts were counted.
    pub const fn scripts(&self) -> u64 {
        self.scripts
    }

    /// How many of them are no valid scripts.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// Of the runs that were made, how many ended without an error.
    pub const fn runs(&self) -> (u64, u64) {
        (self.runs_well, self.runs)
    }

    /// In how many scripts, or histories of them, a mark was found.
    pub fn marked(&self, mark: Mark) -> u64 {
        self.marks.get(&mark).copied().unwrap_or_default()
    }

    /// The tables: validity, instructions, operands, sizes, depths, marks, and what happened in runs, if there were any.
    pub fn sections(&self) -> Vec<Section> {
        let section = |title: &str, of: u64, rows: Vec<(String, u64)>| Section { title: title.to_owned(), of, rows };
        let valid = self.scripts - self.refused;
        let total = |counts: &BTreeMap<&str, u64>| counts.values().sum();
        let mut sections = vec![
            section("scripts", self.scripts, vec![("valid".into(), valid), ("refused".into(), self.refused)]),
            section(
                "instructions",
                total(&self.instructions),
                keywords()
                    .map(|word| (word.into(), self.instructions.get(word).copied().unwrap_or_default()))
                    .collect(),
            ),
        ];
        for position in Position::ALL {
            let count = |class: Class| self.operands.get(&(position as usize, class as usize)).copied();
            let rows: Vec<_> = position
                .accepts()
                .iter()
                .map(|class| (class.words().to_owned(), count(class).unwrap_or_default()))
                .collect();
            let of = rows.iter().map(|(_, count)| count).sum();
            sections.push(section(position.words(), of, rows));
        }
        sections.push(section("instructions in a script", valid, buckets(&self.sizes)));
        sections.push(section("instructions around the deepest one", valid, buckets(&self.depths)));
        let marks = Mark::ALL.into_iter().map(|mark| (mark.words().to_owned(), self.marked(mark)));
        sections.push(section("what scripts and histories have", valid, marks.collect()));
        if self.histories > 0 {
            let codes = self.endings.iter().map(|(code, count)| match code {
                0 => ("without an error".to_owned(), *count),
                code => (format!("with error {code}"), *count),
            });
            sections.push(section("runs end", self.runs, codes.collect()));
            sections.push(section("answered calls of a history", self.histories, buckets(&self.calls)));
            sections.push(section("events that one peer knows in the end", self.histories, buckets(&self.events)));
            sections.push(section("peers of a history", self.histories, buckets(&self.peers)));
        }
        sections
    }
}

/// The keywords, each once, in the order of kinds.
fn keywords() -> impl Iterator<Item = &'static str> {
    let mut seen = Vec::new();
    Kind::ALL.into_iter().map(Kind::keyword).filter(move |word| {
        let is_new = !seen.contains(word);
        seen.push(*word);
        is_new
    })
}

/// Counts of numbers, in ranges that grow: 0, 1, …, 9, 10–19, …, 90–99, 100–199, …
fn buckets(counts: &BTreeMap<usize, u64>) -> Vec<(String, u64)> {
    let mut rows: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for (&number, count) in counts {
        let mut width = 1;
        while number / width >= 10 {
            width *= 10;
        }
        let start = number / width * width;
        *rows.entry((start, start + width - 1)).or_default() += count;
    }
    let words =
        |(start, end): (usize, usize)| if start == end { start.to_string() } else { format!("{start}–{end}") };
    rows.into_iter().map(|(range, count)| (words(range), count)).collect()
}
