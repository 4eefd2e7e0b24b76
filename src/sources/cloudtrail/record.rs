//! The members of a CloudTrail record that are read.

use crate::sources::json::{Object, Value};

/// The members of a record that are read.
pub struct Record<'a> {
    pub version: Value<'a>,
    pub identity: Value<'a>,
    pub time: Value<'a>,
    pub source: Value<'a>,
    pub name: Value<'a>,
    pub region: Value<'a>,
    pub address: Value<'a>,
    pub user_agent: Value<'a>,
    pub parameters: Value<'a>,
    pub response: Value<'a>,
    pub additional: Value<'a>,
    pub error: Value<'a>,
    pub message: Value<'a>,
    pub request: Value<'a>,
    pub id: Value<'a>,
    pub resources: Value<'a>,
    pub kind: Value<'a>,
    pub category: Value<'a>,
    pub recipient: Value<'a>,
    pub shared_id: Value<'a>,
    pub endpoint: Value<'a>,
    pub from_console: Value<'a>,
    pub tls: Value<'a>,
    pub addendum: Value<'a>,
}

impl<'a> Record<'a> {
    pub fn of(object: Object<'a>) -> Self {
        let mut r = Record {
            version: Value::Null,
            identity: Value::Null,
            time: Value::Null,
            source: Value::Null,
            name: Value::Null,
            region: Value::Null,
            address: Value::Null,
            user_agent: Value::Null,
            parameters: Value::Null,
            response: Value::Null,
            additional: Value::Null,
            error: Value::Null,
            message: Value::Null,
            request: Value::Null,
            id: Value::Null,
            resources: Value::Null,
            kind: Value::Null,
            category: Value::Null,
            recipient: Value::Null,
            shared_id: Value::Null,
            endpoint: Value::Null,
            from_console: Value::Null,
            tls: Value::Null,
            addendum: Value::Null,
        };
        for (key, value) in object.members() {
            let field = match key {
                b"eventVersion" => &mut r.version,
                b"userIdentity" => &mut r.identity,
                b"eventTime" => &mut r.time,
                b"eventSource" => &mut r.source,
                b"eventName" => &mut r.name,
                b"awsRegion" => &mut r.region,
                b"sourceIPAddress" => &mut r.address,
                b"userAgent" => &mut r.user_agent,
                b"requestParameters" => &mut r.parameters,
                b"responseElements" => &mut r.response,
                b"additionalEventData" => &mut r.additional,
                b"errorCode" => &mut r.error,
                b"errorMessage" => &mut r.message,
                b"requestID" => &mut r.request,
                b"eventID" | b"UID" => &mut r.id,
                b"resources" => &mut r.resources,
                b"eventType" => &mut r.kind,
                b"eventCategory" => &mut r.category,
                b"recipientAccountId" => &mut r.recipient,
                b"sharedEventID" => &mut r.shared_id,
                b"vpcEndpointId" => &mut r.endpoint,
                b"sessionCredentialFromConsole" => &mut r.from_console,
                b"tlsDetails" => &mut r.tls,
                b"addendum" => &mut r.addendum,
                _ => continue,
            };
            // If a name occurs twice, the first counts, as when a record is recognised.
            if *field == Value::Null {
                *field = value;
            }
        }
        // Parameters beyond CloudTrail's limits are replaced by a marker.
        for large in [&mut r.parameters, &mut r.response, &mut r.additional] {
            let first = large.members().next();
            if first.is_some_and(|(key, value)| key == b"omitted" && value.truth() == Some(true)) {
                *large = Value::Null;
            }
        }
        r
    }
}
