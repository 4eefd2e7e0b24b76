//! Data given to somebody else by configuration: replication, sharing, policies, copy jobs.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::sources::cloudtrail::is_account;

/// Larger parameters are not searched.
const PARAMETERS_BYTES_MAX: usize = 100 * 1024;

/// Whom something was given to.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// An account that is not the one that gave; `*` is everybody.
    pub account: Option<String>,
    /// The bucket that it goes to.
    pub bucket: Option<String>,
}

/// Returns whom an operation gives something to, if anybody.
pub fn given(service: &str, op: &str, parameters: Option<&RawValue>, own: Option<&str>) -> Given {
    let concerns = matches!(
        (service, op),
        (
            "s3",
            "PutBucketReplication"
                | "PutBucketPolicy"
                | "PutBucketAcl"
                | "PutObjectAcl"
                | "PutBucketInventoryConfiguration"
        ) | ("ec2", "ModifySnapshotAttribute" | "ModifyImageAttribute")
            | (
                "rds",
                "ModifyDBSnapshotAttribute"
                    | "ModifyDBClusterSnapshotAttribute"
                    | "StartExportTask"
            )
            | ("dynamodb", "ExportTableToPointInTime")
            | ("datasync", "CreateLocationS3")
    );
    let Some(raw) = parameters.filter(|p| concerns && p.get().len() <= PARAMETERS_BYTES_MAX) else {
        return Given::default();
    };
    let Ok(value) = serde_json::from_str::<Value>(raw.get()) else {
        return Given::default();
    };
    let mut found = match op {
        "PutBucketReplication" | "PutBucketInventoryConfiguration" => destination(&value),
        "PutBucketPolicy" => Given {
            account: policy(&value, own),
            bucket: None,
        },
        "PutBucketAcl" | "PutObjectAcl" => Given {
            account: grants(&value),
            bucket: None,
        },
        "StartExportTask" | "ExportTableToPointInTime" => Given {
            bucket: text_at(&value, &["s3BucketName", "s3Bucket"]),
            account: text_at(&value, &["s3BucketOwner"]),
        },
        "CreateLocationS3" => Given {
            bucket: text_at(&value, &["s3BucketArn"]).map(|arn| bucket_of_arn(&arn)),
            account: None,
        },
        _ => Given {
            account: added(&value),
            bucket: None,
        },
    };
    found.account = found
        .account
        .filter(|account| own != Some(account.as_str()));
    found
}

/// Calls `each` for every key and value anywhere inside, shallow ones first.
fn walk<'v>(value: &'v Value, each: &mut impl FnMut(&'v str, &'v Value)) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                each(key, inner);
            }
            for inner in fields.values() {
                walk(inner, each);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|inner| walk(inner, each)),
        _ => {}
    }
}

fn text_at(value: &Value, keys: &[&str]) -> Option<String> {
    let mut found = None;
    walk(value, &mut |key, inner| {
        if found.is_none() && keys.contains(&key) {
            found = inner.as_str().map(str::to_owned);
        }
    });
    found
}

/// Returns the first rule's destination. The names are those of the XML; lower-case variants are tolerated.
fn destination(value: &Value) -> Given {
    let mut given = Given::default();
    walk(value, &mut |key, inner| {
        if matches!(key, "Destination" | "destination" | "S3BucketDestination") {
            let account = text_at(inner, &["Account", "account", "AccountId", "accountId"])
                .filter(|a| is_account(a));
            let bucket = text_at(inner, &["Bucket", "bucket"]).map(|b| bucket_of_arn(&b));
            // A rule that names another account says more than one that does not.
            if given.account.is_none() {
                given.account = account;
            }
            if given.bucket.is_none() {
                given.bucket = bucket;
            }
        }
    });
    given
}

fn bucket_of_arn(arn: &str) -> String {
    arn.rsplit(":::")
        .next()
        .unwrap_or(arn)
        .split('/')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Returns the first foreign account that a policy allows something; `*` if it allows everybody.
fn policy(parameters: &Value, own: Option<&str>) -> Option<String> {
    let written = parameters
        .get("bucketPolicy")
        .or_else(|| parameters.get("policy"))?;
    let parsed;
    let document = match written {
        Value::String(text) => {
            parsed = serde_json::from_str::<Value>(text).ok()?;
            &parsed
        }
        other => other,
    };
    let statements = one_or_many(document.get("Statement")?);
    let mut foreign = None;
    for statement in statements
        .iter()
        .filter(|s| s.get("Effect").and_then(Value::as_str) == Some("Allow"))
    {
        for principal in principals(statement.get("Principal")) {
            // A condition narrows whom everybody is; without reading it, it is not taken for everybody.
            if principal == "*" && statement.get("Condition").is_none() {
                return Some(principal);
            }
            let account = account_of(&principal).filter(|a| Some(a.as_str()) != own);
            foreign = foreign.or(account);
        }
    }
    foreign
}

fn principals(principal: Option<&Value>) -> Vec<String> {
    match principal {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Object(kinds)) => kinds
            .get("AWS")
            .map(|aws| {
                one_or_many(aws)
                    .iter()
                    .filter_map(|v| v.as_str().map(str::to_owned))
                    .collect()
            })
            .unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(elements) => elements.iter().collect(),
        other => vec![other],
    }
}

fn account_of(principal: &str) -> Option<String> {
    if is_account(principal) {
        return Some(principal.to_owned());
    }
    principal
        .split(':')
        .nth(4)
        .filter(|a| is_account(a))
        .map(str::to_owned)
}

/// Returns `*` if an access control list grants something to everybody.
fn grants(parameters: &Value) -> Option<String> {
    let mut is_public = false;
    walk(parameters, &mut |_, inner| {
        is_public |= inner.as_str().is_some_and(|text| {
            text.ends_with("/groups/global/AllUsers")
                || text.ends_with("/groups/global/AuthenticatedUsers")
                || text.starts_with("public-read")
        });
    });
    is_public.then(|| "*".to_owned())
}

/// Returns the first account, or `*`, that a snapshot or image is shared with.
fn added(parameters: &Value) -> Option<String> {
    let mut found = None;
    walk(parameters, &mut |key, inner| {
        if found.is_some()
            || !matches!(
                key,
                "add" | "valuesToAdd" | "createVolumePermission" | "launchPermission"
            )
        {
            return;
        }
        let added = if matches!(key, "add" | "valuesToAdd") {
            Some(inner)
        } else {
            inner.get("add")
        };
        let Some(added) = added else { return };
        let mut consider = |value: &Value| {
            if let Some(text) = value.as_str() {
                if is_account(text) {
                    found = found.take().or(Some(text.to_owned()));
                } else if text == "all" {
                    found = Some("*".to_owned());
                }
            }
        };
        if let Value::Array(values) = added {
            values.iter().for_each(&mut consider);
        }
        walk(added, &mut |_, value| consider(value));
    });
    found
}
