//! A day's actions, and the anomalies among them.

use crate::simulate::model::anomaly::{BenignAnomaly, Cause};
use crate::simulate::model::label::Label;
use crate::simulate::model::other_providers::action::{Action, NANOS};
use crate::simulate::model::other_providers::unrecorded::Unrecorded;

/// A day's actions, in no order.
#[derive(Default)]
pub(crate) struct ActionLog {
    pub(crate) actions: Vec<Action>,
    pub(crate) anomalies: Vec<BenignAnomaly>,
    /// What is left out.
    pub(crate) unrecorded: Option<Unrecorded>,
}

impl ActionLog {
    /// Adds an action, if it is recorded.
    pub(crate) fn add(&mut self, action: Action) {
        if !self.unrecorded.is_some_and(|what| what.has(&action)) {
            self.actions.push(action);
        }
    }

    /// Returns the place that has been reached.
    pub(crate) fn mark(&self) -> usize {
        self.actions.len()
    }

    /// Returns the first and last second since a mark, if anything was done.
    pub(crate) fn span(&self, since: usize) -> Option<(i64, i64)> {
        let times = || self.actions[since..].iter().map(|action| action.at / NANOS);
        Some((times().min()?, times().max()?))
    }

    /// Notes that what was done since a mark was out of the ordinary.
    pub(crate) fn note_anomaly(&mut self, cause: Cause, ids: Vec<String>, since: usize) {
        if let Some(span) = self.span(since) {
            self.anomalies.push(BenignAnomaly::new(cause, ids, span));
        }
    }

    /// Returns a label of what was done since a mark.
    pub(crate) fn label(
        &self,
        analytic: &'static str,
        ids: Vec<String>,
        since: usize,
        note: String,
    ) -> Option<Label> {
        Some(Label::new(analytic, ids, self.span(since)?, note))
    }
}
