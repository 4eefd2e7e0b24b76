//! What attackers do at other providers, and how conspicuously in each grade.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::attack_plan::Attack;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::anomaly::Cause;
use crate::simulate::model::grade::Grade;
use crate::simulate::model::label::Label;
use crate::simulate::model::network::{external_address, office_address};
use crate::simulate::model::other_providers::action::{
    Credential, DirectoryResource, NANOS, Outcome, Service, Verb,
};
use crate::simulate::model::other_providers::attack_class::ProviderAttackClass;
use crate::simulate::model::other_providers::container::{
    Cloud, Container, Purpose, signed_link_id,
};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;

/// The first number of identities that are made for attacks.
pub(crate) const MADE: u64 = 0x1_0000;

/// The first number of links that are made for attacks.
const LINKS: u64 = 0x2_0000;

/// The directory resources that attackers and reviewers list.
pub(crate) const LISTED_RESOURCES: [DirectoryResource; 9] = [
    DirectoryResource::Users,
    DirectoryResource::Groups,
    DirectoryResource::Members,
    DirectoryResource::Roles,
    DirectoryResource::RoleMembers,
    DirectoryResource::Principals,
    DirectoryResource::Applications,
    DirectoryResource::Devices,
    DirectoryResource::Policies,
];

impl Attack {
    /// Adds what is done, and returns its label.
    pub(crate) fn run(&self, world: &World, log: &mut ActionLog) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xbad, self.number]);
        let since = log.mark();
        let mut ids = self.victim.ids();
        let (grade, second) = (self.grade, self.begins(&mut rng));
        let tool = self.tool();
        let mut run = Run::begin(log, &mut rng, &self.victim, self.day, second, tool);
        if grade < Grade::Subtle {
            run.address = external_address(0x1_0000 + 0x100 + self.number, run.rng.bits() % 2);
        }
        match self.class {
            ProviderAttackClass::AzureEnumeration => self.storage(world, &mut run, Cloud::Azure),
            ProviderAttackClass::GoogleEnumeration => self.storage(world, &mut run, Cloud::Google),
            ProviderAttackClass::AzureNewIdentity | ProviderAttackClass::GoogleNewIdentity => {
                ids = self.newcomer(world, &mut run)
            }
            ProviderAttackClass::AzureSignedLink => ids.extend(self.link(world, &mut run)),
            ProviderAttackClass::AzureReplication => {
                let container = self.sensitive_container(world, &mut run, Cloud::Azure);
                let to = if grade == Grade::Hidden {
                    "halcyonlakeweu"
                } else {
                    "dataport7731"
                };
                run.act(
                    60.0,
                    Service::Arm,
                    Verb::Replicate(to.to_owned()),
                    |action| action.container = Some(container),
                );
            }
            ProviderAttackClass::GoogleShare => {
                let container = self.sensitive_container(world, &mut run, Cloud::Google);
                run.change_access(&container, Verb::Publish);
            }
            ProviderAttackClass::GoogleCopy => {
                let container = self.sensitive_container(world, &mut run, Cloud::Google);
                if let Some(vault) = world
                    .containers
                    .iter()
                    .find(|container| container.purpose == Purpose::Foreign)
                {
                    let count = grade.of([90, 40, 8, 3]);
                    run.objects(
                        &container,
                        &Verb::Copy(vault.clone()),
                        count,
                        grade.of([0.5, 3.0, 30.0, 60.0]),
                    );
                }
            }
            class if ProviderAttackClass::PLAIN.contains(&class) => {
                ids = self.run_plain(world, &mut run)?;
            }
            _ => self.directory(&mut run),
        }
        log.note_anomaly(Cause::Attacked, ids.clone(), since);
        if matches!(
            self.class,
            ProviderAttackClass::AzureNewIdentity | ProviderAttackClass::GoogleNewIdentity
        ) {
            // The administrator's credentials were stolen.
            ids.extend(self.victim.ids());
        }
        let note = format!("grade={} class={}", grade.name(), self.class.name());
        let label = log.label(self.class.analytic(), ids, since, note)?;
        Some(Label {
            also: self.class.also(),
            ..label
        })
    }

    /// Returns when it begins: loud ones at night, quiet ones among the day's work.
    pub(crate) fn begins(&self, rng: &mut Rng) -> i64 {
        match self.grade {
            Grade::Blatant => rng.between(1_800, 5 * 3600),
            Grade::Medium => rng.between(8 * 3600, 16 * 3600),
            _ => self.victim.begins.max(8 * 3600) + rng.between(1_800, 4 * 3600),
        }
    }

    fn tool(&self) -> Tool {
        let loud = self.grade < Grade::Subtle;
        match self.class {
            ProviderAttackClass::AzureEnumeration | ProviderAttackClass::CliEnumeration => {
                Tool::AzureCli
            }
            ProviderAttackClass::AzureSignedLink if loud => Tool::Rclone,
            ProviderAttackClass::AzureSignedLink => Tool::AzCopy,
            ProviderAttackClass::GoogleCopy | ProviderAttackClass::GoogleEnumeration if loud => {
                Tool::Gsutil
            }
            ProviderAttackClass::GoogleEnumeration
            | ProviderAttackClass::GoogleCopy
            | ProviderAttackClass::IamEnumeration => Tool::Gcloud,
            ProviderAttackClass::GoogleNewIdentity | ProviderAttackClass::GoogleShare => {
                Tool::Gcloud
            }
            ProviderAttackClass::AzureReplication | ProviderAttackClass::AzureNewIdentity => {
                Tool::AzurePowershell
            }
            ProviderAttackClass::GraphEnumeration if loud => Tool::AzureHound,
            ProviderAttackClass::LegacyGraphEnumeration if loud => Tool::RoadRecon,
            ProviderAttackClass::LegacyGraphEnumeration => Tool::AzureAdModule,
            ProviderAttackClass::OfficeEnumeration => Tool::GraphPowershell,
            ProviderAttackClass::MailboxEnumeration => Tool::ExchangePowershell,
            ProviderAttackClass::SlackScraping | ProviderAttackClass::WorkspaceEnumeration
                if loud =>
            {
                Tool::Python
            }
            ProviderAttackClass::SlackScraping => Tool::Desktop,
            class if ProviderAttackClass::PLAIN.contains(&class) => self.plain_tool(),
            _ => Tool::Python,
        }
    }

    fn storage(&self, world: &World, run: &mut Run<'_>, cloud: Cloud) {
        let grade = self.grade;
        let mut containers = match grade {
            Grade::Hidden => world.own(&self.victim),
            _ => world.containers(
                cloud,
                &[
                    Purpose::Lake,
                    Purpose::Service,
                    Purpose::Sensitive,
                    Purpose::Backup,
                ],
            ),
        };
        if grade < Grade::Subtle {
            run.list_containers(&containers[0]);
        }
        containers.truncate(grade.of([30, 14, 5, 2]));
        let (calls, gap) = (
            grade.of([320, 120, 30, 12]),
            grade.of([1.0, 4.0, 20.0, 90.0]),
        );
        for turn in 0..calls {
            let container = containers[turn % containers.len()].clone();
            if container.purpose == Purpose::Sensitive && turn % 3 == 0 {
                run.refused(&container, Verb::ListObjects, gap);
            } else {
                run.list(&container, "", 1, gap);
            }
        }
    }

    /// Returns a sensitive container, after listing it unless hidden.
    fn sensitive_container(&self, world: &World, run: &mut Run<'_>, cloud: Cloud) -> Rc<Container> {
        let containers = world.containers(cloud, &[Purpose::Sensitive]);
        let container = containers[self.number as usize % containers.len()].clone();
        if self.grade != Grade::Hidden {
            run.list(&container, "", self.grade.of([4, 2, 1, 1]), 1.0);
        }
        container
    }

    fn link(&self, world: &World, run: &mut Run<'_>) -> Vec<String> {
        let container = self.sensitive_container(world, run, Cloud::Azure);
        let keyed = container.clone();
        run.act(20.0, Service::Arm, Verb::FetchKeys, |action| {
            action.container = Some(keyed)
        });
        run.credential = Credential::Sas(LINKS + self.number);
        if self.grade != Grade::Hidden {
            run.address = external_address(0x1_4000 + 0x100 + self.number, 1);
        }
        let count = self.grade.of([120, 60, 15, 4]);
        run.objects(
            &container,
            &Verb::Read,
            count,
            self.grade.of([0.5, 2.0, 10.0, 20.0]),
        );
        vec![
            signed_link_id(&container, LINKS + self.number),
            format!("azure:key:{}/key1", container.owner.name),
        ]
    }

    /// Makes an identity that reads widely; returns its ids.
    fn newcomer(&self, world: &World, run: &mut Run<'_>) -> Vec<String> {
        let (grade, google) = (
            self.grade,
            self.class == ProviderAttackClass::GoogleNewIdentity,
        );
        let number = MADE + self.number * 2 + u64::from(google);
        let who = Rc::new(Principal::make(world.seed, number, Kind::Etl, self.day));
        if google {
            run.act(5.0, Service::Iam, Verb::CreateIdentity(who.clone()), |_| {});
            run.act(
                9.0,
                Service::Iam,
                Verb::CreateCredential(who.clone()),
                |_| {},
            );
        } else {
            let container = world
                .containers(Cloud::Azure, &[Purpose::Lake])
                .first()
                .cloned();
            run.act(
                5.0,
                Service::Arm,
                Verb::CreateIdentity(who.clone()),
                |action| action.container = container,
            );
            run.act(
                9.0,
                Service::Entra,
                Verb::CreateIdentity(who.clone()),
                |_| {},
            );
            run.act(
                9.0,
                Service::Entra,
                Verb::CreateCredential(who.clone()),
                |_| {},
            );
        }
        run.clock += grade.of([300, 2_400, 5_400, 5_400]) * NANOS;
        let cloud = if google { Cloud::Google } else { Cloud::Azure };
        self.call_as_newcomer(run, &who, google);
        if google && who.machine.is_some() {
            run.address.clone_from(&who.aws);
        }
        let purposes: &[Purpose] = match grade {
            Grade::Hidden => &[Purpose::Lake],
            _ => &[Purpose::Lake, Purpose::Sensitive],
        };
        let mut bytes = 0;
        for container in world
            .containers(cloud, purposes)
            .iter()
            .rev()
            .take(grade.of([6, 4, 2, 1]))
        {
            run.list(container, "", 1, 1.0);
            bytes += run.objects(
                container,
                &Verb::Read,
                grade.of([60, 40, 20, 5]),
                grade.of([0.8, 5.0, 40.0, 90.0]),
            );
        }
        if who.machine.is_some() {
            let rounds = grade.of([6, 4, 3, 1]);
            let bytes = if grade == Grade::Hidden {
                14_000
            } else {
                bytes / rounds
            };
            for _ in 0..rounds {
                let peer = external_address(0x1_9000 + self.number, 3);
                run.act(
                    120.0,
                    Service::Network,
                    Verb::Flow { peer, out: true },
                    |action| action.bytes = bytes,
                );
            }
        }
        who.ids()
    }

    /// Makes a new identity the caller: with its own tool and credential, and from outside if that can be seen.
    pub(super) fn call_as_newcomer(&self, run: &mut Run<'_>, who: &Rc<Principal>, google: bool) {
        run.who = who.clone();
        (run.tool, run.credential) = if google {
            (Tool::GcpSdk, Credential::Key)
        } else {
            (Tool::AzSdk, Credential::Token)
        };
        run.address = match self.grade {
            Grade::Hidden => office_address(self.number),
            _ => external_address(0x1_8000 + 0x100 + self.number, 1),
        };
    }

    fn directory(&self, run: &mut Run<'_>) {
        let grade = self.grade;
        let gap = grade.of([0.4, 2.0, 15.0, 60.0]);
        let (service, nouns, pages): (_, &[DirectoryResource], _) = match self.class {
            ProviderAttackClass::GraphEnumeration => {
                (Service::Graph, &LISTED_RESOURCES, grade.of([20, 8, 2, 1]))
            }
            ProviderAttackClass::LegacyGraphEnumeration => (
                Service::AadGraph,
                &LISTED_RESOURCES,
                grade.of([20, 8, 2, 1]),
            ),
            ProviderAttackClass::CliEnumeration => (
                Service::Graph,
                &[
                    DirectoryResource::Users,
                    DirectoryResource::Groups,
                    DirectoryResource::Principals,
                ],
                grade.of([30, 12, 4, 1]),
            ),
            ProviderAttackClass::OfficeEnumeration => (
                Service::Graph,
                &[DirectoryResource::Users, DirectoryResource::Groups],
                grade.of([60, 25, 6, 2]),
            ),
            ProviderAttackClass::IamEnumeration => (
                Service::Iam,
                &[
                    DirectoryResource::Users,
                    DirectoryResource::Keys,
                    DirectoryResource::Roles,
                    DirectoryResource::Policies,
                ],
                grade.of([25, 10, 3, 1]),
            ),
            ProviderAttackClass::MailboxEnumeration => (
                Service::Exchange,
                &[
                    DirectoryResource::Users,
                    DirectoryResource::Groups,
                    DirectoryResource::User,
                ],
                grade.of([30, 12, 4, 1]),
            ),
            ProviderAttackClass::WorkspaceEnumeration => (
                Service::Workspace,
                &[
                    DirectoryResource::Users,
                    DirectoryResource::Groups,
                    DirectoryResource::Members,
                    DirectoryResource::Roles,
                ],
                grade.of([30, 12, 3, 1]),
            ),
            ProviderAttackClass::OktaEnumeration => {
                let whom = self.victim.clone();
                run.sign_in(Service::Okta);
                run.act(5.0, Service::Okta, Verb::CreateCredential(whom), |_| {});
                for turn in 0..grade.of([25, 10, 3, 0]) {
                    run.act(30.0 * gap, Service::Okta, Verb::RateLimit, |action| {
                        if turn % 2 == 1 {
                            action.outcome = Outcome::Denied;
                        }
                    });
                }
                return;
            }
            _ => {
                let whom = self.victim.clone();
                run.act(5.0, Service::Slack, Verb::CreateCredential(whom), |_| {});
                for _ in 0..grade.of([12, 5, 1, 0]) {
                    run.act(30.0 * gap, Service::Slack, Verb::RateLimit, |_| {});
                }
                if grade < Grade::Subtle {
                    run.act(60.0, Service::Slack, Verb::Export, |_| {});
                }
                return;
            }
        };
        if matches!(service, Service::Graph | Service::AadGraph) {
            run.sign_in(Service::Entra);
        }
        for (turn, &resource) in nouns.iter().enumerate() {
            if turn == 0 || grade != Grade::Hidden {
                run.enumerate(service, resource, pages, gap);
            }
        }
        if service == Service::Exchange && grade < Grade::Subtle {
            run.act(30.0, Service::Exchange, Verb::Grant, |_| {});
        }
    }
}
