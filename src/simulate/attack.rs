//! The plan of attacks: which class in which grade, on which day, by whose credentials.

use std::collections::BTreeSet;

use crate::time::Day;

use super::cast::{Identity, Kind};
use super::estate::{DATA, PROD, US_EAST};
use super::random::Rng;
use super::world::World;

/// How hard an attack is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Much of it, at once, from a place never seen.
    Blatant,
    /// Less of it, and closer to what is usual.
    Medium,
    /// No more than the busiest hundredth of honest days, in working hours, mostly from the usual place.
    Subtle,
    /// What the victim does anyway, from its own place and with its own tool: nothing in the logs gives it away.
    Hidden,
}

impl Grade {
    /// All grades, loudest first.
    pub const ALL: [Self; 4] = [Self::Blatant, Self::Medium, Self::Subtle, Self::Hidden];

    /// Returns the grade as labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blatant => "blatant",
            Self::Medium => "medium",
            Self::Subtle => "subtle",
            Self::Hidden => "hidden",
        }
    }

    /// Returns the value that belongs to the grade.
    pub(super) fn of<T: Copy>(self, values: [T; 4]) -> T {
        values[self as usize]
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Many buckets listed within minutes.
    Mass,
    /// Many buckets listed over hours.
    Slow,
    /// A workload's role lists in regions where it has no work.
    Region,
    /// Mostly refused attempts.
    Denied,
    /// A user is created, reads much, and does so from outside.
    CreatedUser,
    /// A role is created, reads much from an instance, which then sends it out.
    CreatedRole,
    /// A user nobody has seen before reads much from outside.
    FirstUsed,
    /// A sensitive bucket is synchronised to a machine outside.
    Sync,
    /// Sensitive objects are copied to a foreign account's bucket.
    Copy,
    /// Replication of a sensitive bucket to a foreign account is configured.
    Replicate,
    /// A sensitive bucket is opened to a foreign account.
    Share,
}

impl Class {
    /// All classes, in order of their analytics.
    pub const ALL: [Self; 11] = [
        Self::Mass,
        Self::Slow,
        Self::Region,
        Self::Denied,
        Self::CreatedUser,
        Self::CreatedRole,
        Self::FirstUsed,
        Self::Sync,
        Self::Copy,
        Self::Replicate,
        Self::Share,
    ];

    /// Returns the class as labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mass => "mass-enumeration",
            Self::Slow => "slow-enumeration",
            Self::Region => "region-enumeration",
            Self::Denied => "denied-enumeration",
            Self::CreatedUser => "created-user-exfiltration",
            Self::CreatedRole => "created-role-exfiltration",
            Self::FirstUsed => "first-used-exfiltration",
            Self::Sync => "sensitive-sync",
            Self::Copy => "sensitive-copy",
            Self::Replicate => "sensitive-replication",
            Self::Share => "sensitive-share",
        }
    }

    /// Returns the analytic that should find it.
    pub fn analytic(self) -> &'static str {
        match self {
            Self::Mass | Self::Slow | Self::Region | Self::Denied => "AN1594",
            Self::CreatedUser | Self::CreatedRole | Self::FirstUsed => "AN1328",
            Self::Sync | Self::Copy | Self::Replicate | Self::Share => "AN0370",
        }
    }

    /// Returns whether somebody's credentials can be misused for it.
    fn suits(self, who: &Identity, grade: Grade) -> bool {
        let person = matches!(who.kind, Kind::Analyst | Kind::Developer);
        let hidden = grade == Grade::Hidden;
        let logs_instances = matches!(who.account, PROD | DATA);
        match self {
            Self::Region if hidden => who.kind == Kind::Etl,
            Self::Region => {
                matches!(who.kind, Kind::Lambda | Kind::Etl | Kind::WebService)
                    && who.region == US_EAST
            }
            Self::Mass | Self::Slow | Self::Denied => {
                person || !hidden && matches!(who.kind, Kind::Lambda | Kind::Ci)
            }
            // Nobody's credentials are needed: the user was made long ago.
            Self::FirstUsed => false,
            Self::CreatedUser => who.kind == Kind::Admin,
            // Flow logs name instances in these accounts only.
            Self::CreatedRole => who.kind == Kind::Admin && logs_instances,
            // Hidden among those who read, or copy away, such documents all the time.
            Self::Sync if hidden => who.kind == Kind::Finance,
            Self::Copy if hidden => who.kind == Kind::VendorBackup,
            Self::Sync | Self::Copy => person && logs_instances,
            Self::Replicate | Self::Share => match grade {
                Grade::Subtle | Grade::Hidden => who.kind == Kind::Admin && logs_instances,
                _ => person && logs_instances,
            },
        }
    }
}

/// One planned attack.
#[derive(Debug, Clone)]
pub(super) struct Attack {
    pub(super) class: Class,
    pub(super) grade: Grade,
    pub(super) day: Day,
    pub(super) number: u64,
    /// The place in the cast of whoever's credentials are misused.
    pub(super) victim: Option<usize>,
}

/// Plans the attacks: `rounds` of every class in each of the grades, spread over the days from `from` to `last`.
pub(super) fn plan(
    world: &World,
    (from, last): (Day, Day),
    rounds: u32,
    grades: &[Grade],
) -> Vec<Attack> {
    let mut rng = Rng::of(world.seed, &[0xa77a]);
    let mut wanted: Vec<(Class, Grade)> = Vec::new();
    for _ in 0..rounds {
        wanted.extend(
            Class::ALL
                .iter()
                .flat_map(|&class| grades.iter().map(move |&grade| (class, grade))),
        );
    }
    for place in (1..wanted.len()).rev() {
        wanted.swap(place, rng.below(place + 1));
    }
    let days = i64::from(last.since(from)) + 1;
    let count = wanted.len() as i64;
    let mut used: BTreeSet<usize> = BTreeSet::new();
    let mut attacks = Vec::new();
    for (number, (class, grade)) in wanted.into_iter().enumerate() {
        let day = from.plus((number as i64 * days / count) as i32);
        let suits = |place: &usize| {
            let who = &world.cast[*place];
            class.suits(who, grade)
                && who.joins.plus(10) <= day
                && who.is_here(day)
                && !who.is_away(day)
        };
        let all: Vec<usize> = (0..world.cast.len()).filter(suits).collect();
        let fresh: Vec<usize> = all
            .iter()
            .copied()
            .filter(|place| !used.contains(place))
            .collect();
        let choice = if fresh.is_empty() { &all } else { &fresh };
        let victim = (!choice.is_empty()).then(|| *rng.pick(choice));
        used.extend(victim);
        if victim.is_some() || class == Class::FirstUsed {
            attacks.push(Attack {
                class,
                grade,
                day,
                number: number as u64,
                victim,
            });
        }
    }
    attacks
}
