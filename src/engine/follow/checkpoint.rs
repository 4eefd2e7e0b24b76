//! The progress of following, as stored between runs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::engine::follow::growing::Position;
use crate::engine::follow::trails::Trails;
use crate::engine::score::{AlertStates, NewEntityCache};
use crate::error::{Error, Result};
use crate::store::replace;
use crate::time::Day;

/// How long the alert states of a day are remembered.
const TOLD_DAYS: i32 = 7;
const CHECKPOINT: &str = "follow.checkpoint";
/// The first byte; it changes when the meaning of the following bytes changes.
const SCHEMA: u8 = 3;

/// The progress of following, as stored between runs.
#[derive(Default, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The read position of each file.
    pub files: BTreeMap<PathBuf, Position>,
    /// The length of each open day's event buffer file.
    pub buffered: BTreeMap<Day, u64>,
    /// The alerts that were delivered.
    pub states: AlertStates,
    /// What is remembered from day to day.
    pub new_entities: NewEntityCache,
    /// The newest event of each trail.
    pub trails: Trails,
    /// The last day that was judged completely.
    pub closed: Option<Day>,
}

impl Checkpoint {
    /// Loads the stored checkpoint; starts empty if there is none.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(CHECKPOINT);
        match std::fs::read(&path) {
            Ok(text) => {
                let hint = "remove it to start following again; alerts may then be reported twice";
                let path = path.display();
                match text.split_first() {
                    Some((&SCHEMA, text)) => postcard::from_bytes(text).map_err(|e| {
                        Error::failed(format!("`{path}` is damaged"))
                            .cause(e)
                            .hint(hint)
                    }),
                    _ => Err(Error::failed(format!("`{path}` is of another version")).hint(hint)),
                }
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Error::failed(format!("cannot read `{}`", path.display())).cause(e)),
        }
    }

    /// Replaces the stored checkpoint.
    pub fn write(&self, root: &Path) -> Result<()> {
        let text = postcard::to_extend(self, vec![SCHEMA])
            .map_err(|e| Error::failed("cannot write the checkpoint").cause(e))?;
        replace(root, CHECKPOINT, &text).map_err(|e| {
            Error::failed(format!(
                "cannot write `{}`",
                root.join(CHECKPOINT).display()
            ))
            .cause(e)
        })
    }

    /// Forgets files that are gone, trails that are silent, and the alert states of days long past.
    pub fn forget_before(&mut self, oldest_open: Option<Day>) {
        self.trails.forget_silent();
        self.files.retain(|path, _| path.exists());
        if let Some(oldest) = oldest_open {
            self.states
                .retain(|_, (_, day)| oldest.since(*day) <= TOLD_DAYS);
        }
    }
}
