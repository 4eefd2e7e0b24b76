//! Locks that a thread which broke off has left.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes a lock. What a thread that broke off left behind is whole: each change is one assignment.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
