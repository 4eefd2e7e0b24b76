//! Requests to the directory APIs of known services, as a proxy sees them.
//!
//! Slack, Okta and others do not log reads of their directory. The log of a proxy shows them.

use crate::event::{Action, Provider};
use crate::sources::graph_actions;

/// A request to a directory.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// The provider of the API.
    pub provider: Provider,
    /// The API, as a service.
    pub service: &'static str,
    /// Method and collection, as in `GET /users`.
    pub op: String,
    /// What it does.
    pub action: Action,
}

struct Api {
    provider: Provider,
    service: &'static str,
    /// Host names; with a dot at the beginning, a suffix of host names.
    hosts: &'static [&'static str],
    /// The path before the collection; `*` is any one segment.
    roots: &'static [&'static str],
    collections: &'static [&'static str],
}

/// Collections of users, groups, roles, applications and devices, in lower case.
const APIS: [Api; 3] = [
    Api {
        provider: Provider::Slack,
        service: "slack",
        hosts: &["slack.com", "api.slack.com"],
        roots: &["/scim/v1", "/scim/v2", "/scim", "/api"],
        collections: &[
            "users",
            "groups",
            "users.list",
            "users.info",
            "users.lookupbyemail",
            "conversations.members",
            "usergroups.list",
            "usergroups.users.list",
            "team.info",
            "admin.users.list",
        ],
    },
    Api {
        provider: Provider::Okta,
        service: "okta",
        hosts: &[
            ".okta.com",
            ".oktapreview.com",
            ".okta-emea.com",
            ".okta-gov.com",
        ],
        roots: &["/api/v1"],
        collections: &["users", "groups", "apps", "devices", "iam", "idps"],
    },
    Api {
        provider: Provider::Gworkspace,
        service: "admin",
        hosts: &["admin.googleapis.com", "www.googleapis.com"],
        roots: &["/admin/directory/v1", "/admin/directory/v1/customer/*"],
        collections: &[
            "users",
            "groups",
            "orgunits",
            "roles",
            "roleassignments",
            "devices",
            "domains",
        ],
    },
];

/// Hosts of Microsoft's directory, and the service in its own request log.
const GRAPHS: [(&str, &str); 4] = [
    ("graph.microsoft.com", "graph"),
    ("graph.microsoft.us", "graph"),
    ("microsoftgraph.chinacloudapi.cn", "graph"),
    ("graph.windows.net", "aadgraph"),
];

/// Returns a request to a directory or to Microsoft Graph; `None` for any other.
pub fn directory(method: &str, host: &str, path: &str) -> Option<Request> {
    let host = host.to_ascii_lowercase();
    let method = method.to_ascii_uppercase();
    if let Some((_, service)) = GRAPHS.iter().find(|(known, _)| *known == host) {
        let template = graph_actions::template(path);
        return Some(Request {
            provider: Provider::Entra,
            service,
            action: graph_actions::classify(&method, &template),
            op: format!("{method} {template}"),
        });
    }
    let path = path.to_ascii_lowercase();
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let is_host = |known: &&str| {
        if known.starts_with('.') {
            host.ends_with(*known)
        } else {
            host == **known
        }
    };
    let api = APIS.iter().find(|api| api.hosts.iter().any(is_host))?;
    let segments: Vec<&str> = path.split('/').filter(|s| !s.is_empty()).collect();
    let collection = api
        .roots
        .iter()
        .filter_map(|root| below(root, &segments))
        .find_map(|name| api.collections.iter().find(|known| **known == name))?;
    let action = match &*method {
        "GET" | "HEAD" => Action::EnumerateDirectory,
        // Slack's methods are called with either verb; their names show that they read.
        "POST" if api.provider == Provider::Slack && collection.contains('.') => {
            Action::EnumerateDirectory
        }
        "POST" if segments.last() == Some(collection) => Action::CreateIdentity,
        _ => Action::Other,
    };
    Some(Request {
        provider: api.provider,
        service: api.service,
        op: format!("{method} /{collection}"),
        action,
    })
}

/// Returns the segment that follows a root.
fn below<'a>(root: &str, segments: &[&'a str]) -> Option<&'a str> {
    let mut rest = segments.iter();
    for wanted in root.split('/').filter(|s| !s.is_empty()) {
        rest.next().filter(|is| wanted == "*" || **is == wanted)?;
    }
    rest.next().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_recognised_by_host_and_path() {
        for (method, host, path, expected) in [
            (
                "GET",
                "graph.microsoft.com",
                "/v1.0//Users?$top=999",
                Some(("graph", Action::EnumerateDirectory)),
            ),
            (
                "GET",
                "Graph.Microsoft.com",
                "/beta/users/1/memberOf",
                Some(("graph", Action::EnumerateDirectory)),
            ),
            (
                "POST",
                "graph.microsoft.com",
                "/v1.0/users",
                Some(("graph", Action::CreateIdentity)),
            ),
            (
                "PATCH",
                "graph.microsoft.com",
                "/v1.0/users/1",
                Some(("graph", Action::Other)),
            ),
            (
                "GET",
                "graph.microsoft.com",
                "/v1.0/me/messages",
                Some(("graph", Action::ReadObject)),
            ),
            (
                "GET",
                "graph.microsoft.com",
                "/v1.0/me/todo",
                Some(("graph", Action::Other)),
            ),
            (
                "GET",
                "graph.windows.net",
                "/example.com/users",
                Some(("aadgraph", Action::EnumerateDirectory)),
            ),
            (
                "GET",
                "api.slack.com",
                "/scim/v2/Users",
                Some(("slack", Action::EnumerateDirectory)),
            ),
            (
                "POST",
                "slack.com",
                "/api/users.list",
                Some(("slack", Action::EnumerateDirectory)),
            ),
            ("POST", "slack.com", "/api/chat.postMessage", None),
            (
                "GET",
                "example.okta.com",
                "/api/v1/users",
                Some(("okta", Action::EnumerateDirectory)),
            ),
            ("GET", "okta.com.example.net", "/api/v1/users", None),
            (
                "GET",
                "admin.googleapis.com",
                "/admin/directory/v1/customer/C1/roles",
                Some(("admin", Action::EnumerateDirectory)),
            ),
        ] {
            let found = directory(method, host, path);
            assert_eq!(
                found.map(|r| (r.service, r.action)),
                expected,
                "{method} {host}{path}"
            );
        }
    }
}
