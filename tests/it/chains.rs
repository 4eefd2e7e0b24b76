//! Incidents out of CloudTrail logs, night after night: a chain of roles over three accounts and four days, and a roll-out to
//! a new region with an attack inside it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::World;

const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];
/// The days of the logs are those of March 2026; so many are learnt before the first night that matters.
const LEARNT: u32 = 15;
const HOME: &str = "eu-west-1";

/// A user, or a role with the credential of its session.
#[derive(Clone)]
struct Caller {
    account: &'static str,
    name: String,
    credential: Option<String>,
    address: String,
}

impl Caller {
    fn user(account: usize, name: &str, address: &str) -> Self {
        Self {
            account: ACCOUNTS[account],
            name: name.to_owned(),
            credential: None,
            address: address.to_owned(),
        }
    }

    fn role(account: usize, name: &str, credential: &str, address: &str) -> Self {
        Self {
            credential: Some(credential.to_owned()),
            ..Self::user(account, name, address)
        }
    }

    fn arn(&self) -> String {
        let kind = if self.credential.is_some() {
            "role"
        } else {
            "user"
        };
        format!("arn:aws:iam::{}:{kind}/{}", self.account, self.name)
    }

    fn identity(&self) -> Value {
        let (account, name) = (self.account, &self.name);
        let Some(credential) = &self.credential else {
            return json!({"type": "IAMUser", "principalId": format!("AIDA{}", name.to_uppercase()), "arn": self.arn(),
                "accountId": account, "accessKeyId": format!("AKIA{}", name.to_uppercase()), "userName": name});
        };
        let principal = format!("AROA{}", name.to_uppercase());
        json!({"type": "AssumedRole", "principalId": format!("{principal}:run"), "accountId": account, "accessKeyId": credential,
            "arn": format!("arn:aws:sts::{account}:assumed-role/{name}/run"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": principal, "arn": self.arn(), "accountId": account,
                "userName": name}}})
    }
}

/// CloudTrail records by day.
#[derive(Default)]
struct Trail {
    days: BTreeMap<u32, String>,
    n: u32,
}

impl Trail {
    /// Writes a call, `service:name`.
    fn call(&mut self, (day, second): (u32, u32), who: &Caller, call: &str, with: Value) {
        let (service, name) = call.split_once(':').expect("a service and a name");
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        let is_data = call.ends_with("Object") || call.ends_with("Objects");
        self.n += 1;
        let mut record = json!({"eventVersion": "1.10", "userIdentity": who.identity(), "eventType": "AwsApiCall",
            "eventTime": format!("2026-03-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60), "eventName": name,
            "eventSource": format!("{service}.amazonaws.com"), "awsRegion": HOME, "sourceIPAddress": who.address,
            "userAgent": "aws-cli/2.17.20", "eventID": format!("event-{}", self.n), "recipientAccountId": who.account,
            "managementEvent": !is_data, "eventCategory": if is_data { "Data" } else { "Management" }});
        for (name, value) in with.as_object().expect("members") {
            record[name] = value.clone();
        }
        *self.days.entry(day).or_default() += &format!("{record}\n");
    }

    /// Lists and reads so many objects in each of some buckets.
    fn reads(&mut self, (day, second): (u32, u32), who: &Caller, buckets: &[String], n: u32) {
        for (at, bucket) in (0..).zip(buckets) {
            let start = second + at * n;
            let asked = json!({"requestParameters": {"bucketName": bucket}, "awsRegion": HOME});
            self.call((day, start), who, "s3:ListObjects", asked);
            for key in 0..n {
                let asked = json!({"requestParameters": {"bucketName": bucket, "key": format!("k{}", (day * 7 + key) % 40 + n)},
                    "additionalEventData": {"bytesTransferredOut": 40_000}});
                self.call((day, start + key), who, "s3:GetObject", asked);
            }
        }
    }

    /// Assumes a role, with a credential of its own.
    fn assumes(&mut self, at: (u32, u32), who: &Caller, role: &Caller) {
        let credential = role.credential.as_deref().expect("a role");
        self.call(
            at,
            who,
            "sts:AssumeRole",
            json!({"requestParameters": {"roleArn": role.arn(), "roleSessionName": "run"},
            "responseElements": {"credentials": {"accessKeyId": credential, "sessionToken": "s"}}}),
        );
    }

    /// Two ordinary weeks and some days: people, and a role of each account, read in three buckets of their own.
    fn ordinary(days: u32) -> Self {
        let mut trail = Self::default();
        for day in 1..=days {
            for n in 0..18_u32 {
                let who = ordinary(n);
                let hours = [9, 11, 14, 16];
                for hour in &hours[..2 + ((day + n) % 3) as usize] {
                    let at = (day, hour * 3_600 + 131 * n);
                    let bucket = format!("team-{}-{}", n, (hour + day) % 3);
                    trail.reads(at, &who, &[bucket], 2 + (day * n + hour) % 5);
                }
            }
        }
        trail
    }

    fn write(&self, world: &World, folder: &str, days: std::ops::RangeInclusive<u32>) {
        for (day, text) in self.days.range(days) {
            world.write(&format!("{folder}/{day:02}.jsonl"), text);
        }
    }
}

/// The `n`th of those who do ordinary work: in each account there are five users and a role.
fn ordinary(n: u32) -> Caller {
    let account = (n % 3) as usize;
    let address = format!("198.51.100.{}", 10 + n);
    match n / 3 {
        5 => Caller::role(
            account,
            ["etl", "jump", "vault"][account],
            &format!("ASIAOWN{n}"),
            &format!("10.0.0.{}", 10 + n),
        ),
        _ => Caller::user(account, &format!("person{n:02}"), &address),
    }
}

fn buckets(name: &str, n: u32) -> Vec<String> {
    (0..n).map(|at| format!("{name}-{at:02}")).collect()
}

fn documents(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a document"))
        .collect()
}

fn incidents(world: &World) -> Vec<Value> {
    documents(&world.run(&["incidents", "--format", "json"]).succeeds().out)
}

/// Learns the first days and then, night after night, each of the others; returns what was told.
fn nights(world: &World, trail: &Trail) -> Vec<Value> {
    let last = *trail.days.keys().last().expect("days");
    trail.write(world, "logs", 1..=LEARNT);
    assert_eq!(world.run(&["nightly", "logs"]).succeeds().out, "");
    let mut told = Vec::new();
    for day in LEARNT + 1..=last {
        trail.write(world, "logs", day..=day);
        told.extend(documents(&world.run(&["nightly", "logs"]).succeeds().out));
    }
    told
}

#[test]
fn a_chain_of_roles_over_three_accounts_and_four_days_is_one_incident() {
    let mut trail = Trail::ordinary(LEARNT + 4);
    let mallory = ordinary(0);
    let foreign = "203.0.113.9";
    let role =
        |account, name: &str, credential: &str| Caller::role(account, name, credential, foreign);
    let (first, later) = (LEARNT + 1, LEARNT + 4);
    // A user makes a role in the first account, which looks around.
    let stage = role(0, "stage", "ASIASTAGE1");
    trail.call((first, 36_000), &mallory, "iam:CreateRole", json!({"requestParameters": {"roleName": "stage"},
        "responseElements": {"role": {"arn": stage.arn(), "roleName": "stage", "roleId": "AROASTAGE"}}}));
    trail.assumes((first, 37_000), &mallory, &stage);
    trail.reads((first, 38_000), &stage, &buckets("lake", 60), 20);
    // Three days later, it takes a role of the second account, which only takes one of the third.
    let (stage, jump, vault) = (
        role(0, "stage", "ASIASTAGE2"),
        // From its own machine: nothing is odd about it but what it is used for.
        Caller {
            credential: Some("ASIAJUMP2".to_owned()),
            ..ordinary(16)
        },
        role(2, "vault", "ASIAVAULT2"),
    );
    trail.assumes((later, 7_000), &mallory, &stage);
    trail.assumes((later, 7_100), &stage, &jump);
    trail.assumes((later, 7_200), &jump, &vault);
    trail.reads((later, 7_300), &vault, &buckets("deep", 50), 40);
    // On the same day somebody else steals something else.
    let other = Caller {
        address: "192.0.2.77".to_owned(),
        ..ordinary(7)
    };
    trail.reads((later, 7_300), &other, &buckets("plans", 50), 30);

    let world = World::empty();
    let told = nights(&world, &trail);
    let of = |who: &Caller| -> Vec<&Value> {
        told.iter()
            .filter(|alert| alert["entity"]["id"] == who.arn())
            .collect()
    };
    let listed = incidents(&world);
    let about = |who: &Caller| -> Vec<&Value> {
        let names = |incident: &&Value| {
            incident["entities"]
                .as_array()
                .is_some_and(|all| all.iter().any(|e| e["id"] == who.arn()))
        };
        listed.iter().filter(names).collect()
    };
    let chain = about(&vault);
    assert_eq!(chain.len(), 1, "{listed:#?}");
    let chain = chain[0];
    for who in [&mallory, &stage, &jump] {
        assert_eq!(about(who), [chain], "{}", who.arn());
    }
    let parts: BTreeMap<String, &str> = chain["entities"]
        .as_array()
        .expect("entities")
        .iter()
        .map(|entity| {
            (
                entity["id"].as_str().unwrap().to_owned(),
                entity["part"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (&mallory, "created_by"),
        (&stage, "actor"),
        (&jump, "assumed"),
        (&vault, "actor"),
    ];
    let expected: BTreeMap<String, &str> = expected
        .into_iter()
        .map(|(who, part)| (who.arn(), part))
        .collect();
    assert_eq!(parts, expected, "{chain:#}");
    assert!(
        chain["start"].as_str() < Some("2026-03-17") && chain["end"].as_str() > Some("2026-03-19")
    );
    for who in [&stage, &vault] {
        assert!(!of(who).is_empty(), "{}", who.arn());
        for alert in of(who) {
            assert_eq!(alert["incident_id"], chain["incident_id"], "{alert:#}");
            let ids = chain["alerts"].as_array().expect("ids");
            assert!(ids.contains(&alert["alert_id"]));
        }
    }
    // The other theft of that night is none of it.
    let theft = about(&other);
    assert_eq!(theft.len(), 1);
    assert_ne!(theft[0]["incident_id"], chain["incident_id"]);
    assert!(
        of(&other)
            .iter()
            .all(|alert| alert["incident_id"] == theft[0]["incident_id"])
    );
}

#[test]
fn a_roll_out_to_a_region_is_told_once_and_an_attack_inside_it_by_itself() {
    const REGION: &str = "ap-south-1";
    let mut trail = Trail::ordinary(LEARNT + 1);
    let worker = |n: u32| {
        Caller::role(
            0,
            &format!("deploy-{n:02}"),
            &format!("ASIADEPLOY{n}"),
            &format!("10.0.1.{}", 10 + n),
        )
    };
    let starts = |trail: &mut Trail, at, n: u32, region: &str| {
        trail.call(
            at,
            &worker(n),
            "ec2:RunInstances",
            json!({"awsRegion": region,
            "requestParameters": {"instancesSet": {"items": [{"minCount": 1, "maxCount": 1}]}}}),
        );
    };
    for n in 0..12 {
        for day in 1..=LEARNT {
            for turn in 0..2 + (day + n) % 3 {
                starts(&mut trail, (day, 40_000 + 900 * turn + 60 * n), n, HOME);
            }
        }
        for turn in 0..6 {
            starts(
                &mut trail,
                (LEARNT + 1, 40_000 + 900 * turn + 60 * n),
                n,
                REGION,
            );
        }
    }
    // Of whom most stay where they are: otherwise it might be the log of the region that begins.
    for n in 12..60 {
        for day in 1..=LEARNT + 1 {
            for turn in 0..2 + (day + n) % 3 {
                starts(
                    &mut trail,
                    (day, 40_000 + 900 * turn + 60 * (n % 12)),
                    n,
                    HOME,
                );
            }
        }
    }
    // One of them is also used from elsewhere, for what no roll-out asks for.
    let stolen = Caller {
        address: "203.0.113.9".to_owned(),
        ..worker(11)
    };
    trail.reads((LEARNT + 1, 60_000), &stolen, &buckets("lake", 60), 30);

    let world = World::empty();
    let told = nights(&world, &trail);
    let listed = incidents(&world);
    let roll_outs: Vec<&Value> = listed
        .iter()
        .filter(|incident| !incident["cause"].is_null())
        .collect();
    assert_eq!(roll_outs.len(), 1, "{listed:#?}");
    let roll_out = roll_outs[0];
    assert_eq!(roll_out["cause"]["value"], REGION);
    assert_eq!(roll_out["cause"]["members"], 11);
    let members: Vec<String> = (0..11).map(|n| worker(n).arn()).collect();
    let entities = roll_out["entities"].as_array().expect("entities");
    let mut ids: Vec<&str> = entities.iter().map(|e| e["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, members);
    assert!(entities.iter().all(|entity| entity["part"] == "member"));
    let attacks: Vec<&Value> = listed
        .iter()
        .filter(|i| i["entities"].to_string().contains("deploy-11"))
        .collect();
    assert_eq!(attacks.len(), 1, "{attacks:#?}");
    assert_ne!(attacks[0]["incident_id"], roll_out["incident_id"]);
    assert!(
        number(&attacks[0]["extent"]["objects"]) >= 1_000,
        "{:#}",
        attacks[0]
    );
    for alert in &told {
        let id = alert["entity"]["id"].as_str().unwrap();
        let expected = if id == stolen.arn() {
            attacks[0]
        } else {
            roll_out
        };
        assert_eq!(alert["incident_id"], expected["incident_id"], "{alert:#}");
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}
