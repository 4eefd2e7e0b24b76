//! How well plimsoll does on simulated estates whose truth is known, night by night, beside the reference methods of the
//! field.
//!
//! A trial simulates one estate, learns its first days and judges the others, learning each of them in turn. The
//! truth is not used while a day is judged. Trials differ by their seed alone and do not depend on each other.

mod curve;
mod ground_truth;
mod options;
mod reference_methods;
mod reliability;
mod runner;
mod table;
mod trial;

pub use curve::{Curve, FALSE_PER_DAY_MAX, STEPS_PER_ALERT};
pub use options::Options;
pub use reliability::{LEVELS, Reliability};
pub use runner::evaluate;
pub use table::{
    AnalyticTable, BudgetTable, Detections, MethodTable, ProviderTable, Ratio, Report, SeedRow,
    table,
};
pub use trial::{Method, Trial, trial};
