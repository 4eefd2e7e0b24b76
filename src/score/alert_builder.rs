//! Alerts of one day, built from the events of an episode.
//!
//! An episode is an entity's UTC day. Statistics only grow with the events of a day, so the event at which a threshold is
//! crossed is found by halving: it is the first, in the order of time and id, with which the day so far is as surprising.
//! Few things can shut a gate again: an expected value after none at all, a newcomer's kind that later events outvote, and a
//! day with more than its facts have room for. Then the whole day decides, and the event that is found is one with which
//! the threshold is crossed, if not the first.

use std::ops::Range;
use std::rc::Rc;

use crate::alert::{Alert, AlikeRecord, Extent, SCHEMA, Span, Status, alert_id};
use crate::analytic::Analytic;
use crate::baseline::arm_key;
use crate::config::{Approval, Config};
use crate::error::Result;
use crate::event::Event;
use crate::evidence::{Reference, ScoreEvidence, round};
use crate::identity::{ResolvedEvent, Resolver};
use crate::learn::PeerGroupOf;
use crate::measure::{DayFacts, EventAmounts, KnownThings, Plan, is_others};
use crate::score::act::Act;
use crate::score::alike::{Alike, Rival};
use crate::score::approval::Coverage;
use crate::score::caller;
use crate::score::components::start_of;
use crate::score::contribution::{ArmResult, Contribution};
use crate::score::episode::{Episode, Stage, first_prefix};
use crate::score::evidence_events::metrics_of;
use crate::score::findings::findings;
use crate::score::judge::{Detection, Judge};
use crate::score::reasons::reasons;
use crate::score::rows::ROWS_MAX;
use crate::score::severity::{self, Rating};
use crate::score::subject::Subject;
use crate::score::through::{Sources, Through};
use crate::score::told::{Told, amounts_of};
use crate::score::young;
use crate::stats::{self, Severity};
use crate::time::{Day, Time, Window};

/// Builds the alerts of one day from their events.
pub struct AlertBuilder<'a> {
    /// Which short windows are measured.
    pub plan: &'a Plan,
    /// Approvals and sensitive buckets.
    pub config: &'a Config,
    /// Resolves events.
    pub resolver: &'a Resolver<'a>,
    /// Judges.
    pub judge: &'a Judge<'a>,
    /// Configured peer groups.
    pub peer_group_of: &'a PeerGroupOf<'a>,
    /// The day.
    pub day: Day,
    /// The threshold, in surprise.
    pub threshold: f64,
    /// Whether there are alerts of episodes below the threshold, too.
    pub show_low: bool,
    /// The analytics that may tell the same fact.
    pub rivals: &'a [Rival<'a>],
}

/// What there is to tell of an episode that goes on.
#[derive(Default)]
pub struct News {
    /// The alerts, each with what was told with it.
    pub told: Vec<(Alert, Told)>,
    /// What an approval was asked about, if it covers all of it.
    pub coverage: Option<Coverage>,
    /// Whether a narrower analytic tells it.
    pub is_told_elsewhere: bool,
}

/// When the threshold was crossed.
#[derive(Clone, Copy)]
struct Crossed {
    /// How many events there were by then.
    n: usize,
    at: Time,
}

impl AlertBuilder<'_> {
    /// Returns what there is to tell of an episode that goes on: that it crossed its threshold, and then each time that it came to much
    /// more than what was told.
    ///
    /// # Errors
    ///
    /// Fails if the events cannot be read.
    pub fn news(&self, episode: &Episode, told: Option<&Told>) -> Result<News> {
        let mut news = News::default();
        let Some(crossing) = self.crossing(episode)? else {
            return Ok(news);
        };
        let (mut told, mut from) = (told.cloned(), crossing.n);
        loop {
            let found = match &told {
                None => {
                    let stage = self.first_own(episode, from)?;
                    news.is_told_elsewhere = stage.is_none();
                    stage.map(|stage| (stage, Status::New))
                }
                Some(told) if told.is_covered => {
                    let (stage, coverage) = self.first_uncovered(episode, from, crossing)?;
                    news.coverage = coverage;
                    stage.map(|stage| (stage, Status::New))
                }
                Some(told) => {
                    let stage = first_prefix(from, episode.events.n_events(), |n| {
                        let stage = self.stage(episode, n)?;
                        Ok(stage.filter(|stage| {
                            let reached = (stage.severity, stage.detection.score);
                            told.is_outgrown(reached, episode.analytic, &stage.facts)
                        }))
                    })?;
                    stage.map(|stage| (stage, Status::Update))
                }
            };
            let Some((stage, status)) = found else {
                return Ok(news);
            };
            if self.is_told_elsewhere(episode, &stage)? {
                return Ok(news);
            }
            let alert = self.alert(episode, &stage, (crossing, stage.n), status)?;
            let updates = told.map_or(0, |told| told.updates);
            let next = Told {
                severity: stage.severity,
                score: stage.detection.score,
                amounts: Some(amounts_of(episode.analytic, &stage.facts)),
                updates: updates + u32::from(status == Status::Update),
                is_covered: alert.approval.is_some(),
            };
            news.told.push((alert, next.clone()));
            (told, from) = (Some(next), stage.n);
        }
    }

    /// Returns the stage with which an episode crossed its threshold, if no narrower analytic tells it; else the first later one that none
    /// tells.
    fn first_own(&self, episode: &Episode, from: usize) -> Result<Option<Stage>> {
        let own = |n: usize| {
            let stage = self.stage(episode, n)?;
            match stage {
                Some(stage) if !self.is_told_elsewhere(episode, &stage)? => Ok(Some(stage)),
                _ => Ok(None),
            }
        };
        match own(from)? {
            Some(stage) => Ok(Some(stage)),
            None => first_prefix(from, episode.events.n_events(), own),
        }
    }

    fn alike(&self, episode: &Episode, stage: &Stage) -> Alike<'_> {
        let subject = self.subject(episode, &stage.facts);
        let own = (episode.analytic, &*stage.detection);
        self.judge.alike(&subject, own, self.rivals)
    }

    /// Returns whether a narrower analytic tells the fact that a stage of an episode rests on, and no approval covers what that tells.
    fn is_told_elsewhere(&self, episode: &Episode, stage: &Stage) -> Result<bool> {
        for rival in self.alike(episode, stage).narrower {
            if !self.is_approved(rival, episode, stage.n)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether an approval covers what another analytic would tell of the first `n` events.
    fn is_approved(&self, rival: Rival, episode: &Episode, n: usize) -> Result<bool> {
        let mut approvals = self.config.approvals.iter();
        if !approvals.any(|approval| approval.is_for(&rival.analytic.id)) {
            return Ok(false);
        }
        let builder = AlertBuilder {
            threshold: rival.threshold,
            rivals: &[],
            ..*self
        };
        let episode = Episode::new(
            rival.analytic,
            episode.entity,
            episode.events,
            episode.met,
            episode.unique_id,
        );
        let (Some(stage), Some(crossed)) =
            (builder.judged(&episode, n)?, builder.crossing(&episode)?)
        else {
            return Ok(false);
        };
        let alert = builder.alert(&episode, &stage, (crossed, n), Status::Closed)?;
        Ok(alert.approval.is_some())
    }

    /// Returns the first stage that no approval covers: what one covers must not hide what comes after it on the same day. More is never
    /// covered where less is not. If there is none, what the approval was asked about is returned with it.
    fn first_uncovered(
        &self,
        episode: &Episode,
        from: usize,
        crossed: Crossed,
    ) -> Result<(Option<Stage>, Option<Coverage>)> {
        let n_events = episode.events.n_events();
        let mut whole = None;
        let first = first_prefix(from, n_events, |n| {
            let Some(stage) = self.stage(episode, n)? else {
                return Ok(None);
            };
            let alert = self.alert(episode, &stage, (crossed, stage.n), Status::New)?;
            if n == n_events && alert.approval.is_some() {
                whole = Some((stage.clone(), alert.clone()));
            }
            Ok(alert.approval.is_none().then_some(stage))
        })?;
        let coverage = match whole {
            Some((stage, alert)) => self.coverage(episode, &stage, alert)?,
            None => None,
        };
        Ok((first, coverage))
    }

    /// Returns what an episode came to; `None` if it is not severe enough for an alert, or a narrower analytic tells it. One that was told
    /// before is told in any case, unless another tells it.
    ///
    /// # Errors
    ///
    /// Fails if the events cannot be read.
    pub fn closed(&self, episode: &Episode, was_told: bool) -> Result<Option<Alert>> {
        let n = episode.events.n_events();
        let Some(whole) = self.judged(episode, n)? else {
            return Ok(None);
        };
        if self.is_told_elsewhere(episode, &whole)? {
            return Ok(None);
        }
        let crossing = match self.crossing(episode)? {
            Some(crossing) => crossing,
            None if was_told => {
                let at = episode.time_of(n - 1)?;
                let at = at.unwrap_or(self.day.start());
                Crossed { n, at }
            }
            None => return Ok(None),
        };
        // What people are shown of a score has one decimal.
        let shown = |stage: &Stage| round(stage.detection.score, 1);
        let reached = first_prefix(crossing.n, n, |n| {
            let stage = self.judged(episode, n)?;
            Ok(stage.filter(|stage| shown(stage) >= shown(&whole)))
        })?;
        let n_reached = reached.map_or(n, |stage| stage.n);
        let alert = self.alert(episode, &whole, (crossing, n_reached), Status::Closed)?;
        Ok(Some(alert))
    }

    /// Returns when an episode crossed its threshold; of one that is shown on request, when it came near.
    fn crossing(&self, episode: &Episode) -> Result<Option<Crossed>> {
        let n = episode.events.n_events();
        let Some(whole) = self.stage(episode, n)? else {
            return Ok(None);
        };
        let least = whole.severity.min(Severity::Medium);
        let first = first_prefix(1, n, |n| {
            let stage = self.stage(episode, n)?;
            Ok(stage.filter(|stage| stage.severity >= least))
        })?;
        let n = first.map_or(n, |stage| stage.n);
        let at = episode.time_of(n - 1)?.unwrap_or(self.day.start());
        Ok(Some(Crossed { n, at }))
    }

    /// Judges an episode up to its `n`th event; `None` if that is not severe enough for an alert.
    fn stage(&self, episode: &Episode, n: usize) -> Result<Option<Stage>> {
        let is_shown = |severity: Severity| {
            severity > Severity::Low || (severity == Severity::Low && self.show_low)
        };
        let stage = self.judged(episode, n)?;
        Ok(stage.filter(|stage| is_shown(stage.severity)))
    }

    /// Judges an episode up to its `n`th event; `None` if the analytic finds nothing.
    fn judged(&self, episode: &Episode, n: usize) -> Result<Option<Stage>> {
        if let Some(stage) = episode.judged.borrow().get(&n) {
            return Ok(stage.clone());
        }
        let stage = self.judge_anew(episode, n)?;
        episode.judged.borrow_mut().insert(n, stage.clone());
        Ok(stage)
    }

    fn judge_anew(&self, episode: &Episode, n: usize) -> Result<Option<Stage>> {
        let Some(facts) = self.facts(episode, n)? else {
            return Ok(None);
        };
        let subject = self.subject(episode, &facts);
        let Some(detection) = self.judge.detection_of(&subject, episode.analytic) else {
            return Ok(None);
        };
        let severity = self.rating(episode.analytic, &detection, &facts).severity();
        Ok(Some(Stage {
            n,
            facts,
            detection: Rc::new(detection),
            severity,
        }))
    }

    /// Returns the facts of the first `n` events of the day; `None` of no events.
    fn facts(&self, episode: &Episode, n: usize) -> Result<Option<Rc<DayFacts>>> {
        if n == 0 {
            return Ok(None);
        }
        let mut known = episode.known.borrow_mut();
        let before = known.range(..=n).next_back();
        let (from, facts) = match before {
            Some((&from, facts)) if from == n => return Ok(Some(facts.clone())),
            Some((&from, facts)) => (from, Some(DayFacts::clone(facts))),
            None => (0, None),
        };
        let facts = self.with_events(episode, from..n, facts, |_, _| true)?;
        let facts = facts.map(Rc::new);
        known.extend(facts.clone().map(|facts| (n, facts)));
        Ok(facts)
    }

    /// Returns facts with those of some events that are meant; `None` if there are none at all.
    pub(super) fn with_events(
        &self,
        episode: &Episode,
        which: Range<usize>,
        mut facts: Option<DayFacts>,
        is_meant: impl Fn(&Event, &EventAmounts) -> bool,
    ) -> Result<Option<DayFacts>> {
        episode.events.each(which, &mut |event| {
            let mut event = event.clone();
            let resolved = self.resolver.resolve(&mut event);
            let amounts = EventAmounts::of(&resolved);
            if !is_meant(resolved.event, &amounts) {
                return;
            }
            let facts = facts.get_or_insert_with(|| {
                let mut facts = DayFacts::starting(resolved.event.time);
                facts.note_unique_id(episode.unique_id);
                facts
            });
            amounts.add_to(facts, self.plan);
            facts.note_provider(resolved.event.provider, resolved.event.account.as_ref());
            if let Some(principal) = &resolved.event.principal {
                facts.note_principal(principal);
            }
        })?;
        if let Some(facts) = facts.as_mut().filter(|_| is_others(episode.entity)) {
            facts.forget_names();
        }
        Ok(facts)
    }

    pub(super) fn rating<'s>(
        &self,
        analytic: &'s Analytic,
        detection: &'s Detection,
        facts: &'s DayFacts,
    ) -> Rating<'s> {
        Rating {
            analytic,
            detection,
            threshold: self.threshold,
            is_sensitive: facts.touches_sensitive(),
            is_uncalibrated: self.judge.view().calibration.is_provisional(),
            is_beginning: self.judge.view().is_beginning(),
            facts,
            stored_days: self.judge.view().calibration.entity_days,
        }
    }

    pub(super) fn subject<'s>(&self, episode: &'s Episode, facts: &'s DayFacts) -> Subject<'s>
    where
        Self: 's,
    {
        Subject::of(
            episode.entity,
            facts,
            self.day,
            self.judge.view(),
            episode.met,
            self.peer_group_of,
        )
    }

    /// Passes on the first events of an episode, each resolved and with what it adds to facts.
    pub(super) fn each(
        &self,
        episode: &Episode,
        n: usize,
        look: &mut dyn FnMut(&ResolvedEvent, &EventAmounts),
    ) -> Result<()> {
        episode.events.each(0..n, &mut |event: &Event| {
            let mut event = event.clone();
            let resolved = self.resolver.resolve(&mut event);
            look(&resolved, &EventAmounts::of(&resolved));
        })
    }

    /// Tells what an episode came to by a stage. `n_reached` is with how many events its score was reached.
    fn alert(
        &self,
        episode: &Episode,
        stage: &Stage,
        (crossed, n_reached): (Crossed, usize),
        status: Status,
    ) -> Result<Alert> {
        let (analytic, entity) = (episode.analytic, episode.entity);
        let detection = &stage.detection;
        let arm = &detection.arm;
        let generation = self.judge.view();
        let subject = self.subject(episode, &stage.facts);
        let metrics = metrics_of(analytic);
        let mut through = Through::new(arm, &metrics, subject.known(), generation);
        self.each(episode, stage.n, &mut |resolved, amounts| {
            through.add(resolved, amounts);
        })?;
        let sources = through.sources();
        let (act, extent_at_crossing, raised) = self.act(
            episode,
            stage,
            (&sources, crossed.n, n_reached),
            subject.known(),
        )?;
        let assumed = act.assumptions.records();
        let reached = episode.time_of(n_reached - 1)?;
        let reached = reached.unwrap_or(self.day.start());
        let time = match status {
            // What else was done that day may complete the score, and is not what the alert is about.
            Status::Closed => raised.map_or(reached, |raised| raised.max(crossed.at)),
            Status::New | Status::Update => reached,
        };
        let title = analytic.arms.iter().find(|of| of.id == arm.arm);
        let mut alert = Alert {
            schema: Some(SCHEMA),
            alert_id: alert_id(&analytic.id, entity, self.day.start()),
            status,
            revision: 0,
            analytic: analytic.id.to_string(),
            name: analytic.title.clone(),
            headline: title.and_then(|arm| arm.title.clone()),
            techniques: analytic.techniques.clone(),
            severity: stage.severity,
            severity_reason: Some(severity::reason(
                self.rating(analytic, detection, &stage.facts),
                stage.severity,
            )),
            score: round(detection.score, 2),
            surprise: round(detection.surprise, 4),
            threshold: round(stats::rank::score(self.threshold), 2),
            arm: arm.arm.to_string(),
            statistic: round(arm.statistic, 4),
            provisional: self
                .rating(analytic, detection, &stage.facts)
                .is_provisional(),
            learning: detection
                .young_since
                .map(|since| young::record(&subject, since)),
            time,
            crossed_at: Some(crossed.at),
            first_event: Some(act.span.map_or(crossed.at, |(first, _)| first)),
            last_event: Some(act.span.map_or(crossed.at, |(_, last)| last)),
            window: window_of(arm, self.day),
            entity: caller::entity(&subject, generation, &sources),
            authentication: caller::authentication(&subject, &sources, &assumed),
            assumed,
            operations: act.rows.operations(),
            reasons: reasons(arm, &sources, &subject, generation),
            resources: act.rows.resources(),
            destinations: act.rows.destinations(),
            extent: act.extent(),
            spans: act.spans(),
            extent_at_crossing,
            events: act.events,
            day_events: stage.n as u64,
            event_ids: act.event_ids,
            blinded: act.blinded.into_iter().take(ROWS_MAX).collect(),
            silence: None,
            sources: sources.records,
            also: Vec::new(),
            findings: findings(&subject, (episode.unique_id, episode.instances), generation),
            incident_id: None,
            generation: generation.number,
            suppressed_by: None,
            approval: None,
            evidence: Some(self.evidence(analytic, stage)),
            digest: None,
        };
        let approval = self.approval(episode, stage, &metrics, &alert)?;
        alert.suppressed_by = approval.map(ToString::to_string);
        alert.approval = approval.map(Approval::id);
        // What is hidden stands for nothing that is not.
        if alert.approval.is_none() {
            let record = |other: &Rival| AlikeRecord {
                analytic: other.analytic.id.to_string(),
                name: other.analytic.title.clone(),
                alert_id: alert_id(&other.analytic.id, entity, self.day.start()),
            };
            alert.also = self
                .alike(episode, stage)
                .broader
                .iter()
                .map(record)
                .collect();
        }
        alert.resources.truncate(ROWS_MAX);
        alert.destinations.truncate(ROWS_MAX);
        Ok(alert)
    }

    /// Adds up the act, and returns it with how much it had come to when the threshold was crossed, and when its last event was by the time
    /// when the score was reached.
    fn act<'s>(
        &'s self,
        episode: &Episode,
        stage: &Stage,
        (sources, n_crossed, n_reached): (&Sources, usize, usize),
        known: KnownThings<'s>,
    ) -> Result<(Act<'s>, Extent, Option<Time>)>
    where
        Self: 's,
    {
        let arm = &stage.detection.arm;
        let mut act = Act::new(
            self.resolver,
            self.judge.analytics(),
            self.judge.view(),
            known,
        );
        let (mut extent_at_crossing, mut raised) = (None, None);
        let mut n = 0;
        self.each(episode, stage.n, &mut |resolved, amounts| {
            n += 1;
            let event = resolved.event;
            let mut firsts = sources.firsts.iter().flatten();
            if sources.is_of_act(event, amounts, arm) {
                act.add(resolved, amounts);
                if n <= n_reached {
                    raised = Some(event.time);
                }
            } else if firsts.any(|first| *first.event_id == *event.id) {
                act.list(resolved);
            }
            if n == n_crossed {
                extent_at_crossing = Some(act.extent());
            }
        })?;
        let extent = act.extent();
        Ok((act, extent_at_crossing.unwrap_or(extent), raised))
    }

    /// Returns how the score came about, in numbers.
    fn evidence(&self, analytic: &Analytic, stage: &Stage) -> ScoreEvidence {
        let detection = &stage.detection;
        let calibration = &self.judge.view().calibration;
        let arm = &detection.arm;
        let of_arm = calibration.arms.get(&arm_key(&analytic.id, &arm.arm));
        ScoreEvidence {
            statistic: arm.statistic,
            factor: arm.factor,
            damped: analytic
                .arms
                .iter()
                .find(|of| of.id == arm.arm)
                .and_then(|of| of.damped_by(arm.factor))
                .map(str::to_owned),
            arm: of_arm.map(|distribution| Reference::of(distribution, arm.statistic)),
            rank: arm.rank,
            pooled: Reference::of(&calibration.pooled, arm.rank),
            surprise: detection.surprise,
            threshold: self.threshold,
            sensitive: stage.facts.touches_sensitive(),
            severity_max: self.rating(analytic, detection, &stage.facts).most(),
        }
    }
}

/// Returns the window of the largest volume contribution, or the whole day.
fn window_of(arm: &ArmResult, day: Day) -> Span {
    if arm.sequence.is_none() {
        for contribution in &arm.contributions {
            let (window, start) = match contribution {
                Contribution::Volume(reading) => (reading.window, reading.start),
                Contribution::RoleTail(reading) => {
                    (Window::HOUR, start_of(Window::HOUR, reading.slot))
                }
                _ => continue,
            };
            let start = day.start().plus_secs(i64::from(start));
            return Span {
                start,
                end: start.plus_secs(i64::from(window.secs())),
            };
        }
    }
    Span {
        start: day.start(),
        end: day.end(),
    }
}
