//! The action classes of operations on stored data.

use std::sync::LazyLock;

use crate::event::Action::{self, *};
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// Operations of blob, file, queue, table and data lake endpoints; their names do not clash.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    ("", "ListContainers", ListBuckets),
    ("", "ListFilesystems", ListBuckets),
    ("", "ListShares", ListBuckets),
    ("", "ListQueues", ListBuckets),
    ("", "QueryTables", ListBuckets),
    ("", "ListBlobs", ListObjects),
    ("", "FindBlobsByTags", ListObjects),
    ("", "ListFilesystemDir", ListObjects),
    ("", "ListFiles", ListObjects),
    ("", "ListPaths", ListObjects),
    ("", "QueryDirectory", ListObjects),
    ("", "GetBlob", ReadObject),
    ("", "QueryBlobContents", ReadObject),
    ("", "GetBlobProperties", ReadObject),
    ("", "GetBlobMetadata", ReadObject),
    ("", "GetPageRanges*", ReadObject),
    ("", "GetFile", ReadObject),
    ("", "GetFileProperties", ReadObject),
    ("", "GetPathStatus", ReadObject),
    ("", "ReadFile", ReadObject),
    ("", "Read", ReadObject),
    ("", "QueryEntity", ReadObject),
    ("", "QueryEntities", ReadObject),
    ("", "GetMessages", ReadObject),
    ("", "PeekMessages", ReadObject),
    ("", "GetBlobTags", ReadPosture),
    ("", "GetContainerACL", ReadPosture),
    ("", "GetContainerProperties", ReadPosture),
    ("", "GetContainerMetadata", ReadPosture),
    ("", "GetFilesystemProperties", ReadPosture),
    ("", "GetPathAccessControl", ReadPosture),
    ("", "GetShareACL", ReadPosture),
    ("", "GetShareProperties", ReadPosture),
    ("", "GetShareMetadata", ReadPosture),
    ("", "GetQueueACL", ReadPosture),
    ("", "GetTableACL", ReadPosture),
    ("", "Get*ServiceProperties", ReadPosture),
    ("", "Get*ServiceStats", ReadPosture),
    ("", "GetAccountInformation", ReadPosture),
    ("", "PutBlob", WriteObject),
    ("", "PutBlock", WriteObject),
    ("", "PutBlockList", WriteObject),
    ("", "AppendBlock", WriteObject),
    ("", "PutPage", WriteObject),
    ("", "PutRange", WriteObject),
    ("", "CreateFile", WriteObject),
    ("", "AppendFile", WriteObject),
    ("", "FlushFile", WriteObject),
    ("", "Write", WriteObject),
    ("", "PutMessage", WriteObject),
    ("", "InsertEntity", WriteObject),
    ("", "SnapshotBlob", CopyObject),
    ("", "CopyBlob*", CopyObject),
    ("", "CopyFile*", CopyObject),
    ("", "IncrementalCopyBlob", CopyObject),
    ("", "Put*FromURL", CopyObject),
    ("", "AppendBlockFromURL", CopyObject),
    ("", "RenamePath*", CopyObject),
    ("", "RenameFile*", CopyObject),
    ("", "DeleteBlob", DeleteObject),
    ("", "DeleteContainer", DeleteBucket),
    ("", "DeleteFilesystem", DeleteBucket),
    ("", "DeleteFile", DeleteObject),
    ("", "DeleteDirectory", DeleteObject),
    ("", "DeleteShare", DeleteBucket),
    ("", "DeleteQueue", DeleteBucket),
    ("", "DeleteTable", DeleteBucket),
    ("", "DeleteEntity", DeleteObject),
    ("", "SetContainerACL", WritePosture),
    ("", "SetShareACL", WritePosture),
    ("", "SetQueueACL", WritePosture),
    ("", "SetTableACL", WritePosture),
    ("", "SetPathAccessControl*", WritePosture),
    ("", "Set*ServiceProperties", WritePosture),
    ("", "GetUserDelegationKey", CreateCredential),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns what an operation does.
pub fn classify(op: &str) -> Action {
    ACTIONS.get("", op).unwrap_or(Action::Other)
}
