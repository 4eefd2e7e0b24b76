//! Incidents for people: a list with two lines for each, and the whole story of one.

use std::fmt::Write;

use crate::alert::Alert;
use crate::incident::{Incident, IncidentEntity, Part};
use crate::report::escape::Plain;
use crate::report::extent::{self, extent};
use crate::report::layout::name_of;
use crate::report::number::{count, noun};
use crate::report::paint::Paint;
use crate::report::text::short;
use crate::wording::dated_period;

/// Characters of an id that a list shows: enough to name it, and hardly ever those of another one.
pub(super) const ID_SHOWN: usize = 8;
/// Columns of an entity's name in a list.
const NAME_SHOWN: usize = 40;
/// Entities that a story names in full.
const ENTITIES_SHOWN: usize = 12;
/// Alerts that a story names.
const ALERTS_SHOWN: usize = 20;

/// Returns incidents in two lines each, in the order in which they are given.
pub fn list(incidents: &[Incident], paint: Paint) -> String {
    let mut out = String::new();
    for incident in incidents {
        // Writing to a string cannot fail.
        let _ = write_row(&mut out, incident, paint);
    }
    out
}

fn write_row(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    let severity = incident.severity.to_string().to_uppercase();
    let id: String = incident.incident_id.chars().take(ID_SHOWN).collect();
    writeln!(
        out,
        "{}  {:>5.1}  {}  {}  {}  {}{}{}",
        paint.severity(incident.severity, &format!("{severity:<8}")),
        incident.score,
        dated_period(incident.start, incident.end),
        Plain(&id),
        noun(incident.alerts.len() as u64, "alert", "alerts"),
        paint.bold(&Plain(&who(incident)).to_string()),
        if incident.suppressed {
            "  approved"
        } else {
            ""
        },
        verdict(incident)
            .map(|said| format!("  {}", Plain(&said)))
            .unwrap_or_default(),
    )?;
    writeln!(out, "  {}", Plain(&incident.title))
}

/// Returns the name of the first entity, and how many others there are.
fn who(incident: &Incident) -> String {
    let is_shown = |entity: &&IncidentEntity| entity.alerts > 0;
    let actors: Vec<_> = incident.entities.iter().filter(is_shown).collect();
    let Some(first) = actors.first() else {
        return String::new();
    };
    let name = match &first.display_name {
        Some(name) => name_of(name, NAME_SHOWN),
        None => name_of(&first.id, NAME_SHOWN),
    };
    match actors.len() - 1 {
        0 => name,
        more => format!("{name} and {}", noun(more as u64, "other", "others")),
    }
}

/// Returns what analysts said, as far as they said anything.
fn verdict(incident: &Incident) -> Option<String> {
    let verdict = incident.verdict.as_ref()?;
    let part = (verdict.open > 0).then(|| {
        format!(
            " for {} of {}",
            count(verdict.alerts),
            noun(incident.alerts.len() as u64, "alert", "alerts")
        )
    });
    Some(format!(
        "verdict {}{}",
        verdict.verdict,
        part.unwrap_or_default()
    ))
}

/// Returns all of an incident. `alerts` are the documents of its alerts, as far as they are known.
pub fn story(incident: &Incident, alerts: &[Alert], paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_story(&mut out, incident, alerts, paint);
    out
}

fn write_story(
    out: &mut String,
    incident: &Incident,
    alerts: &[Alert],
    paint: Paint,
) -> std::fmt::Result {
    let severity = incident.severity.to_string().to_uppercase();
    writeln!(
        out,
        "{}  {:.1}  {}  {}",
        paint.severity(incident.severity, &severity),
        incident.score,
        dated_period(incident.start, incident.end),
        paint.bold(&Plain(&incident.incident_id).to_string()),
    )?;
    writeln!(out, "  {}", Plain(&incident.title))?;
    let mut fact = |name: &str, value: &str| match value {
        "" => Ok(()),
        value => writeln!(
            out,
            "    {} {}",
            paint.dim(&format!("{name:<9}")),
            Plain(value)
        ),
    };
    fact("severity", &incident.severity_reason)?;
    if incident.provisional {
        fact(
            "scores",
            "provisional: too little history to calibrate them",
        )?;
    }
    let stages: Vec<String> = incident
        .stages
        .iter()
        .map(|stage| stage.as_str().replace('_', " "))
        .collect();
    fact("stages", &stages.join(", then "))?;
    if let Some(cause) = &incident.cause {
        let text = format!(
            "{} {} is new to {}, since {}",
            cause.r#trait.replace('_', " "),
            cause.value,
            noun(cause.members, "identity", "identities"),
            cause.since
        );
        fact("cause", &text)?;
    }
    fact("extent", &extent(&incident.extent))?;
    if let Some(crossed) = incident.crossed_at {
        let gone = match extent(&incident.extent_at_crossing) {
            text if text.is_empty() => String::new(),
            text => format!(" after {text}"),
        };
        fact("crossed", &format!("{crossed}{gone}"))?;
    }
    fact("approved", &incident.approvals.join(", "))?;
    if let Some(said) = verdict(incident) {
        let note = incident.verdict.as_ref().and_then(|v| v.note.as_deref());
        let note = note.map(|note| format!(": {note}")).unwrap_or_default();
        fact(
            "verdict",
            &format!("{}{note}", said.trim_start_matches("verdict ")),
        )?;
    }
    fact("merged", &incident.merged.join(", "))?;
    fact("into", incident.merged_into.as_deref().unwrap_or_default())?;
    fact(
        "continues",
        incident.continues.as_deref().unwrap_or_default(),
    )?;
    if let Some(beyond) = &incident.beyond {
        let more = noun(beyond.alerts, "more alert", "more alerts");
        fact("beyond", &format!("{more}, told in {}", beyond.incident_id))?;
    }
    write_entities(out, incident, paint)?;
    write_sources(out, incident, paint)?;
    write_timeline(out, incident, paint)?;
    write_alerts(out, incident, alerts, paint)?;
    if !incident.next_steps.is_empty() {
        writeln!(out, "\n{}", paint.bold("Next steps"))?;
        for (number, step) in incident.next_steps.iter().enumerate() {
            writeln!(out, "  {}. {}", number + 1, Plain(step))?;
        }
    }
    Ok(())
}

fn write_entities(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    writeln!(out, "\n{}", paint.bold("Who"))?;
    for entity in incident.entities.iter().take(ENTITIES_SHOWN) {
        let part = match entity.part {
            Part::Actor => "actor",
            Part::Member => "member",
            Part::CreatedBy => "created by",
            Part::Assumed => "assumed by",
        };
        let mut text = entity.id.clone();
        if let Some(name) = &entity.display_name {
            let _ = write!(text, " ({name})");
        }
        if let Some(role) = entity.role.as_ref().filter(|role| **role != entity.id) {
            let _ = write!(text, " as {role}");
        }
        if entity.alerts > 0 {
            let _ = write!(text, ", {}", noun(entity.alerts, "alert", "alerts"));
        }
        writeln!(out, "  {part:<10}  {}", Plain(&text))?;
    }
    write_more(out, incident.entities.len(), ENTITIES_SHOWN)
}

fn write_sources(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    if incident.sources.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("From"))?;
    for source in &incident.sources {
        writeln!(out, "  {}", Plain(&extent::source(source)))?;
    }
    Ok(())
}

fn write_timeline(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    if incident.timeline.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("Timeline"))?;
    for moment in &incident.timeline {
        let event = moment.event_id.as_ref().map(|id| format!(", event {id}"));
        writeln!(
            out,
            "  {}  {}: {}{}",
            moment.time,
            Plain(&short(&moment.entity)),
            Plain(&moment.what),
            Plain(&event.unwrap_or_default()),
        )?;
    }
    if incident.timeline_omitted > 0 {
        let more = noun(incident.timeline_omitted, "other moment", "other moments");
        writeln!(out, "  and {more}")?;
    }
    Ok(())
}

fn write_alerts(
    out: &mut String,
    incident: &Incident,
    alerts: &[Alert],
    paint: Paint,
) -> std::fmt::Result {
    writeln!(out, "\n{}", paint.bold("Alerts"))?;
    for id in incident.alerts.iter().take(ALERTS_SHOWN) {
        let Some(alert) = alerts.iter().find(|alert| alert.alert_id == *id) else {
            writeln!(out, "  {}", Plain(id))?;
            continue;
        };
        writeln!(
            out,
            "  {}  {}  {}  {:.1}  {}  {}{}",
            Plain(id),
            paint.severity(alert.severity, &alert.severity.to_string()),
            Plain(&alert.analytic),
            alert.score,
            alert.time,
            Plain(alert.headline()),
            if alert.suppressed_by.is_some() {
                " (approved)"
            } else {
                ""
            },
        )?;
    }
    write_more(out, incident.alerts.len(), ALERTS_SHOWN)
}

fn write_more(out: &mut String, rows: usize, shown: usize) -> std::fmt::Result {
    match rows.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "  and {} more", count(more as u64)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::incident::{Playbook, incidents};
    use crate::report::text::tests::sample;

    #[test]
    fn a_story_reads_well_and_is_harmless() {
        let mut alert = sample();
        alert.entity.display_name = Some("Backup\u{1b}[2J".to_owned());
        alert.headline = Some("Listed\u{202e}".to_owned());
        let alerts = [alert];
        let incident = incidents(&alerts, &Playbook::default()).remove(0);
        let text = list(std::slice::from_ref(&incident), Paint::Never)
            + &story(&incident, &alerts, Paint::Never);
        assert!(
            !text.contains('\u{1b}') && !text.contains('\u{202e}'),
            "{text}"
        );
        let row = text.lines().next().unwrap();
        assert!(row.starts_with("HIGH       97.1  2026-03-16 04:1"), "{row}");
        assert!(row.ends_with("1 alert  Backup\\u{1b}[2J"), "{row}");
        for part in ["Who\n", "Timeline\n", "Alerts\n  5f0c  high  AN1594  97.1"] {
            assert!(text.contains(part), "{part} is not in {text}");
        }
    }
}
