//! `call` and `canon`: taking the event of a place, making it, or waiting for whoever can.

use super::machine::{Go, Machine};
use super::scope::Value;
use super::{Catchable, End, ErrorKind, Miss, Stop, Time, error};
use crate::data::{Answer, ArgumentHash, Claim, EventResult, Outcome, OutputKind, PlaceId, ResultIx};
use crate::script::{self, Binding, NodeId, OperandId, OperandIds, VariableKind};
use crate::value::{Canon, CanonMap, Json, Origin, Single, Tetraplet, TooDeep};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Answers to this peer's calls, by place.
pub type Answers = BTreeMap<PlaceId, Answer>;

/// The operands of a call.
pub(super) struct Call {
    pub(super) peer: OperandId,
    pub(super) service: OperandId,
    pub(super) function: OperandId,
    pub(super) arguments: OperandIds,
    pub(super) output: Option<OperandId>,
}

/// What a pending call or canon counts, for all that is kept of it until the run is over.
const STEPS_OF_PENDING: usize = 16;

/// What a request counts, beside what it says: it is noted, listed, kept in the journal, and written twice.
const STEPS_OF_REQUEST: usize = 64;

/// What a canon that is fixed counts, beside its elements.
const STEPS_OF_FIXED: usize = 64;

/// What an element of a canon counts, for the room it takes in values and stores.
const STEPS_OF_ELEMENT: usize = 4;

/// A call or canon that is reached and has no event.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its place.
    pub place: PlaceId,
    /// The instruction.
    pub node: NodeId,
    /// Who can make the event.
    pub peer: Arc<str>,
    /// When it was reached.
    pub reached: Time,
    /// For each argument, when it was known, if it is.
    pub arguments: Box<[Option<Time>]>,
}

impl Pending {
    /// Which arguments were at hand at a time, if it was reached then.
    pub fn at_hand(&self, time: Time) -> Option<impl Iterator<Item = bool>> {
        let reached = self.reached <= time;
        reached.then(|| self.arguments.iter().map(move |known| known.is_some_and(|known| known <= time)))
    }
}

/// What a peer asks its host for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The place of the call, for which the answer is.
    pub place: PlaceId,
    /// The instruction.
    pub node: NodeId,
    /// Which service, and which function of it.
    pub tetraplet: Arc<Tetraplet>,
    /// The arguments.
    pub arguments: Vec<Json>,
    /// For each argument, where it came from: one tetraplet for a value, one for each element of a canon.
    pub tetraplets: Vec<Vec<Arc<Tetraplet>>>,
}

/// The arguments of a call as far as they are known.
struct Arguments {
    values: Vec<Value>,
    jsons: Vec<Json>,
    known: Box<[Option<Time>]>,
    /// When all of them were known, if they are.
    ready: Option<Time>,
}

impl Machine<'_> {
    pub(super) fn call(&mut self, call: Call, known: Time) -> Result<Go, Stop> {
        let triplet = self.string(call.peer, known).and_then(|(peer, known)| {
            let (service, known) = self.string(call.service, known)?;
            let (function, known) = self.string(call.function, known)?;
            Ok((Tetraplet::call(peer, service, function), known))
        });
        let (tetraplet, reached) = match triplet {
            Ok((tetraplet, known)) => (Arc::new(tetraplet), known),
            Err(miss) => return self.used_up(miss, call.output, None),
        };
        let arguments = match self.arguments(call.arguments, reached) {
            Ok(arguments) => arguments,
            Err(miss) => return self.used_up(miss, call.output, Some(tetraplet)),
        };
        let Arguments { values, jsons, known, ready } = arguments;
        let pending = |machine: &Self| Pending {
            place: machine.here.place_id(),
            node: machine.node,
            peer: tetraplet.peer.clone(),
            reached,
            arguments: known.clone(),
        };
        let Some(ready) = ready else {
            // Claims there may be: of whoever knows the arguments, where this peer disputes what they come from, or forged.
            self.report_misfits(0);
            self.spend(STEPS_OF_PENDING)?;
            self.out.pending.push(pending(self));
            return Ok(Go::Ended(End::Waits));
        };
        let output = match call.output.map(|output| self.bindings.operand(output)) {
            None => OutputKind::Unused,
            Some(Binding::Stream(_)) => OutputKind::Stream,
            Some(_) => OutputKind::Scalar,
        };
        let hash = ArgumentHash::of(&jsons);
        let stores = self.walk.shared().stores();
        let fits = |claim: &Claim| match claim.result {
            ResultIx::Canon(_) => false,
            ResultIx::Call(result) => {
                stores.call_answers(result, &tetraplet, &hash, output)
                    && match stores.calls.get(result).outcome {
                        Outcome::Value(_) => true,
                        Outcome::Failure(value) => error::failure_parts(stores.values.get(value).json()).is_some(),
                    }
            }
        };
        let outcome = |claim: &Claim| match claim.result {
            ResultIx::Canon(_) => None,
            ResultIx::Call(result) => Some(match stores.calls.get(result).outcome {
                Outcome::Value(value) => Outcome::Value(stores.values.get(value).json().clone()),
                Outcome::Failure(value) => Outcome::Failure(stores.values.get(value).json().clone()),
            }),
        };
        let mut events: Vec<(Outcome<Json>, Time)> = Vec::new();
        for claim in self.here.claims().iter().filter(|claim| fits(claim)) {
            events.extend(outcome(claim).map(|outcome| (outcome, claim.at as Time + 1)));
        }
        self.report_misfits(events.len());
        let own = self.peer.current.as_ref() == Some(&tetraplet.peer);
        // Most runs replay many events and take few answers.
        let answered = own && !self.answers.is_empty();
        // The walk may come to a place again: then what it made there is the event.
        if let Some(EventResult::Call { outcome, tetraplet: of, arguments, output: to }) = self.walk.added(&self.here)
            && (of, arguments, *to) == (&tetraplet, &hash, output)
            && !events.iter().any(|(event, _)| event == outcome)
        {
            events.push((outcome.clone(), self.now));
        }
        if answered && let Some(answer) = self.answers.remove(&self.here.place_id()) {
            self.out.settled.push(self.here.place_id());
            let outcome = self.read_answer(&answer)?;
            if !events.iter().any(|(event, _)| *event == outcome) {
                let made = EventResult::Call {
                    outcome: outcome.clone(),
                    tetraplet: tetraplet.clone(),
                    arguments: hash,
                    output,
                };
                self.walk.add(&self.here, made);
                events.push((outcome, self.now));
            }
        }
        let mut events = events.into_iter();
        let (outcome, at) = match (events.next(), events.next()) {
            (Some(event), None) => event,
            (Some(_), Some(_)) => {
                self.out.disputed.push((self.here.place_id(), self.node));
                return Ok(Go::Ended(End::Waits));
            }
            (None, _) => {
                let waiting = pending(self);
                let place = waiting.place;
                self.spend(STEPS_OF_PENDING)?;
                self.note(|recorder, site| recorder.pending_call(site, &waiting.peer));
                self.out.pending.push(waiting);
                if own {
                    let tetraplets = self.request_origins(&tetraplet, &jsons, &values)?;
                    let node = self.node;
                    self.out.requests.push(Request { place, node, tetraplet, arguments: jsons, tetraplets });
                }
                return Ok(Go::Ended(End::Waits));
            }
        };
        self.note(|recorder, site| recorder.call(site, at, &outcome, &tetraplet, output));
        let known = ready.max(at);
        let go = match outcome {
            Outcome::Failure(value) => {
                if let Some(output) = call.output {
                    self.settle(output, known);
                }
                let kind = error::failure_parts(&value).unwrap_or(ErrorKind::TooDeep);
                Go::Ended(End::Failed(known, self.error(kind, Some(tetraplet))?))
            }
            Outcome::Value(json) => {
                let single = Single { json, origin: Origin::of(tetraplet) };
                match (call.output, output) {
                    (Some(to), OutputKind::Stream) => self.append(to, known, single)?,
                    (Some(to), _) => self.set(to, known, Value::Single(single)),
                    (None, _) => {}
                }
                Go::Ended(End::Complete(known))
            }
        };
        self.here.step();
        Ok(go)
    }

    /// For each argument of a request, where it came from; counts what the request takes until it is with the host, where
    /// all of its text is written out.
    fn request_origins(
        &mut self,
        call: &Tetraplet,
        arguments: &[Json],
        values: &[Value],
    ) -> Result<Vec<Vec<Arc<Tetraplet>>>, Stop> {
        const BYTES_PER_STEP: u64 = 8;
        const STEPS_OF_ORIGIN: usize = 16;
        let count: usize = values.iter().map(|value| 1 + value.tetraplet_count()).sum();
        self.spend(STEPS_OF_REQUEST + STEPS_OF_ORIGIN * count)?;
        let origins: Vec<_> = values.iter().map(Value::tetraplets).collect();
        let text = |origin: &Tetraplet| {
            let Tetraplet { peer, service, function, lens } = origin;
            [peer, service, function, lens].iter().map(|part| part.len() as u64).sum::<u64>()
        };
        let bytes = text(call) + origins.iter().flatten().map(|origin| text(origin)).sum::<u64>();
        let bytes = arguments.iter().map(Json::text_len).fold(bytes, u64::saturating_add);
        self.spend(usize::try_from(bytes / BYTES_PER_STEP).unwrap_or(usize::MAX))?;
        Ok(origins)
    }

    /// A call or canon that failed before it could have an event uses its place up all the same.
    fn used_up(&mut self, miss: Miss, output: Option<OperandId>, call: Option<Arc<Tetraplet>>) -> Result<Go, Stop> {
        // Whose call it is, or what is called, is unknown or wrong: no claim answers that.
        if !matches!(miss, Miss::Stop(_)) {
            self.report_misfits(0);
        }
        if let Miss::Failed(..) = miss {
            self.here.step();
        }
        self.missed_output(miss, output, call)
    }

    /// Names the place at hand if it has claims beside those that fit, or anything inside it.
    pub(super) fn report_misfits(&mut self, fitting: usize) {
        let place = self.here.place();
        let has_children = place.is_some_and(|place| place.children().len() > 0);
        if fitting < self.here.claims().len() || has_children {
            self.out.not_taken.push((self.here.place_id(), self.node));
        }
    }

    /// Looks at all arguments, so that it is known which are at hand; an error counts when everything left of it is known.
    fn arguments(&mut self, operands: OperandIds, reached: Time) -> Result<Arguments, Miss> {
        self.spend(operands.len())?;
        let mut values = Vec::with_capacity(operands.len());
        let mut jsons = Vec::with_capacity(operands.len());
        let mut at_hand = Vec::with_capacity(operands.len());
        let mut ready = Some(reached);
        let mut failed = None;
        for operand in operands {
            let argument = self.operand(operand, reached);
            match argument.and_then(|(value, known)| Ok((self.value_json(&value, known)?, value, known))) {
                Ok((json, value, known)) => {
                    ready = ready.map(|ready| ready.max(known));
                    at_hand.push(Some(known));
                    values.push(value);
                    jsons.push(json);
                }
                Err(Miss::Missing(name)) => {
                    if failed.is_none() {
                        self.out.waiting.push((self.node, name));
                    }
                    ready = None;
                    at_hand.push(None);
                }
                Err(Miss::Failed(known, kind)) => {
                    at_hand.push(Some(known));
                    if let (Some(ready), None) = (ready, &failed) {
                        failed = Some(Miss::Failed(ready.max(known), kind));
                    }
                }
                Err(stop) => return Err(stop),
            }
        }
        match failed {
            Some(failed) => Err(failed),
            None => {
                for json in &jsons {
                    self.spend_text(json.text_len())?;
                }
                Ok(Arguments { values, jsons, known: at_hand.into(), ready })
            }
        }
    }

    fn read_answer(&self, answer: &Answer) -> Result<Outcome<Json>, Stop> {
        let limit = self.limits.value_bytes;
        if answer.result.len() as u64 > limit {
            return Err(Stop::ValueBytes { limit, node: self.node });
        }
        let outcome = if answer.ret_code != 0 {
            Outcome::Failure(error::failure(answer.ret_code, &answer.result))
        } else {
            match Json::read(&answer.result) {
                Ok(json) => Outcome::Value(json),
                Err(why) => {
                    Outcome::Failure(error::failure(i32::MAX, &format!("the service's answer is no JSON: {why}")))
                }
            }
        };
        let (Outcome::Value(json) | Outcome::Failure(json)) = &outcome;
        self.check_size(json)?;
        Ok(outcome)
    }

    pub(super) fn canon(
        &mut self,
        peer: OperandId,
        source: OperandId,
        target: OperandId,
        known: Time,
    ) -> Result<Go, Stop> {
        let (peer, known) = match self.string(peer, known) {
            Ok(peer) => peer,
            Err(miss) => return self.used_up(miss, Some(target), None),
        };
        let to = match self.tree.operand(target).value {
            script::Value::Variable(variable) => variable.kind,
            _ => VariableKind::Canon,
        };
        let tetraplet = Arc::new(Tetraplet::peer(peer.clone()));
        let stores = self.walk.shared().stores();
        let fixed = |claim: &Claim| match claim.result {
            ResultIx::Canon(canon) if stores.canon_answers(canon, &peer) => {
                let elements = stores.canons.get(canon).elements.iter().map(|(value, origin)| Single {
                    json: stores.values.get(*value).json().clone(),
                    origin: Origin::of(stores.tetraplets.get(*origin).clone()),
                });
                fixed_value(to, &tetraplet, elements.collect())
            }
            _ => None,
        };
        let mut events: Vec<(Result<Value, TooDeep>, Time)> = Vec::new();
        let mut read = 0;
        for claim in self.here.claims() {
            if let ResultIx::Canon(canon) = claim.result {
                read += stores.canons.get(canon).elements.len();
            }
            events.extend(fixed(claim).map(|value| (value, claim.at as Time + 1)));
        }
        self.spend(STEPS_OF_ELEMENT * read)?;
        self.report_misfits(events.len());
        if let Some(EventResult::Canon { tetraplet: by, elements }) = self.walk.added(&self.here)
            && *by == tetraplet
        {
            let (now, read) = (self.now, elements.len());
            let elements =
                elements.iter().map(|(json, by)| Single { json: json.clone(), origin: Origin::of(by.clone()) });
            events.extend(fixed_value(to, &tetraplet, elements.collect()).map(|value| (value, now)));
            self.spend(STEPS_OF_ELEMENT * read)?;
        }
        if events.is_empty() && self.peer.current.as_ref() == Some(&peer) {
            let elements = self.elements_of(source);
            self.spend(STEPS_OF_FIXED + 2 * STEPS_OF_ELEMENT * elements.len())?;
            for element in &elements {
                self.spend_text(2 * element.json.text_len())?;
            }
            let stored = elements.iter().map(|single| (single.json.clone(), single.origin.tetraplet())).collect();
            if let Some(value) = fixed_value(to, &tetraplet, elements) {
                let tetraplet = tetraplet.clone();
                self.walk.add(&self.here, EventResult::Canon { tetraplet, elements: stored });
                events.push((value, self.now));
            }
        }
        let mut events = events.into_iter();
        let (value, at) = match (events.next(), events.next()) {
            (Some(event), None) => event,
            (Some(_), Some(_)) => {
                self.out.disputed.push((self.here.place_id(), self.node));
                return Ok(Go::Ended(End::Waits));
            }
            (None, _) => {
                self.spend(STEPS_OF_PENDING)?;
                let (place, node) = (self.here.place_id(), self.node);
                let arguments = Box::default();
                self.note(|recorder, site| recorder.pending_canon(site, &peer));
                self.out.pending.push(Pending { place, node, peer, reached: known, arguments });
                return Ok(Go::Ended(End::Waits));
            }
        };
        if self.recorder.is_some() {
            let taken = self.here.claims().iter().find(|claim| fixed(claim).is_some());
            let stored = match taken.map(|claim| stores.result(claim.result)) {
                Some(EventResult::Canon { elements, .. }) => elements,
                _ => Vec::new(),
            };
            self.note(|recorder, site| recorder.canon(site, at, &peer, stored));
        }
        self.here.step();
        let known = known.max(at);
        match value {
            Ok(value) => {
                if let Value::Single(Single { json, .. }) = &value {
                    self.check_size(json)?;
                }
                self.set(target, known, value);
                Ok(Go::Ended(End::Complete(known)))
            }
            Err(TooDeep) => self.missed_output(Miss::Failed(known, ErrorKind::TooDeep), Some(target), None),
        }
    }

    /// The values of a stream or stream map as it is read now.
    fn elements_of(&self, source: OperandId) -> Vec<Single> {
        let Binding::Stream(id) = self.bindings.operand(source) else { return Vec::new() };
        self.scopes.ordered(self.scopes.stream(id)).into_iter().map(|element| element.value.clone()).collect()
    }
}

/// What a canon puts into its target; nothing if the elements are not what that takes.
fn fixed_value(to: VariableKind, tetraplet: &Arc<Tetraplet>, elements: Vec<Single>) -> Option<Result<Value, TooDeep>> {
    if to == VariableKind::Canon {
        return Some(Ok(Value::Canon(Arc::new(Canon::new(tetraplet.clone(), elements)))));
    }
    let map = CanonMap::new(tetraplet.clone(), elements)?;
    Some(match to {
        VariableKind::CanonMap => Ok(Value::CanonMap(Arc::new(map))),
        _ => map.to_scalar().map(|json| Value::Single(Single { json, origin: Origin::of(tetraplet.clone()) })),
    })
}

impl std::fmt::Display for Catchable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            ErrorKind::Raised => write!(f, "the script failed with code {}: {}", self.code(), self.message()),
            kind => write!(f, "{kind}"),
        }
    }
}
