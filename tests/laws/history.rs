//! More history never blinds: what alerts on the first day of logs still alerts after any number of days of the same life.

use std::fmt::Write;

use plimsoll::config::Config;
use plimsoll::engine::{Backtest, BacktestOptions, Setup, Split, backtest_events};
use plimsoll::sources::{self, ReadOptions};
use plimsoll::stats::Severity;
use plimsoll::time::Day;

use crate::estate::{Dice, setup};
use crate::published::SCORE;

const FIRST: Day = Day(20_514); // a Monday
const BUCKETS: usize = 60;
const OPERATIONS: [&str; 12] = [
    "ListUsers",
    "ListRoles",
    "ListGroups",
    "ListPolicies",
    "GetAccountAuthorizationDetails",
    "ListAttachedRolePolicies",
    "ListAttachedUserPolicies",
    "GetRole",
    "ListAccessKeys",
    "GetPolicyVersion",
    "ListMFADevices",
    "ListInstanceProfiles",
];

/// Logs in the plain format, call by call.
#[derive(Default)]
struct Logs {
    text: String,
    calls: u64,
}

/// Somebody who works in an estate.
#[derive(Clone)]
struct Worker {
    identity: String,
    kind: &'static str,
    address: String,
    client: &'static str,
}

impl Worker {
    /// Returns the worker with this number: people and programs take turns.
    fn new(n: usize) -> Self {
        match n % 2 {
            0 => Self {
                identity: format!("arn:aws:iam::111122223333:user/person-{n:03}"),
                kind: "human",
                address: format!("198.51.{}.{}", 100 + n / 200, n % 200 + 5),
                client: "aws-cli/2.15.0",
            },
            _ => Self {
                identity: format!("arn:aws:iam::111122223333:role/job-{n:03}"),
                kind: "workload",
                address: format!("10.{}.{}.9", n / 200, n % 200),
                client: "Boto3/1.34.69",
            },
        }
    }

    /// Returns somebody whom nobody has seen, with the means of another.
    fn fresh(n: usize) -> Self {
        Self {
            identity: format!("arn:aws:iam::111122223333:user/fresh-{n}"),
            ..Self::new(2 * n)
        }
    }

    /// Returns the same, as somebody elsewhere does who has its key.
    fn stolen(self) -> Self {
        Self {
            address: "203.0.113.66".to_owned(),
            client: "python-requests/2.31",
            ..self
        }
    }
}

impl Logs {
    fn write(&mut self, who: &Worker, (day, second): (i32, usize), rest: &str) {
        self.calls += 1;
        let time = FIRST.plus(day).start().plus_secs(second as i64);
        let _ = writeln!(
            self.text,
            r#"{{"plimsoll":1,"event_time":"{time}","event_id":"{}","provider":"aws","account":"111122223333","region":"eu-west-1","identity":"{}","identity_kind":"{}",{rest}}}"#,
            self.calls, who.identity, who.kind,
        );
    }

    fn call(&mut self, who: &Worker, at: (i32, usize), (action, op): (&str, &str), rest: &str) {
        let service = match action {
            "enumerate_directory" => "iam",
            _ => "s3",
        };
        let what = format!(
            r#""src_ip":"{}","user_agent":"{}","action":"{action}","op":"{op}","service":"{service}","outcome":"success"{rest}"#,
            who.address, who.client,
        );
        self.write(who, at, &what);
    }

    fn lists(&mut self, who: &Worker, at: (i32, usize), bucket: usize) {
        let rest = format!(r#","container":"bucket-{bucket}","prefix":"","bytes_out":4000"#);
        self.call(who, at, ("list_objects", "ListObjects"), &rest);
    }

    fn reads(&mut self, who: &Worker, at: (i32, usize), bucket: usize, bytes: usize) {
        let object = self.calls % 400;
        let rest =
            format!(r#","container":"bucket-{bucket}","object":"k/{object}","bytes_out":{bytes}"#);
        self.call(who, at, ("read_object", "GetObject"), &rest);
    }

    fn asks(&mut self, who: &Worker, at: (i32, usize), operation: usize) {
        let op = OPERATIONS[operation % OPERATIONS.len()];
        self.call(who, at, ("enumerate_directory", op), "");
    }

    fn sends(&mut self, who: &Worker, at: (i32, usize), to: &str, bytes: usize) {
        let flow = format!(
            r#""action":"egress_flow","flow.address":"{}","dst.ip":"{to}","dst.port":443,"bytes_out":{bytes}"#,
            who.address
        );
        self.write(who, at, &flow);
    }

    /// A day of ordinary work: people read a little in their own buckets by day, and one in ten asks the directory; jobs read around the clock.
    fn ordinary_day(&mut self, n_workers: usize, day: i32, dice: &mut Dice) {
        for n in 0..n_workers {
            let who = Worker::new(n);
            if who.kind == "human" {
                if FIRST.plus(day).0.rem_euclid(7) > 4 && dice.below(5) > 0 {
                    continue;
                }
                for _ in 0..1 + dice.below(2) {
                    let second = 28_800 + dice.below(36_000);
                    let bucket = (n + dice.below(4)) % BUCKETS;
                    self.lists(&who, (day, second), bucket);
                    for call in 0..1 + dice.below(4) {
                        let bytes = 2_000 + dice.below(900_000);
                        self.reads(&who, (day, second + 5 + call), bucket, bytes);
                    }
                }
                if n % 10 == 0 {
                    self.asks(&who, (day, 30_000 + dice.below(36_000)), dice.below(12));
                }
            } else {
                for part in 0..3 {
                    let second = part * 28_800 + dice.below(600);
                    let bucket = (n + dice.below(2)) % BUCKETS;
                    for call in 0..2 + dice.below(3) {
                        let bytes = 50_000 + dice.below(600_000);
                        self.reads(&who, (day, second + call), bucket, bytes);
                    }
                    if n % 4 == 1 {
                        let bytes = 10_000 + dice.below(900_000);
                        self.sends(&who, (day, second + 30), "203.0.113.10", bytes);
                    }
                }
            }
        }
    }
}

/// What is not subtle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// Accounts and rights are asked for, 150 times in eight minutes.
    Directory,
    /// Sixty buckets are listed, in 300 calls within ten minutes.
    Buckets,
    /// 1,500 objects are read in sixty buckets.
    Read,
    /// 50 GB go to an address that nobody sends to.
    Egress,
}

impl Attack {
    const ALL: [Self; 4] = [Self::Directory, Self::Buckets, Self::Read, Self::Egress];

    fn write(self, logs: &mut Logs, who: &Worker, day: i32) {
        let from = 39_600;
        for n in 0..150 {
            match self {
                Self::Directory => logs.asks(who, (day, from + 3 * n), n),
                Self::Buckets => {
                    logs.lists(who, (day, from + 4 * n), n % BUCKETS);
                    logs.lists(who, (day, from + 4 * n + 1), (n + 7) % BUCKETS);
                }
                Self::Read => {
                    for part in 0..10 {
                        let bucket = (10 * n + part) % BUCKETS;
                        logs.reads(who, (day, from + 5 * n), bucket, 1_000_000);
                    }
                }
                Self::Egress => {
                    logs.sends(who, (day, from + 5 * n), "203.0.113.200", 350_000_000);
                }
            }
        }
    }

    /// Returns whether an analytic is about it.
    fn is_told_by(self, analytic: &str) -> bool {
        let by: &[&str] = match self {
            Self::Directory => &["AN1088", "ACCOUNT-DISCOVERY"],
            Self::Buckets => &["AN1594"],
            Self::Read => &["ACCESS-SPIKE", "AN1328"],
            Self::Egress => &["EGRESS-SPIKE", "AN1328"],
        };
        by.contains(&analytic)
    }
}

/// Judges the last days of logs, of which so many were learnt; or each of them.
fn judge(setup: &Setup, logs: &Logs, split: Split) -> Backtest {
    let mut events = Vec::new();
    sources::read(
        logs.text.as_bytes(),
        "logs",
        &ReadOptions::default(),
        &mut |event| events.push(event),
        &mut |reject| panic!("{reject:?}"),
    );
    let options = BacktestOptions {
        split,
        frozen: false,
        score: SCORE,
        labels: None,
    };
    backtest_events(setup, events, &options).unwrap()
}

/// Returns a split after so many days; the first day of all has the others of that day.
fn after(days: i32) -> Split {
    match days {
        0 => Split::Default,
        days => Split::TrainDays(days as u32),
    }
}

#[test]
fn what_alerts_on_the_first_day_alerts_after_any_history() {
    let setup = setup(Config::default());
    for n_workers in [10, 400] {
        for days in [0, 1, 2, 3, 5, 8, 11, 14, 28] {
            // In a large estate all attacks are on one day: a dozen among hundreds.
            let all: Vec<(Attack, Worker)> = Attack::ALL
                .into_iter()
                .enumerate()
                .flat_map(|(at, attack)| {
                    let known = match attack {
                        Attack::Egress => Worker::new(4 * at + 1),
                        _ => Worker::new(2 * at + 2),
                    };
                    let stolen = Worker::new(2 * at + 2).stolen();
                    let of_job = Worker::new(if n_workers > 10 { 61 + 2 * at } else { 3 });
                    let rest = match attack {
                        Attack::Egress => vec![Worker {
                            address: format!("10.9.9.{at}"),
                            ..Worker::fresh(at)
                        }],
                        Attack::Read => vec![of_job, Worker::fresh(at)],
                        _ if n_workers > 10 => vec![of_job, Worker::fresh(at)],
                        _ => vec![stolen, of_job, Worker::fresh(at)],
                    };
                    let all = std::iter::once(known).chain(rest);
                    all.map(move |who| (attack, who)).collect::<Vec<_>>()
                })
                .collect();
            let mut past = Logs::default();
            let mut dice = Dice(7);
            for day in 0..=days {
                past.ordinary_day(n_workers, day, &mut dice);
            }
            let groups: Vec<&[(Attack, Worker)]> = match n_workers {
                10 => all.chunks(1).collect(),
                _ => vec![&all],
            };
            for group in groups {
                let mut logs = Logs {
                    text: past.text.clone(),
                    calls: past.calls,
                };
                for (attack, who) in group {
                    attack.write(&mut logs, who, days);
                }
                let found = judge(&setup, &logs, after(days));
                for (attack, who) in group {
                    let mut alerts = found.alerts.iter();
                    let is_it = |alert: &plimsoll::alert::Alert| {
                        *alert.entity.id == *who.identity && attack.is_told_by(&alert.analytic)
                    };
                    assert!(
                        alerts.any(is_it),
                        "{attack:?} by {} of {n_workers} after {days} days: {:?}",
                        who.identity,
                        found
                            .alerts
                            .iter()
                            .map(|a| (&a.analytic, &a.entity.id, a.score))
                            .collect::<Vec<_>>()
                    );
                }
            }
        }
    }
}

#[test]
fn from_the_third_day_on_no_more_is_told_than_was_promised() {
    let setup = setup(Config::default());
    for n_workers in [10, 400] {
        let mut logs = Logs::default();
        let mut dice = Dice(11);
        (0..14).for_each(|day| logs.ordinary_day(n_workers, day, &mut dice));
        let found = judge(&setup, &logs, Split::TrainDays(3));
        let promised = found.budget_per_day * 11.0;
        // What a Poisson count with this mean exceeds once in a hundred times.
        let most = promised + 2.33 * promised.sqrt() + 1.0;
        assert!(
            (found.incidents.len() as f64) <= most,
            "{} incidents of {n_workers} in eleven days, {promised:.1} promised",
            found.incidents.len()
        );
    }
}

/// Whoever looks at one thing on the first or second day is quiet, whichever provider it is: nobody is known yet.
#[test]
fn a_single_call_on_the_first_or_second_day_is_quiet() {
    let setup = setup(Config::default());
    let calls = [
        (
            "aws",
            "arn:aws:iam::111122223333:user/ops",
            "s3",
            "list_buckets",
            "ListBuckets",
        ),
        (
            "aws",
            "arn:aws:iam::111122223333:user/ops",
            "sts",
            "enumerate_directory",
            "GetCallerIdentity",
        ),
        (
            "aws",
            "arn:aws:iam::111122223333:user/ops",
            "iam",
            "enumerate_directory",
            "ListUsers",
        ),
        (
            "aws",
            "arn:aws:iam::111122223333:user/ops",
            "s3",
            "read_object",
            "GetObject",
        ),
        (
            "aws",
            "arn:aws:iam::111122223333:user/ops",
            "s3",
            "delete_object",
            "DeleteObject",
        ),
        (
            "azure",
            "azure:key:lake/key1",
            "storage",
            "list_objects",
            "ListBlobs",
        ),
        (
            "azure",
            "azure:key:lake/key1",
            "storage",
            "list_buckets",
            "ListContainers",
        ),
        (
            "entra",
            "entra:t/ops",
            "graph",
            "enumerate_directory",
            "GET /users",
        ),
        (
            "m365",
            "entra:t/ops",
            "exchange",
            "enumerate_directory",
            "Get-Mailbox",
        ),
        (
            "gcp",
            "gcp:user:ops@example.com",
            "storage",
            "list_objects",
            "storage.objects.list",
        ),
        (
            "gcp",
            "gcp:user:ops@example.com",
            "iam",
            "enumerate_directory",
            "google.iam.admin.v1.ListServiceAccounts",
        ),
        (
            "gworkspace",
            "gws:c/ops",
            "admin",
            "enumerate_directory",
            "admin.directory.users.list",
        ),
        (
            "okta",
            "okta:o/User/ops",
            "core",
            "enumerate_directory",
            "GET /api/v1/users",
        ),
        (
            "slack",
            "slack:e/ops",
            "slack",
            "enumerate_directory",
            "users.list",
        ),
    ];
    for (provider, identity, service, action, op) in calls {
        for kind in ["human", "workload"] {
            for bytes in [600, 150_000, 40_000_000] {
                for day in 0..2 {
                    let mut text = String::new();
                    for (n, day) in (0..3).flat_map(|n| (0..=1).map(move |day| (n, day))) {
                        let _ = writeln!(
                            text,
                            r#"{{"plimsoll":1,"event_time":"{}","provider":"{provider}","account":"a","region":"r","identity":"{identity}-{n}","identity_kind":"{kind}","src_ip":"198.51.100.{n}","user_agent":"curl/8","service":"{service}","action":"{action}","op":"{op}","container":"c","object":"o","bytes_out":900,"outcome":"success"}}"#,
                            FIRST.plus(day).start().plus_secs(36_000 + n),
                        );
                    }
                    let _ = writeln!(
                        text,
                        r#"{{"plimsoll":1,"event_time":"{}","provider":"{provider}","account":"a","region":"elsewhere","identity":"{identity}","identity_kind":"{kind}","src_ip":"203.0.113.9","user_agent":"Mozilla/5.0","service":"{service}","action":"{action}","op":"{op}","container":"other","object":"o","bytes_out":{bytes},"outcome":"success"}}"#,
                        FIRST.plus(day).start().plus_secs(40_000),
                    );
                    let found = judge(&setup, &Logs { text, calls: 0 }, Split::Default);
                    let loud = found.alerts.iter().filter(|a| a.severity > Severity::Low);
                    let loud: Vec<_> = loud.map(|a| (&a.analytic, &a.arm, a.score)).collect();
                    assert!(
                        loud.is_empty(),
                        "{op} of {kind} with {bytes} on day {day}: {loud:?}"
                    );
                }
            }
        }
    }
}
