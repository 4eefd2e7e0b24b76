//! What an observer of a judgement is shown: every gate and step, with what was measured and what was asked.
//!
//! Scoring and explaining run through the same code. Scoring has no observer and stops at the first gate that is shut; an
//! explanation records each gate and goes on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::time::Time;

/// Watches an arm being judged.
pub(super) trait Observer: Default {
    /// Whether judging goes on behind a gate that is shut.
    const WANTS_ALL: bool;
    /// A gate was looked at. Returns whether it is open.
    fn gate(&mut self, is_open: bool, what: impl FnOnce() -> GateDetail) -> bool;
    /// A step of a sequence was looked at.
    fn step(&mut self, reading: impl FnOnce() -> StepReading);
    /// Returns what was recorded.
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>);
}

/// Records nothing.
#[derive(Default)]
pub(super) struct NoopObserver;

impl Observer for NoopObserver {
    const WANTS_ALL: bool = false;
    fn gate(&mut self, is_open: bool, _: impl FnOnce() -> GateDetail) -> bool {
        is_open
    }
    fn step(&mut self, _: impl FnOnce() -> StepReading) {}
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>) {
        (Vec::new(), Vec::new())
    }
}

/// Records everything.
#[derive(Default)]
pub(super) struct Recorder {
    gates: Vec<GateReading>,
    steps: Vec<StepReading>,
}

impl Observer for Recorder {
    const WANTS_ALL: bool = true;
    fn gate(&mut self, is_open: bool, what: impl FnOnce() -> GateDetail) -> bool {
        let what = what();
        self.gates.push(GateReading { is_open, what });
        is_open
    }
    fn step(&mut self, reading: impl FnOnce() -> StepReading) {
        self.steps.push(reading());
    }
    fn recorded(self) -> (Vec<GateReading>, Vec<StepReading>) {
        (self.gates, self.steps)
    }
}

/// A gate, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct GateReading {
    /// Whether it was passed.
    pub is_open: bool,
    /// What was looked at.
    #[serde(flatten)]
    pub what: GateDetail,
}

/// What a gate looks at.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum GateDetail {
    /// Some of these metrics must be active.
    Active {
        /// Which would do.
        metrics: Vec<&'static str>,
        /// Which were.
        active: Vec<&'static str>,
    },
    /// So much of a metric must be reached over the day.
    AtLeast {
        /// Which metric.
        metric: &'static str,
        /// How much there was.
        measured: u64,
        /// How much is asked.
        required: u64,
    },
    /// One of these must be passed.
    AnyOf {
        /// Which.
        of: Vec<GateReading>,
    },
    /// Some of these traits must show something new.
    Context {
        /// Which would do.
        traits: Vec<&'static str>,
        /// Which did.
        unusual: Vec<&'static str>,
        /// Which showed something new that is no more than what others show.
        usual: Vec<&'static str>,
    },
    /// A sensitive bucket must be read from outside, or something must go there.
    External {
        /// Reads of sensitive buckets.
        sensitive_calls: u64,
        /// How many of them came from an external address.
        from_outside: u64,
        /// Whether flows of its machine go outside.
        flows: bool,
        /// Acts that gave something sensitive to accounts that are not ours.
        shares: u64,
    },
    /// An act of this kind must happen.
    Act {
        /// Which kind.
        act: &'static str,
        /// How many there were.
        acts: u64,
    },
    /// So many things must happen at once.
    Burst {
        /// What is counted.
        burst: &'static str,
        /// Within which time.
        over: String,
        /// How many there were.
        observed: u64,
        /// How many are asked.
        required: u64,
    },
    /// A metric, or the new value of a trait, must be more surprising than this.
    Surprising {
        /// Which metric or trait.
        metric: &'static str,
        /// How surprising it was, in natural logarithms.
        surprise: f64,
        /// What it must exceed.
        required: f64,
    },
    /// A trait must show a value of these.
    Shows {
        /// Which trait.
        r#trait: &'static str,
        /// Whether the value must be new to the entity.
        new: bool,
        /// The patterns; none for any value.
        like: Vec<String>,
        /// The values that did.
        values: Vec<String>,
    },
    /// A trait must show a value that is none of these, or none at all.
    Beyond {
        /// Which trait.
        r#trait: &'static str,
        /// The patterns of those that are expected.
        of: Vec<String>,
        /// The values that are not.
        values: Vec<String>,
    },
    /// The identity must be of such a kind.
    Caller {
        /// Its kind.
        caller: &'static str,
        /// The kinds that would do; none for any.
        of: Vec<&'static str>,
    },
    /// Nothing of the kind must be logged at all.
    Unlogged {
        /// What kind of action.
        action: &'static str,
    },
    /// Steps must be taken in order.
    Sequence {
        /// As far as they were looked at: up to the first that was not taken.
        steps: Vec<StepReading>,
    },
}

/// A step of a sequence, and how it was found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct StepReading {
    /// Which.
    pub step: &'static str,
    /// When it was taken; `None` if it was not.
    #[serde(serialize_with = "as_text")]
    #[schemars(with = "Option<String>")]
    pub time: Option<Time>,
    /// What was measured: seconds of age, the largest surprise, external bytes.
    pub measured: f64,
    /// What is asked of that: at most so old, more than this surprise, at least one byte.
    pub required: f64,
}

fn as_text<S: serde::Serializer>(time: &Option<Time>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => serializer.collect_str(time),
        None => serializer.serialize_none(),
    }
}
