//! Calls of Microsoft Graph, and of the older graph, whose records spell everything differently.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, DirectoryResource, Verb, instant};
use crate::simulate::model::other_providers::container::TENANT;
use crate::simulate::model::other_providers::tool::Tool;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::entra::{envelope, file, token};

/// Digits of a second.
const DIGITS: u32 = 7;

/// Returns the path of a resource; `id` is that of one object.
fn path(resource: DirectoryResource, id: &str) -> String {
    match resource {
        DirectoryResource::Users => "users".to_owned(),
        DirectoryResource::User => format!("users/{id}"),
        DirectoryResource::Groups => "groups".to_owned(),
        DirectoryResource::Members => format!("groups/{id}/members"),
        DirectoryResource::Roles => "directoryRoles".to_owned(),
        DirectoryResource::RoleMembers => format!("directoryRoles/{id}/members"),
        DirectoryResource::Applications => "applications".to_owned(),
        DirectoryResource::Principals => "servicePrincipals".to_owned(),
        DirectoryResource::Devices => "devices".to_owned(),
        DirectoryResource::Policies => "policies/authorizationPolicy".to_owned(),
        DirectoryResource::Keys => "oauth2PermissionGrants".to_owned(),
    }
}

/// Returns the method and path with the id replaced: `GET /users/{id}`.
fn template(path: &str, id: &str) -> String {
    format!("GET /{}", path.replace(id, "{id}").to_lowercase())
}

/// Writes a call of Microsoft Graph.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let (who, person) = (&action.who, action.who.is_person());
    let id = out.guid();
    let (path, query, action_class) = match &action.verb {
        Verb::Enumerate(resource) => (
            path(*resource, &id),
            "?$top=999&$select=id,displayName",
            "enumerate_directory",
        ),
        Verb::Read => (format!("users/{id}/messages"), "?$top=100", "read_object"),
        _ => return,
    };
    let (code, size) = if action.worked() {
        (200, action.bytes)
    } else {
        (403, 488)
    };
    let (request, app) = (out.guid(), action.tool.application(who).0);
    let (scopes, roles) = match (person, action.tool) {
        (true, Tool::Office) => (json!("User.ReadBasic.All People.Read"), Value::Null),
        (true, _) => (
            json!("Directory.Read.All User.Read.All Group.Read.All"),
            Value::Null,
        ),
        (false, _) => (
            Value::Null,
            json!("Directory.Read.All User.Read.All Device.Read.All"),
        ),
    };
    let mut line = envelope(
        action,
        "MicrosoftGraphActivityLogs",
        "Microsoft Graph Activity",
        &request,
    );
    line["operationVersion"] = json!("v1.0");
    line["resultSignature"] = json!(code.to_string());
    line["location"] = json!("West Europe");
    line["properties"] = json!({
        "timeGenerated": format!("{}Z", instant(action.at(DIGITS), DIGITS as usize)), "apiVersion": "v1.0", "appId": app,
        "clientAuthMethod": if person { "0" } else { "2" }, "clientRequestId": request, "durationMs": 462_680,
        "identityProvider": format!("https://sts.windows.net/{TENANT}/"), "ipAddress": action.address,
        "location": "West Europe", "operationId": request, "requestId": request, "requestMethod": "GET",
        "requestUri": format!("https://graph.microsoft.com/v1.0/{path}{query}"), "responseSizeBytes": size,
        "responseStatusCode": code, "scopes": scopes, "roles": roles, "signInActivityId": token(action),
        "tenantId": TENANT, "tokenIssuedAt": format!("{}Z", instant(action.at(0), 0)),
        "userAgent": action.tool.user_agent(who, "ad"), "wids": "b79fbf4d-3ef9-4689-8143-76b194e85509",
        "c_idtyp": if person { "user" } else { "app" },
        "userId": if person { json!(who.object) } else { Value::Null },
        "servicePrincipalId": if person { Value::Null } else { json!(who.object) },
    });
    out.add(
        file(action, "MicrosoftGraphActivityLogs"),
        FileLayout::Lines,
        &line.to_string(),
    );
    let mut expected = ExpectedEvent::of(
        "entra.graph",
        action,
        DIGITS,
        &template(&path, &id),
        action_class,
    );
    expected.identity = Some(who.entra());
    expected.bytes_out = Some(size);
    out.add_expected(&expected);
}

/// Writes a call of the older graph.
pub(crate) fn write_legacy(action: &Action, out: &mut DayFiles) {
    let (who, person) = (&action.who, action.who.is_person());
    let Verb::Enumerate(resource) = &action.verb else {
        return;
    };
    let id = out.guid();
    let path = path(*resource, &id);
    let code = if action.worked() { 200 } else { 403 };
    let request = out.guid();
    let version = if action.tool == Tool::RoadRecon {
        "1.61-internal"
    } else {
        "1.6"
    };
    let mut properties = json!({
        "timeGenerated": format!("{}Z", instant(action.at(DIGITS), DIGITS as usize)), "apiVersion": version,
        "appId": action.tool.application(who).0, "actorType": if person { "User" } else { "Application" },
        "callerIpAddress": action.address, "clientAuthMethod": if person { "0" } else { "2" }, "httpMethod": "GET",
        "httpStatusCode": code, "requestId": request, "correlationId": request, "requestUri": format!("/{TENANT}/{path}"),
        "responseSizeBytes": -1, "roles": " Directory.Read.All,", "wids": " b79fbf4d-3ef9-4689-8143-76b194e85509,",
        "scopes": "user_impersonation", "signInActivityId": token(action), "tenantId": TENANT,
        "issuedAt": "5/7/2026 1:50:39 PM", "userAgent": action.tool.user_agent(who, "ad"), "durationMs": 88_102,
    });
    properties[if person {
        "userId"
    } else {
        "servicePrincipalId"
    }] = json!(who.object);
    // Unlike everywhere else, the envelope has no time.
    let line = json!({
        "category": "AzureADGraphActivityLogs", "operationName": "Azure AD Graph Activity", "tenantId": TENANT,
        "resourceId": format!("/tenants/{TENANT}/providers/Microsoft.aadiam"), "properties": properties, "level": "Informational",
    });
    out.add(
        file(action, "AzureADGraphActivityLogs"),
        FileLayout::Lines,
        &line.to_string(),
    );
    let mut expected = ExpectedEvent::of(
        "entra.aadgraph",
        action,
        DIGITS,
        &template(&path, &id),
        "enumerate_directory",
    );
    expected.identity = Some(who.entra());
    out.add_expected(&expected);
}
