//! Stories: examples of what must alert and what must not, in lines that a person can read. The engine plays them.
//!
//! A story states what some identities do on usual days, what one of them does on the judged day, and which identities its
//! analytic should report. The same engine that judges logs plays it in memory: it learns two weeks, together with a small
//! estate of unremarkable identities, and judges the days after. What looks like chance follows from the words of the
//! lines, so the result is always the same. `docs/ANALYTICS.md` has the grammar.
//!
//! Its weakness: a story is played alone, in a small and calm estate. It shows that an analytic sees what it should see and
//! is silent where it should be. How often an analytic is right on other days is measured by `evaluate`.

mod act;
mod actors;
mod expectation;
mod how;
mod line;
mod perform;
mod words;

use std::collections::BTreeMap;

use crate::alert::Alert;
use crate::analytic::{self, Analytic, Definition, Story};
use crate::config::{Approval, Binding, BoundSource, Config, Criteria, Sensitive};
use crate::document::{Faults, Place, Table};
use crate::engine::{BacktestOptions, ScoreOptions, Setup, Split, backtest_events_and_floor};
use crate::error::{Error, Result};
use crate::event::{Event, Provider};
use crate::glob::Glob;
use crate::stats::rank;
use crate::story::line::{Approved, ParsedStory};
use crate::story::perform::{FIRST_DAY, canonical, instance_of, senders};

/// The assumed number of identities in the estates that stories represent. At their default budget of five alerts a day, a day
/// of an identity alerts if only one in two hundred is as unusual. The dozen identities of a story would let through more.
const IDENTITIES: f64 = 1_000.0;
/// What the surrounding identities do, in the language of stories.
const ESTATE: &str = include_str!("estate.txt");

/// The expected result of a story, before it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// There is an alert.
    Fires,
    /// There is none, or only one that an approval covers.
    IsSilent,
}

/// The result of playing a story.
#[derive(Debug)]
pub struct StoryResult {
    /// The differences from the expected result; none if there are none.
    pub failures: Vec<String>,
    /// Every alert of its analytic, one line each.
    pub alerts: Vec<String>,
    /// The same as documents, in the order in which they were told.
    pub documents: Vec<Alert>,
    /// Events played.
    pub events: u64,
}

/// Reads a story without playing it; `None` if it has faults.
pub fn check(analytic: &Analytic, story: &Story, faults: &mut Faults) -> Option<Ending> {
    let parsed = read(analytic, story, faults)?;
    let fires = parsed.expected.iter().any(|expected| !expected.suppressed);
    Some(if fires {
        Ending::Fires
    } else {
        Ending::IsSilent
    })
}

/// Plays a story of an analytic, which one of the `definitions` must define.
///
/// # Errors
/// A usage error with all faults of the story, each with its line.
pub fn play(definitions: &[Definition], analytic: &Analytic, story: &Story) -> Result<StoryResult> {
    let mut faults = Faults::default();
    let played = prepare(definitions, analytic, story, &mut faults);
    faults.finish(&format!("the story `{}`", story.title))?;
    let Some((parsed, setup, events)) = played else {
        return Err(Error::failed(format!(
            "the story `{}` cannot be read",
            story.title
        )));
    };
    let options = BacktestOptions {
        split: Split::At(FIRST_DAY.plus(parsed.learnt as i32)),
        frozen: false,
        score: ScoreOptions {
            budget_per_day: Some(rank::default_budget(IDENTITIES)),
            show_low: true,
            show_suppressed: true,
            every_status: false,
        },
        labels: None,
    };
    let n_events = events.len() as u64;
    let (backtest, floored) = backtest_events_and_floor(&setup, events, &options, &analytic.id)?;
    let alerts = backtest.alerts;
    let name_of: BTreeMap<String, String> = parsed
        .acts
        .iter()
        .map(|act| {
            (
                canonical(&parsed, &act.who, story.provider),
                act.who.clone(),
            )
        })
        .collect();
    let who = |id: &String| name_of.get(id).unwrap_or(id).clone();
    let of_analytic =
        |alert: &Alert| *alert.analytic == *analytic.id && expectation::is_told(alert);
    // If an episode was reported more than once, the last version is the most complete.
    let lines: BTreeMap<&str, String> = alerts
        .iter()
        .filter(|alert| of_analytic(alert))
        .map(|alert| {
            (
                &*alert.alert_id,
                expectation::describe(alert, &who(&alert.entity.id)),
            )
        })
        .collect();
    let failures = expectation::failures(&analytic.id, &parsed, (&alerts, &floored), &name_of);
    Ok(StoryResult {
        failures,
        alerts: lines.into_values().collect(),
        documents: alerts.into_iter().filter(of_analytic).collect(),
        events: n_events,
    })
}

/// Reads the lines of a story and what they must agree with.
fn read(analytic: &Analytic, story: &Story, faults: &mut Faults) -> Option<ParsedStory> {
    if !analytic.providers.contains(&story.provider) {
        let valid: Vec<_> = analytic.providers.iter().map(|p| p.as_str()).collect();
        faults.add(
            &story.place,
            format!(
                "the story plays in {}, and {} looks at {} only",
                story.provider,
                analytic.id,
                valid.join(", ")
            ),
        );
    }
    let parsed = line::read(&analytic.id, &story.text, &story.place, faults)?;
    let arms: Vec<&str> = analytic.arms.iter().map(|arm| &*arm.id).collect();
    for expected in &parsed.expected {
        if let Some(arm) = expected.arm.as_deref().filter(|arm| !arms.contains(arm)) {
            let place = at(&story.place, expected.number);
            faults.unknown(&place, &format!("arm of {}:", analytic.id), arm, &arms);
        }
    }
    Some(parsed)
}

/// Returns the line of the file for a line of a story.
fn at(story: &Place, line: usize) -> Place {
    Place {
        file: story.file.clone(),
        line,
    }
}

/// Returns everything that is needed to play a story.
fn prepare(
    definitions: &[Definition],
    analytic: &Analytic,
    story: &Story,
    faults: &mut Faults,
) -> Option<(ParsedStory, Setup, Vec<Event>)> {
    let mut parsed = read(analytic, story, faults)?;
    let overrides = overrides(&analytic.id, &parsed, story, faults)?;
    let before = faults.count();
    let mut analytics = analytic::load_into(definitions, &overrides, &[], faults);
    if faults.count() > before {
        return None;
    }
    let budget = rank::default_budget(IDENTITIES);
    let threshold = rank::score(rank::budget_surprise(budget, IDENTITIES));
    for one in analytics.iter_mut().filter(|one| one.id == analytic.id) {
        one.threshold = Some(parsed.threshold.unwrap_or(threshold));
    }
    add_estate(&mut parsed, story, faults);
    let events = match perform::events(&parsed, story.provider) {
        Ok(events) => events,
        Err((line, wrong)) => {
            faults.add(&at(&story.place, line), wrong);
            return None;
        }
    };
    let config = configuration(&parsed, story.provider, &story.place);
    let now = FIRST_DAY.plus(parsed.last as i32 + 1).start();
    Some((parsed, Setup::new(config, analytics, now), events))
}

/// Returns the table that the `set` lines define, each value at its own line.
fn overrides(id: &str, parsed: &ParsedStory, story: &Story, faults: &mut Faults) -> Option<Table> {
    let mut text = String::new();
    let mut line = 1;
    for (number, name, value) in &parsed.elements {
        text += &"\n".repeat(number.saturating_sub(line));
        text += &format!("{id}.{name} = {value}");
        line = *number;
    }
    Table::parse(&text, &story.place.file, faults)
}

/// Adds the surrounding identities, the first so many.
fn add_estate(parsed: &mut ParsedStory, story: &Story, faults: &mut Faults) {
    let (usual, acts) = match line::read_acts(ESTATE) {
        Ok(read) => read,
        Err(wrong) => return faults.add(&story.place, wrong),
    };
    let mut names: Vec<String> = Vec::new();
    for mut act in acts {
        if !names.contains(&act.who) {
            names.push(act.who.clone());
        }
        // A busier day of theirs is learnt, and not judged.
        let is_learnt = act.when.days.is_none_or(|(_, last)| last <= parsed.learnt);
        if is_learnt
            && names
                .iter()
                .take(parsed.estate)
                .any(|name| *name == act.who)
        {
            act.number = 0;
            parsed.acts.push(act);
        }
    }
    parsed.usual.extend(usual);
}

fn configuration(parsed: &ParsedStory, provider: Provider, place: &Place) -> Config {
    let sensitive = parsed.sensitive.iter().map(|bucket| Sensitive {
        bucket: bucket.clone(),
        owner: None,
    });
    let bindings = senders(parsed, provider)
        .into_iter()
        .map(|(who, id)| Binding {
            source: BoundSource::Instance(instance_of(&who).into()),
            identity: id.into(),
        });
    Config {
        internal: parsed.internal.clone(),
        accounts: parsed
            .accounts
            .iter()
            .map(|account| account.as_str().into())
            .collect(),
        sensitive: sensitive.collect(),
        bindings: bindings.collect(),
        approvals: parsed
            .approvals
            .iter()
            .map(|approved| approval(parsed, approved, provider, place))
            .collect(),
        ..Config::default()
    }
}

fn approval(
    parsed: &ParsedStory,
    approved: &Approved,
    provider: Provider,
    place: &Place,
) -> Approval {
    let plays = |name: &str| parsed.acts.iter().any(|act| act.who == name);
    let identity = approved.identity.as_ref().map(|name| match plays(name) {
        true => canonical(parsed, name, provider),
        false => name.clone(),
    });
    let role = approved
        .role
        .as_ref()
        .map(|name| actors::role(name, provider));
    Approval {
        criteria: Criteria {
            identity: identity.as_deref().and_then(Glob::new),
            role: role.as_deref().and_then(Glob::new),
            destination: approved.destination.clone().map(|one| vec![one]),
            bucket: approved.bucket.clone().map(|one| vec![one]),
            user_agent: approved.client.clone().map(|one| vec![one]),
            application: approved.app.clone().map(|one| vec![one]),
            network: approved.network.map(|one| vec![one]),
            ..Criteria::default()
        },
        analytics: None,
        owner: "the story".to_owned(),
        reason: format!("line {}", approved.number),
        expires: FIRST_DAY.plus(parsed.last as i32),
        place: at(place, approved.number),
    }
}

#[cfg(test)]
mod tests;
