//! The caller of a Google Cloud call: people, service accounts, federated subjects, and impersonation.

use crate::event::{IdentityKind, Principal};
use crate::sources::interner::Interner;
use crate::sources::json::Value;
use crate::sources::parts::federation;
use crate::sources::parts::loose;
use crate::sources::parts::text::stated_text;
use crate::vocab::Str;

/// What the e-mail address of a service account ends with.
const SERVICE_ACCOUNTS: &str = ".gserviceaccount.com";
/// Comes before the subject in the name of a federated principal.
const SUBJECT: &str = "/subject/";
/// What the e-mail address of a project's own service account ends with.
const OF_PROJECT: &str = ".iam.gserviceaccount.com";

/// Google's own projects whose accounts act for customers, `service-NUMBER@NAME.iam.gserviceaccount.com`. The owner of a
/// project may give its accounts such first names, but cannot use such a project's name.
const AGENT_PROJECTS: [&str; 22] = [
    "bigquery-data-connectors",
    "cloud-filer",
    "cloud-ml.google.com",
    "cloud-redis",
    "cloud-tpu",
    "cloudcomposer-accounts",
    "compute-system",
    "container-analysis",
    "container-engine-robot",
    "containerregistry",
    "dataflow-service-producer-prod",
    "dataproc-accounts",
    "endpoints-portal",
    "firebase-rules",
    "gae-api-prod.google.com",
    "gcf-admin-robot",
    "gs-project-accounts",
    "remotebuildexecution",
    "security-center-api",
    "serverless-robot-prod",
    "service-networking",
    "sourcerepo-service-accounts",
];

/// Those of them that issue a service account's credentials to workloads: instances, nodes, functions, containers.
const RUNTIMES: [&str; 5] = [
    "compute-system",
    "container-engine-robot",
    "gae-api-prod.google.com",
    "gcf-admin-robot",
    "serverless-robot-prod",
];

/// What is known about a caller.
#[derive(Debug, Default)]
pub struct Caller {
    pub principal: Option<Principal>,
    /// The user-managed key that was used.
    pub credential: Option<Str>,
    /// The OAuth client through which a person acted.
    pub application: Option<Str>,
    /// The project of a service account.
    pub account: Option<Str>,
    /// The principal that impersonates the service account.
    pub on_behalf_of: Option<Str>,
    /// The principals through which it was delegated, the last first.
    pub delegation: Vec<Str>,
}

/// A principal by its name.
#[derive(Debug, PartialEq)]
struct ParsedName {
    id: String,
    kind: IdentityKind,
    /// Its e-mail address in lower case.
    email: Option<String>,
    /// The number that is never given again, stated of an account that was deleted.
    number: Option<String>,
}

impl ParsedName {
    /// Reads an e-mail address, or a subject as in `serviceAccount:…`, `user:…` or `principal://…`.
    fn of(text: &str) -> Self {
        let text = text.trim();
        let text = text.strip_prefix("deleted:").unwrap_or(text);
        if text.starts_with("principal:") || text.starts_with("principalSet:") {
            return Self::bare(text);
        }
        let (text, is_stated_account) = match text.strip_prefix("serviceAccount:") {
            Some(email) => (email, true),
            None => (text.strip_prefix("user:").unwrap_or(text), false),
        };
        let (email, number) = match text.split_once("?uid=") {
            Some((email, number)) => (email, Some(number.to_owned())),
            None => (text, None),
        };
        let email = email.to_ascii_lowercase();
        if is_stated_account || email.ends_with(SERVICE_ACCOUNTS) || is_infrastructure(&email) {
            let kind = if is_agent(&email) {
                IdentityKind::CloudService
            } else if email.contains(".svc.id.goog[") {
                // A Kubernetes service account.
                IdentityKind::Workload
            } else {
                IdentityKind::ServicePrincipal
            };
            let id = format!("gcp:sa:{email}");
            return Self {
                id,
                kind,
                email: Some(email),
                number,
            };
        }
        if email.contains('@') {
            let id = format!("gcp:user:{email}");
            return Self {
                id,
                kind: IdentityKind::Human,
                email: Some(email),
                number,
            };
        }
        Self::bare(text)
    }

    fn bare(text: &str) -> Self {
        let kind = if text == "system:anonymous" {
            IdentityKind::Anonymous
        } else if text.contains("/workloadIdentityPools/") || text.starts_with("system:") {
            IdentityKind::Workload
        } else if text.contains("/workforcePools/") {
            IdentityKind::Human
        } else {
            IdentityKind::Unknown
        };
        let id = match text.split_once(SUBJECT) {
            Some((pool, subject)) => {
                let subject = match kind {
                    IdentityKind::Human => subject,
                    _ => federation::stable_part(subject),
                };
                format!("gcp:principal:{pool}{SUBJECT}{subject}")
            }
            None => format!("gcp:principal:{text}"),
        };
        Self {
            id,
            kind,
            email: None,
            number: None,
        }
    }
}

/// Returns the canonical id of the principal that an e-mail address or subject names.
pub fn identity_of(text: &str, interner: &mut Interner) -> Str {
    interner.share(&ParsedName::of(text).id)
}

/// Returns the project of a service account, by its address.
fn project_of(email: &str) -> Option<&str> {
    let (name, domain) = email.split_once('@')?;
    match domain {
        "appspot.gserviceaccount.com" => Some(name),
        _ => domain.strip_suffix(OF_PROJECT),
    }
}

/// Returns the project or the domain that a principal of a policy belongs to, or everyone; `None` if that is unknown.
pub fn owner_of(member: &str) -> Option<String> {
    if matches!(member, "allUsers" | "allAuthenticatedUsers") {
        return Some("*".to_owned());
    }
    let (kind, name) = member.split_once(':')?;
    let name = name.split("?uid=").next()?.to_ascii_lowercase();
    match kind {
        "projectOwner" | "projectEditor" | "projectViewer" | "domain" => Some(name),
        "serviceAccount" => match project_of(&name) {
            Some(project) => Some(project.to_owned()),
            None => name
                .split_once(".svc.id.goog[")
                .map(|(project, _)| project.to_owned()),
        },
        "user" | "group" => name.split_once('@').map(|(_, domain)| domain.to_owned()),
        _ => None,
    }
}

/// Returns whether an address belongs to Google's infrastructure and not to an account.
fn is_infrastructure(email: &str) -> bool {
    email.ends_with("@prod.google.com")
}

/// Returns whether an address is a service agent, with which Google acts for a customer.
fn is_agent(email: &str) -> bool {
    let Some((_, domain)) = email.split_once('@') else {
        return false;
    };
    let is_agent_project =
        |project: &str| project.starts_with("gcp-sa-") || AGENT_PROJECTS.contains(&project);
    is_infrastructure(email)
        || matches!(
            domain,
            "system.gserviceaccount.com" | "cloudservices.gserviceaccount.com"
        )
        || domain
            .strip_suffix(OF_PROJECT)
            .is_some_and(is_agent_project)
}

fn is_runtime(email: &str) -> bool {
    let project = email
        .split_once('@')
        .and_then(|(_, domain)| domain.strip_suffix(OF_PROJECT));
    project.is_some_and(|project| RUNTIMES.contains(&project))
}

/// Reads the caller; `labels` are those of the resource.
pub fn caller(
    auth: Value<'_>,
    labels: Value<'_>,
    service: &str,
    interner: &mut Interner,
) -> Caller {
    let [email, subject, key, delegations, oauth] = loose::pick(
        auth.members(),
        [
            "principalEmail",
            "principalSubject",
            "serviceAccountKeyName",
            "serviceAccountDelegationInfo",
            "oauthInfo",
        ],
    );
    let client = loose::path(oauth, &["oauthClientId"]).text();
    let mut caller = Caller {
        credential: key
            .text()
            .map(|name| interner.share(name.rsplit('/').next().unwrap_or(&name))),
        application: client.map(|id| interner.share(&id)),
        ..Caller::default()
    };
    let known = [email, subject].into_iter().find_map(stated_text);
    let Some(name) = known.or_else(|| email.text()).or_else(|| subject.text()) else {
        // Only a public bucket has anonymous callers.
        if service == "storage" && auth != Value::Null {
            caller.principal = Some(principal(
                "gcp:anonymous",
                IdentityKind::Anonymous,
                interner,
            ));
        }
        return caller;
    };
    let named = ParsedName::of(&name);
    let mut who = principal(&named.id, named.kind, interner);
    if let Some(email) = &named.email {
        who.aliases.push(interner.share(email));
        // Other records have this number for the same service account. The account's name can be given again, the number not.
        let [labelled, number] = loose::pick(labels.members(), ["email_id", "unique_id"]);
        let is_own = |labelled: &str| labelled.eq_ignore_ascii_case(email);
        let number = match labelled.text().as_deref().is_some_and(is_own) {
            true => number.text(),
            false => None,
        };
        let number = number.as_deref().or(named.number.as_deref());
        who.unique_id = number.map(|number| interner.share(number));
        who.aliases.extend(who.unique_id.clone());
        if named.kind != IdentityKind::CloudService {
            caller.account = project_of(email).map(|project| interner.share(project));
        }
    }
    let links: Vec<ParsedName> = delegations.elements().filter_map(delegation_link).collect();
    let runs_on_machine = |link: &ParsedName| link.email.as_deref().is_some_and(is_runtime);
    if links.first().is_some_and(runs_on_machine) && who.kind == IdentityKind::ServicePrincipal {
        who.kind = IdentityKind::Workload;
    }
    caller.on_behalf_of = links
        .iter()
        .find(|link| link.kind != IdentityKind::CloudService)
        .map(|link| interner.share(&link.id));
    caller.delegation = links
        .iter()
        .rev()
        .map(|link| interner.share(&link.id))
        .collect();
    caller.principal = Some(who);
    caller
}

fn principal(id: &str, kind: IdentityKind, interner: &mut Interner) -> Principal {
    Principal::new(interner.share(id), kind)
}

/// Reads one link of a delegation chain.
fn delegation_link(info: Value<'_>) -> Option<ParsedName> {
    let [first_party, third_party, subject] = loose::pick(
        info.members(),
        [
            "firstPartyPrincipal",
            "thirdPartyPrincipal",
            "principalSubject",
        ],
    );
    let claims = loose::path(third_party, &["thirdPartyClaims"]);
    let name = loose::path(first_party, &["principalEmail"])
        .text()
        .or_else(|| subject.text())
        .or_else(|| loose::path(claims, &["sub"]).text())?;
    Some(ParsedName::of(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_canonical_and_have_a_kind() {
        use IdentityKind::*;
        for (text, id, kind) in [
            ("Ana@Example.com", "gcp:user:ana@example.com", Human),
            ("user:ana@example.com", "gcp:user:ana@example.com", Human),
            (
                "serviceAccount:etl@halcyon-prod.iam.gserviceaccount.com",
                "gcp:sa:etl@halcyon-prod.iam.gserviceaccount.com",
                ServicePrincipal,
            ),
            (
                "deleted:serviceAccount:etl@halcyon-prod.iam.gserviceaccount.com?uid=123",
                "gcp:sa:etl@halcyon-prod.iam.gserviceaccount.com",
                ServicePrincipal,
            ),
            (
                "service-7@gcp-sa-pubsub.iam.gserviceaccount.com",
                "gcp:sa:service-7@gcp-sa-pubsub.iam.gserviceaccount.com",
                CloudService,
            ),
            (
                "service-7@compute-system.iam.gserviceaccount.com",
                "gcp:sa:service-7@compute-system.iam.gserviceaccount.com",
                CloudService,
            ),
            // Anyone may give an account such a name.
            (
                "service-7@halcyon-prod.iam.gserviceaccount.com",
                "gcp:sa:service-7@halcyon-prod.iam.gserviceaccount.com",
                ServicePrincipal,
            ),
            (
                "123@cloudservices.gserviceaccount.com",
                "gcp:sa:123@cloudservices.gserviceaccount.com",
                CloudService,
            ),
            (
                "x@prod.google.com",
                "gcp:sa:x@prod.google.com",
                CloudService,
            ),
            (
                "serviceAccount:halcyon-prod.svc.id.goog[shop/cart]",
                "gcp:sa:halcyon-prod.svc.id.goog[shop/cart]",
                Workload,
            ),
            (
                "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/Repo",
                "gcp:principal:principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/Repo",
                Workload,
            ),
            (
                "principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/ana",
                "gcp:principal:principal://iam.googleapis.com/locations/global/workforcePools/staff/subject/ana",
                Human,
            ),
            (
                "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/repo:acme/shop:ref:refs/heads/x",
                "gcp:principal:principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/repo:acme/shop",
                Workload,
            ),
            ("system:node:n1", "gcp:principal:system:node:n1", Workload),
            ("something", "gcp:principal:something", Unknown),
        ] {
            let named = ParsedName::of(text);
            assert_eq!((named.id.as_str(), named.kind), (id, kind), "{text}");
        }
    }

    #[test]
    fn members_of_a_policy_have_owners() {
        for (member, owner) in [
            ("allUsers", Some("*")),
            ("user:eve@evil.example", Some("evil.example")),
            ("domain:example.com", Some("example.com")),
            ("projectViewer:halcyon-prod", Some("halcyon-prod")),
            ("serviceAccount:a@p-1.iam.gserviceaccount.com", Some("p-1")),
            (
                "serviceAccount:p-1@appspot.gserviceaccount.com",
                Some("p-1"),
            ),
            ("serviceAccount:p-1.svc.id.goog[a/b]", Some("p-1")),
            (
                "serviceAccount:1-compute@developer.gserviceaccount.com",
                None,
            ),
            ("somebody", None),
        ] {
            assert_eq!(owner_of(member).as_deref(), owner, "{member}");
        }
    }
}
