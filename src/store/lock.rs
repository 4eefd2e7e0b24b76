//! Roles that one process at a time may hold: a lock on a file, which ends with the process in any case.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::store::fault;
use crate::store::names;

/// What only one process at a time may do with a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Learn and publish.
    Learner,
    /// Follow live logs.
    Follower,
    /// Change thresholds.
    Tuner,
}

/// What this process holds until this value is dropped: a role, or a file.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(root: &Path, role: Role) -> Result<Self> {
        let (name, doing) = match role {
            Role::Learner => (names::LEARNER_LOCK, "training"),
            Role::Follower => (names::FOLLOWER_LOCK, "following logs with"),
            Role::Tuner => (names::TUNER_LOCK, "moving the thresholds of"),
        };
        let path = root.join(name);
        let file = open(&path).map_err(|e| fault::write(&path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::failed(format!(
                "another plimsoll is {doing} the store `{}`",
                root.display()
            ))
            .hint("wait until it is done")
            .hint_by_command("or give another store with `--store`")),
            Err(TryLockError::Error(e)) => Err(fault::write(&path, e)),
        }
    }

    /// Waits until no other process holds a file, and holds it: for work that takes no longer than the writing of a small
    /// file.
    pub(super) fn wait_for(path: &Path) -> io::Result<Self> {
        // Who made it may have given others the right to read it only, and that is enough to hold it.
        let file = File::open(path).or_else(|_| open(path))?;
        file.lock()?;
        Ok(Self { _file: file })
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
}
