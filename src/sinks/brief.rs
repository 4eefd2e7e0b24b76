//! A notice for people: a heading, a sentence, facts, and what to do next. Characters that steer a terminal or the direction of writing
//! are escaped here; markup is escaped by each kind, in its way.

use crate::alert::{Alert, Status};
use crate::incident::{Incident, IncidentEntity};
use crate::report::incident::sensitive;
use crate::report::{Plain, extent};
use crate::sinks::notice::Notice;
use crate::stats::Severity;
use crate::wording::{clip, dated_period, name_of, noun};

/// Actors that are named.
const NAMES_SHOWN: usize = 3;
/// Columns of a name.
const NAME_SHOWN: usize = 60;
/// Characters of a fact.
const FACT_CHARS_MAX: usize = 600;
/// Steps that are told.
const STEPS_SHOWN: usize = 3;
/// Figures that are told.
const FIGURES_SHOWN: usize = 12;

/// How a notice is told, beside what is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Telling {
    /// Whether the receiver had an earlier document on the same.
    pub(super) is_update: bool,
    /// Earlier documents on the same that are told by this one.
    pub(super) n_told_with: usize,
}

/// A notice for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Brief {
    /// What it is: `CRITICAL incident`.
    pub(super) heading: String,
    /// What happened, in one sentence.
    pub(super) title: String,
    /// What is known of it: a name and a value each.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What to do next.
    pub(super) steps: Vec<String>,
    /// What names it, and how to see all of it.
    pub(super) footer: String,
    /// How grave it is.
    pub(super) severity: Severity,
}

impl Brief {
    /// Returns what people are told.
    pub(super) fn of(notice: &Notice, telling: Telling) -> Self {
        let mut brief = match notice {
            Notice::Incident { incident, .. } => of_incident(incident, telling),
            Notice::Alert(alert) => of_alert(alert, telling),
            Notice::Health(health) | Notice::Test(health) => {
                let heading = match (notice, health.is_well) {
                    (Notice::Test(_), _) => "TEST message",
                    (_, true) => "plimsoll is well",
                    (_, false) => "plimsoll is NOT well",
                };
                Self {
                    heading: heading.to_owned(),
                    title: health.title.clone(),
                    facts: Vec::new(),
                    steps: health.figures.iter().take(FIGURES_SHOWN).cloned().collect(),
                    footer: format!("plimsoll, {}", health.time),
                    severity: notice.severity(),
                }
            }
        };
        if telling.n_told_with > 0 {
            let earlier = noun(
                telling.n_told_with as u64,
                "earlier state",
                "earlier states",
            );
            brief
                .facts
                .push(("Also", format!("{earlier} of it, which this one replaces")));
        }
        brief.facts.retain(|(_, fact)| !fact.is_empty());
        let plain = |text: &mut String| *text = clip(&Plain(text).to_string(), FACT_CHARS_MAX);
        plain(&mut brief.title);
        plain(&mut brief.footer);
        brief.facts.iter_mut().for_each(|(_, fact)| plain(fact));
        brief.steps.iter_mut().for_each(plain);
        brief
    }
}

fn of_incident(incident: &Incident, telling: Telling) -> Brief {
    let severity = incident.severity.to_string().to_uppercase();
    let verdict = incident.verdict.as_ref();
    let heading = match (&incident.merged_into, verdict) {
        (Some(_), _) => "Merged: incident is a part of another one".to_owned(),
        (None, Some(said)) if said.open == 0 => {
            let right = if said.verdict { "true" } else { "false" };
            format!("Judged {right}: {severity} incident")
        }
        (None, _) => match (telling.is_update, incident.status) {
            (false, _) => format!("{severity} incident"),
            (true, Status::Closed) => format!("Final: {severity} incident"),
            (true, _) => format!("Update: {severity} incident"),
        },
    };
    let said = verdict.map(|said| {
        let note = said.note.as_ref().map(|note| format!(": {note}"));
        let open = match said.open {
            0 => String::new(),
            n => format!(", {} not judged", noun(n, "alert", "alerts")),
        };
        format!("{}{}{open}", said.verdict, note.unwrap_or_default())
    });
    let severity_reason = match incident.provisional {
        true => format!("{} (provisional)", incident.severity_reason),
        false => incident.severity_reason.clone(),
    };
    let id = &incident.incident_id;
    Brief {
        heading,
        title: incident.title.clone(),
        facts: vec![
            ("Who", actors(incident)),
            ("When", dated_period(incident.start, incident.end)),
            ("Extent", extent(&incident.extent)),
            ("Sensitive", sensitive(incident)),
            ("Severity", severity_reason.trim().to_owned()),
            ("Analytics", incident.analytics.join(", ")),
            ("Verdict", said.unwrap_or_default()),
            ("Now in", incident.merged_into.clone().unwrap_or_default()),
        ],
        steps: incident
            .next_steps
            .iter()
            .take(STEPS_SHOWN)
            .cloned()
            .collect(),
        footer: format!("{id}; all of it: plimsoll incidents {id}"),
        severity: incident.severity,
    }
}

/// Names those whom alerts are about.
fn actors(incident: &Incident) -> String {
    let is_actor = |entity: &&IncidentEntity| entity.alerts > 0;
    let actors: Vec<&IncidentEntity> = incident.entities.iter().filter(is_actor).collect();
    let named = actors.iter().take(NAMES_SHOWN).map(|entity| {
        let name = entity.display_name.as_ref().unwrap_or(&entity.id);
        match name_of(name, NAME_SHOWN) {
            name if name == entity.id => name,
            name => format!("{name} ({})", entity.id),
        }
    });
    let mut names: Vec<String> = named.collect();
    let more = actors.len().saturating_sub(NAMES_SHOWN);
    if more > 0 {
        names.push(noun(more as u64, "other", "others"));
    }
    names.join(", ")
}

fn of_alert(alert: &Alert, telling: Telling) -> Brief {
    let severity = alert.severity.to_string().to_uppercase();
    let heading = match (telling.is_update, alert.status) {
        (false, _) => format!("{severity} alert"),
        (true, Status::Closed) => format!("Final: {severity} alert"),
        (true, _) => format!("Update: {severity} alert"),
    };
    let (first, last) = alert.span();
    let id = &alert.alert_id;
    let incident = alert.incident_id.as_ref();
    let command = match incident {
        Some(incident) => format!("plimsoll incidents {incident}"),
        None => format!("plimsoll explain {id}"),
    };
    Brief {
        heading,
        title: alert.headline.clone().unwrap_or_else(|| alert.name.clone()),
        facts: vec![
            ("Who", alert.entity.id.clone()),
            ("When", dated_period(first, last)),
            ("Extent", extent(&alert.extent)),
            (
                "Severity",
                alert.severity_reason.clone().unwrap_or_default(),
            ),
            ("Analytic", format!("{} {}", alert.analytic, alert.name)),
        ],
        steps: Vec::new(),
        footer: format!("{id}; all of it: {command}"),
        severity: alert.severity,
    }
}
