//! A nightly job is recognised, proposed and approved; the same job in another shape still alerts.

use serde_json::{Value, json};

use crate::world::World;

const ACCOUNT: &str = "111122223333";
const JOB: &str = "nightly-scan";
const BUCKETS: [&str; 3] = ["scan-invoices", "scan-ledger", "scan-notes"];
const SENSITIVE: &str = "scan-ledger";
const HOME: &str = "10.30.1.9";
const CLIENT: &str = "Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0";

/// What a role does on a day.
#[derive(Clone, Copy)]
struct Night<'a> {
    /// The role, or a person behind a role of many.
    who: &'a str,
    /// As in `20260316`.
    day: &'a str,
    /// Hour and minute of its first call.
    at: (u32, u32),
    /// Calls in each bucket.
    calls: u32,
    buckets: &'a [&'a str],
    address: &'a str,
    client: &'a str,
    /// The account that a sensitive object is copied to.
    copies_to: Option<&'a str>,
}

const USUAL: Night = Night {
    who: JOB,
    day: "",
    at: (2, 10),
    calls: 12,
    buckets: &BUCKETS,
    address: HOME,
    client: CLIENT,
    copies_to: None,
};

impl Night<'_> {
    fn records(&self) -> Vec<Value> {
        let mut records = Vec::new();
        let first = self.at.0 * 3600 + self.at.1 * 60;
        for turn in 0..self.calls {
            for (n, bucket) in self.buckets.iter().enumerate() {
                let second = first + turn * 2 + n as u32 % 2;
                let (name, parameters) = match turn % 3 {
                    0 => (
                        "GetObject",
                        json!({"bucketName": bucket, "key": format!("a/{turn}")}),
                    ),
                    _ => (
                        "ListObjects",
                        json!({"bucketName": bucket, "prefix": format!("a/{turn}/")}),
                    ),
                };
                records.push(self.record(second, name, parameters, (bucket, ACCOUNT)));
            }
        }
        if let Some(account) = self.copies_to {
            for turn in 0..20 {
                let source = format!("{SENSITIVE}/a/{turn}");
                let parameters =
                    json!({"bucketName": "elsewhere", "key": "k", "x-amz-copy-source": source});
                let second = first + self.calls * 2 + turn;
                records.push(self.record(second, "CopyObject", parameters, ("elsewhere", account)));
            }
        }
        records
    }

    fn record(
        &self,
        second: u32,
        name: &str,
        parameters: Value,
        (bucket, owner): (&str, &str),
    ) -> Value {
        let Self {
            who, day, address, ..
        } = self;
        let is_person = who.contains('@');
        let (role, session) = if is_person {
            ("AWSReservedSSO_Ops_0123456789abcdef", *who)
        } else {
            (*who, "i-0abc")
        };
        let session = if session == "i-0abc" {
            "session"
        } else {
            session
        };
        let (year, rest) = day.split_at(4);
        let (month, date) = rest.split_at(2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        json!({
            "eventVersion": "1.09",
            "userIdentity": {
                "type": "AssumedRole", "principalId": format!("AROA{role}:{session}"),
                "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"), "accountId": ACCOUNT,
                "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": format!("AROA{role}"),
                    "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "accountId": ACCOUNT, "userName": role}},
            },
            "eventTime": format!("{year}-{month}-{date}T{hour:02}:{minute:02}:{second:02}Z"),
            "eventSource": "s3.amazonaws.com", "eventName": name, "awsRegion": "us-east-1",
            "sourceIPAddress": address, "userAgent": format!("[{}]", self.client),
            "requestParameters": parameters, "responseElements": null,
            "additionalEventData": {"bytesTransferredOut": 2000},
            "eventID": format!("{who}-{day}-{second}-{minute}-{hour}-{name}-{bucket}"),
            "readOnly": true, "eventType": "AwsApiCall", "managementEvent": false, "recipientAccountId": ACCOUNT,
            "resources": [{"accountId": owner, "type": "AWS::S3::Bucket", "ARN": format!("arn:aws:s3:::{bucket}")}],
        })
    }
}

fn write(world: &World, name: &str, runs: &[Night]) {
    let records = runs.iter().flat_map(Night::records);
    let lines: Vec<String> = records.map(|record| record.to_string()).collect();
    world.write(name, lines.join("\n") + "\n");
}

/// The alerts on the job that scoring some nights brings.
fn alerts(world: &World, runs: &[Night]) -> Vec<Value> {
    write(world, "tonight.jsonl", runs);
    let said = world
        .run(&["score", "--again", "--budget", "5/day", "tonight.jsonl"])
        .succeeds();
    let of_job = |alert: &Value| {
        alert["entity"]["id"]
            .as_str()
            .is_some_and(|id| id.ends_with(JOB))
    };
    said.out
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is a JSON document"))
        .filter(of_job)
        .collect()
}

#[test]
fn a_nightly_job_is_proposed_and_another_shape_of_it_still_alerts() {
    let world = World::simulated(12, 20, 30);
    let days = world.days();
    let (past, tonight) = days.split_at(18);
    world.link_days("past", past);
    let rules = "\n[[sensitive]]\nbucket = \"aws:scan-ledger\"\n";
    let path = world.path().join("plimsoll.toml");
    let config = std::fs::read_to_string(&path).expect("a configuration") + rules;
    world.write("plimsoll.toml", &config);
    let mut runs = Vec::new();
    for (n, day) in past.iter().enumerate() {
        let usual = Night {
            day,
            at: (2, 10 + n as u32 % 7),
            calls: 10 + n as u32 % 5,
            ..USUAL
        };
        runs.push(usual);
        // As steady, and a person; as steady, and young; once, and loud; at any time.
        runs.push(Night {
            who: "ada@example.com",
            ..usual
        });
        if n >= 9 {
            runs.push(Night {
                who: "young-scan",
                ..usual
            });
        }
        if n == 11 {
            runs.push(Night {
                who: "one-burst",
                calls: 300,
                ..usual
            });
        }
        runs.push(Night {
            who: "any-time",
            at: (n as u32 * 7 % 24, 5),
            ..usual
        });
        // Steady, but never from where it was the day before.
        let addresses = [
            "10.31.0.1",
            "10.32.0.1",
            "10.33.0.1",
            "10.34.0.1",
            "10.35.0.1",
            "10.36.0.1",
        ];
        runs.push(Night {
            who: "roaming-scan",
            address: addresses[n % 6],
            ..usual
        });
    }
    write(&world, "past/jobs.jsonl", &runs);
    world.run(&["train", "past"]).succeeds();

    let proposed = world.run(&["approve", "propose"]).succeeds().out;
    let table_of = |who: &str| {
        let identity = format!("identity = \"arn:aws:iam::{ACCOUNT}:role/{who}\"");
        proposed
            .split("\n\n")
            .find(|table| table.contains(&identity))
    };
    let table = table_of(JOB)
        .expect("the job is proposed")
        .trim()
        .to_owned();
    for line in [
        "every day at 2 h UTC",
        "user_agent = \"boto3\"",
        "network = \"10.30.0.0/16\"",
        "destination = []",
        "bucket = [\"scan-invoices\", \"scan-ledger\", \"scan-notes\"]",
        "owner = \"\"",
        "seen on 18 days",
    ] {
        assert!(table.contains(line), "`{line}` is not in:\n{table}");
    }
    // It tells of clients that the table does not cover.
    assert!(!table.contains("S3-CLIENT"), "{table}");
    for who in ["young-scan", "one-burst", "any-time", "roaming-scan"] {
        assert!(table_of(who).is_none(), "{who} is proposed:\n{proposed}");
    }
    assert!(!proposed.contains("ada@example.com"), "{proposed}");
    let document = world
        .run(&["approve", "propose", "--format", "json"])
        .succeeds();
    let document: Value = serde_json::from_str(&document.out).expect("a document");
    let jobs = document["proposals"].as_array().expect("proposals").iter();
    let mut jobs = jobs.filter(|job| job["identity"].as_str().is_some_and(|id| id.ends_with(JOB)));
    let written = jobs.next().expect("the job")["toml"][0].clone();
    let written = written.as_str().expect("a text").trim();
    assert!(table.ends_with(written), "{written}");

    // If it was news on its first days, somebody has to take the marks away.
    let marked = table.split_once("[[approval]]\n").expect("an approval");
    let bare = marked
        .1
        .lines()
        .map(|line| line.strip_prefix("# ").unwrap_or(line));
    let table = format!("[[approval]]\n{}", bare.collect::<Vec<_>>().join("\n"));

    let day = &*tonight[0];
    let loud = Night {
        day,
        calls: 400,
        ..USUAL
    };
    assert!(
        !alerts(&world, &[loud]).is_empty(),
        "a loud night alerts without an approval"
    );

    // Nobody's approval is none.
    world.write("plimsoll.toml", format!("{config}\n{table}\n"));
    world
        .run(&["check"])
        .fails_with(2, &["expected text, found an empty one"]);
    let owned = table.replace("owner = \"\"", "owner = \"security@example.com\"");
    let owned = owned
        .lines()
        .map(|line| {
            if line.starts_with("expires") {
                "expires = 2099-01-31"
            } else {
                line
            }
        })
        .collect::<Vec<_>>()
        .join("\n");
    world.write("plimsoll.toml", format!("{config}\n{owned}\n"));
    assert!(
        alerts(&world, &[loud]).is_empty(),
        "its loud night is covered"
    );
    let listed = world.run(&["approve", "list"]).succeeds();
    assert!(listed.out.contains("hidden     "), "{}", listed.out);

    for (other, what) in [
        (
            Night {
                address: "198.51.100.7",
                ..loud
            },
            "from another network",
        ),
        (
            Night {
                client: "rclone/v1.66.0",
                ..loud
            },
            "with another client",
        ),
        (
            Night {
                buckets: &["scan-invoices", "scan-ledger", "hr-records"],
                ..loud
            },
            "in another bucket",
        ),
        (
            Night {
                copies_to: Some("999988887777"),
                ..loud
            },
            "to another destination",
        ),
        (
            Night {
                copies_to: Some("999988887777"),
                ..Night { day, ..USUAL }
            },
            "quietly to another destination",
        ),
    ] {
        assert!(!alerts(&world, &[other]).is_empty(), "{what}: no alert");
    }
    let proposed = world.run(&["approve", "propose"]).succeeds().out;
    assert!(
        !proposed.contains(&format!("role/{JOB}\"")),
        "it is approved already: {proposed}"
    );
}
