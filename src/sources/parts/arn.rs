//! Names of AWS principals: the parts of their ARNs, and which of them are people.

use crate::event::{IdentityKind, Principal};
use crate::sources::interner::Interner;

/// Prefix of the names of single sign-on roles.
pub const SSO_ROLE: &str = "AWSReservedSSO_";
/// Prefix of the names of service-linked roles. Their ARN has a path that shows it too, but the ARN of a session has no path.
const SERVICE_ROLE: &str = "AWSServiceRoleFor";

/// Stands for the account of identities of CloudFront.
const CDN: &str = "cloudfront";

/// Returns the partition of an ARN: `aws`, `aws-cn`, `aws-us-gov`.
pub fn partition_of_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?
        .split(':')
        .next()
        .filter(|p| p.starts_with("aws"))
}

/// Returns the account of an ARN.
pub fn account_of_arn(arn: &str) -> Option<&str> {
    arn.strip_prefix("arn:")?
        .split(':')
        .nth(3)
        .filter(|account| !account.is_empty())
}

/// Returns account, role name and session of `arn:P:sts::A:assumed-role/NAME/SESSION`.
pub fn assumed_role(arn: &str) -> Option<(&str, &str, &str)> {
    let (head, rest) = arn.split_once(":assumed-role/")?;
    let account = head.rsplit(':').next()?;
    let (name, session) = rest.split_once('/')?;
    Some((account, name, session))
}

/// Returns the identity of a person who acts in a role. The case of an e-mail address may
/// change from session to session, so a session named after one is in lower case.
pub fn person_in_role(partition: &str, account: &str, role: &str, session: &str) -> String {
    format!(
        "arn:{partition}:sts::{account}:assumed-role/{role}/{}",
        plain_name(session)
    )
}

/// Returns whether a name is an e-mail address.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty()
            && !domain.contains('@')
            && domain.contains('.')
            && !domain.starts_with('.')
            && !domain.ends_with('.')
    })
}

/// Lower-cases an e-mail address; any other name keeps its case.
pub fn plain_name(name: &str) -> String {
    if is_email(name) {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

/// Returns whether a session is named after an instance.
pub fn is_instance(session: &str) -> bool {
    session.strip_prefix("i-").is_some_and(|id| {
        (8..=17).contains(&id.len()) && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Reads a principal of which only the ARN is known, and the name of its session.
///
/// The ARN of a session does not contain the role's path. So a role with a path is another identity here than in records with
/// its full ARN.
pub fn principal<'a>(arn: &'a str, interner: &mut Interner) -> (Principal, Option<&'a str>) {
    let mut principal = Principal::new(interner.share(arn), IdentityKind::Unknown);
    if let Some((account, name, session)) = assumed_role(arn) {
        let partition = partition_of_arn(arn).unwrap_or("aws");
        let role = interner.share(&format!("arn:{partition}:iam::{account}:role/{name}"));
        let is_sso = name.starts_with(SSO_ROLE);
        if name.starts_with(SERVICE_ROLE) {
            principal.kind = IdentityKind::CloudService;
        } else if is_sso || is_email(session) {
            principal.kind = IdentityKind::Human;
            let id = person_in_role(partition, account, name, session);
            principal.aliases = names_of_person(&id, Some(arn), Some(session).filter(|_| is_sso))
                .iter()
                .map(|alias| interner.share(alias))
                .collect();
            principal.id = interner.share(&id);
        } else if is_instance(session) {
            principal.kind = IdentityKind::Workload;
            principal.instance = Some(interner.share(session));
        } else {
            principal.kind = IdentityKind::RoleSession;
        }
        if principal.kind != IdentityKind::Human {
            principal.id = role.clone();
        }
        // Single sign-on roles always have a path, so this ARN is not theirs; a trail has the full one.
        principal.role = Some(role).filter(|_| !is_sso);
        return (principal, Some(session).filter(|s| !s.is_empty()));
    }
    if let Some((head, name)) = arn.split_once(":user/")
        && account_of_arn(head) == Some(CDN)
    {
        // The identity by which the content delivery network reads a bucket, with its id at the end.
        principal.kind = IdentityKind::CloudService;
        let id = name.rsplit(' ').next().filter(|id| !id.is_empty());
        principal.aliases = id.map(|id| interner.share(id)).into_iter().collect();
        return (principal, None);
    }
    if let Some((_, path)) = arn.split_once(":user/") {
        principal.kind = IdentityKind::Human;
        let name = path.rsplit('/').next().filter(|name| !name.is_empty());
        principal.aliases = name
            .map(|name| interner.share(&plain_name(name)))
            .into_iter()
            .collect();
    } else if arn.ends_with(":root") {
        principal.kind = IdentityKind::Human;
    }
    (principal, None)
}

/// Returns the aliases of a person in a role: the ARN as it was written, and the session's name if the identity provider set it.
pub fn names_of_person(id: &str, arn: Option<&str>, vouched: Option<&str>) -> Vec<String> {
    let mut names: Vec<String> = arn
        .filter(|arn| *arn != id)
        .map(str::to_owned)
        .into_iter()
        .collect();
    names.extend(vouched.filter(|name| is_email(name)).map(plain_name));
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_read_from_arns() {
        use IdentityKind::{CloudService, Human, RoleSession, Unknown, Workload};
        for (arn, id, kind, aliases) in [
            (
                "arn:aws:iam::111122223333:user/ops/ana",
                "arn:aws:iam::111122223333:user/ops/ana",
                Human,
                &["ana"][..],
            ),
            (
                "arn:aws:iam::111122223333:root",
                "arn:aws:iam::111122223333:root",
                Human,
                &[],
            ),
            (
                "arn:aws-cn:sts::111122223333:assumed-role/etl/job-7",
                "arn:aws-cn:iam::111122223333:role/etl",
                RoleSession,
                &[],
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/etl/i-0abc1234def567890",
                "arn:aws:iam::111122223333:role/etl",
                Workload,
                &[],
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSServiceRoleForTrustedAdvisor/x",
                "arn:aws:iam::111122223333:role/AWSServiceRoleForTrustedAdvisor",
                CloudService,
                &[],
            ),
            (
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0a1b/Ana@Example.com",
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0a1b/ana@example.com",
                Human,
                &[
                    "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0a1b/Ana@Example.com",
                    "ana@example.com",
                ],
            ),
            // A principal that may assume a role may give its sessions any name.
            (
                "arn:aws:sts::111122223333:assumed-role/Dev/ana@example.com",
                "arn:aws:sts::111122223333:assumed-role/Dev/ana@example.com",
                Human,
                &[],
            ),
            (
                "arn:aws:sts::111122223333:federated-user/any",
                "arn:aws:sts::111122223333:federated-user/any",
                Unknown,
                &[],
            ),
        ] {
            let (principal, _) = principal(arn, &mut Interner::default());
            assert_eq!((&*principal.id, principal.kind), (id, kind), "{arn}");
            let found: Vec<&str> = principal.aliases.iter().map(|a| &**a).collect();
            assert_eq!(found, aliases, "{arn}");
        }
    }
}
