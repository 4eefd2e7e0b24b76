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
    pub insight: Value<'a>,
}

/// Returns the first bytes of a name as a number: enough to tell the names of a record apart.
const fn start(name: &[u8]) -> u64 {
    match name.first_chunk() {
        Some(start) => u64::from_le_bytes(*start),
        None => 0,
    }
}

/// Returns whether a value says only that it was left out.
fn is_omitted(value: Value<'_>) -> bool {
    let Value::Object([_, rest @ ..]) = value else {
        return false;
    };
    rest.trim_ascii_start().starts_with(b"\"omitted\"")
        && value.get("omitted").and_then(Value::truth) == Some(true)
}

/// Makes the members of a record from their names.
macro_rules! members {
    ($($name:literal => $field:ident,)+) => {
        /// The JSON texts of the members, empty where there is none.
        #[derive(Default)]
        struct Texts<'a> {
            id: &'a [u8],
            $($field: &'a [u8],)+
        }

        impl<'a> Texts<'a> {
            /// Returns where the member of this name belongs.
            #[inline(always)]
            #[allow(non_upper_case_globals, reason = "a member's constant has the member's name")]
            fn field(&mut self, key: &[u8]) -> Option<&mut &'a [u8]> {
                $(const $field: u64 = start($name);)+
                match start(key) {
                    $($field if key == $name => Some(&mut self.$field),)+
                    0 if matches!(key, b"eventID" | b"UID") => Some(&mut self.id),
                    _ => None,
                }
            }

            fn values(&self) -> Record<'a> {
                Record {
                    id: Value::of_member(self.id),
                    $($field: Value::of_member(self.$field),)+
                }
            }
        }
    };
}

members! {
    b"eventVersion" => version,
    b"userIdentity" => identity,
    b"eventTime" => time,
    b"eventSource" => source,
    b"eventName" => name,
    b"awsRegion" => region,
    b"sourceIPAddress" => address,
    b"userAgent" => user_agent,
    b"requestParameters" => parameters,
    b"responseElements" => response,
    b"additionalEventData" => additional,
    b"errorCode" => error,
    b"errorMessage" => message,
    b"requestID" => request,
    b"resources" => resources,
    b"eventType" => kind,
    b"eventCategory" => category,
    b"recipientAccountId" => recipient,
    b"sharedEventID" => shared_id,
    b"vpcEndpointId" => endpoint,
    b"sessionCredentialFromConsole" => from_console,
    b"tlsDetails" => tls,
    b"addendum" => addendum,
    b"insightDetails" => insight,
}

impl<'a> Record<'a> {
    pub fn of(object: Object<'a>) -> Self {
        let mut texts = Texts::default();
        for (key, text) in object.texts() {
            if let Some(field) = texts.field(key)
                // If a name occurs twice, the first counts, as when a record is recognised.
                && (field.is_empty() || *field == b"null")
            {
                *field = text;
            }
        }
        let mut r = texts.values();
        // Parameters beyond CloudTrail's limits are replaced by a marker.
        for large in [&mut r.parameters, &mut r.response, &mut r.additional] {
            if is_omitted(*large) {
                *large = Value::Null;
            }
        }
        r
    }
}
