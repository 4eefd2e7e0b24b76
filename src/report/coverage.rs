//! What analytics see and do not see, for people and programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use crate::analytic::{Analytic, UNTOLD};
use crate::engine::{
    AnalyticCoverage, CoverageState, CoverageVerdict, CoveredLogs, LogSourceCoverage,
};
use crate::event::{Field, Provider};
use crate::measure::Coverage;
use crate::report::learning::{self, LogLearnt};
use crate::report::number::{count, noun, percent};
use crate::report::silence::{self, RetiredDocument, SilentDocument};
use crate::report::{Paint, Plain};
use crate::time::Time;

/// Version of the document.
const SCHEMA: u32 = 1;
/// Why an analytic that needs sensitive buckets sees nothing if none is listed.
const NO_SENSITIVE: &str = "no bucket is listed under [[sensitive]]";
/// Operations that are named in lines.
const OPERATIONS_SHOWN: usize = 6;

/// What logs have in them, and what analytics make of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageDocument {
    /// Version of this document.
    pub schema: u32,
    /// Days with records.
    pub days: u64,
    /// The first of them.
    pub from: Option<String>,
    /// The last.
    pub to: Option<String>,
    /// The logs that began later than the others, and are still learnt on the last day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learning: Vec<LogLearnt>,
    /// The trails that fell silent, while others of their provider go on: of the whole log, of one account, or of one region of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentDocument>,
    /// Those of which an approval says that they are retired.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<RetiredDocument>,
    /// What was seen, by log, provider and class of action.
    pub seen: Vec<SeenDocument>,
    /// What analytics see of it.
    pub analytics: Vec<CoverageVerdictDocument>,
    /// What no log has, or none unless it is switched on.
    pub unobservable: Vec<UnobservableDocument>,
}

/// Records of one kind.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SeenDocument {
    /// The log.
    pub source: &'static str,
    /// The provider.
    pub provider: &'static str,
    /// The class of action.
    pub action: &'static str,
    /// Records.
    pub events: u64,
    /// The first.
    pub first: String,
    /// The last.
    pub last: String,
    /// Records of what succeeded; of flows, those that left.
    pub whole: u64,
    /// How many of these have each field; fields that none has are left out.
    pub fields: BTreeMap<&'static str, u64>,
    /// Operations and how often each.
    pub operations: BTreeMap<String, u64>,
}

/// What an analytic sees of a provider.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CoverageVerdictDocument {
    /// Its id.
    pub analytic: String,
    /// The provider of the logs.
    pub provider: &'static str,
    /// `covered`, `partial`, `blind`, or `unjudged`.
    pub verdict: &'static str,
    /// Whether there is any record of the provider.
    pub has_records: bool,
    /// Whether it needs a list of sensitive buckets, and there is none.
    pub lacks_sensitive: bool,
    /// Why, in one sentence, where it is not covered.
    pub why: Option<String>,
    /// What it rests on.
    pub log_sources: Vec<LogSourceDocument>,
}

/// One kind of records that an analytic rests on.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LogSourceDocument {
    /// What they are called.
    pub name: String,
    /// The log.
    pub source: &'static str,
    /// Logs that would do as well.
    pub or: Vec<&'static str>,
    /// Which records.
    pub events: String,
    /// Whether nothing can be detected without them.
    pub required: bool,
    /// `seen`, `quiet`, `silent` or `never`.
    pub state: &'static str,
    /// Records.
    pub records: u64,
    /// The last of them, or of those that show that they would be there.
    pub last: Option<String>,
    /// Operations and how often each.
    pub operations: BTreeMap<String, u64>,
    /// The share of records without each field that is needed; null where no record should have it in every case.
    pub lacking: BTreeMap<&'static str, Option<f64>>,
    /// The fields that too many lack.
    pub missing: Vec<&'static str>,
    /// What stays unseen without them.
    pub without: String,
}

/// What no log has.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnobservableDocument {
    /// The provider.
    pub provider: &'static str,
    /// What.
    pub what: String,
    /// What to collect instead, or how to switch it on.
    pub instead: String,
    /// Whether it can be switched on.
    pub off_by_default: bool,
    /// The analytics that miss it; none if every analytic of the provider does.
    pub analytics: Vec<String>,
}

impl CoverageDocument {
    /// Makes the document of what logs have in them, by day, and of what was judged of it.
    pub fn of(covered: &CoveredLogs, judged: &[AnalyticCoverage], analytics: &[Analytic]) -> Self {
        let days = &covered.days;
        let mut all = Coverage::default();
        days.values().for_each(|coverage| all.merge(coverage));
        let providers: Vec<Provider> = Provider::ALL
            .iter()
            .filter(|p| {
                all.log_sources().any(|(key, _)| key.provider == **p)
                    || judged.iter().any(|j| j.provider == **p)
            })
            .copied()
            .collect();
        Self {
            schema: SCHEMA,
            days: days.len() as u64,
            from: days.keys().next().map(ToString::to_string),
            to: days.keys().next_back().map(ToString::to_string),
            learning: learning::documents(&covered.learning),
            silent: silence::documents(&covered.silent),
            retired: silence::retired(&covered.retired),
            seen: seen(&all),
            analytics: judged.iter().map(verdict).collect(),
            unobservable: unobservable(&providers, analytics),
        }
    }
}

fn seen(all: &Coverage) -> Vec<SeenDocument> {
    all.log_sources()
        .map(|(key, log_source)| SeenDocument {
            source: key.source.as_str(),
            provider: key.provider.as_str(),
            action: key.action.as_str(),
            events: log_source.events,
            first: log_source.first.to_string(),
            last: log_source.last.to_string(),
            whole: log_source.whole,
            fields: Field::ALL
                .iter()
                .map(|field| (field.as_str(), log_source.having(*field)))
                .filter(|(_, n)| *n > 0)
                .collect(),
            operations: log_source
                .operations()
                .into_iter()
                .map(|(operation, n)| (operation.to_owned(), n))
                .collect(),
        })
        .collect()
}

fn verdict(judged: &AnalyticCoverage) -> CoverageVerdictDocument {
    CoverageVerdictDocument {
        analytic: judged.analytic.to_string(),
        provider: judged.provider.as_str(),
        verdict: judged.verdict.as_str(),
        has_records: judged.has_records,
        lacks_sensitive: judged.lacks_sensitive,
        why: why(judged),
        log_sources: judged.log_sources.iter().map(log_source).collect(),
    }
}

fn log_source(log_source: &LogSourceCoverage) -> LogSourceDocument {
    let row = &log_source.telemetry;
    LogSourceDocument {
        name: row.name.clone(),
        source: row.source.as_str(),
        or: row.or.iter().map(|source| source.as_str()).collect(),
        events: row.events.clone(),
        required: row.required,
        state: log_source.state.as_str(),
        records: log_source.records,
        last: log_source.last.map(|time: Time| time.to_string()),
        operations: log_source
            .operations
            .iter()
            .map(|(operation, n)| (operation.to_string(), *n))
            .collect(),
        lacking: log_source
            .fields
            .iter()
            .map(|lack| (lack.field.as_str(), lack.share))
            .collect(),
        missing: log_source
            .missing()
            .map(|lack| lack.field.as_str())
            .collect(),
        without: row.without.clone(),
    }
}

fn unobservable(providers: &[Provider], analytics: &[Analytic]) -> Vec<UnobservableDocument> {
    let mut all: Vec<UnobservableDocument> = Vec::new();
    for analytic in analytics.iter().filter(|a| a.enabled) {
        let of_these = |p: &Provider| providers.contains(p);
        for one in analytic
            .docs
            .unobservable
            .iter()
            .filter(|u| of_these(&u.provider))
        {
            let id = analytic.id.to_string();
            let provider = one.provider.as_str();
            match all
                .iter_mut()
                .find(|u| u.provider == provider && u.what == one.what)
            {
                Some(known) => known.analytics.push(id),
                None => all.push(UnobservableDocument {
                    provider,
                    what: one.what.clone(),
                    instead: one.instead.clone(),
                    off_by_default: one.off_by_default,
                    analytics: vec![id],
                }),
            }
        }
    }
    for (provider, what, instead) in UNTOLD.iter().filter(|(p, ..)| providers.contains(p)) {
        if all.iter().any(|u| u.what == *what) {
            continue;
        }
        all.push(UnobservableDocument {
            provider: provider.as_str(),
            what: (*what).to_owned(),
            instead: (*instead).to_owned(),
            off_by_default: false,
            analytics: Vec::new(),
        });
    }
    all.sort_by_key(|u| u.provider);
    all
}

/// Says in a sentence why an analytic does not see all; `None` if it does.
pub(super) fn why(judged: &AnalyticCoverage) -> Option<String> {
    match judged.verdict {
        CoverageVerdict::Covered => return None,
        CoverageVerdict::Unjudged => {
            return Some("the analytic is not written for this provider".to_owned());
        }
        CoverageVerdict::Partial | CoverageVerdict::Blind => {}
    }
    if !judged.has_records {
        return Some(format!("no record of {} was seen", judged.provider));
    }
    let mut reasons = Vec::new();
    if judged.lacks_sensitive {
        reasons.push(NO_SENSITIVE.to_owned());
    }
    for log_source in judged
        .log_sources
        .iter()
        .filter(|log_source| log_source.is_gone())
    {
        let name = &log_source.telemetry.name;
        let gone = match (log_source.state, log_source.last) {
            (CoverageState::Silent, Some(last)) => format!("{name}: no record since {last}"),
            _ => format!("no {}", name.trim_start_matches("the ")),
        };
        reasons.push(format!(
            "{gone}; without it: {}",
            first_sentence(&log_source.telemetry.without)
        ));
    }
    for log_source in &judged.log_sources {
        let is_any_fatal = log_source.missing().any(|lack| lack.is_fatal);
        let missing = log_source.missing();
        for lack in missing.filter(|lack| lack.is_fatal == is_any_fatal) {
            let so = if is_any_fatal {
                ", without which none can alert"
            } else {
                ""
            };
            reasons.push(format!(
                "{} of {} lack {}{so}",
                percent(lack.share),
                log_source.telemetry.name,
                lack.field
            ));
        }
    }
    reasons.extend(silence::reasons(&judged.silent));
    Some(reasons.join("; "))
}

/// Returns the first sentence of a text, without its full stop.
fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// Returns one sentence for each analytic that sees nothing, or only a part, of a provider that has records.
pub fn blind_spots(judged: &[AnalyticCoverage]) -> Vec<String> {
    judged
        .iter()
        .filter(|j| {
            j.has_records && matches!(j.verdict, CoverageVerdict::Partial | CoverageVerdict::Blind)
        })
        .map(|j| {
            format!(
                "{} is {} on {}: {}",
                j.analytic,
                j.verdict.as_str().to_uppercase(),
                j.provider,
                why(j).unwrap_or_default()
            )
        })
        .collect()
}

/// Returns the providers that analytics are written for and that have no records: no estate has them all.
pub fn not_seen(judged: &[AnalyticCoverage]) -> Vec<&'static str> {
    let providers: BTreeSet<Provider> = judged
        .iter()
        .filter(|j| !j.has_records && j.verdict != CoverageVerdict::Unjudged)
        .map(|j| j.provider)
        .collect();
    providers.iter().map(|provider| provider.as_str()).collect()
}

/// Says of which providers there are no records.
pub fn not_seen_line(providers: &[&str]) -> String {
    format!("no records of {}", providers.join(", "))
}

/// Returns the document in lines, each with its end.
pub fn text(document: &CoverageDocument, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, document, paint);
    out
}

fn write_text(out: &mut String, document: &CoverageDocument, paint: Paint) -> std::fmt::Result {
    let days = noun(document.days, "day", "days");
    match (&document.from, &document.to) {
        (Some(from), Some(to)) => writeln!(out, "{}  {days}, {from} to {to}", paint.bold("seen"))?,
        _ => writeln!(out, "{}  nothing", paint.bold("seen"))?,
    }
    for line in learning::lines(&document.learning) {
        writeln!(out, "{}  {line}", paint.bold("learning"))?;
    }
    for line in silence::lines(&document.silent) {
        writeln!(out, "{}  {line}", paint.bold("silent"))?;
    }
    for line in silence::retired_lines(&document.retired) {
        writeln!(out, "{}  {line}", paint.bold("retired"))?;
    }
    let mut sources: BTreeMap<(&str, &str), (u64, &str, Vec<String>)> = BTreeMap::new();
    for seen in &document.seen {
        let source = sources.entry((seen.provider, seen.source)).or_default();
        source.0 += seen.events;
        source.1 = source.1.max(&seen.last);
        source
            .2
            .push(format!("{} {}", count(seen.events), seen.action));
    }
    for ((provider, source), (events, last, actions)) in &sources {
        let provider = match source.starts_with(provider) {
            true => String::new(),
            false => format!(" of {provider}"),
        };
        let events = noun(*events, "record", "records");
        let actions = actions.join(", ");
        writeln!(
            out,
            "  {source}{provider}: {events}, last {last}: {actions}"
        )?;
    }
    let mut not_seen: BTreeSet<&str> = BTreeSet::new();
    let mut unjudged: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for verdict in &document.analytics {
        let is_unjudged = verdict.verdict == CoverageVerdict::Unjudged.as_str();
        if !verdict.has_records {
            if !is_unjudged {
                not_seen.insert(verdict.provider);
            }
        } else if is_unjudged {
            let analytics = unjudged.entry(verdict.provider).or_default();
            analytics.push(&verdict.analytic);
        } else {
            writeln!(out)?;
            write_verdict(out, verdict, paint)?;
        }
    }
    if !not_seen.is_empty() {
        let providers: Vec<&str> = not_seen.iter().copied().collect();
        let line = not_seen_line(&providers);
        writeln!(out, "\n{}  {line}", paint.bold("NOT SEEN"))?;
    }
    if !unjudged.is_empty() {
        let title = "UNJUDGED: analytics that are not written for a provider that has records";
        writeln!(out, "\n{}", paint.bold(title))?;
    }
    for (provider, analytics) in unjudged {
        writeln!(out, "  {provider}: {}", analytics.join(", "))?;
    }
    let is_seen = |one: &&UnobservableDocument| !not_seen.contains(one.provider);
    let mut unobservable = document.unobservable.iter().filter(is_seen).peekable();
    if unobservable.peek().is_some() {
        let title = "UNOBSERVABLE: what no log has, or none unless it is switched on";
        writeln!(out, "\n{}", paint.bold(title))?;
    }
    for one in unobservable {
        let analytics = match one.analytics.is_empty() {
            true => String::new(),
            false => format!(" ({})", one.analytics.join(", ")),
        };
        let how = if one.off_by_default {
            "off by default"
        } else {
            "not logged"
        };
        writeln!(out, "  {} {how}: {}{analytics}", one.provider, one.what)?;
        writeln!(out, "    instead: {}", one.instead)?;
    }
    Ok(())
}

fn write_verdict(
    out: &mut String,
    verdict: &CoverageVerdictDocument,
    paint: Paint,
) -> std::fmt::Result {
    let head = format!(
        "{} {} {}",
        verdict.analytic,
        verdict.provider,
        verdict.verdict.to_uppercase()
    );
    let why = verdict.why.as_deref().unwrap_or_default();
    writeln!(out, "{}", paint.bold(&head))?;
    let is_gone = |log_source: &LogSourceDocument| {
        log_source.state == "silent" || log_source.state == "never"
    };
    let is_explained_below = verdict.log_sources.iter().any(is_gone);
    if !is_explained_below && !why.is_empty() {
        writeln!(out, "  {why}")?;
    } else if verdict.lacks_sensitive {
        writeln!(out, "  {NO_SENSITIVE}")?;
    }
    for log_source in &verdict.log_sources {
        let need = if log_source.required {
            "required"
        } else {
            "optional"
        };
        let last = match &log_source.last {
            Some(last) if log_source.state == "silent" => format!(", none since {last}"),
            Some(last) if log_source.state == "quiet" => {
                format!("; its log is there, with other records up to {last}")
            }
            Some(last) => format!(", last {last}"),
            None => String::new(),
        };
        writeln!(
            out,
            "  {:<6} {} ({}, {need}): {}{last}",
            log_source.state,
            log_source.name,
            log_source.source,
            noun(log_source.records, "record", "records"),
        )?;
        if !log_source.operations.is_empty() {
            writeln!(
                out,
                "         {}",
                Plain(&most_frequent(&log_source.operations))
            )?;
        }
        let lacking: Vec<String> = log_source
            .lacking
            .iter()
            .filter_map(|(field, share)| Some((field, share.filter(|share| *share > 0.0)?)))
            .map(|(field, share)| format!("{field} in {}", percent(Some(share))))
            .collect();
        if !lacking.is_empty() {
            writeln!(out, "         missing {}", lacking.join(", "))?;
        }
        if is_gone(log_source) {
            writeln!(out, "         without it: {}", log_source.without)?;
        }
    }
    Ok(())
}

/// Names the operations that were seen most often.
fn most_frequent(operations: &BTreeMap<String, u64>) -> String {
    let mut all: Vec<(&String, &u64)> = operations.iter().collect();
    all.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
    let rest = all.len().saturating_sub(OPERATIONS_SHOWN);
    let named = all.iter().take(OPERATIONS_SHOWN);
    let mut text: Vec<String> = named.map(|(o, n)| format!("{o} {}", count(**n))).collect();
    if rest > 0 {
        text.push(format!("{rest} more"));
    }
    text.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_without_records_are_no_blind_spots() {
        let judged = |analytic: &str, provider, has_records| AnalyticCoverage {
            analytic: analytic.into(),
            provider,
            verdict: CoverageVerdict::Blind,
            has_records,
            lacks_sensitive: has_records,
            log_sources: Vec::new(),
            silent: Vec::new(),
        };
        let all = [
            judged("A1", Provider::Azure, false),
            judged("A1", Provider::Gcp, false),
            judged("A2", Provider::Aws, true),
            judged("A2", Provider::Azure, false),
        ];
        assert_eq!(
            blind_spots(&all),
            [format!("A2 is BLIND on aws: {NO_SENSITIVE}")]
        );
        assert_eq!(not_seen(&all), ["azure", "gcp"]);
        assert!(blind_spots(&[]).is_empty());
    }
}
