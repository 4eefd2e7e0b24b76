//! The text of OpenMetrics, as far as a service writes it.

use std::collections::BTreeMap;

/// More than a service counts. However many of them an answer has room for, their sum is a number.
const COUNT_MAX: u64 = 1 << 40;

/// A line: a name, labels, and a number.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

impl Line {
    /// Returns a label; nothing if it has none of that name.
    pub(super) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }

    /// Returns the number as a count, of at most [`COUNT_MAX`]. What is no number is 0.
    pub(super) fn count(&self) -> u64 {
        (self.value.max(0.0) as u64).min(COUNT_MAX)
    }
}

/// Returns the lines that have a value. Comments, and what cannot be read, are passed over.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line> + '_ {
    text.lines().filter_map(line)
}

fn line(text: &str) -> Option<Line> {
    let text = text.trim_end();
    if text.starts_with('#') {
        return None;
    }
    let name_end = text.find(['{', ' '])?;
    let (name, rest) = text.split_at(name_end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (BTreeMap::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    Some(Line {
        name: name.to_owned(),
        labels,
        value,
    })
}

/// Reads labels up to the closing brace; returns them and what follows.
fn labels(mut rest: &str) -> Option<(BTreeMap<String, String>, &str)> {
    let mut labels = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(after) = rest.strip_prefix('}') {
            return Some((labels, after));
        }
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = quoted(after)?;
        labels.insert(name.to_owned(), value);
        rest = after;
    }
}

/// Reads text up to the quotation mark that ends it; returns it and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                other => value.push(other),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_are_written_and_others_are_passed_over() {
        let text = "# HELP plimsoll_events Events\n\
                    plimsoll_events_total{outcome=\"new\"} 12\n\
                    plimsoll_behind_bytes 3\n\
                    odd{account=\"a\\\"}b\\\\\\nc\",log=\"x\"} 1.5 170\n\
                    cut{log=\"x\n\nalone\nname word\nplimsoll_x{} NaN\n# EOF\n";
        let read: Vec<Line> = lines(text).collect();
        let names: Vec<(&str, f64)> = read.iter().map(|l| (&*l.name, l.value)).collect();
        assert_eq!(
            names[..3],
            [
                ("plimsoll_events_total", 12.0),
                ("plimsoll_behind_bytes", 3.0),
                ("odd", 1.5)
            ]
        );
        assert_eq!(read[0].label("outcome"), "new");
        assert_eq!(
            (read[2].label("account"), read[2].label("log")),
            ("a\"}b\\\nc", "x")
        );
        assert_eq!(read[3].count(), 0);
        let of = |value| Line {
            value,
            ..read[3].clone()
        };
        assert_eq!(
            [-1.0, 7.9, 1e30].map(|value| of(value).count()),
            [0, 7, COUNT_MAX]
        );
        assert_eq!(read.len(), 4);
    }
}
