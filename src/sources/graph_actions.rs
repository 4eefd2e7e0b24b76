//! The action of a request to Microsoft Graph, or to Azure AD Graph before it: its template, and the template's class.
//!
//! A template is the request's path in lower case, without host, version and tenant, and with `{id}` in place of the name of a
//! single object: `/users/{id}/memberof`. The same request for a thousand users is one template.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::sources::microsoft::is_guid;
use crate::sources::parts::actions::{ActionRow, ActionTable};
use crate::sources::parts::percent::percent_decoded;

/// Placeholder for the name of a single object.
const ID: &str = "{id}";
/// The most parts of a template; real ones have up to ten.
const PARTS_MAX: usize = 12;
/// Longer parts are names of objects.
const PART_BYTES_MAX: usize = 48;
/// Parts of this length with a digit are names of objects: names of collections have no digits.
const NUMBERED_BYTES_MIN: usize = 16;

/// Parts that name a version of the API.
const VERSIONS: [&str; 4] = ["v1.0", "beta", "v1", "v2"];
/// Collections. The next part names one of their objects, unless it is a word of the API.
const COLLECTIONS: [&str; 28] = [
    "administrativeunits",
    "applications",
    "approleassignments",
    "calendars",
    "chats",
    "contacts",
    "devices",
    "directoryobjects",
    "directoryroles",
    "directoryroletemplates",
    "domains",
    "drives",
    "events",
    "groups",
    "items",
    "lists",
    "mailfolders",
    "messages",
    "oauth2permissiongrants",
    "organization",
    "photos",
    "roleassignments",
    "roledefinitions",
    "serviceprincipals",
    "sites",
    "teams",
    "tenantdetails",
    "users",
];
/// Words of the API that follow a collection and are not names of objects.
const WORDS: [&str; 13] = [
    "add",
    "checkmemberobjects",
    "delta",
    "getallmessages",
    "getavailableextensionproperties",
    "getbyids",
    "getmembergroups",
    "getmemberobjects",
    "getuserownedobjects",
    "inbox",
    "remove",
    "search",
    "validateproperties",
];
/// Prefix of the names of types and functions.
const TYPE_PREFIX: &str = "microsoft.graph.";
/// Types by which a collection of mixed objects is filtered.
const TYPES: [&str; 8] = [
    "administrativeunit",
    "application",
    "device",
    "directoryrole",
    "group",
    "orgcontact",
    "serviceprincipal",
    "user",
];

/// Method, template, class; one or more `*` each stand for any text.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    // Directory enumeration.
    ("GET", "/users", EnumerateDirectory),
    ("GET", "/users/$count", EnumerateDirectory),
    ("GET", "/users/delta", EnumerateDirectory),
    ("GET", "/users/{id}", EnumerateDirectory),
    ("GET", "/users/{id}/memberof", EnumerateDirectory),
    ("GET", "/users/{id}/transitivememberof", EnumerateDirectory),
    ("GET", "/users/{id}/$links/memberof", EnumerateDirectory),
    ("GET", "/users/{id}/approleassignments", EnumerateDirectory),
    ("GET", "/users/{id}/ownedobjects", EnumerateDirectory),
    ("GET", "/users/{id}/owneddevices", EnumerateDirectory),
    ("GET", "/users/{id}/registereddevices", EnumerateDirectory),
    ("GET", "/users/{id}/directreports", EnumerateDirectory),
    ("GET", "/users/{id}/manager", EnumerateDirectory),
    ("GET", "/groups", EnumerateDirectory),
    ("GET", "/groups/$count", EnumerateDirectory),
    ("GET", "/groups/delta", EnumerateDirectory),
    ("GET", "/groups/{id}", EnumerateDirectory),
    ("GET", "/groups/{id}/members", EnumerateDirectory),
    ("GET", "/groups/{id}/$links/members", EnumerateDirectory),
    ("GET", "/groups/{id}/transitivemembers", EnumerateDirectory),
    ("GET", "/groups/{id}/owners", EnumerateDirectory),
    ("GET", "/groups/{id}/memberof", EnumerateDirectory),
    ("GET", "/serviceprincipals*", EnumerateDirectory),
    ("GET", "/applications*", EnumerateDirectory),
    ("GET", "/applicationrefs*", EnumerateDirectory),
    ("GET", "/devices*", EnumerateDirectory),
    ("GET", "/contacts*", EnumerateDirectory),
    ("GET", "/directoryroles*", EnumerateDirectory),
    ("GET", "/directoryroletemplates*", EnumerateDirectory),
    ("GET", "/rolemanagement/directory/*", EnumerateDirectory),
    ("GET", "/roleassignments*", EnumerateDirectory),
    ("GET", "/roledefinitions*", EnumerateDirectory),
    ("GET", "/eligibleroleassignments*", EnumerateDirectory),
    ("GET", "/administrativeunits*", EnumerateDirectory),
    ("GET", "/directory/administrativeunits*", EnumerateDirectory),
    ("GET", "/oauth2permissiongrants*", EnumerateDirectory),
    ("GET", "/directoryobjects*", EnumerateDirectory),
    ("GET", "/organization*", EnumerateDirectory),
    ("GET", "/tenantdetails*", EnumerateDirectory),
    ("GET", "/domains*", EnumerateDirectory),
    ("GET", "/policies*", EnumerateDirectory),
    ("GET", "/identity/conditionalaccess/*", EnumerateDirectory),
    ("GET", "/me/people", EnumerateDirectory),
    ("GET", "/users/{id}/people", EnumerateDirectory),
    ("GET", "/subscribedskus*", EnumerateDirectory),
    ("GET", "/reports/authenticationmethods/*", EnumerateDirectory),
    ("GET", "/tenantrelationships/*", EnumerateDirectory),
    // Directory enumeration by POST.
    ("POST", "/directoryobjects/getbyids", EnumerateDirectory),
    ("POST", "/getobjectsbyobjectids", EnumerateDirectory),
    ("POST", "/users/{id}/getmembergroups", EnumerateDirectory),
    ("POST", "/users/{id}/getmemberobjects", EnumerateDirectory),
    ("POST", "/users/{id}/checkmemberobjects", EnumerateDirectory),
    ("POST", "/users/{id}/checkmembergroups", EnumerateDirectory),
    ("POST", "/search/query", EnumerateDirectory),
    // Mail and files.
    ("GET", "/users/{id}/messages*", ReadObject),
    ("GET", "/me/messages*", ReadObject),
    ("GET", "/users/{id}/mailfolders*", ReadObject),
    ("GET", "/me/mailfolders*", ReadObject),
    ("GET", "*/drive/items/{id}/content", ReadObject),
    ("GET", "/drives/*/items/{id}/content", ReadObject),
    ("GET", "/sites/*/drive*", ReadObject),
    ("GET", "*/drive/items/{id}/children", ListObjects),
    ("GET", "/drives/{id}/items/{id}/children", ListObjects),
    ("GET", "/sites/*/drive*/children", ListObjects),
    ("GET", "/sites", ListObjects),
    ("GET", "/drives", ListObjects),
    // Creations.
    ("POST", "/users", CreateIdentity),
    ("POST", "/invitations", CreateIdentity),
    ("POST", "/applications", CreateIdentity),
    ("POST", "/serviceprincipals", CreateIdentity),
    ("POST", "/groups", CreateIdentity),
    ("POST", "*/addpassword", CreateCredential),
    ("POST", "*/addkey", CreateCredential),
    ("POST", "*/federatedidentitycredentials", CreateCredential),
    ("POST", "/users/{id}/authentication/*methods", CreateCredential),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// The template of a batch. Its requests have records of their own.
pub const BATCH: &str = "/$batch";

/// Returns what a request does, by its method in upper case and its template.
pub fn classify(method: &str, template: &str) -> Action {
    let method = if method == "HEAD" { "GET" } else { method };
    ACTIONS.get(method, template).unwrap_or(Action::Other)
}

/// Returns the template of a request's address, which may leave out scheme and host.
///
/// ```text
/// https://graph.microsoft.com/beta//users/0a6f9c51-…/memberOf?$top=999     /users/{id}/memberof
/// /v2/c4b1d7aa-…/groups('b7d20e44-…')/members                              /groups/{id}/members
/// ```
pub fn template(uri: &str) -> String {
    let uri = uri.trim();
    let path = match uri.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => uri,
    };
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // The markers around personal data contain a slash.
    let path = path.replace("</pii>", "<pii>");
    let mut parts = path.split('/').filter(|part| !part.is_empty()).peekable();
    let is_version = |part: &&str| VERSIONS.iter().any(|v| part.eq_ignore_ascii_case(v));
    let _ = parts.next_if(is_version);
    let _ = parts.next_if(|part| is_tenant(part));
    let mut template = String::new();
    let mut before = String::new();
    let mut in_path = false;
    for part in parts {
        if in_path {
            in_path = !part.ends_with(':');
            continue;
        }
        if template.bytes().filter(|byte| *byte == b'/').count() >= PARTS_MAX {
            break;
        }
        // A path of files or sites is between colons: /me/drive/root:/a/b.txt:/content
        in_path = part.ends_with(':');
        let part = percent_decoded(part).to_ascii_lowercase();
        let words = match &*part {
            // The root folder of a drive is an item like all others.
            "root" | "root:" if before != "sites" => {
                vec![Cow::Borrowed("items"), Cow::Borrowed(ID)]
            }
            _ => words(&part, &before),
        };
        for word in words {
            template.push('/');
            template.push_str(&word);
            before = word.into_owned();
        }
    }
    if template.is_empty() {
        template.push('/');
    }
    template
}

/// Returns whether the first part of a path is a tenant, by its GUID, a domain, or a word for the caller's own tenant.
fn is_tenant(part: &str) -> bool {
    let lower = part.to_ascii_lowercase();
    is_guid(part)
        || lower.contains("<pii>")
        || matches!(&*lower, "myorganization" | "tenantid")
        || (lower.contains('.') && !lower.starts_with(TYPE_PREFIX) && !lower.contains('('))
}

/// Converts one part of a path, in lower case: into nothing, a word, or a word and a placeholder.
fn words<'a>(part: &'a str, before: &str) -> Vec<Cow<'a, str>> {
    let is_called = part.starts_with(TYPE_PREFIX);
    let part = part.strip_prefix(TYPE_PREFIX).unwrap_or(part);
    if is_called && TYPES.contains(&part) {
        return Vec::new();
    }
    // users('x'), users(key='x'), delta(), delta(token='x')
    if let Some((head, rest)) = part.split_once('(').filter(|(head, _)| !head.is_empty()) {
        let is_function = is_called || WORDS.contains(&head) || rest.starts_with(')');
        let head = Cow::Borrowed(if is_name(head) { ID } else { head });
        return if is_function {
            vec![head]
        } else {
            vec![head, Cow::Borrowed(ID)]
        };
    }
    let is_word = part.starts_with('$') || is_called || WORDS.contains(&part);
    let is_member = COLLECTIONS.contains(&before) && !is_word;
    vec![Cow::Borrowed(if is_member || is_name(part) {
        ID
    } else {
        part
    })]
}

/// Returns whether a part is the name of a single object.
fn is_name(part: &str) -> bool {
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    is_guid(part)
        || part.len() > PART_BYTES_MAX
        || (part.len() >= NUMBERED_BYTES_MIN && has_digit)
        || part.contains(['@', ',', '<', '>', '\'', '=', '!', ' ', ':'])
        || part
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'x')
        || !part.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_have_templates_and_classes() {
        #[rustfmt::skip]
        let requests = [
            ("GET", "https://graph.microsoft.com/v1.0/users?$top=999&$filter=x", "/users", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/beta//users/0a6f9c51-77e1-4b7c-9a02-5d1b6a1f0c11/memberOf", "/users/{id}/memberof", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/users/Ana%40Example.com", "/users/{id}", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/users('ana@example.com')/messages/AAMkAGI2", "/users/{id}/messages/{id}", ReadObject),
            ("GET", "https://graph.microsoft.com/v1.0/users/microsoft.graph.delta()?$deltatoken=x", "/users/delta", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/users/delta(token='x')", "/users/delta", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/groups/1/members/microsoft.graph.user", "/groups/{id}/members", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/users/$count", "/users/$count", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/organization/c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301", "/organization/{id}", EnumerateDirectory),
            ("GET", "https://graph.microsoft.com/v1.0/me", "/me", Other),
            ("GET", "https://graph.microsoft.com/v1.0/me/photos/96x96/$value", "/me/photos/{id}/$value", Other),
            ("GET", concat!("https://graph.microsoft.com/v1.0/me/drive/ro", "ot/children"), "/me/drive/items/{id}/children", ListObjects),
            ("GET", "https://graph.microsoft.com/v1.0/drives/b!aZ/items/01ABC/content", "/drives/{id}/items/{id}/content", ReadObject),
            ("GET", "https://graph.microsoft.com/v1.0/me/drive/root:/a/b%20c.txt:/content", "/me/drive/items/{id}/content", ReadObject),
            ("GET", "https://graph.microsoft.com/v1.0/sites/plim.example.com:/sites/hr:/drive", "/sites/{id}/drive", ReadObject),
            ("GET", "https://graph.microsoft.com/v1.0/sites/plim.example.com,1,2/drives", "/sites/{id}/drives", ReadObject),
            ("GET", "https://graph.microsoft.com/v1.0/sites?search=*", "/sites", ListObjects),
            ("GET", "https://graph.microsoft.com/beta/roleManagement/directory/roleAssignments?$expand=principal", "/rolemanagement/directory/roleassignments", EnumerateDirectory),
            ("POST", "https://graph.microsoft.com/v1.0/$batch", BATCH, Other),
            ("POST", "https://graph.microsoft.com/v1.0/users", "/users", CreateIdentity),
            ("POST", "https://graph.microsoft.com/v1.0/applications(appId='x')/addPassword", "/applications/{id}/addpassword", CreateCredential),
            ("POST", "https://graph.microsoft.com/v1.0/users/x/authentication/phoneMethods", "/users/{id}/authentication/phonemethods", CreateCredential),
            ("POST", "https://graph.microsoft.com/v1.0/directoryObjects/getByIds", "/directoryobjects/getbyids", EnumerateDirectory),
            ("DELETE", "https://graph.microsoft.com/v1.0/users/x", "/users/{id}", Other),
            ("GET", "/v2/c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301/users", "/users", EnumerateDirectory),
            ("GET", "/c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301/groups('b7d20e44')/$links/members?api-version=1.6", "/groups/{id}/$links/members", EnumerateDirectory),
            ("GET", "/v2/example.com/users/<pii>ana@example.com</pii>", "/users/{id}", EnumerateDirectory),
            ("POST", "/myorganization/$batch", BATCH, Other),
            ("GET", "https://graph.microsoft.com", "/", Other),
            ("GET", "", "/", Other),
            ("GET", "https://graph.microsoft.com/v1.0/sites/root", "/sites/{id}", Other),
        ];
        for (method, uri, expected, action) in requests {
            let template = template(uri);
            assert_eq!(template, expected, "{uri}");
            assert_eq!(classify(method, &template), action, "{method} {uri}");
        }
    }

    #[test]
    fn templates_are_few_and_short() {
        let long = format!("/{}", "a/".repeat(9_000));
        assert_eq!(template(&long).len(), 2 * PARTS_MAX);
        assert_eq!(template(&"a".repeat(9_000)), "/{id}");
        assert_eq!(template("/reports/x1234567890123456789"), "/reports/{id}");
    }
}
