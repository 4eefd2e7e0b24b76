//! Incidents for people: a list with two lines for each, and the whole story of one.

use std::fmt::Write;

use crate::alert::{Alert, Origin, ResourceRecord};
use crate::incident::{Incident, IncidentEntity, Moment, Part};
use crate::report::escape::Plain;
use crate::report::extent::{self, extent};
use crate::report::layout::name_of;
use crate::report::number::{bytes, count, noun};
use crate::report::paint::Paint;
use crate::report::text::short;
use crate::wording::dated_period;

/// Characters of an id that a list shows: enough to name it, and hardly ever those of another one.
pub(super) const ID_SHOWN: usize = 8;
/// Columns of an entity's name in a list.
const NAME_SHOWN: usize = 40;
/// Entities that a story names in full.
const ENTITIES_SHOWN: usize = 12;
/// Sensitive buckets that a story names.
const SENSITIVE_SHOWN: usize = 3;
/// Alerts that a story names.
const ALERTS_SHOWN: usize = 20;

/// Returns incidents by their weight: the severest first, of these those of the highest score, and the latest. Those that an approval
/// covers as a whole are last.
pub(super) fn by_weight(incidents: &[Incident]) -> Vec<&Incident> {
    let mut all: Vec<&Incident> = incidents.iter().collect();
    all.sort_by(|a, b| {
        (a.suppressed.cmp(&b.suppressed))
            .then(b.severity.cmp(&a.severity))
            .then(b.score.total_cmp(&a.score))
            .then(b.start.cmp(&a.start))
            .then(a.incident_id.cmp(&b.incident_id))
    });
    all
}

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
        "{}  {:>5.1}  {}  {}  {}  {}{}{}{}",
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
        if incident.provisional {
            "  provisional"
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
pub(super) fn who(incident: &Incident) -> String {
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
    for (name, value) in facts(incident) {
        let name = paint.dim(&format!("{name:<9}"));
        writeln!(out, "    {name} {}", Plain(&value))?;
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

/// Returns what is known of an incident as a whole: the name of each fact, and the fact.
pub(super) fn facts(incident: &Incident) -> Vec<(&'static str, String)> {
    let provisional = match incident.provisional {
        true => "provisional: too little history to calibrate them",
        false => "",
    };
    let optional = |id: &Option<String>| id.clone().unwrap_or_default();
    let beyond = incident.beyond.as_ref().map(|beyond| {
        let more = noun(beyond.alerts, "more alert", "more alerts");
        format!("{more}, told in {}", beyond.incident_id)
    });
    let mut facts = vec![
        ("severity", incident.severity_reason.clone()),
        ("scores", provisional.to_owned()),
        ("stages", stages(incident)),
        ("cause", cause(incident).unwrap_or_default()),
        ("extent", extent(&incident.extent)),
        ("sensitive", sensitive(incident)),
        ("crossed", crossed(incident).unwrap_or_default()),
        ("approved", incident.approvals.join(", ")),
        ("verdict", verdict_with_note(incident).unwrap_or_default()),
        ("merged", incident.merged.join(", ")),
        ("into", optional(&incident.merged_into)),
        ("continues", optional(&incident.continues)),
        ("beyond", beyond.unwrap_or_default()),
    ];
    facts.retain(|(_, fact)| !fact.is_empty());
    facts
}

/// Returns the stages in the order in which they began.
pub(super) fn stages(incident: &Incident) -> String {
    let stages = incident.stages.iter();
    let stages: Vec<String> = stages
        .map(|stage| stage.as_str().replace('_', " "))
        .collect();
    stages.join(", then ")
}

/// Names the sensitive buckets that were touched, with whom to ask about them and how much was done there.
pub fn sensitive(incident: &Incident) -> String {
    let of_bucket = |one: &ResourceRecord| {
        let owner = one.owner.as_ref();
        let owner = owner.map_or(String::new(), |owner| format!(" (owner {owner})"));
        let denied = match one.denied {
            0 => String::new(),
            n if n == one.calls => " (denied)".to_owned(),
            n => format!(" ({} denied)", count(n)),
        };
        let parts = [
            format!("{}{denied}", noun(one.calls, "call", "calls")),
            noun(one.objects, "object", "objects"),
            bytes(one.bytes as f64),
        ];
        let is_there = [true, one.objects > 0, one.bytes > 0];
        let parts: Vec<String> = parts
            .into_iter()
            .zip(is_there)
            .filter_map(|(part, is_there)| is_there.then_some(part))
            .collect();
        format!("{}{owner}: {}", one.bucket, parts.join(", "))
    };
    let mut named: Vec<String> = incident
        .sensitive
        .iter()
        .take(SENSITIVE_SHOWN)
        .map(of_bucket)
        .collect();
    let more = incident.sensitive.len().saturating_sub(SENSITIVE_SHOWN);
    if more > 0 {
        named.push(format!("and {}", noun(more as u64, "other", "others")));
    }
    named.join("; ")
}

fn cause(incident: &Incident) -> Option<String> {
    let cause = incident.cause.as_ref()?;
    let since = cause.since;
    if cause.is_young_log() {
        let identities = noun(cause.members, "identity", "identities");
        let provider = &cause.value;
        let day = since.day();
        return Some(format!(
            "all of it rests on a log of {provider} that began {day} and is still learnt; {identities}"
        ));
    }
    Some(format!(
        "{} {} is new to {}, since {}",
        cause.r#trait.replace('_', " "),
        cause.value,
        noun(cause.members, "identity", "identities"),
        since
    ))
}

/// Returns when the first threshold was reached, and after how much.
fn crossed(incident: &Incident) -> Option<String> {
    let crossed = incident.crossed_at?;
    let gone = match extent(&incident.extent_at_crossing) {
        text if text.is_empty() => String::new(),
        text => format!(" after {text}"),
    };
    Some(format!("{crossed}{gone}"))
}

fn verdict_with_note(incident: &Incident) -> Option<String> {
    let said = verdict(incident)?;
    let note = incident.verdict.as_ref().and_then(|v| v.note.as_deref());
    let note = note.map(|note| format!(": {note}")).unwrap_or_default();
    Some(format!("{}{note}", said.trim_start_matches("verdict ")))
}

/// Returns the part that an entity had, and who it is.
pub(super) fn entity(of: &IncidentEntity) -> (&'static str, String) {
    let part = match of.part {
        Part::Actor => "actor",
        Part::Member => "member",
        Part::CreatedBy => "created by",
        Part::Assumed => "assumed by",
    };
    let mut text = of.id.clone();
    // Writing to a string cannot fail.
    if let Some(name) = &of.display_name {
        let _ = write!(text, " ({name})");
    }
    if let Some(role) = of.role.as_ref().filter(|role| **role != of.id) {
        let _ = write!(text, " as {role}");
    }
    if of.alerts > 0 {
        let _ = write!(text, ", {}", noun(of.alerts, "alert", "alerts"));
    }
    (part, text)
}

/// Returns what happened at a moment, to whom, and which event shows it.
pub(super) fn moment(of: &Moment) -> String {
    let event = of.event_id.as_ref().map(|id| format!(", event {id}"));
    let event = event.unwrap_or_default();
    format!("{}: {}{event}", short(&of.entity), of.what)
}

/// Says for how many moments there was no room, if there are any.
pub(super) fn omitted(incident: &Incident) -> Option<String> {
    let more = noun(incident.timeline_omitted, "other moment", "other moments");
    (incident.timeline_omitted > 0).then(|| format!("and {more}"))
}

/// Returns an alert in one line, without its id and its severity.
pub(super) fn alert(of: &Alert) -> String {
    let also = of.also.iter().map(|other| &*other.analytic);
    let also: Vec<&str> = also.collect();
    let also = match also.is_empty() {
        true => String::new(),
        false => format!(" (also {})", also.join(", ")),
    };
    format!(
        "{}{also}  {:.1}  {}  {}{}",
        of.analytic,
        of.score,
        of.time,
        of.headline(),
        if of.suppressed_by.is_some() {
            " (approved)"
        } else {
            ""
        },
    )
}

fn write_entities(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    writeln!(out, "\n{}", paint.bold("Who"))?;
    for (part, who) in incident.entities.iter().take(ENTITIES_SHOWN).map(entity) {
        writeln!(out, "  {part:<10}  {}", Plain(&who))?;
    }
    write_more(out, incident.entities.len(), ENTITIES_SHOWN)
}

fn write_sources(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    if incident.sources.is_empty() && incident.origins.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("From"))?;
    let is_told = incident.sources.iter().any(|source| source.is_of_act);
    for source in &incident.sources {
        let beside = extent::beside(source, is_told);
        writeln!(out, "  {}{beside}", Plain(&extent::source(source)))?;
    }
    for origin in &incident.origins {
        let what = match origin.kind {
            Origin::SignIn => "signed in there",
            Origin::Issuance => "a credential was issued to it",
            Origin::Creation => "an identity was created from it",
        };
        writeln!(out, "  {}: {what}", Plain(&origin.address))?;
    }
    Ok(())
}

fn write_timeline(out: &mut String, incident: &Incident, paint: Paint) -> std::fmt::Result {
    if incident.timeline.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint.bold("Timeline"))?;
    for of in &incident.timeline {
        writeln!(out, "  {}  {}", of.time, Plain(&moment(of)))?;
    }
    match omitted(incident) {
        Some(more) => writeln!(out, "  {more}"),
        None => Ok(()),
    }
}

fn write_alerts(
    out: &mut String,
    incident: &Incident,
    alerts: &[Alert],
    paint: Paint,
) -> std::fmt::Result {
    writeln!(out, "\n{}", paint.bold("Alerts"))?;
    for id in incident.alerts.iter().take(ALERTS_SHOWN) {
        let Some(of) = alerts.iter().find(|alert| alert.alert_id == *id) else {
            writeln!(out, "  {}", Plain(id))?;
            continue;
        };
        let severity = paint.severity(of.severity, &of.severity.to_string());
        writeln!(out, "  {}  {severity}  {}", Plain(id), Plain(&alert(of)))?;
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
