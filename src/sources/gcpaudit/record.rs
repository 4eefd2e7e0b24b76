//! The members of a log entry and its payload that are read.

use crate::sources::json::{Object, Value};
use crate::sources::parts::loose;

/// The members of an entry and its payload that are read.
pub struct Record<'a> {
    pub log_name: Value<'a>,
    pub insert_id: Value<'a>,
    pub timestamp: Value<'a>,
    pub operation: Value<'a>,
    pub labels: Value<'a>,
    pub auth: Value<'a>,
    pub authorization: Value<'a>,
    pub request_metadata: Value<'a>,
    pub service: Value<'a>,
    pub method: Value<'a>,
    pub resource_name: Value<'a>,
    pub location: Value<'a>,
    pub status: Value<'a>,
    pub items: Value<'a>,
    pub service_data: Value<'a>,
    pub metadata: Value<'a>,
    pub request: Value<'a>,
    pub response: Value<'a>,
}

/// Buffers for parts of a payload that tables keep as text.
#[derive(Default)]
pub struct Buffers {
    pub labels: Vec<u8>,
    pub metadata: Vec<u8>,
    pub request: Vec<u8>,
    pub response: Vec<u8>,
}

impl<'a> Record<'a> {
    pub fn of(object: Object<'a>, payload: Value<'a>, buffers: &'a mut Buffers) -> Self {
        let [log_name, insert_id, timestamp, operation, resource] = loose::pick(
            object.members(),
            ["logName", "insertId", "timestamp", "operation", "resource"],
        );
        let [
            auth,
            authorization,
            request_metadata,
            service,
            method,
            resource_name,
            location,
            status,
            items,
            service_data,
            iam_data,
            bigquery_data,
            metadata,
            metadata_json,
            request,
            request_json,
            response,
            response_json,
        ] = loose::pick(
            payload.members(),
            [
                "authenticationInfo",
                "authorizationInfo",
                "requestMetadata",
                "serviceName",
                "methodName",
                "resourceName",
                "resourceLocation",
                "status",
                "numResponseItems",
                "serviceData",
                "servicedata_v1_iam",
                "servicedata_v1_bigquery",
                "metadata",
                "metadataJson",
                "request",
                "requestJson",
                "response",
                "responseJson",
            ],
        );
        let first = |values: &[Value<'a>]| {
            let found = values.iter().find(|value| **value != Value::Null);
            found.copied().unwrap_or(Value::Null)
        };
        Record {
            log_name,
            insert_id,
            timestamp,
            operation,
            labels: loose::embedded(loose::path(resource, &["labels"]), &mut buffers.labels),
            auth,
            authorization,
            request_metadata,
            service,
            method,
            resource_name,
            location,
            status,
            items,
            service_data: first(&[service_data, iam_data, bigquery_data]),
            metadata: loose::embedded(first(&[metadata, metadata_json]), &mut buffers.metadata),
            request: loose::embedded(first(&[request, request_json]), &mut buffers.request),
            response: loose::embedded(first(&[response, response_json]), &mut buffers.response),
        }
    }
}
