//! States of learning as published files: what was remembered on the morning of a day, so that a night need not learn all days
//! again.
//!
//! A state says under what it was learnt. It holds nothing that cannot be learnt again from the days: one that is missing,
//! damaged or of another version does not count, and costs time only.

use crate::baseline::{Beginning, Beginnings, Peak, TrailRecord, TrailScope};
use crate::error::Result;
use crate::learn::{EntityState, Memory, MemoryHead, PeakMemory};
use crate::measure::{Findings, LogKey, SignIn, SignIns};
use crate::store::container::{Kind, Reader, Table};
use crate::store::manifest::StateEntry;
use crate::store::published::{FINDINGS, RECENT_TRAILS, Staged, read_trails};
use crate::store::{Store, names};
use crate::time::Day;
use crate::vocab::{Entity, Str};

pub(super) const STATE: Kind = Kind {
    number: 3,
    version: 1,
    oldest: 1,
};

pub(super) const UNDER: Table<String> = Table::new("under");
const HEAD: Table<MemoryHead> = Table::new("head");
const ENTITIES: Table<(Entity, EntityState)> = Table::new("entities");
/// Since when each log is there.
const BEGINNINGS: Table<(LogKey, Beginning)> = Table::new("beginnings");
/// When each trail was last seen, of days that know it.
const TRAILS: Table<(TrailScope, TrailRecord)> = Table::new("trails");
/// Of days on which somebody signed in.
const SIGN_INS: Table<(Str, Vec<SignIn>)> = Table::new("sign_ins");
/// Where an entity had any.
const PEAKS: Table<(Entity, Vec<Peak>)> = Table::new("peaks");

impl Store {
    /// Writes what was remembered on the morning of a day, and under what it was learnt; the next manifest will name it.
    ///
    /// # Errors
    ///
    /// Fails if the disk fails.
    pub fn stage_state(
        &self,
        morning: Day,
        memory: &Memory,
        under: &str,
        generation: u64,
    ) -> Result<Staged> {
        self.stage(names::state(morning, generation), STATE, |file| {
            file.write(&UNDER, [under])?;
            file.write(&HEAD, [memory.head()])?;
            file.write_by_key(&ENTITIES, memory.entities())?;
            if !memory.beginnings().is_empty() {
                file.write(&BEGINNINGS, memory.beginnings().iter())?;
            }
            if !memory.trails().is_empty() {
                file.write(&TRAILS, memory.trails().settled())?;
                file.write(&RECENT_TRAILS, memory.trails().recent())?;
            }
            if !memory.sign_ins().is_empty() {
                file.write(&SIGN_INS, memory.sign_ins().iter())?;
            }
            if !memory.findings().is_empty() {
                file.write(&FINDINGS, memory.findings().iter())?;
            }
            match memory.peaks().is_empty() {
                true => Ok(()),
                false => file.write_by_key(&PEAKS, memory.peaks().iter()),
            }
        })
    }

    /// Returns whether a state was learnt under this; one that cannot be read was not.
    pub fn is_state_under(&self, entry: &StateEntry, under: &str) -> bool {
        let read = || Reader::open(&self.root().join(&entry.file), STATE)?.read_one(&UNDER);
        read().is_ok_and(|of_state| of_state == under)
    }

    /// Reads what was remembered in a state.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read, is damaged, or is of another version.
    pub fn load_state(&self, entry: &StateEntry) -> Result<Memory> {
        let file = Reader::open(&self.root().join(&entry.file), STATE)?;
        let sign_ins: SignIns = match file.has(&SIGN_INS) {
            true => file.read(&SIGN_INS)?,
            false => SignIns::new(),
        };
        let peaks: PeakMemory = match file.has(&PEAKS) {
            true => file.read(&PEAKS)?,
            false => PeakMemory::default(),
        };
        let beginnings: Beginnings = match file.has(&BEGINNINGS) {
            true => file.read(&BEGINNINGS)?,
            false => Beginnings::default(),
        };
        let findings: Findings = match file.has(&FINDINGS) {
            true => file.read(&FINDINGS)?,
            false => Findings::default(),
        };
        let trails = read_trails(&file, &TRAILS)?;
        let (callers, logs) = ((sign_ins, findings), (beginnings, trails));
        let mut memory = Memory::of(file.read_one(&HEAD)?, callers, logs, peaks);
        file.read_into(&ENTITIES, &mut memory)?;
        Ok(memory)
    }

    /// Returns the name of the file in which a generation writes a day.
    pub fn name_of_day(&self, day: Day, generation: u64) -> String {
        names::day(day, generation)
    }
}
