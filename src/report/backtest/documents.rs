//! What the page of a backtest is answered: the documents that the service has under these paths, with what labels say.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::json;

use crate::alert::Alert;
use crate::analytic::Analytic;
use crate::engine::{AnalyticEvaluation, Evaluation};
use crate::incident::{Incident, latest};
use crate::report::backtest::answers::Answers;
use crate::report::backtest::contents::Contents;
use crate::report::backtest::labelled::Labelled;
use crate::report::baseline::{BaselineDocument, EntityEntry};
use crate::report::coverage::CoverageDocument;
use crate::report::follow_up;
use crate::report::paint::Paint;
use crate::report::summary::{
    self, Summary, false_alerts_sentence, lost_before_told, time_to_detect,
};
use crate::report::{approvals, explain, incident as words, json, learning};
use crate::stats::proportion;
use crate::vocab::{Entity, EntityKind};

/// What the page has room for.
#[derive(Clone, Copy)]
struct Room {
    /// Alerts; the incidents of more are only in `incidents.jsonl`.
    alerts: usize,
    /// Bytes of its incidents, those of most weight first, with their alerts.
    incidents_bytes: usize,
    /// Bytes of the baselines of who takes part in these incidents, in the same order.
    entities_bytes: usize,
}

/// Together a page that is still sent by mail, and more incidents than anybody reads.
const ROOM: Room = Room {
    alerts: 2_000,
    incidents_bytes: 12 << 20,
    entities_bytes: 4 << 20,
};

/// An incident, and whether an alert of it hits a label.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    incident: &'a Incident,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<bool>,
}

/// What is done with an incident next.
#[derive(Serialize)]
struct Command {
    purpose: &'static str,
    command: String,
}

/// How an analytic compares with labels.
#[derive(Serialize)]
struct Row<'a> {
    /// The analytic; absent for all of them.
    analytic: Option<&'a str>,
    /// What it finds, in a few words.
    name: Option<&'a str>,
    #[serde(flatten)]
    of: &'a AnalyticEvaluation,
    /// The 95 % interval of its recall.
    recall_interval: Option<(f64, f64)>,
    /// The 95 % interval of its precision.
    precision_interval: Option<(f64, f64)>,
    time_to_detect: String,
}

/// What only a backtest has.
#[derive(Serialize)]
struct Overview<'a> {
    summary: &'a Summary,
    budget_per_day: f64,
    incidents: u64,
    /// What lowers the worth of its scores, a sentence each.
    notes: Vec<String>,
    rows: Vec<Row<'a>>,
    /// What the rows do not say.
    sentences: Vec<String>,
    /// All of it in lines.
    text: String,
    left_out: LeftOut,
}

/// What the page has no room for.
#[derive(Serialize, Clone, Copy, Default)]
struct LeftOut {
    incidents: usize,
    entities: usize,
}

/// Returns all answers.
pub(super) fn answers(contents: &Contents) -> Answers {
    answers_within(contents, ROOM)
}

fn answers_within(contents: &Contents, room: Room) -> Answers {
    let backtest = contents.backtest;
    let mut answers = Answers::default();
    let documents = latest(&backtest.alerts);
    let is_known = |id: &String| documents.contains_key(&**id);
    let mut all = words::by_weight(&backtest.incidents);
    // Those that approvals cover are shown where their alerts were asked for.
    all.retain(|of| !of.suppressed || of.alerts.iter().any(is_known));
    let shown = add_stories(&mut answers, contents, (&all, &documents), room);
    let entities = add_entities(&mut answers, contents, &all[..shown], room);
    let left_out = LeftOut {
        incidents: all.len() - shown,
        entities,
    };
    add_list(&mut answers, contents, &all[..shown]);
    let coverage = CoverageDocument::of(
        &backtest.covered,
        &backtest.summary.coverage,
        contents.analytics,
    );
    answers.add("/v1/coverage".to_owned(), &coverage);
    answers.add("/v1/tuning".to_owned(), contents.tuning);
    let approvals = approvals::document(&backtest.approvals);
    answers.add("/v1/approvals".to_owned(), &approvals);
    answers.add("/v1/backtest".to_owned(), &overview(contents, left_out));
    answers
}

/// Adds what is told of each incident beside the list, as far as there is room, and of at least one; returns of how many.
fn add_stories(
    answers: &mut Answers,
    contents: &Contents,
    (all, documents): (&[&Incident], &BTreeMap<&str, &Alert>),
    room: Room,
) -> usize {
    let evaluation = contents.summary.evaluation.as_ref();
    let (mut n_alerts, mut n_bytes) = (0, 0);
    for (at, incident) in all.iter().enumerate() {
        n_alerts += incident.alerts.len();
        let its = incident.alerts.iter().filter_map(|id| documents.get(&**id));
        let alerts: Vec<Alert> = its.map(|alert| (*alert).clone()).collect();
        let sentences: Vec<_> = alerts.iter().map(explain::sentences).collect();
        let labelled = alerts.iter().map(|alert| Labelled::of(alert, evaluation));
        let story = json!({
            "sentences": sentences,
            "text": words::story(incident, &alerts, Paint::Never),
            "alerts": labelled.collect::<Vec<_>>(),
            "commands": commands(contents, incident),
        });
        let text = json::in_page(&story);
        n_bytes += text.len() + json::in_page(incident).len();
        if at > 0 && (n_alerts > room.alerts || n_bytes > room.incidents_bytes) {
            return at;
        }
        answers.add_text(format!("/v1/incidents/{}", incident.incident_id), text);
    }
    all.len()
}

fn commands(contents: &Contents, incident: &Incident) -> Vec<Command> {
    let guide = contents.guide;
    let steps = follow_up::commands((&incident.incident_id, incident.start), Some(guide.alerts));
    let command = |(purpose, command): follow_up::Step| Command {
        purpose,
        command: (guide.complete)(&command).trim_matches('`').to_owned(),
    };
    steps.into_iter().map(command).collect()
}

fn add_list(answers: &mut Answers, contents: &Contents, shown: &[&Incident]) {
    let evaluation = contents.summary.evaluation.as_ref();
    let misses = evaluation.map(|evaluation| {
        let misses = evaluation.false_alerts.iter();
        misses.map(|miss| &*miss.alert_id).collect::<BTreeSet<_>>()
    });
    let label = |incident: &Incident| {
        let (hits, misses) = (&evaluation?.hits, misses.as_ref()?);
        let mut ids = incident.alerts.iter();
        if incident.alerts.iter().any(|id| hits.contains(id)) {
            return Some(true);
        }
        ids.any(|id| misses.contains(&**id)).then_some(false)
    };
    let mut listed: Vec<Listed> = shown
        .iter()
        .map(|incident| Listed {
            incident,
            label: label(incident),
        })
        .collect();
    // As the service lists them: the newest first.
    listed.sort_by(|Listed { incident: a, .. }, Listed { incident: b, .. }| {
        let newest = (b.end, b.start).cmp(&(a.end, a.start));
        newest.then_with(|| a.incident_id.cmp(&b.incident_id))
    });
    let list = json!({"incidents": listed});
    answers.add("/v1/incidents".to_owned(), &list);
}

/// Adds the baselines of who takes part in incidents, as far as there is room; returns how many were left out.
fn add_entities(
    answers: &mut Answers,
    contents: &Contents,
    shown: &[&Incident],
    room: Room,
) -> usize {
    let generation = &contents.backtest.generation;
    let mut known = BTreeSet::new();
    let of_incidents = shown.iter().flat_map(|incident| &incident.entities);
    let of_incidents = of_incidents.filter_map(|of| {
        let kind = EntityKind::parse(&of.kind)?;
        let id = (&*of.id).into();
        Some(Entity { kind, id })
    });
    let (mut entries, mut n_bytes, mut left_out) = (Vec::new(), 0, 0);
    for entity in of_incidents {
        let Some(baseline) = generation.baselines.get(&entity) else {
            continue;
        };
        if !known.insert(entity.id.clone()) {
            continue;
        }
        let text = json::in_page(&BaselineDocument::of(generation, &entity, baseline));
        if n_bytes + text.len() > room.entities_bytes {
            left_out += 1;
            continue;
        }
        n_bytes += text.len();
        entries.push(EntityEntry::of(generation, &entity, baseline));
        answers.add_text(format!("/v1/entities/{}", entity.id), text);
    }
    entries.sort_by_key(|entry| Reverse(entry.events));
    let page = json!({
        "generation": generation.number,
        "as_of": generation.as_of.to_string(),
        "matching": entries.len(),
        "entities": entries,
        "left_out": left_out,
    });
    answers.add("/v1/entities".to_owned(), &page);
    left_out
}

fn overview<'a>(contents: &Contents<'a>, left_out: LeftOut) -> Overview<'a> {
    let summary = contents.summary;
    let told = contents.backtest.incidents.iter();
    let mut notes = Vec::new();
    if summary.provisional {
        let why = "Scores are provisional, because fewer than 7 days are calibrated.";
        notes.push(why.to_owned());
    }
    let learning = learning::lines(&summary.learning);
    notes.extend(learning.into_iter().map(|line| format!("Learning {line}.")));
    let evaluation = summary.evaluation.as_ref();
    let compare = |evaluation| rows(evaluation, contents.analytics);
    let sentences = evaluation.map(|evaluation| {
        let lost = lost_before_told(evaluation);
        let all = [Some(false_alerts_sentence(evaluation)), lost];
        all.into_iter().flatten().collect()
    });
    let text = summary::text(summary, true, Paint::Never);
    Overview {
        summary,
        budget_per_day: contents.backtest.budget_per_day,
        incidents: told.filter(|incident| !incident.suppressed).count() as u64,
        notes,
        rows: evaluation.map(compare).unwrap_or_default(),
        sentences: sentences.unwrap_or_default(),
        text: (contents.guide.complete)(&text),
        left_out,
    }
}

fn rows<'a>(evaluation: &'a Evaluation, analytics: &'a [Analytic]) -> Vec<Row<'a>> {
    let named = |id: &str| analytics.iter().find(|analytic| *analytic.id == *id);
    let rows = evaluation.analytics.iter();
    let rows = rows.map(|(id, of)| (Some(&**id), of));
    rows.chain([(None, &evaluation.all)])
        .map(|(analytic, of)| Row {
            analytic,
            name: analytic.and_then(named).map(|analytic| &*analytic.title),
            of,
            recall_interval: proportion::interval(of.found, of.labels),
            precision_interval: proportion::interval(
                of.true_alerts,
                of.true_alerts + of.false_alerts,
            ),
            time_to_detect: time_to_detect(of),
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::alert::Status;
    use crate::baseline::{CalibrationLog, Generation};
    use crate::config::Config;
    use crate::engine::{Backtest, ScoreSummary, Setup, tune_preview};
    use crate::incident::{Playbook, incidents};
    use crate::report::backtest::BUDGETS;
    use crate::report::follow_up::Guide;
    use crate::report::text::tests::sample;
    use crate::time::{Day, Time};

    /// Returns what a page says of these alerts, where there is so much room.
    fn told(alerts: Vec<Alert>, room: Room) -> impl Fn(&str) -> Option<Value> {
        let now = Time::parse("2026-03-17T00:00:00Z").unwrap();
        let setup = Setup::new(Config::default(), Vec::new(), now);
        let backtest = Backtest {
            summary: ScoreSummary::default(),
            incidents: incidents(&alerts, &Playbook::default()),
            alerts,
            days_learnt: 0,
            split: Day(0),
            identities: 0,
            calibration_days: 0,
            budget_per_day: 1.0,
            thresholds: BTreeMap::new(),
            thresholds_between: BTreeMap::new(),
            evaluation: None,
            per_day: Vec::new(),
            drifted: Vec::new(),
            covered: Default::default(),
            generation: Arc::new(Generation::empty(Day(0))),
            log: CalibrationLog::default(),
            approvals: Vec::new(),
        };
        let learnt = (&*backtest.generation, &backtest.log);
        let guide = Guide {
            alerts: "my out/alerts.jsonl",
            complete: &|text| text.replace("explain ", "explain --config c "),
        };
        let contents = Contents {
            backtest: &backtest,
            summary: &Summary::of_backtest(&backtest),
            analytics: &[],
            tuning: &tune_preview(&setup, learnt, &BUDGETS, None),
            guide: &guide,
        };
        let answers = answers_within(&contents, room);
        move |path| answers.document(path)
    }

    fn alert(id: &str, score: f64) -> Alert {
        let mut alert = sample();
        alert.alert_id = id.to_owned();
        alert.entity.id = format!("arn:aws:iam::111122223333:role/{id}");
        alert.entity.aliases.clear();
        alert.score = score;
        alert
    }

    #[test]
    fn of_an_alert_the_last_document_is_told_with_the_commands_for_what_is_next() {
        let first = alert("b1", 97.0);
        let mut closed = first.clone();
        closed.status = Status::Closed;
        closed.headline = Some("Told and closed".to_owned());
        let told = told(vec![closed, first], ROOM);
        let list = told("/v1/incidents").unwrap();
        let [incident] = list["incidents"].as_array().unwrap().as_slice() else {
            panic!("{list}");
        };
        assert_eq!(incident.get("label"), None);
        let id = incident["incident_id"].as_str().unwrap();
        let story = told(&format!("/v1/incidents/{id}")).unwrap();
        assert_eq!(story["alerts"].as_array().unwrap().len(), 1);
        assert_eq!(story["alerts"][0]["headline"], "Told and closed");
        let sentences = story["sentences"][0].as_array().unwrap();
        assert_eq!(sentences.len(), sample().reasons.len());
        let command = story["commands"][0]["command"].as_str().unwrap();
        let short = &id[..12];
        let wanted = format!("plimsoll explain --config c {short} --from 'my out/alerts.jsonl'");
        assert_eq!(command, wanted);
    }

    #[test]
    fn what_finds_no_room_is_what_weighs_least_and_is_counted() {
        let alerts = || {
            (0..5)
                .map(|n| alert(&format!("b{n}"), 90.0 + f64::from(n)))
                .collect()
        };
        let all = told(alerts(), ROOM);
        let n_shown = |told: &dyn Fn(&str) -> Option<Value>| {
            told("/v1/incidents").unwrap()["incidents"]
                .as_array()
                .unwrap()
                .len()
        };
        assert_eq!(n_shown(&all), 5);
        let whole = all("/v1/backtest").unwrap();
        assert_eq!(
            (&whole["incidents"], &whole["left_out"]["incidents"]),
            (&json!(5), &json!(0))
        );
        for (room, n) in [
            (Room { alerts: 2, ..ROOM }, 2),
            (
                Room {
                    incidents_bytes: 1,
                    ..ROOM
                },
                1,
            ),
        ] {
            let told = told(alerts(), room);
            assert_eq!(n_shown(&told), n);
            let overview = told("/v1/backtest").unwrap();
            assert_eq!(overview["incidents"], 5);
            assert_eq!(overview["left_out"]["incidents"], 5 - n);
            let list = told("/v1/incidents").unwrap();
            let shown = list["incidents"].as_array().unwrap().iter();
            let mut scores: Vec<f64> = shown.filter_map(|one| one["score"].as_f64()).collect();
            scores.sort_by(|a, b| b.total_cmp(a));
            assert_eq!(scores, [94.0, 93.0][..n]);
        }
    }
}
