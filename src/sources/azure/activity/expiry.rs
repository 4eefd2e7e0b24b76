//! The rules of a storage account's lifecycle policy that delete data soon.

use crate::sources::json::Value;
use crate::sources::microsoft::pick;

/// A blob that was not changed, read or made anew for at most these days is deleted soon.
const SOON_DAYS: f64 = 7.0;

/// Returns the number of rules in the body of a policy that delete current blobs soon.
pub fn expiring_rules(body: Value<'_>) -> u64 {
    let [policy] = pick(body.members(), ["policy"]);
    let [rules] = pick(policy.members(), ["rules"]);
    rules.elements().filter(|rule| is_soon(*rule)).count() as u64
}

fn is_soon(rule: Value<'_>) -> bool {
    let [enabled, definition] = pick(rule.members(), ["enabled", "definition"]);
    let [actions] = pick(definition.members(), ["actions"]);
    let [blob] = pick(actions.members(), ["baseblob"]);
    let [delete] = pick(blob.members(), ["delete"]);
    let after = pick(
        delete.members(),
        [
            "daysaftermodificationgreaterthan",
            "daysaftercreationgreaterthan",
            "daysafterlastaccesstimegreaterthan",
        ],
    );
    let is_few = |days: &Value<'_>| {
        let days = days.text().and_then(|text| text.parse::<f64>().ok());
        days.is_some_and(|days| days <= SOON_DAYS)
    };
    enabled.truth() != Some(false) && after.iter().any(is_few)
}
