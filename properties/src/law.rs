//! What a law is, and the list of all that a checker looks at.

use crate::scene::Scene;
use crate::subject::{Offers, Subject, guarded};
use crate::{
    Violation, answers, campaign, execution, forgery, free, limits, merge, origins, protocol, refused, rendered,
    rewrites, stability, text, values,
};
use airtight_generators::Choices;
use serde::{Serialize, Serializer};

/// A statement about an interpreter, with a way to look for instances that break it.
pub struct Law {
    /// Its name, which files and tables have.
    pub name: &'static str,
    /// What it is about.
    pub family: Family,
    /// The statement.
    pub statement: &'static str,
    /// For what it is stated.
    pub domain: &'static str,
    /// Why somebody who runs scripts cares.
    pub why: &'static str,
    /// What the interpreter must offer, so that the law can be looked at.
    pub needs: Needs,
    /// How many instances of a history are looked at.
    pub amount: Amount,
    /// Looks at one instance, which choices pick; says whether the premise of the law held.
    pub check: Check,
}

/// How one instance is looked at.
pub type Check = fn(&mut Scene<'_>, &mut dyn Choices) -> Result<bool, Violation>;

/// What laws are about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Merging data.
    Merge,
    /// Single runs.
    Execution,
    /// What hosts, messages and answers may rely on.
    Protocol,
    /// What scripts compute.
    Values,
    /// Scripts and data as texts.
    Text,
}

impl Family {
    /// What it is about, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Merge => "merging data",
            Self::Execution => "runs",
            Self::Protocol => "host protocol",
            Self::Values => "values",
            Self::Text => "text and bytes",
        }
    }
}

/// What an interpreter must offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing but runs.
    Runs,
    /// To show events.
    Events,
    /// To merge data.
    Merge,
    /// To merge data and show events.
    MergeAndEvents,
    /// To show what data come to.
    Trace,
    /// To merge data and show what they come to.
    MergeAndTrace,
    /// To be our own engine.
    Own,
}

impl Needs {
    /// Why a law with these needs cannot be looked at; nothing if it can.
    pub fn missing(self, subject: &Subject) -> Option<&'static str> {
        let Offers { merge, inspect, trace, .. } = subject.offers();
        let (wants_merge, wants_events, wants_trace) = match self {
            Self::Runs => (false, false, false),
            Self::Events => (false, true, false),
            Self::Merge => (true, false, false),
            Self::MergeAndEvents => (true, true, false),
            Self::Trace => (false, true, true),
            Self::MergeAndTrace => (true, true, true),
            Self::Own => {
                return (!subject.is_own()).then_some("it is about our own texts and bytes");
            }
        };
        if wants_merge && !merge {
            Some("the runner does not offer `merge`")
        } else if wants_events && !inspect {
            Some("the runner does not offer `inspect`")
        } else if wants_trace && !trace {
            Some("the runner's `inspect` does not show what is pending")
        } else {
            None
        }
    }
}

/// How many instances of a history are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Amount {
    /// The history as a whole.
    Once,
    /// So many, by chance.
    Sample(u32),
    /// One for each run, or so many of them by chance.
    Runs(u32),
    /// So many, by chance, that are made of choices alone: the history plays no part. Only campaigns look at these.
    Free(u32),
}

impl Law {
    /// Looks at one instance; says whether the premise held. A panic is a failure of the runner; one that runs into a limit
    /// says nothing.
    ///
    /// # Errors
    /// If the instance breaks the law.
    pub fn look(&self, scene: &mut Scene<'_>, choices: &mut dyn Choices) -> Result<bool, Violation> {
        match guarded(|| Ok((self.check)(scene, choices))).unwrap_or_else(|error| Err(error.into())) {
            Err(violation) if violation.is_limit => Ok(false),
            result => result,
        }
    }

    /// Whether its instances are made of choices alone, and say nothing about a history.
    pub const fn is_free(&self) -> bool {
        matches!(self.amount, Amount::Free(_))
    }
}

/// All laws.
pub fn laws() -> impl Iterator<Item = &'static Law> + Clone {
    let merging = merge::LAWS.iter().chain(free::LAWS);
    let runs = execution::LAWS.iter().chain(stability::LAWS).chain(rendered::LAWS).chain(origins::LAWS);
    let hostile = forgery::LAWS.iter().chain(answers::LAWS).chain(limits::LAWS);
    let meaning = values::LAWS.iter().chain(rewrites::LAWS);
    let texts = text::LAWS.iter().chain(refused::LAWS).chain(campaign::LAWS);
    merging.chain(runs).chain(protocol::LAWS).chain(hostile).chain(meaning).chain(texts)
}

/// The law of this name.
pub fn law(name: &str) -> Option<&'static Law> {
    laws().find(|law| law.name == name)
}

impl std::fmt::Debug for Law {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Law {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Law {}

impl Serialize for Law {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}
