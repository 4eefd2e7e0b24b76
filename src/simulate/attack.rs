//! Attacks, planted on days that are scored: what is done, by whose credentials, and how loudly.

use std::collections::BTreeSet;

use crate::time::Day;

use super::agent::{Agent, Client};
use super::birth::create;
use super::cast::{Form, Identity, Kind, make, new_instance};
use super::cloudtrail::{Api, Session};
use super::estate::{
    ACCOUNTS, Bucket, DATA, HOSTILE, PROD, REGIONS, REGIONS_UNUSED, SYDNEY, US_EAST,
    external_address,
};
use super::flow::{Flow, Peer};
use super::label::Label;
use super::random::{BASE32, Rng};
use super::run::Run;
use super::trail::Trail;
use super::world::World;

/// How hard an attack is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Much of it, at once, from a place never seen.
    Blatant,
    /// Less of it, and closer to what is usual.
    Medium,
    /// Little of it, in working hours, mostly from the usual place.
    Subtle,
}

impl Grade {
    /// All grades, loudest first.
    pub const ALL: [Self; 3] = [Self::Blatant, Self::Medium, Self::Subtle];

    /// Returns the grade as labels write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blatant => "blatant",
            Self::Medium => "medium",
            Self::Subtle => "subtle",
        }
    }

    /// Returns the value that belongs to the grade.
    fn of<T: Copy>(self, values: [T; 3]) -> T {
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
        match self {
            Self::Region => {
                matches!(who.kind, Kind::Lambda | Kind::Etl | Kind::WebService)
                    && who.region == US_EAST
            }
            Self::Mass | Self::Slow | Self::Denied => {
                person || matches!(who.kind, Kind::Lambda | Kind::Ci)
            }
            // Nobody's credentials are needed: the user was made long ago.
            Self::FirstUsed => false,
            Self::CreatedUser => who.kind == Kind::Admin,
            // Flow logs name instances in these accounts only.
            Self::CreatedRole => who.kind == Kind::Admin && matches!(who.account, PROD | DATA),
            Self::Sync | Self::Copy => person && matches!(who.account, PROD | DATA),
            Self::Replicate | Self::Share => match grade {
                Grade::Subtle => who.kind == Kind::Admin && matches!(who.account, PROD | DATA),
                _ => person && matches!(who.account, PROD | DATA),
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
    number: u64,
    victim: Option<usize>,
}

/// Identities that attackers make are numbered from here.
const INTRUDERS: u64 = 1_000_000;

/// Plans the attacks: `rounds` of every class and grade, spread over the days from `from` to `last`.
pub(super) fn plan(world: &World, from: Day, last: Day, rounds: u32) -> Vec<Attack> {
    let mut rng = Rng::of(world.seed, &[0xa77a]);
    let mut wanted: Vec<(Class, Grade)> = Vec::new();
    for _ in 0..rounds {
        wanted.extend(
            Class::ALL
                .iter()
                .flat_map(|&class| Grade::ALL.map(|grade| (class, grade))),
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
            class.suits(who, grade) && who.joins.plus(10) <= day && who.is_here(day)
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

impl Attack {
    /// Writes the attack's records and returns its label.
    pub(super) fn run(&self, world: &World, trail: &mut Trail) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xbad, self.number]);
        let since = trail.mark();
        let victim = self.victim.map(|place| &world.cast[place]);
        let ids = match (self.class, victim) {
            (Class::Mass | Class::Slow | Class::Region | Class::Denied, Some(who)) => {
                self.enumerate(world, who, &mut rng, trail);
                who.ids()
            }
            (Class::CreatedUser | Class::CreatedRole, Some(admin)) => {
                self.create_and_read(world, admin, &mut rng, trail)
            }
            (Class::FirstUsed, _) => self.first_use(world, &mut rng, trail),
            (Class::Sync | Class::Copy | Class::Replicate | Class::Share, Some(who)) => {
                self.take_sensitive(world, who, &mut rng, trail);
                who.ids()
            }
            _ => return None,
        };
        let note = format!("grade={} class={}", self.grade.name(), self.class.name());
        Some(Label::new(
            self.class.analytic(),
            ids,
            trail.span(since)?,
            note,
        ))
    }

    /// Returns when it begins: loud ones at night, quiet ones among the day's work.
    fn begins(&self, rng: &mut Rng, who: Option<&Identity>) -> i64 {
        let second = match self.grade {
            Grade::Subtle => who.map_or(13 * 3600, |w| w.begins) + rng.between(1_800, 4 * 3600),
            Grade::Medium => rng.between(8 * 3600, 16 * 3600),
            Grade::Blatant => rng.between(1_800, 5 * 3600),
        };
        self.day.start().secs() + second
    }

    /// Opens a session with stolen credentials: from a new network, and with another tool if blatant.
    fn stolen(&self, rng: &mut Rng, who: &Identity, at: i64) -> Session {
        let network = external_address(0x1_0000 + self.number, rng.bits() % 2);
        let source = (self.grade != Grade::Subtle).then_some(network);
        let mut session = who.session(rng, at, source);
        if self.grade == Grade::Blatant {
            let client = *rng.pick(&[Client::PythonRequests, Client::S5cmd, Client::AwsCli]);
            session.agent = Agent::new(client, 3, 1);
        }
        session
    }

    fn enumerate(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(who));
        let session = self.stolen(rng, who, at);
        let mut run = Run {
            trail,
            rng,
            session: &session,
            day,
            clock: at as f64,
        };
        let mut targets: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| b.account == Some(who.account) && b.born < day)
            .collect();
        for place in (1..targets.len()).rev() {
            targets.swap(place, run.rng.below(place + 1));
        }
        match self.class {
            Class::Mass | Class::Slow => {
                run.api(who.account, 1.0, &Api::default());
                run.list_buckets(who.account);
                if grade == Grade::Blatant {
                    for region in REGIONS_UNUSED {
                        look_around(&mut run, who.account, region);
                    }
                }
                let mass = self.class == Class::Mass;
                let calls = if mass {
                    grade.of([320, 120, 60])
                } else {
                    grade.of([300, 110, 70])
                };
                let seconds = if mass {
                    grade.of([300.0, 480.0, 300.0])
                } else {
                    grade.of([28_000.0, 21_600.0, 18_000.0])
                };
                targets.truncate(grade.of([40, 14, 8]));
                for turn in 0..calls {
                    let bucket = targets[turn % targets.len()];
                    run.list(bucket, "", 1, seconds / calls as f64);
                }
            }
            Class::Region => {
                let mut far: Vec<&Bucket> = world
                    .own_buckets(day)
                    .filter(|b| {
                        b.region != US_EAST
                            && (b.account == Some(who.account) || b.region == SYDNEY)
                    })
                    .collect();
                far.truncate(grade.of([14, 8, 5]));
                for &region in &REGIONS_UNUSED[..grade.of([3, 2, 1])] {
                    look_around(&mut run, who.account, region);
                }
                run.list_buckets(who.account);
                for turn in 0..grade.of([140, 60, 30]) {
                    run.list(far[turn % far.len()], "", 1, grade.of([3.0, 10.0, 40.0]));
                }
            }
            _ => {
                let everything: Vec<&Bucket> = world.own_buckets(day).collect();

                for turn in 0..grade.of([180, 80, 36]) {
                    let bucket = everything[(turn * 7 + self.number as usize) % everything.len()];
                    if turn % 9 == 8 {
                        run.list(targets[turn % targets.len()], "", 1, 2.0);
                    } else {
                        run.refused(bucket, turn % 4 != 3, grade.of([2.0, 8.0, 45.0]));
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
        let on_instance = self.class == Class::CreatedRole;
        let account = admin.account;
        let form = if on_instance {
            Form::Instance
        } else {
            Form::User
        };
        let who = intruder(world, self.number, form, account, rng, day);
        let admin_session = self.stolen(rng, admin, at);
        create(trail, at, &admin_session, &who);
        let since = trail.mark();
        let begin = at + grade.of([300, 2_400, 5_400]);
        if on_instance {
            run_instance(trail, at + 30, &admin_session, &who);
        }
        let source = (!on_instance).then(|| external_address(0x1_4000 + self.number, 1));
        let session = who.session(rng, begin, source);
        let bytes = read_widely(world, &who, grade, rng, trail, &session, begin, day);
        let mut ids = who.ids();
        if let Some(instance) = &who.instance {
            let from = trail.span(since).map_or(begin, |(_, last)| last) + 120;
            let peer = external_address(0x1_8000 + self.number, 3);
            let rounds = grade.of([6, 4, 3]);
            for round in 0..rounds {
                let share = bytes / rounds as u64 + rng.below(9_000) as u64;
                let end = from + round * 180;
                let peer = Peer::Outside(peer.clone());
                trail.instance_flow(
                    rng,
                    account,
                    who.region,
                    instance,
                    &Flow {
                        end,
                        peer,
                        bytes: share,
                        egress: true,
                    },
                );
            }
            ids.push(instance.interface.clone());
        }
        ids
    }

    fn first_use(&self, world: &World, rng: &mut Rng, trail: &mut Trail) -> Vec<String> {
        let account = *rng.pick(&[PROD, DATA]);
        let who = intruder(world, self.number, Form::User, account, rng, self.day);
        let at = self.begins(rng, None);
        let source = external_address(0x1_4000 + self.number, 1);
        let session = who.session(rng, at, Some(source));
        read_widely(world, &who, self.grade, rng, trail, &session, at, self.day);
        who.ids()
    }

    fn take_sensitive(&self, world: &World, who: &Identity, rng: &mut Rng, trail: &mut Trail) {
        let (grade, day) = (self.grade, self.day);
        let at = self.begins(rng, Some(who));
        let mut session = self.stolen(rng, who, at);
        if self.class == Class::Sync {
            // Outside in every grade; at home if subtle.
            if grade == Grade::Subtle {
                session = who.session(rng, at, Some(external_address(who.home(), who.number * 7)));
            }
            session.agent = Agent::new(
                if grade == Grade::Blatant {
                    Client::Rclone
                } else {
                    Client::AwsCli
                },
                1,
                1,
            );
        }
        let mut run = Run {
            trail,
            rng,
            session: &session,
            day,
            clock: at as f64,
        };
        let mut targets: Vec<&Bucket> = world
            .sensitive()
            .into_iter()
            .filter(|b| b.account == Some(who.account))
            .collect();
        let first = run.rng.below(targets.len());
        targets.rotate_left(first);
        targets.truncate(grade.of([3, 2, 1]));
        let hostile = HOSTILE[self.number as usize % HOSTILE.len()];
        let Some(vault) = world.buckets.iter().find(|b| b.owner == hostile) else {
            return;
        };
        match self.class {
            Class::Sync => {
                for bucket in targets {
                    run.list(bucket, "", grade.of([4, 2, 1]), 1.0);
                    run.read(bucket, grade.of([110, 70, 40]), grade.of([0.6, 2.0, 8.0]));
                }
            }
            Class::Copy => {
                for bucket in targets {
                    run.list(bucket, "", 1, 1.0);
                    run.copy(
                        bucket,
                        vault,
                        grade.of([90, 40, 15]),
                        grade.of([0.6, 3.0, 30.0]),
                    );
                }
            }
            Class::Replicate => {
                for bucket in targets {
                    put_replication(&mut run, who.account, bucket, &vault.name, hostile);
                }
            }
            _ => {
                for bucket in targets {
                    let principal = match grade {
                        Grade::Blatant => "\"*\"".to_owned(),
                        _ => format!("{{\"AWS\":\"arn:aws:iam::{hostile}:root\"}}"),
                    };
                    put_policy(&mut run, who.account, bucket, &principal);
                }
            }
        }
    }
}

/// Makes an identity that did not exist, or was never used, before.
pub(super) fn intruder(
    world: &World,
    number: u64,
    form: Form,
    account: usize,
    rng: &mut Rng,
    day: Day,
) -> Identity {
    let kind = if form == Form::User {
        Kind::Analyst
    } else {
        Kind::Etl
    };
    let mut who = make(
        world.seed,
        INTRUDERS + number,
        kind,
        world.start,
        1,
        &world.buckets,
        day,
    );
    let words = [
        "sync",
        "export",
        "metrics",
        "support",
        "migration",
        "reporting",
        "devops",
        "audit",
    ];
    who.form = form;
    who.account = account;
    who.region = US_EAST;
    let prefix = if form == Form::User { "svc" } else { "app" };
    who.name = format!("{prefix}-{}-{}", rng.pick(&words), 100 + number);
    who.unique = format!(
        "{}{}",
        if form == Form::User { "AIDA" } else { "AROA" },
        rng.text(BASE32, 17)
    );
    who.instance = (form == Form::Instance).then(|| new_instance(rng, account));
    who.trip = None;
    who
}

#[allow(clippy::too_many_arguments)] // one scene with all its props
fn read_widely(
    world: &World,
    who: &Identity,
    grade: Grade,
    rng: &mut Rng,
    trail: &mut Trail,
    session: &Session,
    at: i64,
    day: Day,
) -> u64 {
    let mut run = Run {
        trail,
        rng,
        session,
        day,
        clock: at as f64,
    };
    run.api(who.account, 2.0, &Api::default());
    run.list_buckets(who.account);
    let targets: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| b.account == Some(who.account) && b.born < day && b.region == US_EAST)
        .collect();
    let spread = grade.of([6, 4, 2]);
    let mut bytes = 0;
    for turn in 0..spread {
        let bucket = targets[(turn * 5 + who.number as usize) % targets.len()];
        run.list(bucket, "", 2, 1.0);
        bytes += run.read(bucket, grade.of([60, 40, 35]), grade.of([0.8, 6.0, 60.0]));
    }
    bytes
}

/// Looks for machines in a region.
fn look_around(run: &mut Run<'_>, account: usize, region: usize) {
    for (name, command) in [
        ("DescribeInstances", "ec2.describe-instances"),
        ("DescribeSecurityGroups", "ec2.describe-security-groups"),
    ] {
        run.api(
            account,
            1.0,
            &Api {
                service: "ec2",
                name,
                region,
                command,
                ..Api::default()
            },
        );
    }
}

/// Writes the start of the instance that a new role is attached to.
fn run_instance(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let Some(instance) = &who.instance else {
        return;
    };
    let account = ACCOUNTS[who.account].id;
    let parameters = format!(
        "{{\"instancesSet\":{{\"items\":[{{\"imageId\":\"ami-0c101f26f147fa7fd\",\"minCount\":1,\"maxCount\":1}}]}},\
         \"instanceType\":\"m5.large\",\"iamInstanceProfile\":{{\"name\":\"{}\"}}}}",
        who.name
    );
    let response = format!(
        "{{\"requestId\":\"a8c1f6d0-2f7b-4d0c-9b62-6b1f4f0d1c11\",\"ownerId\":\"{account}\",\"instancesSet\":{{\"items\":\
         [{{\"instanceId\":\"{}\",\"privateIpAddress\":\"{}\",\"networkInterfaceSet\":{{\"items\":\
         [{{\"networkInterfaceId\":\"{}\"}}]}}}}]}}}}",
        instance.id, instance.address, instance.interface
    );
    let api = Api {
        service: "ec2",
        name: "RunInstances",
        region: who.region,
        read_only: false,
        parameters: &parameters,
        response: &response,
        command: "ec2.run-instances",
        ..Api::default()
    };
    trail.api(at, session, who.account, &api);
}

/// Configures the replication of a bucket to a bucket of the given account.
pub(super) fn put_replication(
    run: &mut Run<'_>,
    account: usize,
    bucket: &Bucket,
    target: &str,
    owner: &str,
) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"replication\":\"\",\
         \"ReplicationConfiguration\":{{\"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\",\
         \"Role\":\"arn:aws:iam::{2}:role/service-role/s3-replication\",\"Rule\":{{\"ID\":\"all\",\"Priority\":1,\
         \"Status\":\"Enabled\",\"Filter\":\"\",\"DeleteMarkerReplication\":{{\"Status\":\"Disabled\"}},\
         \"Destination\":{{\"Bucket\":\"arn:aws:s3:::{target}\",\"Account\":\"{owner}\",\
         \"AccessControlTranslation\":{{\"Owner\":\"Destination\"}}}}}}}}}}",
        bucket.name, REGIONS[bucket.region], ACCOUNTS[account].id
    );
    put(
        run,
        account,
        bucket,
        "PutBucketReplication",
        "s3api.put-bucket-replication",
        &parameters,
    );
}

/// Opens a bucket to a principal, given as JSON.
fn put_policy(run: &mut Run<'_>, account: usize, bucket: &Bucket, principal: &str) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"policy\":\"\",\"bucketPolicy\":\
         {{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Sid\":\"read\",\"Effect\":\"Allow\",\"Principal\":{principal},\
         \"Action\":[\"s3:GetObject\",\"s3:ListBucket\"],\"Resource\":[\"arn:aws:s3:::{0}\",\"arn:aws:s3:::{0}/*\"]}}]}}}}",
        bucket.name, REGIONS[bucket.region]
    );
    put(
        run,
        account,
        bucket,
        "PutBucketPolicy",
        "s3api.put-bucket-policy",
        &parameters,
    );
}

fn put(
    run: &mut Run<'_>,
    account: usize,
    bucket: &Bucket,
    name: &str,
    command: &str,
    parameters: &str,
) {
    let (region, bucket) = (bucket.region, Some(bucket));

    let api = Api {
        service: "s3",
        name,
        region,
        read_only: false,
        parameters,
        bucket,
        command,
        ..Api::default()
    };
    run.api(account, 4.0, &api);
}
