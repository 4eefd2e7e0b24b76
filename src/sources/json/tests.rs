#![allow(clippy::unwrap_used)]

use super::scan::DEPTH_MAX;
use super::*;
use proptest::prelude::*;

mod reference;

/// Generates documents, with texts that need escapes.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i16>().prop_map(|n| serde_json::json!(f64::from(n) / 4.0)),
        "[a-z\"\\\\\n\u{e9}\u{1f600}]{0,6}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            proptest::collection::vec(("[a-z]{1,5}", inner), 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Converts a value into a tree.
fn tree(value: Value<'_>) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::True => true.into(),
        Value::False => false.into(),
        Value::Number(digits) => serde_json::from_slice(digits).unwrap(),
        Value::Text(inner) => unescape(inner).into(),
        Value::Array(_) => value.elements().map(tree).collect::<Vec<_>>().into(),
        Value::Object(_) => serde_json::Value::Object(
            value
                .members()
                .map(|(k, v)| (unescape(k).into_owned(), tree(v)))
                .collect(),
        ),
    }
}

proptest! {
    #[test]
    fn values_are_read_as_a_reference_reader_reads_them(doc in document(), pretty in any::<bool>(), tail in "[,} ]") {
        let text = if pretty { serde_json::to_vec_pretty(&doc) } else { serde_json::to_vec(&doc) }.unwrap();
        let mut longer = text.clone();
        longer.extend_from_slice(tail.as_bytes());
        let end = scan(&longer, 0).unwrap();
        prop_assert_eq!(end, text.len());
        prop_assert_eq!(tree(Value::of(&longer[..end])), doc.clone());
        let mut layout = Layout::default();
        if doc.is_object() {
            let (object, end) = layout.object(&longer).unwrap();
            prop_assert_eq!(end, text.len());
            prop_assert_eq!(object.members().count(), doc.as_object().unwrap().len());
        }
        for cut in 1..text.len() {
            if doc.is_object() || doc.is_array() || doc.is_string() {
                prop_assert_eq!(scan(&text[..cut], 0), Err(ScanError::Incomplete));
            }
            if doc.is_object() {
                prop_assert_eq!(layout.object(&text[..cut]).err(), Some(ScanError::Incomplete));
            }
        }
    }

    #[test]
    fn a_skipper_finds_the_same_end_in_pieces(doc in document(), size in 1usize..7) {
        let mut text = serde_json::to_vec(&doc).unwrap();
        let len = text.len();
        text.extend_from_slice(b",{}");
        let (mut skipper, mut done) = (Skipper::default(), None);
        for (number, piece) in text.chunks(size).enumerate() {
            if let Some(end) = skipper.feed(piece) {
                done = Some(number * size + end);
                break;
            }
        }
        prop_assert_eq!(done, Some(len));
    }

    #[test]
    fn values_end_where_the_reference_says(
        bytes in "([\\[\\]{}:,\"]|\"a\":|\"[a-z]{0,70}\"|\\\\|\\\\u0041|0|-1.5e3|true|null|nul|é|[ \n\t]|\u{1}|\\{\"k\":\\[){0,40}",
        from in 0usize..8,
    ) {
        let text = bytes.as_bytes();
        let mut layout = Layout::default();
        for at in from.min(text.len())..text.len() {
            prop_assert_eq!(scan(text, at), reference::scan(text, at), "{} at {}", bytes, at);
            if text[at] == b'{' {
                let laid = layout.object(&text[at..]).map(|(_, end)| at + end);
                prop_assert_eq!(laid, reference::scan(text, at), "{} at {}", bytes, at);
            }
        }
    }

    #[test]
    fn everything_that_a_strict_reader_accepts_is_accepted(bytes in "[\\[\\]{}:,\"0-9a\\\\ tfn-]{0,24}") {
        let mut text = bytes.clone().into_bytes();
        text.push(b' ');
        let from = skip_blanks(&text, 0);
        let strict = serde_json::from_slice::<serde_json::Value>(&text).is_ok();
        let walked = scan(&text, from).is_ok_and(|end| skip_blanks(&text, end) == text.len());
        prop_assert!(!strict || walked, "{bytes}");
        if text.get(from) == Some(&b'{') {
            let laid = Layout::default().object(&text[from..]).map(|(_, end)| from + end);
            prop_assert_eq!(laid, scan(&text, from));
        }
    }
}

#[test]
fn scan_errors_are_distinguished() {
    let deep = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
    assert_eq!(
        scan(&deep(DEPTH_MAX as usize), 0),
        Ok(2 * DEPTH_MAX as usize)
    );
    assert_eq!(
        scan(&deep(DEPTH_MAX as usize + 1), 0),
        Err(ScanError::TooDeep)
    );
    assert_eq!(scan(b"{\"a\":\"b\n\"}", 0), Err(ScanError::Malformed));
    assert_eq!(
        scan(b"{\"a\":{\"b\":1\n{\"c\":2}", 0),
        Err(ScanError::Malformed)
    );
}

#[test]
fn types_may_vary() {
    let value = |text: &'static str| Value::of(text.as_bytes());
    assert_eq!(value("\"331\"").amount(), Some(331));
    assert_eq!(value("6322.0").amount(), Some(6322));
    assert_eq!(value("-1").amount(), None);
    assert_eq!(value("\"Yes\"").truth(), Some(true));
    assert_eq!(value("[\"a\"]").text().as_deref(), Some("a"));
    assert_eq!(value("12").text().as_deref(), Some("12"));
    assert_eq!(value("\"-\"").text(), None);
    assert_eq!(
        value("\"\\ud83d\\ude00\\ud800x\\q\"").text().as_deref(),
        Some("😀\u{fffd}x\\q")
    );
    assert!(!value("{}").is_present() && value("[0]").is_present());
}
