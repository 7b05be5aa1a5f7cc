//! The same work for both engines, and how long each takes.
//!
//! Scripts are generated, a host loop runs in one process, and the clock is on the call of the interpreter only: bytes in,
//! bytes out. Both engines get the same scripts, peers and answers, and each its own data; what they asked for and what
//! their data hold in the end must be the same, or there is no time to tell.
//!
//! A *time* is that of the engine's public entry, which takes its arguments by value: they are copied before the clock
//! starts, and what comes out is dropped after it stopped. Requests and answers are translated outside of it too.

mod engine;
mod facts;
mod parts;
mod play;
mod scenario;

pub use engine::{Asked, Engine, Outcome, Prepared};
pub use facts::{Facts, Machine, Measured, today};
pub use parts::Parts;
pub use play::{Played, Timer, prepare};
pub use scenario::{SCENARIOS, Scenario, Timed};
