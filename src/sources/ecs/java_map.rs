//! Reads the text of a Java map, `{bucketName=b, Rule=[{ID=1}]}`, as far as possible: it is neither quoted nor escaped.

/// The deepest nesting of maps and lists that is read.
const DEPTH_MAX: usize = 8;

/// Returns the map as a JSON object; its values are texts. Where the text is ambiguous, names are taken to have neither blanks
/// nor brackets, as in parameters.
pub fn json(text: &str) -> Option<Vec<u8>> {
    let text = text.trim();
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut out = Vec::new();
    map(inner, 0, &mut out);
    Some(out)
}

fn map(inner: &str, depth: usize, out: &mut Vec<u8>) {
    out.push(b'{');
    // Names, and the positions of their values.
    let mut pairs: Vec<(&str, usize, usize)> = Vec::new();
    for (from, to) in parts(inner) {
        let pair = inner[from..to].split_once('=');
        match (pair.filter(|(name, _)| is_name(name)), pairs.last_mut()) {
            (Some((name, _)), _) => pairs.push((name, from + name.len() + 1, to)),
            // A comma inside the value, which continues to here.
            (None, Some((_, _, end))) => *end = to,
            (None, None) => {}
        }
    }
    for (n, (name, from, to)) in pairs.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        crate::sources::record_builder::push_quoted(name.as_bytes(), out);
        out.push(b':');
        value(&inner[from..to], depth, out);
    }
    out.push(b'}');
}

fn value(text: &str, depth: usize, out: &mut Vec<u8>) {
    let within = |open, close| text.strip_prefix(open).and_then(|t| t.strip_suffix(close));
    if let (Some(inner), true) = (within('{', '}'), depth < DEPTH_MAX) {
        map(inner, depth + 1, out);
    } else if let (Some(inner), true) = (within('[', ']'), depth < DEPTH_MAX) {
        out.push(b'[');
        for (n, (from, to)) in parts(inner).into_iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            value(&inner[from..to], depth + 1, out);
        }
        out.push(b']');
    } else if text == "null" {
        out.extend_from_slice(b"null");
    } else {
        crate::sources::record_builder::push_quoted(text.as_bytes(), out);
    }
}

/// Returns the positions of parts that are separated by commas outside of brackets.
fn parts(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut from, mut depth) = (Vec::new(), 0, 0usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 && text[at..].starts_with(", ") => {
                found.push((from, at));
                from = at + 2;
            }
            _ => {}
        }
    }
    if !text.is_empty() {
        found.push((from, text.len()));
    }
    found
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains([' ', '{', '[', '"', '/'])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_read_as_far_as_possible() {
        for (text, expected) in [
            ("{}", r#"{}"#),
            ("{a=b}", r#"{"a":"b"}"#),
            (
                "{bucketName=b, key=a, b=c.txt, Host=h}",
                r#"{"bucketName":"b","key":"a","b":"c.txt","Host":"h"}"#,
            ),
            (
                "{key=one, two three, x=}",
                r#"{"key":"one, two three","x":""}"#,
            ),
            (
                "{R={Rule=[{ID=1, D={Account=2}}, {ID=3}]}, n=null}",
                r#"{"R":{"Rule":[{"ID":"1","D":{"Account":"2"}},{"ID":"3"}]},"n":null}"#,
            ),
            ("{key=a}b{, x=\"y\"}", r#"{"key":"a}b{, x=\"y\""}"#),
        ] {
            let found = String::from_utf8(json(text).unwrap()).unwrap();
            assert_eq!(found, expected, "{text}");
            assert!(serde_json::from_str::<serde_json::Value>(&found).is_ok());
        }
        assert_eq!(json("a=b"), None);
    }
}
