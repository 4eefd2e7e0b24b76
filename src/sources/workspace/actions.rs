//! The action classes of events of Google Workspace applications.

use std::sync::LazyLock;

use crate::event::Action;
use crate::event::Action::*;
use crate::sources::parts::actions::{ActionRow, ActionTable};
use crate::sources::workspace::parameters::Parameters;

/// Application, event, class.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    ("admin", "CREATE_USER", CreateIdentity),
    ("admin", "CREATE_GROUP", CreateIdentity),
    ("admin", "AUTHORIZE_API_CLIENT_ACCESS", GrantScope),
    ("admin", "ADD_TO_TRUSTED_OAUTH2_APPS", GrantScope),
    ("admin", "CHANGE_PASSWORD", CreateCredential),
    ("admin", "GENERATE_2SV_SCRATCH_CODES", CreateCredential),
    ("admin", "DOWNLOAD_USERLIST_CSV", EnumerateDirectory),
    ("admin", "DOWNLOAD_PENDING_INVITES_LIST", EnumerateDirectory),
    ("admin", "CUSTOMER_TAKEOUT_CREATED", ReadObject),
    ("groups", "create_group", CreateIdentity),
    ("groups_enterprise", "create_group", CreateIdentity),
    ("user_accounts", "2sv_enroll", CreateCredential),
    ("user_accounts", "password_edit", CreateCredential),
    ("login", "login_*", Authenticate),
    ("login", "logout", Authenticate),
    ("saml", "login_*", Authenticate),
    ("token", "authorize", GrantScope),
    ("drive", "view", ReadObject),
    ("drive", "preview", ReadObject),
    ("drive", "download", ReadObject),
    ("drive", "print", ReadObject),
    ("drive", "sync_item_content", ReadObject),
    ("drive", "upload", WriteObject),
    ("drive", "create", WriteObject),
    ("drive", "edit", WriteObject),
    ("drive", "copy", CopyObject),
    ("drive", "source_copy", CopyObject),
    ("drive", "delete", DeleteObject),
    ("drive", "trash", DeleteObject),
    // Changes of who may see a document; with an external user, it is shared outside.
    ("drive", "change_user_access", WritePosture),
    ("drive", "change_document_visibility", WritePosture),
    ("drive", "change_document_access_scope", WritePosture),
    ("drive", "change_acl_editors", WritePosture),
    ("drive", "shared_drive_membership_change", WritePosture),
    ("drive", "team_drive_membership_change", WritePosture),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Events that duplicate a sign-in of another event.
pub const DUPLICATES: [&str; 2] = ["login_verification", "login_challenge"];

/// The nouns of methods that read the directory.
const DIRECTORY_NOUNS: [&str; 7] = [
    "users",
    "groups",
    "members",
    "orgunits",
    "roles",
    "roleassignments",
    "devices",
];

/// Returns the action of an event by its name alone.
pub fn of_name(application: &str, name: &str) -> Action {
    ACTIONS.get(application, name).unwrap_or(Other)
}

/// Returns the action of an event.
pub fn classify(application: &str, name: &str, given: &Parameters<'_>) -> Action {
    if application == "token" && name == "activity" {
        return api_call(given);
    }
    match ACTIONS.get(application, name) {
        Some(WritePosture) if is_shared_outside(given) => CopyObject,
        found => found.unwrap_or(Other),
    }
}

/// Returns the action of an application's call to a Google API.
fn api_call(given: &Parameters<'_>) -> Action {
    let text = |name: &str| given.text(name).unwrap_or_default().to_lowercase();
    let (api, method) = (text("api_name"), text("method_name"));
    let buckets = given.texts("product_bucket").unwrap_or_default();
    let is_bucket = |wanted: &str| buckets.iter().any(|b| b.eq_ignore_ascii_case(wanted));
    let does = |verbs: &[&str]| verbs.iter().any(|verb| method.contains(verb));
    let is_directory = is_bucket("GSUITE_ADMIN") || api == "admin" || api.contains("directory");
    if is_directory {
        return match reads_directory(&method) {
            true => EnumerateDirectory,
            false => Other,
        };
    }
    if is_bucket("CONTACTS") || api == "people" || api == "contacts" {
        return match does(&["list", "search", "get"]) {
            true => EnumerateDirectory,
            false => Other,
        };
    }
    let holds_data = ["DRIVE", "GMAIL"].iter().any(|bucket| is_bucket(bucket))
        || matches!(&*api, "drive" | "gmail");
    match holds_data {
        true if does(&["list"]) => ListObjects,
        true if does(&["get", "export", "download"]) => ReadObject,
        _ => Other,
    }
}

/// Returns whether a method, in lower case, lists or gets objects of the directory: `directory.users.list`.
fn reads_directory(method: &str) -> bool {
    let reads = |rest: &str| {
        let rest = rest.strip_prefix(['.', '/']).unwrap_or(rest);
        rest.starts_with("list") || rest.starts_with("get")
    };
    DIRECTORY_NOUNS.iter().any(|noun| {
        let mut found = method.match_indices(noun);
        found.any(|(at, _)| reads(&method[at + noun.len()..]))
    })
}

/// Returns whether an event shares a document with an external user.
pub fn is_shared_outside(given: &Parameters<'_>) -> bool {
    given.text("visibility_change").as_deref() == Some("external")
}

/// Returns whether a document is open to everyone, or to everyone with its link.
pub fn is_public(given: &Parameters<'_>) -> bool {
    /// Values of `visibility` that are not limited to an organisation.
    const OPEN: [&str; 2] = ["public_on_the_web", "people_with_link"];
    let is_open = given
        .text("visibility")
        .is_some_and(|visibility| OPEN.contains(&&*visibility));
    is_open && given.text("target_user").is_none()
}

/// Returns the reason of a failure; only a few events can be failures.
pub fn failure(name: &str, given: &Parameters<'_>) -> Option<String> {
    let challenge_failed = || {
        let status = given.text("login_challenge_status")?.to_lowercase();
        status.contains("fail").then_some(status)
    };
    match name {
        "login_failure" => {
            let why = given.text("login_failure_type");
            Some(why.unwrap_or_else(|| name.to_owned()))
        }
        "deny" => Some(name.to_owned()),
        "login_verification" | "login_challenge" => challenge_failed(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_reads_are_recognised_by_noun_and_verb() {
        for (method, expected) in [
            ("directory.users.list", true),
            ("directory.users/get", true),
            ("roleassignmentslist", true),
            ("directory.groups.insert", false),
            ("directory.users.update", false),
            ("list", false),
            ("", false),
        ] {
            assert_eq!(reads_directory(method), expected, "{method}");
        }
    }

    #[test]
    fn reading_reports_is_no_reading_of_the_directory() {
        for (method, expected) in [
            ("directory.users.list", true),
            ("directory.members.list", true),
            ("directory.roleassignments.list", true),
            ("reports.activities.list", false),
            ("reports.userusagereport.get", false),
            ("reports.customerusagereports.get", false),
        ] {
            assert_eq!(reads_directory(method), expected, "{method}");
        }
    }
}
