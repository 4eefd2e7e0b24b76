//! The bounds that days reached.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::measure::{Bound, Reached};
use crate::report::days::named;
use crate::report::number::{count, noun};
use crate::time::Day;

/// A bound that a day reached.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct BoundReached {
    /// The day.
    pub day: String,
    /// The bound.
    pub bound: Bound,
    /// How much lies beyond it, or how much is kept where that is not known.
    pub n: u64,
}

/// Returns the bounds by day.
pub fn reached(by_day: &BTreeMap<Day, Reached>) -> Vec<BoundReached> {
    let of_day = |(day, reached): (&Day, &Reached)| -> Vec<BoundReached> {
        let bounds = reached.iter().map(|(&bound, &n)| BoundReached {
            day: day.to_string(),
            bound,
            n,
        });
        bounds.collect()
    };
    by_day.iter().flat_map(of_day).collect()
}

/// Returns what a person should know of them, a sentence a bound. That an entity had more values of a trait than are kept is
/// ordinary, so that is only said where `is_verbose`.
pub fn lines(reached: &[BoundReached], is_verbose: bool) -> Vec<String> {
    let mut by_bound: BTreeMap<Bound, (u64, Vec<&str>)> = BTreeMap::new();
    for one in reached {
        let (n, days) = by_bound.entry(one.bound).or_default();
        *n = one.n.max(*n);
        days.push(&one.day);
    }
    by_bound.retain(|&bound, _| is_verbose || bound != Bound::TraitValues);
    let sentence = |(bound, (n, days)): (Bound, (u64, Vec<&str>))| {
        let most = if days.len() > 1 { "up to " } else { "" };
        format!("{}: {most}{}", named(&days), what(bound, n))
    };
    by_bound.into_iter().map(sentence).collect()
}

fn what(bound: Bound, n: u64) -> String {
    match bound {
        Bound::Identities => format!(
            "about {} new identities were not told apart; they count together, one `(others)` for each account and role",
            count(n)
        ),
        Bound::Roles => format!("about {} new roles were not told apart", count(n)),
        Bound::Regions => format!("about {} new regions were not told apart", count(n)),
        Bound::PersonsPerRole => format!(
            "{} with more persons than are distinguished, who count for the role",
            noun(n, "role", "roles")
        ),
        Bound::TraitValues => format!(
            "{} with more values of a trait than are kept, so that nothing is new to them",
            noun(n, "entity", "entities")
        ),
        Bound::NamedInstances => format!(
            "{} with sessions named after so many instances that the names mean nothing",
            noun(n, "identity", "identities")
        ),
        Bound::AssignedInstances => format!(
            "{} instances with an identity or more; the last ones are remembered",
            count(n)
        ),
        Bound::Creations => format!(
            "{} created identities or more; so many are remembered",
            count(n)
        ),
        Bound::Credentials => format!(
            "{} issued credentials or more; so many are remembered",
            count(n)
        ),
        Bound::UnnamedRecords => format!(
            "{} records without a caller or more; those beyond cannot be replaced by a copy that names him",
            count(n)
        ),
    }
}
