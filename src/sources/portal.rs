//! Rows of the tables that people download from the portals of Azure and Entra, to records as the services write them.
//!
//! These tables have columns with words for people, `Sign-in error code`, and fewer of them than the logs have. Source: what the
//! portals write in English; other languages are not known here.

use crate::sources::flat::Flat;
use crate::sources::json::Object;
use crate::sources::record_builder::{FieldMap, RecordBuilder};

/// Columns by which the tables are recognised.
pub const OF_SIGN_INS: [&str; 3] = ["Date (UTC)", "Request ID", "Application ID"];
pub const OF_AUDIT: [&str; 4] = ["Date (UTC)", "CorrelationId", "Activity", "ActorType"];
pub const OF_ACTIVITY: [&str; 3] = ["Operation name", "Event initiated by", "Time"];

/// How many targets, their changes, and details a row of the audit log has.
const TARGETS: usize = 3;
const CHANGES: usize = 5;
const DETAILS: usize = 8;

/// Returns whether an object has all of these members.
pub fn is_row(object: Object<'_>, columns: &[&str]) -> bool {
    columns.iter().all(|column| object.get(column).is_some())
}

/// Returns whether an object, which may lack columns that are empty, is a row of the table with these columns.
pub fn may_be_row(object: Object<'_>, columns: &[&str]) -> bool {
    columns
        .first()
        .is_some_and(|column| object.get(column).is_some())
}

/// Returns whether names have all of these.
pub fn is_header(names: &[&str], columns: &[&str]) -> bool {
    columns.iter().all(|column| names.contains(column))
}

#[rustfmt::skip]
const SIGN_IN: FieldMap = &[
    ("createdDateTime", &["Date (UTC)"]),
    ("id", &["Request ID"]),
    ("correlationId", &["Correlation ID"]),
    ("userAgent", &["User agent"]),
    ("userId", &["User ID"]),
    ("userDisplayName", &["User"]),
    ("userPrincipalName", &["Username", "Sign-in identifier"]),
    ("servicePrincipalId", &["Service principal ID", "Managed Identity ID"]),
    ("servicePrincipalName", &["Service principal name", "Managed Identity"]),
    ("servicePrincipalCredentialKeyId", &["Service principal credential key ID"]),
    ("authenticationProtocol", &["Authentication Protocol"]),
    ("uniqueTokenIdentifier", &["Unique token identifier"]),
    ("clientCredentialType", &["Client credential type"]),
    ("sessionId", &["Session ID"]),
    ("appId", &["Application ID"]),
    ("appDisplayName", &["Application"]),
    ("resourceDisplayName", &["Resource"]),
    ("resourceId", &["Resource ID"]),
    ("tenantId", &["Resource tenant ID", "Home tenant ID"]),
    ("ipAddress", &["IP address"]),
    ("autonomousSystemNumber", &["Autonomous system number"]),
    ("clientAppUsed", &["Client app"]),
    ("status.failureReason", &["Failure reason"]),
    ("deviceDetail.deviceId", &["Device ID"]),
    ("deviceDetail.browser", &["Browser"]),
    ("deviceDetail.operatingSystem", &["Operating System"]),
    ("deviceDetail.isCompliant", &["Compliant"]),
    ("deviceDetail.isManaged", &["Managed"]),
    ("deviceDetail.trustType", &["Join Type"]),
];

/// Converts a row of the sign-ins.
pub fn sign_in(object: Object<'_>) -> Vec<u8> {
    let row = Flat::of(object);
    let mut record = RecordBuilder::default();
    record.fill(&row, SIGN_IN);
    record.put_optional("conditionalAccessStatus", word(&row, "Conditional Access"));
    let requirement = word(&row, "Authentication requirement");
    record.put_optional("authenticationRequirement", requirement);
    // A success has no code, or zero.
    let code = row.text("Sign-in error code");
    let code = code.filter(|code| code.bytes().all(|b| b.is_ascii_digit()));
    match (code, row.text("Status").as_deref()) {
        (Some(code), _) => record.put_text("status.errorCode", &code),
        (None, Some("Success")) => record.put_text("status.errorCode", "0"),
        (None, status) => record.put_optional("resultType", status),
    }
    // `City, State, CC`.
    if let Some(place) = row.text("Location") {
        let parts: Vec<&str> = place.split(", ").collect();
        record.put_optional("location.countryOrRegion", parts.last());
        record.put_optional("location.city", parts.first().filter(|_| parts.len() > 1));
    }
    record.json()
}

/// Returns the words of a column as the one word that the service writes, but for its capitals.
fn word(row: &Flat<'_>, column: &str) -> Option<String> {
    Some(row.text(column)?.replace([' ', '-'], ""))
}

#[rustfmt::skip]
const AUDIT: FieldMap = &[
    ("activityDateTime", &["Date (UTC)"]),
    ("correlationId", &["CorrelationId"]),
    ("loggedByService", &["Service"]),
    ("category", &["Category"]),
    ("activityDisplayName", &["Activity"]),
    ("result", &["Result"]),
    ("resultReason", &["ResultReason"]),
    ("userAgent", &["UserAgent"]),
];
#[rustfmt::skip]
const AUDIT_USER: FieldMap = &[
    ("initiatedBy.user.id", &["ActorObjectId"]),
    ("initiatedBy.user.displayName", &["ActorDisplayName"]),
    ("initiatedBy.user.userPrincipalName", &["ActorUserPrincipalName"]),
    ("initiatedBy.user.ipAddress", &["IPAddress"]),
];
#[rustfmt::skip]
const AUDIT_APPLICATION: FieldMap = &[
    ("initiatedBy.app.appId", &["ActorAppId"]),
    ("initiatedBy.app.displayName", &["ActorServicePrincipalName", "ActorDisplayName"]),
    ("initiatedBy.app.servicePrincipalId", &["ActorServicePrincipalId", "ActorObjectId"]),
    ("initiatedBy.app.ipAddress", &["IPAddress"]),
];

/// Converts a row of the audit log.
pub fn audit(object: Object<'_>) -> Vec<u8> {
    let row = Flat::of(object);
    let mut record = RecordBuilder::default();
    record.fill(&row, AUDIT);
    let kind = row.text("ActorType").unwrap_or_default();
    let is_user = kind.eq_ignore_ascii_case("user")
        || (kind.is_empty() && row.text("ActorUserPrincipalName").is_some());
    record.fill(
        &row,
        if is_user {
            AUDIT_USER
        } else {
            AUDIT_APPLICATION
        },
    );
    let text = |name: String| row.text(&name).map(|text| text.into_owned());
    let mut targets = Vec::new();
    for n in 1..=TARGETS {
        let of = |what: &str| text(format!("Target{n}{what}"));
        let mut target = RecordBuilder::default();
        target.put_optional("type", of("Type"));
        target.put_optional("displayName", of("DisplayName"));
        target.put_optional("id", of("ObjectId"));
        target.put_optional("userPrincipalName", of("UserPrincipalName"));
        let changes = (1..=CHANGES).filter_map(|at| {
            let of = |what: &str| of(&format!("ModifiedProperty{at}{what}"));
            let mut change = RecordBuilder::default();
            change.put_text("displayName", &of("Name")?);
            change.put_optional("oldValue", of("OldValue"));
            change.put_optional("newValue", of("NewValue"));
            Some(change.json())
        });
        let changes: Vec<Vec<u8>> = changes.collect();
        target.put_json("modifiedProperties", &list(&changes));
        if of("Type").or_else(|| of("ObjectId")).is_some() || !changes.is_empty() {
            targets.push(target.json());
        }
    }
    record.put_json("targetResources", &list(&targets));
    let details = (1..=DETAILS).filter_map(|n| {
        let mut detail = RecordBuilder::default();
        detail.put_text("key", &text(format!("AdditionalDetail{n}Key"))?);
        detail.put_optional("value", text(format!("AdditionalDetail{n}Value")));
        Some(detail.json())
    });
    record.put_json("additionalDetails", &list(&details.collect::<Vec<_>>()));
    record.json()
}

fn list(elements: &[Vec<u8>]) -> Vec<u8> {
    let mut json = vec![b'['];
    json.extend(elements.join(&b','));
    json.push(b']');
    json
}

#[rustfmt::skip]
const ACTIVITY: FieldMap = &[
    ("time", &["Time"]),
    ("correlationId", &["Correlation id", "Correlation ID"]),
    ("status", &["Status"]),
    ("level", &["Level"]),
    ("subscriptionId", &["Subscription"]),
    ("caller", &["Event initiated by"]),
];

/// Converts a row of the Activity log. It has the operation's name for people only; with the type of the resource that says what
/// was done where it begins with a plain verb.
pub fn activity(object: Object<'_>) -> Vec<u8> {
    let row = Flat::of(object);
    let mut record = RecordBuilder::default();
    record.fill(&row, ACTIVITY);
    record.put_optional("category", word(&row, "Event category"));
    let name = row.text("Operation name").unwrap_or_default();
    let kind = row.text("Resource type");
    record.put_text("operationNameValue", &operation(&name, kind.as_deref()));
    let resource = row.text("Resource").filter(|resource| !resource.is_empty());
    let (group, subscription) = (row.text("Resource group"), row.text("Subscription"));
    record.put_optional(
        "resourceId",
        match (resource, kind, group, subscription) {
            (Some(resource), ..) if resource.starts_with('/') => Some(resource.into_owned()),
            (Some(resource), Some(kind), Some(group), Some(subscription)) => Some(format!(
                "/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{resource}"
            )),
            (_, _, _, Some(subscription)) => Some(format!("/subscriptions/{subscription}")),
            _ => None,
        },
    );
    record.json()
}

/// Returns an operation by its name for people and the type of the resource, as in `Delete diagnostic setting`.
fn operation(name: &str, kind: Option<&str>) -> String {
    const VERBS: [(&str, &str); 6] = [
        ("delete", "delete"),
        ("create", "write"),
        ("update", "write"),
        ("write", "write"),
        ("set", "write"),
        ("add", "write"),
    ];
    let lower = name.to_lowercase();
    let Some(kind) = kind.filter(|kind| kind.contains('/')) else {
        return name.to_owned();
    };
    let verb = lower.split(' ').next().unwrap_or_default();
    if let Some((_, end)) = VERBS.iter().find(|(word, _)| *word == verb) {
        return format!("{kind}/{end}");
    }
    let joined: String = lower.split(' ').collect();
    match verb {
        "list" if lower.ends_with("keys") => format!("{kind}/listKeys/action"),
        "regenerate" => format!("{kind}/regenerateKey/action"),
        _ => format!("{kind}/{joined}/action"),
    }
}
