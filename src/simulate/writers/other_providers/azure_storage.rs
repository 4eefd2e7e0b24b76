//! Azure Storage resource logs: as diagnostic settings write them to files, and as rows of a workspace's table.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, Credential, Outcome, Verb, instant};
use crate::simulate::model::other_providers::container::{
    Container, OWNERS, TENANT, WORKSPACE, key_hash,
};
use crate::simulate::model::random::splitmix;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::azure_hour;

/// Digits of a second.
const DIGITS: u32 = 7;

/// Returns the operation, its category and its action class.
fn operation(verb: &Verb) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match verb {
        Verb::ListContainers => ("ListContainers", "StorageRead", "list_buckets"),
        Verb::ListObjects => ("ListBlobs", "StorageRead", "list_objects"),
        Verb::Head => ("GetBlobProperties", "StorageRead", "read_object"),
        Verb::Read => ("GetBlob", "StorageRead", "read_object"),
        Verb::Write => ("PutBlob", "StorageWrite", "write_object"),
        Verb::Delete => ("DeleteBlob", "StorageDelete", "delete_object"),
        Verb::Copy(_) => ("CopyBlob", "StorageWrite", "copy_object"),
        Verb::Publish => ("SetContainerACL", "StorageWrite", "write_posture"),
        Verb::ReadPosture => ("GetContainerACL", "StorageRead", "read_posture"),
        Verb::MakeContainer => ("CreateContainer", "StorageWrite", "other"),
        Verb::DeleteContainer => ("DeleteContainer", "StorageDelete", "delete_bucket"),
        Verb::CreateCredential(_) => ("GetUserDelegationKey", "StorageRead", "create_credential"),
        _ => return None,
    })
}

/// Returns the canonical id of the identity that an action's credential names.
pub(crate) fn identity(action: &Action, account: &str) -> String {
    match action.credential {
        Credential::Token => action.who.entra(),
        Credential::Key => format!("azure:key:{account}/key1"),
        Credential::Sas(number) => format!("azure:sas:{account}/{}", key_hash(account, number)),
        Credential::Anonymous => "azure:anonymous".to_owned(),
    }
}

/// One row of one request.
struct Row<'a> {
    op: &'a str,
    category: &'a str,
    action_class: &'static str,
    container: &'a Container,
    correlation: &'a str,
    /// The place among the rows of the request.
    place: u32,
    sent: u64,
    received: u64,
    /// The source and destination that the row names.
    ends: Option<(String, String)>,
}

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let (Some((op, category, action_class)), Some(container)) =
        (operation(&action.verb), &action.container)
    else {
        return;
    };
    let correlation = out.guid();
    let sent = match action.verb {
        Verb::Write | Verb::Copy(_) | Verb::Delete => 0,
        _ if action.outcome != Outcome::Success => 215,
        _ => action.bytes,
    };
    let received = if action.verb == Verb::Write {
        action.bytes
    } else {
        0
    };
    let mut row = Row {
        op,
        category,
        action_class,
        container,
        correlation: &correlation,
        place: 0,
        sent,
        received,
        ends: None,
    };
    if let Verb::Copy(to) = &action.verb {
        // A copy has three rows: the request, and what it means to either side.
        row.container = to;
        row.ends = Some((url(container, &action.object), url(to, &action.object)));
        add(action, &row, out);
        row = Row {
            op: "CopyBlobSource",
            category: "StorageRead",
            container,
            place: 1,
            ..row
        };
        add(action, &row, out);
        row = Row {
            op: "CopyBlobDestination",
            category: "StorageWrite",
            container: to,
            place: 2,
            ..row
        };
    }
    add(action, &row, out);
}

fn url(container: &Container, object: &str) -> String {
    let object = object.replace(' ', "%20");
    format!(
        "https://{}.blob.core.windows.net:443/{}/{object}",
        container.owner.name, container.name
    )
}

/// Returns the status code and its text.
fn status(action: &Action, op: &str) -> (u16, &'static str) {
    match (action.outcome, &action.credential) {
        (Outcome::Missing, _) => (404, "BlobNotFound"),
        (Outcome::Denied, Credential::Token) => (403, "AuthorizationPermissionMismatch"),
        (Outcome::Denied, _) => (403, "AuthorizationFailure"),
        (_, Credential::Sas(_)) => (success(op), "SASSuccess"),
        (_, Credential::Anonymous) => (success(op), "AnonymousSuccess"),
        _ => (success(op), "Success"),
    }
}

fn success(op: &str) -> u16 {
    match op {
        "PutBlob" | "CreateContainer" => 201,
        "DeleteBlob" | "DeleteContainer" | "CopyBlob" => 202,
        _ => 200,
    }
}

fn add(action: &Action, row: &Row<'_>, out: &mut DayFiles) {
    let (container, account) = (row.container, row.container.owner.name);
    let list_containers =
        action.verb == Verb::ListContainers || matches!(action.verb, Verb::CreateCredential(_));
    let mut uri = url(container, &action.object);
    let mut key = format!("/{account}/{}", container.name);
    if list_containers {
        let kind = if action.verb == Verb::ListContainers {
            "comp=list"
        } else {
            "restype=service&comp=userdelegationkey"
        };
        uri = format!("https://{account}.blob.core.windows.net:443/?{kind}");
        key = format!("/{account}");
    } else if action.object.is_empty() {
        let what = match action.verb {
            Verb::ListObjects => "&comp=list",
            Verb::MakeContainer | Verb::DeleteContainer => "",
            _ => "&comp=acl",
        };
        uri = format!(
            "https://{account}.blob.core.windows.net:443/{}?restype=container{what}",
            container.name
        );
        if action.verb == Verb::ListObjects {
            uri += &format!(
                "&maxresults=5000&prefix={}",
                action.prefix.replace('/', "%2F")
            );
        }
    } else {
        key += &format!("/{}", action.object);
    }
    if let Credential::Sas(_) = action.credential {
        let mark = if uri.contains('?') { '&' } else { '?' };
        uri += &format!(
            "{mark}sv=2024-11-04&spr=https&se=2027-01-31T00%3A00%3A00Z&sr=c&sp=rl&sig=XXXXX"
        );
    }
    let (code, text) = status(action, row.op);
    let metric = match action.outcome {
        Outcome::Success => "Success",
        Outcome::Missing => "ClientOtherError",
        Outcome::Denied => "AuthorizationError",
    };
    let caller = format!("{}:{}", action.address, 1_024 + out.ids.below(60_000));
    let (latency, user_agent) = (
        out.ids.between(3, 400),
        action.tool.user_agent(&action.who, "storage"),
    );
    let account_key = key_hash(account, 1);
    let (kind, token) = match action.credential {
        Credential::Token => (
            "OAuth",
            key_hash(&action.who.object, action.at as u64 >> 42),
        ),
        Credential::Key => ("AccountKey", format!("key1({account_key})")),
        Credential::Sas(number) => (
            "SAS",
            format!(
                "key1({account_key}),SasSignature({})",
                key_hash(account, number)
            ),
        ),
        Credential::Anonymous => ("Anonymous", String::new()),
    };
    let named = (action.credential == Credential::Token).then(|| Named::of(action));
    let time = format!("{}Z", instant(action.at(DIGITS), DIGITS as usize));
    let resource = format!(
        "/subscriptions/{}/resourceGroups/rg-storage/providers/Microsoft.Storage/storageAccounts/{account}/blobServices/default",
        container.owner.subscription
    );
    if container.owner.as_table {
        let mut line = json!({
            "TenantId": WORKSPACE, "TimeGenerated": time, "AccountName": account, "Location": container.owner.region,
            "Protocol": "HTTPS", "OperationName": row.op, "AuthenticationType": kind, "AuthenticationHash": token,
            "StatusCode": code.to_string(), "StatusText": text, "DurationMs": latency + 2, "ServerLatencyMs": latency,
            "Uri": uri, "CallerIpAddress": caller, "CorrelationId": row.correlation, "SchemaVersion": "1.0",
            "OperationVersion": "2024-11-04", "UserAgentHeader": user_agent, "ServiceType": "blob", "ObjectKey": key,
            "OperationCount": row.place, "RequestHeaderSize": 611, "RequestBodySize": row.received,
            "ResponseHeaderSize": 302, "ResponseBodySize": row.sent, "TlsVersion": "TLS 1.2",
            "MetricResponseType": metric, "Category": row.category, "Type": "StorageBlobLogs", "_ResourceId": resource,
            "_SubscriptionId": container.owner.subscription, "SourceSystem": "Azure",
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
            azure_hour(action)
        );
        out.add(path, FileLayout::Lines, &line.to_string());
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
            "identity": identity, "location": container.owner.region, "uri": uri, "protocol": "HTTPS",
            "resourceType": "Microsoft.Storage/storageAccounts/blobServices",
            "properties": {
                "accountName": account, "userAgentHeader": user_agent, "serviceType": "blob", "objectKey": key,
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
            azure_hour(action)
        );
        out.add(path, FileLayout::Lines, &line.to_string());
    }
    let mut expected = ExpectedEvent::of("azure.storage", action, DIGITS, row.op, row.action_class);
    expected.identity = Some(identity(action, account));
    expected.container = (!list_containers).then(|| container.canonical());
    expected.object = (!action.object.is_empty()).then(|| action.object.clone());
    expected.bytes_out = Some(row.sent);
    expected.counts = row.place == 0;
    if let Verb::Copy(to) = &action.verb {
        expected.dst_account = Some(to.owner.name.to_owned());
        expected.dst_container = Some(to.canonical());
        // The row of the copy itself is in the log of the account that it goes to.
        expected.counts |= row.op == "CopyBlobSource" && to.owner.name != account;
    }
    out.add_expected(&expected);
}

/// The holder of a token, as records name it.
struct Named {
    object: String,
    app: String,
    upn: String,
    authorization: Value,
}

impl Named {
    fn of(action: &Action) -> Self {
        let who = &action.who;
        let principal = if who.is_person() {
            "User"
        } else {
            "ServicePrincipal"
        };
        Self {
            object: who.object.clone(),
            app: action.tool.application(who).0.to_owned(),
            upn: if who.is_person() {
                who.email.clone()
            } else {
                String::new()
            },
            authorization: json!([{
                "action": "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
                "denyAssignmentId": "", "reason": "Policy", "result": if action.worked() { "Granted" } else { "Denied" },
                "principals": [{"id": who.object, "type": principal}],
                "roleAssignmentId": format!("{:032x}", splitmix(who.number)),
                "roleDefinitionId": "ba92f5b42d1142a58b1b9ba2a3c84f64", "type": "RBAC",
            }]),
        }
    }
}
