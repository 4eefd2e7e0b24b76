//! Ordered steps: a new identity, then a spike, then external egress, each known to the minute.

use crate::analytic::Step;
use crate::baseline::View;
use crate::measure::{Creation, Minute};
use crate::score::components::{VolumeReading, predictive, start_of, volume_of};
use crate::score::observer::{Observer, StepReading};
use crate::score::subject::{Standing, Subject};
use crate::stats::Predictive;
use crate::time::{Time, Window};
use crate::vocab::Metric;

/// When a step was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTime {
    /// The step's name.
    pub step: &'static str,
    /// The beginning of the minute, or the instant where it is known.
    pub time: Time,
    /// How the identity began, where that is the step.
    pub origin: Option<Origin>,
}

/// How an identity began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The logs show its creation.
    Created(Creation),
    /// It was used before any record of its creation.
    FirstUse,
}

/// All steps of a sequence, taken in order.
#[derive(Debug, Clone, PartialEq)]
pub struct SequenceReading {
    /// The steps and when they were taken.
    pub steps: Vec<StepTime>,
    /// External bytes at or after the last step, in the window that was most surprising.
    pub egress: Option<VolumeReading>,
}

/// One minute of a subject's activity, on an absolute clock.
#[derive(Clone, Copy)]
struct ActiveMinute {
    time: Time,
    amounts: Minute,
}

/// Follows the steps through a subject's minutes; `None` unless every step was taken, in order and in time.
pub(super) fn follow<W: Observer>(
    subject: &Subject,
    generation: View<'_>,
    sequence: &[Step],
    windows: &[Window],
    observer: &mut W,
) -> Option<SequenceReading> {
    let on = |day: crate::time::Day, minutes: &[(u16, Minute)]| -> Vec<ActiveMinute> {
        minutes
            .iter()
            .map(|&(minute, amounts)| ActiveMinute {
                time: day.start().plus_secs(i64::from(minute) * 60),
                amounts,
            })
            .collect()
    };
    let mut ticks = on(subject.day.plus(-1), subject.previous_day);
    ticks.extend(on(subject.day, subject.facts.timeline()));
    let mut steps = Vec::new();
    let mut from = 0;
    let mut egress = None;
    for step in sequence {
        let name = name_of(step);
        let mut origin = None;
        let time = match step {
            Step::NewIdentity { within_secs } => {
                let (begun, how, is_young) = first_seen(subject, generation, *within_secs);
                origin = Some(how);
                let time = is_young.then_some(begun);
                observer.step(|| StepReading {
                    step: name,
                    time,
                    measured: subject.facts.last.secs_since(begun) as f64,
                    required: *within_secs as f64,
                });
                time?
            }
            Step::Spike { metric, surprise } => {
                let (at, largest) = spike(subject, *metric, *surprise, &ticks, windows);
                let time = at.map(|at| ticks[at].time);
                observer.step(|| StepReading {
                    step: name,
                    time,
                    measured: largest,
                    required: *surprise,
                });
                from = at?;
                time?
            }
            Step::Egress { within_secs } => {
                let since = steps.last().map(|s: &StepTime| s.time)?;
                let until = since.plus_secs(*within_secs);
                let at = ticks[from..]
                    .iter()
                    .position(|t| t.amounts.has_egress() && t.time <= until)
                    .map(|at| from + at);
                // Only what happens on the day that is judged can raise an alert of that day.
                let today: Vec<ActiveMinute> = ticks[at.unwrap_or(ticks.len())..]
                    .iter()
                    .filter(|t| t.time >= subject.day.start() && t.time <= until)
                    .copied()
                    .collect();
                egress = largest_egress(subject, &today, windows);
                let is_today = today.iter().any(|t| t.amounts.has_egress());
                let time = at.filter(|_| is_today).map(|at| ticks[at].time);
                observer.step(|| StepReading {
                    step: name,
                    time,
                    measured: today.iter().map(|t| t.amounts.egress_bytes as f64).sum(),
                    required: 1.0,
                });
                time?
            }
        };
        steps.push(StepTime {
            step: name,
            time,
            origin,
        });
    }
    Some(SequenceReading { steps, egress })
}

fn name_of(step: &Step) -> &'static str {
    match step {
        Step::NewIdentity { .. } => "new_identity",
        Step::Spike { .. } => "access_spike",
        Step::Egress { .. } => "external_egress",
    }
}

/// Returns when and how an identity began, by its creation or else its first sighting, and whether it is new.
fn first_seen(subject: &Subject, generation: View<'_>, within_secs: i64) -> (Time, Origin, bool) {
    let seen = if subject.first_day == subject.day {
        subject.facts.first
    } else {
        subject.first_day.start()
    };
    let created = generation.creation(&subject.entity.id);
    let (begun, origin) = match created.filter(|creation| creation.at <= seen) {
        Some(creation) => (creation.at, Origin::Created(creation.clone())),
        None => (seen, Origin::FirstUse),
    };
    let is_young = subject.facts.last.secs_since(begun) <= within_secs
        || subject.day.since(subject.first_day)
            < (within_secs / i64::from(crate::time::DAY_SECS)).max(1) as i32;
    (begun, origin, is_young && subject.standing == Standing::New)
}

/// Returns the index of the first minute in which a running window's reads were more surprising than asked, and the largest
/// surprise up to there.
fn spike(
    subject: &Subject,
    metric: Metric,
    surprise: f64,
    ticks: &[ActiveMinute],
    windows: &[Window],
) -> (Option<usize>, f64) {
    let mut largest = 0.0f64;
    let mut running = vec![(i64::MIN, 0u64); windows.len()];
    let mut judged = vec![0u64; windows.len()];
    let mut judged_by: Vec<Option<Predictive>> = vec![None; windows.len()];
    for (index, tick) in ticks
        .iter()
        .enumerate()
        .filter(|(_, t)| t.amounts.read_calls > 0)
    {
        for (at, &window) in windows.iter().enumerate() {
            let number = tick.time.secs().div_euclid(i64::from(window.secs()));
            let (current, sum) = &mut running[at];
            if *current != number {
                (*current, *sum) = (number, 0);
            }
            *sum += tick.amounts.read_calls;
            // A sum that was not surprising once is not surprising again.
            if *sum > judged[at] {
                judged[at] = *sum;
                let judged_by =
                    judged_by[at].get_or_insert_with(|| predictive(subject, metric, window).0);
                let of_sum = judged_by.surprise(*sum as f64);
                largest = largest.max(of_sum);
                if of_sum > surprise {
                    return (Some(index), largest);
                }
            }
        }
    }
    (None, largest)
}

fn largest_egress(
    subject: &Subject,
    ticks: &[ActiveMinute],
    windows: &[Window],
) -> Option<VolumeReading> {
    windows
        .iter()
        .filter_map(|&window| {
            let mut best = (0u16, 0u64);
            let slot_of = |t: &ActiveMinute| window.slot(t.time.second_of_day());
            for group in ticks.chunk_by(|a, b| slot_of(a) == slot_of(b)) {
                let bytes = group
                    .iter()
                    .fold(0u64, |sum, t| sum.saturating_add(t.amounts.egress_bytes));
                if bytes > best.1 {
                    best = (slot_of(&group[0]), bytes);
                }
            }
            let (slot, bytes) = best;
            let reading = (start_of(window, slot), bytes);
            (bytes > 0).then(|| volume_of(subject, Metric::EgressBytes, window, reading))
        })
        .reduce(|best, next| {
            if next.surprise > best.surprise {
                next
            } else {
                best
            }
        })
}
