//! The plan of attacks abroad: which scheme in which grade, on which day, by whose credentials.

use std::rc::Rc;

use crate::simulate::attack::Grade;
use crate::simulate::random::Rng;
use crate::time::Day;

use super::principal::{Kind, Principal};
use super::world::World;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProviderAttackClass {
    /// Containers of storage accounts are listed.
    AzureEnumeration,
    /// Buckets are listed.
    GoogleEnumeration,
    /// A managed identity is made, reads much, and from outside.
    AzureNewIdentity,
    /// A service account is made, reads much, and its machine sends it out.
    GoogleNewIdentity,
    /// Keys are fetched, and a sensitive container is read outside by a signed link.
    AzureSignedLink,
    /// A sensitive container is replicated to somebody else's account.
    AzureReplication,
    /// Sensitive objects are copied to somebody else's bucket.
    GoogleCopy,
    /// A sensitive bucket is opened to everyone.
    GoogleShare,
    /// An automation account reads roles and people through Microsoft Graph.
    GraphEnumeration,
    /// The older graph is read by a tool of attackers.
    LegacyGraphEnumeration,
    /// A token is made in Okta, and used until limits warn.
    OktaEnumeration,
    /// Service accounts, their keys and roles are listed.
    IamEnumeration,
    /// People and groups are listed with the Azure CLI, by a developer.
    CliEnumeration,
    /// People are listed through Graph from a session at an unknown place.
    OfficeEnumeration,
    /// Mailboxes are listed by a hybrid Exchange's cmdlets.
    MailboxEnumeration,
    /// The Directory API is read by an application.
    WorkspaceEnumeration,
    /// An app is installed, and calls more than anybody should.
    SlackScraping,
}

impl ProviderAttackClass {
    /// All schemes, in order of their analytics.
    pub(super) const ALL: [Self; 17] = [
        Self::AzureEnumeration,
        Self::GoogleEnumeration,
        Self::AzureNewIdentity,
        Self::GoogleNewIdentity,
        Self::AzureSignedLink,
        Self::AzureReplication,
        Self::GoogleCopy,
        Self::GoogleShare,
        Self::GraphEnumeration,
        Self::LegacyGraphEnumeration,
        Self::OktaEnumeration,
        Self::IamEnumeration,
        Self::CliEnumeration,
        Self::OfficeEnumeration,
        Self::MailboxEnumeration,
        Self::WorkspaceEnumeration,
        Self::SlackScraping,
    ];

    /// Returns the scheme as labels write it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AzureEnumeration => "azure-enumeration",
            Self::GoogleEnumeration => "gcp-enumeration",
            Self::AzureNewIdentity => "azure-newcomer",
            Self::GoogleNewIdentity => "gcp-newcomer",
            Self::AzureSignedLink => "azure-link",
            Self::AzureReplication => "azure-replication",
            Self::GoogleCopy => "gcp-copy",
            Self::GoogleShare => "gcp-share",
            Self::GraphEnumeration => "graph-enumeration",
            Self::LegacyGraphEnumeration => "aadgraph-enumeration",
            Self::OktaEnumeration => "okta-enumeration",
            Self::IamEnumeration => "gcp-iam-enumeration",
            Self::CliEnumeration => "azure-cli-enumeration",
            Self::OfficeEnumeration => "office-enumeration",
            Self::MailboxEnumeration => "mailbox-enumeration",
            Self::WorkspaceEnumeration => "workspace-enumeration",
            Self::SlackScraping => "slack-scraping",
        }
    }

    /// Returns the analytic that should find it.
    pub(super) fn analytic(self) -> &'static str {
        match self {
            Self::AzureEnumeration | Self::GoogleEnumeration => "AN1594",
            Self::AzureNewIdentity | Self::GoogleNewIdentity => "AN1328",
            Self::AzureSignedLink
            | Self::AzureReplication
            | Self::GoogleCopy
            | Self::GoogleShare => "AN0370",
            Self::GraphEnumeration | Self::LegacyGraphEnumeration | Self::OktaEnumeration => {
                "AN1087"
            }
            Self::IamEnumeration | Self::CliEnumeration => "AN1088",
            Self::OfficeEnumeration | Self::MailboxEnumeration => "AN1089",
            Self::WorkspaceEnumeration | Self::SlackScraping => "AN1090",
        }
    }

    /// Returns the provider in whose logs it is seen, if there is a scheme of that name.
    pub(super) fn provider_of(name: &str) -> Option<&'static str> {
        let class = Self::ALL.into_iter().find(|class| class.name() == name)?;
        Some(match class {
            Self::AzureEnumeration
            | Self::AzureNewIdentity
            | Self::AzureSignedLink
            | Self::AzureReplication => "azure",
            Self::GoogleEnumeration
            | Self::GoogleNewIdentity
            | Self::GoogleCopy
            | Self::GoogleShare
            | Self::IamEnumeration => "gcp",
            // What `az ad` reads is read through Microsoft Graph.
            Self::GraphEnumeration
            | Self::LegacyGraphEnumeration
            | Self::CliEnumeration
            | Self::OfficeEnumeration => "entra",
            Self::MailboxEnumeration => "m365",
            Self::OktaEnumeration => "okta",
            Self::WorkspaceEnumeration => "gworkspace",
            Self::SlackScraping => "slack",
        })
    }

    /// Returns whose credentials can be misused for it: of what kind, and at Google or not where that matters.
    fn victim(self) -> (&'static [Kind], Option<bool>) {
        const PEOPLE: &[Kind] = &[Kind::Analyst, Kind::Developer];
        match self {
            Self::AzureEnumeration | Self::AzureSignedLink => (PEOPLE, Some(false)),
            Self::GoogleEnumeration | Self::GoogleCopy | Self::IamEnumeration => {
                (PEOPLE, Some(true))
            }
            Self::AzureNewIdentity | Self::AzureReplication => (&[Kind::Admin], Some(false)),
            Self::GoogleNewIdentity | Self::GoogleShare => (&[Kind::Admin], Some(true)),
            Self::GraphEnumeration => (&[Kind::Etl], Some(false)),
            Self::LegacyGraphEnumeration | Self::CliEnumeration => (PEOPLE, None),
            Self::OktaEnumeration | Self::MailboxEnumeration | Self::SlackScraping => {
                (&[Kind::Admin], None)
            }
            Self::OfficeEnumeration | Self::WorkspaceEnumeration => (&[Kind::Office], None),
        }
    }
}

/// One planned attack.
pub(super) struct Attack {
    pub(super) class: ProviderAttackClass,
    pub(super) grade: Grade,
    pub(super) day: Day,
    pub(super) number: u64,
    pub(super) victim: Rc<Principal>,
}

/// Plans the attacks: `rounds` of every scheme in each of the grades, spread over the days from `from` to `last`.
pub(super) fn plan(
    world: &World,
    (from, last): (Day, Day),
    rounds: u32,
    grades: &[Grade],
) -> Vec<Attack> {
    let mut rng = Rng::of(world.seed, &[0xab0, 0xa77a]);
    let round = || {
        ProviderAttackClass::ALL
            .iter()
            .flat_map(|&class| grades.iter().map(move |&grade| (class, grade)))
    };
    let mut wanted: Vec<(ProviderAttackClass, Grade)> = (0..rounds).flat_map(|_| round()).collect();
    for place in (1..wanted.len()).rev() {
        wanted.swap(place, rng.below(place + 1));
    }
    let (days, count) = (i64::from(last.since(from)) + 1, wanted.len() as i64);
    let mut attacks = Vec::new();
    for (number, (class, grade)) in wanted.into_iter().enumerate() {
        let day = from.plus((number as i64 * days / count) as i32);
        let (kinds, google) = class.victim();
        let suits = |who: &&Rc<Principal>| {
            kinds.contains(&who.kind)
                && who.joins.plus(10) <= day
                && google.is_none_or(|g| who.is_at_google() == g)
        };
        let choice: Vec<&Rc<Principal>> = world.population.iter().filter(suits).collect();
        if choice.is_empty() {
            continue;
        }
        let victim = (*rng.pick(&choice)).clone();
        attacks.push(Attack {
            class,
            grade,
            day,
            number: number as u64,
            victim,
        });
    }
    attacks
}
