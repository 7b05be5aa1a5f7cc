//! Data as peers store and send them.

use airtight_snapshots::{review, scripts, teaching};
use serde_json::Value;

#[test]
fn envelopes() {
    for script in scripts("scripts/instructions") {
        let name = script.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let played = teaching(&script);
        let mut shown = String::new();
        for (peer, data) in played.stored_last() {
            let value: Value = serde_json::from_slice(&data).expect("data are JSON");
            shown += &format!("; what {peer} stores\n{}\n", serde_json::to_string_pretty(&value).expect("it is JSON"));
        }
        review("data", &name, &shown);
    }
}
