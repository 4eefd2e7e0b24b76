//! Decoys at other providers: legitimate work that resembles an attack.

use std::rc::Rc;

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::attack_actions::LISTED_RESOURCES;
use crate::simulate::activity::other_providers::plain_actions::create;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::activity::other_providers::settings::elsewhere;
use crate::simulate::activity::other_providers::upkeep::test_account;
use crate::simulate::model::format::Format;
use crate::simulate::model::label::Label;
use crate::simulate::model::other_providers::action::{DirectoryResource, Service, Verb};
use crate::simulate::model::other_providers::container::{Cloud, Purpose};
use crate::simulate::model::other_providers::principal::{Kind, Principal};
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

/// Newcomers that are none of attackers are numbered from here.
const NEWCOMERS: u64 = 0x4_0000;

/// What resembles an attack and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decoy {
    /// An administrator goes through all roles and their members, as every quarter.
    AccessReview,
    /// A new connector reads the whole Workspace directory for the first time.
    Connector,
    /// A team's containers move to another project.
    Migration,
    /// A person reads contracts in bulk for a lawsuit.
    LegalRequest,
    /// A backup that grows every day, and now and then reads everything.
    GrowingBackup,
    /// An analyst works through a larger folder of its own.
    LargeFolder,
    /// A machine sends what it sends every day.
    UsualUpload,
    /// Deployments clean up, and old data is deleted, as ever.
    Cleanup,
    /// Settings of logs are put again by infrastructure code.
    LoggingAsCode,
    /// A team begins to work in a new region.
    RegionRollout,
    /// A new service account lists a few buckets on its first day.
    CuriousNewcomer,
    /// A service account for tests is deleted and made again, as every night.
    RemadeTestAccount,
    /// An administrator gives an approved application its scopes.
    ApprovedGrant,
    /// An administrator gives an approved app its scopes.
    ApprovedApp,
}

impl Decoy {
    /// All decoys.
    pub(crate) const ALL: [Self; 4] = [
        Self::AccessReview,
        Self::Connector,
        Self::Migration,
        Self::LegalRequest,
    ];

    /// What is planted beside them in the larger attack set.
    pub(crate) const PLAIN: [Self; 10] = [
        Self::GrowingBackup,
        Self::LargeFolder,
        Self::UsualUpload,
        Self::Cleanup,
        Self::LoggingAsCode,
        Self::RegionRollout,
        Self::CuriousNewcomer,
        Self::RemadeTestAccount,
        Self::ApprovedGrant,
        Self::ApprovedApp,
    ];

    /// Returns the analytic that must not be raised, and why not.
    fn note(self) -> (&'static str, &'static str) {
        match self {
            Self::AccessReview => ("AN1087", "an access review by an administrator"),
            Self::Connector => ("AN1090", "the first run of an approved connector"),
            Self::Migration => ("AN0370", "a migration between our own containers"),
            Self::LegalRequest => ("AN1594", "a lawyer's request for everything of a case"),
            Self::GrowingBackup => (
                "ACCESS-SPIKE",
                "a backup that grows every day and now and then reads everything",
            ),
            Self::LargeFolder => (
                "ACCESS-SPIKE",
                "an analyst works through a larger folder of its own",
            ),
            Self::UsualUpload => ("EGRESS-SPIKE", "a machine sends what it sends every day"),
            Self::Cleanup => (
                "DELETE-SPIKE",
                "deployments clean up and old data is deleted, as ever",
            ),
            Self::LoggingAsCode => (
                "LOG-BLINDED",
                "infrastructure code puts the same settings, as every night",
            ),
            Self::RegionRollout => ("UNUSUAL-REGION", "a team begins to work in a new region"),
            Self::CuriousNewcomer => (
                "AN1594",
                "a new service account lists a few buckets on its first day",
            ),
            Self::RemadeTestAccount => (
                "AN1328",
                "a service account for tests is deleted and made again, as every night",
            ),
            Self::ApprovedGrant => (
                "AN1087",
                "an administrator gives an approved application its scopes",
            ),
            Self::ApprovedApp => (
                "AN1090",
                "an administrator gives an approved app its scopes",
            ),
        }
    }

    /// Returns whether records of one of these formats show it.
    pub(crate) fn is_seen_in(self, formats: &[Format]) -> bool {
        let shown_by: &[Format] = match self {
            Self::AccessReview => &[Format::EntraGraph],
            Self::Connector => &[Format::Workspace],
            Self::Migration => &[Format::AzureStorage, Format::GcpAudit],
            Self::LegalRequest | Self::RegionRollout => &[Format::AzureStorage],
            Self::GrowingBackup | Self::LargeFolder | Self::Cleanup => {
                &[Format::AzureStorage, Format::GcpAudit]
            }
            Self::UsualUpload => &[Format::GcpFlow],
            Self::LoggingAsCode => &[Format::AzureActivity, Format::GcpAudit],
            Self::CuriousNewcomer | Self::RemadeTestAccount => &[Format::GcpAudit],
            Self::ApprovedGrant => &[Format::EntraAudit],
            Self::ApprovedApp => &[Format::Slack],
        };
        shown_by.iter().any(|format| formats.contains(format))
    }

    /// Adds what is done on a day, and returns its note.
    pub(crate) fn run(self, world: &World, day: Day, log: &mut ActionLog) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xdec0, day.0 as u64, self as u64]);
        let since = log.mark();
        if Self::PLAIN.contains(&self) {
            let ids = self.run_plain(world, day, &mut rng, log)?;
            let (analytic, note) = self.note();
            let note = format!("decoy={self:?} {note}");
            let midnight = day.start().secs();
            return match log.mark() == since {
                // Habits need no records of their own; their day is what an evaluation looks at.
                true => Some(Label::new(
                    analytic,
                    ids,
                    (midnight, midnight + 86_399),
                    note,
                )),
                false => log.label(analytic, ids, since, note),
            };
        }
        let kind = match self {
            Self::AccessReview => Kind::Admin,
            Self::Connector => Kind::HrSync,
            Self::Migration => Kind::Backup,
            _ => Kind::Analyst,
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
        let mut run = Run::begin(log, &mut rng, &who, day, second, tool);
        match self {
            Self::AccessReview => {
                for resource in LISTED_RESOURCES {
                    run.enumerate(Service::Graph, resource, 4, 20.0);
                }
            }
            Self::Connector => {
                for resource in [
                    DirectoryResource::Users,
                    DirectoryResource::Groups,
                    DirectoryResource::Members,
                ] {
                    run.enumerate(Service::Workspace, resource, 14, 1.0);
                }
            }
            Self::Migration => {
                let from = world
                    .containers(who.cloud(), &[Purpose::Lake])
                    .last()
                    .cloned()?;
                let to = world
                    .containers(who.cloud(), &[Purpose::Backup])
                    .first()
                    .cloned()?;
                run.list(&from, "", 2, 1.0);
                run.objects(&from, &Verb::Copy(to), 90, 2.0);
            }
            _ => {
                let container = world
                    .containers(Cloud::Azure, &[Purpose::Sensitive])
                    .first()
                    .cloned()?;
                run.tool = Tool::StorageExplorer;
                run.list(&container, "", 6, 4.0);
                run.objects(&container, &Verb::Read, 40, 12.0);
            }
        }
        let (analytic, note) = self.note();
        log.label(analytic, who.ids(), since, note.to_owned())
    }

    /// Adds what is done in a plain decoy, if it has records of its own; returns the ids of who did it.
    fn run_plain(
        self,
        world: &World,
        day: Day,
        rng: &mut Rng,
        log: &mut ActionLog,
    ) -> Option<Vec<String>> {
        let upkeep = || {
            let all = world.upkeep.iter().filter(|who| who.kind == Kind::Upkeep);
            all.flat_map(|who| who.ids()).collect()
        };
        match self {
            Self::LargeFolder => {
                let who = world.here(Kind::Analyst, day).next()?;
                let tool = match who.is_at_google() {
                    true => [Tool::Gcloud, Tool::Gsutil, Tool::GcpSdk],
                    false => [Tool::StorageExplorer, Tool::AzureCli, Tool::AzSdk],
                };
                let tool = tool[who.number as usize / 2 % 3];
                let mut run = Run::begin(log, rng, who, day, 9 * 3_600, tool);
                let own = world.own(who);
                run.list(&own[0], "", 3, 10.0);
                run.objects(&own[0], &Verb::Read, 110, 90.0);
                Some(who.ids())
            }
            Self::UsualUpload => {
                let mut all = world.here(Kind::Etl, day);
                Some(all.find(|who| who.machine.is_some())?.ids())
            }
            Self::RegionRollout => {
                let container = elsewhere(Cloud::Azure);
                let team = world
                    .here(Kind::Developer, day)
                    .filter(|who| !who.is_at_google());
                let mut ids = Vec::new();
                for (place, who) in team.take(4).enumerate() {
                    let second = who.begins + 900;
                    let mut run = Run::begin(log, rng, who, day, second, Tool::AzureCli);
                    if place == 0 {
                        run.manage(&container, Verb::MakeContainer, 5.0);
                    }
                    run.objects(&container, &Verb::Write, 4, 30.0);
                    run.list(&container, "", 1, 20.0);
                    run.objects(&container, &Verb::Read, 3, 30.0);
                    ids.extend(who.ids());
                }
                (!ids.is_empty()).then_some(ids)
            }
            Self::CuriousNewcomer => {
                let admin = world
                    .here(Kind::Admin, day)
                    .find(|who| who.is_at_google())?;
                let number = NEWCOMERS + 2 * day.0 as u64 + 1;
                let who = Rc::new(Principal::make(world.seed, number, Kind::Bot, day));
                let mut run = Run::begin(log, rng, admin, day, 9 * 3_600, Tool::Gcloud);
                create(world, &mut run, &who);
                let mut run = Run::begin(log, rng, &who, day, 11 * 3_600, Tool::GcpSdk);
                let lakes = world.containers(Cloud::Google, &[Purpose::Lake]);
                run.list_containers(&lakes[0]);
                for container in lakes.iter().take(4) {
                    run.list(container, "", 2, 60.0);
                    run.objects(container, &Verb::Read, 2, 60.0);
                }
                Some(who.ids())
            }
            Self::RemadeTestAccount => Some(test_account(world.seed, day).ids()),
            Self::ApprovedGrant | Self::ApprovedApp => {
                let (service, kind) = match self {
                    Self::ApprovedGrant => (Service::Entra, Kind::HrSync),
                    _ => (Service::Slack, Kind::Bot),
                };
                let admin = world.here(Kind::Admin, day).next()?;
                let app = world.here(kind, day).next()?.clone();
                let mut run = Run::begin(log, rng, admin, day, 10 * 3_600, Tool::Browser);
                run.act(20.0, service, Verb::GrantScope(app), |_| {});
                Some(admin.ids())
            }
            _ => Some(upkeep()),
        }
    }
}
