//! A message for an incoming webhook of Slack.
//!
//! All text of a notice is in blocks of plain text, in which nothing is markup, with `&`, `<` and `>` as entities, so that nobody is
//! mentioned and nothing is a link. What phones show first is the text beside the blocks; its markup is off.

use serde_json::{Value, json};

use crate::sinks::brief::{Brief, Telling};
use crate::sinks::notice::Notice;
use crate::sinks::request::Request;
use crate::sinks::secret::Secret;

/// The most characters of a header, of a text, and of a field.
const HEADER_MAX: usize = 150;
const TEXT_MAX: usize = 2_900;
const FIELD_MAX: usize = 1_900;

/// Returns the request that tells a notice.
pub(super) fn request(url: &Secret, notice: &Notice, telling: Telling) -> Request {
    Request::post(url, body(notice, telling).to_string())
}

fn body(notice: &Notice, telling: Telling) -> Value {
    let brief = Brief::of(notice, telling);
    let mut blocks = vec![
        json!({"type": "header", "text": plain(&brief.heading, HEADER_MAX)}),
        json!({"type": "section", "text": plain(&brief.title, TEXT_MAX)}),
    ];
    if !brief.facts.is_empty() {
        let fields = brief.facts.iter();
        let fields: Vec<Value> = fields
            .map(|(name, fact)| plain(&format!("{name}\n{fact}"), FIELD_MAX))
            .collect();
        blocks.push(json!({"type": "section", "fields": fields}));
    }
    if !brief.steps.is_empty() {
        let steps = brief.steps.iter().map(|step| format!("• {step}"));
        let text = steps.collect::<Vec<_>>().join("\n");
        blocks.push(json!({"type": "section", "text": plain(&text, TEXT_MAX)}));
    }
    blocks.push(json!({"type": "context", "elements": [plain(&brief.footer, TEXT_MAX)]}));
    json!({
        "text": entities(&format!("{}: {}", brief.heading, brief.title), TEXT_MAX),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

fn plain(text: &str, max: usize) -> Value {
    json!({"type": "plain_text", "emoji": false, "text": entities(text, max)})
}

/// Writes the three characters with which Slack's markup begins as entities, in at most so many characters: a message with a text that is
/// too long is refused, and nobody may cause that by a name.
fn entities(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut n = 0;
    for c in text.chars() {
        let mut own = [0; 4];
        let written = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c => &*c.encode_utf8(&mut own),
        };
        n += written.chars().count();
        if n >= max {
            out.push('…');
            break;
        }
        out.push_str(written);
    }
    out
}
