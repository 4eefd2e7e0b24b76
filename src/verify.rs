//! An alert's score, computed again from what the alert carries, without a store.
//!
//! Two things are checked. The *digest* shows whether a digit anywhere was changed. The *recomputation* shows whether the
//! numbers follow from one another: each reason from its basis, the statistic from the reasons, rank, surprise and score
//! from the statistic and what was read off the stored distributions, the severity from score and threshold, the id from
//! analytic, entity and day. Whether the bases are those of the store, and whether the events happened, can only be checked
//! with the store and the logs.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::alert::{Alert, Amount, AmountBasis, Reason, SOURCE_BACK};
use crate::evidence::{self, ScoreEvidence, alert_id, round, significant};
use crate::stats::constants::HAZARD_PRIOR_DAYS;
use crate::stats::{self, Severity};

/// How far, relatively, a recomputed number may lie off: logarithms differ in their last digit from machine to machine.
const TOLERANCE: f64 = 1e-12;

/// A field that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The field, as in `reasons[0].surprise`.
    pub field: String,
    /// What the document says.
    pub stored: String,
    /// What follows from the rest of it.
    pub recomputed: String,
}

/// The result for one document.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The alert, if the text is one.
    pub alert: Option<Alert>,
    /// The schema of the text if it is an alert in another schema than ours, which has no numbers to compute from.
    pub foreign: Option<&'static str>,
    /// Fields that differ; empty if the document is as it was written.
    pub differences: Vec<Difference>,
}

/// Most documents of a text that may be cut off at its end. Each of them is read to that end; after so many, the rest of the
/// text counts as one document.
const CUT_DOCUMENTS_MAX: usize = 32;

/// Returns the documents of a text: one, several after each other, or a list of them. What is no JSON is returned as it
/// is, up to the next line that begins a document.
pub fn documents(text: &str) -> Vec<&str> {
    let text = text.trim_start_matches('\u{feff}');
    if let Ok(list) = serde_json::from_str::<Vec<&RawValue>>(text) {
        return list.into_iter().map(RawValue::get).collect();
    }
    let (mut found, mut n_cut) = (Vec::new(), 0);
    let mut rest = text.trim();
    while !rest.is_empty() {
        let mut stream = serde_json::Deserializer::from_str(rest).into_iter::<&RawValue>();
        let end = match stream.next() {
            Some(Ok(document)) => {
                found.push(document.get());
                stream.byte_offset()
            }
            Some(Err(error))
                if error.is_eof() && {
                    n_cut += 1;
                    n_cut > CUT_DOCUMENTS_MAX
                } =>
            {
                found.push(rest);
                rest.len()
            }
            _ => {
                let end = rest.find("\n{").unwrap_or(rest.len());
                found.push(&rest[..end]);
                end
            }
        };
        rest = rest[end..].trim_start();
    }
    found
}

/// Verifies one document.
pub fn verify(text: &str) -> Verified {
    let mut check = Check::default();
    let alert: Alert = match serde_json::from_str(text) {
        Ok(alert) => alert,
        Err(error) => {
            check.differs("document", error, "an alert document");
            return Verified {
                alert: None,
                foreign: foreign(text),
                differences: check.differences,
            };
        }
    };
    check.digest(text, &alert);
    check.alert(&alert);
    Verified {
        alert: Some(alert),
        foreign: None,
        differences: check.differences,
    }
}

/// Returns the name of the schema that a document is written by, if it is one of those that alerts can be exported in.
fn foreign(text: &str) -> Option<&'static str> {
    let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(text).ok()?;
    let has = |field: &str| fields.contains_key(field);
    if has("alert_id") {
        None
    } else if has("class_uid") {
        Some("OCSF")
    } else if has("ecs") || has("@timestamp") {
        Some("ECS")
    } else {
        None
    }
}

#[derive(Default)]
struct Check {
    differences: Vec<Difference>,
}

impl Check {
    fn differs(
        &mut self,
        field: impl Into<String>,
        stored: impl ToString,
        recomputed: impl ToString,
    ) {
        self.differences.push(Difference {
            field: field.into(),
            stored: stored.to_string(),
            recomputed: recomputed.to_string(),
        });
    }

    fn same<T: PartialEq + ToString>(&mut self, field: impl Into<String>, stored: T, want: T) {
        if stored != want {
            self.differs(field, stored, want);
        }
    }

    /// Demands a number that was rounded when it was written.
    fn rounded(
        &mut self,
        field: impl Into<String>,
        stored: f64,
        exact: f64,
        rounding: impl Fn(f64) -> f64,
    ) {
        let is_same = [1.0 - TOLERANCE, 1.0, 1.0 + TOLERANCE]
            .iter()
            .any(|near| rounding(exact * near) == stored);
        if !is_same {
            self.differs(field, stored, rounding(exact));
        }
    }

    /// Demands a number that was written in full.
    fn exact(&mut self, field: impl Into<String>, stored: f64, exact: f64) {
        let is_same = (stored - exact).abs() <= 1e3 * TOLERANCE * exact.abs().max(1.0);
        if !is_same {
            self.differs(field, stored, exact);
        }
    }

    fn digest(&mut self, text: &str, alert: &Alert) {
        let now = serde_json::to_value(alert)
            .ok()
            .and_then(|known| evidence::digest(text, &known))
            .unwrap_or_default();
        match &alert.digest {
            Some(stored) => self.same("digest", stored.as_str(), now.as_str()),
            None => self.differs("digest", "none", now),
        }
    }

    fn alert(&mut self, alert: &Alert) {
        let Some(judgement) = &alert.evidence else {
            self.differs("evidence", "none", "what the alert was judged against");
            return;
        };
        let mut surprises = Vec::new();
        for (at, reason) in alert.reasons.iter().enumerate() {
            surprises.extend(self.reason(&format!("reasons[{at}]"), reason, &alert.entity.id));
        }
        let statistic = stats::arm::statistic(judgement.factor, surprises);
        self.judgement(alert, judgement, statistic);
        let entity = (alert.entity.kind.as_str(), alert.entity.id.as_str());
        let (what, start) = match &alert.silence {
            Some(silence) if silence.back.is_some() => (SOURCE_BACK, silence.since),
            Some(silence) => (&*alert.analytic, silence.since),
            None => (&*alert.analytic, alert.time.day().start()),
        };
        let id = alert_id(what, entity, &start.to_string());
        self.same("alert_id", alert.alert_id.as_str(), id.as_str());
    }

    fn judgement(&mut self, alert: &Alert, judgement: &ScoreEvidence, statistic: f64) {
        self.exact("evidence.statistic", judgement.statistic, statistic);
        self.rounded("statistic", alert.statistic, statistic, |x| round(x, 4));
        let rank = judgement.rank_of(statistic);
        self.exact("evidence.rank", judgement.rank, rank);
        let surprise = judgement.surprise_of(statistic, rank, alert.provisional);
        self.exact("evidence.surprise", judgement.surprise, surprise);
        self.rounded("surprise", alert.surprise, surprise, |x| round(x, 4));
        let score = stats::rank::score(surprise);
        let threshold = stats::rank::score(judgement.threshold);
        self.rounded("score", alert.score, score, |x| round(x, 2));
        self.rounded("threshold", alert.threshold, threshold, |x| round(x, 2));
        let severity = Severity::of(score, threshold, judgement.sensitive, false);
        let severity = severity.min(judgement.severity_max.unwrap_or(severity));
        self.same("severity", alert.severity, severity);
    }

    /// Checks one reason; returns its part of the statistic, `None` if it has none.
    fn reason(&mut self, field: &str, reason: &Reason, entity: &str) -> Option<f64> {
        match reason {
            Reason::Volume(amount) => Some(self.volume(field, amount, entity)),
            Reason::Newcomer(amount) => Some(self.newcomer(field, amount)),
            Reason::Novelty {
                of,
                support,
                p_value,
                surprise,
                judged_against,
                basis,
                ..
            } => {
                let Some(basis) = basis else {
                    return Some(self.no_basis(field, *surprise));
                };
                let exact = basis.surprise(*of, *support);
                self.surprise(field, *surprise, exact);
                self.rounded(
                    format!("{field}.p_value"),
                    *p_value,
                    (-exact).exp(),
                    significant,
                );
                let days = f64::from(*of);
                self.same(
                    format!("{field}.judged_against.windows"),
                    judged_against.windows,
                    days,
                );
                let is_own = days >= HAZARD_PRIOR_DAYS;
                self.whose(field, &judged_against.id, entity, is_own);
                Some(exact)
            }
            Reason::Grant {
                acts,
                surprise,
                basis,
                ..
            } => {
                let Some(basis) = basis else {
                    return Some(self.no_basis(field, *surprise));
                };
                let exact = basis.surprise(*acts);
                self.surprise(field, *surprise, exact);
                Some(exact)
            }
            Reason::Burst {
                observed,
                required,
                surprise,
                ..
            } => {
                let weight = if observed >= required { *surprise } else { 0.0 };
                self.same(format!("{field}.surprise"), *surprise, weight);
                Some(weight)
            }
            Reason::Declared { surprise, .. } => Some(*surprise),
            Reason::Sequence { .. } => None,
        }
    }

    fn volume(&mut self, field: &str, amount: &Amount, entity: &str) -> f64 {
        let Some(AmountBasis::Volume(basis)) = &amount.basis else {
            return self.no_basis(field, amount.surprise);
        };
        let predictive = basis.predictive();
        let observed = amount.observed as f64;
        let exact = basis.surprise(amount.observed);
        let one = |x| round(x, 1);
        self.surprise(field, amount.surprise, exact);
        self.rounded(
            format!("{field}.p50"),
            amount.p50,
            predictive.quantile(0.5),
            one,
        );
        self.rounded(
            format!("{field}.p99"),
            amount.p99,
            predictive.quantile(0.99),
            one,
        );
        let p_value = predictive.p_value(observed);
        self.rounded(
            format!("{field}.p_value"),
            amount.p_value,
            p_value,
            significant,
        );
        let windows = format!("{field}.judged_against.windows");
        self.rounded(windows, amount.judged_against.windows, basis.own.n, one);
        let is_own = predictive.own_weight() >= 0.5;
        self.whose(field, &amount.judged_against.id, entity, is_own);
        exact
    }

    fn newcomer(&mut self, field: &str, amount: &Amount) -> f64 {
        let Some(AmountBasis::Hours(basis)) = &amount.basis else {
            return self.no_basis(field, amount.surprise);
        };
        let exact = basis.surprise();
        self.surprise(field, amount.surprise, exact);
        self.same(
            format!("{field}.p50"),
            amount.p50,
            basis.quantiles[0] as f64,
        );
        self.same(
            format!("{field}.p99"),
            amount.p99,
            basis.quantiles[3] as f64,
        );
        self.rounded(
            format!("{field}.p_value"),
            amount.p_value,
            (-exact).exp(),
            significant,
        );
        let windows = format!("{field}.judged_against.windows");
        self.same(windows, amount.judged_against.windows, basis.total as f64);
        exact
    }

    fn surprise(&mut self, field: &str, stored: f64, exact: f64) {
        self.rounded(format!("{field}.surprise"), stored, exact, |x| round(x, 3));
    }

    fn whose(&mut self, field: &str, id: &str, entity: &str, is_own: bool) {
        if (id == entity) != is_own {
            let want = if is_own {
                "its own history"
            } else {
                "its peers"
            };
            self.differs(format!("{field}.judged_against.id"), id, want);
        }
    }

    fn no_basis(&mut self, field: &str, surprise: f64) -> f64 {
        self.differs(format!("{field}.basis"), "none", "what it was judged by");
        surprise
    }
}
