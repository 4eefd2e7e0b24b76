//! Converts documents of the integrations for Azure and Entra ID into diagnostic records.

use crate::sources::ecs::convert::{NameStyle, copy_subtree, fill};
use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::record_builder::{FieldMap, RecordBuilder, push_quoted};

/// Fields of every diagnostic record.
#[rustfmt::skip]
const DIAGNOSTIC: FieldMap = &[
    ("time", &["@timestamp"]),
    ("tenantId", &["azure.tenant_id", "cloud.account.id"]),
    ("correlationId", &["azure.correlation_id"]),
    ("resourceId", &["azure.resource.id"]),
    ("callerIpAddress", &["source.ip", "source.address"]),
    ("location", &["cloud.region", "geo.name"]),
];

/// Begins a diagnostic record.
fn diagnostic(doc: &Flat<'_>, category: &str) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text("category", category);
    record.fill(doc, DIAGNOSTIC);
    record
}

/// Begins a diagnostic record of the category at a path.
fn categorised(doc: &Flat<'_>, path: &str, default: &str) -> RecordBuilder {
    let category = doc.text(path);
    diagnostic(doc, category.as_deref().unwrap_or(default))
}

/// Fields of a request to either directory API.
#[rustfmt::skip]
const REQUEST: FieldMap = &[
    ("properties.requestId", &["http.request.id", "event.id"]),
    ("properties.userId", &["user.id"]),
    ("properties.tenantId", &["azure.tenant_id", "cloud.account.id"]),
    ("properties.userAgent", &["user_agent.original"]),
];

#[rustfmt::skip]
const GRAPH: FieldMap = &[
    ("properties.requestMethod", &["http.request.method"]),
    ("properties.requestUri", &["url.original", "url.full"]),
    ("properties.responseStatusCode", &["http.response.status_code"]),
    ("properties.responseSizeBytes", &["http.response.bytes", "http.response.body.bytes"]),
    ("properties.ipAddress", &["source.ip"]),
    ("properties.location", &["destination.geo.region_name"]),
    ("properties.c_idtyp", &["azure.graphactivitylogs.properties.c_idtyp"]),
];

#[rustfmt::skip]
const AAD_GRAPH: FieldMap = &[
    ("properties.httpMethod", &["http.request.method"]),
    ("properties.requestUri", &["url.original", "url.path"]),
    ("properties.httpStatusCode", &["http.response.status_code"]),
    ("properties.responseSizeBytes", &["http.response.bytes"]),
    ("properties.callerIpAddress", &["source.ip"]),
];

/// Converts a request to Microsoft Graph.
pub fn graph(doc: &Flat<'_>) -> RecordBuilder {
    let properties = "azure.graphactivitylogs.properties";
    request(doc, "MicrosoftGraphActivityLogs", properties, GRAPH)
}

/// Converts a request to Azure AD Graph.
pub fn aad_graph(doc: &Flat<'_>) -> RecordBuilder {
    let properties = "azure.aadgraphactivitylogs.properties";
    request(doc, "AzureADGraphActivityLogs", properties, AAD_GRAPH)
}

/// Converts a request; `properties` is the path below which the integration keeps the record's properties.
fn request(doc: &Flat<'_>, category: &str, properties: &str, fields: FieldMap) -> RecordBuilder {
    let mut record = diagnostic(doc, category);
    let generated = format!("{properties}.time_generated");
    record.put(
        "properties.timeGenerated",
        doc.first(&[&generated, "@timestamp"]),
    );
    record.fill(doc, REQUEST);
    record.fill(doc, fields);
    // The record has these lists as texts with blanks between.
    for list in ["scopes", "roles", "wids"] {
        let words = doc.get(&format!("{properties}.{list}"));
        let words: Vec<_> = words.elements().filter_map(Value::text).collect();
        if !words.is_empty() {
            record.put_text(&format!("properties.{list}"), &words.join(" "));
        }
    }
    copy_subtree(doc, properties, "properties", NameStyle::Camel, &mut record);
    record
}

#[rustfmt::skip]
const SIGN_IN: FieldMap = &[
    ("operationName", &["azure.signinlogs.operation_name", "event.action"]),
    ("resultType", &["azure.signinlogs.result_type"]),
    ("properties.id", &["azure.signinlogs.properties.id", "event.id"]),
    ("properties.createdDateTime", &["azure.signinlogs.properties.created_at", "@timestamp"]),
    ("properties.userId", &["azure.signinlogs.properties.user_id", "user.id"]),
    ("properties.userPrincipalName", &["azure.signinlogs.properties.user_principal_name", "user.email", "user.name"]),
    ("properties.ipAddress", &["source.ip"]),
    ("properties.userAgent", &["user_agent.original"]),
    ("properties.autonomousSystemNumber", &["azure.signinlogs.properties.autonomous_system_number", "source.as.number"]),
    ("properties.location.countryOrRegion", &["source.geo.country_iso_code"]),
    ("properties.location.city", &["source.geo.city_name"]),
];

/// Converts a sign-in.
pub fn sign_in(doc: &Flat<'_>) -> RecordBuilder {
    let record = categorised(doc, "azure.signinlogs.category", "SignInLogs");
    let subtree = (
        "azure.signinlogs.properties",
        "properties",
        NameStyle::Camel,
    );
    fill(record, doc, SIGN_IN, &[subtree])
}

#[rustfmt::skip]
const AUDIT: FieldMap = &[
    ("operationName", &["azure.auditlogs.operation_name", "event.action"]),
    ("properties.id", &["azure.auditlogs.properties.id", "event.id"]),
    ("properties.activityDateTime", &["azure.auditlogs.properties.activity_datetime", "@timestamp"]),
    ("properties.activityDisplayName", &["azure.auditlogs.properties.activity_display_name", "event.action"]),
    ("properties.loggedByService", &["azure.auditlogs.properties.logged_by_service"]),
    ("properties.result", &["azure.auditlogs.properties.result", "event.outcome"]),
];

/// Converts a change of the directory.
pub fn audit(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = diagnostic(doc, "AuditLogs");
    // Targets are in a list, or each under its number.
    const TARGETS: &str = "azure.auditlogs.properties.target_resources";
    let mut numbered = b"[".to_vec();
    for n in 0..16 {
        let mut target = RecordBuilder::default();
        copy_subtree(
            doc,
            &format!("{TARGETS}.{n}"),
            "",
            NameStyle::Camel,
            &mut target,
        );
        let json = target.json();
        if json != b"{}" {
            if numbered.len() > 1 {
                numbered.push(b',');
            }
            numbered.extend_from_slice(&json);
        }
    }
    numbered.push(b']');
    if numbered.len() > 2 {
        record.put_json("properties.targetResources", &numbered);
    }
    let subtree = ("azure.auditlogs.properties", "properties", NameStyle::Camel);
    fill(record, doc, AUDIT, &[subtree])
}

#[rustfmt::skip]
const ACTIVITY: FieldMap = &[
    ("operationName", &["azure.activitylogs.operation_name", "event.action"]),
    ("resultType", &["azure.activitylogs.result_type"]),
    ("resultSignature", &["azure.activitylogs.result_signature"]),
    ("identity.authorization.evidence.principalType", &["azure.activitylogs.identity.authorization.evidence.principal_type"]),
    ("eventDataId", &["azure.activitylogs.event_data_id"]),
    ("properties.requestbody", &["azure.activitylogs.properties.requestbody"]),
    ("properties.responseBody", &["azure.activitylogs.properties.responseBody"]),
];

/// Converts an operation of Azure's control plane.
pub fn activity(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = categorised(doc, "azure.activitylogs.category", "Administrative");
    // Claims are named by URLs with dots; pipelines have short names for some.
    let mut claims = RecordBuilder::default();
    for (name, value) in doc.under("azure.activitylogs.identity.claims") {
        if !name.contains('.') {
            claims.put(name, value);
        }
    }
    let mut json = claims.json();
    let stated = [
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", doc.first(&["azure.activitylogs.identity.claims.http://schemas_microsoft_com/identity/claims/objectidentifier", "user.id"])),
        ("http://schemas.microsoft.com/identity/claims/tenantid", doc.first(&["azure.activitylogs.identity.claims.http://schemas_microsoft_com/identity/claims/tenantid", "azure.tenant_id"])),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", doc.first(&["azure.activitylogs.identity.claims_initiated_by_user.name", "user.email"])),
    ];
    for (name, value) in stated {
        if let Some(text) = value.text() {
            json.pop();
            if json.len() > 1 {
                json.push(b',');
            }
            push_quoted(name.as_bytes(), &mut json);
            json.push(b':');
            push_quoted(text.as_bytes(), &mut json);
            json.push(b'}');
        }
    }
    record.put_json("identity.claims", &json);
    let subtree = (
        "azure.activitylogs.identity.authorization",
        "identity.authorization",
        NameStyle::Camel,
    );
    fill(record, doc, ACTIVITY, &[subtree])
}

#[rustfmt::skip]
const STORAGE: FieldMap = &[
    ("operationName", &["azure.platformlogs.operation_name", "azure.platformlogs.operationName", "event.action"]),
    ("statusCode", &["http.response.status_code"]),
];

/// Converts an operation of Azure Storage.
pub fn storage(doc: &Flat<'_>) -> RecordBuilder {
    fill(
        categorised(doc, "azure.platformlogs.category", "StorageRead"),
        doc,
        STORAGE,
        &[
            (
                "azure.platformlogs.properties",
                "properties",
                NameStyle::Unchanged,
            ),
            ("azure.platformlogs", "", NameStyle::Camel),
        ],
    )
}
