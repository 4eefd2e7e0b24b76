//! Approvals that are listed, given and taken back.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::config::{Config, ConfigFile, Criteria, Draft, OWNER_CHARS_MAX, REASON_CHARS_MAX};
use crate::engine::Setup;
use crate::error::{self, Error, Kind};
use crate::inquiry::{ApprovalRequest, take_back_approval};
use crate::report::approvals;
use crate::service::answers::decided;
use crate::service::call::{Answer, Call, json};
use crate::service::documents::TakenBack;
use crate::service::problem::Problem;
use crate::service::state::Service;
use crate::service::training;

/// How long an answer waits at most for the configuration to be taken over, and how often it looks.
const HOLDS_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Answers with approvals.
pub async fn list(call: Call) -> Answer {
    let found = call.work(move |service| {
        let setup = service.setup_now()?;
        Ok(service.inquiry.approvals(&setup)?)
    });
    json(StatusCode::OK, &approvals::document(&found.await?))
}

/// An approval that is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApprovalWanted {
    /// The alert or the incident that what it covers is taken from, where it is not given: an id, or at least its first 6 characters.
    from: Option<String>,
    /// Its criteria, by the keys that `[[approval]]` of the configuration has.
    #[serde(default)]
    criteria: BTreeMap<String, Patterns>,
    /// The analytics that it is for; all if neither these nor `from` are given.
    #[serde(default)]
    analytics: Option<Patterns>,
    /// Who answers for it, on one line. It is needed where something is written.
    #[serde(default)]
    #[schemars(length(max = OWNER_CHARS_MAX))]
    owner: Option<String>,
    /// Why it is given, on one line. It is needed where something is written.
    #[serde(default)]
    #[schemars(length(max = REASON_CHARS_MAX))]
    reason: Option<String>,
    /// The last UTC day on which it holds, as in `2027-01-31`. It is needed where something is written.
    #[serde(default)]
    expires: Option<String>,
    /// Whether it is only said what it would have hidden, and nothing is written.
    #[serde(default)]
    dry_run: bool,
}

/// One pattern, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a text or an array of texts")]
enum Patterns {
    One(String),
    Several(Vec<String>),
}

impl Patterns {
    fn into_texts(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        }
    }
}

impl ApprovalWanted {
    fn request(self) -> Result<ApprovalRequest, Problem> {
        let mut criteria = Vec::new();
        for (name, patterns) in self.criteria {
            let Some(key) = Criteria::KEYS.into_iter().find(|key| *key == name) else {
                let detail = format!("`{}` is no criterion", name.escape_default());
                let known = Criteria::KEYS.join(", ");
                return Err(Problem::new(StatusCode::BAD_REQUEST, detail)
                    .hint(format!("the criteria are {known}")));
            };
            criteria.push((key, patterns.into_texts()));
        }
        let needed = [
            ("owner", &self.owner),
            ("reason", &self.reason),
            ("expires", &self.expires),
        ];
        let missing = needed.iter().filter(|(_, given)| given.is_none());
        let missing: Vec<String> = missing.map(|(name, _)| format!("`{name}`")).collect();
        if !missing.is_empty() && !self.dry_run {
            let detail = format!("an approval that is written needs {}", missing.join(", "));
            return Err(Problem::new(StatusCode::BAD_REQUEST, detail)
                .hint("with `dry_run` it is only said what it would have hidden, which needs none of them"));
        }
        Ok(ApprovalRequest {
            draft: Draft {
                comments: Vec::new(),
                criteria,
                analytics: self.analytics.map_or_else(Vec::new, Patterns::into_texts),
                owner: self.owner.unwrap_or_default(),
                reason: self.reason.unwrap_or_default(),
                expires: self.expires.unwrap_or_default(),
            },
            from: self.from,
            is_dry_run: self.dry_run,
        })
    }
}

/// Writes an approval into the configuration, from where it is taken over at once; or only says what it would hide.
pub async fn add(mut call: Call) -> Answer {
    let request = call.document::<ApprovalWanted>().await?.request()?;
    let is_dry_run = request.is_dry_run;
    // For as long as it is computed what it hides, nothing is held that others wait for.
    let weighed = call.simulation(move |service| {
        let (file, before) = configuration(service)?;
        let inquiry = &service.inquiry;
        Ok(inquiry.weigh_approval(&file, &before, request, &setup_of(service))?)
    });
    let weighed = weighed.await?;
    let (new, left) = match is_dry_run {
        true => (weighed, None),
        false => {
            let written = call.configuring(move |service| {
                let (file, before) = configuration(service)?;
                let new = weighed.write(&file, &before, &setup_of(service))?;
                Ok((new, take_over(service)))
            });
            written.await?
        }
    };
    wait_until_it_holds(&call.service, left).await;
    let what = json!({"id": new.id, "written": new.is_written, "approval": new.draft.to_string()});
    let status = match new.is_written {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    decided(what, json(status, &new.document()))
}

/// Takes an approval out of the configuration.
pub async fn remove(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let removed = call.configuring(move |service| {
        let (file, _) = configuration(service)?;
        let check = |config| setup_of(service)(config).map(|_| ());
        // What is not there is so whether anything was learnt or not.
        Ok(take_back_approval(&file, &id, &check).map(|removed| (removed, take_over(service))))
    });
    let ((id, removed), left) = removed.await??;
    wait_until_it_holds(&call.service, left).await;
    let taken = TakenBack { id, removed };
    decided(json!(taken), json(StatusCode::OK, &taken))
}

/// Returns what puts a configuration together with what is beside it, if it can be judged by.
fn setup_of(service: &Service) -> impl Fn(Config) -> error::Result<Setup> {
    |config| service.checked(service.host.setup_of(config)?)
}

/// Returns the file of the configuration, and what it says now.
///
/// # Errors
///
/// A conflict if it has faults or cannot be read, of which who asks knows nothing.
fn configuration(service: &Service) -> Result<(ConfigFile, Setup), Problem> {
    let read = || {
        let file = service.host.config_file()?;
        let setup = setup_of(service)(file.config()?)?;
        Ok((file, setup))
    };
    read().map_err(|error: Error| {
        let is_of_file = error.kind() == Kind::Usage;
        let problem = Problem::from(error.hint(
            "nothing was written: the configuration of the service must be there and without faults; then send this again",
        ));
        Problem {
            status: if is_of_file { StatusCode::CONFLICT } else { problem.status },
            ..problem
        }
    })
}

/// Has the configuration taken over; returns the number of the run that the follower leaves for that.
fn take_over(service: &Service) -> Option<u64> {
    match service.host.is_changed() {
        true => training::take_over_configuration(service),
        // It was seen already by who looks at it every second.
        false => Some(service.reload()),
    }
}

/// Waits until what is handed over from now on is judged by the configuration as it was when this run was left, or for some seconds.
async fn wait_until_it_holds(service: &Service, left: Option<u64>) {
    // Of a store of which nothing was learnt, nothing is judged.
    let Some(left) = left.filter(|left| *left > 0) else {
        return;
    };
    let until = service.host.since_start() + HOLDS_WITHIN;
    while service.status().run <= left && !service.is_ending() && service.host.since_start() < until
    {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
