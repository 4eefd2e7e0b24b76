//! The tools.

use serde_json::json;

use crate::engine::Progress;
use crate::error::{Error, Result};
use crate::inquiry::{Budget, DayOrInstant, EntitySelection, Found, WhyNot};
use crate::mcp::answer::Answer;
use crate::mcp::arguments::{Budgets, Listed, ListedEntities, Named, Nothing, Wanted, Why};
use crate::mcp::lists::{self, PAGE, within};
use crate::mcp::tool::{Asked, Offered};
use crate::report::{Paint, explain, generations};
use crate::vocab::EntityKind;

/// The most entities of a list.
const ENTITIES_MAX: usize = 100;
/// The most budgets, and the most analytics, that are compared at once.
const SETTINGS_MAX: usize = 10;

/// Returns all tools.
pub(super) fn all() -> Vec<Offered> {
    vec![
        Offered::new(
            (
                "list_incidents",
                "List incidents",
                "Lists what was told, as incidents, the newest first. An incident is what one analyst looks at once: the alerts of one \
                 actor, of identities that created or assumed one another, or of one cause such as a roll-out. Lists are shortened; \
                 get_incident has all of one.",
            ),
            |asked, listed: Listed, _| lists::incidents(asked, &listed),
        ),
        Offered::new(
            (
                "get_incident",
                "Get an incident",
                "Returns an incident: what happened in which order, who was involved, from where, what analysts said of it, the ids of \
                 its alerts, and steps to investigate it.",
            ),
            |asked, wanted: Wanted, _| {
                let (incident, _) = asked.inquiry.incident(&wanted.id, &asked.playbook)?;
                Ok(Answer::of(&json!({ "incident": incident })))
            },
        ),
        Offered::new(
            (
                "list_alerts",
                "List alerts",
                "Lists the alerts that were told, the newest first, each as it was told last. Lists are shortened; get_alert has all \
                 of one. list_incidents shows which of them belong together.",
            ),
            |asked, listed: Listed, _| lists::alerts(asked, &listed),
        ),
        Offered::new(
            (
                "get_alert",
                "Get an alert",
                "Returns an alert: the entity, each reason with what was observed and what was expected, resources, destinations and \
                 sources, and the ids of events that show it.",
            ),
            |asked, wanted: Wanted, _| {
                let alert = asked.inquiry.alert(&wanted.id)?;
                Ok(Answer::of(&json!({ "alert": alert })))
            },
        ),
        Offered::new(
            (
                "explain",
                "Explain an alert or an incident",
                "Explains in words why an alert or an incident was raised: each contribution with what was expected of the entity. \
                 Takes the id of either.",
            ),
            explained,
        ),
        Offered::new(
            (
                "why_not",
                "Explain why there was no alert",
                "Explains why an entity raised no alert on a stored day: for each analytic the conditions that were not met, and how \
                 much was missing. It may take a minute, as the days before may have to be learnt again.",
            ),
            why_not,
        ),
        Offered::new(
            (
                "list_entities",
                "List entities",
                "Lists identities and other entities that have a baseline, those with most events first. show_entity has all of one.",
            ),
            entities,
        ),
        Offered::new(
            (
                "show_entity",
                "Show what is usual for an entity",
                "Returns the baseline of an entity: its usual amounts in each metric, the buckets, networks, clients and regions that \
                 it is known to use, the hours of its week, and the peers that it is judged against.",
            ),
            |asked, named: Named, _| {
                let document = asked.inquiry.entity(&named.entity)?;
                Ok(Answer::of(&json!({ "entity": document })))
            },
        ),
        Offered::new(
            (
                "coverage",
                "Show what the analytics can see",
                "Returns which logs there are, which of them fell silent, and for each analytic on each provider whether it sees, is \
                 partial or is blind, and what is missing for it.",
            ),
            |asked, _: Nothing, _| Ok(Answer::of(&asked.inquiry.coverage(&asked.setup)?)),
        ),
        Offered::new(
            (
                "preview_budget",
                "Preview budgets of incidents",
                "Returns for budgets of incidents a day the lowest threshold that keeps each on the stored days, its interval, and \
                 what it would have raised. Nothing is put in force.",
            ),
            preview,
        ),
        Offered::new(
            (
                "generations",
                "List generations",
                "Returns the generations of baselines that the store keeps, the one in force first: when each was published, and of \
                 how many days, events and entities it is.",
            ),
            |asked, _: Nothing, _| {
                let kept = asked.inquiry.generations()?;
                Ok(Answer::of(&generations::document(&kept)))
            },
        ),
    ]
}

fn explained(asked: &Asked, wanted: Wanted, _: &dyn Progress) -> Result<Answer> {
    let found = asked
        .inquiry
        .find(&wanted.id, || Ok(asked.playbook.clone()))?;
    let (kind, id, text) = match &found {
        Found::Alert(alert) => {
            let text = explain::explain(alert, Paint::Never);
            ("alert", &alert.alert_id, text)
        }
        Found::Incident(incident, alerts) => {
            let text = explain::explain_incident(incident, alerts, Paint::Never);
            ("incident", &incident.incident_id, text)
        }
    };
    let lines: Vec<&str> = text.lines().collect();
    Ok(Answer::of(&json!({ "id": id, "explanation": lines })).with("kind", kind))
}

fn why_not(asked: &Asked, why: Why, progress: &dyn Progress) -> Result<Answer> {
    let why_not = WhyNot {
        entity: why.entity,
        time: DayOrInstant::parse(&why.day)?,
        budget: why.budget.as_deref().map(budget).transpose()?,
    };
    let explanation = asked
        .inquiry
        .not_alerted(&asked.setup, &why_not, progress)?;
    Ok(Answer::of(&explanation))
}

fn entities(asked: &Asked, listed: ListedEntities, _: &dyn Progress) -> Result<Answer> {
    let kind = |text: &String| {
        EntityKind::parse(text).ok_or_else(|| {
            let kinds: Vec<&str> = EntityKind::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::usage(format!("`kind`: expected one of {}", kinds.join(", ")))
        })
    };
    let selection = EntitySelection {
        kind: listed.kind.as_ref().map(kind).transpose()?,
        text: listed.text,
        limit: Some(within(listed.limit, (PAGE, ENTITIES_MAX))?),
    };
    let page = asked.inquiry.entities(&selection)?;
    let n_more = page.matching - page.entities.len() as u64;
    Ok(Answer::of(&page).with("n_more", n_more))
}

fn preview(asked: &Asked, given: Budgets, _: &dyn Progress) -> Result<Answer> {
    if given.budgets.len().max(given.analytics.len()) > SETTINGS_MAX {
        return Err(Error::usage(format!(
            "at most {SETTINGS_MAX} budgets and {SETTINGS_MAX} analytics are compared at once"
        )));
    }
    let budgets = given.budgets.iter().map(|text| budget(text));
    let budgets: Vec<Budget> = budgets.collect::<Result<_>>()?;
    let preview = asked
        .inquiry
        .budget_preview(&asked.setup, &budgets, &given.analytics)?;
    Ok(Answer::of(&preview))
}

fn budget(text: &str) -> Result<Budget> {
    text.parse()
        .map_err(|e| Error::usage(format!("`budget`: {e}")))
}
