//! The other providers: what exists, what is planned, and what a day writes.

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::attack_plan::{Attack, plan_attacks};
use crate::simulate::activity::other_providers::decoy::Decoy;
use crate::simulate::activity::other_providers::machines::{anonymous_reads, write_workload_day};
use crate::simulate::activity::other_providers::people::write_person_day;
use crate::simulate::activity::other_providers::traps::OtherTraps;
use crate::simulate::activity::other_providers::upkeep::{upkeep, write_background, write_upkeep};
use crate::simulate::model::anomaly::BenignAnomaly;
use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::format::Format;
use crate::simulate::model::label::Label;
use crate::simulate::model::other_providers::container::containers;
use crate::simulate::model::other_providers::principal::population;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::trap::Trap;
use crate::simulate::options::Options;
use crate::simulate::writers::day_files::DayFiles;
use crate::simulate::writers::other_providers::dispatch::write_action;
use crate::time::Day;

/// The company at the other providers, and what is planned there.
pub(crate) struct OtherEstate {
    world: World,
    formats: Vec<Format>,
    attacks: Vec<Attack>,
    decoys: Vec<(Day, Decoy)>,
    traps: OtherTraps,
}

/// What a day wrote beside its records.
#[derive(Default)]
pub(crate) struct DayNotes {
    pub(crate) labels: Vec<Label>,
    pub(crate) decoys: Vec<Label>,
    pub(crate) anomalies: Vec<BenignAnomaly>,
    pub(crate) traps: Vec<Trap>,
}

impl OtherEstate {
    /// Creates the estate; everything follows from the seed. There are no attacks and decoys that none of the formats would
    /// show.
    pub(crate) fn new(options: &Options, span: Option<(Day, Day)>) -> Self {
        let world = World {
            seed: options.seed,
            start: options.start,
            scale: options.scale,
            containers: containers(options.seed, options.identities),
            population: population(
                options.seed,
                options.identities,
                options.start,
                options.days,
            ),
            upkeep: match options.attack_set {
                AttackSet::Core => Vec::new(),
                AttackSet::All => upkeep(options.seed, options.start),
            },
        };
        let mut attacks = span.map_or_else(Vec::new, |span| {
            plan_attacks(
                &world,
                span,
                options.attack_rounds,
                &options.grades,
                options.attack_set,
            )
        });
        attacks.retain(|attack| {
            options.formats.contains(&attack.class.format())
                && options.plants(attack.class as usize, attack.grade)
        });
        let decoys = span
            .filter(|_| options.decoys)
            .map_or_else(Vec::new, |(from, last)| {
                let days = i64::from(last.since(from)) + 1;
                let spread = |all: &'static [Decoy]| {
                    let count = all.len() as i64;
                    let day = move |place: usize| from.plus((place as i64 * days / count) as i32);
                    let placed = all.iter().enumerate();
                    placed.map(move |(place, &decoy)| (day(place), decoy))
                };
                let plain: &[Decoy] = match options.attack_set {
                    AttackSet::Core => &[],
                    AttackSet::All => &Decoy::PLAIN,
                };
                spread(&Decoy::ALL)
                    .chain(spread(plain))
                    .filter(|(_, decoy)| {
                        decoy.is_seen_in(&options.formats) && options.plants_decoy(*decoy as usize)
                    })
                    .collect()
            });
        let traps = match options.traps {
            true => OtherTraps::plan(&world, options),
            false => OtherTraps::default(),
        };
        Self {
            traps,
            world,
            formats: options.formats.clone(),
            attacks,
            decoys,
        }
    }

    /// Returns how many work there.
    pub(crate) fn identities(&self) -> usize {
        self.world.population.len()
    }

    /// Simulates a day, and writes it.
    pub(crate) fn day(&self, day: Day, files: &mut DayFiles) -> DayNotes {
        let mut log = ActionLog::default();
        self.traps.hide(day, &mut log);
        anonymous_reads(&self.world, day, &mut log);
        for who in self.world.population.iter().filter(|who| who.joins <= day) {
            if who.is_person() {
                write_person_day(&self.world, who, day, &mut log);
            } else {
                write_workload_day(&self.world, who, day, &mut log);
            }
        }
        if !self.world.upkeep.is_empty() {
            write_upkeep(&self.world, day, &mut log);
            write_background(&self.world, day, &mut log);
            for attack in &self.attacks {
                if attack.prepared_on(self.world.start) == Some(day) {
                    attack.prepare(&self.world, day, &mut log);
                }
            }
        }
        let mut notes = DayNotes::default();
        for attack in self.attacks.iter().filter(|attack| attack.day == day) {
            notes.labels.extend(attack.run(&self.world, &mut log));
        }
        for (_, decoy) in self.decoys.iter().filter(|(on, _)| *on == day) {
            notes.decoys.extend(decoy.run(&self.world, day, &mut log));
        }
        notes.traps = self.traps.run(&self.world, day, &mut log);
        notes.anomalies = std::mem::take(&mut log.anomalies);
        log.actions.sort_by_key(|action| action.at); // equal instants stay in order of generation
        for action in &log.actions {
            write_action(action, &self.formats, files);
        }
        notes
    }
}
