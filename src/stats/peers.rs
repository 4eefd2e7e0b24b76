//! Peer groups of unlabelled identities: k-means on their behaviour.

use linfa::DatasetBase;
use linfa::traits::Fit;
use linfa_clustering::{KMeans, KMeansInit};
use ndarray::{Array1, Array2, ArrayView1, Axis};
use rand_xoshiro::Xoshiro256Plus;
use rand_xoshiro::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

use crate::stats::constants::{GROUP_HYSTERESIS, GROUPS_MAX};

/// The seed of the first grouping. Any value works, as long as it does not change.
const SEED: u64 = 0x706c_696d_736f_6c6c;
/// How often the first grouping is tried from different starts.
const RUNS: usize = 10;
/// The movement of all centres together, in standard deviations, at which k-means has converged.
const TOLERANCE: f64 = 1e-6;
/// The most iterations.
const ROUNDS_MAX: u64 = 300;

/// A group: a permanent number, and its centre in the units of the features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// Number of the group, kept from one grouping to the next.
    pub id: u32,
    /// Mean features of its members.
    pub centre: Vec<f64>,
}

/// The groups, and the group of each row of the features.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct Clustering {
    /// The groups, by ascending id.
    pub groups: Vec<Cluster>,
    /// The id of the group that each row belongs to.
    pub of_row: Vec<u32>,
    scale: Scale,
    /// The centres of the groups, standardised.
    centres: Array2<f64>,
}

/// The groups as they are stored: matrices as their numbers, row by row.
#[derive(Serialize, Deserialize)]
struct Stored {
    groups: Vec<Cluster>,
    of_row: Vec<u32>,
    mean: Vec<f64>,
    sd: Vec<f64>,
    centres: Vec<f64>,
}

impl From<Clustering> for Stored {
    fn from(of: Clustering) -> Self {
        Self {
            groups: of.groups,
            of_row: of.of_row,
            mean: of.scale.mean.to_vec(),
            sd: of.scale.sd.to_vec(),
            centres: of.centres.iter().copied().collect(),
        }
    }
}

impl TryFrom<Stored> for Clustering {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        let shape = (stored.groups.len(), stored.mean.len());
        if stored.sd.len() != shape.1 {
            return Err("a scale has two lengths".to_owned());
        }
        Ok(Self {
            groups: stored.groups,
            of_row: stored.of_row,
            scale: Scale {
                mean: stored.mean.into(),
                sd: stored.sd.into(),
            },
            centres: Array2::from_shape_vec(shape, stored.centres).map_err(|e| e.to_string())?,
        })
    }
}

impl Clustering {
    /// Returns the id of the group of an identity that need not be among the rows: its earlier group, unless another one is
    /// clearly nearer. `None` if there are no groups, or if they have other features.
    pub fn nearest(&self, features: &[f64], before: Option<u32>) -> Option<u32> {
        if self.groups.is_empty() || features.len() != self.scale.mean.len() {
            return None;
        }
        let before = before.and_then(|id| self.groups.iter().position(|group| group.id == id));
        let row = self.scale.standardise(ArrayView1::from(features));
        let at = choose(row.view(), &self.centres, before);
        self.groups.get(at).map(|group| group.id)
    }
}

/// The previous grouping: its groups, and the group of each of the present rows in it.
#[derive(Debug, Clone, Copy)]
pub struct Previous<'a> {
    /// The previous groups.
    pub groups: &'a [Cluster],
    /// The id of the previous group of each present row; `None` for rows that had none.
    pub of_row: &'a [Option<u32>],
}

/// Returns the number of groups for a number of identities.
pub fn group_count(identities: usize) -> usize {
    ((identities as f64 / 2.0).sqrt().round() as usize).clamp(1, GROUPS_MAX)
}

/// Divides identities, one per row, into groups with similar features.
///
/// Features are standardised first; a value that is not finite counts as the mean of its column. With a previous grouping,
/// k-means starts from its centres and keeps its ids, and an identity stays in its group until another centre is clearly
/// nearer. The result is a function of the arguments, so rows need a fixed order, such as that of the entities' ids. Groups
/// without members are left out.
pub fn group(features: &Array2<f64>, previous: Option<Previous<'_>>) -> Clustering {
    if features.is_empty() {
        return Clustering {
            of_row: vec![0; features.nrows()],
            ..Clustering::default()
        };
    }
    let scale = Scale::of(features);
    let rows = scale.standardised(features);
    let k = group_count(rows.nrows());
    let previous =
        previous.filter(|p| !p.groups.is_empty() && p.groups.iter().all(|g| scale.fits(&g.centre)));

    let (ids, start) = match previous {
        None => ((0..k as u32).collect(), None),
        Some(previous) => {
            let (ids, centres) = resume(&rows, &scale, previous, k);
            (ids, Some(centres))
        }
    };
    let centres = converge(&rows, k, start);

    let of_row: Vec<u32> = (0..rows.nrows())
        .map(|row| {
            let before = previous.and_then(|p| p.of_row.get(row).copied().flatten());
            let before = before.and_then(|id| ids.iter().position(|&known| known == id));
            ids[choose(rows.row(row), &centres, before)]
        })
        .collect();

    let mut inhabited: Vec<usize> = (0..ids.len())
        .filter(|&at| of_row.contains(&ids[at]))
        .collect();
    inhabited.sort_by_key(|&at| ids[at]);
    let groups = inhabited
        .iter()
        .map(|&at| Cluster {
            id: ids[at],
            centre: scale.restored(centres.row(at)),
        })
        .collect();
    Clustering {
        groups,
        of_row,
        centres: centres.select(Axis(0), &inhabited),
        scale,
    }
}

/// Returns the index of the centre that a row belongs to, given the one that it belonged to before.
fn choose(row: ArrayView1<f64>, centres: &Array2<f64>, before: Option<usize>) -> usize {
    let (nearest, distance) = nearest(row, centres);
    match before {
        Some(before)
            if distance >= (1.0 - GROUP_HYSTERESIS) * self::distance(row, centres.row(before)) =>
        {
            before
        }
        _ => nearest,
    }
}

/// Returns the nearest centre with its distance; of equally near ones, the first.
fn nearest(row: ArrayView1<f64>, centres: &Array2<f64>) -> (usize, f64) {
    let mut best = (0, f64::INFINITY);
    for (at, centre) in centres.rows().into_iter().enumerate() {
        let distance = distance(row, centre);
        if distance < best.1 {
            best = (at, distance);
        }
    }
    best
}

fn distance(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b) * (a - b))
        .sum::<f64>()
        .sqrt()
}

/// Runs k-means until it converges, from given centres or from its own.
fn converge(rows: &Array2<f64>, k: usize, start: Option<Array2<f64>>) -> Array2<f64> {
    let fallback = || {
        start
            .clone()
            .unwrap_or_else(|| Array2::zeros((k, rows.ncols())))
    };
    let params = KMeans::params_with_rng(k, Xoshiro256Plus::seed_from_u64(SEED))
        .tolerance(TOLERANCE)
        .max_n_iterations(ROUNDS_MAX);
    let params = match &start {
        Some(centres) => params
            .n_runs(1)
            .init_method(KMeansInit::Precomputed(centres.clone())),
        None => params.n_runs(RUNS),
    };
    match params.fit(&DatasetBase::from(rows.view())) {
        Ok(model) => model.centroids().to_owned(),
        Err(_) => fallback(),
    }
}

/// Takes over the previous centres and brings their number to `k`: the least populated are dropped, and the rows that lie
/// farthest from every centre found new groups with new ids.
fn resume(
    rows: &Array2<f64>,
    scale: &Scale,
    previous: Previous<'_>,
    k: usize,
) -> (Vec<u32>, Array2<f64>) {
    let mut kept: Vec<&Cluster> = previous.groups.iter().collect();
    let population = |id: u32| previous.of_row.iter().filter(|&&of| of == Some(id)).count();
    kept.sort_by_key(|group| (std::cmp::Reverse(population(group.id)), group.id));
    kept.truncate(k);
    kept.sort_by_key(|group| group.id);

    let mut ids: Vec<u32> = kept.iter().map(|group| group.id).collect();
    let mut centres = Array2::zeros((k, rows.ncols()));
    for (at, group) in kept.iter().enumerate() {
        centres
            .row_mut(at)
            .assign(&scale.standardise(ArrayView1::from(&group.centre)));
    }
    let mut next_id = previous
        .groups
        .iter()
        .map(|group| group.id)
        .max()
        .map_or(0, |id| id.saturating_add(1));
    for at in kept.len()..k {
        let known = centres.view().split_at(Axis(0), at).0.to_owned();
        let mut farthest = (0, -1.0);
        for (row, features) in rows.rows().into_iter().enumerate() {
            let distance = nearest(features, &known).1;
            if distance > farthest.1 {
                farthest = (row, distance);
            }
        }
        centres.row_mut(at).assign(&rows.row(farthest.0));
        ids.push(next_id);
        next_id = next_id.saturating_add(1);
    }
    (ids, centres)
}

/// Mean and standard deviation of each feature, over the rows where it is finite.
#[derive(Debug, Clone, PartialEq, Default)]
struct Scale {
    mean: Array1<f64>,
    sd: Array1<f64>,
}

impl Scale {
    fn of(features: &Array2<f64>) -> Self {
        let columns = features.axis_iter(Axis(1)).map(|column| {
            let moments = crate::sketch::Moments::of(column.iter().copied());
            let sd = (moments.m2 / moments.n.max(1.0)).sqrt();
            (
                moments.mean,
                if sd > 0.0 && sd.is_finite() { sd } else { 1.0 },
            )
        });
        let (mean, sd): (Vec<f64>, Vec<f64>) = columns.unzip();
        Self {
            mean: mean.into(),
            sd: sd.into(),
        }
    }

    fn fits(&self, centre: &[f64]) -> bool {
        centre.len() == self.mean.len() && centre.iter().all(|v| v.is_finite())
    }

    fn standardise(&self, row: ArrayView1<f64>) -> Array1<f64> {
        ((&row - &self.mean) / &self.sd).mapv(|z| if z.is_finite() { z } else { 0.0 })
    }

    fn standardised(&self, features: &Array2<f64>) -> Array2<f64> {
        ((features - &self.mean) / &self.sd).mapv(|z| if z.is_finite() { z } else { 0.0 })
    }

    fn restored(&self, centre: ArrayView1<f64>) -> Vec<f64> {
        (&centre * &self.sd + &self.mean).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A number in [0, 1) for each pair.
    fn noise(a: u64, b: u64) -> f64 {
        let x = (a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        (x ^ (x >> 31)).wrapping_mul(0x94D0_49BB_1331_11EB) as f64 / u64::MAX as f64
    }

    /// Four kinds of identity in three features of very different scales.
    fn identity(id: u64, day: u64) -> [f64; 3] {
        let kind = (id % 4) as f64;
        let at = |feature: u64| noise(id * 8 + feature, day);
        [
            kind + 0.2 * at(0),
            1e4 * ((id % 2) as f64) + 900.0 * at(1),
            0.01 * kind * kind + 0.002 * at(2),
        ]
    }

    fn matrix(ids: impl Iterator<Item = u64>, day: u64) -> Array2<f64> {
        // Sorted by id, in any order of input.
        let rows: BTreeMap<u64, [f64; 3]> = ids.map(|id| (id, identity(id, day))).collect();
        let flat: Vec<f64> = rows.values().flatten().copied().collect();
        Array2::from_shape_fn((rows.len(), 3), |(row, column)| flat[row * 3 + column])
    }

    fn as_before(grouping: &Clustering) -> Vec<Option<u32>> {
        grouping.of_row.iter().map(|&id| Some(id)).collect()
    }

    #[test]
    fn alike_identities_share_a_group_and_reruns_agree() {
        let features = matrix(0..200, 0);
        let first = group(&features, None);
        assert_eq!(first.groups.len(), group_count(200));
        assert_eq!(first, group(&features, None));
        assert_eq!(first, group(&matrix((0..200).rev(), 0), None));
        assert_eq!(
            first,
            group(&matrix((0..200).map(|n| n * 77 % 200), 0), None)
        );
        // No group mixes kinds.
        let mut kind_of = BTreeMap::new();
        for (row, id) in first.of_row.iter().enumerate() {
            assert_eq!(*kind_of.entry(id).or_insert(row % 4), row % 4);
        }
    }

    #[test]
    fn groups_last_over_days() {
        let mut last = group(&matrix(0..200, 0), None);
        for day in 1..6 {
            let before = as_before(&last);
            let now = group(
                &matrix(0..200, day),
                Some(Previous {
                    groups: &last.groups,
                    of_row: &before,
                }),
            );
            let same_kind = |ids: &[u32]| -> BTreeMap<u32, usize> {
                ids.iter()
                    .enumerate()
                    .map(|(row, &id)| (id, row % 4))
                    .collect()
            };
            // Identities with new random values stay with their kind, and a group that is kept stays with its kind too.
            let (then, today) = (same_kind(&last.of_row), same_kind(&now.of_row));
            for (id, kind) in &today {
                assert_eq!(then.get(id).unwrap_or(kind), kind);
            }
            last = now;
        }
        let unchanged = matrix(0..200, 5);
        let again = group(
            &unchanged,
            Some(Previous {
                groups: &last.groups,
                of_row: &as_before(&last),
            }),
        );
        assert_eq!(again.of_row, last.of_row);
    }

    #[test]
    fn one_moves_only_if_clearly_nearer() {
        let centres = ndarray::array![[0.0], [1.0]];
        for (at, before, want) in [
            (0.52, Some(0), 0),
            (0.56, Some(0), 1),
            (0.48, Some(1), 1),
            (0.52, None, 1),
            (0.48, None, 0),
        ] {
            assert_eq!(
                choose(ndarray::array![at].view(), &centres, before),
                want,
                "{at}"
            );
        }
    }

    #[test]
    fn a_growing_and_a_shrinking_estate_keep_their_ids() {
        let small = group(&matrix(0..8, 0), None);
        let before: Vec<Option<u32>> = (0..200).map(|row| small.of_row.get(row).copied()).collect();
        let large = group(
            &matrix(0..200, 0),
            Some(Previous {
                groups: &small.groups,
                of_row: &before,
            }),
        );
        assert!(large.groups.len() > small.groups.len() && large.groups.len() <= group_count(200));
        let few = group(
            &matrix(0..8, 0),
            Some(Previous {
                groups: &large.groups,
                of_row: &as_before(&large)[..8],
            }),
        );
        assert!(
            few.groups
                .iter()
                .all(|g| large.groups.iter().any(|l| l.id == g.id))
        );
    }

    #[test]
    fn unusual_features_cause_no_error() {
        assert_eq!(group(&Array2::zeros((0, 3)), None), Clustering::default());
        assert_eq!(
            group(&Array2::from_elem((5, 2), f64::NAN), None).of_row,
            [0; 5]
        );
        assert_eq!(
            group(&Array2::from_elem((40, 2), 7.0), None).groups.len(),
            1
        );
        let stale = [Cluster {
            id: 3,
            centre: vec![1.0],
        }];
        let features = matrix(0..9, 0);
        assert_eq!(
            group(
                &features,
                Some(Previous {
                    groups: &stale,
                    of_row: &[]
                })
            ),
            group(&features, None)
        );
    }
}
