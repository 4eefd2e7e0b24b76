//! What people do on a day: work in the console or another tool, some of it at unusual hours.

use crate::simulate::activity::aws::configure::put_lifecycle;
use crate::simulate::activity::aws::incident::{burst_factor, inject, set_up};
use crate::simulate::activity::aws::run::{CONSOLE_PAGE, Run, prefix};
use crate::simulate::activity::aws::schedule::calendar_factor;
use crate::simulate::activity::aws::working_set::{pick_favourite, working_set};
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::call::Api;
use crate::simulate::model::aws::identity::{Identity, IdentityType, Kind};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::aws::user_agent::{Client, UserAgent};
use crate::simulate::model::aws::world::World;
use crate::simulate::model::calendar::{LATEST_START, is_weekend};
use crate::simulate::model::company::{ACCOUNTS, EU_WEST, SYDNEY, US_EAST};
use crate::simulate::model::random::Rng;
use crate::simulate::writers::aws::trail::Trail;
use crate::time::Day;

/// How often a person works at unusual hours, per day of work.
const LATE_SITTING: f64 = 0.012;

/// What is the same for each sitting of a person on a day.
struct Agenda<'a> {
    set: Vec<&'a Bucket>,
    intensity: f64,
    /// The calendar's factor.
    calendar_factor: f64,
}

/// Writes a person's day.
pub(crate) fn person(
    world: &World,
    who: &Identity,
    day: Day,
    intensity: f64,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let midnight = day.start().secs();
    let agenda = Agenda {
        set: working_set(world, who, day),
        intensity,
        calendar_factor: calendar_factor(who, day),
    };
    if who.on_call_nights.contains(&day) {
        // Woken up at night, in the person's time zone.
        let since = trail.anomalies.mark();
        let at = midnight + (who.begins - rng.between(3 * 3600, 7 * 3600)).max(600);
        write_sitting(world, who, day, at, &agenda, rng, trail);
        trail.anomalies.note_anomaly(Cause::OnCall, since);
    }
    let must = agenda.calendar_factor > 1.0
        || who.joins == day
        || who.assignments.iter().any(|a| a.from == day);
    let weekend = is_weekend(day);
    if (weekend && !rng.chance(0.08)) || (!weekend && rng.chance(0.1) && !must) {
        return;
    }
    for sitting in 0..1 + rng.poisson(0.6) {
        let at = midnight + (who.begins + rng.between(0, 9 * 3600)).min(LATEST_START);
        if sitting == 0 && who.sets_up && day.since(who.joins) < 2 {
            let session = who.session(rng, at, None);
            let mut run = Run::at(at - 1_200, day, &session, trail, rng);
            set_up(&mut run, world, who);
        }
        write_sitting(world, who, day, at, &agenda, rng, trail);
    }
    if rng.chance(LATE_SITTING) {
        let since = trail.anomalies.mark();
        let late = who.begins + rng.between(11 * 3600, 14 * 3600);
        let second = if late < LATEST_START {
            late
        } else {
            who.begins - rng.between(3 * 3600, 5 * 3600)
        };
        write_sitting(
            world,
            who,
            day,
            midnight + second.max(600),
            &agenda,
            rng,
            trail,
        );
        trail.anomalies.note_anomaly(Cause::LateSitting, since);
    }
}

/// Writes one sitting, through the console or another tool.
fn write_sitting(
    world: &World,
    who: &Identity,
    day: Day,
    at: i64,
    agenda: &Agenda<'_>,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    let (set, intensity, calendar_factor) = (&agenda.set, agenda.intensity, agenda.calendar_factor);
    let mut session = who.session(rng, at, None);
    let console = rng.chance(who.console);
    if console {
        enter_console(&mut session, who, at, rng, trail);
        let mut s3_console = session.clone();
        s3_console.user_agent = UserAgent::new(Client::S3Console, 0, 0);
        let mut run = Run::at(at, day, &s3_console, trail, rng);
        if run.rng.chance(0.5) {
            // Mostly the page is left before it has filled itself.
            let most = match who.kind {
                _ if run.rng.chance(0.12) => CONSOLE_PAGE,
                Kind::Admin => 8,
                _ => 5,
            };
            run.browse(world, who.account, most);
        }
        for _ in 0..1 + run.rng.poisson(1.0) {
            let Some(bucket) = pick_favourite(run.rng, set) else {
                break;
            };
            run.list(bucket, "", 1, 30.0);
            let objects = run.rng.poisson(1.0 * intensity);
            run.read(bucket, objects, 20.0);
        }
    }
    let mut run = Run::at(at, day, &session, trail, rng);
    if run.rng.chance(0.15) {
        run.api(who.account, 5.0, &Api::default());
    }
    match who.kind {
        Kind::Admin => administrate(&mut run, world, who, intensity),
        Kind::Developer => develop(&mut run, who, intensity),
        _ => {}
    }
    if console {
        return;
    }
    for _ in 0..1 + run.rng.poisson(0.5) {
        let Some(bucket) = pick_favourite(run.rng, set) else {
            break;
        };
        let since = run.trail.anomalies.mark();
        let burst_factor = burst_factor(run.rng);
        let pages = run.rng.count(
            1.3 * intensity.sqrt() * calendar_factor * burst_factor.sqrt(),
            0.9,
        );
        let under = prefix(run.rng, bucket);
        run.list(bucket, under, pages, 4.0);
        let mean = match who.kind {
            Kind::Analyst => 4.0,
            Kind::Finance => 5.0,
            _ => 1.8,
        };
        let objects = run
            .rng
            .count(mean * calendar_factor * intensity * burst_factor, 0.6);
        run.read(bucket, objects, if objects > 200 { 2.0 } else { 9.0 });
        if burst_factor > 1.0 {
            run.trail.anomalies.note_anomaly(Cause::Burst, since);
        }
        if run.rng.chance(0.2) {
            let objects = 1 + run.rng.poisson(intensity);
            run.store(bucket, objects, 15.0);
        }
    }
    inject(&mut run, world, who, set);
    if who.is_travelling(day) && run.rng.chance(0.5) {
        let elsewhere: Vec<&Bucket> = world
            .own_buckets(day)
            .filter(|b| b.region == SYDNEY || b.region == EU_WEST)
            .collect();
        let bucket = *run.rng.pick(&elsewhere);
        run.list(bucket, "", 1, 20.0);
    }
}

/// Turns a session into one of the console, in a browser, that begins with a sign-in.
pub(crate) fn enter_console(
    session: &mut Session,
    who: &Identity,
    at: i64,
    rng: &mut Rng,
    trail: &mut Trail,
) {
    session.user_agent = UserAgent::new(Client::Browser, who.release, who.platform);
    session.console = true;
    if who.identity_type == IdentityType::User {
        session.identity = who.console_identity(rng, at);
    }
    sign_in(trail, at - 40, session, who);
}

/// Writes the sign-in to the console.
pub(crate) fn sign_in(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
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
    if who.identity_type == IdentityType::User {
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
