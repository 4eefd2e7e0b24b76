//! Issues in Jira: one for each incident, and a comment on it for whatever is told of it later.
//!
//! Descriptions and comments are documents of nodes, in which text is text. An issue has the incident's id as a label, by which it is found
//! again if the answer to its creation was lost.

use serde_json::{Value, json};

use crate::sinks::brief::{Brief, Telling};
use crate::sinks::notice::Notice;
use crate::sinks::request::{Method, Request};
use crate::sinks::secret::Secret;
use crate::wording::clip;

/// The most characters of a summary.
const SUMMARY_MAX: usize = 250;

/// How issues are made.
#[derive(Debug, Clone)]
pub(super) struct Site {
    /// The address of the site, without a slash at its end.
    pub(super) url: String,
    /// What is in the header that says who it is.
    pub(super) authorization: Secret,
    /// The key of the project.
    pub(super) project: String,
    /// The type of the issues.
    pub(super) issue_type: String,
    /// Labels of the issues.
    pub(super) labels: Vec<String>,
}

impl Site {
    fn to(&self, path: &str, body: String) -> Request {
        let url = Secret::new(format!("{}{path}", self.url));
        Request::post(&url, body)
            .with("Authorization", self.authorization.expose())
            .with("Accept", "application/json")
    }

    /// Returns the request that looks for the issue of a key, whose answer is read by [`found_in`].
    pub(super) fn search(&self, key: &str) -> Request {
        let jql = format!(
            "project = \"{}\" AND labels = \"{}\"",
            self.project,
            label(key)
        );
        let body = json!({"jql": jql, "fields": ["key"], "maxResults": 1});
        self.to("/rest/api/3/search/jql", body.to_string())
    }

    /// Returns the request that makes an issue, whose answer is read by [`key_in`].
    pub(super) fn create(&self, notice: &Notice, telling: Telling) -> Request {
        let brief = Brief::of(notice, telling);
        let summary = clip(&format!("{}: {}", brief.heading, brief.title), SUMMARY_MAX);
        let mut labels = vec!["plimsoll".to_owned(), label(notice.key())];
        labels.extend(self.labels.iter().cloned());
        let body = json!({"fields": {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": summary,
            "description": document(&brief),
            "labels": labels,
        }});
        self.to("/rest/api/3/issue", body.to_string())
    }

    /// Returns the request that adds a comment to an issue.
    pub(super) fn comment(&self, issue: &str, notice: &Notice, telling: Telling) -> Request {
        let brief = Brief::of(notice, telling);
        let body = json!({"body": document(&brief)});
        self.to(
            &format!("/rest/api/3/issue/{issue}/comment"),
            body.to_string(),
        )
    }

    /// Returns the request that asks who the token is of.
    pub(super) fn myself(&self) -> Request {
        Request {
            method: Method::Get,
            ..self.to("/rest/api/3/myself", String::new())
        }
    }
}

/// Returns the label of a key. Keys are letters and digits.
fn label(key: &str) -> String {
    format!("plimsoll-{key}")
}

/// Returns the issue that a search found.
pub(super) fn found_in(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    is_key(answer["issues"][0]["key"].as_str()?)
}

/// Returns the issue that was made.
pub(super) fn key_in(answer: &str) -> Option<String> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    is_key(answer["key"].as_str()?)
}

/// A key becomes a part of an address.
fn is_key(key: &str) -> Option<String> {
    let is_of_key = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!key.is_empty() && key.chars().all(is_of_key)).then(|| key.to_owned())
}

/// Returns what people are told as a document of nodes.
fn document(brief: &Brief) -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    let strong =
        |text: String| json!({"type": "text", "text": text, "marks": [{"type": "strong"}]});
    let paragraph = |content: Vec<Value>| json!({"type": "paragraph", "content": content});
    let mut content = vec![
        paragraph(vec![strong(brief.heading.clone())]),
        paragraph(vec![text(&brief.title)]),
    ];
    for (name, fact) in &brief.facts {
        content.push(paragraph(vec![strong(format!("{name}: ")), text(fact)]));
    }
    let steps: Vec<Value> = (brief.steps.iter().filter(|step| !step.is_empty()))
        .map(|step| json!({"type": "listItem", "content": [paragraph(vec![text(step)])]}))
        .collect();
    if !steps.is_empty() {
        content.push(json!({"type": "bulletList", "content": steps}));
    }
    content.push(paragraph(vec![text(&brief.footer)]));
    json!({"type": "doc", "version": 1, "content": content})
}
