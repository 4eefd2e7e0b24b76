//! The unified audit log of Microsoft 365: arrays as the Activity API hands them out, and tables as people export them.

use serde_json::{Value, json};

use super::deed::{Deed, Noun, Service, Verb, instant};
use super::entra::activity;
use super::place::TENANT;
use super::sheet::{Form, Sheets, Told, dated};

/// The header of exported tables.
const HEADER: &str = "RecordType,CreationDate,UserIds,Operations,AuditData,ResultIndex,ResultCount,Identity,IsValid,ObjectState";
/// The most records in one array, so that no file grows with the day.
const BLOB_HOURS: &str = "%Y%m%d%H";

/// The application of Microsoft Graph, which people sign in to.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// What one record says beside what all of them say.
struct Entry {
    /// The number and the name of the kind of record.
    kind: (u32, &'static str),
    workload: &'static str,
    operation: String,
    action: &'static str,
    container: Option<String>,
    object: Option<String>,
    /// Whether the record says how it ended.
    has_outcome: bool,
    more: Value,
}

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let entry = match deed.service {
        Service::SharePoint => sharepoint(deed),
        Service::Exchange => exchange(deed),
        Service::Entra => directory(deed),
        _ => None,
    };
    let Some(entry) = entry else { return };
    let who = &deed.who;
    let id = out.guid();
    let mut record = json!({
        "CreationTime": instant(deed.at(0), 0), "Id": id, "Operation": entry.operation, "OrganizationId": TENANT,
        "RecordType": entry.kind.0, "UserKey": who.object, "UserType": if who.is_person() { 0 } else { 6 }, "Version": 1,
        "Workload": entry.workload, "UserId": if who.is_person() { who.email.clone() } else { format!("ServicePrincipal_{}", who.object) },
        "ClientIP": deed.address,
    });
    if let (Value::Object(record), Value::Object(more)) = (&mut record, entry.more) {
        record.extend(more);
    }
    if deed.service == Service::Exchange {
        let data = record.to_string().replace('"', "\"\"");
        let line = format!(
            "{},{}.0000000Z,{},{},\"{data}\",1,1,{id},True,Unchanged",
            entry.kind.1,
            instant(deed.at(0), 0),
            who.email,
            entry.operation,
        );
        out.add(
            format!("m365/AuditLog_{}.csv", dated(deed, "%Y-%m-%d")),
            Form::Headed(HEADER),
            &line,
        );
    } else {
        let feed = if deed.service == Service::Entra {
            "Audit.AzureActiveDirectory"
        } else {
            "Audit.SharePoint"
        };
        let path = format!("m365/{feed}/{}0000.json", dated(deed, BLOB_HOURS));
        out.add(path, Form::Array("[", "]"), &record.to_string());
    }
    let op = entry.operation.trim_end_matches('.');
    let mut told = Told::of("m365.ual", deed, 0, op, entry.action);
    told.identity = Some(who.entra());
    if !entry.has_outcome {
        told.outcome = "unknown";
    }
    (told.container, told.object) = (entry.container, entry.object);
    out.tell(&told);
}

fn sharepoint(deed: &Deed) -> Option<Entry> {
    let downloads = deed.object.len().is_multiple_of(2);
    let (kind, operation, action) = match deed.verb {
        Verb::Read if downloads => (
            (6, "SharePointFileOperation"),
            "FileDownloaded",
            "read_object",
        ),
        Verb::Read => (
            (6, "SharePointFileOperation"),
            "FileAccessed",
            "read_object",
        ),
        Verb::Write => (
            (6, "SharePointFileOperation"),
            "FileUploaded",
            "write_object",
        ),
        Verb::Share => (
            (14, "SharePointSharingOperation"),
            "SharingSet",
            "copy_object",
        ),
        _ => return None,
    };
    let team = ["sales", "people", "product", "operations"][deed.who.number as usize % 4];
    let site = format!("https://halcyon.sharepoint.com/sites/{team}/");
    let folder = "Shared Documents/General";
    Some(Entry {
        kind,
        workload: "SharePoint",
        operation: operation.to_owned(),
        action,
        object: Some(format!("{folder}/{}", deed.object)),
        more: json!({
            "ObjectId": format!("{site}{folder}/{}", deed.object), "SiteUrl": site, "SourceRelativeUrl": folder,
            "SourceFileName": deed.object, "SourceFileExtension": deed.object.rsplit('.').next(), "ItemType": "File",
            "UserAgent": deed.tool.agent(&deed.who, "files"), "EventSource": "SharePoint", "IsManagedDevice": true,
            "ListItemUniqueId": deed.who.app, "Site": deed.who.app, "WebId": deed.who.app, "CorrelationId": deed.who.app,
            "AppAccessContext": {"AADSessionId": deed.who.app, "ClientAppId": deed.tool.application(&deed.who).0},
        }),
        container: Some(site.trim_end_matches('/').to_owned()),
        // Of files only what was done is recorded, without a result.
        has_outcome: false,
    })
}

fn exchange(deed: &Deed) -> Option<Entry> {
    let who = &deed.who;
    let cmdlet = |operation: &str, action, parameters: Value| Entry {
        kind: (1, "ExchangeAdmin"),
        workload: "Exchange",
        operation: operation.to_owned(),
        action,
        container: None,
        object: None,
        has_outcome: true,
        more: json!({
            "ResultStatus": "True", "ExternalAccess": false, "Parameters": parameters, "ObjectId": "",
            "OrganizationName": "halcyon.onmicrosoft.example", "OriginatingServer": "AM0PR04MB0001 (15.20.9000.012)",
            "AppId": deed.tool.application(who).0, "ClientAppId": deed.tool.application(who).0,
        }),
    };
    Some(match &deed.verb {
        Verb::Read => Entry {
            kind: (50, "ExchangeItemAggregated"),
            workload: "Exchange",
            operation: "MailItemsAccessed".to_owned(),
            action: "read_object",
            container: Some(who.email.clone()),
            object: Some("\\Inbox".to_owned()),
            has_outcome: true,
            more: json!({
                "ResultStatus": "Succeeded", "MailboxOwnerUPN": who.email, "MailboxGuid": who.app, "LogonType": 0,
                "ExternalAccess": false, "ClientInfoString": "Client=OWA;Action=ViaProxy", "OperationCount": 2,
                "ClientIPAddress": deed.address, "SessionId": who.app,
                "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}],
                "Folders": [{"Path": "\\Inbox", "Id": "LgAAAAB", "FolderItems": [
                    {"InternetMessageId": format!("<{}.a@halcyon.example>", deed.object)},
                    {"InternetMessageId": format!("<{}.b@halcyon.example>", deed.object)},
                ]}],
            }),
        },
        Verb::Enumerate(Noun::Users) => cmdlet(
            "Get-Mailbox",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Enumerate(Noun::Groups) => cmdlet(
            "Get-Recipient",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Enumerate(_) => cmdlet(
            "Get-User",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Share => cmdlet(
            "Add-MailboxPermission",
            "create_credential",
            json!([
                {"Name": "Identity", "Value": "board"}, {"Name": "User", "Value": who.email}, {"Name": "AccessRights", "Value": "FullAccess"},
            ]),
        ),
        _ => return None,
    })
}

fn directory(deed: &Deed) -> Option<Entry> {
    let entry = |kind, operation: String, action, object: &str, more| Entry {
        kind,
        workload: "AzureActiveDirectory",
        operation,
        action,
        container: None,
        object: Some(object.to_owned()),
        has_outcome: true,
        more,
    };
    if let Some((operation, _, action, whom)) = activity(&deed.verb) {
        let more = json!({
            "ResultStatus": if deed.worked() { "Success" } else { "Failure" }, "ObjectId": whom.email,
            "AzureActiveDirectoryEventType": 1, "ModifiedProperties": [],
            "Target": [{"ID": format!("User_{}", whom.object), "Type": 2}, {"ID": whom.object, "Type": 2}],
            "Actor": [{"ID": deed.who.email, "Type": 5}, {"ID": deed.who.object, "Type": 2}],
        });
        return Some(entry(
            (8, "AzureActiveDirectory"),
            format!("{operation}."),
            action,
            &whom.email,
            more,
        ));
    }
    if deed.verb != Verb::SignIn || !deed.who.is_person() {
        return None;
    }
    let (operation, code) = if deed.worked() {
        ("UserLoggedIn", "0")
    } else {
        ("UserLoginFailed", "50126")
    };
    let mut more = json!({
        "ResultStatus": if deed.worked() { "Success" } else { "Failed" }, "ObjectId": GRAPH,
        "AzureActiveDirectoryEventType": 1, "ErrorNumber": code, "ErrorCode": code, "ActorIpAddress": deed.address,
        "ApplicationId": deed.tool.application(&deed.who).0,
        "ExtendedProperties": [
            {"Name": "UserAgent", "Value": deed.tool.agent(&deed.who, "login")}, {"Name": "RequestType", "Value": "OAuth2:Authorize"},
        ],
        "DeviceProperties": [{"Name": "OS", "Value": "Windows10"}, {"Name": "IsCompliantAndManaged", "Value": "True"}],
    });
    if !deed.worked() {
        more["LogonError"] = json!("InvalidUserNameOrPassword");
    }
    Some(entry(
        (15, "AzureActiveDirectoryStsLogon"),
        operation.to_owned(),
        "authenticate",
        GRAPH,
        more,
    ))
}
