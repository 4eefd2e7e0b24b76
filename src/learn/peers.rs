//! Groups of unlabelled identities, by their behaviour.
//!
//! Groups are formed anew every four calendar weeks and re-centred every week, when an identity changes its group if
//! another one is clearly nearer. In between, only new identities are put into a group. The memory reaches back to a
//! founding before which four full weeks are known. So the groups of a morning do not depend on when the memory began, nor
//! on how often training ran.

use std::collections::BTreeMap;

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use crate::baseline::{Chain, Group, MetricState, chain_of_identity};
use crate::event::Provider;
use crate::learn::partial::Key;
use crate::learn::state::{Cell, EntityState, Weights};
use crate::measure::{DayFacts, value_hash};
use crate::stats::constants::{GROUP_ROWS_MAX, GROUP_WINDOWS_MIN};
use crate::stats::peers::{Clustering, Previous, group};
use crate::time::{Day, Window};
use crate::vocab::{Entity, EntityKind, Metric, Str};

/// Returns which configured peer group an identity belongs to.
pub type PeerGroupOf<'a> = dyn Fn(&str) -> Option<Str> + 'a;

/// The features of identities: how large their hours are, how much these vary, and how many there are.
const METRICS: [Metric; 6] = [
    Metric::ListCalls,
    Metric::BucketsListed,
    Metric::ReadCalls,
    Metric::BytesRead,
    Metric::WriteCalls,
    Metric::DirectoryCalls,
];
/// Mean, standard deviation and rate of each metric.
const FEATURES: usize = 3 * METRICS.len();
/// Days between foundings: a lookback.
const FOUNDING_DAYS: i32 = 28;
/// Days between re-centrings.
const CENTRING_DAYS: i32 = 7;
/// Days that must be known before there are groups.
const DAYS_MIN: i32 = 3;

/// The groups in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct PeerClusters {
    founded: Day,
    centred: Day,
    grouping: Clustering,
}

/// Returns whether configuration or a shared role determines the peers of an identity.
pub(super) fn is_labelled(id: &str, state: &EntityState, peer_group_of: &PeerGroupOf) -> bool {
    shared_role(id, state.role.as_ref()).is_some() || peer_group_of(id).is_some()
}

impl PeerClusters {
    /// Returns the groups of a morning: the earlier ones, unless new ones are due.
    pub(super) fn renewed(
        before: Option<Self>,
        entities: &mut BTreeMap<Entity, Box<EntityState>>,
        (first_day, morning): (Day, Day),
        peer_group_of: &PeerGroupOf,
    ) -> Option<Self> {
        let is_due = match &before {
            Some(before) => is_in_another(CENTRING_DAYS, before.centred, morning),
            None => morning.since(first_day) >= DAYS_MIN,
        };
        if !is_due {
            return before;
        }
        let before = before.filter(|b| !is_in_another(FOUNDING_DAYS, b.centred, morning));
        Self::centred(before.as_ref(), entities, morning, peer_group_of)
    }

    fn centred(
        before: Option<&Self>,
        entities: &mut BTreeMap<Entity, Box<EntityState>>,
        morning: Day,
        peer_group_of: &PeerGroupOf,
    ) -> Option<Self> {
        let mut rows: Vec<(u64, [f64; FEATURES], &mut EntityState)> = Vec::new();
        let weights = Weights::on(morning);
        let mut cells = Vec::new();
        for (entity, state) in entities {
            let was = state.cluster.take().filter(|_| before.is_some());
            if entity.kind != EntityKind::Identity || is_labelled(&entity.id, state, peer_group_of)
            {
                continue;
            }
            let is_wanted =
                |&(metric, window): &Key| window == Window::HOUR && METRICS.contains(&metric);
            weights.cells(&state.partials, |_, key| is_wanted(key), &mut cells);
            if let Some(features) = features(weights.exposure(state.first_day), &cells) {
                state.cluster = was;
                rows.push((value_hash(&entity.id), features, &mut **state));
            }
        }
        // The same identities are used every week, whatever identities appear and disappear beside them.
        let mut asked: Vec<usize> = (0..rows.len()).collect();
        if rows.len() > GROUP_ROWS_MAX {
            asked.sort_by_key(|&at| rows[at].0);
            asked.truncate(GROUP_ROWS_MAX);
            asked.sort_unstable();
        }
        let matrix = Array2::from_shape_fn((asked.len(), FEATURES), |(row, column)| {
            rows[asked[row]].1[column]
        });
        let of_row: Vec<Option<u32>> = asked.iter().map(|&at| rows[at].2.cluster).collect();
        let previous = before.map(|before| Previous {
            groups: &before.grouping.groups,
            of_row: &of_row,
        });
        let grouping = group(&matrix, previous);
        if grouping.groups.is_empty() {
            return None;
        }
        for (_, features, state) in rows {
            state.cluster = grouping.nearest(&features, state.cluster);
        }
        Some(Self {
            founded: before.map_or(morning, |before| before.founded),
            centred: morning,
            grouping,
        })
    }

    /// Returns the number of an identity's group: the one that it was put into, or, for a new identity, the nearest.
    pub(super) fn number_of(
        &self,
        put_into: Option<u32>,
        exposure: f64,
        cells: &[Cell],
    ) -> Option<u32> {
        match put_into {
            Some(number) => Some(number),
            None => self.grouping.nearest(&features(exposure, cells)?, None),
        }
    }

    /// Returns the group with a number.
    pub(super) fn group(&self, number: u32) -> Group {
        Group {
            kind: EntityKind::PeerGroup,
            id: Str::from(format!("alike/{}/{number}", self.founded)),
        }
    }
}

fn is_in_another(days: i32, one: Day, other: Day) -> bool {
    one.0.div_euclid(days) != other.0.div_euclid(days)
}

/// Returns the features of an identity; `None` if it has done too little.
fn features(exposure: f64, cells: &[Cell]) -> Option<[f64; FEATURES]> {
    let mut features = [0.0; FEATURES];
    let mut windows: f64 = 0.0;
    for (metric, feature) in METRICS.iter().zip(features.chunks_exact_mut(3)) {
        let found = cells.binary_search_by_key(&(*metric, Window::HOUR), |&(key, _)| key);
        let Ok(at) = found else { continue };
        let MetricState {
            n,
            mean,
            m2,
            active,
        } = cells[at].1;
        windows = windows.max(n);
        feature[0] = mean;
        feature[1] = (m2 / n.max(1.0)).sqrt();
        feature[2] = (active / exposure.max(1.0)).ln_1p();
    }
    (windows >= GROUP_WINDOWS_MIN).then_some(features)
}

/// Returns the chain of an identity that is seen for the first time, from what came first on its day, so that whom it is
/// compared with does not change in the course of a day.
pub fn chain_of_newcomer(entity: &Entity, facts: &DayFacts, peer_group_of: &PeerGroupOf) -> Chain {
    let profile = &facts.profile;
    let kind = profile.first_kind.map_or(profile.kind(), |(_, kind)| kind);
    let region = profile.first_region.as_ref().map(|(_, region)| region);
    chain_of_identity(
        peer_group_of(&entity.id).as_deref(),
        shared_role(&entity.id, profile.role.as_ref()),
        profile.account.as_ref().zip(region),
        profile.provider.unwrap_or(Provider::Other),
        kind,
    )
}

/// Returns the role of an identity, unless it is its role's only identity: then it has no peers there.
pub(super) fn shared_role<'a>(id: &str, role: Option<&'a Str>) -> Option<&'a Str> {
    role.filter(|role| ***role != *id)
}
