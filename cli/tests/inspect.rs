//! `airtight inspect`, as its users meet it, over data that runs of the examples leave behind.

use airtight_engine::data::{
    Answer, ArgumentHash, Branch, Data, Draft, EventResult, Outcome, OutputKind, ScriptHash, encode,
};
use airtight_engine::invoke::{CallResults, RunParameters, execute};
use airtight_engine::script::Script;
use airtight_engine::value::{Json, Tetraplet};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

/// The peers of one particle that A began, and a directory for its script and their data.
struct Particle {
    text: String,
    script: Script,
    data: BTreeMap<&'static str, Data>,
    directory: tempfile::TempDir,
}

/// What a run of the binary left behind.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Particle {
    fn new(text: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        std::fs::write(directory.path().join("x.air"), text).expect("a file can be written there");
        let script = Script::parse(text).expect("the script is valid");
        Self { text: text.into(), script, data: BTreeMap::new(), directory }
    }

    fn example(name: &str) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
        Self::new(&std::fs::read_to_string(file).expect("the example is there"))
    }

    fn run(&mut self, peer: &'static str, current: &Data, results: CallResults) -> &mut Self {
        let previous = self.data.get(peer).cloned().unwrap_or_else(Data::nothing);
        let hash = ScriptHash::of(self.text.as_bytes());
        let parameters = RunParameters::new("A", peer);
        let outcome = execute(&self.script, hash, &previous, current, &parameters, results).expect("the run succeeds");
        std::fs::write(self.path(&format!("{peer}.data")), encode(&outcome.data)).expect("data can be saved");
        self.data.insert(peer, outcome.data);
        self
    }

    fn start(&mut self, peer: &'static str) -> &mut Self {
        self.run(peer, &Data::nothing(), CallResults::new())
    }

    /// A run with what another peer has.
    fn take(&mut self, peer: &'static str, from: &'static str) -> &mut Self {
        let current = self.data[from].clone();
        self.run(peer, &current, CallResults::new())
    }

    /// A run with an answer to the call with this id.
    fn answer(&mut self, peer: &'static str, id: u32, ret_code: i32, result: &str) -> &mut Self {
        let answer = Answer { ret_code, result: result.into() };
        self.run(peer, &Data::nothing(), CallResults::from([(id, answer)]))
    }

    /// A peer takes what another one has, and answers its first call.
    fn visit(&mut self, peer: &'static str, from: &'static str, result: &str) -> &mut Self {
        self.take(peer, from).answer(peer, 1, 0, result)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn bytes(&self, peer: &str) -> Vec<u8> {
        encode(&self.data[peer])
    }

    /// Runs `airtight inspect` in the directory.
    fn inspect(&self, arguments: &[&str]) -> Run {
        self.inspect_input(b"", arguments)
    }

    fn inspect_input(&self, input: &[u8], arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_airtight"));
        command.arg("inspect").args(arguments).current_dir(self.directory.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        // A run that ends before it reads everything is no matter of this.
        let _ = child.stdin.take().expect("standard input is a pipe").write_all(input);
        let output = child.wait_with_output().expect("the binary ends");
        let text = |bytes| String::from_utf8(bytes).expect("the output is UTF-8");
        Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

fn join() -> Particle {
    let mut particle = Particle::example("join.air");
    particle.start("A").visit("attic", "A", "20").take("A", "attic");
    particle
}

fn first_come() -> Particle {
    let mut particle = Particle::example("first_come.air");
    particle.start("A").visit("mirror 2", "A", "\"two\"").visit("mirror 1", "A", "\"one\"");
    particle.take("A", "mirror 2").take("A", "mirror 1");
    particle
}

const JOIN: &str = r#"A.data: 1 event in 1 block
  script e02db02f3d24d3cb54afa7582af99a245a054f2a4b8eeca590711af44b50e40a
  format 1, written by engine 0.1.0

values
  0  20

tetraplets
  0  attic|thermometer|read|

calls
  0  value 0, tetraplet 0, to a scalar, arguments d53d18c2…

places
  0 left
    0  call attic thermometer.read = 20  block 0

journal of A
  next call id 1
"#;

#[test]
fn data_alone() {
    let run = join().inspect(&["A.data"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), JOIN, ""));
}

#[test]
fn data_with_their_script() {
    let run = join().inspect(&["A.data", "--script", "x.air"]);
    let expected = r#"A.data: 1 event in 1 block
  script e02db02f3d24d3cb54afa7582af99a245a054f2a4b8eeca590711af44b50e40a
  format 1, written by engine 0.1.0

trace, as A sees it, who began the particle
  0 6:3  par                                              1 + 1
  1 7:5    call "attic" ("thermometer" "read") [] above   = 20  block 0
  2 8:5    call "cellar" ("thermometer" "read") [] below  waits for cellar

pending: to be done
  8:5 call "cellar" ("thermometer" "read") [] below  by cellar
  9:3 call %init_peer_id% ("log" "put") [above below]  by A; 1 of 2 arguments known

waiting for names
  9:3 call %init_peer_id% ("log" "put") [above below] waits for `below`

the script waits
"#;
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), expected, ""));
}

#[test]
fn streams_folds_and_canons() {
    let run = first_come().inspect(&["A.data", "--script", "x.air"]);
    let trace = r#"
   0 7:5    par                                                      1 + 3
   1 8:7      call "mirror 1" ("files" "get") ["readme"] $answers    = "one", generation 1  block 2
   2 9:7      par                                                    1 + 1
   3 10:9       call "mirror 2" ("files" "get") ["readme"] $answers  = "two", generation 0  block 0
   4 11:9       call "mirror 3" ("files" "get") ["readme"] $answers  waits for mirror 3
   5 14:9   fold $answers answer                                     over 2 values put there by 3, 1
   6 17:15    ap answer $taken                                       generation 0
   7 18:15    canon %init_peer_id% $taken #taken                     = ["two"]              block 1
   8 17:15    ap answer $taken                                       generation 1
   9 18:15    canon %init_peer_id% $taken #taken                     = ["two","one"]        block 3
  10 27:11  canon %init_peer_id% $taken #two                         = ["two","one"]        block 3
  11 28:11  call %init_peer_id% ("ui" "show") [#two]                 requested as call 1
"#;
    assert!(run.out.contains(trace), "{}", run.out);
    let asked = r##"28:11 call %init_peer_id% ("ui" "show") [#two]  by A, which asked its host under the id 1"##;
    assert!(run.out.contains(asked), "{}", run.out);
    let places = first_come().inspect(&["A.data"]).out;
    assert!(places.contains("\n  1 iteration for \"two\"\n    1  canon by A = [\"two\"] "), "{places}");
}

/// Who began the particle need not be said where the data show it.
#[test]
fn other_peers_see_the_same() {
    let mut particle = Particle::example("quorum.air");
    particle.start("A");
    for (id, text) in [(1, "\"relay\""), (2, "\"lunch\""), (3, "\"yes\""), (4, "[\"B\",\"C\"]"), (5, "\"D\"")] {
        particle.answer("A", id, 0, text);
    }
    particle.take("relay", "A").take("B", "relay").answer("B", 1, 7, "no");
    let run = particle.inspect(&["B.data", "--script", "x.air"]);
    assert!(run.out.contains("trace, as B sees it; A began the particle"), "{}", run.out);
    assert!(run.out.contains(r#"failed: {"message":"no","ret_code":7}"#), "{}", run.out);
    assert!(!run.out.contains("not taken"), "{}", run.out);
    // Somebody who says something else gets that.
    let wrong = particle.inspect(&["B.data", "--script", "x.air", "--init", "B"]);
    assert!(wrong.out.contains("not taken") && wrong.out.contains("--init"), "{}", wrong.out);
    let told = particle.inspect(&["B.data", "--script", "x.air", "--init", "A", "--peer", "relay"]);
    assert!(told.out.contains("trace, as relay sees it; A began the particle"), "{}", told.out);
}

#[test]
fn json() {
    let particle = first_come();
    let parsed = |arguments: &[&str]| -> Value {
        let run = particle.inspect(arguments);
        assert_eq!((run.code, run.err.as_str(), run.out.lines().count()), (Some(0), "", 1));
        serde_json::from_str(&run.out).expect("it is JSON")
    };
    let alone = parsed(&["A.data", "--format", "json"]);
    assert_eq!(alone["blocks"], 4);
    assert_eq!(alone["events"].as_array().map(Vec::len), Some(5));
    let first = &alone["events"][0];
    assert_eq!((&first["kind"], &first["peer"], &first["at"]), (&"call".into(), &"mirror 1".into(), &2.into()));
    assert_eq!((&first["result"]["value"], &first["tetraplet"]), (&"one".into(), &"mirror 1|files|get|".into()));
    assert_eq!(alone["events"][4]["result"]["elements"][1][1], "mirror 1|files|get|");
    assert_eq!((&alone["journal"]["peer"], &alone["journal"]["pending"][0][0]), (&"A".into(), &1.into()));
    assert!(alone.get("trace").is_none());

    let whole = parsed(&["A.data", "--script", "x.air", "--format", "json"]);
    assert_eq!(whole["events"], alone["events"]);
    assert_eq!((&whole["ownScript"], &whole["end"]), (&true.into(), &"waits".into()));
    assert_eq!(whole["trace"].as_array().map(Vec::len), Some(12));
    assert_eq!(whole["trace"][11]["state"]["call"]["callId"], 1);
    assert_eq!(whole["trace"][5]["state"]["fold"][1]["pos"], 1);
    assert_eq!((&whole["pending"][0]["peer"], &whole["pending"][1]["callId"]), (&"mirror 3".into(), &1.into()));
    let (start, end) = (whole["pending"][1]["start"].as_u64(), whole["pending"][1]["end"].as_u64());
    let (start, end) = (start.expect("a number") as usize, end.expect("a number") as usize);
    assert_eq!(&particle.text[start..end], r##"(call %init_peer_id% ("ui" "show") [#two])"##);
}

/// Data come as they are, with a line feed after them, or in base64 broken into lines; from files or standard input.
#[test]
fn ways_to_give_data() {
    let particle = join();
    let bytes = particle.bytes("A");
    let mut base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &bytes);
    base64.insert(20, '\n');
    let expected = JOIN.replace("A.data", "<stdin>");
    for input in [bytes.clone(), [bytes.as_slice(), b"\n"].concat(), base64.into_bytes()] {
        let run = particle.inspect_input(&input, &["-"]);
        assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(0), expected.as_str(), ""));
    }
    let run = particle.inspect_input(b"", &["-"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "<stdin>: nothing; no peer has run anything\n"));
    let run = particle.inspect_input(b"", &["-", "--script", "x.air", "--peer", "A"]);
    assert!(run.out.contains("waits for attic"), "{}", run.out);
}

#[test]
fn what_is_no_data() {
    let particle = join();
    let mut cut = particle.bytes("A");
    cut.truncate(100);
    let run = particle.inspect_input(&cut, &["-"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.starts_with("error: <stdin>: not the form of data at line 1, column 100: "), "{}", run.err);
    let spaced = String::from_utf8(particle.bytes("A")).expect("it is JSON").replacen(':', ": ", 1);
    let run = particle.inspect_input(spaced.as_bytes(), &["-", "--format", "json"]);
    let expected = "error: <stdin>: byte 10 is not the one of the canonical encoding\n";
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (Some(1), "", expected));
    let run = particle.inspect_input(b"neither", &["-"]);
    assert_eq!(run.code, Some(1));
    assert!(run.err.contains("unknown encoding of data"), "{}", run.err);
}

#[test]
fn scripts_that_do_not_fit() {
    let particle = join();
    std::fs::write(particle.path("y.air"), format!("{}\n", particle.text)).expect("a file can be written there");
    let run = particle.inspect(&["A.data", "--script", "y.air"]);
    assert_eq!(run.code, Some(0));
    assert!(run.err.starts_with("warning: A.data is not of the script y.air, or of another text of it"), "{}", run.err);
    assert!(run.out.contains("= 20  block 0"), "{}", run.out);
    let run = particle.inspect(&["A.data", "--script", "y.air", "--format", "json"]);
    assert!(run.out.contains("\"ownScript\":false"), "{}", run.out);
    std::fs::write(particle.path("broken.air"), "(seq (null)").expect("a file can be written there");
    let run = particle.inspect(&["A.data", "--script", "broken.air"]);
    assert_eq!((run.code, run.out.as_str()), (Some(1), ""));
    assert!(run.err.contains("broken.air:1:"), "{}", run.err);
}

#[test]
fn usage() {
    let particle = join();
    for arguments in [
        &[][..],
        &["A.data", "--peer", "A"],
        &["A.data", "--format", "yaml"],
        &["-", "--script", "-"],
        &["none.data"],
        &["A.data", "--script", "none.air"],
    ] {
        let run = particle.inspect(arguments);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(run.err.contains("error: "), "{}", run.err);
    }
    let help = particle.inspect(&["--help"]);
    assert!(help.out.contains("\"notTaken\"") && help.out.contains("Exit codes"), "{}", help.out);
}

fn event(peer: &str, value: Json) -> EventResult {
    EventResult::Call {
        outcome: Outcome::Value(value),
        tetraplet: Arc::new(Tetraplet::call(peer, "s", "f")),
        arguments: ArgumentHash::of([]),
        output: OutputKind::Scalar,
    }
}

/// Text of others commands no terminal; depth costs lines, not stack or ever longer lines.
#[test]
fn hostile_data() {
    let particle = join();
    let mut draft = Draft::new();
    let mut segment = draft.root();
    for _ in 0..30_000 {
        segment = draft.child(segment, 0, Branch::Left);
    }
    draft.claim(segment, 0, &event("\u{1b}[31m\nred", Json::from("x".repeat(5_000).as_str())), 0);
    draft.claim(segment, 0, &event("other", Json::Null), 1);
    let data = Data::new(ScriptHash::of(particle.text.as_bytes()), draft.finish(), None);
    for arguments in [&["-"][..], &["-", "--script", "x.air"], &["-", "--script", "x.air", "--format", "json"]] {
        let run = particle.inspect_input(&encode(&data), arguments);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(!run.out.contains('\u{1b}'));
        assert!(run.out.lines().all(|line| arguments.contains(&"json") || line.chars().count() < 250));
    }
    let run = particle.inspect_input(&encode(&data), &["-"]);
    assert!(run.out.contains("lines\n") && run.out.lines().count() < 11_000);
}

/// Nobody has run anything, so nobody is known.
#[test]
fn empty_data_name_nobody() {
    let particle = Particle::example("relay.air");
    std::fs::write(particle.path("none.data"), b"").expect("a file can be written");
    let run = particle.inspect(&["none.data", "--script", "x.air"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.contains("\ntrace; it is not known who began the particle\n"), "{}", run.out);
    assert!(run.out.contains("waits for (no name)\n") && run.out.contains("  by (no name)\n"), "{}", run.out);
    let told = particle.inspect(&["none.data", "--script", "x.air", "--init", "A"]);
    assert!(told.out.contains("\ntrace; A began the particle\n"), "{}", told.out);
}
