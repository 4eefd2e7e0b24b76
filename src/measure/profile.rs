//! What is known of a subject beside what it did: its provider, kind, role, account and names.

use serde::{Deserialize, Serialize};

use crate::event::{IdentityKind, Provider};
use crate::sketch::Tally;
use crate::time::Time;
use crate::vocab::Str;

/// The most provider ids that are kept of one subject and day.
const ALIASES_PER_DAY_MAX: usize = 16;

/// Properties of a subject, beside its id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// The provider; the first in declaration order where records disagree.
    pub provider: Option<Provider>,
    /// All providers of its records, in declaration order: a person of Entra works in Azure and in the office suite.
    pub providers: Vec<Provider>,
    /// Events by kind of identity: the most frequent decides.
    pub kinds: Vec<(IdentityKind, u64)>,
    /// The kind of identity in the first event of the day that states one.
    pub first_kind: Option<(Time, IdentityKind)>,
    /// The region of the first event of the day that has one; the first in text order of several at once.
    pub first_region: Option<(Time, Str)>,
    /// The role; the first in text order where records disagree.
    pub role: Option<Str>,
    /// The account; the first in text order where records disagree.
    pub account: Option<Str>,
    /// Bare provider ids of the same subject.
    pub aliases: Tally<Str, ALIASES_PER_DAY_MAX>,
    /// The id that the provider never gives twice, where the subject is named by one that may be given again; the first in
    /// text order where records disagree.
    pub unique_id: Option<Str>,
}

impl Profile {
    /// Returns whether any record came from one of these providers; true if no record states a provider.
    pub fn is_of(&self, providers: &[Provider]) -> bool {
        self.providers.is_empty() || self.providers.iter().any(|p| providers.contains(p))
    }

    /// Returns the kind of identity in most events.
    pub fn kind(&self) -> IdentityKind {
        let mut best = (IdentityKind::Unknown, 0);
        for &(kind, n) in &self.kinds {
            if n > best.1 {
                best = (kind, n);
            }
        }
        best.0
    }

    pub(super) fn add_kind(&mut self, kind: IdentityKind, n: u64) {
        match self.kinds.binary_search_by_key(&kind, |&(k, _)| k) {
            Ok(at) => self.kinds[at].1 += n,
            Err(at) => self.kinds.insert(at, (kind, n)),
        }
    }

    pub(super) fn add_provider(&mut self, provider: Provider) {
        if let Err(at) = self.providers.binary_search(&provider) {
            self.providers.insert(at, provider);
        }
    }

    /// Merges two profiles; the names of the principal only if `is_identity`.
    pub(super) fn merge(&mut self, other: &Profile, is_identity: bool) {
        self.provider = least(self.provider, other.provider);
        for &provider in &other.providers {
            self.add_provider(provider);
        }
        self.first_kind = least(self.first_kind, other.first_kind);
        if let Some((at, region)) = &other.first_region {
            self.note_region(*at, region);
        }
        keep_least(&mut self.account, other.account.as_ref());
        for &(kind, n) in &other.kinds {
            self.add_kind(kind, n);
        }
        if is_identity {
            keep_least(&mut self.role, other.role.as_ref());
            self.aliases.merge(&other.aliases);
        }
        keep_least(&mut self.unique_id, other.unique_id.as_ref());
    }

    pub(super) fn note_region(&mut self, at: Time, region: &Str) {
        let first = &mut self.first_region;
        if first
            .as_ref()
            .is_none_or(|(time, known)| (at, region) < (*time, known))
        {
            *first = Some((at, region.clone()));
        }
    }
}

/// Keeps the first of two texts in order. Only one that comes first is copied.
pub(super) fn keep_least(mine: &mut Option<Str>, other: Option<&Str>) {
    if let Some(other) = other.filter(|other| mine.as_ref().is_none_or(|mine| *other < mine)) {
        *mine = Some(other.clone());
    }
}

/// Returns the smaller of two values, an absent one counting as larger.
pub(super) fn least<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_in_several_clouds_belongs_to_each_of_them() {
        let mut profile = Profile::default();
        assert!(
            profile.is_of(&[Provider::Okta]),
            "no record states a provider"
        );
        let mut other = Profile::default();
        other.add_provider(Provider::M365);
        other.add_provider(Provider::Azure);
        profile.add_provider(Provider::Entra);
        profile.merge(&other, true);
        profile.merge(&other, true);
        assert_eq!(
            profile.providers,
            [Provider::Azure, Provider::Entra, Provider::M365]
        );
        assert!(profile.is_of(&[Provider::Okta, Provider::M365]));
        assert!(!profile.is_of(&[Provider::Okta]));
    }
}
