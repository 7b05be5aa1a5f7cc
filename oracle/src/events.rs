//! What data of either engine hold, in words that both have: which calls were answered with what, which canons fixed.

use crate::Reference;
use airtight_engine::data::{Outcome, OutputKind, decode};
use airtight_engine::runner::AvmRunner;
use airtight_engine::value::Json;
use serde_json::Value;
use std::collections::BTreeMap;

/// An answer to a call without output: the reference keeps no more of it than that there was one.
const UNUSED: &str = "an answer to a call without output";

/// Events, each with how often it happened.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Events(BTreeMap<String, u64>);

impl Events {
    fn add(&mut self, event: String) {
        *self.0.entry(event).or_default() += 1;
    }

    /// What our data hold.
    pub(crate) fn ours(data: &[u8]) -> Option<Self> {
        let data = decode(data).ok()?;
        let stores = data.shared().stores();
        let mut events = Self::default();
        for event in data.shared().events() {
            if let Some(canon) = stores.canons.find(&event.result) {
                let canon = stores.canons.get(canon);
                let value = |index| stores.values.get(index).json().to_text();
                let values: Vec<String> = canon.elements.iter().map(|(index, _)| value(*index)).collect();
                events.add(fixed(&stores.tetraplets.get(canon.tetraplet).to_string(), &values));
                continue;
            }
            let call = stores.calls.get(stores.calls.find(&event.result)?);
            let tetraplet = stores.tetraplets.get(call.tetraplet);
            events.add(match call.outcome {
                Outcome::Value(_) if call.output == OutputKind::Unused => UNUSED.into(),
                Outcome::Value(value) => format!("{tetraplet} gave {}", stores.values.get(value).json().to_text()),
                Outcome::Failure(value) => {
                    let failure = stores.values.get(value).json();
                    format!("{tetraplet} failed with {}", failure.as_object()?.get("ret_code")?.to_text())
                }
            });
        }
        Some(events)
    }

    /// What data of the reference hold, as it shows them.
    pub(crate) fn theirs(reference: &mut Reference, data: &[u8]) -> Option<Self> {
        let view: Value = serde_json::from_str(&reference.inspect(None, data, None).ok()?).ok()?;
        let mut events = Self::default();
        for event in view.get("events")?.as_array()? {
            let tetraplet = event.get("tetraplet")?.as_str()?;
            let result = event.get("result")?;
            events.add(if let Some(value) = result.get("value") {
                format!("{tetraplet} gave {}", canonical(value)?)
            } else if let Some(failure) = result.get("failure") {
                format!("{tetraplet} failed with {}", failure.get("ret_code")?)
            } else if result.get("unused").is_some() {
                UNUSED.into()
            } else {
                let elements = result.get("elements")?.as_array()?;
                let values: Option<Vec<_>> = elements.iter().map(|element| canonical(element.get(0)?)).collect();
                fixed(tetraplet, &values?)
            });
        }
        Some(events)
    }

    /// What these have and the others have not.
    pub(crate) fn without(&self, others: &Self) -> Vec<String> {
        let more = |event: &String| others.0.get(event).copied().unwrap_or_default();
        let left = self.0.iter().flat_map(|(event, count)| (more(event)..*count).map(|_| event.clone()));
        left.collect()
    }
}

fn fixed(tetraplet: &str, values: &[String]) -> String {
    format!("{} fixed {}", tetraplet.trim_end_matches('|'), values.join(", "))
}

fn canonical(value: &Value) -> Option<String> {
    Json::parse(value.to_string().as_bytes()).ok().map(|json| json.to_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(list: &[&str]) -> Events {
        let mut events = Events::default();
        list.iter().for_each(|event| events.add((*event).to_owned()));
        events
    }

    #[test]
    fn answers_without_output_are_counted_on_both_sides() {
        let (one, two) = (events(&[UNUSED, "a|s|f| gave 1"]), events(&[UNUSED, UNUSED]));
        assert_eq!(one.without(&two), ["a|s|f| gave 1"]);
        assert_eq!(two.without(&one), [UNUSED]);
        assert!(one.without(&one).is_empty());
    }
}
