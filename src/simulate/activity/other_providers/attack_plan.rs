//! The plan of attacks on other providers: which class in which grade, on which day, by whose credentials.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::other_providers::attack_class::ProviderAttackClass;
use crate::simulate::model::other_providers::principal::Principal;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// One planned attack.
#[derive(Clone)]
pub(crate) struct Attack {
    pub(crate) class: ProviderAttackClass,
    pub(crate) grade: Grade,
    pub(crate) day: Day,
    pub(crate) number: u64,
    pub(crate) victim: Rc<Principal>,
}

/// Attacks of the larger set are numbered from here.
const FIRST_PLAIN: u64 = 0x40_0000;

/// Plans the attacks: `rounds` of every class in each of the grades, spread over the days of `span`.
///
/// The larger set leaves the core's attacks as they are.
pub(crate) fn plan_attacks(
    world: &World,
    span: (Day, Day),
    rounds: u32,
    grades: &[Grade],
    attack_set: AttackSet,
) -> Vec<Attack> {
    let rng = Rng::of(world.seed, &[0xab0, 0xa77a]);
    let all = (&ProviderAttackClass::ALL[..], grades);
    let mut any =
        |rng: &mut Rng, able: &[&Rc<Principal>], _: ProviderAttackClass| (*rng.pick(able)).clone();
    let mut attacks = plan_classes(world, span, rounds, all, 0, rng, &mut any);
    if attack_set == AttackSet::All {
        let rng = Rng::of(world.seed, &[0xab0, 0xa77a, 1]);
        // A spike hides the next one of its kind, so that victims take turns.
        let mut turns: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
        let mut next = |rng: &mut Rng, able: &[&Rc<Principal>], class: ProviderAttackClass| {
            let turns_of = |who: &Rc<Principal>| {
                let had = turns.get(&who.number).map_or(&[][..], Vec::as_slice);
                let same = had.iter().filter(|analytic| **analytic == class.analytic());
                (same.count(), had.len())
            };
            let fewest = able.iter().map(|who| turns_of(who)).min();
            let is_next = |who: &&Rc<Principal>| Some(turns_of(who)) == fewest;
            let choice: Vec<&Rc<Principal>> = able.iter().copied().filter(is_next).collect();
            let victim = *rng.pick(&choice);
            turns
                .entry(victim.number)
                .or_default()
                .push(class.analytic());
            victim.clone()
        };
        let plain = (&ProviderAttackClass::PLAIN[..], grades);
        attacks.extend(plan_classes(
            world,
            span,
            rounds,
            plain,
            FIRST_PLAIN,
            rng,
            &mut next,
        ));
    }
    attacks
}

/// Picks one of those whom a class suits, of whom there is at least one.
type Choose<'a> = dyn FnMut(&mut Rng, &[&Rc<Principal>], ProviderAttackClass) -> Rc<Principal> + 'a;

/// Plans some classes.
fn plan_classes(
    world: &World,
    (from, last): (Day, Day),
    rounds: u32,
    (classes, grades): (&[ProviderAttackClass], &[Grade]),
    first: u64,
    mut rng: Rng,
    choose: &mut Choose<'_>,
) -> Vec<Attack> {
    let round = || {
        classes
            .iter()
            .flat_map(|&class| grades.iter().map(move |&grade| (class, grade)))
    };
    let mut wanted: Vec<(ProviderAttackClass, Grade)> = (0..rounds).flat_map(|_| round()).collect();
    rng.shuffle(&mut wanted);
    let (days, count) = (i64::from(last.since(from)) + 1, wanted.len() as i64);
    let mut attacks = Vec::new();
    for (number, (class, grade)) in wanted.into_iter().enumerate() {
        let day = from.plus((number as i64 * days / count) as i32);
        let (kinds, google) = class.victim(grade);
        let suits = |who: &&Rc<Principal>| {
            kinds.contains(&who.kind)
                && who.joins.plus(10) <= day
                && google.is_none_or(|g| who.is_at_google() == g)
        };
        let choice: Vec<&Rc<Principal>> = world
            .population
            .iter()
            .chain(&world.upkeep)
            .filter(suits)
            .collect();
        if choice.is_empty() {
            continue;
        }
        let victim = choose(&mut rng, &choice, class);
        attacks.push(Attack {
            class,
            grade,
            day,
            number: first + number as u64,
            victim,
        });
    }
    attacks
}
