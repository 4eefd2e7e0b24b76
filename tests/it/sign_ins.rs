//! A session that goes on past midnight: whoever reads the alert of the next day is told of the sign-in of the day before, from where
//! and how it was done and what was unusual about it, whether a night has learnt it by then or not.

use serde_json::{Value, json};

use crate::world::World;

/// The last ordinary day of March 2026, at whose end somebody signs in; on the next he acts.
const LAST: u32 = 15;
const TENANT: &str = "c4b1d7aa-2f60-4c1e-8d29-91d0e5a7b301";
const ELSEWHERE: &str = "203.0.113.66";
const DESK: &str = "198.51.100.7";

/// Somebody's session.
struct Session {
    who: u32,
    id: String,
    address: &'static str,
    country: &'static str,
    has_second_factor: bool,
}

impl Session {
    fn ordinary(who: u32, day: u32) -> Self {
        Self {
            who,
            id: format!("session-{who}-{day}"),
            address: DESK,
            country: "NL",
            has_second_factor: true,
        }
    }
}

fn time(day: u32, second: u32) -> String {
    let (hour, minute) = (second / 3_600, second / 60 % 60);
    format!("2026-03-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// The log of an identity provider.
trait Log {
    /// The canonical id of somebody, as alerts write it.
    fn identity(who: u32) -> String;
    /// The records of a sign-in.
    fn signs_in(at: &str, id: u32, session: &Session) -> Value;
    /// A record of one request for the directory: what the logs have of it.
    fn asks(at: &str, id: u32, session: &Session, of: usize) -> Value;
    /// How the sign-in is told, and whether it is known to have had no second factor.
    const METHOD: (&str, Option<bool>);
}

struct Okta;

impl Okta {
    fn record(at: &str, id: u32, session: &Session, event: &str) -> Value {
        let country = match session.country {
            "NL" => "Netherlands",
            _ => "Brazil",
        };
        json!({
            "uuid": format!("okta-{id}"), "published": at, "eventType": event,
            "actor": {"id": format!("00u{:04}", session.who), "type": "User",
                "alternateId": format!("person{}@example.com", session.who)},
            "client": {"ipAddress": session.address, "userAgent": {"rawUserAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0"},
                "geographicalContext": {"country": country}},
            "authenticationContext": {"credentialType": "PASSWORD", "externalSessionId": session.id},
            "outcome": {"result": "SUCCESS"}, "target": [], "debugContext": {"debugData": {"requestUri": "/api/v1/users"}},
        })
    }
}

impl Log for Okta {
    fn identity(who: u32) -> String {
        format!("okta:-/User/00u{who:04}")
    }

    fn signs_in(at: &str, id: u32, session: &Session) -> Value {
        let event = match session.has_second_factor {
            true => "user.authentication.auth_via_mfa",
            false => "user.session.start",
        };
        Self::record(at, id, session, event)
    }

    fn asks(at: &str, id: u32, session: &Session, of: usize) -> Value {
        let events = [
            "system.org.rate_limit.warning",
            "system.client.rate_limit.violation",
        ];
        Self::record(at, id, session, events[of % 2])
    }

    /// Its log tells of second factors that were used, and never that there was none.
    const METHOD: (&str, Option<bool>) = ("user.session.start (PASSWORD)", None);
}

struct Entra;

impl Entra {
    fn guid(who: u32) -> String {
        format!("{who:08}-77e1-4b7c-9a02-5d1b6a1f0c11")
    }
}

impl Log for Entra {
    fn identity(who: u32) -> String {
        format!("entra:{TENANT}/{}", Self::guid(who))
    }

    fn signs_in(at: &str, id: u32, session: &Session) -> Value {
        let required = match session.has_second_factor {
            true => "multiFactorAuthentication",
            false => "singleFactorAuthentication",
        };
        json!({
            "time": at, "category": "SignInLogs", "operationName": "Sign-in activity", "tenantId": TENANT, "resultType": "0",
            "resourceId": format!("/tenants/{TENANT}/providers/Microsoft.aadiam"), "callerIpAddress": session.address,
            "properties": {
                "id": format!("entra-{id}"), "createdDateTime": at, "userId": Self::guid(session.who), "ipAddress": session.address,
                "userPrincipalName": format!("person{}@example.com", session.who), "appId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
                "status": {"errorCode": 0}, "clientAppUsed": "Browser", "authenticationRequirement": required,
                "location": {"countryOrRegion": session.country}, "uniqueTokenIdentifier": session.id, "isInteractive": true,
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
            },
        })
    }

    fn asks(at: &str, id: u32, session: &Session, of: usize) -> Value {
        let paths = [
            "users",
            "groups",
            "directoryRoles",
            "servicePrincipals",
            "applications",
            "devices",
        ];
        json!({
            "time": at, "category": "MicrosoftGraphActivityLogs", "operationName": "Microsoft Graph Activity", "tenantId": TENANT,
            "resourceId": format!("/TENANTS/{TENANT}/PROVIDERS/MICROSOFT.AADIAM"), "callerIpAddress": session.address,
            "properties": {
                "requestId": format!("graph-{id}"), "timeGenerated": at, "ipAddress": session.address, "requestMethod": "GET",
                "requestUri": format!("https://graph.microsoft.com/v1.0/{}", paths[of % paths.len()]), "responseStatusCode": 200,
                "appId": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "userId": Self::guid(session.who), "tenantId": TENANT,
                "signInActivityId": session.id, "scopes": "User.Read",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",
            },
        })
    }

    const METHOD: (&str, Option<bool>) = ("Sign-in activity (Browser)", Some(false));
}

/// Two ordinary weeks of a few people, who sign in at their desks; at the end of the last day one of them does so elsewhere, and collects
/// the directory after midnight. On that morning he signs in at his desk as ever. Returns a file a day.
fn days<L: Log>() -> Vec<String> {
    let mut n = 0;
    let mut days = Vec::new();
    let stolen = Session {
        address: ELSEWHERE,
        country: "BR",
        has_second_factor: false,
        id: "stolen".to_owned(),
        ..Session::ordinary(1, 0)
    };
    for day in 1..=LAST + 1 {
        let mut text = String::new();
        let mut write = |record: &dyn Fn(u32) -> Value| {
            n += 1;
            text += &format!("{}\n", record(n));
        };
        for who in 0..8 {
            let session = Session::ordinary(who, day);
            let start = 8 * 3_600 + 300 * who;
            write(&|id| L::signs_in(&time(day, start), id, &session));
            for visit in 0..3 + (day + who) % 3 {
                let at = time(day, start + 1_800 * (visit + 1));
                write(&|id| L::asks(&at, id, &session, 0));
            }
        }
        if day == LAST {
            write(&|id| L::signs_in(&time(day, 22 * 3_600 + 50 * 60), id, &stolen));
        }
        if day == LAST + 1 {
            for asked in 0..500 {
                let at = time(day, 2_400 + asked);
                write(&|id| L::asks(&at, id, &stolen, asked as usize));
            }
        }
        days.push(text);
    }
    days
}

/// Learns so many days, judges the others, and returns how the session of the alert on the last day began.
fn authentication<L: Log>(n_learnt: usize, is_night: bool) -> Value {
    let world = World::empty();
    let days = days::<L>();
    let (learnt, judged) = days.split_at(n_learnt);
    world.write("learnt.jsonl", learnt.concat());
    world.write("judged.jsonl", judged.concat());
    if is_night {
        let before = learnt[..n_learnt - 1].concat();
        world.write("before.jsonl", before);
        world.run(&["train", "before.jsonl"]).succeeds();
    }
    world.run(&["train", "learnt.jsonl"]).succeeds();
    let said = world.run(&["score", "judged.jsonl"]).succeeds();
    let alerts = said.out.lines();
    let alerts = alerts.map(|line| serde_json::from_str::<Value>(line).expect("an alert"));
    let of_session = alerts.filter(|alert| {
        let is_of_day = alert["time"]
            .as_str()
            .is_some_and(|time| time.starts_with(&format!("2026-03-{}", LAST + 1)));
        is_of_day && alert["analytic"] == "AN1087" && alert["entity"]["id"] == L::identity(1)
    });
    let mut of_session = of_session.collect::<Vec<_>>();
    assert_eq!(of_session.len(), 1, "{}\n{}", said.out, said.err);
    of_session.remove(0)["authentication"].take()
}

fn tells_of_the_day_before<L: Log>() {
    let (method, mfa) = L::METHOD;
    let mut unusual = vec!["network 203.0.0.0/16", "country BR"];
    if mfa == Some(false) {
        unusual.push("sign-in with no mfa");
    }
    let expected = json!({"time": "2026-03-15T22:50:00Z", "method": method, "mfa": mfa, "source_ip": ELSEWHERE, "country": "BR",
        "unusual": unusual});
    let last = LAST as usize;
    // The scorer has seen both days; a night lies in between; and that night went on from a state of learning.
    for (n_learnt, is_night) in [(last - 1, false), (last, false), (last, true)] {
        let told = authentication::<L>(n_learnt, is_night);
        assert_eq!(told, expected, "{n_learnt} days learnt, {is_night}");
    }
}

#[test]
fn a_session_of_okta_is_told_with_the_sign_in_of_the_day_before() {
    tells_of_the_day_before::<Okta>();
}

#[test]
fn a_session_of_entra_is_told_with_the_sign_in_of_the_day_before() {
    tells_of_the_day_before::<Entra>();
}
