//! The reasons of an alert as an anomaly analysis: what was observed of whom, and what was expected.

use serde_json::{Value, json};

use crate::alert::{Alert, Reason};
use crate::report::ocsf::common::without_null;

/// Returns the analysis; `None` of an alert that rests on declared acts alone, of which nothing was expected.
pub(super) fn analysis(alert: &Alert) -> Option<Value> {
    let (anomalies, baselines) = (anomalies(alert), baselines(alert));
    (!anomalies.is_empty()).then(|| {
        without_null(json!({
            "analysis_targets": [{"name": alert.entity.id, "type": alert.entity.kind}],
            "anomalies": anomalies,
            "baselines": (!baselines.is_empty()).then_some(baselines),
        }))
    })
}

/// Returns what was observed, reason by reason.
fn anomalies(alert: &Alert) -> Vec<Value> {
    let observed = |parameter: &str, kind: &str, pattern: &str, value: String| {
        json!({
            "observation_parameter": parameter, "observation_type": kind, "observed_pattern": pattern,
            "observations": [{"value": value, "count": 1}],
        })
    };
    alert
        .reasons
        .iter()
        .filter_map(|reason| match reason {
            Reason::Volume(a) | Reason::Newcomer(a) => {
                let parameter = format!("{} in {}", a.metric, a.window);
                Some(observed(
                    &parameter,
                    "Volume Analysis",
                    "SURGE",
                    a.observed.to_string(),
                ))
            }
            Reason::Novelty { r#trait, value, .. } => Some(observed(
                r#trait,
                "Frequency Analysis",
                "UNSEEN",
                value.clone(),
            )),
            Reason::Sequence { steps } => {
                let steps: Vec<&str> = steps.iter().map(|s| s.step.as_str()).collect();
                Some(observed(
                    "steps",
                    "Sequence Analysis",
                    "IN_ORDER",
                    steps.join(" > "),
                ))
            }
            Reason::Burst {
                burst,
                window,
                observed: n,
                ..
            } => {
                let parameter = format!("{burst} at once within {window}");
                Some(observed(
                    &parameter,
                    "Volume Analysis",
                    "BURST",
                    n.to_string(),
                ))
            }
            Reason::Grant {
                accounts, buckets, ..
            } => {
                let value = format!("{} to {}", buckets.join(", "), accounts.join(", "));
                Some(observed("shares", "Relationship Analysis", "SHARED", value))
            }
            Reason::Declared { .. } => None,
        })
        .collect()
}

/// Returns what was expected instead, as far as that was an amount.
fn baselines(alert: &Alert) -> Vec<Value> {
    let expected = |reason: &Reason| match reason {
        Reason::Volume(a) | Reason::Newcomer(a) => Some(json!({
            "observation_parameter": format!("{} in {}", a.metric, a.window),
            "observation_type": "Volume Analysis",
            "observed_pattern": "NORMAL_VOLUME",
            "observations": [{"value": format!("p50 {}", a.p50)}, {"value": format!("p99 {}", a.p99)}],
        })),
        Reason::Burst {
            burst,
            window,
            required,
            ..
        } => Some(json!({
            "observation_parameter": format!("{burst} at once within {window}"),
            "observation_type": "Volume Analysis",
            "observed_pattern": "NO_BURST",
            "observations": [{"value": format!("below {required}")}],
        })),
        _ => None,
    };
    alert.reasons.iter().filter_map(expected).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::text::tests::{burst, sample};

    #[test]
    fn a_burst_is_an_anomaly_beside_what_is_asked_of_one() {
        let mut alert = sample();
        alert.reasons = vec![burst("posture_buckets", 16)];
        let analysis = analysis(&alert).unwrap();
        let parameter = "posture_buckets at once within 10s";
        for (part, pattern, value) in [
            ("anomalies", "BURST", "16"),
            ("baselines", "NO_BURST", "below 16"),
        ] {
            let found = &analysis[part][0];
            assert_eq!(found["observation_parameter"], parameter);
            assert_eq!(found["observed_pattern"], pattern);
            assert_eq!(found["observations"][0]["value"], value);
        }
    }
}
