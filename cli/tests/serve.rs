//! `airtight serve` as its clients meet it: lines in, lines out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A server in a process of its own.
struct Server {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    next_id: u64,
}

impl Server {
    fn with(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
        command.arg("serve").args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().expect("standard output is a pipe"));
        Self { child, input, output, next_id: 1 }
    }

    fn new() -> Self {
        let mut server = Self::with(&[]);
        assert_eq!(server.call("init", json!({"logLevel": "warn"}))["name"], "airtight");
        server
    }

    fn send(&mut self, line: impl AsRef<[u8]>) {
        let input = self.input.as_mut().expect("the input is open");
        input.write_all(line.as_ref()).expect("the server reads");
        input.write_all(b"\n").expect("the server reads");
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("the server writes text");
        assert!(line.ends_with('\n'), "the server says something: {line}");
        line.pop();
        line
    }

    fn ask(&mut self, line: impl AsRef<[u8]>) -> Value {
        self.send(line);
        serde_json::from_str(&self.line()).expect("the server writes JSON")
    }

    /// The answer to a request, without what all of them have.
    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        let answer = self.ask(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        assert_eq!((&answer["jsonrpc"], &answer["id"]), (&json!("2.0"), &json!(id)));
        answer
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        let mut answer = self.request(method, params);
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].take()
    }

    fn error(&mut self, method: &str, params: Value) -> i64 {
        let answer = self.request(method, params);
        assert!(answer.get("result").is_none(), "{answer}");
        answer["error"]["code"].as_i64().expect("errors have codes")
    }

    /// Whether it still does its work.
    fn lives(&mut self) {
        let result = self.call("run", run("(null)", "A", "", "", json!([])));
        assert_eq!(result["retCode"], 0);
    }

    fn end(mut self) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_line(&mut rest).expect("the output ends");
        assert_eq!(rest, "");
        assert!(self.child.wait().expect("the server ends").success());
    }
}

fn run(air: &str, peer: &str, previous: &str, current: &str, results: Value) -> Value {
    json!({
        "air": air, "prevData": previous, "data": current, "callResults": results,
        "params": {"initPeerId": "A", "currentPeerId": peer, "timestamp": 1, "ttl": 2, "particleId": "p"}
    })
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

const RELAY: &str = r#"
    (seq (call "A" ("profile" "name") [%ttl%] who)
      (seq (call "B" ("greet" "hello") [who.$.first] msg)
        (call "A" ("ui" "show") [msg])))"#;

#[test]
fn a_particle_goes_from_server_to_server_and_back() {
    let (mut a, mut b) = (Server::new(), Server::new());
    let first = a.call("run", run(RELAY, "A", "", "", json!([])));
    let from_a = json!({"peerPk": "A", "serviceId": "", "functionName": "", "lens": ""});
    assert_eq!(
        first["callRequests"],
        json!([[1, {"serviceId": "profile", "functionName": "name", "arguments": [2], "tetraplets": [[from_a]]}]])
    );
    assert_eq!(first["waiting"][0]["peer"], "A");
    assert_eq!(first["limitsExceeded"], json!({"air": false, "particle": false, "callResult": false}));

    let answer = json!([[1, {"retCode": 0, "result": "{\"first\":\"ann\"}"}]]);
    let second = a.call("run", run(RELAY, "A", text(&first["data"]), "", answer));
    assert_eq!((&second["nextPeerPks"], &second["callRequests"]), (&json!(["B"]), &json!([])));

    let at_b = b.call("run", run(RELAY, "B", "", text(&second["data"]), json!([])));
    let request = &at_b["callRequests"][0][1];
    assert_eq!((&request["functionName"], &request["arguments"]), (&json!("hello"), &json!(["ann"])));
    assert_eq!(request["tetraplets"][0][0]["lens"], ".$.first");
    let answer = json!([[1, {"retCode": 0, "result": "\"hi ann\""}], [9, {"retCode": 1, "result": "?"}]]);
    let done = b.call("run", run(RELAY, "B", text(&at_b["data"]), "", answer));
    assert_eq!((&done["retCode"], &done["unknownCallIds"]), (&json!(30000), &json!([9])));
    assert_eq!(done["nextPeerPks"], json!(["A"]));

    let back = a.call("run", run(RELAY, "A", text(&second["data"]), text(&done["data"]), json!([])));
    assert_eq!(back["callRequests"][0][0], 2);
    assert_eq!(back["callRequests"][0][1]["arguments"], json!(["hi ann"]));

    // Merging knows no script, and agrees with what A stored but for A's journal.
    let merged = b.call("merge", json!({"prevData": second["data"], "data": done["data"]}));
    let trace = |data: &Value| -> Value {
        let bytes = BASE64.decode(text(data)).expect("data are base64");
        serde_json::from_slice::<Value>(&bytes).expect("data are JSON")["shared"].take()
    };
    assert_eq!(trace(&merged["data"]), trace(&back["data"]));
    a.end();
    b.end();
}

#[test]
fn errors_of_the_interpreter_are_results() {
    let mut server = Server::new();
    let data = text(&server.call("run", run("(null)", "A", "", "", json!([])))["data"]).to_owned();
    for (air, current, code) in
        [("(oops", "", 1), ("(null)", "eA==", 2), ("(null) ", "", 20000), ("(fail 1 \"x\")", "", 20000)]
    {
        let result = server.call("run", run(air, "A", &data, current, json!([])));
        assert_eq!(result["retCode"], code);
        assert_ne!(result["errorMessage"], "");
        assert_eq!(result["data"], data);
    }
    let mut limited = run("(null)", "A", "", "", json!([]));
    limited["params"]["limits"] = json!({"airBytes": 5, "hard": true});
    let result = server.call("run", limited);
    assert_eq!((&result["retCode"], &result["limitsExceeded"]["air"]), (&json!(10), &json!(true)));
    let refused = server.request("merge", json!({"prevData": "eA==", "data": ""}));
    assert_eq!((&refused["error"]["code"], &refused["error"]["data"]["retCode"]), (&json!(-32002), &json!(2)));
    server.end();
}

#[test]
fn requests_are_repeated_on_demand() {
    let mut server = Server::new();
    let first = server.call("run", run(RELAY, "A", "", "", json!([])));
    let mut again = run(RELAY, "A", text(&first["data"]), "", json!([]));
    assert_eq!(server.call("run", again.clone())["callRequests"], json!([]));
    again["params"]["repeatRequests"] = json!(true);
    assert_eq!(server.call("run", again)["callRequests"], first["callRequests"]);
    server.end();
}

#[test]
fn a_server_begins_and_ends_and_begins_again() {
    let mut server = Server::with(&[]);
    for _ in 0..2 {
        assert_eq!(server.error("run", run("(null)", "A", "", "", json!([]))), -32000);
        assert_eq!(server.error("merge", json!({"prevData": "", "data": ""})), -32000);
        assert_eq!(server.error("inspect", json!({"data": ""})), -32000);
        server.call("init", json!({}));
        server.lives();
        assert_eq!(server.call("terminate", json!({})), Value::Null);
        assert_eq!(server.call("terminate", json!({})), Value::Null);
    }
    server.end();
}

#[test]
fn lines_that_make_no_sense_are_answered_with_errors() {
    let mut server = Server::new();
    let deep = "[".repeat(1_000_000);
    let deep_id = format!(r#"{{"jsonrpc":"2.0","method":"init","id":{deep}"#);
    let huge_number = format!(r#"{{"jsonrpc":"2.0","method":"init","id":1{}}}"#, "0".repeat(1_000));
    let broken: [&[u8]; 10] = [
        b"x",
        b"{",
        b"\xff\xfe",
        b"\"\xff\"",
        b"{\"jsonrpc\":\"2.0\",\"method\":\"in\xffit\",\"id\":1}",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"init\"} x",
        b"\0",
        deep.as_bytes(),
        deep_id.as_bytes(),
        huge_number.as_bytes(),
    ];
    for line in broken {
        let answer = server.ask(line);
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null), "{answer}");
        assert!(text(&answer["error"]["message"]).len() < 1_000);
    }
    let invalid = [
        ("1", json!(null)),
        ("null", json!(null)),
        ("[]", json!(null)),
        ("{}", json!(null)),
        (r#"{"id":7}"#, json!(7)),
        (r#"{"jsonrpc":"1.0","id":"a","method":"init"}"#, json!("a")),
        (r#"{"jsonrpc":"2.0","id":7,"method":1}"#, json!(7)),
        (r#"{"jsonrpc":"2.0","id":[7],"method":"init"}"#, json!(null)),
        (r#"{"jsonrpc":"2.0","id":true,"method":"init"}"#, json!(null)),
        (r#"{"jsonrpc":"2.0","id":7,"method":"init","params":3}"#, json!(7)),
    ];
    for (line, id) in invalid {
        let answer = server.ask(line);
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32600), &id), "{line} {answer}");
    }
    for method in ["", "Run", "rpc.discover", &"long".repeat(10_000)] {
        assert_eq!(server.error(method, json!({})), -32601);
    }
    server.lives();
    server.end();
}

#[test]
fn parameters_that_make_no_sense_are_answered_with_errors() {
    let mut server = Server::new();
    let mut good = run("(null)", "A", "", "", json!([]));
    good["params"]["limits"] = json!({});
    let answer = json!({"retCode": 0, "result": "1"});
    let changes = [
        ("/air", json!(1)),
        ("/prevData", json!("?")),
        ("/prevData", json!("eA")),
        ("/data", json!([1, 2])),
        ("/callResults", json!({"1": answer})),
        ("/callResults", json!([["1", answer]])),
        ("/callResults", json!([[-1, answer]])),
        ("/callResults", json!([[4_294_967_296_u64, answer]])),
        ("/callResults", json!([[1, answer, 2]])),
        ("/callResults", json!([[1, answer], [1, answer]])),
        ("/callResults", json!([[1, {"retCode": 0, "result": 1}]])),
        ("/callResults", json!([[1, [0, "1"]]])),
        ("/params", json!(null)),
        ("/params", json!(["A", "A", 1, 2, "p", {}, false])),
        ("/params", json!(["A", "A", 1, 2, "p"])),
        ("/params/limits", json!([])),
        ("/params/limits", json!({"bytes": 1})),
        ("/params/ttl", json!(-1)),
        ("/params/timestamp", json!(1.5)),
        ("/params/currentPeerId", json!(null)),
    ];
    for (path, value) in changes {
        let mut bad = good.clone();
        *bad.pointer_mut(path).expect("there is such a parameter") = value;
        assert_eq!(server.error("run", bad.clone()), -32602, "{bad}");
    }
    for missing in ["air", "prevData", "data", "params", "callResults"] {
        let mut bad = good.clone();
        bad.as_object_mut().expect("an object").remove(missing);
        assert_eq!(server.error("run", bad), -32602);
    }
    let mut more = good.clone();
    more["surplus"] = json!(1);
    assert_eq!(server.error("run", more), -32602);
    assert_eq!(server.error("run", json!([good])), -32602);
    assert_eq!(server.error("inspect", json!({"data": "", "params": ["A", "A", 1, 2, "p", {}, false]})), -32602);
    assert_eq!(server.error("init", json!({"logLevel": "loud"})), -32602);
    assert_eq!(server.error("terminate", json!({"now": true})), -32602);
    server.lives();
    server.end();
}

#[test]
fn ids_come_back_as_they_were() {
    let mut server = Server::new();
    for id in [r#""""#, r#""a\"\u0000é""#, "0", "-5", "18446744073709551615", "1.5", "null"] {
        let answer = server.ask(format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"init"}}"#));
        assert_eq!(answer["id"], serde_json::from_str::<Value>(id).expect("an id"));
        assert_eq!(answer["result"]["name"], "airtight");
    }
    server.end();
}

/// JSON-RPC says what the members of a request mean, and leaves others to extensions of it.
#[test]
fn other_members_of_requests_mean_nothing() {
    let mut server = Server::with(&[]);
    let answer = server.ask(r#"{"jsonrpc":"2.0","id":1,"method":"init","trace":{"parent":[7]},"params":{}}"#);
    assert_eq!(answer["result"]["name"], "airtight");
    server.end();
}

/// What a script comes to is shown in the names of the protocol, and what cannot be shown costs nothing.
#[test]
fn data_are_inspected_by_the_runner() {
    let mut server = Server::new();
    let first = server.call("run", run(RELAY, "A", "", "", json!([])));
    let shown = server.call("inspect", json!({"air": RELAY, "data": first["data"]}));
    assert_eq!((&shown["ownScript"], &shown["notTaken"], &shown["end"]), (&json!(true), &json!([]), &json!("waits")));
    assert_eq!(shown["pending"][0]["callId"], 1);
    assert_eq!(shown["trace"][0]["state"], json!({"call": {"sentBy": "A", "callId": 1}}));
    let parameters = json!({"initPeerId": "A", "currentPeerId": "B", "timestamp": 1, "ttl": 2, "particleId": "p"});
    let at_b = server.call("inspect", json!({"air": RELAY, "data": first["data"], "params": parameters}));
    assert_eq!(at_b["trace"][0]["state"], json!({"call": {"pending": "A"}}));
    let mut limited = parameters.clone();
    limited["limits"] = json!({"steps": 1});
    for (bad, code) in [
        (json!({"data": "eA=="}), 2),
        (json!({"data": "", "air": "(oops"}), 1),
        (json!({"data": "", "air": RELAY, "params": limited}), 10),
    ] {
        let refused = server.request("inspect", bad);
        assert_eq!((&refused["error"]["code"], &refused["error"]["data"]["retCode"]), (&json!(-32002), &json!(code)));
    }
    server.lives();
    server.end();
}

#[test]
fn batches_are_answered_together_and_notifications_not_at_all() {
    let mut server = Server::with(&[]);
    let message = |id: Option<u32>, method: &str| match id {
        Some(id) => json!({"jsonrpc": "2.0", "id": id, "method": method}),
        None => json!({"jsonrpc": "2.0", "method": method}),
    };
    // Blank lines, notifications and batches of them have no answer; those that come next are for the batch.
    server.send("");
    server.send(" \t\r");
    server.send(message(None, "init").to_string());
    server.send(message(None, "nonsense").to_string());
    server.send(json!([message(None, "init"), message(None, "run")]).to_string());
    let answers = server.ask(
        json!([
            message(Some(1), "init"),
            5,
            message(None, "terminate"),
            message(Some(2), "run"),
            message(Some(3), "x")
        ])
        .to_string(),
    );
    let seen: Vec<_> =
        answers.as_array().expect("a batch").iter().map(|one| (&one["id"], &one["error"]["code"])).collect();
    let expected = [
        (&json!(1), &json!(null)),
        (&json!(null), &json!(-32600)),
        (&json!(2), &json!(-32602)),
        (&json!(3), &json!(-32601)),
    ];
    assert_eq!(seen, expected);
    // The notification in the batch was obeyed.
    assert_eq!(server.error("merge", json!({"prevData": "", "data": ""})), -32000);
    server.end();
}

#[test]
fn lines_may_be_long_but_not_longer_than_allowed() {
    let mut server = Server::with(&["--max-line-bytes", "1000"]);
    let line = |bytes: usize| {
        let start = r#"{"jsonrpc":"2.0","id":1,"method":"init"}"#;
        start.to_owned() + &" ".repeat(bytes - start.len())
    };
    assert_eq!(server.ask(line(999))["id"], 1);
    assert_eq!(server.ask(line(1_000))["id"], 1);
    for bytes in [1_001, 1_002, 50_000_000] {
        let answer = server.ask(line(bytes));
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(-32700), &Value::Null));
    }
    assert_eq!(server.ask(line(100))["id"], 1);
    server.end();

    let mut server = Server::new();
    let air = format!("(seq (null) (call \"A\" (\"s\" \"f\") [\"{}\"]))", "x".repeat(10_000_000));
    let result = server.call("run", run(&air, "A", "", "", json!([])));
    assert_eq!(text(&result["callRequests"][0][1]["arguments"][0]).len(), 10_000_000);
    server.lives();
    server.end();
}

/// The deepest value there is crosses the border, both ways.
#[test]
fn values_may_be_as_deep_as_values_are() {
    let mut server = Server::new();
    let air = r#"(seq (call "A" ("s" "f") [] x) (call "A" ("s" "g") [x]))"#;
    let first = server.call("run", run(air, "A", "", "", json!([])));
    let deep = "[".repeat(127) + &"]".repeat(127);
    let results = json!([[1, {"retCode": 0, "result": deep}]]);
    let request =
        json!({"jsonrpc": "2.0", "id": 1, "method": "run", "params": run(air, "A", text(&first["data"]), "", results)});
    server.send(request.to_string());
    let line = server.line();
    assert!(line.starts_with(r#"{"jsonrpc":"2.0","id":1,"result":{"retCode":0,"#));
    assert!(line.contains(&format!(r#""arguments":[{deep}]"#)));
    server.end();
}

#[test]
fn the_last_line_needs_no_end_and_a_client_may_go_away() {
    let mut server = Server::with(&[]);
    let input = server.input.as_mut().expect("the input is open");
    input.write_all(br#"{"jsonrpc":"2.0","id":1,"method":"init"}"#).expect("the server reads");
    drop(server.input.take());
    assert_eq!(
        server.line(),
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"name":"airtight","version":"{}"}}}}"#,
            env!("CARGO_PKG_VERSION")
        )
    );
    server.end();

    let Server { mut child, input, output, .. } = Server::with(&[]);
    drop(output);
    let mut input = input.expect("the input is open");
    input.write_all(b"x\n").expect("the server reads");
    drop(input);
    assert!(child.wait().expect("the server ends").success());
}

/// What the documentation shows is what happens.
#[test]
fn the_documented_examples_are_real() {
    let page = include_str!("../../docs/runner-protocol.md");
    let mut server = Server::with(&[]);
    let mut data: Vec<(String, String)> = Vec::new();
    let mut played = 0;
    for line in page.lines() {
        if let Some(sent) = line.strip_prefix("--> ") {
            server.send(data.iter().fold(sent.to_owned(), |sent, (name, bytes)| sent.replace(name, bytes)));
        } else if let Some(shown) = line.strip_prefix("<-- ") {
            let mut said = server.line();
            let name = shown.find("<D").and_then(|at| shown.get(at..at + 4));
            if let Some(name) = name {
                let answer: Value = serde_json::from_str(&said).expect("the server writes JSON");
                let bytes = text(&answer["result"]["data"]).to_owned();
                said = said.replace(&bytes, name);
                data.push((name.to_owned(), bytes));
            }
            assert_eq!(said, shown);
            played += 1;
        }
    }
    assert_eq!((played, data.len()), (11, 2));
    server.end();
}
