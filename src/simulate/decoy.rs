//! Decoys: innocent work that resembles an attack, noted so that an evaluation can count which of it raised alerts.

use crate::time::Day;

use super::agent::{Agent, Client};
use super::attack::{intruder, put_replication};
use super::birth::create;
use super::cast::{Form, Identity, Kind};
use super::cloudtrail::Api;
use super::estate::{ACCOUNTS, Bucket, DATA, DR, PROD, Purpose, external_address};
use super::flow::{Flow, Peer};
use super::label::Label;
use super::random::Rng;
use super::run::Run;
use super::trail::Trail;
use super::work::live;
use super::workload::in_every_account;
use super::world::World;

/// Identities that decoys need are numbered from here on top of those of attacks.
const NUMBERS: u64 = 50_000;

/// What only looks like an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decoy {
    /// Egress first, the spike of a new role afterwards.
    WrongOrder,
    /// A new role reads much, and nothing leaves.
    SpikeInside,
    /// A new user at ordinary volume, from home.
    OrdinaryNewcomer,
    /// The nightly copy to the disaster recovery account.
    OwnBackup,
    /// The nightly copy to the vendor, which an approval covers.
    VendorBackup,
    /// The posture scanner's nightly sweep.
    Scanner,
    /// Replication to one of our accounts is configured.
    OwnReplication,
    /// The books are closed, by somebody who does it every Friday and month end.
    Closing,
    /// An administrator opens the bucket list in the console.
    Browsing,
    /// Ordinary work from a hotel.
    Travel,
}

impl Decoy {
    const ALL: [Self; 10] = [
        Self::WrongOrder,
        Self::SpikeInside,
        Self::OrdinaryNewcomer,
        Self::OwnBackup,
        Self::VendorBackup,
        Self::Scanner,
        Self::OwnReplication,
        Self::Closing,
        Self::Browsing,
        Self::Travel,
    ];

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
        }
    }
}

/// A decoy and its day.
pub(super) struct Planned {
    decoy: Decoy,
    pub(super) day: Day,
    number: u64,
}

/// Plans every decoy once a week at least, spread over the days from `from` to `last`.
pub(super) fn plan(from: Day, last: Day) -> Vec<Planned> {
    let days = last.since(from).max(0) + 1;
    let rounds = (days / 7).max(1) * 2;
    let count = rounds * Decoy::ALL.len() as i32;
    (0..count)
        .map(|number| {
            let decoy = Decoy::ALL[number as usize % Decoy::ALL.len()];
            let mut day =
                from.plus((number * 3 + number / Decoy::ALL.len() as i32).rem_euclid(days));
            if decoy == Decoy::Closing {
                // The Friday before or on that day, or the one after; 1970-01-02 was a Friday.
                let friday = day.plus(-(day.0 - 1).rem_euclid(7));
                day = if friday < from {
                    friday.plus(7)
                } else {
                    friday
                };
            }
            Planned {
                decoy,
                day,
                number: number as u64,
            }
        })
        .filter(|planned| planned.day <= last)
        .collect()
}

impl Planned {
    /// Writes the decoy's records, where it has some of its own, and returns its note.
    pub(super) fn run(&self, world: &World, trail: &mut Trail) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xdec0, self.number]);
        let (day, midnight) = (self.day, self.day.start().secs());
        let rng = &mut rng;
        let of_kind = |wanted: &dyn Fn(&Identity) -> bool, rng: &mut Rng| {
            let found: Vec<&Identity> = world
                .cast
                .iter()
                .filter(|w| w.is_here(day) && w.joins < world.start && wanted(w))
                .collect();
            (!found.is_empty()).then(|| *rng.pick(&found))
        };
        let since = trail.mark();
        // Habits need no records of their own; their day is what an evaluation looks at.
        let whole_day = (midnight, midnight + 86_399);
        let (ids, span) = match self.decoy {
            Decoy::WrongOrder | Decoy::SpikeInside => {
                let account = if self.number.is_multiple_of(2) {
                    DATA
                } else {
                    PROD
                };
                let who = intruder(
                    world,
                    NUMBERS + self.number,
                    Form::Instance,
                    account,
                    rng,
                    day,
                );
                self.new_role(world, &who, rng, trail)?;
                (who.ids(), trail.span(since)?)
            }
            Decoy::OrdinaryNewcomer => {
                let mut who = intruder(world, NUMBERS + self.number, Form::User, DATA, rng, day);
                let admin = world.admin_of(DATA, day)?;
                let session = admin.session(rng, midnight + 20, None);
                create(trail, midnight + 20, &session, &who);
                who.level = 0.8;
                live(world, &who, day, trail);
                (who.ids(), trail.span(since)?)
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
                let mut run = Run {
                    trail,
                    rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                put_replication(&mut run, PROD, bucket, &target.name, ACCOUNTS[DR].id);
                (who.ids(), run.trail.span(since)?)
            }
            Decoy::Browsing => {
                let who = of_kind(&|w| w.kind == Kind::Admin, rng)?;
                let at = midnight + who.begins + 5_000;
                let mut session = who.session(rng, at, None);
                session.agent = Agent::new(Client::S3Console, 0, 0);
                let mut run = Run {
                    trail,
                    rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                run.browse(world, who.account, 22);
                (who.ids(), run.trail.span(since)?)
            }
            Decoy::Travel => {
                let who = of_kind(&|w| w.kind == Kind::Analyst, rng)?;
                let at = midnight + who.begins + 2_000;
                let session =
                    who.session(rng, at, Some(external_address(0x7_8000 + self.number, 1)));
                let mut run = Run {
                    trail,
                    rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                run.api(who.account, 2.0, &Api::default());
                for &bucket in who.buckets.iter().take(2) {
                    run.list(&world.buckets[bucket], "", 2, 30.0);
                    run.read(&world.buckets[bucket], 4, 60.0);
                }
                (who.ids(), run.trail.span(since)?)
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

    /// A new role on a new instance reads much; what leaves, if anything, left before.
    fn new_role(
        &self,
        world: &World,
        who: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<()> {
        let (day, midnight) = (self.day, self.day.start().secs());
        let admin = world.admin_of(who.account, day)?;
        let at = midnight + rng.between(7 * 3600, 12 * 3600);
        let session = admin.session(rng, at, None);
        create(trail, at, &session, who);
        let instance = who.instance.as_ref()?;
        let session = who.session(rng, at + 600, None);
        if self.decoy == Decoy::WrongOrder {
            // The machine sets itself up before it reads anything.
            Run {
                trail,
                rng,
                session: &session,
                day,
                clock: (at + 600) as f64,
            }
            .api(who.account, 1.0, &Api::default());
            for round in 0..3 {
                let peer = Peer::Outside(external_address(0x1_c000 + self.number, 1));
                let bytes = rng.log_normal(40e6, 0.3) as u64;
                let end = at + 700 + round * 120;
                trail.instance_flow(
                    rng,
                    who.account,
                    who.region,
                    instance,
                    &Flow {
                        end,
                        peer,
                        bytes,
                        egress: true,
                    },
                );
            }
        }
        let mut run = Run {
            trail,
            rng,
            session: &session,
            day,
            clock: (at + 3_600) as f64,
        };
        let targets: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| {
                b.account == Some(who.account) && b.born < day && b.purpose != Purpose::Sensitive
            })
            .take(3)
            .collect();
        let mut bytes = 0;
        for bucket in targets {
            run.list(bucket, "", 2, 1.0);
            bytes += run.read(bucket, 50, 3.0);
        }
        let end = run.clock as i64 + 60;
        let flow = Flow {
            end,
            peer: Peer::S3,
            bytes,
            egress: false,
        };
        run.trail
            .instance_flow(run.rng, who.account, who.region, instance, &flow);
        Some(())
    }
}
