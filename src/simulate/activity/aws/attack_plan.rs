//! The plan of attacks: which class in which grade, on which day, by whose credentials.

use std::collections::{BTreeMap, BTreeSet};

use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// One planned attack.
#[derive(Debug, Clone)]
pub(crate) struct Attack {
    pub(crate) class: AttackClass,
    pub(crate) grade: Grade,
    pub(crate) day: Day,
    pub(crate) number: u64,
    /// The place in the population of the identity whose credentials are misused.
    pub(crate) victim: Option<usize>,
}

/// Attacks beyond the core are numbered from here.
const FIRST_MORE: u64 = 0x10_0000;

/// Plain spikes, newcomers and blinded logs are numbered from here.
const FIRST_PLAIN: u64 = 0x20_0000;

/// Plans the attacks: `rounds` of every class of an attack set in each of the grades, spread over the days of `span`.
///
/// The larger set leaves the core's attacks as they are.
pub(crate) fn plan_attacks(
    world: &World,
    span: (Day, Day),
    rounds: u32,
    grades: &[Grade],
    attack_set: AttackSet,
) -> Vec<Attack> {
    let mut used = BTreeSet::new();
    let mut choose = |rng: &mut Rng, all: &[usize], _: AttackClass| {
        let is_fresh = |place: &&usize| !used.contains(*place);
        let fresh: Vec<usize> = all.iter().filter(is_fresh).copied().collect();
        let choice = if fresh.is_empty() { all } else { &fresh };
        let victim = (!choice.is_empty()).then(|| *rng.pick(choice));
        used.extend(victim);
        victim
    };
    let rng = Rng::of(world.seed, &[0xa77a]);
    let core = AttackClass::CORE.repeat(rounds as usize);
    let mut attacks = plan_classes(world, span, (&core, grades), 0, rng, &mut choose);
    if attack_set == AttackSet::Core {
        return attacks;
    }
    let rng = Rng::of(world.seed, &[0xa77a, 1]);
    let more = AttackClass::MORE.repeat(rounds as usize);
    let wanted = (&more[..], grades);
    attacks.extend(plan_classes(
        world,
        span,
        wanted,
        FIRST_MORE,
        rng,
        &mut choose,
    ));
    // A spike hides the next one of its kind, so that victims take turns.
    let mut turns: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    for attack in &attacks {
        if let Some(place) = attack.victim {
            turns
                .entry(place)
                .or_default()
                .push(attack.class.analytic());
        }
    }
    let mut choose = |rng: &mut Rng, all: &[usize], class: AttackClass| {
        let turns_of = |place: &usize| {
            let had = turns.get(place).map_or(&[][..], Vec::as_slice);
            let same = had.iter().filter(|analytic| **analytic == class.analytic());
            (same.count(), had.len())
        };
        let fewest = all.iter().map(turns_of).min()?;
        let is_next = |place: &&usize| turns_of(place) == fewest;
        let choice: Vec<usize> = all.iter().filter(is_next).copied().collect();
        let victim = *rng.pick(&choice);
        turns.entry(victim).or_default().push(class.analytic());
        Some(victim)
    };
    let rng = Rng::of(world.seed, &[0xa77a, 2]);
    let plain = AttackClass::PLAIN.repeat(rounds as usize);
    let wanted = (&plain[..], grades);
    attacks.extend(plan_classes(
        world,
        span,
        wanted,
        FIRST_PLAIN,
        rng,
        &mut choose,
    ));
    attacks
}

/// Picks one of those whom a class suits, by their places in the population.
type Choose<'a> = dyn FnMut(&mut Rng, &[usize], AttackClass) -> Option<usize> + 'a;

/// Plans some classes; `choose` picks one of those whom a class suits.
fn plan_classes(
    world: &World,
    (from, last): (Day, Day),
    (classes, grades): (&[AttackClass], &[Grade]),
    first: u64,
    mut rng: Rng,
    choose: &mut Choose<'_>,
) -> Vec<Attack> {
    let mut wanted: Vec<(AttackClass, Grade)> = classes
        .iter()
        .flat_map(|&class| grades.iter().map(move |&grade| (class, grade)))
        .collect();
    rng.shuffle(&mut wanted);
    let days = i64::from(last.since(from)) + 1;
    let count = wanted.len() as i64;
    let mut attacks = Vec::new();
    for (number, (class, grade)) in wanted.into_iter().enumerate() {
        let day = from.plus((number as i64 * days / count) as i32);
        let suits = |place: &usize| {
            let who = &world.population[*place];
            class.suits(who, grade)
                && who.joins.plus(10) <= day
                && who.is_here(day)
                && !who.is_away(day)
        };
        let all: Vec<usize> = (0..world.population.len()).filter(suits).collect();
        let victim = choose(&mut rng, &all, class);
        let needs_nobody = matches!(
            class,
            AttackClass::FirstUsedExfiltration | AttackClass::EgressBareInstance
        );
        if victim.is_some() || needs_nobody {
            attacks.push(Attack {
                class,
                grade,
                day,
                number: first + number as u64,
                victim,
            });
        }
    }
    attacks
}
