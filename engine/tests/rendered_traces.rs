//! The worked traces, rendered after each step; `rendered/*.txt` are the scripts, the steps and the states.
//!
//! A file is comments (`;`), scripts, steps, and under each step what the peer's data come to then: states by position,
//! `0-2 as before` for those that are the same as under the step before. The notation is that of the module `render`.
//! Where a trace differs from that of the reference interpreter, a comment says why.
//!
//! | step | what happens |
//! |---|---|
//! | `A starts`, `A runs again` | a run without anything new |
//! | `B takes A`, `B takes A run 1` | a run with the data that A has now, or had after its first run |
//! | `A gets 1 = "x", 7 = 5` | a run with results of calls |
//! | `A fails 1 = 404 "no row"` | a run with a failure, whose text has the quotes |
//! | `again` | the same script from the start |

mod common;

use airtight_engine::data::Data;
use airtight_engine::execute::Executed;
use common::Net;
use std::collections::BTreeMap;
use std::path::Path;

/// A file while it is worked through.
#[derive(Default)]
struct Play {
    script: String,
    net: Option<Net>,
    runs: BTreeMap<String, Vec<Data>>,
    before: Vec<Executed>,
    out: String,
}

impl Play {
    fn begin(&mut self) {
        self.net = Some(Net::new(&self.script));
        self.runs.clear();
        self.before.clear();
    }

    fn step(&mut self, line: &str) {
        let net = self.net.as_mut().expect("a script comes first");
        let (peer, rest) = line.split_once(' ').expect("a step begins with a peer");
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        match verb {
            "starts" | "runs" => net.start(peer),
            "takes" => match rest.split_once(" run ") {
                None => net.receive(peer, rest),
                Some((from, run)) => {
                    let run: usize = run.parse().expect("a number of a run");
                    net.receive_data(peer, &self.runs[from][run - 1].clone())
                }
            },
            "gets" => {
                // An answer ends where the next one, `, 7 = …`, begins; none of ours has such a text inside.
                let mut answers: Vec<(u32, String)> = Vec::new();
                for part in rest.split(", ") {
                    let (id, text) = part.split_once(" = ").expect("an answer");
                    answers.push((id.parse().expect("a call id"), text.into()));
                }
                let answers: Vec<_> = answers.iter().map(|(id, text)| (*id, text.as_str())).collect();
                net.answer(peer, &answers)
            }
            "fails" => {
                let (id, rest) = rest.split_once(" = ").expect("a failure");
                let (code, text) = rest.split_once(' ').expect("a code and a text");
                net.fail(peer, id.parse().expect("a call id"), code.parse().expect("a code"), text)
            }
            _ => panic!("no step: {line}"),
        };
        self.runs.entry(peer.into()).or_default().push(net.data(peer));
        let rendered = net.rendered(peer);
        assert!(rendered.disputed.is_empty() && rendered.not_taken.is_empty(), "{line}: honest data");
        let states: Vec<Executed> = rendered.states.into_iter().map(|state| state.executed).collect();
        common::check_sizes(&states);
        let same = |at: usize| self.before.get(at) == states.get(at);
        let mut at = 0;
        while at < states.len() {
            let end = (at..states.len()).find(|&at| !same(at)).unwrap_or(states.len());
            if end > at {
                let positions = if end - at == 1 { at.to_string() } else { format!("{at}-{}", end - 1) };
                self.out.push_str(&format!("   {positions} as before\n"));
                at = end;
            } else {
                self.out.push_str(&format!("   {at} {}\n", states[at]));
                at += 1;
            }
        }
        self.before = states;
    }
}

/// The file with its states worked out anew.
fn worked(text: &str) -> String {
    let mut play = Play::default();
    let mut in_script = false;
    for line in text.lines() {
        let is_state = !in_script && line.starts_with("   ");
        if !is_state {
            play.out.push_str(line);
            play.out.push('\n');
        }
        match line.chars().next() {
            None if in_script => {
                in_script = false;
                play.begin();
            }
            Some('(') => {
                in_script = true;
                play.script = format!("{line}\n");
            }
            Some(_) if in_script => play.script.push_str(&format!("{line}\n")),
            Some(';') | None => {}
            Some(_) if line == "again" => play.begin(),
            Some(_) if !is_state => play.step(line),
            Some(_) => {}
        }
    }
    play.out
}

#[test]
fn the_worked_traces() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rendered");
    let mut files: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 21);
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let worked = worked(&text);
        if std::env::var_os("AIRTIGHT_REWRITE").is_some() {
            std::fs::write(&file, &worked).unwrap();
        } else if worked != text {
            wrong.push_str(&format!("{}, expected and found:\n{text}\n{worked}\n", file.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
