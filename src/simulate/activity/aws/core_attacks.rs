//! What attackers of the core set do, and how conspicuously in each grade.
//!
//! The numbers follow what legitimate people and workloads of the same estate do in a day: listings of people reach 4 at the
//! median, 30 at the 99th percentile; their reads 5 and 130; refusals 0 and 1, or 50 when a permission is lost.

use crate::simulate::activity::aws::attack_plan::Attack;
use crate::simulate::activity::aws::attack_session::shuffled_buckets;
use crate::simulate::activity::aws::configure::{
    look_around, put_policy, put_replication, run_instance,
};
use crate::simulate::activity::aws::creation::create;
use crate::simulate::activity::aws::new_identity::new_identity;
use crate::simulate::activity::aws::run::Run;
use crate::simulate::activity::aws::working_set::working_set;
use crate::simulate::model::aws::attack_class::AttackClass;
use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::flow::{Flow, Peer};
use crate::simulate::model::aws::identity::{Identity, IdentityType};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::company::{
    ACCOUNTS, DATA, DEV, DR, HOSTILE, PROD, REGIONS_UNUSED, SYDNEY, US_EAST, VENDOR,
};
use crate::simulate::model::grade::Grade;
use crate::simulate::model::label::Label;
use crate::simulate::model::network::external_address;
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;

impl Attack {
    /// Writes the attack's records and returns its label.
    pub(crate) fn run(&self, world: &World, trail: &mut Trail) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xbad, self.number]);
        let since = trail.anomalies.mark();
        let victim = self.victim.map(|place| &world.population[place]);
        let mut ids = match (self.class, victim) {
            (class, _) if AttackClass::PLAIN.contains(&class) => {
                self.run_plain(world, victim, &mut rng, trail)?
            }
            (
                AttackClass::MassEnumeration
                | AttackClass::SlowEnumeration
                | AttackClass::RegionEnumeration
                | AttackClass::DeniedEnumeration,
                Some(who),
            ) => {
                self.enumerate(world, who, &mut rng, trail);
                who.ids()
            }
            (
                AttackClass::CreatedUserExfiltration | AttackClass::CreatedRoleExfiltration,
                Some(admin),
            ) => self.create_and_read(world, admin, &mut rng, trail),
            (AttackClass::FirstUsedExfiltration, _) => self.first_use(world, &mut rng, trail),
            (
                AttackClass::SensitiveSync
                | AttackClass::SensitiveCopy
                | AttackClass::SensitiveReplication
                | AttackClass::SensitiveGrant,
                Some(who),
            ) => {
                self.take_sensitive(world, who, &mut rng, trail);
                who.ids()
            }
            (_, Some(who)) => {
                self.run_further(world, who, &mut rng, trail)?;
                who.ids()
            }
            _ => return None,
        };
        trail.anomalies.note_attacked(&ids, since);
        if let Some(who) = victim {
            trail.anomalies.note_attacked(&who.ids(), since);
        }
        if let (
            AttackClass::CreatedUserExfiltration | AttackClass::CreatedRoleExfiltration,
            Some(admin),
        ) = (self.class, victim)
        {
            // The administrator's key was stolen.
            ids.extend(admin.ids());
        }
        let note = format!("grade={} class={}", self.grade.name(), self.class.name());
        let span = trail.anomalies.span(since)?;
        Some(Label {
            also: self.class.also(),
            ..Label::new(self.class.analytic(), ids, span, note)
        })
    }

    fn enumerate(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day) = (self.grade, self.day);
        let hidden = grade == Grade::Hidden;
        let at = self.begins(rng, Some(who));
        let session = self.stolen(rng, who, at);
        let mut run = Run::at(at, day, &session, trail, rng);
        let usual = working_set(world, who, day);
        let mut targets = shuffled_buckets(world, who, day, run.rng);
        match self.class {
            AttackClass::MassEnumeration | AttackClass::SlowEnumeration => {
                if !hidden {
                    run.api(who.account, 1.0, &Api::default());
                    run.list_buckets(who.account);
                }
                if grade == Grade::Blatant {
                    for region in REGIONS_UNUSED {
                        look_around(&mut run, who.account, region);
                    }
                }
                let (calls, seconds) = if self.class == AttackClass::MassEnumeration {
                    (
                        grade.of([320, 120, 30, 15]),
                        grade.of([300.0, 480.0, 500.0, 900.0]),
                    )
                } else {
                    (
                        grade.of([300, 110, 30, 15]),
                        grade.of([28_000.0, 21_600.0, 18_000.0, 14_000.0]),
                    )
                };
                match grade {
                    // Some of the victim's own, and a few that are not.
                    Grade::Subtle => {
                        targets.truncate(3);
                        targets.extend(usual.iter().take(2));
                    }
                    Grade::Hidden if !usual.is_empty() => {
                        targets = usual.into_iter().take(3).collect();
                    }
                    _ => targets.truncate(grade.of([40, 14, 5, 1])),
                }
                for turn in 0..calls {
                    let bucket = targets[turn % targets.len()];
                    run.list(bucket, "", 1, seconds / calls as f64);
                }
            }
            AttackClass::RegionEnumeration if hidden => {
                // The job's own buckets once more, between its hours.
                let far = usual.first().unwrap_or(&targets[0]);
                run.list(far, "customers/", 4, 20.0);
            }
            AttackClass::RegionEnumeration => {
                let mut far: Vec<&Bucket> = world
                    .own_buckets(day)
                    .filter(|b| {
                        b.region != US_EAST
                            && (b.account == Some(who.account) || b.region == SYDNEY)
                    })
                    .collect();
                far.truncate(grade.of([14, 8, 2, 1]));
                for &region in &REGIONS_UNUSED[..grade.of([3, 2, 0, 0])] {
                    look_around(&mut run, who.account, region);
                }
                if grade != Grade::Subtle {
                    run.list_buckets(who.account);
                }
                for turn in 0..grade.of([140, 50, 14, 0]) {
                    let gap = grade.of([3.0, 10.0, 40.0, 40.0]);
                    run.list(far[turn % far.len()], "", 1, gap);
                }
            }
            _ => {
                let everything: Vec<&Bucket> = match hidden {
                    true => targets.clone(),
                    false => world.own_buckets(day).collect(),
                };
                for turn in 0..grade.of([180, 70, 22, 2]) {
                    let bucket = everything[(turn * 7 + self.number as usize) % everything.len()];
                    if turn % 9 == 8 {
                        run.list(targets[turn % targets.len()], "", 1, 2.0);
                    } else {
                        let gap = grade.of([2.0, 8.0, 45.0, 600.0]);
                        run.refused(bucket, turn % 4 != 3, gap);
                    }
                }
            }
        }
    }

    fn create_and_read(
        &self,
        world: &World,
        admin: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
    ) -> Vec<String> {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(admin));
        let on_instance = self.class == AttackClass::CreatedRoleExfiltration;
        let account = admin.account;
        let identity_type = if on_instance {
            IdentityType::Instance
        } else {
            IdentityType::User
        };
        let who = new_identity(world, self.number, identity_type, account, rng, day);
        let admin_session = self.stolen(rng, admin, at);
        let since = trail.anomalies.mark();
        create(trail, at, &admin_session, &who);
        let begin = at + grade.of([300, 2_400, 5_400, 5_400]);
        if on_instance {
            run_instance(trail, at + 30, &admin_session, &who);
        }
        let source = (!on_instance).then(|| self.attacker_address(rng));
        let session = who.session(rng, begin, source);
        let bytes = self.read_widely(world, &who, rng, trail, &session, begin);
        let mut ids = who.ids();
        if let Some(instance) = &who.instance {
            let from = trail.anomalies.span(since).map_or(begin, |(_, last)| last) + 120;
            // Hidden, it fits in what any machine fetches from its package mirror.
            let (peer, bytes) = match grade {
                Grade::Hidden => (external_address(0xc000 + account as u64, 1), 12_000),
                _ => (external_address(0x1_8000 + self.number, 3), bytes),
            };
            let rounds = grade.of([6, 4, 3, 1]);
            for round in 0..rounds {
                let flow = Flow {
                    end: from + round * 180,
                    peer: Peer::Outside(peer.clone()),
                    bytes: bytes / rounds as u64 + rng.below(9_000) as u64,
                    egress: true,
                };
                trail.instance_flow(rng, account, who.region, instance, &flow);
            }
            ids.push(instance.interface.clone());
        }
        ids
    }

    fn first_use(&self, world: &World, rng: &mut Rng, trail: &mut Trail) -> Vec<String> {
        let account = *rng.pick(&[PROD, DATA]);
        let who = new_identity(
            world,
            self.number,
            IdentityType::User,
            account,
            rng,
            self.day,
        );
        let at = self.begins(rng, None);
        let source = self.attacker_address(rng);
        let session = who.session(rng, at, Some(source));
        self.read_widely(world, &who, rng, trail, &session, at);
        who.ids()
    }

    /// Reads from several buckets, or like any newcomer if hidden; returns the bytes.
    pub(crate) fn read_widely(
        &self,
        world: &World,
        who: &Identity,
        rng: &mut Rng,
        trail: &mut Trail,
        session: &Session,
        at: i64,
    ) -> u64 {
        let (grade, day) = (self.grade, self.day);
        let mut run = Run::at(at, day, session, trail, rng);
        if grade != Grade::Hidden {
            run.api(who.account, 2.0, &Api::default());
            run.list_buckets(who.account);
        }
        let targets: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| {
                b.account == Some(who.account)
                    && b.created < day
                    && b.region == US_EAST
                    && (grade != Grade::Hidden || b.purpose != Purpose::Sensitive)
            })
            .collect();
        let mut bytes = 0;
        for turn in 0..grade.of([6, 4, 2, 1]) {
            let bucket = targets[(turn * 5 + who.number as usize) % targets.len()];
            run.list(bucket, "", grade.of([2, 2, 2, 1]), 1.0);
            let gap = grade.of([0.8, 6.0, 60.0, 120.0]);
            bytes += run.read(bucket, grade.of([60, 40, 20, 5]), gap);
        }
        bytes
    }

    fn take_sensitive(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day) = (self.grade, self.day);
        let hidden = grade == Grade::Hidden;
        let at = self.begins(rng, Some(who));
        let mut session = self.stolen(rng, who, at);
        if self.class == AttackClass::SensitiveSync && !hidden {
            // Outside in every grade; at home if subtle.
            if grade == Grade::Subtle {
                session = who.session(rng, at, Some(external_address(who.aws(), who.number * 7)));
            }
            let client = match grade {
                Grade::Blatant => Client::Rclone,
                _ => Client::AwsCli,
            };
            session.user_agent = UserAgent::new(client, 1, 1);
        }
        let mut run = Run::at(at, day, &session, trail, rng);
        let mut targets: Vec<&Bucket> = world
            .sensitive()
            .into_iter()
            .filter(|b| b.account == Some(who.account))
            .collect();
        let first = run.rng.below(targets.len());
        targets.rotate_left(first);
        if hidden {
            // Finance reads its own; the vendor's copies and administrators' settings concern one of them.
            let usual = working_set(world, who, day);
            let own = usual.iter().find(|b| b.purpose == Purpose::Sensitive);
            targets = own.map_or(targets, |&bucket| vec![bucket]);
        }
        targets.truncate(grade.of([3, 2, 1, 1]));
        let hostile = HOSTILE[self.number as usize % HOSTILE.len()];
        // Hidden, it goes where such things go anyway.
        let owner = match self.class {
            AttackClass::SensitiveCopy if hidden => VENDOR,
            AttackClass::SensitiveReplication if hidden => ACCOUNTS[DR].id,
            AttackClass::SensitiveGrant if hidden => ACCOUNTS[DEV].id,
            _ => hostile,
        };
        let Some(vault) = world.buckets.iter().find(|b| b.owner == owner) else {
            return;
        };
        for bucket in targets {
            match self.class {
                AttackClass::SensitiveSync => {
                    run.list(bucket, "", grade.of([4, 2, 1, 1]), 1.0);
                    let gap = grade.of([0.6, 2.0, 8.0, 15.0]);
                    run.read(bucket, grade.of([110, 60, 12, 4]), gap);
                }
                AttackClass::SensitiveCopy => {
                    if !hidden {
                        run.list(bucket, "", 1, 1.0);
                    }
                    let gap = grade.of([0.6, 3.0, 30.0, 60.0]);
                    run.copy(bucket, vault, grade.of([90, 40, 6, 2]), gap);
                }
                AttackClass::SensitiveReplication => {
                    put_replication(&mut run, who.account, bucket, &vault.name, owner);
                }
                _ => {
                    let whom = if grade == Grade::Blatant { "*" } else { owner };
                    put_policy(&mut run, who.account, bucket, whom);
                }
            }
        }
    }
}
