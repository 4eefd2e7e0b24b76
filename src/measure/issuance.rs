//! Credentials whose issue was logged: who obtained them, when and from where, so that their use can be attributed to the
//! identity that uses a role.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::event::{Action, Event, IdentityKind};
use crate::identity::ResolvedEvent;
use crate::measure::bounds::CREDENTIALS_MAX;
use crate::measure::value_hash;
use crate::time::{Day, Time};
use crate::vocab::Str;

/// Longer ids of credentials are not kept: those of AWS have at most 128 bytes.
const CREDENTIAL_BYTES_MAX: usize = 128;
/// The most bytes of the texts that belong to one.
const TEXT_BYTES_MAX: usize = 1_024;
/// The service that issues them.
const TOKEN_SERVICE: &str = "sts";

/// Days for which they are kept, including the present one: none of these credentials lasts longer than 36 hours.
const MEMORY_DAYS: i32 = 3;

/// How a credential was obtained.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Issuance {
    /// Whether another account than the caller's own recorded it.
    pub is_copy: bool,
    /// The time.
    pub at: Time,
    /// The event that records it.
    pub event_id: Str,
    /// The operation, as in `sts:AssumeRole`.
    pub operation: Str,
    /// The caller that obtained it, where the record states it.
    pub by: Option<Str>,
    /// The credential that the caller used for it, where the record states it.
    pub with: Option<Str>,
    /// The caller's address, where the record states it.
    pub from: Option<IpAddr>,
}

impl Issuance {
    /// Returns the credential that a call issued to its caller, and how: by assuming a role, or for a session of its own.
    /// Credentials that a provider's services obtain for themselves are left out; they are many and do not matter.
    pub fn of(resolved: &ResolvedEvent) -> Option<(Str, Self)> {
        let event = resolved.event;
        let credential = event.issued.as_ref().filter(|_| is_passing(event))?;
        let caller = || event.principal.as_ref().map(|p| p.id.clone());
        let issuance = Self {
            is_copy: event.duplicate_of_account.is_some(),
            at: event.time,
            event_id: event.id.clone(),
            operation: format!("{}:{}", event.service, event.op).into(),
            by: resolved.identity.clone().or_else(caller),
            with: event.credential.clone(),
            from: event.peer.ip,
        };
        let is_of_size =
            credential.len() <= CREDENTIAL_BYTES_MAX && issuance.len() <= TEXT_BYTES_MAX;
        is_of_size.then(|| (credential.clone(), issuance))
    }

    /// Returns the total bytes of its texts.
    fn len(&self) -> usize {
        let stated = [&self.by, &self.with].into_iter().flatten();
        let texts = stated.chain([&self.event_id, &self.operation]);
        texts.map(|text| text.len()).sum()
    }

    /// Returns whether this issuance replaces another of the same credential: one that names the caller, one of the
    /// caller's own account, and the earliest win, in this order.
    pub fn goes_before(&self, other: &Self) -> bool {
        (self.by.is_none(), self) < (other.by.is_none(), other)
    }
}

fn is_passing(event: &Event) -> bool {
    let is_service = |kind: IdentityKind| kind == IdentityKind::CloudService;
    (event.action == Action::AssumeRole || &*event.service == TOKEN_SERVICE)
        && !event.principal.as_ref().is_some_and(|p| is_service(p.kind))
}

/// How credentials were obtained in one day. If there are too many, those with the lowest hashes are kept; these are the
/// same in any order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Issuances {
    by_credential: BTreeMap<(u64, Str), Issuance>,
}

impl Issuances {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records one, unless a better one of the same credential is known.
    pub fn note(&mut self, credential: Str, issuance: Issuance) {
        self.put((value_hash(&credential), credential), issuance);
    }

    fn put(&mut self, key: (u64, Str), issuance: Issuance) {
        if self.by_credential.len() >= CREDENTIALS_MAX
            && self
                .by_credential
                .last_key_value()
                .is_some_and(|(last, _)| *last < key)
        {
            return;
        }
        match self.by_credential.get_mut(&key) {
            Some(known) if !issuance.goes_before(known) => {}
            Some(known) => *known = issuance,
            None => {
                self.by_credential.insert(key, issuance);
            }
        }
        if self.by_credential.len() > CREDENTIALS_MAX {
            self.by_credential.pop_last();
        }
    }

    /// Returns whether as many are kept as can be.
    pub fn is_full(&self) -> bool {
        self.by_credential.len() >= CREDENTIALS_MAX
    }

    /// Adds those of other events.
    pub fn merge(&mut self, other: &Self) {
        for (key, issuance) in &other.by_credential {
            self.put(key.clone(), issuance.clone());
        }
    }

    /// Returns how a credential was obtained.
    pub fn get(&self, credential: &Str) -> Option<&Issuance> {
        self.by_credential
            .get(&(value_hash(credential), credential.clone()))
    }
}

/// How credentials were obtained on the last days.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    by_day: BTreeMap<Day, Issuances>,
}

impl Issued {
    /// Creates an empty memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the credentials of a day, and forgets days too long before the last.
    pub fn note(&mut self, day: Day, issuances: &Issuances) {
        if !issuances.by_credential.is_empty() {
            self.by_day.entry(day).or_default().merge(issuances);
        }
        let last = self.by_day.keys().next_back().copied().unwrap_or(day);
        let last = last.max(day);
        self.by_day.retain(|day, _| last.since(*day) < MEMORY_DAYS);
    }

    /// Returns how a credential was obtained, if that was before its use at an instant.
    pub fn before(&self, credential: &Str, at: Time) -> Option<&Issuance> {
        let days = self.by_day.range(..=at.day());
        days.filter_map(|(_, of_day)| of_day.get(credential))
            .find(|issuance| issuance.at <= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuance(secs: i64, is_copy: bool) -> Issuance {
        Issuance {
            is_copy,
            at: Day(20_000).start().plus_secs(secs),
            event_id: format!("e{secs}").into(),
            operation: "sts:AssumeRole".into(),
            by: Some("eve".into()),
            with: None,
            from: None,
        }
    }

    #[test]
    fn of_several_the_record_of_the_callers_own_account_is_kept_in_any_order() {
        let unnamed = Issuance {
            by: None,
            ..issuance(1, false)
        };
        let all = [
            issuance(5, true),
            issuance(60, false),
            issuance(9, false),
            unnamed,
        ];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [1, 2, 3, 0], [1, 3, 0, 2]] {
            let mut known = Issuances::new();
            for at in order {
                known.note("ASIA1".into(), all[at].clone());
            }
            assert_eq!(known.get(&"ASIA1".into()), Some(&all[2]), "{order:?}");
        }
    }

    #[test]
    fn a_credential_is_kept_from_its_issue_while_it_may_be_valid() {
        let mut issued = Issued::new();
        let of_day = |n: i32| {
            let mut issuances = Issuances::new();
            let at = Day(20_000 + n).start().plus_secs(50);
            let issuance = Issuance {
                at,
                ..issuance(0, false)
            };
            issuances.note(format!("ASIA{n}").as_str().into(), issuance);
            issuances
        };
        let now = |secs| Day(20_003).start().plus_secs(secs);
        for n in [2, 0, 3, 1] {
            issued.note(Day(20_000 + n), &of_day(n));
        }
        let known = |n: i32, at| {
            issued
                .before(&format!("ASIA{n}").as_str().into(), at)
                .is_some()
        };
        assert_eq!(
            [0, 1, 2, 3].map(|n| known(n, now(60))),
            [false, true, true, true]
        );
        assert!(!known(3, now(40)));
    }

    #[test]
    fn of_too_many_the_same_are_kept_in_any_order() {
        let n = CREDENTIALS_MAX + CREDENTIALS_MAX / 4;
        let added = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut known = Issuances::new();
            for number in numbers {
                let credential = format!("ASIA{number}").as_str().into();
                known.note(credential, issuance(number as i64 % 1_000, false));
            }
            known
        };
        let forth = added(&mut (0..n));
        assert_eq!(forth.by_credential.len(), CREDENTIALS_MAX);
        assert_eq!(forth, added(&mut (0..n).rev()));
        let (mut one, other) = (added(&mut (0..n / 3)), added(&mut (n / 3..n)));
        one.merge(&other);
        assert_eq!(forth, one);
    }
}
