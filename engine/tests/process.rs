//! Programs as runners: what they answer, and all the ways in which they do not.
#![cfg(unix)]

use airtight_engine::data::{Answer, PlaceId, SegmentId};
use airtight_engine::invoke::{CallResults, LimitsExceeded, RunParameters, Waiting};
use airtight_engine::runner::{AvmRunner, InterpreterResult, LogLevel, Process, RunnerError};
use airtight_engine::script::Span;
use airtight_engine::value::Json;
use std::time::{Duration, Instant};

/// Answers `init`; what comes next is the test's.
const INIT: &str = r#"read -r init; echo '{"jsonrpc":"2.0","id":1,"result":{"name":"sh","version":"7"}}'; "#;

/// A program that answers `init` and then does this.
fn after_init(script: &str) -> Process {
    let mut runner = shell(&format!("{INIT}{script}"));
    runner.init(LogLevel::Warn).expect("it begins");
    assert_eq!(runner.interpreter().map(|it| (&*it.name, &*it.version)), Some(("sh", "7")));
    runner
}

/// A program that answers `init` and the next request with this result.
fn saying(result: &str) -> Process {
    after_init(&format!(
        "read -r line; cat <<'END'\n{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{result}}}\nEND\ncat > /dev/null"
    ))
}

fn shell(script: &str) -> Process {
    Process::new("sh", ["-c", script]).with_time_limit(Duration::from_secs(20))
}

fn run(runner: &mut Process) -> Result<InterpreterResult, RunnerError> {
    runner.run("(null)", b"", b"", &RunParameters::new("A", "A"), &CallResults::new())
}

fn bad_answer(runner: &mut Process) -> String {
    match run(runner) {
        Err(RunnerError::BadAnswer { message }) => message,
        other => panic!("{other:?}"),
    }
}

fn gone(runner: &mut Process) -> String {
    let said = match run(runner) {
        Err(RunnerError::Gone { message }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(run(runner), Err(RunnerError::NotInitialized));
    said
}

#[test]
fn an_answer_may_say_the_least_or_all() {
    let least = r#"{"retCode":3,"errorMessage":"no","data":"eA==","nextPeerPks":["B"],"callRequests":[]}"#;
    let expected = InterpreterResult {
        ret_code: 3,
        error_message: "no".into(),
        data: b"x".into(),
        next_peers: vec!["B".into()],
        ..InterpreterResult::default()
    };
    assert_eq!(run(&mut saying(least)), Ok(expected.clone()));

    let place: PlaceId = SegmentId::root().place(0);
    let all = format!(
        r#"{{"retCode":3,"errorMessage":"no","data":"eA==","nextPeerPks":["B"],"callRequests":[],
            "limitsExceeded":{{"air":true}},"unknownCallIds":[7],"disputed":["{place}"],"notTaken":[],"more":[[[1]]],
            "waiting":[{{"peer":null,"span":[1,2],"missing":"x"}}]}}"#
    )
    .replace('\n', "");
    let expected = InterpreterResult {
        limits_exceeded: LimitsExceeded { air: true, ..LimitsExceeded::default() },
        unknown_call_ids: vec![7],
        disputed: vec![place],
        waiting: vec![Waiting { span: Span { start: 1, end: 2 }, peer: None, missing: Some("x".into()) }],
        ..expected
    };
    assert_eq!(run(&mut saying(&all)), Ok(expected));
}

#[test]
fn blank_lines_are_no_answers() {
    let answer = r#"{"jsonrpc":"2.0","id":2,"result":{"retCode":3,"errorMessage":"","data":"","nextPeerPks":[],"callRequests":[]}}"#;
    let mut runner = after_init(&format!("read -r line; echo; echo '  '; echo '{answer}'; cat > /dev/null"));
    assert_eq!(run(&mut runner).map(|result| result.ret_code), Ok(3));
}

#[test]
fn arguments_may_be_as_deep_as_values_are_and_no_deeper() {
    let answer = |depth: usize| {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        let request = format!(r#"{{"serviceId":"s","functionName":"f","arguments":[1.5,{deep}],"tetraplets":[]}}"#);
        let result =
            format!(r#"{{"retCode":0,"errorMessage":"","data":"","nextPeerPks":[],"callRequests":[[1,{request}]]}}"#);
        run(&mut saying(&result))
    };
    let arguments = &answer(127).expect("a value may be so deep").requests[&1].arguments;
    assert_eq!((arguments[0].clone(), arguments[1].depth()), (Json::parse(b"1.5").expect("a number"), 127));
    for depth in [128, 1_000, 50_000] {
        let Err(RunnerError::BadAnswer { message }) = answer(depth) else { panic!("{depth} is too deep") };
        assert!(message.contains("deeper than 127 levels"), "{message}");
    }
}

#[test]
fn results_that_make_no_sense_are_told_and_the_program_lives_on() {
    for (result, why) in [
        ("null", "expected an object"),
        ("[0,\"\",\"\",[],[]]", "expected an object"),
        ("{}", "missing field `retCode`"),
        (r#"{"retCode":0,"errorMessage":"","data":"?","nextPeerPks":[],"callRequests":[]}"#, "bytes are base64"),
        (r#"{"retCode":0,"errorMessage":"","data":"","nextPeerPks":[1],"callRequests":[]}"#, "expected a string"),
        (r#"{"retCode":0,"errorMessage":"","data":"","nextPeerPks":[],"callRequests":{}}"#, "expected a sequence"),
        (
            r#"{"retCode":0,"errorMessage":"","data":"","nextPeerPks":[],"callRequests":[],"disputed":["here"]}"#,
            "32 lower-case hexadecimal digits",
        ),
    ] {
        let mut runner = saying(result);
        let message = bad_answer(&mut runner);
        assert!(message.starts_with("the result of `run` is wrong: ") && message.contains(why), "{message}");
        assert!(runner.interpreter().is_some());
    }
    let one = r#"[1,{"serviceId":"s","functionName":"f","arguments":[],"tetraplets":[]}]"#;
    let twice = format!(r#"{{"retCode":0,"errorMessage":"","data":"","nextPeerPks":[],"callRequests":[{one},{one}]}}"#);
    assert!(bad_answer(&mut saying(&twice)).contains("call 1 is requested twice"));
}

#[test]
fn lines_that_are_no_answers_end_the_program() {
    for (line, why) in [
        ("hello", "it is no answer: expected value at line 1 column 1, in `hello`"),
        ("{", "it is no answer"),
        ("[]", "it is no answer"),
        ("\\377", "it is no answer"),
        (r#"{"id":2,"result":1}"#, "missing field `jsonrpc`"),
        (r#"{"jsonrpc":"1.0","id":2,"result":1}"#, "it is not JSON-RPC 2.0"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1}"#, "it answers request 1 and not 2"),
        (r#"{"jsonrpc":"2.0","id":"2","result":1}"#, "it is no answer"),
        (r#"{"jsonrpc":"2.0","result":1}"#, "it says not what it answers"),
        (r#"{"jsonrpc":"2.0","id":2}"#, "it has either a result or an error"),
        (
            r#"{"jsonrpc":"2.0","id":2,"result":1,"error":{"code":1,"message":""}}"#,
            "it has either a result or an error",
        ),
        (r#"{"jsonrpc":"2.0","id":2,"error":"no"}"#, "it is no answer"),
    ] {
        let mut runner = after_init(&format!("read -r line; printf '{line}\\n'; cat > /dev/null"));
        let message = bad_answer(&mut runner);
        assert!(message.contains(why), "{line}: {message}");
        assert_eq!(run(&mut runner), Err(RunnerError::NotInitialized), "{line}");
    }
    // What is quoted stays short.
    let mut runner = after_init("read -r line; head -c 3000000 /dev/zero | tr '\\0' x; echo; cat > /dev/null");
    assert!(bad_answer(&mut runner).len() < 600);
}

#[test]
fn errors_of_the_protocol_are_told_apart() {
    let error = |code: i64, more: &str| {
        let answer = format!(r#"{{"jsonrpc":"2.0","id":2,"error":{{"code":{code},"message":"why"{more}}}}}"#);
        after_init(&format!("read -r line; echo '{answer}'; cat > /dev/null"))
    };
    let (message, parameters) = (String::from("why"), RunParameters::new("A", "A"));
    for code in [-32700, -32600, -32602, -32603, -32001, 5] {
        assert_eq!(run(&mut error(code, "")), Err(RunnerError::Refused { code, message: message.clone() }));
    }
    let data = r#","data":{"retCode":20000}"#;
    assert_eq!(run(&mut error(-32002, data)), Err(RunnerError::Refused { code: 20000, message: message.clone() }));
    assert_eq!(run(&mut error(-32003, "")), Err(RunnerError::Panicked { message }));
    assert_eq!(run(&mut error(-32000, "")), Err(RunnerError::NotInitialized));
    assert_eq!(error(-32601, "").merge(b"", b""), Err(RunnerError::NotOffered { what: "merge" }));
    assert_eq!(
        error(-32601, "").inspect(None, b"", Some(&parameters)),
        Err(RunnerError::NotOffered { what: "inspect" })
    );
    assert_eq!(error(-32601, "").terminate(), Ok(()));

    // Who could not read the request does not know its id.
    let answer = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}"#;
    let mut runner = after_init(&format!("read -r line; echo '{answer}'; cat > /dev/null"));
    assert_eq!(run(&mut runner), Err(RunnerError::Refused { code: -32700, message: "what?".into() }));
}

#[test]
fn a_program_that_dies_is_gone_and_says_how() {
    assert_eq!(gone(&mut after_init("exit 3")), "exit status: 3");
    assert_eq!(gone(&mut after_init("read -r line; kill -9 $$")), "signal: 9 (SIGKILL)");
    let words = "read -r line; echo one >&2; echo '  the last words ' >&2; echo >&2; exit 1";
    assert_eq!(gone(&mut after_init(words)), "exit status: 1: the last words");
    // However much it says, messages stay short.
    let many = "read -r line; head -c 5000000 /dev/zero | tr '\\0' x >&2; exit 1";
    assert!(gone(&mut after_init(many)).len() < 300);
    // In the middle of an answer, and with a child that keeps its output open.
    assert_eq!(gone(&mut after_init("read -r line; printf '{\"jsonrpc\"'; exit 1")), "exit status: 1");
    assert_eq!(gone(&mut after_init("sleep 20 & exit 4")), "exit status: 4");
    // Who closes its output without dying is ended.
    assert_eq!(gone(&mut after_init("exec >&- 2>&-; sleep 20")), "it closed its output");
}

#[test]
fn a_program_that_hangs_is_ended() {
    for hangs in ["sleep 20", "read -r line; printf '{'; sleep 20", "trap '' TERM PIPE; while true; do sleep 1; done"] {
        let begun = Instant::now();
        let mut runner = after_init(hangs).with_time_limit(Duration::from_millis(150));
        assert_eq!(run(&mut runner), Err(RunnerError::TimedOut { millis: 150 }));
        assert_eq!(run(&mut runner), Err(RunnerError::NotInitialized));
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    // A request that nobody reads is longer than a pipe.
    let mut runner = after_init("sleep 20").with_time_limit(Duration::from_millis(150));
    let air = "x".repeat(10_000_000);
    let ran = runner.run(&air, b"", b"", &RunParameters::new("A", "A"), &CallResults::new());
    assert_eq!(ran, Err(RunnerError::TimedOut { millis: 150 }));
}

#[test]
fn answers_are_bounded() {
    let mut runner = shell("read -r line; cat /dev/zero").with_answer_limit(1_000_000);
    let error = runner.init(LogLevel::Warn).expect_err("it has no end");
    assert_eq!(error, RunnerError::BadAnswer { message: "it has more than 1000000 bytes".into() });
}

#[test]
fn a_program_begins_and_ends_and_begins_again() {
    let mut runner =
        shell(&format!("{INIT}read -r line; echo '{{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}}'; cat > /dev/null"));
    for _ in 0..3 {
        assert_eq!(run(&mut runner), Err(RunnerError::NotInitialized));
        runner.init(LogLevel::Warn).expect("it begins");
        assert_eq!(runner.terminate(), Ok(()));
        assert_eq!(runner.terminate(), Ok(()));
        assert_eq!(runner.interpreter(), None);
    }
    // Also when it died, and when it ends badly.
    let mut runner = shell(&format!("{INIT}exit 1"));
    for _ in 0..2 {
        runner.init(LogLevel::Warn).expect("it begins");
        assert_eq!(gone(&mut runner), "exit status: 1");
    }
    let mut runner = after_init("read -r line; echo '{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":null}'; exit 5");
    assert_eq!(runner.terminate(), Err(RunnerError::Gone { message: "exit status: 5".into() }));
    assert_eq!(runner.terminate(), Ok(()));
}

#[test]
fn what_is_no_program_does_not_start() {
    for mut runner in [Process::new("/no/such/program", [""; 0]), Process::new("/", [""; 0])] {
        let Err(RunnerError::Start { message }) = runner.init(LogLevel::Warn) else { panic!("it started") };
        assert!(message.starts_with("`/"), "{message}");
        assert_eq!(run(&mut runner), Err(RunnerError::NotInitialized));
    }
    let error = shell("exec no-such-program").init(LogLevel::Warn).expect_err("it dies at once");
    assert!(matches!(&error, RunnerError::Gone { message } if message.contains("no-such-program")), "{error}");
}

/// Nothing is left of a program whose runner is dropped: neither a process nor a zombie.
#[test]
fn nothing_is_left_behind() {
    let directory = std::env::temp_dir().join(format!("airtight-process-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory can be made");
    let file = directory.join("pid");
    let runner = shell(&format!("echo $$ > '{}'; {INIT} sleep 20", file.display()));
    let mut runner = runner.with_time_limit(Duration::from_millis(200));
    for dropped in [false, true] {
        runner.init(LogLevel::Warn).expect("it begins");
        let id = std::fs::read_to_string(&file).expect("it wrote its id");
        if dropped {
            drop(std::mem::replace(&mut runner, shell("")));
        } else {
            assert!(matches!(run(&mut runner), Err(RunnerError::TimedOut { .. })));
        }
        let lives = std::process::Command::new("kill").args(["-0", id.trim()]).output().expect("kill runs");
        assert!(!lives.status.success(), "process {id} is still there");
    }
    std::fs::remove_dir_all(directory).expect("the directory can be removed");
}

/// What a program is asked, as it stands on the line.
#[test]
fn requests_are_those_of_the_protocol() {
    let echo = r#"read -r line; printf '{"jsonrpc":"2.0","id":2,"error":{"code":1,"message":"%s"}}\n' "$(printf %s "$line" | sed 's/["\\]/\\&/g')"; cat > /dev/null"#;
    let asked = |error: RunnerError| match error {
        RunnerError::Refused { message, .. } => message,
        other => panic!("{other}"),
    };
    let mut runner = after_init(echo);
    let results = CallResults::from([(4, Answer { ret_code: 0, result: "\"v\"".into() })]);
    let parameters = RunParameters { repeat_requests: true, ..RunParameters::new("A", "B") };
    let error = runner.run("(null)", b"x", b"", &parameters, &results).expect_err("it only repeats");
    let expected = concat!(
        r#"{"jsonrpc":"2.0","id":2,"method":"run","params":{"air":"(null)","prevData":"eA==","data":"","params":"#,
        r#"{"initPeerId":"A","currentPeerId":"B","timestamp":0,"ttl":0,"particleId":"","limits":{"airBytes":16777216,"#,
        r#""particleBytes":67108864,"callResultBytes":33554432,"newDataBytes":1073741824,"hard":false,"#,
        r#""steps":100000000,"depth":6291456,"valueBytes":33554432,"streamElements":1048576},"repeatRequests":true},"#,
        r#""callResults":[[4,{"retCode":0,"result":"\"v\""}]]}}"#
    );
    assert_eq!(asked(error), expected);
    let error = after_init(echo).merge(b"x", b"").expect_err("it only repeats");
    assert_eq!(asked(error), r#"{"jsonrpc":"2.0","id":2,"method":"merge","params":{"prevData":"eA==","data":""}}"#);
}
