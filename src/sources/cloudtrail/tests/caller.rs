//! Callers: principals, sessions and aliases.
#![allow(clippy::unwrap_used)]

use serde_json::{Value as Tree, json};

use crate::event::IdentityKind;
use crate::sources::cloudtrail::tests::{event, raw, role, with};

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
            json!({"type": "Unknown", "principalId": a, "arn": "", "accountId": a, "accessKeyId": "", "userName": "Ana@example.com"}),
            "aws:account:111122223333/ana@example.com",
            Human,
            None,
            None,
        ),
        (
            json!({"type": "WebIdentityUser", "identityProvider": "token.actions.githubusercontent.com",
                "userName": "repo:acme/shop:ref:refs/heads/main"}),
            "aws:webid:token.actions.githubusercontent.com/repo:acme/shop",
            Workload,
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
    // The program refines a role's session; the console's shell belongs to a person.
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
fn aliases_are_names_that_the_provider_asserts() {
    let named = |identity: Tree| {
        let p = event(json!({"userIdentity": identity})).principal.unwrap();
        p.aliases.iter().map(|a| a.to_string()).collect::<Vec<_>>()
    };
    let own = "AROAEXAMPLE:Ana@example.com";
    let sso = "AWSReservedSSO_Admin_0a1b";
    let person = role("/", "Dev", "Ana@example.com");
    // The identity has the address in lower case, so that it does not depend on its spelling.
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
