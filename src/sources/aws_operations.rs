//! What each AWS operation is: an action class for every operation that storage, directories and credentials care about.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::event::Action;

/// Service, operation or glob, class. Exact names win over globs, the longest glob over shorter ones.
const OPERATIONS: &[(&str, &str, Action)] = &[
    ("s3", "ListBuckets", Action::ListBuckets),
    ("s3", "ListDirectoryBuckets", Action::ListBuckets),
    ("s3", "ListObjects", Action::ListObjects),
    ("s3", "ListObjectsV2", Action::ListObjects),
    ("s3", "ListObjectVersions", Action::ListObjects),
    ("s3", "ListMultipartUploads", Action::ListObjects),
    ("s3", "ListParts", Action::ListObjects),
    ("s3", "ListObjectAnnotations", Action::ListObjects),
    ("s3", "HeadBucket", Action::ReadPosture),
    ("s3", "ListAccessPoints", Action::ListBuckets),
    ("s3", "ListMultiRegionAccessPoints", Action::ListBuckets),
    ("s3", "ListRegionalBuckets", Action::ListBuckets),
    ("s3tables", "ListTableBuckets", Action::ListBuckets),
    ("s3tables", "ListTables", Action::ListObjects),
    ("s3tables", "ListNamespaces", Action::ListObjects),
    ("s3", "GetObject", Action::ReadObject),
    ("s3", "HeadObject", Action::ReadObject),
    ("s3", "GetObjectAttributes", Action::ReadObject),
    ("s3", "GetObjectTorrent", Action::ReadObject),
    ("s3", "SelectObjectContent", Action::ReadObject),
    ("s3", "GetObjectTagging", Action::ReadPosture),
    ("s3", "GetObjectAcl", Action::ReadPosture),
    ("s3", "GetObjectRetention", Action::ReadPosture),
    ("s3", "GetObjectLegalHold", Action::ReadPosture),
    ("s3tables", "GetObject", Action::ReadObject),
    ("s3", "PutObject", Action::WriteObject),
    ("s3", "PostObject", Action::WriteObject),
    ("s3", "CreateMultipartUpload", Action::WriteObject),
    ("s3", "UploadPart", Action::WriteObject),
    ("s3", "CompleteMultipartUpload", Action::WriteObject),
    ("s3", "AbortMultipartUpload", Action::Other),
    ("s3", "RenameObject", Action::CopyObject),
    ("s3", "CopyObject", Action::CopyObject),
    ("s3", "UploadPartCopy", Action::CopyObject),
    ("s3", "RestoreObject", Action::CopyObject),
    ("s3", "DeleteObject", Action::DeleteObject),
    ("s3", "DeleteObjects", Action::DeleteObject),
    ("s3", "DeleteBucket", Action::DeleteObject),
    ("s3", "PutBucketReplication", Action::CopyObject),
    ("s3", "PutBucketInventoryConfiguration", Action::CopyObject),
    ("s3", "PutBucketLogging", Action::WritePosture),
    ("s3", "CreateJob", Action::CopyObject),
    ("s3", "CreateSession", Action::Other),
    ("datasync", "CreateLocationS3", Action::CopyObject),
    (
        "datasync",
        "CreateLocationObjectStorage",
        Action::CopyObject,
    ),
    ("datasync", "CreateTask", Action::CopyObject),
    ("datasync", "StartTaskExecution", Action::CopyObject),
    ("rds", "StartExportTask", Action::CopyObject),
    ("rds", "ModifyDBSnapshotAttribute", Action::CopyObject),
    (
        "rds",
        "ModifyDBClusterSnapshotAttribute",
        Action::CopyObject,
    ),
    ("ec2", "ModifySnapshotAttribute", Action::CopyObject),
    ("ec2", "ModifyImageAttribute", Action::CopyObject),
    ("ec2", "CreateStoreImageTask", Action::CopyObject),
    ("ec2", "CreateInstanceExportTask", Action::CopyObject),
    ("ec2", "ExportImage", Action::CopyObject),
    ("dynamodb", "ExportTableToPointInTime", Action::CopyObject),
    ("dynamodb", "Scan", Action::ReadObject),
    ("ebs", "ListSnapshotBlocks", Action::ListObjects),
    ("ebs", "GetSnapshotBlock", Action::ReadObject),
    ("secretsmanager", "GetSecretValue", Action::ReadObject),
    ("secretsmanager", "BatchGetSecretValue", Action::ReadObject),
    ("secretsmanager", "ListSecrets", Action::ListObjects),
    ("ssm", "GetParameter", Action::ReadObject),
    ("ssm", "GetParameters", Action::ReadObject),
    ("ssm", "GetParametersByPath", Action::ReadObject),
    ("ssm", "DescribeParameters", Action::ListObjects),
    ("ecr", "BatchGetImage", Action::ReadObject),
    ("ecr", "GetDownloadUrlForLayer", Action::ReadObject),
    ("s3", "GetBucketAcl", Action::ReadPosture),
    ("s3", "GetBucketPublicAccessBlock", Action::ReadPosture),
    ("s3", "GetBucketPolicy", Action::ReadPosture),
    ("s3", "GetBucketPolicyStatus", Action::ReadPosture),
    ("s3", "GetBucketVersioning", Action::ReadPosture),
    ("s3", "GetAccountPublicAccessBlock", Action::ReadPosture),
    ("s3", "GetBucketEncryption", Action::ReadPosture),
    ("s3", "GetBucketLogging", Action::ReadPosture),
    ("s3", "GetBucketReplication", Action::ReadPosture),
    ("s3", "GetBucketLocation", Action::ReadPosture),
    ("s3", "GetBucketTagging", Action::ReadPosture),
    ("s3", "GetBucketCors", Action::ReadPosture),
    ("s3", "GetBucketWebsite", Action::ReadPosture),
    ("s3", "GetBucketLifecycle", Action::ReadPosture),
    ("s3", "GetBucketLifecycleConfiguration", Action::ReadPosture),
    ("s3", "GetBucketNotification", Action::ReadPosture),
    ("s3", "GetBucketOwnershipControls", Action::ReadPosture),
    ("s3", "GetBucketRequestPayment", Action::ReadPosture),
    (
        "s3",
        "GetBucketObjectLockConfiguration",
        Action::ReadPosture,
    ),
    ("s3", "GetAccelerateConfiguration", Action::ReadPosture),
    ("s3", "GetBucket*", Action::ReadPosture),
    ("s3", "GetAccessPoint*", Action::ReadPosture),
    ("s3", "GetMultiRegionAccessPoint*", Action::ReadPosture),
    ("s3", "GetAccessGrant*", Action::ReadPosture),
    ("s3", "ListBucket*Configurations", Action::ReadPosture),
    ("s3", "GetStorageLens*", Action::ReadPosture),
    ("s3", "PutBucket*", Action::WritePosture),
    ("s3", "DeleteBucketPolicy", Action::WritePosture),
    ("s3", "DeleteBucketEncryption", Action::WritePosture),
    ("s3", "PutAccountPublicAccessBlock", Action::WritePosture),
    ("s3", "DeleteAccountPublicAccessBlock", Action::WritePosture),
    ("iam", "ListUsers", Action::EnumerateDirectory),
    ("iam", "ListRoles", Action::EnumerateDirectory),
    ("iam", "ListGroups", Action::EnumerateDirectory),
    (
        "iam",
        "GetAccountAuthorizationDetails",
        Action::EnumerateDirectory,
    ),
    ("iam", "GetAccountSummary", Action::EnumerateDirectory),
    ("iam", "GetCredentialReport", Action::EnumerateDirectory),
    (
        "iam",
        "GenerateCredentialReport",
        Action::EnumerateDirectory,
    ),
    ("iam", "ListPolicies", Action::EnumerateDirectory),
    ("iam", "List*", Action::EnumerateDirectory),
    ("iam", "GetUser", Action::EnumerateDirectory),
    ("iam", "GetRole", Action::EnumerateDirectory),
    ("iam", "GetGroup", Action::EnumerateDirectory),
    ("iam", "GetPolicy*", Action::EnumerateDirectory),
    ("iam", "Get*Policy", Action::EnumerateDirectory),
    ("iam", "GetLoginProfile", Action::EnumerateDirectory),
    ("iam", "GetAccessKeyLastUsed", Action::EnumerateDirectory),
    (
        "iam",
        "GetServiceLastAccessedDetails*",
        Action::EnumerateDirectory,
    ),
    ("iam", "SimulatePrincipalPolicy", Action::EnumerateDirectory),
    ("iam", "SimulateCustomPolicy", Action::EnumerateDirectory),
    ("sts", "GetCallerIdentity", Action::EnumerateDirectory),
    ("sts", "GetAccessKeyInfo", Action::EnumerateDirectory),
    ("identitystore", "List*", Action::EnumerateDirectory),
    ("identitystore", "DescribeUser", Action::EnumerateDirectory),
    ("identitystore", "GetUserId", Action::EnumerateDirectory),
    ("sso-directory", "SearchUsers", Action::EnumerateDirectory),
    ("sso-directory", "SearchGroups", Action::EnumerateDirectory),
    ("sso", "ListAccountAssignments*", Action::EnumerateDirectory),
    ("sso", "ListPermissionSets*", Action::EnumerateDirectory),
    (
        "sso",
        "ListAccountsForProvisionedPermissionSet",
        Action::EnumerateDirectory,
    ),
    ("organizations", "ListAccounts*", Action::EnumerateDirectory),
    (
        "organizations",
        "DescribeOrganization",
        Action::EnumerateDirectory,
    ),
    ("organizations", "ListRoots", Action::EnumerateDirectory),
    (
        "organizations",
        "ListOrganizationalUnitsForParent",
        Action::EnumerateDirectory,
    ),
    ("organizations", "ListChildren", Action::EnumerateDirectory),
    (
        "organizations",
        "ListDelegatedAdministrators",
        Action::EnumerateDirectory,
    ),
    ("cognito-idp", "ListUsers*", Action::EnumerateDirectory),
    ("cognito-idp", "ListUserPools", Action::EnumerateDirectory),
    ("ds", "DescribeDirectories", Action::EnumerateDirectory),
    ("workmail", "ListUsers", Action::EnumerateDirectory),
    ("iam", "CreateUser", Action::CreateIdentity),
    ("iam", "CreateRole", Action::CreateIdentity),
    ("iam", "CreateGroup", Action::CreateIdentity),
    ("iam", "CreateServiceLinkedRole", Action::CreateIdentity),
    ("iam", "CreateInstanceProfile", Action::CreateIdentity),
    ("iam", "CreateSAMLProvider", Action::CreateIdentity),
    ("iam", "CreateOpenIDConnectProvider", Action::CreateIdentity),
    ("identitystore", "CreateUser", Action::CreateIdentity),
    ("sso-directory", "CreateUser", Action::CreateIdentity),
    ("organizations", "CreateAccount", Action::CreateIdentity),
    (
        "organizations",
        "InviteAccountToOrganization",
        Action::CreateIdentity,
    ),
    ("rolesanywhere", "CreateTrustAnchor", Action::CreateIdentity),
    ("rolesanywhere", "CreateProfile", Action::CreateIdentity),
    ("iam", "CreateAccessKey", Action::CreateCredential),
    ("iam", "CreateLoginProfile", Action::CreateCredential),
    ("iam", "UpdateLoginProfile", Action::CreateCredential),
    (
        "iam",
        "CreateServiceSpecificCredential",
        Action::CreateCredential,
    ),
    (
        "iam",
        "ResetServiceSpecificCredential",
        Action::CreateCredential,
    ),
    ("iam", "UploadSSHPublicKey", Action::CreateCredential),
    ("iam", "UploadSigningCertificate", Action::CreateCredential),
    ("iam", "UpdateAssumeRolePolicy", Action::CreateCredential),
    ("iam", "UpdateAccessKey", Action::CreateCredential),
    ("iam", "CreateVirtualMFADevice", Action::CreateCredential),
    ("sts", "GetSessionToken", Action::CreateCredential),
    ("sts", "GetFederationToken", Action::CreateCredential),
    ("ec2", "CreateKeyPair", Action::CreateCredential),
    ("ec2", "ImportKeyPair", Action::CreateCredential),
    ("ec2", "GetPasswordData", Action::CreateCredential),
    ("ecr", "GetAuthorizationToken", Action::CreateCredential),
    ("sts", "AssumeRole", Action::AssumeRole),
    ("sts", "AssumeRoleWithSAML", Action::AssumeRole),
    ("sts", "AssumeRoleWithWebIdentity", Action::AssumeRole),
    ("sts", "AssumeRoot", Action::AssumeRole),
    ("sts", "GetDelegatedAccessToken", Action::AssumeRole),
    ("signin", "ConsoleLogin", Action::Authenticate),
    ("signin", "SwitchRole", Action::AssumeRole),
    ("signin", "CheckMfa", Action::Authenticate),
    ("signin", "Federate", Action::Authenticate),
    ("signin", "UserAuthentication", Action::Authenticate),
    ("signin", "CredentialChallenge", Action::Authenticate),
    ("sso", "CreateToken", Action::Authenticate),
];

/// The table, ready for look-ups.
struct Table {
    exact: FxHashMap<(&'static str, &'static str), Action>,
    /// Longest first.
    globs: Vec<(&'static str, &'static str, Action)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let (globs, exact): (Vec<_>, Vec<_>) = OPERATIONS
        .iter()
        .copied()
        .partition(|(_, op, _)| op.contains('*'));
    let mut globs = globs;
    globs.sort_by_key(|(_, op, _)| std::cmp::Reverse(op.len()));
    Table {
        exact: exact
            .into_iter()
            .map(|(service, op, action)| ((service, op), action))
            .collect(),
        globs,
    }
});

/// Returns the class of an operation of a service, as in `s3` and `ListObjects`.
pub fn action(service: &str, operation: &str) -> Action {
    let service = match service {
        "s3-outposts" | "s3express" | "s3-object-lambda" | "s3control" => "s3",
        other => other,
    };
    if let Some(action) = TABLE.exact.get(&(service, operation)) {
        return *action;
    }
    TABLE
        .globs
        .iter()
        .find(|(of, glob, _)| *of == service && matches(glob, operation))
        .map_or(Action::Other, |(_, _, action)| *action)
}

/// Matches a glob with one or two stars.
fn matches(glob: &str, text: &str) -> bool {
    let mut parts = glob.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_names_win_over_globs() {
        assert_eq!(action("s3", "ListObjects"), Action::ListObjects);
        assert_eq!(action("s3express", "ListObjectsV2"), Action::ListObjects);
        assert_eq!(action("s3", "GetBucketWhatever"), Action::ReadPosture);
        assert_eq!(action("s3", "PutBucketReplication"), Action::CopyObject);
        assert_eq!(action("s3", "PutBucketPolicy"), Action::WritePosture);
        assert_eq!(
            action("s3", "ListBucketMetricsConfigurations"),
            Action::ReadPosture
        );
        assert_eq!(action("iam", "ListUsers"), Action::EnumerateDirectory);
        assert_eq!(action("iam", "GetRolePolicy"), Action::EnumerateDirectory);
        assert_eq!(action("ec2", "RunInstances"), Action::Other);
    }
}
