//! What data of the reference hold, in the words of the runner protocol's `inspect`: events and states.
//!
//! The reference writes its states one after the other, and not to which instruction a state belongs. The place of a state
//! is the way to it: its number among the states of its branch, the branches of the `par`s around it (`L`, `R`), and for
//! an iteration of a fold the place of its value, before (`b`) or after (`a`) what `next` went on to. So the same
//! instruction has the same place in all data of a script, however much they hold.
//!
//! An answer for which a script has no name leaves a state without its maker: an event of kind `unused`.

use serde_json::{Value, json};

/// What data hold; nothing is in no data.
///
/// # Errors
/// If the reference cannot read them.
pub(crate) fn show(data: &[u8]) -> Result<Value, String> {
    if data.is_empty() {
        return Ok(json!({ "events": [], "trace": [] }));
    }
    let text = air::to_human_readable_data(data.to_vec()).map_err(|error| error.to_string())?;
    let view: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let data = view.get("data").ok_or("there is no `data` in it")?;
    let stores = Stores(data.get("cid_info").ok_or("there are no stores in it")?);
    let states = data.get("trace").and_then(Value::as_array).ok_or("there is no `trace` in it")?;
    let places = places(states);
    let (mut events, mut trace) = (Vec::new(), Vec::new());
    for (state, place) in states.iter().zip(places) {
        let Told { shown, event } = stores.tell(state).unwrap_or_else(|| Told { shown: state.clone(), event: None });
        if let Some(mut event) = event {
            event["place"] = place.as_str().into();
            events.push(event);
        }
        trace.push(json!({ "state": shown, "place": place }));
    }
    Ok(json!({ "events": events, "trace": trace }))
}

/// A state in our words, and its event if it has one, without a place.
struct Told {
    shown: Value,
    event: Option<Value>,
}

/// What the states refer to.
struct Stores<'v>(&'v Value);

impl Stores<'_> {
    fn get(&self, store: &str, id: &Value) -> Option<&Value> {
        self.0.get(store)?.get(id.as_str()?)
    }

    fn value(&self, id: &Value) -> Option<Value> {
        serde_json::from_str(self.get("value_store", id)?.as_str()?).ok()
    }

    /// The peer, and the whole origin as a text.
    fn origin(&self, id: &Value) -> Option<(String, String)> {
        let of = self.get("tetraplet_store", id)?;
        let part = |name: &str| of.get(name).and_then(Value::as_str);
        let (peer, service, function) = (part("peer_pk")?, part("service_id")?, part("function_name")?);
        Some((peer.into(), format!("{peer}|{service}|{function}|{}", part("lens")?)))
    }

    fn tell(&self, state: &Value) -> Option<Told> {
        let silent = |shown| Some(Told { shown, event: None });
        if let Some(call) = state.get("call") {
            if let Some(id) = call.get("failed") {
                return self.result(id, "failed", None);
            }
            let Some(executed) = call.get("executed") else {
                return silent(json!({ "call": sender(call.get("sent_by")?)? }));
            };
            if let Some(id) = executed.get("scalar") {
                return self.result(id, "scalar", None);
            }
            if let Some(stream) = executed.get("stream") {
                return self.result(stream.get("cid")?, "stream", stream.get("generation"));
            }
            let id = executed.get("unused")?;
            let event = json!({ "kind": "unused", "peer": "", "tetraplet": "", "result": { "unused": id } });
            return Some(Told { shown: json!({ "call": { "unused": id } }), event: Some(event) });
        }
        if let Some(canon) = state.get("canon") {
            let Some(id) = canon.get("executed") else {
                return silent(json!({ "canon": { "sentBy": canon.get("sent_by")? } }));
            };
            let result = self.get("canon_result_store", id)?;
            let (peer, maker) = self.origin(result.get("tetraplet")?)?;
            let element = |id: &Value| {
                let element = self.get("canon_element_store", id)?;
                Some(json!([self.value(element.get("value")?)?, self.origin(element.get("tetraplet")?)?.1]))
            };
            let elements: Option<Vec<Value>> = result.get("values")?.as_array()?.iter().map(element).collect();
            let elements = elements?;
            let shown = json!({ "canon": { "by": peer, "values": elements } });
            let event = json!({
                "kind": "canon", "peer": peer, "tetraplet": maker, "result": { "elements": elements },
            });
            return Some(Told { shown, event: Some(event) });
        }
        if let Some(fold) = state.get("fold") {
            let part = |of: &Value, at: usize| {
                let part = of.get("desc")?.get(at)?;
                Some(json!([part.get("pos")?, part.get("len")?]))
            };
            let entry =
                |of: &Value| Some(json!({ "pos": of.get("pos")?, "before": part(of, 0)?, "after": part(of, 1)? }));
            let lore: Option<Vec<Value>> = fold.get("lore")?.as_array()?.iter().map(entry).collect();
            return silent(json!({ "fold": lore? }));
        }
        silent(state.clone())
    }

    /// A call with a result of which the maker is known.
    fn result(&self, id: &Value, kind: &str, generation: Option<&Value>) -> Option<Told> {
        let result = self.get("service_result_store", id)?;
        let (peer, maker) = self.origin(result.get("tetraplet_cid")?)?;
        let value = self.value(result.get("value_cid")?)?;
        let mut call = json!({ kind: value, "from": maker });
        if let Some(generation) = generation {
            call["gen"] = generation.clone();
        }
        let said = if kind == "failed" { json!({ "failure": value }) } else { json!({ "value": value }) };
        let event = json!({ "kind": "call", "peer": peer, "tetraplet": maker, "result": said });
        Some(Told { shown: json!({ "call": call }), event: Some(event) })
    }
}

/// Who asked: another peer's host, or its own one under an id.
fn sender(sent: &Value) -> Option<Value> {
    if let Some(peer) = sent.get("PeerId") {
        return Some(json!({ "sentBy": peer }));
    }
    let own = sent.get("PeerIdWithCallId")?;
    Some(json!({ "sentBy": own.get("peer_id")?, "id": own.get("call_id")? }))
}

/// The places of all states.
fn places(states: &[Value]) -> Vec<String> {
    let mut walk = Walk { states, places: vec![None; states.len()] };
    walk.branch((0..states.len()).collect(), "");
    walk.places.into_iter().map(Option::unwrap_or_default).collect()
}

struct Walk<'s> {
    states: &'s [Value],
    places: Vec<Option<String>>,
}

impl Walk<'_> {
    /// Gives their places to the states of a branch, which follow each other.
    fn branch(&mut self, states: Vec<usize>, above: &str) {
        let mut number = 0;
        let mut at = 0;
        while let Some(&index) = states.get(at) {
            at += 1;
            if self.places[index].is_some() {
                continue;
            }
            let place = format!("{above}{number}");
            number += 1;
            self.places[index] = Some(place.clone());
            let state = &self.states[index];
            if let Some(sizes) = state.get("par") {
                for (side, name) in ["L", "R"].into_iter().enumerate() {
                    // A branch with `next` counts what the iterations after this one wrote, which is not in it.
                    let end = at.saturating_add(size(sizes.get(side))).min(states.len());
                    self.branch(states[at..end].to_vec(), &format!("{place}{name}"));
                    at = end;
                }
            } else if let Some(lore) = state.get("fold").and_then(|fold| fold.get("lore")).and_then(Value::as_array) {
                for entry in lore {
                    let value = self.places.get(size(entry.get("pos"))).cloned().flatten().unwrap_or_default();
                    let parts = entry.get("desc").and_then(Value::as_array).into_iter().flatten();
                    for (part, name) in parts.zip(["b", "a"]) {
                        let begin = size(part.get("pos")).min(self.states.len());
                        let end = begin.saturating_add(size(part.get("len"))).min(self.states.len());
                        self.branch((begin..end).collect(), &format!("{place}[{value}]{name}"));
                    }
                }
            }
        }
    }
}

fn size(number: Option<&Value>) -> usize {
    number.and_then(Value::as_u64).and_then(|number| number.try_into().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fold in which the second value is made by the first iteration, then a canon.
    #[test]
    fn places_are_ways() {
        let states = json!([
            { "ap": { "gens": [0] } },
            { "fold": { "lore": [
                { "pos": 0, "desc": [{ "pos": 2, "len": 2 }, { "pos": 4, "len": 0 }] },
                { "pos": 3, "desc": [{ "pos": 4, "len": 1 }, { "pos": 5, "len": 0 }] },
            ] } },
            { "par": [1, 0] },
            { "ap": { "gens": [1] } },
            { "par": [0, 0] },
            { "canon": { "executed": "c" } },
        ]);
        let places = places(states.as_array().expect("it is an array"));
        assert_eq!(places, ["0", "1", "1[0]b0", "1[0]b0L0", "1[1[0]b0L0]b0", "2"]);
    }

    #[test]
    fn numbers_that_lie_cost_nothing() {
        let states = json!([
            { "par": [4_000_000_000_u32, 4_000_000_000_u32] },
            { "fold": { "lore": [{ "pos": 9, "desc": [{ "pos": 1, "len": 4_000_000_000_u32 }] }] } },
        ]);
        assert_eq!(places(states.as_array().expect("it is an array")), ["0", "0L0"]);
    }
}
