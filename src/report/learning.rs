//! The logs that began later than the store, and are still learnt.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::YoungLog;
use crate::measure::LogClass;
use crate::report::number::{count, noun};

/// Accounts that a line names.
const ACCOUNTS_SHOWN: usize = 3;
/// Lines, at most: one more says how many there would be.
const LINES_MAX: usize = 5;

/// A log that is still learnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LogLearnt {
    /// The provider.
    pub provider: &'static str,
    /// The account, subscription, project or tenant; null where its records state none.
    pub account: Option<String>,
    /// What it records: `account` for anything, `object_access`, `directory_reads`, `sign_ins`, `flows`.
    pub log: &'static str,
    /// The day on which it began.
    pub since: String,
    /// The first day on which what it records is judged as what other logs record.
    pub until: String,
    /// Identities in it, on the day with most.
    pub identities: u32,
}

/// Returns the documents of logs.
pub fn documents(logs: &[YoungLog]) -> Vec<LogLearnt> {
    let document = |log: &YoungLog| {
        let account = &*log.key.account;
        LogLearnt {
            provider: log.key.provider.as_str(),
            account: (!account.is_empty()).then(|| account.to_owned()),
            log: log.key.class.as_str(),
            since: log.since.to_string(),
            until: log.until().to_string(),
            identities: log.identities,
        }
    };
    logs.iter().map(document).collect()
}

/// Returns a sentence for all logs of one kind that began on one day.
pub fn lines(logs: &[LogLearnt]) -> Vec<String> {
    let mut alike: BTreeMap<_, Vec<&LogLearnt>> = BTreeMap::new();
    for log in logs {
        let kind = (&log.since, log.provider, log.log);
        alike.entry(kind).or_default().push(log);
    }
    let n_kinds = alike.len();
    let shown = match n_kinds > LINES_MAX {
        true => LINES_MAX - 1,
        false => n_kinds,
    };
    let logs = alike.values().take(shown);
    let mut lines: Vec<String> = logs.map(|logs| sentence(logs)).collect();
    if shown < n_kinds {
        lines.push(format!("and {} more kinds of log", n_kinds - shown));
    }
    lines
}

/// Says what is learnt, since when, how many identities it concerns, and until when.
fn sentence(logs: &[&LogLearnt]) -> String {
    let Some(first) = logs.first() else {
        return String::new();
    };
    let provider = first.provider;
    let accounts: Vec<&str> = logs
        .iter()
        .filter_map(|log| log.account.as_deref())
        .collect();
    let of = match accounts.as_slice() {
        [] => provider.to_owned(),
        [one] => format!("{provider} account {one}"),
        more => {
            let shown = more[..more.len().min(ACCOUNTS_SHOWN)].join(", ");
            let and_more = if more.len() > ACCOUNTS_SHOWN {
                ", …"
            } else {
                ""
            };
            let n = count(more.len() as u64);
            format!("{n} {provider} accounts ({shown}{and_more})")
        }
    };
    let what = match LogClass::parse(first.log) {
        Some(LogClass::Objects) => format!("object access (data events) of {of}"),
        Some(LogClass::Directory) => format!("directory reads of {of}"),
        Some(LogClass::SignIns) => format!("sign-ins of {of}"),
        Some(LogClass::Secrets) => format!("reads of secrets of {of}"),
        Some(LogClass::Data) => format!("reads of tables and snapshots of {of}"),
        Some(LogClass::Exports) => format!("exports of tables and pulls of images of {of}"),
        Some(LogClass::Flows) => format!("network flows of {of}"),
        Some(LogClass::Account) | None => of,
    };
    let n: u64 = logs.iter().map(|log| u64::from(log.identities)).sum();
    let is = if n == 1 { "is" } else { "are" };
    format!(
        "{what} since {}: {} {is} judged by it only provisionally before {}",
        first.since,
        noun(n, "identity", "identities"),
        first.until,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Provider;
    use crate::measure::LogKey;
    use crate::time::Day;

    #[test]
    fn a_line_says_what_is_learnt_since_when_of_how_many_and_until_when() {
        let log = |account: &str, class, identities| YoungLog {
            key: LogKey {
                provider: Provider::Aws,
                account: account.into(),
                class,
            },
            since: Day(20_523),
            identities,
        };
        let logs = [
            log("1", LogClass::Objects, 38),
            log("2", LogClass::Objects, 4),
            log("3", LogClass::Account, 1),
        ];
        assert_eq!(
            lines(&documents(&logs)),
            [
                "aws account 3 since 2026-03-11: 1 identity is judged by it only provisionally before 2026-03-21",
                "object access (data events) of 2 aws accounts (1, 2) since 2026-03-11: 42 identities are judged by it only \
                 provisionally before 2026-03-21",
            ]
        );
        let documents = documents(&logs);
        assert_eq!(documents[2].account.as_deref(), Some("3"));
        assert_eq!(documents[0].until, "2026-03-21");
    }
}
