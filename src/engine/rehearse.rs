//! The nights, played over logs of which the truth is known, for several budgets at once and before an onlooker.

use std::collections::BTreeMap;

use crate::baseline::{CalibrationLog, Generation};
use crate::engine::intake::{Books, Intake, IntakeSummary};
use crate::engine::nights::{Nights, enlighten};
use crate::engine::score::{
    Acquaintance, Hearing, ScoreOptions, ScoreSummary, Told, judge_day, tell_and_keep,
};
use crate::engine::spool::Spool;
use crate::engine::{Progress, Setup, Unwatched, cancelled};
use crate::error::Result;
use crate::measure::DayFacts;
use crate::score::Alert;
use crate::sources::{InputFile, ReadOptions};
use crate::stats::constants::SURPRISE_MIN;
use crate::time::Day;
use crate::vocab::Entity;

/// One day, as an onlooker sees it before it is learnt.
pub struct DayShown<'a> {
    /// Which day.
    pub day: Day,
    /// What happened, by entity.
    pub facts: &'a BTreeMap<Entity, DayFacts>,
    /// Who judged it; `None` on days that are only learnt.
    pub morning: Option<&'a Generation>,
}

/// What a budget came to.
#[derive(Debug)]
pub struct Kept {
    /// Alerts a day that were promised.
    pub budget_per_day: f64,
    /// How many the tuner foresaw at the split for all judged days together: a 95 % interval.
    pub foreseen: Option<(u64, u64)>,
    /// All alerts, those that an approval covers among them.
    pub alerts: Vec<Alert>,
}

/// What a rehearsal came to.
#[derive(Debug)]
pub struct Rehearsal {
    /// What was read.
    pub intake: IntakeSummary,
    /// Days judged.
    pub days_judged: u32,
    /// By budget, in the order given.
    pub budgets: Vec<Kept>,
}

/// Learns the days before `split`, then judges each day for every budget, and learns it. `look` is shown every day.
///
/// # Errors
///
/// Fails if the user stops it, or the spool's disk does.
pub fn rehearse(
    setup: &Setup,
    files: Vec<InputFile>,
    (split, budgets): (Day, &[f64]),
    progress: &dyn Progress,
    look: &mut dyn FnMut(DayShown),
) -> Result<Rehearsal> {
    let mut books = Books::new();
    let mut spool = Spool::new();
    let intake = Intake {
        setup,
        files,
        options: ReadOptions::default(),
        keep_rejects: false,
    };
    let intake = intake.run(&Unwatched, |resolver, event| {
        tell_and_keep(setup, resolver, &mut books, &mut spool, event)
    })?;
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let mut nights = Nights::new(setup, &peer_group_of, CalibrationLog::default());
    let days_judged = books.range(split..).count() as u32;
    let mut kept: Vec<Kept> = Vec::new();
    let mut number = 0;
    for (&day, book) in &books {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        if day < split {
            let facts = nights.facts_of(book);
            look(DayShown {
                day,
                facts: &facts,
                morning: None,
            });
            nights.learn(book, &peer_group_of);
            spool.forget(day);
            continue;
        }
        number += 1;
        let mut generation = nights.generation(number);
        if kept.is_empty() {
            // A small estate never raises all that a large budget would let through.
            let most = generation.calibration.lets_through(None, SURPRISE_MIN);
            let ahead = |budget: f64| {
                let raised = most.map_or(budget, |most| budget.min(most));
                Some(nights.log.promise(None, raised, days_judged)?.ahead)
            };
            kept.extend(budgets.iter().map(|&budget_per_day| Kept {
                budget_per_day,
                foreseen: ahead(budget_per_day),
                alerts: Vec::new(),
            }));
        }
        enlighten(&mut generation, setup, &book.accounts, book);
        let facts = nights.facts_of(book);
        look(DayShown {
            day,
            facts: &facts,
            morning: Some(&generation),
        });
        for kept in &mut kept {
            kept.alerts.extend(judge_day(Hearing {
                setup,
                generation: &mut generation,
                book,
                spool: &mut spool,
                acquaintance: &mut Acquaintance::default(),
                is_late: false,
                hold: None,
                told: &mut Told::new(),
                options: &ScoreOptions {
                    budget_per_day: Some(kept.budget_per_day),
                    show_low: false,
                    show_suppressed: true,
                },
                summary: &mut ScoreSummary::default(),
            })?);
        }
        nights.learn(book, &peer_group_of);
        spool.forget(day);
    }
    Ok(Rehearsal {
        intake,
        days_judged,
        budgets: kept,
    })
}
