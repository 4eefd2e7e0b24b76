//! The target of a CloudTrail call: bucket, object, prefix, and where data goes.

use std::borrow::Cow;
use std::net::IpAddr;

use crate::event::{Action, Destination, LISTED, Untrusted};
use crate::sources::aws_blinding::last_part;
use crate::sources::cloudtrail::caller::partition_of_region;
use crate::sources::cloudtrail::record::Record;
use crate::sources::interner::Interner;
use crate::sources::json::{self, Value};
use crate::sources::parts::percent::percent_decoded;
use crate::sources::parts::s3::{bucket_name, bucket_of_host, is_access_point};
use crate::vocab::Str;

/// The destination of data that is public: everyone.
const EVERYONE: &str = "*";

/// Keys of a policy's condition that keep a grant to everyone from being public.
const NARROWING_KEYS: [&str; 10] = [
    "aws:sourcearn",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourceip",
    "aws:principalorg",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:userid",
    "s3:dataaccesspoint",
];
/// The shortest network prefixes that S3 Block Public Access does not treat as public.
const IPV4_BITS_MIN: u8 = 8;
const IPV6_BITS_MIN: u8 = 32;

/// The target of a call.
#[derive(Debug, Default)]
pub struct Target {
    /// Bucket or container.
    pub container: Option<Untrusted>,
    /// Object key.
    pub object: Option<Untrusted>,
    /// Listing prefix.
    pub prefix: Option<Untrusted>,
    /// Bucket that a copy reads from.
    pub copied_from: Option<Untrusted>,
    /// Where data goes.
    pub destination: Destination,
    /// How many things the parameters name, if they are several.
    pub items: Option<u64>,
}

/// Services other than S3, what they hold, and the parameters that name it. Nothing of them is a bucket.
const OTHER_NAMES: [(&str, &str, &[&str]); 6] = [
    ("dynamodb", "table/", &["tableName", "tableArn"]),
    ("secretsmanager", "", &["secretId", "secretIdList"]),
    ("ssm", "", &["name", "names", "path"]),
    ("ecr", "repository/", &["repositoryName"]),
    ("ebs", "snapshot/", &["snapshotId", "secondSnapshotId"]),
    ("rds", "snapshot/", &["sourceArn"]),
];
/// The most names of a list that are read; the services take at most 20.
const NAMES_MAX: usize = 20;

/// What is deleted as a whole, other than buckets: service, operation, what it is, and the parameter that names it. A name is
/// written with what it is, because a table may be called like a bucket.
#[rustfmt::skip]
const WHOLE: [(&str, &str, &str, &str); 27] = [
    ("s3tables", "DeleteTableBucket", "table-bucket", "tableBucketARN"),
    ("s3tables", "DeleteTable", "table", "name"),
    ("ec2", "DeleteSnapshot", "snapshot", "snapshotId"),
    ("ec2", "DeleteVolume", "volume", "volumeId"),
    ("ec2", "DeregisterImage", "image", "imageId"),
    ("rds", "DeleteDBSnapshot", "snapshot", "dBSnapshotIdentifier"),
    ("rds", "DeleteDBClusterSnapshot", "snapshot", "dBClusterSnapshotIdentifier"),
    ("rds", "DeleteDBInstance", "database", "dBInstanceIdentifier"),
    ("rds", "DeleteDBCluster", "database", "dBClusterIdentifier"),
    ("rds", "DeleteDBInstanceAutomatedBackup", "backup", "dbiResourceId"),
    ("rds", "DeleteDBClusterAutomatedBackup", "backup", "dbClusterResourceId"),
    ("redshift", "DeleteCluster", "database", "clusterIdentifier"),
    ("redshift", "DeleteClusterSnapshot", "snapshot", "snapshotIdentifier"),
    ("backup", "DeleteRecoveryPoint", "recovery-point", "recoveryPointArn"),
    ("backup", "DeleteBackupVault", "vault", "backupVaultName"),
    ("kms", "ScheduleKeyDeletion", "key", "keyId"),
    ("kms", "DisableKey", "key", "keyId"),
    ("kms", "DeleteImportedKeyMaterial", "key", "keyId"),
    ("dynamodb", "DeleteTable", "table", "tableName"),
    ("dynamodb", "DeleteBackup", "backup", "backupArn"),
    ("elasticfilesystem", "DeleteFileSystem", "file-system", "fileSystemId"),
    ("fsx", "DeleteFileSystem", "file-system", "fileSystemId"),
    ("fsx", "DeleteBackup", "backup", "backupId"),
    ("fsx", "DeleteVolume", "volume", "volumeId"),
    ("glacier", "DeleteVault", "vault", "vaultName"),
    ("glacier", "DeleteArchive", "archive", "archiveId"),
    ("ecr", "DeleteRepository", "repository", "repositoryName"),
];

/// Reads the target; `own` is the account whose log it is, or else the caller's.
pub fn target(
    r: &Record<'_>,
    service: &str,
    op: &str,
    action: Action,
    own: Option<&Str>,
    interner: &mut Interner,
) -> Target {
    let mut target = Target::default();
    if let Some((_, _, kind, parameter)) = whole(service, op, action) {
        let name = r.parameters.get_any_case(parameter).and_then(Value::text);
        target.container =
            name.map(|name| interner.untrusted(&format!("{kind}/{}", last_part(&name))));
    } else if service.starts_with("s3") {
        storage(r, op, action, interner, &mut target);
    } else if let Some((_, kind, parameters)) =
        OTHER_NAMES.iter().find(|(name, ..)| *name == service)
    {
        let mut names: Vec<_> = parameters
            .iter()
            .filter_map(|name| r.parameters.get(name))
            .flat_map(texts)
            .take(NAMES_MAX)
            .collect();
        if names.is_empty() && service == "dynamodb" {
            // A batch has its tables as keys, and a statement in its text.
            let resources = r.resources.elements();
            let arns = resources.filter_map(|resource| resource.get("ARN")?.text());
            names.extend(arns.take(NAMES_MAX));
        }
        let name = |text: Cow<'_, str>| match *kind {
            "" if action == Action::ReadSecret => secret_name(text).into_owned(),
            "" => text.into_owned(),
            "table/" => format!("{kind}{}", table_name(&text)),
            _ => format!("{kind}{}", last_part(&text)),
        };
        let mut names: Vec<String> = names.into_iter().map(name).collect();
        names.sort_unstable();
        names.dedup();
        let is_taken = matches!(action, Action::ReadSecret | Action::ReadData);
        target.items = (is_taken && names.len() > 1).then_some(names.len() as u64);
        target.object = (!names.is_empty()).then(|| Untrusted::new(&names.join(LISTED)));
    }
    if matches!(action, Action::CopyObject | Action::WritePosture) {
        destination(r, op, own, interner, &mut target);
    }
    target
}

/// Returns the name of a secret or a parameter, of which a call may state the ARN, that without its random end, or a version.
fn secret_name(text: Cow<'_, str>) -> Cow<'_, str> {
    const RANDOM_LEN: usize = 6;
    let named = |at: &str| {
        let (start, name) = text.split_once(at)?;
        start.starts_with("arn:").then_some(name)
    };
    if let Some(name) = named(":secret:") {
        let is_random =
            |end: &str| end.len() == RANDOM_LEN && end.bytes().all(|b| b.is_ascii_alphanumeric());
        let without = name.rsplit_once('-').filter(|(_, end)| is_random(end));
        return Cow::Owned(without.map_or(name, |(name, _)| name).to_owned());
    }
    let without_version = |name: &str| name.split(':').next().unwrap_or_default().to_owned();
    match named(":parameter/") {
        // Only the names of a hierarchy begin with a slash, and all of them do.
        Some(name) if name.contains('/') => Cow::Owned(format!("/{}", without_version(name))),
        Some(name) => Cow::Owned(without_version(name)),
        None if text.contains(':') && !text.starts_with("arn:") => {
            Cow::Owned(without_version(&text))
        }
        None => text,
    }
}

/// Returns the name of a table, of which a call may state the ARN, or that of its index or its stream.
fn table_name(text: &str) -> &str {
    let named = text
        .split_once(":table/")
        .filter(|_| text.starts_with("arn:"));
    let (_, rest) = named.unwrap_or(("", text));
    rest.split('/').next().unwrap_or(rest)
}

/// Returns the texts of a list, or a text.
fn texts<'a>(value: Value<'a>) -> Vec<std::borrow::Cow<'a, str>> {
    match value {
        Value::Array(_) => value
            .elements()
            .filter_map(Value::text)
            .take(NAMES_MAX)
            .collect(),
        one => one.text().into_iter().collect(),
    }
}

fn whole(
    service: &str,
    op: &str,
    action: Action,
) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    (action == Action::DeleteBucket)
        .then(|| {
            WHOLE
                .iter()
                .find(|(of, name, ..)| (*of, *name) == (service, op))
        })
        .flatten()
}

fn storage(r: &Record<'_>, op: &str, action: Action, interner: &mut Interner, target: &mut Target) {
    let [bucket, key, outposts_key, prefix, host] =
        r.parameters
            .pick(["bucketName", "key", "Key", "prefix", "Host"]);
    let named = bucket.text();
    let named = named.as_deref().map(bucket_name);
    let resource = || {
        let mut buckets = r
            .resources
            .elements()
            .filter(|resource| is_bucket(*resource));
        buckets.find_map(|bucket| bucket.get("ARN").and_then(Value::text))
    };
    // Only the resources state the bucket behind an access point.
    target.container = match named.filter(|name| !is_access_point(name)) {
        Some(bucket) => Some(interner.untrusted(bucket)),
        None => {
            let host = || {
                let sni = r.tls.get("clientProvidedHostHeader").and_then(Value::text);
                bucket_of_host(&sni.or_else(|| host.text())?)
            };
            resource()
                .map(|arn| bucket_name(&arn).to_owned())
                .or_else(|| named.map(str::to_owned))
                .or_else(host)
                .map(|name| interner.untrusted(&name))
        }
    };
    target.object = key
        .text()
        .or_else(|| outposts_key.text())
        .map(|key| Untrusted::new(&key));
    if action == Action::ListObjects
        && op != "ListParts"
        && matches!(r.parameters, Value::Object(_))
    {
        // A listing that names no prefix asks for the whole bucket.
        let prefix = prefix.raw_text().unwrap_or_default();
        target.prefix = Some(interner.untrusted(&prefix));
    }
}

fn is_bucket(resource: Value<'_>) -> bool {
    const TYPES: [&[u8]; 3] = [
        b"AWS::S3::Bucket",
        b"AWS::S3Express::DirectoryBucket",
        b"AWS::S3Outposts::Bucket",
    ];
    let kind = resource.get("type");
    kind.is_some_and(|kind| matches!(kind, Value::Text(text) if TYPES.contains(&text)))
}

fn destination(
    r: &Record<'_>,
    op: &str,
    own: Option<&Str>,
    interner: &mut Interner,
    target: &mut Target,
) {
    let p = r.parameters;
    let text = |path: &[&str]| p.path(path).and_then(Value::text);
    let (mut bucket, mut account): (Option<Cow<'_, str>>, Option<Cow<'_, str>>) = (None, None);
    match op {
        "CopyObject" | "UploadPartCopy" => {
            // For an access point, its bucket.
            let own = target
                .container
                .as_ref()
                .map(|c| Cow::Owned(c.raw().to_owned()));
            bucket = text(&["bucketName"])
                .filter(|name| !is_access_point(name))
                .or(own);
            account = r
                .resources
                .elements()
                .filter(|resource| is_bucket(*resource))
                .find(
                    |resource| match (resource.get("ARN").and_then(Value::text), &bucket) {
                        (Some(arn), Some(bucket)) => bucket_name(&arn) == bucket_name(bucket),
                        _ => false,
                    },
                )
                .and_then(|resource| resource.get("accountId")?.text());
            let source = p.get("x-amz-copy-source").and_then(Value::text);
            target.copied_from = source.map(|source| interner.untrusted(&copied_bucket(&source)));
        }
        "PutBucketReplication" => {
            target.copied_from = target.container.clone();
            (bucket, account) = replication(p, own);
        }
        "PutBucketInventoryConfiguration" => {
            let inner = [
                "InventoryConfiguration",
                "Destination",
                "S3BucketDestination",
            ];
            let inner = p.path(&inner).unwrap_or(Value::Null);
            bucket = inner.get_any_case("Bucket").and_then(Value::text);
            account = inner.get_any_case("AccountId").and_then(Value::text);
        }
        "CreateJob" => bucket = text(&["Operation", "S3PutObjectCopy", "TargetResource"]),
        "CreateLocationS3" => bucket = text(&["s3BucketArn"]),
        "StartExportTask" => bucket = text(&["s3BucketName"]),
        "ExportTableToPointInTime" => {
            bucket = text(&["s3Bucket"]);
            account = text(&["s3BucketOwner"]);
        }
        "CreateStoreImageTask" => bucket = text(&["bucket"]),
        "CreateInstanceExportTask" => {
            bucket =
                text(&["exportToS3Task", "s3Bucket"]).or_else(|| text(&["exportToS3", "s3Bucket"]));
        }
        "ExportImage" => {
            bucket = text(&["s3ExportLocation", "s3Bucket"])
                .or_else(|| text(&["ExportImageRequest", "S3ExportLocation", "S3Bucket"]));
        }
        "ModifySnapshotAttribute" => account = shared_with(p, "createVolumePermission", own),
        "ModifyImageAttribute" => account = shared_with(p, "launchPermission", own),
        "ModifyDBSnapshotAttribute" | "ModifyDBClusterSnapshotAttribute" => {
            let added = p.get_any_case("valuesToAdd").unwrap_or(Value::Null);
            account = most_important(
                added.elements().filter_map(Value::text).map(everyone_or),
                own,
            );
        }
        "PutBucketPolicy" => account = policy_grantee(p, own),
        "PutBucketAcl" => account = is_public_acl(p).then_some(Cow::Borrowed(EVERYONE)),
        _ => {}
    }
    target.destination.container = bucket.map(|bucket| interner.untrusted(bucket_name(&bucket)));
    target.destination.account = account.map(|account| interner.share(&account));
}

/// Returns the most important of several accounts: everyone, else the first that is not `own`, else the first.
fn most_important<'a>(
    accounts: impl Iterator<Item = Cow<'a, str>>,
    own: Option<&Str>,
) -> Option<Cow<'a, str>> {
    let accounts: Vec<_> = accounts.collect();
    let everyone = accounts.iter().position(|account| account == EVERYONE);
    let foreign = accounts
        .iter()
        .position(|account| own.is_none_or(|own| **own != **account));
    let at = everyone.or(foreign).unwrap_or(0);
    accounts.into_iter().nth(at)
}

fn everyone_or(account: Cow<'_, str>) -> Cow<'_, str> {
    if account == "all" {
        Cow::Borrowed(EVERYONE)
    } else {
        account
    }
}

/// Returns the account that a snapshot or image is shared with.
fn shared_with<'a>(p: Value<'a>, permission: &str, own: Option<&Str>) -> Option<Cow<'a, str>> {
    let items = p.path(&[permission, "add", "items"])?;
    let accounts = items.elements().filter_map(|item| {
        item.get_any_case("userId")
            .or_else(|| item.get_any_case("group"))?
            .text()
    });
    most_important(accounts.map(everyone_or), own)
}

type BucketAndAccount<'a> = (Option<Cow<'a, str>>, Option<Cow<'a, str>>);

/// Returns bucket and account of the most important rule: the first with a foreign account, else the first.
fn replication<'a>(p: Value<'a>, own: Option<&Str>) -> BucketAndAccount<'a> {
    let configuration = p
        .get_any_case("ReplicationConfiguration")
        .unwrap_or(Value::Null);
    let rules = configuration
        .get_any_case("Rule")
        .or_else(|| configuration.get_any_case("Rules"))
        .unwrap_or(Value::Null);
    let destinations: Vec<BucketAndAccount<'_>> = rules
        .elements()
        .filter_map(|rule| rule.get_any_case("Destination"))
        .map(|to| {
            let text = |name| to.get_any_case(name).and_then(Value::text);
            (text("Bucket"), text("Account"))
        })
        .collect();
    let foreign = destinations.iter().position(|(_, account)| {
        account
            .as_deref()
            .is_some_and(|a| own.is_none_or(|own| **own != *a))
    });
    destinations
        .into_iter()
        .nth(foreign.unwrap_or(0))
        .unwrap_or_default()
}

/// Returns the bucket, or the access point, that a copy source names.
fn copied_bucket(source: &str) -> String {
    let source = percent_decoded(source.split("?versionId=").next().unwrap_or(source));
    let source = source.strip_prefix('/').unwrap_or(&source);
    if source.starts_with("arn:") {
        return bucket_name(source).to_owned();
    }
    source.split('/').next().unwrap_or(source).to_owned()
}

/// Returns the foreign account to which a bucket policy grants access, or everyone.
fn policy_grantee<'a>(p: Value<'a>, own: Option<&Str>) -> Option<Cow<'a, str>> {
    let written = p.get("bucketPolicy")?;
    if let Value::Text(_) = written {
        // Some producers keep the policy as JSON text.
        let mut buffer = Vec::new();
        let policy = json::parse_text(&written.raw_text()?, &mut buffer).ok()?;
        return grantee(policy, own).map(|account| Cow::Owned(account.into_owned()));
    }
    grantee(written, own)
}

fn grantee<'a>(policy: Value<'a>, own: Option<&Str>) -> Option<Cow<'a, str>> {
    let mut accounts = Vec::new();
    for statement in policy.get_any_case("Statement")?.elements() {
        if statement
            .get_any_case("Effect")
            .and_then(Value::text)
            .as_deref()
            != Some("Allow")
        {
            continue;
        }
        let condition = statement.get_any_case("Condition").unwrap_or(Value::Null);
        let is_narrow = is_narrow(condition);
        // `NotPrincipal` allows everyone else.
        if statement.get_any_case("NotPrincipal").is_some() && !is_narrow {
            accounts.push(Cow::Borrowed(EVERYONE));
        }
        let principal = statement.get_any_case("Principal").unwrap_or(Value::Null);
        let named = match principal {
            Value::Object(_) => principal.get("AWS").unwrap_or(Value::Null),
            other => other,
        };
        for grantee in named.elements().filter_map(Value::text) {
            match account_of(&grantee) {
                Some(EVERYONE) if is_narrow => {}
                Some(account) => accounts.push(Cow::Owned(account.to_owned())),
                None => {}
            }
        }
    }
    most_important(accounts.into_iter(), own)
        .filter(|account| own.is_none_or(|own| **own != **account))
}

/// Returns whether a condition limits a grant to known principals: one of its tests is on a narrowing key, is positive, fails
/// if the key is absent, and has values that do not match everyone.
fn is_narrow(condition: Value<'_>) -> bool {
    condition.members().any(|(operator, tests)| {
        let operator = String::from_utf8_lossy(operator).to_ascii_lowercase();
        // A caller without an organisation has no such key, for example; every caller has an address.
        let passes_without =
            operator.ends_with("ifexists") || operator.starts_with("forallvalues:");
        if operator.contains("not") || operator == "null" {
            return false;
        }
        tests.members().any(|(key, values)| {
            let key = String::from_utf8_lossy(key).to_ascii_lowercase();
            let is_narrowing = NARROWING_KEYS.iter().any(|known| key.starts_with(known));
            let is_there = !passes_without || key == "aws:sourceip";
            let mut values = values.elements().filter_map(Value::text).peekable();
            let names_some = values.peek().is_some();
            is_narrowing && is_there && names_some && !values.any(|value| matches_everyone(&value))
        })
    })
}

/// Returns whether a value of a condition matches everyone, or a network so wide that S3 itself calls it public.
fn matches_everyone(value: &str) -> bool {
    if value.bytes().all(|b| b == b'*') {
        return true;
    }
    let Some((address, bits)) = value.split_once('/') else {
        return false;
    };
    match (address.parse::<IpAddr>(), bits.parse::<u8>()) {
        (Ok(IpAddr::V4(_)), Ok(bits)) => bits < IPV4_BITS_MIN,
        (Ok(IpAddr::V6(_)), Ok(bits)) => bits < IPV6_BITS_MIN,
        _ => false,
    }
}

/// Returns the account of a policy's principal: of an ARN, of itself, or everyone.
fn account_of(principal: &str) -> Option<&str> {
    if principal == EVERYONE {
        return Some(EVERYONE);
    }
    let account = match principal.strip_prefix("arn:") {
        Some(rest) => rest.split(':').nth(3)?,
        None => principal,
    };
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some(account)
}

/// Returns whether an ACL grants access to everyone, or to everyone with an AWS account.
fn is_public_acl(p: Value<'_>) -> bool {
    let is_public_group =
        |text: &str| text.contains("/AllUsers") || text.contains("/AuthenticatedUsers");
    let canned = p.get("x-amz-acl").and_then(Value::text);
    if canned.is_some_and(|acl| acl.starts_with("public-") || acl == "authenticated-read") {
        return true;
    }
    let headers = p
        .members()
        .filter(|(key, _)| key.starts_with(b"x-amz-grant-"));
    if headers
        .filter_map(|(_, value)| value.text())
        .any(|text| is_public_group(&text))
    {
        return true;
    }
    let grants = p
        .path(&["AccessControlPolicy", "AccessControlList", "Grant"])
        .unwrap_or(Value::Null);
    grants
        .elements()
        .filter_map(|grant| grant.path(&["Grantee", "URI"])?.text())
        .any(|uri| is_public_group(&uri))
}

/// Returns bucket and object of `… on resource: "arn:aws:s3:::bucket/key"`, which may be all that a denied call states.
pub fn denied_bucket(
    message: &str,
    interner: &mut Interner,
) -> Option<(Untrusted, Option<Untrusted>)> {
    let rest = message.split_once("on resource: ")?.1;
    let rest = rest.trim_start_matches(['"', '\\']);
    let arn = rest.split([' ', '"', '\\']).next()?;
    let path = arn.strip_prefix("arn:")?.split_once(":s3:::")?.1;
    let (bucket, key) = path
        .split_once('/')
        .map_or((path, None), |(bucket, key)| (bucket, Some(key)));
    let key = key
        .filter(|key| !key.is_empty() && *key != "*")
        .map(Untrusted::new);
    (!bucket.is_empty()).then(|| (interner.untrusted(bucket), key))
}

/// Returns the ARN of the user or role that a call created.
pub fn created(
    r: &Record<'_>,
    service: &str,
    op: &str,
    own: Option<&Str>,
    region: Option<&str>,
    interner: &mut Interner,
) -> Option<Str> {
    let (kind, parameter) = match (service, op) {
        ("iam", "CreateUser") => ("user", "userName"),
        ("iam", "CreateRole") => ("role", "roleName"),
        _ => return None,
    };
    let answer = r
        .response
        .get(kind)
        .and_then(|made| made.get("arn"))
        .and_then(Value::text);
    let arn = answer.map(Cow::into_owned).or_else(|| {
        let name = r.parameters.get(parameter).and_then(Value::text)?;
        let path = r
            .parameters
            .get("path")
            .and_then(Value::text)
            .unwrap_or(Cow::Borrowed("/"));
        let stated = r.identity.get("arn").and_then(Value::text);
        let stated = stated
            .as_deref()
            .and_then(|arn| arn.split(':').nth(1))
            .filter(|p| p.starts_with("aws"));
        let partition = stated.unwrap_or(partition_of_region(region));
        Some(format!(
            "arn:{partition}:iam::{}:{kind}/{}{name}",
            own?,
            path.trim_start_matches('/')
        ))
    })?;
    Some(interner.share(&arn))
}

/// Returns the access key that a call issued. A token that is issued with it is never kept.
pub fn issued(r: &Record<'_>, service: &str, op: &str, interner: &mut Interner) -> Option<Str> {
    let made = match (service, op) {
        ("iam", "CreateAccessKey") => r.response.get("accessKey"),
        ("sts", _) => r.response.get("credentials"),
        _ => None,
    };
    let key = made?.get("accessKeyId").and_then(Value::text)?;
    Some(interner.share(&key))
}
