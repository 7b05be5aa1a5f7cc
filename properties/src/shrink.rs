//! Smaller cases in which a law still fails.
//!
//! Services lose their failures and their fixed answers, the script loses instructions and operands, peers become one,
//! the schedule loses events, and the instance of the law becomes the simplest one. What is tried is played again from the
//! start and the law looked at again, so what stays is a real failure, though perhaps of another instance.

use crate::case::{Case, Schedule, ServiceSpec};
use crate::clock::Clock;
use crate::instances::{Broken, Tally, look};
use crate::law::{Amount, Family};
use crate::scene::Scene;
use crate::subject::Subject;
use crate::values;
use crate::violation::Violation;
use airtight_engine::script::{Position, Script, Tree, Value, print};
use airtight_generators::{Action, Tape, Weather, reduce};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a case is made smaller; whoever waits for it waits no longer.
const TIME_MAX: Duration = Duration::from_millis(1_800);

/// How many instances of a law are looked at in a history.
const INSTANCES_MAX: u32 = 48;

/// How many schedules are tried for a script that changed.
const SCHEDULES: u64 = 3;

/// The smallest case that was found from this one.
pub(crate) fn shrink(broken: Broken, clock: Clock, subject: &mut Subject) -> Broken {
    shrink_while(broken, &|_| true, clock, subject)
}

/// The smallest case that was found from this one, and breaks the law in a way that is wanted.
pub(crate) fn shrink_while(
    broken: Broken,
    wanted: &dyn Fn(&Violation) -> bool,
    clock: Clock,
    subject: &mut Subject,
) -> Broken {
    let mut shrinker = Shrinker { best: broken, wanted, subject, clock, deadline: clock() + TIME_MAX };
    shrinker.as_case();
    shrinker.schedule_away();
    shrinker.services();
    // A smaller script allows a smaller schedule, and that perhaps a still smaller script.
    for _ in 0..2 {
        shrinker.script();
        shrinker.peers();
        shrinker.schedule();
    }
    shrinker.services();
    shrinker.instance();
    shrinker.answers();
    shrinker.best
}

struct Shrinker<'s> {
    best: Broken,
    wanted: &'s dyn Fn(&Violation) -> bool,
    subject: &'s mut Subject,
    clock: Clock,
    deadline: Duration,
}

impl Shrinker<'_> {
    fn is_late(&self) -> bool {
        (self.clock)() >= self.deadline
    }

    /// Takes a case as the best one if the law fails in it, by the known instance or another one.
    fn keeps(&mut self, case: &Case, tape: Option<&Tape>) -> bool {
        if self.is_late() {
            return false;
        }
        let Ok(played) = case.play(self.subject) else { return false };
        if played.failure.is_some() && self.subject.revive().is_err() {
            return false;
        }
        let law = self.best.law;
        let mut known = tape.cloned().unwrap_or_else(|| self.best.tape.clone());
        known.rewind();
        let mut scene = Scene::new(&played, self.subject);
        let found = law.look(&mut scene, &mut known.clone()).err().map(|violation| (known, violation));
        let found = found.or_else(|| {
            // Without a wish for this very instance, any other one will do.
            let others = match (tape, law.amount) {
                (Some(_), _) | (None, Amount::Once) => return None,
                (None, Amount::Runs(_)) => Amount::Runs(u32::MAX),
                // These play a network of their own for each instance.
                (None, Amount::Sample(amount)) if law.family == Family::Values => Amount::Sample(amount),
                (None, Amount::Sample(_) | Amount::Free(_)) => Amount::Sample(INSTANCES_MAX),
            };
            look(law, others, &mut scene, 1, &mut Tally::default()).err()
        });
        let Some((tape, violation)) = found.filter(|(_, violation)| (self.wanted)(violation)) else { return false };
        self.best = Broken { law, case: played.case, tape, violation };
        true
    }

    fn with(&self, change: impl FnOnce(&mut Case)) -> Case {
        let mut case = self.best.case.clone();
        change(&mut case);
        case
    }

    /// What an instance made of choices alone may be a case of another law.
    fn as_case(&mut self) {
        let Some((law, case, tape)) = values::as_case(self.best.law, &self.best.case, &self.best.tape) else { return };
        let instance = std::mem::replace(&mut self.best.law, law);
        if !self.keeps(&case, Some(&tape)) {
            self.best.law = instance;
        }
    }

    /// Perhaps no schedule is needed at all.
    fn schedule_away(&mut self) {
        let case = self.with(|case| case.schedule = Schedule::Actions(Vec::new()));
        self.keeps(&case, None);
    }

    fn services(&mut self) {
        let ServiceSpec { seed, failures, fixed } = self.best.case.services.clone();
        let smaller = [
            ServiceSpec::default(),
            ServiceSpec { fixed: None, ..self.best.case.services.clone() },
            ServiceSpec { seed, failures: 0.0, fixed: fixed.clone() },
            ServiceSpec { seed: 0, failures, fixed },
        ];
        for services in smaller {
            if services == self.best.case.services {
                continue;
            }
            let case = self.with(|case| case.services = services);
            if self.keeps(&case, None) {
                break;
            }
        }
    }

    /// The answers of services as values in place of a seed, whose meaning may change.
    fn answers(&mut self) {
        let Ok(played) = self.best.case.play(self.subject) else { return };
        if played.failure.is_some() && self.subject.revive().is_err() {
            return;
        }
        // One case more, however late it is.
        self.deadline = Duration::MAX;
        let services = ServiceSpec { fixed: played.answers(), ..ServiceSpec::default() };
        let (case, tape) = (self.with(|case| case.services = services), self.best.tape.clone());
        self.keeps(&case, Some(&tape));
    }

    /// The same script, changed: with the schedule as it is, with none, or with another one.
    fn keeps_script(&mut self, script: &str) -> bool {
        if Script::parse(script).is_err() {
            return false;
        }
        let case = self.with(|case| case.script = script.into());
        if self.keeps(&case, None) {
            return true;
        }
        let is_scheduled = case.schedule != Schedule::Actions(Vec::new());
        let seeded = (0..SCHEDULES).map(|seed| Schedule::Seeded {
            seed,
            weather: Weather { duplicates: 20, restarts: 10, losses: 0, lazy: 0, actions_max: 2_000 },
        });
        let schedules = is_scheduled.then(|| Schedule::Actions(Vec::new())).into_iter().chain(seeded);
        // Chance is worth its time for small scripts, which are played fast.
        let count = if script.len() < 2_000 { usize::MAX } else { 1 };
        schedules.take(count).any(|schedule| self.keeps(&Case { schedule, ..case.clone() }, None))
    }

    fn script(&mut self) {
        let Ok(tree) = Tree::parse(&*self.best.case.script) else { return };
        reduce(tree, |tree| {
            let script = print::canonical(tree);
            !self.is_late() && self.keeps_script(&script)
        });
        // Comments and blanks that are left say nothing about the failure.
        if let Ok(tree) = Tree::parse(&*self.best.case.script) {
            let script = print::format(&tree, "");
            if *script != *self.best.case.script {
                self.keeps_script(&script);
            }
        }
    }

    /// Fewer peers: one takes the part of another one, or who begins takes it.
    fn peers(&mut self) {
        let Ok(tree) = Tree::parse(&*self.best.case.script) else { return };
        let peers = strings(&tree, Position::Peer);
        for peer in &peers {
            let others = peers.iter().filter(|other| *other != peer).map(|other| format!("\"{other}\""));
            for other in std::iter::once("%init_peer_id%".to_owned()).chain(others) {
                let script = self.best.case.script.replace(&format!("\"{peer}\""), &other);
                if *script != *self.best.case.script && self.keeps_script(&script) {
                    break;
                }
            }
        }
    }

    /// Fewer events: halves, quarters, … and single ones are left out.
    fn schedule(&mut self) {
        self.schedule_away();
        let Schedule::Actions(actions) = &self.best.case.schedule else { return };
        let mut size = actions.len().div_ceil(2);
        while size > 0 && !self.is_late() {
            let mut from = 0;
            loop {
                let Schedule::Actions(actions) = &self.best.case.schedule else { return };
                if from >= actions.len() || self.is_late() {
                    break;
                }
                let fewer = without(actions, from, size);
                let case = self.with(|case| case.schedule = Schedule::Actions(fewer));
                if !self.keeps(&case, None) {
                    from += size;
                }
            }
            size /= 2;
        }
    }

    /// A simpler instance of the law: fewer and smaller choices.
    fn instance(&mut self) {
        let case = self.best.case.clone();
        self.keeps(&case, Some(&Tape::default()));
        // Halves, quarters, … of the choices are left out, from the end on.
        let mut size = self.best.tape.choices().len() / 2;
        while size > 1 && !self.is_late() {
            let mut end = self.best.tape.choices().len();
            while end > 0 {
                let from = end.saturating_sub(size);
                let mut choices = self.best.tape.choices().to_vec();
                choices.drain(from..end.min(choices.len()));
                self.keeps(&case, Some(&Tape::new(choices)));
                end = from;
            }
            size /= 2;
        }
        let mut at = 0;
        while at < self.best.tape.choices().len() && !self.is_late() {
            let choices = self.best.tape.choices().to_vec();
            let (before, rest) = choices.split_at(at);
            let Some((choice, after)) = rest.split_first() else { break };
            let lost = [before, after].concat();
            let halves = std::iter::successors(Some(0), |cut| {
                Some((choice + cut).div_ceil(2)).filter(|half| half < choice && half > cut)
            });
            let smaller = halves.filter(|half| half < choice).map(|half| [before, &[half], after].concat());
            let case = self.best.case.clone();
            if !std::iter::once(lost).chain(smaller).any(|choices| self.keeps(&case, Some(&Tape::new(choices)))) {
                at += 1;
            }
        }
    }
}

/// The strings that stand at such positions.
pub(crate) fn strings(tree: &Tree, position: Position) -> BTreeSet<String> {
    let operands = tree.node_ids().flat_map(|node| tree.placed_operands(node));
    let values = operands.filter(|(_, at)| *at == position).map(|(operand, _)| &tree.operand(operand).value);
    let strings =
        values.filter_map(|value| if let Value::String(text) = value { Some(tree.text(*text)) } else { None });
    strings.map(str::to_owned).collect()
}

/// The actions without some of them. Messages are numbered as they are sent, so a message that is not sent is not
/// delivered either, and later ones move up.
fn without(actions: &[Action], from: usize, count: usize) -> Vec<Action> {
    let mut sent = 0;
    // The new number of each message.
    let mut numbers: Vec<Option<usize>> = Vec::new();
    let mut left = Vec::new();
    for (at, action) in actions.iter().enumerate() {
        let stays = at < from || at >= from + count;
        match action {
            Action::Send { .. } => {
                numbers.push(stays.then_some(sent));
                sent += usize::from(stays);
                left.extend(stays.then(|| action.clone()));
            }
            Action::Deliver { message, again } if stays => {
                let number = numbers.get(*message).copied().flatten();
                left.extend(number.map(|message| Action::Deliver { message, again: *again }));
            }
            _ => left.extend(stays.then(|| action.clone())),
        }
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_that_are_not_sent_are_not_delivered() {
        let send = |to: &str| Action::Send { from: "a".into(), to: to.into() };
        let deliver = |message| Action::Deliver { message, again: false };
        let actions = [Action::Begin, send("b"), send("c"), deliver(0), deliver(1)];
        assert_eq!(without(&actions, 1, 1), [Action::Begin, send("c"), deliver(0)]);
        assert_eq!(without(&actions, 3, 1), [Action::Begin, send("b"), send("c"), deliver(1)]);
        assert_eq!(without(&actions, 0, 5), []);
    }
}
