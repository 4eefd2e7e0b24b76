//! The stages of an attack that alerts tell of.
//!
//! They are derived from what an alert itself shows (which amounts, which acts), and only where it shows none from the first technique
//! of its analytic, so that analytics which users write have stages as well.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, Amount, Reason};
use crate::time::DAY_SECS;
use crate::vocab::Metric;

/// Part of a statistic from which an amount counts as what an alert tells, although it is below its 99th percentile.
const SHARE_TOLD: f64 = 0.2;
/// Days after its creation during which an identity is new.
pub(super) const NEW_DAYS: i64 = 10;

/// A stage of an attack: a tactic of ATT&CK, by what it means for stored data.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// A log or a detector was switched off, or work was done where nobody looks.
    DefenseEvasion,
    /// Credentials were guessed or stolen.
    CredentialAccess,
    /// An identity was created.
    NewIdentity,
    /// Access was made to last: grants, keys, roles.
    Persistence,
    /// Storage, directories or accounts were looked through.
    Enumeration,
    /// Objects were read.
    Access,
    /// Data went out, or was shared with the outside.
    Egress,
    /// Data was destroyed.
    Impact,
}

impl Stage {
    /// Returns the word as documents have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DefenseEvasion => "defense_evasion",
            Self::CredentialAccess => "credential_access",
            Self::NewIdentity => "new_identity",
            Self::Persistence => "persistence",
            Self::Enumeration => "enumeration",
            Self::Access => "access",
            Self::Egress => "egress",
            Self::Impact => "impact",
        }
    }

    /// Returns the id and the name of the tactic of ATT&CK that it is.
    pub fn tactic(self) -> (&'static str, &'static str) {
        match self {
            Self::DefenseEvasion => ("TA0005", "Defense Evasion"),
            Self::CredentialAccess => ("TA0006", "Credential Access"),
            Self::NewIdentity | Self::Persistence => ("TA0003", "Persistence"),
            Self::Enumeration => ("TA0007", "Discovery"),
            Self::Access => ("TA0009", "Collection"),
            Self::Egress => ("TA0010", "Exfiltration"),
            Self::Impact => ("TA0040", "Impact"),
        }
    }

    /// Returns the stage of a technique of ATT&CK, by its first tactic for cloud platforms; `None` of one that has no stage here.
    fn of_technique(technique: &str) -> Option<Self> {
        let id = technique.split('.').next().unwrap_or_default();
        Some(match id {
            "T1087" | "T1069" | "T1526" | "T1538" | "T1580" | "T1613" | "T1619" | "T1046"
            | "T1082" | "T1083" | "T1018" | "T1135" | "T1518" | "T1614" => Self::Enumeration,
            "T1530" | "T1213" | "T1005" | "T1039" | "T1074" | "T1114" | "T1119" | "T1560" => {
                Self::Access
            }
            "T1537" | "T1567" | "T1048" | "T1041" | "T1020" | "T1029" | "T1030" | "T1011" => {
                Self::Egress
            }
            "T1485" | "T1486" | "T1490" | "T1491" | "T1489" | "T1496" | "T1498" | "T1499"
            | "T1529" | "T1531" | "T1561" | "T1565" | "T1657" => Self::Impact,
            "T1562" | "T1535" | "T1578" | "T1070" | "T1484" | "T1550" | "T1553" | "T1556" => {
                Self::DefenseEvasion
            }
            "T1136" => Self::NewIdentity,
            "T1098" | "T1078" | "T1525" | "T1546" | "T1505" => Self::Persistence,
            "T1110" | "T1528" | "T1539" | "T1552" | "T1555" | "T1606" | "T1621" | "T1649" => {
                Self::CredentialAccess
            }
            _ => return None,
        })
    }
}

/// Returns the stages that an alert tells of, in order.
pub(super) fn stages_of(alert: &Alert) -> Vec<Stage> {
    let sum: f64 = alert.reasons.iter().map(Reason::surprise).sum();
    let mut stages: Vec<Stage> = alert
        .reasons
        .iter()
        .flat_map(|reason| of_reason(reason, sum))
        .collect();
    if !alert.blinded.is_empty() {
        stages.push(Stage::DefenseEvasion);
    }
    if stages.is_empty() {
        let mut techniques = alert.techniques.iter();
        stages.extend(techniques.find_map(|technique| Stage::of_technique(technique)));
    }
    let created = alert.entity.created.as_ref();
    let is_new = |at| {
        let age = alert.span().0.secs_since(at);
        age <= NEW_DAYS * i64::from(DAY_SECS)
    };
    if created.is_some_and(|created| is_new(created.time)) {
        stages.push(Stage::NewIdentity);
    }
    stages.sort();
    stages.dedup();
    stages
}

fn of_reason(reason: &Reason, sum: f64) -> Vec<Stage> {
    match reason {
        Reason::Volume(amount) | Reason::Newcomer(amount) if tells(amount, sum) => {
            Metric::parse(&amount.metric)
                .and_then(of_metric)
                .into_iter()
                .collect()
        }
        Reason::Grant { .. } => vec![Stage::Egress],
        Reason::Declared { accounts, .. } if !accounts.is_empty() => vec![Stage::Egress],
        Reason::Burst { burst, .. } if burst == "countries" => vec![Stage::CredentialAccess],
        Reason::Burst { .. } => vec![Stage::Enumeration],
        Reason::Sequence { steps } => {
            let stage = |step: &str| match step {
                "new_identity" => Some(Stage::NewIdentity),
                "access_spike" => Some(Stage::Access),
                "external_egress" => Some(Stage::Egress),
                _ => None,
            };
            steps.iter().filter_map(|step| stage(&step.step)).collect()
        }
        _ => Vec::new(),
    }
}

/// Returns whether an amount is a part of what an alert tells, rather than a small contribution beside it.
pub(super) fn tells(amount: &Amount, sum: f64) -> bool {
    amount.surprise > 0.0
        && (amount.observed as f64 > amount.p99 || amount.surprise >= SHARE_TOLD * sum)
}

/// Returns the stage that an amount belongs to. New regions, writes and machines are none by themselves.
pub(super) fn of_metric(metric: Metric) -> Option<Stage> {
    Some(match metric {
        Metric::ListCalls
        | Metric::ListBytes
        | Metric::BucketsListed
        | Metric::PrefixesListed
        | Metric::BucketsNew
        | Metric::PostureBuckets
        | Metric::DirectoryCalls
        | Metric::DirectoryFamilies
        | Metric::DeniedCalls => Stage::Enumeration,
        Metric::ReadCalls
        | Metric::ObjectsRead
        | Metric::BytesRead
        | Metric::SensitiveReadCalls
        | Metric::SensitiveBuckets
        | Metric::SensitiveExternalCalls
        | Metric::BucketsRead
        | Metric::BucketsReadNew
        | Metric::PrefixesRead
        | Metric::PrefixesReadNew
        | Metric::DataCalls
        | Metric::DataStoresRead
        | Metric::ExportCalls
        | Metric::StoresExported => Stage::Access,
        Metric::CopyCalls | Metric::EgressBytes | Metric::EgressDestinations => Stage::Egress,
        Metric::DeleteCalls
        | Metric::ObjectsDeleted
        | Metric::BucketsDeletedFrom
        | Metric::BucketsDeleted
        | Metric::ExpiryRules => Stage::Impact,
        Metric::SecretCalls | Metric::SecretsRead => Stage::CredentialAccess,
        Metric::BlindingCalls => Stage::DefenseEvasion,
        Metric::ScopeGrants => Stage::Persistence,
        Metric::WriteCalls | Metric::RegionsUsed | Metric::RegionsNew | Metric::MachinesStarted => {
            return None;
        }
    })
}
