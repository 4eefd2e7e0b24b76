//! Plain spikes, newcomers, blinded logs, unusual regions and grants at other providers.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::attack_actions::MADE;
use crate::simulate::activity::other_providers::attack_plan::Attack;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::activity::other_providers::settings::{blind, elsewhere, put_as_code};
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::other_providers::action::{Blinding, Credential, NANOS, Service, Verb};
use crate::simulate::model::other_providers::attack_class::ProviderAttackClass;
use crate::simulate::model::other_providers::container::{Cloud, Container, Purpose};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::{Rng, splitmix};
use crate::time::Day;

/// How many days an identity lies idle, at least and at most.
const IDLE_DAYS: (i32, i32) = (3, 10);

/// How many machines nobody stands behind.
pub(crate) const BARE_MACHINES: u64 = 8;

/// First parts of keys that nobody reads.
const FOLDERS: [&str; 5] = ["archive-2019", "contracts", "dumps", "partners", "staging"];

impl Attack {
    /// Returns the tool of a class beyond the core.
    pub(crate) fn plain_tool(&self) -> Tool {
        let google = match self.class {
            ProviderAttackClass::EntraGrant
            | ProviderAttackClass::SlackGrant
            | ProviderAttackClass::WorkspaceGrant => return Tool::Browser,
            ProviderAttackClass::MailboxAuditOff => return Tool::ExchangePowershell,
            _ => self.victim.is_at_google(),
        };
        match (google, self.victim.kind) {
            (true, Kind::Etl) => Tool::GcpSdk,
            (false, Kind::Etl) => Tool::AzSdk,
            (true, Kind::Upkeep) => Tool::Terraform,
            // People keep to their tools.
            (true, Kind::Analyst | Kind::Developer) => {
                [Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk][self.victim.number as usize / 2 % 3]
            }
            (false, Kind::Analyst | Kind::Developer) => {
                [Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk]
                    [self.victim.number as usize / 2 % 3]
            }
            (true, _) => Tool::Gcloud,
            (false, _) => Tool::AzureCli,
        }
    }

    /// Returns the day on which the identity is made that is used on the day of the attack.
    pub(crate) fn prepared_on(&self, start: Day) -> Option<Day> {
        match self.class {
            ProviderAttackClass::AzureLateUsed | ProviderAttackClass::GoogleLateUsed => {
                let (least, most) = IDLE_DAYS;
                let idle = least + (splitmix(self.number) % (most - least + 1) as u64) as i32;
                Some(self.day.plus(-idle.min(self.day.since(start))))
            }
            // It worked for a while before it was deleted.
            ProviderAttackClass::GoogleSameName => Some(start),
            _ => None,
        }
    }

    /// Adds what was done on that earlier day.
    pub(crate) fn prepare(&self, world: &World, today: Day, log: &mut ActionLog) {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xbad, self.number, 1]);
        let since = log.mark();
        let who = self.made(world, 0);
        let mut run = Run::begin(log, &mut rng, &self.victim, today, 2_400, self.plain_tool());
        create(world, &mut run, &who);
        if self.class == ProviderAttackClass::GoogleSameName {
            let lakes = world.containers(Cloud::Google, &[Purpose::Lake]);
            let mut run = Run::begin(log, &mut rng, &who, today, 8 * 3_600, Tool::GcpSdk);
            run.credential = Credential::Key;
            run.address = office_address(self.number);
            run.objects(&lakes[0], &Verb::Read, 12, 60.0);
            return;
        }
        log.note_anomaly(Cause::Attacked, self.victim.ids(), since);
    }

    /// Returns an identity made for the attack; with another turn one of the same name and other ids.
    fn made(&self, world: &World, turn: u64) -> Rc<Principal> {
        let google = self.victim.is_at_google();
        let number = MADE + self.number * 2 + u64::from(google);
        let mut who = Principal::make(world.seed, number, Kind::Etl, self.day);
        if turn > 0 {
            let other =
                Principal::make(world.seed, number + turn * 0x1000_0000, Kind::Etl, self.day);
            (who.client, who.object, who.app) = (other.client, other.object, other.app);
        }
        Rc::new(who)
    }

    /// Adds what is done in a plain class; returns the ids of who did it.
    pub(crate) fn run_plain(&self, world: &World, run: &mut Run<'_>) -> Option<Vec<String>> {
        let grade = self.grade;
        match self.class {
            ProviderAttackClass::AzureMassRead
            | ProviderAttackClass::AzureLargeRead
            | ProviderAttackClass::AzureSlowRead
            | ProviderAttackClass::AzureNewPrefixRead
            | ProviderAttackClass::GoogleMassRead
            | ProviderAttackClass::GoogleSlowRead
            | ProviderAttackClass::GoogleNewPrefixRead
            | ProviderAttackClass::AzureOutsideRead => self.read(world, run),
            ProviderAttackClass::GoogleEgressNew
            | ProviderAttackClass::GoogleEgressTrickle
            | ProviderAttackClass::GoogleEgressKnown
            | ProviderAttackClass::GoogleEgressBare => return self.egress(world, run),
            ProviderAttackClass::AzureMassDelete
            | ProviderAttackClass::AzureContainerDelete
            | ProviderAttackClass::AzureExpireAll
            | ProviderAttackClass::GoogleMassDelete
            | ProviderAttackClass::GoogleBucketDelete
            | ProviderAttackClass::GoogleExpireAll => self.delete(world, run),
            ProviderAttackClass::AzureLogOff
            | ProviderAttackClass::GoogleLogOff
            | ProviderAttackClass::MailboxAuditOff => self.blind(world, run),
            ProviderAttackClass::AzureUnusedRegion | ProviderAttackClass::GoogleUnusedRegion => {
                self.work_elsewhere(world, run)
            }
            ProviderAttackClass::EntraGrant
            | ProviderAttackClass::SlackGrant
            | ProviderAttackClass::WorkspaceGrant => {
                let service = match self.class {
                    ProviderAttackClass::EntraGrant => Service::Entra,
                    ProviderAttackClass::SlackGrant => Service::Slack,
                    _ => Service::Workspace,
                };
                for turn in 0..grade.of([3, 2, 1, 1]) {
                    let app = self.made(world, turn);
                    run.act(60.0, service, Verb::GrantScope(app), |_| {});
                }
            }
            _ => return self.newcomer_of(world, run),
        }
        Some(self.victim.ids())
    }

    fn read(&self, world: &World, run: &mut Run<'_>) {
        let (grade, cloud) = (self.grade, self.victim.cloud());
        let outside = self.class == ProviderAttackClass::AzureOutsideRead;
        let slow = matches!(
            self.class,
            ProviderAttackClass::AzureSlowRead | ProviderAttackClass::GoogleSlowRead
        );
        if outside {
            run.address = match grade {
                Grade::Hidden => self.victim.aws.clone(),
                _ => external_address(0x1_4000 + 0x100 + self.number, 1),
            };
        } else if !self.number.is_multiple_of(4) {
            // Mostly from the victim's own place.
            run.address = self.victim.address(run.rng, self.day);
        }
        if slow {
            let begins = match grade {
                Grade::Blatant | Grade::Medium => run.rng.between(1_800, 7_200),
                _ => self.victim.begins.min(12 * 3_600),
            };
            run.clock = (self.day.start().secs() + begins) * NANOS;
        }
        let own = world.own(&self.victim);
        match self.class {
            ProviderAttackClass::AzureLargeRead => {
                let factor = grade.of([200.0, 60.0, 12.0, 1.0]);
                for turn in 0..grade.of([50, 35, 20, 6]) {
                    let container = own[turn % own.len()].clone();
                    let bytes = (run.size(&container) as f64 * factor) as u64;
                    let object = run.object(&container);
                    let gap = grade.of([8.0, 20.0, 90.0, 60.0]);
                    run.named(&container, Verb::Read, (object, bytes), gap);
                }
            }
            ProviderAttackClass::AzureNewPrefixRead | ProviderAttackClass::GoogleNewPrefixRead => {
                let folders = grade.of([40, 20, 6, 0]);
                for turn in 0..grade.of([1_200, 450, 130, 6]) {
                    let object = match folders {
                        0 => run.object(&own[0]),
                        _ => {
                            let folder = turn % folders;
                            let (name, part) =
                                (FOLDERS[folder % FOLDERS.len()], folder / FOLDERS.len());
                            format!("{name}-{part:02}/part-{turn:05}.bin")
                        }
                    };
                    let bytes = run.size(&own[0]);
                    let gap = grade.of([0.5, 2.0, 20.0, 90.0]);
                    run.named(&own[0], Verb::Read, (object, bytes), gap);
                }
            }
            _ => {
                let mut targets = match grade {
                    Grade::Hidden => own,
                    _ => world.containers(cloud, &[Purpose::Lake, Purpose::Service]),
                };
                targets.truncate(grade.of([40, 12, 5, 1]));
                let (objects, seconds) = match slow {
                    true => (
                        grade.of([2_400, 800, 240, 10]),
                        grade.of([50_000.0, 46_000.0, 25_000.0, 20_000.0]),
                    ),
                    false => (
                        grade.of([2_500, 900, 260, 15]),
                        grade.of([1_500.0, 1_800.0, 2_700.0, 1_800.0]),
                    ),
                };
                let gap = seconds / objects as f64;
                if grade < Grade::Subtle {
                    run.list_containers(&targets[0]);
                }
                let each = (objects / targets.len()).max(1);
                for container in &targets {
                    if grade < Grade::Subtle {
                        run.list(container, "", 1, gap);
                    }
                    run.objects(container, &Verb::Read, each, gap);
                }
            }
        }
    }

    fn egress(&self, world: &World, run: &mut Run<'_>) -> Option<Vec<String>> {
        let grade = self.grade;
        let hidden = grade == Grade::Hidden;
        let mut ids = self.victim.ids();
        if self.class == ProviderAttackClass::GoogleEgressBare {
            run.who = bare_machine(world.seed, self.number);
            ids = Vec::new();
        }
        let (machine, inside) = run.who.machine.clone()?;
        ids.push(machine_id(&machine));
        run.address = inside;
        let known = external_address(0xd100, run.who.number);
        let peer = match self.class {
            ProviderAttackClass::GoogleEgressKnown => known,
            _ if hidden => known,
            _ => external_address(0x1_9000 + self.number, 3),
        };
        let (bytes, flows, gap) = match self.class {
            ProviderAttackClass::GoogleEgressTrickle => (
                grade.of([20e9, 2e9, 150e6, 40e3]),
                grade.of([400, 240, 120, 2]),
                grade.of([110, 140, 170, 600]),
            ),
            _ => (
                grade.of([40e9, 5e9, 250e6, 40e3]),
                grade.of([8, 6, 4, 1]),
                180,
            ),
        };
        if self.class == ProviderAttackClass::GoogleEgressTrickle && !hidden {
            run.clock = (self.day.start().secs() + run.rng.between(3_600, 3 * 3_600)) * NANOS;
        }
        send(run, &peer, bytes, flows, gap);
        Some(ids)
    }

    fn delete(&self, world: &World, run: &mut Run<'_>) {
        let (grade, cloud) = (self.grade, self.victim.cloud());
        let own = world.own(&self.victim);
        let mut targets = match grade {
            Grade::Subtle | Grade::Hidden => own,
            _ => world.containers(cloud, &[Purpose::Lake, Purpose::Service]),
        };
        match self.class {
            ProviderAttackClass::AzureMassDelete | ProviderAttackClass::GoogleMassDelete => {
                targets.truncate(grade.of([10, 4, 1, 1]));
                let each = grade.of([2_500, 700, 150, 2]) / targets.len();
                for container in &targets {
                    let gap = grade.of([0.2, 1.0, 25.0, 300.0]);
                    run.objects(container, &Verb::Delete, each.max(1), gap);
                }
            }
            ProviderAttackClass::AzureContainerDelete | ProviderAttackClass::GoogleBucketDelete => {
                targets.truncate(grade.of([8, 4, 1, 1]));
                for container in &targets {
                    run.list(container, "", grade.of([2, 2, 1, 0]), 1.0);
                    let objects = grade.of([150, 80, 60, 8]);
                    run.objects(
                        container,
                        &Verb::Delete,
                        objects,
                        grade.of([0.2, 1.0, 4.0, 1.0]),
                    );
                    run.manage(container, Verb::DeleteContainer, 5.0);
                }
            }
            _ => {
                targets.truncate(grade.of([10, 4, 1, 1]));
                // A policy of Azure is the account's.
                targets.dedup_by_key(|container| match cloud {
                    Cloud::Azure => container.owner.name.to_owned(),
                    Cloud::Google => container.name.clone(),
                });
                for container in &targets {
                    expire(run, container, grade.of([1, 1, 1, 365]));
                }
            }
        }
    }

    fn blind(&self, world: &World, run: &mut Run<'_>) {
        let grade = self.grade;
        if self.class == ProviderAttackClass::MailboxAuditOff {
            let how = grade.of([
                Blinding::TenantAuditOff,
                Blinding::AuditBypassed,
                Blinding::MailboxAuditOff,
                Blinding::MailboxAuditOff,
            ]);
            run.act(20.0, Service::Exchange, Verb::Blind(how), |_| {});
            return;
        }
        let containers = world.containers(self.victim.cloud(), &[Purpose::Lake]);
        let container = &containers[self.number as usize % containers.len()];
        let how: &[Blinding] = match (self.victim.cloud(), grade) {
            (_, Grade::Hidden) => {
                put_as_code(run, container);
                return;
            }
            (Cloud::Azure, Grade::Blatant) => &[Blinding::SettingDeleted, Blinding::FlowLogDeleted],
            (Cloud::Azure, Grade::Medium) => &[Blinding::SettingOff],
            (Cloud::Azure, _) => &[Blinding::FlowLogDeleted],
            (Cloud::Google, Grade::Blatant) => &[Blinding::SinkDeleted, Blinding::AuditExempted],
            (Cloud::Google, Grade::Medium) => &[Blinding::Excluded],
            (Cloud::Google, _) => &[Blinding::SinkOff],
        };
        for &one in how {
            blind(run, container, one);
        }
    }

    fn work_elsewhere(&self, world: &World, run: &mut Run<'_>) {
        let (grade, cloud) = (self.grade, self.victim.cloud());
        let at_home = world.own(&self.victim)[0].clone();
        let container = match grade {
            Grade::Hidden => at_home,
            // Others work there, but not this one.
            Grade::Subtle => world
                .containers(
                    cloud,
                    &[Purpose::Sensitive, Purpose::Lake, Purpose::Service],
                )
                .into_iter()
                .find(|c| {
                    world
                        .own(&self.victim)
                        .iter()
                        .all(|own| own.owner.region != c.owner.region)
                })
                .unwrap_or(at_home),
            _ => elsewhere(cloud),
        };
        let service = match cloud {
            Cloud::Azure => Service::Arm,
            Cloud::Google => Service::Platform,
        };
        for _ in 0..grade.of([12, 5, 2, 1]) {
            let place = container.clone();
            run.act(20.0, service, Verb::StartMachine(None), |action| {
                action.container = Some(place);
            });
        }
        if grade < Grade::Subtle {
            run.manage(&container, Verb::MakeContainer, 10.0);
            run.objects(&container, &Verb::Write, grade.of([60, 20, 0, 0]), 2.0);
            run.objects(&container, &Verb::Read, grade.of([40, 10, 0, 0]), 2.0);
        }
    }

    fn newcomer_of(&self, world: &World, run: &mut Run<'_>) -> Option<Vec<String>> {
        let (grade, google) = (self.grade, self.victim.is_at_google());
        let lists = matches!(
            self.class,
            ProviderAttackClass::AzureNewcomerEnumeration
                | ProviderAttackClass::GoogleNewcomerEnumeration
        );
        let prepared = self.prepared_on(world.start).is_some();
        let mut who = self.made(world, 0);
        if self.class == ProviderAttackClass::GoogleSameName {
            run.act(5.0, Service::Iam, Verb::DeleteIdentity(who), |_| {});
            who = self.made(world, 1);
            create(world, run, &who);
        } else if self.class == ProviderAttackClass::GoogleNewMachine {
            run.clock = (self.day.start().secs() + run.rng.between(1_800, 4 * 3_600)) * NANOS;
            create(world, run, &who);
            let whose = who.clone();
            run.act(
                20.0,
                Service::Platform,
                Verb::StartMachine(Some(whose)),
                |_| {},
            );
        } else if lists && self.number.is_multiple_of(2) {
            create(world, run, &who);
        }
        let is_made = !lists || self.number.is_multiple_of(2);
        if !prepared || self.class == ProviderAttackClass::GoogleSameName {
            run.clock += grade.of([900, 1_800, 3_600, 3_600]) * NANOS;
        }
        self.call_as_newcomer(run, &who, google);
        let mut ids = who.ids();
        if self.class == ProviderAttackClass::GoogleNewMachine {
            let (machine, inside) = who.machine.clone()?;
            ids.push(machine_id(&machine));
            run.address = inside;
            run.credential = Credential::Token;
        }
        let purposes: &[Purpose] = match grade {
            Grade::Hidden => &[Purpose::Lake],
            _ => &[Purpose::Lake, Purpose::Service, Purpose::Sensitive],
        };
        let containers = world.containers(self.victim.cloud(), purposes);
        if lists {
            let count = grade.of([30, 12, 6, 2]).min(containers.len());
            if grade < Grade::Hidden {
                run.list_containers(&containers[0]);
            }
            for turn in 0..grade.of([300, 110, 40, 4]) {
                let gap = grade.of([1.0, 4.0, 20.0, 90.0]);
                run.list(&containers[turn % count], "", 1, gap);
            }
        } else {
            let mut bytes = 0;
            for container in containers.iter().rev().take(grade.of([6, 4, 2, 1])) {
                run.list(container, "", 1, 1.0);
                let objects = grade.of([60, 40, 20, 5]);
                let gap = grade.of([0.8, 5.0, 40.0, 90.0]);
                bytes += run.objects(container, &Verb::Read, objects, gap);
            }
            if self.class == ProviderAttackClass::GoogleNewMachine {
                let peer = external_address(0x1_9000 + self.number, 3);
                let bytes = if grade == Grade::Hidden {
                    14_000.0
                } else {
                    bytes as f64
                };
                send(
                    run,
                    &peer,
                    bytes,
                    grade.of([240, 120, 50, 1]),
                    grade.of([120, 160, 200, 60]),
                );
            }
        }
        if is_made {
            ids.extend(self.victim.ids());
        }
        Some(ids)
    }
}

/// Returns the canonical id of a machine that no identity is known to use.
pub(crate) fn machine_id(machine: &str) -> String {
    format!("gcp:instance:halcyon-analytics/europe-west1-b/{machine}")
}

/// Returns one of the machines that nobody stands behind.
pub(crate) fn bare_machine(seed: u64, number: u64) -> Rc<Principal> {
    let number = 0x3_0001 + 2 * (number % BARE_MACHINES);
    Rc::new(Principal::make(seed, number, Kind::Etl, Day(0)))
}

/// Sends bytes in so many flows, about so many seconds apart.
fn send(run: &mut Run<'_>, peer: &str, bytes: f64, flows: i64, gap: i64) {
    let latest = (run.day.start().secs() + 86_000) * NANOS;
    let gap =
        (gap as f64).min((latest - run.clock).max(0) as f64 / NANOS as f64 / flows as f64 / 1.5);
    for _ in 0..flows {
        let peer = peer.to_owned();
        let each = (bytes / flows as f64) as u64 + run.rng.below(9_000) as u64;
        run.act(
            gap,
            Service::Network,
            Verb::Flow { peer, out: true },
            |action| {
                action.bytes = each;
            },
        );
    }
}

/// Lets the objects of a container, or of its account, expire.
pub(crate) fn expire(run: &mut Run<'_>, container: &Rc<Container>, days: u32) {
    let service = match container.owner.cloud {
        Cloud::Azure => Service::Arm,
        Cloud::Google => Service::Gcs,
    };
    let container = container.clone();
    run.act(20.0, service, Verb::Expire(days), |action| {
        action.container = Some(container);
    });
}

/// Makes a workload identity, with a credential.
pub(crate) fn create(world: &World, run: &mut Run<'_>, who: &Rc<Principal>) {
    if who.is_at_google() {
        for verb in [
            Verb::CreateIdentity(who.clone()),
            Verb::CreateCredential(who.clone()),
        ] {
            run.act(7.0, Service::Iam, verb, |_| {});
        }
        return;
    }
    let lakes = world.containers(Cloud::Azure, &[Purpose::Lake]);
    let container = lakes.first().cloned();
    let verb = Verb::CreateIdentity(who.clone());
    run.act(5.0, Service::Arm, verb.clone(), |action| {
        action.container = container
    });
    for verb in [verb, Verb::CreateCredential(who.clone())] {
        run.act(9.0, Service::Entra, verb, |_| {});
    }
}
