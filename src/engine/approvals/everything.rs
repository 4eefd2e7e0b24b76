//! Approvals that leave nothing, or nearly nothing, out.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{Approval, Cover};
use crate::engine::approvals::archive::{ArchivedAlert, names_of_log};
use crate::engine::approvals::breadth::Breadth;

/// Identities from which it counts how many of them an approval covers, and the least part of them that is nearly all.
const IDENTITIES_MIN: u64 = 10;
const NEARLY_ALL: (u64, u64) = (9, 10);

/// That an approval hides all alerts that it could be for, or nearly all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MatchesAll {
    /// What it matches all of, as in `every identity`.
    pub what: Vec<String>,
    /// What an alert must have to be matched, as in `a bucket`; none of it if any will do.
    pub of_what_has: Vec<&'static str>,
    /// Whether some are left out.
    pub is_nearly: bool,
    /// The analytics that it is for; `null` for all.
    pub analytics: Option<Vec<String>>,
    /// The last day on which it holds; `null` if that is not given yet.
    pub until: Option<String>,
    /// Alerts that are kept and that it hid or would have hidden, and how many more it possibly would have.
    pub hidden: u64,
    /// See `hidden`.
    pub hidden_possibly: u64,
    /// Alerts that are kept and were told, or would have been without it.
    pub of: u64,
}

impl MatchesAll {
    /// Returns it if an approval leaves nothing out, or nearly nothing of the identities that are known. What it hides is not counted yet.
    pub(super) fn of(approval: &Approval, breadth: Option<&Breadth>) -> Option<Self> {
        let everything = approval.criteria.everything();
        let is_nearly = everything.is_none();
        let (what, of_what_has) = match everything {
            Some(all) => (all.what, all.of_what_has),
            None => (vec![nearly_all(approval, breadth?)?], Vec::new()),
        };
        let analytics = approval.analytics.as_ref();
        Some(Self {
            what,
            of_what_has,
            is_nearly,
            analytics: analytics.map(|ids| ids.iter().map(|id| id.text.to_string()).collect()),
            until: Some(approval.expires.to_string()),
            hidden: 0,
            hidden_possibly: 0,
            of: 0,
        })
    }

    /// Counts what an approval, which has hidden what is archived under its id, hides of all that is archived.
    pub(super) fn count(
        &mut self,
        approval: &Approval,
        archived: &BTreeMap<String, ArchivedAlert>,
    ) {
        let id = approval.id();
        for alert in archived.values() {
            let is_its = alert.approval.as_ref() == Some(&id);
            if alert.is_suppressed && !is_its {
                continue;
            }
            self.of += 1;
            match is_its && alert.is_suppressed {
                true => self.hidden += 1,
                false => match covers(approval, alert) {
                    Cover::Yes => self.hidden += 1,
                    Cover::Perhaps => self.hidden_possibly += 1,
                    Cover::No => {}
                },
            }
        }
    }
}

/// Returns how many of the known identities an approval covers that names nothing else, if that is nearly all of them.
fn nearly_all(approval: &Approval, breadth: &Breadth) -> Option<String> {
    let Breadth { identities, of } = *breadth;
    let (part, whole) = NEARLY_ALL;
    let is_wide = of >= IDENTITIES_MIN && identities * whole >= of * part;
    (is_wide && approval.criteria.are_by_who_alone())
        .then(|| format!("{identities} of the {of} identities that are known"))
}

/// Returns whether an approval may be one that leaves nearly nothing out, for which its breadth must be known.
pub(super) fn may_be_nearly_all(approval: &Approval) -> bool {
    let criteria = &approval.criteria;
    let mut who = criteria.identity.iter().chain(&criteria.role);
    criteria.everything().is_none()
        && criteria.are_by_who_alone()
        && who.any(|glob| glob.as_str().contains('*'))
}

fn covers(approval: &Approval, alert: &ArchivedAlert) -> Cover {
    let at = alert.time.day().start();
    match names_of_log(&alert.analytic, &alert.entity.id) {
        Some(names) if approval.is_for(&alert.analytic) && approval.covers_silence(&names, at) => {
            Cover::Yes
        }
        Some(_) => Cover::No,
        None => approval.may_cover(&alert.context, &alert.analytic, at),
    }
}
