//! Files that fix answers: what they mean, and how each mistake in them is told.

use airtight_engine::script::Script;
use airtight_engine::value::Json;
use airtight_generators::{ServiceCall, Services, ServicesFile, ServicesFileProblem};

fn wrong(text: &str) -> String {
    ServicesFile::parse(text.as_bytes()).expect_err("there is a mistake").to_string()
}

#[test]
fn the_first_entry_that_fits_counts() {
    let file = ServicesFile::parse(
        br#" {"answers": [
            {"peer": "A", "service": "s", "function": "f", "arguments": [1, {"a": 2}], "result": {"v": [1.50]}},
            {"service": "s", "function": "f", "error": {"ret_code": -7, "message": "no"}},
            {"function": "g", "text": "not \"JSON\""},
            {"peer": "B", "result": null}]} "#,
    )
    .expect("the file is good");
    let script = Script::parse("(null)").expect("the script is valid");
    let services = Services::new(&script, "A", 0).with_file(file);
    let answer = |peer, function, arguments: &str| {
        let json = Json::parse(arguments.as_bytes()).expect("arguments are JSON");
        let arguments = json.as_array().expect("a list").to_vec();
        let answer = services.answer(ServiceCall { peer, service: "s", function, arguments: &arguments });
        (answer.ret_code, answer.result.to_string())
    };
    assert_eq!(answer("A", "f", r#"[1,{"a":2}]"#), (0, r#"{"v":[1.5]}"#.into()));
    assert_eq!(answer("A", "f", "[1]"), (-7, "no".into()));
    assert_eq!(answer("B", "g", "[]"), (0, r#"not "JSON""#.into()));
    assert_eq!(answer("B", "h", "[]"), (0, "null".into()));
    assert!(ServicesFile::parse(b"{}").expect("it fixes nothing").answers.is_empty());
}

#[test]
fn a_key_that_stands_twice_is_refused_wherever_it_stands() {
    let twice = "the key stands twice; only one of them can count, so take one out";
    for (text, place) in [
        ("{\"answers\":[],\n\"answers\":[]}", "line 2, `answers`"),
        ("{\"answers\":[{\"text\":\"\",\"peer\":\"A\",\n\n\"peer\":\"A\"}]}", "line 3, `answers[0].peer`"),
        (
            "{\"answers\":[{\"text\":\"\"},\n{\"error\":{\"ret_code\":1,\"ret_code\":1,\"message\":\"\"}}]}",
            "line 2, `answers[1].error.ret_code`",
        ),
        ("{\"answers\":[\n{\"result\":\n{\"a\":1,\n\"a\":2}}]}", "line 4, `answers[0].result.a`"),
        (
            "{\"answers\":[{\"arguments\":[[],[{\"b\":{\"x\":0,\"\\u0078\":0}}]],\"text\":\"\"}]}",
            "line 1, `answers[0].arguments[1][0].b.x`",
        ),
    ] {
        assert_eq!(wrong(text), format!("{place}: {twice}"));
    }
    // The same key in different objects is no mistake.
    assert!(ServicesFile::parse(br#"{"answers":[{"result":[{"a":{"a":1}},{"a":2}]}]}"#).is_ok());
}

#[test]
fn mistakes_are_told_in_words_of_the_file() {
    let entry = |entry: &str| wrong(&format!("{{\"answers\":[\n{entry}]}}"));
    let outcome = "what its calls come to; give it";
    assert_eq!(
        entry(r#"{"service":"s"}"#),
        format!("line 2, `answers[0]`: the entry does not say {outcome} one of `result`, `error` and `text`")
    );
    assert_eq!(
        entry(r#"{"text":"","result":1}"#),
        format!("line 2, `answers[0]`: the entry says twice {outcome} only one of `result`, `error` and `text`")
    );
    for (text, told) in [
        ("7", "`answers[0]`: expected an entry, which is an object, found a number"),
        (r#"{"peer":null,"text":""}"#, "`answers[0].peer`: expected a text, found null"),
        (r#"{"arguments":{},"text":""}"#, "`answers[0].arguments`: expected a list of values, found an object"),
        (
            r#"{"reslut":1}"#,
            "`answers[0].reslut`: the key means nothing here; expected `peer`, `service`, `function`, `arguments`, and one of `result`, `error` and `text`",
        ),
        (r#"{"error":"no"}"#, "`answers[0].error`: expected an object with `ret_code` and `message`, found a text"),
        (r#"{"error":{"message":""}}"#, "`answers[0].error`: the key `ret_code` is missing"),
        (r#"{"error":{"ret_code":1}}"#, "`answers[0].error`: the key `message` is missing"),
        (
            r#"{"error":{"ret_code":0,"message":""}}"#,
            "`answers[0].error.ret_code`: a call that fails has another code than 0, which means success",
        ),
        (r#"{"error":{"ret_code":1.5,"message":""}}"#, "`answers[0].error.ret_code`: expected an integer of 32 bits"),
        (
            r#"{"error":{"ret_code":1,"message":"","more":1}}"#,
            "`answers[0].error.more`: the key means nothing here; expected `ret_code` and `message`",
        ),
        (r#"{"result":1e999}"#, "`answers[0].result`: the number is out of range"),
    ] {
        assert_eq!(entry(text), format!("line 2, {told}"));
    }
    assert_eq!(wrong("[]"), "line 1, the file: expected an object with the list `answers`, found a list");
    assert_eq!(wrong(" \n"), "line 1, the file: expected an object with the list `answers`, found nothing");
    assert_eq!(wrong("{\"answers\":[\n{]}"), "line 2, the file: key must be a string");
    assert_eq!(wrong("{} x"), "line 1, the file: trailing characters");
    let error = ServicesFile::parse(b"{\n\"\xff\"}").expect_err("that is no text");
    assert_eq!(error.to_string(), "line 2, the file: the file is not UTF-8");
}

#[test]
fn values_nest_as_deep_as_values_do() {
    let file = |depth: usize| {
        let deep = "[".repeat(depth) + &"]".repeat(depth);
        ServicesFile::parse(format!("{{\"answers\":[\n{{\"arguments\":[{deep}],\"result\":{deep}}}]}}").as_bytes())
    };
    assert!(file(127).is_ok());
    for depth in [128, 1_000, 1_000_000] {
        let error = file(depth).expect_err("it is too deep");
        assert_eq!((error.line, &*error.path), (2, "`answers[0].arguments[0]`"));
        assert_eq!(error.problem, ServicesFileProblem::TooDeep);
    }
}
