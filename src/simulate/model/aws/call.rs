//! The calls that AWS records: operations on objects, and calls of other services.

use crate::simulate::model::aws::bucket::Bucket;
use crate::simulate::model::aws::session::Session;
use crate::simulate::model::company::US_EAST;

/// An operation on a bucket or object.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Op<'a> {
    /// `ListObjectsV2`, which CloudTrail calls `ListObjects`; the page's number, from 0.
    List(usize),
    /// A listing by a client that still speaks version 1.
    ListV1,
    Head,
    Get,
    Put,
    Delete,
    /// So many objects in one call, which does not name them.
    DeleteMany(u64),
    /// One of the objects of such a call.
    DeleteInBatch,
    /// A version of an object, by its number.
    DeleteVersion(u64),
    /// A copy from another bucket and key.
    Copy(&'a Bucket, &'a str),
}

/// Why a call failed: error code and message.
pub(crate) type ApiError<'a> = Option<(&'a str, &'a str)>;

/// A call that concerns an object, or lists a bucket.
#[derive(Clone, Copy)]
pub(crate) struct ObjectCall<'a> {
    /// Seconds since the epoch.
    pub(crate) at: i64,
    pub(crate) session: &'a Session,
    pub(crate) op: Op<'a>,
    pub(crate) bucket: &'a Bucket,
    /// The key of the object, or the prefix of a listing.
    pub(crate) key: &'a str,
    /// What the answer carries, or what is uploaded.
    pub(crate) bytes: u64,
    pub(crate) fault: ApiError<'a>,
}

/// The bucket-level reads that reveal posture: event name, sub-resource, and the answer when nothing is configured.
pub(crate) const POSTURE: [(&str, &str, ApiError<'static>); 9] = [
    ("GetBucketAcl", "acl", None),
    (
        "GetBucketPolicy",
        "policy",
        Some(("NoSuchBucketPolicy", "The bucket policy does not exist")),
    ),
    (
        "GetBucketPolicyStatus",
        "policyStatus",
        Some(("NoSuchBucketPolicy", "The bucket policy does not exist")),
    ),
    (
        "GetBucketPublicAccessBlock",
        "publicAccessBlock",
        Some((
            "NoSuchPublicAccessBlockConfiguration",
            "The public access block configuration was not found",
        )),
    ),
    ("GetBucketVersioning", "versioning", None),
    ("GetBucketEncryption", "encryption", None),
    ("GetBucketLocation", "location", None),
    (
        "GetBucketTagging",
        "tagging",
        Some(("NoSuchTagSet", "The TagSet does not exist")),
    ),
    (
        "GetBucketLifecycle",
        "lifecycle",
        Some((
            "NoSuchLifecycleConfiguration",
            "The lifecycle configuration does not exist",
        )),
    ),
];

/// A call of another service, or a bucket-level one whose parameters are given.
pub(crate) struct Api<'a> {
    /// The service, as in `iam` of `iam.amazonaws.com`.
    pub(crate) service: &'a str,
    pub(crate) name: &'a str,
    /// Place in [`REGIONS`]; global services are always served in the first.
    pub(crate) region: usize,
    pub(crate) read_only: bool,
    /// `requestParameters` as JSON.
    pub(crate) parameters: &'a str,
    /// `responseElements` as JSON.
    pub(crate) response: &'a str,
    pub(crate) fault: ApiError<'a>,
    /// The bucket that is acted upon, if any.
    pub(crate) bucket: Option<&'a Bucket>,
    /// The service that calls on the caller's behalf.
    pub(crate) invoked_by: Option<&'a str>,
    /// The account that data or a right to it is given to, and the bucket, or nothing.
    pub(crate) shared: Option<(&'a str, &'a str)>,
    /// The command, as the AWS CLI names it.
    pub(crate) command: &'a str,
}

impl Default for Api<'_> {
    fn default() -> Self {
        Self {
            service: "sts",
            name: "GetCallerIdentity",
            region: US_EAST,
            read_only: true,
            parameters: "null",
            response: "null",
            fault: None,
            bucket: None,
            invoked_by: None,
            shared: None,
            command: "sts.get-caller-identity",
        }
    }
}

/// Returns an instant as IAM and STS answers write it: `Mar 10, 2026, 4:40:08 PM`.
pub(crate) fn aws_date(at: i64) -> String {
    let time = chrono::DateTime::from_timestamp(at, 0).unwrap_or_default();
    time.format("%b %-d, %Y, %-I:%M:%S %p").to_string()
}
