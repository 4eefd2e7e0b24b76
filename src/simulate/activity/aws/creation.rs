//! The creation of users and roles.

use crate::simulate::model::aws::call::{Api, aws_date};
use crate::simulate::model::aws::identity::{Identity, IdentityType};
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::company::ACCOUNTS;
use crate::simulate::writers::aws::trail::Trail;

/// Writes the creation of a user (with an access key) or a role by a session.
pub(crate) fn create(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let account = ACCOUNTS[who.account].id;
    let (name, unique) = (&who.name, &who.unique);
    let mut call = |at: i64, name: &str, command: &str, parameters: &str, response: &str| {
        let api = Api {
            service: "iam",
            name,
            read_only: false,
            parameters,
            response,
            command,
            ..Api::default()
        };
        trail.api(at, session, who.account, &api);
    };
    let date = aws_date(at);
    if who.identity_type == IdentityType::User {
        call(
            at,
            "CreateUser",
            "iam.create-user",
            &format!("{{\"userName\":\"{name}\"}}"),
            &format!(
                "{{\"user\":{{\"path\":\"/\",\"userName\":\"{name}\",\"userId\":\"{unique}\",\
                 \"arn\":\"arn:aws:iam::{account}:user/{name}\",\"createDate\":\"{date}\"}}}}"
            ),
        );
        call(
            at + 3,
            "AttachUserPolicy",
            "iam.attach-user-policy",
            &format!(
                "{{\"userName\":\"{name}\",\"policyArn\":\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}}"
            ),
            "null",
        );
        call(
            at + 5,
            "CreateAccessKey",
            "iam.create-access-key",
            &format!("{{\"userName\":\"{name}\"}}"),
            &format!(
                "{{\"accessKey\":{{\"userName\":\"{name}\",\"accessKeyId\":\"{}\",\"status\":\"Active\",\
                 \"createDate\":\"{date}\"}}}}",
                who.key
            ),
        );
    } else {
        call(
            at,
            "CreateRole",
            "iam.create-role",
            &format!("{{\"roleName\":\"{name}\",\"path\":\"/\"}}"),
            &format!(
                "{{\"role\":{{\"path\":\"/\",\"roleName\":\"{name}\",\"roleId\":\"{unique}\",\
                 \"arn\":\"arn:aws:iam::{account}:role/{name}\",\"createDate\":\"{date}\"}}}}"
            ),
        );
        call(
            at + 3,
            "AttachRolePolicy",
            "iam.attach-role-policy",
            &format!(
                "{{\"roleName\":\"{name}\",\"policyArn\":\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}}"
            ),
            "null",
        );
    }
}

/// Writes the deletion of a user, its key first.
pub(crate) fn delete_user(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let key = format!(
        "{{\"userName\":\"{}\",\"accessKeyId\":\"{}\"}}",
        who.name, who.key
    );
    let user = format!("{{\"userName\":\"{}\"}}", who.name);
    for (at, name, command, parameters) in [
        (at, "DeleteAccessKey", "iam.delete-access-key", &key),
        (at + 4, "DeleteUser", "iam.delete-user", &user),
    ] {
        delete(trail, at, session, who, (name, command, parameters));
    }
}

/// Writes the deletion of a role, its policy first.
pub(crate) fn delete_role(trail: &mut Trail, at: i64, session: &Session, who: &Identity) {
    let policy = format!(
        "{{\"roleName\":\"{}\",\"policyArn\":\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"}}",
        who.name
    );
    let role = format!("{{\"roleName\":\"{}\"}}", who.name);
    for (at, name, command, parameters) in [
        (at, "DetachRolePolicy", "iam.detach-role-policy", &policy),
        (at + 4, "DeleteRole", "iam.delete-role", &role),
    ] {
        delete(trail, at, session, who, (name, command, parameters));
    }
}

fn delete(
    trail: &mut Trail,
    at: i64,
    session: &Session,
    who: &Identity,
    (name, command, parameters): (&str, &str, &str),
) {
    let api = Api {
        service: "iam",
        name,
        read_only: false,
        parameters,
        command,
        ..Api::default()
    };
    trail.api(at, session, who.account, &api);
}
