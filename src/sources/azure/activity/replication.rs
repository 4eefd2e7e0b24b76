//! Where the objects of a storage account are told to go: the policy that a request sets, which its record repeats.

use crate::event::Destination;
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::microsoft::{embedded, part_of, pick};

/// Reads the destination out of the properties of a record; what repeats no policy has none.
pub fn destination(properties: Value<'_>, interner: &mut Interner) -> Destination {
    let (mut properties_buffer, mut body_buffer) = (Vec::new(), Vec::new());
    let properties = embedded(properties, &mut properties_buffer);
    let [body] = pick(properties.members(), ["requestbody"]);
    let body = embedded(body, &mut body_buffer);
    let [policy] = pick(body.members(), ["properties"]);
    let [account, rules] = pick(policy.members(), ["destinationaccount", "rules"]);
    // It is named by its own name, or by that of its resource.
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
