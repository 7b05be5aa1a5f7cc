//! Runners that wait for work.

use crate::check::{CheckError, MakeSubject};
use crate::subject::Subject;
use std::sync::{Mutex, PoisonError};

/// Runners that are not at work.
pub(crate) struct Pool<'m> {
    make: MakeSubject<'m>,
    idle: Mutex<Vec<Subject>>,
}

impl<'m> Pool<'m> {
    /// A pool with one runner, so that a runner that cannot be had is known at once.
    ///
    /// # Errors
    /// If it cannot be had.
    pub(crate) fn new(make: MakeSubject<'m>) -> Result<Self, CheckError> {
        Ok(Self { make, idle: Mutex::new(vec![make()?]) })
    }

    /// Lets one of them work, a new one if all others do.
    ///
    /// # Errors
    /// If none can be had, or the work fails.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&mut Subject) -> Result<T, CheckError>) -> Result<T, CheckError> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut subject = idle.map_or_else(|| (self.make)(), Ok)?;
        let result = work(&mut subject);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(subject);
        result
    }
}
