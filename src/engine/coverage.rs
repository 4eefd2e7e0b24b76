//! What each analytic sees and does not see. An analytic that lacks required records is blind; that is different from
//! quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::analytic::Telemetry;
use crate::baseline::{Beginnings, Generation, SilentTrail, Trails, View, YoungLog};
use crate::config::Approval;
use crate::engine::intake::{DayAggregates, Intake, IntakeSummary, KeepRejects};
use crate::engine::{Progress, Setup};
use crate::error::Result;
use crate::event::{Action, Field, Provider, Source};
use crate::measure::{Coverage, DayAggregate, DayLogs, Links, LogSource, OwnAccounts};
use crate::sources::{InputFile, ReadOptions};
use crate::time::{Day, Time};
use crate::vocab::{Metric, Str, words};

/// The fraction of records without a field from which the field counts as missing: some calls naturally lack it.
const LACKING_MAX: f64 = 0.2;
/// The fraction from which the records count as without it. What few records lack may be chance, but not what hardly any record of a
/// log has.
const WITHOUT_MIN: f64 = 0.95;
/// The number of records that must be there before this fraction means something.
const RECORDS_MIN: u64 = 20;
/// Records count as silent after this many days without them, if other logs of the provider continued.
const SILENT_DAYS: usize = 3;

/// The contents of logs, by day.
pub type CoveredDays = BTreeMap<Day, Arc<Coverage>>;

words! {
    /// What an analytic sees of a provider.
    CoverageVerdict {
        /// All required records are there.
        Covered = "covered",
        /// It judges, but some of what it could see is missing.
        Partial = "partial",
        /// It cannot find anything.
        Blind = "blind",
        /// It does not judge the provider, whatever records there are.
        Unjudged = "unjudged",
    }
}

words! {
    /// Whether required records arrive.
    CoverageState {
        /// They arrive.
        Seen = "seen",
        /// There are none, but the same log setting brings other records: nothing of the kind happened.
        Quiet = "quiet",
        /// They stopped, while other logs of the provider continue.
        Silent = "silent",
        /// They never arrived.
        Never = "never",
    }
}

/// How many records lack a field that they need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldLack {
    /// The field.
    pub field: Field,
    /// The fraction without it; `None` for a field that not every record needs.
    pub share: Option<f64>,
    /// Whether so many records lack it that the analytic sees less.
    pub is_missing: bool,
    /// Whether hardly any record has it, and none without it can alert.
    pub is_fatal: bool,
}

/// What is seen of one kind of required records.
#[derive(Debug, Clone)]
pub struct LogSourceCoverage {
    /// The requirement.
    pub telemetry: Telemetry,
    /// Whether they arrive.
    pub state: CoverageState,
    /// Records.
    pub records: u64,
    /// The last of them, or of those that show that they would be there.
    pub last: Option<Time>,
    /// Operations seen, with their counts.
    pub operations: BTreeMap<Str, u64>,
    /// The fields that are needed.
    pub fields: Vec<FieldLack>,
}

impl LogSourceCoverage {
    /// Returns whether the records are missing.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, CoverageState::Silent | CoverageState::Never)
    }

    /// Returns whether nothing can alert on the records: there are none, or they all lack what is judged.
    pub fn is_useless(&self) -> bool {
        self.is_gone() || self.fields.iter().any(|lack| lack.is_fatal)
    }

    /// Returns the fields that too many records lack.
    pub fn missing(&self) -> impl Iterator<Item = &FieldLack> {
        self.fields.iter().filter(|lack| lack.is_missing)
    }
}

/// What an analytic sees of a provider.
#[derive(Debug, Clone)]
pub struct AnalyticCoverage {
    /// The analytic.
    pub analytic: Str,
    /// The provider.
    pub provider: Provider,
    /// The verdict.
    pub verdict: CoverageVerdict,
    /// Whether there is any record of the provider.
    pub has_records: bool,
    /// Whether it needs a list of sensitive buckets, and there is none.
    pub lacks_sensitive: bool,
    /// Its requirements, in the order of its definition.
    pub log_sources: Vec<LogSourceCoverage>,
    /// The trails of logs that it rests on that fell silent, while others of the provider go on.
    pub silent: Vec<SilentTrail>,
}

/// What logs have in them.
#[derive(Debug, Default)]
pub struct CoveredLogs {
    /// By day.
    pub days: CoveredDays,
    /// The logs that began later than the others, and are still learnt on the last day.
    pub learning: Vec<YoungLog>,
    /// The trails that fell silent.
    pub silent: Vec<SilentTrail>,
    /// Those that an approval says are retired, each with it.
    pub retired: Vec<(SilentTrail, Approval)>,
}

impl CoveredLogs {
    /// Returns those of a generation.
    pub fn of(setup: &Setup, generation: &Generation) -> Self {
        let days = generation.coverage.iter().cloned().collect();
        Self {
            learning: View::of(generation).young_logs(),
            ..covered_of(setup, days, &generation.trails)
        }
    }
}

/// Returns the logs of days and what is remembered of their trails, without saying which are still learnt.
pub(super) fn covered_of(setup: &Setup, days: CoveredDays, trails: &Trails) -> CoveredLogs {
    CoveredLogs {
        days,
        learning: Vec::new(),
        silent: silent_trails(setup, trails),
        retired: retired_trails(setup, trails),
    }
}

/// Returns the trails that are silent after the last day that was noted, without those that an approval says are retired.
pub fn silent_trails(setup: &Setup, trails: &Trails) -> Vec<SilentTrail> {
    let mut silent = trails.silent(|source| setup.config.lateness_secs(source));
    silent.retain(|trail| setup.config.retired(&trail.names(), trail.until).is_none());
    silent
}

/// Returns the silent trails that an approval says are retired.
fn retired_trails(setup: &Setup, trails: &Trails) -> Vec<(SilentTrail, Approval)> {
    let silent = trails.silent(|source| setup.config.lateness_secs(source));
    let retired = silent.into_iter().filter_map(|trail| {
        let approval = setup.config.retired(&trail.names(), trail.until)?.clone();
        Some((trail, approval))
    });
    retired.collect()
}

/// Returns what is remembered of trails after days that were judged, too; what was learnt of them already counts once.
pub fn trails_after<'a>(
    generation: &Generation,
    aggregates: impl IntoIterator<Item = &'a DayAggregate>,
) -> Trails {
    let mut trails = generation.trails.clone();
    let days = aggregates.into_iter();
    trails.note_days(days.map(|aggregate| (&aggregate.day, &aggregate.trails)));
    trails
}

/// Merges the days of the lookback with those of aggregates. Where a day is in both, the lookback's is kept.
pub fn days_of<'a>(
    lookback: &[(Day, Arc<Coverage>)],
    aggregates: impl IntoIterator<Item = &'a DayAggregate>,
) -> CoveredDays {
    let mut days: CoveredDays = lookback.iter().cloned().collect();
    for aggregate in aggregates {
        days.entry(aggregate.day)
            .or_insert_with(|| Arc::new(aggregate.covered()));
    }
    days
}

/// Reads the contents of logs, without a store, and which of them began later than the others. As in a store, a record counts once however
/// often it was delivered.
///
/// # Errors
///
/// Fails if the user stops it. A file that cannot be read is reported and does not stop the others.
pub fn covered_logs(
    setup: &Setup,
    files: Vec<InputFile>,
    (options, rejects): (ReadOptions, Option<&dyn KeepRejects>),
    progress: &dyn Progress,
) -> Result<(CoveredLogs, IntakeSummary)> {
    let mut aggregates = DayAggregates::new();
    let intake = Intake {
        setup,
        files,
        options,
        rejects,
    };
    let summary = intake.run(progress, |resolver, mut event| {
        let resolved = resolver.resolve(&mut event);
        let day = resolved.event.time.day();
        let aggregate = aggregates
            .entry(day)
            .or_insert_with(|| DayAggregate::new(day));
        Ok(aggregate.add(&resolved, &setup.plan))
    })?;
    let days = days_of(&[], aggregates.values());
    let mut trails = Trails::default();
    let mut beginnings = Beginnings::default();
    let mut own_accounts = OwnAccounts::new();
    for (day, aggregate) in &mut aggregates {
        aggregate.settle(None);
        own_accounts.extend(aggregate.accounts.iter().cloned());
        let facts = aggregate.take_facts(&Links::new(), &own_accounts);
        beginnings.note_day(*day, DayLogs::of(&facts).breadths());
        trails.note_day(*day, &aggregate.trails);
    }
    let (first, last) = (days.keys().next(), days.keys().next_back());
    let mut learnt = Generation::empty(last.map_or(Day(0), |last| last.plus(1)));
    learnt.first_day = first.copied().unwrap_or(learnt.as_of);
    learnt.beginnings = beginnings;
    let covered = CoveredLogs {
        days,
        learning: View::of(&learnt).young_logs(),
        silent: silent_trails(setup, &trails),
        retired: retired_trails(setup, &trails),
    };
    Ok((covered, summary))
}

/// Judges what each enabled analytic sees of each provider that it is written for, or that it requires and that has
/// records; ordered by analytic and provider. `silent` are the trails that fell silent.
pub fn assess(setup: &Setup, days: &CoveredDays, silent: &[SilentTrail]) -> Vec<AnalyticCoverage> {
    let mut seen_on: BTreeMap<Provider, BTreeSet<Day>> = BTreeMap::new();
    for (day, coverage) in days {
        let records = coverage
            .log_sources()
            .filter(|(key, _)| key.action != Action::Finding);
        for (key, _) in records {
            seen_on.entry(key.provider).or_default().insert(*day);
        }
    }
    let mut all = Vec::new();
    for analytic in setup.analytics.iter().filter(|a| a.enabled) {
        let rows = &analytic.docs.telemetry;
        let lacks_sensitive = setup.config.sensitive.is_empty()
            && analytic.sensitive_buckets.is_empty()
            && analytic.metrics().contains(&Metric::SensitiveReadCalls);
        for provider in Provider::ALL {
            let has_records = seen_on.contains_key(provider);
            let is_judged = analytic.providers.contains(provider);
            if !is_judged && !has_records {
                continue;
            }
            let log_sources: Vec<LogSourceCoverage> = rows
                .iter()
                .filter(|row| row.provider() == Some(*provider))
                .map(|row| log_source(row, days, &seen_on))
                .collect();
            let mut found = AnalyticCoverage {
                analytic: analytic.id.clone(),
                provider: *provider,
                verdict: CoverageVerdict::Unjudged,
                has_records,
                lacks_sensitive,
                silent: silent
                    .iter()
                    .filter(|trail| is_judged && rests_on(&log_sources, trail))
                    .cloned()
                    .collect(),
                log_sources,
            };
            if is_judged {
                found.verdict = verdict(&found);
            }
            all.push(found);
        }
    }
    all
}

/// Returns whether some of these records are those of a trail.
fn rests_on(log_sources: &[LogSourceCoverage], trail: &SilentTrail) -> bool {
    let mut rows = log_sources.iter().map(|one| &one.telemetry);
    rows.any(|row| row.is_told_by(trail.source, trail.provider))
}

fn verdict(found: &AnalyticCoverage) -> CoverageVerdict {
    let log_sources = &found.log_sources;
    let is_useless = LogSourceCoverage::is_useless;
    let mut required = log_sources.iter().filter(|one| one.telemetry.required);
    let is_blind =
        required.any(is_useless) || !log_sources.is_empty() && log_sources.iter().all(is_useless);
    let lacks = |one: &LogSourceCoverage| one.is_gone() || one.missing().next().is_some();
    if !found.has_records || found.lacks_sensitive || is_blind {
        CoverageVerdict::Blind
    } else if log_sources.iter().any(lacks) || !found.silent.is_empty() {
        CoverageVerdict::Partial
    } else {
        CoverageVerdict::Covered
    }
}

fn log_source(
    row: &Telemetry,
    days: &CoveredDays,
    seen_on: &BTreeMap<Provider, BTreeSet<Day>>,
) -> LogSourceCoverage {
    let (mut records, mut last, mut shown) = (0, None, None);
    let mut operations: BTreeMap<Str, u64> = BTreeMap::new();
    let mut came_on: BTreeSet<Day> = BTreeSet::new();
    let (mut having, mut of_log) = (Having::new(), Having::new());
    for (day, coverage) in days {
        let sources_told = coverage
            .log_sources()
            .filter(|(key, _)| row.is_told_by(key.source, key.provider));
        for (key, log_source) in sources_told {
            // Calls and flows have different fields.
            let is_flow = |action: &Action| *action == Action::EgressFlow;
            if row.actions.iter().any(is_flow) == is_flow(&key.action) {
                count_fields(&mut of_log, row, key.action, log_source);
            }
            let is_shown = row.shown_by.contains(&key.action);
            if !is_shown && !row.actions.contains(&key.action) {
                continue;
            }
            // Operations of the plain form have arbitrary names; and where there are many, not all names are kept.
            let is_any_meant =
                row.operations.is_empty() || key.source == Source::Plain || log_source.is_crowded();
            let is_meant = |operation: &str| {
                let mut named = row.operations.iter();
                is_any_meant || named.any(|o| o.eq_ignore_ascii_case(operation))
            };
            let meant = log_source
                .operations()
                .into_iter()
                .filter(|(o, _)| is_meant(o));
            let meant: Vec<(&str, u64)> = meant.collect();
            let n: u64 = match is_any_meant {
                true => log_source.events,
                false => meant.iter().map(|(_, n)| n).sum(),
            };
            if n == 0 {
                continue;
            }
            came_on.insert(*day);
            if is_shown {
                shown = shown.max(Some(log_source.last));
                continue;
            }
            records += n;
            for (operation, n) in meant {
                *operations.entry(operation.into()).or_insert(0) += n;
            }
            last = last.max(Some(log_source.last));
            count_fields(&mut having, row, key.action, log_source);
        }
    }
    let provider_days = row.source.provider().and_then(|p| seen_on.get(&p));
    let state = match (came_on.is_empty(), records) {
        (true, _) => CoverageState::Never,
        _ if provider_days.is_some_and(|days| is_silent(&came_on, days)) => CoverageState::Silent,
        (_, 0) => CoverageState::Quiet,
        _ => CoverageState::Seen,
    };
    let fields = row.fields.iter().map(|field| {
        let counts = |having: &Having| having.get(field).copied().unwrap_or_default();
        // Where the log itself is absent, its fields say nothing.
        let of_log = match came_on.is_empty() {
            true => (0, 0),
            false => counts(&of_log),
        };
        lack_of(row, *field, counts(&having), of_log)
    });
    LogSourceCoverage {
        fields: fields.collect(),
        telemetry: row.clone(),
        state,
        records,
        last: last.max(shown),
        operations,
    }
}

/// How many records have each field, and of how many that should.
type Having = BTreeMap<Field, (u64, u64)>;

/// Counts which of the needed fields the records of a kind have.
fn count_fields(having: &mut Having, row: &Telemetry, action: Action, log_source: &LogSource) {
    for field in row.fields.iter().filter(|f| f.is_expected_of(action)) {
        let (with, of) = having.entry(*field).or_insert((0, 0));
        *with += log_source.having(*field);
        *of += log_source.whole;
    }
}

/// Returns how many of the required records lack a field. Where these are few, all records of their logs speak for them, but only of a
/// field that hardly any of them has.
fn lack_of(
    row: &Telemetry,
    field: Field,
    (with, of): (u64, u64),
    (with_in_log, of_log): (u64, u64),
) -> FieldLack {
    let share_of = |with: u64, of: u64| (of > 0).then(|| (of - with) as f64 / of as f64);
    let own = share_of(with, of);
    let is_enough = of >= RECORDS_MIN;
    let of_log = match row.rests_on(field) || of_log >= RECORDS_MIN {
        true => share_of(with_in_log, of_log),
        false => None,
    };
    let without = |share: &f64| *share >= WITHOUT_MIN;
    let share = if is_enough {
        own
    } else {
        of_log.filter(without)
    };
    FieldLack {
        field,
        share: share.or(own),
        is_missing: share.is_some_and(|share| share > LACKING_MAX),
        is_fatal: row.rests_on(field) && share.as_ref().is_some_and(without),
    }
}

/// Returns whether records have been absent for [`SILENT_DAYS`] days on which other logs of the provider continued, and for
/// longer than any earlier gap.
fn is_silent(came_on: &BTreeSet<Day>, provider_days: &BTreeSet<Day>) -> bool {
    let (mut gap, mut longest) = (0, 0);
    let Some(first) = came_on.first() else {
        return false;
    };
    for day in provider_days.range(first..) {
        if came_on.contains(day) {
            longest = longest.max(gap);
            gap = 0;
        } else {
            gap += 1;
        }
    }
    gap >= SILENT_DAYS && gap > longest
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::analytic;
    use crate::config::Config;
    use crate::document::{Faults, Table};
    use crate::event::{Action, Attachment, Event, Outcome, Untrusted};

    fn setup() -> Setup {
        let mut faults = Faults::default();
        let none = Table::parse("", "none", &mut faults).unwrap();
        let analytics = analytic::load(&none, &[]).unwrap();
        let now = Time::parse("2027-01-01T00:00:00Z").unwrap();
        Setup::new(Config::default(), analytics, now)
    }

    /// A record with all fields; a flow if its action is one.
    fn event(day: i32, source: Source, action: Action, op: &str) -> Event {
        let provider = source.provider().unwrap_or(Provider::Aws);
        let mut event = Event::new(Day(day).start(), "e".into(), provider, source);
        event.action = action;
        event.op = op.into();
        event.outcome = Outcome::Success;
        event.region = Some("eu-west-1".into());
        event.principal = Some(crate::event::Principal::new(
            "p".into(),
            crate::event::IdentityKind::Human,
        ));
        event.peer.ip = "203.0.113.1".parse().ok();
        event.user_agent = Some(Untrusted::new("cli"));
        event.container = Some(Untrusted::new("bucket"));
        event.object = Some(Untrusted::new("object"));
        event.prefix = Some(Untrusted::new(""));
        event.bytes_out = Some(1);
        event.created = Some("c".into());
        event.destination.ip = "203.0.113.2".parse().ok();
        if action == Action::EgressFlow {
            event.attachment = Some(Attachment::default());
        }
        event
    }

    /// The records of a whole AWS estate over some days, without those that a test leaves out.
    fn days(n_days: i32, leave_out: impl Fn(&Event) -> bool) -> CoveredDays {
        use Action::{
            AssumeRole, EgressFlow, ListBuckets, ListObjects, ReadObject, WriteObject, WritePosture,
        };
        let mut days = BTreeMap::new();
        for day in 0..n_days {
            let mut coverage = Coverage::default();
            for action in [
                AssumeRole,
                EgressFlow,
                ListBuckets,
                ListObjects,
                ReadObject,
                WriteObject,
                WritePosture,
            ] {
                let source = match action {
                    EgressFlow => Source::AwsVpcFlow,
                    _ => Source::AwsCloudTrail,
                };
                let op = match action {
                    ReadObject => "GetObject",
                    ListObjects => "ListObjects",
                    WriteObject => "PutObject",
                    _ => "Op",
                };
                let event = event(day, source, action, op);
                (0..RECORDS_MIN)
                    .filter(|_| !leave_out(&event))
                    .for_each(|_| coverage.note(&event));
            }
            days.insert(Day(day), Arc::new(coverage));
        }
        days
    }

    fn verdict_of(
        days: &CoveredDays,
        analytic: &str,
        provider: Provider,
    ) -> (CoverageVerdict, Vec<String>) {
        let all = assess(&setup(), days, &[]);
        let found = all
            .into_iter()
            .find(|a| *a.analytic == *analytic && a.provider == provider)
            .unwrap();
        let gone = found
            .log_sources
            .iter()
            .filter(|log_source| log_source.is_gone());
        let gone =
            gone.map(|log_source| format!("{} {}", log_source.state, log_source.telemetry.name));
        (found.verdict, gone.collect())
    }

    #[test]
    fn missing_records_are_reported_as_blind() {
        use CoverageVerdict::{Blind, Covered, Partial};
        let all = days(10, |_| false);
        assert_eq!(verdict_of(&all, "AN1328", Provider::Aws), (Covered, vec![]));
        assert_eq!(verdict_of(&all, "AN1594", Provider::Aws), (Covered, vec![]));
        // No sensitive buckets are listed.
        assert_eq!(verdict_of(&all, "AN0370", Provider::Aws), (Blind, vec![]));
        let no_flows = days(10, |e| e.is_flow());
        assert_eq!(
            verdict_of(&no_flows, "AN1328", Provider::Aws),
            (Partial, vec!["never flow logs".into()])
        );
        let no_data_events = days(10, |e| {
            matches!(
                e.action,
                Action::ReadObject | Action::ListObjects | Action::WriteObject
            )
        });
        assert_eq!(
            verdict_of(&no_data_events, "AN1328", Provider::Aws),
            (Blind, vec!["never S3 data events".into()])
        );
        // Reads of secrets are management events; they prove nothing about data events.
        let mut secrets = no_data_events.clone();
        let mut coverage = Coverage::default();
        coverage.note(&event(
            10,
            Source::AwsCloudTrail,
            Action::ReadObject,
            "GetSecretValue",
        ));
        secrets.insert(Day(10), Arc::new(coverage));
        assert_eq!(verdict_of(&secrets, "AN1328", Provider::Aws).0, Blind);
        assert_eq!(
            verdict_of(&no_data_events, "AN1594", Provider::Aws),
            (Partial, vec!["never S3 data events".into()])
        );
        assert_eq!(
            verdict_of(&CoveredDays::new(), "AN1594", Provider::Aws).0,
            Blind
        );
    }

    #[test]
    fn records_are_silent_once_their_gap_is_longer_than_any_before() {
        let stops_at = |stop: i32| {
            let day_of = move |e: &Event| e.time.day().0;
            days(10, move |e| e.is_flow() && day_of(e) >= stop)
        };
        let state = |stop| verdict_of(&stops_at(stop), "AN1328", Provider::Aws);
        assert_eq!(state(8), (CoverageVerdict::Covered, vec![]));
        assert_eq!(
            state(7),
            (CoverageVerdict::Partial, vec!["silent flow logs".into()])
        );
        // A job that runs once in four days is not silent after three.
        let seldom = days(12, |e| e.is_flow() && e.time.day().0 % 4 != 0);
        assert_eq!(
            verdict_of(&seldom, "AN1328", Provider::Aws),
            (CoverageVerdict::Covered, vec![])
        );
    }

    #[test]
    fn a_copy_in_another_form_is_enough_and_a_missing_field_is_reported() {
        let other_form = |bytes: bool| {
            let mut all = days(5, |e| e.action == Action::ReadObject || e.is_flow());
            let mut coverage = Coverage::default();
            for _ in 0..RECORDS_MIN {
                let mut read = event(5, Source::Ocsf, Action::ReadObject, "GetObject");
                read.bytes_out = read.bytes_out.filter(|_| bytes);
                coverage.note(&read);
                // A flow that stays inside shows that flows are logged.
                let mut flow = event(5, Source::Ecs, Action::Other, "ACCEPT");
                flow.attachment = Some(Attachment::default());
                coverage.note(&flow);
            }
            all.insert(Day(5), Arc::new(coverage));
            all
        };
        assert_eq!(
            verdict_of(&other_form(true), "AN1328", Provider::Aws),
            (CoverageVerdict::Covered, vec![])
        );
        let without = assess(&setup(), &other_form(false), &[]);
        let found = without.iter().find(|a| *a.analytic == *"AN1328").unwrap();
        assert_eq!(found.verdict, CoverageVerdict::Partial);
        let missing: Vec<Field> = found
            .log_sources
            .iter()
            .flat_map(|log_source| log_source.missing().map(|lack| lack.field))
            .collect();
        assert_eq!(missing, [Field::BytesOut]);
    }

    /// Records of a form, of so many posture changes and posture reads, as a test changes them.
    fn posture(source: Source, n: (u64, u64), change: impl Fn(&mut Event)) -> CoveredDays {
        let mut coverage = Coverage::default();
        for (n, action) in [(n.0, Action::WritePosture), (n.1, Action::ReadPosture)] {
            let mut event = event(1, source, action, "Op");
            change(&mut event);
            (0..n).for_each(|_| coverage.note(&event));
        }
        CoveredDays::from([(Day(1), Arc::new(coverage))])
    }

    #[test]
    fn records_that_lack_what_is_judged_make_an_analytic_blind_however_few_they_are() {
        use CoverageVerdict::{Blind, Covered, Partial};
        let of = |days: &CoveredDays, id: &str| verdict_of(days, id, Provider::Aws).0;
        let nobody = |event: &mut Event| event.principal = None;
        for source in [Source::AwsCloudTrail, Source::Ocsf, Source::Ecs] {
            for n in [(1, 27), (1, 0), (0, 3), (400, 0)] {
                let days = posture(source, n, nobody);
                for id in ["POLICY-PUBLIC", "POLICY-EXTERNAL", "AN1088", "LOG-BLINDED"] {
                    let is_told = n.0 > 0 || n.1 > 0;
                    let of_any = posture(source, n, |_| {});
                    if of(&of_any, id) == Covered && is_told {
                        assert_eq!(of(&days, id), Blind, "{id} {source} {n:?}");
                    }
                }
            }
        }
        assert_eq!(
            of(&posture(Source::Ocsf, (1, 27), |_| {}), "POLICY-PUBLIC"),
            Covered
        );
        // A change without a caller among reads with one may be a trimmed record.
        let mut some = posture(Source::AwsCloudTrail, (1, 0), nobody);
        let named = posture(Source::AwsCloudTrail, (0, 27), |_| {});
        some.extend(named.into_iter().map(|(day, c)| (day.plus(1), c)));
        assert_eq!(of(&some, "POLICY-PUBLIC"), Covered);
        // What only adds to a score makes less.
        let no_address = posture(Source::Ecs, (1, 27), |e| e.peer = Default::default());
        assert_eq!(of(&no_address, "AN1088"), Partial);
        let no_region = posture(Source::Ecs, (25, 2), |e| e.region = None);
        assert_eq!(of(&no_region, "UNUSUAL-REGION"), Blind);
    }

    #[test]
    fn data_events_of_which_none_is_a_read_are_quiet_and_all_rows_gone_are_blind() {
        let only = |action: Action, op: &str| {
            let mut coverage = Coverage::default();
            coverage.note(&event(1, Source::AwsCloudTrail, action, op));
            CoveredDays::from([(Day(1), Arc::new(coverage))])
        };
        for (action, op) in [
            (Action::WriteObject, "PutObject"),
            (Action::DeleteObject, "DeleteObject"),
        ] {
            for id in ["ACCESS-SPIKE", "AN1328", "S3-DENIED"] {
                let all = assess(&setup(), &only(action, op), &[]);
                let of_aws =
                    |a: &&AnalyticCoverage| *a.analytic == *id && a.provider == Provider::Aws;
                let found = all.iter().find(of_aws).unwrap();
                let mut rows = found
                    .log_sources
                    .iter()
                    .filter(|row| row.telemetry.required);
                assert!(
                    rows.all(|row| row.state == CoverageState::Quiet),
                    "{id} {op}"
                );
                assert_ne!(found.verdict, CoverageVerdict::Blind, "{id} {op}");
            }
        }
        // Management events, whatever they write, are no data events.
        let management = only(Action::WritePosture, "PutBucketPolicy");
        for id in ["ACCESS-SPIKE", "AN1328", "S3-DENIED", "EGRESS-SPIKE"] {
            assert_eq!(
                verdict_of(&management, id, Provider::Aws).0,
                CoverageVerdict::Blind,
                "{id}"
            );
        }
    }

    #[test]
    fn what_other_detectors_found_is_no_record_of_a_provider() {
        let mut all = days(10, |e| e.time.day().0 >= 7);
        for day in 7..10 {
            let mut coverage = Coverage::default();
            let mut found = event(day, Source::Findings, Action::Finding, "found");
            found.provider = Provider::Aws;
            coverage.note(&found);
            all.insert(Day(day), Arc::new(coverage));
            let mut trails = crate::measure::DayTrails::default();
            trails.note(&found);
            assert!(trails.is_empty());
        }
        let (verdict, gone) = verdict_of(&all, "AN1328", Provider::Aws);
        assert_eq!((verdict, gone), (CoverageVerdict::Covered, vec![]));
    }

    #[test]
    fn a_provider_that_an_analytic_is_not_written_for_is_not_covered() {
        let mut coverage = Coverage::default();
        coverage.note(&event(1, Source::OktaSystem, Action::Authenticate, "login"));
        let days = CoveredDays::from([(Day(1), Arc::new(coverage))]);
        let (verdict, _) = verdict_of(&days, "AN1594", Provider::Okta);
        assert_eq!(verdict, CoverageVerdict::Unjudged);
    }
}
