//! Alerts against labels: what was found, how soon, and which alerts were false.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::alert::{Alert, AlertEntity, Extent, Status};
use crate::error::{Error, Result};
use crate::incident::Joiner;
use crate::time::Time;

/// How long after a label's end, in seconds, an alert still hits it.
const GRACE_SECS: i64 = 3_600;

/// A known incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The analytic that should find it.
    pub analytic: String,
    /// Other analytics whose alerts on it are right.
    pub also: Vec<String>,
    /// Ids by which the identity is accepted.
    pub identity: Vec<String>,
    /// First event.
    pub start: Time,
    /// Last event.
    pub end: Time,
    /// A description.
    pub note: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenLabel {
    analytic: String,
    #[serde(default)]
    also: Vec<String>,
    identity: Vec<String>,
    start: String,
    end: String,
    #[serde(default)]
    note: String,
}

/// How an analytic, or all of them, compare with labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AnalyticEvaluation {
    /// Labels.
    pub labels: u64,
    /// Labels that some alert hit.
    pub found: u64,
    /// Alerts that hit a label.
    pub true_alerts: u64,
    /// Alerts of incidents in which none hits one.
    pub false_alerts: u64,
    /// The share of those that hit a label, of both; absent without alerts.
    pub precision: Option<f64>,
    /// The fraction of labels that were hit; absent without labels.
    pub recall: Option<f64>,
    /// Median seconds from a label's start to its first alert.
    pub time_to_detect_p50_secs: Option<i64>,
    /// 90th percentile of the same.
    pub time_to_detect_p90_secs: Option<i64>,
}

/// How all alerts compare with labels.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evaluation {
    /// Per analytic.
    pub analytics: BTreeMap<String, AnalyticEvaluation>,
    /// All together.
    pub all: AnalyticEvaluation,
    /// Incidents: what a person looks at once.
    pub incidents: u64,
    /// Those of which an alert hits a label.
    pub true_incidents: u64,
    /// The others.
    pub false_incidents: u64,
    /// False alerts a day.
    pub false_alerts_per_day: f64,
    /// False incidents about a labelled identity in the time of its label, by another analytic than the label's.
    pub beside_labels: u64,
    /// Other false incidents a day. This is what a budget counts.
    pub false_incidents_per_day: f64,
    /// The median share of what was taken (bytes, or objects where no bytes are stated) that was gone before it was told, by the grade
    /// that a label's note states; of all labels under the empty name.
    pub lost_before_told: BTreeMap<String, f64>,
    /// Notes of the labels that no alert hit.
    pub missed: Vec<String>,
    /// The ids of alerts that hit a label.
    #[serde(skip)]
    pub hits: BTreeSet<String>,
    /// Alerts that hit no label, ordered by time.
    pub false_alerts: Vec<FalseAlert>,
}

impl Evaluation {
    /// Returns what labels say of an alert: `true` if it hits one, `beside` if another alert of its incident does, otherwise `false`.
    pub fn says_of(&self, alert_id: &str) -> &'static str {
        let mut misses = self.false_alerts.iter();
        match self.hits.contains(alert_id) {
            true => "true",
            false if misses.any(|miss| miss.alert_id == alert_id) => "false",
            false => "beside",
        }
    }
}

/// An alert that hit no label.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FalseAlert {
    /// When the threshold was crossed.
    pub time: String,
    /// The analytic.
    pub analytic: String,
    /// Its score.
    pub score: f64,
    /// The entity.
    pub entity: String,
    /// Its id.
    pub alert_id: String,
}

/// Reads labels, one JSON document per line.
///
/// # Errors
///
/// Fails if the file cannot be read or a line is not a label; the error names the line.
pub fn read_labels(path: &Path) -> Result<Vec<Label>> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::failed(format!("cannot read the labels `{}`", path.display())).cause(e)
    })?;
    let mut labels = Vec::new();
    for (number, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        labels.push(parse_label(line).map_err(|cause| {
            Error::failed(format!("{}:{}: this is no label", path.display(), number + 1)).cause(cause).hint(
                r#"a label is {"analytic": "AN1594", "also": ["S3-DENIED"], "identity": ["id"], "start": "2026-03-16T04:00:00Z", "end": "…", "note": "…"}"#,
            )
        })?);
    }
    Ok(labels)
}

fn parse_label(line: &str) -> std::result::Result<Label, String> {
    let written: WrittenLabel = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let time = |text: &str| Time::parse(text).ok_or_else(|| format!("`{text}` is no time"));
    let (start, end) = (time(&written.start)?, time(&written.end)?);
    if end < start {
        return Err("it ends before it starts".to_owned());
    }
    Ok(Label {
        analytic: written.analytic,
        also: written.also,
        identity: written.identity,
        start,
        end,
        note: written.note,
    })
}

impl Label {
    /// Returns whether an alert hits this label: its analytic is right, or one that it stands for.
    pub fn is_hit_by(&self, alert: &Alert) -> bool {
        let is_right =
            |analytic: &String| *analytic == self.analytic || self.also.contains(analytic);
        let mut told = alert
            .also
            .iter()
            .map(|also| &also.analytic)
            .chain([&alert.analytic]);
        told.any(is_right) && self.told_at(alert).is_some() && self.is_of(&alert.entity)
    }

    /// Returns when an alert told of it: when it crossed its threshold, or when what it came to was reached, if that lies in the label.
    pub fn told_at(&self, alert: &Alert) -> Option<Time> {
        let times = alert.crossed_at.into_iter().chain([alert.time]);
        times.filter(|&time| self.holds(time)).min()
    }

    /// Returns the share of what was taken that was gone when an alert told of it; `None` if nothing was taken, or if the alert had been
    /// told before for another reason.
    pub fn lost_when_told(&self, alert: &Alert) -> Option<f64> {
        let (whole, by_then) = (alert.extent, alert.extent_at_crossing);
        if alert.crossed_at.is_none_or(|at| at < self.start) {
            return None;
        }
        let taken = |of: fn(&Extent) -> u64| (of(&by_then) as f64, of(&whole) as f64);
        let amounts = [
            taken(|of| of.bytes_read.max(of.bytes_out)),
            taken(|of| of.objects),
        ];
        let (lost, whole) = amounts.into_iter().find(|(_, whole)| *whole > 0.0)?;
        Some(lost / whole)
    }

    /// Returns how hard it is to find, if its note says so: `grade=subtle`.
    pub fn grade(&self) -> Option<&str> {
        let words = self.note.split_whitespace();
        words.filter_map(|word| word.strip_prefix("grade=")).next()
    }

    /// Returns whether an alert of that time may belong to it.
    pub fn holds(&self, time: Time) -> bool {
        time >= self.start && time <= self.end.plus_secs(GRACE_SECS)
    }

    /// Returns whether an alert is about one of its identities.
    pub fn is_of(&self, entity: &AlertEntity) -> bool {
        let mut ids = self.identity.iter();
        ids.any(|id| *id == entity.id || entity.aliases.contains(id))
    }
}

/// Returns what episodes came to that no approval covers, and the number of the incident of each. What an approval covers joins, too.
pub fn in_incidents<'a>(
    alerts: impl IntoIterator<Item = &'a Alert> + Clone,
) -> (Vec<&'a Alert>, Vec<usize>) {
    let closed = || {
        let all = alerts.clone().into_iter();
        all.filter(|alert| alert.status == Status::Closed)
    };
    let mut joiner = Joiner::default();
    closed().for_each(|alert| joiner.add(alert));
    let groups = joiner.groups().iter().enumerate();
    let of_alert: BTreeMap<&str, usize> = groups
        .flat_map(|(number, group)| group.alerts.iter().map(move |id| (&**id, number)))
        .collect();
    let counted = closed().filter(|alert| alert.suppressed_by.is_none());
    counted
        .filter_map(|alert| Some((alert, *of_alert.get(&*alert.alert_id)?)))
        .unzip()
}

/// Which incident each alert belongs to, and what labels say of it.
struct Judged<'a> {
    /// The alerts that no approval covers, as what they came to.
    alerts: Vec<&'a Alert>,
    /// The number of each alert's incident.
    incident_of: Vec<usize>,
    /// The incidents that hit a label: one of their alerts does.
    hits: BTreeSet<usize>,
}

impl<'a> Judged<'a> {
    fn of(all: &'a [Alert], labels: &[&Label]) -> Self {
        let (alerts, incident_of) = in_incidents(all);
        let hits = alerts
            .iter()
            .zip(&incident_of)
            .filter(|(alert, _)| labels.iter().any(|label| label.is_hit_by(alert)))
            .map(|(_, &incident)| incident)
            .collect();
        Self {
            alerts,
            incident_of,
            hits,
        }
    }

    /// Returns the alerts of incidents that hit no label. What is told beside a hit in one incident is neither true nor false.
    fn false_alerts(&self) -> impl Iterator<Item = (&'a Alert, usize)> + '_ {
        let alerts = self
            .alerts
            .iter()
            .copied()
            .zip(self.incident_of.iter().copied());
        alerts.filter(|(_, incident)| !self.hits.contains(incident))
    }

    fn false_incidents(&self) -> BTreeSet<usize> {
        self.false_alerts().map(|(_, incident)| incident).collect()
    }
}

/// Compares the alerts of `days` days with labels, in incidents. Labels that end before `from` are left out: those days were not judged.
pub fn evaluate(alerts: &[Alert], labels: &[Label], from: Time, days: usize) -> Evaluation {
    let labels: Vec<&Label> = labels.iter().filter(|l| l.end >= from).collect();
    let judged = Judged::of(alerts, &labels);
    let names: BTreeSet<&str> = labels
        .iter()
        .map(|l| l.analytic.as_str())
        .chain(judged.alerts.iter().map(|a| a.analytic.as_str()))
        .collect();
    let of = |name| evaluate_one(name, &judged, &labels);
    let all = of(None);
    let per_day = |n: u64| {
        if days > 0 {
            n as f64 / days as f64
        } else {
            0.0
        }
    };
    let is_beside = |alert: &Alert| {
        let mut labels = labels.iter();
        labels.any(|label| label.told_at(alert).is_some() && label.is_of(&alert.entity))
    };
    let beside: BTreeSet<usize> = judged
        .false_alerts()
        .filter(|(alert, _)| is_beside(alert))
        .map(|(_, incident)| incident)
        .collect();
    let false_incidents = judged.false_incidents();
    let elsewhere = false_incidents.difference(&beside).count() as u64;
    Evaluation {
        incidents: judged.incident_of.iter().collect::<BTreeSet<_>>().len() as u64,
        true_incidents: judged.hits.len() as u64,
        false_incidents: false_incidents.len() as u64,
        false_alerts_per_day: per_day(all.false_alerts),
        beside_labels: beside.len() as u64,
        false_incidents_per_day: per_day(elsewhere),
        lost_before_told: lost_before_told(&judged.alerts, &labels),
        analytics: names
            .iter()
            .map(|name| ((*name).to_owned(), of(Some(name))))
            .collect(),
        hits: judged
            .alerts
            .iter()
            .filter(|alert| labels.iter().any(|label| label.is_hit_by(alert)))
            .map(|alert| alert.alert_id.clone())
            .collect(),
        false_alerts: judged
            .false_alerts()
            .map(|(alert, _)| FalseAlert {
                time: alert
                    .crossed_at
                    .unwrap_or(alert.time)
                    .whole_secs()
                    .to_string(),
                analytic: alert.analytic.clone(),
                score: alert.score,
                entity: alert.entity.id.clone(),
                alert_id: alert.alert_id.clone(),
            })
            .collect(),
        missed: labels
            .iter()
            .filter(|label| !judged.alerts.iter().any(|alert| label.is_hit_by(alert)))
            .map(|label| {
                let id = label.identity.first().map_or("", String::as_str);
                format!("{} {} {id} {}", label.analytic, label.start, label.note)
            })
            .collect(),
        all,
    }
}

/// Returns the median share of what was taken that was gone before it was told, by grade, and of all under an empty name.
fn lost_before_told(alerts: &[&Alert], labels: &[&Label]) -> BTreeMap<String, f64> {
    let mut shares: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for label in labels {
        let hits = alerts.iter().filter(|alert| label.is_hit_by(alert));
        let first = hits.filter_map(|alert| Some((label.told_at(alert)?, *alert)));
        let first = first.min_by_key(|(told_at, alert)| (*told_at, &alert.alert_id));
        let Some(share) = first.and_then(|(_, alert)| label.lost_when_told(alert)) else {
            continue;
        };
        shares.entry(String::new()).or_default().push(share);
        if let Some(grade) = label.grade() {
            shares.entry(grade.to_owned()).or_default().push(share);
        }
    }
    let median = |(grade, mut shares): (String, Vec<f64>)| (grade, median(&mut shares));
    shares.into_iter().map(median).collect()
}

/// Returns the lower median of numbers, of which there must be some.
pub fn median(numbers: &mut [f64]) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len().saturating_sub(1) / 2;
    numbers.get(middle).copied().unwrap_or_default()
}

/// Counts the alerts and the labels of an analytic, or of all; an alert may hit a label of another analytic.
fn evaluate_one(name: Option<&str>, judged: &Judged, labels: &[&Label]) -> AnalyticEvaluation {
    let is_of = |analytic: &str| name.is_none_or(|name| analytic == name);
    let own = || labels.iter().filter(|label| is_of(&label.analytic));
    let alerts = || judged.alerts.iter().filter(|a| is_of(&a.analytic));
    let true_alerts = alerts()
        .filter(|a| labels.iter().any(|l| l.is_hit_by(a)))
        .count() as u64;
    let false_alerts = judged.false_alerts();
    let false_alerts = false_alerts.filter(|(a, _)| is_of(&a.analytic)).count() as u64;
    let mut delays: Vec<i64> = own()
        .filter_map(|label| {
            let hits = judged.alerts.iter().filter(|a| label.is_hit_by(a));
            let first = hits.filter_map(|a| label.told_at(a)).min()?;
            Some(first.secs_since(label.start))
        })
        .collect();
    delays.sort_unstable();
    let quantile = |q: f64| {
        let at = ((delays.len() as f64 * q).ceil() as usize).max(1) - 1;
        delays.get(at).copied()
    };
    let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
    AnalyticEvaluation {
        labels: own().count() as u64,
        found: delays.len() as u64,
        true_alerts,
        false_alerts,
        precision: share(true_alerts, true_alerts + false_alerts),
        recall: share(delays.len() as u64, own().count() as u64),
        time_to_detect_p50_secs: quantile(0.5),
        time_to_detect_p90_secs: quantile(0.9),
    }
}
