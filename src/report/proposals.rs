//! Jobs that were recognised: as TOML for the configuration, once an owner is named, or as a document.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use serde::Serialize;

use crate::engine::{Job, Proposals, Volume};
use crate::report::escape::Plain;
use crate::report::number::{bytes, count, measured, noun};
use crate::time::Day;
use crate::vocab::Str;

/// Version of the document.
const SCHEMA: u32 = 1;
/// Values and days that are listed in a comment.
const NAMED_MAX: usize = 6;

/// Proposals for programs.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    /// Version of this document.
    pub schema: u32,
    /// Identities that were examined.
    pub identities: u64,
    /// The first stored day.
    pub first_day: Option<String>,
    /// The last stored day.
    pub last_day: Option<String>,
    /// Identities with a regular schedule that are not proposed, by reason.
    pub passed_over: &'a BTreeMap<&'static str, u64>,
    /// Each job.
    pub proposals: Vec<Proposal>,
}

/// One job.
#[derive(Debug, Serialize)]
pub struct Proposal {
    identity: String,
    kind: &'static str,
    cadence: String,
    hours: Vec<u8>,
    every_hours: Option<u32>,
    weekdays: Vec<u8>,
    /// The first and the last day of the month, from its end if negative; `null` of what comes by the week.
    days_of_month: Option<[i8; 2]>,
    days_seen: u64,
    first_day: String,
    last_day: String,
    events: Amount,
    bytes: Amount,
    user_agents: BTreeMap<String, u64>,
    networks: BTreeMap<String, u64>,
    buckets: BTreeMap<String, u64>,
    destinations: BTreeMap<String, u64>,
    sensitive: bool,
    /// `null` of a job that is all that its identity does.
    inside: Option<InsideDocument>,
    alerted: Vec<String>,
    unlike: Vec<String>,
    /// The tables; comments, if the job has alerted.
    toml: Vec<String>,
}

/// What tells a job from the other work of its identity.
#[derive(Debug, Serialize)]
struct InsideDocument {
    /// Hours of the day, in UTC, in which it runs.
    hours: Vec<u8>,
    /// What it came to in the largest hour of each run, by metric.
    largest_hour: BTreeMap<&'static str, Amount>,
}

#[derive(Debug, Serialize)]
struct Amount {
    p50: u64,
    p99: u64,
    most: u64,
    most_on: Option<String>,
}

/// Returns proposals as a document.
pub fn document(proposals: &Proposals) -> Document<'_> {
    Document {
        schema: SCHEMA,
        identities: proposals.identities,
        first_day: proposals.stored.map(|(first, ..)| first.to_string()),
        last_day: proposals.stored.map(|(_, last, _)| last.to_string()),
        passed_over: &proposals.passed_over,
        proposals: proposals.jobs.iter().map(proposal).collect(),
    }
}

fn proposal(job: &Job) -> Proposal {
    let amount = |volume: &Volume| Amount {
        p50: volume.p50,
        p99: volume.p99,
        most: volume.most,
        most_on: volume.most_on.map(|day| day.to_string()),
    };
    let values = |values: &[(Str, u64)]| {
        let named = values.iter().map(|(value, n)| (value.to_string(), *n));
        named.collect()
    };
    let days = |days: &[Day]| days.iter().map(Day::to_string).collect();
    Proposal {
        identity: job.identity.to_string(),
        kind: job.kind.as_str(),
        cadence: job.cadence.to_string(),
        hours: job.cadence.hours.clone(),
        every_hours: job.cadence.step,
        weekdays: job.cadence.weekdays.clone(),
        days_of_month: job.cadence.month_days.map(|(first, last)| [first, last]),
        days_seen: job.days_seen,
        first_day: job.seen.0.to_string(),
        last_day: job.seen.1.to_string(),
        events: amount(&job.events),
        bytes: amount(&job.bytes),
        user_agents: values(&job.user_agents),
        networks: values(&job.networks),
        buckets: values(&job.buckets),
        destinations: values(&job.destinations),
        sensitive: job.is_sensitive,
        inside: job.inside.as_ref().map(|inside| InsideDocument {
            hours: inside.hours.clone(),
            largest_hour: inside
                .amounts
                .iter()
                .map(|(metric, volume)| (metric.as_str(), amount(volume)))
                .collect(),
        }),
        alerted: days(&job.alerted),
        unlike: days(&job.unlike),
        toml: job.drafts.iter().map(|draft| written(job, draft)).collect(),
    }
}

/// Returns proposals as TOML, with the evidence for each above it.
pub fn toml(proposals: &Proposals) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_toml(&mut out, proposals);
    out
}

fn write_toml(out: &mut String, proposals: &Proposals) -> std::fmt::Result {
    let n_jobs = proposals.jobs.len() as u64;
    let days = match proposals.stored {
        Some((first, last, n)) => {
            format!(
                " on {} from {first} to {last}",
                noun(n, "stored day", "stored days")
            )
        }
        None => String::new(),
    };
    writeln!(
        out,
        "# {} recognised among {}{days}.",
        noun(n_jobs, "job", "jobs"),
        noun(proposals.identities, "identity", "identities"),
    )?;
    if n_jobs > 0 {
        out.push_str(
            "# The owner of a job writes a name into `owner` and the table into plimsoll.toml, which needs the name.\n\
             # A table covers any volume of its job, but no other client, network, bucket or destination. Where a job runs inside an\n\
             # identity that also does other work, its table covers the job's hours, and what is done at other times is still judged.\n\
             # The table of a job that has alerted is commented out.\n",
        );
    }
    for (why, n) in &proposals.passed_over {
        writeln!(
            out,
            "# Not proposed: {} {why}.",
            noun(
                *n,
                "identity with a regular schedule,",
                "identities with a regular schedule,"
            )
        )?;
    }
    for job in &proposals.jobs {
        let n_drafts = job.drafts.len();
        for (at, draft) in job.drafts.iter().enumerate() {
            let mut draft = draft.clone();
            draft.comments = match at {
                0 => evidence(job),
                _ => vec!["The same job, with its usual destinations.".to_owned()],
            };
            if at == 0 && n_drafts > 1 {
                let where_to = "This table covers what sends nothing out, the next one what goes to its destinations.";
                draft.comments.push(where_to.to_owned());
            }
            write!(out, "\n{}", written(job, &draft))?;
        }
    }
    Ok(())
}

/// Returns the table of a job. If the job has alerted, it may be an attack, so its table is a comment that must be read first.
fn written(job: &Job, draft: &impl Display) -> String {
    let table = draft.to_string();
    if job.alerted.is_empty() {
        return table;
    }
    let comment = |line: &str| match line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("# {line}\n"),
    };
    table.lines().map(comment).collect()
}

/// Returns the evidence for a job and against it, line by line.
fn evidence(job: &Job) -> Vec<String> {
    let beside = match job.inside {
        Some(_) => ", beside other work",
        None => "",
    };
    let mut said = vec![
        format!(
            "{}: {}, {}{beside}",
            Plain(&job.identity),
            job.kind,
            job.cadence
        ),
        format!(
            "seen on {} from {} to {}",
            noun(job.days_seen, "day", "days"),
            job.seen.0,
            job.seen.1
        ),
    ];
    let amount = |n: u64| bytes(n as f64);
    if let Some(inside) = &job.inside {
        for (metric, largest) in &inside.amounts {
            let largest = volume(largest, |n| measured(metric.as_str(), n));
            said.push(format!("{metric} in its largest hour: {largest}"));
        }
        said.push("of its days, with the identity's other work:".to_owned());
    }
    said.push(format!("events a day: {}", volume(&job.events, count)));
    if job.bytes.most > 0 {
        said.push(format!(
            "read or sent a day: {}",
            volume(&job.bytes, amount)
        ));
    }
    for (name, values) in [
        ("clients", &job.user_agents),
        ("networks", &job.networks),
        ("buckets", &job.buckets),
        ("destinations", &job.destinations),
    ] {
        if values.is_empty() {
            said.push(format!("{name}: none"));
        } else {
            said.push(format!("{name}, with days: {}", listed(values)));
        }
    }
    if job.is_sensitive {
        said.push("it touches sensitive buckets".to_owned());
    }
    let days = |days: &[Day]| {
        let named: Vec<String> = days
            .iter()
            .rev()
            .take(NAMED_MAX)
            .map(Day::to_string)
            .collect();
        let more = days.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        named.join(", ") + &more
    };
    if !job.unlike.is_empty() {
        said.push(format!(
            "days that the table does not cover in full: {}",
            days(&job.unlike)
        ));
    }
    said.push(if job.alerted.is_empty() {
        "it never reached a threshold on the stored days".to_owned()
    } else {
        format!(
            "commented out, because it reached a threshold: {}; a patient attacker can look like a job, so check these days first",
            days(&job.alerted)
        )
    });
    said
}

fn volume(volume: &Volume, amount: impl Fn(u64) -> String) -> String {
    let on = volume.most_on.map(|day| format!(" on {day}"));
    format!(
        "p50 {}, p99 {}, most {}{}",
        amount(volume.p50),
        amount(volume.p99),
        amount(volume.most),
        on.unwrap_or_default()
    )
}

fn listed(values: &[(Str, u64)]) -> String {
    let mut values: Vec<&(Str, u64)> = values.iter().collect();
    values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named: Vec<String> = values
        .iter()
        .take(NAMED_MAX)
        .map(|(value, n)| format!("{} ({n})", Plain(value)))
        .collect();
    let more = values.len().saturating_sub(NAMED_MAX);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    named.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Cadence;
    use crate::event::IdentityKind;

    fn job(alerted: Vec<Day>) -> Job {
        let mut job = Job {
            identity: "job".into(),
            kind: IdentityKind::Workload,
            cadence: Cadence {
                hours: vec![2],
                step: None,
                weekdays: (0..7).collect(),
                month_days: None,
            },
            days_seen: 14,
            seen: (Day(20_000), Day(20_013)),
            events: Volume::default(),
            bytes: Volume::default(),
            user_agents: Vec::new(),
            networks: Vec::new(),
            buckets: Vec::new(),
            destinations: Vec::new(),
            unlike: Vec::new(),
            alerted,
            is_sensitive: false,
            inside: None,
            drafts: vec![Default::default(), Default::default()],
        };
        for draft in &mut job.drafts {
            draft.criteria = vec![
                ("identity", vec!["job\n[x]".to_owned()]),
                ("bucket", (0..40).map(|n| format!("bucket-{n}")).collect()),
            ];
        }
        job
    }

    #[test]
    fn what_has_alerted_is_proposed_in_comments_only() {
        for alerted in [Vec::new(), vec![Day(20_003)]] {
            let has_alerted = !alerted.is_empty();
            let proposals = Proposals {
                jobs: vec![job(alerted)],
                ..Proposals::default()
            };
            let is_comment = |line: &str| line.is_empty() || line.starts_with('#');
            let text = toml(&proposals);
            assert_eq!(text.lines().all(is_comment), has_alerted, "{text}");
            let says_why = text.contains(&format!("reached a threshold: {}", Day(20_003)));
            assert_eq!(says_why, has_alerted, "{text}");
            let tables = &document(&proposals).proposals[0].toml;
            let are_comments = tables
                .iter()
                .flat_map(|table| table.lines())
                .all(is_comment);
            assert_eq!(are_comments, has_alerted, "{tables:?}");
            // Without its marks it is the table that it would be.
            let bare: String = tables[0]
                .lines()
                .map(|line| line.strip_prefix("# ").unwrap_or(line).to_owned() + "\n")
                .collect();
            assert_eq!(bare, job(Vec::new()).drafts[0].to_string());
        }
    }
}
