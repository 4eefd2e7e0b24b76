//! Approvals that are listed, given and taken back.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::config::{Criteria, Draft};
use crate::inquiry::{ApprovalRequest, take_back_approval};
use crate::report::approvals;
use crate::service::answers::decided;
use crate::service::call::{Answer, Call, json};
use crate::service::documents::TakenBack;
use crate::service::lock::locked;
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
    analytics: Option<Vec<String>>,
    /// Who answers for it.
    owner: String,
    /// Why it is given.
    reason: String,
    /// The last UTC day on which it holds, as in `2027-01-31`.
    expires: String,
    /// Whether it is only said what it would have hidden, and nothing is written.
    #[serde(default)]
    dry_run: bool,
}

/// One pattern, or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Patterns {
    One(String),
    Several(Vec<String>),
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
            criteria.push(match patterns {
                Patterns::One(pattern) => (key, vec![pattern]),
                Patterns::Several(patterns) => (key, patterns),
            });
        }
        Ok(ApprovalRequest {
            draft: Draft {
                comments: Vec::new(),
                criteria,
                analytics: self.analytics.unwrap_or_default(),
                owner: self.owner,
                reason: self.reason,
                expires: self.expires,
            },
            from: self.from,
            is_dry_run: self.dry_run,
        })
    }
}

/// Writes an approval into the configuration, from where it is taken over at once; or only says what it would hide.
pub async fn add(mut call: Call) -> Answer {
    let request = call.document::<ApprovalWanted>().await?.request()?;
    let written = call.work(move |service| {
        let _one_at_a_time = locked(&service.configuring);
        let file = service.host.config_file()?;
        let setup_of = |config| service.host.setup_of(config);
        let runs = locked(&service.status).runs;
        let new = service.inquiry.approve(&file, request, &setup_of)?;
        if new.is_written {
            wait_until_it_holds(service, runs);
        }
        Ok(new)
    });
    let new = written.await?;
    let what = json!({"id": new.id, "written": new.is_written, "approval": new.draft.to_string()});
    let status = match new.is_written {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    decided(what, json(status, &new.document()))
}

/// Has the configuration taken over at once, and waits until what is handed over from now on is judged by it: for a follower that has begun
/// more often than these `runs`, or for some seconds.
fn wait_until_it_holds(service: &Service, runs: u64) {
    if service.host.is_changed() {
        training::take_over_configuration(service);
    }
    let until = service.host.since_start() + HOLDS_WITHIN;
    loop {
        let status = service.status();
        let is_taken_over = status.runs > runs || !status.is_scoring && runs == 0;
        if is_taken_over || service.is_ending() || service.host.since_start() >= until {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Takes an approval out of the configuration.
pub async fn remove(call: Call) -> Answer {
    let id = call.part("id").to_owned();
    let removed = call.work(move |service| {
        let _one_at_a_time = locked(&service.configuring);
        let runs = locked(&service.status).runs;
        let removed = take_back_approval(&service.host.config_file()?, &id);
        if removed.is_ok() {
            wait_until_it_holds(service, runs);
        }
        // What is not there is so whether anything was learnt or not.
        Ok(removed)
    });
    let (id, removed) = removed.await??;
    let taken = TakenBack { id, removed };
    decided(json!(taken), json(StatusCode::OK, &taken))
}
