//! The unified audit log of Microsoft 365: arrays as the Activity API hands them out, and tables as people export them.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{
    Action, Blinding, DirectoryResource, Service, Verb, instant,
};
use crate::simulate::model::other_providers::container::TENANT;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::entra::activity;
use crate::simulate::writers::other_providers::paths::dated;

/// The header of exported tables.
const HEADER: &str = "RecordType,CreationDate,UserIds,Operations,AuditData,ResultIndex,ResultCount,Identity,IsValid,ObjectState";

/// The most records in one array, so that no file grows with the day.
const BLOB_HOURS: &str = "%Y%m%d%H";

/// The application of Microsoft Graph, which people sign in to.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// The fields of one record that not all records have.
struct Entry {
    /// The number and the name of the kind of record.
    kind: (u32, &'static str),
    workload: &'static str,
    operation: String,
    action_class: &'static str,
    container: Option<String>,
    object: Option<String>,
    /// Whether the record has a result.
    has_outcome: bool,
    more: Value,
}

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let entry = match action.service {
        Service::SharePoint => sharepoint(action),
        Service::Exchange => exchange(action),
        Service::Entra => directory(action),
        _ => None,
    };
    let Some(entry) = entry else { return };
    let who = &action.who;
    let id = out.guid();
    let mut record = json!({
        "CreationTime": instant(action.at(0), 0), "Id": id, "Operation": entry.operation, "OrganizationId": TENANT,
        "RecordType": entry.kind.0, "UserKey": who.object, "UserType": if who.is_person() { 0 } else { 6 }, "Version": 1,
        "Workload": entry.workload, "UserId": if who.is_person() { who.email.clone() } else { format!("ServicePrincipal_{}", who.object) },
        "ClientIP": action.address,
    });
    if let (Value::Object(record), Value::Object(more)) = (&mut record, entry.more) {
        record.extend(more);
    }
    if action.service == Service::Exchange {
        let data = record.to_string().replace('"', "\"\"");
        let line = format!(
            "{},{}.0000000Z,{},{},\"{data}\",1,1,{id},True,Unchanged",
            entry.kind.1,
            instant(action.at(0), 0),
            who.email,
            entry.operation,
        );
        out.add(
            format!("m365/AuditLog_{}.csv", dated(action, "%Y-%m-%d")),
            FileLayout::Headed(HEADER),
            &line,
        );
    } else {
        let feed = if action.service == Service::Entra {
            "Audit.AzureActiveDirectory"
        } else {
            "Audit.SharePoint"
        };
        let path = format!("m365/{feed}/{}0000.json", dated(action, BLOB_HOURS));
        out.add(path, FileLayout::Array("[", "]"), &record.to_string());
    }
    let op = entry.operation.trim_end_matches('.');
    let mut expected = ExpectedEvent::of("m365.ual", action, 0, op, entry.action_class);
    expected.identity = Some(who.entra());
    if !entry.has_outcome {
        expected.outcome = "unknown";
    }
    (expected.container, expected.object) = (entry.container, entry.object);
    out.add_expected(&expected);
}

fn sharepoint(action: &Action) -> Option<Entry> {
    let downloads = action.object.len().is_multiple_of(2);
    let (kind, operation, action_class) = match action.verb {
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
        Verb::Grant => (
            (14, "SharePointSharingOperation"),
            "SharingSet",
            "copy_object",
        ),
        _ => return None,
    };
    let team = ["sales", "people", "product", "operations"][action.who.number as usize % 4];
    let site = format!("https://halcyon.sharepoint.com/sites/{team}/");
    let folder = "Shared Documents/General";
    Some(Entry {
        kind,
        workload: "SharePoint",
        operation: operation.to_owned(),
        action_class,
        object: Some(format!("{folder}/{}", action.object)),
        more: json!({
            "ObjectId": format!("{site}{folder}/{}", action.object), "SiteUrl": site, "SourceRelativeUrl": folder,
            "SourceFileName": action.object, "SourceFileExtension": action.object.rsplit('.').next(), "ItemType": "File",
            "UserAgent": action.tool.user_agent(&action.who, "files"), "EventSource": "SharePoint", "IsManagedDevice": true,
            "ListItemUniqueId": action.who.app, "Site": action.who.app, "WebId": action.who.app, "CorrelationId": action.who.app,
            "AppAccessContext": {"AADSessionId": action.who.app, "ClientAppId": action.tool.application(&action.who).0},
        }),
        container: Some(site.trim_end_matches('/').to_owned()),
        // Of files only what was done is recorded, without a result.
        has_outcome: false,
    })
}

fn exchange(action: &Action) -> Option<Entry> {
    let who = &action.who;
    let cmdlet = |operation: &str, action_class, parameters: Value| Entry {
        kind: (1, "ExchangeAdmin"),
        workload: "Exchange",
        operation: operation.to_owned(),
        action_class,
        container: None,
        object: None,
        has_outcome: true,
        more: json!({
            "ResultStatus": "True", "ExternalAccess": false, "Parameters": parameters, "ObjectId": "",
            "OrganizationName": "halcyon.onmicrosoft.example", "OriginatingServer": "AM0PR04MB0001 (15.20.9000.012)",
            "AppId": action.tool.application(who).0, "ClientAppId": action.tool.application(who).0,
        }),
    };
    Some(match &action.verb {
        Verb::Read => Entry {
            kind: (50, "ExchangeItemAggregated"),
            workload: "Exchange",
            operation: "MailItemsAccessed".to_owned(),
            action_class: "read_object",
            container: Some(who.email.clone()),
            object: Some("\\Inbox".to_owned()),
            has_outcome: true,
            more: json!({
                "ResultStatus": "Succeeded", "MailboxOwnerUPN": who.email, "MailboxGuid": who.app, "LogonType": 0,
                "ExternalAccess": false, "ClientInfoString": "Client=OWA;Action=ViaProxy", "OperationCount": 2,
                "ClientIPAddress": action.address, "SessionId": who.app,
                "OperationProperties": [{"Name": "MailAccessType", "Value": "Bind"}, {"Name": "IsThrottled", "Value": "False"}],
                "Folders": [{"Path": "\\Inbox", "Id": "LgAAAAB", "FolderItems": [
                    {"InternetMessageId": format!("<{}.a@halcyon.example>", action.object)},
                    {"InternetMessageId": format!("<{}.b@halcyon.example>", action.object)},
                ]}],
            }),
        },
        Verb::Enumerate(DirectoryResource::Users) => cmdlet(
            "Get-Mailbox",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Enumerate(DirectoryResource::Groups) => cmdlet(
            "Get-Recipient",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Enumerate(_) => cmdlet(
            "Get-User",
            "enumerate_directory",
            json!([{"Name": "ResultSize", "Value": "Unlimited"}]),
        ),
        Verb::Blind(Blinding::TenantAuditOff) => cmdlet(
            "Set-AdminAuditLogConfig",
            "blind_log",
            json!([{"Name": "UnifiedAuditLogIngestionEnabled", "Value": "False"}]),
        ),
        Verb::Blind(Blinding::AuditBypassed) => cmdlet(
            "Set-MailboxAuditBypassAssociation",
            "blind_log",
            json!([{"Name": "Identity", "Value": who.email}, {"Name": "AuditBypassEnabled", "Value": "True"}]),
        ),
        Verb::Blind(_) => Entry {
            container: Some("board".to_owned()),
            ..cmdlet(
                "Set-Mailbox",
                "blind_log",
                json!([{"Name": "Identity", "Value": "board"}, {"Name": "AuditEnabled", "Value": "False"}]),
            )
        },
        Verb::Grant => cmdlet(
            "Add-MailboxPermission",
            "create_credential",
            json!([
                {"Name": "Identity", "Value": "board"}, {"Name": "User", "Value": who.email}, {"Name": "AccessRights", "Value": "FullAccess"},
            ]),
        ),
        _ => return None,
    })
}

fn directory(action: &Action) -> Option<Entry> {
    let entry = |kind, operation: String, action_class, object: &str, more| Entry {
        kind,
        workload: "AzureActiveDirectory",
        operation,
        action_class,
        container: None,
        object: Some(object.to_owned()),
        has_outcome: true,
        more,
    };
    if let Some((operation, _, action_class, whom)) = activity(&action.verb) {
        let more = json!({
            "ResultStatus": if action.worked() { "Success" } else { "Failure" }, "ObjectId": whom.email,
            "AzureActiveDirectoryEventType": 1, "ModifiedProperties": [],
            "Target": [{"ID": format!("User_{}", whom.object), "Type": 2}, {"ID": whom.object, "Type": 2}],
            "Actor": [{"ID": action.who.email, "Type": 5}, {"ID": action.who.object, "Type": 2}],
        });
        return Some(entry(
            (8, "AzureActiveDirectory"),
            format!("{operation}."),
            action_class,
            &whom.email,
            more,
        ));
    }
    if action.verb != Verb::SignIn || !action.who.is_person() {
        return None;
    }
    let (operation, code) = if action.worked() {
        ("UserLoggedIn", "0")
    } else {
        ("UserLoginFailed", "50126")
    };
    let mut more = json!({
        "ResultStatus": if action.worked() { "Success" } else { "Failed" }, "ObjectId": GRAPH,
        "AzureActiveDirectoryEventType": 1, "ErrorNumber": code, "ErrorCode": code, "ActorIpAddress": action.address,
        "ApplicationId": action.tool.application(&action.who).0,
        "ExtendedProperties": [
            {"Name": "UserAgent", "Value": action.tool.user_agent(&action.who, "login")}, {"Name": "RequestType", "Value": "OAuth2:Authorize"},
        ],
        "DeviceProperties": [{"Name": "OS", "Value": "Windows10"}, {"Name": "IsCompliantAndManaged", "Value": "True"}],
    });
    if !action.worked() {
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
