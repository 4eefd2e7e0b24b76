//! Members whose names exports have re-cased: `insertId` becomes `insertid`, `insert_id` or `insertID`.

use crate::sources::json::{self, Value};

/// Returns whether a name is this one, ignoring case and underscores.
pub fn same(key: &[u8], name: &str) -> bool {
    fn plain(text: &[u8]) -> impl Iterator<Item = u8> {
        let letters = text.iter().filter(|b| **b != b'_');
        letters.map(u8::to_ascii_lowercase)
    }
    key == name.as_bytes() || plain(key).eq(plain(name.as_bytes()))
}

/// Returns the members of these names in one pass; `null` where there is none. An exact name has priority over a
/// re-cased one, because some records have both.
pub fn pick<'a, const N: usize>(
    members: impl Iterator<Item = (&'a [u8], Value<'a>)>,
    names: [&str; N],
) -> [Value<'a>; N] {
    let mut picked = [Value::Null; N];
    let mut is_exact = [false; N];
    for (key, value) in members.filter(|(_, value)| *value != Value::Null) {
        for (at, name) in names.iter().enumerate() {
            if key == name.as_bytes() {
                if !is_exact[at] {
                    (picked[at], is_exact[at]) = (value, true);
                }
            } else if picked[at] == Value::Null && same(key, name) {
                picked[at] = value;
            }
        }
    }
    picked
}

/// Follows names downwards; `null` if one of them is missing.
pub fn path<'a>(value: Value<'a>, names: &[&str]) -> Value<'a> {
    names
        .iter()
        .fold(value, |value, name| pick(value.members(), [name])[0])
}

/// Returns the object or array in a text, as table exports write it; any other value as it is.
pub fn embedded<'a>(value: Value<'a>, buffer: &'a mut Vec<u8>) -> Value<'a> {
    json::parse_embedded(value, buffer).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let value =
            Value::of(br#"{"insertid":"a","insertId":"b","Log_Name":"c","time":null,"TIME":1}"#);
        let [id, log, time, none] = pick(value.members(), ["insertId", "logName", "time", "x"]);
        let texts = [id, log, time, none].map(|v| v.text().unwrap_or_default().into_owned());
        assert_eq!(texts, ["b", "c", "1", ""]);
        assert!(same(b"at_sign_type", "atSignType") && !same(b"insert", "insertId"));
        let mut buffer = Vec::new();
        let text = Value::of(br#""{\"a\":{\"B\":7}}""#);
        assert_eq!(
            path(embedded(text, &mut buffer), &["a", "b"]).amount(),
            Some(7)
        );
        let cut = Value::of(br#""{\"a\":""#);
        assert_eq!(embedded(cut, &mut Vec::new()), cut);
    }
}
