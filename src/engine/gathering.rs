//! Gathers days from logs on all cores, within a bound on memory.
//!
//! Each thread has an aggregate of its own for the days that it reads, and a register that all share lets each event in
//! once. A day that a thread has left is merged with what others read of it; what is too much for memory is put aside in
//! the store until the reading has ended. Facts merge in any order, so the result depends neither on the number of threads
//! nor on what was put aside.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashSet;

use crate::engine::Setup;
use crate::engine::intake::Taker;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::identity::Resolver;
use crate::measure::{DayAggregate, SharedRegister, Unnamed};
use crate::store::{DayEntry, Store};
use crate::time::Day;

/// Days that a thread has open at once: a log is in the order of time but for what is late.
const OPEN_DAYS_MAX: usize = 3;
/// The most bytes, as estimated, of days that wait in memory for the end of reading.
const WAITING_BYTES_MAX: usize = 48 << 20;

/// The days that are gathered from logs.
pub(super) struct Gathering<'a> {
    setup: &'a Setup,
    store: &'a Store,
    /// The generation that will have them.
    number: u64,
    stored: &'a BTreeMap<Day, DayEntry>,
    /// The first day that is learnt.
    oldest: Option<Day>,
    days: Mutex<BTreeMap<Day, Arc<GatheredDay>>>,
    waiting_bytes: AtomicUsize,
    n_put_aside: AtomicU64,
    n_too_old: AtomicU64,
}

/// A day of which something was read.
struct GatheredDay {
    day: Day,
    register: SharedRegister,
    n_new: AtomicU64,
    waiting: Mutex<Waiting>,
}

/// What threads have read of a day and left.
#[derive(Default)]
struct Waiting {
    aggregate: Option<DayAggregate>,
    bytes: usize,
    put_aside: Vec<String>,
}

impl<'a> Gathering<'a> {
    pub fn new(
        (setup, store): (&'a Setup, &'a Store),
        number: u64,
        stored: &'a BTreeMap<Day, DayEntry>,
        oldest: Option<Day>,
    ) -> Self {
        Self {
            setup,
            store,
            number,
            stored,
            oldest,
            days: Mutex::default(),
            waiting_bytes: AtomicUsize::new(0),
            n_put_aside: AtomicU64::new(0),
            n_too_old: AtomicU64::new(0),
        }
    }

    /// Returns a taker for one thread.
    pub fn taker(&self) -> DayTaker<'_> {
        DayTaker {
            gathering: self,
            resolver: self.setup.resolver(),
            open: Vec::with_capacity(OPEN_DAYS_MAX),
        }
    }

    /// Returns how many events were older than the first day that is learnt.
    pub fn n_too_old(&self) -> u64 {
        self.n_too_old.load(Ordering::Relaxed)
    }

    /// Returns how many new events each day has that has any.
    pub fn n_new(&self) -> BTreeMap<Day, u64> {
        let days = lock(&self.days);
        let n_new = days
            .values()
            .map(|day| (day.day, day.n_new.load(Ordering::Relaxed)));
        n_new.filter(|&(_, n)| n > 0).collect()
    }

    /// Takes out a whole day, with what the store had of it.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn take(&self, day: Day) -> Result<DayAggregate> {
        let gathered = lock(&self.days).remove(&day);
        let Some(gathered) = gathered.and_then(Arc::into_inner) else {
            return Err(Error::failed(format!("{day} is gathered twice")));
        };
        let GatheredDay {
            register, waiting, ..
        } = gathered;
        let waiting = waiting.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.waiting_bytes
            .fetch_sub(waiting.bytes, Ordering::Relaxed);
        let mut whole = waiting.aggregate;
        let mut add = |part: DayAggregate| match &mut whole {
            Some(whole) => whole.merge(part),
            None => whole = Some(part),
        };
        for name in waiting.put_aside {
            add(self.store.take_back(day, &name)?);
        }
        if let Some(entry) = self.stored.get(&day) {
            add(self.store.load_day(entry)?);
        }
        let mut whole = whole.unwrap_or_else(|| DayAggregate::new(day));
        (whole.fingerprints, whole.unnamed) = register.into_parts();
        whole.settle(None);
        Ok(whole)
    }

    fn day(&self, day: Day) -> Result<Arc<GatheredDay>> {
        let mut days = lock(&self.days);
        if let Some(known) = days.get(&day) {
            return Ok(known.clone());
        }
        let (fingerprints, unnamed) = match self.stored.get(&day) {
            Some(entry) => self.store.load_register(entry)?,
            None => (FxHashSet::default(), Unnamed::default()),
        };
        let new = Arc::new(GatheredDay {
            day,
            register: SharedRegister::new(fingerprints, unnamed),
            n_new: AtomicU64::new(0),
            waiting: Mutex::default(),
        });
        days.insert(day, new.clone());
        Ok(new)
    }

    /// Merges what a thread read of a day.
    fn leave(&self, open: OpenDay) -> Result<()> {
        let OpenDay {
            shared,
            mut aggregate,
            n_new,
        } = open;
        shared.n_new.fetch_add(n_new, Ordering::Relaxed);
        if n_new == 0 {
            return Ok(());
        }
        aggregate.settle(None);
        {
            let mut waiting = lock(&shared.waiting);
            match &mut waiting.aggregate {
                Some(all) => all.merge(aggregate),
                None => waiting.aggregate = Some(aggregate),
            }
            let bytes = waiting.aggregate.as_ref().map_or(0, DayAggregate::bytes);
            let before = std::mem::replace(&mut waiting.bytes, bytes);
            self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
            self.waiting_bytes.fetch_sub(before, Ordering::Relaxed);
        }
        self.put_aside()
    }

    /// Puts days aside while they are too much for memory, the earliest first.
    fn put_aside(&self) -> Result<()> {
        while self.waiting_bytes.load(Ordering::Relaxed) > WAITING_BYTES_MAX {
            let days: Vec<_> = lock(&self.days).values().cloned().collect();
            let is_waiting = |day: &&Arc<GatheredDay>| lock(&day.waiting).bytes > 0;
            let Some(day) = days.iter().find(is_waiting) else {
                return Ok(());
            };
            let mut waiting = lock(&day.waiting);
            let Some(aggregate) = waiting.aggregate.take() else {
                continue;
            };
            let part = self.n_put_aside.fetch_add(1, Ordering::Relaxed);
            let name = self.store.put_aside(&aggregate, (self.number, part))?;
            waiting.put_aside.push(name);
            let bytes = std::mem::take(&mut waiting.bytes);
            self.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// What is kept under a lock is whole when the lock is let go, so another thread's panic has left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A day that one thread reads.
struct OpenDay {
    shared: Arc<GatheredDay>,
    aggregate: DayAggregate,
    n_new: u64,
}

/// Takes in the events that one thread reads.
pub(super) struct DayTaker<'g> {
    gathering: &'g Gathering<'g>,
    resolver: Resolver<'g>,
    /// The days at hand, the last used first.
    open: Vec<OpenDay>,
}

impl DayTaker<'_> {
    /// Brings a day to the front.
    fn open(&mut self, day: Day) -> Result<&mut OpenDay> {
        match self.open.iter().position(|open| open.shared.day == day) {
            Some(at) => self.open[..=at].rotate_right(1),
            None => {
                if self.open.len() == OPEN_DAYS_MAX
                    && let Some(left) = self.open.pop()
                {
                    self.gathering.leave(left)?;
                }
                let new = OpenDay {
                    shared: self.gathering.day(day)?,
                    aggregate: DayAggregate::new(day),
                    n_new: 0,
                };
                self.open.insert(0, new);
            }
        }
        Ok(&mut self.open[0])
    }
}

impl Taker for DayTaker<'_> {
    fn take(&mut self, mut event: Event) -> Result<bool> {
        let gathering = self.gathering;
        let day = event.time.day();
        if gathering.oldest.is_some_and(|oldest| day < oldest) {
            gathering.n_too_old.fetch_add(1, Ordering::Relaxed);
            return Ok(false);
        }
        if self.open.first().is_none_or(|open| open.shared.day != day) {
            self.open(day)?;
        }
        let open = &mut self.open[0];
        let resolved = self.resolver.resolve(&mut event);
        let register = &open.shared.register;
        let is_new = open
            .aggregate
            .add_once(register, &resolved, &gathering.setup.plan);
        open.n_new += u64::from(is_new);
        Ok(is_new)
    }

    fn finish(mut self) -> Result<()> {
        let left = std::mem::take(&mut self.open);
        left.into_iter()
            .try_for_each(|open| self.gathering.leave(open))
    }
}
