//! Traps at the other providers: which honest but loud situations there are, who is in them, and on which days.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::calendar::{is_month_begin, is_weekend, weekday, workday};
use crate::simulate::model::format::Format;
use crate::simulate::model::other_providers::action::{DirectoryResource, Service, Verb};
use crate::simulate::model::other_providers::container::{
    Cloud, Container, OWNERS, Purpose, SUBSCRIPTIONS,
};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::unrecorded::Unrecorded;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::{Rng, splitmix};
use crate::simulate::model::trap::{Trap, TrapDays, TrapKind};
use crate::simulate::options::Options;
use crate::time::Day;

/// The most whose calls fail in an outage.
const OUTAGE_MAX: usize = 8;
/// On what share of working days somebody looks at the properties of containers.
const LOOKS: f64 = 0.3;

/// What may begin late, with the format that shows it.
const LATE: [(Unrecorded, Format); 6] = [
    (Unrecorded::Project(OWNERS[4].name), Format::GcpAudit),
    (Unrecorded::Provider("okta", &[Service::Okta]), Format::Okta),
    (
        Unrecorded::Subscription(SUBSCRIPTIONS[1]),
        Format::AzureStorage,
    ),
    (
        Unrecorded::Provider("workspace", &[Service::Workspace]),
        Format::Workspace,
    ),
    (
        Unrecorded::Provider("m365", &[Service::SharePoint, Service::Exchange]),
        Format::M365,
    ),
    (
        Unrecorded::Provider("slack", &[Service::Slack]),
        Format::Slack,
    ),
];

/// What is done, beside what its principals do anyway.
#[derive(Debug, Clone, Copy)]
enum Work {
    /// So many objects of the first of one's own containers are read, or deleted.
    Objects(usize, bool),
    /// So many pages of each of some directory resources are read.
    Directory(Service, &'static [DirectoryResource], usize),
    /// Reads of a container, by its place in the world, are repeated and refused.
    Refused(usize),
    /// The configuration of up to so many containers is opened.
    Properties(usize),
}

/// The directory, as reviews and inventories go through it.
const DIRECTORY: [DirectoryResource; 5] = [
    DirectoryResource::Users,
    DirectoryResource::Groups,
    DirectoryResource::Members,
    DirectoryResource::Roles,
    DirectoryResource::Applications,
];

/// The service accounts of Google Cloud, and their rights.
const SERVICE_ACCOUNTS: [DirectoryResource; 4] = [
    DirectoryResource::Users,
    DirectoryResource::Keys,
    DirectoryResource::Roles,
    DirectoryResource::Policies,
];

#[derive(Debug, Clone, Copy)]
enum When {
    On(Day),
    Weekly(i32),
    MonthEnd,
    Often,
}

struct PlannedTrap {
    kind: TrapKind,
    number: u64,
    provider: &'static str,
    who: Vec<Rc<Principal>>,
    when: When,
    /// The second of the day, or so long after the working day begins.
    second: i64,
    tool: Tool,
    work: Work,
    instance: String,
}

/// All traps at the other providers.
#[derive(Default)]
pub(crate) struct OtherTraps {
    planned: Vec<PlannedTrap>,
    late: Option<(Unrecorded, Day)>,
}

impl OtherTraps {
    /// Plans those that some of the formats show.
    pub(crate) fn plan(world: &World, options: &Options) -> Self {
        let days = TrapDays::of(options);
        let shown = |format: &Format| options.formats.contains(format);
        let late: Vec<Unrecorded> = (LATE.iter())
            .filter(|(_, format)| shown(format))
            .map(|(what, _)| *what)
            .collect();
        let chosen = late.get(options.seed as usize % late.len().max(1));
        let mut traps = Self {
            planned: Vec::new(),
            late: chosen.map(|what| (*what, days.at(0.25))),
        };
        traps.plan_work(world, days, &shown);
        for (cloud, format) in [
            (Cloud::Azure, Format::AzureStorage),
            (Cloud::Google, Format::GcpAudit),
        ] {
            if shown(&format) {
                traps.plan_outage(world, days, cloud);
            }
        }
        traps
    }

    fn plan_work(&mut self, world: &World, days: TrapDays, shown: &dyn Fn(&Format) -> bool) {
        use TrapKind::{AccessReview, BulkOwnWork, MonthEndJob, PostureLooker, WeeklyJob};
        let on = |share: f64| When::On(workday(days.at(share)).min(days.last));
        let (read, delete) = (|n| Work::Objects(n, false), |n| Work::Objects(n, true));
        let night = |hour: i64| hour * 3_600;
        let (azure, google) = (Some(false), Some(true));
        let (blob, gcs) = (Format::AzureStorage, Format::GcpAudit);
        let graph = Work::Directory(Service::Graph, &DIRECTORY, 30);
        let review = Work::Directory(Service::Graph, &DIRECTORY, 12);
        let workspace = Work::Directory(Service::Workspace, &DIRECTORY, 10);
        let inventory = Work::Directory(Service::Workspace, &DIRECTORY, 25);
        let iam = Work::Directory(Service::Iam, &SERVICE_ACCOUNTS, 8);
        for (kind, format, (who, at_google), when, second, tool, work) in [
            (
                WeeklyJob,
                blob,
                (Kind::Etl, azure),
                When::Weekly(3),
                night(1),
                Tool::AzSdk,
                read(600),
            ),
            (
                WeeklyJob,
                gcs,
                (Kind::Etl, google),
                When::Weekly(6),
                night(2),
                Tool::GcpSdk,
                read(600),
            ),
            (
                WeeklyJob,
                gcs,
                (Kind::Etl, google),
                When::Weekly(1),
                night(4),
                Tool::GcpSdk,
                delete(300),
            ),
            (
                WeeklyJob,
                Format::EntraGraph,
                (Kind::HrSync, None),
                When::Weekly(0),
                night(4),
                Tool::Python,
                graph,
            ),
            (
                WeeklyJob,
                Format::Workspace,
                (Kind::HrSync, None),
                When::Weekly(5),
                night(5),
                Tool::Python,
                inventory,
            ),
            (
                MonthEndJob,
                blob,
                (Kind::Etl, azure),
                When::MonthEnd,
                night(20),
                Tool::AzSdk,
                delete(400),
            ),
            (
                MonthEndJob,
                gcs,
                (Kind::Etl, google),
                When::MonthEnd,
                night(21),
                Tool::GcpSdk,
                read(900),
            ),
            (
                BulkOwnWork,
                blob,
                (Kind::Analyst, azure),
                on(0.2),
                2_000,
                Tool::AzSdk,
                read(1_200),
            ),
            (
                BulkOwnWork,
                gcs,
                (Kind::Analyst, google),
                on(0.6),
                2_000,
                Tool::GcpSdk,
                read(1_200),
            ),
            (
                AccessReview,
                Format::EntraGraph,
                (Kind::Admin, None),
                on(0.1),
                4_000,
                Tool::Portal,
                review,
            ),
            (
                AccessReview,
                Format::Workspace,
                (Kind::Admin, None),
                on(0.5),
                4_000,
                Tool::Browser,
                workspace,
            ),
            (
                AccessReview,
                gcs,
                (Kind::Admin, google),
                on(0.75),
                4_000,
                Tool::Browser,
                iam,
            ),
            (
                PostureLooker,
                blob,
                (Kind::Developer, azure),
                When::Often,
                5_000,
                Tool::Portal,
                Work::Properties(6),
            ),
            (
                PostureLooker,
                gcs,
                (Kind::Developer, google),
                When::Often,
                5_000,
                Tool::Browser,
                Work::Properties(6),
            ),
        ] {
            let number = self.planned.len() as u64;
            let able =
                |p: &&Rc<Principal>| at_google.is_none_or(|google| p.is_at_google() == google);
            let all: Vec<_> = world.here(who, world.start).filter(able).collect();
            let at = splitmix(world.seed ^ (0x72a9 + number)) as usize % all.len().max(1);
            let Some(&who) = all.get(at).filter(|_| shown(&format)) else {
                continue;
            };
            let (provider, tool) = match (format, who.kind) {
                (Format::AzureStorage, _) => ("azure", tool),
                (Format::EntraGraph, _) => ("entra", tool),
                (Format::Workspace, _) => ("workspace", tool),
                _ => ("gcp", tool),
            };
            self.planned.push(PlannedTrap {
                kind,
                number,
                provider,
                who: vec![who.clone()],
                when,
                second,
                tool: match (kind, who.kind) {
                    (BulkOwnWork, Kind::Analyst) => usual_tool(who),
                    _ => tool,
                },
                work,
                instance: who.name.clone(),
            });
        }
    }

    /// Plans the outage of the container that most workloads and analysts of a cloud work with.
    fn plan_outage(&mut self, world: &World, days: TrapDays, cloud: Cloud) {
        let mut users: BTreeMap<usize, Vec<Rc<Principal>>> = BTreeMap::new();
        for who in &world.population {
            let works = matches!(who.kind, Kind::Etl | Kind::Analyst | Kind::Developer);
            if !works || who.cloud() != cloud || who.joins >= world.start {
                continue;
            }
            for own in world.own(who) {
                let place = world.containers.iter().position(|c| *c == own);
                users
                    .entry(place.unwrap_or(0))
                    .or_default()
                    .push(who.clone());
            }
        }
        let most = (users.into_iter()).max_by_key(|(at, who)| (who.len(), usize::MAX - at));
        let Some((container, mut who)) = most else {
            return;
        };
        who.truncate(OUTAGE_MAX);
        let share = if cloud == Cloud::Azure { 0.35 } else { 0.85 };
        let provider = if cloud == Cloud::Azure {
            "azure"
        } else {
            "gcp"
        };
        self.planned.push(PlannedTrap {
            kind: TrapKind::Outage,
            number: 0x100 + cloud as u64,
            provider,
            who,
            when: When::On(workday(days.at(share)).min(days.last)),
            second: 13 * 3_600,
            tool: Tool::AzSdk,
            work: Work::Refused(container),
            instance: world.containers[container].canonical(),
        });
    }

    /// Leaves out of a day what is not recorded yet.
    pub(crate) fn hide(&self, day: Day, log: &mut ActionLog) {
        log.unrecorded = self
            .late
            .filter(|(_, from)| day < *from)
            .map(|(what, _)| what);
    }

    /// Adds what is done on a day, and returns its lines.
    pub(crate) fn run(&self, world: &World, day: Day, log: &mut ActionLog) -> Vec<Trap> {
        let mut lines = Vec::new();
        if let Some((what, from)) = self.late.filter(|(_, from)| TrapDays::is_new(*from, day)) {
            let mut ids: Vec<String> = (log.actions.iter())
                .filter(|action| what.has(action))
                .flat_map(|action| action.who.ids())
                .collect();
            ids.sort_unstable();
            ids.dedup();
            debug_assert!(from <= day);
            lines.push(Trap::all_day(what.kind(), &what.name(), ids, day));
        }
        for planned in &self.planned {
            if planned.is_on(world.seed, day) {
                lines.extend(planned.run(world, day, log));
            }
        }
        lines
    }
}

impl PlannedTrap {
    fn is_on(&self, seed: u64, day: Day) -> bool {
        match self.when {
            When::On(on) => on == day,
            When::Weekly(on) => weekday(day) == on,
            When::MonthEnd => is_month_begin(day.plus(1)),
            When::Often => {
                let parts = [0xab0, 0x72a8, self.number, day.0 as u64];
                !is_weekend(day) && Rng::of(seed, &parts).chance(LOOKS)
            }
        }
    }

    fn run(&self, world: &World, day: Day, log: &mut ActionLog) -> Option<Trap> {
        let since = log.mark();
        let mut ids = Vec::new();
        for who in &self.who {
            let parts = [0xab0, 0x72a9, self.number, who.number, day.0 as u64];
            let mut rng = Rng::of(world.seed, &parts);
            self.work(world, who, day, &mut rng, log);
            ids.extend(who.ids());
        }
        let span = log.span(since)?;
        let instance = format!("{} {}", self.provider, self.instance);
        Some(Trap::new(self.kind, &instance, ids, span))
    }

    fn work(
        &self,
        world: &World,
        who: &Rc<Principal>,
        day: Day,
        rng: &mut Rng,
        log: &mut ActionLog,
    ) {
        let begins = if who.is_person() && !matches!(self.work, Work::Refused(_)) {
            who.begins
        } else {
            0
        };
        let tool = match (self.work, who.kind) {
            (Work::Refused(_), Kind::Etl) if who.is_at_google() => Tool::GcpSdk,
            (Work::Refused(_), Kind::Etl) => Tool::AzSdk,
            (Work::Refused(_), _) => usual_tool(who),
            _ => self.tool,
        };
        let second = begins + self.second + rng.between(0, 240);
        let mut run = Run::begin(log, rng, who, day, second, tool);
        match self.work {
            Work::Objects(count, deletes) => {
                let own = world.own(who);
                let verb = if deletes { Verb::Delete } else { Verb::Read };
                run.list(&own[0], "", 2, 2.0);
                run.objects(&own[0], &verb, count, 5.0);
            }
            Work::Directory(service, resources, pages) => {
                for &resource in resources {
                    run.enumerate(service, resource, pages, 4.0);
                }
            }
            Work::Refused(container) => {
                let container = world.containers[container].clone();
                for _ in 0..run.rng.between(40, 160) {
                    run.refused(&container, Verb::Read, 10.0);
                }
            }
            Work::Properties(most) => {
                let purposes = [Purpose::Lake, Purpose::Service, Purpose::Backup];
                let mut all: Vec<Rc<Container>> = world.containers(who.cloud(), &purposes);
                run.rng.shuffle(&mut all);
                run.list_containers(&all[0].clone());
                let opened = 2 + run.rng.below(most);
                for container in all.iter().take(opened) {
                    for _ in 0..3 {
                        run.posture(container, 0.5);
                    }
                    run.clock += 30_000_000_000;
                }
            }
        }
    }
}

/// Returns the tool that a person works with every day.
fn usual_tool(who: &Principal) -> Tool {
    let tools = match who.is_at_google() {
        true => [Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk],
        false => [Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk],
    };
    tools[who.number as usize / 2 % 3]
}
