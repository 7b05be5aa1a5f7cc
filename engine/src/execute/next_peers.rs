//! Whom a run tells: peers with something pending, whose status nobody saw before.
//!
//! The status of a pending call or canon is whether it is reached, and which of its arguments are at hand. A run names the
//! peer if neither this peer's previous data nor the current data alone showed that status: so whoever completes a join tells
//! the one who waits, nobody repeats what the sender did already, and a fan-out costs a message a peer.

use super::{Answers, Limits, Peer, Pending, Run, Stop, Time, run};
use crate::data::{Data, PlaceId};
use crate::script::Script;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The peers that must get the data after this run, in the order in which the walk meets them.
///
/// `run` is the run over the merge of the two data; whether that differs from `previous` is `changed`.
///
/// # Errors
/// If a replay of the current data alone, which few runs need, exceeds the limits.
pub fn next_peers(
    script: &Script,
    run: &Run,
    peer: &Peer,
    limits: Limits,
    previous: &Data,
    current: &Data,
    changed: bool,
) -> Result<Vec<Arc<str>>, Stop> {
    let others = || run.pending.iter().filter(|pending| peer.current.as_ref() != Some(&pending.peer));
    if others().next().is_none() {
        return Ok(Vec::new());
    }
    // What data saw is what this run knows at a time not after their last block: those of the previous data come first.
    let before = (!previous.is_nothing()).then(|| last_time(previous));
    let sent = match () {
        () if current.is_nothing() => Seen::Nothing,
        () if previous.is_nothing() => Seen::UpTo(last_time(current)),
        // The current data show nothing that the previous ones do not.
        () if !changed => Seen::Nothing,
        () => Seen::Alone(statuses(script, peer, limits, current)?),
    };
    let mut peers: Vec<Arc<str>> = Vec::new();
    let mut named = std::collections::BTreeSet::new();
    for pending in others().filter(|pending| !named_before(before, pending) && !sent.shows(pending)) {
        if named.insert(pending.peer.clone()) {
            peers.push(pending.peer.clone());
        }
    }
    Ok(peers)
}

fn last_time(data: &Data) -> Time {
    data.shared().trace().blocks() as Time
}

fn named_before(before: Option<Time>, pending: &Pending) -> bool {
    before.is_some_and(|time| shows_at(time, pending))
}

fn shows_at(time: Time, pending: &Pending) -> bool {
    let now = || pending.arguments.iter().map(|known| known.is_some());
    pending.at_hand(time).is_some_and(|then| then.eq(now()))
}

/// For each pending call or canon, whose it is and which arguments are at hand.
type Statuses = BTreeMap<PlaceId, (Arc<str>, Vec<bool>)>;

/// What the current data showed to whoever sent them.
enum Seen {
    Nothing,
    UpTo(Time),
    Alone(Statuses),
}

impl Seen {
    fn shows(&self, pending: &Pending) -> bool {
        match self {
            Self::Nothing => false,
            Self::UpTo(time) => shows_at(*time, pending),
            Self::Alone(statuses) => statuses.get(&pending.place).is_some_and(|(peer, at_hand)| {
                *peer == pending.peer
                    && pending.arguments.iter().map(|known| known.is_some()).eq(at_hand.iter().copied())
            }),
        }
    }
}

fn statuses(script: &Script, peer: &Peer, limits: Limits, current: &Data) -> Result<Statuses, Stop> {
    let reader = Peer { current: None, ..peer.clone() };
    let alone = run(script, current.shared(), &reader, limits, Answers::new())?;
    let statuses = alone.pending.into_iter().map(|pending| {
        let at_hand = pending.arguments.iter().map(|known| known.is_some()).collect();
        (pending.place, (pending.peer, at_hand))
    });
    Ok(statuses.collect())
}
