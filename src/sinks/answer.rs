//! What a receiver made of a document, by its answer.

use std::time::Duration;

use crate::report::Plain;
use crate::wording::clip;

/// What became of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver has it.
    Taken(String),
    /// It is to be sent again.
    Later {
        /// Why.
        reason: String,
        /// The wait that the receiver asks for.
        after: Option<Duration>,
        /// Whether the receiver answered, so that it may be the document that it cannot take.
        has_answered: bool,
    },
    /// The receiver will never take it as it is.
    Refused(String),
}

/// The most characters of an answer that are kept.
const ANSWER_CHARS_MAX: usize = 300;

impl Outcome {
    /// Returns what an answer means. `retry_after` is the header of this name, in seconds; `said` the answer's body, without secrets.
    pub(super) fn of(status: u16, retry_after: Option<u64>, said: &str) -> Self {
        let said = clip(&Plain(said.trim()).to_string(), ANSWER_CHARS_MAX);
        let text = match said.is_empty() {
            true => format!("answered {status}"),
            false => format!("answered {status}: {said}"),
        };
        match status {
            200..=299 => Self::Taken(text),
            // It would go to somebody whom nobody named.
            300..=399 => Self::Refused(format!(
                "{text} (a redirect, which is not followed: configure where it leads)"
            )),
            408 | 425 | 429 | 500.. => Self::Later {
                reason: text,
                after: retry_after.map(Duration::from_secs),
                has_answered: true,
            },
            _ => Self::Refused(text),
        }
    }

    /// Returns that there was no answer.
    pub(super) fn unreached(reason: impl Into<String>) -> Self {
        Self::Later {
            reason: reason.into(),
            after: None,
            has_answered: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_change_is_sent_again_and_what_will_not_is_refused() {
        let is_later = |status| matches!(Outcome::of(status, None, ""), Outcome::Later { .. });
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(is_later(status), "{status}");
        }
        for status in [301, 302, 307, 400, 401, 403, 404, 410, 413, 422] {
            assert!(
                matches!(Outcome::of(status, None, ""), Outcome::Refused(_)),
                "{status}"
            );
        }
        assert_eq!(
            Outcome::of(202, None, "ok\u{1b}[2J\n"),
            Outcome::Taken("answered 202: ok\\u{1b}[2J".to_owned())
        );
        let Outcome::Later { after, .. } = Outcome::of(429, Some(7), "") else {
            unreachable!("it is later");
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
    }
}
