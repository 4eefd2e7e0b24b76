//! Law 5: a flood of invented identities takes bounded memory, and changes nothing for those who are known.

use std::io::Write;

use plimsoll::measure::Bound;
use plimsoll::vocab::EntityKind;

use crate::calls::ACCOUNT;
use crate::estate::{estate, write};
use crate::published::{new_store, score, train};

/// More than a day distinguishes.
const INVENTED: usize = 70_000;
/// Of these, so many that nobody knows are distinguished.
const DISTINGUISHED: usize = 65_536;

/// Reads of as many invented users in the course of a day, each with a listing.
fn flood() -> Vec<String> {
    let midnight = estate().split().plus(1).start();
    let call = |n: usize| {
        let time = midnight.plus_secs((n * 86_399 / INVENTED) as i64);
        format!(
            r#"{{"eventVersion":"1.10","userIdentity":{{"type":"IAMUser","principalId":"AIDA{n}","arn":"arn:aws:iam::{ACCOUNT}:user/invented-{n}","accountId":"{ACCOUNT}","userName":"invented-{n}"}},"eventTime":"{time}","eventSource":"s3.amazonaws.com","eventName":"ListObjects","awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.9","userAgent":"[x]","requestParameters":{{"bucketName":"lake"}},"eventID":"f100d-{n}","recipientAccountId":"{ACCOUNT}"}}"#
        )
    };
    (0..INVENTED).map(call).collect()
}

#[test]
fn a_flood_of_invented_identities_changes_nothing_for_those_who_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let setup = &estate().setup;
    train(
        setup,
        &store,
        write(&folder.path().join("learnt"), [estate().learnt()]),
    );
    let is_of_estate = |alert: &String| {
        let alert: serde_json::Value = serde_json::from_str(alert).unwrap();
        let id = alert["entity"]["id"].as_str().unwrap().to_owned();
        !id.contains("invented") && !id.contains("(others)")
    };
    let logs = folder.path().join("scored");
    let quiet = score(setup, &store, write(&logs, [estate().scored()]));
    let mut file = std::fs::File::create(logs.join("flood.log")).unwrap();
    writeln!(file, "{}", flood().join("\n")).unwrap();
    drop(file);
    let files = || plimsoll::sources::discover(std::slice::from_ref(&logs)).unwrap();
    let (flooded, others): (Vec<_>, Vec<_>) = score(setup, &store, files())
        .into_iter()
        .partition(is_of_estate);
    let region = |alert: &&String| !alert.contains(r#""kind":"region""#);
    assert!(!quiet.is_empty());
    assert_eq!(
        quiet.iter().filter(region).collect::<Vec<_>>(),
        flooded.iter().filter(region).collect::<Vec<_>>()
    );
    assert!(
        others.iter().any(|alert| alert.contains(":user/(others)")),
        "the listings of those who are counted together are an alert"
    );

    let trained = train(setup, &store, files());
    let reached = &trained.reached[&estate().split().plus(1)];
    let beyond = reached[&Bound::Identities] as f64;
    let expected = (INVENTED - DISTINGUISHED) as f64;
    assert!(
        (beyond / expected - 1.0).abs() < 0.15,
        "{beyond} of {expected}"
    );
    let generation = store.load_generation().unwrap();
    let n_identities = generation.baselines.n_of(EntityKind::Identity);
    let before = INVENTED - DISTINGUISHED;
    assert!(n_identities > DISTINGUISHED && n_identities < INVENTED - before + 1_000);
    // Whoever is known by now is distinguished, and the next such day has room for others.
    let known = plimsoll::vocab::Entity {
        kind: EntityKind::Identity,
        id: format!("arn:aws:iam::{ACCOUNT}:user/(others)")
            .as_str()
            .into(),
    };
    assert!(generation.baselines.contains_key(&known));
}
