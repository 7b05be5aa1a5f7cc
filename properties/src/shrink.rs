//! Smaller cases in which a law still fails.

use crate::check::Broken;
use crate::subject::Subject;

/// The smallest case that was found from this one.
pub(crate) fn shrink(broken: Broken, subject: &mut Subject) -> Broken {
    let _ = subject;
    broken
}
