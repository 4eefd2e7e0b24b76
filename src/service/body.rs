//! Bodies of requests that are documents, and what is wrong with one in the words of JSON.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;

/// The most characters of a value that is repeated to who sent it.
const SHOWN_CHARS_MAX: usize = 60;

/// Words of `serde` for what is there and what is expected, and those of JSON.
const WORDS: [(&str, &str); 9] = [
    ("sequence", "an array"),
    ("map", "an object"),
    ("a sequence", "an array"),
    ("a map", "an object"),
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("string", "the text"),
    ("integer", "the number"),
    ("boolean", ""),
];

/// Reads a document.
///
/// # Errors
///
/// What is wrong with it: the member, what it has, and what is expected there.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty, and a JSON object is expected".to_owned());
    }
    serde_json::from_slice::<IgnoredAny>(bytes).map_err(|e| format!("the body is no JSON: {e}"))?;
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("the body is no JSON object".to_owned());
    }
    let mut document = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut document).map_err(|e| {
        let path = e.path().to_string();
        wrong((path != ".").then_some(&*path), e.inner())
    })
}

/// Says what is wrong with a member, or with the document as a whole.
fn wrong(path: Option<&str>, error: &serde_json::Error) -> String {
    let whole = error.to_string();
    let message = match (whole.rfind(" at line "), error.classify()) {
        (Some(at), Category::Data) => &whole[..at],
        _ => &whole,
    };
    let found = ["invalid type: ", "invalid value: "]
        .into_iter()
        .find_map(|kind| message.strip_prefix(kind)?.rsplit_once(", expected "));
    let message = match (found, message.split_once('`')) {
        (Some((found, expected)), _) => {
            format!("expected {}, found {}", word(expected), shown(&word(found)))
        }
        (None, Some(("missing field ", _))) => {
            message.replacen("missing field ", "", 1) + " is missing"
        }
        (None, Some(("duplicate field ", _))) => {
            message.replacen("duplicate field ", "", 1) + " is there twice"
        }
        (None, Some(("unknown field ", rest))) => {
            let (name, expected) = rest.split_once("`, ").unwrap_or((rest, ""));
            format!("`{}` is no member: {}", shown(name), expected)
        }
        _ => message.to_owned(),
    };
    match path {
        Some(path) => format!("`{}`: {message}", shown(path)),
        None => message,
    }
}

/// Returns a word of `serde`, or one with a value behind it, in the words of JSON.
fn word(text: &str) -> String {
    let of = |word: &str| WORDS.iter().find(|(own, _)| *own == word);
    match (of(text), text.split_once(' ')) {
        (Some((_, json)), _) => (*json).to_owned(),
        (None, Some((kind, value))) => match of(kind) {
            Some((_, json)) => format!("{json} {value}").trim_start().to_owned(),
            None => text.to_owned(),
        },
        (None, None) => text.to_owned(),
    }
}

/// Returns the beginning of a text, without what would steer whoever shows it.
fn shown(text: &str) -> String {
    let mut chars = text.chars();
    let shown: String = chars.by_ref().take(SHOWN_CHARS_MAX).collect();
    let is_cut = chars.next().is_some();
    let plain = shown.chars().flat_map(|c| match c.is_control() {
        true => c.escape_default().collect::<Vec<char>>(),
        false => vec![c],
    });
    plain.chain(is_cut.then_some('…')).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::service::approvals::ApprovalWanted;
    use crate::service::documents::VerdictRequest;

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_json() {
        fn said<T: DeserializeOwned>(body: &str) -> String {
            read::<T>(body.as_bytes()).err().unwrap()
        }
        let approval = said::<ApprovalWanted>;
        for (body, words) in [
            ("", "the body is empty, and a JSON object is expected"),
            (
                "{",
                "the body is no JSON: EOF while parsing an object at line 1 column 1",
            ),
            ("[\"ID\"]", "the body is no JSON object"),
            (
                "{\"dry_run\": \"yes\"}",
                "`dry_run`: expected true or false, found the text \"yes\"",
            ),
            (
                "{\"owner\": 5}",
                "`owner`: expected a text, found the number `5`",
            ),
            (
                "{\"owner\": {}}",
                "`owner`: expected a text, found an object",
            ),
            (
                "{\"criteria\": []}",
                "`criteria`: expected an object, found an array",
            ),
            (
                "{\"criteria\": {\"network\": 5}}",
                "`criteria.network`: expected a text or an array of texts",
            ),
            (
                "{\"analytics\": {}}",
                "`analytics`: expected a text or an array of texts",
            ),
            (
                "{\"owner\": \"a\", \"owner\": \"b\"}",
                "`owner` is there twice",
            ),
        ] {
            assert_eq!(approval(body), words, "{body}");
        }
        let unknown = approval("{\"dryrun\": true}");
        assert!(
            unknown.contains("`dryrun` is no member: expected one of `from`, `criteria`"),
            "{unknown}"
        );
        assert_eq!(said::<VerdictRequest>("{}"), "`verdict` is missing");
        let long = format!("{{\"verdict\": \"{}\"}}", "x".repeat(500));
        assert!(said::<VerdictRequest>(&long).len() < 200);
    }
}
