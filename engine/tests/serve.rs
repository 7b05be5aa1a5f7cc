//! The server, line by line: what a client says, and what it is told.

use airtight_engine::runner::protocol::{InitResponse, code};
use airtight_engine::runner::{SameThread, serve};
use serde_json::{Value, json};

/// What is answered to these bytes, if lines may have so many.
fn answers(said: &str, line_bytes_max: u64) -> Vec<Value> {
    let about = InitResponse { name: "it".into(), version: "1".into() };
    let mut output = Vec::new();
    serve(&mut SameThread::new(), &about, &mut said.as_bytes(), &mut output, line_bytes_max).expect("it is served");
    let output = String::from_utf8(output).expect("answers are text");
    assert!(output.is_empty() || output.ends_with('\n'), "each answer is a line");
    output.lines().map(|line| serde_json::from_str(line).expect("an answer is JSON")).collect()
}

/// A request with this id.
fn request(id: u32, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

/// The codes of the answers, 0 for a result.
fn codes(said: &str, line_bytes_max: u64) -> Vec<i64> {
    answers(said, line_bytes_max).iter().map(|answer| answer["error"]["code"].as_i64().unwrap_or(0)).collect()
}

const INIT: &str = r#"{"jsonrpc":"2.0","id":1,"method":"init","params":{}}"#;

#[test]
fn what_is_refused_has_its_code() {
    let other = r#"(call "p" ("s" "f") [])"#;
    let lines = [
        request(1, "merge", json!({ "prevData": "", "data": "" })),
        INIT.to_owned(),
        "what?".to_owned(),
        "{}".to_owned(),
        request(2, "dance", json!({})),
        request(3, "run", json!({ "air": other })),
        request(4, "merge", json!({ "prevData": "eA==", "data": "" })),
        request(5, "terminate", json!({})),
    ];
    let expected =
        [code::NOT_INITIALIZED, 0, code::PARSE, code::REQUEST, code::METHOD_NOT_FOUND, code::PARAMS, code::REFUSED, 0];
    assert_eq!(expected, [-32000, 0, -32700, -32600, -32601, -32602, -32002, 0], "codes are part of the protocol");
    assert_eq!(codes(&lines.join("\n"), 1 << 20), expected);
    let refused = answers(&lines.join("\n"), 1 << 20).remove(6);
    assert_eq!(refused["error"]["data"]["retCode"], 2, "the interpreter's own code comes along: {refused}");
}

/// A line may be as long as is allowed, with or without its end; of a longer one nothing is taken for a message.
#[test]
fn lines_have_a_limit() {
    let long = INIT.len() as u64;
    assert_eq!(codes(INIT, long), [0]);
    assert_eq!(codes(&format!("{INIT}\n"), long), [0]);
    assert_eq!(codes(&format!("{INIT}\n\n  \n{INIT}\n"), long), [0, 0], "blank lines are no messages");
    assert_eq!(codes(INIT, long - 1), [code::PARSE]);
    assert_eq!(codes(&format!("{INIT}\n{{}}\n"), long - 1), [code::PARSE, code::REQUEST]);
    let tail = format!("{}{INIT}\n{INIT}", "x".repeat(INIT.len()));
    assert_eq!(codes(&tail, long), [code::PARSE, 0], "the end of a line that is too long is no line");
    assert_eq!(answers("", long), Vec::<Value>::new());
}
