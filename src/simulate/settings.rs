//! The configuration that belongs to an estate: `plimsoll.toml`.

use std::fmt::Write as _;

use super::estate::{ACCOUNTS, Bucket, COMPANY, EGRESS, Purpose, VENDOR};
use super::other_providers;
use super::population::{Identity, Kind};

/// Returns the text of `plimsoll.toml`; `is_abroad` if the company is at work in other clouds too.
pub(super) fn text(population: &[Identity], buckets: &[Bucket], is_abroad: bool) -> String {
    let mut out = String::from("# What this estate's owners know about it.\n");
    let mut accounts: Vec<String> = ACCOUNTS
        .iter()
        .map(|a| format!("\"aws:{}\"", a.id))
        .collect();
    if is_abroad {
        accounts.extend(other_providers::accounts().map(|account| format!("\"{account}\"")));
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
    out
}
