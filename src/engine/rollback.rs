//! Back to an earlier generation: what the nights since then learnt is unlearnt, and their files count as never learnt.
//!
//! Nothing is put back in place. The earlier generation is learnt anew, from its days and its states, and published as the next one; so numbers
//! never repeat, whoever reads the store takes it over as any other, and a crash leaves the one in force as it was. The verdicts
//! of today hold.

use std::collections::BTreeSet;

use crate::engine::train::{Beginning, train_from};
use crate::engine::{Progress, Setup};
use crate::error::{Error, Result};
use crate::sources::ReadOptions;
use crate::store::{Ledger, Manifest, Role, Store};
use crate::time::Day;

/// What going back to a generation undoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// The generation that it goes back to.
    pub to: u64,
    /// The one in force before.
    pub from: u64,
    /// The one that is published for it; `None` if nothing was done.
    pub generation: Option<u64>,
    /// The days that it knows.
    pub days: usize,
    /// Days that are other than they were, or are no longer known.
    pub undone_days: BTreeSet<Day>,
    /// Names of files that count as never learnt, in order.
    pub undone_files: BTreeSet<String>,
}

/// Goes back to a generation that the store keeps; or only says what that would undo.
///
/// # Errors
///
/// A usage error if the generation is in force or is not kept. Fails if another process is training, the disk fails, or the user stops it;
/// what was in force then still is.
pub fn roll_back(
    setup: &Setup,
    store: &Store,
    (to, is_dry_run): (u64, bool),
    progress: &dyn Progress,
) -> Result<Rollback> {
    let lock = store.lock(Role::Learner)?;
    let learner = store.begin_learning(&lock)?;
    let in_force = store.published()?;
    let earlier = earlier(store, &in_force, to)?;
    let (now, mut then) = (
        learner.ledger(in_force.generation)?,
        learner.ledger(earlier.generation)?,
    );
    let mut rollback = Rollback {
        to,
        from: in_force.generation,
        generation: None,
        days: earlier.days.len(),
        undone_days: undone_days(&in_force, &earlier),
        undone_files: undone_files(&now, &then),
    };
    if is_dry_run {
        return Ok(rollback);
    }
    // What was forgotten since then is learnt again by the generation that comes.
    for (hash, entry) in &mut then {
        if now.get(hash) != Some(entry) {
            entry.generation = in_force.generation + 1;
        }
    }
    let beginning = Beginning {
        ledger: then,
        manifest: Some(earlier),
        published: in_force.generation,
        is_return: true,
    };
    let trained = train_from(
        setup,
        store,
        (&lock, &learner, beginning),
        Vec::new(),
        (ReadOptions::default(), None),
        progress,
    )?;
    rollback.generation = Some(trained.generation);
    Ok(rollback)
}

/// Returns an earlier generation that is kept.
fn earlier(store: &Store, in_force: &Manifest, wanted: u64) -> Result<Manifest> {
    if wanted == in_force.generation {
        return Err(Error::usage(format!("generation {wanted} is in force")));
    }
    let kept = store.kept(in_force)?;
    let numbers: Vec<String> = kept.iter().map(|of| of.generation.to_string()).collect();
    let found = kept.into_iter().find(|of| of.generation == wanted);
    found.ok_or_else(|| {
        let error = Error::usage(format!("generation {wanted} is not kept"));
        match numbers.is_empty() {
            true => error.hint("the store has no generation but the one in force"),
            false => error.hint(format!("kept are {}", numbers.join(", "))),
        }
    })
}

fn undone_days(in_force: &Manifest, earlier: &Manifest) -> BTreeSet<Day> {
    let then = |day: &Day| earlier.days.iter().find(|entry| entry.day == *day);
    let entries = in_force.days.iter();
    let other = entries.filter(|entry| then(&entry.day).is_none_or(|of| of.file != entry.file));
    other.map(|entry| entry.day).collect()
}

fn undone_files(now: &Ledger, then: &Ledger) -> BTreeSet<String> {
    let undone = now.iter().filter(|(hash, _)| !then.contains_key(*hash));
    undone.map(|(_, entry)| entry.name.clone()).collect()
}
