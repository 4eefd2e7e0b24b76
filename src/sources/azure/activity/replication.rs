//! The destination of a storage account's object replication: the policy that a request sets and its record repeats.

use crate::event::Destination;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft::{part_of, pick};

/// Reads the destination from what a request sets; a record without a policy has none.
pub fn destination(policy: Value<'_>, interner: &mut Interner) -> Destination {
    let [account, rules] = pick(policy.members(), ["destinationaccount", "rules"]);
    // The name is the account's own or that of its resource.
    let account = account.text().map(|text| {
        let name = part_of(&text, "storageAccounts").unwrap_or(&text);
        name.to_lowercase()
    });
    let mut containers = rules
        .elements()
        .filter_map(|rule| pick(rule.members(), ["destinationcontainer"])[0].text());
    let container = account
        .as_deref()
        .zip(containers.next())
        .map(|(account, container)| format!("{account}/{container}"));
    Destination {
        account: account.map(|name| interner.share(&name)),
        container: container.map(|name| interner.untrusted(&name)),
        ..Destination::default()
    }
}
