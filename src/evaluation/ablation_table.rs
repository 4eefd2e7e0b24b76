//! What each gate saves and costs, over all trials.

use serde::Serialize;

use crate::evaluation::ablation::Came;
use crate::evaluation::ratio::Ratio;
use crate::evaluation::trial::Trial;

/// What came with a gate and without it, at every budget.
#[derive(Debug, Serialize)]
pub struct GateTable {
    /// The analytic.
    pub analytic: String,
    /// The arm.
    pub arm: String,
    /// The gate, in the words of its definition.
    pub gate: String,
    /// By budget, in the order of the budgets.
    pub budgets: Vec<GateAtBudget>,
}

/// What came with a gate and without it, at one budget.
#[derive(Debug, Serialize)]
pub struct GateAtBudget {
    /// Alerts a day that were promised.
    pub budget_per_day: f64,
    /// Identities a day that a false alert is about, but for those that are attacked that day.
    pub false_identities_per_day: f64,
    /// The same without the gate; `null` if the arm means nothing without it.
    pub false_identities_per_day_without: Option<f64>,
    /// Attacks found by their own analytic, of all.
    pub found: Ratio,
    /// The same without the gate.
    pub found_without: Option<Ratio>,
}

/// The sums of one gate.
struct Sums<'t> {
    /// Analytic, arm, and the gate's number within the analytic.
    key: (&'t str, usize),
    arm: &'t str,
    gate: &'t str,
    days: u32,
    attacks: u64,
    with: Vec<Came>,
    without: Option<Vec<Came>>,
}

/// Sums up the gates of all trials, by analytic; each over the trials in which its analytic was judged.
pub(super) fn gates(budgets: &[f64], trials: &[Trial]) -> Vec<GateTable> {
    let mut all: Vec<Sums<'_>> = Vec::new();
    for trial in trials {
        let Some(ablation) = &trial.ablation else {
            continue;
        };
        let mut before: (&str, usize) = ("", 0);
        for gate in &ablation.gates {
            let number = if before.0 == &*gate.analytic {
                before.1 + 1
            } else {
                0
            };
            before = (&gate.analytic, number);
            let at = match all.iter().position(|sums| sums.key == before) {
                Some(at) => at,
                None => {
                    let none = vec![
                        Came {
                            false_identities: 0,
                            found: 0
                        };
                        budgets.len()
                    ];
                    all.push(Sums {
                        key: before,
                        arm: &gate.arm,
                        gate: &gate.gate,
                        days: 0,
                        attacks: 0,
                        without: gate.came.is_some().then(|| none.clone()),
                        with: none,
                    });
                    all.len() - 1
                }
            };
            let sums = &mut all[at];
            sums.days += trial.days;
            sums.attacks += trial.attacks.len() as u64;
            add(&mut sums.with, &ablation.base);
            if let (Some(sums), Some(came)) = (&mut sums.without, &gate.came) {
                add(sums, came);
            }
        }
    }
    all.sort_by_key(|sums| sums.key);
    all.iter().map(|sums| table(budgets, sums)).collect()
}

fn add(sums: &mut [Came], came: &[Came]) {
    for (sum, came) in sums.iter_mut().zip(came) {
        sum.false_identities += came.false_identities;
        sum.found += came.found;
    }
}

fn table(budgets: &[f64], sums: &Sums<'_>) -> GateTable {
    let per_day = |came: &Came| came.false_identities as f64 / f64::from(sums.days.max(1));
    let found = |came: &Came| Ratio {
        found: came.found,
        of: sums.attacks,
    };
    let at = |(number, &budget_per_day): (usize, &f64)| {
        let without = sums.without.as_ref().map(|without| &without[number]);
        GateAtBudget {
            budget_per_day,
            false_identities_per_day: per_day(&sums.with[number]),
            false_identities_per_day_without: without.map(per_day),
            found: found(&sums.with[number]),
            found_without: without.map(found),
        }
    };
    GateTable {
        analytic: sums.key.0.to_owned(),
        arm: sums.arm.to_owned(),
        gate: sums.gate.to_owned(),
        budgets: budgets.iter().enumerate().map(at).collect(),
    }
}
