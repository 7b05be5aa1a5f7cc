//! Rendering of anything: no data, forged and disputed data, examples after a few steps.

mod common;
mod support;

use airtight_engine::data::{
    ArgumentHash, Branch, Data, Draft, EventResult, Journal, Outcome, OutputKind, ScriptHash, SegmentId, encode,
};
use airtight_engine::execute::{End, Executed, Limits, Peer, Rendered, Stop, render};
use airtight_engine::inspect::inspect;
use airtight_engine::script::Script;
use airtight_engine::value::{Json, Tetraplet};
use common::{Net, check_sizes};
use proptest::prelude::*;
use std::sync::Arc;

fn peer(name: &str) -> Peer {
    Peer { current: Some(name.into()), init: "A".into(), timestamp: 0, ttl: 22 }
}

fn executed(rendered: &Rendered) -> Vec<Executed> {
    rendered.states.iter().map(|state| state.executed.clone()).collect()
}

/// Scripts that visit places of every kind, where the data of `support` have claims.
const SCRIPTS: [&str; 5] = [
    r#"(seq (call "A" ("db" "get") [1] x) (par (call "A" ("db" "get") [1] $s) (call "A" ("db" "get") [1] y)))"#,
    r##"(seq (canon "A" $s #a) (seq (par (ap 1 $s) (canon "C" $s #b)) (fold $s v (par (call "B" ("u" "v") [v]) (next v)))))"##,
    r#"(seq (call "A" ("db" "get") [1] $s)
         (fold $s i (seq (xor (match i 1 (ap 2 $s)) (ap i $t)) (par (call "A" ("db" "get") [i] $t) (next i))) (ap 3 $t)))"#,
    r##"(par (seq (ap (1 2) %s) (fold %s i (new $r (seq (ap i $r) (next i)))))
         (xor (canon "A" %s #%m) (call "A" ("db" "get") [1] z)))"##,
    r#"(seq (par (ap 1 $s) (ap 2 $s)) (fold $s i (fold $s j (par (ap j $t) (next i)))))"#,
];

#[test]
fn any_data_render_alike_each_time() {
    let scripts = SCRIPTS.map(|text| Script::parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}")));
    support::check(400, support::data(), |data| {
        for script in &scripts {
            let limits = Limits { steps: 10_000, ..Limits::default() };
            let first = render(script, &data, &peer("A"), limits);
            let second = render(script, &data, &peer("A"), limits);
            prop_assert_eq!(format!("{:?}", &first), format!("{:?}", second));
            if let Ok(rendered) = first {
                check_sizes(&executed(&rendered));
                prop_assert_eq!(rendered.to_string().lines().count(), rendered.states.len());
                for state in &rendered.states {
                    prop_assert_eq!(state.span, script.tree().node(state.node).span);
                    prop_assert!(state.at.is_none_or(|at| at < data.shared().trace().blocks()));
                }
                // Whose view it is decides how pending calls are shown, and nothing else.
                let other = render(script, &data, &peer("B"), limits).unwrap();
                prop_assert_eq!(other.states.len(), rendered.states.len());
            }
        }
        Ok(())
    });
}

#[test]
fn no_data() {
    let script = Script::parse(SCRIPTS[0]).unwrap();
    let rendered = render(&script, &Data::nothing(), &peer("A"), Limits::default()).unwrap();
    assert_eq!(rendered.to_string(), "0 {\"call\":{\"pending\":\"A\"}}\n");
    assert!(matches!(rendered.end, End::Waits));
}

fn get(value: &str, argument: i64) -> EventResult {
    EventResult::Call {
        outcome: Outcome::Value(Json::from(value)),
        tetraplet: Arc::new(Tetraplet::call("A", "db", "get")),
        arguments: ArgumentHash::of([&Json::Number(argument.into())]),
        output: OutputKind::Scalar,
    }
}

/// A disputed place has no state, for nobody knows what happened there; neither has a forged claim.
#[test]
fn disputed_and_forged_claims() {
    let script = Script::parse(r#"(par (call "A" ("db" "get") [1] x) (call "A" ("db" "get") [1] y))"#).unwrap();
    let mut draft = Draft::new();
    let left = draft.child(draft.root(), 0, Branch::Left);
    let right = draft.child(draft.root(), 0, Branch::Right);
    draft.claim(left, 0, &get("one", 1), 0);
    draft.claim(left, 0, &get("two", 1), 1);
    draft.claim(right, 0, &get("one", 2), 2);
    let data = Data::new(ScriptHash::of(b""), draft.finish(), None);
    let rendered = render(&script, &data, &peer("A"), Limits::default()).unwrap();
    assert_eq!(rendered.to_string(), "0 {\"par\":[0,1]}\n1 {\"call\":{\"pending\":\"A\"}}\n");
    let place = |branch| SegmentId::root().branch(0, branch).place(0);
    let nodes: Vec<_> = script.tree().node_ids().collect();
    assert_eq!(rendered.disputed, [(place(Branch::Left), nodes[1])]);
    assert_eq!(rendered.not_taken, [(place(Branch::Right), nodes[2])]);
}

/// The events of blocks 0 and 1; the serialized form has what people look for.
#[test]
fn states_know_their_blocks() {
    let mut net = Net::new(r#"(seq (call "A" ("s" "f") [] x) (call "A" ("s" "g") [x] $y))"#);
    net.start("A");
    net.answer("A", &[(1, "1")]);
    net.answer("A", &[(2, "2")]);
    let states = net.rendered("A").states;
    assert_eq!(states.iter().map(|state| state.at).collect::<Vec<_>>(), [Some(0), Some(1)]);
    let place = SegmentId::root().place(1);
    assert_eq!(
        serde_json::to_string(&states[1]).unwrap(),
        format!(
            r#"{{"state":{{"call":{{"stream":2,"gen":0,"from":"A|s|g|"}}}},"start":31,"end":58,"place":"{place}","at":1}}"#
        )
    );
}

/// The journal's ids are shown to its peer only.
#[test]
fn ids_belong_to_the_peer_of_the_journal() {
    let script = Script::parse(r#"(call "A" ("s" "f") [])"#).unwrap();
    let mut journal = Journal::new("A");
    journal.request(SegmentId::root().place(0));
    let data = Data::new(ScriptHash::of(b""), Default::default(), Some(journal));
    let shown = |name| render(&script, &data, &peer(name), Limits::default()).unwrap().to_string();
    assert_eq!(shown("A"), "0 {\"call\":{\"sentBy\":\"A\",\"callId\":1}}\n");
    assert_eq!(shown("B"), "0 {\"call\":{\"pending\":\"A\"}}\n");
}

/// An inner iteration, a later batch and a second fold over the same stream: rounds go on counting.
#[test]
fn generations_of_two_folds() {
    let mut net = Net::new(
        r#"(seq (ap 1 $s)
             (seq (fold $s i (seq (xor (match i 1 (ap 2 $s)) (null)) (next i)) (null))
               (seq (ap 3 $s) (fold $s j (seq (xor (match j 2 (ap 4 $s)) (null)) (next j))))))"#,
    );
    net.start("A");
    assert_eq!(
        net.rendered("A").to_string(),
        "0 {\"ap\":{\"gens\":[0]}}\n\
         1 {\"fold\":[{\"pos\":0,\"before\":[2,1],\"after\":[3,0]},{\"pos\":2,\"before\":[3,0],\"after\":[3,0]}]}\n\
         2 {\"ap\":{\"gens\":[1]}}\n\
         3 {\"ap\":{\"gens\":[2]}}\n\
         4 {\"fold\":[{\"pos\":0,\"before\":[5,0],\"after\":[6,0]},{\"pos\":2,\"before\":[5,1],\"after\":[6,0]},\
         {\"pos\":3,\"before\":[6,0],\"after\":[6,0]},{\"pos\":5,\"before\":[6,0],\"after\":[6,0]}]}\n\
         5 {\"ap\":{\"gens\":[3]}}\n"
    );
}

/// The states of a last instruction are after the last value of its batch.
#[test]
fn last_instructions_belong_to_the_last_value() {
    let mut net = Net::new(r#"(seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (par (ap i $t) (next i)) (ap 0 $t)))"#);
    net.start("A");
    let fold = &net.rendered("A").states[2].executed;
    assert_eq!(
        fold.to_string(),
        "{\"fold\":[{\"pos\":0,\"before\":[3,2],\"after\":[8,0]},{\"pos\":1,\"before\":[5,2],\"after\":[7,1]}]}"
    );
}

#[test]
fn too_many_steps_stop_the_rendering() {
    let script = Script::parse(r#"(seq (ap 1 $s) (fold $s i (seq (ap i $s) (next i))))"#).unwrap();
    let limits = Limits { stream_elements: 100, ..Limits::default() };
    let stopped = render(&script, &Data::nothing(), &peer("A"), limits).unwrap_err();
    assert!(matches!(stopped, Stop::StreamElements { limit: 100, .. }));
}

/// Each example from its start: services answer everything with the same few values, data go to whoever is named.
#[test]
fn examples_after_some_steps() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "air"));
    files.sort();
    for file in files {
        let script = std::fs::read_to_string(&file).unwrap();
        let mut net = Net::new(&script);
        let mut states = 0;
        for answer in ["\"A\"", "[\"A\",\"B\"]", "3"] {
            let run = net.start("A");
            let ids: Vec<u32> = run.lines().filter_map(|line| line.split_once(':')?.0.parse().ok()).collect();
            let answers: Vec<_> = ids.iter().map(|id| (*id, answer)).collect();
            net.answer("A", &answers);
            for name in ["A", "B"] {
                let rendered = net.rendered(name);
                check_sizes(&executed(&rendered));
                assert!(rendered.not_taken.is_empty(), "{}", file.display());
                states += rendered.states.len();
            }
            net.receive("B", "A");
            net.receive("A", "B");
        }
        assert!(states > 0, "{}", file.display());
    }
}

/// A claim where an argument is missing is as if it were absent, and named.
#[test]
fn claims_without_arguments_are_not_taken() {
    let script = Script::parse(r#"(par (call "B" ("s" "f") [] x) (call "A" ("db" "get") [x] y))"#).unwrap();
    let mut draft = Draft::new();
    let right = draft.child(draft.root(), 0, Branch::Right);
    draft.claim(right, 0, &get("one", 1), 0);
    let data = Data::new(ScriptHash::of(b""), draft.finish(), None);
    let rendered = render(&script, &data, &peer("A"), Limits::default()).unwrap();
    let place = SegmentId::root().branch(0, Branch::Right).place(0);
    assert_eq!(rendered.not_taken.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [place]);
    assert!(rendered.pending.iter().any(|pending| pending.place == place));
}

/// Not as it should be: each batch of an inner fold runs the `next` of the outer one, so what that leads to is visited
/// again, at the same places. Scripts that do so get a warning, and other interpreters give them up.
#[test]
fn inner_batches_visit_outer_values_again() {
    let mut net = Net::new(
        r#"(seq (par (call "A" ("s" "one") [] $t) (call "A" ("s" "two") [] $t))
             (seq (seq (ap 1 $s) (ap 2 $s)) (fold $s i (fold $t j (par (ap i $u) (next i))))))"#,
    );
    net.start("A");
    net.answer("A", &[(1, "1")]);
    net.answer("A", &[(2, "2")]);
    let states = net.rendered("A").states;
    let folds = states.iter().filter(|state| matches!(&state.executed, Executed::Fold(_))).count();
    assert_eq!(folds, 4, "{}", net.rendered("A"));
}

#[test]
fn inspection_of_bytes() {
    let air = r#"(seq (call "A" ("s" "f") [] x) (call "B" ("s" "g") [x]))"#;
    let mut net = Net::new(air);
    net.start("A");
    net.answer("A", &[(1, "1")]);
    let bytes = encode(&net.data("A"));
    let alone = inspect(None, &bytes, None, Limits::default()).unwrap();
    let place = SegmentId::root().place(0);
    assert_eq!(
        serde_json::to_string(&alone.events).unwrap(),
        format!(
            r#"[{{"place":"{place}","kind":"call","peer":"A","tetraplet":"A|s|f|","at":0,"result":{{"value":1}}}}]"#
        )
    );
    assert!(alone.replay.is_none());
    let replay = inspect(Some(air), &bytes, None, Limits::default()).unwrap().replay.unwrap();
    assert!(replay.own_script);
    assert_eq!((replay.trace.len(), replay.pending.len(), &*replay.pending[0].peer), (2, 1, "B"));
    let codes = [
        inspect(None, b"x", None, Limits::default()).unwrap_err().code(),
        inspect(Some("("), &bytes, None, Limits::default()).unwrap_err().code(),
        inspect(Some(air), &bytes, None, Limits { steps: 1, ..Limits::default() }).unwrap_err().code(),
    ];
    assert_eq!(codes, [2, 1, 10]);
}
