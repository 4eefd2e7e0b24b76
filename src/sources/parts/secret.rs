//! Credentials in the raw text of records: they are blotted out before the text is shown or kept.

/// What a credential is called, in a request's parameters or as a member of a record, in lower case. Longer names end so.
const NAMES: [&str; 13] = [
    "sig",
    "signature",
    "security-token",
    "sessiontoken",
    "session_token",
    "secretaccesskey",
    "secret_access_key",
    "access_token",
    "accesstoken",
    "refresh_token",
    "id_token",
    "client_secret",
    "password",
];
/// What stands between a name and its value: signs, and how JSON and addresses escape them.
const BETWEEN: [&str; 8] = [":", "=", "\"", "\\", " ", "%3d", "%3D", "u003d"];
/// What stands where a credential stood. It is no longer than the shortest credential.
const BLOT: &str = "*";

/// Returns a text without the credentials in it.
pub fn blotted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = next(rest) {
        out.push_str(&rest[..start]);
        out.push_str(BLOT);
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Returns where the first credential begins and ends.
fn next(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    (0..bytes.len()).find_map(|at| {
        // What is escaped ends in a letter or digit, and is a sign all the same.
        let is_escaped = |len: usize, mark: &[u8]| {
            at.checked_sub(len)
                .is_some_and(|from| bytes[from..].starts_with(mark))
        };
        if at > 0 && is_letter(at - 1) && !is_escaped(3, b"%") && !is_escaped(6, b"\\u") {
            return None;
        }
        let name = NAMES.iter().find(|name| {
            let end = at + name.len();
            let part = bytes.get(at..end);
            part.is_some_and(|part| part.eq_ignore_ascii_case(name.as_bytes())) && !is_letter(end)
        })?;
        let (start, is_quoted) = value_start(text, at + name.len())?;
        let len = value_len(&bytes[start..], is_quoted);
        (len > 0).then_some((start, start + len))
    })
}

/// Returns where the value behind a name begins, and whether in quotes; `None` if there is none.
fn value_start(text: &str, mut at: usize) -> Option<(usize, bool)> {
    let (mut is_stated, mut is_quoted) = (false, false);
    loop {
        let rest = &text[at..];
        let Some(sign) = BETWEEN.iter().find(|sign| rest.starts_with(**sign)) else {
            return is_stated.then_some((at, is_quoted));
        };
        // A quote before the sign closes the name.
        is_quoted = is_stated && (*sign == "\"" || is_quoted);
        is_stated |= !matches!(*sign, "\"" | "\\" | " ");
        at += sign.len();
        if is_quoted && *sign == "\"" {
            return Some((at, true));
        }
    }
}

/// Returns how long a value is. In quotes it ends with them; else where a parameter, a text or a list goes on.
fn value_len(value: &[u8], is_quoted: bool) -> usize {
    let ends = |at: usize| match value[at] {
        b'"' => true,
        b'&' | b' ' | b'\'' | b'<' | b',' | b';' | b'}' => !is_quoted,
        b'\\' => !is_quoted && value.get(at + 1) != Some(&b'/'),
        b'%' => !is_quoted && value[at..].starts_with(b"%26"),
        other => other.is_ascii_control(),
    };
    (0..value.len()).find(|at| ends(*at)).unwrap_or(value.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_blotted_out_and_nothing_else() {
        for (text, expected) in [
            (
                r#"{"uri":"https://a.example/c/k?sv=1&sig=S%2Bs%3D&se=2"}"#,
                r#"{"uri":"https://a.example/c/k?sv=1&sig=*&se=2"}"#,
            ),
            (
                r"?a=b\u0026sig\u003dabc\/d\u0026se=1",
                r"?a=b\u0026sig\u003d*\u0026se=1",
            ),
            ("?redirect=%3Fsig%3Dabc%26x", "?redirect=%3Fsig%3D*%26x"),
            (
                r#""GET /k?X-Amz-Security-Token=T&X-Amz-Signature=S HTTP/1.1" 200"#,
                r#""GET /k?X-Amz-Security-Token=*&X-Amz-Signature=* HTTP/1.1" 200"#,
            ),
            (
                "GoogleAccessId=a@b&Signature=S/s=",
                "GoogleAccessId=a@b&Signature=*",
            ),
            (
                r#"{"sessionToken": "T, and so on","expiration":"e"}"#,
                r#"{"sessionToken": "*","expiration":"e"}"#,
            ),
            (
                r#"{\"secretAccessKey\":\"K&/\",\"x\":1}"#,
                r#"{\"secretAccessKey\":\"*"#,
            ),
            (r#"{"password":null,"sig":7}"#, r#"{"password":*,"sig":*}"#),
            (r#"{"sessionToken":"cut off"#, r#"{"sessionToken":"*"#),
        ] {
            let found = blotted(text);
            assert!(found.starts_with(expected), "{found}");
            assert!(found.len() <= text.len(), "{found}");
        }
        for text in [
            "design=1&assigned=2",
            "a signature: none of it",
            r#"{"signatures":"x","sig":"","password":""}"#,
            "sig",
            "sig=",
            "é=ü",
        ] {
            let kept = blotted(text);
            assert_eq!(
                kept,
                text.replace("signature: none", "signature: *"),
                "{text}"
            );
        }
    }
}
