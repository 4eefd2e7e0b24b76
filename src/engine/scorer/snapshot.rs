//! All of a scorer that must outlive a restart, as bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::baseline::{Context, DaysOfLogs, DaysOfTrails, Generation};
use crate::engine::Setup;
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::Scorer;
use crate::engine::scorer::incidents::KnownAlerts;
use crate::engine::scorer::summary::ScoreOptions;
use crate::engine::scorer::told::{Episodes, episodes_of};
use crate::error::{Error, Result};
use crate::incident::EarlierJoiner;
use crate::measure::{Findings, SignIns};
use crate::stats::Severity;
use crate::time::Day;

/// The first byte; it changes when the meaning of the following bytes changes.
const VERSION: u8 = 5;
/// The same where no trail of the last days is known and no other detector found anything on them, as before these were remembered.
const WITHOUT_TRAILS: u8 = 4;
/// The same where no log of the last days may have begun, as before it was remembered.
const WITHOUT_LOGS: u8 = 3;
/// The same of the version before: a state without sign-ins, and with alerts in an earlier form.
const WITHOUT_SIGN_INS: u8 = 2;
/// The same of the version before that.
const EARLIER: u8 = 1;

/// What outlives a restart. The accounts that the configuration lists are not part of it.
type Snapshot<'a> = (WithoutTrails<'a>, Trails<'a>);

/// The trails of the last days, and what other detectors found on them.
type Trails<'a> = (Cow<'a, DaysOfTrails>, Cow<'a, BTreeMap<Day, Findings>>);

/// The same but for trails.
type WithoutTrails<'a> = (WithoutLogs<'a>, Cow<'a, DaysOfLogs>);

/// The same but for logs.
type WithoutLogs<'a> = (State<'a>, Cow<'a, BTreeMap<Day, SignIns>>);

/// What outlives a restart but for sign-ins.
#[derive(Serialize, Deserialize)]
struct State<'a> {
    context: Cow<'a, Context>,
    episodes: Cow<'a, Episodes>,
    known: Cow<'a, KnownAlerts>,
    complete: Option<Day>,
    kept_from: Option<Day>,
    /// Days in memory: not complete, or brought back.
    open: Vec<Day>,
    /// The events that may still be judged, where they do not lie in a folder.
    events: BTreeMap<Day, Vec<u8>>,
}

/// What the version before kept.
#[derive(Deserialize)]
struct WithoutSignIns {
    context: Context,
    episodes: Episodes,
    /// What is known of alerts is read from the archive again.
    _known: (EarlierJoiner, EarlierJoiner, Option<Day>),
    complete: Option<Day>,
    kept_from: Option<Day>,
    open: Vec<Day>,
    events: BTreeMap<Day, Vec<u8>>,
}

impl WithoutSignIns {
    fn state(self) -> State<'static> {
        State {
            context: Cow::Owned(self.context),
            episodes: Cow::Owned(self.episodes),
            known: Cow::Owned(KnownAlerts::default()),
            complete: self.complete,
            kept_from: self.kept_from,
            open: self.open,
            events: self.events,
        }
    }
}

/// What the first version kept.
#[derive(Deserialize)]
struct EarlierState {
    context: Context,
    told: BTreeMap<String, (Severity, Day)>,
    complete: Option<Day>,
    kept_from: Option<Day>,
    open: Vec<Day>,
    events: BTreeMap<Day, Vec<u8>>,
}

impl EarlierState {
    fn state(self) -> State<'static> {
        State {
            context: Cow::Owned(self.context),
            episodes: Cow::Owned(episodes_of(self.told)),
            known: Cow::Owned(KnownAlerts::default()),
            complete: self.complete,
            kept_from: self.kept_from,
            open: self.open,
            events: self.events,
        }
    }
}

impl State<'_> {
    fn bytes(&self) -> Result<Vec<u8>> {
        let (sign_ins, logs) = (self.context.sign_ins(), self.context.logs());
        let trails = (self.context.trails(), self.context.findings());
        let has_trails = !trails.0.is_empty() || !trails.1.is_empty();
        match (logs.is_empty(), has_trails) {
            (true, false) => postcard::to_extend(&(self, sign_ins), vec![WITHOUT_LOGS]),
            (false, false) => postcard::to_extend(&((self, sign_ins), logs), vec![WITHOUT_TRAILS]),
            (_, true) => postcard::to_extend(&(((self, sign_ins), logs), trails), vec![VERSION]),
        }
        .map_err(|e| Error::failed("cannot write the snapshot of a scorer").cause(e))
    }
}

/// Returns what a scorer goes on from whose events lie in a folder.
pub(in crate::engine) fn saved_state(
    context: &Context,
    episodes: &Episodes,
    complete: Option<Day>,
    open: Vec<Day>,
) -> Result<Vec<u8>> {
    // Of complete days, nothing was kept.
    let kept_from = complete.map(|complete| complete.plus(1));
    State {
        context: Cow::Borrowed(context),
        episodes: Cow::Borrowed(episodes),
        known: Cow::Owned(KnownAlerts::default()),
        complete,
        kept_from,
        open,
        events: BTreeMap::new(),
    }
    .bytes()
}

impl Scorer<'_> {
    /// Returns all that outlives a restart, as bytes.
    ///
    /// # Errors
    ///
    /// Fails if the events that may still be judged cannot be read back.
    pub fn snapshot(&self) -> Result<Vec<u8>> {
        let mut events: BTreeMap<Day, Vec<u8>> = BTreeMap::new();
        let kept = self.events.days().into_iter();
        for day in kept.filter(|day| self.is_kept(*day)) {
            events.insert(day, self.events.bytes_of(day)?);
        }
        self.write(events)
    }

    /// Returns what outlives a restart without the events, which are made durable in their folder, and the bytes of each day
    /// there.
    pub(in crate::engine) fn save(&mut self) -> Result<(Vec<u8>, BTreeMap<Day, u64>)> {
        let mut lengths = self.events.flush()?;
        lengths.retain(|day, _| self.is_kept(*day));
        Ok((self.write(BTreeMap::new())?, lengths))
    }

    fn write(&self, events: BTreeMap<Day, Vec<u8>>) -> Result<Vec<u8>> {
        State {
            context: Cow::Borrowed(&self.bench.context),
            episodes: Cow::Borrowed(&self.episodes),
            known: Cow::Borrowed(&self.known),
            complete: self.complete,
            kept_from: self.kept_from,
            open: self.days(),
            events,
        }
        .bytes()
    }

    /// Removes events that are not kept any more. A run after a crash must not need them.
    pub(in crate::engine) fn sweep(&mut self) {
        for day in self.events.days() {
            if !self.is_kept(day) {
                self.events.forget(day);
            }
        }
    }
}

impl<'a> Scorer<'a> {
    /// Makes a scorer that goes on from a snapshot.
    ///
    /// # Errors
    ///
    /// Fails if the bytes are damaged or another version's, or if the place for events is full.
    pub fn restore(
        setup: &'a Setup,
        generation: Arc<Generation>,
        options: ScoreOptions,
        snapshot: &[u8],
    ) -> Result<Self> {
        Self::new(setup, generation, options).resumed(snapshot, EventBuffer::of_bytes)
    }

    /// Makes a scorer whose events lie in a folder, of each day so many bytes, and which goes on from what was saved with
    /// them; from the beginning if that is nothing.
    pub(in crate::engine) fn resume_in(
        setup: &'a Setup,
        generation: Arc<Generation>,
        options: ScoreOptions,
        saved: &[u8],
        (folder, lengths): (PathBuf, &BTreeMap<Day, u64>),
    ) -> Result<Self> {
        let mut scorer = Self::new(setup, generation, options);
        let open = |_| EventBuffer::open(folder, lengths);
        if saved.is_empty() {
            scorer.events = open(BTreeMap::new())?;
            return Ok(scorer);
        }
        scorer.resumed(saved, open)
    }

    fn resumed(
        mut self,
        bytes: &[u8],
        events: impl FnOnce(BTreeMap<Day, Vec<u8>>) -> Result<EventBuffer>,
    ) -> Result<Self> {
        let without_trails = |state| (state, Trails::default());
        let without_logs = |state| without_trails((state, Cow::Owned(DaysOfLogs::new())));
        let none = |state| without_logs((state, Cow::Owned(BTreeMap::new())));
        let (((state, sign_ins), logs), (trails, findings)): Snapshot = match bytes.split_first() {
            Some((&VERSION, bytes)) => postcard::from_bytes(bytes),
            Some((&WITHOUT_TRAILS, bytes)) => {
                postcard::from_bytes::<WithoutTrails>(bytes).map(without_trails)
            }
            Some((&WITHOUT_LOGS, bytes)) => {
                postcard::from_bytes::<WithoutLogs>(bytes).map(without_logs)
            }
            Some((&WITHOUT_SIGN_INS, bytes)) => postcard::from_bytes::<WithoutSignIns>(bytes)
                .map(WithoutSignIns::state)
                .map(none),
            Some((&EARLIER, bytes)) => postcard::from_bytes::<EarlierState>(bytes)
                .map(EarlierState::state)
                .map(none),
            _ => {
                return Err(Error::failed(
                    "this snapshot of a scorer is of another version",
                ));
            }
        }
        .map_err(|e| Error::failed("this snapshot of a scorer is damaged").cause(e))?;
        self.events = events(state.events)?;
        let context = state.context.into_owned();
        let context = context
            .with_sign_ins(sign_ins.into_owned())
            .with_logs(logs.into_owned())
            .with_trails(trails.into_owned())
            .with_findings(findings.into_owned());
        self.bench.context = self.bench.setup.context().with(context);
        self.episodes = state.episodes.into_owned();
        self.known = state.known.into_owned();
        self.complete = state.complete;
        self.kept_from = state.kept_from;
        for day in state.open {
            self.bring_back(day)?;
        }
        Ok(self)
    }
}
