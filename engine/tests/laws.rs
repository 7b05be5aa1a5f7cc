//! Laws of execution on small networks: a dozen scripts, random schedules with duplicates, delays and grouped answers.
//!
//! Every run of every schedule is checked; so is what all peers hold in the end.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use airtight_engine::data::{Answer, Data, PlaceId, ScriptHash, Shared};
use airtight_engine::execute::{Answers, End, Limits, Peer, run};
use airtight_engine::invoke::{CallRequest, CallResults, Outcome, RunParameters, execute};
use airtight_engine::script::Script;
use airtight_engine::value::Json;

const SCRIPTS: [&str; 14] = [
    r#"(seq (call "A" ("s" "num") [1] x) (seq (call "B" ("s" "num") [x] y) (call "A" ("s" "num") [y])))"#,
    r#"(seq (par (call "B" ("s" "num") [1] x) (call "C" ("s" "num") [2] y)) (call "D" ("s" "num") [x y]))"#,
    r#"(par (call "B" ("s" "num") [1] x) (par (call "C" ("s" "num") [x] y) (call "D" ("s" "num") [x y])))"#,
    r#"(seq (call "A" ("s" "peers") [] ps) (seq (fold ps p (par (call p ("s" "num") [p] $n) (next p))) (call "A" ("s" "num") [])))"#,
    r##"(seq (par (call "B" ("s" "num") [1] $s) (call "C" ("s" "num") [2] $s)) (seq (canon "D" $s #c) (call "A" ("s" "num") [#c #c.length])))"##,
    r#"(xor (seq (call "B" ("s" "fail") [1] x) (null)) (seq (call "C" ("s" "num") [%last_error% :error:] y) (call "A" ("s" "num") [y])))"#,
    r#"(seq (par (xor (call "B" ("s" "fail") [1]) (null)) (xor (call "C" ("s" "fail") [2]) (call "A" ("s" "num") [:error:]))) (call "B" ("s" "num") [%last_error%]))"#,
    r#"(seq (ap 3 $s) (fold $s i (seq (xor (mismatch i 0 (seq (call "B" ("s" "dec") [i] x) (ap x $s))) (null)) (next i)) (call "C" ("s" "num") [i])))"#,
    r#"(seq (par (call "B" ("s" "num") [1] $s) (par (call "C" ("s" "num") [2] $s) (call "D" ("s" "num") [3] $s)))
         (fold $s i (par (seq (call "A" ("s" "num") [i] y) (call "B" ("s" "num") [y i])) (next i))))"#,
    r##"(seq (par (seq (call "B" ("s" "num") [1] v) (ap ("k" v) %m)) (seq (call "C" ("s" "num") [2] w) (ap ("k" w) %m)))
         (seq (canon "B" %m #%m) (seq (canon "C" %m o) (call "A" ("s" "num") [#%m #%m.$.k o]))))"##,
    r#"(par (seq (call "B" ("s" "num") [1] x) (ap x $s)) (par (seq (call "C" ("s" "num") [2] x) (ap x $s))
         (fold $s i (seq (call "D" ("s" "fail") [i]) (next i)) (call "A" ("s" "num") [i]))))"#,
    r#"(seq (call "A" ("s" "peers") [] ps) (fold ps p (fold ps q (par (next p) (next q))) (par (call "B" ("s" "num") [p] x) (call "C" ("s" "num") [x]))))"#,
    r##"(seq (call "A" ("s" "peers") [] ps) (seq (fold ps p (new $own (seq (call p ("s" "num") [] $own) (seq (canon p $own #own) (seq (ap #own $all) (next p))))))
         (seq (canon "A" $all #all) (call "B" ("s" "num") [#all]))))"##,
    r##"(new $s (seq (par (call "B" ("s" "num") [] $s) (never)) (par (seq (canon "C" $s #c) (fold #c i (seq (call "D" ("s" "num") [i] $t) (next i))))
         (fold $t j (seq (canon "A" $t #t) (seq (call "B" ("s" "num") [#t j]) (next j)))))))"##,
];

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// A pure service.
fn served(request: &CallRequest) -> Answer {
    let ok = |result: String| Answer { ret_code: 0, result: result.into() };
    let text: String = request.arguments.iter().map(Json::to_text).collect();
    match &*request.function_name {
        "peers" => ok(r#"["B","C","D"]"#.into()),
        "fail" => Answer { ret_code: 1, result: text.into() },
        "dec" => ok((text.parse::<i64>().unwrap() - 1).to_string()),
        _ => ok((text.bytes().fold(7_u64, |sum, byte| sum * 31 % 1009 + u64::from(byte))).to_string()),
    }
}

/// What is pending, and which of its arguments are at hand.
type Statuses = Vec<(PlaceId, String, Vec<bool>)>;

struct Network {
    script: Script,
    hash: ScriptHash,
    data: BTreeMap<String, Data>,
    /// Messages under way.
    messages: Vec<(String, Data)>,
    /// Calls that hosts have not answered.
    open: Vec<(String, u32, CallRequest)>,
    runs: usize,
}

impl Network {
    fn new(script: &str) -> Self {
        let (data, messages, open, runs) = Default::default();
        let parsed = Script::parse(script).unwrap_or_else(|errors| panic!("{script}\n{errors}"));
        Self { script: parsed, hash: ScriptHash::of(script.as_bytes()), data, messages, open, runs }
    }

    fn invoke(&self, peer: &str, previous: &Data, current: &Data, results: CallResults) -> Outcome {
        let parameters = RunParameters::new("A", peer);
        execute(&self.script, self.hash, previous, current, &parameters, results).unwrap()
    }

    /// What data show to whoever reads them.
    fn statuses(&self, shared: &Shared) -> Statuses {
        let reader = Peer { current: None, init: "A".into(), timestamp: 0, ttl: 0 };
        let read = run(&self.script, shared, &reader, Limits::default(), Answers::new()).unwrap();
        assert!(!matches!(read.end, End::Failed(_, error) if error.code() == 0));
        let status = |pending: &airtight_engine::execute::Pending| {
            (pending.place, pending.peer.to_string(), pending.arguments.iter().map(Option::is_some).collect())
        };
        read.pending.iter().map(status).collect()
    }

    /// One run of a peer, with every law that one run can break.
    fn step(&mut self, peer: &str, current: Data, results: CallResults) {
        self.runs += 1;
        let previous = self.data.get(peer).cloned().unwrap_or_else(Data::nothing);
        let answers = results.len();
        let outcome = self.invoke(peer, &previous, &current, results);
        let merged = previous.merge(&current).unwrap();
        let (merged, after) = (merged.shared(), outcome.data.shared());

        // Only results write: the merge, and one new block.
        let known: BTreeSet<_> = merged.events().map(|event| (event.place, event.result, event.at)).collect();
        let news: Vec<_> =
            after.events().filter(|event| !known.contains(&(event.place, event.result, event.at))).collect();
        assert_eq!(after.events().count(), known.len() + news.len());
        assert!(news.iter().all(|event| event.at == merged.trace().blocks()));
        let requested: BTreeSet<_> = previous.journal().into_iter().flat_map(|journal| journal.pending()).collect();
        let answered = news.iter().filter(|event| requested.iter().any(|(_, place)| *place == event.place)).count();
        assert!(answered <= answers + previous.journal().map_or(0, |journal| journal.answers().len()));
        let own: BTreeSet<_> =
            self.statuses(merged).into_iter().filter(|(_, of, _)| of == peer).map(|(place, ..)| place).collect();
        assert!(news.len() == answered || news.iter().any(|event| own.contains(&event.place)));

        // Honest data fit: each peer recomputes the arguments, tetraplets and outputs of all others.
        assert!(outcome.not_taken.is_empty() && outcome.disputed.is_empty() && outcome.unknown_call_ids.is_empty());

        // Next peers: those with a status that neither the previous data nor the current data alone show.
        let (now, before, sent) =
            (self.statuses(after), self.statuses(previous.shared()), self.statuses(current.shared()));
        let mut expected = Vec::new();
        for status in now.iter().filter(|(_, of, _)| of != peer) {
            let shown =
                !previous.is_nothing() && before.contains(status) || !current.is_nothing() && sent.contains(status);
            if !shown && !expected.contains(&status.1) {
                expected.push(status.1.clone());
            }
        }
        let next: Vec<_> = outcome.next_peers.iter().map(|next| next.to_string()).collect();
        assert_eq!(next, expected);

        // Given again what it was made of, or nothing at all, it is as it was and says nothing.
        for again in [&current, &previous, &Data::nothing(), &outcome.data] {
            let quiet = self.invoke(peer, &outcome.data, again, CallResults::new());
            assert!(quiet.requests.is_empty() && quiet.next_peers.is_empty());
            assert_eq!(quiet.data, outcome.data);
        }

        for next in &outcome.next_peers {
            assert_ne!(&**next, peer);
            self.messages.push((next.to_string(), outcome.data.clone()));
        }
        self.open.extend(outcome.requests.into_iter().map(|(id, request)| (peer.to_owned(), id, request)));
        self.data.insert(peer.into(), outcome.data);
    }

    /// Takes some of the open calls of a peer as answered.
    fn answers(&mut self, peer: &str, random: &mut Random) -> CallResults {
        let mut results = CallResults::new();
        self.open.retain(|(of, id, request)| {
            let take = of == peer && random.below(2) == 0;
            if take {
                results.insert(*id, served(request));
            }
            !take
        });
        results
    }

    /// Delivers and answers in random order until nothing is under way.
    fn settle(&mut self, random: &mut Random) {
        self.step("A", Data::nothing(), CallResults::new());
        while !(self.messages.is_empty() && self.open.is_empty()) {
            assert!(self.runs < 2000, "the particle comes to rest");
            let message = random.below(self.messages.len() + self.open.len());
            if let Some((to, data)) = self.messages.get(message).cloned() {
                // A message in five comes again later.
                if random.below(5) > 0 {
                    self.messages.swap_remove(message);
                }
                let results = if random.below(2) == 0 { self.answers(&to, random) } else { CallResults::new() };
                self.step(&to, data, results);
            } else {
                let (peer, ..) = self.open[message - self.messages.len()].clone();
                let results = self.answers(&peer, random);
                self.step(&peer, Data::nothing(), results);
            }
        }
    }

    /// What anybody's data show of a peer's work that could be done, that peer has done or was told.
    fn nobody_was_forgotten(&self) {
        for data in self.data.values() {
            for (place, peer, at_hand) in self.statuses(data.shared()) {
                let theirs = self.data.get(&peer).unwrap_or_else(|| panic!("{peer} was told"));
                let done = theirs.shared().events().any(|event| event.place == place);
                let known = self.statuses(theirs.shared()).iter().any(|(p, _, seen)| {
                    *p == place && seen.iter().zip(&at_hand).all(|(seen, at_hand)| *seen || !*at_hand)
                });
                assert!(done || known, "{peer} knows what is pending for it");
            }
        }
    }
}

#[test]
fn every_run_of_every_schedule_obeys_the_laws() {
    const SCHEDULES: u64 = 25;
    for script in SCRIPTS {
        let mut calls = BTreeSet::new();
        for seed in 0..SCHEDULES {
            let mut network = Network::new(script);
            network.settle(&mut Random(seed));
            network.nobody_was_forgotten();
            calls.insert(network.data.values().map(|data| data.shared().events().count()).max());

            // Whoever hears of everybody else finds nothing that does not fit.
            let everybody: Vec<_> = network.data.values().cloned().collect();
            for peer in network.data.keys().cloned().collect::<Vec<_>>() {
                for data in &everybody {
                    let results = network.invoke(&peer, &network.data[&peer], data, CallResults::new());
                    assert!(results.not_taken.is_empty() && results.disputed.is_empty(), "{script}");
                }
            }
        }
        assert!(calls.iter().all(|events| *events > Some(0)), "{script}");
    }
}

/// `f_p(f_p(a, b), c)` and `f_p(a, b·c)` know the same, where nothing of the own becomes due between them.
#[test]
fn the_order_of_arrival_does_not_matter_to_what_is_known() {
    for script in SCRIPTS {
        let mut network = Network::new(script);
        network.settle(&mut Random(99));
        let all: Vec<_> = network.data.values().cloned().collect();
        for a in &all {
            for b in &all {
                let reader = "Z";
                let nothing = Data::nothing();
                let one = network.invoke(
                    reader,
                    &network.invoke(reader, &nothing, a, CallResults::new()).data,
                    b,
                    CallResults::new(),
                );
                let merged = a.merge(b).unwrap();
                let other = network.invoke(reader, &nothing, &merged, CallResults::new());
                assert_eq!(one.data.shared(), other.data.shared());
                assert_eq!(network.statuses(one.data.shared()), network.statuses(other.data.shared()));
            }
        }
    }
}
