//! Two logs of one thing: an action on a bucket may be both in CloudTrail and in the server access log, and a flow of an interface
//! in several flow logs. It counts once.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64;

use crate::event::{Action, Event, Provider, Source};
use crate::measure::{flow_logs, value_hash};

/// What a trail must be set to record: reads or writes of objects. It always records a bucket's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Reads,
    Writes,
    Settings,
}

/// In the place of a [`Part`], that a key is of an interface and its instance.
const ATTACHMENT: u8 = u8::MAX - 3;

/// Returns the key by which another log may have recorded what an event of a lesser log repeats.
pub fn of_lesser_log(event: &Event) -> Option<u64> {
    of_access_log(event).or_else(|| flow_logs::of_lesser_log(event))
}

/// Returns the key of what a flow says of its interface: the instance that it belongs to.
pub fn of_attachment(event: &Event) -> Option<u64> {
    let attachment = event.attachment.as_ref();
    let attachment = attachment.filter(|_| event.provider == Provider::Aws)?;
    let mut text = [0; 17];
    text[..8].copy_from_slice(&value_hash(attachment.interface.as_ref()?).to_le_bytes());
    text[8..16].copy_from_slice(&value_hash(attachment.instance.as_ref()?).to_le_bytes());
    text[16] = ATTACHMENT;
    Some(xxh3_64(&text))
}

/// Returns the key of a server access log's event, if it is one: caller, action and bucket, as a hash.
fn of_access_log(event: &Event) -> Option<u64> {
    if event.source != Source::AwsS3Access {
        return None;
    }
    // Reading an object's metadata has no class of its own there.
    whose(event, part(event).unwrap_or(Part::Reads))
}

/// Returns the key of a trail's event, if a server access log may record the same.
pub fn of_trail(event: &Event) -> Option<u64> {
    let is_trail = event.source != Source::AwsS3Access
        && event.provider == Provider::Aws
        && event.service.starts_with("s3")
        && event.counted;
    if !is_trail {
        return None;
    }
    let part = part(event)?;
    // Some events of the object classes concern the bucket, and are recorded even without data events: those without a key
    // that are not listings. They say nothing about other events.
    let is_data = event.object.is_some() || event.action == Action::ListObjects;
    if part != Part::Settings && !is_data {
        return None;
    }
    whose(event, part)
}

fn part(event: &Event) -> Option<Part> {
    match event.action {
        Action::ListObjects | Action::ListBuckets | Action::ReadObject => Some(Part::Reads),
        Action::WriteObject | Action::CopyObject | Action::DeleteObject => Some(Part::Writes),
        Action::ReadPosture if event.object.is_some() => Some(Part::Reads),
        Action::WritePosture if event.object.is_some() => Some(Part::Writes),
        Action::ReadPosture
        | Action::WritePosture
        | Action::DeleteBucket
        | Action::ExpireObjects
        | Action::BlindLog => Some(Part::Settings),
        _ => None,
    }
}

fn whose(event: &Event, part: Part) -> Option<u64> {
    let (principal, bucket) = (event.principal.as_ref()?, event.container.as_ref()?);
    let mut text = [0; 17];
    text[..8].copy_from_slice(&value_hash(&without_path(&principal.id)).to_le_bytes());
    text[8..16].copy_from_slice(&value_hash(bucket.raw()).to_le_bytes());
    text[16] = part as u8;
    Some(xxh3_64(&text))
}

/// Removes the path from a role's ARN, which a server access log does not contain. An account has no two roles of one name.
fn without_path(id: &str) -> Cow<'_, str> {
    const ROLE: &str = ":role/";
    let role = id.find(ROLE).filter(|_| id.starts_with("arn:"));
    let cut = role.and_then(|at| {
        let (before, path) = id.split_at(at + ROLE.len());
        Some(format!("{before}{}", path.rsplit_once('/')?.1))
    });
    cut.map_or(Cow::Borrowed(id), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{AddressClass, Attachment, IdentityKind, Outcome, Principal, Untrusted};
    use crate::identity::ResolvedEvent;
    use crate::measure::Links;
    use crate::measure::{DayAggregate, KnownThings, OwnAccounts, Plan};
    use crate::time::{Day, Window};
    use crate::vocab::{Entity, EntityKind, Metric};

    fn event(n: usize, source: Source, who: &str, bucket: &str, action: Action) -> Event {
        let at = Day(20_000).start();
        Event {
            principal: Some(Principal::new(
                format!("arn:aws:iam::111122223333:{who}").into(),
                IdentityKind::Unknown,
            )),
            service: "s3".into(),
            action,
            container: Some(Untrusted::new(bucket)),
            object: Some(Untrusted::new("key")),
            bytes_out: Some(10),
            outcome: Outcome::Success,
            ..Event::new(at, format!("{n}").into(), Provider::Aws, source)
        }
    }

    fn add(aggregate: &mut DayAggregate, event: &Event) {
        let resolved = ResolvedEvent {
            event,
            identity: event.principal.as_ref().map(|p| p.id.clone()),
            region: None,
            peer_class: AddressClass::Unknown,
            sensitive: false,
            source_sensitive: false,
        };
        aggregate.add(&resolved, &Plan::default());
    }

    /// Reads and writes of an identity in the day.
    fn calls(aggregate: &DayAggregate, who: &str) -> (u64, u64) {
        let facts = aggregate.assemble(&Links::new(), &OwnAccounts::new());
        let entity = Entity {
            kind: EntityKind::Identity,
            id: format!("arn:aws:iam::111122223333:{who}").into(),
        };
        let count = |metric| {
            let facts = facts.get(&entity)?;
            Some(
                facts
                    .readings(metric, Window::DAY, &KnownThings::NOTHING)
                    .first()?
                    .1,
            )
        };
        (
            count(Metric::ReadCalls).unwrap_or(0),
            count(Metric::WriteCalls).unwrap_or(0),
        )
    }

    #[test]
    fn what_a_trail_records_too_counts_once_in_any_order() {
        use Action::{ReadObject, WriteObject};
        use Source::{AwsCloudTrail, AwsS3Access};
        let events: Vec<Event> = [
            (AwsCloudTrail, "role/jobs/etl", "a", ReadObject),
            (AwsCloudTrail, "role/jobs/etl", "a", ReadObject),
            (AwsS3Access, "role/etl", "a", ReadObject),
            (AwsS3Access, "role/etl", "a", ReadObject),
            // What the trail does not record: of this bucket, of writes, of others.
            (AwsS3Access, "role/etl", "b", ReadObject),
            (AwsS3Access, "role/etl", "a", WriteObject),
            (AwsS3Access, "user/ana", "a", ReadObject),
            (AwsCloudTrail, "user/ana", "c", ReadObject),
        ]
        .into_iter()
        .enumerate()
        .map(|(n, (source, who, bucket, action))| event(n, source, who, bucket, action))
        .collect();
        let mut forth = DayAggregate::new(Day(20_000));
        events.iter().for_each(|event| add(&mut forth, event));
        let mut back = DayAggregate::new(Day(20_000));
        events.iter().rev().for_each(|event| add(&mut back, event));
        let (mut merged, mut other) = (
            DayAggregate::new(Day(20_000)),
            DayAggregate::new(Day(20_000)),
        );
        for (n, event) in events.iter().enumerate() {
            add(if n % 2 == 0 { &mut merged } else { &mut other }, event);
        }
        merged.merge(other);
        for aggregate in [&mut forth, &mut back, &mut merged] {
            aggregate.settle(None);
            assert_eq!(calls(aggregate, "role/jobs/etl"), (2, 0));
            assert_eq!(calls(aggregate, "role/etl"), (1, 1));
            assert_eq!(calls(aggregate, "user/ana"), (2, 0));
        }
        let own = OwnAccounts::new();
        let second: Vec<bool> = events
            .iter()
            .map(|e| forth.is_second_copy(e, &own))
            .collect();
        assert_eq!(
            second,
            [false, false, true, true, false, false, false, false]
        );
    }

    #[test]
    fn settings_of_a_bucket_prove_nothing_about_its_objects() {
        let bucket_call = |action| Event {
            object: None,
            ..event(0, Source::AwsCloudTrail, "user/ana", "a", action)
        };
        let line = |action| of_access_log(&event(1, Source::AwsS3Access, "user/ana", "a", action));
        // A bucket deleted, or its replication set up, is recorded without data events.
        assert_eq!(of_trail(&bucket_call(Action::DeleteObject)), None);
        // A trail records it as surely as the bucket's own log does.
        assert_eq!(
            of_trail(&bucket_call(Action::DeleteBucket)),
            line(Action::DeleteBucket)
        );
        assert_eq!(of_trail(&bucket_call(Action::CopyObject)), None);
        assert_ne!(
            of_trail(&bucket_call(Action::ReadPosture)),
            line(Action::ReadObject)
        );
        assert_eq!(
            of_trail(&bucket_call(Action::ListObjects)),
            line(Action::ReadObject)
        );
        assert_eq!(line(Action::Other), line(Action::ReadObject));
    }

    #[test]
    fn of_two_flow_logs_the_greater_counts_in_any_order() {
        let flow = |n: usize, verdict: &str, instance: Option<&str>| Event {
            op: verdict.into(),
            attachment: Some(Attachment {
                instance: instance.map(Into::into),
                interface: Some("eni-1".into()),
                address: None,
            }),
            ..Event::new(
                Day(20_000).start(),
                format!("{n}").into(),
                Provider::Aws,
                Source::AwsVpcFlow,
            )
        };
        let flows = [
            flow(1, "ACCEPT", None),
            flow(2, "ACCEPT", Some("i-1")),
            flow(3, "ACCEPT", None),
            // The greater log has accepted flows alone.
            flow(4, "REJECT", None),
        ];
        let of = |order: &[usize]| {
            let mut aggregate = DayAggregate::new(Day(20_000));
            for &at in order {
                let event = &flows[at];
                let instance = event
                    .attachment
                    .as_ref()
                    .and_then(|found| found.instance.clone());
                let resolved = ResolvedEvent {
                    event,
                    identity: Some(
                        instance.map_or("aws:eni:eni-1".into(), |_| "aws:instance:i-1".into()),
                    ),
                    region: None,
                    peer_class: AddressClass::Unknown,
                    sensitive: false,
                    source_sensitive: false,
                };
                aggregate.add(&resolved, &Plan::default());
            }
            aggregate.settle(None);
            let facts = aggregate.assemble(&Links::new(), &OwnAccounts::new());
            let counts = facts
                .iter()
                .map(|(entity, facts)| (entity.id.to_string(), facts.n_events));
            counts.collect::<Vec<_>>()
        };
        let expected = vec![("aws:instance:i-1".to_owned(), 2)];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2]] {
            assert_eq!(of(&order), expected, "{order:?}");
        }
        assert_eq!(of(&[0, 2]), [("aws:eni:eni-1".to_owned(), 2)]);
    }
}
