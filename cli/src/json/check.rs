//! What a check found out, as JSON; the long help of `check` describes it.

use super::Report as Findings;
use crate::source::Source;
use airtight_properties::findings::Place;
use airtight_properties::{LawRow, Report, Verdict};
use serde::Serialize;
use serde_json::{Value, json};

/// What is known of one script.
pub(crate) fn checked(findings: &Findings<'_>, source: &Source<'_>, report: Option<&Report>) -> Value {
    let mut value = serde_json::to_value(findings).unwrap_or_default();
    let report = report.map(|report| {
        json!({
            "totals": report.totals,
            "laws": report.laws.iter().map(law).collect::<Vec<_>>(),
            "counterexamples": report.counterexamples,
            "findings": {
                "order": told(source, &report.findings.order, |it| (it.place, it.cause.text(source.text()))),
                "waits": told(source, &report.findings.waits, |it| (it.place, it.reason.text(source.text()))),
                "unreached": told(source, &report.findings.unreached, |it| (it.place, it.why.text(source.text()))),
                "unused": told(source, &report.findings.unused, |it| (it.place, format!("`{}` is never read", it.name))),
            },
        })
    });
    if let Value::Object(members) = &mut value {
        members.insert("report".into(), report.unwrap_or_default());
    }
    value
}

/// Findings as they are, with the line, the column and the sentence that people get.
fn told<T: Serialize>(source: &Source<'_>, findings: &[T], tell: impl Fn(&T) -> (Place, String)) -> Vec<Value> {
    let mut all = Vec::new();
    for finding in findings {
        let (place, text) = tell(finding);
        let position = source.position(place.start as usize);
        let mut value = serde_json::to_value(finding).unwrap_or_default();
        if let Value::Object(members) = &mut value {
            members.insert("line".into(), position.line.into());
            members.insert("column".into(), position.column.into());
            members.insert("text".into(), text.into());
        }
        all.push(value);
    }
    all
}

/// How a law fared.
pub(crate) fn law(row: &LawRow) -> Value {
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
