//! The fuzz targets under plain `cargo test`: over their seeds, over every input that once broke a law, and over random
//! bytes. `AIRTIGHT_REWRITE=1` writes seeds and dictionaries anew.

use airtight_engine::runner::LogLevel;
use airtight_engine::runner::protocol::{
    Bytes, InitRequest, InspectRequest, Level, MergeRequest, NoParams, Params, RunRequest,
};
use airtight_engine::script::Kind;
use airtight_generators::{PIECES, Seeded};
use airtight_properties::target::{Input, TARGETS, Target};
use airtight_properties::{Case, Played, Schedule, ServiceSpec, Subject, Violation};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// The files of a folder, which need not be there, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("it can be read"))
        })
        .collect()
}

fn holds(target: &Target, what: &str, bytes: &[u8]) {
    if let Err(violation) = (target.look)(bytes) {
        panic!("{} does not hold for {what}: {violation}", target.name);
    }
}

/// Looks at the inputs of these targets that once broke a law.
fn look_at_crashes(folder: &Path, targets: &[Target]) {
    let names: BTreeSet<_> = targets.iter().map(|target| target.name.to_owned()).collect();
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        match entry.path().is_dir() {
            true => assert!(names.contains(&name), "`{name}` is no target"),
            false => assert!(name == "README.md", "`{name}` is in no folder of a target"),
        }
    }
    for target in targets {
        for (name, bytes) in files(&folder.join(target.name)) {
            holds(target, &name, &bytes);
        }
    }
}

#[test]
fn targets_hold_for_their_seeds() {
    for target in &TARGETS {
        let seeds = files(&fuzz().join("seeds").join(target.name));
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for (name, bytes) in seeds {
            holds(target, &name, &bytes);
        }
    }
}

/// Each program for the fuzzer is a target here, and each target has a program.
#[test]
fn programs_are_targets() {
    let programs = files(&fuzz().join("fuzz_targets"));
    let programs: BTreeSet<_> = programs.keys().filter_map(|name| name.strip_suffix(".rs")).collect();
    assert_eq!(programs, TARGETS.iter().map(|target| target.name).collect());
}

/// A crash becomes a test by being put into `fuzz/crashes/TARGET`.
#[test]
fn no_crash_comes_back() {
    look_at_crashes(&fuzz().join("crashes"), &TARGETS);
}

/// It fails as long as the law is broken, and one in a folder of no target fails too.
#[test]
fn crashes_are_looked_at() {
    const NO_X: Target = Target {
        name: "no-x",
        statement: "no input has an x",
        input: Input::Script,
        look: |bytes| match bytes.contains(&b'x') {
            true => Err(Violation::new("no input has an x")),
            false => Ok(true),
        },
    };
    let folder = std::env::temp_dir().join(format!("airtight-crashes-{}", std::process::id()));
    let put = |target: &str, bytes: &[u8]| {
        fs::create_dir_all(folder.join(target)).expect("a folder");
        fs::write(folder.join(target).join("crash-1"), bytes).expect("it can be written");
    };
    let fails = || std::panic::catch_unwind(|| look_at_crashes(&folder, &[NO_X])).is_err();
    put("no-x", b"y");
    assert!(!fails());
    put("no-x", b"x");
    assert!(fails());
    put("no-x", b"y");
    put("nothing", b"y");
    assert!(fails());
    fs::remove_dir_all(folder.join("nothing")).expect("it was made here");
    assert!(!fails());
    fs::write(folder.join("crash-2"), b"y").expect("it can be written");
    assert!(fails());
    fs::remove_dir_all(&folder).expect("it was made here");
}

#[test]
fn targets_hold_for_random_bytes() {
    for target in &TARGETS {
        let mut random = Seeded::new(2_026);
        let mut meant = 0;
        for number in 0..300_usize {
            let bytes: Vec<u8> = (0..number).map(|_| (random.bits() >> 56) as u8).collect();
            match (target.look)(&bytes) {
                Ok(kept) => meant += u32::from(kept),
                Err(violation) => panic!("{} does not hold for {bytes:?}: {violation}", target.name),
            }
        }
        println!("{}: {meant} of 300 random inputs meant something", target.name);
        assert!(target.input != Input::Choices || meant >= 240, "{}: only {meant} of 300", target.name);
    }
}

/// Writes the file if that is wanted, and else says whether it is as it should be.
fn compare(path: &Path, bytes: &[u8]) -> bool {
    if std::env::var_os("AIRTIGHT_REWRITE").is_some() {
        fs::create_dir_all(path.parent().expect("it has a folder")).expect("a folder");
        fs::write(path, bytes).expect("it can be written");
    }
    fs::read(path).is_ok_and(|found| found == bytes)
}

#[test]
fn seeds_and_dictionaries_are_those_of_the_code() {
    let histories = histories();
    for target in &TARGETS {
        let seeds = seeds(target, &histories);
        let folder = fuzz().join("seeds").join(target.name);
        if std::env::var_os("AIRTIGHT_REWRITE").is_some() && folder.is_dir() {
            fs::remove_dir_all(&folder).expect("seeds can be written anew");
        }
        assert!(seeds.len() >= 8, "{} has {} seeds that differ", target.name, seeds.len());
        if target.input == Input::Data {
            let all = seeds.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes)).collect::<String>();
            for part in ["\"elements\":", "\"failure\":", "\"stream\""] {
                assert!(all.contains(part), "no seed of {} has {part}", target.name);
            }
        }
        let names: BTreeSet<_> = seeds.iter().map(|(name, _)| name.clone()).collect();
        for (name, bytes) in seeds {
            let path = fuzz().join("seeds").join(target.name).join(&name);
            assert!(compare(&path, &bytes), "{} is out of date: AIRTIGHT_REWRITE=1 writes it anew", path.display());
        }
        let found: BTreeSet<_> = files(&folder).into_keys().collect();
        assert_eq!(found, names, "{} has seeds that nothing makes", target.name);
        let words = words(target, &histories);
        if !words.is_empty() {
            let path = fuzz().join("dictionaries").join(format!("{}.dict", target.name));
            let text = dictionary(&words);
            assert!(
                compare(&path, text.as_bytes()),
                "{} is out of date: AIRTIGHT_REWRITE=1 writes it anew",
                path.display()
            );
        }
    }
}

/// A history of each example, by the name of the script: with failures that end none at its first call.
fn histories() -> Vec<(String, Played)> {
    let scripts = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples"));
    scripts
        .into_iter()
        .filter_map(|(name, text)| Some((name.strip_suffix(".air")?.to_owned(), text)))
        .map(|(name, text)| {
            let case = Case {
                script: String::from_utf8(text).expect("a script is text").into(),
                init: "init".into(),
                services: ServiceSpec { seed: 3, failures: if name.len() % 3 == 0 { 0.3 } else { 0.0 }, fixed: None },
                schedule: Schedule::Actions(Vec::new()),
            };
            let played = case.play(&mut Subject::own()).expect("an example is valid");
            (name, played)
        })
        .collect()
}

/// The seeds of a target by their names, without those that another one is already.
fn seeds(target: &Target, histories: &[(String, Played)]) -> Vec<(String, Vec<u8>)> {
    let mut seen = BTreeSet::new();
    let mut seeds = all_seeds(target, histories);
    seeds.retain(|(_, bytes)| seen.insert(bytes.clone()));
    seeds
}

fn all_seeds(target: &Target, histories: &[(String, Played)]) -> Vec<(String, Vec<u8>)> {
    match target.input {
        Input::Choices => (0..8)
            .map(|seed| {
                let mut random = Seeded::new(seed);
                (format!("random-{seed}"), (0..256).map(|_| (random.bits() >> 56) as u8).collect())
            })
            .collect(),
        Input::Script => histories
            .iter()
            .map(|(name, played)| (format!("{name}.air"), played.case.script.as_bytes().to_vec()))
            .collect(),
        Input::Data => histories
            .iter()
            .filter_map(|(name, played)| Some((format!("{name}.json"), played.runs.last()?.after.to_vec())))
            .collect(),
        Input::Answers => histories
            .iter()
            .filter_map(|(name, played)| {
                let run = played.runs.iter().max_by_key(|run| run.answers.len())?;
                Some((format!("{name}.json"), serde_json::to_vec(&run.answers).expect("it is JSON")))
            })
            .collect(),
        Input::Lines => histories.iter().map(|(name, played)| (format!("{name}.jsonl"), session(played))).collect(),
    }
}

/// A few lines of the runner protocol, over the middle run of a history.
fn session(played: &Played) -> Vec<u8> {
    let run = &played.runs[played.runs.len() / 2];
    let parameters = Params::from(&run.parameters);
    let bytes = |bytes: &[u8]| Bytes(bytes.to_vec().into());
    let requests = [
        ("init", value(&InitRequest { log_level: Level(LogLevel::Warn) })),
        (
            "run",
            value(&RunRequest {
                air: (&*played.case.script).into(),
                prev_data: bytes(&run.previous),
                data: bytes(&run.current),
                params: parameters.clone(),
                call_results: airtight_engine::runner::protocol::Answers(std::borrow::Cow::Borrowed(&run.answers)),
            }),
        ),
        ("merge", value(&MergeRequest { prev_data: bytes(&run.previous), data: bytes(&run.current) })),
        (
            "inspect",
            value(&InspectRequest {
                air: Some((&*played.case.script).into()),
                data: bytes(&run.after),
                params: Some(parameters),
            }),
        ),
        ("terminate", value(&NoParams {})),
    ];
    let lines = requests.into_iter().enumerate().map(|(id, (method, params))| {
        format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    });
    lines.collect::<String>().into_bytes()
}

fn value(request: &impl Serialize) -> Value {
    serde_json::to_value(request).expect("it is JSON")
}

/// Words of which inputs of a target are made; none for choices.
fn words(target: &Target, histories: &[(String, Played)]) -> BTreeSet<Vec<u8>> {
    let mut words = BTreeSet::new();
    match target.input {
        Input::Choices => {}
        Input::Script => {
            words.extend(Kind::ALL.map(|kind| format!("({} ", kind.keyword()).into_bytes()));
            words.extend(PIECES.map(<[u8]>::to_vec));
            words.extend(["%timestamp%", "true", "false"].map(|word| word.as_bytes().to_vec()));
        }
        Input::Data | Input::Answers | Input::Lines => {
            for (_, bytes) in seeds(target, histories) {
                for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                    members(&serde_json::from_slice(line).expect("it is JSON"), &mut words);
                }
            }
        }
    }
    words
}

/// The names of members, as they stand in JSON. Names that are numbers are call ids.
fn members(value: &Value, words: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(item, words)),
        Value::Object(object) => {
            for (name, item) in object {
                words.insert(format!("\"{name}\":").into_bytes());
                members(item, words);
            }
        }
        _ => {}
    }
}

/// A dictionary as libFuzzer reads it.
fn dictionary(words: &BTreeSet<Vec<u8>>) -> String {
    let line = |word: &Vec<u8>| {
        let escaped = word.iter().map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        });
        format!("\"{}\"\n", escaped.collect::<String>())
    };
    words.iter().map(line).collect()
}
