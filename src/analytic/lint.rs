//! What is valid in a definition but could be better: missing documentation, tags that disagree.

use crate::analytic::Analytic;
use crate::document::{Place, Table};

/// The number of stories without an alert that an analytic should have.
const SILENT_MIN: usize = 2;

/// Returns what could be better in a definition, each with its line. `root` is the file that defines it.
pub fn style(analytic: &Analytic, root: &Table) -> Vec<(Place, String)> {
    let place = |key: &str| {
        let entry = root.entries.iter().find(|entry| entry.key == key);
        entry.map_or(&root.place, |entry| &entry.place).clone()
    };
    let docs = &analytic.docs;
    let mut found = Vec::new();
    for (key, is_empty, why) in [
        (
            "techniques",
            analytic.techniques.is_empty(),
            "which ATT&CK techniques it detects",
        ),
        (
            "references",
            docs.references.is_empty(),
            "where to read more",
        ),
        (
            "falsepositives",
            docs.falsepositives.is_empty(),
            "which innocent activity looks alike",
        ),
        (
            "investigate",
            docs.investigate.is_empty(),
            "how to investigate an alert",
        ),
        (
            "respond",
            docs.respond.is_empty(),
            "what to do when it is true",
        ),
        (
            "tune",
            docs.tune.is_empty(),
            "what to change when it is not",
        ),
        (
            "telemetry",
            docs.telemetry.is_empty(),
            "which logs it needs, and what it is blind to without them",
        ),
    ] {
        if is_empty {
            found.push((place(key), format!("`{key}` is empty: say {why}")));
        }
    }
    for technique in &analytic.techniques {
        let tag = format!("attack.{}", technique.to_ascii_lowercase());
        if !docs.tags.contains(&tag) {
            let message = format!("the technique {technique} has no tag `{tag}`");
            found.push((place("tags"), message));
        }
    }
    for reference in &docs.references {
        if !reference.starts_with("https://") {
            let message = format!("the reference `{reference}` is no https address");
            found.push((place("references"), message));
        }
    }
    for (key, sentences) in [
        ("falsepositives", &docs.falsepositives),
        ("investigate", &docs.investigate),
        ("respond", &docs.respond),
        ("tune", &docs.tune),
    ] {
        let unended = |sentence: &&String| !sentence.ends_with(['.', '?', '!']);
        for sentence in sentences.iter().filter(unended) {
            let message = format!("`{sentence}` should end as a sentence does");
            found.push((place(key), message));
        }
    }
    found
}

/// Returns what could be better about the stories of a definition, given how many of them fire and how many are silent.
pub fn style_of_stories(n_firing: usize, n_silent: usize) -> Vec<String> {
    let mut found = Vec::new();
    if n_firing == 0 {
        found.push("no story fires: nothing shows that it detects anything".to_owned());
    }
    if n_silent < SILENT_MIN {
        found.push(format!(
            "silent stories: {n_silent}; at least {SILENT_MIN} should show what looks alike and is innocent"
        ));
    }
    found
}
