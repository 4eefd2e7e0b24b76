//! Lists of alerts and incidents, in pages that are short enough.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::inquiry::{ListedAlert, Page, Selection, ToldIncident};
use crate::mcp::answer::{ANSWER_BYTES_MAX, Answer, Cut, Lengths, n_bytes, shortened};
use crate::mcp::arguments::Listed;
use crate::mcp::tool::Asked;

/// Things on a page, and the most of them.
pub(super) const PAGE: usize = 20;
const PAGE_MAX: usize = 50;
/// What is left of lists and texts in one thing of a list.
const IN_A_LIST: Lengths = Lengths::new(5, 400);
/// What an incident has in a list.
const OF_INCIDENT: [&str; 15] = [
    "incident_id",
    "status",
    "title",
    "severity",
    "score",
    "provisional",
    "start",
    "end",
    "stages",
    "entities",
    "alerts",
    "analytics",
    "approvals",
    "suppressed",
    "verdict",
];
/// What an alert has in a list.
const OF_ALERT: [&str; 14] = [
    "alert_id",
    "incident_id",
    "status",
    "analytic",
    "name",
    "headline",
    "severity",
    "score",
    "threshold",
    "provisional",
    "first_event",
    "last_event",
    "entity",
    "suppressed_by",
];

/// Returns a page of incidents, shortened.
pub(super) fn incidents(asked: &Asked, listed: &Listed) -> Result<Answer> {
    let page = |selection: &Selection| asked.inquiry.incidents(selection, &asked.playbook);
    list(
        "incidents",
        listed,
        page,
        |(incident, alerts): &ToldIncident| {
            let mut summary = picked(&json!(incident), &OF_INCIDENT);
            summary.insert("n_alerts".to_owned(), alerts.len().into());
            summary
        },
    )
}

/// Returns a page of alerts, shortened.
pub(super) fn alerts(asked: &Asked, listed: &Listed) -> Result<Answer> {
    let page = |selection: &Selection| asked.inquiry.alerts(selection);
    list("alerts", listed, page, |listed: &ListedAlert| {
        let mut summary = picked(&json!(listed.alert), &OF_ALERT);
        summary.insert("verdict".to_owned(), listed.verdict.into());
        summary
    })
}

/// Returns a page, with as many things as an answer has room for.
fn list<T>(
    name: &str,
    listed: &Listed,
    page: impl Fn(&Selection) -> Result<Page<T>>,
    summary: impl Fn(&T) -> Map<String, Value>,
) -> Result<Answer> {
    let mut selection = listed.selection()?;
    loop {
        let page = page(&selection)?;
        let items = page.items.iter().map(|item| {
            let summary = Value::Object(summary(item));
            shortened(&summary, IN_A_LIST, &mut Cut::default())
        });
        let items: Vec<Value> = items.collect();
        let n_items = items.len();
        let document = json!({ name: items });
        if n_items > 1 && n_bytes(&document) > ANSWER_BYTES_MAX {
            selection.limit = Some(n_items / 2);
            continue;
        }
        let next = page.next.map(|cursor| cursor.to_string());
        return Ok(Answer::of(&document)
            .with("n_more", page.n_left as u64)
            .with("next_cursor", next)
            .with("n_lines_passed_over", page.n_others));
    }
}

impl Listed {
    /// Returns what is asked for, as every command reads it.
    fn selection(&self) -> Result<Selection> {
        let limit = within(self.limit, (PAGE, PAGE_MAX))?.to_string();
        let switches = [
            ("open", self.open),
            ("show_suppressed", self.show_suppressed),
        ];
        let texts = [
            ("since", &self.since),
            ("until", &self.until),
            ("severity", &self.severity),
            ("entity", &self.entity),
            ("analytic", &self.analytic),
            ("cursor", &self.cursor),
        ];
        let texts = texts
            .into_iter()
            .filter_map(|(name, text)| Some((name, text.as_deref()?)));
        let switches = switches.into_iter().filter_map(|(name, is_on)| {
            let text = if is_on? { "true" } else { "false" };
            Some((name, text))
        });
        Selection::read(texts.chain(switches).chain([("limit", limit.as_str())]))
    }
}

/// Returns how many things are asked for.
///
/// # Errors
///
/// A usage error if that is none or too many.
pub(super) fn within(limit: Option<usize>, (default, most): (usize, usize)) -> Result<usize> {
    match limit.unwrap_or(default) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(Error::usage(format!(
            "`limit`: expected a number from 1 to {most}"
        ))),
    }
}

/// Returns some members of a document.
fn picked(document: &Value, names: &[&str]) -> Map<String, Value> {
    let member = |name: &&str| Some(((*name).to_owned(), document.get(name)?.clone()));
    names.iter().filter_map(member).collect()
}
