//! Calls that stop, delete or narrow a log or a detector. Of many, only what they set shows it.

use crate::event::{Action, Blinding, Source};
use crate::sources::gcpaudit::record::Record;
use crate::sources::gcpaudit::settings::{ends_usage_logs, is_masked};
use crate::sources::interner::Interner;
use crate::sources::parts::loose;

/// What sinks and log buckets hold.
const LOGS: [Source; 2] = [Source::GcpAudit, Source::GcpVpcFlow];
/// A log bucket that keeps entries for fewer days than the usual one is narrowed.
const USUAL_DAYS: u64 = 30;

/// Reads what a call blinds; `None` if it blinds nothing. `by_name` is its class by its name alone.
pub fn blinding(
    r: &Record<'_>,
    service: &str,
    plain_name: &str,
    by_name: Action,
    interner: &mut Interner,
) -> Option<Blinding> {
    let method = plain_name.rsplit('.').next().unwrap_or(plain_name);
    let logs = match by_name {
        Action::BlindLog => always(r, service, method),
        _ => by_parameters(r, service, plain_name, method)?,
    };
    let target = r.resource_name.text();
    Some(Blinding {
        logs,
        target: target.map(|name| interner.untrusted(&name)),
    })
}

/// Returns the logs of a call that blinds whatever its parameters are.
fn always(r: &Record<'_>, service: &str, method: &str) -> Vec<Source> {
    match (service, method) {
        ("logging", "deletesink" | "deletebucket") => LOGS.to_vec(),
        ("logging", "deletelog") => {
            let name = loose::path(r.request, &["logName"]).text();
            logs_of_filter(&name.or_else(|| r.resource_name.text()).unwrap_or_default())
        }
        ("networkmanagement", _) => vec![Source::GcpVpcFlow],
        _ => Vec::new(),
    }
}

/// Returns the logs of a call that blinds by its parameters; `None` if it does not.
fn by_parameters(
    r: &Record<'_>,
    service: &str,
    plain_name: &str,
    method: &str,
) -> Option<Vec<Source>> {
    let of = |path: &[&str]| loose::path(r.request, path);
    let is_off = |path: &[&str]| of(path).truth() == Some(false);
    let is_on = |path: &[&str]| of(path).truth() == Some(true);
    let is_word = |path: &[&str], word: &str| {
        let text = of(path).text();
        text.is_some_and(|text| text.eq_ignore_ascii_case(word))
    };
    let (is_blinding, logs) = match (service, method) {
        ("logging", "updatesink") => {
            let excludes = of(&["sink", "exclusions"])
                .elements()
                .any(|exclusion| loose::path(exclusion, &["disabled"]).truth() != Some(true));
            // A changed destination is a new copy, whatever else changes with it.
            let narrows = |member: &str| is_masked(r, member) && !is_masked(r, "destination");
            let filters = of(&["sink", "filter"]).is_present() && narrows("filter");
            let is_blinding =
                is_on(&["sink", "disabled"]) || (excludes && narrows("exclusions")) || filters;
            (is_blinding, LOGS.to_vec())
        }
        ("logging", "createexclusion" | "updateexclusion") => {
            let filter = of(&["exclusion", "filter"]).text().unwrap_or_default();
            (!is_on(&["exclusion", "disabled"]), logs_of_filter(&filter))
        }
        ("logging", "updatebucket" | "updatebucketasync") => {
            let days = of(&["bucket", "retentionDays"]).amount();
            let is_short = days.is_some_and(|days| days > 0 && days < USUAL_DAYS);
            (is_short, LOGS.to_vec())
        }
        ("logging", "updatesettings") => {
            (is_on(&["settings", "disableDefaultSink"]), LOGS.to_vec())
        }
        ("networkmanagement", "updatevpcflowlogsconfig") => (
            is_word(&["vpcFlowLogsConfig", "state"], "DISABLED"),
            vec![Source::GcpVpcFlow],
        ),
        ("compute", _) if plain_name == "compute.subnetworks.patch" => {
            let sampling = of(&["logConfig", "flowSampling"]).text();
            let is_none = sampling.is_some_and(|n| n.parse::<f64>().is_ok_and(|n| n <= 0.0));
            let filter = of(&["logConfig", "filterExpr"]).text();
            let is_filtered = filter.is_some_and(|filter| !matches!(filter.trim(), "" | "true"));
            let is_blinding = is_off(&["enableFlowLogs"])
                || is_off(&["logConfig", "enable"])
                || is_none
                || is_filtered;
            (is_blinding, vec![Source::GcpVpcFlow])
        }
        ("storage", "update" | "patch") if plain_name.starts_with("storage.buckets.") => {
            (ends_usage_logs(r), vec![Source::GcpGcsUsage])
        }
        ("securitycentermanagement" | "securitycenter", _) if method.starts_with("update") => {
            let states = [
                "securityCenterService",
                "securityHealthAnalyticsCustomModule",
                "eventThreatDetectionCustomModule",
            ];
            let is_disabled = states.iter().any(|part| {
                is_word(&[part, "intendedEnablementState"], "DISABLED")
                    || is_word(&[part, "enablementState"], "DISABLED")
            });
            (is_disabled, Vec::new())
        }
        ("monitoring", "updatealertpolicy") => (is_off(&["alertPolicy", "enabled"]), Vec::new()),
        ("serviceusage", "disableservice") => {
            let name = of(&["name"]).text().or_else(|| r.resource_name.text())?;
            match name.rsplit('/').next()? {
                "logging.googleapis.com" => (true, LOGS.to_vec()),
                "monitoring.googleapis.com"
                | "securitycenter.googleapis.com"
                | "securitycentermanagement.googleapis.com" => (true, Vec::new()),
                _ => return None,
            }
        }
        (_, "setiampolicy") => (narrows_audit(r), vec![Source::GcpAudit]),
        _ => return None,
    };
    is_blinding.then_some(logs)
}

/// Returns whether a change of a policy removes a kind of audit log, or exempts somebody from it.
fn narrows_audit(r: &Record<'_>) -> bool {
    let deltas = loose::path(r.service_data, &["policyDelta", "auditConfigDeltas"]);
    deltas.elements().any(|delta| {
        let [action, exempted] = loose::pick(delta.members(), ["action", "exemptedMember"]);
        let what = if exempted.is_present() {
            "ADD"
        } else {
            "REMOVE"
        };
        action.text().is_some_and(|action| action == what)
    })
}

/// Returns which logs a filter or a log's name can mean.
fn logs_of_filter(filter: &str) -> Vec<Source> {
    let filter = filter.to_ascii_lowercase();
    let has = |marks: &[&str]| marks.iter().any(|mark| filter.contains(mark));
    let mut logs = Vec::new();
    if has(&["cloudaudit", "protopayload", "audited_resource"]) {
        logs.push(Source::GcpAudit);
    }
    if has(&["vpc_flows", "gce_subnetwork"]) {
        logs.push(Source::GcpVpcFlow);
    }
    // A filter that names no log is about all of them.
    if logs.is_empty() && !has(&["logname", "log_id", "resource.type", "/logs/"]) {
        logs.extend(LOGS);
    }
    logs
}
