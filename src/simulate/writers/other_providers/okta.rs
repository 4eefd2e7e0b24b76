//! The Okta System Log, as it streams to an event bus: only the envelope names the organisation.

use serde_json::{Value, json};

use crate::simulate::model::expected::ExpectedEvent;
use crate::simulate::model::other_providers::action::{Action, Outcome, Verb, instant};
use crate::simulate::model::other_providers::container::OKTA;
use crate::simulate::writers::day_files::{DayFiles, FileLayout};
use crate::simulate::writers::other_providers::paths::dated;

/// Writes an action.
pub(crate) fn write(action: &Action, out: &mut DayFiles) {
    let (who, person) = (&action.who, action.who.is_person());
    let (event, action_class, target, debug): (_, _, Option<Value>, Value) = match &action.verb {
        Verb::SignIn if person => (
            "user.session.start",
            "authenticate",
            None,
            json!({
                "requestUri": "/api/v1/authn", "url": "/api/v1/authn?", "threatSuspected": "false",
            }),
        ),
        Verb::SignIn => (
            "app.oauth2.as.token.grant",
            "authenticate",
            None,
            json!({
                "requestUri": "/oauth2/v1/token", "grantType": "client_credentials", "clientId": who.okta,
                "requestedScopes": "okta.users.read,okta.groups.read", "grantedScopes": "okta.users.read,okta.groups.read",
            }),
        ),
        Verb::CreateIdentity(whom) => (
            "user.lifecycle.create",
            "create_identity",
            Some(json!({
                "id": whom.okta, "type": "User", "alternateId": whom.email, "displayName": whom.name,
            })),
            json!({"requestUri": "/api/v1/users", "url": "/api/v1/users?activate=true"}),
        ),
        Verb::CreateCredential(whom) => (
            "system.api_token.create",
            "create_credential",
            Some(json!({
                "id": format!("00T{}", &whom.okta[3..]), "type": "Token", "alternateId": "unknown", "displayName": "sync",
            })),
            json!({"requestUri": "/api/internal/tokens"}),
        ),
        Verb::RateLimit if action.worked() => (
            "system.org.rate_limit.warning",
            "enumerate_directory",
            None,
            json!({
                "requestUri": "/api/v1/users", "url": "/api/v1/users?limit=200", "threshold": "600",
            }),
        ),
        Verb::RateLimit => (
            "system.org.rate_limit.violation",
            "enumerate_directory",
            None,
            json!({
                "requestUri": "/api/v1/users", "url": "/api/v1/users?limit=200", "threshold": "600",
            }),
        ),
        Verb::Export => (
            "analytics.reports.export.download",
            "read_object",
            None,
            json!({"requestUri": "/reports/csv"}),
        ),
        _ => return,
    };
    let result = match action.outcome {
        Outcome::Success => json!({"result": "SUCCESS", "reason": null}),
        Outcome::Missing => json!({"result": "FAILURE", "reason": "INVALID_CREDENTIALS"}),
        Outcome::Denied => json!({"result": "DENY", "reason": "rate limit"}),
    };
    let (uuid, transaction) = (
        out.guid(),
        out.ids.text(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            27,
        ),
    );
    let place = json!({
        "city": "Utrecht", "state": "Utrecht", "country": "Netherlands", "postalCode": "3511",
        "geolocation": {"lat": 52.09, "lon": 5.12},
    });
    let record = json!({
        "uuid": uuid, "published": format!("{}Z", instant(action.at(3), 3)), "eventType": event, "version": "0",
        "severity": if action.worked() { "INFO" } else { "WARN" }, "legacyEventType": null, "displayMessage": event,
        "actor": {
            "id": who.okta, "type": who.okta_type(), "alternateId": who.email, "displayName": who.name, "detailEntry": null,
        },
        "client": {
            "userAgent": {"rawUserAgent": action.tool.user_agent(who, "okta"), "os": "Windows 10", "browser": "CHROME"},
            "zone": "null", "device": "Computer", "id": null, "ipAddress": action.address, "geographicalContext": place,
        },
        "authenticationContext": {
            "authenticationProvider": null, "credentialProvider": null, "credentialType": null, "issuer": null,
            "interface": null, "authenticationStep": 0, "externalSessionId": format!("idx{}", &who.okta[3..]),
        },
        "outcome": result, "target": target.map(|target| vec![target]),
        "transaction": {"type": "WEB", "id": transaction, "detail": {}}, "debugContext": {"debugData": debug},
        "request": {"ipChain": [{"ip": action.address, "geographicalContext": place, "version": "V4", "source": null}]},
        "securityContext": {"asNumber": 64_512, "asOrg": "halcyon", "isp": "halcyon", "domain": null, "isProxy": false},
    });
    let time = format!("{}Z", instant(action.at(0), 0));
    let line = json!({
        "version": "0", "id": out.guid(), "detail-type": "SystemLog", "source": format!("aws.partner/okta.com/{OKTA}/audit"),
        "account": "111122223333", "time": time, "region": "us-east-1", "resources": [], "detail": record,
    });
    out.add(
        format!("okta/{}.jsonl", dated(action, "%Y-%m-%dT%H")),
        FileLayout::Lines,
        &line.to_string(),
    );
    let mut expected = ExpectedEvent::of("okta.system", action, 3, event, action_class);
    expected.identity = Some(who.okta());
    expected.object = (action.verb == Verb::RateLimit).then(|| "/api/v1/users".to_owned());
    out.add_expected(&expected);
}
