//! Whoever blocks by an alert must block the right caller. Each built-in story that alerts is played again with a bystander:
//! the same identity, on the same day, does one harmless thing from a network that is new to it. What was counted came from
//! elsewhere, and so does the alert.

use std::collections::BTreeSet;
use std::net::IpAddr;

use plimsoll::alert::{Alert, Reason};
use plimsoll::analytic::{self, Story};
use plimsoll::document::Table;
use plimsoll::story;

/// Where the bystander is.
const BYSTANDER: &str = "203.0.113.66";
/// The analytics that have an arm to which a network that is new adds something beside an amount or an act.
const WITH_CONTEXT: [&str; 18] = [
    "ACCESS-SPIKE",
    "ACCOUNT-DISCOVERY",
    "AN0370",
    "AN1087",
    "AN1088",
    "AN1089",
    "AN1090",
    "AN1594",
    "DATA-SPIKE",
    "DELETE-SPIKE",
    "LOG-BLINDED",
    "POLICY-EXTERNAL",
    "POLICY-PUBLIC",
    "S3-CLIENT",
    "S3-DENIED",
    "S3-POSTURE",
    "SECRETS-SPIKE",
    "UNUSUAL-REGION",
];

/// Returns whom a story expects an alert on; `None` if it expects none, or one that is covered.
fn whom(id: &str, story: &Story) -> Option<String> {
    let mut lines = story.text.lines().map(str::split_whitespace);
    lines
        .find_map(|mut words| {
            (words.next() == Some("=>") && words.next() == Some(id)).then(|| words.next())?
        })
        .map(str::to_owned)
}

/// Returns the last day on which somebody acts, as a story writes it, and the addresses that he acts from on that day.
fn last_day(who: &str, story: &Story) -> Option<(u32, BTreeSet<String>)> {
    let mut found: Option<(u32, BTreeSet<String>)> = None;
    for line in story.text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        // As in `day 15 02:10 for 20m alice lists …`.
        let is_long = matches!(words.get(3), Some(&"for" | &"in"));
        let actor = words.get(if is_long { 5 } else { 3 });
        if words.first() != Some(&"day") || actor != Some(&who) {
            continue;
        }
        let day: u32 = words[1].parse().ok()?;
        let (last, from) = found.get_or_insert((day, BTreeSet::new()));
        if day > *last {
            (*last, *from) = (day, BTreeSet::new());
        }
        let stated = words.iter().position(|word| *word == "from");
        let address = stated.and_then(|at| words.get(at + 1));
        from.insert(address.unwrap_or(&"his desk").to_string());
    }
    found
}

/// Plays a story and returns what its analytic told of somebody last.
fn told(analytic: &analytic::Analytic, story: &Story, who: &str) -> Option<Alert> {
    let result = story::play(&analytic::builtin(), analytic, story).expect("the story is read");
    let ends_with = |alert: &Alert| {
        let id = &alert.entity.id;
        id == who
            || id
                .rsplit(['/', ':'])
                .next()
                .is_some_and(|name| name.split('@').next() == Some(who))
    };
    result
        .documents
        .into_iter()
        .rfind(|alert| ends_with(alert) && alert.suppressed_by.is_none())
}

/// Returns how an alert with a bystander names somebody else than it should, and whether it tells the bystander apart.
fn judge(alert: &Alert, expected: Option<&str>) -> Result<bool, String> {
    let first = alert.sources.first();
    for address in [
        &alert.entity.source_ip,
        &first.and_then(|s| s.address.clone()),
    ] {
        if address.as_deref() != expected {
            return Err(format!("{address:?} instead of {expected:?}"));
        }
    }
    let mut sources = alert.sources.iter();
    let bystander = sources.find(|source| source.address.as_deref() == Some(BYSTANDER));
    let counted = bystander.map(|source| source.counted);
    let mut is_told_apart = false;
    for reason in &alert.reasons {
        let Reason::Novelty {
            first,
            apart,
            value,
            ..
        } = reason
        else {
            continue;
        };
        let of = first.as_ref().and_then(|first| first.source_ip.as_deref());
        if of == Some(BYSTANDER) && *apart != (counted == Some(0)) {
            return Err(format!(
                "{value} of the bystander: apart {apart}, counted {counted:?}"
            ));
        }
        is_told_apart |= *apart && of == Some(BYSTANDER);
    }
    Ok(is_told_apart)
}

#[test]
fn the_caller_of_what_was_counted_is_named_and_not_a_bystander() {
    let analytics = analytic::load(&Table::empty("none"), &[]).expect("they are built in");
    let (mut wrong, mut silent) = (Vec::new(), Vec::new());
    let (mut named, mut apart) = (BTreeSet::new(), BTreeSet::new());
    for analytic in &analytics {
        for story in &analytic.stories {
            let Some(who) = whom(&analytic.id, story) else {
                continue;
            };
            let Some((day, from)) = last_day(&who, story) else {
                continue;
            };
            let alone = told(analytic, story, &who).expect("it is told");
            let alone = alone.entity.source_ip;
            // A flow has no caller, and whoever acts from several places is named as he is without a bystander.
            let stated = from.first().filter(|from| from.parse::<IpAddr>().is_ok());
            let expected = match stated.filter(|_| from.len() == 1 && alone.is_some()) {
                Some(address) => Some(address.clone()),
                None => alone,
            };
            let mut beside = story.clone();
            beside.text +=
                &format!("\nday {day} 00:01 {who} calls 1 op misc:Ping from {BYSTANDER}\n");
            let what = format!("{}: {}", analytic.id, story.title);
            let Some(alert) = told(analytic, &beside, &who) else {
                silent.push(what);
                continue;
            };
            match judge(&alert, expected.as_deref()) {
                Err(how) => wrong.push(format!("{what}: {how}, arm {}", alert.arm)),
                Ok(is_told_apart) => {
                    named.insert(&*analytic.id);
                    apart.extend(is_told_apart.then_some(&*analytic.id));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let silent = silent.join("\n");
    assert_eq!(
        named,
        analytics.iter().map(|of| &*of.id).collect(),
        "{silent}"
    );
    assert_eq!(apart, BTreeSet::from(WITH_CONTEXT), "{silent}");
}
