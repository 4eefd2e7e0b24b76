//! Documents of the integrations for other clouds and services, told back into the words of their providers.
//!
//! Pipelines write the provider's names with underscores, move what the schema has a place for there, and leave the rest.

use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::record_builder::{RecordBuilder, push_quoted};

/// How the names below a path are told back.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// `user_agent` was `userAgent`.
    Camel,
    /// As they stand.
    Kept,
}

/// Puts what stands below a path under another; `""` is the top.
fn transfer(doc: &Flat<'_>, from: &str, to: &str, names: Names, record: &mut RecordBuilder) {
    for (rest, value) in doc.under(from) {
        let rest = match names {
            Names::Camel => camel(rest),
            Names::Kept => rest.to_owned(),
        };
        let path = if to.is_empty() {
            rest
        } else {
            format!("{to}.{rest}")
        };
        match value {
            Value::Array(_) if names == Names::Camel => {
                let mut json = Vec::new();
                write_camel(value, &mut json);
                record.put_json(&path, json);
            }
            _ => record.put(&path, value),
        }
    }
}

/// Puts a list of words as one text, as the record has it.
fn put_joined(doc: &Flat<'_>, from: &str, to: &str, record: &mut RecordBuilder) {
    let words: Vec<_> = doc.get(from).elements().filter_map(Value::text).collect();
    if !words.is_empty() {
        record.put_text(to, &words.join(" "));
    }
}

/// Writes a name with underscores in one word with humps.
fn camel(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut is_hump = false;
    for c in name.chars() {
        match c {
            '_' if !out.is_empty() && !out.ends_with('.') => is_hump = true,
            c if is_hump => {
                out.extend(c.to_uppercase());
                is_hump = false;
            }
            c => out.push(c),
        }
    }
    out
}

fn write_camel(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Array(_) => {
            out.push(b'[');
            for (n, element) in value.elements().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_camel(element, out);
            }
            out.push(b']');
        }
        Value::Object(_) => {
            out.push(b'{');
            for (n, (key, inner)) in value.members().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                out.push(b'"');
                out.extend_from_slice(camel(&String::from_utf8_lossy(key)).as_bytes());
                out.extend_from_slice(b"\":");
                write_camel(inner, out);
            }
            out.push(b'}');
        }
        Value::Text(inner) => {
            out.push(b'"');
            out.extend_from_slice(inner);
            out.push(b'"');
        }
        Value::Bool(yes) => out.extend_from_slice(if yes { b"true" } else { b"false" }),
        Value::Null => out.extend_from_slice(b"null"),
        Value::Number(digits) => out.extend_from_slice(digits),
    }
}

/// Tells back an entry of Google Cloud's audit logs.
pub fn gcp_audit(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text(
        "protoPayload.@type",
        "type.googleapis.com/google.cloud.audit.AuditLog",
    );
    #[rustfmt::skip]
    record.fill(doc, &[
        ("timestamp", &["@timestamp"]),
        ("insertId", &["event.id"]),
        ("logName", &["log.logger", "gcp.audit.logger_name"]),
        ("severity", &["log.level"]),
        ("resource.labels.project_id", &["cloud.project.id"]),
        ("protoPayload.methodName", &["event.action", "gcp.audit.method_name"]),
        ("protoPayload.serviceName", &["service.name", "gcp.audit.service_name"]),
        ("protoPayload.authenticationInfo.principalEmail", &["client.user.email", "user.email"]),
        ("protoPayload.requestMetadata.callerIp", &["source.ip", "source.address"]),
        ("protoPayload.requestMetadata.callerSuppliedUserAgent", &["user_agent.original"]),
    ]);
    for kept in ["request", "response", "metadata"] {
        let from = format!("gcp.audit.{kept}");
        transfer(
            doc,
            &from,
            &format!("protoPayload.{kept}"),
            Names::Kept,
            &mut record,
        );
    }
    let locations: Vec<Value<'_>> = doc
        .get("gcp.audit.resource_location.current_locations")
        .elements()
        .collect();
    if let [one] = locations.as_slice() {
        record.put("resource.labels.location", *one);
    }
    transfer(doc, "gcp.audit", "protoPayload", Names::Camel, &mut record);
    record
}

/// Tells back a flow of Google Cloud.
pub fn gcp_flow(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    #[rustfmt::skip]
    record.fill(doc, &[
        ("timestamp", &["@timestamp"]),
        ("insertId", &["event.id"]),
        ("logName", &["log.logger"]),
        ("resource.labels.project_id", &["cloud.project.id"]),
        ("jsonPayload.start_time", &["event.start"]),
        ("jsonPayload.end_time", &["event.end", "@timestamp"]),
        ("jsonPayload.reporter", &["gcp.vpcflow.reporter"]),
        ("jsonPayload.bytes_sent", &["source.bytes", "network.bytes"]),
        ("jsonPayload.packets_sent", &["source.packets", "network.packets"]),
        ("jsonPayload.connection.src_ip", &["source.ip", "source.address"]),
        ("jsonPayload.connection.src_port", &["source.port"]),
        ("jsonPayload.connection.dest_ip", &["destination.ip", "destination.address"]),
        ("jsonPayload.connection.dest_port", &["destination.port"]),
        ("jsonPayload.connection.protocol", &["network.iana_number"]),
        ("jsonPayload.src_instance.project_id", &["gcp.source.instance.project_id"]),
        ("jsonPayload.src_instance.region", &["gcp.source.instance.region"]),
        ("jsonPayload.src_instance.zone", &["gcp.source.instance.zone"]),
        ("jsonPayload.src_instance.vm_name", &["source.domain", "gcp.source.instance.vm_name"]),
        ("jsonPayload.dest_instance.project_id", &["gcp.destination.instance.project_id"]),
        ("jsonPayload.dest_instance.region", &["gcp.destination.instance.region"]),
        ("jsonPayload.dest_instance.zone", &["gcp.destination.instance.zone"]),
        ("jsonPayload.dest_instance.vm_name", &["destination.domain", "gcp.destination.instance.vm_name"]),
    ]);
    record.put_text(
        "logName",
        "projects/-/logs/compute.googleapis.com%2Fvpc_flows",
    );
    record
}

/// Begins a record of Azure's diagnostic settings.
fn diagnostic(doc: &Flat<'_>, category: &str) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text("category", category);
    #[rustfmt::skip]
    record.fill(doc, &[
        ("time", &["@timestamp"]),
        ("tenantId", &["azure.tenant_id", "cloud.account.id"]),
        ("correlationId", &["azure.correlation_id"]),
        ("resourceId", &["azure.resource.id"]),
        ("callerIpAddress", &["source.ip", "source.address"]),
        ("location", &["cloud.region", "geo.name"]),
    ]);
    record
}

/// Tells back a request to Microsoft Graph.
pub fn graph(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = diagnostic(doc, "MicrosoftGraphActivityLogs");
    #[rustfmt::skip]
    record.fill(doc, &[
        ("properties.timeGenerated", &["azure.graphactivitylogs.properties.time_generated", "@timestamp"]),
        ("properties.requestId", &["http.request.id", "event.id"]),
        ("properties.requestMethod", &["http.request.method"]),
        ("properties.requestUri", &["url.original", "url.full"]),
        ("properties.responseStatusCode", &["http.response.status_code"]),
        ("properties.responseSizeBytes", &["http.response.bytes", "http.response.body.bytes"]),
        ("properties.userId", &["user.id"]),
        ("properties.tenantId", &["azure.tenant_id", "cloud.account.id"]),
        ("properties.ipAddress", &["source.ip"]),
        ("properties.userAgent", &["user_agent.original"]),
        ("properties.location", &["destination.geo.region_name"]),
        ("properties.c_idtyp", &["azure.graphactivitylogs.properties.c_idtyp"]),
    ]);
    with_properties(doc, "azure.graphactivitylogs.properties", record)
}

/// Adds what the integration keeps of a request's properties under a prefix of its own.
fn with_properties(doc: &Flat<'_>, from: &str, mut record: RecordBuilder) -> RecordBuilder {
    for list in ["scopes", "roles", "wids"] {
        put_joined(
            doc,
            &format!("{from}.{list}"),
            &format!("properties.{list}"),
            &mut record,
        );
    }
    transfer(doc, from, "properties", Names::Camel, &mut record);
    record
}

/// Tells back a request to Azure AD Graph.
pub fn aad_graph(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = diagnostic(doc, "AzureADGraphActivityLogs");
    #[rustfmt::skip]
    record.fill(doc, &[
        ("properties.timeGenerated", &["azure.aadgraphactivitylogs.properties.time_generated", "@timestamp"]),
        ("properties.requestId", &["http.request.id", "event.id"]),
        ("properties.httpMethod", &["http.request.method"]),
        ("properties.requestUri", &["url.original", "url.path"]),
        ("properties.httpStatusCode", &["http.response.status_code"]),
        ("properties.responseSizeBytes", &["http.response.bytes"]),
        ("properties.userId", &["user.id"]),
        ("properties.tenantId", &["azure.tenant_id", "cloud.account.id"]),
        ("properties.callerIpAddress", &["source.ip"]),
        ("properties.userAgent", &["user_agent.original"]),
    ]);
    with_properties(doc, "azure.aadgraphactivitylogs.properties", record)
}

/// Tells back a sign-in.
pub fn sign_in(doc: &Flat<'_>) -> RecordBuilder {
    let category = doc.text("azure.signinlogs.category");
    let mut record = diagnostic(doc, category.as_deref().unwrap_or("SignInLogs"));
    #[rustfmt::skip]
    record.fill(doc, &[
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
    ]);
    transfer(
        doc,
        "azure.signinlogs.properties",
        "properties",
        Names::Camel,
        &mut record,
    );
    record
}

/// Tells back a change of the directory.
pub fn audit(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = diagnostic(doc, "AuditLogs");
    #[rustfmt::skip]
    record.fill(doc, &[
        ("operationName", &["azure.auditlogs.operation_name", "event.action"]),
        ("properties.id", &["azure.auditlogs.properties.id", "event.id"]),
        ("properties.activityDateTime", &["azure.auditlogs.properties.activity_datetime", "@timestamp"]),
        ("properties.activityDisplayName", &["azure.auditlogs.properties.activity_display_name", "event.action"]),
        ("properties.loggedByService", &["azure.auditlogs.properties.logged_by_service"]),
        ("properties.result", &["azure.auditlogs.properties.result", "event.outcome"]),
    ]);
    // Targets stand in a list, or each under its number.
    const TARGETS: &str = "azure.auditlogs.properties.target_resources";
    let mut numbered = b"[".to_vec();
    for n in 0..16 {
        let mut target = RecordBuilder::default();
        transfer(
            doc,
            &format!("{TARGETS}.{n}"),
            "",
            Names::Camel,
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
        record.put_json("properties.targetResources", numbered);
    }
    transfer(
        doc,
        "azure.auditlogs.properties",
        "properties",
        Names::Camel,
        &mut record,
    );
    record
}

/// Tells back an operation of Azure's control plane.
pub fn activity(doc: &Flat<'_>) -> RecordBuilder {
    let category = doc.text("azure.activitylogs.category");
    let mut record = diagnostic(doc, category.as_deref().unwrap_or("Administrative"));
    #[rustfmt::skip]
    record.fill(doc, &[
        ("operationName", &["azure.activitylogs.operation_name", "event.action"]),
        ("resultType", &["azure.activitylogs.result_type"]),
        ("resultSignature", &["azure.activitylogs.result_signature"]),
        ("identity.authorization.evidence.principalType", &["azure.activitylogs.identity.authorization.evidence.principal_type"]),
        ("eventDataId", &["azure.activitylogs.event_data_id"]),
    ]);
    // Claims are named by addresses with dots, and pipelines know two by short names.
    let mut claims = RecordBuilder::default();
    for (name, value) in doc.under("azure.activitylogs.identity.claims") {
        if !name.contains('.') {
            claims.put(name, value);
        }
    }
    const IDENTITY: &str = "azure.activitylogs.identity";
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
    record.put_json("identity.claims", json);
    transfer(
        doc,
        &format!("{IDENTITY}.authorization"),
        "identity.authorization",
        Names::Camel,
        &mut record,
    );
    record
}

/// Tells back an operation of Azure Storage.
pub fn storage(doc: &Flat<'_>) -> RecordBuilder {
    let category = doc.text("azure.platformlogs.category");
    let mut record = diagnostic(doc, category.as_deref().unwrap_or("StorageRead"));
    #[rustfmt::skip]
    record.fill(doc, &[
        ("operationName", &["azure.platformlogs.operation_name", "azure.platformlogs.operationName", "event.action"]),
        ("statusCode", &["http.response.status_code"]),
    ]);
    transfer(
        doc,
        "azure.platformlogs.properties",
        "properties",
        Names::Kept,
        &mut record,
    );
    transfer(doc, "azure.platformlogs", "", Names::Camel, &mut record);
    record
}

/// Tells back a record of Microsoft 365's unified audit log.
pub fn unified(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    #[rustfmt::skip]
    record.fill(doc, &[
        ("CreationTime", &["@timestamp"]),
        ("Id", &["event.id"]),
        ("Operation", &["event.action"]),
        ("Workload", &["event.provider"]),
        ("RecordType", &["event.code"]),
        ("OrganizationId", &["organization.id"]),
        ("UserId", &["o365.audit.UserId", "user.id", "user.email"]),
        ("ClientIP", &["source.ip", "source.address", "client.address"]),
        ("UserAgent", &["user_agent.original"]),
        ("ObjectId", &["o365.audit.ObjectId", "url.original"]),
        ("SiteUrl", &["o365.audit.SiteUrl", "rule.reference"]),
        ("SourceFileName", &["file.name"]),
    ]);
    transfer(doc, "o365.audit", "", Names::Kept, &mut record);
    record
}

/// Tells back an event of the Okta System Log.
pub fn okta(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    #[rustfmt::skip]
    record.fill(doc, &[
        ("published", &["@timestamp"]),
        ("uuid", &["okta.uuid", "event.id"]),
        ("eventType", &["okta.event_type", "event.action"]),
        ("client.ipAddress", &["okta.client.ip", "client.ip", "source.ip"]),
        ("client.userAgent.rawUserAgent", &["okta.client.user_agent.raw_user_agent", "user_agent.original"]),
        ("client.geographicalContext.country", &["client.geo.country_name"]),
        ("client.geographicalContext.city", &["client.geo.city_name"]),
        ("actor.id", &["okta.actor.id", "client.user.id", "user.id"]),
        ("actor.type", &["okta.actor.type"]),
        ("outcome.result", &["okta.outcome.result"]),
        ("securityContext.asNumber", &["okta.security_context.as.number", "client.as.number", "source.as.number"]),
    ]);
    transfer(
        doc,
        "okta.debug_context.debug_data.flattened",
        "debugContext.debugData",
        Names::Kept,
        &mut record,
    );
    transfer(doc, "okta", "", Names::Camel, &mut record);
    record
}

/// Tells back an activity of Google Workspace, with one event.
pub fn workspace(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text("kind", "admin#reports#activity");
    let dataset = doc.first_text(&["event.dataset", "data_stream.dataset"]);
    let application = dataset
        .as_deref()
        .and_then(|name| name.strip_prefix("google_workspace."));
    let application = application
        .map(str::to_owned)
        .or_else(|| doc.text("event.provider").map(|p| p.into_owned()));
    let application = application.unwrap_or_default();
    record.put_text("id.applicationName", &application);
    #[rustfmt::skip]
    record.fill(doc, &[
        ("id.time", &["@timestamp"]),
        ("id.uniqueQualifier", &["event.id"]),
        ("id.customerId", &["organization.id"]),
        ("ipAddress", &["source.ip"]),
        ("actor.email", &["source.user.email", "user.email", "google_workspace.actor.email"]),
        ("actor.profileId", &["source.user.id", "user.id", "google_workspace.actor.id"]),
        ("actor.callerType", &["google_workspace.actor.type"]),
        ("actor.key", &["google_workspace.actor.key"]),
    ]);
    let mut json = b"[{\"name\":".to_vec();
    push_quoted(
        doc.text("event.action").unwrap_or_default().as_bytes(),
        &mut json,
    );
    if let Some(kind) = doc.text("google_workspace.event.type") {
        json.extend_from_slice(b",\"type\":");
        push_quoted(kind.as_bytes(), &mut json);
    }
    json.extend_from_slice(b",\"parameters\":[");
    let parameters = format!("google_workspace.{application}");
    for (n, (path, value)) in doc.under(&parameters).enumerate() {
        if n > 0 {
            json.push(b',');
        }
        json.extend_from_slice(b"{\"name\":");
        let name = path
            .strip_suffix(".value")
            .unwrap_or(path)
            .replace('.', "_");
        push_quoted(name.as_bytes(), &mut json);
        let is_list = matches!(value, Value::Array(_));
        json.extend_from_slice(if is_list {
            b",\"multiValue\":"
        } else {
            b",\"value\":"
        });
        write_camel(value, &mut json);
        json.push(b'}');
    }
    json.extend_from_slice(b"]}]");
    record.put_json("events", json);
    record
}

/// Tells back an entry of Slack's audit logs.
pub fn slack(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    #[rustfmt::skip]
    record.fill(doc, &[
        ("id", &["event.id"]),
        ("date_create", &["slack.audit.date_create", "@timestamp"]),
        ("action", &["event.action"]),
        ("actor.user.id", &["slack.audit.actor.user.id", "user.id"]),
        ("actor.user.name", &["user.full_name", "user.name"]),
        ("actor.user.email", &["user.email"]),
        ("context.ip_address", &["source.ip", "source.address"]),
        ("context.ua", &["user_agent.original"]),
    ]);
    transfer(doc, "slack.audit", "", Names::Kept, &mut record);
    record.put_text("actor.type", "user");
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_get_their_humps_back() {
        for (name, expected) in [
            ("user_agent.raw_user_agent", "userAgent.rawUserAgent"),
            ("id", "id"),
            ("_id.as_number_", "_id.asNumber"),
        ] {
            assert_eq!(camel(name), expected);
        }
        let mut out = Vec::new();
        write_camel(
            Value::of(br#"[{"alternate_id":"a_b","x":[1,null,true]}]"#),
            &mut out,
        );
        assert_eq!(out, br#"[{"alternateId":"a_b","x":[1,null,true]}]"#);
    }
}
