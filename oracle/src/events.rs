//! What data of either engine hold, in words that both have: which calls were answered with what, which canons fixed.

use crate::Reference;
use airtight_engine::runner::{AvmRunner, SameThread};
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

    /// What the data of our engine hold.
    pub(crate) fn of_ours(data: &[u8]) -> Option<Self> {
        let view: Value = serde_json::from_str(&SameThread::ready().inspect(None, data, None).ok()?).ok()?;
        let mut events = Self::default();
        for event in view.get("events")?.as_array()? {
            let tetraplet = event.get("tetraplet")?.as_str()?;
            let result = event.get("result")?;
            if let Some(value) = result.get("value") {
                events.add(format!("{tetraplet} gave {}", canonical(value)?));
            } else if result.get("failure").is_some() {
                events.add(format!("{tetraplet} failed"));
            } else {
                let elements = result.get("elements")?.as_array()?;
                let values: Option<Vec<_>> = elements.iter().map(|element| canonical(element.get(0)?)).collect();
                events.add(format!("{} fixed {}", tetraplet.trim_end_matches('|'), values?.join(", ")));
            }
        }
        Some(events)
    }

    /// What the data of the reference hold.
    pub(crate) fn of_theirs(reference: &Reference, data: &[u8]) -> Option<Self> {
        let mut events = Self::default();
        if data.is_empty() {
            return Some(events);
        }
        let text = air::to_human_readable_data(data.to_vec()).ok()?;
        let view = reference.decode_value(serde_json::from_str(&text).ok()?);
        let data = view.get("data")?;
        let store = |name: &str, id: &Value| data.get("cid_info")?.get(name)?.get(id.as_str()?).cloned();
        let value = |id: &Value| {
            let parsed = serde_json::from_str(store("value_store", id)?.as_str()?).ok()?;
            canonical(&reference.decode_value(parsed))
        };
        let tetraplet = |id: &Value| {
            let of = store("tetraplet_store", id)?;
            let part = |name: &str| Some(of.get(name)?.as_str()?.to_owned());
            let (peer, service, function) = (part("peer_pk")?, part("service_id")?, part("function_name")?);
            Some(format!("{peer}|{service}|{function}|{}", part("lens")?))
        };
        for state in data.get("trace")?.as_array()? {
            if let Some(call) = state.get("call") {
                if let Some(id) = call.get("failed") {
                    let result = store("service_result_store", id)?;
                    events.add(format!("{} failed", tetraplet(result.get("tetraplet_cid")?)?));
                } else if let Some(executed) = call.get("executed") {
                    let scalar = executed.get("scalar").or_else(|| executed.get("stream")?.get("cid"));
                    match scalar {
                        Some(id) => {
                            let result = store("service_result_store", id)?;
                            let value = value(result.get("value_cid")?)?;
                            events.add(format!("{} gave {value}", tetraplet(result.get("tetraplet_cid")?)?));
                        }
                        None => events.untold += 1,
                    }
                }
            } else if let Some(id) = state.get("canon").and_then(|canon| canon.get("executed")) {
                let result = store("canon_result_store", id)?;
                let maker = tetraplet(result.get("tetraplet")?)?;
                let values: Option<Vec<_>> = result
                    .get("values")?
                    .as_array()?
                    .iter()
                    .map(|id| value(store("canon_element_store", id)?.get("value")?))
                    .collect();
                events.add(format!("{} fixed {}", maker.trim_end_matches('|'), values?.join(", ")));
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
