//! The five AWS accounts: what exists, what is planned, and what a day writes.

use crate::simulate::activity::aws::attack_plan::{Attack, plan_attacks};
use crate::simulate::activity::aws::background::write_background;
use crate::simulate::activity::aws::bare_instance::usual_egress;
use crate::simulate::activity::aws::decoy::{Planned, plan_decoys};
use crate::simulate::activity::aws::environment::write_environment;
use crate::simulate::activity::aws::identity_day::write_day;
use crate::simulate::activity::aws::population::population;
use crate::simulate::activity::aws::traps::AwsTraps;
use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::buckets;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::label::Label;
use crate::simulate::model::random::Rng;
use crate::simulate::model::trap::Trap;
use crate::simulate::options::Options;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// The five AWS accounts, and what is planned there.
pub(crate) struct AwsEstate {
    pub(crate) world: World,
    attacks: Vec<Attack>,
    pub(crate) decoys: Vec<Planned>,
    traps: AwsTraps,
}

/// A day of theirs.
pub(crate) struct AwsDay {
    pub(crate) trail: Trail,
    pub(crate) labels: Vec<Label>,
    pub(crate) decoys: Vec<Label>,
    pub(crate) traps: Vec<Trap>,
}

impl AwsEstate {
    /// Creates the estate; attacks and decoys happen from the first to the last day of `span`.
    pub(crate) fn new(options: &Options, span: Option<(Day, Day)>) -> Self {
        let (seed, start) = (options.seed, options.start);
        let buckets = buckets(seed, options.identities, start, options.days);
        let population = population(
            seed,
            options.identities,
            start,
            options.days,
            &buckets,
            options.attack_set,
        );
        let mut world = World {
            seed,
            start,
            scale: options.scale,
            buckets,
            population,
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
        attacks.retain(|attack| options.plants(attack.class as usize, attack.grade));
        // Who bore a name that is given again is gone by then.
        for attack in &attacks {
            if let (AttackClass::SameNameExfiltration, Some(place)) = (attack.class, attack.victim)
            {
                let who = &mut world.population[place];
                let last = attack.day.plus(-1);
                who.leaves = Some(who.leaves.map_or(last, |leaves| leaves.min(last)));
            }
        }
        let mut decoys = span
            .filter(|_| options.decoys)
            .map_or_else(Vec::new, |span| plan_decoys(span, options.attack_set));
        decoys.retain(|planned| options.plants_decoy(planned.decoy as usize));
        let traps = match options.traps {
            true => AwsTraps::plan(&mut world, options),
            false => AwsTraps::default(),
        };
        Self {
            world,
            attacks,
            decoys,
            traps,
        }
    }

    /// Writes a day.
    pub(crate) fn day(&self, options: &Options, day: Day, number: u32) -> AwsDay {
        let world = &self.world;
        let ids = Rng::of(world.seed, &[0x1d5, u64::from(number)]);
        let mut trail = Trail::new(ids, options.opaque_tokens);
        if options.expected_events || options.formats.iter().any(|format| format.is_converted()) {
            trail.track_records();
        }
        self.traps.hide(day, &mut trail);
        write_environment(world, day, &mut trail);
        for who in &world.population {
            write_day(world, who, day, &mut trail);
        }
        if options.attack_set == AttackSet::All {
            write_background(world, day, &mut trail);
            usual_egress(world.seed, &world.population, day, &mut trail);
            for attack in &self.attacks {
                if attack.prepared_on(world.start) == Some(day) {
                    attack.prepare(world, day, &mut trail);
                }
            }
        }
        let labels = (self.attacks.iter())
            .filter(|a| a.day == day)
            .filter_map(|a| a.run(world, &mut trail))
            .collect();
        let decoys = (self.decoys.iter())
            .filter(|d| d.is_on(day))
            .filter_map(|d| d.run(world, day, &mut trail))
            .collect();
        let traps = self.traps.run(world, day, &mut trail);
        AwsDay {
            trail,
            labels,
            decoys,
            traps,
        }
    }
}
