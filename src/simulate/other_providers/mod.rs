//! The company abroad: Azure, Entra, Microsoft 365, Google Cloud, Workspace, Okta and Slack, in each one's own logs.
//!
//! What happens is decided first, as [`deed::Deed`]s in words that no provider uses; then every format that would have a
//! record of a deed gets one from its writer. A writer also tells what the record says in normalised words, from the
//! deed and not from the record, so that a reader can be held to it.

mod action;
mod action_log;
mod arm;
mod attack;
mod attack_actions;
mod azure;
mod container;
mod decoy;
mod entra;
mod files;
mod format;
mod gcp;
mod gcp_iam;
mod gcp_traffic;
mod graph;
mod m365;
mod machines;
mod okta;
mod people;
mod principal;
mod slack;
mod tool;
mod workspace;
mod world;

use crate::simulate::Options;
use crate::simulate::anomaly::BenignAnomaly;
use crate::simulate::label::Label;
use crate::time::Day;

use action::{Action, Service};
use action_log::ActionLog;
use world::World;

pub(super) use files::{DayFiles, ExpectedEvent, FileLayout, WriteStats};
pub use format::Format;

/// What the owners know of their containers abroad, in the words of `plimsoll.toml`.
pub(super) const SETTINGS: &str = "
[[sensitive]]
bucket = \"azure:halcyonlegaleus/contracts\"
owner = \"legal@halcyon.example\"

[[sensitive]]
bucket = \"azure:halcyonlegaleus/litigation-holds\"
owner = \"legal@halcyon.example\"

[[sensitive]]
bucket = \"gcp:halcyon-customer-papers\"
owner = \"compliance@halcyon.example\"

[[sensitive]]
bucket = \"gcp:halcyon-ledgers\"
owner = \"finance@halcyon.example\"
";

/// Returns the accounts abroad that are the company's own, as `plimsoll.toml` names them.
pub(super) fn accounts() -> impl Iterator<Item = String> {
    let tenants = [
        format!("entra:{}", container::TENANT),
        format!("m365:{}", container::TENANT),
        format!("gworkspace:{}", container::CUSTOMER),
        format!("okta:{}", container::OKTA),
        format!("slack:{}", container::SLACK),
    ];
    let subscriptions = container::SUBSCRIPTIONS
        .iter()
        .map(|id| format!("azure:{id}"));
    let owners = container::OWNERS.iter().map(|owner| match owner.cloud {
        container::Cloud::Azure => format!("azure:{}", owner.name),
        container::Cloud::Google => format!("gcp:{}", owner.name),
    });
    subscriptions.chain(owners).chain(tenants)
}

/// Returns the provider in whose logs an attack of a class is seen.
pub(super) fn provider_of(class: &str) -> Option<&'static str> {
    attack::ProviderAttackClass::provider_of(class)
}

/// The company abroad, and what is planned there.
pub(super) struct OtherEstate {
    world: World,
    formats: Vec<Format>,
    attacks: Vec<attack::Attack>,
    decoys: Vec<(Day, decoy::Decoy)>,
}

/// What a day abroad came to, beside its records.
#[derive(Default)]
pub(super) struct DayNotes {
    pub(super) labels: Vec<Label>,
    pub(super) decoys: Vec<Label>,
    pub(super) anomalies: Vec<BenignAnomaly>,
}

impl OtherEstate {
    /// Founds the company abroad; everything follows from the seed.
    pub(super) fn found(options: &Options, span: Option<(Day, Day)>) -> Self {
        let world = World {
            seed: options.seed,
            start: options.start,
            scale: options.scale,
            containers: container::containers(options.seed, options.identities),
            population: principal::population(
                options.seed,
                options.identities,
                options.start,
                options.days,
            ),
        };
        let attacks = span.map_or_else(Vec::new, |span| {
            attack::plan(&world, span, options.attack_rounds, &options.grades)
        });
        let decoys = span
            .filter(|_| options.decoys)
            .map_or_else(Vec::new, |(from, last)| {
                let days = i64::from(last.since(from)) + 1;
                let all = decoy::Decoy::ALL;
                let day = |place: usize| from.plus((place as i64 * days / all.len() as i64) as i32);
                all.iter()
                    .enumerate()
                    .map(|(place, &decoy)| (day(place), decoy))
                    .collect()
            });
        Self {
            world,
            formats: options.formats.clone(),
            attacks,
            decoys,
        }
    }

    /// Returns how many work there.
    pub(super) fn identities(&self) -> usize {
        self.world.population.len()
    }

    /// Lives a day, and writes it.
    pub(super) fn day(&self, day: Day, files: &mut DayFiles) -> DayNotes {
        let mut log = ActionLog::default();
        machines::anonymous_reads(&self.world, day, &mut log);
        for who in self.world.population.iter().filter(|who| who.joins <= day) {
            if who.is_person() {
                people::write_day(&self.world, who, day, &mut log);
            } else {
                machines::run(&self.world, who, day, &mut log);
            }
        }
        let mut notes = DayNotes::default();
        for attack in self.attacks.iter().filter(|attack| attack.day == day) {
            notes.labels.extend(attack.run(&self.world, &mut log));
        }
        for (_, decoy) in self.decoys.iter().filter(|(on, _)| *on == day) {
            notes.decoys.extend(decoy.run(&self.world, day, &mut log));
        }
        notes.anomalies = std::mem::take(&mut log.anomalies);
        log.actions.sort_by_key(|action| action.at); // equal instants stay in order of generation
        for action in &log.actions {
            self.write(action, files);
        }
        notes
    }

    /// Writes a deed in every format that has a record of it.
    fn write(&self, action: &Action, out: &mut DayFiles) {
        let mut hand = |format: Format, write: fn(&Action, &mut DayFiles)| {
            if self.formats.contains(&format) {
                write(action, out);
            }
        };
        match action.service {
            Service::Blob => hand(Format::AzureStorage, azure::write),
            Service::Gcs => {
                hand(Format::GcpAudit, gcp::write);
                hand(Format::GcpUsage, gcp_traffic::usage);
            }
            Service::Iam => hand(Format::GcpAudit, gcp::write),
            Service::Network => hand(Format::GcpFlow, gcp_traffic::flow),
            Service::Arm => hand(Format::AzureActivity, arm::write),
            Service::Entra => {
                hand(Format::EntraSignIn, entra::sign_in);
                hand(Format::EntraAudit, entra::audit);
                hand(Format::M365, m365::write);
            }
            Service::Graph => hand(Format::EntraGraph, graph::write),
            Service::AadGraph => hand(Format::EntraAadGraph, graph::write_legacy),
            Service::SharePoint | Service::Exchange => hand(Format::M365, m365::write),
            Service::Okta => hand(Format::Okta, okta::write),
            Service::Workspace => hand(Format::Workspace, workspace::write),
            Service::Slack => hand(Format::Slack, slack::write),
        }
    }
}

#[cfg(test)]
mod tests;
