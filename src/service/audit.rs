//! Who decided what, and when: one line for each request that would change something, whether it succeeded, failed or was refused.

use serde_json::{Value, json};

use crate::service::guard::Caller;
use crate::service::state::Service;

/// What a request decided, beside the answer to it.
#[derive(Debug, Clone)]
pub struct Decided(pub Value);

/// Notes a request.
pub fn note(
    service: &Service,
    caller: &Caller,
    (method, path, of): (&str, &str, &str),
    (status, decided): (u16, Option<Decided>),
) {
    let line = json!({
        "time": service.host.now().to_string(),
        "caller": caller.name,
        "address": caller.address,
        "method": method,
        "route": path,
        "path": of,
        "status": status,
        "decided": decided.map(|Decided(what)| what),
    });
    if let Err(error) = service.store.note_audit(&line.to_string()) {
        let why = error.with_causes();
        service
            .host
            .tell(&format!("the audit log cannot be written: {why}"));
    }
}
