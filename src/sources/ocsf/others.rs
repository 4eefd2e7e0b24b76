//! Converts events made from other providers' records back into records of these.

use crate::sources::flat::Flat;
use crate::sources::ocsf::fields::unmapped;
use crate::sources::record_builder::RecordBuilder;

fn with_unmapped(doc: &Flat<'_>, mut record: RecordBuilder) -> RecordBuilder {
    for (path, value) in unmapped(doc) {
        record.put(&path, value);
    }
    record
}

/// Converts an event of the Okta System Log.
pub fn okta(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    #[rustfmt::skip]
    record.fill(doc, &[
        ("published", &["time_dt", "time"]),
        ("uuid", &["metadata.uid"]),
        ("eventType", &["metadata.event_code", "api.operation"]),
        ("actor.id", &["actor.user.uid", "user.uid"]),
        ("actor.type", &["actor.user.type"]),
        ("actor.alternateId", &["actor.user.email_addr", "actor.user.name", "user.email_addr", "user.name"]),
        ("actor.displayName", &["actor.user.full_name", "actor.user.display_name"]),
        ("client.ipAddress", &["src_endpoint.ip"]),
        ("client.userAgent.rawUserAgent", &["http_request.user_agent"]),
        ("client.geographicalContext.country", &["src_endpoint.location.country"]),
        ("client.geographicalContext.city", &["src_endpoint.location.city"]),
        ("securityContext.asNumber", &["src_endpoint.autonomous_system.number"]),
        ("authenticationContext.externalSessionId", &["actor.session.uid"]),
        ("outcome.reason", &["status_detail"]),
    ]);
    let result = match doc.get("status_id").amount() {
        Some(1) => Some("SUCCESS"),
        Some(2) => Some("FAILURE"),
        _ => None,
    };
    record.put_optional("outcome.result", result);
    record.put_text("actor.type", "User");
    with_unmapped(doc, record)
}

/// Converts an entry of Google Cloud's audit logs.
pub fn gcp_audit(doc: &Flat<'_>) -> RecordBuilder {
    let mut record = RecordBuilder::default();
    record.put_text(
        "protoPayload.@type",
        "type.googleapis.com/google.cloud.audit.AuditLog",
    );
    #[rustfmt::skip]
    record.fill(doc, &[
        ("timestamp", &["time_dt", "time"]),
        ("insertId", &["metadata.uid"]),
        ("logName", &["metadata.log_name"]),
        ("resource.labels.project_id", &["cloud.project_uid", "cloud.account.uid", "cloud.account_uid"]),
        ("resource.labels.location", &["cloud.region"]),
        ("protoPayload.methodName", &["api.operation"]),
        ("protoPayload.serviceName", &["api.service.name"]),
        ("protoPayload.authenticationInfo.principalEmail", &["actor.user.email_addr", "actor.user.name", "actor.user.uid"]),
        ("protoPayload.requestMetadata.callerIp", &["src_endpoint.ip", "src_endpoint.domain"]),
        ("protoPayload.requestMetadata.callerSuppliedUserAgent", &["http_request.user_agent"]),
        ("protoPayload.resourceName", &["resources.name", "resources.uid", "databucket.name"]),
        ("protoPayload.status.code", &["api.response.code"]),
        ("protoPayload.status.message", &["api.response.message"]),
    ]);
    with_unmapped(doc, record)
}
