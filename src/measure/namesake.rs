//! Names that are given again: another principal under the name of one that is gone.

use serde::{Deserialize, Serialize};

use crate::time::Day;
use crate::vocab::Str;

/// What separates a name and a unique id in the name of a former principal: the unit separator, which no provider lets into
/// a name.
const SEPARATOR: char = '\u{1f}';

/// The principal that had a name before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namesake {
    /// Its id that the provider never gives twice, where it is known.
    pub unique_id: Option<Str>,
    /// The last day on which it was seen.
    pub last_day: Day,
}

/// Returns whether two ids that the provider never gives twice are stated, and differ: then one name has two principals.
pub fn are_two(known: Option<&Str>, stated: Option<&Str>) -> bool {
    known
        .zip(stated)
        .is_some_and(|(known, stated)| known != stated)
}

/// Returns the name under which a former principal is kept apart from the one that has its name now.
pub fn former_name(id: &str, unique_id: &str) -> Str {
    format!("{id}{SEPARATOR}{unique_id}").into()
}

/// Returns the name and the unique id of a former principal; `None` of any other name.
pub fn of_former(id: &str) -> Option<(&str, &str)> {
    id.rsplit_once(SEPARATOR)
}

/// Returns whether a canonical id is a name that may be given again once its bearer is deleted, rather than an id that the
/// provider never gives twice.
pub fn may_be_given_again(id: &str) -> bool {
    match id.split_once(':') {
        Some(("entra", rest)) => rest.contains("/upn/"),
        Some(("okta" | "slack", _)) => false,
        Some(("gws", rest)) => rest.contains('@'),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_be_given_again_and_ids_may_not() {
        for name in [
            "arn:aws:iam::111122223333:user/person03",
            "gcp:sa:etl@halcyon.iam.gserviceaccount.com",
            "gws:C0/olga@halcyon.example",
            "entra:7e0a1c3c/upn/olga@halcyon.example",
        ] {
            assert!(may_be_given_again(name), "{name}");
        }
        for id in [
            "entra:7e0a1c3c/11c0",
            "okta:halcyon/User/00u1",
            "slack:E0/U0",
            "gws:C0/1180",
        ] {
            assert!(!may_be_given_again(id), "{id}");
        }
        let former = former_name("arn:aws:iam::1:user/x", "AIDA1");
        assert_eq!(of_former(&former), Some(("arn:aws:iam::1:user/x", "AIDA1")));
        assert_eq!(of_former("arn:aws:iam::1:user/x"), None);
        // A guest's user principal name.
        assert_eq!(of_former("entra:t/upn/eve_else.example#ext#@acme"), None);
    }
}
