//! What a check found out, as JSON; the long help of `check` describes it.

use super::Report as Findings;
use airtight_properties::{LawRow, Report, Verdict};
use serde_json::{Value, json};

/// What is known of one script.
pub(crate) fn checked(findings: &Findings<'_>, report: Option<&Report>) -> Value {
    let mut value = serde_json::to_value(findings).unwrap_or_default();
    let report = report.map(|report| {
        json!({
            "totals": report.totals,
            "laws": report.laws.iter().map(law).collect::<Vec<_>>(),
            "counterexamples": report.counterexamples,
            "findings": report.findings,
        })
    });
    if let Value::Object(members) = &mut value {
        members.insert("report".into(), report.unwrap_or_default());
    }
    value
}

fn law(row: &LawRow) -> Value {
    let (verdict, reason) = match &row.verdict {
        Verdict::Holds => ("holds", None),
        Verdict::Fails => ("fails", None),
        Verdict::Vacuous => ("vacuous", None),
        Verdict::NotApplied(reason) => ("not-applied", Some(reason)),
    };
    json!({
        "law": row.law.name, "family": row.law.family, "statement": row.law.statement, "domain": row.law.domain,
        "instances": row.instances, "held": row.held, "verdict": verdict, "reason": reason,
    })
}
