//! Where the time of a run of our engine goes.

use serde::{Deserialize, Serialize};
use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// The time of runs, and that of their parts, each called by itself with the same inputs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Parts {
    /// All of it, by the public entry.
    pub whole: Duration,
    /// Reading and checking the script, and hashing its text.
    pub script: Duration,
    /// Decoding the previous and the current data.
    pub decode: Duration,
    /// Reading the answers.
    pub answers: Duration,
    /// Merging the two data.
    pub merge: Duration,
    /// Walking the script over the merged data, and adding what is new.
    pub walk: Duration,
    /// Encoding the new data.
    pub encode: Duration,
    /// Writing the requests of calls.
    pub requests: Duration,
}

impl Parts {
    /// The parts, with their names in a table.
    pub fn named(&self) -> [(&'static str, Duration); 7] {
        let Self { whole: _, script, decode, answers, merge, walk, encode, requests } = *self;
        [
            ("script", script),
            ("decode", decode),
            ("answers", answers),
            ("merge", merge),
            ("walk", walk),
            ("encode", encode),
            ("requests", requests),
        ]
    }

    /// What a part takes of the whole.
    pub fn share(&self, part: Duration) -> f64 {
        part.as_secs_f64() / self.whole.as_secs_f64()
    }

    /// What is in none of the parts, of the whole: mostly freeing memory. Less than nothing where that is less than the noise.
    pub fn rest(&self) -> f64 {
        1.0 - self.named().iter().map(|(_, part)| self.share(*part)).sum::<f64>()
    }
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Self) {
        let Self { whole, script, decode, answers, merge, walk, encode, requests } = other;
        self.whole += whole;
        self.script += script;
        self.decode += decode;
        self.answers += answers;
        self.merge += merge;
        self.walk += walk;
        self.encode += encode;
        self.requests += requests;
    }
}

/// Does something, and how long it takes.
pub(super) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begin = Instant::now();
    let done = work();
    (done, begin.elapsed())
}
