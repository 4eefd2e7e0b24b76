//! Entra ID: sign-ins, and changes of the directory.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, Verb, instant};
use crate::simulate::model::other_providers::container::TENANT;
use crate::simulate::model::other_providers::principal::Principal;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::azure_hour;

/// Digits of a second.
const DIGITS: u32 = 7;

/// Returns what every record of the directory's logs begins with.
pub(crate) fn envelope(
    action: &Action,
    category: &str,
    operation: &str,
    correlation: &str,
) -> Value {
    json!({
        "time": format!("{}Z", instant(action.at(DIGITS), DIGITS as usize)),
        "resourceId": format!("/tenants/{TENANT}/providers/Microsoft.aadiam"),
        "operationName": operation, "operationVersion": "1.0", "category": category, "tenantId": TENANT,
        "resultSignature": "None", "durationMs": 0, "callerIpAddress": action.address, "correlationId": correlation,
        "Level": 4,
    })
}

/// Returns the file of a category in an action's hour.
pub(crate) fn file(action: &Action, category: &str) -> String {
    format!(
        "entra/insights-logs-{}/tenantId={TENANT}/{}/PT1H.json",
        category.to_lowercase(),
        azure_hour(action)
    )
}

/// Returns the identifier of the principal's token on a day.
pub(crate) fn token(action: &Action) -> String {
    let day = action.at / 86_400_000_000_000;
    format!("{}{:06x}AQ", action.who.object.replace('-', ""), day)
}

/// Writes a sign-in.
pub(crate) fn sign_in(action: &Action, out: &mut DayFiles) {
    if action.verb != Verb::SignIn {
        return;
    }
    let (who, person) = (&action.who, action.who.is_person());
    let category = if person {
        "SignInLogs"
    } else {
        "ServicePrincipalSignInLogs"
    };
    let (app, app_name) = action.tool.application(who);
    let (correlation, id) = (out.guid(), out.guid());
    let error = if action.worked() { 0 } else { 50_126 };
    let mut properties = json!({
        "id": id, "createdDateTime": format!("{}+00:00", instant(action.at(DIGITS), DIGITS as usize)),
        "appId": app, "appDisplayName": app_name, "ipAddress": action.address, "correlationId": correlation,
        "status": {"errorCode": error}, "isInteractive": person, "tokenIssuerType": "AzureAD",
        "conditionalAccessStatus": if person { "success" } else { "notApplied" },
        "location": {"city": "Utrecht", "state": "Utrecht", "countryOrRegion": "NL",
            "geoCoordinates": {"latitude": 52.09, "longitude": 5.12}},
        "resourceDisplayName": "Microsoft Graph", "resourceId": "00000003-0000-0000-c000-000000000000",
        "riskLevelDuringSignIn": "none", "riskState": "none", "uniqueTokenIdentifier": token(action),
        "originalRequestId": id, "autonomousSystemNumber": 64_512,
        "authenticationProtocol": "none", "crossTenantAccessType": "none", "resourceTenantId": TENANT, "homeTenantId": TENANT,
    });
    let mut line = envelope(action, category, "Sign-in activity", &correlation);
    line["resultType"] = json!(error.to_string());
    line["location"] = json!("NL");
    if person {
        let managed = action.address.starts_with("203.0.113.") || action.address == who.aws;
        line["identity"] = json!(who.name);
        for (key, value) in [
            ("userId", json!(who.object)),
            ("userPrincipalName", json!(who.email)),
            ("userDisplayName", json!(who.name)),
            ("userType", json!("Member")),
            ("userAgent", json!(action.tool.user_agent(who, "login"))),
            ("clientAppUsed", json!("Browser")),
            (
                "authenticationRequirement",
                json!("multiFactorAuthentication"),
            ),
            (
                "deviceDetail",
                json!({
                    "deviceId": if managed { who.app.as_str() } else { "" }, "displayName": "", "operatingSystem": "Windows10",
                    "browser": "Chrome 139.0.0", "isCompliant": managed, "isManaged": managed,
                    "trustType": if managed { "Azure AD joined" } else { "" },
                }),
            ),
        ] {
            properties[key] = value;
        }
    } else {
        for (key, value) in [
            ("servicePrincipalId", json!(who.object)),
            ("servicePrincipalName", json!(who.name)),
            ("servicePrincipalCredentialKeyId", json!(who.app)),
            ("incomingTokenType", json!("none")),
        ] {
            properties[key] = value;
        }
    }
    line["properties"] = properties;
    out.add(file(action, category), FileLayout::Lines, &line.to_string());
    let mut expected = ExpectedEvent::of(
        "entra.signin",
        action,
        DIGITS,
        "Sign-in activity",
        "authenticate",
    );
    expected.identity = Some(who.entra());
    out.add_expected(&expected);
}

/// Returns the activity, its category and its action class.
pub(crate) fn activity(
    verb: &Verb,
) -> Option<(&'static str, &'static str, &'static str, &Principal)> {
    Some(match verb {
        Verb::CreateIdentity(whom) if whom.is_person() => {
            ("Add user", "UserManagement", "create_identity", whom)
        }
        Verb::CreateIdentity(whom) => (
            "Add service principal",
            "ApplicationManagement",
            "create_identity",
            whom,
        ),
        Verb::CreateCredential(whom) if whom.is_person() => (
            "Reset password (by admin)",
            "UserManagement",
            "create_credential",
            whom,
        ),
        Verb::GrantScope(whom) => (
            match whom.number / 2 % 2 {
                0 => "Consent to application",
                _ => "Add app role assignment to service principal",
            },
            "ApplicationManagement",
            "grant_scope",
            whom,
        ),
        Verb::CreateCredential(whom) => (
            "Add service principal credentials",
            "ApplicationManagement",
            "create_credential",
            whom,
        ),
        _ => return None,
    })
}

/// Returns how a record shows the scopes that an application is given.
fn given(operation: &str, whom: &Principal) -> Value {
    match operation {
        "Consent to application" => json!([
            {"displayName": "ConsentContext.IsAdminConsent", "oldValue": null, "newValue": "\"True\""},
            {"displayName": "ConsentContext.OnBehalfOfAll", "oldValue": null, "newValue": "\"True\""},
            {"displayName": "ConsentAction.Permissions", "oldValue": null, "newValue": format!(
                "\"[] => [[Id: {0}, ClientId: {1}, PrincipalId: , ResourceId: {0}, ConsentType: AllPrincipals, \
                 Scope: Directory.Read.All User.Read.All Group.Read.All, CreatedDateTime: , LastModifiedDateTime ]]; \"",
                whom.app, whom.object
            )},
            {"displayName": "ServicePrincipal.DisplayName", "oldValue": null, "newValue": format!("\"{}\"", whom.name)},
        ]),
        _ => json!([
            {"displayName": "AppRole.Id", "oldValue": null, "newValue": "\"7ab1d382-f21e-4acd-a863-ba3e13f7da61\""},
            {"displayName": "AppRole.Value", "oldValue": null, "newValue": "\"Directory.Read.All\""},
            {"displayName": "AppRole.DisplayName", "oldValue": null, "newValue": "\"Read directory data\""},
            {"displayName": "ServicePrincipal.ObjectID", "oldValue": null, "newValue": format!("\"{}\"", whom.object)},
            {"displayName": "ServicePrincipal.DisplayName", "oldValue": null, "newValue": format!("\"{}\"", whom.name)},
        ]),
    }
}

/// Writes a change of the directory.
pub(crate) fn audit(action: &Action, out: &mut DayFiles) {
    let Some((operation, category, action_class, whom)) = activity(&action.verb) else {
        return;
    };
    let who = &action.who;
    let correlation = out.guid();
    let by = if who.is_person() {
        json!({"user": {
            "id": who.object, "userPrincipalName": who.email, "displayName": null, "ipAddress": action.address, "roles": [],
        }})
    } else {
        json!({"app": {
            "appId": who.app, "displayName": who.name, "servicePrincipalId": who.object, "servicePrincipalName": null,
        }})
    };
    let mut target = json!({
        "id": whom.object, "displayName": whom.name, "administrativeUnits": [],
        "type": if whom.is_person() { "User" } else { "ServicePrincipal" },
        "modifiedProperties": [{"displayName": "Included Updated Properties", "oldValue": null, "newValue": "\"\""}],
    });
    if whom.is_person() {
        target["userPrincipalName"] = json!(whom.email);
    }
    if let Verb::GrantScope(_) = &action.verb {
        target["modifiedProperties"] = given(operation, whom);
    }
    let mut line = envelope(action, "AuditLogs", operation, &correlation);
    line["identity"] = json!(who.name);
    line["properties"] = json!({
        "id": format!("Directory_{correlation}_{}", out.ids.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 5)),
        "category": category, "correlationId": correlation, "result": if action.worked() { "success" } else { "failure" },
        "resultReason": "", "activityDisplayName": operation, "loggedByService": "Core Directory",
        "activityDateTime": format!("{}+00:00", instant(action.at(DIGITS), DIGITS as usize)),
        "operationType": "Add", "initiatedBy": by, "targetResources": [target],
        "additionalDetails": [{"key": "User-Agent", "value": action.tool.user_agent(who, "directory")}],
    });
    out.add(
        file(action, "AuditLogs"),
        FileLayout::Lines,
        &line.to_string(),
    );
    let mut expected = ExpectedEvent::of("entra.audit", action, DIGITS, operation, action_class);
    expected.identity = Some(who.entra());
    // Only the envelope has the address of an application.
    out.add_expected(&expected);
}
