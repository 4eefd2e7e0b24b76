//! The body of a request, which the record of a change may repeat.

use crate::sources::json::Value;
use crate::sources::microsoft::{embedded, pick};

/// Reads the properties that a request sets, or else those of the answer; `null` if the record has neither. `properties` are
/// those of the record.
pub fn with_body<T>(properties: Value<'_>, read: impl FnOnce(Value<'_>) -> T) -> T {
    let (mut properties_buffer, mut body_buffer) = (Vec::new(), Vec::new());
    let properties = embedded(properties, &mut properties_buffer);
    let [request, response] = pick(properties.members(), ["requestbody", "responsebody"]);
    let body = if request.is_present() {
        request
    } else {
        response
    };
    let body = embedded(body, &mut body_buffer);
    let [set] = pick(body.members(), ["properties"]);
    read(set)
}
