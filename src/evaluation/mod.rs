//! How well plimsoll does on simulated estates whose truth is known, night by night, beside the reference methods of the
//! field.
//!
//! A trial simulates one estate, learns its first days and judges the others, learning each of them in turn. The
//! truth is not used while a day is judged. Trials differ by their seed alone and do not depend on each other.

mod ablation;
mod ablation_table;
mod curve;
mod gate_text;
mod ground_truth;
mod identity_day;
mod options;
mod ratio;
mod reference_methods;
mod reliability;
mod runner;
mod table;
mod trap_table;
mod trial;

pub use ablation::{Ablate, Ablation, Came, WithoutGate};
pub use ablation_table::{GateAtBudget, GateTable};
pub use curve::{Curve, FALSE_PER_DAY_MAX, STEPS_PER_ALERT};
pub use options::Options;
pub use ratio::Ratio;
pub use reliability::{LEVELS, Reliability};
pub use runner::evaluate;
pub use table::{
    AnalyticTable, BudgetTable, Detections, MethodTable, ProviderTable, Report, SeedRow, table,
};
pub use trap_table::TrapTable;
pub use trial::{Method, Trial, trial};
