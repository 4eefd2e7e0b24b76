//! A workload's day: hourly tables, nightly scans and backups, directory connectors, and anonymous reads.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::calendar::weekday;
use crate::simulate::model::network::external_address;
use crate::simulate::model::other_providers::action::{
    Credential, DirectoryResource, Service, Verb,
};
use crate::simulate::model::other_providers::container::{
    Cloud, Container, Purpose, signed_link_id,
};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// Adds what a workload does on a day.
pub(crate) fn write_workload_day(
    world: &World,
    who: &Rc<Principal>,
    day: Day,
    log: &mut ActionLog,
) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xda2, who.number, day.0 as u64]);
    let volume_factor = world.scale * who.level * rng.log_normal(1.0, who.spread * 0.6);
    let rng = &mut rng;
    match who.kind {
        Kind::Etl => etl(world, who, day, volume_factor, rng, log),
        Kind::Backup => backup(world, who, day, rng, log),
        Kind::Site => site(world, who, day, volume_factor, rng, log),
        Kind::Scanner => scanner(world, who, day, rng, log),
        Kind::HrSync => hr_sync(who, day, rng, log),
        Kind::DeviceSync => {
            for hour in (0..24).step_by(4) {
                let mut run = Run::begin(log, rng, who, day, hour * 3600 + 500, Tool::Python);
                run.sign_in(Service::Entra);
                run.enumerate(Service::Graph, DirectoryResource::Devices, 3, 2.0);
            }
        }
        Kind::LegacySync => {
            for hour in 0..24 {
                let mut run =
                    Run::begin(log, rng, who, day, hour * 3600 + 900, Tool::AzureAdModule);
                run.enumerate(Service::AadGraph, DirectoryResource::Users, 2, 3.0);
                run.enumerate(Service::AadGraph, DirectoryResource::Groups, 1, 3.0);
            }
        }
        Kind::Partner if weekday(day) == 3 => {
            let Some(container) = world
                .containers(Cloud::Azure, &[Purpose::Lake])
                .into_iter()
                .nth(2)
            else {
                return;
            };
            let since = log.mark();
            let mut run = Run::begin(log, rng, who, day, 5 * 3600, Tool::AzCopy);
            run.credential = Credential::Sas(who.number);
            run.list(&container, "orders/", 2, 2.0);
            let count = run.rng.count(60.0 * volume_factor, 4.0);
            run.objects(&container, &Verb::Read, count, 6.0);
            log.note_anomaly(
                Cause::WeeklyJob,
                vec![signed_link_id(&container, who.number)],
                since,
            );
        }
        Kind::Bot => {
            let mut run = Run::begin(log, rng, who, day, 8 * 3600, Tool::Python);
            if run.rng.chance(0.4) {
                run.sign_in(Service::Okta);
            }
            for _ in 0..run.rng.count(3.0 * volume_factor, 2.0) {
                run.file(Service::Slack, Verb::Write, 4_000.0);
            }
        }
        _ => {}
    }
}

fn etl(
    world: &World,
    who: &Rc<Principal>,
    day: Day,
    volume_factor: f64,
    rng: &mut Rng,
    log: &mut ActionLog,
) {
    let own = world.own(who);
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    let backfill = rng.chance(0.015);
    let since = log.mark();
    for hour in (0..24).step_by(2 + (who.number as usize / 2) % 3) {
        let mut run = Run::begin(log, rng, who, day, hour * 3600 + 240, tool);
        if !who.is_at_google() {
            run.sign_in(Service::Entra);
        }
        let from = &own[hour as usize / 2 % own.len()];
        run.list(from, "events/", 1, 2.0);
        let count = run
            .rng
            .count(if backfill { 50.0 } else { 8.0 } * volume_factor, 4.0);
        let bytes = run.objects(from, &Verb::Read, count, 3.0);
        let to = &own[(hour as usize / 2 + 1) % own.len()];
        let count = 1 + run.rng.count(2.0 * volume_factor, 4.0);
        run.objects(to, &Verb::Write, count, 4.0);
        if who.machine.is_some() {
            let google = external_address(0xd000, 1);
            let inside = format!("10.132.9.{}", 10 + who.number % 40);
            for (peer, out, bytes) in [
                (google.clone(), false, bytes),
                (google, true, bytes / 6 + 20_000),
                (inside, true, bytes / 9 + 9_000),
                (
                    external_address(0xd100, who.number),
                    true,
                    run.rng.log_normal(30e3, 0.8) as u64,
                ),
            ] {
                run.act(30.0, Service::Network, Verb::Flow { peer, out }, |action| {
                    action.bytes = bytes
                });
            }
        }
    }
    if backfill {
        log.note_anomaly(Cause::Backfill, who.ids(), since);
    }
}

fn backup(world: &World, who: &Rc<Principal>, day: Day, rng: &mut Rng, log: &mut ActionLog) {
    let Some(vault) = world
        .containers(who.cloud(), &[Purpose::Backup])
        .first()
        .cloned()
    else {
        return;
    };
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzCopy
    };
    let full = weekday(day) == 0;
    let since = log.mark();
    let mut run = Run::begin(log, rng, who, day, 3_600, tool);
    for container in world.containers(
        who.cloud(),
        &[Purpose::Lake, Purpose::Service, Purpose::Sensitive],
    ) {
        run.list(&container, "", 1, 2.0);
        let count = run
            .rng
            .count(if full { 20.0 } else { 4.0 } * world.scale, 8.0);
        run.objects(&container, &Verb::Copy(vault.clone()), count, 2.0);
    }
    if full {
        log.note_anomaly(Cause::WeeklyJob, who.ids(), since);
    }
}

/// Serves a website all day.
fn site(
    world: &World,
    who: &Rc<Principal>,
    day: Day,
    volume_factor: f64,
    rng: &mut Rng,
    log: &mut ActionLog,
) {
    let containers = world.containers(who.cloud(), &[Purpose::Service]);
    let container = containers[who.number as usize / 2 % containers.len()].clone();
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    for hour in 0..24 {
        let mut run = Run::begin(log, rng, who, day, hour * 3600, tool);
        run.credential = Credential::Key;
        let calendar_factor = if (7..20).contains(&hour) { 6.0 } else { 1.5 };
        let count = run.rng.count(calendar_factor * volume_factor, 2.0);
        run.objects(
            &container,
            &Verb::Read,
            count,
            3_000.0 / (count as f64 + 1.0),
        );
        let count = run.rng.count(calendar_factor * volume_factor * 0.3, 2.0);
        run.objects(&container, &Verb::Write, count, 200.0);
        run.objects(&container, &Verb::Delete, count / 3, 100.0);
    }
}

/// Anonymous callers read public containers.
pub(crate) fn anonymous_reads(world: &World, day: Day, log: &mut ActionLog) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0x57a, day.0 as u64]);
    let anonymous = Rc::new(Principal::anonymous());
    for container in world
        .containers
        .iter()
        .filter(|container| container.purpose == Purpose::Public)
    {
        for _ in 0..rng.count(12.0 * world.scale, 3.0) {
            let second = rng.between(0, 86_000);
            let tool = *rng.pick(&[Tool::Browser, Tool::Curl, Tool::Python]);
            let mut run = Run::begin(log, &mut rng, &anonymous, day, second, tool);
            run.credential = Credential::Anonymous;
            run.address = external_address(0xe800 + run.rng.bits() % 400, run.rng.bits());
            run.objects(container, &Verb::Read, 1, 1.0);
        }
    }
}

fn scanner(world: &World, who: &Rc<Principal>, day: Day, rng: &mut Rng, log: &mut ActionLog) {
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    let containers: Vec<Rc<Container>> = world
        .containers
        .iter()
        .filter(|s| s.owner.cloud == who.cloud() && s.purpose != Purpose::Foreign)
        .cloned()
        .collect();
    let since = log.mark();
    let mut run = Run::begin(log, rng, who, day, 2 * 3600, tool);
    for container in &containers {
        if run.log.actions[since..].iter().all(|d| {
            d.container
                .as_ref()
                .is_none_or(|s| s.owner.name != container.owner.name)
        }) {
            run.list_containers(container);
        }
        run.posture(container, 0.4);
    }
    if who.is_at_google() {
        for resource in [
            DirectoryResource::Users,
            DirectoryResource::Keys,
            DirectoryResource::Roles,
            DirectoryResource::Policies,
        ] {
            run.enumerate(Service::Iam, resource, 3, 2.0);
        }
    }
    log.note_anomaly(Cause::Scanner, who.ids(), since);
}

/// Reads the whole directory every night, in every place where people have accounts.
fn hr_sync(who: &Rc<Principal>, day: Day, rng: &mut Rng, log: &mut ActionLog) {
    let mut run = Run::begin(log, rng, who, day, 2 * 3600 + 1_800, Tool::Python);
    run.sign_in(Service::Entra);
    for (resource, pages) in [
        (DirectoryResource::Users, 6),
        (DirectoryResource::Groups, 3),
        (DirectoryResource::Members, 12),
    ] {
        run.enumerate(Service::Graph, resource, pages, 1.5);
    }
    for (resource, pages) in [
        (DirectoryResource::Users, 6),
        (DirectoryResource::Groups, 2),
        (DirectoryResource::Members, 8),
    ] {
        run.enumerate(Service::Workspace, resource, pages, 1.5);
    }
    run.sign_in(Service::Okta);
    if run.rng.chance(0.1) {
        run.act(20.0, Service::Okta, Verb::RateLimit, |_| {});
    }
}
