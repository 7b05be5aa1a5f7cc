//! Peers that run one script by hand: each keeps its data, and is given data and answers step by step.
#![allow(dead_code, reason = "each test file uses a part of it")]

use airtight_engine::data::{Answer, Data, ScriptHash};
use airtight_engine::execute::{Executed, Limits, Peer, Rendered, Window, render};
use airtight_engine::invoke::{CallResults, InvokeError, Outcome, RunParameters, execute};
use airtight_engine::script::Script;
use std::collections::BTreeMap;

/// The peers of one particle that A began.
pub(crate) struct Net {
    script: Script,
    hash: ScriptHash,
    data: BTreeMap<String, Data>,
}

impl Net {
    pub(crate) fn new(script: &str) -> Self {
        let parsed = Script::parse(script).unwrap_or_else(|errors| panic!("{script}\n{errors}"));
        Self { script: parsed, hash: ScriptHash::of(script.as_bytes()), data: BTreeMap::new() }
    }

    pub(crate) fn data(&self, peer: &str) -> Data {
        self.data.get(peer).cloned().unwrap_or_else(Data::nothing)
    }

    /// The script.
    pub(crate) fn script(&self) -> &Script {
        &self.script
    }

    /// The hash of the script.
    pub(crate) fn hash(&self) -> ScriptHash {
        self.hash
    }

    /// Gives a peer data, as if it had stored them.
    pub(crate) fn store(&mut self, peer: &str, data: Data) {
        self.data.insert(peer.into(), data);
    }

    /// A run, and all that it says.
    pub(crate) fn outcome(&mut self, peer: &str, current: &Data, answers: &[(u32, &str)]) -> Outcome {
        let answer = |(id, text): &(u32, &str)| (*id, Answer { ret_code: 0, result: (*text).into() });
        self.try_run(peer, current, answers.iter().map(answer).collect()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn try_run(&mut self, peer: &str, current: &Data, results: CallResults) -> Result<Outcome, InvokeError> {
        let mut parameters = RunParameters::new("A", peer);
        parameters.ttl = 22;
        let outcome = execute(&self.script, self.hash, &self.data(peer), current, &parameters, results)?;
        self.data.insert(peer.into(), outcome.data.clone());
        Ok(outcome)
    }

    fn run(&mut self, peer: &str, current: &Data, results: CallResults) -> String {
        match self.try_run(peer, current, results) {
            Ok(outcome) => shown(&outcome),
            Err(error) => format!("error {}", error.code()),
        }
    }

    /// What the data of a peer come to, as that peer sees it.
    pub(crate) fn rendered(&self, peer: &str) -> Rendered {
        let peer = Peer { current: Some(peer.into()), init: "A".into(), timestamp: 0, ttl: 22 };
        let data = peer.current.as_deref().map(|name| self.data(name)).unwrap_or_else(Data::nothing);
        render(&self.script, &data, &peer, Limits::default()).expect("the limits are far away")
    }

    /// A run without any data: the start, or just another look.
    pub(crate) fn start(&mut self, peer: &str) -> String {
        self.run(peer, &Data::nothing(), CallResults::new())
    }

    /// A run of `peer` with the data that `from` has now.
    pub(crate) fn receive(&mut self, peer: &str, from: &str) -> String {
        let current = self.data(from);
        self.run(peer, &current, CallResults::new())
    }

    /// A run of `peer` with older data.
    pub(crate) fn receive_data(&mut self, peer: &str, current: &Data) -> String {
        self.run(peer, current, CallResults::new())
    }

    /// A run of `peer` with answers: JSON texts by call id.
    pub(crate) fn answer(&mut self, peer: &str, answers: &[(u32, &str)]) -> String {
        let answer = |(id, text): &(u32, &str)| (*id, Answer { ret_code: 0, result: (*text).into() });
        self.run(peer, &Data::nothing(), answers.iter().map(answer).collect())
    }

    /// A run of `peer` in which its call failed.
    pub(crate) fn fail(&mut self, peer: &str, id: u32, ret_code: i32, text: &str) -> String {
        let answer = Answer { ret_code, result: text.into() };
        self.run(peer, &Data::nothing(), CallResults::from([(id, answer)]))
    }
}

/// What A says when it starts this script.
pub(crate) fn start(script: &str) -> String {
    Net::new(script).start("A")
}

/// What A says once these names hold these JSON values, each answered by its own call `A|get|NAME|`; without call ids.
pub(crate) fn with(values: &[(&str, &str)], body: &str) -> String {
    let calls: String =
        values.iter().map(|(name, _)| format!("(seq (call \"A\" (\"get\" \"{name}\") [] {name}) ")).collect();
    let mut net = Net::new(&format!("{calls}{body}{}", ")".repeat(values.len())));
    let mut said = net.start("A");
    for (id, (_, value)) in (1..).zip(values) {
        said = net.answer("A", &[(id, value)]);
    }
    without_ids(&said)
}

/// What operands come to as arguments, with their tetraplets, once these names hold these values.
pub(crate) fn shows(values: &[(&str, &str)], operands: &str) -> String {
    let said = with(values, &format!("(call \"A\" (\"ui\" \"show\") [{operands}])"));
    said.strip_prefix("ui.show").unwrap_or(&said).to_owned()
}

/// The error that an instruction raises under `xor`, as code, message, instruction and, if there is one, peer.
pub(crate) fn error_of(values: &[(&str, &str)], instruction: &str) -> String {
    let handler = "(call \"A\" (\"on\" \"error\") [:error:])";
    let calls: String =
        values.iter().map(|(name, _)| format!("(seq (call \"A\" (\"get\" \"{name}\") [] {name}) ")).collect();
    let mut net = Net::new(&format!("{calls}(xor {instruction} {handler}){}", ")".repeat(values.len())));
    let mut said = net.outcome("A", &Data::nothing(), &[]);
    for (id, (_, value)) in (1..).zip(values) {
        said = net.outcome("A", &Data::nothing(), &[(id, value)]);
    }
    let Some(request) = said.requests.values().find(|request| &*request.service_id == "on") else {
        return format!("no error: {}", without_ids(&shown(&said)));
    };
    let error = request.arguments.first().and_then(|error| error.as_object()).cloned().unwrap();
    let text = |name: &str| error.get(name).map(|value| value.as_str().map_or_else(|| value.to_text(), str::to_owned));
    let parts = ["error_code", "message", "instruction", "peer_id"];
    assert_eq!(error.len(), parts.iter().filter(|part| error.get(part).is_some()).count());
    let parts: Vec<_> = parts.into_iter().filter_map(text).collect();
    format!("{} {}", parts.join(" | "), request.tetraplets[0][0])
}

fn without_ids(said: &str) -> String {
    let lines = said.lines().map(|line| match line.split_once(": ") {
        Some((id, rest)) if id.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The sizes and positions in a trace agree with each other.
pub(crate) fn check_sizes(states: &[Executed]) {
    let len = states.len();
    // A `par` ends within the branch or `par` around it.
    let mut ends = vec![len];
    for (at, state) in states.iter().enumerate() {
        while ends.len() > 1 && ends.last().is_some_and(|end| *end <= at) {
            ends.pop();
        }
        match state {
            Executed::Par(left, right) => {
                let end = at + 1 + left + right;
                assert!(end <= *ends.last().unwrap(), "{at} {state}");
                ends.push(end);
                if *left > 0 {
                    ends.push(at + 1 + left);
                }
            }
            Executed::Fold(lore) => {
                let inside = |Window { start, len: size }: Window| start > at && start + size <= len;
                assert!(!lore.is_empty(), "{at} {state}");
                for iteration in lore {
                    assert!(inside(iteration.before) && inside(iteration.after), "{at} {state}");
                    assert!(iteration.before.start + iteration.before.len <= iteration.after.start, "{at} {state}");
                    let put = states.get(iteration.pos);
                    assert!(matches!(put, Some(Executed::Ap { .. } | Executed::Call(_))), "{at} {state}");
                }
            }
            Executed::Call(_) | Executed::Ap { .. } | Executed::Canon(_) => {}
        }
    }
}

/// What a run said: next peers, requests with arguments and tetraplets, and what is unusual.
pub(crate) fn shown(outcome: &Outcome) -> String {
    let mut lines = Vec::new();
    if let Some(error) = &outcome.error {
        lines.push(format!("error {}: {error}", error.kind.code()));
    }
    if !outcome.unknown_call_ids.is_empty() {
        lines.push(format!("unknown {:?}", outcome.unknown_call_ids));
    }
    if !outcome.next_peers.is_empty() {
        lines.push(format!("next {}", outcome.next_peers.join(" ")));
    }
    for (id, request) in &outcome.requests {
        let arguments: Vec<_> = request.arguments.iter().map(|json| json.to_text()).collect();
        let tetraplets: Vec<_> = request
            .tetraplets
            .iter()
            .map(|list| format!("[{}]", list.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" ")))
            .collect();
        let (service, function) = (&request.service_id, &request.function_name);
        let line = format!("{id}: {service}.{function}({}) {}", arguments.join(", "), tetraplets.join(" "));
        lines.push(line.trim_end().to_owned());
    }
    if !outcome.disputed.is_empty() {
        lines.push(format!("disputed {}", outcome.disputed.len()));
    }
    if !outcome.not_taken.is_empty() {
        lines.push(format!("not taken {}", outcome.not_taken.len()));
    }
    lines.join("\n")
}
