#![allow(clippy::unwrap_used)]

use serde_json::{Value as Tree, json};

use crate::event::{Action, Event, IdentityKind, Outcome, Provider};
use crate::sources::{ReadOptions, read};

/// Reads one record: a plain one with these members put in or, by `null`, taken out.
fn event(members: Tree) -> Event {
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

fn raw(text: &Option<crate::event::Untrusted>) -> Option<&str> {
    text.as_ref().map(|t| t.raw())
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

fn role(path: &str, name: &str, session: &str) -> Tree {
    json!({"type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": "111122223333",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/{name}/{session}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::111122223333:role{path}{name}"),
            "userName": name}, "attributes": {"mfaAuthenticated": "false", "creationDate": "20260316T040000Z"}}})
}

fn with(mut tree: Tree, pointer: &str, name: &str, value: Tree) -> Tree {
    tree.pointer_mut(pointer).unwrap()[name] = value;
    tree
}

#[test]
fn one_person_or_workload_is_one_identity() {
    use IdentityKind::*;
    let sso =
        "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b";
    let a = "111122223333";
    for (identity, id, kind, role, session) in [
        (
            role("/etl/", "load", "job-7"),
            "arn:aws:iam::111122223333:role/etl/load",
            RoleSession,
            Some("arn:aws:iam::111122223333:role/etl/load"),
            Some("job-7"),
        ),
        (
            role(
                "/aws-reserved/sso.amazonaws.com/",
                "AWSReservedSSO_Admin_0a1b",
                "ana",
            ),
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0a1b/ana",
            Human,
            Some(sso),
            Some("ana"),
        ),
        (
            role("/", "Dev", "Ana@example.com"),
            "arn:aws:sts::111122223333:assumed-role/Dev/ana@example.com",
            Human,
            Some("arn:aws:iam::111122223333:role/Dev"),
            Some("Ana@example.com"),
        ),
        (
            with(
                role("/", "Dev", "s1"),
                "/sessionContext",
                "sourceIdentity",
                json!("ana@example.com"),
            ),
            "arn:aws:sts::111122223333:assumed-role/Dev/s1",
            Human,
            Some("arn:aws:iam::111122223333:role/Dev"),
            Some("s1"),
        ),
        (
            role("/", "web", "i-0123456789abcdef0"),
            "arn:aws:iam::111122223333:role/web",
            Workload,
            Some("arn:aws:iam::111122223333:role/web"),
            Some("i-0123456789abcdef0"),
        ),
        (
            with(
                role("/", "ci", "run"),
                "/sessionContext",
                "webIdFederationData",
                json!({"federatedProvider": "arn:x"}),
            ),
            "arn:aws:iam::111122223333:role/ci",
            Workload,
            Some("arn:aws:iam::111122223333:role/ci"),
            Some("run"),
        ),
        (
            with(
                role("/", "ci", "run"),
                "/sessionContext",
                "webIdFederationData",
                json!({}),
            ),
            "arn:aws:iam::111122223333:role/ci",
            RoleSession,
            Some("arn:aws:iam::111122223333:role/ci"),
            Some("run"),
        ),
        (
            role("/aws-service-role/rds.amazonaws.com/", "ForRDS", "x"),
            "arn:aws:iam::111122223333:role/aws-service-role/rds.amazonaws.com/ForRDS",
            CloudService,
            Some("arn:aws:iam::111122223333:role/aws-service-role/rds.amazonaws.com/ForRDS"),
            Some("x"),
        ),
        // The issuer is missing: the path is lost, and the partition stays.
        (
            json!({"type": "AssumedRole", "arn": "arn:aws-cn:sts::111122223333:assumed-role/load/job", "sessionContext": null}),
            "arn:aws-cn:iam::111122223333:role/load",
            RoleSession,
            Some("arn:aws-cn:iam::111122223333:role/load"),
            Some("job"),
        ),
        (
            json!({"type": "IAMUser", "accountId": a, "userName": "ana", "accessKeyId": ""}),
            "arn:aws:iam::111122223333:user/ana",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "IAMUser", "accountId": a, "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}),
            "aws:account:111122223333",
            Unknown,
            None,
            None,
        ),
        (
            json!({"type": "Root", "accountId": a, "arn": "arn:aws:iam::111122223333:root", "userName": "alias"}),
            "arn:aws:iam::111122223333:root",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "FederatedUser", "accountId": a, "arn": "arn:aws:sts::111122223333:federated-user/any",
            "principalId": "111122223333:any", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:user/ana"}}}),
            "arn:aws:iam::111122223333:user/ana",
            RoleSession,
            None,
            Some("any"),
        ),
        (
            json!({"type": "SAMLUser", "identityProvider": "idp", "userName": "Ana@Example.com"}),
            "aws:saml:idp/ana@example.com",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "WebIdentityUser", "identityProvider": "arn:aws:iam::1:oidc-provider/ci", "userName": "repo:x"}),
            "aws:webid:arn:aws:iam::1:oidc-provider/ci/repo:x",
            Workload,
            None,
            None,
        ),
        (
            json!({"type": "WebIdentityUser", "principalId": "arn:aws:iam::1:oidc-provider/ci:sts.amazonaws.com:repo:x", "userName": "repo:x"}),
            "aws:webid:arn:aws:iam::1:oidc-provider/ci/repo:x",
            Workload,
            None,
            None,
        ),
        (
            json!({"type": "WebIdentityUser", "identityProvider": "accounts.google.com", "userName": "12"}),
            "aws:webid:accounts.google.com/12",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "AWSService", "invokedBy": "config.amazonaws.com"}),
            "aws:service:config.amazonaws.com",
            CloudService,
            None,
            None,
        ),
        (
            json!({"accountId": a, "invokedBy": "AWS Internal"}),
            "aws:service:AWS Internal",
            CloudService,
            None,
            None,
        ),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}),
            "aws:anonymous",
            Anonymous,
            None,
            None,
        ),
        (
            json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}),
            "aws:anonymous",
            Anonymous,
            None,
            None,
        ),
        (
            json!({"type": "AWSAccount", "principalId": "AROAX:run", "accountId": a}),
            "aws:account:111122223333/AROAX",
            Unknown,
            None,
            Some("run"),
        ),
        (
            json!({"type": "IdentityCenterUser", "accountId": a, "credentialId": "c",
            "onBehalfOf": {"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-9"}}),
            "aws:idc:d-9/u-1",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "Unknown", "principalId": "p", "accountId": a}),
            "aws:account:111122223333/p",
            Unknown,
            None,
            None,
        ),
    ] {
        let e = event(json!({"userIdentity": identity, "userAgent": "x"}));
        let p = e.principal.unwrap();
        assert_eq!(
            (&*p.id, p.kind, p.role.as_deref(), raw(&e.session)),
            (id, kind, role, session),
            "{identity}"
        );
    }
    assert_eq!(
        event(json!({"userIdentity": null, "eventVersion": null})).principal,
        None
    );
    // The program tells on a role's session; the console shell is a person's.
    for (user_agent, kind) in [
        ("boto3 exec-env/AWS_Lambda_python3.9", Workload),
        ("aws-cli/2 exec-env/CloudShell", Human),
    ] {
        let e = event(json!({"userIdentity": role("/", "load", "job"), "userAgent": user_agent}));
        assert_eq!(e.principal.unwrap().kind, kind);
    }
    let e = event(json!({"userIdentity": role("/", "web", "i-0123456789abcdef0")}));
    assert_eq!(
        e.principal.unwrap().instance.as_deref(),
        Some("i-0123456789abcdef0")
    );
    assert_eq!(
        e.context.session_start.unwrap().to_string(),
        "2026-03-16T04:00:00Z"
    );
    assert_eq!(e.context.mfa, Some(false));
}

#[test]
fn an_alias_is_what_somebody_vouches_for() {
    let named = |identity: Tree| {
        let p = event(json!({"userIdentity": identity})).principal.unwrap();
        p.aliases.iter().map(|a| a.to_string()).collect::<Vec<_>>()
    };
    let own = "AROAEXAMPLE:Ana@example.com";
    let sso = "AWSReservedSSO_Admin_0a1b";
    let person = role("/", "Dev", "Ana@example.com");
    // The identity has the address in lower case, so that it is the same however somebody writes it.
    let as_written = "arn:aws:sts::111122223333:assumed-role/Dev/Ana@example.com";
    assert_eq!(named(person.clone()), [own, as_written]);
    assert_eq!(
        named(role("/", sso, "ana@example.com")),
        ["AROAEXAMPLE:ana@example.com", "ana@example.com"]
    );
    let on_instance = role("/", "web", "i-0123456789abcdef0");
    assert_eq!(named(on_instance.clone()), ["AROAEXAMPLE"]);
    assert_eq!(
        named(with(
            on_instance,
            "/sessionContext",
            "ec2RoleDelivery",
            json!("2.0")
        )),
        ["AROAEXAMPLE", "i-0123456789abcdef0"]
    );
    let of_source = json!("Bo@example.com");
    assert_eq!(
        named(with(
            person.clone(),
            "/sessionContext",
            "sourceIdentity",
            of_source.clone()
        )),
        [own, as_written]
    );
    assert_eq!(
        named(with(
            role("/", sso, "ana@example.com"),
            "/sessionContext",
            "sourceIdentity",
            of_source
        )),
        [
            "AROAEXAMPLE:ana@example.com",
            "ana@example.com",
            "bo@example.com"
        ]
    );
    let behalf =
        json!({"userId": "u-1", "identityStoreArn": "arn:aws:identitystore::1:identitystore/d-9"});
    let acting = with(person, "", "onBehalfOf", behalf);
    assert_eq!(named(acting.clone()), [own, as_written, "aws:idc:d-9/u-1"]);
    assert_eq!(
        event(json!({"userIdentity": acting}))
            .context
            .on_behalf_of
            .as_deref(),
        Some("aws:idc:d-9/u-1")
    );
}

#[test]
fn copies_and_shares_say_where_data_goes() {
    let policy = |effect: &str, principal: Tree, condition: Tree| json!({"bucketName": "b", "bucketPolicy": {"Statement": {"Effect": effect, "Principal": principal, "Condition": condition}}});
    let grant = |uri: &str| json!({"bucketName": "b", "AccessControlPolicy": {"AccessControlList": {"Grant": [{"Grantee": {"ID": "f"}}, {"Grantee": {"URI": uri}}]}}});
    let foreign = "arn:aws:iam::444455556666:root";
    for (source, op, parameters, account, container, copied_from) in [
        (
            "s3",
            "CopyObject",
            json!({"bucketName": "to", "key": "k", "x-amz-copy-source": "/from%2Dhere/a%20b?versionId=1"}),
            Some("444455556666"),
            Some("to"),
            Some("from-here"),
        ),
        (
            "s3",
            "PutBucketReplication",
            json!({"bucketName": "b", "ReplicationConfiguration": {"Rule": [{"Destination": {"Bucket": "arn:aws:s3:::own"}},
            {"Destination": {"Bucket": "arn:aws:s3:::theirs", "Account": "444455556666"}}]}}),
            Some("444455556666"),
            Some("theirs"),
            Some("b"),
        ),
        (
            "s3",
            "PutBucketReplication",
            json!({"bucketName": "b", "ReplicationConfiguration": {"Rule": {"Destination": {"Bucket": "arn:aws:s3:::own"}}}}),
            None,
            Some("own"),
            Some("b"),
        ),
        (
            "ec2",
            "ModifySnapshotAttribute",
            json!({"createVolumePermission": {"add": {"items": [{"userId": "111122223333"}, {"userId": "444455556666"}]}}}),
            Some("444455556666"),
            None,
            None,
        ),
        (
            "ec2",
            "ModifySnapshotAttribute",
            json!({"createVolumePermission": {"remove": {"items": [{"userId": "444455556666"}]}}}),
            None,
            None,
            None,
        ),
        (
            "ec2",
            "ModifyImageAttribute",
            json!({"launchPermission": {"add": {"items": [{"group": "all"}]}}}),
            Some("*"),
            None,
            None,
        ),
        (
            "rds",
            "ModifyDBSnapshotAttribute",
            json!({"attributeName": "restore", "valuesToAdd": ["444455556666"]}),
            Some("444455556666"),
            None,
            None,
        ),
        (
            "dynamodb",
            "ExportTableToPointInTime",
            json!({"s3Bucket": "x", "s3BucketOwner": "444455556666"}),
            Some("444455556666"),
            Some("x"),
            None,
        ),
        (
            "rds",
            "StartExportTask",
            json!({"s3BucketName": "x"}),
            None,
            Some("x"),
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy("Allow", json!({"AWS": [foreign]}), json!(null)),
            Some("444455556666"),
            None,
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy("Allow", json!("*"), json!(null)),
            Some("*"),
            None,
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy(
                "Allow",
                json!("*"),
                json!({"Bool": {"aws:SecureTransport": "true"}}),
            ),
            Some("*"),
            None,
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy(
                "Allow",
                json!("*"),
                json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            ),
            None,
            None,
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy("Deny", json!({"AWS": "*"}), json!(null)),
            None,
            None,
            None,
        ),
        (
            "s3",
            "PutBucketPolicy",
            policy(
                "Allow",
                json!({"AWS": "111122223333", "Service": "logs.amazonaws.com"}),
                json!(null),
            ),
            None,
            None,
            None,
        ),
        (
            "s3",
            "PutBucketAcl",
            grant("http://acs.amazonaws.com/groups/global/AllUsers"),
            Some("*"),
            None,
            None,
        ),
        (
            "s3",
            "PutBucketAcl",
            grant("http://acs.amazonaws.com/groups/s3/LogDelivery"),
            None,
            None,
            None,
        ),
        (
            "s3",
            "PutBucketAcl",
            json!({"bucketName": "b", "acl": [""], "x-amz-acl": ["public-read"]}),
            Some("*"),
            None,
            None,
        ),
    ] {
        let e = event(
            json!({"eventSource": format!("{source}.amazonaws.com"), "eventName": op, "requestParameters": parameters,
            "resources": [{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::to/"},
                {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::to", "accountId": "444455556666"}]}),
        );
        let found = (
            e.destination.account.as_deref(),
            raw(&e.destination.container),
            raw(&e.copied_from),
        );
        assert_eq!(
            found,
            (account, container, copied_from),
            "{op} {parameters}"
        );
    }
}

#[test]
fn a_policy_lets_in_whom_its_statements_let_in() {
    let allow = |principal: Tree| json!([{"Effect": "Allow", "Principal": principal}]);
    let everybody_if = |condition: Tree| json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Condition": condition}]);
    let own = "111122223333";
    let foreign = "444455556666";
    for (statements, account) in [
        // Denials let nobody in, whatever they name, and take nothing back that the other statement gives.
        (json!([{"Effect": "Deny", "Principal": "*"}]), None),
        (
            json!([{"Effect": "Deny", "NotPrincipal": {"AWS": own}}]),
            None,
        ),
        (
            json!([{"Effect": "Deny", "Principal": "*"}, {"Effect": "Allow", "Principal": {"AWS": foreign}}]),
            Some(foreign),
        ),
        // All but one are everybody.
        (
            json!([{"Effect": "Allow", "NotPrincipal": {"AWS": own}}]),
            Some("*"),
        ),
        (
            json!([{"Effect": "Allow", "NotPrincipal": {"AWS": own}, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]),
            None,
        ),
        // Conditions that narrow,
        (
            everybody_if(json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}})),
            None,
        ),
        (
            everybody_if(json!({"IpAddress": {"AWS:SourceIp": ["203.0.113.0/24", "10.0.0.0/8"]}})),
            None,
        ),
        (
            everybody_if(json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}})),
            None,
        ),
        (
            everybody_if(json!({"IpAddressIfExists": {"aws:SourceIp": "203.0.113.0/24"}})),
            None,
        ),
        // and that do not.
        (
            everybody_if(json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"StringLike": {"aws:PrincipalArn": "*"}})),
            Some("*"),
        ),
        (
            everybody_if(json!({"StringEquals": {"aws:UserAgent": "aws:sourceip"}})),
            Some("*"),
        ),
        // Whom a bucket's name names is let in by nobody.
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{own}:root")}, "Resource": format!("arn:aws:s3:::{foreign}-logs/*")}]),
            None,
        ),
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{foreign}:root")}, "Resource": format!("arn:aws:s3:::{own}-logs/*")}]),
            Some(foreign),
        ),
        // Several: everybody before a stranger, a stranger before ourselves.
        (allow(json!({"AWS": [own, foreign]})), Some(foreign)),
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": foreign}}, {"Effect": "Allow", "Principal": "*"}]),
            Some("*"),
        ),
        // Services, canonical ids, identity providers and deleted users are no accounts.
        (allow(json!({"Service": "cloudfront.amazonaws.com"})), None),
        (allow(json!({"CanonicalUser": "79a59df9"})), None),
        (
            allow(json!({"Federated": "cognito-identity.amazonaws.com"})),
            None,
        ),
        (allow(json!({"AWS": "AIDAEXAMPLE"})), None),
        (
            allow(
                json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}),
            ),
            None,
        ),
    ] {
        for policy in [
            json!({"Statement": statements}),
            json!(json!({"Statement": statements}).to_string()),
        ] {
            let e = event(
                json!({"eventSource": "s3.amazonaws.com", "eventName": "PutBucketPolicy",
                "requestParameters": {"bucketName": format!("{own}-logs"), "bucketPolicy": policy}}),
            );
            assert_eq!(e.destination.account.as_deref(), account, "{policy}");
        }
    }
}

#[test]
fn a_bucket_is_found_wherever_it_is_named() {
    let listing = json!({"bucketName": "b", "list-type": "2", "prefix": ""});
    for (members, container, object, prefix) in [
        (
            json!({"eventName": "ListObjects", "requestParameters": listing}),
            Some("b"),
            None,
            Some(""),
        ),
        (
            json!({"eventName": "ListObjectsV2", "requestParameters": {"bucketName": ["b"], "prefix": "2026/"}}),
            Some("b"),
            None,
            Some("2026/"),
        ),
        (
            json!({"eventName": "ListObjects", "requestParameters": null, "resources": [{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::b/"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws-cn:s3:::b"}]}),
            Some("b"),
            None,
            None,
        ),
        (
            json!({"requestParameters": null, "tlsDetails": {"clientProvidedHostHeader": "my.b.s3.eu-west-1.amazonaws.com"}}),
            Some("my.b"),
            None,
            None,
        ),
        (
            json!({"requestParameters": null, "tlsDetails": {"clientProvidedHostHeader": "s3.eu-west-1.amazonaws.com"}}),
            None,
            None,
            None,
        ),
        // Through an access point, and to a directory.
        (
            json!({"requestParameters": {"bucketName": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap", "key": "k"},
            "resources": [{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::b/k"}, {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b"}]}),
            Some("b"),
            Some("k"),
            None,
        ),
        (
            json!({"requestParameters": {"bucketName": "arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"}}),
            Some("arn:aws:s3:eu-west-1:111122223333:accesspoint/ap"),
            None,
            None,
        ),
        (
            json!({"eventSource": "s3express.amazonaws.com", "requestParameters": null,
            "resources": [{"type": "AWS::S3Express::DirectoryBucket", "ARN": "arn:aws:s3express:eu-west-1:111122223333:bucket/d--euw1-az1--x-s3"}]}),
            Some("d--euw1-az1--x-s3"),
            None,
            None,
        ),
        (
            json!({"requestParameters": null, "tlsDetails": {"clientProvidedHostHeader": "111122223333.s3-control.eu-west-1.amazonaws.com"}}),
            None,
            None,
            None,
        ),
        (
            json!({"requestParameters": {"omitted": true, "originalSize": 9}}),
            None,
            None,
            None,
        ),
        (
            json!({"requestParameters": null, "errorCode": "AccessDenied",
            "errorMessage": "User: x is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/k/1\" because"}),
            Some("b"),
            Some("k/1"),
            None,
        ),
        (
            json!({"eventSource": "s3-outposts.amazonaws.com", "requestParameters": {"bucketName": "b", "Key": "k"}}),
            Some("b"),
            Some("k"),
            None,
        ),
    ] {
        let e = event(members.clone());
        assert_eq!(
            (raw(&e.container), raw(&e.object), raw(&e.prefix)),
            (container, object, prefix),
            "{members}"
        );
    }
}

#[test]
fn three_kinds_of_no_are_told_apart() {
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
fn context_twins_corrections_and_creations() {
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

    let twin = |recipient: &str, account: &str| {
        event(json!({"sharedEventID": "s", "recipientAccountId": recipient, "userIdentity": {"type": "AWSAccount", "principalId": "A", "accountId": account}})).duplicate_of_account
    };
    assert_eq!(
        twin("111122223333", "444455556666").as_deref(),
        Some("444455556666")
    );
    assert_eq!(twin("111122223333", "111122223333"), None);
    assert_eq!(twin("111122223333", "anonymous"), None);

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
fn a_time_may_be_written_in_several_ways() {
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
