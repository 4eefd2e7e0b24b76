//! Azure Storage resource logs: as diagnostic settings write them to files, and as rows of a workspace's table.

use serde_json::{Value, json};

use crate::simulate::random::splitmix;

use super::deed::{Deed, Outcome, Proof, Verb, instant};
use super::place::{OWNERS, Store, TENANT, WORKSPACE};
use super::sheet::{Form, Sheets, Told, azure_hour};

/// Digits of a second.
const DIGITS: u32 = 7;

/// Returns the operation, its category and its action class.
fn operation(verb: &Verb) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match verb {
        Verb::Shelves => ("ListContainers", "StorageRead", "list_buckets"),
        Verb::List => ("ListBlobs", "StorageRead", "list_objects"),
        Verb::Head => ("GetBlobProperties", "StorageRead", "read_object"),
        Verb::Read => ("GetBlob", "StorageRead", "read_object"),
        Verb::Write => ("PutBlob", "StorageWrite", "write_object"),
        Verb::Delete => ("DeleteBlob", "StorageDelete", "delete_object"),
        Verb::Copy(_) => ("CopyBlob", "StorageWrite", "copy_object"),
        Verb::Publish => ("SetContainerACL", "StorageWrite", "write_posture"),
        Verb::Posture => ("GetContainerACL", "StorageRead", "read_posture"),
        Verb::Credential(_) => ("GetUserDelegationKey", "StorageRead", "create_credential"),
        _ => return None,
    })
}

/// Returns the hash that stands for a key or link of an account.
fn hash(account: &str, number: u64) -> String {
    let seed = account
        .bytes()
        .fold(number, |state, byte| splitmix(state ^ u64::from(byte)));
    (0..4)
        .map(|part| format!("{:016X}", splitmix(seed ^ part)))
        .collect()
}

/// Returns the canonical id of whoever a deed's proof names.
pub(super) fn identity(deed: &Deed, account: &str) -> String {
    match deed.proof {
        Proof::Token => deed.who.entra(),
        Proof::Key => format!("azure:key:{account}/key1"),
        Proof::Sas(number) => format!("azure:sas:{account}/{}", hash(account, number)),
        Proof::Nobody => "azure:anonymous".to_owned(),
    }
}

/// Returns the canonical id of a signed link to a container's account.
pub(super) fn sas_id(store: &Store, number: u64) -> String {
    format!(
        "azure:sas:{0}/{1}",
        store.owner.name,
        hash(store.owner.name, number)
    )
}

/// One row of one request.
struct Row<'a> {
    op: &'a str,
    category: &'a str,
    action: &'static str,
    store: &'a Store,
    correlation: &'a str,
    /// The place among the rows of the request.
    place: u32,
    sent: u64,
    received: u64,
    /// Where the row is told to come from and go to.
    ends: Option<(String, String)>,
}

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let (Some((op, category, action)), Some(store)) = (operation(&deed.verb), &deed.store) else {
        return;
    };
    let correlation = out.guid();
    let sent = match deed.verb {
        Verb::Write | Verb::Copy(_) | Verb::Delete => 0,
        _ if deed.outcome != Outcome::Success => 215,
        _ => deed.bytes,
    };
    let received = if deed.verb == Verb::Write {
        deed.bytes
    } else {
        0
    };
    let mut row = Row {
        op,
        category,
        action,
        store,
        correlation: &correlation,
        place: 0,
        sent,
        received,
        ends: None,
    };
    if let Verb::Copy(to) = &deed.verb {
        // A copy has three rows: the request, and what it means to either side.
        row.store = to;
        row.ends = Some((url(store, &deed.object), url(to, &deed.object)));
        add(deed, &row, out);
        row = Row {
            op: "CopyBlobSource",
            category: "StorageRead",
            store,
            place: 1,
            ..row
        };
        add(deed, &row, out);
        row = Row {
            op: "CopyBlobDestination",
            category: "StorageWrite",
            store: to,
            place: 2,
            ..row
        };
    }
    add(deed, &row, out);
}

fn url(store: &Store, object: &str) -> String {
    let object = object.replace(' ', "%20");
    format!(
        "https://{}.blob.core.windows.net:443/{}/{object}",
        store.owner.name, store.name
    )
}

/// Returns the status code and its text.
fn status(deed: &Deed, op: &str) -> (u16, &'static str) {
    match (deed.outcome, &deed.proof) {
        (Outcome::Missing, _) => (404, "BlobNotFound"),
        (Outcome::Denied, Proof::Token) => (403, "AuthorizationPermissionMismatch"),
        (Outcome::Denied, _) => (403, "AuthorizationFailure"),
        (_, Proof::Sas(_)) => (success(op), "SASSuccess"),
        (_, Proof::Nobody) => (success(op), "AnonymousSuccess"),
        _ => (success(op), "Success"),
    }
}

fn success(op: &str) -> u16 {
    match op {
        "PutBlob" => 201,
        "DeleteBlob" | "CopyBlob" => 202,
        _ => 200,
    }
}

fn add(deed: &Deed, row: &Row<'_>, out: &mut Sheets) {
    let (store, account) = (row.store, row.store.owner.name);
    let shelves = deed.verb == Verb::Shelves || matches!(deed.verb, Verb::Credential(_));
    let mut uri = url(store, &deed.object);
    let mut key = format!("/{account}/{}", store.name);
    if shelves {
        let kind = if deed.verb == Verb::Shelves {
            "comp=list"
        } else {
            "restype=service&comp=userdelegationkey"
        };
        uri = format!("https://{account}.blob.core.windows.net:443/?{kind}");
        key = format!("/{account}");
    } else if deed.object.is_empty() {
        let what = if deed.verb == Verb::List {
            "list"
        } else {
            "acl"
        };
        uri = format!(
            "https://{account}.blob.core.windows.net:443/{}?restype=container&comp={what}",
            store.name
        );
        if deed.verb == Verb::List {
            uri += &format!(
                "&maxresults=5000&prefix={}",
                deed.prefix.replace('/', "%2F")
            );
        }
    } else {
        key += &format!("/{}", deed.object);
    }
    if let Proof::Sas(_) = deed.proof {
        let mark = if uri.contains('?') { '&' } else { '?' };
        uri += &format!(
            "{mark}sv=2024-11-04&spr=https&se=2027-01-31T00%3A00%3A00Z&sr=c&sp=rl&sig=XXXXX"
        );
    }
    let (code, text) = status(deed, row.op);
    let metric = match deed.outcome {
        Outcome::Success => "Success",
        Outcome::Missing => "ClientOtherError",
        Outcome::Denied => "AuthorizationError",
    };
    let caller = format!("{}:{}", deed.address, 1_024 + out.ids.below(60_000));
    let (latency, agent) = (
        out.ids.between(3, 400),
        deed.tool.agent(&deed.who, "storage"),
    );
    let key_hash = hash(account, 1);
    let (kind, token) = match deed.proof {
        Proof::Token => ("OAuth", hash(&deed.who.object, deed.at as u64 >> 42)),
        Proof::Key => ("AccountKey", format!("key1({key_hash})")),
        Proof::Sas(number) => (
            "SAS",
            format!("key1({key_hash}),SasSignature({})", hash(account, number)),
        ),
        Proof::Nobody => ("Anonymous", String::new()),
    };
    let named = (deed.proof == Proof::Token).then(|| Named::of(deed));
    let time = format!("{}Z", instant(deed.at(DIGITS), DIGITS as usize));
    let resource = format!(
        "/subscriptions/{}/resourceGroups/rg-storage/providers/Microsoft.Storage/storageAccounts/{account}/blobServices/default",
        store.owner.subscription
    );
    if store.owner.as_table {
        let mut line = json!({
            "TenantId": WORKSPACE, "TimeGenerated": time, "AccountName": account, "Location": store.owner.region,
            "Protocol": "HTTPS", "OperationName": row.op, "AuthenticationType": kind, "AuthenticationHash": token,
            "StatusCode": code.to_string(), "StatusText": text, "DurationMs": latency + 2, "ServerLatencyMs": latency,
            "Uri": uri, "CallerIpAddress": caller, "CorrelationId": row.correlation, "SchemaVersion": "1.0",
            "OperationVersion": "2024-11-04", "UserAgentHeader": agent, "ServiceType": "blob", "ObjectKey": key,
            "OperationCount": row.place, "RequestHeaderSize": 611, "RequestBodySize": row.received,
            "ResponseHeaderSize": 302, "ResponseBodySize": row.sent, "TlsVersion": "TLS 1.2",
            "MetricResponseType": metric, "Category": row.category, "Type": "StorageBlobLogs", "_ResourceId": resource,
            "_SubscriptionId": store.owner.subscription, "SourceSystem": "Azure",
        });
        if let Some(named) = &named {
            line["RequesterObjectId"] = json!(named.object);
            line["RequesterTenantId"] = json!(TENANT);
            line["RequesterAppId"] = json!(named.app);
            line["RequesterUpn"] = json!(named.upn);
            line["RequesterAudience"] = json!("https://storage.azure.com");
            line["RequesterTokenIssuer"] = json!(format!("https://sts.windows.net/{TENANT}/"));
            line["AuthorizationDetails"] = json!(named.authorization.to_string());
        }
        if let Some((from, to)) = &row.ends {
            line["SourceUri"] = json!(from);
            line["DestinationUri"] = json!(to);
        }
        let path = format!(
            "azure/am-storagebloblogs/WorkspaceResourceId=/subscriptions/{}/resourcegroups/rg-logs/providers/\
             microsoft.operationalinsights/workspaces/halcyon-logs/{}/PT05M.json",
            OWNERS[2].subscription,
            azure_hour(deed)
        );
        out.add(path, Form::Lines, &line.to_string());
    } else {
        let mut identity = json!({"type": kind, "tokenHash": token});
        if let Some(named) = &named {
            identity["authorization"] = named.authorization.clone();
            identity["requester"] = json!({
                "objectId": named.object, "appId": named.app, "tenantId": TENANT, "upn": named.upn,
                "audience": "https://storage.azure.com", "tokenIssuer": format!("https://sts.windows.net/{TENANT}/"),
            });
        }
        let mut line = json!({
            "time": time, "resourceId": resource, "category": row.category, "operationName": row.op,
            "operationVersion": "2024-11-04", "schemaVersion": "1.0", "statusCode": code, "statusText": text,
            "durationMs": latency + 2, "callerIpAddress": caller, "correlationId": row.correlation,
            "identity": identity, "location": store.owner.region, "uri": uri, "protocol": "HTTPS",
            "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
            "properties": {
                "accountName": account, "userAgentHeader": agent, "serviceType": "blob", "objectKey": key,
                "metricResponseType": metric, "serverLatencyMs": latency, "requestHeaderSize": 611,
                "requestBodySize": row.received, "responseHeaderSize": 302, "responseBodySize": row.sent,
                "tlsVersion": "TLS 1.2", "operationCount": row.place,
            },
        });
        if let Some((from, to)) = &row.ends {
            line["properties"]["sourceUri"] = json!(from);
            line["properties"]["destinationUri"] = json!(to);
        }
        let path = format!(
            "azure/insights-logs-{}/resourceId={resource}/{}/PT1H.json",
            row.category.to_lowercase(),
            azure_hour(deed)
        );
        out.add(path, Form::Lines, &line.to_string());
    }
    let mut told = Told::of("azure.storage", deed, DIGITS, row.op, row.action);
    told.identity = Some(identity(deed, account));
    told.container = (!shelves).then(|| store.canonical());
    told.object = (!deed.object.is_empty()).then(|| deed.object.clone());
    told.bytes_out = Some(row.sent);
    told.counts = row.place == 0;
    if let Verb::Copy(to) = &deed.verb {
        told.dst_account = Some(to.owner.name.to_owned());
        told.dst_container = Some(to.canonical());
        // The row of the copy itself is in the log of the account that it goes to.
        told.counts |= row.op == "CopyBlobSource" && to.owner.name != account;
    }
    out.tell(&told);
}

/// What a token says of whoever holds it.
struct Named {
    object: String,
    app: String,
    upn: String,
    authorization: Value,
}

impl Named {
    fn of(deed: &Deed) -> Self {
        let who = &deed.who;
        let principal = if who.is_person() {
            "User"
        } else {
            "ServicePrincipal"
        };
        Self {
            object: who.object.clone(),
            app: deed.tool.application(who).0.to_owned(),
            upn: if who.is_person() {
                who.email.clone()
            } else {
                String::new()
            },
            authorization: json!([{
                "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "denyAssignmentId": "", "reason": "Policy", "result": if deed.worked() { "Granted" } else { "Denied" },
                "principals": [{"id": who.object, "type": principal}],
                "roleAssignmentId": format!("{:032x}", splitmix(who.number)),
                "roleDefinitionId": "ba92f5b42d1142a58b1b9ba2a3c84f64", "type": "RBAC",
            }]),
        }
    }
}
