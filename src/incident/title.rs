//! The title of an incident: one sentence that is true, with the numbers that matter. Nothing in it is escaped yet.

use std::collections::BTreeSet;

use crate::alert::Alert;
use crate::incident::act::{Deed, deeds, new_region};
use crate::incident::document::Cause;
use crate::incident::node::{carries_more, shows};
use crate::incident::people::{descent, name};
use crate::incident::principal::comparable;
use crate::time::Time;
use crate::wording::{clip, dated_period, name_of, noun, period, shorten};

/// Characters of a title.
const TITLE_MAX: usize = 300;
/// Actors that are named.
const NAMES_SHOWN: usize = 3;
/// Columns of a value.
const VALUE_MAX: usize = 48;

/// What a title is made of.
pub(super) struct Facts<'a> {
    /// The alerts that count, in the order in which they reached their thresholds.
    pub(super) alerts: &'a [&'a Alert],
    /// These and those that an approval covers: they are links of a chain as well.
    pub(super) all: &'a [&'a Alert],
    /// The new value that they have in common.
    pub(super) cause: Option<&'a Cause>,
    /// How many actors there are, some of which may have several names.
    pub(super) actors: usize,
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
        // What carries more than the new value is told as what it is, whether or not an approval covers it.
        let is_harmless = !self.all.iter().any(|alert| carries_more(alert));
        let told = match self.cause {
            Some(cause) if is_harmless => self.roll_out(cause),
            cause => self.done(cause),
        };
        let when = self.when(told.span);
        let room = TITLE_MAX - when.chars().count() - approved.chars().count();
        // Addresses are named below the title as well; a part of one would be wrong.
        let is_room = (told.what.chars().count() + told.whence.chars().count()) <= room;
        let whence = if is_room { &*told.whence } else { "" };
        clip(&told.what, room) + whence + &when + approved
    }

    /// Tells of a roll-out.
    fn roll_out(&self, cause: &Cause) -> Told {
        let whose = self.common_group().unwrap_or_default();
        let kind = match cause.is_young_log() {
            true => "New log",
            false => "Roll-out",
        };
        let members = noun(cause.members, "identity", "identities");
        let what = format!("{kind}: {members}{whose} {}", began(cause));
        let members = self.alerts.iter().copied();
        let members = members.filter(|alert| shows(alert, cause));
        Told::by(what, members.collect())
    }

    /// Tells of what actors did, and from where.
    fn done(&self, cause: Option<&Cause>) -> Told {
        let mut deeds = deeds(self.alerts);
        if deeds.is_empty() {
            if let Some(cause) = cause {
                return self.began_only(cause);
            }
            deeds.extend(new_region(self.alerts));
        }
        let by: Vec<&Alert> = deeds.iter().flat_map(|deed| deed.by.clone()).collect();
        let words: Vec<&str> = deeds.iter().map(|deed| &*deed.words).collect();
        let did = match words.as_slice() {
            [] => return self.headline(),
            [one] => (*one).to_owned(),
            [others @ .., last] => format!("{} and {last}", others.join(", ")),
        };
        let (who, verb) = self.who(cause, &by);
        let spans = deeds.iter().filter_map(Deed::span);
        Told {
            what: format!("{who}{verb}{did}"),
            whence: whence(&by),
            span: spans.reduce(|all, next| (all.0.min(next.0), all.1.max(next.1))),
        }
    }

    /// Tells which new value actors have in common, where nothing else is known that they did.
    fn began_only(&self, cause: &Cause) -> Told {
        let (members, _) = self.names(cause);
        let what = format!("{} {}", listed(&members), began(cause));
        let by = self.alerts.iter().copied();
        Told::by(what, by.filter(|alert| shows(alert, cause)).collect())
    }

    /// Returns the names of those who showed the value of a cause, and how many others there are.
    fn names(&self, cause: &Cause) -> (Vec<String>, usize) {
        let shown = self.alerts.iter().filter(|alert| shows(alert, cause));
        let members: BTreeSet<(&str, &str)> = shown.map(|alert| id_of(alert)).collect();
        let (mut names, mut others) = (Vec::new(), 0);
        let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
        for alert in self.alerts.iter().filter(|alert| seen.insert(id_of(alert))) {
            if members.contains(&id_of(alert)) {
                names.push(name(&alert.entity));
            } else {
                others += 1;
            }
        }
        (names, others)
    }

    /// Names who did it, with what leads over to what they did. `by` are the alerts that tell it.
    fn who(&self, cause: Option<&Cause>, by: &[&Alert]) -> (String, &'static str) {
        if let Some(cause) = cause {
            let (members, others) = self.names(cause);
            let n_all = members.len() + others;
            let members = listed(&members);
            let doers = names_of(by);
            if doers.len() < n_all {
                let doers = listed(&doers);
                let began = began(cause);
                return (format!("{members} {began}; {doers}"), " ");
            }
            let others = match others as u64 {
                0 => String::new(),
                n => format!(" and {}", noun(n, "other identity", "other identities")),
            };
            return (
                format!("{members}, which all {},{others}", began(cause)),
                " ",
            );
        }
        let names = names_of(self.alerts);
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
        deeds(&others).is_empty() && new_region(&others).is_none()
    }

    /// Tells what the severest alert says of itself, where no amount is known.
    fn headline(&self) -> Told {
        let best = self.alerts.iter().copied().reduce(|best, next| {
            if (next.severity, next.score) > (best.severity, best.score) {
                next
            } else {
                best
            }
        });
        let headline = best.map(Alert::headline).unwrap_or_default();
        let (who, _) = self.who(None, &[]);
        let what = format!("{who}: {headline}");
        Told::by(what, best.into_iter().collect())
    }

    /// Returns when what is told was done: the times of day, and the days where the incident has several.
    fn when(&self, span: Option<(Time, Time)>) -> String {
        let mut days = self.all.iter().flat_map(|alert| {
            let (first, last) = alert.span();
            [first.day(), last.day()]
        });
        let day = days.next();
        let is_one_day = days.all(|other| Some(other) == day);
        let words = |(start, end)| match is_one_day {
            true => period(start, end),
            false => dated_period(start, end),
        };
        span.map(|span| format!(", {}", words(span)))
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

/// What is told, and from where and when it was done.
struct Told {
    what: String,
    whence: String,
    span: Option<(Time, Time)>,
}

impl Told {
    /// What some alerts tell as a whole.
    fn by(what: String, by: Vec<&Alert>) -> Self {
        let (words, kind) = (String::new(), None);
        Self {
            what,
            whence: String::new(),
            span: Deed { words, by, kind }.span(),
        }
    }
}

fn id_of(alert: &Alert) -> (&str, &str) {
    (&alert.entity.kind, &alert.entity.id)
}

/// Returns the name of each entity of alerts once, in their order.
fn names_of(alerts: &[&Alert]) -> Vec<String> {
    let mut ids: BTreeSet<(&str, &str)> = BTreeSet::new();
    let firsts = alerts.iter().filter(|alert| ids.insert(id_of(alert)));
    firsts.map(|alert| name(&alert.entity)).collect()
}

/// Returns from which addresses acts came, if that is known.
fn whence(by: &[&Alert]) -> String {
    let mut sources: Vec<(u64, &str)> = Vec::new();
    for alert in by {
        if alert.sources.is_empty() {
            sources.extend(alert.entity.source_ip.as_deref().map(|ip| (0, ip)));
        }
        let known = alert.sources_of_act().into_iter();
        sources.extend(known.filter_map(|row| Some((row.counted, row.address.as_deref()?))));
    }
    let most = sources
        .iter()
        .copied()
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let addresses: BTreeSet<&str> = sources.iter().map(|(_, ip)| *ip).collect();
    let counted = by.iter().map(|alert| alert.extent.addresses).max();
    let n = counted.unwrap_or(0).max(addresses.len() as u64);
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

/// Returns the value that all have.
fn common<T: PartialEq>(mut values: impl Iterator<Item = Option<T>>) -> Option<T> {
    let first = values.next()??;
    values
        .all(|value| value.as_ref() == Some(&first))
        .then_some(first)
}

/// Says what began, as in `worked in region ap-south-1 for the first time`.
fn began(cause: &Cause) -> String {
    if cause.is_young_log() {
        let provider = shorten(&cause.value, VALUE_MAX);
        return format!(
            "are in a log of {provider} that began {}",
            cause.since.day()
        );
    }
    let did = match &*cause.r#trait {
        "region" => "worked in region",
        "application" => "used application",
        "user_agent" => "used client",
        "country" => "called from country",
        _ => "called from network",
    };
    format!(
        "{did} {} for the first time",
        shorten(&cause.value, VALUE_MAX)
    )
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
