//! The reference interpreter of AIR beside Airtight's own.
//!
//! [`Reference`] is the published interpreter (AquaVM 0.64.1) as a runner, so whatever drives Airtight's engine drives
//! it too: hosts, networks, laws. It is a black box: only its public functions are called.

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub, missing_debug_implementations)]

pub mod bench;
mod campaign;
mod events;
mod features;
mod ledger;
mod lockstep;
mod names;
pub mod page;
pub mod rediscovery;
mod reference;
mod show;
mod wire;
pub mod witness;

pub use campaign::{Campaign, FORMS, Outcome, SORTS, Unknown, WRITTEN, shrink};
pub use features::features;
pub use ledger::{Entry, Ledger, Verdict};
pub use lockstep::{Compared, Divergence, Kind, compare};
pub use names::Names;
pub use reference::{Reference, SIGNATURES, VERSION};
