//! A baseline for people: the entity, its usual amounts, its known values, and its hours of activity.

use std::fmt::Write;

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::{Baseline, Generation, LOOKBACK_DAYS, TRAIT_MEMORY_DAYS};
use crate::report::draw::{Curve, bars};
use crate::report::drift::DriftDocument;
use crate::report::escape::Plain;
use crate::report::layout::{clip, shorten};
use crate::report::number::{amount, count, noun};
use crate::report::paint::Paint;
use crate::report::regularity::regularity;
use crate::stats::Predictive;
use crate::time::{Day, WEEKDAYS};
use crate::vocab::{Entity, EntityKind};

/// Columns of a drawn distribution.
const COLUMNS: usize = 14;
/// Known values of a trait that are shown; the document has all.
const VALUES_SHOWN: usize = 8;
/// What the numbers of a metric are of.
const METRICS_NOTE: [&str; 3] = [
    "p50, p99: amounts of active windows. a day: active windows per day. windows: active windows of its own, older ones weigh less.",
    "own: weight of its own history in p50; the rest is its peers'. distribution: of the amounts that are expected, 1 to 10 × p99.",
    "A day has 24 hours but is one window, so the row of a day depends on its peers for longer.",
];
/// Where the ids of a list begin.
const ID_COLUMN: usize = 30;
/// Columns of an id in a list, at least.
const ID_MIN: usize = 20;
const HOURS_OF_DAY: usize = 24;

/// A baseline, as its document says it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BaselineDocument {
    /// Kind of entity.
    pub kind: &'static str,
    /// Canonical id.
    pub id: String,
    /// What kind of identity.
    pub identity_kind: &'static str,
    /// The provider.
    pub provider: Option<&'static str>,
    /// Account.
    pub account: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// Bare provider ids of the same entity.
    pub aliases: Vec<String>,
    /// First day on which it was seen.
    pub first_seen: String,
    /// Whether it may be older than that: memory begins there.
    pub may_be_older: bool,
    /// Last day on which it was seen.
    pub last_seen: String,
    /// Events of the lookback.
    pub events: u64,
    /// Days of the lookback on which it was active, its first included.
    pub active_days: u32,
    /// The generation that this is of.
    pub generation: u64,
    /// What is expected, per metric and window.
    pub metrics: Vec<MetricDocument>,
    /// What is known, per trait.
    pub traits: Vec<TraitDocument>,
    /// Days on which it was active in each hour of the week, Monday 00:00 UTC first.
    pub hours: Vec<u8>,
    /// Groups that it is judged against where its own history is thin, nearest first.
    pub chain: Vec<GroupDocument>,
    /// Daily amounts that rise above their slow level.
    pub rising: Vec<DriftDocument>,
    /// The last day on which that was judged.
    pub drift_judged_through: Option<String>,
}

/// What is expected of one metric in windows of one length.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MetricDocument {
    /// Which metric.
    pub metric: &'static str,
    /// In which window.
    pub window: String,
    /// Weight of the entity's own active windows.
    pub windows: f64,
    /// Active windows expected a day.
    pub active_per_day: f64,
    /// Expected median of an active window.
    pub p50: f64,
    /// Expected 99th percentile of an active window.
    pub p99: f64,
    /// Share of the entity's own history in this, 0 to 1.
    pub own_weight: f64,
    /// Whose prior it is mixed with; absent for the built-in one.
    pub prior_of: Option<String>,
    #[serde(skip)]
    curve: Curve,
}

/// What generations learnt of an entity, the one in force first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EntityHistory {
    /// Kind of entity.
    pub kind: &'static str,
    /// Canonical id.
    pub id: String,
    /// Those that are kept and have a baseline of it.
    pub generations: Vec<LearntEntry>,
}

/// What a generation learnt of an entity.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LearntEntry {
    /// The number of the generation.
    pub generation: u64,
    /// Whether it is the one in force.
    pub in_force: bool,
    /// The first day that it may judge.
    pub as_of: String,
    /// Events of the lookback.
    pub events: u64,
    /// Days of the lookback on which it was active, its first included.
    pub active_days: u32,
    /// What is expected, per metric and window.
    pub metrics: Vec<MetricDocument>,
}

impl LearntEntry {
    /// Makes it of what a generation has.
    pub fn of(generation: &Generation, in_force: bool, learnt: (&Entity, &Baseline)) -> Self {
        let (entity, baseline) = learnt;
        let document = BaselineDocument::of(generation, entity, baseline);
        Self {
            generation: generation.number,
            in_force,
            as_of: generation.as_of.to_string(),
            events: document.events,
            active_days: document.active_days,
            metrics: document.metrics,
        }
    }
}

/// Known values of a trait.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TraitDocument {
    /// Which trait.
    pub r#trait: &'static str,
    /// Values, those of most days first.
    pub values: Vec<ValueDocument>,
    /// Whether values had to be dropped for want of room.
    pub saturated: bool,
    /// Active days that showed something new.
    pub novel_days: u32,
}

/// A known value.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ValueDocument {
    /// The value.
    pub value: String,
    /// Days on which it was seen, up to 255.
    pub days: u8,
    /// Last of them.
    pub last_seen: String,
}

/// A group of the chain.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct GroupDocument {
    /// What kind of group.
    pub kind: &'static str,
    /// Its name.
    pub id: String,
    /// Entities in it.
    pub members: u32,
    /// What its members mostly do.
    pub regularity: Option<String>,
}

/// An entity in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EntityEntry {
    /// Kind of entity.
    pub kind: &'static str,
    /// Canonical id.
    pub id: String,
    /// What kind of identity.
    pub identity_kind: &'static str,
    /// The provider.
    pub provider: Option<&'static str>,
    /// Account.
    pub account: Option<String>,
    /// Role.
    pub role: Option<String>,
    /// First day on which it was seen.
    pub first_seen: String,
    /// Last day on which it was seen.
    pub last_seen: String,
    /// Events of the lookback.
    pub events: u64,
    /// Days of the lookback on which it was active, its first included.
    pub active_days: u32,
}

impl EntityEntry {
    /// Makes the entry of an entity that a generation knows.
    pub fn of(generation: &Generation, entity: &Entity, baseline: &Baseline) -> Self {
        Self {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            identity_kind: baseline.kind.as_str(),
            provider: baseline.provider.map(|provider| provider.as_str()),
            account: baseline.account.as_ref().map(ToString::to_string),
            role: baseline.role.as_ref().map(ToString::to_string),
            first_seen: baseline.first_day.to_string(),
            last_seen: baseline.last_day.to_string(),
            events: baseline.n_events,
            active_days: baseline.days_seen(generation.as_of),
        }
    }
}

impl BaselineDocument {
    /// Makes the document of what a generation knows about an entity.
    pub fn of(generation: &Generation, entity: &Entity, baseline: &Baseline) -> Self {
        Self {
            kind: entity.kind.as_str(),
            id: entity.id.to_string(),
            identity_kind: baseline.kind.as_str(),
            provider: baseline.provider.map(|p| p.as_str()),
            account: baseline.account.as_ref().map(ToString::to_string),
            role: baseline.role.as_ref().map(ToString::to_string),
            aliases: baseline.aliases.iter().map(ToString::to_string).collect(),
            first_seen: baseline.first_day.to_string(),
            may_be_older: baseline.first_day <= generation.first_day,
            last_seen: baseline.last_day.to_string(),
            events: baseline.n_events,
            active_days: baseline.days_seen(generation.as_of),
            generation: generation.number,
            metrics: metrics(generation, baseline),
            traits: traits(baseline),
            hours: baseline.hours.clone(),
            chain: baseline
                .chain
                .iter()
                .map(|group| {
                    let state = generation.groups.get(group);
                    GroupDocument {
                        kind: group.kind.as_str(),
                        id: group.id.to_string(),
                        members: state.map_or(0, |state| state.members),
                        regularity: state.and_then(regularity),
                    }
                })
                .collect(),
            rising: generation
                .drift_report
                .of(entity)
                .iter()
                .map(|rise| DriftDocument::of(rise, generation.drift_report.threshold))
                .collect(),
            drift_judged_through: generation.drift_report.through.map(|day| day.to_string()),
        }
    }
}

fn metrics(generation: &Generation, baseline: &Baseline) -> Vec<MetricDocument> {
    let of = |&((metric, window), state): &((_, _), _)| {
        let (prior, prior_group) =
            generation.prior(&baseline.chain, baseline.kind, (metric, window));
        let predictive = Predictive::new(&prior, &baseline.evidence_of(&state));
        MetricDocument {
            metric: metric.as_str(),
            window: window.to_string(),
            windows: state.n,
            active_per_day: predictive.lambda,
            p50: predictive.quantile(0.5),
            p99: predictive.quantile(0.99),
            own_weight: predictive.own_weight(),
            prior_of: prior_group.map(|group| format!("{} {}", group.kind, group.id)),
            curve: Curve {
                loc: predictive.loc,
                scale: predictive.scale,
                nu: predictive.nu,
            },
        }
    };
    baseline.metrics.iter().map(of).collect()
}

fn traits(baseline: &Baseline) -> Vec<TraitDocument> {
    baseline
        .traits
        .iter()
        .map(|(which, known)| {
            let mut values: Vec<_> = known.values().iter().collect();
            values.sort_by(|a, b| (b.n_days, &a.value).cmp(&(a.n_days, &b.value)));
            TraitDocument {
                r#trait: which.as_str(),
                values: values
                    .into_iter()
                    .map(|v| ValueDocument {
                        value: v.value.to_string(),
                        days: v.n_days,
                        last_seen: v.last_day.to_string(),
                    })
                    .collect(),
                saturated: known.is_saturated(),
                novel_days: baseline.novel_days(*which),
            }
        })
        .collect()
}

/// Returns a baseline over several lines.
pub fn text(baseline: &BaselineDocument, paint: Paint) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = write_text(&mut out, baseline, paint);
    out
}

fn write_text(out: &mut String, b: &BaselineDocument, paint: Paint) -> std::fmt::Result {
    writeln!(out, "{}", paint.bold(&Plain(&b.id).to_string()))?;
    let mut fact = |name: &str, value: String| {
        writeln!(
            out,
            "  {} {}",
            paint.dim(&format!("{name:<9}")),
            Plain(&value)
        )
    };
    let place = match (b.provider, &b.account) {
        (Some(provider), Some(account)) => format!(" of {provider}:{account}"),
        (Some(provider), None) => format!(" of {provider}"),
        _ => String::new(),
    };
    let kind = if b.kind == EntityKind::Identity.as_str() {
        b.identity_kind
    } else {
        b.kind
    };
    fact("kind", format!("{}{place}", kind.replace('_', " ")))?;
    if let Some(role) = b.role.as_ref().filter(|role| **role != b.id) {
        fact("role", role.clone())?;
    }
    if !b.aliases.is_empty() {
        fact("also", b.aliases.join(", "))?;
    }
    let since = if b.may_be_older { " or before" } else { "" };
    fact(
        "seen",
        format!("{}{since} to {}", b.first_seen, b.last_seen),
    )?;
    fact(
        "activity",
        format!(
            "{} on {} of the last {LOOKBACK_DAYS}",
            noun(b.events, "event", "events"),
            noun(u64::from(b.active_days), "day", "days")
        ),
    )?;
    fact("learnt", format!("generation {}", b.generation))?;
    write_metrics(out, b, paint)?;
    write_traits(out, b, paint)?;
    write_hours(out, b, paint)?;
    write_drift(out, b, paint)?;
    writeln!(
        out,
        "\n  {}",
        paint.bold("Peers that it is compared with while its own history is short")
    )?;
    for group in &b.chain {
        writeln!(
            out,
            "    {} {} ({}{})",
            group.kind.replace('_', " "),
            Plain(&group.id),
            noun(u64::from(group.members), "member", "members"),
            group
                .regularity
                .as_ref()
                .map_or(String::new(), |regularity| format!("; {regularity}"))
        )?;
    }
    Ok(())
}

fn write_metrics(out: &mut String, b: &BaselineDocument, paint: Paint) -> std::fmt::Result {
    if b.metrics.is_empty() {
        return writeln!(out, "\n  no storage or directory activity in the lookback");
    }
    let head = format!(
        "{:<20} {:>3} {:>8} {:>8} {:>6} {:>7} {:>4}  distribution",
        "Usual when active", "", "p50", "p99", "a day", "windows", "own"
    );
    writeln!(out, "\n  {}", paint.bold(&head))?;
    for m in &b.metrics {
        writeln!(
            out,
            "  {:<20} {:>3} {:>8} {:>8} {:>6.2} {:>7} {:>3.0}%  {}",
            clip(m.metric, 20),
            m.window,
            amount(m.metric, m.p50),
            amount(m.metric, m.p99),
            m.active_per_day,
            count(m.windows.round().max(0.0) as u64),
            100.0 * m.own_weight,
            m.curve.draw(10.0 * m.p99, COLUMNS).trim_end(),
        )?;
    }
    for line in METRICS_NOTE {
        writeln!(out, "    {}", paint.dim(line))?;
    }
    Ok(())
}

fn write_traits(out: &mut String, b: &BaselineDocument, paint: Paint) -> std::fmt::Result {
    writeln!(
        out,
        "\n  {}",
        paint.bold(&format!(
            "Known values (days seen; forgotten after {TRAIT_MEMORY_DAYS} days)"
        ))
    )?;
    for t in b.traits.iter().filter(|t| !t.values.is_empty()) {
        let shown: Vec<String> = t
            .values
            .iter()
            .take(VALUES_SHOWN)
            .map(|v| format!("{} ({})", v.value, v.days))
            .collect();
        let more = match t.values.len().saturating_sub(VALUES_SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let lost = if t.saturated {
            "; more than are stored"
        } else {
            ""
        };
        let name = t.r#trait.replace('_', " ");
        writeln!(
            out,
            "    {name:<12} {}",
            Plain(&format!("{}{more}{lost}", shown.join(", ")))
        )?;
    }
    Ok(())
}

fn write_hours(out: &mut String, b: &BaselineDocument, paint: Paint) -> std::fmt::Result {
    let Some(most) = b.hours.iter().max().filter(|&&most| most > 0) else {
        return Ok(());
    };
    writeln!(out, "\n  {}", paint.bold("Hours of activity (UTC)"))?;
    writeln!(out, "        0     6     12    18")?;
    for (weekday, hours) in WEEKDAYS.iter().zip(b.hours.chunks(HOURS_OF_DAY)) {
        let line = bars(hours.iter().map(|&days| f64::from(days) / f64::from(*most)));
        writeln!(out, "    {weekday:.3} {}", line.trim_end())?;
    }
    Ok(())
}

fn write_drift(out: &mut String, b: &BaselineDocument, paint: Paint) -> std::fmt::Result {
    let Some(through) = &b.drift_judged_through else {
        return Ok(());
    };
    if b.kind != EntityKind::Identity.as_str() {
        return Ok(());
    }
    writeln!(out, "\n  {}", paint.bold("Baseline drift"))?;
    if b.rising.is_empty() {
        return writeln!(out, "    none through {through}");
    }
    for rise in &b.rising {
        let state = match &rise.drift {
            Some(day) => format!("drifted since {day}"),
            None => format!("drifts from {:.1} on", rise.threshold),
        };
        writeln!(
            out,
            "    {} (sum {:.1}; {state})",
            Plain(&rise.sentence()),
            rise.sum
        )?;
    }
    Ok(())
}

/// Returns a table of entities, a line each.
pub fn list(
    title: &str,
    entities: &[(&Entity, &Baseline)],
    (as_of, width): (Day, usize),
    paint: Paint,
) -> String {
    let head = format!("{:>10}  {:>4}  {:<10}  {title}", "events", "days", "since");
    let mut out = format!("{}\n", paint.bold(&head));
    for (entity, baseline) in entities {
        let id = shorten(&entity.id, width.saturating_sub(ID_COLUMN).max(ID_MIN));
        let _ = writeln!(
            out,
            "{:>10}  {:>4}  {:<10}  {}",
            count(baseline.n_events),
            baseline.days_seen(as_of),
            baseline.first_day.to_string(),
            Plain(&id),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{KnownSet, MetricState};
    use crate::event::{IdentityKind, Provider};
    use crate::measure::value_hash;
    use crate::time::{Day, Window};
    use crate::vocab::{Metric, Str, Trait};

    #[test]
    fn a_baseline_shows_what_is_usual_and_is_escaped() {
        let mut known = KnownSet::default();
        for (value, days) in [("eu-west-1", 3), ("x\u{1b}[2J", 1)] {
            let value: Str = value.into();
            (0..days).for_each(|day| known.see(value_hash(&value), &value, Day(20_500 + day)));
        }
        let mut hours = vec![0; 168];
        (8..17).for_each(|h| hours[h] = 4);
        let baseline = Baseline {
            first_day: Day(20_500),
            last_day: Day(20_528),
            n_events: 12_345,
            exposure: 14.0,
            active_days: 20,
            kind: IdentityKind::Human,
            provider: Some(Provider::Aws),
            role: None,
            account: Some("111122223333".into()),
            aliases: vec!["alice".into()],
            unique_id: None,
            namesake: None,
            metrics: vec![(
                (Metric::ListCalls, Window::TEN_MINUTES),
                MetricState {
                    n: 620.0,
                    mean: 1.6,
                    m2: 520.0,
                    active: 900.0,
                },
            )],
            traits: vec![(Trait::Region, known)],
            novelty: Vec::new(),
            chain: crate::baseline::chain_of_role(),
            hours,
            first_day_timeline: Vec::new(),
        };
        let entity = Entity {
            kind: EntityKind::Identity,
            id: "arn:aws:iam::111122223333:user/alice".into(),
        };
        let document = BaselineDocument::of(&Generation::empty(Day(20_529)), &entity, &baseline);
        let shown = text(&document, Paint::Never);
        for part in [
            "human of aws:111122223333",
            "12,345 events on 20 days of the last 28",
            "Usual when active ",
            "own: weight of its own history in p50; the rest is its peers'. distribution: of the amounts that are expected, 1 to 10 × p99.",
            "list_calls           10m      4.5",
            "region       eu-west-1 (3), x\\u{1b}[2J (1)",
            "    Mon         █████████\n    Tue",
            "estate roles (0 members)",
        ] {
            assert!(shown.contains(part), "{part} is not in\n{shown}");
        }
        // Of one that came within the lookback, the first day is a day, too.
        let mut newcomer = baseline.clone();
        (newcomer.first_day, newcomer.active_days) = (Day(20_528), 0);
        let at = (Day(20_529), 80);
        let shown = list("newest", &[(&entity, &newcomer)], at, Paint::Never);
        assert!(shown.contains("    12,345     1  "), "{shown}");
        assert!(
            shown.lines().all(|line| line.chars().count() <= 80),
            "{shown}"
        );
        assert!(
            crate::report::json::line(&document)
                .contains(r#""metric":"list_calls","window":"10m""#)
        );
    }
}
