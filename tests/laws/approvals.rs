//! An approval covers what it names, and nothing else in the same episode.

use plimsoll::config::Config;
use plimsoll::time::Time;

use crate::calls::Call;
use crate::estate::{LEARNT_DAYS, Line, estate, setup, write};
use crate::published::{new_store, score, train};

/// More buckets than an alert's table has rows.
const BUCKETS: i64 = 40;

#[test]
fn a_bucket_after_the_last_row_is_not_approved_with_the_rest() {
    let approval = "[[approval]]\nbucket = \"mirror-*\"\nowner = \"soc@example.com\"\nreason = \"a mirror\"\n\
                    expires = 2099-01-01\n";
    let setup = setup(Config::parse(approval, "plimsoll.toml").unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path());
    let time = estate().split().start().plus_secs(40_000);
    let call = |time: Time, n: i64, bucket: String| {
        let call = Call {
            bucket,
            ..Call::new(time, "mirror", n as u64)
        };
        call.line()
    };
    // Two listings a day are its normal activity.
    let usual: Vec<Line> = (0..2 * i64::from(LEARNT_DAYS))
        .map(|n| {
            call(
                time.plus_secs(-43_200 * (n + 1)),
                10_000 + n,
                "mirror-0".to_owned(),
            )
        })
        .collect();
    let mut learnt = estate().learnt();
    learnt.extend(&usual);
    train(
        &setup,
        &store,
        write(&folder.path().join("learnt"), [learnt]),
    );
    let call = |n: i64, bucket: String| call(time.plus_secs(n / 4), n, bucket);
    // This call comes first, so that every version of the alert about the sweep includes it.
    let other = call(0, "payroll".to_owned());
    let sweep: Vec<Line> = (1..3_000)
        .map(|n| call(n, format!("mirror-{}", n % BUCKETS)))
        .collect();
    let approved = |name: &str, lines: Vec<&Line>| -> Vec<bool> {
        let mut all = estate().scored();
        all.extend(lines);
        let alerts = score(&setup, &store, write(&folder.path().join(name), [all]));
        let its = alerts
            .iter()
            .filter(|alert| alert.contains("\"id\":\"arn:aws:iam::111122223333:role/mirror\""));
        its.map(|alert| alert.contains("soc@example.com")).collect()
    };
    let alone = approved("alone", sweep.iter().collect());
    assert!(!alone.is_empty() && !alone.contains(&false), "{alone:?}");
    let behind = approved("behind", sweep.iter().chain([&other]).collect());
    assert!(!behind.is_empty() && !behind.contains(&true), "{behind:?}");
}
