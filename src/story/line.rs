//! The lines of a story: its environment, what happens in it, and which alerts are expected.

use std::collections::BTreeMap;

use ipnet::IpNet;

use crate::document::{Faults, Place};
use crate::event::{IdentityKind, Provider};
use crate::glob::Glob;
use crate::pattern::{DestinationPattern, NamePattern, parse_network, split_provider};
use crate::stats::Severity;
use crate::story::act::{self, Act, Times, When};
use crate::story::how::Manner;
use crate::story::words::{self, Words, Wrong};
use crate::vocab::Metric;

/// Days that are learnt if no line says `N days`.
const LEARNT_DAYS: u32 = 14;
/// Identities of the estate if no line says how many.
pub const ESTATE: usize = 14;
/// The last day that a story may have: what is older than a baseline's memory proves nothing.
const DAYS_MAX: u32 = 90;
const DAY_SECS: i64 = 86_400;

/// The words that a line may begin with, beside a number of days.
const BEGINNINGS: &[&str] = &[
    "day",
    "days",
    "every",
    "who",
    "internal",
    "ours",
    "sensitive",
    "approve",
    "set",
    "estate",
    "threshold",
    "=>",
];

/// A story after reading.
#[derive(Debug, Clone, Default)]
pub struct ParsedStory {
    /// Days that are learnt; later days are judged.
    pub learnt: u32,
    /// The last day.
    pub last: u32,
    /// Identities of the surrounding estate.
    pub estate: usize,
    /// The score from which its analytic alerts.
    pub threshold: Option<f64>,
    /// The usual details of each identity.
    pub usual: BTreeMap<String, Manner>,
    /// The acts.
    pub acts: Vec<Act>,
    /// Networks that are ours.
    pub internal: Vec<IpNet>,
    /// Accounts that are ours, with their providers.
    pub accounts: Vec<String>,
    /// Sensitive buckets.
    pub sensitive: Vec<NamePattern>,
    /// The approvals.
    pub approvals: Vec<Approved>,
    /// Elements, each with its value as TOML, and its line.
    pub elements: Vec<(usize, String, String)>,
    /// The expected alerts; without any, no alert is expected.
    pub expected: Vec<Expected>,
}

/// What an approval covers, by criterion.
#[derive(Debug, Clone, Default)]
pub struct Approved {
    /// The line of the file.
    pub number: usize,
    /// Identities, by name.
    pub identity: Option<String>,
    /// Roles, by name.
    pub role: Option<String>,
    /// Destinations.
    pub destination: Option<DestinationPattern>,
    /// The bucket.
    pub bucket: Option<NamePattern>,
    /// The client.
    pub client: Option<Glob>,
    /// The application.
    pub app: Option<Glob>,
    /// The caller's network.
    pub network: Option<IpNet>,
}

/// An expected alert.
#[derive(Debug, Clone)]
pub struct Expected {
    /// The line of the file.
    pub number: usize,
    /// The name of the identity.
    pub who: String,
    /// Whether an approval is expected to cover it.
    pub suppressed: bool,
    /// A metric among its reasons.
    pub metric: Option<Metric>,
    /// The arm that it rests on.
    pub arm: Option<String>,
    /// The least severity.
    pub severity: Option<Severity>,
}

/// Reads the lines of a story of an analytic; `None` if there are faults.
pub fn read(analytic: &str, text: &str, place: &Place, faults: &mut Faults) -> Option<ParsedStory> {
    let before = faults.count();
    let mut reader = Reader {
        analytic,
        parsed: ParsedStory {
            estate: ESTATE,
            ..ParsedStory::default()
        },
        learnt: None,
        says_nothing: None,
    };
    for (at, line) in text.lines().enumerate() {
        let place = Place {
            file: place.file.clone(),
            line: place.line + at,
        };
        let mut words = Words::of(line);
        match words.peek() {
            None => {}
            Some(first) if !is_beginning(first) => {
                faults.unknown(&place, "beginning of a line", first, BEGINNINGS);
            }
            Some(first) => {
                let read = reader.line(first, &mut words, place.line, line);
                if let Err(wrong) = read.and_then(|()| words.done()) {
                    faults.add(&place, wrong);
                }
            }
        }
    }
    // The content of faulty lines is missing; that is no second fault.
    if faults.count() == before
        && let Err((line, wrong)) = reader.finish(place.line)
    {
        let file = place.file.clone();
        faults.add(&Place { file, line }, wrong);
    }
    (faults.count() == before).then_some(reader.parsed)
}

/// Reads lines that only describe acts, like those of the estate.
pub fn read_acts(text: &str) -> Result<(BTreeMap<String, Manner>, Vec<Act>), Wrong> {
    let mut faults = Faults::default();
    let place = Place {
        file: "estate".into(),
        line: 1,
    };
    let text = format!("{text}\n=> nothing");
    match read("", &text, &place, &mut faults) {
        Some(parsed) => Ok((parsed.usual, parsed.acts)),
        None => Err(faults
            .finish("the estate")
            .err()
            .map_or_else(String::new, |error| error.to_string())),
    }
}

fn is_beginning(word: &str) -> bool {
    BEGINNINGS.contains(&word) || word.parse::<u32>().is_ok()
}

struct Reader<'a> {
    analytic: &'a str,
    parsed: ParsedStory,
    learnt: Option<u32>,
    says_nothing: Option<usize>,
}

impl Reader<'_> {
    fn line(
        &mut self,
        first: &str,
        words: &mut Words,
        number: usize,
        line: &str,
    ) -> Result<(), Wrong> {
        let parsed = &mut self.parsed;
        match first {
            "day" | "days" | "every" => return self.act(words, number, line),
            _ if first.parse::<u32>().is_ok() => return self.act(words, number, line),
            _ => words.take(first),
        };
        match first {
            "who" => {
                let who = words.next("a name")?.to_owned();
                let how = Manner::read(words)?;
                if parsed.usual.insert(who.clone(), how).is_some() {
                    return Err(format!("another line says `who {who}`"));
                }
            }
            "internal" => parsed
                .internal
                .push(words.next_as("a network, as in `10.0.0.0/8`", parse_network)?),
            "ours" => {
                let account = |text: &str| split_provider(text).0.map(|_| text.to_owned());
                let what = "a provider and an account, as in `aws:111122223333`";
                parsed.accounts.push(words.next_as(what, account)?);
            }
            "sensitive" => {
                let text = words.next("a bucket, as in `aws:payroll-*`")?;
                let bucket = NamePattern::parse_with_provider(text);
                parsed
                    .sensitive
                    .push(bucket.map_err(|wrong| format!("`{text}` {wrong}"))?);
            }
            "approve" => parsed.approvals.push(approval(words, number)?),
            "set" => {
                let name = words.next("an element, as in `MinimumCalls`")?.to_owned();
                words.expect("=")?;
                parsed.elements.push((number, name, words.rest()));
                while words.peek().is_some() {
                    words.next("a value")?;
                }
            }
            "estate" => {
                let what = format!("a number of identities from 0 to {ESTATE}");
                parsed.estate = words.next_as(&what, |text| {
                    text.parse().ok().filter(|n: &usize| *n <= ESTATE)
                })?;
            }
            "threshold" => {
                let score = |text: &str| {
                    let score = text.parse().ok();
                    score.filter(|score: &f64| (0.0..=100.0).contains(score))
                };
                parsed.threshold = Some(words.next_as("a score from 0 to 100", score)?);
            }
            _ => self.expectation(words, number)?,
        }
        Ok(())
    }

    fn act(&mut self, words: &mut Words, number: usize, line: &str) -> Result<(), Wrong> {
        let when = self.when(words)?;
        self.parsed.acts.push(act::read(words, when, number, line)?);
        Ok(())
    }

    fn when(&mut self, words: &mut Words) -> Result<When, Wrong> {
        let day = |text: &str| {
            let day = text.parse().ok();
            day.filter(|day| (1..=DAYS_MAX).contains(day))
        };
        let what = format!("a day from 1 to {DAYS_MAX}");
        let days = if words.take("day") {
            let day = words.next_as(&what, day)?;
            Some((day, day))
        } else if words.take("days") {
            let between = |text: &str| {
                let (first, last) = text.split_once("..")?;
                Some((day(first)?, day(last)?)).filter(|(first, last)| first <= last)
            };
            Some(words.next_as("days, as in `3..5`", between)?)
        } else if words.peek() == Some("every") {
            None
        } else {
            let days = words.next_as(&what, day)?;
            words.expect("days")?;
            self.learnt = self.learnt.max(Some(days));
            Some((1, days))
        };
        self.parsed.last = self.parsed.last.max(days.map_or(0, |(_, last)| last));
        let times = if words.take("every") {
            let secs = words.next_as("a length of time, as in `10m`", words::duration)?;
            let time = "a time of day, as in `08:00`";
            let (mut from, mut to) = (0, DAY_SECS);
            if words.take("from") {
                from = words.next_as(time, words::time_of_day)?;
                words.expect("to")?;
                to = words.next_as(time, words::time_of_day)?;
            }
            if from >= to {
                return Err(
                    "the time after `to` should be later than the one after `from`".to_owned(),
                );
            }
            Times::Every { secs, from, to }
        } else {
            let time = "`every`, or a time of day, as in `02:10`";
            let at = words.next_as(time, words::time_of_day)?;
            let is_long = words.take("for") || words.take("in");
            let during = match is_long {
                true => words.next_as("a length of time, as in `20m`", words::duration)?,
                false => 60,
            };
            if at + during > DAY_SECS {
                return Err("this should end on the day on which it begins".to_owned());
            }
            Times::At { at, during }
        };
        Ok(When { days, times })
    }

    fn expectation(&mut self, words: &mut Words, number: usize) -> Result<(), Wrong> {
        if words.take("nothing") {
            self.says_nothing = Some(number);
            return Ok(());
        }
        let suppressed = words.take("suppressed");
        let is_named = words.take(self.analytic);
        if !suppressed && !is_named {
            let found = words.next("the expected outcome")?;
            return Err(format!(
                "expected `=> {} WHO`, `=> suppressed WHO` or `=> nothing`, found `{found}`",
                self.analytic
            ));
        }
        let mut expected = Expected {
            number,
            who: words.next("the expected identity")?.to_owned(),
            suppressed,
            metric: None,
            arm: None,
            severity: None,
        };
        while let Some(word) = words.peek() {
            words.take(word);
            match word {
                "with" => expected.metric = Some(words.next_as("a metric", Metric::parse)?),
                "arm" => expected.arm = Some(words.next("an arm")?.to_owned()),
                "severity" => {
                    let what = "medium, high or critical";
                    let severity = |text: &str| {
                        Severity::parse(text).filter(|severity| *severity >= Severity::Medium)
                    };
                    expected.severity = Some(words.next_as(what, severity)?);
                }
                other => {
                    return Err(format!(
                        "expected `with METRIC`, `arm ARM` or `severity high`, found `{other}`"
                    ));
                }
            }
        }
        self.parsed.expected.push(expected);
        Ok(())
    }

    /// Checks values that must agree.
    fn finish(&mut self, first: usize) -> Result<(), (usize, Wrong)> {
        let parsed = &mut self.parsed;
        parsed.learnt = self.learnt.unwrap_or(LEARNT_DAYS);
        parsed.last = parsed.last.max(parsed.learnt + 1);
        match (self.says_nothing, parsed.expected.first()) {
            (None, None) => {
                let analytic = self.analytic;
                let wrong = format!(
                    "the story has no expected outcome: `=> {analytic} WHO`, `=> suppressed WHO` or `=> nothing`"
                );
                return Err((first, wrong));
            }
            (Some(line), Some(_)) => {
                let wrong = "`=> nothing` cannot be combined with other expected outcomes";
                return Err((line, wrong.to_owned()));
            }
            _ => {}
        }
        let names: Vec<&String> = parsed.acts.iter().map(|act| &act.who).collect();
        for expected in &parsed.expected {
            if !names.contains(&&expected.who) {
                let wrong = format!("`{}` does nothing in this story", expected.who);
                return Err((expected.number, wrong));
            }
        }
        Ok(())
    }
}

fn approval(words: &mut Words, number: usize) -> Result<Approved, Wrong> {
    const CRITERIA: &str =
        "`identity`, `role`, `destination`, `bucket`, `client`, `app` or `network`";
    let mut approved = Approved {
        number,
        ..Approved::default()
    };
    let glob = |text: &str| Glob::new(text);
    words
        .peek()
        .ok_or_else(|| format!("the line ends where {CRITERIA} should stand"))?;
    while let Some(word) = words.peek() {
        words.take(word);
        match word {
            "identity" => approved.identity = Some(words.next("an identity")?.to_owned()),
            "role" => approved.role = Some(words.next("a role")?.to_owned()),
            "destination" => {
                let read = |text: &str| DestinationPattern::parse(text).ok();
                approved.destination = Some(words.next_as("a destination", read)?);
            }
            "bucket" => {
                let read = |text: &str| NamePattern::parse(text).ok();
                approved.bucket = Some(words.next_as("a bucket", read)?);
            }
            "client" => approved.client = Some(words.next_as("a client", glob)?),
            "app" => approved.app = Some(words.next_as("an application", glob)?),
            "network" => approved.network = Some(words.next_as("a network", parse_network)?),
            other => return Err(format!("expected {CRITERIA}, found `{other}`")),
        }
    }
    Ok(approved)
}

impl ParsedStory {
    /// Returns the kind of identity of a name: as its `who` line or an act states it, else a person.
    pub fn kind(&self, who: &str) -> IdentityKind {
        let of_acts = self.acts.iter().filter(|act| act.who == who);
        let usual = self.usual.get(who).and_then(|how| how.kind);
        usual
            .or_else(|| of_acts.filter_map(|act| act.how.kind).next())
            .unwrap_or(IdentityKind::Human)
    }

    /// Returns the provider of a named identity.
    pub fn provider(&self, who: &str, story: Provider) -> Provider {
        let usual = self.usual.get(who).and_then(|how| how.provider);
        usual.unwrap_or(story)
    }
}
