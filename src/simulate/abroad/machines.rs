//! A workload's day: hourly tables, nightly sweeps and backups, directory connectors, and strangers at public doors.

use std::rc::Rc;

use crate::simulate::estate::external_address;
use crate::simulate::oddity::Cause;
use crate::simulate::random::Rng;
use crate::simulate::world::weekday;
use crate::time::Day;

use super::deed::{Noun, Proof, Service, Verb};
use super::diary::Diary;
use super::party::{Kind, Party};
use super::place::{Cloud, Purpose, Store};
use super::tool::Tool;
use super::world::World;

/// Adds what a workload does on a day.
pub(super) fn run(world: &World, who: &Rc<Party>, day: Day, diary: &mut Diary) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xda2, who.number, day.0 as u64]);
    let mood = world.scale * who.level * rng.log_normal(1.0, who.spread * 0.6);
    let rng = &mut rng;
    match who.kind {
        Kind::Etl => etl(world, who, day, mood, rng, diary),
        Kind::Backup => backup(world, who, day, rng, diary),
        Kind::Site => site(world, who, day, mood, rng, diary),
        Kind::Scanner => scanner(world, who, day, rng, diary),
        Kind::HrSync => hr_sync(world, who, day, rng, diary),
        Kind::DeviceSync => {
            for hour in (0..24).step_by(4) {
                let mut stint = world.stint(diary, rng, who, day, hour * 3600 + 500, Tool::Python);
                stint.sign_in(Service::Entra);
                stint.enumerate(Service::Graph, Noun::Devices, 3, 2.0);
            }
        }
        Kind::LegacySync => {
            for hour in 0..24 {
                let mut stint =
                    world.stint(diary, rng, who, day, hour * 3600 + 900, Tool::AzureAdModule);
                stint.enumerate(Service::AadGraph, Noun::Users, 2, 3.0);
                stint.enumerate(Service::AadGraph, Noun::Groups, 1, 3.0);
            }
        }
        Kind::Partner if weekday(day) == 3 => {
            let Some(store) = world
                .stores(Cloud::Azure, &[Purpose::Lake])
                .into_iter()
                .nth(2)
            else {
                return;
            };
            let since = diary.mark();
            let mut stint = world.stint(diary, rng, who, day, 5 * 3600, Tool::AzCopy);
            stint.proof = Proof::Sas(who.number);
            stint.list(&store, "orders/", 2, 2.0);
            let count = stint.rng.count(60.0 * mood, 4.0);
            stint.objects(&store, &Verb::Read, count, 6.0);
            diary.odd(
                Cause::WeeklyJob,
                vec![super::azure::sas_id(&store, who.number)],
                since,
            );
        }
        Kind::Bot => {
            let mut stint = world.stint(diary, rng, who, day, 8 * 3600, Tool::Python);
            if stint.rng.chance(0.4) {
                stint.sign_in(Service::Okta);
            }
            for _ in 0..stint.rng.count(3.0 * mood, 2.0) {
                stint.file(Service::Slack, Verb::Write, 4_000.0);
            }
        }
        _ => {}
    }
}

fn etl(world: &World, who: &Rc<Party>, day: Day, mood: f64, rng: &mut Rng, diary: &mut Diary) {
    let own = world.own(who);
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    let backfill = rng.chance(0.015);
    let since = diary.mark();
    for hour in (0..24).step_by(2 + (who.number as usize / 2) % 3) {
        let mut stint = world.stint(diary, rng, who, day, hour * 3600 + 240, tool);
        if !who.is_at_google() {
            stint.sign_in(Service::Entra);
        }
        let from = &own[hour as usize / 2 % own.len()];
        stint.list(from, "events/", 1, 2.0);
        let count = stint
            .rng
            .count(if backfill { 50.0 } else { 8.0 } * mood, 4.0);
        let bytes = stint.objects(from, &Verb::Read, count, 3.0);
        let to = &own[(hour as usize / 2 + 1) % own.len()];
        let count = 1 + stint.rng.count(2.0 * mood, 4.0);
        stint.objects(to, &Verb::Write, count, 4.0);
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
                    stint.rng.log_normal(30e3, 0.8) as u64,
                ),
            ] {
                stint.act(30.0, Service::Network, Verb::Flow { peer, out }, |deed| {
                    deed.bytes = bytes
                });
            }
        }
    }
    if backfill {
        diary.odd(Cause::Backfill, who.ids(), since);
    }
}

fn backup(world: &World, who: &Rc<Party>, day: Day, rng: &mut Rng, diary: &mut Diary) {
    let cloud = if who.is_at_google() {
        Cloud::Google
    } else {
        Cloud::Azure
    };
    let Some(vault) = world.stores(cloud, &[Purpose::Backup]).first().cloned() else {
        return;
    };
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzCopy
    };
    let full = weekday(day) == 0;
    let since = diary.mark();
    let mut stint = world.stint(diary, rng, who, day, 3_600, tool);
    for store in world.stores(
        cloud,
        &[Purpose::Lake, Purpose::Service, Purpose::Sensitive],
    ) {
        stint.list(&store, "", 1, 2.0);
        let count = stint
            .rng
            .count(if full { 20.0 } else { 4.0 } * world.scale, 8.0);
        stint.objects(&store, &Verb::Copy(vault.clone()), count, 2.0);
    }
    if full {
        diary.odd(Cause::WeeklyJob, who.ids(), since);
    }
}

/// Serves what is read all day, and now and then by somebody without a name.
fn site(world: &World, who: &Rc<Party>, day: Day, mood: f64, rng: &mut Rng, diary: &mut Diary) {
    let cloud = if who.is_at_google() {
        Cloud::Google
    } else {
        Cloud::Azure
    };
    let stores = world.stores(cloud, &[Purpose::Service]);
    let store = stores[who.number as usize / 2 % stores.len()].clone();
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    for hour in 0..24 {
        let mut stint = world.stint(diary, rng, who, day, hour * 3600, tool);
        stint.proof = Proof::Key;
        let busy = if (7..20).contains(&hour) { 6.0 } else { 1.5 };
        let count = stint.rng.count(busy * mood, 2.0);
        stint.objects(&store, &Verb::Read, count, 3_000.0 / (count as f64 + 1.0));
        let count = stint.rng.count(busy * mood * 0.3, 2.0);
        stint.objects(&store, &Verb::Write, count, 200.0);
        stint.objects(&store, &Verb::Delete, count / 3, 100.0);
    }
}

/// Strangers read what anybody may read.
pub(super) fn strangers(world: &World, day: Day, diary: &mut Diary) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0x57a, day.0 as u64]);
    let nobody = Rc::new(Party::nobody());
    for store in world
        .stores
        .iter()
        .filter(|store| store.purpose == Purpose::Public)
    {
        for _ in 0..rng.count(12.0 * world.scale, 3.0) {
            let second = rng.between(0, 86_000);
            let tool = *rng.pick(&[Tool::Browser, Tool::Curl, Tool::Python]);
            let mut stint = world.stint(diary, &mut rng, &nobody, day, second, tool);
            stint.proof = Proof::Nobody;
            stint.address = external_address(0xe800 + stint.rng.bits() % 400, stint.rng.bits());
            stint.objects(store, &Verb::Read, 1, 1.0);
        }
    }
}

fn scanner(world: &World, who: &Rc<Party>, day: Day, rng: &mut Rng, diary: &mut Diary) {
    let cloud = if who.is_at_google() {
        Cloud::Google
    } else {
        Cloud::Azure
    };
    let tool = if who.is_at_google() {
        Tool::GcpSdk
    } else {
        Tool::AzSdk
    };
    let stores: Vec<Rc<Store>> = world
        .stores
        .iter()
        .filter(|s| s.owner.cloud == cloud && s.purpose != Purpose::Foreign)
        .cloned()
        .collect();
    let since = diary.mark();
    let mut stint = world.stint(diary, rng, who, day, 2 * 3600, tool);
    for store in &stores {
        if stint.diary.deeds[since..].iter().all(|d| {
            d.store
                .as_ref()
                .is_none_or(|s| s.owner.name != store.owner.name)
        }) {
            stint.shelves(store);
        }
        stint.posture(store, 0.4);
    }
    if who.is_at_google() {
        for noun in [Noun::Users, Noun::Keys, Noun::Roles, Noun::Policies] {
            stint.enumerate(Service::Iam, noun, 3, 2.0);
        }
    }
    diary.odd(Cause::Scanner, who.ids(), since);
}

/// Reads the whole directory every night, in every place where people have accounts.
fn hr_sync(world: &World, who: &Rc<Party>, day: Day, rng: &mut Rng, diary: &mut Diary) {
    let mut stint = world.stint(diary, rng, who, day, 2 * 3600 + 1_800, Tool::Python);
    stint.sign_in(Service::Entra);
    for (noun, pages) in [(Noun::Users, 6), (Noun::Groups, 3), (Noun::Members, 12)] {
        stint.enumerate(Service::Graph, noun, pages, 1.5);
    }
    for (noun, pages) in [(Noun::Users, 6), (Noun::Groups, 2), (Noun::Members, 8)] {
        stint.enumerate(Service::Workspace, noun, pages, 1.5);
    }
    stint.sign_in(Service::Okta);
    if stint.rng.chance(0.1) {
        stint.act(20.0, Service::Okta, Verb::RateLimit, |_| {});
    }
}
