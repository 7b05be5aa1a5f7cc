//! Data as peers store them: the bytes, with line ends.

use airtight_snapshots::{CALL, Input, answered, answers, data_of, lines, stem, teaching};
use insta::glob;

/// The version of the engine is not part of the format.
const VERSION: [(&str, &str); 1] = [(r#""engine":"[^"]+""#, r#""engine":"[version]""#)];

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

/// A script in which a call is no longer reached when it is disputed what stands before it.
const DEPENDS: &str = r#"(seq (call "b" ("s" "f") [] x) (seq (call x ("s" "g") []) (call "a" ("s" "h") [])))"#;

#[test]
fn of_calls_under_way() {
    let show = |name: &str, data: &[u8]| {
        review!("data", name, text lines(data).join("\n"), filters => VERSION);
    };
    show("a-call-not-yet-answered", &data_of(CALL));

    let one = answered(CALL, "a", "1");
    let other = answered(CALL, "a", "2");
    let both = Input::new(CALL).with(|input| {
        input.parameters.current_peer_id = "b".into();
        input.previous = one;
        input.current = other;
    });
    show("a-disputed-result", &both.run().data);

    // The peer `a` asked for a call, learns that what led to it is disputed, and gets the answer then.
    let asked = Input::new(DEPENDS).with(|input| input.current = answered(DEPENDS, "b", r#""a""#));
    let disputes = asked.clone().with(|input| {
        input.previous = asked.run().data;
        input.current = answered(DEPENDS, "b", r#""c""#);
    });
    let late = disputes.clone().with(|input| {
        input.previous = disputes.run().data;
        input.current = Vec::new();
        input.results = answers(&[(1, 0, r#""late""#)]);
    });
    show("an-answer-to-a-call-no-longer-reached", &late.run().data);
}
