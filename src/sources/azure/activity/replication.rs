//! The destination of a storage account's object replication: the policy that a request sets and its record repeats.

use crate::event::Destination;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft::{embedded, part_of, pick};

/// Reads the destination from the properties of a record; a record without a policy has none.
pub fn destination(properties: Value<'_>, interner: &mut Interner) -> Destination {
    let (mut properties_buffer, mut body_buffer) = (Vec::new(), Vec::new());
    let properties = embedded(properties, &mut properties_buffer);
    let [body] = pick(properties.members(), ["requestbody"]);
    let body = embedded(body, &mut body_buffer);
    let [policy] = pick(body.members(), ["properties"]);
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
