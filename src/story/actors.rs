//! The actors of a story: from names to canonical identities.

use crate::event::{IdentityKind, Provider};
use crate::identity::instance_identity;

/// The account, subscription, project or tenant in which stories play unless they say otherwise.
pub fn account(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "111122223333",
        Provider::Azure => "b5a1c3c0-0000-4000-8000-000000000001",
        Provider::Entra | Provider::M365 => TENANT,
        Provider::Gcp => "halcyon-prod",
        Provider::Gworkspace => "C0halcyon",
        Provider::Okta => "halcyon.okta.example",
        Provider::Slack => "E0HALCYON",
        Provider::Other => "halcyon",
    }
}

const TENANT: &str = "7e0a1c3c-0000-4000-8000-000000000002";

/// The region in which stories play unless they say otherwise.
pub fn region(provider: Provider) -> Option<&'static str> {
    match provider {
        Provider::Aws => Some("eu-west-1"),
        Provider::Azure => Some("westeurope"),
        Provider::Gcp => Some("europe-west1"),
        _ => None,
    }
}

/// The client that calls come from unless a story says otherwise.
pub fn client(provider: Provider) -> &'static str {
    match provider {
        Provider::Aws => "boto3",
        Provider::Azure => "azsdk",
        Provider::Gcp => "gcp-sdk",
        _ => "browser",
    }
}

/// Returns whether a name is that of an instance that nobody stands behind.
pub fn is_instance(name: &str) -> bool {
    name.starts_with("i-")
}

/// Returns the canonical id of a name; a name with a colon is already such an id.
pub fn identity(name: &str, kind: IdentityKind, provider: Provider) -> String {
    if name.contains(':') {
        return name.to_owned();
    }
    if is_instance(name) {
        return instance_identity(provider, name).to_string();
    }
    let account = account(provider);
    let is_human = kind == IdentityKind::Human;
    match provider {
        Provider::Aws if is_human => format!("arn:aws:iam::{account}:user/{name}"),
        Provider::Aws => format!("arn:aws:iam::{account}:role/{name}"),
        Provider::Azure | Provider::Entra | Provider::M365 => format!("entra:{TENANT}/{name}"),
        Provider::Gcp if is_human => format!("gcp:user:{name}@halcyon.example"),
        Provider::Gcp => format!("gcp:sa:{name}@{account}.iam.gserviceaccount.com"),
        Provider::Gworkspace => format!("gws:{account}/{name}"),
        Provider::Okta => format!("okta:{account}/User/{name}"),
        Provider::Slack => format!("slack:{account}/{name}"),
        Provider::Other => format!("other:{name}"),
    }
}

/// Returns the canonical id of a role.
pub fn role(name: &str, provider: Provider) -> String {
    match provider {
        Provider::Aws => identity(name, IdentityKind::RoleSession, provider),
        _ => name.to_owned(),
    }
}
