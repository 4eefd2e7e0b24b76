//! A backtest as one HTML page: incidents first, each with its alerts folded beneath it. It loads nothing, and only its own few lines of
//! script may run.

mod incidents;
mod lines;

use std::fmt::Write;

use crate::alert::Alert;
use crate::engine::DayCount;
use crate::incident::Incident;
use crate::report::escape::Html;
use crate::report::follow_up::Guide;
use crate::report::html::incidents::write_incidents;
use crate::report::html::lines::lines;
use crate::report::learning;
use crate::report::number::{count, noun, percent};
use crate::report::paint::Paint;
use crate::report::summary::{Summary, false_alerts_sentence, lost_before_told, time_to_detect};

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// Returns the page. Of each alert the latest document is shown.
pub fn page(summary: &Summary, incidents: &[Incident], alerts: &[Alert], guide: &Guide) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_page(&mut out, summary, (incidents, alerts), guide);
    out
}

/// Returns the nonce of the page's own style and script. Text in a log cannot name it, because it depends on the whole report.
fn nonce(summary: &Summary, incidents: &[Incident], alerts: &[Alert]) -> String {
    let mut hasher = xxhash_rust::xxh3::Xxh3::new();
    hasher.update(crate::report::json::line(summary).as_bytes());
    for incident in incidents {
        hasher.update(crate::report::json::line(incident).as_bytes());
    }
    for alert in alerts {
        hasher.update(crate::report::json::line(alert).as_bytes());
    }
    format!("{:032x}", hasher.digest128())
}

fn write_page(
    out: &mut String,
    summary: &Summary,
    (incidents, alerts): (&[Incident], &[Alert]),
    guide: &Guide,
) -> std::fmt::Result {
    let nonce = nonce(summary, incidents, alerts);
    let title = match (summary.per_day.first(), summary.per_day.last()) {
        (Some(first), Some(last)) => format!("plimsoll: {} to {}", first.day, last.day),
        _ => "plimsoll".to_owned(),
    };
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"generator\" content=\"plimsoll\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <title>{}</title>\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n</head>\n<body>\n<header><h1>{}</h1></header>\n<main>",
        Html(&title),
        Html(&title),
    )?;
    write_tiles(out, summary, incidents)?;
    write_incidents(out, incidents, alerts, guide)?;
    write_days(out, &summary.per_day)?;
    write_evaluation(out, summary)?;
    write_reading(out, summary, guide)?;
    writeln!(
        out,
        "</main>\n<footer>plimsoll {}</footer>\n<script nonce=\"{nonce}\">\n{SCRIPT}</script>\n</body>\n</html>",
        Html(summary.version)
    )
}

fn write_tiles(out: &mut String, summary: &Summary, incidents: &[Incident]) -> std::fmt::Result {
    let days = summary.days_judged.max(1) as f64;
    let told = incidents.iter().filter(|incident| !incident.suppressed);
    let told = told.count() as u64;
    let mut tiles = vec![
        ("incidents", count(told)),
        ("incidents a day", format!("{:.1}", told as f64 / days)),
        ("alerts", count(summary.alerts.total)),
        ("days judged", count(summary.days_judged)),
        ("events read", count(summary.read.events)),
    ];
    if let Some(learnt) = &summary.learnt {
        tiles.push(("days learnt", count(learnt.days)));
        tiles.push(("identities", count(learnt.identities)));
    }
    tiles.push((
        "approved alerts",
        count(summary.alerts.suppressed.values().sum()),
    ));
    if let Some(evaluation) = &summary.evaluation {
        tiles.push(("recall", percent(evaluation.all.recall)));
        tiles.push(("precision", percent(evaluation.all.precision)));
    }
    writeln!(out, "<section class=\"tiles\">")?;
    for (name, value) in tiles {
        writeln!(
            out,
            "<div class=\"tile\"><b>{}</b><span>{}</span></div>",
            Html(value),
            Html(name)
        )?;
    }
    writeln!(out, "</section>")?;
    if summary.provisional {
        writeln!(
            out,
            "<p class=\"note\">Scores are provisional, because fewer than 7 days are calibrated.</p>"
        )?;
    }
    for sentence in learning::lines(&summary.learning) {
        writeln!(out, "<p class=\"note\">Learning {}.</p>", Html(sentence))?;
    }
    Ok(())
}

/// Draws alerts per day as bars. Each has its day and number as a title, for pointers and screen readers.
fn write_days(out: &mut String, days: &[DayCount]) -> std::fmt::Result {
    let (Some(first), Some(last)) = (days.first(), days.last()) else {
        return Ok(());
    };
    const HEIGHT: f64 = 80.0;
    let most = days.iter().map(|d| d.alerts).max().unwrap_or(0).max(1);
    let width = days.len() * 12;
    writeln!(
        out,
        "<section><h2>Alerts per day</h2>\n<svg class=\"days\" viewBox=\"0 0 {width} 82\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"alerts per day, at most {most}\">",
    )?;
    for (number, day) in days.iter().enumerate() {
        let height = (HEIGHT * day.alerts as f64 / most as f64).max(1.0);
        writeln!(
            out,
            "<rect x=\"{}\" y=\"{:.1}\" width=\"10\" height=\"{height:.1}\"><title>{}: {}</title></rect>",
            number * 12 + 1,
            HEIGHT + 1.0 - height,
            Html(&day.day),
            day.alerts,
        )?;
    }
    writeln!(
        out,
        "</svg>\n<p class=\"axis\"><span>{}</span><span>at most {most}</span><span>{}</span></p></section>",
        Html(&first.day),
        Html(&last.day),
    )
}

fn write_evaluation(out: &mut String, summary: &Summary) -> std::fmt::Result {
    let Some(evaluation) = &summary.evaluation else {
        return Ok(());
    };
    writeln!(
        out,
        "<section><h2>Comparison with labels</h2>\n<table><thead><tr><th>analytic</th><th>labels</th><th>found</th><th>true alerts</th><th>false alerts</th><th>precision</th><th>recall</th><th>time to detect</th></tr></thead>\n<tbody>",
    )?;
    for (name, of) in evaluation
        .analytics
        .iter()
        .map(|(n, e)| (n.as_str(), e))
        .chain([("all", &evaluation.all)])
    {
        writeln!(
            out,
            "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            Html(name),
            of.labels,
            of.found,
            of.true_alerts,
            of.false_alerts,
            Html(percent(of.precision)),
            Html(percent(of.recall)),
            Html(time_to_detect(of)),
        )?;
    }
    writeln!(
        out,
        "</tbody></table>\n<p>{}</p>",
        Html(false_alerts_sentence(evaluation))
    )?;
    if let Some(lost) = lost_before_told(evaluation) {
        writeln!(out, "<p>{}</p>", Html(lost))?;
    }
    if !evaluation.missed.is_empty() {
        writeln!(
            out,
            "<details><summary>{} without an alert</summary><ul>",
            noun(evaluation.missed.len() as u64, "label", "labels")
        )?;
        for missed in &evaluation.missed {
            writeln!(out, "<li>{}</li>", Html(missed))?;
        }
        writeln!(out, "</ul></details>")?;
    }
    writeln!(out, "</section>")
}

fn write_reading(out: &mut String, summary: &Summary, guide: &Guide) -> std::fmt::Result {
    writeln!(
        out,
        "<section><h2>Summary of the run</h2>\n<pre>{}</pre></section>",
        lines(&(guide.complete)(&crate::report::summary::text(
            summary,
            true,
            Paint::Never
        ))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::Status;
    use crate::engine::ScoreSummary;
    use crate::incident::{Playbook, incidents as joined};
    use crate::report::summary::Tally;
    use crate::report::text::tests::sample;

    fn page_of(alerts: &[Alert]) -> String {
        let mut summary = Summary::of_score(&ScoreSummary::default(), &Tally::default());
        summary.per_day = vec![DayCount {
            day: "2026-03-16".to_owned(),
            alerts: 1,
        }];
        let incidents = joined(alerts, &Playbook::default());
        let guide = Guide {
            alerts: "out/alerts.jsonl",
            complete: &|text| text.replace("explain ", "explain --config c "),
        };
        page(&summary, &incidents, alerts, &guide)
    }

    #[test]
    fn a_page_holds_hostile_text_as_text() {
        let hostile = r#""><script>alert(1)</script><img src=x onerror='a'>"#;
        let mut alert = sample();
        alert.entity.id = hostile.to_owned();
        alert.entity.display_name = Some(hostile.to_owned());
        alert.headline = Some(hostile.to_owned());
        alert.first_event = Some(alert.time);
        alert.event_ids = vec![hostile.to_owned()];
        alert.alert_id = "\" onclick=\"x".to_owned();
        let page = page_of(&[alert]);
        assert!(
            !page.contains("<script>") && !page.contains("<img") && !page.contains("\" onclick")
        );
        assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("default-src 'none'"));
        assert!(
            !page.contains("http://") && !page.contains("https://") && !page.contains(" style=")
        );
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    }

    #[test]
    fn incidents_come_first_and_their_alerts_are_folded_beneath_them() {
        let (mut first, mut weightiest) = (sample(), sample());
        weightiest.alert_id = "b1".to_owned();
        weightiest.entity.id = "arn:aws:iam::111122223333:role/other".to_owned();
        weightiest.entity.aliases.clear();
        weightiest.score = 99.0;
        first.headline = Some("Told & crossed".to_owned());
        // Of an alert that was told several times, the last document is shown.
        let mut closed = first.clone();
        closed.status = Status::Closed;
        closed.headline = Some("Told & closed".to_owned());
        let page = page_of(&[closed, first, weightiest]);
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
        let order = [
            at("<h2>Incidents</h2>"),
            at("arn:aws:iam::111122223333:role/other"),
            at("<details class=\"alert\" id=\"b1\">"),
            at("<details class=\"alert\" id=\"5f0c\">"),
            at("<h2>Alerts per day</h2>"),
        ];
        assert!(order.is_sorted(), "{order:?}");
        assert!(page.contains("Told &amp; closed") && !page.contains("Told &amp; crossed"));
        assert_eq!(page.matches("<tbody class=\"incident\"").count(), 2);
        for (opened, closed) in [
            ("<details", "</details>"),
            ("<table", "</table>"),
            ("<tbody", "</tbody>"),
            ("<dl", "</dl>"),
        ] {
            assert_eq!(
                page.matches(opened).count(),
                page.matches(closed).count(),
                "{opened}"
            );
        }
        for part in [
            "<h3>Why</h3>",
            "<h3>Who</h3>",
            "<h3>Timeline</h3>",
            "<h3>Commands</h3>",
            "<h3>Alerts</h3>",
            "<code>plimsoll explain --config c ",
            "<code>plimsoll feedback ",
            "<code>plimsoll approve add --from ",
        ] {
            assert_eq!(page.matches(part).count(), 2, "{part}");
        }
    }
}
