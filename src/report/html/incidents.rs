//! The incidents of a page, those of most weight first: a row each, its story folded beneath it, and in that its alerts.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::alert::Alert;
use crate::incident::{Incident, latest};
use crate::report::escape::Html;
use crate::report::follow_up::{self, Guide};
use crate::report::html::lines::lines;
use crate::report::number::{count, noun};
use crate::report::paint::Paint;
use crate::report::{explain, extent, incident as words, reason};
use crate::wording::dated_period;

/// Alerts that are shown on the page; the incidents of more are only in `incidents.jsonl`.
const ALERTS_SHOWN: usize = 2_000;
/// Alerts of an incident whose reasons are shown at once, and reasons of each; beneath each alert are all of them.
const ALERTS_WHY: usize = 3;
const REASONS_WHY: usize = 3;
/// The columns; a story takes all of them.
const COLUMNS: [&str; 5] = ["severity", "score", "alerts", "time (UTC)", "what"];

type Documents<'a> = BTreeMap<&'a str, &'a Alert>;

pub(super) fn write_incidents(
    out: &mut String,
    incidents: &[Incident],
    alerts: &[Alert],
    guide: &Guide,
) -> std::fmt::Result {
    let documents = latest(alerts);
    let is_known = |id: &String| documents.contains_key(&**id);
    let mut all = words::by_weight(incidents);
    // Those that approvals cover are shown where their alerts were asked for.
    all.retain(|of| !of.suppressed || of.alerts.iter().any(is_known));
    writeln!(out, "<section><h2>Incidents</h2>")?;
    if all.is_empty() {
        return writeln!(out, "<p>None.</p></section>");
    }
    let shown = within(&all, ALERTS_SHOWN);
    if shown.len() < all.len() {
        writeln!(
            out,
            "<p class=\"note\">The first {} of {}; all are in incidents.jsonl.</p>",
            count(shown.len() as u64),
            count(all.len() as u64)
        )?;
    }
    writeln!(out, "<table id=\"incidents\"><thead><tr>")?;
    for column in COLUMNS {
        writeln!(
            out,
            "<th scope=\"col\"><button type=\"button\">{column}</button></th>"
        )?;
    }
    writeln!(out, "</tr></thead>")?;
    for incident in shown {
        write_incident(out, incident, &documents, guide)?;
    }
    writeln!(out, "</table></section>")
}

/// Returns the first incidents, as many as have so many alerts together, and at least one.
fn within<'a, 'b>(all: &'b [&'a Incident], alerts_max: usize) -> &'b [&'a Incident] {
    let mut n_alerts = 0;
    let more = all.iter().position(|incident| {
        n_alerts += incident.alerts.len();
        n_alerts > alerts_max
    });
    &all[..more.unwrap_or(all.len()).max(1)]
}

fn write_incident(
    out: &mut String,
    incident: &Incident,
    documents: &Documents<'_>,
    guide: &Guide,
) -> std::fmt::Result {
    let severity = incident.severity;
    writeln!(
        out,
        "<tbody class=\"incident{approved}\" id=\"{id}\"><tr><td data-v=\"{rank}\"><span class=\"severity {severity}\">{severity}</span></td>\
         <td data-v=\"{score}\">{score:.1}</td><td data-v=\"{alerts}\">{alerts}</td><td data-v=\"{start}\">{period}</td>\
         <td data-v=\"{title}\">{title}</td></tr>\n\
         <tr><td colspan=\"{columns}\"><details><summary>{summary}</summary>",
        approved = if incident.suppressed { " approved" } else { "" },
        id = Html(&incident.incident_id),
        rank = severity as u8,
        score = incident.score,
        alerts = incident.alerts.len(),
        start = Html(incident.start),
        period = Html(dated_period(incident.start, incident.end)),
        title = Html(&incident.title),
        columns = COLUMNS.len(),
        summary = Html(summary(incident)),
    )?;
    write_facts(out, incident)?;
    write_why(out, incident, documents)?;
    write_people(out, incident)?;
    write_list(
        out,
        ("From", "ul"),
        incident.sources.iter().map(extent::source),
    )?;
    write_timeline(out, incident)?;
    write_list(out, ("Next steps", "ol"), incident.next_steps.iter())?;
    write_commands(out, incident, guide)?;
    write_alerts(out, incident, documents)?;
    writeln!(out, "</details></td></tr></tbody>")
}

/// Says who did it, and in which stages.
fn summary(incident: &Incident) -> String {
    let (who, stages) = (words::who(incident), words::stages(incident));
    match (who.is_empty(), stages.is_empty()) {
        (true, true) => noun(incident.alerts.len() as u64, "alert", "alerts"),
        (true, false) => stages,
        (false, true) => who,
        (false, false) => format!("{who}: {stages}"),
    }
}

fn write_facts(out: &mut String, incident: &Incident) -> std::fmt::Result {
    writeln!(out, "<dl>")?;
    let id = ("incident", incident.incident_id.clone());
    for (name, fact) in std::iter::once(id).chain(words::facts(incident)) {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", Html(name), Html(fact))?;
    }
    writeln!(out, "</dl>")
}

/// Writes the weightiest reasons of the severest alerts.
fn write_why(out: &mut String, incident: &Incident, documents: &Documents<'_>) -> std::fmt::Result {
    let known = incident.alerts.iter().filter_map(|id| documents.get(&**id));
    let mut severest: Vec<&&Alert> = known.collect();
    severest.sort_by(|a, b| {
        let by_severity = b.severity.cmp(&a.severity);
        by_severity.then_with(|| b.score.total_cmp(&a.score))
    });
    let reasons = severest.iter().take(ALERTS_WHY).flat_map(|alert| {
        let of_alert = alert.reasons.iter().take(REASONS_WHY);
        of_alert.map(|of| {
            (
                alert.analytic.clone(),
                reason::sentence(of, &alert.entity.id),
            )
        })
    });
    write_rows(out, "Why", reasons)
}

/// Writes the commands for what is done next.
fn write_commands(out: &mut String, incident: &Incident, guide: &Guide) -> std::fmt::Result {
    writeln!(out, "<h3>Commands</h3>\n<table class=\"rows\"><tbody>")?;
    for (purpose, command) in
        follow_up::commands((&incident.incident_id, incident.start), Some(guide.alerts))
    {
        let command = (guide.complete)(&command);
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td><code>{}</code></td></tr>",
            Html(purpose),
            Html(command.trim_matches('`'))
        )?;
    }
    writeln!(out, "</tbody></table>")
}

fn write_people(out: &mut String, incident: &Incident) -> std::fmt::Result {
    let people = incident.entities.iter().map(|of| {
        let (part, who) = words::entity(of);
        (part.to_owned(), who)
    });
    write_rows(out, "Who", people)
}

fn write_timeline(out: &mut String, incident: &Incident) -> std::fmt::Result {
    let moments = incident.timeline.iter();
    let moments = moments.map(|of| (of.time.to_string(), words::moment(of)));
    let omitted = words::omitted(incident).map(|more| (String::new(), more));
    write_rows(out, "Timeline", moments.chain(omitted))
}

/// Writes rows of a name and a text, under a heading; of nothing, nothing.
fn write_rows(
    out: &mut String,
    heading: &str,
    rows: impl Iterator<Item = (String, String)>,
) -> std::fmt::Result {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "<h3>{heading}</h3>\n<table class=\"rows\"><tbody>")?;
    for (name, text) in rows {
        writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
            Html(name),
            Html(text)
        )?;
    }
    writeln!(out, "</tbody></table>")
}

/// Writes a list of texts, under a heading; of nothing, nothing.
fn write_list<T: std::fmt::Display>(
    out: &mut String,
    (heading, tag): (&str, &str),
    texts: impl Iterator<Item = T>,
) -> std::fmt::Result {
    let mut texts = texts.peekable();
    if texts.peek().is_none() {
        return Ok(());
    }
    writeln!(out, "<h3>{heading}</h3>\n<{tag}>")?;
    for text in texts {
        writeln!(out, "<li>{}</li>", Html(text))?;
    }
    writeln!(out, "</{tag}>")
}

fn write_alerts(
    out: &mut String,
    incident: &Incident,
    documents: &Documents<'_>,
) -> std::fmt::Result {
    writeln!(out, "<h3>Alerts</h3>")?;
    for id in &incident.alerts {
        match documents.get(&**id) {
            Some(alert) => write_alert(out, alert)?,
            None => writeln!(out, "<p>{}</p>", Html(id))?,
        }
    }
    Ok(())
}

fn write_alert(out: &mut String, alert: &Alert) -> std::fmt::Result {
    let severity = alert.severity;
    writeln!(
        out,
        "<details class=\"alert{approved}\" id=\"{id}\"><summary><span class=\"severity {severity}\">{severity}</span>  {line}</summary><pre>{explained}</pre></details>",
        approved = if alert.suppressed_by.is_some() {
            " approved"
        } else {
            ""
        },
        id = Html(&alert.alert_id),
        line = Html(words::alert(alert)),
        explained = lines(&explain::explain(alert, Paint::Never)),
    )
}
