//! Stories as written.

use crate::analytic::Story;
use crate::analytic::shape::STORY;
use crate::document::{Faults, Fields, Table};
use crate::event::Provider;

/// Reads a `[[story]]`; `None` if a required key is missing.
pub(super) fn read(table: &Table, faults: &mut Faults) -> Option<Story> {
    let mut fields = Fields::of(table, &STORY);
    let title = fields
        .required("title", faults)
        .and_then(|value| value.text(faults));
    let words: Vec<_> = Provider::ALL.iter().map(|p| p.as_str()).collect();
    let provider = fields
        .required("provider", faults)
        .and_then(|value| value.one_of("provider", Provider::parse, &words, faults));
    let text = fields.required("text", faults);
    let lines = text.and_then(|value| value.text(faults));
    fields.done(faults);
    let mut place = text?.place.clone();
    // The text of a multi-line string starts below its quotation marks.
    place.line += usize::from(lines?.contains('\n'));
    Some(Story {
        title: title?.trim().to_owned(),
        provider: provider?,
        text: lines?.to_owned(),
        place,
    })
}
