//! The lifecycle of identities during a simulation: other work, other tools, successors, nights on call.
//!
//! All of it is planned before the first day, so that days do not depend on each other.

use crate::simulate::activity::aws::identity_factory::{make, new_instance};
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Assignment, Identity, IdentityType, Kind};
use crate::simulate::model::aws::user_agent::Client;
use crate::simulate::model::calendar::{is_weekend, workday};
use crate::simulate::model::random::{BASE32, Rng, splitmix};
use crate::time::Day;

/// The parts of a simulation that lifecycles depend on.
pub(crate) struct Scenario<'a> {
    pub(crate) seed: u64,
    pub(crate) start: Day,
    pub(crate) days: u32,
    pub(crate) buckets: &'a [Bucket],
}

impl Scenario<'_> {
    fn rng(&self, parts: &[u64]) -> Rng {
        Rng::of(self.seed, parts)
    }

    fn any_day(&self, rng: &mut Rng) -> Day {
        self.start.plus(rng.below(self.days as usize) as i32)
    }
}

/// Plans the lifecycle of all identities; successors join the population.
pub(crate) fn plan_lifecycles(scenario: &Scenario<'_>, population: &mut Vec<Identity>) {
    replace_roles(scenario, population);
    add_second_scanner(scenario, population);
    assign_new_projects(scenario, population);
    reorganise_teams(scenario, population);
    plan_holiday_cover(scenario, population);
    plan_rollouts(scenario, population);
    plan_on_call(scenario, population);
    plan_migrations(scenario, population);
}

/// Now and then a new role takes over the work of a service at once: a blue-green deployment.
fn replace_roles(scenario: &Scenario<'_>, population: &mut Vec<Identity>) {
    let mut rng = scenario.rng(&[0xb1e, 0x62ee]);
    let services: Vec<usize> = (0..population.len())
        .filter(|&place| {
            let who = &population[place];
            matches!(who.kind, Kind::WebService | Kind::Etl | Kind::Lambda)
                && who.joins < scenario.start
                && who.leaves.is_none()
                && who.shift.is_none()
        })
        .collect();
    for turn in 0..services.len().div_ceil(14) {
        let place = services[(turn * 14 + rng.below(14)) % services.len()];
        let day = scenario
            .start
            .plus(1 + rng.below(scenario.days as usize) as i32);
        let number = population.len() as u64;
        let old = &mut population[place];
        if old.leaves.is_some() {
            continue;
        }
        old.leaves = Some(day);
        let mut new = old.clone();
        new.number = number;
        new.name = format!("{}-green", old.name);
        new.unique = format!("AROA{}", rng.text(BASE32, 17));
        if old.identity_type == IdentityType::Instance {
            new.instance = Some(new_instance(&mut rng, old.account));
        }
        new.joins = day;
        new.leaves = None;
        new.is_successor = true;
        population.push(new);
    }
}

/// A second scanner begins in the last quarter of the days.
fn add_second_scanner(scenario: &Scenario<'_>, population: &mut Vec<Identity>) {
    if scenario.days < 12 {
        return;
    }
    let mut rng = scenario.rng(&[0x5ca7]);
    let first = scenario.days * 3 / 4;
    let day = first + rng.below((scenario.days / 8) as usize + 1) as u32;
    let joins = scenario.start.plus(day as i32);
    let number = population.len() as u64;
    let (start, days) = (scenario.start, scenario.days);
    let mut who = make(
        scenario.seed,
        number,
        Kind::Scanner,
        start,
        days,
        scenario.buckets,
        joins,
    );
    who.name = "posture-review".to_owned();
    who.shift = None;
    population.push(who);
}

/// Some identities begin to work with the buckets of new projects on the next working day.
fn assign_new_projects(scenario: &Scenario<'_>, population: &mut [Identity]) {
    for (place, bucket) in scenario.buckets.iter().enumerate() {
        if bucket.purpose != Purpose::Project || bucket.created <= scenario.start {
            continue;
        }
        for who in population
            .iter_mut()
            .filter(|w| bucket.account == Some(w.account))
        {
            let rarity = if who.kind.is_person() { 36 } else { 30 };
            let chance = splitmix(scenario.seed ^ (who.number << 20) ^ place as u64);
            // People work in any region; workloads read what is in their own.
            let fits = who.kind.is_person() || who.region == bucket.region;
            if who.takes_projects() && fits && chance.is_multiple_of(rarity) {
                who.assignments.push(Assignment {
                    bucket: place,
                    from: workday(bucket.created.plus(1)),
                    until: None,
                    cause: Cause::NewProject,
                });
            }
        }
    }
}

/// Every other week a team gets a project that others had before.
fn reorganise_teams(scenario: &Scenario<'_>, population: &mut [Identity]) {
    let mut rng = scenario.rng(&[0x4e06]);
    for turn in 0..scenario.days.div_ceil(14) {
        let day = workday(
            scenario
                .start
                .plus((turn * 14 + rng.below(14) as u32).min(scenario.days - 1) as i32),
        );
        let kind = *rng.pick(&[Kind::Analyst, Kind::Developer]);
        let accounts: Vec<usize> = population
            .iter()
            .filter(|w| w.kind == kind)
            .map(|w| w.account)
            .collect();
        if accounts.is_empty() {
            continue;
        }
        let account = *rng.pick(&accounts);
        let others: Vec<usize> = (0..scenario.buckets.len())
            .filter(|&place| {
                let bucket = &scenario.buckets[place];
                bucket.account == Some(account)
                    && bucket.purpose == Purpose::Project
                    && bucket.created < day
            })
            .collect();
        if others.is_empty() {
            continue;
        }
        let new = [*rng.pick(&others), *rng.pick(&others)];
        for who in population
            .iter_mut()
            .filter(|w| w.kind == kind && w.account == account && w.is_here(day))
        {
            if !rng.chance(0.2) {
                continue;
            }
            for bucket in new {
                who.assignments.push(Assignment {
                    bucket,
                    from: day,
                    until: None,
                    cause: Cause::Reorganisation,
                });
            }
        }
    }
}

/// Every week some people are away, and colleagues do their work.
fn plan_holiday_cover(scenario: &Scenario<'_>, population: &mut [Identity]) {
    let mut rng = scenario.rng(&[0x401d]);
    for week in 0..scenario.days.div_ceil(7) {
        let (from, until) = (week * 7, week * 7 + 6);
        let (from, until) = (
            scenario.start.plus(from as i32),
            scenario.start.plus(until as i32),
        );
        let staff: Vec<usize> = (0..population.len())
            .filter(|&place| {
                let who = &population[place];
                matches!(who.kind, Kind::Analyst | Kind::Developer | Kind::Finance)
                    && who.joins.plus(7) < from
                    && who.is_here(until)
            })
            .collect();
        for _ in 0..rng.poisson(staff.len() as f64 * 0.015) {
            let absent = *rng.pick(&staff);
            let (kind, account) = (population[absent].kind, population[absent].account);
            let colleagues: Vec<usize> = staff
                .iter()
                .copied()
                .filter(|&p| {
                    p != absent && population[p].kind == kind && population[p].account == account
                })
                .collect();
            if colleagues.is_empty() {
                continue;
            }
            let colleague = *rng.pick(&colleagues);
            population[absent].away.push((from, until));
            let work: Vec<usize> = population[absent].buckets.iter().copied().take(3).collect();
            for bucket in work {
                population[colleague].assignments.push(Assignment {
                    bucket,
                    from,
                    until: Some(until),
                    cause: Cause::HolidayCover,
                });
            }
        }
    }
}

/// Teams move to another tool at once; all others get a new release at some time, or none.
fn plan_rollouts(scenario: &Scenario<'_>, population: &mut [Identity]) {
    let mut rng = scenario.rng(&[0x4011]);
    for _ in 0..(scenario.days as usize).div_ceil(13) {
        let (kind, account, from) = {
            let persons: Vec<&Identity> = population
                .iter()
                .filter(|w| {
                    matches!(
                        w.kind,
                        Kind::Analyst | Kind::Developer | Kind::Ci | Kind::Etl
                    )
                })
                .collect();
            if persons.is_empty() {
                return;
            }
            let one = *rng.pick(&persons);
            (one.kind, one.account, workday(scenario.any_day(&mut rng)))
        };
        let next = *rng.pick(&[Client::Go, Client::Rust, Client::S5cmd, Client::Boto3]);
        // A team is a part of those who do the same in one account.
        for who in population
            .iter_mut()
            .filter(|w| w.kind == kind && w.account == account && w.number % 3 == from.0 as u64 % 3)
        {
            who.rollout = Some((from, next));
        }
    }
}

/// One developer or administrator or more are on call each week, and woken up in some nights.
fn plan_on_call(scenario: &Scenario<'_>, population: &mut [Identity]) {
    let mut rng = scenario.rng(&[0x0ca1]);
    let able: Vec<usize> = (0..population.len())
        .filter(|&p| matches!(population[p].kind, Kind::Developer | Kind::Admin))
        .collect();
    if able.is_empty() {
        return;
    }
    for week in 0..scenario.days.div_ceil(7) {
        for _ in 0..1 + population.len() / 150 {
            let place = *rng.pick(&able);
            for night in 0..7 {
                if rng.chance(0.25) {
                    let day = scenario.start.plus((week * 7 + night) as i32);
                    population[place].on_call_nights.push(day);
                }
            }
        }
    }
}

/// About once in nine days a table moves from one of our accounts to another.
fn plan_migrations(scenario: &Scenario<'_>, population: &mut [Identity]) {
    let mut rng = scenario.rng(&[0x0419]);
    for _ in 0..scenario.days.div_ceil(9) {
        let day = scenario.any_day(&mut rng);
        let able: Vec<usize> = (0..population.len())
            .filter(|&p| {
                let who = &population[p];
                (who.kind == Kind::Etl || who.kind == Kind::Admin && !is_weekend(day))
                    && who.is_here(day)
            })
            .collect();
        if !able.is_empty() {
            population[*rng.pick(&able)].migrates = Some(day);
        }
    }
}
