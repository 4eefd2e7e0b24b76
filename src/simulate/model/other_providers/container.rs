//! The tenant, subscriptions, projects and organisations of the company, and the containers in them.

use std::rc::Rc;

use crate::simulate::model::company::COMPANY;
use crate::simulate::model::random::{Rng, splitmix};

/// The Entra tenant.
pub(crate) const TENANT: &str = "3f6b1c52-8f0e-4d27-9a35-6c1d2e7b9f40";

/// The tenant of the Log Analytics workspace's subscription: what tables call `TenantId`.
pub(crate) const WORKSPACE: &str = "b8d0a7e4-52c6-4f1b-8e93-0d7f5a2c4b61";

/// The Azure subscriptions.
pub(crate) const SUBSCRIPTIONS: [&str; 2] = [
    "5c0e9a1d-7b34-4e8f-a6d2-91f3c8b0e457",
    "e27d4f86-1a9c-4b53-8f07-3d6e5a0c9b12",
];

/// The number of the Workspace customer.
pub(crate) const CUSTOMER: &str = "C03h7k2p9";

/// The Okta organisation, by the first label of its host.
pub(crate) const OKTA: &str = "halcyon";

/// The Slack enterprise.
pub(crate) const SLACK: &str = "E04HALCYON7";

/// The number of the Google Cloud organisation.
pub(crate) const ORGANISATION: &str = "418290573316";

/// Whose cloud a container lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cloud {
    Azure,
    Google,
}

/// What a container is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Lake,
    Service,
    Sensitive,
    Backup,
    Public,
    /// One of another company.
    Foreign,
}

/// A storage account or a project.
#[derive(Debug, PartialEq)]
pub(crate) struct Owner {
    pub(crate) cloud: Cloud,
    pub(crate) name: &'static str,
    /// The subscription; nothing for projects.
    pub(crate) subscription: &'static str,
    /// The region, as logs spell it.
    pub(crate) region: &'static str,
    /// Whether its logs go to a workspace's table and not to files.
    pub(crate) as_table: bool,
}

/// The storage accounts and projects; those that tables are exported from hold containers of all kinds too.
pub(crate) const OWNERS: [Owner; 6] = [
    Owner {
        cloud: Cloud::Azure,
        name: "halcyonprodweu",
        subscription: SUBSCRIPTIONS[0],
        region: "West Europe",
        as_table: false,
    },
    Owner {
        cloud: Cloud::Azure,
        name: "halcyonlakeweu",
        subscription: SUBSCRIPTIONS[0],
        region: "West Europe",
        as_table: false,
    },
    Owner {
        cloud: Cloud::Azure,
        name: "halcyonlegaleus",
        subscription: SUBSCRIPTIONS[1],
        region: "East US",
        as_table: true,
    },
    Owner {
        cloud: Cloud::Google,
        name: "halcyon-analytics",
        subscription: "",
        region: "europe-west1",
        as_table: false,
    },
    Owner {
        cloud: Cloud::Google,
        name: "halcyon-ml",
        subscription: "",
        region: "us-central1",
        as_table: false,
    },
    Owner {
        cloud: Cloud::Google,
        name: "halcyon-vault",
        subscription: "",
        region: "eu",
        as_table: false,
    },
];

/// Where nobody works: a storage account and a project of ours in other regions.
pub(crate) const ELSEWHERE: [Owner; 2] = [
    Owner {
        cloud: Cloud::Azure,
        name: "halcyonprodsea",
        subscription: SUBSCRIPTIONS[0],
        region: "Southeast Asia",
        as_table: false,
    },
    Owner {
        cloud: Cloud::Google,
        name: "halcyon-analytics",
        subscription: "",
        region: "asia-south1",
        as_table: false,
    },
];

/// A project of the attackers.
const FOREIGN: Owner = Owner {
    cloud: Cloud::Google,
    name: "dataport-7731",
    subscription: "",
    region: "us",
    as_table: false,
};

/// A container: a blob container or a bucket.
#[derive(Debug, PartialEq)]
pub(crate) struct Container {
    pub(crate) owner: &'static Owner,
    pub(crate) name: String,
    pub(crate) purpose: Purpose,
    /// Median size of an object in bytes.
    pub(crate) object_bytes: f64,
}

impl Container {
    /// Returns the name in normalised form: `account/container`, or the bucket's.
    pub(crate) fn canonical(&self) -> String {
        match self.owner.cloud {
            Cloud::Azure => format!("{}/{}", self.owner.name, self.name),
            Cloud::Google => self.name.clone(),
        }
    }

    /// Returns whether it is one of these.
    pub(crate) fn is(&self, cloud: Cloud, purposes: &[Purpose]) -> bool {
        self.owner.cloud == cloud && purposes.contains(&self.purpose)
    }
}

/// The owner, name, purpose and median size of the containers that are always there.
const STORES: [(usize, &str, Purpose, f64); 20] = [
    (0, "web-assets", Purpose::Service, 60e3),
    (0, "uploads", Purpose::Service, 200e3),
    (0, "invoices", Purpose::Service, 90e3),
    (0, "downloads", Purpose::Public, 3e6),
    (1, "raw", Purpose::Lake, 5e6),
    (1, "curated", Purpose::Lake, 8e6),
    (1, "marts", Purpose::Lake, 2e6),
    (1, "backups", Purpose::Backup, 6e6),
    (2, "contracts", Purpose::Sensitive, 700e3),
    (2, "litigation-holds", Purpose::Sensitive, 2e6),
    (2, "templates", Purpose::Service, 80e3),
    (3, "events", Purpose::Lake, 4e6),
    (3, "warehouse", Purpose::Lake, 9e6),
    (3, "exports", Purpose::Lake, 1e6),
    (4, "features", Purpose::Lake, 3e6),
    (4, "models", Purpose::Service, 30e6),
    (4, "site", Purpose::Public, 400e3),
    (5, "customer-papers", Purpose::Sensitive, 800e3),
    (5, "ledgers", Purpose::Sensitive, 500e3),
    (5, "archive", Purpose::Backup, 6e6),
];

/// Returns the containers: those above, those of teams, and one that is not ours.
pub(crate) fn containers(seed: u64, identities: u32) -> Vec<Rc<Container>> {
    let mut rng = Rng::of(seed, &[0xab0, 0x5702]);
    let name = |owner: usize, name: &str| match OWNERS[owner].cloud {
        Cloud::Azure => name.to_owned(),
        Cloud::Google => format!("{COMPANY}-{name}"),
    };
    let mut all: Vec<Container> = STORES
        .iter()
        .map(|&(owner, short, purpose, object_bytes)| Container {
            owner: &OWNERS[owner],
            name: name(owner, short),
            purpose,
            object_bytes,
        })
        .collect();
    const TEAMS: [&str; 12] = [
        "anchor", "beacon", "compass", "delta", "estuary", "ferry", "galleon", "harbour", "isle",
        "jetty", "keel", "lagoon",
    ];
    for number in 0..(8 + identities as usize / 10) {
        let owner = [0, 1, 3, 4][number % 4];
        let team = TEAMS[number % TEAMS.len()];
        all.push(Container {
            owner: &OWNERS[owner],
            name: name(owner, &format!("team-{team}-{}", number / TEAMS.len() + 1)),
            purpose: Purpose::Lake,
            object_bytes: rng.log_normal(500e3, 1.0),
        });
    }
    all.push(Container {
        owner: &FOREIGN,
        name: "dataport-staging".to_owned(),
        purpose: Purpose::Foreign,
        object_bytes: 1e6,
    });
    all.into_iter().map(Rc::new).collect()
}

/// Returns the hash that stands for a key or link of an account.
pub(crate) fn key_hash(account: &str, number: u64) -> String {
    let seed = account
        .bytes()
        .fold(number, |state, byte| splitmix(state ^ u64::from(byte)));
    (0..4)
        .map(|part| format!("{:016X}", splitmix(seed ^ part)))
        .collect()
}

/// Returns the canonical id of a signed link to a container's account.
pub(crate) fn signed_link_id(container: &Container, number: u64) -> String {
    format!(
        "azure:sas:{0}/{1}",
        container.owner.name,
        key_hash(container.owner.name, number)
    )
}
