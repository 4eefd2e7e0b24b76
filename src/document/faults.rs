//! Faults of files, each with its line and the nearest word that would have been right.

use crate::document::Place;
use crate::error::{Error, Result};

/// What is wrong with some files, gathered until all of it is known.
#[derive(Debug, Default)]
pub struct Faults(Vec<(Place, String)>);

impl Faults {
    /// Adds a fault.
    pub fn add(&mut self, place: &Place, message: impl Into<String>) {
        self.0.push((place.clone(), message.into()));
    }

    /// Adds the fault that `word` is none of `valid`, and names the nearest that is.
    pub fn unknown(&mut self, place: &Place, what: &str, word: &str, valid: &[&str]) {
        self.add(
            place,
            format!("unknown {what} `{word}`; {}", suggest(word, valid)),
        );
    }

    /// Returns how many there are so far.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Returns all of them, each once, by file and line.
    pub fn sorted(mut self) -> Vec<(Place, String)> {
        self.0.sort();
        self.0.dedup();
        self.0
    }

    /// Ends the reading of `what`.
    ///
    /// # Errors
    /// If there are faults: a usage error with one cause a fault, `file:line: message`, by file and line.
    pub fn finish(self, what: &str) -> Result<()> {
        let faults = self.sorted();
        let count = match faults.len() {
            0 => return Ok(()),
            1 => "1 fault".to_owned(),
            n => format!("{n} faults"),
        };
        let error = Error::usage(format!("{what} cannot be used: {count}"));
        Err(faults.iter().fold(error, |error, (place, message)| {
            error.cause(format!("{place}: {message}"))
        }))
    }
}

/// Words longer than this are not compared letter by letter.
const COMPARED_CHARS_MAX: usize = 64;

/// Says which of the valid words is nearest to what was written, or all of them, nearest first, if none is near.
fn suggest(word: &str, valid: &[&str]) -> String {
    let mut ranked: Vec<(usize, &str)> = valid
        .iter()
        .map(|valid| (distance(word, valid), *valid))
        .collect();
    ranked.sort_unstable();
    match ranked.first() {
        None => "none is valid here".to_owned(),
        Some((distance, nearest)) if *distance <= nearest.chars().count() / 2 => {
            format!("did you mean `{nearest}`?")
        }
        Some(_) => {
            let words: Vec<_> = ranked.iter().map(|(_, word)| format!("`{word}`")).collect();
            format!("valid: {}", words.join(", "))
        }
    }
}

/// Returns how many letters must be inserted, deleted, replaced or swapped with their neighbour, whatever the case
/// (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let letters = |text: &str| {
        text.chars()
            .take(COMPARED_CHARS_MAX)
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    let (a, b) = (letters(a), letters(b));
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                let swapped: usize = before_last[j - 2];
                best = best.min(swapped + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_named() {
        let valid = ["internal", "geoip"];
        for (written, said) in [
            ("internl", "did you mean `internal`?"),
            ("Internal", "did you mean `internal`?"),
            ("gepip", "did you mean `geoip`?"),
            ("zzzzzzzzzzzz", "valid: `geoip`, `internal`"),
        ] {
            assert_eq!(suggest(written, &valid), said, "{written}");
        }
        assert_eq!(suggest("x", &[]), "none is valid here");
        assert_eq!(distance("Orgnanization", "organization"), 1);
        assert_eq!(distance("ab", "ba"), 1);
        assert_eq!(distance("", "abc"), 3);
    }
}
