//! Converts documents of the integrations for Microsoft 365, Okta and Slack into the records of their providers.

use crate::sources::ecs::convert::{NameStyle, fill};
use crate::sources::flat::Flat;
use crate::sources::record_builder::{FieldMap, RecordBuilder};

#[rustfmt::skip]
const M365: FieldMap = &[
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
];

/// Converts a record of Microsoft 365's unified audit log.
pub fn m365(doc: &Flat<'_>) -> RecordBuilder {
    let subtree = ("o365.audit", "", NameStyle::Unchanged);
    fill(RecordBuilder::default(), doc, M365, &[subtree])
}

#[rustfmt::skip]
const OKTA: FieldMap = &[
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
];

/// Converts an event of the Okta System Log.
pub fn okta(doc: &Flat<'_>) -> RecordBuilder {
    fill(
        RecordBuilder::default(),
        doc,
        OKTA,
        &[
            (
                "okta.debug_context.debug_data.flattened",
                "debugContext.debugData",
                NameStyle::Unchanged,
            ),
            ("okta", "", NameStyle::Camel),
        ],
    )
}

#[rustfmt::skip]
const SLACK: FieldMap = &[
    ("id", &["event.id"]),
    ("date_create", &["slack.audit.date_create", "@timestamp"]),
    ("action", &["event.action"]),
    ("actor.user.id", &["slack.audit.actor.user.id", "user.id"]),
    ("actor.user.name", &["user.full_name", "user.name"]),
    ("actor.user.email", &["user.email"]),
    ("context.ip_address", &["source.ip", "source.address"]),
    ("context.ua", &["user_agent.original"]),
];

/// Converts an entry of Slack's audit logs.
pub fn slack(doc: &Flat<'_>) -> RecordBuilder {
    let subtree = ("slack.audit", "", NameStyle::Unchanged);
    let mut record = fill(RecordBuilder::default(), doc, SLACK, &[subtree]);
    record.put_text("actor.type", "user");
    record
}
