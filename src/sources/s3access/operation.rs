//! The actions of operations in server access logs.

use std::sync::LazyLock;

use crate::event::Action::*;
use crate::event::{Action, Outcome};
use crate::sources::aws_actions;
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// For any target.
const ANY: &str = "";
/// For an object, whose key is stated.
const OBJECT: &str = "object";
/// For a bucket.
const BUCKET: &str = "bucket";

#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    (ANY, "REST.GET.SERVICE", ListBuckets),
    (ANY, "REST.GET.BUCKET", ListObjects),
    (ANY, "REST.GET.BUCKETVERSIONS", ListObjects),
    (ANY, "REST.GET.UPLOADS", ListObjects),
    (ANY, "REST.GET.UPLOAD", ListObjects),
    (ANY, "REST.GET.OBJECT", ReadObject),
    (ANY, "REST.GET.TORRENT", ReadObject),
    (ANY, "WEBSITE.GET.OBJECT", ReadObject),
    (ANY, "REST.COPY.OBJECT_GET", ReadObject),
    (ANY, "REST.COPY.PART_GET", ReadObject),
    (ANY, "REST.HEAD.OBJECT", Other),
    (ANY, "WEBSITE.HEAD.OBJECT", Other),
    (ANY, "REST.HEAD.BUCKET", ReadPosture),
    (ANY, "REST.PUT.OBJECT", WriteObject),
    (ANY, "REST.PUT.PART", WriteObject),
    (ANY, "REST.POST.*", WriteObject),
    (ANY, "REST.POST.RESTORE", CopyObject),
    (ANY, "REST.POST.MULTI_OBJECT_DELETE", DeleteObject),
    (ANY, "REST.COPY.OBJECT", CopyObject),
    (ANY, "REST.COPY.PART", CopyObject),
    (ANY, "REST.PUT.REPLICATION", CopyObject),
    (ANY, "REST.PUT.INVENTORY", CopyObject),
    (ANY, "REST.PUT.BUCKET", Other),
    (ANY, "REST.DELETE.OBJECT", DeleteObject),
    (ANY, "BATCH.DELETE.OBJECT", DeleteObject),
    (ANY, "REST.DELETE.BUCKET", DeleteBucket),
    (ANY, "REST.DELETE.UPLOAD", Other),
    // Actions of the bucket's lifecycle, without a caller.
    (ANY, "S3.*", Other),
    (OBJECT, "REST.GET.ACL", ReadPosture),
    (OBJECT, "REST.GET.*TAGGING", ReadPosture),
    (OBJECT, "REST.GET.*RETENTION", ReadPosture),
    (OBJECT, "REST.GET.*LEGAL_HOLD", ReadPosture),
    (BUCKET, "REST.GET.*", ReadPosture),
    (BUCKET, "REST.PUT.*", WritePosture),
    (BUCKET, "REST.DELETE.*", WritePosture),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns the class of an operation.
pub fn classify(op: &str, has_key: bool) -> Action {
    if let Some(op) = op.strip_prefix("SOAP.") {
        return aws_actions::classify("s3", op);
    }
    let of_kind = || ACTIONS.get(if has_key { OBJECT } else { BUCKET }, op);
    ACTIONS.get(ANY, op).or_else(of_kind).unwrap_or(Other)
}

/// Returns whether other lines of the same request say what this one does: a deletion in a batch has a line for each of its
/// objects, unless the request itself fails. The reading half of a copy is no duplicate: it is a read, and the other half is a
/// write elsewhere. If the copy goes to a foreign bucket, our log has only the reading half.
pub fn is_duplicate(op: &str, outcome: Outcome) -> bool {
    op == "REST.POST.MULTI_OBJECT_DELETE" && outcome == Outcome::Success
}

/// Returns whether a line is the half of a copy that writes.
pub fn is_writing_half_of_copy(op: &str) -> bool {
    matches!(op, "REST.COPY.OBJECT" | "REST.COPY.PART")
}

/// Returns whether a line is the half of a copy that reads the source.
pub fn is_half_of_copy(op: &str) -> bool {
    matches!(op, "REST.COPY.OBJECT_GET" | "REST.COPY.PART_GET")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_have_classes() {
        for (op, has_key, action) in [
            ("REST.GET.BUCKET", false, ListObjects),
            ("REST.GET.LOGGING_STATUS", false, ReadPosture),
            ("REST.GET.ACL", true, ReadPosture),
            ("REST.GET.OBJECT_TAGGING", true, ReadPosture),
            ("REST.GET.SOMETHING", true, Other),
            ("REST.PUT.BUCKETPOLICY", false, WritePosture),
            ("REST.PUT.ACL", true, Other),
            ("REST.PUT.REPLICATION", false, CopyObject),
            ("REST.POST.UPLOADS", true, WriteObject),
            ("REST.DELETE.BUCKETPOLICY", false, WritePosture),
            ("REST.DELETE.BUCKET", false, DeleteBucket),
            ("REST.DELETE.OBJECT", true, DeleteObject),
            // The line does not say whether it switches off, or when objects expire.
            ("REST.PUT.LOGGING_STATUS", false, WritePosture),
            ("REST.PUT.LIFECYCLE", false, WritePosture),
            ("REST.OPTIONS.PREFLIGHT", true, Other),
            ("SOAP.GetObject", true, ReadObject),
            ("S3.TRANSITION_GDA.OBJECT", true, Other),
        ] {
            assert_eq!(classify(op, has_key), action, "{op}");
        }
    }
}
