//! A person's day: signing in, mail and files, the containers of one cloud, and what administrators look up.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::calendar::{is_month_end, is_weekend};
use crate::simulate::model::other_providers::action::{DirectoryResource, Outcome, Service, Verb};
use crate::simulate::model::other_providers::container::Container;
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// How often a person works at a weekend.
const WEEKEND: f64 = 0.04;

/// How often a person is on leave on a working day.
const LEAVE: f64 = 0.07;

/// How often a password is mistyped.
const MISTYPED: f64 = 0.04;

/// How often a person works late.
const LATE: f64 = 0.02;

/// Adds what a person does on a day.
pub(crate) fn write_person_day(world: &World, who: &Rc<Principal>, day: Day, log: &mut ActionLog) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xda1, who.number, day.0 as u64]);
    if rng.chance(if is_weekend(day) {
        1.0 - WEEKEND
    } else {
        LEAVE
    }) {
        return;
    }
    let since = log.mark();
    let late = rng.chance(LATE);
    let begins = if late { 20 * 3600 } else { who.begins } + rng.between(0, 2_400);
    let volume_factor = world.scale * who.level * rng.log_normal(1.0, who.spread);
    let month_end = is_month_end(day) && who.kind == Kind::Analyst;
    let volume_factor = if month_end {
        volume_factor * 2.5
    } else {
        volume_factor
    };
    morning(who, day, begins, &mut rng, log);
    office(who, day, begins, volume_factor, &mut rng, log);
    match who.kind {
        Kind::Analyst | Kind::Developer => {
            for _ in 0..1 + rng.poisson(1.2) {
                let second = begins + rng.between(600, if late { 7_000 } else { 8 * 3600 });
                use_containers(world, who, day, second, volume_factor, &mut rng, log);
            }
        }
        Kind::Admin => administrate(world, who, day, begins, &mut rng, log),
        _ => {}
    }
    for (cause, holds) in [
        (Cause::LateSitting, late),
        (Cause::MonthEnd, month_end),
        (
            Cause::Travel,
            who.trip
                .is_some_and(|(from, to)| (from..=to).contains(&day)),
        ),
        (
            Cause::Joiner,
            who.joins > world.start && day.since(who.joins) < 2,
        ),
    ] {
        if holds {
            log.note_anomaly(cause, who.ids(), since);
        }
    }
}

fn morning(who: &Rc<Principal>, day: Day, begins: i64, rng: &mut Rng, log: &mut ActionLog) {
    let mut run = Run::begin(log, rng, who, day, begins, Tool::Office);
    run.sign_in(Service::Okta);
    if run.rng.chance(MISTYPED) {
        run.act(1.0, Service::Entra, Verb::SignIn, |action| {
            action.outcome = Outcome::Missing;
        });
    }
    run.sign_in(Service::Entra);
    if run.rng.chance(0.25) {
        run.tool = Tool::Browser;
        run.sign_in(Service::Workspace);
    }
    if run.rng.chance(0.2) {
        run.tool = Tool::Desktop;
        run.sign_in(Service::Slack);
    }
}

fn office(
    who: &Rc<Principal>,
    day: Day,
    begins: i64,
    volume_factor: f64,
    rng: &mut Rng,
    log: &mut ActionLog,
) {
    let share = if who.kind == Kind::Office { 1.0 } else { 0.3 };
    let mut run = Run::begin(log, rng, who, day, begins + 300, Tool::Office);
    for (service, verb, mean, tool) in [
        (Service::SharePoint, Verb::Read, 9.0, Tool::Office),
        (Service::SharePoint, Verb::Write, 3.0, Tool::Office),
        (Service::SharePoint, Verb::Grant, 0.2, Tool::Office),
        (Service::Exchange, Verb::Read, 4.0, Tool::Office),
        (Service::Workspace, Verb::Read, 3.0, Tool::Browser),
        (Service::Workspace, Verb::Write, 0.5, Tool::Browser),
        (Service::Slack, Verb::Read, 0.7, Tool::Desktop),
        (Service::Slack, Verb::Write, 0.5, Tool::Desktop),
    ] {
        run.tool = tool;
        let began = run.clock;
        for _ in 0..run.rng.count(mean * share * volume_factor, 1.5) {
            run.file(service, verb.clone(), 900.0);
        }
        run.clock = began;
    }
    // What office programs look up to show a name or a photograph.
    run.tool = Tool::Office;
    let looks = run.rng.count(4.0 * volume_factor, 1.0);
    run.enumerate(Service::Graph, DirectoryResource::User, looks, 1_500.0);
}

/// A session with one's containers.
fn use_containers(
    world: &World,
    who: &Rc<Principal>,
    day: Day,
    second: i64,
    volume_factor: f64,
    rng: &mut Rng,
    log: &mut ActionLog,
) {
    let tools: &[Tool] = match who.is_at_google() {
        true => &[Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk],
        false => &[Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk],
    };
    // People keep to their tools.
    let tool = tools[(who.number as usize / 2) % tools.len()];
    let own = world.own(who);
    let mut run = Run::begin(log, rng, who, day, second, tool);
    if !who.is_at_google() && run.rng.chance(0.5) {
        run.sign_in(Service::Entra);
    }
    if run.rng.chance(0.15) {
        run.list_containers(&own[0]);
    }
    for _ in 0..1 + run.rng.below(2) {
        let pick_favourite = (run.rng.exponential(0.8) as usize).min(own.len() - 1);
        work_on(
            &mut run,
            &own[pick_favourite],
            who.kind == Kind::Developer,
            volume_factor,
        );
    }
    let since = run.log.mark();
    if run.rng.chance(0.004) {
        // A whole container by mistake.
        run.list(&own[0], "", 40, 0.4);
        run.log.note_anomaly(Cause::FatFinger, who.ids(), since);
    } else if run.rng.chance(0.006) {
        for _ in 0..run.rng.between(20, 80) {
            run.refused(&own[0], Verb::Read, 1.5);
        }
        run.log.note_anomaly(Cause::RetryStorm, who.ids(), since);
    }
    if who.kind == Kind::Developer && run.rng.chance(0.06) {
        // Which service accounts are there?
        let service = if who.is_at_google() {
            Service::Iam
        } else {
            Service::Graph
        };
        run.enumerate(service, DirectoryResource::Principals, 1, 5.0);
        if let Some(robot) = world
            .here(Kind::Etl, day)
            .find(|robot| robot.is_at_google())
        {
            run.act(5.0, Service::Iam, Verb::Assume(robot.clone()), |_| {});
        }
    }
}

fn work_on(run: &mut Run<'_>, container: &Rc<Container>, writes: bool, volume_factor: f64) {
    let prefix = *run.rng.pick(&["", "events/", "orders/", "stock/"]);
    let pages = 1 + run.rng.poisson(0.5);
    run.list(container, prefix, pages, 4.0);
    if run.rng.chance(0.3) {
        run.objects(container, &Verb::Head, 2, 3.0);
    }
    let count = run.rng.count(9.0 * volume_factor, 0.9);
    run.objects(container, &Verb::Read, count, 25.0);
    if writes {
        let count = run.rng.count(2.0 * volume_factor, 0.8);
        run.objects(container, &Verb::Write, count, 40.0);
    }
}

fn administrate(
    world: &World,
    who: &Rc<Principal>,
    day: Day,
    begins: i64,
    rng: &mut Rng,
    log: &mut ActionLog,
) {
    let second = begins + rng.between(1_200, 6 * 3600);
    let mut run = Run::begin(log, rng, who, day, second, Tool::Portal);
    // People who begin tomorrow get their accounts today, from the first of the administrators.
    let first = world
        .here(Kind::Admin, day)
        .next()
        .is_some_and(|admin| admin.number == who.number);
    for newcomer in world
        .population
        .iter()
        .filter(|principal| first && principal.joins == day.plus(1))
    {
        for service in [
            Service::Entra,
            Service::Okta,
            Service::Workspace,
            Service::Slack,
        ] {
            run.act(
                60.0,
                service,
                Verb::CreateIdentity(newcomer.clone()),
                |_| {},
            );
        }
    }
    if run.rng.chance(0.5) {
        let colleague = run.rng.pick(&world.population).clone();
        run.act(
            200.0,
            Service::Entra,
            Verb::CreateCredential(colleague),
            |_| {},
        );
    }
    for resource in [
        DirectoryResource::Users,
        DirectoryResource::Groups,
        DirectoryResource::Members,
    ] {
        let pages = run.rng.poisson(0.8);
        run.enumerate(Service::Graph, resource, pages, 40.0);
    }
    if run.rng.chance(0.3) {
        let container = run.rng.pick(&world.own(who)).clone();
        let google = who.is_at_google();
        run.tool = if google {
            Tool::Terraform
        } else {
            Tool::AzureCli
        };
        run.posture(&container, 4.0);
        if !google {
            let verb = if run.rng.chance(0.2) {
                Verb::FetchKeys
            } else {
                Verb::Configure
            };
            run.act(30.0, Service::Arm, verb, |action| {
                action.container = Some(container)
            });
        } else if run.rng.chance(0.4) {
            run.enumerate(Service::Iam, DirectoryResource::Policies, 1, 5.0);
        }
    }
    if run.rng.chance(0.03) {
        // The list of users for the auditors.
        let since = run.log.mark();
        run.tool = Tool::Browser;
        run.act(30.0, Service::Workspace, Verb::Export, |_| {});
        run.log.note_anomaly(Cause::AuditRequest, who.ids(), since);
    }
    if run.rng.chance(0.05) {
        run.tool = Tool::Browser;
        run.sign_in(Service::Okta);
        let connector = run.rng.pick(&world.population).clone();
        run.act(
            90.0,
            Service::Slack,
            Verb::CreateCredential(connector),
            |_| {},
        );
    }
}
