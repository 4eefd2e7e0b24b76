//! Workloads whose routine resembles plain spikes, and a little of what such spikes are made of as everybody does it.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::machines::write_workload_day;
use crate::simulate::activity::other_providers::plain_actions::{
    BARE_MACHINES, bare_machine, create, expire,
};
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::activity::other_providers::settings::put_as_code;
use crate::simulate::model::calendar::{is_month_begin, is_weekend, weekday};
use crate::simulate::model::network::external_address;
use crate::simulate::model::other_providers::action::{Service, Verb};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// Such workloads are numbered from here.
const FIRST: u64 = 0x2_0000;

/// Roles for tests are numbered from here.
const TESTS: u64 = 0x2_8000;

/// Jobs on machines are numbered from here, and how many there are.
const JOBS: u64 = 0x2_4000;

const JOB_COUNT: u64 = 10;

/// How much a backup grows in a day.
const GROWTH: f64 = 1.03;

/// Returns these workloads: one for each cloud, and jobs on machines at Google, so that not all that is sent comes from a few.
pub(crate) fn upkeep(seed: u64, start: Day) -> Vec<Rc<Principal>> {
    let make = |number, kind| Rc::new(Principal::make(seed, number, kind, start.plus(-200)));
    let jobs = (0..JOB_COUNT).map(|number| make(JOBS + 2 * number + 1, Kind::Etl));
    (0..2)
        .map(|number| make(FIRST + number, Kind::Upkeep))
        .chain(jobs)
        .collect()
}

/// Returns the service account for tests as it is on a day: a new one under the same name.
pub(crate) fn test_account(seed: u64, day: Day) -> Rc<Principal> {
    let mut who = Principal::make(seed, TESTS + 1, Kind::Upkeep, day);
    let fresh = Principal::make(seed, TESTS + 1 + 2 * (1 + day.0 as u64), Kind::Upkeep, day);
    who.client = fresh.client;
    Rc::new(who)
}

/// Adds what these workloads do on a day.
pub(crate) fn write_upkeep(world: &World, day: Day, log: &mut ActionLog) {
    for who in &world.upkeep {
        if who.kind != Kind::Upkeep {
            write_workload_day(world, who, day, log);
            continue;
        }
        let mut rng = Rng::of(world.seed, &[0xab0, 0xda3, who.number, day.0 as u64]);
        let rng = &mut rng;
        let (google, own) = (who.is_at_google(), world.own(who));
        let (code, program) = match google {
            true => (Tool::Terraform, Tool::GcpSdk),
            false => (Tool::AzureCli, Tool::AzSdk),
        };
        let mut run = Run::begin(log, rng, who, day, 2 * 3_600, code);
        put_as_code(&mut run, &own[0]);
        // What one of them holds is temporary.
        for (place, container) in own.iter().enumerate() {
            expire(&mut run, container, if place == 0 { 3 } else { 365 });
        }
        if google {
            test_run(world, day, &mut run);
        }
        run.who = who.clone();
        // A backup that grows, and now and then reads everything.
        let mut run = Run::begin(log, rng, who, day, 3 * 3_600, program);
        let grown = GROWTH.powi(day.since(world.start).min(120));
        let factor = if run.rng.chance(0.12) { 8.0 } else { 1.0 };
        for container in &own {
            let count = run.rng.count(8.0 * grown * factor * world.scale, 20.0);
            run.objects(container, &Verb::Read, count, 2.0);
        }
        // Last week's and last month's data.
        let old = match (is_month_begin(day), weekday(day)) {
            (true, _) => 900,
            (_, 1) => 350,
            _ => 0,
        };
        run.objects(&own[0], &Verb::Delete, old, 1.0);
        if is_weekend(day) {
            continue;
        }
        // Deployments clean up what they made.
        for _ in 0..1 + rng.poisson(0.6) {
            let second = rng.between(8 * 3_600, 18 * 3_600);
            let mut run = Run::begin(log, rng, who, day, second, code);
            let stage = own.last().unwrap_or(&own[0]).clone();
            run.objects(&stage, &Verb::Write, 12, 1.0);
            let count = run.rng.between(60, 240) as usize;
            run.objects(&stage, &Verb::Delete, count, 0.5);
            if run.rng.chance(0.4) {
                run.manage(&stage, Verb::DeleteContainer, 5.0);
                run.manage(&stage, Verb::MakeContainer, 30.0);
            }
        }
    }
    machines(world, day, log);
}

/// The account for tests is deleted and made again, and the tests run.
fn test_run(world: &World, day: Day, run: &mut Run<'_>) {
    if day > world.start {
        let old = test_account(world.seed, day.plus(-1));
        run.act(20.0, Service::Iam, Verb::DeleteIdentity(old), |_| {});
    }
    let new = test_account(world.seed, day);
    create(world, run, &new);
    let container = world.own(&run.who)[0].clone();
    (run.who, run.tool) = (new, Tool::GcpSdk);
    run.list(&container, "tmp/", 1, 60.0);
    run.objects(&container, &Verb::Write, 6, 1.0);
    run.objects(&container, &Verb::Read, 6, 1.0);
    run.objects(&container, &Verb::Delete, 6, 1.0);
}

/// Machines are made on the first day; those that nobody stands behind send a little every day.
fn machines(world: &World, day: Day, log: &mut ActionLog) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xba5e, day.0 as u64]);
    for number in 0..BARE_MACHINES {
        let machine = bare_machine(world.seed, number);
        let peer = external_address(0xd100, machine.number);
        for hour in (0..24).step_by(3) {
            let second = hour * 3_600 + 700;
            let mut run = Run::begin(log, &mut rng, &machine, day, second, Tool::GcpSdk);
            let (peer, bytes) = (peer.clone(), run.rng.log_normal(40e3, 0.8) as u64);
            run.act(
                20.0,
                Service::Network,
                Verb::Flow { peer, out: true },
                |action| {
                    action.bytes = bytes;
                },
            );
        }
    }
    if day != world.start {
        return;
    }
    let admin = world
        .here(Kind::Admin, day)
        .find(|who| who.is_at_google())
        .cloned();
    let Some(admin) = admin else { return };
    let jobs = world.here(Kind::Etl, day).chain(&world.upkeep);
    for who in jobs.filter(|who| who.machine.is_some()) {
        let mut run = Run::begin(log, &mut rng, &admin, day, 60, Tool::Terraform);
        let whose = Some(who.clone());
        run.act(2.0, Service::Platform, Verb::StartMachine(whose), |_| {});
    }
}

/// Adds what everybody deletes, starts and grants on a day, beside their work.
pub(crate) fn write_background(world: &World, day: Day, log: &mut ActionLog) {
    for who in world.population.iter().filter(|who| who.joins <= day) {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xbac6, who.number, day.0 as u64]);
        if who.is_person() && is_weekend(day) {
            continue;
        }
        let second = who.begins.min(12 * 3_600) + rng.between(600, 8 * 3_600);
        let (chance, mean) = match who.kind {
            Kind::Developer => (0.15, 5.0),
            Kind::Analyst => (0.03, 3.0),
            Kind::Etl => (0.3, 3.0),
            _ => (0.0, 0.0),
        };
        let tool = match (who.is_at_google(), who.kind) {
            (true, Kind::Etl) => Tool::GcpSdk,
            (false, Kind::Etl) => Tool::AzSdk,
            (true, _) => [Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk][who.number as usize / 2 % 3],
            (false, _) => {
                [Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk][who.number as usize / 2 % 3]
            }
        };
        if rng.chance(chance) {
            let own = world.own(who)[0].clone();
            let mut run = Run::begin(log, &mut rng, who, day, second, tool);
            let count = run.rng.count(mean * world.scale, 1.0).max(1);
            run.objects(&own, &Verb::Delete, count, 8.0);
        }
        if who.kind == Kind::Admin && rng.chance(0.15) {
            let own = world.own(who)[0].clone();
            let (service, tool) = match who.is_at_google() {
                true => (Service::Platform, Tool::Gcloud),
                false => (Service::Arm, Tool::AzureCli),
            };
            let mut run = Run::begin(log, &mut rng, who, day, second, tool);
            run.act(20.0, service, Verb::StartMachine(None), |action| {
                action.container = Some(own);
            });
        }
        // An administrator gives an approved application its scopes now and then.
        if who.kind == Kind::Admin && rng.chance(0.06) {
            let apps: Vec<&Rc<Principal>> = world
                .here(Kind::HrSync, day)
                .chain(world.here(Kind::DeviceSync, day))
                .chain(world.here(Kind::Bot, day))
                .collect();
            let Some(&app) = apps.get(rng.below(apps.len().max(1))) else {
                continue;
            };
            let service = *rng.pick(&[Service::Entra, Service::Slack, Service::Workspace]);
            let mut run = Run::begin(log, &mut rng, who, day, second, Tool::Browser);
            run.act(20.0, service, Verb::GrantScope(app.clone()), |_| {});
        }
    }
}
