//! The title of an incident: one sentence that is true, with the numbers that matter. Nothing in it is escaped yet.

use std::collections::BTreeSet;

use crate::alert::{Alert, Extent};
use crate::incident::act::acts;
use crate::incident::document::Cause;
use crate::incident::extent::extent_of;
use crate::incident::people::{descent, name};
use crate::incident::principal::comparable;
use crate::wording::{clip, name_of, noun, period, shorten};

/// Characters of a title.
const TITLE_MAX: usize = 300;
/// Actors that are named.
const NAMES_SHOWN: usize = 3;
/// Columns of a value.
const VALUE_MAX: usize = 48;

/// What a title is made of.
pub(super) struct Facts<'a> {
    /// The alerts that count, in the order of their beginnings.
    pub(super) alerts: &'a [&'a Alert],
    /// These and those that an approval covers: they are links of a chain as well.
    pub(super) all: &'a [&'a Alert],
    /// How much they came to together.
    pub(super) extent: Extent,
    /// The new value that they have in common.
    pub(super) cause: Option<&'a Cause>,
    /// How many actors there are, some of which may have several names.
    pub(super) actors: usize,
    /// Whether there is more to one of them than that value.
    pub(super) carries_more: bool,
    /// Whether approvals cover all of them.
    pub(super) is_suppressed: bool,
}

impl Facts<'_> {
    /// Returns the title.
    pub(super) fn title(&self) -> String {
        let approved = if self.is_suppressed {
            ", as an approval allows"
        } else {
            ""
        };
        let when = self.when();
        let room = TITLE_MAX - when.chars().count() - approved.chars().count();
        let (what, whence) = match self.cause {
            Some(cause) if !self.carries_more => (self.roll_out(cause), String::new()),
            cause => self.deeds(cause),
        };
        // Addresses are named below the title as well; a part of one would be wrong.
        let is_room = (what.chars().count() + whence.chars().count()) <= room;
        let whence = if is_room { whence } else { String::new() };
        clip(&what, room) + &whence + &when + approved
    }

    /// Tells of a roll-out.
    fn roll_out(&self, cause: &Cause) -> String {
        let whose = self.common_group().unwrap_or_default();
        format!(
            "Roll-out: {}{whose} {} for the first time",
            noun(cause.members, "identity", "identities"),
            began(cause)
        )
    }

    /// Tells of what actors did, and from where.
    fn deeds(&self, cause: Option<&Cause>) -> (String, String) {
        let acts = acts(self.alerts, self.extent);
        let (who, verb) = self.who(cause);
        let did = match acts.as_slice() {
            [] => return (format!("{who}: {}", self.headline()), String::new()),
            [one] => one.clone(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        };
        (format!("{who}{verb}{did}"), self.whence())
    }

    /// Names who did it, with what leads over to what they did.
    fn who(&self, cause: Option<&Cause>) -> (String, &'static str) {
        let mut names: Vec<String> = Vec::new();
        let mut ids: BTreeSet<(&str, &str)> = BTreeSet::new();
        for entity in self.alerts.iter().map(|alert| &alert.entity) {
            if ids.insert((&entity.kind, &entity.id)) {
                names.push(name(entity));
            }
        }
        if let Some(cause) = cause {
            let who = listed(&names);
            return (
                format!("{who}, which all {} for the first time,", began(cause)),
                " ",
            );
        }
        if let Some(path) = descent(self.all) {
            let (words, last) = (path.words, path.last);
            return match path.beside {
                0 if self.is_only_by(&last) => (words, ", which "),
                0 => (words, "; they "),
                n => {
                    let others = noun(n, "other identity", "other identities");
                    (format!("{words}; they and {others}"), " ")
                }
            };
        }
        match names.as_slice() {
            [] => ("somebody".to_owned(), " "),
            [one] => (one.clone(), " "),
            names if self.actors > 1 => (listed(names), " "),
            // One person or workload under several names.
            [first, others @ ..] => {
                let others = noun(others.len() as u64, "other name", "other names");
                (format!("{first} (and under {others})"), " ")
            }
        }
    }

    /// Returns whether the alerts of nobody else tell of something that was done.
    fn is_only_by(&self, id: &str) -> bool {
        let others: Vec<&Alert> = self
            .alerts
            .iter()
            .filter(|alert| comparable(&alert.entity.id) != id)
            .copied()
            .collect();
        others.is_empty() || acts(&others, extent_of(&others)).is_empty()
    }

    /// Returns what the severest alert says of itself, where no amount is known.
    fn headline(&self) -> String {
        let best = self.alerts.iter().copied().reduce(|best, next| {
            if (next.severity, next.score) > (best.severity, best.score) {
                next
            } else {
                best
            }
        });
        best.map(|alert| alert.headline().to_owned())
            .unwrap_or_default()
    }

    /// Returns from which addresses, if that is known.
    fn whence(&self) -> String {
        let mut sources: Vec<(u64, &str)> = Vec::new();
        for alert in self.alerts {
            if alert.sources.is_empty() {
                sources.extend(alert.entity.source_ip.as_deref().map(|ip| (0, ip)));
            }
            let known = alert.sources.iter();
            sources.extend(known.filter_map(|row| Some((row.counted, row.address.as_deref()?))));
        }
        let most = sources
            .iter()
            .copied()
            .reduce(|best, next| if next.0 > best.0 { next } else { best });
        let addresses: BTreeSet<&str> = sources.iter().map(|(_, ip)| *ip).collect();
        let n = self.extent.addresses.max(addresses.len() as u64);
        match most {
            None => String::new(),
            Some((_, ip)) if n <= 1 => format!(", from {}", shorten(ip, VALUE_MAX)),
            Some((_, ip)) => format!(
                ", from {} and {}",
                shorten(ip, VALUE_MAX),
                noun(n - 1, "other address", "other addresses")
            ),
        }
    }

    /// Returns when: the times of day, and the days where there are several. Of older documents, only when their scores were reached is
    /// known.
    fn when(&self) -> String {
        let is_known = |alert: &&Alert| alert.first_event.is_some() && alert.last_event.is_some();
        let is_known = self.alerts.iter().all(is_known);
        let spans = self.alerts.iter().map(|alert| match is_known {
            true => alert.span(),
            false => (alert.time, alert.time),
        });
        let span = spans.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1)));
        span.map(|(start, end)| format!(", {}", period(start, end)))
            .unwrap_or_default()
    }

    /// Returns the account or role that all identities have in common.
    fn common_group(&self) -> Option<String> {
        let account = |alert: &&Alert| {
            let entity = &alert.entity;
            Some((entity.provider.clone(), entity.account.clone()?))
        };
        let role = |alert: &&Alert| alert.entity.role.clone();
        if let Some((provider, account)) = common(self.alerts.iter().map(account)) {
            let account = match provider {
                Some(provider) => format!("{provider}:{account}"),
                None => account,
            };
            return Some(format!(" of account {}", shorten(&account, VALUE_MAX)));
        }
        let role = common(self.alerts.iter().map(role))?;
        Some(format!(" of role {}", name_of(&role, VALUE_MAX)))
    }
}

/// Returns the value that all have.
fn common<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values
        .all(|value| value.as_ref() == Some(&first))
        .then_some(first)
}

/// Says what began, as in `worked in region ap-south-1`.
fn began(cause: &Cause) -> String {
    let did = match &*cause.r#trait {
        "region" => "worked in region",
        "application" => "used application",
        "user_agent" => "used client",
        "country" => "called from country",
        _ => "called from network",
    };
    format!("{did} {}", shorten(&cause.value, VALUE_MAX))
}

/// Lists names: `a, b and 5 more`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        names if names.len() > NAMES_SHOWN => format!(
            "{} and {} more",
            names[..NAMES_SHOWN].join(", "),
            names.len() - NAMES_SHOWN
        ),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}
