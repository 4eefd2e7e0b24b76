//! The members of a unified audit record: plain, inside a row of an export, or as a row of a table.

use std::borrow::Cow;

use crate::sources::json::{Object, Value};
use crate::sources::microsoft::is_named;
use crate::sources::parts::text::{Column, stated_text};

/// A record, and the row around it.
///
/// Tables write the same names with underscores and in other cases, so names are compared without both.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    /// What the service wrote.
    pub inner: Option<Object<'a>>,
    /// The row around it, or all that there is.
    pub outer: Object<'a>,
}

impl<'a> Record<'a> {
    /// Returns the first of these members that has a value; names are in lower case and without underscores.
    ///
    /// The service's own members come before those of the row.
    pub fn get(&self, names: &[&str]) -> Option<Value<'a>> {
        let objects = self.inner.into_iter().chain([self.outer]);
        objects
            .flat_map(|object| names.iter().map(move |name| (object, *name)))
            .find_map(|(object, name)| named(object, name))
    }

    /// Returns the first of these members that has a value, as text.
    pub fn text(&self, names: &[&str]) -> Option<Cow<'a, str>> {
        let objects = self.inner.into_iter().chain([self.outer]);
        objects
            .flat_map(|object| names.iter().map(move |name| (object, *name)))
            .find_map(|(object, name)| stated_text(named(object, name)))
    }

    /// Returns a member that is an object or a list, or a text that holds one.
    pub fn column(&self, name: &str) -> Column<'a> {
        Column::of(self.get(&[name]))
    }

    /// Returns the value of an entry of a list of names and values: `[{"Name":"Identity","Value":"…"}]`.
    pub fn listed(&self, list: &str, name: &str) -> Option<String> {
        let column = self.column(list);
        let is_it = |entry: &Value<'_>| {
            let found = entry.get_any_case("Name").and_then(stated_text);
            found.is_some_and(|found| found.eq_ignore_ascii_case(name))
        };
        let entry = column.value().elements().find(is_it)?;
        let value = ["Value", "NewValue"]
            .iter()
            .find_map(|member| entry.get_any_case(member))?;
        stated_text(value).map(Cow::into_owned)
    }
}

/// Returns the member of an object with this name, ignoring case and underscores.
pub fn named<'a>(object: Object<'a>, name: &str) -> Option<Value<'a>> {
    object
        .members()
        .find(|(key, value)| is_named(key, name) && value.is_present())
        .map(|(_, value)| value)
}
