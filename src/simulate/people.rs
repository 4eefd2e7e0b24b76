//! What people do on a day, oddities included: late sittings, fat fingers, trips, month ends.

use crate::time::Day;

use super::agent::{Agent, Client};
use super::cast::{Form, Identity, Kind};
use super::cloudtrail::{Api, Session};
use super::estate::{ACCOUNTS, Bucket, EU_WEST, REGIONS, SYDNEY, US_EAST};
use super::random::Rng;
use super::run::{Run, prefix};
use super::trail::Trail;
use super::work::{favourite, working_set};
use super::world::{LATEST_START, World, is_month_end, weekday};

pub(super) fn person(
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
        if run.rng.chance(0.004)
            && let Some(bucket) = favourite(run.rng, &set)
        {
            // A permission was taken away, and a script does not notice.
            for _ in 0..run.rng.between(15, 60) {
                run.refused(bucket, false, 3.0);
            }
        }
        if run.rng.chance(0.012)
            && let Some(bucket) = favourite(run.rng, &set)
        {
            // Fat fingers: a recursive listing or download of the whole bucket.
            let many = run.rng.log_normal(50.0, 0.8).min(400.0) as usize;
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
