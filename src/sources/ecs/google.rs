//! Converts documents of the integrations for Google Cloud and Google Workspace into the records of their providers.

use crate::sources::ecs::convert::{NameStyle, fill, write_camel};
use crate::sources::flat::Flat;
use crate::sources::json::Value;
use crate::sources::record_builder::{FieldMap, RecordBuilder, push_quoted};

#[rustfmt::skip]
const AUDIT: FieldMap = &[
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
];

/// Converts an entry of Google Cloud's audit logs.
pub fn audit(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text(
        "protoPayload.@type",
        "type.googleapis.com/google.cloud.audit.AuditLog",
    );
    let locations: Vec<Value<'_>> = doc
        .get("gcp.audit.resource_location.current_locations")
        .elements()
        .collect();
    if let [one] = locations.as_slice() {
        record.put("resource.labels.location", *one);
    }
    fill(
        record,
        doc,
        AUDIT,
        &[
            (
                "gcp.audit.request",
                "protoPayload.request",
                NameStyle::Unchanged,
            ),
            (
                "gcp.audit.response",
                "protoPayload.response",
                NameStyle::Unchanged,
            ),
            (
                "gcp.audit.metadata",
                "protoPayload.metadata",
                NameStyle::Unchanged,
            ),
            ("gcp.audit", "protoPayload", NameStyle::Camel),
        ],
    )
}

#[rustfmt::skip]
const FLOW: FieldMap = &[
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
];

/// Converts a flow of Google Cloud.
pub fn flow(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = fill(RecordBuilder::default(), doc, FLOW, &[]);
    record.put_text(
        "logName",
        "projects/-/logs/compute.googleapis.com%2Fvpc_flows",
    );
    record
}

/// Converts an activity of Google Workspace, with one event.
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
    record.put_json("events", &json);
    record
}
