//! Approvals that are given and taken back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{Config, ConfigFile, Draft, without_approval};
use crate::engine::{self, ApprovalSimulation, Setup};
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::inquiry::approval_from::fill_in;
use crate::report::approvals::{self, SimulationDocument};

/// An approval that somebody wants.
#[derive(Debug, Clone, Default)]
pub struct ApprovalRequest {
    /// What it is to say.
    pub draft: Draft,
    /// The alert or the incident that what it covers is taken from where it is not given: an id, or at least its first 6 characters.
    pub from: Option<String>,
    /// Whether nothing is written.
    pub is_dry_run: bool,
}

/// An approval that was written, or would be.
#[derive(Debug, Clone)]
pub struct NewApproval {
    /// Its id.
    pub id: String,
    /// What it says.
    pub draft: Draft,
    /// The file and the line at which it stands, or would.
    pub place: String,
    /// Whether it was written.
    pub is_written: bool,
    /// What it would have hidden.
    pub simulation: ApprovalSimulation,
    /// What makes it risky, each in a sentence.
    pub risks: Vec<String>,
}

/// An approval that was written, or would be, for programs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NewApprovalDocument<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whether it was written.
    pub is_written: bool,
    /// The file and the line at which it stands, or would.
    pub place: &'a str,
    /// Its criteria by their keys, each with its patterns.
    pub criteria: BTreeMap<&'static str, &'a [String]>,
    /// The analytics that it is for; none for all.
    pub analytics: &'a [String],
    /// Its table in the configuration.
    pub table: String,
    /// What it would have hidden. Alerts that were told stay as they are.
    pub would_have_hidden: SimulationDocument<'a>,
    /// What makes it risky, each in a sentence.
    pub risks: &'a [String],
}

impl NewApproval {
    /// Returns whether it covers alerts that were told. They stay as they are.
    pub fn covers_told(&self) -> bool {
        let mut hidden = self.simulation.hidden.iter();
        hidden.any(|hidden| hidden.alert_id.is_some())
    }

    /// Returns its document.
    pub fn document(&self) -> NewApprovalDocument<'_> {
        let criteria = self.draft.criteria.iter();
        let criteria = criteria.map(|(key, patterns)| (*key, &**patterns));
        NewApprovalDocument {
            id: &self.id,
            is_written: self.is_written,
            place: &self.place,
            criteria: criteria.collect(),
            analytics: &self.draft.analytics,
            table: self.draft.to_string(),
            would_have_hidden: SimulationDocument::of(&self.simulation),
            risks: &self.risks,
        }
    }
}

impl Inquiry {
    /// Writes an approval into a configuration, and computes what it would have hidden. `setup_of` puts a configuration together with
    /// its analytics and the present.
    ///
    /// # Errors
    ///
    /// A usage error if the configuration or the approval has faults, or it is over already. Fails if there is no such alert or incident,
    /// the store cannot be read, or the configuration cannot be written or was changed meanwhile.
    pub fn approve(
        &self,
        file: &ConfigFile,
        request: ApprovalRequest,
        setup_of: &dyn Fn(Config) -> Result<Setup>,
    ) -> Result<NewApproval> {
        let mut draft = request.draft;
        if let Some(id) = &request.from {
            fill_in(&mut draft, id, self)?;
        }
        let approval = draft.check()?;
        let text = draft.added_to(file.text(), file.name())?;
        let setup = setup_of(Config::parse(&text, file.name())?)?;
        let today = setup.now.day();
        if approval.expires < today {
            let expires = approval.expires;
            let what = format!("`{expires}` is in the past: today is {today} in UTC");
            return Err(Error::usage(what).hint("an expired approval has no effect"));
        }
        // What it would have hidden is computed with the configuration without it.
        let before = setup_of(file.config()?)?;
        let simulation = engine::simulate_approval(&before, self.store()?, &approval)?;
        if !request.is_dry_run {
            file.replace(&text)?;
        }
        let new = setup.config.approvals.last();
        let place = new.map_or_else(|| file.name().to_owned(), |new| new.place.to_string());
        let risks = engine::lint_approval(&approval, today);
        Ok(NewApproval {
            id: setup.config.approval_ids().pop().unwrap_or_default(),
            draft,
            place,
            is_written: !request.is_dry_run,
            risks: approvals::lint_approval(&simulation, &risks),
            simulation,
        })
    }
}

/// Takes an approval out of a configuration, with its comments, and returns what it said and its id. `check` says of the
/// configuration without it whether it may be written.
///
/// # Errors
///
/// A usage error if the configuration has faults, or the approval is no table of its own. There may be no approval with this id. Fails if the
/// configuration cannot be written or was changed meanwhile.
pub fn take_back_approval(
    file: &ConfigFile,
    id: &str,
    check: &dyn Fn(Config) -> Result<()>,
) -> Result<(String, String)> {
    let config = file.config()?;
    let ids = config.approval_ids();
    let id = id.to_ascii_lowercase();
    let Some(at) = ids.iter().position(|known| *known == id) else {
        let error = Error::missing(format!("there is no approval `{id}` in `{}`", file.name()));
        return Err(error.hint(match ids.as_slice() {
            [] => "it has no approvals".to_owned(),
            ids => format!("its approvals are {}", ids.join(", ")),
        }));
    };
    let text = without_approval(file.text(), file.name(), at)?;
    check(Config::parse(&text, file.name())?)?;
    file.replace(&text)?;
    Ok((id, config.approvals[at].to_string()))
}
