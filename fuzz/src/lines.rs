//! Mutates lines of the runner protocol by what they say, because hardly any changed byte leaves a request.

use crate::{mutate_text, put};
use airtight_engine::data::{Data, ScriptHash, encode};
use airtight_engine::runner::protocol::Bytes;
use airtight_engine::script::{Tree, print};
use airtight_generators::{Choices, EditWeights, ScriptConfig, ScriptGenerator, Seeded, damage, near_valid};
use airtight_properties::free::family;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static SCRIPTS: LazyLock<ScriptGenerator> =
    LazyLock::new(|| ScriptGenerator::new(ScriptConfig { size: 1..=6, ..ScriptConfig::valid() }));

/// How many lines an input has.
const LINES_MAX: usize = 4;

/// How often a text is damaged at once.
const DAMAGES_MAX: u32 = 2;

const NAMES: [&str; 8] = ["id", "method", "params", "limits", "air", "data", "prevData", "callResults"];

/// Mutates lines: as a text, or by adding requests and editing what they say.
pub fn mutate_lines(bytes: &mut [u8], size: usize, size_max: usize, seed: u32) -> usize {
    if seed.is_multiple_of(8) {
        return mutate_text(bytes, size, size_max, seed / 8);
    }
    let mut random = Seeded::new(seed.into());
    let mut lines: Vec<Vec<u8>> = bytes[..size].split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.retain(|line| !line.is_empty());
    lines.truncate(LINES_MAX);
    let at = random.below(lines.len() as u32 + 1) as usize;
    let told = lines.get(at).and_then(|line| serde_json::from_slice(line).ok());
    let message = match told {
        Some(mut message) if !random.chance(1, 8) => {
            let node = random.below(nodes(&message)) as usize;
            edit(&mut message, node, &mut random);
            message
        }
        _ if random.chance(1, 16) => Value::Array((0..random.below(3)).map(|_| request(&mut random)).collect()),
        _ => request(&mut random),
    };
    let line = message.to_string().into_bytes();
    match lines.get_mut(at) {
        Some(place) => *place = line,
        None => lines.push(line),
    }
    put(bytes, size_max, &lines.join(&b'\n'))
}

/// A request that can be understood.
fn request(random: &mut Seeded) -> Value {
    let script = print::compact(&SCRIPTS.generate(random));
    let data = |random: &mut Seeded| {
        let shared = family(random, 1).pop().unwrap_or_default();
        match random.below(3) {
            0 => json!(""),
            _ => json!(Bytes(encode(&Data::new(ScriptHash::of(script.as_bytes()), shared, None)).into())),
        }
    };
    let mut limits = Map::new();
    if random.chance(1, 4) {
        let names = ["airBytes", "particleBytes", "callResultBytes", "newDataBytes", "steps", "depth", "valueBytes"];
        limits.insert(random.pick(&names).to_owned(), json!(random.pick(&[0_u64, 1, 30, 300, 1 << 20])));
        limits.insert("hard".to_owned(), json!(random.chance(1, 2)));
    }
    let parameters = json!({
        "initPeerId": "A", "currentPeerId": random.pick(&["A", "B"]), "timestamp": 1, "ttl": 2, "particleId": "p",
        "limits": limits, "repeatRequests": random.chance(1, 8),
    });
    let (method, params) = match random.below(6) {
        0 => ("init", json!({"logLevel": random.pick(&["off", "error", "warn", "info", "debug", "trace"])})),
        1 => ("merge", json!({"prevData": data(random), "data": data(random)})),
        2 => ("inspect", json!({"air": script, "data": data(random), "params": parameters})),
        3 => ("inspect", json!({"data": data(random)})),
        4 => ("terminate", json!({})),
        _ => {
            let results = json!([[random.below(3), {"retCode": random.below(2), "result": "[1]"}]]);
            let results = if random.chance(1, 2) { results } else { json!([]) };
            let (previous, current) = (data(random), data(random));
            let params = json!({"air": script, "prevData": previous, "data": current, "params": parameters});
            let Value::Object(mut params) = params else { return Value::Null };
            params.insert("callResults".to_owned(), results);
            ("run", Value::Object(params))
        }
    };
    json!({"jsonrpc": "2.0", "id": random.below(3), "method": method, "params": params})
}

/// How many values a value holds, itself included.
fn nodes(value: &Value) -> u32 {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(members) => members.values().map(nodes).sum::<u32>(),
        _ => 0,
    }
}

/// Edits the value with this number, from the outside to the inside; says how many numbers are left if it is not here.
fn edit(value: &mut Value, number: usize, random: &mut Seeded) -> Option<usize> {
    let Some(mut number) = number.checked_sub(1) else {
        edit_here(value, random);
        return None;
    };
    let inner: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for inner in inner {
        number = edit(inner, number, random)?;
    }
    Some(number)
}

fn edit_here(value: &mut Value, random: &mut Seeded) {
    match value {
        Value::String(text) if random.chance(3, 4) => {
            *text = match Tree::parse(&*text) {
                Ok(tree) if random.chance(3, 4) => near_valid(&tree, &EditWeights::default(), random),
                _ => String::from_utf8_lossy(&damage(text.as_bytes(), DAMAGES_MAX, random)).into_owned(),
            };
        }
        Value::Object(members) if random.chance(3, 4) => {
            let name = members.keys().nth(random.below(members.len() as u32) as usize).cloned();
            let taken = name.filter(|_| random.chance(3, 4)).and_then(|name| members.remove(&name));
            if random.chance(1, 2) {
                members.insert(random.pick(&NAMES).to_owned(), taken.unwrap_or_default());
            }
        }
        Value::Array(items) if random.chance(3, 4) => match items.pop() {
            Some(last) if random.chance(1, 2) => items.extend([last.clone(), last]),
            _ => {}
        },
        _ => {
            let numbers = [json!(0), json!(-1), json!(1), json!(u64::MAX), json!(1.5), json!(u32::MAX)];
            *value = match random.below(6) {
                0 => Value::Null,
                1 => json!(random.chance(1, 2)),
                2 => numbers[random.below(numbers.len() as u32) as usize].clone(),
                3 => json!([]),
                4 => json!({}),
                _ => json!(random.pick(&["", "x", "(null)", "run", "2.0", "AA=="])),
            };
        }
    }
}
