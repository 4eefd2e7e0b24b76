//! Calls of Microsoft Graph, and of the older graph, whose records spell everything differently.

use serde_json::{Value, json};

use super::deed::{Deed, Noun, Verb, instant};
use super::entra::{envelope, file, token};
use super::place::TENANT;
use super::sheet::{Form, Sheets, Told};
use super::tool::Tool;

/// Digits of a second.
const DIGITS: u32 = 7;

/// Returns the path of what is asked for; `id` is somebody's.
fn path(noun: Noun, id: &str) -> String {
    match noun {
        Noun::Users => "users".to_owned(),
        Noun::User => format!("users/{id}"),
        Noun::Groups => "groups".to_owned(),
        Noun::Members => format!("groups/{id}/members"),
        Noun::Roles => "directoryRoles".to_owned(),
        Noun::RoleMembers => format!("directoryRoles/{id}/members"),
        Noun::Applications => "applications".to_owned(),
        Noun::Principals => "servicePrincipals".to_owned(),
        Noun::Devices => "devices".to_owned(),
        Noun::Policies => "policies/authorizationPolicy".to_owned(),
        Noun::Keys => "oauth2PermissionGrants".to_owned(),
    }
}

/// Returns what a path asks for, whomever it is about: `GET /users/{id}`.
fn template(path: &str, id: &str) -> String {
    format!("GET /{}", path.replace(id, "{id}").to_lowercase())
}

/// Writes a call of Microsoft Graph.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let (who, person) = (&deed.who, deed.who.is_person());
    let id = out.guid();
    let (path, query, action) = match &deed.verb {
        Verb::Enumerate(noun) => (
            path(*noun, &id),
            "?$top=999&$select=id,displayName",
            "enumerate_directory",
        ),
        Verb::Read => (format!("users/{id}/messages"), "?$top=100", "read_object"),
        _ => return,
    };
    let (code, size) = if deed.worked() {
        (200, deed.bytes)
    } else {
        (403, 488)
    };
    let (request, app) = (out.guid(), deed.tool.application(who).0);
    let (scopes, roles) = match (person, deed.tool) {
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
        deed,
        "MicrosoftGraphActivityLogs",
        "Microsoft Graph Activity",
        &request,
    );
    line["operationVersion"] = json!("v1.0");
    line["resultSignature"] = json!(code.to_string());
    line["location"] = json!("West Europe");
    line["properties"] = json!({
        "timeGenerated": format!("{}Z", instant(deed.at(DIGITS), DIGITS as usize)), "apiVersion": "v1.0", "appId": app,
        "clientAuthMethod": if person { "0" } else { "2" }, "clientRequestId": request, "durationMs": 462_680,
        "identityProvider": format!("https://sts.windows.net/{TENANT}/"), "ipAddress": deed.address,
        "location": "West Europe", "operationId": request, "requestId": request, "requestMethod": "GET",
        "requestUri": format!("https://graph.microsoft.com/v1.0/{path}{query}"), "responseSizeBytes": size,
        "responseStatusCode": code, "scopes": scopes, "roles": roles, "signInActivityId": token(deed),
        "tenantId": TENANT, "tokenIssuedAt": format!("{}Z", instant(deed.at(0), 0)),
        "userAgent": deed.tool.agent(who, "ad"), "wids": "b79fbf4d-3ef9-4689-8143-76b194e85509",
        "c_idtyp": if person { "user" } else { "app" },
        "userId": if person { json!(who.object) } else { Value::Null },
        "servicePrincipalId": if person { Value::Null } else { json!(who.object) },
    });
    out.add(
        file(deed, "MicrosoftGraphActivityLogs"),
        Form::Lines,
        &line.to_string(),
    );
    let mut told = Told::of("entra.graph", deed, DIGITS, &template(&path, &id), action);
    told.identity = Some(who.entra());
    told.bytes_out = Some(size);
    out.tell(&told);
}

/// Writes a call of the older graph.
pub(super) fn older(deed: &Deed, out: &mut Sheets) {
    let (who, person) = (&deed.who, deed.who.is_person());
    let Verb::Enumerate(noun) = &deed.verb else {
        return;
    };
    let id = out.guid();
    let path = path(*noun, &id);
    let code = if deed.worked() { 200 } else { 403 };
    let request = out.guid();
    let version = if deed.tool == Tool::RoadRecon {
        "1.61-internal"
    } else {
        "1.6"
    };
    let mut properties = json!({
        "timeGenerated": format!("{}Z", instant(deed.at(DIGITS), DIGITS as usize)), "apiVersion": version,
        "appId": deed.tool.application(who).0, "actorType": if person { "User" } else { "Application" },
        "callerIpAddress": deed.address, "clientAuthMethod": if person { "0" } else { "2" }, "httpMethod": "GET",
        "httpStatusCode": code, "requestId": request, "correlationId": request, "requestUri": format!("/{TENANT}/{path}"),
        "responseSizeBytes": -1, "roles": " Directory.Read.All,", "wids": " b79fbf4d-3ef9-4689-8143-76b194e85509,",
        "scopes": "user_impersonation", "signInActivityId": token(deed), "tenantId": TENANT,
        "issuedAt": "5/7/2026 1:50:39 PM", "userAgent": deed.tool.agent(who, "ad"), "durationMs": 88_102,
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
        file(deed, "AzureADGraphActivityLogs"),
        Form::Lines,
        &line.to_string(),
    );
    let mut told = Told::of(
        "entra.aadgraph",
        deed,
        DIGITS,
        &template(&path, &id),
        "enumerate_directory",
    );
    told.identity = Some(who.entra());
    out.tell(&told);
}
