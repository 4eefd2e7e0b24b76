//! An approval that is about to be written, and a configuration with one more or one less.

use std::fmt::{self, Write};

use crate::config::written::examined;
use crate::config::{Approval, Config, Sink};
use crate::document::{Place, Word, is_hidden, quoted, with_table, without_table};
use crate::error::{Error, Result};
use crate::time::Day;
use crate::vocab::Str;

/// A list longer than this is written with a line for each of its texts.
const LIST_WIDTH_MAX: usize = 100;
/// What a draft is called where it stands in no file.
const DRAFT_NAME: &str = "the new approval";
/// The most characters of the owner and of the reason of an approval that is written by us: they go into the audit log, and into lists.
pub const OWNER_CHARS_MAX: usize = 200;
/// See [`OWNER_CHARS_MAX`].
pub const REASON_CHARS_MAX: usize = 1_000;
/// The most patterns and analytics of such an approval, together.
pub const VALUES_MAX: usize = 200;
/// What stands for the owner and the reason of an approval that is only looked at.
const BLANK: &str = "?";

/// An approval as it will be written. Nothing of it is checked yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// What stands above it, line by line.
    pub comments: Vec<String>,
    /// Its criteria by their keys, each with its patterns; none of them is an empty list.
    pub criteria: Vec<(&'static str, Vec<String>)>,
    /// The ids of the analytics that it is for; none of them for all.
    pub analytics: Vec<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why it is given.
    pub reason: String,
    /// The last UTC day on which it holds, as in `2027-01-31`.
    pub expires: String,
}

impl fmt::Display for Draft {
    /// Writes its table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for comment in &self.comments {
            // A comment ends with its line, and nothing in it may end it earlier.
            let text = quoted(comment);
            let text = text[1..text.len() - 1]
                .replace("\\\"", "\"")
                .replace("\\\\", "\\");
            writeln!(f, "# {text}")?;
        }
        writeln!(f, "[[approval]]")?;
        for (key, patterns) in &self.criteria {
            match patterns.as_slice() {
                [pattern] => writeln!(f, "{key} = {}", quoted(pattern))?,
                patterns => writeln!(f, "{key} = {}", list(patterns))?,
            }
        }
        if !self.analytics.is_empty() {
            writeln!(f, "analytics = {}", list(&self.analytics))?;
        }
        writeln!(f, "owner = {}", quoted(&self.owner))?;
        writeln!(f, "reason = {}", quoted(&self.reason))?;
        if is_date(&self.expires) {
            writeln!(f, "expires = {}", self.expires)
        } else {
            writeln!(f, "expires = {}", quoted(&self.expires))
        }
    }
}

/// Returns the key that each line of a table belongs to.
fn keys_of_lines(table: &str) -> Vec<Option<&str>> {
    let mut key = None;
    let of_line = |line| {
        key = match line {
            "" | "]" => key,
            line if line.starts_with([' ', '#', '[']) => key.filter(|_| line.starts_with(' ')),
            line => line.split_once(" = ").map(|(key, _)| key),
        };
        key
    };
    str::lines(table).map(of_line).collect()
}

/// Tells what is wrong with an approval, if anything is.
fn refuse(wrong: Vec<String>) -> Result<()> {
    match wrong.len() {
        0 => Ok(()),
        1 => Err(Error::usage(wrong.concat())),
        n => {
            let error = Error::usage(format!("{DRAFT_NAME} has {n} faults"));
            Err(wrong.into_iter().fold(error, Error::cause))
        }
    }
}

/// Returns whether a text is a date that needs no quotation marks.
fn is_date(text: &str) -> bool {
    let is_digit_or_dash = |b: u8| b.is_ascii_digit() || b == b'-';
    text.len() == "2027-01-31".len()
        && text.bytes().all(is_digit_or_dash)
        && Day::parse(text).is_some()
}

/// Writes a list on one line, or on several if it is long.
fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    let line = format!("[{}]", texts.join(", "));
    if line.chars().count() <= LIST_WIDTH_MAX {
        return line;
    }
    let mut out = "[\n".to_owned();
    for text in texts {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "  {text},");
    }
    out + "]"
}

impl Draft {
    /// Returns whether a pattern has wildcards. What was read from a log has none on purpose.
    pub fn has_wildcards(&self) -> bool {
        let mut patterns = self.criteria.iter().flat_map(|(_, patterns)| patterns);
        patterns.any(|pattern| pattern.contains(['*', '?']))
    }

    /// Returns it as checked.
    ///
    /// # Errors
    /// A usage error with all that a configuration would refuse, each with its key.
    pub fn check(&self) -> Result<Approval> {
        let text = self.to_string();
        let (config, faults) = examined(&text, DRAFT_NAME);
        let keys: Vec<Option<&str>> = keys_of_lines(&text);
        let said = faults.sorted().into_iter().map(|(place, message)| {
            let key = keys.get(place.line.saturating_sub(1)).copied().flatten();
            match key {
                Some(key) => format!("`{key}`: {message}"),
                None => message.replace("[[approval]]", DRAFT_NAME),
            }
        });
        refuse(said.collect())?;
        let approval = config.approvals.into_iter().next();
        approval.ok_or_else(|| Error::failed("the approval cannot be read back"))
    }

    /// Demands that it is no larger than what is written for others, and that who owns it, and why, are lines of plain text.
    ///
    /// # Errors
    /// A usage error with all that is too much, each with its key.
    pub fn check_size(&self) -> Result<()> {
        let mut wrong = Vec::new();
        for (key, text, most) in [
            ("owner", &self.owner, OWNER_CHARS_MAX),
            ("reason", &self.reason, REASON_CHARS_MAX),
        ] {
            let n = text.chars().count();
            if n > most {
                wrong.push(format!("`{key}` has {n} characters, and may have {most}"));
            }
            if let Some(c) = text.chars().find(|c| is_hidden(*c)) {
                wrong.push(format!(
                    "`{key}` has the character U+{:04X}, which is not shown: give one line of plain text",
                    u32::from(c)
                ));
            }
        }
        let patterns = self.criteria.iter().map(|(_, patterns)| patterns.len());
        let n = patterns.sum::<usize>() + self.analytics.len();
        if n > VALUES_MAX {
            wrong.push(format!(
                "it has {n} patterns and analytics, and may have {VALUES_MAX}: use wildcards, or write several approvals"
            ));
        }
        refuse(wrong)
    }

    /// Returns it with something for an owner, a reason and an end that were not given: an approval that is only looked at needs none.
    pub fn filled(&self, expires: Day) -> Self {
        let or = |text: &String, blank: &dyn fmt::Display| match text.is_empty() {
            true => blank.to_string(),
            false => text.clone(),
        };
        Self {
            owner: or(&self.owner, &BLANK),
            reason: or(&self.reason, &BLANK),
            expires: or(&self.expires, &expires),
            ..self.clone()
        }
    }

    /// Returns the text of a configuration with the approval at its end. `name` stands for its file in messages.
    ///
    /// # Errors
    /// A usage error if the configuration, or the approval, has faults.
    pub fn added_to(&self, text: &str, name: &str) -> Result<String> {
        let before = Config::parse(text, name)?;
        let new = self.check()?;
        let added = with_table(text, &self.to_string());
        let after = Config::parse(&added, name).map_err(|error| {
            error.hint("approvals written in line, `approval = [...]`, are not added to: write them as [[approval]]")
        })?;
        let mut expected: Vec<&Approval> = before.approvals.iter().collect();
        expected.push(&new);
        same(&before, &after, &expected, name)?;
        Ok(added)
    }
}

/// Returns the text of a configuration without one of its approvals, the first being 0, and its comments. `name` stands for
/// its file in messages.
///
/// # Errors
/// A usage error if the configuration has faults, or the approval is not a table of its own.
pub fn without_approval(text: &str, name: &str, index: usize) -> Result<String> {
    let before = Config::parse(text, name)?;
    let Some(approval) = before.approvals.get(index) else {
        return Err(Error::failed(format!("`{name}` has no such approval")));
    };
    let removed = without_table(text, "approval", index).ok_or_else(|| {
        Error::usage(format!(
            "the approval at {} is no [[approval]] table of its own",
            approval.place
        ))
        .hint("take it out by hand")
    })?;
    let after = Config::parse(&removed, name)?;
    let others = before.approvals.iter().enumerate();
    let expected: Vec<&Approval> = others
        .filter_map(|(at, other)| (at != index).then_some(other))
        .collect();
    same(&before, &after, &expected, name)?;
    Ok(removed)
}

/// Returns the sinks of a configuration, wherever they stand in it.
fn sinks(config: &Config) -> Vec<Sink> {
    let nowhere = Place {
        file: "".into(),
        line: 0,
    };
    let moved = |sink: &Sink| Sink {
        place: nowhere.clone(),
        ..sink.clone()
    };
    config.sinks.iter().map(moved).collect()
}

/// Makes sure that a configuration says the same as before but for its approvals, which must be the expected ones.
fn same(before: &Config, after: &Config, expected: &[&Approval], name: &str) -> Result<()> {
    let says = |approval: &Approval| {
        let Approval {
            criteria,
            owner,
            reason,
            expires,
            ..
        } = approval;
        (
            criteria.clone(),
            approval.id(),
            owner.clone(),
            reason.clone(),
            *expires,
        )
    };
    let texts = |words: &[Word]| -> Vec<Str> { words.iter().map(|w| w.text.clone()).collect() };
    let is_same = after.approvals.len() == expected.len()
        && after
            .approvals
            .iter()
            .zip(expected)
            .all(|(is, should)| says(is) == says(should))
        && after.sensitive == before.sensitive
        && after.bindings == before.bindings
        && after.internal == before.internal
        && after.accounts == before.accounts
        && after.peer_groups == before.peer_groups
        && after.serve == before.serve
        && sinks(after) == sinks(before)
        && after.lateness == before.lateness
        && after.keep_alerts_days == before.keep_alerts_days
        && after.clusters_peers == before.clusters_peers
        && texts(&after.geoip) == texts(&before.geoip)
        && texts(&after.unwrap) == texts(&before.unwrap)
        && texts(&after.definitions) == texts(&before.definitions)
        && after.analytics.says_the_same(&before.analytics);
    if is_same {
        return Ok(());
    }
    Err(
        Error::failed(format!("`{name}` would say something else beside"))
            .hint("nothing was changed; change it by hand"),
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft {
            comments: vec!["seen on 14 days\n[x]".to_owned()],
            criteria: vec![
                ("identity", vec!["a \"b\" \\ c".to_owned()]),
                ("bucket", (0..20).map(|n| format!("bucket-{n}")).collect()),
                ("destination", Vec::new()),
                ("network", vec!["10.0.0.0/8".to_owned(), "::1".to_owned()]),
            ],
            analytics: vec!["AN1594".to_owned()],
            owner: "o".to_owned(),
            reason: "r\u{1b}[2J".to_owned(),
            expires: "2027-01-31".to_owned(),
        }
    }

    #[test]
    fn a_draft_reads_back_as_it_was_meant_and_leaves_the_rest_alone() {
        let approval = draft().check().unwrap();
        assert_eq!(approval.reason, "r\u{1b}[2J");
        assert_eq!(approval.criteria.destination.as_deref(), Some(&[][..]));
        assert_eq!(approval.criteria.bucket.as_ref().unwrap().len(), 20);
        let text = "# ours\n[[approval]]\nidentity='x'\nowner='o'\nreason='r'\nexpires=2027-01-31\n\n[estate]\naccounts=[]";
        let added = draft().added_to(text, "p.toml").unwrap();
        assert!(added.starts_with(text), "{added}");
        assert_eq!(
            without_approval(&added, "p.toml", 1).unwrap(),
            format!("{text}\n")
        );
        assert_eq!(
            without_approval(&added, "p.toml", 0).unwrap(),
            added.split_once("\n\n").unwrap().1
        );
        assert!(without_approval(&added, "p.toml", 2).is_err());
    }

    #[test]
    fn what_the_reader_would_refuse_is_refused() {
        let all = |change: &dyn Fn(&mut Draft)| {
            let mut draft = draft();
            change(&mut draft);
            draft.check().unwrap_err().to_string()
        };
        assert!(all(&|d| d.owner.clear()).contains("`owner`: expected text"));
        assert!(
            all(&|d| d.criteria.clear())
                .contains("the new approval needs at least one of identity")
        );
        assert!(all(&|d| d.expires = "soon".into()).contains("`expires`: expected a date"));
        assert!(all(&|d| d.criteria[3].1[0] = "x".into()).contains("`network`: `x` is no network"));
        let long = |d: &mut Draft| d.criteria[1].1[19] = format!("{}{}", "x".repeat(2_000), "y");
        assert!(all(&long).contains("`bucket`"), "{}", all(&long));
        let inline = "approval = [{ identity='x', owner='o', reason='r', expires=2027-01-31 }]\n";
        assert!(draft().added_to(inline, "p.toml").is_err());
        assert!(without_approval(inline, "p.toml", 0).is_err());
        assert!(draft().added_to("[network]\nx=1", "p.toml").is_err());
    }

    #[test]
    fn what_a_configuration_says_is_compared_by_value() {
        let text = "analytics = ['a.toml']\n[network]\ngeoip = ['a.mmdb']\n\
                    [analytic.AN1594]\nthreshold = 90\nContextTraits = ['region']\n";
        let before = Config::parse(text, "p.toml").unwrap();
        let moved = Config::parse(&format!("\n# elsewhere\n{text}"), "p.toml").unwrap();
        assert!(same(&before, &moved, &[], "p.toml").is_ok());
        for (was, is) in [
            ("a.toml", "b.toml"),
            ("a.mmdb", "b.mmdb"),
            ("90", "91"),
            ("AN1594", "AN1328"),
            ("['region']", "['region', 'network']"),
        ] {
            let after = Config::parse(&text.replace(was, is), "p.toml").unwrap();
            assert!(same(&before, &after, &[], "p.toml").is_err(), "{is}");
        }
    }

    #[test]
    fn an_id_stays_when_an_approval_is_renewed_and_changes_with_what_it_covers() {
        let id = draft().check().unwrap().id();
        assert_eq!(id.len(), 8);
        let mut renewed = draft();
        (renewed.expires, renewed.owner) = ("2028-01-31".to_owned(), "p".to_owned());
        renewed.criteria[3].1.reverse();
        assert_eq!(renewed.check().unwrap().id(), id);
        renewed.analytics.clear();
        assert_ne!(renewed.check().unwrap().id(), id);
        // Those that cover the same are told apart by what they say, wherever they stand; those that say the same are one.
        let ids = |drafts: [&Draft; 3]| {
            let text = drafts.map(ToString::to_string).join("\n");
            Config::parse(&text, "p.toml").unwrap().approval_ids()
        };
        let mut renewed = draft();
        renewed.expires = "2028-01-31".to_owned();
        let [one, other, again] = &ids([&draft(), &renewed, &draft()])[..] else {
            panic!("three ids");
        };
        assert!(
            one == again && one != other && one.starts_with(&id),
            "{one} {other}"
        );
        assert_eq!(ids([&renewed, &draft(), &draft()])[0], *other);
        assert_eq!(ids([&draft(), &draft(), &draft()]), [&*id; 3]);
    }
}
