//! The Azure Activity log, as diagnostic settings write it: two records of every change, when it starts and when it ends.

use serde_json::json;

use crate::simulate::random::HEX;

use super::deed::{Deed, NANOS, Outcome, Verb, instant};
use super::place::{OWNERS, TENANT};
use super::sheet::{Form, Sheets, Told, azure_hour};

/// Digits of a second.
const DIGITS: u32 = 7;

/// The container that replicated objects arrive in.
const INBOX: &str = "in";

/// Writes a deed.
pub(super) fn write(deed: &Deed, out: &mut Sheets) {
    let owner = deed.store.as_ref().map_or(&OWNERS[0], |store| store.owner);
    let account = format!(
        "PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/{}",
        owner.name.to_uppercase()
    );
    let (operation, resource, action) = match &deed.verb {
        Verb::Keys => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
            account,
            "create_credential",
        ),
        Verb::Configure => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE",
            account,
            "write_posture",
        ),
        Verb::Forward(_) => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/OBJECTREPLICATIONPOLICIES/WRITE",
            format!("{account}/OBJECTREPLICATIONPOLICIES/DEFAULT"),
            "copy_object",
        ),
        Verb::Create(whom) => (
            "MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/WRITE",
            format!(
                "PROVIDERS/MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/{}",
                whom.name.to_uppercase()
            ),
            "create_identity",
        ),
        _ => return,
    };
    let storage = !matches!(deed.verb, Verb::Create(_));
    let who = &deed.who;
    let kind = if who.is_person() {
        "User"
    } else {
        "ServicePrincipal"
    };
    let resource = format!(
        "/SUBSCRIPTIONS/{}/RESOURCEGROUPS/RG-STORAGE/{resource}",
        owner.subscription.to_uppercase()
    );
    let mut claims = json!({
        "aud": "https://management.core.windows.net/", "iss": format!("https://sts.windows.net/{TENANT}/"),
        "appid": deed.tool.application(who).0, "ipaddr": deed.address, "ver": "1.0",
        "idtyp": if who.is_person() { "user" } else { "app" },
        "http://schemas.microsoft.com/identity/claims/objectidentifier": who.object,
        "http://schemas.microsoft.com/identity/claims/tenantid": TENANT,
    });
    if who.is_person() {
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = json!(who.email);
        claims["name"] = json!(who.name);
    }
    let correlation = out.guid();
    let ends = match deed.outcome {
        Outcome::Success => ("Success", "Succeeded."),
        Outcome::Missing => ("Failure", "Failed.NotFound"),
        Outcome::Denied => ("Failure", "Failed.Forbidden"),
    };
    for (place, (result, signature)) in [("Start", "Started."), ends].into_iter().enumerate() {
        let at = deed.at(DIGITS) + place as i64 * NANOS / 4;
        let mut properties =
            json!({"eventCategory": "Administrative", "entity": resource.to_lowercase()});
        if let Verb::Forward(to) = &deed.verb {
            properties["requestbody"] = json!(json!({"properties": {
                "sourceAccount": owner.name, "destinationAccount": to,
                "rules": [{"sourceContainer": deed.store.as_ref().map_or("", |s| s.name.as_str()), "destinationContainer": INBOX}],
            }}).to_string());
        }
        let line = json!({
            "time": format!("{}Z", instant(at, DIGITS as usize)), "resourceId": resource, "operationName": operation,
            "category": "Administrative", "resultType": result, "resultSignature": signature,
            "durationMs": place * 250, "callerIpAddress": deed.address, "correlationId": correlation,
            "identity": {
                "authorization": {
                    "scope": resource, "action": operation,
                    "evidence": {
                        "role": "Storage Account Contributor", "principalType": kind,
                        "principalId": who.object.replace('-', ""),
                        "roleAssignmentScope": format!("/subscriptions/{}", owner.subscription),
                    },
                },
                "claims": claims,
            },
            "level": if deed.worked() { "Information" } else { "Error" }, "location": "global", "tenantId": TENANT,
            "properties": properties, "releaseVersion": format!("6.2026.10.{}+{}", 1, out.ids.text(HEX, 7)),
        });
        let path = format!(
            "azure/insights-activity-logs/resourceId=/SUBSCRIPTIONS/{}/{}/PT1H.json",
            owner.subscription.to_uppercase(),
            azure_hour(deed)
        );
        out.add(path, Form::Lines, &line.to_string());
        let mut told = Told::of("azure.activity", deed, DIGITS, operation, action);
        told.event_time = format!("{}Z", instant(at, 9));
        told.identity = Some(who.entra());
        told.container = storage.then(|| owner.name.to_owned());
        if let Verb::Forward(to) = &deed.verb {
            told.dst_account = Some(to.clone());
            told.dst_container = Some(format!("{to}/{INBOX}"));
        }
        told.counts = place == 1;
        if place == 0 {
            told.outcome = "unknown";
        }
        out.tell(&told);
    }
}
