//! What time is measured with.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A clock: how much time went by since some moment, always the same one. It may count the work of this process alone, where
/// what is measured shall not depend on who else is at work.
pub type Clock = fn() -> Duration;

/// The time that goes by for everybody.
pub fn wall() -> Duration {
    static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGIN.elapsed()
}
