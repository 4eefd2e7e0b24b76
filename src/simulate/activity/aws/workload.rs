//! What workloads do on a day.

use crate::simulate::activity::aws::incident::{backfill, burst_factor, maybe_retry_storm};
use crate::simulate::activity::aws::instance_flows::instance_flows;
use crate::simulate::activity::aws::run::{Run, object_key, prefix};
use crate::simulate::activity::aws::scans::{scan, send_export, take_inventory};
use crate::simulate::activity::aws::schedule::is_weekly_run;
use crate::simulate::activity::aws::working_set::{pick_favourite, working_set};
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::{Bucket, recovery_bucket};
use crate::simulate::model::aws::call::{Api, ObjectCall, Op};
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::{LATEST_START, weekday};
use crate::simulate::model::company::{ACCOUNTS, DATA, REGIONS, VENDOR};
use crate::simulate::model::random::{Rng, splitmix};
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

pub(crate) fn workload(
    world: &World,
    who: &Identity,
    day: Day,
    intensity: f64,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let set = working_set(world, who, day);
    if set.is_empty()
        && !matches!(
            who.kind,
            Kind::Scanner | Kind::Inventory | Kind::VendorBackup
        )
    {
        return;
    }
    match who.kind {
        Kind::WebService => {
            let session = who.session(rng, midnight, None);
            let mut run = Run::at(0, day, &session, trail, rng);
            let burst_factor = burst_factor(run.rng);
            for hour in 0..24 {
                // The day's tide, in the company's main time zone.
                let tide =
                    1.0 + 0.7 * ((f64::from(hour) - 17.0) / 24.0 * std::f64::consts::TAU).cos();
                run.clock = (midnight + i64::from(hour) * 3600) as f64 + run.rng.unit() * 1800.0;
                let Some(bucket) = pick_favourite(run.rng, &set) else {
                    continue;
                };
                let since = run.trail.anomalies.mark();
                let objects = run.rng.count(0.85 * intensity * tide * burst_factor, 1.2);
                run.read(bucket, objects, 4.0);
                if burst_factor > 1.0 {
                    run.trail.anomalies.note_anomaly(Cause::Burst, since);
                }
                if run.rng.chance(0.12 * tide) {
                    run.store(bucket, 1, 60.0);
                }
                if run.rng.chance(0.03) {
                    run.list(bucket, "items/", 1, 60.0);
                }
            }
            maybe_retry_storm(&mut run, &set, 0.01);
        }
        Kind::Etl => {
            let minute = splitmix(who.number) % 50;
            let burst_factor = burst_factor(rng);
            let mut session = who.session(rng, midnight, None);
            for hour in 0..24i64 {
                if hour % 6 == 0 && hour > 0 {
                    session = who.session(rng, midnight + hour * 3600, None); // instance credentials rotate
                }
                let begin = midnight + hour * 3600 + minute as i64 * 60 + rng.between(0, 40);
                let mut run = Run::at(begin, day, &session, trail, rng);
                let under = prefix(run.rng, set[0]);
                // A table has more partitions on some hours than on others.
                let pages = 1 + run.rng.count(0.3, 0.4);
                run.list(set[0], under, pages, 1.0);
                let since = run.trail.anomalies.mark();
                let objects = run.rng.count(0.65 * intensity * burst_factor, 4.0);
                let bytes = run.read(set[0], objects, 2.0);
                if burst_factor > 1.0 {
                    run.trail.anomalies.note_anomaly(Cause::Burst, since);
                }
                let target = set.get(1).copied().unwrap_or(set[0]);
                if run.rng.chance(0.25) {
                    run.store(target, 1, 3.0);
                }
                if hour == 5 {
                    run.delete(target, 2, 1.0);
                }
                instance_flows(trail, rng, who, begin + 240, bytes);
            }
            let mut run = Run::at(midnight + 8 * 3600, day, &session, trail, rng);
            if run.rng.chance(0.012) {
                let hours = run.rng.between(3, 9);
                backfill(&mut run, set[0], hours);
            }
            maybe_retry_storm(&mut run, &set, 0.01);
        }
        Kind::Backup => {
            let weekly = who.number.is_multiple_of(2);
            if weekly && !is_weekly_run(who, day) {
                return;
            }
            let begin =
                midnight + 7200 + (splitmix(who.number) % 3600) as i64 + rng.between(0, 120);
            let session = who.session(rng, begin, None);
            let mut run = Run::at(begin, day, &session, trail, rng);
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
            let mut run = Run::at(begin, day, &session, trail, rng);
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
            let mut run = Run::at(begin, day, &session, trail, rng);
            for bucket in &set {
                let pages = run.rng.count(5.5 * intensity, 15.0);
                run.list(bucket, "", pages, 0.9);
                for _ in 0..run.rng.poisson(2.0) {
                    let at = run.tick(1.0);
                    let key = object_key(run.rng, bucket, day);
                    run.trail.s3(&ObjectCall {
                        at,
                        session: run.session,
                        op: Op::Head,
                        bucket,
                        key: &key,
                        bytes: 0,
                        fault: None,
                    });
                }
            }
            instance_flows(trail, rng, who, begin + 600, 2_000_000);
        }
        Kind::Scanner => scan(world, who, day, rng, trail),
        Kind::Inventory => take_inventory(world, who, day, rng, trail),
        Kind::Exporter => send_export(world, who, &set, day, rng, trail),
        Kind::Ci => {
            let mut last = None;
            let jobs = rng.poisson(if matches!(weekday(day), 0 | 6) {
                0.5
            } else {
                2.5
            });
            for _ in 0..jobs {
                let at = midnight + rng.between(8 * 3600, LATEST_START);
                let session = who.session(rng, at, None);
                assume_with_web_identity(trail, rng, at - 2, &session, who);
                let mut run = Run::at(at, day, &session, trail, rng);
                let Some(bucket) = pick_favourite(run.rng, &set) else {
                    continue;
                };
                run.list(bucket, "build/", 1, 1.0);
                let burst_factor = (run.rng.pareto(2.5, 1.4) * intensity).min(250.0);
                run.read(bucket, (burst_factor * 0.5) as usize, 0.5);
                run.store(bucket, 1 + (burst_factor * 0.5) as usize, 0.7);
                last = Some(session);
            }
            if let Some(session) = last {
                session_retry_storm(trail, rng, &session, day, &set);
            }
        }
        Kind::Batch => {
            for _ in 0..rng.count(22.0 * intensity.sqrt(), 20.0) {
                let at = midnight + rng.between(0, LATEST_START);
                let session = who.session(rng, at, None);
                let mut run = Run::at(at, day, &session, trail, rng);
                let bucket = set[run.rng.below(set.len())];
                if run.rng.chance(0.4) {
                    run.list(bucket, "events/", 1, 1.0);
                }
                let objects = 1 + run.rng.poisson(0.5);
                run.read(bucket, objects, 2.0);
            }
        }
        Kind::Lambda => {
            let mut last = None;
            for _ in 0..rng.count(2.3 * intensity, 1.2) {
                let at = midnight + rng.between(0, LATEST_START);
                let session = who.session(rng, at, None);
                let mut run = Run::at(at, day, &session, trail, rng);
                if run.rng.chance(0.15) {
                    read_secret(&mut run, who);
                }
                let Some(bucket) = pick_favourite(run.rng, &set) else {
                    continue;
                };
                let objects = 1 + run.rng.poisson(0.8);
                run.read(bucket, objects, 1.0);
                if run.rng.chance(0.4) {
                    run.store(bucket, 1, 1.0);
                }
                last = Some(session);
            }
            if let Some(session) = last {
                session_retry_storm(trail, rng, &session, day, &set);
            }
        }
        Kind::Partner => {
            let at = midnight + 9 * 3600 + rng.between(0, 7200);
            let session = who.session(rng, at, None);
            let mut run = Run::at(at, day, &session, trail, rng);
            // Its software is old and speaks version 1 of the listing.
            let at = run.tick(3.0);
            run.trail.s3(&ObjectCall {
                at,
                session: run.session,
                op: Op::ListV1,
                bucket: set[0],
                key: "orders/",
                bytes: 120_000,
                fault: None,
            });
            let objects = run.rng.count(7.0 * intensity, 3.0);
            run.read(set[0], objects, 4.0);
        }
        Kind::Analyst | Kind::Finance | Kind::Developer | Kind::Admin | Kind::Dormant => {}
        Kind::Deployer | Kind::Auditor | Kind::Stuck | Kind::Mirror => {}
        Kind::Cleaner
        | Kind::MonthlyPurge
        | Kind::WeeklyPurge
        | Kind::Infrastructure
        | Kind::Grower
        | Kind::TestRole
        | Kind::Courier => {}
    }
}

/// Now and then a function or a job repeats a failing call.
fn session_retry_storm(
    trail: &mut Trail,
    rng: &mut Rng,
    session: &Session,
    day: Day,
    set: &[&Bucket],
) {
    let mut run = Run::at(0, day, session, trail, rng);
    maybe_retry_storm(&mut run, set, 0.004);
}

/// Reads a secret, behind which Secrets Manager decrypts on the caller's behalf.
pub(crate) fn read_secret(run: &mut Run<'_>, who: &Identity) {
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
    caller.canonical.0 = format!(
        "aws:webid:arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com/repo:halcyon/{}",
        who.name
    );
    caller.identity = format!(
        "{{\"type\":\"WebIdentityUser\",\"principalId\":\"arn:aws:iam::{account}:oidc-provider/\
         token.actions.githubusercontent.com:sts.amazonaws.com:{subject}\",\"userName\":\"{subject}\",\
         \"identityProvider\":\"arn:aws:iam::{account}:oidc-provider/token.actions.githubusercontent.com\""
    );
    caller.user_agent = UserAgent::new(Client::Actions, rng.below(3), 1);
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
