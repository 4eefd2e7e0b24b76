//! How a session began, as an event tells it.

use crate::alert::AuthenticationRecord;
use crate::event::Event;

/// Returns how the session of an event began, if the event states when that was.
pub(super) fn session_of(event: &Event) -> Option<AuthenticationRecord> {
    let method = event.context.auth_method.as_ref();
    Some(AuthenticationRecord {
        time: event.context.session_start?,
        method: method.map_or_else(|| "session".to_owned(), |m| m.to_string()),
        mfa: event.context.mfa,
        source_ip: event.peer.ip.map(|ip| ip.to_string()),
        country: event.peer.country.as_ref().map(ToString::to_string),
        unusual: Vec::new(),
    })
}

/// Returns what a sign-in begins.
pub(super) fn sign_in(event: &Event) -> AuthenticationRecord {
    AuthenticationRecord {
        time: event.time,
        method: match &event.context.auth_method {
            Some(method) => format!("{} ({method})", event.op),
            None => event.op.to_string(),
        },
        mfa: event.context.mfa,
        source_ip: event.peer.ip.map(|ip| ip.to_string()),
        country: event.peer.country.as_ref().map(ToString::to_string),
        unusual: Vec::new(),
    }
}
