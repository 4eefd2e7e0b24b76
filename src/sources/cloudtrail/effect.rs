//! What a CloudTrail call does beyond its name: what its parameters make of it, how many things it concerns, what it blinds.

use crate::event::{Action, Blinding};
use crate::sources::aws_blinding;
use crate::sources::cloudtrail::record::Record;
use crate::sources::json::Value;
use crate::sources::parts::instant::instant;
use crate::time::Time;

/// The longest time after which a lifecycle rule deletes soon, in days.
const EXPIRY_DAYS_SOON: u64 = 7;
/// The most rules of a lifecycle configuration, and the most keys of a deletion in a batch.
const ELEMENTS_MAX: usize = 1_000;

/// What a call does.
#[derive(Debug)]
pub struct Effect {
    /// The class, by name and parameters.
    pub action: Action,
    /// How many objects, rules or machines it concerns, where the record states it.
    pub items: Option<u64>,
    /// What it stops, deletes or narrows.
    pub blinding: Option<Blinding>,
}

/// Reads what a call does; `named` is the class of its name.
pub fn effect(r: &Record<'_>, service: &str, op: &str, named: Action, time: Time) -> Effect {
    let mut effect = Effect {
        action: named,
        items: None,
        blinding: None,
    };
    match named {
        Action::BlindLog | Action::WritePosture | Action::Other => {
            let row = aws_blinding::row(service, op).filter(|row| row.blinds(r.parameters));
            if let Some(row) = row {
                effect.action = Action::BlindLog;
                effect.blinding = Some(row.blinding(r.parameters));
            } else if matches!(op, "PutBucketLifecycle" | "PutBucketLifecycleConfiguration") {
                let rules = rules_that_delete_soon(r.parameters, time);
                if rules > 0 {
                    (effect.action, effect.items) = (Action::ExpireObjects, Some(rules));
                }
            }
        }
        Action::DeleteObject if op == "DeleteObjects" => effect.items = keys(r),
        Action::StartCompute => effect.items = started(r, op),
        Action::ReadData if op == "ExecuteStatement" && !is_select(r) => {
            effect.action = Action::Other;
        }
        _ => {}
    }
    effect
}

/// Returns whether the statement of a call selects, rather than writes.
fn is_select(r: &Record<'_>) -> bool {
    const WORD: &str = "select";
    let statement = r.parameters.get("statement").and_then(Value::text);
    statement.is_some_and(|text| {
        let word = text.trim_start().get(..WORD.len());
        word.is_some_and(|word| word.eq_ignore_ascii_case(WORD))
    })
}

/// Returns the number of enabled rules that delete objects, or versions of them, at once or soon.
fn rules_that_delete_soon(p: Value<'_>, time: Time) -> u64 {
    let Some(configuration) = p.get_any_case("LifecycleConfiguration") else {
        return 0;
    };
    let rules = configuration
        .get_any_case("Rule")
        .or_else(|| configuration.get_any_case("Rules"))
        .unwrap_or(Value::Null);
    let latest = time.plus_secs(EXPIRY_DAYS_SOON as i64 * 86_400);
    let deletes_soon = |rule: &Value<'_>| {
        let at = |path: &[&str]| rule.path(path).unwrap_or(Value::Null);
        let days = [
            at(&["Expiration", "Days"]),
            at(&["NoncurrentVersionExpiration", "NoncurrentDays"]),
            // The name in the older version of the call.
            at(&["NoncurrentVersionExpiration", "Days"]),
        ];
        let is_enabled = at(&["Status"]).text();
        let date = at(&["Expiration", "Date"])
            .text()
            .and_then(|text| instant(&text));
        is_enabled.is_some_and(|status| status.eq_ignore_ascii_case("Enabled"))
            && (date.is_some_and(|date| date <= latest)
                || days
                    .iter()
                    .filter_map(|days| days.amount())
                    .any(|days| days <= EXPIRY_DAYS_SOON))
    };
    let rules = rules.elements().take(ELEMENTS_MAX);
    rules.filter(deletes_soon).count() as u64
}

/// Returns the number of keys of a deletion in a batch. CloudTrail itself does not state it: it writes `"delete": ""`, and, since
/// June 2025, a record of `DeleteObject` for each key besides. Each of these counts for itself.
fn keys(r: &Record<'_>) -> Option<u64> {
    let deleted = [
        r.response.path(&["DeleteResult", "Deleted"]),
        r.response.path(&["deleted"]),
        r.parameters.path(&["delete", "objects"]),
        r.parameters.path(&["delete", "object"]),
    ];
    let keys = deleted.into_iter().flatten().find(|it| it.is_present())?;
    Some(keys.elements().take(ELEMENTS_MAX).count() as u64)
}

/// Returns the number of machines made or started: those that the answer lists, or else those asked for.
fn started(r: &Record<'_>, op: &str) -> Option<u64> {
    let answer: &[&[&str]] = match op {
        "RunInstances" | "StartInstances" => &[&["instancesSet", "items"]],
        "RequestSpotInstances" => &[&["spotInstanceRequestSet", "items"]],
        "RunTask" | "StartTask" => &[&["tasks"]],
        _ => &[],
    };
    let asked: &[&[&str]] = match op {
        "RunInstances" => &[&["instancesSet", "items", "maxCount"], &["maxCount"]],
        "RequestSpotInstances" => &[&["instanceCount"]],
        "RequestSpotFleet" => &[
            &["spotFleetRequestConfig", "targetCapacity"],
            &[
                "RequestSpotFleetRequest",
                "SpotFleetRequestConfig",
                "TargetCapacity",
            ],
        ],
        "CreateFleet" => &[&[
            "CreateFleetRequest",
            "TargetCapacitySpecification",
            "TotalTargetCapacity",
        ]],
        "CreateAutoScalingGroup" => &[&["desiredCapacity"], &["minSize"]],
        "CreateService" => &[&["desiredCount"]],
        "RunTask" => &[&["count"]],
        "RunJobFlow" => &[&["instances", "instanceCount"]],
        "CreateTrainingJob" => &[&["resourceConfig", "instanceCount"]],
        "CreateNodegroup" => &[&["scalingConfig", "desiredSize"]],
        _ => &[],
    };
    let listed = answer.iter().find_map(|path| r.response.path(path));
    let listed = listed.map(|list| list.elements().take(ELEMENTS_MAX).count() as u64);
    listed.filter(|&count| count > 0).or_else(|| {
        let asked = asked.iter().find_map(|path| r.parameters.path(path));
        asked.and_then(Value::amount)
    })
}
