//! Hosts in small networks where everything happens that may happen: messages in any order, twice, late, answers in any
//! grouping, restarts and lost messages, bad data.

use airtight_engine::data::{Answer, decode};
use airtight_engine::host::{Dropped, Host, Message, Particle, State, Step, Ticket};
use airtight_engine::invoke::{CallRequest, CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError, SameThread};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const RELAY: &str = r#"
    (seq (call "A" ("profile" "name") [] who)
      (seq (call "B" ("greet" "hello") [who] msg)
        (seq (call "C" ("greet" "again") [msg who] more)
          (call "A" ("ui" "show") [msg more]))))"#;

const JOIN: &str = r#"
    (seq (par (call "B" ("temp" "read") [] t1) (par (call "C" ("temp" "read") [] t2) (call "A" ("temp" "read") [] t3)))
      (par (call "A" ("log" "put") [t1 t2 t3]) (call "C" ("log" "put") [t3 t1])))"#;

const FAN_OUT: &str = r#"
    (seq (call "A" ("cfg" "peers") [] peers)
      (seq (fold peers p (par (seq (call p ("disk" "free") [] free) (call "A" ("ui" "row") [p free] $rows)) (next p)) (null))
        (call "A" ("ui" "started") [])))"#;

/// The first two answers of three peers make a quorum; the canon fixes which.
const QUORUM: &str = r##"
    (seq
      (par (call "A" ("vote" "get") [] $votes)
        (par (call "B" ("vote" "get") [] $votes) (call "C" ("vote" "get") [] $votes)))
      (fold $votes v
        (par
          (seq (canon "A" $votes #votes)
            (xor (match #votes.length 2 (call "A" ("quorum" "reached") [#votes])) (null)))
          (next v))))"##;

/// Services that fail, caught near and far, and one error that nothing catches.
const FAILING: &str = r#"
    (par
      (seq (xor (call "B" ("bad" "one") ["x"] x) (call "A" ("ui" "alert") [:error:.$.message] y))
        (call "C" ("log" "put") [%last_error%.$.error_code y]))
      (par (call "A" ("bad" "two") [] z) (seq (call "C" ("s" "f") [] w) (call "B" ("bad" "three") [w]))))"#;

const SCRIPTS: [&str; 5] = [RELAY, JOIN, FAN_OUT, QUORUM, FAILING];

/// A small generator of numbers, so that every failure names the seed that brings it back.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.roll(100) < chance
    }
}

/// What a service answers; the same for the same question, and in another life another.
fn service(peer: &str, request: &CallRequest, life: u32) -> Answer {
    let arguments: Vec<String> = request.arguments.iter().map(|json| json.to_text()).collect();
    let (service, function, arguments) = (&request.service_id, &request.function_name, arguments.join(","));
    let (ret_code, result) = match (&**service, &**function) {
        ("cfg", "peers") => (0, r#"["B","C","A"]"#.into()),
        ("bad", _) => (7, format!("{peer} cannot {function}({arguments})")),
        _ => (0, serde_json::to_string(&format!("{peer}{life}:{service}.{function}({arguments})")).unwrap()),
    };
    Answer { ret_code, result: result.into() }
}

fn particle(air: &str, peer: &str) -> Particle {
    Particle::new(air, RunParameters::new("A", peer))
}

/// Counts of what happened, so that tests see that it did.
#[derive(Clone, Copy, Default, Debug)]
struct Count {
    steps: usize,
    together: usize,
    groups: usize,
    restarts: usize,
    redelivered: usize,
    rejected: usize,
    again: usize,
}

struct Network {
    air: Arc<str>,
    runner: SameThread,
    hosts: BTreeMap<&'static str, Host>,
    messages: Vec<Message>,
    /// Calls that services work on.
    working: BTreeMap<(&'static str, Ticket), CallRequest>,
    /// Every request so far, as a service sees it.
    requested: BTreeMap<(&'static str, Ticket), CallRequest>,
    /// What services said, to be found in the data in the end.
    answered: BTreeMap<(&'static str, Ticket), Answer>,
    /// Data that peers held at some time.
    seen: Vec<Arc<[u8]>>,
    count: Count,
}

const PEERS: [&str; 3] = ["A", "B", "C"];

impl Network {
    fn new(air: &str) -> Self {
        let hosts = PEERS.map(|peer| (peer, Host::new(particle(air, peer)))).into();
        Self {
            air: air.into(),
            runner: SameThread::ready(),
            hosts,
            messages: Vec::new(),
            working: BTreeMap::new(),
            requested: BTreeMap::new(),
            answered: BTreeMap::new(),
            seen: Vec::new(),
            count: Count::default(),
        }
    }

    fn host(&mut self, peer: &str) -> &mut Host {
        self.hosts.get_mut(peer).unwrap()
    }

    fn step(&mut self, peer: &'static str) -> Option<Step> {
        let host = self.hosts.get_mut(peer).unwrap();
        let before = host.data().clone();
        let after_restart = host.input().is_some_and(|input| input.repeat);
        let step = host.step(&mut self.runner).unwrap()?;
        let next = &step.result.next_peers;
        assert_eq!(next.iter().collect::<BTreeSet<_>>().len(), next.len(), "a peer is named twice");
        assert!(!next.iter().any(|next| **next == *peer), "a peer names itself");
        assert_eq!(**host.data(), *step.result.data, "what the interpreter returned is stored, whatever the code");
        if step.result.is_given_up() {
            assert_eq!(before, *host.data());
            assert!(step.calls.is_empty() && next.is_empty() && step.result.requests.is_empty());
            self.count.rejected += 1;
        }
        assert!(step.result.unknown_call_ids.is_empty(), "the host gives no answers that nobody asked for");
        for (ticket, request) in &step.calls {
            let key = (peer, *ticket);
            assert!(!self.answered.contains_key(&key), "an answered call is made again: {request:?}");
            let known = self.requested.insert(key, request.clone());
            match known {
                None => {}
                Some(known) => {
                    assert!(after_restart, "requested twice without a restart: {request:?}");
                    assert_eq!(known, *request, "a repeated request is the same");
                    self.count.again += 1;
                }
            }
            self.working.insert(key, request.clone());
        }
        self.count.steps += 1;
        self.count.together += usize::from(step.input.current.is_some() && !step.input.answers.is_empty());
        self.count.groups += usize::from(step.input.answers.len() > 1);
        self.seen.push(host.data().clone());
        Some(step)
    }

    fn finish_call(&mut self, key: (&'static str, Ticket)) {
        let request = self.working.remove(&key).unwrap();
        let answer = service(key.0, &request, key.1.life);
        let host = self.host(key.0);
        assert!(host.answer(key.1, answer.clone()), "the host waits for this answer");
        assert!(
            !host.answer(key.1, Answer { ret_code: 0, result: "\"another\"".into() }),
            "a second answer is dropped"
        );
        self.answered.insert(key, answer);
    }

    /// The host crashes: what was stored comes back, what services worked on is lost.
    fn restart(&mut self, peer: &'static str) {
        let stored = serde_json::to_string(self.host(peer).state()).unwrap();
        let state: State = serde_json::from_str(&stored).unwrap();
        assert_eq!(state, *self.host(peer).state());
        *self.host(peer) = Host::restore(particle(&self.air, peer), state);
        self.working.retain(|(at, _), _| *at != peer);
        self.count.restarts += 1;
    }

    fn is_quiet(&self) -> bool {
        let hosts_rest = self.hosts.values().all(|host| !host.is_due() && host.outbox().len() == 0);
        hosts_rest && self.messages.is_empty() && self.working.is_empty()
    }

    /// Something that may happen happens.
    fn act(&mut self, dice: &mut Dice, trouble: bool) {
        let peer = PEERS[dice.roll(PEERS.len())];
        match dice.roll(if trouble { 12 } else { 8 }) {
            0..3 => drop(self.step(peer)),
            3..5 => {
                let calls: Vec<_> = self.working.keys().copied().collect();
                if !calls.is_empty() {
                    self.finish_call(calls[dice.roll(calls.len())]);
                }
            }
            5 => {
                let peers: Vec<Arc<str>> = self.host(peer).outbox().cloned().collect();
                for to in peers {
                    let message = self.host(peer).message(&to).unwrap();
                    self.messages.push(message.clone());
                    // Sometimes nobody says that it arrived, and it is sent again.
                    if dice.percent(70) {
                        self.host(peer).delivered(&message);
                    }
                }
            }
            6 | 7 if !self.messages.is_empty() => {
                let at = dice.roll(self.messages.len());
                let message = self.messages[at].clone();
                if trouble && dice.percent(20) {
                    self.count.redelivered += 1;
                } else {
                    self.messages.swap_remove(at);
                }
                self.host(&message.to).receive(message.data);
            }
            8 => self.restart(peer),
            // Old data come from anywhere, the peer's own included.
            9 if !self.seen.is_empty() => {
                let data = self.seen[dice.roll(self.seen.len())].clone();
                self.host(peer).receive(data);
            }
            10 if dice.percent(30) => {
                let bad: &[u8] = [&b"junk"[..], b"{}", b"{\"format\":99}", b"\xff"][dice.roll(4)];
                self.host(peer).receive(bad);
            }
            _ => {}
        }
    }

    /// Everything happens, in any order; in the end everything that is owed is done.
    fn live(&mut self, dice: &mut Dice) {
        self.host("A").start();
        for _ in 0..120 {
            self.act(dice, true);
        }
        for _ in 0..20_000 {
            if self.is_quiet() {
                return;
            }
            self.act(dice, false);
        }
        panic!("the network does not come to rest");
    }

    fn events(&self, peer: &str) -> BTreeSet<String> {
        let data = decode(self.hosts[peer].data()).unwrap();
        data.shared().events().map(|event| format!("{} {}", event.place, event.result)).collect()
    }

    /// Whether the data of a peer hold what a service said.
    fn holds(&self, peer: &str, answer: &Answer) -> bool {
        let data = decode(self.hosts[peer].data()).unwrap();
        let values = data.shared().stores().values.entries();
        let text = match answer.ret_code {
            0 => answer.result.to_string(),
            code => format!(r#"{{"message":{},"ret_code":{code}}}"#, serde_json::to_string(&*answer.result).unwrap()),
        };
        values.iter().any(|value| **value.text() == *text)
    }
}

/// All peers send to all, until nobody learns anything.
fn exchange(network: &mut Network) {
    for _ in 0..2 {
        for from in PEERS {
            let data = network.host(from).data().clone();
            for to in PEERS {
                network.host(to).receive(data.clone());
                let step = network.step(to).unwrap();
                assert_eq!(
                    (step.result.requests.len(), step.result.disputed.len(), step.result.not_taken.len()),
                    (0, 0, 0)
                );
            }
        }
    }
}

#[test]
fn whatever_happens_peers_agree_and_nothing_is_lost() {
    let mut total = Count::default();
    let mut results: BTreeMap<&str, BTreeSet<Vec<String>>> = BTreeMap::new();
    for air in SCRIPTS {
        for seed in 0..150 {
            let mut network = Network::new(air);
            let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                network.live(&mut Dice(seed));
                assert_eq!(network.requested.len(), network.answered.len(), "a call got no answer");
                for ((peer, _), answer) in &network.answered {
                    assert!(network.holds(peer, answer), "what was answered is lost: {answer:?}");
                }
                // What one peer's data show of another's pending work, that peer knows: nothing starts by itself now.
                exchange(&mut network);
                let [a, b, c] = PEERS.map(|peer| network.events(peer));
                assert!(a == b && b == c, "peers that exchanged their data hold the same events");
                assert!(network.is_quiet() || network.hosts.values().all(|host| !host.is_due()));
            }));
            if let Err(panic) = run {
                eprintln!("seed {seed} of {air}");
                std::panic::resume_unwind(panic);
            }
            let requests = network.requested.values();
            let mut asked: Vec<String> = requests.map(|request| format!("{request:?}")).collect();
            asked.sort();
            results.entry(air).or_default().insert(asked);
            let count = &network.count;
            total.steps += count.steps;
            total.together += count.together;
            total.groups += count.groups;
            total.restarts += count.restarts;
            total.redelivered += count.redelivered;
            total.rejected += count.rejected;
            total.again += count.again;
        }
    }
    // Calls do not depend on the order of delivery, but for the quorum, which is about that order.
    for air in [RELAY, JOIN, FAN_OUT, FAILING] {
        assert_eq!(results[air].len(), 1, "{:#?}", results[air]);
    }
    assert!(results[QUORUM].len() > 3);
    let Count { steps, together, groups, restarts, redelivered, rejected, again } = total;
    let often = [steps / 20, together, restarts, redelivered, rejected, again].iter().all(|n| *n > 300);
    assert!(often && groups > 100, "{total:?}");
}

fn ready(air: &str, peer: &str) -> (Host, SameThread) {
    (Host::new(particle(air, peer)), SameThread::ready())
}

fn ok(text: &str) -> Answer {
    Answer { ret_code: 0, result: text.into() }
}

fn step(host: &mut Host, runner: &mut impl AvmRunner) -> Step {
    host.step(runner).unwrap().expect("there is something to run for")
}

const TWO: &str = r#"(seq (par (call "A" ("s" "f") [] a) (call "A" ("s" "g") [] b)) (call "B" ("s" "h") [a b] c))"#;

/// Bad data take nothing with them: the answers given together with them count.
#[test]
fn bad_current_data_cost_no_answer() {
    let (mut host, mut runner) = ready(TWO, "A");
    host.start();
    let calls = step(&mut host, &mut runner).calls;
    host.receive(&b"junk"[..]);
    host.answer(calls[0].0, ok("1"));
    host.answer(calls[1].0, ok("2"));
    let before = host.data().clone();
    let failed = step(&mut host, &mut runner);
    assert_eq!((failed.result.ret_code, failed.dropped, host.data()), (2, None, &before));
    // From here one by one: both answers, then the data.
    assert_eq!(step(&mut host, &mut runner).result.ret_code, 0);
    assert_eq!(&*step(&mut host, &mut runner).result.next_peers[0], "B");
    let failed = step(&mut host, &mut runner);
    assert_eq!((failed.result.ret_code, failed.dropped), (2, Some(Dropped::Current)));
    assert!(!host.is_due());
}

/// A bad answer takes neither data nor other answers with it, and its service is not asked again.
#[test]
fn a_bad_answer_costs_only_itself() {
    let mut parameters = RunParameters::new("A", "A");
    parameters.size_limits.hard = true;
    parameters.size_limits.call_result = 8;
    let mut runner = SameThread::ready();
    let mut host = Host::new(Particle::new(TWO, parameters));
    host.start();
    let calls = step(&mut host, &mut runner).calls;
    host.answer(calls[0].0, ok("\"much too long\""));
    host.answer(calls[1].0, ok("2"));
    host.receive(&b""[..]);
    assert_eq!(step(&mut host, &mut runner).result.ret_code, 10);
    let failed = step(&mut host, &mut runner);
    assert_eq!((failed.result.ret_code, failed.dropped), (10, Some(Dropped::Answer(calls[0].0))));
    assert_eq!(&*step(&mut host, &mut runner).result.next_peers[0], "B");
    assert_eq!(step(&mut host, &mut runner).result.ret_code, 0);
    assert!(!host.is_due() && host.open().len() == 0 && host.state().refused.len() == 1);

    // With a larger limit, it counts after all.
    let mut host = Host::restore(particle(TWO, "A"), host.into_state());
    let taken = step(&mut host, &mut runner);
    assert_eq!((taken.calls.len(), &*taken.result.next_peers[0]), (0, "B"));
    assert!(host.state().refused.is_empty());
}

/// The first step, and every later one, can be lost between storing and acting.
#[test]
fn requests_are_repeated_after_a_restart_and_answers_are_not_asked_for_again() {
    let (mut host, mut runner) = ready(TWO, "A");
    host.start();
    let calls = step(&mut host, &mut runner).calls;
    let mut host = Host::restore(particle(TWO, "A"), host.into_state());
    let again = step(&mut host, &mut runner);
    assert_eq!(again.calls, calls);
    assert!(again.input.repeat && !host.is_due());
    host.answer(calls[0].0, ok("1"));
    let mut host = Host::restore(particle(TWO, "A"), host.into_state());
    let again = step(&mut host, &mut runner);
    assert_eq!(again.calls, calls[1..]);
    // A restart with bad data in the inbox still asks.
    let mut state = host.into_state();
    state.inbox.push_back((*b"junk").into());
    let mut host = Host::restore(particle(TWO, "A"), state);
    assert_eq!(step(&mut host, &mut runner).dropped, Some(Dropped::Current));
    assert_eq!(step(&mut host, &mut runner).calls, calls[1..]);
}

/// Calls of a life whose data are lost are asked for anew, and late answers of the old life land nowhere.
#[test]
fn lost_data_are_a_new_life() {
    let air = r#"(par (call "A" ("s" "f") [] a) (seq (call "B" ("s" "g") [] b) (call "A" ("s" "k") [b] c)))"#;
    let (mut a, mut runner) = ready(air, "A");
    a.start();
    let old = step(&mut a, &mut runner).calls;
    let mut b = Host::new(particle(air, "B"));
    b.receive(a.message("B").unwrap().data);
    let at_b = step(&mut b, &mut runner).calls;
    b.answer(at_b[0].0, ok("\"b\""));
    step(&mut b, &mut runner);
    a.forget();
    assert!(a.data().is_empty() && !a.is_due() && a.outbox().len() == 0);
    a.receive(b.message("A").unwrap().data);
    let new = step(&mut a, &mut runner).calls;
    let names: Vec<_> =
        new.iter().map(|(ticket, request)| (ticket.life, ticket.call, &*request.function_name)).collect();
    assert_eq!(names, [(1, 1, "f"), (1, 2, "k")]);
    assert_eq!(old[0].0, Ticket { life: 0, call: 1 });
    assert!(!a.answer(old[0].0, ok("\"late\"")) && !a.is_due());
}

/// A peer that was named again while a message was under way gets another one.
#[test]
fn a_message_made_before_a_peer_was_named_does_not_serve_it() {
    let air = r#"(seq (par (call "A" ("s" "f") [] a) (call "A" ("s" "g") [] b)) (call "B" ("s" "h") [a b]))"#;
    let (mut host, mut runner) = ready(air, "A");
    host.start();
    let calls = step(&mut host, &mut runner).calls;
    host.answer(calls[1].0, ok("2"));
    step(&mut host, &mut runner);
    let early = host.message("B").unwrap();
    host.answer(calls[0].0, ok("1"));
    assert_eq!(step(&mut host, &mut runner).result.next_peers.len(), 1, "whoever completes the join tells");
    host.delivered(&early);
    let late = host.message("B").expect("B still waits for the newer data");
    assert_ne!(early.data, late.data);
    host.delivered(&late);
    assert!(host.message("B").is_none());
}

/// A broken script is reported at once, and the host does not try it again by itself.
#[test]
fn a_start_that_fails_is_reported() {
    let (mut host, mut runner) = ready("(oops)", "A");
    host.start();
    let failed = step(&mut host, &mut runner);
    assert_eq!((failed.result.ret_code, failed.dropped), (1, Some(Dropped::Start)));
    assert!(!host.is_due() && host.data().is_empty() && host.step(&mut runner).unwrap().is_none());
}

/// Errors of the script count: what was arranged beside them is done.
#[test]
fn an_error_that_the_script_does_not_catch_stops_no_call() {
    let air = r#"(seq (par (par (call "A" ("s" "f") [] a) (call "B" ("s" "g") [])) (null)) (fail 1 "boom"))"#;
    let (mut host, mut runner) = ready(air, "A");
    host.start();
    let failed = step(&mut host, &mut runner);
    assert_eq!((failed.result.ret_code, failed.calls.len(), host.outbox().len()), (10006, 1, 1));
}

/// A runner without results.
struct Broken;

impl AvmRunner for Broken {
    fn init(&mut self, _: LogLevel) -> Result<(), RunnerError> {
        Ok(())
    }

    fn run(
        &mut self,
        _: &str,
        previous: &[u8],
        _: &[u8],
        _: &RunParameters,
        _: &CallResults,
    ) -> Result<InterpreterResult, RunnerError> {
        match previous {
            [] => Err(RunnerError::Gone { message: "no reason".into() }),
            _ => Ok(InterpreterResult::default()),
        }
    }

    fn terminate(&mut self) -> Result<(), RunnerError> {
        Ok(())
    }
}

/// What a runner fails with can be tried again with another one, and given up in the end; data are never lost.
#[test]
fn a_failing_runner_changes_nothing() {
    let (mut host, mut runner) = ready(TWO, "A");
    host.start();
    let before = host.state().clone();
    assert!(host.step(&mut Broken).is_err());
    assert_eq!(*host.state(), before);
    step(&mut host, &mut runner);
    host.receive(&b"x"[..]);
    let before = host.state().clone();
    let error = host.step(&mut Broken).unwrap_err();
    assert_eq!(error.to_string(), "the runner's answer makes no sense: the new data are empty, the previous are not");
    assert_eq!(*host.state(), before);
    assert_eq!(host.give_up(), Some(Dropped::Current));
    assert!(!host.is_due());
}
