//! A replay over labelled logs, for several budgets at once. An observer sees each day.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::alert::Alert;
use crate::baseline::{CalibrationLog, Generation, View};
use crate::engine::intake::{Intake, IntakeSummary};
use crate::engine::replay::Replay;
use crate::engine::scorer::ScoreOptions;
use crate::engine::scorer::{Added, Scorer};
use crate::engine::tune::seen;
use crate::engine::{NoProgress, Progress, Setup, cancelled};
use crate::error::Result;
use crate::measure::{DayFacts, DayLogs};
use crate::sources::{InputFile, ReadOptions};
use crate::stats::constants::SURPRISE_MIN;
use crate::time::Day;
use crate::vocab::Entity;

/// One day, as an observer sees it before it is learnt.
pub struct DayView<'a> {
    /// The day.
    pub day: Day,
    /// What happened, by entity.
    pub facts: &'a BTreeMap<Entity, DayFacts>,
    /// The generation of its morning, as far as mornings are asked for; `None` on the first days, on which everything is new.
    pub morning: Option<View<'a>>,
    /// Whether it is judged, and not only learnt.
    pub is_judged: bool,
}

/// Of which days an observer sees the generation of their morning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mornings {
    /// Of those that are judged.
    Judged,
    /// Also of those that are scored into the stored distributions before.
    Scored,
}

/// The result for one budget.
#[derive(Debug)]
pub struct BudgetRun {
    /// The promised incidents a day.
    pub budget_per_day: f64,
    /// The number that the tuner predicted at the split for all judged days together: a 95 % interval.
    pub simulation: Option<(u64, u64)>,
    /// All alerts, including those that an approval covers.
    pub alerts: Vec<Alert>,
}

/// The result of a dry run.
#[derive(Debug)]
pub struct DryRun {
    /// What was read.
    pub intake: IntakeSummary,
    /// Days judged.
    pub days_judged: u32,
    /// By budget, in the order given.
    pub budgets: Vec<BudgetRun>,
}

/// Learns the days before `split`, then judges each day for every budget, and learns it. `look` gets every day.
///
/// # Errors
///
/// Fails if the user stops it, or the buffer's disk does.
pub fn dry_run(
    setup: &Setup,
    files: Vec<InputFile>,
    (split, budgets, mornings): (Day, &[f64], Mornings),
    progress: &dyn Progress,
    look: &mut dyn FnMut(DayView),
) -> Result<DryRun> {
    let nothing = Arc::new(Generation::empty(split));
    let mut scorer = Scorer::new(setup, nothing, shown_all(None));
    let intake = Intake {
        setup,
        files,
        options: ReadOptions::default(),
        rejects: None,
    };
    let intake = intake.run(&NoProgress, |_, event| Ok(scorer.add(event)? == Added::New))?;
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut replay = Replay::new(setup, &peer_group_of, CalibrationLog::default());
    let days = scorer.days();
    let (learnt, judged) = days.split_at(days.partition_point(|day| *day < split));
    for &day in learnt {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        let Some(aggregate) = scorer.take(day) else {
            continue;
        };
        let is_asked = mornings == Mornings::Scored && !replay.is_burn_in(day);
        // What is recorded of a morning is measured without the priors of few.
        let morning = is_asked.then(|| Generation {
            few: None,
            ..replay.generation(0)
        });
        let facts = replay.facts_of(&aggregate);
        let mut context = setup.context().with_day(&aggregate);
        context.note_logs(day, DayLogs::of(&facts).breadths());
        look(DayView {
            day,
            facts: &facts,
            morning: morning.as_ref().map(|m| View::new(m, &context, day)),
            is_judged: false,
        });
        replay.learn(aggregate);
    }
    let days_judged = judged.len() as u32;
    let mut runs: Vec<BudgetRun> = Vec::new();
    for (number, &day) in judged.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        let generation = Arc::new(replay.generation(1 + number as u64));
        if runs.is_empty() {
            // A small estate never raises as many alerts as a large budget would let through.
            let incidents = seen(setup, &replay.log).incident_days(None, generation.first_day);
            let lowest = generation.calibration.rank_at(SURPRISE_MIN);
            let ahead = |budget: f64| {
                let incidents = incidents.as_ref()?;
                let most = incidents.ranks().alerts_per_day(lowest);
                let raised = most.map_or(budget, |most| budget.min(most));
                Some(incidents.promise(raised, days_judged)?.ahead)
            };
            runs.extend(budgets.iter().map(|&budget_per_day| BudgetRun {
                budget_per_day,
                simulation: ahead(budget_per_day),
                alerts: Vec::new(),
            }));
        }
        scorer.replace_generation(generation.clone());
        for run in &mut runs {
            scorer.judge_anew(shown_all(Some(run.budget_per_day)));
            run.alerts.extend(scorer.conclude_day(day)?);
        }
        look(DayView {
            day,
            facts: &scorer.facts(day),
            morning: Some(scorer.view(day)),
            is_judged: true,
        });
        if let Some(aggregate) = scorer.close(day) {
            replay.learn(aggregate);
        }
    }
    Ok(DryRun {
        intake,
        days_judged,
        budgets: runs,
    })
}

fn shown_all(budget_per_day: Option<f64>) -> ScoreOptions {
    ScoreOptions {
        budget_per_day,
        show_low: false,
        show_suppressed: true,
        every_status: false,
    }
}
