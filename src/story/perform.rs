//! From acts to events, always the same ones: what looks like chance follows from the words of a line.

use std::net::{IpAddr, Ipv4Addr};

use xxhash_rust::xxh3::xxh3_64;

use crate::event::{
    Attachment, Blinding, Destination, Event, IdentityKind, Outcome, Peer, Principal, Provider,
    Source, Untrusted,
};
use crate::story::act::{Act, Times, Verb};
use crate::story::actors;
use crate::story::how::Manner;
use crate::story::line::ParsedStory;
use crate::story::words::Wrong;
use crate::time::{Day, Time};
use crate::vocab::Str;

/// 2026-01-05, a Monday: the first day of every story.
pub const FIRST_DAY: Day = Day(20_458);
/// The most calls of a story, so that each one is played in a second or two.
const CALLS_MAX: u64 = 200_000;
/// How much a repeated act differs from day to day, and from time to time within a day.
const DAY_FACTOR: (f64, f64) = (0.8, 1.3);
const TIME_FACTOR: (f64, f64) = (0.6, 1.5);
/// The part of the interval between two repetitions within which a repetition starts.
const START_SHARE: f64 = 0.6;
/// The longest that the calls of one repetition take, in seconds.
const REPEATED_SECS: i64 = 120;
/// The destination port of flows.
const FLOW_PORT: u16 = 443;

/// Plays the acts of an identity.
pub struct EventWriter<'a> {
    parsed: &'a ParsedStory,
    provider: Provider,
    events: Vec<Event>,
}

/// One execution of an act.
struct Occurrence {
    day: u32,
    /// Second of the day.
    at: i64,
    during: i64,
    calls: u64,
    /// Earlier calls of the same act on that day.
    before: u64,
}

/// Returns the instance whose interface an identity sends through: its own, or itself, if it is an instance.
pub fn instance_of(who: &str) -> String {
    if actors::is_instance(who) {
        who.to_owned()
    } else {
        format!("i-{who}")
    }
}

/// Returns the events of a story, in no particular order.
///
/// # Errors
/// The line, and that it has too many calls.
pub fn events(parsed: &ParsedStory, provider: Provider) -> Result<Vec<Event>, (usize, Wrong)> {
    let mut performer = EventWriter {
        parsed,
        provider,
        events: Vec::new(),
    };
    for act in &parsed.acts {
        performer.act(act).map_err(|wrong| (act.number, wrong))?;
    }
    Ok(performer.events)
}

/// Returns a number from 0 to 1, the same for the same words.
fn draw(act: &Act, day: u32, turn: u64, what: &str) -> f64 {
    let bits = xxh3_64(format!("{}\n{day}\n{turn}\n{what}", act.line).as_bytes());
    // The 53 bits that fit into an `f64`.
    (bits >> 11) as f64 / (1u64 << 53) as f64
}

fn between((low, high): (f64, f64), share: f64) -> f64 {
    low + (high - low) * share
}

fn in_turn<T>(all: &[T], n: u64) -> Option<&T> {
    all.get((n % all.len().max(1) as u64) as usize)
}

impl EventWriter<'_> {
    fn act(&mut self, act: &Act) -> Result<(), Wrong> {
        let usual = self.parsed.usual.get(&act.who);
        let how = act.how.clone().or(usual.unwrap_or(&Manner::default()));
        let (first, last) = act.when.days.unwrap_or((1, self.parsed.last));
        for day in first..=last {
            let mut before = 0;
            for (at, during, calls) in turns(act, day) {
                let turn = Occurrence {
                    day,
                    at,
                    during,
                    calls,
                    before,
                };
                if (self.events.len() as u64).saturating_add(calls) > CALLS_MAX {
                    return Err(format!(
                        "with this line there are more than {CALLS_MAX} calls; a story needs fewer days, fewer calls or longer pauses"
                    ));
                }
                self.turn(act, &how, &turn);
                before += calls;
            }
        }
        Ok(())
    }

    fn turn(&mut self, act: &Act, how: &Manner, turn: &Occurrence) {
        let start = FIRST_DAY.plus(turn.day as i32 - 1).start().nanos();
        for n in 0..turn.calls {
            let into = turn.during as f64 * n as f64 / turn.calls as f64;
            let time = Time::from_nanos(start + ((turn.at as f64 + into) * 1e9) as i64);
            let event = self.event(act, how, time, turn.day, turn.before + n);
            self.events.push(event);
        }
    }

    fn event(&self, act: &Act, how: &Manner, time: Time, day: u32, n: u64) -> Event {
        let provider = how.provider.unwrap_or(self.provider);
        let id = format!(
            "{}-{day}-{n}-{:x}",
            act.number,
            xxh3_64(act.line.as_bytes())
        );
        let bucket = in_turn(&how.buckets, n);
        let later = n / how.buckets.len().max(1) as u64;
        let untrusted = |text: &String| Untrusted::new(text);
        let (service, op) = match in_turn(&how.ops, n) {
            Some((service, op)) => (service.clone(), op.clone()),
            None => operation(provider, act.verb, bucket.is_some()),
        };
        let mut event = Event {
            account: Some(
                how.account
                    .as_deref()
                    .unwrap_or(actors::account(provider))
                    .into(),
            ),
            region: how
                .region
                .as_deref()
                .or(actors::region(provider))
                .map(Str::from),
            action: act.verb.action(bucket.is_some()),
            op: op.into(),
            service: service.into(),
            container: bucket.map(untrusted),
            prefix: in_turn(&how.prefixes, later).map(untrusted),
            bytes_out: how.bytes,
            items: how.items,
            outcome: how.outcome.unwrap_or(Outcome::Success),
            destination: Destination {
                ip: how.to_address,
                account: how.to_account.as_deref().map(Str::from),
                container: how.to_bucket.as_ref().map(untrusted),
                ..Destination::default()
            },
            ..Event::new(time, id.into(), provider, Source::Plain)
        };
        if act.verb.is_of_objects() {
            let object = in_turn(&how.objects, later);
            event.object =
                Some(object.map_or_else(|| Untrusted::new(&format!("object-{n}")), untrusted));
        }
        if act.verb == Verb::Sends {
            event.destination.port = Some(FLOW_PORT);
            event.attachment = Some(Attachment {
                instance: Some(instance_of(&act.who).into()),
                ..Attachment::default()
            });
        } else {
            self.caller(&mut event, act, how);
        }
        self.objects(&mut event, act, how, n);
        event
    }

    /// Adds the caller and its origin.
    fn caller(&self, event: &mut Event, act: &Act, how: &Manner) {
        let kind = self.parsed.kind(&act.who);
        let home = self.parsed.provider(&act.who, self.provider);
        let role = how.role.as_deref();
        event.principal = Some(Principal {
            role: role.map(|role| actors::role(role, home).into()),
            ..Principal::new(actors::identity(&act.who, kind, home).into(), kind)
        });
        let client = how
            .client
            .as_deref()
            .unwrap_or(actors::client(event.provider));
        event.client = client.into();
        event.user_agent = Some(Untrusted::new(client));
        event.peer = Peer {
            ip: Some(how.from.unwrap_or_else(|| desk(&act.who))),
            asn: how.system,
            country: how.country.as_deref().map(Str::from),
            ..Peer::default()
        };
        event.application = how.app.as_deref().map(Str::from);
        event.scopes = how
            .scopes
            .iter()
            .map(|scope| scope.as_str().into())
            .collect();
        event.credential = how.credential.as_deref().map(Str::from);
        event.context.console = how.console;
        event.context.console_stated = how.console;
        event.context.mfa = how.mfa;
        event.context.auth_method = how.method.as_deref().map(Str::from);
    }

    /// Adds the target of the call, beside buckets and objects.
    fn objects(&self, event: &mut Event, act: &Act, how: &Manner, n: u64) {
        match act.verb {
            Verb::Copies => {
                event.copied_from = event.container.clone();
                if let Some(bucket) = &how.to_bucket {
                    event.container = Some(Untrusted::new(bucket));
                }
            }
            Verb::Creates => {
                let name = act.object.as_deref().unwrap_or_default();
                let (kind, home) = (
                    self.parsed.kind(name),
                    self.parsed.provider(name, self.provider),
                );
                event.created = Some(actors::identity(name, kind, home).into());
            }
            Verb::Issues => event.issued = act.object.as_deref().map(Str::from),
            Verb::Blinds => {
                event.blinding = Some(Box::new(Blinding {
                    logs: how.logs.clone(),
                    target: act.object.as_deref().map(Untrusted::new),
                }));
            }
            Verb::Assumes => event.object = act.object.as_deref().map(Untrusted::new),
            Verb::Reveals => event.object = Some(Untrusted::new(&format!("secret-{n}"))),
            Verb::Scans | Verb::Pulls => {
                let kind = match act.verb {
                    Verb::Scans => "table",
                    _ => "repository",
                };
                let name = event.container.take();
                let name = name.map_or_else(|| format!("{kind}-{n}"), |name| name.raw().to_owned());
                event.object = Some(Untrusted::new(&format!("{kind}/{name}")));
            }
            _ => {}
        }
    }
}

/// Returns when on a day an act starts, how long it takes, and how many calls it has.
fn turns(act: &Act, day: u32) -> Vec<(i64, i64, u64)> {
    let (secs, from, to) = match act.when.times {
        Times::At { at, during } => return vec![(at, during, act.amount.calls)],
        Times::Every { secs, from, to } => (secs, from, to),
    };
    let mut turns = Vec::new();
    let day_factor = between(DAY_FACTOR, draw(act, day, 0, "day"));
    let step = secs.min(to - from);
    for (turn, begin) in (from..to).step_by(secs.max(1) as usize).enumerate() {
        let turn = turn as u64;
        let late = draw(act, day, turn, "start") * START_SHARE * step.min(to - begin) as f64;
        let calls = if act.amount.exactly {
            act.amount.calls
        } else {
            let factor = day_factor * between(TIME_FACTOR, draw(act, day, turn, "calls"));
            let calls = act.amount.calls as f64 * factor;
            (calls.floor() as u64 + u64::from(draw(act, day, turn, "rest") < calls.fract())).max(1)
        };
        let during = (step / 4).clamp(1, REPEATED_SECS);
        turns.push((begin + late as i64, during, calls));
    }
    turns
}

/// The internal address of an identity's calls unless a story states another.
fn desk(who: &str) -> IpAddr {
    let [a, b, ..] = xxh3_64(who.as_bytes()).to_le_bytes();
    IpAddr::V4(Ipv4Addr::new(10, 0, a, b.max(1)))
}

/// Returns the usual service and operation of a verb.
fn operation(provider: Provider, verb: Verb, has_bucket: bool) -> (String, String) {
    let (service, op) = match (provider, verb) {
        (Provider::Aws, Verb::Lists) if has_bucket => ("s3", "ListObjects"),
        (Provider::Aws, Verb::Lists) => ("s3", "ListBuckets"),
        (Provider::Aws, Verb::Reads) => ("s3", "GetObject"),
        (Provider::Aws, Verb::Writes) => ("s3", "PutObject"),
        (Provider::Aws, Verb::Copies) => ("s3", "CopyObject"),
        (Provider::Aws, Verb::Deletes) => ("s3", "DeleteObject"),
        (Provider::Aws, Verb::Inspects) => ("s3", "GetBucketPolicy"),
        (Provider::Aws, Verb::Drops) => ("s3", "DeleteBucket"),
        (Provider::Aws, Verb::Expires) => ("s3", "PutBucketLifecycle"),
        (Provider::Aws, Verb::Reveals) => ("secretsmanager", "GetSecretValue"),
        (Provider::Aws, Verb::Scans) => ("dynamodb", "Scan"),
        (Provider::Aws, Verb::Pulls) => ("ecr", "BatchGetImage"),
        (Provider::Gcp, Verb::Scans) => {
            ("bigquery", "google.cloud.bigquery.v2.JobService.InsertJob")
        }
        (Provider::Azure, Verb::Reveals) => ("keyvault", "SecretGet"),
        (Provider::Gcp, Verb::Reveals) => (
            "secretmanager",
            "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion",
        ),
        (Provider::Aws, Verb::Starts) => ("ec2", "RunInstances"),
        (Provider::Aws, Verb::Grants) => ("s3", "PutBucketPolicy"),
        (Provider::Aws, Verb::Replicates) => ("s3", "PutBucketReplication"),
        (Provider::Aws, Verb::Signs) => ("signin", "ConsoleLogin"),
        (Provider::Aws, Verb::Assumes) => ("sts", "AssumeRole"),
        (Provider::Aws, Verb::Creates) => ("iam", "CreateUser"),
        (Provider::Aws, Verb::Issues) => ("iam", "CreateAccessKey"),
        (Provider::Azure, Verb::Lists) if has_bucket => ("blob", "ListBlobs"),
        (Provider::Azure, Verb::Lists) => ("blob", "ListContainers"),
        (Provider::Azure, Verb::Reads) => ("blob", "GetBlob"),
        (Provider::Azure, Verb::Writes) => ("blob", "PutBlob"),
        (Provider::Azure, Verb::Copies) => ("blob", "CopyBlob"),
        (Provider::Azure, Verb::Deletes) => ("blob", "DeleteBlob"),
        (Provider::Azure, Verb::Drops) => ("blob", "DeleteContainer"),
        (Provider::Gcp, Verb::Lists) if has_bucket => ("storage", "storage.objects.list"),
        (Provider::Gcp, Verb::Lists) => ("storage", "storage.buckets.list"),
        (Provider::Gcp, Verb::Reads) => ("storage", "storage.objects.get"),
        (Provider::Gcp, Verb::Writes | Verb::Copies) => ("storage", "storage.objects.create"),
        (Provider::Gcp, Verb::Deletes) => ("storage", "storage.objects.delete"),
        (Provider::Gcp, Verb::Drops) => ("storage", "storage.buckets.delete"),
        (Provider::Gcp, Verb::Expires) => ("storage", "storage.buckets.update"),
        (Provider::Gcp, Verb::Grants) => ("storage", "storage.setIamPermissions"),
        (_, Verb::Sends) => ("vpc", "ACCEPT"),
        _ => {
            let action = verb.action(has_bucket);
            return (provider.to_string(), action.to_string());
        }
    };
    (service.to_owned(), op.to_owned())
}

/// Returns the identities that send over the network, by name, with their canonical ids.
pub fn senders(parsed: &ParsedStory, provider: Provider) -> Vec<(String, String)> {
    let mut senders: Vec<(String, String)> = parsed
        .acts
        .iter()
        .filter(|act| act.verb == Verb::Sends && !actors::is_instance(&act.who))
        .map(|act| (act.who.clone(), canonical(parsed, &act.who, provider)))
        .collect();
    senders.sort();
    senders.dedup();
    senders
}

/// Returns the canonical id of a name.
pub fn canonical(parsed: &ParsedStory, who: &str, provider: Provider) -> String {
    let kind: IdentityKind = parsed.kind(who);
    actors::identity(who, kind, parsed.provider(who, provider))
}
