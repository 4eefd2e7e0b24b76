//! How many entities of a day are distinguished, so that a flood of invented names takes bounded memory.
//!
//! Whom a generation knows is always distinguished. Of the others, those with the lowest hashes of their names are, up to a
//! number that no honest day reaches. Whatever the rest did is counted together: for each account and role there is an
//! entity of *others*, which is learnt and judged as any entity is. Which names are left out depends on the names alone, so
//! neither the order of events nor the number of threads matters; and nobody can push out whom a generation knows.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::identity::machine_of;
use crate::measure::bounds::{
    FIRST_IDENTITIES_MAX, NEW_IDENTITIES_MAX, OTHER_KINDS_FEWER, OTHERS_MAX,
};
use crate::measure::subject::{Changes, Subject, SubjectFacts, add_facts};
use crate::measure::value_hash;
use crate::sketch::Distinct;
use crate::vocab::{Entity, EntityKind, OTHERS, Str, is_name_of_others};

/// What the names of identities and of regions begin with.
const SCHEMES: [&str; 12] = [
    "arn", "aws", "azure", "entra", "gcp", "gws", "m365", "okta", "slack", "ip", "eni", "other",
];

/// Says who is known.
pub trait Acquaintance: Debug + Send + Sync {
    /// Returns whether an entity is known.
    fn knows(&self, entity: &Entity) -> bool;
}

/// Whom a day distinguishes: all that are known, and so many others.
#[derive(Debug, Clone)]
pub struct Room {
    acquaintance: Option<Arc<dyn Acquaintance>>,
    identities: usize,
}

impl Room {
    /// The room where nobody is known yet.
    pub fn at_first() -> Self {
        Self {
            acquaintance: None,
            identities: FIRST_IDENTITIES_MAX,
        }
    }

    /// The room beside those who are known.
    pub fn beside(acquaintance: Arc<dyn Acquaintance>) -> Self {
        Self {
            acquaintance: Some(acquaintance),
            identities: NEW_IDENTITIES_MAX,
        }
    }

    /// Returns the same with room for another number of identities.
    #[must_use]
    pub fn for_identities(self, identities: usize) -> Self {
        Self { identities, ..self }
    }

    fn knows(&self, entity: &Entity) -> bool {
        let known = self.acquaintance.as_ref();
        known.is_some_and(|known| known.knows(entity))
    }

    fn of(&self, class: Class) -> usize {
        match class {
            Class {
                is_others: true, ..
            } => OTHERS_MAX,
            Class {
                kind: EntityKind::Identity,
                ..
            } => self.identities,
            _ => self.identities / OTHER_KINDS_FEWER,
        }
    }

    /// A day with fewer subjects has room for all.
    fn least(&self) -> usize {
        self.identities / OTHER_KINDS_FEWER
    }
}

/// Entities that share a room. Those of others come last, since they take in what had no room before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Class {
    is_others: bool,
    kind: EntityKind,
    /// Whether they are identities that stand for machines. Whose these are may turn out later, so invented names must not
    /// push them out.
    are_machines: bool,
}

impl Class {
    fn of(entity: &Entity) -> Self {
        Self {
            is_others: is_others(entity),
            kind: entity.kind,
            are_machines: entity.kind == EntityKind::Identity && machine_of(&entity.id).is_some(),
        }
    }
}

/// The entities of a class that found no room.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Beyond {
    /// The lowest hash of one.
    limit: Option<u64>,
    /// Who they are, by their hashes.
    entities: Distinct,
}

/// Whom a day distinguishes, and who found no room.
#[derive(Debug, Clone, Default)]
pub(super) struct Admission {
    /// `None` for everybody.
    room: Option<Room>,
    /// The hashes of those who are distinguished though nobody knows them; `None` while there are too few to ask.
    newcomers: Option<BTreeMap<Class, FxHashSet<u64>>>,
    beyond: BTreeMap<Class, Beyond>,
}

impl Admission {
    /// Begins with so much room.
    pub fn within(room: Room) -> Self {
        Self {
            room: Some(room),
            ..Self::default()
        }
    }

    /// Goes on with another acquaintance and the same room. Returns whether anybody may be placed otherwise by that.
    pub fn make_known(&mut self, acquaintance: Arc<dyn Acquaintance>) -> bool {
        if let Some(room) = &mut self.room {
            room.acquaintance = Some(acquaintance);
        }
        self.asks()
    }

    /// Goes on with this room, unless it has one.
    pub fn give(&mut self, room: Room) {
        self.room.get_or_insert(room);
    }

    /// Returns who found no room, by class.
    pub fn beyond(&self) -> &BTreeMap<Class, Beyond> {
        &self.beyond
    }

    /// Goes on with those who found no room before.
    pub fn set_beyond(&mut self, beyond: BTreeMap<Class, Beyond>) {
        self.beyond = beyond;
    }

    /// Returns about how many different entities of a kind found no room.
    pub fn n_beyond(&self, kind: EntityKind) -> u64 {
        let of_kind = |class: &&Class| !class.is_others && class.kind == kind;
        let classes = self.beyond.keys().filter(of_kind);
        classes
            .map(|class| self.beyond[class].entities.count())
            .sum()
    }

    /// Returns the entity for which one counts: itself, or the others that it is one of.
    pub fn place(&self, entity: Entity) -> Entity {
        let mut placed = entity;
        while !self.beyond.is_empty()
            && self.is_beyond(&placed)
            && let Some(others) = others_of(&placed)
        {
            placed = others;
        }
        placed
    }

    fn is_beyond(&self, entity: &Entity) -> bool {
        let limit = self.beyond.get(&Class::of(entity)).and_then(|b| b.limit);
        limit.is_some_and(|limit| value_hash(&entity.id) >= limit)
            && !self.room.as_ref().is_some_and(|room| room.knows(entity))
    }

    /// Returns whether a subject that is new to the day must be admitted.
    pub fn asks(&self) -> bool {
        self.newcomers.is_some() || !self.beyond.is_empty()
    }

    /// Notes a subject that was not there before, and returns the one for which it counts.
    pub fn admit(&mut self, mut subject: Subject) -> Subject {
        while self.is_beyond(&subject.entity)
            && let Some(others) = others_of(&subject.entity)
        {
            let beyond = self.beyond.entry(Class::of(&subject.entity)).or_default();
            beyond.entities.insert(counted_hash(&subject.entity.id));
            subject = of_others(subject, others);
        }
        self.note(&subject.entity);
        subject
    }

    /// Notes one who is distinguished.
    fn note(&mut self, entity: &Entity) {
        let Self {
            room: Some(room),
            newcomers: Some(newcomers),
            ..
        } = self
        else {
            return;
        };
        if !room.knows(entity) {
            let of_class = newcomers.entry(Class::of(entity)).or_default();
            of_class.insert(value_hash(&entity.id));
        }
    }

    /// Lets those go who have no room, and notes whose facts change by that.
    pub fn enforce(&mut self, subjects: &mut SubjectFacts, mut changes: Option<&mut Changes>) {
        let Some(room) = self.room.clone() else {
            return;
        };
        if self.newcomers.is_none() {
            if subjects.len() <= room.least() && self.beyond.is_empty() {
                return;
            }
            self.newcomers = Some(BTreeMap::new());
            #[expect(clippy::iter_over_hash_type, reason = "a set has no order")]
            for subject in subjects.keys() {
                self.note(&subject.entity);
            }
        }
        let kinds = [
            (EntityKind::Identity, false),
            (EntityKind::Identity, true),
            (EntityKind::Role, false),
            (EntityKind::Region, false),
        ];
        for is_others in [false, true] {
            for (kind, are_machines) in kinds {
                let class = Class {
                    is_others,
                    kind,
                    are_machines,
                };
                if self.shorten(class, room.of(class)) {
                    self.let_go(class, subjects, &mut changes);
                }
            }
        }
    }

    /// Lowers the limit of a class to the room; returns whether anybody is beyond it.
    fn shorten(&mut self, class: Class, room: usize) -> bool {
        let newcomers = self.newcomers.as_ref().and_then(|all| all.get(&class));
        let Some(newcomers) = newcomers else {
            return false;
        };
        if newcomers.len() > room {
            let mut hashes: Vec<u64> = newcomers.iter().copied().collect();
            let (_, &mut first, _) = hashes.select_nth_unstable(room);
            let limit = &mut self.beyond.entry(class).or_default().limit;
            *limit = Some(limit.map_or(first, |limit| limit.min(first)));
        }
        let limit = self.beyond.get(&class).and_then(|beyond| beyond.limit);
        limit.is_some_and(|limit| newcomers.iter().any(|&hash| hash >= limit))
    }

    /// Counts what the entities of a class did that are beyond the limit for the others.
    fn let_go(
        &mut self,
        class: Class,
        subjects: &mut SubjectFacts,
        changes: &mut Option<&mut Changes>,
    ) {
        let is_leaving = |subject: &&Subject| {
            Class::of(&subject.entity) == class && self.is_beyond(&subject.entity)
        };
        let leaving: Vec<Subject> = subjects.keys().filter(is_leaving).cloned().collect();
        let limit = self.beyond.get(&class).and_then(|beyond| beyond.limit);
        if let Some(newcomers) = self.newcomers.as_mut().and_then(|all| all.get_mut(&class)) {
            newcomers.retain(|&hash| limit.is_none_or(|limit| hash < limit));
        }
        for subject in leaving {
            let Some(mut facts) = subjects.remove(&subject) else {
                continue;
            };
            facts.forget_names();
            let others = self.admit(subject.clone());
            if let Some(changes) = changes {
                changes.entry(subject).or_default();
                changes.entry(others.clone()).or_default();
            }
            add_facts(subjects, others, facts);
        }
    }

    /// Takes in whom another part of the day distinguishes, and who found no room there. Its subjects are still to be added,
    /// and [`Self::enforce`] to be called.
    pub fn merge(&mut self, other: Self) {
        for (class, theirs) in other.beyond {
            let mine = self.beyond.entry(class).or_default();
            mine.limit = match (mine.limit, theirs.limit) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            mine.entities.merge(&theirs.entities);
        }
        self.room = self.room.take().or(other.room);
        // Who is there is asked anew, when all subjects are.
        self.newcomers = None;
    }
}

/// Returns the hash by which a name is counted. It is another than decides about room: those without room have high ones, and
/// a count needs hashes of any size.
fn counted_hash(name: &str) -> u64 {
    xxh3_64_with_seed(name.as_bytes(), 1)
}

/// Returns the subject that takes in what another did.
fn of_others(subject: Subject, others: Entity) -> Subject {
    Subject {
        entity: others,
        unique_id: None,
        ..subject
    }
}

/// Returns whether an entity is made of others.
pub fn is_others(entity: &Entity) -> bool {
    is_name_of_others(&entity.id)
}

/// Returns the others that an entity is one of: those of its account and role, as far as its name tells them, then those of
/// its provider; `None` for the latter.
fn others_of(entity: &Entity) -> Option<Entity> {
    let id: &str = &entity.id;
    let scheme = id.split([':', '/']).next().unwrap_or_default();
    let scheme = SCHEMES.iter().find(|known| **known == scheme);
    let of_provider = format!("{}:{OTHERS}", scheme.unwrap_or(&"other"));
    let others = if !is_others(entity) {
        let last = id.rfind('/').or_else(|| id.rfind(':'));
        last.map_or(of_provider, |last| format!("{}{OTHERS}", &id[..=last]))
    } else if id != of_provider {
        of_provider
    } else {
        return None;
    };
    Some(Entity {
        kind: entity.kind,
        id: Str::from(others),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::event::{
        Action, AddressClass, Event, IdentityKind, Outcome, Principal, Provider, Source,
    };
    use crate::identity::ResolvedEvent;
    use crate::measure::{DayAggregate, DayFacts, KnownThings, Plan};
    use crate::time::{Day, Window};
    use crate::vocab::Metric;
    use proptest::prelude::*;

    const DAY: Day = Day(20_000);
    const ROOM: usize = 24;

    /// Knows every tenth user.
    #[derive(Debug)]
    struct Tenth;

    impl Acquaintance for Tenth {
        fn knows(&self, entity: &Entity) -> bool {
            entity.kind == EntityKind::Identity && entity.id.ends_with('0')
        }
    }

    fn listing(n: usize) -> Event {
        let user = n * 7 % 90;
        let account = format!("{}", user % 4);
        let name = format!("arn:aws:iam::{account}:user/u{user}");
        let mut event = Event {
            action: Action::ListObjects,
            outcome: Outcome::Success,
            service: "s3".into(),
            op: "ListObjects".into(),
            account: Some(account.as_str().into()),
            ..Event::new(
                DAY.start().plus_secs(n as i64 * 60),
                format!("e{n}").as_str().into(),
                Provider::Aws,
                Source::AwsCloudTrail,
            )
        };
        let mut principal = Principal::new(name.as_str().into(), IdentityKind::Human);
        principal.unique_id = Some(format!("AIDA{user}").as_str().into());
        principal.role = user.is_multiple_of(3).then(|| {
            format!("arn:aws:iam::{account}:role/r{user}")
                .as_str()
                .into()
        });
        event.principal = Some(principal);
        event
    }

    /// Adds listings in an order, some of them to one part of the day and some to another, which are merged in the end.
    fn day(
        room: Option<Room>,
        order: &[usize],
        parts: usize,
        settles_after: usize,
    ) -> DayAggregate {
        let begin = || match &room {
            Some(room) => DayAggregate::within(DAY, room.clone()),
            None => DayAggregate::new(DAY),
        };
        let mut days: Vec<DayAggregate> = (0..parts).map(|_| begin()).collect();
        for (at, &n) in order.iter().enumerate() {
            let event = listing(n);
            let resolved = ResolvedEvent {
                identity: event.principal.as_ref().map(|p| p.id.clone()),
                event: &event,
                region: None,
                peer_class: AddressClass::Unknown,
                sensitive: false,
                source_sensitive: false,
            };
            let day = &mut days[at % parts];
            day.add(&resolved, &Plan::default());
            if at % settles_after == 0 {
                day.settle(None);
            }
        }
        let mut whole = begin();
        days.into_iter().for_each(|part| whole.merge(part));
        whole
    }

    fn listings(day: &DayAggregate) -> BTreeMap<&Subject, u64> {
        let sum = |facts: &DayFacts| {
            let readings = facts.readings(Metric::ListCalls, Window::DAY, &KnownThings::NOTHING);
            readings.iter().map(|(_, n)| n).sum()
        };
        let subjects = day.subjects().iter();
        subjects
            .map(|(subject, facts)| (subject, sum(facts)))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn who_is_distinguished_depends_on_the_names_alone(
            order in Just((0..400).collect::<Vec<usize>>()).prop_shuffle(),
            parts in 1..4usize,
            settles_after in 1..200usize,
        ) {
            let room = Room::beside(Arc::new(Tenth)).for_identities(ROOM);
            let in_order: Vec<usize> = (0..400).collect();
            let expected = day(Some(room.clone()), &in_order, 1, 400);
            let whole = day(Some(room), &order, parts, settles_after);
            prop_assert_eq!(listings(&whole), listings(&expected));
            prop_assert!(whole.subjects() == expected.subjects());
            prop_assert_eq!(whole.beyond(), expected.beyond());

            // Nothing is lost, and whom somebody knows is as if there were no others.
            let all = day(None, &in_order, 1, 400);
            let of_identities = |day: &DayAggregate| {
                let counted = listings(day).into_iter();
                let counted = counted.filter(|(subject, _)| subject.entity.kind == EntityKind::Identity);
                counted.map(|(_, n)| n).sum::<u64>()
            };
            prop_assert_eq!(of_identities(&whole), of_identities(&all));
            let mut n_new = 0;
            #[expect(clippy::iter_over_hash_type, reason = "each is compared alone")]
            for (subject, facts) in whole.subjects() {
                if subject.entity.kind != EntityKind::Identity || is_others(&subject.entity) {
                    continue;
                }
                prop_assert!(Some(facts) == all.subjects().get(subject));
                n_new += usize::from(!Tenth.knows(&subject.entity));
            }
            prop_assert_eq!(n_new, ROOM);
            let n_known = whole.subjects().keys().filter(|s| Tenth.knows(&s.entity)).count();
            prop_assert_eq!(n_known, 9);
            prop_assert_eq!(whole.reached()[&crate::measure::Bound::Identities], (81 - ROOM) as u64);
        }
    }
}
