//! What a change of a bucket's settings sets, where the record repeats it.

use crate::sources::gcpaudit::record::Record;
use crate::sources::json::Value;
use crate::sources::parts::loose;

/// An object of at most this age, in days, is deleted soon.
const SOON_DAYS: f64 = 7.0;
/// Conditions of rules that delete only versions that were replaced, or objects with a time of their own.
const OF_FEW: [&str; 6] = [
    "numNewerVersions",
    "numberOfNewerVersions",
    "daysSinceNoncurrentTime",
    "noncurrentTimeBefore",
    "daysSinceCustomTime",
    "customTimeBefore",
];

/// Returns a member, also if it is `null`: a setting is removed by that.
fn stated<'a>(value: Value<'a>, name: &str) -> Option<Value<'a>> {
    let mut members = value.members();
    Some(members.find(|(key, _)| loose::same(key, name))?.1)
}

/// Returns the places where a record may have the settings. Only projects with detailed logging repeat them.
fn places<'a>(r: &Record<'a>) -> [Value<'a>; 4] {
    [
        loose::path(r.request, &["bucket"]),
        r.request,
        loose::path(r.metadata, &["bucket"]),
        r.metadata,
    ]
}

/// Returns the number of lifecycle rules set that delete objects soon.
pub fn expiring_rules(r: &Record<'_>) -> u64 {
    let rules = places(r).map(|place| {
        let lifecycle = loose::path(place, &["lifecycle"]);
        let [rule, rules] = loose::pick(lifecycle.members(), ["rule", "rules"]);
        if rule.is_present() { rule } else { rules }
    });
    let soon = rules.map(|rules| rules.elements().filter(|rule| is_soon(*rule)).count() as u64);
    soon.into_iter().find(|n| *n > 0).unwrap_or(0)
}

fn is_soon(rule: Value<'_>) -> bool {
    let kind = loose::path(rule, &["action", "type"]).text();
    if !kind.is_some_and(|kind| kind.eq_ignore_ascii_case("Delete")) {
        return false;
    }
    let condition = loose::path(rule, &["condition"]);
    let is_live = loose::path(condition, &["isLive"]).truth();
    if is_live == Some(false) || OF_FEW.iter().any(|name| stated(condition, name).is_some()) {
        return false;
    }
    let [age, age_days] = loose::pick(condition.members(), ["age", "ageDays"]);
    match age.text().or_else(|| age_days.text()) {
        Some(days) => days.parse::<f64>().is_ok_and(|days| days <= SOON_DAYS),
        // All objects that meet the other conditions are deleted at once.
        None => true,
    }
}

/// Returns whether a change ends the usage logs of a bucket.
pub fn ends_usage_logs(r: &Record<'_>) -> bool {
    let settings = places(r).map(|place| stated(place, "logging"));
    match settings.into_iter().flatten().next() {
        Some(logging) => !loose::path(logging, &["logBucket"]).is_present(),
        None => is_masked(r, "logging"),
    }
}

/// Returns whether the list of changed members names one of these, or a part of it.
pub fn is_masked(r: &Record<'_>, member: &str) -> bool {
    let mask = loose::path(r.request, &["updateMask"]);
    let paths = loose::path(mask, &["paths"]);
    let list = if paths.is_present() { paths } else { mask };
    list.elements().filter_map(Value::text).any(|text| {
        text.split(',').any(|path| {
            let mut steps = path.trim().split('.');
            steps.any(|step| loose::same(step.as_bytes(), member))
        })
    })
}
