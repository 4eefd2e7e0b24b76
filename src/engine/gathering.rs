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
use crate::measure::{DayAggregate, Room, SharedRegister, Unnamed};
use crate::store::{BegunDay, DayEntry, Staged, Store};
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
    /// Whom a day distinguishes.
    room: Room,
    /// The most bytes of days that wait in memory.
    waiting_bytes_max: usize,
    days: Mutex<BTreeMap<Day, Arc<GatheredDay>>>,
    waiting_bytes: AtomicUsize,
    n_too_old: AtomicU64,
}

/// A day of which something was read.
struct GatheredDay {
    day: Day,
    register: SharedRegister,
    n_new: AtomicU64,
    waiting: Mutex<Waiting>,
}

/// A day that is written but not yet in force.
pub(super) struct StagedDay {
    pub staged: Staged,
    /// Its events.
    pub events: u64,
    /// The day, if it is in memory.
    pub aggregate: Option<DayAggregate>,
}

/// What threads have read of a day and left.
#[derive(Default)]
struct Waiting {
    aggregate: Option<DayAggregate>,
    bytes: usize,
    put_aside: Option<BegunDay>,
}

impl Waiting {
    fn add(&mut self, part: DayAggregate, room: &Room) {
        match &mut self.aggregate {
            Some(whole) => whole.merge(part),
            // What was read back from the store knows no room.
            None => self.aggregate = Some(part.given(room.clone())),
        }
    }

    /// Takes back what was put aside.
    fn take_back(&mut self, room: &Room) -> Result<()> {
        if let Some(begun) = self.put_aside.take() {
            self.add(begun.take_back()?, room);
        }
        Ok(())
    }
}

impl<'a> Gathering<'a> {
    pub fn new(
        (setup, store): (&'a Setup, &'a Store),
        number: u64,
        stored: &'a BTreeMap<Day, DayEntry>,
        oldest: Option<Day>,
        room: Room,
    ) -> Self {
        Self {
            setup,
            store,
            number,
            stored,
            oldest,
            room,
            waiting_bytes_max: WAITING_BYTES_MAX,
            days: Mutex::default(),
            waiting_bytes: AtomicUsize::new(0),
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

    /// Takes out a whole day, with what the store had of it, and writes it; the next manifest will name it. The day itself is
    /// not returned if it is in the store only.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read or written.
    pub fn stage(&self, day: Day) -> Result<StagedDay> {
        let gathered = lock(&self.days).remove(&day);
        let Some(gathered) = gathered.and_then(Arc::into_inner) else {
            return Err(Error::failed(format!("{day} is gathered twice")));
        };
        let waiting = gathered.waiting.into_inner();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        self.waiting_bytes
            .fetch_sub(waiting.bytes, Ordering::Relaxed);
        let (fingerprints, unnamed) = gathered.register.into_parts();
        let stored = self.stored.get(&day);
        if stored.is_some() || waiting.aggregate.is_some() {
            waiting.take_back(&self.room)?;
        }
        if let Some(entry) = stored {
            waiting.add(self.store.load_day(entry)?, &self.room);
        }
        if let Some(begun) = waiting.put_aside {
            return Ok(StagedDay {
                staged: begun.finish(&fingerprints, &unnamed)?,
                events: fingerprints.len() as u64,
                aggregate: None,
            });
        }
        let whole = waiting.aggregate;
        let mut whole = whole.unwrap_or_else(|| DayAggregate::within(day, self.room.clone()));
        (whole.fingerprints, whole.unnamed) = (fingerprints, unnamed);
        Ok(StagedDay {
            staged: self.store.stage_day(&whole, self.number)?,
            events: whole.fingerprints.len() as u64,
            aggregate: Some(whole),
        })
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
            waiting.add(aggregate, &self.room);
            let bytes = waiting.aggregate.as_ref().map_or(0, DayAggregate::bytes);
            let before = std::mem::replace(&mut waiting.bytes, bytes);
            self.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
            self.waiting_bytes.fetch_sub(before, Ordering::Relaxed);
        }
        self.put_aside()
    }

    /// Puts days aside while they are too much for memory, the earliest first.
    fn put_aside(&self) -> Result<()> {
        while self.waiting_bytes.load(Ordering::Relaxed) > self.waiting_bytes_max {
            let days: Vec<_> = lock(&self.days).values().cloned().collect();
            let is_waiting = |day: &&Arc<GatheredDay>| lock(&day.waiting).bytes > 0;
            let Some(day) = days.iter().find(is_waiting) else {
                return Ok(());
            };
            let mut waiting = lock(&day.waiting);
            waiting.take_back(&self.room)?;
            let Some(aggregate) = waiting.aggregate.take() else {
                continue;
            };
            waiting.put_aside = Some(self.store.begin_day(&aggregate, self.number)?);
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
                    aggregate: DayAggregate::within(day, self.gathering.room.clone()),
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::event::{Action, IdentityKind, Outcome, Principal, Provider, Source, Untrusted};
    use crate::measure::Links;
    use crate::measure::{Bound, OwnAccounts};
    use crate::time::Time;

    const DAYS: i32 = 6;

    /// Calls of a few identities on several days, some without a caller, and some of these named by another record.
    fn events() -> Vec<Event> {
        let call = |n: i64| {
            let at = Day(20_000)
                .start()
                .plus_secs(n * 977 % (i64::from(DAYS) * 86_400));
            let name = format!("arn:aws:iam::111122223333:user/u{}", n % 7);
            let mut event = Event {
                action: Action::ReadObject,
                outcome: Outcome::Success,
                service: "s3".into(),
                op: "GetObject".into(),
                account: Some("111122223333".into()),
                region: Some(format!("eu-west-{}", n % 2).as_str().into()),
                container: Some(Untrusted::new(&format!("b{}", n % 5))),
                object: Some(Untrusted::new(&format!("o{n}"))),
                bytes_out: Some(n as u64),
                ..Event::new(
                    at,
                    format!("e{n}").as_str().into(),
                    Provider::Aws,
                    Source::AwsCloudTrail,
                )
            };
            event.principal = Some(Principal::new(name.as_str().into(), IdentityKind::Human));
            event
        };
        let unnamed = |event: &Event| Event {
            principal: None,
            ..event.clone()
        };
        let calls: Vec<Event> = (0..3_000).map(call).collect();
        let trimmed = calls.iter().step_by(11).map(unnamed);
        let only_trimmed = (3_000..3_040).map(call).map(|event| unnamed(&event));
        trimmed
            .chain(calls.iter().cloned())
            .chain(only_trimmed)
            .collect()
    }

    /// Gathers the first events, and then the others, on so many threads, and returns the days as they are stored in the end.
    fn gathered(waiting_bytes_max: usize, threads: usize, n_first: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        std::fs::create_dir_all(store.root()).unwrap();
        let now = Time::parse("2027-01-01T00:00:00Z").unwrap();
        let setup = Setup::new(Config::default(), Vec::new(), now);
        let (mut stored, mut n_put_aside) = (BTreeMap::new(), 0);
        let all = events();
        let (first, others) = all.split_at(n_first);
        for (number, events) in [(1, first), (2, others)] {
            // Less than the identities that there are.
            let room = Room::at_first().for_identities(4);
            let mut gathering = Gathering::new((&setup, &store), number, &stored, None, room);
            gathering.waiting_bytes_max = waiting_bytes_max;
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    let gathering = &gathering;
                    scope.spawn(move || {
                        let mut taker = gathering.taker();
                        for event in events.iter().skip(thread).step_by(threads) {
                            taker.take(event.clone()).unwrap();
                        }
                        taker.finish().unwrap();
                    });
                }
            });
            let days = gathering.n_new();
            let stage = |day| {
                let staged = gathering.stage(day).unwrap();
                n_put_aside += usize::from(staged.aggregate.is_none());
                let entry = DayEntry {
                    day,
                    file: staged.staged.into_name(),
                    events: staged.events,
                    scored_events: None,
                    measured_by: Default::default(),
                };
                (day, entry)
            };
            let staged: BTreeMap<_, _> = days.into_keys().map(stage).collect();
            let n_files = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(n_files, stored.len() + staged.len());
            drop(gathering);
            stored.extend(staged);
        }
        assert_eq!(stored.len(), DAYS as usize);
        assert_eq!(n_put_aside > 0, waiting_bytes_max == 0);
        let as_text = |entry: &DayEntry| {
            let day = store.load_day(entry).unwrap();
            assert_eq!(day.reached()[&Bound::Identities], 3);
            let facts = day.assemble(&Links::new(), &OwnAccounts::new());
            let covered = day.covered();
            format!("{} {facts:?} {:?} {covered:?}", entry.events, day.unnamed)
        };
        stored.values().map(as_text).collect()
    }

    #[test]
    fn days_that_were_put_aside_or_stored_and_threads_make_no_difference() {
        let expected = gathered(usize::MAX, 1, 0);
        for (waiting_bytes_max, threads, n_first) in [
            (0, 1, 0),
            (usize::MAX, 3, 0),
            (0, 3, 0),
            (usize::MAX, 1, 1_500),
            (0, 3, 1_500),
        ] {
            assert_eq!(gathered(waiting_bytes_max, threads, n_first), expected);
        }
    }
}
