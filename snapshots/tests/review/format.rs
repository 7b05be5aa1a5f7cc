//! Stored data of every version of the format. Old data must be readable for ever, and what this version writes must be
//! what it wrote before: whoever changes the format raises its version and stores a new folder.
//!
//! `AIRTIGHT_REWRITE=1` writes what is missing in the folders of the present version.

use airtight_engine::data::{Data, FORMAT, decode, encode};
use airtight_snapshots::{Input, answers, root, stem, teaching, under_way};
use insta::glob;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What is stored of each version of the format, from the first one on: the folder, how many files, and a digest of them.
/// **A line, once written, never changes**: what is stored is what peers of that version wrote.
const STORED: &[(u64, &str, usize, &str)] = &[
    (1, DONE, 21, "388f244539f418f4fc6d73af0a04ff84a3edac558c8f44cda2a56f97940f58b7"),
    (1, UNDER_WAY, 3, "a8d7deda956c12f3a1445cff5573bfa3de994e441084d245655b72b3eb7280cb"),
];

/// Where data of this version are, of histories that came to their end.
const DONE: &str = "format-1";

/// Where data of this version are in which calls are under way, or results disputed: what a host has when it is updated.
const UNDER_WAY: &str = "format-1-under-way";

#[test]
fn what_was_stored_is_as_it_was() {
    let versions: BTreeSet<_> = STORED.iter().map(|(version, ..)| *version).collect();
    assert!(versions.into_iter().eq(1..=FORMAT), "each version has a line, and the last line is of this one");
    assert!(
        [DONE, UNDER_WAY]
            .iter()
            .all(|now| STORED.iter().any(|(version, folder, ..)| (version, folder) == (&FORMAT, now)))
    );
    for (version, name, count, digest) in STORED {
        let mut files = files(&folder(name));
        files.sort();
        let mut hasher = blake3::Hasher::new();
        for file in &files {
            let bytes = fs::read(file).expect("it can be read");
            hasher.update(file.file_name().expect("it has a name").as_encoded_bytes());
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
        let found = (files.len(), hasher.finalize().to_hex().to_string());
        assert_eq!(found, (*count, (*digest).to_owned()), "data of version {version} are not what was stored");
    }
}

#[test]
fn old_data_are_understood() {
    for (_, name, ..) in STORED {
        for file in files(&folder(name)).iter().filter(|file| has_extension(file, "data")) {
            let bytes = fs::read(file).expect("it can be read");
            let data = decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let is_pending = data.journal().is_some_and(|journal| journal.pending().count() > 0);
            assert!(is_pending || data.shared().events().count() > 0, "{} holds nothing", file.display());
        }
    }
}

#[test]
fn this_version_writes_what_it_wrote() {
    glob!("../../scripts/instructions", "*.air", |script| {
        let last = teaching(script, 0).known_last().expect("it has an end");
        writes_what_it_wrote(DONE, stem(script), &last);
    });
}

/// What is pending, what answers wait for, and what is disputed is part of the format as well.
#[test]
fn this_version_writes_what_is_under_way_as_it_did() {
    let mut has = [false; 3];
    for (name, data) in under_way() {
        writes_what_it_wrote(UNDER_WAY, name, &data);
        let json: Value = serde_json::from_slice(&data).expect("data are JSON");
        let is_full = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
        let places = json["shared"]["trace"].as_array().expect("a trace");
        has[0] |= is_full(&json["journal"]["pending"]);
        has[1] |= is_full(&json["journal"]["answers"]);
        has[2] |= places.iter().any(|place| place["claims"].as_array().is_some_and(|claims| claims.len() > 1));
    }
    assert_eq!(has, [true; 3], "pending, answers, a dispute");
}

fn writes_what_it_wrote(folder: &str, name: &str, last: &[u8]) {
    let stored = stored(folder, &format!("{name}.data"), last, is_new());
    let data = decode(&stored).expect("it is understood");
    assert_eq!(encode(&data), stored, "{name}: one encoding");
    // The version of the engine is no part of the format.
    let script = data.script().expect("they are of a script");
    let (shared, journal) = data.into_parts();
    let now = encode(&Data::new(script, shared, journal));
    assert_eq!(
        String::from_utf8_lossy(&now),
        String::from_utf8_lossy(last),
        "{name}: the same history gives other data than in version {FORMAT}; if that is meant, raise the version"
    );
}

/// What calls come to: the id, the code and the text of each.
type Answers = &'static [(u32, i32, &'static str)];

/// Scripts that fail, each in another way that a script can catch, and what its calls come to.
const FAILURES: &[(&str, &str, Answers)] = &[
    ("service", CALL, &[(1, 7, "no row")]),
    ("undecodable", CALL, &[(1, 0, "{oops")]),
    ("match", "(match 1 2 (null))", &[]),
    ("mismatch", "(mismatch 1 1 (null))", &[]),
    ("no-array", r#"(seq (ap "text" x) (fold x i (null)))"#, &[]),
    ("raised-code", r#"(fail 42 "enough")"#, &[]),
    ("raised-object", FAIL, &[(1, 0, r#"{"error_code":7,"message":"m","instruction":"i"}"#)]),
    ("no-field", LENS, &[(1, 0, "{}")]),
    ("field-of-no-object", LENS, &[(1, 0, "[]")]),
    ("index-of-no-array", r#"(seq (ap "text" x) (ap x.$.[0] y))"#, &[]),
    ("index-too-large", r#"(seq (call "a" ("s" "f") [] x) (ap x.$.[3] y))"#, &[(1, 0, "[1]")]),
    ("bad-index", r#"(seq (ap -1 i) (seq (call "a" ("s" "f") [] x) (ap x.$.[i] y)))"#, &[(1, 0, "[1]")]),
    ("bad-accessor", r#"(seq (ap true i) (seq (call "a" ("s" "f") [] x) (ap x.$.[i] y)))"#, &[(1, 0, "[1]")]),
    ("field-of-canon", r#"(seq (ap 1 $s) (seq (canon "a" $s #cc) (ap #cc.$.field y)))"#, &[]),
    ("no-key", r#"(seq (ap ("k" 1) %m) (seq (canon "a" %m #%cc) (ap #%cc.$.other.[0] y)))"#, &[]),
    ("length", r#"(seq (ap "text" x) (ap x.length y))"#, &[]),
    ("no-error", "(fail :error:)", &[]),
    ("error-is-no-object", FAIL, &[(1, 0, "1")]),
    ("error-without-code", FAIL, &[(1, 0, "{}")]),
    ("error-code-no-integer", FAIL, &[(1, 0, r#"{"error_code":"7"}"#)]),
    ("error-without-message", FAIL, &[(1, 0, r#"{"error_code":7}"#)]),
    ("error-message-no-string", FAIL, &[(1, 0, r#"{"error_code":7,"message":7}"#)]),
    ("read-too-early", r#"(seq (ap 1 x) (new x (ap x y)))"#, &[]),
    ("peer-is-no-string", r#"(seq (ap 1 x) (call x ("s" "f") []))"#, &[]),
    ("bad-key", r#"(seq (ap true k) (ap (k 1) %m))"#, &[]),
    ("too-deep", r#"(seq (call "a" ("s" "f") [] $s) (seq (canon "a" $s #cc) (ap #cc y)))"#, &[]),
];

const CALL: &str = r#"(call "a" ("s" "f") [])"#;
const FAIL: &str = r#"(seq (call "a" ("s" "f") [] x) (fail x))"#;
const LENS: &str = r#"(seq (call "a" ("s" "f") [] x) (ap x.$.field y))"#;

/// What handlers see of failures reaches arguments of calls, and their hashes are part of the data.
#[test]
fn handlers_see_what_they_saw() {
    let mut seen = Map::new();
    let mut codes = Vec::new();
    for (name, script, results) in FAILURES {
        let script = format!(r#"(xor {script} (call "a" ("log" "put") [:error: %last_error%]))"#);
        let deep = (*name == "too-deep").then(|| (1, 0, format!("{}{}", "[".repeat(127), "]".repeat(127))));
        let deep = deep.iter().map(|(id, code, text)| (*id, *code, text.as_str()));
        let results: Vec<_> = results.iter().copied().chain(deep).collect();
        let mut run = Input::new(&script);
        let mut outcome = run.run();
        if !results.is_empty() {
            run.previous = outcome.data;
            run.results = answers(&results);
            outcome = run.run();
        }
        let requests: Value = serde_json::from_slice(&outcome.call_requests).expect("requests are JSON");
        let request = requests.as_object().and_then(|requests| requests.values().next());
        let arguments = request.unwrap_or_else(|| panic!("{name}: {}", outcome.error_message))["arguments"].clone();
        codes.extend(arguments[0]["error_code"].as_i64());
        seen.insert((*name).into(), arguments);
    }
    codes.sort_unstable();
    codes.dedup();
    // 10003 is the code of no error, and a script may raise any other.
    assert_eq!(codes, [7, 42, 10000, 10001, 10002, 10004, 10005, 10007, 10008, 10009, 10010, 10011, 10012]);
    let now = serde_json::to_string_pretty(&seen).expect("it is JSON") + "\n";
    let stored = stored(DONE, "errors.json", now.as_bytes(), is_new());
    assert_eq!(
        now,
        String::from_utf8_lossy(&stored),
        "handlers see other texts than in version {FORMAT}; if that is meant, raise the version"
    );
}

fn folder(name: &str) -> PathBuf {
    root().join("stored").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

fn has_extension(file: &Path, extension: &str) -> bool {
    file.extension().is_some_and(|found| found == extension)
}

/// Whether what this version writes is stored now.
fn is_new() -> bool {
    std::env::var_os("AIRTIGHT_REWRITE").is_some()
}

/// What is stored under a name for the present version. A file that is there is never written again.
fn stored(name: &str, file: &str, now: &[u8], is_new: bool) -> Vec<u8> {
    let file = folder(name).join(file);
    if is_new && !file.exists() {
        fs::create_dir_all(folder(name)).expect("a folder");
        fs::write(&file, now).expect("it can be written");
    }
    fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}
