//! What the page of a backtest is made of.

use crate::analytic::Analytic;
use crate::engine::{Backtest, TuneReport};
use crate::report::follow_up::Guide;
use crate::report::summary::Summary;

/// What a page is made of.
pub struct Contents<'a> {
    /// The run.
    pub backtest: &'a Backtest,
    /// The same, summed up.
    pub summary: &'a Summary,
    /// The analytics that judged.
    pub analytics: &'a [Analytic],
    /// What [`crate::report::backtest::BUDGETS`] would mean.
    pub tuning: &'a TuneReport,
    /// Where its alerts are found again.
    pub guide: &'a Guide<'a>,
}
