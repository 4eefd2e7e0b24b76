#![allow(clippy::unwrap_used)]

mod caller;
mod effect;
mod target;

use serde_json::{Value as Tree, json};

use crate::event::{Action, Event, IdentityKind, Outcome, Provider, Untrusted};
use crate::sources::{ReadOptions, read};

/// Reads a default record with these members added or, by `null`, removed.
pub fn event(members: Tree) -> Event {
    let mut record = json!({
        "eventVersion": "1.09",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ana", "accountId": "111122223333",
            "principalId": "AIDAEXAMPLE", "userName": "ana", "accessKeyId": "AKIAEXAMPLE"},
        "eventTime": "2026-03-16T04:11:09Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.7", "userAgent": "[aws-cli/2.15.0]",
        "eventID": "e-1", "recipientAccountId": "111122223333",
    });
    for (name, value) in members.as_object().unwrap() {
        record[name] = value.clone();
    }
    let mut found = Vec::new();
    let text = record.to_string();
    read(
        text.as_bytes(),
        "test",
        &ReadOptions::default(),
        &mut |e| found.push(e),
        &mut |r| panic!("{r:?}"),
    );
    assert_eq!(found.len(), 1, "{text}");
    found.remove(0)
}

pub fn raw(text: &Option<Untrusted>) -> Option<&str> {
    text.as_ref().map(|t| t.raw())
}

pub fn role(path: &str, name: &str, session: &str) -> Tree {
    json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": "111122223333",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/{session}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::111122223333:role{path}{name}"),
            "userName": name}, "attributes": {"mfaAuthenticated": "false", "creationDate": "20260316T040000Z"}}})
}

pub fn with(mut tree: Tree, pointer: &str, name: &str, value: Tree) -> Tree {
    tree.pointer_mut(pointer).unwrap()[name] = value;
    tree
}

#[test]
fn a_data_event_is_read_field_by_field() {
    let e = event(json!({
        "eventTime": "2026-03-16T04:11:09.5Z",
        "requestParameters": {"bucketName": "reports", "key": "a/b c.csv", "Host": "x"},
        "additionalEventData": {"bytesTransferredOut": 4096.0, "bytesTransferredIn": "7", "AuthenticationMethod": "QueryString"},
        "vpcEndpointId": "vpce-1", "eventCategory": "Data", "managementEvent": "false",
    }));
    assert_eq!(e.time.to_string(), "2026-03-16T04:11:09.500Z");
    assert_eq!(
        (&*e.id, e.provider, &*e.service, &*e.op),
        ("e-1", Provider::Aws, "s3", "GetObject")
    );
    assert_eq!(
        (e.account.as_deref(), e.region.as_deref(), e.regional),
        (Some("111122223333"), Some("eu-west-1"), true)
    );
    assert_eq!(
        (e.action, e.outcome, e.counted),
        (Action::ReadObject, Outcome::Success, true)
    );
    assert_eq!(
        (raw(&e.container), raw(&e.object), raw(&e.prefix)),
        (Some("reports"), Some("a/b c.csv"), None)
    );
    assert_eq!((e.bytes_out, e.bytes_in), (Some(4096), Some(7)));
    assert_eq!(e.peer.ip, Some([198, 51, 100, 7].into()));
    assert_eq!(
        (raw(&e.user_agent), &*e.client),
        (Some("aws-cli/2.15.0"), "aws-cli")
    );
    assert_eq!(e.credential.as_deref(), Some("AKIAEXAMPLE"));
    assert_eq!(e.context.auth_method.as_deref(), Some("QueryString"));
    assert_eq!(
        (e.context.console, e.context.vpc_endpoint.as_deref()),
        (Some(false), Some("vpce-1"))
    );
    assert_eq!(e.context.actor_account.as_deref(), Some("111122223333"));
    let p = e.principal.unwrap();
    assert_eq!(
        (&*p.id, p.kind, p.role),
        (
            "arn:aws:iam::111122223333:user/ana",
            IdentityKind::Human,
            None
        )
    );
    assert_eq!(
        p.aliases.iter().map(|a| &**a).collect::<Vec<_>>(),
        ["AIDAEXAMPLE", "ana"]
    );
}

#[test]
fn denied_and_failed_and_throttled_are_distinct() {
    for (members, outcome) in [
        (json!({}), Outcome::Success),
        (
            json!({"errorCode": "", "errorMessage": null}),
            Outcome::Success,
        ),
        (
            json!({"errorCode": "Client.UnauthorizedOperation"}),
            Outcome::Denied,
        ),
        (
            json!({"errorCode": "AccessDeniedException"}),
            Outcome::Denied,
        ),
        (json!({"errorCode": "Throttling"}), Outcome::Throttled),
        (
            json!({"errorCode": "Client.RequestLimitExceeded"}),
            Outcome::Throttled,
        ),
        (
            json!({"errorCode": "NoSuchBucketPolicy"}),
            Outcome::NotConfigured,
        ),
        (json!({"errorCode": "NoSuchBucket"}), Outcome::Failure),
        (json!({"errorMessage": "it broke"}), Outcome::Failure),
        (
            json!({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "responseElements": {"ConsoleLogin": "Failure"}}),
            Outcome::Failure,
        ),
        (
            json!({"eventSource": "signin.amazonaws.com", "eventName": "CheckMfa", "responseElements": {"CheckMfa": "Success"}}),
            Outcome::Success,
        ),
    ] {
        assert_eq!(event(members.clone()).outcome, outcome, "{members}");
    }
}

#[test]
fn context_duplicates_corrections_and_creations() {
    let login = event(
        json!({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn",
        "additionalEventData": {"MFAUsed": "Yes"}, "userAgent": "Mozilla/5.0", "responseElements": {"ConsoleLogin": "Success"}}),
    );
    assert_eq!(
        (
            login.action,
            login.context.mfa,
            login.context.console,
            login.regional
        ),
        (Action::Authenticate, Some(true), Some(true), false)
    );
    assert_eq!(
        event(json!({"sessionCredentialFromConsole": "true", "userAgent": "x"}))
            .context
            .console,
        Some(true)
    );

    let said_by = |members: Tree| event(members).context;
    for agent in [
        "Mozilla/5.0",
        "S3Console/0.4, aws-internal/3",
        "console.amazonaws.com",
    ] {
        let claimed = said_by(json!({"userAgent": agent, "sourceIPAddress": "198.51.100.7"}));
        assert_eq!(
            (claimed.console, claimed.console_stated),
            (Some(true), None),
            "{agent}"
        );
    }
    for members in [
        json!({"sessionCredentialFromConsole": "true", "userAgent": "x"}),
        json!({"eventType": "AwsConsoleAction"}),
    ] {
        assert_eq!(said_by(members).console_stated, Some(true));
    }

    let via = |user: Tree| {
        event(json!({"userIdentity": with(user, "", "invokedBy", json!("AWS Internal"))}))
            .context
            .via
    };
    assert_eq!(via(role("/", "load", "x")).as_deref(), Some("AWS Internal"));
    let by_console = event(
        json!({"userIdentity": with(role("/", "load", "x"), "", "invokedBy", json!("signin.amazonaws.com"))}),
    );
    assert_eq!(
        (by_console.context.via, by_console.context.console),
        (None, Some(true))
    );

    let service = event(json!({"sourceIPAddress": "rds.amazonaws.com"}));
    assert_eq!(
        (service.peer.ip, raw(&service.peer.host)),
        (None, Some("rds.amazonaws.com"))
    );
    assert_eq!(
        event(json!({"sourceIPAddress": ""})).peer,
        Default::default()
    );
    assert_eq!(
        event(json!({"sourceIPAddress": "::ffff:10.1.2.3"})).peer.ip,
        Some([10, 1, 2, 3].into())
    );

    let duplicate = |recipient: &str, account: &str| {
        event(json!({"sharedEventID": "s", "recipientAccountId": recipient, "userIdentity": {"type": "AWSAccount", "principalId": "A", "accountId": account}})).duplicate_of_account
    };
    assert_eq!(
        duplicate("111122223333", "444455556666").as_deref(),
        Some("444455556666")
    );
    assert_eq!(duplicate("111122223333", "111122223333"), None);
    assert_eq!(duplicate("111122223333", "anonymous"), None);

    let corrected =
        event(json!({"addendum": {"reason": "UPDATED_DATA", "originalEventID": "e-0"}}));
    assert!(!corrected.counted && &*corrected.id == "e-1");
    assert_eq!(
        &*event(json!({"addendum": {"reason": "DELIVERY_DELAY"}})).id,
        "e-1"
    );
    let (one, two) = (
        event(json!({"eventID": null})),
        event(json!({"eventID": null, "requestParameters": {"a": 1}})),
    );
    assert!(
        one.id.starts_with("ct-")
            && one.id != two.id
            && one.id == event(json!({"eventID": null})).id
    );

    let restated = |code: Tree| {
        event(
            json!({"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity", "errorCode": code}),
        )
    };
    assert!(!restated(json!(null)).counted && restated(json!("VpceAccessDenied")).counted);

    let created = |members: Tree| {
        let base = json!({"eventSource": "iam.amazonaws.com", "awsRegion": "us-east-1"});
        let mut all = base.as_object().unwrap().clone();
        all.extend(members.as_object().unwrap().clone());
        event(Tree::Object(all)).created
    };
    let arn = "arn:aws:iam::111122223333:role/x/new";
    assert_eq!(
        created(json!({"eventName": "CreateRole", "responseElements": {"role": {"arn": arn}}}))
            .as_deref(),
        Some(arn)
    );
    assert_eq!(created(json!({"eventName": "CreateRole", "requestParameters": {"roleName": "new", "path": "/x/"}})).as_deref(), Some(arn));
    assert_eq!(
        created(
            json!({"eventName": "CreateUser", "errorCode": "AccessDenied", "requestParameters": {"userName": "new"}})
        ),
        None
    );

    let issued = |source: &str, op: &str, response: Tree| {
        let e = event(
            json!({"eventSource": format!("{source}.amazonaws.com"), "eventName": op, "responseElements": response}),
        );
        e.issued.map(|key| key.to_string())
    };
    let credentials = json!({"credentials": {"accessKeyId": "ASIAEXAMPLE", "sessionToken": "t"}});
    for op in [
        "AssumeRole",
        "AssumeRoleWithSAML",
        "GetSessionToken",
        "GetFederationToken",
    ] {
        assert_eq!(
            issued("sts", op, credentials.clone()).as_deref(),
            Some("ASIAEXAMPLE")
        );
    }
    let key = json!({"accessKey": {"accessKeyId": "AKIAEXAMPLE2", "userName": "bo"}});
    assert_eq!(
        issued("iam", "CreateAccessKey", key).as_deref(),
        Some("AKIAEXAMPLE2")
    );

    let sts = |host: &str| {
        event(json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "awsRegion": "us-east-1",
        "tlsDetails": {"clientProvidedHostHeader": host}})).regional
    };
    assert!(!sts("sts.amazonaws.com") && sts("sts.us-east-1.amazonaws.com"));
}

#[test]
fn times_are_read_in_several_forms() {
    for (text, expected) in [
        (json!("2022-09-15 13:45:24"), "2022-09-15T13:45:24Z"),
        (json!("20131102T010628Z"), "2013-11-02T01:06:28Z"),
        (json!("2022-02-08 09:23:37+11:00"), "2022-02-07T22:23:37Z"),
        (json!(1_773_634_269), "2026-03-16T04:11:09Z"),
        (json!(1_773_634_269_000i64), "2026-03-16T04:11:09Z"),
    ] {
        assert_eq!(event(json!({"eventTime": text})).time.to_string(), expected);
    }
}
