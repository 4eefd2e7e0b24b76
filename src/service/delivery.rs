//! Alerts that are told: into the store's archive first, then to sinks and whoever listens.

use serde::Serialize;

use crate::alert::Alert;
use crate::error::Result;
use crate::incident::Playbook;
use crate::report::json;
use crate::service::live::{Kind, Live};
use crate::service::state::Service;
use crate::store::Archive;

/// Keeps an alert durably, and tells it.
///
/// # Errors
///
/// Fails if it cannot be kept. The follower then goes on from its last checkpoint, and tells it again under the same id.
pub fn deliver(service: &Service, archive: &Archive, alert: &Alert) -> Result<()> {
    let sinks = service.sinks();
    let is_told = alert.suppressed_by.is_none();
    if let Some(sinks) = sinks.as_ref().filter(|_| is_told) {
        // Sinks hold up nothing that others are told.
        if let Err(error) = sinks.about_to_tell(alert) {
            let why = error.with_hints();
            let what = format!("if the service crashes now, sinks are not told of an alert: {why}");
            service.host.tell(&what);
        }
    }
    archive.append_durably(alert.time.day(), &json::line(alert))?;
    service.metrics.note_alert(alert);
    if let Some(sinks) = sinks {
        sinks.told(alert, is_told);
    }
    if !is_told || service.live.receiver_count() == 0 {
        return Ok(());
    }
    tell(service, Kind::Alert, alert);
    if let Some(id) = &alert.incident_id {
        let playbook = Playbook::of(&service.setup().analytics);
        // It was told, and is in the archive; an archive that cannot be read is said at the next request.
        if let Ok((incident, _)) = service.inquiry.incident(id, &playbook) {
            tell(service, Kind::Incident, &incident);
        }
    }
    Ok(())
}

fn tell(service: &Service, kind: Kind, document: &impl Serialize) {
    let live = Live {
        kind,
        document: json::line(document).into(),
    };
    // Nobody need listen.
    let _ = service.live.send(live);
}
