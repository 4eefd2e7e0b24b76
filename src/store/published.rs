//! Days and generations as published files.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use crate::baseline::{
    Baseline, Baselines, Beginning, Beginnings, Calibration, CalibrationLog, DriftReport, Early,
    FewPriors, Generation, Group, GroupState, Groups, IncidentRanks, Novelty, Peak, Peaks,
    SignedIn, Support, Sweeps, TrailRecord, TrailScope, Trails, Tuning,
};
use crate::error::Result;
use crate::measure::{
    Beyond, Class, Coverage, Creations, DayAggregate, DayFacts, DayTrails, Finding, Findings,
    Issuances, Issued, Links, LogKey, Namesake, OwnAccounts, Seen, SignIn, Subject, Told, TrailKey,
    TrailTimes, Unnamed,
};
use crate::store::container::{KeyedRows, Kind, Reader, Table, Writer};
use crate::store::manifest::{DayEntry, Manifest};
use crate::store::names::{self, UNFINISHED};
use crate::store::{Store, fault};
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str};

/// The suffix of the name of a published file.
pub(super) const GENERATION: Kind = Kind {
    number: 1,
    version: 2,
    oldest: 1,
};
pub(super) const DAY: Kind = Kind {
    number: 2,
    version: 1,
    oldest: 1,
};
/// The version of a generation of which baselines and groups can only be read as a whole.
const WITHOUT_PLACES: u32 = 1;

/// The part of a generation that is not a table.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    pub number: u64,
    pub as_of: Day,
    pub first_day: Day,
    pub own_accounts: OwnAccounts,
    pub links: Links,
    pub created: Creations,
    pub namesakes: Vec<(Entity, Namesake)>,
    pub issued: Issued,
    pub seen: Seen,
}

/// The part of a day that is not a table.
#[derive(Serialize, Deserialize)]
pub(super) struct DayHead {
    pub links: Links,
    pub accounts: OwnAccounts,
    pub created: Creations,
    pub issued: Issuances,
    pub last: Option<Time>,
}

const HEAD: Table<Head> = Table::new("head");
const BASELINES: Table<(Entity, Baseline)> = Table::new("baselines");
const GROUPS: Table<(Group, GroupState)> = Table::new("groups");
/// Until [`WITHOUT_PLACES`].
const SUPPORT: Table<(u64, u32)> = Table::new("support");
const SUPPORT_KEYS: Table<u64> = Table::new("support_keys");
const SUPPORT_COUNTS: Table<u32> = Table::new("support_counts");
const COVERAGE_BY_DAY: Table<(Day, Arc<Coverage>)> = Table::new("coverage_by_day");
const DRIFT: Table<DriftReport> = Table::new("drift");
const CALIBRATION: Table<Calibration> = Table::new("calibration");
/// The ranks of incidents, of a generation that knows them.
const INCIDENTS: Table<IncidentRanks> = Table::new("incidents");
/// What the first days showed, of a generation that is not calibrated yet.
const EARLY: Table<Early> = Table::new("early");
/// The priors of few, of a generation that is not calibrated yet.
const FEW: Table<FewPriors> = Table::new("few_priors");
/// How often members of groups read the posture of many buckets.
const SWEEPS: Table<(Group, Sweeps)> = Table::new("sweeps");
/// The new values of extreme entity-days: they are a part of the log.
const NOVELTIES: Table<((Day, Entity), Vec<Novelty>)> = Table::new("novelties");
const CALIBRATION_LOG: Table<CalibrationLog> = Table::new("calibration_log");
/// Since when each log is there, of a generation that knows it.
const BEGINNINGS: Table<(LogKey, Beginning)> = Table::new("beginnings");
/// When each trail was last seen, of a generation that knows it.
const TRAILS: Table<(TrailScope, TrailRecord)> = Table::new("trails");
/// The trails of the last days, which are kept apart.
pub(super) const RECENT_TRAILS: Table<(Day, TrailKey, TrailTimes)> = Table::new("recent_trails");
/// If somebody signed in on the last learnt days.
const SIGNED_IN: Table<(Entity, Vec<SignIn>)> = Table::new("signed_in");
const PEAKS: Table<(Entity, Vec<Peak>)> = Table::new("peaks");

const DAY_HEAD: Table<DayHead> = Table::new("head");
const SUBJECTS: Table<(Subject, Box<DayFacts>)> = Table::new("subjects");
const UNNAMED: Table<(u64, BTreeMap<Subject, DayFacts>)> = Table::new("unnamed");
const COVERAGE: Table<Coverage> = Table::new("coverage");
const UNNAMED_COVERAGE: Table<(u64, Coverage)> = Table::new("unnamed_coverage");
const TOLD_BY_TRAIL: Table<u64> = Table::new("told_by_trail");
const FLOW_LOGS: Table<(u64, Told)> = Table::new("flow_logs");
const FINGERPRINTS: Table<u64> = Table::new("fingerprints");
/// When each trail had records, of a day that knows it.
const DAY_TRAILS: Table<(TrailKey, TrailTimes)> = Table::new("trails");
/// Of a day on which some entities found no room.
const BEYOND: Table<(Class, Beyond)> = Table::new("beyond");
/// Of a day on which somebody signed in.
const SIGN_INS: Table<(Str, Vec<SignIn>)> = Table::new("sign_ins");
/// Of a day, or a generation, on which other detectors found something.
pub(super) const FINDINGS: Table<(Str, Vec<Finding>)> = Table::new("findings");

/// A day or a generation that is complete on disk but not yet in force.
#[derive(Debug)]
pub struct Staged {
    name: String,
}

impl Staged {
    /// Returns the file's name, for the manifest.
    pub fn into_name(self) -> String {
        self.name
    }
}

impl Store {
    /// Writes a day; the next manifest will name it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_day(&self, aggregate: &DayAggregate, generation: u64) -> Result<Staged> {
        let begun = self.begin_day(aggregate, generation)?;
        begun.finish(&aggregate.fingerprints, &aggregate.unnamed)
    }

    /// Begins to write a day: all but the register of its events, so that it need not be kept in memory.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn begin_day(&self, aggregate: &DayAggregate, generation: u64) -> Result<BegunDay> {
        let name = names::day(aggregate.day, generation);
        let path = self.root().join(format!("{name}{UNFINISHED}"));
        let mut file = Writer::create(&path, DAY)?;
        let mut subjects: Vec<_> = aggregate.subjects().iter().collect();
        subjects.sort_by(|a, b| a.0.cmp(b.0));
        let head = DayHead {
            links: aggregate.links.clone(),
            accounts: aggregate.accounts.clone(),
            created: aggregate.created.clone(),
            issued: aggregate.issued.clone(),
            last: aggregate.last,
        };
        file.write(&DAY_HEAD, [&head])?;
        file.write_by_key(&SUBJECTS, subjects)?;
        file.write(&COVERAGE, [&aggregate.coverage])?;
        file.write_sorted_numbers(&TOLD_BY_TRAIL, &sorted(&aggregate.recorded_by_trail))?;
        if !aggregate.flow_logs.is_empty() {
            file.write(&FLOW_LOGS, aggregate.flow_logs.iter())?;
        }
        if !aggregate.trails.is_empty() {
            file.write(&DAY_TRAILS, aggregate.trails.iter())?;
        }
        if !aggregate.beyond().is_empty() {
            file.write(&BEYOND, aggregate.beyond())?;
        }
        if !aggregate.sign_ins.is_empty() {
            file.write(&SIGN_INS, aggregate.sign_ins.iter())?;
        }
        if !aggregate.findings.is_empty() {
            file.write(&FINDINGS, aggregate.findings.iter())?;
        }
        Ok(BegunDay {
            day: aggregate.day,
            name,
            path,
            file,
        })
    }

    /// Reads which events a day has: their fingerprints, and the records without a caller.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_day`] does.
    pub fn load_register(&self, entry: &DayEntry) -> Result<(FxHashSet<u64>, Unnamed)> {
        let file = Reader::open(&self.root().join(&entry.file), DAY)?;
        Ok((
            file.read_sorted_numbers(&FINGERPRINTS)?,
            read_unnamed(&file)?,
        ))
    }

    /// Reads a day.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is damaged, or was written by a newer version.
    pub fn load_day(&self, entry: &DayEntry) -> Result<DayAggregate> {
        read_day(
            &Reader::open(&self.root().join(&entry.file), DAY)?,
            entry.day,
        )
    }

    /// Reads only which identities a day shows on which instances.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_day`] does.
    pub fn load_links(&self, entry: &DayEntry) -> Result<Links> {
        let file = Reader::open(&self.root().join(&entry.file), DAY)?;
        Ok(file.read_one(&DAY_HEAD)?.links)
    }

    /// Writes a generation, with the log from which its calibration was made; the next manifest will name it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_generation(
        &self,
        generation: &Generation,
        log: &CalibrationLog,
    ) -> Result<Staged> {
        let staged = self.stage_generation_of(generation, generation.baselines.iter().map(Ok), log);
        generation.intact()?;
        staged
    }

    /// Writes a generation as [`Self::stage_generation`] does, with these baselines in place of its own: in the order of
    /// their entities, one after the other, so that they need not all be in memory.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails, or a baseline is an error, or they are not in order.
    pub fn stage_generation_of<E: Borrow<Entity>, B: Borrow<Baseline>>(
        &self,
        generation: &Generation,
        baselines: impl IntoIterator<Item = Result<(E, B)>>,
        log: &CalibrationLog,
    ) -> Result<Staged> {
        let namesakes = generation.namesakes.iter();
        let head = Head {
            number: generation.number,
            as_of: generation.as_of,
            first_day: generation.first_day,
            own_accounts: generation.own_accounts.clone(),
            links: generation.links.clone(),
            created: generation.created.clone(),
            namesakes: namesakes.map(|(e, n)| (e.clone(), n.clone())).collect(),
            issued: generation.issued.clone(),
            seen: generation.seen.clone(),
        };
        self.stage(names::generation(generation.number), GENERATION, |file| {
            file.write(&HEAD, [&head])?;
            file.write_keyed(&BASELINES, baselines)?;
            file.write_keyed(&GROUPS, generation.groups.iter().map(Ok))?;
            file.write_sorted_numbers(&SUPPORT_KEYS, generation.support.keys())?;
            file.write_numbers(&SUPPORT_COUNTS, generation.support.counts())?;
            file.write(&COVERAGE_BY_DAY, &generation.coverage)?;
            file.write(&DRIFT, [&generation.drift_report])?;
            file.write(&CALIBRATION, [&log.freeze()])?;
            if let Some(incidents) = &generation.calibration.incidents {
                file.write(&INCIDENTS, [incidents])?;
            }
            if !generation.calibration.early.statistics.is_empty() {
                file.write(&EARLY, [&generation.calibration.early])?;
            }
            if let Some(few) = generation.young().filter(|few| !few.is_empty()) {
                file.write(&FEW, [few])?;
            }
            if !generation.sweeps.is_empty() {
                file.write(&SWEEPS, &generation.sweeps)?;
            }
            if !generation.findings.is_empty() {
                file.write(&FINDINGS, generation.findings.iter())?;
            }
            let novelties = novelties_of(log);
            if !novelties.is_empty() {
                file.write(&NOVELTIES, novelties)?;
            }
            file.write(&CALIBRATION_LOG, [log])?;
            if !generation.beginnings.is_empty() {
                file.write(&BEGINNINGS, generation.beginnings.iter())?;
            }
            if !generation.trails.is_empty() {
                file.write(&TRAILS, generation.trails.settled())?;
                file.write(&RECENT_TRAILS, generation.trails.recent())?;
            }
            if !generation.signed_in.is_empty() {
                file.write_keyed(&SIGNED_IN, generation.signed_in.iter().map(Ok))?;
            }
            match generation.peaks.is_empty() {
                true => Ok(()),
                false => file.write_keyed(&PEAKS, generation.peaks.iter().map(Ok)),
            }
        })
    }

    /// Opens the generation in force, with the tuned thresholds. Baselines and groups are read from its file when they are
    /// asked for.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or a file cannot be read, is damaged, or was written by another version.
    pub fn load_generation(&self) -> Result<Generation> {
        let manifest = self.published()?;
        let mut generation = match self.load_generation_of(&manifest) {
            // It may have been replaced and removed in between.
            Err(_) if self.published()?.generation != manifest.generation => {
                self.load_generation_of(&self.published()?)
            }
            other => other,
        }?;
        generation.tuning = self.tuning()?;
        Ok(generation)
    }

    /// Opens a generation, as [`Self::load_generation`] does.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is damaged, or was written by a newer version.
    pub fn load_generation_of(&self, manifest: &Manifest) -> Result<Generation> {
        let file = self.generation_file(manifest)?;
        let head = file.read_one(&HEAD)?;
        let (baselines, groups, support) = match file.version() {
            WITHOUT_PLACES => {
                let support: Vec<_> = file.read(&SUPPORT)?;
                let (baselines, groups): (Vec<_>, Vec<_>) =
                    (file.read(&BASELINES)?, file.read(&GROUPS)?);
                (
                    baselines.into_iter().collect(),
                    groups.into_iter().collect(),
                    support.into_iter().collect(),
                )
            }
            _ => {
                let baselines = KeyedRows::open(file.clone(), BASELINES)?;
                let groups = KeyedRows::open(file.clone(), GROUPS)?;
                let keys = file.read_sorted_numbers(&SUPPORT_KEYS)?;
                let support = Support::of_sorted(keys, file.read(&SUPPORT_COUNTS)?);
                (
                    Baselines::published(Box::new(baselines)),
                    Groups::published(Box::new(groups)),
                    support.ok_or_else(|| file.damaged(SUPPORT.name(), "is not in order"))?,
                )
            }
        };
        let mut calibration = file.read_one(&CALIBRATION)?;
        if file.has(&INCIDENTS) {
            calibration.incidents = Some(file.read_one(&INCIDENTS)?);
        }
        if file.has(&EARLY) {
            calibration.early = file.read_one(&EARLY)?;
        }
        let signed_in = match file.has(&SIGNED_IN) {
            true => SignedIn::published(Box::new(KeyedRows::open(file.clone(), SIGNED_IN)?)),
            false => SignedIn::default(),
        };
        let peaks = match file.has(&PEAKS) {
            true => Peaks::published(Box::new(KeyedRows::open(file.clone(), PEAKS)?)),
            false => Peaks::default(),
        };
        let beginnings: Beginnings = match file.has(&BEGINNINGS) {
            true => file.read(&BEGINNINGS)?,
            false => Beginnings::default(),
        };
        Ok(Generation {
            number: head.number,
            as_of: head.as_of,
            first_day: head.first_day,
            baselines,
            groups,
            support,
            own_accounts: head.own_accounts,
            links: head.links,
            created: head.created,
            namesakes: head.namesakes.into_iter().collect(),
            issued: head.issued,
            signed_in,
            peaks,
            seen: head.seen,
            beginnings,
            trails: read_trails(&file, &TRAILS)?,
            coverage: file.read(&COVERAGE_BY_DAY)?,
            drift_report: file.read_one(&DRIFT)?,
            calibration,
            few: Some(match file.has(&FEW) {
                true => file.read_one(&FEW)?,
                false => FewPriors::new(),
            }),
            sweeps: match file.has(&SWEEPS) {
                true => file.read::<_, Vec<_>>(&SWEEPS)?.into_iter().collect(),
                false => BTreeMap::new(),
            },
            findings: match file.has(&FINDINGS) {
                true => file.read(&FINDINGS)?,
                false => Findings::default(),
            },
            tuning: Tuning::default(),
        })
    }

    /// Reads all of the file of a generation, and compares it with its checksums.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_generation_of`] does.
    pub fn verify_generation(&self, manifest: &Manifest) -> Result<()> {
        self.generation_file(manifest)?.verify()
    }

    /// Reads the baseline of one entity in the generation in force, and no other.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_generation_of`] does.
    pub fn load_baseline(&self, manifest: &Manifest, entity: &Entity) -> Result<Option<Baseline>> {
        self.generation_file(manifest)?.find(&BASELINES, entity)
    }

    /// Reads the earlier generation whose first day to judge is this one; `None` if no such one is kept.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_generation_of`] does.
    pub fn load_kept(&self, manifest: &Manifest, day: Day) -> Result<Option<Generation>> {
        for older in self.kept(manifest)? {
            let load = || {
                let head = self.generation_file(&older)?.read_one(&HEAD)?;
                match head.as_of == day {
                    true => self.load_generation_of(&older).map(Some),
                    false => Ok(None),
                }
            };
            match load() {
                Ok(None) => {}
                // A training may have removed it in between.
                Err(_) if self.published()?.generation != manifest.generation => {}
                other => return other,
            }
        }
        Ok(None)
    }

    /// Reads the log of scored values, from which thresholds are tuned and the learner continues.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_generation_of`] does.
    pub fn load_calibration_log(&self, manifest: &Manifest) -> Result<CalibrationLog> {
        let file = self.generation_file(manifest)?;
        let mut log = file.read_one(&CALIBRATION_LOG)?;
        if file.has(&NOVELTIES) {
            let mut novelties: BTreeMap<_, _> = file.read(&NOVELTIES)?;
            for (&day, of_day) in &mut log.extremes {
                for extreme in of_day {
                    let its = novelties.remove(&(day, extreme.entity.clone()));
                    extreme.novelties = its.unwrap_or_default();
                }
            }
        }
        Ok(log)
    }

    /// Reads which baselines drifted in the generation in force.
    ///
    /// # Errors
    ///
    /// Fails as [`Self::load_generation_of`] does.
    pub fn load_drift_report(&self, manifest: &Manifest) -> Result<DriftReport> {
        self.generation_file(manifest)?.read_one(&DRIFT)
    }

    /// Returns the name of the file that takes the place of a folder of the version before.
    pub(super) fn file_of_folder(&self, folder: &str) -> String {
        format!("{folder}{}", names::SUFFIX)
    }

    fn generation_file(&self, manifest: &Manifest) -> Result<Reader> {
        Reader::open(&self.root().join(&manifest.file), GENERATION)
    }

    /// Writes a file beside its place, makes its bytes durable, and puts it there. [`Store::publish`] makes the name durable.
    pub(super) fn stage(
        &self,
        name: String,
        kind: Kind,
        write: impl FnOnce(&mut Writer) -> Result<()>,
    ) -> Result<Staged> {
        let finished = self.root().join(&name);
        let unfinished = self.root().join(format!("{name}{UNFINISHED}"));
        let mut file = Writer::create(&unfinished, kind)?;
        write(&mut file)?;
        file.finish()?;
        fs::rename(&unfinished, &finished).map_err(|e| fault::write(&finished, e))?;
        Ok(Staged { name })
    }
}

/// A day that is written but for the register of its events. What is left of one, the next training removes.
pub struct BegunDay {
    day: Day,
    name: String,
    path: PathBuf,
    file: Writer,
}

impl BegunDay {
    /// Writes the register and completes the day.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn finish(mut self, fingerprints: &FxHashSet<u64>, unnamed: &Unnamed) -> Result<Staged> {
        self.write_register(fingerprints, unnamed)?;
        self.file.finish()?;
        let finished = self.path.with_file_name(&self.name);
        fs::rename(&self.path, &finished).map_err(|e| fault::write(&finished, e))?;
        Ok(Staged { name: self.name })
    }

    /// Reads back what was written, and removes it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn take_back(mut self) -> Result<DayAggregate> {
        self.write_register(&FxHashSet::default(), &Unnamed::default())?;
        self.file.close()?;
        let day = read_day(&Reader::open(&self.path, DAY)?, self.day)?;
        fs::remove_file(&self.path).map_err(|e| fault::write(&self.path, e))?;
        Ok(day)
    }

    fn write_register(&mut self, fingerprints: &FxHashSet<u64>, unnamed: &Unnamed) -> Result<()> {
        let records = unnamed.records.iter();
        let records = records.filter_map(|(id, held)| Some((id, held.as_ref()?)));
        self.file.write(&UNNAMED, records)?;
        self.file.write(&UNNAMED_COVERAGE, &unnamed.coverage)?;
        let fingerprints = sorted(fingerprints);
        self.file.write_sorted_numbers(&FINGERPRINTS, &fingerprints)
    }
}

/// Returns the new values of a log's extreme entity-days, of those that have any.
fn novelties_of(log: &CalibrationLog) -> Vec<((Day, Entity), Vec<Novelty>)> {
    let days = log.extremes.iter();
    let all = days.flat_map(|(&day, of_day)| of_day.iter().map(move |extreme| (day, extreme)));
    all.filter(|(_, extreme)| !extreme.novelties.is_empty())
        .map(|(day, extreme)| ((day, extreme.entity.clone()), extreme.novelties.clone()))
        .collect()
}

fn sorted(numbers: &FxHashSet<u64>) -> Vec<u64> {
    let mut numbers: Vec<u64> = numbers.iter().copied().collect();
    numbers.sort_unstable();
    numbers
}

fn read_day(file: &Reader, day: Day) -> Result<DayAggregate> {
    let head = file.read_one(&DAY_HEAD)?;
    let mut aggregate = DayAggregate::new(day);
    aggregate.links = head.links;
    aggregate.accounts = head.accounts;
    aggregate.created = head.created;
    aggregate.issued = head.issued;
    aggregate.recorded_by_trail = file.read_sorted_numbers(&TOLD_BY_TRAIL)?;
    aggregate.fingerprints = file.read_sorted_numbers(&FINGERPRINTS)?;
    aggregate.unnamed = read_unnamed(file)?;
    aggregate.coverage = file.read_one(&COVERAGE)?;
    aggregate.last = head.last;
    if file.has(&FLOW_LOGS) {
        aggregate.flow_logs = file.read(&FLOW_LOGS)?;
    }
    if file.has(&DAY_TRAILS) {
        aggregate.trails = file.read::<_, DayTrails>(&DAY_TRAILS)?;
    }
    if file.has(&BEYOND) {
        aggregate.set_beyond(file.read(&BEYOND)?);
    }
    if file.has(&SIGN_INS) {
        aggregate.sign_ins = file.read(&SIGN_INS)?;
    }
    if file.has(&FINDINGS) {
        aggregate.findings = file.read(&FINDINGS)?;
    }
    Ok(aggregate.with_subjects(file.read(&SUBJECTS)?))
}

/// Reads what is remembered of trails; nothing of a file that has none of it.
pub(super) fn read_trails(
    file: &Reader,
    settled: &Table<(TrailScope, TrailRecord)>,
) -> Result<Trails> {
    let mut trails = Trails::default();
    if file.has(settled) {
        file.read_into(settled, &mut trails)?;
    }
    if file.has(&RECENT_TRAILS) {
        file.read_into(&RECENT_TRAILS, &mut trails)?;
    }
    Ok(trails)
}

fn read_unnamed(file: &Reader) -> Result<Unnamed> {
    let records: Vec<_> = file.read(&UNNAMED)?;
    Ok(Unnamed {
        records: records
            .into_iter()
            .map(|(id, held)| (id, Some(held)))
            .collect(),
        coverage: file.read(&UNNAMED_COVERAGE)?,
    })
}
