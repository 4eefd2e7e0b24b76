//! Law 5: a flood of invented identities takes bounded memory, and changes nothing for those who are known.

use std::io::Write;

use plimsoll::measure::Bound;
use plimsoll::vocab::{Entity, EntityKind};

use crate::calls::ACCOUNT;
use crate::estate::{estate, write};
use crate::published::{new_store, score, train};

/// More than a day distinguishes: users, and as many sessions of one role.
const INVENTED: usize = 55_000;
/// The sessions that read a lot.
const READERS: usize = 8;
const READS: usize = 400;
/// Of these, so many that nobody knows are distinguished.
const DISTINGUISHED: usize = 65_536;

/// The calls of a day: each invented user lists once, each invented session of a role reads once, and some read a lot.
fn flood() -> impl Iterator<Item = String> {
    let midnight = estate().split().plus(1).start();
    let record = move |n: usize, id: String, caller: String, call: String| {
        let time = midnight.plus_secs((n * 86_399 / INVENTED) as i64);
        format!(
            r#"{{"eventVersion":"1.10","userIdentity":{{{caller},"accountId":"{ACCOUNT}"}},"eventTime":"{time}","eventSource":"s3.amazonaws.com",{call},"awsRegion":"eu-west-1","sourceIPAddress":"203.0.113.9","userAgent":"[x]","eventID":"{id}","recipientAccountId":"{ACCOUNT}"}}"#
        )
    };
    let user = move |n: usize| {
        let caller = format!(
            r#""type":"IAMUser","principalId":"AIDA{n}","arn":"arn:aws:iam::{ACCOUNT}:user/invented-{n}","userName":"invented-{n}""#
        );
        let call = r#""eventName":"ListObjects","requestParameters":{"bucketName":"lake"}"#;
        record(n, format!("u{n}"), caller, call.to_owned())
    };
    let session = move |n: usize, object: usize| {
        let caller = format!(
            r#""type":"AssumedRole","principalId":"AROAINV:invented-{n}@example.com","arn":"arn:aws:sts::{ACCOUNT}:assumed-role/invented/invented-{n}@example.com","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAINV","arn":"arn:aws:iam::{ACCOUNT}:role/invented","accountId":"{ACCOUNT}","userName":"invented"}}}}"#
        );
        let call = format!(
            r#""eventName":"GetObject","requestParameters":{{"bucketName":"lake-{}","key":"{n}/{object}"}}"#,
            object % 40
        );
        record(n, format!("s{n}-{object}"), caller, call)
    };
    let users = (0..INVENTED).map(user);
    let sessions = (0..INVENTED).map(move |n| session(n, 0));
    let reads = (0..READERS).flat_map(move |n| (1..READS).map(move |object| (n, object)));
    users
        .chain(sessions)
        .chain(reads.map(move |(n, object)| session(n, object)))
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
    let known = store.load_generation().unwrap();
    let is_known = |alert: &String| {
        let alert: serde_json::Value = serde_json::from_str(alert).unwrap();
        let id = alert["entity"]["id"].as_str().unwrap();
        let (kind, id) = (EntityKind::Identity, id.into());
        known.baselines.contains_key(&Entity { kind, id })
    };
    let logs = folder.path().join("scored");
    let mut quiet = score(setup, &store, write(&logs, [estate().scored()]));
    quiet.retain(is_known);
    let mut file = std::io::BufWriter::new(std::fs::File::create(logs.join("flood.log")).unwrap());
    for line in flood() {
        writeln!(file, "{line}").unwrap();
    }
    drop(file);
    let files = || plimsoll::sources::discover(std::slice::from_ref(&logs)).unwrap();
    let (flooded, others): (Vec<_>, Vec<_>) = score(setup, &store, files())
        .into_iter()
        .partition(is_known);
    assert!(quiet.len() > 3);
    let differing = quiet.iter().zip(&flooded).find(|(a, b)| a != b);
    assert_eq!((differing, quiet.len()), (None, flooded.len()));
    assert!(
        others.iter().any(|alert| alert.contains(":user/(others)")),
        "the listings of those who are counted together are an alert"
    );
    assert!(
        others
            .iter()
            .any(|alert| alert.contains(":role/invented\"")),
        "and so are the reads of sessions that count for their role"
    );

    let trained = train(setup, &store, files());
    let reached = &trained.reached[&estate().split().plus(1)];
    let beyond = reached[&Bound::Identities] as f64;
    let expected = (2 * INVENTED - DISTINGUISHED) as f64;
    assert!(
        (beyond / expected - 1.0).abs() < 0.15,
        "{beyond} of {expected}"
    );
    let generation = store.load_generation().unwrap();
    let n_identities = generation.baselines.n_of(EntityKind::Identity);
    assert!(n_identities < DISTINGUISHED + 1_000, "{n_identities}");
    assert_eq!(reached[&Bound::PersonsPerRole], 1);
    // Whoever is known by now is distinguished, and the next such day has room for others.
    let known = plimsoll::vocab::Entity {
        kind: EntityKind::Identity,
        id: format!("arn:aws:iam::{ACCOUNT}:user/(others)")
            .as_str()
            .into(),
    };
    assert!(generation.baselines.contains_key(&known));
}
