//! The action classes of Microsoft 365 operations.
//!
//! Operations are compared in lower case and without the full stop that those of Entra end with.

use std::sync::LazyLock;

use crate::event::Action;
use crate::event::Action::*;
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// The workload of operations that mean the same in every workload.
const ANY: &str = "";

/// Workload, operation, class; a `*` stands for any text.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    // Sign-ins.
    (ANY, "userloggedin", Authenticate),
    (ANY, "userloginfailed", Authenticate),
    (ANY, "userloggedoff", Authenticate),
    (ANY, "mailboxlogin", Authenticate),
    // Directory reads. Exchange Online does not log them; on-premises servers may.
    (ANY, "get-*mailbox*", EnumerateDirectory),
    (ANY, "get-*user*", EnumerateDirectory),
    (ANY, "get-*recipient*", EnumerateDirectory),
    (ANY, "get-*group*", EnumerateDirectory),
    (ANY, "get-*contact*", EnumerateDirectory),
    (ANY, "get-*role*", EnumerateDirectory),
    (ANY, "download users*", EnumerateDirectory),
    (ANY, "download group members*", EnumerateDirectory),
    // Files.
    (ANY, "filedownloaded", ReadObject),
    (ANY, "fileaccessed", ReadObject),
    (ANY, "fileaccessedextended", ReadObject),
    (ANY, "filesyncdownloadedfull", ReadObject),
    (ANY, "filesyncdownloadedpartial", ReadObject),
    (ANY, "filepreviewed", ReadObject),
    (ANY, "fileuploaded", WriteObject),
    (ANY, "filemodified", WriteObject),
    (ANY, "filemodifiedextended", WriteObject),
    (ANY, "filesyncuploadedfull", WriteObject),
    (ANY, "filesyncuploadedpartial", WriteObject),
    (ANY, "filecopied", CopyObject),
    (ANY, "filemoved", CopyObject),
    (ANY, "filedeleted*", DeleteObject),
    (ANY, "filerecycled", DeleteObject),
    (ANY, "sharingset", CopyObject),
    (ANY, "sharinginvitationcreated", CopyObject),
    (ANY, "addedtosecurelink", CopyObject),
    (ANY, "anonymouslinkcreated", CopyObject),
    (ANY, "searchqueryperformed", ListObjects),
    (ANY, "searchexported", ReadObject),
    (ANY, "searchexportdownloaded", ReadObject),
    // Mail.
    (ANY, "mailitemsaccessed", ReadObject),
    ("exchange", "messagebind", ReadObject),
    ("exchange", "folderbind", ListObjects),
    ("exchange", "create", WriteObject),
    ("exchange", "update", WriteObject),
    ("exchange", "copy", CopyObject),
    ("exchange", "softdelete", DeleteObject),
    ("exchange", "harddelete", DeleteObject),
    ("exchange", "movetodeleteditems", DeleteObject),
    // Rules and mailboxes copy mail if they forward it; their parameters decide.
    (ANY, "new-inboxrule", CopyObject),
    (ANY, "set-inboxrule", CopyObject),
    (ANY, "updateinboxrules", CopyObject),
    (ANY, "set-mailbox", CopyObject),
    (ANY, "new-transportrule", CopyObject),
    (ANY, "set-transportrule", CopyObject),
    (ANY, "add-mailboxpermission", CreateCredential),
    (ANY, "new-mailbox", CreateIdentity),
    (ANY, "new-remotemailbox", CreateIdentity),
    (ANY, "new-mailuser", CreateIdentity),
    // Entra.
    (ANY, "add user", CreateIdentity),
    (ANY, "invite external user", CreateIdentity),
    (ANY, "add service principal", CreateIdentity),
    (ANY, "add application", CreateIdentity),
    (ANY, "add group", CreateIdentity),
    (ANY, "add service principal credentials", CreateCredential),
    (ANY, "update application*certificates and secrets management", CreateCredential),
    (ANY, "add federated identity credential", CreateCredential),
    (ANY, "user registered security info", CreateCredential),
    (ANY, "reset password (by admin)", CreateCredential),
    (ANY, "reset user password", CreateCredential),
    // Of the update of an application, what it changes decides.
    (ANY, "consent to application", GrantScope),
    (ANY, "add app role assignment to service principal", GrantScope),
    (ANY, "add delegated permission grant", GrantScope),
    (ANY, "add oauth2permissiongrant", GrantScope),
    // Logs and alerts; those that only their parameters decide are not here.
    (ANY, "remove-unifiedauditlogretentionpolicy", BlindLog),
    (ANY, "remove-protectionalert", BlindLog),
    (ANY, "remove-activityalert", BlindLog),
];

/// Operations that copy mail only if their parameters name a forwarding address.
const FORWARDERS: [&str; 6] = [
    "new-inboxrule",
    "set-inboxrule",
    "updateinboxrules",
    "set-mailbox",
    "new-transportrule",
    "set-transportrule",
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns what an operation does; workload and operation are in lower case.
pub fn classify(workload: &str, op: &str) -> Action {
    ACTIONS
        .get(workload, op)
        .or_else(|| ACTIONS.get(ANY, op))
        .unwrap_or(Other)
}

/// Returns whether an operation copies mail only with a forwarding address.
pub fn is_forwarder(op: &str) -> bool {
    FORWARDERS.contains(&op)
}
