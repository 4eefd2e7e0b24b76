//! A flattened document: its leaves by dotted path. `{"a":{"b":1}}`, `{"a.b":1}` and `{"a.b":[1]}` are equal.

use std::borrow::Cow;
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use crate::sources::json::{Object, Value};

/// The most leaves that are read; the largest documents of real pipelines have about 300.
const LEAVES_MAX: usize = 4_096;
/// The longest path, in bytes, of a leaf that is read.
const PATH_BYTES_MAX: usize = 256;
/// Leaves, and the bytes of their paths, for which there is room at first: most documents have fewer.
const LEAVES: usize = 64;
const PATHS_BYTES: usize = LEAVES * 32;

/// The leaves of a document: scalars, and arrays of more than one element. An array of one element is that element.
pub struct Flat<'a> {
    /// Their paths, one behind the other.
    paths: String,
    /// Sorted by the hash of the path; equal paths keep the order of the document.
    leaves: Vec<Leaf<'a>>,
}

#[derive(Clone)]
struct Leaf<'a> {
    /// The hash of its path: comparing it is a step of a search, and paths have long beginnings in common.
    hash: u64,
    path: Range<usize>,
    value: Value<'a>,
}

impl<'a> Flat<'a> {
    /// Flattens a document.
    pub fn of(object: Object<'a>) -> Self {
        let mut flat = Self {
            paths: String::with_capacity(PATHS_BYTES),
            leaves: Vec::with_capacity(LEAVES),
        };
        let mut path = String::with_capacity(PATH_BYTES_MAX);
        for (key, value) in object.members() {
            path.clear();
            path.push_str(&String::from_utf8_lossy(key));
            flat.walk(&mut path, value);
        }
        flat.sort();
        flat
    }

    fn walk(&mut self, path: &mut String, value: Value<'a>) {
        if path.len() > PATH_BYTES_MAX || self.leaves.len() >= LEAVES_MAX {
            return;
        }
        let value = match value {
            Value::Array(_) => only(value).unwrap_or(value),
            other => other,
        };
        match value {
            Value::Null => return,
            Value::Object(_) => {}
            _ => return self.push(path, value),
        }
        let len = path.len();
        for (key, inner) in value.members() {
            path.push('.');
            path.push_str(&String::from_utf8_lossy(key));
            self.walk(path, inner);
            path.truncate(len);
        }
    }

    fn push(&mut self, path: &str, value: Value<'a>) {
        let from = self.paths.len();
        self.paths.push_str(path);
        self.leaves.push(Leaf {
            hash: xxh3_64(path.as_bytes()),
            path: from..self.paths.len(),
            value,
        });
    }

    fn sort(&mut self) {
        self.leaves.sort_by_key(|leaf| leaf.hash);
    }

    /// Returns the leaves of this document and those of another; where both have one, this one's.
    pub fn beside(mut self, other: &Flat<'a>) -> Self {
        for leaf in &other.leaves {
            self.push(other.path_of(leaf), leaf.value);
        }
        self.sort();
        self
    }

    fn path_of(&self, leaf: &Leaf<'a>) -> &str {
        &self.paths[leaf.path.clone()]
    }

    /// Returns the leaf at a path, `null` if there is none.
    pub fn get(&self, path: &str) -> Value<'a> {
        let hash = xxh3_64(path.as_bytes());
        let at = self.leaves.partition_point(|leaf| leaf.hash < hash);
        let mut alike = self.leaves[at..].iter().take_while(|l| l.hash == hash);
        let found = alike.find(|leaf| self.path_of(leaf) == path);
        found.map_or(Value::Null, |leaf| leaf.value)
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
        let mut paths = self.leaves.iter().map(|leaf| self.path_of(leaf));
        self.get(path).is_present() || paths.any(|of| below(of, path).is_some())
    }

    /// Returns the leaves below a path, each with the rest of its path, sorted by it.
    pub fn under(&self, path: &str) -> impl Iterator<Item = (&str, Value<'a>)> {
        let leaves = self.leaves.iter();
        let mut found: Vec<_> = leaves
            .filter_map(|leaf| Some((below(self.path_of(leaf), path)?, leaf.value)))
            .collect();
        found.sort_by_key(|&(rest, _)| rest);
        found.into_iter()
    }
}

/// Returns the rest of a path that is below another.
fn below<'p>(path: &'p str, above: &str) -> Option<&'p str> {
    path.strip_prefix(above)?.strip_prefix('.')
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
