//! False incidents by trap: how many each of the honest but loud situations raised.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::evaluation::ground_truth::trap_kind;
use crate::evaluation::trial::{BudgetOutcome, Trial};

/// What a kind of trap raised at a budget.
#[derive(Debug, Default, Serialize)]
pub struct TrapTable {
    /// Instances of which something happened on the judged days: jobs, outages, accounts that began.
    pub planted: u64,
    /// False incidents that rest on them.
    pub incidents: u64,
    /// Instances that raised one.
    pub with_one: u64,
    /// Instances that raised more.
    pub with_more: u64,
    /// Those that raised any, the loudest first.
    pub loudest: Vec<LoudTrap>,
}

/// An instance of a trap, and what it raised.
#[derive(Debug, Serialize)]
pub struct LoudTrap {
    /// The estate.
    pub seed: u64,
    /// Its name.
    pub instance: String,
    /// False incidents that rest on it.
    pub incidents: u64,
}

/// Counts the false incidents of each instance, and sums them up by kind.
pub(super) fn by_kind<'t>(
    outcomes: impl Iterator<Item = (&'t Trial, &'t BudgetOutcome)>,
) -> BTreeMap<String, TrapTable> {
    let mut tables: BTreeMap<String, TrapTable> = BTreeMap::new();
    for (trial, outcome) in outcomes {
        let mut incidents: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for alert in &outcome.false_alerts {
            if let Some(trap) = &alert.trap {
                incidents.entry(trap).or_default().insert(alert.incident);
            }
        }
        for instance in &trial.traps {
            let table = tables.entry(trap_kind(instance).to_owned()).or_default();
            let raised = incidents.get(&**instance).map_or(0, BTreeSet::len) as u64;
            table.planted += 1;
            table.incidents += raised;
            table.with_one += u64::from(raised == 1);
            table.with_more += u64::from(raised > 1);
            if raised > 0 {
                table.loudest.push(LoudTrap {
                    seed: trial.seed,
                    instance: instance.clone(),
                    incidents: raised,
                });
            }
        }
    }
    for table in tables.values_mut() {
        let order = |a: &LoudTrap, b: &LoudTrap| b.incidents.cmp(&a.incidents);
        table.loudest.sort_by(order); // equal ones stay in order of seed and name
    }
    tables
}
