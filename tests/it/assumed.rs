//! Who took the credentials: an alert on a role says who stands behind its session, from what days before and other files tell.

use serde_json::{Value, json};

use crate::world::World;

/// A role that was assumed, as CloudTrail writes it: who asked, with which credential, and which one he was given.
struct Taken<'a> {
    at: String,
    id: &'a str,
    by: &'a str,
    with: &'a str,
    issued: &'a str,
}

fn line(taken: &Taken) -> String {
    let is_role = taken.by.contains(":assumed-role/");
    let identity = match is_role {
        false => {
            json!({"type": "IAMUser", "arn": taken.by, "principalId": "AIDAEVE", "accountId": "111122223333",
            "userName": "eve", "accessKeyId": taken.with})
        }
        true => {
            json!({"type": "AssumedRole", "arn": taken.by, "principalId": "AROAHOP:x", "accountId": "111122223333",
            "accessKeyId": taken.with, "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "hop",
            "arn": "arn:aws:iam::111122223333:role/hop", "principalId": "AROAHOP", "accountId": "111122223333"}}})
        }
    };
    let record = json!({
        "eventVersion": "1.08", "eventTime": taken.at, "eventID": taken.id, "eventType": "AwsApiCall",
        "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.66", "userAgent": "aws-cli/2.15.0", "recipientAccountId": "111122223333",
        "userIdentity": identity, "responseElements": {"credentials": {"accessKeyId": taken.issued, "sessionToken": "s"}},
    });
    format!("{record}\n")
}

fn alerts(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn an_alert_says_who_took_the_credentials_that_it_was_done_with() {
    let eve = "arn:aws:iam::111122223333:user/eve";
    let world = World::simulated(2, 13, 40);
    let days = world.days();
    world.link_days("past", &days[..10]);
    world.link_days("present", &days[10..11]);
    world.run(&["train", "past"]).succeeds();
    let before = alerts(&world.run(&["score", "--again", "present"]).succeeds().out);
    let credential = |alert: &Value| alert["entity"]["credential"].as_str().map(str::to_owned);
    let mut used: Vec<String> = before.iter().filter_map(credential).collect();
    used.sort();
    used.dedup();
    assert!(used.len() >= 2, "{used:?}");
    assert!(before.iter().all(|alert| alert["assumed"].is_null()));

    // One was issued on the day before, with a role that was assumed before; it is learnt into the store. The other is told of by the
    // logs that are scored, in a file of its own.
    let date = |day: &str| format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
    let (eve_of, day) = (date(&days[9]), date(&days[10]));
    let hop = Taken {
        at: format!("{eve_of}T23:40:00Z"),
        id: "taken-hop",
        by: eve,
        with: "AKIAEVE",
        issued: "ASIAHOP",
    };
    let first = Taken {
        at: format!("{eve_of}T23:50:00Z"),
        id: "taken-first",
        by: "arn:aws:sts::111122223333:assumed-role/hop/x",
        with: "ASIAHOP",
        issued: &used[0],
    };
    let second = Taken {
        at: format!("{day}T00:00:00Z"),
        id: "taken-second",
        by: eve,
        with: "AKIAEVE",
        issued: &used[1],
    };
    world.write("eve/first.json", line(&first));
    world.write("eve/hop.json", line(&hop));
    world.write("present/zz.json", line(&second));
    world.run(&["train", "eve"]).succeeds();
    let said = world.run(&["score", "--again", "present"]).succeeds();
    let told = alerts(&said.out);
    let of = |credential: &str| -> Value {
        let mut assumed = told.iter().flat_map(|a| a["assumed"].as_array());
        let found = assumed.find_map(|all| all.iter().find(|a| a["credential"] == credential));
        found
            .unwrap_or_else(|| panic!("{credential}: {}", said.out))
            .clone()
    };
    let by_eve = |taken: &Taken| {
        json!({"credential": taken.issued, "time": taken.at, "operation": "sts:AssumeRole", "event_id": taken.id,
            "by": eve, "source_ip": "198.51.100.66"})
    };
    let mut expected = by_eve(&first);
    expected["by"] = "arn:aws:iam::111122223333:role/hop".into();
    expected["with"] = by_eve(&hop);
    assert_eq!(of(&used[0]), expected);
    assert_eq!(of(&used[1]), by_eve(&second));

    let text = world
        .run(&["score", "--again", "--format", "text", "present"])
        .succeeds();
    for words in [
        format!(
            "by {eve} at {day}T00:00:00Z from 198.51.100.66 (sts:AssumeRole, event taken-second)"
        ),
        format!(
            "by arn:aws:iam::111122223333:role/hop at {eve_of}T23:50:00Z from 198.51.100.66 (sts:AssumeRole, event \
             taken-first); that credential by {eve} at {eve_of}T23:40:00Z"
        ),
    ] {
        assert!(text.out.contains(&words), "{words}: {}", text.out);
    }
    // What it says of itself holds: the digest covers it.
    let alert = told.iter().find(|a| !a["assumed"].is_null()).unwrap();
    world.write("alert.json", alert.to_string());
    world.run(&["verify", "alert.json"]).succeeds();
}
