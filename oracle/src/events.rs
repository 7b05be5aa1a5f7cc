//! What data of either engine hold, in words that both have: which calls were answered with what, which canons fixed.

use airtight_engine::runner::AvmRunner;
use airtight_engine::value::Json;
use serde_json::Value;
use std::collections::BTreeMap;

/// Events, each with how often it happened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Events {
    /// Answers and canons.
    told: BTreeMap<String, u64>,
    /// Answers of which the reference keeps no more than that there was one.
    untold: u64,
}

impl Events {
    fn add(&mut self, event: String) {
        *self.told.entry(event).or_default() += 1;
    }

    /// What data hold, as a runner shows it.
    pub(crate) fn of(runner: &mut impl AvmRunner, data: &[u8]) -> Option<Self> {
        let view: Value = serde_json::from_str(&runner.inspect(None, data, None).ok()?).ok()?;
        let mut events = Self::default();
        for event in view.get("events")?.as_array()? {
            let tetraplet = event.get("tetraplet")?.as_str()?;
            let result = event.get("result")?;
            if let Some(value) = result.get("value") {
                events.add(format!("{tetraplet} gave {}", canonical(value)?));
            } else if result.get("failure").is_some() {
                events.add(format!("{tetraplet} failed"));
            } else if result.get("unused").is_some() {
                events.untold += 1;
            } else {
                let elements = result.get("elements")?.as_array()?;
                let values: Option<Vec<_>> = elements.iter().map(|element| canonical(element.get(0)?)).collect();
                events.add(format!("{} fixed {}", tetraplet.trim_end_matches('|'), values?.join(", ")));
            }
        }
        Some(events)
    }

    /// What these have and the others have not; answers of which the others do not tell are passed over.
    pub(crate) fn without(&self, others: &Self) -> Vec<String> {
        let mut left = Vec::new();
        let mut untold = others.untold;
        for (event, count) in &self.told {
            for _ in others.told.get(event).copied().unwrap_or_default()..*count {
                if untold > 0 && event.contains(" gave ") {
                    untold -= 1;
                } else {
                    left.push(event.clone());
                }
            }
        }
        left
    }
}

fn canonical(value: &Value) -> Option<String> {
    Json::parse(value.to_string().as_bytes()).ok().map(|json| json.to_text())
}
