//! `fail`: which objects are errors, and what a handler gets to see of them.

mod common;

use common::{Net, error_of, start, with};

#[test]
fn a_literal_error_has_its_code_in_both_registers() {
    assert_eq!(
        start(r#"(xor (fail 12 "stop") (call "A" ("on" "error") [%last_error% :error:]))"#),
        "1: on.error({\"error_code\":12,\"instruction\":\"fail 12 \\\"stop\\\"\",\"message\":\"stop\"}, \
         {\"error_code\":12,\"instruction\":\"fail 12 \\\"stop\\\"\",\"message\":\"stop\"}) [A|||] [A|||]"
    );
    assert_eq!(error_of(&[], r#"(fail -1 "no")"#), "-1 | no | fail -1 \"no\" A|||");
}

#[test]
fn an_error_object_reaches_the_handler_as_it_is_with_its_origin() {
    let object = r#"{"error_code":42,"extra":[1],"message":"m"}"#;
    let handled = |fail: &str| {
        with(&[("e", object)], &format!(r#"(xor {fail} (call "A" ("on" "error") [%last_error% :error:]))"#))
    };
    assert_eq!(handled("(fail e)"), format!("on.error({object}, {object}) [A|get|e|] [A|get|e|]"));
    let wrapped = format!("[{object}]");
    assert_eq!(
        with(&[("es", &wrapped)], r#"(xor (fail es.$.[0]) (call "A" ("on" "error") [:error:]))"#),
        format!("on.error({object}) [A|get|es|.$.[0]]")
    );
    assert_eq!(
        handled(r##"(seq (seq (ap e $s) (canon "A" $s #c)) (fail #c.$.[0]))"##),
        format!("on.error({object}, {object}) [A|get|e|] [A|get|e|]")
    );
}

#[test]
fn anything_else_is_error_10008() {
    for (value, why) in [
        ("1", "it is no object"),
        ("[]", "it is no object"),
        ("{}", "it has no field `error_code`"),
        ("{\"message\":\"m\"}", "it has no field `error_code`"),
        ("{\"error_code\":\"1\",\"message\":\"m\"}", "its `error_code` is no integer of 64 bits"),
        ("{\"error_code\":1.0,\"message\":\"m\"}", "its `error_code` is no integer of 64 bits"),
        ("{\"error_code\":18446744073709551615,\"message\":\"m\"}", "its `error_code` is no integer of 64 bits"),
        ("{\"error_code\":0}", "its `error_code` is 0, which means no error"),
        ("{\"error_code\":1}", "it has no field `message`"),
        ("{\"error_code\":1,\"message\":1}", "its `message` is no string"),
    ] {
        assert_eq!(error_of(&[("e", value)], "(fail e)"), format!("10008 | not an error object: {why} | fail e A|||"));
    }
    let most = "{\"error_code\":9223372036854775807,\"message\":\"m\"}";
    assert_eq!(error_of_object(most), "9223372036854775807");
    assert_eq!(error_of_object("{\"error_code\":-9223372036854775808,\"message\":\"m\"}"), "-9223372036854775808");
}

fn error_of_object(object: &str) -> String {
    let said = with(&[("e", object)], r#"(xor (fail e) (call "A" ("on" "error") [:error:.$.error_code]))"#);
    said.strip_prefix("on.error(").and_then(|said| said.split_once(')')).unwrap_or_else(|| panic!("{said}")).0.into()
}

#[test]
fn a_register_that_holds_no_error_cannot_be_raised() {
    for register in [":error:", "%last_error%"] {
        assert_eq!(
            error_of(&[], &format!("(fail {register})")),
            format!("10008 | not an error object: its `error_code` is 0, which means no error | fail {register} A|||")
        );
    }
}

/// The error itself goes on: its own code, also that of a failed comparison, and its own instruction.
#[test]
fn raising_the_error_register_in_a_handler_raises_the_error_caught() {
    let mut net = Net::new(r#"(xor (xor (call "A" ("s" "f") []) (fail :error:)) (fail :error:))"#);
    net.start("A");
    assert_eq!(net.fail("A", 1, 3, "x"), "error 10000: the service failed with code 3: x");
    assert_eq!(
        error_of(&[], "(xor (match 1 2 (null)) (fail :error:))"),
        "10001 | the operands of `match` differ | match 1 2 A|||"
    );
    assert_eq!(start("(xor (match 1 2 (null)) (fail :error:))"), "error 10001: the operands of `match` differ");
}

#[test]
fn raising_the_last_error_raises_its_object() {
    assert_eq!(
        error_of(&[("x", "1")], "(xor (ap x.$.f y) (fail %last_error%))"),
        "10007 | field `f` of 1, which is no object | ap x.$.f y A|||"
    );
    // Not the comparison that was caught, but the error before it.
    assert_eq!(
        error_of(&[], r#"(seq (xor (fail 5 "five") (null)) (xor (match 1 2 (null)) (fail %last_error%)))"#),
        "5 | five | fail 5 \"five\" A|||"
    );
}

/// However often an error is raised again, its message does not grow.
#[test]
fn raising_again_changes_nothing() {
    let again = |script: &str| format!("(xor {script} (fail %last_error%))");
    let once = error_of(&[], r#"(fail 7 "seven")"#);
    assert_eq!(error_of(&[], &again(r#"(fail 7 "seven")"#)), once);
    assert_eq!(error_of(&[], &again(&again(&again(r#"(fail 7 "seven")"#)))), once);
}

#[test]
fn it_waits_for_its_operand() {
    for fail in ["(fail x)", "(fail x.$.e)", "(fail xs.$.[x])"] {
        let body = format!(r#"(par (call "B" ("s" "f") [] x) (xor {fail} (call "A" ("on" "error") [])))"#);
        assert_eq!(with(&[("xs", "[1]")], &body), "next B", "{fail}");
    }
}

#[test]
fn at_the_root_it_is_error_10006() {
    assert_eq!(start(r#"(fail 1 "text")"#), "error 10006: the script failed with code 1: text");
    assert_eq!(
        with(&[("e", r#"{"error_code":2,"message":"own"}"#)], "(fail e)"),
        "error 10006: the script failed with code 2: own"
    );
}
