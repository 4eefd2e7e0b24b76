//! The Azure Activity log, as diagnostic settings write it: two records of every change, when it starts and when it ends.

use serde_json::json;

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{
    Action, Blinding, NANOS, Outcome, Verb, instant,
};
use crate::simulate::model::other_providers::container::{OWNERS, Owner, TENANT};
use crate::simulate::model::random::{HEX, splitmix};
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::azure_hour;

/// Digits of a second.
const DIGITS: u32 = 7;

/// The container that replicated objects arrive in.
const INBOX: &str = "in";

/// A rule that deletes after at most so many days deletes soon.
const SOON_DAYS: u32 = 7;

/// Returns the region of an account as requests spell it.
fn place_of(owner: &Owner) -> String {
    owner.region.replace(' ', "").to_lowercase()
}

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let owner = action
        .container
        .as_ref()
        .map_or(&OWNERS[0], |container| container.owner);
    let account = format!(
        "PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/{}",
        owner.name.to_uppercase()
    );
    let (operation, resource, action_class) = match &action.verb {
        Verb::FetchKeys => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
            account,
            "create_credential",
        ),
        Verb::Configure => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/WRITE",
            account,
            "write_posture",
        ),
        Verb::Replicate(_) => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/OBJECTREPLICATIONPOLICIES/WRITE",
            format!("{account}/OBJECTREPLICATIONPOLICIES/DEFAULT"),
            "copy_object",
        ),
        Verb::CreateIdentity(whom) => (
            "MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/WRITE",
            format!(
                "PROVIDERS/MICROSOFT.MANAGEDIDENTITY/USERASSIGNEDIDENTITIES/{}",
                whom.name.to_uppercase()
            ),
            "create_identity",
        ),
        Verb::Expire(days) => (
            "MICROSOFT.STORAGE/STORAGEACCOUNTS/MANAGEMENTPOLICIES/WRITE",
            format!("{account}/MANAGEMENTPOLICIES/DEFAULT"),
            if *days <= SOON_DAYS {
                "expire_objects"
            } else {
                "write_posture"
            },
        ),
        Verb::Blind(Blinding::FlowLogDeleted) => (
            "MICROSOFT.NETWORK/NETWORKWATCHERS/FLOWLOGS/DELETE",
            "PROVIDERS/MICROSOFT.NETWORK/NETWORKWATCHERS/NETWORKWATCHER_WESTEUROPE/FLOWLOGS/MAIN"
                .to_owned(),
            "blind_log",
        ),
        Verb::Blind(how) => (
            match how {
                Blinding::SettingDeleted => "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/DELETE",
                _ => "MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/WRITE",
            },
            format!(
                "{account}/BLOBSERVICES/DEFAULT/PROVIDERS/MICROSOFT.INSIGHTS/DIAGNOSTICSETTINGS/TO-WORKSPACE"
            ),
            "blind_log",
        ),
        Verb::StartMachine(_) => (
            "MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE",
            format!(
                "PROVIDERS/MICROSOFT.COMPUTE/VIRTUALMACHINES/VM-{:06X}",
                splitmix(action.at as u64) % 0x100_0000
            ),
            "start_compute",
        ),
        _ => return,
    };
    let storage = resource.contains("MICROSOFT.STORAGE");
    let who = &action.who;
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
        "appid": action.tool.application(who).0, "ipaddr": action.address, "ver": "1.0",
        "idtyp": if who.is_person() { "user" } else { "app" },
        "http://schemas.microsoft.com/identity/claims/objectidentifier": who.object,
        "http://schemas.microsoft.com/identity/claims/tenantid": TENANT,
    });
    if who.is_person() {
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = json!(who.email);
        claims["name"] = json!(who.name);
    }
    let correlation = out.guid();
    let ends = match action.outcome {
        Outcome::Success => ("Success", "Succeeded."),
        Outcome::Missing => ("Failure", "Failed.NotFound"),
        Outcome::Denied => ("Failure", "Failed.Forbidden"),
    };
    for (place, (result, signature)) in [("Start", "Started."), ends].into_iter().enumerate() {
        let at = action.at(DIGITS) + place as i64 * NANOS / 4;
        let mut properties =
            json!({"eventCategory": "Administrative", "entity": resource.to_lowercase()});
        if let Verb::Replicate(to) = &action.verb {
            properties["requestbody"] = json!(json!({"properties": {
                "sourceAccount": owner.name, "destinationAccount": to,
                "rules": [{"sourceContainer": action.container.as_ref().map_or("", |s| s.name.as_str()), "destinationContainer": INBOX}],
            }}).to_string());
        }
        let set = match &action.verb {
            Verb::Expire(days) => Some(json!({"properties": {"policy": {"rules": [{
                "enabled": true, "name": "expire", "type": "Lifecycle", "definition": {
                    "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": days}}},
                    "filters": {"blobTypes": ["blockBlob"]},
                },
            }]}}})),
            Verb::Blind(Blinding::SettingOff) => {
                let logs: Vec<_> = ["StorageRead", "StorageWrite", "StorageDelete"]
                    .iter()
                    .map(|category| json!({"category": category, "enabled": false}))
                    .collect();
                Some(
                    json!({"properties": {"logs": logs, "metrics": [{"category": "Transaction", "enabled": true}]}}),
                )
            }
            Verb::StartMachine(_) => Some(json!({"location": place_of(owner), "properties": {
                "hardwareProfile": {"vmSize": "Standard_D4s_v5"},
            }})),
            _ => None,
        };
        if let Some(set) = set {
            properties["requestbody"] = json!(set.to_string());
        }
        let location = match action.verb {
            Verb::StartMachine(_) => place_of(owner),
            _ => "global".to_owned(),
        };
        let line = json!({
            "time": format!("{}Z", instant(at, DIGITS as usize)), "resourceId": resource, "operationName": operation,
            "category": "Administrative", "resultType": result, "resultSignature": signature,
            "durationMs": place * 250, "callerIpAddress": action.address, "correlationId": correlation,
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
            "level": if action.worked() { "Information" } else { "Error" }, "location": location, "tenantId": TENANT,
            "properties": properties, "releaseVersion": format!("6.2026.10.{}+{}", 1, out.ids.text(HEX, 7)),
        });
        let path = format!(
            "azure/insights-activity-logs/resourceId=/SUBSCRIPTIONS/{}/{}/PT1H.json",
            owner.subscription.to_uppercase(),
            azure_hour(action)
        );
        out.add(path, FileLayout::Lines, &line.to_string());
        let mut expected =
            ExpectedEvent::of("azure.activity", action, DIGITS, operation, action_class);
        expected.event_time = format!("{}Z", instant(at, 9));
        expected.identity = Some(who.entra());
        expected.container = storage.then(|| owner.name.to_owned());
        if action_class == "start_compute" {
            expected.object = Some(resource.clone());
        }
        if let Verb::Replicate(to) = &action.verb {
            expected.dst_account = Some(to.clone());
            expected.dst_container = Some(format!("{to}/{INBOX}"));
        }
        expected.counts = place == 1;
        if place == 0 {
            expected.outcome = "unknown";
        }
        out.add_expected(&expected);
    }
}
