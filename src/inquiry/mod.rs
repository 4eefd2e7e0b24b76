//! What a store is asked: what was told, what was learnt, and why something was told or not.
//!
//! Commands, and whatever serves programs, are loops around an [`Inquiry`]. It knows no terminal and no protocol, and returns the
//! documents that `--format json` writes. It takes no lock and writes nothing but what people decide: a verdict
//! ([`Inquiry::give_verdict`]) is stored, and learnt from if that is asked for, and an approval ([`Inquiry::weigh_approval`]) goes into the
//! configuration.
//!
//! What an inquiry has read it keeps: of an archive that did not change nothing is read again, and of one that grew only what was added.
//! The answers are those of an inquiry that begins anew.

mod approval;
mod approval_from;
mod budget;
mod cursor;
mod entities;
mod generations;
mod incidents;
mod judged;
mod known;
mod moment;
mod opened;
mod page;
mod place;
mod selection;
mod told;
mod verdict;

pub use crate::report::baseline::EntityEntry;
pub use approval::{ApprovalRequest, NewApproval, NewApprovalDocument, take_back_approval};
pub use budget::Budget;
pub use cursor::Cursor;
pub use entities::{ENTITIES_MAX, EntityPage, EntitySelection, LISTED, Learnt, Overview};
pub use incidents::Found;
pub use judged::{BUDGETS, WhyNot};
pub use moment::{AnalyticPattern, DayOrInstant, Instant};
pub use page::{ListedAlert, PAGE_DOCUMENTS_MAX, Page, ToldIncident};
pub use place::Place;
pub use selection::Selection;
pub use verdict::GivenVerdict;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::baseline::Generation;
use crate::error::{Error, Result};
use crate::inquiry::opened::Opened;
use crate::inquiry::told::Told;
use crate::store::{FileState, Store, Verdicts};

/// A place of alerts, or a store, that can be asked again and again, by several threads.
pub struct Inquiry {
    place: Place,
    told: Mutex<Told>,
    verdicts: Mutex<Option<(Option<FileState>, Arc<Verdicts>)>>,
    opened: Mutex<Opened>,
    /// The numbers of entities of generations, which do not change.
    n_entities: Mutex<BTreeMap<u64, u64>>,
}

impl Inquiry {
    /// Makes the inquiry of a place. Nothing is read.
    pub fn of(place: Place) -> Self {
        Self {
            place,
            told: Mutex::default(),
            verdicts: Mutex::default(),
            opened: Mutex::default(),
            n_entities: Mutex::default(),
        }
    }

    /// Makes the inquiry of a store. Nothing is read.
    pub fn of_store(store: Store) -> Self {
        Self::of(Place::Store(store))
    }

    /// Returns what is asked.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Returns the store.
    ///
    /// # Errors
    ///
    /// A usage error if it is a file of alerts.
    pub fn store(&self) -> Result<&Store> {
        match &self.place {
            Place::Store(store) => Ok(store),
            Place::File(path) => Err(Error::usage(format!(
                "`{}` is a file of alerts and no store",
                path.display()
            ))),
        }
    }

    /// Returns the verdicts on its alerts; those on the alerts of a file are not known.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn verdicts(&self) -> Result<Arc<Verdicts>> {
        let Place::Store(store) = &self.place else {
            return Ok(Arc::default());
        };
        let mut kept = lock(&self.verdicts);
        let state = store.verdicts_state()?;
        if let Some((known, verdicts)) = &*kept
            && *known == state
        {
            return Ok(verdicts.clone());
        }
        let verdicts = Arc::new(store.verdicts()?);
        *kept = Some((state, verdicts.clone()));
        Ok(verdicts)
    }

    /// Returns what is known of the alerts that were told, up to now.
    fn told(&self) -> Result<MutexGuard<'_, Told>> {
        let mut told = lock(&self.told);
        told.read_on(&self.place)?;
        Ok(told)
    }

    /// Returns the generation in force.
    fn generation(&self) -> Result<Arc<Generation>> {
        lock(&self.opened).newest(self.store()?)
    }
}

/// Takes a lock. What a thread that failed left behind is read on from where it is whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
