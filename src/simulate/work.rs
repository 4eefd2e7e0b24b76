//! Honest work: what everybody does on a day, oddities included.

use crate::time::Day;

use super::agent::{Agent, Client};
use super::cast::{Form, Identity, Kind, recovery_bucket};
use super::cloudtrail::{Api, Op, POSTURE, Session, spoken};
use super::estate::{
    ACCOUNTS, Bucket, DATA, EU_WEST, PROD, Purpose, REGIONS, SYDNEY, US_EAST, VENDOR,
    external_address,
};
use super::flow::{Flow, Peer};
use super::random::{Rng, splitmix};
use super::trail::Trail;

/// The unchanging world in which a day passes.
pub(super) struct World {
    pub(super) seed: u64,
    pub(super) start: Day,
    pub(super) scale: f64,
    pub(super) buckets: Vec<Bucket>,
    pub(super) cast: Vec<Identity>,
}

impl World {
    /// Returns the buckets of ours that exist on a day.
    pub(super) fn own_buckets(&self, day: Day) -> impl Iterator<Item = &Bucket> {
        self.buckets
            .iter()
            .filter(move |b| b.account.is_some() && b.born <= day)
    }

    /// Returns an administrator of an account; where none is left, nobody is created.
    pub(super) fn admin_of(&self, account: usize, day: Day) -> Option<&Identity> {
        self.cast
            .iter()
            .find(|w| w.kind == Kind::Admin && w.account == account && w.is_here(day))
    }

    /// Returns our sensitive buckets.
    pub(super) fn sensitive(&self) -> Vec<&Bucket> {
        self.buckets
            .iter()
            .filter(|b| b.purpose == Purpose::Sensitive)
            .collect()
    }
}

/// Seconds of the day after which no work is begun.
const LATEST_START: i64 = 84_000;
/// Sunday is 0; 1970-01-01 was a Thursday.
fn weekday(day: Day) -> i32 {
    (day.0 + 4).rem_euclid(7)
}

/// Returns whether the day is among the last two or the first two of a month.
pub(super) fn is_month_end(day: Day) -> bool {
    let month = |d: Day| d.to_string()[5..7].to_owned();
    month(day.plus(2)) != month(day) || month(day.plus(-2)) != month(day)
}

/// Returns the key of an object: few enough names that objects are read again, and dated ones for tables.
pub(super) fn object_key(rng: &mut Rng, bucket: &Bucket, day: Day) -> String {
    let number = rng.below(400);
    match bucket.purpose {
        Purpose::Lake => {
            let table = rng.pick(&["events", "orders", "customers", "stock", "visits"]);
            let age = rng.exponential(3.0) as i32;
            format!(
                "{table}/dt={}/part-{:05}.snappy.parquet",
                day.plus(-age),
                number % 40
            )
        }
        Purpose::Sensitive => {
            let (folder, ending) = *rng.pick(&[
                ("2026/02", "pdf"),
                ("2026/03", "csv"),
                ("archive/2025", "pdf"),
            ]);
            format!("{folder}/statement-{number:05}.{ending}")
        }
        Purpose::Service => format!(
            "{}/{:02x}/{number:06}.json",
            rng.pick(&["items", "users", "img"]),
            number % 64
        ),
        Purpose::Public => {
            format!(
                "releases/{}/halcyon-{}.tar.gz",
                rng.pick(&["4.1", "4.2", "4.3"]),
                rng.pick(&["linux", "macos", "win"])
            )
        }
        Purpose::Logs => format!("AWSLogs/{}/{day}-{number:04}.gz", bucket.owner),
        _ => format!(
            "{}/run-{number:04}/output.bin",
            rng.pick(&["build", "data", "tmp", "models"])
        ),
    }
}

fn prefix(rng: &mut Rng, bucket: &Bucket) -> &'static str {
    match bucket.purpose {
        Purpose::Lake => *rng.pick(&["events/", "orders/", "customers/", "stock/", "visits/"]),
        Purpose::Sensitive => *rng.pick(&["2026/02/", "2026/03/", "archive/2025/"]),
        Purpose::Service => *rng.pick(&["items/", "users/", "img/"]),
        _ => *rng.pick(&["build/", "data/", "tmp/", "models/"]),
    }
}

/// Size of an object: log-normal about the bucket's median, one in five hundred fifty times as large.
pub(super) fn object_size(rng: &mut Rng, bucket: &Bucket) -> u64 {
    let size = rng.log_normal(bucket.object_bytes, 0.9);
    (if rng.chance(0.002) { size * 50.0 } else { size }).max(40.0) as u64
}

/// One run of calls of a session, with its own clock.
pub(super) struct Run<'a> {
    pub(super) trail: &'a mut Trail,
    pub(super) rng: &'a mut Rng,
    pub(super) session: &'a Session,
    pub(super) day: Day,
    pub(super) clock: f64,
}

impl Run<'_> {
    fn tick(&mut self, mean_gap: f64) -> i64 {
        self.clock += self.rng.exponential(mean_gap);
        self.clock as i64
    }

    /// Lists pages of a bucket.
    pub(super) fn list(&mut self, bucket: &Bucket, prefix: &str, pages: usize, gap: f64) {
        for page in 0..pages {
            let at = self.tick(gap);
            let last = page + 1 == pages;
            let bytes = if last {
                self.rng.between(400, 200_000)
            } else {
                self.rng.between(225_000, 260_000)
            };
            self.trail.s3(
                at,
                self.session,
                Op::List(page),
                bucket,
                prefix,
                bytes as u64,
                None,
            );
        }
    }

    /// Reads objects; returns their bytes.
    pub(super) fn read(&mut self, bucket: &Bucket, objects: usize, gap: f64) -> u64 {
        let mut total = 0;
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            if self.rng.chance(0.004) {
                let fault = Some(("NoSuchKey", "The specified key does not exist."));
                self.trail
                    .s3(at, self.session, Op::Get, bucket, &key, 0, fault);
                continue;
            }
            let bytes = object_size(self.rng, bucket);
            self.trail
                .s3(at, self.session, Op::Get, bucket, &key, bytes, None);
            total += bytes;
        }
        total
    }

    /// Stores objects.
    pub(super) fn store(&mut self, bucket: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            let bytes = object_size(self.rng, bucket);
            self.trail
                .s3(at, self.session, Op::Put, bucket, &key, bytes, None);
        }
    }

    /// Deletes objects.
    pub(super) fn delete(&mut self, bucket: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, bucket, self.day);
            self.trail
                .s3(at, self.session, Op::Delete, bucket, &key, 0, None);
        }
    }

    /// Copies objects from one bucket to another.
    pub(super) fn copy(&mut self, from: &Bucket, to: &Bucket, objects: usize, gap: f64) {
        for _ in 0..objects {
            let at = self.tick(gap);
            let key = object_key(self.rng, from, self.day);
            self.trail
                .s3(at, self.session, Op::Copy(from, &key), to, &key, 0, None);
        }
    }

    /// Is refused to list or read a bucket.
    pub(super) fn refused(&mut self, bucket: &Bucket, listing: bool, gap: f64) {
        let at = self.tick(gap);
        let (op, action) = if listing {
            (Op::List(0), "s3:ListBucket")
        } else {
            (Op::Get, "s3:GetObject")
        };
        let message = self.session.refusal(action, bucket);
        self.trail.s3(
            at,
            self.session,
            op,
            bucket,
            "",
            0,
            Some(("AccessDenied", &message)),
        );
    }

    /// Makes a call of another service.
    pub(super) fn api(&mut self, account: usize, gap: f64, api: &Api<'_>) {
        let at = self.tick(gap);
        self.trail.api(at, self.session, account, api);
    }

    /// Lists all buckets of the account.
    pub(super) fn list_buckets(&mut self, account: usize) {
        let parameters = "{\"Host\":\"s3.amazonaws.com\"}";
        self.api(
            account,
            2.0,
            &Api {
                service: "s3",
                name: "ListBuckets",
                parameters,
                command: "s3.ls",
                ..Api::default()
            },
        );
    }

    /// Reads posture settings of a bucket.
    pub(super) fn posture(
        &mut self,
        account: usize,
        bucket: &Bucket,
        settings: &[usize],
        gap: f64,
    ) {
        for &setting in settings {
            let at = self.tick(gap);
            self.trail
                .posture(at, self.session, account, bucket, setting % POSTURE.len());
        }
    }

    /// Opens the bucket list of the S3 console, which reads the posture of everything that it shows.
    pub(super) fn browse(&mut self, world: &World, account: usize, most: usize) {
        self.list_buckets(account);
        let day = self.day;
        let shown: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| b.account == Some(account))
            .take(most)
            .collect();
        for bucket in shown {
            self.posture(account, bucket, &[2, 3, 0], 0.3);
        }
    }
}

/// Writes what an identity does on a day.
pub(super) fn live(world: &World, who: &Identity, day: Day, trail: &mut Trail) {
    if !who.is_here(day) {
        return;
    }
    let mut rng = Rng::of(world.seed, &[0xda1, who.number, day.0 as u64]);
    let intensity = who.intensity(day, world.start) * rng.log_normal(1.0, 0.3) * world.scale;
    match who.kind {
        Kind::Analyst | Kind::Finance | Kind::Developer | Kind::Admin => {
            person(world, who, day, intensity, &mut rng, trail)
        }
        Kind::Dormant => {
            if rng.chance(0.04) {
                person(world, who, day, intensity * 0.5, &mut rng, trail);
            }
        }
        _ => workload(world, who, day, intensity, &mut rng, trail),
    }
}

/// Returns the buckets somebody works with on a day; now and then a new project joins them for good.
fn working_set<'a>(world: &'a World, who: &Identity, day: Day) -> Vec<&'a Bucket> {
    let adopted = world.buckets.iter().enumerate().filter(|(place, bucket)| {
        bucket.purpose == Purpose::Project
            && bucket.account == Some(who.account)
            && bucket.born > world.start
            && bucket.born <= day
            && splitmix(world.seed ^ (who.number << 20) ^ *place as u64)
                .is_multiple_of(if who.kind.is_person() { 9 } else { 29 })
    });
    who.buckets
        .iter()
        .map(|&b| &world.buckets[b])
        .chain(adopted.map(|(_, bucket)| bucket))
        .collect()
}

/// Picks a bucket, the first ones most often.
fn favourite<'a>(rng: &mut Rng, buckets: &[&'a Bucket]) -> Option<&'a Bucket> {
    let place = rng.exponential(buckets.len() as f64 / 3.0) as usize;
    buckets
        .get(place.min(buckets.len().saturating_sub(1)))
        .copied()
}

fn person(
    world: &World,
    who: &Identity,
    day: Day,
    intensity: f64,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let weekend = matches!(weekday(day), 0 | 6);
    let closing = who.kind == Kind::Finance && (weekday(day) == 5 || is_month_end(day));
    if (weekend && !rng.chance(0.08))
        || (!weekend && rng.chance(0.1) && !closing && who.joins != day)
    {
        return;
    }
    let set = working_set(world, who, day);
    let travelling = who
        .trip
        .is_some_and(|(from, to)| (from..=to).contains(&day));
    let sittings = 1 + rng.poisson(0.6);
    for _ in 0..sittings {
        let at = day.start().secs() + (who.begins + rng.between(0, 9 * 3600)).min(LATEST_START);
        let mut session = who.session(rng, at, None);
        let console = rng.chance(who.console);
        if console {
            session.agent = Agent::new(Client::Browser, who.release, who.platform);
            session.console = true;
            if who.form == Form::User {
                session.identity = who.console_identity(rng, at);
            }
            sign_in(trail, at - 40, &session, who);
            let mut s3_console = session.clone();
            s3_console.agent = Agent::new(Client::S3Console, 0, 0);
            let mut run = Run {
                trail: &mut *trail,
                rng: &mut *rng,
                session: &s3_console,
                day,
                clock: at as f64,
            };
            if run.rng.chance(0.5) {
                let most = if who.kind == Kind::Admin { 8 } else { 5 };
                run.browse(world, who.account, most);
            }
            for _ in 0..1 + run.rng.poisson(1.0) {
                let Some(bucket) = favourite(run.rng, &set) else {
                    break;
                };
                run.list(bucket, "", 1, 30.0);
                let objects = run.rng.poisson(1.0 * intensity);
                run.read(bucket, objects, 20.0);
            }
        }
        let mut run = Run {
            trail: &mut *trail,
            rng: &mut *rng,
            session: &session,
            day,
            clock: at as f64,
        };
        if run.rng.chance(0.15) {
            run.api(who.account, 5.0, &Api::default());
        }
        match who.kind {
            Kind::Admin => administrate(&mut run, world, who, intensity),
            Kind::Developer => develop(&mut run, who, intensity),
            _ => {}
        }
        if console {
            continue;
        }
        let busy = if closing {
            if is_month_end(day) { 8.0 } else { 3.0 }
        } else {
            1.0
        };
        for _ in 0..1 + run.rng.poisson(0.5) {
            let Some(bucket) = favourite(run.rng, &set) else {
                break;
            };
            let pages = run.rng.count(1.3 * intensity.sqrt() * busy, 0.9);
            let under = prefix(run.rng, bucket);
            run.list(bucket, under, pages, 4.0);
            let mean = match who.kind {
                Kind::Analyst => 4.0,
                Kind::Finance => 5.0 * busy,
                _ => 1.8,
            };
            let objects = run.rng.count(mean * intensity, 0.6);
            run.read(bucket, objects, 9.0);
            if run.rng.chance(0.2) {
                let objects = 1 + run.rng.poisson(intensity);
                run.store(bucket, objects, 15.0);
            }
        }
        if run.rng.chance(0.012)
            && let Some(bucket) = favourite(run.rng, &set)
        {
            // Fat fingers: a recursive listing or download of the whole bucket.
            let many = run.rng.log_normal(45.0, 0.6).min(300.0) as usize;
            if run.rng.chance(0.6) {
                run.list(bucket, "", many, 0.8)
            } else {
                _ = run.read(bucket, many, 0.5)
            }
        }
        if run.rng.chance(0.03) {
            let others: Vec<&Bucket> = world
                .own_buckets(day)
                .filter(|b| b.account == Some(who.account))
                .collect();
            let bucket = *run.rng.pick(&others);
            let listing = run.rng.chance(0.5);
            run.refused(bucket, listing, 6.0);
        }
        if travelling && run.rng.chance(0.5) {
            let elsewhere: Vec<&Bucket> = world
                .own_buckets(day)
                .filter(|b| b.region == SYDNEY || b.region == EU_WEST)
                .collect();
            let bucket = *run.rng.pick(&elsewhere);
            run.list(bucket, "", 1, 20.0);
        }
    }
}

/// Writes the sign-in to the console.
fn sign_in(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let response = "{\"ConsoleLogin\":\"Success\"}";
    let api = Api {
        service: "signin",
        name: "ConsoleLogin",
        read_only: false,
        response,
        command: "",
        ..Api::default()
    };
    let mut session = session.clone();
    if who.form == Form::User {
        // The sign-in itself is not made with an access key.
        session.identity = format!(
            "{{\"type\":\"IAMUser\",\"principalId\":\"{}\",\"arn\":\"{}\",\"accountId\":\"{}\",\"userName\":\"{}\"",
            who.unique,
            who.arn(),
            ACCOUNTS[who.account].id,
            who.name
        );
    }
    trail.api(at, &session, who.account, &api);
}

fn administrate(run: &mut Run<'_>, world: &World, who: &Identity, intensity: f64) {
    for _ in 0..run.rng.count(3.0 * intensity, 1.0) {
        let (name, command) = *run.rng.pick(&[
            ("ListUsers", "iam.list-users"),
            ("ListRoles", "iam.list-roles"),
            ("GetUser", "iam.get-user"),
            (
                "ListAttachedRolePolicies",
                "iam.list-attached-role-policies",
            ),
            ("ListAccessKeys", "iam.list-access-keys"),
        ]);
        run.api(
            who.account,
            8.0,
            &Api {
                service: "iam",
                name,
                command,
                ..Api::default()
            },
        );
    }
    let day = run.day;
    let own: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| b.account == Some(who.account))
        .collect();
    for _ in 0..run.rng.poisson(0.7) {
        let bucket = *run.rng.pick(&own);
        run.posture(who.account, bucket, &[0, 1, 3, 4], 1.0);
    }
    if run.rng.chance(0.05) {
        let bucket = *run.rng.pick(&own);
        put_lifecycle(run, who.account, bucket);
    }
}

fn put_lifecycle(run: &mut Run<'_>, account: usize, bucket: &Bucket) {
    let parameters = format!(
        "{{\"bucketName\":\"{0}\",\"Host\":\"{0}.s3.{1}.amazonaws.com\",\"lifecycle\":\"\",\"LifecycleConfiguration\":\
         {{\"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\",\"Rule\":{{\"ID\":\"expire-old\",\"Filter\":\"\",\
         \"Status\":\"Enabled\",\"NoncurrentVersionExpiration\":{{\"NoncurrentDays\":90}}}}}}}}",
        bucket.name, REGIONS[bucket.region]
    );
    run.api(
        account,
        5.0,
        &Api {
            service: "s3",
            name: "PutBucketLifecycle",
            region: bucket.region,
            read_only: false,
            parameters: &parameters,
            bucket: Some(bucket),
            command: "s3api.put-bucket-lifecycle-configuration",
            ..Api::default()
        },
    );
}

fn develop(run: &mut Run<'_>, who: &Identity, intensity: f64) {
    for _ in 0..run.rng.count(2.0 * intensity, 1.0) {
        let (service, name, command) = *run.rng.pick(&[
            ("ec2", "DescribeInstances", "ec2.describe-instances"),
            ("lambda", "GetFunction20150331v2", "lambda.get-function"),
            ("lambda", "ListFunctions20150331", "lambda.list-functions"),
            ("logs", "DescribeLogGroups", "logs.describe-log-groups"),
            (
                "cloudformation",
                "DescribeStacks",
                "cloudformation.describe-stacks",
            ),
            ("iam", "GetRole", "iam.get-role"),
        ]);
        let region = if service == "iam" {
            US_EAST
        } else {
            who.region
        };
        let throttled = (service == "logs" && run.rng.chance(0.03))
            .then_some(("ThrottlingException", "Rate exceeded"));
        run.api(
            who.account,
            10.0,
            &Api {
                service,
                name,
                region,
                command,
                fault: throttled,
                ..Api::default()
            },
        );
    }
}

/// Reads a secret, behind which Secrets Manager decrypts on the caller's behalf.
fn read_secret(run: &mut Run<'_>, who: &Identity) {
    let account = ACCOUNTS[who.account].id;
    let region = REGIONS[who.region];
    let parameters = format!("{{\"secretId\":\"{}/database\"}}", who.name);
    let secret = Api {
        service: "secretsmanager",
        name: "GetSecretValue",
        region: who.region,
        parameters: &parameters,
        command: "secretsmanager.get-secret-value",
        ..Api::default()
    };
    run.api(who.account, 1.0, &secret);
    let parameters = format!(
        "{{\"encryptionAlgorithm\":\"SYMMETRIC_DEFAULT\",\"encryptionContext\":{{\"SecretARN\":\
         \"arn:aws:secretsmanager:{region}:{account}:secret:{}/database-a1B2c3\"}}}}",
        who.name
    );
    let decrypt = Api {
        service: "kms",
        name: "Decrypt",
        region: who.region,
        parameters: &parameters,
        invoked_by: Some("secretsmanager.amazonaws.com"),
        ..Api::default()
    };
    run.api(who.account, 0.2, &decrypt);
}

fn workload(
    world: &World,
    who: &Identity,
    day: Day,
    intensity: f64,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let set = working_set(world, who, day);
    if set.is_empty() && !matches!(who.kind, Kind::Scanner | Kind::VendorBackup) {
        return;
    }
    match who.kind {
        Kind::WebService => {
            let session = who.session(rng, midnight, None);
            let mut run = Run {
                trail,
                rng,
                session: &session,
                day,
                clock: 0.0,
            };
            for hour in 0..24 {
                // The day's tide, in the company's main time zone.
                let tide =
                    1.0 + 0.7 * ((f64::from(hour) - 17.0) / 24.0 * std::f64::consts::TAU).cos();
                run.clock = (midnight + i64::from(hour) * 3600) as f64 + run.rng.unit() * 1800.0;
                let Some(bucket) = favourite(run.rng, &set) else {
                    continue;
                };
                let objects = run.rng.count(0.85 * intensity * tide, 1.2);
                run.read(bucket, objects, 4.0);
                if run.rng.chance(0.12 * tide) {
                    run.store(bucket, 1, 60.0);
                }
                if run.rng.chance(0.03) {
                    run.list(bucket, "items/", 1, 60.0);
                }
            }
            retry_storm(&mut run, midnight, &set);
        }
        Kind::Etl => {
            let minute = splitmix(who.number) % 50;
            let backfill = rng.chance(0.012);
            let mut session = who.session(rng, midnight, None);
            for hour in 0..24i64 {
                if hour % 6 == 0 && hour > 0 {
                    session = who.session(rng, midnight + hour * 3600, None); // instance credentials rotate
                }
                let begin = midnight + hour * 3600 + minute as i64 * 60 + rng.between(0, 40);
                let mut run = Run {
                    trail: &mut *trail,
                    rng: &mut *rng,
                    session: &session,
                    day,
                    clock: begin as f64,
                };
                let many = if backfill && (8..14).contains(&hour) {
                    12.0
                } else {
                    1.0
                };
                let under = prefix(run.rng, set[0]);
                run.list(set[0], under, 1 + (many as usize) / 4, 1.0);
                let objects = run.rng.count(0.65 * intensity * many, 4.0);
                let bytes = run.read(set[0], objects, 2.0);
                let target = set.get(1).copied().unwrap_or(set[0]);
                if run.rng.chance(0.25) {
                    run.store(target, 1, 3.0);
                }
                if hour == 5 {
                    run.delete(target, 2, 1.0);
                }
                instance_flows(trail, rng, who, begin + 240, bytes);
            }
            let mut run = Run {
                trail,
                rng,
                session: &session,
                day,
                clock: 0.0,
            };
            retry_storm(&mut run, midnight, &set);
        }
        Kind::Backup => {
            let weekly = who.number.is_multiple_of(2);
            if weekly && weekday(day) != 0 {
                return;
            }
            let begin =
                midnight + 7200 + (splitmix(who.number) % 3600) as i64 + rng.between(0, 120);
            let session = who.session(rng, begin, None);
            let mut run = Run {
                trail: &mut *trail,
                rng,
                session: &session,
                day,
                clock: begin as f64,
            };
            let mut bytes = 0;
            for (turn, bucket) in set.iter().enumerate() {
                run.list(bucket, "", 2 + turn, 1.0);
                let objects = run
                    .rng
                    .count(if weekly { 20.0 } else { 5.0 } * intensity, 12.0);
                match recovery_bucket(&world.buckets, who.number + turn as u64) {
                    Some(copy) if turn % 2 == 0 => run.copy(bucket, copy, objects, 2.0),
                    _ => bytes += run.read(bucket, objects, 2.0),
                }
            }
            instance_flows(trail, rng, who, begin + 900, bytes);
        }
        Kind::VendorBackup => {
            let Some(vault) = world.buckets.iter().find(|b| b.owner == VENDOR) else {
                return;
            };
            let begin = midnight + 4 * 3600 + rng.between(0, 200);
            let session = who.session(rng, begin, None);
            let mut run = Run {
                trail,
                rng,
                session: &session,
                day,
                clock: begin as f64,
            };
            for bucket in world
                .sensitive()
                .into_iter()
                .filter(|b| b.account == Some(DATA))
                .take(2)
            {
                run.list(bucket, "", 2, 1.0);
                let objects = run.rng.count(12.0 * intensity, 20.0);
                run.copy(bucket, vault, objects, 1.5);
            }
        }
        Kind::Indexer => {
            let begin = midnight + 3 * 3600 + (splitmix(who.number) % 7200) as i64;
            let session = who.session(rng, begin, None);
            let mut run = Run {
                trail: &mut *trail,
                rng,
                session: &session,
                day,
                clock: begin as f64,
            };
            for bucket in &set {
                let pages = run.rng.count(5.5 * intensity, 15.0);
                run.list(bucket, "", pages, 0.9);
                for _ in 0..run.rng.poisson(2.0) {
                    let at = run.tick(1.0);
                    let key = object_key(run.rng, bucket, day);
                    run.trail
                        .s3(at, run.session, Op::Head, bucket, &key, 0, None);
                }
            }
            instance_flows(trail, rng, who, begin + 600, 2_000_000);
        }
        Kind::Scanner => {
            let mut clock = (midnight + 5 * 3600 + rng.between(0, 300)) as f64;
            // A role of the same name is assumed in every account.
            for here in in_every_account(who) {
                let session = here.session(rng, clock as i64, None);
                let mut run = Run {
                    trail: &mut *trail,
                    rng: &mut *rng,
                    session: &session,
                    day,
                    clock,
                };
                run.list_buckets(here.account);
                let own = world
                    .own_buckets(day)
                    .filter(|b| b.account == Some(here.account));
                for (turn, bucket) in own.enumerate() {
                    let settings = [turn % 2, 3 + turn % 2];
                    run.posture(here.account, bucket, &settings, 0.12);
                }
                clock = run.clock + 30.0;
            }
        }
        Kind::Ci => {
            let jobs = rng.poisson(if matches!(weekday(day), 0 | 6) {
                0.5
            } else {
                2.5
            });
            for _ in 0..jobs {
                let at = midnight + rng.between(8 * 3600, LATEST_START);
                let session = who.session(rng, at, None);
                assume_with_web_identity(trail, rng, at - 2, &session, who);
                let mut run = Run {
                    trail: &mut *trail,
                    rng: &mut *rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                let Some(bucket) = favourite(run.rng, &set) else {
                    continue;
                };
                run.list(bucket, "build/", 1, 1.0);
                let burst = (run.rng.pareto(2.5, 1.4) * intensity).min(250.0);
                run.read(bucket, (burst * 0.5) as usize, 0.5);
                run.store(bucket, 1 + (burst * 0.5) as usize, 0.7);
            }
        }
        Kind::Batch => {
            for _ in 0..rng.count(22.0 * intensity.sqrt(), 20.0) {
                let at = midnight + rng.between(0, LATEST_START);
                let session = who.session(rng, at, None);
                let mut run = Run {
                    trail: &mut *trail,
                    rng: &mut *rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                let bucket = set[run.rng.below(set.len())];
                if run.rng.chance(0.4) {
                    run.list(bucket, "events/", 1, 1.0);
                }
                let objects = 1 + run.rng.poisson(0.5);
                run.read(bucket, objects, 2.0);
            }
        }
        Kind::Lambda => {
            for _ in 0..rng.count(2.3 * intensity, 1.2) {
                let at = midnight + rng.between(0, LATEST_START);
                let session = who.session(rng, at, None);
                let mut run = Run {
                    trail: &mut *trail,
                    rng: &mut *rng,
                    session: &session,
                    day,
                    clock: at as f64,
                };
                if run.rng.chance(0.15) {
                    read_secret(&mut run, who);
                }
                let Some(bucket) = favourite(run.rng, &set) else {
                    continue;
                };
                let objects = 1 + run.rng.poisson(0.8);
                run.read(bucket, objects, 1.0);
                if run.rng.chance(0.4) {
                    run.store(bucket, 1, 1.0);
                }
            }
        }
        Kind::Partner => {
            let at = midnight + 9 * 3600 + rng.between(0, 7200);
            let session = who.session(rng, at, None);
            let mut run = Run {
                trail,
                rng,
                session: &session,
                day,
                clock: at as f64,
            };
            // Its software is old and speaks version 1 of the listing.
            let at = run.tick(3.0);
            run.trail.s3(
                at,
                run.session,
                Op::ListV1,
                set[0],
                "orders/",
                120_000,
                None,
            );
            let objects = run.rng.count(7.0 * intensity, 3.0);
            run.read(set[0], objects, 4.0);
        }
        Kind::Analyst | Kind::Finance | Kind::Developer | Kind::Admin | Kind::Dormant => {}
    }
}

/// Returns an identity as it appears in each account, where its role goes by the same name.
pub(super) fn in_every_account(who: &Identity) -> impl Iterator<Item = Identity> {
    (0..ACCOUNTS.len()).map(|account| Identity {
        account,
        ..who.clone()
    })
}

/// Now and then a service is told to slow down, and tries again and again.
fn retry_storm(run: &mut Run<'_>, midnight: i64, set: &[&Bucket]) {
    if !run.rng.chance(0.01) {
        return;
    }
    run.clock = (midnight + run.rng.between(0, LATEST_START)) as f64;
    let Some(bucket) = favourite(run.rng, set) else {
        return;
    };
    let key = object_key(run.rng, bucket, run.day);
    for _ in 0..run.rng.between(25, 90) {
        let at = run.tick(1.5);
        let slow = Some(("SlowDown", "Please reduce your request rate."));
        run.trail
            .s3(at, run.session, Op::Get, bucket, &key, 0, slow);
    }
}

/// Writes the federation by which a CI job gets its credentials.
fn assume_with_web_identity(
    trail: &mut Trail,
    rng: &mut Rng,
    at: i64,
    session: &Session,
    who: &Identity,
) {
    let account = ACCOUNTS[who.account].id;
    let subject = format!("repo:halcyon/{}:ref:refs/heads/main", who.name);
    let mut caller = session.clone();
    caller.account = Some(who.account);
    caller.identity = format!(
        "{{\"type\":\"WebIdentityUser\",\"principalId\":\"arn:aws:iam::{account}:oidc-provider/\
         token.actions.githubusercontent.com:sts.amazonaws.com:{subject}\",\"userName\":\"{subject}\",\
         \"identityProvider\":\"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com\""
    );
    caller.agent = Agent::new(Client::Actions, rng.below(3), 1);
    let parameters = format!(
        "{{\"roleArn\":\"{}\",\"roleSessionName\":\"GitHubActions\",\"durationSeconds\":3600}}",
        who.arn()
    );
    let api = Api {
        name: "AssumeRoleWithWebIdentity",
        parameters: &parameters,
        ..Api::default()
    };
    trail.api(at, &caller, who.account, &api);
}

/// Writes the flows of an instance about an instant: what it fetched from S3, and now and then a package mirror.
fn instance_flows(trail: &mut Trail, rng: &mut Rng, who: &Identity, at: i64, bytes: u64) {
    let Some(instance) = &who.instance else {
        return;
    };
    if rng.chance(0.04) {
        let stranger = external_address(0xf000 + rng.bits() % 300, rng.bits());
        trail.quiet_flow(
            rng,
            who.account,
            who.region,
            instance,
            at + 20,
            Some(&stranger),
        );
    }
    if rng.chance(0.02) {
        trail.quiet_flow(rng, who.account, who.region, instance, at + 40, None);
    }
    let mut flow = |rng: &mut Rng, peer: Peer, bytes: u64, egress: bool| {
        let end = at + rng.between(0, 50);
        trail.instance_flow(
            rng,
            who.account,
            who.region,
            instance,
            &Flow {
                end,
                peer,
                bytes,
                egress,
            },
        );
    };
    flow(rng, Peer::S3, bytes + 4_000, false);
    if rng.chance(0.3) {
        flow(rng, Peer::S3, bytes / 90 + 3_000, true);
    }
    if rng.chance(0.15) {
        let neighbour = Peer::Inside(rng.between(4, 250));
        let size = rng.log_normal(300e3, 1.0) as u64;
        flow(rng, neighbour, size, true);
    }
    if rng.chance(0.06) {
        let mirror = Peer::Outside(external_address(
            0xc000 + who.account as u64,
            rng.bits() % 5,
        ));
        let size = rng.log_normal(9e3, 0.8) as u64;
        flow(rng, mirror, size, true);
    }
}

/// Writes what AWS's own services, strangers and the estate's housekeeping do on a day.
pub(super) fn surroundings(world: &World, day: Day, trail: &mut Trail) {
    let mut rng = Rng::of(world.seed, &[0x5e1f, day.0 as u64]);
    let midnight = day.start().secs();
    for account in 0..ACCOUNTS.len() {
        // CloudTrail checks that it may deliver.
        let service = Session::of_service("cloudtrail.amazonaws.com");
        for bucket in world
            .buckets
            .iter()
            .filter(|b| b.purpose == Purpose::Logs && b.account == Some(account))
        {
            trail.posture(
                midnight + rng.between(0, LATEST_START),
                &service,
                account,
                bucket,
                0,
            );
        }
        recorder(world, account, day, &mut rng, trail);
    }
    // Service roles are assumed for functions.
    for who in world
        .cast
        .iter()
        .filter(|w| w.form == Form::Lambda && w.is_here(day))
    {
        let service = Session::of_service("lambda.amazonaws.com");
        let parameters = format!(
            "{{\"roleArn\":\"{}\",\"roleSessionName\":\"{}\"}}",
            who.arn(),
            who.name.trim_start_matches("lambda-")
        );
        let api = Api {
            name: "AssumeRole",
            region: who.region,
            parameters: &parameters,
            ..Api::default()
        };
        trail.api(
            midnight + rng.between(0, LATEST_START),
            &service,
            who.account,
            &api,
        );
    }
    // Anybody downloads from the public bucket.
    if let Some(bucket) = world.buckets.iter().find(|b| b.purpose == Purpose::Public) {
        for _ in 0..rng.count(14.0 * world.scale, 3.0) {
            let mut stranger = Session::of_service("anonymous");
            stranger.identity_abroad =
                "{\"type\":\"AWSAccount\",\"principalId\":\"\",\"accountId\":\"anonymous\"}"
                    .to_owned();
            stranger.agent_text = None;
            stranger.signed = false;
            stranger.source = external_address(0xe000 + rng.bits() % 500, rng.bits());
            stranger.agent = Agent::new(
                *rng.pick(&[Client::Browser, Client::Curl, Client::PythonRequests]),
                1,
                1,
            );
            let key = object_key(&mut rng, bucket, day);
            let bytes = object_size(&mut rng, bucket);
            trail.s3(
                midnight + rng.between(0, LATEST_START),
                &stranger,
                Op::Get,
                bucket,
                &key,
                bytes,
                None,
            );
        }
    }
    // New projects get their buckets.
    for bucket in world.buckets.iter().filter(|b| b.born == day) {
        let Some(account) = bucket.account else {
            continue;
        };
        let makers: Vec<&Identity> = world
            .cast
            .iter()
            .filter(|w| {
                matches!(w.kind, Kind::Admin | Kind::Developer)
                    && w.account == account
                    && w.is_here(day)
            })
            .collect();
        if makers.is_empty() {
            continue;
        }
        let maker = *rng.pick(&makers);
        let at = midnight + rng.between(60, 3_600);
        let session = maker.session(&mut rng, at, None);
        let region = REGIONS[bucket.region];
        let parameters = format!(
            "{{\"CreateBucketConfiguration\":{{\"LocationConstraint\":\"{region}\",\
             \"xmlns\":\"http://s3.amazonaws.com/doc/2006-03-01/\"}},\"bucketName\":\"{}\",\
             \"Host\":\"s3.{region}.amazonaws.com\"}}",
            bucket.name
        );
        let api = Api {
            service: "s3",
            name: "CreateBucket",
            region: bucket.region,
            read_only: false,
            parameters: &parameters,
            command: "s3api.create-bucket",
            ..Api::default()
        };
        trail.api(at, &session, account, &api);
    }
    // Whoever starts tomorrow is created today, unless single sign-on already knows them.
    for who in world.cast.iter().filter(|w| w.joins == day.plus(1)) {
        let Some(admin) = world
            .admin_of(who.account, day)
            .filter(|_| who.form != Form::Sso)
        else {
            continue;
        };
        let at = midnight + admin.begins + rng.between(0, 6 * 3600);
        let session = admin.session(&mut rng, at, None);
        create(trail, at, &session, who);
    }
}

/// Config's service-linked role looks at some buckets.
fn recorder(world: &World, account: usize, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let id = ACCOUNTS[account].id;
    let unique = Rng::of(world.seed, &[0xc0f1, account as u64]).text(super::random::BASE32, 17);
    let mut session = Session::of_service("config.amazonaws.com");
    session.account = Some(account);
    session.identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"AROA{unique}:AWSConfig-Describe\",\
         \"arn\":\"arn:aws:sts::{id}:assumed-role/AWSServiceRoleForConfig/AWSConfig-Describe\",\"accountId\":\"{id}\",\
         \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"AROA{unique}\",\
         \"arn\":\"arn:aws:iam::{id}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig\",\
         \"accountId\":\"{id}\",\"userName\":\"AWSServiceRoleForConfig\"}},\"attributes\":{{\"creationDate\":\"{}\",\
         \"mfaAuthenticated\":\"false\"}}}},\"invokedBy\":\"config.amazonaws.com\"",
        day.start()
    );
    let own: Vec<&Bucket> = world
        .own_buckets(day)
        .filter(|b| b.account == Some(account))
        .collect();
    let begin = day.start().secs() + rng.between(0, 80_000);
    let mut run = Run {
        trail,
        rng,
        session: &session,
        day,
        clock: begin as f64,
    };
    for _ in 0..2 {
        let bucket = *run.rng.pick(&own);
        run.posture(account, bucket, &[0, 1, 3, 4, 5], 0.2);
    }
    if account == PROD {
        replicate(world, day, run.rng, run.trail);
    }
}

/// S3 replication carries a service bucket to the disaster recovery account.
fn replicate(world: &World, day: Day, rng: &mut Rng, trail: &mut Trail) {
    let id = ACCOUNTS[PROD].id;
    let unique = Rng::of(world.seed, &[0x4e91]).text(super::random::BASE32, 17);
    let Some(from) = world
        .buckets
        .iter()
        .find(|b| b.account == Some(PROD) && b.name.ends_with("orders-documents"))
    else {
        return;
    };
    let mut session = Session::of_service("s3.amazonaws.com");
    session.account = Some(PROD);
    session.identity = format!(
        "{{\"type\":\"AssumedRole\",\"principalId\":\"AROA{unique}:s3-replication\",\
         \"arn\":\"arn:aws:sts::{id}:assumed-role/s3-replication-orders/s3-replication\",\"accountId\":\"{id}\",\
         \"sessionContext\":{{\"sessionIssuer\":{{\"type\":\"Role\",\"principalId\":\"AROA{unique}\",\
         \"arn\":\"arn:aws:iam::{id}:role/service-role/s3-replication-orders\",\"accountId\":\"{id}\",\
         \"userName\":\"s3-replication-orders\"}},\"attributes\":{{\"creationDate\":\"{}\",\
         \"mfaAuthenticated\":\"false\"}}}},\"invokedBy\":\"s3.amazonaws.com\"",
        day.start()
    );
    for _ in 0..rng.count(8.0 * world.scale, 6.0) {
        let at = day.start().secs() + rng.between(0, 86_000);
        let key = object_key(rng, from, day);
        let bytes = object_size(rng, from);
        trail.s3(at, &session, Op::Get, from, &key, bytes, None);
    }
}

/// Writes the creation of a user (with an access key) or a role, by whoever holds the session.
pub(super) fn create(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let account = ACCOUNTS[who.account].id;
    let (name, unique) = (&who.name, &who.unique);
    let mut call = |at: i64, name: &str, command: &str, parameters: &str, response: &str| {
        let api = Api {
            service: "iam",
            name,
            read_only: false,
            parameters,
            response,
            command,
            ..Api::default()
        };
        trail.api(at, session, who.account, &api);
    };
    let date = spoken(at);
    if who.form == Form::User {
        call(
            at,
            "CreateUser",
            "iam.create-user",
            &format!("{{\"userName\":\"{name}\"}}"),
            &format!(
                "{{\"user\":{{\"path\":\"/\",\"userName\":\"{name}\",\"userId\":\"{unique}\",\
                 \"arn\":\"arn:aws:iam::{account}:user/{name}\",\"createDate\":\"{date}\"}}}}"
            ),
        );
        call(
            at + 3,
            "AttachUserPolicy",
            "iam.attach-user-policy",
            &format!(
                "{{\"userName\":\"{name}\",\"policyArn\":\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}}"
            ),
            "null",
        );
        call(
            at + 5,
            "CreateAccessKey",
            "iam.create-access-key",
            &format!("{{\"userName\":\"{name}\"}}"),
            &format!(
                "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{}\",\"status\":\"Active\",\
                 \"createDate\":\"{date}\"}}}}",
                who.key
            ),
        );
    } else {
        call(
            at,
            "CreateRole",
            "iam.create-role",
            &format!("{{\"roleName\":\"{name}\",\"path\":\"/\"}}"),
            &format!(
                "{{\"role\":{{\"path\":\"/\",\"roleName\":\"{name}\",\"roleId\":\"{unique}\",\
                 \"arn\":\"arn:aws:iam::{account}:role/{name}\",\"createDate\":\"{date}\"}}}}"
            ),
        );
        call(
            at + 3,
            "AttachRolePolicy",
            "iam.attach-role-policy",
            &format!(
                "{{\"roleName\":\"{name}\",\"policyArn\":\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}}"
            ),
            "null",
        );
    }
}
