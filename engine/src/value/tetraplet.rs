//! Where a value came from.
//!
//! One rule for all origins: a value carries the tetraplet of whoever made it (a call: `peer|service|function|`; literals,
//! constants and the error that is none: `init|||`; a canon as one value: `P|||`) through `ap`, streams, canons and folds,
//! and each step of a lens appends its text as resolved, the first path preceded by `.$` ([`Origin`](super::Origin)).
//! Iterating over an array is a step `.[i]`.
//!
//! An entry `{"key": …, "value": …}` of a stream map carries the tetraplet of its *value*. A fold gives entries, so
//! `i.$.value` and `i.$.key` are parts of one: `B|s|f|.$.value`, although `B` made the value and no entry. A lens on a
//! canon map gives values, so `#%c.$.k.[0]` is `B|s|f|`. Services that trust an origin by its lens should be given the
//! latter.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The origin of a value: who made it, by which function of which service, and which part of it was taken.
///
/// Its JSON form is the one services receive: `{"peer_pk":…,"service_id":…,"function_name":…,"lens":…}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tetraplet {
    /// The peer that made the value.
    #[serde(rename = "peer_pk")]
    pub peer: Arc<str>,
    /// The service it called.
    #[serde(rename = "service_id")]
    pub service: Arc<str>,
    /// The function of that service.
    #[serde(rename = "function_name")]
    pub function: Arc<str>,
    /// The path into that function's result, as resolved.
    pub lens: Arc<str>,
}

impl Tetraplet {
    /// The tetraplet of a call's result.
    pub fn call(peer: impl Into<Arc<str>>, service: impl Into<Arc<str>>, function: impl Into<Arc<str>>) -> Self {
        Self { peer: peer.into(), service: service.into(), function: function.into(), lens: "".into() }
    }

    /// The tetraplet `P|||` of what a peer alone vouches for: its canons, and the literals of the particle it began.
    pub fn peer(peer: impl Into<Arc<str>>) -> Self {
        Self::call(peer, "", "")
    }
}

/// `peer|service|function|lens`, as texts about AIR write it.
impl fmt::Display for Tetraplet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}|{}|{}", self.peer, self.service, self.function, self.lens)
    }
}

impl fmt::Debug for Tetraplet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
