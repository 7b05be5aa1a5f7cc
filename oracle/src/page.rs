//! Parts of the page of findings: cells, scripts, and what the ledger says.

use crate::ledger::{Ledger, Verdict};
use crate::lockstep::Kind;
use airtight_engine::script::{Tree, print};
use std::fmt::Write as _;
use std::path::PathBuf;

/// The heading of the last section, which is about the ledger.
const DIFFERENCES: &str = "## Differences between the two engines\n";

/// How many characters of a script are read with pleasure in a cell.
const CELL_MAX: usize = 100;

/// Where the page is.
pub fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/reference-findings.md")
}

/// A text in one line of a table.
pub fn cell(text: &str) -> String {
    visible(&text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|"))
}

/// What cannot be seen is written by its number, or the page would be no text.
fn visible(text: &str) -> String {
    let shown = |char: char| match char {
        '\n' => char.to_string(),
        char if char.is_control() || char == '\u{feff}' => char.escape_unicode().to_string(),
        char => char.to_string(),
    };
    text.chars().map(shown).collect()
}

/// A text that begins a sentence.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Whether a script is short enough for a cell.
pub fn is_short(script: &str) -> bool {
    cell(script).chars().count() <= CELL_MAX
}

/// A script in a cell, or that it stands below.
pub fn script_cell(script: &str) -> String {
    if is_short(script) { format!("`{}`", cell(script)) } else { "below".into() }
}

/// A script by itself, in lines.
pub fn script_block(script: &str) -> String {
    let text = Tree::parse(script).map_or_else(|_| script.to_owned(), |tree| print::canonical(&tree));
    format!("```air\n{}\n```\n", visible(text.trim_end()))
}

/// The section about the ledger.
pub fn differences(ledger: &Ledger) -> String {
    let whose = |verdict| match verdict {
        Verdict::Defect => "reference",
        Verdict::Deliberate => "deliberate",
        Verdict::Ours => "ours",
    };
    let ours = ledger.entries.iter().filter(|entry| entry.verdict == Verdict::Ours).count();
    let mut out = format!(
        "{DIFFERENCES}\n\
         Histories played on both, run by run. The campaign: {}. Each sort of difference is an entry of \
         [`oracle/divergences.toml`](../oracle/divergences.toml); {ours} of the {} entries are mistakes of ours. *Times* is how \
         often a difference was met in that campaign; entries with 0 were met in others. The *tag* says which known behaviour \
         is behind it, by the table in [`oracle/README.md`](../oracle/README.md). `cargo run --release -- --entry NAME` there \
         plays the history of an entry, and shows what the two say.\n\n\
         | difference | whose | tag | where they differ | times |\n|---|---|---|---|--:|\n",
        ledger.campaign,
        ledger.entries.len(),
    );
    for entry in &ledger.entries {
        let kinds: Vec<_> = entry.kinds.iter().copied().map(Kind::name).collect();
        let (id, whose, tag) = (&entry.id, whose(entry.verdict), cell(&entry.tag));
        let _ = writeln!(out, "| [{id}](#{id}) | {whose} | {tag} | {} | {} |", kinds.join(", "), entry.count);
    }
    for entry in &ledger.entries {
        let (what, why) = (cell(&entry.what), cell(&entry.why));
        let (script, whose) = (script_block(&entry.script), whose(entry.verdict));
        let _ = write!(out, "\n### {}\n\n{}. Why ({whose}): {why}.\n\n{script}", entry.id, capital(&what));
    }
    out
}

/// The page with the section about the ledger anew.
///
/// # Errors
/// If the page cannot be read or written, or has no such section.
pub fn renew(ledger: &Ledger) -> Result<(), Box<dyn std::error::Error>> {
    let page = std::fs::read_to_string(path())?;
    let (before, _) = page.split_once(DIFFERENCES).ok_or("the page of findings has no section about the ledger")?;
    Ok(std::fs::write(path(), format!("{before}{}", differences(ledger)))?)
}
