//! Why a day of an entity raised no alert, or why it did: every analytic with its arms, its gates and what was missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::alert::{Alert, alert_id};
use crate::analytic::Analytic;
use crate::baseline::{CalibrationLog, Generation};
use crate::config::{ApprovalContext, approval_covering};
use crate::engine::intake::Intake;
use crate::engine::lookup::lookup;
use crate::engine::replay::Replay;
use crate::engine::scorer::ScoreOptions;
use crate::engine::scorer::{Added, Scorer};
use crate::engine::thresholds::thresholds;
use crate::engine::train::exclusions_of;
use crate::engine::{Progress, Setup, cancelled};
use crate::error::{Error, Result};
use crate::measure::{DayFacts, is_others};
use crate::score::{ArmExplanation, Judge, Rival, Standing, Subject, best_arm, may_be_alike};
use crate::sources::{InputFile, ReadOptions};
use crate::stats;
use crate::store::{Archive, Manifest, Store};
use crate::time::{Day, Time};
use crate::vocab::{Entity, Str, Trait};

/// The question.
#[derive(Debug, Clone)]
pub struct Question {
    /// An id, an alias, or a part that only one id has.
    pub entity: String,
    /// The day.
    pub day: Day,
    /// The end of the considered time; `None` for the whole day.
    pub until: Option<Time>,
    /// The budget in incidents a day over the estate, if one was given; else the thresholds in force apply.
    pub budget_per_day: Option<f64>,
}

/// The results of every analytic for an entity's day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Explanation {
    /// Kind of entity.
    pub kind: &'static str,
    /// Canonical id.
    pub id: String,
    /// The day.
    pub day: String,
    /// The end of the considered time, if one was asked for and the data allows it.
    pub until: Option<String>,
    /// Events of the entity in that time.
    pub events: u64,
    /// The source of the facts: `store` or `logs`.
    pub facts_from: &'static str,
    /// The generation that judged.
    pub judge: EvaluationExplanation,
    /// First day on which the entity was seen.
    pub first_seen: String,
    /// Whether it is in its first two days, as far as is known.
    pub standing: Standing,
    /// Whether the store has any alert of that day, of whatever entity; if not, the day was most likely never scored.
    pub day_has_alerts: bool,
    /// One for each analytic.
    pub analytics: Vec<AnalyticExplanation>,
}

/// The generation that judged a day.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EvaluationExplanation {
    /// Its number; for a replayed one, the number of the generation whose stored distributions it has.
    pub generation: u64,
    /// The first day that it may judge.
    pub as_of: String,
    /// How it was obtained.
    pub how: HowJudged,
    /// Whether there is too little history for calibrated scores.
    pub provisional: bool,
}

/// How a generation was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HowJudged {
    /// It is the one in force.
    InForce,
    /// It was in force on that morning, and the store still has it.
    Kept,
    /// The stored days before were learnt again; the stored distributions are those in force now.
    Replayed,
}

/// The outcome of an analytic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExplanationOutcome {
    /// It alerted.
    Alerted,
    /// It alerted, but an approval covers it.
    Approved,
    /// It reached its threshold, but a narrower analytic tells the same fact.
    ToldElsewhere,
    /// An arm counted, but stayed below the threshold.
    BelowThreshold,
    /// An arm reached the threshold, but not the floor beneath every alert: without ordinary amounts, the entity is expected to
    /// show as much more often than once in two weeks.
    BelowFloor,
    /// Gates blocked every arm with a statistic above zero.
    Gated,
    /// No arm found anything surprising.
    Quiet,
    /// It does not apply to this kind of entity, or is disabled.
    DoesNotApply,
}

/// The account of one analytic.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct AnalyticExplanation {
    /// The analytic.
    pub analytic: String,
    /// Its title.
    pub name: String,
    /// The outcome.
    pub outcome: ExplanationOutcome,
    /// Why it does not apply, if it does not.
    pub why_not: Option<String>,
    /// The id that the day's alert has, if there is one.
    pub alert_id: Option<String>,
    /// Whether the store has that alert: else the day was not scored, or by other thresholds.
    pub is_told: bool,
    /// The approval that covers it.
    pub approved_by: Option<String>,
    /// The narrower analytic that tells the same fact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_by: Option<String>,
    /// The arm that decides the outcome.
    pub arm: Option<String>,
    /// The score reached.
    pub score: f64,
    /// The score that was required.
    pub threshold: f64,
    /// Its arms.
    pub arms: Vec<ArmExplanation>,
}

/// Returns the account of an entity's day. With files, the facts are read from them as in scoring; else the day must be one
/// that was learnt.
///
/// # Errors
///
/// Fails if nothing was trained, the day is not known, no entity or several match, or the user stops it.
pub fn explain_not_alerted(
    setup: &Setup,
    store: &Store,
    question: &Question,
    logs: Option<(Vec<InputFile>, ReadOptions)>,
    progress: &dyn Progress,
) -> Result<Explanation> {
    let manifest = store.published()?;
    let (generation, how) = generation_of(setup, store, &manifest, question.day, progress)?;
    let generation = Arc::new(generation);
    let is_from_logs = logs.is_some();
    let options = ScoreOptions {
        budget_per_day: question.budget_per_day,
        show_low: false,
        show_suppressed: true,
        every_status: false,
    };
    let mut scorer = Scorer::new(setup, generation.clone(), options);
    match logs {
        Some((files, options)) => read(&mut scorer, setup, files, options, question, progress)?,
        None => {
            let mut stored = manifest.days.iter();
            let entry = stored
                .find(|entry| entry.day == question.day)
                .ok_or_else(|| not_learnt(question.day, &manifest))?;
            scorer.put(store.load_day(entry)?);
        }
    }
    if scorer.aggregate(question.day).is_none() {
        return Err(Error::failed(format!(
            "these logs have no event of {}",
            question.day
        )));
    }
    // What the days before teach, and the episodes of the day itself, with the approvals that cover them.
    let mut alerts = Vec::new();
    for day in scorer.days() {
        alerts = scorer.conclude_day(day)?;
        if day == question.day {
            break;
        }
    }
    let facts = scorer.facts(question.day);
    let (entity, of_entity) = find(&facts, &generation, question)?;

    let view = scorer.view(question.day);
    let judge = Judge::new(&setup.analytics, view);
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    let met = scorer.met(entity, question.day);
    let subject = Subject::of(entity, of_entity, question.day, view, met, &peer_group_of);
    let thresholds = thresholds(&setup.analytics, &generation, question.budget_per_day);
    let analytics = setup
        .analytics
        .iter()
        .zip(&thresholds)
        .map(|(analytic, &threshold)| of_analytic(setup, &judge, &subject, analytic, threshold))
        .collect();
    let mut explanation = Explanation {
        kind: entity.kind.as_str(),
        id: entity.id.to_string(),
        day: question.day.to_string(),
        until: question
            .until
            .filter(|_| is_from_logs)
            .map(|t| t.to_string()),
        events: of_entity.n_events,
        facts_from: if is_from_logs { "logs" } else { "store" },
        judge: EvaluationExplanation {
            generation: generation.number,
            as_of: generation.as_of.to_string(),
            how,
            provisional: generation.calibration.is_provisional(),
        },
        first_seen: subject.first_day.to_string(),
        standing: subject.standing,
        day_has_alerts: false,
        analytics,
    };
    generation.intact()?;
    explanation.leave_to_narrower(setup, &judge, &subject, &thresholds);
    explanation.take_approvals(&alerts);
    explanation.take_told(setup, &told(store, question.day)?);
    Ok(explanation)
}

impl Explanation {
    /// Notes of what reached its threshold which narrower analytic tells it.
    fn leave_to_narrower(
        &mut self,
        setup: &Setup,
        judge: &Judge,
        subject: &Subject,
        thresholds: &[f64],
    ) {
        let approved: Vec<bool> = (self.analytics.iter())
            .map(|of| of.outcome == ExplanationOutcome::Approved)
            .collect();
        for (at, own) in setup.analytics.iter().enumerate() {
            if self.analytics[at].outcome != ExplanationOutcome::Alerted {
                continue;
            }
            let others = setup.analytics.iter().zip(thresholds).zip(&approved);
            let rivals: Vec<Rival> = others
                .filter(|((other, _), is_approved)| !**is_approved && may_be_alike(own, other))
                .map(|((analytic, &threshold), _)| Rival {
                    analytic,
                    threshold,
                })
                .collect();
            let Some(detection) = judge.detection_of(subject, own) else {
                continue;
            };
            let alike = judge.alike(subject, (own, &detection), &rivals);
            if let Some(narrower) = alike.narrower.first() {
                self.analytics[at].outcome = ExplanationOutcome::ToldElsewhere;
                self.analytics[at].told_by = Some(narrower.analytic.id.to_string());
            }
        }
    }

    /// Notes which of its alerts the store has, and which of them an approval covered that there still is: a stored day does not tell when
    /// what was done, as an approval at some times asks.
    fn take_told(&mut self, setup: &Setup, told: &BTreeMap<String, Option<String>>) {
        self.day_has_alerts = !told.is_empty();
        for analytic in &mut self.analytics {
            let stored = analytic.alert_id.as_ref().and_then(|id| told.get(id));
            analytic.is_told = stored.is_some();
            let by = stored.and_then(Option::as_ref);
            let mut approvals = setup.config.approvals.iter();
            let approval = by.and_then(|by| approvals.find(|approval| approval.id() == *by));
            if let (Some(approval), ExplanationOutcome::Alerted) = (approval, analytic.outcome) {
                analytic.outcome = ExplanationOutcome::Approved;
                analytic.approved_by = Some(approval.to_string());
            }
        }
    }

    /// Copies from the built alerts what they state about approvals.
    fn take_approvals(&mut self, alerts: &[Alert]) {
        for analytic in &mut self.analytics {
            let is_its = |alert: &&Alert| Some(&alert.alert_id) == analytic.alert_id.as_ref();
            if let Some(alert) = alerts.iter().rfind(is_its) {
                analytic.approved_by = alert.suppressed_by.clone();
                analytic.outcome = match analytic.approved_by {
                    Some(_) => ExplanationOutcome::Approved,
                    None => ExplanationOutcome::Alerted,
                };
            }
        }
    }
}

/// Returns the alerts of a day that the store has, by id, each with the id of the approval that covered it.
fn told(store: &Store, day: Day) -> Result<BTreeMap<String, Option<String>>> {
    #[derive(Deserialize)]
    struct Line {
        alert_id: String,
        approval: Option<String>,
    }
    let mut told = BTreeMap::new();
    Archive::alerts(store).each_of(day, |line| {
        let line = serde_json::from_slice::<Line>(line);
        told.extend(line.ok().map(|line| (line.alert_id, line.approval)));
    })?;
    Ok(told)
}

fn not_learnt(day: Day, manifest: &Manifest) -> Error {
    let known = match (manifest.days.first(), manifest.days.last()) {
        (Some(first), Some(last)) => format!("the store has {} to {}", first.day, last.day),
        _ => "the store has no day".to_owned(),
    };
    Error::missing(format!("{day} was not learnt"))
        .hint(format!("{known}; give the logs of the day after it"))
}

/// Returns the generation that was in force on the morning of a day, or the nearest one that the store allows.
fn generation_of(
    setup: &Setup,
    store: &Store,
    manifest: &Manifest,
    day: Day,
    progress: &dyn Progress,
) -> Result<(Generation, HowJudged)> {
    let in_force = store.load_generation()?;
    if in_force.as_of <= day {
        return Ok((in_force, HowJudged::InForce));
    }
    if let Some(mut kept) = store.load_kept(manifest, day)? {
        kept.tuning = in_force.tuning;
        return Ok((kept, HowJudged::Kept));
    }
    let peer_group_of = |id: &str| setup.peer_group_of(id);
    // Nothing is scored again: stored distributions are used unchanged.
    let log = CalibrationLog {
        through: Some(day),
        ..CalibrationLog::default()
    };
    let mut replay =
        Replay::new(setup, &peer_group_of, log).without(exclusions_of(&store.verdicts()?));
    let before: Vec<_> = manifest.days.iter().filter(|e| e.day < day).collect();
    if before.is_empty() {
        return Err(Error::failed(format!(
            "no day before {day} is stored, so there was nothing to judge it by"
        )));
    }
    progress.begin("learning", Some(before.len() as u64));
    for (done, entry) in before.iter().enumerate() {
        if progress.is_cancelled() {
            return Err(cancelled());
        }
        replay.learn(store.load_day(entry)?);
        progress.advance(done as u64 + 1);
    }
    progress.end();
    let mut generation = replay.generation(in_force.number);
    generation.calibration = in_force.calibration;
    generation.tuning = in_force.tuning;
    Ok((generation, HowJudged::Replayed))
}

/// Reads the events of logs up to the instant that is asked about.
fn read(
    scorer: &mut Scorer,
    setup: &Setup,
    files: Vec<InputFile>,
    options: ReadOptions,
    question: &Question,
    progress: &dyn Progress,
) -> Result<()> {
    let until = question.until.unwrap_or(question.day.end());
    let intake = Intake {
        setup,
        files,
        options,
        rejects: None,
    };
    intake.run(progress, |_, event| {
        Ok(event.time <= until && scorer.add(event)? == Added::New)
    })?;
    Ok(())
}

fn find<'f>(
    facts: &'f BTreeMap<Entity, DayFacts>,
    generation: &Generation,
    question: &Question,
) -> Result<(&'f Entity, &'f DayFacts)> {
    let all: Vec<(&Entity, &DayFacts)> = facts.iter().collect();
    let aliases = |facts: &DayFacts| -> Vec<Str> {
        let aliases = facts.profile.aliases.iter();
        aliases.map(|(alias, _)| alias.clone()).collect()
    };
    if let Some(found) = lookup(&all, aliases, &question.entity)? {
        return Ok(found);
    }
    let mut known: Vec<(Entity, Vec<Str>)> = Vec::new();
    generation.baselines.each(|entity, baseline| {
        known.push((entity.clone(), baseline.aliases.clone()));
    })?;
    let known: Vec<(&Entity, &[Str])> = known
        .iter()
        .map(|(entity, aliases)| (entity, aliases.as_slice()))
        .collect();
    Err(match lookup(&known, <[Str]>::to_vec, &question.entity)? {
        Some((entity, _)) => Error::failed(format!(
            "no event of {entity} is known on {}, so there was nothing to judge",
            question.day
        )),
        None => {
            let error = Error::missing(format!(
                "no entity matches `{}` on {}",
                question.entity, question.day
            ));
            match facts.keys().any(is_others) {
                true => error.hint(
                    "the day had more new names than are told apart: it may be one of the `(others)` of its account or role",
                ),
                false => error
                    .hint_by_command("`plimsoll show` lists the most active and the newest identities")
                    .hint_by_http("GET /v1/entities lists the most active"),
            }
        }
    })
}

fn of_analytic(
    setup: &Setup,
    judge: &Judge,
    subject: &Subject,
    analytic: &Analytic,
    threshold: f64,
) -> AnalyticExplanation {
    let mut explanation = AnalyticExplanation {
        analytic: analytic.id.to_string(),
        name: analytic.title.clone(),
        outcome: ExplanationOutcome::DoesNotApply,
        why_not: why_not(analytic, subject),
        alert_id: None,
        is_told: false,
        approved_by: None,
        told_by: None,
        arm: None,
        score: 0.0,
        threshold: stats::rank::score(threshold),
        arms: Vec::new(),
    };
    if !judge.applies(analytic, subject) {
        return explanation;
    }
    explanation.arms = judge.explain(subject, analytic, threshold);
    explanation.outcome = match best_arm(&explanation.arms) {
        Some(best) => {
            explanation.arm = Some(best.arm.clone());
            explanation.score = best.score;
            let mut floored = explanation.arms.iter().filter(|arm| arm.is_below_floor);
            if best.surprise >= threshold && !best.is_below_floor {
                let start = subject.day.start();
                explanation.alert_id = Some(alert_id(&analytic.id, subject.entity, start));
                let context = context(subject);
                let until = subject.facts.last;
                explanation.approved_by =
                    approval_covering(&setup.config, &analytic.id, &context, until)
                        .map(ToString::to_string);
                match explanation.approved_by {
                    Some(_) => ExplanationOutcome::Approved,
                    None => ExplanationOutcome::Alerted,
                }
            } else if let Some(floored) = floored.find(|arm| arm.surprise >= threshold) {
                explanation.arm = Some(floored.arm.clone());
                explanation.score = floored.score;
                ExplanationOutcome::BelowFloor
            } else {
                ExplanationOutcome::BelowThreshold
            }
        }
        None if explanation
            .arms
            .iter()
            .any(ArmExplanation::has_something_to_say) =>
        {
            ExplanationOutcome::Gated
        }
        None => ExplanationOutcome::Quiet,
    };
    explanation
}

fn why_not(analytic: &Analytic, subject: &Subject) -> Option<String> {
    let profile = &subject.facts.profile;
    if !analytic.enabled {
        Some("it is switched off".to_owned())
    } else if !analytic.entities.contains(&subject.entity.kind) {
        Some(format!("it does not judge a {}", subject.entity.kind))
    } else if !profile.is_of(&analytic.providers) {
        let names: Vec<_> = profile.providers.iter().map(|p| p.as_str()).collect();
        Some(format!("it does not look at {}", names.join(", ")))
    } else {
        None
    }
}

/// Returns what the facts of a day show to an approval. Facts contain networks, not addresses, so an approval by address is
/// only recognised from logs.
fn context(subject: &Subject) -> ApprovalContext {
    let values = |which: Trait| -> Vec<Str> {
        let values = subject.facts.trait_values(which);
        values
            .into_iter()
            .flat_map(|values| values.iter().map(|(value, _)| value.clone()))
            .collect()
    };
    let profile = &subject.facts.profile;
    let mut aliases: Vec<Str> = profile.aliases.iter().map(|(a, _)| a.clone()).collect();
    aliases.extend(subject.baseline.iter().flat_map(|b| b.aliases.clone()));
    ApprovalContext {
        identity: subject.entity.id.clone(),
        aliases,
        role: profile.role.clone(),
        destinations: values(Trait::Destination)
            .into_iter()
            .map(|destination| vec![destination])
            .collect(),
        buckets: values(Trait::Bucket),
        user_agents: values(Trait::UserAgent),
        applications: values(Trait::Application).into_iter().map(Some).collect(),
        addresses: Vec::new(),
        times: Vec::new(),
    }
}
