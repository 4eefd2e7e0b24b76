//! Who decided what, and when: one line for each request that changes something, whether it succeeded or not.

use serde_json::json;

use crate::service::guard::Caller;
use crate::service::state::Service;

/// Notes a request.
pub fn note(
    service: &Service,
    caller: &Caller,
    (method, path, of): (&str, &str, &str),
    status: u16,
) {
    let line = json!({
        "time": service.host.now().to_string(),
        "caller": caller.name,
        "address": caller.address,
        "method": method,
        "route": path,
        "path": of,
        "status": status,
    });
    if let Err(error) = service.store.note_audit(&line.to_string()) {
        let why = error.with_causes();
        service
            .host
            .tell(&format!("the audit log cannot be written: {why}"));
    }
}
