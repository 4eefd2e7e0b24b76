//! A verdict on what was told.

use crate::alert::Alert;
use crate::engine::{self, Feedback, Progress, Reported, Setup, VerdictInput};
use crate::error::{Error, Result};
use crate::incident::Playbook;
use crate::inquiry::Inquiry;
use crate::inquiry::incidents::Found;
use crate::report::verdict::FeedbackDocument;
use crate::vocab::{Entity, EntityKind};

/// What a verdict was about, and what it changed.
#[derive(Debug)]
pub struct GivenVerdict {
    /// The verdict.
    pub judgement: VerdictInput,
    /// Whether it was given on an incident.
    pub is_on_incident: bool,
    /// The alerts that it is on.
    pub alerts: Vec<Reported>,
    /// What it changed, for each of them.
    pub said: Vec<Feedback>,
}

impl GivenVerdict {
    /// Returns its documents, one for each alert.
    pub fn documents(&self) -> Vec<FeedbackDocument> {
        FeedbackDocument::of_all(&self.alerts, &self.judgement, &self.said)
    }
}

impl Inquiry {
    /// Stores a verdict on the alert or the incident whose id begins so, and learns from it unless that is left to the next training.
    ///
    /// # Errors
    ///
    /// A usage error if the beginning is too short, the note is too long or the analytic is unknown. Fails if there is no such alert or
    /// incident in the store, several begin so, the store cannot be written, or another process is training.
    pub fn give_verdict(
        &self,
        setup: &Setup,
        (wanted, judgement): (&str, VerdictInput),
        progress: &dyn Progress,
    ) -> Result<GivenVerdict> {
        let store = self.store()?;
        let (is_on_incident, documents) = match self.find(wanted, || Ok(Playbook::default()))? {
            Found::Alert(alert) => (false, vec![*alert]),
            Found::Incident(_, alerts) => (true, alerts),
        };
        let alerts: Vec<Reported> = documents.iter().map(reported).collect::<Result<_>>()?;
        let input = (&*alerts, judgement.clone());
        let said = engine::feedback_on_all(setup, store, input, progress)?;
        Ok(GivenVerdict {
            judgement,
            is_on_incident,
            alerts,
            said,
        })
    }
}

/// Returns what a verdict is about, from the alert's document.
fn reported(document: &Alert) -> Result<Reported> {
    let Some(kind) = EntityKind::parse(&document.entity.kind) else {
        return Err(Error::failed(format!(
            "the stored alert `{}` is damaged",
            document.alert_id
        )));
    };
    Ok(Reported {
        alert_id: document.alert_id.clone(),
        analytic: document.analytic.as_str().into(),
        entity: Entity {
            kind,
            id: document.entity.id.as_str().into(),
        },
        day: document.time.day(),
        surprise: document.surprise,
    })
}
