//! The engine: it combines reading, measuring, learning, scoring and storing into the tasks of a user.

mod approvals;
mod backtest;
mod below_floor;
mod coverage;
mod dry_run;
mod evaluate;
mod event_buffer;
mod feedback;
mod first_look;
mod follow;
mod gathering;
mod inspect;
mod intake;
mod learning;
mod lookup;
mod nightly;
mod not_alerted;
mod opening;
mod own_files;
mod progress;
mod replay;
mod retention;
mod rollback;
mod score;
mod scorer;
mod setup;
mod thresholds;
mod train;
mod tune;

pub use approvals::{
    ApprovalLint, ApprovalSimulation, ApprovalState, Breadth, Cadence, Hidden, Inside, Job,
    MatchesAll, Proposals, Reach, SimulationScope, Volume, Warning, approval_states, lint_approval,
    propose, simulate_approval,
};
pub use backtest::{
    Backtest, BacktestOptions, CALIBRATED_FROM, DayCount, Split, backtest, backtest_events,
    backtest_events_and_floor,
};
pub use below_floor::BelowFloor;
pub use coverage::{
    AnalyticCoverage, CoverageState, CoverageVerdict, CoveredDays, CoveredLogs, FieldLack,
    LogSourceCoverage, assess, covered_logs, days_of,
};
pub use dry_run::{BudgetRun, DayView, DryRun, Mornings, dry_run};
pub use evaluate::{
    AnalyticEvaluation, Evaluation, FalseAlert, Label, evaluate, in_incidents, median, read_labels,
};
pub use feedback::{Change, Feedback, Reported, VerdictInput, feedback, feedback_on_all};
pub use follow::{FollowOptions, Followed, Standing, follow, follow_holding, followed};
pub use inspect::{FormatSurvey, Missing, Survey, TakeEvent, inspect};
pub use intake::{FUTURE_SECS_MAX, Intake, IntakeSummary, KeepRejects};
pub use lookup::lookup;
pub use nightly::{NightSummary, nightly};
pub use not_alerted::{
    AnalyticExplanation, EvaluationExplanation, Explanation, ExplanationOutcome, HowJudged,
    Question, explain_not_alerted,
};
pub use own_files::OwnFiles;
pub(crate) use progress::cancelled;
pub use progress::{NoProgress, Progress};
pub use retention::Removed;
pub use rollback::{Rollback, roll_back};
pub use score::{ToldBefore, score};
pub use scorer::{Added, EpisodeTally, LateEvents, ScoreOptions, ScoreSummary, Scorer};
pub use setup::Setup;
pub use thresholds::{InForce, SetBy, in_force, thresholds};
pub use train::{TrainSummary, listed_before, train};
pub use tune::{
    Applied, Busiest, Candidate, Cut, JudgedAlert, LowestBecause, Outcome, OutgrownThreshold,
    Raised, RaisedByDay, Recall, Sufficiency, TuneAction, TuneOptions, TuneReport, VerdictCount,
    VerdictsGiven, tune, tune_preview,
};
