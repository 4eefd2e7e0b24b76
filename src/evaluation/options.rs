//! The options of an evaluation.

use crate::evaluation::ablation::Ablate;
use crate::simulate::{AttackSet, Format};

/// What is evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many estates.
    pub seeds: u32,
    /// The seed of the first; the others follow.
    pub first_seed: u64,
    /// Days that are learnt before the first is judged.
    pub days_learnt: u32,
    /// Days that are judged, each learnt afterwards.
    pub days_judged: u32,
    /// Identities of each estate at its start.
    pub identities: u32,
    /// Alerts a day that are promised.
    pub budgets: Vec<f64>,
    /// The log formats of each estate.
    pub formats: Vec<Format>,
    /// Which attacks and decoys there are in AWS.
    pub attack_set: AttackSet,
    /// Whether there are traps: honest situations that are loud because of the history that there is of them.
    pub traps: bool,
    /// Each class of attack in each grade is planted in one of so many estates.
    pub one_in: u32,
    /// Whose gates are left out, one at a time; `None` for nobody's.
    pub ablate: Option<Ablate>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seeds: 20,
            first_seed: 301,
            days_learnt: 28,
            days_judged: 10,
            identities: 300,
            budgets: vec![5.0, 20.0],
            formats: Format::originals(),
            attack_set: AttackSet::All,
            traps: false,
            one_in: 4,
            ablate: None,
        }
    }
}
