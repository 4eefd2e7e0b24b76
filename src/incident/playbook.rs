//! What to do next, as the analytics say.

use std::collections::{BTreeMap, BTreeSet};

use crate::analytic::Analytic;

/// Steps of an incident that are told.
const STEPS_MAX: usize = 12;
/// Characters of a step.
const STEP_CHARS_MAX: usize = 500;

/// The steps of each analytic: what to look at, and what to do.
#[derive(Debug, Clone, Default)]
pub struct Playbook(BTreeMap<String, Steps>);

#[derive(Debug, Clone, Default)]
struct Steps {
    investigate: Vec<String>,
    respond: Vec<String>,
}

impl Playbook {
    /// Takes the steps from analytics.
    pub fn of(analytics: &[Analytic]) -> Self {
        let clipped = |steps: &[String]| -> Vec<String> {
            let clip = |step: &String| step.chars().take(STEP_CHARS_MAX).collect();
            steps.iter().map(clip).collect()
        };
        let steps = analytics.iter().map(|analytic| {
            let steps = Steps {
                investigate: clipped(&analytic.docs.investigate),
                respond: clipped(&analytic.docs.respond),
            };
            (analytic.id.to_string(), steps)
        });
        Self(steps.collect())
    }

    /// Returns the steps of analytics, those of the first ones first: all that is to be looked at, then all that is to be done.
    /// None is repeated, and both have their half of the room.
    pub(super) fn steps(&self, analytics: &[String]) -> Vec<String> {
        let known = || analytics.iter().filter_map(|id| self.0.get(id));
        let mut seen = BTreeSet::new();
        let mut investigate: Vec<&String> = known().flat_map(|steps| &steps.investigate).collect();
        let mut respond: Vec<&String> = known().flat_map(|steps| &steps.respond).collect();
        for steps in [&mut investigate, &mut respond] {
            steps.retain(|step| seen.insert(*step));
        }
        let half = STEPS_MAX / 2;
        investigate.truncate(STEPS_MAX - respond.len().min(half));
        respond.truncate(STEPS_MAX - investigate.len());
        investigate.into_iter().chain(respond).cloned().collect()
    }
}
