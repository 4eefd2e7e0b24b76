//! Decoys at other providers: legitimate work that resembles an attack.

use crate::simulate::activity::other_providers::action_log::ActionLog;
use crate::simulate::activity::other_providers::attack_actions::LISTED_RESOURCES;
use crate::simulate::activity::other_providers::run::Run;
use crate::simulate::model::format::Format;
use crate::simulate::model::label::Label;
use crate::simulate::model::other_providers::action::{DirectoryResource, Service, Verb};
use crate::simulate::model::other_providers::container::{Cloud, Purpose};
use crate::simulate::model::other_providers::principal::Kind;
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::model::other_providers::world::World;
use crate::simulate::model::random::Rng;
use crate::time::Day;

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
}

impl Decoy {
    /// All decoys.
    pub(crate) const ALL: [Self; 4] = [
        Self::AccessReview,
        Self::Connector,
        Self::Migration,
        Self::LegalRequest,
    ];

    /// Returns the analytic that must not be raised, and why not.
    fn note(self) -> (&'static str, &'static str) {
        match self {
            Self::AccessReview => ("AN1087", "an access review by an administrator"),
            Self::Connector => ("AN1090", "the first run of an approved connector"),
            Self::Migration => ("AN0370", "a migration between our own containers"),
            Self::LegalRequest => ("AN1594", "a lawyer's request for everything of a case"),
        }
    }

    /// Returns whether records of one of these formats show it.
    pub(crate) fn is_seen_in(self, formats: &[Format]) -> bool {
        let shown_by: &[Format] = match self {
            Self::AccessReview => &[Format::EntraGraph],
            Self::Connector => &[Format::Workspace],
            Self::Migration => &[Format::AzureStorage, Format::GcpAudit],
            Self::LegalRequest => &[Format::AzureStorage],
        };
        shown_by.iter().any(|format| formats.contains(format))
    }

    /// Adds what is done on a day, and returns its note.
    pub(crate) fn run(self, world: &World, day: Day, log: &mut ActionLog) -> Option<Label> {
        let mut rng = Rng::of(world.seed, &[0xab0, 0xdec0, day.0 as u64, self as u64]);
        let since = log.mark();
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
            Self::LegalRequest => {
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
}
