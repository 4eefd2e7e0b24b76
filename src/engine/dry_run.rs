//! A replay over labelled logs, for several budgets at once. An observer sees each day.

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::baseline::{CalibrationLog, Generation};
use crate::engine::event_buffer::EventBuffer;
use crate::engine::intake::{DayAggregates, Intake, IntakeSummary};
use crate::engine::replay::{Replay, apply_day_context};
use crate::engine::score::{
    AlertStates, DayEvaluation, NewEntityCache, ScoreOptions, ScoreSummary, add_and_buffer,
    evaluate_day,
};
use crate::engine::{NoProgress, Progress, Setup, cancelled};
use crate::error::Result;
use crate::measure::DayFacts;
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
    pub morning: Option<&'a Generation>,
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
    /// The promised alerts a day.
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
    let mut aggregates = DayAggregates::new();
    let mut event_buffer = EventBuffer::new();
    let intake = Intake {
        setup,
        files,
        options: ReadOptions::default(),
        keep_rejects: false,
    };
    let intake = intake.run(&NoProgress, |resolver, event| {
        add_and_buffer(setup, resolver, &mut aggregates, &mut event_buffer, event)
    })?;
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut replay = Replay::new(setup, &peer_group_of, CalibrationLog::default());
    let days_judged = aggregates.range(split..).count() as u32;
    let mut runs: Vec<BudgetRun> = Vec::new();
    let mut number = 0;
    for (&day, aggregate) in &aggregates {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        if day < split {
            let facts = replay.facts_of(aggregate);
            let is_asked = mornings == Mornings::Scored && !replay.is_burn_in(day);
            let morning = is_asked.then(|| {
                let mut morning = replay.generation(0);
                apply_day_context(&mut morning, setup, &aggregate.accounts, aggregate);
                morning
            });
            look(DayView {
                day,
                facts: &facts,
                morning: morning.as_ref(),
                is_judged: false,
            });
            replay.learn(aggregate, &peer_group_of);
            event_buffer.forget(day);
            continue;
        }
        number += 1;
        let mut generation = replay.generation(number);
        if runs.is_empty() {
            // A small estate never raises as many alerts as a large budget would let through.
            let most = generation.calibration.lets_through(None, SURPRISE_MIN);
            let ahead = |budget: f64| {
                let raised = most.map_or(budget, |most| budget.min(most));
                Some(replay.log.promise(None, raised, days_judged)?.ahead)
            };
            runs.extend(budgets.iter().map(|&budget_per_day| BudgetRun {
                budget_per_day,
                simulation: ahead(budget_per_day),
                alerts: Vec::new(),
            }));
        }
        apply_day_context(&mut generation, setup, &aggregate.accounts, aggregate);
        let facts = replay.facts_of(aggregate);
        look(DayView {
            day,
            facts: &facts,
            morning: Some(&generation),
            is_judged: true,
        });
        for runs in &mut runs {
            runs.alerts.extend(evaluate_day(DayEvaluation {
                setup,
                generation: &mut generation,
                aggregate,
                event_buffer: &mut event_buffer,
                new_entities: &mut NewEntityCache::default(),
                is_late: false,
                deferral: None,
                states: &mut AlertStates::new(),
                options: &ScoreOptions {
                    budget_per_day: Some(runs.budget_per_day),
                    show_low: false,
                    show_suppressed: true,
                },
                summary: &mut ScoreSummary::default(),
            })?);
        }
        replay.learn(aggregate, &peer_group_of);
        event_buffer.forget(day);
    }
    Ok(DryRun {
        intake,
        days_judged,
        budgets: runs,
    })
}
