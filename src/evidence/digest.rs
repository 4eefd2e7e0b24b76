//! The digest of an alert document: a guard against damage and mistakes. It is no signature: who changes a document on
//! purpose can compute it again.
//!
//! It is taken over a canonical form, so that a program that reads a document and writes it again does not change it: keys
//! are sorted, there is no space, a number stands as its exact decimal value, and a field that is null counts as absent.
//! Only the fields that the schema has are covered, so that others may be added beside them.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The field that holds the digest, and that it does not cover.
pub const DIGEST: &str = "digest";
/// Documents of ours nest a few levels deep, and no deeper.
const DEPTH_MAX: usize = 16;

/// Returns the digest of a document as it stands in `text`, over those of its fields that `known` has too: xxh3-128 in
/// hex. `None` if the text is no JSON.
pub fn digest(text: &str, known: &Value) -> Option<String> {
    let raw: &RawValue = serde_json::from_str(text).ok()?;
    let mut canonical = String::with_capacity(text.len());
    write(&mut canonical, raw, known, 0)?;
    Some(format!(
        "{:032x}",
        xxhash_rust::xxh3::xxh3_128(canonical.as_bytes())
    ))
}

/// Returns the digest of a document that is about to be written, over all of its fields. `None` if it cannot be written.
pub fn digest_of(document: &impl Serialize) -> Option<String> {
    let text = serde_json::to_string(document).ok()?;
    digest(&text, &serde_json::to_value(document).ok()?)
}

fn write(out: &mut String, raw: &RawValue, known: &Value, depth: usize) -> Option<()> {
    if depth > DEPTH_MAX {
        return None;
    }
    let text = raw.get();
    match text.as_bytes().first()? {
        b'{' => {
            let fields: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
            out.push('{');
            for (key, value) in fields {
                let is_covered = value.get() != "null" && (depth > 0 || key != DIGEST);
                if let (true, Some(known)) = (is_covered, known.get(&key)) {
                    write!(out, "{}:", serde_json::to_string(&key).ok()?).ok()?;
                    write(out, value, known, depth + 1)?;
                    out.push(',');
                }
            }
            out.push('}');
        }
        b'[' => {
            let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            out.push('[');
            for (at, item) in items.into_iter().enumerate() {
                write(out, item, known.get(at).unwrap_or(&Value::Null), depth + 1)?;
                out.push(',');
            }
            out.push(']');
        }
        b'"' => {
            let string: String = serde_json::from_str(text).ok()?;
            out.push_str(&serde_json::to_string(&string).ok()?);
        }
        b'-' | b'0'..=b'9' => out.push_str(&decimal(text)?),
        _ => out.push_str(text),
    }
    Some(())
}

/// Returns the exact value of a JSON number in one form of the many it may be written in: whole digits, and a power of ten.
///
/// Not through f64, in which a last digit may differ and the value be the same.
fn decimal(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some("0".to_owned());
    }
    let trailing = digits.len() - digits.trim_end_matches('0').len();
    let exponent = exponent
        .checked_sub(fraction.len() as i64)?
        .checked_add(trailing as i64)?;
    Some(format!("{sign}{significant}e{exponent}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form() {
        for same in [
            &["9.71e-5", "0.0000971", "9.71E-05", "971e-7"][..],
            &["4", "4.0", "40e-1", "0.4e1"],
            &["1200", "1.2e3", "1.2e+3"],
            &["0", "-0.0", "0e9"],
        ] {
            for text in same {
                assert_eq!(decimal(text), decimal(same[0]), "{text}");
            }
        }
        assert_ne!(
            decimal("0.30000000000000004"),
            decimal("0.30000000000000005"),
            "though they are the same f64"
        );
        assert_eq!(decimal("1e99999999999999999999"), None);
    }

    #[test]
    fn writing_anew_and_adding_beside_change_nothing() {
        let known = serde_json::json!({"a": 1.5, "b": [{"c": "é\n"}], "n": null});
        let digest = |text: &str| super::digest(text, &known);
        let before = digest_of(&known);
        assert!(before.is_some());
        for text in [
            r#"{"b":[{"c":"é\n"}],"a":1.5}"#,
            "{\n \"a\": 15e-1, \"n\": null,\n \"b\": [ {\"c\": \"\\u00e9\\n\", \"added\": 7} ],\n \"digest\": \"x\", \"siem\": {\"a\": 2}}",
        ] {
            assert_eq!(digest(text), before, "{text}");
        }
        for text in [
            r#"{"b":[{"c":"é\n"}],"a":1.6}"#,
            r#"{"b":[{"c":"é"}],"a":1.5}"#,
            r#"{"b":[{"c":"é\n"}, 1],"a":1.5}"#,
            r#"{"b":[{"c":"é\n"}],"a":1.5"#,
        ] {
            assert_ne!(digest(text), before, "{text}");
        }
        let deep = "[".repeat(40) + &"]".repeat(40);
        assert_eq!(digest(&deep), None);
    }
}
