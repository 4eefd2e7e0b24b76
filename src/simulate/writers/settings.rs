//! The configuration that belongs to an estate: `plimsoll.toml`.

use std::fmt::Write as _;

use crate::simulate::model::aws::bucket::{Bucket, Purpose};
use crate::simulate::model::aws::identity::{Identity, Kind};
use crate::simulate::model::company::{ACCOUNTS, COMPANY, VENDOR};
use crate::simulate::model::network::EGRESS;
use crate::simulate::model::other_providers::container::{
    CUSTOMER, Cloud, OKTA, OWNERS, SLACK, SUBSCRIPTIONS, TENANT,
};

/// Returns the text of `plimsoll.toml`; `has_other_providers` if the company is at work in other clouds too.
pub(crate) fn settings_text(
    population: &[Identity],
    buckets: &[Bucket],
    has_other_providers: bool,
) -> String {
    let mut out = String::from("# What this estate's owners know about it.\n");
    let mut accounts: Vec<String> = ACCOUNTS
        .iter()
        .map(|a| format!("\"aws:{}\"", a.id))
        .collect();
    if has_other_providers {
        accounts.extend(other_accounts().map(|account| format!("\"{account}\"")));
    }
    let _ = write!(
        out,
        "\n[network]\ninternal = [\"10.0.0.0/8\", \"{EGRESS}\"]\n\n[estate]\naccounts = [{}]\n",
        accounts.join(", ")
    );
    for (glob, owner) in [
        ("payroll-*", "payroll"),
        ("customer-kyc-*", "compliance"),
        ("finance-ledger", "finance"),
        ("hr-records", "people"),
        ("legal-holds", "legal"),
    ] {
        let _ = write!(
            out,
            "\n[[sensitive]]\nbucket = \"aws:{COMPANY}-{glob}\"\nowner = \"{owner}@{COMPANY}.example\"\n"
        );
    }
    let sensitive = |bucket: &&Bucket| bucket.purpose == Purpose::Sensitive;
    debug_assert!(buckets.is_empty() || buckets.iter().filter(sensitive).count() == 7);
    // Flow logs in the default format do not name the instance.
    for who in population
        .iter()
        .filter(|w| !ACCOUNTS[w.account].custom_flows)
    {
        let Some(instance) = &who.instance else {
            continue;
        };
        let _ = write!(
            out,
            "\n[[binding]]\neni = \"{}\"\nidentity = \"{}\"\n",
            instance.interface,
            who.canonical()
        );
    }
    let mut approve = |identity: &str, owner: &str, reason: &str| {
        let _ = write!(
            out,
            "\n[[approval]]\nidentity = \"{identity}\"\nanalytics = [\"AN0370\", \"AN1594\"]\n\
             owner = \"{owner}@{COMPANY}.example\"\nreason = \"{reason}\"\nexpires = 2030-01-01\n"
        );
    };
    for who in population.iter().filter(|w| w.kind == Kind::VendorBackup) {
        approve(
            &who.canonical(),
            "platform",
            &format!("nightly backup to the vendor's account {VENDOR}"),
        );
    }
    for account in ["111122223333", "222233334444"] {
        approve(
            &format!("arn:aws:iam::{account}:role/backup-*"),
            "platform",
            "nightly and weekly backups to our recovery account",
        );
    }
    if has_other_providers {
        out.push_str(OTHER_SETTINGS);
    }
    out
}

/// What the owners know of their containers at other providers, as `plimsoll.toml` has it.
const OTHER_SETTINGS: &str = "
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

/// Returns the company's accounts at other providers, as `plimsoll.toml` names them.
fn other_accounts() -> impl Iterator<Item = String> {
    let tenants = [
        format!("entra:{}", TENANT),
        format!("m365:{}", TENANT),
        format!("gworkspace:{}", CUSTOMER),
        format!("okta:{}", OKTA),
        format!("slack:{}", SLACK),
    ];
    let subscriptions = SUBSCRIPTIONS.iter().map(|id| format!("azure:{id}"));
    let owners = OWNERS.iter().map(|owner| match owner.cloud {
        Cloud::Azure => format!("azure:{}", owner.name),
        Cloud::Google => format!("gcp:{}", owner.name),
    });
    subscriptions.chain(owners).chain(tenants)
}
