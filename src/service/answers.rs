//! What is asked of the store, and what decides something.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::config::Right;
use crate::engine::{self, NoProgress, TuneAction, TuneOptions, VerdictInput};
use crate::incident::Playbook;
use crate::inquiry::{Budget, DayOrInstant, EntitySelection, ListedAlert, Selection, WhyNot};
use crate::report::{Paint, explain, incident as incident_report, tuning};
use crate::service::audit::Decided;
use crate::service::call::{Answer, Call, json};
use crate::service::documents::{
    Accepted, AlertEntry, AlertPage, BUDGETS_MAX, GenerationList, Health, IncidentAnswer,
    IncidentPage, Me, Readiness, Scoring, Training, TuningRequest, VerdictAnswer, VerdictRequest,
};
use crate::service::live::{self, Kind};
use crate::service::lock::locked;
use crate::service::metrics;
use crate::service::problem::Problem;
use crate::service::state::Service;
use crate::sinks;
use crate::vocab::EntityKind;

/// Documents on a page if the request does not say.
const PAGE: usize = 100;

/// Answers that the process answers.
pub fn health() -> Answer {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// Answers what who asks may do.
pub fn me(call: &Call) -> Answer {
    let caller = &call.caller;
    let rights = caller.rights.as_deref().unwrap_or(Right::ALL);
    let me = Me {
        token: caller.rights.is_some().then(|| caller.name.clone()),
        rights: rights.iter().map(|right| right.as_str()).collect(),
    };
    json(StatusCode::OK, &me)
}

/// Answers whether logs are taken and judged.
pub fn ready(call: &Call) -> Answer {
    let status = call.service.status();
    let fault = call.service.fault();
    let is_judging = status.is_scoring && fault.is_none();
    let scoring = match fault {
        Some(why) => Scoring::Failed { why },
        None if is_judging => Scoring::Judging {
            behind_bytes: call.service.behind(),
        },
        None => Scoring::Waiting {
            why: "nothing was learnt yet".to_owned(),
        },
    };
    let training = match status.training_fault {
        _ if status.is_training => Training::Running,
        Some(why) => Training::Failed { why },
        None => Training::Idle {
            last: status.trained.map(|time| time.to_string()),
        },
    };
    let code = match is_judging {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    json(code, &Readiness { scoring, training })
}

/// Answers with counts and states.
pub async fn metrics(call: Call) -> Answer {
    let text = call.work(|service| {
        // Of sinks that cannot be read nothing is told, and of the rest all.
        let sinks = sinks::states(&service.setup().config.sinks, &service.store);
        service.metrics.note_sinks(&sinks.unwrap_or_default());
        service.metrics.text().map_err(|_| {
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the counts cannot be written",
            )
        })
    });
    let text = text.await?;
    let mut response = Response::new(Body::from(text));
    let kind = HeaderValue::from_static(metrics::CONTENT_TYPE);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

fn wants_live(call: &Call) -> bool {
    let accepts = call.head.headers.get(header::ACCEPT);
    accepts.is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

fn selection(call: &Call) -> Result<Selection, Problem> {
    let query = call.query()?;
    let pairs = query.iter().map(|(name, text)| (&**name, &**text));
    let mut selection = Selection::read(pairs)?;
    selection.limit = Some(selection.limit.unwrap_or(PAGE).min(10 * PAGE));
    Ok(selection)
}

/// Answers with incidents.
pub async fn incidents(call: Call) -> Answer {
    if wants_live(&call) {
        return Ok(live::stream_of(
            call.service.live.subscribe(),
            Kind::Incident,
        ));
    }
    let selection = selection(&call)?;
    let found = call.work(move |service| {
        let playbook = Playbook::of(&service.setup().analytics);
        let found = service.inquiry.incidents(&selection, &playbook)?;
        Ok(IncidentPage::of(found.map(|(incident, _)| incident)))
    });
    json(StatusCode::OK, &found.await?)
}

/// Answers with one incident and its alerts, the reasons of each in a sentence, and all of it as a text.
pub async fn incident(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let found = call.work(move |service| {
        let playbook = Playbook::of(&service.setup().analytics);
        let (incident, alerts) = service.inquiry.incident(&id, &playbook)?;
        Ok(IncidentAnswer {
            sentences: alerts.iter().map(explain::sentences).collect(),
            text: incident_report::story(&incident, &alerts, Paint::Never),
            incident,
            alerts,
        })
    });
    json(StatusCode::OK, &found.await?)
}

/// Answers with alerts.
pub async fn alerts(call: Call) -> Answer {
    if wants_live(&call) {
        return Ok(live::stream_of(call.service.live.subscribe(), Kind::Alert));
    }
    let selection = selection(&call)?;
    let found = call.work(move |service| {
        let found = service.inquiry.alerts(&selection)?;
        let entry = |ListedAlert { alert, verdict }| AlertEntry { alert, verdict };
        Ok(AlertPage::of(found.map(entry)))
    });
    json(StatusCode::OK, &found.await?)
}

/// Answers with one alert.
pub async fn alert(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let found = call.work(move |service| Ok(service.inquiry.alert(&id)?));
    json(StatusCode::OK, &found.await?)
}

/// Notes beside an answer what was decided, for the audit log.
pub(super) fn decided(what: Value, answer: Answer) -> Answer {
    let mut response = answer?;
    response.extensions_mut().insert(Decided(what));
    Ok(response)
}

/// Stores a verdict. It is learnt from at the next training.
pub async fn verdict(mut call: Call) -> Answer {
    let request: VerdictRequest = call.document().await?;
    let id = call.part("id").to_owned();
    let what = json!({"verdict": request.verdict, "note": request.note});
    let given = call.work(move |service| {
        let judgement = VerdictInput {
            is_true: request.verdict,
            note: request.note,
            is_later: true,
        };
        let setup = service.setup_now()?;
        let input = (&*id, judgement);
        let given = service.inquiry.give_verdict(&setup, input, &NoProgress)?;
        if let Some(sinks) = service.sinks() {
            let judged = given.alerts.iter();
            let judged = judged.map(|alert| (alert.alert_id.clone(), alert.day));
            sinks.judged(judged.collect());
        }
        Ok(VerdictAnswer {
            verdicts: given.documents(),
        })
    });
    decided(what, json(StatusCode::OK, &given.await?))
}

/// Answers with entities.
pub async fn entities(call: Call) -> Answer {
    let mut wanted = EntitySelection::default();
    for (name, text) in call.query()? {
        let wrong = |expected: &str| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("`{name}`: expected {expected}"),
            )
        };
        match &*name {
            "text" => wanted.text = Some(text),
            "kind" => {
                let kinds: Vec<&str> = EntityKind::ALL.iter().map(|kind| kind.as_str()).collect();
                let kind = EntityKind::parse(&text);
                wanted.kind =
                    Some(kind.ok_or_else(|| wrong(&format!("one of {}", kinds.join(", "))))?);
            }
            "limit" => {
                let limit = text.parse();
                wanted.limit = Some(limit.map_err(|_| wrong("a number"))?);
            }
            _ => return Err(unknown(&name, "text, kind, limit")),
        }
    }
    let found = call.work(move |service| Ok(service.inquiry.entities(&wanted)?));
    json(StatusCode::OK, &found.await?)
}

fn unknown(name: &str, known: &str) -> Problem {
    let detail = format!("`{}` is no parameter", name.escape_default());
    Problem::new(StatusCode::BAD_REQUEST, detail).hint(format!("the parameters are {known}"))
}

/// Answers with the baseline of an entity.
pub async fn entity(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let found = call.work(move |service| Ok(service.inquiry.entity(&id)?));
    json(StatusCode::OK, &found.await?)
}

/// Answers with what generations learnt of an entity.
pub async fn entity_history(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let found = call.work(move |service| Ok(service.inquiry.entity_history(&id)?));
    json(StatusCode::OK, &found.await?)
}

/// Answers why there was no alert.
pub async fn not_alerted(call: Call) -> Answer {
    let entity = call.part("id").to_owned();
    let query = call.query()?;
    let time = match query.as_slice() {
        [(name, text)] if name == "time" => text.clone(),
        _ => {
            let detail = "`time` is needed, and nothing else";
            return Err(
                Problem::new(StatusCode::BAD_REQUEST, detail).hint("as in ?time=2026-03-16")
            );
        }
    };
    let found = call.work(move |service| {
        let why_not = WhyNot {
            entity,
            time: DayOrInstant::parse(&time)?,
            budget: None,
        };
        let setup = service.setup_now()?;
        let inquiry = &service.inquiry;
        Ok(inquiry.not_alerted(&setup, &why_not, &NoProgress)?)
    });
    json(StatusCode::OK, &found.await?)
}

/// Answers what the analytics see.
pub async fn coverage(call: Call) -> Answer {
    let found = call.work(move |service| Ok(service.inquiry.coverage(&service.setup())?));
    json(StatusCode::OK, &found.await?)
}

/// Answers with generations.
pub async fn generations(call: Call) -> Answer {
    let found = call.work(move |service| Ok(service.inquiry.generations()?));
    let generations = found.await?;
    json(StatusCode::OK, &GenerationList { generations })
}

/// Has a training begun.
pub fn train(call: &Call) -> Answer {
    locked(&call.service.status).is_training_wanted = true;
    call.service.wanted.notify_all();
    json(StatusCode::ACCEPTED, &Accepted { status: "accepted" })
}

/// Answers what budgets would mean.
pub async fn budgets(call: Call) -> Answer {
    let (mut budgets, mut analytics): (Vec<Budget>, Vec<String>) = (Vec::new(), Vec::new());
    let mut n_budgets = 0;
    for (name, text) in call.query()? {
        match &*name {
            "budget" => {
                n_budgets += 1;
                let budget = budget(&text)?;
                if !budgets.contains(&budget) {
                    budgets.push(budget);
                }
            }
            "analytic" => {
                if !analytics.iter().any(|one| one.eq_ignore_ascii_case(&text)) {
                    analytics.push(text);
                }
            }
            _ => return Err(unknown(&name, "budget, analytic")),
        }
    }
    if n_budgets > BUDGETS_MAX {
        let detail = format!("`budget` is given {n_budgets} times, and may be {BUDGETS_MAX} times");
        return Err(Problem::new(StatusCode::BAD_REQUEST, detail).hint("ask for fewer at once"));
    }
    let found = call.simulation(move |service| {
        let setup = service.setup();
        let inquiry = &service.inquiry;
        Ok(inquiry.budget_preview(&setup, &budgets, &analytics)?)
    });
    json(StatusCode::OK, &found.await?)
}

fn budget(text: &str) -> Result<Budget, Problem> {
    text.parse().map_err(|e| {
        let detail = format!("`budget`: {e}");
        Problem::new(StatusCode::BAD_REQUEST, detail)
    })
}

/// Puts the thresholds of a budget in force; the follower takes them over at its next look.
pub async fn tune(mut call: Call) -> Answer {
    let request: TuningRequest = call.document().await?;
    let budget = budget(&request.budget)?;
    let what = json!({"budget": request.budget, "analytic": request.analytic});
    let found = call.simulation(move |service: &Service| {
        let options = TuneOptions {
            budgets: vec![budget.per_day()],
            analytics: request.analytic.into_iter().collect(),
            action: TuneAction::Apply { is_forced: true },
            is_listing: false,
        };
        let report = engine::tune(&service.setup(), &service.store, &options)?;
        if report.nothing_was_applied() {
            let why = tuning::why_nothing_was_applied(&report);
            return Err(Problem {
                more: Some(("report", json!(report))),
                ..Problem::new(StatusCode::CONFLICT, why)
            });
        }
        Ok(report)
    });
    decided(what, json(StatusCode::OK, &found.await?))
}
