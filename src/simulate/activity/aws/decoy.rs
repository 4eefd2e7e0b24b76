//! Decoys: legitimate work that resembles an attack, noted so that an evaluation can count which of it raised alerts.

use crate::simulate::activity::aws::configure::{put_policy, put_policy_within, put_replication};
use crate::simulate::activity::aws::creation::create;
use crate::simulate::activity::aws::identity_day::write_day;
use crate::simulate::activity::aws::new_identity::new_identity;
use crate::simulate::activity::aws::people::enter_console;
use crate::simulate::activity::aws::routine::browse_iam;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::scans::in_every_account;
use crate::simulate::activity::aws::upkeep::test_role_of;
use crate::simulate::model::attack_set::AttackSet;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::{is_month_begin, weekday};
use crate::simulate::model::company::{ACCOUNTS, DATA, DEV, DR, PROD};
use crate::simulate::model::label::Label;
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// Identities that decoys need are numbered from here on top of those of attacks.
const NUMBERS: u64 = 50_000;

/// Decoys beyond the core are numbered from here.
const FIRST_MORE: u64 = 20_000;

/// What only looks like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Decoy {
    /// Egress first, the spike of a new role afterwards.
    WrongOrder,
    /// A new role reads much, and nothing leaves.
    SpikeInside,
    /// A new role sends something out as it sets itself up, and reads much more than a day later.
    StaleEgress,
    /// A new role reads much, and something leaves more than a day later.
    LateEgress,
    /// A new role reads much and sends it to our own office.
    OfficeEgress,
    /// An established role reads much and sends it out, as every week.
    WeeklyExport,
    /// A new user at ordinary volume, from home.
    OrdinaryNewcomer,
    /// The nightly copy to the disaster recovery account.
    OwnBackup,
    /// The nightly copy to the vendor, which an approval covers.
    VendorBackup,
    /// The posture scanner's nightly scan.
    Scanner,
    /// Replication to one of our accounts is configured.
    OwnReplication,
    /// The books are closed by an analyst who does so every Friday and month end.
    Closing,
    /// An administrator opens the bucket list in the console.
    Browsing,
    /// Ordinary work from a hotel.
    Travel,
    /// The posture of every bucket is read, as every night.
    NightlyPosture,
    /// An administrator's session in the IAM console.
    IamConsole,
    /// The landing zone's role goes through the organisation, as every night.
    OrganisationAudit,
    /// A job is refused by an old policy, as every day.
    StuckJob,
    /// The lake is copied with a sync tool, as every night.
    UsualMirror,
    /// A website's bucket gets the public policy that it has, as every day.
    SamePolicy,
    /// A partner gets the policy that it has, as every day.
    SamePartner,
    /// A bucket is opened to the organisation only.
    WithinOrganisation,
    /// A bucket is shared with another account of ours.
    SisterAccount,
    /// A backup that grows by a few percent a day, and now and then reads everything.
    GrowingBackup,
    /// An analyst works through a larger folder of its own.
    LargeFolder,
    /// The exporter's machine sends what it sends every day, and much of it on Wednesdays.
    UsualUpload,
    /// A deployment deletes what it made.
    DeployCleanup,
    /// Last month's data is deleted, as on the first of each month.
    MonthlyPurge,
    /// Last week's data is deleted, as every Monday.
    WeeklyPurge,
    /// Lifecycle rules are put again by infrastructure code.
    LifecycleAsCode,
    /// Event selectors and access logs are put again by infrastructure code.
    LoggingAsCode,
    /// A team begins to work in a new region.
    RegionRollout,
    /// An administrator looks at the machines of all regions in the console.
    RegionLook,
    /// A new user browses a few buckets on its first day.
    CuriousNewcomer,
    /// A role for tests is deleted and made again, as every night.
    RemadeTestRole,
}

impl Decoy {
    /// What is planted if nothing else is asked for.
    const CORE: [Self; 14] = [
        Self::WrongOrder,
        Self::SpikeInside,
        Self::StaleEgress,
        Self::LateEgress,
        Self::OfficeEgress,
        Self::WeeklyExport,
        Self::OrdinaryNewcomer,
        Self::OwnBackup,
        Self::VendorBackup,
        Self::Scanner,
        Self::OwnReplication,
        Self::Closing,
        Self::Browsing,
        Self::Travel,
    ];

    /// What is planted beside it, with the attacks beyond the core.
    const MORE: [Self; 9] = [
        Self::NightlyPosture,
        Self::IamConsole,
        Self::OrganisationAudit,
        Self::StuckJob,
        Self::UsualMirror,
        Self::SamePolicy,
        Self::SamePartner,
        Self::WithinOrganisation,
        Self::SisterAccount,
    ];

    /// What is planted beside both, with plain spikes, newcomers and blinded logs.
    const PLAIN: [Self; 12] = [
        Self::GrowingBackup,
        Self::LargeFolder,
        Self::UsualUpload,
        Self::DeployCleanup,
        Self::MonthlyPurge,
        Self::WeeklyPurge,
        Self::LifecycleAsCode,
        Self::LoggingAsCode,
        Self::RegionRollout,
        Self::RegionLook,
        Self::CuriousNewcomer,
        Self::RemadeTestRole,
    ];

    /// Returns over how many days it stretches.
    fn days(self) -> i32 {
        match self {
            Self::StaleEgress | Self::LateEgress => 2,
            _ => 1,
        }
    }

    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongOrder => (
                "AN1328",
                "egress before the spike of a new role: the steps are out of order",
            ),
            Self::SpikeInside => (
                "AN1328",
                "a new role reads much inside the VPC and nothing leaves",
            ),
            Self::StaleEgress => (
                "AN1328",
                "the spike of a new role more than a day after its egress",
            ),
            Self::LateEgress => (
                "AN1328",
                "egress more than a day after the spike of a new role: the window has passed",
            ),
            Self::OfficeEgress => (
                "AN1328",
                "the spike of a new role, then egress to our own networks only",
            ),
            Self::WeeklyExport => (
                "AN1328",
                "an established role reads and sends what it sends every Wednesday",
            ),
            Self::OrdinaryNewcomer => ("AN1328", "a new user at ordinary volume"),
            Self::OwnBackup => ("AN0370", "nightly backup to our own recovery account"),
            Self::VendorBackup => (
                "AN0370",
                "nightly backup to the vendor's account, covered by an approval",
            ),
            Self::Scanner => ("AN1594", "the posture scanner's sweep, as every night"),
            Self::OwnReplication => ("AN0370", "replication to one of our own accounts"),
            Self::Closing => (
                "AN0370",
                "the books are closed, by somebody who does it every Friday and month end",
            ),
            Self::Browsing => (
                "AN1594",
                "an administrator opens the bucket list of the S3 console",
            ),
            Self::Travel => ("AN1594", "ordinary work from a hotel's network"),
            Self::NightlyPosture => ("S3-POSTURE", "the posture scanner's sweep, as every night"),
            Self::IamConsole => ("AN1088", "an administrator's session in the IAM console"),
            Self::OrganisationAudit => (
                "ACCOUNT-DISCOVERY",
                "the landing zone's role goes through the organisation, as every night",
            ),
            Self::StuckJob => (
                "S3-DENIED",
                "a job is refused by an old policy, as every day",
            ),
            Self::UsualMirror => ("S3-CLIENT", "the sync tool that is used every night"),
            Self::SamePolicy => (
                "POLICY-PUBLIC",
                "a website's bucket gets the public policy that it has, as every day",
            ),
            Self::SamePartner => (
                "POLICY-EXTERNAL",
                "a partner gets the policy that it has, as every day",
            ),
            Self::WithinOrganisation => (
                "POLICY-PUBLIC",
                "a bucket is opened to everybody within the organisation only",
            ),
            Self::SisterAccount => (
                "POLICY-EXTERNAL",
                "a bucket is shared with another account of ours",
            ),
            Self::GrowingBackup => (
                "ACCESS-SPIKE",
                "a backup that grows every day and now and then reads everything",
            ),
            Self::LargeFolder => (
                "ACCESS-SPIKE",
                "an analyst works through a larger folder of its own",
            ),
            Self::UsualUpload => (
                "EGRESS-SPIKE",
                "a machine sends its export, as every day, and more of it on Wednesdays",
            ),
            Self::DeployCleanup => ("DELETE-SPIKE", "a deployment deletes what it made"),
            Self::MonthlyPurge => (
                "DELETE-SPIKE",
                "last month's data is deleted, as on the first of each month",
            ),
            Self::WeeklyPurge => (
                "DELETE-SPIKE",
                "last week's data is deleted, as every Monday",
            ),
            Self::LifecycleAsCode => (
                "DELETE-SPIKE",
                "infrastructure code puts the same lifecycle rules, as every night",
            ),
            Self::LoggingAsCode => (
                "LOG-BLINDED",
                "infrastructure code puts the same selectors, as every night",
            ),
            Self::RegionRollout => ("UNUSUAL-REGION", "a team begins to work in a new region"),
            Self::RegionLook => (
                "UNUSUAL-REGION",
                "an administrator looks at the machines of all regions in the console",
            ),
            Self::CuriousNewcomer => (
                "AN1594",
                "a new user browses a few buckets on its first day",
            ),
            Self::RemadeTestRole => (
                "AN1328",
                "a role for tests is deleted and made again, as every night",
            ),
        }
    }
}

/// Decoys of plain spikes are numbered from here.
const FIRST_PLAIN: u64 = 30_000;

/// A decoy and its day.
pub(crate) struct Planned {
    pub(crate) decoy: Decoy,
    pub(crate) day: Day,
    pub(crate) number: u64,
}

/// Plans every decoy of an attack set twice a week, spread over the days of `span`.
pub(crate) fn plan_decoys(span: (Day, Day), attack_set: AttackSet) -> Vec<Planned> {
    let mut planned = plan_all_of(&Decoy::CORE, span, 0);
    if attack_set == AttackSet::All {
        planned.extend(plan_all_of(&Decoy::MORE, span, FIRST_MORE));
        planned.extend(plan_all_of(&Decoy::PLAIN, span, FIRST_PLAIN));
    }
    planned
}

fn plan_all_of(decoys: &[Decoy], (from, last): (Day, Day), first: u64) -> Vec<Planned> {
    let days = last.since(from).max(0) + 1;
    let rounds = (days / 7).max(1) * 2;
    let count = rounds * decoys.len() as i32;
    let on_weekday = |day: Day, wanted: i32| {
        let before = day.plus(-(weekday(day) - wanted).rem_euclid(7));
        if before < from {
            before.plus(7)
        } else {
            before
        }
    };
    (0..count)
        .map(|number| {
            let decoy = decoys[number as usize % decoys.len()];
            let turn = number * 3 + number / decoys.len() as i32;
            let day = from.plus(turn.rem_euclid((days - decoy.days() + 1).max(1)));
            let day = match decoy {
                Decoy::Closing => on_weekday(day, 5),
                Decoy::WeeklyExport => on_weekday(day, 3),
                Decoy::WeeklyPurge => on_weekday(day, 1),
                Decoy::DeployCleanup => on_weekday(day, 2),
                Decoy::MonthlyPurge => (from.0..=last.0)
                    .map(Day)
                    .find(|&day| is_month_begin(day))
                    .unwrap_or(last.plus(1)),
                _ => day,
            };
            Planned {
                decoy,
                day,
                number: first + number as u64,
            }
        })
        .filter(|planned| planned.day.plus(planned.decoy.days() - 1) <= last)
        .collect()
}

impl Planned {
    /// Returns whether it writes records on that day.
    pub(crate) fn is_on(&self, today: Day) -> bool {
        (0..self.decoy.days()).contains(&today.since(self.day))
    }

    /// Writes the decoy's records of a day, where it has some of its own, and returns its note on the last of its days.
    pub(crate) fn run(&self, world: &World, today: Day, trail: &mut Trail) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xdec0, self.number]);
        let (day, midnight) = (self.day, self.day.start().secs());
        let rng = &mut rng;
        let of_kind = |wanted: &dyn Fn(&Identity) -> bool, rng: &mut Rng| {
            let found: Vec<&Identity> = world
                .population
                .iter()
                .filter(|w| w.is_here(day) && !w.is_away(day) && w.joins < world.start && wanted(w))
                .collect();
            (!found.is_empty()).then(|| *rng.pick(&found))
        };
        let since = trail.anomalies.mark();
        // Habits need no records of their own; their day is what an evaluation looks at.
        let whole_day = (midnight, midnight + 86_399);
        let (ids, span) = match self.decoy {
            Decoy::WrongOrder
            | Decoy::SpikeInside
            | Decoy::StaleEgress
            | Decoy::LateEgress
            | Decoy::OfficeEgress => {
                let account = [DATA, PROD][(self.number / 2 % 2) as usize];
                let (number, seed) = (NUMBERS + self.number, world.seed);
                let mut creation = Rng::of(seed, &[0xdec1, self.number]);
                let who = new_identity(
                    world,
                    number,
                    IdentityType::Instance,
                    account,
                    &mut creation,
                    day,
                );
                let begins = self.new_role(world, &who, today, rng, trail)?;
                if today != day.plus(self.decoy.days() - 1) {
                    return None;
                }
                (who.ids(), (begins, trail.anomalies.span(since)?.1))
            }
            Decoy::OrdinaryNewcomer => {
                let mut who = new_identity(
                    world,
                    NUMBERS + self.number,
                    IdentityType::User,
                    DATA,
                    rng,
                    day,
                );
                let admin = world.admin_of(DATA, day)?;
                let session = admin.session(rng, midnight + 20, None);
                create(trail, midnight + 20, &session, &who);
                (who.level, who.spread) = (0.8, 0.25);
                write_day(world, &who, day, trail);
                (who.ids(), trail.anomalies.span(since)?)
            }
            Decoy::OwnBackup => {
                let who = of_kind(
                    &|w| w.kind == Kind::Backup && !w.number.is_multiple_of(2),
                    rng,
                )?;
                (who.ids(), whole_day)
            }
            Decoy::VendorBackup => (
                of_kind(&|w| w.kind == Kind::VendorBackup, rng)?.ids(),
                whole_day,
            ),
            Decoy::Scanner => {
                let who = of_kind(&|w| w.kind == Kind::Scanner, rng)?;
                (
                    in_every_account(who).map(|here| here.canonical()).collect(),
                    whole_day,
                )
            }
            Decoy::Closing => {
                let who = of_kind(&|w| w.kind == Kind::Finance, rng)?;
                (who.ids(), whole_day)
            }
            Decoy::WeeklyExport => {
                let who = of_kind(&|w| w.kind == Kind::Exporter, rng)?;
                (who.ids(), whole_day)
            }
            Decoy::OwnReplication => {
                let who = of_kind(&|w| w.kind == Kind::Admin && w.account == PROD, rng)?;
                let at = midnight + who.begins + 3_000;
                let session = who.session(rng, at, None);
                let bucket = world
                    .sensitive()
                    .into_iter()
                    .find(|b| b.account == Some(PROD))?;
                let target = world
                    .buckets
                    .iter()
                    .find(|b| b.account == Some(DR) && b.name.ends_with("-kyc"))?;
                let mut run = Run::at(at, day, &session, trail, rng);
                put_replication(&mut run, PROD, bucket, &target.name, ACCOUNTS[DR].id);
                (who.ids(), run.trail.anomalies.span(since)?)
            }
            Decoy::Browsing => {
                let who = of_kind(&|w| w.kind == Kind::Admin, rng)?;
                let at = midnight + who.begins + 5_000;
                let mut session = who.session(rng, at, None);
                session.user_agent = UserAgent::new(Client::S3Console, 0, 0);
                let mut run = Run::at(at, day, &session, trail, rng);
                run.browse(world, who.account, 22);
                (who.ids(), run.trail.anomalies.span(since)?)
            }
            Decoy::Travel => {
                let who = of_kind(&|w| w.kind == Kind::Analyst, rng)?;
                let at = midnight + who.begins + 2_000;
                let session =
                    who.session(rng, at, Some(external_address(0x7_8000 + self.number, 1)));
                let mut run = Run::at(at, day, &session, trail, rng);
                run.api(who.account, 2.0, &Api::default());
                for &bucket in who.buckets.iter().take(2) {
                    run.list(&world.buckets[bucket], "", 2, 30.0);
                    run.read(&world.buckets[bucket], 4, 60.0);
                }
                (who.ids(), run.trail.anomalies.span(since)?)
            }
            Decoy::NightlyPosture => {
                let who = of_kind(&|w| w.kind == Kind::Scanner, rng)?;
                let everywhere = in_every_account(who).map(|here| here.canonical());
                (everywhere.collect(), whole_day)
            }
            Decoy::OrganisationAudit
            | Decoy::StuckJob
            | Decoy::UsualMirror
            | Decoy::SamePolicy
            | Decoy::SamePartner => {
                let kind = match self.decoy {
                    Decoy::OrganisationAudit => Kind::Auditor,
                    Decoy::StuckJob => Kind::Stuck,
                    Decoy::UsualMirror => Kind::Mirror,
                    _ => Kind::Deployer,
                };
                (of_kind(&|w| w.kind == kind, rng)?.ids(), whole_day)
            }
            Decoy::GrowingBackup
            | Decoy::UsualUpload
            | Decoy::DeployCleanup
            | Decoy::MonthlyPurge
            | Decoy::WeeklyPurge
            | Decoy::LifecycleAsCode
            | Decoy::LoggingAsCode => {
                let kind = match self.decoy {
                    Decoy::GrowingBackup => Kind::Grower,
                    Decoy::UsualUpload => Kind::Exporter,
                    Decoy::DeployCleanup => Kind::Cleaner,
                    Decoy::MonthlyPurge => Kind::MonthlyPurge,
                    Decoy::WeeklyPurge => Kind::WeeklyPurge,
                    _ => Kind::Infrastructure,
                };
                (of_kind(&|w| w.kind == kind, rng)?.ids(), whole_day)
            }
            Decoy::RemadeTestRole => {
                let who = of_kind(&|w| w.kind == Kind::TestRole, rng)?;
                (test_role_of(world.seed, who, day).ids(), whole_day)
            }
            Decoy::LargeFolder
            | Decoy::RegionRollout
            | Decoy::RegionLook
            | Decoy::CuriousNewcomer => {
                let ids = self.run_plain(world, NUMBERS + self.number, rng, trail)?;
                (ids, trail.anomalies.span(since)?)
            }
            Decoy::IamConsole => {
                let who = of_kind(&|w| w.kind == Kind::Admin, rng)?;
                let at = midnight + who.begins + 7_000;
                let mut session = who.session(rng, at, None);
                enter_console(&mut session, who, at, rng, trail);
                let mut run = Run::at(at, day, &session, trail, rng);
                browse_iam(&mut run, who.account);
                (who.ids(), run.trail.anomalies.span(since)?)
            }
            Decoy::WithinOrganisation | Decoy::SisterAccount => {
                let who = of_kind(&|w| w.kind == Kind::Admin && w.account != DEV, rng)?;
                let at = midnight + who.begins + 4_000;
                let session = who.session(rng, at, None);
                let own = |b: &&Bucket| {
                    b.account == Some(who.account)
                        && matches!(b.purpose, Purpose::Service | Purpose::Lake)
                };
                let bucket = world.own_buckets(day).find(own)?;
                let mut run = Run::at(at, day, &session, trail, rng);
                if self.decoy == Decoy::SisterAccount {
                    put_policy(&mut run, who.account, bucket, ACCOUNTS[DEV].id);
                } else {
                    put_policy_within(&mut run, who.account, bucket);
                }
                (who.ids(), run.trail.anomalies.span(since)?)
            }
        };
        let (analytic, note) = self.decoy.describe();
        Some(Label::new(
            analytic,
            ids,
            span,
            format!("decoy={:?} {note}", self.decoy),
        ))
    }
}
