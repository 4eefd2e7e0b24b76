//! Attacks by identities that are new: that list everything, that were idle until now, that bear the name of another.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::configure::run_instance;
use crate::simulate::activity::aws::creation::{create, delete_user};
use crate::simulate::activity::aws::new_identity::new_identity;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::{Identity, IdentityType};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::{BASE32, Rng, splitmix};
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How many days a user lies idle, at least and at most.
const IDLE_DAYS: (i32, i32) = (3, 10);

impl Attack {
    /// Returns the day on which the user is created that is used on the day of the attack.
    pub(crate) fn prepared_on(&self, start: Day) -> Option<Day> {
        if self.class != AttackClass::LateUsedExfiltration {
            return None;
        }
        let (least, most) = IDLE_DAYS;
        let idle = least + (splitmix(self.number) % (most - least + 1) as u64) as i32;
        Some(self.day.plus(-idle.min(self.day.since(start))))
    }

    /// Returns the user of that attack, the same on both days.
    fn idle_user(&self, world: &World, admin: &Identity) -> Identity {
        let mut rng = Rng::of(world.seed, &[0xbad, self.number, 1]);
        let number = self.number;
        new_identity(
            world,
            number,
            IdentityType::User,
            admin.account,
            &mut rng,
            self.day,
        )
    }

    /// Creates the user that will be used days later.
    pub(crate) fn prepare(&self, world: &World, today: Day, trail: &mut Trail) {
        let Some(place) = self.victim else { return };
        let admin = &world.population[place];
        let mut rng = Rng::of(world.seed, &[0xbad, self.number, 2]);
        let since = trail.anomalies.mark();
        let earlier = Attack {
            day: today,
            ..self.clone()
        };
        // Before the user is needed, even where all happens on one day.
        let at = earlier
            .begins(&mut rng, Some(admin))
            .min(self.day.start().secs() + 12 * 3_600)
            - 1_700;
        let session = earlier.stolen(&mut rng, admin, at);
        create(trail, at, &session, &self.idle_user(world, admin));
        trail.anomalies.note_attacked(&admin.ids(), since);
    }

    /// Writes what a newcomer does; returns its ids, and those of the administrator that it came by.
    pub(crate) fn newcomer(
        &self,
        world: &World,
        admin: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Option<Vec<String>> {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(admin));
        match self.class {
            AttackClass::NewcomerEnumeration => {
                let who = new_identity(
                    world,
                    self.number,
                    IdentityType::User,
                    admin.account,
                    rng,
                    day,
                );
                let mut ids = who.ids();
                // Every other one was never recorded before, not even its creation.
                if self.number.is_multiple_of(2) {
                    let session = self.stolen(rng, admin, at);
                    create(trail, at, &session, &who);
                    ids.extend(admin.ids());
                }
                let begin = at + grade.of([900, 1_800, 3_600, 3_600]);
                let source = self.attacker_address(rng);
                let session = who.session(rng, begin, Some(source));
                let mut run = Run::at(begin, day, &session, trail, rng);
                self.list_everything(world, &who, &mut run);
                Some(ids)
            }
            AttackClass::LateUsedExfiltration => {
                let who = self.idle_user(world, admin);
                let begin = at + 60;
                let source = self.attacker_address(rng);
                let session = who.session(rng, begin, Some(source));
                self.read_widely(world, &who, rng, trail, &session, begin);
                let mut ids = who.ids();
                ids.extend(admin.ids());
                Some(ids)
            }
            AttackClass::TrickleExfiltration => {
                let account = admin.account;
                let who = new_identity(
                    world,
                    self.number,
                    IdentityType::Instance,
                    account,
                    rng,
                    day,
                );
                let instance = who.instance.as_ref()?;
                let at = day.start().secs() + rng.between(1_800, 4 * 3_600);
                let session = self.stolen(rng, admin, at);
                create(trail, at, &session, &who);
                run_instance(trail, at + 30, &session, &who);
                let since = trail.anomalies.mark();
                let begin = at + grade.of([300, 1_800, 2_700, 2_700]);
                let session = who.session(rng, begin, None);
                let bytes = self.read_widely(world, &who, rng, trail, &session, begin);
                let from = trail.anomalies.span(since)?.1 + 120;
                let (peer, bytes) = match grade {
                    Grade::Hidden => (external_address(0xc000 + account as u64, 1), 12_000),
                    _ => (external_address(0x1_8000 + self.number, 3), bytes),
                };
                let flows = (grade.of([300, 150, 60, 1]), grade.of([120, 180, 240, 60]));
                self.send(
                    (account, who.region, instance),
                    from,
                    &peer,
                    bytes as f64,
                    flows,
                    rng,
                    trail,
                );
                let mut ids = who.ids();
                ids.push(instance.interface.clone());
                ids.extend(admin.ids());
                Some(ids)
            }
            _ => {
                // Here the victim is who bore the name, and the administrator any of the account.
                let old = admin;
                let admin = world.admin_of(old.account, day)?;
                let mut who = old.clone();
                who.unique = format!("AIDA{}", rng.text(BASE32, 17));
                who.key = format!("AKIA{}", rng.text(BASE32, 16));
                let session = self.stolen(rng, admin, at);
                delete_user(trail, at, &session, old);
                create(trail, at + 40, &session, &who);
                let begin = at + grade.of([300, 1_800, 3_600, 3_600]);
                let source = self.attacker_address(rng);
                let session = who.session(rng, begin, Some(source));
                self.read_widely(world, &who, rng, trail, &session, begin);
                let mut ids = who.ids();
                ids.extend(admin.ids());
                Some(ids)
            }
        }
    }

    fn list_everything(&self, world: &World, who: &Identity, run: &mut Run<'_>) {
        let grade = self.grade;
        let mut targets: Vec<&Bucket> = world
            .own_buckets(self.day)
            .filter(|b| b.account == Some(who.account) && b.created < self.day)
            .collect();
        run.rng.shuffle(&mut targets);
        targets.truncate(grade.of([40, 16, 8, 2]));
        if grade != Grade::Hidden {
            run.api(who.account, 1.0, &Api::default());
            run.list_buckets(who.account);
        }
        for turn in 0..grade.of([300, 110, 40, 4]) {
            let bucket = targets[turn % targets.len()];
            run.list(bucket, "", 1, grade.of([1.0, 4.0, 20.0, 90.0]));
        }
    }
}
