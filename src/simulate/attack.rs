//! The plan of attacks: which class in which grade, on which day, by whose credentials.

use std::collections::BTreeSet;

use crate::time::Day;

use super::cast::{Form, Identity, Kind};
use super::estate::{DATA, PROD, US_EAST};
use super::random::Rng;
use super::repertoire::Repertoire;
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
    /// The posture of a whole account's buckets is read within seconds.
    Sweep,
    /// A stolen key is used with a browser of buckets, or a tool that moves them.
    Client,
    /// A workload asks for the accounts of the organisation.
    Organisation,
    /// Users, roles and rights are listed.
    Rights,
    /// Reads of one bucket are refused, dozens in minutes.
    Burst,
    /// A bucket that is not sensitive is opened to everybody.
    Publish,
    /// A bucket that is not sensitive is shared with a foreign account.
    GiveAway,
}

impl Class {
    /// What is planted if nothing else is asked for, in order of its analytics.
    pub const CORE: [Self; 11] = [
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

    /// What is planted beside it for all other analytics that look at AWS.
    pub const MORE: [Self; 7] = [
        Self::Sweep,
        Self::Client,
        Self::Organisation,
        Self::Rights,
        Self::Burst,
        Self::Publish,
        Self::GiveAway,
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
            Self::Sweep => "posture-sweep",
            Self::Client => "stolen-key-client",
            Self::Organisation => "organisation-discovery",
            Self::Rights => "iam-enumeration",
            Self::Burst => "denied-burst",
            Self::Publish => "bucket-published",
            Self::GiveAway => "bucket-given-away",
        }
    }

    /// Returns the analytic that should find it.
    pub fn analytic(self) -> &'static str {
        match self {
            Self::Mass | Self::Slow | Self::Region | Self::Denied => "AN1594",
            Self::CreatedUser | Self::CreatedRole | Self::FirstUsed => "AN1328",
            Self::Sync | Self::Copy | Self::Replicate | Self::Share => "AN0370",
            Self::Sweep => "S3-POSTURE",
            Self::Client => "S3-CLIENT",
            Self::Organisation => "ACCOUNT-DISCOVERY",
            Self::Rights => "AN1088",
            Self::Burst => "S3-DENIED",
            Self::Publish => "POLICY-PUBLIC",
            Self::GiveAway => "POLICY-EXTERNAL",
        }
    }

    /// Returns the class of a name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::CORE
            .into_iter()
            .chain(Self::MORE)
            .find(|class| class.name() == name)
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
            // Hidden among those who do the same every day.
            Self::Sweep | Self::Rights if hidden => who.kind == Kind::Admin,
            Self::Organisation if hidden => who.kind == Kind::Auditor,
            Self::Burst if hidden => who.kind == Kind::Stuck,
            Self::Publish | Self::GiveAway if hidden => who.kind == Kind::Deployer,
            // Only there are so many buckets in every estate.
            Self::Sweep => {
                logs_instances && (person || matches!(who.kind, Kind::Lambda | Kind::Ci))
            }
            // Such tools work with keys that last.
            Self::Client => person && who.form == Form::User,
            Self::Organisation => {
                matches!(who.kind, Kind::Lambda | Kind::Etl | Kind::WebService)
            }
            Self::Rights | Self::Burst => person || matches!(who.kind, Kind::Lambda | Kind::Ci),
            Self::Publish | Self::GiveAway => {
                logs_instances
                    && if grade == Grade::Subtle {
                        who.kind == Kind::Admin
                    } else {
                        person
                    }
            }
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

/// Attacks beyond the core are numbered from here.
const FIRST_MORE: u64 = 0x10_0000;

/// Plans the attacks: `rounds` of every class of a repertoire in each of the grades, spread over the days of `span`.
///
/// A larger repertoire leaves the core's attacks as they are.
pub(super) fn plan(
    world: &World,
    span: (Day, Day),
    rounds: u32,
    grades: &[Grade],
    repertoire: Repertoire,
) -> Vec<Attack> {
    let mut used = BTreeSet::new();
    let rng = Rng::of(world.seed, &[0xa77a]);
    let core = Class::CORE.repeat(rounds as usize);
    let mut attacks = plan_classes(world, span, &core, grades, 0, rng, &mut used);
    if repertoire == Repertoire::All {
        let rng = Rng::of(world.seed, &[0xa77a, 1]);
        let more = Class::MORE.repeat(rounds as usize);
        attacks.extend(plan_classes(
            world, span, &more, grades, FIRST_MORE, rng, &mut used,
        ));
    }
    attacks
}

fn plan_classes(
    world: &World,
    (from, last): (Day, Day),
    classes: &[Class],
    grades: &[Grade],
    first: u64,
    mut rng: Rng,
    used: &mut BTreeSet<usize>,
) -> Vec<Attack> {
    let mut wanted: Vec<(Class, Grade)> = classes
        .iter()
        .flat_map(|&class| grades.iter().map(move |&grade| (class, grade)))
        .collect();
    for place in (1..wanted.len()).rev() {
        wanted.swap(place, rng.below(place + 1));
    }
    let days = i64::from(last.since(from)) + 1;
    let count = wanted.len() as i64;
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
                number: first + number as u64,
                victim,
            });
        }
    }
    attacks
}
