//! The table of laws.

use super::text::number;
use airtight_properties::{Family, LawRow, Verdict};
use maud::{Markup, html};
use std::collections::BTreeSet;

/// All laws by family, each with its statement behind its name.
pub(super) fn table(rows: &[LawRow]) -> Markup {
    let families: BTreeSet<Family> = rows.iter().map(|row| row.law.family).collect();
    html! {
        div.scroll tabindex="0" role="region" aria-label="Laws" {
            table.laws {
                thead {
                    tr {
                        th scope="col" { "law" }
                        th.wide scope="col" { "domain" }
                        th.num.wide scope="col" { "instances" }
                        th.num scope="col" title="instances in which the premise of the law held, so that it said something" {
                            "premise held"
                        }
                        th scope="col" { "verdict" }
                    }
                }
                @for family in families {
                    tbody {
                        tr.family { th colspan="5" scope="rowgroup" { (family.title()) } }
                        @for row in rows.iter().filter(|row| row.law.family == family) { (self::row(row)) }
                    }
                }
            }
        }
    }
}

fn row(row: &LawRow) -> Markup {
    let law = row.law;
    let (word, class, why) = match &row.verdict {
        Verdict::Holds => ("holds", "good", None),
        Verdict::Fails => ("fails", "bad", None),
        Verdict::Vacuous if row.instances == 0 => ("no instance", "open", None),
        Verdict::Vacuous => ("premise never held", "open", None),
        Verdict::NotApplied(reason) => ("not applied", "open", Some(*reason)),
    };
    html! {
        tr.{ "is-" (class) } {
            th scope="row" {
                details {
                    summary title={ (law.statement) " — " (law.why) } { code { (law.name) } }
                    p { (law.statement) }
                    p.why { "Why it matters: " (law.why) "." }
                    p.narrow { "Stated for " (law.domain) "; " (number(row.instances)) " instances." }
                    @if let Some(why) = why { p.why { "Not applied: " (why) "." } }
                }
            }
            td.wide { (law.domain) }
            td.num.wide { (number(row.instances)) }
            td.num { (number(row.held)) }
            td { span.badge.(class) title=[why] { (word) } }
        }
    }
}
