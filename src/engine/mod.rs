//! The engine: it combines reading, measuring, learning, scoring and storing into the tasks of a user.

mod approvals;
mod backtest;
mod coverage;
mod dry_run;
mod evaluate;
mod event_buffer;
mod feedback;
mod follow;
mod inspect;
mod intake;
mod lookup;
mod not_alerted;
mod replay;
mod score;
mod setup;
mod thresholds;
mod train;
mod tune;

pub use approvals::{
    ApprovalLint, ApprovalSimulation, ApprovalState, Breadth, Cadence, Hidden, Job, Proposals,
    Reach, SimulationScope, Volume, Warning, approval_states, lint_approval, propose,
    simulate_approval,
};
pub use backtest::{Backtest, BacktestOptions, DayCount, Split, backtest, backtest_events};
pub use coverage::{
    AnalyticCoverage, CoverageState, CoverageVerdict, CoveredDays, FieldLack, LogSourceCoverage,
    assess, covered_logs, days_of,
};
pub use dry_run::{BudgetRun, DayView, DryRun, dry_run};
pub use evaluate::{AnalyticEvaluation, Evaluation, FalseAlert, Label, evaluate, read_labels};
pub use feedback::{Change, Feedback, Reported, VerdictInput, feedback};
pub use follow::{FollowOptions, KeepReject, follow};
pub use inspect::{FormatSurvey, Missing, Survey, inspect};
pub use intake::{Intake, IntakeSummary};
pub use lookup::lookup;
pub use not_alerted::{
    AnalyticExplanation, EvaluationExplanation, Explanation, ExplanationOutcome, HowJudged,
    Question, explain_not_alerted,
};
pub use score::{ScoreOptions, ScoreSummary, score};
pub use setup::Setup;
pub use thresholds::{BUDGET_PER_DAY, InForce, SetBy, in_force};
pub use train::{TrainSummary, train};
pub use tune::{
    Applied, Busiest, Candidate, Cut, Outcome, OutgrownThreshold, Raised, RaisedByDay, Recall,
    Sufficiency, TuneAction, TuneOptions, TuneReport, VerdictCount, VerdictsGiven, tune,
};

/// Receives the progress of long work. The engine never prints.
pub trait Progress: Sync {
    /// A phase of work begins; `total` is its number of bytes or days, where that is known.
    fn begin(&self, phase: &str, total: Option<u64>);
    /// The amount done so far, in all.
    fn advance(&self, done: u64);
    /// The phase has ended.
    fn end(&self);
    /// A problem that the user should know of before the end.
    fn warn(&self, _: &str) {}
    /// Returns whether the user asked to stop.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Progress that is ignored.
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

/// The error for work that the user stopped.
pub(crate) fn cancelled() -> crate::error::Error {
    crate::error::Error::failed("stopped").hint("nothing was published; run the command again")
}
