//! The ledger of known divergences: each sort of difference with its reason and its smallest script.

use crate::campaign::{FAILED, LOST};
use crate::features::features;
use crate::lockstep::{Divergence, Kind};
use crate::page;
use airtight_engine::script::Tree;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Whose the difference is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// A defect of the reference.
    Defect,
    /// We mean to differ.
    Deliberate,
    /// A mistake of ours.
    Ours,
}

/// One sort of difference.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Whose it is.
    pub verdict: Verdict,
    /// The defects or rules behind it.
    pub tag: String,
    /// What differs.
    pub what: String,
    /// Why.
    pub why: String,
    /// In what the two differ.
    pub kinds: Vec<Kind>,
    /// And how. `*` at the beginning stands for 0 and the codes of errors of scripts, at the end for anything. None are all.
    #[serde(default)]
    pub details: Vec<String>,
    /// What the reference says about it; one of them. None are all.
    #[serde(default)]
    pub says: Vec<String>,
    /// What the script has, or what is unusual about the history; all of it.
    #[serde(default)]
    pub features: Vec<String>,
    /// Whether that is asked of the smallest script that shows the difference, and not of any.
    #[serde(default)]
    pub smallest: bool,
    /// How many instructions that smallest script has at most; none is any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<usize>,
    /// The smallest script seen that shows it.
    pub script: String,
    /// A history of it that does, if one was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// How often it was met in the campaign at the head of the file.
    pub count: u64,
}

/// All that is known.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The campaign in which the differences were counted.
    pub campaign: String,
    /// The sorts of differences; the first that fits counts.
    #[serde(default, rename = "divergence")]
    pub entries: Vec<Entry>,
}

impl Ledger {
    /// Where it is.
    pub fn path() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("divergences.toml")
    }

    /// Reads it.
    ///
    /// # Errors
    /// If it is not there or not of its form.
    pub fn load() -> Result<Self, Box<dyn std::error::Error>> {
        Ok(toml::from_str(&std::fs::read_to_string(Self::path())?)?)
    }

    /// Writes it, and what the page of findings says of it.
    ///
    /// # Errors
    /// If one of the two cannot be written.
    pub fn save(&self) -> Result<(), Box<dyn std::error::Error>> {
        std::fs::write(Self::path(), toml::to_string_pretty(self)?)?;
        page::renew(self)
    }

    /// The sort that a difference is of, by its number. The script is made small only if that matters.
    ///
    /// # Errors
    /// If it is of none; that is the smallest script.
    pub fn classify(
        &self,
        divergence: &Divergence,
        circumstance: Option<&'static str>,
        script: &Tree,
        smallest: impl FnOnce() -> Tree,
    ) -> Result<usize, Box<Tree>> {
        let has_all = |tree: &Tree| {
            let mut features = features(tree);
            // What a loss or a failure explains comes after it.
            features.extend(circumstance.filter(|it| *it != LOST || divergence.after_loss));
            features.extend(divergence.after_failure.then_some(FAILED));
            move |entry: &Entry| entry.features.iter().all(|feature| features.contains(feature.as_str()))
        };
        let fits = has_all(script);
        // What the smallest script has is said of the whole one too: nothing is explained by what it has only since it was
        // made smaller.
        let of = |entry: &Entry| entry.is_of(divergence) && fits(entry);
        if let Some(known) = self.entries.iter().position(|entry| !entry.smallest && of(entry)) {
            return Ok(known);
        }
        let smallest = smallest();
        let (size, small) = (smallest.node_count(), has_all(&smallest));
        let short = |entry: &Entry| entry.instructions.is_none_or(|most| size <= most as _);
        let known = self.entries.iter().position(|entry| entry.smallest && of(entry) && short(entry) && small(entry));
        known.ok_or_else(|| Box::new(smallest))
    }
}

impl Entry {
    /// Whether a script, whole as it is, has what is asked for; whether a service failed shows in a history only.
    pub fn fits(&self, script: &Tree, circumstance: Option<&'static str>) -> bool {
        let mut features = features(script);
        features.extend(circumstance);
        features.insert(FAILED);
        self.features.iter().all(|feature| features.contains(feature.as_str()))
    }

    fn is_of(&self, divergence: &Divergence) -> bool {
        let matches = |pattern: &String| match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            // Whatever ours says of the script, but not that it gave the run up, or of the answers.
            (Some(end), _) => {
                let ours = divergence.detail.strip_suffix(end).and_then(|code| code.parse().ok());
                ours.is_some_and(|code: i64| matches!(code, 0 | 10000..20000))
            }
            (_, Some(begin)) => divergence.detail.starts_with(begin),
            _ => divergence.detail == *pattern,
        };
        self.kinds.contains(&divergence.kind)
            && (self.details.is_empty() || self.details.iter().any(matches))
            && (self.says.is_empty() || self.says.iter().any(|text| divergence.theirs.contains(text.as_str())))
    }
}
