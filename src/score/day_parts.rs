//! The parts of statistics of one subject's day, each computed once however many arms ask for it.

use std::collections::BTreeMap;

use crate::analytic::{ActKind, Analytic, Arm, Burst, Cohort, Counts};
use crate::baseline::View;
use crate::glob::Glob;
use crate::measure::{BurstKey, BurstReading, EVERYBODY, Grant};
use crate::score::components::{
    Amounts, NoveltyReading, VolumeReading, is_founded, novelty, volume_among, volume_of,
};
use crate::score::familiarity::unfamiliar;
use crate::score::subject::{Standing, Subject};
use crate::time::Window;
use crate::vocab::{Metric, Str, Trait};

/// A metric, the one window in which it is judged, the burst that counts the same in a window that slides, and which amounts
/// count, and whether habits explain them.
type VolumeKey = (Metric, Option<Window>, Option<BurstKey>, Amounts, bool);

/// The parts of statistics of one subject's day, each computed once.
pub(super) struct DayParts<'s, 'a> {
    pub subject: &'s Subject<'a>,
    pub generation: View<'s>,
    volumes: BTreeMap<VolumeKey, Option<VolumeReading>>,
    novelties: BTreeMap<Trait, Option<NoveltyReading>>,
    bursts: BTreeMap<(BurstKey, bool), Option<BurstReading>>,
    over_the_day: BTreeMap<Metric, u64>,
    /// How much is unfamiliar, by what is counted.
    unfamiliar: BTreeMap<Counts, u64>,
    /// The metrics of which something is stored, as bits.
    active: u64,
    /// Whether arms for newcomers judge it, and those for established identities.
    as_new: bool,
    as_established: bool,
}

impl<'s, 'a> DayParts<'s, 'a> {
    /// Begins with nothing computed. Until scores are calibrated, a newcomer is judged both as one and as others are.
    pub fn new(subject: &'s Subject<'a>, generation: View<'s>) -> Self {
        let of_standing = Self::by_standing(subject, generation);
        Self {
            as_established: of_standing.as_established || generation.calibration.is_provisional(),
            ..of_standing
        }
    }

    /// Begins with nothing computed, with the arms that will judge it once scores are calibrated.
    pub fn by_standing(subject: &'s Subject<'a>, generation: View<'s>) -> Self {
        let is_new = subject.standing == Standing::New;
        Self {
            subject,
            generation,
            volumes: BTreeMap::new(),
            novelties: BTreeMap::new(),
            bursts: BTreeMap::new(),
            over_the_day: BTreeMap::new(),
            unfamiliar: BTreeMap::new(),
            active: subject
                .facts
                .metrics()
                .into_iter()
                .fold(0, |active, metric| active | bit(metric)),
            as_new: is_new,
            as_established: !is_new,
        }
    }

    /// Returns the largest surprise of a metric in the windows of an analytic.
    ///
    /// A burst in a sliding window is judged with what that window holds, so that a border of the clock does not halve it.
    pub fn volume(
        &mut self,
        metric: Metric,
        analytic: &Analytic,
        amounts: Amounts,
    ) -> Option<VolumeReading> {
        let subject = self.subject;
        let sliding = analytic
            .sliding(metric)
            .map(|(kind, window)| BurstKey { kind, window });
        // A habit explains an amount only where nothing else is unusual.
        let by_habit = !subject.peaks.is_empty() && !self.has_unusual_context(analytic);
        let key = (metric, analytic.window, sliding, amounts, by_habit);
        if let Some(known) = self.volumes.get(&key) {
            return known.clone();
        }
        if sliding.is_none() && !self.is_active(metric) {
            return None;
        }
        let windows = analytic.window.as_slice();
        let windows = if windows.is_empty() {
            &Window::STANDARD
        } else {
            windows
        };
        let mut reading = volume_among(subject, metric, windows, (amounts, by_habit));
        if let Some(key) = sliding
            && let Some(burst) = self.burst_of(key, false)
            && reading.as_ref().is_none_or(|r| burst.observed > r.observed)
        {
            let slid = (burst.start.second_of_day(), burst.observed);
            let slid = volume_of(subject, metric, key.window, slid);
            reading = Some(slid).filter(|slid| amounts.include(slid) && is_founded(subject, slid));
        }
        self.volumes.insert(key, reading.clone());
        reading
    }

    pub fn novelty(&mut self, which: Trait) -> Option<&NoveltyReading> {
        let (subject, generation) = (self.subject, self.generation);
        self.novelties
            .entry(which)
            .or_insert_with(|| novelty(subject, generation, which))
            .as_ref()
    }

    pub fn has_unusual_context(&mut self, analytic: &Analytic) -> bool {
        let mut traits = analytic.context.iter();
        traits.any(|&which| self.is_unusual(which))
    }

    /// Returns whether a trait shows something new and surprising.
    pub fn is_unusual(&mut self, which: Trait) -> bool {
        self.novelty(which).is_some_and(|n| n.surprise > 0.0)
    }

    pub fn belongs(&self, cohort: Cohort) -> bool {
        match cohort {
            Cohort::New => self.as_new,
            Cohort::Established => self.as_established,
            Cohort::Any => true,
        }
    }

    /// Returns whether any of a metric was measured that day.
    pub fn is_active(&self, metric: Metric) -> bool {
        self.active & bit(metric.stored_as()) != 0
    }

    /// Returns how many events are unfamiliar, as far as they matter to an arm.
    pub fn unfamiliar(&mut self, arm: &Arm) -> u64 {
        let subject = self.subject;
        let counts = arm.counts();
        let count = || unfamiliar(subject, counts);
        *self.unfamiliar.entry(counts).or_insert_with(count)
    }

    pub fn over_the_day(&mut self, metric: Metric) -> u64 {
        let subject = self.subject;
        let measured = || {
            let readings = subject
                .facts
                .readings(metric, Window::DAY, &subject.known());
            readings.first().map_or(0, |&(_, x)| x)
        };
        *self.over_the_day.entry(metric).or_insert_with(measured)
    }

    /// Returns whether a sensitive bucket was involved with an external party: the caller, or the destination.
    pub fn is_external(&self, analytic: &Analytic) -> bool {
        self.is_active(Metric::SensitiveExternalCalls)
            || self.subject.facts.sends_flows
            || self.n_sensitive_shares(analytic) > 0
    }

    /// Returns how many acts gave something sensitive to accounts that are not ours.
    pub fn n_sensitive_shares(&self, analytic: &Analytic) -> u64 {
        let grants = self.foreign_grants(analytic, ActKind::SensitiveShare);
        grants.iter().map(|&(_, acts)| acts).sum()
    }

    /// Returns the largest burst of a day of the kind that is asked for, however small.
    pub fn burst(&mut self, asked: &Burst) -> Option<BurstReading> {
        let key = BurstKey {
            kind: asked.kind,
            window: asked.over,
        };
        self.burst_of(key, asked.fixed)
    }

    fn burst_of(&mut self, key: BurstKey, fixed: bool) -> Option<BurstReading> {
        let facts = self.subject.facts;
        let largest = || facts.largest_burst(key, fixed);
        *self.bursts.entry((key, fixed)).or_insert_with(largest)
    }

    /// Returns the values of a trait that a pattern matches; if `new`, those that the entity is not known for.
    pub fn values_like(&self, which: Trait, like: &[Glob], new: bool) -> Vec<Str> {
        let known = self.subject.baseline.and_then(|b| b.known(which));
        let facts = self.subject.facts;
        let mut values = facts.watched(which);
        values.extend(
            facts
                .trait_values(which)
                .into_iter()
                .flat_map(|v| v.hashed()),
        );
        values
            .into_iter()
            .filter(|&(hash, value)| {
                !new || known.is_none_or(|known| !known.contains(hash))
                    && !self.subject.is_explained(which, hash, value)
            })
            .filter(|(_, value)| like.is_empty() || like.iter().any(|glob| glob.matches(value)))
            .map(|(_, value)| value.clone())
            .collect()
    }

    /// Returns what was given, in acts of this kind, to accounts that are not ours, and in how many acts.
    pub fn foreign_grants(&self, analytic: &Analytic, act: ActKind) -> Vec<(&'s Grant, u64)> {
        let approved = &analytic.approved_destinations;
        self.subject
            .facts
            .grants
            .iter()
            .filter(|(grant, _)| is_act(act, grant) && !self.generation.is_ours(&grant.account))
            .filter(|(grant, _)| !approved.iter().any(|d| d.matches(&grant.account)))
            .collect()
    }
}

const fn bit(metric: Metric) -> u64 {
    1 << metric as u8
}

/// Returns whether giving something to an account that is not ours is an act of this kind.
fn is_act(kind: ActKind, grant: &Grant) -> bool {
    let is_public = &*grant.account == EVERYBODY;
    match kind {
        ActKind::SensitiveShare => grant.sensitive,
        ActKind::ForeignGrant => grant.is_grant && !grant.sensitive && !is_public,
        ActKind::PublicGrant => grant.is_grant && !grant.sensitive && is_public,
    }
}
