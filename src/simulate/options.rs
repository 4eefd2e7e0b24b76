//! The options of a simulation.

use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::format::Format;
use crate::simulate::model::grade::Grade;
use crate::time::Day;

/// The options of a simulation.
#[derive(Debug, Clone)]
pub struct Options {
    /// Everything follows from it.
    pub seed: u64,
    /// How many days, at least 1.
    pub days: u32,
    /// How many identities there are at the start, at least 1; small estates are filled up to one of each kind.
    pub identities: u32,
    /// The first day.
    pub start: Day,
    /// Attacks and decoys happen only from this day on, counted from 0; a number beyond the last day means none.
    pub attack_days_from: u32,
    /// How often every class of attack is planted in each of the grades.
    pub attack_rounds: u32,
    /// Each class of attack in each grade is planted in one of so many seeds that follow one another, and each decoy in
    /// twice as many of them; 1 for all of them.
    /// Where attacks are rare, what a night learns from them is no more than in an estate of the world.
    pub one_in: u32,
    /// The grades in which attacks are planted.
    pub grades: Vec<Grade>,
    /// Which attacks and decoys there are.
    pub attack_set: AttackSet,
    /// Whether there are decoys, from the same day on as attacks.
    pub decoys: bool,
    /// Whether there are traps: honest situations that are loud because of the history that there is of them. They draw from
    /// random streams of their own.
    pub traps: bool,
    /// A factor on the volumes of legitimate work.
    pub scale: f64,
    /// Whether opaque tokens such as `x-amz-id-2` are written. They double the compressed size and have no meaning.
    pub opaque_tokens: bool,
    /// The effort of compression, 1 to 9.
    pub gzip_level: u32,
    /// Whether files are compressed that their provider does not compress.
    pub gzip: bool,
    /// The log formats that are written.
    pub formats: Vec<Format>,
    /// Whether `expected-events.jsonl` is written: the normalised event of every record.
    pub expected_events: bool,
}

impl Options {
    /// Returns whether this seed is the one in which a class of attack, by its number, is planted in a grade.
    pub(crate) fn plants(&self, class: usize, grade: Grade) -> bool {
        let one_in = u64::from(self.one_in.max(1));
        (class as u64 + grade as u64 + self.seed % one_in).is_multiple_of(one_in)
    }

    /// Returns whether this seed is one in which a decoy, by its number, is planted: they are half as rare.
    pub(crate) fn plants_decoy(&self, decoy: usize) -> bool {
        let one_in = u64::from(self.one_in.div_ceil(2).max(1));
        (decoy as u64 + self.seed % one_in).is_multiple_of(one_in)
    }
}

impl Default for Options {
    /// Three weeks of 120 identities from Monday, 2026-02-23, of which the last is attacked.
    fn default() -> Self {
        Self {
            seed: 1,
            days: 21,
            identities: 120,
            start: Day(20_507),
            attack_days_from: 14,
            attack_rounds: 1,
            one_in: 1,
            grades: Grade::ALL.to_vec(),
            attack_set: AttackSet::Core,
            decoys: true,
            traps: false,
            scale: 1.0,
            opaque_tokens: false,
            gzip_level: 9,
            gzip: false,
            formats: Format::AWS.to_vec(),
            expected_events: false,
        }
    }
}
