//! What can happen next in a network, to choose from.

use crate::Action;
use std::collections::BTreeMap;

/// Actions that are possible now, in the order in which a schedule without surprises takes them: what can be run is run,
/// what must be sent is sent, what was sent arrives, what was asked is answered, the oldest of each kind first.
///
/// **Adding, removing and finding the n-th take logarithmic time**, or a choice among many would cost as much as all of
/// them.
#[derive(Debug, Default)]
pub(crate) struct Possible {
    kinds: [Line; 5],
}

impl Possible {
    /// Makes an action possible or impossible, if it is not that already.
    pub(crate) fn set(&mut self, action: Action, possible: bool) {
        let kind = match action {
            Action::Begin => 0,
            Action::Run { .. } => 1,
            Action::Send { .. } => 2,
            Action::Deliver { .. } => 3,
            Action::Answer { .. } => 4,
            Action::Restart { .. } | Action::Forget { .. } => return,
        };
        let line = &mut self.kinds[kind];
        if possible { line.add(action) } else { line.remove(&action) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.kinds.iter().map(Line::len).sum()
    }

    /// The action at this position.
    pub(crate) fn get(&self, mut position: usize) -> Option<&Action> {
        for line in &self.kinds {
            if position < line.len() {
                return line.get(position);
            }
            position -= line.len();
        }
        None
    }

    /// All of them in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Action> {
        self.kinds.iter().flat_map(|line| line.slots.iter().flatten())
    }
}

/// Actions in the order in which they became possible: slots, of which some are empty, and a tree of their numbers
/// (Fenwick's) to find the n-th that is not.
#[derive(Debug, Default)]
struct Line {
    slots: Vec<Option<Action>>,
    /// At `i`, how many actions the `i & -i` slots up to the `i`-th hold, counted from 1; 0 is not used.
    counts: Vec<usize>,
    places: BTreeMap<Action, usize>,
}

/// The lowest bit that is set.
const fn low(index: usize) -> usize {
    index & index.wrapping_neg()
}

impl Line {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn add(&mut self, action: Action) {
        if self.places.contains_key(&action) {
            return;
        }
        self.places.insert(action.clone(), self.slots.len());
        self.push(action);
    }

    fn push(&mut self, action: Action) {
        if self.counts.is_empty() {
            self.counts.push(0);
        }
        self.slots.push(Some(action));
        let (index, mut count, mut child) = (self.slots.len(), 1, self.slots.len() - 1);
        while child > index - low(index) {
            count += self.counts[child];
            child -= low(child);
        }
        self.counts.push(count);
    }

    fn remove(&mut self, action: &Action) {
        let Some(place) = self.places.remove(action) else { return };
        self.slots[place] = None;
        let mut index = place + 1;
        while index < self.counts.len() {
            self.counts[index] -= 1;
            index += low(index);
        }
        // Now and then the empty slots go.
        if self.slots.len() > 32 && self.len() < self.slots.len() / 2 {
            self.counts.clear();
            for action in std::mem::take(&mut self.slots).into_iter().flatten() {
                self.places.insert(action.clone(), self.slots.len());
                self.push(action);
            }
        }
    }

    fn get(&self, position: usize) -> Option<&Action> {
        // The longest run of slots that holds no more than `position` actions ends before the one that is sought.
        let (mut before, mut left) = (0, position);
        let mut step = self.slots.len().checked_next_power_of_two()?;
        while step > 0 {
            if let Some(count) = self.counts.get(before + step).filter(|count| **count <= left) {
                before += step;
                left -= count;
            }
            step /= 2;
        }
        self.slots.get(before)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choices, Seeded};

    #[test]
    fn it_is_a_list_that_is_searched_fast() {
        let mut choices = Seeded::new(3);
        for most in [3, 40, 500] {
            let (mut possible, mut list) = (Possible::default(), Vec::new());
            for _ in 0..4_000 {
                let action = Action::Deliver { message: choices.below(most) as usize, again: false };
                let add = choices.below(2) == 0;
                possible.set(action.clone(), add);
                if !add {
                    list.retain(|known| *known != action);
                } else if !list.contains(&action) {
                    list.push(action);
                }
                let position = choices.below(most + 1) as usize;
                assert_eq!((possible.len(), possible.get(position)), (list.len(), list.get(position)));
            }
            assert!(possible.iter().eq(&list));
            assert!((0..list.len()).all(|position| possible.get(position) == list.get(position)));
        }
    }

    #[test]
    fn kinds_stand_in_the_order_of_a_plain_schedule() {
        let (run, send) = (Action::Run { peer: "A".into() }, Action::Send { from: "A".into(), to: "B".into() });
        let deliver = Action::Deliver { message: 0, again: false };
        let mut possible = Possible::default();
        for action in [&deliver, &send, &run] {
            possible.set(action.clone(), true);
        }
        assert!(possible.iter().eq([&run, &send, &deliver]));
        assert_eq!((possible.get(1), possible.get(3)), (Some(&send), None));
    }
}
