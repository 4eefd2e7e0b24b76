//! The action classes of operations on resources.

use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// Operations, in upper case.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/REGENERATEKEY/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTACCOUNTSAS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTSERVICESAS/ACTION", CreateCredential),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/DELETE", DeleteObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/OBJECTREPLICATIONPOLICIES/WRITE", CopyObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/MANAGEMENTPOLICIES/*", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/CONTAINERS/DELETE", DeleteObject),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/BLOBSERVICES/CONTAINERS/IMMUTABILITYPOLICIES/*", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/FILESERVICES/WRITE", WritePosture),
    ("", "MICROSOFT.STORAGE/STORAGEACCOUNTS/FILESERVICES/SHARES/DELETE", DeleteObject),
    ("", "MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/WRITE", CreateIdentity),
    ("", "MICROSOFT.COMPUTE/DISKS/BEGINGETACCESS/ACTION", CopyObject),
    ("", "MICROSOFT.COMPUTE/SNAPSHOTS/BEGINGETACCESS/ACTION", CopyObject),
    ("", "MICROSOFT.KEYVAULT/VAULTS/ACCESSPOLICIES/WRITE", WritePosture),
    ("", "*/LISTKEYS/ACTION", CreateCredential),
    ("", "*/LISTCREDENTIALS/ACTION", CreateCredential),
    // Azure does not log reads. Records of reads are made by hand, and are taken at their word.
    ("", "*/READ", ReadPosture),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns what an operation, in upper case, does.
pub fn classify(op: &str) -> Action {
    ACTIONS.get("", op).unwrap_or(Action::Other)
}
