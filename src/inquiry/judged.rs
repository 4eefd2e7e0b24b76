//! What is judged when it is asked for: why there was no alert, what the analytics see, and what a budget would mean.

use crate::engine::{
    self, ApprovalState, CoveredLogs, Explanation, Progress, Question, Reach, Setup, TuneAction,
    TuneOptions, TuneReport, assess,
};
use crate::error::Result;
use crate::inquiry::{Budget, DayOrInstant, Inquiry};
use crate::report::coverage::CoverageDocument;

/// Budgets that are compared when none is given, in incidents a day.
pub const BUDGETS: [f64; 5] = [1.0, 2.0, 5.0, 10.0, 20.0];

/// Why there was no alert: the entity and the time.
#[derive(Debug, Clone)]
pub struct WhyNot {
    /// An id, an alias, or a part that only one id has.
    pub entity: String,
    /// A day that was learnt. Of an instant, the whole day is judged, as without logs it is known only as a whole.
    pub time: DayOrInstant,
    /// Alerts a day that thresholds aim at where none is tuned.
    pub budget: Option<Budget>,
}

impl WhyNot {
    /// Returns it as the engine is asked.
    pub fn question(&self) -> Question {
        Question {
            entity: self.entity.clone(),
            day: self.time.day,
            until: self.time.until,
            budget_per_day: self.budget.map(Budget::per_day),
        }
    }
}

impl Inquiry {
    /// Explains why an entity raised no alert on a stored day, or why it did.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, the day or the entity is not known, the user stops it, or the store cannot be read.
    pub fn not_alerted(
        &self,
        setup: &Setup,
        why_not: &WhyNot,
        progress: &dyn Progress,
    ) -> Result<Explanation> {
        engine::explain_not_alerted(setup, self.store()?, &why_not.question(), None, progress)
    }

    /// Returns what the analytics can see in the stored days, and what is missing for them.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or the store cannot be read.
    pub fn coverage(&self, setup: &Setup) -> Result<CoverageDocument> {
        let covered = self.covered(setup)?;
        let judged = assess(setup, &covered.days, &covered.silent);
        Ok(CoverageDocument::of(&covered, &judged, &setup.analytics))
    }

    /// Returns the logs of the stored days.
    ///
    /// # Errors
    ///
    /// Fails if nothing was trained, or the store cannot be read.
    pub fn covered(&self, setup: &Setup) -> Result<CoveredLogs> {
        let generation = self.generation()?;
        let covered = CoveredLogs::of(setup, &generation);
        generation.intact()?;
        Ok(covered)
    }

    /// Returns what budgets would mean, each with the lowest threshold that keeps it, its interval, and the incidents that it would have
    /// raised: for the estate, or for analytics that each get it alone. Nothing is put in force.
    ///
    /// # Errors
    ///
    /// A usage error if an analytic is unknown or disabled. Fails if nothing was trained, or the store cannot be read.
    pub fn budget_preview(
        &self,
        setup: &Setup,
        budgets: &[Budget],
        analytics: &[String],
    ) -> Result<TuneReport> {
        let budgets = match budgets {
            [] => BUDGETS.to_vec(),
            given => given.iter().map(|budget| budget.per_day()).collect(),
        };
        let options = TuneOptions {
            budgets,
            analytics: analytics.to_vec(),
            action: TuneAction::Show,
            is_listing: false,
        };
        engine::tune(setup, self.store()?, &options)
    }

    /// Returns the approvals of the configuration, each with what it hid; [`crate::report::approvals::document`] writes them.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read.
    pub fn approvals(&self, setup: &Setup) -> Result<Vec<ApprovalState>> {
        engine::approval_states(setup, self.store()?, Reach::Whole)
    }
}
