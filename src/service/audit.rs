//! Who decided what, and when: a line for each request that would change something, whether it succeeded or failed. Of those that were refused some are lines, and the rest is counted.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::report::json;
use crate::service::guard::Caller;
use crate::service::lock::locked;
use crate::service::state::Service;

/// The most characters of a path, of what was wrong, and of a body.
const PATH_CHARS_MAX: usize = 200;
const PROBLEM_CHARS_MAX: usize = 500;
const ASKED_BYTES_MAX: usize = 1_000;

/// What a request decided, beside the answer to it.
#[derive(Debug, Clone)]
pub struct Decided(pub Value);

/// A request, as it is noted.
#[derive(Debug)]
pub struct Entry {
    /// Who asked.
    pub caller: Caller,
    /// Whether he may not.
    pub is_refused: bool,
    /// How, by which route, and for which path of it.
    pub method: &'static str,
    pub route: &'static str,
    pub path: String,
    /// What was read of the body.
    pub asked: Heard,
    /// What came of it.
    pub status: u16,
    pub problem: Option<String>,
    pub decided: Option<Decided>,
}

/// The beginning of a body, as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    /// Returns the same body, of which the beginning is also kept here.
    pub fn hear(&self, body: Body) -> Body {
        let Self(heard) = self.clone();
        Body::from_stream(body.into_data_stream().inspect(move |part| {
            if let Ok(part) = part {
                let mut heard = locked(&heard);
                let room = ASKED_BYTES_MAX - heard.len();
                heard.extend_from_slice(&part[..part.len().min(room)]);
            }
        }))
    }
}

/// Notes a request; one that was refused only if not too many were.
pub fn note(service: &Service, entry: Entry) {
    let refusals = &service.guard.refusals;
    let now = service.host.since_start();
    if entry.is_refused && !refusals.is_noted(entry.caller.address, now) {
        return;
    }
    let mut line = json!({
        "time": service.host.now().to_string(),
        "caller": entry.caller.name,
        "address": entry.caller.address,
        "method": entry.method,
        "route": entry.route,
        "path": cut(&entry.path, PATH_CHARS_MAX),
        "status": entry.status,
        "decided": entry.decided.map(|Decided(what)| what),
    });
    if let Some(problem) = entry.problem {
        line["problem"] = json!(cut(&problem, PROBLEM_CHARS_MAX));
        let Heard(asked) = entry.asked;
        let asked = locked(&asked);
        if !asked.is_empty() {
            line["asked"] = json!(String::from_utf8_lossy(&asked));
        }
    }
    write(
        service,
        counted(service).into_iter().chain([json::line(&line)]),
    );
}

/// Notes how many requests were refused and not noted, if there are any.
pub fn note_counted(service: &Service) {
    write(service, counted(service));
}

fn counted(service: &Service) -> Option<String> {
    let unnoted: BTreeMap<String, u64> = service.guard.refusals.unnoted();
    let line = json!({"time": service.host.now().to_string(), "more_refused": unnoted});
    (!unnoted.is_empty()).then(|| json::line(&line))
}

fn write(service: &Service, lines: impl IntoIterator<Item = String>) {
    let lines: Vec<String> = lines.into_iter().collect();
    if lines.is_empty() {
        return;
    }
    if let Err(error) = service.store.note_audit(&lines.join("\n")) {
        let why = error.with_causes();
        service
            .host
            .tell(&format!("the audit log cannot be written: {why}"));
    }
}

fn cut(text: &str, chars_max: usize) -> String {
    let mut chars = text.chars();
    let mut cut: String = chars.by_ref().take(chars_max).collect();
    if chars.next().is_some() {
        cut.push('…');
    }
    cut
}
