//! Generated scripts and the examples on both engines: whatever differs is in the ledger.

use airtight_engine::script::{Script, Tree};
use airtight_oracle::{
    Campaign, Compared, Divergence, Kind, Ledger, Reference, SORTS, Unknown, Verdict, compare, features, page,
};
use airtight_properties::Subject;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// How many histories; more of them with `AIRTIGHT_HISTORIES=20000 cargo test --release`.
fn histories() -> u64 {
    std::env::var("AIRTIGHT_HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

fn compared(seed: u64, text: &str) -> Compared {
    let script = Tree::parse(text).expect("the script can be read");
    let mut theirs = Reference::ready().expect("there is a thread for it");
    compare(&Campaign::case(seed, &script), &mut Subject::own(), &mut theirs).expect("the case can be played")
}

#[test]
fn every_difference_is_known() {
    let ledger = Ledger::load().expect("the ledger can be read");
    let tell = |unknown: &Unknown| eprintln!("seed {}: {}\n{}", unknown.seed, unknown.script, unknown.divergence);
    let outcome = Campaign::new().run(&ledger, 0..histories(), tell).expect("there is a thread for the reference");
    assert!(outcome.unknown.is_empty(), "{} differences are not in the ledger", outcome.unknown.len());
    assert_eq!((outcome.histories, outcome.unplayed), (histories(), 0));
    let totals = &outcome.totals;
    println!("{} histories, {} runs, {} calls", outcome.histories, totals.runs, totals.requests);
    // The two were compared in earnest.
    assert!(outcome.ended * 10 > outcome.histories * 8, "only {} histories came to their ends", outcome.ended);
    assert!(totals.requests > outcome.histories, "only {} calls were compared", totals.requests);
}

#[test]
fn what_is_alike_is_found_alike() {
    // Of an error, the reference does not tell which part was taken.
    for (text, but) in [
        (r#"(seq (call "a" ("s" "f") [] x) (call "b" ("s" "g") [x] y))"#, ""),
        (
            r#"(seq (par (call "a" ("s" "f") [] $s) (call "b" ("s" "g") [] $s))
            (seq (canon "a" $s #c) (call "init" ("s" "h") [#c])))"#,
            "",
        ),
        (r#"(xor (call "a" ("s" "f") [[]] x) (call "b" ("s" "g") [:error:.$.error_code]))"#, "lens lost"),
    ] {
        for seed in (0..64).filter(|seed| Campaign::circumstance(*seed).is_none()) {
            let compared = compared(seed, text);
            assert!(compared.ended && compared.runs > 0, "{text}");
            let other = compared.divergences.iter().find(|one| one.kind != Kind::Origins || one.detail != but);
            assert_eq!(other, None, "{text}");
        }
    }
}

/// A difference is seen: here one that is meant.
#[test]
fn what_differs_is_found() {
    let compared = compared(0, r#"(seq (call "a" ("s" "f") [] x) (ap 1 x))"#);
    assert_eq!(compared.divergences.len(), 1);
    assert_eq!((compared.divergences[0].kind, &*compared.divergences[0].detail), (Kind::Class, "0 20007"));
    assert!(!compared.ended);
}

/// The ledger's own scripts are valid, and have what their entries ask for.
#[test]
fn the_ledger_is_whole() {
    let ledger = Ledger::load().expect("the ledger can be read");
    for entry in &ledger.entries {
        let script = Script::parse(&*entry.script).unwrap_or_else(|error| panic!("{}: {error}", entry.id));
        let circumstance = entry.seed.and_then(Campaign::circumstance);
        // One star, at the beginning or end; another one would match nothing.
        let is_dead = |detail: &&String| match detail.matches('*').count() {
            0 => false,
            1 => !detail.starts_with('*') && !detail.ends_with('*'),
            _ => true,
        };
        assert_eq!(entry.details.iter().find(is_dead), None, "{}", entry.id);
        assert!(entry.fits(script.tree(), circumstance), "{}: {:?}", entry.id, features(script.tree()));
    }
}

/// Each entry of the ledger still occurs, in the history of its smallest script that it names.
#[test]
fn every_entry_occurs() {
    let ledger = Ledger::load().expect("the ledger can be read");
    let (mut ours, mut theirs) = (Subject::own(), Reference::ready().expect("there is a thread for it"));
    let missing: Vec<&str> = (0..ledger.entries.len())
        .filter(|number| {
            let mut shows = |seed| Campaign::shows(&ledger, *number, seed, &mut ours, &mut theirs);
            let seed = ledger.entries[*number].seed;
            !seed.is_some_and(|seed| shows(seed).expect("the history can be played"))
        })
        .map(|number| ledger.entries[number].id.as_str())
        .collect();
    assert!(missing.is_empty(), "no history shows {missing:?}");
}

/// Each sort of script meets each circumstance, with each share of failures.
#[test]
fn everything_meets_everything() {
    let script = Tree::parse("(null)").expect("the script can be read");
    let of = |seed: u64| {
        let failures = Campaign::case(seed, &script).services.failures;
        (seed % SORTS, Campaign::circumstance(seed), failures.to_bits())
    };
    let seen: BTreeSet<_> = (0..256).map(of).collect();
    // Nothing unusual, lost data, late messages, no JSON; nothing, a quarter or a half fails.
    assert_eq!(seen.len(), SORTS as usize * 4 * 3);
}

/// What the page says of the ledger is what the ledger says.
#[test]
fn the_page_is_of_the_ledger() {
    let said = std::fs::read_to_string(page::path()).expect("the page can be read");
    let ledger = Ledger::load().expect("the ledger can be read");
    assert!(
        said.ends_with(&page::differences(&ledger)),
        "docs/reference-findings.md says something else of the ledger: `cargo run --release -- --renew` writes it anew"
    );
}

/// Each fault of the zoo of which a campaign tells nothing has a reason, and no other one has.
#[test]
fn silence_has_a_reason() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(folder.join(path)).expect("the file can be read");
    let silent: BTreeMap<String, String> = toml::from_str(&read("silent.toml")).expect("it is a table of texts");
    let section: Value = serde_json::from_str(&read("../docs/strength/reference.json")).expect("it is JSON");
    let rows = section["rows"].as_array().expect("there are rows");
    let nothing = rows.iter().filter(|row| row[2] == "nothing");
    let nothing: BTreeSet<&str> = nothing.filter_map(|row| row[0].as_str()).collect();
    assert_eq!(nothing, silent.keys().map(String::as_str).collect::<BTreeSet<_>>());
    assert!(rows.len() > nothing.len(), "some faults are told");
}

/// A mistake of ours is mended, not entered.
#[test]
fn no_entry_is_ours() {
    let ledger = Ledger::load().expect("the ledger can be read");
    assert!(ledger.entries.iter().all(|entry| entry.verdict != Verdict::Ours));
}

/// Differences that a mistake of ours would make, in scripts that are as small as they get: no entry takes them for known.
#[test]
fn what_no_entry_explains_is_refused() {
    const CALLS: &str = r#"(seq (call "a" ("s" "f") [] x) (call "b" ("s" "g") [x.$.k]))"#;
    const STREAM: &str = r#"(seq (call "a" ("s" "f") [] $s) (fold $s i (seq (call "b" ("s" "g") [i]) (next i))))"#;
    const HANDLER: &str = r#"(xor (call "a" ("s" "f") []) (call "b" ("s" "g") [:error:]))"#;
    const CANON: &str = r#"(seq (call "a" ("s" "f") [] $s) (seq (canon "b" $s #c) (call "b" ("s" "g") [#c])))"#;
    const MAP: &str =
        r#"(seq (seq (ap ("a" 1) %m) (ap ("b" 2) %m)) (seq (canon "a" %m #%m) (call "a" ("s" "f") [#%m])))"#;
    const FOLD: &str =
        r#"(seq (seq (ap ("a" 1) %m) (ap ("b" 2) %m)) (seq (canon "a" %m #%m) (fold #%m i (call "a" ("s" "f") [i]))))"#;
    let ledger = Ledger::load().expect("the ledger can be read");
    let taken = |script: &str, kind, detail: &str, circumstance, after_loss| {
        let tree = Tree::parse(script).expect("the script can be read");
        let difference = Divergence {
            kind,
            detail: detail.into(),
            run: 3,
            peer: "b".into(),
            ours: "\"one\"".into(),
            theirs: "\"other\"".into(),
            after_loss,
            after_failure: true,
        };
        let known = ledger.classify(&difference, circumstance, &tree, || tree.clone());
        known.ok().map(|known| format!("{}, for {} ({detail}) of {script}", ledger.entries[known].id, kind.name()))
    };
    let lost = (0..64).filter_map(Campaign::circumstance).find(|it| *it == "lost data");
    assert!(lost.is_some(), "some peers lose their data");
    let mut wrong = Vec::new();
    for script in [CALLS, STREAM, HANDLER, CANON, MAP, FOLD] {
        for (kind, detail) in [
            (Kind::Failure, "panic"),
            (Kind::Class, "0 20000"),
            (Kind::Class, "0 10007"),
            (Kind::Class, "10007 0"),
            (Kind::Class, "20000 0"),
            (Kind::Class, "20000 9"),
            (Kind::Class, "2 20017"),
            (Kind::Code, "10000 10007"),
            (Kind::Requests, "ours only"),
            (Kind::Requests, "reference only"),
            (Kind::Requests, "different ones"),
            (Kind::Arguments, "value"),
            (Kind::Arguments, "text"),
            (Kind::Arguments, "error code"),
            (Kind::Origins, "lens"),
            (Kind::Origins, "lens of a value lost"),
            (Kind::Origins, "maker"),
            (Kind::Origins, "service lost"),
            (Kind::Origins, "count"),
            (Kind::NextPeers, "not reached"),
            (Kind::NextPeers, "not told"),
            (Kind::Events, "ours only"),
            (Kind::Events, "reference only"),
            (Kind::Events, "different ones"),
            (Kind::Events, "unread"),
        ] {
            wrong.extend(taken(script, kind, detail, None, false));
            // Nor because some peer loses its data later.
            wrong.extend(taken(script, kind, detail, lost, false));
        }
    }
    // What is asked of the values is no question of a loss either.
    wrong.extend(taken(CALLS, Kind::Arguments, "value", lost, true));
    wrong.extend(taken(CALLS, Kind::Origins, "maker", lost, true));
    assert!(wrong.is_empty(), "taken for known:\n{}", wrong.join("\n"));
}
