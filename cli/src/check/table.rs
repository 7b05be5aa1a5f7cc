//! The table of laws.

use airtight_properties::{Family, LawRow, Verdict, story};
use annotate_snippets::renderer::{AnsiColor, Style};
use std::fmt::Write as _;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const OPEN: Style = AnsiColor::Yellow.on_default();

/// The laws of several scripts together: instances are added, and the worst verdict counts.
pub(crate) fn together<'r>(reports: impl IntoIterator<Item = &'r [LawRow]>) -> Vec<LawRow> {
    let mut sum: Vec<LawRow> = Vec::new();
    for rows in reports {
        for row in rows {
            match sum.iter_mut().find(|known| known.law == row.law) {
                None => sum.push(row.clone()),
                Some(known) => {
                    known.instances += row.instances;
                    known.held += row.held;
                    let rank = |verdict: &Verdict| match verdict {
                        Verdict::Fails => 0,
                        Verdict::Holds => 1,
                        Verdict::Vacuous => 2,
                        Verdict::NotApplied(_) => 3,
                    };
                    if rank(&row.verdict) < rank(&known.verdict) {
                        known.verdict = row.verdict.clone();
                    }
                }
            }
        }
    }
    sum
}

/// How much of a domain a line has room for; the page of laws has all of it.
const DOMAIN_CHARS_MAX: usize = 56;

/// The laws by family, one a line.
pub(crate) fn table(rows: &[LawRow], styled: bool) -> String {
    let width =
        |text: &dyn Fn(&LawRow) -> &str| rows.iter().map(|row| text(row).chars().count()).max().unwrap_or_default();
    let (names, domains) = (width(&|row| row.law.name) + 2, width(&|row| row.law.domain).min(DOMAIN_CHARS_MAX + 1));
    let mut out = String::new();
    let _ = writeln!(out, "{:names$}  {:domains$}  {:>9}  {:>9}  verdict", "law", "domain", "instances", "premise");
    for family in [Family::Merge, Family::Execution, Family::Protocol, Family::Values, Family::Text] {
        let mut rows = rows.iter().filter(|row| row.law.family == family).peekable();
        if rows.peek().is_some() {
            let _ = writeln!(out, "{}", family.title());
        }
        for row in rows {
            let (style, verdict) = match &row.verdict {
                Verdict::Holds => (GOOD, "holds".to_owned()),
                Verdict::Fails => (BAD, "FAILS".to_owned()),
                Verdict::Vacuous if row.instances == 0 => (OPEN, "no instance".to_owned()),
                Verdict::Vacuous => (OPEN, "premise never held".to_owned()),
                Verdict::NotApplied(reason) => (OPEN, format!("not applied: {reason}")),
            };
            let style = if styled { style } else { Style::new() };
            let (name, domain) = (row.law.name, story::cut(row.law.domain, DOMAIN_CHARS_MAX));
            let (instances, held) = (row.instances, row.held);
            let _ = writeln!(
                out,
                "  {name:names$}  {domain:domains$}  {instances:>9}  {held:>9}  {style}{verdict}{style:#}",
                names = names.saturating_sub(2),
            );
        }
    }
    out
}
