//! An alert with what labels say of it.

use serde::Serialize;

use crate::alert::Alert;
use crate::engine::Evaluation;

/// An alert and what labels say of it: `true` if it hits one, `beside` if another alert of its incident does, otherwise `false`. Its digest
/// does not cover the label.
#[derive(Serialize)]
pub struct Labelled<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'static str>,
}

impl<'a> Labelled<'a> {
    /// Puts beside an alert what labels say of it, if there are any and no approval covers it.
    pub fn of(alert: &'a Alert, evaluation: Option<&Evaluation>) -> Self {
        let evaluation = evaluation.filter(|_| alert.suppressed_by.is_none());
        Self {
            alert,
            label: evaluation.map(|evaluation| evaluation.says_of(&alert.alert_id)),
        }
    }
}
