//! A message for a webhook of a workflow in Teams: an adaptive card.
//!
//! Text of a notice is in runs of rich text, of which the format says that they have no Markdown; blocks of text have some, and
//! get the heading alone, which is ours.

use serde_json::{Value, json};

use crate::sinks::brief::{Brief, Telling};
use crate::sinks::notice::Notice;
use crate::sinks::request::Request;
use crate::sinks::secret::Secret;
use crate::stats::Severity;

/// Returns the request that tells a notice.
pub(super) fn request(url: &Secret, notice: &Notice, telling: Telling) -> Request {
    Request::post(url, body(notice, telling).to_string())
}

fn body(notice: &Notice, telling: Telling) -> Value {
    let brief = Brief::of(notice, telling);
    let colour = match brief.severity {
        Severity::Critical | Severity::High => "attention",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "default",
    };
    let mut parts = vec![
        json!({"type": "TextBlock", "size": "large", "weight": "bolder", "color": colour, "wrap": true, "text": brief.heading}),
        runs(vec![run(&brief.title)]),
    ];
    for (name, fact) in &brief.facts {
        let label = json!({"type": "TextRun", "weight": "bolder", "text": format!("{name}: ")});
        parts.push(runs(vec![label, run(fact)]));
    }
    parts.extend(
        brief
            .steps
            .iter()
            .map(|step| runs(vec![run(&format!("• {step}"))])),
    );
    let footer =
        json!({"type": "TextRun", "size": "small", "isSubtle": true, "text": brief.footer});
    parts.push(runs(vec![footer]));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": parts,
            },
        }],
    })
}

fn runs(inlines: Vec<Value>) -> Value {
    json!({"type": "RichTextBlock", "inlines": inlines})
}

fn run(text: &str) -> Value {
    json!({"type": "TextRun", "text": text})
}
