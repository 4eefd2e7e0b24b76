//! Episodes that crossed their threshold, and their alerts. An alert is built from events, of which a bounded number is in
//! memory at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::alert::Alert;
use crate::engine::event_buffer::EventBuffer;
use crate::engine::scorer::open_day::OpenDay;
use crate::engine::scorer::told::{AlertStates, news};
use crate::engine::scorer::{Bench, ScoreSummary};
use crate::error::Result;
use crate::score::{AlertBuilder, Judge};
use crate::stats::Severity;
use crate::vocab::Entity;

/// Events of alerting entities that are in memory at once, each of about two kilobytes, as long as no single episode needs
/// more.
const EVENTS_AT_ONCE: u64 = 1 << 15;
/// If the first events of an episode do not explain it, so many times more are read.
const MORE: usize = 8;

/// An episode that crossed its threshold, or that is shown on request.
pub(super) struct Crossing {
    pub analytic: usize,
    pub entity: Entity,
    /// The severity that it has come to.
    pub severity: Severity,
    /// The events of the entity's day.
    pub n_events: u64,
}

/// What judging a day reads back and writes down.
pub(super) struct Telling<'t> {
    pub events: &'t EventBuffer,
    pub told: &'t mut AlertStates,
    pub archived: &'t BTreeSet<String>,
    pub summary: &'t mut ScoreSummary,
}

impl Bench<'_> {
    /// Builds the alerts of the episodes that crossed a threshold, and returns those that are news.
    pub(super) fn build(
        &self,
        open: &mut OpenDay,
        judge: &Judge,
        crossings: &[Crossing],
        mut telling: Telling,
    ) -> Result<Vec<Alert>> {
        let mut alerts = Vec::new();
        for some in in_batches(crossings) {
            let mut episodes = self.episodes(open, judge, some, telling.events)?;
            for at in 0..some.len() {
                let episode = episodes.remove(&at).unwrap_or_default();
                self.tell(episode, open, &mut telling, &mut alerts);
            }
        }
        Ok(alerts)
    }

    /// Keeps those alerts of an episode that are news.
    fn tell(
        &self,
        episode: Vec<Alert>,
        open: &OpenDay,
        telling: &mut Telling,
        alerts: &mut Vec<Alert>,
    ) {
        let news = news(episode, open.day(), telling.told, telling.summary);
        for alert in &news {
            telling.summary.told_before.remove(&alert.alert_id);
        }
        let is_shown =
            |alert: &Alert| alert.suppressed_by.is_none() || self.options.show_suppressed;
        alerts.extend(news.into_iter().filter(is_shown));
    }

    /// Builds the alerts of each episode, from as many of its first events as they need.
    fn episodes(
        &self,
        open: &mut OpenDay,
        judge: &Judge,
        crossings: &[Crossing],
        buffer: &EventBuffer,
    ) -> Result<BTreeMap<usize, Vec<Alert>>> {
        let day = open.day();
        let peer_group_of = |id: &str| self.setup.peer_group_of(id);
        let mut built = BTreeMap::new();
        let mut wanted: Vec<usize> = (0..crossings.len()).collect();
        let mut first = EVENTS_AT_ONCE as usize;
        while !wanted.is_empty() {
            let entities = wanted.iter().map(|&at| &crossings[at].entity).collect();
            let events = open.events_of(&entities, buffer, &self.resolver, first)?;
            wanted.retain(|&at| {
                let crossing = &crossings[at];
                let builder = AlertBuilder {
                    plan: &self.setup.plan,
                    config: &self.setup.config,
                    resolver: &self.resolver,
                    judge,
                    peer_group_of: &peer_group_of,
                    day,
                    threshold: self.thresholds[crossing.analytic],
                    show_low: self.options.show_low,
                };
                let found = events.get(&crossing.entity);
                let of_entity = found.map_or(&[][..], |events| &events.first);
                let met = self.context.met(&crossing.entity, day);
                let analytic = &self.setup.analytics[crossing.analytic];
                let episode = builder.build(analytic, &crossing.entity, of_entity, met);
                // More events may only add that it is more severe, or that an approval covers it no longer.
                let last = episode.last();
                let is_whole = last.is_some_and(|alert| {
                    alert.severity >= crossing.severity && alert.suppressed_by.is_none()
                });
                let needs_more = found.is_some_and(|events| events.is_cut) && !is_whole;
                if !needs_more {
                    built.insert(at, episode);
                }
                needs_more
            });
            first *= MORE;
        }
        Ok(built)
    }
}

/// Splits episodes where they have too many events to be in memory at once.
fn in_batches(crossings: &[Crossing]) -> impl Iterator<Item = &[Crossing]> {
    let mut rest = crossings;
    std::iter::from_fn(move || {
        let mut n_events = 0;
        let n = rest
            .iter()
            .take_while(|crossing| {
                n_events += crossing.n_events.min(EVENTS_AT_ONCE);
                n_events <= EVENTS_AT_ONCE
            })
            .count();
        let (some, others) = rest.split_at(n.max(1).min(rest.len()));
        rest = others;
        (!some.is_empty()).then_some(some)
    })
}
