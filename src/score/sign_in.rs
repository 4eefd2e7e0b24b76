//! How a session began, as an event tells it.

use crate::alert::AuthenticationRecord;
use crate::event::Event;
use crate::measure::SignIn;

/// Returns how the session of an event began, if the event states when that was. From where, it does not state: its own address is that
/// from which the session was used.
pub(super) fn session_of(event: &Event) -> Option<AuthenticationRecord> {
    let method = event.context.auth_method.as_ref();
    Some(AuthenticationRecord {
        time: event.context.session_start?,
        method: method.map_or_else(|| "session".to_owned(), |m| m.to_string()),
        mfa: event.context.mfa,
        source_ip: None,
        country: None,
        unusual: Vec::new(),
    })
}

/// Returns what a sign-in begins.
pub(super) fn begun_by(sign_in: &SignIn) -> AuthenticationRecord {
    AuthenticationRecord {
        time: sign_in.at,
        method: match &sign_in.means {
            Some(means) => format!("{} ({means})", sign_in.operation),
            None => sign_in.operation.to_string(),
        },
        mfa: sign_in.mfa,
        source_ip: sign_in.from.map(|ip| ip.to_string()),
        country: sign_in.country.as_ref().map(ToString::to_string),
        unusual: Vec::new(),
    }
}
