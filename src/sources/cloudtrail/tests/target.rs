//! Targets: buckets, objects, and where data goes.
#![allow(clippy::unwrap_used)]

use serde_json::{Value as Tree, json};

use crate::sources::cloudtrail::tests::{event, raw};

#[test]
fn copies_and_grants_have_a_destination() {
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
fn policies_grant_access_to_the_principals_of_their_statements() {
    let allow = |principal: Tree| json!([{"Effect": "Allow", "Principal": principal}]);
    let everybody_if = |condition: Tree| json!([{"Effect": "Allow", "Principal": {"AWS": "*"}, "Condition": condition}]);
    let own = "111122223333";
    let foreign = "444455556666";
    for (statements, account) in [
        // Denials grant nothing, and do not revoke what another statement grants.
        (json!([{"Effect": "Deny", "Principal": "*"}]), None),
        (
            json!([{"Effect": "Deny", "NotPrincipal": {"AWS": own}}]),
            None,
        ),
        (
            json!([{"Effect": "Deny", "Principal": "*"}, {"Effect": "Allow", "Principal": {"AWS": foreign}}]),
            Some(foreign),
        ),
        // Everyone but one principal is everyone.
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
        // A bucket's name does not grant access to anyone.
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{own}:root")}, "Resource": format!("arn:aws:s3:::{foreign}-logs/*")}]),
            None,
        ),
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{foreign}:root")}, "Resource": format!("arn:aws:s3:::{own}-logs/*")}]),
            Some(foreign),
        ),
        // Several: everyone before a foreign account, a foreign account before our own.
        (allow(json!({"AWS": [own, foreign]})), Some(foreign)),
        (
            json!([{"Effect": "Allow", "Principal": {"AWS": foreign}}, {"Effect": "Allow", "Principal": "*"}]),
            Some("*"),
        ),
        // Services, canonical ids, identity providers and deleted users are not accounts.
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
fn buckets_are_found_in_all_places() {
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
fn secrets_are_named_alike_however_a_call_names_them() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db";
    let parameter = "arn:aws:ssm:eu-west-1:111122223333:parameter";
    for (service, op, parameters, object, items) in [
        (
            "ssm",
            "GetParameters",
            json!({"names": ["/b", "/a", "/c"]}),
            "/a, /b, /c",
            Some(3),
        ),
        (
            "ssm",
            "GetParameters",
            json!({"names": ["/c", "/a:7", "/b", "/a"]}),
            "/a, /b, /c",
            Some(3),
        ),
        (
            "ssm",
            "GetParameters",
            json!({"names": ["/a", "/a"]}),
            "/a",
            None,
        ),
        (
            "ssm",
            "GetParameter",
            json!({"name": format!("{parameter}/app/key:3")}),
            "/app/key",
            None,
        ),
        (
            "ssm",
            "GetParameter",
            json!({"name": format!("{parameter}/key")}),
            "key",
            None,
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            json!({"secretId": format!("{secret}-a1B2c3")}),
            "app/db",
            None,
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            json!({"secretId": secret}),
            "app/db",
            None,
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            json!({"secretId": "app/db"}),
            "app/db",
            None,
        ),
    ] {
        let e = event(
            json!({"eventSource": format!("{service}.amazonaws.com"), "eventName": op, "requestParameters": parameters}),
        );
        assert_eq!(
            (raw(&e.object), e.items),
            (Some(object), items),
            "{parameters}"
        );
    }
}
