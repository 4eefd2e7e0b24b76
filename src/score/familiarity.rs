//! How much of what is counted on a day is unfamiliar to whoever did it.
//!
//! What honest people and jobs do loudly they mostly do to what they know: the same calls on the same buckets, now denied, or more of their
//! own data, from where and with what they always do it. So on a day without unusual context the sum of an arm counts the less, the less
//! of the day is new to them. More of what is new is never less, so that does not fall as a day goes on, except where a young log comes to account
//! for what seemed new.

use crate::analytic::Counts;
use crate::score::subject::Subject;
use crate::vocab::Trait;

/// What is done with: where, with which call, through which client and from which network.
const TRAITS: [Trait; 5] = [
    Trait::Bucket,
    Trait::Prefix,
    Trait::Action,
    Trait::UserAgent,
    Trait::Network,
];

/// Returns how many events of a day are unfamiliar to a subject, as far as they are counted: of denied calls those in buckets in which
/// nothing ever answered it, and of others the events that show a new bucket, prefix, operation, client or network, whichever has most. To whom
/// nothing is known, everything is unfamiliar.
pub(super) fn unfamiliar(subject: &Subject, counts: Counts) -> u64 {
    let Some(baseline) = subject.baseline else {
        return u64::MAX;
    };
    let known = baseline.known(Trait::Bucket);
    let is_known = |bucket: u64| known.is_some_and(|known| known.contains(bucket));
    let denied = match counts.denials {
        true => subject.facts.denied_calls_except_in(is_known),
        false => 0,
    };
    if counts.denials && !counts.others {
        return denied;
    }
    let of_trait = |&which: &Trait| {
        let values = subject.facts.trait_values(which);
        let new = subject.new_values(which);
        new.filter_map(|(hash, value)| values?.get(hash, value))
            .sum()
    };
    TRAITS.iter().map(of_trait).fold(denied, u64::max)
}
