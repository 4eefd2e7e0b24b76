//! The words of a line and their values: times of day, sizes, patterns that expand to several names.

use std::net::IpAddr;

use crate::glob::PATTERN_BYTES_MAX;
use crate::time::parse_duration_secs;

/// What is wrong with a line, and what to write instead.
pub type Wrong = String;

/// The most names that one pattern may expand to.
const NAMES_MAX: usize = 10_000;

/// The words of a line, read from left to right. A comma after a word is ignored.
pub struct Words<'a> {
    words: Vec<&'a str>,
    at: usize,
}

impl<'a> Words<'a> {
    /// Splits a line. A `#` that stands alone, or begins a word, starts a comment.
    pub fn of(line: &'a str) -> Self {
        let words = line.split_whitespace().take_while(|w| !w.starts_with('#'));
        Self {
            words: words.collect(),
            at: 0,
        }
    }

    /// Returns the next word without taking it.
    pub fn peek(&self) -> Option<&'a str> {
        let word = self.words.get(self.at)?;
        Some(word.strip_suffix(',').unwrap_or(word))
    }

    /// Takes the next word if it equals this one.
    pub fn take(&mut self, word: &str) -> bool {
        let is_next = self.peek() == Some(word);
        self.at += usize::from(is_next);
        is_next
    }

    /// Takes the next word if it can be parsed so.
    pub fn take_as<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        let value = read(self.peek()?)?;
        self.at += 1;
        Some(value)
    }

    /// Takes the next word, which is required.
    pub fn next(&mut self, what: &str) -> Result<&'a str, Wrong> {
        let word = self
            .peek()
            .ok_or_else(|| format!("the line ends where {what} should stand"))?;
        self.at += 1;
        Ok(word)
    }

    /// Takes the next word, which must parse so.
    pub fn next_as<T>(&mut self, what: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Wrong> {
        let word = self.next(what)?;
        read(word).ok_or_else(|| format!("expected {what}, found `{word}`"))
    }

    /// Takes the next word, which must equal this one.
    pub fn expect(&mut self, word: &str) -> Result<(), Wrong> {
        match self.peek() {
            _ if self.take(word) => Ok(()),
            Some(found) => Err(format!("expected `{word}`, found `{found}`")),
            None => Err(format!("the line ends where `{word}` should stand")),
        }
    }

    /// Returns the rest of the line, with its commas.
    pub fn rest(&self) -> String {
        self.words[self.at.min(self.words.len())..].join(" ")
    }

    /// Ends the reading: nothing may follow.
    pub fn done(&self) -> Result<(), Wrong> {
        match self.peek() {
            Some(word) => Err(format!("the line should end before `{word}`")),
            None => Ok(()),
        }
    }
}

/// Reads a duration above zero, as in `10m`.
pub fn duration(text: &str) -> Option<i64> {
    parse_duration_secs(text).filter(|secs| *secs > 0)
}

/// Reads a time of day, as in `08:00` or `02:10:30`, up to `24:00`; returns seconds.
pub fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(|part| {
        let is_number = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|_| is_number)
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().map_or(Some(0), |part| part)?;
    let secs = hour * 3_600 + minute * 60 + second;
    (parts.next().is_none() && minute < 60 && second < 60 && secs <= 86_400).then_some(secs)
}

/// Reads an amount of bytes, as in `20MB`; a kilobyte has 1,000.
pub fn size(text: &str) -> Option<u64> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        _ => return None,
    };
    let bytes = number.parse::<f64>().ok()? * unit;
    (0.0..1e18).contains(&bytes).then_some(bytes as u64)
}

/// Reads an address.
pub fn address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// Reads an AS number, as in `AS64500`.
pub fn system_number(text: &str) -> Option<u32> {
    text.strip_prefix("AS")?.parse().ok()
}

/// Returns the names that a pattern expands to: `b-{1..3}` and `b-{x,y}` expand to several, any other word to itself.
pub fn names(pattern: &str) -> Result<Vec<String>, Wrong> {
    let Some(open) = pattern.find('{') else {
        return Ok(vec![pattern.to_owned()]);
    };
    if pattern.len() > PATTERN_BYTES_MAX {
        return Err(format!(
            "a pattern may have at most {PATTERN_BYTES_MAX} bytes"
        ));
    }
    let wrong = || format!("`{pattern}` is no pattern; write `name-{{1..40}}` or `name-{{x,y}}`");
    let close = open + pattern[open..].find('}').ok_or_else(wrong)?;
    let (before, inner, after) = (
        &pattern[..open],
        &pattern[open + 1..close],
        &pattern[close + 1..],
    );
    let middles: Vec<String> = match inner.split_once("..") {
        Some((first, last)) => {
            let read = |text: &str| text.parse::<usize>().map_err(|_| wrong());
            let (from, to) = (read(first)?, read(last)?);
            if from > to || to - from >= NAMES_MAX {
                return Err(format!(
                    "`{pattern}` should count upwards, and to at most {NAMES_MAX} names"
                ));
            }
            let width = if first.starts_with('0') {
                first.len()
            } else {
                0
            };
            (from..=to).map(|n| format!("{n:0width$}")).collect()
        }
        None if inner.is_empty() => return Err(wrong()),
        None => inner.split(',').map(str::to_owned).collect(),
    };
    let afters = names(after)?;
    if middles.len() * afters.len() > NAMES_MAX {
        return Err(format!(
            "`{pattern}` stands for more than {NAMES_MAX} names"
        ));
    }
    Ok(middles
        .iter()
        .flat_map(|middle| {
            afters
                .iter()
                .map(move |after| format!("{before}{middle}{after}"))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_is_ignored_between_words_and_kept_in_the_rest() {
        let mut words = Words::of("14 days, set = [\"a\", \"b\"] # c");
        assert!(words.take("14") && words.take("days") && words.take("set"));
        assert_eq!(words.rest(), "= [\"a\", \"b\"]");
    }

    #[test]
    fn atoms() {
        assert_eq!(time_of_day("02:10"), Some(7_800));
        assert_eq!(time_of_day("24:00"), Some(86_400));
        assert_eq!(time_of_day("02:10:30"), Some(7_830));
        for text in ["2:10", "02:60", "25:00", "02", "02:10:30:1", "-2:10"] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
        assert_eq!(size("1.5kB"), Some(1_500));
        assert_eq!(size("20MB"), Some(20_000_000));
        for text in ["20", "MB", "20mb", "-1B", "é"] {
            assert_eq!(size(text), None, "{text}");
        }
        assert_eq!(system_number("AS64500"), Some(64_500));
    }

    #[test]
    fn a_pattern_expands_to_its_names() {
        let of = |pattern: &str| names(pattern).map(|names| names.join(" "));
        assert_eq!(of("b"), Ok("b".to_owned()));
        assert_eq!(of("b-{8..10}"), Ok("b-8 b-9 b-10".to_owned()));
        assert_eq!(of("{08..10}/"), Ok("08/ 09/ 10/".to_owned()));
        assert_eq!(of("{x,y}-{1..2}"), Ok("x-1 x-2 y-1 y-2".to_owned()));
        for pattern in [
            "{",
            "a{}",
            "{1..}",
            "{3..1}",
            "{1..99999}",
            "{1..200}{1..200}",
        ] {
            assert!(of(pattern).is_err(), "{pattern}");
        }
    }
}
