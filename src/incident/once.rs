//! Each event of a timeline, told once.
//!
//! Several alerts tell of one event, and one alert may tell of it twice: as a credential that was issued and as the beginning of the
//! session with it, or as the first event of a day. The more telling wording is kept.

use std::cmp::Reverse;

use crate::incident::document::Moment;
use crate::incident::principal::comparable;

/// How much a moment tells; where there are too many, those that tell least go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Creation,
    Crossing,
    Issuance,
    SignIn,
    Finding,
    FirstEvent,
    LastEvent,
    Score,
}

/// A moment, with what shows whether another one tells of the same event.
#[derive(Debug, Clone)]
pub(super) struct Told<'a> {
    pub(super) weight: Weight,
    pub(super) moment: Moment,
    /// The operation that issued a credential, or how somebody signed in.
    pub(super) how: Option<&'a str>,
    /// The identity that a credential was issued to.
    pub(super) to: Option<&'a str>,
}

impl Told<'_> {
    pub(super) fn new(weight: Weight, moment: Moment) -> Self {
        Self {
            weight,
            moment,
            how: None,
            to: None,
        }
    }

    fn second(&self) -> i64 {
        self.moment.time.secs()
    }

    /// The order within a second: what tells most comes first.
    fn order(&self) -> impl Ord + '_ {
        let Moment {
            time,
            what,
            entity,
            event_id,
        } = &self.moment;
        let length = Reverse(what.chars().count());
        (
            self.second(),
            self.weight,
            length,
            entity,
            what,
            event_id,
            *time,
        )
    }

    /// Returns whether this is of the same event as what comes after it in the same second.
    fn is_of_same_event(&self, next: &Told<'_>) -> bool {
        let (a, b) = (&self.moment, &next.moment);
        let is_same_entity = is_same(&a.entity, &b.entity);
        let is_same_id = event_of(a).zip(event_of(b)).map(|(a, b)| a == b);
        let is_same_time = a.time == b.time;
        match (self.weight, next.weight) {
            (Weight::Creation, Weight::Creation) => is_same_id.unwrap_or(true) && is_same_entity,
            // An event issues one credential, by whatever name alerts know the identity that uses it.
            (Weight::Issuance, Weight::Issuance) => {
                is_same_id.unwrap_or(is_same_entity && self.how == next.how)
            }
            (Weight::Creation | Weight::Issuance, Weight::FirstEvent) => {
                is_same_id.unwrap_or(false)
            }
            (Weight::Issuance, Weight::SignIn) => self.begins(next, is_same_entity),
            (Weight::FirstEvent, Weight::LastEvent) => is_same_entity && is_same_time,
            (a, b) => a == b && is_same_entity && is_same_time && self.says_as(next),
        }
    }

    fn says_as(&self, other: &Told<'_>) -> bool {
        self.moment.what == other.moment.what
    }

    /// Returns whether the session of a sign-in began with this credential. Some sessions state only when they began; a sign-in names its
    /// operation.
    fn begins(&self, sign_in: &Told<'_>, is_same_entity: bool) -> bool {
        let method = sign_in.how.unwrap_or_default();
        let operation = method.split(" (").next().unwrap_or_default();
        if !operation.contains(':') {
            return is_same_entity;
        }
        let is_caller = self
            .to
            .is_some_and(|to| is_same(to, &sign_in.moment.entity));
        self.how == Some(operation) && (is_same_entity || is_caller)
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a == b || comparable(a) == comparable(b)
}

fn event_of(moment: &Moment) -> Option<&str> {
    moment.event_id.as_deref().filter(|id| !id.is_empty())
}

/// Leaves out what is told of an event for which there is a better wording.
pub(super) fn once(mut all: Vec<Told<'_>>) -> Vec<Told<'_>> {
    all.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut kept: Vec<Told<'_>> = Vec::new();
    // Where the moments of the present second begin.
    let mut begin = 0;
    for next in all {
        if kept
            .last()
            .is_some_and(|last| last.second() < next.second())
        {
            begin = kept.len();
        }
        if !kept[begin..]
            .iter()
            .any(|known| known.is_of_same_event(&next))
        {
            kept.push(next);
        }
    }
    kept
}
