//! Decoys of plain spikes, newcomers and unusual regions that have records of their own.

use crate::simulate::activity::aws::configure::look_around;
use crate::simulate::activity::aws::creation::create;
use crate::simulate::activity::aws::decoy::{Decoy, Planned};
use crate::simulate::activity::aws::new_identity::new_identity;
use crate::simulate::activity::aws::people::enter_console;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::stage::{make_bucket, new_bucket};
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{DATA, DEV, FRANKFURT, REGIONS};
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

/// The most of a team that begin to work in a new region on one day.
const TEAM: usize = 5;

impl Planned {
    /// Writes the records of such a decoy; returns the ids of who did it.
    pub(crate) fn run_plain(
        &self,
        world: &World,
        number: u64,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<Vec<String>> {
        let (day, midnight) = (self.day, self.day.start().secs());
        let of_kind = |kind: Kind| -> Vec<&Identity> {
            let is_able = |w: &&Identity| {
                w.kind == kind && w.is_here(day) && !w.is_away(day) && w.joins < world.start
            };
            world.population.iter().filter(is_able).collect()
        };
        match self.decoy {
            Decoy::LargeFolder => {
                let people = of_kind(Kind::Analyst);
                let who = (!people.is_empty()).then(|| *rng.pick(&people))?;
                let own = *working_set(world, who, day).first()?;
                let at = midnight + who.begins + 1_200;
                let session = who.session(rng, at, None);
                let mut run = Run::at(at, day, &session, trail, rng);
                run.list(own, "", 3, 10.0);
                let objects = run.rng.between(90, 170) as usize;
                run.read(own, objects, 75.0);
                Some(who.ids())
            }
            Decoy::RegionRollout => {
                let team: Vec<&Identity> = of_kind(Kind::Developer)
                    .into_iter()
                    .filter(|w| w.account == DEV)
                    .take(TEAM)
                    .collect();
                let mut ids = Vec::new();
                for (place, who) in team.iter().enumerate() {
                    let at = midnight + who.begins + rng.between(600, 4 * 3_600);
                    let session = who.session(rng, at, None);
                    let mut run = Run::at(at, day, &session, trail, rng);
                    look_around(&mut run, DEV, FRANKFURT);
                    let bucket = new_bucket(&run, "frankfurt", DEV, FRANKFURT);
                    if place == 0 {
                        make_bucket(&mut run, DEV, &bucket);
                    }
                    run.store(&bucket, 4, 30.0);
                    run.list(&bucket, "", 1, 10.0);
                    run.read(&bucket, 3, 30.0);
                    ids.extend(who.ids());
                }
                (!ids.is_empty()).then_some(ids)
            }
            Decoy::RegionLook => {
                let people = of_kind(Kind::Admin);
                let who = (!people.is_empty()).then(|| *rng.pick(&people))?;
                let at = midnight + who.begins + 6_000;
                let mut session = who.session(rng, at, None);
                enter_console(&mut session, who, at, rng, trail);
                let mut run = Run::at(at, day, &session, trail, rng);
                for region in 0..REGIONS.len() {
                    look_around(&mut run, who.account, region);
                }
                Some(who.ids())
            }
            _ => {
                let who = new_identity(world, number, IdentityType::User, DATA, rng, day);
                let admin = world.admin_of(DATA, day)?;
                let at = midnight + 8 * 3_600;
                let session = admin.session(rng, at, None);
                create(trail, at, &session, &who);
                let session = who.session(rng, at + 7_200, None);
                let mut run = Run::at(at + 7_200, day, &session, trail, rng);
                run.list_buckets(DATA);
                let mut shown: Vec<&Bucket> = world
                    .own_buckets(day)
                    .filter(|b| b.account == Some(DATA) && b.purpose == Purpose::Lake)
                    .collect();
                run.rng.shuffle(&mut shown);
                for bucket in shown.into_iter().take(4) {
                    run.list(bucket, "", 2, 60.0);
                    run.read(bucket, 2, 60.0);
                }
                Some(who.ids())
            }
        }
    }
}
