//! What one subject granted to other accounts in one day. Noise about some accounts takes no room from others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::value_hash;
use crate::sketch::Tally;
use crate::vocab::Str;

/// Data granted to another account: by a copy into its bucket, a replication, a share, or a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// The bucket.
    pub bucket: Str,
    /// The account that received access; `*` is everybody.
    pub account: Str,
    /// Whether the bucket is on the sensitive list.
    pub sensitive: bool,
    /// Whether a policy, an ACL or a role granted access, rather than a copy.
    pub is_grant: bool,
}

/// Everybody, as the account of a grant.
pub const EVERYBODY: &str = "*";

impl Grant {
    /// Returns the value of `Trait::Destination` for the receiver.
    pub fn destination(&self) -> Str {
        destination_of(&self.account, Some(&self.bucket))
    }
}

/// Returns the value of `Trait::Destination` for an account that received data of a bucket.
///
/// A grant to everybody is a value of its own for each bucket: opening one bucket does not make opening others usual.
pub(super) fn destination_of(account: &Str, bucket: Option<&Str>) -> Str {
    match bucket {
        Some(bucket) if **account == *EVERYBODY => format!("{EVERYBODY} in {bucket}").into(),
        _ => account.clone(),
    }
}

/// The most accounts that are kept of one kind of grant; for grants to everybody, the most buckets.
const ROOMS_MAX: usize = 256;
/// The most distinct grants to one account that are kept.
const GRANTS_PER_ROOM_MAX: usize = 16;

/// The grants of one subject and day.
///
/// Each account has room of its own, and so has each kind of grant (of sensitive buckets, by policies, to everybody). So a
/// grant to one account stays visible, however many buckets are granted to accounts of ours. The rooms with the lowest
/// hashes are kept, so that order does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grants {
    rooms: BTreeMap<(u8, u64), Tally<Grant, GRANTS_PER_ROOM_MAX>>,
}

impl Grants {
    /// Adds a number of acts.
    pub fn add(&mut self, grant: Grant, acts: u64) {
        let room = room_of(&grant);
        let hash = value_hash(&format!("{}\n{}", grant.bucket, grant.account));
        self.rooms.entry(room).or_default().add(hash, grant, acts);
        self.trim(room.0);
    }

    /// Adds the grants of other facts of the same subject and day.
    pub fn merge(&mut self, other: &Self) {
        for (&room, grants) in &other.rooms {
            self.rooms.entry(room).or_default().merge(grants);
            self.trim(room.0);
        }
    }

    /// Returns what was kept with counts, by kind.
    pub fn iter(&self) -> impl Iterator<Item = (&Grant, u64)> {
        self.rooms.values().flat_map(Tally::iter)
    }

    fn trim(&mut self, kind: u8) {
        if self.rooms.len() <= ROOMS_MAX {
            return;
        }
        let of_kind = || self.rooms.range((kind, 0)..=(kind, u64::MAX));
        if of_kind().count() > ROOMS_MAX {
            let last = of_kind().next_back().map(|(&room, _)| room);
            last.map(|room| self.rooms.remove(&room));
        }
    }
}

/// Returns the kind of a grant, and the hash of its receiver.
fn room_of(grant: &Grant) -> (u8, u64) {
    let is_public = *grant.account == *EVERYBODY;
    let kind = u8::from(grant.sensitive) | u8::from(grant.is_grant) << 1 | u8::from(is_public) << 2;
    (kind, value_hash(&grant.destination()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(bucket: u32, account: &str, sensitive: bool) -> Grant {
        Grant {
            bucket: format!("b{bucket}").into(),
            account: account.into(),
            sensitive,
            is_grant: true,
        }
    }

    #[test]
    fn noise_hides_no_account_and_order_does_not_matter() {
        let ours = (0..400).map(|n| grant(n, &format!("{:012}", n % 200), false));
        let public = (0..400).map(|n| grant(n, EVERYBODY, false));
        let one = [
            grant(7, "999988887777", false),
            grant(8, "999988887777", true),
        ];
        let all: Vec<Grant> = ours.chain(public).chain(one.clone()).collect();
        let added = |grants: &mut dyn Iterator<Item = &Grant>| {
            let mut kept = Grants::default();
            grants.for_each(|grant| kept.add(grant.clone(), 1));
            kept
        };
        let whole = added(&mut all.iter());
        for grant in &one {
            assert!(whole.iter().any(|(kept, n)| kept == grant && n == 1));
        }
        let public = whole.iter().filter(|(s, _)| *s.account == *EVERYBODY);
        assert_eq!(public.count(), ROOMS_MAX);
        assert_eq!(added(&mut all.iter().rev()), whole);
        let mut merged = added(&mut all.iter().step_by(2));
        merged.merge(&added(&mut all.iter().skip(1).step_by(2)));
        assert_eq!(merged, whole);
    }
}
