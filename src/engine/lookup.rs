//! Finds an entity by its id, by an alias, or by a part of its id that no other has.

use crate::error::{Error, Result};
use crate::vocab::{Entity, Str};

/// The most entities that are named when several match.
const NAMED_MAX: usize = 10;

/// Finds the one entity with this name: by its whole id, else by an alias, else by the name at the end of its id (`etl` of `…:role/etl`),
/// else by a part of its id. `None` if there is none.
///
/// # Errors
///
/// A conflict if several match; the error names them.
pub fn lookup<'e, T: Copy>(
    all: &[(&'e Entity, T)],
    aliases: impl Fn(T) -> Vec<Str>,
    wanted: &str,
) -> Result<Option<(&'e Entity, T)>> {
    let matching = |is: &dyn Fn(&Entity, T) -> bool| -> Vec<(&'e Entity, T)> {
        all.iter().filter(|(e, t)| is(e, *t)).copied().collect()
    };
    let mut found = matching(&|entity, _| *entity.id == *wanted);
    if found.is_empty() {
        found = matching(&|_, known| aliases(known).iter().any(|alias| **alias == *wanted));
    }
    if found.is_empty() {
        found = matching(&|entity, _| entity.id.rsplit(['/', ':']).next() == Some(wanted));
    }
    if found.is_empty() {
        found = matching(&|entity, _| entity.id.contains(wanted));
    }
    // A role is an entity of its own beside the identity of the same name; the identity is the one that acts.
    if found.len() > 1 && found.iter().all(|(entity, _)| entity.id == found[0].0.id) {
        found.truncate(1);
    }
    if found.len() > 1 {
        let error = Error::conflict(format!("{} entities match `{wanted}`", found.len()));
        return Err(found
            .iter()
            .take(NAMED_MAX)
            .fold(error, |error, (entity, _)| error.hint(entity.to_string())));
    }
    Ok(found.pop())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::vocab::EntityKind;

    #[test]
    fn a_whole_name_comes_before_a_part_of_another() {
        let entities = [
            "arn:aws:iam::111122223333:role/etl",
            "arn:aws:iam::111122223333:role/etl-1",
            "arn:aws:iam::111122223333:role/load",
        ];
        let entities = entities.map(|id| Entity {
            kind: EntityKind::Identity,
            id: id.into(),
        });
        let all: Vec<(&Entity, ())> = entities.iter().map(|entity| (entity, ())).collect();
        let found = |wanted: &str| lookup(&all, |()| Vec::new(), wanted);
        assert_eq!(found("etl").unwrap(), Some((&entities[0], ())));
        assert_eq!(found("loa").unwrap(), Some((&entities[2], ())));
        assert_eq!(found("et").unwrap_err().kind(), Kind::Conflict);
        assert_eq!(found("nobody").unwrap(), None);
    }
}
