//! What attackers abroad do, and how loudly in each grade; and what decoys do.

use std::rc::Rc;

use crate::simulate::attack::Grade;
use crate::simulate::estate::{external_address, office_address};
use crate::simulate::label::Label;
use crate::simulate::oddity::Cause;
use crate::simulate::random::Rng;
use crate::time::Day;

use super::attack::{Attack, Decoy, Scheme};
use super::azure::sas_id;
use super::deed::{Noun, Outcome, Proof, Service, Verb};
use super::diary::{Diary, Stint};
use super::party::{Kind, Party};
use super::place::{Cloud, Purpose, Store};
use super::tool::Tool;
use super::world::World;

/// The first number of identities that are made for attacks.
const MADE: u64 = 0x1_0000;
/// The first number of links that are made for attacks.
const LINKS: u64 = 0x2_0000;

/// Everything that a directory can be asked for.
const EVERYTHING: [Noun; 9] = [
    Noun::Users,
    Noun::Groups,
    Noun::Members,
    Noun::Roles,
    Noun::RoleMembers,
    Noun::Principals,
    Noun::Applications,
    Noun::Devices,
    Noun::Policies,
];

impl Attack {
    /// Adds what is done, and returns its label.
    pub(super) fn run(&self, world: &World, diary: &mut Diary) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xbad, self.number]);
        let since = diary.mark();
        let mut ids = self.victim.ids();
        let (grade, second) = (self.grade, self.begins(&mut rng));
        let tool = self.tool();
        let mut stint = world.stint(diary, &mut rng, &self.victim, self.day, second, tool);
        if grade < Grade::Subtle {
            stint.address = external_address(0x1_0000 + 0x100 + self.number, stint.rng.bits() % 2);
        }
        match self.scheme {
            Scheme::AzureEnumeration => self.storage(world, &mut stint, Cloud::Azure),
            Scheme::GoogleEnumeration => self.storage(world, &mut stint, Cloud::Google),
            Scheme::AzureNewcomer | Scheme::GoogleNewcomer => {
                ids = self.newcomer(world, &mut stint)
            }
            Scheme::AzureLink => ids.extend(self.link(world, &mut stint)),
            Scheme::AzureReplication => {
                let store = self.prize(world, &mut stint, Cloud::Azure);
                let to = if grade == Grade::Hidden {
                    "halcyonlakeweu"
                } else {
                    "dataport7731"
                };
                stint.act(60.0, Service::Arm, Verb::Forward(to.to_owned()), |deed| {
                    deed.store = Some(store)
                });
            }
            Scheme::GoogleShare => {
                let store = self.prize(world, &mut stint, Cloud::Google);
                stint.give_away(&store, Verb::Publish);
            }
            Scheme::GoogleCopy => {
                let store = self.prize(world, &mut stint, Cloud::Google);
                if let Some(vault) = world
                    .stores
                    .iter()
                    .find(|store| store.purpose == Purpose::Foreign)
                {
                    let count = grade.of([90, 40, 8, 3]);
                    stint.objects(
                        &store,
                        &Verb::Copy(vault.clone()),
                        count,
                        grade.of([0.5, 3.0, 30.0, 60.0]),
                    );
                }
            }
            _ => self.directory(&mut stint),
        }
        diary.odd(Cause::Attacked, ids.clone(), since);
        let note = format!("grade={} class={}", grade.name(), self.scheme.name());
        diary.label(self.scheme.analytic(), ids, since, note)
    }

    /// Returns when it begins: loud ones at night, quiet ones among the day's work.
    fn begins(&self, rng: &mut Rng) -> i64 {
        match self.grade {
            Grade::Blatant => rng.between(1_800, 5 * 3600),
            Grade::Medium => rng.between(8 * 3600, 16 * 3600),
            _ => self.victim.begins.max(8 * 3600) + rng.between(1_800, 4 * 3600),
        }
    }

    fn tool(&self) -> Tool {
        let loud = self.grade < Grade::Subtle;
        match self.scheme {
            Scheme::AzureEnumeration | Scheme::CliEnumeration => Tool::AzureCli,
            Scheme::AzureLink if loud => Tool::Rclone,
            Scheme::AzureLink => Tool::AzCopy,
            Scheme::GoogleCopy | Scheme::GoogleEnumeration if loud => Tool::Gsutil,
            Scheme::GoogleEnumeration | Scheme::GoogleCopy | Scheme::IamEnumeration => Tool::Gcloud,
            Scheme::GoogleNewcomer | Scheme::GoogleShare => Tool::Gcloud,
            Scheme::AzureReplication | Scheme::AzureNewcomer => Tool::AzurePowershell,
            Scheme::GraphEnumeration if loud => Tool::AzureHound,
            Scheme::OlderGraphEnumeration if loud => Tool::RoadRecon,
            Scheme::OlderGraphEnumeration => Tool::AzureAdModule,
            Scheme::OfficeEnumeration => Tool::GraphPowershell,
            Scheme::MailboxEnumeration => Tool::ExchangePowershell,
            Scheme::SlackScraping | Scheme::WorkspaceEnumeration if loud => Tool::Python,
            Scheme::SlackScraping => Tool::Desktop,
            _ => Tool::Python,
        }
    }

    fn storage(&self, world: &World, stint: &mut Stint<'_>, cloud: Cloud) {
        let grade = self.grade;
        let mut stores = match grade {
            Grade::Hidden => world.own(&self.victim),
            _ => world.stores(
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
            stint.shelves(&stores[0]);
        }
        stores.truncate(grade.of([30, 14, 5, 2]));
        let (calls, gap) = (
            grade.of([320, 120, 30, 12]),
            grade.of([1.0, 4.0, 20.0, 90.0]),
        );
        for turn in 0..calls {
            let store = stores[turn % stores.len()].clone();
            if store.purpose == Purpose::Sensitive && turn % 3 == 0 {
                stint.refused(&store, Verb::List, gap);
            } else {
                stint.list(&store, "", 1, gap);
            }
        }
    }

    /// Returns a sensitive container, after a look at it unless hidden.
    fn prize(&self, world: &World, stint: &mut Stint<'_>, cloud: Cloud) -> Rc<Store> {
        let stores = world.stores(cloud, &[Purpose::Sensitive]);
        let store = stores[self.number as usize % stores.len()].clone();
        if self.grade != Grade::Hidden {
            stint.list(&store, "", self.grade.of([4, 2, 1, 1]), 1.0);
        }
        store
    }

    fn link(&self, world: &World, stint: &mut Stint<'_>) -> Vec<String> {
        let store = self.prize(world, stint, Cloud::Azure);
        let keyed = store.clone();
        stint.act(20.0, Service::Arm, Verb::Keys, |deed| {
            deed.store = Some(keyed)
        });
        stint.proof = Proof::Sas(LINKS + self.number);
        if self.grade != Grade::Hidden {
            stint.address = external_address(0x1_4000 + 0x100 + self.number, 1);
        }
        let count = self.grade.of([120, 60, 15, 4]);
        stint.objects(
            &store,
            &Verb::Read,
            count,
            self.grade.of([0.5, 2.0, 10.0, 20.0]),
        );
        vec![
            sas_id(&store, LINKS + self.number),
            format!("azure:key:{}/key1", store.owner.name),
        ]
    }

    /// Makes an identity that reads widely; returns its ids.
    fn newcomer(&self, world: &World, stint: &mut Stint<'_>) -> Vec<String> {
        let (grade, google) = (self.grade, self.scheme == Scheme::GoogleNewcomer);
        let number = MADE + self.number * 2 + u64::from(google);
        let who = Rc::new(Party::make(world.seed, number, Kind::Etl, self.day));
        if google {
            stint.act(5.0, Service::Iam, Verb::Create(who.clone()), |_| {});
            stint.act(9.0, Service::Iam, Verb::Credential(who.clone()), |_| {});
        } else {
            let store = world
                .stores(Cloud::Azure, &[Purpose::Lake])
                .first()
                .cloned();
            stint.act(5.0, Service::Arm, Verb::Create(who.clone()), |deed| {
                deed.store = store
            });
            stint.act(9.0, Service::Entra, Verb::Create(who.clone()), |_| {});
            stint.act(9.0, Service::Entra, Verb::Credential(who.clone()), |_| {});
        }
        stint.clock += grade.of([300, 2_400, 5_400, 5_400]) * super::deed::NANOS;
        let cloud = if google { Cloud::Google } else { Cloud::Azure };
        stint.who = who.clone();
        stint.tool = if google { Tool::GcpSdk } else { Tool::AzSdk };
        stint.proof = if google { Proof::Key } else { Proof::Token };
        stint.address = match grade {
            Grade::Hidden => office_address(self.number),
            _ => external_address(0x1_8000 + 0x100 + self.number, 1),
        };
        if google && who.machine.is_some() {
            stint.address.clone_from(&who.home);
        }
        let purposes: &[Purpose] = match grade {
            Grade::Hidden => &[Purpose::Lake],
            _ => &[Purpose::Lake, Purpose::Sensitive],
        };
        let mut bytes = 0;
        for store in world
            .stores(cloud, purposes)
            .iter()
            .rev()
            .take(grade.of([6, 4, 2, 1]))
        {
            stint.list(store, "", 1, 1.0);
            bytes += stint.objects(
                store,
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
                stint.act(
                    120.0,
                    Service::Network,
                    Verb::Flow { peer, out: true },
                    |deed| deed.bytes = bytes,
                );
            }
        }
        who.ids()
    }

    fn directory(&self, stint: &mut Stint<'_>) {
        let grade = self.grade;
        let gap = grade.of([0.4, 2.0, 15.0, 60.0]);
        let (service, nouns, pages): (_, &[Noun], _) = match self.scheme {
            Scheme::GraphEnumeration => (Service::Graph, &EVERYTHING, grade.of([20, 8, 2, 1])),
            Scheme::OlderGraphEnumeration => {
                (Service::AadGraph, &EVERYTHING, grade.of([20, 8, 2, 1]))
            }
            Scheme::CliEnumeration => (
                Service::Graph,
                &[Noun::Users, Noun::Groups, Noun::Principals],
                grade.of([30, 12, 4, 1]),
            ),
            Scheme::OfficeEnumeration => (
                Service::Graph,
                &[Noun::Users, Noun::Groups],
                grade.of([60, 25, 6, 2]),
            ),
            Scheme::IamEnumeration => (
                Service::Iam,
                &[Noun::Users, Noun::Keys, Noun::Roles, Noun::Policies],
                grade.of([25, 10, 3, 1]),
            ),
            Scheme::MailboxEnumeration => (
                Service::Exchange,
                &[Noun::Users, Noun::Groups, Noun::User],
                grade.of([30, 12, 4, 1]),
            ),
            Scheme::WorkspaceEnumeration => (
                Service::Workspace,
                &[Noun::Users, Noun::Groups, Noun::Members, Noun::Roles],
                grade.of([30, 12, 3, 1]),
            ),
            Scheme::OktaEnumeration => {
                let whom = self.victim.clone();
                stint.sign_in(Service::Okta);
                stint.act(5.0, Service::Okta, Verb::Credential(whom), |_| {});
                for turn in 0..grade.of([25, 10, 3, 0]) {
                    stint.act(30.0 * gap, Service::Okta, Verb::RateLimit, |deed| {
                        if turn % 2 == 1 {
                            deed.outcome = Outcome::Denied;
                        }
                    });
                }
                return;
            }
            _ => {
                let whom = self.victim.clone();
                stint.act(5.0, Service::Slack, Verb::Credential(whom), |_| {});
                for _ in 0..grade.of([12, 5, 1, 0]) {
                    stint.act(30.0 * gap, Service::Slack, Verb::RateLimit, |_| {});
                }
                if grade < Grade::Subtle {
                    stint.act(60.0, Service::Slack, Verb::Export, |_| {});
                }
                return;
            }
        };
        if matches!(service, Service::Graph | Service::AadGraph) {
            stint.sign_in(Service::Entra);
        }
        for (turn, &noun) in nouns.iter().enumerate() {
            if turn == 0 || grade != Grade::Hidden {
                stint.enumerate(service, noun, pages, gap);
            }
        }
        if service == Service::Exchange && grade < Grade::Subtle {
            stint.act(30.0, Service::Exchange, Verb::Share, |_| {});
        }
    }
}

impl Decoy {
    /// Adds what is done on a day, and returns its note.
    pub(super) fn run(self, world: &World, day: Day, diary: &mut Diary) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xdec0, day.0 as u64, self as u64]);
        let since = diary.mark();
        let kind = match self {
            Self::AccessReview => Kind::Admin,
            Self::Connector => Kind::HrSync,
            Self::Migration => Kind::Backup,
            Self::LegalRequest => Kind::Analyst,
        };
        let who = world
            .here(kind, day)
            .find(|who| self != Self::LegalRequest || !who.is_at_google())?
            .clone();
        let second = 9 * 3600 + rng.between(0, 5 * 3600);
        let tool = if self == Self::AccessReview {
            Tool::Portal
        } else {
            Tool::Python
        };
        let mut stint = world.stint(diary, &mut rng, &who, day, second, tool);
        match self {
            Self::AccessReview => {
                for noun in EVERYTHING {
                    stint.enumerate(Service::Graph, noun, 4, 20.0);
                }
            }
            Self::Connector => {
                for noun in [Noun::Users, Noun::Groups, Noun::Members] {
                    stint.enumerate(Service::Workspace, noun, 14, 1.0);
                }
            }
            Self::Migration => {
                let cloud = if who.is_at_google() {
                    Cloud::Google
                } else {
                    Cloud::Azure
                };
                let from = world.stores(cloud, &[Purpose::Lake]).last().cloned()?;
                let to = world.stores(cloud, &[Purpose::Backup]).first().cloned()?;
                stint.list(&from, "", 2, 1.0);
                stint.objects(&from, &Verb::Copy(to), 90, 2.0);
            }
            Self::LegalRequest => {
                let store = world
                    .stores(Cloud::Azure, &[Purpose::Sensitive])
                    .first()
                    .cloned()?;
                stint.tool = Tool::StorageExplorer;
                stint.list(&store, "", 6, 4.0);
                stint.objects(&store, &Verb::Read, 40, 12.0);
            }
        }
        let (analytic, note) = self.words();
        diary.label(analytic, who.ids(), since, note.to_owned())
    }
}
