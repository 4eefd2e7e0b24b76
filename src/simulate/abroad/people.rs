//! A person's day: signing in, mail and files, the containers of one cloud, and what administrators look up.

use std::rc::Rc;

use crate::simulate::oddity::Cause;
use crate::simulate::random::Rng;
use crate::simulate::world::{is_month_end, is_weekend};
use crate::time::Day;

use super::deed::{Noun, Service, Verb};
use super::diary::{Diary, Stint};
use super::party::{Kind, Party};
use super::tool::Tool;
use super::world::World;

/// How often somebody who is not on duty works at a weekend.
const WEEKEND: f64 = 0.04;
/// How often somebody is on leave on a working day.
const LEAVE: f64 = 0.07;
/// How often somebody sits late.
const LATE: f64 = 0.02;

/// Adds what a person does on a day.
pub(super) fn live(world: &World, who: &Rc<Party>, day: Day, diary: &mut Diary) {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xda1, who.number, day.0 as u64]);
    if rng.chance(if is_weekend(day) {
        1.0 - WEEKEND
    } else {
        LEAVE
    }) {
        return;
    }
    let since = diary.mark();
    let late = rng.chance(LATE);
    let begins = if late { 20 * 3600 } else { who.begins } + rng.between(0, 2_400);
    let mood = world.scale * who.level * rng.log_normal(1.0, who.spread);
    let month_end = is_month_end(day) && who.kind == Kind::Analyst;
    let mood = if month_end { mood * 2.5 } else { mood };
    morning(world, who, day, begins, &mut rng, diary);
    office(world, who, day, begins, mood, &mut rng, diary);
    match who.kind {
        Kind::Analyst | Kind::Developer => {
            for _ in 0..1 + rng.poisson(1.2) {
                let second = begins + rng.between(600, if late { 7_000 } else { 8 * 3600 });
                containers(world, who, day, second, mood, &mut rng, diary);
            }
        }
        Kind::Admin => administrate(world, who, day, begins, &mut rng, diary),
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
            diary.odd(cause, who.ids(), since);
        }
    }
}

fn morning(
    world: &World,
    who: &Rc<Party>,
    day: Day,
    begins: i64,
    rng: &mut Rng,
    diary: &mut Diary,
) {
    let mut stint = world.stint(diary, rng, who, day, begins, Tool::Office);
    stint.sign_in(Service::Okta);
    stint.sign_in(Service::Entra);
    if stint.rng.chance(0.25) {
        stint.tool = Tool::Browser;
        stint.sign_in(Service::Workspace);
    }
    if stint.rng.chance(0.2) {
        stint.tool = Tool::Desktop;
        stint.sign_in(Service::Slack);
    }
}

fn office(
    world: &World,
    who: &Rc<Party>,
    day: Day,
    begins: i64,
    mood: f64,
    rng: &mut Rng,
    diary: &mut Diary,
) {
    let share = if who.kind == Kind::Office { 1.0 } else { 0.3 };
    let mut stint = world.stint(diary, rng, who, day, begins + 300, Tool::Office);
    for (service, verb, mean, tool) in [
        (Service::SharePoint, Verb::Read, 9.0, Tool::Office),
        (Service::SharePoint, Verb::Write, 3.0, Tool::Office),
        (Service::SharePoint, Verb::Share, 0.2, Tool::Office),
        (Service::Exchange, Verb::Read, 4.0, Tool::Office),
        (Service::Workspace, Verb::Read, 3.0, Tool::Browser),
        (Service::Workspace, Verb::Write, 0.5, Tool::Browser),
        (Service::Slack, Verb::Read, 0.7, Tool::Desktop),
        (Service::Slack, Verb::Write, 0.5, Tool::Desktop),
    ] {
        stint.tool = tool;
        let began = stint.clock;
        for _ in 0..stint.rng.count(mean * share * mood, 1.5) {
            stint.file(service, verb.clone(), 900.0);
        }
        stint.clock = began;
    }
    // What office programs look up to show a name or a photograph.
    stint.tool = Tool::Office;
    let looks = stint.rng.count(4.0 * mood, 1.0);
    stint.enumerate(Service::Graph, Noun::User, looks, 1_500.0);
}

/// A session with one's containers.
fn containers(
    world: &World,
    who: &Rc<Party>,
    day: Day,
    second: i64,
    mood: f64,
    rng: &mut Rng,
    diary: &mut Diary,
) {
    let tools: &[Tool] = match who.is_at_google() {
        true => &[Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk],
        false => &[Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk],
    };
    // People keep to their tools.
    let tool = tools[(who.number as usize / 2) % tools.len()];
    let own = world.own(who);
    let mut stint = world.stint(diary, rng, who, day, second, tool);
    if !who.is_at_google() && stint.rng.chance(0.5) {
        stint.sign_in(Service::Entra);
    }
    if stint.rng.chance(0.15) {
        stint.shelves(&own[0]);
    }
    for _ in 0..1 + stint.rng.below(2) {
        let favourite = (stint.rng.exponential(0.8) as usize).min(own.len() - 1);
        work_on(
            &mut stint,
            &own[favourite],
            who.kind == Kind::Developer,
            mood,
        );
    }
    let since = stint.diary.mark();
    if stint.rng.chance(0.004) {
        // A whole container by mistake.
        stint.list(&own[0], "", 40, 0.4);
        stint.diary.odd(Cause::FatFinger, who.ids(), since);
    } else if stint.rng.chance(0.006) {
        for _ in 0..stint.rng.between(20, 80) {
            stint.refused(&own[0], Verb::Read, 1.5);
        }
        stint.diary.odd(Cause::RetryStorm, who.ids(), since);
    }
    if who.kind == Kind::Developer && stint.rng.chance(0.06) {
        // Which service accounts are there?
        let service = if who.is_at_google() {
            Service::Iam
        } else {
            Service::Graph
        };
        stint.enumerate(service, Noun::Principals, 1, 5.0);
        if let Some(robot) = world
            .here(Kind::Etl, day)
            .find(|robot| robot.is_at_google())
        {
            stint.act(5.0, Service::Iam, Verb::Assume(robot.clone()), |_| {});
        }
    }
}

fn work_on(stint: &mut Stint<'_>, store: &Rc<super::place::Store>, writes: bool, mood: f64) {
    let prefix = *stint.rng.pick(&["", "events/", "orders/", "stock/"]);
    let pages = 1 + stint.rng.poisson(0.5);
    stint.list(store, prefix, pages, 4.0);
    if stint.rng.chance(0.3) {
        stint.objects(store, &Verb::Head, 2, 3.0);
    }
    let count = stint.rng.count(9.0 * mood, 0.9);
    stint.objects(store, &Verb::Read, count, 25.0);
    if writes {
        let count = stint.rng.count(2.0 * mood, 0.8);
        stint.objects(store, &Verb::Write, count, 40.0);
    }
}

fn administrate(
    world: &World,
    who: &Rc<Party>,
    day: Day,
    begins: i64,
    rng: &mut Rng,
    diary: &mut Diary,
) {
    let second = begins + rng.between(1_200, 6 * 3600);
    let mut stint = world.stint(diary, rng, who, day, second, Tool::Portal);
    // Whoever begins tomorrow gets their accounts today, from the first of the administrators.
    let first = world
        .here(Kind::Admin, day)
        .next()
        .is_some_and(|admin| admin.number == who.number);
    for newcomer in world
        .cast
        .iter()
        .filter(|party| first && party.joins == day.plus(1))
    {
        for service in [
            Service::Entra,
            Service::Okta,
            Service::Workspace,
            Service::Slack,
        ] {
            stint.act(60.0, service, Verb::Create(newcomer.clone()), |_| {});
        }
    }
    if stint.rng.chance(0.5) {
        let colleague = stint.rng.pick(&world.cast).clone();
        stint.act(200.0, Service::Entra, Verb::Credential(colleague), |_| {});
    }
    for noun in [Noun::Users, Noun::Groups, Noun::Members] {
        let pages = stint.rng.poisson(0.8);
        stint.enumerate(Service::Graph, noun, pages, 40.0);
    }
    if stint.rng.chance(0.3) {
        let store = stint.rng.pick(&world.own(who)).clone();
        let google = who.is_at_google();
        stint.tool = if google {
            Tool::Terraform
        } else {
            Tool::AzureCli
        };
        stint.posture(&store, 4.0);
        if !google {
            let verb = if stint.rng.chance(0.2) {
                Verb::Keys
            } else {
                Verb::Configure
            };
            stint.act(30.0, Service::Arm, verb, |deed| deed.store = Some(store));
        } else if stint.rng.chance(0.4) {
            stint.enumerate(Service::Iam, Noun::Policies, 1, 5.0);
        }
    }
    if stint.rng.chance(0.03) {
        // The list of users for the auditors.
        let since = stint.diary.mark();
        stint.tool = Tool::Browser;
        stint.act(30.0, Service::Workspace, Verb::Export, |_| {});
        stint.diary.odd(Cause::AuditRequest, who.ids(), since);
    }
    if stint.rng.chance(0.05) {
        stint.tool = Tool::Browser;
        stint.sign_in(Service::Okta);
        let connector = stint.rng.pick(&world.cast).clone();
        stint.act(90.0, Service::Slack, Verb::Credential(connector), |_| {});
    }
}
