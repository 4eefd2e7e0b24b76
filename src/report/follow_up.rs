//! Commands for what an analyst does with an incident next.

use crate::report::escape::in_shell;
use crate::time::Time;

/// Characters of an incident's id in a command.
const ID_SHOWN: usize = 12;

/// What is done next, and the command for it, between backticks.
pub type Step = (&'static str, String);

/// Where the alerts of a page are found again, and how commands about them are shown.
pub struct Guide<'a> {
    /// The file of the alerts.
    pub alerts: &'a str,
    /// Returns a command, between backticks, with the options that it needs.
    pub complete: &'a dyn Fn(&str) -> String,
}

/// Returns the commands for an incident that began at an instant, and whose alerts are in a file, or in a store.
pub fn commands((incident_id, start): (&str, Time), file: Option<&str>) -> Vec<Step> {
    let id: String = incident_id.chars().take(ID_SHOWN).collect();
    let from = file.map_or(String::new(), |file| format!(" --from {}", in_shell(file)));
    let mut steps = vec![("each reason", format!("`plimsoll explain {id}{from}`"))];
    if file.is_some() {
        // A first night only learns; so the days before are learnt first.
        let before = start.day().plus(-1);
        let learn = format!("`plimsoll train LOGS --until {before}`");
        steps.push(("to have it in a store, learn what was before", learn));
        steps.push(("and then", "`plimsoll nightly LOGS`".to_owned()));
    }
    steps.push((
        "if it was right, else false",
        format!("`plimsoll feedback {id} true --note \"TEXT\"`"),
    ));
    steps.push((
        "if it is sanctioned",
        format!("`plimsoll approve add --from {id} --owner OWNER --reason REASON --expires DATE --dry-run`"),
    ));
    steps
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_incident_leads_to_its_reasons_a_verdict_and_an_approval() {
        let of = |file| -> Vec<String> {
            let start = Time::parse("2026-03-16T04:11:09Z").unwrap();
            let steps = commands(("i25df56fcd3d709413b0e0547c3c808b", start), file);
            steps.into_iter().map(|(_, command)| command).collect()
        };
        let from_file = of(Some("my out/alerts.jsonl"));
        assert_eq!(
            from_file[0],
            "`plimsoll explain i25df56fcd3d --from 'my out/alerts.jsonl'`"
        );
        assert_eq!(from_file[1], "`plimsoll train LOGS --until 2026-03-15`");
        assert_eq!(from_file.len(), 5);
        let from_store = of(None);
        assert_eq!(from_store[0], "`plimsoll explain i25df56fcd3d`");
        assert!(from_store[1].contains("feedback i25df56fcd3d true"));
        assert!(from_store[2].contains("approve add --from i25df56fcd3d"));
    }
}
