//! The action classes of Google Cloud methods.
//!
//! Services write one method in several ways, so names are compared in lower case and without the API version at their
//! beginning.

use std::sync::LazyLock;

use crate::event::Action;
use crate::event::Action::*;
use crate::sources::parts::actions::{ActionRow, ActionTable};

/// Service, method in lower case, class; one `*` stands for any text.
#[rustfmt::skip]
const ROWS: &[ActionRow] = &[
    // Storage.
    ("storage", "storage.buckets.list", ListBuckets),
    ("storage", "storage.objects.list", ListObjects),
    ("storage", "storage.objects.get", ReadObject),
    ("storage", "storage.objects.create", WriteObject),
    ("storage", "storage.objects.delete", DeleteObject),
    ("storage", "storage.objects.copy", CopyObject),
    ("storage", "storage.objects.rewrite", CopyObject),
    ("storage", "storage.objects.compose", CopyObject),
    ("storage", "storage.buckets.get", ReadPosture),
    ("storage", "storage.getiampermissions", ReadPosture),
    ("storage", "storage.*.getiampolicy", ReadPosture),
    ("storage", "storage.setiampermissions", WritePosture),
    ("storage", "storage.*.setiampolicy", WritePosture),
    // What they set decides: a rule that deletes soon, or the end of usage logs.
    ("storage", "storage.buckets.update", WritePosture),
    ("storage", "storage.buckets.patch", WritePosture),
    ("storage", "storage.buckets.delete", DeleteBucket),
    ("storage", "storage.hmackeys.create", CreateCredential),
    // Movers and exports.
    ("storagetransfer", "google.storagetransfer.v*.storagetransferservice.createtransferjob", CopyObject),
    ("storagebatchoperations", "google.cloud.storagebatchoperations.v*.storagebatchoperations.createjob", CopyObject),
    ("logging", "google.logging.v*.configservicev*.createsink", CopyObject),
    ("logging", "google.logging.v*.configservicev*.updatesink", CopyObject),
    ("cloudasset", "google.cloud.asset.v*.assetservice.exportassets", CopyObject),
    ("cloudsql", "cloudsql.instances.export", CopyObject),
    // Secrets.
    ("secretmanager", "google.cloud.secretmanager.v*.secretmanagerservice.accesssecretversion", ReadSecret),
    ("secretmanager", "google.cloud.secretmanager.v*.secretmanagerservice.listsecrets", ListData),
    // What protects data: snapshots, backups, keys.
    ("compute", "compute.snapshots.delete", DeleteBucket),
    ("compute", "compute.regionsnapshots.delete", DeleteBucket),
    ("compute", "compute.instantsnapshots.delete", DeleteBucket),
    ("compute", "compute.machineimages.delete", DeleteBucket),
    ("compute", "compute.disks.delete", DeleteBucket),
    ("compute", "compute.regiondisks.delete", DeleteBucket),
    ("cloudkms", "*destroycryptokeyversion", DeleteBucket),
    ("cloudsql", "cloudsql.backupruns.delete", DeleteBucket),
    ("cloudsql", "cloudsql.instances.delete", DeleteBucket),
    ("file", "google.cloud.filestore.v*.cloudfilestoremanager.deletebackup", DeleteBucket),
    ("file", "google.cloud.filestore.v*.cloudfilestoremanager.deletesnapshot", DeleteBucket),
    ("backupdr", "google.cloud.backupdr.v*.backupdr.deletebackup", DeleteBucket),
    ("backupdr", "google.cloud.backupdr.v*.backupdr.deletebackupvault", DeleteBucket),
    ("spanner", "google.spanner.admin.database.v*.databaseadmin.deletebackup", DeleteBucket),
    ("bigtableadmin", "google.bigtable.admin.v*.bigtabletableadmin.deletebackup", DeleteBucket),
    ("firestore", "google.firestore.admin.v*.firestoreadmin.deletebackup", DeleteBucket),
    ("alloydb", "google.cloud.alloydb.v*.alloydbadmin.deletebackup", DeleteBucket),
    ("gkebackup", "google.cloud.gkebackup.v*.backupforgke.deletebackup", DeleteBucket),
    // Logs and detectors; those that only their parameters decide are not here.
    ("logging", "google.logging.v*.configservicev*.deletesink", BlindLog),
    ("logging", "google.logging.v*.configservicev*.deletebucket", BlindLog),
    ("logging", "google.logging.v*.loggingservicev*.deletelog", BlindLog),
    ("logging", "google.logging.v*.metricsservicev*.deletelogmetric", BlindLog),
    ("monitoring", "google.monitoring.v*.alertpolicyservice.deletealertpolicy", BlindLog),
    ("networkmanagement", "google.cloud.networkmanagement.v*.vpcflowlogsservice.deletevpcflowlogsconfig", BlindLog),
    ("securitycenter", "google.cloud.securitycenter.v*.securitycenter.createmuteconfig", BlindLog),
    ("securitycenter", "google.cloud.securitycenter.v*.securitycenter.updatemuteconfig", BlindLog),
    ("securitycenter", "google.cloud.securitycenter.v*.securitycenter.bulkmutefindings", BlindLog),
    ("securitycenter", "google.cloud.securitycenter.v*.securitycenter.deletenotificationconfig", BlindLog),
    ("securitycentermanagement", "google.cloud.securitycentermanagement.v*.securitycentermanagement.delete*custommodule", BlindLog),
    // Machines, functions, clusters.
    ("compute", "compute.instances.insert", StartCompute),
    ("compute", "compute.instances.bulkinsert", StartCompute),
    ("compute", "compute.instances.start", StartCompute),
    ("compute", "compute.instances.startwithencryptionkey", StartCompute),
    ("compute", "compute.instances.resume", StartCompute),
    ("cloudfunctions", "google.cloud.functions.v*.cloudfunctionsservice.createfunction", StartCompute),
    ("cloudfunctions", "google.cloud.functions.v*.functionservice.createfunction", StartCompute),
    ("run", "google.cloud.run.v*.services.createservice", StartCompute),
    ("run", "google.cloud.run.v*.jobs.createjob", StartCompute),
    ("run", "google.cloud.run.v*.jobs.runjob", StartCompute),
    ("container", "google.container.v*.clustermanager.createcluster", StartCompute),
    ("container", "google.container.v*.clustermanager.createnodepool", StartCompute),
    ("dataproc", "google.cloud.dataproc.v*.clustercontroller.createcluster", StartCompute),
    // Directory and account enumeration.
    ("cloudasset", "google.cloud.asset.v*.assetservice.searchalliampolicies", EnumerateDirectory),
    ("cloudasset", "google.cloud.asset.v*.assetservice.searchallresources", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.listserviceaccounts", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.listserviceaccountkeys", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.listroles", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.getserviceaccount", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.getrole", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.getiampolicy", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.querygrantableroles", EnumerateDirectory),
    ("iam", "google.iam.admin.v*.querytestablepermissions", EnumerateDirectory),
    ("cloudresourcemanager", "*getiampolicy", EnumerateDirectory),
    ("cloudresourcemanager", "*listprojects", EnumerateDirectory),
    ("cloudresourcemanager", "*searchprojects", EnumerateDirectory),
    // New identities and credentials.
    ("iam", "google.iam.admin.v*.createserviceaccount", CreateIdentity),
    ("iam", "google.iam.admin.v*.createrole", CreateIdentity),
    ("iam", "google.iam.v*.workloadidentitypools.createworkloadidentitypool*", CreateIdentity),
    ("iam", "google.iam.admin.v*.workforcepools.createworkforcepool*", CreateIdentity),
    ("admin", "google.admin.adminservice.createuser", CreateIdentity),
    ("iam", "google.iam.admin.v*.createserviceaccountkey", CreateCredential),
    ("iam", "google.iam.admin.v*.uploadserviceaccountkey", CreateCredential),
    ("apikeys", "google.api.apikeys.v*.apikeys.createkey", CreateCredential),
    // Impersonation, sign-ins.
    ("iamcredentials", "*generateaccesstoken", AssumeRole),
    ("iamcredentials", "*generateidtoken", AssumeRole),
    ("iamcredentials", "*signblob", AssumeRole),
    ("iamcredentials", "*signjwt", AssumeRole),
    ("sts", "google.identity.sts.v*.securitytokenservice.exchangetoken", AssumeRole),
    ("login", "google.login.loginservice.login*", Authenticate),
];

static ACTIONS: LazyLock<ActionTable> = LazyLock::new(|| ActionTable::new(ROWS));

/// Returns the class of a method, by the service's short name and the method's [`plain_name`].
pub fn classify(service: &str, plain_name: &str) -> Action {
    ACTIONS.get(service, plain_name).unwrap_or(Other)
}

/// Returns a method's name in lower case, without the version that those of Compute begin with, as in
/// `beta.compute.networks.insert`, and without the domain that those of Storage begin with if a perimeter blocked the
/// call.
pub fn plain_name(method: &str) -> String {
    let method = match method.split_once('.') {
        Some((version, rest)) if is_version(version) => rest,
        Some(("google", rest)) if rest.starts_with("storage.") => rest,
        _ => method,
    };
    method.to_ascii_lowercase()
}

fn is_version(text: &str) -> bool {
    let number = text.strip_prefix('v').unwrap_or_default();
    matches!(text, "beta" | "alpha")
        || (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn method_names_are_normalised() {
        for (service, method, action) in [
            ("storage", "storage.objects.list", ListObjects),
            ("storage", "google.storage.objects.get", ReadObject),
            ("storage", "storage.objects.update", Other),
            ("storage", "storage.buckets.getIamPolicy", ReadPosture),
            ("iam", "google.iam.admin.v1.ListRoles", EnumerateDirectory),
            (
                "iam",
                "google.iam.admin.v2.CREATESERVICEACCOUNT",
                CreateIdentity,
            ),
            (
                "iam",
                "google.iam.admin.v1.CreateServiceAccountKey",
                CreateCredential,
            ),
            (
                "iam",
                "google.iam.v1.WorkloadIdentityPools.CreateWorkloadIdentityPoolProvider",
                CreateIdentity,
            ),
            ("cloudresourcemanager", "GetIamPolicy", EnumerateDirectory),
            ("cloudresourcemanager", "SetIamPolicy", Other),
            (
                "login",
                "google.login.LoginService.loginFailure",
                Authenticate,
            ),
            ("login", "google.login.LoginService.logout", Other),
            ("compute", "v1.compute.instances.list", Other),
            ("compute", "v1.compute.instances.stop", Other),
            ("compute", "beta.compute.instances.insert", StartCompute),
            ("compute", "v1.compute.snapshots.delete", DeleteBucket),
            ("compute", "v1.compute.snapshots.insert", Other),
            ("cloudkms", "DestroyCryptoKeyVersion", DeleteBucket),
            ("cloudkms", "RestoreCryptoKeyVersion", Other),
            ("storage", "storage.buckets.delete", DeleteBucket),
            ("storage", "storage.buckets.create", Other),
            (
                "logging",
                "google.logging.v2.ConfigServiceV2.DeleteSink",
                BlindLog,
            ),
            (
                "logging",
                "google.logging.v2.ConfigServiceV2.DeleteExclusion",
                Other,
            ),
            (
                "securitycenter",
                "google.cloud.securitycenter.v1.SecurityCenter.DeleteMuteConfig",
                Other,
            ),
        ] {
            assert_eq!(classify(service, &plain_name(method)), action, "{method}");
        }
        assert_eq!(
            plain_name("beta.compute.Networks.insert"),
            "compute.networks.insert"
        );
        assert_eq!(ACTIONS.len(), ROWS.len());
        assert!(ROWS.iter().all(|(_, op, _)| *op == op.to_ascii_lowercase()));
    }
}
