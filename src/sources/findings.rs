//! Findings of other detectors: Amazon GuardDuty, the AWS Security Finding Format of Security Hub, alerts of Microsoft Sentinel and of the
//! Graph security API, and risk detections of Entra ID Protection.
//!
//! A finding is read for whom it is about. One that names no principal, as those of configuration checks, is context to nobody.
//! Its time is when the act was last seen that it is about, so a finding that goes on is found on each of its days.

use crate::event::{Action, Detection, Event, IdentityKind, Principal, Provider, Source};
use crate::sources::interner::Interner;
use crate::sources::json::{Object, Value, parse_text};
use crate::sources::microsoft::{Actor, guid};
use crate::sources::parser::{ParserState, RecordParser};
use crate::sources::parts::instant::instant;
use crate::sources::parts::{address, arn};
use crate::sources::report::{Parsed, RejectReason, SkipReason};
use crate::time::Time;
use crate::vocab::{FindingSeverity, Str};

/// Reads findings.
pub const PARSER: RecordParser = RecordParser::new(Source::Findings, recognises, parse);

/// The most entities of one alert that are looked at.
const ENTITIES_MAX: usize = 256;

/// The form of a finding.
#[derive(Clone, Copy)]
enum Form {
    GuardDuty,
    SecurityHub,
    Sentinel,
    Graph,
    Risk,
}

fn form(object: Object<'_>) -> Option<Form> {
    let has = |names: &[&str]| names.iter().all(|name| member(object, name).is_present());
    let detector = || member(object, "service").get_any_case("serviceName");
    if has(&["type", "severity", "resource"])
        && (detector().is_some_and(|name| name.text().as_deref() == Some("guardduty"))
            || member(object, "arn")
                .text()
                .is_some_and(|arn| arn.contains(":guardduty:")))
    {
        return Some(Form::GuardDuty);
    }
    if has(&["ProductArn", "GeneratorId", "AwsAccountId", "Resources"]) {
        return Some(Form::SecurityHub);
    }
    if has(&["SystemAlertId", "AlertName", "ProviderName"]) {
        return Some(Form::Sentinel);
    }
    if has(&["detectionSource", "serviceSource", "createdDateTime"]) {
        return Some(Form::Graph);
    }
    if has(&["riskEventType", "riskLevel"])
        || member(object, "properties")
            .get_any_case("riskEventType")
            .is_some()
    {
        return Some(Form::Risk);
    }
    None
}

fn recognises(object: Object<'_>) -> bool {
    form(object).is_some()
}

/// Returns a member, whatever the case of its name: the API and the event bus spell them differently.
fn member<'a>(object: Object<'a>, name: &str) -> Value<'a> {
    let mut members = object.members();
    let found = members.find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
    found.map_or(Value::Null, |(_, value)| value)
}

/// Returns what lies at a path, whatever the case of its names.
fn at<'a>(value: Value<'a>, path: &[&str]) -> Value<'a> {
    let found = path.iter().try_fold(value, |v, name| v.get_any_case(name));
    found.unwrap_or(Value::Null)
}

/// What is read of a finding.
struct Stated<'a> {
    provider: Provider,
    detector: &'a str,
    id: Value<'a>,
    kind: Option<&'a str>,
    title: Value<'a>,
    severity: Option<FindingSeverity>,
    /// The first of these that is a time.
    times: [Value<'a>; 3],
    account: Value<'a>,
    region: Value<'a>,
    address: Option<Value<'a>>,
    bucket: Option<Value<'a>>,
    credential: Option<Value<'a>>,
}

fn parse(object: Object<'_>, state: &mut ParserState) -> Parsed {
    match form(object) {
        Some(Form::GuardDuty) => guard_duty(object, state),
        Some(Form::SecurityHub) => security_hub(object, state),
        Some(Form::Sentinel) => sentinel(object, state),
        Some(Form::Graph) => graph(object, state),
        Some(Form::Risk) => risk(object, state),
        None => Parsed::Rejected(RejectReason::UnknownRecord),
    }
}

/// Makes the event of a finding on a principal; of none, a record that is skipped.
fn event(stated: &Stated<'_>, principal: Option<Principal>, state: &mut ParserState) -> Parsed {
    let interner = &mut state.interner;
    let time = |value: &Value<'_>| instant(&value.text()?);
    let Some(time) = stated.times.iter().find_map(time).or(state.moved_time) else {
        return Parsed::Rejected(RejectReason::NoTime);
    };
    let (Some(principal), Some(id)) = (principal, stated.id.text()) else {
        return Parsed::Skipped(SkipReason::Finding);
    };
    let share =
        |value: Value<'_>, interner: &mut Interner| value.text().map(|text| interner.share(&text));
    let title = stated.title.text().unwrap_or_default();
    let kind = stated
        .kind
        .map(str::to_owned)
        .unwrap_or_else(|| title.to_string());
    let address = stated.address.and_then(Value::text);
    let event = Event {
        account: share(stated.account, interner),
        region: share(stated.region, interner),
        principal: Some(principal),
        credential: stated.credential.and_then(|value| share(value, interner)),
        peer: address.map_or_else(Default::default, |text| address::peer(&text, interner)),
        container: stated
            .bucket
            .and_then(Value::text)
            .map(|name| interner.untrusted(&name)),
        ..Event::new(time, Str::default(), stated.provider, Source::Findings)
    };
    let conclusion = Conclusion {
        detector: stated.detector,
        kind: &kind,
        id: &id,
        title: &title,
        severity: stated.severity,
        at: None,
    };
    conclusion.on(event, state)
}

/// What a detector concluded of the principal of an event.
pub struct Conclusion<'a> {
    /// The detector.
    pub detector: &'a str,
    /// The kind of finding.
    pub kind: &'a str,
    /// The detector's id of it.
    pub id: &'a str,
    /// What it says.
    pub title: &'a str,
    /// How grave it takes that to be.
    pub severity: Option<FindingSeverity>,
    /// When the act was last seen, if it is stated.
    pub at: Option<Time>,
}

impl Conclusion<'_> {
    /// Returns the finding on the principal of an event; a record that is skipped if it has none.
    pub fn on(&self, event: Event, state: &mut ParserState) -> Parsed {
        let Some(principal) = event.principal else {
            return Parsed::Skipped(SkipReason::Finding);
        };
        let interner = &mut state.interner;
        Parsed::Event(Box::new(Event {
            action: Action::Finding,
            op: interner.share(self.kind),
            service: interner.share(self.detector),
            account: event.account,
            region: event.region,
            regional: false,
            client: state.clients.of("", interner).family.clone(),
            principal: Some(principal),
            credential: event.credential,
            peer: event.peer,
            container: event.container,
            detection: Some(Box::new(Detection {
                title: interner.untrusted(self.title),
                severity: self.severity,
            })),
            ..Event::new(
                self.at.unwrap_or(event.time),
                interner.share(self.id),
                event.provider,
                event.source,
            )
        }))
    }
}

fn guard_duty(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let (resource, service) = (member(object, "resource"), member(object, "service"));
    let key = at(resource, &["accessKeyDetails"]);
    let account = member(object, "accountId");
    let action = at(service, &["action"]);
    let mut remotes = [
        "awsApiCallAction",
        "networkConnectionAction",
        "kubernetesApiCallAction",
    ]
    .into_iter()
    .map(|kind| at(action, &[kind, "remoteIpDetails", "ipAddressV4"]));
    let buckets = at(resource, &["s3BucketDetails"]);
    let kind = member(object, "type").text();
    let level = number(member(object, "severity"));
    let stated = Stated {
        provider: Provider::Aws,
        detector: "guardduty",
        id: member(object, "id"),
        kind: kind.as_deref(),
        title: member(object, "title"),
        severity: level.map(of_guard_duty),
        times: [
            at(service, &["eventLastSeen"]),
            member(object, "updatedAt"),
            member(object, "createdAt"),
        ],
        account,
        region: member(object, "region"),
        address: remotes.find(|value| value.is_present()),
        bucket: buckets
            .elements()
            .next()
            .map(|bucket| at(bucket, &["name"])),
        credential: Some(at(key, &["accessKeyId"])),
    };
    let names = AwsNames {
        account,
        name: at(key, &["userName"]),
        kind: at(key, &["userType"]),
        id: at(key, &["principalId"]),
        instance: at(resource, &["instanceDetails", "instanceId"]),
    };
    let principal = names.principal(&mut state.interner);
    event(&stated, principal, state)
}

/// How GuardDuty names a principal.
struct AwsNames<'a> {
    account: Value<'a>,
    name: Value<'a>,
    kind: Value<'a>,
    id: Value<'a>,
    instance: Value<'a>,
}

impl AwsNames<'_> {
    fn principal(&self, interner: &mut Interner) -> Option<Principal> {
        let account = self.account.text()?;
        let (name, kind) = (self.name.text(), self.kind.text().unwrap_or_default());
        let id = self.id.text();
        // `AROA…:session` of a session, `AIDA…` of a user.
        let (unique, session) = match id.as_deref().and_then(|id| id.split_once(':')) {
            Some((unique, session)) => (Some(unique), Some(session)),
            None => (id.as_deref(), None),
        };
        let kind = kind.to_ascii_lowercase();
        let arn = match (name.as_deref(), &*kind) {
            (_, "root") => format!("arn:aws:iam::{account}:root"),
            (Some(name), "assumedrole" | "role") => {
                let session = session.unwrap_or_default();
                format!("arn:aws:sts::{account}:assumed-role/{name}/{session}")
            }
            (Some(name), "iamuser") => format!("arn:aws:iam::{account}:user/{name}"),
            (Some(name), "federateduser") => {
                format!("arn:aws:sts::{account}:federated-user/{name}")
            }
            _ => {
                let instance = self.instance.text()?;
                let id = interner.share(&format!("aws:instance:{instance}"));
                return Some(Principal::new(id, IdentityKind::Workload));
            }
        };
        let (mut principal, _) = arn::principal(&arn, interner);
        if matches!(&*kind, "iamuser" | "assumedrole" | "role") {
            principal.unique_id = unique
                .filter(|id| id.len() > 4 && id.bytes().all(|b| b.is_ascii_alphanumeric()))
                .map(|id| interner.share(id));
        }
        Some(principal)
    }
}

/// Severities of GuardDuty are 1.0 to 10.0: critical from 9, high from 7, medium from 4.
fn of_guard_duty(level: f64) -> FindingSeverity {
    match level {
        _ if level >= 9.0 => FindingSeverity::Critical,
        _ if level >= 7.0 => FindingSeverity::High,
        _ if level >= 4.0 => FindingSeverity::Medium,
        _ => FindingSeverity::Low,
    }
}

fn number(value: Value<'_>) -> Option<f64> {
    value.text()?.parse().ok().filter(|n: &f64| n.is_finite())
}

/// Returns the severity of a word, as all detectors name them.
pub fn severity(value: Value<'_>) -> Option<FindingSeverity> {
    match &*value.text()?.to_ascii_lowercase() {
        "informational" | "info" | "none" => Some(FindingSeverity::Informational),
        "low" => Some(FindingSeverity::Low),
        "medium" => Some(FindingSeverity::Medium),
        "high" => Some(FindingSeverity::High),
        "critical" | "fatal" => Some(FindingSeverity::Critical),
        _ => None,
    }
}

fn security_hub(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let account = member(object, "AwsAccountId");
    let product = member(object, "ProductName").text();
    let product = product.map(|name| name.to_ascii_lowercase());
    let resources = || member(object, "Resources").elements().take(ENTITIES_MAX);
    let of_kind = |kind: &str| {
        let mut all = resources();
        all.find(|of| at(*of, &["Type"]).text().as_deref() == Some(kind))
    };
    let types = member(object, "Types");
    let kind = types.elements().next().and_then(Value::text);
    let key = of_kind("AwsIamAccessKey");
    let details = key.map_or(Value::Null, |key| at(key, &["Details", "AwsIamAccessKey"]));
    let bucket = of_kind("AwsS3Bucket").and_then(|of| at(of, &["Id"]).text());
    let bucket = bucket.map(|arn| arn.rsplit(':').next().unwrap_or_default().to_owned());
    let instance = of_kind("AwsEc2Instance").and_then(|of| at(of, &["Id"]).text());
    let instance = instance.map(|arn| arn.rsplit('/').next().unwrap_or_default().to_owned());
    let mut remotes = ["AwsApiCallAction", "NetworkConnectionAction"]
        .into_iter()
        .map(|kind| {
            at(
                member(object, "Action"),
                &[kind, "RemoteIpDetails", "IpAddressV4"],
            )
        });
    let label = severity(at(member(object, "Severity"), &["Label"]));
    let stated = Stated {
        provider: Provider::Aws,
        detector: product.as_deref().unwrap_or("securityhub"),
        id: member(object, "Id"),
        kind: kind.as_deref(),
        title: member(object, "Title"),
        severity: label,
        times: [
            member(object, "LastObservedAt"),
            member(object, "UpdatedAt"),
            member(object, "CreatedAt"),
        ],
        account,
        region: member(object, "Region"),
        address: remotes.find(|value| value.is_present()),
        bucket: bucket.as_deref().map(|name| Value::Text(name.as_bytes())),
        credential: None,
    };
    let names = AwsNames {
        account: match at(details, &["AccountId"]) {
            own if own.is_present() => own,
            _ => account,
        },
        name: at(details, &["PrincipalName"]),
        kind: at(details, &["PrincipalType"]),
        id: at(details, &["PrincipalId"]),
        instance: instance
            .as_deref()
            .map_or(Value::Null, |name| Value::Text(name.as_bytes())),
    };
    let by_arn = || {
        let kinds = ["AwsIamUser", "AwsIamRole"];
        let id = kinds
            .into_iter()
            .find_map(|kind| at(of_kind(kind)?, &["Id"]).text())?;
        id.starts_with("arn:").then_some(id)
    };
    let principal = match by_arn() {
        Some(arn) if names.name.text().is_none() => {
            Some(arn::principal(&arn, &mut state.interner).0)
        }
        _ => names.principal(&mut state.interner),
    };
    // What is checked of a configuration is about nobody, though it may name a role.
    let is_check = member(object, "Compliance").is_present();
    event(&stated, principal.filter(|_| !is_check), state)
}

fn sentinel(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let mut buffer = Vec::new();
    let entities = match member(object, "Entities") {
        text @ Value::Text(_) => {
            let text = text.raw_text().unwrap_or_default();
            parse_text(&text, &mut buffer).unwrap_or(Value::Null)
        }
        other => other,
    };
    let of_kind = |kind: &str| {
        let mut all = entities.elements().take(ENTITIES_MAX);
        all.find(|of| {
            let stated = at(*of, &["Type"]).text();
            stated.is_some_and(|stated| stated.eq_ignore_ascii_case(kind))
        })
    };
    let account = of_kind("account").unwrap_or(Value::Null);
    let tenant = guid(at(account, &["AadTenantId"]));
    let name = match (
        at(account, &["Name"]).text(),
        at(account, &["UPNSuffix"]).text(),
    ) {
        (Some(name), Some(suffix)) if !name.contains('@') => Some(format!("{name}@{suffix}")),
        (name, _) => name.map(Into::into),
    };
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: at(account, &["AadUserId"]),
        name: name
            .as_deref()
            .map_or(Value::Null, |name| Value::Text(name.as_bytes())),
        ..Actor::default()
    };
    let principal = actor.principal(IdentityKind::Human, &mut state.interner);
    let product = ["ProductName", "ProviderName"]
        .iter()
        .find_map(|name| member(object, name).text());
    let kind = member(object, "AlertName").text();
    let stated = Stated {
        provider: Provider::Entra,
        detector: product.as_deref().unwrap_or("sentinel"),
        id: member(object, "SystemAlertId"),
        kind: kind.as_deref(),
        title: member(object, "AlertName"),
        severity: severity(member(object, "AlertSeverity")),
        times: [
            member(object, "EndTime"),
            member(object, "EndTimeUtc"),
            member(object, "TimeGenerated"),
        ],
        account: at(account, &["AadTenantId"]),
        region: Value::Null,
        address: of_kind("ip").map(|of| at(of, &["Address"])),
        bucket: None,
        credential: None,
    };
    event(&stated, principal, state)
}

fn graph(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let tenant = guid(member(object, "tenantId"));
    let evidence = member(object, "evidence");
    let mut accounts = evidence
        .elements()
        .take(ENTITIES_MAX)
        .map(|of| at(of, &["userAccount"]));
    let account = accounts.find(|of| of.is_present()).unwrap_or(Value::Null);
    let mut addresses = evidence
        .elements()
        .take(ENTITIES_MAX)
        .map(|of| at(of, &["ipAddress"]));
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: at(account, &["azureAdUserId"]),
        name: at(account, &["userPrincipalName"]),
        ..Actor::default()
    };
    let principal = actor.principal(IdentityKind::Human, &mut state.interner);
    let detector = member(object, "serviceSource").text();
    let kind = member(object, "title").text();
    let stated = Stated {
        provider: Provider::Entra,
        detector: detector.as_deref().unwrap_or("microsoft"),
        id: member(object, "id"),
        kind: kind.as_deref(),
        title: member(object, "title"),
        severity: severity(member(object, "severity")),
        times: [
            member(object, "lastActivityDateTime"),
            member(object, "lastUpdateDateTime"),
            member(object, "createdDateTime"),
        ],
        account: member(object, "tenantId"),
        region: Value::Null,
        address: addresses.find(|of| of.is_present()),
        bucket: None,
        credential: None,
    };
    event(&stated, principal, state)
}

fn risk(object: Object<'_>, state: &mut ParserState) -> Parsed {
    let properties = member(object, "properties");
    let get = |name: &str| match at(properties, &[name]) {
        Value::Null => member(object, name),
        inner => inner,
    };
    let tenant = guid(get("tenantId")).or_else(|| guid(get("homeTenantId")));
    let actor = Actor {
        tenant: tenant.as_deref(),
        object: get("userId"),
        name: get("userPrincipalName"),
        ..Actor::default()
    };
    let principal = actor.principal(IdentityKind::Human, &mut state.interner);
    let kind = get("riskEventType").text();
    let stated = Stated {
        provider: Provider::Entra,
        detector: "entra id protection",
        id: get("id"),
        kind: kind.as_deref(),
        title: get("riskEventType"),
        severity: severity(get("riskLevel")),
        times: [
            get("activityDateTime"),
            get("detectedDateTime"),
            member(object, "time"),
        ],
        account: get("tenantId"),
        region: Value::Null,
        address: Some(get("ipAddress")),
        bucket: None,
        credential: None,
    };
    event(&stated, principal, state)
}
