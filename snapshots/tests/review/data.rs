//! Data as peers store them: the bytes, with line ends.

use airtight_snapshots::{lines, stem, teaching, under_way};
use insta::glob;

/// The version of the engine is not part of the format.
pub(crate) const VERSION: [(&str, &str); 1] = [(r#""engine":"[^"]+""#, r#""engine":"[version]""#)];

#[test]
fn of_each_instruction() {
    glob!("../../scripts/instructions", "*.air", |script| {
        let mut shown = String::new();
        let mut first: Option<Vec<String>> = None;
        for (peer, data) in teaching(script, 0).stored_last() {
            let lines = lines(&data);
            let Some(first) = &first else {
                shown += &format!("; what {peer} stores\n{}\n", lines.join("\n"));
                first = Some(lines);
                continue;
            };
            assert_eq!(lines.len(), first.len(), "all peers hold the same events");
            let other: Vec<_> = lines.iter().zip(first).filter(|(line, first)| line != first).collect();
            shown += &format!("; what {peer} stores: the same, but for\n");
            shown.extend(other.iter().map(|(line, _)| format!("{line}\n")));
        }
        review!("data", stem(script), text shown, filters => VERSION);
    });
}

#[test]
fn of_calls_under_way() {
    for (name, data) in under_way() {
        review!("data", name, text lines(&data).join("\n"), filters => VERSION);
    }
}
