//! Traps in the AWS accounts: which honest but loud situations there are, who is in them, and on which days.

use crate::simulate::activity::aws::scans::in_every_account;
use crate::simulate::activity::aws::trap_work::{Work, write_work};
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::user_agent::Client;
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::{is_month_begin, is_weekend, weekday, workday};
use crate::simulate::model::company::{ACCOUNTS, DATA, DEV, PROD};
use crate::simulate::model::random::{Rng, splitmix};
use crate::simulate::model::trap::{Trap, TrapDays, TrapKind};
use crate::simulate::options::Options;
use crate::simulate::writers::aws::trail::{Trail, Unrecorded};
use crate::time::Day;

/// The most whose calls fail in an outage.
const OUTAGE_MAX: usize = 8;
/// How many people look at the properties of buckets.
const LOOKERS: usize = 3;
/// On what share of working days each of them does.
const LOOKS: f64 = 0.3;

/// On which days something is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    /// Once.
    On(Day),
    /// On a day of every week, Sunday being 0.
    Weekly(i32),
    /// On the last day of every month.
    MonthEnd,
    /// On some working days, drawn for the trap of this number.
    Often(u64),
}

impl When {
    pub(crate) fn is_on(self, seed: u64, day: Day) -> bool {
        match self {
            Self::On(on) => on == day,
            Self::Weekly(on) => weekday(day) == on,
            Self::MonthEnd => is_month_begin(day.plus(1)),
            Self::Often(number) => {
                !is_weekend(day) && Rng::of(seed, &[0x72a9, number, day.0 as u64]).chance(LOOKS)
            }
        }
    }
}

/// A trap that has records of its own.
pub(crate) struct PlannedTrap {
    pub(crate) kind: TrapKind,
    pub(crate) number: u64,
    instance: String,
    /// Places in the population.
    pub(crate) who: Vec<usize>,
    pub(crate) when: When,
    pub(crate) work: Work,
}

/// All traps of the accounts.
#[derive(Default)]
pub(crate) struct AwsTraps {
    planned: Vec<PlannedTrap>,
    /// What is not recorded before a day.
    late: Option<(Unrecorded, Day)>,
    /// Who moves to another tool or release on a day.
    roll_outs: Vec<(String, Day, Vec<usize>)>,
}

impl AwsTraps {
    /// Plans traps, and moves those who take part in a roll-out to their new tools.
    pub(crate) fn plan(world: &mut World, options: &Options) -> Self {
        let days = TrapDays::of(options);
        let mut traps = Self {
            late: Some(match options.seed % 2 {
                0 => (Unrecorded::DataEvents(DEV), days.first),
                _ => (Unrecorded::Account(DEV), days.at(0.25)),
            }),
            ..Self::default()
        };
        traps.plan_work(world, days);
        traps.plan_roll_outs(world, days);
        traps
    }

    fn plan_work(&mut self, world: &World, days: TrapDays) {
        let seed = world.seed;
        // Each is drawn from those who are there on all days. None is of the development account, which may begin late: what has no
        // history is no repetition.
        let of = |kind: Kind, account: usize, turn: u64| -> Option<usize> {
            let stays = |who: &Identity| {
                who.kind == kind
                    && who.account == account
                    && who.joins < world.start
                    && who.leaves.is_none_or(|last| last >= days.last)
                    && !who.buckets.is_empty()
            };
            let population = world.population.iter().enumerate();
            let all: Vec<usize> = population
                .filter(|(_, who)| stays(who))
                .map(|(at, _)| at)
                .collect();
            let at = splitmix(seed ^ turn) as usize % all.len().max(1);
            all.get(at).copied()
        };
        let on = |share: f64| When::On(workday(days.at(share)).min(days.last));
        let (read, list) = (
            |objects, hour| Work::Read { objects, hour },
            |buckets, hour| Work::ListBuckets { buckets, hour },
        );
        let delete = |objects, hour| Work::Delete { objects, hour };
        use TrapKind::{AccessReview, BulkOwnWork, MonthEndJob, PostureLooker, WeeklyJob};
        for (kind, who, when, work) in [
            (
                WeeklyJob,
                (Kind::WebService, PROD),
                When::Weekly(5),
                list(40, 2),
            ),
            (WeeklyJob, (Kind::Etl, DATA), When::Weekly(2), read(900, 3)),
            (
                WeeklyJob,
                (Kind::Lambda, PROD),
                When::Weekly(4),
                delete(600, 1),
            ),
            (
                WeeklyJob,
                (Kind::Analyst, DATA),
                When::Weekly(1),
                read(260, 7),
            ),
            (
                MonthEndJob,
                (Kind::Etl, DATA),
                When::MonthEnd,
                read(1_500, 21),
            ),
            (
                MonthEndJob,
                (Kind::Indexer, DATA),
                When::MonthEnd,
                delete(900, 20),
            ),
            (BulkOwnWork, (Kind::Analyst, DATA), on(0.15), read(1_500, 9)),
            (BulkOwnWork, (Kind::Finance, DATA), on(0.5), read(1_000, 10)),
            (BulkOwnWork, (Kind::Analyst, DATA), on(0.8), read(3_000, 9)),
            (
                AccessReview,
                (Kind::Admin, DATA),
                on(0.4),
                Work::ReviewUsers(45),
            ),
            (
                AccessReview,
                (Kind::Admin, PROD),
                on(0.9),
                Work::ReviewUsers(25),
            ),
        ] {
            let number = self.planned.len() as u64;
            self.add(world, kind, of(who.0, who.1, number), when, work);
        }
        let lookers = [Kind::Analyst, Kind::Finance, Kind::Admin];
        for (kind, account) in lookers.into_iter().zip([DATA, DATA, PROD]).take(LOOKERS) {
            let number = self.planned.len() as u64;
            let who = of(kind, account, number);
            let work = Work::OpenProperties(12);
            self.add(world, PostureLooker, who, When::Often(number), work);
        }
        self.plan_outage(world, days);
    }

    /// Adds a trap of one identity, unless there is nobody for it.
    fn add(&mut self, world: &World, kind: TrapKind, who: Option<usize>, when: When, work: Work) {
        let Some(who) = who else { return };
        self.planned.push(PlannedTrap {
            kind,
            number: self.planned.len() as u64,
            instance: format!("aws {}", world.population[who].canonical()),
            who: vec![who],
            when,
            work,
        });
    }

    /// Plans the outage of the bucket of the production account that most work with.
    fn plan_outage(&mut self, world: &World, days: TrapDays) {
        let day = workday(days.at(0.65)).min(days.last);
        let users = |bucket: usize| -> Vec<usize> {
            let population = world.population.iter().enumerate();
            let uses = |who: &Identity| {
                who.buckets.contains(&bucket) && who.is_here(day) && !who.is_away(day)
            };
            population
                .filter(|(_, who)| uses(who))
                .map(|(at, _)| at)
                .take(OUTAGE_MAX)
                .collect()
        };
        let of_prod = |bucket: &Bucket| bucket.account == Some(PROD);
        let buckets = world.buckets.iter().enumerate();
        let most = buckets
            .filter(|(_, bucket)| of_prod(bucket))
            .map(|(at, _)| (at, users(at)))
            .max_by_key(|(at, users)| (users.len(), usize::MAX - at));
        if let Some((bucket, who)) = most.filter(|(_, who)| !who.is_empty()) {
            self.planned.push(PlannedTrap {
                kind: TrapKind::Outage,
                number: self.planned.len() as u64,
                instance: format!("aws {}", world.buckets[bucket].name),
                who,
                when: When::On(day),
                work: Work::Refused(bucket),
            });
        }
    }

    /// Moves the analysts to another tool, and the tables' jobs to another release.
    fn plan_roll_outs(&mut self, world: &mut World, days: TrapDays) {
        for (kind, day) in [(Kind::Analyst, days.at(0.3)), (Kind::Etl, days.at(0.7))] {
            let mut moved = Vec::new();
            for (place, who) in world.population.iter_mut().enumerate() {
                if who.kind != kind || who.joins >= day {
                    continue;
                }
                let client = match (kind, who.client) {
                    (Kind::Analyst, Client::Boto3) => Client::AwsCli,
                    (Kind::Analyst, _) => Client::Boto3,
                    (_, same) => same,
                };
                who.rollout = Some((day, client));
                moved.push(place);
            }
            if !moved.is_empty() {
                let instance = format!("aws {kind:?}");
                self.roll_outs.push((instance, day, moved));
            }
        }
    }

    /// Leaves out of a day what is not recorded yet.
    pub(crate) fn hide(&self, day: Day, trail: &mut Trail) {
        trail.unrecorded = self
            .late
            .filter(|(_, from)| day < *from)
            .map(|(what, _)| what);
    }

    /// Writes what is done on a day, and returns its lines.
    pub(crate) fn run(&self, world: &World, day: Day, trail: &mut Trail) -> Vec<Trap> {
        let mut lines = Vec::new();
        for planned in &self.planned {
            if planned.when.is_on(world.seed, day) {
                lines.extend(planned.run(world, day, trail));
            }
        }
        for (instance, from, who) in &self.roll_outs {
            if TrapDays::is_new(*from, day) {
                let ids = who.iter().flat_map(|&who| world.population[who].ids());
                let kind = TrapKind::RollOut;
                lines.push(Trap::all_day(kind, instance, ids.collect(), day));
            }
        }
        if let Some((what, from)) = self.late.filter(|(_, from)| TrapDays::is_new(*from, day)) {
            let (kind, account) = match what {
                Unrecorded::DataEvents(account) => (TrapKind::LateDataEvents, account),
                Unrecorded::Account(account) => (TrapKind::LateAccount, account),
            };
            let instance = format!("aws {}", ACCOUNTS[account].name);
            let ids = ids_of(world, account);
            debug_assert!(from <= day);
            lines.push(Trap::all_day(kind, &instance, ids, day));
        }
        lines
    }
}

impl PlannedTrap {
    fn run(&self, world: &World, day: Day, trail: &mut Trail) -> Option<Trap> {
        let since = trail.anomalies.mark();
        let mut ids = Vec::new();
        for &place in &self.who {
            let who = &world.population[place];
            if who.is_here(day) && !who.is_away(day) {
                let parts = [0x72a9, self.number, who.number, day.0 as u64];
                write_work(
                    self.work,
                    world,
                    who,
                    day,
                    &mut Rng::of(world.seed, &parts),
                    trail,
                );
                ids.extend(who.ids());
            }
        }
        let span = trail.anomalies.span(since)?;
        Some(Trap::new(self.kind, &self.instance, ids, span))
    }
}

/// Returns the ids of everybody who works in an account.
fn ids_of(world: &World, account: usize) -> Vec<String> {
    let mut ids = Vec::new();
    for who in &world.population {
        if matches!(who.kind, Kind::Scanner | Kind::Auditor) {
            ids.extend(in_every_account(who).flat_map(|here| here.ids()));
        } else if who.account == account && who.identity_type != IdentityType::Foreign {
            ids.extend(who.ids());
        }
    }
    ids
}
