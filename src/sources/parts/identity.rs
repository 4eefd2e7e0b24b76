//! Canonical ids for principals in records of a common schema, which have only names.

use crate::event::{IdentityKind, Principal, Provider};
use crate::sources::interner::Interner;
use crate::sources::parts::placeholder::is_placeholder;

/// Stands for an unknown tenant, organisation or customer in identities.
pub const UNKNOWN_ACCOUNT: &str = "-";

/// The names of a principal in a record.
#[derive(Debug, Default, Clone, Copy)]
pub struct Names<'a> {
    /// The account, tenant, organisation or customer that it belongs to.
    pub account: Option<&'a str>,
    /// The provider's id.
    pub id: Option<&'a str>,
    /// An e-mail address, a user principal name or a login.
    pub email: Option<&'a str>,
    /// A display name or a bare name: only where there is nothing else.
    pub name: Option<&'a str>,
    /// The provider's word for its kind.
    pub kind: Option<&'a str>,
}

/// Returns the principal, if there is any name. E-mail addresses and GUIDs are lower case, ARNs keep theirs.
pub fn principal(
    provider: Provider,
    names: Names<'_>,
    interner: &mut Interner,
) -> Option<Principal> {
    let known = |text: &&str| !is_placeholder(text);
    let names = Names {
        account: names.account.filter(known),
        id: names.id.filter(known),
        email: names.email.filter(known),
        name: names.name.filter(known),
        kind: names.kind,
    };
    let email = names.email.or(names.id).or(names.name);
    let email = email.filter(|text| is_email(text)).map(str::to_lowercase);
    let id = names.id.map(tidy);
    let best = id.clone().or(email.clone()).or(names.name.map(tidy))?;
    let account = names.account.filter(|text| !text.is_empty()).map(tidy);
    let known = account.as_deref().unwrap_or(UNKNOWN_ACCOUNT);
    // Only for AWS, and only from the id: other names are chosen by the user.
    let arn = names
        .id
        .filter(|id| provider == Provider::Aws && id.starts_with("arn:"));
    let canonical = match provider {
        _ if arn.is_some() => arn.unwrap_or_default().to_owned(),
        Provider::Aws => format!("aws:account:{}/{best}", account.unwrap_or_default()),
        Provider::Azure | Provider::Entra | Provider::M365 => match (&id, &email) {
            (Some(id), _) if is_guid(id) => format!("entra:{known}/{id}"),
            (_, Some(upn)) => format!("entra:{known}/upn/{upn}"),
            _ => format!("entra:{known}/{best}"),
        },
        Provider::Gcp => match &email {
            Some(email) if is_service_account(email) => format!("gcp:sa:{email}"),
            Some(email) => format!("gcp:user:{email}"),
            None => format!("gcp:principal:{best}"),
        },
        Provider::Gworkspace => format!("gws:{known}/{best}"),
        Provider::Okta => format!("okta:{known}/{}/{best}", names.kind.unwrap_or("User")),
        Provider::Slack => format!("slack:{known}/{best}"),
        Provider::Other => match &account {
            Some(account) => format!("other:{account}/{best}"),
            None => format!("other:{best}"),
        },
    };
    let is_account = email.as_deref().is_some_and(is_service_account);
    let kind = match names.kind.map(str::to_ascii_lowercase).as_deref() {
        _ if is_account => IdentityKind::ServicePrincipal,
        Some("user" | "admin" | "regular" | "iamuser" | "root" | "member" | "guest") => {
            IdentityKind::Human
        }
        Some("assumedrole" | "role") => IdentityKind::RoleSession,
        Some("system" | "awsservice" | "systemprincipal") => IdentityKind::CloudService,
        Some(
            "service" | "serviceprincipal" | "application" | "app" | "publicclientapp"
            | "appinstance",
        ) => IdentityKind::ServicePrincipal,
        Some("anonymous") => IdentityKind::Anonymous,
        _ if email.is_some() => IdentityKind::Human,
        _ => IdentityKind::Unknown,
    };
    let mut aliases: Vec<String> = id.into_iter().chain(email).collect();
    aliases.sort();
    aliases.dedup();
    aliases.retain(|alias| *alias != canonical);
    Some(Principal {
        aliases: aliases.iter().map(|alias| interner.share(alias)).collect(),
        ..Principal::new(interner.share(&canonical), kind)
    })
}

/// Lower-cases e-mail addresses and GUIDs, which are compared without case.
pub fn tidy(text: &str) -> String {
    if is_email(text) || is_guid(text) {
        text.to_lowercase()
    } else {
        text.to_owned()
    }
}

/// Returns whether a text has the form of an e-mail address.
pub fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, domain)| {
        !user.is_empty() && domain.contains('.') && !domain.contains(['@', '/', ' '])
    })
}

/// Returns whether a text has the form of a GUID.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn is_service_account(email: &str) -> bool {
    email.ends_with(".gserviceaccount.com")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_its_canonical_form() {
        const GUID: &str = "5F2B6A0E-0000-4000-8000-00000000A001";
        for (provider, id, email, expected, kind) in [
            (
                Provider::Aws,
                Some("arn:aws:iam::111122223333:user/Ana"),
                None,
                "arn:aws:iam::111122223333:user/Ana",
                IdentityKind::Unknown,
            ),
            (
                Provider::Entra,
                Some(GUID),
                Some("Ana@Example.com"),
                "entra:T1/5f2b6a0e-0000-4000-8000-00000000a001",
                IdentityKind::Human,
            ),
            (
                Provider::M365,
                None,
                Some("Ana@Example.com"),
                "entra:T1/upn/ana@example.com",
                IdentityKind::Human,
            ),
            (
                Provider::Gcp,
                Some("etl@p.iam.gserviceaccount.com"),
                None,
                "gcp:sa:etl@p.iam.gserviceaccount.com",
                IdentityKind::ServicePrincipal,
            ),
            (
                Provider::Gcp,
                None,
                Some("Ana@example.com"),
                "gcp:user:ana@example.com",
                IdentityKind::Human,
            ),
            (
                Provider::Slack,
                Some("U1"),
                Some("ana@example.com"),
                "slack:T1/U1",
                IdentityKind::Human,
            ),
            (
                Provider::Other,
                Some("ana"),
                None,
                "other:T1/ana",
                IdentityKind::Unknown,
            ),
        ] {
            let names = Names {
                account: Some("T1"),
                id,
                email,
                ..Names::default()
            };
            let found = principal(provider, names, &mut Interner::default()).unwrap();
            assert_eq!((&*found.id, found.kind), (expected, kind));
        }
        assert_eq!(
            principal(Provider::Aws, Names::default(), &mut Interner::default()),
            None
        );
    }
}
