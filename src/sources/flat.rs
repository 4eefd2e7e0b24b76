//! A flattened document: its leaves by dotted path. `{"a":{"b":1}}`, `{"a.b":1}` and `{"a.b":[1]}` are equal.

use std::borrow::Cow;

use crate::sources::json::{Object, Value};

/// The most leaves that are read; the largest documents of real pipelines have about 300.
const LEAVES_MAX: usize = 4_096;
/// The longest path, in bytes, of a leaf that is read.
const PATH_BYTES_MAX: usize = 256;

/// The leaves of a document: scalars, and arrays of more than one element. An array of one element is that element.
pub struct Flat<'a> {
    /// Sorted by path; equal paths keep the order of the document.
    leaves: Vec<(String, Value<'a>)>,
}

impl<'a> Flat<'a> {
    /// Flattens a document.
    pub fn of(object: Object<'a>) -> Self {
        let mut leaves = Vec::new();
        for (key, value) in object.members() {
            let mut path = String::from_utf8_lossy(key).into_owned();
            walk(&mut path, value, &mut leaves);
        }
        leaves.sort_by(|a, b| a.0.cmp(&b.0));
        Self { leaves }
    }

    /// Returns the leaves of this document and those of another; where both have one, this one's.
    pub fn beside(mut self, other: &Flat<'a>) -> Self {
        self.leaves.extend(other.leaves.iter().cloned());
        self.leaves.sort_by(|a, b| a.0.cmp(&b.0));
        self
    }

    /// Returns the leaf at a path, `null` if there is none.
    pub fn get(&self, path: &str) -> Value<'a> {
        let at = self.leaves.partition_point(|(p, _)| p.as_str() < path);
        match self.leaves.get(at) {
            Some((found, value)) if found == path => *value,
            _ => Value::Null,
        }
    }

    /// Returns the leaf of the first of these paths that has one with something in it.
    pub fn first(&self, paths: &[&str]) -> Value<'a> {
        let values = paths.iter().map(|path| self.get(path));
        values
            .into_iter()
            .find(|v| v.is_present())
            .unwrap_or(Value::Null)
    }

    /// Returns the text at a path.
    pub fn text(&self, path: &str) -> Option<Cow<'a, str>> {
        self.get(path).text()
    }

    /// Returns the text at the first of these paths that has one.
    pub fn first_text(&self, paths: &[&str]) -> Option<Cow<'a, str>> {
        paths.iter().find_map(|path| self.text(path))
    }

    /// Returns whether there is anything at a path or below it.
    pub fn has(&self, path: &str) -> bool {
        self.get(path).is_present() || self.under(path).next().is_some()
    }

    /// Returns the leaves below a path, each with the rest of its path, sorted by it.
    pub fn under(&self, path: &str) -> impl Iterator<Item = (&str, Value<'a>)> {
        let prefix = format!("{path}.");
        let from = self.leaves.partition_point(|(p, _)| **p < *prefix);
        self.leaves[from..].iter().map_while(move |(p, value)| {
            let rest = p.strip_prefix(&prefix)?;
            Some((rest, *value))
        })
    }
}

fn walk<'a>(path: &mut String, value: Value<'a>, leaves: &mut Vec<(String, Value<'a>)>) {
    if path.len() > PATH_BYTES_MAX || leaves.len() >= LEAVES_MAX {
        return;
    }
    let value = match value {
        Value::Array(_) => only(value).unwrap_or(value),
        other => other,
    };
    match value {
        Value::Null => return,
        Value::Object(_) => {}
        _ => return leaves.push((path.clone(), value)),
    }
    let len = path.len();
    for (key, inner) in value.members() {
        path.push('.');
        path.push_str(&String::from_utf8_lossy(key));
        walk(path, inner, leaves);
        path.truncate(len);
    }
}

/// Returns the only element of an array; `None` if there are more.
fn only(array: Value<'_>) -> Option<Value<'_>> {
    let mut elements = array.elements();
    let first = elements.next()?;
    elements.next().is_none().then_some(first)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sources::json::Layout;

    #[test]
    fn nesting_does_not_matter() {
        for text in [
            r#"{"a":{"b":{"c":"x"},"d":[1,2]},"ab":0}"#,
            r#"{"ab":[0],"a.b.c":["x"],"a.d":[1,2]}"#,
            r#"{"a":{"d":[1,2],"b.c":"x"},"ab":0,"a.b.c":"later"}"#,
            r#"{"a":[{"b":[{"c":"x"}],"d":[1,2],"e":null}],"ab":0}"#,
        ] {
            let mut layout = Layout::default();
            let flat = Flat::of(layout.object(text.as_bytes()).unwrap().0);
            assert_eq!(flat.text("a.b.c").as_deref(), Some("x"), "{text}");
            assert_eq!(flat.get("a.d").elements().count(), 2, "{text}");
            assert_eq!(flat.text("ab").as_deref(), Some("0"), "{text}");
            assert!(flat.has("a") && flat.has("a.b") && !flat.has("b") && !flat.has("a.e"));
            let under: Vec<&str> = flat.under("a").map(|(path, _)| path).collect();
            assert_eq!(under[0], "b.c", "{text}");
            assert_eq!(flat.first_text(&["x", "a.d", "ab"]).as_deref(), Some("0"));
        }
    }
}
