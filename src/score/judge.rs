//! A subject's day against every analytic: arms, ranks, and detections.

use crate::analytic::{Analytic, Arm};
use crate::baseline::{Novelty, View, arm_key};
use crate::score::alike::{Alike, Counted, Rival, counted, narrowness};
use crate::score::causes::Causes;
use crate::score::components::Amounts;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::day_parts::DayParts;
use crate::score::explanation::ArmExplanation;
use crate::score::gates::gate_is_open;
use crate::score::observer::{NoopObserver, Observer, Recorder};
use crate::score::subject::Subject;
use crate::score::terms::add_term;
use crate::score::young::young_since;
use crate::sketch::FrozenDistribution;
use crate::stats;
use crate::time::Day;
use crate::vocab::Str;

/// The result of one analytic for a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Minus log10 of the share of entity-days at least as extreme.
    pub surprise: f64,
    /// The same on a scale from 0 to 100.
    pub score: f64,
    /// The arm that it rests on.
    pub arm: ArmResult,
    /// The day since which that is recorded, if it rests on a log that is still learnt: its surprise is provisional then.
    pub young_since: Option<Day>,
}

/// Judges days by a set of analytics and one generation.
pub struct Judge<'a> {
    analytics: &'a [Analytic],
    generation: View<'a>,
    /// The stored distribution of each arm of each analytic.
    stored: Vec<Vec<Option<&'a FrozenDistribution>>>,
    /// What each arm of each analytic counts.
    counted: Vec<Vec<Counted>>,
}

impl<'a> Judge<'a> {
    /// Makes a judge.
    pub fn new(analytics: &'a [Analytic], generation: View<'a>) -> Self {
        let stored = |analytic: &Analytic, arm: &Arm| {
            let arms = &generation.generation.calibration.arms;
            arms.get(&arm_key(&analytic.id, &arm.id))
        };
        let of_analytic = |analytic: &Analytic| {
            let arms = analytic.arms.iter();
            arms.map(|arm| stored(analytic, arm)).collect()
        };
        Self {
            analytics,
            generation,
            stored: analytics.iter().map(of_analytic).collect(),
            counted: analytics
                .iter()
                .map(|analytic| analytic.arms.iter().map(counted).collect())
                .collect(),
        }
    }

    /// Returns the analytics that it judges by.
    pub fn analytics(&self) -> &'a [Analytic] {
        self.analytics
    }

    /// Returns what it judges by.
    pub fn view(&self) -> View<'a> {
        self.generation
    }

    /// Returns the detection of each analytic, by its index, that finds anything in a subject's day.
    pub fn detections(&self, subject: &Subject) -> Vec<(usize, Detection)> {
        let mut parts = DayParts::new(subject, self.generation);
        self.analytics
            .iter()
            .enumerate()
            .filter(|(_, analytic)| self.applies(analytic, subject))
            .filter_map(|(index, analytic)| Some((index, self.detection(&mut parts, analytic)?)))
            .collect()
    }

    /// Returns which of some analytics reach their threshold by the same fact of a subject's day as a detection of an analytic does.
    pub fn alike<'r>(
        &self,
        subject: &Subject,
        (analytic, detection): (&Analytic, &Detection),
        rivals: &[Rival<'r>],
    ) -> Alike<'r> {
        let mut alike = Alike::default();
        let arm_of = |analytic: &'r Analytic, detection: &Detection| {
            analytic.arms.iter().find(|arm| arm.id == detection.arm.arm)
        };
        let own_arm = analytic.arms.iter().find(|arm| arm.id == detection.arm.arm);
        let Some(own_arm) = own_arm.filter(|arm| counted(arm) != 0) else {
            return alike;
        };
        let mut parts = DayParts::new(subject, self.generation);
        let mut found = Vec::new();
        for rival in rivals.iter().filter(|r| self.applies(r.analytic, subject)) {
            let detection = self.detection(&mut parts, rival.analytic);
            let detection = detection.filter(|found| found.surprise >= rival.threshold);
            let arm = detection.and_then(|detection| arm_of(rival.analytic, &detection));
            if let Some(arm) = arm.filter(|arm| counted(arm) == counted(own_arm)) {
                found.push((narrowness(&parts, rival.analytic, arm), *rival));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        let own = narrowness(&parts, analytic, own_arm);
        for (its, rival) in found {
            match its < own {
                true => alike.narrower.push(rival),
                false => alike.broader.push(rival),
            }
        }
        alike
    }

    /// Returns the detection of one analytic.
    pub fn detection_of(&self, subject: &Subject, analytic: &Analytic) -> Option<Detection> {
        self.detection(&mut DayParts::new(subject, self.generation), analytic)
    }

    /// Returns whether an analytic judges this kind of subject.
    pub fn applies(&self, analytic: &Analytic, subject: &Subject) -> bool {
        analytic.enabled
            && analytic.entities.contains(&subject.entity.kind)
            && subject.facts.profile.is_of(&analytic.providers)
    }

    fn detection(&self, parts: &mut DayParts, analytic: &Analytic) -> Option<Detection> {
        let subject = parts.subject;
        let news = self.arms(parts, analytic).into_iter();
        let judged = news.filter(ArmResult::is_news).map(|arm| {
            let young_since = young_since(subject, &arm);
            let surprise = self.surprise_of(&arm, young_since);
            (arm, young_since, surprise)
        });
        let (arm, young_since, surprise) = judged.reduce(|best, next| {
            let is_better = match best.1.is_some() || next.1.is_some() {
                // What is not yet calibrated has no rank.
                true => next.2 > best.2,
                false => next.0.rank > best.0.rank,
            };
            if is_better { next } else { best }
        })?;
        Some(Detection {
            surprise,
            score: stats::rank::score(surprise),
            arm,
            young_since,
        })
    }

    /// Returns every arm of an analytic that has a statistic above zero.
    fn arms(&self, parts: &mut DayParts, analytic: &Analytic) -> Vec<ArmResult> {
        let mut all = self.analytics.iter().zip(&self.stored);
        let stored = all.find(|(of, _)| std::ptr::eq(*of, analytic));
        let stored = |at: usize, arm: &Arm| match stored {
            Some((_, stored)) => stored[at],
            None => self.stored_as(&arm_key(&analytic.id, &arm.id)),
        };
        let mut results = Vec::new();
        for (at, arm) in analytic.arms.iter().enumerate() {
            if let Some(mut result) = judged(parts, analytic, arm) {
                result.rank = rank(stored(at, arm), result.statistic);
                results.push(result);
            }
        }
        results
    }

    fn stored_as(&self, key: &Str) -> Option<&'a FrozenDistribution> {
        self.generation.generation.calibration.arms.get(key)
    }

    /// Explains every arm of an analytic, whether or not it applies; `threshold` is the surprise to be reached.
    pub fn explain(
        &self,
        subject: &Subject,
        analytic: &Analytic,
        threshold: f64,
    ) -> Vec<ArmExplanation> {
        let mut parts = DayParts::new(subject, self.generation);
        let explain = |arm: &Arm| {
            let mut recorder = Recorder::default();
            let detection = examine(&mut parts, analytic, arm, &mut recorder)?;
            let key = arm_key(&analytic.id, &arm.id);
            let (gates, _) = recorder.recorded();
            let is_young = young_since(subject, &detection).is_some();
            let surprise_of = |statistic: f64| {
                let rank = self.rank(&key, statistic);
                let surprise = match is_young {
                    true => stats::rank::provisional_surprise(statistic),
                    false => self.surprise(statistic, rank),
                };
                (rank, surprise)
            };
            let belongs = parts.belongs(arm.cohort);
            Some(ArmExplanation::of(
                arm,
                (parts.subject.standing, belongs),
                gates,
                &detection,
                threshold,
                surprise_of,
            ))
        };
        analytic.arms.iter().filter_map(explain).collect()
    }

    /// Returns the statistic of each of these arms for a subject's day: zero if the analytic does not judge the subject, a gate
    /// is shut, or nothing is surprising. As for [`Self::readings`], the arms are those of its standing. An arm need not be its analytic's own.
    pub fn statistics(&self, subject: &Subject, arms: &[(&Analytic, &Arm)]) -> Vec<ArmStatistic> {
        let mut parts = DayParts::by_standing(subject, self.generation);
        let mut statistic = |analytic: &Analytic, arm: &Arm| {
            let found = judged(&mut parts, analytic, arm);
            found.map_or_else(ArmStatistic::default, |result| ArmStatistic {
                value: result.statistic,
                is_news: result.is_news(),
            })
        };
        arms.iter()
            .map(|&(analytic, arm)| match self.applies(analytic, subject) {
                true => statistic(analytic, arm),
                false => ArmStatistic::default(),
            })
            .collect()
    }

    /// Returns the surprise of an arm's statistic that has a rank.
    pub fn surprise(&self, statistic: f64, rank: f64) -> f64 {
        let calibration = &self.generation.calibration;
        if calibration.is_provisional() {
            stats::rank::provisional_surprise(statistic)
        } else {
            calibration.pooled.surprise(rank)
        }
    }

    fn surprise_of(&self, arm: &ArmResult, young_since: Option<Day>) -> f64 {
        match young_since {
            Some(_) => stats::rank::provisional_surprise(arm.statistic),
            None => self.surprise(arm.statistic, arm.rank),
        }
    }

    /// Returns the rank among arms of a statistic, by the arm's stored name.
    pub fn rank(&self, key: &Str, statistic: f64) -> f64 {
        rank(self.stored_as(key), statistic)
    }

    /// Returns the reading of every arm of the subject's standing that has a statistic, and what was new that others may show for the
    /// same cause; without what rests on the first days of a log.
    pub fn readings(&self, subject: &Subject) -> (Vec<ArmReading>, Vec<Novelty>) {
        let mut parts = DayParts::by_standing(subject, self.generation);
        let mut readings = Vec::new();
        let mut causes = Causes::default();
        let mut places = Vec::new();
        for (index, analytic) in self.analytics.iter().enumerate() {
            if !self.applies(analytic, subject) {
                continue;
            }
            let arms = self.arms(&mut parts, analytic).into_iter();
            for arm in arms.filter(|arm| !subject.is_unscored(young_since(subject, arm))) {
                causes.add(&arm);
                let at = analytic.arms.iter().position(|of| of.id == arm.arm);
                places.push((index, at.unwrap_or_default()));
                readings.push(ArmReading {
                    analytic: analytic.id.clone(),
                    arm: arm_key(&analytic.id, &arm.arm),
                    is_told: arm.is_news(),
                    statistic: arm.statistic,
                    rank: arm.rank,
                });
            }
        }
        self.leave_to_narrower(&parts, &places, &mut readings);
        (readings, causes.novelties(subject))
    }

    /// Takes from the readings of arms what another analytic tells that is narrower, counts the same, and is at least as extreme. `places`
    /// are the analytic and the arm of each.
    fn leave_to_narrower(
        &self,
        parts: &DayParts,
        places: &[(usize, usize)],
        readings: &mut [ArmReading],
    ) {
        let counted = |at: usize| self.counted[places[at].0][places[at].1];
        let narrowness = |at: usize| {
            let analytic = &self.analytics[places[at].0];
            narrowness(parts, analytic, &analytic.arms[places[at].1])
        };
        // An analytic tells by its highest arm.
        let is_told = |at: usize, readings: &[ArmReading]| {
            let (own, its) = (&readings[at], places[at].0);
            let mut others = readings.iter().zip(places);
            own.is_told && !others.any(|(r, p)| p.0 == its && r.is_told && r.rank > own.rank)
        };
        let told: Vec<usize> = (0..readings.len())
            .filter(|&at| counted(at) != 0 && is_told(at, readings))
            .collect();
        let left: Vec<usize> = (0..readings.len())
            .filter(|&at| {
                told.iter().any(|&other| {
                    places[other].0 != places[at].0
                        && counted(other) == counted(at)
                        && readings[other].rank >= readings[at].rank
                        && narrowness(other) < narrowness(at)
                })
            })
            .collect();
        for at in left {
            readings[at].is_told = false;
        }
    }
}

/// The result of one arm for a day, in two numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmReading {
    /// Whose arm.
    pub analytic: Str,
    /// The arm, by its stored name.
    pub arm: Str,
    /// Its statistic, in natural logarithms.
    pub statistic: f64,
    /// Whether its analytic would tell it: it passes [the floor beneath every alert](ArmResult::is_news), and no narrower analytic tells the
    /// same fact.
    pub is_told: bool,
    /// Its rank among arms.
    pub rank: f64,
}

/// The statistic of an arm, and whether it may be told.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ArmStatistic {
    /// The statistic, in natural logarithms.
    pub value: f64,
    /// Whether it passes [the floor beneath every alert](ArmResult::is_news).
    pub is_news: bool,
}

/// Returns the rank among arms of a statistic of the arm with this stored distribution.
fn rank(stored: Option<&FrozenDistribution>, statistic: f64) -> f64 {
    let exceedance = stored.map_or(0.0, |d| d.log10_exceedance(statistic));
    stats::rank::rank(exceedance, statistic)
}

/// Returns the factor on the sum of an arm on a day without unusual context.
fn quiet_factor(parts: &mut DayParts, arm: &Arm) -> f64 {
    let unfamiliar = match arm.familiar_factor < 1.0 {
        true => parts.unfamiliar(arm),
        false => u64::MAX,
    };
    stats::arm::quiet_factor(arm.quiet_context_factor, arm.familiar_factor, unfamiliar)
}

/// Returns the result of an arm; `None` if a gate is shut or nothing is surprising.
fn judged(parts: &mut DayParts, analytic: &Analytic, arm: &Arm) -> Option<ArmResult> {
    examine(parts, analytic, arm, &mut NoopObserver).filter(|detection| detection.statistic > 0.0)
}

/// Returns the result of an arm; `None` if it is not for this subject or a gate is shut, unless the observer wants to see it
/// all the same.
fn examine<W: Observer>(
    parts: &mut DayParts,
    analytic: &Analytic,
    arm: &Arm,
    observer: &mut W,
) -> Option<ArmResult> {
    if !parts.belongs(arm.cohort) && !W::WANTS_ALL {
        return None;
    }
    let mut sequence = None;
    for gate in &arm.gates {
        if !gate_is_open(parts, analytic, gate, &mut sequence, observer) && !W::WANTS_ALL {
            return None;
        }
    }
    let is_usual_context = !parts.has_unusual_context(analytic);
    let factor = match is_usual_context {
        true => quiet_factor(parts, arm),
        false => 1.0,
    };
    let mut among = |amounts: Amounts| {
        let mut contributions = Vec::new();
        for term in &arm.terms {
            let sequence = sequence.as_ref();
            add_term(parts, analytic, term, sequence, amounts, &mut contributions);
        }
        contributions.retain(|c| c.surprise() > 0.0);
        contributions.sort_by(|a, b| b.surprise().total_cmp(&a.surprise()));
        contributions
    };
    let statistic_of = |contributions: &[Contribution]| {
        stats::arm::statistic(factor, contributions.iter().map(Contribution::surprise))
    };
    let contributions = among(Amounts::All);
    let statistic = statistic_of(&contributions);
    let is_on_amounts = is_usual_context && !arm.has_own_reason();
    let news = match is_on_amounts && contributions.iter().any(Contribution::is_ordinary) {
        true => statistic_of(&among(Amounts::Extraordinary)),
        false => statistic,
    };
    Some(ArmResult {
        arm: arm.id.clone(),
        statistic,
        news,
        factor,
        rank: 0.0,
        contributions,
        sequence,
    })
}
