//! A backtest as one HTML file: the pages that the service serves, with the answers that it would give, and what only a backtest knows.
//!
//! The file loads nothing and asks nobody. Its answers are JSON in elements that no browser runs, and its one script and style are named
//! by a number that depends on all of them, so that nothing in a log can name it.

mod answers;
mod contents;
mod documents;
mod labelled;

use std::fmt::Write;

use crate::report::backtest::answers::Answers;
use crate::report::bundle;
use crate::report::escape::Html;
use crate::report::page::{INDEX, STYLE};
use crate::report::summary::Summary;

pub use contents::Contents;
pub use labelled::Labelled;

/// Budgets that the page compares, in incidents a day.
pub const BUDGETS: [f64; 10] = [
    1.0 / 7.0,
    2.0 / 7.0,
    4.0 / 7.0,
    1.0,
    2.0,
    3.0,
    5.0,
    8.0,
    12.0,
    20.0,
];

/// What only the page as it is served has: how it loads its files, and what it says without scripts.
const SERVED: [&str; 4] = [
    "<meta charset=\"utf-8\">\n",
    "<title>plimsoll</title>\n<link rel=\"icon\" href=\"/assets/icon.svg\" type=\"image/svg+xml\">\n\
     <link rel=\"stylesheet\" href=\"/assets/style.css\">\n<script type=\"module\" src=\"/assets/app.js\"></script>\n",
    "its scripts come from this service alone. Without it, <code>plimsoll incidents</code> shows the same.",
    "</body>\n",
];

/// Returns the page. Of each alert the latest document is shown.
pub fn page(contents: &Contents) -> String {
    let answers = documents::answers(contents);
    let mut out =
        String::with_capacity(answers.n_bytes() + INDEX.len() + 2 * bundle::script().len());
    // Writing to a string cannot fail.
    let _ = write_page(&mut out, &title(contents.summary), &answers);
    out
}

fn title(summary: &Summary) -> String {
    match (summary.per_day.first(), summary.per_day.last()) {
        (Some(first), Some(last)) => format!("plimsoll: {} to {}", first.day, last.day),
        _ => "plimsoll".to_owned(),
    }
}

fn write_page(out: &mut String, title: &str, answers: &Answers) -> std::fmt::Result {
    let nonce = answers.nonce(&[title, STYLE, bundle::script()]);
    let [charset, loads, without, end] = SERVED;
    let (head, rest) = split(INDEX, charset);
    let (metas, rest) = split(rest, loads);
    let (body, rest) = split(rest, without);
    let (foot, rest) = split(rest, end);
    write!(
        out,
        "{head}{charset}<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'nonce-{nonce}'; \
         style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'\">\n\
         <meta name=\"generator\" content=\"plimsoll\">\n{metas}<title>{}</title>\n<style nonce=\"{nonce}\">\n{STYLE}</style>\n\
         {body}all of it is in this file. Without it, <code>incidents.jsonl</code> has the same.{foot}",
        Html(title),
    )?;
    answers.write(out)?;
    write!(
        out,
        "<script nonce=\"{nonce}\">\n{}</script>\n{end}{rest}",
        bundle::script()
    )
}

/// Returns what stands before and after a part of the page.
fn split<'t>(text: &'t str, part: &str) -> (&'t str, &'t str) {
    text.split_once(part).unwrap_or((text, ""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Returns the text of the element that begins so.
    fn element<'t>(page: &'t str, begin: &str) -> &'t str {
        let (_, text) = page.split_once(begin).unwrap_or_else(|| panic!("{begin}"));
        text.split_once("</script>").unwrap().0
    }

    #[test]
    fn a_page_holds_hostile_text_as_data_that_ends_no_element() {
        let hostile = "</script><script>alert(1)</script><!-- \u{2028}\u{202e}\u{1b} &lt; \"><img src=x onerror='a'>";
        let mut answers = Answers::default();
        answers.add("/v1/incidents".to_owned(), &[hostile]);
        answers.add(format!("/v1/entities/{hostile}"), &hostile);
        let mut page = String::new();
        write_page(&mut page, hostile, &answers).unwrap();
        // The two of answers, their index, and the one that runs.
        assert_eq!(page.matches("<script").count(), 4);
        assert_eq!(page.matches("</script>").count(), 4);
        let data: String = page
            .lines()
            .filter(|line| line.starts_with("<script type"))
            .collect();
        let markup = "<script type=\"application/json\" id=\"answer-0\">".len();
        assert!(!page.contains("<img") && !page.contains("<!-- ") && data.len() > markup);
        assert!(!page.contains(['\u{1b}', '\u{202e}', '\u{2028}']));
        let index: Value = serde_json::from_str(element(&page, "id=\"answers\">")).unwrap();
        assert_eq!(index[&format!("/v1/entities/{hostile}")], 1);
        let name: Value = serde_json::from_str(element(&page, "id=\"answer-1\">")).unwrap();
        assert_eq!(name, hostile);
    }

    #[test]
    fn the_page_is_the_one_that_is_served_without_what_it_loads() {
        for part in SERVED {
            assert_eq!(INDEX.matches(part).count(), 1, "{part}");
        }
        let mut page = String::new();
        write_page(&mut page, "t", &Answers::default()).unwrap();
        assert!(page.starts_with("<!doctype html>\n") && page.ends_with("</html>\n"));
        let nonce = |before| page.split(before).nth(1).unwrap().get(..32).unwrap();
        assert_eq!(nonce("<script nonce=\""), nonce("script-src 'nonce-"));
        assert_eq!(nonce("<style nonce=\""), nonce("style-src 'nonce-"));
        for loads in [" src=", "<link", "url(", "/assets/", "https:", " style="] {
            assert!(!page.contains(loads), "{loads}");
        }
        let mut other = String::new();
        let mut answers = Answers::default();
        answers.add("/v1/incidents".to_owned(), &1);
        write_page(&mut other, "t", &answers).unwrap();
        assert!(!other.contains(nonce("<script nonce=\"")));
    }
}
