//! The action classes of AWS operations.
//!
//! An exact row wins over a pattern, and of patterns the longest wins. Where CloudTrail's names
//! differ from those of the API, both are listed.

use std::sync::LazyLock;

use crate::event::Action;
use crate::event::Action::*;
use crate::sources::aws_blinding;
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// Service, operation, class; one `*` stands for any text.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    // Storage: lists.
    ("s3", "ListBuckets", ListBuckets),
    ("s3", "ListDirectoryBuckets", ListBuckets),
    ("s3", "ListObjects", ListObjects),
    ("s3", "ListObjectsV2", ListObjects),
    ("s3", "ListObjectVersions", ListObjects),
    ("s3", "ListMultipartUploads", ListObjects),
    ("s3", "ListParts", ListObjects),
    ("s3", "ListObjectAnnotations", ListObjects),
    ("s3", "HeadBucket", ReadPosture),
    ("s3", "ListAccessPoints", ListBuckets),
    ("s3", "ListMultiRegionAccessPoints", ListBuckets),
    ("s3", "ListRegionalBuckets", ListBuckets),
    ("s3tables", "ListTableBuckets", ListBuckets),
    ("s3tables", "ListTables", ListObjects),
    ("s3tables", "ListNamespaces", ListObjects),
    // Storage: reads.
    ("s3", "GetObject", ReadObject),
    ("s3", "HeadObject", ReadObject),
    ("s3", "GetObjectAttributes", ReadObject),
    ("s3", "GetObjectTorrent", ReadObject),
    ("s3", "SelectObjectContent", ReadObject),
    ("s3", "GetObjectTagging", ReadPosture),
    ("s3", "GetObjectAcl", ReadPosture),
    ("s3", "GetObjectRetention", ReadPosture),
    ("s3", "GetObjectLegalHold", ReadPosture),
    ("s3tables", "GetObject", ReadObject),
    // Storage: writes, copies, deletions.
    ("s3", "PutObject", WriteObject),
    ("s3", "PostObject", WriteObject),
    ("s3", "CreateMultipartUpload", WriteObject),
    ("s3", "UploadPart", WriteObject),
    ("s3", "CompleteMultipartUpload", WriteObject),
    ("s3", "AbortMultipartUpload", Other),
    ("s3", "RenameObject", CopyObject),
    ("s3", "CopyObject", CopyObject),
    ("s3", "UploadPartCopy", CopyObject),
    ("s3", "RestoreObject", CopyObject),
    ("s3", "DeleteObject", DeleteObject),
    ("s3", "DeleteObjects", DeleteObject),
    ("s3", "DeleteObjectVersion", DeleteObject),
    ("s3", "DeleteBucket", DeleteBucket),
    // Bulk movers, replication and sharing.
    ("s3", "PutBucketReplication", CopyObject),
    ("s3", "PutBucketInventoryConfiguration", CopyObject),
    ("s3", "PutBucketLogging", WritePosture),
    ("s3", "CreateJob", CopyObject),
    ("s3", "CreateSession", Other),
    ("datasync", "CreateLocationS3", CopyObject),
    ("datasync", "CreateLocationObjectStorage", CopyObject),
    ("datasync", "CreateTask", CopyObject),
    ("datasync", "StartTaskExecution", CopyObject),
    ("rds", "StartExportTask", CopyObject),
    ("rds", "ModifyDBSnapshotAttribute", CopyObject),
    ("rds", "ModifyDBClusterSnapshotAttribute", CopyObject),
    ("ec2", "ModifySnapshotAttribute", CopyObject),
    ("ec2", "ModifyImageAttribute", CopyObject),
    ("ec2", "CreateStoreImageTask", CopyObject),
    ("ec2", "CreateInstanceExportTask", CopyObject),
    ("ec2", "ExportImage", CopyObject),
    ("dynamodb", "ExportTableToPointInTime", CopyObject),
    // Secrets, and other stores than that of objects.
    // Also for each secret of a BatchGetSecretValue, which is recorded beside it.
    ("secretsmanager", "GetSecretValue", ReadSecret),
    ("secretsmanager", "ListSecrets", ListData),
    ("ssm", "GetParameter", ReadSecret),
    ("ssm", "GetParameters", ReadSecret),
    ("ssm", "GetParametersByPath", ReadSecret),
    ("ssm", "GetParameterHistory", ReadSecret),
    ("ssm", "DescribeParameters", ListData),
    ("dynamodb", "Scan", ReadData),
    ("dynamodb", "Query", ReadData),
    ("dynamodb", "GetItem", ReadData),
    ("dynamodb", "BatchGetItem", ReadData),
    ("dynamodb", "TransactGetItems", ReadData),
    // Where its statement is no SELECT, it is no read.
    ("dynamodb", "ExecuteStatement", ReadData),
    ("dynamodb", "GetRecords", ReadData),
    ("dynamodb", "ListTables", ListData),
    ("ebs", "ListSnapshotBlocks", ListData),
    ("ebs", "ListChangedBlocks", ListData),
    ("ebs", "GetSnapshotBlock", ReadData),
    ("ecr", "BatchGetImage", PullImage),
    ("ecr", "GetDownloadUrlForLayer", PullImage),
    ("ecr", "ListImages", ListData),
    // Storage: configuration.
    ("s3", "GetBucketAcl", ReadPosture),
    ("s3", "GetBucketPublicAccessBlock", ReadPosture),
    ("s3", "GetBucketPolicy", ReadPosture),
    ("s3", "GetBucketPolicyStatus", ReadPosture),
    ("s3", "GetBucketVersioning", ReadPosture),
    ("s3", "GetAccountPublicAccessBlock", ReadPosture),
    ("s3", "GetBucketEncryption", ReadPosture),
    ("s3", "GetBucketLogging", ReadPosture),
    ("s3", "GetBucketReplication", ReadPosture),
    ("s3", "GetBucketLocation", ReadPosture),
    ("s3", "GetBucketTagging", ReadPosture),
    ("s3", "GetBucketCors", ReadPosture),
    ("s3", "GetBucketWebsite", ReadPosture),
    ("s3", "GetBucketLifecycle", ReadPosture),
    ("s3", "GetBucketLifecycleConfiguration", ReadPosture),
    ("s3", "GetBucketNotification", ReadPosture),
    ("s3", "GetBucketOwnershipControls", ReadPosture),
    ("s3", "GetBucketRequestPayment", ReadPosture),
    ("s3", "GetBucketObjectLockConfiguration", ReadPosture),
    ("s3", "GetAccelerateConfiguration", ReadPosture),
    ("s3", "GetBucket*", ReadPosture),
    ("s3", "GetAccessPoint*", ReadPosture),
    ("s3", "GetMultiRegionAccessPoint*", ReadPosture),
    ("s3", "GetAccessGrant*", ReadPosture),
    ("s3", "ListBucket*Configurations", ReadPosture),
    ("s3", "GetStorageLens*", ReadPosture),
    ("s3", "PutBucket*", WritePosture),
    ("s3", "DeleteBucketPolicy", WritePosture),
    ("s3", "DeleteBucketEncryption", WritePosture),
    ("s3", "PutAccountPublicAccessBlock", WritePosture),
    ("s3", "DeleteAccountPublicAccessBlock", WritePosture),
    // What protects data, or holds it whole.
    ("s3tables", "DeleteTableBucket", DeleteBucket),
    ("s3tables", "DeleteTable", DeleteBucket),
    ("ec2", "DeleteSnapshot", DeleteBucket),
    ("ec2", "DeleteVolume", DeleteBucket),
    ("ec2", "DeregisterImage", DeleteBucket),
    ("rds", "DeleteDBSnapshot", DeleteBucket),
    ("rds", "DeleteDBClusterSnapshot", DeleteBucket),
    ("rds", "DeleteDBInstance", DeleteBucket),
    ("rds", "DeleteDBCluster", DeleteBucket),
    ("rds", "DeleteDBInstanceAutomatedBackup", DeleteBucket),
    ("rds", "DeleteDBClusterAutomatedBackup", DeleteBucket),
    ("redshift", "DeleteCluster", DeleteBucket),
    ("redshift", "DeleteClusterSnapshot", DeleteBucket),
    ("backup", "DeleteRecoveryPoint", DeleteBucket),
    ("backup", "DeleteBackupVault", DeleteBucket),
    ("kms", "ScheduleKeyDeletion", DeleteBucket),
    ("kms", "DisableKey", DeleteBucket),
    ("kms", "DeleteImportedKeyMaterial", DeleteBucket),
    ("dynamodb", "DeleteTable", DeleteBucket),
    ("dynamodb", "DeleteBackup", DeleteBucket),
    ("elasticfilesystem", "DeleteFileSystem", DeleteBucket),
    ("fsx", "DeleteFileSystem", DeleteBucket),
    ("fsx", "DeleteBackup", DeleteBucket),
    ("fsx", "DeleteVolume", DeleteBucket),
    ("glacier", "DeleteVault", DeleteBucket),
    ("glacier", "DeleteArchive", DeleteBucket),
    ("ecr", "DeleteRepository", DeleteBucket),
    // Machines, functions, clusters: made or started.
    ("ec2", "RunInstances", StartCompute),
    ("ec2", "StartInstances", StartCompute),
    ("ec2", "RequestSpotInstances", StartCompute),
    ("ec2", "RequestSpotFleet", StartCompute),
    ("ec2", "CreateFleet", StartCompute),
    ("autoscaling", "CreateAutoScalingGroup", StartCompute),
    ("lambda", "CreateFunction", StartCompute),
    ("ecs", "CreateCluster", StartCompute),
    ("ecs", "CreateService", StartCompute),
    ("ecs", "RunTask", StartCompute),
    ("ecs", "StartTask", StartCompute),
    ("eks", "CreateCluster", StartCompute),
    ("eks", "CreateNodegroup", StartCompute),
    ("batch", "CreateComputeEnvironment", StartCompute),
    ("batch", "SubmitJob", StartCompute),
    ("elasticmapreduce", "RunJobFlow", StartCompute),
    ("elasticmapreduce", "AddInstanceGroups", StartCompute),
    ("sagemaker", "CreateNotebookInstance", StartCompute),
    ("sagemaker", "StartNotebookInstance", StartCompute),
    ("sagemaker", "CreateTrainingJob", StartCompute),
    ("sagemaker", "CreateProcessingJob", StartCompute),
    ("sagemaker", "CreateEndpoint", StartCompute),
    ("sagemaker", "CreateCluster", StartCompute),
    ("lightsail", "CreateInstances", StartCompute),
    ("lightsail", "CreateInstancesFromSnapshot", StartCompute),
    ("lightsail", "StartInstance", StartCompute),
    ("lightsail", "CreateContainerService", StartCompute),
    ("cloud9", "CreateEnvironmentEC2", StartCompute),
    ("glue", "CreateDevEndpoint", StartCompute),
    ("apprunner", "CreateService", StartCompute),
    ("gamelift", "CreateFleet", StartCompute),
    ("workspaces", "CreateWorkspaces", StartCompute),
    // Directory and account enumeration.
    ("iam", "ListUsers", EnumerateDirectory),
    ("iam", "ListRoles", EnumerateDirectory),
    ("iam", "ListGroups", EnumerateDirectory),
    ("iam", "GetAccountAuthorizationDetails", EnumerateDirectory),
    ("iam", "GetAccountSummary", EnumerateDirectory),
    ("iam", "GetCredentialReport", EnumerateDirectory),
    ("iam", "GenerateCredentialReport", EnumerateDirectory),
    ("iam", "ListPolicies", EnumerateDirectory),
    ("iam", "List*", EnumerateDirectory),
    ("iam", "GetUser", EnumerateDirectory),
    ("iam", "GetRole", EnumerateDirectory),
    ("iam", "GetGroup", EnumerateDirectory),
    ("iam", "GetPolicy*", EnumerateDirectory),
    ("iam", "Get*Policy", EnumerateDirectory),
    ("iam", "GetLoginProfile", EnumerateDirectory),
    ("iam", "GetAccessKeyLastUsed", EnumerateDirectory),
    ("iam", "GetServiceLastAccessedDetails*", EnumerateDirectory),
    ("iam", "SimulatePrincipalPolicy", EnumerateDirectory),
    ("iam", "SimulateCustomPolicy", EnumerateDirectory),
    ("sts", "GetCallerIdentity", EnumerateDirectory),
    ("sts", "GetAccessKeyInfo", EnumerateDirectory),
    ("identitystore", "List*", EnumerateDirectory),
    ("identitystore", "DescribeUser", EnumerateDirectory),
    ("identitystore", "GetUserId", EnumerateDirectory),
    ("sso-directory", "SearchUsers", EnumerateDirectory),
    ("sso-directory", "SearchGroups", EnumerateDirectory),
    ("sso", "ListAccountAssignments*", EnumerateDirectory),
    ("sso", "ListPermissionSets*", EnumerateDirectory),
    ("sso", "ListAccountsForProvisionedPermissionSet", EnumerateDirectory),
    ("organizations", "ListAccounts*", EnumerateDirectory),
    ("organizations", "DescribeOrganization", EnumerateDirectory),
    ("organizations", "ListRoots", EnumerateDirectory),
    ("organizations", "ListOrganizationalUnitsForParent", EnumerateDirectory),
    ("organizations", "ListChildren", EnumerateDirectory),
    ("organizations", "ListDelegatedAdministrators", EnumerateDirectory),
    ("cognito-idp", "ListUsers*", EnumerateDirectory),
    ("cognito-idp", "ListUserPools", EnumerateDirectory),
    ("ds", "DescribeDirectories", EnumerateDirectory),
    ("workmail", "ListUsers", EnumerateDirectory),
    // New identities.
    ("iam", "CreateUser", CreateIdentity),
    ("iam", "CreateRole", CreateIdentity),
    ("iam", "CreateGroup", CreateIdentity),
    ("iam", "CreateServiceLinkedRole", CreateIdentity),
    ("iam", "CreateInstanceProfile", CreateIdentity),
    ("iam", "CreateSAMLProvider", CreateIdentity),
    ("iam", "CreateOpenIDConnectProvider", CreateIdentity),
    ("identitystore", "CreateUser", CreateIdentity),
    ("sso-directory", "CreateUser", CreateIdentity),
    ("organizations", "CreateAccount", CreateIdentity),
    ("organizations", "InviteAccountToOrganization", CreateIdentity),
    ("rolesanywhere", "CreateTrustAnchor", CreateIdentity),
    ("rolesanywhere", "CreateProfile", CreateIdentity),
    // New credentials.
    ("iam", "CreateAccessKey", CreateCredential),
    ("iam", "CreateLoginProfile", CreateCredential),
    ("iam", "UpdateLoginProfile", CreateCredential),
    ("iam", "CreateServiceSpecificCredential", CreateCredential),
    ("iam", "ResetServiceSpecificCredential", CreateCredential),
    ("iam", "UploadSSHPublicKey", CreateCredential),
    ("iam", "UploadSigningCertificate", CreateCredential),
    ("iam", "UpdateAssumeRolePolicy", CreateCredential),
    ("iam", "UpdateAccessKey", CreateCredential),
    ("iam", "CreateVirtualMFADevice", CreateCredential),
    ("sts", "GetSessionToken", CreateCredential),
    ("sts", "GetFederationToken", CreateCredential),
    ("ec2", "CreateKeyPair", CreateCredential),
    ("ec2", "ImportKeyPair", CreateCredential),
    ("ec2", "GetPasswordData", CreateCredential),
    ("ecr", "GetAuthorizationToken", CreateCredential),
    // Roles assumed, sign-ins.
    ("sts", "AssumeRole", AssumeRole),
    ("sts", "AssumeRoleWithSAML", AssumeRole),
    ("sts", "AssumeRoleWithWebIdentity", AssumeRole),
    ("sts", "AssumeRoot", AssumeRole),
    ("sts", "GetDelegatedAccessToken", AssumeRole),
    ("signin", "ConsoleLogin", Authenticate),
    ("signin", "SwitchRole", AssumeRole),
    ("signin", "CheckMfa", Authenticate),
    ("signin", "Federate", Authenticate),
    ("signin", "UserAuthentication", Authenticate),
    ("signin", "CredentialChallenge", Authenticate),
    ("sso", "CreateToken", Authenticate),
];

/// Other names of S3.
const S3_NAMES: [&str; 3] = ["s3-outposts", "s3express", "s3-object-lambda"];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| {
    let blinding = aws_blinding::rows()
        .filter(|row| matches!(row.when, aws_blinding::When::Always))
        .map(|row| (row.service, row.op, BlindLog));
    ActionTable::new(&ROWS.iter().copied().chain(blinding).collect::<Vec<_>>())
});

/// Returns the class of an operation, by the service's short name and the name that CloudTrail writes. Where the request's
/// parameters decide, it is the class that the operation has without them.
pub fn classify(service: &str, op: &str) -> Action {
    let service = if S3_NAMES.contains(&service) {
        "s3"
    } else {
        service
    };
    let op = if service == "lambda" {
        without_api_date(op)
    } else {
        op
    };
    ACTIONS.get(service, op).unwrap_or(Other)
}

/// Removes the API date from a name, as in `GetFunction20150331v2`.
fn without_api_date(op: &str) -> &str {
    let stem = op.trim_end_matches(|c: char| c.is_ascii_digit());
    let stem = match stem.strip_suffix('v') {
        Some(dated) if stem.len() < op.len() => {
            dated.trim_end_matches(|c: char| c.is_ascii_digit())
        }
        _ => stem,
    };
    let date = &op[stem.len()..];
    if date.len() >= 8
        && date.starts_with("20")
        && date.as_bytes()[..8].iter().all(u8::is_ascii_digit)
    {
        stem
    } else {
        op
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_row_wins() {
        for (service, op, action) in [
            ("s3", "ListObjects", ListObjects),
            ("s3", "GetBucketFlavour", ReadPosture),
            ("s3", "PutBucketReplication", CopyObject),
            ("s3", "PutBucketPolicy", WritePosture),
            ("s3", "ListBucketAnalyticsConfigurations", ReadPosture),
            ("s3-outposts", "GetObject", ReadObject),
            ("s3", "GetObjectAcl", ReadPosture),
            ("iam", "GetRolePolicy", EnumerateDirectory),
            ("iam", "ListAnything", EnumerateDirectory),
            ("iam", "GetSomething", Other),
            ("nowhere", "ListObjects", Other),
            ("secretsmanager", "GetSecretValue", ReadSecret),
            ("ssm", "DescribeParameters", ListData),
            ("ebs", "GetSnapshotBlock", ReadData),
        ] {
            assert_eq!(classify(service, op), action, "{service} {op}");
        }
        let always = aws_blinding::rows()
            .filter(|row| matches!(row.when, aws_blinding::When::Always))
            .count();
        assert_eq!(ACTIONS.len(), ROWS.len() + always, "a row is there twice");
    }

    #[test]
    fn api_dates_are_removed_from_names() {
        assert_eq!(without_api_date("GetFunction20150331v2"), "GetFunction");
        assert_eq!(without_api_date("CreateFunction20150331"), "CreateFunction");
        assert_eq!(without_api_date("ListThings2"), "ListThings2");
    }
}
