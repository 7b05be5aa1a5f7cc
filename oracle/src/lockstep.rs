//! One history on both engines, run by run.
//!
//! Our engine plays a case: hosts, messages, answers, in the order that the case says. The reference is then given the
//! same, run by run: at each peer its own data of that peer, what *it* had made of each message that arrives, the same
//! answers to the calls that both asked for. So the two never need to understand each other's data, and differ in what
//! they say only.

use crate::Reference;
use crate::events::Events;
use crate::features::may_take_part;
use airtight_engine::data::Answer;
use airtight_engine::execute::{Limits, Peer};
use airtight_engine::inspect::inspect;
use airtight_engine::invoke::{CallRequest, CallRequests, CallResults, InterpreterResult, RunParameters};
use airtight_engine::runner::{AvmRunner, LogLevel, RunnerError};
use airtight_engine::script::{Script, Value};
use airtight_engine::value::{Json, Object, Tetraplet};
use airtight_generators::Event;
use airtight_properties::{Case, CaseError, Played, Run, Subject};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The code of a run that our engine gave up for a limit.
pub(crate) const LIMIT_EXCEEDED: i64 = 10;

/// In what the two differ.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The reference has no result at all.
    Failure,
    /// The class of the return code.
    Class,
    /// The return code, within its class.
    Code,
    /// One asks for a call for which the other does not.
    Requests,
    /// The arguments of a call.
    Arguments,
    /// Where arguments come from.
    Origins,
    /// The reference names a peer that ours does not.
    NextPeers,
    /// What the data of a peer hold in the end.
    Events,
}

impl Kind {
    /// Whether what follows says nothing any more, since the two know different things from then on.
    const fn ends(self) -> bool {
        matches!(self, Self::Failure | Self::Class | Self::Requests)
    }

    /// Its name, as the ledger has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Class => "class",
            Self::Code => "code",
            Self::Requests => "requests",
            Self::Arguments => "arguments",
            Self::Origins => "origins",
            Self::NextPeers => "next-peers",
            Self::Events => "events",
        }
    }
}

/// A difference between what the two said about one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Divergence {
    /// In what they differ.
    pub kind: Kind,
    /// And how: a few words that are the same for all differences of this sort.
    pub detail: String,
    /// In which run of the history, from 1.
    pub run: usize,
    /// At which peer.
    pub peer: Arc<str>,
    /// What our engine said.
    pub ours: String,
    /// What the reference said.
    pub theirs: String,
    /// Whether some peer had lost its data by then.
    pub after_loss: bool,
    /// Whether some call had failed by then.
    pub after_failure: bool,
}

impl Divergence {
    /// Whether this is the same sort of difference, for the same reason as far as the reference names one.
    pub fn is_like(&self, other: &Self) -> bool {
        (self.kind, &self.detail, self.reason()) == (other.kind, &other.detail, other.reason())
    }

    /// How the reference begins to say why it failed: without what differs from one script to the next, as names and values.
    /// One code may have many reasons.
    fn reason(&self) -> &str {
        if !matches!(self.kind, Kind::Failure | Kind::Class) {
            return "";
        }
        let said = self.theirs.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
        let said = said.split(", calls [").next().unwrap_or_default();
        said.split(|c: char| c.is_ascii_digit() || matches!(c, '"' | '\'')).next().unwrap_or_default()
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, detail, run, peer, ours, theirs, .. } = self;
        writeln!(f, "{} ({detail}), in run {run}, at `{peer}`", kind.name())?;
        writeln!(f, "  ours:      {ours}")?;
        write!(f, "  reference: {theirs}")
    }
}

/// What a history came to.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// Each sort of difference at its first occurrence, in the order of the runs.
    pub divergences: Vec<Divergence>,
    /// How many runs both made.
    pub runs: u64,
    /// How many calls both asked for.
    pub requests: u64,
    /// How many calls were answered to both.
    pub answers: u64,
    /// How often our engine named a peer that the reference did not.
    pub told_more: u64,
    /// How often the history ended at a peer whose name is neither in the script nor in an answer, and so not known by a key.
    pub strays: u64,
    /// Whether both came to the end of the history.
    pub ended: bool,
}

/// Plays a case with our engine, and the same on the reference.
///
/// # Errors
/// If the case cannot be played at all.
pub fn compare(case: &Case, ours: &mut Subject, theirs: &mut Reference) -> Result<Compared, CaseError> {
    follow(&case.play(ours)?, theirs)
}

/// Plays on the reference what our engine played.
///
/// # Errors
/// If the case cannot be played at all.
pub(crate) fn follow(played: &Played, theirs: &mut Reference) -> Result<Compared, CaseError> {
    theirs.know_no_more();
    let (script, services) = played.case.prepare()?;
    let named: BTreeSet<String> = services.peers().map(str::to_owned).chain(named(&script, &played.runs)).collect();
    let peers = played.runs.iter().flat_map(|run| run.result.next_peers.iter().chain([run.peer()]));
    theirs.know(peers.map(|peer| &**peer).filter(|peer| named.contains(*peer)));
    let mut follower = Follower {
        played,
        reference: theirs,
        stored: BTreeMap::new(),
        messages: BTreeMap::new(),
        calls: BTreeMap::new(),
        named,
        has_lost: false,
        has_failed: false,
        compared: Compared::default(),
    };
    follower.follow();
    Ok(follower.compared)
}

/// The reference on the way that our engine went.
struct Follower<'p> {
    played: &'p Played,
    reference: &'p mut Reference,
    /// The reference's data, by peer.
    stored: BTreeMap<Arc<str>, Arc<[u8]>>,
    /// Its data on their way, by the number of the message.
    messages: BTreeMap<usize, Arc<[u8]>>,
    /// The reference's ids of calls, by peer and our id.
    calls: BTreeMap<(Arc<str>, u32), u32>,
    /// The texts that scripts and services name; others were made by the engine, and so not mapped.
    named: BTreeSet<String>,
    /// Whether some peer lost its data.
    has_lost: bool,
    /// Whether some service failed.
    has_failed: bool,
    compared: Compared,
}

impl Follower<'_> {
    fn follow(&mut self) {
        let mut runs = self.played.runs.iter().enumerate();
        for event in &self.played.history.events {
            match event {
                Event::Sent { message, from, .. } => {
                    let data = self.stored.get(from).cloned().unwrap_or_default();
                    self.messages.insert(*message, data);
                }
                Event::Ran { message, .. } => {
                    let Some((number, run)) = runs.next() else { return };
                    let current = message.and_then(|message| self.messages.get(&message).cloned()).unwrap_or_default();
                    if !self.run(number + 1, run, &current) {
                        return;
                    }
                }
                Event::Forgot { peer } => {
                    self.has_lost = true;
                    self.stored.remove(peer);
                    self.calls.retain(|(of, _), _| of != peer);
                }
                Event::Begun { .. } | Event::Delivered { .. } | Event::Answered { .. } | Event::Restarted { .. } => {}
            }
        }
        self.compared.ended = self.played.quiet_at.is_some();
        self.hold_events();
    }

    /// Holds what both know in the end against each other, peer by peer.
    fn hold_events(&mut self) {
        for (peer, data) in self.played.stored_last() {
            let Some(last) = self.played.runs.iter().rposition(|run| *run.peer() == peer) else { continue };
            let theirs = self.stored.get(&peer).cloned().unwrap_or_default();
            let (ours, theirs) = (Events::ours(&data), Events::theirs(self.reference, &theirs));
            let (detail, ours, theirs) = match (ours, theirs) {
                (Some(ours), Some(theirs)) => {
                    let (more, less) = (ours.without(&theirs), theirs.without(&ours));
                    let detail = match (more.is_empty(), less.is_empty()) {
                        (true, true) => continue,
                        (false, true) => "ours only",
                        (true, false) => "reference only",
                        (false, false) => "different ones",
                    };
                    (detail, more.join("; "), less.join("; "))
                }
                (ours, theirs) => ("unread", format!("{}", ours.is_some()), format!("{}", theirs.is_some())),
            };
            let run = &self.played.runs[last];
            self.note(last + 1, run, Kind::Events, detail.into(), ours, theirs);
        }
    }

    /// Gives a run to the reference, and says whether the history goes on.
    fn run(&mut self, number: usize, run: &Run, current: &[u8]) -> bool {
        let peer = run.peer();
        if !self.named.contains(&**peer) {
            self.compared.strays += 1;
            return false;
        }
        self.has_failed |= run.answers.values().any(has_failed);
        let previous = self.stored.get(peer).cloned().unwrap_or_default();
        let answers: CallResults = run
            .answers
            .iter()
            .filter_map(|(id, answer)| Some((*self.calls.get(&(peer.clone(), *id))?, Answer::clone(answer))))
            .collect();
        self.compared.answers += answers.len() as u64;
        let air = &self.played.case.script;
        let result = match self.reference.run(air, &previous, current, &run.parameters, &answers) {
            Ok(result) => result,
            Err(error) => {
                let detail = match error {
                    RunnerError::Panicked { .. } => "panic",
                    RunnerError::TimedOut { .. } if run.result.ret_code == LIMIT_EXCEEDED => "time beyond a limit",
                    RunnerError::TimedOut { .. } => "time",
                    _ => "other",
                };
                self.note(number, run, Kind::Failure, detail.into(), outcome(&run.result), error.to_string());
                // The next history begins with a runner that is ready, or fails for the same reason again.
                let _ = self.reference.init(LogLevel::Error);
                return false;
            }
        };
        self.compared.runs += 1;
        self.stored.insert(peer.clone(), result.data.as_slice().into());
        self.hold(number, run, &result)
    }

    fn note(&mut self, run: usize, of: &Run, kind: Kind, detail: String, ours: String, theirs: String) {
        let (after_loss, after_failure) = (self.has_lost, self.has_failed);
        let peer = of.peer().clone();
        let divergence = Divergence { kind, detail, run, peer, ours, theirs, after_loss, after_failure };
        if !self.compared.divergences.iter().any(|one| one.is_like(&divergence)) {
            self.compared.divergences.push(divergence);
        }
    }

    /// Holds the two results against each other, and says whether the history goes on.
    fn hold(&mut self, number: usize, run: &Run, theirs: &InterpreterResult) -> bool {
        let ours = &run.result;
        let before = self.compared.divergences.len();
        let (our_code, their_code) = (ours.ret_code, theirs.ret_code);
        if our_code != their_code {
            let kind = if class(our_code) == class(their_code) { Kind::Code } else { Kind::Class };
            self.note(number, run, kind, format!("{our_code} {their_code}"), outcome(ours), outcome(theirs));
            if kind.ends() {
                return false;
            }
        }
        self.hold_requests(number, run, theirs);
        let ours_next: BTreeSet<_> = ours.next_peers.iter().collect();
        let theirs_next: BTreeSet<_> = theirs.next_peers.iter().collect();
        self.compared.told_more += ours_next.difference(&theirs_next).count() as u64;
        if !theirs_next.is_subset(&ours_next) {
            let extra: Vec<&Arc<str>> = theirs_next.difference(&ours_next).copied().collect();
            let detail = self.untold(number, run, &extra);
            let (ours, theirs) = (format!("{ours_next:?}"), format!("{theirs_next:?}"));
            self.note(number, run, Kind::NextPeers, detail.into(), ours, theirs);
        }
        !self.compared.divergences[before..].iter().any(|one| one.kind.ends() || one.detail == "value")
    }

    /// Why our engine did not name these peers: `pending` if each of them has something to do, and all of that is no news: the
    /// current data, now or in an earlier run, show it with as many arguments at hand, so that their sender told; or the
    /// previous ones do, and an argument is still missing; or an earlier run here named the peer for it. It is `not told` if
    /// there is more, of which our engine must tell.
    fn untold(&self, number: usize, run: &Run, peers: &[&Arc<str>]) -> &'static str {
        let RunParameters { init_peer_id, timestamp, ttl, .. } = &run.parameters;
        let reader = Peer { current: None, init: init_peer_id.clone(), timestamp: *timestamp, ttl: *ttl };
        let pending = |data: &[u8]| {
            let view = inspect(Some(&self.played.case.script), data, Some(&reader), Limits::default()).ok();
            let replay = view.and_then(|view| view.replay);
            replay.into_iter().flat_map(|replay| replay.pending).map(|one| (one.place, one.peer, one.arguments))
        };
        let after: Vec<_> = pending(&run.after).filter(|(_, peer, _)| peers.contains(&peer)).collect();
        if !peers.iter().all(|peer| after.iter().any(|(_, of, _)| of == *peer)) {
            return "not reached";
        }
        let incomplete = pending(&run.previous).filter(|(_, _, arguments)| arguments.contains(&false));
        let earlier = self.played.runs.iter().take(number - 1).filter(|earlier| earlier.peer() == run.peer());
        let told = earlier.flat_map(|earlier| {
            let named = &earlier.result.next_peers;
            let none: &[u8] = &[];
            let data = if peers.iter().any(|peer| named.contains(*peer)) { &*earlier.after } else { none };
            pending(data).filter(|(_, peer, _)| named.contains(peer)).chain(pending(&earlier.current))
        });
        let known: BTreeSet<_> = incomplete.chain(pending(&run.current)).chain(told).collect();
        if after.iter().all(|one| known.contains(one)) { "pending" } else { "not told" }
    }

    fn hold_requests(&mut self, number: usize, run: &Run, theirs: &InterpreterResult) {
        let peer = run.peer();
        let mut ours: CallRequests = run.result.requests.clone();
        // After a restart our engine repeats what is open.
        ours.retain(|id, _| !self.calls.contains_key(&(peer.clone(), *id)));
        let mut left: Vec<(u32, CallRequest)> = theirs.requests.clone().into_iter().collect();
        let mut extra: Vec<(u32, CallRequest)> = ours.into_iter().collect();
        // Of several with one text, those with the same origins go together, before others do.
        let alike = [
            |ours: &CallRequest, theirs: &CallRequest| ours == theirs,
            |ours: &CallRequest, theirs: &CallRequest| name(ours) == name(theirs) && ours.arguments == theirs.arguments,
            |ours: &CallRequest, theirs: &CallRequest| name(ours) == name(theirs),
        ];
        for alike in alike {
            for request in std::mem::take(&mut extra) {
                match left.iter().position(|(_, other)| alike(&request.1, other)) {
                    Some(at) => self.pair(number, run, request, left.remove(at)),
                    None => extra.push(request),
                }
            }
        }
        let detail = match (extra.is_empty(), left.is_empty()) {
            (true, true) => return,
            (false, true) => "ours only",
            (true, false) => "reference only",
            (false, false) => "different ones",
        };
        let (ours, theirs) = (outcome(&run.result), outcome(theirs));
        self.note(number, run, Kind::Requests, detail.into(), ours, theirs);
    }

    /// Two requests are of the same call.
    fn pair(&mut self, number: usize, run: &Run, ours: (u32, CallRequest), theirs: (u32, CallRequest)) {
        self.calls.insert((run.peer().clone(), ours.0), theirs.0);
        self.compared.requests += 1;
        let (ours, theirs) = (ours.1, theirs.1);
        // Of one name are only calls with as many arguments.
        for (ours, theirs) in ours.arguments.iter().zip(&theirs.arguments).filter(|(ours, theirs)| ours != theirs) {
            let mut tags = BTreeSet::new();
            differ(ours, theirs, None, &mut tags);
            if tags.is_empty() {
                tags.insert("value");
            }
            for tag in tags {
                self.note(number, run, Kind::Arguments, tag.into(), ours.to_string(), theirs.to_string());
            }
        }
        if ours.tetraplets.len() != theirs.tetraplets.len() {
            let (ours, theirs) = (format!("{:?}", ours.tetraplets), format!("{:?}", theirs.tetraplets));
            self.note(number, run, Kind::Origins, "count".into(), ours, theirs);
        }
        let (function, count) = (&ours.function_name, ours.arguments.len());
        for (argument, (ours, theirs)) in ours.tetraplets.iter().zip(&theirs.tetraplets).enumerate() {
            if ours.len() != theirs.len() {
                self.note(number, run, Kind::Origins, "count".into(), format!("{ours:?}"), format!("{theirs:?}"));
            }
            for (ours, theirs) in ours.iter().zip(theirs) {
                if let Some(mut detail) = origin(ours, theirs) {
                    let tree = self.played.script.tree();
                    if detail == "lens lost" && !may_take_part(tree, function, count, argument) {
                        detail = "lens of a value lost";
                    }
                    self.note(number, run, Kind::Origins, detail.into(), ours.to_string(), theirs.to_string());
                }
            }
        }
    }
}

/// The strings of a script and of what services answered.
fn named(script: &Script, runs: &[Run]) -> Vec<String> {
    let tree = script.tree();
    let mut named = Vec::new();
    for node in tree.node_ids() {
        for (operand, _) in tree.placed_operands(node) {
            if let Value::String(text) = &tree.operand(operand).value {
                named.push(tree.text(*text).to_owned());
            }
        }
    }
    for answer in runs.iter().flat_map(|run| run.answers.values()).filter(|answer| answer.ret_code == 0) {
        let mut open: Vec<Json> = Json::parse(answer.result.as_bytes()).into_iter().collect();
        while let Some(value) = open.pop() {
            match &value {
                Json::String(text) => named.push(text.chars().to_string()),
                Json::Array(items) => open.extend(items.iter().cloned()),
                Json::Object(fields) => open.extend(fields.iter().map(|(_, value)| value.clone())),
                _ => {}
            }
        }
    }
    named
}

/// Whether a service failed, or answered with what is not JSON, which is a failure.
fn has_failed(answer: &Answer) -> bool {
    answer.ret_code != 0 || Json::parse(answer.result.as_bytes()).is_err()
}

fn name(request: &CallRequest) -> (&str, &str, usize) {
    (&request.service_id, &request.function_name, request.arguments.len())
}

/// The class of a return code, by what becomes of the data.
const fn class(code: i64) -> i64 {
    match code {
        0 => 0,
        1..10000 => 1,
        _ => code / 10000 * 10000,
    }
}

/// A result in one line, without its data.
fn outcome(result: &InterpreterResult) -> String {
    let one = |(id, request): (&u32, &CallRequest)| {
        let arguments: Vec<_> = request.arguments.iter().map(Json::to_text).collect();
        format!("{id}: {}.{}({})", request.service_id, request.function_name, arguments.join(", "))
    };
    let requests: Vec<_> = result.requests.iter().map(one).collect();
    let code = result.ret_code;
    let message = if result.error_message.is_empty() { "" } else { " " };
    format!("{code}{message}{}, calls [{}], next {:?}", result.error_message, requests.join("; "), result.next_peers)
}

/// The code that the reference has for whatever `fail` raised.
const RAISED_BY_FAIL: i64 = 10006;

/// Collects how two values differ. What stands at a key of an error object is given its tag.
fn differ(ours: &Json, theirs: &Json, tag: Option<&'static str>, tags: &mut BTreeSet<&'static str>) {
    if ours == theirs {
        return;
    }
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) if tag.is_none() => {
            let errors = is_error(ours) && is_error(theirs);
            let keys: BTreeSet<&str> = ours.iter().chain(theirs.iter()).map(|(key, _)| &**key.chars()).collect();
            for key in keys {
                let tag = of_error(key).filter(|_| errors);
                match (ours.get(key), theirs.get(key)) {
                    (Some(ours), Some(theirs)) => differ(ours, theirs, tag, tags),
                    // A key that is not there is not one with `null`.
                    _ => drop(tags.insert(tag.unwrap_or("value"))),
                }
            }
        }
        (Json::Array(ours), Json::Array(theirs)) if tag.is_none() && ours.len() == theirs.len() => {
            for (ours, theirs) in ours.iter().zip(theirs.iter()) {
                differ(ours, theirs, None, tags);
            }
        }
        _ => {
            tags.insert(match tag {
                Some(tag) => tag,
                // The code alone, as a lens takes it out of an error.
                _ if integer(theirs) == Some(RAISED_BY_FAIL) && integer(ours).is_some() => "error code",
                _ if is_message(ours, theirs) => "text of an error",
                _ if ours.as_str().is_some() && theirs.as_str().is_some() => "text",
                _ => "value",
            });
        }
    }
}

/// Whether an object has what every error object has.
fn is_error(object: &Object) -> bool {
    object.get("error_code").and_then(integer).is_some() && object.get("message").and_then(Json::as_str).is_some()
}

/// How a difference at a key of an error object is called.
fn of_error(key: &str) -> Option<&'static str> {
    Some(match key {
        "message" => "message",
        "instruction" => "instruction",
        "peer_id" => "peer of an error",
        "error_code" => "error code",
        _ => return None,
    })
}

/// How our messages of errors begin that scripts can catch.
const MESSAGES: [&str; 14] = [
    "the service failed with code ",
    "the operands of `",
    "a value would nest deeper than ",
    "`fold` goes through arrays, not ",
    "the script raised an error object",
    "not an error object: ",
    "peers, services and functions are strings, not ",
    "keys of stream maps are strings and integers, not ",
    "index ",
    "field `",
    "no field `",
    "no key `",
    "the length of ",
    "an iterator cannot select a key of a canon map",
];

/// How they end, where they begin with a name or a value.
const ENDINGS: [&str; 3] = [
    "` is read before its `new` gives it a value",
    " is no index: indices are integers below 2^32",
    " selects nothing: a string or an integer does",
];

/// How the reference begins its message of whatever `fail` raised; ours is what was raised.
const RAISED: &str = "fail with '";

/// Whether two texts are what the two say of an error.
fn is_message(ours: &Json, theirs: &Json) -> bool {
    let (Some(ours), Some(theirs)) = (ours.as_str(), theirs.as_str()) else { return false };
    theirs.starts_with(RAISED)
        || MESSAGES.iter().any(|begin| ours.starts_with(begin))
        || ENDINGS.iter().any(|end| ours.ends_with(end))
}

fn integer(value: &Json) -> Option<i64> {
    match value {
        Json::Number(number) => number.as_i64(),
        _ => None,
    }
}

/// Whether two paths are the same but for the signs at which parts begin, and for steps by a name, which the reference tells
/// as the name and ours as what it stands for.
fn is_respelled(ours: &str, theirs: &str) -> bool {
    let (ours, theirs) = (steps(ours), steps(theirs));
    let named = |step: &str| step.strip_prefix('[').is_some_and(|name| !name.starts_with(|c: char| c.is_ascii_digit()));
    ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| ours == theirs || named(theirs))
}

fn steps(path: &str) -> Vec<&str> {
    path.split('.').filter(|step| !matches!(*step, "" | "$")).collect()
}

/// Whether a path lacks steps of ours: the last ones, or the first ones, before others were appended.
fn lacks_steps(ours: &str, theirs: &str) -> bool {
    let (all, left) = (steps(ours), steps(theirs));
    ours.starts_with(theirs) || left.len() < all.len() && all.ends_with(&left)
}

/// How two origins differ, if they do.
fn origin(ours: &Tetraplet, theirs: &Tetraplet) -> Option<&'static str> {
    if ours == theirs {
        return None;
    }
    let maker = |of: &Tetraplet| (of.peer.clone(), of.service.clone(), of.function.clone());
    let literal = theirs.service.is_empty() && theirs.function.is_empty();
    let is_length = ours.lens.ends_with(".length");
    Some(if is_length && &*theirs.lens == ".length" && theirs.peer.is_empty() {
        "length of a value"
    } else if is_length && &*theirs.service == ".length" {
        "length of a canon"
    } else if is_length && &*theirs.lens == "length" {
        "length of a canon map"
    } else if maker(ours) == maker(theirs) && lacks_steps(&ours.lens, &theirs.lens) {
        "lens lost"
    } else if maker(ours) == maker(theirs) && is_respelled(&ours.lens, &theirs.lens) {
        "lens spelled"
    } else if maker(ours) == maker(theirs) {
        "lens"
    } else if literal && theirs.peer == ours.peer {
        "service lost"
    } else {
        "maker"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(ours: &str, theirs: &str) -> Vec<&'static str> {
        let read = |text: &str| Json::parse(text.as_bytes()).expect("it is JSON");
        let mut tags = BTreeSet::new();
        differ(&read(ours), &read(theirs), None, &mut tags);
        tags.into_iter().collect()
    }

    #[test]
    fn a_key_with_null_is_not_an_absent_one() {
        assert_eq!(tags(r#"{"a":null}"#, "{}"), ["value"]);
        assert_eq!(tags("{}", r#"{"a":null}"#), ["value"]);
        assert!(tags(r#"{"a":null}"#, r#"{"a":null}"#).is_empty());
    }

    #[test]
    fn words_of_errors_are_in_errors() {
        assert_eq!(tags(r#"{"message":"a"}"#, r#"{"message":"b"}"#), ["text"]);
        assert_eq!(tags(r#"{"peer_id":"a","instruction":1}"#, r#"{"peer_id":"b","instruction":2}"#), ["text", "value"]);
        let (ours, theirs) = (r#"{"error_code":1,"message":"a"}"#, r#"{"error_code":1,"message":"b","peer_id":"c"}"#);
        assert_eq!(tags(ours, theirs), ["message", "peer of an error"]);
        assert_eq!(tags(&format!("[{ours}]"), &format!("[{theirs}]")), ["message", "peer of an error"]);
        assert_eq!(tags(ours, r#"{"error_code":1,"message":"a","more":null}"#), ["value"]);
    }

    #[test]
    fn steps_are_lost_at_either_end() {
        let of = |lens: &str| Tetraplet { lens: lens.into(), ..Tetraplet::call("a", "s", "f") };
        let differ = |ours: &str, theirs: &str| origin(&of(ours), &of(theirs));
        assert_eq!(differ(".$.message", ""), Some("lens lost"));
        assert_eq!(differ(".$.message.key", ".$.key"), Some("lens lost"));
        assert_eq!(differ(".$.message.key", ".$.message.$.key"), Some("lens spelled"));
        assert_eq!(differ(".$.key", ".$.message.key"), Some("lens"));
        assert_eq!(differ(".$.message.key", ".$.value"), Some("lens"));
    }
}
