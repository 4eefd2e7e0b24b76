//! What a monitoring system asks: counts since the service began, and how things stand, in the format of OpenMetrics.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::alert::Alert;
use crate::engine::{Standing, TrainSummary};
use crate::service::lock::locked;
use crate::service::receipt::Receipt;
use crate::sinks::State;
use crate::time::Time;

/// The content type of what is written.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Trails of which the newest event is told; an account that a log invents is one of very many.
const TRAILS_MAX: usize = 2_000;
/// Bounds of the seconds that answers take.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];
/// Bounds of the seconds from an event to its being read. Providers deliver after minutes, and some after hours.
const DELAYS: [f64; 16] = [
    1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0,
    28_800.0, 86_400.0, 604_800.0,
];

type Labels = Vec<(&'static str, String)>;
type Float = Gauge<f64, AtomicU64>;

/// What is counted.
pub struct Metrics {
    registry: Registry,
    received_records: Family<Labels, Counter>,
    received_bytes: Counter,
    refused: Counter,
    records: Family<Labels, Counter>,
    events: Family<Labels, Counter>,
    of_source: Family<Labels, Counter>,
    late: Counter,
    delay: Histogram,
    sinks_waiting: Family<Labels, Gauge>,
    sinks_given_up: Family<Labels, Gauge>,
    sinks_failures: Family<Labels, Gauge>,
    alerts: Family<Labels, Counter>,
    newest: Family<Labels, Float>,
    behind: Gauge,
    looked: Float,
    generation: Gauge,
    open_days: Gauge,
    trained: Float,
    trainings: Family<Labels, Counter>,
    memory: Gauge,
    requests: Family<Labels, Counter>,
    seconds: Histogram,
}

/// What was counted of a run of the follower, whose own counts begin at nothing.
#[derive(Default)]
pub struct Counted(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Counted {
    /// Returns by how much a count grew since it was asked last.
    fn grown(&self, what: &'static str, of: &str, count: u64) -> u64 {
        let before = locked(&self.0).insert((what, of.to_owned()), count);
        count.saturating_sub(before.unwrap_or_default())
    }
}

fn outcome(outcome: &str) -> Labels {
    vec![("outcome", outcome.to_owned())]
}

impl Metrics {
    /// Begins to count. `trained` is when something was learnt last.
    pub fn new(trained: Option<Time>) -> Self {
        let mut registry = Registry::with_prefix("plimsoll");
        let metrics = Self {
            received_records: Family::default(),
            received_bytes: Counter::default(),
            refused: Counter::default(),
            records: Family::default(),
            events: Family::default(),
            of_source: Family::default(),
            late: Counter::default(),
            delay: Histogram::new(DELAYS),
            sinks_waiting: Family::default(),
            sinks_given_up: Family::default(),
            sinks_failures: Family::default(),
            alerts: Family::default(),
            newest: Family::default(),
            behind: Gauge::default(),
            looked: Float::default(),
            generation: Gauge::default(),
            open_days: Gauge::default(),
            trained: Float::default(),
            trainings: Family::default(),
            memory: Gauge::default(),
            requests: Family::default(),
            seconds: Histogram::new(SECONDS),
            registry: Registry::default(),
        };
        if let Some(trained) = trained {
            metrics.trained.set(seconds(trained));
        }
        let m = &metrics;
        registry.register(
            "build",
            "Which program this is",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register(
            "received_records",
            "Records that were handed over and kept, by outcome of reading",
            m.received_records.clone(),
        );
        registry.register_with_unit(
            "received",
            "Size of what was handed over and kept, as it was sent",
            Unit::Bytes,
            m.received_bytes.clone(),
        );
        registry.register(
            "refused_deliveries",
            "Deliveries of which nothing could be read",
            m.refused.clone(),
        );
        registry.register(
            "records",
            "Records that were read to be judged, by outcome: event, skipped or rejected",
            m.records.clone(),
        );
        registry.register(
            "events",
            "Events of these records, by outcome: new, repeated (there before), or future (left out)",
            m.events.clone(),
        );
        registry.register(
            "source_events",
            "Events of these records, by the log that they come from",
            m.of_source.clone(),
        );
        registry.register(
            "late_events",
            "Events that came later than their log allows",
            m.late.clone(),
        );
        registry.register_with_unit(
            "event_delay",
            "Time from a new event until it was read to be judged",
            Unit::Seconds,
            m.delay.clone(),
        );
        registry.register(
            "sink_waiting",
            "Documents that wait for a sink",
            m.sinks_waiting.clone(),
        );
        registry.register(
            "sink_given_up",
            "Documents that a sink refused, or did not take for a week",
            m.sinks_given_up.clone(),
        );
        registry.register(
            "sink_failures",
            "How often in a row a sink could not be sent to",
            m.sinks_failures.clone(),
        );
        registry.register(
            "alerts",
            "Alerts that were told, by analytic, severity and status",
            m.alerts.clone(),
        );
        registry.register_with_unit(
            "last_event_timestamp",
            "Time of the newest event of each log, account and region",
            Unit::Seconds,
            m.newest.clone(),
        );
        registry.register_with_unit(
            "behind",
            "Size of what was handed over and is not judged yet",
            Unit::Bytes,
            m.behind.clone(),
        );
        registry.register_with_unit(
            "last_look_timestamp",
            "When logs were looked at last",
            Unit::Seconds,
            m.looked.clone(),
        );
        registry.register(
            "generation",
            "The generation of baselines that judges",
            m.generation.clone(),
        );
        registry.register(
            "open_days",
            "Days in memory that go on, or to which late events may come",
            m.open_days.clone(),
        );
        registry.register_with_unit(
            "last_training_timestamp",
            "When a training succeeded last",
            Unit::Seconds,
            m.trained.clone(),
        );
        registry.register("trainings", "Trainings by outcome", m.trainings.clone());
        registry.register_with_unit(
            "resident_memory",
            "Memory that the process has",
            Unit::Bytes,
            m.memory.clone(),
        );
        registry.register(
            "http_requests",
            "Requests by route and status",
            m.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time until a request was answered",
            Unit::Seconds,
            m.seconds.clone(),
        );
        Self {
            registry,
            ..metrics
        }
    }

    /// Counts a new event that was read so many seconds after its time.
    pub fn note_delay(&self, secs: i64) {
        self.delay.observe(secs.max(0) as f64);
    }

    /// Takes over how sinks are.
    pub fn note_sinks(&self, sinks: &[State]) {
        let families = [
            &self.sinks_waiting,
            &self.sinks_given_up,
            &self.sinks_failures,
        ];
        for family in families {
            family.clear();
        }
        let gauge = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        for state in sinks {
            let counts = [state.waiting, state.dead, state.status.failures.into()];
            for (family, n) in families.into_iter().zip(counts) {
                let labels = vec![("sink", state.name.clone())];
                family.get_or_create(&labels).set(gauge(n));
            }
        }
    }

    /// Writes all.
    ///
    /// # Errors
    ///
    /// Fails if there is no memory for it.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        if let Some(bytes) = resident_bytes() {
            self.memory.set(bytes);
        }
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Counts a delivery that was kept.
    pub fn note_received(&self, receipt: &Receipt, bytes: u64) {
        let sum = |counts: &BTreeMap<&'static str, u64>| counts.values().sum();
        let count = |name, n| {
            self.received_records
                .get_or_create(&outcome(name))
                .inc_by(n)
        };
        count("event", receipt.events);
        count("skipped", sum(&receipt.skipped));
        count("rejected", sum(&receipt.rejected));
        self.received_bytes.inc_by(bytes);
    }

    /// Counts a delivery of which nothing could be read.
    pub fn note_refused(&self) {
        self.refused.inc();
    }

    /// Counts an alert that was told.
    pub fn note_alert(&self, alert: &Alert) {
        let labels = vec![
            ("analytic", alert.analytic.to_string()),
            ("severity", alert.severity.as_str().to_owned()),
            ("status", alert.status.as_str().to_owned()),
        ];
        self.alerts.get_or_create(&labels).inc();
    }

    /// Takes over how far logs were followed.
    pub fn note_standing(
        &self,
        standing: &Standing<'_>,
        counted: &Counted,
        (behind, now): (u64, Time),
    ) {
        let read = &standing.read;
        let sum = |counts: &BTreeMap<&'static str, u64>| counts.values().sum();
        for (name, n) in [
            ("event", read.events),
            ("skipped", sum(&read.skipped)),
            ("rejected", sum(&read.rejected)),
        ] {
            let grown = counted.grown("records", name, n);
            self.records.get_or_create(&outcome(name)).inc_by(grown);
        }
        for (source, n) in &read.formats {
            let grown = counted.grown("source", source.as_str(), *n);
            let labels = vec![("source", source.as_str().to_owned())];
            self.of_source.get_or_create(&labels).inc_by(grown);
        }
        let intake = standing.intake;
        for (name, n) in [
            ("new", intake.events),
            ("repeated", intake.repeated),
            ("future", intake.future),
        ] {
            let grown = counted.grown("events", name, n);
            self.events.get_or_create(&outcome(name)).inc_by(grown);
        }
        let late = standing.late.values().map(|late| late.events).sum();
        self.late.inc_by(counted.grown("late", "", late));
        self.newest.clear();
        for (trail, newest) in standing.newest.iter().take(TRAILS_MAX) {
            let mut parts = trail.splitn(3, ' ');
            let mut part = || parts.next().unwrap_or("-").to_owned();
            let labels = vec![("log", part()), ("account", part()), ("region", part())];
            self.newest.get_or_create(&labels).set(seconds(*newest));
        }
        self.behind.set(i64::try_from(behind).unwrap_or(i64::MAX));
        self.looked.set(seconds(now));
        self.generation.set(standing.generation as i64);
        self.open_days.set(standing.days as i64);
    }

    /// Counts a training that succeeded.
    pub fn note_trained(&self, trained: &TrainSummary, now: Time) {
        let name = match trained.published {
            true => "published",
            false => "nothing_new",
        };
        self.trainings.get_or_create(&outcome(name)).inc();
        self.trained.set(seconds(now));
    }

    /// Counts a training that failed.
    pub fn note_training_failed(&self) {
        self.trainings.get_or_create(&outcome("failed")).inc();
    }

    /// Counts a request.
    pub fn note_request(&self, route: &str, status: u16, seconds: f64) {
        let labels = vec![("route", route.to_owned()), ("status", status.to_string())];
        self.requests.get_or_create(&labels).inc();
        self.seconds.observe(seconds);
    }
}

fn seconds(time: Time) -> f64 {
    time.nanos() as f64 / 1e9
}

/// Returns the memory that the process has, where the system tells it.
fn resident_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
