//! Trails that fell silent, while others of their provider go on.

use schemars::JsonSchema;
use serde::Serialize;

use crate::baseline::SilentTrail;
use crate::report::number::{duration, noun};

/// Trails that are named, at most: one line more says how many there would be.
const NAMED_MAX: usize = 5;

/// A trail that fell silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SilentDocument {
    /// The log.
    pub source: &'static str,
    /// The provider.
    pub provider: &'static str,
    /// The account, subscription, project or tenant, empty for records that state none; null if all accounts of the log are silent.
    pub account: Option<String>,
    /// The region, empty for records that state none; null if all regions of the account are silent.
    pub region: Option<String>,
    /// Its last record.
    pub since: String,
    /// Seconds from then to the newest record of the provider.
    pub silent_secs: i64,
    /// The longest pause that it made before, in seconds.
    pub longest_pause_secs: i64,
}

/// Returns the documents of trails.
pub fn documents(trails: &[SilentTrail]) -> Vec<SilentDocument> {
    let document = |trail: &SilentTrail| SilentDocument {
        source: trail.source.as_str(),
        provider: trail.provider.as_str(),
        account: trail.account.as_ref().map(ToString::to_string),
        region: trail.region.as_ref().map(ToString::to_string),
        since: trail.since.to_string(),
        silent_secs: trail.until.secs_since(trail.since),
        longest_pause_secs: trail.longest_pause_secs,
    };
    trails.iter().map(document).collect()
}

/// A trail that is retired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RetiredDocument {
    /// Which, since when it is silent.
    #[serde(flatten)]
    pub trail: SilentDocument,
    /// The approval that says so.
    pub approved_by: String,
}

/// Returns the documents of trails that approvals say are retired.
pub fn retired<A: ToString>(trails: &[(SilentTrail, A)]) -> Vec<RetiredDocument> {
    let document = |(trail, approval): &(SilentTrail, A)| {
        let trail = documents(std::slice::from_ref(trail)).into_iter().next()?;
        Some(RetiredDocument {
            trail,
            approved_by: approval.to_string(),
        })
    };
    trails.iter().filter_map(document).collect()
}

/// Says since when each of some trails is silent, and why that is right. There are as many as a configuration names, or their parts.
pub fn retired_lines(trails: &[RetiredDocument]) -> Vec<String> {
    let sentence = |retired: &RetiredDocument| {
        format!(
            "{}: no record since {}; {}",
            name(&retired.trail),
            retired.trail.since,
            retired.approved_by
        )
    };
    trails.iter().map(sentence).collect()
}

/// Names a trail.
fn name(trail: &SilentDocument) -> String {
    let mut name = trail.source.to_owned();
    if !trail.source.starts_with(trail.provider) {
        name += &format!(" of {}", trail.provider);
    }
    match trail.account.as_deref() {
        None => {}
        Some("") => name += " without an account",
        Some(account) => name += &format!(" of account {account}"),
    }
    match trail.region.as_deref() {
        None => {}
        Some("") => name += " without a region",
        Some(region) => name += &format!(" in {region}"),
    }
    name
}

/// Says since when each of the first trails is silent.
pub fn lines(trails: &[SilentDocument]) -> Vec<String> {
    let shown = match trails.len() > NAMED_MAX {
        true => NAMED_MAX - 1,
        false => trails.len(),
    };
    let sentence = |trail: &SilentDocument| {
        let silent = duration(trail.silent_secs);
        let pause = match trail.longest_pause_secs {
            0 => "it never paused before".to_owned(),
            secs => format!("its longest pause before was {}", duration(secs)),
        };
        format!(
            "{}: no record since {}, for {silent}; {pause}",
            name(trail),
            trail.since
        )
    };
    let mut lines: Vec<String> = trails.iter().take(shown).map(sentence).collect();
    if shown < trails.len() {
        let more = noun((trails.len() - shown) as u64, "trail", "trails");
        lines.push(format!("{more} more: `plimsoll coverage --format json`"));
    }
    lines
}

/// Says of the first trails what is missing, in a few words for each.
pub(super) fn reasons(trails: &[SilentTrail]) -> Vec<String> {
    let documents = documents(trails);
    let shown = documents.iter().take(NAMED_MAX);
    let reason =
        |trail: &SilentDocument| format!("{}: no record since {}", name(trail), trail.since);
    let mut reasons: Vec<String> = shown.map(reason).collect();
    if documents.len() > NAMED_MAX {
        reasons.push(format!("{} more such trails", documents.len() - NAMED_MAX));
    }
    reasons
}
