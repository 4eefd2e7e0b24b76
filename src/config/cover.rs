//! Whether criteria cover values, of which all are known or only some.

use crate::glob::Glob;
use crate::vocab::Str;

/// Whether an approval covers something of which not all is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cover {
    /// It does not.
    No,
    /// It may.
    Perhaps,
    /// It does.
    Yes,
}

/// How values that are known stand to those that an alert shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Known {
    /// They are the same.
    #[default]
    All,
    /// The alert shows some of these.
    More,
    /// The alert shows these, and perhaps others.
    Some,
}

/// Returns the certain answer.
pub(super) const fn sure(is: bool) -> Cover {
    if is { Cover::Yes } else { Cover::No }
}

/// Returns whether a glob, if there is one, matches one of some names of the same thing.
pub(super) fn one<'a>(glob: &Option<Glob>, names: impl IntoIterator<Item = &'a Str>) -> bool {
    glob.as_ref()
        .is_none_or(|glob| names.into_iter().any(|name| glob.matches(name)))
}

/// Returns whether a criterion, if there is one, covers each of some values, of which there must be one unless it names none.
pub(super) fn each<P, V>(
    criterion: &Option<Vec<P>>,
    (values, known): (&[V], Known),
    covers: impl Fn(&P, &V) -> Cover,
) -> Cover {
    let Some(patterns) = criterion else {
        return Cover::Yes;
    };
    if patterns.is_empty() {
        return match (values.is_empty(), known) {
            (true, Known::Some) | (false, Known::More) => Cover::Perhaps,
            (is_empty, _) => sure(is_empty),
        };
    }
    let best = |value: &V| {
        let of_each = patterns.iter().map(|pattern| covers(pattern, value));
        of_each.max().unwrap_or(Cover::No)
    };
    let covered: Vec<Cover> = values.iter().map(best).collect();
    let (least, most) = (covered.iter().min(), covered.iter().max());
    match (least, most, known) {
        (None, _, Known::Some) => Cover::Perhaps,
        (Some(Cover::No), _, Known::Some) => Cover::No,
        (Some(_), _, Known::Some) => Cover::Perhaps,
        (Some(Cover::No), Some(Cover::Perhaps | Cover::Yes), Known::More) => Cover::Perhaps,
        (Some(&least), ..) => least,
        (None, ..) => Cover::No,
    }
}
