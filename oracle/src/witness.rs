//! The reference as a witness: whether a campaign tells that our engine has a fault.

use crate::{Campaign, Ledger};
use serde::{Deserialize, Serialize};
use std::cell::Cell;
use std::error::Error;

/// What a campaign says that ends with the first difference that is not in the ledger.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Testimony {
    /// How many histories it took, or were played without one.
    pub histories: u64,
    /// How many more could not be played, since our engine does not read their scripts; without a fault there are none.
    pub unplayed: u64,
    /// The difference, if there was one.
    pub difference: Option<Seen>,
}

/// A difference that is not in the ledger, in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Seen {
    /// The history.
    pub seed: u64,
    /// The smallest script that shows it.
    pub script: String,
    /// In what the two differ.
    pub kind: String,
    /// And how.
    pub detail: String,
}

impl Testimony {
    /// Plays histories until one shows what is not in the ledger.
    ///
    /// # Errors
    /// If the ledger cannot be read, or there is no thread for the reference.
    pub fn take(seed: u64, histories: u64) -> Result<Self, Box<dyn Error>> {
        let is_over = Cell::new(false);
        let seeds = (seed..seed.saturating_add(histories)).take_while(|_| !is_over.get());
        let outcome = Campaign::new().run(&Ledger::load()?, seeds, |_| is_over.set(true))?;
        let seen = outcome.unknown.into_iter().next().map(|unknown| Seen {
            seed: unknown.seed,
            script: unknown.script,
            kind: unknown.divergence.kind.name().to_owned(),
            detail: unknown.divergence.detail,
        });
        Ok(Self { histories: outcome.histories, unplayed: outcome.unplayed, difference: seen })
    }
}
