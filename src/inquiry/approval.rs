//! Approvals that are given and taken back.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{Approval, Config, ConfigFile, Draft, without_approval};
use crate::engine::{self, ApprovalSimulation, Setup};
use crate::error::{Error, Result};
use crate::inquiry::Inquiry;
use crate::inquiry::approval_from::fill_in;
use crate::report::approvals::{self, SimulationDocument};
use crate::vocab::SOURCE_SILENT;

/// Days for which an approval is looked at whose end is not given.
const LASTS_DAYS: i32 = 90;

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
    pub warnings: Vec<String>,
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
    /// What makes it risky, each in a sentence; left out if nothing does.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub warnings: &'a [String],
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
            warnings: &self.warnings,
        }
    }
}

impl Inquiry {
    /// Computes what an approval would have hidden, and writes nothing. `before` is the configuration of the file, and `setup_of` puts another one
    /// together with its analytics and the present. One that is only looked at needs no owner, no reason and no end.
    ///
    /// # Errors
    ///
    /// A usage error if the approval has faults, or it is over already. A conflict if it is to be written and another one that holds says the same.
    /// Fails if there is no such alert or incident, or the store cannot be read.
    pub fn weigh_approval(
        &self,
        file: &ConfigFile,
        before: &Setup,
        request: ApprovalRequest,
        setup_of: &dyn Fn(Config) -> Result<Setup>,
    ) -> Result<NewApproval> {
        let ApprovalRequest {
            mut draft,
            from,
            is_dry_run,
        } = request;
        let today = before.now.day();
        draft.check_size()?;
        if let Some(id) = &from {
            fill_in(&mut draft, id, self)?;
        }
        let whole = match is_dry_run {
            true => draft.filled(today.plus(LASTS_DAYS)),
            false => draft.clone(),
        };
        let approval = whole.check()?;
        check_analytics(&approval, before)?;
        if approval.expires < today {
            let expires = approval.expires;
            let what = format!("`expires`: `{expires}` is in the past: today is {today} in UTC");
            return Err(Error::usage(what).hint("an expired approval has no effect"));
        }
        let present = present(before, &approval);
        if let (Some((id, present)), false) = (&present, is_dry_run) {
            return Err(already_there(id, present));
        }
        let (_, id, place) = added(file, &whole, setup_of)?;
        // What it would have hidden is computed with the configuration without it.
        let mut simulation = engine::simulate_approval(before, self.store()?, &approval)?;
        if let Some(all) = &mut simulation.matches_all
            && draft.expires.is_empty()
        {
            all.until = None;
        }
        let lint = engine::lint_approval(&approval, today);
        let of_present = present.map(|(id, present)| {
            format!(
                "approval {id} says the same and holds until {}: this one would not be written",
                present.expires
            )
        });
        let risks = approvals::lint_approval(&simulation, &lint);
        Ok(NewApproval {
            id,
            draft,
            place,
            is_written: false,
            warnings: of_present.into_iter().chain(risks).collect(),
            simulation,
        })
    }
}

impl NewApproval {
    /// Writes it into a configuration: that of the file, which may be another than the one that it was weighed with.
    ///
    /// # Errors
    ///
    /// A usage error if the configuration with it has faults. A conflict if another one that holds says the same, or the configuration was changed
    /// meanwhile. Fails if the configuration cannot be written.
    pub fn write(
        self,
        file: &ConfigFile,
        before: &Setup,
        setup_of: &dyn Fn(Config) -> Result<Setup>,
    ) -> Result<Self> {
        let approval = self.draft.check()?;
        if let Some((id, present)) = present(before, &approval) {
            return Err(already_there(&id, present));
        }
        let (text, id, place) = added(file, &self.draft, setup_of)?;
        file.replace(&text)?;
        Ok(Self {
            id,
            place,
            is_written: true,
            ..self
        })
    }
}

/// Returns the text of a configuration with an approval, and the id and the place that it has there.
fn added(
    file: &ConfigFile,
    draft: &Draft,
    setup_of: &dyn Fn(Config) -> Result<Setup>,
) -> Result<(String, String, String)> {
    let text = draft.added_to(file.text(), file.name())?;
    let setup = setup_of(Config::parse(&text, file.name())?)?;
    let new = setup.config.approvals.last();
    let place = new.map_or_else(|| file.name().to_owned(), |new| new.place.to_string());
    let id = setup.config.approval_ids().pop().unwrap_or_default();
    Ok((text, id, place))
}

/// Demands that there are analytics of these ids.
fn check_analytics(approval: &Approval, setup: &Setup) -> Result<()> {
    let analytics = setup.analytics.iter().map(|analytic| &*analytic.id);
    let known: Vec<&str> = analytics.chain([SOURCE_SILENT]).collect();
    let named = approval.analytics.iter().flatten();
    let Some(unknown) = named.into_iter().find(|id| !known.contains(&&*id.text)) else {
        return Ok(());
    };
    let error = Error::usage(format!(
        "`analytics`: there is no analytic `{}`",
        unknown.text
    ));
    Err(error.hint(format!("there are {}", known.join(", "))))
}

/// Returns the approval that covers the same, is for the same analytics, and holds; and its id.
fn present<'s>(setup: &'s Setup, approval: &Approval) -> Option<(String, &'s Approval)> {
    let approvals = setup.config.approvals.iter();
    let mut all = setup.config.approval_ids().into_iter().zip(approvals);
    all.find(|(_, other)| other.holds(setup.now) && other.covers_the_same(approval))
}

fn already_there(id: &str, present: &Approval) -> Error {
    let Approval { expires, place, .. } = present;
    Error::conflict(format!(
        "approval {id} says the same and holds until {expires}: {present}"
    ))
    .hint_by_command(format!(
        "to extend it, write another `expires` at {place}; or `plimsoll approve remove {id}`, and add it again"
    ))
    .hint_by_http(format!(
        "to extend it, DELETE /v1/approvals/{id}, and send this again"
    ))
}

/// Takes an approval out of a configuration, with its comments, and returns what it said and its id. `check` says of the
/// configuration without it whether it may be written. Of several that say the same in every word, none is left.
///
/// # Errors
///
/// A usage error if the configuration has faults, or the approval is no table of its own. There may be no approval with this id. A conflict if
/// it is the id of several that differ, or the configuration was changed meanwhile. Fails if the configuration cannot be written.
pub fn take_back_approval(
    file: &ConfigFile,
    id: &str,
    check: &dyn Fn(Config) -> Result<()>,
) -> Result<(String, String)> {
    let config = file.config()?;
    let ids = config.approval_ids();
    let id = id.to_ascii_lowercase();
    let is_meant = |at: &usize| ids[*at] == id || config.approvals[*at].long_id() == id;
    let meant: Vec<usize> = (0..ids.len()).filter(is_meant).collect();
    let Some(&first) = meant.first() else {
        return Err(none_such(&config, &ids, &id, file.name()));
    };
    let mut text = file.text().to_owned();
    // From the end, so that those before stay where they are.
    for &at in meant.iter().rev() {
        text = without_approval(&text, file.name(), at)?;
    }
    check(Config::parse(&text, file.name())?)?;
    file.replace(&text)?;
    Ok((id, config.approvals[first].to_string()))
}

/// Returns why there is no approval of this id.
fn none_such(config: &Config, ids: &[String], id: &str, name: &str) -> Error {
    let of_several = config.approvals.iter().zip(ids);
    let several: BTreeSet<&str> = of_several
        .filter(|(approval, _)| approval.id() == id)
        .map(|(_, long)| &**long)
        .collect();
    if !several.is_empty() {
        let several: Vec<&str> = several.into_iter().collect();
        let what = format!("`{id}` are {} approvals that cover the same", several.len());
        return Error::conflict(what).hint(format!("name one of {}", several.join(", ")));
    }
    let error = Error::missing(format!(
        "there is no approval `{}` in `{name}`",
        id.escape_default()
    ));
    error.hint(match ids {
        [] => "it has no approvals".to_owned(),
        ids => format!("its approvals are {}", ids.join(", ")),
    })
}
